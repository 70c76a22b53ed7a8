"""What a writing function of the store is handed: one open transaction and who writes when."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from winback_cli.dates import Clock

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass
class Writing:
    """One transaction. `raw` is its connection, for the reads; `run` gives the number of this run of
    the program, kept with everything it writes. `session` is made when it is first asked for: an
    import that needs none does without SQLModel.
    """

    raw: sqlite3.Connection
    path: Path
    by: str
    clock: Clock
    run: Callable[[], int]
    made: Callable[[], Session]

    @cached_property
    def session(self) -> Session:
        return self.made()
