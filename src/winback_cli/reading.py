"""The reading of a list, beside the writing of it: a long one is read and checked in a second process.

The pipe between the two holds little, so that the quicker one waits and memory stays flat. Only plain
values pass through it. Either of them can mark the rows: whoever has the time does, so that neither waits.
"""

import marshal
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import errors
from winback_cli.checking import Reader, Reject, Row, chunks
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
HELD = 3  # messages of a thousand rows that it has in it then
WAITED = 0.001  # seconds in the sending of one after which it must have been full


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
    """Some rows as the store takes them in, the rest of a `Chunk`, and how many bytes of the file were
    read by then (0 where nobody can tell).
    """

    rows: list[Checked]
    rejects: list[tuple[Reject, list[str]]]
    unwilling: int
    position: int


Told = Arrival | Again | tuple[LeftOut, ...]  # the last one of all is what was left out
Message = tuple[Any, ...]  # the same as plain values: its kind, and the parts of it


def read(source: Source, found: Opened, watch: Watch) -> Iterator[Told]:
    """The rows of a list, read and checked, some thousands at a time; a long list in another process."""
    long = source.place.stat().st_size >= LONG and (os.cpu_count() or 1) > 1
    for message in _beside(source, found, watch) if long else _read(source, found):
        kind, *parts = _marked(message, watch)
        if kind == "marked":
            rows, rejects, unwilling, position = parts
            rejected = [(Reject(*reject), cells) for reject, cells in rejects]
            yield Arrival(list(map(Checked._make, rows)), rejected, unwilling, position)
        elif kind == "again":
            yield Again()
        else:
            yield tuple(LeftOut(*one) for one in parts[0])


def _read(source: Source, found: Opened) -> Iterator[Message]:
    rows, columns = found
    ways = decided(rows, columns, source.name, source.choices)
    while True:
        reader = Reader(columns, ways, source.choices)
        for numbered in chunks(rows):
            chunk = reader.check(numbered)
            rejects = [(tuple(reject), cells) for reject, cells in chunk.rejects]
            yield "named", chunk.rows, rejects, chunk.unwilling, rows.position
        rightly = reader.evidence.ways(columns.fields, source.name, source.choices)
        if rightly == ways:
            break
        ways = rightly
        yield ("again",)
    yield "left", [tuple(one) for one in rows.left_out]


def _marked(message: Message, watch: Watch) -> Message:
    """The same, its rows in the order of `Checked`: with the digests by which they are looked up instead
    of what they are known by, and whether that is on the suppression list.
    """
    if message[0] != "named":
        return message
    rows: list[Row] = message[1]
    marked = marks([names for _, _, _, names, _, _ in rows])
    listed = watch.listed(name for _, _, _, names, guises, _ in rows for name in (*names, *guises))
    done = [
        (line, values, points, mine, out, not (listed.isdisjoint(names) and listed.isdisjoint(guises)))
        for (line, values, points, names, guises, out), mine in zip(rows, marked, strict=True)
    ]
    return "marked", done, *message[2:]


# -- the second process ----------------------------------------------------------------------


def _beside(source: Source, found: Opened, watch: Watch) -> Iterator[Message]:
    here, there = _started(partial(_read, source, found), watch)
    process, pipe = here, there
    try:
        while True:
            message = marshal.loads(pipe.recv_bytes())  # noqa: S302 - from our own process
            if message[0] == "error":
                raise _error(*message[1:])
            if message[0] == "bug":
                raise RuntimeError(f"{message[1]} in the process that reads the list")
            yield message
            if message[0] == "left":
                break
    except (EOFError, OSError):  # also in the middle of what it was saying
        raise TryAgain(
            "The reading of the list was ended from outside.", "Run the command again."
        ) from None
    finally:
        pipe.close()
        process.kill()
        process.join()


def _started(told: Callable[[], Iterator[Message]], watch: Watch) -> tuple[Any, "Connection"]:
    method = "fork" if sys.platform.startswith("linux") else "spawn"
    context = multiprocessing.get_context(method)
    here, there = context.Pipe(duplex=False)
    _widen(there)
    other = here if method == "fork" else None
    process = context.Process(target=_tell, args=(there, other, told, watch), daemon=True)  # type: ignore[attr-defined]
    process.start()
    there.close()
    return process, here


def _widen(pipe: "Connection") -> None:
    try:
        import fcntl

        fcntl.fcntl(pipe.fileno(), 1031, PIPE)  # F_SETPIPE_SZ, which Python 3.11 names on Linux alone
    except (ImportError, OSError):
        return


def _tell(
    pipe: "Connection", other: "Connection | None", told: Callable[[], Iterator[Message]], watch: Watch
) -> None:
    """What the second process does; Ctrl-C is the first one's business, whose end ends this one too:
    nobody reads the pipe then, for which this one must not hold the `other` end of it.
    """
    if other is not None:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with uncollected():
            ahead = 0  # messages of which the other one has enough to do
            for message in told():
                body = marshal.dumps(_marked(message, watch) if ahead else message)
                begun = time.monotonic()
                pipe.send_bytes(body)
                waited = time.monotonic() - begun > WAITED
                ahead = HELD if waited else max(ahead - 1, 0)
    except WinbackError as problem:
        pipe.send_bytes(marshal.dumps(("error", type(problem).__name__, problem.message, problem.hint)))
    except BrokenPipeError:
        os._exit(0)
    except Exception as bug:  # told without the data that it may hold
        pipe.send_bytes(marshal.dumps(("bug", type(bug).__name__)))


def _error(name: str, message: str, hint: str) -> WinbackError:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, WinbackError):
        return kind(message, hint)
    return WinbackError(message, hint)
