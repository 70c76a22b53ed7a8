"""The terminal: the prompter that asks a person. All its talk goes to stderr."""

import asyncio
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winback_cli import answers, settings, text
from winback_cli.answers import Customs
from winback_cli.case import Case
from winback_cli.errors import LeftAlone, Stopped, WinbackError
from winback_cli.facts import Spec
from winback_cli.guards import Finding
from winback_cli.playbook import Question, Step
from winback_cli.prompter import Asked, Ended, Reply, ReplyKind, Row, Scene

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from rich.console import Console, RenderableType

_COMMAND = re.compile(r":([a-z]+)\s*(.*)", re.DOTALL)
_SIMPLE: dict[str, ReplyKind] = {"back": "back", "skip": "skip", "quit": "quit"}
_WITH_TEXT: dict[str, ReplyKind] = {
    "note": "note",
    "override": "override",
    "kept": "kept",
    "broken": "broken",
}
KEYS = "Enter takes what is in [brackets] · ? help · :back · :skip · :note TEXT · :quit"
HELP = """  :back           the question before
  :skip           leave this one open; the review reminds you
  :known ANSWER   you knew this before the call; it is marked so
  :note TEXT      a remark for the file
  :edit           write the answer in your editor
  :override WHY   go past a rule; your reason stays on record
  :kept N         promise N is kept (:broken N if it is not)
  :suppress WHY   they asked to be left alone: at once, and the walk ends
  :quit           stop here; everything is stored already"""
# What is only said of a customer: on the firm's own walk it is neither offered nor understood.
_OF_CUSTOMERS = ("known", "kept", "broken", "suppress")
FIRMS_HELP = "\n".join(
    line for line in HELP.splitlines() if not line.lstrip(" :").startswith(_OF_CUSTOMERS)
)


def edited(start: str) -> str | None:
    """What was written in the user's editor, begun with `start`, in a file that only they can read;
    None where the editor did not start, or ended with an error, as one does that is left without saving.
    """
    command = shlex.split(settings.editor() or "vi")
    with tempfile.TemporaryDirectory(prefix="winback-") as folder:
        place = Path(folder) / "text.txt"
        place.write_text(start, "utf-8")
        try:
            ran = subprocess.run([*command, str(place)], check=False)  # noqa: S603 - the user's own
            return place.read_text("utf-8", "replace").strip() if ran.returncode == 0 else None
        except OSError:
            return None


def ask_line(mark: str) -> str:
    """One line from the keyboard; empty where nothing was typed."""
    return _one_line(mark) or ""


def _one_line(mark: str) -> str | None:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.output import create_output

    session: PromptSession[str] = PromptSession(output=create_output(stdout=sys.stderr))
    return prompt_line(session, mark, "")


def prompt_line(session: "PromptSession[str]", mark: str, typed: str) -> str | None:
    """One line; None for Ctrl-D. Raises KeyboardInterrupt, or Stopped for another signal.

    While the line is edited a signal goes through the event loop: raised where Python happens to
    be, it could be swallowed there.
    """
    heard: list[int] = []
    before: dict[int, Any] = {}

    def listen() -> None:
        loop = asyncio.get_running_loop()

        def leave() -> None:
            if not session.app.is_done:
                session.app.exit(exception=Stopped(heard[0]))

        def hear(signum: int, frame: object) -> None:
            heard.append(signum)
            loop.call_soon_threadsafe(leave)

        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                number = int(getattr(signal, name))
                before[number] = signal.signal(number, hear)

    try:
        return session.prompt(mark, default=typed, pre_run=listen)
    except EOFError:
        return None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            raise Stopped(heard[0])


def ask_value(
    out: "Console",
    spec: Spec,
    customs: Customs,
    default: str = "",
    told: str = "",
) -> answers.Value:
    """One value from the keyboard, asked until it is read; Enter takes the default, `?` shows `told`.

    None where the user leaves: Ctrl-D, `:quit`, or Enter without a default.
    """
    out.print(spec.what, style="bold", end="")
    out.print(f"  [{default}]" if default else "", style="cyan")
    if spec.kind == "choice":
        out.print(choices(spec.choices, out.width))
    while (line := _one_line("> ")) is not None:
        said = line.strip() or default
        if said in ("", ":quit"):
            return None
        if said == "?" and told:
            out.print(told)
            continue
        try:
            return answers.parse(spec, said, customs)
        except ValueError as problem:
            sentence = text.clean(str(problem))
            out.print(f"  {sentence[:1].upper()}{sentence[1:]}.", style="yellow")
    return None


def choices(given: tuple[str, ...], width: int) -> str:
    """The choices with their letters, in as many columns as fit."""
    shown = [f"{letter} {text.line(answers.words_of(c))}" for letter, c in answers.letters(given).items()]
    room = max(map(len, shown)) + 3
    columns = max(1, min(len(shown), (width - 2) // room))
    rows = [shown[i : i + columns] for i in range(0, len(shown), columns)]
    return "\n".join("  " + "".join(c.ljust(room) for c in row).rstrip() for row in rows)


def _of_list(asked: Asked) -> str:
    """What Enter takes at an optional part of a list; nothing where a first entry is wanted."""
    if asked.spec.name != asked.question.spec.item[0].name:
        return "  [none]"
    if asked.item > 1:
        return "  [no more]"
    return "" if asked.question.required else "  [none]"


class TerminalPrompter:
    """Asks a person, one line at a time; `rules` gives the text of a rule by its id.

    `card` holds a line on the customer for the stages that want one: how to reach them, what they
    bought. `beside` draws what stands beside a stage (`decide`) or a question (`decided.verdict`).
    """

    def __init__(
        self,
        out: "Console",
        name: str,
        case: str,
        rules: Callable[[Sequence[str]], list[str]],
        override: str = "",
        card: dict[str, str] | None = None,
        beside: "Callable[[str], RenderableType | None]" = lambda name: None,
    ) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.output import create_output

        self._out = out
        self._name = name
        self._case = case
        self._rules = rules
        self._override = override
        self._card = card or {}
        self._beside = beside
        self._session: PromptSession[str] = PromptSession(output=create_output(stdout=sys.stderr))
        self._greeted = False
        self._of_firm = False

    # -- what the walk shows -----------------------------------------------------------------

    def enter(self, scene: Scene) -> None:
        """The step with its coaching, and what has to be in sight while it lasts."""
        from winback_cli import scenes

        stage = scene.step.stage
        self._of_firm = scene.playbook.subject == "firm"
        first = next(step for step in scene.playbook.steps if step.stage == stage)
        named = stage.value if first is scene.step else ""
        if any(question.fact == "decided.verdict" for question in scene.step.questions):
            named = "decide"  # some playbooks ask for the verdict in another stage
        beside = self._beside(named) if named else None
        self._out.print(scenes.scene(scene, self._name, self._out.width, self._card, beside))
        if not self._greeted:
            self._greeted = True
            self._out.print(KEYS, style="dim")

    def tell(self, sentence: str) -> None:
        self._out.print(text.clean(sentence), style="yellow")

    def wrong(self, asked: Asked, problem: str) -> None:
        from winback_cli.views import indented

        sentence = text.clean(problem)
        self._out.print(indented(f"{sentence[:1].upper()}{sentence[1:]}."), style="yellow")

    def waits(self, ended: Ended, step: Step, question: Question) -> Reply:
        """Past the wait where the command line gave a reason, once; otherwise the walk ends."""
        because, self._override = self._override, ""
        return Reply("override", because) if because and ended.finding else Reply("quit")

    # -- what it asks ------------------------------------------------------------------------

    def ask(self, asked: Asked) -> Reply:
        """One question, asked until the line is an answer or a way out."""
        if not asked.more:
            self._put(asked)
        typed = asked.typed
        while True:
            line = self._line("  … " if asked.more else "> ", typed)
            if line is None:
                return Reply("quit")
            if line.strip() in ("?", ":help"):
                self._help(asked)
                self._put(asked)
                continue
            reply = self._understood(line, asked)
            if reply is not None:
                return reply

    def gate(self, step: Step, findings: Sequence[Finding], case: Case) -> Reply:
        """A rule in the way: only a reason, or going elsewhere, leads on."""
        self._say_findings(findings)
        for promise in case.commitments:
            if promise["state"] == "open":
                self._out.print(f"  {promise['n']}. {text.clean(promise['what'])}", style="yellow")
        asked = step.question(findings[0].question or "")
        optional = asked is not None and not asked.required
        words = (
            "Enter leaves it out · " if optional else ""
        ) + ":override WHY · :kept N · :broken N · :back · :quit"
        self._out.print(f"  {words}", style="dim")
        while True:
            line = self._line("> ", "")
            if line is None:
                return Reply("quit")
            if line.strip() in ("?", ":help"):
                self._out.print(self._ways, style="dim")
                continue
            reply = self._understood(line, None) if line.strip() or optional else None
            if optional and reply is not None and reply.kind in ("enter", "skip"):
                return Reply("skip")
            if reply is not None and reply.kind not in ("said", "skip", "enter"):
                return reply
            self._out.print(f"  This has to be settled first. Say one of: {words}", style="dim")

    def review(
        self, step: Step, rows: Sequence[Row], blocks: Sequence[Finding], warns: Sequence[Finding]
    ) -> Reply:
        """The step's answers; Enter completes it, a number changes one."""
        from winback_cli import scenes

        self._out.print(scenes.review(step, rows, self._out.width))
        self._say_findings(blocks)
        self._say_findings(warns)
        done = "Enter completes the step · a number changes an answer"
        if any(row.missing for row in rows):
            done = "Enter asks what is missing · a number changes an answer"
        stopped = "A number changes an answer · :override WHY goes past the rule"
        self._out.print("  " + (stopped if blocks else done), style="dim")
        while True:
            line = self._line("> ", "")
            if line is None:
                return Reply("quit")
            word = line.strip()
            if not word:
                return Reply("enter")
            if word.isdecimal() and 1 <= int(word) <= len(rows):
                return Reply("change", rows[int(word) - 1].key)
            if word in ("?", ":help"):
                self._out.print(self._ways, style="dim")
                continue
            reply = self._understood(line, None)
            if reply is not None and reply.kind not in ("said", "skip"):
                return reply
            ways = "." if blocks else ", or Enter."
            self._out.print(f"  A number from 1 to {len(rows)}{ways}", style="dim")

    # -- lines -------------------------------------------------------------------------------

    def _put(self, asked: Asked) -> None:
        from rich.text import Text

        question = Text("\n" + text.clean(asked.words), style="bold")
        if asked.item:
            question.append(f"  ({asked.item})", style="dim")
        if asked.default is not None:
            shown = text.shorten(answers.shown(asked.spec, asked.default), 60)
            question.append(f"  [{shown}]", style="not bold cyan")
        elif asked.item and not asked.required:
            question.append(_of_list(asked), style="not bold cyan")
        elif not asked.required and not asked.item:
            question.append("  (optional)", style="not bold dim")
        self._out.print(question)
        if (drawn := self._beside(asked.question.fact or "")) is not None:
            self._out.print(drawn)
        if asked.spec.kind == "choice":
            self._out.print(choices(asked.spec.choices, self._out.width))
        elif asked.spec.kind == "yesno":
            self._out.print("  y yes   n no", style="dim")

    def _line(self, mark: str, typed: str) -> str | None:
        """One line from the keyboard; None for Ctrl-D. Ctrl-C raises KeyboardInterrupt."""
        return prompt_line(self._session, mark, typed)

    def _understood(self, line: str, asked: Asked | None) -> Reply | None:
        """What a line means; None where it was no way out that we know, which is said."""
        found = _COMMAND.fullmatch(line.strip())
        if not line.strip():
            return Reply("enter")
        if not found:
            return Reply("said", line)
        word, rest = found[1], found[2].strip()
        if word in _SIMPLE:
            return Reply(_SIMPLE[word])
        if self._of_firm and word in _OF_CUSTOMERS:
            self._unknown(word)
            return None
        if word == "suppress" and text.line(rest):
            raise LeftAlone(text.line(rest))
        if word in _WITH_TEXT or word == "suppress":
            if rest:
                return Reply(_WITH_TEXT[word], rest)
            self._out.print(f"  Write it on the same line: :{word} ...", style="yellow")
            return None
        if word == "known" and asked is not None:
            return Reply("said", rest, known=True) if rest else None
        if word == "edit" and asked is not None:
            return self._edited(asked)
        self._unknown(word)
        return None

    def _unknown(self, word: str) -> None:
        self._out.print(f"  There is no {text.shorten(':' + word, 30)} here.", style="yellow")
        self._out.print(self._ways, style="dim")

    @property
    def _ways(self) -> str:
        """What may be typed besides an answer."""
        return FIRMS_HELP if self._of_firm else HELP

    def _edited(self, asked: Asked) -> Reply | None:
        start = str(asked.default) if asked.default and asked.spec.kind in ("text", "line") else ""
        written = edited(start)
        if written is None:
            self._out.print("  The editor did not start, or ended with an error.", style="yellow")
        return Reply("said", written) if written else None

    def _help(self, asked: Asked) -> None:
        from winback_cli.views import indented

        if asked.question.help:
            self._out.print(indented(text.clean(asked.question.help)))
        if asked.spec.kind == "date":
            from winback_cli.dates import EXAMPLES

            self._out.print(f"  A date: {EXAMPLES}", style="dim")
        try:
            for rule in self._rules(asked.question.source):
                self._out.print(indented(rule), style="dim")
        except WinbackError:
            pass  # the walk goes on without the texts of the rules
        self._out.print(self._ways, style="dim")

    def _say_findings(self, findings: Sequence[Finding]) -> None:
        from winback_cli import scenes

        for finding in findings:
            self._out.print(scenes.finding(finding))
