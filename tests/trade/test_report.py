"""Reports: what they count, what they leave open, and what they never say."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from winback_cli import dealings, report, reportview
from winback_cli.intervals import FEW, Rate, spread, wilson
from winback_cli.money import Money
from winback_cli.report import Amounts, Cases, CheckIns, Promises, Report, Wanted, Wins

TODAY = Wanted("2026-11-24")


def some(number: int, status: str = "closed", outcome: str = "won", **more: Any) -> Cases:
    """So many cases alike."""
    fields = {
        "group": "",
        "playbook": "standard",
        "stage": "follow_up",
        "reason": "price",
        "month": "2026-10",
    }
    fields |= {"month": ""} if status != "closed" else {}
    return Cases(**(fields | {"status": status, "outcome": outcome, "cases": number} | more))


def still(number: int, status: str = "open", **more: Any) -> Cases:
    return some(number, status, "", **more)


def rows(told: Report, table: int = 0) -> list[dict[str, Any]]:
    """A table as maps from its columns' keys."""
    shown = told.tables[table]
    return [dict(zip([key for key, _ in shown.columns], row, strict=True)) for row in shown.rows]


def figure(told: Report, key: str) -> Any:
    return next(figure.value for figure in told.figures if figure.key == key)


# -- intervals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(13, 31, 0.2642, 0.5923), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 2, 0.0945, 0.9055)],
)
def test_an_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_an_interval_holds_the_share_and_stays_between_nothing_and_all(hits: int, of: int) -> None:
    hits = min(hits, of)
    low, high = wilson(hits, of)

    assert 0 <= low <= hits / of <= high <= 1


def test_more_than_all_has_no_interval() -> None:
    with pytest.raises(ValueError, match="between"):
        wilson(3, 2)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (Rate(0, 0), "none yet"),
        (Rate(2, 4), "2 of 4"),
        (Rate(0, 4), "0 of 4"),
        (Rate(4, 5), "4 of 5: 80 % (38 to 96)"),
        (Rate(1, 1_000), "1 of 1,000: <1 % (0 to 1)"),
        (Rate(999, 1_000), "999 of 1,000: >99 % (99 to 100)"),
    ],
)
def test_a_rate_says_how_many_of_how_many_and_a_percentage_only_from_five_on(
    rate: Rate, words: str
) -> None:
    assert rate.words() == words
    assert (rate.share is None) == (rate.of < FEW)


@given(st.lists(st.integers(0, 400), min_size=FEW, max_size=60))
def test_a_median_is_the_one_of_the_values_that_were_counted(days: list[int]) -> None:
    from statistics import median

    counted = {day: days.count(day) for day in days}

    assert spread(counted).median == pytest.approx(median(days))
    assert spread(counted).quarter <= spread(counted).median <= spread(counted).three_quarters


def test_of_few_wins_only_the_ends_are_told() -> None:
    assert spread({}).words() == "none yet"
    assert spread({1: 1}).words() == "1 day"
    assert spread({4: 2, 30: 1}).words() == "4 to 30 days"
    assert spread({4: 2, 12: 2, 30: 1}).words() == "median 12 days, half of them 4 to 12"


# -- outcomes --------------------------------------------------------------------------------


def test_open_and_sleeping_cases_are_no_losses_and_the_suppressed_stand_apart() -> None:
    cases = [
        *(some(6), some(3, outcome="lost"), some(1, outcome="released"), some(7, outcome="suppressed")),
        *(still(20), still(5, "dormant")),
    ]

    told = report.outcomes(cases, [], TODAY)

    assert figure(told, "rate") == Rate(6, 10)
    assert [row["cases"] for row in rows(told)] == [6, 3, 1, 7, 5, 20]
    assert "More cases are running than closed: the rate can still move far." in told.notes
    assert "Customers who asked to be left alone are in no rate." in told.notes


def test_a_win_before_its_opening_took_no_time() -> None:
    told = report.outcomes([some(5)], [Wins("", -3, 1), Wins("", 10, 4)], TODAY)

    assert figure(told, "days")[:2] == (5, 0)


def test_months_without_a_closed_case_are_shown_between_others_and_twelve_at_most() -> None:
    cases = [some(1, month="2024-01"), some(2, month="2026-01"), some(3, outcome="lost", month="2026-03")]

    told = rows(report.outcomes(cases, [], TODAY), 1)

    assert len(told) == 12
    assert [(row["month"], row["closed"], row["rate"].words()) for row in told[-3:]] == [
        ("2026-01", 2, "2 of 2"),
        ("2026-02", 0, "none yet"),
        ("2026-03", 3, "0 of 3"),
    ]


def test_groups_have_a_row_each_and_those_without_a_name_come_last() -> None:
    cases = [some(2, group="b"), some(5, group=""), still(1, group="A")]

    told = report.outcomes(cases, [], Wanted("2026-11-24", by="owner"))

    assert [(row["owner"], row["rate"].words()) for row in rows(told)] == [
        ("A", "none yet"),
        ("b", "2 of 2"),
        ("(no owner)", "5 of 5: 100 % (57 to 100)"),
    ]


# -- funnel, reasons, playbooks --------------------------------------------------------------


def test_a_case_came_as_far_as_every_stage_before_the_one_it_stands_at() -> None:
    told = report.funnel([still(3, stage="contact"), some(2, stage="decide"), still(1, "dormant")], TODAY)

    assert [row["came"].hits for row in rows(told)] == [6, 6, 3, 3, 3, 1, 1]
    assert all(row["came"].of == 6 for row in rows(told))
    assert [(row["open"], row["asleep"], row["closed"]) for row in rows(told)][1] == (3, 0, 0)
    assert figure(told, "won") == 2


def test_a_leaf_counts_as_its_reason_and_what_is_not_classified_comes_last() -> None:
    cases = [some(2, reason="price/shipping"), some(3), some(9, reason=""), some(6, reason="off_the_radar")]

    told = rows(report.reasons(cases, TODAY))

    assert [(row["reason"], row["cases"]) for row in told] == [
        ("off the radar", 6),
        ("price", 5),
        ("not classified yet", 9),
    ]


def fared(*won_and_lost: tuple[int, int]) -> Report:
    cases = []
    for number, (won, lost) in enumerate(won_and_lost):
        cases += [some(won, playbook=f"p{number}"), some(lost, outcome="lost", playbook=f"p{number}")]
    return report.playbooks(cases, TODAY)


def test_no_playbook_is_called_the_better_however_far_apart_they_are() -> None:
    few, near, far = fared((4, 0), (0, 4)), fared((8, 1), (14, 10)), fared((95, 5), (5, 95))

    assert few.notes[0] == "Too few closed cases to compare playbooks."
    assert near.notes[0] == "The intervals overlap: chance alone could make what difference there is."
    assert far.notes[0].endswith("so no playbook is called the better.")
    for told in (few, near, far):
        assert not any(word in " ".join(told.notes).lower() for word in ("winner", "best", "beats"))


# -- promises, check-ins, value --------------------------------------------------------------


def test_a_promise_is_overdue_after_its_day_and_neither_kept_nor_broken() -> None:
    given_ = [
        *(Promises("", "kept", "", 4), Promises("", "broken", "", 1)),
        *(Promises("", "open", "2026-11-23", 2), Promises("", "open", "2026-11-24", 3)),
    ]

    told = dealings.promises(given_, TODAY)

    assert figure(told, "rate") == Rate(4, 5)
    assert [row["count"] for row in rows(told)] == [4, 1, 2, 3]


def test_a_check_in_whose_day_went_by_unlogged_is_not_missed() -> None:
    agreed = [
        *(CheckIns("", "kept", "2026-10-01", True, 2), CheckIns("", "missed", "2026-10-01", False, 1)),
        *(CheckIns("", "open", "2026-11-01", False, 3), CheckIns("", "open", "2026-12-01", False, 4)),
    ]

    told = dealings.checkins(agreed, TODAY)

    assert figure(told, "rate") == Rate(2, 3)
    assert figure(told, "back") == 2
    assert [row["count"] for row in rows(told)] == [2, 1, 3, 4]


def test_currencies_are_never_added_up() -> None:
    amounts = [
        *(Amounts("", "regained", "EUR", 2, 100_00), Amounts("", "regained", "USD", 1, 900_00)),
        *(Amounts("", "offer won", "EUR", 1, 25_00), Amounts("", "regained", "", 3, None)),
    ]

    told = dealings.value(amounts, TODAY)

    assert [tuple(row.values()) for row in rows(told)] == [
        ("EUR", "Revenue of won customers", 2, Money(10000, "EUR")),
        ("EUR", "Offers in won cases", 1, Money(2500, "EUR")),
        ("USD", "Revenue of won customers", 1, Money(90000, "USD")),
        ("(not known)", "Revenue of won customers", 3, None),
    ]
    assert {figure.value for figure in told.figures} == {Money(10000, "EUR"), Money(90000, "USD")}
    known = dealings.value([row for row in amounts if row.amount is not None], TODAY)
    assert [any("no amount is on record" in note for note in one.notes) for one in (told, known)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("currency", "minor", "band"),
    [
        *(("EUR", 0, "under 1k"), ("EUR", 99_999, "under 1k"), ("EUR", 100_000, "1k-10k")),
        *(
            ("EUR", 9_999_999, "10k-100k"),
            ("EUR", 10_000_000, "100k+"),
            ("JPY", 999, "under 1k"),
            ("JPY", 1_000, "1k-10k"),
        ),
        *(("KWD", 999_999, "under 1k"), ("KWD", 10_000_000, "10k-100k"), ("EUR", 1_000_000, "10k-100k")),
    ],
)
def test_a_segment_is_a_band_of_whole_units_whatever_the_smallest_unit_is(
    currency: str, minor: int, band: str
) -> None:
    assert report.segment(currency, len(str(minor))) == f"{currency} {band}"


def test_segments_stand_by_currency_and_size() -> None:
    bands = ["USD under 1k", "EUR 100k+", "EUR under 1k", "", "EUR 10k-100k", "EUR 1k-10k"]

    told = report.funnel([still(1, group=band) for band in bands], Wanted("2026-11-24", by="segment"))

    assert [row["segment"] for row in rows(told)] == [
        *("EUR under 1k", "EUR 1k-10k", "EUR 10k-100k", "EUR 100k+", "USD under 1k", "(not known)")
    ]


# -- all of them -----------------------------------------------------------------------------


def every(cases: list[Cases], wanted: Wanted = TODAY) -> list[Report]:
    return [
        report.funnel(cases, wanted),
        report.reasons(cases, wanted),
        report.outcomes(cases, [], wanted),
        report.playbooks(cases, wanted),
        dealings.promises([], wanted),
        dealings.checkins([], wanted),
        dealings.value([], wanted),
    ]


def test_without_a_case_every_report_says_that_there_is_nothing() -> None:
    told = every([])

    assert [one.name for one in told] == list(report.NAMES)
    assert all(one.empty for one in told)
    assert all(report.NOTHING[one.name].startswith("Nothing to tell yet") for one in told)


def test_of_one_case_no_percentage_is_told() -> None:
    for told in every([some(1)]):
        cells = [cell for table in told.tables for row in table.rows for cell in row]
        assert not any("%" in cell.words() for cell in cells if isinstance(cell, Rate))


def test_since_when_cases_count_is_said_in_every_report() -> None:
    for told in every([some(1)], Wanted("2026-11-24", since="2026-01-01")):
        assert told.notes[0] == "Cases opened on 2026-01-01 or later."


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_report_says_nowhere_that_contact_brought_anybody_back(place: int) -> None:
    told = every([some(9), some(3, outcome="lost")])[place]

    words = " ".join((told.title, *told.notes, *(table.title for table in told.tables))).lower()

    assert not any(
        claim in words for claim in ("thanks to", "because of", "brought back", "caused", "due to")
    )
    assert place == 0 or report.NO_CAUSE in told.notes


def test_days_are_told_whole() -> None:
    told = spread({20: 1, 38: 2, 45: 1, 51: 1, 60: 1}).words()

    assert told == "median 42 days, half of them 38 to 50"
    assert spread({0: 3, 1: 3}).words() == "median 1 day, half of them 0 to 1"


def test_what_is_counted_is_named_in_full_at_80_columns() -> None:
    amounts = [
        Amounts(group, kind, "EUR", 12, 123_456_700)
        for group in ("EUR 1k-10k", "EUR 10k-100k")
        for kind in dealings.KINDS
    ]
    console = Console(width=80, record=True, file=io.StringIO())

    console.print(reportview.report(dealings.value(amounts, Wanted("2026-11-23", by="segment")), 80))

    drawn = console.export_text()
    assert all(drawn.count(f"{words} ") >= 2 for words in dealings.KINDS.values())
    assert "…" not in drawn
