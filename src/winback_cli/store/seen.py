"""Whom a list spoke of so far: the marks of what they are known by, and under which number.

In memory for as long as they are few, which is quick; in a temporary table when they are many, so that
memory stays flat.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

FEW = 300_000  # marks, some 40 MiB; a list of 100,000
SLICE = 30_000  # marks that are given out together at the end


class Seen:
    """The marks of a list, each with a number. The latest are in memory, the many before them in a table
    that grows by so many at once, in their order, which is what makes it quick.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._latest: dict[int, int] = {}
        self._many = False
        raw.execute("CREATE TEMP TABLE seen (mark INTEGER PRIMARY KEY, customer INTEGER NOT NULL)")
        raw.execute("CREATE TEMP TABLE told (mark INTEGER, customer INTEGER)")  # the latest, as they came

    def of(self, marks: Sequence[int]) -> dict[int, int]:
        """Those of these marks that were seen, with their numbers."""
        latest = self._latest
        found: dict[int, int] = {}
        if self._many:
            query = "SELECT s.mark, s.customer FROM json_each(?) a CROSS JOIN seen s ON s.mark = a.value"
            found = dict(self._raw.execute(query, (json.dumps(sorted(marks)),)).fetchall())
        found.update({mark: latest[mark] for mark in latest.keys() & marks})
        return found

    def learn(self, told: Mapping[int, int]) -> None:
        """Remember marks; a number told later takes the place of one told before. Inside a transaction."""
        self._latest.update(told)
        self._raw.executemany("INSERT INTO told VALUES (?, ?)", told.items())
        if len(self._latest) > FEW:
            self._put_away()

    def _put_away(self) -> None:
        self._raw.execute(
            "INSERT OR REPLACE INTO seen SELECT mark, customer FROM told ORDER BY mark, rowid"
        )
        self._raw.execute("DELETE FROM told")
        self._latest.clear()
        self._many = True

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

    def put_in(self, first: int, short: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """Bring all from that number on into `identity`, but for those whom others added meanwhile, in
        the order of the marks, some thousands in each short transaction; yields after each.
        """
        raw = self._raw
        if self._many:
            raw.execute("BEGIN")
            self._put_away()
            raw.execute("COMMIT")
        else:  # SQLite sorts quicker, and what is in its order goes over at once
            raw.execute("CREATE TEMP TABLE ordered AS SELECT * FROM told ORDER BY mark")
        table, place = ("seen", "mark") if self._many else ("ordered", "rowid")
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
        both = "SELECT mark, customer FROM seen UNION ALL SELECT mark, customer FROM told"
        query = f"SELECT mark, customer FROM ({both}) WHERE customer >= ?"
        cursor = self._raw.cursor().execute(query, (first,))
        while some := cursor.fetchmany(SLICE):
            yield some
