"""Check-ins: agreed, kept or missed and counted, after a win too; what they said is found (A7, A8, E8)."""

import json
from typing import Any

import pytest

from tests.conftest import Runner
from tests.store.test_promises import recorded

TODAY = "2026-11-23"  # a Monday


@pytest.fixture
def now(on: Runner) -> Runner:
    """The runner on Monday 23 November 2026, over a store where customer 1 was reached that day."""
    assert on(TODAY, "touch", 1, "--channel", "phone", "--disposition", "reached").code == 0
    return lambda *words: on(TODAY, *words)


def check_ins(on: Runner, who: object = 1) -> list[tuple[str, bool | None]]:
    ran = on(TODAY, "checkin", who, "--json")
    assert ran.code == 0, ran.err
    return [(one["agreed_for"], one["kept"]) for one in json.loads(ran.out)]


def win(now: Runner, until: str = "+1m") -> None:
    ran = now("close", 1, "--outcome", "won", "--until", until, "--override", "they came back at once")
    assert ran.code == 0, ran.err


def due(on: Runner, day: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["due_on"]) for one in json.loads(on(day, "due", "--json").out)]


# -- agreed, kept, missed --------------------------------------------------------------------


def test_a_check_in_is_agreed_kept_and_counted(on: Runner, now: Runner) -> None:
    assert now("checkin", 1, "--next", "friday").code == 0
    assert check_ins(on) == [("2026-11-27", None)]

    first = on("2026-11-27", "checkin", 1, "--kept", "--next", "+1w")
    second = on("2026-12-05", "checkin", 1, "--missed")

    assert "1 kept, 0 missed" in first.err
    assert "1 kept, 1 missed" in second.err
    assert check_ins(on) == [("2026-11-27", True), ("2026-12-04", False)]


def test_one_that_nobody_agreed_on_is_logged_for_its_day(on: Runner, now: Runner) -> None:
    assert now("checkin", 1, "--kept", "--on", "friday").code == 0

    assert check_ins(on) == [("2026-11-20", True)]


def test_one_that_is_still_to_come_is_neither_kept_nor_missed(on: Runner, now: Runner) -> None:
    assert now("checkin", 1, "--next", "+1w").code == 0

    kept, missed = now("checkin", 1, "--kept"), now("checkin", 1, "--missed")
    assert now("checkin", 1, "--kept", "--on", "today").code == 0

    assert (kept.code, missed.code) == (2, 2)
    assert "still to come" in kept.err
    assert check_ins(on) == [("2026-11-23", True), ("2026-11-30", None)]


def test_the_earliest_that_is_open_is_meant_however_they_were_agreed(on: Runner, now: Runner) -> None:
    assert now("checkin", 1, "--next", "+5d").code == 0
    assert now("checkin", 1, "--next", "+2d").code == 0

    assert on("2026-12-01", "checkin", 1, "--kept").code == 0

    assert check_ins(on) == [("2026-11-25", True), ("2026-11-28", None)]


def test_the_same_day_is_agreed_and_logged_once_and_a_second_word_mends_the_first(
    on: Runner, now: Runner
) -> None:
    assert now("checkin", 1, "--next", "+2d").code == 0
    assert "agreed for 2026-11-25 already" in now("checkin", 1, "--next", "+2d").err
    assert on("2026-11-26", "checkin", 1, "--missed").code == 0

    assert on("2026-11-26", "checkin", 1, "--kept", "--on", "2026-11-25").code == 0

    assert check_ins(on) == [("2026-11-25", True)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--feedback", "Glad."), "Say whether it took place"),
        (("--next", "+1w", "--feedback", "Glad."), "Say whether it took place"),
        (("--next", "+1w", "--same-reason"), "Say whether it took place"),
        (("--on", "yesterday"), "Say whether it took place"),
        (("--missed", "--feedback", "Glad."), "winback note 1 keeps a remark"),
        (("--kept", "--on", "tomorrow"), "not after 2026-11-23"),
        (("--kept", "--next", "yesterday"), "not before 2026-11-23"),
        (("--kept", "--json"), "--json lists"),
        (("--kept", "--feedback", "x" * 5_001), "longer than 5,000"),
    ],
)
def test_words_that_do_not_fit_together_log_nothing(
    words: tuple[str, ...], said: str, on: Runner, now: Runner
) -> None:
    ran = now("checkin", 1, *words)

    assert ran.code in (2, 65)
    assert said in ran.err
    assert check_ins(on) == []


def test_where_there_is_no_case_there_is_no_check_in(now: Runner) -> None:
    assert now("checkin", 2).out == "Day\tWhat they said\t\n"
    ran = now("checkin", 2, "--kept")

    assert ran.code == 3
    assert "winback walk 2" in ran.err


def test_an_undone_check_in_is_open_again(on: Runner, now: Runner) -> None:
    assert now("checkin", 1, "--next", "today").code == 0
    assert now("checkin", 1, "--kept", "--feedback", "Glad.").code == 0

    assert now("undo", 1).code == 0
    assert check_ins(on) == [("2026-11-23", None)]
    assert now("undo", 1).code == 0
    assert check_ins(on) == []
    assert now("store", "doctor").code == 0


# -- what they said --------------------------------------------------------------------------


def test_what_they_said_is_kept_and_found(now: Runner) -> None:
    assert now("checkin", 1, "--kept", "--feedback", "The crates arrive whole again.").code == 0

    assert "The crates arrive whole again." in now("checkin", 1).out
    found = now("list", "--search", "crates whole").out.splitlines()[1:]
    assert [line.split("\t")[0] for line in found] == ["1"]
    assert now("store", "doctor").code == 0


# -- while it falls due ----------------------------------------------------------------------


def test_an_agreed_check_in_falls_due_while_the_case_is_open_and_while_it_sleeps(
    on: Runner, now: Runner
) -> None:
    assert now("checkin", 1, "--next", "2026-12-01").code == 0
    assert ("check_in", "2026-12-01") not in due(on, "2026-11-30")
    assert ("check_in", "2026-12-01") in due(on, "2026-12-01")
    assert now("close", 1, "--outcome", "dormant", "--until", "+6m", "--override", "not now").code == 0

    assert due(on, "2026-12-01") == [("check_in", "2026-12-01")]


def test_after_a_win_the_check_ins_go_on_by_their_cadence(on: Runner, now: Runner, store_path: Any) -> None:
    recorded(store_path, "answered", "follow_up.cadence", "followed_up.cadence", value="monthly")
    win(now, "2026-12-31")
    assert due(on, "2026-12-31") == [("check_in", "2026-12-31")]

    assert on("2026-12-31", "checkin", 1, "--kept").code == 0
    assert due(on, "2027-01-30") == []
    assert due(on, "2027-01-31") == [("check_in", "2027-01-31")]
    assert on("2027-01-31", "checkin", 1, "--missed").code == 0

    assert due(on, "2027-01-31") == [("check_in", "2027-01-31")]
    assert on("2027-01-31", "checkin", 1, "--next", "+2d").code == 0
    assert due(on, "2027-02-01") == []
    assert due(on, "2027-02-02") == [("check_in", "2027-02-02")]


def test_a_case_that_was_lost_takes_no_check_ins(on: Runner, now: Runner) -> None:
    assert now("close", 1, "--outcome", "lost", "--override", "they moved away").code == 0

    for words in (("--kept",), ("--missed",), ("--next", "+1w")):
        ran = now("checkin", 1, *words)
        assert (ran.code, "closed: lost" in ran.err) == (5, True)
    assert check_ins(on) == []


def test_a_case_that_sleeps_until_something_happens_comes_back_after_three_months(
    on: Runner, now: Runner
) -> None:
    words = ("--outcome", "dormant", "--trigger", "their contract ends", "--override", "not now")
    assert now("close", 1, *words).code == 0

    assert due(on, "2027-02-22") == []
    assert due(on, "2027-02-23") == [("wake", "2027-02-23")]
    assert "has it happened: their contract ends" in on("2027-02-23", "due").out


# -- the old reason --------------------------------------------------------------------------


def test_the_old_reason_that_is_back_leads_the_desk_until_somebody_spoke_to_them(
    on: Runner, now: Runner
) -> None:
    promise = ("promise", "add", 2, "call back", "--owner", "Mara", "--due", "2026-11-24")
    assert now(*promise).code == 0
    win(now)
    assert on("2026-12-23", "checkin", 1, "--kept", "--same-reason", "--feedback", "Late again.").code == 0

    told = on("2026-12-24").out
    assert told.splitlines()[2] == "Before all else"
    assert "the old reason is back" in told.partition("Before all else")[2].partition("\n\n")[0]

    reached = ("touch", 1, "--channel", "phone", "--disposition", "reached")
    assert on("2026-12-24", "touch", 1, "--channel", "phone", "--disposition", "no answer").code == 0
    assert "the old reason is back" in on("2026-12-24").out
    assert on("2026-12-24", *reached).code == 0
    assert "the old reason is back" not in on("2026-12-24").out
    assert on("2026-12-24", "checkin", 1, "--next", "+1w").code == 0
    assert "the old reason is back" not in on("2026-12-24").out


# -- what is owed before a case closes -------------------------------------------------------


def test_a_case_closes_once_a_check_in_was_kept_and_not_for_one_that_was_missed(
    on: Runner, now: Runner
) -> None:
    close = ("close", 1, "--outcome", "lost")
    assert now(*close).code == 5
    assert now("checkin", 1, "--missed", "--on", "yesterday").code == 0
    assert now(*close).code == 5

    assert now("checkin", 1, "--kept").code == 0

    assert now(*close).code == 0


# -- left alone ------------------------------------------------------------------------------


def test_nobody_who_is_left_alone_is_checked_in_with(on: Runner, now: Runner) -> None:
    assert now("checkin", 1, "--next", "+1d").code == 0
    win(now)
    assert now("suppress", 1, "--reason", "asked").code == 0

    for words in ((1, "--kept"), (1, "--next", "+1w"), (1,), (4, "--kept"), (4,)):
        ran = now("checkin", *words)
        assert (ran.code, "left alone" in ran.err, ran.out) == (5, True, ""), words
    assert due(on, "2027-12-31") == []


# -- several at once -------------------------------------------------------------------------


def test_a_check_in_logged_over_one_that_somebody_logged_meanwhile_is_told(
    on: Runner, now: Runner, store_path: Any
) -> None:
    from winback_cli.cli.checkins import CHECK_INS
    from winback_cli.cli.here import Here
    from winback_cli.cli.promises import case_there, record_entry
    from winback_cli.errors import AnsweredMeanwhile

    assert now("checkin", 1, "--next", "today").code == 0
    here = Here(str(store_path), as_of=TODAY)
    with here.writing("checkin") as store:
        work = case_there(here, store, "1", "", "")
        assert now("checkin", 1, "--kept", "--feedback", "Glad.").code == 0

        with pytest.raises(AnsweredMeanwhile):
            record_entry(work, CHECK_INS, {"kept": False}, 1)

    assert check_ins(on) == [("2026-11-23", True)]


def test_the_brief_of_a_won_customer_says_what_was_not_kept_and_what_they_said_last(
    stocked: Runner,
) -> None:
    assert stocked("promise", "add", 1, "A call a month", "--owner", "Mara", "--due", "+3d").code == 0
    assert stocked("promise", "break", 1, 1).code == 0
    assert stocked("close", 1, "--outcome", "won", "--until", "+1m", "--override", "came back").code == 0
    assert stocked("checkin", 1, "--kept", "--feedback", "All is well so far").code == 0

    told = json.loads(stocked("brief", 1, "--json").out)["brief"]

    assert told["own_up"] == ["A call a month"]
    assert {"label": "Said last", "words": "All is well so far"} in told["said"]
    assert told["stage"] == "follow up"


def test_a_second_word_on_the_same_catch_up_stays_beside_the_first(stocked: Runner) -> None:
    assert stocked("note", 1, "a case").code == 0
    assert stocked("close", 1, "--outcome", "won", "--until", "+1m", "--override", "x").code == 0
    for words in ("The service is better", "Prices went up"):
        assert stocked("checkin", 1, "--kept", "--on", "today", "--feedback", words).code == 0

    (one,) = json.loads(stocked("checkin", 1, "--json").out)

    assert one["feedback"] == "The service is better\nPrices went up"
