"""When a customer can be called: what time it is where they are, and when their hours begin next.

The clocks that countries keep lie in zones.toml, read when the first is asked for. A country with several
is taken as all of them at once, unless the phone number is sure to lie within fewer: nothing is guessed.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Literal, NamedTuple

from winback_cli import dates

Hours = tuple[time, time]  # from the first on, up to the last without it
State = Literal["open", "closed", "unclear", "unknown"]
_FRIDAY = 4
_DAY = timedelta(days=1)
_PATIENCE = timedelta(days=7)  # how long one waits for the hour that suits all of a country's clocks
_LONGEST = 1100  # days without a business day; then nobody is in any more
_TOLD = {  # where a clock stands
    "country": "where they are ({place})",
    "phone": "where they are ({place}, by their phone number)",
    "own": "by your own clock; where they are is not known",
}


class LocalTime(NamedTuple):
    """What time it is for a customer; `words` says it in a sentence.

    `zones` are the clocks that may be theirs, "" standing for the machine's own. `earliest` and `latest`
    are what the first and the last of them show, to the minute (they may lie on either side of midnight).
    `open`: within the hours in all of them; `closed`: in none; `unclear`: in some. `unknown`: there is no
    clock for that country, and the times are the firm's own.
    """

    zones: tuple[str, ...]
    earliest: time
    latest: time
    state: State
    words: str


class _Where(NamedTuple):
    """The zones a customer may be in, what they are taken from, and the days off there."""

    zones: tuple[str, ...]
    by: Literal["country", "phone", "own"]
    off: frozenset[int]

    def inside(self, moment: datetime, hours: Hours) -> list[bool]:
        """For each zone, whether its clock shows a time within the hours of a day that is not off."""
        here = [_local(moment, zone) for zone in self.zones]
        return [hours[0] <= at.time() < hours[1] and not dates.is_off(at.date(), self.off) for at in here]


class _Clocks(NamedTuple):
    """What zones.toml says."""

    zones: dict[str, tuple[str, ...]]
    weekends: dict[str, frozenset[int]]
    phones: dict[str, tuple[str, ...]]


def standing(
    now: datetime,
    hours: Hours,
    country: str,
    phone: str = "",
    weekend: frozenset[int] = dates.WEEKEND,
    zone: str = "",
) -> LocalTime:
    """What time it is for a customer of that country (ISO code) and phone (E.164), and whether to call.

    Without a country the phone's calling code stands for it; without both it is the firm's own `zone`
    ("": the machine's). `weekend` holds the firm's days off, `DaysOff` its holidays too; a country that is
    known to rest on Friday and Saturday does so, unless Friday is the firm's own day of rest.
    """
    where = _where(country, phone, weekend, zone)
    if where is None:
        own = _local(now, zone).time().replace(second=0, microsecond=0)
        return LocalTime((), own, own, "unknown", "What time it is where they are is not known.")
    inside = where.inside(now, hours)
    state: State = "open" if all(inside) else "unclear" if any(inside) else "closed"
    clocks = sorted((_local(now, one).replace(second=0, microsecond=0), one) for one in where.zones)
    return LocalTime(
        where.zones, clocks[0][0].time(), clocks[-1][0].time(), state, _words(where, clocks, state, hours)
    )


def next_open(
    now: datetime,
    hours: Hours,
    country: str,
    phone: str = "",
    weekend: frozenset[int] = dates.WEEKEND,
    zone: str = "",
) -> datetime | None:
    """The first instant (UTC) from `now` on at which they can be called; the arguments are `standing`'s.

    With several clocks it is one that suits all of them, if there is one within a week of the first that
    suits any; else that first. None where the clock is unknown, or no business day comes in three years.
    """
    where = _where(country, phone, weekend, zone)
    if where is None or len(where.off) > 6:
        return None
    first = None
    for moment in _moments(now.astimezone(UTC), hours[0], where.zones):
        if first and moment - first > _PATIENCE:
            break
        inside = where.inside(moment, hours)
        if all(inside):
            return moment
        first = first or (moment if any(inside) else None)
    return first


# -- where they are ----------------------------------------------------------------------------------


def _where(country: str, phone: str, weekend: frozenset[int], zone: str) -> _Where | None:
    """None where a clock is not known, or not to this machine."""
    countries = (country,) if country else _called(phone)
    if not countries:
        return _Where((zone,), "own", weekend)
    clocks = _clocks()
    zones = tuple(dict.fromkeys(one for code in countries for one in clocks.zones.get(code, ())))
    narrow = next(filter(None, (clocks.phones.get(phone[:n]) for n in range(len(phone), 1, -1))), ())
    if narrow and set(narrow) < set(zones):
        zones = narrow
    if not zones or not all(map(_loads, zones)):
        return None
    return _Where(zones, "country" if country else "phone", _off(countries, weekend))


def _called(phone: str) -> tuple[str, ...]:
    """The countries that share a number's calling code; none for a code of no country (`+800`)."""
    if not phone.startswith("+"):
        return ()
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    codes = (int(phone[1:n]) for n in (2, 3, 4) if phone[1:n].isdecimal())
    found = next((tuple(c) for code in codes if (c := COUNTRY_CODE_TO_REGION_CODE.get(code))), ())
    return found if found != ("001",) else ()


def _off(countries: tuple[str, ...], weekend: frozenset[int]) -> frozenset[int]:
    theirs = _clocks().weekends.get(countries[0])
    if theirs is None or _FRIDAY in weekend:
        return weekend
    return dates.DaysOff(theirs, dates.holidays_of(weekend))


@cache
def _clocks() -> _Clocks:
    import tomllib
    from importlib.resources import files

    tree = tomllib.loads(files("winback_cli").joinpath("zones.toml").read_text("utf-8"))
    return _Clocks(
        {code: tuple(zones) for code, zones in tree["zones"].items()},
        {code: frozenset(map(dates.WEEKDAYS.index, days)) for code, days in tree["weekends"].items()},
        {begin: tuple(zones) for begin, zones in tree["phones"].items()},
    )


# -- clocks ------------------------------------------------------------------------------------------


def _zone(name: str) -> tzinfo | None:
    """The zone; None, which to `astimezone` is the machine's own, for no name."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(name) if name else None


@cache
def _loads(name: str) -> bool:
    """Whether this machine's zone data, which may be old, has the zone."""
    try:
        _zone(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


def _local(moment: datetime, zone: str) -> datetime:
    """What the zone's clock and calendar show, without a zone."""
    return moment.astimezone(_zone(zone)).replace(tzinfo=None)


def _moments(now: datetime, begin: time, zones: tuple[str, ...]) -> Iterator[datetime]:
    """In order, `now` and every later instant at which a clock may enter the hours: it comes to `begin`,
    or is set.
    """
    yield now
    for start in (now + n * _DAY for n in range(_LONGEST)):
        found = {moment for zone in zones for moment in _entries(start, begin, zone)}
        yield from sorted(moment for moment in found if start < moment <= start + _DAY)


def _entries(start: datetime, begin: time, zone: str) -> Iterator[datetime]:
    first, last = _local(start, zone), _local(start + _DAY, zone)
    there = _zone(zone)
    for day in {first.date(), last.date()}:
        for fold in (0, 1):  # an hour that comes twice; in one that never comes, neither is inside
            yield datetime.combine(day, begin, there).replace(fold=fold).astimezone(UTC)
    if last - first != _DAY:
        yield _turn(start, lambda moment: _local(moment, zone) - first != moment - start)


def _turn(start: datetime, turned: Callable[[datetime], bool]) -> datetime:
    """The second, within a day from `start`, from which on the clock has been set."""
    before, after = 0, 86_400
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if turned(start + timedelta(seconds=middle)) else (middle, after)
    return (start + timedelta(seconds=after)).replace(microsecond=0)


# -- words -------------------------------------------------------------------------------------------


def _words(where: _Where, clocks: list[tuple[datetime, str]], state: State, hours: Hours) -> str:
    (first, west), (last, east) = clocks[0], clocks[-1]
    off = [dates.is_off(at.date(), where.off) for at, _ in clocks]
    form = "%a %H:%M" if any(off) or first.date() != last.date() else "%H:%M"
    shown = f"{first:{form}}" if first == last else f"{first:{form}} to {last:{form}}"
    place = _city(west) if west == east else f"{_city(west)} to {_city(east)}"
    told = f"It is {shown} {_TOLD[where.by].format(place=place)}"
    if state == "open":
        return f"{told}."
    if all(off):
        return f"{told}; that is a day off."
    begin, end = (f"{at.hour}:{at.minute:02}" for at in hours)
    return f"{told}; you set {begin}-{end} for calls."


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
