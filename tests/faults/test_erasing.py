"""An erasure killed at its writes, syncs, removals and new names: somebody is there, or gone, whole.

Whatever is left, erasing again or the doctor brings it to its end, and then no byte tells of them.
WINBACK_TEST_N raises how many of each kind of call are tried.
"""

from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.ground import TODAY, Ground
from tests.faults.lab import Lab
from tests.faults.processes import assert_whole, copy_store, dump, spread
from tests.faults.syscalls import Fault

pytestmark = pytest.mark.timeout(120 + 20 * processes.runs(0))

CALLS = ("write", "sync", "unlink", "create")
KEPT_APART = ("about", "command", "score", "ranking")
TOLD = (b"ana sol", b"ana@blue.example.com", b"79460001", b"likes the blue ones")


def check_kills(lab: Lab, ground: Ground, winback: Runner, count: int, twin: str = "") -> set[str]:
    """Kill erasures all along their way; which stores the kills left."""
    store = ground.base.with_name("hurt.sqlite")
    line = ("--store", store, *TODAY, "erase", 1, "--yes")
    copy_store(ground.base, store)
    before = dump(store, KEPT_APART)
    clean = lab.run(*line, twin=twin)
    assert clean.code == 0, clean.err
    after = dump(store, KEPT_APART)
    left = set()
    for fault in [Fault(call, at, "KILL") for call in CALLS for at in spread(clean.calls[call], count)]:
        copy_store(ground.base, store)
        run = lab.run(*line, fault=fault, twin=twin)
        assert (run.code, run.hits) == (-9, 1), f"{fault} never struck"
        assert_whole(store)
        there = dump(store, KEPT_APART)
        assert there in (before, after), f"{fault} left neither the one nor the other"
        left.add("gone" if there == after else "there")
        if there == before:
            assert lab.run(*line).code == 0, f"erasing again after {fault}"
        assert winback("--store", store, "store", "doctor", "--mend").code == 0
        assert dump(store, KEPT_APART) == after
        assert [word for word in TOLD if word in held(store)] == [], f"{fault} left traces"
    return left


def held(store: Path) -> bytes:
    beside = (store.with_name(store.name + end) for end in ("", "-journal"))
    return b"".join(place.read_bytes() for place in beside if place.exists()).lower()


def test_an_erasure_killed_anywhere_leaves_them_whole_or_gone_and_can_be_ended(
    lab: Lab, ground: Ground, winback: Runner
) -> None:
    assert check_kills(lab, ground, winback, processes.runs(3)) == {"there", "gone"}


def test_an_erasure_in_several_transactions_is_caught(lab: Lab, ground: Ground, winback: Runner) -> None:
    with pytest.raises(AssertionError, match="neither"):
        check_kills(lab, ground, winback, 12, "piecemeal")
