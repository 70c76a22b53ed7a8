"""F5: copies made and taken back, killed at every write, sync, removal and new name on the way.

After any kill the store opens, as it was or as the copy makes it; nobody who was left alone in either
is put forward; and restoring again mends whatever is left. WINBACK_TEST_N raises how many of each
kind of call are tried.
"""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import LIST, Runner
from tests.faults import processes
from tests.faults.ground import ANSWERS, TODAY
from tests.faults.lab import Lab
from tests.faults.processes import assert_whole, copy_store, dump, spread
from tests.faults.syscalls import Fault

pytestmark = pytest.mark.timeout(120 + 20 * processes.runs(0))

CALLS = ("write", "sync", "unlink", "create")
KEPT_APART = ("about", "command")  # they tell of the restore itself


def kills(calls: Counter[str], count: int) -> list[Fault]:
    """A kill all along a command's way: at so many of its writes, and at every new name."""
    return [
        Fault(call, at, "KILL")
        for call in CALLS
        for at in spread(calls[call], calls[call] if call == "create" else count)
    ]


class Shop(NamedTuple):
    """A store, and a copy that it can be replaced by; three people were suppressed since.

    Ana is in both; Ben is left alone in the copy only; Eva is in the store only, and known to the
    copy by nothing but the hashes that are carried over.
    """

    store: Path
    copy: Path

    def fresh(self) -> Path:
        """The store and nothing else, to be hurt."""
        place = self.store.with_name("hurt.sqlite")
        for old in place.parent.glob(".new-*"):
            old.unlink()
        return copy_store(self.store, place)


LEFT_ALONE = {1: "ana@blue.example.com", 2: "ben@example.com", 4: "dara@example.net", 5: "eva@example.com"}
SINCE = (1, 4, 5)  # in the store as it was
NAMES = ("Ana Sol", "Ben Ode", "Dara Quill", "Eva Ried")


@pytest.fixture(params=["the store's own copy", "a copy with another key"])
def shop(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Shop:
    store, copy = tmp_path / "shop.sqlite", tmp_path / "copy.sqlite"
    sample = tmp_path / "sample.csv"
    sample.write_text(LIST, "utf-8")
    lines = [(store, "import", sample), (store, "note", 1, "likes the blue ones")]
    if request.param == "a copy with another key":
        lines += [(copy, "import", sample), (copy, "note", 3, "a case of the copy")]
    else:
        lines += [(store, "store", "backup", copy)]
    lines += [
        (copy, "suppress", 2, "--reason", "asked the other shop"),
        (store, "suppress", 1, "--reason", "asked by letter"),
        (store, "add", "Eva Ried", "--email", LEFT_ALONE[5]),
        (store, "suppress", 5, "--reason", "asked too"),
    ]
    run = lab.runs([("--store", place, *TODAY, *line) for place, *line in lines])
    assert run.code == 0, run.err
    return Shop(store, copy)


def check_nobody_is_put_forward(winback: Runner, store: Path, alone: tuple[int, ...]) -> None:
    """Whoever was left alone is neither named at the desk nor walked nor added anew; the key may not
    fit, and then nobody at all is put forward.
    """
    desk = winback("--store", store, *TODAY)
    keyless = "Nobody is put forward." in desk.out
    for number in alone:
        name = NAMES[list(LEFT_ALONE).index(number)]
        assert name not in desk.out, f"{name} is put forward"
        code = winback("--store", store, *TODAY, "add", name, "--email", LEFT_ALONE[number]).code
        assert code == (65 if keyless else 5), f"{name} could be added"
        if number != 5:
            walked = winback("--store", store, *TODAY, "walk", number, "--answers", ANSWERS)
            assert walked.code == (65 if keyless else 5), f"{name} could be walked: {walked.err}"


def check_restores(lab: Lab, shop: Shop, winback: Runner, count: int, twin: str = "") -> set[str]:
    """Kill restores all along their way; which stores the kills left."""

    def line(store: Path) -> tuple[object, ...]:
        return ("--store", store, *TODAY, "store", "restore", shop.copy, "--yes")

    store = shop.fresh()
    clean = lab.run(*line(store), twin=twin)
    assert clean.code == 0, clean.err
    old, new = dump(shop.store, KEPT_APART), dump(store, KEPT_APART)
    copied = dump(shop.copy)
    left = set()
    for fault in kills(clean.calls, count):
        store = shop.fresh()
        run = lab.run(*line(store), fault=fault, twin=twin)
        assert (run.code, run.hits) == (-9, 1), f"{fault} never struck"
        assert_whole(store)
        there = dump(store, KEPT_APART)
        assert there in (old, new), f"{fault} left neither the one nor the other"
        left.add("new" if there == new else "old")
        check_nobody_is_put_forward(winback, store, tuple(LEFT_ALONE) if there == new else SINCE)
        again = lab.run(*line(store))
        assert again.code == 0, f"restoring again after {fault}: {again.err}"
        assert dump(store, KEPT_APART) == new
        check_nobody_is_put_forward(winback, store, tuple(LEFT_ALONE))
        assert winback("--store", store, "store", "doctor").code == 0
        assert dump(shop.copy) == copied
    return left


def test_a_restore_killed_anywhere_leaves_either_store_whole_and_restoring_again_mends_it(
    lab: Lab, shop: Shop, winback: Runner
) -> None:
    assert check_restores(lab, shop, winback, processes.runs(3)) == {"old", "new"}


@pytest.mark.parametrize(
    ("twin", "told"),
    [
        ("overwriting", "damaged|neither|malformed|not a database"),
        ("carrying_late", "neither the one|put forward"),
    ],
)
def test_a_restore_that_overwrites_or_carries_too_late_is_caught(
    twin: str, told: str, lab: Lab, shop: Shop, winback: Runner
) -> None:
    with pytest.raises((AssertionError, sqlite3.DatabaseError), match=told):
        check_restores(lab, shop, winback, 12, twin)


# -- copies ------------------------------------------------------------------------------------


def check_copies(lab: Lab, store: Path, winback: Runner, count: int, twin: str = "") -> None:
    """Kill copies all along their way: none, or a whole one with its key; and the store as it was."""
    folder = store.with_name("copies")
    folder.mkdir()
    before = dump(store)

    def line(number: int) -> tuple[Path, tuple[object, ...]]:
        place = folder / f"copy-{number}.sqlite"
        return place, ("--store", store, *TODAY, "store", "backup", place)

    clean = lab.run(*line(0)[1], twin=twin)
    assert clean.code == 0, clean.err
    made = 0
    for number, fault in enumerate(kills(clean.calls, count), 1):
        place, words = line(number)
        run = lab.run(*words, fault=fault, twin=twin)
        assert (run.code, run.hits) == (-9, 1), f"{fault} never struck"
        assert dump(store) == before
        if not place.exists():
            continue
        made += 1
        assert_whole(place)
        assert dump(place) == before, f"{fault} left a copy that lacks something"
        assert Path(f"{place}.key").read_bytes() == Path(f"{store}.key").read_bytes()
        assert winback("--store", place, "store", "doctor").code == 0
    assert made, "no kill came after the copy stood"


def test_a_copy_killed_anywhere_is_none_or_a_whole_one_with_its_key(
    lab: Lab, shop: Shop, winback: Runner
) -> None:
    check_copies(lab, shop.store, winback, processes.runs(3))


def test_a_copy_made_under_its_own_name_is_caught(lab: Lab, shop: Shop, winback: Runner) -> None:
    with pytest.raises((AssertionError, sqlite3.DatabaseError, FileNotFoundError)):
        check_copies(lab, shop.store, winback, 6, "under_its_name")
