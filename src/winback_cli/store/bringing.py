"""One import from its beginning to its end, over the rows that were read: see `staging` for how.

One at a time: the lock is given back by the system when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli.customer import Customer, Watch, guises, hashed
from winback_cli.customer import identities as names_of
from winback_cli.errors import Busy, TryAgain
from winback_cli.plainrow import Checked, uncollected
from winback_cli.store import blank, identities, reads, scoring, suppressions
from winback_cli.store import connect as door
from winback_cli.store.changes import Change, Update, apply, update_of
from winback_cli.store.filling import Short
from winback_cli.store.sorting import BLOCKED
from winback_cli.store.staging import Staging
from winback_cli.store.underway import alone, clear, locked
from winback_cli.store.writing import Writing, session_over

if TYPE_CHECKING:
    from winback_cli.dates import Clock

AT_ONCE = 20_000  # customers that are taken away at once where an import is stopped
READ_TOGETHER = 500  # known customers that are compared in one reading
SHOWN = 20  # changes that are told at the end
MOST_TWINS = 1_000  # pairs of known customers that are told at most
PATIENCE = 3  # times that what somebody changed meanwhile is looked at again without holding them up
AGAIN = None  # among the rows: what came until here is to be forgotten, and comes again


class Told(NamedTuple):
    """What is kept of an import: the file, its digest, and that of the file and how it was read."""

    file: str
    sha256: str
    key: str


class Brought(NamedTuple):
    """What an import did; with the rejected rows the counts make up all rows."""

    batch: int | None
    new: int = 0
    changed: int = 0
    same: int = 0
    merged: int = 0
    suppressed: int = 0
    already: bool = False
    changes: tuple[Change, ...] = ()
    twins: tuple[tuple[int, int], ...] = ()


class Hand(NamedTuple):
    """Who writes when, and as which run of the program."""

    path: Path
    by: str
    clock: Clock
    command: str
    means: scoring.Means = scoring.Means()


Stream = Iterable[Sequence[Checked] | None]


def watch_of(path: Path) -> tuple[Watch, int]:
    """Whom the suppression list blocks, and the state of who is who that this was read in."""
    with door.told(path), contextlib.closing(door.connect(path)) as connection:
        people = identities.count(connection)  # before the list: what comes between is looked at again
        return watch_over(connection, path), people


def watch_over(connection: sqlite3.Connection, path: Path) -> Watch:
    """Whom the suppression list blocks, asked over a connection that is open."""
    hashes = [row[0] for row in connection.execute("SELECT hash FROM suppression_key")]
    if not hashes:
        return Watch(b"", ())
    key = door.read_key(path, make=False)
    if wrong := door.wrong_key(connection, path, key):
        raise wrong
    return Watch(key, hashes)


def bring_in(
    hand: Hand, stream: Stream, told: Callable[[], Told], people: int, *, dry_run: bool = False
) -> Brought:
    """Bring a list in, all of it or nothing.

    `people` is the state of who is who that the rows were read in; `told` is asked at the end, when
    the list was read through. Blank cells never overwrite, nor does any cell a field edited by hand.
    Whoever opted out is left alone from then on; whoever is left alone already is only counted.
    """
    with (
        door.told(hand.path),
        contextlib.closing(door.connect(hand.path, writing=True)) as raw,
        alone(hand.path),
    ):
        if not dry_run:
            clear(raw)
        batch = 0 if dry_run else _begin(raw, hand)
        bringing = _Bringing(raw, hand, batch, people, dry_run=dry_run)
        try:
            with uncollected():
                return bringing.run(stream, told)
        except BaseException as problem:
            # Whoever presses Ctrl-C on a long list is not kept waiting: the next import tidies up.
            if batch and (isinstance(problem, Exception) or bringing.written <= AT_ONCE):
                _give_up(raw)
            raise


def bring_into_new(hand: Hand, stream: Stream, told: Callable[[], Told]) -> Brought:
    """Bring a list into a store that is not there yet; where the list is no good, none is made."""
    done: list[Brought] = []

    def fill(place: Path) -> None:
        blank.lay_out(place)
        done.append(bring_in(hand._replace(path=place), stream, told, 0))

    with door.told(hand.path):
        if not door.create(hand.path, fill):
            raise Busy("Another winback has just made the store.", "Run the command again.")
    return done[0]


def _give_up(raw: sqlite3.Connection) -> None:
    """Take back what was staged; where that fails too, the next import does it."""
    with contextlib.suppress(sqlite3.Error):
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        clear(raw)


def _begin(raw: sqlite3.Connection, hand: Hand) -> int:
    with locked(raw):
        run = _run(raw, hand)
        cursor = raw.execute(
            "INSERT INTO batch (command_id, file, sha256, key, counts, state)"
            " VALUES (?, '', '', '', '{}', 'staging')",
            (run,),
        )
    return int(cursor.lastrowid or 0)


def _run(raw: sqlite3.Connection, hand: Hand) -> int:
    cursor = raw.execute(
        'INSERT INTO command (name, "by", at, as_of) VALUES (?, ?, ?, ?)',
        (hand.command, hand.by, hand.clock.stamp, hand.clock.is_set),
    )
    return int(cursor.lastrowid or 0)


class _Bringing:
    def __init__(
        self, raw: sqlite3.Connection, hand: Hand, batch: int, people: int, *, dry_run: bool
    ) -> None:
        self._raw = raw
        self._hand = hand
        self._batch = batch
        self._people = people
        self._dry_run = dry_run
        self._file = _file_at(hand.path)
        self._watch = Watch(b"", ())
        self._staging = Staging(raw, batch, dry_run=dry_run)
        self._basis: scoring.Basis | None = None

    @property
    def written(self) -> int:
        """How many customers nobody sees yet."""
        return self._staging.number - self._staging.numbers.first

    def run(self, stream: Stream, told: Callable[[], Told]) -> Brought:
        for rows in stream:
            if rows is None:
                self._staging = self._anew()
            else:
                self._staging.take(rows)
        self._staging.settle()
        self._watch = watch_over(self._raw, self._hand.path)
        self._bar(self._staging.joined_people())
        self._staging.fill(self._score)
        kept = told()
        for attempt in range(PATIENCE + 1):
            result = self._finished(kept, at_any_price=attempt == PATIENCE)
            if result is not None:
                return result
        raise AssertionError("the last attempt holds the lock")

    def _score(self, numbers: range, short: Short) -> None:
        """Score the new ones, by what is usual among them and those who were there."""
        today = self._hand.clock.today
        opted = set(self._staging.opted_out())
        self._basis = scoring.measure(self._raw, self._hand.means.given, today, alone=opted)
        scoring.fill(self._raw, self._batch, numbers, self._basis, today, short)

    def _anew(self) -> Staging:
        """Forget what came in so far: the list is read once more, in another way."""
        raw = self._raw
        for (table,) in raw.execute("SELECT name FROM sqlite_temp_master WHERE type = 'table'").fetchall():
            raw.execute(f"DROP TABLE temp.{table}")
        if not self._dry_run:
            clear(raw)
            self._batch = _begin(raw, self._hand)
        return Staging(raw, self._batch, dry_run=self._dry_run)

    def _finished(self, told: Told, *, at_any_price: bool) -> Brought | None:
        """The last, short transaction; None where somebody changed who is who meanwhile, which was
        looked at outside of it, so that nobody waits for that.
        """
        if not at_any_price:
            self._compare()
        w = _writing(self._raw, self._hand)
        if not self._dry_run and (self._staging.opted_out() or self._staging.left_alone()):
            w.session.connection()  # its first connection rolls back whatever is under way: not later
        with locked(self._raw):
            self._refuse_replaced()
            if identities.count(self._raw) != self._people:
                if not at_any_price:
                    self._raw.execute("ROLLBACK")
                    self._look_again()
                    return None
                self._look_again()
            if at_any_price:
                self._compare()
            result = self._write(w, told)
            if self._dry_run:
                self._raw.execute("ROLLBACK")
            return result

    def _refuse_replaced(self) -> None:
        if self._file != _file_at(self._hand.path):
            raise TryAgain(*door.REPLACED)

    def _compare(self) -> None:
        """What the list says of those who were there, against their records: the counts, and beside
        them in a temporary table what is to be written; nothing where it fits the suppression list.
        """
        raw = self._raw
        self._counts = counts = dict.fromkeys(("new", "changed", "same", "merged", "suppressed"), 0)
        counts["same"], rows = self._staging.unchanged()
        counts["merged"] = rows - counts["same"]
        with self._staging.at_once():
            raw.execute("CREATE TEMP TABLE IF NOT EXISTS found (number INTEGER PRIMARY KEY, body BLOB)")
            raw.execute("DELETE FROM found")
            opted, barred = set(self._staging.opted_out()), self._staging.barred()
        people = self._staging.known_people()
        while some := list(islice(people, READ_TOGETHER)):  # who reads for long lets nobody commit
            with self._staging.at_once():
                for number, customer, rows in some:
                    self._weigh(number, customer, rows, opted=number in opted, barred=number in barred)
        if self._watch:
            self._weigh_unrecorded()

    def _weigh_unrecorded(self) -> None:
        """What rows add to entries of the suppression list that have no record: who is named with one of
        their addresses is them by every other, too.
        """
        raw, key = self._raw, door.read_key(self._hand.path, make=False)
        with self._staging.at_once():
            raw.execute("CREATE TEMP TABLE IF NOT EXISTS spread (suppression INTEGER, hash TEXT)")
            raw.execute("DELETE FROM spread")
            for customer in self._staging.blocked_unrecorded():
                for entry in suppressions.entries_of(
                    raw, {hashed(name, key) for name in names_of(customer)}
                ):
                    told = [(entry, hashed(name, key)) for name in guises(customer)]
                    raw.executemany("INSERT INTO spread VALUES (?, ?)", told)

    def _weigh(self, number: int, told: Customer, rows: int, *, opted: bool, barred: bool) -> None:
        """One of those who were there: counted, and what is to be written kept."""
        counts, update = self._counts, update_of(self._raw, number, told)
        if update.changes and self._watch and self._watch(_guises_with(self._raw, number, told)):
            barred = True
        if update.alone or barred:  # every row of theirs is left alone
            counts["suppressed"] += rows
            return
        counts["suppressed" if opted else "changed" if update.changes else "same"] += 1
        counts["merged"] += rows - 1
        if update.changes or update.names:
            body = marshal.dumps((tuple(map(tuple, update.changes)), update.names))
            self._raw.execute("INSERT INTO found VALUES (?, ?)", (number, body))

    def _updates(self) -> Iterator[Update]:
        for number, body in self._raw.cursor().execute("SELECT number, body FROM found ORDER BY number"):
            changes, names = marshal.loads(body)  # noqa: S302 - out of our own temporary table
            yield Update(number, tuple(Change(*change) for change in changes), names, False)

    def _bar(self, people: Iterable[tuple[int, Customer]]) -> None:
        """Leave out whoever fits the suppression list: also by what two rows of theirs say together."""
        if not self._watch:
            return
        blocked = [number for number, customer in people if self._watch(guises(customer))]
        for number in blocked:
            self._staging.numbers.same(number, BLOCKED)
        if blocked:
            self._staging.settle()

    def _look_again(self) -> None:
        """Somebody was added, changed or suppressed since the rows were read: compare with them too."""
        self._people = identities.count(self._raw)
        staging = self._staging
        self._watch = watch_over(self._raw, self._hand.path)
        self._bar(staging.new_people())
        for number, other in staging.met():
            if staging.numbers.whose(number) == number:
                staging.numbers.same(number, other)
            elif staging.numbers.whose(number) != BLOCKED:
                staging.links.add(staging.numbers.whose(number), other)
        staging.settle()

    def _write(self, w: Writing, told: Told) -> Brought:
        """Everything that the list changes of those who were there, and the new ones seen by all."""
        raw, staging, counts = self._raw, self._staging, self._counts
        shown: list[Change] = []
        for update in self._updates():
            shown += update.changes[: SHOWN - len(shown)]
            if not self._dry_run:
                apply(raw, self._batch, update)
        opted = staging.opted_out()
        new, rows = staging.counted()
        out = sum(staging.numbers.is_new(number) for number in opted)
        counts["merged"] += rows - new
        counts["new"] = new - out
        counts["suppressed"] += out + staging.blocked
        if not self._dry_run:
            self._let_go(w, opted, told.file)
            self._close(told, counts)
            _commit(w)
        return Brought(
            self._batch or None,
            changes=tuple(shown),
            twins=tuple(staging.links.pairs()[:MOST_TWINS]),
            **_counted(counts),
        )

    def _let_go(self, w: Writing, opted: Sequence[int], file: str) -> None:
        if self._watch:
            self._raw.execute(
                "INSERT INTO suppression_key (suppression_id, hash) SELECT suppression, hash FROM spread"
                " EXCEPT SELECT suppression_id, hash FROM suppression_key"
                " WHERE hash IN (SELECT hash FROM spread)"
            )
        for number in opted:
            suppressions.suppress(w, number, f"opted out in {file}", self._batch)
            self._raw.execute("DELETE FROM score WHERE customer_id = ?", (number,))
        for number, customer in self._staging.left_alone():
            listed = self._raw.execute("SELECT suppression_id FROM customer_row WHERE id = ?", (number,))
            suppression = listed.fetchone()[0]
            if suppression is not None:
                self._add_to(w, number, suppression, customer, file)

    def _add_to(self, w: Writing, number: int, suppression: int, told: Customer, file: str) -> None:
        """What a row tells of somebody left alone is theirs too, and whoever holds a mailbox of theirs is
        left alone with them. A row that is also somebody's who is not tells of the mailboxes alone.
        """
        names, hidden = names_of(told), guises(told)
        mailboxes = [name for name in names if name.startswith("email:")]
        if not all(suppressions.is_suppressed(w, other) for other in identities.matches(self._raw, names)):
            names = hidden = mailboxes
        identities.learn(self._raw, number, [*identities.names_of(self._raw, number), *names])
        suppressions.insert_keys(w, suppression, hidden, suppressions.key_of(w))
        for other in identities.matches(self._raw, mailboxes):
            if not suppressions.is_suppressed(w, other):
                suppressions.suppress(w, other, f"named with one left alone in {file}", self._batch)

    def _close(self, told: Told, counts: dict[str, int]) -> None:
        self._raw.execute(
            "UPDATE batch SET state = 'done', file = ?, sha256 = ?, key = ?, counts = ? WHERE id = ?",
            (*told, json.dumps(counts), self._batch),
        )
        identities.bump(self._raw)
        if self._basis and not self._raw.execute(_OTHERS, (self._batch,)).fetchone():
            scoring.keep(self._raw, self._basis)  # everybody's score is of this import
        else:
            scoring.forget(self._raw)
            scoring.score_short(self._raw, self._hand.means, self._hand.clock.today)


_OTHERS = "SELECT 1 FROM customer_row WHERE id > 0 AND batch_id IS NOT ? LIMIT 1"


def _writing(raw: sqlite3.Connection, hand: Hand) -> Writing:
    """This transaction as other rooms of the store are handed one; SQLModel only where they need it."""
    runs: list[int] = []

    def run() -> int:
        if not runs:
            runs.append(_run(raw, hand))
        return runs[0]

    return Writing(raw, hand.path, hand.by, hand.clock, run, partial(session_over, raw), hand.means)


def _commit(w: Writing) -> None:
    if "session" in w.__dict__:  # it would roll back at its end what it did not commit itself
        w.session.flush()
        w.session.commit()


def _guises_with(raw: sqlite3.Connection, number: int, told: Customer) -> list[str]:
    """What a list adds to a customer of all that a suppression watches for; not what they had before:
    who was taken off the list on purpose may share a name with somebody on it.
    """
    person = identities.known(raw, number)
    if person is None:
        return guises(told)
    whole = told._replace(
        name=told.name or person.name,
        company=told.company or person.company,
        emails=told.emails + person.emails,
        phones=told.phones + person.phones,
    )
    anew = [*guises(whole), *guises(whole._replace(name=person.name, company=person.company))]
    return list(set(anew).difference(guises(person)))


def _counted(counts: dict[str, int]) -> Any:
    return counts


def _file_at(path: Path) -> tuple[int, int]:
    there = path.stat()
    return there.st_dev, there.st_ino


__all__ = ["Brought", "Customer", "Hand", "Told", "bring_in", "clear", "reads", "watch_of"]
