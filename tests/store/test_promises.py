"""Promises: never without an owner and a day, kept or broken on record, none lost (D4, C8, B6.6)."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.faults import processes

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
TODAY = "2026-11-23"  # a Monday


@pytest.fixture
def now(on: Runner) -> Runner:
    """The runner on Monday 23 November 2026."""
    return lambda *words: on(TODAY, *words)


def promised(now: Runner, *words: object) -> list[dict[str, Any]]:
    ran = now("promise", "list", *words, "--json")
    assert ran.code == 0, ran.err
    told: list[dict[str, Any]] = json.loads(ran.out)
    return told


def promise(now: Runner, who: object, what: str, due: str = "+5bd") -> None:
    ran = now("promise", "add", who, what, "--owner", "Mara", "--due", due)
    assert ran.code == 0, ran.err


# -- made ------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [(), ("--owner", "Mara"), ("--due", "+5bd")])
def test_a_promise_without_an_owner_and_a_day_is_refused_and_opens_no_case(
    given: tuple[str, ...], now: Runner, rows: Any
) -> None:
    ran = now("promise", "add", 1, "monthly invoices", *given)

    assert ran.code == 2
    assert "--owner and --due" in ran.err
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--owner", "Mara", "--due", "yesterday"), "not before 2026-11-23"),
        (("--owner", "Mara", "--due", "2026-11-22"), "not before 2026-11-23"),
        (("--owner", "Mara", "--due", "someday"), "a date looks like"),
        (("--done", "--due", "+3d"), "done already needs no day"),
        (("--owner", " ", "--due", "+3d"), "--owner is empty"),
        (("--owner", "x" * 101, "--due", "+3d"), "longer than 100"),
    ],
)
def test_a_promise_that_says_nothing_sound_is_refused_before_anything_is_written(
    given: tuple[str, ...], said: str, now: Runner, rows: Any
) -> None:
    ran = now("promise", "add", 1, "monthly invoices", *given)

    assert ran.code in (2, 65)
    assert said in ran.err
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


def test_a_promise_of_today_stands_and_is_overdue_tomorrow(on: Runner) -> None:
    assert on(TODAY, "promise", "add", 1, "call back", "--owner", "Mara", "--due", "today").code == 0

    def overdue(day: str) -> list[bool]:
        return [one["overdue"] for one in json.loads(on(day, "promise", "list", "--json").out)]

    assert (overdue(TODAY), overdue("2026-11-24")) == ([False], [True])


def test_the_words_after_who_are_the_promise_and_the_assurance_is_kept(now: Runner) -> None:
    words = ("--owner", "Mara", "--due", "+5bd", "--assured-by", "Jonas Feld")
    assert now("promise", "add", "Ana", "one", "invoice", "a month", *words).code == 0

    assert promised(now) == [
        {
            "case": "1.1",
            "customer": 1,
            "name": "Ana Sol, Blue Foods",
            "n": 1,
            "what": "one invoice a month",
            "state": "open",
            "owner": "Mara",
            "due": "2026-11-30",
            "assured_by": "Jonas Feld",
            "overdue": False,
        }
    ]


# -- kept and broken -------------------------------------------------------------------------


def test_a_promise_is_kept_or_broken_once_and_the_last_word_counts(now: Runner) -> None:
    promise(now, 1, "one invoice a month")

    assert now("promise", "keep", 1, 1).code == 0
    again = now("promise", "keep", 1, 1)
    assert now("promise", "break", 1, 1, "--because", "late again").code == 0

    assert (again.code, [one["state"] for one in promised(now, 1)]) == (5, ["broken"])
    assert promised(now) == []


@pytest.mark.parametrize("number", [2, 0, 10**30])
def test_a_number_that_no_promise_has_is_not_found(number: int, now: Runner) -> None:
    promise(now, 1, "one invoice a month")

    ran = now("promise", "keep", 1, number)

    assert ran.code == 3
    assert "winback promise list 1" in ran.err


def test_where_nothing_was_promised_there_is_nothing_to_keep(now: Runner) -> None:
    ran = now("promise", "keep", "Cleo", 1)

    assert ran.code == 3
    assert "winback promise add 3" in ran.err


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_closed_case_still_takes_what_became_of_a_promise(outcome: str, now: Runner) -> None:
    promise(now, 1, "one invoice a month")
    promise(now, 1, "one person to call")
    close = ("close", 1, "--outcome", outcome, "--until", "+1m", "--override", "so it is")
    assert now(*close).code == 0

    assert (now("promise", "keep", 1, 1).code, now("promise", "break", 1, 2).code) == (0, 0)

    assert [one["state"] for one in promised(now, 1)] == ["kept", "broken"]


def test_a_promise_of_a_closed_case_stays_due_and_listed(now: Runner) -> None:
    promise(now, 1, "one invoice a month")
    assert now("close", 1, "--outcome", "lost").code == 0

    assert [one["what"] for one in promised(now)] == ["one invoice a month"]


def test_a_promise_to_whom_was_lost_begins_a_new_case_and_the_old_ones_go_by_their_case(
    now: Runner,
) -> None:
    promise(now, 1, "one invoice a month")
    assert now("close", 1, "--outcome", "lost").code == 0
    promise(now, 1, "one person to call")

    assert now("promise", "keep", "1.1", 1).code == 0

    told = [(one["case"], one["state"]) for one in promised(now, 1)]
    assert told == [("1.1", "kept"), ("1.2", "open")]
    assert [one["case"] for one in promised(now, "1.2")] == ["1.2"]


def test_a_broken_promise_is_said_in_the_next_brief(now: Runner) -> None:
    promise(now, 1, "one invoice a month")
    assert "Not kept" not in now("brief", 1).out
    assert now("promise", "break", 1, 1).code == 0

    assert "Own up     Not kept: one invoice a month" in now("brief", 1).out


# -- the desk --------------------------------------------------------------------------------


def test_overdue_promises_lead_the_desk_in_red(on: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    promise(lambda *words: on(TODAY, *words), 1, "one invoice a month", "2026-11-25")

    plain = on("2026-11-27").out
    monkeypatch.delenv("NO_COLOR")
    red = on("2026-11-27", "--color", "always").out

    titles = [line for line in plain.splitlines()[1:] if line and not line.startswith(" ")]
    assert titles[0] == "Overdue promises"
    assert "one invoice a month" in plain.partition("Overdue promises")[2].splitlines()[1]
    (line,) = [line for line in red.splitlines() if "Overdue promises" in line]
    assert "31m" in line


def test_a_promise_whose_day_is_to_come_waits_and_is_not_red(on: Runner) -> None:
    promise(lambda *words: on(TODAY, *words), 1, "one invoice a month", "2026-11-25")

    told = on("2026-11-24").out

    assert "Overdue promises" not in told
    assert "one invoice a month" in told.partition("Waiting")[2]


# -- listed ----------------------------------------------------------------------------------


def test_the_most_overdue_promise_comes_first_whoever_it_was_made_to(now: Runner) -> None:
    promise(now, 1, "third", "+9d")
    promise(now, 2, "first", "+1d")
    promise(now, 3, "second", "+5d")
    promise(now, 3, "fourth", "+10d")

    assert [one["what"] for one in promised(now)] == ["first", "second", "third", "fourth"]


def test_the_list_of_promises_keeps_to_80_columns(now: Runner) -> None:
    owner = ("--owner", "Annegret Müller-Hohenstein-Brandenburg", "--due", "+5bd")
    assert now("edit", 1, "--company", "B" * 100).code == 0
    assert now("promise", "add", 1, "A message before any late delivery " * 5, *owner).code == 0

    for words in ((), (1,)):
        lines = now("--color", "always", "promise", "list", *words).out.splitlines()
        plain = [_uncoloured(line) for line in lines]
        assert len(plain) == 2
        assert max(map(len, plain)) <= 80
        assert plain[1].startswith("1.1 1")
        assert "A message" in plain[1]
        assert "2026-11-30" in plain[1]
        assert plain[1].rstrip().endswith("open")


def _uncoloured(line: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_a_pipe_is_given_every_word(now: Runner) -> None:
    what = "A message before any late delivery " * 5
    words = ("--owner", "Annegret Müller-Hohenstein", "--due", "+5bd")
    assert now("promise", "add", 1, what, *words).code == 0

    head, line = now("promise", "list").out.splitlines()

    assert head == "Case N\tWhat\tTo\tOwner\tDue\t"
    to = "Ana Sol, Blue Foods"
    assert line.split("\t") == [
        *("1.1 1", what.strip(), to, "Annegret Müller-Hohenstein", "2026-11-30", "open")
    ]


def test_promises_of_an_answers_file_are_listed(now: Runner) -> None:
    assert now("walk", 1, "--answers", ANSWERS).code == 0

    told = [(one["n"], one["state"], one["due"]) for one in promised(now, 1)]

    assert told == [(1, "kept", None), (2, "open", "2026-12-03")]
    assert [one["n"] for one in promised(now)] == [2]


def test_an_undone_promise_is_listed_no_more_and_its_number_is_given_anew(now: Runner) -> None:
    promise(now, 1, "first")
    promise(now, 1, "a slip of the pen")
    assert now("undo", 1).code == 0
    assert [one["what"] for one in promised(now, 1)] == ["first"]

    promise(now, 1, "second")
    assert now("promise", "keep", 1, 2).code == 0
    assert now("undo", 1).code == 0

    assert [(one["n"], one["what"], one["state"]) for one in promised(now, 1)] == [
        (1, "first", "open"),
        (2, "second", "open"),
    ]


def test_an_entry_that_was_taken_out_keeps_its_number_and_is_neither_listed_nor_kept(
    now: Runner, store_path: Path
) -> None:
    promise(now, 1, "first")
    promise(now, 1, "second")
    recorded(
        store_path, "promised", "revisit.changes", "revisited.changes", item=1, value={"removed": True}
    )

    assert [(one["n"], one["what"]) for one in promised(now, 1)] == [(2, "second")]
    assert now("promise", "keep", 1, 1).code == 3
    assert now("store", "doctor").code == 0


def recorded(store_path: Path, kind: str, question: str, fact: str, **body: Any) -> None:
    """An event that the walk writes and these commands do not, in the case that is first in the store."""
    from winback_cli import library, owing
    from winback_cli.case import Entry
    from winback_cli.dates import clock_at
    from winback_cli.store.writes import Store

    book = library.load("standard", store_path.parent).playbook
    store = Store.open(store_path, "me", clock_at(TODAY), "walk")
    entry = Entry(kind, {"question": question, "fact": fact, "how": "asked", **body})
    store.record(1, [entry], lambda case: owing.standing(book, case, frozenset({5, 6})))
    store.close()


# -- left alone ------------------------------------------------------------------------------


def test_nothing_is_promised_to_somebody_left_alone_and_none_of_theirs_is_listed(now: Runner) -> None:
    promise(now, 1, "one invoice a month")
    promise(now, 2, "one person to call")
    assert now("suppress", 1, "--reason", "asked").code == 0

    for words in (
        ("add", 1, "x", "--owner", "Mara", "--due", "+1d"),
        ("add", 1, "x", "--done"),
        ("keep", 1, 1),
        ("break", 1, 1),
        ("list", 1),
        ("keep", 4, 1),  # left alone, and never had a case
    ):
        ran = now("promise", *words)
        assert (ran.code, "left alone" in ran.err) == (5, True), words
    assert [one["case"] for one in promised(now)] == ["2.1"]


# -- several at once -------------------------------------------------------------------------


def test_of_writers_at_once_each_promise_is_kept_or_its_writer_told(now: Runner, store_path: Path) -> None:
    promise(now, 1, "the first")
    due = date.fromisoformat("2199-01-01").isoformat()
    lines = [
        ["-q", "--store", store_path, "promise", "add", 1, f"of {n}", "--owner", "Mara", "--due", due]
        for n in range(6)
    ]

    ended = processes.start_together(lines, "none", 1)

    codes = [code for code, _, _ in ended]
    assert set(codes) <= {0, 75}, [err for _, _, err in ended]
    assert codes.count(0) >= 1
    told = [one["what"] for one in promised(now, 1)]
    assert told == list(dict.fromkeys(told))  # none overwrote another, none is there twice
    assert set(told) == {"the first", *(f"of {n}" for n, code in enumerate(codes) if code == 0)}
    assert now("store", "doctor").code == 0


def test_a_promise_added_to_a_list_that_somebody_grew_meanwhile_is_not_written_over_theirs(
    now: Runner, store_path: Path
) -> None:
    from winback_cli.cli.here import Here
    from winback_cli.cli.promises import CHANGES, record_entry
    from winback_cli.cli.work import take_up
    from winback_cli.errors import AnsweredMeanwhile

    promise(now, 1, "mine, before")
    here = Here(str(store_path), as_of=TODAY)
    with here.writing("promise add") as store:
        work = take_up(here, store, "1")
        promise(now, 1, "theirs, meanwhile")

        with pytest.raises(AnsweredMeanwhile):
            record_entry(work, CHANGES, {"what": "mine, after", "done": True})

    assert [one["what"] for one in promised(now, 1)] == ["mine, before", "theirs, meanwhile"]
