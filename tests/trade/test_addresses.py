"""E-mail addresses: what is one, the one form of a mailbox, and what could be taken for another."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from winback_cli.addresses import canonical_email, is_email, looks_like, read

ANA = "ana@example.com"
NEARLY = st.from_regex(
    r"[a-zA-Z0-9_'.+%-]{1,6}@[a-z0-9-]{0,5}(\.[a-zA-Z0-9-]{0,5}){0,2}(\.(com|local|test|invalid|x1))?",
    fullmatch=True,
)
LETTERS = st.text(st.sampled_from("aA.+@-xn ßéａ\u200b\u3002аεкxn--"), max_size=14)


# -- as lists hold them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "ana@example.com",
        "Ana Sol <ana@example.com>",
        '"Sol, Ana" <ana@example.com>',
        "<ana@example.com>",
        "Ana <mailto:ana@example.com>",
        "mailto:ana@example.com",
        "MAILTO: ana@example.com",
        "mailto:ana@example.com?subject=Hello",
        "'ana@example.com",
        "'ana@example.com'",
        '"ana@example.com"',
        "\u201eana@example.com\u201c".replace("\u201e", "\u201c"),
        "ana@example.com.",
        " ana@example.com; ",
        "ana@example.com,",
        "(ana@example.com)",
        "ana@example.com (work)",
        "ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "ana\u200b@example.com",
        "\ufeffana@exam\u00adple.com",
        "ana@example.com\ufe0f",
    ],
)
def test_an_address_is_read_out_of_what_stands_around_it(written: str) -> None:
    assert read(written) == (ANA, True)


@pytest.mark.parametrize(
    "written", ["Ana.O'Neill+x@Example.co.uk", "a_b%c@sub-1.example.com", "ana@bücher.example"]
)
def test_an_address_is_kept_as_it_was_written(written: str) -> None:
    assert read(written) == (written, True)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "ana",
            "ana@",
            "@example.com",
            "a..b@example.com",
            "ana.@example.com",
            "ana@example",
            "ana@test",
        ),
        *(
            "a b@example.com",
            "n/a",
            "a@-x.com",
            "a@x-.com",
            "a@b@example.com",
            "ana@1.2.3.4",
        ),
        *("ana@printer.local", "ana@host.invalid", "ana@example..com"),
        *("a@" + "x" * 64 + ".com", "x" * 400 + ANA),
    ],
)
def test_what_is_no_address_is_kept_and_said_to_be_none(written: str) -> None:
    assert read(written) == (written, False)


@given(NEARLY)
@example("a@x." + "y" * 63 + ".com")
@example("a" * 64 + "@example.com")
@example("K@example.com")
@example("a@ex--ample.com")
@example("a@xn--bcher-kva.example")
def test_the_pattern_of_the_ordinary_address_agrees_with_the_library(address: str) -> None:
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        expected = False
    else:
        expected = True

    assert is_email(address) == expected


@given(st.text(max_size=30) | NEARLY | LETTERS)
def test_an_address_that_was_read_is_read_as_itself(written: str) -> None:
    address, fits = read(written)

    if fits:
        assert is_email(address)
        assert read(address) == (address, True)


# -- the one form of a mailbox ---------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "ANA@EXAMPLE.COM",
        "ana+news@example.com",
        "ana＋news@example.com",
        "ａｎａ@example．com",
        "ana@example｡com",
        "a\u200bn\u2060a\u200d@example.com",
        "ana\u034f@exa\ufe0fmple.com",
        "ana\u3164@example.com",
        "ana﹫example.com",
        " ana @ example.com. ",
        "ana\x00@example.com",
    ],
)
def test_no_way_of_writing_hides_a_mailbox(written: str) -> None:
    assert canonical_email(written) == ANA


@pytest.mark.parametrize(
    "written", ["a.n.a+x@gmail.com", "ANA@googlemail.com", "a.na@ｇmail.com", "a\u200b.na@gmail.com"]
)
def test_no_way_of_writing_hides_a_mailbox_at_gmail(written: str) -> None:
    assert canonical_email(written) == "ana@gmail.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@BÜCHER.example", "ana@XN--BCHER-KVA.example"),
        ("ana@straße.example", "ana@xn--strae-oqa.example"),
        ("ana@straße.example", "ana@strasse.example"),
        ("ana@пример.example", "ana@xn--e1afmkfd.example"),
        ("ana@ex--ample.com", "ana@EX--AMPLE.com"),
    ],
)
def test_a_host_in_punycode_is_the_host_itself(one: str, other: str) -> None:
    assert canonical_email(one) == canonical_email(other)


def test_letters_that_only_look_alike_stay_different() -> None:
    assert canonical_email("\u0430na@example.com") != ANA
    assert canonical_email("ana@ex\u0430mple.com") != ANA


@given(st.text(max_size=30) | st.emails() | NEARLY | LETTERS)
@example("a@gmail.com")
@example('" "@a')
@example("+@a.")
@example("a@" + "b" * 64)
def test_the_quick_way_gives_the_form_of_the_whole_way(address: str) -> None:
    the_whole_way = canonical_email("\u200b" + address)

    assert canonical_email(address) == the_whole_way


@given(st.text(max_size=30) | st.emails() | NEARLY)
def test_the_form_of_a_form_is_itself(address: str) -> None:
    once = canonical_email(address)

    assert canonical_email(once) == once


# -- what could be taken for another ---------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "\u0430na@example.com",
        "\u0410NA@example.com",
        "ana@ex\u0430mple.com",
        "ana@xn--exmple-4nf.com",
        "\u03b1na+x@example.com",
        "ana@e\u0445ample.c\u043em",
        "\u0251na@example.com",
    ],
)
def test_an_address_with_letters_that_look_latin_looks_like_the_latin_one(written: str) -> None:
    assert looks_like(written) == ANA


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ana",
        ANA,
        "ana@bücher.example",
        "ana@xn--bcher-kva.example",
        "иван@пример.рф",
        "ｙ@example.com",
        "áná@example.com",
    ],
)
def test_an_address_that_is_what_it_seems_looks_like_none_other(written: str) -> None:
    assert looks_like(written) is None


@given(st.text(max_size=20) | LETTERS)
def test_what_an_address_looks_like_is_never_itself(address: str) -> None:
    seen = looks_like(address)

    assert seen is None or seen != canonical_email(address)
