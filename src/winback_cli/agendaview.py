"""The agenda as a person reads it: what is overdue, then day by day. Values in, Rich out."""

from collections.abc import Sequence
from datetime import date

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from winback_cli import text
from winback_cli.agenda import Agenda, Entry
from winback_cli.dates import day_words
from winback_cli.views import indented

MOST_OVERDUE = 12  # lines before the days begin
EMPTY_DAYS = 14  # in a longer agenda a day without anything is left out


def agenda(page: Agenda, today: date, width: int) -> RenderableType:
    """Under "Overdue" what is, then each day with what is owed by it."""
    owed = [*page.overdue[:MOST_OVERDUE], *(entry for _, day in page.days for entry in day)]
    widths = _Widths(owed, today, width)
    parts: list[RenderableType] = []
    if page.overdue:
        parts += [Text("Overdue", style="bold red"), widths.table(page.overdue[:MOST_OVERDUE])]
        if more := len(page.overdue) - MOST_OVERDUE:
            parts += [Text(f"  and {more:,} more: winback due", style="dim")] if more > 0 else []
    for day, entries in page.days:
        if entries:
            parts += [Text(_heading(day, today), style="bold"), widths.table(entries)]
        elif len(page.days) <= EMPTY_DAYS:
            parts.append(Text(f"{_heading(day, today)}: {'gone by' if day < today else 'nothing'}", "dim"))
    return Group(*parts)


def _heading(day: date, today: date) -> str:
    words = day_words(day, today)
    dated = f"{day:%a} {day.day} {day:%b}"
    return f"{words.capitalize()}, {dated}" if abs((day - today).days) < 2 else words


class _Widths:
    """The same columns under every heading, in `width` in all."""

    def __init__(self, entries: Sequence[Entry], today: date, width: int) -> None:
        self.today = today
        self.case = max((len(entry.case) for entry in entries), default=0)
        remark = max((len(self._remark(entry)) for entry in entries), default=0)
        room = max(width - self.case - remark - 8, 30)  # the indent, and two blanks between columns
        names = [len(text.line(entry.name)) for entry in entries]
        self.name = min(max(names, default=0), room // 2)
        self.what = room - self.name

    def table(self, entries: Sequence[Entry]) -> RenderableType:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for least in (self.case, self.name, 0, 0):
            table.add_column(no_wrap=True, min_width=least)
        for entry in entries:
            remark = self._remark(entry)
            late = entry.due_on < self.today
            table.add_row(
                entry.case,
                text.shorten(entry.name, self.name),
                text.shorten(entry.what, self.what),
                Text(remark, style="red" if late else "dim") if remark else "",
            )
        return indented(table)

    def _remark(self, entry: Entry) -> str:
        """Beside the day that it stands under: since when it is overdue, or from when it can be done."""
        if entry.due_on < self.today:
            return f"since {day_words(entry.due_on, self.today)}"
        if entry.opens_on == entry.due_on or entry.due_on == self.today:
            return ""
        return (
            "open now" if entry.opens_on <= self.today else f"from {day_words(entry.opens_on, self.today)}"
        )
