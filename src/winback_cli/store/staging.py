"""A list comes in: unseen and in short transactions while it lasts, then all at once.

New customers are written where they will stay, under a batch that the view `customer` leaves out.
What rows of the list are one person, and whom the store knows already, is kept beside, in temporary
tables that a kill takes along. At the end one short transaction changes those who were there and
lets everybody be seen. A killed import leaves rows that nobody sees; the next one takes them away.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from winback_cli.customer import Customer, merged
from winback_cli.customer import identities as names_of
from winback_cli.marks import mark
from winback_cli.plainrow import COLUMNS, Checked, Plain, Point, customer_of, plain, points
from winback_cli.store import filling, reads
from winback_cli.store.links import Links
from winback_cli.store.seen import Seen
from winback_cli.store.sorting import BLOCKED, Fresh, Numbers, Sorting

Item = TypeVar("Item")
TOGETHER = 2_000  # rows that are written in one transaction
_FIRST = 2  # how a row is marked that made somebody
_TEMPORARY = """
    CREATE TEMP TABLE part (customer INTEGER NOT NULL, body BLOB NOT NULL, direct INTEGER NOT NULL);
    CREATE TEMP TABLE same (customer INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    CREATE TEMP TABLE more (mark INTEGER NOT NULL, customer INTEGER NOT NULL);
    CREATE TEMP TABLE opted (customer INTEGER PRIMARY KEY);
    CREATE TEMP TABLE other (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE alone (customer INTEGER NOT NULL, body BLOB NOT NULL);
"""
# A dry run writes here instead: the same tables, unknown to everybody else and gone at the end.
_DRY = """
    CREATE TEMP TABLE dry_customer_row AS SELECT * FROM main.customer_row WHERE 0;
    CREATE TEMP TABLE dry_contact_point AS SELECT * FROM main.contact_point WHERE 0;
    CREATE TEMP TABLE dry_former AS SELECT * FROM main.former WHERE 0;
    CREATE INDEX temp.dry_customer ON dry_customer_row (id);
    CREATE INDEX temp.dry_point ON dry_contact_point (customer_id);
"""
_VALUES = ", ".join("?" * (len(COLUMNS) + 2))
_INSERT = (
    f"INSERT INTO {{into}}customer_row (id, batch_id, {', '.join(COLUMNS)}, edited, list_on)"
    f" VALUES ({_VALUES}, '', '9999-12-30')"
)
_POINT = "INSERT INTO {into}contact_point (customer_id, place, kind, value, state) VALUES (?, ?, ?, ?, ?)"


class Staging:
    """One import under way, over a writing connection of its own; a dry run writes nothing to the store."""

    def __init__(self, raw: sqlite3.Connection, batch: int, *, dry_run: bool = False) -> None:
        self.raw = raw
        self.batch = batch
        self._into = "temp.dry_" if dry_run else "main."
        raw.execute("PRAGMA temp.journal_mode = OFF")  # what is rolled back is never gone on with there
        raw.execute("PRAGMA temp.cache_size = -24576")
        raw.executescript(_TEMPORARY + (_DRY if dry_run else ""))
        self._seen = Seen(raw)
        self.number = reads.last_number(self.raw) + 1
        self.numbers = Numbers(self.number)
        self._nobody = raw.execute("SELECT 1 FROM identity LIMIT 1").fetchone() is None
        self._waiting: list[Checked] = []
        self.rows = self.blocked = self._made = 0
        self.links = Links()
        self.barred_now: set[int] = set()
        self._renamed: set[int] = set()
        self._kept: set[int] = set()  # whose first row lies among their others

    def _short(self) -> contextlib.AbstractContextManager[None]:
        """A short transaction, or a part of a longer one: nobody else writes then, or waits for long."""
        return self._transaction("BEGIN" if self._into != "main." else "BEGIN IMMEDIATE")

    def at_once(self) -> contextlib.AbstractContextManager[None]:
        """Reads, and what is only of this run, in one go: to open the file for each costs more than they
        do. No lock on the store is needed.
        """
        return self._transaction("BEGIN")

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        if self.raw.in_transaction:
            yield
            return
        self.raw.execute(begin)
        try:
            yield
        except BaseException:
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
            raise
        self.raw.execute("COMMIT")

    # -- rows --------------------------------------------------------------------------------

    def take(self, rows: Sequence[Checked]) -> None:
        """Take in some rows."""
        self._waiting += rows
        self.rows += len(rows)
        if len(self._waiting) >= TOGETHER:
            self._write()

    def _write(self) -> None:
        rows, self._waiting = self._waiting, []
        while rows:
            before = dict(self.numbers.alias)
            seen, there = self._known([one for row in rows for one in row.marks])
            sorting = Sorting(self.numbers, self.raw, seen, there)
            sorting.put(rows, self.number)
            with self._short():
                if self._into == "main." and reads.last_number(self.raw) + 1 != self.number:
                    # Somebody added a customer: these are numbered anew.
                    self.number = reads.last_number(self.raw) + 1
                    self.numbers.alias = before
                    continue
                self._insert(sorting.fresh)
            self.number += len(sorting.fresh)
            self.blocked += sorting.blocked
            self._made += len(sorting.fresh)
            self._remember(sorting)
            return

    def _insert(self, fresh: Sequence[Fresh]) -> None:
        raw, into, batch = self.raw, self._into, self.batch
        raw.executemany(_INSERT.format(into=into), ((number, batch, *row.values) for number, row in fresh))
        raw.executemany(
            _POINT.format(into=into),
            ((number, place, *point) for number, row in fresh for place, point in enumerate(row.points, 1)),
        )
        if into == "main." and fresh:
            raw.execute(
                "INSERT INTO customer_text (rowid, folded, notes)"
                " SELECT id, folded, notes FROM customer_row WHERE id BETWEEN ? AND ?",
                (fresh[0].number, fresh[-1].number),
            )

    def _remember(self, sorting: Sorting) -> None:
        """What is only of this run."""
        raw = self.raw
        self.barred_now.update(sorting.barred)
        for one, other in sorting.linked:
            self.links.add(one, other)
        with self.at_once():
            self._seen.learn(sorting.learned)
            raw.executemany("INSERT INTO part VALUES (?, ?, ?)", sorting.parts)
            raw.executemany(_AS_IT_IS, ((number,) for number in sorting.same))
            raw.executemany("INSERT INTO alone VALUES (?, ?)", sorting.alone)
            raw.executemany("INSERT OR IGNORE INTO opted VALUES (?)", ((n,) for n in sorting.opted))

    def _known(self, marks: Sequence[int]) -> tuple[dict[int, int], dict[int, list[int]]]:
        """Who in the list, and who in the store, goes by these marks."""
        there: dict[int, list[int]] = {}
        if not self._nobody:
            for found, number in self.raw.execute(_STORED, (json.dumps(sorted(marks)),)):
                there.setdefault(found, []).append(number)
                self._stored_there(number)
        return self._seen.of(marks), there

    def _stored_there(self, number: int) -> None:
        if self.numbers.is_new(number):
            self.numbers.others.add(number)
            self.raw.execute("INSERT INTO other VALUES (?)", (number,))

    # -- the end of the list -----------------------------------------------------------------

    def settle(self) -> None:
        """Join the rows of each person; afterwards every new customer is as they will be seen."""
        if self._waiting:
            self._write()
        self.raw.execute("CREATE INDEX IF NOT EXISTS temp.part_customer ON part (customer)")
        self._join()
        while self._meet():
            self._join()

    def _join(self) -> None:
        """One round of it."""
        self._follow_aliases()
        self._gather_loose()
        for numbers in _sliced(self.raw.execute(_TWICE, (self.numbers.first,)).fetchall(), 500):
            with self.at_once():
                people = self._joined([number for (number,) in numbers])
            with self._short():
                for number, before, customer in people:
                    self._rewrite(number, before, customer)

    def _meet(self) -> bool:
        """Whether anybody turned out to be somebody else by what no row said, but several together: the
        name of one and the phone of another.
        """
        with self.at_once():
            for number in sorted(self._renamed):
                known = [mark(name) for name in names_of(self._person(number))]
                for other in map(self.numbers.whose, self._seen.of(known).values()):
                    mine = self.numbers.whose(number)
                    if other != mine and mine != BLOCKED:
                        new = other if not self.numbers.is_new(other) else min(mine, other)
                        self.numbers.same(other if new == mine else mine, new)
        return bool(self.numbers.alias)

    def _follow_aliases(self) -> None:
        """Whoever turned out to be somebody else goes, and their rows go over to that one."""
        gone = [(old, self.numbers.whose(old)) for old in sorted(self.numbers.alias)]
        self.numbers.alias.clear()
        for some in _sliced(gone, 500):
            with self.at_once():
                alone = [pair for pair in some if pair[1] != BLOCKED and pair[0] not in self._kept]
                bodies = [(new, self._body(old)) for old, new in alone]
            with self._short():
                for old, _ in some:
                    self.drop(old)
            with self.at_once():
                self._hand_over(some, bodies)
        if gone:
            with self.at_once():
                self._seen.follow(dict(gone))

    def _hand_over(self, some: Sequence[tuple[int, int]], bodies: Sequence[tuple[int, bytes]]) -> None:
        """The rows of those who went (old, new), and those they were made of, as rows of the new ones."""
        raw = self.raw
        move = "UPDATE part SET customer = ?, direct = 0 WHERE customer = ?"
        for old, new in some:
            moved = raw.execute(move, (new, old)).rowcount
            if new == BLOCKED:
                self.blocked += moved + (old not in self._kept)
            raw.execute("UPDATE OR REPLACE opted SET customer = ? WHERE customer = ?", (new, old))
        raw.executemany("INSERT INTO part VALUES (?, ?, 0)", bodies)
        raw.execute("DELETE FROM part WHERE customer = ?", (BLOCKED,))
        raw.execute("DELETE FROM opted WHERE customer = ?", (BLOCKED,))

    def _gather_loose(self) -> None:
        """Rows that are somebody's only through other rows go to the first of those who are one."""
        query = (
            "UPDATE part SET customer = ? WHERE NOT direct AND customer IN (SELECT value FROM json_each(?))"
        )
        with self.at_once():
            for group in self.links.groups():
                self.raw.execute(query, (group[0], json.dumps(group)))

    def drop(self, number: int) -> None:
        """Take one of this import's own away again; inside a transaction."""
        raw, into = self.raw, self._into
        if into == "main.":
            marks = [(mark(name), number) for name in names_of(self._person(number))]
            raw.executemany("DELETE FROM identity WHERE mark = ? AND customer_id = ?", marks)
        raw.execute(f"DELETE FROM {into}contact_point WHERE customer_id = ?", (number,))
        raw.execute(f"DELETE FROM {into}former WHERE customer_id = ?", (number,))
        raw.execute(f"DELETE FROM {into}customer_row WHERE id = ?", (number,))
        self._renamed.discard(number)
        self._made -= 1

    def _home(self, number: int) -> str:
        """Where somebody's row lies: the new ones of a dry run are written beside the store."""
        return self._into if self.numbers.is_new(number) else "main."

    def _stored(self, number: int) -> tuple[Plain, tuple[Point, ...]]:
        columns = ", ".join(COLUMNS)
        row = self.raw.execute(
            f"SELECT {columns} FROM {self._home(number)}customer_row WHERE id = ?", (number,)
        ).fetchone()
        query = f"SELECT kind, value, state FROM {self._home(number)}contact_point"
        kept = self.raw.execute(f"{query} WHERE customer_id = ? ORDER BY place", (number,))
        return tuple(row), tuple(kept.fetchall())

    def _person(self, number: int) -> Customer:
        former = self.raw.execute(
            f"SELECT identity FROM {self._home(number)}former WHERE customer_id = ?", (number,)
        )
        return customer_of(*self._stored(number), known_as=tuple(row[0] for row in former))

    def _people(self, numbers: Sequence[int]) -> list[tuple[int, Customer]]:
        """Several of this import's own, as `_person` has each: asked for together, which is quick."""
        raw, into, wanted = self.raw, self._into, (json.dumps(numbers),)
        some = "IN (SELECT value FROM json_each(?)) ORDER BY"
        reached: dict[int, list[Point]] = {number: [] for number in numbers}
        former: dict[int, list[str]] = {number: [] for number in numbers}
        kept = f"SELECT customer_id, kind, value, state FROM {into}contact_point WHERE customer_id"
        for number, *point in raw.execute(f"{kept} {some} customer_id, place", wanted):
            reached[number].append(tuple(point))
        known = f"SELECT customer_id, identity FROM {into}former WHERE customer_id"
        for number, name in raw.execute(f"{known} {some} customer_id, identity", wanted):
            former[number].append(name)
        rows = f"SELECT id, {', '.join(COLUMNS)} FROM {into}customer_row WHERE id {some} id"
        return [
            (number, customer_of(values, reached[number], known_as=tuple(former[number])))
            for number, *values in raw.execute(rows, wanted)
        ]

    def _body(self, number: int) -> bytes:
        values, given = self._stored(number)
        return marshal.dumps((values, given, self._person(number).known_as))

    def _joined(self, numbers: Sequence[int]) -> list[tuple[int, Customer, Customer]]:
        """New customers, each as they stand, and with the other rows of theirs."""
        people = self._people(numbers)
        first = [(n, marshal.dumps((plain(p), points(p), p.known_as)), _FIRST) for n, p in people]
        new = [row for row in first if row[0] not in self._kept]  # joined again, all rows are, in any order
        self.raw.executemany("INSERT INTO part VALUES (?, ?, ?)", new)
        self._kept.update(numbers)
        rows: dict[int, list[Customer]] = {number: [] for number in numbers}
        told = self.raw.execute(
            "SELECT customer, body FROM part WHERE customer BETWEEN ? AND ?", (numbers[0], numbers[-1])
        )
        for number, body in told:
            rows[number].append(_row(body))
        self._renamed.update(
            number for number, mine in rows.items() if len({(row.name, row.company) for row in mine}) > 1
        )
        return [(number, person, merged(rows[number])) for number, person in people]

    def _rewrite(self, number: int, before: Customer, now: Customer) -> None:
        raw, into = self.raw, self._into
        was, told = plain(before), plain(now)
        sets = {c: new for c, old, new in zip(COLUMNS, was, told, strict=True) if old != new}
        if sets:
            columns = ", ".join(f"{column} = ?" for column in sets)
            query = f"UPDATE {into}customer_row SET {columns} WHERE id = ?"
            raw.execute(query, (*sets.values(), number))
        reached = points(now)
        if reached != points(before):
            raw.execute(f"DELETE FROM {into}contact_point WHERE customer_id = ?", (number,))
            places = ((number, place, *point) for place, point in enumerate(reached, 1))
            raw.executemany(_POINT.format(into=into), places)
        if now.known_as:  # the name of one row and the phone of another: known by what no row said
            said = names_of(now._replace(known_as=()))
            raw.executemany("INSERT INTO more VALUES (?, ?)", [(mark(name), number) for name in said])
            raw.executemany(
                f"INSERT INTO {into}former (customer_id, identity) VALUES (?, ?)",
                [(number, name) for name in now.known_as if name not in {*said, *before.known_as}],
            )

    def fill(self, score: Callable[[range, filling.Short], None]) -> None:
        """Bring the scores, the queue and who is who in; a dry run shows none of it to anybody."""
        if self._into == "main.":
            numbers = range(self.numbers.first, self.number)
            score(numbers, self._short)
            filling.fill(self.raw, self.batch, numbers, self._seen, self._short)

    # -- what is left to do at the end -------------------------------------------------------

    def known_people(self) -> Iterator[tuple[int, Customer, int]]:
        """Those who were there before and of whom the list says something: the number, the list's word
        of them, its rows. Rows that say what is stored already have their say as the record.
        """
        query = (
            "SELECT p.customer, p.body, coalesce(s.count, 0) FROM part p"
            " LEFT JOIN same s ON s.customer = p.customer WHERE p.customer < ?"
            " OR p.customer IN other ORDER BY p.customer"
        )
        cursor = self.raw.cursor().execute(query, (self.numbers.first,))
        for number, group in groupby(cursor, key=lambda row: row[0]):
            told, as_it_is = [], 0
            for _, body, as_it_is in group:  # noqa: B007 - the same in each
                told.append(_row(body))
            if as_it_is:
                told.append(self._person(number)._replace(known_as=()))
            yield number, merged(told), len(told) + max(as_it_is - 1, 0)

    def unchanged(self) -> tuple[int, int]:
        """How many the list says nothing new of, and in how many rows."""
        people, rows = self.raw.execute(
            "SELECT count(*), coalesce(sum(count), 0) FROM same"
            " WHERE customer NOT IN (SELECT customer FROM part)"
        ).fetchone()
        return int(people), int(rows)

    def joined_people(self) -> Iterator[tuple[int, Customer]]:
        """The new ones whose rows give different names or firms, as they are joined.

        Only they can be known by what no row said: the name of one and the phone of another.
        """
        for number in sorted(self._renamed):
            yield number, self._person(number)

    def new_people(self) -> Iterator[tuple[int, Customer]]:
        """Everybody new, with everything they are known by."""
        query = "SELECT id FROM main.customer_row WHERE id >= ? AND batch_id = ? ORDER BY id"
        for (number,) in self.raw.execute(query, (self.numbers.first, self.batch)).fetchall():
            yield number, self._person(number)

    def met(self) -> list[tuple[int, int]]:
        """The new ones whom the store knows by now, as (their number here, the number there)."""
        found: dict[tuple[int, int], None] = {}
        for some in self._seen.slices(self.numbers.first):
            mine = dict(some)
            rows = self.raw.execute(_STORED, (json.dumps(list(mine)),))
            found |= dict.fromkeys(
                (mine[mark], number) for mark, number in rows if self.numbers.is_new(mine[mark])
            )
        for _, number in found:
            self._stored_there(number)
        return sorted(found)

    def left_alone(self) -> list[tuple[int, Customer]]:
        """Those on the suppression list whom the list knows by something new."""
        found = self.raw.execute("SELECT customer, body FROM alone WHERE customer ORDER BY customer")
        return [(number, _row(body)) for number, body in found]

    def blocked_unrecorded(self) -> Iterator[Customer]:
        """Rows of those on the suppression list of whom there is no record."""
        for (body,) in self.raw.cursor().execute("SELECT body FROM alone WHERE NOT customer"):
            yield _row(body)

    def opted_out(self) -> list[int]:
        """Whoever the list says opted out, in any of the rows that are theirs."""
        told = self.raw.execute("SELECT customer FROM opted")
        return sorted(self.links.spread(number for (number,) in told))

    def barred(self) -> set[int]:
        """Who was there before, with a row that fits the suppression list: they are not changed."""
        return self.links.spread(self.barred_now)

    def counted(self) -> tuple[int, int]:
        """How many new customers there are, and how many rows went into those."""
        query = "SELECT count(*) FROM part WHERE customer >= ? AND customer NOT IN other AND direct < ?"
        joined = self.raw.execute(query, (self.numbers.first, _FIRST)).fetchone()[0]
        return self._made, self._made + int(joined)


_AS_IT_IS = "INSERT INTO same VALUES (?, 1) ON CONFLICT (customer) DO UPDATE SET count = count + 1"
_STORED = """SELECT i.mark, i.customer_id FROM json_each(?) a CROSS JOIN identity i ON i.mark = a.value
    JOIN customer c ON c.id = i.customer_id ORDER BY i.customer_id"""
_TWICE = "SELECT DISTINCT customer FROM part WHERE customer >= ? AND customer NOT IN other ORDER BY 1"


def _row(body: bytes) -> Customer:
    values, given, *known_as = marshal.loads(body)  # noqa: S302 - out of our own temporary table
    return customer_of(values, given, known_as=tuple(*known_as))


def _sliced(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
