"""What a return would bring and what trying takes, of one customer: what was answered about them before
what their list says. The score, the lists, `why` and `worth` all take their figures from here.
"""

from collections.abc import Mapping
from typing import NamedTuple

from winback_cli.money import Money
from winback_cli.worth import LONGEST as WHOLE_LIFE
from winback_cli.worth import MOST, UNKNOWN, Input, Inputs, worth

SHORTEST, LONGEST = 1.0, 3.0  # years that a second lifetime is taken to last
SHARE = 0.5  # of the first lifetime, within those bounds
YEAR = 365.25
RICHEST = 10**15  # minor units; more is no customer's revenue
BELIEVED = 10**6  # times what is usual; more is a slip of the pen


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
    currency, the margin (0 to 1), the cost of a contact in minor units of `home`, what a minor unit of
    another currency is worth in those; and for whom no revenue is known, what stands in for it.
    """

    brings: Mapping[str, float]
    margin: float
    contact: int
    home: str
    rates: Mapping[str, float]
    stand_in: float


def means(
    brings: Mapping[str, float], margin: float, contact: int, home: str, rates: Mapping[str, float]
) -> Means:
    """The means with the rates that can be, and what the middle customer brings, of the commonest
    currency that can be compared.
    """
    rates = {code: rate for code, rate in rates.items() if 1e-9 < rate < 1e9}
    known = rates | {home: 1.0}
    middle = next((amount * known[code] for code, amount in brings.items() if code in known), 0.0)
    return Means(brings, margin, contact, home, rates, margin * middle)


def spent(revenue: int | None, currency: str, usual: Mapping[str, float] = {}) -> int | None:
    """The revenue, where it can be one."""
    if revenue is None or not currency or not 0 <= revenue < RICHEST:
        return None
    return revenue if currency not in usual or revenue <= usual[currency] * BELIEVED else None


def lifetime(revenue: float, tenure: int | None, margin: float) -> tuple[int, float]:
    """The margin of a year of the first lifetime, in whole minor units, and the years of a second;
    `tenure` in days.
    """
    years = (tenure or 0) / YEAR
    return round(revenue * margin / max(years, SHORTEST)), min(max(years * SHARE, SHORTEST), LONGEST)


# -- the value -------------------------------------------------------------------------------


def value(
    revenue: int | None, currency: str, tenure: int | None, chance: float, by: Means
) -> tuple[int | None, float]:
    """What trying brings on average, as `worth` has it of the same figures, only quicker; and what people
    are ranked by.

    Who has no revenue, or one in a currency without a rate, stands where the chance puts the middle
    customer: across currencies the chance alone decides.
    """
    if revenue is None:
        return None, _by_chance(chance, by)
    yearly, years = lifetime(revenue, tenure, by.margin)
    brings = chance * (yearly * years)
    rate = 1.0 if currency == by.home else by.rates.get(currency)
    if rate is None:
        return round(brings), _by_chance(chance, by)
    return round(brings - round(by.contact / rate)), brings * rate - by.contact


def worked_out(given: Inputs, by: Means) -> tuple[int | None, float, str]:
    """The same for somebody of whom more was answered, and the currency of it."""
    assert given.chance is not None
    found = worth(given)
    brings = found.gain or found.room
    if brings is None:
        return None, _by_chance(given.chance[1], by), ""
    amount, currency = brings[1]
    rate = _rate(currency, by)
    return amount, _by_chance(given.chance[1], by) if rate is None else amount * rate, currency


def _by_chance(chance: float, by: Means) -> float:
    return chance * by.stand_in - by.contact if by.stand_in else chance - by.contact


def _rate(currency: str, by: Means) -> float | None:
    return 1.0 if currency == by.home else by.rates.get(currency)


# -- the figures -----------------------------------------------------------------------------


def inputs(answered: Answered, revenue: int | None, currency: str, tenure: int | None, by: Means) -> Inputs:
    """The figures of a customer as `worth` takes them, the chance left out: what was answered, before
    what the list says.
    """
    yearly, years = answered.yearly, answered.years
    if revenue is not None:
        listed, lasting = lifetime(revenue, tenure, by.margin)
        yearly = yearly or Money(listed, currency)
        years = lasting if years is None else years
    years = SHORTEST if years is None else years
    return Inputs(
        yearly=Input(yearly) if yearly else UNKNOWN,
        years=Input(years),
        referrals=Input(answered.referrals),
        each=each_brings(yearly, years, by) if yearly else UNKNOWN,
        fix_cost=Input(answered.fix),
        sharing=answered.sharing,
        offers=answered.offers,
        unpriced=answered.unpriced,
        contact_cost=Input(Money(by.contact, by.home)),
        home=by.home,
        rates=by.rates,
    )


def each_brings(yearly: Money, years: float, by: Means) -> Input:
    """What a referral brings altogether: what the middle customer of the list does, or else as much as
    this one.
    """
    amount = by.brings.get(yearly.currency, 0.0) * by.margin
    if not amount and 0 <= years <= WHOLE_LIFE and 0 <= yearly.amount < MOST:
        return Input(Money(round(yearly.amount * years), yearly.currency), "like this one, assumed")
    return Input(Money(round(amount), yearly.currency), "middle of your list")


def brought(given: Inputs, tenure: int | None, by: Means) -> Worth | None:
    """What a return would bring, to be told; None where that is not known."""
    found = worth(given)
    yearly, years = found.inputs.yearly.value, found.inputs.years.value
    if found.at_stake is None or not isinstance(yearly, Money) or not isinstance(years, int | float):
        return None
    contact = found.inputs.contact_cost.value
    return Worth(
        found.at_stake.amount,
        found.currency,
        yearly.amount,
        years,
        None if tenure is None else tenure / YEAR,
        contact.amount if isinstance(contact, Money) else None,
        _rate(found.currency, by),
        found.at_stake.amount - round(yearly.amount * years),
        found.share.amount if found.share else None,
        found.offer_cost.amount if found.offer_cost else None,
    )
