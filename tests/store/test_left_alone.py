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


def bring_file(winback: Runner, tmp_path: Path, name: str, content: str) -> dict[str, Any]:
    """Import a list; the result as scripts get it."""
    path = tmp_path / name
    path.write_text(content, "utf-8")
    ran = winback("import", path, "--json")
    assert ran.code in (0, 4), ran.err
    return dict(json.loads(ran.out))


@pytest.mark.parametrize(
    "cells", ["31.02.2026,12,100", "2026-01-05,many,100", "2026-01-05,12,-100", f"{'2026-01-05'},12,1x0"]
)
def test_whoever_opted_out_is_left_alone_whatever_else_is_wrong_in_the_row(
    cells: str, winback: Runner, tmp_path: Path
) -> None:
    told = bring_file(
        winback,
        tmp_path,
        "out.csv",
        "customer_id,name,email,last_purchase,orders,revenue,opted out\n"
        f"X1,Ana,ana@example.com,{cells},yes\nX2,Ben,ben@example.com,2026-01-04,2,50,no\n"
        f"X3,Cy,cy@example.com,{cells},no\n",
    )

    assert (told["new"], told["suppressed"], told["rejected"]) == (1, 1, 1)
    assert [one["line"] for one in told["rejects"]] == [4]
    assert customers(winback)["Ana"]["suppressed"]


def test_an_opt_out_whose_purchases_are_in_the_wrong_order_counts(winback: Runner, tmp_path: Path) -> None:
    row = "Ana,ana@example.com,2026-02-01,2026-01-01,yes"
    told = bring_file(
        winback, tmp_path, "out.csv", f"name,email,first_purchase,last_purchase,opted out\n{row}\n"
    )

    assert (told["suppressed"], told["rejected"]) == (1, 0)


def test_an_opt_out_in_a_row_with_nobody_in_it_is_rejected(winback: Runner, tmp_path: Path) -> None:
    told = bring_file(winback, tmp_path, "out.csv", "name,email,city,opted out\n,,Ulm,yes\nBen,,Ulm,no\n")

    assert (told["suppressed"], told["rejected"], told["new"]) == (0, 1, 1)


def test_whoever_is_named_with_the_address_of_somebody_without_a_record_is_them_by_every_other(
    winback: Runner, bring: Lister, tmp_path: Path
) -> None:
    path = tmp_path / "out.txt"
    path.write_text("ana@example.com\n", "utf-8")
    assert winback("suppress", "--import", path).code == 0

    bring("X1,Ana,,ana@example.com,+44 20 7946 0001,", "X2,Ben,,ben@example.com,,")
    bring(",Ana,,work@example.com,+44 20 7946 0001,", "X1,Anna,,new@example.com,,", "X2,Ben,,,,Ulm")

    assert list(customers(winback)) == ["Ben"]
    assert winback("unsuppress", "ana@example.com", "--because", "she asked").code == 0
    bring(",Ana,,work2@example.com,+44 20 7946 0001,")
    assert sorted(customers(winback)) == ["Ana", "Ben"]


def test_whoever_shares_only_a_name_and_firm_with_them_adds_nothing_to_the_list(
    winback: Runner, bring: Lister, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("name,company,email\nAna,Blue,ana@example.com\n", "utf-8")
    assert winback("suppress", "--import", path).code == 0

    bring("X1,Ana,Blue,another.ana@example.com,,")
    bring("X1,Ana,Green,another.ana@example.com,,")

    assert [one["company"] for one in customers(winback).values()] == ["Green"]


def test_whoever_holds_an_address_that_a_list_gives_somebody_left_alone_is_left_alone_too(
    winback: Runner, bring: Lister, tmp_path: Path
) -> None:
    bring("X1,Ana,,ana@example.com,,", "X2,Ben,,ben@example.com,,")
    assert winback("suppress", 1, "--reason", "asked").code == 0

    path = tmp_path / "two.csv"
    path.write_text("customer_id,name,email,email\nX1,Ana,ana@example.com,ben@example.com\n", "utf-8")
    assert winback("import", path).code == 0

    assert all(one["suppressed"] for one in customers(winback).values())
    listed = json.loads(winback("suppress", "--list", "--json").out)
    assert [one["reason"] for one in listed] == ["asked", "named with one left alone in two.csv"]


def test_their_case_is_closed_where_it_is_a_list_that_shows_whose_address_it_is(
    winback: Runner, bring: Lister
) -> None:
    bring("X1,Ana,,ana@example.com,,", "X2,Ben,,ben@example.com,,")
    assert winback("note", 2, "a case").code == 0
    assert winback("suppress", 1, "--reason", "asked").code == 0

    bring("X1,Ana,,ben@example.com,+44 20 7946 0001,", "X3,Cy,,cy@example.com,,")

    assert json.loads(winback("show", 2, "--json").out)["case"]["outcome"] == "suppressed"
    assert list(customers(winback)) == ["Ana", "Ben", "Cy"]
    assert winback("store", "doctor").code == 0
