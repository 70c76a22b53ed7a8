"""Rows read as customers, some thousands at a time and column by column, since a million pass here.

Every row ends as a checked one or as a rejected one with line, field, value and reason. A bad
contact point does not lose the customer: it is kept as invalid (C4).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from winback_cli import cellreading, columndates, money, text
from winback_cli.cellreading import Bad
from winback_cli.customer import (
    LONGEST_NAME,
    guises_of,
    id_name,
    names_of,
)
from winback_cli.intake import Choices, Columns, Evidence, Ways
from winback_cli.phones import Phones
from winback_cli.plainrow import RANKS, Plain, Point
from winback_cli.sources import Rows

CHUNK = 1_000  # rows that are read, checked and handed on together
REMEMBERED = 50_000  # different cells of a column whose reading is kept
_LABEL = re.compile(r"([A-Za-z]{2,10})\.?:\s*(?=[+(\d])")
_is_labelled = _LABEL.search
# What in an opt-out column says no, folded; anything else is taken for a yes: the safe side.
_NOT_OUT = {
    *("", "-", "0", "0.0", "no", "n", "none", "false", "subscribed", "opted in", "active", "never"),
    *("nein", "non", "faux", "falso", "nee", "nao", "nej", "falsch", "off", "not unsubscribed"),
}
_TEXTS = ("name", "first_name", "last_name", "company", "city", "owner", "reason", "region", "postcode")


class Reject(NamedTuple):
    """A row that cannot come in."""

    line: int
    field: str
    value: str
    reason: str


# A row that can come in: its line, values and contact points, what its person is known by, what else a
# suppression of them would watch for, and whether it says that they opted out. A plain tuple, since it
# goes to another process.
Row = tuple[int, Plain, tuple[Point, ...], list[str], tuple[str, ...], bool]


class Chunk(NamedTuple):
    """Some rows, read: what came in, what was rejected with its cells, and how many do not consent."""

    rows: list[Row]
    rejects: list[tuple[Reject, list[str]]]
    unwilling: int


class _Kept(dict[Any, Any]):
    """Cells that were read before, with what they stand for; asked as a dictionary, at its speed."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: Any) -> Any:
        if len(self) >= REMEMBERED:
            self.clear()
        try:
            value = self._read(cell)
        except ValueError as problem:
            value = Bad(str(cell), str(problem))
        self[cell] = value
        return value


class Reader:
    """Reads the rows of one list; what concerns a whole column was decided before."""

    def __init__(self, columns: Columns, ways: Ways, choices: Choices) -> None:
        self._columns = columns
        self._choices = choices
        self._phones = Phones(choices.country)
        self._source = choices.source or (columns.export.source if columns.export else "")
        self.evidence = Evidence(columns.fields)
        self._evident: dict[int, set[str]] = {place: set() for place in self.evidence.days}
        self._reads: dict[int, Callable[[Sequence[str]], list[Any]]] = {}
        for place, field in enumerate(columns.fields):
            if field and field not in ("email", "phone", "revenue"):
                self._reads[place] = self._reading(place, field, ways)
        self._amounts = {place: money.amount_reader(sign) for place, sign in ways.decimals.items()}

    def _reading(self, place: int, field: str, ways: Ways) -> Callable[[Sequence[str]], list[Any]]:
        """What reads a column's cells; a bad cell is a `Bad` among them."""
        words = self._columns.words.get(place)
        if not words and field in (*_TEXTS, "external_id", "address"):
            return cellreading.ids if field in ("external_id", "postcode") else cellreading.lines
        day = columndates.date_reader(ways.orders.get(place, ""))
        read: Callable[[Any], Any] = {
            "country": cellreading.country,
            "currency": cellreading.currency,
            "orders": cellreading.whole,
            "how_left": cellreading.how_left,
            "opted_out": lambda cell: text.fold(cell) not in _NOT_OUT,
            "consent": lambda cell: text.fold(cell) in _NOT_OUT and bool(cell.strip()),
            "notes": cellreading.note,
            "cancelled": lambda cell: cellreading.cancelled(cell, day),
            "first_purchase": day,
            "last_purchase": day,
        }.get(field, text.line)
        if words:
            kept = _Kept(lambda cell: read(words.get(text.fold(cell), words.get("*", cell))))
        elif field == "notes":
            return lambda cells: [cellreading.note(cell) if cell else "" for cell in cells]
        else:
            kept = _Kept(read)
        return lambda cells: list(map(kept.__getitem__, cells))

    def check(self, numbered: Sequence[tuple[int, list[str]]]) -> Chunk:
        """Read some rows."""
        width = len(self._columns.fields)
        rejects: list[tuple[Reject, list[str]]] = []
        fit: list[tuple[int, list[str]]] = []
        for line, row in numbered:
            if len(row) == width:
                fit.append((line, row))
            elif len(row) > width and not any(map(str.strip, row[width:])):
                fit.append((line, row[:width]))
            else:
                why = f"{len(row)} cells where the header has {width}"
                rejects.append((Reject(line, "", "", why), row))
        rows: list[Row] = []
        if fit:
            unwilling = self._check(fit, rows, rejects)
            rejects.sort(key=lambda one: one[0].line)
        return Chunk(rows, rejects, unwilling if fit else 0)

    def _check(
        self,
        fit: Sequence[tuple[int, list[str]]],
        rows: list[Row],
        rejects: list[tuple[Reject, list[str]]],
    ) -> int:
        cells = [cellreading.unquoted(column) for column in zip(*(row for _, row in fit), strict=True)]
        self._gather(cells)
        columns = {place: read(cells[place]) for place, read in self._reads.items()}
        bad: dict[int, tuple[str, Bad]] = {}
        for place, values in columns.items():
            _note_bad(bad, self._columns.fields[place] or "", values)
        read = _Fields(self._columns.fields, columns, len(fit))
        countries_ = read.one("country", "")
        points = self._points(cells, countries_, len(fit), bad)
        money_ = self._money(cells, read, len(fit), bad)
        if bad and "opted_out" in self._columns.fields:
            self._spare(bad, columns, money_, read.any("opted_out"))
        for place, row in enumerate(self._assembled(fit, read, points, money_, bad)):
            if row is None or place in bad:
                field, cell = bad[place]
                told = Reject(fit[place][0], field, text.shorten(cell.value, 80), cell.reason)
                rejects.append((told, fit[place][1]))
            else:
                rows.append(row)
        return sum(map(bool, read.one("consent", False)))

    def _spare(
        self,
        bad: dict[int, tuple[str, Bad]],
        columns: dict[int, list[Any]],
        amounts: list[tuple[int | None, str]],
        out: Sequence[bool],
    ) -> None:
        """Whoever is to be left alone is, whatever else is wrong in their row: its bad cells are blank."""
        for row in [one for one in bad if out[one]]:
            del bad[row]
            amounts[row] = (None, "")
            for place, values in columns.items():
                if values[row].__class__ is Bad:
                    values[row] = None if self._columns.fields[place] == "orders" else ""

    def _gather(self, cells: Sequence[Sequence[str]]) -> None:
        for place, seen in self._evident.items():
            fresh = set(cells[place]) - seen
            if fresh:
                self.evidence.take(place, [one.strip() for one in fresh if one.strip()])
                seen.update(fresh)
                if len(seen) > REMEMBERED:
                    seen.clear()
        for place in self.evidence.amounts:
            self.evidence.take(place, [one for one in map(str.strip, cells[place]) if one])

    def _money(
        self,
        cells: Sequence[Sequence[str]],
        read: "_Fields",
        count: int,
        bad: dict[int, tuple[str, Bad]],
    ) -> list[tuple[int | None, str]]:
        named = read.one("currency", "")
        own = self._choices.currency
        amounts: list[tuple[int | None, str]] = [(None, "")] * count
        for place, reader in self._amounts.items():
            for row, cell in enumerate(cells[place]):
                if cell and (cell := cell.strip()) and row not in bad:
                    try:
                        amounts[row] = reader(cell, named[row] or own)
                    except ValueError as problem:
                        bad[row] = ("revenue", Bad(cell, str(problem)))
                        continue
                    if amounts[row][0] is not None and amounts[row][0] < 0:  # type: ignore[operator]
                        bad[row] = ("revenue", Bad(cell, "less than nothing was bought"))
        return amounts

    def _points(
        self,
        cells: Sequence[Sequence[str]],
        countries_: Sequence[str],
        count: int,
        bad: dict[int, tuple[str, Bad]],
    ) -> list[tuple[Point, ...]]:
        """The e-mails and phones of each row, in the order of the columns."""
        found: list[tuple[Point, ...]] = [()] * count
        for kind in ("email", "phone"):
            for place, field in enumerate(self._columns.fields):
                if field != kind:
                    continue
                read = cellreading.emails if kind == "email" else self._numbers
                for row, cell in enumerate(cells[place]):
                    if not cell or cell.isspace():
                        continue
                    if len(cell) > LONGEST_NAME:
                        bad.setdefault(row, (kind, Bad(cell, f"longer than {LONGEST_NAME} characters")))
                    else:
                        found[row] += read(cell, countries_[row])
        return [cellreading.once(points) if len(points) > 1 else points for points in found]

    def _numbers(self, cell: str, country: str) -> tuple[Point, ...]:
        if ":" in cell and _is_labelled(cell):  # Phone: ... Mobile: ... Fax: ...
            _, *told = _LABEL.split(cell)
            pairs = zip(told[::2], told[1::2], strict=True)
            cell = ";".join(number for label, number in pairs if label.lower() != "fax")
        if cellreading.is_listed(cell):
            parts = [part for part in cellreading.LISTED.split(cell.strip()) if part]
            return tuple(("phone", *self._phones(part, country)) for part in parts)
        return (("phone", *self._phones(cell, country)),) if cell else ()

    def _assembled(
        self,
        fit: Sequence[tuple[int, list[str]]],
        read: "_Fields",
        points: Sequence[tuple[Point, ...]],
        amounts: Sequence[tuple[int | None, str]],
        bad: dict[int, tuple[str, Bad]],
    ) -> Iterator[Row | None]:
        source, fold = self._source, text.fold
        told = zip(
            fit, read.names(), read.one("company", ""), read.one("external_id", ""), points, amounts,
            read.one("how_left", ""), read.one("first_purchase", ""), read.one("last_purchase", ""),
            read.any("opted_out"), read.streets(), read.one("city", ""), read.one("country", ""),
            read.one("owner", ""), read.one("reason", ""), read.one("notes", ""),
            read.one("orders", None), read.one("cancelled", ""), strict=True,
        )  # fmt: skip
        for place, (
            (line, _), name, company, external_id, reached, (amount, currency), how_left, first, last,
            opted_out, streets, city, country, owner, reason, notes, orders, cancelled,
        ) in enumerate(told):  # fmt: skip
            if place in bad:
                yield None
                continue
            if not (name or company or reached):
                bad[place] = ("name", Bad("", "nobody in it: no name, company, e-mail or phone"))
                yield None
                continue
            if last and first > last and not opted_out:
                bad[place] = ("first_purchase", Bad(first, "after the last purchase"))
                yield None
                continue
            who = called = fold(name)
            if company:
                who = f"{called} {fold(company)}" if called else fold(company)
            names, phones = names_of(id_name(source, external_id), who, reached)
            yield (
                line,
                (
                    source if external_id else "", external_id or None, name, company, who, city,
                    country, owner, how_left, RANKS.get(how_left, 2), reason, notes, first or None,
                    last or None, orders, amount, currency, cancelled,
                ),
                reached + streets if streets else reached,
                names,
                guises_of(who, called, phones) if company else (),
                opted_out,
            )  # fmt: skip


class _Fields:
    """The columns that were read, by field."""

    def __init__(self, fields: Sequence[str | None], columns: dict[int, list[Any]], count: int) -> None:
        self._count = count
        self._by: dict[str, list[list[Any]]] = {}
        for place, values in columns.items():
            self._by.setdefault(fields[place] or "", []).append(values)

    def one(self, field: str, otherwise: Any) -> list[Any]:
        """The values of a field that one column fills; `otherwise` where there is none."""
        there = self._by.get(field)
        return there[0] if there else [otherwise] * self._count

    def any(self, field: str) -> list[bool]:
        """Whether any column of that field says yes."""
        there = self._by.get(field)
        return [any(row) for row in zip(*there, strict=True)] if there else [False] * self._count

    def names(self) -> list[str]:
        """The whole name, otherwise what the columns of its parts make."""
        whole, first, last = (self.one(field, "") for field in ("name", "first_name", "last_name"))
        if "first_name" not in self._by and "last_name" not in self._by:
            return whole
        parts = zip(whole, first, last, strict=True)
        return [name or (f"{one} {two}".strip() if one or two else "") for name, one, two in parts]

    def streets(self) -> list[tuple[Point, ...]]:
        """The postal address, in one line, where the list has streets."""
        lines = self._by.get("address")
        if not lines:
            return [()] * self._count
        streets = (
            lines[0] if len(lines) == 1 else [text.joined(", ", *some) for some in zip(*lines, strict=True)]
        )
        places = self.one("city", "")
        if "postcode" in self._by or "region" in self._by:
            parts = zip(self.one("postcode", ""), places, self.one("region", ""), strict=True)
            places = [text.joined(", ", text.joined(" ", code, c), region) for code, c, region in parts]
        return [
            (("address", text.joined(", ", street, place)[:LONGEST_NAME], "unchecked"),)
            if street and isinstance(street, str)
            else ()
            for street, place in zip(streets, places, strict=True)
        ]


def _note_bad(bad: dict[int, tuple[str, Bad]], field: str, values: Sequence[Any]) -> None:
    for row, value in enumerate(values):
        if value.__class__ is Bad:
            bad.setdefault(row, (field, value))


def chunks(rows: Rows) -> Iterator[list[tuple[int, list[str]]]]:
    """The rows, some thousands at a time."""
    stream = iter(rows)
    while chunk := list(islice(stream, CHUNK)):
        yield chunk
