"""Laying out a new store and bringing an old one up to date, by the scripts in `migrations`.

Alembic is imported here alone and only when there is work; a copy is made before any upgrade.
"""

import os
import sqlite3
from pathlib import Path

from winback_cli.case import fold
from winback_cli.errors import BadInput
from winback_cli.store import connect as door
from winback_cli.store import reads
from winback_cli.store.repeating import repeat

SCRIPTS = "winback_cli.store:migrations"


def to_head(path: Path, scripts: str = SCRIPTS, head: str = door.HEAD) -> None:
    """Run every migration that the store has not seen, in one transaction, keys checked after.

    Raises BadInput, with nothing changed, where the result would not hold together.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    raw = door.connect(path, writing=True)
    try:
        raw.execute("PRAGMA foreign_keys=OFF")  # else altering a parent table deletes its children
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
        event.listen(engine, "begin", door.begin)
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", scripts)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if raw.execute("PRAGMA foreign_key_check").fetchone():
                raise BadInput(
                    "The upgraded store would not hold together.",
                    "Report this; nothing was changed.",
                )
            _tell_cases_anew(raw)
            raw.execute(f"PRAGMA application_id={door.APPLICATION_ID}")
            raw.execute(f"PRAGMA user_version={int(head)}")
    finally:
        raw.close()


def _tell_cases_anew(raw: sqlite3.Connection) -> None:
    """What is made of a case's events beside where it stands, as this version reads them."""
    for key, customer, number in raw.execute("SELECT id, customer_id, number FROM casefile").fetchall():
        repeat(raw, key, fold(f"{customer}.{number}", reads.events(raw, key)))


def copy_before(path: Path, version: str) -> Path:
    """A copy of the store (0600) beside it, named after the version it has; an old copy stays."""
    for number in range(1000):
        copy = path.with_name(f"{path.name}.before-upgrade-of-{version}" + (f".{number}" if number else ""))
        try:
            handle = os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except FileExistsError:
            continue
        if os.name == "posix":
            os.fchmod(handle, 0o600)
        os.close(handle)
        break
    source, target = door.connect(path), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    return copy
