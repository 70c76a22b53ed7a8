"""A case's events as the acts of the people who work it: what an undo takes back, one at a time.

An act is one answer with its further lines, one entry of a list with its parts, one touch, one
close with the step that it completed, one approval with who gave it and when. Undoing appends;
nothing is ever taken out.
"""

from collections.abc import Sequence
from typing import NamedTuple

from winback_cli import answers, text
from winback_cli.case import FIRM, Body, Event
from winback_cli.playbook import Playbook, Question

# What is not taken back, and what is done instead; `{who}` is the customer's number.
_STANDS = {
    "sent": ("What was sent is not taken back.", "winback note {who} keeps what there is to say of it."),
    "opened": ("The opening of a case is not undone.", "winback close {who} --outcome released"),
    "moved": (
        "A move to another playbook is not undone.",
        "winback playbook move {who} --to NAME moves it again.",
    ),
}
# Who approved the firm's plan, and when, goes with the approval (E12).
_APPROVED = ("programme.approved", "programme.approved_by", "programme.approved_on")
_LISTED = ("answered", "promised", "offered", "checked_in")


class Act(NamedTuple):
    """One act: its events in order, and whether it was undone."""

    events: tuple[Event, ...]
    undone: bool = False

    @property
    def last(self) -> Event:
        return self.events[-1]

    @property
    def seqs(self) -> tuple[int, ...]:
        return tuple(event.seq for event in self.events)


def acts(events: Sequence[Event]) -> list[Act]:
    """The acts of a case, in order."""
    gone = {event.body["seq"] for event in events if event.kind == "undone"}
    groups: list[list[Event]] = []
    for event in events:
        if event.kind == "undone":
            continue
        together = groups and (groups[-1][-1].seq in gone) == (event.seq in gone)
        if together and _belongs(groups[-1][-1], event):
            groups[-1].append(event)
        else:
            groups.append([event])
    return [Act(tuple(group), group[0].seq in gone) for group in groups]


def _belongs(before: Event, event: Event) -> bool:
    """Whether an event goes on with what the one before began, in the same run of the program."""
    if before.command != event.command:
        return False
    if event.kind == "closed":
        return before.kind in ("step_done", "overridden")
    if event.kind == "overridden":
        return before.kind == "overridden" and before.recorded == event.recorded
    facts = before.body.get("fact"), event.body.get("fact")
    if facts[0] != facts[1] and set(facts) <= set(_APPROVED):
        return True
    same = before.body.get("question") == event.body.get("question") is not None
    if not same or before.kind not in _LISTED or event.kind not in _LISTED:
        return False
    if "item" in event.body:
        return bool(before.body.get("item") == event.body["item"])
    return "append" in event.body or bool(event.body.get("end") and "item" in before.body)


def next_to_undo(events: Sequence[Event]) -> Act | None:
    """The latest act that stands, the opening and a move included; None where nothing does."""
    return next((act for act in reversed(acts(events)) if not act.undone), None)


def stands(act: Act, who: int) -> tuple[str, str] | None:
    """Why an act cannot be taken back, and what to do instead; None where it can."""
    if act.last.kind == "closed" and act.last.body.get("outcome") == "suppressed":
        return "A suppression is not undone.", "They asked to be left alone."
    if "merged" in act.last.body:
        return "A merge is not undone.", f"winback show {who}"
    if who == FIRM and isinstance(act.last.body.get("value"), list):
        return "What a map begins with is not taken back.", "winback trust drop KIND N takes one entry off."
    if act.last.kind not in _STANDS:
        return None
    fact, hint = _STANDS[act.last.kind]
    return fact, hint.format(who=who)


def words(act: Act, playbook: Playbook) -> str:
    """An act in a line: what was answered, logged, completed or closed."""
    first, body = act.events[0], act.last.body
    if act.last.kind == "closed":
        return "asleep" if body["outcome"] == "dormant" else f"closed as {body['outcome']}"
    if first.kind in _LISTED:
        return _answer(act, playbook)
    if first.kind == "touched":
        told = [body.get("channel"), body.get("disposition"), body.get("person")]
        return "contact: " + ", ".join(answers.words_of(str(word)) for word in told if word)
    if first.kind in ("kept", "broken"):
        return f"promise {body['item']} marked as {first.kind}"
    if first.kind == "step_done":
        step = playbook.step(body["step"])
        return f"step completed: {step.title if step else body['step']}"
    if first.kind == "overridden":
        return f"rule set aside: {body['guard']}, {body['because']}"
    plain = {
        "noted": f"remark: {body.get('text')}",
        "sent": f"sent: {body.get('subject')}",
        "snoozed": f"put off until {body.get('until')}",
        "reopened": "opened again",
        "opened": f"opened under {body.get('playbook')}",
        "moved": f"moved to {body.get('playbook')}, version {body.get('version')}",
    }
    return plain[first.kind]


def _answer(act: Act, playbook: Playbook) -> str:
    """An answer or an entry of a list: the question, and what was said to it."""
    body = act.events[0].body
    step_id, _, key = body["question"].partition(".")
    step = playbook.step(step_id)
    question = step.question(key) if step else None
    asked = question.worded(None) if question else answers.words_of(key)
    if "skipped" in body:
        return f"left open: {asked}"
    if body.get("fact") in _APPROVED and len(act.events) > 1:
        by = next((e.body.get("value") for e in act.events if e.body.get("fact") == _APPROVED[1]), None)
        return f"the approval of the plan{f' by {text.line(str(by))}' if by else ''}"
    if "item" not in body:
        said = [_said(event.body, question) for event in act.events]
        return f"answer: {asked} {' '.join(part for part in said if part)}".strip()
    parts: Body = {}
    for event in act.events:
        parts |= event.body.get("value") or {}
    told = ", ".join(answers.words(value) for value in parts.values() if value is not None)
    return f"entry {body['item']}: {asked} {'taken out' if parts.get('removed') else told}"


def _said(body: Body, question: Question | None) -> str:
    if body.get("end"):
        return "the list is complete"
    if "append" in body:
        return text.line(body["append"])
    return answers.shown(question.spec, body["value"]) if question else answers.words(body["value"])
