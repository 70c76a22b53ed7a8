"""The last, short transaction of an import heeds what others did until then."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.faults.processes import seen
from tests.work.lists import TODAY, bring, people, read_list
from winback_cli.plainrow import Checked
from winback_cli.store import bringing, staging
from winback_cli.store.writes import Store

ROWS = """name,email,phone,city,orders
Hal Low,hal@example.com,,York,7
Hal,hal@example.com,+44 20 7946 0001,York,6
Ida Moe,ida@example.com,,York,7
Ana Sol,ana@blue.example.com,,York,77
Jo Neu,jo@example.com,,York,7
"""


@pytest.mark.parametrize("patience", [0, 1, 3], ids="looked at again {} times outside".format)
def test_who_was_added_suppressed_or_edited_last_of_all_is_nobody_twice_and_stays_so(
    patience: int, stocked: Runner, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "PATIENCE", patience)

    def meanwhile() -> None:
        for line in (
            ("add", "Hal Low", "--email", "hal@example.com", "--city", "Bonn"),
            ("add", "Ida Moe", "--email", "ida@example.com"),
            ("suppress", "Ida", "--reason", "asked for it"),
            ("edit", 1, "--city", "Rome"),
        ):
            assert stocked(*line).code == 0

    done = bring(store_path, ROWS, meanwhile)

    found = {one.name: (one.city, one.orders, one.alone) for one in people(store_path)}
    assert found["Hal Low"] == ("Bonn", 7, False)
    assert found["Ida Moe"] == ("", None, True)
    assert found["Ana Sol"] == ("Rome", 77, False)
    assert found["Jo Neu"] == ("York", 7, False)
    assert len(people(store_path)) == 7
    b = done.brought
    assert (b.new, b.changed, b.merged, b.suppressed) == (1, 2, 1, 1)
    assert stocked("store", "doctor").code == 0
    again = bring(store_path, "name,phone\nHal,+44 20 7946 0001\n")  # a name of theirs in the list alone
    assert (again.brought.new, len(people(store_path))) == (0, 7)


def test_an_address_that_was_suppressed_last_of_all_keeps_a_new_one_out(
    stocked: Runner, store_path: Path
) -> None:
    def meanwhile() -> None:
        assert stocked("edit", 2, "--email", "jo@example.com").code == 0
        assert stocked("suppress", 2, "--reason", "asked for it").code == 0

    done = bring(store_path, ROWS, meanwhile)

    assert [
        one.alone for one in people(store_path) if ("email", "jo@example.com", "unchecked") in one.points
    ] == [True]
    assert done.brought.suppressed == 1


def test_an_import_that_fails_at_its_end_leaves_everything_as_it_was(
    stocked: Runner, store_path: Path
) -> None:
    before = seen(store_path)

    def meanwhile() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(store_path, ROWS, meanwhile)

    assert seen(store_path) == before
    assert stocked("store", "doctor").code == 0


def test_what_a_list_alone_knows_of_one_who_was_added_while_it_came_in_is_kept(
    stocked: Runner, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "TOGETHER", 1)  # so that every row is written as it comes
    rows = read_list("name,email,phone\nJo,jo@example.com,\nEvelyn,eve@example.com,+44 20 7946 0009\n").rows

    def stream() -> Iterator[Sequence[Checked]]:
        yield rows[:1]
        assert stocked("add", "Eve Ried", "--email", "eve@example.com").code == 0
        yield rows[1:]

    store = Store.open(store_path, "tester", TODAY, "import")
    _, before = bringing.watch_of(store_path)
    brought = store.bring_in(stream(), lambda: bringing.Told("l.csv", "", ""), before)
    store.close()

    assert (brought.new, brought.changed) == (1, 1)
    assert [one.name for one in people(store_path) if "eve@example.com" in str(one.points)] == ["Eve Ried"]
    ran = stocked("add", "Evelyn", "--phone", "+44 20 7946 0009")
    assert ran.code == 5, "she is not known again by what the list called her"


def test_what_two_rows_say_together_is_weighed_against_who_is_left_alone(
    stocked: Runner, store_path: Path
) -> None:
    assert stocked("add", "Kit Orr", "--company", "Orr Ltd").code == 0
    assert stocked("suppress", "Kit", "--reason", "asked for it").code == 0

    done = bring(
        store_path,
        "name,company,email\nKit Orr,,kit@example.com\nK,Orr Ltd,kit@example.com\nLou Fee,,lou@example.com\n",
    )

    names = [(one.name, one.alone) for one in people(store_path)][4:]
    assert names == [("Kit Orr", True), ("Lou Fee", False)]
    assert (done.brought.new, done.brought.suppressed, done.counted) == (1, 2, done.rows)


def test_a_row_that_makes_a_known_one_fit_who_is_left_alone_is_not_written(
    stocked: Runner, store_path: Path
) -> None:
    for line in (
        ("add", "Kit Orr", "--company", "Orr Ltd"),
        ("suppress", "Kit", "--reason", "asked for it"),
        ("add", "Kit Orr", "--email", "kit@example.com"),
    ):
        assert stocked(*line).code == 0

    done = bring(store_path, "name,company,email\nKit Orr,Orr Ltd,kit@example.com\n")
    done_too = bring(store_path, "name,company,email\n,Orr Ltd,kit@example.com\n")

    assert (done.brought.suppressed, done_too.brought.suppressed) == (1, 1)
    assert [one.company for one in people(store_path) if "kit@example.com" in str(one.points)] == [""]


def test_the_same_list_brings_somebody_in_again_once_they_were_taken_off(
    stocked: Runner, store_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "l.csv"
    path.write_text("name,email\nMo Fry,mo@example.com\n", "utf-8")
    block = tmp_path / "block.csv"
    block.write_text("email\nmo@example.com\n", "utf-8")
    assert stocked("suppress", "--import", block).code == 0
    assert "1" in stocked("import", path).out
    assert "Mo Fry" not in [one.name for one in people(store_path)]
    assert stocked("unsuppress", "mo@example.com", "--because", "a mistake").code == 0

    assert stocked("import", path).code == 0

    assert "Mo Fry" in [one.name for one in people(store_path)]
