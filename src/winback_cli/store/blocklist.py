"""A list of people to leave alone: whoever is in the store is suppressed, of others the hashes are kept.

Some rows at a time, each in a transaction of its own: nothing here is ever weakened, so that a list
that was cut off is whole again when it comes once more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from winback_cli.customer import Customer, guises, hashed
from winback_cli.customer import identities as names_of
from winback_cli.plainrow import Checked, customer_of
from winback_cli.store import identities, reads
from winback_cli.store.suppressions import enter, insert_hashes, insert_keys, is_suppressed, key_of, stored
from winback_cli.store.suppressions import suppress as put_on
from winback_cli.store.writing import Writing
from winback_cli.text import fold

NAMESAKES = 200  # customers of the same words that are compared at most


class Listed(NamedTuple):
    """What some rows did: customers left alone from now on, rows kept as hashes alone, the cases that
    were closed; and `same`, the rows that said nothing new.
    """

    batch: int | None = None
    suppressed: int = 0
    kept: int = 0
    same: int = 0
    cases: tuple[str, ...] = ()

    def plus(self, other: Listed) -> Listed:
        """Both together."""
        return Listed(
            other.batch or self.batch,
            self.suppressed + other.suppressed,
            self.kept + other.kept,
            self.same + other.same,
            self.cases + other.cases,
        )


def leave_alone(
    w: Writing, rows: Sequence[Checked], reason: str, file: str, sha256: str, so_far: Listed
) -> Listed:
    """Put whoever these rows are about on the suppression list; returns that and what was so far."""
    key = key_of(w)
    done = so_far
    for row in rows:
        person = customer_of(row.values, row.points)
        known = _who(w, person)
        hashes = {hashed(one, key) for one in guises(person)}
        fresh = [number for number in known if not is_suppressed(w, number)]
        if not fresh and not hashes - reads.suppressed_hashes(w.raw, hashes):
            done = done.plus(Listed(same=1))
            continue
        if done.batch is None:
            done = done.plus(Listed(_begin(w, file, sha256)))
        done = done.plus(_put(w, person, known, fresh, hashes, reason, key, done.batch))
    if done.batch is not None:
        counts = {"suppressed": done.suppressed + done.kept, "same": done.same}
        w.raw.execute("UPDATE batch SET counts = ? WHERE id = ?", (json.dumps(counts), done.batch))
    return done


def _put(
    w: Writing,
    person: Customer,
    known: list[int],
    fresh: list[int],
    hashes: set[str],
    reason: str,
    key: bytes,
    batch: int | None,
) -> Listed:
    if not known:
        insert_hashes(w, enter(w, reason, batch), hashes)
        return Listed(kept=1)
    count, closed = 0, list[str]()
    for number in fresh:
        if not is_suppressed(w, number):  # the one before may have taken them along
            done = put_on(w, number, reason, batch)
            count += 1 + len(done.others)
            closed += done.cases
    identities.learn(w.raw, known[0], [*identities.names_of(w.raw, known[0]), *names_of(person)])
    row = w.raw.execute("SELECT suppression_id FROM customer_row WHERE id = ?", (known[0],)).fetchone()
    insert_keys(w, row[0], guises(person), key)
    return Listed(suppressed=count, same=0 if count else 1, cases=tuple(closed))


def _begin(w: Writing, file: str, sha256: str) -> int:
    cursor = w.raw.execute(
        "INSERT INTO batch (command_id, file, sha256, key, counts, state)"
        " VALUES (?, ?, ?, '', '{}', 'listed')",
        (w.run(), file, sha256),
    )
    return int(cursor.lastrowid or 0)


def _who(w: Writing, person: Customer) -> list[int]:
    """Every customer who is meant: by what makes one person, or by any guise of theirs."""
    found = dict.fromkeys(identities.matches(w.raw, guises(person)))
    words = fold(f"{person.name} {person.company}")
    if words.strip():
        rows = w.raw.execute(
            "SELECT id FROM customer WHERE id IN"
            " (SELECT rowid FROM customer_text WHERE customer_text MATCH ?) ORDER BY folded != ? LIMIT ?",
            (reads.match(words), words.strip(), NAMESAKES),
        ).fetchall()
        mine = set(guises(person))
        for (number,) in rows:
            if number not in found and not mine.isdisjoint(guises(stored(w.raw, number))):
                found[number] = None
    return list(found)
