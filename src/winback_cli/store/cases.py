"""Cases: opened, and grown by events; their rows and dues are made from those, never apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli.case import FIRM, FIRST_HASH, Case, Entry, Event, digest, fold
from winback_cli.errors import AnsweredMeanwhile, Refused, TryAgain
from winback_cli.store import reads, scoring
from winback_cli.store.repeating import repeat
from winback_cli.store.telling import tell, tell_as_before, with_before
from winback_cli.store.writing import Writing

if TYPE_CHECKING:
    from winback_cli.owing import Standing
    from winback_cli.store.tables import CustomerRow

Standings = Callable[[Case], "Standing | None"]  # None: the row stands as it was


# What a closed case still takes.
_AFTER_CLOSING = ("noted", "touched", "checked_in", "kept", "broken", "reopened", "sent")


class Opening(NamedTuple):
    """What a case begins with: a playbook's name and version, its text, that as JSON, its sha256."""

    playbook: str
    version: int
    text: str
    tree: str
    digest: str


def open_case(w: Writing, customer: int, opening: Opening, standing: Standings) -> Case:
    """Open the customer's next case, or return the unclosed one that somebody else just opened.

    Raises Refused for a suppressed customer.
    """
    from winback_cli.store.tables import CaseRow

    refuse_suppressed(w, customer)
    there = reads.case_ref(w.raw, customer)
    if there and there.status != "closed":
        return fold(there.id, reads.events(w.raw, there.key))
    _keep_playbook(w, opening)
    row = CaseRow(
        customer_id=customer,
        number=there.number + 1 if there else 1,
        playbook=opening.digest,
        status="open",
        stage="backstory",
        step="",
        opened_at=w.clock.stamp,
        seq=0,
        head=FIRST_HASH,
    )
    w.session.add(row)
    w.session.flush()
    assert row.id is not None
    chance = scoring.chance(w.raw, customer, w.means.given, w.clock.today)
    frozen = {} if chance is None else {"chance": chance}
    return append(w, row.id, [Entry("opened", _named(opening) | frozen)], standing)


def move(w: Writing, case_key: int, opening: Opening, standing: Standings) -> Case:
    """Let an unclosed case go on under another version of its playbook, or under another playbook.

    Raises Refused for a closed case and for a suppressed customer.
    """
    from winback_cli.store.tables import CaseRow

    _keep_playbook(w, opening)
    case = record(w, case_key, [Entry("moved", _named(opening))], standing)
    w.session.get_one(CaseRow, case_key).playbook = opening.digest
    w.session.flush()
    return case


def _keep_playbook(w: Writing, opening: Opening) -> None:
    """The playbook's text, once, beside the cases that run under it."""
    from winback_cli.store.tables import PlaybookRow

    if w.session.get(PlaybookRow, opening.digest) is None:
        fields = opening._asdict()
        w.session.add(PlaybookRow(**{"name": fields.pop("playbook"), **fields}))
        w.session.flush()


def _named(opening: Opening) -> dict[str, Any]:
    """How an event names a playbook."""
    return {"playbook": opening.playbook, "version": opening.version, "digest": opening.digest}


def _goes_on(entry: Entry) -> bool:
    """Whether it happens to a closed case too: a remark, a check-in, or a part of the firm's plan done."""
    value = entry.body.get("value")
    return entry.kind in _AFTER_CLOSING or (isinstance(value, dict) and set(value) == {"done_on"})


def record(
    w: Writing,
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
    ref = reads.case_by_key(w.raw, case_key)
    if not all(entry.kind == "noted" for entry in entries):
        refuse_suppressed(w, ref.customer)
    if ref.status == "closed" and not all(map(_goes_on, entries)):
        new = f"winback walk {ref.customer}" if ref.customer != FIRM else "winback trust new"
        raise Refused(f"Case {ref.id} is closed: {ref.outcome}.", f"{new} opens a new one.")
    if any(entry.kind == "reopened" for entry in entries):
        _refuse_second(w, ref)
    if seen:
        _compare(fold(ref.id, reads.events(w.raw, case_key)), seen)
    return append(w, case_key, entries, standing)


def undo(w: Writing, case_key: int, seqs: Sequence[int], standing: Standings) -> Case:
    """Take back the act that has these events: it is passed over from now on.

    Raises TryAgain where it is not the latest that stands any more: somebody else was quicker.
    """
    from winback_cli.acts import next_to_undo

    ref = reads.case_by_key(w.raw, case_key)
    refuse_suppressed(w, ref.customer)
    before = reads.events(w.raw, case_key)
    act = next_to_undo(before)
    if act is None or act.seqs != tuple(seqs):
        raise TryAgain("That case was changed meanwhile.", "See what stands now: winback undo WHO --list")
    if act.last.kind == "closed":
        _refuse_second(w, ref)
    entries = [Entry("undone", {"seq": seq}) for seq in reversed(act.seqs)]
    case = append(w, case_key, entries, standing)
    for event in reversed(act.events):
        tell_as_before(w, ref.customer, event.body)
    return case


def remake(w: Writing, case_key: int, standing: Standings) -> None:
    """Make a case's row, its dues and what its customer's row repeats anew from its events."""
    from winback_cli.store.tables import CustomerRow

    ref = reads.case_by_key(w.raw, case_key)
    w.run()
    case = fold(ref.id, reads.events(w.raw, case_key))
    _project(w, case_key, case, standing(case))
    owner = w.session.get_one(CustomerRow, ref.customer)
    _mirror(w, owner)


def _refuse_second(w: Writing, ref: reads.CaseRef) -> None:
    """One unclosed case a customer: an old one stays closed while a newer one runs."""
    running = reads.case_ref(w.raw, ref.customer)
    if running and running.key != ref.key and running.status != "closed":
        raise Refused(
            f"Case {running.id} is running; case {ref.id} stays closed.",
            f"winback walk {ref.customer} goes on with {running.id}.",
        )


def _compare(case: Case, seen: Mapping[str, int]) -> None:
    for question, seq in seen.items():
        answer = case.answers.get(question)
        if answer is not None and answer.seq != seq:
            raise AnsweredMeanwhile(question, answer.value, answer.by)


def refuse_suppressed(w: Writing, customer: int) -> None:
    """Raise Refused for somebody left alone, TryAgain for who is gone; the firm is neither (E9)."""
    if customer == FIRM:
        return
    record = reads.customer(w.raw, customer)
    if record is None:
        raise TryAgain("That customer was removed meanwhile.", "Run the command again.")
    if record.suppressed:
        raise Refused(
            f"{record.label} asked to be left alone.",
            "Nothing more is done or written for them.",
        )


def append(
    w: Writing,
    case_key: int,
    entries: Sequence[Entry],
    standing: Standings,
) -> Case:
    """Append events and make the case row and its dues anew from all of them.

    Raises pydantic's ValidationError, with nothing written, for a fact that is not one.
    """
    from winback_cli.store.tables import CustomerRow

    ref = reads.case_by_key(w.raw, case_key)
    before = reads.events(w.raw, case_key)
    owner = w.session.get_one(CustomerRow, ref.customer)
    told = [entry._replace(body=with_before(w, owner, entry, before)) for entry in entries]
    added = _signed(w, ref.id, before[-1] if before else None, told)
    case = fold(ref.id, [*before, *added])
    if any(entry.kind != "noted" for entry in entries):
        from winback_cli.facts import typed

        typed(case.facts)
    _insert_events(w, case_key, added)
    for entry in told:
        tell(w, owner, entry.body)
    _project(w, case_key, case, standing(case))
    _mirror(w, owner)
    return case


def _mirror(w: Writing, owner: CustomerRow) -> None:
    """What the customer's row repeats of their unclosed or latest case, so that lists need no join."""
    from winback_cli.store.tables import LEFT_ALONE, NO_DUE

    assert owner.id is not None
    if owner.id == FIRM:  # in no list and in no queue
        return
    latest = reads.case_ref(w.raw, owner.id)
    assert latest is not None
    dues = reads.dues_of(w.raw, latest.key)
    owner.case_id, owner.case_status = latest.key, latest.status
    owner.list_on = LEFT_ALONE if owner.suppression_id is not None else dues[0][2] if dues else NO_DUE
    w.session.flush()


def _signed(w: Writing, case_id: str, last: Event | None, entries: Sequence[Entry]) -> list[Event]:
    """The entries numbered, dated, signed and chained to the last event."""
    command = w.run()
    seq, head = (last.seq, last.hash) if last else (0, FIRST_HASH)
    signed = []
    for entry in entries:
        seq += 1
        event = Event(
            seq=seq,
            kind=entry.kind,
            by=w.by,
            happened=entry.happened or w.clock.today.isoformat(),
            recorded=w.clock.stamp,
            command=command,
            as_of=w.clock.is_set,
            body=entry.body,
            hash="",
        )
        head = digest(head, case_id, event)
        signed.append(event._replace(hash=head))
    return signed


def _insert_events(w: Writing, case_key: int, events: Sequence[Event]) -> None:
    from winback_cli.store.tables import EventRow

    for event in events:
        fields = event._asdict()
        fields["command_id"] = fields.pop("command")
        fields["happened"] = date.fromisoformat(event.happened)
        fields["body"] = json.dumps(event.body, ensure_ascii=False, sort_keys=True)
        w.session.add(EventRow(case_id=case_key, **fields))
    w.session.flush()


def _project(w: Writing, case_key: int, case: Case, standing: Standing | None) -> None:
    """Write the case row and its dues as the events make them."""
    from sqlmodel import col, delete

    from winback_cli.store.tables import CaseRow, CustomerRow, DueRow

    row = w.session.get_one(CaseRow, case_key)
    row.status, row.outcome, row.closed_at = case.status, case.outcome, case.closed_at
    row.seq, row.head = case.seq, case.head
    w.session.flush()
    repeat(w.raw, case_key, case)
    w.session.refresh(row)
    if standing is None:
        return
    owner = w.session.get_one(CustomerRow, row.customer_id)
    row.stage, row.step = standing.stage, standing.step
    if standing.breaches is not None:
        found = [breach._asdict() for breach in standing.breaches]
        row.breaches = json.dumps(found, ensure_ascii=False)
    w.session.exec(delete(DueRow).where(col(DueRow.case_id) == case_key))
    for due in standing.dues:
        w.session.add(
            DueRow(
                customer_id=row.customer_id,
                how_rank=owner.how_rank,
                revenue=owner.revenue,
                case_id=case_key,
                kind=due.kind,
                opens_on=date.fromisoformat(due.opens_on),
                due_on=date.fromisoformat(due.due_on),
                what=due.what,
                ref=due.ref,
            )
        )
    w.session.flush()
