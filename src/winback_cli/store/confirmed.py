"""A reason that somebody confirmed in a survey's review, on the customer's record until it is taken back.

What stood there before is kept as a change of the reply's own (its number below nothing, so that it is
no list's), and goes with the customer when they are erased or made one with another.
"""

from __future__ import annotations

import json

from winback_cli.store.changes import write_fields
from winback_cli.store.reads import Connection
from winback_cli.store.writing import Writing

_NOTES = """SELECT r.id, c.old, c.new FROM reply r JOIN change c ON c.batch_id = -r.id
    AND c.customer_id = r.customer_id AND c.field = 'reason' WHERE r.customer_id = ? ORDER BY r.id"""


def put(w: Writing, reply: int, reason: str) -> None:
    """Make the reason of a reply the customer's, unless one was set by hand or a case has classified one.

    No list changes it from then on, as it is a person's judgement.
    """
    number, now, edited, classified = w.raw.execute(
        "SELECT u.id, u.reason, u.edited, EXISTS (SELECT 1 FROM casefile k WHERE k.customer_id = u.id"
        " AND k.reason != '') FROM reply r JOIN customer_row u ON u.id = r.customer_id WHERE r.id = ?",
        (reply,),
    ).fetchone()
    by_hand = set(edited.split())
    if classified or now == reason or ("reason" in by_hand and not _is_ours(w.raw, number, now)):
        return
    w.raw.execute(
        "INSERT INTO change (batch_id, customer_id, field, old, new) VALUES (?, ?, 'reason', ?, ?)",
        (-reply, number, json.dumps(now), json.dumps(reason)),
    )
    _set(w, number, reason, by_hand | {"reason"})


def take_back(w: Writing, reply: int) -> None:
    """Give the customer back the reason from before this reply's, where nobody set another since."""
    row = w.raw.execute("SELECT customer_id FROM reply WHERE id = ?", (reply,)).fetchone()
    notes = {key: (old, new) for key, old, new in w.raw.execute(_NOTES, (row[0],))} if row else {}
    if reply not in notes:
        return
    number, (old, new) = row[0], notes.pop(reply)
    w.raw.execute("DELETE FROM change WHERE batch_id = ? AND customer_id = ?", (-reply, number))
    later = next((key for key, (before, _) in notes.items() if before == new), None)
    if later is not None:  # another reply's stands on this one
        w.raw.execute(
            "UPDATE change SET old = ? WHERE batch_id = ? AND customer_id = ? AND field = 'reason'",
            (old, -later, number),
        )
        return
    now, edited = w.raw.execute(
        "SELECT reason, edited FROM customer_row WHERE id = ?", (number,)
    ).fetchone()
    if now == json.loads(new):
        others = {json.loads(one) for _, one in notes.values()}
        mine = set() if json.loads(old) in others else {"reason"}
        _set(w, number, json.loads(old), set(edited.split()) - mine)


def _is_ours(connection: Connection, number: int, reason: str) -> bool:
    """Whether the reason on record is one that was confirmed in a review."""
    return any(json.loads(new) == reason for _, _, new in connection.execute(_NOTES, (number,)))


def _set(w: Writing, number: int, reason: str, edited: set[str]) -> None:
    write_fields(w.raw, number, {"reason": reason, "edited": " ".join(sorted(edited))})
