"""Offers that make the way back easy: made, suggested, and who else got the same (A6, C9, D5, B5.4)."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import answers, text
from winback_cli.cli.here import Here, given_text, print_json
from winback_cli.cli.options import cell, choice_of, day_of, money_of
from winback_cli.cli.promises import of_somebody, question_of, record_entry
from winback_cli.cli.work import WhoArg, take_up
from winback_cli.customer import label
from winback_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from winback_cli.case import Body, Case, Entry
    from winback_cli.cli.work import Work
    from winback_cli.money import Money
    from winback_cli.offers import Demand
    from winback_cli.store.reads import Connection

app = typer.Typer(rich_markup_mode=None)
offer = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What makes the way back easy.")
app.add_typer(offer, name="offer")
OFFERS = "revisited.offers"
RIPPLE = "decided.price_ripple"


@offer.command()
def add(
    ctx: typer.Context,
    who: WhoArg,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="trial, refund guarantee, discount, voucher, loyalty card, dedicated representative"
            " or other.",
        ),
    ],
    terms: Annotated[str, typer.Option(metavar="WORDS", help="The terms, in one plain sentence.")],
    cost: Annotated[str, typer.Option(metavar="AMOUNT", help="What it costs us: 250 EUR.")] = "",
    expires: Annotated[str, typer.Option(metavar="DATE", help="Until when it stands.")] = "",
    others: Annotated[
        str, typer.Option(metavar="WORDS", help="Before a lower price: who else would ask for the same.")
    ] = "",
    override: Annotated[
        str, typer.Option(metavar="WHY", help="Offer a lower price without having asked that.")
    ] = "",
) -> None:
    """Put an offer on record. Before a discount or a voucher it shows who else could ask for one."""
    from winback_cli.stages import OfferKind

    here: Here = ctx.obj
    chosen = choice_of(here, kind, tuple(OfferKind), "KIND")
    value: Body = {"kind": chosen, "terms": given_text(terms, "--terms", 300)}
    money = money_of(here, cost, "--cost") if cost else None
    if money is not None:
        value["cost"] = money._asdict()
    if expires:
        value["expires"] = day_of(here, expires, "--expires", ahead=True)
    others = given_text(others, "--others", 500) if others else ""
    override = given_text(override, "--override", 200) if override else ""
    _refuse_unasked(here, who, chosen, money, bool(others or override))
    with here.writing("offer add") as store:
        work = take_up(here, store, who)
        number = record_entry(work, OFFERS, value, before_it=_weighed(work, chosen, others, override))
        here.say(f"Offer {number} of case {work.ref.id} is on record: {answers.words_of(chosen)}.")


def _refuse_unasked(here: Here, who: str, kind: str, cost: "Money | None", asked: bool) -> None:
    """Show who else could ask for a lower price; raises Refused where nobody said so yet, before a case
    is opened for it (B5.4).
    """
    from winback_cli.offers import PRICE_KINDS, demand_words

    with here.reading() as connection:
        case, number = of_somebody(here, connection, who)
        if kind not in PRICE_KINDS:
            return
        if case is not None and case.status == "closed" and here.who(connection, who).case is None:
            case = None  # a new one is opened
        found = _demand(connection, case, number, kind, cost)
    for sentence in demand_words(found):
        here.say(sentence)
    if not asked and not (case is not None and _ripple_asked(case)):
        raise Refused(
            "Before a discount or a voucher, say who else would ask for the same [B5.4].",
            "Give --others with who that is, or --override with why you did not ask.",
        )


def _demand(
    connection: "Connection",
    case: "Case | None",
    number: int,
    kind: str,
    cost: "Money | None",
    measures: "Sequence[str] | None" = None,
    share: int = 100,
) -> "Demand":
    """Who else could ask for the same (B5.4), wherever that is told: of the same segment, size and reason
    unless `measures` says by which of them.
    """
    from winback_cli.offers import MEASURES, Buyer, comparable
    from winback_cli.store import ledger, reads

    record = reads.customer(connection, number)
    assert record is not None
    why = _reason(connection, case, number)[0]
    buyer = Buyer(why, record.country, record.currency, record.revenue)
    like = comparable(buyer, MEASURES if measures is None else measures)
    return ledger.demand(connection, kind, number, like, cost, share)


def _ripple_asked(case: "Case") -> bool:
    """Whether it was said who else would ask for the same, or that rule was set aside."""
    return case.known(RIPPLE) or any(
        one["guard"] == "ripple" and not one.get("before_move") for one in case.overrides
    )


def _weighed(work: "Work", kind: str, others: str, override: str) -> "list[Entry]":
    """Who else would ask for the same, as the answer to the question that asks so; or the rule set
    aside wherever the playbook has it, a remark where it has none.
    """
    from winback_cli.case import Entry
    from winback_cli.offers import PRICE_KINDS

    entries = []
    if others:
        body = {"question": question_of(work, RIPPLE), "fact": RIPPLE, "value": others, "how": "asked"}
        entries.append(Entry("answered", body))
    if not override or kind not in PRICE_KINDS:
        return entries
    places = [
        {"step": step.id, "guard": guard.name, "because": override}
        | ({"question": question.key} if question else {})
        for step, question, guard in work.playbook.guards()
        if guard.kind == "ripple"
    ]
    told = f"A lower price was offered without asking who else would want it: {override}"
    return entries + ([Entry("overridden", one) for one in places] or [Entry("noted", {"text": told})])


@offer.command("list")
def list_(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(metavar="[WHO]", help="Of one customer; else of all.")] = "",
    kind: Annotated[str, typer.Option(metavar="KIND", help="Only that kind, such as discount.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The ledger: who was offered what, at what cost, until when."""
    from winback_cli.stages import OfferKind
    from winback_cli.store import ledger

    here: Here = ctx.obj
    chosen = choice_of(here, kind, tuple(OfferKind), "--kind") if kind else ""
    with here.reading() as connection:
        number = of_somebody(here, connection, who)[1] if who else None
        found = ledger.given(connection, chosen, number)
    if json:
        return print_json([_json(one, here) for one in found])
    today = here.clock.today.isoformat()
    rows = [
        [
            one.case,
            text.line(f"{answers.words_of(one.kind)}: {one.terms}"),
            cell(here, label(one.name, one.company), 18),
            one.cost.words() if one.cost else "",
            f"{one.expires}{', expired' if one.expires < today else ''}" if one.expires else "",
        ]
        for one in found
    ]
    return here.table(["Case", "Offer", "To", ">Cost", "Until"], rows, "Nothing was offered yet.")


def _json(one: Any, here: Here) -> dict[str, Any]:
    told = one._asdict()
    told["cost"] = one.cost._asdict() if one.cost else None
    told["expired"] = bool(one.expires) and one.expires < here.clock.today.isoformat()
    return dict(told)


@offer.command()
def suggest(
    ctx: typer.Context,
    who: WhoArg,
    cost: Annotated[str, typer.Option(metavar="AMOUNT", help="What one would cost, to add it up.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What fits the reason why they left, and who else could ask.

    With --cost, what it would cost if all of them got it.
    """
    from winback_cli.offers import advice

    here: Here = ctx.obj
    money = money_of(here, cost, "--cost") if cost else None
    with here.reading() as connection:
        case, number = of_somebody(here, connection, who)
        reason, said_by = _reason(connection, case, number)
        told = advice(
            reason,
            mended=case is not None and _is_mended(connection, case),
            ripple_shown=case is not None and _ripple_asked(case),
        )
        found = {str(k): _demand(connection, case, number, k, money) for k in told.kinds}
    if json:
        return print_json(
            {
                "reason": reason or None,
                "said_by": said_by or None,
                "kinds": list(found),
                "first": list(told.first),
                "source": list(told.source),
                "ripple": {kind: _ripple_json(demand) for kind, demand in found.items()},
            }
        )
    why = text.line(answers.words_of(reason.partition("/")[0])) if reason else "not known yet"
    typer.echo(f"Why they left: {why}{', by the list they came in' if said_by == 'list' else ''}.")
    for sentence in told.first:
        typer.echo(f"{sentence} [{', '.join(told.source)}]")
    return _show_demands(here, number, found) if found else None


def _show_demands(here: Here, number: int, found: "dict[str, Demand]") -> None:
    rows = [
        [
            answers.words_of(kind),
            f"{demand.given:,}",
            f"{demand.could_ask:,}",
            demand.for_all.words() if demand.for_all else "",
        ]
        for kind, demand in found.items()
    ]
    here.table(["What fits", ">Have it", ">Could ask too", ">For all and this one"], rows)
    here.say(f"Counted is whoever is comparable; by what: winback offer ripple {number}")
    if next(iter(found.values())).cost is None:
        here.say("--cost AMOUNT says what it would cost for all.")


@offer.command()
def ripple(
    ctx: typer.Context,
    who: WhoArg,
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="What is offered; unless given, what was offered last.")
    ] = "",
    cost: Annotated[
        str, typer.Option(metavar="AMOUNT", help="What one costs; unless given, what that one did.")
    ] = "",
    share: Annotated[
        int, typer.Option(metavar="PERCENT", min=0, max=100, help="So many in a hundred would ask.")
    ] = 100,
    segment: Annotated[str, typer.Option(metavar="any|same", help="Country and currency.")] = "same",
    size: Annotated[
        str, typer.Option(metavar="any|same", help="Half to double of their revenue.")
    ] = "same",
    reason: Annotated[str, typer.Option(metavar="any|same", help="Why they left.")] = "same",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What the same would cost for everybody comparable: same segment, size and reason.

    Each of the three can be left out of account with any. Whoever asked to be left alone does not
    count, and currencies are never added up.
    """
    from winback_cli.offers import demand_words
    from winback_cli.stages import OfferKind
    from winback_cli.store import ledger

    here: Here = ctx.obj
    given = {"segment": segment, "size": size, "reason": reason}
    ways = ("any", "same")
    measures = [name for name, way in given.items() if choice_of(here, way, ways, f"--{name}") == "same"]
    chosen = choice_of(here, kind, tuple(OfferKind), "--kind") if kind else ""
    money = money_of(here, cost, "--cost") if cost else None
    with here.reading() as connection:
        case, number = of_somebody(here, connection, who)
        last, last_cost = ledger.last_offer(connection, number, chosen)
        kind = chosen or last or OfferKind.DISCOUNT
        found = _demand(connection, case, number, kind, money or last_cost, measures, share)
    if json:
        return print_json(_demand_json(number, found))
    for sentence in demand_words(found):
        typer.echo(text.line(sentence))
    return None


def _demand_json(number: int, demand: "Demand") -> dict[str, Any]:
    like = demand.like
    least, most = like.size or (None, None)
    size = {"least": least, "most": most, "currency": like.currency} if like.size else None
    return {
        "customer": number,
        "kind": demand.kind,
        "segment": {"country": like.segment[0], "currency": like.segment[1]} if like.segment else None,
        "size": size,
        "reason": like.reason,
        "not_on_record": list(like.missing),
        "given": demand.given,
        "could_ask": demand.could_ask,
        "other_currencies": dict(demand.elsewhere),
        "share": demand.share,
        "asking": demand.asking,
        "cost": demand.cost._asdict() if demand.cost else None,
        "for_all": demand.for_all._asdict() if demand.for_all else None,
    }


def _ripple_json(demand: "Demand") -> dict[str, Any]:
    return {
        "given": demand.given,
        "could_ask": demand.could_ask,
        "same_reason": demand.like.reason is not None,
        "spent": [one._asdict() for one in demand.spent],
        "cost": demand.cost._asdict() if demand.cost else None,
        "for_all": demand.for_all._asdict() if demand.for_all else None,
    }


def _reason(connection: "Connection", case: "Case | None", number: int) -> tuple[str, str]:
    """Why they left, and who says so: the case, else the list that they came in."""
    from winback_cli.store import reads

    if case is not None and case.known("classified.reason"):
        return case.facts["classified.reason"], "case"
    record = reads.customer(connection, number)
    reason = record.reason if record else ""
    return reason, "list" if reason else ""


def _is_mended(connection: "Connection", case: "Case") -> bool:
    """Whether what went wrong is put right: the fix is done that the case waits for, and every promise
    is kept; there is one of the two at least.
    """
    from winback_cli.errors import NotFound
    from winback_cli.store import mending

    right = [one["state"] == "kept" for one in case.commitments]
    if (number := case.facts.get("decided.fix_number")) is not None:
        try:
            right.append(mending.fix(connection, number).state == mending.DONE)
        except NotFound:  # an answers file may name any number
            right.append(False)
    return bool(right) and all(right)
