"""The store opened to write: each method is one transaction, begun as BEGIN IMMEDIATE."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winback_cli.case import Case, Entry
from winback_cli.customer import Customer
from winback_cli.dates import Clock
from winback_cli.errors import TryAgain
from winback_cli.store import (
    cases,
    erasing,
    mending,
    ordered,
    outbox,
    people,
    reading,
    reads,
    scoring,
    suppressions,
)
from winback_cli.store import connect as door
from winback_cli.store.blocklist import Listed, leave_alone
from winback_cli.store.bringing import Brought, Hand, Stream, Told, bring_in
from winback_cli.store.cases import Opening, Standings
from winback_cli.store.messages import Message
from winback_cli.store.questioning import Questioning
from winback_cli.store.suppressions import Carried, Suppressed
from winback_cli.store.takeback import TakenBack, take_back
from winback_cli.store.underway import alone, clear
from winback_cli.store.writing import Writing

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.engine import Engine

    from winback_cli.owing import Standing
    from winback_cli.plainrow import Checked
    from winback_cli.store import purchasing
    from winback_cli.store.lifting import Lifted
    from winback_cli.store.merging import Plan


class Store(Questioning):
    """The open store of one command: `by` signs what is written, `clock` dates it."""

    def __init__(self, path: Path, by: str, clock: Clock, command: str) -> None:
        self.path = path
        self.by = by
        self.clock = clock
        self.command = command
        self._command_id: int | None = None
        self._engine: Engine | None = None
        self._file: tuple[int, int] | None = None
        self.before_writing: Callable[[], None] | None = None  # done once, before the first write
        self.means = scoring.Means()
        self.written = False  # whether anything was, by this run

    @classmethod
    def open(cls, path: Path, by: str, clock: Clock, command: str, *, create: bool = False) -> Store:
        """Open a store to write; with `create`, make it where there is none."""
        from winback_cli.store import blank

        with door.told(path):
            if create and not path.exists():
                door.create(path, blank.lay_out)
            with reading(path):
                pass
        return cls(path, by, clock, command)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextlib.contextmanager
    def reads(self) -> Iterator[reads.Connection]:
        """A reading connection, closed before anybody is asked anything.

        Never open it inside a transaction of this store: closing a file drops the process's locks.
        """
        with reading(self.path) as connection:
            yield connection

    def _made_engine(self) -> Engine:
        if self._engine is None:
            from sqlalchemy import create_engine, event
            from sqlalchemy.pool import StaticPool

            self._file = _file_at(self.path)
            self._engine = create_engine(
                "sqlite://",
                creator=lambda: door.connect(self.path, writing=True),
                poolclass=StaticPool,
                hide_parameters=True,
            )
            event.listen(self._engine, "begin", door.begin)
        return self._engine

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Writing]:
        """One transaction; rolled back on anything, Ctrl-C included."""
        from sqlmodel import Session

        if self.before_writing is not None:
            first, self.before_writing = self.before_writing, None
            first()
        before = self._command_id
        try:
            with door.told(self.path), Session(self._made_engine()) as session, session.begin():
                raw = session.connection().connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                self._refuse_replaced()
                scoring.watch(raw)
                yield Writing(
                    raw,
                    self.path,
                    self.by,
                    self.clock,
                    lambda: self._run(raw),
                    lambda: session,
                    self.means,
                )
                session.flush()
                scoring.refresh(raw, self.means, self.clock.today)
            self.written = True
        except BaseException:
            self._command_id = before
            raise

    def _refuse_replaced(self) -> None:
        """Raise TryAgain where another file lies in the store's place since it was opened.

        Asked under the write lock, which a restore takes before it puts another file there.
        """
        if self._file != _file_at(self.path):
            raise TryAgain(*door.REPLACED)

    def _run(self, raw: sqlite3.Connection) -> int:
        """The row of this run of the program, made with its first write."""
        if self._command_id is None:
            told = (self.command, self.by, self.clock.stamp, self.clock.is_set)
            cursor = raw.execute('INSERT INTO command (name, "by", at, as_of) VALUES (?, ?, ?, ?)', told)
            self._command_id = cursor.lastrowid
        assert self._command_id is not None
        return self._command_id

    def open_case(self, customer: int, opening: Opening, standing: Standings) -> Case:
        """See `cases.open_case`."""
        with self._writing() as w:
            return cases.open_case(w, customer, opening, standing)

    def begin_firm(self, opening: Opening, standing: Standings, seeds: Sequence[Entry]) -> Case:
        """See `firm.begin`."""
        from winback_cli.store import firm

        with self._writing() as w:
            return firm.begin(w, opening, standing, seeds)

    def record(
        self,
        case_key: int,
        entries: Sequence[Entry],
        standing: Standings,
        seen: Mapping[str, int] | None = None,
    ) -> Case:
        """See `cases.record`."""
        with self._writing() as w:
            return cases.record(w, case_key, entries, standing, seen)

    def undo(self, case_key: int, seqs: Sequence[int], standing: Standings) -> Case:
        """See `cases.undo`."""
        with self._writing() as w:
            return cases.undo(w, case_key, seqs, standing)

    def move(self, case_key: int, opening: Opening, standing: Standings) -> Case:
        """See `cases.move`."""
        with self._writing() as w:
            return cases.move(w, case_key, opening, standing)

    def add(self, customer: Customer) -> int:
        """See `people.add`."""
        with self._writing() as w:
            return people.add(w, customer)

    def edit(self, number: int, given: Mapping[str, Any]) -> list[str]:
        """See `people.edit`."""
        with self._writing() as w:
            return people.edit(w, number, given)

    def bring_in(
        self, stream: Stream, told: Callable[[], Told], people: int, *, dry_run: bool = False
    ) -> Brought:
        """See `bringing.bring_in`; over a connection of its own."""
        if self.before_writing is not None and not dry_run:
            first, self.before_writing = self.before_writing, None
            first()
        hand = Hand(self.path, self.by, self.clock, self.command, self.means)
        brought = bring_in(hand, stream, told, people, dry_run=dry_run)
        self.written = self.written or not dry_run
        return brought

    def bring_purchases(
        self, stream: purchasing.Stream, told: Callable[[], Told], *, dry_run: bool = False
    ) -> purchasing.Taken:
        """See `purchasing.bring_in`; over a connection of its own."""
        from winback_cli.store import purchasing

        if self.before_writing is not None and not dry_run:
            first, self.before_writing = self.before_writing, None
            first()
        hand = Hand(self.path, self.by, self.clock, self.command, self.means)
        taken = purchasing.bring_in(hand, stream, told, dry_run=dry_run)
        self.written = self.written or not dry_run
        return taken

    def score(self) -> None:
        """Score everybody anew where that is due and was too much for a transaction; see `scoring`."""
        with door.told(self.path):
            raw = self._made_engine().raw_connection().driver_connection
            assert isinstance(raw, sqlite3.Connection)
            if scoring.stale(raw, self.means.given, self.clock.today):
                scoring.score_all(raw, self.means, self.clock.today)

    def merge(self, keep: int, gone: int, standing: Callable[[str, Case], Standing]) -> Plan:
        """See `merging.merge`; raises Busy while an import runs."""
        from winback_cli.store import merging

        with alone(self.path), self._writing() as w:
            return merging.merge(w, keep, gone, standing)

    def erase(
        self, numbers: Sequence[int], also: erasing.Also = dict, *, asked: bool = True, blank: bool = False
    ) -> erasing.Erased:
        """See `erasing.erase`; their traces are wiped. Raises Busy while an import runs."""
        self.before_writing = None  # a copy made now would hold them
        with alone(self.path):
            erasing.clear_staged(self.path)
            with self._writing() as w:
                done = erasing.erase(w, numbers, asked=asked, also=also, blank=blank)
            return done._replace(swept=erasing.sweep(self.path))

    def take_back(self, batch: int) -> TakenBack:
        """See `takeback.take_back`; raises Busy while an import runs."""
        with alone(self.path), self._writing() as w:
            return take_back(w, batch)

    def carry(
        self, carried: Sequence[Carried], since: Sequence[erasing.Certificate] = (), *, same_key: bool
    ) -> erasing.Carry:
        """See `erasing.take_over`; traces are wiped."""
        with self._writing() as w:
            done = erasing.take_over(w, carried, since, same_key=same_key)
        if done.erased:
            erasing.sweep(self.path)
        return done

    def new_key(self) -> tuple[int, int]:
        """See `suppressions.new_key`."""
        with self._writing() as w:
            return suppressions.new_key(w)

    def remake(self, keys: Sequence[int], standing: Callable[[str, Case], Standing]) -> None:
        """Make the rows of these cases anew (see `cases.remake`), the indexes of words, the queue and
        who is who; what an import left that was cut off goes. Raises Busy while one is under way.
        """
        with alone(self.path):
            with door.told(self.path), contextlib.closing(door.connect(self.path, writing=True)) as raw:
                clear(raw)
            with self._writing() as w:
                for key in keys:
                    cases.remake(w, key, partial(standing, reads.case_by_key(w.raw, key).playbook))
                for name in reads.SEARCHED:
                    w.raw.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
                ordered.make_anew(w.raw)
                w.run()

    def suppress(self, number: int, reason: str) -> Suppressed:
        """See `suppressions.suppress`."""
        with self._writing() as w:
            return suppressions.suppress(w, number, reason)

    def add_fix(self, new: mending.NewFix) -> int:
        """See `mending.add`."""
        with self._writing() as w:
            return mending.add(w, new)

    def settle_fix(self, number: int, state: str, on: date | None = None) -> mending.Fix:
        """See `mending.settle`."""
        with self._writing() as w:
            return mending.settle(w, number, state, on)

    def keep_message(self, case_key: int, draft: outbox.Draft, number: int | None = None) -> int:
        """See `outbox.keep`."""
        with self._writing() as w:
            return outbox.keep(w, case_key, draft, number)

    def approve(self, number: int, waived: Sequence[dict[str, str]] = ()) -> Message:
        """See `outbox.approve`."""
        with self._writing() as w:
            return outbox.approve(w, number, waived)

    def drop_message(self, number: int) -> Message:
        """See `outbox.drop`."""
        with self._writing() as w:
            return outbox.drop(w, number)

    def claim(self, number: int, check: outbox.Check) -> Message:
        """See `outbox.claim`."""
        with self._writing() as w:
            return outbox.claim(w, number, check)

    def settle_message(
        self,
        number: int,
        state: str,
        detail: str,
        happened: str,
        question: str,
        standing: Standings,
        wrong: bool = False,
    ) -> Message:
        """See `outbox.settle`."""
        with self._writing() as w:
            return outbox.settle(w, number, state, detail, happened, question, standing, wrong)

    def sent_by_hand(self, number: int, happened: str, question: str, standing: Standings) -> Message:
        """See `outbox.by_hand`."""
        with self._writing() as w:
            return outbox.by_hand(w, number, happened, question, standing)

    def resume_sending(self) -> None:
        """See `outbox.resume`."""
        with self._writing() as w:
            outbox.resume(w)

    def leave_alone(
        self, rows: Sequence[Checked], reason: str, file: str, sha256: str, so_far: Listed
    ) -> Listed:
        """See `blocklist.leave_alone`."""
        with self._writing() as w:
            return leave_alone(w, rows, reason, file, sha256, so_far)

    def lift(
        self,
        who: int | str,
        because: str,
        standing: Callable[[str, Case], Standing],
        *,
        together: bool,
        address: str = "",
    ) -> Lifted:
        """See `lifting.lift` for a customer's number, `lifting.lift_address` for an e-mail."""
        from winback_cli.store import lifting

        with self._writing() as w:
            if isinstance(who, str):
                return lifting.lift_address(w, who, because)
            return lifting.lift(w, who, because, standing, together=together, address=address)


def _file_at(path: Path) -> tuple[int, int]:
    there = path.stat()
    return there.st_dev, there.st_ino


__all__ = ["Opening", "Store"]
