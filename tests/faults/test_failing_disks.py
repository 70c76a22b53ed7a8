"""S1 and S2: the disk fails or is full at any write of any command: nothing is lost, and it is told.

Every fault is asserted to have struck. WINBACK_TEST_N raises how many of a command's writes are tried.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.ground import ANSWERS, COMMANDS, TODAY, Ground
from tests.faults.lab import Lab, Run
from tests.faults.processes import assert_whole, dump, seen, spread
from tests.faults.syscalls import Fault

CALLS = ("write", "sync", "unlink", "create")

pytestmark = pytest.mark.timeout(120 + 20 * processes.runs(0))


def faults(calls: Counter[str], count: int) -> list[Fault]:
    """A full and a failing disk in turn, passing and lasting, all along a command's way."""
    found = []
    for call in CALLS:
        for place, at in enumerate(spread(calls[call], calls[call] if call == "create" else count)):
            what = "ENOSPC" if call in ("write", "create") and place % 2 == 0 else "EIO"
            found.append(Fault(call, at, what, lasting=place % 3 == 1))
    return found


def check_told(run: Run) -> None:
    """The fault struck, and was told as what it is."""
    assert run.hits, "the fault never struck"
    assert run.code == 74, f"not 74 but {run.code}: {run.err}"
    assert "winback: The disk is full or failing; what was saved before is safe." in run.err
    assert "Traceback" not in run.err


def check_faults(lab: Lab, ground: Ground, name: str, count: int, twin: str = "") -> int:
    """Old data whole, exit 74, and the rerun does what the command does; how many faults it took."""
    look = seen if name == "import" else dump  # it takes its unseen rows back, now or the next time
    store = ground.fresh()
    clean = lab.run(*ground.line(name, store), twin=twin)
    assert clean.code == 0, clean.err
    before, after = look(ground.base), look(store)
    assert before != after
    tried = faults(clean.calls, count)
    for fault in tried:
        store = ground.fresh()
        run = lab.run(*ground.line(name, store), fault=fault, twin=twin)
        check_told(run)
        assert look(store) == before, f"{fault} changed the data"
        assert_whole(store)
        again = lab.run(*ground.line(name, store))
        assert again.code == 0, again.err
        assert look(store) == after, f"the rerun after {fault} did something else"
        assert not list(store.parent.glob("hurt.sqlite-*")), "a journal was left"
    return len(tried)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_fails_at_any_write_of_a_command_leaves_all_as_it_was_and_its_rerun_works(
    name: str, lab: Lab, ground: Ground
) -> None:
    assert check_faults(lab, ground, name, processes.runs(2)) > 3


@pytest.mark.parametrize(("twin", "told"), [("unjournaled", "changed|damaged|malformed"), ("hushed", "74")])
def test_a_program_that_cannot_go_back_or_does_not_tell_is_caught(
    twin: str, told: str, lab: Lab, ground: Ground
) -> None:
    with pytest.raises((AssertionError, sqlite3.DatabaseError), match=told):
        check_faults(lab, ground, "touch", 12, twin)


def test_a_program_that_speaks_of_rights_where_there_is_no_room_for_its_journal_is_caught(
    lab: Lab, ground: Ground
) -> None:
    with pytest.raises(AssertionError, match="not 74 but 77"):
        check_faults(lab, ground, "touch", 3, "blaming")


# -- a walk and a new store, which are more than one transaction ---------------------------------


def told_so_far(store: Path) -> list[tuple[Any, ...]]:
    """The case's events as they were told."""
    rows = [row for row in dump(store)["event"] if row["case_id"] == 2]
    return sorted((row["seq"], row["kind"], row["body"]) for row in rows)


def check_walks(lab: Lab, ground: Ground, count: int, twin: str = "") -> None:
    """What a walk had stored before the fault stays, and the rerun goes on from there."""
    line = (*TODAY, "walk", 2, "--answers", ANSWERS)
    store = ground.fresh()
    clean = lab.run("--store", store, *line, twin=twin)
    assert clean.code == 0, clean.err
    whole = told_so_far(store)
    depths = set()
    for fault in faults(clean.calls, count):
        store = ground.fresh()
        check_told(lab.run("--store", store, *line, fault=fault, twin=twin))
        there = told_so_far(store)
        assert there == whole[: len(there)], f"{fault} changed what was told"
        assert_whole(store)
        assert lab.run("--store", store, *line).code == 0
        assert told_so_far(store) == whole, f"the rerun after {fault} did something else"
        depths.add(len(there))
    assert len(depths) > 1, "the faults struck at one place only"


def test_a_disk_that_fails_in_a_walk_keeps_what_was_answered_and_its_rerun_goes_on(
    lab: Lab, ground: Ground
) -> None:
    check_walks(lab, ground, processes.runs(2))


@pytest.mark.parametrize(("twin", "told"), [("unjournaled", "changed|damaged|malformed"), ("hushed", "74")])
def test_a_walk_that_cannot_go_back_or_does_not_tell_is_caught(
    twin: str, told: str, lab: Lab, ground: Ground
) -> None:
    with pytest.raises((AssertionError, sqlite3.DatabaseError), match=told):
        check_walks(lab, ground, 12, twin)


def check_new_stores(lab: Lab, folder: Path, count: int, twin: str = "") -> None:
    """None, or a whole one; and the rerun leaves a store with its key and nothing else."""

    def line(name: str) -> tuple[Path, tuple[object, ...]]:
        store = folder / name / "store.sqlite"
        return store, ("--store", store, *TODAY, "add", "Ana Sol")

    clean = lab.run(*line("clean")[1])
    assert clean.code == 0, clean.err
    for number, fault in enumerate(faults(clean.calls, count)):
        store, words = line(f"hurt-{number}")
        check_told(lab.run(*words, fault=fault, twin=twin))
        if store.exists():
            assert_whole(store)
            assert dump(store)["customer_row"] == []
        assert lab.run(*words).code == 0
        assert [row["name"] for row in dump(store)["customer_row"]] == ["Ana Sol"]
        found = {path.name for path in store.parent.iterdir()}
        assert {"store.sqlite", "store.sqlite.key"} <= found
        assert all(name.startswith((".new-", "store.sqlite")) for name in found), found
        assert not store.with_name("store.sqlite-journal").exists()


def test_a_disk_that_fails_while_a_store_is_made_leaves_none_or_a_whole_one(
    lab: Lab, tmp_path: Path
) -> None:
    check_new_stores(lab, tmp_path, processes.runs(3))


def test_a_store_made_in_place_on_a_failing_disk_is_caught(lab: Lab, tmp_path: Path) -> None:
    for name in ("clean", *(f"hurt-{n}" for n in range(30))):
        (tmp_path / name).mkdir()
    with pytest.raises((AssertionError, KeyError)):
        check_new_stores(lab, tmp_path, 4, "in_place")


# -- a full disk ---------------------------------------------------------------------------------


def check_full(lab: Lab, ground: Ground, name: str, largest: Sequence[int], twin: str = "") -> None:
    """No file may grow past so many bytes: exit 74, all as it was, and the rerun works."""
    store = ground.fresh()
    assert lab.run(*ground.line(name, store), twin=twin).code == 0
    before, after = seen(ground.base), seen(store)
    for size in largest:
        store = ground.fresh()
        check_told(lab.run(*ground.line(name, store), largest_file=size, twin=twin))
        assert seen(store) == before, f"{size} bytes changed the data"
        assert_whole(store)
        assert lab.run(*ground.line(name, store)).code == 0
        assert seen(store) == after


@pytest.mark.parametrize("name", COMMANDS)
def test_files_that_may_not_grow_stop_a_command_with_nothing_lost(
    name: str, lab: Lab, ground: Ground
) -> None:
    """Its journal finds no room, early and late; or the store does not."""
    check_full(lab, ground, name, (600, 14000))


def test_a_command_without_a_journal_on_a_full_disk_is_caught(lab: Lab, ground: Ground) -> None:
    size = ground.base.stat().st_size
    with pytest.raises((AssertionError, sqlite3.DatabaseError)):
        check_full(lab, ground, "import", (size // 2, size - 8192), "unjournaled")


@pytest.fixture
def fill(small_disk: Path) -> Callable[[int], Path]:
    """Fill the small disk until so many bytes are left."""

    def fill(left: int) -> Path:
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as out:
            try:
                while out.write(bytes(4096)):
                    pass
            except OSError:
                out.truncate(max(out.tell() - left, 0))
        return filler

    return fill


@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_without_room_stops_a_command_with_nothing_lost(
    name: str, lab: Lab, ground: Ground, small_disk: Path, fill: Callable[[int], Path], winback: Runner
) -> None:
    store = ground.fresh(small_disk / "store.sqlite")
    before = seen(store)
    filler = fill(8192)

    run = lab.run(*ground.line(name, store))

    check_told(run)
    assert winback("--store", store, "list", "--json").code == 0
    assert seen(store) == before
    assert_whole(store)
    filler.unlink()
    assert lab.run(*ground.line(name, store)).code == 0
    assert seen(store) != before


def check_no_room_for_a_journal(lab: Lab, ground: Ground, disk: Path, name: str, twin: str = "") -> None:
    """No file more can be made on the disk: exit 74, all as it was, and the rerun works."""
    store = ground.fresh(disk / "store.sqlite")
    before = seen(store)
    taken = []
    with pytest.raises(OSError, match="No space"):
        while True:
            taken.append(disk / f"taken-{len(taken)}")
            taken[-1].touch()

    check_told(lab.run(*ground.line(name, store), twin=twin))

    assert lab.run("--store", store, "list", "--json").code == 0
    for one in taken:
        one.unlink(missing_ok=True)
    assert seen(store) == before
    assert_whole(store)
    assert lab.run(*ground.line(name, store)).code == 0
    assert seen(store) != before


@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_without_room_for_a_journal_is_told_as_full(
    name: str, lab: Lab, ground: Ground, small_disk: Path
) -> None:
    check_no_room_for_a_journal(lab, ground, small_disk, name)


def test_a_full_disk_told_as_missing_rights_is_caught(lab: Lab, ground: Ground, small_disk: Path) -> None:
    with pytest.raises(AssertionError, match="not 74 but 77"):
        check_no_room_for_a_journal(lab, ground, small_disk, "note", "blaming")
