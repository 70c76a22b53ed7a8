"""One whole walk through each built-in playbook, as it stands on a terminal of 80 columns.

    walks/customers.csv     the list that each walk begins with: one customer a playbook
    walks/NAME.txt          the playbook's script: the command, then a line a prompt
    walks/NAME.screen.txt   everything that was on the screen, from the first line to the last

A line of a script is a few words of what is asked, `>`, and what is typed; nothing behind the `>` is
Enter. The words are looked for before the line is typed, so that no answer lands at another question;
where there are none, the question before is still the one. An empty line parts the steps.

WINBACK_TEST_UPDATE=1 writes what was seen; read the difference before you keep it.
"""

import contextlib
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pexpect
import pyte
import pytest

from tests.cli import test_terminal
from tests.conftest import Runner
from tests.faults import terminals
from winback_cli import library

pytestmark = pytest.mark.terminal

WALKS = Path(__file__).parent / "walks"
BOOKS = [library.load(path.stem, Path("/nowhere")).playbook for path in library.built_in().glob("*.yaml")]
SUBJECTS = {book.name: book.subject for book in sorted(BOOKS, key=lambda book: book.name)}
# A case of a customer ends closed; the firm's map stays open.
LAST = {"customer": "closed", "firm": "step_done"}
COLUMNS = 80


class Line(NamedTuple):
    """One line of a script: a few words of what is asked, and what is typed."""

    asks: str
    typed: str


class Script(NamedTuple):
    """What is typed in one walk: the command, and a line for each prompt."""

    command: str
    lines: list[Line]


def script(name: str) -> Script:
    written = (WALKS / f"{name}.txt").read_text("utf-8").splitlines()
    said = [line for line in written if line and not line.startswith("#")]
    parts = [line.partition(">") for line in said[1:]]
    return Script(said[0], [Line(asks.strip(), typed.strip()) for asks, _, typed in parts])


class Terminal(terminals.Terminal):
    """A winback at a terminal of 60 by 80: of that size before it starts, so that it sees no other."""

    def __init__(self, *words: str) -> None:
        self.child = test_terminal.Terminal(*words).child
        self.child.timeout = terminals.PATIENCE
        self.child.delaybeforesend = None


class Paper:
    """What a terminal shows, with all that scrolled away; twice as wide, so that a line too wide for
    the terminal stays one line and is seen.
    """

    def __init__(self) -> None:
        self._screen = pyte.Screen(2 * COLUMNS, 3000)
        self._stream = pyte.Stream(self._screen)

    def show(self, sent: str) -> None:
        self._stream.feed(sent)

    @property
    def lines(self) -> list[str]:
        last = self._screen.cursor.y
        assert last < self._screen.lines - 1, "the paper is too short"
        return [line.rstrip() for line in self._screen.display[: last + 1]]


def walked(played: Script) -> tuple[list[str], int]:
    """Type a script, each line once its prompt is there; what was seen, and the exit code."""
    paper = Paper()
    paper.show(played.command + "\r\n")
    words = shlex.split(played.command.removeprefix("$ winback"))
    with Terminal(*words) as terminal:
        for line in played.lines:
            paper.show(_until_prompt(terminal, line, paper))
            terminal.line(line.typed)
        with contextlib.suppress(pexpect.TIMEOUT):
            terminal.last_words()
        paper.show(terminal.child.before)
        if terminal.child.after is pexpect.TIMEOUT:
            pytest.fail("the script is at its end, the walk is not:\n" + _end(paper))
        return paper.lines, terminal.ended()


def _until_prompt(terminal: Terminal, line: Line, paper: Paper) -> str:
    """What was sent up to the next prompt, which has to be the one that the script means."""
    with contextlib.suppress(pexpect.EOF):
        terminal.prompt()
    if terminal.child.after is pexpect.EOF:
        paper.show(terminal.child.before)
        pytest.fail(f"the walk is at its end, the script is at {line.asks!r}:\n" + _end(paper))
    sent = f"{terminal.child.before}{terminal.child.after}"
    if line.asks not in terminals.plain(sent):
        paper.show(sent)
        pytest.fail(f"the script is at {line.asks!r}, the walk is not:\n" + _end(paper))
    return sent


def _end(paper: Paper) -> str:
    return "\n".join(paper.lines[-30:])


@pytest.mark.parametrize("name", list(SUBJECTS))
def test_a_whole_walk_looks_as_its_transcript_says(
    name: str,
    winback: Runner,
    home: Path,
    rows: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for size in ("COLUMNS", "LINES"):  # the terminal says it
        monkeypatch.delenv(size)
    home.mkdir()
    (home / "settings.toml").write_text('name = "Mara Quist"\ncurrency = "GBP"\n', "utf-8")
    assert winback("--as-of", "2026-03-02", "import", WALKS / "customers.csv").code == 0
    path = WALKS / f"{name}.screen.txt"
    golden = path.read_text("utf-8") if path.exists() else ""

    lines, code = walked(script(name))

    seen = "\n".join(lines).rstrip() + "\n"
    assert code == 0
    assert [line for line in lines if len(line) > COLUMNS] == []
    assert "Traceback" not in seen
    assert titles_shown(name, lines) == titles_entered(name, rows)
    assert rows("SELECT kind FROM event ORDER BY seq DESC LIMIT 1") == [(LAST[SUBJECTS[name]],)]
    if os.environ.get("WINBACK_TEST_UPDATE"):
        path.write_text(seen, "utf-8")
    assert seen == golden


def titles_shown(name: str, lines: list[str]) -> list[str]:
    """The steps that were on the screen, each once, in order."""
    titles = {step.title for step in library.load(name, Path("/nowhere")).playbook.steps}
    return list(dict.fromkeys(line for line in lines if line in titles))


def titles_entered(name: str, rows: Callable[..., list[Any]]) -> list[str]:
    """The steps that the store says were gone through, in order."""
    book = library.load(name, Path("/nowhere")).playbook
    done = [json.loads(body)["step"] for (body,) in rows("SELECT body FROM event WHERE kind = 'step_done'")]
    return list(dict.fromkeys(step.title for key in done if (step := book.step(key))))
