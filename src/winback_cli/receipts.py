"""The rows of a list of purchases: which column is what, and each row as one purchase of somebody.

Read as lists of customers are: the same formats, dates and decimals decided once for a whole column, a
row that cannot be read rejected with its reason. Who the customer is, the store finds out.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from winback_cli import cellreading, columndates, money, text
from winback_cli.cellreading import LISTED, Bad
from winback_cli.checking import Reject, chunks
from winback_cli.customer import LONGEST_NAME, guises_of, id_name, names_of, phone_point
from winback_cli.errors import BadInput, UsageError
from winback_cli.intake import Choices, Columns, Evidence, Pairs, Ways, decided, holds_data
from winback_cli.plainrow import Point
from winback_cli.purchases import Who
from winback_cli.reading import Again, Opened, Source
from winback_cli.sources import LeftOut, Table, open_rows
from winback_cli.sources.columns import evened, field_of

WHO = ("external_id", "email", "phone", "name", "first_name", "last_name", "company", "customer")
FIELDS = (*WHO, "country", "date", "amount", "currency", "order")
MANY = ("email", "phone")
ALIASES = {"customer_id": "external_id", "emails": "email", "phones": "phone", "order_number": "order"}
RICHEST = 10**15  # minor units; so much or more is no purchase
LONGEST_ORDER = 80  # characters of an order's number
REMEMBERED = 50_000  # customers as rows name them that are kept
# Headers of a purchase's own columns, as columns.toml has those of customers: evened, in seven languages.
_SYNONYMS = {
    "date": "date|day|order date|purchase date|date of purchase|date of order|invoice date|sale date|"
    "sales date|transaction date|payment date|paid at|paid on|ordered at|purchased at|created at|created|"
    "created date utc|created utc|datum|kaufdatum|bestelldatum|auftragsdatum|rechnungsdatum|belegdatum|"
    "buchungsdatum|date de commande|date commande|date de la commande|date d achat|date achat|"
    "date de facture|date facture|fecha|fecha de compra|fecha compra|fecha de pedido|fecha del pedido|"
    "fecha de factura|data|data ordine|data dell ordine|data acquisto|data fattura|besteldatum|orderdatum|"
    "aankoopdatum|factuurdatum|data da compra|data do pedido|data da fatura",
    "amount": "amount|total|total amount|order total|order amount|order value|grand total|amount paid|paid|"
    "net amount|gross amount|net total|invoice amount|invoice total|price|total price|sum|value|revenue|"
    "sales|total sales|betrag|summe|gesamtbetrag|gesamtsumme|gesamt|rechnungsbetrag|bestellwert|umsatz|"
    "preis|endbetrag|bruttobetrag|nettobetrag|montant|montant total|montant ttc|total ttc|total ht|prix|"
    "importe|importe total|total pedido|precio|importo|totale|totale ordine|prezzo|bedrag|totaal|"
    "totaalbedrag|orderbedrag|prijs|valor|valor total|montante|preco",
    "order": "order|order number|order no|order id|order ref|order name|invoice number|invoice no|"
    "invoice id|invoice|transaction id|receipt number|bestellnummer|bestellnr|bestell nr|auftragsnummer|"
    "rechnungsnummer|belegnummer|commande|numero de commande|numero commande|n commande|numero de facture|"
    "pedido|numero de pedido|numero pedido|numero de factura|ordine|numero ordine|numero d ordine|"
    "numero fattura|bestelling|ordernummer|bestelnummer|factuurnummer|numero do pedido|numero da fatura",
    "customer": "customer|client|kunde|klant|cliente",
}
_OWN = {name: field for field, names in _SYNONYMS.items() for name in names.split("|")}
_NOBODYS = ("id", "reference", "reference id", "record id")  # here more likely a purchase's than anybody's
# Exports of orders in which a plain name stands for something else.
_ORDERS = (
    (
        {"financial status", "fulfillment status", "lineitem name"},  # Shopify
        {"name": "order", "id": "", "paid at": "date", "created at": "", "billing name": "name"},
    ),
)


class Receipt(NamedTuple):
    """One purchase: its row, whose it is, the day, what was paid in minor units, and the order's number."""

    line: int
    cells: list[str]
    who: Who
    day: str
    currency: str
    amount: int
    order: str


class Receipts(NamedTuple):
    """Some rows, read. `further` counts those that only go on with the order before them."""

    rows: list[Receipt]
    rejects: list[tuple[Reject, list[str]]]
    further: int
    position: int


def opened(source: Source) -> Opened:
    """Open a list of purchases; raises WinbackError where a column is missing, naming those it has."""
    rows = open_rows(source.place, source.name, source.reading)
    choices = source.choices
    columns = read_columns(rows.table, source.name, choices.mapping, choices.ignored)
    _refuse_lacking(rows.table, columns, source.name)
    return Opened(rows, columns)


def read_columns(table: Table, name: str, mapping: Pairs, ignored: Sequence[str] = ()) -> Columns:
    """The field of each column: what the user maps or leaves out, then exact names. Raises UsageError for
    a mapping that does not fit.
    """
    fields = [_field(header, table.header) for header in table.header]
    for wanted, header in mapping:
        field = ALIASES.get(wanted, wanted)
        if field not in FIELDS:
            near = text.nearest(field, [*FIELDS, *ALIASES])
            hint = f"Did you mean {near}?" if near else "Fields: " + ", ".join(FIELDS)
            raise UsageError(f"{text.shorten(wanted, 40)!r} is no field of a purchase.", hint)
        if field not in MANY:
            fields = [None if one == field else one for one in fields]
        fields[_place(table, name, header)] = field
    left = [_place(table, name, header) for header in ignored]
    seen: set[str] = set()
    for place, one in enumerate(fields):
        if place in left or (one and one not in MANY and one in seen):
            fields[place] = None  # the first column of that name counts
        seen.add(fields[place] or "")
    return Columns(tuple(fields), None, ignored=tuple(table.header[place] for place in left))


def _field(header: str, among: Sequence[str]) -> str | None:
    name, there = evened(header), {evened(one) for one in among}
    for signature, told in _ORDERS:
        if signature <= there and name in told:
            return told[name] or None
    if name in _OWN:
        return _OWN[name]
    field = None if name in _NOBODYS else field_of(header)
    return field if field in FIELDS else None


def _place(table: Table, name: str, header: str) -> int:
    there = [one.casefold() for one in table.header]
    column = text.line(header).casefold()
    if column not in there:
        raise UsageError(
            f"{name} has no column {text.shorten(header, 40)!r}.", "Its columns: " + _listing(table)
        )
    return there.index(column)


def _listing(table: Table) -> str:
    return ", ".join(text.shorten(header, 30) or "(no name)" for header in table.header[:30])


def _refuse_lacking(table: Table, columns: Columns, name: str) -> None:
    there = set(columns.fields)
    lacking = [
        (words, field)
        for words, field in (
            ("whose purchase it was", "customer"),
            ("the date", "date"),
            ("the amount", "amount"),
        )
        if field not in there and not (field == "customer" and there & set(WHO))
    ]
    if lacking and not there - {None} and holds_data(table.header):
        raise BadInput(
            f"The first line of {name} is a purchase, not a header.",
            "Put the names of the columns above it, such as email,date,amount.",
        )
    if lacking:
        maps = " ".join(f"--map {field}=COLUMN" for _, field in lacking)
        raise BadInput(
            f"No column of {name} says {' or '.join(words for words, _ in lacking)}.\n"
            f"  Its columns: {_listing(table)}",
            f"winback import --purchases {name} {maps}",
        )


# -- rows ------------------------------------------------------------------------------------


def read(source: Source, found: Opened, today: str) -> Iterator[Receipts | Again | tuple[LeftOut, ...]]:
    """The rows, some thousands at a time; `Again` where all before it is void, since the whole list reads
    its dates or amounts otherwise than its beginning does. The last of all is what was left out.
    """
    rows, columns = found
    ways = decided(rows, columns, source.name, source.choices)
    while True:
        reader = Reader(columns, ways, source.choices, today)
        for numbered in chunks(rows):
            yield reader.check(numbered)._replace(position=rows.position)
        rightly = reader.evidence.ways(columns.fields, source.name, source.choices)
        if rightly == ways:
            break
        ways = rightly
        yield Again()
    yield tuple(rows.left_out)


class _Unread(ValueError):
    """Why a row is rejected: the field, its cell and the reason."""

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.told = (field, value, reason)


class Reader:
    """Reads the rows of one list; what concerns a whole column was decided before."""

    def __init__(self, columns: Columns, ways: Ways, choices: Choices, today: str) -> None:
        self._fields = columns.fields
        self._choices = choices
        self._today = today
        self.evidence = Evidence(columns.fields)
        self._date, self._amount = columns.fields.index("date"), columns.fields.index("amount")
        self._currency, self._order = self._at("currency"), self._at("order")
        self._who = tuple(p for p, field in enumerate(columns.fields) if field in (*WHO, "country"))
        self._day_of = columndates.date_reader(ways.orders[self._date])
        self._amount_of = money.amount_reader(ways.decimals[self._amount])
        self._known: dict[tuple[str, ...], Who | Bad] = {}
        self._before = ""  # the order of the row before

    def _at(self, field: str) -> int:
        return self._fields.index(field) if field in self._fields else -1

    def check(self, numbered: Sequence[tuple[int, list[str]]]) -> Receipts:
        """Read some rows."""
        width, done = len(self._fields), Receipts([], [], 0, 0)
        further = 0
        for line, row in numbered:
            cells = row if len(row) == width else row[:width]
            if len(row) != width and (len(row) < width or any(map(str.strip, row[width:]))):
                why = f"{len(row)} cells where the header has {width}"
                done.rejects.append((Reject(line, "", "", why), row))
                continue
            try:
                receipt = self._receipt(line, list(cellreading.unquoted(cells)))
            except _Unread as problem:
                field, value, why = problem.told
                done.rejects.append((Reject(line, field, text.shorten(value, 80), why), row))
                continue
            if receipt is None:
                further += 1
            else:
                done.rows.append(receipt._replace(cells=row))
        self._gather([row for _, row in numbered])
        return done._replace(further=further)

    def _gather(self, rows: Sequence[list[str]]) -> None:
        for place in self.evidence.places:
            told = {row[place].strip() for row in rows if place < len(row)}
            self.evidence.take(place, told - {""})

    def _receipt(self, line: int, cells: list[str]) -> Receipt | None:
        """One row; None where it only goes on with the order of the row before, and adds no amount."""
        order = text.line(cells[self._order])[:LONGEST_ORDER] if self._order >= 0 else ""
        said = cells[self._amount].strip()
        if not said and order and order == self._before:
            return None
        key = tuple([cells[place] for place in self._who])
        who = self._known.get(key)
        if who is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            who = self._known[key] = self._whom(key)
        if isinstance(who, Bad):
            raise _Unread("customer", *who)
        day = self._day(cells[self._date])
        currency, amount = self._paid(said, cells[self._currency] if self._currency >= 0 else "")
        self._before = order
        return Receipt(line, cells, who, day, currency, amount, order)

    def _day(self, cell: str) -> str:
        try:
            day = self._day_of(cell)
        except ValueError as why:
            raise _Unread("date", cell, str(why)) from None
        if not day:
            raise _Unread("date", cell, "no date")
        if day > self._today:
            raise _Unread("date", cell, "a day that is still to come")
        return day

    def _paid(self, said: str, named: str) -> tuple[str, int]:
        if not said:
            raise _Unread("amount", "", "no amount")
        try:
            own = cellreading.currency(named) or self._choices.currency
        except ValueError as why:
            raise _Unread("currency", named, str(why)) from None
        try:
            amount, currency = self._amount_of(said, own)
        except ValueError as why:
            raise _Unread("amount", said, str(why)) from None
        if abs(amount) >= RICHEST:
            raise _Unread("amount", said, "that amount is too large to be true")
        return currency, amount

    def _whom(self, key: tuple[str, ...]) -> Who | Bad:
        """The customer that these cells name."""
        told: dict[str, list[str]] = {}
        for place, cell in zip(self._who, key, strict=True):
            if line := text.line(cell):
                if len(line) > LONGEST_NAME:
                    return Bad(line, f"longer than {LONGEST_NAME} characters")
                told.setdefault(self._fields[place] or "", []).append(line)
        field = next((f for f in WHO if f in told), "")
        if not field:
            return Bad("", "nobody in it: no number, e-mail, phone or name")
        one = {name: cells[0] for name, cells in told.items()}
        value, loose = one[field], one.pop("customer", "")
        if "@" in loose:
            told["email"], loose = [*told.get("email", []), loose], ""
        elif told.keys() & {"external_id", "email", "phone"}:  # then it is their name
            one.setdefault("name", loose)
            loose = ""
        name = one.get("name") or text.joined(" ", one.get("first_name", ""), one.get("last_name", ""))
        who = text.fold(f"{name} {one.get('company', '')}") if name or "company" in one else ""
        own_id = one.get("external_id", loose)
        if own_id[:1] == "'":
            own_id = cellreading.ids([own_id])[0]
        points = self._points(told, one.get("country", ""))
        keys, phones = names_of(id_name(self._choices.source, own_id), who, points)
        sure = tuple([key for key in keys if not key.startswith(("name:", "raw:"))])
        if not (sure or who):
            return Bad(value, "neither an e-mail nor a phone number")
        called = text.fold(loose) if sure else who
        watched = keys
        if who or called:
            watched = [*keys, *guises_of(who or called, text.fold(name), phones)]
        return Who(sure, called, tuple(watched), field, value)

    def _points(self, told: dict[str, list[str]], country: str) -> list[Point]:
        """The e-mails and phones of a row."""
        points = [point for cell in told.get("email", ()) for point in cellreading.emails(cell, "")]
        if "phone" in told:
            country = cellreading.country(country) or self._choices.country
            parts = [part for cell in told["phone"] for part in LISTED.split(cell) if part]
            points += [(*phone_point(part, country),) for part in parts]
        return points
