"""Which row of a list is its header: the one whose cells are known names."""

from collections.abc import Sequence

from winback_cli.errors import BadInput
from winback_cli.sources.files import File
from winback_cli.text import line as one_line

MOST_COLUMNS = 400
Numbered = tuple[int, list[str]]


def header_at(rows: Sequence[Numbered]) -> int:
    """The place of the header among the first rows of a list, blank ones left out."""
    return 0


def titled(file: File, cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A header with every name once, the later ones numbered; and what to say of it.

    Raises BadInput for more columns than a list of customers has.
    """
    if len(cells) > MOST_COLUMNS:
        raise BadInput(f"{file.name} has more than {MOST_COLUMNS} columns.", "Is it the right file?")
    names: list[str] = []
    twice: list[str] = []
    taken: set[str] = set()
    for cell in map(one_line, cells):
        name, number = cell, 1
        while name and name.casefold() in taken:
            number += 1
            name = f"{cell} ({number})"
        if number > 1:
            twice.append(name)
        taken.add(name.casefold())
        names.append(name)
    said = (f"Columns of the same name are numbered: {', '.join(twice[:5])}.",) if twice else ()
    return tuple(names), said
