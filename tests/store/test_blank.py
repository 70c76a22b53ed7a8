"""A new store, made from one file, is what all the migrations together would make."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Runner
from winback_cli.store import blank, connect, upgrade


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """A store that every migration made, one after the other."""
    path = tmp_path / "migrated.sqlite"
    path.touch()
    upgrade.to_head(path)
    return path


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A new store, as the program makes it."""
    path = tmp_path / "made.sqlite"
    connect.create(path, blank.lay_out)
    return path


def layout(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return blank.layout_of(connection)


def everything(path: Path) -> list[tuple[str, str, str]]:
    """All that a store is made of, the tables behind the indexes of words too."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name"
        return connection.execute(query).fetchall()


def test_the_layout_is_what_all_migrations_make(migrated: Path) -> None:
    if os.environ.get("WINBACK_TEST_UPDATE"):
        blank.LAYOUT.write_text(layout(migrated), "utf-8")

    assert blank.LAYOUT.read_text("utf-8") == layout(migrated)


def test_a_new_store_is_a_migrated_one(made: Path, migrated: Path) -> None:
    assert everything(made) == everything(migrated)
    for pragma in ("application_id", "user_version", "page_size", "auto_vacuum", "encoding"):
        with closing(sqlite3.connect(made)) as one, closing(sqlite3.connect(migrated)) as other:
            assert (
                one.execute(f"PRAGMA {pragma}").fetchall() == other.execute(f"PRAGMA {pragma}").fetchall()
            )


def test_a_new_store_is_at_the_newest_version_and_sound(made: Path, winback: Runner) -> None:
    with closing(connect.connect(made)) as connection:
        assert connect.version(connection) == connect.HEAD
        assert [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")] == [
            connect.HEAD
        ]

    assert winback("--store", made, "store", "doctor").code == 0


def test_a_layout_that_lacks_a_trigger_would_be_caught(
    made: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    short = tmp_path / "layout.sql"
    statements = blank.LAYOUT.read_text("utf-8").split(";\n\n")
    short.write_text(";\n\n".join(s for s in statements if "customer_due AFTER" not in s), "utf-8")
    monkeypatch.setattr(blank, "LAYOUT", short)

    lacking = tmp_path / "lacking.sqlite"
    connect.create(lacking, blank.lay_out)

    assert short.read_text("utf-8") != layout(migrated)
    assert everything(lacking) != everything(made)
