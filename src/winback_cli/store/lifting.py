"""A suppression lifted, on record: by whom, when and why.

An entry of the list goes as a whole, with every hash it holds; what another entry holds stays blocked.
A mailbox is one for all who share it: while one of them is left alone nobody is written to there, so
that they are lifted together or not at all. Their cases stay closed. What an erasure left is lifted
only where the address itself is named: nobody asked for it under another one's name.
"""

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from winback_cli.case import Case
from winback_cli.customer import Customer, canonical_email, guises, hashed
from winback_cli.customer import identities as every_name
from winback_cli.errors import NotFound, Refused
from winback_cli.store import cases, identities, reads
from winback_cli.store.erasing import REASONS as ERASURES
from winback_cli.store.suppressions import insert_keys, is_suppressed, key_of, stored
from winback_cli.store.tables import NO_DUE
from winback_cli.store.writing import Writing

if TYPE_CHECKING:
    from winback_cli.owing import Standing

Standings = Callable[[str, Case], "Standing"]  # by the digest of the playbook a case runs under


class Lifted(NamedTuple):
    """Who is not left alone any more, and how many entries without a record were lifted with them.

    `blocked` where others, still left alone, go by a name of theirs, so that lists leave that out.
    """

    people: tuple[int, ...]
    entries: int
    blocked: bool


def lift(
    w: Writing, number: int, because: str, standing: Standings, *, together: bool = False, address: str = ""
) -> Lifted:
    """Take a customer off the suppression list, and back into the queue; `address` is by which e-mail they
    were named, if by one.

    Raises Refused where they are not on it; unless `together`, where somebody else who is left alone
    holds the same mailbox; and where somebody who was erased held one that was not named.
    """
    record = reads.customer(w.raw, number)
    if record is None:
        raise NotFound(f"There is no customer number {number}.", "winback list shows all.")
    if not record.suppressed:
        raise Refused(f"{record.label} is not left alone.", "Nothing was changed.")
    people = _of_one_mailbox(w, number)
    if len(people) > 1 and not together:
        raise _shared(w, record, people)
    key = key_of(w)
    persons = [stored(w.raw, one) for one in people]
    named = _refuse_erased(w, record, persons, address, key)
    for other in _neighbours(w, people):  # what an older store kept once, under the first entry only
        insert_keys(w, _entry_of(w, other), guises(stored(w.raw, other)), key)
    names = {name for person in persons for name in every_name(person)}
    unnamed = [*named, *_entries_without_record(w, {hashed(name, key) for name in names}, erased=False)]
    entries = [*dict.fromkeys(_entry_of(w, one) for one in people), *unnamed]
    _free(w, people, standing)
    _close(w, entries, because)
    left = reads.suppressed_hashes(w.raw, {hashed(g, key) for person in persons for g in guises(person)})
    return Lifted(tuple(people), len(unnamed), bool(left))


def lift_address(w: Writing, address: str, because: str) -> Lifted:
    """Lift what is kept of an e-mail without a record; raises NotFound where nothing is."""
    entries = _entries_without_record(w, {hashed(f"email:{canonical_email(address)}", key_of(w))})
    if not entries:
        raise NotFound("Nobody of that address is left alone.", "winback suppress --list shows who is.")
    _close(w, entries, because)
    return Lifted((), len(entries), False)


def _refuse_erased(
    w: Writing, record: reads.CustomerRecord, persons: Iterable[Customer], address: str, key: bytes
) -> list[int]:
    """The entries that an erasure left of the address that was named. Raises Refused where one holds
    another mailbox of theirs: nobody is written to there.
    """
    named = {hashed(f"email:{canonical_email(address)}", key)} if address else set()
    found = _entries_without_record(w, named, erased=True)
    mailboxes = {name for person in persons for name in every_name(person) if name.startswith("email:")}
    theirs = _entries_without_record(w, {hashed(name, key) for name in mailboxes}, erased=True)
    if set(theirs) - set(found):
        raise Refused(
            f"{record.label} shares an e-mail with somebody who was erased.",
            "It is lifted only where that e-mail is named: winback unsuppress ADDRESS",
        )
    return found


def _of_one_mailbox(w: Writing, number: int) -> list[int]:
    """The customer and whoever is left alone and shares a mailbox with them, or with one of those."""
    found, todo = [number], [number]
    while todo:
        names = identities.names_of(w.raw, todo.pop())
        mailboxes = [name for name in names if name.startswith("email:")]
        fresh = [n for n in identities.matches(w.raw, mailboxes) if n not in found and is_suppressed(w, n)]
        found += fresh
        todo += fresh
    return found


def _shared(w: Writing, record: reads.CustomerRecord, people: list[int]) -> Refused:
    others = [one for n in people if n != record.number and (one := reads.customer(w.raw, n))]
    named = ", ".join(f"{other.label} ({other.number})" for other in others[:5])
    return Refused(
        f"Left alone with {record.label}, since they share an e-mail: {named}.",
        "To lift it for all of them: the same command with --together",
    )


def _neighbours(w: Writing, people: list[int]) -> list[int]:
    """Others who are left alone and may go by a name of these: by an identity, or the same name."""
    found: set[int] = set()
    for number in people:
        person = stored(w.raw, number)
        found |= set(identities.matches(w.raw, every_name(person)))
        rows = w.raw.execute(
            "SELECT u.id FROM customer u JOIN customer_row me ON me.id = ?"
            " WHERE u.suppression_id IS NOT NULL AND (u.folded = me.folded"
            " OR me.name != '' AND u.name = me.name)",
            (number,),
        )
        found |= {row[0] for row in rows}
    return sorted(n for n in found - set(people) if is_suppressed(w, n))


def _entry_of(w: Writing, number: int) -> int:
    row = w.raw.execute("SELECT suppression_id FROM customer_row WHERE id = ?", (number,)).fetchone()
    return int(row[0])


def _entries_without_record(w: Writing, hashes: Iterable[str], *, erased: bool | None = None) -> list[int]:
    """The entries of nobody here that hold one of these; only those of an erasure, or only others."""
    rows = w.raw.execute(
        "SELECT DISTINCT s.id, s.reason FROM json_each(?) a JOIN suppression_key k ON k.hash = a.value"
        " JOIN suppression s ON s.id = k.suppression_id"
        " WHERE NOT EXISTS (SELECT 1 FROM customer_row u WHERE u.suppression_id = k.suppression_id)"
        " ORDER BY 1",
        (json.dumps(sorted(hashes)),),
    )
    return [entry for entry, reason in rows if erased in (None, reason in ERASURES)]


def _free(w: Writing, people: list[int], standing: Standings) -> None:
    for number in people:
        w.raw.execute(
            "UPDATE customer_row SET suppression_id = NULL, list_on = ? WHERE id = ?", (NO_DUE, number)
        )
        w.session.expire_all()
        for ref in reads.cases_of(w.raw, number):
            cases.remake(w, ref.key, partial(standing, ref.playbook))


def _close(w: Writing, entries: list[int], because: str) -> None:
    """The entries stay as lifted, without a key."""
    told = json.dumps({"by": w.by, "on": w.clock.today.isoformat(), "because": because}, ensure_ascii=False)
    for entry in entries:
        w.raw.execute("DELETE FROM suppression_key WHERE suppression_id = ?", (entry,))
        w.raw.execute("UPDATE suppression SET lifted = ? WHERE id = ?", (told, entry))
    w.raw.execute("UPDATE batch SET key = ''")  # their lists may bring them in again
    identities.bump(w.raw)
    w.run()
