"""Whom a list spoke of so far: the marks of what they are known by, and under which number.

In memory for as long as they are few, which is quick; in a temporary table when they are many, so that
memory stays flat.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

FEW = 350_000  # marks, some 40 MiB; a list of 120,000
ORDERED = 1_000_000  # marks from which it pays to write them in their order
SLICE = 30_000  # marks that are given out together at the end


class Seen:
    """The marks of a list, each with a number."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._few: dict[int, int] | None = {}
        self._count = 0
        raw.execute("CREATE TEMP TABLE seen (mark INTEGER PRIMARY KEY, customer INTEGER NOT NULL)")

    def of(self, marks: Sequence[int]) -> dict[int, int]:
        """Those of these marks that were seen, with their numbers."""
        few = self._few
        if few is not None:
            return {mark: few[mark] for mark in few.keys() & marks}
        query = "SELECT s.mark, s.customer FROM json_each(?) a CROSS JOIN seen s ON s.mark = a.value"
        return dict(self._raw.execute(query, (json.dumps(sorted(marks)),)).fetchall())

    def learn(self, told: Mapping[int, int]) -> None:
        """Remember marks; a number told later takes the place of one told before. Inside a transaction."""
        if self._few is not None:
            self._few.update(told)
            if len(self._few) <= FEW:
                return
            told, self._few = self._few, None
        self._count += len(told)
        items = sorted(told.items()) if self._count > ORDERED else told.items()
        self._raw.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", items)

    def follow(self, alias: Mapping[int, int]) -> None:
        """Give these numbers their new ones."""
        if self._few is not None:
            for mark, number in self._few.items():
                if number in alias:
                    self._few[mark] = alias[number]
            return
        self._raw.execute("CREATE TEMP TABLE IF NOT EXISTS alias (old INTEGER PRIMARY KEY, new INTEGER)")
        self._raw.executemany("INSERT OR REPLACE INTO alias VALUES (?, ?)", alias.items())
        self._raw.execute(
            "UPDATE seen SET customer = (SELECT new FROM alias WHERE old = customer)"
            " WHERE customer IN (SELECT old FROM alias)"
        )
        self._raw.execute("DELETE FROM alias")

    def put_in(self, first: int, short: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """Bring all from that number on into `identity`, but for those whom others added meanwhile, in
        the order of the marks, some thousands in each short transaction; yields after each.
        """
        raw = self._raw
        if self._few is not None:  # SQLite sorts quicker, and what is in its order goes over at once
            raw.execute("CREATE TEMP TABLE told (mark INTEGER, customer INTEGER)")
            raw.execute("BEGIN")
            raw.executemany("INSERT INTO told VALUES (?, ?)", self._few.items())
            raw.execute("COMMIT")
            raw.execute("CREATE TEMP TABLE ordered AS SELECT * FROM told ORDER BY mark")
            raw.execute("DROP TABLE told")
        table, place = ("seen", "mark") if self._few is None else ("ordered", "rowid")
        after = -(1 << 63)
        end = f"SELECT max({place}) FROM (SELECT {place} FROM {table} WHERE {place} > ? ORDER BY 1 LIMIT ?)"
        while (last := raw.execute(end, (after, SLICE)).fetchone()[0]) is not None:
            with short():
                raw.execute(
                    f"INSERT OR IGNORE INTO identity SELECT mark, customer FROM {table}"
                    f" WHERE {place} > ? AND {place} <= ? AND customer >= ? AND customer NOT IN other"
                    f" ORDER BY {place}",
                    (after, last, first),
                )
            after = last
            yield
        raw.execute("DROP TABLE IF EXISTS temp.ordered")

    def slices(self, first: int) -> Iterator[list[tuple[int, int]]]:
        """All (mark, number) from that number on, some thousands at a time."""
        if self._few is not None:
            told = [item for item in self._few.items() if item[1] >= first]
            yield from (told[start : start + SLICE] for start in range(0, len(told), SLICE))
            return
        cursor = self._raw.cursor().execute("SELECT mark, customer FROM seen WHERE customer >= ?", (first,))
        while some := cursor.fetchmany(SLICE):
            yield some
