"""Who may read what the program makes, whatever the umask; and places that may not be written."""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import LIST, Runner
from tests.faults import processes
from tests.faults.processes import PROGRAM, assert_whole, contents, dump, twin
from winback_cli.store import upgrade

UMASKS = pytest.mark.parametrize("umask", [0o000, 0o022], ids=["umask 0", "umask 022"])


@contextlib.contextmanager
def umask_of(value: int) -> Iterator[None]:
    old = os.umask(value)
    try:
        yield
    finally:
        os.umask(old)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def check_private(folder: Path, umask: int, program: Sequence[str]) -> None:
    """Bring in a list that has a bad and an opted-out row, into folders that are not there yet."""
    given = folder / "list.csv"
    given.write_text(LIST + "A-5,Eve Bad,,eve@example.com,,,,2025-02-31,,,,,,lapsed,no\n", "utf-8")
    inside = folder / "in"
    inside.mkdir(mode=0o755)
    store, rejects = inside / "new" / "deep" / "store.sqlite", inside / "rejects.csv"

    code, _, err = processes.run(
        "--store", store, "import", given, "--rejects", rejects, umask=umask, program=program
    )

    assert code == 4, err
    found = {str(path.relative_to(inside)): mode(path) for path in inside.rglob("*")}
    assert found == {
        "new": 0o700,
        "new/deep": 0o700,
        "new/deep/store.sqlite": 0o600,
        "new/deep/store.sqlite.key": 0o600,
        "rejects.csv": 0o600,
    }
    assert mode(inside) == 0o755  # a folder that was there keeps its rights


@UMASKS
def test_an_own_playbook_its_schema_and_their_folder_are_the_users_alone(
    umask: int, home: Path, winback: Runner
) -> None:
    with umask_of(umask):
        assert winback("playbook", "new", "mine").code == 0

    assert {path.name: mode(path) for path in [home, *home.rglob("*")]} == {
        "home": 0o700,
        "playbooks": 0o700,
        "mine.yaml": 0o600,
        "playbook.schema.json": 0o600,
    }


@UMASKS
def test_store_key_rejects_and_folders_are_the_users_alone(umask: int, tmp_path: Path) -> None:
    check_private(tmp_path, umask, PROGRAM)


@UMASKS
def test_the_store_at_its_own_place_is_the_users_alone(
    umask: int, home: Path, store_path: Path, tmp_path: Path
) -> None:
    code, _, err = processes.run("add", "Ana Sol", umask=umask)

    assert code == 0, err
    assert (mode(home), mode(store_path)) == (0o700, 0o600)
    assert {mode(path) for path in home.iterdir()} == {0o600}


def test_a_program_that_leaves_rights_to_the_umask_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="rejects"):
        check_private(tmp_path, 0o000, twin("open_to_all"))


@UMASKS
def test_a_copy_made_before_an_upgrade_is_the_users_alone(
    umask: int, stocked: Runner, store_path: Path
) -> None:
    with umask_of(umask):
        copies = [upgrade.copy_before(store_path, "0001") for _ in range(2)]

    assert [mode(copy) for copy in copies] == [0o600, 0o600]
    assert dump(copies[0]) == dump(store_path)


@pytest.fixture
def powerless() -> tuple[str, ...]:
    """The program without root's right to write where it may not."""
    if os.geteuid() != 0:
        return PROGRAM
    if not shutil.which("setpriv"):
        pytest.skip("root's rights cannot be dropped without setpriv")
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=0", *PROGRAM)


@pytest.fixture
def shelf(tmp_path: Path, winback: Runner, sample: Path) -> Iterator[Path]:
    """A folder of its own with a store in it, whose rights are given back at the end."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    assert winback("--store", folder / "store.sqlite", "import", sample).code == 0
    yield folder
    folder.chmod(0o700)


WRITING = [
    ("note", 1, "x"),
    ("add", "Eve New"),
    ("edit", 1, "--city", "Rome"),
    ("suppress", 1, "--reason", "asked"),
]


@pytest.mark.parametrize("command", WRITING, ids=lambda command: command[0])
@pytest.mark.parametrize("closed", ["folder", "file"])
def test_a_store_that_may_not_be_written_exits_77_and_stays_as_it_is(
    closed: str, command: tuple[object, ...], shelf: Path, powerless: tuple[str, ...]
) -> None:
    store = shelf / "store.sqlite"
    before = contents(shelf)
    (shelf if closed == "folder" else store).chmod(0o500 if closed == "folder" else 0o400)

    code, out, err = processes.run("--store", store, *command, program=powerless)

    assert code == 77, err
    assert out == ""
    assert "rights" in err
    assert contents(shelf) == before
    (shelf if closed == "folder" else store).chmod(0o700 if closed == "folder" else 0o600)
    assert_whole(store)
    assert processes.run("--store", store, *command, program=powerless)[0] == 0
    assert contents(shelf) != before


@pytest.mark.parametrize("closed", ["folder", "file"])
def test_a_store_that_may_not_be_written_can_still_be_read(
    closed: str, shelf: Path, powerless: tuple[str, ...]
) -> None:
    store = shelf / "store.sqlite"
    before = contents(shelf)
    (shelf if closed == "folder" else store).chmod(0o500 if closed == "folder" else 0o400)

    code, out, err = processes.run("--store", store, "list", program=powerless)

    assert code == 0, err
    assert "Ana Sol" in out
    assert contents(shelf) == before


def test_a_new_store_in_a_folder_that_may_not_be_written_exits_77_and_is_not_made(
    shelf: Path, sample: Path, powerless: tuple[str, ...]
) -> None:
    before = contents(shelf)
    shelf.chmod(0o500)

    code, _, err = processes.run("--store", shelf / "other.sqlite", "import", sample, program=powerless)

    assert code == 77, err
    assert contents(shelf) == before


def test_a_store_that_may_not_be_read_exits_77(shelf: Path, powerless: tuple[str, ...]) -> None:
    (shelf / "store.sqlite").chmod(0o000)

    code, out, err = processes.run("--store", shelf / "store.sqlite", "list", program=powerless)

    assert (code, out) == (77, ""), err
