"""An import, or a new store, stopped at any moment or by a full disk: all of it is there, or nothing."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import LIST as SAMPLE
from tests.conftest import Runner
from tests.faults import processes
from tests.faults.ground import TODAY, Ground
from tests.faults.lab import Lab
from tests.faults.processes import PROGRAM, assert_whole, copy_store, dump, opened, seen, spread, twin
from tests.faults.syscalls import Fault
from winback_cli import reading

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
    check_stopped_imports(base, sig, processes.runs(2), winback, big_list, PROGRAM)


def test_an_import_that_commits_part_by_part_is_caught(base: Path, big_list: Path, winback: Runner) -> None:
    with pytest.raises(AssertionError, match="rows are visible after SIGKILL"):
        check_stopped_imports(base, signal.SIGKILL, 8, winback, big_list, twin("autocommit"))


# -- killed at any write, and while the leftovers of a kill are taken away ------------------------

CALLS = ("write", "sync", "unlink")


def mixed() -> str:
    """A list with everything in it: people who are there, with changes; who opted out, or did before;
    several rows of one; one row of several; rows that are rejected.
    """
    known = SAMPLE.replace("Leeds", "York").replace("Bonn", "Rome")
    empty = "," * (SAMPLE.splitlines()[0].count(",") - 4)
    rows = []
    for n in range(60):
        mail = f"c{n}@example.com"
        rows.append(f"M-{n},Customer {n},,{mail},{empty}")
        if n % 5 == 1:
            rows.append(f",Customer {n},,{mail},+44 20 7946 {n:04}{empty}")
        if n % 5 == 2:
            rows.append(f",Customer {n},,c{n - 1}@example.com; {mail},{empty}")
        if n % 10 == 3:
            rows.append(f"M-{n},Customer {n},,{mail},{empty}yes")
        if n % 10 == 4:
            rows.append(f",,,,,Rome{empty[1:]}")
    return known + "\n".join(rows) + "\n"


class Mixed(NamedTuple):
    """A store, a list to bring in, and what is seen before and after."""

    store: Path
    path: Path
    before: dict[str, Any]
    after: dict[str, Any]
    calls: Counter[str]

    def line(self, store: Path) -> tuple[object, ...]:
        return ("--store", store, *TODAY, "import", self.path)


@pytest.fixture
def mixed_list(lab: Lab, ground: Ground, tmp_path: Path) -> Mixed:
    path = tmp_path / "mixed.csv"
    path.write_text(mixed(), "utf-8")
    store = ground.fresh(tmp_path / "unkilled.sqlite")
    told = Mixed(ground.base, path, seen(ground.base), {}, Counter())
    run = lab.run(*told.line(store), twin="in_small_steps")
    assert run.code == 4, run.err
    assert "changed" in run.out
    assert "left alone" in run.out
    return told._replace(after=seen(store), calls=run.calls)


def orphans(store: Path) -> list[str]:
    """What belongs to nobody, or to an import that is not done."""
    with opened(store) as connection:
        found = [
            table
            for table in ("contact_point", "identity", "former", "ranking", "change")
            if connection.execute(
                f"SELECT 1 FROM {table} WHERE customer_id NOT IN (SELECT id FROM customer_row)"
            ).fetchone()
        ]
        left = connection.execute("SELECT 1 FROM batch WHERE state != 'done'").fetchone()
        return [*found, *(["batch"] if left else [])]


def check_killed(lab: Lab, told: Mixed, begun: Path, faults: Sequence[Fault], twin: str) -> int:
    """Kill an import at each of these calls: nothing of it is seen, or all; the store is sound then and
    when it was run again, which does all; how many were killed before anything was seen.
    """
    early = 0
    for fault in faults:
        store = copy_store(begun, begun.with_name("killed.sqlite"))
        run = lab.run(*told.line(store), fault=fault, twin=twin)
        assert (run.code, run.hits) == (-signal.SIGKILL, 1), run.err
        there = seen(store)
        assert there in (told.before, told.after), f"{fault}: a part is visible"
        early += there == told.before
        assert_whole(store)
        doctor = lab.run("--store", store, "store", "doctor")
        if "whom nobody sees" not in doctor.out:
            assert doctor.code == 0, f"{fault}: {doctor.out}"
        else:  # and nothing but what the kill left
            assert doctor.out.count("\n    ") == 1, f"{fault}: {doctor.out}"
        again = lab.run(*told.line(store), twin=twin if twin == "leaving" else "")
        assert again.code == (4 if there == told.before else 0), again.err
        assert seen(store) == told.after, f"the rerun after {fault} did something else"
        assert orphans(store) == [], f"{fault} left something for good"
        assert lab.run("--store", store, "store", "doctor").code == 0
    return early


def all_along(calls: Counter[str], count: int) -> list[Fault]:
    return [Fault(call, at, "KILL") for call in CALLS for at in spread(calls[call], count)]


def test_an_import_killed_at_any_write_leaves_nothing_or_all_and_its_rerun_completes_it(
    lab: Lab, mixed_list: Mixed
) -> None:
    faults = all_along(mixed_list.calls, processes.runs(8))

    early = check_killed(lab, mixed_list, mixed_list.store, faults, "in_small_steps")

    assert mixed_list.calls["unlink"] > 12, "the import took no small steps"
    assert 0 < early <= len(faults)


@pytest.mark.parametrize(
    ("twin", "told"),
    [("autocommit", "a part is visible"), ("leaving", "did something else|left something")],
)
def test_an_import_that_is_seen_as_it_comes_or_leaves_its_rows_is_caught(
    twin: str, told: str, lab: Lab, mixed_list: Mixed
) -> None:
    faults = [Fault("unlink", at, "KILL") for at in (12, 16)]
    with pytest.raises(AssertionError, match=told):
        check_killed(lab, mixed_list, mixed_list.store, faults, twin)


def test_a_kill_while_the_leftovers_of_a_kill_are_taken_away_loses_nothing(
    lab: Lab, mixed_list: Mixed, tmp_path: Path
) -> None:
    begun = copy_store(mixed_list.store, tmp_path / "begun.sqlite")
    late = Fault("unlink", mixed_list.calls["unlink"] - 3, "KILL")
    assert lab.run(*mixed_list.line(begun), fault=late, twin="in_small_steps").hits == 1
    many = processes.staged(begun)
    whole = lab.run(*mixed_list.line(copy_store(begun, tmp_path / "whole.sqlite")), twin="in_small_steps")
    clearing = Counter({call: whole.calls[call] - mixed_list.calls[call] for call in CALLS})

    early = check_killed(lab, mixed_list, begun, all_along(clearing, processes.runs(6)), "in_small_steps")

    assert many > 40
    assert clearing["unlink"] > 2, "there was nothing to take away"
    assert early == len(all_along(clearing, processes.runs(6)))


# -- a long list, which a second process reads ---------------------------------------------------

LONG = processes.people(36_000)


@pytest.fixture
def long_list(tmp_path: Path) -> Path:
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one processor reads a list by itself")
    assert len(LONG) > reading.LONG
    path = tmp_path / "long.csv"
    path.write_bytes(LONG)
    return path


@pytest.mark.parametrize("sig", STOPPED, ids=lambda sig: sig.name)
@pytest.mark.parametrize("moment", ["reading begins", "rows are written"])
def test_a_long_import_that_is_stopped_leaves_no_process_and_no_row_behind(
    moment: str, sig: signal.Signals, base: Path, long_list: Path, winback: Runner
) -> None:
    process = processes.start("--store", base, "import", long_list)
    processes.wait_until(lambda: bool(processes.children(process)), process)
    (reader,) = processes.children(process)
    if moment == "rows are written":
        processes.wait_until(lambda: processes.staged(base) > 0, process)

    process.send_signal(sig)

    code, out, err = processes.finish(process)
    assert (code, out) == (STOPPED[sig], ""), err
    processes.wait_until(lambda: not processes.runs_still(reader))
    assert brought_in(base) == 0
    assert_whole(base)
    assert winback("--store", base, "import", long_list).code == 0
    assert (brought_in(base), orphans(base)) == (36_000, [])


def test_a_long_import_whose_reading_is_ended_from_outside_says_so_and_leaves_nothing(
    base: Path, long_list: Path, winback: Runner
) -> None:
    with processes.held_import(base, long_list) as process:
        (reader,) = processes.children(process)
        os.kill(reader, signal.SIGKILL)
        code, out, err = processes.finish(process)

    assert (code, out) == (75, "")
    assert "The reading of the list was ended from outside." in err
    assert (brought_in(base), processes.staged(base), orphans(base)) == (0, 0, [])
    assert winback("--store", base, "store", "doctor").code == 0


# -- a store in the making -----------------------------------------------------------------------


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
