"""Who is who and the queue, brought in at the end of a list in their own order: what is ordered is
quick to grow. In short transactions, so that nobody else waits for long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager

from winback_cli.store.seen import Seen

SLICE = 30_000  # entries that an index is filled with in one transaction
Short = Callable[[], AbstractContextManager[None]]


def fill(raw: sqlite3.Connection, batch: int, numbers: range, seen: Seen, short: Short) -> None:
    """Rank the new customers of a batch, whose numbers are among these, and learn what they go by."""
    raw.execute("CREATE TEMP TABLE loose (how_rank INTEGER, worth REAL, id INTEGER)")
    for start in range(numbers.start, numbers.stop, SLICE):  # who reads for long lets nobody commit
        raw.execute(
            "INSERT INTO loose SELECT u.how_rank, coalesce(-s.rank, 1e300), u.id FROM main.customer_row u"
            " LEFT JOIN score s ON s.customer_id = u.id"
            " WHERE u.id >= ? AND u.id < ? AND u.batch_id = ?",
            (start, start + SLICE, batch),
        )
    raw.execute("CREATE TEMP TABLE ranked AS SELECT * FROM loose ORDER BY 1, 2, 3")
    raw.execute("DROP TABLE loose")
    (last,) = raw.execute("SELECT coalesce(max(rowid), 0) FROM ranked").fetchone()
    for start in range(0, last, SLICE):
        with short():
            raw.execute(
                "INSERT OR IGNORE INTO ranking SELECT how_rank, worth, id FROM ranked"
                " WHERE rowid > ? AND rowid <= ?",
                (start, start + SLICE),
            )
    raw.execute("DROP TABLE ranked")
    seen.put_in(numbers.start, short)
    with short():
        raw.execute(
            "INSERT OR IGNORE INTO identity SELECT mark, customer FROM more"
            " WHERE customer IN (SELECT id FROM main.customer_row) ORDER BY mark"
        )
