"""Working a case: walk it, log a contact or a remark, close it."""

import shlex
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import answers, dates, text
from winback_cli.cli.here import Here, at_terminal, need_terminal
from winback_cli.errors import BadInput, NotFound, Refused, UsageError
from winback_cli.store import Opening, Store, reads

if TYPE_CHECKING:
    from winback_cli.case import Case, Entry
    from winback_cli.guards import Finding
    from winback_cli.playbook import Playbook
    from winback_cli.route import Standing
    from winback_cli.walk import Ended, Prompter

app = typer.Typer(rich_markup_mode=None)
WhoArg = Annotated[str, typer.Argument(metavar="WHO", help="A number, or words of the name.")]


@dataclass
class Work:
    """An open case in hand: its row, how it stands, and the playbook it runs under."""

    here: Here
    store: Store
    customer: reads.CustomerRecord
    ref: reads.CaseRef
    case: "Case"
    playbook: "Playbook"

    def standing(self, case: "Case") -> "Standing":
        """What the case row keeps of this case."""
        from winback_cli.route import standing

        return standing(self.playbook, case, self.here.settings.weekend_days)

    def record(self, entries: "list[Entry]", seen: dict[str, int] | None = None) -> "Case":
        """Append events; the case in hand is then as they leave it."""
        self.case = self.store.record(self.ref.key, entries, self.standing, seen)
        return self.case

    def reload(self) -> "Case":
        """The case as it stands in the store now."""
        from winback_cli.case import fold

        with self.store.reads() as connection:
            self.case = fold(self.ref.id, reads.events(connection, self.ref.key))
        return self.case


def take_up(here: Here, store: Store, words: str, playbook: str | None = None) -> Work:
    """The case that WHO means; opened, and said so, where there is none that is unclosed.

    Raises Refused for a suppressed customer, UsageError where it runs under another playbook.
    """
    from winback_cli import library

    with store.reads() as connection:
        who = here.who(connection, words)
        customer = reads.customer(connection, who.number)
        ref = reads.case_ref(connection, who.number, who.case)
        kept = reads.playbook_text(connection, ref.playbook) if ref else ""
    assert customer is not None
    if customer.suppressed:
        raise Refused(
            f"{customer.label} asked to be left alone: {customer.suppression_reason}.",
            "No case is opened or walked for them.",
        )
    if ref is None or (ref.status == "closed" and who.case is None):
        return _open(here, store, customer, playbook or here.settings.playbook)
    edition = library.parse(kept, f"playbook of case {ref.id}")
    if playbook and playbook != edition.playbook.name:
        raise UsageError(
            f"Case {ref.id} runs under {edition.playbook.name}.", "Leave --playbook out to go on."
        )
    from winback_cli.case import Case

    work = Work(here, store, customer, ref, Case(ref.id), edition.playbook)
    work.reload()
    return work


def _open(here: Here, store: Store, customer: reads.CustomerRecord, name: str) -> Work:
    from winback_cli import library
    from winback_cli.route import standing

    edition = library.load(name, here.settings.playbooks)
    opening = Opening(name, edition.playbook.version, edition.text, edition.digest)
    weekend = here.settings.weekend_days
    case = store.open_case(customer.number, opening, lambda c: standing(edition.playbook, c, weekend))
    with store.reads() as connection:
        ref = reads.case_ref(connection, customer.number)
    assert ref is not None
    here.say(f"Opened case {ref.id} for {customer.label} under {name}.")
    return Work(here, store, customer, ref, case, edition.playbook)


# -- walk ------------------------------------------------------------------------------------


@app.command()
def walk(
    ctx: typer.Context,
    who: WhoArg,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Answer from a file (YAML or JSON).")
    ] = None,
    playbook: Annotated[str | None, typer.Option(metavar="NAME", help="For a new case.")] = None,
    override: Annotated[
        str | None, typer.Option(metavar="WHY", help="Go past the wait; the reason is kept.")
    ] = None,
) -> None:
    """Walk a case: open it, or go on where it stopped.

    Every answer is stored before the next question appears. Stop whenever you like.
    """
    walk_customer(ctx.obj, who, answers, playbook, override)


def walk_customer(
    here: Here,
    who: str | int,
    script: Path | None = None,
    playbook: str | None = None,
    override: str | None = None,
) -> None:
    """Walk the case of WHO, at the terminal or from an answers file, until it ends or waits."""
    if script is None:
        need_terminal("--answers FILE")
    if script is not None and not script.exists():
        raise NotFound(f"There is no file {script}.", "winback playbook answers standard writes one.")
    with here.writing("walk") as store:
        if script is not None:
            _rehearse(here, store, str(who), script, playbook)
        work = take_up(here, store, str(who), playbook)
        _wake(work)
        try:
            ended = _run(work, script, override)
        except KeyboardInterrupt:
            here.say(f"\nStopped. Everything you answered is stored. Go on: {_again(work)}")
            raise
    _tell_ended(work, ended)


def _run(work: Work, script: Path | None, override: str | None) -> "Ended":
    from winback_cli.walk import Journal, Walk

    return Walk(
        work.playbook,
        work.case,
        _prompter(work, script, override),
        Journal(work.record, work.reload),  # type: ignore[arg-type]
        work.here.customs,
        suggested=_suggestions(work.customer),
    ).run()


def _prompter(work: Work, script: Path | None, override: str | None) -> "Prompter":
    if script is not None:
        from winback_cli import answersfile

        return answersfile.FilePrompter(answersfile.load(script, work.playbook, work.here.customs))
    from winback_cli import library
    from winback_cli.terminal import TerminalPrompter

    return TerminalPrompter(
        work.here.err, work.customer.label, work.ref.id, library.rule_texts, override or ""
    )


def _suggestions(customer: reads.CustomerRecord) -> dict[str, Any]:
    """What the list says already, offered as the default of its question."""
    found = {
        "backstory.how_left": customer.how_left,
        "backstory.left_on": customer.last_purchase,
        "backstory.told_by": customer.owner,
    }
    return {name: value for name, value in found.items() if value}


def _rehearse(here: Here, store: Store, who: str, script: Path, playbook: str | None) -> None:
    """Walk the script once without storing anything, so that a bad file changes nothing."""
    from winback_cli import answersfile, library
    from winback_cli.case import Entry
    from winback_cli.walk import Journal, Rehearsal, Walk

    with store.reads() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
        customer = reads.customer(connection, meant.number)
        running = ref is not None and (ref.status != "closed" or meant.case is not None)
        events = reads.events(connection, ref.key) if ref and running else []
        kept = reads.playbook_text(connection, ref.playbook) if ref and running else ""
    assert customer is not None
    if kept:
        book = library.parse(kept, "the playbook of the case").playbook
    else:
        book = library.load(playbook or here.settings.playbook, here.settings.playbooks).playbook
    loaded = answersfile.load(script, book, here.customs)
    if customer.suppressed or (ref and running and ref.status == "closed"):
        return  # refused by name in a moment
    rehearsal = Rehearsal(events, here.clock.today)
    if not events:
        rehearsal.record([Entry("opened", {"playbook": "", "version": 1, "digest": ""})])
    elif ref and ref.status == "dormant":
        rehearsal.record([Entry("reopened", {})])
    Walk(
        book,
        rehearsal.case(),
        answersfile.FilePrompter(loaded),
        Journal(rehearsal.record, rehearsal.case),
        here.customs,
        suggested=_suggestions(customer),
    ).run()


def _wake(work: Work) -> None:
    """A walk wakes a dormant case; a closed one that was named stays closed."""
    from winback_cli.case import Entry

    if work.case.status == "closed":
        raise Refused(
            f"Case {work.ref.id} is closed: {work.case.outcome}.",
            f"winback walk {work.ref.customer} opens a new one.",
        )
    if work.case.status == "dormant":
        work.record([Entry("reopened", {"because": "walked again"})])
        work.here.say(f"Case {work.ref.id} was asleep and is open again.")


def _again(work: Work) -> str:
    """The command that goes on with this walk, as it has to be typed here."""
    named = work.here.store_named
    store = f" --store {shlex.quote(named)}" if named else ""
    return f"winback{store} walk {work.ref.customer}"


def _tell_ended(work: Work, ended: "Ended") -> None:
    """How the walk came to its end, and what to type next."""
    here, today = work.here, work.here.clock.today
    if ended.kind == "waiting":
        assert ended.until is not None
        why = f" {ended.finding.say} {ended.finding.why}" if ended.finding else ""
        here.say(f"\nWaiting until {_day(ended.until, today)}.{why}")
        here.say(f"Go on then: {_again(work)}")
    elif ended.kind == "not_reached":
        _tell_not_reached(work, ended)
    elif ended.kind == "through":
        here.say(f"\nEvery step is done. winback close {work.ref.customer} --outcome won")
    elif ended.kind == "closed" and ended.what == "dormant":
        until = work.case.closing.get("until")
        here.say(f"\nCase {work.ref.id} sleeps" + (f" until {until}." if until else "."))
    elif ended.kind == "closed":
        here.say(f"\nCase {work.ref.id} is closed: {ended.what}.")
    else:
        here.say(f"\nStopped. Everything you answered is stored. Go on: {_again(work)}")


def _tell_not_reached(work: Work, ended: "Ended") -> None:
    from winback_cli.route import ATTEMPTS

    attempts = len(work.case.touches)
    when = f" Try again {_day(ended.until, work.here.clock.today)}: " if ended.until else " "
    work.here.say(f"\nLogged: nobody reached, attempt {attempts}.{when}{_again(work)}")
    if attempts >= ATTEMPTS:
        rest = f"winback close {work.ref.customer} --outcome dormant --until +3m"
        work.here.say(f"After {attempts} attempts you may let it rest: {rest}")


def _day(day: date, today: date) -> str:
    words = dates.day_words(day, today)
    return words if words == "tomorrow" else f"{words} ({day})"


# -- touch, note, close ----------------------------------------------------------------------


@app.command()
def touch(
    ctx: typer.Context,
    who: WhoArg,
    disposition: Annotated[
        str, typer.Option(help="reached, left message, no answer, wrong number or refused.")
    ] = "",
    channel: Annotated[str, typer.Option(help="phone, in person, video, email, letter or message.")] = "",
    person: Annotated[str, typer.Option(help="Whom you reached.")] = "",
    role: Annotated[str, typer.Option(help="Their role.")] = "",
    decides: Annotated[
        bool | None, typer.Option("--decides/--decides-not", help="Whether they decide.")
    ] = None,
    on: Annotated[str, typer.Option(metavar="DATE", help="When: -2d, monday.")] = "today",
    note: Annotated[str, typer.Option(help="A remark.")] = "",
) -> None:
    """Log a contact attempt; opens a case where there is none."""
    here: Here = ctx.obj
    body = {
        "channel": _read(here, "contacted.channel", channel, "--channel"),
        "disposition": _read(here, "contacted.disposition", disposition, "--disposition"),
        "person": text.line(person),
        "role": text.line(role),
        "decision_maker": decides,
        "note": text.line(note),
    }
    day = _read(here, "contacted.on", on, "--on")
    with here.writing("touch") as store:
        _log_touch(take_up(here, store, who), body, day)


def _log_touch(work: Work, body: dict[str, Any], day: str) -> None:
    from winback_cli.case import Entry
    from winback_cli.route import ATTEMPTS

    given = {key: value for key, value in body.items() if value not in ("", None)}
    number = len(work.case.touches) + 1
    case = work.record([Entry("touched", {"touch": number, **given}, day)])
    words = answers.words_of(str(given["disposition"]))
    work.here.say(f"Logged for case {work.ref.id}: {words}, {day}.")
    if not case.reached and len(case.touches) >= ATTEMPTS:
        rest = f"winback close {work.ref.customer} --outcome dormant --until +3m"
        work.here.say(f"Nobody reached in {len(case.touches)} attempts. You may let it rest: {rest}")


def _read(here: Here, fact: str, said: str, flag: str) -> Any:
    """An option read as the fact it is; asked for where it is missing and somebody can be asked."""
    from winback_cli.stages import facts

    spec = facts()[fact]
    if not said:
        if not at_terminal():
            raise UsageError(f"{flag} is missing.", f"Give {flag}: {', '.join(spec.choices)}.")
        from winback_cli.terminal import ask_value

        return ask_value(here.err, spec, here.customs)
    try:
        return answers.parse(spec, said, here.customs)
    except ValueError as problem:
        raise UsageError(f"{flag} {text.shorten(said, 40)!r}: {problem}.", f"Give {flag} again.") from None


@app.command()
def note(
    ctx: typer.Context,
    who: WhoArg,
    words: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="The remark.")] = None,
) -> None:
    """Write a remark into the file; opens a case where there is none."""
    here: Here = ctx.obj
    said = " ".join(words or [])
    if not said:
        need_terminal("the remark after WHO")
        from winback_cli.terminal import ask_line

        said = ask_line("Remark: ")
    with here.writing("note") as store:
        _note(here, store, who, text.clean(said).strip())


def _note(here: Here, store: Store, who: str, said: str) -> None:
    from winback_cli.case import Entry

    if not said:
        raise BadInput("The remark is empty.", "Give some words.")
    if len(said) > answers.LONGEST:
        raise BadInput(f"A remark has at most {answers.LONGEST:,} characters.", "Make it shorter.")
    work = _latest(here, store, who) or take_up(here, store, who)
    work.record([Entry("noted", {"text": said})])
    here.say(f"Noted in case {work.ref.id}.")


def _latest(here: Here, store: Store, who: str) -> Work | None:
    """The customer's unclosed or latest case, closed ones too: those still take notes."""
    with store.reads() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
    return _in_hand(here, store, ref) if ref else None


def _in_hand(here: Here, store: Store, ref: reads.CaseRef) -> Work:
    from winback_cli import library
    from winback_cli.case import fold

    with store.reads() as connection:
        customer = reads.customer(connection, ref.customer)
        case = fold(ref.id, reads.events(connection, ref.key))
        kept = reads.playbook_text(connection, ref.playbook)
    assert customer is not None
    playbook = library.parse(kept, f"playbook of case {ref.id}").playbook
    return Work(here, store, customer, ref, case, playbook)


@app.command()
def close(
    ctx: typer.Context,
    who: WhoArg,
    outcome: Annotated[
        str, typer.Option(help="won, lost (it is over), released (our choice) or dormant.")
    ] = "",
    because: Annotated[str, typer.Option(help="Why.")] = "",
    until: Annotated[
        str, typer.Option(metavar="DATE", help="The day it wakes, or of the next contact.")
    ] = "",
    trigger: Annotated[str, typer.Option(help="What would wake it sooner.")] = "",
    override: Annotated[
        str, typer.Option(metavar="WHY", help="Go past the playbook; the reason is kept.")
    ] = "",
) -> None:
    """Close a case, or put it to sleep until a date or a trigger."""
    here: Here = ctx.obj
    ending = _read(here, "followed_up.ending", outcome, "--outcome")
    if ending == "suppressed":
        raise UsageError("Suppressing is a command of its own.", f"winback suppress {who} --reason WHY")
    wake = _read(here, "followed_up.next_contact_on", until, "--until") if until else ""
    if wake and wake <= here.clock.today.isoformat():
        raise UsageError(f"--until {wake} is not in the future.", "Give a later day, such as +3m.")
    if ending == "dormant" and not (wake or trigger):
        raise UsageError("A case sleeps until something wakes it.", "Give --until DATE or --trigger WHAT.")
    body = {
        "outcome": ending,
        "because": text.line(because),
        "until": wake,
        "trigger": text.line(trigger),
    }
    with here.writing("close") as store:
        _close(here, store, who, {k: v for k, v in body.items() if v}, text.line(override))


def _close(here: Here, store: Store, who: str, body: dict[str, Any], override: str) -> None:
    from winback_cli.case import Entry
    from winback_cli.route import Days, closing

    work = _latest(here, store, who)
    if work is None or work.case.status == "closed":
        raise Refused("There is no open case to close.", f"winback show {who}")
    days = Days(here.clock.today, here.settings.weekend_days)
    stops = closing(work.playbook, work.case, days)
    if stops and not override:
        raise _stopped(stops[0], who)
    entries = [_overridden(finding, override) for finding in stops]
    work.record([*entries, Entry("closed", body)])
    asleep = body["outcome"] == "dormant"
    here.say(f"Case {work.ref.id} " + ("sleeps." if asleep else f"is closed: {body['outcome']}."))


def _overridden(finding: "Finding", because: str) -> "Entry":
    from winback_cli.case import Entry

    body = {"step": finding.step, "guard": finding.guard, "because": because}
    if finding.question:
        body["question"] = finding.question
    return Entry("overridden", body)


def _stopped(finding: "Finding", who: str) -> Refused:
    return Refused(
        f"{finding.say} {finding.why} [{', '.join(finding.source)}]",
        f'Log the follow-up with winback touch {who}, or close with --override "your reason".',
    )
