"""Fixes: one serves many cases, done once, and whoever asked for it is to be told (B5, B6)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
TODAY = "2026-11-23"


@pytest.fixture
def now(stocked: Runner) -> Runner:
    """The runner over the sample list on Monday 23 November 2026."""
    return lambda *words: stocked("--as-of", TODAY, *words)


def fixes(now: Runner) -> dict[int, dict[str, Any]]:
    return {one["number"]: one for one in json.loads(now("fix", "list", "--json").out)}


def waiting(now: Runner, number: int = 1) -> list[tuple[str, str, str | None]]:
    told = json.loads(now("fix", "show", number, "--json").out)["waiting"]
    return [(one["case"], one["outcome"] or one["status"], one["told"]) for one in told]


def fix(now: Runner, *words: object) -> None:
    ran = now("fix", "add", "Invoices by e-mail", *words)
    assert ran.code == 0, ran.err


# -- taken on --------------------------------------------------------------------------------


def test_a_fix_holds_what_who_when_and_what_it_costs(now: Runner) -> None:
    fix(now, "--owner", "Jonas Feld", "--due", "+2w", "--cost", "900 EUR")

    assert fixes(now) == {
        1: {
            "number": 1,
            "what": "Invoices by e-mail",
            "owner": "Jonas Feld",
            "due": "2026-12-07",
            "cost": {"amount": 90_000, "currency": "EUR"},
            "state": "open",
            "done_on": None,
            "cases": 0,
            "overdue": False,
        }
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((" ",), "The fix is empty"),
        (("x" * 501,), "longer than 500"),
        (("x", "--due", "yesterday"), "not before 2026-11-23"),
        (("x", "--cost", "lots"), "an amount looks like"),
        (("x", "--cost", "-5 EUR"), "not below nothing"),
        (("x", "--owner", " "), "--owner is empty"),
    ],
)
def test_a_fix_that_says_nothing_sound_is_refused(words: tuple[str, ...], said: str, now: Runner) -> None:
    ran = now("fix", "add", *words)

    assert ran.code in (2, 65)
    assert said in ran.err
    assert fixes(now) == {}


def test_one_fix_serves_open_dormant_and_closed_cases(now: Runner) -> None:
    fix(now, "--for", 1, "--for", "Ben", "--for", 3)
    assert now("close", 2, "--outcome", "dormant", "--until", "+3m").code == 0
    assert now("close", 3, "--outcome", "lost").code == 0

    assert waiting(now) == [("1.1", "open", None), ("2.1", "dormant", None), ("3.1", "lost", None)]
    assert fixes(now)[1]["cases"] == 3


def test_a_case_that_sleeps_may_ask_for_a_fix_and_sleeps_on(now: Runner) -> None:
    fix(now)
    assert now("note", 2, "a remark").code == 0
    assert now("close", 2, "--outcome", "dormant", "--trigger", "the new firm slips").code == 0

    assert now("fix", "for", 1, 2).code == 0

    assert waiting(now) == [("2.1", "dormant", None)]


def test_a_closed_case_asks_for_nothing_more_and_its_customer_begins_another(now: Runner) -> None:
    fix(now)
    assert now("note", 2, "a remark").code == 0
    assert now("close", 2, "--outcome", "lost").code == 0

    assert now("fix", "for", 1, "2.1").code == 5
    assert now("fix", "for", 1, 2).code == 0

    assert waiting(now) == [("2.2", "open", None)]


def test_a_customer_whose_cases_ask_for_the_same_fix_twice_waits_and_is_told_once(now: Runner) -> None:
    fix(now, "--for", 1)
    assert now("close", 1, "--outcome", "lost").code == 0
    assert now("fix", "for", 1, 1).code == 0
    assert waiting(now) == [("1.2", "open", None)]
    assert fixes(now)[1]["cases"] == 1
    assert now("fix", "done", 1).code == 0
    assert now("fix", "tell", 1).code == 0

    assert waiting(now) == [("1.2", "open", "draft")]
    assert "to be told" not in now().out


def test_a_case_waits_for_one_fix_and_says_which_it_no_longer_waits_for(now: Runner, rows: Any) -> None:
    fix(now, "--for", 1)
    fix(now)

    again, other = now("fix", "for", 1, 1), now("fix", "for", 2, 1)

    assert "waits for fix 1 already" in again.err
    assert "waits for fix 2 and no longer for fix 1" in other.err
    assert (waiting(now, 1), waiting(now, 2)) == ([], [("1.1", "open", None)])
    assert rows("SELECT count(*) FROM event WHERE kind = 'answered'") == [(2,)]


def test_an_undone_wait_for_a_fix_is_no_more(now: Runner) -> None:
    fix(now, "--for", 1)
    assert now("undo", 1).code == 0

    assert waiting(now) == []
    assert now("store", "doctor").code == 0


# -- done, dropped, opened again -------------------------------------------------------------


def test_a_fix_is_done_once_and_by_when_is_told(now: Runner) -> None:
    fix(now)

    assert now("fix", "done", 1, "--on", "-2d").code == 0
    again = now("fix", "done", 1)

    assert again.code == 5
    assert "done already since 2026-11-21" in again.err
    assert fixes(now)[1]["done_on"] == "2026-11-21"


def test_a_fix_is_not_done_on_a_day_to_come(now: Runner) -> None:
    fix(now)

    assert now("fix", "done", 1, "--on", "tomorrow").code == 2
    assert fixes(now)[1]["state"] == "open"


@pytest.mark.parametrize("number", [2, 0, 10**30])
@pytest.mark.parametrize("command", [("done",), ("drop",), ("show",), ("reopen",), ("tell",), ("for",)])
def test_a_number_that_no_fix_has_is_not_found(command: tuple[str], number: int, now: Runner) -> None:
    fix(now)

    ran = now("fix", *command, number, *(["Ana"] if command == ("for",) else []))

    assert ran.code == 3, ran.err
    assert f"There is no fix {number}" in ran.err


def test_what_is_done_is_not_dropped_and_what_is_dropped_takes_nobody(now: Runner) -> None:
    fix(now)
    fix(now)
    assert now("fix", "done", 1).code == 0
    assert now("fix", "drop", 2).code == 0

    assert now("fix", "drop", 1).code == 5
    assert now("fix", "for", 2, 1).code == 5
    assert {n: one["state"] for n, one in fixes(now).items()} == {1: "done", 2: "dropped"}


def test_a_fix_that_is_not_done_after_all_tells_nobody_that_it_is(now: Runner, rows: Any) -> None:
    fix(now, "--for", 1)
    assert now("fix", "done", 1).code == 0
    assert now("fix", "tell", 1).code == 0
    assert rows("SELECT state FROM message") == [("draft",)]

    assert now("fix", "reopen", 1).code == 0

    assert rows("SELECT state, detail FROM message") == [("dropped", "the fix is open again")]
    assert (fixes(now)[1]["state"], fixes(now)[1]["done_on"]) == ("open", None)
    assert now("fix", "tell", 1).code == 5
    assert now("fix", "reopen", 1).code == 5


def test_the_desk_says_whom_to_tell_until_each_has_a_message(now: Runner) -> None:
    fix(now, "--for", 1, "--for", 2)
    assert "to be told" not in now().out
    assert now("fix", "done", 1).code == 0
    assert "Done: Invoices by e-mail. 2 to be told: winback fix tell 1" in now().out

    assert now("fix", "tell", 1).code == 0

    assert "to be told" not in now().out
    assert [told for _, _, told in waiting(now)] == ["draft", "draft"]


def test_who_asks_for_what_is_done_already_is_to_be_told_too(now: Runner) -> None:
    fix(now, "--for", 1)
    assert now("fix", "done", 1).code == 0
    assert now("fix", "tell", 1).code == 0

    ran = now("fix", "for", 1, 2)

    assert "is done already" in ran.err
    assert "1 to be told: winback fix tell 1" in now().out


# -- shown -----------------------------------------------------------------------------------


def test_the_list_shows_what_is_open_and_with_all_the_rest(now: Runner) -> None:
    for what, due in (("later", "+5d"), ("sooner", "+1d"), ("done", "+1d"), ("dropped", "+1d")):
        assert now("fix", "add", what, "--due", due).code == 0
    assert now("fix", "add", "no day").code == 0
    assert now("fix", "done", 3).code == 0
    assert now("fix", "drop", 4).code == 0

    def names(*words: str) -> list[str]:
        return [line.split("\t")[1] for line in now("fix", "list", *words).out.splitlines()[1:]]

    assert names() == ["sooner", "later", "no day"]
    assert names("--all") == ["sooner", "later", "no day", "done", "dropped"]


def test_a_fix_whose_day_has_gone_by_is_overdue(stocked: Runner, now: Runner) -> None:
    fix(now, "--due", "today")

    def state(day: str) -> str:
        return stocked("--as-of", day, "fix", "list").out.splitlines()[1].split("\t")[-1]

    assert (state(TODAY), state("2026-11-24")) == ("open", "overdue")


def test_the_list_of_fixes_keeps_to_80_columns(now: Runner) -> None:
    words = ("--owner", "Annegret Müller-Hohenstein-Brandenburg", "--due", "+2w", "--for", 1)
    assert now("fix", "add", "Invoices by e-mail on the first of the month " * 4, *words).code == 0
    assert now("fix", "done", 1).code == 0

    lines = now("--color", "always", "fix", "list", "--all").out.splitlines()

    plain = [_uncoloured(line) for line in lines]
    assert max(map(len, plain)) <= 80
    assert plain[1].rstrip().endswith("done 2026-11-23")


def _uncoloured(line: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", line)


# -- left alone ------------------------------------------------------------------------------


def test_who_is_left_alone_waits_for_nothing_and_counts_nowhere(now: Runner) -> None:
    fix(now, "--for", 1, "--for", 2)
    assert now("suppress", 1, "--reason", "asked").code == 0

    assert now("fix", "for", 1, 1).code == 5
    assert waiting(now) == [("2.1", "open", None)]
    assert fixes(now)[1]["cases"] == 1
    assert now("fix", "done", 1).code == 0
    assert "1 to be told" in now().out


def test_a_fix_for_somebody_left_alone_is_not_taken_on_at_all(now: Runner, rows: Any) -> None:
    ran = now("fix", "add", "Invoices by e-mail", "--for", 1, "--for", 4)

    assert ran.code == 5
    assert fixes(now) == {}
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


def test_a_fix_for_nobody_we_know_is_not_taken_on_at_all(now: Runner) -> None:
    assert now("fix", "add", "Invoices by e-mail", "--for", 1, "--for", "Zorro").code == 3
    assert fixes(now) == {}


# -- merged, mended, from a file -------------------------------------------------------------


def test_two_records_that_ask_for_one_fix_are_one_who_asks_once_they_are_merged(now: Runner) -> None:
    fix(now, "--for", 1, "--for", 2)
    offered = ("offer", "add", 2, "trial", "--terms", "Four weeks free", "--cost", "250 EUR")
    assert now(*offered).code == 0
    assert now("close", 2, "--outcome", "lost").code == 0

    assert now("merge", 1, 2, "--yes").code == 0

    assert waiting(now) == [("1.1", "open", None)]
    assert fixes(now)[1]["cases"] == 1
    given = json.loads(now("offer", "list", "--json").out)
    assert [(one["case"], one["customer"], one["terms"]) for one in given] == [
        ("1.2", 1, "Four weeks free")
    ]
    assert now("store", "doctor").code == 0


def test_the_doctor_finds_and_mends_a_row_that_waits_for_another_fix(now: Runner, store_path: Path) -> None:
    import sqlite3

    fix(now, "--for", 1)
    fix(now)
    connection = sqlite3.connect(store_path)
    connection.execute("UPDATE casefile SET fix = 2")
    connection.commit()
    connection.close()
    assert waiting(now, 2) == [("1.1", "open", None)]

    looked = now("store", "doctor")
    assert now("store", "doctor", "--mend").code == 0

    assert looked.code != 0
    assert "fix" in looked.out
    assert (waiting(now, 1), waiting(now, 2)) == ([("1.1", "open", None)], [])
    assert now("store", "doctor").code == 0


def test_a_number_of_an_answers_file_that_no_fix_has_does_no_harm(now: Runner, tmp_path: Path) -> None:
    path = tmp_path / "numbered.yaml"
    told = ANSWERS.read_text("utf-8").replace(
        "    approach: simple_fix\n", "    approach: simple_fix\n    fix_number: 99\n"
    )
    path.write_text(told, "utf-8")
    assert now("walk", 1, "--answers", path).code == 0

    assert now("fix", "show", 99).code == 3
    assert (now().code, now("brief", 1).code, now("offer", "suggest", 1).code) == (0, 0, 0)
    assert now("store", "doctor").code == 0


def test_whoever_was_spoken_to_since_it_is_done_is_not_to_be_told_any_more(stocked: Runner) -> None:
    assert stocked("fix", "add", "The stock is checked", "--for", 1).code == 0
    assert stocked("fix", "done", 1).code == 0
    assert "1 to be told" in stocked().out

    assert stocked("touch", 1, "--channel", "phone", "--disposition", "reached").code == 0

    assert "to be told" not in stocked().out
    assert "spoken to since" in stocked("fix", "show", 1).out
