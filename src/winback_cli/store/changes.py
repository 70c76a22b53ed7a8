"""What a list changes of a customer who is there: decided field by field, kept with what was before."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

from winback_cli.customer import ContactPoint, Customer, canonical, watched
from winback_cli.customer import identities as names_of
from winback_cli.plainrow import COLUMNS, RANKS, plain
from winback_cli.store import identities, reads
from winback_cli.text import fold

FIELDS = tuple(c for c in COLUMNS if c not in ("source", "folded", "how_rank"))


class Change(NamedTuple):
    """One field of a customer, before and after; a contact point that came is `point N`, None before."""

    number: int
    field: str
    old: Any
    new: Any


class Update(NamedTuple):
    """What a list says anew of a customer: the changes, and what they are known by from then on, where
    that is not what it was. `alone` where nothing is to be changed, since they are left alone.
    """

    number: int
    changes: tuple[Change, ...]
    names: tuple[str, ...]
    alone: bool


def update_of(connection: reads.Connection, number: int, told: Customer) -> Update:
    """Compare a list's word of a customer with their record.

    Blank cells never overwrite, nor does anything a field edited by hand; an older purchase fills
    blanks only; the first id of another system stays, and so does the earliest first purchase.
    """
    columns = ", ".join(COLUMNS)
    row = connection.execute(
        f"SELECT {columns}, edited, suppression_id FROM customer_row WHERE id = ?",
        (number,),
    ).fetchone()
    if row is None or row[-1] is not None:  # gone meanwhile, or left alone
        return Update(number, (), (), True)
    *values, edited, _ = row
    have = dict(zip(COLUMNS, values, strict=True))
    by_hand = set(edited.split())
    if "revenue" in by_hand:
        by_hand.add("currency")
    says = dict(zip(COLUMNS, plain(told), strict=True))
    older = "" < (says["last_purchase"] or "") < (have["last_purchase"] or "")  # type: ignore[operator]
    changes = [
        Change(number, field, have[field], says[field])
        for field in FIELDS
        if says[field] not in ("", None)
        and says[field] != have[field]
        and field not in by_hand
        and not (older and have[field] not in ("", None))
        and not (field == "external_id" and have[field])
        and not (field == "first_purchase" and have[field] and have[field] < says[field])
    ]
    changes = _together(changes, have, says)
    changes += _points(connection, number, told, by_hand)
    person = identities.known(connection, number) or Customer()
    before = names_of(person)
    fresh = [name for name in names_of(told) if name not in before]
    is_other = fresh or any(c.field in _NAMED for c in changes)
    names = (*before, *fresh, *watched(person)) if is_other else ()
    return Update(number, tuple(changes), names, False)


_NAMED = ("name", "company", "external_id")  # with these, what somebody was known by becomes former


def _together(changes: list[Change], have: dict[str, Any], says: dict[str, Any]) -> list[Change]:
    """An amount in another currency comes with it, or not at all; an id comes with its source."""
    fields = {change.field for change in changes}
    if "currency" in fields and "revenue" not in fields and have["revenue"] is not None:
        changes = [change for change in changes if change.field != "currency"]
    if "external_id" in fields and says["source"] != have["source"]:
        changes = [*changes, Change(changes[0].number, "source", have["source"], says["source"])]
    return changes


def _points(connection: reads.Connection, number: int, told: Customer, by_hand: set[str]) -> list[Change]:
    have = {(p.kind, canonical(p)) for p in reads.points(connection, number)}
    given = [("emails", told.emails), ("phones", told.phones), ("addresses", told.addresses)]
    more = [
        point
        for name, some in given
        if name not in by_hand
        for point in some
        if (point.kind, canonical(point)) not in have
    ]
    query = "SELECT coalesce(max(place), 0) FROM contact_point WHERE customer_id = ?"
    last = connection.execute(query, (number,)).fetchone()[0] if more else 0
    return [Change(number, f"point {place}", None, list(p)) for place, p in enumerate(more, last + 1)]


def apply(raw: sqlite3.Connection, batch: int, update: Update) -> None:
    """Write an update, and keep what was before under the batch."""
    number = update.number
    sets: dict[str, Any] = {}
    for change in update.changes:
        if change.field.startswith("point "):
            insert_point(raw, number, int(change.field[6:]), ContactPoint(*change.new))
        else:
            sets[change.field] = change.new
    if sets:
        write_fields(raw, number, sets)
    raw.executemany(
        "INSERT INTO change (batch_id, customer_id, field, old, new) VALUES (?, ?, ?, ?, ?)",
        [(batch, number, c.field, json.dumps(c.old), json.dumps(c.new)) for c in update.changes],
    )
    if update.names:
        identities.learn(raw, number, update.names)


def write_fields(raw: sqlite3.Connection, number: int, sets: dict[str, Any]) -> None:
    """Set fields of a customer, and what they are searched and ordered by."""
    told = dict(sets)
    if "how_left" in told:
        told["how_rank"] = RANKS.get(told["how_left"], 2)
    if "name" in told or "company" in told:
        now = raw.execute("SELECT name, company FROM customer_row WHERE id = ?", (number,)).fetchone()
        told["folded"] = fold(f"{told.get('name', now[0])} {told.get('company', now[1])}")
    names = ", ".join(f"{name} = ?" for name in told)
    raw.execute(f"UPDATE customer_row SET {names} WHERE id = ?", (*told.values(), number))


def insert_point(raw: sqlite3.Connection, number: int, place: int, point: ContactPoint) -> None:
    """Add a contact point at its place."""
    raw.execute(
        "INSERT INTO contact_point (customer_id, place, kind, value, state) VALUES (?, ?, ?, ?, ?)",
        (number, place, *point),
    )
