"""From what is typed, or stands in a file, to the value that is stored."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli import answers
from winback_cli.answers import Customs, from_file, letters, parse
from winback_cli.facts import Spec, facts
from winback_cli.stages import Disposition, Reason

CUSTOMS = Customs(date(2026, 3, 2), frozenset({5, 6}), "EUR")
ALL = sorted(facts().values())


def spec(kind: str, *choices: str, **more: Any) -> Spec:
    return Spec("q", kind, "A question", choices, **more)


# -- every kind ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("text", "  one\ntwo ", "one\ntwo"),
        ("line", " one\n two ", "one two"),
        ("line", "\x1b[31mred", "[31mred"),
        ("yesno", "y", True),
        ("yesno", "YES", True),
        ("yesno", "true", True),
        ("yesno", "n", False),
        ("yesno", "No", False),
        ("yesno", "false", False),
        ("date", "tomorrow", "2026-03-03"),
        ("date", "friday", "2026-03-06"),
        ("money", "900", {"amount": 90000, "currency": "EUR"}),
        ("money", "£12.50", {"amount": 1250, "currency": "GBP"}),
        ("number", "12", 12),
        ("number", "-3", -3),
    ],
)
def test_an_answer_is_read_by_its_kind(kind: str, said: str, value: Any) -> None:
    assert parse(spec(kind), said, CUSTOMS) == value


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text", ""),
        ("text", " \n "),
        ("line", "\x00\x1b"),
        ("yesno", ""),
        ("yesno", "maybe"),
        ("yesno", "ja"),
        ("date", "soon"),
        ("date", ""),
        ("money", "much"),
        ("money", "1.234"),
        ("number", "1.5"),
        ("number", "many"),
        ("number", ""),
        ("number", "9" * 14),
        ("number", "9" * 6000),
        ("text", "x" * 20_001),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_would_be_right(kind: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse(spec(kind), said, CUSTOMS)


def test_an_answer_of_the_longest_length_is_taken_whole() -> None:
    assert len(parse(spec("text"), "x" * answers.LONGEST, CUSTOMS)) == answers.LONGEST


def test_what_has_happened_is_read_backwards_and_not_after_today() -> None:
    past = spec("date", past=True)

    assert parse(past, "friday", CUSTOMS) == "2026-02-27"
    assert parse(past, "today", CUSTOMS) == "2026-03-02"
    with pytest.raises(ValueError, match="2026-03-02"):
        parse(past, "tomorrow", CUSTOMS)


def test_business_days_follow_the_users_weekend() -> None:
    friday_off = CUSTOMS._replace(today=date(2026, 3, 5), weekend=frozenset({4, 5}))

    assert parse(spec("date"), "+1bd", friday_off) == "2026-03-08"


def test_an_amount_without_a_currency_is_in_the_users() -> None:
    assert parse(spec("money"), "12", CUSTOMS._replace(currency="CHF"))["currency"] == "CHF"


@given(st.sampled_from([one for one in ALL if one.kind != "items"]), st.text(max_size=15))
def test_whatever_is_typed_is_a_value_or_a_value_error(one: Spec, said: str) -> None:
    try:
        value = parse(one, said, CUSTOMS)
    except ValueError as refused:
        assert str(refused)
    else:
        assert value is not None
        assert answers.shown(one, value) == answers.shown(one, value).strip()


# -- choices ---------------------------------------------------------------------------------

DISPOSITIONS = spec("choice", *Disposition)
REASONS = spec("choice", *Reason)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("reached", "reached"),
        ("r", "reached"),
        ("l", "left_message"),
        ("left message", "left_message"),
        ("Left-Message", "left_message"),
        ("left_message", "left_message"),
        ("left", "left_message"),
        ("no", "no_answer"),
        ("w", "wrong_number"),
        ("ref", "refused"),
        ("e", "refused"),
    ],
)
def test_a_choice_is_read_by_its_letter_its_word_or_its_beginning(said: str, value: str) -> None:
    assert parse(DISPOSITIONS, said, CUSTOMS) == value


@pytest.mark.parametrize("said", ["", "re", "x", "reachedd", "r e a"])
def test_what_fits_no_choice_or_several_is_refused_with_all_of_them(said: str) -> None:
    with pytest.raises(
        ValueError, match="reached, left message, no answer, wrong number, bounced, refused"
    ):
        parse(DISPOSITIONS, said, CUSTOMS)


def test_few_choices_have_a_letter_of_their_own_and_many_have_the_alphabet() -> None:
    assert letters(tuple(Disposition)) == {
        "r": "reached",
        "l": "left_message",
        "n": "no_answer",
        "w": "wrong_number",
        "b": "bounced",
        "e": "refused",
    }
    assert list(letters(tuple(Reason))) == list("abcdefghijklmnop")


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True), min_size=1, max_size=8, unique=True))
def test_every_choice_has_a_letter_and_no_two_the_same(choices: list[str]) -> None:
    given_letters = letters(tuple(choices))

    assert sorted(given_letters.values()) == sorted(choices)
    assert all(len(letter) == 1 for letter in given_letters)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_read_by_its_name_and_by_its_letter(reason: Reason) -> None:
    letter = next(key for key, choice in letters(REASONS.choices).items() if choice == reason)

    assert parse(REASONS, reason.value, CUSTOMS) == reason.value
    assert parse(REASONS, letter, CUSTOMS) == reason.value


@pytest.mark.parametrize(
    ("choices", "said"), [(("large", "l"), "l"), (tuple("zabcdefgh"), "a"), (tuple("zabcdefgh"), "b")]
)
def test_the_whole_name_of_a_choice_goes_before_a_letter(choices: tuple[str, ...], said: str) -> None:
    assert parse(spec("choice", *choices), said, CUSTOMS) == said
    assert from_file(spec("choice", *choices), said, CUSTOMS) == said


# -- out of a file ---------------------------------------------------------------------------

CHANGES = facts()["revisited.changes"]


@pytest.mark.parametrize(
    ("kind", "given_", "value"),
    [
        ("line", "words", "words"),
        ("line", 42, "42"),
        ("yesno", True, True),
        ("yesno", False, False),
        ("yesno", "no", False),
        ("date", date(2026, 3, 1), "2026-03-01"),
        ("date", "-1d", "2026-03-01"),
        ("money", 900, {"amount": 90000, "currency": "EUR"}),
        ("money", 900.5, {"amount": 90050, "currency": "EUR"}),
        ("number", 7, 7),
    ],
)
def test_a_value_of_a_file_is_read_as_if_it_were_typed(kind: str, given_: Any, value: Any) -> None:
    assert from_file(spec(kind), given_, CUSTOMS) == value


@pytest.mark.parametrize("given_", [None, [], ["a"], {}, {"a": 1}])
def test_a_single_value_is_neither_nothing_nor_a_list_nor_a_map(given_: Any) -> None:
    with pytest.raises(ValueError, match="a single value"):
        from_file(spec("line"), given_, CUSTOMS)


def test_a_list_is_a_list_of_maps_read_field_by_field() -> None:
    given_ = [
        {"what": "A driver", "done": False, "owner": "Jonas", "due": "+1w"},
        {"what": "B", "done": "yes"},
    ]

    assert from_file(CHANGES, given_, CUSTOMS) == [
        {"what": "A driver", "done": False, "owner": "Jonas", "due": "2026-03-09"},
        {"what": "B", "done": True},
    ]


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ("words", "a list of maps"),
        ({"what": "A"}, "a list of maps"),
        (["A"], "a list of maps"),
        ([{"waht": "A"}], "'waht' is not known here; did you mean 'what'"),
        ([{"due": "soon"}], "due: a date looks like"),
        ([{"what": None}], "what: a single value"),
        ([{1: "A"}], "1 is not known here"),
    ],
)
def test_a_mistake_in_a_list_names_its_field(given_: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_file(CHANGES, given_, CUSTOMS)


# -- shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "value", "shown"),
    [
        (spec("choice", "left_message"), "left_message", "left message"),
        (spec("yesno"), True, "yes"),
        (spec("yesno"), False, "no"),
        (spec("money"), {"amount": 120050, "currency": "EUR"}, "EUR 1,200.50"),
        (spec("number"), 7, "7"),
        (spec("line"), "left_message", "left_message"),
        (spec("date"), "2026-03-01", "2026-03-01"),
    ],
)
def test_a_stored_value_is_shown_in_words(one: Spec, value: Any, shown: str) -> None:
    assert answers.shown(one, value) == shown


def test_a_list_is_shown_an_entry_a_line_without_what_is_not_known() -> None:
    entries = [
        {"what": "A driver", "done": False, "owner": "Jonas", "due": None, "state": "open"},
        {"what": "B", "done": True},
    ]

    first, second = answers.shown(CHANGES, entries).splitlines()

    assert first.startswith("A driver · ")
    assert first.endswith(" · Jonas")
    assert "None" not in first
    assert second.startswith("B · ")


# -- the facts themselves --------------------------------------------------------------------


def test_every_fact_has_a_kind_that_can_be_read_and_says_what_it_is() -> None:
    kinds = {"text", "line", "choice", "yesno", "date", "money", "number", "items"}

    for name, one in facts().items():
        assert one.kind in kinds, name
        assert one.what, name
        assert bool(one.choices) == (one.kind == "choice"), name
        assert bool(one.item) == (one.kind == "items"), name


def test_what_an_item_waits_for_or_goes_without_is_a_field_of_the_same_item() -> None:
    for one in facts().values():
        fields = {field.name for field in one.item}
        for field in one.item:
            assert {field.waits_for, field.unless} - {""} <= fields


YEARS = facts()["decided.expected_years"]


@pytest.mark.parametrize(("said", "years"), [("2.5", 2.5), ("2,5", 2.5), ("3", 3), ("3.0", 3), ("0", 0)])
def test_years_may_have_a_decimal_and_are_kept_whole_where_they_are(said: str, years: float) -> None:
    kept = parse(YEARS, said, CUSTOMS)

    assert (kept, type(kept)) == (years, type(years))
    assert from_file(YEARS, years, CUSTOMS) == years


@pytest.mark.parametrize(
    "said", ["2.5.1", "nan", "inf", "1e3", "101", "100.5", "-1", "two", "2.", "\u0662.5"]
)
def test_what_is_no_such_number_of_years_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="a number"):
        parse(YEARS, said, CUSTOMS)


def test_a_count_stays_whole() -> None:
    with pytest.raises(ValueError, match="a whole number"):
        parse(facts()["decided.referral_count"], "2.5", CUSTOMS)
