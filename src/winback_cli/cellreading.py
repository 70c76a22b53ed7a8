"""What single cells of a list stand for; a column of them at a time where that is quicker.

A cell that cannot be read raises ValueError, or is a `Bad` among those of its column.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from winback_cli import addresses, countries, exporting, money, text
from winback_cli.customer import LONGEST_NAME, ContactPoint, canonical, email_point
from winback_cli.plainrow import WAYS, Point

LONGEST_NOTE = 10_000
# What in a column of cancellations says yes or no, folded; anything else is a day.
_YES = {
    *("yes", "y", "x", "1", "true", "cancelled", "canceled", "ja", "j", "gekundigt", "wahr", "oui", "o"),
    *("vrai", "resilie", "si", "s", "verdadero", "cancelado", "vero", "disdetto", "waar", "opgezegd"),
    "sim",
}
_NO = {
    *("", "-", "no", "n", "0", "false", "none", "active", "nein", "falsch", "aktiv", "non", "faux"),
    *("actif", "falso", "activo", "attivo", "nee", "onwaar", "actief", "nao", "ativo"),
}
LISTED = re.compile(r"\s*(?:;|,|\||:::|\n)\s*")


class Bad(NamedTuple):
    """A cell that rejects its row."""

    value: str
    reason: str


def unquoted(cells: Sequence[str]) -> Sequence[str]:
    """A column without the apostrophes by which an export kept its formulas from running (X2)."""
    if "\n'" not in "\n" + "\n".join(cells):
        return cells
    return [exporting.told(cell) if cell[:1] == "'" else cell for cell in cells]


def lines(cells: Sequence[str]) -> list[Any]:
    """Each on one line, with single spaces: as `text.line`, which is asked where it can matter."""
    told: list[Any] = list(cells)
    if not _plain_lines(cells):
        line = text.line
        told = [
            cell if cell.isprintable() and "  " not in cell and cell == cell.strip() else line(cell)
            for cell in cells
        ]
    if max(map(len, told)) > LONGEST_NAME:
        why = f"longer than {LONGEST_NAME} characters"
        return [Bad(cell, why) if len(cell) > LONGEST_NAME else cell for cell in told]
    return told


def _plain_lines(cells: Sequence[str]) -> bool:
    """Whether every cell is as `text.line` would make it: seen of all at once, which is quick."""
    whole = "\n".join(cells)
    return (
        whole.count("\n") == len(cells) - 1
        and "  " not in whole
        and " \n" not in whole
        and "\n " not in whole
        and not whole.startswith(" ")
        and not whole.endswith(" ")
        and whole.replace("\n", "").isprintable()
    )


def ids(cells: Sequence[str]) -> list[Any]:
    """As `lines`, without the apostrophe by which a spreadsheet is kept from reading a number."""
    return [cell[1:] if cell[:1] == "'" and cell[1:2].isdigit() else cell for cell in lines(cells)]


def note(cell: str) -> Any:
    told = text.clean(cell).strip()
    return told if len(told) <= LONGEST_NOTE else Bad(told, f"longer than {LONGEST_NOTE:,} characters")


def country(cell: str) -> str:
    return countries.iso(cell) or text.line(cell)[:LONGEST_NAME]


def currency(cell: str) -> str:
    code = cell.strip().upper()
    if code and not money.is_currency(code):
        raise ValueError("a currency is three letters, such as EUR")
    return code


def whole(cell: str) -> int | None:
    told = text.line(cell)
    if not told:
        return None
    plain = told.removesuffix(".0")
    if not (plain.isascii() and plain.isdecimal()) or len(plain) > 9:
        raise ValueError("a whole number of orders")
    return int(plain)


def cancelled(cell: str, day: Callable[[str], str]) -> str:
    """When somebody formally cancelled as `day` reads it, `yes` where that is not said, or ""."""
    folded = text.fold(cell)
    if folded in _YES:
        return "yes"
    if folded in _NO:
        return ""
    try:
        return day(cell)
    except ValueError as why:
        if any(map(str.isdigit, cell)):
            raise
        raise ValueError("yes, no or a day") from why


def how_left(cell: str) -> str:
    how = text.fold(cell).split(" ")[0]
    if how and how not in WAYS:
        raise ValueError("one of " + ", ".join(WAYS))
    return how


def once(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Each contact point once, in order."""
    if len(points) == 2 and points[0][0] != points[1][0]:  # an e-mail and a phone, as most have
        return points
    first: dict[tuple[str, str], Point] = {}
    for point in points:
        first.setdefault((point[0], canonical(ContactPoint(*point))), point)
    return tuple(first.values())


def is_listed(cell: str) -> bool:
    """Whether there is something of `LISTED` in it: asked of every cell, quicker than by a pattern."""
    return ";" in cell or "," in cell or "|" in cell or "\n" in cell or ":::" in cell


def emails(cell: str, _: str) -> tuple[Point, ...]:
    if addresses.is_ordinary(cell):
        return (("email", cell, "unchecked"),)
    if not is_listed(cell) or cell.count("@") == 1:  # one of "Sol, Ana <ana@example.com>"
        address, fits = addresses.read(cell)
        return (("email", address, "unchecked" if fits else "invalid"),)
    return tuple(tuple(email_point(part)) for part in LISTED.split(cell.strip()) if part)  # type: ignore[misc]
