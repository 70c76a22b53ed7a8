"""What a case owes whatever its status: check-ins, the contact after a win, the reason that came back."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trade.making import answered, case_of, entry, touched
from winback_cli import library, owing
from winback_cli.dates import add_months
from winback_cli.owing import Due

STANDARD = library.load("standard", Path("/nowhere")).playbook
WEEKEND = frozenset({5, 6})
Made = tuple[str, dict[str, Any]]


def dues(*made: Any) -> list[Due]:
    return list(owing.standing(STANDARD, case_of(*made), WEEKEND).dues)


def owed(kind: str, *made: Any) -> list[str]:
    return [due.due_on for due in dues(*made) if due.kind == kind]


def check_in(number: int, **fields: Any) -> Made:
    return entry("followed_up.check_ins", number, "checked_in", **fields)


def won(day: str, until: str = "") -> Any:
    return ("closed", {"outcome": "won", **({"until": until} if until else {})}, day)


def dormant(day: str, **body: str) -> Any:
    return ("closed", {"outcome": "dormant", **body}, day)


def speaking(cadence: str) -> Made:
    return answered("followed_up.cadence", cadence)


# -- after a win (E8) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "spoken", "due"),
    [
        ("weekly", "2026-03-02", "2026-03-09"),
        ("weekly", "2026-12-28", "2027-01-04"),
        ("monthly", "2026-03-02", "2026-04-02"),
        ("monthly", "2026-01-31", "2026-02-28"),
        ("monthly", "2028-01-31", "2028-02-29"),
        ("monthly", "2026-03-31", "2026-04-30"),
        ("quarterly", "2026-11-30", "2027-02-28"),
        ("yearly", "2028-02-29", "2029-02-28"),
    ],
)
def test_the_next_contact_falls_due_so_long_after_the_last(cadence: str, spoken: str, due: str) -> None:
    kept = check_in(1, agreed_for=spoken, kept=True)

    assert owed("check_in", speaking(cadence), won("2026-01-15"), kept) == [due]


@pytest.mark.parametrize("cadence", owing.CADENCES)
@given(day=st.dates(date(2026, 2, 1), date(2100, 1, 1)))
def test_the_next_contact_is_always_after_the_last(cadence: str, day: date) -> None:
    kept = check_in(1, agreed_for=day.isoformat(), kept=True)

    (due,) = owed("check_in", speaking(cadence), won("2026-01-15"), kept)

    assert due > day.isoformat()
    if cadence == "monthly":
        assert due == add_months(day, 1).isoformat()


def test_a_cadence_counts_from_the_win_where_they_have_not_spoken_since() -> None:
    before = touched("reached", "2026-01-05")

    assert owed("check_in", speaking("monthly"), before, won("2026-01-15")) == ["2026-02-15"]


def test_the_day_named_at_the_win_comes_before_the_cadence() -> None:
    assert owed("check_in", speaking("weekly"), won("2026-01-15", "2026-03-01")) == ["2026-03-01"]


def test_a_check_in_that_was_missed_stays_owed() -> None:
    missed = check_in(1, agreed_for="2026-03-01", kept=False)

    assert owed("check_in", speaking("yearly"), won("2026-01-15", "2026-03-01"), missed) == ["2026-03-01"]


def test_an_attempt_in_vain_after_a_win_puts_nothing_off() -> None:
    in_vain = touched("no_answer", "2026-03-01")
    spoken = touched("reached", "2026-03-02")

    assert owed("check_in", speaking("monthly"), won("2026-01-15", "2026-03-01"), in_vain) == ["2026-03-01"]
    assert owed("check_in", speaking("monthly"), won("2026-01-15", "2026-03-01"), spoken) == ["2026-04-02"]


def test_without_a_cadence_contact_after_a_win_goes_on_every_three_months() -> None:
    spoken = touched("reached", "2026-03-01")

    assert owed("check_in", won("2026-01-15", "2026-03-01"), spoken) == ["2026-06-01"]
    assert owed("check_in", won("2026-01-15")) == ["2026-04-15"]


@pytest.mark.parametrize("outcome", ["lost", "released", "suppressed"])
def test_after_any_other_end_no_contact_is_owed(outcome: str) -> None:
    agreed = check_in(1, agreed_for="2026-04-01")
    closed = ("closed", {"outcome": outcome}, "2026-03-02")

    assert owed("check_in", speaking("weekly"), agreed, closed) == []


# -- agreed check-ins (A7) -------------------------------------------------------------------


AGREED = (check_in(1, agreed_for="2026-04-09"), check_in(2, agreed_for="2026-04-02"))


@pytest.mark.parametrize(
    "last", [(), (dormant("2026-03-02", until="2026-09-01"),), (won("2026-03-02", "2026-04-20"),)]
)
def test_every_agreed_check_in_falls_due_whatever_the_case_does(last: Any) -> None:
    assert owed("check_in", *AGREED, *last) == ["2026-04-02", "2026-04-09"]


def test_a_case_put_off_still_owes_the_check_in_that_was_agreed() -> None:
    snoozed = ("snoozed", {"until": "2026-05-01"})

    assert [due.kind for due in dues(*AGREED, snoozed)] == ["check_in", "check_in", "snoozed"]


def test_a_check_in_keeps_its_number_when_an_earlier_one_was_kept() -> None:
    kept = check_in(2, kept=True)

    told = [(due.ref, due.due_on) for due in dues(*AGREED, kept) if due.kind == "check_in"]

    assert told == [(1, "2026-04-09")]


def test_a_check_in_that_was_taken_out_is_owed_no_more() -> None:
    assert owed("check_in", *AGREED, check_in(2, removed=True)) == ["2026-04-09"]


# -- the reason that came back (E8) ----------------------------------------------------------


BACK = check_in(1, agreed_for="2026-03-10", kept=True, same_reason=True)
WHY = answered("classified.reason", "price/shipping_cost")


def test_the_old_reason_leads_until_somebody_spoke_to_them() -> None:
    (flag,) = [due for due in dues(WHY, won("2026-03-02"), BACK) if due.kind == "flag"]

    assert (flag.due_on, flag.what, flag.ref) == ("2026-03-10", "the old reason is back: price", 1)
    assert owed("flag", won("2026-03-02"), BACK, touched("no_answer", "2026-03-11")) == ["2026-03-10"]
    assert owed("flag", won("2026-03-02"), BACK, touched("reached", "2026-03-11")) == []
    assert owed("flag", won("2026-03-02"), BACK, touched("reached", "2026-03-10")) == []


def test_who_spoke_to_them_before_it_came_back_has_not_settled_it() -> None:
    assert owed("flag", won("2026-03-02"), touched("reached", "2026-03-10"), BACK) == ["2026-03-10"]


def test_agreeing_on_the_next_check_in_afterwards_brings_no_flag_back() -> None:
    following = check_in(2, agreed_for="2026-04-10")

    assert owed("flag", won("2026-03-02"), BACK, touched("reached", "2026-03-11"), following) == []
    assert owed("flag", won("2026-03-02"), BACK, following) == ["2026-03-10"]


def test_a_later_check_in_that_was_kept_settles_it_and_one_missed_does_not() -> None:
    kept = check_in(2, agreed_for="2026-04-10", kept=True)
    missed = check_in(2, agreed_for="2026-04-10", kept=False)

    assert owed("flag", won("2026-03-02"), BACK, kept) == []
    assert owed("flag", won("2026-03-02"), BACK, missed) == ["2026-03-10"]


def test_a_reason_that_comes_back_twice_is_flagged_once_and_again() -> None:
    again = check_in(2, agreed_for="2026-04-10", kept=True, same_reason=True)

    told = owed("flag", won("2026-03-02"), BACK, touched("reached", "2026-03-11"), again)

    assert told == ["2026-04-10"]


# -- sleep (B6.7) ----------------------------------------------------------------------------


@pytest.mark.parametrize(("asleep", "due"), [("2026-03-02", "2026-06-02"), ("2026-11-30", "2027-02-28")])
def test_what_waits_for_a_trigger_alone_is_looked_at_after_three_months(asleep: str, due: str) -> None:
    (wake,) = dues(dormant(asleep, trigger="their contract ends"))

    assert (wake.kind, wake.due_on, wake.what) == ("wake", due, "has it happened: their contract ends")


def test_what_waits_for_a_day_wakes_on_it_whatever_the_trigger() -> None:
    (wake,) = dues(dormant("2026-03-02", until="2027-01-04", trigger="their contract ends"))

    assert (wake.due_on, wake.what) == ("2027-01-04", "wake: their contract ends")


# -- promises --------------------------------------------------------------------------------


def test_an_open_promise_is_owed_by_its_day_whatever_the_case_does() -> None:
    made = [
        entry("revisited.changes", 1, what="invoices", owner="Mara", due="2026-03-20", done=False),
        entry("revisited.changes", 2, what="a person to call", done=True),
        entry("revisited.changes", 3, what="boxes", owner="Jo", due="2026-03-21", done=False),
        ("broken", {"item": 3}),
    ]

    for last in ((), dormant("2026-03-02", until="2026-09-01"), ("closed", {"outcome": "lost"})):
        assert owed("promise", *made, *([last] if last else [])) == ["2026-03-20"]
    assert owed("promise", *made, ("closed", {"outcome": "suppressed"})) == []
