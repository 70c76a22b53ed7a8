"""Whether somebody is worth it: what counts, what it comes to, and what that suggests."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from winback_cli import scenes
from winback_cli import worth as reckoning
from winback_cli.money import Money
from winback_cli.worth import Input, Inputs, Worth

EUR = "EUR"


def eur(units: int) -> Money:
    return Money(units * 100, EUR)


SOME = Inputs(
    chance=(0.2, 0.4, 0.6),
    yearly=Input(eur(1_000), "imported"),
    years=Input(2, "assumed"),
    referrals=Input(3, "asked"),
    each=Input(eur(500), "middle of your list"),
    fix_cost=Input(eur(600), "asked"),
    sharing=2,
    offers=(eur(50), eur(25)),
    offers_from="asked",
    contact_cost=Input(eur(5), "assumed"),
    acquisition=Input(eur(1_200), "set by you"),
)


def weigh(**fields: Any) -> Worth:
    return reckoning.worth(SOME._replace(**fields))


def gain(found: Worth) -> tuple[int, int, int]:
    assert found.gain is not None
    low, about, high = found.gain
    return low.amount, about.amount, high.amount


def figures(found: Worth) -> dict[str, tuple[str, str]]:
    return {line.what: (line.figure, line.origin) for line in reckoning.told(found)}


# -- what it comes to ---------------------------------------------------------------------------


def test_at_stake_are_the_years_with_them_and_the_referrals_that_go_with_them() -> None:
    assert weigh().at_stake == eur(1_000 * 2 + 3 * 500)
    assert weigh(referrals=Input(0, "asked")).at_stake == eur(2_000)


def test_the_gain_is_the_chance_times_what_is_at_stake_less_what_it_takes_over_the_whole_interval() -> None:
    found = weigh()

    assert (found.share, found.offer_cost, found.cost) == (eur(300), eur(75), eur(380))
    assert found.gain == (eur(700 - 380), eur(1_400 - 380), eur(2_100 - 380))
    assert found.room == (eur(700 - 80), eur(1_400 - 80), eur(2_100 - 80))


def test_the_fix_is_shown_whole_and_by_the_share_of_those_who_wait_for_it() -> None:
    assert figures(weigh())["The fix"] == ("EUR 300", "asked; 1 of 2 shares of EUR 600")
    assert figures(weigh(sharing=1))["The fix"] == ("EUR 600", "asked")


def test_payback_is_the_months_of_margin_that_pay_for_it_and_there_is_none_where_they_bring_none() -> None:
    assert weigh(years=Input(1, "asked")).payback == pytest.approx(12 * 380 / 1_000)
    assert weigh(yearly=Input(eur(0), "asked")).payback is None


@pytest.mark.parametrize(
    ("years", "referrals", "says"),
    [
        (2, 0, "a return repays it in 13 months"),
        (1, 3, "a return repays it only with the referrals"),
        (1, 0, "a return does not repay it"),
    ],
)
def test_a_payback_that_is_longer_than_they_stay_is_none(years: int, referrals: int, says: str) -> None:
    found = weigh(
        years=Input(years, "asked"),
        referrals=Input(referrals, "asked"),
        fix_cost=Input(eur(2_000), "asked"),
    )

    assert figures(found)["On average"][1] == says


def test_the_yardstick_is_beside_what_one_return_costs_not_what_one_try_does() -> None:
    assert weigh().one_return == eur(950)  # 380 to try, of which two in five succeed
    assert weigh(chance=(0.0, 0.0, 0.1)).one_return is None
    assert weigh(fix_cost=reckoning.UNKNOWN).one_return is None


def test_a_figure_that_was_tried_twice_says_so_once() -> None:
    found = weigh(referrals=Input(2, "tried"), each=Input(eur(300), "tried"))

    assert figures(found)["Referrals"] == ("2 at EUR 300", "tried")


def test_a_customer_who_costs_more_than_they_bring_still_has_the_low_end_below_the_high() -> None:
    low, about, high = gain(weigh(yearly=Input(eur(-2_000), "asked"), referrals=reckoning.UNKNOWN))

    assert low < about < high < 0


AMOUNTS = st.builds(Input, st.none() | st.builds(Money, st.integers(-(10**17), 10**17), st.just(EUR)))
NUMBERS = st.builds(Input, st.none() | st.integers(-5, 10**6) | st.floats(allow_nan=True))


@given(
    st.builds(
        Inputs,
        chance=st.none() | st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted).map(tuple),
        yearly=AMOUNTS,
        years=NUMBERS,
        referrals=NUMBERS,
        each=AMOUNTS,
        fix_cost=AMOUNTS,
        sharing=st.integers(-2, 9),
        contact_cost=AMOUNTS,
        acquisition=AMOUNTS,
    )
)
def test_whatever_is_given_the_range_is_in_order_and_every_figure_can_be_told(inputs: Inputs) -> None:
    found = reckoning.worth(inputs)

    for amounts in (found.room, found.gain):
        assert amounts is None or amounts[0].amount <= amounts[1].amount <= amounts[2].amount
    assert found.suggestion in ("pursue", "release", "unsure")
    assert (found.gain is None) or not {"yearly", "years", "chance", "fix_cost"} & set(found.missing)
    assert all(line.what and line.figure for line in reckoning.told(found))
    assert reckoning.suggested(found).endswith(" You decide.")


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_dearer_fix_never_makes_it_look_better(one: int, more: int) -> None:
    cheap, dear = (weigh(fix_cost=Input(Money(cost, EUR), "asked")) for cost in (one, one + more))
    ranked = ["release", "unsure", "pursue"]

    assert gain(dear)[1] <= gain(cheap)[1]
    assert ranked.index(dear.suggestion) <= ranked.index(cheap.suggestion)


# -- what counts --------------------------------------------------------------------------------


def test_two_currencies_are_added_up_only_at_a_rate_that_was_given() -> None:
    dollars = Input(Money(100_00, "USD"), "asked")

    without = weigh(fix_cost=dollars, sharing=1)
    at_rate = weigh(fix_cost=dollars, sharing=1, rates={"USD": 0.5})

    assert (without.share, without.gain, "fix_cost" in without.missing) == (None, None, True)
    assert figures(without)["The fix"] == ("not known", "asked, no rate from USD to EUR: not counted")
    assert at_rate.share == eur(50)
    assert figures(at_rate)["The fix"] == ("EUR 50", "asked, of USD 100")


def test_it_is_reckoned_in_the_customers_currency_and_rates_count_in_minor_units() -> None:
    found = weigh(
        yearly=Input(Money(100_000, "JPY"), "imported"),
        each=reckoning.UNKNOWN,
        fix_cost=Input(eur(60), "asked"),
        sharing=1,
        rates={"JPY": 0.6},  # a yen is worth 0.6 cents
    )

    assert found.currency == "JPY"
    assert found.share == Money(10_000, "JPY")
    assert found.at_stake == Money(200_000, "JPY")


@pytest.mark.parametrize("name", ["each", "fix_cost", "contact_cost", "acquisition"])
def test_a_cost_below_nothing_or_beyond_belief_is_not_counted_and_says_so(name: str) -> None:
    for amount in (-1, 10**15):
        found = weigh(**{name: Input(Money(amount, EUR), "asked")})

        assert getattr(found.inputs, name).value is None
        assert getattr(found.inputs, name).note == "no such amount: not counted"
        assert name in found.missing


@pytest.mark.parametrize(("name", "value"), [("years", -1), ("years", 101), ("referrals", 10_001)])
def test_a_number_that_cannot_be_is_not_counted_and_says_so(name: str, value: int) -> None:
    found = weigh(**{name: Input(value, "asked")})

    assert name in found.missing
    assert getattr(found.inputs, name).note == "no such number: not counted"


def test_referrals_that_were_named_and_not_counted_stand_there_and_add_nothing() -> None:
    found = weigh(referrals=reckoning.UNKNOWN, named=True)

    assert found.at_stake == eur(2_000)
    assert figures(found)["Referrals"] == ("not counted", "named; how many is not known")
    assert "Referrals" not in figures(weigh(referrals=reckoning.UNKNOWN))


def test_an_offer_whose_cost_nobody_gave_leaves_it_open() -> None:
    found = weigh(unpriced=1)

    assert (found.offer_cost, found.suggestion) == (None, "unsure")
    assert "offer_cost" in found.missing
    assert "what the offer costs is not known" in found.because


# -- what it suggests ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "suggestion", "because"),
    [
        ({}, "pursue", "at its worst"),
        ({"fix_cost": Input(eur(4_200), "asked")}, "release", "at its best"),
        ({"fix_cost": Input(eur(2_000), "asked")}, "unsure", "EUR -380 to EUR 1,020"),
        ({"fix_cost": reckoning.UNKNOWN}, "unsure", "up to about EUR 1,320 it would pay"),
        (
            {"fix_cost": reckoning.UNKNOWN, "offers": (eur(1_500),)},
            "unsure",
            "hardly anything left for one",
        ),
        ({"fix_cost": reckoning.UNKNOWN, "offers": (eur(9_000),)}, "release", "a fix that costs nothing"),
        ({"yearly": reckoning.UNKNOWN}, "unsure", "in a year is not known"),
        ({"chance": None}, "unsure", "chance of their return is not known"),
        ({"yearly": Input(eur(-800), "asked")}, "release", "cost more than they bring"),
        (
            {"yearly": Input(eur(0), "asked"), "referrals": reckoning.UNKNOWN},
            "release",
            "cost as much as they bring",
        ),
        ({"mendable": False}, "release", "cause cannot be changed"),
        ({"acquisition": Input(eur(949), "set by you")}, "unsure", "new customer costs less"),
        ({"acquisition": Input(eur(950), "set by you")}, "pursue", "at its worst"),
        ({"acquisition": reckoning.UNKNOWN}, "pursue", "at its worst"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value) if value else "as it is",
)
def test_a_suggestion_comes_with_its_reason(fields: dict[str, Any], suggestion: str, because: str) -> None:
    found = weigh(**fields)

    assert found.suggestion == suggestion
    assert because in found.because
    assert "You decide." in reckoning.suggested(found)


def test_nobody_is_told_that_a_contact_brings_them_back() -> None:
    said = " ".join(
        word
        for found in (weigh(), weigh(fix_cost=reckoning.UNKNOWN), weigh(chance=None))
        for word in (reckoning.suggested(found), *(" ".join(line) for line in reckoning.told(found)))
    )

    assert figures(weigh())["The chance"] == ("about 40 % (20 to 60)", "of a return, reckoned")
    assert [
        word for word in ("because of", "thanks to", "causes", "brings them back") if word in said
    ] == []


def test_a_chance_of_next_to_nothing_is_not_told_as_none() -> None:
    assert reckoning.chance_words((0.00001, 0.002, 0.3)) == "about 0.2 % (under 0.1 to 30)"


# -- how it is told -----------------------------------------------------------------------------


def test_every_figure_says_where_it_came_from() -> None:
    told = figures(weigh())

    assert told == {
        "They bring a year": ("EUR 1,000", "imported"),
        "They would stay": ("2 years", "assumed"),
        "Referrals": ("3 at EUR 500", "asked; middle of your list"),
        "At stake": ("EUR 3,500", "the chance is not in it"),
        "The chance": ("about 40 % (20 to 60)", "of a return, reckoned"),
        "The fix": ("EUR 300", "asked; 1 of 2 shares of EUR 600"),
        "The offer": ("EUR 75", "asked"),
        "A contact": ("EUR 5", "assumed"),
        "On average": ("EUR 1,020 (320 to 1,720)", "a return repays it in 5 months"),
        "A new customer": ("EUR 1,200", "set by you; a return here costs about EUR 950"),
    }


def test_the_quick_look_is_one_line_of_a_screen() -> None:
    dear = Inputs(chance=(0.141, 0.253, 0.601), yearly=Input(Money(9_999_999_00, EUR)), years=Input(3))

    assert reckoning.first_sight(weigh()) == (
        "At first sight: about EUR 3,500 at stake, chance about 40 % (20 to 60)."
    )
    assert len(reckoning.first_sight(reckoning.worth(dear))) <= 78
    assert reckoning.first_sight(weigh(yearly=reckoning.UNKNOWN)).startswith(
        "What they bring is not known."
    )


def test_very_large_amounts_leave_every_word_whole_at_80_columns() -> None:
    found = weigh(yearly=Input(eur(123_456_789_012), "imported, 30 % margin assumed"))
    console = Console(width=80, record=True, file=io.StringIO())

    console.print(scenes.figures(reckoning.told(found)))

    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.strip() == "imported, 30 % margin assumed" for line in lines)
    assert len(lines) <= 2 * len(reckoning.told(found)) + 1
