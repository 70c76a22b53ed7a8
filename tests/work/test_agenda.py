"""The agenda: day by day on the screen, and as a calendar that other programs read."""

import io
import json
import os
import re
import stat
import time as machine
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar
from rich.cells import cell_len

from tests.conftest import Runner
from winback_cli import agenda, agendaview, text
from winback_cli.agenda import Entry
from winback_cli.dates import Clock
from winback_cli.screen import console

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
NOW = datetime(2026, 11, 25, 11, tzinfo=UTC)
TODAY = date(2026, 11, 25)  # a Wednesday
NINE = time(9)
BERLIN = ZoneInfo("Europe/Berlin")


def entry(
    kind: str = "call",
    due: date = TODAY,
    *,
    opens: date | None = None,
    case: str = "12.1",
    ref: int = 0,
    name: str = "Ana Sol, Blue Foods",
    what: str = "The thank-you call",
    details: tuple[str, ...] = (),
) -> Entry:
    return Entry(int(case.partition(".")[0]), case, kind, ref, name, what, opens or due, due, details)


def written(*entries: Entry, now: datetime = NOW, today: date = TODAY, **more: Any) -> str:
    return agenda.calendar(entries, Clock(now, today), NINE, BERLIN, **more)


def read(content: str) -> list[Any]:
    """The events and tasks of a calendar, in its order."""
    return [part for part in Calendar.from_ical(content).walk() if part.name in ("VEVENT", "VTODO")]


# -- day by day ------------------------------------------------------------------------------


def test_what_was_owed_before_today_is_overdue_and_the_rest_stands_on_its_day() -> None:
    late, now, later, beyond = (entry(due=TODAY + timedelta(days=n)) for n in (-1, 0, 6, 7))

    found = agenda.agenda([late, now, later, beyond], TODAY, agenda.coming(TODAY))

    assert found.overdue == (late,)
    assert len(found.days) == 7
    assert {day: owed for day, owed in found.days if owed} == {now.due_on: (now,), later.due_on: (later,)}


@pytest.mark.parametrize("today", [date(2026, 11, 23), TODAY, date(2026, 11, 29)])
def test_the_week_goes_from_its_monday_to_its_sunday(today: date) -> None:
    assert agenda.week_of(today) == (date(2026, 11, 23), date(2026, 11, 29))


# -- the calendar ----------------------------------------------------------------------------


def test_calls_are_events_of_the_whole_day_and_the_rest_is_tasks_due_on_it() -> None:
    kinds = ("contact", "call", "promise", "check_in", "wake", "touch", "step", "snoozed")

    found = read(written(*(entry(kind, TODAY) for kind in kinds)))

    assert {kind for kind, part in zip(kinds, found, strict=True) if part.name == "VEVENT"} == {
        *("contact", "call", "check_in")
    }
    for part in found:
        assert part.decoded("dtstart" if part.name == "VEVENT" else "due") == TODAY
        assert part.get("dtstart", part.get("due")).params["VALUE"] == "DATE"


def test_the_bell_of_a_call_rings_when_the_contact_hours_begin() -> None:
    content = agenda.calendar([entry()], Clock(NOW, TODAY), time(8, 30), BERLIN)

    (bell,) = Calendar.from_ical(content).walk("VALARM")
    assert bell.decoded("trigger") == datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
    assert "\r\nTRIGGER;VALUE=DATE-TIME:20261125T073000Z\r\n" in content


CHANGES = [  # zone, the day on which its clocks change, the hour and what it is in UTC
    ("Europe/Berlin", date(2026, 3, 29), time(9), "2026-03-29T07:00"),
    ("Europe/Berlin", date(2026, 10, 25), time(9), "2026-10-25T08:00"),
    ("America/New_York", date(2026, 3, 8), time(9), "2026-03-08T13:00"),
    ("America/New_York", date(2026, 11, 1), time(9), "2026-11-01T14:00"),
    ("Australia/Lord_Howe", date(2026, 10, 4), time(9), "2026-10-03T22:00"),  # by half an hour
    ("Australia/Lord_Howe", date(2026, 4, 5), time(9), "2026-04-04T22:30"),
    ("America/Havana", date(2026, 3, 8), time(9), "2026-03-08T13:00"),  # a day without a midnight
    ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # leapt over: 3:30
    ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # twice: the first
    ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:45"),  # leapt over: 2:45
]


@pytest.mark.parametrize(("zone", "day", "hour", "instant"), CHANGES)
def test_no_change_of_the_clocks_moves_a_day_or_the_hour_of_its_bell(
    zone: str, day: date, hour: time, instant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    machine.tzset()
    owed = [entry("call", day), entry("promise", day)]

    named = agenda.calendar(owed, Clock(NOW, day), hour, ZoneInfo(zone))
    of_the_machine = agenda.calendar(owed, Clock(NOW, day), hour)

    call, promise = read(named)
    (bell,) = Calendar.from_ical(named).walk("VALARM")
    assert (call.decoded("dtstart"), promise.decoded("due")) == (day, day)
    assert bell.decoded("trigger") == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert of_the_machine == named


def test_an_overdue_call_stands_on_today_and_says_since_when_but_a_task_keeps_its_day() -> None:
    before = date(2026, 11, 20)

    content = written(entry("call", before), entry("promise", before))

    call, promise = read(content)
    (bell,) = Calendar.from_ical(content).walk("VALARM")
    assert call.decoded("dtstart") == bell.decoded("trigger").date() == TODAY
    assert call["summary"] == "Ana Sol, Blue Foods: The thank-you call, owed since 2026-11-20"
    assert promise.decoded("due") == before


def test_a_later_export_has_the_same_uids_and_a_later_stamp() -> None:
    owed = [entry("call"), entry("promise", ref=1), entry("promise", ref=2), entry("call", case="12.2")]
    moved = [one._replace(due_on=TODAY + timedelta(days=2), what="another thing") for one in owed]

    first = read(written(*owed))
    second = read(written(*moved, now=NOW + timedelta(days=1)))

    assert [part["uid"] for part in first] == [part["uid"] for part in second]
    assert len({part["uid"] for part in first}) == 4
    for early, late in zip(first, second, strict=True):
        for stamp in ("dtstamp", "last-modified", "sequence"):
            assert early.decoded(stamp) < late.decoded(stamp)


def test_no_two_entries_share_a_uid_though_case_kind_and_number_are_the_same() -> None:
    owed = [entry(), entry(what="call about the fix that is done"), entry("check_in")]

    found = [str(part["uid"]) for part in read(written(*owed))]

    assert found == ["12.1-call-0@winback", "12.1-call-0-1@winback", "12.1-check_in-0@winback"]


def test_equal_values_give_equal_bytes_in_lines_of_75_octets_at_most() -> None:
    owed = [entry(name="Zoë Müller " * 12), entry("promise", ref=3, case="7.2")]

    content = written(*owed)

    assert content == written(*owed)
    assert content.startswith(agenda.HEAD)
    assert content.endswith("END:VCALENDAR\r\n")
    assert max(len(line.encode("utf-8")) for line in content.split("\r\n")) <= 75


def test_an_empty_agenda_is_a_calendar_with_nothing_in_it_to_see() -> None:
    found = Calendar.from_ical(written())

    assert read(written()) == []
    assert (found["version"], found["method"]) == ("2.0", "PUBLISH")
    assert found["prodid"] == "-//winback//agenda//EN"
    assert found.subcomponents  # RFC 5545 wants one at least


@pytest.mark.parametrize("kind", ["promise", "wake", "snoozed", "flag", "a kind to come"])
def test_what_a_customer_said_stands_in_it_only_with_details(kind: str) -> None:
    owed = entry(kind, what="Refund the broken pump", details=("+44 20 7946 0001", "ana@example.com"))

    plain, told = written(owed), written(owed, details=True)

    assert not any(words in plain for words in ("pump", "7946", "ana@"))
    (task,) = read(told)
    assert task["summary"] == "Ana Sol, Blue Foods: Refund the broken pump"
    assert task["description"] == "winback brief 12\n+44 20 7946 0001\nana@example.com"


def test_an_entry_says_what_to_type_and_from_when() -> None:
    (plain, waits) = read(written(entry(), entry(opens=TODAY - timedelta(days=1))))

    assert plain["description"] == "winback brief 12"
    assert waits["description"] == "winback brief 12\nFrom 2026-11-24, by 2026-11-25."


NASTY = st.text(
    st.one_of(
        st.characters(exclude_categories=()),  # lone surrogates too
        st.sampled_from("\r\n\u2028\u2029\x00\x85\x0b\x0c\x1b\u202e\u2066\\n;,:\"'= \t"),
    ),
    max_size=120,
)


@given(name=NASTY, what=NASTY, detail=NASTY)
@example(name="A\r\nATTENDEE:mailto:x@example.com", what="a\u2028b\u2029c\x00", detail="\\n\\,\\;")
@example(name="\u202eevil\u2066", what="END:VEVENT\nBEGIN:VEVENT", detail="x\rUID:other")
def test_no_text_breaks_a_line_or_makes_a_property(name: str, what: str, detail: str) -> None:
    owed = [entry(kind, name=name, what=what, details=(detail,)) for kind in ("call", "promise")]

    content = written(*owed, details=True)

    lines = content.replace("\r\n ", "").split("\r\n")
    assert not re.search(
        "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", content
    )
    assert not any(sign in line for line in lines for sign in "\r\n")
    assert {re.split("[:;]", line)[0] for line in lines[:-1]} <= KNOWN
    call, promise = read(content)
    assert call["summary"] == promise["summary"] == f"{text.line(name)}: {text.shorten(what, 80)}"
    assert promise["description"].split("\n")[0] == "winback brief 12"
    assert promise["description"].endswith(text.line(detail))
    assert (call["uid"], promise["uid"]) == ("12.1-call-0@winback", "12.1-promise-0@winback")


KNOWN = {
    *("BEGIN", "END", "VERSION", "PRODID", "METHOD", "NAME", "X-WR-CALNAME", "CLASS", "DESCRIPTION"),
    *("DTSTAMP", "DTSTART", "DTEND", "DUE", "LAST-MODIFIED", "SEQUENCE", "STATUS", "SUMMARY", "UID"),
    *("TRANSP", "ACTION", "TRIGGER"),
}


# -- the screen ------------------------------------------------------------------------------


def drawn(page: agenda.Agenda, width: int = 80) -> list[str]:
    stream = io.StringIO()
    screen = console(stream, "never")
    screen.width = width
    screen.print(agendaview.agenda(page, TODAY, width))
    return stream.getvalue().split("\n")[:-1]


@given(name=NASTY, what=NASTY)
@example(name="\x1b[2J\x9b" + "n" * 90, what="[b]w[/b]" + "w" * 90)
def test_no_text_moves_the_cursor_or_leaves_its_line(name: str, what: str) -> None:
    owed = entry(due=TODAY - timedelta(days=1), name=name, what=what)

    lines = drawn(agenda.Agenda((owed,), ((TODAY, (owed._replace(due_on=TODAY),)),)))

    assert [lines[0], lines[2]] == ["Overdue", "Today, Wed 25 Nov"]
    assert len(lines) == 4
    for line in (lines[1], lines[3]):
        assert line.startswith("  12.1  ")
        assert text.clean(line) == line
        assert cell_len(line) <= 80


def test_of_many_overdue_so_many_are_shown_that_the_days_stay_in_sight() -> None:
    late = tuple(entry(due=TODAY - timedelta(days=n + 1)) for n in range(30))

    lines = drawn(agenda.Agenda(late, ((TODAY, (entry(opens=TODAY),)),)))

    assert len(lines) == 16
    assert lines[13] == "  and 18 more: winback due"


@pytest.mark.parametrize(("days", "lines"), [(14, 14 + 1), (15, 2)])
def test_free_days_are_shown_as_long_as_all_of_them_can_be_seen_at_once(days: int, lines: int) -> None:
    owed = entry(due=TODAY + timedelta(days=3))

    shown = drawn(agenda.agenda([owed], TODAY, agenda.coming(TODAY, days)))

    assert len(shown) == lines
    assert ("Today, Wed 25 Nov: nothing" in shown) is (days == 14)


@pytest.mark.parametrize(
    ("opens", "due", "remark"), [(0, 1, "open now"), (1, 2, "from tomorrow"), (2, 2, ""), (-1, 0, "")]
)
def test_beside_its_day_stands_from_when_a_thing_can_be_done(opens: int, due: int, remark: str) -> None:
    one = entry(due=TODAY + timedelta(days=due), opens=TODAY + timedelta(days=opens), what="call")

    lines = drawn(agenda.Agenda((), ((one.due_on, (one,)),)))

    assert lines[1].split("call")[1].strip() == remark


# -- the command -----------------------------------------------------------------------------


@pytest.fixture
def begun(stocked: Runner) -> Runner:
    """Ana walked up to the call that is owed, Cleo put off until Thursday."""
    for line in (
        ("walk", 1, "--answers", ANSWERS),
        ("note", 2, "a remark"),
        ("note", 3, "a remark"),
        ("snooze", 3, "--until", "2026-11-26", "--because", "back from the fair"),
    ):
        ran = stocked("--as-of", "2026-11-23", *line)
        assert ran.code == 0, ran.err
    return stocked


def test_a_pipe_gets_the_rows_that_due_gives_of_what_is_owed_by_then(begun: Runner) -> None:
    due = begun("--as-of", "2026-11-24", "due", "--days", 6).out.splitlines()
    found = begun("--as-of", "2026-11-24", "agenda").out.splitlines()

    assert found == due
    assert [line.split("\t")[0] for line in found] == ["Case", "2.1", "1.1", "3.1"]


def test_what_is_owed_after_the_days_is_left_out_though_it_can_be_done(begun: Runner) -> None:
    found = begun("--as-of", "2026-11-24", "agenda", "--days", 1).out.splitlines()

    assert [line.split("\t")[0] for line in found] == ["Case", "2.1"]  # the call is owed on the 25th


def test_a_person_reads_it_day_by_day_in_80_columns(begun: Runner) -> None:
    long = "Quay & Sons of the long and winding road Ltd"
    assert begun("--as-of", "2026-11-25", "add", "Zoë Quay", "--company", long).code == 0
    assert begun("--as-of", "2026-11-25", "note", 5, "a remark").code == 0

    drawn = begun("--as-of", "2026-11-25", "--color", "always", "agenda", "--week").out
    lines = re.sub("\x1b\\[[0-9;]*m", "", drawn).splitlines()

    assert lines[0] == "Overdue"
    assert (
        lines[1].split() == "2.1 Ben Ode go on: Backstory since Mon 23 Nov".split() or "Ben Ode" in lines[1]
    )
    assert lines[1].rstrip().endswith("since Mon 23 Nov")
    assert lines[2:5] == ["Mon 23 Nov: gone by", "Yesterday, Tue 24 Nov: gone by", "Today, Wed 25 Nov"]
    assert lines[-3:] == ["Fri 27 Nov: nothing", "Sat 28 Nov: nothing", "Sun 29 Nov: nothing"]
    assert max(map(len, lines)) <= 80
    assert any("Zoë Quay" in line and "…" in line for line in lines[5:8])


def test_where_nothing_is_due_it_says_so_at_a_terminal_and_stays_empty_in_a_pipe(stocked: Runner) -> None:
    drawn = stocked("--as-of", "2026-11-25", "--color", "always", "agenda")
    piped = stocked("--as-of", "2026-11-25", "agenda")

    assert (drawn.code, drawn.out, drawn.err) == (0, "", "Nothing is due up to Tue 1 Dec.\n")
    assert piped.out.splitlines() == ["Case\tCustomer\tWhat\tFrom\tDue\tOwner"]


def test_as_json_it_has_its_stable_keys_and_every_day(begun: Runner) -> None:
    found = json.loads(begun("--as-of", "2026-11-25", "agenda", "--week", "--json").out)

    assert list(found) == ["from", "to", "overdue", "days"]
    assert (found["from"], found["to"]) == ("2026-11-23", "2026-11-29")
    assert [day["day"][-2:] for day in found["days"]] == ["23", "24", "25", "26", "27", "28", "29"]
    assert [one["case"] for one in found["overdue"]] == ["2.1"]
    assert {day["day"]: [one["kind"] for one in day["due"]] for day in found["days"] if day["due"]} == {
        "2026-11-25": ["call"],
        "2026-11-26": ["snoozed"],
    }
    assert set(found["overdue"][0]) == {
        *("case", "customer", "name", "owner", "kind", "what", "opens_on", "due_on", "overdue")
    }


def test_on_the_output_stands_the_calendar_and_nothing_else(begun: Runner) -> None:
    ran = begun("--as-of", "2026-11-25", "agenda", "--ics", "-")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(agenda.HEAD)
    assert [part["uid"] for part in read(ran.out)] == [
        *("2.1-step-0@winback", "1.1-call-0@winback", "3.1-snoozed-0@winback")
    ]
    assert "fair" not in ran.out


def test_a_calendar_of_nothing_is_written_too(stocked: Runner, tmp_path: Path) -> None:
    ran = stocked("agenda", "--ics", tmp_path / "week.ics")

    assert (ran.code, ran.out) == (0, "")
    assert "0 events and 0 tasks" in ran.err
    assert read((tmp_path / "week.ics").read_text("utf-8")) == []


@pytest.mark.parametrize("umask", [0, 0o022])
def test_the_file_is_its_owners_alone_also_when_it_is_brought_up_to_date(
    umask: int, begun: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "week.ics"
    before = os.umask(umask)
    try:
        modes = []
        for day in ("2026-11-25", "2026-11-26"):
            assert begun("--as-of", day, "agenda", "--ics", place).code == 0
            modes.append(stat.S_IMODE(place.stat().st_mode))
    finally:
        os.umask(before)

    assert modes == [0o600, 0o600]
    assert [path.name for path in tmp_path.glob("*.ics")] == ["week.ics"]
    assert list(tmp_path.glob(".winback*")) == []


def test_a_second_export_after_a_change_updates_what_the_first_one_had(
    begun: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "week.ics"
    assert begun("--as-of", "2026-11-25", "agenda", "--days", 30, "--ics", place).code == 0
    first = {part["uid"]: part for part in read(place.read_text("utf-8"))}
    assert begun("--as-of", "2026-11-25", "snooze", 3, "--until", "2026-12-01").code == 0

    assert begun("--as-of", "2026-11-26", "agenda", "--days", 30, "--ics", place).code == 0

    second = {part["uid"]: part for part in read(place.read_text("utf-8"))}
    assert set(first) == set(second)
    assert all(first[uid].decoded("dtstamp") < part.decoded("dtstamp") for uid, part in second.items())
    assert second["3.1-snoozed-0@winback"].decoded("due") == date(2026, 12, 1)


@pytest.mark.parametrize(
    "content", ["mine\n", "", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//else//EN\r\n"]
)
def test_a_file_that_winback_did_not_write_is_left_as_it_is(
    content: str, begun: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "mine.ics"
    place.write_text(content, "utf-8", newline="")

    ran = begun("agenda", "--ics", place)

    assert ran.code == 2
    assert f"{place} is there already" in ran.err
    assert place.read_text("utf-8") == content.replace("\r\n", "\n")


def test_a_link_is_not_written_through_though_it_leads_to_a_calendar_of_ours(
    begun: Runner, tmp_path: Path
) -> None:
    place, link = tmp_path / "week.ics", tmp_path / "link.ics"
    assert begun("--as-of", "2026-11-25", "agenda", "--ics", place).code == 0
    before = place.read_bytes()
    link.symlink_to(place)

    ran = begun("--as-of", "2026-11-26", "agenda", "--ics", link)

    assert ran.code == 2
    assert link.is_symlink()
    assert place.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--ics", "nowhere/week.ics"), "There is no folder nowhere."),
        (("--ics", "."), ". is there already, and is no calendar that winback wrote."),
        (("--ics", ""), "--ics names no file."),
        (("--week", "--days", "3"), "--week and --days do not go together."),
        (("--json", "--ics", "-"), "--json and --ics do not go together."),
        (("--details",), "--details goes with --ics."),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence_and_exits_2(
    words: tuple[str, ...], told: str, begun: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    ran = begun("agenda", *words)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[0] == f"winback: {told}"


def test_a_name_that_no_file_can_have_is_refused_before_anything_is_done(
    begun: Runner, tmp_path: Path
) -> None:
    ran = begun("agenda", "--ics", tmp_path / ("x" * 300))

    assert ran.code == 2


def test_details_bring_how_they_are_reached_and_what_was_promised(begun: Runner) -> None:
    plain = begun("--as-of", "2026-11-25", "agenda", "--days", 30, "--ics", "-").out
    told = begun("--as-of", "2026-11-25", "agenda", "--days", 30, "--ics", "-", "--details").out

    for words in ("+442079460001", "ana@blue.example.com", "late delivery"):
        assert words not in plain.replace("\n ", "")
        assert words in told.replace("\r", "").replace("\n ", "")


@pytest.mark.parametrize("form", [(), ("--json",), ("--ics", "-"), ("--ics", "-", "--details")], ids=str)
def test_whoever_is_left_alone_never_appears(form: tuple[str, ...], begun: Runner, tmp_path: Path) -> None:
    assert begun("--as-of", "2026-11-25", "suppress", 1, "--reason", "asked").code == 0
    block = tmp_path / "block.csv"
    block.write_text("name,email,opt_out\nCleo Vann,cleo@example.org,yes\n", "utf-8")
    assert begun("--as-of", "2026-11-25", "import", block).code == 0

    out = begun("--as-of", "2026-11-25", "agenda", "--days", 365, *form).out

    assert "Ben Ode" in out
    assert not any(name in out for name in ("Ana Sol", "Cleo"))
