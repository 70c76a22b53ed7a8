"""CSV: comma, semicolon, tab or pipe, in any encoding, streamed: no file outgrows memory."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import dropwhile
from typing import BinaryIO, cast

from winback_cli.errors import BadInput, UsageError
from winback_cli.sources import LeftOut, Reading, Table
from winback_cli.sources.decoding import LONGEST_LINE, decoded, too_long
from winback_cli.sources.files import File
from winback_cli.sources.footers import customers
from winback_cli.sources.headings import Numbered, header_at, known, titled

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
FIRST_ROWS = 40  # that the delimiter and the header are told from
FIRST_LINES = 1_000  # that may be blank
BLOCK = 1 << 16  # characters that are read at once, where no line is endless


class CsvRows:
    """The rows of a CSV text. Raises BadInput, naming the line, where it is none."""

    def __init__(self, file: File, reading: Reading) -> None:
        if reading.sheet:
            raise UsageError(f"{file.name} is CSV: it has no sheets.", "Leave out --sheet.")
        self._file = file
        self._text = decoded(file, reading.encoding)
        self.left_out: list[LeftOut] = []
        self.position = 0
        first = self._first_lines()
        self._skipped, announced = _announced(first)
        self._delimiter = _wanted(reading.delimiter) or announced or _delimiter(first)
        rows = self._first_rows() if first else []
        if not rows:
            raise file.bad("is empty", "Name a CSV file with a header and rows.")
        place = header_at(rows)
        self._header_line, self._header = rows[place]
        header, said = titled(file, self._header)
        if self._header_line > 1 + self._skipped:
            said = (f"The header is on line {self._header_line}.", *said)
        if self._delimiter not in (",", announced, _wanted(reading.delimiter)):
            said = (f"Parted by {DELIMITERS[self._delimiter]}; --delimiter overrules.", *said)
        self.table = Table(
            format="csv",
            encoding=self._text.encoding,
            delimiter=self._delimiter,
            header_line=self._header_line,
            header=header,
            said=(*self._text.said, *said),
        )

    def __iter__(self) -> Iterator[Numbered]:
        self.left_out.clear()
        after = dropwhile(lambda numbered: numbered[0] <= self._header_line, self._rows())
        return customers(after, self._header, self.left_out)

    @contextmanager
    def _opened(self) -> Iterator[io.TextIOWrapper]:
        with self._file.open() as stream:
            newline = "\n" if self._text.newline == "\n" else ""
            yield io.TextIOWrapper(stream, self._text.encoding, newline=newline)

    def _first_lines(self) -> list[str]:
        lines: list[str] = []
        with self._opened() as stream:
            for _ in range(FIRST_LINES):
                line = stream.readline(LONGEST_LINE)
                if line.strip():
                    lines.append(line)
                if not line or len(lines) == FIRST_ROWS:
                    break
        return lines

    def _first_rows(self) -> list[Numbered]:
        """The first rows; a mistake in a later one than the first is told when its turn comes."""
        rows: list[Numbered] = []
        try:
            for row in self._rows(unread=True):
                rows.append(row)
                if len(rows) == FIRST_ROWS:
                    break
        except BadInput:
            if not rows:
                raise
        return rows

    def _rows(self, *, unread: bool = False) -> Iterator[Numbered]:
        """Rows with anything in them, each with the line it begins on.

        Of a file that is still `unread` no line may be trusted to end.
        """
        csv.field_size_limit(LONGEST_LINE)
        at = _At(1 + self._skipped)
        with self._opened() as stream:
            for _ in range(self._skipped):
                stream.readline(LONGEST_LINE)
            source = self._lines(stream, at) if unread else self._blocks(stream, at)
            reader = csv.reader(source, delimiter=self._delimiter, strict=True)
            after = 1 + self._skipped
            try:
                for row in reader:
                    if (row and row[0] and not row[0].isspace()) or any(map(str.strip, row)):
                        yield at.start, row
                    at.start = reader.line_num + after
                    at.left = LONGEST_LINE
            except csv.Error as bad:
                raise BadInput(
                    f"{self._file.name}, line {at.start}: {_in_words(bad)}.",
                    "Mend the quotes of that line and try again.",
                ) from None

    def _lines(self, stream: io.TextIOWrapper, at: "_At") -> Iterator[str]:
        while line := stream.readline(LONGEST_LINE + 1):
            at.left -= len(line)
            if at.left < 0:
                raise too_long(self._file, at.start)
            yield line

    def _blocks(self, stream: io.TextIOWrapper, at: "_At") -> Iterator[str]:
        before = self._skipped
        while block := stream.readlines(BLOCK):
            lengths = list(map(len, block))
            if max(lengths) > LONGEST_LINE:
                raise too_long(self._file, before + 1 + lengths.index(max(lengths)))
            if at.left < 0:  # all of the blocks before belong to one row
                raise too_long(self._file, at.start)
            if not self._file.packed:
                self.position = cast(BinaryIO, stream.buffer).tell()
            yield from block
            at.left -= sum(lengths)
            before += len(block)


@dataclass
class _At:
    """The line where the row in hand begins, and how many more characters it may have."""

    start: int
    left: int = LONGEST_LINE


def _in_words(bad: csv.Error) -> str:
    what = str(bad)
    if "new-line" in what:
        return "a line break in a cell without quotes"
    if "limit" in what:
        return f"a cell longer than {LONGEST_LINE:,} characters; is a quote left open?"
    if "end of data" in what:
        return "a quote that is never closed"
    if "expected after" in what:
        return "a quote in the middle of a quoted cell"
    return what


def _announced(lines: Sequence[str]) -> tuple[int, str]:
    """How many lines a spreadsheet's own note of the delimiter takes, and the delimiter."""
    first = lines[0].strip("\r\n").strip('"') if lines else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        return 1, first[4]
    return 0, ""


def _wanted(delimiter: str) -> str:
    named = {name: sign for sign, name in DELIMITERS.items()} | {"\\t": "\t"}
    sign = named.get(delimiter.lower(), delimiter)
    if len(sign) > 1 or sign.isalnum() or sign in ('"', "\r", "\n", "\0"):
        raise UsageError(
            f"{delimiter[:20]!r} is no delimiter.",
            "A single sign, or one of " + ", ".join(DELIMITERS.values()),
        )
    return sign


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that shows a header, and gives the most rows the same number of cells."""
    return max(DELIMITERS, key=lambda sign: _evenness(lines, sign))


def _evenness(lines: Sequence[str], sign: str) -> tuple[bool, int, int]:
    """Whether a row holds two known names; how many rows are of one width, and that width."""
    widths: Counter[int] = Counter()
    headed = False
    try:
        for row in csv.reader(lines, delimiter=sign, strict=True):
            if len(row) > 1:
                widths[len(row)] += 1
                headed = headed or known(row) > 1
    except csv.Error:
        pass  # told with its line when the rows are read
    return headed, *max(((count, width) for width, count in widths.items()), default=(0, 0))
