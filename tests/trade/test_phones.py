"""Phone numbers: the library's verdict, quickly; and nothing lost where there is none."""

import random

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from winback_cli.phones import PRACTICE, REMEMBERED, Phones, digits

COLOGNE = "+492215550100"
COUNTRIES = ("DE", "GB", "US", "CA", "FR", "IT", "ES", "NL", "PT", "BR", "AR", "JP", "MX", "RU", "KZ", "IN")


def library(number: str, country: str) -> str:
    """E.164 by the library alone, "" where it finds no valid number."""
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def practised(*countries: str) -> Phones:
    """A reader that has seen enough of each country to read it by its patterns."""
    phones = Phones()
    for country in countries:
        example_number = phonenumbers.example_number(country)
        for _ in range(PRACTICE):
            phones(str(phonenumbers.national_significant_number(example_number)), country)
            phones(f"+{example_number.country_code}1", country)
    return phones


PRACTISED = practised(*COUNTRIES)


# -- what is read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("0221 5550100", "DE"),
        ("0221/555-0100", "de"),
        ("(0221) 5550100", "DE"),
        ("221 5550100", "DE"),
        ("+49 221 5550100", ""),
        ("+49 (0)221 5550100", ""),
        ("+49 221 5550100", "US"),
        ("0049 221 5550100", ""),
        ("0049 221 5550100", "DE"),
        ("0049 221 5550100", "US"),
        ("011 49 221 5550100", "US"),
        ("tel:+49-221-5550100", ""),
        ("TEL: +49 221 5550100", ""),
        ("'+49 221 5550100", ""),
        ("'0221 5550100", "DE"),
        ("\u2019+49 221 5550100", ""),
        ("02215550100.0", "DE"),
        ("0221\u00a05550100", "DE"),
        ("０２２１ ５５５０１００", "DE"),
        ("+49\u200b221 5550100", ""),
        ("Tel. 0221 5550100", "DE"),
        ("Tel.: +49 221 5550100", ""),
        ("tel (0049) 221 5550100", ""),
        ("0221 5550100 (work)", "DE"),
        ("0221 5550100 Handy", "DE"),
        ("0221 5550100, ask for Ana.", "DE"),
    ],
)
@pytest.mark.parametrize("times", [1, PRACTICE + 1])
def test_one_number_has_one_form_however_it_is_written(written: str, country: str, times: int) -> None:
    phones = Phones()

    found = {phones(written, country) for _ in range(times)}

    assert found == {(COLOGNE, "unchecked")}


def test_a_row_that_names_no_country_has_the_country_of_the_list() -> None:
    assert Phones("DE")("0221 5550100") == (COLOGNE, "unchecked")
    assert Phones("DE")("(202) 555-0101", "US") == ("+12025550101", "unchecked")


@pytest.mark.parametrize(
    "written", ["+49 221 5550100 ext. 12", "0049 221 5550100 x12", "tel:+49-221-5550100;ext=12"]
)
def test_an_extension_is_kept_behind_the_number_and_does_not_count_when_compared(written: str) -> None:
    value, state = Phones()(written)

    assert (value, state) == (f"{COLOGNE};ext=12", "unchecked")
    assert digits(value) == digits(COLOGNE) == "492215550100"
    assert Phones()(value) == (value, state)


def test_a_word_in_capitals_is_part_of_the_number_where_the_library_says_so() -> None:
    assert Phones()("1 800 FLOWERS", "US") == ("+18003569377", "unchecked")


# -- what is kept as it was given ------------------------------------------------------------


@pytest.mark.parametrize("country", ["", "XX", "ZZ", "Deutschland", "\ud800", "D", "00", "001"])
def test_where_nobody_knows_the_country_a_number_is_kept_as_it_was_given(country: str) -> None:
    assert Phones()(" 0221  5550100", country) == ("0221 5550100", "unchecked")


def test_a_code_that_is_no_country_does_not_mean_the_country_of_the_list() -> None:
    assert Phones("DE")("0221 5550100", "XX") == ("0221 5550100", "unchecked")


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("12345", "", "12345"),
        ("ask her", "", "ask her"),
        ("", "", ""),
        ("1" * 16, "", "1" * 16),
        ("9" * 5000, "DE", "9" * 5000),
        ("110", "DE", "110"),
        ("202 555 0101", "FR", "202 555 0101"),
        ("+49", "", "+49"),
        ("+999 123 4567", "", "+999 123 4567"),
        ("'+999 123 4567", "", "+999 123 4567"),
        ("+1 202 555", "", "+1 202 555"),
        ("00999 1234567", "US", "00999 1234567"),
        ("4.92215E+11", "DE", "4.92215E+11"),
        ("4,92215E+11", "", "4,92215E+11"),
    ],
)
def test_what_is_no_valid_number_is_kept_and_marked_invalid(written: str, country: str, kept: str) -> None:
    assert Phones()(written, country) == (kept, "invalid")


# -- the same verdict as the library ---------------------------------------------------------


def variations(country: str, seed: int, count: int) -> list[str]:
    """Numbers of a country in the forms people write, most of them valid, some a digit off."""
    dice = random.Random(f"{country}{seed}")
    code = phonenumbers.country_code_for_region(country)
    trunk = phonenumbers.PhoneMetadata.metadata_for_region(country).national_prefix or ""
    kinds = [phonenumbers.example_number_for_type(country, kind) for kind in range(11)]
    found = []
    for _ in range(count):
        number = list(phonenumbers.national_significant_number(dice.choice([k for k in kinds if k])))
        for place in range(dice.choice([1, 2, 3, len(number) - 1]), len(number)):
            number[place] = dice.choice("0123456789")
        if dice.random() < 0.1:
            number.pop() if dice.random() < 0.5 else number.append(dice.choice("0123456789"))
        lead = dice.choice(
            ["", trunk, f"+{code}", f"+{code}{trunk}", f"00{code}", str(code), "0", trunk * 2]
        )
        written = lead + " " + "".join(number)
        for sign in " -/()."[: dice.randrange(7)]:
            place = dice.randrange(1, len(written))
            written = written[:place] + sign + written[place:]
        found.append(written)
    return found


@pytest.mark.parametrize("country", COUNTRIES)
def test_thousands_of_numbers_get_the_verdict_of_the_library(country: str) -> None:
    written = variations(country, 1, 1500)

    differ = [
        (number, value, expected)
        for number in written
        if (value := PRACTISED(number, country)[0] if PRACTISED(number, country)[1] == "unchecked" else "")
        != (expected := library(number, country) or library(number.replace("00", "+", 1), ""))
        and (expected or not number.startswith("00"))
    ]

    assert differ == []
    assert sum(library(number, country) != "" for number in written) > 300


@pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_patterns_of_every_country_agree_with_the_library(country: str) -> None:
    phones = practised(country)

    for number in variations(country, 2, 40):
        value, state = phones(number, country)

        if expected := library(number, country):
            assert (value, state) == (expected, "unchecked"), number
        elif not number.startswith("00"):
            assert state == "invalid", number


@given(
    st.text(st.sampled_from("0123456789" * 3 + "+ ()-./\u00a0x#;*"), max_size=22),
    st.sampled_from(["", *COUNTRIES]),
)
@example("+1 (242) 555-0101", "US")
@example("+44 1534 555 010", "GB")
@example("+39 06698 12345", "IT")
@example("00 00 49 221 5550100", "DE")
@example("011 15 5555 0101", "AR")
@example("810 49 221 5550100", "RU")
@example("+7 8 495 555 01 01", "RU")
def test_noise_gets_the_verdict_of_the_library(written: str, country: str) -> None:
    value, state = PRACTISED(written, country)

    if expected := library(written, country):
        assert (value.partition(";ext=")[0], state) == (expected, "unchecked")
    elif (country or written.strip(" ()-./\u00a0x#;*").startswith("+")) and "00" not in written:
        assert state == "invalid"


@given(st.text(max_size=40), st.text(max_size=3))
def test_nothing_is_ever_raised_and_a_number_read_again_stays_as_it_is(written: str, country: str) -> None:
    value, state = Phones()(written, country)

    assert state in ("unchecked", "invalid")
    assert Phones()(value, country)[0] == value


def test_the_verdicts_that_are_kept_are_bounded() -> None:
    phones = Phones()

    for number in range(REMEMBERED + 10):
        phones(f"x{number}", str(number))

    assert max(len(kept) for kept in vars(phones).values() if isinstance(kept, dict)) <= REMEMBERED


# -- compared --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("+44 20 7946-0001", "442079460001"),
        ("0044 20 7946 0001", "442079460001"),
        ("+４４ 20 7946 0001", "442079460001"),
        ("0221 5550100", "02215550100"),
        (f"{COLOGNE};ext=12", "492215550100"),
        ("ask her", ""),
        ("", ""),
    ],
)
def test_a_phone_is_compared_by_its_digits(written: str, compared: str) -> None:
    assert digits(written) == compared


@given(st.text(st.sampled_from("0123456789+ -()\u200b４xa"), max_size=20))
def test_the_digits_of_digits_are_the_same(written: str) -> None:
    once = digits(written)

    assert once == "" or once.isdecimal()
    assert digits(once) == once or once.startswith("00")
