"""Keeping the store: where it lies, copies of it, and whether it is sound."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli.cli.here import Here, need_terminal, print_json
from winback_cli.cli.work import standings
from winback_cli.errors import BadInput, NotFound, Refused, UsageError

if TYPE_CHECKING:
    from winback_cli.store.doctor import Finding

app = typer.Typer(rich_markup_mode=None)
store = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(store, name="store", help="The store: path, backup, restore, doctor, upgrade, retention.")


@store.callback()
def _store() -> None:
    """The store: where it lies, copies of it, and whether it is sound."""


@store.command()
def path(ctx: typer.Context) -> None:
    """The store's file, and whether it is there."""
    here: Here = ctx.obj
    typer.echo(str(here.path))
    if not here.path.exists():
        here.say("It is made by the first import or add.")


@store.command()
def backup(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; else a dated name.")
    ] = None,
    keep: Annotated[
        int, typer.Option(min=0, max=1000, help="Keep so many dated copies, and remove older ones.")
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Copy the store and its key, after a look whether it is whole."""
    from winback_cli.store import copies, keeping

    here: Here = ctx.obj
    _must_be_there(here)
    if keep and file is not None:
        raise UsageError("--keep goes with dated copies.", "Leave FILE out.")
    made = keeping.backup(here.path, file, here.clock.today, keep)
    left = [str(place) for place in copies.dated(here.path)]
    if json:
        return print_json({"file": str(made), "key": f"{made}.key", "dated": left})
    typer.echo(str(made))
    here.say("Copied, with the key of the suppression list beside it.")
    return None


def _must_be_there(here: Here) -> None:
    if not here.has_store:
        raise NotFound("There is no store yet.", "winback import FILE makes one.")


@store.command()
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy of a store.")],
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Put a copy in the store's place; what was there is kept beside it."""
    from winback_cli.store import keeping

    here: Here = ctx.obj
    keeping.check(file)
    if here.path.exists() and not yes:
        need_terminal("--yes to replace the store that is here")
        from winback_cli.terminal import ask_line

        if ask_line(f"Replace {here.path} by that copy? (yes or no) ").strip().lower() not in ("y", "yes"):
            raise Refused("Nothing was changed.", "The store stays as it is.")
    done = keeping.restore(here.path, file, here.settings.name, here.clock)
    here.say(f"Restored {here.path} from {file}.")
    if done.replaced:
        here.say(f"What was there is kept: {done.replaced}")
    if done.upgraded:
        here.say("It was an older store and is up to date now.")
    if done.carried:
        here.say(f"Left alone since that copy, and still left alone: {done.carried}.")
    if done.erased:
        here.say(f"Erased since that copy, and erased again now: {done.erased}.")
    if done.back:
        here.say(f"Erased since by store retention, and back with the copy perhaps: {done.back}.")
        here.say("winback store retention --months N --dry-run lists them; without it they go again.")


@store.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring an older store up to date, after a copy; every command does so by itself."""
    from winback_cli.store import bring_up_to_date, is_behind

    here: Here = ctx.obj
    _must_be_there(here)
    if not is_behind(here.path):
        here.say("The store is up to date.")
        return
    copy = bring_up_to_date(here.path)
    here.say(f"The store is up to date now. As it was: {copy}")


@store.command()
def retention(
    ctx: typer.Context,
    months: Annotated[int, typer.Option(min=1, max=1200, help="Keep whoever was active so lately.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list who that would be.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Erase whoever bought nothing for so many months, and of whom nothing happened since.

    Nobody with an unclosed case, an open promise or a message on its way. Whoever asked to be left
    alone stays so, by a keyed hash.
    """
    from winback_cli.cli.retaining import expire

    expire(ctx.obj, months, dry_run=dry_run, yes=yes, json=json)


# -- the doctor ------------------------------------------------------------------------------


@store.command()
def doctor(
    ctx: typer.Context,
    mend: Annotated[bool, typer.Option("--mend", help="Make anew what the events can make.")] = False,
    new_key: Annotated[
        bool,
        typer.Option("--new-key", help="A new key for the suppression list, where it is lost for good."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Look whether the store is sound, and say what to do where it is not. It changes nothing."""
    here: Here = ctx.obj
    _must_be_there(here)
    if new_key:
        return _make_key(here)
    found = _examined(here)
    if mend and found:
        _mend(here, found)
        found = _examined(here)
    if json:
        return _told_as_json(here, found)
    if found:
        _show(here, found)
        raise BadInput(_counted(found), "Do what stands below each, then look again.")
    here.say("The store is sound.\n" + _last_backup(here))
    return None


def _show(here: Here, found: "list[Finding]") -> None:
    """For a person by what is to be done, for a pipe one by one."""
    if here.drawn:
        from winback_cli.views import findings

        return here.show(findings(found))
    for finding in found:
        typer.echo(f"{finding.where}: {finding.what}")
        typer.echo(f"    {finding.do}")
    return None


def _counted(found: "list[Finding]") -> str:
    return "One thing is wrong." if len(found) == 1 else f"{len(found):,} things are wrong."


def _examined(here: Here) -> "list[Finding]":
    from winback_cli.store import copies, reading
    from winback_cli.store import doctor as looking

    others = [copies.backups_of(here.path), *copies.dated(here.path), here.settings.config]
    with reading(here.path) as connection:
        found = list(looking.examine(connection, here.path, standings(here)))
    return [*found, *looking.modes(here.path, others), *looking.left_over(here.path)]


def _mend(here: Here, found: "list[Finding]") -> None:
    from winback_cli.store import doctor as looking
    from winback_cli.store import erasing

    if any(finding.check == "file" for finding in found):
        raise BadInput("A damaged file cannot be mended.", looking.RESTORE)
    looking.mend_files(found)
    keys = looking.mendable(found)
    if keys or any(finding.check in ("words", "queue", "names", "import") for finding in found):
        with here.writing("doctor") as opened:
            opened.remake(keys, standings(here))
    if any(finding.check == "traces" for finding in found):
        erasing.sweep(here.path)
    here.say("Made anew what could be.")


def _make_key(here: Here) -> None:
    """A new key where the old one is lost for good; the hashes are made anew from the records."""
    import os

    from winback_cli.store import connect as door
    from winback_cli.store import reading

    with reading(here.path) as connection:
        if door.keyless(connection, here.path) is None:
            raise Refused("The key is there, and it fits.", "Nothing was changed.")
    place = door.key_path(here.path)
    if place.exists():
        aside = place.with_name(f"{place.name}.replaced-{here.clock.stamp.replace(':', '')}")
        place.rename(aside)
        here.say(f"The key that did not fit is kept: {aside}")
    door.write_key(place, os.urandom(door.KEY_BYTES))
    with here.writing("doctor") as opened:
        kept, lost = opened.new_key()
    here.say(f"Made a new key. Left alone as before: {kept}.")
    if lost:
        here.say(f"{lost} known only by the old key are not watched for any more: their records are gone.")


def _told_as_json(here: Here, found: "list[Finding]") -> None:
    told: list[dict[str, Any]] = [
        {"check": f.check, "where": f.where, "what": f.what, "do": f.do} for f in found
    ]
    print_json({"sound": not found, "findings": told})
    if found:
        raise BadInput(_counted(found), "Do what stands there, then look again.")


def _last_backup(here: Here) -> str:
    from winback_cli.store.copies import dated

    copies = dated(here.path)
    if not copies:
        return "There is no dated copy of it yet: winback store backup"
    return f"The last dated copy: {copies[0]}"
