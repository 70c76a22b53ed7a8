"""Working a case without walking it: log a contact or a remark, close it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import answers, reaching, text
from winback_cli.cli.forgetting import offer_alone, put_alone
from winback_cli.cli.here import Here, at_terminal, given_text, need_terminal
from winback_cli.cli.work import WhoArg, Work, latest, take_up
from winback_cli.errors import BadInput, NotFound, Refused, UsageError
from winback_cli.store import reads

if TYPE_CHECKING:
    from winback_cli.case import Entry
    from winback_cli.guards import Finding
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)


@app.command()
def touch(
    ctx: typer.Context,
    who: WhoArg,
    disposition: Annotated[
        str, typer.Option(help="reached, left message, no answer, wrong number, bounced or refused.")
    ] = "",
    channel: Annotated[
        str, typer.Option(help="phone, in person, video, email, letter, message, survey or focus group.")
    ] = "",
    at: Annotated[
        str, typer.Option(metavar="NUMBER", help="Which number or address was wrong, or bounced.")
    ] = "",
    person: Annotated[str, typer.Option(help="Whom you reached.")] = "",
    role: Annotated[str, typer.Option(help="Their role.")] = "",
    decides: Annotated[
        bool | None, typer.Option("--decides/--decides-not", help="Whether they decide.")
    ] = None,
    on: Annotated[str, typer.Option(metavar="DATE", help="When: -2d, monday.")] = "today",
    note: Annotated[str, typer.Option(help="A remark.")] = "",
    suppress: Annotated[
        str, typer.Option(metavar="WHY", help="They asked to be left alone: log it, and do so at once.")
    ] = "",
) -> None:
    """Log a contact attempt; opens a case where there is none."""
    here: Here = ctx.obj
    here.must_know(who)
    alone = given_text(suppress, "The reason") if suppress else ""
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
        won = latest(here, store, who)  # after a win contact goes on, in the same file (E8)
        if at:
            body["at"] = _point_at(here, store, who, body, at)
        if won is None or won.case.outcome != "won":
            won = take_up(here, store, who)
        _log_touch(won, body, day)
        if alone:
            put_alone(here, store, won.customer, alone)


def _point_at(here: Here, store: "Store", who: str, body: dict[str, Any], said: str) -> str:
    """The contact point that was wrong, as the store has it; raises NotFound where there is none."""
    if body["disposition"] not in reaching.FAILED:
        raise UsageError(
            "--at names a number that was wrong.", "Leave it out, or say wrong number or bounced."
        )
    with store.reads() as connection:
        number = here.who(connection, who).number
        points = reads.points(connection, number)
    point = reaching.named(points, body["channel"], text.line(said))
    if point is None:
        words = answers.words_of(body["channel"])
        raise NotFound(
            f"{text.shorten(said, 40)!r} is none of their contact points for {words}.",
            f"winback show {number} lists them.",
        )
    return point.value


def _log_touch(work: Work, body: dict[str, Any], day: str) -> None:
    from winback_cli.case import Entry
    from winback_cli.route import ATTEMPTS

    given = {key: value for key, value in body.items() if value not in ("", None)}
    case = work.record([Entry("touched", given, day)])
    words = answers.words_of(str(given["disposition"]))
    work.here.say(f"Logged for case {work.ref.id}: {words}, {day}.")
    if given["disposition"] in reaching.FAILED and (at := case.touches[-1].get("at")):
        work.here.say(f"{text.line(at)} counts as stale from now on.")
    if not case.reached and len(case.touches) >= ATTEMPTS:
        rest = f"winback close {work.ref.customer} --outcome dormant --until +3m"
        work.here.say(f"Nobody reached in {len(case.touches)} attempts. You may let it rest: {rest}")


def _read(here: Here, fact: str, said: str, flag: str) -> Any:
    """An option read as the fact it is; asked for where it is missing and somebody can be asked."""
    from winback_cli.facts import facts

    spec = facts()[fact]
    if not said:
        if not at_terminal():
            known = ", ".join(map(answers.words_of, spec.choices))
            raise UsageError(f"{flag} is missing.", f"Give {flag}: {known}.")
        from winback_cli.terminal import ask_value

        value = ask_value(here.err, spec, here.customs)
        if value is None:
            raise UsageError("Nothing was typed.", "Run the command again.")
        return value
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
    here.must_know(who)
    said = " ".join(words or [])
    if not said:
        need_terminal("the remark after WHO")
        from winback_cli.terminal import ask_line

        said = ask_line("Remark: ")
    with here.writing("note") as store:
        _note(here, store, who, text.clean(said).strip())


def _note(here: Here, store: "Store", who: str, said: str) -> None:
    from winback_cli.case import Entry

    if not said:
        raise BadInput("The remark is empty.", "Give some words.")
    if len(said) > answers.LONGEST:
        raise BadInput(f"A remark has at most {answers.LONGEST:,} characters.", "Make it shorter.")
    with store.reads() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
    if ref is None:
        ref = take_up(here, store, who).ref
    store.record(ref.key, [Entry("noted", {"text": said})], lambda case: None)
    here.say(f"Noted in case {ref.id}.")


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
    suppress: Annotated[
        bool | None,
        typer.Option("--suppress/--no-suppress", help="When lost: leave them alone for good, or not."),
    ] = None,
) -> None:
    """Close a case, or put it to sleep until a date or a trigger."""
    here: Here = ctx.obj
    here.must_know(who)
    alone = ("--suppress goes with --outcome lost.", f"Alone it is: winback suppress {who}")
    if suppress and outcome and _read(here, "followed_up.ending", outcome, "--outcome") != "lost":
        raise UsageError(*alone)  # said before anything is asked for that another outcome needs
    body = _ending(here, outcome, until, bool(trigger))
    if suppress and body["outcome"] != "lost":
        raise UsageError(*alone)
    body |= {"because": text.line(because), "trigger": text.line(trigger)}
    with here.writing("close") as store:
        number = _close(here, store, who, {k: v for k, v in body.items() if v}, text.line(override))
        if body["outcome"] == "lost":
            offer_alone(here, store, number, suppress, body["because"])


def _ending(here: Here, outcome: str, until: str, triggered: bool) -> dict[str, Any]:
    """The outcome and the day it wakes; asked for where they are missing and somebody can be asked."""
    ending = _read(here, "followed_up.ending", outcome, "--outcome")
    asleep, won = ending == "dormant" and not triggered, ending == "won"
    if asleep and not until and not at_terminal():
        raise UsageError("A case sleeps until something wakes it.", "Give --until DATE or --trigger WHAT.")
    if won and not until and not at_terminal():  # E8
        raise UsageError("After a win, contact goes on.", "Give --until DATE: when you speak next.")
    owed = until or asleep or won
    wake = _read(here, "followed_up.next_contact_on", until, "--until") if owed else ""
    if wake and wake <= here.clock.today.isoformat():
        raise UsageError(f"--until {wake} is not in the future.", "Give a later day, such as +3m.")
    return {"outcome": ending, "until": wake}


def _close(here: Here, store: "Store", who: str, body: dict[str, Any], override: str) -> int:
    """Close the case in hand; returns whose it is."""
    from winback_cli.case import Entry
    from winback_cli.route import Days, closing

    work = latest(here, store, who)
    if work is None or work.case.status == "closed":
        raise Refused("There is no open case to close.", f"winback show {who}")
    days = Days(here.clock.today, here.settings.weekend_days)
    stops = closing(work.playbook, work.case, days, body["outcome"])
    if stops and not override:
        raise _stopped(stops[0], who)
    entries = [_overridden(finding, override) for finding in stops]
    work.record([*entries, Entry("closed", body)])
    asleep = body["outcome"] == "dormant"
    here.say(f"Case {work.ref.id} " + ("sleeps." if asleep else f"is closed: {body['outcome']}."))
    return work.ref.customer


def _overridden(finding: "Finding", because: str) -> "Entry":
    from winback_cli.case import Entry

    body = {"step": finding.step, "guard": finding.guard, "because": because}
    if finding.question:
        body["question"] = finding.question
    return Entry("overridden", body)


def _stopped(finding: "Finding", who: str) -> Refused:
    return Refused(
        f"{finding.say} {finding.why} [{', '.join(finding.source)}]",
        f"Log the follow-up with winback touch {who}, or close with --override WHY. Whoever wants to be"
        f" left alone: winback suppress {who}",
    )
