"""What an answer becomes: the events of a walk, made from what was asked and what came back."""

from datetime import date
from typing import Any

from winback_cli.case import ITEM_EVENTS, REACHED, Body, Case, Entry
from winback_cli.guards import Finding
from winback_cli.playbook import Question, Step
from winback_cli.prompter import Asked, Ended
from winback_cli.stages import Stage

# The facts that say when the firm did something: the event happened on that day.
_WHEN_DONE = ("revisited.sent_on", "revisited.called_on")


def answered(asked: Asked, case: Case, value: Any, known: bool) -> Entry:
    """An answer. A disposition is a touch, with all that is known of it so far."""
    name = asked.question.fact
    how = _how(asked, case, known)
    if name == "contacted.disposition":
        return _touched(asked, case, value, how)
    body = _about(asked) | {"value": value, "how": how}
    return Entry("answered", body, value if name in _WHEN_DONE else "")


def logged_before(asked: Asked, case: Case, value: Any) -> bool:
    """Whether a file tells of an attempt that the case holds already: it is not logged twice."""
    if asked.question.fact != "contacted.disposition" or value in REACHED:
        return False
    told = (case.facts.get("contacted.on"), case.facts.get("contacted.channel"), value)
    this_round = case.touches[case.talks_from :]
    return any((t.get("on"), t.get("channel"), t.get("disposition")) == told for t in this_round)


def one_more_line(asked: Asked, case: Case, line: str, known: bool) -> Entry:
    """A further line of an answer."""
    return Entry("answered", _about(asked) | {"append": line, "how": _how(asked, case, known)})


def skipped(asked: Asked) -> Entry:
    """A question left open."""
    return left_out(asked.step, asked.question)


def left_out(step: Step, question: Question) -> Entry:
    """A question left open before it was put."""
    body = {"question": f"{step.id}.{question.key}", "skipped": True}
    return Entry("answered", body | ({"fact": question.fact} if question.fact else {}))


def promised(case: Case, finding: Finding) -> Ended:
    """A walk that waits until the next promise is due; it was made to be kept first."""
    days = [c["due"] for c in case.commitments if c["state"] == "open" and c.get("due")]
    day = date.fromisoformat(min(days))
    return Ended("waiting", day, day, finding)


def part(asked: Asked, value: Body) -> Entry:
    """One part of an entry of a list, or its removal."""
    body = _about(asked) | {"item": asked.item, "value": value, "how": "asked"}
    return Entry(ITEM_EVENTS.get(asked.question.fact or "", "answered"), body)


def list_ended(asked: Asked) -> Entry:
    """A list that is complete."""
    return Entry("answered", _about(asked) | {"end": True, "how": "asked"})


def completed(step: Step, case: Case, ending: str) -> list[Entry]:
    """A step that is done; with an ending, the case closes or sleeps by it."""
    done = Entry("step_done", {"step": step.id})
    if not ending:
        return [done]
    body: Body = {"outcome": ending}
    if ending == "dormant":
        body["until"] = case.facts.get("followed_up.next_contact_on")
        body["trigger"] = case.facts.get("followed_up.trigger")
    return [done, Entry("closed", {key: value for key, value in body.items() if value})]


def _about(asked: Asked) -> Body:
    body = {"question": asked.key}
    return body | {"fact": asked.question.fact} if asked.question.fact else body


def _touched(asked: Asked, case: Case, disposition: str, how: str) -> Entry:
    facts = {
        name.removeprefix("contacted."): value
        for name, value in case.facts.items()
        if name.startswith("contacted.") and value is not None
    }
    body = facts | {"question": asked.key, "disposition": disposition, "how": how}
    this_round = case.touches[case.talks_from :]
    reached = [touch["seq"] for touch in this_round if touch.get("disposition") in REACHED]
    if reached:
        body["corrects"] = reached[0]
    return Entry("touched", body, facts.get("on", ""))


def _how(asked: Asked, case: Case, known: bool) -> str:
    """`known` where it was said so, or where the listening was left out as known already (A4)."""
    unasked = asked.step.stage == Stage.LISTEN and case.told_already
    return "known" if known or unasked else "asked"
