"""What reports count in a store: equal to the cases folded one by one, and nobody's name in it."""

import json
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner
from winback_cli.case import Case, fold, items_of
from winback_cli.report import Amounts, Cases, CheckIns, Promises, Wins
from winback_cli.store import reading, reads, tallies

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
DAY = "2026-09-01"


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store of `worked` is kept, once it was made."""
    return tmp_path_factory.mktemp("worked")


@pytest.fixture
def worked(winback: Runner, sample: Path, home: Path, once: Path) -> Runner:
    """A store in which much was promised, agreed, offered, undone, won, lost and left alone."""
    if any(once.iterdir()):
        shutil.copytree(once, home)
    else:
        _work(winback, sample)
        shutil.copytree(home, once, dirs_exist_ok=True)
    return winback


def _work(winback: Runner, sample: Path) -> None:
    def run(day: str, *argv: object) -> None:
        ran = winback("--as-of", day, *argv)
        assert ran.code == 0, (argv, ran.err)

    run(DAY, "import", sample)
    run(DAY, "add", "Eli Fox", "--email", "eli@example.com")
    run(DAY, "walk", 1, "--answers", ANSWERS)  # promises one as done, one with a day; a fix for 900 EUR
    run(DAY, "promise", "add", 1, "A call a month", "--owner", "Mara", "--due", "2026-09-10")
    run(DAY, "promise", "add", 1, "A new carrier", "--owner", "Jonas", "--due", "2026-09-12")
    run("2026-09-02", "promise", "keep", 1, 3)
    run("2026-09-03", "promise", "break", 1, 4)
    run("2026-09-03", "promise", "keep", 1, 2)
    run("2026-09-03", "undo", 1)
    run(DAY, "offer", "add", 1, "trial", "--terms", "A month free", "--cost", "40 USD")
    run("2026-10-01", "checkin", 1, "--next", "2026-10-05")
    run("2026-10-05", "checkin", 1, "--kept", "--same-reason", "--next", "2026-10-20")
    run("2026-10-21", "checkin", 1, "--missed", "--next", "2026-11-20")
    run(
        "2026-10-22",
        "close",
        1,
        "--outcome",
        "won",
        "--until",
        "2026-12-01",
        "--override",
        "they came back",
    )
    run("2026-10-01", "touch", 2, "--channel", "phone", "--disposition", "reached")
    run("2026-10-01", "promise", "add", 2, "A refund", "--owner", "Mara", "--due", "2026-10-09")
    run("2026-10-02", "checkin", 2, "--next", "2026-10-30")
    run("2026-10-03", "close", 2, "--outcome", "lost", "--override", "they said no")
    run("2026-10-01", "touch", 3, "--channel", "phone", "--disposition", "reached")
    run("2026-10-01", "promise", "add", 3, "A letter", "--owner", "Priya", "--due", "2026-10-09")
    run("2026-10-04", "suppress", 3, "--reason", "asked")
    run("2026-11-01", "touch", 5, "--channel", "phone", "--disposition", "no answer")
    run("2026-11-01", "fix", "add", "One mailbox", "--cost", "2000 EUR")


def folded(path: Path) -> list[Case]:
    with reading(path) as connection:
        keys = connection.execute("SELECT id FROM casefile ORDER BY id").fetchall()
        refs = [reads.case_by_key(connection, key) for (key,) in keys]
        return [fold(ref.id, reads.events(connection, ref.key)) for ref in refs]


def counted(path: Path, tally: Callable[..., list[Any]], by: str = "", since: str = "") -> list[Any]:
    with reading(path) as connection:
        return tally(connection, by, since)


def test_cases_are_counted_as_they_stand(worked: Runner, store_path: Path) -> None:
    found = counted(store_path, tallies.cases)

    assert {(row.status, row.outcome): row.cases for row in found} == {
        ("closed", "won"): 1,
        ("closed", "lost"): 1,
        ("closed", "suppressed"): 1,
        ("open", ""): 1,
    }
    assert (
        Cases("", "standard", "closed", "won", "revisit", "complaint_handled_badly", "2026-10", 1) in found
    )
    assert counted(store_path, tallies.wins) == [Wins("", 51, 1)]


def test_promises_are_what_the_folded_cases_say(worked: Runner, store_path: Path) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for case in folded(store_path):
        for one in case.commitments:
            if one["state"] != "open" or case.outcome != "suppressed":
                expected[one["state"], one["due"] if one["state"] == "open" else ""] += 1

    found = counted(store_path, tallies.promises)

    assert {(row.state, row.due): row.times for row in found} == dict(expected)
    assert {state for state, _ in expected} == {"kept", "broken", "open"}


def test_a_promise_kept_and_undone_is_owed_again(worked: Runner, store_path: Path) -> None:
    found = counted(store_path, tallies.promises)

    assert Promises("", "kept", "", 2) in found  # the one done at once, and the third
    assert Promises("", "broken", "", 1) in found


def test_promises_by_owner_are_those_of_who_sees_to_them(worked: Runner, store_path: Path) -> None:
    found = counted(store_path, tallies.promises, "owner")

    assert {(row.group, row.state, row.times) for row in found} == {
        *(("", "kept", 1), ("Mara", "kept", 1), ("Jonas", "broken", 1)),
        *(("Jonas Feld", "open", 1), ("Mara", "open", 1)),
    }


def test_check_ins_are_what_the_folded_cases_say(worked: Runner, store_path: Path) -> None:
    expected: Counter[tuple[str, str, bool]] = Counter()
    for case in folded(store_path):
        for _, one in items_of(case.facts.get("followed_up.check_ins")):
            state = {None: "open", False: "missed", True: "kept"}[one.get("kept")]
            if state != "open" or case.outcome not in ("lost", "released", "suppressed"):
                expected[state, one["agreed_for"], bool(one.get("same_reason"))] += 1

    found = counted(store_path, tallies.check_ins)

    assert {(row.state, row.day, row.back): row.times for row in found} == dict(expected)
    assert CheckIns("", "kept", "2026-10-05", True, 1) in found
    assert {row.state for row in found} == {"kept", "missed", "open"}
    assert "2026-10-30" not in {row.day for row in found}  # agreed with one who is lost


def test_amounts_are_by_currency_and_a_fix_counts_once(worked: Runner, store_path: Path) -> None:
    found = counted(store_path, tallies.amounts)

    assert set(found) == {
        Amounts("", "regained", "EUR", 1, 420050),
        Amounts("", "offer won", "USD", 1, 4000),
        Amounts("", "offer won", "", 1, None),  # the trial that the answers tell of has no cost
        Amounts("", "fix open", "EUR", 1, 200000),
        Amounts("", "fix case", "EUR", 1, 90000),
    }


def test_a_case_that_waits_for_a_fix_of_the_firm_names_no_cost_of_its_own(
    worked: Runner, store_path: Path
) -> None:
    assert worked("--as-of", "2026-11-02", "reopen", 1, "--because", "a mistake").code == 0
    ran = worked("--as-of", "2026-11-02", "fix", "for", 1, 1)
    assert ran.code == 0, ran.err

    kinds = {row.kind for row in counted(store_path, tallies.amounts)}

    assert "fix open" in kinds
    assert "fix case" not in kinds


def test_who_was_won_twice_brings_their_revenue_once(worked: Runner, store_path: Path) -> None:
    for argv in (
        ("walk", 1, "--new", "--answers", ANSWERS),
        ("close", 1, "--outcome", "won", "--until", "2026-12-01", "--override", "again"),
    ):
        ran = worked("--as-of", "2026-11-03", *argv)
        assert ran.code == 0, ran.err
    won = [row for row in counted(store_path, tallies.cases) if row.outcome == "won"]

    assert Amounts("", "regained", "EUR", 1, 420050) in counted(store_path, tallies.amounts)
    assert sum(row.cases for row in won) == 2


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("owner", {"Mara", "Jonas", ""}),
        ("source", {"lapsed.csv", ""}),
        ("segment", {"EUR 1k-10k", "EUR under 1k", "USD 1k-10k", ""}),
        ("playbook", {"standard"}),
    ],
)
def test_cases_stand_apart_by_a_group(worked: Runner, store_path: Path, by: str, groups: set[str]) -> None:
    found = counted(store_path, tallies.cases, by)

    assert {row.group for row in found} == groups
    assert sum(row.cases for row in found) == 4


def test_since_a_day_only_cases_opened_then_or_later_count(worked: Runner, store_path: Path) -> None:
    def cases_since(day: str) -> int:
        return sum(row.cases for row in counted(store_path, tallies.cases, since=day))

    assert [cases_since(day) for day in (DAY, "2026-09-02", "2026-11-01", "2026-11-02")] == [4, 3, 1, 0]
    assert counted(store_path, tallies.wins, since="2026-09-02") == []
    assert {row.times for row in counted(store_path, tallies.promises, since="2026-09-02")} == {1}
    assert counted(store_path, tallies.check_ins, since="2026-09-02") == []
    assert {row.kind for row in counted(store_path, tallies.amounts, since="2026-09-02")} == {"fix open"}


def told(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    return dict(json.loads(ran.out))


@pytest.mark.parametrize("what", ["funnel", "reasons", "outcomes", "playbooks", "funnel --by playbook"])
def test_an_erasure_changes_no_count_of_cases(worked: Runner, what: str) -> None:
    line = ("report", *what.split(), "--json")
    before = told(worked(*line))
    for who in (1, 2):  # won and lost
        assert worked("erase", who, "--yes").code == 0
    after = told(worked(*line))

    if what == "outcomes":
        assert (before["figures"]["days"]["count"], after["figures"]["days"]["count"]) == (1, 0)
        for found in (before, after):  # days, chances and contacts are not kept
            del found["figures"]["days"], found["figures"]["calibration"], found["tables"]["returns"]
    assert (after["figures"], after["tables"]) == (before["figures"], before["tables"])
    assert after["notes"][0] == "2 cases of people who were erased are counted by month."
    assert not any("erased" in note for note in before["notes"])


@pytest.mark.parametrize("by", ["owner", "source", "segment"])
def test_who_was_erased_is_in_no_group_and_that_is_said(worked: Runner, by: str) -> None:
    assert worked("erase", 1, "--yes").code == 0

    found = told(worked("report", "outcomes", "--by", by, "--json"))

    assert sum(row["cases"] for row in found["tables"]["outcomes"]) == 3
    assert found["notes"][0] == f"1 case of people who were erased is left out: their {by} is not kept."


def test_since_a_day_those_who_were_erased_count_from_its_month_on(worked: Runner) -> None:
    assert worked("erase", 1, "--yes").code == 0  # opened on 2026-09-01

    def cases_since(day: str) -> int:
        found = told(worked("report", "funnel", "--since", day, "--json"))
        return int(found["figures"]["cases"])

    assert [cases_since(day) for day in ("2026-09-30", "2026-10-01", "2026-11-01")] == [4, 3, 1]


@pytest.mark.parametrize("what", [tallies._PROMISED, tallies._CHECKED_IN, tallies._NAMED])
def test_what_the_events_say_is_found_by_an_index(stocked: Runner, store_path: Path, what: str) -> None:
    with reading(store_path) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {what}", (1,) * what.count("?")).fetchall()

    read = [step[3] for step in plan if "event" in step[3]]
    assert read
    assert all("USING INDEX ix_event_" in step for step in read)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_month_and_a_day_are_those_of_the_place(
    worked: Runner, store_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    with sqlite3.connect(store_path) as raw:
        raw.execute("UPDATE casefile SET opened_at = '2026-09-30T10:30:00Z', closed_at = opened_at")
        raw.execute("UPDATE casefile SET closed_at = '2026-10-31T10:30:00Z' WHERE outcome = 'won'")
    with monkeypatch.context() as there:
        there.setenv("TZ", zone)
        time.tzset()
        won = [row.month for row in counted(store_path, tallies.cases) if row.outcome == "won"]
        later = sum(row.cases for row in counted(store_path, tallies.cases, since="2026-10-01"))
    time.tzset()

    assert (won, later) == ((["2026-11"], 4) if zone.endswith("Kiritimati") else (["2026-10"], 0))


def test_a_fresh_store_counts_nothing(stocked: Runner, store_path: Path) -> None:
    for tally in (*(tallies.cases, tallies.wins, tallies.promises, tallies.check_ins, tallies.amounts),):
        assert counted(store_path, tally) == []


def test_nobody_is_named_in_what_is_counted(worked: Runner, store_path: Path) -> None:
    for by in ("", "owner", "source", "segment"):
        for tally in (tallies.cases, tallies.promises, tallies.check_ins, tallies.amounts):
            told = str(counted(store_path, tally, by))
            assert not any(
                name in told for name in ("Ana Sol", "Blue Foods", "Ben Ode", "Eli Fox", "example")
            )
