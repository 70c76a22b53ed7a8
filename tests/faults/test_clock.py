"""T1: the clock set back, the hours that summer time takes and repeats, and three time zones."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Runner
from tests.faults.terminals import SKIPPED, Terminal, rounds, stored
from winback_cli import answers
from winback_cli.case import FIRST_HASH, Event, digest
from winback_cli.facts import facts

Rows = Callable[..., list[Any]]
SetZone = Callable[[str], None]
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Auckland")
# Local times that do not exist, and that exist twice.
GAPS = dict(zip(ZONES, ("2026-03-29T02:30", "2026-03-08T02:30", "2026-09-27T02:30"), strict=True))
FOLDS = dict(zip(ZONES, ("2026-10-25T02:30", "2026-11-01T01:30", "2026-04-05T02:30"), strict=True))
# 22 November in Auckland, still 21 November in New York.
DATE_LINE = "2026-11-21T23:30:00+00:00"


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetZone]:
    """Set this process's time zone, and set it back at the end."""

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def events(rows: Rows) -> list[Event]:
    """The events of case 1.1, by their number."""
    found = rows(
        "SELECT seq, kind, by, happened, recorded, command_id, as_of, body, hash"
        " FROM event WHERE case_id = 1 ORDER BY seq"
    )
    return [Event(*row[:6], bool(row[6]), json.loads(row[7]), row[8]) for row in found]


def check_chain(found: list[Event]) -> None:
    """Numbered from 1 without a gap, each holding the hash of the one before."""
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    head = FIRST_HASH
    for event in found:
        head = digest(head, "1.1", event._replace(hash=""))
        assert event.hash == head


def test_events_keep_their_order_when_the_clock_is_set_back_400_days(stocked: Runner, rows: Rows) -> None:
    later = date(2026, 11, 22)
    for words, day in (("first", later), ("second", later - timedelta(days=400)), ("third", later)):
        assert stocked("note", 1, words, "--as-of", day).code == 0
    found = events(rows)
    check_chain(found)
    assert [e.body["text"] for e in found[1:]] == ["first", "second", "third"]
    assert found[2].recorded < found[1].recorded
    assert [e.happened for e in found[1:]] == ["2026-11-22", "2025-10-18", "2026-11-22"]
    shown = stocked("show", 1, "--as-of", later - timedelta(days=400)).out
    assert shown.index("first") < shown.index("second") < shown.index("third")


def test_every_view_reads_a_store_written_in_the_future(stocked: Runner) -> None:
    assert stocked("touch", 1, "--channel", "phone", "--disposition", "no answer").code == 0
    for view in ([], ["list"], ["show", "1"], ["due"], ["next", "--show"]):
        assert stocked(*view, "--as-of", "2024-01-01").code == 0


@pytest.mark.parametrize("place", ZONES)
@pytest.mark.parametrize("hours", [GAPS, FOLDS], ids=["gap", "fold"])
def test_an_hour_that_summer_time_takes_or_repeats_is_a_moment_of_its_day(
    hours: dict[str, str], place: str, stocked: Runner, rows: Rows, zone: SetZone
) -> None:
    zone(place)
    moment = hours[place]
    assert stocked("note", 1, "at that hour", "--as-of", moment).code == 0
    assert stocked("note", 1, "a second note", "--as-of", moment).code == 0
    found = events(rows)
    check_chain(found)
    assert {event.happened for event in found} == {moment[:10]}
    stamp = datetime.fromisoformat(found[-1].recorded.replace("Z", "+00:00"))
    assert stamp.astimezone().date().isoformat() == moment[:10]


@pytest.mark.parametrize("place", ZONES)
def test_events_across_a_repeated_hour_keep_their_order_and_their_instants(
    place: str, stocked: Runner, rows: Rows, zone: SetZone
) -> None:
    zone(place)
    again = datetime.fromisoformat(FOLDS[place]).astimezone(UTC)
    for minutes in (-60, -10, 20, 50, 90):
        moment = (again + timedelta(minutes=minutes)).isoformat()
        assert stocked("note", 1, f"minute {minutes}", "--as-of", moment).code == 0
    found = events(rows)
    check_chain(found)
    assert [e.recorded for e in found] == sorted(e.recorded for e in found)
    assert len({e.recorded for e in found}) == 5


def due_dates(winback: Runner, moment: str) -> list[tuple[str, str, str]]:
    """What is due, as every reader sees it: by `due`, and by `show`."""
    listed = json.loads(winback("due", "--days", 3660, "--json", "--as-of", moment).out)
    shown = json.loads(winback("show", 1, "--json", "--as-of", moment).out)["due"]
    dates = [(line["kind"], line["opens_on"], line["due_on"]) for line in listed if line["case"] == "1.1"]
    assert dates == [(line["kind"], line["opens_on"], line["due_on"]) for line in shown]
    return dates


@pytest.mark.parametrize("reader", ZONES)
@pytest.mark.parametrize(("writer", "wakes"), [*zip(ZONES, ("11-25", "11-24", "11-25"), strict=True)])
def test_a_due_date_is_the_same_calendar_day_in_every_zone(
    writer: str, wakes: str, reader: str, stocked: Runner, zone: SetZone
) -> None:
    zone(writer)
    assert stocked("note", 1, "a case", "--as-of", DATE_LINE).code == 0
    asleep = ("--outcome", "dormant", "--until", "+3d", "--as-of", DATE_LINE)
    assert stocked("close", 1, *asleep).code == 0
    zone(reader)
    assert due_dates(stocked, DATE_LINE) == [("wake", f"2026-{wakes}", f"2026-{wakes}")]


SCRIPT = Path(__file__).parents[2] / "src" / "winback_cli" / "sample" / "answers.yaml"


@pytest.mark.parametrize("reader", ZONES)
def test_the_wait_after_a_message_ends_on_the_day_on_which_its_writer_sees_it_end(
    reader: str, stocked: Runner, zone: SetZone
) -> None:
    zone("Pacific/Auckland")
    sunday = "2026-11-22"
    assert stocked("walk", 1, "--answers", SCRIPT, "--as-of", DATE_LINE).code == 0
    written = due_dates(stocked, DATE_LINE)
    assert ("call", "2026-11-23", "2026-11-24") in written
    assert all(day > sunday for _, day, _ in written)
    zone(reader)
    assert due_dates(stocked, DATE_LINE) == written


@pytest.mark.parametrize("place", ZONES)
def test_what_happened_is_never_after_the_day_of_the_clock(
    place: str, stocked: Runner, rows: Rows, zone: SetZone
) -> None:
    zone(place)
    said = stocked("touch", 1, "--channel", "phone", "--disposition", "reached", "--on", "tomorrow")
    assert said.code == 2
    assert "it has happened" in said.err
    for moment in (DATE_LINE, GAPS[place], "2024-02-29"):
        here = datetime.fromisoformat(moment).astimezone().date().isoformat()
        touch = ("touch", 1, "--channel", "phone", "--disposition", "no answer", "--as-of", moment)
        assert stocked(*touch, "--on", "today").code == 0
        assert events(rows)[-1].happened == here
        assert stocked(*touch, "--on", "+1d").code == 2
        assert events(rows)[-1].happened == here


@settings(max_examples=rounds(200))
@given(
    day=st.dates(date(1990, 1, 1), date(2200, 1, 1)),
    said=st.one_of(
        st.sampled_from(["today", "yesterday", "tomorrow", "now", "monday", "last fri", "next sun", "sat"]),
        st.from_regex(r"\A[+-]?[0-9]{1,4}(bd|d|w|m|y)\Z"),
        st.dates(date(1980, 1, 1), date(2210, 1, 1)).map(date.isoformat),
    ),
)
def test_no_way_of_saying_a_past_day_names_a_day_after_today(day: date, said: str) -> None:
    spec = facts()["contacted.on"]
    try:
        read = answers.parse(spec, said, answers.Customs(day))
    except ValueError:
        return
    assert read <= day.isoformat()


@pytest.mark.terminal
def test_enter_never_takes_a_day_of_the_future_for_something_that_has_happened(
    stocked: Runner, store_path: Path
) -> None:
    # Customer 3 last bought on 2026-09-01, which a clock at 2025-01-01 has not seen yet.
    with Terminal("walk", "3", "--as-of", "2025-01-01") as terminal:
        terminal.prompt()
        terminal.line("")
        terminal.prompt()
        terminal.line("")
        terminal.prompt()
    assert all(day <= "2025-01-01" for day in stored(store_path)[1:] if day != SKIPPED)


def test_a_store_that_signs_by_the_clock_and_not_by_order_is_caught(stocked: Runner, rows: Rows) -> None:
    assert stocked("note", 1, "first").code == 0
    assert stocked("--as-of", "2025-01-01", "note", 1, "second").code == 0
    found = events(rows)
    check_chain(found)

    by_clock = sorted(found, key=lambda event: event.recorded)

    with pytest.raises(AssertionError):
        check_chain(by_clock)
