"""What a message is made of: the kind that is due, the facts that fill it, what its check is told."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.trade.making import answered, case_of, entry, knowing, touched
from winback_cli.case import Case
from winback_cli.draftcheck import Found
from winback_cli.drafting import (
    LONGEST_SUBJECT,
    About,
    Mended,
    Writer,
    facts_of,
    findings,
    first_name_of,
    kind_due,
    offers_standing,
    parted,
    sent_question,
    told_of,
    unwaived,
)
from winback_cli.errors import BadInput, Refused
from winback_cli.library import load
from winback_cli.templates import KNOWN

TODAY = date(2026, 3, 10)
MARA = Writer("Mara Voss", "Oakline", ("Mara Voss", "Jonas Ritt"))


def about(case: Case, **more: Any) -> About:
    return About("Ana Sol", "Blue Foods", case, MARA, TODAY, **more)


def promised(number: int, **fields: Any) -> Any:
    return entry("revisited.changes", number, **fields)


def offered(number: int, **fields: Any) -> Any:
    name = "revisited.offers"
    return ("offered", {"question": name, "fact": name, "item": number, "value": fields})


def closed(outcome: str) -> Any:
    return ("closed", {"outcome": outcome})


PURSUED = answered("decided.verdict", "pursue")
SENT = ("sent", {"message": 1, "stage": "revisit", "subject": "s", "question": "revisit.sent_on"})


# -- the kind that is due ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        ((), "contact"),
        ((touched("left_message"),), "contact"),
        ((PURSUED,), "contact"),
        ((promised(1, what="Free delivery"),), "contact"),
        ((answered("heard.why_left", "Too late"), PURSUED), "revisit"),
        ((PURSUED, SENT, answered("revisited.called_on", "2026-03-05")), "check_in"),
        ((PURSUED, SENT, answered("revisited.response", "open")), "check_in"),
        ((PURSUED, answered("revisited.response", "no")), "last_word"),
        ((touched("refused"),), "last_word"),
        ((answered("heard.refused", True),), "last_word"),
        ((closed("lost"),), "last_word"),
        ((closed("dormant"),), "last_word"),
        ((closed("won"),), "check_in"),
    ],
)
def test_what_is_due_is_read_off_where_the_case_stands(happened: Any, kind: str) -> None:
    assert kind_due(case_of(*happened)) == kind


@pytest.mark.parametrize(
    ("happened", "hint"),
    [
        ((touched("reached"),), "winback walk"),
        ((answered("backstory.known_already", True),), "winback walk"),
        ((PURSUED, SENT), "check_in"),
    ],
)
def test_nothing_is_due_before_a_decision_and_between_the_message_and_the_call(
    happened: Any, hint: str
) -> None:
    with pytest.raises(Refused) as refused:
        kind_due(case_of(*happened))

    assert hint in refused.value.hint


# -- what fills a template ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ana Sol", "Ana"),
        ("Sol, Ana", ""),
        ("Sol, Ana Maria", "Ana"),
        ("Ana", ""),
        ("A. Sol", ""),
        ("J Sol", ""),
        ("Dr. Sol", ""),
        ("  Ana   Maria Sol ", "Ana"),
        ("Émile Vasseur-Koné", "Émile"),
        ("3 Ana Sol", ""),
        ("", ""),
    ],
)
def test_a_first_name_is_taken_only_from_what_looks_like_one(name: str, first: str) -> None:
    assert first_name_of(name) == first


def test_a_case_without_answers_fills_every_name_that_templates_know() -> None:
    facts = facts_of(about(case_of()))

    assert facts.keys() | {"done_changes", "open_changes"} >= KNOWN.keys()
    assert (facts["customer"], facts["first_name"], facts["sender"]) == ("Ana Sol", "Ana", "Mara Voss")
    assert (facts["changes"], facts["offer"]["terms"], facts["check_in"]) == ([], "", "")
    assert facts["today"] == "10 March 2026"


def test_a_broken_promise_is_no_change_and_a_kept_one_is_done() -> None:
    case = case_of(
        promised(1, what="One", owner="Jonas Ritt", due="2026-03-20"),
        promised(2, what="Two"),
        promised(3, what="Three", due="2026-03-04"),
        ("kept", {"item": 2}),
        ("broken", {"item": 3}),
    )

    assert [(one["what"], one["done"], one["due"]) for one in facts_of(about(case))["changes"]] == [
        ("One", False, "20 March 2026"),
        ("Two", True, ""),
    ]


@pytest.mark.parametrize(
    ("expires", "stands"), [("2026-03-09", False), ("2026-03-10", True), (None, True), ("2027-01-01", True)]
)
def test_an_offer_that_is_over_is_left_out(expires: str | None, stands: bool) -> None:
    case = case_of(offered(1, kind="trial", terms="A month for nothing", expires=expires))

    assert facts_of(about(case))["offer"]["terms"] == ("A month for nothing" if stands else "")
    assert bool(offers_standing(case, TODAY)) == stands
    assert told_of(about(case), "revisit").offered == (("A month for nothing",) if stands else ())


def test_the_latest_offer_that_stands_is_told() -> None:
    case = case_of(
        offered(1, kind="trial", terms="Old"),
        offered(2, kind="voucher", terms="New", expires="2026-04-01"),
        offered(3, kind="voucher", terms="Over", expires="2026-03-01"),
    )

    assert facts_of(about(case))["offer"] == {"kind": "voucher", "terms": "New", "expires": "1 April 2026"}


def test_the_next_check_in_that_is_still_ahead_is_told() -> None:
    def spoken(number: int, **fields: Any) -> Any:
        return entry("followed_up.check_ins", number, "checked_in", **fields)

    case = case_of(
        spoken(1, agreed_for="2026-03-01"),
        spoken(2, agreed_for="2026-03-12", kept=True),
        spoken(3, agreed_for="2026-04-20"),
        spoken(4, agreed_for="2026-03-10"),
    )

    assert facts_of(about(case))["check_in"] == "10 March 2026"


# -- what the check is told --------------------------------------------------------------------


def test_a_fix_counts_as_a_change_that_is_done_once_it_is() -> None:
    done, open_ = (
        told_of(about(case_of(), fix=Mended("The stock", on)), "fixed") for on in ("2026-03-01", None)
    )

    assert [change.state for change in (*done.changes, *open_.changes)] == ["kept", "open"]


def test_our_own_people_may_be_named_and_the_customers_too() -> None:
    case = case_of(
        promised(1, what="One", owner="Ida Berg", assured_by="Otto Lund"),
        touched("reached", person="Ines Halvorsen"),
    )

    told = told_of(about(case), "revisit")

    assert told.names == ("Ana Sol", "Blue Foods", "Ines Halvorsen")
    assert told.ours == ("Mara Voss", "Jonas Ritt", "Ida Berg", "Otto Lund", "Oakline")


@pytest.mark.parametrize(
    ("kind", "stage"), [("check_in", "follow_up"), ("last_word", "follow_up"), ("fixed", "fixed")]
)
def test_a_message_is_checked_by_the_rules_of_its_stage(kind: str, stage: str) -> None:
    assert told_of(about(case_of()), kind).stage == stage


@pytest.mark.parametrize(
    ("kind", "facts", "allowed"),
    [
        ("check_in", {"revisited__pointed_out": "The delivery"}, True),
        ("check_in", {}, False),
        ("revisit", {"revisited__pointed_out": "The delivery"}, False),
    ],
)
def test_asking_is_allowed_only_after_the_changes_were_shown(kind: str, facts: Any, allowed: bool) -> None:
    assert told_of(about(knowing(**facts)), kind).asking_allowed == allowed


def test_a_promise_that_is_broken_later_makes_the_same_words_a_finding() -> None:
    body = "Dear Ana,\n\nbecause of what you said, free delivery is done.\n\nThank you for telling us.\n\nMara\n"
    kept = case_of(PURSUED, promised(1, what="Free delivery"), ("kept", {"item": 1}))
    broken = case_of(
        PURSUED, promised(1, what="Free delivery"), ("kept", {"item": 1}), ("broken", {"item": 1})
    )

    found = [
        {one.check for one in findings("Hello", body, about(case), "revisit", {})}
        for case in (kept, broken)
    ]

    assert "not_done" not in found[0]
    assert "not_done" in found[1]


# -- parted ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "Subject: Hello\n\nDear Ana\n",
        "\n\n  subject :  Hello  \nDear Ana",
        "SUBJECT: Hello\r\n\r\nDear Ana\r\n",
        "Subject: Hel\x00lo\x1b\u2028\n\n\nDear Ana\n\n\n",
    ],
)
def test_the_subject_is_the_first_line_and_the_rest_the_body(written: str) -> None:
    assert parted(written) == ("Hello", "Dear Ana\n")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "  \n",
        "Dear Ana\n\nbye",
        "Subject: Hello",
        "Subject: Hello\n \n",
        "Subject:\n\nDear Ana",
        "\x00\x1b",
    ],
)
def test_a_text_without_a_subject_or_without_a_body_is_no_message(written: str) -> None:
    with pytest.raises(BadInput):
        parted(written)


def test_a_subject_has_a_bound() -> None:
    assert parted(f"Subject: {'x' * LONGEST_SUBJECT}\n\nDear Ana")[1] == "Dear Ana\n"
    with pytest.raises(BadInput):
        parted(f"Subject: {'x' * (LONGEST_SUBJECT + 1)}\n\nDear Ana")


# -- set aside ---------------------------------------------------------------------------------


def found(check: str, sentence: str, level: Any = "block") -> Found:
    return Found(check, level, sentence, "say", "remedy", ())


def test_only_what_blocks_and_was_not_set_aside_stops_a_message() -> None:
    all_found = [found("plea", "one"), found("gift", "two", "warn"), found("vague", "three")]

    stops = unwaived(all_found, [{"check": "vague", "sentence": "three", "because": "a quote"}])

    assert stops == [all_found[0]]


def test_what_was_set_aside_is_that_sentence_and_not_whatever_the_check_finds_later() -> None:
    waived = [{"check": "not_done", "sentence": "The roof is done.", "because": "it is"}]

    assert unwaived([found("not_done", "The roof is done.")], waived) == []
    assert unwaived([found("not_done", "The door is done.")], waived) == [
        found("not_done", "The door is done.")
    ]


# -- the question that asks when it went out ---------------------------------------------------


def test_the_message_answers_the_playbooks_question_only_while_its_case_is_open() -> None:
    playbook = load("standard", Path("/nowhere")).playbook

    assert sent_question(playbook, case_of(PURSUED), "revisit") == "revisit.sent_on"
    assert sent_question(playbook, case_of(PURSUED), "contact") == ""
    assert sent_question(playbook, case_of(closed("dormant")), "revisit") == ""


# -- what stops a message whatever it says ---------------------------------------------------------

HEARD = answered("heard.why_left", "Too late")
ENGLISH = "Dear Ana,\n\nthank you for the talk that we had. It is on my desk.\n\nMara Voss\n"


def checks(case: Case, kind: str, body: str = ENGLISH, **more: Any) -> set[str]:
    return {one.check for one in findings("A word", body, about(case, **more), kind, {})}


@pytest.mark.parametrize(
    ("happened", "kind", "check"),
    [
        ((), "revisit", "undecided"),
        ((HEARD,), "revisit", "undecided"),
        ((HEARD, PURSUED, SENT), "revisit", "again"),
        ((("sent", {"message": 1, "stage": "contact", "subject": "s"}),), "contact", "again"),
        ((touched("refused"),), "contact", "refused"),
        ((touched("refused"),), "revisit", "refused"),
        ((closed("lost"),), "fixed", "over"),
        ((closed("released"),), "check_in", "over"),
    ],
)
def test_a_message_that_is_not_due_is_stopped_whatever_it_says(
    happened: Any, kind: str, check: str
) -> None:
    assert check in checks(case_of(*happened), kind)


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        ((), "contact"),
        ((HEARD, PURSUED), "revisit"),
        ((touched("refused"),), "last_word"),
        ((closed("lost"),), "last_word"),
        ((closed("dormant"),), "fixed"),
        ((HEARD, PURSUED, SENT, ("reopened", {"steps": [], "forget": []})), "revisit"),
    ],
)
def test_a_message_that_is_due_is_not_stopped_for_its_kind(happened: Any, kind: str) -> None:
    assert not checks(case_of(*happened), kind) & {"undecided", "again", "refused", "over"}


def test_the_fix_that_a_case_waits_for_is_not_called_done_while_it_is_open() -> None:
    body = "Dear Ana,\n\nthe stock is checked before each delivery now. It is done.\n\nMara Voss\n"
    case = case_of(HEARD, PURSUED)

    assert "not_done" in checks(
        case, "revisit", body, waits=Mended("The stock is checked before each delivery", None)
    )
    done = Mended("The stock is checked before each delivery", "2026-03-01")
    assert "not_done" not in checks(case, "revisit", body, waits=done)


def test_another_customer_is_not_named() -> None:
    body = ENGLISH.replace("It is on", "Marcus Tillery came back too. It is on")

    assert "wrong_name" in checks(case_of(), "contact", body, others=("Marcus Tillery",))
    assert "wrong_name" not in checks(case_of(), "contact", ENGLISH, others=("Marcus Tillery",))


def test_a_text_that_is_not_english_is_said_to_be_unchecked() -> None:
    german = (
        "Liebe Ana,\n\nes tut uns sehr leid, dass die Lieferung wieder zu spät kam. Wir vermissen Sie.\n"
    )

    assert "language" in checks(case_of(), "contact", german)
    assert "language" not in checks(case_of(), "contact", ENGLISH)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Dr Anna Schmidt", "Anna"),
        ("Prof. Dr. Anna Schmidt", "Anna"),
        ("Mr Smith", ""),
        ("Frau Petra Maier", "Petra"),
        ("Blue Foods Ltd", ""),
        ("Ana Sol", "Ana"),
    ],
)
def test_a_title_is_no_first_name_and_a_firm_has_none(name: str, first: str) -> None:
    assert first_name_of(name) == first
