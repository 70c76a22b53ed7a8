"""Being left alone holds: whatever a list, an edit or a second record says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner

Lister = Callable[..., None]
ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"


@pytest.fixture
def bring(winback: Runner, tmp_path: Path) -> Lister:
    """Import rows of customer_id,name,company,email,phone."""

    def one(*rows: str) -> None:
        path = tmp_path / f"{abs(hash(rows))}.csv"
        path.write_text("customer_id,name,company,email,phone,city\n" + "\n".join(rows) + "\n", "utf-8")
        assert winback("import", path).code == 0

    return one


def customers(winback: Runner) -> dict[str, Any]:
    listed = json.loads(winback("list", "--customers", "--json", "--limit", 0).out)
    return {customer["name"]: customer for customer in listed}


def test_a_list_gives_nobody_the_address_of_somebody_who_is_left_alone(
    winback: Runner, bring: Lister
) -> None:
    bring("X1,Ana,Blue,ana@example.com,,", "X2,Ben,,ben@example.com,,")
    assert winback("suppress", 2, "--reason", "asked").code == 0

    bring("X1,Ana,Blue,ben@example.com,,")

    found = customers(winback)
    assert found["Ana"]["emails"] == ["ana@example.com"]
    assert not found["Ana"]["suppressed"]


@pytest.mark.parametrize(
    "row", [",Ana Sol,,,+44 20 7946 0001,", ",Ana Sol,Blue,,,", ",,,ANA+x@example.com,,"]
)
def test_no_part_of_what_they_were_known_by_brings_somebody_back(
    row: str, winback: Runner, bring: Lister
) -> None:
    bring(",Ana Sol,Blue,ana@example.com,+44 20 7946 0001,")
    assert winback("suppress", 1, "--reason", "asked").code == 0

    bring(row, ",Somebody Else,,else@example.com,,")

    reachable = [name for name, one in customers(winback).items() if not one["suppressed"]]
    assert reachable == ["Somebody Else"]


def test_whoever_holds_the_same_mailbox_is_left_alone_too(winback: Runner, bring: Lister) -> None:
    bring("X1,Ana,,ana@example.com,,", "X2,Ben,,ben@example.com,,")
    assert winback("edit", 2, "--email", "ana@example.com").code == 0

    ran = winback("suppress", 1, "--reason", "asked")

    assert all(one["suppressed"] for one in customers(winback).values())
    assert "So is Ben" in ran.err


def test_nothing_falls_due_for_somebody_left_alone_after_a_win(stocked: Runner, rows: Any) -> None:
    assert stocked("touch", 1, "--channel", "phone", "--disposition", "reached").code == 0
    won = ("close", 1, "--outcome", "won", "--until", "+1m", "--override", "they came back at once")
    assert stocked(*won).code == 0
    assert rows("SELECT count(*) FROM due") == [(1,)]

    assert stocked("suppress", 1, "--reason", "asked").code == 0

    assert rows("SELECT count(*) FROM due") == [(0,)]


def test_a_closed_case_takes_no_more_answers(stocked: Runner) -> None:
    assert stocked("walk", 1, "--answers", ANSWERS).code == 0
    assert stocked("close", 1, "--outcome", "lost", "--override", "they moved away").code == 0

    again = stocked("walk", 1, "--answers", ANSWERS)
    named = stocked("walk", "1.1", "--answers", ANSWERS, "--new")

    assert (again.code, named.code) == (5, 5)
    assert "--new" in again.err


def test_a_case_closed_meanwhile_refuses_the_answer_of_an_open_walk(
    stocked: Runner, store_path: Path
) -> None:
    from winback_cli.case import Entry
    from winback_cli.dates import clock_at
    from winback_cli.errors import Refused
    from winback_cli.store.writes import Store

    assert stocked("note", 1, "a remark").code == 0
    assert stocked("close", 1, "--outcome", "lost").code == 0
    store = Store.open(store_path, "me", clock_at("2026-11-23"), "walk")
    answer = {"question": "backstory.told_by", "fact": "backstory.told_by", "value": "Mara"}

    with pytest.raises(Refused):
        store.record(1, [Entry("answered", answer)], lambda case: None)
    store.record(1, [Entry("noted", {"text": "still taken"})], lambda case: None)
    store.close()


def test_what_a_user_set_by_hand_stays_in_its_currency(
    winback: Runner, bring: Lister, tmp_path: Path
) -> None:
    assert winback("add", "Ana", "--email", "ana@example.com", "--revenue", "1200 EUR").code == 0
    path = tmp_path / "usd.csv"
    path.write_text("name,email,revenue,currency\nAna,ana@example.com,900.00,USD\n", "utf-8")

    assert winback("import", path).code == 0

    assert customers(winback)["Ana"]["revenue"] == {"amount": 120000, "currency": "EUR"}


def test_how_they_left_is_what_was_said_last(stocked: Runner) -> None:
    assert stocked("walk", 1, "--answers", ANSWERS).code == 0
    assert stocked("edit", 1, "--how-left", "departing").code == 0
    assert stocked("note", 1, "a remark").code == 0

    assert customers(stocked)["Ana Sol"]["how_left"] == "departing"


def test_a_list_without_a_last_purchase_still_brings_what_is_new(winback: Runner, bring: Lister) -> None:
    path_one = ",Ana,,ana@example.com,,Bonn"
    bring(path_one)
    assert winback("edit", 1, "--last-purchase", "2025-01-01").code == 0

    bring(",Ana,,ana@example.com,,Ulm")

    assert customers(winback)["Ana"]["city"] == "Ulm"


def test_a_check_of_the_details_marks_the_contact_points(stocked: Runner, rows: Any) -> None:
    assert stocked("walk", 1, "--answers", ANSWERS).code == 0

    assert rows("SELECT DISTINCT state FROM contact_point WHERE customer_id = 1") == [("good",)]


def test_an_attempt_told_twice_by_a_file_is_logged_once(stocked: Runner, tmp_path: Path) -> None:
    path = tmp_path / "nobody.yaml"
    backstory = ANSWERS.read_text("utf-8").partition("  contact:")[0]
    path.write_text(backstory + "  contact: {on: -1d, channel: phone, disposition: no_answer}\n", "utf-8")

    for _ in range(3):
        assert stocked("walk", 1, "--answers", path).code == 0

    assert len(json.loads(stocked("show", 1, "--json").out)["touches"]) == 1


def test_a_list_that_says_somebody_opted_out_closes_their_case(
    winback: Runner, bring: Lister, tmp_path: Path
) -> None:
    bring("X1,Ana,,ana@example.com,,Bonn", "X2,Ben,,ben@example.com,,Bonn")
    assert winback("note", 1, "a case").code == 0
    path = tmp_path / "out.csv"
    path.write_text("customer_id,name,city,opted out\nX1,Ana,Ulm,yes\nX2,Ben,Ulm,no\n", "utf-8")

    ran = winback("import", path)

    assert ran.code == 0, ran.err
    assert json.loads(winback("show", 1, "--json").out)["case"]["outcome"] == "suppressed"
    assert customers(winback)["Ben"]["city"] == "Ulm"
    assert winback("store", "doctor").code == 0


def test_somebody_left_alone_is_not_given_the_mailbox_of_somebody_who_is_not(
    winback: Runner, bring: Lister
) -> None:
    bring("X1,Ana,,ana@example.com,,", "X2,Ben,,ben@example.com,,")
    assert winback("suppress", 1, "--reason", "asked").code == 0

    ran = winback("edit", 1, "--email", "ben@example.com")

    assert ran.code == 5
    assert "winback suppress 2" in ran.err
    assert customers(winback)["Ana"]["emails"] == ["ana@example.com"]
