"""A won customer's programme: how often by their value, and what is watched (A7, E5, E8)."""

from pathlib import Path
from typing import Any

import pytest

from tests.trade.making import answered, case_of, entry
from winback_cli import briefing, library, owing, winners
from winback_cli.route import Days

STANDARD = library.load("standard", Path("/nowhere")).playbook
WEEKEND = frozenset({5, 6})


def won(day: str, **body: Any) -> Any:
    return ("closed", {"outcome": "won", **body}, day)


def owed(*made: Any) -> list[str]:
    return [
        due.due_on
        for due in owing.standing(STANDARD, case_of(*made), WEEKEND).dues
        if due.kind == "check_in"
    ]


@pytest.mark.parametrize(
    ("agreed", "top_fifth", "often"),
    [
        (None, True, "monthly"),
        (None, False, "quarterly"),
        ("yearly", True, "yearly"),
        ("weekly", False, "weekly"),
    ],
)
def test_what_was_agreed_goes_before_value(agreed: str | None, top_fifth: bool, often: str) -> None:
    assert winners.cadence(agreed, top_fifth) == often


@pytest.mark.parametrize(
    ("at_least", "of", "is_top"),
    [
        (1, 5, True),
        (2, 10, True),
        (3, 10, False),
        (1, 4, False),
        (10, 10, False),
        (0, 10, False),
        (2, 9, False),
    ],
)
def test_the_top_fifth_is_a_fifth_and_no_more(at_least: int, of: int, is_top: bool) -> None:
    assert winners.is_top_fifth(at_least, of) is is_top


def test_a_customer_of_the_top_fifth_is_spoken_to_every_month_after_a_win() -> None:
    kept = entry("followed_up.check_ins", 1, "checked_in", agreed_for="2026-02-10", kept=True)

    assert owed(won("2026-01-15", top_fifth=True)) == ["2026-02-15"]
    assert owed(won("2026-01-15", top_fifth=True), kept) == ["2026-03-10"]
    assert owed(won("2026-01-15"), kept) == ["2026-05-10"]
    assert owed(answered("followed_up.cadence", "yearly"), won("2026-01-15", top_fifth=True)) == [
        "2027-01-15"
    ]


def test_every_cadence_has_words_and_a_length() -> None:
    assert set(winners.EVERY) == set(owing.CADENCES)


@pytest.mark.parametrize(
    ("reason", "said", "question"),
    [
        ("delivery_or_service", "", "Has it come back: delivery or service?"),
        ("price/shipping_cost", "Too dear", "Has it come back: price?"),
        ("unknown", "You were late.", "Has it come back: You were late?"),
        ("", "", ""),
        ("unknown", "", ""),
    ],
)
def test_what_they_left_for_is_what_is_asked(reason: str, said: str, question: str) -> None:
    assert winners.watched({"classified.reason": reason, "heard.why_left": said}) == question


def test_the_brief_asks_whether_it_is_back_only_after_a_win() -> None:
    from datetime import date

    days = Days(date(2026, 3, 2), WEEKEND)
    why = answered("classified.reason", "price")

    assert (
        "Has it come back: price?" in briefing.briefing(STANDARD, case_of(why, won("2026-01-15")), days).ask
    )
    assert not any("come back" in ask for ask in briefing.briefing(STANDARD, case_of(why), days).ask)
