"""Where a case stands in its playbook: what is asked next, what stops it, what falls due.

Pure: a case, a playbook and the user's day in, a place out. Nothing here remembers anything, so a
walk that was cut off goes on by asking again where it stands.
"""

from datetime import date
from typing import Any, NamedTuple

from winback_cli import dates
from winback_cli.case import Case, items_of
from winback_cli.facts import Spec
from winback_cli.guards import At, Clock, Finding, Guard, Moment
from winback_cli.playbook import Playbook, Question, Step
from winback_cli.stages import MODELS, SEVEN, Stage

ATTEMPTS = 3  # touches without reaching anybody, before sleep is suggested


class Days(NamedTuple):
    """The user's calendar: today, and the weekend as weekday numbers (Monday 0)."""

    today: date
    weekend: frozenset[int] = dates.WEEKEND


class Ask(NamedTuple):
    """The next thing to ask. In a list, `item` numbers the entry and `field` is its part."""

    step: Step
    question: Question
    item: int = 0
    field: Spec | None = None


class Gate(NamedTuple):
    """Guards stop it here, until what they want is known or they are overridden."""

    step: Step
    question: Question | None
    findings: tuple[Finding, ...]


class Waits(NamedTuple):
    """Nothing to ask before `until`; it is owed by `due`."""

    step: Step
    question: Question
    until: date
    due: date
    finding: Finding | None


class Review(NamedTuple):
    """Every question of the step was put; it is to be looked over and completed."""

    step: Step


class Through(NamedTuple):
    """Every step that applies is done."""


Place = Ask | Gate | Waits | Review | Through


def place(playbook: Playbook, case: Case, days: Days) -> Place:
    """Where the case stands: in the first step that applies and is not done."""
    for step in playbook.steps:
        if not step.applies(case) or finished(step, case, days):
            continue
        if found := findings(step, None, case, days, "enter"):
            return Gate(step, None, found)
        for question in step.asked(case):
            if (there := _at_question(step, question, case, days)) is not None:
                return there
        return Review(step)
    return Through()


def finished(step: Step, case: Case, days: Days) -> bool:
    """Whether a step was completed and still stands: an answer changed later may ask for more."""
    return step.id in case.done and not missing(step, case) and not completing(step, case, days)


def _at_question(step: Step, question: Question, case: Case, days: Days) -> Place | None:
    """What this question wants next; None when it is settled."""
    spec = question.spec
    if spec.kind == "items":
        following = next_field(spec, case, days)
        if following is None or skipped(step, question, case):
            return None
    elif settled(step, question, case):
        return None
    if waiting := _waiting(step, question, case, days):
        return waiting
    if found := findings(step, question, case, days, "ask"):
        return Gate(step, question, found)
    if spec.kind != "items":
        return Ask(step, question)
    assert following is not None
    item, field, until = following
    if until is not None:
        return Waits(step, question, until, until, None)
    return Ask(step, question, item, field)


def settled(step: Step, question: Question, case: Case) -> bool:
    """Whether a question was answered or skipped, or its fact came from elsewhere."""
    return f"{step.id}.{question.key}" in case.answers or bool(question.fact and case.known(question.fact))


def met(playbook: Playbook, case: Case) -> list[tuple[Step, Question]]:
    """Every question met so far, in the order of the playbook."""
    return [
        (step, question)
        for step in playbook.steps
        if step.applies(case)
        for question in step.asked(case)
        if settled(step, question, case)
    ]


def skipped(step: Step, question: Question, case: Case) -> bool:
    answer = case.answers.get(f"{step.id}.{question.key}")
    return answer is not None and answer.how == "skipped"


def next_field(spec: Spec, case: Case, days: Days) -> tuple[int, Spec, date | None] | None:
    """The next part of a list to ask: (entry, field, the day it has to wait for); None when whole."""
    items: list[dict[str, Any]] = case.facts.get(spec.name) or []
    for number, item in items_of(items):
        for field in spec.item:
            if field.name in item or (field.unless and item.get(field.unless)):
                continue
            opens = item.get(field.waits_for) if field.waits_for else None
            late = opens is not None and date.fromisoformat(opens) > days.today
            return number, field, date.fromisoformat(opens) if late and opens else None
    if spec.name in case.ended:
        return None
    return len(items) + 1, spec.item[0], None


def _moment(step: Step, question: Question | None, case: Case, days: Days) -> Moment:
    fact = question.fact if question and question.fact else ""
    return Moment(case, days.today, days.weekend, step.prefix, fact)


def _finding(step: Step, question: Question | None, guard: Guard) -> Finding:
    key = question.key if question else None
    return Finding(step.id, key, guard.name, guard.level, guard.say, guard.why, guard.source)


def findings(
    step: Step, question: Question | None, case: Case, days: Days, at: At, level: str = "block"
) -> tuple[Finding, ...]:
    """The guards of one place that stop here and were not overridden."""
    key = question.key if question else None
    moment = _moment(step, question, case, days)
    return tuple(
        _finding(step, question, guard)
        for guard in (question.guards if question else step.guards)
        if guard.level == level
        and all(condition.holds(case) for condition in guard.when)
        and guard.stops(at, moment)
        and not case.overridden(step.id, key, guard.name)
    )


def _waiting(step: Step, question: Question, case: Case, days: Days) -> Waits | None:
    moment = _moment(step, question, case, days)
    for guard in question.guards:
        if guard.level != "block" or case.overridden(step.id, question.key, guard.name):
            continue
        terms = guard.opens_on(moment)
        if terms and days.today < terms[0] and all(c.holds(case) for c in guard.when):
            return Waits(step, question, *terms, _finding(step, question, guard))
    return None


def completing(step: Step, case: Case, days: Days, level: str = "block") -> tuple[Finding, ...]:
    """What stops (or, at level `warn`, is to be said when) this step is completed."""
    found = findings(step, None, case, days, "complete", level)
    for question in step.asked(case):
        found += findings(step, question, case, days, "complete", level)
    return found


def closing(playbook: Playbook, case: Case, days: Days, ending: str = "") -> tuple[Finding, ...]:
    """What stops the case from being closed; with `ending`, by that one, given outside the walk."""
    found: tuple[Finding, ...] = ()
    for step in playbook.steps:
        found += findings(step, None, case, days, "close")
        for question in step.questions:
            found += findings(step, question, case, days, "close")
            if ending and question.fact == "followed_up.ending":
                ended = Case(**{**vars(case), "facts": {**case.facts, question.fact: ending}})
                found += findings(step, question, ended, days, "complete")
    return found


def breaches(playbook: Playbook, case: Case, days: Days) -> tuple[Finding, ...]:
    """The rules that what has happened goes against, in steps that are done, overridden or not."""
    plain = Case(**{**vars(case), "overrides": []})
    return tuple(
        finding
        for step in playbook.steps
        if step.id in case.done
        for level in ("block", "warn")
        for finding in completing(step, plain, days, level)
    )


def missing(step: Step, case: Case) -> list[Question]:
    """The required questions of the step without an answer, and not excused."""
    return [q for q in step.asked(case) if q.required and not has_answer(step, q, case)]


def has_answer(step: Step, question: Question, case: Case) -> bool:
    """Whether a question has an answer, or is excused from one."""
    if case.overridden(step.id, question.key, "required"):
        return True
    answer = case.answers.get(f"{step.id}.{question.key}")
    if question.spec.kind == "items":
        return bool(items_of(case.facts.get(question.fact or "")))
    if question.fact:
        return case.known(question.fact)
    return answer is not None and answer.value is not None


def clock(playbook: Playbook, case: Case, days: Days) -> tuple[date, Clock] | None:
    """The day by which the first contact is owed, while nobody has tried yet."""
    if case.touches:
        return None
    for step, question, guard in playbook.guards():
        if isinstance(guard, Clock) and step.applies(case) and step.id not in case.done:
            deadline = guard.deadline(_moment(step, question, case, days))
            if deadline:
                return deadline, guard
    return None


def new_round(playbook: Playbook, case: Case) -> dict[str, list[str]]:
    """What a woken case goes through again: the follow-up, or, where they were never heard,
    everything from the contact on; the body of its `reopened`.
    """
    asked = case.known("heard.why_left") or case.known("heard.requirements")
    heard = asked and case.facts.get("heard.refused") is not True
    first = Stage.FOLLOW_UP if heard else Stage.CONTACT
    later = SEVEN[SEVEN.index(first) :]
    forget = [MODELS[stage][0] for stage in later]
    again = [
        step.id
        for step in playbook.steps
        if step.stage in later or any(q.fact and q.fact.partition(".")[0] in forget for q in step.questions)
    ]
    if heard:  # what they say to it now may be another thing
        forget += ["revisited.response", "revisited.response_words"]
    return {"steps": again, "forget": forget}


def said_no(case: Case) -> bool:
    """Whether their last word was no: on the phone, in the talk, or to what was shown."""
    facts = case.facts
    return (
        facts.get("revisited.response") == "no"
        or facts.get("heard.refused") is True
        or facts.get("contacted.disposition") == "refused"
    )


def suggested_ending(case: Case) -> str:
    """The ending that the route so far leads to; the rep decides."""
    facts = case.facts
    if facts.get("heard.reconsidered") or facts.get("revisited.response") == "coming_back":
        return "won"
    if facts.get("decided.verdict") == "release" or facts.get("backstory.worth_it") == "no":
        return "released"
    if facts.get("backstory.how_left") == "content" and not case.reached:
        return "released"
    return "dormant"
