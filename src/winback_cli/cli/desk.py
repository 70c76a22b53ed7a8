"""The desk: what is due, what comes next."""

from typing import Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.here import GREETING, Here, at_terminal, keyless_now, print_json, print_rows
from winback_cli.customer import label
from winback_cli.store import lists, mending, messages, reads

app = typer.Typer(rich_markup_mode=None)


def show_desk(here: Here) -> None:
    """The bare `winback`: a greeting on the first run, then the desk."""
    from winback_cli import views

    if not here.has_store:
        typer.echo(GREETING)
        return
    today = here.clock.today.isoformat()
    with here.reading() as connection:
        keyless = keyless_now(here, connection)
        page = views.Desk(
            lists.counts(connection),
            lists.count_dues(connection, today),
            lists.overdue_promises(connection, today, 4),
            lists.due(connection, today, 6),
            lists.waiting(connection, today, 3),
            [] if keyless else lists.queue(connection, here.lapsed_before, 5),
            here.clock.today,
            f"Nobody is put forward. {keyless.message} {keyless.hint}" if keyless else "",
            _on_the_way(connection),
        )
    here.show(views.desk(page, here.out.width))


def _on_the_way(connection: reads.Connection) -> list[str]:
    """Whom to tell of a fix that is done, and which messages want something done."""
    told = []
    for fix, untold in mending.to_tell(connection, 2):
        what = text.shorten(fix.what, 34)
        told.append(f"Done: {what}. {untold:,} to be told: winback fix tell {fix.number}")
    there = messages.count(connection)
    wants = (
        ("sending", "on their way or cut off"),
        ("uncertain", "uncertain"),
        ("failed", "failed"),
        ("draft", "to approve"),
        ("approved", "to send"),
    )
    waits = [f"{there[state]:,} {words}" for state, words in wants if there.get(state)]
    return [*told, f"Messages: {', '.join(waits)}: winback outbox"] if waits else told


@app.command()
def due(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(min=0, max=3660, help="Look so many days ahead.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What falls due today, and what is overdue."""
    here: Here = ctx.obj
    last = here.clock.today.toordinal() + days
    with here.reading() as connection:
        lines = lists.due_until(connection, type(here.clock.today).fromordinal(last).isoformat())
    if json:
        return print_json([due_json(line, here) for line in lines])
    _show_due(here, lines)
    return None


def _show_due(here: Here, lines: list[lists.DueLine]) -> None:
    from winback_cli import rows

    if not here.drawn:
        print_rows(rows.DUE_COLUMNS, rows.due_rows(lines))
    elif lines:
        from winback_cli import views

        here.show(views.due_table(lines, here.clock.today, here.out.width))
    else:
        here.say("Nothing is due.")


def due_json(line: lists.DueLine, here: Here) -> dict[str, Any]:
    """Something due, with stable keys."""
    return {
        "case": line.case,
        "customer": line.customer,
        "name": label(line.name, line.company),
        "owner": line.owner,
        "kind": line.kind,
        "what": line.what,
        "opens_on": line.opens_on,
        "due_on": line.due_on,
        "overdue": line.due_on < here.clock.today.isoformat(),
    }


@app.command("next")
def next_(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Only say what it is, as JSON.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Only say what it is.")] = False,
) -> None:
    """The best thing to do now, and walk it.

    First what is due, the most urgent before the rest. Then whoever is leaving, is upset, has
    lapsed; among them the best score, which winback why explains.
    """
    here: Here = ctx.obj
    with here.reading() as connection:
        found = best(here, connection)
    if json:
        return print_json(found)
    if found is None:
        here.say("All is done for today. winback list shows everybody.")
        return None
    typer.echo(text.line(f"{found['case'] or found['customer']}  {found['name']}: {found['what']}"))
    if show or not at_terminal():
        return None
    with here.reading() as connection:
        ref = reads.case_ref(connection, found["customer"])
    if ref is not None and ref.status == "closed" and ref.id == found["case"]:
        here.say(f"Call them: winback brief {ref.customer}. Then winback checkin {ref.customer}")
        return None
    from winback_cli.cli.walking import walk_customer

    return walk_customer(here, found["customer"])


def best(here: Here, connection: reads.Connection) -> dict[str, Any] | None:
    """What comes first: the most urgent thing due, else the top of the queue; None when all is done.

    Raises BadInput where the suppressions' key is lost: nobody is put forward then.
    """
    if keyless := keyless_now(here, connection):
        raise keyless
    today = here.clock.today.isoformat()
    urgent = next(iter(lists.overdue_promises(connection, today, 1)), None)
    if urgent := urgent or lists.to_walk(connection, today):
        return due_json(urgent, here)
    queue = lists.queue(connection, here.lapsed_before, 1)
    if not queue:
        return None
    line = queue[0]
    return {
        "case": None,
        "customer": line.number,
        "name": label(line.name, line.company),
        "owner": line.owner,
        "kind": "open",
        "what": f"{line.how_left or 'lapsed'}; open a case",
        "opens_on": here.clock.today.isoformat(),
        "due_on": here.clock.today.isoformat(),
        "overdue": False,
    }
