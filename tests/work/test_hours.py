"""What time it is where a customer is: clocks that are set, countries with several, days off, the data itself."""

import time as clock
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback_cli import dates, hours
from winback_cli.dates import DaysOff
from winback_cli.hours import LocalTime, next_open, standing

NINE_TO_SIX = (time(9), time(18))
LISBON, AZORES = "+351211234567", "+351295123456"
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
DATA = tomllib.loads(files("winback_cli").joinpath("zones.toml").read_text("utf-8"))
WEDNESDAY = date(2026, 11, 25)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(zone: str, moment: str, between: tuple[time, time] = NINE_TO_SIX) -> LocalTime:
    """The standing of somebody known to be in that zone, weekends and all days being business days."""
    return standing(utc(moment), between, "", weekend=frozenset(), zone=zone)


# -- one clock -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "state", "words"),
    [
        (
            "2026-11-25T07:40",
            "closed",
            "It is 08:40 where they are (Berlin); you set 9:00-18:00 for calls.",
        ),
        (
            "2026-11-25T07:59:59",
            "closed",
            "It is 08:59 where they are (Berlin); you set 9:00-18:00 for calls.",
        ),
        ("2026-11-25T08:00", "open", "It is 09:00 where they are (Berlin)."),
        ("2026-11-25T16:59:59", "open", "It is 17:59 where they are (Berlin)."),
        (
            "2026-11-25T17:00",
            "closed",
            "It is 18:00 where they are (Berlin); you set 9:00-18:00 for calls.",
        ),
        ("2026-11-28T10:00", "closed", "It is Sat 11:00 where they are (Berlin); that is a day off."),
    ],
)
def test_a_country_with_one_clock_is_open_within_the_hours(moment: str, state: str, words: str) -> None:
    found = standing(utc(moment), NINE_TO_SIX, "DE")

    assert (found.zones, found.state, found.words) == (("Europe/Berlin",), state, words)
    assert found.earliest == found.latest


def test_the_hours_are_told_as_they_are_set() -> None:
    found = standing(utc("2026-11-25T20:00"), (time(8, 30), time(12, 5)), "GB")

    assert found.words == "It is 20:00 where they are (London); you set 8:30-12:05 for calls."


def test_it_may_be_another_day_where_they_are() -> None:
    friday_here = utc("2026-11-27T22:30")  # Saturday in Auckland

    found = standing(friday_here, NINE_TO_SIX, "NZ")

    assert found.words == "It is Sat 11:30 where they are (Auckland); that is a day off."
    assert next_open(friday_here, NINE_TO_SIX, "NZ") == utc("2026-11-29T20:00")


# -- clocks that are set ---------------------------------------------------------------------

# Each: an instant, what the clock shows, whether it is within 2:15-2:45, and when that is next.
SET = [
    ("Europe/Berlin", "2026-03-29T00:59", "01:59", False, "2026-03-30T00:15"),  # no 2:15 that night
    ("Europe/Berlin", "2026-03-29T01:00", "03:00", False, "2026-03-30T00:15"),
    ("Europe/Berlin", "2026-10-25T00:14", "02:14", False, "2026-10-25T00:15"),
    ("Europe/Berlin", "2026-10-25T00:50", "02:50", False, "2026-10-25T01:15"),  # 2:15 comes again
    ("Europe/Berlin", "2026-10-25T01:20", "02:20", True, "2026-10-25T01:20"),
    ("Europe/Berlin", "2026-10-25T01:45", "02:45", False, "2026-10-26T01:15"),
    ("America/New_York", "2026-03-08T06:59", "01:59", False, "2026-03-09T06:15"),
    ("America/New_York", "2026-03-08T07:00", "03:00", False, "2026-03-09T06:15"),
    ("America/New_York", "2026-11-01T05:59", "01:59", False, "2026-11-01T07:15"),
    ("America/New_York", "2026-11-01T06:00", "01:00", False, "2026-11-01T07:15"),
    # Lord Howe goes on by half an hour, 2:00 to 2:30, and back from 2:00 to 1:30.
    ("Australia/Lord_Howe", "2026-10-02T16:20", "02:50", False, "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-10-03T15:29", "01:59", False, "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-10-03T15:30", "02:30", True, "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-10-03T15:45", "02:45", False, "2026-10-04T15:15"),
    ("Australia/Lord_Howe", "2026-04-04T14:59", "01:59", False, "2026-04-04T15:45"),
    ("Australia/Lord_Howe", "2026-04-04T15:00", "01:30", False, "2026-04-04T15:45"),
]


@pytest.mark.parametrize(("zone", "moment", "shown", "inside", "then"), SET)
def test_an_hour_that_summer_time_takes_or_repeats_is_what_the_clock_there_shows(
    zone: str, moment: str, shown: str, inside: bool, then: str
) -> None:
    early = (time(2, 15), time(2, 45))

    found = at(zone, moment, early)

    assert (f"{found.earliest:%H:%M}", found.state) == (shown, "open" if inside else "closed")
    assert next_open(utc(moment), early, "", weekend=frozenset(), zone=zone) == utc(then)


def test_a_clock_set_back_into_the_hours_opens_them_again() -> None:
    early = (time(2), time(2, 30))  # Berlin shows 2:59, then 2:00 again

    assert at("Europe/Berlin", "2026-10-25T00:45", early).state == "closed"
    found = next_open(utc("2026-10-25T00:45:30.5"), early, "", weekend=frozenset(), zone="Europe/Berlin")
    assert found == utc("2026-10-25T01:00")


def test_a_clock_that_skips_a_whole_day_opens_on_the_next() -> None:
    # Samoa had no 30 December 2011, a Friday: after Thursday came Saturday.
    thursday_evening = utc("2011-12-30T05:00")

    assert next_open(thursday_evening, NINE_TO_SIX, "WS") == utc("2012-01-01T19:00")
    everyday = next_open(thursday_evening, NINE_TO_SIX, "WS", weekend=frozenset())
    assert everyday == utc("2011-12-30T19:00")


@pytest.mark.parametrize("zone", ZONES)
def test_a_clock_set_back_400_days_is_that_days_clock(zone: str) -> None:
    now = utc("2026-11-25T12:00")

    for moment in (now, now - timedelta(400), now - timedelta(40_000), datetime(1900, 1, 1, tzinfo=UTC)):
        found = standing(moment, NINE_TO_SIX, "", zone=zone)
        there = moment.astimezone(ZoneInfo(zone))
        assert found.earliest == there.time().replace(second=0)
        opens = next_open(moment, NINE_TO_SIX, "", zone=zone)
        assert opens is not None
        assert timedelta(0) <= opens - moment < timedelta(4)


# -- countries with several clocks -----------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "state", "shown"),
    [
        ("2026-11-25T13:59", "closed", "03:59 to 08:59"),
        ("2026-11-25T14:00", "unclear", "04:00 to 09:00"),
        ("2026-11-25T18:59", "unclear", "08:59 to 13:59"),
        ("2026-11-25T19:00", "open", "09:00 to 14:00"),
        ("2026-11-25T22:59", "open", "12:59 to 17:59"),
        ("2026-11-25T23:00", "unclear", "13:00 to 18:00"),
        ("2026-11-26T04:00", "closed", "18:00 to 23:00"),
    ],
)
def test_a_country_with_several_clocks_is_open_only_where_all_of_them_are(
    moment: str, state: str, shown: str
) -> None:
    found = standing(utc(moment), NINE_TO_SIX, "US")

    assert found.state == state
    assert found.words.startswith(f"It is {shown} where they are (Honolulu to New York)")
    assert found.words.endswith("; you set 9:00-18:00 for calls.") is (state != "open")
    assert f"{found.earliest:%H:%M} to {found.latest:%H:%M}" == shown


def test_where_midnight_lies_between_them_the_days_are_named() -> None:
    found = standing(utc("2026-11-25T06:30"), NINE_TO_SIX, "US")

    assert found.words.startswith("It is Tue 20:30 to Wed 01:30 where they are")


def test_a_weekend_that_has_begun_in_some_of_their_zones_is_unclear() -> None:
    nearly_always = (time(0), time(23, 59))

    assert standing(utc("2026-11-27T11:30"), nearly_always, "RU").state == "open"
    assert standing(utc("2026-11-27T20:30"), nearly_always, "RU").state == "unclear"
    assert standing(utc("2026-11-28T00:30"), nearly_always, "RU").state == "closed"


@pytest.mark.parametrize(
    ("country", "phone", "zones"),
    [
        ("PT", LISBON, ("Europe/Lisbon",)),
        ("PT", AZORES, ("Atlantic/Azores",)),
        ("PT", "+351912345678", ("Europe/Lisbon", "Atlantic/Azores")),  # a mobile number
        ("PT", "", ("Europe/Lisbon", "Atlantic/Azores")),
        ("PT", "+34911234567", ("Europe/Lisbon", "Atlantic/Azores")),  # of another country
        ("ES", "+34911234567", ("Europe/Madrid",)),
        ("ES", "+34928123456", ("Atlantic/Canary",)),
        ("ES", "+34902123456", ("Europe/Madrid", "Atlantic/Canary")),  # called from everywhere
        ("AU", "+61312345678", ("Australia/Sydney",)),
        ("AU", "+61712345678", ("Australia/Brisbane", "Australia/Sydney")),
        ("CL", "+56612345678", ("America/Punta_Arenas",)),
        ("EC", "+59322345678", ("America/Guayaquil",)),
        ("EC", "+59352345678", ("America/Guayaquil", "Pacific/Galapagos")),
        ("DE", "+4930123456", ("Europe/Berlin",)),
    ],
)
def test_a_fixed_line_narrows_a_country_and_nothing_else_does(
    country: str, phone: str, zones: tuple[str, ...]
) -> None:
    assert standing(utc("2026-11-25T12:00"), NINE_TO_SIX, country, phone).zones == zones


def test_an_area_code_of_north_america_narrows_nothing() -> None:
    moment = utc("2026-11-25T15:00")

    assert standing(moment, NINE_TO_SIX, "US", "+12025550101") == standing(moment, NINE_TO_SIX, "US")


def test_one_waits_for_the_hour_that_suits_all_and_where_none_does_for_the_first() -> None:
    night = utc("2026-11-25T06:00")

    assert next_open(night, NINE_TO_SIX, "US") == utc("2026-11-25T19:00")
    assert next_open(utc("2026-11-25T15:00"), NINE_TO_SIX, "US") == utc("2026-11-25T19:00")
    # Between Kaliningrad and Kamchatka lie ten hours, more than the nine that calls have.
    assert next_open(utc("2026-11-25T17:00"), NINE_TO_SIX, "RU") == utc("2026-11-25T21:00")


# -- customers whose country is not known ----------------------------------------------------


def test_without_a_country_the_calling_code_stands_for_it() -> None:
    found = standing(utc("2026-11-25T07:40"), NINE_TO_SIX, "", "+81312345678", zone="Europe/Berlin")

    assert (found.zones, found.state) == (("Asia/Tokyo",), "open")
    assert found.words == "It is 16:40 where they are (Tokyo, by their phone number)."
    assert standing(utc("2026-11-25T12:00"), NINE_TO_SIX, "", LISBON).zones == ("Europe/Lisbon",)


def test_a_calling_code_of_several_countries_is_all_of_them() -> None:
    found = standing(utc("2026-11-25T07:40"), NINE_TO_SIX, "", "+74951234567")

    assert {"Europe/Moscow", "Asia/Almaty"} < set(found.zones)
    assert found.state == "unclear"


@pytest.mark.parametrize("phone", ["", "+80012345678", "0301234567", "+", "+999123"])
def test_with_neither_country_nor_calling_code_it_is_the_firms_own_clock(phone: str) -> None:
    found = standing(utc("2026-11-25T07:40"), NINE_TO_SIX, "", phone, zone="Asia/Tokyo")

    assert (found.zones, found.state) == (("Asia/Tokyo",), "open")
    assert found.words == "It is 16:40 by your own clock; where they are is not known."


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The machine's own zone may be set, and is set back at the end."""
    yield monkeypatch
    monkeypatch.undo()
    clock.tzset()


@pytest.mark.parametrize("zone", ZONES)
def test_without_a_zone_in_the_settings_the_firms_clock_is_the_machines(
    zone: str, machine: pytest.MonkeyPatch
) -> None:
    machine.setenv("TZ", zone)
    clock.tzset()

    for moment in [utc(case[1]) for case in SET if case[0] == zone]:
        ours, named = (standing(moment, NINE_TO_SIX, "", zone=one) for one in ("", zone))
        assert ours == named._replace(zones=("",))
        for between in (NINE_TO_SIX, (time(2, 15), time(2, 45))):
            assert next_open(moment, between, "") == next_open(moment, between, "", zone=zone)


@pytest.mark.parametrize("country", ["BV", "HM", "ZZ"])
def test_a_country_without_a_clock_is_unknown_and_nothing_is_claimed(country: str) -> None:
    found = standing(utc("2026-11-25T12:34:56"), NINE_TO_SIX, country, zone="Europe/Berlin")

    own = time(13, 34)
    assert found == LocalTime((), own, own, "unknown", "What time it is where they are is not known.")
    assert next_open(utc("2026-11-25T12:00"), NINE_TO_SIX, country) is None


# -- days off --------------------------------------------------------------------------------


def test_a_holiday_of_the_firm_is_a_day_off() -> None:
    closed = DaysOff(dates.WEEKEND, {WEDNESDAY})
    noon = utc("2026-11-25T12:00")

    assert standing(noon, NINE_TO_SIX, "GB", weekend=closed).words == (
        "It is Wed 12:00 where they are (London); that is a day off."
    )
    assert next_open(noon, NINE_TO_SIX, "GB", weekend=closed) == utc("2026-11-26T09:00")
    assert next_open(noon, NINE_TO_SIX, "GB") == noon


def test_who_rests_on_friday_and_saturday_is_called_on_sunday() -> None:
    friday = utc("2026-11-27T10:00")

    assert standing(friday, NINE_TO_SIX, "IL").state == "closed"
    assert next_open(friday, NINE_TO_SIX, "IL") == utc("2026-11-29T07:00")
    closed = DaysOff(dates.WEEKEND, {date(2026, 11, 29)})
    assert next_open(friday, NINE_TO_SIX, "IL", weekend=closed) == utc("2026-11-30T07:00")


def test_a_firm_that_rests_on_friday_itself_knows_its_own_weekend() -> None:
    saturday = utc("2026-11-28T10:00")

    assert standing(saturday, NINE_TO_SIX, "EG").state == "closed"
    assert standing(saturday, NINE_TO_SIX, "EG", weekend=frozenset({4})).state == "open"


def test_where_no_day_is_a_business_day_nobody_can_be_called() -> None:
    class Always(frozenset[date]):
        def __contains__(self, day: object) -> bool:
            return True

    moment = utc("2026-11-25T12:00")

    assert next_open(moment, NINE_TO_SIX, "DE", weekend=frozenset(range(7))) is None
    assert next_open(moment, NINE_TO_SIX, "DE", weekend=DaysOff((), Always())) is None


QUARTERS = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
BETWEEN = st.tuples(QUARTERS, QUARTERS).filter(lambda pair: pair[0] < pair[1])
MOMENTS = st.one_of(
    st.integers(0, 70 * 365 * 96).map(lambda n: utc("1990-01-01") + n * timedelta(minutes=15)),
    st.tuples(st.sampled_from(SET), st.integers(-96, 96)).map(
        lambda near: utc(near[0][1]).replace(minute=0) + near[1] * timedelta(minutes=15)
    ),
)
WEEKENDS = st.frozensets(st.integers(0, 6), max_size=5)
ELSEWHERE = (*ZONES, "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Antarctica/Troll")


@settings(max_examples=200)
@given(MOMENTS, BETWEEN, WEEKENDS, st.frozensets(st.integers(0, 9)), st.sampled_from(ELSEWHERE))
def test_the_next_opening_lies_within_the_hours_of_a_business_day_and_is_the_first(
    now: datetime, between: tuple[time, time], weekend: frozenset[int], closed: frozenset[int], zone: str
) -> None:
    there = ZoneInfo(zone)
    off = DaysOff(weekend, frozenset(now.date() + timedelta(n) for n in closed))

    def inside(moment: datetime) -> bool:
        here = moment.astimezone(there)
        free = here.weekday() in weekend or (here.date() - now.date()).days in closed
        return not free and between[0] <= here.replace(tzinfo=None).time() < between[1]

    found = next_open(now, between, "", weekend=off, zone=zone)

    assert found is not None
    assert found >= now
    assert inside(found)
    assert standing(found, between, "", weekend=off, zone=zone).state == "open"
    quarters = int((found - now) / timedelta(minutes=15))
    assert not any(inside(now + n * timedelta(minutes=15)) for n in range(quarters))


@settings(max_examples=100)
@given(MOMENTS, BETWEEN, st.sampled_from(sorted(DATA["zones"])), WEEKENDS)
def test_in_every_country_the_next_opening_is_open_somewhere_and_before_it_never_everywhere(
    now: datetime, between: tuple[time, time], country: str, weekend: frozenset[int]
) -> None:
    found = next_open(now, between, country, weekend=weekend)

    assert found is not None
    assert standing(found, between, country, weekend=weekend).state in ("open", "unclear")
    half_hours = range(int((found - now) / timedelta(minutes=30)))
    states = {
        standing(now + n * timedelta(minutes=30), between, country, weekend=weekend).state
        for n in half_hours
    }
    assert "open" not in states


# -- the data --------------------------------------------------------------------------------


def table(name: str) -> list[list[str]]:
    """The rows of a table of the time zone database, as the package tzdata has it."""
    text = files("tzdata").joinpath("zoneinfo", name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


TAB = [(row[0], row[2]) for row in table("zone.tab")]
DAYS = [utc("2027-01-04T12:00") + timedelta(weeks=n) for n in range(104)]


@cache
def shown(zone: str) -> tuple[datetime, ...]:
    """What a zone's clock shows on each of those days, by tzdata and not by the machine's own data."""
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as stream:
        there = ZoneInfo.from_file(stream)
    return tuple(day.astimezone(there).replace(tzinfo=None) for day in DAYS)


def test_every_country_has_its_clocks() -> None:
    countries = {row[0] for row in table("iso3166.tab")}

    assert set(DATA["zones"]) == countries - {"BV", "HM"} | {"XK"}
    assert all(DATA["zones"].values())
    assert len(TAB) > 400


@pytest.mark.parametrize(("country", "zone"), TAB, ids=lambda value: value)
def test_every_zone_of_the_database_shows_what_a_named_one_does_or_is_left_out_with_a_reason(
    country: str, zone: str
) -> None:
    same = any(shown(zone) == shown(named) for named in DATA["zones"][country])

    assert same or DATA["left_out"].get(zone)


def test_every_named_zone_is_of_its_country_and_none_is_left_out() -> None:
    named = {(country, zone) for country, zones in DATA["zones"].items() for zone in zones}

    assert named - set(TAB) == {("XK", "Europe/Belgrade")}
    assert set(DATA["left_out"]) <= {zone for _, zone in TAB}
    assert set(DATA["left_out"]) & {zone for _, zone in named} == set()


def test_the_machine_has_every_named_zone() -> None:
    named = {zone for zones in DATA["zones"].values() for zone in zones}

    assert [zone for zone in named if not hours._loads(zone)] == []
    assert not hours._loads("Europe/Atlantis")


CODES = {"+34": "ES", "+351": "PT", "+56": "CL", "+593": "EC", "+61": "AU"}


@pytest.mark.parametrize("begin", DATA["phones"])
def test_every_beginning_of_a_number_narrows_its_country(begin: str) -> None:
    (country,) = [country for code, country in CODES.items() if begin.startswith(code)]

    assert set(DATA["phones"][begin]) < set(DATA["zones"][country])


@pytest.mark.parametrize("country", DATA["weekends"])
def test_their_weekend_is_the_one_that_the_library_of_holidays_knows(country: str) -> None:
    assert country in DATA["zones"]
    assert DATA["weekends"][country] == ["friday", "saturday"]
    if country not in ("LY", "PS"):  # of which that library knows nothing
        assert holidays.country_holidays(country, years=2026).weekend == {4, 5}
