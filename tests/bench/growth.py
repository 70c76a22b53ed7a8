"""How the reads of every day hold as the store grows: 10,000 to a million customers, a case for every tenth.

    python tests/bench/growth.py [CUSTOMERS ...]

One process, warm; milliseconds, the median and the most of many. The target is 5 ms for the queue of
20 and for one whole file at a million customers, and 50 ms for an answer stored (95th percentile).
The customers are a list's; one case is walked by the program and its rows are laid out for every
tenth customer, each with its own chain of hashes.
"""

import itertools
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from lists import write_list

from winback_cli import library, owing
from winback_cli.case import FIRST_HASH, Entry, digest, fold
from winback_cli.dates import WEEKEND, clock_at
from winback_cli.store import connect as door
from winback_cli.store import finding, lists, reads, scoring
from winback_cli.store.writes import Store

WINBACK = str(Path(sys.executable).with_name("winback"))
ANSWERS = Path(__file__).parents[2] / "src/winback_cli/sample/answers.yaml"
TODAY = "2026-11-24"


def stocked(folder: Path, customers: int) -> Path:
    """A store with so many customers: what one import of 10,000 makes, laid out as often as needed."""
    store = folder / "store.sqlite"
    base = min(customers, 10_000)
    write_list(folder / "list.csv", base)
    run = [WINBACK, "--store", str(store), "--as-of", TODAY]
    subprocess.run([*run, "import", str(folder / "list.csv")], check=True, capture_output=True)
    subprocess.run([*run, "walk", "1", "--answers", str(ANSWERS)], check=True, capture_output=True)
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    connection.execute("BEGIN")
    top = connection.execute("SELECT max(id) FROM customer").fetchone()[0]
    for copy in range(1, customers // base):
        more(connection, copy * top, top)
    cases(connection, max(1, customers // 10))
    connection.execute("COMMIT")
    connection.close()
    return store


def more(connection: sqlite3.Connection, shift: int, top: int) -> None:
    """The customers of the list once more, under other numbers, names and addresses."""
    for table, changed in (
        ("customer_row", {"id": "id + :s", "batch_id": "NULL", "external_id": "external_id || '-' || :s", "case_id": "NULL",
                      "case_status": "NULL", "suppression_id": "NULL", "name": "name || ' ' || :s",
                      "folded": "folded || ' ' || :s", "list_on": "'9999-12-30'"}),
        ("contact_point", {"customer_id": "customer_id + :s"}),
        ("identity", {"customer_id": "customer_id + :s", "mark": "mark + :s"}),
    ):  # fmt: skip
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        picked = ", ".join(changed.get(name, name) for name in names)
        key = "id" if table == "customer_row" else "customer_id"
        connection.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} WHERE {key} <= :top",
            {"s": shift, "top": top},
        )


def cases(connection: sqlite3.Connection, count: int) -> None:
    """The one case that was walked, for every tenth customer; their days spread over two months."""
    (case,) = connection.execute("SELECT * FROM casefile").fetchall()
    names = [row[1] for row in connection.execute("PRAGMA table_info(casefile)")]
    pattern = dict(zip(names, case, strict=True))
    events = reads.events(connection, pattern["id"])
    dues = connection.execute("SELECT kind, what, ref FROM due").fetchall()
    for number in range(2, count + 1):
        customer = number * 10
        connection.execute("UPDATE customer_row SET suppression_id = NULL WHERE id = ?", (customer,))
        head = FIRST_HASH
        for event in events:
            head = digest(head, f"{customer}.1", event)
            connection.execute(
                "INSERT INTO event (case_id, seq, kind, by, happened, recorded, command_id, as_of, body, hash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, event.seq, event.kind, event.by, event.happened, event.recorded, event.command,
                 event.as_of, json.dumps(event.body, ensure_ascii=False, sort_keys=True), head),
            )  # fmt: skip
        row = pattern | {"id": number, "customer_id": customer, "head": head}
        connection.execute(
            f"INSERT INTO casefile ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
        )
        opens = (date.fromisoformat(TODAY) + timedelta(days=number % 60 - 20)).isoformat()
        for kind, what, ref in dues:
            connection.execute(
                "INSERT INTO due (customer_id, how_rank, revenue, case_id, kind, opens_on, due_on, what, ref)"
                " SELECT id, how_rank, revenue, ?, ?, ?, ?, ?, ? FROM customer WHERE id = ?",
                (number, kind, opens, opens, what, ref, customer),
            )
        connection.execute(
            "UPDATE customer_row SET case_id = ?, case_status = 'open', list_on = ? WHERE id = ?",
            (number, opens, customer),
        )


def whole_file(connection: sqlite3.Connection, customer: int) -> None:
    reads.customer(connection, customer)
    reads.points(connection, customer)
    ref = reads.case_ref(connection, customer)
    assert ref is not None
    fold(ref.id, reads.events(connection, ref.key))
    reads.dues_of(connection, ref.key)
    reads.breaches(connection, ref.key)
    reads.cases_of(connection, customer)


def desk(connection: sqlite3.Connection) -> None:
    lists.counts(connection)
    lists.count_dues(connection, TODAY)
    lists.overdue_promises(connection, TODAY, 4)
    lists.due(connection, TODAY, 6)
    lists.waiting(connection, TODAY, 3)
    lists.queue(connection, "2026-05-24", 5)


def times(run: Callable[[int], object], count: int) -> list[float]:
    run(1)
    took = []
    for number in range(2, count + 2):
        began = time.perf_counter()
        run(number)
        took.append((time.perf_counter() - began) * 1000)
    return took


def answers(store: Path, count: int) -> list[float]:
    """One answer after the other stored, fsync included."""
    opened = Store.open(store, "bench", clock_at(TODAY), "walk")
    with opened.reads() as connection:
        ref = reads.case_ref(connection, 20)
        assert ref is not None
        playbook = library.kept(reads.playbook_tree(connection, ref.playbook))

    def store_one(number: int) -> None:
        body = {
            "question": "revisit.pointed_out",
            "fact": "revisited.pointed_out",
            "value": f"Said {number}.",
        }
        opened.record(ref.key, [Entry("answered", body)], lambda c: owing.standing(playbook, c, WEEKEND))

    took = times(store_one, count)
    opened.close()
    return took


def reading(connection: sqlite3.Connection, cases: int) -> dict[str, Callable[[int], object]]:
    """The reads of every day, each to be run with a number that varies."""
    wanted = lists.Wanted
    return {
        "queue of 20": lambda n: lists.queue(connection, "2026-05-24", 20),
        "due, the first 20": lambda n: lists.due(connection, TODAY, 20),
        "one whole file": lambda n: whole_file(connection, n * 7919 % cases * 10 or 10),
        "the desk, all its reads": lambda n: desk(connection),
        "list, the first 50": lambda n: lists.lines(connection, wanted(), 50),
        "list --search, two words": lambda n: lists.lines(connection, wanted(words=("ana", "mailbox")), 50),
        "list --status dormant": lambda n: lists.lines(connection, wanted(status="dormant"), 50),
        "list --sort priority": lambda n: lists.lines(connection, wanted(sort="priority"), 50),
        "list --sort revenue": lambda n: lists.lines(connection, wanted(sort="revenue"), 50),
        "WHO by e-mail": lambda n: finding.find(connection, "ana.zimmer@example.com"),
        "WHO by two words": lambda n: finding.find(connection, f"hana {n % 9}0000"),
    }


def score(store: Path) -> None:
    """Everybody scored anew, in seconds, and the longest that somebody else would wait for it."""
    opened = Store.open(store, "bench", clock_at(TODAY), "note")
    raw = door.connect(store, writing=True)
    began = time.perf_counter()
    held = []
    raw.set_trace_callback(lambda statement: held.append((time.perf_counter(), statement[:6])))
    scoring.score_all(raw, opened.means, clock_at(TODAY).today)
    took = time.perf_counter() - began
    raw.close()
    marks = [(at, what) for at, what in held if what in ("BEGIN ", "COMMIT")]
    longest = max(end - start for (start, _), (end, _) in itertools.pairwise(marks))
    print(f"  everybody scored anew in {took:.1f} s; the longest transaction {longest * 1000:.0f} ms")


def measure(store: Path, customers: int) -> None:
    connection = door.connect(store)
    for name, run in reading(connection, max(2, customers // 10)).items():
        took = times(run, 5 if name.startswith("list") else 40)
        print(f"  {name:28}{statistics.median(took):9.2f}{max(took):9.2f}")
    connection.close()
    cuts = statistics.quantiles(answers(store, 200), n=20)
    print(f"  {'an answer stored':28}{cuts[9]:9.2f}{cuts[18]:9.2f} (95th percentile)")


def main(sizes: list[int]) -> None:
    for customers in sizes:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            store = stocked(Path(folder), customers)
            size, made = store.stat().st_size / 1e6, time.perf_counter() - began
            print(
                f"{customers:,} customers, {customers // 10:,} cases, {size:,.0f} MB (made in {made:.0f} s)"
            )
            score(store)
            measure(store, customers)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
