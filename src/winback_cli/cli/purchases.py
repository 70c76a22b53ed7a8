"""Bringing in what customers bought: a list of purchases, for those who are in the store."""

import hashlib
import json as json_
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from winback_cli import text
from winback_cli.cli.arrivals import Arrivals, Most, unused_columns
from winback_cli.cli.files import refuse_taken
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.opening import Said, choices_of, digest_of, list_of
from winback_cli.errors import Exit, NotFound, UsageError
from winback_cli.reading import Again, Arrival, Opened, Source

if TYPE_CHECKING:
    from winback_cli.receipts import Receipts
    from winback_cli.store.purchasing import Find, Row, Taken

_WHY = {-1: "no customer in the store fits", -2: "fits several customers; give their number or e-mail"}


class Asked(NamedTuple):
    """What was asked for: the list, what was said about it, and what is to come of it."""

    file: str
    said: Said
    dry_run: bool
    rejects: Path | None
    most: str
    save_map: str
    json: bool


class Done(NamedTuple):
    """A history that was brought in: the rows as they came, what they did, and the file's digest."""

    arrivals: "Purchases"
    taken: "Taken"
    sha256: str


def bring(here: Here, asked: Asked) -> None:
    """Bring a history in, all of it or nothing, and say what it did."""
    if asked.save_map:
        raise UsageError("--save-map is for lists of customers.", "Leave it out with --purchases.")
    with list_of(asked.file) as (place, name):
        done = _brought(here, place, name, asked)
    if asked.json:
        print_json(result(done, asked.rejects if done.arrivals.rejected else None))
    else:
        _tell(here, done, dry_run=asked.dry_run)
    if done.arrivals.rejected:
        raise typer.Exit(int(Exit.PARTLY))


def _brought(here: Here, place: Path, name: str, asked: Asked) -> Done:
    from winback_cli import receipts
    from winback_cli.sources import Reading

    if asked.rejects is not None:
        refuse_taken(asked.rejects, "--rejects")
    if not here.has_store:
        raise NotFound(
            "There are no customers yet.", "winback import FILE brings them in; then their purchases."
        )
    source = Source(place, name, Reading(**asked.said.reading), choices_of(asked.said))
    found = receipts.opened(source)
    if "external_id" in found.columns.fields or "customer" in found.columns.fields:
        source = _with_system(here, source)
    arrivals = Purchases(here, source, found, Most(asked.most))
    sha256 = digest_of(place)
    taken = _stored(here, arrivals, sha256, asked)
    if asked.rejects is not None and arrivals.rejected:
        arrivals.write_rejects(asked.rejects)
    return Done(arrivals, taken, sha256)


def _with_system(here: Here, source: Source) -> Source:
    """The list with the system whose ids it has: what was said, else the only one that the store knows."""
    if source.choices.source:
        return source
    from winback_cli.store import purchasing

    with here.reading() as connection:
        known = purchasing.sources(connection)
    if len(known) > 1 and "" not in known:
        raise UsageError(
            f"The customers' ids are of several systems: {', '.join(map(text.line, known[:10]))}.",
            f"Say whose these are: --source {text.line(known[0])!r}",
        )
    system = known[0] if len(known) == 1 else ""
    return source._replace(choices=source.choices._replace(source=system))


def _key(sha256: str, arrivals: "Purchases") -> str:
    """Digests the file and how it is read, so that the same again is known."""
    choices = arrivals.source.choices._replace(mapping=(), ignored=())
    fields, reading = list(arrivals.found.columns.fields), list(arrivals.source.reading)
    read_as = ["purchases", sha256, fields, list(choices), reading]
    return hashlib.sha256(json_.dumps(read_as).encode()).hexdigest()


def _stored(here: Here, arrivals: "Purchases", sha256: str, asked: Asked) -> "Taken":
    """A list that is in already is not even read, but where its rejected rows are asked for."""
    from winback_cli.store import bringing, purchasing, reads

    key = _key(sha256, arrivals)
    with here.writing("import") as store:
        with store.reads() as connection:
            before = reads.batch_of(connection, key)
        if before is not None and asked.rejects is None:
            return purchasing.Taken(before, already=True)
        told = bringing.Told(arrivals.source.name, sha256, key)
        try:
            taken = store.bring_purchases(
                arrivals.bought, lambda: told, dry_run=asked.dry_run or before is not None
            )
        except KeyboardInterrupt:
            with store.reads() as connection:
                came_in = reads.batch_of(connection, key)
            here.say("Stopped; " + ("the purchases are in." if came_in else "nothing was stored."))
            raise
        return taken._replace(batch=before or taken.batch, already=before is not None)


class Purchases(Arrivals):
    """The purchases of a list on their way; iterated once."""

    def __init__(self, here: Here, source: Source, found: Opened, most: Most) -> None:
        super().__init__(here, source, found, most)
        self.alone = self.further = 0

    def bought(self, find: "Find") -> "Iterator[Sequence[Row] | None]":
        """The purchases of the customers that are found; None where all before it is void."""
        from winback_cli import receipts

        today = self.here.clock.today.isoformat()
        with self._shown() as show:
            for told in receipts.read(self.source, self.found, today):
                if isinstance(told, Again):
                    self._forget()
                    self.alone = self.further = 0
                    yield None
                elif isinstance(told, receipts.Receipts):
                    yield self._found(told, find)
                    show(self.rows, told.position)
                else:
                    self.left_out = told
        self._most.check(self.rejected, self.rows, at_end=True)

    def _found(self, told: "Receipts", find: "Find") -> "list[Row]":
        from winback_cli.checking import Reject

        rows: list[Row] = []
        rejects = list(told.rejects)
        for one, number in zip(told.rows, find([row.who for row in told.rows]), strict=True):
            if number > 0:
                rows.append((number, one.day, one.currency, one.amount, one.order))
            elif number in _WHY:
                value = text.shorten(one.who.value, 80)
                rejects.append((Reject(one.line, one.who.field, value, _WHY[number]), one.cells))
            else:
                self.alone += 1
        rejects.sort(key=lambda reject: reject[0].line)
        self.rows += len(told.rows) - (len(rejects) - len(told.rejects)) + told.further
        self.further += told.further
        self._take(Arrival([], rejects, 0, told.position))
        return rows


# -- telling ---------------------------------------------------------------------------------


def _tell(here: Here, done: Done, *, dry_run: bool) -> None:
    """What a history did, in a few lines on stdout."""
    taken, arrivals = done.taken, done.arrivals
    if taken.already:
        typer.echo("This file is in already; nothing was changed.")
        for line in arrivals.told():
            typer.echo(line)
        return
    counts = [
        (taken.purchases, "new"),
        (taken.known, "known before"),
        (taken.further + arrivals.further, "further lines of an order"),
        (arrivals.alone, "of people left alone"),
        (arrivals.rejected, "rejected"),
    ]
    shown = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    verb = "Would bring in" if dry_run else "Brought in"
    rows = "purchase" if arrivals.rows == 1 else "purchases"
    if arrivals.rows and arrivals.rejected == arrivals.rows:
        typer.echo(
            f"Nothing {'would come' if dry_run else 'came'} in: {arrivals.rows:,} {rows}, all rejected."
        )
        for line in _of_another_system(here, arrivals):
            typer.echo(line)
    else:
        typer.echo(f"{verb} {arrivals.rows:,} {rows}: {shown or '0'}.")
    for line in [*_remarks(done, dry_run=dry_run), *arrivals.told()]:
        typer.echo(line)
    if taken.batch and taken.purchases:
        typer.echo(f"To take it back: winback import --undo {taken.batch}")


def _of_another_system(here: Here, arrivals: "Purchases") -> list[str]:
    """Where the customers who are asked for are here under the ids of another system: how to say so."""
    from winback_cli.store import purchasing

    with here.reading() as connection:
        system = purchasing.of_another_system(connection, [reject.value for reject in arrivals.first])
    if not system or system == arrivals.source.choices.source:
        return []
    return [f"Their ids are here as those of {text.line(system)}: add --source {text.line(system)!r}"]


def _remarks(done: Done, *, dry_run: bool) -> list[str]:
    taken, found = done.taken, done.arrivals.found
    people = "1 customer" if taken.changed == 1 else f"{taken.changed:,} customers"
    would = "would change" if dry_run else "changed"
    lines = [f"When, how often and for how much {people} bought {would}."] if taken.changed else []
    if taken.other_currency:
        are = "1 is" if taken.other_currency == 1 else f"{taken.other_currency:,} are"
        lines.append(f"{are} in another currency than the customer's revenue, and not counted in it.")
    if taken.owed:
        got = "1 customer was" if taken.owed == 1 else f"{taken.owed:,} customers were"
        lines.append(f"{got} given back more than they paid: their revenue counts as nothing.")
    lines += unused_columns(found)
    lines += found.table.said
    for left in done.arrivals.left_out[:5]:
        lines.append(text.clean(f"  line {left.line} is no purchase: {left.why}"))
    return lines


def result(done: Done, rejects: Path | None) -> dict[str, Any]:
    """The result for scripts; `rows` is the sum of the counts from `new` to `rejected`."""
    arrivals, taken, table = done.arrivals, done.taken, done.arrivals.found.table
    names = ("line", "field", "value", "reason")
    told = [dict(zip(names, told, strict=True)) for told, _ in arrivals.rejects()]
    return {
        "file": arrivals.source.name,
        "sha256": done.sha256,
        "format": table.format,
        "encoding": table.encoding or None,
        "delimiter": table.delimiter or None,
        "sheet": table.sheet or None,
        "header_line": table.header_line,
        "columns": dict(zip(table.header, arrivals.found.columns.fields, strict=True)),
        "rows": arrivals.rows,
        "new": taken.purchases,
        "known": taken.known,
        "further": taken.further + arrivals.further,
        "suppressed": arrivals.alone,
        "rejected": arrivals.rejected,
        "customers": taken.changed,
        "other_currency": taken.other_currency,
        "given_back": taken.owed,
        "rejects": [one | {"line": int(one["line"])} for one in told],
        "rejects_file": str(rejects) if rejects else None,
        "left_out": [left._asdict() for left in arrivals.left_out],
        "said": list(table.said),
        "already": taken.already,
        "batch": taken.batch,
    }
