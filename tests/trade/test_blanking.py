"""Names, addresses and numbers leave a text; days, amounts and everybody's words stay."""

import pytest

from winback_cli.blanking import blanked, names_of, only_capitals, shortened


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Ana called twice.", "[name] called twice."),
        ("ANA SOL wrote, ana's boss too", "[name] wrote, [name]'s boss too"),
        ("nobody at Blue Foods knew", "nobody at [name] knew"),
        ("we at BlueFoods.", "we at [name]."),
        ("Anas Chef rief an", "[name] Chef rief an"),
        ("banana and bluebell", "banana and bluebell"),
        ("the sol, and Foods, Ltd", "the [name], and [name], Ltd"),
    ],
)
def test_a_name_goes_in_any_case_and_nothing_that_only_holds_it(words: str, expected: str) -> None:
    assert blanked(words, names_of(["Ana Sol", "Blue Foods Ltd"])) == expected


def test_a_name_goes_with_and_without_its_accents() -> None:
    names = names_of(["José Müller"])

    assert blanked("Jose, JOSÉ; Muller / MUELLER", names).count("[name]") >= 2
    assert not {"jose", "muller", "mueller"} & set(
        blanked("Jose x Muller x Mueller", names).lower().split()
    )


def test_a_short_name_goes_where_it_stands_whole() -> None:
    assert blanked("Al Wu rang. It was al wu. Also alwu.", names_of(["Al Wu"])) == (
        "[name] rang. It was [name]. Also [name]."
    )
    assert blanked("Bo said bo is late", names_of(["Bo"])) == "[name] said bo is late"


def test_a_name_of_a_script_without_blanks_goes() -> None:
    assert blanked("李明说太晚", names_of(["李明"])) == "[name]说太晚"


def test_words_of_any_sentence_stay_even_where_a_firm_is_called_so() -> None:
    assert blanked("the day and the hour", names_of(["The Hour and Company"])) == "the day and the [name]"


def test_who_is_called_name_or_number_breaks_no_blank() -> None:
    assert blanked("Name sent 4711 22 33", names_of(["Name Number"])) == "[name] sent [number]"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("write ana.sol+x@blue.example.com.", "write [e-mail]."),
        ("or ana@blue, or ana\uff20blue.example", "or [e-mail], or [e-mail]"),
        ("see www.blue.example/a?b=1, or https://blue.example.", "see [link], or [link]."),
        ("ring +44 20 7946 0001 or (030) 123-456", "ring [number] or [number]"),
        ("order 4711223344x", "order [number]x"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN DE[number]"),
    ],
)
def test_addresses_links_and_numbers_go(words: str, expected: str) -> None:
    assert blanked(words, names_of([])) == expected


@pytest.mark.parametrize(
    "words", ["on 2026-11-02 and 2.11.2026", "in 2024/2025", "1,200,000 EUR", "14 % of 250 boxes, 3 times"]
)
def test_days_years_and_amounts_stay(words: str) -> None:
    assert blanked(words, names_of([])) == words


def test_a_street_a_firms_host_and_a_number_elsewhere_go_too() -> None:
    names = names_of([], ["12 High Street, Leeds", "x@bluefoods.example", "y@gmail.com", "KD-77"])

    shown = blanked("12 high street; bluefoods has gmail; KD-77 on the high street", names)

    assert shown == "[name]; [name] has gmail; [name] on the high street"


def test_staff_go_only_where_they_are_written_as_names() -> None:
    assert blanked("Jonas May may know", names_of([], staff="Jonas May")) == "[name] may know"


def test_many_names_take_no_word_of_ours_out_of_a_fix() -> None:
    many = only_capitals(names_of(["Pat Price", "Box"]))

    assert blanked("the price of a box, for Price, as Pat Price said", many) == (
        "the price of a box, for [name], as [name] said"
    )


def test_a_text_is_cut_at_a_word() -> None:
    assert shortened("one two three", 13) == "one two three"
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one two three", 8) == "one two…"
    assert shortened("onetwothree", 5) == "onet…"


def test_control_bytes_and_signs_of_our_own_do_not_come_through() -> None:
    assert blanked("a\x1b[31m\ue000b\u202e", names_of([])) == "a[31mb"


def test_a_long_text_takes_no_time_that_grows_with_its_square() -> None:
    words = "a" * 20_000 + " " + "1 " * 20_000 + "x@" * 10_000

    assert len(blanked(words, names_of(["Ana Sol"]))) < len(words)
