"""S3: a file, folder or mount that may only be read: exit 77, and not a byte is written.

Root's powers are dropped in the process itself; test_modes.py does the same with another program.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.ground import ANSWERS, COMMANDS, TODAY, Ground
from tests.faults.lab import Lab, Run
from tests.faults.processes import assert_whole, copy_store, dump

Seal = Callable[[Path], Callable[[], None]]  # closes a store's place; gives back how to open it again


def read_only_file(store: Path) -> Callable[[], None]:
    store.chmod(0o400)
    return lambda: store.chmod(0o600)


def read_only_folder(store: Path) -> Callable[[], None]:
    store.parent.chmod(0o500)
    return lambda: store.parent.chmod(0o700)


def read_only_mount(store: Path) -> Callable[[], None]:
    """The folder, mounted over itself to be read only: root alone may do that, and not everywhere."""
    for options in (["--bind", str(store.parent)], ["-o", "remount,bind,ro"]):
        done = subprocess.run(["mount", *options, store.parent], capture_output=True)
        if done.returncode:
            subprocess.run(["umount", "-l", store.parent], capture_output=True)
            pytest.skip("mounting is not allowed here")
    return lambda: subprocess.run(["umount", "-l", store.parent], check=True) and None


SEALS = pytest.mark.parametrize(
    "seal", [read_only_file, read_only_folder, read_only_mount], ids=lambda seal: seal.__name__
)


def state(folder: Path) -> list[tuple[str, int, int, bytes]]:
    """All that a write would change: names, times, sizes, bytes."""
    return [
        (str(p), p.stat().st_mtime_ns, p.stat().st_size, p.read_bytes() if p.is_file() else b"")
        for p in [folder, *sorted(folder.rglob("*"))]
    ]


def shelved(ground: Ground, tmp_path: Path) -> Path:
    """A store in a folder of its own."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return copy_store(ground.base, folder / "store.sqlite")


def check_refused(run: Run) -> None:
    assert run.code == 77, f"not 77 but {run.code}: {run.err}"
    assert (
        "winback: The store cannot be written here.\n  Check the rights of its file and folder" in run.err
    )
    assert run.calls["write"] == 0


def check_sealed(lab: Lab, ground: Ground, tmp_path: Path, name: str, seal: Seal, twin: str = "") -> None:
    """Exit 77, nothing written; with the rights back the same command works."""
    store = shelved(ground, tmp_path)
    before = state(store.parent)
    reopen = seal(store)
    try:
        check_refused(lab.run(*ground.line(name, store), powerless=True, twin=twin))
        assert state(store.parent) == before
        assert lab.run("--store", store, *TODAY, "show", 1, powerless=True).code == 0
        assert state(store.parent) == before
    finally:
        reopen()
    assert_whole(store)
    assert lab.run(*ground.line(name, store), powerless=True).code == 0
    assert dump(store) != dump(ground.base)


@SEALS
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_may_only_read_exits_77_and_writes_nothing(
    name: str, seal: Seal, lab: Lab, ground: Ground, tmp_path: Path
) -> None:
    check_sealed(lab, ground, tmp_path, name, seal)


@pytest.mark.parametrize("seal", [read_only_file, read_only_folder], ids=lambda seal: seal.__name__)
def test_a_program_that_takes_the_rights_it_lacks_is_caught(
    seal: Seal, lab: Lab, ground: Ground, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="not 77 but 0"):
        check_sealed(lab, ground, tmp_path, "note", seal, "forceful")


@SEALS
def test_a_walk_that_may_only_read_exits_77_and_writes_nothing(
    seal: Seal, lab: Lab, ground: Ground, tmp_path: Path
) -> None:
    store = shelved(ground, tmp_path)
    before = state(store.parent)
    reopen = seal(store)
    try:
        line = ("--store", store, *TODAY, "walk", 2, "--answers", ANSWERS)
        check_refused(lab.run(*line, powerless=True))
        assert state(store.parent) == before
    finally:
        reopen()


@pytest.mark.parametrize("seal", [read_only_folder, read_only_mount], ids=lambda seal: seal.__name__)
def test_no_store_is_made_where_nothing_may_be_written(
    seal: Seal, lab: Lab, ground: Ground, tmp_path: Path
) -> None:
    store = shelved(ground, tmp_path)
    before = state(store.parent)
    reopen = seal(store)
    try:
        run = lab.run("--store", store.with_name("new.sqlite"), "add", "Eva Ried", powerless=True)
        check_refused(run)
        assert state(store.parent) == before
    finally:
        reopen()
