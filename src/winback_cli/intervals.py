"""Small statistics that say how little a few cases tell: a share with its interval, a spread of days.

Pure arithmetic; nothing here knows what is counted.
"""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

FEW = 5  # below this no percentage and no median is told, only counts
_Z = 1.959963984540054  # 95 % of a normal distribution lie within so many deviations


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson: right for few cases, never below 0 or above 1.

    Of nothing everything is possible: (0, 1). Raises ValueError where `hits` is no part of `of`.
    """
    if not 0 <= hits <= of:
        raise ValueError("hits lie between 0 and all")
    if of == 0:
        return 0.0, 1.0
    square = _Z * _Z
    middle = (hits + square / 2) / (of + square)
    reach = _Z * sqrt(hits * (of - hits) / of + square / 4) / (of + square)
    return (0.0 if hits == 0 else middle - reach), (1.0 if hits == of else middle + reach)


class Rate(NamedTuple):
    """`hits` of `of`. As a share, with its interval, only from `FEW` cases on."""

    hits: int
    of: int

    @property
    def known(self) -> bool:
        """Whether there are enough for a percentage."""
        return self.of >= FEW

    @property
    def share(self) -> float | None:
        return self.hits / self.of if self.known else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.hits, self.of) if self.known else None

    def words(self) -> str:
        """`13 of 31: 42 % (26 to 59)`; of few `2 of 3`, of none `none yet`."""
        if self.of == 0:
            return "none yet"
        counted = f"{self.hits:,} of {self.of:,}"
        if self.share is None or self.interval is None:
            return counted
        low, high = (round(100 * end) for end in self.interval)
        return f"{counted}: {_percent(self)} % ({low} to {high})"


def _percent(rate: Rate) -> str:
    """A whole number; `<1` and `>99` where 0 and 100 would say too much."""
    whole = round(100 * rate.hits / rate.of)
    if rate.hits and whole == 0:
        return "<1"
    return ">99" if rate.hits < rate.of and whole == 100 else str(whole)


class Spread(NamedTuple):
    """How many days things took: the least and the most, the median and the middle half of them."""

    times: int
    least: int
    quarter: float
    median: float
    three_quarters: float
    most: int

    @property
    def known(self) -> bool:
        """Whether there are enough for a median."""
        return self.times >= FEW

    def words(self) -> str:
        """`median 12 days, half of them 7 to 20`; of few only from when to when."""
        if self.times == 0:
            return "none yet"
        if not self.known:
            most = _days(self.most)
            return most if self.least == self.most else f"{self.least:,} to {most}"
        ends = f"{_whole(self.quarter):,} to {_whole(self.three_quarters):,}"
        return f"median {_days(self.median)}, half of them {ends}"


def _whole(days: float) -> int:
    """Whole days, a half counting as one: nobody waits for a fraction of a day."""
    return int(days + 0.5)


def _days(number: float) -> str:
    days = _whole(number)
    return f"{days:,} day{'' if days == 1 else 's'}"


def spread(counted: Mapping[int, int]) -> Spread:
    """The spread of values that are counted: days -> how often."""
    values = sorted((value, times) for value, times in counted.items() if times > 0)
    count = sum(times for _, times in values)
    if not count:
        return Spread(0, 0, 0.0, 0.0, 0.0, 0)

    def at(share: float) -> float:
        """The value that so large a share lies below, between two neighbours where it falls there."""
        place = share * (count - 1)
        low, rest = int(place), place - int(place)
        return _nth(values, low) * (1 - rest) + _nth(values, min(low + 1, count - 1)) * rest

    return Spread(count, values[0][0], at(0.25), at(0.5), at(0.75), values[-1][0])


def _nth(values: list[tuple[int, int]], place: int) -> int:
    for value, times in values:
        if place < times:
            return value
        place -= times
    raise IndexError(place)
