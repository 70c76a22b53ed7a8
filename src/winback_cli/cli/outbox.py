"""The outbox: messages on their way, approved, given up, settled; and those that went out by hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from winback_cli import text
from winback_cli.cli.drafting import approved, check_of, findings_of, json_of, question_for, say_findings
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.options import day_of
from winback_cli.cli.work import standings
from winback_cli.errors import Refused, UsageError
from winback_cli.store import messages

if TYPE_CHECKING:
    from datetime import datetime

    from winback_cli.store.messages import Message

app = typer.Typer(rich_markup_mode=None)
outbox = typer.Typer(rich_markup_mode=None, help="Messages: approve, give up, settle what is uncertain.")
app.add_typer(outbox, name="outbox")
ID = Annotated[int, typer.Argument(metavar="ID", help="Which message: winback outbox.")]
UNDER_WAY = 300  # seconds for which a message that was claimed may still be on its way


@outbox.callback(invoke_without_command=True)
def show_all(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Sent and dropped ones too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is to be approved, to be sent, failed or uncertain."""
    here: Here = ctx.obj
    if ctx.invoked_subcommand is not None:
        return None
    with here.reading() as connection:
        found = messages.messages(connection, () if all_ else messages.WAITING)
        paused = messages.paused(connection)
    if json:
        return print_json([json_of(one) for one in found])
    rows = [
        [
            str(one.number),
            text.line(one.subject),
            text.line(one.customer_name)[:24],
            one.case,
            _state(one, here.clock.now),
        ]
        for one in found
    ]
    here.table([">ID", "Subject", "To", "Case", ""], rows, "Nothing is waiting to be sent.")
    if paused:
        here.say(
            "Sending waits since the store was restored. Look through these, then winback outbox resume."
        )
    unsure = [one for one in found if one.state in (messages.SENDING, messages.UNCERTAIN)]
    if any(not under_way(one, here.clock.now) for one in unsure):
        here.say("Ask, or look into your sent mail: winback outbox settle ID --sent, or --not-sent.")
    return None


def _state(one: "Message", now: "datetime") -> str:
    if one.state == messages.SENDING and not under_way(one, now):
        return "uncertain: cut off while it was sent"
    detail = f": {text.shorten(one.detail, 40)}" if one.detail and one.state != messages.SENT else ""
    return f"{one.state}{detail}"


def under_way(one: "Message", now: "datetime") -> bool:
    """Whether another winback may be sending it at this moment."""
    from datetime import datetime

    if one.state != messages.SENDING or not one.claimed_at:
        return False
    # A clock that was set back says as little about it as one that ran on.
    return abs((now - datetime.fromisoformat(one.claimed_at)).total_seconds()) < UNDER_WAY


@outbox.command()
def show(
    ctx: typer.Context, number: ID, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """One message, with what its check finds."""
    here: Here = ctx.obj
    with here.reading() as connection:
        one = messages.message(connection, number)
        found = findings_of(here, connection, one)
    if json:
        return print_json(json_of(one) | {"findings": [finding._asdict() for finding in found]})
    state = _state(one, here.clock.now)
    typer.echo(f"Message {one.number} to {text.line(one.customer_name)}, case {one.case}: {state}")
    to = f"{text.line(one.to_name)} <{text.line(one.to)}>" if one.to_name else text.line(one.to)
    typer.echo(f"To: {to}")
    typer.echo(f"Subject: {text.line(one.subject)}\n")
    typer.echo(text.clean(one.body))
    if one.state in messages.EDITABLE:
        say_findings(here, found, one.waived)
    return None


@outbox.command()
def approve(
    ctx: typer.Context,
    number: ID,
    override: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK=WHY", help="A finding that is a false alarm, and why."),
    ] = None,
) -> None:
    """Approve a draft: it may be sent from now on."""
    here: Here = ctx.obj
    with here.writing("outbox approve") as store:
        approved(here, store, number, override or [])


@outbox.command()
def drop(ctx: typer.Context, number: ID) -> None:
    """Give a message up: it is not sent."""
    here: Here = ctx.obj
    with here.writing("outbox drop") as store:
        store.drop_message(number)
    here.say(f"Message {number} is dropped.")


@outbox.command()
def settle(
    ctx: typer.Context,
    number: ID,
    sent: Annotated[
        bool | None, typer.Option("--sent/--not-sent", help="Whether it arrived.", show_default=False)
    ] = None,
    on: Annotated[str, typer.Option(metavar="DATE", help="The day it went out.")] = "",
) -> None:
    """Say whether an uncertain message went out."""
    here: Here = ctx.obj
    if sent is None:
        raise UsageError("Say whether it went out.", "Give --sent or --not-sent.")
    with here.reading() as connection:
        one = messages.message(connection, number)
        question = question_for(here, connection, one)
    if under_way(one, here.clock.now):
        raise Refused(
            f"Message {number} may be on its way at this moment.", "Wait five minutes, and try again."
        )
    day = day_of(here, on, "--on", past=True) if on else _day_of_claim(one)
    state, detail = (messages.SENT, "settled by hand") if sent else (messages.FAILED, "it did not go out")
    with here.writing("outbox settle") as store:
        made = standings(here)
        store.settle_message(number, state, detail, day, question, lambda case: made(case.digest, case))
    if sent:
        here.say(f"Message {number} counts as sent on {day}.")
    else:
        here.say(f"Message {number} did not go out. To send it: winback outbox approve {number}")


def _day_of_claim(one: "Message") -> str:
    """The calendar day here on which it was about to be sent."""
    from datetime import datetime

    return datetime.fromisoformat(one.claimed_at).astimezone().date().isoformat() if one.claimed_at else ""


@outbox.command("by-hand")
def by_hand(
    ctx: typer.Context,
    number: ID,
    on: Annotated[str, typer.Option(metavar="DATE", help="The day you sent it.")] = "today",
) -> None:
    """You sent an approved message yourself: it counts as sent."""
    here: Here = ctx.obj
    day = day_of(here, on, "--on", past=True)
    with here.reading() as connection:
        one = messages.message(connection, number)
        question = question_for(here, connection, one)
    if day < one.at[:10]:
        raise UsageError(f"Message {number} was written on {one.at[:10]}.", "Give --on a day since then.")
    with here.writing("outbox by-hand") as store:
        made = standings(here)
        store.sent_by_hand(number, day, question, lambda case: made(case.digest, case))
    here.say(f"Message {number} counts as sent on {day}.")


@outbox.command()
def mailto(ctx: typer.Context, number: ID) -> None:
    """A link that opens an approved message in your mail program; then: outbox settle ID --sent.

    Nobody but you knows whether you sent it, so that winback does not send it too.
    """
    from urllib.parse import quote

    from winback_cli.store.outbox import must_be, refuse_paused, refuse_stopped

    here: Here = ctx.obj
    with here.reading() as connection:
        one = messages.message(connection, number)
        must_be(one, messages.APPROVED)
        refuse_paused(connection)
        refuse_stopped(connection, here.path, one, check_of(here))
    with here.writing("outbox mailto") as store:
        made = standings(here)
        store.claim(number, check_of(here))
        store.settle_message(
            number, messages.UNCERTAIN, "opened as a link", "", "", lambda case: made(case.digest, case)
        )
    here.say(f"Once it is sent: winback outbox settle {number} --sent. Or: --not-sent")
    body = quote(text.clean(one.body).replace("\n", "\r\n"))
    typer.echo(f"mailto:{quote(one.to, safe='@')}?subject={quote(text.line(one.subject))}&body={body}")


@outbox.command()
def resume(ctx: typer.Context) -> None:
    """Let sending go on after the store was restored."""
    here: Here = ctx.obj
    with here.writing("outbox resume") as store:
        store.resume_sending()
    here.say(
        "Sending goes on. What went out since the copy was made is not known: look through winback outbox."
    )
