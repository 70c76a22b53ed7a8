"""Two records of one customer made one: nothing of either is lost, and nobody is written to for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from winback_cli.likeness import Person, likely

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
HEAD = "customer_id,name,company,email,phone,city,last_purchase,revenue\n"


@pytest.fixture
def two(winback: Runner, tmp_path: Path) -> Runner:
    """A store with Ana (1), who bought, and her twin (2), of whom other things are known; and Ben (3)."""
    path = tmp_path / "two.csv"
    path.write_text(
        HEAD
        + "A1,Ana Sol,Blue,ana@example.com,,,2025-01-01,100.00\n"
        + "B7,Anna Sol,,anna@example.org,+44 20 7946 0001,Leeds,2024-04-04,\n"
        + "C1,Ben Ode,,ben@example.com,,Bonn,,\n",
        "utf-8",
    )
    assert winback("import", path).code == 0
    return winback


def people(winback: Runner) -> dict[int, Any]:
    listed = json.loads(winback("list", "--customers", "--json", "--limit", 0).out)
    return {one["number"]: one for one in listed}


def merged(winback: Runner, keep: int, gone: int) -> dict[str, Any]:
    ran = winback("merge", keep, gone, "--yes", "--json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def test_the_first_ones_values_win_and_its_blanks_are_filled(two: Runner) -> None:
    told = merged(two, 1, 2)

    ana = people(two)[1]
    assert (ana["name"], ana["last_purchase"], ana["city"]) == ("Ana Sol", "2025-01-01", "Leeds")
    assert ana["emails"] == ["ana@example.com", "anna@example.org"]
    assert ana["phones"] == ["+442079460001"]
    assert told["filled"] == {"city": "Leeds"}
    assert told["lost"]["name"] == "Anna Sol"
    assert set(people(two)) == {1, 3}


def test_a_list_that_knows_the_other_one_brings_nobody_new(two: Runner, tmp_path: Path) -> None:
    merged(two, 1, 2)
    path = tmp_path / "again.csv"
    path.write_text(HEAD + "B7,Anna Sol,,,,,,\n,Anna Sol,,,+44 20 7946 0001,,,\n", "utf-8")

    told = json.loads(two("import", path, "--json").out)

    assert told["new"] == 0
    assert set(people(two)) == {1, 3}


def test_its_number_leads_to_the_first_and_is_nobody_elses(two: Runner) -> None:
    merged(two, 1, 3)
    merged(two, 2, 1)

    assert "Number 3 was merged into number 2" in two("show", 3).err
    assert two("show", "1.1").code == 3
    assert "as number 4" in two("add", "New One").err


def test_a_field_cleared_by_hand_stays_blank_and_one_set_by_hand_stays_so(
    two: Runner, tmp_path: Path
) -> None:
    assert two("edit", 1, "--city", "York").code == 0
    assert two("edit", 1, "--city", "").code == 0
    assert two("edit", 2, "--owner", "Mara").code == 0

    merged(two, 1, 2)

    assert (people(two)[1]["city"], people(two)[1]["owner"]) == ("", "Mara")
    path = tmp_path / "again.csv"
    path.write_text("customer_id,name,owner\nA1,Ana Sol,Jonas\n", "utf-8")
    assert two("import", path).code == 0
    assert people(two)[1]["owner"] == "Mara"


@pytest.mark.parametrize("alone", [1, 2])
def test_if_either_is_left_alone_both_are(alone: int, two: Runner, tmp_path: Path) -> None:
    assert two("note", 3 - alone, "a case").code == 0
    assert two("suppress", alone, "--reason", "asked").code == 0

    merged(two, 1, 2)

    assert people(two)[1]["suppressed"]
    assert json.loads(two("show", 1, "--json").out)["case"]["outcome"] == "suppressed"
    path = tmp_path / "again.csv"
    path.write_text(HEAD + ",,,anna@example.org,,,,\n,X,,ana@example.com,,,,\n", "utf-8")
    assert json.loads(two("import", path, "--json").out)["suppressed"] == 2
    assert two("store", "doctor").code == 0
    assert two("unsuppress", 1, "--because", "a mistake").code == 0
    assert two("store", "doctor").code == 0


def test_whoever_holds_a_mailbox_of_somebody_left_alone_is_left_alone_after_a_merge(two: Runner) -> None:
    assert two("edit", 3, "--email", "anna@example.org").code == 0
    assert two("suppress", 1, "--reason", "asked").code == 0

    merged(two, 1, 2)

    assert people(two)[3]["suppressed"]


def test_both_left_alone_are_lifted_as_one(two: Runner, tmp_path: Path) -> None:
    for who in (1, 2):
        assert two("suppress", who, "--reason", "asked").code == 0
    merged(two, 1, 2)

    assert two("unsuppress", 1, "--because", "a mistake").code == 0

    path = tmp_path / "again.csv"
    path.write_text(HEAD + ",Anna Sol,,anna@example.org,,,2026-01-01,\n", "utf-8")
    assert json.loads(two("import", path, "--json").out)["suppressed"] == 0


def test_cases_move_signed_anew_and_say_where_they_came_from(two: Runner) -> None:
    assert two("note", 1, "hers").code == 0
    assert two("walk", 2, "--answers", ANSWERS).code == 0
    assert two("close", 2, "--outcome", "lost", "--override", "they moved away").code == 0
    before = json.loads(two("show", 2, "--json").out)

    told = merged(two, 1, 2)

    assert told["cases"] == [{"was": "2.1", "is": "1.2"}]
    after = json.loads(two("show", "1.2", "--json").out)
    assert after["facts"] == before["facts"]
    assert [e["kind"] for e in after["events"]] == [*(e["kind"] for e in before["events"]), "noted"]
    assert after["events"][-1]["body"]["merged"] == {"case": "2.1", "head": before["events"][-1]["hash"]}
    assert json.loads(two("show", 1, "--json").out)["case"]["id"] == "1.1"  # the running one
    ran = two("store", "doctor")
    assert ran.code == 0, ran.err + ran.out
    assert two("undo", "1.2").code == 5


def test_the_running_case_moves_with_what_it_owes(two: Runner) -> None:
    assert two("touch", 2, "--channel", "phone", "--disposition", "no answer").code == 0
    assert two("edit", 1, "--revenue", "900 EUR").code == 0

    merged(two, 1, 2)

    assert [one["case"] for one in json.loads(two("due", "--days", 9, "--json").out)] == ["1.1"]
    assert two("store", "doctor").code == 0
    assert two("walk", 1, "--answers", ANSWERS).code == 0


def test_what_was_done_before_a_merge_is_not_undone_after_it(two: Runner) -> None:
    assert two("walk", 2, "--answers", ANSWERS).code == 0
    merged(two, 1, 2)
    assert two("note", 1, "since").code == 0

    codes = [two("undo", 1).code, two("undo", 1).code]

    assert codes == [0, 5]
    states = {p["value"]: p["state"] for p in people(two)[1]["contact_points"]}
    assert (states["ana@example.com"], states["anna@example.org"]) == ("unchecked", "good")


def test_two_running_cases_are_not_merged(two: Runner) -> None:
    for who in (1, 2):
        assert two("note", who, "a case").code == 0

    ran = two("merge", 1, 2, "--yes")

    assert ran.code == 5
    assert "winback close 2" in ran.err
    assert set(people(two)) == {1, 2, 3}


def test_nothing_is_merged_without_a_yes(two: Runner) -> None:
    assert two("merge", 1, 2).code == 2
    assert two("merge", 1, 1, "--yes").code == 5
    assert two("merge", 1, "--yes").code == 2
    assert two("merge", 1, 99, "--yes").code == 3
    assert set(people(two)) == {1, 2, 3}


def test_an_import_of_one_that_was_merged_is_taken_back_without_a_word(two: Runner, tmp_path: Path) -> None:
    path = tmp_path / "later.csv"
    path.write_text(HEAD + "B7,Anna Sol,,,,York,2026-01-01,\n", "utf-8")
    assert two("import", path).code == 0
    merged(two, 1, 2)

    told = json.loads(two("import", "--undo", 2, "--json").out)
    first = json.loads(two("import", "--undo", 1, "--json").out)

    assert (told["removed"], told["restored"], told["kept"]) == (0, 0, [])
    assert [one["why"] for one in first["kept"]] == ["another record was merged into it"]
    assert people(two)[1]["city"] == "York"


# -- likely pairs ----------------------------------------------------------------------------


def test_likely_pairs_say_what_else_is_the_same(two: Runner) -> None:
    assert two("edit", 1, "--city", "leeds").code == 0

    pairs = json.loads(two("merge", "--json").out)

    assert [(p["one"]["number"], p["other"]["number"], p["why"]) for p in pairs] == [(1, 2, ["same town"])]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (("Ana Sol", "", "Leeds"), ("Sol, Ana", "", "LEEDS"), ("same town",)),
        (("Ana Sol", "Blue", ""), ("Anna Sol", "blue", ""), ("same firm",)),
        (("Ana Sol", "", "", ("442",)), ("Hanna Sol", "", "", ("442",)), ("same phone",)),
        (("", "Blue Foods", "Bonn"), ("", "Blue Food", "Bonn"), ("same town",)),
        (("Ana Sol", "", "Leeds"), ("Ana Sol", "", "York"), None),
        (("Ana Sol", "Blue", ""), ("Ben Ode", "Blue", ""), None),
    ],
)
def test_two_are_likely_one_where_their_names_and_something_else_agree(
    one: tuple[Any, ...], other: tuple[Any, ...], why: tuple[str, ...] | None
) -> None:
    pairs = likely([Person(1, *one), Person(2, *other)], 20)

    assert [pair.why for pair in pairs] == ([why] if why else [])


def test_a_large_group_is_compared_with_its_neighbours_alone() -> None:
    crowd = [Person(n, f"Name {n:05}", "One Firm", "Leeds") for n in range(3_000)]

    pairs = likely(
        [*crowd, Person(9_001, "Zoe Quill", "One Firm", ""), Person(9_002, "Zoë Quill", "One Firm", "")], 20
    )

    assert len(pairs) == 20
    assert (pairs[0].one, pairs[0].other, pairs[0].likeness) == (9_001, 9_002, 100)
