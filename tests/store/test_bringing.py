"""The last, short transaction of an import heeds what others did until then."""

from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.faults.processes import seen
from tests.work.lists import bring, people
from winback_cli.store import bringing

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
