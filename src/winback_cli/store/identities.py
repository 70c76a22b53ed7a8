"""Who is who: what each customer is or was known by, looked up by a digest of 64 bits.

The digests lie in one table in their own order, so that a list of a million brings them in at once;
the words themselves are in the customer's record, or in `former` where it does not say them any more.
A digest is only where to look: whoever it leads to is asked whether they are really known by that.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from winback_cli.customer import ContactPoint, Customer, identities, watched
from winback_cli.marks import mark
from winback_cli.store import reads

_ASKED = """SELECT i.mark, i.customer_id FROM json_each(?) a JOIN identity i ON i.mark = a.value
    JOIN customer c ON c.id = i.customer_id ORDER BY i.customer_id"""


def known(connection: reads.Connection, number: int) -> Customer | None:
    """A customer with everything they are or were known by; None where there is no such number."""
    row = connection.execute(f"{_PERSON} WHERE u.id = ?", (number,)).fetchone()
    return _person(row, reads.points(connection, number), _former(connection, number)) if row else None


_PERSON = "SELECT u.id, u.name, u.company, u.source, u.external_id FROM customer_row u"


def _person(row: Sequence[object], points: Sequence[ContactPoint], former: tuple[str, ...]) -> Customer:
    _, name, company, source, external_id = row
    return Customer(
        name=str(name),
        company=str(company),
        emails=tuple(p for p in points if p.kind == "email"),
        phones=tuple(p for p in points if p.kind == "phone"),
        source=str(source),
        external_id=str(external_id or ""),
        known_as=former,
    )


def _former(connection: reads.Connection, number: int) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT identity FROM former WHERE customer_id = ? ORDER BY identity", (number,)
    )
    return tuple(row[0] for row in rows)


def names_of(connection: reads.Connection, number: int) -> list[str]:
    """Everything a customer is or was known by."""
    person = known(connection, number)
    return identities(person) if person else []


def matches(connection: reads.Connection, names: Sequence[str]) -> list[int]:
    """The numbers of the customers who are or were known by one of these, by the surest name first."""
    found: dict[int, None] = {}
    there = _asked(connection, names)
    for name in names:
        for number in there.get(name, ()):
            found.setdefault(number)
    return list(found)


def _asked(connection: reads.Connection, names: Iterable[str]) -> dict[str, list[int]]:
    """For each of these names the customers who go by it; those out of sight are left out."""
    marks = {mark(name): name for name in names}
    rows = connection.execute(_ASKED, (json.dumps(list(marks)),)).fetchall()
    found: dict[str, list[int]] = {}
    for digest, number in rows:
        if marks[digest] in names_of(connection, number):
            found.setdefault(marks[digest], []).append(number)
    return found


def learn(connection: sqlite3.Connection, number: int, names: Iterable[str]) -> None:
    """Remember what a customer is known by, beside what the record says; what that does not say is kept
    as it stands.
    """
    person = known(connection, number)
    bare = person._replace(known_as=()) if person else Customer()
    said, still = identities(bare), watched(bare)
    told = list(dict.fromkeys([*(name for name in names if name not in still), *said]))
    connection.executemany(
        "INSERT INTO identity (mark, customer_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(mark(name), number) for name in told],
    )
    connection.executemany(
        "INSERT INTO former (customer_id, identity) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(number, name) for name in told if name not in said],
    )
    bump(connection)


def forget(connection: sqlite3.Connection, number: int, names: Iterable[str]) -> None:
    """Drop these names of a customer: of one who goes, or of an import that is taken back."""
    told = list(names)
    connection.executemany(
        "DELETE FROM identity WHERE mark = ? AND customer_id = ?", [(mark(name), number) for name in told]
    )
    connection.executemany(
        "DELETE FROM former WHERE customer_id = ? AND identity = ?", [(number, name) for name in told]
    )
    bump(connection)


def bump(connection: sqlite3.Connection) -> None:
    """Count a change of who is who, or of a customer's record: an import under way looks for it."""
    connection.execute(
        "INSERT INTO about (name, value) VALUES ('people', '1') ON CONFLICT (name)"
        " DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"
    )


def count(connection: reads.Connection) -> int:
    """How often who is who, or a record, was changed."""
    row = connection.execute("SELECT value FROM about WHERE name = 'people'").fetchone()
    return int(row[0]) if row else 0


def fill_from(connection: sqlite3.Connection, table: str) -> None:
    """Take over the names of a store of before, which had them as words, from that table."""
    old = connection.execute(f"SELECT customer_id, identity FROM {table} ORDER BY customer_id")
    named: dict[int, list[str]] = {}
    for number, name in old:
        named.setdefault(number, []).append(name)
    _take_over(connection, named)


def _take_over(connection: sqlite3.Connection, named: Mapping[int, list[str]]) -> None:
    for number, names in named.items():
        person = known(connection, number)
        said = set(identities(person)) if person else set()
        connection.executemany(
            "INSERT OR IGNORE INTO identity VALUES (?, ?)", [(mark(name), number) for name in names]
        )
        connection.executemany(
            "INSERT OR IGNORE INTO former VALUES (?, ?)",
            [(number, name) for name in names if name not in said],
        )
