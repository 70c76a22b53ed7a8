"""What a writing function of the store is handed: one open transaction and who writes when."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from winback_cli.dates import Clock
from winback_cli.store.scoring import Means

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass
class Writing:
    """One transaction. `raw` is its connection, for the reads; `run` gives the number of this run of
    the program, kept with everything it writes; `means` is what customers are scored
    with. `session` is made when it is first asked for: an import that needs none does without SQLModel.
    """

    raw: sqlite3.Connection
    path: Path
    by: str
    clock: Clock
    run: Callable[[], int]
    made: Callable[[], Session]
    means: Means = field(default_factory=Means)

    @cached_property
    def session(self) -> Session:
        return self.made()


def session_over(raw: sqlite3.Connection) -> Session:
    """A session over a connection that somebody else began a transaction on, and ends."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool
    from sqlmodel import Session

    engine = create_engine(
        "sqlite://",
        creator=lambda: raw,
        poolclass=StaticPool,
        pool_reset_on_return=None,  # whenever a session is let go of, the transaction is not its own
        hide_parameters=True,
    )
    return Session(engine)
