"""A customer as plain values, in the order of the store's columns: what a long list is brought in as.

Between the process that reads a list and the one that writes the store go tuples of texts and
numbers alone; `Customer` values are made of them only where two rows have to be compared.
"""

import contextlib
import gc
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from winback_cli.customer import ContactPoint, Customer
from winback_cli.money import Money
from winback_cli.text import fold

COLUMNS = (
    *("source", "external_id", "name", "company", "folded", "city", "country", "owner"),
    *("how_left", "how_rank", "reason", "notes", "first_purchase", "last_purchase"),
    *("orders", "revenue", "currency", "cancelled"),
)
WAYS = ("departing", "upset", "lapsed", "content")  # how somebody left: `stages.HowLeft` as words
RANKS = {"departing": 0, "upset": 1, "content": 3}  # the queue's order; lapsed and unknown are 2

Plain = tuple[str | int | None, ...]  # the values of `COLUMNS`
Point = tuple[str, str, str]  # kind, value, state


class Checked(NamedTuple):
    """A row of a list that can come in.

    Its values, contact points, the marks of what they are known by, and whether it says
    that they opted out, or fits the suppression list.
    """

    line: int
    values: Plain
    points: tuple[Point, ...]
    marks: tuple[int, ...]
    opted_out: bool
    blocked: bool


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """No look-out for circles among the many values of a list: there are none, and it costs a fifth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def plain(customer: Customer) -> Plain:
    """The values of `COLUMNS`; days as ISO text or None, revenue in minor units."""
    revenue = customer.revenue
    return (
        customer.source if customer.external_id else "",
        customer.external_id or None,
        customer.name,
        customer.company,
        fold(f"{customer.name} {customer.company}"),
        customer.city,
        customer.country,
        customer.owner,
        customer.how_left,
        RANKS.get(customer.how_left, 2),
        customer.reason,
        customer.notes,
        customer.first_purchase or None,
        customer.last_purchase or None,
        customer.orders,
        revenue.amount if revenue else None,
        revenue.currency if revenue else "",
        customer.cancelled,
    )


def points(customer: Customer) -> tuple[Point, ...]:
    """Every contact point, in the order in which they are kept."""
    return tuple(map(tuple, customer.emails + customer.phones + customer.addresses))  # type: ignore[arg-type]


def customer_of(values: Sequence[Any], given: Sequence[Point], known_as: tuple[str, ...] = ()) -> Customer:
    """The customer that plain values stand for."""
    source, external_id, name, company, _, city, country, owner, how_left, _, *rest = values
    reason, notes, first, last, orders, amount, currency, cancelled = rest
    emails, phones, addresses = (
        tuple([ContactPoint(*p) for p in given if p[0] == kind]) for kind in ("email", "phone", "address")
    )
    return Customer(
        name=name,
        company=company,
        emails=emails,
        phones=phones,
        addresses=addresses,
        source=source,
        external_id=external_id or "",
        city=city,
        country=country,
        owner=owner,
        how_left=how_left,
        reason=reason,
        notes=notes,
        first_purchase=first or "",
        last_purchase=last or "",
        orders=orders,
        revenue=None if amount is None else Money(int(amount), str(currency)),
        known_as=known_as,
        cancelled=cancelled,
    )


_SAYING = [place for place, column in enumerate(COLUMNS) if column not in ("source", "folded", "how_rank")]


def says_nothing(row: Checked, stored: Plain, reached: set[tuple[str, str]]) -> bool:
    """Whether a row says of a customer just what is stored, and all of it: `reached` by kind and value."""
    values = row.values
    for place in _SAYING:
        told = values[place]
        if told != stored[place] and (told or stored[place] or told == 0 or stored[place] == 0):
            return False
    return all((kind, value) in reached for kind, value, _ in row.points)
