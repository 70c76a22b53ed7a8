"""An import taken back: what it brought goes where nothing hangs on it, what it changed changes back.

Nothing is touched that somebody set, checked or suppressed since, nor what a later list says; that is
kept, and told. What a later list changed on top is not given back here, but once that one is taken
back it gives back what was there before both: the order does not matter.
"""

import json
import sqlite3
from itertools import groupby
from typing import Any, NamedTuple

from winback_cli.customer import ContactPoint, canonical, identities, label, watched
from winback_cli.errors import NotFound, Refused
from winback_cli.purchases import FIELDS as FIGURES
from winback_cli.store import histories, reads, scoring
from winback_cli.store.changes import write_fields
from winback_cli.store.identities import bump, forget, known
from winback_cli.store.writing import Writing


class Kept(NamedTuple):
    """What was not taken back: a whole customer, or one field of one; and why."""

    number: int
    label: str
    field: str
    why: str


class TakenBack(NamedTuple):
    """What taking an import back did: customers who went, customers whose fields changed back, and
    purchases that went with a history.
    """

    batch: int
    file: str
    removed: int
    restored: int
    kept: tuple[Kept, ...]
    purchases: int = 0


LEFT_ALONE = "left alone"
CHANGED_ON = "a later list changed it"
# Why somebody whom the import brought stays, the weightiest first; `:batch` is the import.
_HOLDS = (
    ("u.suppression_id IS NOT NULL", LEFT_ALONE),
    ("u.case_id IS NOT NULL", "has a case"),
    ("EXISTS (SELECT 1 FROM invitation i WHERE i.customer_id = u.id)", "was asked in a survey"),
    ("u.edited != ''", "edited by hand"),
    (
        "EXISTS (SELECT 1 FROM former f WHERE f.customer_id = u.id AND f.identity LIKE 'number:%')",
        "another record was merged into it",
    ),
    ("u.id IN (SELECT customer_id FROM later)", CHANGED_ON),
    (
        "EXISTS (SELECT 1 FROM contact_point p WHERE p.customer_id = u.id"
        " AND p.state IN ('good', 'stale'))",
        "a contact point was checked",
    ),
)
_WHY = "CASE " + " ".join(f"WHEN {when} THEN '{why}'" for when, why in _HOLDS) + " ELSE '' END"


def take_back(w: Writing, batch: int) -> TakenBack:
    """Take an import back. Raises NotFound where there is none, Refused where it was done already."""
    file = _file_of(w.raw, batch)
    removed, kept = _remove_new(w.raw, batch)
    restored, more = _change_back(w.raw, batch)
    w.raw.execute("UPDATE batch SET state = 'undone' WHERE id = ?", (batch,))
    purchases, left = histories.forget(w.raw, batch)
    more = [k for k in more if not (k.number in left and k.why == CHANGED_ON and k.field in FIGURES)]
    # Of those removed a later list may have spoken too, without changing anything: it can come again.
    w.raw.execute("UPDATE batch SET key = '' WHERE id > ? AND state = 'done'", (batch,))
    bump(w.raw)
    scoring.forget(w.raw)  # what is usual is another thing now
    w.run()
    return TakenBack(batch, file, removed, restored, (*kept, *more), purchases)


def _file_of(raw: sqlite3.Connection, batch: int) -> str:
    row = raw.execute("SELECT file, state FROM batch WHERE id = ?", (batch,)).fetchone()
    if row is None or row[1] == "staging":
        raise NotFound(f"There is no import {batch}.", "winback import --list shows all.")
    if row[1] == "undone":
        raise Refused(f"Import {batch} was taken back already.", "Nothing was changed.")
    if row[1] == "listed":
        raise Refused(
            f"Import {batch} is a list of people to leave alone, which is not taken back.",
            "winback unsuppress WHO --because WHY lifts one of them.",
        )
    return str(row[0])


def _remove_new(raw: sqlite3.Connection, batch: int) -> tuple[int, list[Kept]]:
    """Take away those whom the import brought; all at once, since they may be a million."""
    raw.execute("DROP TABLE IF EXISTS temp.later")
    raw.execute("DROP TABLE IF EXISTS temp.brought")
    raw.execute(
        "CREATE TEMP TABLE later AS SELECT DISTINCT c.customer_id FROM change c JOIN batch b"
        " ON b.id = c.batch_id WHERE c.batch_id > ? AND b.state = 'done'",
        (batch,),
    )
    raw.execute("CREATE TEMP TABLE brought (id INTEGER PRIMARY KEY, why TEXT NOT NULL)")
    raw.execute(
        f"INSERT INTO brought SELECT u.id, {_WHY} FROM customer_row u WHERE u.batch_id = ? ORDER BY u.id",
        (batch,),
    )
    # Whoever an import brought that was taken back before this one, and stayed for its sake.
    raw.execute(
        "INSERT OR IGNORE INTO brought SELECT u.id, '' FROM customer_row u WHERE u.id IN"
        " (SELECT customer_id FROM change WHERE batch_id = ?) AND u.batch_id IN"
        f" (SELECT id FROM batch WHERE state = 'undone') AND {_WHY} = ''",
        (batch,),
    )
    stay = raw.execute(
        "SELECT u.id, u.name, u.company, k.why FROM brought k JOIN customer_row u ON u.id = k.id"
        " WHERE k.why != '' ORDER BY u.id"
    )
    kept = [Kept(number, label(name, company), "", why) for number, name, company, why in stay]
    raw.execute("DELETE FROM brought WHERE why != ''")
    removed = int(raw.execute("SELECT count(*) FROM brought").fetchone()[0])
    if removed:
        raw.execute("DELETE FROM change WHERE customer_id IN (SELECT id FROM brought)")
        raw.execute("DELETE FROM identity WHERE customer_id IN (SELECT id FROM brought)")
        for table in ("contact_point", "former"):
            raw.execute(f"DELETE FROM {table} WHERE customer_id IN (SELECT id FROM brought)")
        raw.execute("DELETE FROM customer_row WHERE id IN (SELECT id FROM brought)")
    return removed, kept


# -- what was changed of those who were there ------------------------------------------------


class _Changed(NamedTuple):
    """A change that the import made of a customer: a field, before and after."""

    field: str
    old: Any
    new: Any


def _change_back(raw: sqlite3.Connection, batch: int) -> tuple[int, list[Kept]]:
    rows = raw.execute(
        "SELECT customer_id, field, old, new FROM change WHERE batch_id = ? ORDER BY customer_id, field",
        (batch,),
    ).fetchall()
    restored, kept = 0, list[Kept]()
    for number, group in groupby(rows, key=lambda row: row[0]):
        changes = [_Changed(field, json.loads(old), json.loads(new)) for _, field, old, new in group]
        record = reads.customer(raw, number)
        if record is None:
            continue
        if record.suppressed:
            kept.append(Kept(number, record.label, "", LEFT_ALONE))
            continue
        back, held = _sorted(raw, record, batch, changes)
        kept += [Kept(number, record.label, field, why) for field, why in held]
        if back:
            _give_back(raw, number, back)
            restored += 1
    return restored, kept


def _sorted(
    raw: sqlite3.Connection, record: reads.CustomerRecord, batch: int, changes: list[_Changed]
) -> tuple[list[_Changed], list[tuple[str, str]]]:
    """The changes that go back, and the fields that stay, with why."""
    fields = ", ".join(c.field for c in changes if not c.field.startswith("point "))
    row = raw.execute(f"SELECT {fields or '1'} FROM customer_row WHERE id = ?", (record.number,)).fetchone()
    now = dict(zip(fields.split(", "), row, strict=True))
    by_hand = set(record.edited.split())
    back, held = [], []
    for change in changes:
        if change.field.startswith("point "):
            why = _point_held(raw, record.number, change, by_hand)
        elif {change.field, "revenue" if change.field == "currency" else ""} & by_hand:
            why = "edited by hand"
        elif _beneath(raw, record.number, batch, change):
            why = CHANGED_ON
        else:
            why = "" if now[change.field] == change.new else "changed since"
        if why:
            held.append((change.field, why))
        else:
            back.append(change)
    return _with_its_currency(back, held), held


def _with_its_currency(back: list[_Changed], held: list[tuple[str, str]]) -> list[_Changed]:
    """An amount and its currency change back together, or not at all."""
    kept = dict(held)
    for field, other in (("currency", "revenue"), ("revenue", "currency")):
        if other in kept and any(change.field == field for change in back):
            held.append((field, kept[other]))
            back = [change for change in back if change.field != field]
    return back


def _beneath(raw: sqlite3.Connection, number: int, batch: int, change: _Changed) -> bool:
    """Whether a later list changed it on; that one then gives back what was before this one."""
    later = raw.execute(
        "SELECT c.batch_id FROM batch b CROSS JOIN change c ON c.batch_id = b.id"
        " WHERE b.id > ? AND b.state = 'done' AND c.customer_id = ? AND c.field = ? AND c.old = ?"
        " ORDER BY b.id",
        (batch, number, change.field, json.dumps(change.new)),
    ).fetchone()
    if later is None:
        return False
    raw.execute(
        "UPDATE change SET old = ? WHERE batch_id = ? AND customer_id = ? AND field = ?",
        (json.dumps(change.old), later[0], number, change.field),
    )
    return True


_KINDS = {"email": "emails", "phone": "phones", "address": "addresses"}


def _point_held(raw: sqlite3.Connection, number: int, change: _Changed, by_hand: set[str]) -> str:
    kind, value, state = change.new
    if _KINDS[kind] in by_hand:
        return "edited by hand"
    there = raw.execute(
        "SELECT kind, value, state FROM contact_point WHERE customer_id = ? AND place = ?",
        (number, int(change.field[6:])),
    ).fetchone()
    if there is None or there[:2] != (kind, value):
        return "changed since"
    return "" if there[2] == state else "a contact point was checked"


def _give_back(raw: sqlite3.Connection, number: int, back: list[_Changed]) -> None:
    person = known(raw, number)
    assert person is not None
    before = set(identities(person._replace(known_as=())))
    gone = [change.new for change in back if change.field.startswith("point ")]
    raw.executemany(
        "DELETE FROM contact_point WHERE customer_id = ? AND place = ?",
        [(number, int(change.field[6:])) for change in back if change.field.startswith("point ")],
    )
    sets = {change.field: change.old for change in back if not change.field.startswith("point ")}
    if sets:
        write_fields(raw, number, sets)
    after = known(raw, number)
    assert after is not None
    bare = after._replace(known_as=())
    said = set(identities(bare))
    ids = [str(change.new) for change in back if change.field == "external_id"]
    taught = {name for name in person.known_as if _is_of(name, gone, ids)}
    forget(raw, number, sorted((before | taught | set(watched(bare))) - said))


def _is_of(name: str, gone: list[Any], ids: list[str]) -> bool:
    """Whether somebody is known by that name through what is taken back."""
    for kind, value, state in gone:
        word = canonical(ContactPoint(kind, value, state))
        if kind == "email" and name == f"email:{word}":
            return True
        if kind == "phone" and name.startswith(f"phone:{word}:"):
            return True
    return name.startswith("id:") and any(name.endswith(f":{one}") for one in ids)
