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
        back = lists.back(connection, today, 5)
        dues, due = _but(back, lists.count_dues(connection, today), lists.due(connection, today, 11))
        page = views.Desk(
            lists.counts(connection),
            dues,
            lists.overdue_promises(connection, today, 4),
            due[:6],
            lists.waiting(connection, today, 3),
            [] if keyless else lists.queue(connection, here.lapsed_before, 5),
            here.clock.today,
            f"Nobody is put forward. {keyless.message} {keyless.hint}" if keyless else "",
            _on_the_way(connection),
            back,
        )
    here.show(views.desk(page, here.out.width))


def _but(
    back: list[lists.Back], dues: lists.Dues, due: list[lists.DueLine]
) -> tuple[lists.Dues, list[lists.DueLine]]:
    """What is due, without the steps of those who are said to be back just above: to write to them as if
    they were gone is not what is due.
    """
    cases = {one.case for one in back}
    kept = [line for line in due if line.case not in cases]
    return dues._replace(due=dues.due - (len(due) - len(kept))), kept


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
        lines = [*(_as_due(one, here) for one in lists.back(connection, _today(here))), *lines]
    if json:
        return print_json([due_json(line, here) for line in lines])
    _show_due(here, lines)
    return None


def _today(here: Here) -> str:
    return here.clock.today.isoformat()


def _as_due(one: lists.Back, here: Here) -> lists.DueLine:
    """Somebody who is back, as a thing to see to today."""
    what = f"back: bought on {one.bought_on}, after the case was opened"
    today = _today(here)
    whom = (one.customer, one.name, one.company, one.owner, one.case, one.status)
    return lists.DueLine(*whom, "back", today, today, what, 0)


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

    First who bought again though their case is still open, then what is due, the most urgent before
    the rest. Then whoever is leaving, is upset, has lapsed; among them the best score, which winback
    why explains.
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
    if found["kind"] == "back":
        who = found["customer"]
        here.say(f"If they are won: winback close {who} --outcome won")
        here.say(f"If not: winback walk {who}; winback snooze {who} --until DATE puts it off.")
        return None
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
    today = _today(here)
    if back := lists.back(connection, today, 1):
        return due_json(_as_due(back[0], here), here)
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
