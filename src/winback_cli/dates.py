"""The calendar words of winback: `2026-03-01`, `today`, `-2d`, `+3bd`, `monday`; and business days.

Due dates are the user's calendar days. Instants are kept in UTC and made only by the clock that
the caller passes in; nothing here reads one.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Self

from winback_cli.errors import BadInput

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKEND = frozenset({5, 6})
_SPAN = re.compile(r"([+-]?)(\d{1,4})\s*(bd|d|w|m|y)", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2200  # no customer's date lies beyond
_REGION = re.compile(r"[A-Z]{2}(-[\w ]{1,30})?")  # `DE`, `DE-BY`, `FR-57`
EXAMPLES = "2026-03-01, 1.3.2026, today, -2d, friday"


@dataclass(frozen=True)
class Clock:
    """The moment a command runs at: an instant in UTC, the user's calendar day, and whether it was set."""

    now: datetime
    today: date
    is_set: bool = False

    @property
    def stamp(self) -> str:
        """The instant as stored: ISO 8601 in UTC, to the second."""
        return self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_at(text: str) -> Clock:
    """The clock for `--as-of DATE|INSTANT`: a date means its noon, an instant without zone is local.

    Raises ValueError for anything else.
    """
    if _ISO.fullmatch(text):
        moment = datetime.combine(date.fromisoformat(text), time(12)).astimezone()
    else:
        moment = datetime.fromisoformat(text).astimezone()
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError("a year out of bounds")
    return Clock(moment.astimezone(UTC), moment.date(), is_set=True)


class DaysOff(frozenset[int]):
    """The firm's days off: the weekdays of its weekend (Monday 0), and `holidays`.

    It is that set of weekdays, so that it goes wherever a weekend does; without holidays it equals one.
    Whatever says `day in holidays` will do for them.
    """

    holidays: Container[date]

    def __new__(cls, weekend: Iterable[int] = WEEKEND, holidays: Container[date] = frozenset()) -> Self:
        made = super().__new__(cls, weekend)
        made.holidays = holidays
        return made

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) is True and self.holidays == holidays_of(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = frozenset.__hash__


def holidays_of(weekend: object) -> Container[date]:
    """The holidays beside a weekend; of a plain one, none."""
    return weekend.holidays if isinstance(weekend, DaysOff) else frozenset()


def is_off(day: date, weekend: frozenset[int]) -> bool:
    """Whether the firm does not work that day: its weekend or, of `DaysOff`, a holiday."""
    return day.weekday() in weekend or day in holidays_of(weekend)


def is_business_day(day: date, weekend: frozenset[int] = WEEKEND) -> bool:
    return not is_off(day, weekend)


@dataclass(frozen=True)
class Holidays:
    """Days that the firm names, and those of a region, found year by year when somebody asks."""

    days: frozenset[date]
    region: str = ""

    def __contains__(self, day: object) -> bool:
        if day in self.days:
            return True
        return bool(self.region) and isinstance(day, date) and day in holidays_in(self.region, day.year)


def holidays_from(names: Iterable[str]) -> Container[date]:
    """The days for what `holidays_named` gave."""
    region = next((name for name in names if _REGION.fullmatch(name)), "")
    days = frozenset(date.fromisoformat(name) for name in names if name != region)
    return Holidays(days, region) if days or region else days


@cache
def holidays_in(region: str, year: int) -> frozenset[date]:
    """The public holidays of a region in a year, as the library of the extra `dates` has them.

    Raises ImportError without the library, NotImplementedError for a region that it does not know.
    """
    import holidays

    country, _, part = region.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year, expand=False))


def holidays_named(given: Any) -> tuple[str, ...]:
    """Read the firm's holidays: a list of days and at most one region, which comes first.

    Raises ValueError for what is no such list; BadInput, which names it, for a day that the calendar
    does not have, and for a region that nobody knows or whose library is not installed.
    """
    if not isinstance(given, list):
        raise ValueError("no list")
    regions = [one for one in given if isinstance(one, str) and _REGION.fullmatch(one)]
    if len(regions) > 1:
        raise ValueError("more than one region")
    for region in regions:
        _check_region(region)
    return (*regions, *sorted({_holiday(one) for one in given if one not in regions}))


def _check_region(region: str) -> None:
    try:
        holidays_in(region, 2000)
    except ImportError:
        how = "pip install 'winback-cli[dates]' brings it, or list the days"
        raise BadInput(f"holidays: {region} needs a library that is not here; {how}.", how) from None
    except NotImplementedError:
        known = "known are such as DE-BY, GB-ENG and US-CA"
        raise BadInput(f"holidays: the region {region} is not known; {known}.", known) from None


def _holiday(given: Any) -> str:
    if type(given) is date:  # TOML has dates of its own, without quotes
        return given.isoformat()
    if not _ISO.fullmatch(given):
        raise ValueError("no date")
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        raise BadInput(f"holidays: there is no day {given} in the calendar.", "Mend the day.") from None


def add_business_days(day: date, count: int, weekend: frozenset[int] = WEEKEND) -> date:
    """The `count`-th business day after (or, negative, before) `day`; 0 keeps the day."""
    if len(weekend) > 6:
        raise ValueError("a week needs a business day")
    step = timedelta(days=1 if count > 0 else -1)
    while count:
        day += step
        if is_business_day(day, weekend):
            count -= 1 if count > 0 else -1
    return day


def add_months(day: date, count: int) -> date:
    """The same day `count` months on, or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + count
    year, month = divmod(index, 12)
    last = 31
    while True:
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            if last == 28:
                raise
            last -= 1


@dataclass(frozen=True)
class Span:
    """A length of time as a playbook writes it: `1bd`, `14d`, `2w`, `6m`."""

    count: int
    unit: str

    def after(self, day: date, weekend: frozenset[int] = WEEKEND) -> date:
        """The day this span after `day`; raises ValueError beyond the calendar."""
        try:
            if self.unit == "bd":
                return add_business_days(day, self.count, weekend)
            if self.unit == "m":
                return add_months(day, self.count)
            if self.unit == "y":
                return add_months(day, 12 * self.count)
            return day + timedelta(days=self.count * (7 if self.unit == "w" else 1))
        except OverflowError:
            raise ValueError("a date beyond the calendar") from None

    def words(self) -> str:
        """`1 business day`, `14 days`."""
        names = {"bd": "business day", "d": "day", "w": "week", "m": "month", "y": "year"}
        return f"{self.count} {names[self.unit]}{'' if self.count == 1 else 's'}"


LONGEST = {"d": 36_525, "bd": 26_089, "w": 5_217, "m": 1_200, "y": 100}  # a hundred years


def span(text: str) -> Span:
    """Read a length of time (`1bd`, `14d`, `+2w`); raises ValueError."""
    found = _SPAN.fullmatch(text.strip().lower())
    if not found:
        raise ValueError("a length of time looks like 1bd, 2d, 3w, 6m or 1y")
    sign, count, unit = found.groups()
    if int(count) > LONGEST[unit]:
        raise ValueError("a length of time has at most 100 years")
    return Span(-int(count) if sign == "-" else int(count), unit)


def parse_date(text: str, today: date, weekend: frozenset[int] = WEEKEND, *, past: bool = False) -> date:
    """Read a date as a person types it.

    ISO dates, `1.3.2026`, `today`,
    `yesterday`, `tomorrow`, `-2d`, `+3bd`, `2w`, and weekday names: the next
    such day after today, or, where `past` says that the thing has happened, the last one before
    it; `last` and `next` before the name decide either way. Raises ValueError.
    """
    day = _read_date(text, today, weekend, past)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _read_date(text: str, today: date, weekend: frozenset[int], past: bool) -> date:
    word = text.strip().lower()
    near = {"today": 0, "now": 0, "yesterday": -1, "tomorrow": 1}
    if word in near:
        return today + timedelta(days=near[word])
    if _ISO.fullmatch(word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            raise ValueError("there is no such day in the calendar") from None
    if dotted := _DOTTED.fullmatch(word):  # day first, as wherever dates are written with dots
        day, month, year = map(int, dotted.groups())
        try:
            return date(year, month, day)
        except ValueError:
            raise ValueError("there is no such day in the calendar") from None
    if _SPAN.fullmatch(word):
        return span(word).after(today, weekend)
    back = word.startswith("last ") or (past and not word.startswith("next "))
    name = word.removeprefix("last ").removeprefix("next ").strip()
    days = [i for i, day in enumerate(WEEKDAYS) if len(name) >= 3 and day.startswith(name)]
    if len(days) != 1:
        raise ValueError(f"a date looks like {EXAMPLES}")
    if back:
        return today - timedelta(days=(today.weekday() - days[0] - 1) % 7 + 1)
    return today + timedelta(days=(days[0] - today.weekday() - 1) % 7 + 1)


def day_words(day: date, today: date) -> str:
    """`today`, `tomorrow`, `Tue 24 Nov 2026`; the year only when it is not this one."""
    gap = (day - today).days
    if gap in (0, 1, -1):
        return {0: "today", 1: "tomorrow", -1: "yesterday"}[gap]
    text = f"{day:%a} {day.day} {day:%b}"
    return text if day.year == today.year else f"{text} {day.year}"
