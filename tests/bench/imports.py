"""How long an import takes, beside `sqlite-utils upsert --pk` where that is installed.

    python tests/bench/imports.py [ROWS ...] [--times N]

Whole processes in turn, 100,000 and 1,000,000 rows unless said. Of the rows, two in a hundred are
dirty, three are somebody's second row, one is of somebody who asked to be left alone. Targets: 0.70 of
the yardstick at 100,000, 0.85 at a million (the goal is 0.50); the same file again, and its rows in
another order, 0.60 of the first time; no process above 150 MiB, nor 1.5 times what 100,000 rows take;
a row of a million at most 1.4 times as long as one of 100,000.
"""

import argparse
import csv
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lists import HEADER, write_list

WINBACK = (sys.executable, "-m", "winback_cli")
NAMES = ("rows", "new", "changed", "same", "merged", "suppressed", "rejected")
DIRTY, TWICE, ALONE = 50, 33, 100  # one row in so many


class Took(NamedTuple):
    """A whole process: its seconds, the most memory of it or of one it started, and what it said."""

    seconds: float
    mebibytes: float
    out: str


def run(command: Sequence[str], codes: Sequence[int] = (0,)) -> Took:
    """Run a command line to its end, by a process of its own, whose children are measured."""
    with tempfile.TemporaryFile("w+") as out:
        began = time.perf_counter()
        number = os.posix_spawn(
            command[0],
            list(command),
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)],
        )
        most = 0
        while True:
            most = max([most, *map(memory, family(number))])
            ended, status, used = os.wait4(number, os.WNOHANG)
            if ended:
                break
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        out.seek(0)
        said = out.read()
    if os.waitstatus_to_exitcode(status) not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return Took(seconds, max(most, used.ru_maxrss) / 1024, said)


def family(number: int) -> Iterator[int]:
    """A process and those that it started."""
    yield number
    try:
        told = Path(f"/proc/{number}/task/{number}/children").read_text()
    except OSError:
        return
    for child in told.split():
        yield from family(int(child))


def memory(number: int) -> int:
    """The most memory that a process took so far, in KiB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def write_lists(folder: Path, rows: int) -> tuple[Path, Path, Path]:
    """The list, its rows in another order, and those of it who ask to be left alone beforehand."""
    clean, chance = folder / "clean.csv", random.Random(11)
    write_list(clean, rows - rows // TWICE)
    with clean.open(encoding="utf-8", newline="") as stream:
        _, *people = csv.reader(stream)
    clean.unlink()
    alone = people[:: ALONE * 10][: max(1, rows // (ALONE * 10))]
    kept_out = [[f"Z{n}", *chance.choice(alone)[1:]] for n in range(rows // ALONE)]
    people[-len(kept_out) :] = kept_out
    for row in people[::DIRTY]:
        row[HEADER.index("last_purchase")] = "2025-02-30"
    second = [[*row[:8], "2026-07-01", *row[9:]] for row in chance.choices(people, k=rows // TWICE)]
    people += second
    chance.shuffle(people)
    return (
        _written(folder / "list.csv", people),
        _written(folder / "reordered.csv", people[::-1]),
        _written(folder / "alone.csv", [[*row[:14], "yes", ""] for row in alone]),
    )


def _written(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    return path


def yardstick() -> str | None:
    return shutil.which("sqlite-utils") or shutil.which(
        "sqlite-utils", path=str(Path(sys.executable).parent)
    )


def measured(folder: Path, rows: int, times: int) -> dict[str, list[Took]]:
    """Every process, so many times, in turn; its yardstick beside each first import."""
    found: dict[str, list[Took]] = {"import": [], "again": [], "reordered": [], "sqlite-utils": []}
    path, reordered, alone = write_lists(folder, rows)
    for turn in range(times):
        home = folder / f"home-{turn}"
        store = [*WINBACK, "--store", str(home / "store.sqlite"), "--quiet", "--as-of", "2026-11-24"]
        run([*store, "import", str(alone)], (0, 4))
        if (tool := yardstick()) is not None:
            database = str(folder / "upsert.sqlite")
            command = [tool, "upsert", database, "people", str(path), "--csv", "--pk", "customer_id"]
            found["sqlite-utils"].append(run([*command]))
            Path(database).unlink()
        for name, file in (("import", path), ("again", path), ("reordered", reordered)):
            found[name].append(run([*store, "import", str(file), "--json"], (0, 4)))
        _check(found["import"][-1], found["reordered"][-1], rows)
        shutil.rmtree(home)
    return found


def _check(first: Took, other: Took, rows: int) -> None:
    """That the work was done: every row counted, nobody twice."""
    one, two = json.loads(first.out), json.loads(other.out)
    assert one["rows"] == two["rows"] == sum(one[name] for name in NAMES[1:]), one["rows"]
    assert abs(one["rows"] - rows) <= 1
    assert (two["new"], two["changed"]) == (0, 0), [two[name] for name in NAMES]
    assert min(one["merged"], one["suppressed"], one["rejected"]) > 0


def told(rows: int, found: dict[str, list[Took]]) -> float:
    """Show the figures of so many rows; returns the microseconds that a row took."""
    result = json.loads(found["import"][-1].out)
    print(f"\n{rows:,} rows: " + ", ".join(f"{result[name]:,} {name}" for name in NAMES[1:]))
    print(f"  {'':14}{'seconds':>9}{'ratio':>8}{'MiB':>7}")
    first = statistics.median(took.seconds for took in found["import"])
    for name, runs in found.items():
        if not runs:
            continue
        seconds = statistics.median(took.seconds for took in runs)
        peak = max(took.mebibytes for took in runs)
        print(f"  {name:14}{seconds:9.2f}{seconds / first:8.2f}{peak:7.0f}")
    if found["sqlite-utils"]:
        pairs = zip(found["import"], found["sqlite-utils"], strict=True)
        ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)
        print(f"  an import takes {ratio:.2f} of what sqlite-utils takes, pair by pair")
    return first / rows * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    if yardstick() is None:
        print("sqlite-utils is not installed: there is no yardstick.")
    each = {}
    for rows in given.rows:
        with tempfile.TemporaryDirectory(prefix="winback-bench-") as folder:
            each[rows] = told(rows, measured(Path(folder), rows, given.times))
    least, most = min(each), max(each)
    for rows, microseconds in each.items():
        print(f"{rows:,} rows: {microseconds:.1f} microseconds a row")
    if most > least:
        print(f"A row of {most:,} takes {each[most] / each[least]:.2f} times one of {least:,}")


if __name__ == "__main__":
    main()
