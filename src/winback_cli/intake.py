"""From the rows of a list to a plan of what comes in: rows in, plan out, nothing stored here.

Every row ends in one of three ways: a customer, merged into another row of the same person, or
rejected with its line, field, value and reason. A bad contact point does not lose the customer.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from winback_cli import money, text
from winback_cli.customer import (
    LONGEST_NAME,
    Customer,
    email_point,
    identities,
    join,
    phone_point,
)
from winback_cli.errors import BadInput, UsageError
from winback_cli.sources import Rows, Table
from winback_cli.sources.columns import ALIASES, FIELDS, field_of
from winback_cli.stages import HowLeft

LONGEST_NOTE = 10_000
MANY = ("email", "phone")  # fields that several columns may fill
WHO = ("name", "first_name", "last_name", "company", "email", "phone")
_DATA = re.compile(r"@|\d{4}")  # no header holds an address or a number of four digits
_LISTED = re.compile(r"\s*(?:;|,|:::|\n)\s*")
_NUMERIC = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})", re.ASCII)
# What in an opt-out column says no, folded; anything else is taken for a yes: the safe side.
_NOT_OUT = {
    *("", "-", "0", "no", "n", "none", "false", "subscribed", "opted in", "active", "never"),
    *("nein", "non", "faux", "falso", "nee", "nao", "nej", "falsch"),
}


class Reject(NamedTuple):
    """A row that cannot come in."""

    line: int
    field: str
    value: str
    reason: str


class Plan(NamedTuple):
    """What a list would bring: the customers, each once, and what was left out.

    `key` digests the file and how it was read, so that the same again is known.
    """

    table: Table
    columns: dict[str, str | None]
    rows: int
    customers: tuple[Customer, ...]
    merged: int
    rejects: tuple[Reject, ...]
    rejected_rows: tuple[list[str], ...]
    sha256: str
    key: str


class Choices(NamedTuple):
    """What the user said about the list."""

    mapping: Mapping[str, str] = {}
    currency: str = "EUR"
    date_order: str = ""


class _Bad(ValueError):
    """A cell that rejects its row."""

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.value, self.reason = field, value, reason


def plan(rows: Rows, content: bytes, name: str, choices: Choices) -> Plan:
    """Read a list through; raises BadInput where the file as a whole cannot be used."""
    columns = read_columns(rows.table, name, choices.mapping)
    kept = list(rows)
    reader = _Reader(columns, kept, name, choices)
    people: list[Customer] = []
    rejects: list[Reject] = []
    rejected_rows: list[list[str]] = []
    for line, row in kept:
        try:
            people.append(reader.customer(row))
        except _Bad as bad:
            rejects.append(Reject(line, bad.field, text.shorten(bad.value, 80), bad.reason))
            rejected_rows.append(row)
    customers = merge(people)
    sha256 = hashlib.sha256(content).hexdigest()
    read_as = json.dumps([sha256, columns, choices.currency, choices.date_order])
    return Plan(
        table=rows.table,
        columns=dict(zip(rows.table.header, columns, strict=True)),
        rows=len(kept),
        customers=tuple(customers),
        merged=len(people) - len(customers),
        rejects=tuple(rejects),
        rejected_rows=tuple(rejected_rows),
        sha256=sha256,
        key=hashlib.sha256(read_as.encode()).hexdigest(),
    )


def read_columns(table: Table, name: str, mapping: Mapping[str, str]) -> list[str | None]:
    """The field of each column: what the user maps, then the exact names.

    Raises UsageError for a mapping that does not fit, BadInput where no column names anybody.
    """
    fields = [field_of(header) for header in table.header]
    for wanted, header in mapping.items():
        field = ALIASES.get(wanted, wanted)
        if field not in FIELDS:
            near = text.nearest(field, [*FIELDS, *ALIASES])
            hint = f"Did you mean {near}?" if near else "Fields: " + ", ".join(FIELDS)
            raise UsageError(f"{text.shorten(wanted, 40)!r} is no field of a customer.", hint)
        place = [h.casefold() for h in table.header]
        if text.line(header).casefold() not in place:
            raise UsageError(
                f"{name} has no column {text.shorten(header, 40)!r}.",
                "Its columns: " + _listing(table),
            )
        if field not in MANY:
            fields = [None if f == field else f for f in fields]
        fields[place.index(text.line(header).casefold())] = field
    seen: set[str] = set()
    for place_, one in enumerate(fields):
        if one and one not in MANY and one in seen:
            fields[place_] = None  # the first column of that name counts
        seen.add(one or "")
    if not seen & set(WHO):
        if any(_DATA.search(header) for header in table.header):
            raise BadInput(
                f"The first line of {name} is a customer's, not a header.",
                "Put the names of the columns above it, such as name,email,phone.",
            )
        raise BadInput(
            f"No column of {name} holds a name, a company, an e-mail or a phone.\n"
            f"  Its columns: {_listing(table)}",
            f"winback import {name} --map name=COLUMN",
        )
    return fields


def _listing(table: Table) -> str:
    return ", ".join(text.shorten(header, 30) or "(no name)" for header in table.header[:30])


class _Reader:
    """Reads cells by their field; what concerns a whole column was decided from all its values."""

    def __init__(
        self,
        columns: Sequence[str | None],
        rows: Sequence[tuple[int, list[str]]],
        name: str,
        choices: Choices,
    ) -> None:
        self._columns = columns
        self._currency = choices.currency
        self._orders: dict[int, str] = {}
        self._decimals: dict[int, str] = {}
        for place, field in enumerate(columns):
            if field not in ("first_purchase", "last_purchase", "revenue"):
                continue
            values = [row[place].strip() for _, row in rows if place < len(row) and row[place].strip()]
            if field == "revenue":
                self._decimals[place] = _decimal(values, name)
            else:
                self._orders[place] = choices.date_order or _date_order(values, name, field)

    def customer(self, row: list[str]) -> Customer:
        """One row as a customer; raises _Bad."""
        if len(row) != len(self._columns):
            reason = f"{len(row)} cells where the header has {len(self._columns)}"
            raise _Bad("", "", reason)
        cells: dict[str, Any] = {"email": [], "phone": []}
        currency = self._currency
        for place, field in enumerate(self._columns):
            if field == "currency" and row[place].strip():
                currency = row[place].strip().upper()
                if not money.is_currency(currency):
                    raise _Bad("currency", row[place], "a currency is three letters, such as EUR")
        for place, field in enumerate(self._columns):
            if field and field != "currency" and row[place].strip():
                value = self._cell(place, field, row[place], currency)
                if field in MANY:
                    cells[field] += value
                else:
                    cells[field] = value
        return _assembled(cells)

    def _cell(self, place: int, field: str, cell: str, currency: str) -> Any:
        if field in MANY:
            make = email_point if field == "email" else phone_point
            parts = [part for part in _LISTED.split(cell.strip()) if part]
            return [make(_of_length(field, part, LONGEST_NAME)) for part in parts]
        if field == "opted_out":
            return text.fold(cell) not in _NOT_OUT
        if field == "notes":
            return _of_length(field, text.clean(cell).strip(), LONGEST_NOTE)
        value = _of_length(field, text.line(cell), LONGEST_NAME)
        try:
            if field in ("first_purchase", "last_purchase"):
                return read_date(value, self._orders[place])
            if field == "orders":
                return _whole(value)
            if field == "revenue":
                return money.parse_money(value, currency, self._decimals[place])
        except ValueError as problem:
            raise _Bad(field, value, str(problem)) from None
        if field == "how_left":
            how = text.fold(value).split(" ")[0]
            if how not in tuple(HowLeft):
                raise _Bad(field, value, "one of " + ", ".join(HowLeft))
            return how
        return value


def _of_length(field: str, value: str, longest: int) -> str:
    if len(value) > longest:
        raise _Bad(field, value, f"longer than {longest:,} characters")
    return value


def _assembled(cells: dict[str, Any]) -> Customer:
    first, last = cells.pop("first_name", ""), cells.pop("last_name", "")
    name = cells.pop("name", "") or f"{first} {last}".strip()
    for unkept in ("address", "postcode", "region", "consent"):
        cells.pop(unkept, None)
    customer = Customer(
        name=name,
        emails=tuple(cells.pop("email")),
        phones=tuple(cells.pop("phone")),
        **cells,
    )
    if not customer.anybody:
        raise _Bad("name", "", "nobody in it: no name, company, e-mail or phone")
    if customer.first_purchase > customer.last_purchase != "":
        raise _Bad("first_purchase", customer.first_purchase, "after the last purchase")
    return customer


def merge(people: Sequence[Customer]) -> list[Customer]:
    """Each person once: rows that share an identity are joined, in the order of first sight.

    A row that shares identities with several makes one of them all.
    """
    places: dict[str, int] = {}
    merged: dict[int, Customer] = {}
    for place, customer in enumerate(people):
        twins = sorted({places[key] for key in identities(customer) if key in places})
        joined = customer
        for twin in reversed(twins):
            joined = join(merged.pop(twin), joined)
        home = twins[0] if twins else place
        merged[home] = joined
        for key in identities(joined):
            places[key] = home
    return [merged[place] for place in sorted(merged)]


def read_date(value: str, order: str) -> str:
    """A cell's date as ISO text; `order` (`dmy`, `mdy`) reads numbers that could be either.

    Raises ValueError.
    """
    found = _NUMERIC.match(value)
    if not found or (len(value) > found.end() and value[found.end()] not in " T"):
        raise ValueError("a date looks like 2026-03-01")
    one, sign, two, three = found.groups()
    if len(one) == 4:
        year, month, day = one, two, three
    elif order == "mdy" and sign != ".":
        month, day, year = one, two, three
    else:
        day, month, year = one, two, three
    if len(year) not in (2, 4) or max(len(month), len(day)) > 2:
        raise ValueError("a date looks like 2026-03-01")
    full = int(year) + (2000 if len(year) == 2 else 0)
    try:
        return date(full, int(month), int(day)).isoformat()
    except ValueError:
        raise ValueError("there is no such day in the calendar") from None


def _date_order(values: Sequence[str], name: str, field: str) -> str:
    """`dmy` or `mdy`, decided from all values of a column; raises BadInput where they leave it open."""
    seen = set()
    unsure = False
    for value in values:
        found = _NUMERIC.match(value)
        if not found or len(found[1]) == 4 or found[2] == ".":
            continue
        if int(found[1]) > 12:
            seen.add("dmy")
        elif int(found[3]) > 12:
            seen.add("mdy")
        elif found[1] != found[3]:
            unsure = True
    if len(seen) == 1 or not (seen or unsure):
        return seen.pop() if seen else "dmy"
    raise BadInput(
        f"The dates of {field} in {name} could be day first or month first.",
        "Say which: --date-order dmy or --date-order mdy",
    )


def _decimal(values: Sequence[str], name: str) -> str:
    try:
        return money.convention(list(values))
    except ValueError:
        raise BadInput(
            f"The amounts in {name} could be read two ways (1.234 or 1,234).",
            "Write them with two decimals, such as 1234.00, and import again.",
        ) from None


def _whole(value: str) -> int:
    plain = value.removesuffix(".0")
    if not plain.isdecimal() or len(plain) > 9:
        raise ValueError("a whole number of orders")
    return int(plain)
