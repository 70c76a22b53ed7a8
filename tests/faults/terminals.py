"""A walk in a real terminal: typed line by line, stopped in any way, and what its store holds then.

The questions are told apart by the words that the playbook itself gives them.
"""

import contextlib
import json
import os
import random
import re
import select
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

import pexpect

from winback_cli import library
from winback_cli.facts import facts

HERE = Path(__file__).parent
REAL = (sys.executable, "-m", "winback_cli")
PATIENCE = 30  # seconds until something that should come is given up: generous, never measured
_SHOWN = r"\x1b\[\?2004h(?s:.*?)\x1b\[\?25h"  # a prompt is on screen, and reads the keyboard
_TAKEN = r"\x1b\[\?2004l"  # Enter was understood; what was typed is on its way to the store
_SIGN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
END = "(the list is complete)"
SKIPPED = "(skipped)"
STOPPED = {"Ctrl-C": 130, "Ctrl-D": 0, "INT": 130, "TERM": 143, "HUP": 129}


def rounds(usual: int) -> int:
    """How many to run: the usual number, or WINBACK_TEST_N."""
    return int(os.environ.get("WINBACK_TEST_N", usual))


def twin(name: str) -> tuple[str, ...]:
    """The command of a deliberately broken winback."""
    return (sys.executable, str(HERE / "walk_twins.py"), name)


class Line(NamedTuple):
    """One line typed: what was asked, and what its event keeps (None where it makes none)."""

    asks: str
    typed: str
    kept: Any
    more: bool = False  # a further line of the same answer: after a break it is not asked again


def backstory() -> list[Line]:
    """The first step, answered by hand: fourteen lines, thirteen of them events."""
    step = library.load(library.DEFAULT, Path("/nowhere")).playbook.steps[0]

    def asks(key: str) -> str:
        question = step.question(key)
        assert question is not None
        return question.worded("upset")

    mine = facts()["backstory.landmines"].item[1].what
    view = asks("internal_view")
    return [
        Line(asks("how_left"), "upset", "upset"),
        Line(asks("left_on"), "2026-01-05", "2026-01-05"),
        Line(asks("complained_on"), "2026-02-03", "2026-02-03"),
        Line(asks("told_by"), "Ünal 中村", "Ünal 中村"),
        Line(view, "two dates were missed", "two dates were missed"),
        Line(view, "é: and nobody called", "é: and nobody called", more=True),
        Line(view, "a third line", "a third line", more=True),
        Line(view, "", None, more=True),
        Line(asks("landmines"), "the bill of March", "the bill of March"),
        Line(mine, "it is credited", "it is credited"),
        Line(asks("landmines"), "", END),
        Line(asks("contact_details"), "good", "good"),
        Line(asks("worth_it"), "yes", "yes"),
        Line(asks("known_already"), "no", False),
    ]


class Terminal:
    """A winback at a terminal of 40 by 100."""

    def __init__(self, *args: str, command: tuple[str, ...] = REAL) -> None:
        env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        env |= {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        # Named, so that the first prompt is the first question and not which playbook.
        named = ["--playbook", "standard"] if args[:1] == ("walk",) else []
        self.child = pexpect.spawn(
            command[0],
            [*command[1:], *args, *named],
            env=env,  # type: ignore[arg-type]
            dimensions=(40, 100),
            encoding="utf-8",
            timeout=PATIENCE,
        )
        self.child.delaybeforesend = None

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.child.pid, signal.SIGKILL)
        with contextlib.suppress(OSError, pexpect.ExceptionPexpect):
            self.child.close(force=True)

    def prompt(self) -> str:
        """Wait until the next prompt is shown; what was said since the one before, in plain words."""
        self.child.expect(_SHOWN)
        return plain(self.child.before or "")

    def line(self, typed: str) -> None:
        self.child.send(typed + "\r")

    def stop(self, how: str, line: Line, rng: random.Random) -> None:
        """Break the walk off at a prompt, in one of the ways of WAYS."""
        if how == "closed":
            self.child.ptyproc.fileobj.close()
        elif how == "Ctrl-D":
            self.child.send("\x04")
        elif how == "Ctrl-C":
            self.child.send("\x03")
        elif how == "KILL while typing":
            self.child.send("half an answer Ω")
            self.child.expect("Ω")
            self.child.kill(signal.SIGKILL)
        elif how == "KILL after Enter":
            self.line(line.typed)
            self.child.kill(signal.SIGKILL)
        elif how == "KILL while storing":
            self.line(line.typed)
            self.child.expect(_TAKEN)
            select.select([], [], [], rng.random() * 0.04)  # which moment is hit, not a wait for one
            self.child.kill(signal.SIGKILL)
        else:
            self.child.kill(getattr(signal, f"SIG{how}"))

    def last_words(self) -> str:
        """What it says until its end."""
        with contextlib.suppress(OSError, ValueError):
            self.child.expect(pexpect.EOF)
        words = self.child.before
        return plain(words if isinstance(words, str) else "")

    def ended(self) -> int:
        """Wait for its end: the exit code, or minus the signal that killed it."""
        waiting = threading.Thread(target=self.child.ptyproc.wait, daemon=True)
        waiting.start()
        waiting.join(PATIENCE)
        assert not waiting.is_alive(), "it does not end"
        process = self.child.ptyproc
        return -process.signalstatus if process.signalstatus else int(process.exitstatus)


WAYS = (
    "INT",
    "TERM",
    "HUP",
    "KILL",
    "closed",
    "Ctrl-D",
    "Ctrl-C",
    "KILL while typing",
    "KILL after Enter",
    "KILL while storing",
)
_ENTERED = ("KILL after Enter", "KILL while storing")


def plain(said: str) -> str:
    """Words without what moves the cursor, on one line."""
    return " ".join(_SIGN.sub("", said).split())


class Broken(NamedTuple):
    """A walk that was broken off: how much was acknowledged and typed, how it ended, its last words."""

    acknowledged: int
    typed: int
    status: int
    words: str


def broken_off(script: list[Line], at: int, how: str, seed: str, command: tuple[str, ...] = REAL) -> Broken:
    """Answer the first `at` questions, and break off at the prompt that follows.

    An answer counts as acknowledged once the next prompt is on screen.
    """
    with Terminal("walk", "1", command=command) as terminal:
        for line in script[:at]:
            said = terminal.prompt()
            assert line.more or line.asks in said
            terminal.line(line.typed)
        terminal.prompt()
        terminal.stop(how, script[at], random.Random(seed))
        words = "" if how == "closed" else terminal.last_words()
        status = terminal.ended()
    acknowledged = _events(script[:at])
    typed = _events(script[: at + 1]) if how in _ENTERED else acknowledged
    return Broken(acknowledged, typed, status, words)


def _events(lines: list[Line]) -> int:
    return sum(line.kept is not None for line in lines)


def stored(path: Path) -> list[Any]:
    """The answers in the store, in order, read from its file; and the file is whole."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute("SELECT body FROM event WHERE kind = 'answered' ORDER BY seq")
        return [_kept(json.loads(body)) for (body,) in rows]


def _kept(body: dict[str, Any]) -> Any:
    if "end" in body:
        return END
    if "skipped" in body:
        return SKIPPED
    if "append" in body:
        return body["append"]
    value = body["value"]
    return next(iter(value.values())) if isinstance(value, dict) else value


def check_nothing_lost(broken: Broken, script: list[Line], path: Path) -> int:
    """Acknowledged <= stored <= typed, and what is stored is what was typed; how many are stored."""
    found = stored(path)
    expected = [line.kept for line in script if line.kept is not None]
    assert found == expected[: len(found)], "what is stored is not what was typed"
    assert broken.acknowledged <= len(found), "an acknowledged answer is lost"
    assert len(found) <= broken.typed, "more is stored than was typed"
    return len(found)


def first_open(script: list[Line], done: int) -> int:
    """Where a walk goes on when so many answers are stored: its place in the script."""
    places = [n for n, line in enumerate(script) if line.kept is not None]
    place = places[done - 1] + 1 if done else 0
    while place < len(script) and script[place].more:
        place += 1
    return place


def asked_of(said: str, script: list[Line]) -> set[str]:
    """Which questions of the script stand in what was said."""
    return {line.asks for line in script if line.asks in said}


def check_resumes(script: list[Line], done: int, path: Path) -> None:
    """The walk asks exactly the next unanswered question, and the rest; then everything is stored."""
    before = stored(path)
    place = first_open(script, done)
    with Terminal("walk", "1") as terminal:
        for line in script[place:]:
            said = terminal.prompt()
            assert asked_of(said, script) == (set() if line.more else {line.asks})
            terminal.line(line.typed)
        assert "Review:" in terminal.prompt()
        terminal.stop("Ctrl-D", script[0], random.Random(0))
        terminal.last_words()
        assert terminal.ended() == 0
    assert stored(path) == before + [line.kept for line in script[place:] if line.kept is not None]
