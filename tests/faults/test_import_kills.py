"""An import, or a new store, stopped at any moment or by a full disk: all of it is there, or nothing."""

import random
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.processes import PROGRAM, assert_whole, copy_store, dump, opened, seen, twin

ROWS = 2500
LIST = processes.people(ROWS)
STOPPED = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -9}

pytestmark = pytest.mark.timeout(120 + 20 * processes.runs(0))


@pytest.fixture
def base(tmp_path: Path, winback: Runner) -> Path:
    """A store that holds one customer from before, with a case."""
    store = tmp_path / "base.sqlite"
    assert winback("--store", store, "add", "Olga Before", "--email", "olga@example.com").code == 0
    assert winback("--store", store, "note", 1, "likes the blue ones").code == 0
    return store


@pytest.fixture
def big_list(tmp_path: Path) -> Path:
    path = tmp_path / "big.csv"
    path.write_bytes(LIST)
    return path


def brought_in(store: Path) -> int:
    """How many rows of the list a reader of the store sees."""
    with opened(store) as connection:
        return int(
            connection.execute("SELECT count(*) FROM customer WHERE external_id != ''").fetchone()[0]
        )


def before(store: Path) -> list[tuple[object, ...]]:
    """What was in the store before the list came."""
    with opened(store) as connection:
        rows = connection.execute(
            "SELECT c.name, c.case_status, e.seq, e.body, e.hash FROM customer c"
            " JOIN casefile f ON f.customer_id = c.id JOIN event e ON e.case_id = f.id ORDER BY e.seq"
        )
        return [tuple(row) for row in rows]


def import_time(base: Path, program: Sequence[str]) -> float:
    """The seconds that an import which nobody stops takes, from where it hears signals to its end."""
    store = copy_store(base, base.with_name("unkilled.sqlite"))
    process = processes.start_import(store, LIST, program)
    begun = time.monotonic()
    code, _, err = processes.finish(process)
    took = time.monotonic() - begun
    assert (code, brought_in(store)) == (0, ROWS), err
    return took


def check_stopped_imports(
    base: Path, sig: signal.Signals, runs: int, winback: Runner, big_list: Path, program: Sequence[str]
) -> None:
    """Stop imports all along their way, each at a random moment of its share of it."""
    took = import_time(base, program)
    hits = 0
    for run in range(runs):
        store = copy_store(base, base.with_name("stopped.sqlite"))
        process = processes.start_import(store, LIST, program)
        time.sleep(took * (run + random.random()) / runs)
        process.send_signal(sig)
        code, out, err = processes.finish(process)
        rows = brought_in(store)
        assert rows in (0, ROWS), f"{rows} of {ROWS} rows are visible after {sig.name}"
        assert_whole(store)
        assert before(store) == before(base)
        if "Brought in" in out:  # done and said so: the signal came as the process went away
            assert rows == ROWS
            assert code in (0, STOPPED[sig], -sig), err
        else:
            assert code == STOPPED[sig], err
            hits += 1
        again = winback("--store", store, "import", big_list)
        assert again.code == 0, again.err
        assert brought_in(store) == ROWS
        assert_whole(store)
    assert hits, f"{sig.name} never hit an import on its way"


@pytest.mark.parametrize("sig", STOPPED, ids=lambda sig: sig.name)
def test_a_stopped_import_leaves_no_row_or_all_rows_and_its_rerun_completes_it(
    sig: signal.Signals, base: Path, big_list: Path, winback: Runner
) -> None:
    check_stopped_imports(base, sig, processes.runs(3), winback, big_list, PROGRAM)


def test_an_import_that_commits_part_by_part_is_caught(base: Path, big_list: Path, winback: Runner) -> None:
    with pytest.raises(AssertionError, match="rows are visible after SIGKILL"):
        check_stopped_imports(base, signal.SIGKILL, 8, winback, big_list, twin("autocommit"))


def check_killed_creations(folder: Path, runs: int, winback: Runner, program: Sequence[str]) -> None:
    """Kill the first `add` of all, from the moment its first file appears."""

    def begin(name: str) -> tuple[Path, processes.Process]:
        store = folder / name / "store.sqlite"
        store.parent.mkdir()
        process = processes.start("--store", store, "add", "Ana Sol", program=program)
        processes.wait_until(lambda: any(store.parent.iterdir()), process)
        return store, process

    _, process = begin("unkilled")
    begun = time.monotonic()
    code, _, err = processes.finish(process)
    took = time.monotonic() - begun
    assert code == 0, err
    hits = 0
    for run in range(runs):
        store, process = begin(f"killed-{run}")
        time.sleep(took * (run + random.random()) / runs)
        process.kill()
        code, _, err = processes.finish(process)
        assert code in (0, -signal.SIGKILL), err
        if code and not store.exists():
            hits += 1
        elif store.exists():
            found = winback("--store", store, "list", "--json")
            assert found.code == 0, f"half a store was left: {found.err}"
            assert_whole(store)
            hits += not dump(store)["customer_row"]
        again = winback("--store", store, "add", "Ana Sol")
        assert again.code in (0, 5), again.err  # 5: the killed one had added her already
        assert [row["name"] for row in dump(store)["customer_row"]] == ["Ana Sol"]
        assert_whole(store)
    assert hits, "no kill ever hit a store in the making"


def test_a_kill_while_a_store_is_made_leaves_none_or_a_whole_one(tmp_path: Path, winback: Runner) -> None:
    check_killed_creations(tmp_path, processes.runs(4), winback, PROGRAM)


def test_a_store_made_in_place_is_caught(tmp_path: Path, winback: Runner) -> None:
    with pytest.raises(AssertionError, match="half a store was left"):
        check_killed_creations(tmp_path, 8, winback, twin("in_place"))


def test_an_import_on_a_full_disk_exits_74_keeps_what_was_there_and_its_rerun_works(
    base: Path, big_list: Path, winback: Runner
) -> None:
    there = seen(base)

    code, out, err = processes.run(
        "--store", base, "import", big_list, largest_file=base.stat().st_size + 65536
    )

    assert code == 74, err
    assert "Brought in" not in out
    assert "disk" in err
    assert seen(base) == there
    assert_whole(base)
    assert winback("--store", base, "import", big_list).code == 0
    assert brought_in(base) == ROWS
    assert before(base)


def test_a_new_store_on_a_full_disk_exits_74(tmp_path: Path) -> None:
    store = tmp_path / "new" / "store.sqlite"

    code, _, err = processes.run("--store", store, "add", "Ana Sol", largest_file=16384)

    assert code == 74, err


def test_a_new_store_on_a_full_disk_leaves_nothing_behind(tmp_path: Path, winback: Runner) -> None:
    store = tmp_path / "new" / "store.sqlite"

    code, _, _ = processes.run("--store", store, "add", "Ana Sol", largest_file=16384)

    assert code != 0
    assert list(store.parent.iterdir()) == []
    assert winback("--store", store, "add", "Ana Sol").code == 0


def test_an_import_on_a_disk_that_runs_full_exits_74_and_works_once_there_is_room(
    small_disk: Path, base: Path, big_list: Path, winback: Runner
) -> None:
    store = copy_store(base, small_disk / "store.sqlite")
    there = seen(store)

    code, _, err = processes.run("--store", store, "import", big_list)

    assert code == 74, err
    assert seen(store) == there
    assert_whole(store)
    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    assert winback("--store", store, "import", big_list).code == 0
    assert brought_in(store) == ROWS
