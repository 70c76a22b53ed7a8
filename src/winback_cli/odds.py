"""The one table of priority: what is known of a customer, and what it does to the odds of a return."""

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from math import exp, log
from typing import Any, NamedTuple

# Regaining "Lost" Customers, Journal of Marketing 79(4), 2015: who brought others, whose complaint was
# resolved, who left for the price rather than the service came back more often; it gives no odds to copy.
_KUMAR = "judgement; its direction from Kumar and others 2015, telecoms"
# See tests/bench/priority.py and RESULTS.md; a tuning on half of them found nothing better.
_CDNOW = "judgement; tested on the purchases of CDNOW"


LEAST, MOST = 0.001, 0.95  # no chance is told beyond these


class Factor(NamedTuple):
    """One line of the table: what a known value does to the odds, and where that is from.

    `marks` are pairs of a value and its multiplier. Between two numbers the odds change evenly, beyond
    them they stay level; a word stands for itself. Only `history` says that somebody may still be buying.
    """

    name: str
    words: str
    marks: Mapping[Any, float]
    source: str = "judgement"
    history: bool = False


def _marks(said: str) -> dict[Any, float]:
    """`30: 2, 90: 1.7` or `yes: 1.4, no: 0.95` as values and multipliers."""
    pairs = (pair.split(":") for pair in said.split(","))
    return {_number(value.strip()): float(multiplier) for value, multiplier in pairs}


def _number(value: str) -> float | str:
    return float(value) if value[0].isdigit() else value


# Last purchase and tenure (from the first purchase to the last) in days; spending as a part of what is
# usual in the currency; regularity as how far the gaps between purchases stray: deviation by mean.
TABLE = (
    Factor(
        "recency", "last purchase", _marks("30:2, 90:1.7, 180:1, 365:.6, 730:.35, 1825:.15"), _CDNOW, True
    ),
    Factor("orders", "orders", _marks("1:.6, 2:1, 3:1.5, 5:2, 10:2.5"), _CDNOW, True),
    Factor("spending", "spending", _marks("0.25:.8, 1:1, 4:1.25"), _CDNOW, True),
    Factor("tenure", "time as a customer", _marks("0:.85, 90:1.05, 365:1.2, 1095:1.35"), _CDNOW, True),
    Factor("regularity", "regularity", _marks("0.3:1.2, 0.8:1, 1.4:.85"), _CDNOW, True),
    Factor("how_left", "how they left", _marks("departing:2, upset:1.1, lapsed:1, content:.5")),
    Factor("complaint", "complaint", _marks("resolved:1.3, none:1, unresolved:.6"), _KUMAR),
    Factor("referrals", "brought others", _marks("yes:1.4, no:.95"), _KUMAR),
    Factor("cancelled", "formally cancelled", _marks("no:1, yes:.7")),
    Factor(
        "reason",
        "why they left",
        _marks(
            "delivery_or_service:.9, complaint_handled_badly:.7, product_or_quality:.9, price:1.2,"
            "policy_change:.9, sales_practices:.8, support:.9, personality_conflict:1.1,"
            "one_time_accident:1.3, change_on_customer_side:.8, competitor_offer:.9,"
            "taken_for_granted:1.2, off_the_radar:1.3, no_longer_needed:.4, moved_or_closed:.2"
        ),
        _KUMAR + " (price above service)",
    ),
)
LOGS = {factor.name: {value: log(m) for value, m in factor.marks.items()} for factor in TABLE}
# The variance, in log odds, that not knowing a factor leaves: a quarter of its range, squared.
REACH = tuple(((max(logs.values()) - min(logs.values())) / 4) ** 2 for logs in LOGS.values())


@cache
def steps(name: str) -> list[float]:
    """A scale of whole numbers, from 0 to its last mark."""
    return [level(name, number) for number in range(int(max(LOGS[name])) + 1)]


def level(name: str, value: float) -> float:
    """The log of the multiplier at a value of a scale."""
    marks: tuple[tuple[float, float], ...] = tuple(LOGS[name].items())
    if value <= marks[0][0]:
        return marks[0][1]
    for (low, under), (high, over) in pairwise(marks):
        if value < high:
            return under + (value - low) / (high - low) * (over - under)
    return marks[-1][1]


def logit(chance: float) -> float:
    """The log odds of a chance."""
    chance = within(chance, 1e-6, 1 - 1e-6)
    return log(chance / (1 - chance))


def chance_of(log_odds: float) -> float:
    """The chance of log odds, kept within what is ever told."""
    return min(max(logistic(log_odds), LEAST), MOST)


def logistic(log_odds: float) -> float:
    """The chance of log odds, whatever it is."""
    if -30 < log_odds < 30:
        return 1 / (1 + exp(-log_odds))
    return 1 / (1 + exp(30 if log_odds < 0 else -30))


def within(value: float, least: float, most: float) -> float:
    """The value, or the bound that it is beyond; what is no number at all is taken for the least."""
    return min(value, most) if value >= least else least
