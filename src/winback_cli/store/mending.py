"""What the firm mends, and which cases wait for it (B5, B6)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from winback_cli.errors import NotFound, Refused
from winback_cli.money import Money
from winback_cli.store.reads import SUPPRESSED, Connection
from winback_cli.store.writing import Writing

OPEN, DONE, DROPPED = "open", "done", "dropped"
LAST = 2**63 - 1  # the highest number that a store can hold


class Fix(NamedTuple):
    """What the firm mends. Days are ISO texts; `cases` counts those of `waiting_for`, closed ones too."""

    number: int
    what: str
    owner: str
    due: str | None
    cost: Money | None
    state: str
    done_on: str | None
    cases: int


class Waiting(NamedTuple):
    """The unclosed or latest case of a customer who asked for a fix, and whether they were told of it."""

    key: int
    case: str
    customer: int
    name: str
    company: str
    status: str
    outcome: str | None
    told: str | None  # the state of the latest message about it; `spoken` where a talk came since

    @property
    def is_to_be_told(self) -> bool:
        """Whether nobody has written to them about it yet, and it is not over between them and us (C10)."""
        return self.told is None and self.outcome not in ("lost", "released")


class NewFix(NamedTuple):
    """What a new fix is: what, who sees to it, by when, what it costs."""

    what: str
    owner: str = ""
    due: date | None = None
    cost: Money | None = None


_FIX = f"""SELECT f.id, f.what, f.owner, f.due, f.cost, f.currency, f.state, f.done_on,
    (SELECT count(DISTINCT u.id) FROM casefile c JOIN customer u ON u.id = c.customer_id
     WHERE c.fix = f.id AND NOT u.{SUPPRESSED})
    FROM fix f"""
_WAITING = f"""SELECT c.id, u.id || '.' || c.number, u.id, u.name, u.company, c.status, c.outcome,
    coalesce((SELECT m.state FROM message m JOIN casefile k ON k.id = m.case_id
     WHERE k.customer_id = u.id AND m.fix_id = c.fix AND m.state != 'dropped'
     ORDER BY m.id DESC LIMIT 1),
     (SELECT 'spoken' FROM event e JOIN casefile k ON k.id = e.case_id JOIN fix f ON f.id = c.fix
      WHERE k.customer_id = u.id AND e.kind = 'touched' AND e.happened >= f.done_on
      AND json_extract(e.body, '$.disposition') = 'reached' LIMIT 1))
    FROM casefile c JOIN customer u ON u.id = c.customer_id
    WHERE c.fix = ? AND NOT u.{SUPPRESSED} AND c.id = (SELECT l.id FROM casefile l
     WHERE l.customer_id = c.customer_id AND l.fix = c.fix
     ORDER BY l.status = 'closed', l.number DESC LIMIT 1) ORDER BY c.id"""


def fixes(connection: Connection, state: str = "") -> list[Fix]:
    """The firm's fixes, open ones first, the soonest due before the rest."""
    clause = " WHERE f.state = ?" if state else ""
    order = " ORDER BY f.state = 'dropped', f.state = 'done', f.due IS NULL, f.due, f.id"
    return [_fix(row) for row in connection.execute(_FIX + clause + order, (state,) if state else ())]


def fix(connection: Connection, number: int) -> Fix:
    """One fix; raises NotFound where there is none of that number."""
    known = 0 < number <= LAST
    row = connection.execute(_FIX + " WHERE f.id = ?", (number if known else 0,)).fetchone()
    if row is None:
        raise NotFound(f"There is no fix {number}.", "winback fix list shows all.")
    return _fix(row)


def _fix(row: tuple[object, ...]) -> Fix:
    number, what, owner, due, cost, currency, state, done_on, cases = row
    money = None if cost is None else Money(int(str(cost)), str(currency))
    return Fix(number, what, owner, due, money, state, done_on, cases)  # type: ignore[arg-type]


def waiting_for(connection: Connection, number: int) -> list[Waiting]:
    """Whoever asked for a fix, once, with their unclosed or latest case that did; nobody left alone."""
    return [Waiting(*row) for row in connection.execute(_WAITING, (number,))]


def to_tell(connection: Connection, limit: int) -> list[tuple[Fix, int]]:
    """Fixes that are done, each with how many who asked for it have no message about it yet."""
    found = []
    for one in fixes(connection, DONE):
        untold = sum(1 for case in waiting_for(connection, one.number) if case.is_to_be_told)
        if untold:
            found.append((one, untold))
        if len(found) == limit:
            break
    return found


def add(w: Writing, new: NewFix) -> int:
    """A new fix; returns its number."""
    from winback_cli.store.tables import FixRow

    cost, currency = new.cost or (None, "")
    row = FixRow(
        command_id=w.run(), what=new.what, owner=new.owner, due=new.due, cost=cost, currency=currency
    )
    w.session.add(row)
    w.session.flush()
    assert row.id is not None
    return row.id


def settle(w: Writing, number: int, state: str, on: date | None) -> Fix:
    """Mark a fix as done, dropped or open again; raises NotFound, Refused where it is so already.

    One that is done is not dropped: customers may have been told. Opened again, whatever waits to tell
    them is given up: nothing that is not done is called done (B6.6).
    """
    there = fix(w.raw, number)
    if there.state == state:
        since = f" since {there.done_on}" if there.done_on else ""
        raise Refused(f"Fix {number} is {state} already{since}.", f"winback fix show {number}")
    if (there.state, state) == (DONE, DROPPED):
        raise Refused(
            f"Fix {number} is done since {there.done_on}.", f"If it is not: winback fix reopen {number}"
        )
    w.run()
    if there.state == DONE:
        w.raw.execute(
            "UPDATE message SET state = 'dropped', detail = 'the fix is open again'"
            " WHERE fix_id = ? AND state IN ('draft', 'approved', 'failed')",
            (number,),
        )
    day = on.isoformat() if on and state == DONE else None
    w.raw.execute("UPDATE fix SET state = ?, done_on = ? WHERE id = ?", (state, day, number))
    return fix(w.raw, number)
