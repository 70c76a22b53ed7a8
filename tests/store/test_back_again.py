"""Customers who buy again while their case runs: said everywhere, and nothing closes by itself."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.conftest import Ran, Runner
from winback_cli import library, scenes
from winback_cli.briefing import listed
from winback_cli.case import Case
from winback_cli.playbook import Step
from winback_cli.prompter import Scene
from winback_cli.rows import orders_words
from winback_cli.terminal import TerminalPrompter

STANDARD = library.load("standard", Path("/nowhere")).playbook

HEAD = "customer_id,name,email,last_purchase,orders,reason,cancelled\n"
BEFORE = """\
C-1,Cat Coe,cat@example.com,2025-06-01,1,my adviser left the firm,2026-01-05
C-2,Dan Dee,dan@example.com,2025-05-01,4,price,
C-3,Eve Elm,eve@example.com,2025-04-01,2,,
"""
AFTER = BEFORE.replace("2025-06-01,1", "2026-03-01,2")


@pytest.fixture
def on(winback: Runner, tmp_path: Path) -> Runner:
    """The runner on a day of its own, over three who lapsed; 1 and 2 have a case of 1 February."""

    def run(day: str, *words: object) -> Ran:
        return winback("--as-of", day, *words)

    (tmp_path / "before.csv").write_text(HEAD + BEFORE, "utf-8")
    (tmp_path / "after.csv").write_text(HEAD + AFTER, "utf-8")
    assert run("2026-02-01", "import", tmp_path / "before.csv").code == 0
    for who in (1, 2):
        assert run("2026-02-01", "note", who, "a remark").code == 0
    return run


@pytest.fixture
def back(on: Runner, tmp_path: Path) -> Runner:
    """As `on`, and a list of March tells that customer 1 bought on the first."""
    assert on("2026-03-05", "import", tmp_path / "after.csv").code == 0
    return on


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


RETURN = {"case": "1.1", "opened_on": "2026-02-01", "bought_on": "2026-03-01"}
SAID = "Back: they bought on 2026-03-01, after case 1.1 was opened."


def test_the_desk_says_who_is_back_and_what_closes_it_and_calls_their_steps_due_no_more(
    back: Runner,
) -> None:
    desk = back("2026-03-05").out

    head, _, rest = desk.partition("Back: bought again after their case was opened\n")
    assert "Cat Coe" not in head
    line, _, others = rest.partition("\n")
    assert line.split() == [
        *("1.1", "Cat", "Coe", "on", "2026-03-01"),
        *("winback", "close", "1", "--outcome", "won"),
    ]
    assert "1.1" not in others
    assert "2.1  Dan Dee" in others


def test_the_desk_says_nothing_of_it_before(on: Runner) -> None:
    assert "Back" not in on("2026-03-05").out


def test_many_who_are_back_leave_the_desk_its_24_lines(back: Runner, store_path: Path) -> None:
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute("UPDATE customer_row SET last_purchase = '2026-03-02', name = ? ", ("N" * 90,))
        connection.commit()
    assert back("2026-03-01", "note", 3, "a remark").code == 0

    desk = back("2026-03-05").out.splitlines()

    assert len(desk) <= 23
    assert max(map(len, desk)) <= 80
    assert "  and 1 more: winback due" in desk


def test_brief_show_and_why_say_it(back: Runner) -> None:
    for command in ("brief", "show", "why"):
        said = " ".join(back("2026-03-05", command, 1).out.split())
        assert SAID.removeprefix("Back: ") in said, command
        assert "winback close 1 --outcome won" in said, command
        assert told(back("2026-03-05", command, 1, "--json"))["back"] == RETURN
        assert told(back("2026-03-05", command, 2, "--json"))["back"] is None


def test_a_walk_says_it_before_it_asks(back: Runner, tmp_path: Path) -> None:
    (tmp_path / "none.yaml").write_text("answers: {backstory: {how_left: lapsed}}\n", "utf-8")
    ask = back("2026-03-05", "walk", 1, "--answers", tmp_path / "none.yaml")
    assert ask.code == 2  # the rehearsal stops a file that lacks an answer, and nothing is begun

    whole = (Path(__file__).parents[1] / "cli" / "files" / "answers.yaml").read_text("utf-8")
    (tmp_path / "whole.yaml").write_text(whole.replace("2026-11", "2026-03"), "utf-8")
    said = back("2026-12-05", "walk", 1, "--answers", tmp_path / "whole.yaml").err

    assert said.startswith(f"{SAID} If they are won: winback close 1 --outcome won\n")


def test_next_puts_them_before_whatever_is_due(back: Runner) -> None:
    words = ("promise", "add", 2, "Call back", "--owner", "Mara", "--due", "2026-02-10")
    assert back("2026-02-02", *words).code == 0

    first = told(back("2026-03-05", "next", "--json"))

    assert (first["kind"], first["case"]) == ("back", "1.1")
    assert first["what"] == "back: bought on 2026-03-01, after the case was opened"
    assert first["overdue"] is False
    assert told(back("2026-03-05", "due", "--json"))[0] == first
    assert "winback close 1 --outcome won" in back("2026-03-05", "next").err


def test_whoever_is_put_off_leaves_the_desk_and_next_until_that_day(back: Runner) -> None:
    assert back("2026-03-05", "snooze", 1, "--until", "2026-03-20").code == 0

    assert "Back:" not in back("2026-03-06").out
    assert told(back("2026-03-06", "next", "--json"))["case"] == "2.1"
    assert told(back("2026-03-06", "show", 1, "--json"))["back"] == RETURN
    assert told(back("2026-03-21", "next", "--json"))["kind"] == "back"


def test_a_sleeping_case_is_told_of_too(on: Runner, tmp_path: Path) -> None:
    words = ("close", 1, "--outcome", "dormant", "--until", "2026-09-01")
    assert on("2026-02-02", *words).code == 0
    assert on("2026-03-05", "import", tmp_path / "after.csv").code == 0

    assert told(on("2026-03-05", "next", "--json"))["kind"] == "back"


def test_nothing_closes_by_itself_and_a_closed_case_says_nothing(back: Runner) -> None:
    assert told(back("2026-03-05", "show", 1, "--json"))["case"]["status"] == "open"
    ended = back("2026-03-05", "close", 1, "--outcome", "won", "--until", "2026-06-01")
    assert ended.code == 0, ended.err

    assert "Back:" not in back("2026-03-05").out
    assert told(back("2026-03-05", "show", 1, "--json"))["back"] is None


def test_whoever_is_left_alone_is_put_before_nobody(back: Runner) -> None:
    assert back("2026-03-05", "suppress", 1, "--reason", "asked").code == 0

    assert "Cat Coe" not in back("2026-03-05").out
    assert told(back("2026-03-05", "brief", 1, "--json"))["back"] is None


@pytest.mark.parametrize("day", ["2026-02-01", "2027-01-01"])
def test_a_purchase_of_the_day_it_was_opened_or_to_come_is_no_return(
    day: str, on: Runner, store_path: Path
) -> None:
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute("UPDATE customer_row SET last_purchase = ? WHERE id = 1", (day,))
        connection.commit()

    assert told(on("2026-03-05", "show", 1, "--json"))["back"] is None
    assert "Back:" not in on("2026-03-05").out


def test_who_is_back_is_found_by_the_index_of_running_cases(back: Runner, rows: Any) -> None:
    from winback_cli.store.lists import _BACK

    plan = rows(f"EXPLAIN QUERY PLAN {_BACK}", "2026-03-05")

    steps = [step for *_, step in plan]
    assert any("ix_customer_status" in step or "ix_case_status" in step for step in steps), steps
    assert not any(step.startswith("SCAN") for step in steps), steps


# -- what the list says of it ----------------------------------------------------------------


def test_the_brief_quotes_the_lists_own_reason_and_the_day_they_cancelled(on: Runner) -> None:
    said = on("2026-02-01", "brief", 1).out

    assert "The list says: 'my adviser left the firm' · cancelled 2026-01-05" in said
    assert "The list says: 'price'" in on("2026-02-01", "brief", 2).out
    assert "On record" not in on("2026-02-01", "brief", 3).out


def test_what_the_list_says_is_told_in_its_own_words_or_not_at_all() -> None:
    assert listed("my adviser left", "yes") == "The list says: 'my adviser left' · cancelled"
    assert listed("moved_or_closed", "") == "The list says: 'moved or closed'"
    assert listed("", "") == ""


def test_the_first_step_of_a_walk_has_it_in_sight_and_no_later_one() -> None:
    first, second, *_ = STANDARD.steps
    card = {f"step {first.id}": listed("my adviser left", "2026-01-05")}

    assert "Known  The list says: 'my adviser left' · cancelled 2026-01-05" in drawn(first, card)
    assert "my adviser left" not in drawn(second, card)


def drawn(step: Step, card: dict[str, str]) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(scenes.scene(Scene(STANDARD, step, Case("1.1"), None), "Cat Coe", 80, card))
    return console.export_text()


@pytest.mark.parametrize("name", ["standard", "second-chance", "service-recovery", "six-steps"])
def test_whichever_step_asks_the_verdict_has_the_figures_beside_it(name: str) -> None:
    asked: list[str] = []
    console = Console(width=80, file=io.StringIO())
    prompter = TerminalPrompter(console, "Cat Coe", "1.1", lambda ids: [], "", {}, asked.append)
    book = library.load(name, Path("/nowhere")).playbook
    (step,) = (s for s in book.steps if any(q.fact == "decided.verdict" for q in s.questions))

    prompter.enter(Scene(book, step, Case("1.1"), None))

    assert asked == ["decide"]


def test_a_reason_in_words_is_said_to_be_none_of_the_reasons_yet(on: Runner) -> None:
    said = " ".join(on("2026-02-01", "why", 1).out.split())

    assert "why they left (in words, not yet one of the reasons: winback walk asks)" in said
    factors = told(on("2026-02-01", "why", 1, "--json"))["factors"]
    (reason,) = (one for one in factors if one["factor"] == "reason")
    assert reason["note"] == "in words, not yet one of the reasons: winback walk asks"


# -- lists -----------------------------------------------------------------------------------


def test_customers_can_be_listed_by_priority(on: Runner) -> None:
    for who in (1, 2):
        assert on("2026-02-01", "close", who, "--outcome", "lost").code == 0
    lines = told(on("2026-02-01", "list", "--sort", "priority", "--json"))
    people = told(on("2026-02-01", "list", "--sort", "priority", "--customers", "--json"))

    assert [one["number"] for one in people] == [one["number"] for one in lines]
    assert [one["number"] for one in people] == [3, 1, 2]


def test_the_sorts_that_there_are_stand_in_the_help(winback: Runner) -> None:
    from winback_cli.store.lists import SORTS

    said = winback("list", "--help").out

    assert all(name in said for name in SORTS)


def test_the_note_below_the_priorities_names_one_who_has_a_chance_and_fits(on: Runner) -> None:
    assert on("2026-02-01", "close", 2, "--outcome", "won", "--until", "2026-02-02").code == 0

    ran = on("2026-02-03", "--color", "always", "list", "--sort", "priority")

    first = next(
        one["number"]
        for one in told(on("2026-02-03", "list", "--sort", "priority", "--json"))
        if one["chance"] is not None
    )
    assert ran.err.rstrip().endswith(f"winback why {first}")
    assert max(map(len, ran.err.splitlines())) <= 80


def test_one_order_is_no_orders(on: Runner) -> None:
    assert (orders_words(1), orders_words(1200)) == ("1 order", "1,200 orders")
    assert " 1 order," in on("2026-02-01", "show", 1).out
    assert "1 order\n" in on("2026-02-01", "brief", 1).out


def test_a_file_walked_into_a_new_case_hears_of_one_better_playbook(on: Runner, tmp_path: Path) -> None:
    whole = (Path(__file__).parents[1] / "cli" / "files" / "answers.yaml").read_text("utf-8")
    (tmp_path / "whole.yaml").write_text(whole, "utf-8")

    said = on("2026-11-23", "walk", 3, "--answers", tmp_path / "whole.yaml")

    assert said.code == 0, said.err
    assert said.err.count("may fit better") == 1, said.err
