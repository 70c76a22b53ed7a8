"""A store of every released version is brought up to date, and nothing in it is lost."""

import gzip
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import Runner
from winback_cli.store import connect

FROZEN = Path(__file__).parent / "frozen"
VERSIONS = sorted(path.name.partition(".")[0] for path in FROZEN.glob("*.sqlite.gz"))


@pytest.fixture
def old(store_path: Path, request: pytest.FixtureRequest) -> Path:
    """A store as that version left it, where this test's store lies."""
    store_path.parent.mkdir(parents=True, exist_ok=True)
    store_path.write_bytes(gzip.decompress((FROZEN / f"{request.param}.sqlite.gz").read_bytes()))
    key = store_path.with_name(store_path.name + ".key")
    shutil.copy(FROZEN / f"{request.param}.key", key)
    for place, mode in ((store_path.parent, 0o700), (store_path, 0o600), (key, 0o600)):
        place.chmod(mode)
    return store_path


def events(store: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(store)
    found = connection.execute("SELECT * FROM event ORDER BY id").fetchall()
    connection.close()
    return found


def test_every_version_before_this_one_is_frozen() -> None:
    assert [f"{number:04}" for number in range(1, int(connect.HEAD))] == VERSIONS


@pytest.mark.parametrize("old", VERSIONS, indirect=True)
def test_an_old_store_is_brought_up_to_date_with_every_event_and_a_copy(old: Path, winback: Runner) -> None:
    before, bytes_before = events(old), old.read_bytes()
    assert len(before) > 30

    shown = winback("--as-of", "2026-11-23", "show", 1)

    assert shown.code == 0, shown.err
    assert "A message the day before any late delivery" in shown.out
    assert events(old) == before
    (copy,) = old.parent.glob("*.before-upgrade-of-*")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert events(copy) == before
    assert bytes_before[60:64] == copy.read_bytes()[60:64]


@pytest.mark.parametrize("old", VERSIONS, indirect=True)
def test_an_old_store_is_searched_and_sorted_as_a_new_one(old: Path, winback: Runner) -> None:
    def numbers(*words: str) -> list[str]:
        ran = winback("--as-of", "2026-11-23", "list", *words)
        assert ran.code == 0, ran.err
        return [line.split("\t")[0] for line in ran.out.splitlines()[1:]]

    assert numbers() == ["1", "2", "3", "5", "6", "4"]
    assert numbers("--search", "zurich") == ["2"]
    assert numbers("--search", "carrier") == ["1"]
    assert numbers("--search", "zoe") == ["6"]
    assert numbers("--reason", "complaint handled badly") == ["1"]


@pytest.mark.parametrize("old", VERSIONS, indirect=True)
def test_an_old_store_is_worked_on_as_a_new_one(old: Path, winback: Runner) -> None:
    assert winback("--as-of", "2026-11-23", "note", 2, "Their new number came by mail.").code == 0

    ran = winback("--as-of", "2026-11-23", "list", "--search", "number mail")

    assert [line.split("\t")[0] for line in ran.out.splitlines()[1:]] == ["2"]


@pytest.mark.parametrize("old", VERSIONS, indirect=True)
def test_an_old_store_is_sound_after_its_upgrade(old: Path, winback: Runner) -> None:
    assert winback("store", "upgrade").err.startswith("The store is up to date now. As it was: ")
    assert winback("store", "upgrade").err == "The store is up to date.\n"

    ran = winback("store", "doctor")

    assert ran.code == 0, ran.out


@pytest.mark.parametrize("old", VERSIONS, indirect=True)
def test_a_restore_over_an_old_store_carries_its_suppressions(
    old: Path, winback: Runner, tmp_path: Path
) -> None:
    fresh = tmp_path / "fresh.sqlite"
    assert winback("--store", fresh, "add", "Somebody Else", "--email", "else@example.com").code == 0
    connection = sqlite3.connect(old)
    (address,) = connection.execute(
        "SELECT p.value FROM contact_point p JOIN customer c ON c.id = p.customer_id"
        " WHERE c.suppression_id IS NOT NULL AND p.kind = 'email'"
    ).fetchone()
    connection.close()

    restored = winback("store", "restore", fresh, "--yes")
    again = winback("add", "The Same Again", "--email", address)

    assert restored.code == 0, restored.err
    assert again.code == 5
    assert "left alone" in again.err
