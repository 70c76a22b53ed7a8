"""The scores of customers (C3), kept with the day they were reckoned on, and the queue that goes by them.

Everybody's are made anew by an import and by the first change of a day; whoever a transaction touches is
scored in it. What all of them were reckoned with - the assumptions, what is usual in this store, our own
outcomes - is kept beside them, so that one customer's score compares with all others. It is kept before the
first of them is made anew, so that whoever is touched meanwhile goes by it too, and a mark stands beside it
until the last one is: who finds the mark begins again, and whoever was at it before stops.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from winback_cli import text
from winback_cli.money import Money
from winback_cli.priority import (
    NONE_YET,
    SAMPLE,
    Assumptions,
    Known,
    Outcomes,
    Score,
    compared,
    measured,
    scores,
)
from winback_cli.stakes import Answered
from winback_cli.store.underway import locked

if TYPE_CHECKING:
    from winback_cli.case import Case
    from winback_cli.store.reads import Connection

TOGETHER = 5_000  # customers who are scored in one transaction
MANY = 100_000  # in a store of more, scores are made anew once a week, and by every import
A_WEEK = 7  # days
AT_ONCE = 2_000  # customers whom one transaction touches and scores; of more, all are scored after it
GROWN = 2  # times as many customers as were measured, and what is usual is measured again
_ABOUT = "scores"  # the row of `about` that holds the basis
_AT_IT = "scoring"  # the row of `about` that names the run that is scoring everybody
_LAST = 1e300  # where the queue has whoever has no score

_KNOWN = """SELECT u.id, u.last_purchase, u.first_purchase, u.orders, u.revenue, u.currency, u.regularity,
    u.how_left, coalesce(nullif(c.reason, ''), u.reason), coalesce(c.complaint, ''), c.referred,
    u.cancelled, coalesce(c.verdict, ''), u.suppression_id IS NOT NULL OR coalesce(c.status, '') = 'closed',
    coalesce(c.figures, ''), c.fix
    FROM customer_row u LEFT JOIN casefile c ON c.id = u.case_id WHERE u.id > 0 AND """
_FIX = """SELECT f.cost, f.currency, (SELECT count(*) FROM casefile c JOIN customer_row u
    ON u.id = c.customer_id WHERE c.fix = f.id AND c.status != 'closed' AND u.suppression_id IS NULL)
    FROM fix f WHERE f.id = ?"""


class Basis(NamedTuple):
    """What the scores of a store were last reckoned with: the day, what was measured, own outcomes.

    `given` is what the settings assumed then, `last` the highest number that a customer had.
    """

    on: str
    assumed: Assumptions
    outcomes: Outcomes
    given: Assumptions
    last: int = 0


class Means(NamedTuple):
    """What a command scores with: what the settings assume, and how to ask for our own outcomes."""

    given: Assumptions = Assumptions()
    outcomes: Callable[[sqlite3.Connection], Outcomes] = lambda _: NONE_YET


class Kept(NamedTuple):
    """A customer's score as it is kept: the chance, the value in minor units, the day, the currency; see
    `Score`.
    """

    chance: float | None
    value: int | None
    on: str
    currency: str


def kept(connection: Connection, number: int) -> Kept | None:
    """A customer's score; None where none was made yet."""
    row = connection.execute(
        'SELECT chance, value, "on", currency FROM score WHERE customer_id = ?', (number,)
    ).fetchone()
    return Kept(*row) if row else None


def basis(connection: Connection) -> Basis | None:
    """What the scores were reckoned with; None where they are to be made anew."""
    row = connection.execute("SELECT value FROM about WHERE name = ?", (_ABOUT,)).fetchone()
    if row is None:
        return None
    on, assumed, (won, closed, by_reason), given, *last = json.loads(row[0])
    outcomes = Outcomes(won, closed, {reason: tuple(counts) for reason, counts in by_reason.items()})
    return Basis(on, Assumptions(*assumed), outcomes, Assumptions(*given), *last)


def in_force(made: Basis | None, given: Assumptions) -> tuple[Assumptions, Outcomes]:
    """What somebody is reckoned with just now: what the settings assume, and what was measured."""
    if made is None:
        return given, NONE_YET
    if made.given == given:
        return made.assumed, made.outcomes
    measured_ = made.assumed
    now = given._replace(
        usual=measured_.usual,
        level=measured_.level,
        brings=measured_.brings,
        middle=measured_.middle,
    )
    return compared(now, now.usual), made.outcomes


def keep(raw: sqlite3.Connection, made: Basis) -> None:
    """Keep what the scores were reckoned with; inside a transaction."""
    raw.execute("INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)", (_ABOUT, json.dumps(made)))


def forget(raw: sqlite3.Connection) -> None:
    """Let everybody's score be made anew with the next change."""
    raw.execute("DELETE FROM about WHERE name = ?", (_ABOUT,))


# -- reckoning -------------------------------------------------------------------------------


def known(
    connection: Connection, where: str, values: Sequence[object], today: date
) -> list[tuple[int, Known]]:
    """What the store holds of some customers on a day, as the score takes it, by number."""
    day = today.isoformat()
    rows = connection.execute(f"{_KNOWN}{where} ORDER BY u.id", values).fetchall()
    people = [_known(day, *row) for row in rows]
    fixes: dict[int, tuple[Money | None, int]] = {}
    for place, figures, fix in [(n, row[-2], row[-1]) for n, row in enumerate(rows) if row[-2] or row[-1]]:
        if fix and fix not in fixes:
            fixes[fix] = _fix(connection, fix)
        number, one = people[place]
        people[place] = number, one._replace(answered=_answered(figures, *fixes.get(fix, (None, 1))))
    return people


def answered(connection: Connection, case: Case) -> Answered | None:
    """What was answered in a case, as it stands just now; the same that its row repeats."""
    from winback_cli.store import repeating

    told, fix = repeating.figures(case), case.facts.get("decided.fix_number")
    return _answered(told, *(_fix(connection, fix) if fix else (None, 1))) if told or fix else None


def _fix(connection: Connection, number: int) -> tuple[Money | None, int]:
    """What one of the firm's fixes costs, and how many open cases share it."""
    row = connection.execute(_FIX, (number,)).fetchone()
    if row is None:
        return None, 1
    cost, currency, sharing = row
    return None if cost is None else Money(cost, currency), max(sharing, 1)


def _answered(figures: str, fix: Money | None, sharing: int) -> Answered:
    """What was answered, as `repeating.figures` has it; the firm's own figure of a fix where none was."""
    told = json.loads(figures) if figures else [None, None, None, None, []]
    yearly, years, referrals, cost, offers = told
    costs = [Money(*one) for one in offers if one]
    return Answered(
        Money(*yearly) if yearly else None,
        years,
        referrals,
        Money(*cost) if cost else fix,
        sharing,
        tuple(costs),
        len(offers) - len(costs),
    )


def _known(
    today: str,
    number: int,
    last: str | None,
    first: str | None,
    orders: int | None,
    revenue: int | None,
    currency: str,
    regularity: float | None,
    how_left: str,
    reason: str,
    complaint: str,
    referred: int | None,
    cancelled: str,
    verdict: str,
    out: int,
    *more: object,
) -> tuple[int, Known]:
    return number, Known(
        _day(last),
        _day(first),
        orders,
        revenue,
        currency,
        regularity,
        how_left,
        text.fold(reason).replace(" ", "_") if reason else "",
        complaint,
        None if referred is None else bool(referred),
        _cancelled(cancelled, today) if cancelled else None,
        verdict,
        bool(out),
    )


def _cancelled(said: str, today: str) -> bool | None:
    """Whether somebody has cancelled; nobody has on a day to come."""
    return True if said == "yes" or said <= today else None


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def measure(
    connection: Connection,
    given: Assumptions,
    today: date,
    outcomes: Outcomes = NONE_YET,
    alone: Set[int] = frozenset(),
) -> Basis:
    """What is usual among a store's customers, told by an even sample; `alone` are about to be left so."""
    first, last = connection.execute(
        "SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM customer_row WHERE id > 0"
    ).fetchone()
    step = max((last - first) // SAMPLE + 1, 1)
    some = json.dumps(list(range(first, last + 1, step)))
    people = known(connection, "u.id IN (SELECT value FROM json_each(?))", (some,), today)
    rows = [row._replace(left_alone=row.left_alone or number in alone) for number, row in people]
    return Basis(today.isoformat(), measured(given, rows, today, outcomes), outcomes, given, last)


def reckoned(
    people: Sequence[tuple[int, Known]], made: Basis, today: date
) -> Iterator[tuple[int, float, float, int | None, str, str]]:
    """The rows of `score` for those of some customers who have one, in order."""
    on = today.isoformat()
    found = scores((row for _, row in people), made.assumed, today, made.outcomes)
    for (number, _), score in zip(people, found, strict=True):
        if score is not None:
            yield number, score.rank, score.chance, score.value, on, score.currency


def chance(raw: sqlite3.Connection, number: int, given: Assumptions, today: date) -> float | None:
    """The chance of a return as it is reckoned today, to be frozen in a case; None for who has none."""
    assumed, outcomes = in_force(basis(raw), given)
    people = known(
        raw, "u.id = ?", (number,), today
    )  # an earlier case is no bar, nor what was decided in it
    waiting = [row._replace(left_alone=False, verdict="") for _, row in people]
    found: Score | None = next(scores(waiting, assumed, today, outcomes), None)
    return round(found.chance, 4) if found else None


# -- writing ---------------------------------------------------------------------------------

_UPSERT = """INSERT INTO score (customer_id, rank, chance, value, "on", currency)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (customer_id) DO UPDATE SET rank = excluded.rank,
    chance = excluded.chance, value = excluded.value, "on" = excluded."on", currency = excluded.currency"""
_PLACES = f"""SELECT u.how_rank, coalesce(-s.rank, {_LAST}), u.id FROM customer_row u
    LEFT JOIN score s ON s.customer_id = u.id WHERE u.id > 0 AND u.id IN (SELECT value FROM json_each(?))"""
_WAITING = " AND u.suppression_id IS NULL AND u.case_status IS NULL"


def put(raw: sqlite3.Connection, people: Sequence[tuple[int, Known]], made: Basis, today: date) -> None:
    """Score some customers and put them in their place of the queue; inside a transaction."""
    numbers = json.dumps([number for number, _ in people])
    raw.execute(
        f"DELETE FROM ranking WHERE (how_rank, worth, customer_id) IN ({_PLACES}{_WAITING})", (numbers,)
    )
    rows = list(reckoned(people, made, today))
    raw.executemany(_UPSERT, rows)
    if len(rows) < len(people):  # who is left alone, let go of or through has none
        scored = json.dumps([row[0] for row in rows])
        raw.execute(
            "DELETE FROM score WHERE customer_id IN (SELECT value FROM json_each(?) EXCEPT"
            " SELECT value FROM json_each(?))",
            (numbers, scored),
        )
    raw.execute(f"INSERT OR IGNORE INTO ranking {_PLACES}{_WAITING}", (numbers,))


_TOUCHES = (
    ("touched_new", "INSERT", "customer_row", "id"),
    ("touched_row", "UPDATE", "customer_row", "id"),
    ("touched_case", "UPDATE", "casefile", "customer_id"),
)

_SHARED = (
    (
        "touched_share",
        "UPDATE OF fix, status ON main.casefile WHEN new.fix IS NOT old.fix OR new.status != old.status",
        "old.fix, new.fix",
    ),
    (
        "touched_alone",
        "UPDATE OF suppression_id ON main.customer_row"
        " WHEN new.suppression_id IS NOT old.suppression_id AND new.case_id IS NOT NULL",
        "(SELECT k.fix FROM main.casefile k WHERE k.id = new.case_id)",
    ),
)


def watch(raw: sqlite3.Connection) -> None:
    """Let this connection remember whom its transactions touch."""
    raw.execute("CREATE TEMP TABLE IF NOT EXISTS touched (id INTEGER PRIMARY KEY)")
    for name, act, table, row in _TOUCHES:
        raw.execute(
            f"CREATE TEMP TRIGGER IF NOT EXISTS {name} AFTER {act} ON main.{table}"
            f" BEGIN INSERT OR IGNORE INTO touched VALUES (new.{row}); END"
        )
    for name, what, fix in _SHARED:  # what one pays of a fix changes with whoever else waits for it
        raw.execute(
            f"CREATE TEMP TRIGGER IF NOT EXISTS {name} AFTER {what}"
            " BEGIN INSERT OR IGNORE INTO touched SELECT c.customer_id FROM main.casefile c"
            f" WHERE c.fix IN ({fix}) AND c.customer_id > 0; END"
        )


def refresh(raw: sqlite3.Connection, means: Means, today: date) -> None:
    """Score whomever this transaction touched, at its end; in a short list everybody, where that is due."""
    touched = raw.execute(f"SELECT id FROM temp.touched LIMIT {AT_ONCE + 1}").fetchall()
    if touched:
        raw.execute("DELETE FROM temp.touched")
        if not score_short(raw, means, today):
            _score_again(raw, [number for (number,) in touched], today)


def score_short(raw: sqlite3.Connection, means: Means, today: date) -> bool:
    """Score everybody of a short list within a transaction, where that is due; whether it was done."""
    (last,) = raw.execute("SELECT coalesce(max(id), 0) FROM customer_row").fetchone()
    if last > TOGETHER or not stale(raw, means.given, today):
        return False
    made = measure(raw, means.given, today, means.outcomes(raw))
    put(raw, known(raw, _SEEN, (), today), made, today)
    keep(raw, made)
    raw.execute("DELETE FROM about WHERE name = ?", (_AT_IT,))
    return True


def _score_again(raw: sqlite3.Connection, numbers: Sequence[int], today: date) -> None:
    made = basis(raw)
    if len(numbers) > AT_ONCE:
        forget(raw)
    elif made is not None:
        some = (json.dumps(numbers),)
        put(raw, known(raw, "u.id IN (SELECT value FROM json_each(?))", some, today), made, today)


def stale(connection: Connection, given: Assumptions, today: date) -> bool:
    """Whether everybody is to be scored anew: not yet done to the end, other assumptions, many more
    customers, or another day - in a long list, another week.
    """
    made = basis(connection)
    if made is None or made.given != given:
        return True
    if connection.execute("SELECT 1 FROM about WHERE name = ?", (_AT_IT,)).fetchone():
        return True
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM customer_row").fetchone()
    if last > made.last and last >= GROWN * made.last:
        return True
    apart = abs((today - date.fromisoformat(made.on)).days)
    return apart >= (A_WEEK if last > MANY else 1)


def score_all(raw: sqlite3.Connection, means: Means, today: date) -> Basis:
    """Score everybody, in short transactions, so that nobody waits long.

    Where another run begins with it meanwhile, this one leaves the rest to that.
    """
    made, run = measure(raw, means.given, today, means.outcomes(raw)), os.urandom(8).hex()
    with locked(raw):
        keep(raw, made)
        raw.execute("INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)", (_AT_IT, run))
    for start in range(1, made.last + 1, TOGETHER):
        with locked(raw):
            if not _is_at_it(raw, run):
                return made
            people = known(raw, f"u.id >= ? AND u.id < ? AND {_SEEN}", (start, start + TOGETHER), today)
            put(raw, people, made, today)
    with locked(raw):
        raw.execute("DELETE FROM about WHERE name = ? AND value = ?", (_AT_IT, run))
    return made


def _is_at_it(raw: sqlite3.Connection, run: str) -> bool:
    row = raw.execute("SELECT value FROM about WHERE name = ?", (_AT_IT,)).fetchone()
    return row is not None and row[0] == run


# An import that is under way ranks its own.
_SEEN = "(u.batch_id IS NULL OR u.batch_id NOT IN (SELECT b.id FROM batch b WHERE b.state = 'staging'))"


def fill(
    raw: sqlite3.Connection,
    batch: int,
    numbers: range,
    made: Basis,
    today: date,
    short: Callable[[], AbstractContextManager[None]],
) -> None:
    """Score the new customers of a batch, whom nobody sees yet; the caller gives them their place."""
    for start in range(numbers.start, numbers.stop, TOGETHER):
        people = known(
            raw, "u.id >= ? AND u.id < ? AND u.batch_id = ?", (start, start + TOGETHER, batch), today
        )
        rows = list(reckoned(people, made, today))
        with short():
            raw.executemany(_UPSERT, rows)
