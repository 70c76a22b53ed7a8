"""Reading a playbook over: what is wrong with it, and what is legal but poor.

Its shape is checked when it is read (playbook.py); here are the contradictions, the names of facts
and values that there are not, and, as doubts, what would never happen when it is walked.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, NamedTuple

from winback_cli import answers, text
from winback_cli.conditions import Conditions, When
from winback_cli.facts import facts
from winback_cli.guards import Expects, Guard, Offers
from winback_cli.playbook import Playbook, Question, Step, choices_of
from winback_cli.stages import Stage

# What a fact does when its question is put: a step that forbids the act may not ask for it.
_ACTS = {
    "heard.apologised": "apology",
    "revisited.apologised": "apology",
    "revisited.offers": "offer",
    "followed_up.asked_again": "asking",
}


class Mistake(NamedTuple):
    """What is wrong with a playbook whose shape is right; `path` leads to it in the file."""

    path: tuple[Any, ...]
    message: str


def mistakes(playbook: Playbook) -> list[Mistake]:
    """Every contradiction, and every name of a fact or value that there is not."""
    found = _twice(("steps",), "step", [step.id for step in playbook.steps])
    for number, step in enumerate(playbook.steps):
        found += [Mistake(("steps", number, *path), told) for path, told in _in_step(playbook, step)]
        found += _strange(("steps", number), playbook, step)
    return found


def _strange(path: tuple[Any, ...], playbook: Playbook, step: Step) -> list[Mistake]:
    """A stage or a fact of the firm's in a playbook on customers, or the other way round (E9)."""
    firms = playbook.subject == "firm"
    found = []
    if (step.stage == Stage.PROGRAMME) != firms:
        words = "the firm's own steps are on the stage programme" if firms else _FIRMS
        found.append(Mistake((*path, "stage"), words))
    for number, question in enumerate(step.questions):
        if question.fact and question.fact.startswith("programme.") != firms:
            words = "the firm is asked for facts of the programme only" if firms else _FIRMS
            found.append(Mistake((*path, "questions", number, "fact"), words))
    return found


_FIRMS = "the programme is the firm's own: it goes with subject: firm"


def _in_step(playbook: Playbook, step: Step) -> list[Mistake]:
    found = _in_conditions((), step.when) + _in_guards((), step.guards)
    found += _twice(("questions",), "question", [question.key for question in step.questions])
    forbidden = {act for guard in step.guards for act in getattr(guard, "not_here", ())}
    for number, question in enumerate(step.questions):
        path = ("questions", number)
        if _ACTS.get(question.fact or "") in forbidden:
            words = f"{question.key} asks for what this step forbids: {_ACTS[question.fact or '']}"
            found.append(Mistake((*path, "fact"), words))
        found += _in_fact((*path, "fact"), question.fact) or _in_default(playbook, path, question)
        found += _in_conditions(path, question.when) + _in_guards(path, question.guards)
    return found


def _twice(path: tuple[Any, ...], what: str, names: list[str]) -> list[Mistake]:
    return [
        Mistake((*path, number), f"two {what}s are called {name}; give one an id of its own")
        for number, name in enumerate(names)
        if name in names[:number]
    ]


def misnamed(tree: Any, path: tuple[Any, ...] = ()) -> list[Mistake]:
    """The facts that there are not, in the plain data of a playbook whose shape is wrong."""
    found = []
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        if key in ("fact", "needs", "after") and isinstance(value, str) and len(path) > 1:
            found += _in_fact((*path, key), value)
        found += misnamed(value, (*path, key))
    return found


def _unknown(path: tuple[Any, ...], value: object, known: Iterable[str]) -> Mistake:
    listed = list(known)
    near = text.nearest(str(value), listed)
    few = f"; known: {', '.join(listed)}" if len(listed) < 12 else ""
    shown = repr(text.shorten(value, 60) if isinstance(value, str) else value)
    return Mistake(path, f"{shown} is not known here" + (f"; did you mean {near}?" if near else few))


def _in_fact(path: tuple[Any, ...], name: str | None, kind: str = "") -> list[Mistake]:
    if name is None:
        return []
    if name not in facts():
        return [_unknown(path, name, facts())]
    if kind and facts()[name].kind != kind:
        return [Mistake(path, f"{name} is no {kind}")]
    return []


def _in_default(playbook: Playbook, path: tuple[Any, ...], question: Question) -> list[Mistake]:
    """A default that the question could not take."""
    given = question.default
    if given is None:
        return []
    if question.spec.kind == "items":
        return [Mistake((*path, "default"), "a list takes no default")]
    said = ("yes" if given else "no") if isinstance(given, bool) else str(given)
    try:
        answers.parse(choices_of(playbook, question.spec), said, answers.Customs(date(2000, 1, 3)))
    except (ValueError, KeyError) as problem:
        return [Mistake((*path, "default"), f"cannot be the default: {problem}")]
    return []


def _in_conditions(path: tuple[Any, ...], conditions: Conditions) -> list[Mistake]:
    found: list[Mistake] = []
    for number, condition in enumerate(conditions):
        place = (*path, "when", number) if len(conditions) > 1 else (*path, "when")
        found += _in_fact((*place, "fact"), condition.fact) or _in_values(place, condition)
    return found


def _in_values(place: tuple[Any, ...], condition: When) -> list[Mistake]:
    """Values that the fact of a condition cannot have."""
    spec = facts().get(condition.fact)
    allowed: tuple[Any, ...] = spec.choices if spec else ()
    if spec and spec.kind == "yesno":
        allowed = (True, False)
    values = [("is", condition.is_), ("is_not", condition.is_not)]
    values += [("one_of", value) for value in condition.one_of or ()]
    return [
        _unknown((*place, key), value, (str(one).lower() for one in allowed))
        for key, value in values
        if allowed and value is not None and value not in allowed
    ]


def _in_guards(path: tuple[Any, ...], guards: tuple[Guard, ...]) -> list[Mistake]:
    found = _twice((*path, "guards"), "guard", [guard.name for guard in guards])
    for number, guard in enumerate(guards):
        place = (*path, "guards", number)
        found += _in_conditions(place, guard.when)
        if isinstance(guard, Expects):
            found += _in_values((*place, "expects"), guard.expects)
        for named in guard.facts_named():
            found += _in_fact((*place, *named.path), named.fact, named.kind)
    return found


# -- legal, but poor -------------------------------------------------------------------------

# What a touch logged on the command line tells of the contact.
_OF_A_TOUCH = {name for name in facts() if name.startswith("contacted.") and name != "contacted.slipped"}
_UNLESS = {
    "contacted.disposition": "no question asks how the contact ended, so only winback touch logs one",
    "decided.verdict": "no question asks for the verdict, so nothing is decided",
    "followed_up.ending": "no question ends the case; only winback close does",
}


def doubts(playbook: Playbook, rules: Collection[str]) -> list[Mistake]:
    """What may be written and hardly meant: `rules` are the ids that there are."""
    found = _without(playbook) if playbook.subject == "customer" else []
    asked = _Asked(set(), [q.fact or "" for step in playbook.steps for q in step.questions], set())
    for number, step in enumerate(playbook.steps):
        path = ("steps", number)
        found += _unsourced(path, step) + _unheard_of(path, step, rules)
        own = [q.fact for q in step.questions if q.fact]
        elsewhere = asked.elsewhere(own)
        if _impossible(step.when, elsewhere):
            found.append(Mistake((*path, "when"), f"never so, so the step {step.id} is never entered"))
        else:
            late = _impossible(step.when, asked.before)  # it is entered once later ones were
            then = asked._replace(before=elsewhere) if late else asked
            found += _idle_questions(path, step, then)
            found += _idle_guards(path, step, then)
        asked.before.update(own)
        if not step.when:
            asked.firmly.update(q.fact for q in step.questions if q.fact and q.required and not q.when)
    return found


def _without(playbook: Playbook) -> list[Mistake]:
    """What a case of a customer's cannot do without, and nothing asks for."""
    facts_asked = {q.fact for step in playbook.steps for q in step.questions}
    found = [Mistake(("steps",), words) for fact, words in _UNLESS.items() if fact not in facts_asked]
    if all(step.stage != Stage.FOLLOW_UP for step in playbook.steps):
        found.append(Mistake(("steps",), "no step follows up"))
    return found


class _Asked(NamedTuple):
    """The facts asked in the steps before this one, anywhere, and before by all who come here."""

    before: set[str]
    anywhere: list[str]
    firmly: set[str]

    def elsewhere(self, own: Iterable[str]) -> set[str]:
        """Those that are asked outside a step: it is come back to when they become known."""
        left = list(self.anywhere)
        for fact in own:
            left.remove(fact)
        return set(left)


def _unsourced(path: tuple[Any, ...], step: Step) -> list[Mistake]:
    """What of a step names no rule that it comes from, told once a step."""
    if not (step.source or any(q.source for q in step.questions)):
        return [Mistake((*path, "id"), f"the step {step.id} and its questions name no source")]
    bare = [f"the question {q.key}" for q in step.questions if not q.source]
    bare += [f"the guard {guard.name}" for guard in step.guards if not guard.source]
    bare += [f"the guard {g.name} of {q.key}" for q in step.questions for g in q.guards if not g.source]
    return [Mistake((*path, "id"), f"no source: {', '.join(bare)}")] if bare else []


def _unheard_of(path: tuple[Any, ...], step: Step, rules: Collection[str]) -> list[Mistake]:
    """Sources that are no rule."""
    places: list[tuple[tuple[Any, ...], tuple[str, ...]]] = [(path, step.source)]
    places += [((*path, "guards", n), guard.source) for n, guard in enumerate(step.guards)]
    for n, question in enumerate(step.questions):
        here = (*path, "questions", n)
        places.append((here, question.source))
        places += [((*here, "guards", m), guard.source) for m, guard in enumerate(question.guards)]
    return [
        Mistake((*place, "source", n), f"{rule} is no rule of the sources; winback playbook rules")
        for place, cited in places
        for n, rule in enumerate(cited)
        if rule not in rules
    ]


def _idle_questions(path: tuple[Any, ...], step: Step, asked: _Asked) -> list[Mistake]:
    """Questions that no walk comes to: their conditions never hold, or the fact is known by then.

    A step that is done is come back to for an answer that it needs, and for no other.
    """
    here = asked.before | {q.fact for q in step.questions if q.fact}
    found = []
    for number, question in enumerate(step.questions):
        place = (*path, "questions", number)
        known = set(asked.anywhere) if question.required else here
        if question.fact in asked.firmly:
            words = f"{question.fact} is asked in an earlier step, so this question is never reached"
            found.append(Mistake((*place, "fact"), words))
        elif _impossible(step.when + question.when, known):
            words = f"never so, so the question {question.key} is never reached"
            found.append(Mistake((*place, "when"), words))
    return found


def _idle_guards(path: tuple[Any, ...], step: Step, asked: _Asked) -> list[Mistake]:
    """Guards that never stop anything, and those that nothing satisfies."""
    own = [q.fact or "" for q in step.questions]
    found = []
    for number, guard in enumerate(step.guards):
        found += _idle((*path, "guards", number), step, None, guard, asked, asked.before)
    for number, question in enumerate(step.questions):
        place = (*path, "questions", number, "guards")
        until = asked.before | set(own[:number])
        for n, guard in enumerate(question.guards):
            found += _idle((*place, n), step, question, guard, asked, until)
    return found


def _idle(
    place: tuple[Any, ...],
    step: Step,
    question: Question | None,
    guard: Guard,
    asked: _Asked,
    until: set[str],
) -> list[Mistake]:
    """What is poor about one guard; `until` are the facts asked before the walk comes to it.

    Where it looks on completing, it looks again whenever the case stands anew, whatever is asked
    later; where it bars the way, nothing that comes after it can help.
    """
    moments = _moments(guard, question is not None)
    completing = moments & {"complete", "close"}
    known = set(asked.anywhere) if completing else until
    if not moments:
        return [Mistake(place, f"{guard.name} never fires {_elsewhere(guard, question is not None)}")]
    if _impossible(guard.when, known):
        return [Mistake(place, f"{guard.name} never fires: its when is never so")]
    if _unknowable(guard.looks_at(step.prefix), known):
        needed = " or ".join(guard.looks_at(step.prefix))
        return [Mistake(place, f"{guard.name} never fires: nothing asks {needed} by then")]
    barring = moments & {"enter", "ask"}
    here = until if barring else asked.before | {q.fact for q in step.questions if q.fact}
    if words := _pointless(guard):
        return [Mistake(place, words)]
    if guard.level == "block" and _unknowable(guard.wants(), here):
        wanted = " or ".join(guard.wants())
        return [
            Mistake(place, f"nothing asks {wanted} by then, so nothing but an override completes this step")
        ]
    return []


def _pointless(guard: Guard) -> str:
    """What is poor about a guard's own terms: nothing meets them, or nothing goes against them."""
    if isinstance(guard, Expects):
        spec = facts()[guard.expects.fact]
        values: list[Any] = list(spec.choices) or ([True, False] if spec.kind == "yesno" else ["..."])
        met = [value for value in values if _allows(guard.expects, value)]
        if not met and values != ["..."]:
            return f"no answer is what {guard.name} expects, so only an override completes this step"
        if met == values != ["..."]:
            return f"{guard.name} never fires: every answer is what it expects"
    if isinstance(guard, Offers) and guard.offers.most == 10 and not guard.offers.kinds:
        return f"{guard.name} never fires: it sets no bound"
    return ""


def _moments(guard: Guard, on_question: bool) -> set[str]:
    """When this guard is asked at its place: a warning is only said on entering and on completing."""
    heard = {"ask", "complete", "close"} if on_question else {"enter", "complete", "close"}
    if guard.level == "warn":
        heard = {"complete"} if on_question else {"enter", "complete"}
    return heard & set(guard.acts_at(on_question))


def _elsewhere(guard: Guard, on_question: bool) -> str:
    """Where a guard that is idle at its place would act."""
    if guard.level == "warn" and _moments(guard.model_copy(update={"level": "block"}), on_question):
        return "as a warning; it can only block"
    return "here; it belongs on " + ("a step" if on_question else "a question")


def _unknowable(names: tuple[str, ...], asked: set[str]) -> bool:
    """Whether facts are named and none of them can be known; a touch tells of the contact."""
    return bool(names) and not any(name in asked or name in _OF_A_TOUCH for name in names)


def _impossible(conditions: Conditions, asked: set[str]) -> bool:
    """Whether these conditions, on facts of which only those asked can be known, never hold together."""
    for name in {condition.fact for condition in conditions}:
        spec = facts()[name]
        values: list[Any] = list(spec.choices) or ([True, False] if spec.kind == "yesno" else ["..."])
        possible = [None] if _unknowable((name,), asked) else [None, *values]
        for condition in conditions:
            if condition.fact == name:
                possible = [value for value in possible if _allows(condition, value)]
        if not possible:
            return True
    return False


def _allows(condition: When, value: Any) -> bool:
    free = value == "..."  # any text, date or amount
    return (
        (condition.is_ is None or free or value == condition.is_)
        and (condition.is_not is None or value != condition.is_not)
        and (condition.one_of is None or free or value in condition.one_of)
        and (condition.known is None or (value is not None) == condition.known)
    )
