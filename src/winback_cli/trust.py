"""The trust map of the firm and the plan made of it, as values: stages, what breaks and builds trust at
each, ideas by what they change for their effort, what was approved and what became of it (E9 to E12).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from winback_cli import text
from winback_cli.case import Body, Case, Event, fold, items_of
from winback_cli.errors import NotFound
from winback_cli.facts import Spec

CUSTOMERS, STAFF = "customers", "staff"
SIDES = (CUSTOMERS, STAFF)
# The stages that a map begins with: name, and what happens then.
USUAL: dict[str, tuple[tuple[str, str], ...]] = {
    CUSTOMERS: (
        ("first look", "They hear of us and compare."),
        ("first purchase", "They try us for the first time."),
        ("regular use", "They buy again, and count on us."),
        ("problem", "Something goes wrong, and they tell us, or do not."),
        ("renewal", "They decide whether to stay."),
        ("leaving", "They cancel, or stop buying."),
        ("gone", "They buy elsewhere."),
    ),
    STAFF: (
        ("applying", "They hear of us and compare."),
        ("first weeks", "They see whether we are as we said."),
        ("daily work", "They count on us, and we on them."),
        ("problem", "A mistake, a conflict, a customer who shouts."),
        ("change", "Something is decided over their heads, or with them."),
        ("leaving", "They give notice, or stop caring."),
        ("gone", "They work elsewhere, and talk about us."),
    ),
}
# At which of the usual stages a reason breaks trust; the others are no breach of it.
BREAKS_AT = {
    "delivery_or_service": "regular use",
    "complaint_handled_badly": "problem",
    "product_or_quality": "regular use",
    "price": "renewal",
    "policy_change": "renewal",
    "sales_practices": "first purchase",
    "support": "problem",
    "personality_conflict": "regular use",
    "one_time_accident": "problem",
    "competitor_offer": "renewal",
    "taken_for_granted": "regular use",
    "off_the_radar": "gone",
}
# What may be added to a map: the list it goes to, and its parts beside the stage and the words.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "breaker": ("breakers", ("stage",)),
    "opportunity": ("opportunities", ("stage", "how")),
    "threat": ("threats", ("stage", "safeguard")),
    "action": ("actions", ("owner", "due")),
    "idea": ("ideas", ("owner", "effort", "effect", "due")),
    "stage": ("stages", ("note",)),
    "member": ("team", ("part",)),
}
OF_THE_FIRM = ("ideas", "team")  # of these there is one list, for customers and staff alike
DONE, OVERDUE, OPEN, DROPPED = "done", "overdue", "open", "taken out"


class Noted(NamedTuple):
    """One entry of the map. `more` is how an opportunity is used, what guards against a threat, or which
    part of the firm somebody of the team speaks for.
    """

    n: int
    what: str
    more: str = ""


class AtStage(NamedTuple):
    """A stage with what was found at it; without a number where it is off the map."""

    n: int
    name: str
    note: str
    breakers: tuple[Noted, ...]
    opportunities: tuple[Noted, ...]
    threats: tuple[Noted, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.breakers or self.opportunities or self.threats)


class Task(NamedTuple):
    """An idea, or something to be done at once: who, by when, and when it was done. Days are ISO texts."""

    n: int
    what: str
    owner: str = ""
    due: str = ""
    done_on: str = ""
    effort: int | None = None
    effect: int | None = None

    @property
    def score(self) -> float | None:
        """What it changes for its effort: effect by effort, from 0.2 to 5; None while one is not known."""
        return self.effect / self.effort if self.effect and self.effort else None

    def state(self, today: str) -> str:
        """done, overdue or open, on a day."""
        if self.done_on:
            return DONE
        return OVERDUE if self.due and self.due < today else OPEN


class Side(NamedTuple):
    """The map of the customers' trust, or of the staff's (E11)."""

    who: str
    stages: tuple[AtStage, ...]
    actions: tuple[Task, ...]


class Evidence(NamedTuple):
    """Why customers left: how many cases, and words that several of them used, with how many did."""

    reason: str
    cases: int
    words: tuple[tuple[str, int], ...] = ()


class Approval(NamedTuple):
    """Who in senior management approved the plan, and when; whether it was changed since (E12)."""

    by: str
    on: str
    changed: bool = False


class Plan(NamedTuple):
    """The implementation plan for senior management (E12)."""

    map: str
    team: tuple[Noted, ...]
    sides: tuple[Side, ...]
    ideas: tuple[Task, ...]
    evidence: tuple[Evidence, ...]
    approval: Approval | None


class Became(NamedTuple):
    """What became of one part of the approved plan: done, overdue, open, or taken out since."""

    kind: str
    who: str
    task: Task
    state: str


# -- the map ---------------------------------------------------------------------------------


def list_of(kind: str, who: str = CUSTOMERS) -> str:
    """The fact that keeps entries of a kind: `programme.staff_breakers`."""
    name = KINDS[kind][0]
    return f"programme.{'staff_' if who == STAFF and name not in OF_THE_FIRM else ''}{name}"


def stages_asked(fact: str) -> str:
    """The side whose stages a fact keeps; empty for any other fact."""
    return next((who for who in SIDES if fact == list_of("stage", who)), "")


def stages_of(case: Case, who: str) -> list[str]:
    """The names of the stages on the map."""
    return [
        name for _, item in items_of(case.facts.get(list_of("stage", who))) if (name := item.get("name"))
    ]


def stage_named(case: Case, who: str, said: str) -> str:
    """The stage that is meant; raises NotFound with the nearest one and all there are."""
    known = stages_of(case, who)
    folded = {text.fold(name): name for name in known}
    word = text.fold(said)
    found = [name for name in folded if name == word] or [n for n in folded if word and n.startswith(word)]
    if len(found) == 1:
        return folded[found[0]]
    near = text.nearest(word, list(folded))
    listed = ", ".join(text.line(name) for name in known) or "none yet"
    hint = f"Did you mean {text.line(folded[near])}? " if near else ""
    raise NotFound(
        f"There is no stage {text.shorten(said, 40)!r} on the map of the {who}.", f"{hint}Stages: {listed}."
    )


def among(part: Spec, fact: str, case: Case) -> Spec:
    """The stage of an entry as a choice among those on the map; any other part as it is."""
    if part.name != "stage" or not fact.startswith("programme."):
        return part
    known = stages_of(case, STAFF if fact.startswith("programme.staff_") else CUSTOMERS)
    return part._replace(kind="choice", choices=tuple(dict.fromkeys(known))) if known else part


def usual_stages(who: str) -> list[Body]:
    """The stages that a map begins with, as entries of its list."""
    return [{"name": name, "note": note} for name, note in USUAL[who]]


def seeded(
    counted: Sequence[tuple[str, int]],
    stages: Sequence[Mapping[str, Any]],
    replied: Sequence[tuple[str, int]] = (),
) -> list[Body]:
    """The trust breakers that a map begins with: why customers left by their cases, and by the answers to
    surveys, the commonest first, with how many said so, each at a stage of the map (E9).
    """
    known = {stage.get("name") for stage in stages}
    cases, answered = _by_reason(counted), _by_reason(replied)
    return [
        {"stage": BREAKS_AT[one.reason], "what": f"{one.reason.replace('_', ' ')} ({told})"}
        for one in evidence([*counted, *replied], {})
        if BREAKS_AT.get(one.reason) in known
        and (told := _counted(cases[one.reason], "case", answered[one.reason], "survey answer"))
    ]


def _counted(*words: int | str) -> str:
    """`3 cases, 1 survey answer`; of what there is none nothing is said."""
    pairs = zip(words[::2], words[1::2], strict=True)
    return ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in pairs if n)


def side(case: Case, who: str) -> Side:
    """The map of one side; entries at a stage that is gone from it stand at its end."""
    lists = {kind: _at(case, kind, who) for kind in ("breaker", "opportunity", "threat")}
    known = {_said(item, "name"): (n, item) for n, item in items_of(case.facts.get(list_of("stage", who)))}
    stages = []
    for name in dict.fromkeys([*known, *(stage for found in lists.values() for stage, _ in found)]):
        n, item = known.get(name, (0, {}))
        here = {kind: tuple(one for at, one in found if at == name) for kind, found in lists.items()}
        at = (here["breaker"], here["opportunity"], here["threat"])
        stages.append(AtStage(n, name, _said(item, "note"), *at))
    return Side(who, tuple(stages), tuple(tasks(case, "action", who)))


def _at(case: Case, kind: str, who: str) -> list[tuple[str, Noted]]:
    """The entries of a kind, each with its stage."""
    more = KINDS[kind][1][-1] if len(KINDS[kind][1]) > 1 else ""
    entries = items_of(case.facts.get(list_of(kind, who)))
    return [
        (_said(item, "stage"), Noted(n, _said(item, "what"), _said(item, more)))
        for n, item in entries
        if item.get("what")
    ]


def tasks(case: Case, kind: str, who: str = CUSTOMERS) -> list[Task]:
    """The ideas, or what is to be done at once, in the order in which they came."""
    return [
        Task(
            n,
            _said(item, "what"),
            _said(item, "owner"),
            item.get("due") or "",
            item.get("done_on") or "",
            item.get("effort"),
            item.get("effect"),
        )
        for n, item in items_of(case.facts.get(list_of(kind, who)))
        if item.get("what")
    ]


def ranked(ideas: Iterable[Task]) -> list[Task]:
    """The best first: by score, then whoever has an owner, then the earlier day, then the number.

    Those without a score come last.
    """

    def place(idea: Task) -> tuple[bool, float, bool, str, int]:
        score = idea.score
        return score is None, -(score or 0), not idea.owner, idea.due or "9999", idea.n

    return sorted(ideas, key=place)


def _said(item: Mapping[str, Any], name: str) -> str:
    return text.line(str(item.get(name) or ""))


# -- the plan --------------------------------------------------------------------------------


def plan(case: Case, events: Sequence[Event], evidence: Sequence[Evidence] = ()) -> Plan:
    """The plan as it stands, with the evidence from cases and who approved it last."""
    return Plan(
        case.id,
        tuple(
            Noted(n, _said(item, "name"), _said(item, "part"))
            for n, item in items_of(case.facts.get(list_of("member")))
            if item.get("name")
        ),
        tuple(side(case, who) for who in SIDES),
        tuple(ranked(tasks(case, "idea"))),
        tuple(evidence),
        approval(case, events),
    )


def approval(case: Case, events: Sequence[Event]) -> Approval | None:
    """Who approved the plan last, and when; None where nobody did."""
    then = approved_map(case.id, events)
    if then is None or case.facts.get("programme.approved") is not True:
        return None
    changed = _substance(then) != _substance(case)
    by, on = case.facts.get("programme.approved_by"), case.facts.get("programme.approved_on")
    return Approval(text.line(by or ""), on or "", changed)


def approved_map(case_id: str, events: Sequence[Event]) -> Case | None:
    """The map as it was when its plan was last approved; None where that never was, or was taken back."""
    undone = {event.body["seq"] for event in events if event.kind == "undone"}
    yes = [
        event.seq
        for event in events
        if event.body.get("fact") == "programme.approved"
        and event.body.get("value") is True
        and event.seq not in undone
    ]
    return fold(case_id, [event for event in events if event.seq <= yes[-1]]) if yes else None


def _substance(case: Case) -> list[Any]:
    """What is approved of a map: all but what was done of it since."""
    plain = [side(case, who) for who in SIDES]
    bare = [(s.who, s.stages, [task._replace(done_on="") for task in s.actions]) for s in plain]
    return [*bare, [task._replace(done_on="") for task in tasks(case, "idea")]]


def review(then: Case, now: Case, today: str) -> list[Became]:
    """What became of each part of the plan that was approved, in the order in which it was approved."""
    found = []
    for kind, who in (("idea", CUSTOMERS), ("action", CUSTOMERS), ("action", STAFF)):
        stands = {task.n: task for task in tasks(now, kind, who)}
        for task in ranked(tasks(then, kind, who)):
            there = stands.get(task.n)
            state = there.state(today) if there else DROPPED
            found.append(Became(kind, "" if kind == "idea" else who, there or task, state))
    return found


# -- the evidence ----------------------------------------------------------------------------


def nameless(words: Iterable[str], names: str) -> list[str]:
    """Those of some words that hold nothing of a customer's names, and no number or address."""
    known = {word for word in re.findall(r"\w+", text.fold(names)) if len(word) > 1}
    return [
        said
        for word in words
        if (said := text.line(word))
        and not re.search(r"[\d@]", said)
        and not known & set(re.findall(r"\w+", text.fold(said)))
    ]


def evidence(
    counted: Sequence[tuple[str, int]], said: Mapping[str, Sequence[str]], most: int = 5
) -> list[Evidence]:
    """Reasons by how many cases have them, the commonest first, each with the words used most often."""
    return [
        Evidence(reason, cases, _commonest(said.get(reason, ())))
        for reason, cases in sorted(_by_reason(counted).items(), key=lambda one: (-one[1], one[0]))[:most]
    ]


def _by_reason(counted: Sequence[tuple[str, int]]) -> Counter[str]:
    """How many say so by reason, its leaves with it."""
    found: Counter[str] = Counter()
    for reason, said in counted:
        found[reason.partition("/")[0]] += said
    return found


def _commonest(words: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """The three words used most often, however they are written."""
    counted = Counter(text.fold(word) for word in words)
    return tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:3])
