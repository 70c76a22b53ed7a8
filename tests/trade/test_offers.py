"""What fits to offer, and what it would cost if everybody asked (A6, C9, D5, B5.4)."""

from typing import Any

import pytest

from winback_cli.money import Money
from winback_cli.offers import PRICE_KINDS, Comparable, Demand, advice, demand_words
from winback_cli.stages import OfferKind, Reason

SERVICE = {
    Reason.DELIVERY_OR_SERVICE,
    Reason.COMPLAINT_HANDLED_BADLY,
    Reason.PRODUCT_OR_QUALITY,
    Reason.SUPPORT,
    Reason.ONE_TIME_ACCIDENT,
}
NO_USE = {Reason.NO_LONGER_NEEDED, Reason.MOVED_OR_CLOSED}


@pytest.mark.parametrize("reason", sorted(SERVICE))
def test_nothing_is_offered_for_a_failure_of_ours_before_it_is_mended(reason: Reason) -> None:
    before = advice(reason, mended=False, ripple_shown=True)

    assert before.kinds == ()
    assert "Mend" in before.first[0]
    assert "B5.1" in before.source
    assert advice(reason, mended=True, ripple_shown=False).kinds


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in SERVICE | NO_USE])
def test_every_other_reason_has_something_that_fits_it_mended_or_not(reason: Reason) -> None:
    told = advice(reason, mended=False, ripple_shown=True)

    assert told.kinds
    assert set(told.kinds) <= set(OfferKind) - {OfferKind.OTHER}
    assert told == advice(reason, mended=True, ripple_shown=True)


@pytest.mark.parametrize("reason", sorted(NO_USE))
def test_who_has_no_use_for_us_is_offered_nothing(reason: Reason) -> None:
    told = advice(reason, mended=True, ripple_shown=True)

    assert (told.kinds, told.source) == ((), ("D0",))


@pytest.mark.parametrize("reason", [*Reason, ""])
def test_a_lower_price_is_suggested_only_once_the_ripple_was_asked(reason: str) -> None:
    before = advice(reason, mended=True, ripple_shown=False)
    after = advice(reason, mended=True, ripple_shown=True)

    assert not set(before.kinds) & set(PRICE_KINDS)
    assert [kind for kind in after.kinds if kind not in PRICE_KINDS] == list(before.kinds)
    assert ("B5.4" in before.source) == (before.kinds != after.kinds)


def test_a_price_that_was_too_high_has_a_lower_one_as_its_only_answer() -> None:
    assert advice("price", mended=True, ripple_shown=True).kinds == PRICE_KINDS
    assert advice("price", mended=True, ripple_shown=False).kinds == ()


def test_a_leaf_counts_as_its_reason() -> None:
    leaf = advice("price/shipping_cost", mended=True, ripple_shown=True)

    assert leaf == advice("price", mended=True, ripple_shown=True)


@pytest.mark.parametrize("reason", ["", "unknown", "went quiet after the fair"])
def test_where_the_reason_is_not_known_it_is_to_be_asked_first(reason: str) -> None:
    told = advice(reason, mended=False, ripple_shown=False)

    assert "Ask first why they left" in told.first[0]
    assert told.kinds == (OfferKind.TRIAL, OfferKind.REFUND_GUARANTEE)


ANYBODY = Comparable(None, None, None, "")


def demand(given: int, could_ask: int, cost: Money | None, **more: Any) -> Demand:
    return Demand("discount", ANYBODY, given, (("EUR", could_ask),) if could_ask else (), cost, **more)


def test_for_all_is_the_cost_of_this_one_and_of_all_who_could_ask() -> None:
    assert demand(3, 11, Money(12_550, "EUR")).for_all == Money(150_600, "EUR")  # twelve times 125.50
    assert demand(3, 0, Money(12_550, "EUR")).for_all == Money(12_550, "EUR")
    assert demand(3, 11, None).for_all is None


def test_what_the_others_got_is_told_with_its_cost_and_never_adds_up_currencies() -> None:
    told = demand(4, 11, None, spent=(Money(40_000, "EUR"), Money(9_950, "USD")), unpriced=1)

    assert demand_words(told)[3] == (
        "15 customers are comparable. 4 have a discount already, for EUR 400 and USD 99.50"
        " and 1 without a cost; 11 could ask for a discount."
    )


def test_the_demand_of_one_is_told_as_one() -> None:
    assert demand_words(demand(1, 0, None))[3:] == (
        "1 customer is comparable. 1 has a discount already, what it cost was not noted;"
        " 0 could ask for a discount.",
        "Say with --cost what one costs, to see what it would cost for all.",
    )


def test_where_nobody_else_could_ask_it_costs_what_it_costs() -> None:
    assert demand_words(demand(0, 0, Money(10_000, "EUR")))[3:] == (
        "Nobody else is comparable.",
        "It costs EUR 100, for this one alone.",
    )
