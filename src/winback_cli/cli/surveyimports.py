"""Answers to a survey brought in from a file, under the rules of every import."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from winback_cli import talk, text
from winback_cli.cli.asking import refuse_keyless, refuse_places
from winback_cli.cli.here import Here, print_json, write_new
from winback_cli.cli.surveyanswers import suggested
from winback_cli.errors import DiskError, Exit, NotPermitted, UsageError
from winback_cli.store import reads
from winback_cli.survey import why_of

if TYPE_CHECKING:
    from winback_cli.sources import Rows
    from winback_cli.store.answering import Kept, Suggested
    from winback_cli.store.surveys import Survey
    from winback_cli.surveyreplies import Bad, Columns, Given

TOLD = 10  # rejected rows that are told one by one
FIRST = 1_000  # rows in which a code is looked for
BECAUSE = "rejected because"


class Read(NamedTuple):
    """A file of answers as it was read."""

    name: str
    rows: "Rows"
    columns: "Columns"
    given: "list[Given]"
    bad: "list[Bad]"

    @property
    def total(self) -> int:
        return len(self.given) + len(self.bad)


def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The answers; - for standard input.")],
    survey: Annotated[
        str, typer.Option("--survey", metavar="NAME", help="Which one; else the codes say it.")
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="What a column is: code, email, date, call_back, opt_out, q1 ...",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rejected rows there, to mend.")
    ] = None,
    max_rejects: Annotated[
        str, typer.Option("--max-rejects", metavar="N|P%", help="With more than that, store nothing.")
    ] = "",
    date_order: Annotated[str, typer.Option(metavar="dmy|mdy", help="How to read 03/04/2026.")] = "",
    format_: Annotated[
        str, typer.Option("--format", metavar="csv|xlsx|ods|json|jsonl", help="If it cannot be told.")
    ] = "",
    encoding: Annotated[str, typer.Option(help="Such as utf-8 or cp1252.")] = "",
    delimiter: Annotated[str, typer.Option(help="comma, semicolon, tab, pipe or the sign.")] = "",
    sheet: Annotated[str, typer.Option(help="Which sheet, by name or number.")] = "",
    json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Bring in answers, by code or by e-mail.

    All of them that can come in, or nothing where it is stopped.
    The same file again changes nothing. Whoever asks in it to be left alone is, from then on.
    """
    from winback_cli.cli.arrivals import Most
    from winback_cli.cli.opening import list_of, pairs_of
    from winback_cli.sources import Reading, open_rows

    here: Here = ctx.obj
    most, pairs = Most(max_rejects), pairs_of(mapping or [])
    refuse_places(rejects)
    with list_of(file) as (place, name):
        rows = open_rows(place, name, Reading(format_, encoding, delimiter, sheet))
        with here.reading() as connection:
            refuse_keyless(here, connection)
            there = _which(connection, survey, rows, pairs)
        read = _read(here, name, rows, there, pairs, date_order)
        kept = _kept(here, there, read, most, dry_run=dry_run)
        bad = sorted([*read.bad, *kept.bad])
        if rejects is not None and bad:
            _write_rejects(rejects, rows, bad)
    if json:
        print_json(_result(there, read, kept, bad, rejects, dry_run=dry_run))
    else:
        _tell(there, read, kept, bad, dry_run=dry_run)
    if bad:
        raise typer.Exit(int(Exit.PARTLY))


def _which(
    connection: reads.Connection, name: str, rows: "Rows", pairs: Iterable[tuple[str, str]]
) -> "Survey":
    """The survey that was named; else the only one, else the one whose codes are in the file."""
    from winback_cli.store import surveys
    from winback_cli.survey import read_code
    from winback_cli.surveyreplies import code_place

    if name:
        return surveys.named(connection, text.line(name).lower())
    known = surveys.surveys(connection)
    if len(known) > 1:
        place = code_place(rows.table.header, pairs)
        codes = (
            read_code(cells[place]) for cells in _first(rows) if place is not None and place < len(cells)
        )
        if found := surveys.of_code(connection, codes):
            return surveys.named(connection, found)
        shown = ", ".join(one.name for one in known[:10])
        raise UsageError("Which survey do these answers belong to?", f"Give --survey NAME: {shown}")
    return surveys.named(connection, "")


def _first(rows: "Rows") -> Iterator[list[str]]:
    for count, (_, cells) in enumerate(rows):
        if count == FIRST:
            return
        yield cells


def _read(
    here: Here,
    name: str,
    rows: "Rows",
    there: "Survey",
    pairs: tuple[tuple[str, str], ...],
    order: str,
) -> Read:
    from winback_cli.surveyreplies import Bad, Reader, columns_of, date_order, refuse_merge

    columns = columns_of(rows.table.header, name, there.questions, pairs)
    place = columns.fields.get("date")
    decided = order or "dmy"
    if place is not None:
        decided = date_order((cells[place] for _, cells in rows if place < len(cells)), name, order)
    reader = Reader(columns, decided, here.clock.today.isoformat(), there.questions)
    given: list[Given] = []
    bad: list[Bad] = []
    for line, cells in rows:
        one = reader.read(line, cells)
        if isinstance(one, Bad):
            bad.append(one)
        else:
            given.append(one)
    refuse_merge(rows.table.header, name, given)
    return Read(name, rows, columns, given, bad)


def _kept(here: Here, there: "Survey", read: Read, most: Any, *, dry_run: bool) -> "Kept":
    """The answers stored, or only sorted; the reasons are looked for before anything is written."""
    from winback_cli.store import answering

    with here.reading() as connection:
        told = answering.sort(connection, here.path, there, read.given)
    most.check(len(read.bad) + len(told.bad), read.total, at_end=True)
    if dry_run:
        leaving = len({number for number, _ in told.leaving}) + len(told.strangers)
        return answering.Kept(len(told.new), told.same, told.alone, leaving, bad=tuple(told.bad))
    if not (told.new or told.leaving or told.strangers):
        return answering.Kept(0, told.same, told.alone, bad=tuple(told.bad))
    words = {one.line: why_of(there.questions, one.answers) for _, one in told.new}
    with here.writing("survey import") as store:
        return store.keep_answers(there.name, read.given, _suggestions(words))


def _suggestions(words: dict[int, str]) -> "dict[int, Suggested]":
    """A reason for each line; equal words are read once."""
    known = {one: suggested(one) for one in dict.fromkeys(words.values()) if one}
    return {line: known[one] for line, one in words.items() if one}


def _write_rejects(place: Path, rows: "Rows", bad: "list[Bad]") -> None:
    """The rejected rows as they were, with a last column that says why: to mend and bring in again.

    No cell is run by a spreadsheet as a formula (X2).
    """
    from winback_cli.exporting import once_more

    why = {one.line: f"{one.field}: {one.reason}".strip(": ") for one in bad}
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=rows.table.delimiter or ",", lineterminator="\n")
    kept = [place for place, name in enumerate(rows.table.header) if name != BECAUSE]
    writer.writerow([*(once_more(rows.table.header[p]) for p in kept), BECAUSE])
    for line, cells in rows:
        if line in why:
            writer.writerow([*(once_more(cells[p]) if p < len(cells) else "" for p in kept), why[line]])
    try:
        write_new(place, stream.getvalue())
    except PermissionError:
        raise NotPermitted(f"{text.line(str(place))} cannot be written.", _IN) from None
    except OSError:
        raise DiskError(f"{text.line(str(place))} cannot be written.", _IN) from None


_IN = "The other answers are in; name another file for --rejects."


def _tell(there: "Survey", read: Read, kept: "Kept", bad: "list[Bad]", *, dry_run: bool) -> None:
    counts = [
        (kept.new, "new"),
        (kept.same, "here already"),
        (kept.left + kept.others, "left alone from now on"),
        (kept.alone, "of people who are left alone: not kept"),
        (len(bad), "rejected"),
    ]
    shown = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    rows = "row" if read.total == 1 else "rows"
    verb = "Would bring" if dry_run else "Brought"
    _say(f"{verb} answers into {there.name}, of {read.total:,} {rows}: {shown or 'nothing in them'}.")
    for said in read.rows.table.said:
        _say(said)
    if unused := [text.shorten(one, 30) for one in read.columns.unused if one != BECAUSE]:
        _say(f"Columns not used: {', '.join(unused[:20])}")
    for one in bad[:TOLD]:
        what = f"{one.field} {text.shorten(one.value, 40)!r}: " if one.field else ""
        _say(f"  line {one.line}: {what}{one.reason}")
    if len(bad) > TOLD:
        _say(f"  and {len(bad) - TOLD:,} more; --rejects FILE writes them all")
    for left in read.rows.left_out[:5]:
        _say(f"  line {left.line} is no answer: {left.why}")
    for case in kept.closed[:TOLD]:
        _say(f"Case {case} is closed.")
    if kept.new and not dry_run:
        _say(f"Next: winback survey review {there.name}, then winback survey tally {there.name}")
        _say(f"To take it back: winback survey undo {there.name}")


def _say(line: str) -> None:
    """A line of the result, broken between words at a terminal."""
    talk.say(line, sys.stdout)


def _result(
    there: "Survey", read: Read, kept: "Kept", bad: "list[Bad]", rejects: Path | None, *, dry_run: bool
) -> dict[str, Any]:
    header = read.rows.table.header
    places = {**read.columns.fields, **read.columns.questions}
    return {
        "survey": there.name,
        "file": read.name,
        "columns": {name: header[place] for name, place in places.items()},
        "rows": read.total,
        "new": kept.new,
        "same": kept.same,
        "suppressed": kept.left + kept.others,
        "left_alone": kept.alone,
        "rejected": len(bad),
        "rejects": [one._asdict() for one in bad],
        "rejects_file": str(rejects) if rejects and bad else None,
        "cases_closed": list(kept.closed),
        "dry_run": dry_run,
    }
