"""What the history of somebody's purchases gives: when they first and last bought, how often, for how
much, and how evenly.

A history is told by day, currency and amount, in minor units. An amount below nothing is money given
back: it lowers the revenue and is no order; one of nothing is an order. Currencies are never added up.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

FEWEST_DAYS = 3  # of purchase, below which there are no two gaps to compare
FIELDS = ("first_purchase", "last_purchase", "orders", "revenue", "currency", "regularity")


class Who(NamedTuple):
    """The customer that a row names: by `names` for sure, the surest first; by `called` where they are
    the only one of that name. `watched` is what a suppression would know them by; `field` and `value`
    are what to say of one who is not found.
    """

    names: tuple[str, ...]
    called: str
    watched: tuple[str, ...]
    field: str
    value: str


class Bought(NamedTuple):
    """So many purchases of one amount on one day; the day is ISO."""

    day: str
    currency: str
    amount: int
    times: int = 1


class Figures(NamedTuple):
    """What a customer's record says of their purchases, in the order of `FIELDS`."""

    first_purchase: str | None = None
    last_purchase: str | None = None
    orders: int | None = None
    revenue: int | None = None
    currency: str = ""
    regularity: float | None = None


def figures(history: Sequence[Bought], stated: Figures, by_hand: Collection[str] = ()) -> Figures:
    """The figures of a customer, by the history and by what the record states without it.

    The first purchase is the earlier of both, the last one the later. Orders and revenue are the
    history's where it reaches from the record's first purchase to its last; otherwise the larger of the
    two, since a history may begin late or end early. Revenue is in the record's currency, else in that
    of most purchases, and never below nothing. A field set by hand stays as it is stated.
    """
    bought = [one for one in history if one.amount >= 0]
    if not bought:
        return stated
    days = sorted({one.day for one in bought})
    currency = own_currency(bought, stated)
    reaches = (stated.first_purchase or "") >= days[0] and days[-1] >= (stated.last_purchase or "")
    spent, revenue = _spent(history, currency), stated.revenue
    if spent is not None:
        revenue = spent if revenue is None or reaches else max(revenue, spent)
    orders = sum(one.times for one in bought)
    if stated.orders is not None and not reaches:
        orders = max(orders, stated.orders)
    found = Figures(
        min(days[0], stated.first_purchase or days[0]),
        max(days[-1], stated.last_purchase or ""),
        orders,
        revenue,
        stated.currency if revenue is None else currency,
        regularity(days),
    )
    kept = {*by_hand, "currency"} if "revenue" in by_hand else by_hand
    return found._replace(**{field: getattr(stated, field) for field in FIELDS if field in kept})


def own_currency(bought: Iterable[Bought], stated: Figures) -> str:
    """The currency a customer's revenue is in: the record's, else that of most of their purchases."""
    if stated.currency:
        return stated.currency
    counts: Counter[str] = Counter()
    for one in bought:
        counts[one.currency] += one.times
    return min(counts, key=lambda code: (-counts[code], code), default="")


def _spent(history: Iterable[Bought], currency: str) -> int | None:
    """What was paid in a currency, less what was given back; None where nothing was in it."""
    amounts = [one.amount * one.times for one in history if one.currency == currency]
    return max(sum(amounts), 0) if amounts else None


def regularity(days: Sequence[str]) -> float | None:
    """How unevenly somebody bought: the deviation of the gaps between their days of purchase, divided by
    the mean gap. 0 is like clockwork, 1 as if by chance; None below three days. `days` are in order, once.
    """
    if len(days) < FEWEST_DAYS:
        return None
    numbers = [date.fromisoformat(day).toordinal() for day in days]
    gaps = [later - earlier for earlier, later in pairwise(numbers)]
    mean = sum(gaps) / len(gaps)
    return round(sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) / mean, 4)
