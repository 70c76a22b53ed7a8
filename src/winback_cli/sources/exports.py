"""The exports of other programs that are known by their headers: a table, not code."""

from collections.abc import Sequence
from typing import NamedTuple


class Export(NamedTuple):
    """An export of another program.

    `source` is the program under which its ids are one space. `columns` gives the field of an evened
    header, `values` what a word in a field's column stands for, `note` what to tell the user.
    """

    name: str
    title: str
    source: str
    signature: tuple[str, ...]
    columns: dict[str, str]
    values: dict[str, dict[str, str]]
    note: str = ""


def exports() -> tuple[Export, ...]:
    """All known exports, in the order in which they are tried."""
    return ()


def recognised(header: Sequence[str]) -> Export | None:
    """The export that a header is of, or None."""
    return None
