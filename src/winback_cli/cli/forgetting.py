"""Letting go for good: one person erased, whoever is kept too long too, and what is held on somebody."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.answers import words_of
from winback_cli.cli.files import refuse_taken
from winback_cli.cli.here import Here, at_terminal, need_terminal, print_json, write_new
from winback_cli.cli.work import WhoArg
from winback_cli.errors import BadInput, DiskError, Exit, NotPermitted, Refused, UsageError
from winback_cli.store import reads

if TYPE_CHECKING:
    from winback_cli.store.erasing import Certificate, Erased
    from winback_cli.store.writes import Store
    from winback_cli.subject import Copy

app = typer.Typer(rich_markup_mode=None)
OVER = "accepted as over"  # why somebody is left alone whose case is closed as lost (C10)
SHOWN = 20


@app.command()
def erase(
    ctx: typer.Context,
    who: Annotated[
        str, typer.Argument(metavar="[WHO]", help="A number, or words of the name.", show_default=False)
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    backups: Annotated[
        str, typer.Option(metavar="prune|keep", help="Copies of the store that hold them: remove or keep.")
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the certificate into a new file.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="The certificates so far.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Erase somebody for good: record, cases, messages, every word. It cannot be undone.

    What stays is a keyed hash, so that no list brings them back, and a certificate without their name.
    """
    here: Here = ctx.obj
    if bool(who) == list_:
        raise UsageError("Who is to be erased?", "Give WHO, or --list.")
    if backups not in ("", "prune", "keep"):
        raise UsageError("--backups is prune or keep.", "Give one of them, or leave it out.")
    if list_:
        return _list(here, json=json)
    if certificate is not None:
        refuse_taken(certificate, "--certificate", BadInput)  # nobody is erased then
    return _erase(here, who, certificate, backups, yes=yes, json=json)


def _erase(here: Here, who: str, place: Path | None, backups: str, *, yes: bool, json: bool) -> None:
    from winback_cli.store import erasing, held, mentions

    with here.reading() as connection:
        record = _record(here, connection, who)
        erasing.refuse_underway(connection, [record.number])
        told = erasing.counts(connection, [record.number])
        mails = _mails(here, connection, [record.number])
        copies = held.copies(connection, here.path, record.number, here.settings.backups_kept)
        sharing = [reads.customer(connection, n) for n in erasing.sharing(connection, record.number)]
        mentioned = mentions.mentioned(connection, record.number)
    holding = [copy for copy in copies if copy.holds]
    here.say(f"{text.line(record.label)}, number {record.number}. This goes for good:")
    _say_counts(here, told | {"mail files": len(mails), "copies that hold them": len(holding)})
    for other in sharing:
        named = text.line(other.label) if other else ""
        here.say(f"{named} shares an e-mail, and is left alone with them.")
    if not yes:
        _ask_name(record)
        backups = backups or _ask_copies(holding)
    gone = [Path(copy.place) for copy in holding] if backups == "prune" else []
    with here.writing("erase") as store:
        done = store.erase([record.number], lambda: _remove_files(mails, gone))
    _tell(here, done, place, json=json)
    _tell_left(here, [copy for copy in copies if copy.holds is not False and Path(copy.place) not in gone])
    _tell_mentioned(here, mentioned)
    if gone:
        here.say("A fresh copy, without them: winback store backup")
    _tell_unswept(here, done)


def _record(here: Here, connection: reads.Connection, who: str) -> reads.CustomerRecord:
    record = reads.customer(connection, here.who(connection, who).number)
    assert record is not None
    return record


def _mails(here: Here, connection: reads.Connection, numbers: Sequence[int]) -> list[Path]:
    """The .eml files that were written for them, whatever became of the messages; and the texts of those
    that could not be kept.
    """
    theirs = {f"unkept-{number}" for number in numbers}
    unkept = [
        one
        for one in here.path.parent.glob("unkept-*-*.txt")
        if "-".join(one.name.split("-")[:2]) in theirs
    ]
    return sorted([*laid_out(here, connection, numbers, ()), *unkept])


def laid_out(
    here: Here, connection: reads.Connection, numbers: Sequence[int], states: Sequence[str] = ("sent",)
) -> list[Path]:
    """The .eml files of messages to these people, which a mail program would still send; of some states,
    or of all.
    """
    from winback_cli.senders import file_token
    from winback_cli.store import messages

    tokens = {
        file_token(one.message_id)
        for number in numbers
        for one in messages.messages(connection, states, number)
    }
    mails = here.settings.outbox.glob("*.eml") if tokens and here.settings.outbox.is_dir() else ()
    return sorted(one for one in mails if one.stem.rpartition("-")[2] in tokens)


def tell_laid_out(here: Here, places: Sequence[Path]) -> None:
    for place in places:
        here.say(f"Do not send what lies there: {place}")


def _say_counts(here: Here, told: Mapping[str, int]) -> None:
    counted = [(word, count) for word, count in told.items() if count and word != "people"]
    for word, count in counted:
        here.say(f"  {words_of(word)}: {count:,}")
    if not counted:
        here.say("  the record alone")


def _ask_name(record: reads.CustomerRecord) -> None:
    """Raise Refused unless the name is typed back."""
    need_terminal("--yes to erase them")
    from winback_cli.terminal import ask_line

    typed = text.fold(ask_line("To erase it, type the name: "))
    names = {text.fold(one) for one in (record.name, record.company, record.label) if one}
    if not typed or typed not in names:
        raise Refused("That is not the name.", "Nothing was changed.")


def _ask_copies(holding: "Sequence[Copy]") -> str:
    """Whether the copies that hold them go too; asked only where there are any."""
    if not holding:
        return ""
    from winback_cli.terminal import ask_line

    copies = "the copy that holds" if len(holding) == 1 else f"the {len(holding)} copies that hold"
    said = ask_line(f"Remove {copies} them too? You may not need to go back to them. [y/N] ")
    return "prune" if said.strip().lower() in ("y", "yes") else "keep"


def _remove_files(mails: Sequence[Path], copies: Sequence[Path]) -> Mapping[str, int]:
    """Remove mails and copies of the store; raises NotPermitted, and then nobody is erased."""
    from winback_cli.store import held

    for place in [*mails, *copies]:
        try:
            held.remove(place)
        except OSError:
            raise NotPermitted(
                f"{place} cannot be removed, so nobody was erased.", "Check its rights, then try again."
            ) from None
    return {"mail_files": len(mails), "copies_removed": len(copies)}


def _tell(here: Here, done: "Erased", place: Path | None, *, json: bool) -> None:
    """The certificate, on stdout and into the file; a file that fails undoes nothing."""
    from winback_cli import subject

    made = done.certificate
    words = subject.certificate(*made)
    if json:
        print_json(subject.certificate_json(*made) | {"left_alone": list(done.others), "swept": done.swept})
    else:
        typer.echo(words, nl=False)
    if place is not None:
        try:
            write_new(place, words)
        except OSError as problem:
            kind = NotPermitted if isinstance(problem, PermissionError) else DiskError
            raise kind(
                f"They are erased, but {text.line(str(place))} cannot be written.",
                "winback erase --list --json has the certificate.",
            ) from None
        here.say(f"Written: {place}")


def _tell_left(here: Here, copies: "Sequence[Copy]") -> None:
    for copy in copies:
        what = "A copy still holds them" if copy.holds else "A copy cannot be read, and may hold them"
        here.say(f"{what}, {copy.until}: {copy.place}")
    here.say("Not seen from here: lists exported, and copies and mails that lie elsewhere.")


def _tell_mentioned(here: Here, mentioned: Sequence[int]) -> None:
    if 0 in mentioned:
        here.say("Their name or address stands in your trust map, which stays: winback trust show")
    mentioned = [number for number in mentioned if number]
    if mentioned:
        more = " and more" if len(mentioned) > SHOWN else ""
        numbers = ", ".join(map(str, mentioned[:SHOWN]))
        here.say(f"Their name or address stands in the files of others, which stay: {numbers}{more}.")


def _tell_unswept(here: Here, done: "Erased") -> None:
    if not done.swept:
        here.say("Traces may be left in the file's free space: winback store doctor --mend wipes them.")
        raise typer.Exit(int(Exit.PARTLY))


def _list(here: Here, *, json: bool) -> None:
    from winback_cli import subject
    from winback_cli.store import erasing

    with here.reading() as connection:
        found = erasing.certificates(connection)
    if json:
        return print_json([subject.certificate_json(*one) for one in found])
    rows = [[str(one.number), _summary(one), one.on, text.shorten(one.by, 20)] for one in found]
    here.table([">No.", "Erased", "On", "By"], rows, "Nobody was erased.")
    return None


def _summary(one: "Certificate") -> str:
    shown = (("people", "person"), ("cases", "case"), ("events", "event"), ("messages", "message"))
    counted = [(one.counts.get(many, 0), many, single) for many, single in shown]
    return ", ".join(f"{n:,} {single if n == 1 else many}" for n, many, single in counted if n)


# -- what is held ------------------------------------------------------------------------------


@app.command()
def subject(
    ctx: typer.Context,
    who: WhoArg,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="As a page for a browser, into a new file.")
    ] = None,
) -> None:
    """Everything held on somebody, with where it came from: what they may ask to be told.

    Of those left alone too. The page stands alone; send it only to themselves.
    """
    here: Here = ctx.obj
    if json and html:
        raise UsageError("--json and --html do not go together.", "Give one of them.")
    if html is not None:
        refuse_taken(html, "--html", BadInput)
    from winback_cli import library
    from winback_cli import subject as page
    from winback_cli.store import held

    with here.reading() as connection:
        number = _record(here, connection, who).number
        copies = held.copies(connection, here.path, number, here.settings.backups_kept)
        files = tuple(map(str, _mails(here, connection, [number])))
        found = held.held(connection, number, copies, files)
        books = {
            case.book: library.kept(reads.playbook_tree(connection, case.book)) for case in found.cases
        }
    today = here.clock.today.isoformat()
    told = page.parts(found, books.__getitem__)
    if json:
        return print_json(page.as_json(found, told, today))
    if html is not None:
        _write(here, html, page.page(found, told, today, here.settings.firm))
        return None
    for line in page.words(found, told, today):
        typer.echo("\n".join(_wrapped(line, here.out.width)) if here.drawn else line)
    return None


def _wrapped(line: str, width: int) -> list[str]:
    """A line cut between words for a screen, what follows moved to the right under its beginning."""
    import textwrap

    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, max(width, 20), subsequent_indent=indent, break_on_hyphens=False) or [""]


def _write(here: Here, place: Path, content: str) -> None:
    try:
        write_new(place, content)
    except OSError as problem:
        kind = NotPermitted if isinstance(problem, PermissionError) else DiskError
        raise kind(f"{text.line(str(place))} cannot be written.", "Name another file.") from None
    here.say(f"Written: {place}")


# -- kept too long -----------------------------------------------------------------------------


def expire(here: Here, months: int, *, dry_run: bool, yes: bool, json: bool) -> None:
    """Erase whoever bought nothing for so many months, and of whom nothing happened since."""
    from winback_cli.store import erasing

    before = here.months_ago(months)
    with here.reading() as connection:
        numbers = erasing.expired(connection, before)
        told = erasing.counts(connection, numbers)
        mails = _mails(here, connection, numbers)
    shown: dict[str, Any] = {"before": before, "numbers": numbers, "counts": told}
    if dry_run and json:
        return print_json(shown)
    people = "1 customer" if len(numbers) == 1 else f"{len(numbers):,} customers"
    here.say(f"Nothing since {before}, and nothing open: {people}.")
    if not numbers or dry_run:
        if numbers:
            _say_counts(here, told)
        return print_json(shown) if json else None
    _say_counts(here, told)
    if not yes:
        _ask_all(len(numbers))
    with here.writing("store retention") as store:
        done = store.erase(numbers, lambda: _remove_files(mails, ()), asked=False)
    _tell(here, done, None, json=json)
    here.say("Whoever had asked to be left alone stays so. A list may bring the others in again.")
    here.say("Copies of the store hold them until they go: winback store path says where those lie.")
    _tell_unswept(here, done)
    return None


def _ask_all(count: int) -> None:
    need_terminal("--yes to erase them, or --dry-run to see who that would be")
    from winback_cli.terminal import ask_line

    if ask_line(f"Erase {count:,} for good? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was changed.", "They stay.")


# -- left alone at the end of a case -----------------------------------------------------------


def offer_alone(here: Here, store: "Store", number: int, wanted: bool | None, because: str = "") -> None:
    """Leave somebody alone whose case is over (C10): as `wanted` says, else asked for at a terminal."""
    with store.reads() as connection:
        record = reads.customer(connection, number)
    assert record is not None
    if record.suppressed or wanted is False:
        return None
    if wanted is None:
        if not at_terminal():
            return here.say(f"If they are to be left alone: winback suppress {number}")
        from winback_cli.terminal import ask_line

        said = ask_line("Leave them alone for good? Nothing is sent, no list brings them back. [y/N] ")
        if said.strip().lower() not in ("y", "yes"):
            return here.say(f"Later, if they are to be left alone: winback suppress {number}")
    return put_alone(here, store, record, text.line(because) or OVER)


def put_alone(here: Here, store: "Store", record: reads.CustomerRecord, because: str) -> None:
    """Leave somebody alone from now on, and say who else is, and which case was closed."""
    done = store.suppress(record.number, because)
    with store.reads() as connection:
        others = [reads.customer(connection, other) for other in done.others]
        places = laid_out(here, connection, [record.number, *done.others])
    here.say(f"{text.line(record.label)} is left alone from now on.")
    tell_laid_out(here, places)
    for other in others:
        here.say(f"So is {text.line(other.label) if other else ''}: the same e-mail.")
    for case in done.cases:
        here.say(f"Case {case} is closed.")
    return
