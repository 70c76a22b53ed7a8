"""Some rows of a list put where they belong: somebody new, a row of somebody, or left alone.

Decided without any lock on the store; what is decided is written afterwards.
"""

from __future__ import annotations

import json
import marshal
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from winback_cli.plainrow import COLUMNS, Checked, Plain, says_nothing

BLOCKED = 0  # the number under which those who are left alone are remembered


class Fresh(NamedTuple):
    """Somebody new: their number and their row."""

    number: int
    row: Checked


class Numbers:
    """Under which number everybody goes, whom a list speaks of.

    `first` is the first of this import's own; among those from it on are `others`, whom somebody added
    meanwhile.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.others: set[int] = set()
        self.opted: set[int] = set()  # marks of rows that are left alone and opted out
        self.alias: dict[int, int] = {}

    def whose(self, number: int) -> int:
        """The number under which somebody goes now: of several that were one, the first."""
        while number in self.alias:
            number = self.alias[number]
        return number

    def is_new(self, number: int) -> bool:
        """Whether that is one of this import's own."""
        return number >= self.first and number not in self.others

    def same(self, old: int, new: int) -> None:
        """Two that the list showed to be one person, or `BLOCKED`."""
        old, new = self.whose(old), self.whose(new)
        if old != new:
            self.alias[old] = new


class Sorting:
    """Some rows, each put where it belongs: somebody new, a row of somebody, or left alone."""

    def __init__(
        self,
        numbers: Numbers,
        raw: sqlite3.Connection,
        seen: dict[int, int],
        there: Mapping[int, Sequence[int]],
    ) -> None:
        """`seen` and `there` say who in the list, and who in the store, goes by the rows' marks."""
        self._numbers, self._raw, self._seen, self._there = numbers, raw, seen, there
        self.blocked = 0
        self.fresh: list[Fresh] = []
        self.learned: dict[int, int] = {}
        self.parts: list[tuple[int, bytes, bool]] = []
        self.alone: list[tuple[int, bytes]] = []
        self.opted: list[int] = []
        self.linked: list[tuple[int, int]] = []
        self.barred: list[int] = []
        self.same: list[int] = []
        self._unsure: list[tuple[int, Checked]] = []

    def put(self, rows: Sequence[Checked], number: int) -> None:
        """Put these rows, with numbers from that one on for whoever is new."""
        seen, there, learned = self._seen, self._there, self.learned
        for row in rows:
            marks = row.marks
            if (
                not row.blocked
                and not row.opted_out
                and seen.keys().isdisjoint(marks)
                and there.keys().isdisjoint(marks)
            ):
                self.fresh.append(Fresh(number, row))
                for one in marks:
                    seen[one] = learned[one] = number
                number += 1
            elif self._known(row, number):
                number += 1
        if self._unsure:
            self._compare()

    def _known(self, row: Checked, number: int) -> bool:
        """Put a row that may be somebody's; returns whether it made somebody new of that number."""
        numbers = self._numbers
        own = {numbers.whose(self._seen[one]): None for one in row.marks if one in self._seen}
        stored = [n for one in row.marks for n in self._there.get(one, ())]
        direct = bool(stored)
        stored += [n for n in own if n != BLOCKED and not numbers.is_new(n)]
        fresh = sorted(n for n in own if numbers.is_new(n))
        opted = row.opted_out or not numbers.opted.isdisjoint(row.marks)
        if opted:
            self.opted += stored
        if row.blocked or BLOCKED in own:
            self._block(row, stored, fresh)
            if opted:  # and so did whoever else a later row shows to be them
                numbers.opted.update(one for one in row.marks if one not in self._there)
            return False
        if direct and not own and not row.opted_out and self._nothing_new(row, stored):
            self._unsure.append((stored[0], row))
            return False
        target = stored[0] if stored else fresh[0] if fresh else number
        for other in fresh:
            if other != target:
                numbers.same(other, target)
        self.linked += [(target, other) for other in stored[1:]]
        if row.opted_out:
            self.opted.append(target)
            if stored:
                self._add_to(row, stored)
        self._learn(row, target)
        if target == number and not own:
            self.fresh.append(Fresh(number, row))
            return True
        self.parts.append((target, marshal.dumps((row.values, row.points)), direct))
        return False

    def _nothing_new(self, row: Checked, stored: Sequence[int]) -> bool:
        """Whether all that a row's person is known by is one stored customer's already."""
        return len(set(stored)) == 1 and all(one in self._there for one in row.marks)

    def _compare(self) -> None:
        """Rows that may say nothing but what is stored: most of a list that comes every night."""
        records = _records(self._raw, [number for number, _ in self._unsure])
        for number, row in self._unsure:
            if number in records and says_nothing(row, *records[number]):
                self.same.append(number)
            else:
                self.parts.append((number, marshal.dumps((row.values, row.points)), True))

    def _block(self, row: Checked, stored: Sequence[int], fresh: Iterable[int]) -> None:
        for number in fresh:
            self._numbers.same(number, BLOCKED)
        self.barred += stored
        self._add_to(row, stored)
        self.blocked += 1
        self._learn(row, BLOCKED)

    def _add_to(self, row: Checked, stored: Sequence[int]) -> None:
        """What the row knows anew of those who are left alone, or will be by it, is kept from them too;
        under `BLOCKED` where there is no record of them.
        """
        if len(set(stored)) > 1 or any(one not in self._there for one in row.marks):
            body = marshal.dumps((row.values, row.points))
            self.alone += [(number, body) for number in dict.fromkeys(stored or [BLOCKED])]

    def _learn(self, row: Checked, number: int) -> None:
        for one in row.marks:
            if one not in self._there:
                self._seen[one] = self.learned[one] = number


def _records(
    raw: sqlite3.Connection, numbers: Sequence[int]
) -> dict[int, tuple[Plain, set[tuple[str, str]]]]:
    """The stored rows of those who are not left alone, and how each is reached: kind and value."""
    wanted = json.dumps(sorted(set(numbers)))
    columns = ", ".join(f"u.{column}" for column in COLUMNS)
    found: dict[int, tuple[Plain, set[tuple[str, str]]]] = {}
    rows = raw.execute(
        f"SELECT u.id, {columns} FROM json_each(?) a CROSS JOIN main.customer_row u ON u.id = a.value"
        " WHERE u.suppression_id IS NULL",
        (wanted,),
    )
    for number, *values in rows:
        found[number] = (tuple(values), set())
    reached = raw.execute(
        "SELECT p.customer_id, p.kind, p.value FROM json_each(?) a"
        " CROSS JOIN main.contact_point p ON p.customer_id = a.value",
        (wanted,),
    )
    for number, kind, value in reached:
        if number in found:
            found[number][1].add((kind, value))
    return found
