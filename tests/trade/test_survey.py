"""Surveys and focus groups, as values: questions, codes, columns, rows, counts, fair groups (A2, A3)."""

import base64
import hashlib
import re
from collections import Counter
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback_cli import survey
from winback_cli.errors import BadInput, UsageError
from winback_cli.survey import FOUR, Reply, group, questions_of, tally
from winback_cli.surveyforms import Addressee, Form, merge_rows, printed
from winback_cli.surveyreplies import Bad, Given, Reader, asks_to_be_left, columns_of, date_order, says_yes

TODAY = "2026-11-23"


def reply(number: int, **told: object) -> Reply:
    """A reply that was not looked at yet, of nobody special."""
    words = str(told.pop("said", "It cost too much."))
    blank = Reply(
        number, number, "Ana Sol", "Blue Foods", TODAY, {"q1": words}, False, "", None, "", "new", "", False
    )
    return blank._replace(**told)  # type: ignore[arg-type]


# -- questions and codes ---------------------------------------------------------------------


def test_without_questions_of_ones_own_the_four_are_asked() -> None:
    assert questions_of([]) == FOUR
    assert [one.fact for one in FOUR] == [
        "heard.why_left",
        "heard.buys_now",
        "heard.second_chance",
        "heard.long_term",
    ]


def test_one_of_the_four_among_ones_own_still_answers_its_fact() -> None:
    asked = questions_of(["How did you find us?", "where do you obtain similar products or services"])

    assert [(one.key, one.fact) for one in asked] == [("q1", ""), ("q2", "heard.buys_now")]
    assert survey.why_key(asked) == "q1"
    assert survey.why_key(FOUR[::-1]) == "q1"


@pytest.mark.parametrize("wrong", [["Why?", " why "], ["x" * 301], [f"Question {n}?" for n in range(21)]])
def test_questions_that_cannot_be_told_apart_or_are_too_many_or_long_are_refused(wrong: list[str]) -> None:
    with pytest.raises(ValueError, match="question"):
        questions_of(wrong)


def test_a_code_is_read_as_it_is_shown_and_however_it_was_typed() -> None:
    turns = count()
    code = survey.new_code(lambda signs: signs[next(turns) % len(signs)])

    assert len(code) == 10
    assert set(code) <= set(survey.SIGNS)
    assert not set("01OILAEU") & set(survey.SIGNS)
    assert survey.read_code(f" {survey.shown_code(code).lower()} ") == code


# -- columns ---------------------------------------------------------------------------------


def test_columns_are_known_by_the_questions_words_their_numbers_and_by_names_of_form_tools() -> None:
    header = [
        "Timestamp",
        "Your code",
        "1. Why do you no longer use our products or services?",
        "Where do you obtain similar pro",
        "q3",
        "Question 4",
        "Please call me back!",
        "Favourite colour",
    ]

    found = columns_of(header, "r.csv", FOUR)

    assert found.fields == {"date": 0, "code": 1, "call_back": 6}
    assert found.questions == {"q1": 2, "q2": 3, "q3": 4, "q4": 5}
    assert found.unused == ("Favourite colour",)


def test_what_the_user_maps_comes_before_the_names() -> None:
    found = columns_of(["code", "A", "Mail", "q1"], "r.csv", FOUR, [("q1", "a"), ("email", "Mail")])

    assert found.fields == {"code": 0, "email": 2}
    assert found.questions == {"q1": 1}


def test_a_file_without_anybody_or_without_answers_is_refused_with_its_columns() -> None:
    with pytest.raises(BadInput, match="the code or the e-mail"):
        columns_of(["q1", "q2"], "r.csv", FOUR)
    with pytest.raises(BadInput, match="one of the survey's questions"):
        columns_of(["code", "colour"], "r.csv", FOUR)
    with pytest.raises(UsageError, match="has no column"):
        columns_of(["code", "q1"], "r.csv", FOUR, [("q2", "Nowhere")])
    with pytest.raises(UsageError, match="nothing that a reply has"):
        columns_of(["code", "q1"], "r.csv", FOUR, [("phone", "q1")])


def test_dates_that_could_be_two_stop_the_file_unless_the_order_is_said() -> None:
    with pytest.raises(BadInput, match="day first or month first"):
        date_order(["03/04/2026"], "r.csv", "")
    assert date_order(["03/04/2026"], "r.csv", "mdy") == "mdy"
    assert date_order(["03/04/2026", "23/04/2026"], "r.csv", "") == "dmy"


# -- rows ------------------------------------------------------------------------------------


def row(*cells: str) -> Given | Bad:
    """A row under: code, e-mail, date, call back, opt-out, q1, q2."""
    columns = columns_of(["code", "email", "date", "call back", "opt out", "q1", "q2"], "r.csv", FOUR)
    return Reader(columns, "dmy", TODAY).read(2, cells)


def test_a_row_says_who_when_and_what() -> None:
    read = row("k7p2m-xw9qd", "", "20.11.2026 10:11", "Ja", "", " Too dear. ", "")

    assert read == Given(2, "K7P2MXW9QD", (), "2026-11-20", {"q1": "Too dear."}, True, False)


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (("", "not an address", "", "", "", "Too dear"), "email"),
        (("ABC", "", "31.02.2026", "", "", "Too dear"), "date"),
        (("ABC", "", "24.11.2026", "", "", "Too dear"), "date"),
        (("ABC", "", "", "perhaps", "", "Too dear"), "call_back"),
        (("ABC", "", "", "", "", "x" * 20_001), "q1"),
        (("ABC", "", "", "no", "", "n/a"), ""),
    ],
    ids=["nobody", "no such day", "to come", "neither yes nor no", "too long", "nothing"],
)
def test_a_row_that_cannot_come_in_says_where_and_why(cells: tuple[str, ...], field: str) -> None:
    read = row(*cells)

    assert isinstance(read, Bad)
    assert (read.line, read.field) == (2, field)
    assert read.reason


@pytest.mark.parametrize("cell", ["x", "Ja", "oui", "YES!", "\u2611", "0170 123456", "yes, after five"])
def test_a_ticked_box_is_a_yes(cell: str) -> None:
    assert says_yes(cell) is True


@pytest.mark.parametrize("cell", ["", "no", "Nein, danke", "0", "\u2610", "-"])
def test_an_empty_box_is_a_no(cell: str) -> None:
    assert says_yes(cell) is False


@pytest.mark.parametrize(
    "words",
    [
        "Please do not contact me again.",
        "Bad service. Don\u2019t write to us!",
        "unsubscribe",
        "It was fine, but leave me alone",
        "Bitte nicht mehr kontaktieren",
        "never contact us",
        "No contact.",
        "unsubscribe me please",
        "I want to unsubscribe.",
        "stop writing",
        "Please stop writing to us!",
        "Stop sending me mails",
        "take me off",
        "I asked you to take me off your mailing list.",
        "I do not want to be contacted",
        "We don\u2019t want to be contacted again.",
        "Too dear. Do not write again.",
        "Remove me",
        "Delete my data",
        "I wish to be removed from your list",
        "Bitte abmelden",
        "Ich will keine Post mehr",
    ],
)
def test_who_asks_in_words_to_be_left_alone_is_understood(words: str) -> None:
    assert asks_to_be_left("", [words])


@pytest.mark.parametrize(
    "words",
    [
        "You do not contact us often enough.",
        "Your people never contact me any more, so I left.",
        "Nobody would write to us.",
        "I had no contact person.",
        "They left us alone with the problem.",
        "You never stop writing invoices.",
        "You stopped writing to us.",
        "Your newsletter had no unsubscribe link.",
        "I could not unsubscribe from the premium plan.",
        "Take me off the premium plan and I would stay.",
        "I was removed from your list without a word.",
        "I wanted to be contacted but nobody did.",
        "I do not want to be contacted only when you sell.",
    ],
)
def test_who_complains_of_too_little_contact_is_not_taken_for_one_who_wants_none(words: str) -> None:
    assert not asks_to_be_left("", [words])


def test_an_opt_out_outweighs_whatever_else_is_wrong_with_its_row() -> None:
    read = row("ABC", "", "31.02.2026", "perhaps", "x", "")

    assert isinstance(read, Given)
    assert read.alone
    assert not read.call_back


def test_a_long_answer_of_empty_lines_is_read_at_once() -> None:
    assert not asks_to_be_left(
        "", ["\n" * 20_000]
    )  # took a minute, by a pattern that looked again and again


def test_a_cell_that_holds_its_question_is_no_answer() -> None:
    columns = columns_of(["code", "q1", "q2"], "r.csv", FOUR)
    reader = Reader(columns, "dmy", TODAY, FOUR)

    untouched = reader.read(2, ["ABC", FOUR[0].words, FOUR[1].words.upper()])
    one = reader.read(3, ["ABC", FOUR[0].words, "At Rival."])

    assert isinstance(untouched, Bad)
    assert untouched.reason == "nothing was answered"
    assert isinstance(one, Given)
    assert one.answers == {"q2": "At Rival."}


# -- counted ---------------------------------------------------------------------------------


def test_a_tally_counts_what_is_confirmed_apart_from_what_is_only_suggested() -> None:
    replies = [
        reply(1, state="confirmed", reason="price", suggested="support"),
        reply(2, suggested="price"),
        reply(3, suggested="support"),
        reply(4),
        reply(5, state="set_aside", suggested="price"),
    ]

    told = tally(FOUR, 20, replies)

    assert told.reasons == (("price", 1, 1), ("support", 0, 1))
    assert (told.unclear, told.aside, told.to_review) == (1, 1, 3)
    assert told.rate.words() == "5 of 20: 25 % (11 to 47)"


def test_a_conversation_is_owed_to_who_asked_or_is_of_great_value_until_it_was_held() -> None:
    replies = [
        reply(1, call_back=True),
        reply(2, valued=True),
        reply(3),
        reply(4, call_back=True, talked=True),
        reply(5, call_back=True, valued=True, alone=True),
    ]

    told = tally(FOUR, 5, replies)

    assert [one.customer for one in told.owed] == [1, 2]
    assert [one.customer for one in told.callers] == [1, 4]


def test_quotes_name_nobody_and_are_never_of_somebody_left_alone() -> None:
    replies = [
        reply(
            1,
            suggested="price",
            said="Aná here: too dear for BLUE foods, ask ana@example.com, 030 1234567.",
        ),
        reply(2, suggested="price", said="Secret words.", alone=True),
        reply(3, said="Without a reason."),
    ]

    told = tally(FOUR, 3, replies)

    assert told.quotes == (("price", "[name] here: too dear for [name], ask [e-mail], [number]."),)


def test_quotes_name_nobody_else_on_record_either() -> None:
    replies = [reply(1, suggested="price", said="Too dear, said EGON DORN, and Egon agreed.")]

    told = tally(FOUR, 1, replies, lambda words: ("Egon Dorn", "Agreed") if "EGON" in words else ())

    assert told.quotes == (("price", "Too dear, said [name], and Egon agreed."),)


# -- a fair group ----------------------------------------------------------------------------


def test_a_group_has_a_fair_share_of_each_kind_and_one_at_least() -> None:
    people = {n: "many" for n in range(1, 81)} | {n: "some" for n in range(81, 100)} | {100: "one"}

    drawn = group(people, 8, 4, 7)

    assert Counter(people[n] for n in drawn.chosen) == {"many": 6, "some": 1, "one": 1}
    assert len(drawn.spares) == 4
    assert not set(drawn.chosen) & set(drawn.spares)


def test_the_same_people_and_seed_draw_the_same_group_whatever_their_order() -> None:
    people = {n: str(n % 3) for n in range(1, 60)}

    drawn = group(people, 9, 3, 5)

    assert drawn == group(dict(reversed(people.items())), 9, 3, 5)
    assert drawn != group(people, 9, 3, 6)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(1, 500), st.sampled_from("abcdefg"), max_size=60),
    st.integers(1, 20),
    st.integers(0, 9),
    st.integers(),
)
def test_a_group_is_as_large_as_can_be_and_proportional(
    people: dict[int, str], n: int, spares: int, seed: int
) -> None:
    drawn = group(people, n, spares, seed)

    sizes, shares = Counter(people.values()), Counter(people[one] for one in drawn.chosen)
    assert len(set(drawn.chosen)) == min(n, len(people))
    assert len(set(drawn.spares)) == min(spares, len(people) - len(drawn.chosen))
    assert set(drawn.chosen).isdisjoint(drawn.spares)
    if len(sizes) <= n:
        assert all(shares[kind] >= 1 for kind in sizes)
    for kind, size in sizes.items():
        assert shares[kind] <= max(1, -(-n * size // len(people)))


# -- sent out --------------------------------------------------------------------------------

PEOPLE = [
    Addressee("K7P2MXW9QD", "=cmd|' /C calc'!A0", "", "ana@example.com"),
    Addressee("23456789BC", "<script>alert(1)</script>", 'Blue "Foods"', ""),
]


def test_no_cell_of_a_mail_merge_is_run_as_a_formula() -> None:
    rows = list(merge_rows(Form("Title", questions_of(["=1+1"])), PEOPLE))

    assert rows[0] == "code,name,company,email,question 1\n"
    assert rows[1] == "K7P2M-XW9QD,'=cmd|' /C calc'!A0,,ana@example.com,'=1+1\n"


def test_a_printed_form_has_a_sheet_for_each_and_runs_and_loads_nothing() -> None:
    page = "".join(printed(Form("We ask <you>", FOUR, "Firm & Co"), PEOPLE))

    assert page.count("<main>") == 2
    assert page.count("Please call me back") == page.count("Please do not contact me again") == 2
    assert "K7P2M-XW9QD" in page
    assert "<script" not in page
    assert "We ask &lt;you&gt;" in page
    style = re.findall("<style>(.*?)</style>", page, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src &#x27;none&#x27;; style-src &#x27;sha256-{digest}&#x27;" in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page)


def test_a_form_says_where_to_send_it_back_and_nothing_where_nobody_said_so() -> None:
    def page(*asks: str) -> str:
        return "".join(printed(Form("We ask", FOUR, *asks), PEOPLE))

    assert "Please send it back to Firm &amp; Co (ana@firm.example.com)." in page(
        "Firm & Co", "ana@firm.example.com"
    )
    assert "Please send it back to ana@firm.example.com." in page("", "ana@firm.example.com")
    assert "send it back" not in page()
