"""The trust map in the store: the firm's own case under the number 0, walked, changed, undone, planned."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_terminal import Terminal
from tests.conftest import Runner
from tests.trade.test_trust import ANSWERS

Rows = Callable[..., list[Any]]
ADDED = (
    ("breaker", "Nobody calls back.", "--stage", "problem"),
    ("opportunity", "The bill.", "--stage", "first purchase", "--how", "Explain it."),
    ("threat", "Wrong bills.", "--stage", "renewal", "--safeguard", "Two people look."),
    ("action", "Call the ten largest.", "--owner", "Mara", "--due", "+5bd"),
    ("idea", "A portal.", "--effort", "5", "--effect", "5"),
    ("idea", "One number.", "--owner", "Jonas", "--effort", "2", "--effect", "5"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "team.json"
    path.write_text(json.dumps({"answers": ANSWERS}), "utf-8")
    return path


def trust(winback: Runner, *words: object) -> Runner:
    """One command of the family on a set day, which has to succeed."""
    ran = winback("--as-of", "2026-03-02", "trust", *words)
    assert ran.code == 0, ran.err
    return winback


def shown(winback: Runner) -> Any:
    return json.loads(winback("--as-of", "2026-03-02", "trust", "show", "--json").out)


@pytest.fixture
def mapped(winback: Runner) -> Runner:
    """The runner over a store that holds a map with one entry of each kind, and two ideas."""
    for words in ADDED:
        trust(winback, "add", *words)
    return winback


# -- walked ----------------------------------------------------------------------------------


def test_a_file_walks_the_whole_map_and_walked_again_changes_nothing(
    winback: Runner, file: Path, rows: Rows
) -> None:
    trust(winback, "new", "--answers", file)
    events = rows("SELECT count(*) FROM event")

    trust(winback, "new", "--answers", file)

    assert shown(winback)["customers"]["stages"][1]["breakers"] == [
        {"number": 1, "what": "Nobody calls back."}
    ]
    assert [stage["name"] for stage in shown(winback)["customers"]["stages"]] == ["first order", "problem"]
    assert rows("SELECT count(*) FROM event") == events


def test_a_file_without_stages_goes_by_the_usual_ones(winback: Runner, file: Path) -> None:
    given = ANSWERS | {
        "stages": {"team": ANSWERS["stages"]["team"]},
        "opportunities": {"opportunities": [{"stage": "renewal", "what": "A call.", "how": "Thank them."}]},
    }
    file.write_text(json.dumps({"answers": given}), "utf-8")

    trust(winback, "new", "--answers", file)

    names = [stage["name"] for stage in shown(winback)["customers"]["stages"]]
    assert names == ["first look", "first purchase", "regular use", "problem", "renewal", "leaving", "gone"]


def test_a_file_with_a_mistake_leaves_no_store_behind(
    winback: Runner, file: Path, store_path: Path
) -> None:
    given = ANSWERS | {"threats": {"threats": [{"stage": "nowhere", "what": "X", "safeguard": "Y"}]}}
    file.write_text(json.dumps({"answers": given}), "utf-8")

    ran = winback("trust", "new", "--answers", file)

    assert (ran.code, store_path.exists()) == (65, False)


def test_without_a_terminal_it_names_the_flag(winback: Runner) -> None:
    ran = winback("trust", "new")

    assert (ran.code, "--answers FILE" in ran.err) == (2, True)


def test_another_map_begins_with_the_team_and_stages_of_the_last(mapped: Runner, file: Path) -> None:
    trust(mapped, "add", "member", "Ada Vale", "--part", "accounts")
    trust(mapped, "add", "stage", "moving house")
    file.write_text(json.dumps({"answers": {}}), "utf-8")

    ran = mapped("trust", "new", "--answers", file, "--afresh", "--yes")
    assert (ran.code, shown(mapped)["map"]) == (2, "0.1")  # what is needed is missing: nothing was changed
    assert "nothing was changed" in ran.err

    given = {name: part for name, part in ANSWERS.items() if name != "stages"}
    given |= {"opportunities": {"opportunities": [{"stage": "moving house", "what": "X", "how": "Y"}]}}
    staff = {"staff_breakers": [], "staff_opportunities": [], "staff_threats": []}
    needless = [
        {"step": "staff", "question": key, "guard": "required", "because": "later"} for key in staff
    ]
    given |= {"staff": {}}
    file.write_text(json.dumps({"answers": given, "override": needless}), "utf-8")
    asked = mapped("trust", "new", "--answers", file, "--afresh")
    assert (asked.code, "--yes" in asked.err, shown(mapped)["map"]) == (2, True, "0.1")
    trust(mapped, "new", "--answers", file, "--afresh", "--yes")

    second = shown(mapped)
    assert (second["map"], second["team"]) == (
        "0.2",
        [{"number": 1, "name": "Ada Vale", "part": "accounts"}],
    )
    assert second["customers"]["stages"][-1]["name"] == "moving house"


def test_the_entries_of_a_file_are_added_after_those_that_are_there_and_once(
    mapped: Runner, file: Path, rows: Rows
) -> None:
    trust(mapped, "drop", "idea", "1")  # a portal, which the file has too: it stays off
    trust(mapped, "add", "idea", "A newsletter.")

    trust(mapped, "new", "--answers", file)

    found = {idea["number"]: (idea["what"], idea["owner"], idea["due"]) for idea in shown(mapped)["ideas"]}
    assert found == {
        2: ("One number.", "Jonas", "2026-03-01"),  # what it left open the file fills in
        3: ("A newsletter.", None, None),
    }
    stages = [stage["name"] for stage in shown(mapped)["customers"]["stages"]]
    assert stages[-1] == "first order"
    at = {stage["name"]: stage for stage in shown(mapped)["customers"]["stages"]}
    assert [one["what"] for one in at["problem"]["breakers"]] == ["Nobody calls back."]
    assert [one["what"] for one in at["first order"]["opportunities"]] == ["The bill."]
    events = rows("SELECT count(*) FROM event")
    trust(mapped, "new", "--answers", file)
    assert rows("SELECT count(*) FROM event") == events


def test_what_a_file_lists_later_is_added_to_a_map_that_is_whole(winback: Runner, file: Path) -> None:
    trust(winback, "new", "--answers", file)
    given = ANSWERS | {
        "stages": {"stages": [*ANSWERS["stages"]["stages"], {"name": "moving house"}]},
        "breakers": {"breakers": [{"stage": "moving", "what": "The old address."}]},
        "ideas": {"ideas": [*ANSWERS["ideas"]["ideas"], {"what": "A third.", "effort": 1}]},
    }
    file.write_text(json.dumps({"answers": given}), "utf-8")

    trust(winback, "new", "--answers", file)

    found = shown(winback)
    assert [idea["what"] for idea in found["ideas"]] == ["One number.", "A portal.", "A third."]
    at = {stage["name"]: stage for stage in found["customers"]["stages"]}
    assert [one["what"] for one in at["moving house"]["breakers"]] == ["The old address."]

    given["breakers"]["breakers"].append({"stage": "nowhere", "what": "X."})
    file.write_text(json.dumps({"answers": given}), "utf-8")
    ran = winback("--as-of", "2026-03-02", "trust", "new", "--answers", file)
    assert (ran.code, "breakers.breakers: one of these" in ran.err, shown(winback)) == (65, True, found)


def test_a_file_without_the_approval_makes_a_whole_map_and_says_what_comes_next(
    winback: Runner, file: Path
) -> None:
    given = {name: part for name, part in ANSWERS.items() if name != "review"}
    file.write_text(json.dumps({"answers": given}), "utf-8")

    ran = winback("--as-of", "2026-03-02", "trust", "new", "--answers", file)

    assert ran.code == 0
    assert "The map is whole." in ran.err
    assert "winback trust plan --approve --by NAME" in ran.err


@pytest.mark.terminal
@pytest.mark.parametrize(("said", "code", "map_"), [("", 5, "0.1"), ("y", 0, "0.2")])
def test_at_a_terminal_it_is_asked_before_a_map_is_closed(
    mapped: Runner, said: str, code: int, map_: str
) -> None:
    terminal = Terminal("trust", "new", "--afresh")
    assert "its team and its stages" in terminal.until("Begin another?")

    terminal.type(said)
    if code == 0:
        terminal.until("Who is on the trust team?")
        terminal.type(":quit")

    assert (terminal.end(), shown(mapped)["map"]) == (code, map_)


# -- one entry at a time ---------------------------------------------------------------------


def test_entries_are_added_and_the_first_begins_the_map(mapped: Runner) -> None:
    found = shown(mapped)

    at = {stage["name"]: stage for stage in found["customers"]["stages"]}
    assert at["problem"]["breakers"] == [{"number": 1, "what": "Nobody calls back."}]
    assert at["first purchase"]["opportunities"][0]["how"] == "Explain it."
    assert at["renewal"]["threats"][0]["safeguard"] == "Two people look."
    assert found["customers"]["actions"][0]["due"] == "2026-03-09"
    assert [(idea["number"], idea["score"]) for idea in found["ideas"]] == [(2, 2.5), (1, 1.0)]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("breaker", "X", "--stage", "problm"), 3, "Did you mean problem?"),
        (("breaker", "X", "--stage", "problem", "--staff"), 0, ""),
        (("breaker", "X", "--stage", "renewal", "--staff"), 3, "on the map of the staff"),
        (("breaker", "X"), 2, "Give --stage NAME"),
        (("opportunity", "X", "--stage", "problem"), 2, "Give --how WORDS"),
        (("threat", "X", "--stage", "problem"), 2, "Give --safeguard WORDS"),
        (("idea", "X", "--stage", "problem"), 2, "An idea has no --stage."),
        (("idea", "X", "--effort", "6"), 2, "a number from 1 to 5"),
        (("stage", "Problem"), 5, "on the map already"),
        (("braker", "X"), 2, "Did you mean breaker?"),
    ],
)
def test_what_does_not_fit_is_said_and_changes_nothing(
    mapped: Runner, rows: Rows, words: tuple[str, ...], code: int, told: str
) -> None:
    before = rows("SELECT count(*) FROM event")[0][0]

    ran = mapped("--as-of", "2026-03-02", "trust", "add", *words)

    assert (ran.code, told in ran.err) == (code, True)
    assert rows("SELECT count(*) FROM event")[0][0] - before == (1 if code == 0 else 0)


def test_an_entry_is_taken_off_and_comes_back_by_an_undo(mapped: Runner) -> None:
    trust(mapped, "drop", "idea", "1")
    assert [idea["number"] for idea in shown(mapped)["ideas"]] == [2]

    trust(mapped, "undo")

    assert [idea["number"] for idea in shown(mapped)["ideas"]] == [2, 1]


def test_an_approval_is_taken_back_by_one_undo(mapped: Runner) -> None:
    trust(mapped, "plan", "--approve", "--by", "Ada Vale")

    ran = mapped("trust", "undo")

    assert "the approval of the plan by Ada Vale" in ran.err
    assert shown(mapped)["approval"] is None
    assert [idea["number"] for idea in shown(mapped)["ideas"]] == [2, 1]
    trust(mapped, "undo")
    assert [idea["number"] for idea in shown(mapped)["ideas"]] == [1]


def test_an_undo_of_a_second_approval_leaves_the_first(mapped: Runner) -> None:
    trust(mapped, "plan", "--approve", "--by", "Ada Vale", "--on", "-1d")
    trust(mapped, "plan", "--approve", "--by", "Ben Ruhl")

    trust(mapped, "undo")

    assert shown(mapped)["approval"] == {"by": "Ada Vale", "on": "2026-03-01", "changed": False}


def test_what_a_map_began_with_is_not_undone(winback: Runner) -> None:
    trust(winback, "add", "idea", "One number.")
    trust(winback, "undo")
    before = shown(winback)

    ran = winback("trust", "undo")

    assert (ran.code, "nothing on the map to take back" in ran.err) == (5, True)
    assert shown(winback) == before
    assert len(before["customers"]["stages"]) == 7


def test_a_stage_with_entries_stays(mapped: Runner) -> None:
    ran = mapped("trust", "drop", "stage", "4")

    assert (ran.code, "has entries" in ran.err) == (5, True)


def test_a_score_is_changed_by_number(mapped: Runner) -> None:
    ran = mapped("--as-of", "2026-03-02", "trust", "score", "1", "--effort", "1", "--json")

    assert [(one["number"], one["score"]) for one in json.loads(ran.out)] == [(1, 5.0), (2, 2.5)]


# -- the plan --------------------------------------------------------------------------------


def test_an_approval_keeps_who_and_when_and_the_review_tells_what_became_of_it(mapped: Runner) -> None:
    assert mapped("trust", "review").code == 5
    trust(mapped, "plan", "--approve", "--by", "Ada Vale", "--on", "-1d")
    trust(mapped, "done", "2")

    told = json.loads(mapped("--as-of", "2026-03-12", "trust", "review", "--json").out)

    assert told["approval"] == {"by": "Ada Vale", "on": "2026-03-01", "changed": False}
    assert {(one["kind"], one["number"]): one["state"] for one in told["parts"]} == {
        ("idea", 2): "done",
        ("idea", 1): "open",
        ("action", 1): "overdue",
    }


def test_the_plan_of_an_earlier_map_is_reviewed_and_its_parts_are_done(mapped: Runner, file: Path) -> None:
    trust(mapped, "plan", "--approve", "--by", "Ada Vale")
    trust(mapped, "new", "--answers", file, "--afresh", "--yes")

    told = mapped("--as-of", "2026-03-12", "trust", "review")
    assert (told.code, "winback trust done N --map 0.1" in told.err) == (0, True)
    trust(mapped, "done", "2", "--map", "0.1")

    found = json.loads(mapped("--as-of", "2026-03-12", "trust", "review", "--json").out)
    assert found["map"] == "0.1"
    assert [(one["kind"], one["number"], one["state"]) for one in found["parts"]] == [
        ("idea", 2, "done"),
        ("idea", 1, "open"),
        ("action", 1, "overdue"),
    ]
    assert not any(idea["done_on"] for idea in shown(mapped)["ideas"])
    assert mapped("trust", "done", "1", "--map", "0.9").code == 3
    assert mapped("store", "doctor").code == 0


def test_what_is_to_be_done_at_once_is_shown_with_its_day(mapped: Runner) -> None:
    told = mapped("--as-of", "2026-03-02", "trust", "show").out

    assert "1. Call the ten largest. (Mara, by 2026-03-09, open)" in told


def test_an_approval_needs_a_name_and_an_idea(winback: Runner) -> None:
    trust(winback, "add", "stage", "moving house")

    assert winback("trust", "plan", "--approve").code == 2
    assert winback("trust", "plan", "--approve", "--by", "Ada").code == 5
    assert shown(winback)["approval"] is None


def test_the_plan_is_written_over_its_own_file_and_over_no_other(mapped: Runner, tmp_path: Path) -> None:
    page, other = tmp_path / "plan.html", tmp_path / "notes.md"
    other.write_text("mine", "utf-8")

    trust(mapped, "plan", "--html", page, "--csv", tmp_path / "plan.csv")
    trust(mapped, "plan", "--html", page, "--csv", tmp_path / "plan.csv")
    ran = mapped("trust", "plan", "--md", other)

    assert "One number." in page.read_text("utf-8")
    assert (ran.code, other.read_text("utf-8")) == (2, "mine")


def test_the_evidence_counts_cases_and_quotes_nobody_by_name_and_nobody_left_alone(
    stocked: Runner,
) -> None:
    from winback_cli.case import Entry
    from winback_cli.cli.here import Here
    from winback_cli.cli.work import take_up

    here = Here(None, "2026-03-02", quiet=True)
    said = {1: "Too expensive.", 2: "It was overpriced.", 3: "Too expensive, Cleo Vann thought."}
    with here.writing("test") as store:
        for number, why in said.items():
            work = take_up(here, store, str(number))
            for fact, value in (("heard.why_left", why), ("classified.reason", "price")):
                body = {"question": fact, "fact": fact, "value": value, "how": "asked"}
                work.record([Entry("answered", body)])
    stocked("suppress", "2", "--reason", "asked")
    trust(stocked, "add", "idea", "One number.")

    found = json.loads(stocked("trust", "plan", "--json").out)["evidence"]

    assert [(one["reason"], one["cases"]) for one in found] == [("price", 3)]
    assert "too expensive" in found[0]["words"]
    assert not [word for word in found[0]["words"] if "overpriced" in word or "cleo" in word]
    stages = {stage["name"]: stage["breakers"] for stage in shown(stocked)["customers"]["stages"]}
    assert stages["renewal"] == [{"number": 1, "what": "price (3 cases)"}]
    trust(stocked, "add", "breaker", "Nobody calls back.", "--stage", "problem")
    trust(stocked, "drop", "breaker", 1)
    assert [
        (one["number"]) for stage in shown(stocked)["customers"]["stages"] for one in stage["breakers"]
    ] == [2]


# -- nobody's case ---------------------------------------------------------------------------


def test_the_firm_is_no_customer_anywhere(stocked: Runner, rows: Rows) -> None:
    commands = [
        ("list", "--json"),
        ("due", "--days", "400", "--json"),
        ("next", "--show"),
        ("export", "customers"),
        ("export", "cases"),
        ("export", "events"),
        ("report", "--json"),
        (),
    ]
    before = [stocked(*words).out for words in commands]

    assert stocked("trust", "add", "idea", "One number.", "--due", "+1d").code == 0

    assert [stocked(*words).out for words in commands] == before
    assert [stocked(command, "0").code for command in ("show", "why", "brief", "undo")] == [3] * 4
    assert rows("SELECT count(*) FROM due") == [(0,)]
    assert rows("SELECT case_status FROM customer_row WHERE id = 0") == [(None,)]


def test_a_map_is_checked_and_mended_as_any_case(mapped: Runner, rows: Rows, store_path: Path) -> None:
    assert mapped("store", "doctor").code == 0
    with sqlite3.connect(store_path) as raw:
        raw.execute("UPDATE casefile SET step = 'nowhere' WHERE customer_id = 0")
    raw.close()
    assert "case 0.1" in mapped("store", "doctor").out

    assert mapped("store", "doctor", "--mend").code == 0
    assert mapped("store", "doctor").code == 0


def test_an_altered_answer_of_a_map_is_found(mapped: Runner, store_path: Path) -> None:
    with sqlite3.connect(store_path) as raw:
        raw.execute("UPDATE event SET body = replace(body, 'portal', 'castle')")
    raw.close()

    ran = mapped("store", "doctor")

    assert ran.code != 0
    assert "was altered" in ran.out


def test_a_copy_brings_the_map_back(mapped: Runner, store_path: Path, tmp_path: Path) -> None:
    before = shown(mapped)
    copy = tmp_path / "copy"
    assert mapped("store", "backup", copy).code == 0
    shutil.rmtree(store_path.parent)

    assert mapped("store", "restore", copy).code == 0

    assert shown(mapped) == before


def test_a_customer_is_not_walked_by_it_nor_moved_to_it(stocked: Runner, rows: Rows) -> None:
    walked = stocked("walk", "1", "--playbook", "trust-team", "--answers", "/dev/null")
    assert (walked.code, "winback trust new walks it" in walked.err) == (2, True)

    assert stocked("note", "1", "A remark.").code == 0
    moved = stocked("playbook", "move", "1", "--to", "trust-team", "--yes")

    assert (moved.code, "winback trust new walks it" in moved.err) == (2, True)
    assert rows("SELECT count(*) FROM event WHERE kind = 'moved'") == [(0,)]


def test_the_list_of_playbooks_shows_it_as_the_firms_own(winback: Runner) -> None:
    assert (
        "trust-team  The trust team  (the firm's own: winback trust new)" in winback("playbook", "list").out
    )
