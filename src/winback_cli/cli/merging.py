"""Two records of one customer: likely pairs, and one merged into the other."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.here import Here, need_terminal, print_json
from winback_cli.cli.work import standings
from winback_cli.customer import label
from winback_cli.errors import UsageError
from winback_cli.money import Money
from winback_cli.store import lists, reads

if TYPE_CHECKING:
    from winback_cli.store.merging import Plan

app = typer.Typer(rich_markup_mode=None)
MOST = 20  # likely pairs that are shown


@app.command()
def merge(
    ctx: typer.Context,
    who: Annotated[
        list[str] | None, typer.Argument(metavar="[WHO OTHER]", help="Who stays, and who goes into them.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Make two records of one customer one: the first stays, the other goes into it.

    Without anybody named: pairs that may be one. Nothing is ever merged by itself.
    """
    here: Here = ctx.obj
    if not who:
        return _show_likely(here, json=json)
    if len(who) != 2:
        raise UsageError("A merge takes two.", "winback merge WHO OTHER: the first stays.")
    return _merge(here, *who, yes=yes, json=json)


def _merge(here: Here, first: str, second: str, *, yes: bool, json: bool) -> None:
    from winback_cli.store import merging

    with here.reading() as connection:
        keep, gone = (here.who(connection, words).number for words in (first, second))
        planned = merging.plan(connection, keep, gone)
    if not json:
        for line in _lines(planned):
            here.say(line)
    if not yes:
        need_terminal("--yes to merge them")
        from winback_cli.terminal import ask_line

        if ask_line("Merge them? [y/N] ").strip().lower() not in ("y", "yes"):
            return here.say("Nothing was changed.")
    with here.writing("merge") as store:
        done = store.merge(keep, gone, standings(here))
    if json:
        return print_json(_json(done))
    return here.say(f"Number {gone} is merged into {keep}: winback show {keep}")


def _lines(planned: "Plan") -> list[str]:
    """What would change, a line each."""
    keep, gone = planned.keep, planned.gone
    told = [f"{text.line(gone.label)} ({gone.number}) goes into {text.line(keep.label)} ({keep.number}):"]
    told += [f"  {_word(f)}: {_shown(f, value, gone.currency)}" for f, value in planned.filled]
    told += [f"  {point.kind}: {text.shorten(point.value, 60)}" for point in planned.points]
    told += [f"  case {old} becomes {new}" for old, new in planned.cases]
    told += [
        f"  {_word(f)} stays {_shown(f, mine, keep.currency)}, not {_shown(f, theirs, gone.currency)}"
        for f, theirs, mine in planned.lost
        if f != "currency"
    ]
    if planned.alone:
        told.append(f"  left alone: {text.shorten(planned.alone, 60)}")
    return told if len(told) > 1 else [*told, "  nothing that is not there already"]


def _word(field: str) -> str:
    return field.replace("_", " ")


def _shown(field: str, value: Any, currency: str) -> str:
    if value in ("", None):
        return "blank"
    if field == "revenue":
        return Money(value, currency or "EUR").words()
    return text.shorten(str(value), 40)


def _json(done: "Plan") -> dict[str, Any]:
    return {
        "kept": done.keep.number,
        "gone": done.gone.number,
        "filled": dict(done.filled),
        "points": [point._asdict() for point in done.points],
        "lost": {field: theirs for field, theirs, _ in done.lost},
        "cases": [{"was": old, "is": new} for old, new in done.cases],
        "suppressed": bool(done.alone),
    }


def _show_likely(here: Here, *, json: bool) -> None:
    from winback_cli.likeness import Person, likely

    with here.reading() as connection:
        pairs = likely((Person(*row) for row in lists.known_people(connection)), MOST)
        numbers = {number for pair in pairs for number in (pair.one, pair.other)}
        found = {n: record for n in numbers if (record := reads.customer(connection, n))}
    if json:
        return print_json(
            [
                {
                    "one": _who(found[pair.one]),
                    "other": _who(found[pair.other]),
                    "likeness": pair.likeness,
                    "why": list(pair.why),
                }
                for pair in pairs
            ]
        )
    rows = [
        [
            f"{pair.one} {pair.other}",
            text.line(f"{_label(found[pair.one])} / {_label(found[pair.other])}"),
            str(pair.likeness),
            ", ".join(pair.why),
        ]
        for pair in pairs
    ]
    header = ["No.", "May be one", ">Alike", "And"]
    here.table(header, rows, "Nobody looks like somebody else.")
    if rows:
        here.say("If two are one: winback merge WHO OTHER. The first stays.")
    return None


def _label(record: reads.CustomerRecord) -> str:
    return label(record.name, record.company)


def _who(record: reads.CustomerRecord) -> dict[str, Any]:
    return {"number": record.number, "name": record.name, "company": record.company, "city": record.city}
