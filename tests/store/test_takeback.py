"""An import taken back: gone where nothing hangs on it, kept and told where something does."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Runner
from winback_cli.store.bringing import alone

HEAD = "customer_id,name,email,phone,city,last_purchase,opt_out\n"
Bring = Callable[..., int]


@pytest.fixture
def bring(winback: Runner, tmp_path: Path) -> Bring:
    """Import rows of HEAD; returns the import's number."""
    made = 0

    def one(*rows: str) -> int:
        nonlocal made
        made += 1
        path = tmp_path / f"list-{made}.csv"
        path.write_text(HEAD + "\n".join(rows) + f"\n,Filler {made},,,,,\n", "utf-8")
        ran = winback("import", path, "--json")
        assert ran.code == 0, ran.err
        return int(json.loads(ran.out)["batch"])

    return one


def people(winback: Runner) -> dict[str, Any]:
    listed = json.loads(winback("list", "--customers", "--json", "--limit", 0).out)
    return {one["name"]: one for one in listed if not one["name"].startswith("Filler")}


def taken_back(winback: Runner, batch: int) -> dict[str, Any]:
    ran = winback("import", "--undo", batch, "--json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def whys(told: dict[str, Any]) -> dict[str, str]:
    return {one["name"] + (f" {one['field']}" if one["field"] else ""): one["why"] for one in told["kept"]}


ANA = "1,Ana Sol,ana@example.com,,Leeds,2025-01-01,"


def test_whom_it_brought_goes_and_the_same_file_can_come_in_again(winback: Runner, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEAD + ANA + "\n", "utf-8")
    assert winback("import", path).code == 0

    told = taken_back(winback, 1)

    assert (told["removed"], told["kept"], people(winback)) == (1, [], {})
    assert "1 new" in winback("import", path).out
    assert list(people(winback)) == ["Ana Sol"]


def test_what_hangs_on_somebody_keeps_them_and_says_so(winback: Runner, bring: Bring) -> None:
    names = ("Cora", "Edit", "Alone", "Later", "Opted", "Plain")
    rows = [f"{n},{name},{name}@example.com,,Leeds,2025-01-01," for n, name in enumerate(names)]
    rows[4] += "yes"
    batch = bring(*rows)
    numbers = {name: one["number"] for name, one in people(winback).items()}
    assert winback("note", numbers["Cora"], "a word").code == 0
    assert winback("edit", numbers["Edit"], "--city", "Bonn").code == 0
    assert winback("suppress", numbers["Alone"], "--reason", "asked").code == 0
    bring("3,Later,Later@example.com,,York,2025-02-02,")

    told = taken_back(winback, batch)

    assert whys(told) == {
        "Cora": "has a case",
        "Edit": "edited by hand",
        "Alone": "left alone",
        "Later": "a later list changed it",
        "Opted": "left alone",
    }
    assert set(people(winback)) == set(names) - {"Plain"}
    assert [name for name, one in people(winback).items() if one["suppressed"]] == ["Alone", "Opted"]


def test_changed_fields_and_points_go_back_and_the_address_is_nobodys_again(
    winback: Runner, bring: Bring
) -> None:
    bring(ANA)
    before = people(winback)
    batch = bring("1,Ana Soler,new@example.com,+44 20 7946 0001,York,2025-05-05,")
    assert people(winback) != before

    told = taken_back(winback, batch)

    assert (told["restored"], told["kept"]) == (1, [])
    assert people(winback) == before
    assert winback("show", "new@example.com").code == 3
    bring("9,Somebody Else,new@example.com,,Ulm,,")
    assert set(people(winback)) == {"Ana Sol", "Somebody Else"}


def test_a_field_set_by_hand_since_stays(winback: Runner, bring: Bring) -> None:
    bring(ANA)
    batch = bring("1,Ana Soler,,,York,2025-05-05,")
    assert winback("edit", 1, "--city", "Ulm").code == 0

    told = taken_back(winback, batch)

    assert whys(told) == {"Ana Sol city": "edited by hand"} or whys(told) == {
        "Ana Soler city": "edited by hand"
    }
    ana = people(winback)["Ana Sol"]
    assert (ana["city"], ana["last_purchase"]) == ("Ulm", "2025-01-01")


def test_somebody_left_alone_since_keeps_all_that_is_known_of_them(winback: Runner, bring: Bring) -> None:
    bring(ANA)
    batch = bring("1,Ana Sol,new@example.com,,York,2025-05-05,")
    assert winback("suppress", 1, "--reason", "asked").code == 0

    told = taken_back(winback, batch)

    assert whys(told) == {"Ana Sol": "left alone"}
    bring("7,Ana S,new@example.com,,,,")
    assert [name for name, one in people(winback).items() if not one["suppressed"]] == []


def test_it_is_taken_back_once(winback: Runner, bring: Bring) -> None:
    batch = bring(ANA)
    taken_back(winback, batch)

    ran = winback("import", "--undo", batch)

    assert ran.code == 5
    assert "already" in ran.err


@pytest.mark.parametrize("number", [77, -1, 2**70])
def test_an_unknown_number_is_no_import(number: int, winback: Runner, bring: Bring) -> None:
    bring(ANA)

    assert winback("import", "--undo", number).code == 3


def test_a_later_list_that_said_the_same_can_come_in_again(winback: Runner, tmp_path: Path) -> None:
    for name, city in (("one", "Bonn"), ("two", "Ulm")):
        (tmp_path / f"{name}.csv").write_text(f"{HEAD}{ANA}\n2,Ben,,,{city},,\n", "utf-8")
        assert winback("import", tmp_path / f"{name}.csv").code == 0
    taken_back(winback, 1)
    assert list(people(winback)) == ["Ben"]

    assert "1 new" in winback("import", tmp_path / "two.csv").out


ROWS = st.lists(
    st.tuples(
        st.sampled_from(("1", "2", "")),
        st.sampled_from(("Ana", "Ben")),
        st.sampled_from(("a@example.com", "b@example.com", "")),
        st.sampled_from(("+44 20 7946 0001", "")),
        st.sampled_from(("Leeds", "York", "")),
        st.sampled_from(("2025-01-01", "2025-02-02", "")),
        st.just(""),
    ).map(",".join),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25)
@given(lists=st.lists(ROWS, min_size=2, max_size=3), data=st.data())
def test_in_whatever_order_imports_are_taken_back_nothing_of_them_stays(
    lists: list[list[str]], data: st.DataObject, winback: Runner, bring: Bring, store_path: Path
) -> None:
    store_path.unlink(missing_ok=True)
    batches = [bring(*rows) for rows in lists]
    for batch in data.draw(st.permutations(batches)):
        taken_back(winback, batch)

    assert people(winback) == {}
    assert left(store_path) == [0, 0, 0, 0]
    assert winback("store", "doctor").code == 0


def left(store: Path) -> list[int]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(store)) as raw:
        tables = ("customer_row", "identity", "former", "contact_point")
        return [raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


@settings(max_examples=25)
@given(first=ROWS, second=ROWS)
def test_taking_the_last_import_back_leaves_what_was_before_it(
    first: list[str], second: list[str], winback: Runner, bring: Bring, store_path: Path
) -> None:
    store_path.unlink(missing_ok=True)
    bring(*first)
    before = winback("list", "--customers", "--json", "--limit", 0).out
    batch = bring(*second)

    told = taken_back(winback, batch)

    assert told["kept"] == []
    assert winback("list", "--customers", "--json", "--limit", 0).out == before


DIES = """
import os, signal, sys
from winback_cli.main import main
from winback_cli.store import takeback
takeback._change_back = lambda raw, batch: os.kill(os.getpid(), signal.SIGKILL)
main(["import", "--undo", sys.argv[1]])
"""


def test_one_that_is_killed_midway_took_nothing_back(winback: Runner, bring: Bring) -> None:
    bring(ANA)
    batch = bring("1,Ana Soler,,,York,2025-05-05,", "2,Ben,ben@example.com,,Bonn,,")
    before = winback("list", "--customers", "--json", "--limit", 0).out

    killed = subprocess.run([sys.executable, "-c", DIES, str(batch)], timeout=60)

    assert killed.returncode == -signal.SIGKILL
    assert winback("list", "--customers", "--json", "--limit", 0).out == before
    assert taken_back(winback, batch)["removed"] == 2  # Ben, and the filler of that list


@pytest.mark.parametrize("line", [("import", "--undo", 1), ("merge", 1, 2, "--yes")])
def test_nobody_is_taken_away_beneath_an_import_under_way(
    line: tuple[object, ...], winback: Runner, bring: Bring, store_path: Path
) -> None:
    bring(ANA)

    with alone(store_path):
        ran = winback(*line)

    assert ran.code == 75
    assert "An import is running." in ran.err
    assert list(people(winback)) == ["Ana Sol"]


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_two_lists_on_top_of_each_other_give_back_what_was_before_both(
    order: tuple[int, int], winback: Runner, bring: Bring
) -> None:
    bring(ANA)
    before = people(winback)
    bring("1,Ana Sol,,,York,2025-05-05,")
    bring("1,Ana Sol,,,Ulm,2025-06-06,")

    first = taken_back(winback, order[0])

    if order[0] == 2:
        assert whys(first) == {
            "Ana Sol city": "a later list changed it",
            "Ana Sol last_purchase": "a later list changed it",
        }
        assert people(winback)["Ana Sol"]["city"] == "Ulm"
    taken_back(winback, order[1])
    assert people(winback) == before
