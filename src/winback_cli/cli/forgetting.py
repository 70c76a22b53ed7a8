"""Letting go for good: one person erased, what is held on somebody, and left alone when a case is over."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from winback_cli import text
from winback_cli.cli.files import refuse_taken
from winback_cli.cli.here import Here, at_terminal, need_terminal, print_json, write_new
from winback_cli.cli.work import WhoArg
from winback_cli.errors import BadInput, DiskError, Exit, NotPermitted, Refused, UsageError
from winback_cli.store import reads

if TYPE_CHECKING:
    from winback_cli.store.erasing import Certificate, Erased
    from winback_cli.store.held import UnderWay
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
    mentions: Annotated[
        str, typer.Option(metavar="blank|keep", help="Their name in the files of others: blank or keep it.")
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
    if mentions not in ("", "blank", "keep"):
        raise UsageError("--mentions is blank or keep.", "Give one of them, or leave it out.")
    if list_:
        return _list(here, json=json)
    if certificate is not None:
        refuse_taken(certificate, "--certificate", BadInput)  # nobody is erased then
    return _erase(here, who, certificate, (backups, mentions), yes=yes, json=json)


def _erase(
    here: Here, who: str, place: Path | None, choices: tuple[str, str], *, yes: bool, json: bool
) -> None:
    from winback_cli.store import erasing, held, mentions

    backups, blanking = choices
    with here.reading() as connection:
        record = _record(here, connection, who)
        erasing.refuse_underway(connection, [record.number])
        told = erasing.counts(connection, [record.number])
        mails = written_for(here, connection, [record.number])
        copies = held.copies(connection, here.path, record.number, here.settings.backups_kept)
        sharing = [reads.customer(connection, n) for n in erasing.sharing(connection, record.number)]
        mentioned = mentions.mentioned(connection, record.number)
        cut = cut_off(connection, held.under_way(connection, record.number))
    holding = [copy for copy in copies if copy.holds]
    here.say(f"{text.line(record.label)}, number {record.number}. This goes for good:")
    say_counts(here, told | {"mail files": len(mails)})
    for sentence in cut:
        here.say(sentence)
    for other in sharing:
        named = text.line(other.label) if other else ""
        here.say(f"{named} shares an e-mail, and is left alone with them.")
    if not yes:
        _ask_name(here, record)
        backups = backups or _ask_copies(here, holding)
        blanking = blanking or _ask_mentions(here, mentioned)
    gone = [Path(copy.place) for copy in holding] if backups == "prune" else []
    with here.writing("erase") as store:
        done = store.erase([record.number], lambda: remove_files(mails, gone), blank=blanking == "blank")
    tell_done(here, done, place, json=json)
    _tell_left(here, [copy for copy in copies if copy.holds is not False and Path(copy.place) not in gone])
    _tell_mentioned(here, mentioned, done.blanked, blanked=blanking == "blank")
    if gone:
        here.say("A fresh copy, without them: winback store backup")
    tell_unswept(here, done)


def cut_off(connection: reads.Connection, under_way: "UnderWay") -> list[str]:
    """What ends with an erasure that somebody may be in the middle of, as sentences."""
    from winback_cli import library

    found = []
    if ref := under_way.case:
        step = library.kept(reads.playbook_tree(connection, ref.playbook)).step(ref.step)
        where = f", at the step {step.title}" if step else ""
        found.append(f"Case {ref.id} is {ref.status}{where}. It ends with this.")
    for number, subject in under_way.mails:
        found.append(f"Message {number} is approved and will not go out: {text.shorten(subject, 60)}")
    for what, due in under_way.promises:
        day = f", due {due}" if due else ""
        found.append(f"A promise to them is still open{day}: {text.shorten(text.line(what), 60)}")
    return found


def _record(here: Here, connection: reads.Connection, who: str) -> reads.CustomerRecord:
    record = reads.customer(connection, here.who(connection, who).number)
    assert record is not None
    return record


def written_for(here: Here, connection: reads.Connection, numbers: Sequence[int]) -> list[Path]:
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


def say_counts(here: Here, told: Mapping[str, int]) -> None:
    from winback_cli.certificate import counted

    lines = counted(told)
    for word, count in lines:
        here.say(f"  {word}: {count:,}")
    if not lines:
        here.say("  the record alone")


def _ask_name(here: Here, record: reads.CustomerRecord) -> None:
    """Raise Refused for another name than theirs; with none typed they stay, and it ends."""
    need_terminal("--yes to erase them")
    from winback_cli.terminal import ask_line

    typed = text.fold(ask_line("To erase them, type the name: "))
    if not typed:
        leave(here)
    names = {text.fold(one) for one in (record.name, record.company, record.label) if one}
    if typed not in names:
        raise Refused("That is not the name.", "Nothing was changed.")


def leave(here: Here) -> NoReturn:
    """End where somebody said no: that is no mistake."""
    here.say("Nothing was changed. They stay.")
    raise typer.Exit(int(Exit.REFUSED))


def _ask_copies(here: Here, holding: "Sequence[Copy]") -> str:
    """Whether the copies that hold them go too; asked only where there are any."""
    if not holding:
        return ""
    from winback_cli.terminal import ask_line

    many = len(holding) > 1
    here.say(
        f"{len(holding)} copies of the store hold them too:"
        if many
        else "A copy of the store holds them too:"
    )
    for copy in holding:
        here.say(f"  {copy.place}")
    said = ask_line(f"Remove {'those copies' if many else 'that copy'} now? [y/N] ")
    return "prune" if said.strip().lower() in ("y", "yes") else "keep"


def _ask_mentions(here: Here, mentioned: Sequence[int]) -> str:
    """Whether their name goes from the files of others; asked only where it stands there."""
    if not mentioned:
        return ""
    from winback_cli.terminal import ask_line

    here.say(f"Their name, e-mail or phone stands in {_places(mentioned)}.")
    said = ask_line("Put [erased] in its place there? [y/N] ")
    return "blank" if said.strip().lower() in ("y", "yes") else "keep"


def _places(mentioned: Sequence[int]) -> str:
    """In whose files, in words: `your trust map and the files of 2, 5`."""
    others = [number for number in mentioned if number]
    more = " and more" if len(others) > SHOWN else ""
    numbers = ", ".join(map(str, others[:SHOWN])) + more
    files = f"the file of number {numbers}" if len(others) == 1 else f"the files of numbers {numbers}"
    return " and ".join([*(["your trust map"] if 0 in mentioned else []), *([files] if others else [])])


def remove_files(mails: Sequence[Path], copies: Sequence[Path]) -> Mapping[str, int]:
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


def tell_done(here: Here, done: "Erased", place: Path | None, *, json: bool) -> None:
    """The certificate, on stdout and into the file; a file that fails undoes nothing."""
    from winback_cli import certificate

    made = done.certificate
    words = certificate.words(*made)
    if json:
        print_json(
            certificate.as_json(*made)
            | {
                "left_alone": list(done.others),
                "blanked": list(done.blanked),
                "swept": done.swept,
            }
        )
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


def _tell_mentioned(here: Here, mentioned: Sequence[int], done: Sequence[int], *, blanked: bool) -> None:
    """Where else they stand, or stood. Once they are gone nobody can look for them again."""
    if done:
        here.say(f"Blanked in {_places(done)}: a case that changed says so at its end.")
    left = [one for one in mentioned if one not in done]
    if left:
        here.say(f"Their name, e-mail or phone stands in {_places(left)}, and stays there.")
    if left and not blanked:
        here.say("Only --mentions blank, given with the erasure, takes it out of there.")


def tell_unswept(here: Here, done: "Erased") -> None:
    if not done.swept:
        here.say("Traces may be left in the file's free space: winback store doctor --mend wipes them.")
        raise typer.Exit(int(Exit.PARTLY))


def _list(here: Here, *, json: bool) -> None:
    from winback_cli import certificate
    from winback_cli.store import erasing

    with here.reading() as connection:
        found = erasing.certificates(connection)
    if json:
        return print_json([certificate.as_json(*one) for one in found])
    rows = [[str(one.number), _summary(one), one.on, text.shorten(one.by, 20)] for one in found]
    here.table([">No.", "Erased", "On", "By"], rows, "Nobody was erased.")
    return None


def _summary(one: "Certificate") -> str:
    shown = (
        ("people", "people", "person"),
        ("cases", "cases", "case"),
        ("events", "entries", "entry"),
        ("messages", "messages", "message"),
    )
    counted = [(one.counts.get(key, 0), many, single) for key, many, single in shown]
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
        files = tuple(map(str, written_for(here, connection, [number])))
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
