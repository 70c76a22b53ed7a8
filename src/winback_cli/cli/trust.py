"""The trust team's map of the firm: walked, added to, marked as done, taken back (E9 to E12)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.case import FIRM, Entry, items_of
from winback_cli.cli import trustplan
from winback_cli.cli.here import Here, given_text, need_terminal
from winback_cli.cli.options import day_of
from winback_cli.cli.trustmap import (
    before,
    change_entry,
    edition,
    evidence,
    running,
    seeds,
    taken_up,
    there,
)
from winback_cli.cli.work import Work
from winback_cli.errors import NotFound, Refused, UsageError
from winback_cli.store import firm, reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from winback_cli.answersfile import Script
    from winback_cli.case import Case
    from winback_cli.prompter import Ended, Prompter
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)
trust = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="The trust team: the map, the ideas, the plan."
)
app.add_typer(trust, name="trust")

Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help="breaker, opportunity, threat, action, idea, stage or member."),
]
Staff = Annotated[bool, typer.Option("--staff", help="Of the staff, not of the customers.")]


@trust.callback()
def _trust() -> None:
    """The trust team: the map, the ideas, the plan.

    People from every part of the firm look at each stage that customers go through: what breaks their
    trust, what builds it, what guards it. Then the same for the staff. The best ideas become one plan.
    """


# -- walking it ------------------------------------------------------------------------------


@trust.command()
def new(
    ctx: typer.Context,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", readable=False, help="Answer from a file (YAML or JSON).")
    ] = None,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Close the map that runs, and begin another.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --afresh: without asking.")] = False,
) -> None:
    """Begin the trust map, or go on with it where it stopped.

    Every answer is stored before the next question appears. winback playbook answers trust-team prints a
    blank answers file; what it lists is added to what is on the map.
    """
    from winback_cli.answersfile import further

    here: Here = ctx.obj
    if answers is None:
        need_terminal("--answers FILE")
    script = _rehearsed(here, answers, afresh=afresh) if answers is not None else None
    if afresh and not yes:
        _ask_afresh(here)
    with here.writing("trust new", create=True) as store:
        if afresh and (old := running(here, store)):
            old.record([Entry("closed", {"outcome": "done"})])
            here.say(f"The trust map {old.ref.id} is closed.")
        work = taken_up(here, store, without=_given(script))
        try:
            if script is not None and (more := further(script, work.playbook, work.case, here.customs)):
                work.record(more)
            ended = _walk(work, script)
        except KeyboardInterrupt:
            here.say("\nStopped. Everything you answered is stored. Go on: winback trust new")
            raise
        _tell_ended(work, ended)


def _ask_afresh(here: Here) -> None:
    """Raise Refused unless the map that runs, if any, may be closed."""
    if not here.has_store:
        return
    with here.reading() as connection:
        ref = firm.latest(connection)
    if ref is None or ref.status == "closed":
        return
    need_terminal("--yes to close the map that runs")
    from winback_cli.terminal import ask_line

    here.say(f"The trust map {ref.id} closes. Another begins with its team and its stages, not its ideas.")
    if ask_line("Begin another? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was changed.", "winback trust new goes on with the map that runs.")


def _given(script: "Script | None") -> list[str]:
    """The facts that a file gives itself: no usual stages are put before its own."""
    keys = [key for _, key in script.answers] if script else []
    return [f"programme.{key}" for key in keys]


def _rehearsed(here: Here, file: Path, *, afresh: bool) -> "Script":
    """The answers file, walked once without storing anything, so that a bad one changes nothing."""
    from winback_cli import answersfile, library
    from winback_cli.journal import Journal, Rehearsal
    from winback_cli.walk import Walk

    events, book, begun = [], edition(here).playbook, seeds(None)
    if here.has_store:
        with here.reading() as connection:
            ref = firm.latest(connection)
            begun = seeds(connection)
            if ref is not None and ref.status != "closed" and not afresh:
                events = reads.events(connection, ref.key)
                book = library.kept(reads.playbook_tree(connection, ref.playbook))
    script = answersfile.load(file, book, here.customs)
    rehearsal = Rehearsal(events, here.clock.today)
    if not events:
        given = _given(script)
        rehearsal.record([Entry("opened", {"playbook": "", "version": 1, "digest": ""})])
        rehearsal.record([entry for entry in begun if entry.body["fact"] not in given])
    prompter = answersfile.FilePrompter(script)
    if events:
        rehearsal.record(answersfile.further(script, book, rehearsal.case(), here.customs))
    journal = Journal(rehearsal.record, rehearsal.case)
    Walk(book, rehearsal.case(), prompter, journal, here.customs).run()
    return script


def _walk(work: Work, script: "Script | None") -> "Ended":
    from winback_cli.cli.walking import patient
    from winback_cli.journal import Journal
    from winback_cli.walk import Walk

    record: Callable[..., Case] = work.record if script else patient(work, work.record)
    prompter = _prompter(work, script)
    return Walk(work.playbook, work.case, prompter, Journal(record, work.reload), work.here.customs).run()


def _prompter(work: Work, script: "Script | None") -> "Prompter":
    if script is not None:
        from winback_cli.answersfile import FilePrompter

        return FilePrompter(script)
    from winback_cli import library
    from winback_cli.terminal import TerminalPrompter

    card = _card(work.store)
    return TerminalPrompter(work.here.err, "The firm", work.ref.id, library.rule_texts, "", card)


def _card(store: "Store") -> dict[str, str]:
    """What the cases say of why customers left, beside the question for trust breakers."""
    from winback_cli.trustpage import because

    with store.reads() as connection:
        known = evidence(connection)
    told = " · ".join(because(one) for one in known)
    return {"step breakers": f"Why customers left, by your cases: {told}."} if told else {}


def _tell_ended(work: Work, ended: "Ended") -> None:
    from winback_cli.route import Ask, Days, place

    here, there = work.here, place(work.playbook, work.reload(), Days(work.here.clock.today))
    whole = isinstance(there, Ask) and there.question.fact == "programme.approved"
    if ended.kind == "through" or whole:
        here.say("\nThe map is whole. See it: winback trust show")
        here.say("The plan for senior management: winback trust plan")
        if whole:
            here.say("Once they said yes: winback trust plan --approve --by NAME")
    else:
        here.say("\nStopped. Everything you answered is stored. Go on: winback trust new")


# -- one entry at a time ---------------------------------------------------------------------

# By option: what it says in an error, and whether an entry of that kind must have it.
_WANTED = {"stage": "--stage NAME", "how": "--how WORDS", "safeguard": "--safeguard WORDS"}


@trust.command()
def add(
    ctx: typer.Context,
    kind: Kind,
    what: Annotated[list[str], typer.Argument(metavar="WHAT", help="In a few words; or the name.")],
    stage: Annotated[str, typer.Option(metavar="NAME", help="At which stage.")] = "",
    how: Annotated[str, typer.Option(metavar="WORDS", help="How an opportunity is used.")] = "",
    safeguard: Annotated[str, typer.Option(metavar="WORDS", help="What guards against a threat.")] = "",
    owner: Annotated[str, typer.Option(metavar="NAME", help="Who takes it on.")] = "",
    due: Annotated[str, typer.Option(metavar="DATE", help="By when.")] = "",
    effort: Annotated[str, typer.Option(metavar="1-5", help="How much effort an idea takes.")] = "",
    effect: Annotated[str, typer.Option(metavar="1-5", help="How much it would change.")] = "",
    note: Annotated[str, typer.Option(metavar="WORDS", help="What happens at a stage.")] = "",
    part: Annotated[
        str, typer.Option(metavar="WORDS", help="Which part of the firm a member speaks for.")
    ] = "",
    staff: Staff = False,
) -> None:
    """Add one entry to the map: what breaks trust, an idea, and more."""
    from winback_cli import trust as trade

    here: Here = ctx.obj
    kind = _kind(kind)
    given = {
        "stage": stage,
        "how": how,
        "safeguard": safeguard,
        "owner": owner,
        "due": due,
        "effort": effort,
        "effect": effect,
        "note": note,
        "part": part,
    }
    value = _value(here, kind, " ".join(what), {name: said for name, said in given.items() if said})
    who = trade.STAFF if staff else trade.CUSTOMERS
    _refuse_unknown(here, who, value)
    with here.writing("trust add", create=True) as store:
        work = taken_up(here, store)
        _settle_stage(work, kind, who, value)
        fact = trade.list_of(kind, who)
        number = len(work.case.facts.get(fact) or []) + 1
        change_entry(work, fact, number, value)
        of = "" if kind in ("idea", "member") else f" of the {who}"
        here.say(f"{kind.capitalize()} {number} is on the map{of}.")


def _kind(said: str) -> str:
    """A kind of entry; raises UsageError with the nearest one."""
    from winback_cli.trust import KINDS

    word = text.fold(said)
    if word in KINDS:
        return word
    near = text.nearest(word, list(KINDS))
    raise UsageError(
        f"There is no {text.shorten(said, 30)!r} on a trust map.",
        (f"Did you mean {near}? " if near else "") + f"Give one of {', '.join(KINDS)}.",
    )


def _value(here: Here, kind: str, words: str, given: dict[str, str]) -> dict[str, Any]:
    """An entry as it is stored; raises UsageError for an option that is not its own, or is missing."""
    from winback_cli.trust import KINDS

    takes = KINDS[kind][1]
    if strange := next((name for name in given if name not in takes), ""):
        listed = ", ".join(f"--{name}" for name in takes)
        article = "An" if kind[0] in "aeiou" else "A"
        raise UsageError(f"{article} {kind} has no --{strange}.", f"It has {listed}.")
    if missing := next((flag for name, flag in _WANTED.items() if name in takes and name not in given), ""):
        raise UsageError(f"Something is missing about the {kind}.", f"Give {missing}.")
    value: dict[str, Any] = {
        "name" if kind in ("stage", "member") else "what": given_text(words, kind, 500)
    }
    for name, said in given.items():
        if name == "due":
            value[name] = day_of(here, said, "--due", ahead=True)
        elif name in ("effort", "effect"):
            value[name] = trustplan.mark_of(here, said, f"--{name}")
        else:
            value[name] = given_text(said, f"--{name}", 500)
    return value


def _refuse_unknown(here: Here, who: str, value: dict[str, Any]) -> None:
    """Raise NotFound for a stage that is not on the map, before anything is written."""
    from winback_cli.case import Case, fold
    from winback_cli.trust import stage_named

    if "stage" not in value:
        return
    begun = seeds(None)
    case = Case("", facts={entry.body["fact"]: entry.body["value"] for entry in begun})
    if here.has_store:
        with here.reading() as connection:
            ref = firm.latest(connection)
            if ref is not None and ref.status != "closed":
                case = fold(ref.id, reads.events(connection, ref.key))
    stage_named(case, who, value["stage"])


def _settle_stage(work: Work, kind: str, who: str, value: dict[str, Any]) -> None:
    """The stage as the map calls it; raises NotFound for an unknown one, Refused for a second of a name."""
    from winback_cli.trust import stage_named, stages_of

    if "stage" in value:
        value["stage"] = stage_named(work.case, who, value["stage"])
    if kind == "stage":
        known = {text.fold(name) for name in stages_of(work.case, who)}
        if text.fold(value["name"]) in known:
            raise Refused("That stage is on the map already.", "winback trust show")


@trust.command()
def drop(
    ctx: typer.Context,
    kind: Kind,
    number: Annotated[int, typer.Argument(metavar="N", help="Its number; winback trust show.")],
    staff: Staff = False,
) -> None:
    """Take one entry off the map; it stays on record."""
    from winback_cli import trust as trade

    here: Here = ctx.obj
    kind, who = _kind(kind), trade.STAFF if staff else trade.CUSTOMERS
    with here.writing("trust drop") as store:
        work = there(here, store)
        fact = trade.list_of(kind, who)
        item = _entry(work, fact, kind, number)
        if kind == "stage":
            _refuse_used(work, who, str(item.get("name")))
        change_entry(work, fact, number, {"removed": True})
        here.say(f"{kind.capitalize()} {number} is off the map.")


def _refuse_used(work: Work, who: str, name: str) -> None:
    from winback_cli.trust import side

    named = next((stage for stage in side(work.case, who).stages if stage.name == text.line(name)), None)
    if named is not None and not named.is_empty:
        raise Refused(
            "That stage has entries.", "Take those off first: winback trust drop breaker N, and so on."
        )


@trust.command()
def done(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", help="Its number; winback trust show.")],
    action: Annotated[
        bool, typer.Option("--action", help="What was to be done at once, not an idea.")
    ] = False,
    staff: Staff = False,
    on: Annotated[str, typer.Option(metavar="DATE", help="When it was done; today unless given.")] = "",
    of: Annotated[
        str,
        typer.Option("--map", metavar="MAP", help="On an earlier map: 0.1. See winback trust review."),
    ] = "",
) -> None:
    """Mark an idea of the plan as done.

    With --action: something that was to be done at once.
    """
    from winback_cli import trust as trade

    here: Here = ctx.obj
    if staff and not action:
        raise UsageError("Ideas are the whole firm's.", "--staff goes with --action.")
    day = day_of(here, on, "--on", past=True) if on else here.clock.today.isoformat()
    kind = "action" if action else "idea"
    with here.writing("trust done") as store:
        work = before(here, store, of) if of else there(here, store)
        fact = trade.list_of(kind, trade.STAFF if staff else trade.CUSTOMERS)
        item = _entry(work, fact, kind, number)
        if item.get("done_on"):
            raise Refused(f"That {kind} was done on {item['done_on']}.", "winback trust review")
        change_entry(work, fact, number, {"done_on": day})
        here.say(f"{kind.capitalize()} {number} is done.")


def _entry(work: Work, fact: str, kind: str, number: int) -> dict[str, Any]:
    """An entry that stands; raises NotFound with the numbers there are."""
    found = dict(items_of(work.case.facts.get(fact)))
    if number not in found:
        listed = ", ".join(map(str, found)) or "none yet"
        raise NotFound(f"There is no {kind} {number} on the map.", f"There are: {listed}.")
    return found[number]


@trust.command()
def undo(ctx: typer.Context) -> None:
    """Take back the last thing done on the map.

    Again takes back the one before. Nothing is erased: it stays on record as taken back.
    """
    from winback_cli import acts

    here: Here = ctx.obj
    with here.writing("trust undo") as store:
        work = there(here, store)
        with store.reads() as connection:
            act = acts.next_to_undo(reads.events(connection, work.ref.key))
        if act is None or acts.stands(act, FIRM):
            raise Refused("There is nothing on the map to take back.", "winback trust new goes on with it.")
        store.undo(work.ref.key, act.seqs, work.standing)
        here.say(f"Undone: {text.shorten(acts.words(act, work.playbook), 120)}")


trust.command()(trustplan.show)
trust.command()(trustplan.score)
trust.command()(trustplan.plan)
trust.command()(trustplan.review)
