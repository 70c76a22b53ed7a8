"""Deliberately broken twins of winback, each of which one of the checks beside must catch.

`python tests/faults/walk_twins.py TWIN args...` runs one.
"""

import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def late(patch: pytest.MonkeyPatch) -> None:
    """Answers are kept in memory, and stored only at the end of their step."""
    from winback_cli.cli.work import Work
    from winback_cli.journal import Rehearsal
    from winback_cli.store import reads

    store_now = Work.record
    waiting: list[Any] = []

    def record(self: Any, entries: Any, seen: Any = None) -> Any:
        waiting.extend(entries)
        if any(entry.kind == "step_done" for entry in entries):
            batch = list(waiting)
            waiting.clear()
            return store_now(self, batch)
        with self.store.reads() as connection:
            events = reads.events(connection, self.ref.key)
        self.case = Rehearsal(events, self.here.clock.today).record(waiting)
        return self.case

    patch.setattr(Work, "record", record)


def held(patch: pytest.MonkeyPatch) -> None:
    """A writing transaction stays open while a prompt waits."""
    from winback_cli.terminal import TerminalPrompter

    ask_free = TerminalPrompter.ask

    def ask(self: Any, asked: Any) -> Any:
        path = Path(os.environ["WINBACK_HOME"]) / "store.sqlite"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            reply = ask_free(self, asked)
            connection.execute("ROLLBACK")
        return reply

    patch.setattr(TerminalPrompter, "ask", ask)


def blind(patch: pytest.MonkeyPatch) -> None:
    """The last answer wins: nobody is told of one given meanwhile."""
    from winback_cli.cli.work import Work

    record = Work.record
    patch.setattr(Work, "record", lambda self, entries, seen=None: record(self, entries))


def raw(patch: pytest.MonkeyPatch) -> None:
    """Foreign text is taken and shown as it comes."""
    from winback_cli import text

    patch.setattr(text, "clean", lambda given: given)


def hasty(patch: pytest.MonkeyPatch) -> None:
    """No twin but a clock run fast: a lock is waited for a tenth of a second."""
    from winback_cli.store import connect

    patch.setattr(connect, "BUSY_SECONDS", 0.1)


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """What was typed while somebody held the store is given up."""
    from winback_cli.cli import walking

    hasty(patch)
    patch.setattr(walking, "patient", lambda work, record: record)


class _Rubbish:
    """Something whose clearing away a signal interrupts."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self._number)


def signalled(number: int, *, clearing: bool = False) -> Callable[[pytest.MonkeyPatch], None]:
    """No twin but a fault at an exact moment: a signal that arrives while a typed Ω is drawn.

    With `clearing`, while Python clears an object away then, where exceptions get lost.
    """

    def fault(patch: pytest.MonkeyPatch) -> None:
        from prompt_toolkit.renderer import Renderer

        render = Renderer.render
        sent: list[int] = []

        def draw(self: Any, app: Any, *more: Any, **named: Any) -> None:
            if "Ω" in app.current_buffer.text and not sent:
                sent.append(number)
                if clearing:
                    _Rubbish(number)
                else:
                    os.kill(os.getpid(), number)
            render(self, app, *more, **named)

        patch.setattr(Renderer, "render", draw)

    return fault


TWINS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "late": late,
    "held": held,
    "blind": blind,
    "raw": raw,
    "hasty": hasty,
    "forgetful": forgetful,
    "TERM": signalled(signal.SIGTERM),
    "HUP": signalled(signal.SIGHUP),
    "INT": signalled(signal.SIGINT),
    "TERM while clearing": signalled(signal.SIGTERM, clearing=True),
    "HUP while clearing": signalled(signal.SIGHUP, clearing=True),
    "INT while clearing": signalled(signal.SIGINT, clearing=True),
}

if __name__ == "__main__":
    from winback_cli.main import main

    TWINS[sys.argv[1]](pytest.MonkeyPatch())
    sys.exit(main(sys.argv[2:]))
