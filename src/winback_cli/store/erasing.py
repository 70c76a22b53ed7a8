"""People erased: their record, their cases and every word, in one transaction; what stays blocks them.

Of whoever asked for it, or was left alone before, the keyed hashes stay, so that no list brings them
back (C10). Of their cases what may be counted stays, as months and nobody's words; and a certificate,
which says that somebody was erased, never who.

SQLite overwrites what is deleted, but not what it moved about before: so the file is rewritten after
that, `sweep`. Until it was, the store says so of itself, and the doctor tells.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from winback_cli.customer import Watch, guises
from winback_cli.customer import identities as every_name
from winback_cli.errors import NotFound, Refused, WinbackError
from winback_cli.store import connect as door
from winback_cli.store import identities, mentions, reads, suppressions
from winback_cli.store.underway import clear
from winback_cli.store.writing import Writing

ERASED = "erased at their request"
EXPIRED = "erased after the time that records are kept"  # of those who were left alone before
REASONS = (ERASED, EXPIRED)
SHARED = "shares an e-mail with somebody who was erased"
BLANKED = "words_blanked"  # counted where the files of others were to be blanked too
TOO_LONG = "kept_too_long"  # counted of those whom no hash keeps from coming back with a copy
UNSWEPT = "unswept"  # the row of `about` while traces may be left in the file
IN_MEMORY = 256 << 20  # bytes of a store that is rewritten without a file of its own

Also = Callable[[], Mapping[str, int]]


class Certificate(NamedTuple):
    """That somebody was erased: when, by whom, how much of what; never who."""

    number: int
    on: str
    by: str
    counts: dict[str, int]


class Erased(NamedTuple):
    """What an erasure did: its certificate, who is left alone with them, for the same e-mail, and in whose
    files their names were blanked; 0 is the firm's map.
    """

    certificate: Certificate
    others: tuple[int, ...] = ()
    blanked: tuple[int, ...] = ()
    swept: bool = False


class Carry(NamedTuple):
    """What was carried into a copy that is taken back: the suppressions that were new to it, how many
    were erased again, and how many the copy may bring back who had been kept too long.
    """

    taken: int
    erased: int = 0
    back: int = 0


_OWN = "IN (SELECT value FROM json_each(:people))"
_CASES = f"(SELECT id FROM casefile WHERE customer_id {_OWN})"
# What is counted, by the word for it in a certificate.
_COUNTED = {
    "people": f"customer WHERE id {_OWN}",
    "contact_points": f"contact_point WHERE customer_id {_OWN}",
    "former_names": f"former WHERE customer_id {_OWN}",
    "changes_by_lists": f"change WHERE customer_id {_OWN}",
    "purchases": f"purchase WHERE customer_id {_OWN}",
    "cases": f"casefile WHERE customer_id {_OWN}",
    "events": f"event WHERE case_id IN {_CASES}",
    "promises": f"event WHERE kind = 'promised' AND case_id IN {_CASES}",
    "offers": f"concession WHERE case_id IN {_CASES}",
    "messages": f"message WHERE case_id IN {_CASES}",
    "survey_invitations": f"invitation WHERE customer_id {_OWN}",
    "survey_answers": f"reply WHERE customer_id {_OWN}",
}
# In an order that every reference allows; the customer's row takes its score and its place in the queue.
_GONE = (
    f"reply WHERE customer_id {_OWN}",
    f"invitation WHERE customer_id {_OWN}",
    f"message WHERE case_id IN {_CASES}",
    f"event WHERE case_id IN {_CASES}",
    f"concession WHERE case_id IN {_CASES}",
    f"due WHERE customer_id {_OWN}",
    f"casefile WHERE customer_id {_OWN}",
    f"purchase WHERE customer_id {_OWN}",
    f"contact_point WHERE customer_id {_OWN}",
    f"former WHERE customer_id {_OWN}",
    f"identity WHERE customer_id {_OWN}",
    f"change WHERE customer_id {_OWN}",
    f"customer_row WHERE id {_OWN}",
    f"score WHERE customer_id {_OWN}",
    f"ranking WHERE customer_id {_OWN}",
)


def counts(connection: reads.Connection, numbers: Sequence[int]) -> dict[str, int]:
    """How much of what the store holds on these people."""
    people = {"people": json.dumps(list(numbers))}
    return {
        word: int(connection.execute(f"SELECT count(*) FROM {what}", people).fetchone()[0])
        for word, what in _COUNTED.items()
    }


def refuse_underway(connection: reads.Connection, numbers: Sequence[int]) -> None:
    """Raise Refused where a mail to one of these may be on its way, and nobody knows."""
    row = connection.execute(
        f"SELECT id FROM message WHERE state IN ('sending', 'uncertain') AND case_id IN {_CASES} LIMIT 1",
        {"people": json.dumps(list(numbers))},
    ).fetchone()
    if row:
        raise Refused(
            f"Nobody knows whether message {row[0]} to them arrived.",
            f"Settle it first: winback outbox settle {row[0]} --sent, or --not-sent.",
        )


def erase(
    w: Writing, numbers: Sequence[int], *, asked: bool, also: Also = dict, blank: bool = False
) -> Erased:
    """Erase these people, with all that hangs on them; `asked` keeps their hashes, as does whoever was
    left alone before. With `blank` their names and addresses go from the files of others too.

    `also` is done last within the transaction, so that what it raises undoes all of it; what it counts
    goes into the certificate. Raises NotFound for a number that nobody has, Refused as `refuse_underway`
    does, BadInput where the key of the suppressions is lost.
    """
    for number in numbers:
        if number < 1 or reads.customer(w.raw, number) is None:
            raise NotFound(f"There is no customer number {number}.", "winback list shows all.")
    refuse_underway(w.raw, numbers)
    told = counts(w.raw, numbers)
    if not asked:
        told[TOO_LONG] = len(numbers)
    _count_as_past(w.raw, numbers)
    blanked = mentions.blank(w, numbers) if blank else mentions.Blanked()
    if blank:
        told[BLANKED] = blanked.words
    mentions.forget(w.raw, numbers)
    others = [other for number in numbers for other in _block(w, number, asked=asked)]
    _remove(w, numbers)
    told |= also()
    suppressions.note(w, UNSWEPT, w.clock.stamp)
    cursor = w.raw.execute(
        'INSERT INTO certificate (command_id, "on", "by", counts) VALUES (?, ?, ?, ?)',
        (w.run(), w.clock.today.isoformat(), w.by, json.dumps(told)),
    )
    made = Certificate(int(cursor.lastrowid or 0), w.clock.today.isoformat(), w.by, told)
    return Erased(made, tuple(dict.fromkeys(others)), blanked.holders)


def _count_as_past(raw: sqlite3.Connection, numbers: Sequence[int]) -> None:
    raw.execute(
        "INSERT INTO past (playbook, status, outcome, stage, reason, opened, closed)"
        " SELECT p.name, c.status, coalesce(c.outcome, ''), c.stage,"
        " CASE WHEN instr(c.reason, '/') > 0 THEN substr(c.reason, 1, instr(c.reason, '/') - 1)"
        " ELSE c.reason END, substr(c.opened_at, 1, 7), substr(coalesce(c.closed_at, ''), 1, 7)"
        f" FROM casefile c JOIN playbook p ON p.digest = c.playbook WHERE c.customer_id {_OWN}"
        " ORDER BY 1, 2, 3, 4, 5, 6, 7",
        {"people": json.dumps(list(numbers))},
    )


def _block(w: Writing, number: int, *, asked: bool) -> list[int]:
    """Keep the hash of everything they are or were known by, under an entry of their own; returns who
    else is left alone with it, for the same e-mail.
    """
    (entry,) = w.raw.execute("SELECT suppression_id FROM customer_row WHERE id = ?", (number,)).fetchone()
    if entry is None and not asked:
        return []
    key, person = suppressions.key_of(w), suppressions.stored(w.raw, number)
    reason = ERASED if asked else EXPIRED
    shared = w.raw.execute(
        "SELECT 1 FROM customer_row WHERE suppression_id = ? AND id != ?", (entry, number)
    ).fetchone()
    if entry is None or shared:  # lifting the other one must not lift these
        entry = suppressions.enter(w, reason)
    w.raw.execute("UPDATE suppression SET reason = ? WHERE id = ?", (reason, entry))
    suppressions.insert_keys(w, entry, guises(person), key)
    if not asked:
        return []
    others = sharing(w.raw, number)
    for other in others:
        suppressions.put_on_list(w, other, SHARED)
    return others


def _remove(w: Writing, numbers: Sequence[int]) -> None:
    """Everything of theirs goes; their numbers are given to nobody else."""
    if max(numbers) >= reads.last_number(w.raw):
        suppressions.note(w, "last_number", str(max(numbers)))
    people = {"people": json.dumps(list(numbers))}
    for what in _GONE:
        w.raw.execute(f"DELETE FROM {what}", people)
    identities.bump(w.raw)


def take_over(
    w: Writing,
    carried: Sequence[suppressions.Carried],
    others: Sequence[Certificate],
    *,
    same_key: bool,
) -> Carry:
    """Bring into a copy that is taken back who was left alone since, and that somebody was erased: they
    are erased again, and their names in the files of others with them where that was asked for. Marks
    the store as restored, which pauses what it would send.
    """
    suppressions.note(w, "restored", w.clock.stamp)
    since = carry(w, others)
    blank = any(BLANKED in one.counts for one in since)
    gone = again(w, carried, blank=blank) if same_key else 0
    taken = suppressions.carry(w, carried, same_key=same_key)
    return Carry(taken, gone, sum(one.counts.get(TOO_LONG, 0) for one in since))


def again(w: Writing, carried: Sequence[suppressions.Carried], *, blank: bool = False) -> int:
    """Erase anew whom a copy brought back who had been erased: known by the hashes that were carried
    over, made under the same key. Whoever is there still, as the store that was replaced knew, stays;
    of whom only a part is among the hashes is left alone. Returns how many were erased. With `blank`
    their names go from the files of others again too.
    """
    key = suppressions.key_of(w)
    there = {(one.person.name, one.person.company) for one in carried if one.person}
    gone = 0
    for reason in REASONS:
        hashes = {h for one in carried if one.reason == reason and one.person is None for h in one.hashes}
        if not hashes:
            continue
        watch, numbers = Watch(key, hashes), list[int]()
        for (number,) in w.raw.execute("SELECT id FROM customer ORDER BY id").fetchall():
            person = suppressions.stored(w.raw, number)
            names = every_name(person)
            listed = watch.listed(names)
            if listed and (person.name, person.company) not in there:
                if len(listed) == len(set(names)):
                    numbers.append(number)
                elif not suppressions.is_suppressed(w, number):
                    suppressions.put_on_list(w, number, SHARED)
        if numbers:
            _give_up(w, numbers)
            erase(w, numbers, asked=reason == ERASED, blank=blank)
        gone += len(numbers)
    return gone


def _give_up(w: Writing, numbers: Sequence[int]) -> None:
    """What a copy knows to be on its way to them did arrive, or did not, before they were erased."""
    w.raw.execute(
        "UPDATE message SET state = 'dropped' WHERE state IN ('sending', 'uncertain')"
        f" AND case_id IN {_CASES}",
        {"people": json.dumps(list(numbers))},
    )


def sharing(connection: reads.Connection, number: int) -> list[int]:
    """Who is not left alone yet and would be with an erasure of that customer, for the same e-mail."""
    mailboxes = [name for name in identities.names_of(connection, number) if name.startswith("email:")]
    found = (reads.customer(connection, other) for other in identities.matches(connection, mailboxes))
    return [one.number for one in found if one and one.number != number and not one.suppressed]


def certificates(connection: reads.Connection) -> list[Certificate]:
    """Every certificate, the latest first."""
    rows = connection.execute('SELECT id, "on", "by", counts FROM certificate ORDER BY id DESC')
    return [Certificate(number, on, by, json.loads(told)) for number, on, by, told in rows]


def carry(w: Writing, others: Sequence[Certificate]) -> list[Certificate]:
    """Take over the certificates that this store lacks, under their own numbers where those are free;
    returns them, the earliest first.
    """
    there, taken = certificates(w.raw), list[Certificate]()
    same, used = Counter(map(_told, there)), {one.number for one in there}
    for one in sorted(others, key=lambda one: one.number):
        if same[_told(one)]:
            same[_told(one)] -= 1
            continue
        number = one.number if one.number not in used else max(used) + 1
        used.add(number)
        w.raw.execute(
            'INSERT INTO certificate (id, command_id, "on", "by", counts) VALUES (?, ?, ?, ?, ?)',
            (number, w.run(), one.on, one.by, json.dumps(one.counts)),
        )
        taken.append(one)
    return taken


def _told(one: Certificate) -> tuple[str, ...]:
    """What a certificate says, but for its number."""
    return one.on, one.by, json.dumps(one.counts, sort_keys=True)


# -- who is kept too long ----------------------------------------------------------------------

_EXPIRED = """SELECT u.id FROM customer u WHERE u.cancelled < :before
    AND coalesce(u.last_purchase, (SELECT substr(c.at, 1, 10) FROM batch b
        JOIN command c ON c.id = b.command_id WHERE b.id = u.batch_id), '9999') < :before
    AND (u.case_status IS NULL OR u.case_status = 'closed')
    AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.customer_id = u.id AND p.day >= :before)
    AND NOT EXISTS (SELECT 1 FROM reply r WHERE r.customer_id = u.id AND r."on" >= :before)
    AND NOT EXISTS (SELECT 1 FROM invitation i WHERE i.customer_id = u.id AND i."on" >= :before)
    AND NOT EXISTS (SELECT 1 FROM due d WHERE d.customer_id = u.id)
    AND NOT EXISTS (SELECT 1 FROM casefile c WHERE c.customer_id = u.id AND (c.status != 'closed'
        OR EXISTS (SELECT 1 FROM event e WHERE e.case_id = c.id
            AND (e.happened >= :before OR substr(e.recorded, 1, 10) >= :before))
        OR EXISTS (SELECT 1 FROM message m WHERE m.case_id = c.id AND (substr(m.at, 1, 10) >= :before
            OR m.state IN ('draft', 'approved', 'sending', 'failed', 'uncertain')))))
    ORDER BY u.id"""


def expired(connection: reads.Connection, before: str) -> list[int]:
    """Whoever bought nothing since that ISO day, of whom nothing happened since either, and to whom
    nothing is owed: no unclosed case, no open promise, no message on its way. Where no purchase is
    known the day counts on which a list brought them; of whom neither is known, nobody is among these.
    """
    found = [row[0] for row in connection.execute(_EXPIRED, {"before": before})]
    return [number for number in found if not _promised(connection, number)]


def _promised(connection: reads.Connection, number: int) -> bool:
    """Whether a promise to them is open in one of their cases."""
    from winback_cli.case import fold as folded

    return any(
        promise["state"] == "open"
        for ref in reads.cases_of(connection, number)
        for promise in folded(ref.id, reads.events(connection, ref.key)).commitments
    )


# -- no trace in the file ----------------------------------------------------------------------


def unswept(connection: reads.Connection) -> bool:
    """Whether traces of somebody erased may be left in the file."""
    return connection.execute("SELECT 1 FROM about WHERE name = ?", (UNSWEPT,)).fetchone() is not None


def clear_staged(path: Path) -> None:
    """Take away what an import left that was cut off; with no import under way."""
    with door.told(path), contextlib.closing(door.connect(path, writing=True)) as raw:
        clear(raw)


def sweep(path: Path) -> bool:
    """Rewrite the file without what was erased: the words that its indexes keep of what is deleted, and
    what lies in its free space. A kill leaves the store whole; the next sweep does it then.

    False where it could not be done now: the erasure stands, and the doctor tells that this waits.
    """
    try:
        with door.told(path), contextlib.closing(door.connect(path, writing=True)) as raw:
            if unswept(raw):
                _rewrite(raw, path)
        return True
    except WinbackError:
        return False


def _rewrite(raw: sqlite3.Connection, path: Path) -> None:
    for name in reads.SEARCHED:
        raw.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")
    if path.stat().st_size <= IN_MEMORY:
        raw.execute("PRAGMA temp_store=MEMORY")
    raw.execute("VACUUM")
    raw.execute("DELETE FROM about WHERE name = ?", (UNSWEPT,))
