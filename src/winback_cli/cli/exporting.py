"""What is in the store, taken elsewhere: customers, cases or events, into a new file or a pipe."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from winback_cli import text
from winback_cli.cli.here import Here
from winback_cli.errors import DiskError, NotPermitted, UsageError
from winback_cli.store import reads, whole

if TYPE_CHECKING:
    from winback_cli.customer import Customer

app = typer.Typer(rich_markup_mode=None)
WHAT = ("customers", "cases", "events")
FORMATS = ("csv", "json", "jsonl")
AT_ONCE = 1 << 16  # characters that are written together

Write = Callable[[str], object]


class Wanted(NamedTuple):
    """What goes out, how and where to: no `file` is the output."""

    what: str
    format: str
    file: str
    raw: bool
    all: bool
    since: str
    owner: str


@app.command()
def export(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="[customers|cases|events]", show_default=False, help="What goes out.")
    ] = "",
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", show_default=False, help="A new file; - for the output.")
    ] = "",
    csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet, or winback import.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As one JSON list.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="As JSON, one object a line.")] = False,
    since: Annotated[
        str, typer.Option(metavar="DATE", help="Cases opened, events that happened, from that day on.")
    ] = "",
    owner: Annotated[str, typer.Option(help="Whose customers.")] = "",
    all_: Annotated[
        bool, typer.Option("--all", help="Cases or events of those left alone too, without who and words.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="With --csv: formulas as they are; for no spreadsheet.")
    ] = False,
) -> None:
    """Customers, cases or events as CSV or JSON: all of them, in order, those left alone left out.

    How it is written, the name of FILE says (.csv, .json, .jsonl); else CSV, and JSON lines for events.
    Customers as CSV read back with winback import. An import brings no number of ours, no mark of an
    address as good or stale, no second postal address and no case: customers as JSON and events keep
    those. In CSV amounts are decimal; in JSON they are whole cents.
    """
    here: Here = ctx.obj
    said = {"csv": csv, "json": json, "jsonl": jsonl}
    kind, place = _what(what, file)
    wanted = Wanted(
        kind,
        _format(kind, place, [name for name, given in said.items() if given]),
        "" if place == "-" else place,
        raw,
        all_,
        _day(here, since),
        text.line(owner),
    )
    _check(wanted)
    done = _carry_out(here, wanted)
    if done is not None:
        _tell(here, wanted, done)


# -- what was asked for ----------------------------------------------------------------------


def _what(what: str, file: str) -> tuple[str, str]:
    """What goes out, and where to; a file alone is one of customers. Raises UsageError."""
    if what in WHAT:
        return what, file
    if not what and not file:
        return "customers", ""
    if not file and (what == "-" or "." in what or os.sep in what):
        return "customers", what
    near = text.nearest(what, list(WHAT))
    hint = f"Did you mean {near}?" if near else "winback export customers, cases or events."
    raise UsageError(f"{text.shorten(what, 40)!r} is nothing that can be exported.", hint)


def _format(what: str, file: str, said: list[str]) -> str:
    if len(said) > 1:
        raise UsageError(f"--{said[0]} and --{said[1]} do not go together.", "Give one of them.")
    ending = Path(file).suffix.lower().removeprefix(".")
    named = ending if ending in FORMATS else "jsonl" if what == "events" else "csv"
    return said[0] if said else named


def _day(here: Here, since: str) -> str:
    if not since:
        return ""
    from winback_cli.cli.options import day_of

    return day_of(here, since, "--since", past=True)


def _check(wanted: Wanted) -> None:
    """Raises UsageError where options do not fit what is exported."""
    people = wanted.what == "customers"
    if wanted.raw and wanted.format != "csv":
        raise UsageError("--raw goes with --csv.", "In JSON nothing is changed anyway.")
    if wanted.owner and not people:
        raise UsageError("--owner goes with customers.", "winback export customers --owner NAME")
    if people and wanted.since:
        raise UsageError("--since goes with cases and events.", "winback export cases --since DATE")
    if people and wanted.all:
        raise UsageError(
            "Who is left alone is never exported as a contact.", "--all goes with cases and events."
        )


# -- the export ------------------------------------------------------------------------------


class Done(NamedTuple):
    """How much went out, how much of those left alone did not, and addresses that found no column."""

    written: int
    left_alone: int
    further: int


def _carry_out(here: Here, wanted: Wanted) -> Done | None:
    """Write it all; None where the reader of the output went away, who has enough.

    An error of the output is raised when the store is closed, whose own it is not.
    """
    problem: OSError | None = None
    counted = _Counted()
    alone = 0
    with here.reading() as connection:
        alone = whole.left_alone(connection, wanted.what, owner=wanted.owner, since=wanted.since)
        try:
            with _outlet(wanted.file) as write:
                _pour(_lines(connection, wanted, counted), write)
        except OSError as error:
            problem = error
    if isinstance(problem, BrokenPipeError):
        return None
    if problem is not None:
        raise problem
    return Done(counted.lines, alone, counted.further)


def _lines(connection: reads.Connection, wanted: Wanted, counted: "_Counted") -> Iterator[str]:
    from winback_cli import exporting

    write = exporting.json_lines if wanted.format == "json" else exporting.jsonl_lines
    if wanted.what == "customers":
        people = counted.people(whole.customers(connection, wanted.owner))
        if wanted.format != "csv":
            return write(exporting.customer_object(number, customer) for number, customer in people)
        widths = whole.widths(connection, wanted.owner)
        rows = (exporting.customer_row(customer, widths) for _, customer in people)
        return exporting.csv_lines(exporting.customer_columns(widths), rows, raw=wanted.raw)
    objects: Iterable[Mapping[str, Any]]
    columns: tuple[str, ...]
    if wanted.what == "cases":
        columns = exporting.CASE_COLUMNS
        cases = whole.cases(connection, wanted.since, everybody=wanted.all)
        objects = counted.all(exporting.case_object(line) for line in cases)
    else:
        columns = exporting.EVENT_COLUMNS
        events = whole.events(connection, wanted.since, everybody=wanted.all)
        objects = counted.all(exporting.event_object(line) for line in events)
    if wanted.format != "csv":
        return write(objects)
    return exporting.csv_lines(columns, map(exporting.cells_of, objects), raw=wanted.raw)


class _Counted:
    """Counts what passes."""

    def __init__(self) -> None:
        self.lines = 0
        self.further = 0

    def people(self, people: "Iterable[tuple[int, Customer]]") -> "Iterator[tuple[int, Customer]]":
        for number, customer in people:
            self.lines += 1
            self.further += max(len(customer.addresses) - 1, 0)
            yield number, customer

    def all(self, objects: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for one in objects:
            self.lines += 1
            yield one


def _pour(lines: Iterable[str], write: Write) -> None:
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= AT_ONCE:
            write("".join(held))
            held, size = [], 0
    write("".join(held))


# -- where it goes ---------------------------------------------------------------------------


@contextlib.contextmanager
def _outlet(file: str) -> Iterator[Write]:
    """What takes the text: the output, or a new file that is taken away again where it is not finished.

    Raises UsageError where there is a file already, or no folder for one; DiskError; NotPermitted. An
    error of the output is the system's own.
    """
    if not file:
        sys.stdout.flush()
        yield lambda told: sys.stdout.buffer.write(_encoded(told))
        sys.stdout.buffer.flush()
        return
    place = Path(file)
    handle = _new(place)
    made = os.fstat(handle)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield lambda told: stream.write(_encoded(told))
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException as problem:
        with contextlib.suppress(OSError):
            if os.path.samestat(made, place.lstat()):
                place.unlink()
        if isinstance(problem, OSError):
            raise DiskError(
                f"{text.line(file)} could not be written; nothing of it is left.",
                "Make room, or name a file elsewhere.",
            ) from None
        raise


def _encoded(told: str) -> bytes:
    return told.encode("utf-8", "backslashreplace")


def _new(place: Path) -> int:
    """A new file that only its owner can read; never over another, nor through a link."""
    shown = text.line(str(place))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        return os.open(place, flags, 0o600)
    except FileExistsError:
        raise UsageError(f"{shown} is there already; it is left as it is.", "Name a new file.") from None
    except FileNotFoundError:
        raise UsageError(f"There is no folder {text.line(str(place.parent))}.", "Name one.") from None
    except PermissionError:
        raise NotPermitted(f"{shown} cannot be written.", "Name a file elsewhere.") from None
    except OSError as problem:
        if problem.errno in (5, 27, 28, 30, 122):  # EIO EFBIG ENOSPC EROFS EDQUOT
            raise DiskError(f"{shown} cannot be written.", "Name a file elsewhere.") from None
        raise UsageError(f"There can be no file {shown}.", "Name another.") from None


# -- what is said of it ----------------------------------------------------------------------


def _tell(here: Here, wanted: Wanted, done: Done) -> None:
    if wanted.file:
        here.say(f"{_count(done.written, wanted.what)} written to {wanted.file}.")
    if done.left_alone:
        here.say(_of_the_left_alone(wanted, done.left_alone))
    if done.further and wanted.format == "csv":
        here.say(f"{done.further:,} further postal addresses have no column; --json has them.")


def _count(count: int, what: str) -> str:
    return f"{count:,} {what[:-1] if count == 1 else what}"


def _of_the_left_alone(wanted: Wanted, count: int) -> str:
    if wanted.what == "customers":
        return f"Left out: {_count(count, 'customers')} to be left alone."
    whose = f"{_count(count, wanted.what)} of customers to be left alone"
    if wanted.all:
        return f"With {whose}: without who they are and what was said."
    return f"Left out: {whose}; --all takes them in, without who they are and what was said."
