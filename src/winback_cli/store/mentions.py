"""Where else a customer's name or address stands: in words of the firm's, and in the files of others.

What the firm wrote of itself - why somebody is left alone, what it mends, what a list was called - is
written without them when they are erased. In the files of others, and in the firm's own map, they are
blanked where that is asked for, and told where not.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from winback_cli import blanking, wiping
from winback_cli.case import FIRST_HASH, Entry, digest
from winback_cli.store import identities, reads
from winback_cli.store.writing import Writing
from winback_cli.wiping import Traces


def traces(connection: reads.Connection, number: int) -> Traces:
    """What tells of that customer wherever it stands: their whole name, their firm's where it is nobody
    else's, their e-mails and phones; and those that they had before, as far as they are kept.
    """
    record, person = reads.customer(connection, number), identities.known(connection, number)
    assert record is not None
    assert person is not None
    before = [name.removeprefix("watch:").split(":", 2) for name in person.known_as]
    kinds = [(kind, *rest) for kind, *rest in before if kind in ("email", "phone")]
    points = reads.points(connection, number)
    firms = [one for one in (record.company, *_changed(connection, number, "company")) if one]
    return wiping.traces(
        [
            *(record.name, *_changed(connection, number, "name")),
            *(rest[1] for kind, *rest in kinds if kind == "phone" and len(rest) > 1),
            *(one for one in firms if _theirs_alone(connection, number, one)),
        ],
        [
            *(point.value for point in points if point.kind == "email"),
            *(rest[0] for kind, *rest in kinds if kind == "email"),
        ],
        [
            *(point.value for point in points if point.kind == "phone"),
            *(rest[0] for kind, *rest in kinds if kind == "phone"),
        ],
    )


def _changed(connection: reads.Connection, number: int, field: str) -> list[str]:
    """What a field said before a list changed it, and after."""
    rows = connection.execute(
        "SELECT old, new FROM change WHERE customer_id = ? AND field = ?", (number, field)
    )
    return [one for row in rows for one in map(json.loads, row) if one]


def _theirs_alone(connection: reads.Connection, number: int, company: str) -> bool:
    others = "SELECT 1 FROM customer_row WHERE id != ? AND company = ? COLLATE NOCASE LIMIT 1"
    return connection.execute(others, (number, company)).fetchone() is None


def _all_traces(connection: reads.Connection, numbers: Sequence[int]) -> Traces:
    found = [traces(connection, number) for number in numbers]
    return Traces(
        *(tuple(dict.fromkeys(one for some in part for one in some)) for part in zip(*found, strict=True))
    )


def _less_own(connection: reads.Connection, holder: int, found: Traces) -> Traces:
    """What of these is not the holder's own too: a namesake's name, a phone that both have."""
    record = reads.customer(connection, holder)
    if record is None:
        return found
    return wiping.less(found, traces(connection, holder)._replace(names=(record.name, record.company)))


# -- the files of others -----------------------------------------------------------------------


class _Place(NamedTuple):
    """A column that holds words: whose file it is in, its row's key, and whether it is JSON."""

    table: str
    column: str
    holder: str
    key: tuple[str, ...] = ("id",)
    json: bool = False
    only: str = "1"


_OF_CASE = "(SELECT c.customer_id FROM casefile c WHERE c.id = {}.case_id)"
_BY_LIST = ("batch_id", "customer_id", "field")
_IN_NOTES = "field IN ('notes', 'reason')"
_PLACES = (
    _Place("customer_row", "notes", "id"),
    _Place("customer_row", "reason", "id"),
    _Place("change", "old", "customer_id", _BY_LIST, json=True, only=_IN_NOTES),
    _Place("change", "new", "customer_id", _BY_LIST, json=True, only=_IN_NOTES),
    _Place("reply", "answers", "customer_id", json=True),
    _Place("contact_point", "value", "customer_id", ("customer_id", "place"), only="kind = 'address'"),
    _Place("message", '"to"', _OF_CASE.format("message")),
    _Place("message", "to_name", _OF_CASE.format("message")),
    _Place("message", "subject", _OF_CASE.format("message")),
    _Place("message", "body", _OF_CASE.format("message")),
    _Place("message", "detail", _OF_CASE.format("message")),
    _Place("message", "waived", _OF_CASE.format("message"), json=True),
)
_EVENTS = _Place("event", "body", _OF_CASE.format("event"), ("case_id",), json=True)
# Made from the events, and written anew with them.
_MADE = (
    _Place("due", "what", "customer_id"),
    _Place("casefile", "breaches", "customer_id", json=True),
)


class _Hit(NamedTuple):
    """A row of such a column that tells of somebody: its key, its words without them, how many went."""

    holder: int
    key: tuple[Any, ...]
    words: str
    blanked: int


def _hits(
    connection: reads.Connection, place: _Place, numbers: Sequence[int], found: Traces
) -> Iterator[_Hit]:
    like = wiping.patterns(found)
    if not like:
        return
    fits = " OR ".join([f"{place.column} LIKE ?"] * len(like))
    rows = connection.execute(
        f"SELECT {place.holder}, {place.column}, {', '.join(place.key)} FROM {place.table}"
        f" WHERE {place.only} AND ({fits})",
        like,
    ).fetchall()
    for holder, words, *key in rows:
        if holder < 0 or holder in numbers or not wiping.wiped(words, found)[1]:
            continue
        theirs = _less_own(connection, holder, found)
        if place.json:
            told, count = wiping.wiped_within(json.loads(words), theirs)
            told = json.dumps(told, ensure_ascii=place.table == "change", sort_keys=place.table == "event")
        else:
            told, count = wiping.wiped(words, theirs)
        if count:
            yield _Hit(holder, tuple(key), told, count)


def mentioned(connection: reads.Connection, number: int) -> list[int]:
    """The numbers of others in whose notes, cases, messages or answers that customer's name or address
    stands, in what was undone too; 0 where it is the firm's own map.
    """
    found = traces(connection, number)
    places = (*_PLACES, _EVENTS)
    return sorted({hit.holder for place in places for hit in _hits(connection, place, [number], found)})


class Blanked(NamedTuple):
    """What was blanked: how many names and addresses, in whose files; 0 is the firm's map."""

    words: int = 0
    holders: tuple[int, ...] = ()


def blank(w: Writing, numbers: Sequence[int]) -> Blanked:
    """Put `[erased]` in the place of these customers' names and addresses in the files of all others.

    The events of a case are signed anew from the first that told of them, and a remark at its end says
    so. A message that was approved is a draft again, since it reads otherwise now.
    """
    found = _all_traces(w.raw, numbers)
    counted: dict[int, int] = {}
    for place in (*_PLACES, *_MADE):
        for hit in _hits(w.raw, place, numbers, found):
            _write(w.raw, place, hit)
            if place not in _MADE:
                counted[hit.holder] = counted.get(hit.holder, 0) + hit.blanked
    told = {hit.key[0]: hit.holder for hit in _hits(w.raw, _EVENTS, numbers, found)}
    for case_key, holder in sorted(told.items()):
        count = _blank_case(w, case_key, _less_own(w.raw, holder, found))
        counted[holder] = counted.get(holder, 0) + count
    w.session.expire_all()  # rows were written beside it
    return Blanked(sum(counted.values()), tuple(sorted(counted)))


def _write(raw: sqlite3.Connection, place: _Place, hit: _Hit) -> None:
    where = " AND ".join(f"{name} = ?" for name in place.key)
    raw.execute(f"UPDATE {place.table} SET {place.column} = ? WHERE {where}", (hit.words, *hit.key))
    if place.table == "message" and place.column in ("subject", "body"):
        raw.execute(
            "UPDATE message SET state = 'draft', approved_by = '' WHERE id = ?"
            " AND state IN ('approved', 'failed')",
            hit.key,
        )


def _blank_case(w: Writing, case_key: int, found: Traces) -> int:
    """The same in the events of one case; returns how many were blanked."""
    from winback_cli.store.cases import append

    ref, head, total = reads.case_by_key(w.raw, case_key), FIRST_HASH, 0
    for event in reads.events(w.raw, case_key):
        body, count = wiping.wiped_within(event.body, found)
        total += count
        told = event._replace(body=body)
        head = digest(head, ref.id, told)
        if total:
            w.raw.execute(
                "UPDATE event SET body = ?, hash = ? WHERE case_id = ? AND seq = ?",
                (json.dumps(body, ensure_ascii=False, sort_keys=True), head, case_key, event.seq),
            )
    w.raw.execute("UPDATE casefile SET head = ? WHERE id = ?", (head, case_key))
    words = "name or address was" if total == 1 else "names and addresses were"
    note = Entry("noted", {"text": f"{total:,} {words} blanked at an erasure"})
    append(w, case_key, [note], lambda case: None)
    return total


# -- the firm's own words ----------------------------------------------------------------------


def forget(raw: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Take these customers out of the firm's own words: why somebody is left alone or is not any more,
    what lists and surveys are called, and what the firm mends.
    """
    found = _all_traces(raw, numbers)
    tells = partial(_tells, found)
    for table, column, instead in (
        ("suppression", "reason", "left alone"),
        ("suppression", "lifted", ""),
        ("batch", "file", "a list"),
        ("survey", "title", "A survey"),
    ):
        rows = raw.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} != ''").fetchall()
        for (words,) in rows:
            if tells(words):
                raw.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {column} = ?",
                    (instead or _unsaid(words), words),
                )
    fixes = raw.execute("SELECT id, what FROM fix").fetchall()
    telling = {fix for fix, what in fixes if tells(what)}
    for number in numbers if fixes else ():
        _forget_in_fixes(raw, number, telling)


def _tells(found: Traces, words: str) -> bool:
    return wiping.wiped(words, found)[1] > 0


def _unsaid(lifted: str) -> str:
    """Who lifted a suppression and when, without why."""
    return json.dumps(json.loads(lifted) | {"because": ""}, ensure_ascii=False)


def _forget_in_fixes(raw: sqlite3.Connection, number: int, telling: set[int]) -> None:
    """What the firm mends stays; in one that tells of somebody or that they asked for, single words of
    their names go too.
    """
    record = reads.customer(raw, number)
    assert record is not None
    places = [point.value for point in reads.points(raw, number)]
    known = blanking.only_capitals(blanking.names_of((record.name, record.company), places))
    rows = raw.execute("SELECT DISTINCT fix FROM casefile WHERE customer_id = ? AND fix > 0", (number,))
    for fix in sorted(telling | {row[0] for row in rows}):
        (what,) = raw.execute("SELECT what FROM fix WHERE id = ?", (fix,)).fetchone()
        told = blanking.blanked(what, known)
        if "[name]" in told or fix in telling:
            raw.execute("UPDATE fix SET what = ? WHERE id = ?", (told, fix))
