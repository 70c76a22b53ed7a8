"""A case: one attempt to win one customer back, as the fold of its events.

Events are append-only and numbered per case; each holds the hash of the one before. `fold` reads
them in order and gives the case as it stands; whatever the store keeps beside the events is made
from that. A body is plain JSON. The kinds:

    opened      playbook, version, digest; chance: of a return, as it was reckoned then
    moved       playbook, version, digest: to another version, or another playbook
    answered    question, and one of: value · append (one more line) · item, value (fields of one
                entry of a list) · end (the list is complete) · skipped; fact, how (asked or known)
    touched     the fields of `Contacted`; at: the number or address it went to, where that was wrong;
                corrects: the number of the event it tells anew
    promised, offered, checked_in   as `answered` with an item, for the lists that are acts
    kept, broken                    item: what became of a commitment
    sent        message (its number), stage, subject, fix; question: the one that asks when it went out
    step_done   step           noted       text
    overridden  step, question, guard, because
    snoozed     until, because
    closed      outcome, because, until, trigger; top_fifth: won, and of the top fifth by revenue then
    reopened    because, steps: those to go through again, forget: the models and facts asked anew
    undone      seq
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Body = dict[str, Any]
# The stages in order, and the model whose facts each keeps: `heard.why_left` is of `listen`.
MODEL_OF = {
    "backstory": "backstory",
    "contact": "contacted",
    "listen": "heard",
    "classify": "classified",
    "decide": "decided",
    "revisit": "revisited",
    "follow_up": "followed_up",
}
FIRMS_MODEL_OF = {"programme": "programme"}  # of the firm's own questionnaires (E9 to E12)
FIRM = 0  # whose cases those are: nobody's among the customers
# The lists whose entries are acts of their own: an event kind beside `answered`.
ITEM_EVENTS = {
    "revisited.changes": "promised",
    "revisited.offers": "offered",
    "followed_up.check_ins": "checked_in",
}
FIRST_HASH = "0" * 64
_NOBODY = ("", "0", "no", "none", "nobody", "-")  # said of referrals
REACHED = ("reached", "refused")  # somebody of the customer's was spoken to


class Entry(NamedTuple):
    """An event about to happen: what the store numbers, dates and signs. `happened` is an ISO day."""

    kind: str
    body: Body
    happened: str = ""


class Event(NamedTuple):
    """An event that has happened: `happened` a calendar day, `recorded` an instant in UTC."""

    seq: int
    kind: str
    by: str
    happened: str
    recorded: str
    command: int
    as_of: bool
    body: Body
    hash: str


def digest(previous: str, case_id: str, event: Event) -> str:
    """The hash that chains an event to the one before: sha256 over both, in canonical JSON."""
    import hashlib

    content = [previous, case_id, *event[:-1]]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Answer(NamedTuple):
    """What stands for one question: who last gave it and where, and whether it was asked or known."""

    seq: int
    by: str
    value: Any
    how: str  # asked | known | skipped
    fact: str = ""


@dataclass
class Case:
    """A case as it stands after its events. `facts` holds plain JSON by dotted name."""

    id: str
    playbook: str = ""
    version: int = 0
    digest: str = ""
    status: str = "open"
    outcome: str | None = None
    opened_at: str = ""
    opened_on: str = ""
    chance: float | None = None  # of a return, as it was reckoned when the case was opened
    closed_at: str | None = None
    closed_on: str = ""  # the day it was closed, or put to sleep
    closing: Body = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)  # list facts said to be complete
    done: dict[str, int] = field(default_factory=dict)  # step id -> seq
    touches: list[Body] = field(default_factory=list)
    notes: list[Body] = field(default_factory=list)
    sent: list[Body] = field(default_factory=list)  # messages that went out
    overrides: list[Body] = field(default_factory=list)
    snoozed: Body | None = None
    talks_from: int = 0  # touches before this one belong to an earlier round
    round_from: int = 0  # the number of the event that began this round
    seq: int = 0
    head: str = FIRST_HASH

    def known(self, name: str) -> bool:
        """Whether a fact has a value; an empty list counts as known: nothing is to be listed."""
        return self.facts.get(name) is not None

    def overridden(self, step: str, question: str | None, guard: str) -> bool:
        """Whether this guard at this place was set aside, with a reason on record."""
        place = (step, question, guard)
        return any(
            (o["step"], o.get("question"), o["guard"]) == place
            for o in self.overrides
            if not o.get("before_move")
        )

    @property
    def reached(self) -> bool:
        """Whether anybody of the customer's was ever spoken to."""
        return any(touch.get("disposition") in REACHED for touch in self.touches)

    @property
    def told_already(self) -> bool:
        """Whether the customer's reasons were known, and nobody spoke to them since (A4)."""
        said = next((a.seq for a in self.answers.values() if a.fact == "backstory.known_already"), 0)
        spoken = any(t["seq"] > said for t in self.touches if t.get("disposition") in REACHED)
        return self.facts.get("backstory.known_already") is True and not spoken

    @property
    def commitments(self) -> list[Body]:
        """The promises made, numbered, each with its state: open, kept or broken."""
        return [
            {"n": n, **{k: v for k, v in item.items() if k != "state"}, "state": _state(item)}
            for n, item in enumerate(self.facts.get("revisited.changes") or [], 1)
            if item.get("what") and not item.get("removed")
        ]

    @property
    def complaint(self) -> str:
        """none, resolved or unresolved, "" where it is not known; resolved once every promise is kept."""
        complained = self.facts.get("heard.complained")
        if complained is None:
            complained = self.facts.get("backstory.complained_on")
        if complained is None:
            return ""
        if complained is False:
            return "none"
        made = {promise["state"] for promise in self.commitments}
        return "resolved" if made == {"kept"} else "unresolved"

    @property
    def referred(self) -> bool | None:
        """Whether referrals hang on this customer, as far as anybody said (B0)."""
        said = self.facts.get("decided.referrals")
        return None if said is None else str(said).strip().casefold() not in _NOBODY

    @property
    def said(self) -> str:
        """Every text of the case, one a line: what a search for words looks through."""
        own = [answer.value for answer in self.answers.values() if not answer.fact]
        kept = (self.facts, own, self.notes, self.touches, self.closing, self.sent)
        return "\n".join(dict.fromkeys(word for part in kept for word in _texts(part)))


def _texts(value: Any) -> list[str]:
    """The texts within plain data, in order; days and numbers are none."""
    if isinstance(value, dict):
        return [text for _, inner in sorted(value.items()) for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) and not value[:4].isdecimal() else []


def _state(item: Body) -> str:
    return str(item.get("state") or ("kept" if item.get("done") else "open"))


def items_of(value: list[Body] | None) -> list[tuple[int, Body]]:
    """The entries of a list fact that still stand, with their numbers from 1."""
    return [(n, item) for n, item in enumerate(value or [], 1) if not item.get("removed")]


def fold(case_id: str, events: Iterable[Event]) -> Case:
    """The case that these events, in order, make. Events undone later are passed over."""
    events = list(events)
    undone = {e.body["seq"] for e in events if e.kind == "undone"}
    case = Case(case_id)
    for event in events:
        if event.seq not in undone:
            if event.kind not in ("snoozed", "noted", "undone"):
                case.snoozed = None  # worked on again
            _FOLDS[event.kind](case, event)
        case.seq, case.head = event.seq, event.hash
    return case


def _moved(case: Case, event: Event) -> None:
    """Another version; or another playbook, whose steps are all gone through and whose rules were
    never overridden, though it may name them alike.
    """
    if case.playbook and case.playbook != event.body["playbook"]:
        case.done = {}
        case.overrides = [{**override, "before_move": True} for override in case.overrides]
    case.playbook = event.body["playbook"]
    case.version = event.body["version"]
    case.digest = event.body["digest"]


def _opened(case: Case, event: Event) -> None:
    _moved(case, event)
    case.opened_at, case.opened_on = event.recorded, event.happened
    case.chance = event.body.get("chance")


def _answered(case: Case, event: Event) -> None:
    body = event.body
    question, name = body["question"], body.get("fact")
    if "skipped" in body:
        # A skip never unsays what is known: the value stays until another one is given.
        if question not in case.answers:
            case.answers[question] = Answer(event.seq, event.by, None, "skipped", name or "")
        return
    if name in ITEM_EVENTS or "item" in body or "end" in body:
        value: Any = _listed(case, name or question, body)
    elif "append" in body:
        before = case.answers.get(question)
        value = f"{before.value}\n{body['append']}" if before and before.value else body["append"]
    else:
        value = body["value"]
    case.answers[question] = Answer(event.seq, event.by, value, body.get("how", "asked"), name or "")
    if name:
        case.facts[name] = value
        if name.startswith("contacted."):
            _amend_touch(case, name.removeprefix("contacted."), value)


def _listed(case: Case, name: str, body: Body) -> list[Body]:
    """A list fact with one entry changed or added, with all entries, or declared complete."""
    items = [dict(item) for item in case.facts.get(name) or []]
    if "item" in body:
        number = body["item"]
        while number > len(items):
            items.append({"removed": True} if len(items) + 1 < number else {})
        if "done" in body["value"]:
            items[number - 1].pop("state", None)  # told anew, so what became of it is as told
        items[number - 1] |= body["value"]
        case.ended.discard(name)
    elif "value" in body:
        items = [dict(item) for item in body["value"]]
    if body.get("end"):
        case.ended.add(name)
    return items


def _touched(case: Case, event: Event) -> None:
    """One more touch; or, with `corrects`, another account of the one that event logged."""
    body = event.body
    logged = body.get("corrects") or event.seq
    fields = {k: v for k, v in body.items() if k not in ("corrects", "question", "how", "was")}
    touch = next((touch for touch in case.touches if touch["seq"] == logged), None)
    if touch is None:
        touch = {"touch": len(case.touches) + 1, "seq": logged}
        case.touches.append(touch)
    touch.pop("at", None)
    touch |= {"on": event.happened, **fields}
    if question := body.get("question"):
        how = body.get("how", "asked")
        case.answers[question] = Answer(
            event.seq, event.by, body["disposition"], how, "contacted.disposition"
        )
    _read_contacted(case)


def _read_contacted(case: Case) -> None:
    """`Contacted` is this round's first touch that reached them; one that did not leaves it blank."""
    spoken = next((t for t in case.touches[case.talks_from :] if t.get("disposition") in REACHED), None)
    for name in [name for name in case.facts if name.startswith("contacted.")]:
        del case.facts[name]
    if spoken is None:
        for key in [k for k, a in case.answers.items() if a.fact.startswith("contacted.")]:
            del case.answers[key]
        return
    fields = {k: v for k, v in spoken.items() if k not in ("touch", "seq", "note", "at")}
    case.facts |= {f"contacted.{k}": v for k, v in fields.items()}


def _amend_touch(case: Case, name: str, value: Any) -> None:
    for touch in case.touches[case.talks_from :]:
        if touch.get("disposition") in REACHED:
            touch[name] = value
            return


def _kept(case: Case, event: Event) -> None:
    items = case.facts.get("revisited.changes") or []
    if event.body["item"] > len(items):
        return  # the promise itself was undone
    entry = items[event.body["item"] - 1]
    entry["state"] = event.kind
    if event.kind == "kept":
        entry["done"] = True


def _step_done(case: Case, event: Event) -> None:
    case.done[event.body["step"]] = event.seq


def _noted(case: Case, event: Event) -> None:
    case.notes.append({"on": event.happened, "by": event.by, "text": event.body["text"]})


def _sent(case: Case, event: Event) -> None:
    """A message that went out; where the playbook asks for its day, that is the answer."""
    body = event.body
    case.sent.append(
        {"seq": event.seq, "on": event.happened, **{k: v for k, v in body.items() if k != "question"}}
    )
    if question := body.get("question"):
        case.answers[question] = Answer(event.seq, event.by, event.happened, "known", "revisited.sent_on")
        case.facts["revisited.sent_on"] = event.happened


def _overridden(case: Case, event: Event) -> None:
    case.overrides.append({**event.body, "by": event.by})


def _snoozed(case: Case, event: Event) -> None:
    case.snoozed = event.body


def _closed(case: Case, event: Event) -> None:
    outcome = event.body["outcome"]
    case.status = "dormant" if outcome == "dormant" else "closed"
    case.outcome = None if outcome == "dormant" else outcome
    case.closed_at = None if outcome == "dormant" else event.recorded
    case.closing, case.closed_on = event.body, event.happened


def _reopened(case: Case, event: Event) -> None:
    """A new round: what is to be gone through again is asked anew. What was done - touches,
    promises, offers, check-ins - stays.
    """
    case.status, case.outcome, case.closed_at, case.closing = "open", None, None, {}
    case.round_from = event.seq
    again = event.body.get("steps", [])
    forgotten = tuple(event.body.get("forget", []))
    inside = tuple(f"{model}." for model in forgotten)

    def gone(name: str) -> bool:
        return name in forgotten or (name.startswith(inside) if inside else False)

    for step in again:
        case.done.pop(step, None)
    case.overrides = [override for override in case.overrides if override["step"] not in again]
    for key, answer in list(case.answers.items()):
        step = key.partition(".")[0]
        if step in again or gone(answer.fact):
            case.done.pop(step, None)
            del case.answers[key]
            case.ended.discard(answer.fact)
    for name in [name for name in case.facts if gone(name) and name not in ITEM_EVENTS]:
        del case.facts[name]
    if "contacted" in forgotten:
        case.talks_from = len(case.touches)


def _undone(case: Case, event: Event) -> None:
    """What it undid was passed over already."""


_FOLDS = {
    "opened": _opened,
    "moved": _moved,
    "answered": _answered,
    "promised": _answered,
    "offered": _answered,
    "checked_in": _answered,
    "touched": _touched,
    "kept": _kept,
    "broken": _kept,
    "sent": _sent,
    "step_done": _step_done,
    "noted": _noted,
    "overridden": _overridden,
    "snoozed": _snoozed,
    "closed": _closed,
    "reopened": _reopened,
    "undone": _undone,
}
