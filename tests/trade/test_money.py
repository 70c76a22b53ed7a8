"""Amounts as people and lists write them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli.money import Money, amount_reader, convention, decimal, is_currency, parse_money, signs


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
        ("5--", "an amount looks like"),
        ("(-5)", "an amount looks like"),
        ("(5", "an amount looks like"),
        ("5€20", "an amount looks like"),
        ("12,3,567.00", "an amount looks like"),
        ("300 kr", "three letters"),
        (".", "an amount looks like"),
        ("１２", "an amount looks like"),
        ("9" * 17, "too large"),
    ],
)
def test_what_is_no_amount_or_could_be_two_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_money(text, "EUR")


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("6 873", Money(687300, "EUR")),
        ("6\u00a0873,50", Money(687350, "EUR")),
        ("6\u2009873,50 €", Money(687350, "EUR")),
        ("0,17 €", Money(17, "EUR")),
        (".50", Money(50, "EUR")),
        ("0.500", Money(50, "EUR")),
        ("$1,234.50", Money(123450, "USD")),
        ("US$ 1,234.50", Money(123450, "USD")),
        ("USD$5", Money(500, "USD")),
        ("R$ 1.234,50", Money(123450, "BRL")),
        ("1.234,50 zł", Money(123450, "PLN")),
        ("Fr. 1'234.50", Money(123450, "CHF")),
        ("1\u2019234.50", Money(123450, "EUR")),
        ("1'234.\u2014", Money(123400, "EUR")),
        ("1.234,-", Money(123400, "EUR")),
        ("EUR 1.234,50", Money(123450, "EUR")),
        ("Rs. 12,34,567.00", Money(123456700, "INR")),
        ("12,34,567", Money(123456700, "EUR")),
        ("'1234.50", Money(123450, "EUR")),
        ("+5", Money(500, "EUR")),
        ("1234.5000", Money(123450, "EUR")),
    ],
)
def test_an_amount_is_read_as_exports_write_it(text: str, money: Money) -> None:
    assert parse_money(text, "EUR") == money


@pytest.mark.parametrize(
    "text", ["-120", "(120.00)", "120.00-", "\u2212120", "- 120", "-€120", "($120.00)", "EUR 120,00-"]
)
def test_brackets_and_a_minus_at_either_end_are_below_nothing(text: str) -> None:
    assert parse_money(text, "EUR").amount == -12000


@pytest.mark.parametrize(
    ("text", "listed", "currency"),
    [
        ("$5", "CAD", "CAD"),
        ("$5", "EUR", "USD"),
        ("¥5", "CNY", "CNY"),
        ("5 kr", "SEK", "SEK"),
        ("A$5", "CAD", "AUD"),
    ],
)
def test_a_sign_that_several_currencies_share_means_that_of_the_list(
    text: str, listed: str, currency: str
) -> None:
    assert parse_money(text, listed).currency == currency


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


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("1234.50", {"."}),
        ("1234,5", {","}),
        ("1,234", {"either"}),
        ("1234.567", {"."}),
        ("0,123", {","}),
        ("1.234.567", {","}),
        ("12,34,567", {"."}),
        ("1.200,-", {","}),
        ("Fr. 1'234.50", {"."}),
        ("Rs. 1,234", {"either"}),
        ("kr. 5", set()),
        (".5", {"."}),
        ("1 234", set()),
        ("n/a", set()),
        ("01.02.2026", set()),
        ("0..5", set()),
        ("1.2,3.4", set()),
        ("-", set()),
        ("", set()),
        ("US$ 1,234.50", {"."}),
    ],
)
def test_an_amount_says_which_sign_is_its_decimal_sign(value: str, says: set[str]) -> None:
    assert signs([value]) == says


AMOUNTS = st.text(st.sampled_from("0123456789" * 2 + ".,' -()€$\u00a0x"), max_size=12)


@given(st.lists(AMOUNTS, max_size=6), st.lists(AMOUNTS, max_size=6))
def test_the_findings_of_the_parts_of_a_column_are_those_of_the_whole(
    one: list[str], two: list[str]
) -> None:
    assert signs([*one, *two]) == signs(one) | signs(two)
    assert signs([*one, *two]) == frozenset().union(*(signs([value]) for value in [*one, *two]))


@pytest.mark.parametrize(
    ("seen", "sign"),
    [((), "."), ((".",), "."), ((",",), ","), ((".", "either"), "."), ((",", "either"), ",")],
)
def test_one_sign_that_is_sure_decides_for_the_column(seen: tuple[str, ...], sign: str) -> None:
    assert decimal(frozenset(seen)) == sign


def test_what_the_user_says_overrules_what_the_amounts_say() -> None:
    assert decimal(frozenset({".", ","}), ",") == ","
    assert decimal(frozenset({"either"}), ".") == "."
    with pytest.raises(ValueError, match=r"is \. or ,"):
        decimal(frozenset(), ";")


def test_a_column_that_is_mixed_and_one_that_is_open_are_refused_with_different_words() -> None:
    with pytest.raises(ValueError, match="written in two ways"):
        decimal(frozenset({".", ",", "either"}))
    with pytest.raises(ValueError, match="read two ways"):
        decimal(frozenset({"either"}))


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1234), ("KWD", 1234)])
def test_a_currency_without_or_with_three_digits_leaves_nothing_open(currency: str, amount: int) -> None:
    sign = decimal(frozenset({"either"}), currency=currency)

    assert amount_reader(sign)("1,234", currency) == Money(amount, currency)


def read(reading: Callable[[], Money]) -> Money | str:
    try:
        return reading()
    except ValueError as refused:
        return str(refused)


@given(
    AMOUNTS
    | st.from_regex(r"[€£$]? ?\d{1,3}([.,]\d{3}){0,4}([.,]\d{0,4})? ?[€£$]?", fullmatch=True)
    | st.from_regex(r"-?\d{1,13}([.,]\d{0,4})?", fullmatch=True)
    | st.text(max_size=8),
    st.sampled_from([".", ",", ""]),
    st.sampled_from(["EUR", "CAD", "JPY", "KWD", "", "eur"]),
)
def test_the_amounts_of_a_column_are_read_as_any_amount(cell: str, sign: str, currency: str) -> None:
    quick = amount_reader(sign)

    assert read(lambda: quick(cell, currency)) == read(lambda: parse_money(cell, currency, sign))


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
