"""What the store repeats of a case's events for its searches and ledgers; made from the case alone."""

import json
import sqlite3
from typing import Any

from winback_cli.case import Case, items_of

Concession = tuple[int, str, str, int | None, str, str | None, str]


def repeat(raw: sqlite3.Connection, key: int, case: Case) -> None:
    """Write anew what a case's row repeats of its events, and its offers."""
    repeated = repeated_of(case)
    columns = ", ".join(f"{name} = ?" for name in repeated)
    raw.execute(f"UPDATE casefile SET {columns} WHERE id = ?", (*repeated.values(), key))
    raw.execute("DELETE FROM concession WHERE case_id = ?", (key,))
    raw.executemany(
        "INSERT INTO concession (case_id, place, kind, terms, cost, currency, expires, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(key, *one) for one in concessions(case)],
    )


def repeated_of(case: Case) -> dict[str, object]:
    """What a case's row repeats of its events, by column: every word among it, and the fix it waits for."""
    facts = case.facts
    return {
        "reason": facts.get("classified.reason") or "",
        "said": case.said,
        "fix": facts.get("decided.fix_number"),
        "chance": case.chance,
        "contact": "reached" if case.reached else "tried" if case.touches or case.sent else "",
        "scope": facts.get("classified.scope") or "",
        "theory": facts.get("classified.theory") or "",
        "complaint": case.complaint,
        "verdict": facts.get("decided.verdict") or facts.get("backstory.worth_it") or "",
        "product": facts.get("classified.product") or "",
        "referred": case.referred,
        "figures": figures(case),
    }


_FIGURES = ("yearly_margin", "expected_years", "referral_count", "fix_cost")


def figures(case: Case) -> str:
    """The figures that were answered, as JSON, for the score: yearly margin, years, referrals, cost of the
    fix, and the costs of the offers, null where one has none; nothing where no figure is known.
    """
    told = [case.facts.get(f"decided.{name}") for name in _FIGURES]
    offers = [one.get("cost") for _, one in items_of(case.facts.get("revisited.offers")) if one.get("kind")]
    if not offers and all(one is None for one in told):
        return ""
    found = [_money(told[0]), *told[1:3], _money(told[3]), [_money(one) for one in offers]]
    return json.dumps(found, separators=(",", ":"))


def _money(told: dict[str, Any] | None) -> list[Any] | None:
    return [told["amount"], told["currency"]] if told else None


def concessions(case: Case) -> list[Concession]:
    """The offers made in a case, as (place, kind, terms, cost, currency, expires, reason)."""
    reason = case.facts.get("classified.reason") or ""
    found: list[Concession] = []
    for place, offer in items_of(case.facts.get("revisited.offers")):
        if offer.get("kind"):
            cost = offer.get("cost") or {}
            money = (cost.get("amount"), cost.get("currency", ""))
            found.append(
                (place, offer["kind"], offer.get("terms") or "", *money, offer.get("expires"), reason)
            )
    return found
