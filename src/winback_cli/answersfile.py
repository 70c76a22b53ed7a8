"""An answers file: a whole walk written down (YAML or JSON), answered as a person would answer it.

    answers: {step: {question: value or {value: ..., known: true}}}
    override: [{step, question, guard, because}]

Everything in it is checked against the playbook before the first answer is stored. A missing
required answer is an error that names it, never a default.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from winback_cli import answers, library, text, trust, yamltext
from winback_cli.answers import Customs
from winback_cli.case import Body, Case, Entry, items_of
from winback_cli.errors import BadInput, Refused, UsageError
from winback_cli.facts import Spec
from winback_cli.guards import Finding
from winback_cli.pairing import pairs
from winback_cli.playbook import Playbook, Question, Step, choices_of
from winback_cli.prompter import Asked, Ended, Reply, Row, Scene
from winback_cli.yamltext import Problem, Tree


class Given(NamedTuple):
    """One answer of the file, as it will be stored. `moving` names, by entry of a list, the days that it
    reckons from today: walked another day it says others.
    """

    value: Any
    known: bool = False
    moving: tuple[frozenset[str], ...] = ()


class Script(NamedTuple):
    """A checked answers file: answers by (step, question), reasons by (step, question, guard)."""

    origin: str
    answers: dict[tuple[str, str], Given]
    overrides: dict[tuple[str, str | None, str], str]
    promises: tuple[str, str] = ("", "")  # where the playbook asks what changes
    today: str = ""  # the day it is walked on


def load(path: Path, playbook: Playbook, customs: Customs) -> Script:
    """Read and check an answers file; raises BadInput with each mistake as `file:line:column`."""
    content = library.source(path)
    tree, problem = yamltext.read(content)
    problems = tree.problems
    script = Script(str(path), {}, {})
    if not (problem and tree.data is None):
        script, more = check(tree, str(path), playbook, customs)
        problems = [*problems, *more]
    if problems:
        told = [f"{path}:{p.line}:{p.column}: {p.message}" for p in library.few(problems)]
        raise BadInput("\n".join(told), _MEND)
    return script


_CHANGES = "revisited.changes"
APPROVED = "programme.approved"
_LATER = "Leave it out until they have seen the plan; then: winback trust plan --approve --by NAME"
FIRMS = "winback trust new"  # walks the firm's own questionnaire
_MEND = "Mend it and try again; nothing was changed."


def check(tree: Tree, origin: str, playbook: Playbook, customs: Customs) -> tuple[Script, list[Problem]]:
    """The script in plain data, and every mistake in it."""
    reader = _Reader(tree, origin, playbook, customs)
    reader.read()
    return reader.script, reader.problems


class _Reader:
    """Reads a script against its playbook, and gathers what is wrong with its place."""

    def __init__(self, tree: Tree, origin: str, playbook: Playbook, customs: Customs) -> None:
        asked = [(s.id, q.key) for s in playbook.steps for q in s.questions if q.fact == _CHANGES]
        place = asked[0] if asked else ("", "")
        self.script = Script(origin, {}, {}, place, customs.today.isoformat())
        self.problems: list[Problem] = []
        self._tree = tree
        self._playbook = playbook
        self._customs = customs

    def read(self) -> None:
        tree = self._tree.data
        if not isinstance(tree, dict):
            return self._wrong((), "an answers file is a map that begins with answers:")
        for key in tree:
            if key not in ("answers", "override"):
                self._unknown((key,), ["answers", "override"])
        given, listed = tree.get("answers") or {}, tree.get("override") or []
        if not isinstance(given, dict):
            return self._wrong(("answers",), "a map of step: questions")
        for step_id, answered in given.items():
            self._step(step_id, answered)
        if not isinstance(listed, list):
            return self._wrong(("override",), "a list of overrides")
        for number, override in enumerate(listed):
            self._override(("override", number), override)
        return None

    def _step(self, step_id: str, given: Any) -> None:
        step = self._playbook.step(step_id)
        if step is None:
            return self._unknown(("answers", step_id), [s.id for s in self._playbook.steps])
        if given is None:
            return None  # every question of the step is commented out
        if not isinstance(given, dict):
            return self._wrong(("answers", step_id), "a map of question: answer")
        for key, value in given.items():
            self._answer(step, key, value)
        return None

    def _answer(self, step: Step, key: str, given: Any) -> None:
        place = ("answers", step.id, key)
        question = step.question(key)
        if question is None:
            return self._unknown(place, [q.key for q in step.questions])
        value, known = given, False
        if isinstance(given, dict) and "value" in given and set(given) <= {"value", "known"}:
            said = str(given.get("known", "no")).lower()
            if said not in ("true", "false", "yes", "no"):
                return self._wrong((*place, "known"), "known is yes or no")
            value, known = given["value"], said in ("true", "yes")
        try:
            spec = choices_of(self._playbook, question.spec)
            read = answers.from_file(spec, value, self._customs)
        except ValueError as problem:
            return self._wrong(place, f"{key}: {problem}")
        self.script.answers[step.id, key] = Given(read, known, _moving(spec, value, read))
        return None

    def _override(self, place: tuple[Any, ...], given: Any) -> None:
        if not isinstance(given, dict) or not set(given) <= {"step", "question", "guard", "because"}:
            words = "an override has step, question (where it is one's), guard and because"
            return self._wrong(place, words)
        because = given.get("because")
        if not isinstance(because, str) or not because.strip():
            return self._wrong(place, "an override needs a reason: because")
        step = self._playbook.step(str(given.get("step")))
        if step is None:
            return self._unknown((*place, "step"), [s.id for s in self._playbook.steps])
        key = given.get("question")
        question = step.question(str(key)) if key else None
        if key and question is None:
            return self._unknown((*place, "question"), [q.key for q in step.questions])
        names = [guard.name for guard in (question.guards if question else step.guards)]
        names += ["required"] if question else []
        if given.get("guard") not in names:
            known = ", ".join(names) or "none"
            return self._wrong((*place, "guard"), f"no such guard here; known: {known}")
        self.script.overrides[step.id, key, given["guard"]] = text.clean(because).strip()
        return None

    def _wrong(self, path: tuple[Any, ...], message: str) -> None:
        self.problems.append(Problem(*self._tree.position(path), message))

    def _unknown(self, path: tuple[Any, ...], known: list[str]) -> None:
        last = path[-1]
        said = (
            str(self._tree.data["override"][path[1]][last])
            if path[0] == "override" and len(path) > 2
            else str(last)
        )
        near = text.nearest(said, known)
        shown = repr(text.shorten(said, 60))
        self._wrong(path, f"{shown} is not known here" + (f"; did you mean {near}?" if near else ""))


def _moving(spec: Spec, said: Any, read: Any) -> tuple[frozenset[str], ...]:
    days = [part.name for part in spec.item if part.kind == "date"]
    found = tuple(
        frozenset(day for day in days if day in entry and str(entry[day]) != made[day])
        for entry, made in (zip(said, read, strict=True) if days else ())
    )
    return found if any(found) else ()


def further(script: Script, playbook: Playbook, case: Case, customs: Customs) -> list[Entry]:
    """The entries of the file that the case does not hold yet, for the lists that its walk is past.

    Raises BadInput for one at a stage that is not on the map.
    """
    found: list[Entry] = []
    for step in playbook.steps:
        for question in step.questions:
            fact = question.fact or ""
            if step.id in case.done or fact in case.ended:
                new = _new(script, step, question, case, customs)
                held = [*(case.facts.get(fact) or []), *(entry.body["value"] for entry in new)]
                if new:  # what comes later may stand at a stage that comes now
                    case = replace(case, facts={**case.facts, fact: held})
                found += new
    return found


def _new(script: Script, step: Step, question: Question, case: Case, customs: Customs) -> list[Entry]:
    """The entries of one list, as they are added after those that are there."""
    given, fact = script.answers.get((step.id, question.key)), question.fact or ""
    if given is None or question.spec.kind != "items":
        return []
    held = case.facts.get(fact) or []
    known = pairs(given.value, held, given.moving)
    stage = next((part for part in question.spec.item if part.name == "stage"), None)
    about = {"question": f"{step.id}.{question.key}", "fact": fact, "how": "asked"}
    found: list[Entry] = []
    for entry in (entry for n, entry in enumerate(given.value) if n not in known):
        value = dict(entry)
        if stage and "stage" in entry:
            try:
                value["stage"] = answers.parse(trust.among(stage, fact, case), entry["stage"], customs)
            except ValueError as problem:
                place = f"{script.origin}: {step.id}.{question.key}"
                raise BadInput(f"{place}: {problem}.", _MEND) from None
        found.append(Entry("answered", about | {"item": len(held) + 1 + len(found), "value": value}))
    return found


class FilePrompter:
    """Answers a walk from a script; it says nothing, and raises where the file falls short."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._pairs: dict[tuple[str, str], dict[int, int]] = {}  # by list, which entry is which of the case

    def enter(self, scene: Scene) -> None:
        """Nothing to show."""

    def ask(self, asked: Asked) -> Reply:
        """The answer of the file; a question that it leaves open is skipped unless it is required."""
        place = (asked.step.id, asked.question.key)
        given = self.script.answers.get(place)
        if asked.more:
            return Reply("enter")
        if asked.question.fact == _CHANGES and asked.spec.name == "kept":
            return self._promise(asked, given)
        if asked.item:
            return self._part(asked, given)
        if given is not None:
            return Reply("given", value=given.value, known=given.known)
        if asked.question.fact == APPROVED:
            return Reply("quit")  # nobody can approve of a plan that the file only just makes
        if asked.required and (*place, "required") not in self.script.overrides:
            raise self._missing(".".join(place))
        return Reply("skip")

    def _promise(self, asked: Asked, given: Given | None) -> Reply:
        """A promise that is due is kept where the file now says that it is done."""
        done = self._entry(asked.held, asked.item, given).get("done") is True
        return Reply("given", value=True) if done else Reply("skip")

    def _entry(self, held: Sequence[Body], item: int, given: Given | None) -> Body:
        """The promise of the file that one of the case is; empty where the file does not hold it."""
        said = given.value if given else []
        found = self._paired(self.script.promises, given, held)
        return next((said[n] for n, m in found.items() if m == item - 1), {})

    def _paired(self, place: tuple[str, str], given: Given | None, held: Sequence[Body]) -> dict[int, int]:
        """Which entries of a list the case holds; remembered, since the case takes one at a time."""
        if given is None:
            return {}
        found = pairs(given.value, held, given.moving, self._pairs.get(place))
        self._pairs[place] = found
        return found

    def _part(self, asked: Asked, given: Given | None) -> Reply:
        """A part of an entry that the case holds, or of the first that it does not hold yet."""
        entries = given.value if given else []
        first = asked.spec.name == asked.question.spec.item[0].name
        name = f"{asked.step.id}.{asked.question.key}"
        found = self._paired((asked.step.id, asked.question.key), given, asked.held)
        new = asked.item > len(asked.held)
        place = next(
            (n for n in range(len(entries)) if (n not in found if new else found.get(n) == asked.item - 1)),
            None,
        )
        if new and place is None:
            if not items_of(list(asked.held)) and asked.question.required:
                if (asked.step.id, asked.question.key, "required") in self.script.overrides:
                    return Reply("skip")
                raise self._missing(name)
            return Reply("enter")
        value = None if place is None else entries[place].get(asked.spec.name)
        if value is not None:
            return Reply("given", value=value)
        if asked.required or first:
            if place is None:
                there = f"entry {asked.item}, which is there already"
                raise self._missing(f"{name}: {asked.spec.name} of {there}")
            raise self._missing(f"{name}[{place + 1}].{asked.spec.name}")
        return Reply("skip")

    def _missing(self, name: str) -> UsageError:
        return UsageError(
            f"The answers file {self.script.origin} has no answer to {name}.",
            "Add it and run the same command again; nothing was changed.",
        )

    def wrong(self, asked: Asked, problem: str) -> None:
        """A value that the checks let pass and the walk does not: named by its place."""
        raise BadInput(f"{self.script.origin}: {asked.step.id}.{asked.question.key}: {problem}.", _MEND)

    def gate(self, step: Step, findings: Sequence[Finding], case: Case) -> Reply:
        """The override of the file, or the promise that it says is done."""
        finding = findings[0]
        if because := self._because(finding):
            return Reply("override", because)
        question = step.question(finding.question or "")
        if question and not question.required and (step.id, question.key) not in self.script.answers:
            return Reply("skip")
        changes = self.script.answers.get(self.script.promises)
        held = case.facts.get(_CHANGES) or []
        open_ones = [promise for promise in case.commitments if promise["state"] == "open"]
        for promise in open_ones:
            if self._entry(held, promise["n"], changes).get("done"):
                return Reply("kept", str(promise["n"]))
        days = [promise["due"] for promise in open_ones if promise.get("due")]
        if finding.guard == "changes" and days and min(days) > self.script.today:
            return Reply("wait")
        raise refused(finding)

    def waits(self, ended: Ended, step: Step, question: Question) -> Reply:
        because = self._because(ended.finding) if ended.finding else None
        return Reply("override", because) if because else Reply("quit")

    def review(
        self, step: Step, rows: Sequence[Row], blocks: Sequence[Finding], warns: Sequence[Finding]
    ) -> Reply:
        """Accepted, unless something is missing or stops it that the file does not override."""
        for finding in blocks[:1]:
            because = self._because(finding)
            if because is None:
                raise refused(finding)
            return Reply("override", because)
        for row in rows:
            if row.missing:
                because = self.script.overrides.get((step.id, row.key, "required"))
                if because is None:
                    raise self._missing(f"{step.id}.{row.key}")
                return Reply("override", because)
        return Reply("enter")

    def tell(self, sentence: str) -> None:
        """Nothing to show."""

    def _because(self, finding: Finding) -> str | None:
        return self.script.overrides.get((finding.step, finding.question, finding.guard))


def refused(finding: Finding) -> Refused:
    """A guard that stops a script, with the words that would override it."""
    question = f", question: {finding.question}" if finding.question else ""
    return Refused(
        f"{finding.say} {finding.why}",
        f"To go on: override: [{{step: {finding.step}{question}, guard: {finding.guard},"
        " because: your reason}]",
    )


def template(playbook: Playbook) -> str:
    """A blank answers file for a playbook: every question, commented out, with what it takes."""
    firms = playbook.subject == "firm"
    lines = [
        f"# Answers for the playbook {playbook.name}, version {playbook.version}.",
        "# Take the # from a line to answer it. Then:",
        f"# {_walked(playbook)} --answers FILE",
        "# Dates: 2026-03-01, today, -2d, +3bd. An answer known before: {value: ..., known: true}",
        *(["# STAGE: the name of a stage, one of the usual ones or of your own list."] if firms else []),
        "answers:",
    ]
    for step in playbook.steps:
        lines += ["", f"  # {step.title}", f"  {step.id}:"]
        lines += [line for question in step.questions for line in _template(playbook, question)]
    lines += ["", "# A rule may be overridden, with a reason that stays on record:", "override: []"]
    lines += ["# - {step: ..., question: ..., guard: ..., because: ...}"]
    return "\n".join(lines) + "\n"


def _walked(playbook: Playbook) -> str:
    """The command that walks it."""
    return f"winback walk WHO --playbook {playbook.name}" if playbook.subject == "customer" else FIRMS


def _template(playbook: Playbook, question: Question) -> list[str]:
    spec = choices_of(playbook, question.spec)
    fact = question.fact or ""
    need = " (required)" if question.required and not fact.startswith(APPROVED) else ""
    asked = [f"    # {question.worded(None)}{need}"]
    asked += [f"    # {_LATER}"] if fact == APPROVED else []
    if side := trust.stages_asked(fact):
        asked = _stages_wanted(side)
    if spec.kind == "items":
        parts = ", ".join(f"{p.name}: {_sort(p)}" for p in spec.item)
        return [*asked, f"    # {question.key}: [{{{parts}}}]"]
    return [*asked, f"    # {question.key}: {_sort(spec)}"]


def _stages_wanted(side: str) -> list[str]:
    """What a file says of the stages: nothing for the usual ones, or all of them."""
    usual = textwrap.wrap(f"{', '.join(name for name, _ in trust.USUAL[side])}.", 90)
    return [
        f"    # The stages that {'your staff' if side == trust.STAFF else 'customers'} go through."
        " Left out, they are the usual ones:",
        *(f"    # {line}" for line in usual),
        "    # On a new map a list of your own takes their place, so give all of yours.",
    ]


def _sort(spec: Any) -> str:
    if (spec.name, spec.kind) == ("stage", "line"):
        return "STAGE"
    names = {"yesno": "yes | no", "date": "DATE", "money": "1200.00 EUR", "number": "NUMBER"}
    if spec.kind == "choice":
        return " | ".join(spec.choices)
    return names.get(spec.kind, "TEXT")
