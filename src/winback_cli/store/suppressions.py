"""Being left alone: the suppression list and its keyed hashes."""

from collections.abc import Sequence
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
