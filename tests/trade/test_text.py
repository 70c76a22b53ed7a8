"""Foreign text made safe."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli import text


@pytest.mark.parametrize(
    ("given_", "cleaned"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\x00b\x07c\x7fd\x9be", "abcde"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("dos\r\nmac\rend", "dos\nmac\nend"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("half \ud800", "half "),
        ("👩‍👩‍👧 می‌خواهم", "👩‍👩‍👧 می‌خواهم"),
        ("Ångström Привет 漢字", "Ångström Привет 漢字"),
    ],
)
def test_control_signs_turns_and_halves_are_dropped_and_the_rest_stays(given_: str, cleaned: str) -> None:
    assert text.clean(given_) == cleaned


@given(st.text(st.characters(), max_size=60))
def test_what_is_cleaned_moves_no_cursor_and_stays_as_it_is_when_cleaned_again(raw: str) -> None:
    cleaned = text.clean(raw)

    assert not [ch for ch in cleaned if unicodedata.category(ch) in ("Cc", "Cs") and ch not in "\n\t"]
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert text.clean(cleaned) == cleaned
    cleaned.encode("utf-8")


@given(st.text(st.characters(), max_size=60))
def test_a_line_is_one_line_without_spaces_at_its_ends(raw: str) -> None:
    line = text.line(raw)

    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert "  " not in line
    assert text.line(line) == line


def test_a_line_joins_lines_and_odd_separators_with_single_spaces() -> None:
    assert text.line("  a\n\n b\u2028c\u2029d\te ") == "a b c d e"


# -- the plain way, which the quick one must agree with ---------------------------------------

SIGNS = st.characters() | st.sampled_from(
    " \t\n\r\x0b\x1c\x1f\x7f\x85\x9b\u00a0\u00ad\u2007\u2028\u2029\u202e\u2066\u3000\ufeff\ud83d\ude00"
)
ANYTHING = st.text(SIGNS, max_size=40) | st.text(st.sampled_from("aZ é\u0301ß\t "), max_size=12)


def plainly_cleaned(raw: str) -> str:
    raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    raw = raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    turns = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return "".join(
        ch
        for ch in raw
        if ch in "\n\t" or (unicodedata.category(ch) not in ("Cc", "Cs") and ch not in turns)
    )


def plainly_folded(raw: str) -> str:
    plain = unicodedata.normalize("NFKD", " ".join(plainly_cleaned(raw).split()))
    return "".join(ch for ch in plain if not unicodedata.combining(ch)).casefold()


@given(ANYTHING)
def test_the_quick_way_agrees_with_the_plain_one(raw: str) -> None:
    assert text.clean(raw) == plainly_cleaned(raw)
    assert text.line(raw) == " ".join(plainly_cleaned(raw).split())
    assert text.fold(raw) == plainly_folded(raw)


def test_every_character_is_kept_or_dropped_as_in_the_plain_way() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))

    assert text.clean(everything) == plainly_cleaned(everything)
    assert text.fold(everything) == plainly_folded(everything)


@pytest.mark.parametrize(
    "cell", ["", " ", "-", "n/a", "N/A", "NULL", "keine", "Néant", "\u2014", "(blank)"]
)
def test_what_stands_for_nothing_is_blank(cell: str) -> None:
    assert text.blank(cell)


@pytest.mark.parametrize("cell", ["0", "no", "x", "2026-03-01", "nobody"])
def test_what_says_something_is_not_blank(cell: str) -> None:
    assert not text.blank(cell)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MULLER"),
        ("Ana  Sol", "ana sol"),
        ("Straße", "STRASSE"),
        ("École", "ecole"),
        ("ﬁrm", "firm"),
        ("Ａｎａ", "ana"),
        ("e\u0301cole", "\u00e9cole"),
    ],
)
def test_names_that_differ_in_case_accents_or_width_fold_alike(one: str, other: str) -> None:
    assert text.fold(one) == text.fold(other)


def test_names_that_differ_in_letters_do_not_fold_alike() -> None:
    assert len({text.fold(name) for name in ("Ana", "Anna", "An a", "Hana")}) == 4


@given(st.text(max_size=40), st.integers(1, 30))
def test_a_shortened_text_fits_and_says_that_it_was_cut(raw: str, width: int) -> None:
    short = text.shorten(raw, width)

    assert len(short) <= width
    assert short == text.line(raw) or short.endswith("…")


def test_a_text_that_fits_is_not_cut() -> None:
    assert text.shorten("abcde", 5) == "abcde"
    assert text.shorten("abcdef", 5) == "abcd…"
    assert text.shorten("abc def", 5) == "abc…"


def test_the_nearest_name_is_close_or_none() -> None:
    known = ["backstory", "contact", "listen"]

    assert text.nearest("contakt", known) == "contact"
    assert text.nearest("xyz", known) is None
    assert text.nearest("contact", []) is None
