"""A playbook: the steps on the seven stages, their coaching, questions and guards, as frozen values.

The text of a file becomes one of these in library.py; nothing here reads a file. Facts and guards
are closed vocabularies; a playbook chooses, words and orders them, and may ask questions of its own.
"""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from winback_cli.case import Case
from winback_cli.facts import Spec, facts
from winback_cli.guards import AnyGuard, Conditions, Fact, Guard, Left, Model
from winback_cli.stages import MODELS, Reason, Stage

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Sentence = Annotated[str, Field(min_length=1, max_length=1000)]
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
    help: str = ""
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

    @field_validator("questions")
    @classmethod
    def _differ(cls, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        _unique([q.key for q in questions], "question")
        return questions

    @model_validator(mode="after")
    def _asks_nothing_forbidden(self) -> "Step":
        forbidden = {act for guard in self.guards for act in getattr(guard, "not_here", ())}
        for question in self.questions:
            act = _ACTS.get(question.fact or "")
            if act in forbidden:
                raise ValueError(f"{question.key} asks for what this step forbids: {act}")
        _unique([guard.name for guard in self.guards], "guard")
        for question in self.questions:
            _unique([guard.name for guard in question.guards], "guard")
        return self

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
    after: str = ""
    summary: str = ""
    reasons: dict[Key, Reason] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1)

    @field_validator("steps")
    @classmethod
    def _differ(cls, steps: tuple[Step, ...], info: ValidationInfo) -> tuple[Step, ...]:
        _unique([step.id for step in steps], "step")
        order = list(Stage)
        places = [order.index(step.stage) for step in steps]
        if places != sorted(places):
            raise ValueError("the steps do not follow the order of the stages")
        return steps

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)

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


def _unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two {what}s are called {twice[0]}; give one an id of its own")


def choices_of(playbook: Playbook, spec: Spec) -> Spec:
    """The spec with the playbook's own leaves added to the reasons: `price/shipping_cost`."""
    if spec.name != "classified.reason" or not playbook.reasons:
        return spec
    leaves = tuple(f"{parent}/{leaf}" for leaf, parent in playbook.reasons.items())
    return spec._replace(choices=spec.choices + leaves)


class Unknown(NamedTuple):
    """A fact that does not exist, or a value that a fact cannot have.

    `path` leads to it within the step; `known` lists what would be right.
    """

    path: tuple[Any, ...]
    value: str
    known: tuple[str, ...]


def unknown_values(step: Step) -> list[Unknown]:
    """Everything in a step that names a fact or a fact's value that there is not."""
    found = _in_conditions((), step.when) + _in_guards((), step.guards)
    for number, question in enumerate(step.questions):
        path = ("questions", number)
        found += _in_fact((*path, "fact"), question.fact)
        found += _in_conditions(path, question.when) + _in_guards(path, question.guards)
    return found


def _in_fact(path: tuple[Any, ...], name: str | None) -> list[Unknown]:
    names = facts()
    return [] if name is None or name in names else [Unknown(path, name, tuple(names))]


def _in_conditions(path: tuple[Any, ...], conditions: Conditions) -> list[Unknown]:
    found: list[Unknown] = []
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
            Unknown((*place, key), str(value), tuple(str(one).lower() for one in allowed))
            for key, value in values
            if allowed and value is not None and value not in allowed
        ]
    return found


def _in_guards(path: tuple[Any, ...], guards: tuple[Guard, ...]) -> list[Unknown]:
    found: list[Unknown] = []
    for number, guard in enumerate(guards):
        place = (*path, "guards", number)
        found += _in_conditions(place, guard.when)
        for inner, name in guard.facts_named():
            found += _in_fact((*place, *inner), name)
    return found
