"""W4: somebody else holds the lock for good: it is told at the timeout, and nothing is changed.

How long a lock is waited for is lowered here, as no test can wait.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.conftest import Runner
from tests.faults import terminals
from tests.faults.ground import ANSWERS, COMMANDS, TODAY, Ground
from tests.faults.lab import Lab
from tests.faults.processes import contents, dump

TOLD = "winback: Another winback is writing to the store.\n  Wait until it is done, then run the command again.\n"


@contextlib.contextmanager
def held(store: Path, how: str = "IMMEDIATE") -> Iterator[None]:
    """The store's lock, held in this process and let go at the end."""
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute(f"BEGIN {how}")
    try:
        yield
        assert connection.in_transaction
    finally:
        connection.rollback()
        connection.close()


def check_held(lab: Lab, ground: Ground, name: str, how: str, twin: str = "") -> None:
    """Exit 75 with one sentence of what is and one of what to do; later the same command works."""
    store = ground.fresh()
    before = contents(store.parent)
    with held(store, how):
        run = lab.run(*ground.line(name, store), patience=0.02, twin=twin)
        assert (run.code, run.err) == (75, TOLD)
        assert run.calls["write"] == 0, "something was written past the lock"
        assert contents(store.parent) == before
    assert lab.run(*ground.line(name, store), patience=0.02, twin=twin).code == 0
    assert dump(store) != dump(ground.base)


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_finds_the_lock_held_for_good_says_so_and_changes_nothing(
    name: str, how: str, lab: Lab, ground: Ground
) -> None:
    check_held(lab, ground, name, how)


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_program_that_heeds_no_lock_is_caught(how: str, lab: Lab, ground: Ground) -> None:
    with pytest.raises(AssertionError):
        check_held(lab, ground, "note", how, "barging")


def test_reading_commands_go_on_while_somebody_writes(lab: Lab, ground: Ground) -> None:
    store = ground.fresh()
    with held(store):
        for line in (["list"], ["show", 1], ["due"]):
            assert lab.run("--store", store, *TODAY, *line, patience=0.02).code == 0


def test_a_walk_from_a_file_that_finds_the_lock_held_stores_nothing_and_goes_on_later(
    lab: Lab, ground: Ground
) -> None:
    store = ground.fresh()
    line = ("--store", store, *TODAY, "walk", 2, "--answers", ANSWERS)
    with held(store):
        run = lab.run(*line, patience=0.02)
    assert (run.code, run.err) == (75, TOLD)
    assert dump(store) == dump(ground.base)
    assert lab.run(*line, patience=0.02).code == 0


# -- at the terminal ---------------------------------------------------------------------------------

WAITS = "What you typed waits until it is done"


def check_typed_is_kept(store: Path, twin: str) -> None:
    """The lock is held while an answer is typed: it waits, and is stored once the lock is free."""
    script = terminals.backstory()
    with terminals.Terminal("walk", "1", command=terminals.twin(twin)) as terminal:
        for line in script[:3]:
            terminal.prompt()
            terminal.line(line.typed)
        assert script[3].asks in terminal.prompt()
        with held(store):
            terminal.line(script[3].typed)
            assert terminal.child.expect([WAITS, pexpect.EOF]) == 0, "what was typed is lost"
            assert terminals.stored(store) == [line.kept for line in script[:3]]
        assert script[4].asks in terminal.prompt()
    assert terminals.stored(store) == [line.kept for line in script[:4]]


@pytest.mark.terminal
def test_what_was_typed_while_the_lock_is_held_waits_and_is_stored(
    stocked: Runner, store_path: Path
) -> None:
    check_typed_is_kept(store_path, "hasty")


@pytest.mark.terminal
def test_a_walk_that_gives_up_what_was_typed_is_caught(stocked: Runner, store_path: Path) -> None:
    with pytest.raises(AssertionError, match="what was typed is lost"):
        check_typed_is_kept(store_path, "forgetful")


@pytest.mark.terminal
def test_whoever_does_not_wait_for_the_lock_is_told_what_is_not_stored(
    stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    with terminals.Terminal("walk", "1", command=terminals.twin("hasty")) as terminal:
        terminal.prompt()
        terminal.line(script[0].typed)
        terminal.prompt()
        with held(store_path):
            terminal.line(script[1].typed)
            terminal.child.expect(WAITS)
            terminal.child.send("\x03")
            assert "Your last answer is not stored. Wait until it is done" in terminal.last_words()
            assert terminal.ended() == 75
    assert terminals.stored(store_path) == [script[0].kept]
