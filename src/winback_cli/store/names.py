"""Names for a shell to complete: a glance into the store that never makes, mends or upgrades one."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from winback_cli.store import connect as door

GLANCE_SECONDS = 0.2  # nobody who pressed Tab waits for another process
INDEXED = 3  # letters from which on the words' index is quicker than reading on until enough are found


class Named(NamedTuple):
    """What a customer goes by."""

    name: str
    company: str


@contextlib.contextmanager
def glancing(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that only reads; None where the store is behind this program."""
    door.check_file(path)
    place = quote(path.absolute().as_posix())
    with contextlib.closing(
        sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=GLANCE_SECONDS)
    ) as connection:
        yield connection if door.version(connection) == door.HEAD else None


def shown_first(connection: sqlite3.Connection, limit: int, *, everybody: bool) -> list[Named]:
    """Whom the lists show first; those left alone are among them only where `everybody` is."""
    from winback_cli.store.lists import Wanted, lines

    found = lines(connection, Wanted(), limit)
    return [Named(line.name, line.company) for line in found if everybody or not line.suppressed]


def beginning(connection: sqlite3.Connection, begun: str, limit: int, *, everybody: bool) -> list[Named]:
    """Whose name, or firm's where there is no name, begins so."""
    return _searched(connection, begun, "", limit, everybody)


def with_word(connection: sqlite3.Connection, begun: str, limit: int, *, everybody: bool) -> list[Named]:
    """In whose name or firm's, but not at its beginning, a word begins so."""
    return _searched(connection, begun, "% ", limit, everybody)


def _searched(
    connection: sqlite3.Connection, begun: str, before: str, limit: int, everybody: bool
) -> list[Named]:
    like = before + re.sub(r"([\\%_])", r"\\\1", begun) + "%"
    clause, values = "folded LIKE ? ESCAPE '\\'", [like]
    words = re.findall(r"[a-z0-9]+", begun)
    if words and begun.isascii() and len(words[-1]) >= INDEXED:
        clause += " AND id IN (SELECT rowid FROM customer_text WHERE customer_text MATCH ?)"
        values.append(" AND ".join(f'"{word}"*' for word in words))
    return _named(connection, clause, values, limit, everybody)


def _named(
    connection: sqlite3.Connection, clause: str, values: Sequence[str], limit: int, everybody: bool
) -> list[Named]:
    wanted = "1" if everybody else "suppression_id IS NULL"
    query = f"SELECT name, company FROM customer WHERE {wanted} AND {clause} LIMIT ?"
    return [Named(*row) for row in connection.execute(query, (*values, limit))]
