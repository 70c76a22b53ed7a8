"""A playbook: the steps on the seven stages, their coaching, questions and guards, as frozen values.

The text of a file becomes one of these in library.py; nothing here reads a file. Facts and guards
are closed vocabularies; a playbook chooses, words and orders them, and may ask questions of its own.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from winback_cli import answers, text
from winback_cli.case import Case
from winback_cli.facts import Spec, facts
from winback_cli.guards import AnyGuard, Conditions, Fact, Guard, Left, Model
from winback_cli.stages import MODELS, Reason, Stage

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Clean = Annotated[str, AfterValidator(text.clean)]
Sentence = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(text.clean)]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*(\.[0-9]+)?$")]
Sources = tuple[RuleId, ...]

# What a fact does when its question is put: a step that forbids the act may not ask for it.
_ACTS = {
    "heard.apologised": "apology",
    "revisited.apologised": "apology",
    "revisited.offers": "offer",
    "followed_up.asked_again": "asking",
}


def _worded(given: object) -> object:
    return {"left": given} if isinstance(given, str) else given


Worded = Annotated[dict[Left, Sentence], BeforeValidator(_worded), Field(min_length=1)]


class Question(Model):
    """One question: of a fact, or (`id` and `type`) the playbook's own."""

    fact: Fact | None = None
    id: Key | None = None
    type: Literal["text", "choice", "yesno", "date", "number"] | None = None
    choices: tuple[Key, ...] = ()
    ask: Worded
    help: Clean = ""
    required: bool = False
    default: str | bool | int | None = None
    source: Sources = ()
    when: Conditions = ()
    guards: tuple[AnyGuard, ...] = ()

    @property
    def key(self) -> str:
        """Its name within the step: its id, or its fact's field."""
        return self.id or (self.fact or "").rpartition(".")[2]

    @property
    def spec(self) -> Spec:
        """How it is asked."""
        if self.fact:
            return facts()[self.fact]
        return Spec(self.key, self.type or "text", self.worded(None), self.choices)

    def worded(self, how_left: str | None) -> str:
        """The question for a customer who left in this way; the general wording where none is given."""
        ask = self.ask
        chosen = ask.get(how_left) if how_left else None  # type: ignore[call-overload]
        return chosen or ask.get("left") or next(iter(ask.values()))

    @model_validator(mode="after")
    def _is_whole(self) -> "Question":
        if self.fact and self.type:
            raise ValueError("a question has a fact, or an id and a type of its own, not both")
        if not self.fact and not (self.id and self.type):
            raise ValueError("a question needs a fact, or an id and a type of its own")
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices go with type: choice, and it needs them")
        return self


class Step(Model):
    """A step of the playbook, on one of the seven stages."""

    id: Key
    stage: Stage
    title: Sentence
    aim: Sentence
    do: tuple[Sentence, ...] = ()
    avoid: tuple[Sentence, ...] = ()
    source: Sources = ()
    when: Conditions = ()
    guards: tuple[AnyGuard, ...] = ()
    questions: tuple[Question, ...] = Field(min_length=1)

    @property
    def prefix(self) -> str:
        """The name of the stage's model: `heard` for listen."""
        return MODELS[self.stage][0]

    def applies(self, case: Case) -> bool:
        return all(condition.holds(case) for condition in self.when)

    def asked(self, case: Case) -> list[Question]:
        """The questions whose conditions hold now."""
        return [q for q in self.questions if all(c.holds(case) for c in q.when)]

    def question(self, key: str) -> Question | None:
        return next((q for q in self.questions if q.key == key), None)


class Playbook(Model):
    """A whole playbook at one version."""

    name: Name
    version: int = Field(ge=1)
    title: Sentence
    after: Clean = ""
    summary: Clean = ""
    reasons: dict[Key, Reason] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1)

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)

    def rank(self, step: Step, question: Question | None) -> tuple[int, int]:
        """Where a question stands in the order of the playbook; a step itself before its first."""
        place = step.questions.index(question) if question else -1
        return self.steps.index(step), place

    def guards(self) -> list[tuple[Step, Question | None, Guard]]:
        """Every guard with its place."""
        found: list[tuple[Step, Question | None, Guard]] = []
        for step in self.steps:
            found += [(step, None, guard) for guard in step.guards]
            found += [(step, q, guard) for q in step.questions for guard in q.guards]
        return found

    def cited(self) -> set[str]:
        """Every rule id named anywhere in it."""
        ids = {rule for step in self.steps for rule in step.source}
        ids |= {rule for step in self.steps for q in step.questions for rule in q.source}
        return ids | {rule for _, _, guard in self.guards() for rule in guard.source}


def choices_of(playbook: Playbook, spec: Spec) -> Spec:
    """The spec with the playbook's own leaves added to the reasons: `price/shipping_cost`."""
    if spec.name != "classified.reason" or not playbook.reasons:
        return spec
    leaves = tuple(f"{parent}/{leaf}" for leaf, parent in playbook.reasons.items())
    return spec._replace(choices=spec.choices + leaves)


class Mistake(NamedTuple):
    """What is wrong with a playbook whose shape is right; `path` leads to it in the file."""

    path: tuple[Any, ...]
    message: str


def mistakes(playbook: Playbook) -> list[Mistake]:
    """Every contradiction, and every name of a fact or value that there is not."""
    found = _twice(("steps",), "step", [step.id for step in playbook.steps])
    order = list(Stage)
    furthest = 0
    for number, step in enumerate(playbook.steps):
        place = order.index(step.stage)
        if place < furthest:
            words = (
                "the steps do not follow the order of the stages: "
                f"{step.stage.words} comes before {order[furthest].words}"
            )
            found.append(Mistake(("steps", number, "stage"), words))
        furthest = max(furthest, place)
        found += [Mistake(("steps", number, *path), told) for path, told in _in_step(step)]
    return found


def _in_step(step: Step) -> list[Mistake]:
    found = _in_conditions((), step.when) + _in_guards((), step.guards)
    found += _twice(("questions",), "question", [question.key for question in step.questions])
    forbidden = {act for guard in step.guards for act in getattr(guard, "not_here", ())}
    for number, question in enumerate(step.questions):
        path = ("questions", number)
        if _ACTS.get(question.fact or "") in forbidden:
            words = f"{question.key} asks for what this step forbids: {_ACTS[question.fact or '']}"
            found.append(Mistake((*path, "fact"), words))
        found += _in_fact((*path, "fact"), question.fact) or _in_default(path, question)
        found += _in_conditions(path, question.when) + _in_guards(path, question.guards)
    return found


def _twice(path: tuple[Any, ...], what: str, names: list[str]) -> list[Mistake]:
    return [
        Mistake((*path, number), f"two {what}s are called {name}; give one an id of its own")
        for number, name in enumerate(names)
        if name in names[:number]
    ]


def _unknown(path: tuple[Any, ...], value: object, known: Iterable[str]) -> Mistake:
    listed = list(known)
    near = text.nearest(str(value), listed)
    few = f"; known: {', '.join(listed)}" if len(listed) < 12 else ""
    return Mistake(path, f"{value!r} is not known here" + (f"; did you mean {near}?" if near else few))


def _in_fact(path: tuple[Any, ...], name: str | None, kind: str = "") -> list[Mistake]:
    if name is None:
        return []
    if name not in facts():
        return [_unknown(path, name, facts())]
    if kind and facts()[name].kind != kind:
        return [Mistake(path, f"{name} is no {kind}")]
    return []


def _in_default(path: tuple[Any, ...], question: Question) -> list[Mistake]:
    """A default that the question could not take."""
    given = question.default
    if given is None:
        return []
    said = ("yes" if given else "no") if isinstance(given, bool) else str(given)
    try:
        answers.parse(question.spec, said, answers.Customs(date(2000, 1, 3)))
    except (ValueError, KeyError) as problem:
        return [Mistake((*path, "default"), f"cannot be the default: {problem}")]
    return []


def _in_conditions(path: tuple[Any, ...], conditions: Conditions) -> list[Mistake]:
    found: list[Mistake] = []
    for number, condition in enumerate(conditions):
        place = (*path, "when", number) if len(conditions) > 1 else (*path, "when")
        found += _in_fact((*place, "fact"), condition.fact)
        spec = facts().get(condition.fact)
        allowed: tuple[Any, ...] = spec.choices if spec else ()
        if spec and spec.kind == "yesno":
            allowed = (True, False)
        values = [("is", condition.is_), ("is_not", condition.is_not)]
        values += [("one_of", value) for value in condition.one_of or ()]
        found += [
            _unknown((*place, key), value, (str(one).lower() for one in allowed))
            for key, value in values
            if allowed and value is not None and value not in allowed
        ]
    return found


def _in_guards(path: tuple[Any, ...], guards: tuple[Guard, ...]) -> list[Mistake]:
    found = _twice((*path, "guards"), "guard", [guard.name for guard in guards])
    for number, guard in enumerate(guards):
        place = (*path, "guards", number)
        found += _in_conditions(place, guard.when)
        for named in guard.facts_named():
            found += _in_fact((*place, *named.path), named.fact, named.kind)
    return found
