"""Messages on their way: kept as drafts, approved, claimed, sent; never twice, never to the left alone.

A claim is committed before anything is sent, the result after. What was claimed and has no result is
uncertain: it is shown, and never sent again by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from winback_cli.case import Entry
from winback_cli.customer import Customer, canonical, email_point, guises, hashed
from winback_cli.errors import Refused, TryAgain
from winback_cli.store import cases, reads
from winback_cli.store import connect as door
from winback_cli.store.cases import Standings
from winback_cli.store.messages import (
    APPROVED,
    DRAFT,
    DROPPED,
    EDITABLE,
    FAILED,
    SENDING,
    SENT,
    UNCERTAIN,
    Message,
    message,
    paused,
)
from winback_cli.store.writing import Writing

# Raises Refused where a message says what its case does not bear out as it stands.
Check = Callable[[reads.Connection, Message], None]
LIVE = (*EDITABLE, SENDING, UNCERTAIN)  # neither sent nor given up


class Draft(NamedTuple):
    """What a message says and to whom; `message_id` is what its mail will go by."""

    stage: str
    to: str
    to_name: str
    subject: str
    body: str
    message_id: str
    fix: int | None = None


def keep(w: Writing, case_key: int, draft: Draft, number: int | None = None) -> int:
    """Keep a draft, a new one or in the place of that one; what is changed is to be approved again.

    Raises Refused for a suppressed customer, where that one is on its way or gone, or where nobody knows
    whether another of its kind arrived; TryAgain where somebody else drafted one meanwhile.
    """
    cases.refuse_suppressed(w, reads.case_by_key(w.raw, case_key).customer)
    told = (draft.to, draft.to_name, draft.subject, draft.body, draft.stage)
    if number is not None:
        there = message(w.raw, number)
        must_be(there, *EDITABLE)
        if told == (there.to, there.to_name, there.subject, there.body, there.stage):
            return number
        w.run()
        # Another text is another mail: under the number of the old one it could be taken for that.
        w.raw.execute(
            'UPDATE message SET "to" = ?, to_name = ?, subject = ?, body = ?, stage = ?, state = ?,'
            " message_id = ?, approved_by = '', waived = '[]', detail = '' WHERE id = ?",
            (*told, DRAFT, draft.message_id, number),
        )
        return number
    _refuse_second(w, case_key, draft)
    run = w.run()
    cursor = w.raw.execute(
        'INSERT INTO message ("to", to_name, subject, body, stage, command_id, case_id, fix_id, state,'
        ' message_id, "by", at, approved_by, detail, waived)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '[]')",
        (*told, run, case_key, draft.fix, DRAFT, draft.message_id, w.by, w.clock.stamp),
    )
    return int(cursor.lastrowid or 0)


def _refuse_second(w: Writing, case_key: int, draft: Draft) -> None:
    """One message of a kind at a time, or what is uncertain would go out a second time as a new one."""
    marks = ", ".join("?" * len(LIVE))
    row = w.raw.execute(
        "SELECT id FROM message WHERE case_id = ? AND stage = ? AND fix_id IS ?"
        f" AND state IN ({marks}) ORDER BY id DESC",
        (case_key, draft.stage, draft.fix, *LIVE),
    ).fetchone()
    if row is None:
        return
    there = message(w.raw, row[0])
    must_be(there, *EDITABLE)
    raise TryAgain(f"Message {there.number} was drafted meanwhile.", f"winback outbox show {there.number}")


def approve(w: Writing, number: int, waived: Sequence[dict[str, str]]) -> Message:
    """Approve a draft, or one that failed; `waived` are the findings that somebody set aside, with why.

    Raises Refused for a suppressed customer, or where it is on its way or gone.
    """
    there = message(w.raw, number)
    cases.refuse_suppressed(w, there.customer)
    must_be(there, *EDITABLE)
    w.run()
    kept = json.dumps([*there.waived, *waived], ensure_ascii=False)
    w.raw.execute(
        "UPDATE message SET state = ?, approved_by = ?, waived = ?, detail = '' WHERE id = ?",
        (APPROVED, w.by, kept, number),
    )
    return message(w.raw, number)


def drop(w: Writing, number: int) -> Message:
    """Give a message up; raises Refused where it is on its way or gone."""
    there = message(w.raw, number)
    must_be(there, *EDITABLE)
    w.run()
    w.raw.execute("UPDATE message SET state = ? WHERE id = ?", (DROPPED, number))
    return there


def claim(w: Writing, number: int, check: Check) -> Message:
    """Claim an approved message, so that nobody else sends it; suppression is asked again, here, and
    what the message says is checked as its case stands at this moment.

    Raises Refused as `refuse_stopped` does, while sending waits, and where the message is not approved;
    TryAgain where another process claimed it; BadInput where the key of the suppressions is lost.
    """
    there = message(w.raw, number)
    if there.state == SENDING:
        raise TryAgain(f"Message {number} is being sent by another winback.", "winback outbox")
    refuse_left_alone(w.raw, there)
    must_be(there, APPROVED)
    refuse_paused(w.raw)
    refuse_stopped(w.raw, w.path, there, check)
    w.run()
    w.raw.execute(
        "UPDATE message SET state = ?, claimed_at = ? WHERE id = ?", (SENDING, w.clock.stamp, number)
    )
    return message(w.raw, number)


def refuse_paused(connection: reads.Connection) -> None:
    """Raise Refused while sending waits after a restore."""
    if paused(connection):
        raise Refused(
            "Sending waits, because the store was restored: some of this may have gone out since the copy.",
            "Look through winback outbox, then winback outbox resume.",
        )


def refuse_left_alone(connection: reads.Connection, there: Message) -> None:
    """Raise Refused where the customer of a message is left alone by now."""
    record = reads.customer(connection, there.customer)
    if record is None or record.suppressed:
        raise Refused(f"{there.customer_name} asked to be left alone.", "Nothing is sent to them.")


def refuse_stopped(connection: reads.Connection, path: Path, there: Message, check: Check) -> None:
    """Raise Refused for whoever is left alone, by their record or by the address alone; for an address
    that is not theirs any more, or is invalid; and where `check` finds what stops the message.
    """
    refuse_left_alone(connection, there)
    _refuse_blocked(connection, path, there.to)
    mine = [point for point in reads.points(connection, there.customer) if point.kind == "email"]
    known = {canonical(point) for point in mine if point.state != "invalid"}
    if canonical(email_point(there.to)) not in known:
        raise Refused(
            "The address that it goes to is not theirs any more, or is invalid.",
            f"winback draft {there.case} --kind {there.stage} addresses it anew.",
        )
    check(connection, there)


def _refuse_blocked(connection: reads.Connection, path: Path, address: str) -> None:
    """Raise Refused for an address that somebody who is left alone goes by, with or without a record."""
    if not reads.any_suppression(connection):
        return
    if keyless := door.keyless(connection, path):
        raise keyless
    key = door.read_key(path, make=False)
    names = guises(Customer(emails=(email_point(address),)))
    if reads.suppressed_hashes(connection, [hashed(name, key) for name in names]):
        raise Refused("Somebody who goes by that address asked to be left alone.", "Nothing is sent there.")


def settle(
    w: Writing,
    number: int,
    state: str,
    detail: str,
    happened: str,
    question: str,
    standing: Standings,
    wrong: bool = False,
) -> Message:
    """Keep what became of a claimed message; one that was sent is in the case from then on.

    `question` is the playbook's that asks when it went out, if this is that message; `happened` an ISO
    day; `wrong` where there is no such address, which is stale then (C4). Raises Refused where the
    message was settled already.
    """
    there = message(w.raw, number)
    must_be(there, SENDING, UNCERTAIN)
    w.run()
    w.raw.execute(
        "UPDATE message SET state = ?, detail = ?, settled_at = ? WHERE id = ?",
        (state, detail, w.clock.stamp, number),
    )
    if wrong:
        _mark_stale(w, there)
    if state == SENT:
        _tell(w, there, happened, question, standing)
    return message(w.raw, number)


def _mark_stale(w: Writing, there: Message) -> None:
    """The contact point that a message went to is out of date; nobody is suppressed for that."""
    wanted = canonical(email_point(there.to))
    rows = w.raw.execute(
        "SELECT place, value FROM contact_point WHERE customer_id = ? AND kind = 'email'"
        " AND state IN ('good', 'unchecked')",
        (there.customer,),
    ).fetchall()
    w.raw.executemany(
        "UPDATE contact_point SET state = 'stale' WHERE customer_id = ? AND place = ?",
        [(there.customer, place) for place, value in rows if canonical(email_point(value)) == wanted],
    )


def by_hand(w: Writing, number: int, happened: str, question: str, standing: Standings) -> Message:
    """Mark an approved message as sent by hand, on that ISO day; the case has it from then on."""
    there = message(w.raw, number)
    cases.refuse_suppressed(w, there.customer)
    must_be(there, APPROVED, FAILED)
    w.run()
    w.raw.execute(
        "UPDATE message SET state = ?, detail = 'by hand', claimed_at = ?, settled_at = ? WHERE id = ?",
        (SENT, w.clock.stamp, w.clock.stamp, number),
    )
    _tell(w, there, happened, question, standing)
    return message(w.raw, number)


def _tell(w: Writing, there: Message, happened: str, question: str, standing: Standings) -> None:
    body: dict[str, Any] = {"message": there.number, "stage": there.stage, "subject": there.subject}
    if there.fix is not None:
        body["fix"] = there.fix
    if question:
        body["question"] = question
    # Appended without asking whether they are left alone: it did go out.
    cases.append(w, there.case_key, [Entry("sent", body, happened)], standing)


def resume(w: Writing) -> None:
    """Let sending go on after a restore."""
    w.run()
    w.raw.execute("DELETE FROM about WHERE name = 'restored'")


def must_be(there: Message, *states: str) -> None:
    """Raise Refused where a message stands elsewhere than in one of these states."""
    if there.state in states:
        return
    if there.state in (SENT, DROPPED):
        raise Refused(
            f"Message {there.number} was {there.state} already.", f"winback outbox show {there.number}"
        )
    if there.state in (SENDING, UNCERTAIN):
        raise Refused(
            f"Nobody knows whether message {there.number} arrived.",
            f"winback outbox settle {there.number} --sent, or --not-sent.",
        )
    hint = f"winback outbox approve {there.number}" if APPROVED in states else "winback outbox"
    told = {DRAFT: "is a draft", APPROVED: "is approved, and not sent yet", FAILED: "did not go out"}
    raise Refused(f"Message {there.number} {told[there.state]}.", hint)
