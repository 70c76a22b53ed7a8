"""What is to come, day by day: on the screen, for a pipe, or as a calendar file."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from winback_cli import agenda as plan
from winback_cli.cli.desk import due_json
from winback_cli.cli.files import Kind, is_ours, write_ours
from winback_cli.cli.here import Here, print_json, print_rows
from winback_cli.customer import label
from winback_cli.dates import day_words
from winback_cli.errors import UsageError
from winback_cli.reaching import offered, told
from winback_cli.store import lists, reads

app = typer.Typer(rich_markup_mode=None)
OURS = Kind(plan.HEAD, "calendar", "--ics")


@app.command()
def agenda(
    ctx: typer.Context,
    week: Annotated[bool, typer.Option("--week", help="Monday to Sunday of this week.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=3660, help="So many days, today counted; 7 unless given.")
    ] = None,
    ics: Annotated[
        str | None, typer.Option(metavar="FILE", help="As a calendar file; - for the output.")
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="With --ics: what was promised, phone and e-mail too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is to come, day by day, each thing on the day by which it is owed; what is overdue comes first.

    --ics makes calls and check-ins events of the whole day with a reminder at the beginning of your
    contact hours, and the rest tasks. It tells names and what is due, but not what was said. The same
    FILE can be written again: one that winback wrote is brought up to date, any other is left as it is.
    What is done by then is gone from it, but a calendar that you had read it into may keep it.
    """
    here: Here = ctx.obj
    _check(Wanted(week, days, ics, details, json))
    span = plan.week_of(here.clock.today) if week else plan.coming(here.clock.today, days or plan.WEEK)
    with here.reading() as connection:
        lines = _owed(connection, span.last)
        points = _points(here, connection, lines) if ics and details else {}
    if json:
        return print_json(_json(here, lines, span))
    if not ics:
        return _show(here, lines, span)
    entries = [entry_of(line, points.get(line.customer, ())) for line in lines]
    hour = here.settings.contact_hours[0]
    return _publish(here, ics, plan.calendar(entries, here.clock, hour, details=details), entries)


class Wanted(NamedTuple):
    """The options as they were typed."""

    week: bool
    days: int | None
    ics: str | None
    details: bool
    json: bool


def _check(wanted: Wanted) -> None:
    """Raises UsageError where the options do not fit together, or the file cannot be written."""
    if wanted.week and wanted.days is not None:
        raise UsageError("--week and --days do not go together.", "Give one of them.")
    if wanted.json and wanted.ics is not None:
        raise UsageError("--json and --ics do not go together.", "Give one of them.")
    if wanted.details and wanted.ics is None:
        raise UsageError("--details goes with --ics.", "winback agenda --ics FILE --details")
    if wanted.ics == "":
        raise UsageError("--ics names no file.", "winback agenda --ics FILE")
    if wanted.ics and wanted.ics != "-":
        is_ours(Path(wanted.ics), OURS)


def _owed(connection: reads.Connection, last: date) -> list[lists.DueLine]:
    """What is owed up to a day; what can be done by then and is owed later is not."""
    day = last.isoformat()
    return [line for line in lists.due_until(connection, day) if line.due_on <= day]


def entry_of(line: lists.DueLine, details: tuple[str, ...] = ()) -> plan.Entry:
    """Something due, as an entry of the agenda."""
    return plan.Entry(
        line.customer,
        line.case,
        line.kind,
        line.ref,
        label(line.name, line.company),
        line.what,
        date.fromisoformat(line.opens_on),
        date.fromisoformat(line.due_on),
        details,
    )


def _points(
    here: Here, connection: reads.Connection, lines: list[lists.DueLine]
) -> dict[int, tuple[str, ...]]:
    """How each customer is reached, the best first: what a call has at hand."""
    found = reads.points_of(connection, sorted({line.customer for line in lines}))
    ways: dict[int, tuple[str, ...]] = {}
    for number, points in found.items():
        record = reads.customer(connection, number)
        last = record.last_purchase if record else None
        ways[number] = tuple(told(p) for p in offered(here.aged(points, last)) if p.kind != "address")
    return ways


def _json(here: Here, lines: list[lists.DueLine], span: plan.Span) -> dict[str, Any]:
    """With stable keys; each thing due as in `winback due --json`."""
    overdue: list[dict[str, Any]] = []
    of_day: dict[str, list[dict[str, Any]]] = {day.isoformat(): [] for day in span.days()}
    for one in (due_json(line, here) for line in lines):
        (overdue if one["overdue"] else of_day[one["due_on"]]).append(one)
    return {
        "from": span.first.isoformat(),
        "to": span.last.isoformat(),
        "overdue": overdue,
        "days": [{"day": day, "due": due} for day, due in of_day.items()],
    }


def _show(here: Here, lines: list[lists.DueLine], span: plan.Span) -> None:
    from winback_cli import rows

    if not here.drawn:
        return print_rows(rows.DUE_COLUMNS, rows.due_rows(lines))
    if not lines:
        here.say(f"Nothing is due up to {day_words(span.last, here.clock.today)}.")
        return None
    from winback_cli import agendaview

    page = plan.agenda([entry_of(line) for line in lines], here.clock.today, span)
    return here.show(agendaview.agenda(page, here.clock.today, here.out.width))


# -- the file --------------------------------------------------------------------------------


def _publish(here: Here, place: str, content: str, entries: list[plan.Entry]) -> None:
    if place == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content.encode("utf-8"))  # its line ends, whatever the system's are
        sys.stdout.buffer.flush()
        return
    path = Path(place)
    write_ours(path, content, OURS)
    events = sum(entry.kind in plan.EVENTS for entry in entries)
    here.say(f"Wrote {path}: {_count(events, 'event')} and {_count(len(entries) - events, 'task')}.")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
