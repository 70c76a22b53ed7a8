"""The trust map of the firm in hand: read, begun where there is none, recorded into; its evidence."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import text
from winback_cli.case import Case, Entry, Event, fold, items_of
from winback_cli.cli.here import Here
from winback_cli.cli.promises import question_of
from winback_cli.cli.work import Work, opening_of
from winback_cli.errors import NotFound
from winback_cli.store import firm, reads

if TYPE_CHECKING:
    from winback_cli.library import Edition
    from winback_cli.store.writes import Store
    from winback_cli.trust import Evidence

PLAYBOOK = "trust-team"
LOOKED_AT = 40  # of the latest cases of a reason, for the words that were used
CARRIED = ("programme.team", "programme.stages", "programme.staff_stages")  # from one map to the next


class Map(NamedTuple):
    """The firm's map as it stands, with its events."""

    case: Case
    events: list[Event]


NONE_YET = ("There is no trust map yet.", "winback trust new begins one.")


@contextlib.contextmanager
def reading_map(here: Here) -> Iterator[tuple[reads.Connection, Map]]:
    """The map that runs, or the last one, with the store; raises NotFound where there is none yet."""
    if not here.has_store:
        raise NotFound(*NONE_YET)
    with here.reading() as connection:
        ref = firm.latest(connection)
        if ref is None:
            raise NotFound(*NONE_YET)
        events = reads.events(connection, ref.key)
        yield connection, Map(fold(ref.id, events), events)


def waiting(here: Here, connection: reads.Connection, found: Map) -> str:
    """The title of the step where the walk through a map stands; empty where it is through, or closed."""
    from winback_cli import library
    from winback_cli.route import Days, Through, place

    if found.case.status == "closed":
        return ""
    book = library.kept(reads.playbook_tree(connection, found.case.digest))
    there = place(book, found.case, Days(here.clock.today))
    return "" if isinstance(there, Through) else there.step.title


def last_approved(connection: reads.Connection) -> Map | None:
    """The latest map whose plan was approved; None where none was."""
    from winback_cli.trust import approval

    for ref in firm.maps(connection):
        events = reads.events(connection, ref.key)
        found = Map(fold(ref.id, events), events)
        if approval(*found):
            return found
    return None


def edition(here: Here) -> "Edition":
    """The questionnaire that a new map goes by."""
    from winback_cli import library

    return library.load(PLAYBOOK, here.settings.playbooks)


def running(here: Here, store: "Store") -> Work | None:
    """The map that runs, to be written; None where there is none, or the last one is closed."""
    with store.reads() as connection:
        ref = firm.latest(connection)
    return None if ref is None or ref.status == "closed" else _in_hand(here, store, ref)


def before(here: Here, store: "Store", named: str) -> Work:
    """A map by its number, `0.1`, be it closed; raises NotFound with those there are."""
    with store.reads() as connection:
        known = firm.maps(connection)
    ref = next((ref for ref in known if ref.id == named.strip()), None)
    if ref is None:
        listed = ", ".join(ref.id for ref in known) or "none yet"
        raise NotFound(f"There is no trust map {text.shorten(named, 20)!r}.", f"There are: {listed}.")
    return _in_hand(here, store, ref)


def _in_hand(here: Here, store: "Store", ref: reads.CaseRef) -> Work:
    from winback_cli import library

    with store.reads() as connection:
        case = fold(ref.id, reads.events(connection, ref.key))
        book = library.kept(reads.playbook_tree(connection, ref.playbook))
    return Work(here, store, firm.owner(), ref, case, book, ref.playbook)


def there(here: Here, store: "Store") -> Work:
    """The map that runs, to be written; raises NotFound where there is none."""
    if not (work := running(here, store)):
        raise NotFound(*NONE_YET)
    return work


def taken_up(here: Here, store: "Store", *, without: Sequence[str] = ()) -> Work:
    """The map that runs; begun, and said so, where there is none. See `seeds` for `without`."""
    from winback_cli.owing import standing

    if work := running(here, store):
        return work
    new, weekend = edition(here), here.settings.weekend_days
    with store.reads() as connection:
        begun = seeds(connection, without)
    store.begin_firm(opening_of(new), lambda case: standing(new.playbook, case, weekend), begun)
    work = running(here, store)
    assert work is not None
    here.say(f"Began the trust map {work.ref.id}.")
    return work


def seeds(connection: reads.Connection | None, without: Sequence[str] = ()) -> list[Entry]:
    """What a new map begins with: the team and the stages of the last one, or the usual stages, and why
    customers left by their cases; but for the facts named in `without`.
    """
    from winback_cli.trust import CUSTOMERS, STAFF, list_of, seeded, usual_stages

    ref = firm.latest(connection) if connection else None
    last = fold(ref.id, reads.events(connection, ref.key)).facts if ref and connection else {}
    usual: dict[str, Any] = {list_of("stage", who): usual_stages(who) for who in (CUSTOMERS, STAFF)}
    found = {fact: [item for _, item in items_of(last.get(fact))] or usual.get(fact) for fact in CARRIED}
    if connection:
        told = firm.reasons(connection), found["programme.stages"] or (), firm.replied(connection)
        found["programme.breakers"] = seeded(*told)
    step = {"programme.staff_stages": "staff", "programme.breakers": "breakers"}
    return [
        Entry(
            "answered",
            {
                "question": f"{step.get(fact, 'stages')}.{fact.partition('.')[2]}",
                "fact": fact,
                "value": value,
                "how": "known",
            },
        )
        for fact, value in found.items()
        if value and fact not in without
    ]


def change_entry(work: Work, fact: str, number: int, value: dict[str, Any]) -> None:
    """Record a new or changed entry of a list; raises AnsweredMeanwhile where somebody was quicker."""
    question = question_of(work, fact)
    standing = work.case.answers.get(question)
    body = {"question": question, "fact": fact, "item": number, "value": value, "how": "asked"}
    work.record([Entry("answered", body)], {question: standing.seq if standing else 0})


def evidence(connection: reads.Connection) -> "list[Evidence]":
    """Why customers left by their cases, with words of theirs that name nobody."""
    from winback_cli.reasons import SUSPECTED, suggest
    from winback_cli.trust import evidence, nameless

    counted = firm.reasons(connection)
    said: dict[str, list[str]] = {}
    for one in evidence(counted, {}):
        for told in firm.said(connection, one.reason, LOOKED_AT):
            found = suggest(told.why)
            if found.reason == one.reason and found.confidence >= SUSPECTED:
                said.setdefault(one.reason, []).extend(dict.fromkeys(nameless(found.because, told.names)))
    return evidence(counted, said)
