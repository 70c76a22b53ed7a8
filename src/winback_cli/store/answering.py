"""The answers of a survey: sorted, kept, decided on, and made cases of; see `surveys` for who was asked.

An answer that asks for no more contact suppresses at once, and nothing else of it is kept (C10).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from winback_cli.case import Case, Entry, fold
from winback_cli.customer import canonical_email
from winback_cli.errors import NotFound, Refused, TryAgain
from winback_cli.store import cases, confirmed, identities, reads
from winback_cli.store.bringing import watch_over
from winback_cli.store.reads import SUPPRESSED, Connection
from winback_cli.store.suppressions import enter, insert_keys, key_of, suppress
from winback_cli.store.surveys import Survey, is_alone, named
from winback_cli.store.writing import Writing
from winback_cli.survey import NOTES, shown_code
from winback_cli.surveyreplies import Bad, Given

if TYPE_CHECKING:
    from pathlib import Path

    from winback_cli.owing import Standing
    from winback_cli.store.cases import Opening


class Sorted(NamedTuple):
    """What a file of answers would do: `new` and `leaving` with the customers they are of; `strangers`
    are e-mails without a record that ask to be left alone.
    """

    new: list[tuple[int, Given]]
    leaving: list[tuple[int, Given]]
    bad: list[Bad]
    same: int
    alone: int
    strangers: tuple[str, ...] = ()


class Decided(NamedTuple):
    """How a reply stands: its state, and the reason confirmed."""

    state: str
    reason: str = ""


NOT_YET = Decided("new")


class Suggested(NamedTuple):
    """A reason that somebody's words point to; none where they are unclear."""

    reason: str = ""
    confidence: float | None = None


def sort(connection: Connection, path: Path, survey: Survey, given: Iterable[Given]) -> Sorted:
    """Whose answers these are, and which come in. The first answer of a customer stands.

    Of somebody erased, whom only the hashes know, nothing comes in either, and no row is to be mended.
    """
    holders, watch = _holders(connection, survey.key), watch_over(connection, path)
    there = {
        number: (on, json.loads(kept), bool(called))
        for number, on, kept, called in connection.execute(
            'SELECT customer_id, "on", answers, call_back FROM reply WHERE survey_id = ?', (survey.key,)
        )
    }
    new: list[tuple[int, Given]] = []
    leaving: list[tuple[int, Given]] = []
    bad: list[Bad] = []
    strangers: dict[str, None] = {}
    same = alone = 0
    for one in given:
        if one.alone:
            people = _meant(connection, one)
            fresh = [number for number, left in people if not left]
            leaving += [(number, one) for number in fresh]
            barred = not people and watch(_names(one))
            alone += barred or (bool(people) and not fresh)
            if not (people or barred):
                strangers |= dict.fromkeys(_names(one))
            if not (people or one.emails):
                bad.append(Bad(one.line, *_named(one), "asks to be left alone: no such code was given out"))
            continue
        found = _who(connection, survey, holders, one)
        if isinstance(found, Bad) and watch(_names(one)):
            alone += 1
        elif isinstance(found, Bad):
            bad.append(found)
        elif found[1]:
            alone += 1
        elif (before := there.get(found[0])) is None:
            there[found[0]] = (one.on, dict(one.answers), one.call_back)
            new.append((found[0], one))
        elif before[1:] == (dict(one.answers), one.call_back):
            same += 1
        else:
            bad.append(Bad(one.line, *_named(one), f"answered already on {before[0]}; the first stands"))
    return Sorted(new, leaving, bad, same, alone, tuple(strangers))


def _names(one: Given) -> list[str]:
    return [f"email:{canonical_email(email)}" for email in one.emails]


def _named(one: Given) -> tuple[str, str]:
    """The field and the value by which a row names its customer."""
    return ("code", shown_code(one.code)) if one.code else ("email", one.emails[0])


_BY_CODE = f"""SELECT i.customer_id, u.{SUPPRESSED}, i.survey_id FROM invitation i
    JOIN customer u ON u.id = i.customer_id WHERE i.code = ?"""


def _who(
    connection: Connection, survey: Survey, holders: Mapping[str, list[tuple[int, bool]]], one: Given
) -> tuple[int, bool] | Bad:
    """The one customer that a row is of, and whether they are left alone."""
    if one.code:
        row = connection.execute(_BY_CODE, (one.code,)).fetchone()
        if row is None:
            return Bad(one.line, *_named(one), "no such code was given out")
        if row[2] != survey.key:
            return Bad(one.line, *_named(one), "a code of another survey")
        return row[0], bool(row[1])
    named = (canonical_email(email) for email in one.emails)
    found = list(dict.fromkeys(who for email in named for who in holders.get(email, ())))
    if len(found) == 1:
        return found[0]
    meant = [] if found else _meant(connection, one)
    if any(alone for _, alone in meant):  # not asked, and no row to be mended and sent once more
        return meant[0][0], True
    why = "several who were asked have that e-mail; give the code" if found else "nobody who was asked"
    return Bad(one.line, "email", one.emails[0], why)


def _holders(connection: Connection, survey: int) -> dict[str, list[tuple[int, bool]]]:
    """Who was asked, by their e-mails, and whether they are left alone."""
    found: dict[str, list[tuple[int, bool]]] = {}
    rows = connection.execute(
        f"""SELECT DISTINCT p.value, u.id, u.{SUPPRESSED} FROM invitation i
        JOIN customer u ON u.id = i.customer_id JOIN contact_point p ON p.customer_id = u.id
        WHERE i.survey_id = ? AND p.kind = 'email' AND p.state != 'invalid'""",
        (survey,),
    )
    for email, number, alone in rows:
        holder = (number, bool(alone))
        known = found.setdefault(canonical_email(email), [])
        if holder not in known:
            known.append(holder)
    return found


def _meant(connection: Connection, one: Given) -> list[tuple[int, bool]]:
    """Everybody whom somebody means who asks to be left alone: by the code, and by the e-mail."""
    found: dict[int, bool] = {}
    if one.code and (row := connection.execute(_BY_CODE, (one.code,)).fetchone()):
        found[row[0]] = bool(row[1])
    for number in identities.matches(connection, _names(one)):
        record = reads.customer(connection, number)
        if record is not None:
            found[number] = record.suppressed
    return list(found.items())


# -- kept ------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """What a file of answers did. `left` are who asked to be left alone in it, `others` who share their
    mailbox; `alone` the answers of people who were left alone before, of which nothing is kept.
    """

    new: int = 0
    same: int = 0
    alone: int = 0
    left: int = 0
    others: int = 0
    closed: tuple[str, ...] = ()
    bad: tuple[Bad, ...] = ()


def keep(w: Writing, name: str, given: Iterable[Given], suggested: Mapping[int, Suggested]) -> Kept:
    """Keep a file of answers, all of it or nothing; `suggested` by the rows' lines.

    Whoever asks to be left alone is from then on, before anything else is kept.
    """
    survey = named(w.raw, name)
    told = sort(w.raw, w.path, survey, given)
    because = f'asked for it in the survey "{survey.name}"'
    before = {number for number, _ in told.leaving}
    others, closed = 0, list[str]()
    for stranger in told.strangers:  # no list brings them in
        insert_keys(w, enter(w, because), [stranger], key_of(w))
    for number in dict.fromkeys(number for number, _ in told.leaving):
        done = suppress(w, number, because)
        others += len(set(done.others) - before)
        closed += done.cases
    willing = [(number, one) for number, one in told.new if not is_alone(w, number)]
    for number, one in willing:
        _insert(w, survey.key, number, one, suggested.get(one.line, Suggested()))
    return Kept(
        len(willing),
        told.same,
        told.alone + len(told.new) - len(willing),
        len(before) + len(told.strangers),
        others,
        tuple(closed),
        tuple(told.bad),
    )


def _insert(w: Writing, survey: int, number: int, one: Given, suggested: Suggested) -> None:
    w.raw.execute(
        'INSERT INTO reply (command_id, survey_id, customer_id, "on", answers, call_back, suggested,'
        " confidence, reason, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', 'new')",
        (
            w.run(),
            survey,
            number,
            one.on,
            json.dumps(dict(one.answers), ensure_ascii=False),
            one.call_back,
            suggested.reason,
            suggested.confidence,
        ),
    )


def take_notes(
    w: Writing, name: str, number: int, words: str, suggested: Suggested, *, call_back: bool
) -> None:
    """Keep what somebody said in a focus group; said once more, it comes below what they said before.

    Raises NotFound for somebody who was not asked, Refused for one who is left alone.
    """
    survey = named(w.raw, name)
    cases.refuse_suppressed(w, number)
    asked = w.raw.execute(
        "SELECT 1 FROM invitation WHERE survey_id = ? AND customer_id = ?", (survey.key, number)
    ).fetchone()
    if asked is None:
        raise NotFound(f"They are not in {survey.name}.", f"winback survey show {survey.name}")
    there = w.raw.execute(
        "SELECT id, answers FROM reply WHERE survey_id = ? AND customer_id = ?", (survey.key, number)
    ).fetchone()
    if there is None:
        today = w.clock.today.isoformat()
        new = Given(0, "", (), today, {NOTES: words}, call_back, alone=False)
        return _insert(w, survey.key, number, new, suggested)
    answers = json.loads(there[1])
    answers[NOTES] = "\n".join(filter(None, (answers.get(NOTES), words)))
    w.run()
    w.raw.execute(
        "UPDATE reply SET answers = ?, call_back = call_back OR ? WHERE id = ?",
        (json.dumps(answers, ensure_ascii=False), call_back, there[0]),
    )
    w.raw.execute(
        "UPDATE reply SET suggested = ?, confidence = ? WHERE id = ? AND state = 'new'",
        (*suggested, there[0]),
    )
    return None


class Undone(NamedTuple):
    """What taking an import of answers back did: `gone` answers, `decided` of them, those `kept` of which
    a case was made; `at` is when they had come in.
    """

    survey: str
    at: str
    gone: int
    decided: int
    kept: int


_LATEST = """SELECT k.id, k.at FROM command k WHERE k.name = 'survey import' AND k.id =
    (SELECT max(r.command_id) FROM reply r JOIN command c ON c.id = r.command_id
    WHERE r.survey_id = ? AND c.name = 'survey import' AND r.case_id IS NULL)"""


def take_back(w: Writing, name: str) -> Undone:
    """Take the latest import of answers back; those stay of which a case was made.

    Whoever asked in it to be left alone is left alone. Raises Refused where nothing is to be taken back.
    """
    survey = named(w.raw, name)
    latest = w.raw.execute(_LATEST, (survey.key,)).fetchone()
    if latest is None:
        raise Refused(
            f"No file of answers is left in {survey.name} that could be taken back.",
            "Answers of which a case was made are kept, and notes of a group too.",
        )
    command, at = latest
    rows = w.raw.execute(
        "SELECT id, state, case_id IS NOT NULL FROM reply WHERE survey_id = ? AND command_id = ?",
        (survey.key, command),
    ).fetchall()
    w.run()
    gone = [(key, state) for key, state, cased in rows if not cased]
    for key, _ in gone:
        confirmed.take_back(w, key)
        w.raw.execute("DELETE FROM reply WHERE id = ?", (key,))
    decided = sum(1 for _, state in gone if state != "new")
    return Undone(survey.name, at, len(gone), decided, len(rows) - len(gone))


# -- decided ---------------------------------------------------------------------------------


def decide(w: Writing, reply: int, reason: str, before: Decided = NOT_YET) -> bool:
    """Confirm the reason of a reply, or set it aside with none; False where it is not as it was `before`,
    since somebody else decided meanwhile. A reason confirmed is the customer's: see `confirmed`.
    """
    w.run()
    state = "confirmed" if reason else "set_aside"
    done = w.raw.execute(
        f"UPDATE reply SET state = ?, reason = ? WHERE id = ? AND state = ? AND reason = ? AND {_WILLING}",
        (state, reason, reply, *before),
    )
    if done.rowcount != 1:
        return False
    if before != NOT_YET:
        confirmed.take_back(w, reply)
    if reason:
        confirmed.put(w, reply, reason)
    return True


_WILLING = "customer_id IN (SELECT id FROM customer WHERE suppression_id IS NULL)"


def accept(w: Writing, name: str, above: float) -> int:
    """Confirm every suggestion of a survey that is at least so sure; returns how many that were."""
    survey = named(w.raw, name)
    w.run()
    found = w.raw.execute(
        "SELECT id, suggested FROM reply WHERE survey_id = ? AND state = 'new'"
        f" AND suggested != '' AND confidence >= ? AND {_WILLING} ORDER BY id",
        (survey.key, above),
    ).fetchall()
    for reply, reason in found:
        w.raw.execute("UPDATE reply SET state = 'confirmed', reason = ? WHERE id = ?", (reason, reply))
        confirmed.put(w, reply, reason)
    return len(found)


# -- made a case of --------------------------------------------------------------------------


def open_for(
    w: Writing,
    reply: int,
    opening: Opening,
    standing: Callable[[str, Case], Standing],
    entries: Callable[[str, Case], list[Entry]],
) -> str:
    """The case of a reply: opened where there is none that runs, with `entries` of the answers in it.

    All in one: a case never stands without them. Raises Refused for somebody left alone, TryAgain where
    the reply has a case meanwhile.
    """
    row = w.raw.execute("SELECT customer_id, case_id FROM reply WHERE id = ?", (reply,)).fetchone()
    if row is None or row[1] is not None:
        raise TryAgain("That reply has a case meanwhile.", "Run the command again.")
    there = reads.case_ref(w.raw, row[0])
    runs = there is not None and there.status != "closed"
    digest = there.playbook if there is not None and runs else opening.digest
    if not runs:
        cases.open_case(w, row[0], opening, lambda case: standing(digest, case))
    ref = reads.case_ref(w.raw, row[0])
    assert ref is not None
    told = entries(digest, fold(ref.id, reads.events(w.raw, ref.key)))
    if told:
        cases.record(w, ref.key, told, lambda case: standing(digest, case))
    w.raw.execute("UPDATE reply SET case_id = ? WHERE id = ?", (ref.key, reply))
    return ref.id


# -- two records made one --------------------------------------------------------------------


def hand_over(w: Writing, keep: int, gone: int) -> None:
    """What one record was asked and answered is the other's from now on; where both answered, one below
    the other.
    """
    both = w.raw.execute(
        "SELECT mine.id, mine.answers, theirs.answers, theirs.call_back FROM reply mine"
        " JOIN reply theirs ON theirs.survey_id = mine.survey_id"
        " WHERE mine.customer_id = ? AND theirs.customer_id = ?",
        (keep, gone),
    ).fetchall()
    for reply, mine, theirs, called in both:
        joined = json.loads(mine)
        for key, words in json.loads(theirs).items():
            if words != joined.get(key):
                joined[key] = "\n".join(filter(None, (joined.get(key), words)))
        w.raw.execute(
            "UPDATE reply SET answers = ?, call_back = call_back OR ? WHERE id = ?",
            (json.dumps(joined, ensure_ascii=False), called, reply),
        )
    for table in ("invitation", "reply"):
        w.raw.execute(f"UPDATE OR IGNORE {table} SET customer_id = ? WHERE customer_id = ?", (keep, gone))
