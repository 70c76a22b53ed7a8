"""Customers: added, edited, brought in by lists; the same person is known again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from winback_cli.customer import ContactPoint, Customer, canonical, guises, hashed, identities, label
from winback_cli.errors import BadInput, Refused
from winback_cli.money import Money
from winback_cli.store import reads
from winback_cli.store.suppressions import insert_keys, key_of, stored, suppress
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
    hashes = [hashed(identity, key) for identity in guises(customer)]
    if reads.suppressed_hashes(w.raw, hashes):
        raise Refused(
            "That person asked to be left alone.",
            "They are not added; nothing was changed.",
        )
    if twins := _matches(w, customer):
        raise Refused(
            f"{label(customer.name, customer.company)} is here already, as number {twins[0]}.",
            f"winback show {twins[0]}",
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
    if not (row.name or row.company):
        raise BadInput("A customer needs a name or a company.", "Give one of them.")
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
    if not changed:
        return []
    w.session.flush()
    now = stored(w, number)
    hashes = [hashed(one, key) for one in guises(now._replace(known_as=()))]
    if row.suppression_id is None and reads.suppressed_hashes(w.raw, hashes):
        raise Refused(
            "That address belongs to somebody who asked to be left alone.",
            "Nothing was changed.",
        )
    row.edited = " ".join(sorted({*row.edited.split(), *changed}))
    w.run()
    _know(w, number, identities(now))
    if row.suppression_id is not None:  # the new address is kept from them too
        insert_keys(w, row.suppression_id, guises(now), key)
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
        twins = [] if empty else _matches(w, customer)
        if customer.opted_out:  # whoever holds that mailbox is meant
            opted_out += [twin for twin in twins if twin not in opted_out]
        if place in blocked or _all_suppressed(w, twins, customer):
            outcome = "suppressed"
        elif twins:
            outcome = _update(w, twins[0], customer)
            outcome = "suppressed" if customer.opted_out else outcome
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
        suppress(w, n, f"opted out in {file}")
    batch.counts = json.dumps(counts)
    return Brought(batch.id, **counts)


def _blocked(w: Writing, rows: Sequence[Customer], key: bytes) -> set[int]:
    """The places of the rows whose person is on the suppression list."""
    if not reads.any_suppression(w.raw):
        return set()
    by_hash: dict[str, list[int]] = {}
    for place, customer in enumerate(rows):
        for identity in guises(customer):
            by_hash.setdefault(hashed(identity, key), []).append(place)
    found = reads.suppressed_hashes(w.raw, by_hash)
    return {place for one in found for place in by_hash[one]}


def _all_suppressed(w: Writing, twins: Sequence[int], customer: Customer) -> bool:
    """Whether everybody a row could mean is left alone; what they are known by anew is kept too."""
    records = [reads.customer(w.raw, twin) for twin in twins]
    if not twins or not all(record and record.suppressed for record in records):
        return False
    if records[0] and len(twins) == 1:
        _know(w, twins[0], identities(customer))
        listed = w.raw.execute("SELECT suppression_id FROM customer WHERE id = ?", (twins[0],))
        insert_keys(w, int(listed.fetchone()[0]), guises(customer), key_of(w))
    return True


def _matches(w: Writing, customer: Customer) -> list[int]:
    """The numbers of the customers who are or were known by the same, by the surest identity first."""
    found: dict[int, None] = {}
    for identity in identities(customer):
        rows = w.raw.execute(
            "SELECT customer_id FROM identity WHERE identity = ? ORDER BY customer_id", (identity,)
        )
        found |= dict.fromkeys(int(row[0]) for row in rows)
    return list(found)


def _know(w: Writing, number: int, names: Sequence[str]) -> None:
    """Remember what a customer is known by; what they were known by stays."""
    w.raw.executemany(
        "INSERT INTO identity (customer_id, identity) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(number, name) for name in names],
    )


def _update(w: Writing, number: int, customer: Customer) -> str:
    """Take over what a row says anew of a known customer: changed, same or suppressed."""
    from winback_cli.store.tables import ContactPointRow, CustomerRow

    row = w.session.get_one(CustomerRow, number)
    edited = set(row.edited.split())
    if "revenue" in edited:
        edited.add("currency")
    bought = row.last_purchase.isoformat() if row.last_purchase else ""
    older = "" < customer.last_purchase < bought  # then it fills blanks only
    given = {
        name: value
        for name, value in _columns_of(_given(customer)).items()
        if name not in edited
        and value != getattr(row, name)
        and not (older and getattr(row, name) not in ("", None))
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
    _know(w, number, identities(customer))
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
    for number, customer in customers.items():
        _know(w, number, identities(customer))


def _folded(name: str, company: str) -> str:
    return fold(f"{name} {company}")


def _given(customer: Customer) -> dict[str, Any]:
    """The fields that a customer value says anything about, contact points apart."""
    skip = ("emails", "phones", "opted_out", "known_as")
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
    skip = ("emails", "phones", "opted_out", "known_as")
    row = _columns_of({k: v for k, v in customer._asdict().items() if k not in skip})
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
