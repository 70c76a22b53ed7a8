"""The ledger of concessions: who was offered what, and how many could ask for the same (B5.4)."""

from __future__ import annotations

from typing import NamedTuple

from winback_cli.money import Money
from winback_cli.offers import Comparable, Demand
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


# Why they left: by their case, else by the words of their list, as the taxonomy writes them.
_WHY = "coalesce(nullif(c.reason, ''), lower(replace(trim(u.reason), ' ', '_')))"
_SAME_WHY = f"({_WHY} = ? OR {_WHY} LIKE ? ESCAPE '!')"  # a leaf counts as its reason


def _same_why(why: str) -> tuple[str, str]:
    """The values of `_SAME_WHY`, for a reason or the words of a list."""
    words = why.strip().replace(" ", "_")
    words = "".join(letter.lower() if letter.isascii() else letter for letter in words)  # as SQLite does
    return words, f"{words.replace('_', '!_')}/%"


def last_offer(connection: Connection, customer: int, kind: str = "") -> tuple[str, Money | None]:
    """The kind of a customer's last offer (or last of that kind) and its cost; "" where there is none."""
    row = connection.execute(
        "SELECT o.kind, o.cost, o.currency FROM casefile c JOIN concession o ON o.case_id = c.id"
        " WHERE c.customer_id = ? AND (? = '' OR o.kind = ?) ORDER BY c.id DESC, o.place DESC LIMIT 1",
        (customer, kind, kind),
    ).fetchone()
    if row is None:
        return "", None
    return row[0], None if row[1] is None else Money(row[1], row[2])


def demand(
    connection: Connection, kind: str, customer: int, like: Comparable, cost: Money | None, share: int = 100
) -> Demand:
    """How many customers comparable with one have a concession of that kind, and could ask for it (B5.4).

    Nobody who is left alone counts, nor the customer it is about.
    """
    where, values = ["NOT u." + SUPPRESSED, "u.id != ?"], [kind, customer]
    for said, column in zip(like.segment or (), ("u.country", "u.currency"), strict=False):
        if said:
            where, values = [*where, f"{column} = ?"], [*values, said]
    if like.size is not None:
        where = [*where, "u.revenue BETWEEN ? AND ?", "u.currency = ?"]
        values = [*values, *like.size, like.currency]
    if like.reason is not None:
        where, values = [*where, _SAME_WHY], [*values, *_same_why(like.reason)]
    rows = connection.execute(
        f"""SELECT u.currency, u.id IN (SELECT k.customer_id FROM concession o
        JOIN casefile k ON k.id = o.case_id WHERE o.kind = ?) AS has, count(*)
        FROM customer u LEFT JOIN casefile c ON c.id = u.case_id
        WHERE {" AND ".join(where)} GROUP BY 1, 2 ORDER BY 1""",
        values,
    ).fetchall()
    given = sum(number for _, has, number in rows if has)
    without = tuple((currency, number) for currency, has, number in rows if not has)
    costs = connection.execute(
        f"""SELECT o.currency, sum(o.cost), count(*) - count(o.cost) FROM concession o
        JOIN casefile k ON k.id = o.case_id JOIN customer u ON u.id = k.customer_id
        LEFT JOIN casefile c ON c.id = u.case_id
        WHERE o.kind = ? AND {" AND ".join(where)} GROUP BY 1 ORDER BY 1""",
        values,
    ).fetchall()
    spent = tuple(Money(amount, currency) for currency, amount, _ in costs if amount is not None)
    return Demand(kind, like, given, without, cost, share, spent, sum(none for _, _, none in costs))
