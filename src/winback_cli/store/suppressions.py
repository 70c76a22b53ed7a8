"""Being left alone: the suppression list and its keyed hashes."""

from collections.abc import Sequence, Set
from typing import NamedTuple

from winback_cli.case import Entry
from winback_cli.customer import Customer, guises, hashed
from winback_cli.store import connect as door
from winback_cli.store import reads
from winback_cli.store.cases import append
from winback_cli.store.writing import Writing


class Suppressed(NamedTuple):
    """What a suppression did: the cases it closed, and who else was meant by the same e-mail."""

    cases: tuple[str, ...] = ()
    others: tuple[int, ...] = ()


def suppress(w: Writing, number: int, reason: str) -> Suppressed:
    """Put a customer on the suppression list, and whoever else holds the same mailbox.

    Their unclosed cases are closed and nothing of theirs falls due any more. Suppressing somebody
    twice changes nothing.
    """
    held = w.raw.execute(
        "SELECT DISTINCT b.customer_id FROM identity a JOIN identity b ON b.identity = a.identity"
        " WHERE a.customer_id = ? AND a.identity LIKE 'email:%' AND b.customer_id != ? ORDER BY 1",
        (number, number),
    )
    others = [int(row[0]) for row in held]
    fresh = [one for one in [number, *others] if not _is_suppressed(w, one)]
    closed = [case for one in fresh for case in _put_on_list(w, one, reason)]
    return Suppressed(tuple(closed), tuple(one for one in fresh if one != number))


def _is_suppressed(w: Writing, number: int) -> bool:
    record = reads.customer(w.raw, number)
    return record is not None and record.suppressed


def _put_on_list(w: Writing, number: int, reason: str) -> list[str]:
    """Returns the case that was closed, if there was one."""
    from winback_cli.route import Standing
    from winback_cli.store.tables import LEFT_ALONE, CustomerRow, SuppressionRow

    row = SuppressionRow(command_id=w.run(), reason=reason, by=w.by, on=w.clock.today)
    w.session.add(row)
    w.session.flush()
    assert row.id is not None
    customer = w.session.get_one(CustomerRow, number)
    customer.suppression_id, customer.list_on = row.id, LEFT_ALONE
    w.session.flush()
    insert_keys(w, row.id, guises(stored(w, number)), key_of(w))
    w.raw.execute("DELETE FROM due WHERE customer_id = ?", (number,))
    there = reads.case_ref(w.raw, number)
    if there is None or there.status == "closed":
        return []
    entry = Entry("closed", {"outcome": "suppressed", "because": reason})
    append(w, there.key, [entry], lambda case: Standing(there.stage, there.step, (), None))
    return [there.id]


def insert_keys(w: Writing, suppression: int, names: Sequence[str], key: bytes) -> None:
    """Keep the hash of everything a customer may be known by."""
    _insert_hashes(w, suppression, {hashed(identity, key) for identity in names})


def _insert_hashes(w: Writing, suppression: int, hashes: Set[str]) -> None:
    from winback_cli.store.tables import SuppressionKeyRow

    there = reads.suppressed_hashes(w.raw, hashes)
    w.session.add_all(
        SuppressionKeyRow(suppression_id=suppression, hash=one) for one in sorted(hashes - there)
    )
    w.session.flush()


def stored(w: Writing, number: int) -> Customer:
    """A stored customer with everything they are or were known by."""
    return known(w.raw, number)


def known(connection: reads.Connection, number: int) -> Customer:
    """A customer of any store, with everything they are or were known by."""
    record = reads.customer(connection, number)
    assert record is not None
    points = reads.points(connection, number)
    names = connection.execute("SELECT identity FROM identity WHERE customer_id = ? ORDER BY id", (number,))
    return Customer(
        name=record.name,
        company=record.company,
        emails=tuple(p for p in points if p.kind == "email"),
        phones=tuple(p for p in points if p.kind == "phone"),
        external_id=record.external_id or "",
        known_as=tuple(row[0] for row in names),
    )


def key_of(w: Writing) -> bytes:
    """The key of the suppressions; raises BadInput where it is lost, or another store's."""
    listed = reads.any_suppression(w.raw)
    key = door.read_key(w.path, make=not listed)
    if listed and (wrong := door.wrong_key(w.raw, w.path, key)):
        raise wrong
    note(w, "key", door.mark_of(key))
    return key


def note(w: Writing, name: str, value: str) -> None:
    """Keep what the store knows about itself."""
    w.raw.execute(
        "INSERT INTO about (name, value) VALUES (?, ?) ON CONFLICT (name)"
        " DO UPDATE SET value = excluded.value WHERE value != excluded.value",
        (name, value),
    )


class Carried(NamedTuple):
    """A suppression of another store: the hashes under its key, and who it was, where it still knows."""

    reason: str
    hashes: tuple[str, ...]
    person: Customer | None


def carry(w: Writing, carried: Sequence[Carried], *, same_key: bool) -> int:
    """Take over the suppressions that this store does not hold; returns how many those were.

    Under another key the hashes are made anew, out of what their customers were known by.
    """
    from winback_cli.store.tables import SuppressionRow

    key, taken = key_of(w), 0
    for one in carried:
        names = guises(one.person) if one.person else []
        hashes = set(one.hashes) if same_key else {hashed(name, key) for name in names}
        missing = hashes - reads.suppressed_hashes(w.raw, hashes)
        if not missing:
            continue
        taken += 1
        known = one.person.known_as if one.person else ()
        for number in _known_as(w, known):
            if not _is_suppressed(w, number):
                _put_on_list(w, number, one.reason)
        missing -= reads.suppressed_hashes(w.raw, missing)
        if not missing:
            continue
        row = SuppressionRow(command_id=w.run(), reason=one.reason, by=w.by, on=w.clock.today)
        w.session.add(row)
        w.session.flush()
        assert row.id is not None
        _insert_hashes(w, row.id, missing)
    return taken


def _known_as(w: Writing, names: Sequence[str]) -> list[int]:
    found: dict[int, None] = {}
    for name in names:
        rows = w.raw.execute("SELECT customer_id FROM identity WHERE identity = ?", (name,))
        found |= dict.fromkeys(int(row[0]) for row in rows)
    return list(found)


def listed(connection: reads.Connection) -> list[Carried]:
    """Every suppression of a store, with who it was where there is a record."""
    hashes: dict[int, list[str]] = {}
    for number, one in connection.execute("SELECT suppression_id, hash FROM suppression_key ORDER BY id"):
        hashes.setdefault(number, []).append(one)
    people: dict[int, list[int]] = {}
    for customer, number in connection.execute(
        "SELECT id, suppression_id FROM customer WHERE suppression_id IS NOT NULL ORDER BY id"
    ):
        people.setdefault(number, []).append(customer)
    found = []
    for number, reason in connection.execute("SELECT id, reason FROM suppression ORDER BY id"):
        mine = tuple(hashes.get(number, []))
        persons: list[Customer | None] = [known(connection, one) for one in people.get(number, [])]
        found += [Carried(reason, mine, person) for person in persons or [None]]
    return found


def new_key(w: Writing) -> tuple[int, int]:
    """Make every hash anew, under the key that lies beside the store now.

    Returns how many suppressions were kept, and how many could not be: their customers are gone.
    """
    before = listed(w.raw)
    key = door.read_key(w.path, make=False)
    w.raw.execute("DELETE FROM suppression_key")
    note(w, "key", door.mark_of(key))
    w.run()
    kept = 0
    for (number,) in w.raw.execute(
        "SELECT id FROM customer WHERE suppression_id IS NOT NULL ORDER BY id"
    ).fetchall():
        row = w.raw.execute("SELECT suppression_id FROM customer WHERE id = ?", (number,)).fetchone()
        insert_keys(w, row[0], guises(stored(w, number)), key)
        kept += 1
    return kept, sum(1 for one in before if one.person is None and one.hashes)
