"""The reads of desks and lists: what is due, whom to win back next, everybody that fits.

Ordered by indexes over the rows themselves, so that they hold as the store grows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from winback_cli.phones import digits
from winback_cli.store.reads import (
    CUSTOMER,
    SUPPRESSED,
    CaseRef,
    Connection,
    CustomerRecord,
    case_by_key,
    customer,
    match,
    record_of,
)


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


class Back(NamedTuple):
    """A customer who bought again while their case was open or asleep; the days are ISO."""

    customer: int
    name: str
    company: str
    owner: str
    case: str
    status: str
    opened_on: str
    bought_on: str


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
    chance: float | None
    value: int | None
    value_currency: str | None  # another than theirs where the margin was answered in it


class Counts(NamedTuple):
    """How much there is in the store."""

    customers: int
    suppressed: int
    open: int
    dormant: int
    closed: int


_DUE = """SELECT u.id, u.name, u.company, u.owner, u.id || '.' || c.number, c.status, d.kind,
    d.opens_on, d.due_on, d.what, d.ref
    FROM due d JOIN casefile c ON c.id = d.case_id JOIN customer u ON u.id = d.customer_id WHERE """
_DUE_ORDER = " ORDER BY d.due_on, d.how_rank, d.revenue DESC, d.id LIMIT ?"
# What comes before all else: a promise that is overdue, and the reason they left for that is back (E8).
_OVERDUE_PROMISE = "(d.kind = 'promise' AND d.due_on < ? OR d.kind = 'flag')"


def _dues(connection: Connection, clause: str, *values: object) -> list[DueLine]:
    rows = connection.execute(_DUE + clause + _DUE_ORDER, values)
    return [DueLine(*row) for row in rows]


def due(connection: Connection, today: str, limit: int = 0) -> list[DueLine]:
    """What can be done today, the most urgent first; overdue promises apart."""
    clause = f"d.opens_on <= ? AND NOT ({_OVERDUE_PROMISE})"
    return _dues(connection, clause, today, today, limit or -1)


def to_walk(connection: Connection, today: str) -> DueLine | None:
    """The most urgent thing that a walk can settle: closed cases are not walked."""
    clause = (
        "c.status != 'closed' AND NOT (c.status = 'dormant' AND d.kind = 'check_in') AND d.opens_on <= ?"
    )
    return next(iter(_dues(connection, clause, today, 1)), None)


def overdue_promises(connection: Connection, today: str, limit: int = 0) -> list[DueLine]:
    return _dues(connection, _OVERDUE_PROMISE, today, limit or -1)


def with_open_promises(connection: Connection) -> list[CaseRef]:
    """The cases that owe a promise with a day, left-alone customers' aside."""
    rows = connection.execute("SELECT DISTINCT case_id FROM due WHERE kind = 'promise' ORDER BY case_id")
    return [case_by_key(connection, key) for (key,) in rows.fetchall()]


def due_until(connection: Connection, last_day: str, limit: int = 0) -> list[DueLine]:
    """What falls due up to a day, overdue things included."""
    return _dues(connection, "d.opens_on <= ?", last_day, limit or -1)


def waiting(connection: Connection, today: str, limit: int = 0) -> list[DueLine]:
    """What opens later, the soonest first."""
    rows = connection.execute(
        f"{_DUE} d.opens_on > ? ORDER BY d.opens_on, d.due_on, d.id LIMIT ?", (today, limit or -1)
    )
    return [DueLine(*row) for row in rows]


# Whose case runs and who bought on a later day than it was opened; never after today.
_BACK = """SELECT u.id, u.name, u.company, u.owner, u.id || '.' || c.number, c.status,
    date(c.opened_at, 'localtime'), u.last_purchase
    FROM customer_row u JOIN casefile c ON c.id = u.case_id
    WHERE u.case_status IN ('open', 'dormant') AND +u.id > 0 AND u.suppression_id IS NULL
    AND u.last_purchase > date(c.opened_at, 'localtime') AND u.last_purchase <= ?"""
_PUT_OFF = "SELECT 1 FROM due d WHERE d.case_id = c.id AND d.kind = 'snoozed' AND d.opens_on > ?"


def back(connection: Connection, today: str, limit: int = 0) -> list[Back]:
    """Who bought again while their case runs, who bought last first; whoever is snoozed is left out."""
    rows = connection.execute(
        f"{_BACK} AND NOT EXISTS ({_PUT_OFF}) ORDER BY u.last_purchase DESC, u.id LIMIT ?",
        (today, today, limit or -1),
    )
    return [Back(*row) for row in rows]


def is_back(connection: Connection, customer: int, today: str) -> Back | None:
    """Whether this customer bought again while their case runs, snoozed or not."""
    row = connection.execute(f"{_BACK} AND u.id = ?", (today, customer)).fetchone()
    return Back(*row) if row else None


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
        query = f"SELECT count(*) FROM (SELECT 1 FROM due d WHERE {clause} LIMIT {MANY})"
        counted.append(connection.execute(query, values).fetchone()[0])
    return Dues(*counted)


_LINE = f"""SELECT u.id, u.name, u.company, u.owner, u.how_left, u.last_purchase, u.revenue,
    u.currency, u.{SUPPRESSED}, u.id || '.' || c.number, c.status, c.outcome, c.stage,
    CASE WHEN u.list_on < '9999' THEN u.list_on END, s.chance, s.value, s.currency FROM """
_SCORED = "LEFT JOIN score s ON s.customer_id = u.id"
_EVERYBODY = f"customer u LEFT JOIN casefile c ON c.id = u.case_id {_SCORED}"
_BY_RANK = "u.how_rank, u.revenue DESC, u.id"
# `list` in the order of what is due, part after part, each by an index: what falls due, the queue,
# whose case owes nothing, who is left alone.
_IN_TURN = (
    (_EVERYBODY, "u.list_on < '9999-12-30'", f"u.list_on, {_BY_RANK}"),
    (
        f"ranking r CROSS JOIN {_EVERYBODY.replace('customer u', 'customer u ON u.id = r.customer_id', 1)}",
        "1",
        "r.how_rank, r.worth, r.customer_id",
    ),
    (_EVERYBODY, "u.case_status IS NOT NULL AND u.list_on = '9999-12-30'", "s.rank DESC, u.id"),
    (_EVERYBODY, "u.suppression_id IS NOT NULL", _BY_RANK),
)


def queue(connection: Connection, cutoff: str, limit: int) -> list[CustomerLine]:
    """Whom to win back next (C3): no case yet, lapsed by `cutoff` or leaving or upset, and wanted.

    Who is leaving comes first, then who is upset (D1), then who went quiet; among them the best score.
    """
    rows = connection.execute(
        "SELECT u.id, u.name, u.company, u.owner, u.how_left, u.last_purchase, u.revenue, u.currency, 0,"
        f" NULL, NULL, NULL, NULL, NULL, s.chance, s.value, s.currency FROM ranking r"
        f" CROSS JOIN customer u ON u.id = r.customer_id {_SCORED}"
        " WHERE r.how_rank < 3 AND (r.how_rank < 2 OR u.last_purchase IS NULL OR u.last_purchase <= ?)"
        " ORDER BY r.how_rank, r.worth, r.customer_id LIMIT ?",
        (cutoff, limit or -1),
    )
    return [_line(row) for row in rows]


def alike(connection: Connection, cutoff: str, number: int, most: int) -> int:
    """How many others wait in the queue who went quiet, counted no further than `most`."""
    (count,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM ranking r CROSS JOIN customer u ON u.id = r.customer_id"
        " WHERE r.how_rank = 2 AND (u.last_purchase IS NULL OR u.last_purchase <= ?)"
        " AND u.id != ? LIMIT ?)",
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
    "due": "",  # part by part
    "priority": "",  # that is its order: what is due, then the queue
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
    order = SORTS[wanted.sort]
    parts = ((_EVERYBODY, "1", order),) if order else _parts(wanted)
    found: list[CustomerLine] = []
    for where, part, by in parts:
        room = limit - len(found) if limit else -1
        query = f"{_LINE}{where} WHERE {part}{clause} ORDER BY {by} LIMIT ?"
        found += [_line(row) for row in connection.execute(query, (*values, room))]
        if limit and len(found) == limit:
            break
    return found


def _parts(wanted: Wanted) -> tuple[tuple[str, str, str], ...]:
    """The parts of the list in which anybody can be who is wanted."""
    due, queue, cased, alone = _IN_TURN
    if wanted.status == "none":
        return (queue,)
    if wanted.status == "suppressed":
        return (alone,)
    return (due, cased) if wanted.status or wanted.stage else _IN_TURN


def customers(connection: Connection, wanted: Wanted, limit: int) -> list[CustomerRecord]:
    """The customers that are wanted, by number unless sorted otherwise; `limit` 0 for all."""
    if wanted.sort == "priority":
        found = (customer(connection, line.number) for line in lines(connection, wanted, limit))
        return [record for record in found if record]
    clause, values = _wanted(wanted)
    order = SORTS[wanted.sort] or SORTS["number"]
    rows = connection.execute(
        f"{CUSTOMER} LEFT JOIN casefile c ON c.id = u.case_id WHERE 1{clause} ORDER BY {order} LIMIT ?",
        (*values, limit or -1),
    )
    return [record_of(row) for row in rows]


def count_lines(connection: Connection, wanted: Wanted) -> int:
    """How many are wanted."""
    clause, values = _wanted(wanted)
    if clause == "":
        return counts(connection).customers
    query = f"SELECT count(*) FROM {_EVERYBODY} WHERE 1{clause}"
    return int(connection.execute(query, values).fetchone()[0])


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
        only(_FOUND, match(word), match(word))
    return "".join(f" AND {clause}" for clause in clauses), values


def known_people(connection: Connection) -> Iterator[tuple[int, str, str, str, tuple[str, ...]]]:
    """Everybody as (number, name, company, city, phones as digits), to be compared."""
    phones: dict[int, list[str]] = {}
    for number, value in connection.execute(
        "SELECT customer_id, value FROM contact_point WHERE kind = 'phone' AND state != 'invalid'"
    ):
        phones.setdefault(number, []).append(digits(value))
    for number, name, company, city in connection.execute("SELECT id, name, company, city FROM customer"):
        yield number, name, company, city, tuple(phones.get(number, ()))


class LeftAlone(NamedTuple):
    """An entry of the suppression list; without a number it has no record, and only its hashes are kept.

    `lifted` says, as JSON, by whom, when and why it was; "" while it stands.
    """

    number: int | None
    name: str
    company: str
    on: str
    by: str
    reason: str
    file: str | None
    lifted: str


def left_alone(connection: Connection) -> list[LeftAlone]:
    """Every entry of the suppression list in the order in which they were made, lifted ones too."""
    rows = connection.execute(
        "SELECT u.id, coalesce(u.name, ''), coalesce(u.company, ''), s.\"on\", s.\"by\", s.reason, b.file,"
        " s.lifted FROM suppression s LEFT JOIN customer u ON u.suppression_id = s.id"
        " LEFT JOIN batch b ON b.id = s.batch_id WHERE u.id IS NOT NULL OR s.lifted != ''"
        " OR s.id IN (SELECT suppression_id FROM suppression_key) ORDER BY s.id, u.id"
    )
    return [LeftAlone(*row) for row in rows]


_FOUND = """u.id IN (SELECT rowid FROM customer_text WHERE customer_text MATCH ? UNION
    SELECT f.customer_id FROM casefile f WHERE f.id IN
    (SELECT rowid FROM case_text WHERE case_text MATCH ?))"""


def owners(connection: Connection) -> list[str]:
    """Everybody who owns a customer."""
    rows = connection.execute("SELECT DISTINCT owner FROM customer WHERE owner != '' ORDER BY owner")
    return [row[0] for row in rows]


def _line(row: tuple[object, ...]) -> CustomerLine:
    line = CustomerLine(*row)  # type: ignore[arg-type]
    return line._replace(suppressed=bool(line.suppressed))


def _count(connection: Connection, of: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {of}").fetchone()[0])


def counts(connection: Connection) -> Counts:
    suppressed = _count(connection, "customer_row WHERE suppression_id IS NOT NULL")
    if _count(connection, "batch WHERE state = 'staging'"):
        total = _count(connection, "customer")
    else:  # what the small indexes hold, rather than a look at every row
        total = (
            _count(connection, "ranking")
            + suppressed
            + _count(connection, "customer_row WHERE case_status IS NOT NULL")
            - _count(
                connection, "customer_row WHERE suppression_id IS NOT NULL AND case_status IS NOT NULL"
            )
        )
    customers = "SELECT status, count(*) FROM casefile WHERE stage != 'programme' GROUP BY status"
    by_status = dict(connection.execute(customers).fetchall())
    found = (by_status.get(status, 0) for status in ("open", "dormant", "closed"))
    return Counts(total, suppressed, *found)
