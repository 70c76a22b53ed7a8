"""A history of purchases comes in: counted beside the store first, then written in short transactions
that nobody sees, then all at once with what it gives for each customer.

A batch keeps of each purchase only how many it tells of beyond those of the batches before it, so that
nightly exports of one history never count a purchase twice.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from winback_cli.customer import Watch
from winback_cli.errors import TryAgain
from winback_cli.marks import marks
from winback_cli.plainrow import uncollected
from winback_cli.purchases import FIELDS, Who
from winback_cli.store import connect as door
from winback_cli.store import identities, scoring
from winback_cli.store.bringing import Hand, Told, watch_of
from winback_cli.store.histories import at_once, weighed
from winback_cli.store.underway import alone, clear, locked
from winback_cli.text import fold

ALONE, UNKNOWN, SEVERAL = 0, -1, -2  # what stands for somebody who is no one customer's number
SLICE = 30_000  # purchases that are written in one transaction
Row = tuple[int, str, str, int, str]  # customer, day, currency, amount, the order's number
Find = Callable[[Sequence[Who]], list[int]]
Stream = Callable[[Find], Iterable[Sequence[Row] | None]]


class Taken(NamedTuple):
    """What a history did: purchases that are new, that were known, rows that belong to an order of
    another row; customers whose figures changed; new purchases in another currency than their
    customer's; customers to whom more was given back than they paid.
    """

    batch: int | None
    purchases: int = 0
    known: int = 0
    further: int = 0
    changed: int = 0
    other_currency: int = 0
    owed: int = 0
    already: bool = False


def bring_in(hand: Hand, stream: Stream, told: Callable[[], Told], *, dry_run: bool = False) -> Taken:
    """Bring a history in, all of it or nothing.

    `stream` is handed what finds the customers whom rows name, and gives the purchases of those who were
    found, None where all before it is void. Of whoever is left alone nothing is kept or changed.
    """
    watch, people = watch_of(hand.path)
    with (
        door.told(hand.path),
        contextlib.closing(door.connect(hand.path, writing=True)) as raw,
        alone(hand.path),
    ):
        if not dry_run:
            clear(raw)
        try:
            with uncollected():
                return _Purchasing(raw, hand, people, dry_run=dry_run).run(stream, watch, told)
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
                clear(raw)
            raise


def sources(connection: sqlite3.Connection) -> list[str]:
    """The systems that the customers' ids are of; "" is one that was not named."""
    query = "SELECT DISTINCT source FROM customer WHERE external_id IS NOT NULL ORDER BY source"
    return [row[0] for row in connection.execute(query)]


def of_another_system(connection: sqlite3.Connection, ids: Sequence[str]) -> str:
    """The system that some ids are of here, the commonest of those that have a name; "" for none."""
    row = connection.execute(
        "SELECT source FROM customer WHERE source != '' AND external_id IN (SELECT value FROM json_each(?))"
        " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        (json.dumps(list(ids)),),
    ).fetchone()
    return str(row[0]) if row else ""


# -- who it was ------------------------------------------------------------------------------

_CALLED = """
    CREATE TEMP TABLE named (name TEXT NOT NULL, id INTEGER NOT NULL);
    INSERT INTO named SELECT folded, id FROM customer WHERE folded != '';
    INSERT INTO named SELECT fold(name), id FROM customer WHERE name != '' AND company != '';
    INSERT INTO named SELECT fold(company), id FROM customer WHERE name != '' AND company != '';
    CREATE TEMP TABLE called AS SELECT name, min(id) AS id, max(id) AS other FROM named GROUP BY name;
    CREATE UNIQUE INDEX temp.by_name ON called (name);
    DROP TABLE named;
"""
_MARKED = """SELECT i.mark, i.customer_id FROM json_each(?) a CROSS JOIN identity i ON i.mark = a.value
    JOIN customer c ON c.id = i.customer_id ORDER BY i.customer_id"""
_ASIDE = """SELECT id FROM customer WHERE id IN (SELECT value FROM json_each(?))
    AND suppression_id IS NOT NULL"""


class Finder:
    """Finds the customers whom rows name, as the store knows them."""

    def __init__(self, raw: sqlite3.Connection, watch: Watch) -> None:
        self._raw = raw
        self._watch = watch
        self._named = False
        self._known: dict[Who, int] = {}

    def __call__(self, people: Sequence[Who]) -> list[int]:
        """The number of each; `ALONE` for who is left alone, `UNKNOWN`, or `SEVERAL` whom it fits."""
        if len(self._known) > 2 * SLICE:
            self._known.clear()
        asked = [who for who in dict.fromkeys(people) if who not in self._known]
        there = self._going_by([name for who in asked for name in who.names])
        found = [self._one(who, there) for who in asked]
        listed = json.dumps([number for number in found if number > 0])
        aside = {row[0] for row in self._raw.execute(_ASIDE, (listed,))}
        for who, number in zip(asked, found, strict=True):
            barred = number in aside or (self._watch and self._watch(who.watched))
            self._known[who] = ALONE if barred else number
        return [self._known[who] for who in people]

    def _going_by(self, names: Sequence[str]) -> dict[str, list[int]]:
        if not names:
            return {}
        by_mark = {mark: name for (mark,), name in zip(marks([[n] for n in names]), names, strict=True)}
        there: dict[str, list[int]] = {}
        for mark, number in self._raw.execute(_MARKED, (json.dumps(list(by_mark)),)):
            there.setdefault(by_mark[mark], []).append(number)
        return there

    def _one(self, who: Who, there: dict[str, list[int]]) -> int:
        for name in who.names:
            if numbers := there.get(name):
                return numbers[0] if len(numbers) == 1 else SEVERAL
        if not who.called:
            return UNKNOWN
        if not self._named:
            self._raw.create_function("fold", 1, fold, deterministic=True)
            self._raw.executescript(_CALLED)
            self._named = True
        row = self._raw.execute("SELECT id, other FROM called WHERE name = ?", (who.called,)).fetchone()
        return UNKNOWN if row is None else SEVERAL if row[0] != row[1] else int(row[0])


# -- one history -----------------------------------------------------------------------------

_TEMPORARY = """
    CREATE TEMP TABLE told (customer INTEGER, day TEXT, currency TEXT, amount INTEGER, ref TEXT);
    CREATE TEMP TABLE fresh (customer INTEGER, day TEXT, currency TEXT, amount INTEGER, count INTEGER);
    CREATE TEMP TABLE found (customer INTEGER PRIMARY KEY, first_purchase, last_purchase, orders, revenue,
        currency, regularity);
    CREATE TEMP TABLE altered (customer INTEGER, field TEXT, old TEXT, new TEXT);
"""
# Rows of one order are one purchase: equal amounts of it are one, said on each line; others add up.
_COUNT = """CREATE TEMP TABLE counted AS SELECT customer, day, currency, amount, sum(n) AS n FROM (
    SELECT customer, day, currency, amount, count(*) AS n FROM told WHERE ref = '' GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT customer, day, currency, amount, 1 FROM (
        SELECT customer, day, currency, ref, sum(amount) AS amount
        FROM (SELECT DISTINCT customer, day, currency, ref, amount FROM told WHERE ref != '')
        GROUP BY 1, 2, 3, 4)
    ) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
_FRESH = """INSERT INTO fresh SELECT customer, day, currency, amount, n - have FROM (
    SELECT c.*, coalesce((SELECT sum(p.count) FROM purchase p WHERE p.customer_id = c.customer
    AND p.day = c.day AND p.currency = c.currency AND p.amount = c.amount), 0) AS have FROM counted c
    WHERE c.rowid > ? AND c.rowid <= ?) WHERE n > have"""


class _Purchasing:
    def __init__(self, raw: sqlite3.Connection, hand: Hand, people: int, *, dry_run: bool) -> None:
        self._raw = raw
        self._hand = hand
        self._people = people
        self._dry_run = dry_run
        self._file = _file_at(hand)
        raw.execute("PRAGMA temp.journal_mode = OFF")  # what is rolled back is never gone on with there
        raw.execute("PRAGMA temp.cache_size = -24576")
        raw.executescript(_TEMPORARY)

    def run(self, stream: Stream, watch: Watch, told: Callable[[], Told]) -> Taken:
        raw = self._raw
        for rows in stream(Finder(raw, watch)):
            if rows is None:
                raw.execute("DELETE FROM told")
            else:
                with at_once(raw):
                    raw.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?)", rows)
        raw.execute(_COUNT)
        (last,) = raw.execute("SELECT coalesce(max(rowid), 0) FROM counted").fetchone()
        for start in range(0, last, SLICE):  # who reads for long lets nobody commit
            raw.execute(_FRESH, (start, start + SLICE))
        raw.execute("CREATE INDEX temp.fresh_of ON fresh (customer)")
        (all_,) = raw.execute("SELECT count(*) FROM told").fetchone()
        (counted,) = raw.execute("SELECT coalesce(sum(n), 0) FROM counted").fetchone()
        (fresh,) = raw.execute("SELECT coalesce(sum(count), 0) FROM fresh").fetchone()
        changed, other, owed = self._weigh()
        taken = Taken(None, fresh, counted - fresh, all_ - counted, changed, other, owed)
        return taken if self._dry_run else self._write(taken, told())

    def _weigh(self) -> tuple[int, int, int]:
        """What the history changes, kept beside the store; how many customers, how many purchases in
        another currency than theirs, and to how many more was given back than they paid.
        """
        raw, other, owed = self._raw, 0, 0
        raw.execute("DELETE FROM found")
        raw.execute("DELETE FROM altered")
        fresh = raw.execute("SELECT DISTINCT customer FROM fresh").fetchall()
        for some in weighed(raw, [number for (number,) in fresh], "fresh"):
            other += sum(one.other for one in some)
            owed += sum(one.owed for one in some)
            with at_once(raw):
                raw.executemany(
                    "INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, ?)",
                    ((one.customer, *one.found) for one in some if one.changes),
                )
                raw.executemany(
                    "INSERT INTO altered VALUES (?, ?, ?, ?)",
                    (
                        (one.customer, field, _json(old), _json(new))
                        for one in some
                        for field, old, new in one.changes
                    ),
                )
        (changed,) = raw.execute("SELECT count(*) FROM found").fetchone()
        return int(changed), other, owed

    def _write(self, taken: Taken, told: Told) -> Taken:
        raw, batch = self._raw, self._begin()
        (last,) = raw.execute("SELECT coalesce(max(rowid), 0) FROM fresh").fetchone()
        for start in range(0, last, SLICE):
            with locked(raw):
                raw.execute(
                    "INSERT INTO purchase SELECT customer, day, currency, amount, ?, count FROM fresh"
                    " WHERE rowid > ? AND rowid <= ? AND customer IN (SELECT id FROM customer_row)",
                    (batch, start, start + SLICE),
                )
        with locked(raw):
            if self._file != _file_at(self._hand):
                raise TryAgain(*door.REPLACED)
            if identities.count(raw) != self._people:  # somebody was edited or suppressed meanwhile
                taken = self._look_again(batch, taken)
            scoring.watch(raw)
            self._apply(batch)
            kept = {"changed": taken.changed, "purchases": taken.purchases}
            raw.execute(
                "UPDATE batch SET state = 'done', file = ?, sha256 = ?, key = ?, counts = ? WHERE id = ?",
                (*told, json.dumps(kept), batch),
            )
            identities.bump(raw)
            if taken.changed:  # what is usual is another thing now
                scoring.forget(raw)
            scoring.refresh(raw, self._hand.means, self._hand.clock.today)
        return taken._replace(batch=batch)

    def _begin(self) -> int:
        hand = self._hand
        with locked(self._raw) as _:
            run = self._raw.execute(
                'INSERT INTO command (name, "by", at, as_of) VALUES (?, ?, ?, ?)',
                (hand.command, hand.by, hand.clock.stamp, hand.clock.is_set),
            ).lastrowid
            batch = self._raw.execute(
                "INSERT INTO batch (command_id, file, sha256, key, counts, state)"
                " VALUES (?, '', '', '', '{}', 'staging')",
                (run,),
            ).lastrowid
        return int(batch or 0)

    def _look_again(self, batch: int, taken: Taken) -> Taken:
        raw = self._raw
        gone = "(SELECT id FROM customer_row WHERE suppression_id IS NULL)"
        raw.execute(f"DELETE FROM purchase WHERE batch_id = ? AND customer_id NOT IN {gone}", (batch,))
        raw.execute(f"DELETE FROM fresh WHERE customer NOT IN {gone}")
        changed, other, owed = self._weigh()
        (fresh,) = raw.execute("SELECT coalesce(sum(count), 0) FROM fresh").fetchone()
        return taken._replace(changed=changed, other_currency=other, owed=owed, purchases=fresh)

    def _apply(self, batch: int) -> None:
        """Write what was weighed, and keep what was before under the batch."""
        raw, columns = self._raw, ", ".join(FIELDS)
        raw.execute(
            f"UPDATE customer_row SET ({columns}) = (SELECT {columns} FROM found f WHERE f.customer = id)"
            " WHERE id IN (SELECT customer FROM found)"
        )
        raw.execute(
            "INSERT INTO change (batch_id, customer_id, field, old, new)"
            " SELECT ?, customer, field, old, new FROM altered ORDER BY customer, field",
            (batch,),
        )


def _json(value: str | float | None) -> str:
    """As `json.dumps` has it, for a day, a currency or a number: a million are written."""
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else repr(value)


def _file_at(hand: Hand) -> tuple[int, int]:
    there = hand.path.stat()
    return there.st_dev, there.st_ino
