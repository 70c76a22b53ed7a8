"""Bringing a list in."""

import hashlib
import json as json_
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import mappings, text
from winback_cli.cli.files import refuse_taken
from winback_cli.cli.here import Here, print_json, write_new
from winback_cli.cli.opening import Said, choices_of, digest_of, list_of, pairs_of, understood
from winback_cli.errors import Exit, UsageError

if TYPE_CHECKING:
    from winback_cli.cli.arrivals import Arrivals
    from winback_cli.intake import Choices
    from winback_cli.reading import Opened
    from winback_cli.store.bringing import Brought, Told

app = typer.Typer(rich_markup_mode=None)
SHOWN = 5  # changes that are told one by one


Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Say what a column is."),
]
Ignored = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="Leave a column out.")
]
SaveMap = Annotated[
    str, typer.Option("--save-map", metavar="NAME", help="Keep --map and --ignore for the next time.")
]
Rejects = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the rejected rows there, to mend.")
]
MaxRejects = Annotated[
    str, typer.Option("--max-rejects", metavar="N|P%", help="With more than that, store nothing.")
]
DateOrder = Annotated[str, typer.Option(metavar="dmy|mdy", help="How to read 03/04/2026.")]
Currency = Annotated[str, typer.Option(metavar="CODE", help="Of amounts that name none.")]
Country = Annotated[str, typer.Option(metavar="CODE", help="Of phone numbers that name none.")]
SystemName = Annotated[
    str, typer.Option(metavar="NAME", help="The system whose ids these are, if not known.")
]
OfPurchases = Annotated[
    bool, typer.Option("--purchases", help="It is a list of purchases: customer, date, amount.")
]
TakenBack = Annotated[
    int, typer.Option("--undo", metavar="ID", show_default=False, help="Take an import back.")
]
Format = Annotated[
    str, typer.Option("--format", metavar="csv|xlsx|ods|json|jsonl", help="If it cannot be told.")
]


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The list; - for standard input.", show_default=False)
    ] = "",
    mapping: Mapping = None,
    ignore: Ignored = None,
    save_map: SaveMap = "",
    purchases: OfPurchases = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    rejects: Rejects = None,
    max_rejects: MaxRejects = "",
    date_order: DateOrder = "",
    currency: Currency = "",
    country: Country = "",
    source: SystemName = "",
    format_: Format = "",
    encoding: Annotated[str, typer.Option(help="Such as utf-8 or cp1252.")] = "",
    delimiter: Annotated[str, typer.Option(help="comma, semicolon, tab, pipe or the sign.")] = "",
    sheet: Annotated[str, typer.Option(help="Which sheet, by name or number.")] = "",
    exports: Annotated[bool, typer.Option("--exports", help="List the exports that are known.")] = False,
    past: Annotated[bool, typer.Option("--list", help="List the imports so far.")] = False,
    undo: TakenBack = 0,
    json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Bring in a list of customers: all of it, or nothing.

    CSV, XLSX, ODS, JSON or JSON lines, also .gz. The same file again changes nothing, and importing
    opens no case.
    """
    here: Here = ctx.obj
    if exports or past or undo:
        from winback_cli.cli import imports

        imports.show(here, file, exports=exports, past=past, undo=undo, json=json)
        return
    said = Said(
        pairs_of(mapping or []),
        tuple(ignore or ()),
        _one_of(date_order),
        _code(currency, "--currency", 3) or here.settings.currency,
        _code(country, "--country", 2) or here.settings.country,
        text.line(source)[:40].lower(),
        {"format": format_, "encoding": encoding, "delimiter": delimiter, "sheet": sheet},
    )
    if purchases:
        from winback_cli.cli import purchases as history

        asked = history.Asked(file, said, dry_run, rejects, max_rejects, save_map, json)
        history.bring(here, asked)
        return
    kept = mappings.place_of(here.settings.mappings, save_map) if save_map else None
    with list_of(file) as (place, name):
        done = bring_in(here, place, name, said, dry_run=dry_run, rejects=rejects, most=max_rejects)
        if kept is not None and not dry_run:
            _save(here, kept, done.arrivals.source.choices)
        _show(done, rejects, dry_run=dry_run, json=json)
    if done.arrivals.rejected:
        raise typer.Exit(int(Exit.PARTLY))


def _one_of(date_order: str) -> str:
    if date_order not in ("", "dmy", "mdy"):
        raise UsageError("--date-order is dmy or mdy.", "winback import --help")
    return date_order


def _code(given: str, flag: str, length: int) -> str:
    code = given.strip().upper()
    if code and not (len(code) == length and code.isascii() and code.isalpha()):
        example = "EUR" if length == 3 else "DE"
        raise UsageError(f"{flag} takes a code of {length} letters.", f"{flag} {example}")
    return code


@dataclass
class Done:
    """An import that was done: the list, what arrived of it, and what that did."""

    found: "Opened"
    arrivals: "Arrivals"
    brought: "Brought"
    sha256: str
    said: list[str]


def bring_in(
    here: Here,
    place: Path,
    name: str,
    said: Said,
    *,
    dry_run: bool = False,
    rejects: Path | None = None,
    most: str = "",
) -> Done:
    """Read a list and store it, or, dry, only count; a dry run makes no store."""
    from winback_cli.cli.arrivals import Arrivals, Most
    from winback_cli.reading import Source
    from winback_cli.sources import Reading

    too_many = Most(most)
    if rejects is not None:
        refuse_taken(rejects, "--rejects")
    source = Source(place, name, Reading(**said.reading), choices_of(said))
    source, found, remarks = understood(here, source)
    arrivals = Arrivals(here, source, found, too_many)
    sha256 = digest_of(place)
    try:
        brought = _stored(here, arrivals, sha256, dry_run=dry_run, again=rejects is not None)
    except KeyboardInterrupt:
        _say_stopped(here, arrivals, sha256)
        raise
    if rejects is not None and arrivals.rejected:
        arrivals.write_rejects(rejects)
    export = found.columns.export
    told = [f"Recognised: {export.title}."] if export else []
    return Done(found, arrivals, brought, sha256, [*told, *remarks, *found.table.said])


def _key(sha256: str, arrivals: "Arrivals") -> str:
    """Digests the file and how it is read, so that the same again is known."""
    choices = arrivals.source.choices._replace(mapping=(), ignored=())
    read_as = [sha256, list(arrivals.found.columns.fields), list(choices), list(arrivals.source.reading)]
    return hashlib.sha256(json_.dumps(read_as).encode()).hexdigest()


def _stored(here: Here, arrivals: "Arrivals", sha256: str, *, dry_run: bool, again: bool) -> "Brought":
    """A list that is in already is not even read, but `again`: where its rejected rows are asked for."""
    from winback_cli.store import bringing, reads

    key = _key(sha256, arrivals)
    told = bringing.Told(arrivals.source.name, sha256, key)
    if not here.path.exists():
        return _tried(arrivals, told) if dry_run else _begun(arrivals, told)
    with here.writing("import") as store:
        with store.reads() as connection:
            before, cut_off = reads.batch_of(connection, key), reads.cut_off(connection)
        already = before is not None
        if already and not again:
            return bringing.Brought(before, already=True)
        if cut_off:
            here.say("Tidying up after an import that was cut off; that may take a moment.")
        watch, people = bringing.watch_of(here.path)
        rows = arrivals.stream(watch)
        brought = store.bring_in(rows, lambda: told, people, dry_run=dry_run or already)
        return brought._replace(batch=before or brought.batch, already=already)


def _say_stopped(here: Here, arrivals: "Arrivals", sha256: str) -> None:
    from winback_cli.store import reads

    came_in = None
    if here.path.exists():
        with here.reading() as connection:
            came_in = reads.batch_of(connection, _key(sha256, arrivals))
    here.say("Stopped; " + ("the list is in." if came_in else "nothing of the list was stored."))


def _begun(arrivals: "Arrivals", told: "Told") -> "Brought":
    """A list as the first of a new store, which is made of it, or not at all."""
    from winback_cli.customer import Watch
    from winback_cli.store import bringing

    here = arrivals.here
    hand = bringing.Hand(here.path, here.settings.name, here.clock, "import", here.means)
    brought = bringing.bring_into_new(hand, arrivals.stream(Watch(b"", ())), lambda: told)
    here.say(f"Made a new store: {here.path}")
    return brought


def _tried(arrivals: "Arrivals", told: "Told") -> "Brought":
    """A dry run where there is no store: as the first of one that is gone at once."""
    from winback_cli.customer import Watch
    from winback_cli.store import bringing

    with tempfile.TemporaryDirectory(prefix="winback-dry-") as folder:
        here = arrivals.here
        place = Path(folder) / "store.sqlite"
        hand = bringing.Hand(place, here.settings.name, here.clock, "import", here.means)
        return bringing.bring_into_new(hand, arrivals.stream(Watch(b"", ())), lambda: told)._replace(
            batch=None
        )


def _save(here: Here, place: Path, choices: "Choices") -> None:
    """Keep how the columns were read, for the next list that has them."""
    from winback_cli.store.connect import make_folder

    if not (choices.mapping or choices.ignored):
        here.say("No mapping was kept: every column was known by its name.")
        return
    make_folder(place.parent)
    place.unlink(missing_ok=True)
    write_new(place, mappings.toml_of(choices.mapping, choices.ignored))
    here.say(f"Kept as {place}: lists with these columns are read so from now on.")


# -- telling ---------------------------------------------------------------------------------


def _show(done: Done, rejects: Path | None, *, dry_run: bool, json: bool) -> None:
    if json:
        return print_json(result(done, rejects if done.arrivals.rejected else None))
    return tell(done, dry_run=dry_run)


def tell(done: Done, *, dry_run: bool = False) -> None:
    """What an import did, in a few lines on stdout."""
    brought, arrivals = done.brought, done.arrivals
    if brought.already:
        typer.echo("This file is in already; nothing was changed.")
        for line in arrivals.told():
            typer.echo(line)
        return
    counts = [
        (brought.new, "new"),
        (brought.changed, "changed"),
        (brought.same, "as they were"),
        (brought.merged, "merged with another row"),
        (brought.suppressed, "left alone"),
        (arrivals.rejected, "rejected"),
    ]
    shown = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    verb = "Would bring in" if dry_run else "Brought in"
    rows = "row" if arrivals.rows == 1 else "rows"
    typer.echo(f"{verb} {arrivals.rows:,} {rows}: {shown or '0'}.")
    for line in [*done.said, *_remarks(done), *arrivals.told(), *_changes(brought)]:
        typer.echo(line)
    if brought.batch and (brought.new or brought.changed):
        typer.echo(f"To take it back: winback import --undo {brought.batch}")


def _remarks(done: Done) -> list[str]:
    """What there is to know of the list beside its counts."""
    from winback_cli.cli.arrivals import unused_columns

    columns, arrivals = done.found.columns, done.arrivals
    lines = [columns.export.note] if columns.export and columns.export.note else []
    if "opted_out" not in columns.fields:
        lines.append("No column says who opted out. If there is one: --map opted_out=COLUMN")
    if arrivals.unwilling:
        do = "does" if arrivals.unwilling == 1 else "do"
        lines.append(
            f"{arrivals.unwilling:,} {do} not consent to marketing: no opt-out, "
            "so nobody is left out for it."
        )
    if arrivals.to_come:
        say = "1 row says" if arrivals.to_come == 1 else f"{arrivals.to_come:,} rows say"
        lines.append(f"{say} a last purchase on a day to come; until then it does not count.")
    lines += unused_columns(done.found)
    for left in arrivals.left_out[:5]:
        lines.append(text.clean(f"  line {left.line} is no customer: {left.why}"))
    if len(arrivals.left_out) > 5:
        lines.append(f"  and {len(arrivals.left_out) - 5} lines more")
    return lines


def _changes(brought: "Brought") -> list[str]:
    """Some of what was changed, and who may be one person."""
    lines = []
    for change in brought.changes[:SHOWN]:
        if change.field.startswith("point "):
            lines.append(text.clean(f"  {change.number}: {change.new[0]} {change.new[1]} is new"))
        else:
            was = "nothing" if change.old in (None, "") else text.shorten(str(change.old), 40)
            now = text.shorten(str(change.new), 40)
            lines.append(f"  {change.number}: {change.field.replace('_', ' ')} {was} -> {now}")
    for one, other in brought.twins[:SHOWN]:
        lines.append(f"A row fits {one} and {other}. If they are one: winback merge {one} {other}")
    return lines


def result(done: Done, rejects: Path | None) -> dict[str, Any]:
    """The result for scripts; `rows` is the sum of the counts."""
    table, columns, brought, arrivals = done.found.table, done.found.columns, done.brought, done.arrivals
    names = ("line", "field", "value", "reason")
    told = [dict(zip(names, told, strict=True)) for told, _ in arrivals.rejects()]
    return {
        "file": arrivals.source.name,
        "sha256": done.sha256,
        "format": table.format,
        "export": columns.export.name if columns.export else None,
        "encoding": table.encoding or None,
        "delimiter": table.delimiter or None,
        "sheet": table.sheet or None,
        "header_line": table.header_line,
        "columns": dict(zip(table.header, columns.fields, strict=True)),
        "rows": arrivals.rows,
        "new": brought.new,
        "changed": brought.changed,
        "same": brought.same,
        "merged": brought.merged,
        "suppressed": brought.suppressed,
        "rejected": arrivals.rejected,
        "rejects": [one | {"line": int(one["line"])} for one in told],
        "rejects_file": str(rejects) if rejects else None,
        "left_out": [left._asdict() for left in arrivals.left_out],
        "said": done.said,
        "changes": [change._asdict() for change in brought.changes],
        "twins": [list(pair) for pair in brought.twins],
        "look_alikes": [{"line": line, "email": email} for line, email in arrivals.look_alikes],
        "already": brought.already,
        "batch": brought.batch,
    }
