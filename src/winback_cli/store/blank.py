"""A new, empty store, from the layout that all the migrations together make: quicker than they are.

`layout.sql` is written from a migrated store, and a test holds the two to be the same.
"""

import sqlite3
from pathlib import Path

from winback_cli.store import connect as door

LAYOUT = Path(__file__).with_name("layout.sql")


def lay_out(path: Path) -> None:
    """Fill an empty file with the tables of a new store, in one transaction."""
    raw = door.connect(path, writing=True)
    try:
        raw.execute("BEGIN IMMEDIATE")
        for statement in LAYOUT.read_text("utf-8").split(";\n\n"):
            raw.execute(statement)
        raw.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (door.HEAD,))
        raw.execute(f"PRAGMA application_id={door.APPLICATION_ID}")
        raw.execute(f"PRAGMA user_version={int(door.HEAD)}")
        raw.execute("COMMIT")
    finally:
        raw.close()


def layout_of(connection: sqlite3.Connection) -> str:
    """The layout of a store, as `layout.sql` has it: its tables first, then all that refers to them."""
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%!_text!_%' ESCAPE '!'"
        " OR name LIKE '%!_text!_%' ESCAPE '!' AND type = 'trigger' ORDER BY rowid"
    )
    return ";\n\n".join(row[0] for row in rows) + ";\n\n"
