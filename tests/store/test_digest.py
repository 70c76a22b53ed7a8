"""`winback report learned` over a store: what is read equals the cases folded whole; nobody left alone is in it."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from winback_cli import library, owing
from winback_cli.case import Entry, fold
from winback_cli.cli.work import opening_of
from winback_cli.customer import ContactPoint, Customer
from winback_cli.dates import WEEKEND, clock_at
from winback_cli.digest import FACTS
from winback_cli.money import Money
from winback_cli.store import finding, lessons, reading, reads
from winback_cli.store.writes import Store

STANDARD = library.load("standard", Path("/nowhere"))
TODAY = "2026-11-24"
NAMES = ["Ines Halvorsen", "Peter Lund", "Gus Holm", "Una West", "Olaf Berg"]


def standing(case: Any) -> Any:
    return owing.standing(STANDARD.playbook, case, WEEKEND)


def said(fact: str, value: Any, day: str = "", **more: Any) -> Entry:
    return Entry(
        "answered", {"question": f"q.{fact}", "fact": fact, "value": value, "how": "asked", **more}, day
    )


@pytest.fixture
def spoken(store_path: Path) -> Callable[..., None]:
    """Five customers with a case each, four for delivery, one for the price; `spoken(number, *entries)`
    records more of one on a day.
    """
    store = Store.open(store_path, "mara", clock_at("2026-10-05"), "walk", create=True)
    for place, name in enumerate(NAMES):
        mail = (ContactPoint("email", f"p{place}@firm{place}.example.com"),)
        revenue = Money(1000 * (place + 1), "EUR")
        number = store.add(Customer(name=name, company=f"Firm{place} Ltd", emails=mail, revenue=revenue))
        store.open_case(number, opening_of(STANDARD), standing)
        told = [
            said("heard.why_left", f"{name} of Firm{place} waited {number} weeks", "2026-10-02"),
            said("classified.reason", "price" if number == 5 else "delivery_or_service"),
            Entry("touched", {"disposition": "reached", "channel": "phone", "person": f"Rita{number} Roe"}),
        ]
        store.record(key_of(store, number), told, standing)
    store.close()

    def record(number: int, *entries: Entry) -> None:
        opened = Store.open(store_path, "mara", clock_at("2026-10-05"), "walk")
        opened.record(key_of(opened, number), entries, standing)
        opened.close()

    return record


def key_of(store: Store, number: int) -> int:
    with store.reads() as connection:
        ref = reads.case_ref(connection, number)
    assert ref is not None
    return ref.key


def learned(winback: Runner, *more: str) -> dict[str, Any]:
    ran = winback("--as-of", TODAY, "report", "learned", "--json", *more)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def words_of(found: dict[str, Any]) -> list[str]:
    return [quote["words"] for reason in found["reasons"] for quote in (*reason["said"], *reason["asked"])]


def test_what_is_read_is_what_the_whole_cases_say(
    spoken: Callable[..., None], winback: Runner, store_path: Path
) -> None:
    spoken(1, said("heard.requirements", "A date"), said("followed_up.lesson", "Read the mailbox"))
    spoken(
        1,
        Entry("answered", {"question": "q.heard.why_left", "fact": "heard.why_left", "append": "And more"}),
    )
    spoken(1, Entry("checked_in", {"question": "x", "fact": "followed_up.check_ins", "item": 1,
                                   "value": {"agreed_for": "2026-10-05", "kept": True, "feedback": "Well"}}))  # fmt: skip
    spoken(2, said("heard.requirements", "TAKEN BACK"))
    assert winback("undo", 2).code == 0
    spoken(3, Entry("closed", {"outcome": "dormant", "until": "2026-12-01"}))
    spoken(3, Entry("reopened", {"because": "x", "steps": ["listen"], "forget": ["heard"]}))

    with reading(store_path) as connection:
        found = {one.case: one for one in lessons.told(connection)}
        keys = [key for (key,) in connection.execute("SELECT id FROM casefile")]
        refs = [reads.case_by_key(connection, key) for key in keys]
        whole = {ref.id: fold(ref.id, reads.events(connection, ref.key)) for ref in refs}

    for number, case in whole.items():
        assert found[number].facts == {name: case.facts[name] for name in FACTS if case.facts.get(name)}
    assert "heard.why_left" not in found["3.1"].facts
    assert "heard.requirements" not in found["2.1"].facts
    assert found["1.1"].called == ("Ines Halvorsen", "Firm0 Ltd", "Rita1 Roe")
    assert found["1.1"].places == ("p0@firm0.example.com",)


def test_it_tells_by_reason_without_a_name_and_folds_the_rare_one_away(
    spoken: Callable[..., None], winback: Runner
) -> None:
    spoken(1, said("heard.requirements", "Rita1 wants a date, ring +44 20 7946 0001"))

    found = learned(winback)

    assert [(one["reason"], one["cases"]) for one in found["reasons"]] == [("delivery_or_service", 4)]
    assert found["other_reasons"] == 1
    assert "[name] wants a date, ring [number]" in words_of(found)
    assert "[name] of [name] waited 4 weeks" in words_of(found)
    assert [word for word in ("5 weeks", *NAMES) if word in json.dumps(found)] == []


def test_names_of_any_customer_on_record_go_out_of_what_another_said_in_capitals_or_small_letters(
    spoken: Callable[..., None], winback: Runner, store_path: Path
) -> None:
    spoken(1, said("heard.requirements", "Ask una west or FIRM3 LTD, said Olaf Berg; a west wind, Olaf"))

    found = learned(winback)
    with reading(store_path) as connection:
        names = finding.names_of_all(connection)("Una, West and Gus Holm's dog; Peter; Ltd")

    assert "Ask [name] or [name], said [name]; a west wind, Olaf" in words_of(found)
    assert names == ("Una West", "Gus Holm")


def test_names_in_a_large_store_are_found_by_their_capitals(
    spoken: Callable[..., None], store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SCANNED", 1)

    with reading(store_path) as connection:
        names = finding.names_of_all(connection)("said Una West, not gus holm")

    assert names == ("Una West",)


def test_with_names_each_quote_says_whose_it_is(spoken: Callable[..., None], winback: Runner) -> None:
    found = learned(winback, "--named")

    quotes = {(q["customer"], q["case"]) for one in found["reasons"] for q in one["said"]}
    assert ("Olaf Berg, Firm4 Ltd", "5.1") in quotes
    assert found["other_reasons"] == 0
    assert found["named"] is True


@pytest.mark.parametrize("named", [(), ("--named",)])
def test_nothing_of_who_is_left_alone_comes_out_even_with_names(
    spoken: Callable[..., None], winback: Runner, named: tuple[str, ...]
) -> None:
    spoken(4, said("heard.requirements", "SECRET wish"), said("followed_up.lesson", "SECRET lesson"),
           said("backstory.internal_view", "SECRET view"), said("classified.theory", "no"),
           said("heard.buys_now", "SECRET place"))  # fmt: skip
    assert winback("fix", "add", "Mend it for Una West", "--for", "4").code == 0
    assert "SECRET" in json.dumps(learned(winback, "--named"))
    assert winback("suppress", 4, "--reason", "asked").code == 0

    found = learned(winback, *named)

    assert "SECRET" not in json.dumps(found)
    assert "Una West" not in json.dumps(found)
    assert "waited 4 weeks" not in json.dumps(found)
    assert (found["cases"], found["left_alone"]) == (4, 1)
    for form in ("--md", "--html"):
        shown = winback("--as-of", TODAY, "report", "learned", form, "-", *named).out
        assert "SECRET" not in shown


def test_only_cases_opened_since_a_day_are_told(spoken: Callable[..., None], winback: Runner) -> None:
    assert learned(winback, "--since", "2026-10-05")["cases"] == 5
    assert learned(winback, "--since", "2026-10-06")["cases"] == 0


def test_fixes_are_told_with_who_sees_to_them_and_how_many_wait(
    spoken: Callable[..., None], winback: Runner
) -> None:
    for words in (
        (
            "add",
            "A mailbox that is read",
            "--owner",
            "Mara",
            "--due",
            "2026-12-01",
            "--for",
            "1",
            "--for",
            "2",
        ),
        ("add", "The old box for Peter Lund", "--for", "2"),
        ("add", "Dropped"),
    ):
        assert winback("--as-of", "2026-11-01", "fix", *words).code == 0
    assert winback("--as-of", "2026-11-02", "fix", "done", 2).code == 0
    assert winback("--as-of", "2026-11-02", "fix", "drop", 3).code == 0

    fixes = learned(winback)["fixes"]

    assert {
        "what": "The old box for [name]",
        "owner": None,
        "due": None,
        "done_on": "2026-11-02",
    }.items() <= fixes["done"][0].items()
    open_one = next(fix for fix in fixes["open"] if fix["owner"] == "Mara")
    assert (open_one["due"], open_one["done_on"]) == ("2026-12-01", None)
    assert "Dropped" not in {fix["what"] for fix in fixes["open"]}
    assert open_one["customers"] == 1  # the second has asked for another one since


@pytest.mark.parametrize("form", ["--md", "--html"])
def test_a_file_is_written_for_its_owner_alone_and_over_nothing_but_ours(
    spoken: Callable[..., None], winback: Runner, tmp_path: Path, form: str
) -> None:
    place, other = tmp_path / "digest.out", tmp_path / "other"
    other.write_text("# mine", "utf-8")

    first = winback("report", "learned", form, place)
    again = winback("report", "learned", form, place)
    refused = winback("report", "learned", form, other)

    assert (first.code, again.code, refused.code) == (0, 0, 2)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert "read it before you send it" in first.err
    assert other.read_text("utf-8") == "# mine"
    assert "is there already" in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ("report", "learned", "--csv"),
        ("report", "learned", "--by", "owner"),
        ("report", "learned", "--md", "-", "--json"),
        ("report", "learned", "--since", "tomorrow"),
        ("report", "reasons", "--named"),
        ("report", "--md", "-"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_refused(winback: Runner, words: tuple[str, ...]) -> None:
    ran = winback(*words)

    assert (ran.code, ran.out) == (2, "")


def test_a_store_without_a_case_says_so_kindly(stocked: Runner) -> None:
    ran = stocked("report", "learned")

    assert ran.code == 0
    assert "Nothing to tell yet" in ran.out


# -- after a win: by value -------------------------------------------------------------------


def won(winback: Runner, number: int) -> None:
    ran = winback(
        "--as-of", TODAY, "close", number, "--outcome", "won", "--until", "2026-12-01", "--override", "back"
    )
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("number", "owed", "every"), [(5, "2027-01-01", "every month"), (4, "2027-03-01", "every three months")]
)
def test_after_a_kept_catch_up_the_next_is_owed_by_the_customers_value(
    spoken: Callable[..., None], winback: Runner, number: int, owed: str, every: str
) -> None:
    won(winback, number)

    ran = winback("--as-of", "2026-12-01", "checkin", number, "--kept")

    assert ran.code == 0
    assert f"The next one is owed by {owed}: {every}" in ran.err
    due = json.loads(winback("--as-of", owed, "due", "--json").out)
    assert (number, "check_in", owed) in [(one["customer"], one["kind"], one["due_on"]) for one in due]
    assert "The store is sound" in winback("store", "doctor").err


def test_a_catch_up_after_a_win_asks_whether_the_old_reason_is_back(
    spoken: Callable[..., None], winback: Runner
) -> None:
    won(winback, 5)

    asked = winback("--as-of", "2026-12-01", "checkin", 5, "--kept")
    told = winback("--as-of", "2026-12-01", "checkin", 5, "--kept", "--on", "2026-12-01", "--same-reason")

    assert (
        "Has it come back: price? If so: winback checkin 5 --kept --on 2026-12-01 --same-reason"
        in asked.err
    )
    assert "Has it come back" not in told.err
    flags = [
        one["what"]
        for one in json.loads(winback("--as-of", "2026-12-02", "due", "--json").out)
        if one["kind"] == "flag"
    ]
    assert flags == ["the old reason is back: price"]


def test_a_customer_without_a_revenue_or_among_few_is_of_no_fifth(
    stocked: Runner, rows: Callable[..., list[Any]]
) -> None:
    assert stocked("--as-of", TODAY, "touch", 3, "--channel", "phone", "--disposition", "reached").code == 0
    won(stocked, 3)

    ((body,),) = rows("SELECT body FROM event WHERE kind = 'closed'")

    assert "top_fifth" not in json.loads(body)


def test_answers_to_a_survey_are_told_once_and_nobodys_who_is_left_alone(
    spoken: Callable[..., None], winback: Runner, tmp_path: Path
) -> None:
    def run(*words: object) -> None:
        ran = winback("--as-of", "2026-11-20", *words)
        assert ran.code == 0, ran.err

    new = [f"New {n}{sign},n{n}@new.example.com,2025-01-15" for n, sign in enumerate("abcdef")]
    for name, lines in (
        ("new.csv", ["name,email,last_purchase", *new]),
        (
            "said.csv",
            [
                "email,q1,q3,call back",
                *(
                    f"n{n}@new.example.com,NEW {n} found it dear,Less {n},{'x' * (n == 3)}"
                    for n in range(5)
                ),
            ],
        ),
    ):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    run("import", tmp_path / "new.csv")
    run("survey", "new", "autumn", "--lapsed")
    run("survey", "import", tmp_path / "said.csv")
    run("survey", "review", "--accept-above", "0")
    run("survey", "tally", "--cases")
    run("suppress", "New 4e", "--reason", "asked")

    found, named = learned(winback), learned(winback, "--named", "--since", "2026-11-01")

    assert (found["cases"], found["of_surveys"], found["left_alone"]) == (9, 3, 1)
    told = " ".join(words_of(found))
    assert "4 found" not in told
    assert "found it dear" in told
    assert "New" not in told.replace("[name]", "")
    assert named["of_surveys"] == 3
    quotes = [q for reason in named["reasons"] for q in reason["said"]]
    assert {(q["customer"], q["case"]) for q in quotes if q["case"] is None} == {
        ("New 0a", None),
        ("New 1b", None),
        ("New 2c", None),
    }
    assert any("3 of them" in note for note in found["notes"])
