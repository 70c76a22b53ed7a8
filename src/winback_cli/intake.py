"""What a list says, decided once for the whole of it: which column is which field, and how its
dates and amounts are to be read. Rows are read by `checking`; nothing is stored here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from winback_cli import columndates, money, text
from winback_cli.errors import BadInput, UsageError
from winback_cli.sources import Rows, Table
from winback_cli.sources.columns import ALIASES, FIELDS, MANY, evened, fields_of, suggestions
from winback_cli.sources.exports import Export, recognised

WHO = ("name", "first_name", "last_name", "company", "email", "phone")
DAYS = ("first_purchase", "last_purchase", "cancelled", "date")
AMOUNTS = ("revenue", "amount")
SAMPLE = 10_000  # rows from which it is decided how dates and amounts are read; the rest must agree
_DATA = re.compile(r"@|\d{4}")  # no header holds an address or a number of four digits

Numbered = tuple[int, list[str]]
Pairs = tuple[tuple[str, str], ...]  # (field, header)


class Choices(NamedTuple):
    """What the user said about the list. `country` is the ISO code where a row names none."""

    mapping: Pairs = ()
    currency: str = "EUR"
    date_order: str = ""
    country: str = ""
    source: str = ""
    ignored: tuple[str, ...] = ()


class Columns(NamedTuple):
    """Which field each column is, by place, and the export that the list was recognised as.

    `words` says, by place, what a folded word of that column stands for (`*` any other, or none);
    `near` are columns that may be a field, with it: to be asked, never taken by themselves.
    """

    fields: tuple[str | None, ...]
    export: Export | None
    words: Mapping[int, Mapping[str, str]] = {}
    near: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()


class Ways(NamedTuple):
    """How the columns are read that could be read in two ways, by place: the order of dates, the
    decimal sign of amounts.
    """

    orders: dict[int, str]
    decimals: dict[int, str]


def read_columns(table: Table, name: str, mapping: Pairs, ignored: Sequence[str] = ()) -> Columns:
    """The field of each column: what the user maps or leaves out, then a known export's, then exact
    names. Raises UsageError for a mapping that does not fit.
    """
    export = recognised(table.header)
    fields = export.fields(table.header) if export else fields_of(table.header)
    for wanted, header in mapping:
        _map(fields, table, name, wanted, header)
    left = [table.header[_place(table, name, header)] for header in ignored]
    for place, header in enumerate(table.header):
        if header in left:
            fields[place] = None
    seen: set[str] = set()
    for place, one in enumerate(fields):
        if one and one not in MANY and one in seen:
            fields[place] = None  # the first column of that name counts
        seen.add(one or "")
    found = suggestions(table.header, seen - {""}, *([export.knows] if export else []))
    near = tuple((header, field) for header, field, _ in found if header not in left)
    told = export.values if export else {}
    words = {p: told[evened(h)] for p, h in enumerate(table.header) if fields[p] and evened(h) in told}
    return Columns(tuple(fields), export, words, near, tuple(left))


def _map(fields: list[str | None], table: Table, name: str, wanted: str, header: str) -> None:
    field = ALIASES.get(wanted, wanted)
    if field not in FIELDS:
        near = text.nearest(field, [*FIELDS, *ALIASES])
        hint = f"Did you mean {near}?" if near else "Fields: " + ", ".join(FIELDS)
        raise UsageError(f"{text.shorten(wanted, 40)!r} is no field of a customer.", hint)
    place = _place(table, name, header)
    if field not in MANY:
        fields[:] = [None if f == field else f for f in fields]
    fields[place] = field


def _place(table: Table, name: str, header: str) -> int:
    there = [h.casefold() for h in table.header]
    column = text.line(header).casefold()
    if column not in there:
        raise UsageError(
            f"{name} has no column {text.shorten(header, 40)!r}.", "Its columns: " + _listing(table)
        )
    return there.index(column)


def holds_data(header: Sequence[str]) -> bool:
    """Whether what should be a header is somebody's row, and so is not to be told."""
    return any(_DATA.search(cell) for cell in header)


def nobody(table: Table, columns: Columns, name: str) -> BadInput | None:
    """Why a list is of no use: no column of it says who anybody is; None where one does."""
    if set(columns.fields) & set(WHO):
        return None
    if holds_data(table.header):
        return BadInput(
            f"The first line of {name} is a customer's, not a header.",
            "Put the names of the columns above it, such as name,email,phone.",
        )
    maps = " ".join(f'--map {field}="{text.shorten(header, 40)}"' for header, field in columns.near)
    return BadInput(
        f"No column of {name} holds a name, a company, an e-mail or a phone.\n"
        f"  Its columns: {_listing(table)}",
        f"winback import {name} {maps or '--map name=COLUMN'}",
    )


def _listing(table: Table) -> str:
    return ", ".join(text.shorten(header, 30) or "(no name)" for header in table.header[:30])


class Evidence:
    """What the cells of a list say of how its dates and amounts are read, gathered as they pass."""

    def __init__(self, fields: Sequence[str | None]) -> None:
        self.days = {place: frozenset[str]() for place, field in enumerate(fields) if field in DAYS}
        self.amounts = {place: frozenset[str]() for place, field in enumerate(fields) if field in AMOUNTS}

    def take(self, place: int, values: Iterable[str]) -> None:
        """Take in what a column's cells say; blank ones say nothing."""
        if place in self.days:
            self.days[place] |= columndates.evidence(values)
        else:
            self.amounts[place] |= money.signs(values)

    @property
    def places(self) -> tuple[int, ...]:
        return (*self.days, *self.amounts)

    def ways(self, fields: Sequence[str | None], name: str, choices: Choices) -> Ways:
        """How each column is read; raises BadInput where its cells leave it open or contradict."""
        orders, decimals = {}, {}
        for place, seen in self.days.items():
            try:
                orders[place] = columndates.order(seen, choices.date_order)
            except ValueError as why:
                raise BadInput(
                    f"{name}, {fields[place]}: {why}.",
                    "Say which: --date-order dmy or --date-order mdy",
                ) from None
        for place, seen in self.amounts.items():
            try:
                decimals[place] = money.decimal(seen, currency=choices.currency)
            except ValueError as why:
                raise BadInput(
                    f"{name}, {fields[place]}: {why}.",
                    "Write them with two decimals, such as 1234.00, and import again.",
                ) from None
        return Ways(orders, decimals)


def decided(rows: Rows, columns: Columns, name: str, choices: Choices) -> Ways:
    """How dates and amounts are read, from a sample; from the whole where the sample leaves it open.

    Raises BadInput where all of it leaves it open.
    """
    evidence = Evidence(columns.fields)
    stream = iter(rows)
    sampled = _gather(evidence, stream, SAMPLE)
    if sampled == SAMPLE:
        try:
            return evidence.ways(columns.fields, name, choices)
        except BadInput:
            while _gather(evidence, stream, SAMPLE):
                pass
    return evidence.ways(columns.fields, name, choices)


def _gather(evidence: Evidence, stream: Iterator[Numbered], most: int) -> int:
    chunk = [row for _, row in islice(stream, most)]
    for place in evidence.places:
        evidence.take(place, {row[place].strip() for row in chunk if place < len(row)} - {""})
    return len(chunk)
