"""Who is left alone: put on the suppression list, one or a whole list; shown; and taken off again."""

import contextlib
import json as json_
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback_cli import addresses, text
from winback_cli.cli.forgetting import laid_out as mails_of
from winback_cli.cli.forgetting import tell_laid_out
from winback_cli.cli.here import Here, at_terminal, given_text, print_json
from winback_cli.cli.work import WhoArg, standings
from winback_cli.customer import label
from winback_cli.errors import BadInput, Exit, NotFound, Refused, UsageError
from winback_cli.store import lists, reads
from winback_cli.store.finding import find

if TYPE_CHECKING:
    from winback_cli.cli.arrivals import Arrivals
    from winback_cli.plainrow import Checked
    from winback_cli.store.blocklist import Listed

app = typer.Typer(rich_markup_mode=None)
# What of a list of people to leave alone is read: a bad amount must not let anybody slip through.
READ = ("name", "first_name", "last_name", "company", "email", "phone", "external_id", "country")


@app.command()
def suppress(
    ctx: typer.Context,
    who: Annotated[
        str, typer.Argument(metavar="[WHO]", help="A number, or words of the name.", show_default=False)
    ] = "",
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why, in a few words.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="Everybody who is left alone.")] = False,
    file: Annotated[
        str, typer.Option("--import", metavar="FILE", help="A list of people to leave alone.")
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="With --import: say what a column is."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="With --list or --import: as JSON.")] = False,
) -> None:
    """Never contact somebody again: closes their case, and no list brings them back.

    --import takes any list that winback import reads, or a text with one e-mail a line; whoever is
    not in the store is kept as keyed hashes alone.
    """
    here: Here = ctx.obj
    if sum(map(bool, (who, list_, file))) != 1:
        raise UsageError("Who is to be left alone?", "Give one of WHO, --list and --import FILE.")
    if list_:
        return _show(here, json=json)
    if file:
        return _import(here, file, reason, mapping or [], json=json)
    return _one(here, who, reason)


def _one(here: Here, who: str, reason: str) -> None:
    here.must_know(who)
    because = _given(reason, "--reason", "Why are they to be left alone? ")
    with here.writing("suppress") as store:
        with store.reads() as connection:
            number = here.who(connection, who).number
            record = reads.customer(connection, number)
        assert record is not None
        if record.suppressed:
            raise Refused(f"{record.label} is left alone already.", "Nothing was changed.")
        done = store.suppress(number, because)
        with store.reads() as connection:
            others = [reads.customer(connection, other) for other in done.others]
            laid_out = mails_of(here, connection, [number, *done.others])
    here.say(f"{record.label} is left alone from now on.")
    tell_laid_out(here, laid_out)
    for other in others:
        here.say(f"So is {other.label if other else ''}: the same e-mail.")
    for case in done.cases:
        here.say(f"Case {case} is closed.")


def _given(reason: str, flag: str, question: str) -> str:
    """The reason, asked for where it is missing and somebody can be asked."""
    if not reason:
        if not at_terminal():
            raise UsageError(f"{flag} is missing.", f"Give {flag} WHY.")
        from winback_cli.terminal import ask_line

        reason = ask_line(question)
    return given_text(reason, "The reason")


# -- shown -----------------------------------------------------------------------------------


def _show(here: Here, *, json: bool) -> None:
    with here.reading() as connection:
        entries = lists.left_alone(connection)
    if json:
        return print_json([_json(entry) for entry in entries])
    standing = [entry for entry in entries if not entry.lifted]
    rows = [
        [
            str(entry.number or "-"),
            text.line(label(entry.name, entry.company)) if entry.number else "(no record)",
            entry.on,
            text.shorten(entry.by, 12 if here.drawn else 80),
            *([_why(entry)] if here.drawn else [text.line(entry.reason), text.line(entry.file or "")]),
        ]
        for entry in standing
    ]
    if here.drawn and standing:
        _draw(here, rows)
    else:
        header = [">No.", "Customer", "Since", "By", "Why", "List"]
        here.table(header, rows, "Nobody is left alone.")
    if len(standing) < len(entries):
        here.say(f"{len(entries) - len(standing):,} were lifted; --json shows those too.")
    return None


def _why(entry: lists.LeftAlone) -> str:
    """Why, with the list that said so where the words do not name it."""
    why = text.line(entry.reason)
    return why if not entry.file or entry.file in why else f"{why} (list {text.line(entry.file)})"


def _draw(here: Here, rows: list[list[str]]) -> None:
    """The list at a terminal: what is long goes on in the next line, and nothing is cut."""
    from winback_cli import views

    table = views.wrapping_table([">No.", "Customer", "Since", "By", "Why"], rows, (1, 4))
    here.show(table)


def _json(entry: lists.LeftAlone) -> dict[str, object]:
    known = entry.number is not None
    return {
        "number": entry.number,
        "name": entry.name if known else None,
        "company": entry.company if known else None,
        "since": entry.on,
        "by": entry.by,
        "reason": entry.reason,
        "list": entry.file,
        "lifted": json_.loads(entry.lifted) if entry.lifted else None,
    }


# -- a whole list ----------------------------------------------------------------------------


def _import(here: Here, file: str, reason: str, mapping: list[str], *, json: bool) -> None:
    from winback_cli.cli.arrivals import Arrivals, Most
    from winback_cli.cli.opening import Said, choices_of, digest_of, list_of, pairs_of, understood
    from winback_cli.reading import Source
    from winback_cli.sources import Reading

    settings = here.settings
    said = Said(pairs_of(mapping), currency=settings.currency, country=settings.country)
    with list_of(file) as (given, name), _with_header(given) as (place, plain):
        because = given_text(reason, "The reason") if reason else f"listed in {text.shorten(name, 200)}"
        how = {"format": "csv", "delimiter": "tab"} if plain else {}
        source = Source(place, name, Reading(**how), choices_of(said))
        try:
            source, found, _ = understood(here, source)
        except BadInput as bad:
            raise BadInput(
                bad.message, bad.hint.replace("winback import", "winback suppress --import")
            ) from None
        fields = tuple(field if field in READ else None for field in found.columns.fields)
        if "opted_out" in found.columns.fields:
            here.say("Whoever is in that list is left alone, whatever its column of opt-outs says.")
        found = found._replace(columns=found.columns._replace(fields=fields))
        arrivals = Arrivals(here, source, found, Most(""))
        done = _stored(here, arrivals, because, digest_of(given))
    _told(done, arrivals, json=json)
    if arrivals.rejected:
        raise typer.Exit(int(Exit.PARTLY))


@contextlib.contextmanager
def _with_header(place: Path) -> Iterator[tuple[Path, bool]]:
    """The list with a header where it is a bare text of e-mails, and whether it is."""
    try:
        with place.open("rb") as stream:
            first = next((line for line in stream.read(4096).splitlines() if line.strip()), b"")
    except OSError:
        first = b""  # the reader says what is wrong with it
    if not addresses.read(first.decode("utf-8-sig", "replace"))[1]:
        yield place, False
        return
    with tempfile.NamedTemporaryFile(prefix="winback-", suffix=".csv") as kept, place.open("rb") as stream:
        kept.write(b"email\n" + stream.read().removeprefix(b"\xef\xbb\xbf"))
        kept.flush()
        yield Path(kept.name), True


def _stored(here: Here, arrivals: "Arrivals", because: str, sha256: str) -> "Listed":
    from winback_cli.customer import Watch
    from winback_cli.store.blocklist import Listed

    done = Listed()
    with here.writing("suppress --import", create=True) as store:
        for arrived in arrivals.stream(Watch(b"", ())):
            rows = [row for row in arrived or () if not _is_vague(arrivals, row)]
            if rows:
                done = store.leave_alone(rows, because, arrivals.source.name, sha256, done)
    return done


def _is_vague(arrivals: "Arrivals", row: "Checked") -> bool:
    """Whether a row could be many people: it would leave nobody alone, and is turned down."""
    _, external_id, name, company, *_ = row.values
    mailbox = any(kind == "email" and state != "invalid" for kind, _, state in row.points)
    phone = any(kind == "phone" and state != "invalid" for kind, _, state in row.points)
    if external_id or mailbox or (name and company) or (phone and (name or company)):
        return False
    arrivals.turn_down(row.line, "give the e-mail, or the phone with the name: this could be many people")
    return True


def _told(done: "Listed", arrivals: "Arrivals", *, json: bool) -> None:
    if json:
        names = ("line", "field", "value", "reason")
        rejects = [dict(zip(names, told, strict=True)) for told, _ in arrivals.rejects()]
        return print_json(
            {
                "file": arrivals.source.name,
                "rows": arrivals.rows,
                "suppressed": done.suppressed,
                "kept": done.kept,
                "same": done.same,
                "rejected": arrivals.rejected,
                "rejects": [one | {"line": int(one["line"])} for one in rejects],
                "cases": list(done.cases),
                "batch": done.batch,
            }
        )
    counts = [
        (done.suppressed, "left alone from now on"),
        (done.kept, "kept without a record"),
        (done.same, "said nothing new"),
        (arrivals.rejected, "rejected"),
    ]
    told = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    rows = "row" if arrivals.rows == 1 else "rows"
    typer.echo(f"Read {arrivals.rows:,} {rows}: {told or 'nothing in them'}.")
    for line in arrivals.told():
        typer.echo(line)
    for case in done.cases[:10]:
        typer.echo(f"Case {case} is closed.")
    if len(done.cases) > 10:
        typer.echo(f"And {len(done.cases) - 10:,} cases more.")
    return None


# -- taken off again -------------------------------------------------------------------------


@app.command()
def unsuppress(
    ctx: typer.Context,
    who: WhoArg,
    because: Annotated[str, typer.Option(metavar="WHY", help="Why; it stays on record.")] = "",
    together: Annotated[
        bool, typer.Option("--together", help="Also whoever is left alone and shares an e-mail with them.")
    ] = False,
) -> None:
    """Take somebody off the suppression list, on record; their case stays closed.

    WHO may also be an e-mail that has no record. Who shares a mailbox is lifted together or not at all;
    what an erasure left, only where its e-mail is named.
    """
    here: Here = ctx.obj
    meant, address = _meant(here, who)
    why = _given(because, "--because", "Why may they be contacted again? ")
    with here.writing("unsuppress") as store:
        done = store.lift(meant, why, standings(here), together=together, address=address)
        with store.reads() as connection:
            people = [reads.customer(connection, number) for number in done.people]
    for record in people:
        assert record is not None
        here.say(f"{record.label} is not left alone any more: number {record.number}.")
    if done.entries:
        here.say(f"Lifted without a record: {done.entries:,}.")
    if done.blocked:
        here.say("Somebody else who is left alone goes by the same name: lists still leave that one out.")


def _meant(here: Here, who: str) -> tuple[int | str, str]:
    """The customer's number, or the address where nobody here goes by it; and the address, if one was
    given.
    """
    address, fits = addresses.read(who)
    with here.reading() as connection:
        try:
            return here.who(connection, who).number, address if fits else ""
        except NotFound:
            if not fits or find(connection, who):
                raise
            return address, address
