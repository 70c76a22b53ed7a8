"""Amounts as people and lists write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli.money import Money, convention, is_currency, parse_money


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("1200", Money(120000, "EUR")),
        ("1200.5", Money(120050, "EUR")),
        ("1200,50", Money(120050, "EUR")),
        ("1,200.50", Money(120050, "EUR")),
        ("1.200,50", Money(120050, "EUR")),
        ("1 200,50", Money(120050, "EUR")),
        ("1\u202f200,50", Money(120050, "EUR")),
        ("1'200.50", Money(120050, "EUR")),
        ("1,234,567", Money(123456700, "EUR")),
        ("1.234.567", Money(123456700, "EUR")),
        ("-5", Money(-500, "EUR")),
        ("0", Money(0, "EUR")),
        ("€ 1.200,50", Money(120050, "EUR")),
        ("£300", Money(30000, "GBP")),
        ("300 $", Money(30000, "USD")),
        ("GBP 300", Money(30000, "GBP")),
        ("300chf", Money(30000, "CHF")),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, money: Money) -> None:
    assert parse_money(text, "EUR") == money


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("1200 JPY", Money(1200, "JPY")),
        ("¥1200", Money(1200, "JPY")),
        ("1200.00 JPY", Money(1200, "JPY")),
        ("12.5 KWD", Money(12500, "KWD")),
        ("12 BHD", Money(12000, "BHD")),
        ("1,000.125 TND", Money(1000125, "TND")),
    ],
)
def test_currencies_without_or_with_three_digits_have_their_own_smallest_unit(
    text: str, money: Money
) -> None:
    assert parse_money(text, "EUR") == money


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("12.5 JPY", "no smaller unit"),
        ("1.2345 BHD", "no smaller unit"),
        ("1.0001", "no smaller unit"),
        ("1.234", "two ways"),
        ("1,234", "two ways"),
        ("", "an amount looks like"),
        ("EUR", "an amount looks like"),
        ("twelve", "an amount looks like"),
        ("1e5", "an amount looks like"),
        ("--5", "an amount looks like"),
        ("5-", "an amount looks like"),
        (".", "an amount looks like"),
        ("１２", "an amount looks like"),
        ("9" * 17, "too large"),
    ],
)
def test_what_is_no_amount_or_could_be_two_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_money(text, "EUR")


@pytest.mark.parametrize("text", ["01.02.2026", "1.2.3", "1,2,3", "1 2 3", "1.2345.678"])
def test_an_amount_whose_groups_are_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an amount looks like"):
        parse_money(text, "EUR")


@pytest.mark.parametrize(
    ("text", "money"), [("1.234 BHD", Money(1234, "BHD")), ("1,234 JPY", Money(1234, "JPY"))]
)
def test_three_digits_after_the_sign_are_read_as_the_currency_has_it(text: str, money: Money) -> None:
    assert parse_money(text, "EUR") == money


def test_a_fixed_decimal_sign_decides_what_could_be_two_things() -> None:
    assert parse_money("1.234", "EUR", ",") == Money(123400, "EUR")
    assert parse_money("1.234", "KWD", ".") == Money(1234, "KWD")


@pytest.mark.parametrize("currency", ["", "euro", "EU", "€UR", "12E"])
def test_a_currency_is_three_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="three letters"):
        parse_money("12", currency)


def test_the_shape_of_a_currency_is_three_capitals() -> None:
    assert [is_currency(code) for code in ("EUR", "eur", "EU", "EURO", "ÄÖÜ", "E1R")] == [
        True,
        False,
        False,
        False,
        False,
        False,
    ]


# -- a whole column --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "sign"),
    [
        ([], "."),
        (["1200", "300"], "."),
        (["1200.50", "1.234"], "."),
        (["1200,50", "1.234"], ","),
        (["1,234,567"], "."),
        (["1.234.567"], ","),
        (["1,234", "1,234.00"], "."),
        (["€ 1.200,5", "12"], ","),
        (["0.5"], "."),
    ],
)
def test_the_decimal_sign_of_a_column_is_read_from_all_its_values(values: list[str], sign: str) -> None:
    assert convention(values) == sign


@pytest.mark.parametrize(
    "values",
    [["1.234"], ["1,234", "2,345"], ["1200.50", "1200,50"], ["1,234.50", "1.234,50"], ["1,234,567", "2,5"]],
)
def test_values_that_contradict_each_other_or_leave_it_open_are_refused(values: list[str]) -> None:
    with pytest.raises(ValueError, match="two ways"):
        convention(values)


# -- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (Money(120000, "EUR"), "EUR 1,200"),
        (Money(120050, "EUR"), "EUR 1,200.50"),
        (Money(5, "EUR"), "EUR 0.05"),
        (Money(-120050, "GBP"), "GBP -1,200.50"),
        (Money(1200, "JPY"), "JPY 1,200"),
        (Money(1005, "BHD"), "BHD 1.005"),
        (Money(0, "EUR"), "EUR 0"),
    ],
)
def test_an_amount_has_words(money: Money, words: str) -> None:
    assert money.words() == words


@given(st.integers(-(10**13), 10**13), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_in_words_is_read_back_under_its_sign(amount: int, currency: str) -> None:
    money = Money(amount, currency)

    assert parse_money(money.words(), "XXX", ".") == money


@given(st.text(max_size=12))
def test_whatever_is_typed_is_an_amount_or_a_value_error(text: str) -> None:
    try:
        money = parse_money(text, "EUR")
    except ValueError as refused:
        assert str(refused)
    else:
        assert isinstance(money.amount, int)
        assert is_currency(money.currency)
