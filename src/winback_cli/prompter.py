"""Who answers a walk: the seam between the walk and a person, a file, or a test.

The walk puts values to a `Prompter` and gets `Reply` back; neither knows the other's ways.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, Protocol

from winback_cli.case import Body, Case
from winback_cli.facts import Spec
from winback_cli.guards import Finding
from winback_cli.playbook import Playbook, Question, Step

ReplyKind = Literal[
    "said",  # text was typed
    "given",  # a file gives a plain value
    "enter",  # nothing was typed: the default, the end of a list, or accepted
    "back",
    "skip",
    "note",
    "override",
    "wait",
    "kept",
    "broken",
    "change",
    "quit",
]


class Reply(NamedTuple):
    """What came back. `known` marks an answer that was known before and not asked (A4)."""

    kind: ReplyKind
    text: str = ""
    value: Any = None
    known: bool = False


class Asked(NamedTuple):
    """One question as it is put: its words, how it is read, and what Enter would take.

    In a list, `item` numbers the entry, and `held` are those that the case holds. `more` asks for one
    more line of the same answer. `typed` is what the user had typed when somebody else answered.
    """

    step: Step
    question: Question
    words: str
    spec: Spec
    item: int = 0
    default: Any = None
    required: bool = False
    more: bool = False
    typed: str = ""
    held: tuple[Body, ...] = ()

    @property
    def key(self) -> str:
        """What its answer is kept under: `revisit.sent_on`."""
        return f"{self.step.id}.{self.question.key}"


class Row(NamedTuple):
    """A line of a step's review."""

    key: str
    words: str
    answer: str
    how: str
    missing: bool


class Scene(NamedTuple):
    """What stands beside the questions of a step."""

    playbook: Playbook
    step: Step
    case: Case
    clock: tuple[date, bool] | None  # the day by which contact is owed, and whether it is over


class Ended(NamedTuple):
    """How a walk came to its end: what for, and, when waiting, until which day."""

    kind: Literal["waiting", "not_reached", "through", "closed", "quit"]
    until: date | None = None
    due: date | None = None
    finding: Finding | None = None
    what: str = ""


class Prompter(Protocol):
    """Who answers."""

    def enter(self, scene: Scene) -> None:
        """A step begins, or goes on after a pause."""

    def ask(self, asked: Asked) -> Reply: ...

    def wrong(self, asked: Asked, problem: str) -> None:
        """The answer could not be read, or not yet be left out."""

    def gate(self, step: Step, findings: Sequence[Finding], case: Case) -> Reply:
        """Guards stop here; only `override`, `kept`, `broken`, `note`, `back` and `quit` help; `skip`
        where the question may be left out, and `wait` where a promise is not due yet.
        """

    def waits(self, ended: Ended, step: Step, question: Question) -> Reply:
        """Nothing to do before a day: `override`, or `quit`."""

    def review(
        self, step: Step, rows: Sequence[Row], blocks: Sequence[Finding], warns: Sequence[Finding]
    ) -> Reply: ...

    def tell(self, sentence: str) -> None: ...
