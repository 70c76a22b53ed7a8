"""The priority score: what moves it and which way, its bounds, and that a list and one customer agree."""

import math
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli import odds, priority, stakes
from winback_cli import worth as reckoning
from winback_cli.money import Money
from winback_cli.priority import Assumptions, Known, Outcomes, Score
from winback_cli.stages import HowLeft, Reason
from winback_cli.stakes import Answered

TODAY = date(2026, 11, 23)
SOME = Known(
    last=date(2026, 2, 1),
    first=date(2022, 2, 1),
    orders=4,
    revenue=400_000,
    currency="EUR",
    regularity=0.6,
    how_left="lapsed",
    reason="price",
    complaint="none",
    referred=False,
    cancelled=False,
)
USUAL = Assumptions(usual={"EUR": 200_000.0}, brings={"EUR": 200_000.0})


def score(known: Known, assumed: Assumptions = USUAL, outcomes: Outcomes = priority.NONE_YET) -> Score:
    found = priority.priority(known, assumed, TODAY, outcomes).score
    assert found is not None
    return found


def some(**fields: Any) -> Known:
    return SOME._replace(**fields)


def back(days: int) -> date:
    return TODAY - timedelta(days)


def width(one: Score) -> float:
    """How wide an interval is, in log odds."""
    return odds.logit(one.high) - odds.logit(one.low)


def within_bounds(one: Score) -> bool:
    return 0 < one.low <= one.chance <= one.high < 1 and 0.001 <= one.chance <= 0.95


# -- which way ------------------------------------------------------------------------------

ANSWERED = st.builds(
    Answered,
    yearly=st.none() | st.builds(Money, st.integers(0, 10**8), st.sampled_from(["EUR", "USD"])),
    years=st.none() | st.integers(0, 30) | st.floats(0, 30),
    referrals=st.none() | st.integers(0, 20),
    fix=st.none() | st.builds(Money, st.integers(0, 10**6), st.sampled_from(["EUR", "USD"])),
    sharing=st.integers(1, 5),
    offers=st.lists(st.builds(Money, st.integers(0, 10**5), st.just("EUR")), max_size=2).map(tuple),
    unpriced=st.integers(0, 1),
)
AROUND = st.builds(
    Known,
    last=st.none() | st.dates(date(2015, 1, 1), TODAY),
    first=st.none() | st.dates(date(2005, 1, 1), TODAY),
    orders=st.none() | st.integers(1, 60),
    revenue=st.none() | st.integers(0, 10**8),
    currency=st.sampled_from(["EUR", "USD"]),
    regularity=st.none() | st.floats(0, 5),
    how_left=st.sampled_from(["", *HowLeft]),
    reason=st.sampled_from(["", "unknown", "price/shipping", *Reason]),
    complaint=st.sampled_from(["", "none", "resolved", "unresolved"]),
    referred=st.none() | st.booleans(),
    cancelled=st.none() | st.booleans(),
    verdict=st.sampled_from(["", "pursue", "unsure"]),
    left_alone=st.just(False),
    answered=st.none() | ANSWERED,
)


def sure(drawn: Known) -> Known:
    """With a first purchase that lies before whatever last one a test gives."""
    return drawn._replace(first=date(2000, 1, 1))


@given(AROUND, st.integers(0, 4000), st.integers(0, 4000))
def test_a_more_recent_purchase_never_makes_a_return_less_likely(
    known: Known, one: int, other: int
) -> None:
    near, far = sorted((one, other))

    later, earlier = (
        score(sure(known)._replace(last=back(near))),
        score(sure(known)._replace(last=back(far))),
    )

    assert later.chance >= earlier.chance


@given(AROUND, st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 3000))
def test_of_two_equal_histories_the_more_recent_is_never_worth_less(
    known: Known, one: int, other: int, tenure: int
) -> None:
    near, far = sorted((one, other))
    histories = [
        known._replace(last=back(days), first=back(days + tenure), revenue=90_000) for days in (near, far)
    ]

    later, earlier = map(score, histories)

    assert later.value is not None
    assert earlier.value is not None
    assert (later.value, later.rank) >= (earlier.value, earlier.rank)


@given(AROUND, st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_orders_never_lower_the_chance_or_the_place(known: Known, one: int, other: int) -> None:
    few, many = sorted((one, other))

    less, more = score(known._replace(orders=few)), score(known._replace(orders=many))

    assert more.chance >= less.chance
    assert more.rank >= less.rank


@given(AROUND, st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_revenue_never_lowers_the_chance_the_value_or_the_place(
    known: Known, one: int, other: int
) -> None:
    little, much = sorted((one, other))

    less, more = score(known._replace(revenue=little)), score(known._replace(revenue=much))

    assert more.chance >= less.chance
    assert (more.value or 0) >= (less.value or 0)
    assert more.rank >= less.rank


@given(AROUND)
def test_a_resolved_complaint_is_never_behind_an_unresolved_one(known: Known) -> None:
    resolved, unresolved = (score(known._replace(complaint=c)) for c in ("resolved", "unresolved"))

    assert resolved.chance >= unresolved.chance
    assert resolved.rank >= unresolved.rank


@pytest.mark.parametrize(
    ("field", "better", "worse"),
    [
        ("last", back(100), back(700)),
        ("orders", 8, 1),
        ("revenue", 800_000, 50_000),
        ("first", date(2018, 1, 1), date(2026, 1, 1)),
        ("regularity", 0.2, 1.5),
        ("how_left", "departing", "content"),
        ("reason", "one_time_accident", "moved_or_closed"),
        ("reason", "price", "delivery_or_service"),
        ("complaint", "resolved", "unresolved"),
        ("referred", True, False),
        ("cancelled", False, True),
    ],
)
def test_each_factor_moves_the_chance(field: str, better: object, worse: object) -> None:
    assert score(some(**{field: better})).chance > score(some(**{field: worse})).chance


def test_between_two_marks_the_odds_change_evenly() -> None:
    marks = {365: 0.6, 730: 0.35}

    (found,) = (w for w in _told(some(last=back(547))).factors if w.name == "recency")

    part = (547 - 365) / (730 - 365)
    expected = math.exp(math.log(marks[365]) + part * (math.log(marks[730]) - math.log(marks[365])))
    assert found.multiplier == pytest.approx(expected)


def _told(known: Known, assumed: Assumptions = USUAL) -> priority.Priority:
    return priority.priority(known, assumed, TODAY)


# -- the table ------------------------------------------------------------------------------


def test_the_table_has_every_reason_but_the_unknown_and_every_way_to_leave() -> None:
    marks = {factor.name: factor.marks for factor in odds.TABLE}

    assert set(marks["reason"]) == set(Reason) - {Reason.UNKNOWN}
    assert set(marks["how_left"]) == set(HowLeft)


def test_every_multiplier_has_a_source_and_is_wide_only_where_one_is_cited_or_judged() -> None:
    assert all(factor.source for factor in odds.TABLE)
    assert all(0.1 <= multiplier <= 3 for factor in odds.TABLE for multiplier in factor.marks.values())


def test_a_leaf_that_a_playbook_grew_counts_as_its_reason() -> None:
    assert score(some(reason="price/shipping")) == score(some(reason="price"))


# -- bounds and the interval ----------------------------------------------------------------


@given(AROUND, st.integers(1, 60), st.integers(1, 60))
def test_the_chance_lies_within_its_interval_and_both_within_bounds(
    known: Known, rate: int, months: int
) -> None:
    one = score(known, USUAL._replace(return_rate=rate, horizon_months=months))

    assert within_bounds(one)


@pytest.mark.parametrize(
    "field", [f for f in Known._fields if f not in ("currency", "verdict", "left_alone", "answered")]
)
def test_what_is_missing_makes_the_interval_wider_and_is_named(field: str) -> None:
    told = _told(some(**{field: Known()._asdict()[field]}))

    assert told.score is not None
    assert width(told.score) > width(score(SOME))
    assert len(told.missing) >= 1


def test_of_somebody_of_whom_nothing_is_known_the_base_rate_is_told_and_no_value() -> None:
    told = _told(Known(), Assumptions(return_rate=5))

    assert told.score is not None
    assert told.score.chance == pytest.approx(0.05)
    assert told.score.low < 0.015
    assert told.score.high > 0.15
    assert told.score.value is None
    assert told.worth is None
    assert len(told.missing) == len(odds.TABLE)


# -- the base rate and own outcomes -----------------------------------------------------------


def test_the_base_rate_is_that_of_the_horizon() -> None:
    half, year, two = (
        _told(Known(), Assumptions(10, horizon_months=months)).base.assumed for months in (6, 12, 24)
    )

    assert year == pytest.approx(0.10)
    assert half == pytest.approx(1 - 0.9**0.5)
    assert two == pytest.approx(0.19)


def test_the_middle_of_a_list_is_kept_and_equal_customers_are_just_that() -> None:
    equal = [some(reason="support")] * 12
    spread = [some(orders=n) for n in (1, 1, 1, 10, 10)]
    own = Outcomes(9, 30, {"support": (9, 12)})

    for rows, outcomes in ((equal, priority.NONE_YET), (equal, own), (spread, own)):
        assumed = priority.measured(Assumptions(), rows, TODAY, outcomes)
        chances = sorted(one.chance for one in priority.scores(rows, assumed, TODAY, outcomes) if one)
        told = priority.priority(rows[0], assumed, TODAY, outcomes)
        assert told.base.middle == pytest.approx(chances[len(chances) // 2])


def test_no_end_of_an_interval_is_cut() -> None:
    best = some(last=back(10), orders=20, how_left="departing", complaint="resolved", referred=True)

    likely, sure = (score(best, USUAL._replace(return_rate=rate)) for rate in (20, 90))

    assert likely.chance < 0.95 < likely.high
    assert sure.chance == 0.95 < sure.high
    log_odds = odds.logit(likely.chance)
    assert odds.logit(likely.high) - log_odds == pytest.approx(log_odds - odds.logit(likely.low))


def test_own_closed_cases_pull_the_base_rate_away_from_the_assumption_and_narrow_the_interval() -> None:
    none, few, many = Outcomes(), Outcomes(2, 10), Outcomes(200, 1000)
    rates = [priority.priority(SOME, USUAL, TODAY, one).base.rate for one in (none, few, many)]
    widths = [width(score(SOME, USUAL, one)) for one in (none, few, many)]

    assert rates[0] == pytest.approx(0.05)
    assert rates[1] == pytest.approx((20 * 0.05 + 2) / 30)
    assert rates[2] == pytest.approx(0.2, abs=0.01)
    assert widths[0] > widths[1] > widths[2]


def test_own_cases_of_a_reason_pull_it_toward_what_became_of_them_the_more_the_more_there_are() -> None:
    by = [Outcomes(10, 100, {"price": counts}) for counts in ((0, 0), (1, 2), (20, 40))]

    seen = [score(SOME, USUAL, one).chance for one in by]

    assert seen[0] < seen[1] < seen[2]
    assert score(SOME, USUAL, Outcomes(10, 100)) == score(SOME, USUAL, by[0])
    other = some(reason="support")
    assert score(other, USUAL, by[2]) == score(other, USUAL, by[0])


def test_a_reason_that_own_cases_moved_says_how_many_of_them_came_back() -> None:
    told = priority.priority(
        some(reason="price/shipping"), USUAL, TODAY, Outcomes(9, 30, {"price": (3, 4)})
    )

    (found,) = (one for one in told.factors if one.name == "reason")
    assert (found.value, found.note) == ("price/shipping", "3 of 4 of your own closed cases")
    (other,) = (w for w in _told(SOME).factors if w.name == "reason")
    assert other.note == ""


@pytest.mark.parametrize("counts", [(5, 2), (-3, -1), (-1, 10)])
def test_outcomes_that_cannot_be_do_no_harm(counts: tuple[int, int]) -> None:
    one = score(SOME, USUAL, Outcomes(*counts, {"price": counts, "nonsense": counts}))

    assert within_bounds(one)


# -- who formally cancelled -------------------------------------------------------------------


@given(AROUND)
def test_nothing_that_was_bought_speaks_for_somebody_who_formally_cancelled(known: Known) -> None:
    told = _told(known._replace(cancelled=True))

    history = {factor.name for factor in odds.TABLE if factor.history}
    assert all(one.multiplier <= 1 for one in told.factors if one.name in history)


def test_a_history_that_is_held_back_says_so() -> None:
    notes = {one.name: one.note for one in _told(some(orders=9, cancelled=True)).factors}

    assert notes["orders"] == "held at 1: they cancelled"


# -- nobody left alone, or let go ------------------------------------------------------------


@given(AROUND, st.sampled_from([{"left_alone": True}, {"verdict": "release"}, {"verdict": "no"}]))
def test_nobody_left_alone_or_let_go_is_scored(known: Known, why: dict[str, Any]) -> None:
    told = _told(known._replace(**why))

    assert told.score is None
    assert told.because == ("left_alone" if "left_alone" in why else "let_go")
    assert list(priority.scores([known._replace(**why)], USUAL, TODAY)) == [None]


# -- the value ------------------------------------------------------------------------------


def test_the_value_is_chance_times_margin_a_year_times_expected_years_less_the_contact() -> None:
    told = _told(some(last=back(200), first=back(200 + 1461)))

    assert told.score is not None
    assert told.worth is not None
    assert told.worth.tenure == pytest.approx(4.0)
    assert told.worth.yearly == 30_000  # 4,000.00 at 30 % over four years
    assert told.worth.years == pytest.approx(2.0)
    assert told.worth.amount == 60_000
    assert told.score.value == round(told.score.chance * 60_000 - 500)


@pytest.mark.parametrize(("tenure", "years"), [(0, 1.0), (300, 1.0), (1461, 2.0), (20_000, 3.0)])
def test_a_second_lifetime_is_half_the_first_between_one_year_and_three(tenure: int, years: float) -> None:
    told = _told(some(last=back(10), first=back(10 + tenure)))

    assert told.worth is not None
    assert told.worth.years == pytest.approx(years)


@given(AROUND)
def test_the_value_is_what_worth_reckons_of_the_same_figures_to_the_last_cent(known: Known) -> None:
    told = _told(known, USUAL._replace(rates={"USD": 0.9}))

    found = reckoning.worth(told.inputs)
    brings = found.gain or found.room

    assert told.score is not None
    assert told.score.value == (brings[1].amount if brings else None)
    assert told.score.currency == (brings[1].currency if brings else "")
    assert (told.worth is None) == (told.score.value is None)


def test_what_was_answered_counts_before_the_list_and_what_it_takes_is_taken_off() -> None:
    answered = Answered(Money(1_500_000, "EUR"), 3, 2, Money(60_000, "EUR"), 2, (Money(7_500, "EUR"),))

    told = _told(some(answered=answered))

    at_stake = 3 * 1_500_000 + 2 * 60_000  # the middle one of the list brings 2,000.00 at 30 %
    assert told.score is not None and told.worth is not None
    assert (told.worth.amount, told.worth.referrals, told.worth.fix) == (at_stake, 120_000, 30_000)
    assert told.score.value == round(told.score.chance * at_stake - 7_500 - 500 - 30_000)
    assert told.score.rank == told.score.value > score(SOME).rank
    assert told.score.chance == score(SOME).chance


def test_an_amount_that_was_answered_in_another_currency_is_told_in_that_one() -> None:
    told = some(answered=Answered(Money(100_000, "USD"), 2))

    assert (score(told).currency, score(told).value) == ("USD", round(score(told).chance * 200_000))
    assert score(told, USUAL._replace(rates={"USD": 0.5})).rank == pytest.approx(
        score(told).chance * 100_000 - 500, abs=1
    )


def test_a_likely_return_that_brings_little_stands_behind_an_unlikely_one_that_brings_much() -> None:
    likely = some(last=back(40), orders=12, revenue=3_000)
    rich = some(last=back(900), orders=2, revenue=5_000_000)

    assert score(likely).chance > score(rich).chance
    assert score(likely).rank < score(rich).rank


def test_across_currencies_the_chance_alone_decides_unless_a_rate_was_given() -> None:
    likely = some(last=back(40), revenue=1, currency="USD")
    unlikely = some(last=back(900), revenue=10**9, currency="USD")
    rated = USUAL._replace(rates={"USD": 0.9})

    assert score(likely).rank > score(unlikely).rank
    assert score(likely, rated).rank < score(unlikely, rated).rank
    assert _told(unlikely).worth is not None
    assert score(unlikely).value == round(score(unlikely).chance * _worth(unlikely))


def test_a_list_that_is_all_in_another_currency_is_compared_in_the_users_own_at_their_rate() -> None:
    rows = [some(revenue=n * 100_000, currency="USD") for n in (1, 2, 9)] + [some(revenue=None)]

    assumed = priority.measured(Assumptions(rates={"USD": 0.9}), rows, TODAY)

    assert (assumed.currency, assumed.rates) == ("EUR", {"USD": 0.9})
    dollars, unknown = score(rows[1], assumed), score(rows[3], assumed)
    assert dollars.rank == pytest.approx(dollars.chance * _worth(rows[1]) * 0.9 - 500)
    assert unknown.rank == pytest.approx(unknown.chance * _worth(rows[1]) * 0.9 - 500)


def test_without_a_rate_the_cost_of_a_contact_is_not_taken_off_an_amount_in_another_currency() -> None:
    rows = [some(revenue=n * 100_000, currency="USD") for n in (1, 2, 9)]

    assumed = priority.measured(Assumptions(contact_cost=500), rows, TODAY)

    told = priority.priority(rows[0], assumed, TODAY)
    assert told.score is not None
    assert told.score.value == round(told.score.chance * _worth(rows[0]))
    assert told.worth is not None and told.worth.cost == 0


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e-300, 1e300, math.inf, math.nan])
def test_a_rate_that_cannot_be_counts_as_none(rate: float) -> None:
    foreign = some(currency="USD")

    assert score(foreign, USUAL._replace(rates={"USD": rate})) == score(foreign)


def _worth(known: Known) -> int:
    told = _told(known).worth
    assert told is not None
    assert told.currency == known.currency
    return told.amount


def test_somebody_without_a_revenue_stands_where_the_chance_puts_the_usual_customer() -> None:
    unknown = some(revenue=None)
    usual = 0.3 * 200_000

    assert score(unknown).rank == pytest.approx(score(unknown).chance * usual - 500)


def test_of_a_list_whoever_has_no_revenue_stands_with_the_middle_one_not_before() -> None:
    rows = [some(revenue=n * 100_000) for n in range(1, 10)]  # over four years
    assumed = priority.measured(Assumptions(), rows, TODAY)

    middle, unknown = score(rows[4], assumed), score(some(revenue=None), assumed)

    worth = middle.value
    assert worth is not None
    assert unknown.rank == pytest.approx(unknown.chance / middle.chance * (worth + 500) - 500, abs=1)


# -- a whole list ---------------------------------------------------------------------------


@given(st.lists(AROUND, min_size=1, max_size=60))
def test_the_list_and_the_single_customer_agree_exactly(rows: list[Known]) -> None:
    outcomes = Outcomes(3, 40, {"price": (2, 9)})
    assumed = priority.measured(Assumptions(), rows, TODAY)._replace(rates={"USD": 0.9})

    quick = list(priority.scores(iter(rows), assumed, TODAY, outcomes))

    assert quick == [priority.priority(row, assumed, TODAY, outcomes).score for row in rows]


@given(AROUND)
def test_the_factors_and_the_base_that_are_told_make_the_chance_that_is_told(known: Known) -> None:
    told = _told(known, USUAL._replace(level=0.4))
    log_odds = odds.logit(told.base.rate) - told.base.level
    log_odds += sum(math.log(one.multiplier) for one in told.factors)

    assert told.score is not None
    assert told.score.chance == pytest.approx(odds.chance_of(log_odds))


def test_over_a_list_the_chances_average_the_rate_whatever_its_histories_are() -> None:
    rows = [some(last=back(20 * n % 2000), orders=n % 12 + 1, revenue=n * 1000 + 1) for n in range(2000)]

    assumed = priority.measured(Assumptions(return_rate=8), rows, TODAY)
    found = [one.chance for one in priority.scores(rows, assumed, TODAY) if one]

    assert sum(found) / len(found) == pytest.approx(0.08, abs=0.01)


def test_a_list_of_one_says_little_of_its_level() -> None:
    lone = some(orders=10)

    assumed = priority.measured(Assumptions(), [lone], TODAY)

    assert abs(assumed.level) < 0.1
    assert score(lone, assumed).chance > 0.05


def test_all_equal_get_equal_places() -> None:
    rows = [SOME] * 30

    found = list(priority.scores(rows, priority.measured(Assumptions(), rows, TODAY), TODAY))

    assert len(set(found)) == 1
    assert found[0] is not None


def test_what_is_usual_is_measured_by_currency_and_people_are_compared_in_the_commonest() -> None:
    rows = [some(revenue=n * 100, currency="USD") for n in (1, 5, 9)] + [some(revenue=700, currency="GBP")]
    rows += [some(revenue=-5, currency="JPY"), some(revenue=None)]

    assumed = priority.measured(Assumptions(rates={"CHF": 0.9}), rows, TODAY)

    assert assumed.usual == {"USD": 500, "GBP": 700}
    assert (assumed.currency, assumed.rates) == ("USD", {})
    assert priority.measured(Assumptions(currency="GBP"), rows, TODAY).currency == "GBP"
    assert priority.measured(Assumptions(), [], TODAY) == Assumptions()


# -- absurd --------------------------------------------------------------------------------

ABSURD = st.builds(
    Known,
    last=st.none() | st.dates(),
    first=st.none() | st.dates(),
    orders=st.none() | st.integers(),
    revenue=st.none() | st.integers(),
    currency=st.sampled_from(["", "EUR", "USD", "???"]) | st.text(max_size=4),
    regularity=st.none() | st.floats(),
    how_left=st.text(max_size=9),
    reason=st.text(max_size=9),
    complaint=st.text(max_size=9),
    referred=st.none() | st.booleans(),
    cancelled=st.none() | st.booleans(),
    verdict=st.text(max_size=9).filter(lambda word: word not in priority.LET_GO),
    left_alone=st.just(False),
    answered=st.none()
    | st.builds(
        Answered,
        yearly=st.none() | st.builds(Money, st.integers(), st.sampled_from(["EUR", "", "???"])),
        years=st.none() | st.integers() | st.floats(),
        referrals=st.none() | st.integers(),
        fix=st.none() | st.builds(Money, st.integers(), st.just("EUR")),
        sharing=st.integers(),
        offers=st.lists(st.builds(Money, st.integers(), st.just("EUR")), max_size=2).map(tuple),
        unpriced=st.integers(),
    ),
)
ANY = st.builds(
    Assumptions,
    return_rate=st.floats() | st.integers(),
    margin=st.floats() | st.integers(),
    horizon_months=st.integers(),
    currency=st.sampled_from(["EUR", ""]),
    contact_cost=st.integers(-1000, 10**9),
    usual=st.just({}),
    level=st.floats(),
    rates=st.dictionaries(st.sampled_from(["USD", "???"]), st.floats(), max_size=2),
)


@given(st.lists(ABSURD, max_size=8), ANY)
def test_whatever_is_in_a_list_every_score_is_within_bounds_and_no_number_is_nonsense(
    rows: list[Known], assumed: Assumptions
) -> None:
    assumed = priority.measured(assumed, rows, TODAY)

    for row, one in zip(rows, priority.scores(rows, assumed, TODAY), strict=True):
        assert one is not None
        assert within_bounds(one)
        assert math.isfinite(one.rank)
        assert priority.priority(row, assumed, TODAY).score == one
        revenue = stakes.spent(row.revenue, row.currency, assumed.usual)
        assert row.answered or (one.value is None) == (revenue is None)


@pytest.mark.parametrize(
    ("fields", "factor", "note"),
    [
        ({"last": date(2027, 1, 1)}, "recency", "a day to come: not counted"),
        ({"first": date(2026, 6, 1)}, "tenure", "the days do not fit: not counted"),
        ({"revenue": -1}, "spending", "no such revenue: not counted"),
        ({"revenue": 10**16}, "spending", "no such revenue: not counted"),
        ({"revenue": 200_001 * 10**6}, "spending", "beyond belief: not counted"),
        ({"orders": 0}, "orders", "no such value: not counted"),
        ({"orders": -4}, "orders", "no such value: not counted"),
        ({"regularity": math.nan}, "regularity", "no such value: not counted"),
        ({"reason": "the weather"}, "reason", "no such value: not counted"),
    ],
)
def test_what_cannot_be_is_not_counted_and_said(fields: dict[str, Any], factor: str, note: str) -> None:
    told = _told(some(**fields))

    (found,) = (one for one in told.factors if one.name == factor)
    assert (found.value, found.multiplier, found.note) == (None, 1.0, note)
    assert factor in told.missing
