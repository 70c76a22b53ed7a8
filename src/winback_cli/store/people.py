"""Customers one at a time: added and edited by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from winback_cli.customer import ContactPoint, Customer, guises, hashed, identities, label, watched
from winback_cli.errors import BadInput, Refused
from winback_cli.money import Money
from winback_cli.plainrow import RANKS
from winback_cli.store import reads
from winback_cli.store.identities import learn, matches
from winback_cli.store.suppressions import insert_keys, key_of, stored
from winback_cli.store.writing import Writing
from winback_cli.text import fold

_POINTS = ("emails", "phones", "addresses")
_APART = (*_POINTS, "opted_out", "known_as")  # what a customer's row does not hold


def add(w: Writing, customer: Customer) -> int:
    """Add one customer by hand; every field given counts as edited by the user.

    Raises Refused where an identity of theirs is on the suppression list or already known.
    """
    key = key_of(w)
    hashes = [hashed(identity, key) for identity in guises(customer)]
    if reads.suppressed_hashes(w.raw, hashes):
        raise Refused(
            "That person asked to be left alone.",
            "They are not added; nothing was changed.",
        )
    if twins := matches(w.raw, identities(customer)):
        raise Refused(
            f"{label(customer.name, customer.company)} is here already, as number {twins[0]}.",
            f"winback show {twins[0]}",
        )
    number = reads.last_number(w.raw) + 1
    _insert(w, number, customer)
    learn(w.raw, number, identities(customer))
    w.run()
    return number


def _insert(w: Writing, number: int, customer: Customer) -> None:
    from winback_cli.store.tables import CustomerRow

    given = _given(customer)
    row = CustomerRow(id=number, edited=" ".join(given), **_columns_of(given))
    _tell_order(row)
    w.session.add(row)
    w.session.flush()
    _add_points(w, number, customer.emails + customer.phones + customer.addresses)


def _add_points(w: Writing, number: int, points: Sequence[ContactPoint]) -> None:
    from winback_cli.store.tables import ContactPointRow

    query = "SELECT coalesce(max(place), 0) FROM contact_point WHERE customer_id = ?"
    last = int(w.raw.execute(query, (number,)).fetchone()[0])
    w.session.add_all(
        ContactPointRow(customer_id=number, place=place, **point._asdict())
        for place, point in enumerate(points, last + 1)
    )
    w.session.flush()


def edit(w: Writing, number: int, given: Mapping[str, Any]) -> list[str]:
    """Set fields of a customer by hand; returns those that changed.

    `given` holds plain fields, `orders`, `revenue` (Money or None), and `emails`, `phones` as
    tuples of contact points, which replace the old ones. Raises Refused where the new address
    is on the suppression list, or somebody else's while they are left alone themselves.
    """
    from winback_cli.store.tables import CustomerRow

    key = key_of(w)
    was = stored(w.raw, number)
    before = [*identities(was), *watched(was)]
    row = w.session.get_one(CustomerRow, number)
    after = _columns_of(given)
    changed = [name for name in after if after[name] != getattr(row, name)]
    for name in changed:
        setattr(row, name, after[name])
    if not (row.name or row.company):
        raise BadInput("A customer needs a name or a company.", "Give one of them.")
    _tell_order(row)
    w.session.flush()
    changed += _replace_points(w, number, given)
    if not changed:
        return []
    now = stored(w.raw, number)
    hashes = [hashed(one, key) for one in guises(now._replace(known_as=()))]
    if row.suppression_id is None and reads.suppressed_hashes(w.raw, hashes):
        raise Refused(
            "That address belongs to somebody who asked to be left alone.",
            "Nothing was changed.",
        )
    if row.suppression_id is not None:
        _refuse_others_mailbox(w, number, now)
    row.edited = " ".join(sorted({*row.edited.split(), *changed}))
    w.session.flush()
    w.run()
    learn(w.raw, number, [*before, *identities(now)])
    if row.suppression_id is not None:  # the new address is kept from them too
        insert_keys(w, row.suppression_id, guises(now), key)
    return changed


def _refuse_others_mailbox(w: Writing, number: int, now: Customer) -> None:
    """Nobody else is to be left alone by the way, for a mailbox that somebody left alone is given."""
    mailboxes = [name for name in identities(now) if name.startswith("email:")]
    for other in matches(w.raw, mailboxes):
        record = reads.customer(w.raw, other)
        if other != number and record and not record.suppressed:
            raise Refused(
                f"{record.label}, number {other}, holds that e-mail and is not left alone.",
                f"If both are meant to be: winback suppress {other}",
            )


def _replace_points(w: Writing, number: int, given: Mapping[str, Any]) -> list[str]:
    """Put the contact points given in the place of those of their kind; returns the kinds changed."""
    from sqlmodel import col, delete

    from winback_cli.store.tables import ContactPointRow

    old, changed = reads.points(w.raw, number), []
    for name, kind in (("emails", "email"), ("phones", "phone"), ("addresses", "address")):
        if name not in given or [p.value for p in given[name]] == [p.value for p in old if p.kind == kind]:
            continue
        changed.append(name)
        mine = col(ContactPointRow.customer_id) == number
        w.session.exec(delete(ContactPointRow).where(mine, col(ContactPointRow.kind) == kind))
        _add_points(w, number, given[name])
    return changed


def _tell_order(row: Any) -> None:
    """What a customer's row is searched and ordered by."""
    row.folded = fold(f"{row.name} {row.company}")
    row.how_rank = RANKS.get(row.how_left, 2)


def _given(customer: Customer) -> dict[str, Any]:
    """The fields that a customer value says anything about, contact points apart."""
    fields = {k: v for k, v in customer._asdict().items() if k not in _APART}
    return {k: v for k, v in fields.items() if v not in ("", None)}


def _columns_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the table's columns: money split, dates as dates, contact points left out."""
    columns: dict[str, Any] = {}
    for name, value in given.items():
        if name in _APART:
            continue
        if name == "revenue":
            columns["revenue"] = value.amount if isinstance(value, Money) else None
            columns["currency"] = value.currency if isinstance(value, Money) else ""
        elif name in ("first_purchase", "last_purchase"):
            columns[name] = date.fromisoformat(value) if value else None
        elif name == "external_id":
            columns[name] = value or None
        else:
            columns[name] = value
    return columns
