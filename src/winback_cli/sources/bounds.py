"""What a workbook would unpack to, measured before it is opened: a bomb must not go off in memory.

The reader of sheets takes all of a sheet at once, as the rectangle around its filled cells. So the
parts of the file are unpacked here piece by piece, nothing kept, and counted: bytes, cells, and the
corners of each sheet. What a million customers of 13 columns need is let through.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from winback_cli.sources.files import File

MOST_BYTES = 1_500_000_000  # unpacked, all parts together: a million rows take about 900 million
STEEPEST = 150  # bytes unpacked from one packed; lists reach 30
SMALL = 10_000_000  # bytes up to which a part may be packed as steeply as it likes
MOST_CELLS = 20_000_000  # of the rectangle; each takes up to 100 bytes
SPARSE = 500_000  # cells of a rectangle that may be empty, whatever is in it
MOST_COLUMNS = 400
PIECE = 1 << 20
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_ANY_ROW = re.compile(rb"""r=["'][A-Z]+(\d+)["']""")
_ANY_COLUMN = re.compile(rb"""r=["']([A-Z]{1,3})\d""")
# A cell with something in it: an empty one, there for its colour, closes itself.
_ROW = re.compile(rb"""\br=["'][A-Z]{1,3}(\d{1,9})["'][^>]*(?<!/)>""")
_COLUMN = re.compile(rb"""\br=["']([A-Z]{1,3})\d+["'][^>]*(?<!/)>""")
_UNNAMED = re.compile(rb"""<(?:\w+:)?c(?:\s+(?!r=)\w+=["'][^"'>]*["'])*\s*>""")
_ROW_NUMBER = re.compile(rb"""row\s[^>]*?\br=["'](\d+)["']""")
_ROWS = re.compile(rb"<(?:\w+:)?row[\s>]")


class _Corners(NamedTuple):
    """How many cells are filled, and the size of the rectangle around them, from A1."""

    cells: int
    rows: int
    columns: int

    @property
    def too_large(self) -> bool:
        area = self.rows * self.columns
        return self.columns > MOST_COLUMNS or area > min(MOST_CELLS, SPARSE + 20 * self.cells)


def check(file: File, archive: zipfile.ZipFile) -> None:
    """Raises BadInput for a workbook that would unpack to more than a list of customers is.

    Raises the errors of zipfile and zlib for a damaged one.
    """
    left = MOST_BYTES
    for part in archive.infolist():
        # What the parts say of themselves first: that costs nothing.
        left -= part.file_size
        if left < 0 or _steep(part.file_size, part.compress_size):
            raise _bomb(file)
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile
    left = MOST_BYTES
    for part in archive.infolist():
        left -= _unpacked(file, part, left)


def _steep(size: int, packed: int) -> bool:
    return size > SMALL and size > STEEPEST * packed


def _bomb(file: File) -> Exception:
    return file.bad(
        "unpacks to more than a list of customers would", "Save the list as CSV, and import that."
    )


def _unpacked(file: File, part: zipfile.ZipInfo, most: int) -> int:
    """The bytes that a part really unpacks to; its cells are measured, for any part may be a sheet."""
    if part.filename.lower() == "content.xml":
        size, corners = _measured(file, part, most, _Tables())
    else:
        size, corners = _measured(file, part, most, _Sheet(exact=False))
        if corners.too_large:
            size, corners = _measured(file, part, most, _Sheet(exact=True))
    if corners.too_large:
        raise file.bad(
            "has a cell far away from all others, or too many of them",
            f"Delete what is outside the list (of {MOST_COLUMNS} columns at most), or save it as CSV.",
        )
    return size


def _measured(
    file: File, part: zipfile.ZipInfo, most: int, measure: "_Sheet | _Tables"
) -> tuple[int, _Corners]:
    size = 0
    for piece in _pieces(file, part):
        size += len(piece)
        if size > most or _steep(size, part.compress_size):
            raise _bomb(file)
        corners = measure.add(piece)
        if corners.too_large:
            return size, corners
    return size, measure.add(b"", last=True)


def _pieces(file: File, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part unpacked by its own bytes: its stated size may be a lie, and zipfile would believe it."""
    with file.open() as stream:
        stream.seek(part.header_offset)
        local = stream.read(30)
        stream.seek(int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little"), 1)
        left = part.compress_size
        inflate = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
        while left > 0 and (packed := stream.read(min(65536, left))):
            left -= len(packed)
            if inflate is None:
                yield packed
                continue
            while packed:
                yield inflate.decompress(packed, PIECE)
                packed = inflate.unconsumed_tail


class _Sheet:
    """The XML of one sheet of Excel, by its cells' references; cells without one count on.

    Not `exact`, cells that are there for their colour only are taken for filled: that is quick, and
    errs on the safe side.
    """

    def __init__(self, *, exact: bool) -> None:
        self._row, self._column = (_ROW, _COLUMN) if exact else (_ANY_ROW, _ANY_COLUMN)
        self._tail = b""
        self._cells = self._rows = self._columns = self._tags = self._unnamed = 0

    def add(self, piece: bytes, *, last: bool = False) -> _Corners:
        text = self._tail + piece
        tag = text.rfind(b"<")
        cut = len(text) if last or tag < 0 or b">" in text[tag:] else tag
        text, self._tail = text[:cut], text[cut:]
        if len(self._tail) > PIECE:
            return _Corners(0, _LAST_ROW, _LAST_COLUMN)  # no tag is so long
        rows = self._row.findall(text)
        self._cells += len(rows)
        self._rows = max(self._rows, *map(int, set(rows)), 0)
        self._columns = max(self._columns, *map(_number, set(self._column.findall(text))), 0)
        self._count_unnamed(text, len(rows))
        # A row without a number comes after the last, wherever that is.
        return _Corners(self._cells, self._rows + self._tags, max(self._columns, self._unnamed))

    def _count_unnamed(self, text: bytes, named: int) -> None:
        """The most cells without a reference in one row, and the rows of pieces with such cells."""
        if text.count(b"<c ") + text.count(b"<c>") == named and b":c" not in text:
            return
        if _UNNAMED.search(text):
            counts = [len(_UNNAMED.findall(row)) for row in _ROWS.split(text)]
            self._tags += len(counts)
            self._cells += sum(counts)
            self._unnamed = max(self._unnamed, *counts)
            self._rows = max(self._rows, *map(int, _ROW_NUMBER.findall(text)), 0)


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class _Tables:
    """The XML of an OpenDocument spreadsheet: rows and cells may say how often they are repeated."""

    def __init__(self) -> None:
        from xml.parsers import expat

        self._parser: Any = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._worst = _Corners(0, 0, 0)
        self._new_table()
        self._row = self._rows_here = self._column = self._cell = 0
        self._filled = self._in_cell = False

    def _new_table(self) -> None:
        self._cells = self._rows = self._columns = self._row = 0

    def add(self, piece: bytes, *, last: bool = False) -> _Corners:
        from xml.parsers import expat

        with suppress(expat.ExpatError):  # the reader of sheets will say so
            self._parser.Parse(piece, last)
        return self._worst

    def _doctype(self, *_: Any) -> None:
        self._worst = _Corners(0, _LAST_ROW, _LAST_COLUMN)  # entities could grow without end

    def _start(self, name: str, said: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "table":
            self._new_table()
        elif kind == "table-row":
            self._rows_here = _times(said, "rows")
            self._row += self._rows_here
            self._column = 0
        elif kind in ("table-cell", "covered-table-cell"):
            self._cell = _times(said, "columns")
            self._column += self._cell
            self._in_cell = True
            self._filled = any(key.rpartition(":")[2].endswith("value-type") for key in said)

    def _text(self, text: str) -> None:
        self._filled = self._filled or (self._in_cell and not text.isspace())

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] not in ("table-cell", "covered-table-cell"):
            return
        if self._filled:
            self._cells += self._cell * self._rows_here
            self._rows = max(self._rows, self._row)
            self._columns = max(self._columns, self._column)
            corners = _Corners(self._cells, self._rows, self._columns)
            if corners.too_large or not self._worst.too_large:
                self._worst = corners
        self._in_cell = self._filled = False


def _times(said: dict[str, str], what: str) -> int:
    for key, value in said.items():
        if key.endswith(f"number-{what}-repeated") and value.isdecimal():
            return min(int(value[:9]), 100_000_000)
    return 1
