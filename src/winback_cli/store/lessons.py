"""What cases teach, out of their events: the cases since a day, folded as far as a digest reads them.

Only the events that matter are read, in their order, case after case. Nothing of people who asked to be
left alone comes out of here (A9).
"""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any

from winback_cli.case import Case, Event, fold
from winback_cli.customer import label
from winback_cli.digest import FACTS, FirmFix, Told
from winback_cli.store import mending
from winback_cli.store.reads import SUPPRESSED, Connection, points_of
from winback_cli.survey import Question, why_of

_TOGETHER = 500  # cases whose contact points are read at once
_SINCE = "(? = '' OR date(c.opened_at, 'localtime') >= ?)"
_PERSON = "contacted.person"
_READ = (*FACTS, _PERSON)
# Every case has an opening, so that one in which nobody said anything is counted too.
_FACT_READ = f"json_extract(e.body, '$.fact') IN ({','.join('?' * len(_READ))})"
_EVENTS = f"""SELECT c.id, u.id, u.id || '.' || c.number, u.name, u.company, u.owner, u.external_id,
    e.seq, e.kind, e.happened, e.body
    FROM casefile c JOIN customer u ON u.id = c.customer_id JOIN event e ON e.case_id = c.id
    WHERE NOT u.{SUPPRESSED} AND {_SINCE}
    AND (e.kind IN ('opened', 'touched', 'reopened', 'undone')
    OR e.kind IN ('answered', 'checked_in') AND {_FACT_READ})
    ORDER BY c.id, e.seq"""


def told(connection: Connection, since: str = "") -> Iterator[Told]:
    """What each case tells that was opened on that day or later, as they were opened; nobody's who is
    left alone.
    """
    rows = connection.execute(_EVENTS, (since, since, *_READ))
    cases = (_told(list(found)) for _, found in groupby(rows, key=lambda row: row[0]))
    while some := list(islice(cases, _TOGETHER)):
        yield from _with_places(connection, some)


_REPLIES = f"""SELECT u.id, u.name, u.company, u.owner, u.external_id, s.questions, r."on",
    r.answers, r.reason FROM reply r JOIN survey s ON s.id = r.survey_id
    JOIN customer u ON u.id = r.customer_id
    WHERE r.case_id IS NULL AND r.state != 'set_aside' AND NOT u.{SUPPRESSED} AND r."on" >= ?
    ORDER BY r.id"""


def answered(connection: Connection, since: str = "") -> Iterator[Told]:
    """What each answer to a survey tells that no case was made of, of that day or later; nobody's who is
    left alone, and none that was set aside. The reason is one that somebody confirmed.
    """
    replies = (_answered(row) for row in connection.execute(_REPLIES, (since,)))
    while some := list(islice(replies, _TOGETHER)):
        yield from _with_places(connection, some)


def _answered(row: tuple[Any, ...]) -> tuple[int, Told]:
    number, name, company, owner, other_id, questions, day, answers, reason = row
    asked = [Question(*one) for one in json.loads(questions)["questions"]]
    said = json.loads(answers)
    facts = {one.fact: said[one.key] for one in asked if one.fact in FACTS and said.get(one.key)}
    facts.setdefault("heard.why_left", why_of(asked, said))
    facts["classified.reason"] = reason
    told = Told(
        case="",
        who=label(name, company),
        day=day,
        facts={fact: value for fact, value in facts.items() if value},
        called=tuple(filter(None, (name, company))),
        places=(other_id,) if other_id else (),
        staff=owner,
    )
    return number, told


def left_alone(connection: Connection, since: str = "") -> int:
    """How many cases since then, and answers without a case, are of people who asked to be left alone."""
    query = f"""SELECT (SELECT count(*) FROM casefile c JOIN customer u ON u.id = c.customer_id
        WHERE u.{SUPPRESSED} AND {_SINCE}) + (SELECT count(*) FROM reply r
        JOIN customer u ON u.id = r.customer_id
        WHERE u.{SUPPRESSED} AND r.case_id IS NULL AND r."on" >= ?)"""
    return int(connection.execute(query, (since, since, since)).fetchone()[0])


def fixes(connection: Connection) -> list[FirmFix]:
    """The firm's fixes that are open or done, each with the names of all who asked for it."""
    asked: dict[tuple[int, int], list[str]] = {}
    for number, is_alone, name, company in connection.execute(
        f"SELECT c.fix, u.{SUPPRESSED}, u.name, u.company FROM casefile c"
        " JOIN customer u ON u.id = c.customer_id WHERE c.fix IS NOT NULL"
    ):
        asked.setdefault((number, is_alone), []).extend((name, company))
    return [
        FirmFix(
            one.what,
            one.owner,
            one.due or "",
            one.done_on or "",
            one.cases,
            tuple(asked.get((one.number, 0), ())),
            tuple(asked.get((one.number, 1), ())),
        )
        for one in mending.fixes(connection)
        if one.state != mending.DROPPED
    ]


def _told(rows: list[tuple[Any, ...]]) -> tuple[int, Told]:
    """The number of a customer and what a case of theirs tells, out of its events that were read."""
    _, number, name_of_case, name, company, owner, other_id, *_ = rows[0]
    events = [
        Event(seq, kind, "", str(day), "", 0, False, json.loads(body), "")
        for *_, seq, kind, day, body in rows
    ]
    case = fold(name_of_case, events)
    people = [str(touch["person"]) for touch in case.touches if touch.get("person")]
    facts = {fact: value for fact, value in case.facts.items() if value and fact in FACTS}
    told = Told(
        case=name_of_case,
        who=label(name, company),
        day=_last_day(case, events),
        facts=facts,
        called=tuple(filter(None, (name, company, *people))),
        places=(other_id,) if other_id else (),
        staff=owner,
    )
    return number, told


def _last_day(case: Case, events: Iterable[Event]) -> str:
    """When the latest of what stands was said, or the case was opened."""
    said = {answer.seq for answer in case.answers.values()}
    return max((event.happened for event in events if event.seq in said), default=case.opened_on)


def _with_places(connection: Connection, some: list[tuple[int, Told]]) -> Iterator[Told]:
    points = points_of(connection, sorted({number for number, _ in some}))
    for number, one in some:
        yield one._replace(places=(*one.places, *(point.value for point in points.get(number, ()))))
