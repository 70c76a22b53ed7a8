"""What a writing function of the store is handed: one open transaction and who writes when."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from winback_cli.dates import Clock

if TYPE_CHECKING:
    from sqlmodel import Session

RANKS = {"departing": 0, "upset": 1, "content": 3}  # the queue's order; lapsed and unknown are 2


class Writing(NamedTuple):
    """One transaction. `raw` is the session's own connection, for the reads; `run` gives the number
    of this run of the program, kept with everything it writes.
    """

    session: Session
    raw: sqlite3.Connection
    path: Path
    by: str
    clock: Clock
    run: Callable[[], int]
