"""The imports so far, one of them taken back, and the exports that are known."""

from collections import Counter
from typing import TYPE_CHECKING

import typer

from winback_cli import text
from winback_cli.cli.here import Here, print_json
from winback_cli.errors import NotFound, UsageError

if TYPE_CHECKING:
    from winback_cli.store.reads import Batch
    from winback_cli.store.takeback import TakenBack

SHOWN = 10  # kept customers and fields that are told one by one
LARGEST = 2**63  # no number of the store reaches it


def show(here: Here, file: str, *, exports: bool, past: bool, undo: int, json: bool) -> None:
    """What `winback import` shows or takes back without a file."""
    if exports + past + bool(undo) > 1:
        raise UsageError("--list, --undo and --exports do not go together.", "Give one of them.")
    if file:
        raise UsageError("--list, --undo and --exports take no file.", "Leave FILE out.")
    if exports:
        return _show_exports(here, json=json)
    return _take_back(here, undo, json=json) if undo else _show_past(here, json=json)


def _show_exports(here: Here, *, json: bool) -> None:
    from winback_cli.sources.exports import exports

    if json:
        known = [{"name": e.name, "title": e.title, "columns": list(e.signature)} for e in exports()]
        return print_json(known)
    header, rows = ("Export", "Known by"), [[e.title, ", ".join(e.signature)] for e in exports()]
    here.table(header, rows)
    return None


# -- the imports so far ----------------------------------------------------------------------

_COUNTS = (
    ("new", "new"),
    ("changed", "changed"),
    ("same", "as they were"),
    ("merged", "merged"),
    ("suppressed", "left alone"),
    ("purchases", "purchases"),
)
_STATES = {"done": "", "undone": "taken back", "listed": "to leave alone"}


def _show_past(here: Here, *, json: bool) -> None:
    from winback_cli.store import reads

    with here.reading() as connection:
        past = reads.batches(connection)
    if json:
        return print_json([_json(one) for one in past])
    rows = [
        [
            str(one.number),
            text.line(one.file),
            one.at[:10],
            text.line(one.by),
            _counted(one),
            _STATES[one.state],
        ]
        for one in past
    ]
    header = [">ID", "File", "Day", "By", "Customers", ""]
    return here.table(header, rows, "Nothing was imported yet.")


def _counted(one: "Batch") -> str:
    return ", ".join(f"{one.counts[name]:,} {words}" for name, words in _COUNTS if one.counts.get(name))


def _json(one: "Batch") -> dict[str, object]:
    counts = {name: one.counts.get(name, 0) for name, _ in _COUNTS}
    told = {"id": one.number, "file": one.file, "at": one.at, "by": one.by, "state": one.state}
    return told | {"counts": counts}


# -- one of them taken back ------------------------------------------------------------------


def _take_back(here: Here, batch: int, *, json: bool) -> None:
    if not 0 < batch < LARGEST:
        raise NotFound(f"There is no import {batch}.", "winback import --list shows all.")
    with here.writing("import --undo") as store:
        done = store.take_back(batch)
    if json:
        return print_json(
            {
                "id": done.batch,
                "file": done.file,
                "removed": done.removed,
                "restored": done.restored,
                "purchases": done.purchases,
                "kept": [
                    {"number": k.number, "name": k.label, "field": k.field or None, "why": k.why}
                    for k in done.kept
                ],
            }
        )
    return _tell(done)


def _tell(done: "TakenBack") -> None:
    went = [f"{done.removed:,} removed"] if done.removed else []
    went += [f"{done.restored:,} changed back"] if done.restored else []
    went += [f"{done.purchases:,} purchases removed"] if done.purchases else []
    told = ", ".join(went) or "nothing of it was left to take back"
    typer.echo(f"Import {done.batch}, {text.line(done.file)}, is taken back: {told}.")
    if not done.kept:
        return
    counts = Counter(k.why for k in done.kept).most_common()
    typer.echo("Kept: " + ", ".join(f"{count:,} {_of_many(why, count)}" for why, count in counts) + ".")
    for k in done.kept[:SHOWN]:
        what = f"{k.field.replace('_', ' ')}, " if k.field else ""
        typer.echo(f"  {k.number}  {text.shorten(k.label, 50)}: {what}{k.why}")
    if len(done.kept) > SHOWN:
        typer.echo(f"  and {len(done.kept) - SHOWN:,} more")


def _of_many(why: str, count: int) -> str:
    """Why one is kept, said of so many: `were asked in a survey`, `have a case`."""
    verb, _, rest = why.partition(" ")
    return f"{_PLURAL[verb]} {rest}" if count > 1 and verb in _PLURAL else why


_PLURAL = {"was": "were", "has": "have"}
