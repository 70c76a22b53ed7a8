"""Sending approved messages: one recipient each, never twice, never to whoever is left alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback_cli import text
from winback_cli.cli.drafting import check_of, question_for
from winback_cli.cli.here import Here
from winback_cli.cli.work import standings
from winback_cli.errors import BadInput, Exit, Refused, TryAgain, UsageError, WinbackError
from winback_cli.store import messages, outbox

if TYPE_CHECKING:
    from winback_cli.senders import Outgoing, Sender
    from winback_cli.store.messages import Message
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)


@app.command()
def send(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(metavar="[WHO]", help="Whose approved messages.")] = "",
    all_approved: Annotated[bool, typer.Option("--all-approved", help="Everybody's.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The mail server's password, in its first line.")
    ] = None,
) -> None:
    """Send approved messages, to the folder of your settings or over your mail server."""
    here: Here = ctx.obj
    if bool(who) == all_approved:
        raise UsageError("Say whose messages are sent.", "Give WHO, or --all-approved.")
    with here.reading() as connection:
        number = here.who(connection, who).number if who else None
        ready = messages.messages(connection, (messages.APPROVED,), number)
        outbox.refuse_paused(connection)
    if not ready and all_approved:  # as a script that runs every hour finds it
        return _tell_failed(here, "No message is approved.")
    if not ready:
        raise Refused("No message is approved.", "winback outbox shows what there is.")
    if dry_run:
        return _only_say(here, ready)
    sender = _sender(here, password_file)
    if here.clock.is_set and here.settings.smtp_host:
        raise UsageError("Mail goes out today, whatever --as-of says.", "Leave --as-of out.")
    with here.writing("send") as store:
        sent = _send_all(here, store, sender, ready)
    here.say(f"{sent:,} of {len(ready):,} sent.")
    if sent and not here.settings.smtp_host:
        here.say("They count as sent today: open each in your mail program and press send.")
    if sent < len(ready):
        raise typer.Exit(int(Exit.PARTLY))
    return None


def _tell_failed(here: Here, told: str) -> None:
    """Say that nothing is approved; what failed before is not forgotten over it."""
    with here.reading() as connection:
        failed = len(messages.messages(connection, (messages.FAILED,)))
    here.say(told)
    if failed:
        here.say(f"{failed:,} failed before: winback outbox")
        raise typer.Exit(int(Exit.PARTLY))


def _send_all(here: Here, store: "Store", sender: "Sender", ready: "list[Message]") -> int:
    """How many of them were sent; after two failures of one kind in a row the rest stays approved."""
    sent, before = 0, ""
    for place, one in enumerate(ready, 1):
        state, detail = _send(here, store, sender, one)
        sent += state == messages.SENT
        if state == messages.FAILED and detail and detail == before and place < len(ready):
            here.say(f"That came twice; {len(ready) - place:,} stay approved.")
            break
        before = detail if state == messages.FAILED else ""
    return sent


def _only_say(here: Here, ready: "list[Message]") -> None:
    """What would be sent, on stdout; what would not, and why, beside it."""
    for one in ready:
        try:
            with here.reading() as connection:
                outbox.refuse_stopped(connection, here.path, one, check_of(here))
        except Refused as stop:
            here.say(f"{_named(one)}: would not be sent. {stop.message}")
        else:
            cells = (str(one.number), one.customer_name, one.to, one.subject)
            typer.echo("\t".join(text.line(cell) for cell in cells))


def _sender(here: Here, password_file: Path | None) -> "Sender":
    from winback_cli.senders import EmlFolder, Smtp, password

    settings = here.settings
    if not settings.mail_from:
        raise BadInput(
            "The settings do not say from which address you write.",
            f'Write it into {settings.config}: mail_from = "you@example.com"',
        )
    if not settings.smtp_host:
        return EmlFolder(settings.outbox)
    secret = password(settings, password_file) if settings.smtp_user else None
    return Smtp(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,  # type: ignore[arg-type]  # checked where settings are read
        settings.smtp_user,
        secret,
    )


def _send(here: Here, store: "Store", sender: "Sender", one: "Message") -> tuple[str, str]:
    """Check, claim, send and settle one message; what became of it. What stops it is said."""
    from winback_cli.senders import NoSuchAddress

    try:
        with here.reading() as connection:
            question = question_for(here, connection, one)
        claimed = store.claim(one.number, check_of(here))
    except (Refused, TryAgain) as problem:
        here.say(f"{_named(one)}: not sent. {problem.message} {problem.hint}")
        return "stopped", ""
    state, detail = outcome = sender.send(_outgoing(here, claimed))
    wrong = isinstance(outcome, NoSuchAddress)
    here.say(f"{_named(one)}: {state}{f': {detail}' if detail else ''}")
    if wrong:
        here.say("There is no such address: it counts as stale from now on.")
    try:
        made = standings(here)
        today = here.clock.today.isoformat()
        store.settle_message(
            one.number, state, detail, today, question, lambda case: made(case.digest, case), wrong
        )
    except Refused as problem:  # somebody settled it by hand meanwhile
        here.say(f"{_named(one)}: {problem.message}")
    except WinbackError:
        told = "--sent" if state == messages.SENT else "--not-sent"
        here.say(f"That could not be kept. Once it can: winback outbox settle {one.number} {told}")
        raise
    return state, "" if wrong else detail  # of this one alone: the server takes others


def _named(one: "Message") -> str:
    return f"{one.number} to {text.line(one.customer_name)}"


def _outgoing(here: Here, one: "Message") -> "Outgoing":
    from winback_cli.senders import Outgoing

    settings = here.settings
    return Outgoing(
        message_id=one.message_id,
        sender=settings.mail_from,
        sender_name=settings.mail_name or settings.name,
        to=one.to,
        to_name=one.to_name,
        subject=one.subject,
        body=one.body,
        at=here.clock.stamp,
    )
