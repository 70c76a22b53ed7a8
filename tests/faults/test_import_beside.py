"""Beside a long import: others walk, note, add, edit and suppress, and nothing of theirs is lost.

The import is held where it has written some of its rows: the process that reads its list is stopped.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.processes import PROGRAM, assert_whole, held_import, opened, twin
from tests.faults.test_import_kills import orphans
from winback_cli import reading

ROWS = 36_000
ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "refused.yaml"


@pytest.fixture
def long_list(tmp_path: Path) -> Path:
    """Many people; Hal and Ida come first, which is before the import is held; Ana and Ben, who are
    there, and Eve and Fay come last.
    """
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one processor reads a list by itself")
    header, rows = processes.people(ROWS).split(b"\n", 1)
    early, late = (
        "".join(f"{id_},{name},{name.split()[0].lower()}@example.com,York,7\n" for id_, name in some)
        for some in (
            [("", "Hal Low"), ("", "Ida Moe")],
            [("A-2", "Ben Ode"), ("", "Ana Sol"), ("", "Eve Ried"), ("", "Fay Odd")],
        )
    )
    path = tmp_path / "long.csv"
    path.write_bytes(header + b"\n" + early.encode() + rows + late.encode())
    assert path.stat().st_size > reading.LONG
    return path


@pytest.fixture
def base(stocked: Runner, store_path: Path) -> Path:
    """A store with the sample list: 1 is Ana, 2 is Ben, 4 is left alone."""
    assert stocked("edit", 1, "--email", "ana@example.com").code == 0
    return store_path


def named(store: Path, name: str) -> list[dict[str, Any]]:
    """Everybody seen of that name."""
    with opened(store) as connection:
        rows = connection.execute("SELECT * FROM customer WHERE name = ? ORDER BY id", (name,))
        return [dict(row) for row in rows]


def said(store: Path) -> list[tuple[str, str]]:
    with opened(store) as connection:
        rows = connection.execute("SELECT kind, body FROM event ORDER BY id")
        return [(row["kind"], row["body"]) for row in rows]


def check_done(store: Path, process: processes.Process) -> str:
    code, out, err = processes.finish(process)
    assert code == 0, err
    assert_whole(store)
    assert orphans(store) == []
    return out


def test_a_walk_and_a_note_beside_a_long_import_succeed_and_so_does_it(
    base: Path, long_list: Path, winback: Runner
) -> None:
    with held_import(base, long_list) as process:
        noted = winback("note", 3, "called on Monday")
        walked = winback("--as-of", "2026-11-23", "walk", 2, "--answers", ANSWERS)
        listed = json.loads(winback("list", "--customers", "--json", "--limit", 0).out)
        told = said(base)
        assert process.poll() is None
    check_done(base, process)

    assert (noted.code, walked.code) == (0, 0), walked.err
    assert len(listed) == 4, "rows are seen that are not all there"
    assert said(base) == told
    assert ("noted" in [kind for kind, _ in told], len(told) > 5) == (True, True)
    assert winback("store", "doctor").code == 0
    with opened(base) as connection:
        assert connection.execute("SELECT count(*) FROM customer").fetchone()[0] == ROWS + 4 + 4


def check_one_at_a_time(base: Path, long_list: Path, sample: Path, program: Sequence[str]) -> None:
    """While an import runs, a second one says so and does nothing."""
    sample.write_text(sample.read_text("utf-8").replace("Leeds", "Rome"), "utf-8")
    with held_import(base, long_list) as process:
        code, out, err = processes.run("--store", base, "import", sample, program=program)
        dry, *_ = processes.run("--store", base, "import", sample, "--dry-run", program=program)
        assert (code, out) == (75, ""), f"a second import ran: {code} {out}"
        assert "An import is running." in err
        assert dry == 75
    check_done(base, process)
    code, out, err = processes.run("--store", base, "import", sample, program=PROGRAM)
    assert (code, "2 changed" in out) == (0, True), out + err


def test_of_two_imports_at_once_the_second_says_so_and_does_nothing(
    base: Path, long_list: Path, sample: Path
) -> None:
    check_one_at_a_time(base, long_list, sample, PROGRAM)


def test_a_program_that_lets_two_imports_run_at_once_is_caught(
    base: Path, long_list: Path, sample: Path
) -> None:
    with pytest.raises(AssertionError, match="a second import ran"):
        check_one_at_a_time(base, long_list, sample, twin("crowding"))


def check_heeded(base: Path, long_list: Path, winback: Runner, program: Sequence[str]) -> str:
    """What others do to people of the list while it comes in counts as if it was done before."""
    with held_import(base, long_list, program) as process:
        for line in (
            ("add", "Eve Ried", "--email", "Eve+shop@example.com", "--city", "Bonn"),
            ("add", "Fay Odd", "--email", "fay@example.com"),
            ("suppress", "Fay", "--reason", "asked for it"),
            ("add", "Hal Low", "--email", "hal@example.com", "--city", "Bonn"),
            ("add", "Ida Moe", "--email", "ida@example.com"),
            ("suppress", "Ida", "--reason", "asked for it"),
            ("suppress", 2, "--reason", "asked for it"),
            ("edit", 1, "--city", "Rome"),
            ("add", "Gus New", "--email", "gus@example.com"),
        ):
            ran = winback(*line)
            assert ran.code == 0, ran.err
    out = check_done(base, process)
    for name in ("Hal Low", "Eve Ried"):
        assert [(one["city"], one["orders"]) for one in named(base, name)] == [("Bonn", 7)], (
            f"{name} is there twice, or their edit was lost"
        )
    for name, orders in (("Ida Moe", None), ("Fay Odd", None), ("Ben Ode", 3)):
        found = [(one["suppression_id"] is not None, one["orders"]) for one in named(base, name)]
        assert found == [(True, orders)], f"{name} is there twice, or is not left alone"
    (ana,) = named(base, "Ana Sol")
    assert (ana["city"], ana["orders"]) == ("Rome", 7), "an edit was lost"
    assert len(named(base, "Gus New")) == 1
    with opened(base) as connection:
        assert connection.execute("SELECT count(*) FROM customer").fetchone()[0] == ROWS + 4 + 5
    return out


def test_who_was_added_edited_or_suppressed_meanwhile_is_nobody_twice_and_stays_as_they_are(
    base: Path, long_list: Path, winback: Runner
) -> None:
    out = check_heeded(base, long_list, winback, PROGRAM)

    assert f"Brought in {ROWS + 6:,} rows: {ROWS:,} new, 3 changed, 3 left alone." in out
    assert winback("store", "doctor").code == 0
    assert winback("import", long_list, "--json").out.count('"already": true') == 1


def test_an_import_that_heeds_nobody_is_caught(base: Path, long_list: Path, winback: Runner) -> None:
    with pytest.raises(AssertionError, match="is there twice"):
        check_heeded(base, long_list, winback, twin("heedless"))


def test_an_import_into_a_store_that_was_replaced_meanwhile_changes_neither(
    base: Path, long_list: Path, winback: Runner, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert winback("store", "backup", copy).code == 0

    with held_import(base, long_list) as process:
        assert winback("store", "restore", copy, "--yes").code == 0
        before = processes.dump(base)
    code, out, err = processes.finish(process)

    assert (code, out) == (75, ""), err
    assert "The store was replaced by another one meanwhile." in err
    assert processes.dump(base) == before
    assert_whole(base)
