"""What somebody is worth, from what the store and the settings hold; and how a walk shows it."""

import contextlib
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import priority, stakes
from winback_cli import worth as reckoning
from winback_cli.cli import why
from winback_cli.cli.assuming import assumptions
from winback_cli.cli.here import Here
from winback_cli.cli.reckoned import Why
from winback_cli.errors import WinbackError
from winback_cli.money import Money, minor_units
from winback_cli.store import reads
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
    return Weighed(record, "weighed", "", reckoning.worth(_inputs(here, told, case, tried)))


def _inputs(here: Here, told: Why, case: "Case | None", tried: Tried) -> Inputs:
    """Every figure with where it comes from: what is tried before what was asked, that before the rest."""
    facts, base, settings = _Facts(case), told.found.inputs, here.settings
    yearly = _first(tried.margin, _yearly(here, told, facts))
    years = _first(tried.years, facts.said("expected_years", base.years.value, "assumed"))
    units = minor_units(settings.currency)
    fix = facts.said("fix_cost", base.fix_cost.value, f"fix {facts.value('decided.fix_number')}")
    return base._replace(
        yearly=yearly,
        years=years,
        referrals=_first(tried.referrals, facts.said("referral_count", base.referrals.value)),
        each=_each(told, tried, yearly, years),
        fix_cost=_first(tried.fix_cost, fix),
        offers=(tried.offer_cost,) if tried.offer_cost else base.offers,
        offers_from="tried" if tried.offer_cost else "asked",
        unpriced=0 if tried.offer_cost else base.unpriced,
        contact_cost=_first(
            tried.contact_cost,
            Input(Money(settings.contact_cost * units, settings.currency), _set(here, "contact_cost")),
        ),
        acquisition=_first(tried.acquisition, _acquisition(here, units)),
        mendable=False if facts.value("classified.changeable") == "no" else None,
        named=bool(facts.value("decided.referrals")),
        home=settings.currency,
        rates=assumptions(here.settings).rates,
    )


class _Facts:
    """The facts of a case as inputs, with how each was learned."""

    def __init__(self, case: "Case | None") -> None:
        self._facts = case.facts if case else {}
        self._how = {answer.fact: answer.how for answer in case.answers.values()} if case else {}

    def value(self, name: str) -> Any:
        return self._facts.get(name)

    def said(self, name: str, value: Money | float | None, otherwise: str = "") -> Input:
        """A figure with how it was answered; one that was not is of another origin."""
        answered = self._facts.get(f"decided.{name}") is not None
        origin = self._how.get(f"decided.{name}", "asked") if answered else otherwise
        return UNKNOWN if value is None else Input(value, origin)


def _first(tried: Money | float | None, known: Input) -> Input:
    return known if tried is None else Input(tried, "tried")


def _yearly(here: Here, told: Why, facts: _Facts) -> Input:
    """What they bring in a year: asked, or the revenue at the margin of the settings."""
    listed, value = _listed(here, told), told.found.inputs.yearly.value
    if value is None or facts.value("decided.yearly_margin") is None:
        return listed
    said = facts.said("yearly_margin", value)
    return listed._replace(value=value) if value == yearly_default(listed) else said


def _listed(here: Here, told: Why) -> Input:
    """What the list says that they bring in a year."""
    known = told.given.known._replace(answered=None)
    listed = priority.priority(known, told.assumed, here.clock.today).inputs.yearly
    if listed.value is None:
        unfit = known.revenue is not None
        return Input(note="no such revenue: not counted" if unfit else "no revenue is known; try --margin")
    origin = told.given.origins.get("spending", "imported")
    return listed._replace(origin=f"{origin}, {here.settings.margin} % margin {_set(here, 'margin')}")


def yearly_default(listed: Input) -> Money | None:
    """The listed figure as a walk offers it: in whole units."""
    if not isinstance(listed.value, Money):
        return None
    units = minor_units(listed.value.currency)
    return Money(round(listed.value.amount / units) * units, listed.value.currency)


def _each(told: Why, tried: Tried, yearly: Input, years: Input) -> Input:
    """What a referral brings altogether: tried, or what the middle customer of the list does, or else as
    much as this one.
    """
    if tried.referral_value is not None:
        return Input(tried.referral_value, "tried")
    if not isinstance(yearly.value, Money) or not isinstance(years.value, int | float):
        return UNKNOWN
    return stakes.each_brings(yearly.value, years.value, priority.means(told.assumed))


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
