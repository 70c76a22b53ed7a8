"""Being left alone: the suppression list and its keyed hashes."""

import json
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from winback_cli.case import Entry
from winback_cli.customer import Customer, Watch, guises, hashed
from winback_cli.customer import identities as every_name
from winback_cli.store import connect as door
from winback_cli.store import identities, reads
from winback_cli.store.writing import Writing

LEFT_ALONE = "9999-12-31"  # sorts behind everybody else; see tables.py


class Suppressed(NamedTuple):
    """What a suppression did: the cases it closed, and who else was meant by the same e-mail."""

    cases: tuple[str, ...] = ()
    others: tuple[int, ...] = ()


def suppress(w: Writing, number: int, reason: str, batch: int | None = None) -> Suppressed:
    """Put a customer on the suppression list, and whoever else holds the same mailbox.

    Their unclosed cases are closed, nothing of theirs falls due any more and no message of theirs goes
    out. Suppressing somebody
    twice changes nothing. `batch` is the list that said so.
    """
    mailboxes = [name for name in identities.names_of(w.raw, number) if name.startswith("email:")]
    others = sorted(set(identities.matches(w.raw, mailboxes)) - {number})
    fresh = [one for one in [number, *others] if not is_suppressed(w, one)]
    closed = [case for one in fresh for case in put_on_list(w, one, reason, batch)]
    return Suppressed(tuple(closed), tuple(one for one in fresh if one != number))


def is_suppressed(w: Writing, number: int) -> bool:
    """Whether that customer is left alone."""
    record = reads.customer(w.raw, number)
    return record is not None and record.suppressed


def put_on_list(
    w: Writing, number: int, reason: str, batch: int | None = None, entry: int | None = None
) -> list[str]:
    """Put one customer on the list, under an entry of their own or the one given; returns the case
    that was closed, if there was one.
    """
    listed = enter(w, reason, batch) if entry is None else entry
    w.raw.execute(
        "UPDATE customer_row SET suppression_id = ?, list_on = ? WHERE id = ?", (listed, LEFT_ALONE, number)
    )
    insert_keys(w, listed, guises(stored(w.raw, number)), key_of(w))
    identities.bump(w.raw)
    w.raw.execute("DELETE FROM due WHERE customer_id = ?", (number,))
    w.raw.execute(
        "UPDATE message SET state = 'dropped', detail = 'left alone'"
        " WHERE state IN ('draft', 'approved', 'failed')"
        " AND case_id IN (SELECT id FROM casefile WHERE customer_id = ?)",
        (number,),
    )
    there = reads.case_ref(w.raw, number)
    if there is None or there.status == "closed":
        return []
    from winback_cli.owing import Standing
    from winback_cli.store.cases import append

    closing = Entry("closed", {"outcome": "suppressed", "because": reason})
    append(w, there.key, [closing], lambda case: Standing(there.stage, there.step, (), None))
    return [there.id]


def enter(w: Writing, reason: str, batch: int | None = None) -> int:
    """A new entry of the suppression list, without any keys yet; returns its number."""
    cursor = w.raw.execute(
        'INSERT INTO suppression (command_id, reason, "by", "on", batch_id) VALUES (?, ?, ?, ?, ?)',
        (w.run(), reason, w.by, w.clock.today.isoformat(), batch),
    )
    return int(cursor.lastrowid or 0)


def insert_keys(w: Writing, suppression: int, names: Sequence[str], key: bytes) -> None:
    """Keep the hash of everything a customer may be known by."""
    insert_hashes(w, suppression, {hashed(identity, key) for identity in names})


def entries_of(connection: reads.Connection, hashes: Set[str]) -> list[int]:
    """The entries of the suppression list that hold one of these hashes."""
    found = connection.execute(
        "SELECT DISTINCT suppression_id FROM suppression_key"
        " WHERE hash IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(hashes)),),
    )
    return sorted(row[0] for row in found)


def insert_hashes(w: Writing, suppression: int, hashes: Set[str]) -> None:
    """Keep these hashes under that entry. Another one may hold some of them too: lifting the one
    leaves the other whole.
    """
    there = reads.suppressed_hashes(w.raw, hashes, suppression)
    w.raw.executemany(
        "INSERT INTO suppression_key (suppression_id, hash) VALUES (?, ?)",
        [(suppression, one) for one in sorted(hashes - there)],
    )
    identities.bump(w.raw)


def stored(connection: reads.Connection, number: int) -> Customer:
    """A customer who is there, with everything they are or were known by."""
    person = identities.known(connection, number)
    assert person is not None
    return person


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
    key, taken, unrecorded = key_of(w), 0, dict[str, str]()
    for one in carried:
        names = guises(one.person) if one.person else []
        hashes = set(one.hashes) if same_key else {hashed(name, key) for name in names}
        missing = hashes - reads.suppressed_hashes(w.raw, hashes)
        known = every_name(one.person) if one.person else []
        there = identities.matches(w.raw, known)
        free = [n for n in there if not is_suppressed(w, n)]
        taken += bool(missing or free)
        for number in free:
            put_on_list(w, number, one.reason)
        missing -= reads.suppressed_hashes(w.raw, missing)
        if missing:
            entry = _entry_of(w, there[:1], hashes)
            insert_hashes(w, enter(w, one.reason) if entry is None else entry, hashes)
        if same_key and missing and one.person is None:
            unrecorded |= dict.fromkeys(one.hashes, one.reason)
    _put_named(w, key, unrecorded)
    return taken


def _put_named(w: Writing, key: bytes, reasons: Mapping[str, str]) -> None:
    """Leave alone whoever a copy brought back whom an entry names that has no record: by these hashes."""
    watch = Watch(key, reasons)
    free = "SELECT id FROM customer WHERE suppression_id IS NULL ORDER BY id"
    for (number,) in w.raw.execute(free).fetchall() if watch else ():
        if named := watch.listed(every_name(stored(w.raw, number))):
            put_on_list(w, number, reasons[hashed(min(named), key)])


def _entry_of(w: Writing, there: Sequence[int], hashes: Set[str]) -> int | None:
    """The entry under which that person is left alone already: of their record, else the one without a
    record that shares most of the hashes, which are more than the half; None where there is none.
    """
    for number in there:
        row = w.raw.execute("SELECT suppression_id FROM customer_row WHERE id = ?", (number,)).fetchone()
        return int(row[0])
    row = w.raw.execute(
        "SELECT k.suppression_id, count(*), (SELECT count(*) FROM suppression_key a"
        " WHERE a.suppression_id = k.suppression_id) FROM suppression_key k"
        " WHERE k.hash IN (SELECT value FROM json_each(?)) AND NOT EXISTS"
        " (SELECT 1 FROM customer_row u WHERE u.suppression_id = k.suppression_id)"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
        (json.dumps(sorted(hashes)),),
    ).fetchone()
    return int(row[0]) if row and 2 * row[1] > min(row[2], len(hashes)) else None


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
        persons: list[Customer | None] = [stored(connection, one) for one in people.get(number, [])]
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
        insert_keys(w, row[0], guises(stored(w.raw, number)), key)
        kept += 1
    return kept, sum(1 for one in before if one.person is None and one.hashes)
