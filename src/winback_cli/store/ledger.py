"""The ledger of concessions: who was offered what, and how many could ask for the same (B5.4)."""

from __future__ import annotations

from typing import NamedTuple

from winback_cli.money import Money
from winback_cli.offers import Ripple
from winback_cli.stages import Reason
from winback_cli.store.reads import SUPPRESSED, Connection


class Given(NamedTuple):
    """An offer on record; `reason` is its case's."""

    case: str
    customer: int
    name: str
    company: str
    status: str
    outcome: str | None
    kind: str
    terms: str
    cost: Money | None
    expires: str | None
    reason: str


_GIVEN = """SELECT u.id || '.' || c.number, u.id, u.name, u.company, c.status, c.outcome, o.kind, o.terms,
    o.cost, o.currency, o.expires, o.reason
    FROM concession o JOIN casefile c ON c.id = o.case_id JOIN customer u ON u.id = c.customer_id"""


def given(connection: Connection, kind: str = "", customer: int | None = None) -> list[Given]:
    """Every offer on record, of one kind, of one customer; the latest case first, nobody left alone."""
    rows = connection.execute(
        f"{_GIVEN} WHERE NOT u.{SUPPRESSED} AND (? = '' OR o.kind = ?) AND (? IS NULL OR u.id = ?)"
        " ORDER BY c.id DESC, o.place",
        (kind, kind, customer, customer),
    )
    found = []
    for *told, cost, currency, expires, reason in rows:
        money = None if cost is None else Money(cost, currency)
        found.append(Given._make((*told, money, expires, reason)))
    return found


_HAVE = f"""FROM concession o JOIN casefile c ON c.id = o.case_id JOIN customer u ON u.id = c.customer_id
    WHERE o.kind = ? AND u.id != ? AND NOT u.{SUPPRESSED}"""


def ripple(connection: Connection, kind: str, reason: str, customer: int, cost: Money | None) -> Ripple:
    """What granting an offer of that kind to everybody comparable would mean.

    Comparable are those whose case, or else their list, names the same reason, a leaf counting as its
    reason; where none is known, everybody. Nobody who is left alone counts, nor the customer it is about.
    """
    why = reason.partition("/")[0]
    alike = why not in ("", Reason.UNKNOWN)
    theirs = "coalesce(nullif(c.reason, ''), u.reason)"
    (could_ask,) = connection.execute(
        "SELECT count(*) FROM customer u LEFT JOIN casefile c ON c.id = u.case_id"
        f" WHERE NOT u.{SUPPRESSED} AND u.id != ? AND (? OR {theirs} = ? OR {theirs} LIKE ? ESCAPE '!')"
        f" AND u.id NOT IN (SELECT u.id {_HAVE})",
        (customer, not alike, why, f"{why.replace('_', '!_')}/%", kind, customer),
    ).fetchone()
    given, unpriced = connection.execute(
        f"SELECT count(DISTINCT u.id), count(*) - count(o.cost) {_HAVE}", (kind, customer)
    ).fetchone()
    spent = connection.execute(
        f"SELECT sum(o.cost), o.currency {_HAVE} AND o.cost IS NOT NULL GROUP BY o.currency ORDER BY 2",
        (kind, customer),
    )
    return Ripple(given, could_ask, cost, tuple(Money(*row) for row in spent), unpriced, alike)
