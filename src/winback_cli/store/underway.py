"""An import under way: one at a time, and what one that was cut off left unseen."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from winback_cli.errors import Busy
from winback_cli.marks import mark
from winback_cli.store import identities

CLEARED = 1_000  # customers that are taken away in one transaction


@contextlib.contextmanager
def locked(raw: sqlite3.Connection) -> Iterator[None]:
    """A writing transaction, begun at once; rolled back on anything. It may be ended within."""
    raw.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    if raw.in_transaction:
        raw.execute("COMMIT")


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """One import at a time, and nobody else who takes customers away; raises Busy while another one
    runs. Where the system knows no such lock, nothing is held.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(path.parent, os.O_RDONLY)
    _held.add(handle)
    try:
        with contextlib.suppress(OSError):  # a disk that knows no locks
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    "An import is running.", "Wait until it is done, then run the command again."
                ) from None
        yield
    finally:
        _held.discard(handle)
        os.close(handle)


_held: set[int] = set()  # a process that reads a list for this one must not go on holding the lock


def _let_go_of_lock() -> None:
    for handle in _held:
        os.close(handle)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_of_lock)


def clear(raw: sqlite3.Connection) -> int:
    """Take away what an import left unseen that was cut off; returns how many customers those were."""
    gone = 0
    for (batch,) in raw.execute("SELECT id FROM batch WHERE state = 'staging'").fetchall():
        numbers = raw.execute("SELECT id FROM customer_row WHERE batch_id = ?", (batch,)).fetchall()
        for start in range(0, len(numbers), CLEARED):
            some = [number for (number,) in numbers[start : start + CLEARED]]
            marks = [(mark(n), one) for one in some for n in identities.names_of(raw, one)]
            with locked(raw):
                raw.executemany("DELETE FROM identity WHERE mark = ? AND customer_id = ?", marks)
                raw.executemany("DELETE FROM customer_row WHERE id = ?", [(number,) for number in some])
        with locked(raw):
            raw.execute("DELETE FROM purchase WHERE batch_id = ?", (batch,))
            raw.execute("DELETE FROM batch WHERE id = ?", (batch,))
        gone += len(numbers)
    return gone
