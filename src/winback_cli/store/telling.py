"""What a case's events tell of its customer - how they left, which contact points work - and an undo.

The body of such an event keeps, as `was`, what the record said before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from winback_cli.case import Entry, Event
from winback_cli.customer import ContactPoint
from winback_cli.plainrow import RANKS
from winback_cli.reaching import failed
from winback_cli.store.writing import Writing
from winback_cli.winners import is_top_fifth

if TYPE_CHECKING:
    from winback_cli.store.tables import CustomerRow


def tell(w: Writing, owner: CustomerRow, body: Mapping[str, Any]) -> None:
    """What a walk learned of the customer: how they left, and whether they can be reached (C4)."""
    value = body.get("value")
    if body.get("fact") == "backstory.how_left" and value:
        owner.how_left, owner.how_rank = value, RANKS.get(value, 2)
        owner.edited = " ".join(sorted({*owner.edited.split(), "how_left"}))
    if body.get("fact") == "backstory.contact_details" and value:
        w.raw.execute(
            "UPDATE contact_point SET state = ? WHERE customer_id = ? AND state != 'invalid'",
            (_state_after(value), owner.id),
        )
    for place, (was, became) in _points_of(body).items():
        _set_state(w, owner.id, place, was, became)


def _points_of(body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What a touch changed of contact points: by place, the state before and after."""
    found: dict[str, tuple[str, str]] = (body.get("was") or {}).get("points", {})
    return found


def _set_state(w: Writing, number: int | None, place: str, was: str, becomes: str) -> None:
    """Give a contact point another state, where it still has the one it had."""
    w.raw.execute(
        "UPDATE contact_point SET state = ? WHERE customer_id = ? AND place = ? AND state = ?",
        (becomes, number, int(place), was),
    )


def _state_after(details: str) -> str:
    return "stale" if details == "stale" else "good"


def with_before(w: Writing, owner: CustomerRow, entry: Entry, before: Sequence[Event]) -> dict[str, Any]:
    """The body of an event with what the customer's record said before it, for an undo."""
    body = entry.body
    if entry.kind == "touched":
        return _with_points(w, owner, body, before)
    if entry.kind == "closed" and body.get("outcome") == "won" and _is_top_fifth(w, owner):
        return body | {"top_fifth": True}
    if not body.get("value"):
        return body
    if body.get("fact") == "backstory.how_left":
        return body | {"was": {"how_left": owner.how_left, "edited": "how_left" in owner.edited.split()}}
    if body.get("fact") == "backstory.contact_details":
        rows = w.raw.execute("SELECT place, state FROM contact_point WHERE customer_id = ?", (owner.id,))
        return body | {"was": {"states": {str(row[0]): row[1] for row in rows}}}
    return body


def _is_top_fifth(w: Writing, owner: CustomerRow) -> bool:
    """Whether they are of the top fifth by revenue of those with the same currency (A7, E8)."""
    if not owner.revenue or owner.revenue < 0:
        return False
    at_least, of = w.raw.execute(
        "SELECT coalesce(sum(revenue >= ?), 0), count(*) FROM customer WHERE currency = ? AND revenue > 0",
        (owner.revenue, owner.currency),
    ).fetchone()
    return is_top_fifth(at_least, of)


def _with_points(
    w: Writing, owner: CustomerRow, body: dict[str, Any], before: Sequence[Event]
) -> dict[str, Any]:
    """A touch with what it says of contact points: a wrong number is stale; and where it tells another
    one anew, what that one said does not hold any more.
    """
    rows = w.raw.execute(
        "SELECT place, kind, value, state FROM contact_point WHERE customer_id = ? ORDER BY place",
        (owner.id,),
    )
    points = {str(place): ContactPoint(*point) for place, *point in rows}
    changes = _taken_back(points, body.get("corrects"), before)
    now = {
        place: point._replace(state=changes[place][1]) if place in changes else point
        for place, point in points.items()
    }
    place = failed(now, body)
    if place is not None:
        body = body | {"at": points[place].value}
        if now[place].state in ("good", "unchecked"):
            changes[place] = (points[place].state, "stale")
    changes = {place: (was, became) for place, (was, became) in changes.items() if was != became}
    return body | {"was": {"points": changes}} if changes else body


def _taken_back(
    points: Mapping[str, ContactPoint], logged: int | None, before: Sequence[Event]
) -> dict[str, tuple[str, str]]:
    """What the accounts of a touch changed so far, the other way round, where it still stands."""
    undone = {event.body["seq"] for event in before if event.kind == "undone"}
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for event in before:
        if (
            logged is not None
            and logged in (event.seq, event.body.get("corrects"))
            and event.seq not in undone
        ):
            for place, (was, became) in _points_of(event.body).items():
                first.setdefault(place, was)
                last[place] = became
    return {p: (last[p], was) for p, was in first.items() if p in points and points[p].state == last[p]}


def tell_as_before(w: Writing, number: int, body: Mapping[str, Any]) -> None:
    """Give the customer's record back what an undone answer had changed, where that still stands."""
    from winback_cli.store.tables import CustomerRow

    was, owner = body.get("was") or {}, w.session.get_one(CustomerRow, number)
    if "how_left" in was and owner.how_left == body["value"]:
        owner.how_left, owner.how_rank = was["how_left"], RANKS.get(was["how_left"], 2)
        if not was["edited"]:
            owner.edited = " ".join(word for word in owner.edited.split() if word != "how_left")
    for place, (before, became) in _points_of(body).items():
        _set_state(w, number, place, became, before)
    for point, state in was.get("states", {}).items():
        w.raw.execute(
            "UPDATE contact_point SET state = ? WHERE place = ? AND customer_id = ? AND state = ?",
            (state, int(point), number, _state_after(body["value"])),
        )
    w.session.flush()
