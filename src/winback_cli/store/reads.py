"""Every read of the store, once: a DB-API connection in, values out. Plain, portable SQL.

Used by reading commands on a connection of their own and by the writing transactions on theirs.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple
from unicodedata import ucd_3_2_0

from winback_cli import text
from winback_cli.case import Event
from winback_cli.customer import ContactPoint, label

Connection = sqlite3.Connection
SUPPRESSED = "suppression_id IS NOT NULL"
SEARCHED = ("customer_text", "case_text")  # the indexes of words


class CustomerRecord(NamedTuple):
    """A customer as stored; `number` is what WHO names. Revenue in minor units."""

    number: int
    external_id: str | None
    name: str
    company: str
    city: str
    country: str
    owner: str
    how_left: str
    reason: str
    notes: str
    first_purchase: str | None
    last_purchase: str | None
    orders: int | None
    revenue: int | None
    currency: str
    edited: str
    suppressed: bool
    suppression_reason: str | None
    case_status: str | None
    regularity: float | None = None
    cancelled: str = ""

    @property
    def label(self) -> str:
        """The name one knows them by: `Ana Sol, Blue Foods`."""
        return label(self.name, self.company)


class CaseRef(NamedTuple):
    """A case row: `key` is the store's own, `id` what users see (`12.1`)."""

    key: int
    customer: int
    number: int
    playbook: str
    status: str
    outcome: str | None
    stage: str
    step: str
    seq: int

    @property
    def id(self) -> str:
        return f"{self.customer}.{self.number}"


CUSTOMER = f"""SELECT u.id, u.external_id, u.name, u.company, u.city, u.country, u.owner,
    u.how_left, u.reason, u.notes, u.first_purchase, u.last_purchase, u.orders, u.revenue,
    u.currency, u.edited, u.{SUPPRESSED}, s.reason, u.case_status, u.regularity, u.cancelled
    FROM customer u LEFT JOIN suppression s ON s.id = u.suppression_id"""


def customer(connection: Connection, number: int) -> CustomerRecord | None:
    row = connection.execute(f"{CUSTOMER} WHERE u.id = ?", (number,)).fetchone()
    return record_of(row) if row else None


def record_of(row: tuple[object, ...]) -> CustomerRecord:
    """A row of `CUSTOMER` as its value."""
    record = CustomerRecord(*row)  # type: ignore[arg-type]
    return record._replace(suppressed=bool(record.suppressed))


def last_number(connection: Connection) -> int:
    """The highest number that a customer has or had; those of merged ones are given to nobody else."""
    row = connection.execute(
        "SELECT max((SELECT coalesce(max(id), 0) FROM customer_row),"
        " coalesce((SELECT CAST(value AS INTEGER) FROM about WHERE name = 'last_number'), 0))"
    ).fetchone()
    return int(row[0])


def breaches(connection: Connection, key: int) -> list[tuple[str, list[str]]]:
    """What in a case goes against its playbook, as (the rule in words, the ids it comes from)."""
    row = connection.execute("SELECT breaches FROM casefile WHERE id = ?", (key,)).fetchone()
    return [(breach["say"], breach["source"]) for breach in json.loads(row[0])]


def points(connection: Connection, number: int) -> list[ContactPoint]:
    rows = connection.execute(
        "SELECT kind, value, state FROM contact_point WHERE customer_id = ? ORDER BY place", (number,)
    )
    return [ContactPoint(*row) for row in rows]


def points_of(connection: Connection, numbers: list[int]) -> dict[int, list[ContactPoint]]:
    """The contact points of these customers, by customer."""
    found: dict[int, list[ContactPoint]] = {}
    for start in range(0, len(numbers), 500):
        chunk = numbers[start : start + 500]
        marks = ",".join("?" * len(chunk))
        query = f"""SELECT customer_id, kind, value, state FROM contact_point
            WHERE customer_id IN ({marks}) ORDER BY customer_id, place"""
        for number, *point in connection.execute(query, chunk):
            found.setdefault(number, []).append(ContactPoint(*point))
    return found


def match(word: str) -> str:
    """A word as FTS5 looks for it: its letters and digits, whole or as the beginning of a word.

    Of no more than one word each: our indexes keep no order of words, and refuse what has two.
    """
    spaced = "".join(one if _in_a_word(one) else " " for one in text.fold(word))
    parts = spaced.split() or ["\x01"]  # which no text holds
    return " AND ".join(f'"{part}"*' for part in parts)


def _in_a_word(sign: str) -> bool:
    """Whether a sign is a letter or a digit to FTS5 too, whose tables of Unicode are older than ours."""
    return sign.isalnum() and ucd_3_2_0.category(sign)[0] in "LN"


_CASE = "SELECT id, customer_id, number, playbook, status, outcome, stage, step, seq FROM casefile"


def case_ref(connection: Connection, customer: int, number: int | None = None) -> CaseRef | None:
    """The case of that number; without one, the unclosed case, otherwise the latest."""
    if number is not None:
        query, args = f"{_CASE} WHERE customer_id = ? AND number = ?", (customer, number)
    else:
        query = f"{_CASE} WHERE customer_id = ? ORDER BY status = 'closed', number DESC LIMIT 1"
        args = (customer,)  # type: ignore[assignment]
    row = connection.execute(query, args).fetchone()
    return CaseRef(*row) if row else None


def case_by_key(connection: Connection, key: int) -> CaseRef:
    return CaseRef(*connection.execute(f"{_CASE} WHERE id = ?", (key,)).fetchone())


def cases_of(connection: Connection, customer: int) -> list[CaseRef]:
    rows = connection.execute(f"{_CASE} WHERE customer_id = ? ORDER BY number", (customer,))
    return [CaseRef(*row) for row in rows]


def events(connection: Connection, key: int) -> list[Event]:
    """The events of a case, in order."""
    rows = connection.execute(
        "SELECT seq, kind, by, happened, recorded, command_id, as_of, body, hash"
        " FROM event WHERE case_id = ? ORDER BY seq",
        (key,),
    )
    return [
        Event(seq, kind, by, happened, recorded, command, bool(as_of), json.loads(body), digest)
        for seq, kind, by, happened, recorded, command, as_of, body, digest in rows
    ]


def playbook_tree(connection: Connection, digest: str) -> str:
    """A kept playbook as JSON."""
    row = connection.execute("SELECT tree FROM playbook WHERE digest = ?", (digest,)).fetchone()
    return str(row[0])


def playbook_trees(connection: Connection) -> dict[str, str]:
    """Every kept playbook as JSON, by its digest."""
    return dict(connection.execute("SELECT digest, tree FROM playbook").fetchall())


def dues_of(connection: Connection, key: int) -> list[tuple[str, str, str, str, int]]:
    """What one case owes, as (kind, opens on, due on, what, ref)."""
    return connection.execute(
        "SELECT kind, opens_on, due_on, what, ref FROM due WHERE case_id = ? ORDER BY due_on, id",
        (key,),
    ).fetchall()


def suppressed_hashes(connection: Connection, hashes: Iterable[str], entry: int | None = None) -> set[str]:
    """Those of these keyed hashes that are on the suppression list, or under one entry of it."""
    wanted = list(hashes)
    mine = "" if entry is None else f" AND suppression_id = {int(entry)}"
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT hash FROM suppression_key WHERE hash IN ({marks}){mine}",
            chunk,
        )
        found |= {row[0] for row in rows}
    return found


def any_suppression(connection: Connection) -> bool:
    return connection.execute("SELECT 1 FROM suppression_key LIMIT 1").fetchone() is not None


def cut_off(connection: Connection) -> bool:
    """Whether an import was cut off, or is under way: its rows are there, and seen by nobody."""
    return connection.execute("SELECT 1 FROM batch WHERE state = 'staging'").fetchone() is not None


def batch_of(connection: Connection, key: str) -> int | None:
    """The import that brought in the same file, read the same way."""
    query = "SELECT id FROM batch WHERE key = ? AND state = 'done' ORDER BY id LIMIT 1"
    row = connection.execute(query, (key,)).fetchone()
    return int(row[0]) if row else None


class Batch(NamedTuple):
    """An import so far; `state` is done, undone, or listed for a list of people to leave alone."""

    number: int
    at: str
    by: str
    file: str
    counts: dict[str, int]
    state: str


def batches(connection: Connection) -> list[Batch]:
    """The imports so far, the latest first; one under way is none yet."""
    rows = connection.execute(
        'SELECT b.id, c.at, c."by", b.file, b.counts, b.state FROM batch b'
        " JOIN command c ON c.id = b.command_id WHERE b.state != 'staging' ORDER BY b.id DESC"
    )
    return [
        Batch(number, at, by, file, json.loads(kept), state) for number, at, by, file, kept, state in rows
    ]
