"""K4: the power fails at any moment of a walk, a note, a new store or an import.

What was recorded of a real run is laid out as the disk may hold it then, and read as winback reads.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Runner
from tests.faults import powercuts, processes
from tests.faults.lab import Lab, Run
from winback_cli.case import Event
from winback_cli.store import connect, reading, reads

TODAY = "2026-11-23"
ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
LOST = "an acknowledged answer is lost"
SESSION = (
    ("walk", 1, "--answers", ANSWERS),
    ("note", 1, "she asked for the bill again"),
    ("touch", 1, "--channel", "phone", "--disposition", "no answer"),
    ("close", 1, "--outcome", "released", "--because", "too far", "--override", "agreed"),
    ("suppress", 2, "--reason", "asked to be left alone"),
)
NEW_STORE = (("add", "Ana Sol", "--email", "ana@example.com"),)

pytestmark = pytest.mark.timeout(120 + processes.runs(0) // 10)


def images(share: int) -> int:
    """How many images of a disk, of 150 in all; or this share of WINBACK_TEST_N."""
    return processes.runs(150) * share // 150


class Recorded(NamedTuple):
    """A run, what was there before it, and where."""

    run: Run
    before: Path
    home: Path


def record(lab: Lab, home: Path, lines: Sequence[Sequence[object]], twin: str = "") -> Recorded:
    """Run command lines in the home of this test, and remember every change of its files."""
    before = home.with_name("before")
    if home.exists():
        shutil.copytree(home, before)
    lines = [("--as-of", TODAY, *line) for line in lines]
    run = lab.runs(lines, record=home if before.exists() else home.parent, twin=twin)
    assert run.code == 0, run.err
    return Recorded(run, before, home)


def check_images(
    recorded: Recorded, count: int, check: Callable[[int, Path], None], seed: str = "cut"
) -> None:
    """Lay out so many images of a recorded run, and check each, `check(events before, store)`."""
    (run, before, home), place = recorded, recorded.home.with_name("image")
    found = _moved(before, home)
    made = 0
    for cut, files in powercuts.cuts(found, run.events, count, random.Random(seed)):
        powercuts.lay_out(files, place)
        check(cut, place / "store.sqlite")
        made += 1
    assert made >= count


def _moved(before: Path, home: Path) -> Path:
    """What was there before, under the names that the run knew."""
    if home.exists():
        shutil.rmtree(home)
    if before.exists():
        shutil.copytree(before, home)
    return home


def integrity(connection: reads.Connection) -> None:
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


# -- a walk, a note, a touch, a close, a suppression ---------------------------------------------


class Session(NamedTuple):
    """A recorded session: all events it made in the case, and what was known when.

    `sure[n]` is the number of the last event that must be there after n events of the recording,
    `most[n]` the last that may be; `blocked` is when the suppression was said to be done.
    """

    events: list[Event]
    sure: list[int]
    most: list[int]
    blocked: int
    key: bytes


def session(recorded: Recorded) -> Session:
    """Which event of the case every moment of the session vouches for."""
    store = recorded.home / "store.sqlite"
    with reading(store) as connection:
        events = reads.events(connection, 1)
    says = [event[1:] for event in recorded.run.events if event[0] == "say"]
    walked = max(number for what, number, *_ in says if what == "asked")  # the rehearsal came before
    answered = [event.seq for event in events if "question" in event.body]
    assert sum(say == ("replied", walked) for say in says) == len(answered), "each reply is one answer"
    last = [max(e.seq for e in events if e.command == c) for c in sorted({e.command for e in events})]
    sure, most, begun, replies, done = [0], [0], 0, 0, 0
    blocked = 0
    for number, event in enumerate(recorded.run.events, 1):
        now, limit = sure[-1], most[-1]
        what = event[1:] if event[0] == "say" else ("",)
        begun += what[0] == "begun"
        replies += what == ("replied", walked)
        if what == ("asked", walked) and replies:
            now = answered[replies - 1]
        if what[0] == "done":
            done += 1
            now = max(now, last[min(done, len(last)) - 1])
            blocked = number if done == len(SESSION) else 0
        if begun == 1:
            limit = ([*answered, last[0] + 1])[replies] - 1 if replies else answered[0] - 1
        elif begun:
            limit = last[min(begun, len(last)) - 1]
        sure.append(now)
        most.append(limit)
    return Session(events, sure, most, blocked, connect.read_key(store, make=False))


def check_session(made: Session) -> Callable[[int, Path], None]:
    """Acknowledged <= stored <= typed, each as it was; and a suppression never without its key."""

    def check(cut: int, store: Path) -> None:
        with reading(store) as connection:
            integrity(connection)
            events = reads.events(connection, 1)
            alone = reads.customer(connection, 2)
        assert events == made.events[: len(events)], "what is stored is not what was typed"
        assert made.sure[cut] <= len(events), LOST
        assert len(events) <= made.most[cut], "more is stored than was typed"
        assert alone is not None
        assert alone.suppressed or cut < made.blocked, "an acknowledged suppression is lost"
        assert connect.read_key(store, make=False) == made.key

    return check


@pytest.fixture
def base(stocked: Runner, home: Path) -> Path:
    """A home with the sample list."""
    return home


def test_no_acknowledged_answer_note_touch_close_or_suppression_is_lost_in_a_power_cut(
    lab: Lab, base: Path
) -> None:
    recorded = record(lab, base, SESSION)
    check_images(recorded, images(80), check_session(session(recorded)))


@pytest.mark.parametrize("twin", ["unsynced", "normal", "full", "ahead"])
def test_a_store_that_waits_less_for_the_disk_is_caught(twin: str, lab: Lab, base: Path) -> None:
    recorded = record(lab, base, SESSION, twin)
    check = check_session(session(recorded))
    with pytest.raises((AssertionError, connect.WinbackError), match=f"{LOST}|damaged|malformed|cut short"):
        check_images(recorded, 400, check)


# -- a new store ---------------------------------------------------------------------------------


def check_new_store(recorded: Recorded) -> Callable[[int, Path], None]:
    """None or a whole one; with the customer in it once that was said."""
    done = len(recorded.run.events)

    def check(cut: int, store: Path) -> None:
        if not store.exists():
            assert cut < done, LOST
            return
        with reading(store) as connection:
            integrity(connection)
            found = [name for (name,) in connection.execute("SELECT name FROM customer")]
        assert found == ["Ana Sol"] or (found == [] and cut < done), LOST
        if found:
            connect.read_key(store, make=False)

    return check


def test_a_power_cut_while_a_store_is_made_leaves_none_or_a_whole_one(lab: Lab, home: Path) -> None:
    recorded = record(lab, home, NEW_STORE)
    check_images(recorded, images(35), check_new_store(recorded))


@pytest.mark.parametrize("twin", ["in_place", "unsynced", "adrift"])
def test_a_new_store_that_a_power_cut_could_halve_or_lose_is_caught(
    twin: str, lab: Lab, home: Path
) -> None:
    if twin == "in_place":
        home.mkdir()  # it makes none
    recorded = record(lab, home, NEW_STORE, twin)
    with pytest.raises((AssertionError, connect.WinbackError)):
        check_images(recorded, 300, check_new_store(recorded))


# -- an import -----------------------------------------------------------------------------------

ROWS = 120


def check_import(recorded: Recorded) -> Callable[[int, Path], None]:
    """No row or all, and all once that was said."""
    done = len(recorded.run.events)

    def check(cut: int, store: Path) -> None:
        with reading(store) as connection:
            integrity(connection)
            rows = connection.execute("SELECT count(*) - 4 FROM customer").fetchone()[0]
        assert rows in (0, ROWS), f"{rows} of {ROWS} rows are visible"
        assert rows == ROWS or cut < done, LOST

    return check


def record_import(lab: Lab, base: Path, tmp_path: Path, twin: str = "") -> Recorded:
    more = tmp_path / "more.csv"
    more.write_bytes(processes.people(ROWS))
    return record(lab, base, [("import", more)], twin)


def test_a_power_cut_in_an_import_leaves_no_row_or_all_rows(lab: Lab, base: Path, tmp_path: Path) -> None:
    recorded = record_import(lab, base, tmp_path)
    check_images(recorded, images(35), check_import(recorded))


@pytest.mark.parametrize("twin", ["autocommit", "unsynced"])
def test_an_import_that_a_power_cut_could_halve_is_caught(
    twin: str, lab: Lab, base: Path, tmp_path: Path
) -> None:
    recorded = record_import(lab, base, tmp_path, twin)
    with pytest.raises(
        (AssertionError, connect.WinbackError), match=r"rows are visible|lost|damaged|cut short|in database"
    ):
        check_images(recorded, 300, check_import(recorded))
