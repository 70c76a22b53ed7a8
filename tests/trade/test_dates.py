"""The calendar words, business days and the clock."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli import dates
from winback_cli.dates import (
    Clock,
    Span,
    add_business_days,
    add_months,
    clock_at,
    day_words,
    parse_date,
    span,
)

MONDAY = date(2026, 3, 2)
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


# -- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("  2026-03-01 ", date(2026, 3, 1)),
        ("today", MONDAY),
        ("Now", MONDAY),
        ("yesterday", date(2026, 3, 1)),
        ("TOMORROW", date(2026, 3, 3)),
        ("-2d", date(2026, 2, 28)),
        ("+3bd", date(2026, 3, 5)),
        ("3bd", date(2026, 3, 5)),
        ("-1bd", date(2026, 2, 27)),
        ("2w", date(2026, 3, 16)),
        ("1m", date(2026, 4, 2)),
        ("+1y", date(2027, 3, 2)),
        ("- 2d", None),
        ("+2 d", date(2026, 3, 4)),
    ],
)
def test_a_date_is_read_as_a_person_types_it(words: str, day: date | None) -> None:
    if day is None:
        with pytest.raises(ValueError, match="a date looks like"):
            parse_date(words, MONDAY)
    else:
        assert parse_date(words, MONDAY) == day


@pytest.mark.parametrize(
    ("words", "past", "day"),
    [
        ("friday", False, date(2026, 3, 6)),
        ("friday", True, date(2026, 2, 27)),
        ("fri", False, date(2026, 3, 6)),
        ("monday", False, date(2026, 3, 9)),
        ("monday", True, date(2026, 2, 23)),
        ("last friday", False, date(2026, 2, 27)),
        ("next friday", True, date(2026, 3, 6)),
        ("last monday", False, date(2026, 2, 23)),
        ("sunday", True, date(2026, 3, 1)),
        ("tue", False, date(2026, 3, 3)),
        ("thu", False, date(2026, 3, 5)),
    ],
)
def test_a_weekday_is_the_next_one_or_of_what_has_happened_the_last(
    words: str, past: bool, day: date
) -> None:
    assert parse_date(words, MONDAY, past=past) == day


@given(DAYS, st.sampled_from(dates.WEEKDAYS))
def test_a_weekday_is_never_today_and_never_more_than_a_week_away(today: date, name: str) -> None:
    coming, gone = parse_date(name, today), parse_date(name, today, past=True)

    assert coming.weekday() == gone.weekday() == dates.WEEKDAYS.index(name)
    assert timedelta(0) < coming - today <= timedelta(7)
    assert timedelta(0) < today - gone <= timedelta(7)


@pytest.mark.parametrize(
    "words",
    [
        *("", " ", "t", "tu", "soon", "last", "next", "d", "3x", "10000d", "٣d"),
        *("2026-3-1", "20260301", "2026/03/01", "２０２６-03-01"),
    ],
)
def test_what_is_no_date_is_refused_with_examples(words: str) -> None:
    with pytest.raises(ValueError, match="2026-03-01"):
        parse_date(words, MONDAY)


@pytest.mark.parametrize("words", ["2026-02-30", "2026-13-01", "0000-01-01", "2026-00-10"])
def test_a_day_that_is_not_in_the_calendar_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="no such day"):
        parse_date(words, MONDAY)


@pytest.mark.parametrize("words", ["9999y", "-9999y"])
def test_a_day_beyond_the_calendar_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_date(words, MONDAY)


def test_a_day_just_before_the_end_of_the_calendar_does_not_overflow() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        parse_date("+9999d", date(9999, 1, 1))


@given(st.text(max_size=12), DAYS)
def test_whatever_is_typed_gives_a_date_or_a_value_error(words: str, today: date) -> None:
    try:
        day = parse_date(words, today)
    except ValueError as refused:
        assert str(refused)
    else:
        assert isinstance(day, date)


# -- business days ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        (date(2026, 3, 6), 2, date(2026, 3, 10)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 3, 9), -1, date(2026, 3, 6)),
        (date(2026, 3, 8), -1, date(2026, 3, 6)),
        (date(2026, 3, 7), 0, date(2026, 3, 7)),
        (date(2026, 3, 2), 10, date(2026, 3, 16)),
    ],
)
def test_business_days_pass_over_the_weekend(day: date, count: int, expected: date) -> None:
    assert add_business_days(day, count) == expected


def test_the_weekend_is_the_users() -> None:
    friday_and_saturday = frozenset({4, 5})

    assert add_business_days(date(2026, 3, 5), 1, friday_and_saturday) == date(2026, 3, 8)
    assert parse_date("+1bd", date(2026, 3, 5), friday_and_saturday) == date(2026, 3, 8)
    assert dates.is_business_day(date(2026, 3, 8), friday_and_saturday)
    assert not dates.is_business_day(date(2026, 3, 8))


def test_without_a_weekend_every_day_counts() -> None:
    assert add_business_days(date(2026, 3, 6), 3, frozenset()) == date(2026, 3, 9)


def test_a_week_without_a_business_day_is_refused_and_does_not_run_forever() -> None:
    with pytest.raises(ValueError, match="business day"):
        add_business_days(MONDAY, 1, frozenset(range(7)))


@given(DAYS, st.integers(-60, 60), st.frozensets(st.integers(0, 6), max_size=6))
def test_so_many_business_days_lie_between(day: date, count: int, weekend: frozenset[int]) -> None:
    there = add_business_days(day, count, weekend)

    first, last = min(day, there), max(day, there)
    between = [first + timedelta(n) for n in range((last - first).days + 1)]
    passed = [d for d in between if d != day and d.weekday() not in weekend]
    assert len(passed) == abs(count)
    assert count == 0 or there.weekday() not in weekend


# -- holidays --------------------------------------------------------------------------------

CHRISTMAS = dates.holidays_from(("2026-12-24", "2026-12-25"))


def test_business_days_pass_over_holidays_as_over_the_weekend() -> None:
    wednesday = date(2026, 12, 23)
    off = dates.DaysOff(dates.WEEKEND, CHRISTMAS)

    assert add_business_days(wednesday, 1, off) == date(2026, 12, 28)
    assert add_business_days(date(2026, 12, 28), -1, off) == wednesday
    assert Span(2, "bd").after(wednesday, off) == date(2026, 12, 29)
    assert parse_date("+1bd", wednesday, off) == date(2026, 12, 28)
    assert add_business_days(wednesday, 1) == date(2026, 12, 24)


def test_only_business_days_know_holidays() -> None:
    off = dates.DaysOff(dates.WEEKEND, CHRISTMAS)

    assert parse_date("tomorrow", date(2026, 12, 23), off) == date(2026, 12, 24)
    assert parse_date("thursday", date(2026, 12, 23), off) == date(2026, 12, 24)
    assert Span(1, "d").after(date(2026, 12, 23), off) == date(2026, 12, 24)


def test_a_day_is_off_on_the_weekend_and_on_a_holiday() -> None:
    off = dates.DaysOff({6}, CHRISTMAS)

    assert [dates.is_off(date(2026, 12, day), off) for day in range(23, 28)] == [0, 1, 1, 0, 1]
    assert [dates.is_off(date(2026, 12, day), dates.WEEKEND) for day in range(23, 28)] == [0, 0, 0, 1, 1]
    assert not dates.is_business_day(date(2026, 12, 25), off)


def test_days_off_are_the_weekend_that_they_hold_and_differ_by_their_holidays() -> None:
    plain, bare, full = frozenset({5, 6}), dates.DaysOff(), dates.DaysOff(dates.WEEKEND, CHRISTMAS)

    assert bare == plain == dates.DaysOff({6, 5}, dates.holidays_from(()))
    assert full == dates.DaysOff({6, 5}, dates.holidays_from(("2026-12-25", "2026-12-24")))
    assert full != bare != dates.DaysOff({5})
    assert full != plain != full
    assert len({bare, full, plain}) == 2


@given(
    DAYS,
    st.integers(-40, 40),
    st.frozensets(st.integers(0, 6), max_size=6),
    st.frozensets(st.integers(-90, 90), max_size=40),
)
def test_business_days_with_holidays_are_those_that_counting_one_by_one_finds(
    day: date, count: int, weekend: frozenset[int], closed: frozenset[int]
) -> None:
    holidays = tuple((day + timedelta(n)).isoformat() for n in closed)
    names = [dates.WEEKDAYS[n] for n in weekend]

    there = add_business_days(day, count, dates.DaysOff(weekend, dates.holidays_from(holidays)))

    step = 1 if count > 0 else -1
    reach = (day + timedelta(step * n) for n in range(1, 500))
    worked = [d for d in reach if f"{d:%A}".lower() not in names and d.isoformat() not in holidays]
    assert there == (worked[abs(count) - 1] if count else day)


def test_the_holidays_of_a_region_are_found_in_every_year() -> None:
    bavaria = dates.DaysOff(dates.WEEKEND, dates.holidays_from(("DE-BY", "2026-12-24")))
    berlin = dates.DaysOff(dates.WEEKEND, dates.holidays_from(("DE-BE",)))

    for year in (1995, 2026, 2040):
        assert dates.is_off(date(year, 1, 6), bavaria)  # Epiphany
        assert dates.is_off(date(year, 1, 6), berlin) is (date(year, 1, 6).weekday() > 4)
    assert add_business_days(date(2026, 12, 23), 1, bavaria) == date(2026, 12, 28)
    assert add_business_days(date(2026, 12, 30), 2, bavaria) == date(2027, 1, 4)


def test_holidays_are_read_as_a_region_and_days_in_order() -> None:
    given = [date(2027, 1, 4), "2026-12-24", "GB-ENG", "2026-12-24"]

    assert dates.holidays_named(given) == ("GB-ENG", "2026-12-24", "2027-01-04")
    assert dates.holidays_named(["FR"]) == ("FR",)
    assert dates.holidays_named([]) == ()


# -- months ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
        (date(2026, 5, 31), 48, date(2030, 5, 31)),
    ],
)
def test_a_month_on_is_the_same_day_or_the_last_of_a_shorter_month(
    day: date, count: int, expected: date
) -> None:
    assert add_months(day, count) == expected


@pytest.mark.parametrize(("day", "count"), [(date(9999, 12, 1), 1), (date(1, 1, 1), -1)])
def test_months_beyond_the_calendar_are_refused(day: date, count: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        add_months(day, count)


@given(DAYS, st.integers(-240, 240))
def test_months_on_stay_in_the_right_month(day: date, count: int) -> None:
    there = add_months(day, count)

    assert there.year * 12 + there.month == day.year * 12 + day.month + count
    assert there.day == day.day or (there.day < day.day and (there + timedelta(1)).day == 1)


# -- spans -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("1bd", Span(1, "bd")),
        ("14d", Span(14, "d")),
        ("+2w", Span(2, "w")),
        ("-6M", Span(-6, "m")),
        (" 1 y ", Span(1, "y")),
    ],
)
def test_a_length_of_time_is_read(words: str, expected: Span) -> None:
    assert span(words) == expected


@pytest.mark.parametrize("words", ["", "1", "d", "1h", "1.5d", "one day", "--1d", "12345d"])
def test_what_is_no_length_of_time_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="a length of time looks like"):
        span(words)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (Span(1, "bd"), "1 business day"),
        (Span(14, "d"), "14 days"),
        (Span(1, "w"), "1 week"),
        (Span(6, "m"), "6 months"),
        (Span(2, "y"), "2 years"),
    ],
)
def test_a_length_of_time_has_words(length: Span, expected: str) -> None:
    assert length.words() == expected


def test_a_span_beyond_the_calendar_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        Span(9999, "w").after(date(9990, 1, 1))
    with pytest.raises(ValueError, match="beyond the calendar"):
        Span(9999, "bd").after(date(9990, 1, 1))


# -- days in words ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (MONDAY, "today"),
        (date(2026, 3, 3), "tomorrow"),
        (date(2026, 3, 1), "yesterday"),
        (date(2026, 11, 24), "Tue 24 Nov"),
        (date(2027, 3, 4), "Thu 4 Mar 2027"),
    ],
)
def test_a_day_has_words_and_a_year_only_when_it_is_another(day: date, words: str) -> None:
    assert day_words(day, MONDAY) == words


# -- the clock -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The user's zone is Berlin, also for this process."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_date_means_its_noon_where_the_user_is() -> None:
    clock = clock_at("2026-03-01")

    assert clock == Clock(datetime(2026, 3, 1, 11, tzinfo=UTC), date(2026, 3, 1), is_set=True)
    assert clock.stamp == "2026-03-01T11:00:00Z"


def test_a_date_in_summer_means_its_noon_in_summer_time() -> None:
    assert clock_at("2026-07-01").stamp == "2026-07-01T10:00:00Z"


def test_an_instant_without_a_zone_is_the_users() -> None:
    assert clock_at("2026-03-01T23:30").stamp == "2026-03-01T22:30:00Z"


def test_an_instant_with_a_zone_may_be_another_day_for_the_user() -> None:
    clock = clock_at("2026-03-01T23:30:00Z")

    assert clock.now == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert clock.today == date(2026, 3, 2)


@pytest.mark.parametrize("words", ["", "today", "2026-02-30", "25:00", "2026-03-01T25:00", "yesterday"])
def test_what_is_neither_a_date_nor_an_instant_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        clock_at(words)


def test_the_stamp_is_utc_to_the_second_whatever_the_zone_of_the_instant() -> None:
    clock = Clock(datetime.fromisoformat("2026-03-01T10:00:00.987654+02:00"), date(2026, 3, 1))

    assert clock.stamp == "2026-03-01T08:00:00Z"
    assert not clock.is_set


def test_a_date_with_dots_is_day_first() -> None:
    assert parse_date("20.4.2025", date(2026, 3, 2)) == date(2025, 4, 20)
    with pytest.raises(ValueError, match="calendar"):
        parse_date("31.2.2025", date(2026, 3, 2))
