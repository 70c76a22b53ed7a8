"""What somebody is worth, from what the store and the settings hold; and how a walk shows it."""

import contextlib
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import priority
from winback_cli import worth as reckoning
from winback_cli.case import items_of
from winback_cli.cli import why
from winback_cli.cli.here import Here
from winback_cli.errors import NotFound, WinbackError
from winback_cli.money import Money, minor_units
from winback_cli.store import mending, reads
from winback_cli.worth import UNKNOWN, Input, Inputs, Worth

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from winback_cli.case import Case
    from winback_cli.cli.work import Work


class Tried(NamedTuple):
    """Other figures to reckon with this once; None where the known one holds."""

    margin: Money | None = None
    years: float | None = None
    referrals: int | None = None
    referral_value: Money | None = None
    fix_cost: Money | None = None
    offer_cost: Money | None = None
    contact_cost: Money | None = None
    acquisition: Money | None = None


AS_KNOWN = Tried()


class Weighed(NamedTuple):
    """A customer's worth; None where nobody is weighed: left alone, or the case is closed."""

    record: reads.CustomerRecord
    state: str  # weighed · left_alone · closed
    because: str
    worth: Worth | None


def weigh(
    here: Here,
    connection: reads.Connection,
    record: reads.CustomerRecord,
    case: "Case | None",
    tried: Tried = AS_KNOWN,
) -> Weighed:
    """What a customer is worth, from what the store and the settings hold, or with other figures. Of
    somebody who is left alone nothing is reckoned.
    """
    told = why.reckon(here, connection, record, case, undecided=True)
    if told.state != "ranked":
        return Weighed(record, told.state, told.because, None)
    return Weighed(record, "weighed", "", reckoning.worth(_inputs(here, connection, told, case, tried)))


def _inputs(
    here: Here, connection: reads.Connection, told: why.Why, case: "Case | None", tried: Tried
) -> Inputs:
    """Every figure with where it comes from: what is tried before what was asked, that before the rest."""
    facts = _Facts(case)
    score, brought = told.found.score, told.found.worth
    yearly = _yearly(here, told, facts, tried)
    years = _first(tried.years, facts.number("decided.expected_years"))
    if years.value is None and not years.note:
        years = Input(brought.years if brought else priority.SHORTEST, "assumed")
    fix, sharing = _fix(connection, facts)
    settings = here.settings
    units = minor_units(settings.currency)
    offers = _offers(facts)
    return Inputs(
        chance=(score.low, score.chance, score.high) if score else None,
        yearly=yearly,
        years=years,
        referrals=_first(tried.referrals, facts.number("decided.referral_count")),
        each=_each(here, told, tried, yearly, years),
        fix_cost=_first(tried.fix_cost, fix),
        sharing=sharing,
        offers=(tried.offer_cost,) if tried.offer_cost else tuple(one for one in offers if one),
        offers_from="tried" if tried.offer_cost else "asked",
        unpriced=0 if tried.offer_cost else offers.count(None),
        contact_cost=_first(
            tried.contact_cost,
            Input(Money(settings.contact_cost * units, settings.currency), _set(here, "contact_cost")),
        ),
        acquisition=_first(tried.acquisition, _acquisition(here, units)),
        mendable=False if facts.value("classified.changeable") == "no" else None,
        named=bool(facts.value("decided.referrals")),
        home=settings.currency,
        rates=why.assumptions(here).rates,
    )


class _Facts:
    """The facts of a case as inputs, with how each was learned."""

    def __init__(self, case: "Case | None") -> None:
        self._facts = case.facts if case else {}
        self._how = {answer.fact: answer.how for answer in case.answers.values()} if case else {}

    def value(self, name: str) -> Any:
        return self._facts.get(name)

    def number(self, name: str) -> Input:
        value = self._facts.get(name)
        return Input(value, self._how.get(name, "asked")) if value is not None else UNKNOWN

    def money(self, name: str) -> Input:
        value = self._facts.get(name)
        return Input(Money(**value), self._how.get(name, "asked")) if value else UNKNOWN


def _first(tried: Money | float | None, known: Input) -> Input:
    return known if tried is None else Input(tried, "tried")


def _yearly(here: Here, told: why.Why, facts: _Facts, tried: Tried) -> Input:
    """What they bring in a year: tried, asked, or the revenue at the margin of the settings."""
    said = _first(tried.margin, facts.money("decided.yearly_margin"))
    listed = _listed(here, told)
    if said.value is None:
        return listed
    taken = facts.value("decided.yearly_margin") and said.value == yearly_default(listed)
    return listed._replace(value=said.value) if taken and said.origin != "tried" else said


def _listed(here: Here, told: why.Why) -> Input:
    """What the list says that they bring in a year."""
    brought = told.found.worth
    if brought is None:
        unfit = told.given.known.revenue is not None
        return Input(note="no such revenue: not counted" if unfit else "no revenue is known; try --margin")
    origin = told.given.origins.get("spending", "imported")
    margin = f"{here.settings.margin} % margin {_set(here, 'margin')}"
    return Input(Money(brought.yearly, brought.currency), f"{origin}, {margin}")


def yearly_default(listed: Input) -> Money | None:
    """The listed figure as a walk offers it: in whole units."""
    if not isinstance(listed.value, Money):
        return None
    units = minor_units(listed.value.currency)
    return Money(round(listed.value.amount / units) * units, listed.value.currency)


def _each(here: Here, told: why.Why, tried: Tried, yearly: Input, years: Input) -> Input:
    """What a referral brings altogether: tried, or what the middle customer of the list does, or else as
    much as this one.
    """
    if tried.referral_value is not None:
        return Input(tried.referral_value, "tried")
    if not isinstance(yearly.value, Money) or not isinstance(years.value, int | float):
        return UNKNOWN
    currency = yearly.value.currency
    if brings := told.assumed.brings.get(currency):
        return Input(Money(round(brings * here.settings.margin / 100), currency), "middle of your list")
    amount = round(max(yearly.value.amount, 0) * years.value)
    return Input(Money(amount, currency), "like this one, assumed")


def _fix(connection: reads.Connection, facts: _Facts) -> tuple[Input, int]:
    """What the fix costs, asked or as the firm's list of fixes says; and how many open cases share it."""
    cost, number = facts.money("decided.fix_cost"), facts.value("decided.fix_number")
    if number is None:
        return cost, 1
    try:
        fix = mending.fix(connection, number)
    except NotFound:
        return cost, 1
    if cost.value is None and fix.cost is not None:
        cost = Input(fix.cost, f"fix {number}")
    waiting = [one for one in mending.waiting_for(connection, number) if one.status != "closed"]
    return cost, max(len(waiting), 1)


def _offers(facts: _Facts) -> list[Money | None]:
    """What each offer costs, None where it does not say."""
    made = [offer for _, offer in items_of(facts.value("revisited.offers")) if offer.get("kind")]
    return [Money(**offer["cost"]) if offer.get("cost") else None for offer in made]


def _acquisition(here: Here, units: int) -> Input:
    cost = here.settings.acquisition_cost
    if not cost:
        return UNKNOWN
    return Input(Money(cost * units, here.settings.currency), _set(here, "acquisition_cost"))


def _set(here: Here, key: str) -> str:
    return "assumed" if here.settings.origins[key] == "default" else "set by you"


# -- beside the walk -------------------------------------------------------------------------


def margin_suggested(here: Here, record: reads.CustomerRecord) -> str:
    """What a walk offers as the yearly margin, as it would be typed; nothing where no revenue is known."""
    with here.reading() as connection:
        told = why.reckon(here, connection, record, None, undecided=True)
    listed = yearly_default(_listed(here, told))
    if listed is None:
        return ""
    return f"{listed.amount // minor_units(listed.currency)} {listed.currency}"


def beside(work: "Work") -> "Callable[[str], RenderableType | None]":
    """What a walk shows beside a stage or a question: a quick look at the backstory, the figures where it
    is decided, and beside the verdict what they suggest. Nothing where they cannot be read just now.
    """

    def drawn(name: str) -> "RenderableType | None":
        if name not in _BESIDE:
            return None
        with contextlib.suppress(WinbackError), work.store.reads() as connection:
            found = weigh(work.here, connection, work.customer, work.case).worth
            return _BESIDE[name](found, worth_of(work.here, work.ref.customer)) if found else None
        return None

    return drawn


def worth_of(here: Here, customer: int) -> str:
    """The command that weighs somebody, as it has to be typed here."""
    store = f" --store {shlex.quote(here.store_named)}" if here.store_named else ""
    return f"winback{store} worth {customer}"


def _first_sight(found: Worth, again: str) -> "RenderableType":
    from rich.text import Text

    return Text(f"  {reckoning.first_sight(found)}", style="cyan")


def _figures(found: Worth, again: str) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from winback_cli import scenes

    return Group(Text("\n  What it is worth", style="bold"), scenes.figures(reckoning.told(found)))


def _suggested(found: Worth, again: str) -> "RenderableType":
    from rich.text import Text

    tries = f"Other figures: {again} --fix-cost 300"
    return Text(f"{reckoning.suggested(found)}\n{tries}", style="dim")


_BESIDE = {"backstory": _first_sight, "decide": _figures, "decided.verdict": _suggested}
