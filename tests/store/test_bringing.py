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
