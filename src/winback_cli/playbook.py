"""A playbook: the steps on the seven stages, their coaching, questions and guards, as frozen values.

The text of a file becomes one of these in library.py; nothing here reads a file. Facts and guards
are closed vocabularies; a playbook chooses, words and orders them, and may ask questions of its own.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from winback_cli import text
from winback_cli.case import Case
from winback_cli.conditions import Conditions, Fact, Left, Line, Model, Sentence, Sources
from winback_cli.facts import Spec, facts
from winback_cli.guards import AnyGuard, Guard
from winback_cli.stages import MODELS, Reason, Stage

Name = Annotated[str, Field(pattern=f"^{text.NAME}$")]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Clean = Annotated[str, AfterValidator(text.clean)]
# The checks of a draft (see draftcheck.py), of which a playbook may make a warning, or none.
Check = Literal[
    "plea",
    "early_apology",
    "bare_apology",
    "reproach",
    "vague",
    "unowned",
    "not_done",
    "uncredited",
    "early_offer",
    "wrong_name",
    "placeholder",
    "pressure",
    "gift",
]


def _worded(given: object) -> object:
    return {"left": given} if isinstance(given, str) else given


Worded = Annotated[
    dict[Left, Sentence],
    BeforeValidator(_worded, json_schema_input_type=str | dict[Left, str]),
    Field(min_length=1),
]


class Question(Model):
    """One question: of a fact, or (`id` and `type`) the playbook's own."""

    fact: Fact | None = None
    id: Key | None = None
    type: Literal["text", "choice", "yesno", "date", "number"] | None = None
    choices: tuple[Key, ...] = ()
    ask: Worded
    help: Clean = ""
    required: StrictBool = False
    default: Annotated[str, AfterValidator(text.line)] | bool | int | None = None
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
    """A step of the playbook, on one of the seven stages; the firm's own are on the programme."""

    id: Key
    stage: Stage
    title: Line
    aim: Sentence
    do: tuple[Sentence, ...] = ()
    avoid: tuple[Sentence, ...] = ()
    source: Sources = ()
    when: Conditions = ()
    guards: tuple[AnyGuard, ...] = ()
    questions: tuple[Question, ...] = Field(min_length=1, max_length=100)

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
    """A whole playbook at one version: of how one customer is won back, or of the firm itself (E9)."""

    name: Name
    version: int = Field(ge=1, le=1_000_000)
    title: Line
    after: Annotated[str, AfterValidator(text.line)] = ""
    summary: Annotated[str, AfterValidator(text.line)] = ""
    subject: Literal["customer", "firm"] = "customer"
    reasons: dict[Key, Reason] = Field(default_factory=dict)
    drafts: dict[Check, Literal["block", "warn", "off"]] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=60)

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
