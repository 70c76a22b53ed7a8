"""One import from its beginning to its end, over the rows that were read: see `staging` for how.

One at a time: the lock is given back by the system when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from winback_cli.customer import Customer, Watch, guises
from winback_cli.customer import identities as names_of
from winback_cli.errors import Busy, TryAgain
from winback_cli.plainrow import Checked, uncollected
from winback_cli.store import connect as door
from winback_cli.store import identities, reads, suppressions
from winback_cli.store.changes import Change, Update, apply, update_of
from winback_cli.store.staging import BLOCKED, Staging
from winback_cli.store.writing import Writing

if TYPE_CHECKING:
    from sqlmodel import Session

    from winback_cli.dates import Clock

SHOWN = 20  # changes that are told at the end
MOST_TWINS = 1_000  # pairs of known customers that are told at most
CLEARED = 1_000  # customers that are taken away in one transaction
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


Stream = Iterable[Sequence[Checked] | None]


def watch_of(path: Path) -> tuple[Watch, int]:
    """Whom the suppression list blocks, and the state of who is who that this was read in."""
    with door.told(path), contextlib.closing(door.connect(path)) as connection:
        return _watch(connection, path), identities.count(connection)


def _watch(connection: sqlite3.Connection, path: Path, after: int = 0) -> Watch:
    hashes = [
        row[0] for row in connection.execute("SELECT hash FROM suppression_key WHERE id > ?", (after,))
    ]
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
        _alone(hand.path),
    ):
        if not dry_run:
            clear(raw)
        batch = 0 if dry_run else _begin(raw, hand)
        try:
            with uncollected():
                return _Bringing(raw, hand, batch, people, dry_run=dry_run).run(stream, told)
        except BaseException:
            if batch:
                _give_up(raw)
            raise


def _give_up(raw: sqlite3.Connection) -> None:
    """Take back what was staged; where that fails too, the next import does it."""
    with contextlib.suppress(sqlite3.Error):
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        clear(raw)


def _begin(raw: sqlite3.Connection, hand: Hand) -> int:
    with _locked(raw):
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


@contextlib.contextmanager
def _locked(raw: sqlite3.Connection) -> Iterator[None]:
    raw.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    if raw.in_transaction:
        raw.execute("COMMIT")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One import at a time; raises Busy while another one runs. Where the system knows no such lock,
    nothing is held.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(path.parent, os.O_RDONLY)
    _held.add(handle)
    try:
        with contextlib.suppress(OSError):  # a disk that knows no locks
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    "Another import is running.", "Wait until it is done, then run the command again."
                ) from None
        yield
    finally:
        _held.discard(handle)
        os.close(handle)


_held: set[int] = set()  # a process that reads a list for this one must not go on holding the lock


def _let_go_of_lock() -> None:
    for handle in _held:
        os.close(handle)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_of_lock)


def clear(raw: sqlite3.Connection) -> int:
    """Take away what an import left unseen that was killed; returns how many customers those were."""
    gone = 0
    for (batch,) in raw.execute("SELECT id FROM batch WHERE state = 'staging'").fetchall():
        numbers = raw.execute("SELECT id FROM customer_row WHERE batch_id = ?", (batch,)).fetchall()
        for start in range(0, len(numbers), CLEARED):
            some = [number for (number,) in numbers[start : start + CLEARED]]
            names = [(number, identities.names_of(raw, number)) for number in some]
            with _locked(raw):
                for number, mine in names:
                    identities.forget(raw, number, mine)
                raw.executemany("DELETE FROM customer_row WHERE id = ?", [(number,) for number in some])
        with _locked(raw):
            raw.execute("DELETE FROM batch WHERE id = ?", (batch,))
        gone += len(numbers)
    return gone


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
        self._last_key = self._newest_key()
        self._staging = Staging(raw, batch, dry_run=dry_run)

    def _newest_key(self) -> int:
        return int(self._raw.execute("SELECT coalesce(max(id), 0) FROM suppression_key").fetchone()[0])

    def run(self, stream: Stream, told: Callable[[], Told]) -> Brought:
        for rows in stream:
            if rows is None:
                self._staging = self._anew()
            else:
                self._staging.take(rows)
        self._staging.settle()
        self._staging.fill()
        kept = told()
        for attempt in range(PATIENCE + 1):
            result = self._finished(kept, at_any_price=attempt == PATIENCE)
            if result is not None:
                return result
        raise AssertionError("the last attempt holds the lock")

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
        updates = [] if at_any_price else list(self._updates())
        with _locked(self._raw):
            self._refuse_replaced()
            if identities.count(self._raw) != self._people:
                if not at_any_price:
                    self._raw.execute("ROLLBACK")
                    self._look_again()
                    return None
                self._look_again()
            if at_any_price:
                updates = list(self._updates())
            result = self._write(updates, told)
            if self._dry_run:
                self._raw.execute("ROLLBACK")
            return result

    def _refuse_replaced(self) -> None:
        if self._file != _file_at(self._hand.path):
            raise TryAgain(*door.REPLACED)

    def _updates(self) -> Iterator[Update]:
        """What the list changes of those who were there; nothing where it fits the suppression list."""
        barred = self._staging.barred()
        for number, customer, rows in self._staging.known_people():
            update = update_of(self._raw, number, customer, rows)
            yield update._replace(changes=(), alone=True) if number in barred else update

    def _look_again(self) -> None:
        """Somebody was added, changed or suppressed since the rows were read: compare with them too."""
        self._people = identities.count(self._raw)
        staging, watch = self._staging, _watch(self._raw, self._hand.path, self._last_key)
        self._last_key = self._newest_key()
        for number, customer in staging.new_people() if watch else ():
            if watch(guises(customer)):
                staging.same(number, BLOCKED)
        for number, other in staging.met():
            if staging.whose(number) == number:
                staging.same(number, other)
            elif staging.whose(number) != BLOCKED:
                staging.links.add(staging.whose(number), other)
        staging.settle()

    def _write(self, updates: Sequence[Update], told: Told) -> Brought:
        """Everything that the list changes of those who were there, and the new ones seen by all."""
        raw, staging = self._raw, self._staging
        w = _writing(raw, self._hand)
        counts = dict.fromkeys(("new", "changed", "same", "merged", "suppressed"), 0)
        opted = staging.opted_out()
        for update in updates:
            if update.alone:  # every row of theirs is left alone
                counts["suppressed"] += update.rows
                continue
            out = update.number in opted
            counts["suppressed" if out else "changed" if update.changes else "same"] += 1
            counts["merged"] += update.rows - 1
            if not self._dry_run and (update.changes or update.names):
                apply(raw, self._batch, update)
        new, rows = staging.counted()
        counts["merged"] += rows - new
        fresh = sum(map(staging.is_new, opted))
        counts["new"] = new - fresh
        counts["suppressed"] += fresh + staging.blocked
        if not self._dry_run:
            self._let_go(w, opted, told.file)
            self._close(told, counts)
            _commit(w)
        shown = [change for update in updates if not update.alone for change in update.changes][:SHOWN]
        return Brought(
            self._batch or None,
            new=counts["new"],
            changed=counts["changed"],
            same=counts["same"],
            merged=counts["merged"],
            suppressed=counts["suppressed"],
            changes=tuple(shown),
            twins=tuple(staging.links.pairs()[:MOST_TWINS]),
        )

    def _let_go(self, w: Writing, opted: Sequence[int], file: str) -> None:
        for number in opted:
            suppressions.suppress(w, number, f"opted out in {file}", self._batch)
        for number, customer in self._staging.left_alone():
            listed = self._raw.execute("SELECT suppression_id FROM customer_row WHERE id = ?", (number,))
            suppression = listed.fetchone()[0]
            if suppression is not None:
                names = [*identities.names_of(self._raw, number), *names_of(customer)]
                identities.learn(self._raw, number, names)
                suppressions.insert_keys(w, suppression, guises(customer), suppressions.key_of(w))

    def _close(self, told: Told, counts: dict[str, int]) -> None:
        self._raw.execute(
            "UPDATE batch SET state = 'done', file = ?, sha256 = ?, key = ?, counts = ? WHERE id = ?",
            (*told, json.dumps(counts), self._batch),
        )
        identities.bump(self._raw)


def _writing(raw: sqlite3.Connection, hand: Hand) -> Writing:
    """This transaction as other rooms of the store are handed one; SQLModel only where they need it."""
    runs: list[int] = []

    def run() -> int:
        if not runs:
            runs.append(_run(raw, hand))
        return runs[0]

    return Writing(raw, hand.path, hand.by, hand.clock, run, partial(_session, raw))


def _session(raw: sqlite3.Connection) -> Session:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool
    from sqlmodel import Session

    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
    return Session(engine)


def _commit(w: Writing) -> None:
    if "session" in w.__dict__:  # it would roll back at its end what it did not commit itself
        w.session.flush()
        w.session.commit()


def _file_at(path: Path) -> tuple[int, int]:
    there = path.stat()
    return there.st_dev, there.st_ino


__all__ = ["Brought", "Customer", "Hand", "Told", "bring_in", "clear", "reads", "watch_of"]
