"""A report as a person reads it at a terminal: figures, tables with bars, notes. Values in, Rich out.

Bars are characters, so that they read without colour and in a pipe.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Drawn
from rich.text import Text

from winback_cli import text
from winback_cli.intervals import Rate, Spread
from winback_cli.money import Money
from winback_cli.report import NOTHING, Bar, Cell, Report, Table

LONGEST_BAR, SHORTEST_BAR = 24, 8
SHORTEST_NAME = 24  # characters; where less is left the bars are left out
MOST = 40  # rows of a table that are shown


def words(cell: Cell) -> str:
    """A value as it is read, on one line."""
    if cell is None:
        return ""
    if isinstance(cell, Rate | Money | Spread):
        return cell.words()
    return f"{cell:,}" if isinstance(cell, int) else text.line(cell)


def number(cell: Cell) -> int:
    """How long a value is drawn; nothing is drawn below nothing."""
    if isinstance(cell, Rate):
        return cell.hits
    if isinstance(cell, Money):
        return max(cell.amount, 0)
    return max(cell, 0) if isinstance(cell, int) else 0


class Length(NamedTuple):
    """How far a bar reaches, and how far it is filled, as shares of the longest."""

    whole: float
    part: float


def lengths(table: Table) -> list[Length]:
    """The bars of a table's rows; each is compared with the longest of those alike in `within`."""
    bar = table.bar
    whole, part = table.place(bar.whole), table.place(bar.part or bar.whole)
    alike = [row[table.place(bar.within)] if bar.within else "" for row in table.rows]
    longest: dict[Cell, int] = {}
    for row, key in zip(table.rows, alike, strict=True):
        longest[key] = max(longest.get(key, 1), number(row[whole]))
    return [
        Length(number(row[whole]) / longest[key], min(number(row[part]), number(row[whole])) / longest[key])
        for row, key in zip(table.rows, alike, strict=True)
    ]


def bars(table: Table, room: int) -> list[str]:
    """The bars of a table as characters, none longer than `room`."""
    if table.bar.interval:
        place = table.place(table.bar.interval)
        return [_whiskers(row[place], room) for row in table.rows]
    drawn = []
    for whole, part in lengths(table):
        filled, all_of_it = _cells(part, room), _cells(whole, room)
        drawn.append("█" * filled + "░" * (all_of_it - filled))
    return drawn


def _cells(share: float, room: int) -> int:
    """So many characters; at least one for what is more than nothing."""
    return max(round(share * room), 1) if share > 0 else 0


def _whiskers(rate: Cell, room: int) -> str:
    """`  ├──●───┤  ` within a scale of 0 to 100 %; nothing where there are too few."""
    if not isinstance(rate, Rate) or rate.interval is None or rate.share is None:
        return ""
    low, at, high = (round(end * (room - 1)) for end in (rate.interval[0], rate.share, rate.interval[1]))
    line = ["·"] * room
    line[low : high + 1] = "─" * (high - low + 1)
    line[low], line[high], line[at] = "├", "┤", "●"
    return "".join(line)


def report(told: Report, width: int) -> RenderableType:
    """One report: its title, what matters most, its tables, its notes."""
    parts: list[RenderableType] = [Text(told.title, style="bold")]
    if told.empty:
        return Group(*parts, Text(f"  {NOTHING[told.name]}"))
    for figure in told.figures:
        parts.append(Text(f"  {figure.label}: {words(figure.value)}"))
    for table in told.tables:
        if table.rows:
            drawn, barred = _table(table, width - 2)
            parts += [Text(f"\n{table.title}", style="dim"), Padding(drawn, (0, 0, 0, 2))]
            parts += [Text(f"  {table.bar.legend}", style="dim")] if table.bar.legend and barred else []
            more = len(table.rows) - MOST
            parts += [Text(f"  and {more:,} more: --json tells them all", style="dim")] if more > 0 else []
    said = [sentence for remark in told.remarks for sentence in remark.sentences]
    parts += [Text()] if said else []
    parts += [Padding(Text(text.line(sentence)), (0, 0, 0, 2)) for sentence in said]
    return Group(*parts, *_notes(told))


def _notes(told: Report) -> list[RenderableType]:
    if not told.notes:
        return []
    return [Text(), *(Padding(Text(text.line(note), style="dim"), (0, 0, 0, 2)) for note in told.notes)]


def _table(table: Table, width: int) -> tuple[Drawn, bool]:
    """A table without lines, its bars last where there is room for them; and whether it has some."""
    rows = table.rows[:MOST]
    cells = [[words(cell) for cell in row] for row in rows]
    headings = [heading for _, heading in table.columns]
    gap = 2
    names = _names(rows)
    if sum(_widths(headings, cells)) + gap * len(headings) > width:
        gap = 1
    least = SHORTEST_BAR if table.bar != Bar() else 0
    room, sizes = width - gap * len(headings), _widths(headings, cells)
    if any(kept < min(sizes[n], SHORTEST_NAME) for n, kept in _fitted(sizes, names, room - least).items()):
        least = 0  # words before bars
    for n, longest in _fitted(sizes, names, room - least).items():
        for line in cells:
            line[n] = text.shorten(line[n], longest)
    drawn = Drawn(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for n, heading in enumerate(headings):
        drawn.add_column(heading, justify="left" if n in names else "right", no_wrap=True)
    left = width - sum(_widths(headings, cells)) - gap * len(headings)
    fits = bool(least) and left >= SHORTEST_BAR
    shown = bars(table._replace(rows=rows), min(left, LONGEST_BAR)) if fits else []
    barred = any(shown)
    if barred:
        drawn.add_column("", no_wrap=True)
        cells = [[*line, bar] for line, bar in zip(cells, shown, strict=True)]
    for line in cells:
        drawn.add_row(*(Text(cell) for cell in line))
    return drawn, barred


def _fitted(sizes: list[int], names: set[int], room: int) -> dict[int, int]:
    """How wide the columns of words may be, so that all fit: the widest gives way first, to 8 at least."""
    sizes = list(sizes)
    while sum(sizes) > room and names:
        widest = max(sorted(names), key=lambda n: sizes[n])
        if sizes[widest] <= 8:
            break
        sizes[widest] -= 1
    return {n: sizes[n] for n in names}


def _names(rows: Sequence[Sequence[Cell]]) -> set[int]:
    """The columns that hold words: to the left, and cut where there is no room."""
    return {n for row in rows for n, cell in enumerate(row) if isinstance(cell, str)}


def _widths(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    return [
        max([len(heading), *(Text(line[n]).cell_len for line in cells)])
        for n, heading in enumerate(headings)
    ]
