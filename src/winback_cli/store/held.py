"""Everything that the store holds on one customer, with where each thing came from; and which of its
copies hold them too.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from winback_cli.customer import identities as every_name
from winback_cli.money import Money
from winback_cli.store import doctor, identities, mentions, messages, reads, scoring
from winback_cli.store.copies import dated
from winback_cli.subject import (
    Copy,
    Held,
    HeldCase,
    HeldMessage,
    HeldScore,
    HeldSuppression,
    HeldSurvey,
    Item,
)

BY_HAND = "by hand"
_FIELDS = (
    *("name", "company", "source", "external_id", "city", "country", "owner", "how_left", "reason"),
    *(
        "notes",
        "first_purchase",
        "last_purchase",
        "orders",
        "revenue",
        "currency",
        "regularity",
        "cancelled",
    ),
)


def held(
    connection: reads.Connection, number: int, copies: tuple[Copy, ...] = (), files: tuple[str, ...] = ()
) -> Held:
    """Everything held on a customer, of those left alone too; `files` are the mails written for them."""
    record = reads.customer(connection, number)
    assert record is not None
    return Held(
        number,
        record.name,
        record.company,
        _details(connection, record),
        _points(connection, record),
        _known_as(connection, number),
        _purchases(connection, number),
        _changes(connection, number),
        tuple(_case(connection, ref) for ref in reads.cases_of(connection, number)),
        tuple(_message(one) for one in messages.messages(connection, customer=number)),
        _surveys(connection, number),
        _score(connection, record),
        _suppression(connection, number),
        copies,
        files,
        tuple(mentions.mentioned(connection, number)),
    )


def _lists(connection: reads.Connection) -> dict[int, str]:
    """Every import as an origin: of which list, when, by whom."""
    return {
        batch.number: f"list {batch.file}, brought in on {batch.at[:10]} by {batch.by}"
        for batch in reads.batches(connection)
    }


def _origins(connection: reads.Connection, record: reads.CustomerRecord) -> tuple[dict[str, str], str]:
    """Where each field came from that a list changed, or a user set; and where all others did."""
    lists = _lists(connection)
    (batch,) = connection.execute(
        "SELECT batch_id FROM customer_row WHERE id = ?", (record.number,)
    ).fetchone()
    rows = connection.execute(
        "SELECT field, batch_id FROM change WHERE customer_id = ? ORDER BY batch_id", (record.number,)
    )
    found = {field: lists.get(one, "a list") for field, one in rows}
    found |= dict.fromkeys(record.edited.split(), BY_HAND)
    return found, lists.get(batch, BY_HAND if batch is None else "a list")


def _details(connection: reads.Connection, record: reads.CustomerRecord) -> tuple[Item, ...]:
    columns = ", ".join(_FIELDS)
    row = connection.execute(f"SELECT {columns} FROM customer WHERE id = ?", (record.number,)).fetchone()
    values = dict(zip(_FIELDS, row, strict=True))
    if values["revenue"] is not None:
        values["revenue"] = Money(values["revenue"], values["currency"] or "EUR")
    del values["currency"]
    origins, other = _origins(connection, record)
    reckoned = dict.fromkeys(("regularity",), "reckoned of the purchases")
    return tuple(
        Item(name, value, reckoned.get(name) or origins.get(name, other))
        for name, value in values.items()
        if value not in (None, "")
    )


_KINDS = {"email": "emails", "phone": "phones", "address": "addresses"}


def _points(connection: reads.Connection, record: reads.CustomerRecord) -> tuple[Item, ...]:
    origins, other = _origins(connection, record)
    rows = connection.execute(
        "SELECT place, kind, value, state FROM contact_point WHERE customer_id = ? ORDER BY place",
        (record.number,),
    )
    return tuple(
        Item(kind, (value, state), origins.get(_KINDS.get(kind, ""), origins.get(f"point {place}", other)))
        for place, kind, value, state in rows
    )


def _known_as(connection: reads.Connection, number: int) -> tuple[str, ...]:
    """What they were known by that the record does not say any more."""
    person = identities.known(connection, number)
    assert person is not None
    said = every_name(person._replace(known_as=()))
    return tuple(name for name in person.known_as if name not in said)


def _purchases(connection: reads.Connection, number: int) -> tuple[Item, ...]:
    lists = _lists(connection)
    rows = connection.execute(
        "SELECT day, amount, currency, count, batch_id FROM purchase WHERE customer_id = ? ORDER BY 1, 2",
        (number,),
    )
    return tuple(
        Item(day, (Money(amount, currency or "EUR"), count), lists.get(batch, "a list"))
        for day, amount, currency, count, batch in rows
    )


def _changes(connection: reads.Connection, number: int) -> tuple[Item, ...]:
    lists = _lists(connection)
    rows = connection.execute(
        "SELECT field, old, new, batch_id FROM change WHERE customer_id = ? ORDER BY batch_id, field",
        (number,),
    )
    return tuple(
        Item(
            field,
            (json.loads(old), json.loads(new)),
            lists.get(batch, "a list" if batch > 0 else "their answer to a survey, confirmed"),
        )
        for field, old, new, batch in rows
    )


def _case(connection: reads.Connection, ref: reads.CaseRef) -> HeldCase:
    opened, closed, chance, name, version = connection.execute(
        "SELECT c.opened_at, c.closed_at, c.chance, p.name, p.version FROM casefile c"
        " JOIN playbook p ON p.digest = c.playbook WHERE c.id = ?",
        (ref.key,),
    ).fetchone()
    events = tuple(reads.events(connection, ref.key))
    return HeldCase(
        ref.id, name, version, ref.playbook, ref.status, ref.outcome, opened, closed, chance, events
    )


def _message(one: messages.Message) -> HeldMessage:
    return HeldMessage(
        one.number,
        one.case,
        one.stage,
        one.state,
        one.to,
        one.subject,
        one.body,
        one.by,
        one.at,
        one.settled_at,
    )


_SURVEYS = """SELECT s.title, coalesce(i.code, ''), coalesce(i."on", r."on"), r."on", r.answers,
    r.suggested, r.confidence, r.reason, r.call_back, r.state,
    coalesce(c.customer_id || '.' || c.number, ''), s.name, s.questions, coalesce(b.file, ''), d.name,
    d."by", d.at
    FROM survey s LEFT JOIN invitation i ON i.survey_id = s.id AND i.customer_id = ?1
    LEFT JOIN reply r ON r.survey_id = s.id AND r.customer_id = ?1
    LEFT JOIN casefile c ON c.id = r.case_id LEFT JOIN batch b ON b.id = r.batch_id
    LEFT JOIN command d ON d.id = r.command_id
    WHERE i.customer_id IS NOT NULL OR r.customer_id IS NOT NULL ORDER BY s.id"""


def _surveys(connection: reads.Connection, number: int) -> tuple[HeldSurvey, ...]:
    return tuple(map(_survey, connection.execute(_SURVEYS, (number,))))


def _survey(row: tuple[Any, ...]) -> HeldSurvey:
    title, code, asked, answered, said, suggested, sure, reason, call_back, state, case, *rest = row
    name, kept, file, command, by, at = rest
    questions = json.loads(kept)
    listed = questions.get("questions", []) if isinstance(questions, dict) else []
    kinds = {"survey import": "brought in with a file of answers"}
    how = f"list {file}, brought in" if file else kinds.get(command, "written down")
    return HeldSurvey(
        title,
        code,
        asked,
        answered or "",
        json.loads(said) if said else None,
        suggested or "",
        sure,
        reason or "",
        bool(call_back),
        state or "",
        case,
        name,
        {key: words for key, words, *_ in listed},
        f"{how} on {at[:10]} by {by}" if answered else "",
    )


def _score(connection: reads.Connection, record: reads.CustomerRecord) -> HeldScore | None:
    kept = scoring.kept(connection, record.number)
    if kept is None:
        return None
    value = None if kept.value is None else Money(kept.value, kept.currency or "EUR")
    return HeldScore(kept.chance, value, kept.on)


def _suppression(connection: reads.Connection, number: int) -> HeldSuppression | None:
    row = connection.execute(
        'SELECT s."on", s."by", s.reason, coalesce(b.file, \'\') FROM customer_row u'
        " JOIN suppression s ON s.id = u.suppression_id LEFT JOIN batch b ON b.id = s.batch_id"
        " WHERE u.id = ?",
        (number,),
    ).fetchone()
    return HeldSuppression(*row) if row else None


# -- under way with them -----------------------------------------------------------------------


class UnderWay(NamedTuple):
    """What an erasure cuts off: the case that is not closed, mails ready to go out as (number, subject),
    open promises as (what, due).
    """

    case: reads.CaseRef | None
    mails: tuple[tuple[int, str], ...]
    promises: tuple[tuple[str, str], ...]


def under_way(connection: reads.Connection, number: int) -> UnderWay:
    """What is under way with that customer."""
    from winback_cli.case import fold

    refs = reads.cases_of(connection, number)
    told = [
        (str(promise["what"]), str(promise.get("due") or ""))
        for ref in refs
        for promise in fold(ref.id, reads.events(connection, ref.key)).commitments
        if promise["state"] == "open"
    ]
    ready = messages.messages(connection, ("approved", "failed"), number)
    return UnderWay(
        next((ref for ref in refs if ref.status != "closed"), None),
        tuple((one.number, one.subject) for one in ready),
        tuple(told),
    )


# -- copies of the store -----------------------------------------------------------------------


def copies_of(path: Path) -> list[tuple[Path, bool]]:
    """Every copy of a store that the tool made beside it, and whether it goes by itself in time: the
    dated ones, those of before an upgrade and a restore, and what a kill left.
    """
    own = [(place, True) for place in dated(path)]
    for kind in ("before-upgrade-of-", "replaced-"):
        for place in sorted(path.parent.glob(f"{_plain(path.name)}.{kind}*")):
            if place.is_file() and not place.is_symlink() and not place.name.endswith((".key", "-journal")):
                own.append((place, False))
    left = [Path(finding.where) for finding in doctor.left_over(path)]
    return [*own, *((place, False) for place in left if not place.name.endswith(".key"))]


def _plain(name: str) -> str:
    """A name within a pattern of `glob`, meant as it stands."""
    return "".join(f"[{ch}]" if ch in "*?[" else ch for ch in name)


def copies(connection: reads.Connection, path: Path, number: int, kept: int) -> tuple[Copy, ...]:
    """Which copies of the store hold this customer, known there by number or address; `kept` is how many
    dated ones are kept.
    """
    person = identities.known(connection, number)
    former = [name for name in (person.known_as if person else ()) if name.startswith("number:")]
    numbers = [number, *(int(name[7:]) for name in former)]
    values = [point.value for point in reads.points(connection, number) if point.kind != "address"]
    return tuple(
        Copy(str(place), _holds(place, numbers, values), _until(kept if goes else 0))
        for place, goes in copies_of(path)
    )


def _until(kept: int) -> str:
    return f"kept until {kept} newer daily copies were made" if kept else "kept until somebody removes it"


def _holds(place: Path, numbers: list[int], values: list[str]) -> bool | None:
    """Whether a copy holds somebody of these numbers or addresses, of whatever version it is."""
    uri = f"file:{quote(os.fsencode(place.absolute()))}?mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as copy:
            tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            people = "customer_row" if "customer_row" in tables else "customer"
            found = copy.execute(
                f"SELECT 1 FROM {people} WHERE id IN (SELECT value FROM json_each(?)) UNION ALL"
                " SELECT 1 FROM contact_point WHERE value IN (SELECT value FROM json_each(?)) LIMIT 1",
                (json.dumps(numbers), json.dumps(values)),
            ).fetchone()
            return found is not None
    except sqlite3.Error:
        return None


def remove(place: Path) -> None:
    """Remove a copy, then its key, which is none without it; raises OSError."""
    place.unlink(missing_ok=True)
    for end in (".key", "-journal"):
        place.with_name(place.name + end).unlink(missing_ok=True)
