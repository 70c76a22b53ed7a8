"""The reading of a list, beside the writing of it: a long one is read and checked in a second process.

The pipe between the two holds little, so that the quicker one waits and memory stays flat. Only plain
values pass through it.
"""

import marshal
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import errors
from winback_cli.checking import Chunk, Reader, Reject, Row, chunks
from winback_cli.customer import Watch
from winback_cli.errors import BadInput, TryAgain, WinbackError
from winback_cli.intake import Choices, Columns, decided, nobody, read_columns
from winback_cli.marks import marks
from winback_cli.plainrow import Checked, uncollected
from winback_cli.sources import LeftOut, Reading, Rows, Table, open_rows

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LONG = 2_000_000  # bytes from which a second process is worth its start
PIPE = 1 << 20  # bytes that the pipe holds, where the system lets us say so


class Again:
    """Among the chunks: all that came before it is void, and the list comes once more."""


class Source(NamedTuple):
    """A list to read: where it lies, what it is called, and what the user said about it."""

    place: Path
    name: str
    reading: Reading
    choices: Choices


class Opened(NamedTuple):
    """A list as it was found: its table and the field of each column."""

    rows: Rows
    columns: Columns

    @property
    def table(self) -> Table:
        return self.rows.table

    def must_name(self, source: Source) -> "Opened":
        """Itself; raises BadInput where no column says who anybody is."""
        if (useless := nobody(self.table, self.columns, source.name)) is not None:
            raise BadInput("\n  ".join([useless.message, *self.table.said]), useless.hint)
        return self


def opened(source: Source) -> Opened:
    """Open a list and find out what its columns are; raises WinbackError where it cannot be used."""
    rows = open_rows(source.place, source.name, source.reading)
    choices = source.choices
    return Opened(rows, read_columns(rows.table, source.name, choices.mapping, choices.ignored))


class Arrival(NamedTuple):
    """Some rows as the store takes them in, and the rest of a `Chunk`."""

    rows: list[Checked]
    rejects: list[tuple[Reject, list[str]]]
    unwilling: int
    position: int


Told = Chunk | Again | tuple[LeftOut, ...]  # the last one of all is what was left out


def read(source: Source, found: Opened, watch: Watch) -> Iterator[Arrival | Again | tuple[LeftOut, ...]]:
    """The rows of a list, read and checked, some thousands at a time; a long list in another process.

    Who they are is looked up by digests, and whom the suppression list blocks is marked, here: it is as
    much work as the two processes need to be even.
    """
    long = source.place.stat().st_size >= LONG and (os.cpu_count() or 1) > 1
    for told in _beside(source, found) if long else _read(source, found):
        yield _arrived(told, watch) if isinstance(told, Chunk) else told


def _arrived(chunk: Chunk, watch: Watch) -> Arrival:
    watched = bool(watch)
    rows = [
        Checked(
            line,
            values,
            points,
            marks(names),
            opted_out,
            watched and (watch(names) or (guises != () and watch(guises))),
        )
        for line, values, points, names, guises, opted_out in chunk.rows
    ]
    return Arrival(rows, chunk.rejects, chunk.unwilling, chunk.position)


def _read(source: Source, found: Opened) -> Iterator[Told]:
    rows, columns = found
    ways = decided(rows, columns, source.name, source.choices)
    while True:
        reader = Reader(columns, ways, source.choices)
        for numbered in chunks(rows):
            yield reader.check(numbered)._replace(position=rows.position)
        rightly = reader.evidence.ways(columns.fields, source.name, source.choices)
        if rightly == ways:
            break
        ways = rightly
        yield Again()
    yield tuple(rows.left_out)


# -- the second process ----------------------------------------------------------------------


def _beside(source: Source, found: Opened) -> Iterator[Told]:
    here, there = _started(partial(_read, source, found))
    process, pipe = here, there
    try:
        while True:
            kind, *parts = marshal.loads(pipe.recv_bytes())  # noqa: S302 - from our own process
            if kind == "error":
                raise _error(*parts)
            if kind == "bug":
                raise RuntimeError(f"{parts[0]} in the process that reads the list")
            if kind == "again":
                yield Again()
            elif kind == "chunk":
                yield _chunk(*parts)
            else:
                yield tuple(LeftOut(*one) for one in parts[0])
                break
    except (EOFError, OSError):  # also in the middle of what it was saying
        raise TryAgain(
            "The reading of the list was ended from outside.", "Run the command again."
        ) from None
    finally:
        pipe.close()
        process.kill()
        process.join()


def _started(told: Callable[[], Iterator[Told]]) -> tuple[Any, "Connection"]:
    method = "fork" if sys.platform.startswith("linux") else "spawn"
    context = multiprocessing.get_context(method)
    here, there = context.Pipe(duplex=False)
    _widen(there)
    other = here if method == "fork" else None
    process = context.Process(target=_tell, args=(there, other, told), daemon=True)  # type: ignore[attr-defined]
    process.start()
    there.close()
    return process, here


def _widen(pipe: "Connection") -> None:
    try:
        import fcntl

        fcntl.fcntl(pipe.fileno(), 1031, PIPE)  # F_SETPIPE_SZ, which Python 3.11 names on Linux alone
    except (ImportError, OSError):
        return


def _tell(pipe: "Connection", other: "Connection | None", told: Callable[[], Iterator[Told]]) -> None:
    """What the second process does; Ctrl-C is the first one's business, whose end ends this one too:
    nobody reads the pipe then, for which this one must not hold the `other` end of it.
    """
    if other is not None:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with uncollected():
            for one in told():
                pipe.send_bytes(marshal.dumps(_plain(one)))
    except WinbackError as problem:
        pipe.send_bytes(marshal.dumps(("error", type(problem).__name__, problem.message, problem.hint)))
    except BrokenPipeError:
        os._exit(0)
    except Exception as bug:  # told without the data that it may hold
        pipe.send_bytes(marshal.dumps(("bug", type(bug).__name__)))


def _plain(one: Told) -> tuple[Any, ...]:
    if isinstance(one, Again):
        return ("again",)
    if isinstance(one, Chunk):
        rejects = [(tuple(reject), cells) for reject, cells in one.rejects]
        return ("chunk", list(map(tuple, one.rows)), rejects, one.unwilling, one.position)
    return ("left", [tuple(left) for left in one])


def _chunk(rows: list[Any], rejects: list[Any], unwilling: int, position: int) -> Chunk:
    told = [(Reject(*reject), cells) for reject, cells in rejects]
    return Chunk(list(map(Row._make, rows)), told, unwilling, position)


def _error(name: str, message: str, hint: str) -> WinbackError:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, WinbackError):
        return kind(message, hint)
    return WinbackError(message, hint)
