"""What can be wrong with a store, looked at from its file to its cases; and what can be made anew.

Events are the truth: a case's row, its dues, what its customer's row repeats and the indexes of
words are compared with what the events make, and can be made again from them. Events themselves are
never mended. Nothing told here holds a customer's data.
"""

import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from winback_cli.case import FIRST_HASH, Case, Event, digest, fold
from winback_cli.errors import BadInput
from winback_cli.store import connect as door
from winback_cli.store import erasing, ordered, reads, repeating
from winback_cli.store.copies import backups_of

if TYPE_CHECKING:
    from winback_cli.owing import Standing

Standings = Callable[[str, Case], "Standing"]  # by the digest of the playbook it runs under
RESTORE = "Restore a copy: winback store restore FILE"
MEND = "winback store doctor --mend makes it anew."
CLEAR = "winback store doctor --mend takes it away."
LEFT_OVER = (".new-store-", ".new-key-", ".new-copy-")
OLD = 86_400  # seconds after which a passing file is nobody's any more


class Finding(NamedTuple):
    """Something wrong: which check found it, where, what it is, and what to do."""

    check: str
    where: str
    what: str
    do: str
    case: int | None = None  # the store's own number of the case it concerns


def is_sound(connection: sqlite3.Connection, *, quick: bool = False) -> bool:
    """Whether SQLite finds the file whole, every reference kept, and no text with a hole in it."""
    check = "PRAGMA quick_check(1)" if quick else "PRAGMA integrity_check(1)"
    try:
        whole = connection.execute(check).fetchone()[0] == "ok"
        kept = whole and connection.execute("PRAGMA foreign_key_check").fetchone() is None
        return kept and not _has_hole(connection)
    except sqlite3.DatabaseError:
        return False


def _has_hole(connection: sqlite3.Connection) -> bool:
    """Whether any text holds a NUL: none is ever stored, and a page that was zeroed is full of them.

    SQLite itself does not look at what stands on the pages that a long text overflows to.
    """
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%!_text%' ESCAPE '!'"
    for (table,) in connection.execute(tables).fetchall():
        columns = [
            row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if "INT" not in row[2]
        ]
        holes = " OR ".join(f"instr(CAST(\"{column}\" AS BLOB), x'00') > 0" for column in columns)
        if holes and connection.execute(f'SELECT 1 FROM "{table}" WHERE {holes} LIMIT 1').fetchone():
            return True
    return False


def broken_chains(connection: sqlite3.Connection) -> bool:
    """Whether any case's events are altered, cut or out of order."""
    return any(wrong for _, _, _, wrong in _chains(connection))


def examine(connection: sqlite3.Connection, path: Path, standing: Standings) -> Iterator[Finding]:
    """Everything that is wrong inside the store, from the file to the cases."""
    if not is_sound(connection):
        yield Finding("file", str(path), "SQLite finds pages or references damaged.", RESTORE)
        return
    wrong = door.keyless(connection, path)
    if wrong is not None:
        yield Finding("key", "left alone", wrong.message, _key_mend(connection, path))
    yield from _cases(connection, standing)
    yield from _messages(connection)
    yield from _customers(connection)
    yield from _words(connection)
    yield from _ordered(connection)
    yield from _cut_off(connection)
    yield from _traces(connection, path)


# -- cases -----------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A case as its row has it, beside its customer's number and whether they are left alone."""

    key: int
    customer: int
    number: int
    playbook: str
    status: str
    outcome: str | None
    stage: str
    step: str
    opened_at: str
    closed_at: str | None
    seq: int
    head: str
    breaches: str
    alone: bool
    repeated: dict[str, object]  # what it repeats of its events, by column

    @property
    def id(self) -> str:
        return f"{self.customer}.{self.number}"


REPEATED = tuple(repeating.repeated_of(Case("")))
_ROWS = f"""SELECT c.id, c.customer_id, c.number, c.playbook, c.status, c.outcome, c.stage, c.step,
    c.opened_at, c.closed_at, c.seq, c.head, c.breaches,
    u.suppression_id IS NOT NULL, {", ".join(f"c.{name}" for name in REPEATED)}
    FROM casefile c JOIN customer_row u ON u.id = c.customer_id ORDER BY c.id"""
_EVENTS = """SELECT case_id, seq, kind, by, happened, recorded, command_id, as_of, body, hash
    FROM event ORDER BY case_id, seq"""


def _chains(connection: sqlite3.Connection) -> Iterator[tuple[_Row, list[Event], Case | None, str]]:
    """Each case with its events, folded where its chain holds; otherwise with what is wrong with it."""
    cursor = connection.cursor()
    told = groupby(cursor.execute(_EVENTS), key=lambda row: row[0])
    key, group = next(told, (None, iter(())))
    for row in connection.execute(_ROWS):
        told_of = dict(zip(REPEATED, row[-len(REPEATED) :], strict=True))
        case = _Row._make((*row[: -len(REPEATED)], told_of))
        found: list[Event] = []
        while key is not None and key <= case.key:
            if key == case.key:
                found = list(_read(group))
            key, group = next(told, (None, iter(())))
        wrong = _broken(case, found)
        yield case, found, None if wrong else _folded(case.id, found), wrong


def _read(rows: Iterable[tuple[object, ...]]) -> Iterator[Event]:
    for _, seq, kind, by, happened, recorded, command, as_of, body, hashed in rows:
        try:
            told = json.loads(str(body))
        except ValueError:
            told = {"unreadable": str(body)}
        yield Event(
            seq, kind, by, happened, recorded, command, bool(as_of), told, hashed  # type: ignore[arg-type]
        )  # fmt: skip


def _broken(row: _Row, events: list[Event]) -> str:
    """What is wrong with a chain: an event altered, missing in between, or cut at its end."""
    head = FIRST_HASH
    for number, event in enumerate(events, 1):
        if event.seq != number:
            return f"event {number} is missing"
        head = digest(head, row.id, event)
        if head != event.hash:
            return f"event {number} was altered"
    if (len(events), head) != (row.seq, row.head):
        return f"it holds {len(events)} events, and should hold {row.seq}"
    return ""


def _folded(case_id: str, events: list[Event]) -> Case | None:
    try:
        return fold(case_id, events)
    except (KeyError, TypeError, ValueError):
        return None


def _cases(connection: sqlite3.Connection, standing: Standings) -> Iterator[Finding]:
    dues, given = _dues(connection), _concessions(connection)
    for row, _, case, wrong in _chains(connection):
        if wrong or case is None:
            what = wrong or "its events cannot be read"
            told = f"The chain of its events is broken: {what}."
            yield Finding("events", f"case {row.id}", told, RESTORE, row.key)
            continue
        differ = _differences(row, case, standing(row.playbook, case), dues.get(row.key, []))
        if given.get(row.key, []) != repeating.concessions(case):
            differ.append("offers")
        if differ:
            what = f"Its row is not what its events make: {', '.join(differ)}."
            yield Finding("row", f"case {row.id}", what, MEND, row.key)


def _dues(connection: sqlite3.Connection) -> dict[int, list[tuple[object, ...]]]:
    found: dict[int, list[tuple[object, ...]]] = {}
    for case, *due in connection.execute(
        "SELECT d.case_id, d.kind, d.opens_on, d.due_on, d.what, d.ref, d.customer_id,"
        " d.how_rank = u.how_rank AND d.revenue IS u.revenue"
        " FROM due d JOIN customer_row u ON u.id = d.customer_id"
    ):
        found.setdefault(case, []).append(tuple(due))
    return found


def _concessions(connection: sqlite3.Connection) -> dict[int, list[repeating.Concession]]:
    found: dict[int, list[repeating.Concession]] = {}
    for case, *given in connection.execute(
        "SELECT case_id, place, kind, terms, cost, currency, expires, reason FROM concession ORDER BY 1, 2"
    ):
        found.setdefault(case, []).append(tuple(given))
    return found


def _differences(row: _Row, case: Case, standing: "Standing", dues: list[tuple[object, ...]]) -> list[str]:
    made: dict[str, object] = {
        "status": case.status,
        "outcome": case.outcome,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
    }
    if not row.alone:  # what is owed to somebody left alone was taken away when they were
        made |= {"stage": standing.stage, "step": standing.step}
        breaches = [breach._asdict() for breach in standing.breaches or ()]
        made["breaches"] = json.dumps(breaches, ensure_ascii=False)
    differ = [name for name, value in made.items() if getattr(row, name) != value]
    differ += [name for name, value in repeating.repeated_of(case).items() if row.repeated[name] != value]
    owed = [] if row.alone else [(*due, row.customer, 1) for due in standing.dues]
    return [*differ, *(["dues"] if sorted(map(str, owed)) != sorted(map(str, dues)) else [])]


# -- messages, customers, words, files -------------------------------------------------------

_MIRRORS = """SELECT u.id, c.id FROM customer u LEFT JOIN casefile c ON c.id = (SELECT n.id
    FROM casefile n WHERE n.customer_id = u.id ORDER BY n.status = 'closed', n.number DESC LIMIT 1)
    WHERE u.case_id IS NOT c.id OR u.case_status IS NOT c.status OR u.list_on IS NOT
    CASE WHEN u.suppression_id IS NOT NULL THEN '9999-12-31'
    ELSE coalesce((SELECT min(d.due_on) FROM due d WHERE d.case_id = c.id), '9999-12-30') END"""


def _messages(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Messages that count as sent while their case does not say so, and the other way round: such a
    one could go out twice. Cases whose events cannot be read are told of already.
    """
    number = "json_extract(body, '$.message')"
    counted = set(connection.execute("SELECT case_id, id FROM message WHERE state = 'sent'"))
    told = set(
        connection.execute(f"SELECT case_id, {number} FROM event WHERE kind = 'sent' AND json_valid(body)")
    )
    for _, one in sorted(counted - told, key=str):
        yield Finding(
            "messages", f"message {one}", "It counts as sent, and its case knows nothing.", RESTORE
        )
    for _, one in sorted(told - counted, key=str):
        yield Finding("messages", f"message {one}", "It was sent, and does not count as sent.", RESTORE)


def _customers(connection: sqlite3.Connection) -> Iterator[Finding]:
    for number, case in connection.execute(_MIRRORS):
        what = "Their row does not repeat what their latest case says."
        yield Finding("customer", f"customer {number}", what, MEND, case)


def _ordered(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Whether the queue, and what everybody is known by, are what the records say."""
    if not ordered.queue_agrees(connection):
        yield Finding("queue", "whom to win back next", "The queue is not what the records say.", MEND)
    if not ordered.names_agree(connection):
        yield Finding("names", "who is who", "Not everybody is found by what they are known by.", MEND)


def _cut_off(connection: sqlite3.Connection) -> Iterator[Finding]:
    """What an import that was cut off left, unless one is under way."""
    (left,) = connection.execute(
        "SELECT count(*) FROM customer_row u JOIN batch b ON b.id = u.batch_id WHERE b.state = 'staging'"
    ).fetchone()
    if left:
        what = f"An import is under way, or one that was cut off left {left:,} customers whom nobody sees."
        yield Finding("import", "imports", what, "The next import takes them away; so does --mend.")


def _traces(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    """What an erasure that was cut off may have left in the file's free space."""
    if erasing.unswept(connection):
        what = "Somebody was erased, and traces of them may be left in its free space."
        yield Finding("traces", str(path), what, CLEAR)


def _words(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Whether the indexes of words hold what the rows say."""
    for name in reads.SEARCHED:
        if not _agrees(connection, name):
            where = f"search of {name.removesuffix('_text')}s"
            yield Finding("words", where, "The index of words is not what the rows say.", MEND)


def _agrees(connection: sqlite3.Connection, name: str) -> bool:
    """What SQLite says of an index of words; the question is put as an insert, and writes nothing."""
    connection.execute("PRAGMA query_only=OFF")
    try:
        connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.execute("PRAGMA query_only=ON")
    return True


def words_agree(connection: sqlite3.Connection) -> bool:
    """Whether every index of words holds what the rows say."""
    return all(_agrees(connection, name) for name in reads.SEARCHED)


def _key_mend(connection: sqlite3.Connection, path: Path) -> str:
    """How a key comes back: from a copy that has the right one, or by making a new one."""
    for copy in sorted(path.parent.glob("**/*.key")):
        store = copy.with_name(copy.name.removesuffix(".key"))
        if copy == door.key_path(path):
            continue
        try:
            key = door.read_key(store, make=False)
        except (BadInput, OSError):
            continue
        if door.wrong_key(connection, path, key) is None:
            return f"The right one lies in a copy: cp '{copy}' '{door.key_path(path)}'"
    return "Bring it back from a copy; without one: winback store doctor --new-key"


def modes(path: Path, others: Iterable[Path]) -> Iterator[Finding]:
    """Files and folders that others on this machine may read."""
    if os.name != "posix":
        return
    for place in (path.parent, path, door.key_path(path), *others):
        if not place.exists():
            continue
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & 0o077 and (place.is_file() or place.name == "backups"):
            right = "700" if place.is_dir() else "600"
            yield Finding("modes", str(place), f"Others can read it: {mode:o}.", f"chmod {right} '{place}'")


def left_over(path: Path) -> Iterator[Finding]:
    """Files that a kill left behind in the store's folder, and in that of its copies."""
    folders = [path.parent, backups_of(path)]
    for place in sorted(one for folder in folders if folder.is_dir() for one in folder.iterdir()):
        if place.name.startswith(LEFT_OVER) and time.time() - place.stat().st_mtime > OLD:
            yield Finding("files", str(place), "A command that was killed left it behind.", CLEAR)


def mendable(findings: Iterable[Finding]) -> list[int]:
    """The cases whose rows can be made anew: never one whose events are broken, or its row, which
    says how many there were, would be made to agree with what is left of them.
    """
    told = [finding for finding in findings if finding.case is not None]
    broken = {finding.case for finding in told if finding.check == "events"}
    return sorted({finding.case for finding in told if finding.case is not None} - broken)


def mend_files(findings: Iterable[Finding]) -> None:
    """Set modes right and take away what was left behind."""
    for finding in findings:
        place = Path(finding.where)
        if finding.check == "modes":
            place.chmod(0o700 if place.is_dir() else 0o600)
        elif finding.check == "files":
            place.unlink(missing_ok=True)
