"""Where rows come from: one reader a format, each giving numbered rows under a header.

A reader knows nothing of customers; intake.py reads the columns. `Rows` is the seam.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class Table(NamedTuple):
    """What a file turned out to be."""

    format: str
    encoding: str
    delimiter: str
    header_line: int
    header: tuple[str, ...]


class Rows(Protocol):
    """A file as rows: (line where the row begins, its cells, in the order of the header)."""

    table: Table

    def __iter__(self) -> Iterator[tuple[int, list[str]]]: ...
