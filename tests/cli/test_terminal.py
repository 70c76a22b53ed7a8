"""A walk in a real terminal, as the README shows it."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte
import pytest

from tests.conftest import Runner

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


class Terminal:
    """A program in a terminal of 80 columns, and what stands on its screen."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "winback_cli", *words]
        self.child = pexpect.spawn(
            command[0], command[1:], encoding="utf-8", timeout=60, dimensions=(60, 80)
        )
        self.screen = pyte.Screen(80, 60)
        self.stream = pyte.Stream(self.screen)

    def until(self, words: str) -> str:
        """Read on until these words are on the screen; returns the screen."""
        while words not in self.text:
            try:
                self.stream.feed(self.child.read_nonblocking(4096, timeout=15))
            except (pexpect.TIMEOUT, pexpect.EOF):
                pytest.fail(f"{words!r} did not come; on the screen:\n{self.text}")
        return self.text

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def type(self, line: str) -> None:
        self.child.send(line + "\r")

    def end(self) -> int:
        """Read to the end; returns the exit code."""
        try:
            while True:
                self.stream.feed(self.child.read_nonblocking(4096, timeout=15))
        except pexpect.TIMEOUT:
            pytest.fail(f"it did not end; on the screen:\n{self.text}")
        except pexpect.EOF:
            self.child.close()
        return int(self.child.exitstatus or 0)


@pytest.fixture
def terminal(stocked: Runner) -> Callable[..., Terminal]:
    return Terminal


def test_the_walk_of_the_readme_looks_as_shown(terminal: Callable[..., Terminal]) -> None:
    shown = re.findall(r"```text\n(.*?)```", README, re.DOTALL)[0]

    walk = terminal("walk", "2")
    walk.until("Which playbook?")
    walk.type("")
    screen = walk.until("c content\n>")

    place = 0
    for line in filter(None, shown.splitlines()):
        place = screen.find(line, place)
        assert place >= 0, f"{line!r} is not on the screen, or not in that place:\n{screen}"


def test_a_whole_walk_by_hand_with_past_dates_ends_in_a_closed_case(
    terminal: Callable[..., Terminal], winback: Runner
) -> None:
    script = """lapsed|last buy|-200d|told you|Mara|happened|Nobody called.|…||blow up||reach them
|g|want this customer|y|why already||Enter completes||When did you try|-9d|How did you try|p
|How did it end|r|Whom|Ben|role|owner|Do they decide|y|slip out||Enter completes||nothing from us
||no longer use|You forgot me.|…||win back|Call me once a quarter.|…||Where do you||another chance
||long term||unclear||Did they complain|n|our fault|We forgot you.|…||thank them|y|reconsider
||slip out||Enter completes||Choose from|taken for granted|own view|y|Which product||only, or a pattern|sp
|be changed|y|in our hands|y|based on|His words.|…||Enter completes||bring in a year||would they stay
||Which referrals||be mended
|A call a quarter.|…||simple fix|s|by its number||cost, roughly|100|on the price||Pursue|p|which reasons|Cheap, and right.|…
||Enter completes||What changes|A call every quarter|done already|y|assurance|Mara|(2)
||easy to come back||message apologise|n|their words|y|anything it should||message go out|-5d
|to thank them|-3d|point out|The calls have begun.|…||respond|c|they say||Enter completes
||speak again|-1d|take place|y|they say|Glad.|(2)||How often|q|so rarely|He wants no more.
|about itself|We forget the quiet ones.|…||case end|w|in touch next|+3m
|Enter completes|"""
    words = script.replace("\n", "").split("|")
    walk = terminal("walk", "2", "--playbook", "standard")
    walk.until("How did they leave?")

    typed = walk_through(walk, words)
    code = walk.end()

    assert typed > 60
    assert "Case 2.1 is closed: won." in walk.text
    assert code == 0
    assert "Nobody called." in winback("show", "2").out


def walk_through(walk: Terminal, words: list[str]) -> int:
    """Type each answer; a word of the next question between two answers is waited for."""
    typed = 0
    for number, word in enumerate(words):
        if number % 2:
            walk.until(word)
        else:
            walk.screen.reset()
            walk.type(word)
            typed += 1
    return typed


@pytest.mark.parametrize(("answer", "left"), [("n", 4), ("", 4), ("y", 3)])
def test_a_merge_shows_what_would_change_and_asks(
    answer: str, left: int, terminal: Callable[..., Terminal], stocked: Runner
) -> None:
    asked = terminal("merge", "ana", "ben")
    seen = asked.until("Merge them? [y/N]")
    assert "Ben Ode (2) goes into Ana Sol, Blue Foods (1):" in seen
    assert "email: ben@example.com" in seen

    asked.type(answer)

    assert asked.end() == 0
    assert len(json.loads(stocked("list", "--json").out)) == left
