"""The reads of messages to customers, wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from winback_cli.customer import label
from winback_cli.errors import NotFound
from winback_cli.store.reads import Connection

DRAFT, APPROVED, SENDING, SENT = "draft", "approved", "sending", "sent"
FAILED, UNCERTAIN, DROPPED = "failed", "uncertain", "dropped"
WAITING = (DRAFT, APPROVED, SENDING, FAILED, UNCERTAIN)  # what `outbox` shows first
EDITABLE = (DRAFT, APPROVED, FAILED)
LAST = 2**63 - 1  # the highest number that a store can hold


class Message(NamedTuple):
    """A message to a customer, wherever it stands. `waived` are findings set aside, each with why."""

    number: int
    case_key: int
    case: str
    customer: int
    customer_name: str
    stage: str
    fix: int | None
    to: str
    to_name: str
    subject: str
    body: str
    state: str
    message_id: str
    by: str
    at: str
    approved_by: str
    claimed_at: str | None
    settled_at: str | None
    detail: str
    waived: tuple[dict[str, str], ...]


_MESSAGE = """SELECT m.id, m.case_id, u.id || '.' || c.number, u.id, u.name, u.company, m.stage, m.fix_id,
    m."to", m.to_name, m.subject, m.body, m.state, m.message_id, m."by", m.at, m.approved_by,
    m.claimed_at, m.settled_at, m.detail, m.waived
    FROM message m JOIN casefile c ON c.id = m.case_id JOIN customer u ON u.id = c.customer_id"""


def messages(
    connection: Connection, states: Sequence[str] = (), customer: int | None = None
) -> list[Message]:
    """Messages in the order in which they were drafted; of some states, of one customer."""
    clauses, values = ["1"], list[Any]()
    if states:
        clauses.append(f"m.state IN ({', '.join('?' * len(states))})")
        values += states
    if customer is not None:
        clauses.append("c.customer_id = ?")
        values.append(customer)
    query = f"{_MESSAGE} WHERE {' AND '.join(clauses)} ORDER BY m.id"
    return [_message(row) for row in connection.execute(query, values)]


def message(connection: Connection, number: int) -> Message:
    """One message; raises NotFound where there is none of that number."""
    known = 0 < number <= LAST
    row = connection.execute(f"{_MESSAGE} WHERE m.id = ?", (number if known else 0,)).fetchone()
    if row is None:
        raise NotFound(f"There is no message {number}.", "winback outbox shows all.")
    return _message(row)


def _message(row: tuple[Any, ...]) -> Message:
    number, key, case, customer, name, company, *rest, waived = row
    return Message._make((number, key, case, customer, label(name, company), *rest, (*json.loads(waived),)))


def paused(connection: Connection) -> bool:
    """Whether sending waits since the store was restored: what was sent since the copy is not known."""
    return connection.execute("SELECT 1 FROM about WHERE name = 'restored'").fetchone() is not None


def count(connection: Connection) -> dict[str, int]:
    """How many messages there are, by state."""
    return dict(connection.execute("SELECT state, count(*) FROM message GROUP BY state").fetchall())
