"""Whole names, e-mails and phones go from a text, however they are written; nothing else does."""

import pytest

from winback_cli.wiping import Traces, less, patterns, traces, wiped, wiped_within

ZOE = traces(["Zoe Quix", "Zoe"], ["zoe.quix@example.com"], ["+442079460999"])


@pytest.mark.parametrize(
    ("words", "without"),
    [
        ("ZOE  QUIX came, and Zoe Quix's aunt", "[erased] came, and [erased]'s aunt"),
        ("zoe_quix.csv", "[erased].csv"),
        ("Zoe said that Quix is late", "Zoe said that Quix is late"),
        ("to <Zoe.Quix@Example.com>.", "to <[erased]>."),
        ("+44 20 7946 0999, 020 7946 0999, 0044 (0)20-7946-0999", "[erased], [erased], [erased]"),
        ("on 2026-11-02 020 7946 0999 rang", "on 2026-11-02 [erased] rang"),
        ("order 1442079460999 of 2026-11-02", "order 1442079460999 of 2026-11-02"),
        ("x@zoe.quix@example.com.au", "x@[erased]@example.com.au"),
    ],
)
def test_what_tells_of_one_person_is_replaced_and_nothing_else(words: str, without: str) -> None:
    assert wiped(words, ZOE)[0] == without
    assert wiped(without, ZOE) == (without, 0)


def test_a_short_number_is_known_by_its_own_digits_at_home_too() -> None:
    short = traces([], [], ["+4930123456"])

    assert wiped("030 / 12 34 56", short) == ("[erased]", 1)


def test_umlauts_and_accents_count_however_they_are_written() -> None:
    anna = traces(["Anna M\u00fcller"], [], [])

    said = "Anna Mueller, anna muller and ANNA M\u00dcLLER"
    assert wiped(said, anna) == ("[erased], [erased] and [erased]", 3)
    assert patterns(anna) == ["%Anna%"]


def test_a_name_in_a_script_without_blanks_is_found_amid_others() -> None:
    ming = traces(["\u674e \u660e"], [], [])

    assert wiped("\u662f\u674e\u660e\u8bf4", ming)[0] == "\u662f[erased]\u8bf4"


def test_every_text_within_plain_data_is_gone_through_and_counted() -> None:
    told = {"a": ["Zoe Quix", 3, None], "b": {"c": "x"}}

    assert wiped_within(told, ZOE) == ({"a": ["[erased]", 3, None], "b": {"c": "x"}}, 1)


def test_what_is_somebody_elses_own_too_is_left_to_them() -> None:
    own = Traces(("Zoe Quix-Rand",), ("ZOE.quix@example.com",), ("442079460999",))

    assert less(ZOE, own) == Traces()


def test_each_trace_fits_the_pattern_that_looks_for_it() -> None:
    assert patterns(ZOE) == ["%Quix%", "%example%", "%0%7%9%4%6%0%9%9%9%"]
