"""Taking up a case again: put off, opened again, and the last act taken back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.here import Here, need_terminal, print_json, print_rows
from winback_cli.cli.work import WhoArg, Work, latest, refuse_left_alone, take_up
from winback_cli.errors import NotFound, Refused, UsageError
from winback_cli.store import reads

if TYPE_CHECKING:
    from winback_cli.acts import Act
    from winback_cli.case import Event
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)
LATEST = 18  # acts that a screen lists
Because = Annotated[str, typer.Option(metavar="WHY", help="Why, in a few words.")]


@app.command()
def snooze(
    ctx: typer.Context,
    who: WhoArg,
    until: Annotated[str, typer.Option(metavar="DATE", help="The day it comes back: +3d, monday.")] = "",
    because: Because = "",
) -> None:
    """Put a case off until a day; what was promised stays due."""
    from winback_cli.case import Entry

    here: Here = ctx.obj
    here.must_know(who)
    day = _day(here, until)
    with here.writing("snooze") as store:
        work = latest(here, store, who) or take_up(here, store, who)
        refuse_left_alone(work.customer)
        if work.case.status != "open":
            raise _not_open(work)
        body = {"until": day, "because": text.shorten(because, 200)}
        work.record([Entry("snoozed", {key: value for key, value in body.items() if value})])
        here.say(f"Case {work.ref.id} is put off until {day}.")
        if any(promise["state"] == "open" for promise in work.case.commitments):
            here.say("What was promised stays due.")


def _day(here: Here, until: str) -> str:
    """The day to put it off to, read or asked for; raises UsageError for one that is not ahead."""
    from winback_cli import answers
    from winback_cli.facts import Spec

    if not until:
        need_terminal("--until DATE, such as --until +3d")
        from winback_cli.terminal import ask_value

        until = str(ask_value(here.err, Spec("until", "date", "Until when?"), here.customs) or "")
    try:
        day = str(answers.parse(Spec("until", "date", "Until when?"), until, here.customs))
    except ValueError as problem:
        raise UsageError(
            f"--until {text.shorten(until, 40)!r}: {problem}.", "Give --until again."
        ) from None
    if day <= here.clock.today.isoformat():
        raise UsageError(f"--until {day} is not in the future.", "Give a later day, such as +3d.")
    return day


def _not_open(work: Work) -> Refused:
    if work.case.status == "closed":
        return Refused(
            f"Case {work.ref.id} is closed: {work.case.outcome}.",
            f"winback walk {work.ref.customer} opens a new one.",
        )
    return Refused(f"Case {work.ref.id} is asleep already.", f"winback show {work.ref.customer}")


@app.command()
def reopen(ctx: typer.Context, who: WhoArg, because: Because = "") -> None:
    """Wake a case that sleeps, is put off or was closed; it goes on where a new round begins."""
    from winback_cli.case import Entry
    from winback_cli.route import new_round

    here: Here = ctx.obj
    here.must_know(who)
    with here.writing("reopen") as store:
        work = _there(here, store, who)
        asleep = work.case.status != "open"
        if not asleep and not work.case.snoozed:
            raise Refused(f"Case {work.ref.id} is open.", f"winback walk {work.ref.customer}")
        again: dict[str, Any] = new_round(work.playbook, work.case) if asleep else {}
        because = text.shorten(because, 200)
        work.record([Entry("reopened", again | ({"because": because} if because else {}))])
        here.say(f"Case {work.ref.id} is open again. Next: winback walk {work.ref.customer}")


def _there(here: Here, store: "Store", who: str) -> Work:
    with store.reads() as connection:
        meant = here.who(connection, who)
        customer = reads.customer(connection, meant.number)
    assert customer is not None
    refuse_left_alone(customer)
    work = latest(here, store, who)
    if work is None:
        raise NotFound("There is no case yet.", f"winback walk {meant.number}")
    return work


@app.command()
def undo(
    ctx: typer.Context,
    who: WhoArg,
    list_: Annotated[
        bool, typer.Option("--list", help="Only list what was done, the latest first.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
) -> None:
    """Take back the last thing done in a case: an answer, a contact, a close. Again goes further back.

    Nothing is erased: what was taken back stays on record as such.
    """
    here: Here = ctx.obj
    if list_ or json:
        return _list_acts(here, who, json=json)
    here.must_know(who)
    with here.writing("undo") as store:
        work = _there(here, store, who)
        with store.reads() as connection:
            act = _to_undo(work, reads.events(connection, work.ref.key))
        store.undo(work.ref.key, act.seqs, work.standing)
        here.say(f"Undone in case {work.ref.id}: {_line(act, work)}")
    return None


def _to_undo(work: Work, events: "list[Event]") -> "Act":
    from winback_cli import acts

    act = acts.next_to_undo(events)
    assert act is not None  # a case has an opening
    if why := acts.stands(act, work.ref.customer):
        raise Refused(*why)
    return act


def _line(act: "Act", work: Work) -> str:
    from winback_cli import acts

    return text.shorten(acts.words(act, work.playbook), 120)


def _list_acts(here: Here, who: str, *, json: bool) -> None:
    from winback_cli import acts, library

    with here.reading() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
        if ref is None:
            raise NotFound("There is no case yet.", f"winback walk {meant.number}")
        events = reads.events(connection, ref.key)
        playbook = library.kept(reads.playbook_tree(connection, ref.playbook))
    done = list(reversed(acts.acts(events)))
    if json:
        return print_json(
            [
                {
                    "events": list(act.seqs),
                    "kind": act.last.kind,
                    "what": acts.words(act, playbook),
                    "happened": act.last.happened,
                    "recorded": act.last.recorded,
                    "by": act.last.by,
                    "undone": act.undone,
                }
                for act in done
            ]
        )
    rows = [
        [
            act.last.recorded[:10],
            text.line(acts.words(act, playbook)),
            text.shorten(act.last.by, 16),
            "undone" if act.undone else "",
        ]
        for act in done
    ]
    header = ["Done", "What", "By", ""]
    if not here.drawn:
        return print_rows(header, rows)
    from winback_cli import views

    here.show(views.plain_table(header, rows[:LATEST], here.out.width))
    if len(rows) > LATEST:
        here.say(f"and {len(rows) - LATEST} before; --json lists them all.")
    here.say(f"winback undo {meant.number} takes back the first that stands.")
    return None
