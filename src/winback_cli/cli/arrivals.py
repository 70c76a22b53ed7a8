"""What arrives of a list while it is read: the rows go on to the store, the rejected ones are kept
to be told, and somebody who waits sees how far it is.
"""

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winback_cli import addresses, text
from winback_cli.cli.here import Here, write_new
from winback_cli.errors import BadInput, DiskError, NotPermitted, UsageError
from winback_cli.plainrow import COLUMNS
from winback_cli.reading import Again, Arrival, Opened, Source, read

if TYPE_CHECKING:
    from winback_cli.checking import Reject
    from winback_cli.customer import Watch
    from winback_cli.plainrow import Checked
    from winback_cli.sources import LeftOut

IN_MEMORY = 4_000_000  # bytes of rejected rows that are kept in memory
BECAUSE = "rejected because"  # the last column of a file of rejected rows
TOLD = 10  # rejected rows that are told one by one
_LAST = COLUMNS.index("last_purchase")


def unused_columns(found: Opened) -> list[str]:
    """Which columns of a list say nothing that is read, in a line; none where all are."""
    headed = zip(found.table.header, found.columns.fields, strict=True)
    unused = [
        text.shorten(header, 30)
        for header, field in headed
        if field is None and header and header not in (*found.columns.ignored, BECAUSE)
    ]
    more = f" and {len(unused) - 20} more" if len(unused) > 20 else ""
    return [f"Columns not used: {', '.join(unused[:20])}{more}"] if unused else []


class Most:
    """How many rows may be rejected before the whole list is: so many, or such a part of all."""

    def __init__(self, given: str) -> None:
        self.given = given
        number = given.removesuffix("%").strip()
        if given and not (number.isascii() and number.replace(".", "", 1).isdigit()):
            raise UsageError("--max-rejects is a number or a percentage.", "--max-rejects 20 or 5%")
        self._part = float(number) / 100 if given.endswith("%") else None
        self._count = int(float(number)) if given and self._part is None else None

    def check(self, rejected: int, rows: int, *, at_end: bool) -> None:
        """Raise BadInput where it is too many; a part of all can be known at the end only."""
        many = self._count is not None and rejected > self._count
        if many or (at_end and self._part is not None and rejected > self._part * rows):
            raise BadInput(
                f"More than {self.given} of the rows were rejected; nothing was stored.",
                "See them: the same command with --dry-run --rejects FILE, without --max-rejects.",
            )


class Arrivals:
    """The rows of a list on their way; iterated once."""

    def __init__(self, here: Here, source: Source, found: Opened, most: Most) -> None:
        self.here = here
        self.source = source
        self.found = found
        self._most = most
        self._kept = self._fresh()
        self.first: list[Reject] = []
        self.rows = self.rejected = self.unwilling = self.to_come = 0
        self._today = here.clock.today.isoformat()
        self.left_out: tuple[LeftOut, ...] = ()
        self.look_alikes: list[tuple[int, str]] = []

    def _fresh(self) -> "tempfile.SpooledTemporaryFile[str]":
        return tempfile.SpooledTemporaryFile(
            IN_MEMORY, "w+", encoding="utf-8", errors="surrogatepass", newline=""
        )

    def stream(self, watch: "Watch") -> "Iterator[Sequence[Checked] | None]":
        """The checked rows, some thousands at a time; None where all before it is void."""
        with self._shown() as show:
            for told in read(self.source, self.found, watch):
                if isinstance(told, Again):
                    self._forget()
                    yield None
                elif isinstance(told, Arrival):
                    self._take(told)
                    self._look(told.rows, watch)
                    show(self.rows, told.position)
                    yield told.rows
                else:
                    self.left_out = told
        self._most.check(self.rejected, self.rows, at_end=True)

    def _take(self, chunk: Arrival) -> None:
        self.rows += len(chunk.rows) + len(chunk.rejects)
        self.rejected += len(chunk.rejects)
        self.unwilling += chunk.unwilling
        today = self._today
        self.to_come += sum(1 for row in chunk.rows if str(row.values[_LAST] or "") > today)
        writer = csv.writer(self._kept, lineterminator="\n")
        for reject, cells in chunk.rejects:
            if len(self.first) < TOLD:
                self.first.append(reject)
            writer.writerow([*reject, *cells])
        self._most.check(self.rejected, self.rows, at_end=False)

    def _look(self, rows: "Sequence[Checked]", watch: "Watch") -> None:
        """Note the addresses that could be taken for one that is left alone: let in, but warned of."""
        if not watch:
            return
        for row in rows:
            for kind, value, _ in row.points:
                if kind == "email" and (not value.isascii() or "xn--" in value):
                    taken_for = addresses.looks_like(value)
                    if taken_for and watch([f"email:{taken_for}"]) and len(self.look_alikes) < TOLD:
                        self.look_alikes.append((row.line, value))

    def _forget(self) -> None:
        self._kept.close()
        self._kept = self._fresh()
        self.first.clear()
        self.look_alikes.clear()
        self.rows = self.rejected = self.unwilling = self.to_come = 0

    def _shown(self) -> Any:
        """How far it is, on a terminal; silent elsewhere."""
        return _Bar(self.here, self.source.place) if _watched(self.here) else _Silent()

    def turn_down(self, line: int, reason: str) -> None:
        """Count a row as rejected that was checked as good, for what is done with it here."""
        from winback_cli.checking import Reject

        self.rejected += 1
        if len(self.first) < TOLD:
            self.first.append(Reject(line, "", "", reason))
        csv.writer(self._kept, lineterminator="\n").writerow([line, "", "", reason])

    def rejects(self) -> Iterator[tuple[list[str], list[str]]]:
        """The rejected rows as (line, field, value, reason) and their cells."""
        self._kept.seek(0)
        for row in csv.reader(self._kept):
            yield row[:4], row[4:]

    def write_rejects(self, place: Path) -> None:
        """The rejected rows as they were, with a last column that says why: to mend and import again.

        No cell is run by a spreadsheet as a formula (X2).
        """
        from winback_cli.exporting import once_more

        table = self.found.table
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=table.delimiter or ",", lineterminator="\n")
        header = [one for one in table.header if one != BECAUSE]
        writer.writerow([*map(once_more, header), BECAUSE])
        for (_, field, _, reason), cells in self.rejects():
            kept = [*cells, *[""] * (len(header) - len(cells))]
            if len(header) < len(table.header):  # mended once before: the old reason goes
                kept = kept[: len(header)]
            writer.writerow([*map(once_more, kept), f"{field}: {reason}".strip(": ")])
        try:
            write_new(place, stream.getvalue())
        except PermissionError:
            raise NotPermitted(f"{place} cannot be written.", _THE_LIST_IS_IN) from None
        except OSError:
            raise DiskError(f"{place} cannot be written.", _THE_LIST_IS_IN) from None

    def told(self) -> list[str]:
        """The first rejected rows, and the addresses to be warned of, a line each."""
        lines = []
        for reject in self.first:
            what = f"{reject.field} {reject.value!r}: " if reject.field else ""
            lines.append(text.clean(f"  line {reject.line}: {what}{reject.reason}"))
        for line, address in self.look_alikes:
            shown = text.shorten(address, 60)
            lines.append(f"  line {line}: {shown} looks like an address that is left alone; make sure")
        if self.rejected > len(self.first):
            lines.append(f"  and {self.rejected - len(self.first):,} more; --rejects FILE writes them all")
        return lines


_THE_LIST_IS_IN = "The list is in; name another file for --rejects with --dry-run."


def _watched(here: Here) -> bool:
    import sys

    return not here.quiet and sys.stderr.isatty()


class _Silent:
    def __enter__(self) -> Any:
        return lambda rows, position: None

    def __exit__(self, *args: object) -> None:
        return None


class _Bar:
    """A bar on stderr, gone at the end."""

    def __init__(self, here: Here, place: Path) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TimeElapsedColumn(),
            console=here.err,
            transient=True,
        )
        self._size = place.stat().st_size
        self._task = self._progress.add_task("Reading", total=None, rows=0)

    def __enter__(self) -> Any:
        self._progress.start()
        return self._move

    def _move(self, rows: int, position: int) -> None:
        total = self._size if position else None
        self._progress.update(self._task, completed=position, total=total, rows=rows)

    def __exit__(self, *args: object) -> None:
        self._progress.stop()
