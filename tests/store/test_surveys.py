"""Surveys and focus groups in the store: who is asked, what is kept of the answers, what comes of them."""

import contextlib
import csv
import json
import re
import sqlite3
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_terminal import Terminal
from tests.conftest import Ran, Runner
from winback_cli import library, screening, survey
from winback_cli.answers import Customs
from winback_cli.case import Answer, Case
from winback_cli.dates import clock_at
from winback_cli.store.answering import Decided
from winback_cli.store.writes import Store

DAY = "2026-11-23"
Rows = Callable[..., list[Any]]


@pytest.fixture
def firm(winback: Runner, tmp_path: Path) -> Runner:
    """The runner over eight lapsed customers on one day; 8 is left alone."""
    names = ["Ana Sol", "Ben Ode", "Cleo Vann", "Dara Quill", "Eve Roe", "Fay Lund", "Gus Hale", "Hal Moor"]
    lines = [
        f"{name},{name.split()[0].lower()}@example.com,2025-0{n}-15,{1000 * n},EUR,{'price' if n % 2 else ''}"
        for n, name in enumerate(names, 1)
    ]
    path = tmp_path / "firm.csv"
    path.write_text("name,email,last_purchase,revenue,currency,reason\n" + "\n".join(lines) + "\n", "utf-8")

    def run(*words: object, day: str = DAY) -> Ran:
        return winback("--as-of", day, *words)

    assert run("import", path).code == 0
    assert run("suppress", 8, "--reason", "asked for it").code == 0
    return run


@pytest.fixture
def asked(firm: Runner) -> Callable[..., dict[int, str]]:
    """Begin a survey of everybody who lapsed; gives each one's code."""

    def begin(name: str = "autumn", *words: object, day: str = DAY) -> dict[int, str]:
        ran = firm("survey", "new", name, "--lapsed", "--json", *words, day=day)
        assert ran.code == 0, ran.err
        return {one["customer"]: one["code"] for one in json.loads(ran.out)["people"]}

    return begin


@pytest.fixture
def answers(tmp_path: Path) -> Callable[..., Path]:
    """A file of answers: a header, and rows."""

    def write(header: str, *lines: str, name: str = "answers.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
        return path

    return write


# -- who is asked ----------------------------------------------------------------------------


def test_everybody_wanted_gets_a_code_of_their_own_and_nobody_who_is_left_alone(
    firm: Runner, asked: Callable[..., dict[int, str]], rows: Rows
) -> None:
    codes = asked()

    assert sorted(codes) == [1, 2, 3, 4, 5, 6, 7]
    assert len(set(codes.values())) == 7
    assert all(re.fullmatch("[2-9B-DF-HJ-NP-TV-Z]{5}-[2-9B-DF-HJ-NP-TV-Z]{5}", c) for c in codes.values())
    assert rows("SELECT count(*) FROM invitation WHERE customer_id = 8") == [(0,)]
    assert "8" not in [line.split("\t")[0] for line in firm("survey", "show").out.splitlines()]


def test_nobody_is_asked_twice_within_the_cooldown_and_it_is_said(
    firm: Runner, asked: Callable[..., dict[int, str]]
) -> None:
    asked()

    again = firm("survey", "new", "again", "--owner", "", "--lapsed", day="2027-05-01")

    assert again.code == 5
    assert "Nobody is left to be asked" in again.err
    assert firm("add", "Ida Loss", "--last-purchase", "2025-01-01").code == 0
    assert "Left out: 7 asked not long ago" in firm("survey", "new", "rest", "--lapsed").err
    assert firm("survey", "drop", "rest").code == 0
    assert sorted(asked("later", day="2027-05-24")) == [1, 2, 3, 4, 5, 6, 7, 9]


def test_whoever_is_in_a_conversation_is_not_sent_a_form_unless_a_status_is_named(firm: Runner) -> None:
    assert firm("touch", 3, "--disposition", "left message", "--channel", "phone").code == 0

    ran = firm("survey", "new", "quiet", "--lapsed", "--limit", 3)
    running = firm("survey", "new", "running", "--status", "open", "--json")

    assert ran.out == "3 customers to be asked in quiet.\n"
    assert "Left out: 1 with a running case" in ran.err
    assert [one["customer"] for one in json.loads(running.out)["people"]] == [3]


def test_a_survey_needs_to_be_told_whom_it_is_for_and_a_name_that_is_free(
    firm: Runner, asked: Callable[..., dict[int, str]]
) -> None:
    asked()

    assert firm("survey", "new", "other").code == 2
    assert firm("survey", "new", "other", "--status", "suppressed").code == 5
    assert firm("survey", "new", "autumn", "--lapsed", "--cooldown", 0).code == 5
    assert firm("survey", "new", "../x", "--lapsed").code == 2


def test_what_goes_out_is_a_new_file_of_the_owners_and_holds_nobody_left_alone_since(
    firm: Runner, asked: Callable[..., dict[int, str]], tmp_path: Path
) -> None:
    codes = asked()
    assert firm("suppress", 2, "--reason", "called us").code == 0
    merge, form = tmp_path / "merge.csv", tmp_path / "form.html"

    done = firm("survey", "form", "autumn", "--csv", merge, "--form", form)
    again = firm("survey", "form", "autumn", "--csv", merge)

    written = list(csv.DictReader(merge.open(encoding="utf-8")))
    assert done.code == 0
    assert [one["code"] for one in written] == [codes[n] for n in (1, 3, 4, 5, 6, 7)]
    assert written[0]["email"] == "ana@example.com"
    assert codes[1] in form.read_text("utf-8")
    assert codes[2] not in form.read_text("utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (merge, form)} == {0o600}
    assert again.code == 2


def test_a_survey_that_nobody_answered_can_be_taken_back_and_another_not(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], rows: Rows
) -> None:
    asked("slip")
    assert firm("survey", "drop", "slip").code == 0
    codes = asked()
    assert firm("survey", "import", answers("code,q1", f"{codes[1]},Too dear")).code == 0

    refused = firm("survey", "drop", "autumn")

    assert refused.code == 5
    assert rows("SELECT name FROM survey") == [("autumn",)]


# -- answers ---------------------------------------------------------------------------------


def test_answers_come_in_by_code_and_by_email_with_a_reason_suggested(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], rows: Rows
) -> None:
    codes = asked()
    path = answers(
        "Timestamp;Code;E-mail;Why do you no longer use our products or services?;q2;Call back",
        f"20.11.2026;{codes[1].lower()};;Your prices went up twice.;Others;x",
        "21.11.2026;;BEN@example.com;Hm.;;no",
    )

    ran = firm("survey", "import", path, "--json")

    done = json.loads(ran.out)
    kept = rows('SELECT customer_id, "on", answers, call_back, suggested, state FROM reply ORDER BY id')
    assert ran.code == 0
    assert (done["new"], done["rejected"]) == (2, 0)
    assert kept[0][:2] == (1, "2026-11-20")
    assert json.loads(kept[0][2]) == {"q1": "Your prices went up twice.", "q2": "Others"}
    assert kept[0][3:] == (1, "price", "new")
    assert kept[1][0] == 2
    assert kept[1][3:] == (0, "", "new")


def test_the_same_file_again_changes_nothing(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], rows: Rows
) -> None:
    codes = asked()
    path = answers("code,q1", f"{codes[1]},Too dear", f"{codes[2]},Moved away")
    firm("survey", "import", path)
    before = rows("SELECT * FROM reply")

    again = json.loads(firm("survey", "import", path, "--json", day="2026-12-01").out)

    assert (again["new"], again["same"], again["rejected"]) == (0, 2, 0)
    assert rows("SELECT * FROM reply") == before


def test_rows_that_cannot_come_in_are_told_and_written_to_be_mended(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], tmp_path: Path
) -> None:
    codes = asked()
    path = answers(
        "code,email,q1,call back",
        f"{codes[1]},,First,",
        f"{codes[1]},,Second,",
        "BBBBBBBBBB,,Guessed,",
        ",stranger@example.com,Hello,",
        f"{codes[3]},,Well,perhaps",
    )
    rejects = tmp_path / "rejects.csv"

    ran = firm("survey", "import", path, "--rejects", rejects)

    assert ran.code == 4
    assert "1 new, 4 rejected" in ran.out
    assert "line 3: code" in ran.out
    assert "the first stands" in ran.out
    written = list(csv.reader(rejects.open(encoding="utf-8")))
    assert written[0] == ["code", "email", "q1", "call back", "rejected because"]
    assert written[3] == ["", "stranger@example.com", "Hello", "", "email: nobody who was asked"]

    mended = answers("code,q1,call back", f"{codes[3]},Well,yes", name="mended.csv")
    assert firm("survey", "import", mended).code == 0


def test_a_dry_run_and_too_many_rejects_store_nothing(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], rows: Rows
) -> None:
    codes = asked()
    path = answers("code,q1", f"{codes[1]},Too dear", "BBBBBBBBBB,Guessed")

    dry = firm("survey", "import", path, "--dry-run")
    too_many = firm("survey", "import", path, "--max-rejects", "10%")

    assert "Would bring answers into autumn, of 2 rows: 1 new, 1 rejected." in dry.out
    assert too_many.code == 65
    assert rows("SELECT * FROM reply") == []


def test_of_somebody_left_alone_nothing_is_kept_and_it_is_counted(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], rows: Rows
) -> None:
    codes = asked()
    assert firm("suppress", 2, "--reason", "called us").code == 0
    path = answers(
        "code,email,q1",
        f"{codes[2]},,Secret words",
        ",hal@example.com,Other words",
        f"{codes[1]},,Dear",
    )

    done = json.loads(firm("survey", "import", path, "--json").out)

    assert (done["new"], done["left_alone"], done["rejected"]) == (1, 2, 0)
    assert rows("SELECT customer_id FROM reply") == [(1,)]


@pytest.mark.parametrize(
    "line", ["{code},x,,", "{code},,Please do not contact me again.,", ",,unsubscribe,ben@example.com"]
)
def test_whoever_asks_to_be_left_alone_is_at_once_and_nothing_else_is_kept(
    firm: Runner,
    asked: Callable[..., dict[int, str]],
    answers: Callable[..., Path],
    rows: Rows,
    line: str,
) -> None:
    codes = asked()
    path = answers("code,opt out,q1,email", line.format(code=codes[2]), f"{codes[1]},no,Too dear,")

    ran = firm("survey", "import", path)

    assert ran.code == 0
    assert "1 left alone from now on" in ran.out
    assert rows("SELECT id FROM customer WHERE suppression_id IS NOT NULL ORDER BY id") == [(2,), (8,)]
    assert rows("SELECT customer_id FROM reply") == [(1,)]
    assert firm("touch", 2, "--disposition", "reached", "--channel", "phone").code == 5


def test_whoever_opts_out_by_an_address_without_a_record_is_kept_out_of_every_list(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], tmp_path: Path
) -> None:
    asked()
    path = answers("email,opt out,q1", "Strange.R@example.com,yes,", ",yes,nobody")

    ran = firm("survey", "import", path)
    again = json.loads(firm("survey", "import", path, "--json").out)

    assert "1 left alone from now on, 1 rejected" in ran.out
    assert (again["suppressed"], again["left_alone"]) == (0, 1)
    later = tmp_path / "later.csv"
    later.write_text("name,email\nStrange,strange.r@example.com\n", "utf-8")
    assert json.loads(firm("import", later, "--json").out)["new"] == 0
    assert firm("store", "doctor").code == 0


def test_an_answer_that_opts_out_suppresses_whoever_answered_before(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path]
) -> None:
    codes = asked()
    firm("survey", "import", answers("code,q1,call back", f"{codes[2]},Private words here,x"))
    firm("survey", "import", answers("code,opt out,q1", f"{codes[2]},yes,", name="later.csv"))

    told = json.loads(firm("survey", "tally", "--json").out)

    assert (told["answered"], told["call_backs"], told["owed"], told["quotes"]) == (1, [], [], [])
    assert firm("survey", "tally", "--cases").code == 0
    assert firm("list", "--status", "open", "--json").out.strip() == "[]"


def test_an_answer_of_somebody_who_shares_the_mailbox_of_one_who_opts_out_is_not_kept(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], rows: Rows
) -> None:
    assert firm("edit", 3, "--email", "ben@example.com").code == 0
    codes = asked()
    path = answers("code,q1,opt out", f"{codes[3]},Our words,", f"{codes[2]},,yes")

    done = json.loads(firm("survey", "import", path, "--json").out)

    assert (done["new"], done["suppressed"], done["left_alone"]) == (0, 2, 1)
    assert rows("SELECT * FROM reply") == []


def test_the_codes_say_which_of_several_surveys_a_file_is_of(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path]
) -> None:
    first, second = asked("first"), asked("second", "--cooldown", 0)

    by_code = firm("survey", "import", answers("code,q1", f"{first[1]},Too dear"))
    by_mail = answers("email,q1", "ben@example.com,Too dear", name="mail.csv")
    unsaid, said = (firm("survey", "import", by_mail, *w) for w in ((), ("--survey", "second")))
    wrong = firm("survey", "import", answers("code,q1", f"{second[3]},Dear"), "--survey", "first")

    assert by_code.out.startswith("Brought answers into first")
    assert unsaid.code == 2
    assert said.code == 0
    assert wrong.code == 4
    assert "a code of another survey" in wrong.out


# -- reasons, and what comes of them ---------------------------------------------------------


@pytest.fixture
def answered(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path]
) -> dict[int, str]:
    """Three answered: 1 price and a call, 2 unclear, 7 (of the greatest value) a late delivery."""
    codes = asked()
    path = answers(
        "code,date,q1,q2,q3,q4,call back",
        f"{codes[1]},2026-11-20,Your prices went up twice.,Rival Ltd,A fair price,No surprises,yes",
        f"{codes[2]},2026-11-21,Well.,,,,",
        f"{codes[7]},2026-11-22,The delivery was late three times.,,,,",
    )
    assert firm("survey", "import", path).code == 0
    return codes


def test_without_a_terminal_reasons_are_confirmed_above_a_confidence(
    firm: Runner, answered: dict[int, str]
) -> None:
    refused = firm("survey", "review")
    done = firm("survey", "review", "--accept-above", 0.6)

    told = json.loads(firm("survey", "tally", "--json").out)
    assert refused.code == 2
    assert "--accept-above 0.8" in refused.err
    assert done.out == "2 confirmed in autumn.\n"
    assert [(one["reason"], one["confirmed"]) for one in told["reasons"]] == [
        ("delivery_or_service", 1),
        ("price", 1),
    ]
    assert (told["without_reason"], told["to_review"]) == (1, 1)


def test_each_reason_confirmed_at_the_terminal_is_stored_before_the_next_is_shown(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    review = Terminal("survey", "review", "autumn")

    review.until("1 of 3")
    review.until("s: set aside")
    review.type("")
    review.until("2 of 3")
    first = rows("SELECT customer_id, reason FROM reply WHERE state = 'confirmed'")
    review.type("competitor")
    review.until("3 of 3")
    review.type("q")
    code = review.end()

    assert first == [(7, "delivery_or_service")]
    assert code == 0
    assert "2 decided, 1 to go" in review.text
    assert rows("SELECT customer_id, reason, state FROM reply ORDER BY customer_id") == [
        (1, "competitor_offer", "confirmed"),
        (2, "", "new"),
        (7, "delivery_or_service", "confirmed"),
    ]


def test_what_somebody_else_decided_meanwhile_stands(
    firm: Runner, answered: dict[int, str], store_path: Path, rows: Rows
) -> None:
    assert firm("survey", "review", "--accept-above", 0.6).code == 0
    store = Store.open(store_path, "Mara", clock_at(DAY), "survey review")

    late = store.decide_reply(1, "support")
    own = store.decide_reply(2, "")
    store.close()

    assert (late, own) == (False, True)
    assert rows("SELECT reason, state FROM reply ORDER BY id")[:2] == [
        ("price", "confirmed"),
        ("", "set_aside"),
    ]


def test_a_tally_says_who_wants_a_call_and_who_is_owed_a_conversation(
    firm: Runner, answered: dict[int, str]
) -> None:
    told = json.loads(firm("survey", "tally", "--json").out)

    assert (told["invited"], told["answered"]) == (7, 3)
    assert [one["customer"] for one in told["call_backs"]] == [1]
    assert [(one["customer"], one["valued"]) for one in told["owed"]] == [(1, False), (7, True)]
    assert {one["words"] for one in told["quotes"]} == {
        "Your prices went up twice.",
        "The delivery was late three times.",
    }

    touch = ("--disposition", "reached", "--person", "Ana", "--role", "owner", "--decides")
    assert firm("touch", 1, "--channel", "phone", *touch).code == 0
    assert [one["customer"] for one in json.loads(firm("survey", "tally", "--json").out)["owed"]] == [7]


def test_opening_cases_shows_who_else_is_owed_a_conversation_and_did_not_ask(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    ran = firm("survey", "tally", "AUTUMN", "--cases")

    shown = " ".join(ran.out.split())
    assert "1 is among your best customers: 7 Gus Hale" in shown
    assert "2 conversations are owed: a call, not a form." in shown
    assert "winback walk WHO" in " ".join(ran.err.split())
    assert rows("SELECT customer_id FROM casefile") == [(1,)]


def test_no_case_is_opened_for_somebody_who_was_spoken_to_since(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    assert firm("touch", 1, "--channel", "phone", "--disposition", "reached").code == 0
    assert firm("close", 1, "--outcome", "released", "--override", "they only wanted to say it").code == 0

    ran = firm("survey", "tally", "--cases")

    assert ran.code == 0
    assert rows("SELECT count(*), max(status) FROM casefile") == [(1, "closed")]
    assert "spoken to" in ran.out
    assert "without a case" not in ran.err


def test_a_case_is_opened_for_who_wants_a_call_with_their_answers_as_known(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    assert firm("survey", "tally", "autumn", "--cases").code == 0
    again = firm("survey", "tally", "autumn", "--cases")

    file = json.loads(firm("show", 1, "--json").out)
    assert again.code == 0
    assert rows("SELECT r.customer_id, c.number FROM reply r JOIN casefile c ON c.id = r.case_id") == [
        (1, 1)
    ]
    assert rows("SELECT count(*) FROM casefile") == [(1,)]
    assert file["facts"]["backstory"]["known_already"] is True
    assert file["facts"]["listen"] == {
        "why_left": "Your prices went up twice.",
        "buys_now": "Rival Ltd",
        "second_chance": "A fair price",
        "long_term": "No surprises",
    }
    given = [event for event in file["events"] if event["kind"] == "answered"]
    assert {event["body"]["how"] for event in given} == {"known"}
    assert {event["happened"] for event in given} == {"2026-11-20"}
    (note,) = [event["body"]["text"] for event in file["events"] if event["kind"] == "noted"]
    assert note.startswith('From the survey "autumn", 2026-11-20. They ask to be called back.')
    assert firm("store", "doctor").code == 0


def test_what_a_running_case_holds_stays_and_the_note_has_the_other_words(
    firm: Runner,
    answered: dict[int, str],
    asked: Callable[..., dict[int, str]],
    answers: Callable[..., Path],
) -> None:
    assert firm("survey", "tally", "autumn", "--cases").code == 0
    codes = asked("later", "--status", "open", "--cooldown", 0)
    path = answers("code,q1,call back", f"{codes[1]},It was the invoices.,x", name="later.csv")
    assert firm("survey", "import", path).code == 0

    assert firm("survey", "tally", "later", "--cases").code == 0

    file = json.loads(firm("show", 1, "--json").out)
    notes = [event["body"]["text"] for event in file["events"] if event["kind"] == "noted"]
    assert file["facts"]["listen"]["why_left"] == "Your prices went up twice."
    assert "It was the invoices." not in notes[0]
    assert "It was the invoices." in notes[1]


@pytest.mark.parametrize(
    "playbook", ["second-chance", "six-steps", "service-recovery", "lapsed-list", "trust"]
)
def test_the_answers_fit_every_playbook(firm: Runner, answered: dict[int, str], playbook: str) -> None:
    ran = firm("survey", "tally", "--cases", "--playbook", playbook)

    heard = json.loads(firm("show", 1, "--json").out)["facts"]["listen"]
    assert ran.code == 0, ran.err
    assert heard["why_left"] == "Your prices went up twice."
    assert heard["long_term"] == "No surprises"


def test_a_walk_says_that_a_conversation_is_owed(firm: Runner, answered: dict[int, str]) -> None:
    walk = Terminal("--as-of", DAY, "walk", "7", "--playbook", "standard")

    screen = walk.until("How did they leave?")
    walk.type(":quit")

    assert walk.end() == 0
    assert "a conversation is" in " ".join(screen.split())
    assert "one of your best customers" in " ".join(screen.split())
    assert "The delivery was late three times." in " ".join(screen.split())


# -- answers taken back ----------------------------------------------------------------------


def test_the_list_for_the_mail_merge_as_it_went_out_is_refused_and_nothing_comes_in(
    firm: Runner, asked: Callable[..., dict[int, str]], tmp_path: Path, rows: Rows
) -> None:
    asked()
    assert firm("survey", "form", "autumn", "--csv", tmp_path / "merge.csv").code == 0

    ran = firm("survey", "import", tmp_path / "merge.csv")

    assert ran.code == 65
    assert "holds questions and no answers" in ran.err
    assert rows("SELECT count(*) FROM reply") == [(0,)]


def test_of_a_merge_list_that_was_filled_in_only_what_is_no_question_comes_in(
    firm: Runner, asked: Callable[..., dict[int, str]], tmp_path: Path, rows: Rows
) -> None:
    asked()
    place = tmp_path / "merge.csv"
    assert firm("survey", "form", "autumn", "--csv", place).code == 0
    place.write_text(place.read_text("utf-8").replace(survey.FOUR[0].words, "Too dear.", 1), "utf-8")

    done = json.loads(firm("survey", "import", place, "--json").out)

    assert (done["new"], done["rejected"]) == (1, 6)
    assert [json.loads(kept) for (kept,) in rows("SELECT answers FROM reply")] == [{"q1": "Too dear."}]


def test_the_latest_file_of_answers_is_taken_back_but_for_cases_and_for_who_is_left_alone(
    firm: Runner,
    answered: dict[int, str],
    answers: Callable[..., Path],
    rows: Rows,
) -> None:
    later = answers(
        "code,q1,opt out",
        f"{answered[3]},Dear,",
        f"{answered[4]},,yes",
        f"{answered[5]},Dear,",
        name="l.csv",
    )
    assert firm("survey", "import", later).code == 0
    assert firm("survey", "tally", "--cases").code == 0

    last = firm("survey", "undo", "autumn")
    first = json.loads(firm("survey", "undo", "--json").out)
    none = firm("survey", "undo")

    assert last.out == "Taken back from autumn: 2 answers brought in on 2026-11-23.\n"
    assert (first["gone"], first["kept"]) == (2, 1)
    assert none.code == 5
    assert rows("SELECT customer_id FROM reply") == [(1,)]
    assert rows("SELECT count(*) FROM customer_row WHERE id = 4 AND suppression_id IS NOT NULL") == [(1,)]
    assert firm("store", "doctor").code == 0
    again = json.loads(firm("survey", "import", later, "--json").out)
    assert (again["new"], again["left_alone"]) == (2, 1)


# -- a reason confirmed, on record -----------------------------------------------------------


def reason_of(rows: Rows, number: int) -> tuple[str, bool]:
    ((reason, edited),) = rows("SELECT reason, edited FROM customer_row WHERE id = ?", number)
    return reason, "reason" in edited.split()


def test_a_reason_confirmed_is_the_customers_on_record_and_goes_back_with_the_answer(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    before = reason_of(rows, 7)

    assert firm("survey", "review", "--accept-above", 0.6).code == 0

    assert (before, reason_of(rows, 7)) == (("price", False), ("delivery_or_service", True))
    listed = json.loads(firm("list", "--reason", "delivery_or_service", "--json").out)
    assert [one["number"] for one in listed] == [7]
    assert "confirmed" in json.dumps(json.loads(firm("subject", 7, "--json").out))
    assert firm("store", "doctor").code == 0
    assert firm("survey", "undo").code == 0
    assert reason_of(rows, 7) == before
    assert rows("SELECT * FROM change WHERE batch_id < 0") == []


def test_a_reason_confirmed_changes_none_that_was_set_by_hand_or_that_a_case_has_classified(
    firm: Runner, answered: dict[int, str], rows: Rows, store_path: Path
) -> None:
    assert firm("touch", 1, "--channel", "phone", "--disposition", "reached").code == 0
    with contextlib.closing(sqlite3.connect(store_path)) as raw, raw:
        raw.execute("UPDATE casefile SET reason = 'support'")
        raw.execute("UPDATE customer_row SET reason = 'support', edited = 'reason' WHERE id = 7")

    assert firm("survey", "review", "--accept-above", 0.6).code == 0

    assert reason_of(rows, 7) == ("support", True)
    assert reason_of(rows, 1) == ("price", False)


def test_no_later_list_changes_a_reason_that_was_confirmed(
    firm: Runner, answered: dict[int, str], rows: Rows, tmp_path: Path
) -> None:
    assert firm("survey", "review", "--accept-above", 0.6).code == 0
    later = tmp_path / "later.csv"
    later.write_text("name,email,reason\nGus Hale,gus@example.com,policy change\n", "utf-8")

    assert firm("import", later).code == 0

    assert reason_of(rows, 7) == ("delivery_or_service", True)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first first", "last first"])
def test_of_two_reviews_each_gives_back_what_stood_before_it_in_any_order(
    firm: Runner, answered: dict[int, str], asked: Callable[..., dict[int, str]],
    answers: Callable[..., Path], rows: Rows, store_path: Path, order: tuple[int, int],
) -> None:  # fmt: skip
    codes = asked("later", "--cooldown", 0)
    assert firm("survey", "import", answers("code,q1", f"{codes[7]},Well", name="l.csv")).code == 0
    first, last = (key for (key,) in rows("SELECT id FROM reply WHERE customer_id = 7 ORDER BY id"))
    store = Store.open(store_path, "Mara", clock_at(DAY), "survey review")
    stood = [Decided("confirmed", "support"), Decided("confirmed", "personality_conflict")]
    for key, decided in zip((first, last), stood, strict=True):
        assert store.decide_reply(key, decided.reason)
    both = reason_of(rows, 7)

    for place in order:
        assert store.decide_reply((first, last)[place], "", stood[place])
    store.close()

    assert both == ("personality_conflict", True)
    assert reason_of(rows, 7) == ("price", False)
    assert rows("SELECT * FROM change WHERE batch_id < 0") == []


def test_erasing_or_merging_leaves_no_note_of_a_reason_that_was_confirmed(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    assert firm("survey", "review", "--accept-above", 0.6).code == 0
    assert firm("merge", 3, 7, "--yes").code == 0
    assert firm("erase", 1, "--yes").code == 0

    assert rows("SELECT * FROM change WHERE batch_id < 0") == []
    assert firm("store", "doctor").code == 0


def test_a_case_made_of_a_confirmed_answer_offers_its_reason_and_classifies_nothing(
    firm: Runner, answered: dict[int, str], store_path: Path, rows: Rows
) -> None:
    store = Store.open(store_path, "Mara", clock_at(DAY), "survey review")
    assert store.decide_reply(1, "sales_practices")
    store.close()

    assert firm("survey", "tally", "--cases").code == 0

    facts = json.loads(firm("show", 1, "--json").out)["facts"]
    ((why, edited),) = rows("SELECT reason, edited FROM customer_row WHERE id = 1")
    book = library.load("standard", Path("/nowhere")).playbook
    step, question = next((s, q) for s in book.steps for q in s.questions if q.fact == "classified.reason")
    said = facts["listen"]["why_left"]
    known = Answer(1, "Mara", said, "known", "heard.why_left")
    case = Case("1.1", facts={"heard.why_left": said}, answers={"listen.why_left": known})
    offered = screening.default(
        step,
        question,
        case,
        Customs(date.fromisoformat(DAY)),
        {"classified.reason": why, screening.ON_RECORD: why},
    )
    assert "reason" not in facts.get("classify", {})
    assert (why, offered) == ("sales_practices", "sales_practices")
    assert edited == "reason"


# -- who was spoken to -----------------------------------------------------------------------


def test_a_case_closed_without_reaching_anybody_leaves_the_conversation_owed(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    assert firm("touch", 1, "--channel", "phone", "--disposition", "no_answer").code == 0
    assert firm("close", 1, "--outcome", "released", "--override", "nobody there").code == 0

    told = firm("survey", "tally")

    assert "spoken to" not in told.out
    assert 1 in [one["customer"] for one in json.loads(firm("survey", "tally", "--json").out)["owed"]]


def test_a_touch_that_was_taken_back_is_no_conversation(firm: Runner, answered: dict[int, str]) -> None:
    assert firm("touch", 1, "--channel", "phone", "--disposition", "reached").code == 0
    assert "spoken to" in firm("survey", "tally").out

    assert firm("undo", 1).code == 0

    assert "spoken to" not in firm("survey", "tally").out


# -- the review ------------------------------------------------------------------------------


def test_a_review_goes_back_to_a_decision_and_changes_it_and_explains_itself(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    review = Terminal("survey", "review", "autumn")
    review.until("1 of 3")
    review.type(":back")
    review.until("This is the first one.")
    review.type("?")
    review.until("s sets the answer aside")
    review.type("")
    screen = review.until("2 of 3")
    review.type(":back")
    review.until("Enter: delivery or service, as decided")
    review.type("support")
    review.type("nonsense")
    review.until("A letter, a word of the list, s, q or ?.")
    decided = rows("SELECT state, reason FROM reply WHERE customer_id = 7")
    review.child.sendintr()
    code = review.end()

    assert decided == [("confirmed", "support")]
    assert reason_of(rows, 7) == ("support", True)
    assert "\n  The delivery was late three times." in screen
    assert "1 decided, 2 to go: winback survey review autumn" in " ".join(review.text.split())
    assert code == 130


def test_accepting_above_a_confidence_says_how_many_are_left(
    firm: Runner, answered: dict[int, str]
) -> None:
    ran = firm("survey", "review", "--accept-above", 0.6)

    assert ran.err == "1 left to decide: winback survey review autumn\n"


# -- small words -----------------------------------------------------------------------------


def test_where_nobody_is_left_to_be_asked_it_says_why(
    firm: Runner, asked: Callable[..., dict[int, str]]
) -> None:
    asked()

    lately = firm("survey", "new", "again", "--lapsed")
    group = firm("survey", "sample", "talk")
    nobody = firm("survey", "new", "again", "--owner", "Nobody")

    assert (lately.code, group.code, nobody.code) == (5, 5, 5)
    for ran in (lately, group):
        assert "7 were asked lately, 1 is left alone." in " ".join(ran.err.split())
        assert "--cooldown 0" in ran.err
    assert "nobody fits that" in nobody.err


def test_a_reason_that_nobody_has_and_nobody_knows_is_named_as_unknown(firm: Runner) -> None:
    for words in (("new", "x", "--reason", "pryce"), ("sample", "x", "--reason", "pryce")):
        ran = firm("survey", *words)
        assert ran.code == 2
        assert "--reason 'pryce' is not known" in ran.err
        assert "Did you mean price?" in ran.err


def test_messages_say_one_thing_at_a_time(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path], tmp_path: Path
) -> None:
    codes = asked()

    one = firm("survey", "import", answers("code,q1", f"{codes[1]},Dear"))
    wrong = firm("survey", "import", answers("code,q1", "23456789bc,Dear", name="w.csv"))
    useless = firm("survey", "import", answers("code,colour", f"{codes[2]},red", name="u.csv"))
    missing = firm("survey", "new", "x", "--lapsed", "--questions", tmp_path / "nofile.txt")
    assert firm("edit", 3, "--email", "").code == 0
    forms = firm("survey", "form", "--csv", tmp_path / "m.csv", "--form", tmp_path / "f.html")
    plain = firm("survey", "form", "--csv", tmp_path / "m2.csv")
    assert firm("survey", "sample", "talk", "--cooldown", 0).code == 0
    shown = firm("survey", "show", "talk")

    assert "of 1 row:" in one.out
    assert "code '23456-789BC'" in wrong.out
    assert len(useless.err.splitlines()) == 3
    assert "There is no file" in missing.err
    assert "their forms are printed" in forms.err
    assert "--form FILE prints theirs" in plain.err
    assert "a focus group" in shown.err


def test_the_result_of_an_import_is_broken_between_words_at_a_terminal(
    firm: Runner, asked: Callable[..., dict[int, str]], answers: Callable[..., Path]
) -> None:
    codes = asked()
    names = [f"Favourite{n}" for n in range(12)]
    path = answers(",".join(["code", "q1", *names]), f"{codes[1]},Dear" + "," * 12)

    ran = Terminal("survey", "import", str(path))
    code = ran.end()

    assert code == 0
    assert [name for name in names if name not in ran.text] == []


# -- focus groups ----------------------------------------------------------------------------


def test_a_focus_group_is_drawn_the_same_for_the_same_seed_and_its_spares_may_be_asked_elsewhere(
    firm: Runner, rows: Rows
) -> None:
    ran = firm("survey", "sample", "talk", "--n", 3, "--spares", 2, "--by", "reason", "--seed", 5, "--json")
    drawn = json.loads(ran.out)
    assert firm("survey", "drop", "talk").code == 0

    again = json.loads(
        firm(
            "survey", "sample", "talk", "--n", 3, "--spares", 2, "--by", "reason", "--seed", 5, "--json"
        ).out
    )
    elsewhere = json.loads(firm("survey", "new", "rest", "--lapsed", "--json").out)

    members = [(one["customer"], one["stratum"], one["spare"]) for one in drawn["people"]]
    chosen = {number for number, _, spare in members if not spare}
    assert len(chosen) == 3
    assert len(members) == 5
    assert {stratum for _, stratum, spare in members if not spare} == {"price", "(not known)"}
    assert members == [(one["customer"], one["stratum"], one["spare"]) for one in again["people"]]
    assert {one["customer"] for one in elsewhere["people"]} == set(range(1, 8)) - chosen


def test_what_was_said_in_a_group_is_kept_below_what_was_said_before(firm: Runner, rows: Rows) -> None:
    assert firm("survey", "sample", "talk", "--n", 7).code == 0

    first = firm("survey", "notes", "talk", 1, "--text", "It began well.")
    second = firm("survey", "notes", "talk", 1, "--text", "Then the prices went up twice.", "--call-back")
    alone = firm("survey", "notes", "talk", 8, "--text", "Hello")

    assert (first.code, second.code) == (0, 0)
    assert alone.code == 5
    ((kept, called, suggested),) = rows("SELECT answers, call_back, suggested FROM reply")
    assert json.loads(kept) == {"notes": "It began well.\nThen the prices went up twice."}
    assert (called, suggested) == (1, "price")


def test_notes_that_ask_for_no_more_contact_say_how_to_leave_them_alone(firm: Runner) -> None:
    assert firm("survey", "sample", "talk", "--n", 7).code == 0

    plain = firm("survey", "notes", "talk", 1, "--text", "Nobody called us for a year.")
    asks = firm("survey", "notes", "talk", 1, "--text", "Please do not contact me again.")

    assert "winback suppress" not in plain.err
    assert "winback suppress 1" in asks.err


# -- beside everything else ------------------------------------------------------------------


def test_what_one_record_answered_is_the_others_when_they_are_made_one(
    firm: Runner, answered: dict[int, str], rows: Rows
) -> None:
    assert firm("merge", 3, 1, "--yes").code == 0
    assert firm("merge", 7, 2, "--yes").code == 0

    kept = dict(rows("SELECT customer_id, answers FROM reply"))

    assert json.loads(kept[3])["q2"] == "Rival Ltd"
    assert json.loads(kept[7]) == {"q1": "The delivery was late three times.\nWell."}
    assert rows("SELECT count(*) FROM invitation") == [(5,)]


def test_whoever_was_asked_stays_when_the_list_that_brought_them_is_taken_back(
    firm: Runner, asked: Callable[..., dict[int, str]], rows: Rows
) -> None:
    asked("some", "--reason", "price")

    ran = firm("import", "--undo", 1, "--json")

    assert ran.code == 0
    assert [number for (number,) in rows("SELECT id FROM customer ORDER BY id")] == [1, 3, 5, 7, 8]


def test_several_who_stay_when_a_list_is_taken_back_are_spoken_of_as_several(
    firm: Runner, asked: Callable[..., dict[int, str]]
) -> None:
    asked()

    assert "Kept: 7 were asked in a survey, 1 left alone." in firm("import", "--undo", 1).out


def test_ten_thousand_codes_are_given_out_in_one_go(firm: Runner, tmp_path: Path, rows: Rows) -> None:
    many = tmp_path / "many.csv"
    many.write_text(
        "name,email,last_purchase\n"
        + "".join(f"Person {n},p{n}@example.org,2025-01-01\n" for n in range(10_000)),
        "utf-8",
    )
    assert firm("import", many).code == 0

    assert firm("survey", "new", "big", "--lapsed").code == 0

    assert rows("SELECT count(DISTINCT code), count(*) FROM invitation") == [(10_007, 10_007)]


def test_a_trust_map_begins_with_the_reasons_that_were_confirmed(
    firm: Runner, answered: dict[int, str]
) -> None:
    assert firm("survey", "review", "--accept-above", 0.6).code == 0

    assert firm("trust", "add", "idea", "One number.").code == 0

    stages = json.loads(firm("trust", "show", "--json").out)["customers"]["stages"]
    assert {stage["name"]: stage["breakers"][0]["what"] for stage in stages if stage["breakers"]} == {
        "regular use": "delivery or service (1 survey answer)",
        "renewal": "price (1 survey answer)",
    }
