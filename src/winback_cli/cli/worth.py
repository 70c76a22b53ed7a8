"""Whether somebody is worth what it takes to win them back. Other figures can be tried; none is stored."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli import worth as reckoning
from winback_cli.case import fold
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.weighing import Tried, Weighed, weigh, worth_of
from winback_cli.cli.work import WhoArg
from winback_cli.errors import UsageError
from winback_cli.money import Money, parse_money
from winback_cli.store import reads
from winback_cli.worth import Inputs

if TYPE_CHECKING:
    from rich.console import RenderableType


app = typer.Typer(rich_markup_mode=None)

_AMOUNT = "AMOUNT"


@app.command()
def worth(
    ctx: typer.Context,
    who: WhoArg,
    margin: Annotated[
        str | None, typer.Option(metavar=_AMOUNT, help="What they bring in a year, after costs.")
    ] = None,
    years: Annotated[float | None, typer.Option(metavar="N", help="Years they would stay.")] = None,
    referrals: Annotated[
        int | None, typer.Option(metavar="N", help="Customers who would come or go with them.")
    ] = None,
    referral_value: Annotated[
        str | None, typer.Option(metavar=_AMOUNT, help="What one of those brings altogether.")
    ] = None,
    fix_cost: Annotated[
        str | None, typer.Option(metavar=_AMOUNT, help="The whole fix, for all who wait for it.")
    ] = None,
    offer_cost: Annotated[str | None, typer.Option(metavar=_AMOUNT, help="All offers to them.")] = None,
    contact_cost: Annotated[str | None, typer.Option(metavar=_AMOUNT, help="One contact.")] = None,
    acquisition: Annotated[
        str | None, typer.Option(metavar=_AMOUNT, help="Winning one new customer.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Whether somebody is worth what it takes to win them back. The options try other figures.

    Nothing is stored: the figures of a case are answered in its walk, the others lie in the settings.
    """
    here: Here = ctx.obj
    tried = Tried(
        _tried(here, "--margin", margin, below=True),
        _number("--years", years, reckoning.LONGEST),
        _count(referrals),
        _tried(here, "--referral-value", referral_value),
        _tried(here, "--fix-cost", fix_cost),
        _tried(here, "--offer-cost", offer_cost),
        _tried(here, "--contact-cost", contact_cost),
        _tried(here, "--acquisition", acquisition),
    )
    with here.reading() as connection:
        meant = here.who(connection, who)
        record = reads.customer(connection, meant.number)
        ref = reads.case_ref(connection, meant.number, meant.case)
        case = fold(ref.id, reads.events(connection, ref.key)) if ref else None
        assert record is not None
        weighed = weigh(here, connection, record, case, tried)
    if json:
        return print_json(_json(here, weighed))
    here.show(_page(here, weighed))
    return None


def _tried(here: Here, option: str, said: str | None, *, below: bool = False) -> Money | None:
    """An amount of the command line; raises UsageError for what is none."""
    if said is None:
        return None
    try:
        amount = parse_money(said, here.settings.currency)
    except ValueError as bad:
        raise UsageError(f"{option}: {bad}.", f'For example: {option} "1200 EUR"') from None
    if amount.amount < 0 and not below:
        raise UsageError(f"{option} cannot be below nothing.", f"For example: {option} 1200")
    return amount


def _number(option: str, said: float | None, most: float) -> float | None:
    if said is not None and not 0 <= said <= most:
        raise UsageError(f"{option} is a number from 0 to {most:g}.", f"For example: {option} 2")
    return said


def _count(said: int | None) -> int | None:
    _number("--referrals", said, reckoning.MANY)
    return said


# -- as JSON ---------------------------------------------------------------------------------


def _json(here: Here, weighed: Weighed) -> dict[str, Any]:
    """The reckoning with stable keys; amounts in minor units, all in one currency. Of who is not weighed
    nothing is reckoned.
    """
    found = weighed.worth
    return {
        "customer": weighed.record.number,
        "name": weighed.record.label,
        "state": weighed.state,
        "because": weighed.because or None,
        "as_of": here.clock.today.isoformat(),
        "currency": found.currency if found else None,
        "inputs": _inputs_json(found.inputs) if found else None,
        "at_stake": _amount(found.at_stake) if found else None,
        "fix": {"share": _amount(found.share), "cases": found.inputs.sharing} if found else None,
        "offer_cost": _amount(found.offer_cost) if found else None,
        "cost": _amount(found.cost) if found else None,
        "room": _three(found.room) if found else None,
        "gain": _three(found.gain) if found else None,
        "payback_months": round(found.payback, 1) if found and found.payback is not None else None,
        "one_return": _amount(found.one_return) if found else None,
        "suggestion": found.suggestion if found else None,
        "why": found.because if found else None,
        "missing": list(found.missing) if found else [],
    }


_NAMES = ("yearly", "years", "referrals", "each", "fix_cost", "contact_cost", "acquisition")


def _inputs_json(known: Inputs) -> dict[str, Any]:
    low, about, high = known.chance or (None, None, None)
    return {
        "chance": {"about": about, "low": low, "high": high} if known.chance else None,
        **{
            name: {
                "value": _value(one.value),
                "from": one.origin or None,
                "note": one.note or None,
            }
            for name in _NAMES
            for one in [getattr(known, name)]
        },
    }


def _value(value: Money | float | None) -> Any:
    if isinstance(value, Money):
        return _amount(value)
    return round(value, 2) if value is not None else None


def _amount(money: Money | None) -> dict[str, Any] | None:
    return money._asdict() if money else None


def _three(amounts: tuple[Money, Money, Money] | None) -> dict[str, Any] | None:
    if amounts is None:
        return None
    low, about, high = map(_amount, amounts)
    return {"about": about, "low": low, "high": high}


# -- as a page -------------------------------------------------------------------------------


_RATES = "\nThose count only at a rate of yours, in the settings: rates = {USD = 0.9}"


def _page(here: Here, weighed: Weighed) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from winback_cli import scenes

    title = Text(text.shorten(weighed.record.label, 60), style="bold")
    title.append(f"  no. {weighed.record.number}", style="not bold dim")
    because = text.line(weighed.because)
    if weighed.worth is None:
        said = (
            f"They asked to be left alone: {because}. Nobody who is left alone is weighed."
            if weighed.state == "left_alone"
            else f"Their case is closed: {because}. There is nothing left to weigh."
        )
        return Group(title, Text(said))
    found = weighed.worth
    lines = reckoning.told(found)
    tries = f"{worth_of(here, weighed.record.number)} --margin 800 --years 3 --fix-cost 300"
    return Group(
        title,
        scenes.figures(lines),
        *([Text(_RATES, style="dim")] if any("no rate" in line.origin for line in lines) else []),
        Text("\n" + reckoning.suggested(found)),
        Text(f"To try other figures: {tries}", style="dim"),
    )
