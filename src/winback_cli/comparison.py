"""Playbooks laid side by side: what implements a rule, where two agree and clash, what has changed.

Pure: playbooks and the rules in, values out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from winback_cli.guards import Guard
from winback_cli.playbook import Playbook, Question, Step
from winback_cli.stages import Stage

T = TypeVar("T")
RULING = "standard"  # the playbook that rules where the sources disagree

# -- where a rule comes true -----------------------------------------------------------------


class Element(NamedTuple):
    """A part of a playbook that cites a rule: a step, a question or a guard."""

    kind: str  # step | question | guard
    playbook: str
    step: str
    question: str | None = None
    guard: str | None = None

    @property
    def place(self) -> str:
        """As one names it: `six-steps: contact.person`, `six-steps: contact, guard not_here`."""
        where = f"{self.playbook}: {self.step}"
        if self.question:
            where += f".{self.question}"
        return f"{where}, guard {self.guard}" if self.guard else where


def citing(rule: str, playbooks: Iterable[Playbook]) -> list[Element]:
    """Every part of these playbooks that cites the rule, in their order."""
    return [element for book in playbooks for element, source in _parts(book) if rule in source]


def _parts(book: Playbook) -> list[tuple[Element, tuple[str, ...]]]:
    found: list[tuple[Element, tuple[str, ...]]] = []
    for step in book.steps:
        found.append((Element("step", book.name, step.id), step.source))
        for question in step.questions:
            found.append((Element("question", book.name, step.id, question.key), question.source))
    for step, asked, guard in book.guards():
        key = asked.key if asked else None
        found.append((Element("guard", book.name, step.id, key, guard.name), guard.source))
    return found


# -- two side by side ------------------------------------------------------------------------


class Held(NamedTuple):
    """A rule of a playbook as it is held on a stage."""

    say: str
    level: str
    source: tuple[str, ...]


class OnStage(NamedTuple):
    """A stage of both playbooks: its steps, what both and only one of them ask and hold."""

    stage: Stage
    steps: tuple[tuple[tuple[int, Step], ...], tuple[tuple[int, Step], ...]]
    both_ask: tuple[str, ...]
    only_asks: tuple[tuple[str, ...], tuple[str, ...]]
    both_hold: tuple[Held, ...]
    only_holds: tuple[tuple[Held, ...], tuple[Held, ...]]


class Stance(NamedTuple):
    """The position a playbook takes where the sources disagree, by the rules that it cites."""

    says: str
    source: tuple[str, ...]
    positions: frozenset[str]


class Matter(NamedTuple):
    """A question on which the sources disagree, and how each of two playbooks takes it; None: silent."""

    about: str
    stances: tuple[Stance | None, Stance | None]

    @property
    def clash(self) -> bool:
        """Whether neither holds what the other does."""
        one, other = self.stances
        if one is None or other is None:
            return False
        return not (one.positions <= other.positions or other.positions <= one.positions)

    @property
    def between(self) -> bool:
        """Whether one of them takes up the other's position beside another one, and rules between them."""
        one, other = self.stances
        return bool(one and other and not self.clash and one.positions != other.positions)

    @property
    def agreed(self) -> bool:
        one, other = self.stances
        return bool(one and other and one.positions == other.positions)


class Comparison(NamedTuple):
    """Two playbooks: their stages, and the matters that at least one of them takes a position on."""

    names: tuple[str, str]
    stages: tuple[OnStage, ...]
    matters: tuple[Matter, ...]
    shared: tuple[str, ...]  # rules that both cite


def compare(one: Playbook, other: Playbook, clashes: Sequence[Mapping[str, Any]]) -> Comparison:
    """Two playbooks by stage; `clashes` are the disagreements of the sources, with their rulings."""
    matters = [
        Matter(str(clash["about"]), (_stance(one, clash), _stance(other, clash))) for clash in clashes
    ]
    return Comparison(
        (one.name, other.name),
        tuple(found for stage in Stage if (found := _on_stage(stage, one, other))),
        tuple(matter for matter in matters if any(matter.stances)),
        tuple(sorted(one.cited() & other.cited(), key=rule_order)),
    )


def rule_order(rule: str) -> tuple[str, tuple[int, ...]]:
    """Rules in the order of their documents: A2 before A10, B2.3 before B3.1."""
    return rule[:1], tuple(int(part) for part in rule[1:].split(".") if part.isdecimal())


def _stance(book: Playbook, clash: Mapping[str, Any]) -> Stance | None:
    """The positions whose rules it cites; between several of them the standard playbook rules."""
    cited = book.cited()
    taken = [
        (position["stance"], tuple(rule for rule in position["rules"] if rule in cited))
        for position in clash["positions"]
    ]
    held = [(says, rules) for says, rules in taken if rules]
    if not held:
        return None
    rules = tuple(rule for _, cited_here in held for rule in cited_here)
    taken_up = frozenset(says for says, _ in held)
    ruled = len(held) > 1 and (book.name == RULING or len(held) == len(taken))
    return Stance(clash["ruling"] if ruled else " Or: ".join(sorted(taken_up)), rules, taken_up)


def _on_stage(stage: Stage, one: Playbook, other: Playbook) -> OnStage | None:
    sides = [[(n, s) for n, s in enumerate(book.steps, 1) if s.stage == stage] for book in (one, other)]
    if not any(sides):
        return None
    asked = [_asked(steps) for steps in sides]
    held = [_held(steps) for steps in sides]
    return OnStage(
        stage,
        (tuple(sides[0]), tuple(sides[1])),
        tuple(words for key, words in asked[0].items() if key in asked[1]),
        (_without(asked[0], asked[1]), _without(asked[1], asked[0])),
        tuple(_of_both(rule, held[1][key]) for key, rule in held[0].items() if key in held[1]),
        (_without(held[0], held[1]), _without(held[1], held[0])),
    )


def _without(mine: Mapping[str, T], theirs: Mapping[str, T]) -> tuple[T, ...]:
    return tuple(value for key, value in mine.items() if key not in theirs)


def _asked(steps: Iterable[tuple[int, Step]]) -> dict[str, str]:
    """What these steps ask: by fact its name in words, or by the playbook's own question its wording."""
    return {
        q.fact or f"own {q.key}": q.spec.what if q.fact else q.worded(None)
        for _, step in steps
        for q in step.questions
    }


def _held(steps: Iterable[tuple[int, Step]]) -> dict[str, Held]:
    """The rules that these steps hold; two are the same where kind, terms, level and question are."""
    places: list[tuple[str, Guard]] = []
    for _, step in steps:
        places += [("", guard) for guard in step.guards]
        places += [(q.fact or q.key, guard) for q in step.questions for guard in q.guards]
    return {
        f"{asked} {_terms(guard)}": Held(guard.say, guard.level, guard.source) for asked, guard in places
    }


def _of_both(one: Held, other: Held) -> Held:
    """A rule that both hold, in the first one's words, with the sources of both."""
    return one._replace(source=tuple(dict.fromkeys((*one.source, *other.source))))


def _terms(guard: Guard) -> str:
    told = guard.model_dump(mode="json", exclude={"id", "source", "say", "why"})
    return f"{guard.kind} {told}"


# -- one version and the next ----------------------------------------------------------------


def changes(old: Playbook, new: Playbook) -> list[str]:
    """What is otherwise in the new one, a sentence each, in the order of its steps."""
    told = [f"It is called: {new.title}"] if new.title != old.title else []
    if new.reasons != old.reasons:
        told.append("Other reasons of its own to choose from")
    for step in new.steps:
        before = old.step(step.id)
        told += _in_step(before, step) if before else [f"New step {step.id}: {step.title}"]
    told += [f"No step {step.id} any more: {step.title}" for step in old.steps if not new.step(step.id)]
    if _reordered([step.id for step in old.steps], [step.id for step in new.steps]):
        told.append("The steps go in another order")
    if not told and new.model_copy(update={"version": old.version}) != old:
        told.append("Other sources or descriptions")
    return told


def _reordered(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether what both have stands in another order."""
    return [name for name in old if name in new] != [name for name in new if name in old]


def _in_step(old: Step, new: Step) -> list[str]:
    told = []
    if new.stage != old.stage:
        told.append(f"Step {new.id} is on {new.stage.words}, and was on {old.stage.words}")
    if new.title != old.title:
        told.append(f"Step {new.id} is called: {new.title}")
    if (new.aim, new.do, new.avoid) != (old.aim, old.do, old.avoid):
        told.append(f"Step {new.id}: other coaching")
    if new.when != old.when:
        told.append(f"Step {new.id}: entered under other conditions")
    told += _rules(new.id, old.guards, new.guards)
    for question in new.questions:
        place = f"{new.id}.{question.key}"
        before = old.question(question.key)
        asks = question.worded(None)
        told += _in_question(place, before, question) if before else [f"New question {place}: {asks}"]
    if _reordered([q.key for q in old.questions], [q.key for q in new.questions]):
        told.append(f"Step {new.id}: its questions go in another order")
    gone = [q for q in old.questions if new.question(q.key) is None]
    return told + [f"No question {new.id}.{q.key} any more: {q.worded(None)}" for q in gone]


def _in_question(place: str, old: Question, new: Question) -> list[str]:
    told = []
    if (new.fact, new.type, new.choices) != (old.fact, old.type, old.choices):
        told.append(f"{place} takes another kind of answer")
    if new.ask != old.ask:
        told += [f"{place} asks: {words}" for how, words in new.ask.items() if old.ask.get(how) != words]
        told = told or [f"{place} asks in fewer wordings"]
    if new.required != old.required:
        told.append(f"{place} is {'needed now' if new.required else 'no longer needed'}")
    if new.default != old.default:
        told.append(f"{place}: Enter takes {'nothing' if new.default is None else new.default}")
    if new.help != old.help:
        told.append(f"{place}: other help")
    if new.when != old.when:
        told.append(f"{place}: asked under other conditions")
    return told + _rules(place, old.guards, new.guards)


def _rules(place: str, old: Sequence[Guard], new: Sequence[Guard]) -> list[str]:
    before, now = ({guard.name: guard for guard in guards} for guards in (old, new))
    told = [f"New rule at {place}: {now[name].say}" for name in now if name not in before]
    told += [f"No rule {name} at {place} any more" for name in before if name not in now]
    return told + [
        f"Other terms for the rule {name} at {place}: {now[name].say}"
        for name in now
        if name in before and now[name].model_copy(update={"source": before[name].source}) != before[name]
    ]
