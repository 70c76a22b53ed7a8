"""What a walk puts beside its questions: what Enter would take, and a step looked over."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from winback_cli import answers, reasons, route, text
from winback_cli.answers import Customs
from winback_cli.case import Case, items_of
from winback_cli.guards import Finding
from winback_cli.playbook import Playbook, Question, Step, choices_of
from winback_cli.prompter import Row
from winback_cli.stages import Reason

_REASON = "classified.reason"
ON_RECORD = "record.reason"  # set by hand, or confirmed in the review of a survey


def default(
    step: Step, question: Question, case: Case, customs: Customs, suggested: Mapping[str, Any]
) -> Any:
    """The answer that stands; or what the route, the list or their own words suggest; or the playbook's."""
    if question.fact and case.known(question.fact):
        return case.facts[question.fact]
    standing = case.answers.get(f"{step.id}.{question.key}")
    if standing is not None and standing.value is not None:
        return standing.value
    if question.fact == "followed_up.ending":
        ending = route.suggested_ending(case)
        if ending != "dormant" or not question.default or not route.said_no(case):
            return ending
    if question.fact == _REASON:
        found = _reason(case, suggested)
        given = found.reason if found else question.default
    else:
        given = suggested.get(question.fact or "", question.default)
    if given is None:
        return None
    said = ("yes" if given else "no") if isinstance(given, bool) else str(given)
    try:
        return answers.parse(question.spec, said, customs)
    except ValueError:
        return None  # a list may say what cannot be an answer: a last purchase ahead of us


def worded(question: Question, case: Case, suggested: Mapping[str, Any]) -> str:
    """A question's words; beside a reason that was read from theirs, those that decided."""
    words = question.worded(case.facts.get("backstory.how_left"))
    found = _reason(case, suggested) if question.fact == _REASON and not case.known(_REASON) else None
    if found is None:
        return words
    who = "You wrote" if found.heard else "On record is" if ON_RECORD in suggested else "The list says"
    quoted = ", ".join(f'"{text.line(said)}"' for said in found.because)
    return f"{words}\n{who} {quoted}: {answers.words_of(found.reason)}?"


class _Read(NamedTuple):
    """A reason read from what the customer said, or else (not `heard`) from the list."""

    reason: str
    because: tuple[str, ...]
    heard: bool


def _reason(case: Case, suggested: Mapping[str, Any]) -> _Read | None:
    """What they said, or else the list, gives as the reason, where that is sure; the rep confirms.

    One that somebody set or confirmed on the record goes before words that nobody heard in a talk.
    """
    kept = str(suggested.get(ON_RECORD, ""))
    on_record = None
    if kept in set(Reason) - {Reason.UNKNOWN}:
        on_record = _Read(kept, (answers.words_of(kept),), heard=False)
    heard_now = any(a.fact == "heard.why_left" and a.how != "known" for a in case.answers.values())
    if on_record and not heard_now:
        return on_record
    for said, heard in ((case.facts.get("heard.why_left"), True), (suggested.get(_REASON), False)):
        found = reasons.suggest(said) if said and said != kept else None
        if found and found.reason and found.confidence >= reasons.SURE and found.reason != "unknown":
            return _Read(found.reason, found.because, heard)
    return on_record


def rows(playbook: Playbook, step: Step, case: Case, missing: Sequence[Question]) -> list[Row]:
    """A step's questions with their answers in words."""
    found = []
    for question in step.asked(case):
        spec = choices_of(playbook, question.spec)
        answer = case.answers.get(f"{step.id}.{question.key}")
        value = case.facts.get(question.fact) if question.fact else None
        if value is None and answer is not None:
            value = answer.value
        if spec.kind == "items":
            value = [entry for _, entry in items_of(value)] or None
        said = "" if value is None else answers.shown(spec, value)
        if value is None and question.fact in case.ended:
            said = "none"
        words = question.worded(case.facts.get("backstory.how_left"))
        how = answer.how if answer else ""
        found.append(Row(question.key, words, said, how, question in missing))
    return found


def excuse(step: Step, question: Question) -> Finding:
    """What is overridden where a required answer is to be left out."""
    say, why = f"{question.worded(None)}", "The playbook wants an answer."
    return Finding(step.id, question.key, "required", "block", say, why, question.source)
