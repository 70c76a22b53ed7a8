"""What own cases teach: what counts and what does not yet, and whether the chances held."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli import learning
from winback_cli.dates import add_months
from winback_cli.learning import Attempts, Fared, Returns
from winback_cli.priority import Outcomes
from winback_cli.report import Report

TODAY = date(2026, 11, 24)
LONG_AGO, LATELY = "2025-11-23", "2025-11-24"  # opened so, the horizon of a year is over, or ends today

days = st.dates(date(2020, 1, 1), date(2028, 12, 31)).map(date.isoformat)
attempts = st.builds(
    Attempts,
    status=st.sampled_from(["open", "dormant", "closed"]),
    outcome=st.just(""),
    opened=days,
    back=st.just("") | days,
    contact=st.sampled_from(["", "tried", "reached"]),
    reason=st.sampled_from(["", "price", "price/too_high", "support"]),
    chance=st.none() | st.floats(0, 1),
    cases=st.integers(1, 9),
).flatmap(
    lambda row: (
        st.sampled_from(["won", "lost", "released", "suppressed"]).map(
            lambda end: row._replace(outcome=end)
        )
        if row.status == "closed"
        else st.just(row)
    )
)


def closed(outcome: str = "won", cases: int = 1, **more: Any) -> Attempts:
    return Attempts("closed", outcome, **({"opened": LATELY, "contact": "reached"} | more), cases=cases)


def still(opened: str, status: str = "open", **more: Any) -> Attempts:
    return Attempts(status, "", opened, **({"contact": "reached"} | more))


def learned(*rows: Attempts, months: int = 12) -> Outcomes:
    return learning.outcomes(rows, TODAY, months)


# -- who was erased --------------------------------------------------------------------------


def test_cases_of_people_who_were_erased_teach_the_rate_and_no_more() -> None:
    erased = (
        closed("won", 3, contact=learning.NOT_KEPT, reason="price"),
        closed("lost", 5, contact=learning.NOT_KEPT, reason="price"),
        closed("released", 7, contact=learning.NOT_KEPT),
    )

    assert learned(*erased) == Outcomes(3, 8, {"price": (3, 8)})
    assert learning.returns(erased, TODAY, 12) == Returns()
    assert learning.calibration(erased, TODAY, 12).cases == 0


# -- which are settled -----------------------------------------------------------------------


def test_a_closed_case_counts_at_once_and_an_open_one_only_after_its_horizon() -> None:
    told = learned(
        closed("won", 3),
        closed("lost", 4),
        still(LATELY),  # its last day is today
        still(LATELY, "dormant"),
        still(LONG_AGO),
        still(LONG_AGO, "dormant"),
    )

    assert told[:2] == (3, 9)


def test_released_counts_nowhere_and_who_asked_to_be_left_alone_did_not_return() -> None:
    bought = {"opened": "2026-01-10", "back": "2026-02-10"}

    assert learned(closed("released"), closed("released", **bought)) == Outcomes()
    assert learned(closed("suppressed"), closed("suppressed", **bought))[:2] == (0, 2)


@pytest.mark.parametrize(
    ("opened", "back", "won"),
    [
        ("2025-08-31", "2025-09-01", 1),
        ("2025-08-31", "2025-08-31", 0),  # bought on the day itself
        ("2025-08-31", "2026-02-28", 1),  # the last day of six months, in a shorter one
        ("2025-08-31", "2026-03-01", 0),
        ("2025-08-31", "2027-01-01", 0),
    ],
)
def test_a_purchase_after_the_opening_and_within_the_horizon_is_a_return(
    opened: str, back: str, won: int
) -> None:
    for row in (still(opened, back=back), closed("lost", opened=opened, back=back)):
        assert learned(row, months=6)[:2] == (won, 1)


def test_a_purchase_in_days_to_come_is_none() -> None:
    row = closed("lost", opened="2026-11-01", back="2026-12-01")

    assert learned(row)[:2] == (0, 1)


def test_an_organic_return_neither_raises_nor_lowers_the_rate() -> None:
    worked = [closed("won", 2), closed("won", contact="tried"), closed("lost", 5)]
    organic = [
        closed("won", 9, contact=""),
        closed("lost", opened="2026-01-01", back="2026-02-01", contact=""),
    ]

    assert learned(*worked) == learned(*worked, *organic)
    assert learned(*worked)[:2] == (3, 8)


def test_a_lost_case_that_nobody_worked_is_still_not_returned() -> None:
    assert learned(closed("lost", contact=""))[:2] == (0, 1)


def test_a_leaf_counts_as_its_reason_and_no_reason_as_none() -> None:
    told = learned(
        closed("won", 2, reason="price"),
        closed("lost", 3, reason="price/too_high"),
        closed("lost", 4, reason="support"),
        closed("won", 5),
    )

    assert told == Outcomes(7, 14, {"price": (2, 5), "support": (0, 4)})


@given(st.lists(attempts, max_size=20), st.dates(date(2021, 1, 1), date(2028, 1, 1)), st.integers(1, 60))
def test_no_more_are_won_than_closed_in_all_and_by_reason(
    rows: list[Attempts], today: date, months: int
) -> None:
    told = learning.outcomes(rows, today, months)

    assert 0 <= told.won <= told.closed <= sum(row.cases for row in rows)
    assert all(0 <= won <= of for won, of in told.by_reason.values())
    assert sum(of for _, of in told.by_reason.values()) <= told.closed


@given(attempts, st.dates(date(2021, 1, 1), date(2028, 1, 1)), st.integers(1, 60))
def test_an_open_case_before_its_horizon_is_never_counted(row: Attempts, today: date, months: int) -> None:
    running = row._replace(
        status="open", outcome="", opened=max(row.opened, add_months(today, -months).isoformat())
    )
    if add_months(date.fromisoformat(running.opened), months) < today:  # a shorter month
        running = running._replace(opened=today.isoformat())

    assert learning.outcomes([running], today, months) == Outcomes()
    assert learning.returns([running], today, months) == Returns()
    assert learning.calibration([running], today, months)[:2] == (0, 0)


@given(st.dates(date(2010, 1, 1), date(2040, 1, 1)), st.integers(1, 60))
def test_the_last_day_whose_horizon_is_over_is_the_last(today: date, months: int) -> None:
    day = learning.last_over(today, months)

    assert learning.horizon_end(day.isoformat(), months) < today.isoformat()
    assert learning.horizon_end((day + timedelta(days=1)).isoformat(), months) >= today.isoformat()


def test_returns_stand_apart_by_who_was_reached_and_nobody_is_counted_twice() -> None:
    rows = [
        closed("won", 4),
        closed("won", 3, contact="tried"),
        closed("won", 2, contact=""),
        closed("lost", 7),
        still(LONG_AGO, back="2026-01-01"),
    ]

    assert learning.returns(rows, TODAY, 12, without_case=10) == Returns(strong=5, weak=3, organic=12)


# -- playbooks -------------------------------------------------------------------------------


def test_of_a_playbook_with_fewer_than_ten_settled_cases_nothing_is_told() -> None:
    rows = [
        closed("won", 9, playbook="a"),
        closed("won", 5, playbook="b"),
        closed("lost", 35, playbook="b"),
        still(LATELY, playbook="b"),
    ]

    found = learning.fared(rows, TODAY, 12)

    assert found == {"a": Fared(9, 9), "b": Fared(40, 5)}
    assert found["a"].words() == "too few to tell (9 settled of 10 needed)"
    assert found["b"].words() == "of 40 settled cases 5 came back (5 to 26 %)"
    assert found["a"].plain() == {"settled": 9, "won": 9, "enough": False, "low": None, "high": None}
    assert found["b"].plain() == {"settled": 40, "won": 5, "enough": True, "low": 0.0546, "high": 0.2611}


# -- calibration -----------------------------------------------------------------------------


def reckoned(chance: float | None, won: int, lost: int) -> list[Attempts]:
    rows = [closed("won", won, chance=chance), closed("lost", lost, chance=chance)]
    return [row for row in rows if row.cases]


def held(*rows: Attempts) -> learning.Calibration:
    return learning.calibration(rows, TODAY, 12)


@pytest.mark.parametrize(
    ("won", "lost", "words"),
    [
        (0, 0, "not enough cases yet (0 of 30)"),
        (15, 14, "not enough cases yet (29 of 30)"),
        (9, 21, "not enough cases yet (9 wins of 10)"),
        (10, 20, "Brier score 0.293, skill -0.32, over 30 cases"),
    ],
)
def test_calibration_is_told_from_30_cases_with_10_wins_on(won: int, lost: int, words: str) -> None:
    told = held(*reckoned(0.6, won, lost), *reckoned(None, 99, 99), still(LATELY, chance=0.6))

    assert told.words() == words
    assert bool(told.bins) == told.plain()["enough"] == (lost == 20)


def test_the_figures_are_those_reckoned_by_hand() -> None:
    # 20 at 10 %, of whom 2 came back; 20 at 60 %, of whom 10 did
    told = held(*reckoned(0.1, 2, 18), *reckoned(0.6, 10, 10))

    # (2 x 0.81 + 18 x 0.01 + 10 x 0.16 + 10 x 0.36) / 40 = 0.175; 12 of 40: 0.3 x 0.7 = 0.21
    assert told.brier == pytest.approx(0.175)
    assert told.skill == pytest.approx(1 - 0.175 / 0.21)
    assert told.predicted == pytest.approx(0.35)
    assert [one.words() for one in told.bins] == [
        "of 20 cases reckoned at about 10 %, 2 came back (3 to 30 %)",
        "of 20 cases reckoned at about 60 %, 10 came back (30 to 70 %)",
    ]


def test_an_organic_return_is_one_that_a_chance_was_of() -> None:
    told = held(*reckoned(0.5, 10, 19), closed("won", contact="", chance=0.5))

    assert (told.cases, told.wins) == (30, 11)


def test_many_chances_make_five_bins_of_as_many_cases_each() -> None:
    rows = [row for n in range(100) for row in reckoned(n / 100, n % 2, 1 - n % 2)]

    told = held(*rows)

    assert [one.back.of for one in told.bins] == [20] * 5
    assert [round(one.chance, 3) for one in told.bins] == [0.095, 0.295, 0.495, 0.695, 0.895]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=20)
)
def test_bins_hold_every_case_once_and_never_too_few_for_a_percentage(
    made: list[tuple[float, int, int]],
) -> None:
    told = held(*(row for one in made for row in reckoned(*one)))

    if told.bins:
        assert len(told.bins) <= 5
        assert sum(one.back.of for one in told.bins) == told.cases
        assert sum(one.back.hits for one in told.bins) == told.wins
        assert all(one.back.known for one in told.bins)
        chances = [one.chance for one in told.bins]
        assert chances == sorted(chances)
        assert told.skill is None or told.skill <= 1


@given(st.integers(10, 300), st.integers(20, 300))
def test_perfect_predictions_have_a_skill_of_one_and_the_observed_rate_one_of_nothing(
    won: int, lost: int
) -> None:
    rate = won / (won + lost)

    assert held(*reckoned(1.0, won, 0), *reckoned(0.0, 0, lost)).skill == pytest.approx(1)
    assert held(*reckoned(rate, won, lost)).skill == pytest.approx(0, abs=1e-9)


def test_where_all_came_back_there_is_no_skill_to_tell() -> None:
    told = held(*reckoned(0.5, 40, 0))

    assert told.skill is None
    assert told.words() == "Brier score 0.250, over 40 cases"


@pytest.mark.parametrize(
    ("chance", "words"),
    [(0.0, "under 1 %"), (0.12, "about 12 %"), (0.994, "about 99 %"), (1.0, "over 99 %")],
)
def test_a_chance_is_told_as_about_so_much(chance: float, words: str) -> None:
    assert learning.about(chance) == words


# -- the report ------------------------------------------------------------------------------


def test_a_report_says_that_no_return_shows_what_caused_it() -> None:
    plain = Report("outcomes", "Outcomes", (), (), ("a note",))

    told = learning.with_learning(plain, Returns(3, 2, 1), held(*reckoned(0.1, 12, 30)))
    none = learning.with_learning(plain, Returns(), held(), "owner")

    said = [sentence for remark in told.remarks for sentence in remark.sentences]
    assert said[0] == "None of it shows that contact caused a return."
    assert [row[1] for row in told.tables[0].rows] == [3, 2, 1]
    assert [row[0] for row in told.tables[1].rows] == ["Of 42 reckoned at about 10 %"]
    assert none.empty
    assert [remark.sentences for remark in none.remarks] == [(), ()]
    assert none.tables[0].title == "How they came back, all groups together"


def test_no_two_rows_of_the_calibration_are_called_alike() -> None:
    rows = [
        Attempts(
            "closed", "won" if n % 3 == 0 else "lost", LONG_AGO, "", "reached", chance=0.12 + n / 10_000
        )
        for n in range(60)
    ]

    told = learning.with_learning(
        Report("outcomes", "", (), (), ()), Returns(0, 0, 0), learning.calibration(rows, TODAY, 12)
    )

    labels = [row[0] for row in told.tables[-1].rows]
    assert len(labels) > 1
    assert len(set(labels)) == len(labels)
