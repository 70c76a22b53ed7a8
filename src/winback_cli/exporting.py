"""What leaves the store as text: customers, cases and events as rows of CSV or as lines of JSON.

Columns of customers are named as the import names its fields, so that a list reads back by itself. A cell
that a spreadsheet would run is kept from it by an apostrophe, which `told` takes off again (X2).
"""

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from winback_cli import text
from winback_cli.case import Body
from winback_cli.customer import ContactPoint, Customer, id_name
from winback_cli.money import Money

MOST_POINTS = 50  # columns of e-mails, and of phones; more than that share the last one
_FIRST = ("external_id", "name", "company")
_LAST = (
    *("address", "postcode", "city", "region", "country", "owner", "first_purchase", "last_purchase"),
    *("orders", "revenue", "currency", "how_left", "reason", "cancelled", "notes"),
)
CASE_COLUMNS = (
    *("case", "customer", "number", "external_id", "name", "company", "owner", "suppressed", "playbook"),
    *("version", "status", "outcome", "stage", "step", "reason", "fix", "breaches", "events"),
    *("opened_on", "opened_at", "closed_at"),
)
EVENT_COLUMNS = (
    *("case", "customer", "number", "seq", "kind", "by", "happened", "recorded", "as_of", "command"),
    *("shortened", "body", "hash"),
)
# What is kept of an event of somebody left alone: marks of the playbook and of ours, days and numbers;
# never a word that was said or written, a name, a number or an address.
KEPT = frozenset(
    (
        *("seq", "step", "stage", "question", "fact", "how", "item", "end", "skipped", "guard"),
        *("outcome", "until", "playbook", "version", "digest", "disposition", "channel", "message"),
        *("fix", "steps", "forget", "corrects"),
    )
)


class CaseLine(NamedTuple):
    """A case as its row has it. `opened_on` is the user's calendar day, the rest instants in UTC."""

    customer: int
    number: int
    source: str
    external_id: str
    name: str
    company: str
    owner: str
    suppressed: bool
    playbook: str
    version: int
    status: str
    outcome: str | None
    stage: str
    step: str
    reason: str
    fix: int | None
    breaches: int
    events: int
    opened_on: str
    opened_at: str
    closed_at: str | None

    @property
    def case(self) -> str:
        """What users call it: `12.1`."""
        return f"{self.customer}.{self.number}"


class EventLine(NamedTuple):
    """An event with the case it belongs to: the fields of `case.Event` and whose it is."""

    customer: int
    number: int
    suppressed: bool
    seq: int
    kind: str
    by: str
    happened: str
    recorded: str
    command: int
    as_of: bool
    body: Body
    hash: str


class Widths(NamedTuple):
    """How many e-mails and phones anybody has: so many columns there are of each, one at least."""

    emails: int = 1
    phones: int = 1


# -- what a spreadsheet must not run ---------------------------------------------------------

_STARTS = "=+-@\u2212"
_LINE_SIGNS = "\t\r\n"
_QUOTES = "'\"`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
# Shown as nothing though no format characters: fillers, a blank of Braille, selectors.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")


def neutral(cell: str) -> str:
    """A text that no spreadsheet runs as a formula: with an apostrophe before it where one would.

    One would where it begins with = + - @, also full-width ones, a tab or a line break, be it after
    spaces, quotes or signs that are not seen. `told` gives exactly the text back.
    """
    return f"'{cell}" if _runs(cell) else cell


def told(cell: str) -> str:
    """The text that `neutral` made a cell of; any other cell as it is."""
    return cell[1:] if cell[:1] == "'" and _runs(cell[1:]) else cell


def once_more(cell: str) -> str:
    """A cell that came in from a list and goes out again: neutral, and read back as it was read first."""
    return neutral(told(cell))


def _runs(cell: str) -> bool:
    if cell[:1].isalnum() and cell[:1].isascii():
        return False
    for sign in cell:
        plain = sign if sign.isascii() else unicodedata.normalize("NFKC", sign)[:1]
        if plain in _STARTS or sign in _LINE_SIGNS:
            return True
        hidden = plain.isspace() or sign in _QUOTES or plain in _QUOTES or _UNSEEN.match(sign)
        if not hidden and unicodedata.category(sign) not in ("Cf", "Cc"):
            return False
    return False


# -- customers -------------------------------------------------------------------------------


def customer_columns(widths: Widths) -> list[str]:
    """The header of customers: `email`, `email 2` and so on, as the import knows them."""
    points = [*_several("email", widths.emails), *_several("phone", widths.phones)]
    return [*_FIRST, *points, *_LAST]


def _several(name: str, count: int) -> list[str]:
    return [name, *(f"{name} {place}" for place in range(2, min(count, MOST_POINTS) + 1))]


def customer_row(customer: Customer, widths: Widths) -> list[str]:
    """A customer as cells under `customer_columns`.

    The id of a named system is written with it, `shop:17`, by which the same person is known again. Of
    several postal addresses the first is in it: an import would make one of them.
    """
    street, postcode, region = _parts_of(customer)
    revenue = customer.revenue
    return [
        id_of(customer.source, customer.external_id),
        customer.name,
        customer.company,
        *_spread([point.value for point in customer.emails], widths.emails),
        *_spread([_dialled(point.value) for point in customer.phones], widths.phones),
        street,
        postcode,
        customer.city,
        region,
        customer.country,
        customer.owner,
        customer.first_purchase,
        customer.last_purchase,
        "" if customer.orders is None else str(customer.orders),
        "" if revenue is None else decimal_of(revenue),
        "" if revenue is None else revenue.currency,
        customer.how_left,
        customer.reason,
        customer.cancelled,
        customer.notes,
    ]


def id_of(source: str, external_id: str) -> str:
    """An id of another system, with that system before it where it is named."""
    return id_name(source, external_id).removeprefix("id:")


def _spread(values: list[str], width: int) -> list[str]:
    columns = max(1, min(width, MOST_POINTS))
    if len(values) > columns:  # more than there were a moment ago, or than anybody needs
        values = [*values[: columns - 1], "; ".join(values[columns - 1 :])]
    return [*values, *[""] * (columns - len(values))]


def _dialled(number: str) -> str:
    """A number as an import reads it in one piece: its extension in words, since `;` parts numbers."""
    return number.replace(";ext=", " ext ", 1)


def _parts_of(customer: Customer) -> tuple[str, str, str]:
    """Street, postcode and region of the first address, whose town is a column of its own: what the
    import joins to the same address again.
    """
    value, city = (customer.addresses[0].value if customer.addresses else ""), customer.city
    end = len(value)
    while city and (at := value.rfind(city, 0, end)) > 0:
        after = value[at + len(city) :]
        street, comma, code = value[:at].rpartition(", ")
        if street and comma and code[-1:] in ("", " ") and (not after or after.startswith(", ")):
            return street, code[:-1], after[2:]
        end = at + len(city) - 1
    return value, "", ""


def decimal_of(money: Money) -> str:
    """An amount as a decimal number without its currency, that reads one way only: `1200.50`.

    Three digits after the point could be thousands, so that such a currency has a fourth: `1.2340`.
    """
    digits = _digits(money.currency)
    whole, rest = divmod(abs(money.amount), 10**digits)
    sign = "-" if money.amount < 0 else ""
    return f"{sign}{whole}" + (f".{rest:0{digits}}" if digits else "") + ("0" if digits == 3 else "")


@lru_cache(300)
def _digits(currency: str) -> int:
    return len(Money(1, currency).words().partition(".")[2])


def customer_object(number: int, customer: Customer) -> dict[str, Any]:
    """A customer with the keys of `winback list --customers --json`, and the system of the id."""
    revenue = customer.revenue
    points: tuple[ContactPoint, ...] = customer.emails + customer.phones + customer.addresses
    return {
        "number": number,
        "name": customer.name,
        "company": customer.company,
        "emails": [point.value for point in customer.emails],
        "phones": [point.value for point in customer.phones],
        "city": customer.city,
        "country": customer.country,
        "external_id": customer.external_id or None,
        "source": customer.source or None,
        "owner": customer.owner,
        "how_left": customer.how_left or None,
        "first_purchase": customer.first_purchase or None,
        "last_purchase": customer.last_purchase or None,
        "orders": customer.orders,
        "revenue": None if revenue is None else revenue._asdict(),
        "reason": customer.reason or None,
        "cancelled": customer.cancelled or None,
        "notes": customer.notes,
        "contact_points": [point._asdict() for point in points],
    }


# -- cases and events ------------------------------------------------------------------------


def case_object(line: CaseLine) -> dict[str, Any]:
    """A case by `CASE_COLUMNS`; of somebody left alone without whose it is (C10)."""
    if line.suppressed:
        line = line._replace(source="", external_id="", name="", company="")
    known = line._asdict() | {
        "case": line.case,
        "external_id": id_of(line.source, line.external_id) or None,
        "reason": line.reason or None,
    }
    return {column: known[column] for column in CASE_COLUMNS}


def event_object(line: EventLine) -> dict[str, Any]:
    """An event by `EVENT_COLUMNS`: all that its hash was made of.

    Of somebody left alone only what is `KEPT`, `shortened` then says; its hash is that of the whole (C10).
    """
    body = {key: value for key, value in line.body.items() if key in KEPT}
    known = line._asdict() | {
        "case": f"{line.customer}.{line.number}",
        "shortened": line.suppressed,
        "body": body if line.suppressed else line.body,
    }
    return {column: known[column] for column in EVENT_COLUMNS}


def cells_of(one: Mapping[str, Any]) -> list[str]:
    """An object as cells: yes and no in words, what is nested as JSON, nothing as an empty cell."""
    return [_cell(value) for value in one.values()]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return _json(value)
    return "" if value is None else str(value)


# -- texts -----------------------------------------------------------------------------------


class _Echo:
    """What a CSV writer writes to: hands each row back as text."""

    def write(self, row: str) -> str:
        return row


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]], *, raw: bool = False) -> Iterator[str]:
    """CSV, a row at a time: commas, line feeds, quotes where needed; formulas neutral unless `raw`.

    An amount below nothing is a plain number and no formula.
    """
    writer = csv.writer(_Echo(), lineterminator="\n")
    yield str(writer.writerow(header))
    numbers = [place for place, name in enumerate(header) if name == "revenue"]
    for row in rows:
        cells = [text.clean(cell) for cell in row]
        safe = cells if raw else [neutral(cell) for cell in cells]
        for place in numbers:
            safe[place] = cells[place]
        yield str(writer.writerow(safe))


def jsonl_lines(objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """JSON lines: an object a line, whatever breaks lines elsewhere is escaped."""
    for one in objects:
        yield _json(one) + "\n"


def json_lines(objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One JSON array, an object a line, never held whole."""
    before = "[\n"
    for one in objects:
        yield before + _json(one)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


# What JSON leaves as it is and a terminal, or a reader of lines, would act on.
_ACTED_ON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _json(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    if written.isascii() and "\x7f" not in written:
        return written
    return _ACTED_ON.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
