"""The firm's own questionnaires: cases of nobody, kept under the number 0, which the view `customer`
leaves out; and what the cases of the customers say of why they left (E9).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from winback_cli.case import FIRM, Case, Entry, fold
from winback_cli.store import cases, reads
from winback_cli.store.cases import Opening, Standings
from winback_cli.store.reads import SUPPRESSED, Connection
from winback_cli.store.writing import Writing


class Said(NamedTuple):
    """Why somebody left, in their words; `names` are theirs, to be kept out of what is shown."""

    why: str
    names: str


def latest(connection: Connection) -> reads.CaseRef | None:
    """The firm's unclosed or latest questionnaire."""
    return reads.case_ref(connection, FIRM)


def maps(connection: Connection) -> list[reads.CaseRef]:
    """All of the firm's questionnaires, the latest first."""
    return reads.cases_of(connection, FIRM)[::-1]


def owner() -> reads.CustomerRecord:
    """The firm, in the place of the customer of a case."""
    blank = dict.fromkeys(reads.CustomerRecord._fields, "")
    nothing = ("external_id", "first_purchase", "last_purchase", "orders", "revenue", "suppression_reason")
    told = blank | dict.fromkeys((*nothing, "case_status"))
    told |= {"number": FIRM, "name": "The firm", "suppressed": False}
    return reads.CustomerRecord(**told)  # type: ignore[arg-type]


def begin(w: Writing, opening: Opening, standing: Standings, seeds: Sequence[Entry]) -> Case:
    """Open a questionnaire with what it begins with, or return the one that somebody else just opened."""
    from winback_cli.store.tables import CustomerRow

    if w.session.get(CustomerRow, FIRM) is None:
        w.session.add(CustomerRow(id=FIRM))
        w.session.flush()
    before = latest(w.raw)
    case = cases.open_case(w, FIRM, opening, standing)
    ref = latest(w.raw)
    assert ref is not None
    if not seeds or (before is not None and before.key == ref.key):
        return case
    return cases.append(w, ref.key, seeds, standing)


def reasons(connection: Connection) -> list[tuple[str, int]]:
    """Why customers left by their cases, and how many cases say so."""
    return connection.execute(
        "SELECT c.reason, count(*) FROM casefile c JOIN customer u ON u.id = c.customer_id"
        " WHERE c.reason != '' GROUP BY c.reason ORDER BY 2 DESC, 1"
    ).fetchall()


def replied(connection: Connection) -> list[tuple[str, int]]:
    """Why customers left by the answers to surveys that somebody confirmed, and how many say so; but for
    whoever has a case that says why.
    """
    return connection.execute(
        "SELECT r.reason, count(DISTINCT r.customer_id)"
        " FROM reply r JOIN customer u ON u.id = r.customer_id"
        " WHERE r.state = 'confirmed' AND r.reason != '' AND NOT EXISTS"
        " (SELECT 1 FROM casefile c WHERE c.customer_id = r.customer_id AND c.reason != '')"
        " GROUP BY r.reason ORDER BY 2 DESC, 1"
    ).fetchall()


_LATEST = f"""SELECT c.id, c.customer_id, c.number, u.name, u.company FROM casefile c
    JOIN customer u ON u.id = c.customer_id WHERE (c.reason = ? OR c.reason LIKE ? || '/%')
    AND NOT u.{SUPPRESSED} ORDER BY c.opened_at DESC, c.id DESC LIMIT ?"""


def said(connection: Connection, reason: str, most: int) -> list[Said]:
    """What the latest customers with a reason said of it; never of those left alone."""
    found = []
    for key, customer, number, *names in connection.execute(_LATEST, (reason, reason, most)).fetchall():
        facts = fold(f"{customer}.{number}", reads.events(connection, key)).facts
        if why := facts.get("heard.why_left"):
            found.append(Said(str(why), " ".join([*names, str(facts.get("contacted.person") or "")])))
    return found
