"""A walk's other side for tests: answers from a script, and remembers everything it was shown."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from winback_cli import library
from winback_cli.answers import Customs
from winback_cli.case import Case, Entry
from winback_cli.guards import Finding
from winback_cli.journal import Journal, Rehearsal
from winback_cli.playbook import Playbook, Question, Step
from winback_cli.prompter import Asked, Ended, Reply, Row, Scene
from winback_cli.walk import Walk

MONDAY = date(2026, 3, 2)
STANDARD = library.load("standard", Path("/nowhere")).playbook

ENTER = Reply("enter")
BACK = Reply("back")
SKIP = Reply("skip")
QUIT = Reply("quit")

Said = str | Reply | Sequence[str | Reply]


def override(because: str) -> Reply:
    return Reply("override", because)


def change(question: str) -> Reply:
    return Reply("change", question)


def known(said: str) -> Reply:
    return Reply("said", said, known=True)


class Circles(AssertionError):
    """The walk keeps asking the same."""


class Scripted:
    """Answers by place; a place that it has nothing left for gets Enter, or is skipped, or quits.

    A review that stands where it stood before, for an answer is missing, is left.

    Places: `contact.person`, one more line of it `listen.why_left+`, a part of a list
    `revisit.changes[1].owner`; and `review contact`, `gate contact`, `gate revisit.pointed_out`,
    `waits revisit.called_on`. `met` is all it was put to, in order, `asked` the questions alone.
    """

    def __init__(self, script: Mapping[str, Said], most: int = 400) -> None:
        self.script = {place: _listed(said) for place, said in script.items()}
        self.most = most
        self.met: list[str] = []
        self.asked: list[str] = []
        self.put: dict[str, Asked] = {}
        self.scenes: list[Scene] = []
        self.told: list[str] = []
        self.wrongs: list[tuple[str, str]] = []
        self.reviews: dict[str, list[Row]] = {}
        self.blocks: dict[str, tuple[str, ...]] = {}
        self.warns: dict[str, tuple[str, ...]] = {}
        self.gates: dict[str, tuple[str, ...]] = {}

    def _next(self, place: str, otherwise: Reply) -> Reply:
        self.met.append(place)
        if len(self.met) > self.most:
            raise Circles(f"{self.most} prompts, lately {self.met[-8:]}")
        left = self.script.get(place)
        return left.pop(0) if left else otherwise

    def enter(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def ask(self, asked: Asked) -> Reply:
        place = f"{asked.step.id}.{asked.question.key}"
        if asked.item:
            place += f"[{asked.item}].{asked.spec.name}"
        if asked.more:
            return self._next(place + "+", ENTER)
        self.asked.append(place)
        self.put[place] = asked
        ends_list = asked.item and asked.spec.name == asked.question.spec.item[0].name
        return self._next(place, ENTER if asked.default is not None or ends_list else SKIP)

    def wrong(self, asked: Asked, problem: str) -> None:
        self.wrongs.append((f"{asked.step.id}.{asked.question.key}", problem))

    def gate(self, step: Step, findings: Sequence[Finding], case: Case) -> Reply:
        question = findings[0].question
        place = f"gate {step.id}" + (f".{question}" if question else "")
        self.gates[place] = tuple(finding.guard for finding in findings)
        return self._next(place, QUIT)

    def waits(self, ended: Ended, step: Step, question: Question) -> Reply:
        return self._next(f"waits {step.id}.{question.key}", QUIT)

    def review(
        self, step: Step, rows: Sequence[Row], blocks: Sequence[Finding], warns: Sequence[Finding]
    ) -> Reply:
        self.reviews[step.id] = list(rows)
        self.blocks[step.id] = tuple(finding.guard for finding in blocks)
        self.warns[step.id] = tuple(finding.guard for finding in warns)
        place = f"review {step.id}"
        stuck = any(row.missing for row in rows) and place in self.met
        return self._next(place, QUIT if stuck else ENTER)

    def tell(self, sentence: str) -> None:
        self.told.append(sentence)

    def steps(self) -> list[str]:
        """The steps that were entered, in order."""
        return [scene.step.id for scene in self.scenes]


def _listed(said: Said) -> list[Reply]:
    given = [said] if isinstance(said, str | Reply) else said
    return [one if isinstance(one, Reply) else Reply("said", one) for one in given]


class Walked(NamedTuple):
    """A walk that came to its end: how, the case, who answered, and the journal to go on from."""

    ended: Ended
    case: Case
    who: Scripted
    journal: Rehearsal

    def value(self, place: str) -> Any:
        return self.case.answers[place].value


def opened(today: date = MONDAY) -> Rehearsal:
    """A journal with a case that was just opened."""
    journal = Rehearsal((), today)
    journal.record([Entry("opened", {"playbook": "standard", "version": 1, "digest": "x"})])
    return journal


def walk(
    script: Mapping[str, Said],
    journal: Rehearsal | None = None,
    today: date = MONDAY,
    playbook: Playbook = STANDARD,
    suggested: Mapping[str, Any] | None = None,
) -> Walked:
    """Walk a case with this script; from where `journal` stands, or a new one."""
    journal = later(journal, today) if journal else opened(today)
    who = Scripted(script)
    ended = Walk(
        playbook,
        journal.case(),
        who,
        Journal(journal.record, journal.case),
        Customs(today),
        suggested=suggested or {},
    ).run()
    return Walked(ended, journal.case(), who, journal)


def later(journal: Rehearsal, today: date) -> Rehearsal:
    """The same journal on another day."""
    return Rehearsal(journal._events, today)


# -- the happy route, step by step -----------------------------------------------------------

BACKSTORY: dict[str, Said] = {
    "backstory.how_left": "upset",
    "backstory.left_on": "2026-02-27",
    "backstory.complained_on": "2026-02-27",
    "backstory.told_by": "Mara",
    "backstory.internal_view": "The carrier was late.",
    "backstory.landmines[1].what": "The unanswered mail",
    "backstory.landmines[1].explanation": "It went to a dead mailbox",
    "backstory.contact_details": "good",
    "backstory.worth_it": "yes",
    "backstory.known_already": "no",
}
CONTACT: dict[str, Said] = {
    "contact.on": "today",
    "contact.channel": "phone",
    "contact.disposition": "reached",
    "contact.person": "Ines",
    "contact.role": "owner",
    "contact.decision_maker": "yes",
    "contact.slipped": "none",
}
LISTEN: dict[str, Said] = {
    "listen.refused": "no",
    "listen.why_left": "You were late.",
    "listen.requirements": "Tell me the day before.",
    "listen.complained": "yes",
    "listen.complaints": "Three late deliveries.",
    "listen.ownership": "That was ours.",
    "listen.thanked": "yes",
    "listen.apologised": "yes",
    "listen.reconsidered": "no",
}
CLASSIFY: dict[str, Said] = {
    "classify.reason": "delivery or service",
    "classify.theory": "partly",
    "classify.scope": "systemic",
    "classify.evidence": "Her words.",
}
DECIDE: dict[str, Said] = {
    "decide.fix": "One person who answers.",
    "decide.approach": "simple fix",
    "decide.fix_cost": "900 EUR",
    "decide.verdict": "pursue",
    "decide.reasons": "Twelve orders a year.",
}
REVISIT: dict[str, Said] = {
    "revisit.changes[1].what": "Mara answers within a day",
    "revisit.changes[1].done": "yes",
    "revisit.offers[1].kind": "trial",
    "revisit.offers[1].terms": "The next one is free.",
    "revisit.apologised": "yes",
    "revisit.credited": "yes",
    "revisit.sent_on": "today",
}
CALL: dict[str, Said] = {
    "revisit.called_on": "today",
    "revisit.pointed_out": "That Mara answers.",
    "revisit.response": "coming back",
}
FOLLOW_UP: dict[str, Said] = {
    "follow_up.check_ins[1].agreed_for": "+1w",
    "follow_up.check_ins[1].kept": "yes",
    "follow_up.check_ins[1].feedback": "All is well.",
    "follow_up.cadence": "monthly",
    "follow_up.lesson": "Answer mail.",
    "follow_up.ending": "won",
    "follow_up.next_contact_on": "+1m",
}
TO_THE_MESSAGE = BACKSTORY | CONTACT | LISTEN | CLASSIFY | DECIDE | REVISIT
