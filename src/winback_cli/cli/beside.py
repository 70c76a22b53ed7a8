"""What stands beside somebody's file: that they are back already, and who else named the same reason."""

from typing import TYPE_CHECKING, Any

from winback_cli.cli.here import Here
from winback_cli.store import lists, reads

if TYPE_CHECKING:
    from winback_cli.case import Case


def back_of(
    here: Here, connection: reads.Connection, number: int, ref: reads.CaseRef | None
) -> lists.Back | None:
    """Whether they bought again while this case runs; a case that is closed or another's says nothing."""
    found = lists.is_back(connection, number, here.clock.today.isoformat()) if ref else None
    return found if found and ref and found.case == ref.id else None


def back_json(back: lists.Back | None) -> dict[str, Any] | None:
    """A return while a case runs, with stable keys."""
    if back is None:
        return None
    return {"case": back.case, "opened_on": back.opened_on, "bought_on": back.bought_on}


def others(here: Here, connection: reads.Connection, customer: reads.CustomerRecord, case: "Case") -> str:
    """Who else left for the same lately, in a sentence, where a case is called specific (B4.2, B4.3)."""
    facts, today = case.facts, here.clock.today
    reason, scope = facts.get("classified.reason") or "", facts.get("classified.scope") or ""
    if customer.suppressed or not (reason and scope):
        return ""
    from winback_cli.patterns import looks_specific, pattern_words
    from winback_cli.store import patterns

    if not looks_specific(reason, scope):
        return ""
    product = facts.get("classified.product") or ""
    found = patterns.pattern(connection, customer.number, customer.owner, reason, product, today)
    return pattern_words(found, today) if found else ""
