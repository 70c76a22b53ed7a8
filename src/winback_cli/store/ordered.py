"""What is kept beside the customers in an order of its own: the queue, and who is who. Looked at for the
doctor, and made anew from the records.
"""

import json
import sqlite3
from collections.abc import Iterator

from winback_cli.customer import identities as every_name
from winback_cli.marks import mark
from winback_cli.store import identities, reads

_WAITS = "suppression_id IS NULL AND case_status IS NULL"
_WORTH = "coalesce((SELECT -s.rank FROM score s WHERE s.customer_id = u.id), 1e300)"


def queue_agrees(connection: reads.Connection) -> bool:
    """Whether the queue holds whoever has no case and is not left alone, in their place, nobody else."""
    missing = connection.execute(
        f"SELECT 1 FROM customer u WHERE {_WAITS} AND NOT EXISTS (SELECT 1 FROM ranking r"
        f" WHERE r.how_rank = u.how_rank AND r.worth = {_WORTH} AND r.customer_id = u.id) LIMIT 1"
    ).fetchone()
    waiting = connection.execute(f"SELECT count(*) FROM customer WHERE {_WAITS}").fetchone()[0]
    held = connection.execute(
        "SELECT count(*) FROM ranking WHERE customer_id NOT IN (SELECT u.id FROM customer_row u"
        " JOIN batch b ON b.id = u.batch_id WHERE b.state = 'staging')"
    ).fetchone()[0]
    return missing is None and waiting == held


def names_agree(connection: reads.Connection) -> bool:
    """Whether every customer is found by all they are known by, and nobody by what is nobody's."""
    connection.execute("BEGIN")  # to open the file for each look would cost more than the looks
    try:
        return _names_agree(connection)
    finally:
        connection.execute("ROLLBACK")


def _names_agree(connection: reads.Connection) -> bool:
    nobodys = "SELECT 1 FROM identity WHERE customer_id NOT IN (SELECT id FROM customer_row) LIMIT 1"
    if connection.execute(nobodys).fetchone() is not None:
        return False
    found = "SELECT count(*) FROM json_each(?) a JOIN identity i ON i.mark = a.value AND i.customer_id = ?"
    for number, marks in _marks(connection):
        if connection.execute(found, (json.dumps(marks), number)).fetchone()[0] != len(marks):
            return False
    return True


def _marks(connection: reads.Connection) -> Iterator[tuple[int, list[int]]]:
    """Every customer's number with the marks of what they are known by."""
    for (number,) in connection.execute("SELECT id FROM customer ORDER BY id").fetchall():
        person = identities.known(connection, number)
        yield number, sorted({mark(name) for name in every_name(person)}) if person else []


def make_anew(raw: sqlite3.Connection) -> None:
    """The queue, and who is who, from the records; inside a transaction, with no import under way."""
    raw.execute("DELETE FROM ranking")
    raw.execute(
        f"INSERT INTO ranking SELECT how_rank, {_WORTH}, id FROM customer u WHERE {_WAITS} ORDER BY 1, 2, 3"
    )
    told = sorted((one, number) for number, marks in _marks(raw) for one in marks)
    raw.execute("DELETE FROM identity")
    raw.executemany("INSERT INTO identity (mark, customer_id) VALUES (?, ?)", told)
