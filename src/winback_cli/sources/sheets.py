"""Sheets: XLSX and ODS, numbers and dates as text, a line being the row of the sheet."""

import datetime
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from winback_cli.errors import UsageError
from winback_cli.sources import LeftOut, Reading, Table, bounds
from winback_cli.sources.files import OLE, ZIP, File
from winback_cli.sources.footers import customers
from winback_cli.sources.headings import Numbered, header_at, titled

FIRST_ROWS = 40  # with something in them, that the header is told from
_DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, ValueError, NotImplementedError)
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}
_HOLDER = "Save the workbook as XLSX or CSV, and import that."


class SheetRows:
    """The rows of one sheet of a workbook. Raises BadInput for what is none, UsageError for no sheet."""

    def __init__(self, file: File, reading: Reading) -> None:
        if reading.delimiter or reading.encoding:
            raise UsageError(
                f"{file.name} is a workbook: it has neither encoding nor delimiter.", "Leave them out."
            )
        self._file = file
        kind = _kind(file)
        self.left_out: list[LeftOut] = []
        self.position = 0
        with _told(file):
            self._sheet, said = _sheet(file, reading.sheet)
            first = list(islice(self._rows(), FIRST_ROWS))
        if not first:
            raise file.bad("has nothing in its sheet", "Name a workbook with a header and rows.")
        self._header_line, self._header = first[header_at(first)]
        while self._header and not self._header[-1].strip() and len(self._header) > bounds.MOST_COLUMNS:
            self._header.pop()
        header, twice = titled(file, self._header)
        lower = (f"The header is in row {self._header_line}.",) if self._header_line > 1 else ()
        self.table = Table(
            format=kind,
            encoding="",
            delimiter="",
            header_line=self._header_line,
            header=header,
            sheet=self._sheet.name,
            said=(*said, *lower, *twice),
        )

    def __iter__(self) -> Iterator[Numbered]:
        self.left_out.clear()
        after = (numbered for numbered in self._rows() if numbered[0] > self._header_line)
        return customers(after, self._header, self.left_out)

    def _rows(self) -> Iterator[Numbered]:
        for number, row in enumerate(self._sheet.iter_rows(), 1):
            cells = [cell if type(cell) is str and cell[:1] != "#" else _text(cell) for cell in row]
            if any(map(str.strip, cells)):
                yield number, cells


def _text(cell: Any) -> str:
    """A value of a cell as text: a number as Excel shows it, a date as ISO has it."""
    if isinstance(cell, str):
        return "" if cell in _ERRORS else cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    if isinstance(cell, (datetime.datetime, datetime.date, datetime.time)):
        return cell.isoformat()
    return str(cell)


def _kind(file: File) -> str:
    """`xlsx` or `ods`; raises BadInput for any other file, and for one that unpacks to too much."""
    if file.packed and file.head.startswith((ZIP, OLE)):
        raise file.bad("is a workbook packed once more", "Unpack it first.")
    if file.head.startswith(OLE):
        if _has(file, "EncryptedPackage".encode("utf-16-le")):
            raise file.bad("is protected by a password", "Save it without one.")
        raise file.bad("is a workbook of old Excel (.xls)", _HOLDER)
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            names = {name.lower().replace("\\", "/") for name in archive.namelist()}
            kind = _kind_of(file, names)
            bounds.check(file, archive)
            return kind
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
    ):
        raise file.bad("is no workbook, or a damaged one", _HOLDER) from None


def _kind_of(file: File, names: set[str]) -> str:
    if "[content_types].xml" in names and any(name.startswith("xl/") for name in names):
        if any(name.endswith("workbook.bin") for name in names):
            raise file.bad("is a binary workbook (.xlsb)", _HOLDER)
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    inside = sorted(name for name in names if name.endswith((".csv", ".tsv", ".txt", ".xlsx", ".json")))
    if inside:
        raise file.bad("is an archive of several files", "Unpack it, and import the lists one by one.")
    raise file.bad("is an archive, but no workbook", _HOLDER)


def _has(file: File, mark: bytes) -> bool:
    with file.open() as stream:
        before = b""
        for _ in range(200):  # megabytes
            piece = stream.read(1 << 20)
            if mark in before + piece:
                return True
            if not piece:
                break
            before = piece[-len(mark) :]
    return False


@contextmanager
def _told(file: File) -> Iterator[None]:
    """Whatever the reader of sheets fails with, as a BadInput."""
    import python_calamine

    try:
        yield
    except python_calamine.PasswordError:
        raise file.bad("is protected by a password", "Save it without one.") from None
    except (python_calamine.CalamineError, OSError, ValueError, OverflowError):
        raise file.bad("is no workbook, or a damaged one", _HOLDER) from None
    except BaseException as panic:
        # A panic of the Rust library is no Exception, nor has it a name to be caught by.
        if type(panic).__name__ != "PanicException":
            raise
        raise file.bad("is no workbook, or a damaged one", _HOLDER) from None


def _sheet(file: File, wanted: str) -> tuple[Any, tuple[str, ...]]:
    """The sheet that is wanted, or the first with something in it; and what to say of the choice."""
    import python_calamine

    book = python_calamine.load_workbook(str(file.place))
    kinds = python_calamine.SheetTypeEnum
    visible = python_calamine.SheetVisibleEnum.Visible
    names = [one.name for one in book.sheets_metadata if one.typ == kinds.WorkSheet]
    if not names:
        raise file.bad("has no sheet", _HOLDER)
    if wanted:
        return book.get_sheet_by_name(_named(file, wanted, names)), ()
    shown = [one.name for one in book.sheets_metadata if one.name in names and one.visible == visible]
    for name in shown or names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height:
            break
    if len(names) == 1:
        return sheet, ()
    listed = ", ".join(names[:10])
    return sheet, (f"Read the sheet {sheet.name} of {len(names)}: {listed}; --sheet names another.",)


def _named(file: File, wanted: str, names: list[str]) -> str:
    for name in names:
        if wanted == name:
            return name
    for name in names:
        if wanted.strip().casefold() == name.strip().casefold():
            return name
    if wanted.isdecimal() and 1 <= int(wanted[:6]) <= len(names):
        return names[int(wanted[:6]) - 1]
    raise UsageError(f"{file.name} has no sheet {wanted[:40]!r}.", "Its sheets: " + ", ".join(names[:10]))
