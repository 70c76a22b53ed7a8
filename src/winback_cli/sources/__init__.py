"""Where rows come from: one reader a format, each giving numbered rows of text under a header.

A file becomes a `Table` (what it turned out to be) and rows of cells, as they stand in it. A reader
knows nothing of customers: columns.py says which field a header is, exports.py which program wrote
the file, and intake.py what a cell means. `open_rows` is the only way in.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol


class Table(NamedTuple):
    """What a file turned out to be.

    `encoding` and `delimiter` are empty where there is none (a sheet, JSON); `header_line` is the
    1-based line of the header (the row of a sheet), 0 where there is none. `said` holds what the
    user should know of it: guesses, and what is not plain.
    """

    format: str
    encoding: str
    delimiter: str
    header_line: int
    header: tuple[str, ...]
    sheet: str = ""
    said: tuple[str, ...] = ()


class Reading(NamedTuple):
    """How the user says a file is to be read; an empty text leaves it to us.

    `delimiter` is a sign or one of comma, semicolon, tab, pipe; `sheet` a name or a 1-based number.
    """

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


class LeftOut(NamedTuple):
    """A line that is no customer: a footer, a total, the header once more."""

    line: int
    why: str


class Rows(Protocol):
    """A file as rows: (line where the row begins, its cells, in the order of the header).

    Each iteration begins anew, and `left_out` is complete at its end. `position` is how many bytes of
    the file were read, 0 where the reader cannot tell. Raises BadInput, naming the
    line, where the file cannot be read on.
    """

    table: Table
    left_out: list[LeftOut]
    position: int

    def __iter__(self) -> Iterator[tuple[int, list[str]]]: ...


FIND_OUT = Reading()


def open_rows(place: Path, name: str, reading: Reading = FIND_OUT) -> Rows:
    """The rows of a file, by what is in it, then by its suffix; errors call it `name`.

    Raises NotFound, NotPermitted, UsageError (what was said does not fit), BadInput.
    """
    from winback_cli.sources.opening import rows_of

    return rows_of(place, name, reading)
