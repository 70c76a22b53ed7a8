"""The copy before the first write of a day, made badly: killed, out of room, kept out, of a bad store.

Whatever becomes of the copy, the command does its work or says what is wrong; every dated copy is
whole, with its key; and so many good ones as are to be kept are there at any time. WINBACK_TEST_N
raises how many of each kind of call are tried.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults import processes
from tests.faults.ground import Ground
from tests.faults.lab import Lab, Run
from tests.faults.processes import assert_whole, copy_store, dump, spread
from tests.faults.syscalls import Fault
from winback_cli.store import copies, keeping

pytestmark = pytest.mark.timeout(120 + 20 * processes.runs(0))

CALLS = ("write", "sync", "unlink", "create")
KEPT = 2
REMARK = "she asked for the bill again"
NOT_MADE = "Today's copy of the store was not made"


class Shelf(NamedTuple):
    """A store with two copies of earlier days, as many as are kept."""

    base: Path
    store: Path

    def fresh(self) -> Path:
        """The store and its earlier copies, to be hurt."""
        shutil.rmtree(self.store.parent, ignore_errors=True)
        shutil.copytree(self.base.parent, self.store.parent)
        return self.store


def settings(home: Path, *lines: str) -> None:
    home.mkdir(exist_ok=True, mode=0o700)
    (home / "settings.toml").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    (home / "settings.toml").chmod(0o600)


def shelved(folder: Path, ground: Ground) -> Path:
    folder.mkdir(exist_ok=True)
    store = copy_store(ground.base, folder / "store.sqlite")
    for day in range(1, KEPT + 1):
        keeping.backup(store, None, date(2026, 1, day))
    return store


@pytest.fixture
def shelf(ground: Ground, tmp_path: Path, home: Path) -> Shelf:
    settings(home, f"backups_kept = {KEPT}")
    return Shelf(shelved(tmp_path / "base", ground), tmp_path / "hurt" / "store.sqlite")


def note(store: Path) -> tuple[object, ...]:
    """Under the clock of today: under another one no copy is made."""
    return ("--store", store, "note", 1, REMARK)


def noted(store: Path) -> int:
    return sum(REMARK in row["body"] for row in dump(store)["event"])


def of_today(store: Path) -> list[Path]:
    return [copy for copy in copies.dated(store) if not copy.name.startswith("store-2026-01")]


def check_copies(store: Path, before: object) -> None:
    """Every copy that bears a date is a whole one with its key, and there are enough of them."""
    there = copies.dated(store)
    for copy in there:
        assert_whole(copy)
        assert dump(copy) == before, f"{copy.name} is no good copy"
        assert Path(f"{copy}.key").read_bytes() == Path(f"{store}.key").read_bytes()
    assert len(there) >= KEPT, "a good copy was rotated out for nothing"


def check_next(lab: Lab, store: Path, before: object) -> None:
    """The next write makes what is missing."""
    made, stored = bool(of_today(store)), noted(store)
    again = lab.run(*note(store))
    assert again.code == 0, again.err
    assert noted(store) == stored + 1
    assert len(of_today(store)) >= 1, again.err
    if made or not stored:  # else it is a copy of the store with the remark
        check_copies(store, before)
    assert lab.run("--store", store, "store", "doctor").code == 0


# -- killed --------------------------------------------------------------------------------------


def check_kills(lab: Lab, shelf: Shelf, count: int, twin: str = "") -> set[tuple[int, int]]:
    """Kill a note all along its way; in which ways the remark and the copy were there or not."""
    before = dump(shelf.base)
    clean = lab.run(*note(shelf.fresh()), twin=twin)
    assert clean.code == 0, clean.err
    found = set()
    for fault in (Fault(call, at, "KILL") for call in CALLS for at in spread(clean.calls[call], count)):
        store = shelf.fresh()
        run = lab.run(*note(store), fault=fault, twin=twin)
        assert (run.code, run.hits) == (-9, 1), f"{fault} never struck"
        assert_whole(store)
        assert noted(store) or dump(store) == before
        check_copies(store, before)
        found.add((noted(store), len(of_today(store))))
        check_next(lab, store, before)
    return found


def test_a_daily_copy_killed_anywhere_is_none_or_a_whole_one_and_the_next_write_goes_on(
    lab: Lab, shelf: Shelf
) -> None:
    assert {(0, 0), (0, 1)} <= check_kills(lab, shelf, processes.runs(4))


@pytest.mark.parametrize(
    ("twin", "told"), [("under_its_name", "no good copy"), ("rotating_first", "rotated out for nothing")]
)
def test_a_daily_copy_made_in_place_or_rotated_too_early_is_caught(
    twin: str, told: str, lab: Lab, shelf: Shelf
) -> None:
    with pytest.raises(AssertionError, match=told):
        check_kills(lab, shelf, 6, twin)


# -- a disk that fails ---------------------------------------------------------------------------


def check_faults(lab: Lab, shelf: Shelf, home: Path, count: int, twin: str = "") -> None:
    """A fault that passes stops at most the copy where it strikes the copy; elsewhere, and where it
    lasts, the command says so and nothing was changed.
    """
    before = dump(shelf.base)
    settings(home, "backup = false")
    alone = lab.run(*note(shelf.fresh())).calls
    settings(home, f"backups_kept = {KEPT}")
    clean = lab.run(*note(shelf.fresh()), twin=twin).calls
    for call in CALLS:
        for place, at in enumerate(spread(clean[call], count)):
            fault = Fault(
                call, at, "ENOSPC" if call in ("write", "create") else "EIO", lasting=place % 2 == 1
            )
            run = lab.run(*note(shelf.fresh()), fault=fault, twin=twin)
            assert run.hits, f"{fault} never struck"
            check_after(run, fault, shelf.store, before, in_copy=at <= clean[call] - alone[call])
            check_next(lab, shelf.store, before)


def check_after(run: Run, fault: Fault, store: Path, before: object, *, in_copy: bool) -> None:
    assert "Traceback" not in run.err
    assert "went wrong inside" not in run.err
    assert_whole(store)
    check_copies(store, before)
    if run.code == 0:
        assert noted(store) == 1
        assert in_copy, f"{fault} was not told"
        assert (NOT_MADE in run.err) == (not of_today(store)), run.err
        assert "copy of the store" in run.err, f"nothing was said of {fault}"
    else:
        assert run.code == 74, run.err
        assert fault.lasting or not in_copy, f"{fault} in the copy stopped the command: {run.err}"
        assert dump(store) == before


def test_a_disk_that_fails_in_the_daily_copy_stops_only_the_copy_and_that_is_said(
    lab: Lab, shelf: Shelf, home: Path
) -> None:
    check_faults(lab, shelf, home, processes.runs(4))


@pytest.mark.parametrize(
    ("twin", "told"),
    [
        ("stopped_by_its_copy", "in the copy stopped the command"),
        ("rotating_first", "rotated out for nothing"),
        ("silent", "was not made"),
    ],
)
def test_a_copy_that_stops_the_command_or_is_not_told_of_or_costs_an_older_one_is_caught(
    twin: str, told: str, lab: Lab, shelf: Shelf, home: Path
) -> None:
    with pytest.raises(AssertionError, match=told):
        check_faults(lab, shelf, home, 6, twin)


def test_a_disk_with_room_for_a_remark_and_none_for_a_copy_takes_the_remark(
    lab: Lab, ground: Ground, small_disk: Path
) -> None:
    store = copy_store(ground.base, small_disk / "store.sqlite")
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as out, pytest.raises(OSError, match="No space"):
        while True:
            out.write(bytes(4096))
    with filler.open("r+b") as out:
        out.truncate(filler.stat().st_size - 100_000)
    before = dump(store)

    run = lab.run(*note(store))

    assert run.code == 0, run.err
    assert f"{NOT_MADE}: The disk is full" in run.err
    assert "It is tried again before the next write." in run.err
    assert (noted(store), copies.dated(store)) == (1, [])
    filler.unlink()
    assert lab.run(*note(store)).code == 0
    (copy,) = copies.dated(store)
    assert_whole(copy)
    assert dump(copy) != before


# -- kept out, and a store that is no good --------------------------------------------------------


def read_only(folder: Path) -> None:
    folder.chmod(0o500)


def unreadable(folder: Path) -> None:
    folder.chmod(0)


def in_the_way(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file in its place")


@pytest.fixture
def opened_again(shelf: Shelf) -> Iterator[None]:
    yield
    folder = copies.backups_of(shelf.store)
    folder.chmod(0o700)


@pytest.mark.usefixtures("opened_again")
@pytest.mark.parametrize("seal", [read_only, unreadable, in_the_way], ids=lambda seal: seal.__name__)
def test_a_folder_that_takes_no_copy_stops_nobody_and_is_named(
    seal: Callable[[Path], None], lab: Lab, shelf: Shelf
) -> None:
    store = shelf.fresh()
    folder = copies.backups_of(store)
    seal(folder)

    run = lab.run(*note(store), powerless=True)

    assert (run.code, noted(store)) == (0, 1), run.err
    assert NOT_MADE in run.err
    assert str(folder) in run.err
    by_hand = lab.run("--store", store, "store", "backup", powerless=True)
    assert by_hand.code in (65, 77)
    assert str(folder) in by_hand.err


DAMAGE = {
    "a reference that leads nowhere": "DELETE FROM customer_row WHERE id = 2",
    "an index of words that lacks some": "INSERT INTO case_text (case_text) VALUES ('delete-all')",
    "a text with a hole in it": "UPDATE customer_row SET city = 'Lee' || char(0) || 'ds' WHERE id = 2",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_store_is_not_copied_and_costs_no_good_copy(kind: str, lab: Lab, shelf: Shelf) -> None:
    before = dump(shelf.base)
    store = shelf.fresh()
    raw = sqlite3.connect(store)
    raw.execute(DAMAGE[kind])
    raw.commit()
    raw.close()

    run = lab.run(*note(store))

    assert f"{NOT_MADE}: The store is damaged" in run.err
    assert "winback store doctor says what is wrong." in run.err
    assert of_today(store) == []
    check_copies(store, before)
