"""The store: one SQLite file that keeps every customer, case and event. Values in, values out.

A case's events are the truth; its row and its dues are made from them in the same transaction.
Here is the way to read; `writes.Store` is the way to write, and the sole importer of sqlmodel with
what stands beside it. Reading commands load neither.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from winback_cli.store import connect as door
from winback_cli.store import reads


@contextlib.contextmanager
def reading(path: Path) -> Iterator[reads.Connection]:
    """A connection that only reads; raises our errors where the file is no store of ours.

    A store behind this program is brought up to date first, on a copy's safety.
    """
    with door.told(path):
        door.check_file(path)
        connection = door.connect(path)
        try:
            if door.version(connection) != door.HEAD:
                connection.close()
                bring_up_to_date(path)
                connection = door.connect(path)
            yield connection
        finally:
            connection.close()


def bring_up_to_date(path: Path) -> Path:
    """Upgrade an older store, after a copy; returns the copy's place."""
    from winback_cli.store import upgrade

    with door.told(path):
        with contextlib.closing(door.connect(path)) as connection:
            old = door.version(connection)
        copy = upgrade.copy_before(path, old)
        upgrade.to_head(path)
        return copy


def is_behind(path: Path) -> bool:
    """Whether a store was written by an older version of this program."""
    with door.told(path):
        door.check_file(path)
        with contextlib.closing(door.connect(path)) as connection:
            return door.version(connection) != door.HEAD


__all__ = ["reading", "reads"]
