"""What a person reads: the desk, tables, a whole file, a step of the walk. Values in, Rich out.

Every foreign text passes `text.clean` or `text.shorten` here, whatever it passed before. Colour
only repeats what a word says already.
"""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from winback_cli import text
from winback_cli.dates import day_words
from winback_cli.rows import (
    LIST_COLUMNS,
    back_words,
    label_of,
    list_rows,
    money_words,
    orders_words,
    won_command,
)

if TYPE_CHECKING:
    from winback_cli.store import lists, reads
    from winback_cli.store.doctor import Finding

Line = Text


def _plain(*columns: str, **more: Any) -> Table:
    """A table without lines; columns named `>x` stand to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", **more)
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if right else "left", no_wrap=True)
    return table


def indented(what: RenderableType, by: int = 2) -> RenderableType:
    """Anything, moved to the right."""
    from rich.padding import Padding

    return Padding(what, (0, 0, 0, by))


def heading(words: str) -> Text:
    """A line above a part of a page."""
    return Text("\n" + words, style="bold")


# -- the desk --------------------------------------------------------------------------------


class Desk(NamedTuple):
    """What the desk shows, already read; of each list no more than it may show."""

    counts: "lists.Counts"
    dues: "lists.Dues"
    overdue: "Sequence[lists.DueLine]"
    due: "Sequence[lists.DueLine]"
    waiting: "Sequence[lists.DueLine]"
    queue: "Sequence[lists.CustomerLine]"
    today: date
    keyless: str = ""  # why nobody is put forward
    on_the_way: Sequence[str] = ()  # fixes to be told of and messages to be seen to, a line each
    back: "Sequence[lists.Back]" = ()  # who bought again while their case runs


DESK_LINES = 23  # and the prompt makes 24


def desk(page: Desk, width: int) -> RenderableType:
    """The desk, in 24 lines: what is owed first, then what waits, then whom to win back next."""
    parts: list[RenderableType] = [_desk_title(page)]
    nothing = not (page.due or page.overdue or page.queue or page.on_the_way or page.back)
    flagged = any(line.kind == "flag" for line in page.overdue)
    sections: list[tuple[str, Sequence[Any], int, int]] = [
        ("Before all else" if flagged else "Overdue promises", page.overdue, page.dues.overdue, 2),
        ("Due", page.due, page.dues.due, 3),
        ("Waiting", page.waiting, page.dues.waiting, 1),
        ("Whom to win back next", page.queue, len(page.queue), 3),
    ]
    lines_left = DESK_LINES - 3 - (len(page.on_the_way) + 1 if page.on_the_way else 0)
    if page.back:
        parts += _back(page.back, width)
        lines_left -= min(len(page.back), BACK_LINES) + 2 + (len(page.back) > BACK_LINES)
    room = _rooms([(len(lines), total, least) for _, lines, total, least in sections], lines_left)
    for (title, lines, total, _), shown in zip(sections, room, strict=True):
        if not lines:
            continue
        if title.startswith("Whom"):
            parts += [heading(title), _queue(page.queue[:shown], width)]
            continue
        overdue = lines is page.overdue
        parts.append(Text("\n" + title, style="bold red" if overdue else "bold"))
        parts.append(_dues(lines[:shown], page.today, width, late="red" if overdue else ""))
        if total > shown:
            parts.append(Text(f"  and {_many(total - shown)} more: winback due", style="dim"))
    if page.on_the_way:
        parts.append(Text("\n" + "\n".join(page.on_the_way), style="yellow"))
    if page.keyless:
        parts.append(Text(f"\n{page.keyless}", style="bold red"))
    elif nothing:
        parts.append(Text("\nAll is done for today.", style="green"))
    else:
        parts.append(Text("\nwinback next takes up the most urgent.", style="dim"))
    return Group(*parts)


BACK_LINES = 2


def _back(found: "Sequence[lists.Back]", width: int) -> list[RenderableType]:
    """Who bought again while their case runs, and what closes it."""
    parts: list[RenderableType] = [
        Text("\nBack: bought again after their case was opened", style="bold green")
    ]
    table = _plain("", "", "", "", show_header=False)
    for one in found[:BACK_LINES]:
        command = won_command(one)
        room = max(width - len(one.case) - len(one.bought_on) - len(command) - 14, 8)
        name = text.shorten(label_of(one), room)
        table.add_row(one.case, name, f"on {one.bought_on}", Text(command, style="dim"))
    parts.append(indented(table))
    more = len(found) - BACK_LINES
    return [*parts, Text(f"  and {more} more: winback due", style="dim")] if more > 0 else parts


def _rooms(sections: list[tuple[int, int, int]], lines: int) -> list[int]:
    """How many lines each section may show, of (how many there are to show, of how many, the least)."""
    shown = [there for there, _, _ in sections]

    def taken() -> int:
        heads = sum(2 for there in shown if there)
        return sum(shown) + heads + sum(n < total for n, (_, total, _) in zip(shown, sections, strict=True))

    while taken() > lines:
        spare = [n - least for n, (_, _, least) in zip(shown, sections, strict=True)]
        widest = max(range(len(spare)), key=lambda place: spare[place])
        if spare[widest] <= 0:
            break
        shown[widest] -= 1
    return shown


MANY = 500  # beyond this nobody counts; the desk's reads stop soon after


def _many(count: int) -> str:
    return f"{count:,}" if count < MANY else f"over {MANY}"


def _desk_title(page: Desk) -> Text:
    counts = page.counts
    parts = [f"{counts.customers:,} customer{'' if counts.customers == 1 else 's'}"]
    parts += [f"{counts.open} open"] if counts.open else []
    parts += [f"{counts.dormant} asleep"] if counts.dormant else []
    parts += [f"{counts.suppressed} left alone"] if counts.suppressed else []
    title = Text(f"{page.today:%A} {page.today.day} {page.today:%B %Y}", style="bold")
    return title.append("  " + " · ".join(parts), style="not bold dim")


def _dues(lines: "Sequence[lists.DueLine]", today: date, width: int, late: str = "") -> RenderableType:
    table = _plain("", "", "", "", show_header=False)
    told = [when(date.fromisoformat(d.opens_on), date.fromisoformat(d.due_on), today) for d in lines]
    day = max((len(words) for words, _ in told), default=0)
    case = max((len(line.case) for line in lines), default=0)
    room = max(width - case - day - 8, 30)  # the indent, and two blanks between columns
    names = min(max((len(label_of(line)) for line in lines), default=0), room // 2)
    for line, (words, style) in zip(lines, told, strict=True):
        name = text.shorten(label_of(line), names)
        table.add_row(
            line.case, name, text.shorten(line.what, room - names), Text(words, style=late or style)
        )
    return indented(table)


def when(opens: date, due: date, today: date) -> tuple[str, str]:
    """When something is due in a few words, and the colour that repeats it."""
    if due < today:
        return f"overdue since {day_words(due, today)}", "red"
    if opens > today:
        return f"from {day_words(opens, today)}", "dim"
    return ("today", "yellow") if due == today else (f"by {day_words(due, today)}", "")


def _queue(lines: "Sequence[lists.CustomerLine]", width: int) -> RenderableType:
    table = _plain(">", "", "", ">", "", show_header=False)
    for line in lines:
        table.add_row(
            str(line.number),
            text.shorten(label_of(line), max(width - 52, 20)),
            line.how_left or ("lapsed" if line.last_purchase else "not known"),
            money_words(line.revenue, line.currency),
            f"last {line.last_purchase}" if line.last_purchase else "",
        )
    return indented(table)


# -- tables ----------------------------------------------------------------------------------


def customer_table(lines: "Sequence[lists.CustomerLine]", width: int) -> RenderableType:
    """`winback list` at a terminal."""
    narrow = width < 100
    hidden = (2, 4) if narrow else ()
    names = [name for place, name in enumerate(LIST_COLUMNS) if place not in hidden]
    table = _plain(*names)
    for row in list_rows(lines, room=max(width - (50 if narrow else 76), 16)):
        table.add_row(*[cell for place, cell in enumerate(row) if place not in hidden])
    return table


def plain_table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> RenderableType:
    """Any rows under a header, the second column cut to what the width leaves."""
    table = _plain(*header)
    others = sum(
        max((len(row[place]) for row in [header, *rows]), default=0) + 2
        for place in range(len(header))
        if place != 1
    )
    table.columns[0].min_width = max((len(row[0]) for row in [header, *rows]), default=0)
    for row in rows:
        table.add_row(
            *[text.shorten(c, max(width - others, 16)) if n == 1 else c for n, c in enumerate(row)]
        )
    return table


def wrapping_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], wraps: Sequence[int]
) -> RenderableType:
    """Any rows under a header; in the columns `wraps` what is long goes on below, and nothing is cut."""
    table = _plain(*header)
    for place in wraps:
        table.columns[place].no_wrap, table.columns[place].overflow = False, "fold"
    for row in rows:
        table.add_row(*row)
    return table


def due_table(lines: "Sequence[lists.DueLine]", today: date, width: int) -> RenderableType:
    """`winback due` at a terminal."""
    return _dues(lines, today, width)


# -- one file --------------------------------------------------------------------------------


class File(NamedTuple):
    """One customer's whole file, already read. `facts` holds (label, answer) by stage title."""

    customer: "reads.CustomerRecord"
    points: Sequence[Any]
    case: Any  # Case | None
    ref: "reads.CaseRef | None"
    other_cases: Sequence[str]
    facts: Sequence[tuple[str, Sequence[tuple[str, str, str]]]]
    breaches: Sequence[tuple[str, list[str]]]
    dues: Sequence[tuple[str, str, str, str, int]]
    today: date
    pattern: str = ""  # who else left for the same
    back: "lists.Back | None" = None


def file(page: File) -> RenderableType:
    """`winback show`: who, what was said, what was promised, what is due."""
    parts: list[RenderableType] = [*_who(page)]
    if page.case is not None:
        parts += _case_part(page)
    return Group(*parts)


def _who(page: File) -> list[RenderableType]:
    customer = page.customer
    title = Text(text.clean(customer.label), style="bold")
    title.append(f"  no. {customer.number}", style="not bold dim")
    parts: list[RenderableType] = [title]
    if customer.suppressed:
        because = text.shorten(customer.suppression_reason or "", 60)
        parts.append(Text(f"Do not contact: {because}", style="bold red"))
    table = pairs()
    place = ", ".join(part for part in (customer.city, customer.country) if part)
    for point in page.points:
        mark = "" if point.state in ("unchecked", "good") else f" ({point.state})"
        table.add_row(point.kind, text.line(point.value) + mark)
    bought = f"{customer.first_purchase or '?'} to {customer.last_purchase or '?'}"
    revenue = money_words(customer.revenue, customer.currency)
    history = f"{orders_words(customer.orders)}, {revenue}" if customer.orders is not None else revenue
    for name, value in (
        ("place", place),
        ("bought", bought if customer.last_purchase or customer.first_purchase else ""),
        ("history", "" if history == "-" else history),
        ("left", customer.how_left),
        ("reason", customer.reason.replace("_", " ")),
        ("cancelled", customer.cancelled),
        ("owner", customer.owner),
        ("notes", customer.notes),
        ("id", customer.external_id or ""),
    ):
        if value:
            table.add_row(name, text.clean(value))
    return [*parts, indented(table)]


def pairs() -> Table:
    """A table of labels and what they say."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _case_part(page: File) -> list[RenderableType]:
    case, ref = page.case, page.ref
    assert ref is not None
    state = case.status if case.outcome is None else f"{case.status}: {case.outcome}"
    where = f" at {ref.step.replace('_', ' ')}" if case.status == "open" else ""
    line = Text(f"\nCase {case.id}", style="bold")
    line.append(f"  {state}{where} · {case.playbook} · opened {case.opened_on}", style="not bold")
    parts: list[RenderableType] = [line]
    if page.other_cases:
        parts.append(Text(f"  other cases: {', '.join(page.other_cases)}", style="dim"))
    if page.back:
        parts.append(Text(f"  {back_words(page.back)}", style="green"))
        parts.append(Text(f"  If they are won: {won_command(page.back)}", style="dim"))
    parts += _closing(case) + _due_lines(page)
    if page.pattern:
        parts.append(Padding(Text(text.line(page.pattern), style="yellow"), (0, 0, 0, 2)))
    for title, rows in page.facts:
        if rows:
            parts.append(heading(title))
            table = pairs()
            for label, answer, how in rows:
                table.add_row(label, text.clean(answer) + (f"  ({how})" if how == "known" else ""))
            parts.append(indented(table))
    return [*parts, *_promises(case), *_touches(case), *_sent(case), *_aside(case, page.breaches)]


def _closing(case: Any) -> list[RenderableType]:
    closing = case.closing
    table = pairs()
    for name, label in (("until", "until"), ("trigger", "or when"), ("because", "because")):
        if closing.get(name):
            table.add_row(label, text.clean(str(closing[name])))
    return [indented(table)] if table.row_count else []


def _due_lines(page: File) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for _, opens, due, what, _ in page.dues:
        words, style = when(date.fromisoformat(opens), date.fromisoformat(due), page.today)
        parts.append(Text(f"  {text.shorten(what, 48)}: {words}", style=style))
    return parts


def _promises(case: Any) -> list[RenderableType]:
    if not case.commitments:
        return []
    table = _plain(">", "What", "Owner", "Due", "State")
    table.columns[1].no_wrap, table.columns[1].overflow = False, "fold"
    for c in case.commitments:
        table.add_row(
            str(c["n"]),
            text.line(c["what"]),
            text.shorten(c.get("owner") or "", 16),
            c.get("due") or "",
            Text(c["state"], style={"open": "yellow", "broken": "red"}.get(c["state"], "green")),
        )
    return [heading("Promises"), indented(table)]


def _sent(case: Any) -> list[RenderableType]:
    """The messages that went out."""
    if not case.sent:
        return []
    table = pairs()
    for one in case.sent:
        table.add_row(one["on"], text.line(f"{one['subject']} (message {one['message']})"))
    return [heading("Messages"), indented(table)]


def _touches(case: Any) -> list[RenderableType]:
    if not case.touches:
        return []
    table = _plain("", "", "", "", show_header=False)
    for touch in case.touches:
        table.add_row(
            touch.get("on", ""),
            str(touch.get("channel", "")).replace("_", " "),
            str(touch.get("disposition", "")).replace("_", " "),
            text.shorten(" ".join(str(touch.get(k) or "") for k in ("person", "role", "note")), 40),
        )
    return [heading("Contacts"), indented(table)]


def _aside(case: Any, breaches: Sequence[tuple[str, list[str]]]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if case.notes:
        table = pairs()
        for note in case.notes:
            table.add_row(f"{note['on']} {text.line(note['by'])}", text.clean(note["text"]))
        parts += [heading("Notes"), indented(table)]
    if breaches or case.overrides:
        parts.append(heading("Against the playbook"))
        parts += [Text(f"  {say} [{', '.join(ids)}]", style="yellow") for say, ids in breaches]
        parts += [
            Text(f"  {o['step'].replace('_', ' ')}: {o['guard']} set aside: {text.line(o['because'])}")
            for o in case.overrides
        ]
    return parts


# -- the doctor ------------------------------------------------------------------------------

ALIKE = 12  # of what is mended in one way, so many are shown


def findings(found: "Sequence[Finding]") -> RenderableType:
    """What is wrong with a store, and once below each kind what to do; a command is never broken
    between lines, so that it can be copied.
    """
    parts: list[RenderableType] = []
    for do, group in groupby(found, key=lambda finding: finding.do):
        alike = list(group)
        shown = alike[:ALIKE]
        for one in shown:
            parts.append(Text.assemble((text.clean(one.where), "red"), "  ", text.clean(one.what)))
        if more := len(alike) - len(shown):
            parts.append(Text(f"and {more:,} more; --json tells them all", style="dim"))
        parts += [Text(f"    {text.clean(do)}", no_wrap=True, overflow="ignore"), Text()]
    return Group(*parts[:-1])
