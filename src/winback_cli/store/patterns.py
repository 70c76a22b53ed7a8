"""Others who name the same reason, reasons by how often they come up, and what a concession would cost
everybody comparable (B4.2, B4.3, B5.4): plain SQL.

Of those who were left alone nobody is quoted, named or counted as one who could ask.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from winback_cli import patterns
from winback_cli.case import fold
from winback_cli.patterns import Alike, Count, Pattern, Theory
from winback_cli.store import reads
from winback_cli.store.reads import SUPPRESSED, Connection

LOOKED_AT = 5_000  # of a reason, the latest ones: whoever has more needs no warning of the others

_LATEST = f"""SELECT * FROM (SELECT id, customer_id, number, opened_at, reason, product FROM casefile
    WHERE reason %s AND reason != '' AND opened_at >= ? ORDER BY opened_at DESC LIMIT {LOOKED_AT})"""
_ALIKE = f"""SELECT c.id, u.id || '.' || c.number, u.id, c.opened_at, c.reason, c.product, u.owner
    FROM ({_LATEST % "= ?"} UNION ALL {_LATEST % "BETWEEN ? AND ?"}) c
    JOIN customer u ON u.id = c.customer_id WHERE u.id != ? AND NOT u.{SUPPRESSED}
    ORDER BY c.opened_at DESC, c.id DESC"""


def pattern(
    connection: Connection, customer: int, owner: str, reason: str, product: str, today: date
) -> Pattern | None:
    """What others who named the same reason lately say about a case that was called specific (B4.2).

    None where they are fewer than `patterns.MANY`. Only of those that are named are events read.
    """
    found = patterns.others(reason, product, owner, alike(connection, customer, reason, today))
    if len(found) < patterns.MANY:
        return None
    said = _said(connection, found[: patterns.NAMED])
    return patterns.pattern(reason, product, owner, found, said)


def alike(connection: Connection, customer: int, reason: str, today: date) -> list[Alike]:
    """The cases of other customers that name the reason or a leaf of it, of the last months, the latest
    first, none from before the earliest that is looked at.
    """
    top = reason.partition("/")[0]
    since = _instant(patterns.since(today))
    rows = connection.execute(_ALIKE, (top, since, f"{top}/", f"{top}/~", since, customer))
    return [Alike._make(row) for row in rows]


def _said(connection: Connection, named: list[Alike]) -> str:
    """Why the first of them left who said so, in their words."""
    for case in named:
        facts = fold(case.case, reads.events(connection, case.key)).facts
        if words := facts.get("heard.why_left"):
            return str(words)
    return ""


def _instant(day: date) -> str:
    """The instant at which a day of the user's calendar begins, as the store writes it."""
    begins = datetime.combine(day, time()).astimezone(UTC)
    return begins.strftime("%Y-%m-%dT%H:%M:%SZ")


def counts(connection: Connection, today: date) -> list[Count]:
    """How often each reason came up in the last days, and in the time before that they are judged by."""
    begun, recent, end = map(_instant, patterns.windows(today))
    rows = connection.execute(
        """SELECT reason, sum(opened_at >= ?), sum(opened_at < ?) FROM casefile
        WHERE reason != '' AND opened_at >= ? AND opened_at < ? GROUP BY reason ORDER BY reason""",
        (recent, recent, begun, end),
    )
    return [Count._make(row) for row in rows]


def first(connection: Connection) -> str | None:
    """The day on which the first case of all was opened that names a reason."""
    (day,) = connection.execute(
        "SELECT date(min(opened_at), 'localtime') FROM casefile WHERE reason != ''"
    ).fetchone()
    return day  # type: ignore[no-any-return]


def theories(connection: Connection, since: str) -> list[Theory]:
    """By reason, how often the firm's own theory was right, in cases opened on a day or later (B1.2)."""
    rows = connection.execute(
        """SELECT reason, theory, count(*) FROM casefile
        WHERE theory != '' AND (? = '' OR date(opened_at, 'localtime') >= ?) GROUP BY 1, 2 ORDER BY 1, 2""",
        (since, since),
    )
    return [Theory._make(row) for row in rows]
