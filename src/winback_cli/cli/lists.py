"""Bringing a list in."""

import csv
import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from winback_cli import text
from winback_cli.cli.here import Here, print_json, write_new
from winback_cli.errors import BadInput, Exit, NotFound, NotPermitted, UsageError

if TYPE_CHECKING:
    from winback_cli.intake import Plan
    from winback_cli.store.writes import Brought

app = typer.Typer(rich_markup_mode=None)
LARGEST = 500_000_000  # bytes of a list read at once


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file; - for standard input.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Say what a column is."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rejected rows there, to mend.")
    ] = None,
    date_order: Annotated[str, typer.Option(metavar="dmy|mdy", help="How to read 03/04/2026.")] = "",
    json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Bring in a list of customers: all of it, or nothing.

    The same file again changes nothing. Importing opens no case.
    """
    here: Here = ctx.obj
    if date_order not in ("", "dmy", "mdy"):
        raise UsageError("--date-order is dmy or mdy.", "winback import --help")
    plan = read_list(here, file, _mapping(mapping or []), date_order)
    if rejects is not None:
        _refuse_existing(rejects)
    result = bring_in(here, plan, _name(file), dry_run=dry_run)
    if rejects is not None and plan.rejects and not dry_run:
        _write_rejects(rejects, plan)
    if json:
        print_json(_result(plan, result, _name(file), rejects if plan.rejects else None))
    else:
        tell(plan, result, dry_run=dry_run)
    if plan.rejects:
        raise typer.Exit(int(Exit.PARTLY))


def _mapping(given: list[str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    for field, sign, column in pairs:
        if not (field and sign and column):
            raise UsageError("--map takes FIELD=COLUMN.", '--map email="E-mail (work)"')
    return {field.strip(): column for field, _, column in pairs}


def _name(file: str) -> str:
    return "standard input" if file == "-" else text.line(Path(file).name)


def read_list(here: Here, file: str, mapping: dict[str, str], date_order: str = "") -> "Plan":
    """Read and check a list; raises NotFound, NotPermitted or BadInput, with nothing stored."""
    from winback_cli.intake import Choices, plan
    from winback_cli.sources import open_rows

    content = _content(file)
    name = _name(file)
    choices = Choices(mapping, here.settings.currency, date_order)
    if Path(file).is_file():
        return plan(open_rows(Path(file), name), content, name, choices)
    with tempfile.TemporaryDirectory() as folder:  # a pipe is read once, a list several times
        place = Path(folder) / "list"
        place.write_bytes(content)
        return plan(open_rows(place, name), content, name, choices)


def _content(file: str) -> bytes:
    try:
        if file == "-":
            return _read_whole(sys.stdin.buffer)
        with Path(file).open("rb") as stream:
            return _read_whole(stream)
    except FileNotFoundError:
        raise NotFound(f"There is no file {file}.", "Check the name and the folder.") from None
    except IsADirectoryError:
        raise BadInput(f"{file} is a folder.", "Name a CSV file.") from None
    except PermissionError:
        raise NotPermitted(f"{file} cannot be read.", "Ask whoever owns the file.") from None
    except (OSError, ValueError):
        raise BadInput(f"{file} cannot be read.", "Name a CSV file.") from None


def _read_whole(stream: BinaryIO) -> bytes:
    """All of a file; raises BadInput for one that is too large, rather than cut it."""
    parts = []
    left = LARGEST
    while part := stream.read(min(1 << 20, left + 1)):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise BadInput("That list is too large to be read at once.", "Part it into several files.")
    return b"".join(parts)


def bring_in(here: Here, plan: "Plan", name: str, *, dry_run: bool = False) -> "Brought":
    """Store what the plan holds, or, dry, only count it; a dry run makes no store."""
    from winback_cli.store.writes import Brought

    if dry_run and not here.path.exists():
        out = sum(customer.opted_out for customer in plan.customers)
        return Brought(None, new=len(plan.customers) - out, suppressed=out)
    with here.writing("import", create=True) as store:
        return store.bring_in(plan.customers, name, plan.sha256, plan.key, dry_run=dry_run)


def tell(plan: "Plan", result: "Brought", *, dry_run: bool = False) -> None:
    """What an import did, in a few lines on stdout."""
    if result.already:
        typer.echo("This file is in already; nothing was changed.")
        return
    counts = [
        (result.new, "new"),
        (result.changed, "changed"),
        (result.same, "as they were"),
        (plan.merged, "merged with another row"),
        (result.suppressed, "left alone"),
        (len(plan.rejects), "rejected"),
    ]
    shown = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    typer.echo(f"{'Would bring in' if dry_run else 'Brought in'} {plan.rows:,} rows: {shown or '0'}.")
    if "opted_out" not in plan.columns.values():
        typer.echo("No column says who opted out. If there is one: --map opted_out=COLUMN")
    unused = [text.shorten(h, 30) for h, field in plan.columns.items() if field is None and h]
    if unused:
        typer.echo(f"Columns not used: {', '.join(unused)}")
    for reject in plan.rejects[:10]:
        what = f"{reject.field} {reject.value!r}: " if reject.field else ""
        typer.echo(text.clean(f"  line {reject.line}: {what}{reject.reason}"))
    if len(plan.rejects) > 10:
        typer.echo(f"  and {len(plan.rejects) - 10:,} more; --rejects FILE writes them all")


def _result(plan: "Plan", result: "Brought", file: str, rejects: Path | None) -> dict[str, Any]:
    """The result for scripts; `rows` is the sum of the counts."""
    return {
        "file": file,
        "sha256": plan.sha256,
        "format": plan.table.format,
        "export": None,
        "encoding": plan.table.encoding,
        "delimiter": plan.table.delimiter,
        "header_line": plan.table.header_line,
        "columns": plan.columns,
        "rows": plan.rows,
        "new": result.new,
        "changed": result.changed,
        "same": result.same,
        "merged": plan.merged,
        "suppressed": result.suppressed,
        "rejected": len(plan.rejects),
        "rejects": [reject._asdict() for reject in plan.rejects],
        "rejects_file": str(rejects) if rejects else None,
        "batch": result.batch,
    }


def _refuse_existing(place: Path) -> None:
    if place.exists() or place.is_symlink():
        raise UsageError(f"{place} is there already.", "Name a new file for --rejects.")


def _write_rejects(place: Path, plan: "Plan") -> None:
    """The rejected rows as they were, with a last column that says why; to mend and import again."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=plan.table.delimiter, lineterminator="\n")
    writer.writerow([*plan.table.header, "rejected because"])
    for reject, row in zip(plan.rejects, plan.rejected_rows, strict=True):
        writer.writerow([*row, f"{reject.field}: {reject.reason}".strip(": ")])
    try:
        write_new(place, stream.getvalue())
    except OSError:
        raise NotPermitted(
            f"{place} cannot be written.", "The list is in; name another file for --rejects."
        ) from None
