"""Customers: added, edited, brought in by lists; the same person is known again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from winback_cli.customer import ContactPoint, Customer, canonical, hashed, identities
from winback_cli.errors import Refused
from winback_cli.money import Money
from winback_cli.store import reads
from winback_cli.store.suppressions import insert_keys, key_of, put_on_list, stored
from winback_cli.store.writing import RANKS, Writing
from winback_cli.text import fold


class Brought(NamedTuple):
    """What an import did; with the merged and the rejected rows the counts make up all rows."""

    batch: int | None
    new: int = 0
    changed: int = 0
    same: int = 0
    suppressed: int = 0
    already: bool = False


def add(w: Writing, customer: Customer) -> int:
    """Add one customer by hand; every field given counts as edited by the user.

    Raises Refused where an identity of theirs is on the suppression list or already known.
    """
    key = key_of(w)
    hashes = [hashed(identity, key) for identity in identities(customer)]
    if reads.suppressed_hashes(w.raw, hashes):
        raise Refused(
            "That person asked to be left alone.",
            "They are not added; nothing was changed.",
        )
    if twin := _match(w, customer):
        raise Refused(
            f"{reads.label(customer.name, customer.company)} is here already, as number {twin}.",
            f"winback show {twin}",
        )
    number = _next_number(w)
    row = _row_of(customer, number)
    row["edited"] = " ".join(_given(customer))
    _insert_customers(w, [row], {number: customer})
    w.run()
    return number


def edit(w: Writing, number: int, given: Mapping[str, Any]) -> list[str]:
    """Set fields of a customer by hand; returns those that changed.

    `given` holds plain fields, `orders`, `revenue` (Money or None), and `emails`, `phones` as
    tuples of contact points, which replace the old ones. Raises Refused where the new address
    is on the suppression list.
    """
    from sqlmodel import col, delete

    from winback_cli.store.tables import ContactPointRow, CustomerRow

    key = key_of(w)
    row = w.session.get_one(CustomerRow, number)
    before = {name: getattr(row, name) for name in _columns_of(given)}
    after = _columns_of(given)
    changed = [name for name in after if after[name] != before[name]]
    for name in changed:
        setattr(row, name, after[name])
    row.folded = _folded(row.name, row.company)
    row.how_rank = RANKS.get(row.how_left, 2)
    old = reads.points(w.raw, number)
    for kind in ("emails", "phones"):
        if kind not in given:
            continue
        mine = kind.removesuffix("s")
        if [p.value for p in given[kind]] == [p.value for p in old if p.kind == mine]:
            continue
        changed.append(kind)
        points = ContactPointRow
        w.session.exec(delete(points).where(col(points.customer_id) == number, col(points.kind) == mine))
        w.session.add_all(points(**entry) for entry in _point_rows(number, given[kind]))
    identity = Customer(
        row.name,
        row.company,
        tuple(given.get("emails", ())),
        tuple(given.get("phones", ())),
    )
    hashes = [hashed(one, key) for one in identities(identity)]
    if row.suppression_id is None and reads.suppressed_hashes(w.raw, hashes):
        raise Refused(
            "That address belongs to somebody who asked to be left alone.",
            "Nothing was changed.",
        )
    if changed:
        row.edited = " ".join(sorted({*row.edited.split(), *changed}))
        w.run()
        if row.suppression_id is not None:  # the new address is kept from them too
            w.session.flush()
            insert_keys(w, row.suppression_id, stored(w, number), key)
    return changed


def bring_in(w: Writing, rows: Sequence[Customer], file: str, sha256: str, key: str) -> Brought:
    """Bring a list in; one brought in before (by `key`) changes nothing.

    Blank cells never overwrite, nor does any cell a field edited by hand. An opted-out row
    suppresses its customer; a row that matches the suppression list changes nothing.
    """
    from winback_cli.store.tables import BatchRow

    if (there := reads.batch_of(w.raw, key)) is not None:
        return Brought(there, same=len(rows), already=True)
    secret = key_of(w)
    batch = BatchRow(command_id=w.run(), file=file, sha256=sha256, key=key, counts="{}")
    w.session.add(batch)
    w.session.flush()
    counts: dict[str, Any] = dict.fromkeys(("new", "changed", "same", "suppressed"), 0)
    fresh: dict[int, Customer] = {}
    opted_out: list[int] = []
    blocked = _blocked(w, rows, secret)
    number = _next_number(w)
    empty = number == 1
    for place, customer in enumerate(rows):
        twin = None if empty else _match(w, customer)
        if twin is not None:
            outcome = _update(w, twin, customer)
            if outcome != "suppressed" and customer.opted_out:
                opted_out.append(twin)
                outcome = "suppressed"
        elif place in blocked:
            outcome = "suppressed"
        else:
            fresh[number] = customer
            outcome = "suppressed" if customer.opted_out else "new"
            if customer.opted_out:
                opted_out.append(number)
            number += 1
        counts[outcome] += 1
    stored = [_row_of(customer, n) | {"batch_id": batch.id} for n, customer in fresh.items()]
    _insert_customers(w, stored, fresh)
    for n in opted_out:
        put_on_list(w, n, f"opted out in {file}", secret)
    batch.counts = json.dumps(counts)
    return Brought(batch.id, **counts)


def _blocked(w: Writing, rows: Sequence[Customer], key: bytes) -> set[int]:
    """The places of the rows whose person is on the suppression list."""
    if not reads.any_suppression(w.raw):
        return set()
    by_hash: dict[str, list[int]] = {}
    for place, customer in enumerate(rows):
        for identity in identities(customer):
            by_hash.setdefault(hashed(identity, key), []).append(place)
    found = reads.suppressed_hashes(w.raw, by_hash)
    return {place for one in found for place in by_hash[one]}


def _match(w: Writing, customer: Customer) -> int | None:
    """The number of the same person in the store, by the surest identity first."""
    if customer.external_id:
        row = w.raw.execute(
            "SELECT id FROM customer WHERE external_id = ?", (customer.external_id,)
        ).fetchone()
        if row:
            return int(row[0])
    folded = _folded(customer.name, customer.company)
    for point in customer.emails + customer.phones:
        if point.state == "invalid":
            continue
        rows = w.raw.execute(
            "SELECT p.customer_id, c.folded, c.external_id FROM contact_point p"
            " JOIN customer c ON c.id = p.customer_id"
            " WHERE p.canonical = ? AND p.kind = ? ORDER BY p.customer_id",
            (canonical(point), point.kind),
        ).fetchall()
        for number, other, external_id in rows:
            if point.kind == "phone" and other != folded:
                continue
            if point.kind == "email" or not (external_id and customer.external_id):
                return int(number)
    if customer.external_id or customer.emails or customer.phones:
        return None
    row = w.raw.execute(
        "SELECT id FROM customer WHERE folded = ? AND external_id IS NULL ORDER BY id",
        (folded,),
    ).fetchone()
    return int(row[0]) if row else None


def _update(w: Writing, number: int, customer: Customer) -> str:
    """Take over what a row says anew of a known customer: changed, same or suppressed."""
    from winback_cli.store.tables import ContactPointRow, CustomerRow

    row = w.session.get_one(CustomerRow, number)
    if row.suppression_id is not None:
        return "suppressed"
    edited = set(row.edited.split())
    given = {
        name: value
        for name, value in _columns_of(_given(customer)).items()
        if name not in edited and value != getattr(row, name)
    }
    if "external_id" in given and row.external_id:
        del given["external_id"]  # the same mailbox under another id: the first id stays
    for name, value in given.items():
        setattr(row, name, value)
    have = {(p.kind, canonical(p)) for p in reads.points(w.raw, number)}
    more = [
        p
        for p in customer.emails + customer.phones
        if (p.kind, canonical(p)) not in have and f"{p.kind}s" not in edited
    ]
    w.session.add_all(ContactPointRow(**entry) for entry in _point_rows(number, more))
    if given:
        row.folded = _folded(row.name, row.company)
        row.how_rank = RANKS.get(row.how_left, 2)
    w.session.flush()
    return "changed" if given or more else "same"


def _next_number(w: Writing) -> int:
    return int(w.raw.execute("SELECT coalesce(max(id), 0) + 1 FROM customer").fetchone()[0])


def _insert_customers(
    w: Writing, rows: Sequence[dict[str, Any]], customers: Mapping[int, Customer]
) -> None:
    from sqlmodel import insert

    from winback_cli.store.tables import ContactPointRow, CustomerRow

    if not rows:
        return
    w.session.execute(insert(CustomerRow), rows)
    points = [
        entry
        for number, customer in customers.items()
        for entry in _point_rows(number, customer.emails + customer.phones)
    ]
    if points:
        w.session.execute(insert(ContactPointRow), points)


def _folded(name: str, company: str) -> str:
    return fold(f"{name} {company}")


def _given(customer: Customer) -> dict[str, Any]:
    """The fields that a customer value says anything about, contact points apart."""
    skip = ("emails", "phones", "opted_out")
    fields = {k: v for k, v in customer._asdict().items() if k not in skip}
    return {k: v for k, v in fields.items() if v not in ("", None)}


def _columns_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the table's columns: money split, dates as dates, contact points left out."""
    columns: dict[str, Any] = {}
    for name, value in given.items():
        if name in ("emails", "phones"):
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


def _row_of(customer: Customer, number: int) -> dict[str, Any]:
    every = {k: v for k, v in customer._asdict().items() if k not in ("emails", "phones", "opted_out")}
    row = _columns_of(every)
    row["id"] = number
    row["folded"] = _folded(customer.name, customer.company)
    row["how_rank"] = RANKS.get(customer.how_left, 2)
    row["edited"] = ""
    return row


def _point_rows(number: int, points: Sequence[ContactPoint]) -> list[dict[str, Any]]:
    return [
        {
            "customer_id": number,
            "kind": p.kind,
            "value": p.value,
            "canonical": canonical(p),
            "state": p.state,
        }
        for p in points
    ]
