"""Whoever asks what is held on them is told all of it, with where it came from."""

import json
import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner

HEAD = "customer_id,name,company,email,phone,city,last_purchase,notes\n"
KEYS = (
    *("customer", "on", "details", "contact_points", "known_as", "purchases", "changes", "cases", "events"),
    *("messages", "files", "surveys", "score", "suppression", "copies"),
    *("mentioned", "written", "sent_to"),
)


@pytest.fixture
def ana(winback: Runner, tmp_path: Path, store_path: Path) -> Runner:
    """Ana (1), of whom two lists, a user and a case tell."""
    lists = {
        "first.csv": "A-1,Ana Sol,Blue,ana@example.com,+44 20 7946 0001,Leeds,2025-01-01,likes <b>blue</b>\n",
        "later.csv": "A-1,Ana Sol,Blue,ana@example.com,,York,2025-06-01,\n",
    }
    for name, row in lists.items():
        (tmp_path / name).write_text(HEAD + row, "utf-8")
        assert winback("--as-of", "2026-11-20", "import", tmp_path / name).code == 0
    for line in (
        ("edit", 1, "--owner", "Mara"),
        ("touch", 1, "--channel", "phone", "--disposition", "reached", "--person", "Ana"),
        ("note", 1, "a remark\nof two lines"),
    ):
        assert winback("--as-of", "2026-11-24", *line).code == 0
    with sqlite3.connect(store_path) as raw:
        raw.execute("INSERT INTO purchase VALUES (1, '2025-01-01', 'EUR', 4711, 1, 2)")
        raw.execute(
            'INSERT INTO message (command_id, case_id, stage, "to", to_name, subject, body, state, message_id,'
            " \"by\", at, approved_by, settled_at, detail, waived) SELECT 1, id, 'revisit',"
            " 'ana@example.com', 'Ana Sol', 'Hello', 'Dear Ana', 'sent', '<one@example.com>', 'tester',"
            " '2026-11-24T10:00:00Z', '', '2026-11-24T11:00:00Z', '', '[]' FROM casefile"
        )
    raw.close()
    return winback


def told(winback: Runner, who: object = 1) -> Any:
    ran = winback("--as-of", "2026-11-25", "subject", who, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_every_part_is_told_under_keys_that_stay(ana: Runner) -> None:
    page = told(ana)

    assert tuple(page) == KEYS
    assert page["customer"] == {"number": 1, "name": "Ana Sol", "company": "Blue"}


def test_a_detail_says_which_list_or_whose_hand_it_came_from(ana: Runner) -> None:
    origins = {one["field"]: one["origin"] for one in told(ana)["details"]}

    assert origins["name"] == "list first.csv, brought in on 2026-11-20 by tester"
    assert origins["city"] == "list later.csv, brought in on 2026-11-20 by tester"
    assert origins["owner"] == "by hand"
    changed = {one["field"]: (one["before"], one["after"]) for one in told(ana)["changes"]}
    assert changed["city"] == ("Leeds", "York")


def test_what_was_said_is_told_with_its_case_day_and_who_wrote_it(ana: Runner) -> None:
    events = told(ana)["events"]

    assert [one["words"] for one in events] == [
        "opened under standard",
        "contact: phone, reached, Ana",
        "remark: a remark\nof two lines",
    ]
    assert {(one["case"], one["on"], one["by"]) for one in events} == {("1.1", "2026-11-24", "tester")}


def test_purchases_messages_and_who_they_went_to_are_told(ana: Runner) -> None:
    page = told(ana)

    (bought,) = page["purchases"]
    assert (bought["amount"], bought["currency"], bought["count"]) == (4711, "EUR", 2)
    (message,) = page["messages"]
    assert (message["subject"], message["body"]) == ("Hello", "Dear Ana")
    assert page["sent_to"] == [{"message": 1, "to": "ana@example.com", "on": "2026-11-24"}]


def test_what_was_answered_reckoned_and_written_to_files_is_told(
    ana: Runner, home: Path, store_path: Path
) -> None:
    from winback_cli.senders import file_token

    (home / "outbox").mkdir()
    mail = home / "outbox" / f"2026-11-24-ana-sol-{file_token('<one@example.com>')}.eml"
    other = home / "outbox" / "2026-11-24-ben-0123456789abcdef.eml"
    for place in (mail, other):
        place.write_text("Dear ...", "utf-8")
    with sqlite3.connect(store_path) as raw:
        raw.execute("UPDATE customer_row SET cancelled = '2025-08-01', regularity = 0.8 WHERE id = 1")
        raw.execute("UPDATE casefile SET chance = 0.25")
        raw.execute(
            'INSERT INTO survey (id, command_id, name, kind, title, questions, "on")'
            " VALUES (1, 1, 'autumn', 'survey', 'Autumn', '[]', '2026-11-01')"
        )
        raw.execute("INSERT INTO invitation VALUES ('K7P2MXW9QD', 1, 1, '2026-11-01', 0)")
        raw.execute(
            'INSERT INTO reply (command_id, survey_id, customer_id, "on", answers, call_back, suggested,'
            " confidence, reason, state, case_id) SELECT 1, 1, 1, '2026-11-02', '{\"q1\": \"too dear\"}', 1,"
            " 'price', 0.9, '', 'new', id FROM casefile"
        )
    raw.close()

    page, words = told(ana), " ".join(ana("subject", 1).out.split())

    details = {one["field"]: one["value"] for one in page["details"]}
    assert (details["cancelled"], details["regularity"]) == ("2025-08-01", 0.8)
    assert page["cases"][0]["chance"] == 0.25
    assert [Path(one["place"]).name for one in page["files"]] == [mail.name]
    (reply,) = page["surveys"]
    assert (reply["code"], reply["answers"], reply["suggested"], reply["confidence"], reply["case"]) == (
        *("K7P2MXW9QD", {"q1": "too dear"}, "price", 0.9, "1.1"),
    )
    assert page["score"]
    for said in ("too dear", "K7P2M-XW9QD", "case 1.1", "chance reckoned then 25%", mail.name):
        assert said in words


def test_a_survey_is_told_by_its_questions_and_a_reason_nobody_confirmed_as_a_suggestion(
    ana: Runner, tmp_path: Path
) -> None:
    day = ("--as-of", "2026-11-24", "survey")
    made = ana(*day, "new", "autumn", "--status", "open", "--csv", tmp_path / "merge.csv")
    assert made.code == 0, made.err
    answered = tmp_path / "answers.csv"
    answered.write_text("email,q1\nana@example.com,The price went up too much\n", "utf-8")
    ran = ana(*day, "import", answered, "--survey", "autumn")
    assert ran.code == 0, ran.err

    out = ana("subject", 1).out

    assert "Why do you no longer use our products or services? The price went up too much" in out
    assert "q1" not in out
    assert "Survey autumn: asked on 2026-11-24" in out
    assert "Brought in with a file of answers on 2026-11-24 by tester:" in out
    assert "reason, as the program suggests by the words alone: price; nobody confirmed it" in out
    assert "the forms of that survey may name them" in out
    (reply,) = told(ana)["surveys"]
    assert reply["answers"] == {"q1": "The price went up too much"}
    assert reply["questions"]["q1"] == "Why do you no longer use our products or services?"


def test_a_promise_is_told_in_words_and_not_as_the_parts_of_an_entry(ana: Runner) -> None:
    line = ("promise", "add", 1, "A call a week", "--owner", "Mara", "--due", "+5d")
    assert ana("--as-of", "2026-11-24", *line).code == 0

    (said,) = (one["words"] for one in told(ana)["events"] if one["kind"] == "promised")

    assert said == "What changes for them? A call a week · not done · Mara · by 2026-11-29 (entry 1)"


def test_in_whose_files_they_are_named_is_told_and_never_what_stands_there(ana: Runner) -> None:
    assert ana("add", "Ben Ode").code == 0
    assert ana("note", 2, "Came with Ana Sol, whose secret is a wombat; call +44 (0)20 7946 0001").code == 0
    assert ana("add", "Cy Old").code == 0
    assert ana("note", 3, "Ana is not everybody").code == 0

    page, out = told(ana), ana("subject", 1).out

    assert page["mentioned"] == [{"number": 2}]
    assert "the file of number 2" in out
    assert "wombat" not in out


def test_somebody_left_alone_is_told_what_is_held_and_why(ana: Runner) -> None:
    assert ana("--as-of", "2026-11-24", "suppress", 1, "--reason", "asked by letter").code == 0

    page = told(ana)

    assert page["suppression"] == [
        {"since": "2026-11-24", "by": "tester", "reason": "asked by letter", "list": None}
    ]
    assert page["messages"]


def test_a_copy_of_the_store_that_holds_them_is_named(ana: Runner, store_path: Path) -> None:
    assert ana("store", "backup").code == 0

    copies = told(ana)["copies"]

    assert [one["holds"] for one in copies] == [True]
    assert Path(copies[0]["place"]).parent == store_path.parent / "backups"


def test_the_words_hold_all_of_it_and_say_where_there_is_nothing(ana: Runner) -> None:
    ran = ana("subject", "ana")

    assert ran.code == 0
    for words in ("likes <b>blue</b>", "EUR 47.11, 2 times", "of two lines", "Dear Ana", "ana@example.com"):
        assert words in ran.out
    assert "Left alone\n  They did not ask for that." in ran.out


class Page(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_runs_nothing(ana: Runner, tmp_path: Path) -> None:
    place = tmp_path / "ana.html"
    assert ana("note", 1, "<script>alert(1)</script>").code == 0

    assert ana("subject", 1, "--html", place).code == 0

    content = place.read_text("utf-8")
    tags = Page(content).found
    assert {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "b"} == set()
    assert not any({"src", "href", "onclick", "style"} & attrs.keys() for _, attrs in tags)
    (policy,) = (attrs["content"] for _, attrs in tags if "http-equiv" in attrs)
    assert re.fullmatch(
        "default-src 'none'; style-src 'sha256-.{44}'; base-uri 'none'; form-action 'none'", policy or ""
    )
    assert "&lt;script&gt;" in content
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_page_overwrites_nothing(ana: Runner, tmp_path: Path) -> None:
    place = tmp_path / "there.html"
    place.write_text("mine", "utf-8")

    assert ana("subject", 1, "--html", place).code == 65
    assert place.read_text("utf-8") == "mine"


def test_what_is_held_is_told_without_any_control_byte(ana: Runner, store_path: Path) -> None:
    with sqlite3.connect(store_path) as raw:
        raw.execute("UPDATE customer_row SET notes = ?", ("red \x1b[31m alert \x9b31m",))
    raw.close()

    out = ana("subject", 1).out

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)


def test_asking_changes_nothing(ana: Runner, store_path: Path) -> None:
    before = store_path.read_bytes()

    told(ana)

    assert store_path.read_bytes() == before
