"""An answers file: a whole walk written down (YAML or JSON), answered as a person would answer it.

    answers: {step: {question: value or {value: ..., known: true}}}
    override: [{step, question, guard, because}]

Everything in it is checked against the playbook before the first answer is stored. A missing
required answer is an error that names it, never a default.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from winback_cli import answers, library, text, yamltext
from winback_cli.answers import Customs
from winback_cli.case import Case
from winback_cli.errors import BadInput, Refused, UsageError
from winback_cli.guards import Finding
from winback_cli.playbook import Playbook, Question, Step, choices_of
from winback_cli.prompter import Asked, Ended, Reply, Row, Scene
from winback_cli.yamltext import Problem, Tree


class Given(NamedTuple):
    """One answer of the file, as it will be stored."""

    value: Any
    known: bool = False


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
        self.script.answers[step.id, key] = Given(read, known)
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


class FilePrompter:
    """Answers a walk from a script; it says nothing, and raises where the file falls short."""

    def __init__(self, script: Script) -> None:
        self.script = script

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
        if asked.required and (*place, "required") not in self.script.overrides:
            raise self._missing(".".join(place))
        return Reply("skip")

    def _promise(self, asked: Asked, given: Given | None) -> Reply:
        """A promise that is due is kept where the file now says that it is done."""
        entries = given.value if given else []
        done = asked.item <= len(entries) and entries[asked.item - 1].get("done") is True
        return Reply("given", value=True) if done else Reply("skip")

    def _part(self, asked: Asked, given: Given | None) -> Reply:
        entries = given.value if given else []
        first = asked.spec.name == asked.question.spec.item[0].name
        name = f"{asked.step.id}.{asked.question.key}"
        if asked.item > len(entries):
            if first and asked.item == 1 and asked.question.required:
                if (asked.step.id, asked.question.key, "required") in self.script.overrides:
                    return Reply("skip")
                raise self._missing(name)
            return Reply("enter")
        value = entries[asked.item - 1].get(asked.spec.name)
        if value is not None:
            return Reply("given", value=value)
        if asked.required or first:
            raise self._missing(f"{name}[{asked.item}].{asked.spec.name}")
        return Reply("skip")

    def _missing(self, name: str) -> UsageError:
        return UsageError(
            f"The answers file {self.script.origin} has no answer to {name}.",
            "Add it and run the same command again; what was stored stays.",
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
        said = changes.value if changes else []
        open_ones = [promise for promise in case.commitments if promise["state"] == "open"]
        for promise in open_ones:
            if promise["n"] <= len(said) and said[promise["n"] - 1].get("done"):
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
    lines = [
        f"# Answers for the playbook {playbook.name}, version {playbook.version}.",
        "# Take the # from a line to answer it. Then:",
        f"# {_walked(playbook)} --answers FILE",
        "# Dates: 2026-03-01, today, -2d, +3bd. An answer known before: {value: ..., known: true}",
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
    need = " (required)" if question.required else ""
    words = question.worded(None)
    if spec.kind == "items":
        parts = ", ".join(f"{p.name}: {_sort(p)}" for p in spec.item)
        return [f"    # {words}{need}", f"    # {question.key}: [{{{parts}}}]"]
    return [f"    # {words}{need}", f"    # {question.key}: {_sort(spec)}"]


def _sort(spec: Any) -> str:
    names = {"yesno": "yes | no", "date": "DATE", "money": "1200.00 EUR", "number": "NUMBER"}
    if spec.kind == "choice":
        return " | ".join(spec.choices)
    return names.get(spec.kind, "TEXT")
