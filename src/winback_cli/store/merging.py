"""Two records of one customer made one: the one who is named first stays, the other goes into it.

What the first says wins, blanks are filled, contact points are united. Whatever the other was known
by leads to the first from then on, its number too: that is kept among the former names, as `number:5`.
If either is left alone, both are.

A case's events are chained by hashes that hold the case's id, so that a case which moves is signed
anew: the same events in the same order, and one more at their end that says where they came from and
what their last hash was there.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli.case import FIRST_HASH, Body, Case, Entry, digest
from winback_cli.customer import ContactPoint, canonical, guises
from winback_cli.customer import watched as watched_of
from winback_cli.errors import NotFound, Refused
from winback_cli.store import answering, cases, histories, identities, reads, suppressions
from winback_cli.store.changes import FIELDS, insert_point, write_fields
from winback_cli.store.writing import Writing
from winback_cli.text import fold

if TYPE_CHECKING:
    from winback_cli.owing import Standing

Standings = Callable[[str, Case], "Standing"]  # by the digest of the playbook a case runs under
_KINDS = {"email": "emails", "phone": "phones", "address": "addresses"}


class Plan(NamedTuple):
    """What a merge does: fields filled, points taken over, what of the other differs and goes, its
    cases with the numbers they get, and why both are left alone, if they are.
    """

    keep: reads.CustomerRecord
    gone: reads.CustomerRecord
    filled: tuple[tuple[str, Any], ...]
    points: tuple[ContactPoint, ...]
    lost: tuple[tuple[str, Any, Any], ...]
    cases: tuple[tuple[str, str], ...]
    alone: str


def plan(connection: reads.Connection, keep: int, gone: int) -> Plan:
    """What merging one into the other would do. Raises Refused where both have a running case."""
    one, other = _record(connection, keep), _record(connection, gone)
    if keep == gone:
        raise Refused(f"Number {keep} is one record already.", "winback merge shows likely pairs.")
    running = [
        ref for n in (keep, gone) if (ref := reads.case_ref(connection, n)) and ref.status != "closed"
    ]
    if len(running) > 1:
        raise Refused(
            f"Both have a running case: {running[0].id} and {running[1].id}.",
            f"Close one first: winback close {gone} --outcome released",
        )
    mine, theirs = _fields(connection, keep), _fields(connection, gone)
    by_hand = set(one.edited.split())
    filled = [
        (field, theirs[field])
        for field in FIELDS
        if theirs[field] not in ("", None) and mine[field] in ("", None) and field not in by_hand
    ]
    filled = [f for f in filled if f[0] != "currency" or mine["revenue"] is None]
    taken = {field for field, _ in filled}
    lost = [
        (field, theirs[field], mine[field])
        for field in FIELDS
        if theirs[field] not in ("", None)
        and field not in taken
        and fold(str(theirs[field])) != fold(str(mine[field]))
    ]
    have = {(p.kind, canonical(p)) for p in reads.points(connection, keep)}
    points = [p for p in reads.points(connection, gone) if (p.kind, canonical(p)) not in have]
    first = max((ref.number for ref in reads.cases_of(connection, keep)), default=0) + 1
    moved = [(r.id, f"{keep}.{first + n}") for n, r in enumerate(reads.cases_of(connection, gone))]
    alone = next((r.suppression_reason or "" for r in (one, other) if r.suppressed), "")
    return Plan(one, other, tuple(filled), tuple(points), tuple(lost), tuple(moved), alone)


def _record(connection: reads.Connection, number: int) -> reads.CustomerRecord:
    record = reads.customer(connection, number)
    if record is None:
        raise NotFound(f"There is no customer number {number}.", "winback list shows all.")
    return record


def _fields(connection: reads.Connection, number: int) -> dict[str, Any]:
    row = connection.execute(f"SELECT {', '.join(FIELDS)} FROM customer WHERE id = ?", (number,)).fetchone()
    return dict(zip(FIELDS, row, strict=True))


def merge(w: Writing, keep: int, gone: int, standing: Standings) -> Plan:
    """Merge one customer into another; returns what that did. Raises Refused as `plan` does."""
    done = plan(w.raw, keep, gone)
    names = [*identities.names_of(w.raw, keep), *identities.names_of(w.raw, gone)]
    names += [one for n in (keep, gone) for one in watched_of(suppressions.stored(w.raw, n))]
    entries = [_entry_of(w.raw, number) for number in (keep, gone)]
    places = _unite_points(w.raw, keep, gone)
    _fill(w.raw, done)
    w.run()
    w.session.expire_all()
    for number, ref in enumerate(reads.cases_of(w.raw, gone)):
        _move_case(w, ref, keep, int(done.cases[number][1].partition(".")[2]), places, standing)
    histories.move(w.raw, gone, keep)
    answering.hand_over(w, keep, gone)
    watched = guises(suppressions.stored(w.raw, gone))
    _remove(w, gone)
    identities.learn(w.raw, keep, [*names, f"number:{gone}"])
    if entry := next((one for one in entries if one is not None), None):
        _leave_alone(w, keep, entry)
        suppressions.insert_keys(w, entry, watched, suppressions.key_of(w))
    return done


def _entry_of(raw: sqlite3.Connection, number: int) -> int | None:
    row = raw.execute("SELECT suppression_id FROM customer_row WHERE id = ?", (number,)).fetchone()
    return None if row[0] is None else int(row[0])


def _unite_points(raw: sqlite3.Connection, keep: int, gone: int) -> dict[str, str]:
    """The other's contact points beside the first one's; returns which place became which."""
    query = "SELECT place, kind, value, state FROM contact_point WHERE customer_id = ? ORDER BY place"
    there = {
        (kind, canonical(ContactPoint(kind, value))): (place, state)
        for place, kind, value, state in raw.execute(query, (keep,))
    }
    last = max((place for place, _ in there.values()), default=0)
    last = max(
        last,
        raw.execute(
            "SELECT coalesce(max(place), 0) FROM contact_point WHERE customer_id = ?", (keep,)
        ).fetchone()[0],
    )
    places = {}
    for place, *told in raw.execute(query, (gone,)).fetchall():
        point = ContactPoint(*told)
        mine = there.get((point.kind, canonical(point)))
        if mine is None:
            last += 1
            insert_point(raw, keep, last, point)
            there[point.kind, canonical(point)] = mine = (last, point.state)
        elif mine[1] == "unchecked" and point.state != "unchecked":
            raw.execute(
                "UPDATE contact_point SET state = ? WHERE customer_id = ? AND place = ?",
                (point.state, keep, mine[0]),
            )
        places[str(place)] = str(mine[0])
    return places


def _fill(raw: sqlite3.Connection, done: Plan) -> None:
    sets = dict(done.filled)
    if "external_id" in sets:  # an id goes with its source
        row = raw.execute("SELECT source FROM customer WHERE id = ?", (done.gone.number,)).fetchone()
        sets["source"] = row[0]
    if sets:
        write_fields(raw, done.keep.number, sets)
    theirs = set(done.gone.edited.split())
    taken = {field for field, _ in done.filled} | {_KINDS[point.kind] for point in done.points}
    edited = sorted({*done.keep.edited.split(), *(taken & theirs)})
    raw.execute("UPDATE customer_row SET edited = ? WHERE id = ?", (" ".join(edited), done.keep.number))


def _move_case(
    w: Writing, ref: reads.CaseRef, keep: int, number: int, places: Mapping[str, str], standing: Standings
) -> None:
    events, before, head = reads.events(w.raw, ref.key), "", FIRST_HASH
    for event in events:
        before, body = event.hash, _body_at(event.body, places)
        head = digest(head, f"{keep}.{number}", event._replace(body=body))
        w.raw.execute(
            "UPDATE event SET body = ?, hash = ? WHERE case_id = ? AND seq = ?",
            (json.dumps(body, ensure_ascii=False, sort_keys=True), head, ref.key, event.seq),
        )
    w.raw.execute(
        "UPDATE casefile SET customer_id = ?, number = ?, head = ? WHERE id = ?",
        (keep, number, head, ref.key),
    )
    w.raw.execute("DELETE FROM due WHERE case_id = ?", (ref.key,))
    w.session.expire_all()
    note = {
        "text": f"Was case {ref.id} until number {ref.customer} was merged into number {keep}.",
        "merged": {"case": ref.id, "head": before},
    }
    cases.append(w, ref.key, [Entry("noted", note)], partial(standing, ref.playbook))


def _body_at(body: Body, places: Mapping[str, str]) -> Body:
    """A body whose notes of contact points, kept for an undo, name them by their new places."""
    was = body.get("was")
    if not was or not {"states", "points"} & was.keys():
        return body
    told = {
        kind: {places[place]: state for place, state in was[kind].items() if place in places}
        for kind in ("states", "points")
        if kind in was
    }
    return body | {"was": was | told}


def _remove(w: Writing, gone: int) -> None:
    """The other record goes; its number is given to nobody else."""
    if gone == reads.last_number(w.raw):
        suppressions.note(w, "last_number", str(gone))
    identities.forget(w.raw, gone, identities.names_of(w.raw, gone))
    w.raw.execute("DELETE FROM change WHERE customer_id = ?", (gone,))
    w.raw.execute("DELETE FROM customer_row WHERE id = ?", (gone,))
    w.session.expire_all()


def _leave_alone(w: Writing, keep: int, entry: int) -> None:
    """Being left alone holds for all of it, and for whoever holds one of its mailboxes."""
    (reason,) = w.raw.execute("SELECT reason FROM suppression WHERE id = ?", (entry,)).fetchone()
    suppressions.put_on_list(w, keep, reason, entry=entry)
    mailboxes = [name for name in identities.names_of(w.raw, keep) if name.startswith("email:")]
    for number in identities.matches(w.raw, mailboxes):
        if not suppressions.is_suppressed(w, number):
            suppressions.suppress(w, number, reason)
