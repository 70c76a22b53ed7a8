"""Being left alone: the suppression list and its keyed hashes."""

from collections.abc import Sequence

from winback_cli.case import Entry
from winback_cli.customer import Customer, hashed, identities
from winback_cli.store import connect as door
from winback_cli.store import reads
from winback_cli.store.cases import append
from winback_cli.store.writing import Writing


def suppress(w: Writing, number: int, reason: str) -> str | None:
    """Put a customer on the suppression list and close their case; returns the case's id.

    None where they had no unclosed case. Suppressing somebody twice changes nothing.
    """
    from winback_cli.route import Standing
    from winback_cli.store.tables import CustomerRow, SuppressionRow

    record = reads.customer(w.raw, number)
    assert record is not None
    if record.suppressed:
        return None
    row = SuppressionRow(
        command_id=w.run(),
        reason=reason,
        by=w.by,
        on=w.clock.today,
    )
    w.session.add(row)
    w.session.flush()
    assert row.id is not None
    w.session.get_one(CustomerRow, number).suppression_id = row.id
    w.session.flush()
    insert_keys(w, row.id, identities(stored(w, number)), key_of(w))
    there = reads.case_ref(w.raw, number)
    if there is None or there.status == "closed":
        return None
    body = {"outcome": "suppressed", "because": reason}
    entry = Entry("closed", body)
    append(w, there.key, [entry], lambda case: Standing(there.stage, there.step, (), None))
    return there.id


def insert_keys(w: Writing, suppression: int, names: Sequence[str], key: bytes) -> None:
    """Keep the hash of everything a customer may be known by."""
    from winback_cli.store.tables import SuppressionKeyRow

    hashes = [hashed(identity, key) for identity in names]
    listed = reads.suppressed_hashes(w.raw, hashes)
    w.session.add_all(
        SuppressionKeyRow(suppression_id=suppression, hash=one) for one in hashes if one not in listed
    )
    w.session.flush()


def stored(w: Writing, number: int) -> Customer:
    """A stored customer with everything they are or were known by."""
    record = reads.customer(w.raw, number)
    assert record is not None
    points = reads.points(w.raw, number)
    names = w.raw.execute("SELECT identity FROM identity WHERE customer_id = ? ORDER BY id", (number,))
    return Customer(
        name=record.name,
        company=record.company,
        emails=tuple(p for p in points if p.kind == "email"),
        phones=tuple(p for p in points if p.kind == "phone"),
        external_id=record.external_id or "",
        known_as=tuple(row[0] for row in names),
    )


def key_of(w: Writing) -> bytes:
    """The key of the suppressions; raises BadInput where it is lost."""
    return door.read_key(w.path, make=not reads.any_suppression(w.raw))
