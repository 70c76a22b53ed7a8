"""Which row of a list is its header: the one whose cells are known names."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from winback_cli.errors import BadInput
from winback_cli.sources.columns import NUMBER, evened, field_of
from winback_cli.sources.exports import exports
from winback_cli.sources.files import File
from winback_cli.text import line as one_line

MOST_COLUMNS = 400
FIRST_ROWS = 15  # that may be the header
Numbered = tuple[int, list[str]]
_DATA = re.compile(r"\S@\S|^[^A-Za-z]*(\d[^A-Za-z]*){5,}$")  # an address, or nothing but a number


def header_at(rows: Sequence[Numbered]) -> int:
    """The place of the header among the first rows of a list, blank ones left out.

    The one with the most known names, two at least; else the first that is as wide as most.
    """
    cells = [row for _, row in rows]
    names = [known(row) if _heads(row, cells[place + 1 :]) else 0 for place, row in enumerate(cells)]
    most = max(names[:FIRST_ROWS])
    if most >= 2 or (most and _all_known(cells[names.index(most)])):
        return names.index(most)
    wide = Counter(map(len, cells)).most_common(1)[0][0]
    for place, row in enumerate(cells[:FIRST_ROWS]):
        if len(row) == wide and _heads(row, cells[place + 1 :]):
            return place
    return 0


@cache
def _names() -> frozenset[str]:
    """All headers of the known exports, evened."""
    return frozenset(name for export in exports() for name in export.columns)


def _is_known(cell: str) -> bool:
    name = evened(cell)
    return bool(name) and (
        field_of(cell) is not None or name in _names() or NUMBER.sub("#", name) in _names()
    )


def known(row: Sequence[str]) -> int:
    """How many cells of a row are names of columns; none in a row of data."""
    if len(row) > MOST_COLUMNS or any(_DATA.search(cell[:100]) for cell in row):
        return 0
    return sum(_is_known(cell) for cell in row if len(cell) <= 100)


def _all_known(row: Sequence[str]) -> bool:
    return all(_is_known(cell) for cell in row if cell.strip())


def _heads(row: Sequence[str], after: Sequence[Sequence[str]]) -> bool:
    """Whether a row is filled like what follows it: by half at least, for columns without a name."""
    filled = sorted(_filled(one) for one in after[:10])
    usual = filled[len(filled) // 2] if filled else 0
    return _filled(row) * 2 > usual


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def titled(file: File, cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A header with every name once, the later ones numbered; and what to say of it.

    Raises BadInput for more columns than a list of customers has.
    """
    if len(cells) > MOST_COLUMNS:
        raise BadInput(f"{file.name} has more than {MOST_COLUMNS} columns.", "Is it the right file?")
    names: list[str] = []
    twice: list[str] = []
    taken = {one_line(cell).casefold() for cell in cells}
    seen: set[str] = set()
    for cell in map(one_line, cells):
        name, number = cell, 1
        while name and (name.casefold() in seen or (number > 1 and name.casefold() in taken)):
            number += 1
            name = f"{cell} ({number})"
        if number > 1:
            twice.append(name)
        seen.add(name.casefold())
        names.append(name)
    said = (f"Columns of one name are numbered: {', '.join(map(_short, twice[:5]))}.",) if twice else ()
    return tuple(names), said


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"
