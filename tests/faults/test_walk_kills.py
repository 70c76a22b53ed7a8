"""K3: a walk in a real terminal, stopped in every way a walk is ever stopped."""

import random
from pathlib import Path

import pexpect
import pytest

from tests.conftest import Runner
from tests.faults import terminals
from tests.faults.terminals import STOPPED, WAYS

pytestmark = pytest.mark.terminal
ROUNDS = range(-(-terminals.rounds(len(WAYS)) // len(WAYS)))


@pytest.mark.parametrize("turn", ROUNDS)
@pytest.mark.parametrize("how", WAYS)
def test_no_acknowledged_answer_is_lost_and_the_walk_goes_on_where_it_stopped(
    how: str, turn: int, stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    seed = f"{how} {turn}"
    at = random.Random(seed).randrange(1, len(script))
    broken = terminals.broken_off(script, at, how, seed)
    done = terminals.check_nothing_lost(broken, script, store_path)
    if how in STOPPED:
        assert broken.status == STOPPED[how], broken.words
    if how.startswith("Ctrl-"):
        assert "Everything you answered is stored. Go on: winback walk 1" in broken.words
    assert "Traceback" not in broken.words
    terminals.check_resumes(script, done, store_path)


def test_an_answer_stored_only_at_the_end_of_its_step_would_be_caught(
    stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    broken = terminals.broken_off(script, 4, "KILL", "twin", command=terminals.twin("late"))
    with pytest.raises(AssertionError, match="an acknowledged answer is lost"):
        terminals.check_nothing_lost(broken, script, store_path)


@pytest.mark.parametrize("how", ["INT", "TERM", "HUP", "Ctrl-C", "Ctrl-D"])
def test_a_walk_stopped_at_its_very_first_prompt_has_stored_nothing_and_begins_anew(
    how: str, stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    broken = terminals.broken_off(script, 0, how, how)
    assert broken.status == STOPPED[how], broken.words
    assert terminals.check_nothing_lost(broken, script, store_path) == 0
    with terminals.Terminal("walk", "1") as terminal:
        assert terminals.asked_of(terminal.prompt(), script) == {script[0].asks}


@pytest.mark.parametrize(
    "fault",
    [
        "INT",
        "TERM",
        "HUP",
        "INT while clearing",
        "TERM while clearing",
        "HUP while clearing",
    ],
)
def test_a_signal_that_arrives_in_the_middle_of_drawing_stops_the_walk(fault: str, stocked: Runner) -> None:
    with terminals.Terminal("walk", "1", command=terminals.twin(fault)) as terminal:
        terminal.prompt()
        terminal.child.send("half an answer Ω")
        swallowed = terminal.child.expect([pexpect.EOF, "Unhandled exception", "Exception ignored"])
        assert not swallowed, terminals.plain(terminal.child.before or "")
        assert terminal.ended() == STOPPED[fault.split()[0]]
