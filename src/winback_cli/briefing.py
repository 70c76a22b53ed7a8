"""What to have in mind before a call, out of the case and its playbook: values for one screen."""

from datetime import date
from typing import NamedTuple

from winback_cli import dates, route, text, winners
from winback_cli.case import Body, Case, items_of
from winback_cli.playbook import Playbook, Step
from winback_cli.stages import Stage

# What one asks the customer; every other question is the rep's own.
_OF_THEM = (
    "heard.why_left",
    "heard.requirements",
    "heard.buys_now",
    "heard.second_chance",
    "heard.long_term",
    "heard.complaints",
)
_SAID = (
    ("They said", "heard.why_left"),
    ("They want", "heard.requirements"),
    ("Chance if", "heard.second_chance"),
    ("To stay", "heard.long_term"),
    ("Buys now", "heard.buys_now"),
    ("Complaint", "heard.complaints"),
    ("Answered", "revisited.response_words"),
    ("We think", "backstory.internal_view"),
)
_TALKS = (Stage.CONTACT, Stage.LISTEN)
_BEFORE = (Stage.BACKSTORY, Stage.CLASSIFY, Stage.DECIDE)  # some playbooks ask why and whether first


class Promise(NamedTuple):
    """A promise as it stands: `overdue` where it is open and its day has gone by."""

    number: int
    what: str
    state: str
    due: str
    owner: str
    overdue: bool


class Mended(NamedTuple):
    """The firm's fix that a case waits for: what it is, and whether it is done."""

    what: str
    done: bool


def listed(reason: str, cancelled: str) -> str:
    """The list's own reason, in its words, and whether they cancelled; "" where it says neither."""
    words = reason.replace("_", " ") if reason.replace("_", "").isalpha() else reason
    parts = [f"The list says: '{text.shorten(words, 100)}'"] if reason else []
    if cancelled:
        parts.append("cancelled" if cancelled == "yes" else f"cancelled {cancelled}")
    return " · ".join(parts)


class Briefing(NamedTuple):
    """One case before a call. `said` and `mines` hold pairs of texts; `wrote` is the last message's day
    and subject, `point_out` what may be called done (B6.6), `own_up` what was promised and not kept,
    `pattern` who else left for the same (B4.2).
    """

    step: str
    stage: str
    clock: str
    mines: tuple[tuple[str, str], ...]
    said: tuple[tuple[str, str], ...]
    promises: tuple[Promise, ...]
    do: tuple[str, ...]
    ask: tuple[str, ...]
    rules: tuple[str, ...]
    avoid: tuple[str, ...]
    last: tuple[Body, ...]
    wrote: tuple[str, str] | None = None
    point_out: tuple[str, ...] = ()
    own_up: tuple[str, ...] = ()
    pattern: str = ""


def briefing(playbook: Playbook, case: Case, days: route.Days, fix: Mended | None = None) -> Briefing:
    """What this case asks of whoever calls now (B1.3, B2.4, B6.6)."""
    step = _step(playbook, case, days)
    promises = tuple(_promise(body, days.today) for body in case.commitments)
    owed = route.clock(playbook, case, days)
    return Briefing(
        step.title,
        step.stage.words,
        _clock_words(*owed[:1], days.today) if owed else "",
        tuple(
            (mine.get("what") or "", mine.get("explanation") or "")
            for _, mine in items_of(case.facts.get("backstory.landmines"))
        ),
        _said(case),
        promises,
        step.do,
        (*_watched(case), *_asks(playbook, step, case)),
        tuple(guard.say for guard in step.guards if guard.kind == "not_here"),
        (*_claims(promises, fix), *step.avoid),
        tuple(case.touches[-2:]),
        (case.sent[-1]["on"], case.sent[-1]["subject"]) if case.sent else None,
        (*(p.what for p in promises if p.state == "kept"), *([fix.what] if fix and fix.done else [])),
        tuple(p.what for p in promises if p.state == "broken"),
    )


def _said(case: Case) -> tuple[tuple[str, str], ...]:
    """Their words, with what they said last in a catch-up."""
    said = [(label, str(case.facts[name])) for label, name in _SAID if case.facts.get(name)]
    check_ins = items_of(case.facts.get("followed_up.check_ins"))
    last = [c["feedback"] for _, c in check_ins if c.get("feedback")][-1:]
    return (*said, *(("Said last", words) for words in last))


def beforehand(playbook: Playbook, how_left: str, days: route.Days) -> Briefing:
    """What a case that is not yet opened would ask of whoever calls first; no clock runs for it."""
    facts = {"backstory.how_left": how_left} if how_left else {}
    return briefing(playbook, Case("", facts=facts), days)._replace(clock="")


def _step(playbook: Playbook, case: Case, days: route.Days) -> Step:
    """The step that the call belongs to: where the case stands, or the first talk it leads to."""
    if case.outcome == "won":  # contact goes on, by the rules of the follow-up (A8, E8)
        after = (s for s in reversed(playbook.steps) if s.stage == Stage.FOLLOW_UP)
        return next(after, playbook.steps[-1])
    there = route.place(playbook, case, days)
    step = playbook.steps[-1] if isinstance(there, route.Through) else there.step
    if case.reached or step.stage not in _BEFORE:
        return step
    talks = (s for s in playbook.steps if s.stage in _TALKS and s.id not in case.done and s.applies(case))
    return next(talks, step)


def _watched(case: Case) -> tuple[str, ...]:
    """After a win, whether what they left for is back (E8)."""
    question = winners.watched(case.facts) if case.outcome == "won" else ""
    return (question,) if question else ()


def _asks(playbook: Playbook, step: Step, case: Case) -> tuple[str, ...]:
    """The questions to put to them that have no answer yet."""
    steps = [s for s in playbook.steps if s.stage in _TALKS] if step.stage in _TALKS else [step]
    left = case.facts.get("backstory.how_left")
    open_ones = (
        question.worded(left)
        for s in steps
        for question in s.questions
        if question.fact in _OF_THEM and not case.known(question.fact)
    )
    return tuple(dict.fromkeys(open_ones))


def _claims(promises: tuple[Promise, ...], fix: Mended | None) -> tuple[str, ...]:
    """What is not to be called done, because it is not (B6.6)."""
    undone = [p.what for p in promises if p.state != "kept"]
    undone += [fix.what] if fix and not fix.done and fix.what not in undone else []
    return tuple(f"Calling done what is not yet: {what}" for what in undone)


def _promise(body: Body, today: date) -> Promise:
    due = body.get("due") or ""
    overdue = body["state"] == "open" and "" < due < today.isoformat()
    return Promise(body["n"], body["what"], body["state"], due, body.get("owner") or "", overdue)


def _clock_words(deadline: date, today: date) -> str:
    late = " It is overdue." if deadline < today else ""
    verb = "was" if late else "is"
    return f"The first contact {verb} owed by {dates.day_words(deadline, today)}.{late}"
