"""The histories of purchases that the store holds: what they give for a customer's record, when one comes
in, is taken back, or moves to another record.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from winback_cli.purchases import FIELDS, Bought, Figures, figures, own_currency
from winback_cli.store.changes import write_fields

TOGETHER = 2_000  # customers whose figures are reckoned in one reading


@contextlib.contextmanager
def at_once(raw: sqlite3.Connection) -> Iterator[None]:
    """What is only of this run, in one go; a part of the transaction that is under way, if one is."""
    if raw.in_transaction:
        yield
        return
    raw.execute("BEGIN")
    yield
    raw.execute("COMMIT")


class Weighed(NamedTuple):
    """What the whole history gives for one customer, what that changes as (field, before, after), how
    many of the purchases that are just coming in are in another currency than theirs, and whether more
    was given back to them than they paid.
    """

    customer: int
    found: Figures
    changes: list[tuple[str, Any, Any]]
    other: int
    owed: bool = False


_HISTORY = """SELECT customer, day, currency, amount, sum(count), sum(mine) FROM (
    SELECT p.customer_id AS customer, p.day, p.currency, p.amount, p.count, 0 AS mine
    FROM temp.touched_by t JOIN purchase p ON p.customer_id = t.customer
    WHERE p.batch_id IN (SELECT id FROM batch WHERE state = 'done')
    UNION ALL {coming}) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
_COMING = """SELECT f.customer, f.day, f.currency, f.amount, f.count, f.count
    FROM temp.touched_by t JOIN temp.{table} f ON f.customer = t.customer"""
_NONE_COMING = "SELECT 0, '', '', 0, 0, 0 WHERE 0"
_STATED = f"""SELECT u.id, u.edited, {", ".join("u." + field for field in FIELDS)}
    FROM temp.touched_by t JOIN customer_row u ON u.id = t.customer
    WHERE u.suppression_id IS NULL ORDER BY u.id"""
# Of each figure, what lists and histories made of it, one after the other.
_PAST = f"""CREATE TEMP TABLE bygone AS SELECT c.customer_id AS customer, c.field, c.old, c.new,
    EXISTS (SELECT 1 FROM purchase p WHERE p.batch_id = c.batch_id AND p.customer_id = c.customer_id)
    FROM change c JOIN batch b ON b.id = c.batch_id AND b.state = 'done'
    WHERE c.field IN {FIELDS} AND c.customer_id IN (SELECT customer FROM temp.touched_by)
    ORDER BY c.customer_id, c.field, c.batch_id"""
_PAST_OF = (
    "SELECT p.* FROM temp.bygone p JOIN temp.touched_by t ON t.customer = p.customer ORDER BY p.rowid"
)


def weighed(raw: sqlite3.Connection, people: Sequence[int], coming: str = "") -> Iterator[list[Weighed]]:
    """What the histories of these customers change of their records, some thousands at a time; `coming`
    is a temporary table of purchases that are not stored yet. Left out is whoever is left alone.
    """
    raw.execute("CREATE TEMP TABLE IF NOT EXISTS touched_by (customer INTEGER PRIMARY KEY)")
    raw.execute("DROP TABLE IF EXISTS temp.bygone")
    _touch(raw, people)
    raw.execute(_PAST)
    raw.execute("CREATE INDEX temp.bygone_of ON bygone (customer)")
    for start in range(0, len(people), TOGETHER):
        _touch(raw, people[start : start + TOGETHER])
        yield _weighed(raw, coming)


def _touch(raw: sqlite3.Connection, people: Sequence[int]) -> None:
    with at_once(raw):
        raw.execute("DELETE FROM temp.touched_by")
        raw.executemany("INSERT INTO temp.touched_by VALUES (?)", ((number,) for number in people))


def _weighed(raw: sqlite3.Connection, coming: str) -> list[Weighed]:
    told = _COMING.format(table=coming) if coming else _NONE_COMING
    past = _Turns(raw.execute(_PAST_OF).fetchall())
    bought = _Turns(raw.execute(_HISTORY.format(coming=told)).fetchall())
    done = []
    for number, edited, *values in raw.execute(_STATED).fetchall():
        now = Figures(*values)
        stated, by_hand = _stated(now, past.of(number)), set(edited.split())
        if by_hand & set(FIELDS):
            by_hand |= {"currency"} if "revenue" in by_hand else set()
            stated = stated._replace(**{f: getattr(now, f) for f in FIELDS if f in by_hand})
        rows = bought.of(number)
        if not rows:
            continue
        history = [Bought(*row[1:5]) for row in rows]
        found = figures(history, stated, by_hand)
        own = found.currency or own_currency(history, stated)
        changes = [(f, old, new) for f, old, new in zip(FIELDS, now, found, strict=True) if old != new]
        other = sum(mine for _, _, currency, _, _, mine in rows if currency != own)
        owed = not found.revenue and sum(b.amount * b.times for b in history if b.currency == own) < 0
        done.append(Weighed(number, found, changes, other, owed))
    return done


class _Turns:
    """Rows in the order of customers, taken one customer after the other."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._groups = groupby(rows, key=lambda row: int(row[0]))
        self._next: tuple[int, list[Sequence[Any]]] | None = None

    def of(self, number: int) -> list[Sequence[Any]]:
        """The rows of a customer who comes after those asked for before."""
        while self._next is None or self._next[0] < number:
            group = next(self._groups, None)
            if group is None:
                return []
            self._next = group[0], list(group[1])
        return self._next[1] if self._next[0] == number else []


def _stated(now: Figures, past: Sequence[Sequence[Any]]) -> Figures:
    """What the record says without any history: before the first of them, or by the last list since."""
    stated: dict[str, Any] = {}
    for _, field, old, new, is_history in past:
        if not is_history:
            stated[field] = json.loads(new)
        elif field not in stated:
            stated[field] = json.loads(old)
    return now._replace(**stated)


# -- taken back, or moved --------------------------------------------------------------------


def forget(raw: sqlite3.Connection, batch: int) -> tuple[int, set[int]]:
    """Take away the purchases of a batch that is undone, and reckon their customers' figures by what is
    left; returns how many purchases went, and of whom something is left.
    """
    query = "SELECT customer_id, sum(count) FROM purchase WHERE batch_id = ? GROUP BY customer_id"
    told = raw.execute(query, (batch,)).fetchall()
    raw.execute("DELETE FROM purchase WHERE batch_id = ?", (batch,))
    left = reckon(raw, [number for number, _ in told])
    return sum(count for _, count in told), left


def move(raw: sqlite3.Connection, gone: int, keep: int) -> None:
    """The purchases of a record that is merged into another are that one's; its figures follow."""
    moved = raw.execute(
        "INSERT INTO purchase SELECT ?, day, currency, amount, batch_id, count FROM purchase"
        " WHERE customer_id = ? ON CONFLICT DO UPDATE SET count = count + excluded.count",
        (keep, gone),
    ).rowcount
    if moved:
        raw.execute("DELETE FROM purchase WHERE customer_id = ?", (gone,))
        reckon(raw, [keep])


def reckon(raw: sqlite3.Connection, people: Iterable[int]) -> set[int]:
    """Make the figures of these customers anew by their histories; returns who has one. What changes is
    kept with the latest batch of theirs, so that taking that one back still gives back what was before.
    """
    found = set()
    for one in [one for some in weighed(raw, sorted(people)) for one in some]:
        found.add(one.customer)
        (batch,) = raw.execute(
            "SELECT max(batch_id) FROM purchase WHERE customer_id = ?", (one.customer,)
        ).fetchone()
        sets = {
            field: new
            for field, old, new in one.changes
            if _noted(raw, batch, one.customer, field, old, new)
        }
        if sets:
            write_fields(raw, one.customer, sets)
    return found


def _noted(raw: sqlite3.Connection, batch: int, number: int, field: str, old: Any, new: Any) -> bool:
    """Keep a change of a figure; False where a later list has changed that since, which stays."""
    where = "batch_id = ? AND customer_id = ? AND field = ?"
    row = raw.execute(f"SELECT new FROM change WHERE {where}", (batch, number, field)).fetchone()
    if row is None:
        raw.execute(
            "INSERT INTO change (batch_id, customer_id, field, old, new) VALUES (?, ?, ?, ?, ?)",
            (batch, number, field, json.dumps(old), json.dumps(new)),
        )
        return True
    if json.loads(row[0]) != old:
        return False
    raw.execute(f"UPDATE change SET new = ? WHERE {where}", (json.dumps(new), batch, number, field))
    return True
