"""All reports as one page: no network, no script, charts as inline SVG, readable on a phone and on paper.

The template is ours and escapes whatever it is given; the policy in the page lets nothing run and
nothing load, and takes no style but the page's own, by its digest.
"""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from winback_cli import text
from winback_cli.intervals import Rate
from winback_cli.policy import policy_of
from winback_cli.report import NOTHING, Cell, Report, Table
from winback_cli.reportview import MOST, lengths, words

MARK = "<!doctype html><!-- a report of winback -->"  # how a page of ours begins


class Line(NamedTuple):
    """A row of a chart: what it is, its value in words, and where it is drawn, in per cent."""

    label: str
    words: str
    whole: float = 0
    part: float = 0
    low: float | None = None
    at: float = 0
    high: float = 0


def page(reports: Sequence[Report], today: date, since: str = "", by: str = "") -> str:
    """The page, as text."""
    from jinja2 import Environment, StrictUndefined

    source = Path(__file__).with_name("page.html.j2").read_text("utf-8")
    style, _, body = source.partition("\n=====\n")
    shell = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    shell.globals.update(words=words, legend=legend, is_text=lambda cell: isinstance(cell, str))
    reports = sorted(reports, key=lambda told: told.name != "outcomes")  # what is asked first
    shown = shell.from_string(body).render(
        reports=[
            (told, [(table, chart(table)) for table in told.tables if table.rows]) for told in reports
        ],
        figures=[(told, figure) for told in reports for figure in told.figures if not told.empty],
        today=f"{today.day} {today:%B %Y}",
        since=since,
        by=by,
        most=MOST,
        nothing=NOTHING,
        policy=policy_of(style),
        style=_Style(style),
    )
    return f"{MARK}\n{shown}"


class _Style(str):
    """The page's own style, which is no foreign text: not escaped, or its digest would not fit."""

    def __html__(self) -> str:
        return str(self)


def chart(table: Table) -> list[Line]:
    """What a table is drawn as; nothing where it has no bars."""
    rows, bar = table.rows[:MOST], table.bar
    if bar.interval:
        return [_interval(row, table) for row in rows]
    if not bar.whole:
        return []
    whole = table.place(bar.whole)
    beside = table.place(bar.beside or bar.whole)
    return [
        Line(
            f"{_label(row)} ({words(row[whole])})" if bar.beside else _label(row),
            words(row[beside]),
            round(100 * length, 2),
            round(100 * filled, 2),
        )
        for row, (length, filled) in zip(rows, lengths(table), strict=False)
        if row[whole] is not None
    ]


SIGNS = {"█": "part", "░": "whole", "├──●──┤": "dot"}


def legend(table: Table) -> list[tuple[str, str]]:
    """What a table's bars mean: signs to draw, and words between them, as (sign or "", words)."""
    pieces = [piece.strip() for piece in re.split("(█|░|├──●──┤)", table.bar.legend)]
    return [(SIGNS.get(piece, ""), piece) for piece in pieces if piece]


def _interval(row: Sequence[Cell], table: Table) -> Line:
    rate: Any = row[table.place(table.bar.interval)]
    if not isinstance(rate, Rate) or rate.interval is None or rate.share is None:
        return Line(_label(row), words(rate))
    low, high = (round(100 * end, 2) for end in rate.interval)
    return Line(_label(row), words(rate), low=low, at=round(100 * rate.share, 2), high=high)


def _label(row: Sequence[Cell]) -> str:
    """The words of a row, which say what it is about."""
    return text.line(" · ".join(cell for cell in row if isinstance(cell, str)))
