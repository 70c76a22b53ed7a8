"""The store from end to end: every customer, case and event in order, for whoever takes them elsewhere.

Read in slices, each seen at one moment: memory stays flat, and nobody who writes waits for the end. Those
left alone are in none of it unless asked for.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from winback_cli.customer import Customer
from winback_cli.exporting import CaseLine, EventLine, Widths
from winback_cli.plainrow import COLUMNS, customer_of
from winback_cli.store.reads import SUPPRESSED, Connection, last_number, points_of

SLICE = 1_000  # customers or cases that are read at one moment
_WILLING = "u.suppression_id IS NULL"


def widths(connection: Connection, owner: str = "") -> Widths:
    """How many e-mails, and how many phones, the one with the most of them has."""
    clause, values = _of_owner(owner)
    query = (
        "SELECT kind, max(n) FROM (SELECT p.kind, count(*) n FROM customer u"
        " JOIN contact_point p ON p.customer_id = u.id WHERE u.id > ? AND u.id <= ?"
        f" AND {_WILLING}{clause} GROUP BY u.id, p.kind) c GROUP BY kind"
    )
    most = {"email": 1, "phone": 1}
    for start in range(0, last_number(connection), 10 * SLICE):
        for kind, count in connection.execute(query, (start, start + 10 * SLICE, *values)).fetchall():
            most[kind] = max(most.get(kind, 0), count)
    return Widths(most["email"], most["phone"])


def customers(connection: Connection, owner: str = "") -> Iterator[tuple[int, Customer]]:
    """Everybody who is not left alone, with their number, by it; those of one owner where it is named."""
    clause, values = _of_owner(owner)
    columns = ", ".join(f"u.{column}" for column in COLUMNS)
    query = (
        f"SELECT u.id, {columns} FROM customer u"
        f" WHERE u.id > ? AND {_WILLING}{clause} ORDER BY u.id LIMIT ?"
    )
    last = 0
    while True:
        connection.execute("BEGIN")
        rows = connection.execute(query, (last, *values, SLICE)).fetchall()
        found = points_of(connection, [row[0] for row in rows])
        connection.execute("COMMIT")
        for number, *told in rows:
            yield number, customer_of(told, found.get(number, ()))
        if len(rows) < SLICE:
            return
        last = rows[-1][0]


def _of_owner(owner: str) -> tuple[str, tuple[str, ...]]:
    return (" AND u.owner = ?", (owner,)) if owner else ("", ())


_CASE = f"""SELECT c.id, c.customer_id, c.number, u.source, u.external_id, u.name, u.company, u.owner,
    u.{SUPPRESSED}, p.name, p.version, c.status, c.outcome, c.stage, c.step, c.reason, c.fix,
    c.breaches, c.seq, coalesce(e.happened, substr(c.opened_at, 1, 10)), c.opened_at, c.closed_at
    FROM casefile c JOIN customer u ON u.id = c.customer_id JOIN playbook p ON p.digest = c.playbook
    LEFT JOIN event e ON e.case_id = c.id AND e.seq = 1
    WHERE (c.customer_id, c.number) > (?, ?)"""
_IN_ORDER = " ORDER BY c.customer_id, c.number LIMIT ?"
_OPENED = " AND coalesce(e.happened, substr(c.opened_at, 1, 10)) >= ?"


def cases(connection: Connection, since: str = "", *, everybody: bool = False) -> Iterator[CaseLine]:
    """Every case by its customer's number and its own; those opened on a day or later where one is given.

    `everybody`: of those left alone too.
    """
    opened, values = (_OPENED, (since,)) if since else ("", ())
    willing = "" if everybody else f" AND {_WILLING}"
    last = (0, 0)
    query = _CASE + willing + opened + _IN_ORDER
    while rows := connection.execute(query, (*last, *values, SLICE)).fetchall():
        for _, *told in rows:
            yield _case(told)
        last = (rows[-1][1], rows[-1][2])


def _case(told: Sequence[Any]) -> CaseLine:
    line = CaseLine(*told)
    return line._replace(
        external_id=line.external_id or "",
        suppressed=bool(line.suppressed),
        breaches=len(_read(line.breaches)),
    )


_WHOSE = """SELECT c.customer_id, c.number, c.id FROM casefile c
    JOIN customer u ON u.id = c.customer_id WHERE (c.customer_id, c.number) > (?, ?)"""
_EVENT = """SELECT seq, kind, "by", happened, recorded, command_id, as_of, body, hash FROM event
    WHERE case_id = ? AND seq > ?"""


def events(connection: Connection, since: str = "", *, everybody: bool = False) -> Iterator[EventLine]:
    """Every event, case by case, in order; those that happened on a day or later where one is given.

    `everybody`: of those left alone too.
    """
    willing = "" if everybody else f" AND {_WILLING}"
    happened, values = (" AND happened >= ?", (since,)) if since else ("", ())
    last = (0, 0)
    while rows := connection.execute(_WHOSE + willing + _IN_ORDER, (*last, SLICE)).fetchall():
        for customer, number, key in rows:
            alone = _is_alone(connection, customer)
            if alone and not everybody:
                continue
            for told in _events(connection, key, happened, values):
                yield _event((customer, number, alone, *told))
        last = rows[-1][:2]


def _events(
    connection: Connection, key: int, happened: str, values: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    last = 0
    query = f"{_EVENT}{happened} ORDER BY seq LIMIT ?"
    while rows := connection.execute(query, (key, last, *values, SLICE)).fetchall():
        yield from rows
        last = rows[-1][0]


def _event(told: tuple[Any, ...]) -> EventLine:
    line = EventLine(*told)
    return line._replace(as_of=bool(line.as_of), body=_read(line.body))


def _read(kept: object) -> Any:
    """JSON of the store; what is damaged is handed on as it lies there, for `doctor` tells of it."""
    try:
        return json.loads(str(kept))
    except ValueError:
        return {"unreadable": str(kept)}


def _is_alone(connection: Connection, customer: int) -> bool:
    """Whether somebody is left alone by now; whoever was taken away meanwhile counts as that too."""
    row = connection.execute(
        f"SELECT 1 FROM customer u WHERE u.id = ? AND {_WILLING}", (customer,)
    ).fetchone()
    return row is None


def left_alone(connection: Connection, what: str, *, owner: str = "", since: str = "") -> int:
    """How many customers, cases or events are those of people left alone, of what was asked for."""
    alone = f"u.{SUPPRESSED}"
    clause, values = _of_owner(owner)
    cased = "casefile c JOIN customer u ON u.id = c.customer_id"
    if what == "customers":
        query = f"SELECT count(*) FROM customer u WHERE {alone}{clause}"
    elif what == "cases":
        opened = " LEFT JOIN event e ON e.case_id = c.id AND e.seq = 1"
        query = f"SELECT count(*) FROM {cased}{opened} WHERE {alone}" + (_OPENED if since else "")
    else:
        query = f"SELECT count(*) FROM {cased} JOIN event e ON e.case_id = c.id WHERE {alone}"
        query += " AND e.happened >= ?" if since else ""
    row = connection.execute(query, (*values, *((since,) if since else ()))).fetchone()
    return int(row[0])
