"""What a history of purchases gives for a customer's record."""

import pytest

from winback_cli.purchases import Bought, Figures, figures, regularity

NOTHING = Figures()
THREE = [
    Bought("2024-01-01", "EUR", 1000),
    Bought("2024-02-01", "EUR", 2000, 2),
    Bought("2024-03-01", "EUR", 0),
]


def test_a_record_without_figures_takes_the_histories() -> None:
    assert figures(THREE, NOTHING) == Figures("2024-01-01", "2024-03-01", 4, 5000, "EUR", 0.0333)


def test_money_given_back_lowers_the_revenue_and_is_no_order_and_no_day() -> None:
    found = figures([*THREE, Bought("2024-09-09", "EUR", -1500)], NOTHING)

    assert (found.orders, found.revenue, found.last_purchase) == (4, 3500, "2024-03-01")


def test_a_history_of_nothing_but_refunds_says_nothing() -> None:
    stated = Figures("2020-01-01", "2020-02-02", 3, 900, "EUR")

    assert figures([Bought("2024-01-01", "EUR", -500)], stated) == stated


def test_revenue_never_falls_below_nothing() -> None:
    assert figures([*THREE, Bought("2024-09-09", "EUR", -9900)], NOTHING).revenue == 0


@pytest.mark.parametrize(
    ("first", "last", "orders", "revenue"),
    [
        ("2024-01-01", "2024-03-01", 4, 5000),  # the history has all of it
        ("2023-12-31", "2024-03-01", 9, 7000),  # it begins late
        ("2024-01-01", "2024-03-02", 9, 7000),  # it ends early
        (None, "2024-03-01", 9, 7000),  # nobody knows where it should begin
    ],
)
def test_the_larger_figure_counts_unless_the_history_reaches_from_first_to_last(
    first: str | None, last: str, orders: int, revenue: int
) -> None:
    found = figures(THREE, Figures(first, last, 9, 7000, "EUR"))

    assert (found.orders, found.revenue) == (orders, revenue)
    assert (found.first_purchase, found.last_purchase) == (min(first or "9", "2024-01-01"), last)


def test_another_currency_counts_as_orders_and_days_and_never_as_revenue() -> None:
    found = figures([*THREE, Bought("2024-05-01", "USD", 90000)], NOTHING)

    assert (found.orders, found.last_purchase, found.revenue, found.currency) == (
        5,
        "2024-05-01",
        5000,
        "EUR",
    )


def test_the_records_currency_comes_before_that_of_most_purchases() -> None:
    dollars = Bought("2024-05-01", "USD", 700)

    found = figures([*THREE, dollars], Figures(revenue=100, currency="USD"))

    assert (found.revenue, found.currency) == (700, "USD")


def test_what_was_set_by_hand_stays() -> None:
    stated = Figures("2025-01-01", "2025-01-01", 1, 5, "GBP")

    found = figures(THREE, stated, {"revenue", "first_purchase"})

    assert found == Figures("2025-01-01", "2025-01-01", 4, 5, "GBP", 0.0333)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (["2024-01-01", "2024-02-01"], None),
        (["2024-01-01", "2024-01-11", "2024-01-21", "2024-01-31"], 0.0),
        (["2024-01-01", "2024-01-11", "2024-01-31"], 0.3333),  # gaps of 10 and 20 days
    ],
)
def test_regularity_is_how_far_the_gaps_stray_from_their_mean(
    days: list[str], expected: float | None
) -> None:
    assert regularity(days) == expected


def test_twice_on_one_day_is_one_day_of_purchase() -> None:
    same = [Bought("2024-01-01", "EUR", 1), Bought("2024-01-01", "EUR", 2), Bought("2024-02-01", "EUR", 3)]

    assert figures(same, NOTHING).regularity is None
