"""Every read of the store, once: a DB-API connection in, values out. Plain, portable SQL.

Used by reading commands on a connection of their own and by the writing transactions on theirs.
"""

import json
import re
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from winback_cli import text
from winback_cli.case import Event
from winback_cli.customer import ContactPoint, canonical_email, label

Connection = sqlite3.Connection
_SUPPRESSED = "suppression_id IS NOT NULL"
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


class DueLine(NamedTuple):
    """Something due, with whom it concerns."""

    customer: int
    name: str
    company: str
    owner: str
    case: str
    status: str
    kind: str
    opens_on: str
    due_on: str
    what: str
    ref: int


class CustomerLine(NamedTuple):
    """A customer in a table, with the state of the latest case."""

    number: int
    name: str
    company: str
    owner: str
    how_left: str
    last_purchase: str | None
    revenue: int | None
    currency: str
    suppressed: bool
    case: str | None
    status: str | None
    outcome: str | None
    stage: str | None
    due_on: str | None


class Counts(NamedTuple):
    """How much there is in the store."""

    customers: int
    suppressed: int
    open: int
    dormant: int
    closed: int


_CUSTOMER = f"""SELECT u.id, u.external_id, u.name, u.company, u.city, u.country, u.owner,
    u.how_left, u.reason, u.notes, u.first_purchase, u.last_purchase, u.orders, u.revenue,
    u.currency, u.edited, u.{_SUPPRESSED}, s.reason, u.case_status
    FROM customer u LEFT JOIN suppression s ON s.id = u.suppression_id"""  # noqa: S608 - a constant
_CUSTOMER_LINE = f"{_CUSTOMER} LEFT JOIN casefile c ON c.id = u.case_id"


def customer(connection: Connection, number: int) -> CustomerRecord | None:
    row = connection.execute(f"{_CUSTOMER} WHERE u.id = ?", (number,)).fetchone()
    return _record(row) if row else None


def _record(row: tuple[object, ...]) -> CustomerRecord:
    record = CustomerRecord(*row)  # type: ignore[arg-type]
    return record._replace(suppressed=bool(record.suppressed))


def breaches(connection: Connection, key: int) -> list[tuple[str, list[str]]]:
    """What in a case goes against its playbook, as (the rule in words, the ids it comes from)."""
    row = connection.execute("SELECT breaches FROM casefile WHERE id = ?", (key,)).fetchone()
    return [(breach["say"], breach["source"]) for breach in json.loads(row[0])]


def points(connection: Connection, number: int) -> list[ContactPoint]:
    rows = connection.execute(
        "SELECT kind, value, state FROM contact_point WHERE customer_id = ? ORDER BY id", (number,)
    )
    return [ContactPoint(*row) for row in rows]


def points_of(connection: Connection, numbers: list[int]) -> dict[int, list[ContactPoint]]:
    """The contact points of these customers, by customer."""
    found: dict[int, list[ContactPoint]] = {}
    for start in range(0, len(numbers), 500):
        chunk = numbers[start : start + 500]
        marks = ",".join("?" * len(chunk))
        query = f"""SELECT customer_id, kind, value, state FROM contact_point
            WHERE customer_id IN ({marks}) ORDER BY customer_id, id"""  # noqa: S608 - marks only
        for number, *point in connection.execute(query, chunk):
            found.setdefault(number, []).append(ContactPoint(*point))
    return found


def find(connection: Connection, who: str, limit: int = 21) -> list[tuple[int, str, str, str]]:
    """The customers that WHO may mean, as (number, name, company, city): by e-mail or by words."""
    if "@" in who and " " not in who.strip():
        return connection.execute(
            "SELECT DISTINCT c.id, c.name, c.company, c.city FROM contact_point p"
            " JOIN customer c ON c.id = p.customer_id WHERE p.canonical = ? AND p.kind = 'email'"
            " ORDER BY c.id LIMIT ?",
            (canonical_email(who), limit),
        ).fetchall()
    words = text.fold(who).split()
    if not words:
        return []
    clause = " AND ".join(["folded LIKE ? ESCAPE '\\'"] * len(words))
    marks = [_like(word) for word in words]
    query = f"SELECT id, name, company, city FROM customer WHERE {clause}"  # noqa: S608
    begins = f"{query} AND id IN (SELECT rowid FROM customer_text WHERE customer_text MATCH ?)"  # noqa: S608
    # A part within a word is looked for last: that takes a look at everybody.
    for look, values in ((begins, [*marks, _match(who)]), (query, marks)):
        found = connection.execute(f"{look} ORDER BY id LIMIT ?", (*values, limit)).fetchall()
        if found:
            break
    exact = [row for row in found if text.fold(who) in (text.fold(row[1]), text.fold(row[2]))]
    return exact if len(exact) == 1 else found


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


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


_DUE = """SELECT u.id, u.name, u.company, u.owner, u.id || '.' || c.number, c.status, d.kind,
    d.opens_on, d.due_on, d.what, d.ref
    FROM due d JOIN casefile c ON c.id = d.case_id JOIN customer u ON u.id = d.customer_id WHERE """
_DUE_ORDER = " ORDER BY d.due_on, d.how_rank, d.revenue DESC, d.id LIMIT ?"
_OVERDUE_PROMISE = "d.kind = 'promise' AND d.due_on < ?"


def _dues(connection: Connection, clause: str, *values: object) -> list[DueLine]:
    rows = connection.execute(_DUE + clause + _DUE_ORDER, values)
    return [DueLine(*row) for row in rows]


def due(connection: Connection, today: str, limit: int = 0) -> list[DueLine]:
    """What can be done today, the most urgent first; overdue promises apart."""
    clause = f"d.opens_on <= ? AND NOT ({_OVERDUE_PROMISE})"
    return _dues(connection, clause, today, today, limit or -1)


def to_walk(connection: Connection, today: str) -> DueLine | None:
    """The most urgent thing that a walk can settle: closed cases are not walked."""
    return next(iter(_dues(connection, "c.status != 'closed' AND d.opens_on <= ?", today, 1)), None)


def overdue_promises(connection: Connection, today: str, limit: int = 0) -> list[DueLine]:
    return _dues(connection, _OVERDUE_PROMISE, today, limit or -1)


def due_until(connection: Connection, last_day: str, limit: int = 0) -> list[DueLine]:
    """What falls due up to a day, overdue things included."""
    return _dues(connection, "d.opens_on <= ?", last_day, limit or -1)


def waiting(connection: Connection, today: str, limit: int = 0) -> list[DueLine]:
    """What opens later, the soonest first."""
    rows = connection.execute(
        f"{_DUE} d.opens_on > ? ORDER BY d.opens_on, d.due_on, d.id LIMIT ?", (today, limit or -1)
    )
    return [DueLine(*row) for row in rows]


class Dues(NamedTuple):
    """How much is due, each counted no further than `MANY`."""

    overdue: int
    due: int
    waiting: int


MANY = 1000


def count_dues(connection: Connection, today: str) -> Dues:
    """How many promises are overdue, how much else can be done, how much waits."""
    clauses = (
        (_OVERDUE_PROMISE, (today,)),
        (f"d.opens_on <= ? AND NOT ({_OVERDUE_PROMISE})", (today, today)),
        ("d.opens_on > ?", (today,)),
    )
    counted = []
    for clause, values in clauses:
        query = f"SELECT count(*) FROM (SELECT 1 FROM due d WHERE {clause} LIMIT {MANY})"  # noqa: S608
        counted.append(connection.execute(query, values).fetchone()[0])
    return Dues(*counted)


def dues_of(connection: Connection, key: int) -> list[tuple[str, str, str, str, int]]:
    """What one case owes, as (kind, opens on, due on, what, ref)."""
    return connection.execute(
        "SELECT kind, opens_on, due_on, what, ref FROM due WHERE case_id = ? ORDER BY due_on, id",
        (key,),
    ).fetchall()


_LINE = f"""SELECT u.id, u.name, u.company, u.owner, u.how_left, u.last_purchase, u.revenue,
    u.currency, u.{_SUPPRESSED}, u.id || '.' || c.number, c.status, c.outcome, c.stage,
    CASE WHEN u.list_on < '9999' THEN u.list_on END
    FROM customer u LEFT JOIN casefile c ON c.id = u.case_id"""  # noqa: S608 - a constant


def queue(connection: Connection, cutoff: str, limit: int) -> list[CustomerLine]:
    """Whom to win back next: no case yet, lapsed by `cutoff` or leaving or upset, and wanted.

    Departing first, then upset, then lapsed; among them the highest revenue.
    """
    rows = connection.execute(
        "SELECT id, name, company, owner, how_left, last_purchase, revenue, currency, 0,"
        " NULL, NULL, NULL, NULL, NULL FROM customer"
        " WHERE suppression_id IS NULL AND case_status IS NULL AND how_rank < 3"
        " AND (how_rank < 2 OR last_purchase IS NULL OR last_purchase <= ?)"
        " ORDER BY how_rank, revenue DESC, id LIMIT ?",
        (cutoff, limit or -1),
    )
    return [_line(row) for row in rows]


def alike(connection: Connection, cutoff: str, number: int, most: int) -> int:
    """How many others wait in the queue who went quiet, counted no further than `most`."""
    (count,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM customer"
        " WHERE suppression_id IS NULL AND case_status IS NULL AND how_rank = 2"
        " AND (last_purchase IS NULL OR last_purchase <= ?) AND id != ? LIMIT ?)",
        (cutoff, number, most),
    ).fetchone()
    return int(count)


class Wanted(NamedTuple):
    """Which customers a list shows, and in which order; what is empty leaves nobody out."""

    status: str = ""  # open, dormant, closed, none, suppressed; or an outcome
    stage: str = ""
    owner: str = ""
    reason: str = ""
    lapsed_by: str = ""  # last bought on this day or before
    words: tuple[str, ...] = ()  # each is found in the name, the notes or a case
    sort: str = "due"


SORTS = {
    "due": "u.list_on, u.how_rank, u.revenue DESC, u.id",
    "name": "u.folded, u.id",
    "revenue": "u.revenue DESC, u.id",
    "last": "u.last_purchase DESC, u.id",
    "number": "u.id",
}
OUTCOMES = ("won", "lost", "released")
STATUSES = ("open", "dormant", "closed", "none", "suppressed", *OUTCOMES)


def lines(connection: Connection, wanted: Wanted, limit: int) -> list[CustomerLine]:
    """The customers that are wanted, each with the state of the latest case; `limit` 0 for all."""
    clause, values = _wanted(wanted)
    rows = connection.execute(
        f"{_LINE}{clause} ORDER BY {SORTS[wanted.sort]} LIMIT ?", (*values, limit or -1)
    )
    return [_line(row) for row in rows]


def customers(connection: Connection, wanted: Wanted, limit: int) -> list[CustomerRecord]:
    """The customers that are wanted, by number unless sorted otherwise; `limit` 0 for all."""
    clause, values = _wanted(wanted)
    order = SORTS["number" if wanted.sort == "due" else wanted.sort]
    rows = connection.execute(f"{_CUSTOMER_LINE}{clause} ORDER BY {order} LIMIT ?", (*values, limit or -1))
    return [_record(row) for row in rows]


def count_lines(connection: Connection, wanted: Wanted) -> int:
    """How many are wanted."""
    clause, values = _wanted(wanted)
    query = "SELECT count(*) FROM customer u LEFT JOIN casefile c ON c.id = u.case_id"
    if clause == "":
        query = "SELECT count(*) FROM customer"
    return int(connection.execute(query + clause, values).fetchone()[0])


def _wanted(wanted: Wanted) -> tuple[str, list[object]]:
    clauses: list[str] = []
    values: list[object] = []

    def only(clause: str, *given: object) -> None:
        clauses.append(clause)
        values.extend(given)

    if wanted.status == "none":
        only("u.case_status IS NULL AND u.suppression_id IS NULL")
    elif wanted.status == "suppressed":
        only("u.suppression_id IS NOT NULL")
    elif wanted.status in OUTCOMES:
        only("c.outcome = ? AND u.suppression_id IS NULL", wanted.status)
    elif wanted.status:
        only("u.case_status = ? AND u.suppression_id IS NULL", wanted.status)
    if wanted.stage:
        only("c.stage = ? AND c.status = 'open'", wanted.stage)
    if wanted.owner:
        only("u.owner = ?", wanted.owner)
    if wanted.reason:  # one of the taxonomy takes its leaves along; a list's own words count too
        only(
            "(c.reason = ? OR substr(c.reason, 1, ?) = ? OR coalesce(c.reason, '') = '' AND u.reason = ?)",
            wanted.reason,
            len(wanted.reason) + 1,
            f"{wanted.reason}/",
            wanted.reason,
        )
    if wanted.lapsed_by:
        only("u.last_purchase <= ?", wanted.lapsed_by)
    for word in wanted.words:
        only(_FOUND, _match(word), _match(word))
    return (f" WHERE {' AND '.join(clauses)}" if clauses else ""), values


_FOUND = """u.id IN (SELECT rowid FROM customer_text WHERE customer_text MATCH ? UNION
    SELECT f.customer_id FROM casefile f WHERE f.id IN
    (SELECT rowid FROM case_text WHERE case_text MATCH ?))"""


def _match(word: str) -> str:
    """A word as FTS5 looks for it: its letters and digits, whole or as the beginning of a word."""
    parts = re.findall(r"\w+", text.fold(word)) or ["\x01"]  # which no text holds
    return " AND ".join(f'"{part}"*' for part in parts)


def owners(connection: Connection) -> list[str]:
    """Everybody who owns a customer."""
    rows = connection.execute("SELECT DISTINCT owner FROM customer WHERE owner != '' ORDER BY owner")
    return [row[0] for row in rows]


def _line(row: tuple[object, ...]) -> CustomerLine:
    line = CustomerLine(*row)  # type: ignore[arg-type]
    return line._replace(suppressed=bool(line.suppressed))


def counts(connection: Connection) -> Counts:
    total = connection.execute("SELECT count(*) FROM customer").fetchone()[0]
    alone = "SELECT count(*) FROM customer WHERE list_on = '9999-12-31'"
    suppressed = connection.execute(alone).fetchone()[0]
    by_status = dict(connection.execute("SELECT status, count(*) FROM casefile GROUP BY status").fetchall())
    found = (by_status.get(status, 0) for status in ("open", "dormant", "closed"))
    return Counts(total, suppressed, *found)


def suppressed_hashes(connection: Connection, hashes: Iterable[str]) -> set[str]:
    """Those of these keyed hashes that are on the suppression list."""
    wanted = list(hashes)
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT hash FROM suppression_key WHERE hash IN ({marks})",  # noqa: S608 - marks only
            chunk,
        )
        found |= {row[0] for row in rows}
    return found


def any_suppression(connection: Connection) -> bool:
    return connection.execute("SELECT 1 FROM suppression_key LIMIT 1").fetchone() is not None


def batch_of(connection: Connection, key: str) -> int | None:
    """The import that brought in the same file, read the same way."""
    row = connection.execute("SELECT id FROM batch WHERE key = ? ORDER BY id LIMIT 1", (key,)).fetchone()
    return int(row[0]) if row else None
