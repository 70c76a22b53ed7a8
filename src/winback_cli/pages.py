"""Whole screens that have to fit one: the brief before a call. Values in, Rich out."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from winback_cli import text
from winback_cli.reaching import offered, told
from winback_cli.rows import back_words, money_words, orders_words, won_command
from winback_cli.views import when

if TYPE_CHECKING:
    from winback_cli.briefing import Briefing
    from winback_cli.store import lists, reads

LABEL = 11  # the column of labels, with its gap
HEAVY = 6  # from this weight on, a row may have two lines


class Brief(NamedTuple):
    """What the brief shows, already read."""

    customer: "reads.CustomerRecord"
    points: Sequence[Any]
    ref: "reads.CaseRef | None"
    dues: Sequence[tuple[str, str, str, str, int]]
    found: "Briefing | None"
    today: date
    not_now: str = ""  # why this is no hour to call them
    back: "lists.Back | None" = None  # they bought again while the case runs
    listed: str = ""  # the list's own reason, and whether they cancelled


class Row(NamedTuple):
    """A labelled line of the page; `weight` says how long it is held on to as room runs out."""

    label: str
    words: str
    style: str = ""
    weight: int = 5


def brief(page: Brief, width: int, height: int) -> RenderableType:
    """One screen: as many lines as the terminal has, the least needed left out first."""
    rows = [*_who(page), *_now(page)]
    if page.found:
        rows += _case(page.found)
    room = max(height, 24) - 2  # the title, and the prompt below
    lines, table = _fitted(rows, room, max(width, 40)), Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, width=LABEL - 2)
    table.add_column(overflow="fold")
    before = ""
    for row, words in lines:
        table.add_row("" if row.label == before else row.label, Text(words, style=row.style))
        before = row.label
    return Group(_title(page), table)


def _title(page: Brief) -> Text:
    title = Text(text.shorten(page.customer.label, 50), style="bold")
    ref = f" · case {page.ref.id}" if page.ref else " · no case yet" if page.found else ""
    step = f" · {page.found.stage}" if page.found and page.ref else ""
    return title.append(f"  no. {page.customer.number}{ref}{step}", style="not bold dim")


def _fitted(rows: list[Row], room: int, width: int) -> list[tuple[Row, str]]:
    """The rows with their words cut to what there is room for.

    What weighs most may have two lines; the lightest rows are left out for it, last ones first.
    """
    across = width - LABEL
    kept = [row._replace(words=text.line(row.words)) for row in rows]

    def lines(row: Row) -> int:
        return 2 if len(row.words) > across and row.weight >= HEAVY else 1

    while kept and sum(map(lines, kept)) > room:
        lightest = min(row.weight for row in kept)
        if lightest >= HEAVY:
            break
        del kept[max(n for n, row in enumerate(kept) if row.weight == lightest)]
    while len(kept) > room:
        del kept[kept.index(min(kept, key=lambda row: row.weight))]
    spare = room - len(kept)
    fitted = []
    for row in kept:
        more = min(lines(row) - 1, spare)
        spare -= more
        fitted.append((row, text.shorten(row.words, across * (1 + more) - 8 * more)))
    return fitted


def _who(page: Brief) -> list[Row]:
    customer = page.customer
    if customer.suppressed:
        because = customer.suppression_reason or ""
        return [Row("Stop", f"Do not contact: {because}", "bold red", 9)]
    usable = offered(page.points)
    bad = [told(p) for p in page.points if p not in usable]
    reach = " · ".join(map(told, usable))
    rows = [Row("Reach at", reach or "nothing that is known to work", "" if reach else "red", 9)]
    rows += [Row("Not at", " · ".join(bad), "yellow", 4)] if bad else []
    rows += [Row("Not now", page.not_now, "yellow", 8)] if page.not_now else []
    if page.back:
        words = back_words(page.back).removeprefix("Back: ")
        rows += [Row("Back", words, "green", 9), Row("Back", f"if won: {won_command(page.back)}", "", 8)]
    place = ", ".join(part for part in (customer.city, customer.country) if part)
    history = [f"bought {customer.first_purchase or '?'} to {customer.last_purchase or '?'}"]
    history = history if customer.first_purchase or customer.last_purchase else []
    history += [orders_words(customer.orders)] if customer.orders is not None else []
    history += [money_words(customer.revenue, customer.currency)] if customer.revenue is not None else []
    history += [f"left: {customer.how_left}"] if customer.how_left else []
    history += [place] if place else []
    rows += [Row("History", " · ".join(history), "", 7)] if history else []
    rows += [Row("On record", page.listed, "", 7)] if page.listed else []
    return rows + ([Row("Notes", customer.notes, "", 3)] if customer.notes else [])


def _now(page: Brief) -> list[Row]:
    rows = []
    for kind, opens, due, what, _ in page.dues:
        if kind != "promise":
            words, style = when(date.fromisoformat(opens), date.fromisoformat(due), page.today)
            rows.append(Row("Now", f"{what}: {words}", style, 8))
    if page.found and page.found.clock:
        rows.append(Row("Clock", page.found.clock, "yellow", 6))
    for touch in page.found.last if page.found else ():
        told = [touch.get("channel"), touch.get("disposition"), touch.get("person"), touch.get("note")]
        words = ", ".join(str(part).replace("_", " ") for part in told if part)
        rows.append(Row("Last", f"{touch.get('on', '')} {words}", "", 4))
    return rows


_SAID = {"They said": 7, "They want": 7, "Answered": 7, "Complaint": 5, "We think": 3}


def _case(found: "Briefing") -> list[Row]:
    rows = []
    for number, (what, how) in enumerate(found.mines):
        rows.append(Row("Landmine", what, "red", 8 - (number > 2)))
        rows += [Row("  say", how, "", 7 - 2 * (number > 1))] if how else []
    if found.wrote:
        rows.append(Row("Wrote", f"{found.wrote[0]} {found.wrote[1]}", "", 5))
    for label, words in found.said:
        rows.append(Row(label, words, "", _SAID.get(label, 4)))
    rows += [Row("Pattern", found.pattern, "yellow", 6)] if found.pattern else []
    for promise in (one for one in found.promises if one.state == "open"):
        due = f", due {promise.due}" if promise.due else ""
        state = "overdue" if promise.overdue else promise.state
        owner = f", {promise.owner}" if promise.owner else ""
        told = f"{state}: {promise.what}{owner}{due}"
        rows.append(Row("Promise", told, "red" if promise.overdue else "", 9 if promise.overdue else 6))
    rows += [Row("Own up", f"Not kept: {what}", "red", 8) for what in found.own_up[:2]]
    rows += [Row("Point out", f"Done: {what}", "green", 7) for what in found.point_out[:3]]
    coaching = (
        ("Do", found.do, 3, 2),
        ("Ask", found.ask, 4, 8),
        ("Rule", found.rules, 3, 7),
        ("Avoid", found.avoid, 5, 7),
    )
    for label, sentences, most, weight in coaching:
        style = "yellow" if label in ("Rule", "Avoid") else ""
        for number, sentence in enumerate(sentences[:most]):
            rows.append(Row(label, sentence, style, weight - (number > 1)))
    return rows
