"""The brief before a case is there: every playbook has something to ask and to avoid, in words that fit."""

from datetime import date
from pathlib import Path

import pytest

from winback_cli import library
from winback_cli.briefing import beforehand
from winback_cli.dates import WEEKEND
from winback_cli.route import Days

TODAY = Days(date(2026, 11, 23), WEEKEND)
BOOKS = [edition.playbook for edition in library.usable(Path("/nowhere"))]
NAMES = [book.name for book in BOOKS if book.subject == "customer"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how_left", ["", "departing", "upset", "lapsed"])
def test_whoever_calls_first_knows_what_to_ask_and_what_to_avoid_and_no_clock_runs(
    name: str, how_left: str
) -> None:
    book = library.load(name, Path("/nowhere")).playbook

    found = beforehand(book, how_left, TODAY)

    assert found.stage in ("contact", "listen")
    assert found.ask
    assert found.avoid
    assert (found.clock, found.promises, found.said, found.last) == ("", (), (), ())


def test_the_questions_are_worded_by_how_they_left() -> None:
    book = library.load("six-steps", Path("/nowhere")).playbook

    assert beforehand(book, "departing", TODAY).ask[0] == '"Why are you leaving us?"'
    assert beforehand(book, "lapsed", TODAY).ask[0] != '"Why are you leaving us?"'
