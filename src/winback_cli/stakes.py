"""What a return would bring and what trying takes, of one customer: what was answered about them before
what their list says. The score, the lists, `why` and `worth` all take their figures from here.
"""

from collections.abc import Mapping
from typing import NamedTuple

from winback_cli.money import Money
from winback_cli.worth import UNKNOWN, Input, Inputs

SHORTEST, LONGEST = 1.0, 3.0  # years that a second lifetime is taken to last
SHARE = 0.5  # of the first lifetime, within those bounds
YEAR = 365.25


class Answered(NamedTuple):
    """What was answered in a customer's case; None where it was not.

    The whole fix serves `sharing` open cases; `offers` are the costs of those made, `unpriced` how many
    have none.
    """

    yearly: Money | None = None
    years: float | None = None
    referrals: int | None = None
    fix: Money | None = None
    sharing: int = 1
    offers: tuple[Money, ...] = ()
    unpriced: int = 0


NOTHING = Answered()


class Listed(NamedTuple):
    """What the list says that somebody brings: the margin of a year, and the years of a second time."""

    yearly: Money
    years: float


class Worth(NamedTuple):
    """What a return would bring: margin a year times expected years, and referrals; in minor units.

    `rate` is what a unit counts for in the currency people are compared in, None where nobody gave one;
    `cost` is a contact's, `fix` this case's share of it; None where it is not known.
    """

    amount: int
    currency: str
    yearly: int
    years: float
    tenure: float | None
    cost: int | None
    rate: float | None
    referrals: int = 0
    fix: int | None = None
    offers: int | None = None


class Means(NamedTuple):
    """What a reckoning takes beside the customer: what the middle one brings in a second time by
    currency, the margin (0 to 1), the cost of a contact in minor units of `home`, the rates.
    """

    brings: Mapping[str, float]
    margin: float
    contact: int
    home: str
    rates: Mapping[str, float]


def lifetime(revenue: float, tenure: int | None, margin: float) -> tuple[int, float]:
    """The margin of a year of the first lifetime, in whole minor units, and the years of a second;
    `tenure` in days.
    """
    years = (tenure or 0) / YEAR
    return round(revenue * margin / max(years, SHORTEST)), min(max(years * SHARE, SHORTEST), LONGEST)


def inputs(answered: Answered, listed: Listed | None, means: Means) -> Inputs:
    """The figures of a customer as `worth` takes them, the chance left out."""
    yearly = answered.yearly or (listed.yearly if listed else None)
    years = answered.years
    if years is None:
        years = listed.years if listed else SHORTEST
    return Inputs(
        yearly=Input(yearly) if yearly else UNKNOWN,
        years=Input(years),
        referrals=Input(answered.referrals),
        each=Input(each_brings(yearly, years, means)) if yearly else UNKNOWN,
        fix_cost=Input(answered.fix),
        sharing=answered.sharing,
        offers=answered.offers,
        unpriced=answered.unpriced,
        contact_cost=Input(Money(means.contact, means.home)),
        home=means.home,
        rates=means.rates,
    )


def each_brings(yearly: Money, years: float, means: Means) -> Money:
    """What a referral brings altogether: what the middle customer of the list does, or else as much as
    this one.
    """
    if brings := means.brings.get(yearly.currency):
        return Money(round(brings * means.margin), yearly.currency)
    return Money(round(max(yearly.amount, 0) * years), yearly.currency)
