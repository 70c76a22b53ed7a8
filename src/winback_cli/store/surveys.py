"""Surveys and focus groups: who is asked, by which code, and what came back (A2); see `answering` for how.

Nobody who asked to be left alone is ever asked; what they answered before is counted and no more.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from winback_cli.errors import NotFound, Refused
from winback_cli.store import lists
from winback_cli.store.reads import SUPPRESSED, Connection
from winback_cli.store.writing import Writing
from winback_cli.survey import Question, Reply, new_code

_WILLING = "suppression_id IS NULL"
FIFTH = 5  # who is of great value: of so many parts the first, by revenue


class Survey(NamedTuple):
    """A survey, or a group, with how far it is. `by` and `seed`: how a group was drawn."""

    key: int
    name: str
    kind: str
    title: str
    questions: tuple[Question, ...]
    on: str
    invited: int
    answered: int
    to_review: int
    call_backs: int
    by: tuple[str, ...] = ()
    seed: int | None = None


class NewSurvey(NamedTuple):
    """A survey to begin; see `Survey`."""

    name: str
    kind: str
    title: str
    questions: tuple[Question, ...]
    by: tuple[str, ...] = ()
    seed: int | None = None


class Invited(NamedTuple):
    """Somebody who was asked, with what is written on their form."""

    number: int
    name: str
    company: str
    code: str
    email: str
    spare: bool
    answered: bool


class LeftOut(NamedTuple):
    """How many were not asked, and why."""

    alone: int = 0
    asked: int = 0  # in another survey, not long ago
    cased: int = 0  # somebody is talking with them


# -- whom to ask -----------------------------------------------------------------------------


def asked_since(connection: Connection, since: str) -> set[int]:
    """Who was asked in any survey after a day; spares were not asked unless they answered."""
    rows = connection.execute(
        'SELECT customer_id FROM invitation WHERE "on" > ? AND spare = 0 UNION'
        ' SELECT customer_id FROM reply WHERE "on" > ?',
        (since, since),
    )
    return {row[0] for row in rows}


def to_ask(
    connection: Connection, wanted: lists.Wanted, limit: int, since: str
) -> tuple[list[int], LeftOut]:
    """Whom to ask in the order of the queue, and how many before the last of them were left out.

    Whoever has a running case is in a conversation already: left out unless `wanted` names a status.
    """
    asked = asked_since(connection, since)
    found: list[int] = []
    left = LeftOut()
    for line in lists.lines(connection, wanted, 0):
        if limit and len(found) == limit:
            break
        if line.suppressed:
            left = left._replace(alone=left.alone + 1)
        elif line.number in asked:
            left = left._replace(asked=left.asked + 1)
        elif line.status in ("open", "dormant") and not wanted.status:
            left = left._replace(cased=left.cased + 1)
        else:
            found.append(line.number)
    return found, left


def has_reason(connection: Connection, reason: str) -> bool:
    """Whether anybody left for that, by their record or a case."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM customer WHERE reason = ?1)"
        " OR EXISTS (SELECT 1 FROM casefile WHERE reason = ?1)",
        (reason,),
    ).fetchone()
    return bool(row[0])


def case_reasons(connection: Connection) -> dict[int, str]:
    """The reason of each customer's latest case, where it is known."""
    rows = connection.execute(
        "SELECT u.id, c.reason FROM casefile c JOIN customer u ON u.case_id = c.id WHERE c.reason != ''"
    )
    return dict(rows.fetchall())


def begin(w: Writing, new: NewSurvey, numbers: Sequence[int], spares: Collection[int], since: str) -> int:
    """Begin a survey and give each of these customers a code; returns how many were asked.

    Whoever was left alone, or asked elsewhere, since they were chosen is passed over. Raises Refused
    for a name that is taken, or where nobody is left.
    """
    if find(w.raw, new.name) is not None:
        raise Refused(f"There is a survey {new.name} already.", f"winback survey show {new.name}")
    asked = asked_since(w.raw, since)
    people = [one for one in numbers if one not in asked and not is_alone(w, one)]
    if not people:
        raise Refused("Nobody is left to be asked.", "Nothing was changed.")
    kept = {"questions": new.questions, "by": new.by, "seed": new.seed}
    cursor = w.raw.execute(
        'INSERT INTO survey (command_id, name, kind, title, questions, "on") VALUES (?, ?, ?, ?, ?, ?)',
        (w.run(), new.name, new.kind, new.title, json.dumps(kept, ensure_ascii=False), w.clock.today),
    )
    today = w.clock.today.isoformat()
    w.raw.executemany(
        'INSERT INTO invitation (code, survey_id, customer_id, "on", spare) VALUES (?, ?, ?, ?, ?)',
        [
            (code, cursor.lastrowid, number, today, number in spares)
            for number, code in zip(people, _codes(w, len(people)), strict=True)
        ],
    )
    return len(people)


def _codes(w: Writing, count: int) -> list[str]:
    """So many codes that nobody has, nor can guess."""
    found: dict[str, None] = {}
    while len(found) < count:
        code = new_code(secrets.choice)
        taken = w.raw.execute("SELECT 1 FROM invitation WHERE code = ?", (code,)).fetchone()
        if taken is None:
            found[code] = None
    return list(found)


def drop(w: Writing, name: str) -> int:
    """Take back a survey that nobody answered; returns how many were to be asked."""
    survey = named(w.raw, name)
    if survey.answered:
        raise Refused(
            f"{survey.answered:,} answered {survey.name}: it is kept, with what they said.",
            f"To take the latest file of answers back: winback survey undo {survey.name}",
        )
    w.run()
    w.raw.execute("DELETE FROM invitation WHERE survey_id = ?", (survey.key,))
    w.raw.execute("DELETE FROM survey WHERE id = ?", (survey.key,))
    return survey.invited


def is_alone(w: Writing, number: int) -> bool:
    """Whether somebody is left alone; whoever is gone meanwhile counts as that too."""
    row = w.raw.execute(
        "SELECT 1 FROM customer WHERE id = ? AND suppression_id IS NULL", (number,)
    ).fetchone()
    return row is None


# -- read ------------------------------------------------------------------------------------

_SURVEY = """SELECT s.id, s.name, s.kind, s.title, s.questions, s."on",
    (SELECT count(*) FROM invitation i WHERE i.survey_id = s.id AND i.spare = 0),
    (SELECT count(*) FROM reply r WHERE r.survey_id = s.id),
    (SELECT count(*) FROM reply r JOIN customer u ON u.id = r.customer_id
     WHERE r.survey_id = s.id AND r.state = 'new' AND u.suppression_id IS NULL),
    (SELECT count(*) FROM reply r JOIN customer u ON u.id = r.customer_id
     WHERE r.survey_id = s.id AND r.call_back AND u.suppression_id IS NULL)
    FROM survey s"""


def surveys(connection: Connection) -> list[Survey]:
    """All of them, the latest first."""
    rows = connection.execute(f"{_SURVEY} ORDER BY s.id DESC").fetchall()
    return [_survey(row) for row in rows]


def find(connection: Connection, name: str) -> Survey | None:
    """The survey of that name."""
    row = connection.execute(f"{_SURVEY} WHERE s.name = ?", (name,)).fetchone()
    return _survey(row) if row else None


def named(connection: Connection, name: str) -> Survey:
    """The survey of that name in any case, or without one the latest; raises NotFound."""
    there = find(connection, name.strip().lower()) if name else next(iter(surveys(connection)), None)
    if there is None and name:
        raise NotFound("There is no survey of that name.", "winback survey list shows all.")
    if there is None:
        raise NotFound("There is no survey yet.", "winback survey new NAME --lapsed begins one.")
    return there


def of_code(connection: Connection, codes: Iterable[str]) -> str:
    """The name of the survey that the first known one of these codes is of; "" for none."""
    for code in codes:
        row = connection.execute(
            "SELECT s.name FROM invitation i JOIN survey s ON s.id = i.survey_id WHERE i.code = ?", (code,)
        ).fetchone()
        if row:
            return str(row[0])
    return ""


def _survey(row: Sequence[object]) -> Survey:
    key, name, kind, title, kept, *rest = row
    told = json.loads(str(kept))
    questions = tuple(Question(*one) for one in told["questions"])
    return Survey._make((key, name, kind, title, questions, *rest, tuple(told["by"]), told["seed"]))


def invited(connection: Connection, survey: int) -> Iterator[Invited]:
    """Who was asked and may be, by number: nobody who is left alone."""
    rows = connection.execute(
        f"""SELECT u.id, u.name, u.company, i.code, coalesce((SELECT p.value FROM contact_point p
        WHERE p.customer_id = u.id AND p.kind = 'email' AND p.state != 'invalid'
        ORDER BY p.state = 'stale', p.place LIMIT 1), ''), i.spare,
        EXISTS (SELECT 1 FROM reply r WHERE r.survey_id = i.survey_id AND r.customer_id = u.id)
        FROM invitation i JOIN customer u ON u.id = i.customer_id
        WHERE i.survey_id = ? AND NOT u.{SUPPRESSED} ORDER BY i.spare, u.id""",
        (survey,),
    )
    for number, name, company, code, email, spare, answered in rows:
        yield Invited(number, name, company, code, email, bool(spare), bool(answered))


# A touch that was taken back is none: `contact` is what stands of the case.
_TALKED = """EXISTS (SELECT 1 FROM casefile k JOIN event e ON e.case_id = k.id
    WHERE k.customer_id = r.customer_id AND k.contact = 'reached'
    AND e.kind = 'touched' AND e.happened >= r."on"
    AND json_extract(e.body, '$.disposition') IN ('reached', 'refused')
    AND coalesce(json_extract(e.body, '$.channel'), 'phone') IN ('phone', 'in_person', 'video'))"""
_REPLY = f"""SELECT r.id, r.customer_id, u.name, u.company, r."on", r.answers, r.call_back, r.suggested,
    r.confidence, r.reason, r.state, coalesce(c.customer_id || '.' || c.number, ''), u.{SUPPRESSED},
    u.revenue, u.currency, {_TALKED}
    FROM reply r JOIN customer u ON u.id = r.customer_id LEFT JOIN casefile c ON c.id = r.case_id
    WHERE """


def replies(connection: Connection, survey: int) -> list[Reply]:
    """What came back, in its order; who is valued and talked with since is told of each."""
    rows = connection.execute(f"{_REPLY} r.survey_id = ? ORDER BY r.id", (survey,)).fetchall()
    return _replies(connection, rows)


def replies_of(connection: Connection, customer: int) -> list[tuple[str, Reply]]:
    """What one customer answered, the latest first, each with the survey's name."""
    rows = connection.execute(
        f'{_REPLY} r.customer_id = ? ORDER BY r."on" DESC, r.id DESC', (customer,)
    ).fetchall()
    found = _replies(connection, rows)
    names = dict(
        connection.execute(
            "SELECT r.id, s.name FROM reply r JOIN survey s ON s.id = r.survey_id WHERE r.customer_id = ?",
            (customer,),
        ).fetchall()
    )
    return [(names[one.id], one) for one in found]


def _replies(connection: Connection, rows: Sequence[tuple[object, ...]]) -> list[Reply]:
    tops = valued_from(connection) if rows else {}
    found = []
    for *told, alone, revenue, currency, talked in rows:
        valued = isinstance(revenue, int) and revenue >= tops.get(str(currency), revenue + 1)
        reply = Reply._make((*told, bool(alone), valued, bool(talked)))
        found.append(
            reply._replace(answers=json.loads(str(reply.answers)), call_back=bool(reply.call_back))
        )
    return found


def valued_from(connection: Connection) -> dict[str, int]:
    """The revenue from which a customer is of the first fifth, by currency; of fewer than five, nobody."""
    counts = connection.execute(
        f"SELECT currency, count(*) FROM customer WHERE revenue > 0 AND {_WILLING} GROUP BY currency"
    ).fetchall()
    tops = {}
    for currency, count in counts:
        if count >= FIFTH:
            row = connection.execute(
                f"SELECT revenue FROM customer WHERE revenue > 0 AND {_WILLING} AND currency = ?"
                " ORDER BY revenue DESC LIMIT 1 OFFSET ?",
                (currency, count // FIFTH - 1),
            ).fetchone()
            tops[currency] = int(row[0])
    return tops
