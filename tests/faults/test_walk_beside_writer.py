"""W3: other people write while a prompt waits, and the walk goes on."""

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.faults import terminals
from tests.faults.terminals import REAL, Line, Terminal

pytestmark = pytest.mark.terminal
Rows = Callable[..., list[Any]]
OTHER_LIST = "customer_id,name,email\nB-1,Eva Ried,eva@example.com\n"


def beside(*args: object) -> None:
    """Another winback runs to its end, and succeeds; a held lock would make it exit 75."""
    ran = subprocess.run(
        [*REAL, *map(str, args)], capture_output=True, text=True, timeout=terminals.PATIENCE, env=os.environ
    )
    assert ran.returncode == 0, ran.stderr


def at_question(terminal: Terminal, script: list[Line], place: int) -> None:
    """Answer up to a question of the script, and wait at its prompt."""
    for line in script[:place]:
        terminal.prompt()
        terminal.line(line.typed)
    assert script[place].asks in terminal.prompt()


def others_write(tmp_path: Path) -> None:
    """Everything that another process may do at once while a walk of case 1.1 waits."""
    other = tmp_path / "other.csv"
    other.write_text(OTHER_LIST, "utf-8")
    beside("note", 1, "she called the shop")
    beside("note", 2, "another customer")
    beside("import", other)
    beside("touch", 3, "--channel", "phone", "--disposition", "no answer")


def test_while_a_prompt_waits_others_write_and_the_walk_goes_on_afterwards(
    stocked: Runner, tmp_path: Path, store_path: Path, rows: Rows
) -> None:
    script = terminals.backstory()
    with Terminal("walk", "1") as terminal:
        at_question(terminal, script, 3)
        others_write(tmp_path)
        terminal.line(script[3].typed)
        assert script[4].asks in terminal.prompt()
    kinds = [kind for (kind,) in rows("SELECT kind FROM event WHERE case_id = 1 ORDER BY seq")]
    assert kinds == ["opened", "answered", "answered", "answered", "noted", "answered"]
    assert rows("SELECT count(*) FROM customer") == [(5,)]


def test_a_transaction_held_across_a_prompt_would_be_caught(stocked: Runner, tmp_path: Path) -> None:
    with Terminal("walk", "1", command=terminals.twin("held")) as terminal:
        terminal.prompt()
        with pytest.raises(AssertionError, match="Another winback is writing"):
            others_write(tmp_path)


def answered_twice(command: tuple[str, ...] = REAL) -> None:
    """Two people at the first question; the slower one is shown the other's answer and asked again."""
    script = terminals.backstory()
    with Terminal("walk", "1", command=command) as mine, Terminal("walk", "1") as theirs:
        at_question(mine, script, 0)
        at_question(theirs, script, 0)
        theirs.line("lapsed")
        theirs.prompt()
        mine.line("upset")
        said = mine.prompt()
        assert "tester answered this meanwhile: lapsed" in said
        assert terminals.asked_of(said, script) == {script[0].asks}
        mine.line("")  # what was typed stands in the line again; Enter takes it
        assert script[1].asks in mine.prompt()


def test_whoever_answers_second_is_shown_the_first_answer_and_asked_again_and_both_are_kept(
    stocked: Runner, store_path: Path
) -> None:
    answered_twice()
    assert terminals.stored(store_path) == ["lapsed", "upset"]


def test_a_walk_that_overwrites_the_answer_of_another_unseen_would_be_caught(stocked: Runner) -> None:
    with pytest.raises(AssertionError, match="answered this meanwhile"):
        answered_twice(terminals.twin("blind"))


@contextlib.contextmanager
def both_at(script: list[Line], place: int) -> Iterator[tuple[Terminal, Terminal]]:
    """Two walks of case 1.1 that wait at the same question."""
    with Terminal("walk", "1") as mine:
        at_question(mine, script, place)
        with Terminal("walk", "1") as theirs:
            at_question(theirs, script[place:], 0)
            yield mine, theirs


def test_a_question_skipped_here_and_answered_elsewhere_is_shown_and_does_not_end_the_walk(
    stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    with both_at(script, 3) as (mine, theirs):
        theirs.line("Jonas")
        theirs.prompt()
        mine.line(":skip")
        assert "tester answered this meanwhile: Jonas" in mine.prompt()
    assert "Jonas" in terminals.stored(store_path)


def test_a_further_line_typed_here_after_another_changed_the_answer_is_offered_again(
    stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    with Terminal("walk", "1") as mine:
        at_question(mine, script, 4)
        mine.line("ours began")
        mine.prompt()
        with Terminal("walk", "1") as theirs:  # the landmines: our view stands; back to it
            theirs.prompt()
            theirs.line(":back")
            assert script[4].asks in theirs.prompt()
            theirs.line("theirs instead")
            theirs.prompt()
        mine.line("and goes on")
        assert "tester answered this meanwhile: theirs instead" in mine.prompt()
        mine.line("")  # what was typed stands in the line again
        mine.prompt()
    assert terminals.stored(store_path)[-3:] == ["ours began", "theirs instead", "and goes on"]


def test_two_people_who_name_a_landmine_at_once_are_told_and_neither_overwrites_the_other(
    stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    with both_at(script, 8) as (mine, theirs):
        theirs.line("the bill of March")
        theirs.prompt()
        mine.line("the rude driver")
        assert "tester answered this meanwhile: the bill of March" in mine.prompt()
    assert "the bill of March" in terminals.stored(store_path)
    assert "the rude driver" not in terminals.stored(store_path)


def test_what_was_typed_for_one_question_is_never_offered_at_another(
    stocked: Runner, store_path: Path
) -> None:
    script = terminals.backstory()
    with both_at(script, 8) as (mine, theirs):
        theirs.line("the bill of March")
        theirs.prompt()
        mine.line("the rude driver")
        assert script[9].asks in mine.prompt()
        mine.line("")  # no explanation
        mine.prompt()
    mines = json.loads(stocked("show", 1, "--json").out)["facts"]["backstory"]["landmines"]
    assert mines[0].get("explanation") is None
