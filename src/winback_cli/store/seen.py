"""Whom a list spoke of so far: the marks of what they are known by, and under which number.

In memory for as long as they are few, which is quick; in a temporary table when they are many, so that
memory stays flat. That is asked only for those marks which it may have by their last bits.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

FEW = 300_000  # marks, some 40 MiB; a list of 100,000
SLICE = 30_000  # marks that are given out together at the end
LAST_BITS = (1 << 26) - 1  # of a mark; with three million of them, one other mark in 24 ends like one


class Seen:
    """The marks of a list, each with a number. The latest are in memory, and in a table of their own that
    has them in order at the end; the many before them in one that grows by so many at once, in their
    order, which is what makes it quick.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._latest: dict[int, int] = {}
        self._endings = bytearray()  # a bit for each, set by the marks in `seen`; empty while that is
        for table in ("seen", "told"):
            raw.execute(f"CREATE TEMP TABLE {table} (mark INTEGER PRIMARY KEY, customer INTEGER NOT NULL)")

    def of(self, marks: Sequence[int]) -> dict[int, int]:
        """Those of these marks that were seen, with their numbers."""
        latest = self._latest
        found: dict[int, int] = {}
        if endings := self._endings:
            asked = sorted([one for one in marks if endings[(one & LAST_BITS) >> 3] >> (one & 7) & 1])
            query = "SELECT s.mark, s.customer FROM json_each(?) a CROSS JOIN seen s ON s.mark = a.value"
            found = dict(self._raw.execute(query, (json.dumps(asked),)).fetchall())
        found.update({mark: latest[mark] for mark in latest.keys() & marks})
        return found

    def learn(self, told: Mapping[int, int]) -> None:
        """Remember marks; a number told later takes the place of one told before. Inside a transaction."""
        self._latest.update(told)
        self._raw.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", told.items())
        if len(self._latest) > FEW:
            self._put_away()

    def _put_away(self) -> None:
        self._endings = endings = self._endings or bytearray((LAST_BITS + 1) >> 3)
        for mark in self._latest:
            endings[(mark & LAST_BITS) >> 3] |= 1 << (mark & 7)
        self._raw.execute("INSERT OR REPLACE INTO seen SELECT mark, customer FROM told ORDER BY mark")
        self._raw.execute("DELETE FROM told")
        self._latest.clear()

    def follow(self, alias: Mapping[int, int]) -> None:
        """Give these numbers their new ones."""
        for mark, number in self._latest.items():
            if number in alias:
                self._latest[mark] = alias[number]
        raw = self._raw
        raw.execute("CREATE TEMP TABLE alias (old INTEGER PRIMARY KEY, new INTEGER)")
        raw.executemany("INSERT INTO alias VALUES (?, ?)", alias.items())
        for table in ("seen", "told"):
            raw.execute(
                f"UPDATE {table} SET customer = (SELECT new FROM alias WHERE old = customer)"
                " WHERE customer IN (SELECT old FROM alias)"
            )
        raw.execute("DROP TABLE alias")

    def put_in(self, first: int, short: Callable[[], AbstractContextManager[None]]) -> None:
        """Bring all from that number on into `identity`, but for those whom others added meanwhile, in
        the order of the marks, some thousands in each short transaction.
        """
        raw = self._raw
        if self._endings:
            raw.execute("BEGIN")
            self._put_away()
            raw.execute("COMMIT")
        table = "seen" if self._endings else "told"
        after = -(1 << 63)
        end = f"SELECT max(mark) FROM (SELECT mark FROM {table} WHERE mark > ? ORDER BY mark LIMIT ?)"
        while (last := raw.execute(end, (after, SLICE)).fetchone()[0]) is not None:
            with short():
                raw.execute(
                    f"INSERT OR IGNORE INTO identity SELECT mark, customer FROM {table}"
                    " WHERE mark > ? AND mark <= ? AND customer >= ? AND customer NOT IN other"
                    " ORDER BY mark",
                    (after, last, first),
                )
            after = last

    def slices(self, first: int) -> Iterator[list[tuple[int, int]]]:
        """All (mark, number) from that number on, some thousands at a time."""
        both = "SELECT mark, customer FROM seen UNION ALL SELECT mark, customer FROM told"
        query = f"SELECT mark, customer FROM ({both}) WHERE customer >= ?"
        cursor = self._raw.cursor().execute(query, (first,))
        while some := cursor.fetchmany(SLICE):
            yield some
