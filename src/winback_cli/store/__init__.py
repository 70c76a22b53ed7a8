"""The store: one SQLite file that keeps every customer, case and event. Values in, values out.

Sole importer of sqlmodel and sqlalchemy, and only where something is written. Each method is one
transaction, begun as BEGIN IMMEDIATE: what it decides from, it reads inside. A case's events are
the truth; its row and its dues are made from them in the same transaction.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli.case import FIRST_HASH, Case, Entry, Event, digest, fold
from winback_cli.customer import ContactPoint, Customer, canonical, hashed, identities
from winback_cli.dates import Clock
from winback_cli.errors import AnsweredMeanwhile, Refused, TryAgain, WinbackError
from winback_cli.money import Money
from winback_cli.store import connect as door
from winback_cli.store import reads

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from sqlmodel import Session

    from winback_cli.route import Standing

RANKS = {"departing": 0, "upset": 1, "content": 3}  # the queue's order; lapsed and unknown are 2
Standings = Callable[[Case], "Standing"]


class Opening(NamedTuple):
    """What a case begins with: the playbook's name and version, its text and that text's sha256."""

    playbook: str
    version: int
    text: str
    digest: str


class Brought(NamedTuple):
    """What an import did; the five counts and the rejected rows make up all rows."""

    batch: int | None
    new: int = 0
    changed: int = 0
    same: int = 0
    suppressed: int = 0
    already: bool = False


@contextlib.contextmanager
def reading(path: Path) -> Iterator[reads.Connection]:
    """A connection that only reads; raises our errors where the file is no store of ours.

    A store behind this program is brought up to date first, on a copy's safety.
    """
    with door.told():
        door.check_file(path)
        connection = door.connect(path)
        try:
            if door.version(connection) != door.HEAD:
                connection.close()
                bring_up_to_date(path)
                connection = door.connect(path)
            yield connection
        finally:
            connection.close()


def bring_up_to_date(path: Path) -> Path:
    """Upgrade an older store, after a copy; returns the copy's place."""
    from winback_cli.store import upgrade

    with contextlib.closing(door.connect(path)) as connection:
        old = door.version(connection)
    copy = upgrade.copy_before(path, old)
    upgrade.to_head(path)
    return copy


class Store:
    """The open store of one command: `by` signs what is written, `clock` dates it."""

    def __init__(self, path: Path, by: str, clock: Clock, command: str) -> None:
        self.path = path
        self.by = by
        self.clock = clock
        self.command = command
        self._command_id: int | None = None
        self._engine: Engine | None = None

    @classmethod
    def open(cls, path: Path, by: str, clock: Clock, command: str, *, create: bool = False) -> Store:
        """Open a store to write; with `create`, make it where there is none."""
        from winback_cli.store import upgrade

        with door.told():
            if create and not path.exists():
                door.create(path, upgrade.to_head)
            with reading(path):
                pass
        return cls(path, by, clock, command)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextlib.contextmanager
    def reads(self) -> Iterator[reads.Connection]:
        """A reading connection, closed before anybody is asked anything."""
        with reading(self.path) as connection:
            yield connection

    def _made_engine(self) -> Engine:
        if self._engine is None:
            from sqlalchemy import create_engine, event
            from sqlalchemy.pool import StaticPool

            self._engine = create_engine(
                "sqlite://",
                creator=lambda: door.connect(self.path, writing=True),
                poolclass=StaticPool,
                hide_parameters=True,
            )
            event.listen(self._engine, "begin", door.begin)
        return self._engine

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[Session, sqlite3.Connection]]:
        """One transaction; rolled back on anything, Ctrl-C included."""
        from sqlalchemy.exc import DBAPIError
        from sqlmodel import Session

        before = self._command_id
        try:
            with door.told(), Session(self._made_engine()) as session, session.begin():
                raw = session.connection().connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                yield session, raw
        except DBAPIError as error:
            self._command_id = before
            cause = error.orig
            if isinstance(cause, sqlite3.Error):
                raise door.meaning(cause) from None
            raise
        except BaseException:
            self._command_id = before
            raise

    def _run(self, session: Session) -> int:
        """The row of this run of the program, made with its first write."""
        from winback_cli.store.tables import CommandRow

        if self._command_id is None:
            row = CommandRow(name=self.command, by=self.by, at=self.clock.stamp, as_of=self.clock.is_set)
            session.add(row)
            session.flush()
            self._command_id = row.id
        assert self._command_id is not None
        return self._command_id

    # -- cases -------------------------------------------------------------------------------

    def open_case(self, customer: int, opening: Opening, standing: Standings) -> Case:
        """Open the customer's next case, or return the unclosed one that somebody else just opened.

        Raises Refused for a suppressed customer.
        """
        from winback_cli.store.tables import CaseRow, PlaybookRow

        with self._writing() as (session, raw):
            self._refuse_suppressed(raw, customer)
            there = reads.case_ref(raw, customer)
            if there and there.status != "closed":
                return fold(there.id, reads.events(raw, there.key))
            if session.get(PlaybookRow, opening.digest) is None:
                session.add(
                    PlaybookRow(
                        digest=opening.digest,
                        name=opening.playbook,
                        version=opening.version,
                        text=opening.text,
                    )
                )
                session.flush()
            row = CaseRow(
                customer_id=customer,
                number=there.number + 1 if there else 1,
                playbook=opening.digest,
                status="open",
                stage="backstory",
                step="",
                opened_at=self.clock.stamp,
                seq=0,
                head=FIRST_HASH,
            )
            session.add(row)
            session.flush()
            assert row.id is not None
            body = {
                "playbook": opening.playbook,
                "version": opening.version,
                "digest": opening.digest,
            }
            return self._append(session, raw, row.id, [Entry("opened", body)], standing)

    def record(
        self,
        case_key: int,
        entries: Sequence[Entry],
        standing: Standings,
        seen: Mapping[str, int] | None = None,
    ) -> Case:
        """Append events to a case and make its row anew from them; returns the case as it is then.

        `seen` says, for the questions answered here, the number of the answer that was on screen
        (0 for none). Raises AnsweredMeanwhile where another one stands, Refused for a suppressed
        customer, ValueError for a fact that is not one.
        """
        with self._writing() as (session, raw):
            ref = reads.case_by_key(raw, case_key)
            if not all(entry.kind == "noted" for entry in entries):
                self._refuse_suppressed(raw, ref.customer)
            if seen:
                self._compare(fold(ref.id, reads.events(raw, case_key)), seen)
            return self._append(session, raw, case_key, entries, standing)

    @staticmethod
    def _compare(case: Case, seen: Mapping[str, int]) -> None:
        for question, seq in seen.items():
            answer = case.answers.get(question)
            if answer is not None and answer.seq != seq:
                raise AnsweredMeanwhile(question, answer.value, answer.by)

    @staticmethod
    def _refuse_suppressed(raw: sqlite3.Connection, customer: int) -> None:
        record = reads.customer(raw, customer)
        if record is None:
            raise TryAgain("That customer was removed meanwhile.", "Run the command again.")
        if record.suppressed:
            raise Refused(
                f"{record.label} asked to be left alone.",
                "Nothing more is done or written for them.",
            )

    def _append(
        self,
        session: Session,
        raw: sqlite3.Connection,
        case_key: int,
        entries: Sequence[Entry],
        standing: Standings,
    ) -> Case:
        from winback_cli.stages import typed
        from winback_cli.store.tables import CustomerRow

        ref = reads.case_by_key(raw, case_key)
        before = reads.events(raw, case_key)
        added = self._signed(session, ref.id, before[-1] if before else None, entries)
        case = fold(ref.id, [*before, *added])
        typed(case.facts)
        self._insert_events(session, case_key, added)
        self._project(session, case_key, case, standing(case))
        owner = session.get_one(CustomerRow, ref.customer)
        latest = reads.case_ref(raw, ref.customer)
        if latest is None or latest.key == case_key:
            owner.case_status = case.status
        if how_left := case.facts.get("backstory.how_left"):
            owner.how_left, owner.how_rank = how_left, RANKS.get(how_left, 2)
        return case

    def _signed(
        self, session: Session, case_id: str, last: Event | None, entries: Sequence[Entry]
    ) -> list[Event]:
        """The entries numbered, dated, signed and chained to the last event."""
        command = self._run(session)
        seq, head = (last.seq, last.hash) if last else (0, FIRST_HASH)
        signed = []
        for entry in entries:
            seq += 1
            event = Event(
                seq=seq,
                kind=entry.kind,
                by=self.by,
                happened=entry.happened or self.clock.today.isoformat(),
                recorded=self.clock.stamp,
                command=command,
                as_of=self.clock.is_set,
                body=entry.body,
                hash="",
            )
            head = digest(head, case_id, event)
            signed.append(event._replace(hash=head))
        return signed

    @staticmethod
    def _insert_events(session: Session, case_key: int, events: Sequence[Event]) -> None:
        from winback_cli.store.tables import EventRow

        for event in events:
            fields = event._asdict()
            fields["command_id"] = fields.pop("command")
            fields["happened"] = date.fromisoformat(event.happened)
            fields["body"] = json.dumps(event.body, ensure_ascii=False, sort_keys=True)
            session.add(EventRow(case_id=case_key, **fields))
        session.flush()

    @staticmethod
    def _project(session: Session, case_key: int, case: Case, standing: Standing) -> None:
        """Write the case row and its dues as the events make them."""
        from sqlmodel import col, delete

        from winback_cli.store.tables import CaseRow, DueRow

        row = session.get_one(CaseRow, case_key)
        row.status, row.outcome, row.closed_at = case.status, case.outcome, case.closed_at
        row.stage, row.step = standing.stage, standing.step
        row.seq, row.head = case.seq, case.head
        session.exec(delete(DueRow).where(col(DueRow.case_id) == case_key))
        for due in standing.dues:
            session.add(
                DueRow(
                    case_id=case_key,
                    kind=due.kind,
                    opens_on=date.fromisoformat(due.opens_on),
                    due_on=date.fromisoformat(due.due_on),
                    what=due.what,
                    ref=due.ref,
                )
            )
        session.flush()

    # -- customers ---------------------------------------------------------------------------

    def add(self, customer: Customer) -> int:
        """Add one customer by hand; every field given counts as edited by the user.

        Raises Refused where an identity of theirs is on the suppression list or already known.
        """
        with self._writing() as (session, raw):
            key = self._key(raw)
            hashes = [hashed(identity, key) for identity in identities(customer)]
            if reads.suppressed_hashes(raw, hashes):
                raise Refused(
                    "That person asked to be left alone.",
                    "They are not added; nothing was changed.",
                )
            if twin := self._match(raw, customer):
                raise Refused(
                    f"{reads.label(customer.name, customer.company)} is here already, as number {twin}.",
                    f"winback show {twin}",
                )
            number = self._next_number(raw)
            row = _row_of(customer, number)
            row["edited"] = " ".join(_given(customer))
            self._insert_customers(session, [row], {number: customer})
            self._run(session)
            return number

    def edit(self, number: int, given: Mapping[str, Any]) -> list[str]:
        """Set fields of a customer by hand; returns those that changed.

        `given` holds plain fields, `orders`, `revenue` (Money or None), and `emails`, `phones` as
        tuples of contact points, which replace the old ones. Raises Refused where the new address
        is on the suppression list.
        """
        from sqlmodel import col, delete

        from winback_cli.store.tables import ContactPointRow, CustomerRow

        with self._writing() as (session, raw):
            key = self._key(raw)
            row = session.get_one(CustomerRow, number)
            before = {name: getattr(row, name) for name in _columns_of(given)}
            after = _columns_of(given)
            changed = [name for name in after if after[name] != before[name]]
            for name in changed:
                setattr(row, name, after[name])
            row.folded = _folded(row.name, row.company)
            row.how_rank = RANKS.get(row.how_left, 2)
            old = reads.points(raw, number)
            for kind in ("emails", "phones"):
                if kind not in given:
                    continue
                mine = kind.removesuffix("s")
                if [p.value for p in given[kind]] == [p.value for p in old if p.kind == mine]:
                    continue
                changed.append(kind)
                points = ContactPointRow
                session.exec(
                    delete(points).where(col(points.customer_id) == number, col(points.kind) == mine)
                )
                session.add_all(points(**entry) for entry in _point_rows(number, given[kind]))
            identity = Customer(
                row.name,
                row.company,
                tuple(given.get("emails", ())),
                tuple(given.get("phones", ())),
            )
            hashes = [hashed(one, key) for one in identities(identity)]
            if row.suppression_id is None and reads.suppressed_hashes(raw, hashes):
                raise Refused(
                    "That address belongs to somebody who asked to be left alone.",
                    "Nothing was changed.",
                )
            if changed:
                row.edited = " ".join(sorted({*row.edited.split(), *changed}))
                self._run(session)
                if row.suppression_id is not None:  # the new address is kept from them too
                    session.flush()
                    self._insert_keys(session, row.suppression_id, self._stored(raw, number), key)
            return changed

    def bring_in(
        self, rows: Sequence[Customer], file: str, sha256: str, key: str, *, dry_run: bool = False
    ) -> Brought:
        """Bring a list in, all or nothing; one brought in before (by `key`) changes nothing.

        Blank cells never overwrite, nor does any cell a field edited by hand. An opted-out row
        suppresses its customer; a row that matches the suppression list changes nothing.
        """
        result = Brought(None)
        try:
            with self._writing() as (session, raw):
                result = self._bring_in(session, raw, rows, file, sha256, key)
                if dry_run:
                    raise _DryRun
        except _DryRun:
            result = result._replace(batch=None)
        return result

    def _bring_in(
        self,
        session: Session,
        raw: sqlite3.Connection,
        rows: Sequence[Customer],
        file: str,
        sha256: str,
        key: str,
    ) -> Brought:
        from winback_cli.store.tables import BatchRow

        if (there := reads.batch_of(raw, key)) is not None:
            return Brought(there, same=len(rows), already=True)
        secret = self._key(raw)
        batch = BatchRow(command_id=self._run(session), file=file, sha256=sha256, key=key, counts="{}")
        session.add(batch)
        session.flush()
        counts = dict.fromkeys(("new", "changed", "same", "suppressed"), 0)
        fresh: dict[int, Customer] = {}
        opted_out: list[int] = []
        blocked = self._blocked(raw, rows, secret)
        number = self._next_number(raw)
        empty = number == 1
        for place, customer in enumerate(rows):
            twin = None if empty else self._match(raw, customer)
            if twin is not None:
                outcome = self._update(session, raw, twin, customer)
                if outcome != "suppressed" and customer.opted_out:
                    opted_out.append(twin)
                    outcome = "suppressed"
            elif place in blocked:
                outcome = "suppressed"
            else:
                fresh[number] = customer
                outcome = "suppressed" if customer.opted_out else "new"
                if customer.opted_out:
                    opted_out.append(number)
                number += 1
            counts[outcome] += 1
        stored = [_row_of(customer, n) | {"batch_id": batch.id} for n, customer in fresh.items()]
        self._insert_customers(session, stored, fresh)
        for n in opted_out:
            self._suppress(session, raw, n, f"opted out in {file}", secret)
        batch.counts = json.dumps(counts)
        return Brought(batch.id, **counts)

    def _blocked(self, raw: sqlite3.Connection, rows: Sequence[Customer], key: bytes) -> set[int]:
        """The places of the rows whose person is on the suppression list."""
        if not reads.any_suppression(raw):
            return set()
        by_hash: dict[str, list[int]] = {}
        for place, customer in enumerate(rows):
            for identity in identities(customer):
                by_hash.setdefault(hashed(identity, key), []).append(place)
        found = reads.suppressed_hashes(raw, by_hash)
        return {place for one in found for place in by_hash[one]}

    @staticmethod
    def _match(raw: sqlite3.Connection, customer: Customer) -> int | None:
        """The number of the same person in the store, by the surest identity first."""
        if customer.external_id:
            row = raw.execute(
                "SELECT id FROM customer WHERE external_id = ?", (customer.external_id,)
            ).fetchone()
            if row:
                return int(row[0])
        folded = _folded(customer.name, customer.company)
        for point in customer.emails + customer.phones:
            if point.state == "invalid":
                continue
            rows = raw.execute(
                "SELECT p.customer_id, c.folded, c.external_id FROM contact_point p"
                " JOIN customer c ON c.id = p.customer_id"
                " WHERE p.canonical = ? AND p.kind = ? ORDER BY p.customer_id",
                (canonical(point), point.kind),
            ).fetchall()
            for number, other, external_id in rows:
                if point.kind == "phone" and other != folded:
                    continue
                if point.kind == "email" or not (external_id and customer.external_id):
                    return int(number)
        if customer.external_id or customer.emails or customer.phones:
            return None
        row = raw.execute(
            "SELECT id FROM customer WHERE folded = ? AND external_id IS NULL ORDER BY id",
            (folded,),
        ).fetchone()
        return int(row[0]) if row else None

    def _update(self, session: Session, raw: sqlite3.Connection, number: int, customer: Customer) -> str:
        """Take over what a row says anew of a known customer: changed, same or suppressed."""
        from winback_cli.store.tables import ContactPointRow, CustomerRow

        row = session.get_one(CustomerRow, number)
        if row.suppression_id is not None:
            return "suppressed"
        edited = set(row.edited.split())
        given = {
            name: value
            for name, value in _columns_of(_given(customer)).items()
            if name not in edited and value != getattr(row, name)
        }
        if "external_id" in given and row.external_id:
            del given["external_id"]  # the same mailbox under another id: the first id stays
        for name, value in given.items():
            setattr(row, name, value)
        have = {(p.kind, canonical(p)) for p in reads.points(raw, number)}
        more = [
            p
            for p in customer.emails + customer.phones
            if (p.kind, canonical(p)) not in have and f"{p.kind}s" not in edited
        ]
        session.add_all(ContactPointRow(**entry) for entry in _point_rows(number, more))
        if given:
            row.folded = _folded(row.name, row.company)
            row.how_rank = RANKS.get(row.how_left, 2)
        session.flush()
        return "changed" if given or more else "same"

    @staticmethod
    def _next_number(raw: sqlite3.Connection) -> int:
        return int(raw.execute("SELECT coalesce(max(id), 0) + 1 FROM customer").fetchone()[0])

    @staticmethod
    def _insert_customers(
        session: Session, rows: Sequence[dict[str, Any]], customers: Mapping[int, Customer]
    ) -> None:
        from sqlmodel import insert

        from winback_cli.store.tables import ContactPointRow, CustomerRow

        if not rows:
            return
        session.execute(insert(CustomerRow), rows)
        points = [
            entry
            for number, customer in customers.items()
            for entry in _point_rows(number, customer.emails + customer.phones)
        ]
        if points:
            session.execute(insert(ContactPointRow), points)

    # -- being left alone --------------------------------------------------------------------

    def suppress(self, number: int, reason: str) -> str | None:
        """Put a customer on the suppression list and close their case; returns the case's id.

        None where they had no unclosed case. Suppressing somebody twice changes nothing.
        """
        with self._writing() as (session, raw):
            record = reads.customer(raw, number)
            assert record is not None
            if record.suppressed:
                return None
            return self._suppress(session, raw, number, reason, self._key(raw))

    def _suppress(
        self, session: Session, raw: sqlite3.Connection, number: int, reason: str, key: bytes
    ) -> str | None:
        from winback_cli.route import Standing
        from winback_cli.store.tables import CustomerRow, SuppressionRow

        row = SuppressionRow(
            command_id=self._run(session),
            reason=reason,
            by=self.by,
            on=self.clock.today,
        )
        session.add(row)
        session.flush()
        assert row.id is not None
        session.get_one(CustomerRow, number).suppression_id = row.id
        session.flush()
        self._insert_keys(session, row.id, self._stored(raw, number), key)
        there = reads.case_ref(raw, number)
        if there is None or there.status == "closed":
            return None
        body = {"outcome": "suppressed", "because": reason}
        entry = Entry("closed", body)
        self._append(session, raw, there.key, [entry], lambda case: Standing(there.stage, there.step, ()))
        return there.id

    @staticmethod
    def _insert_keys(session: Session, suppression: int, customer: Customer, key: bytes) -> None:
        from winback_cli.store.tables import SuppressionKeyRow

        session.add_all(
            SuppressionKeyRow(suppression_id=suppression, hash=hashed(identity, key))
            for identity in identities(customer)
        )
        session.flush()

    @staticmethod
    def _stored(raw: sqlite3.Connection, number: int) -> Customer:
        """A stored customer as the value that identities are made of."""
        record = reads.customer(raw, number)
        assert record is not None
        points = reads.points(raw, number)
        return Customer(
            name=record.name,
            company=record.company,
            emails=tuple(p for p in points if p.kind == "email"),
            phones=tuple(p for p in points if p.kind == "phone"),
            external_id=record.external_id or "",
        )

    def _key(self, raw: sqlite3.Connection) -> bytes:
        return door.read_key(self.path, make=not reads.any_suppression(raw))


class _DryRun(Exception):
    """Rolls the transaction of a dry run back."""


def _folded(name: str, company: str) -> str:
    from winback_cli.text import fold as folded

    return folded(f"{name} {company}")


def _given(customer: Customer) -> dict[str, Any]:
    """The fields that a customer value says anything about, contact points apart."""
    skip = ("emails", "phones", "opted_out")
    fields = {k: v for k, v in customer._asdict().items() if k not in skip}
    return {k: v for k, v in fields.items() if v not in ("", None)}


def _columns_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the table's columns: money split, dates as dates, contact points left out."""
    columns: dict[str, Any] = {}
    for name, value in given.items():
        if name in ("emails", "phones"):
            continue
        if name == "revenue":
            columns["revenue"] = value.amount if isinstance(value, Money) else None
            columns["currency"] = value.currency if isinstance(value, Money) else ""
        elif name in ("first_purchase", "last_purchase"):
            columns[name] = date.fromisoformat(value) if value else None
        elif name == "external_id":
            columns[name] = value or None
        else:
            columns[name] = value
    return columns


def _row_of(customer: Customer, number: int) -> dict[str, Any]:
    every = {k: v for k, v in customer._asdict().items() if k not in ("emails", "phones", "opted_out")}
    row = _columns_of(every)
    row["id"] = number
    row["folded"] = _folded(customer.name, customer.company)
    row["how_rank"] = RANKS.get(customer.how_left, 2)
    row["edited"] = ""
    return row


def _point_rows(number: int, points: Sequence[ContactPoint]) -> list[dict[str, Any]]:
    return [
        {
            "customer_id": number,
            "kind": p.kind,
            "value": p.value,
            "canonical": canonical(p),
            "state": p.state,
        }
        for p in points
    ]


__all__ = ["Brought", "Opening", "Store", "WinbackError", "reading", "reads"]
