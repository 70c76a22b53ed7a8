"""A playbook of one's own: made from a blank or another one; and a case moved to a new version."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback_cli import text
from winback_cli.cli.here import Here, need_terminal, write_new
from winback_cli.cli.work import WhoArg, opening_of, unclosed
from winback_cli.errors import NotPermitted, Refused, UsageError
from winback_cli.store.connect import make_folder

if TYPE_CHECKING:
    from winback_cli.library import Edition
    from winback_cli.playbook import Playbook

BLANK = Path(__file__).parents[1] / "sample" / "playbook.yaml"
SCHEMA = "playbook.schema.json"


def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What yours is to be called.")],
    begin: Annotated[
        str | None, typer.Option("--from", metavar="PLAYBOOK", help="Begin with a copy of this one.")
    ] = None,
) -> None:
    """A playbook of your own, to change in an editor: a short one with comments, or a copy."""
    from winback_cli import library

    here: Here = ctx.obj
    folder = here.settings.playbooks
    _refuse_taken(folder, name)
    source = BLANK
    if begin is not None:
        library.load(begin, folder)
        source = library.files(folder)[begin]
    made = library.copied(library.source(source), name, library.source(BLANK))
    library.parse(made, f"{name}.yaml")
    place = folder / f"{name}.yaml"
    _write(folder, place, made)
    typer.echo(place)
    here.say(f"Change it in an editor. Then: winback playbook check {name}")


def _refuse_taken(folder: Path, name: str) -> None:
    """Raises UsageError for a name that is taken, or that is none."""
    from winback_cli import library

    if not library.is_name(name):
        raise UsageError(
            f"{text.shorten(name, 40)!r} is no name for a playbook.",
            "Take small letters, digits and hyphens, as in my-own.",
        )
    if library.is_built_in(name):
        raise UsageError(
            f"{name} is a built-in playbook.", f"Take another name: winback playbook new my-{name}"
        )
    place = folder / f"{name}.yaml"
    if os.path.lexists(place):
        raise UsageError(f"{place} is there already.", "Take another name, or change that file.")


def _write(folder: Path, place: Path, made: str) -> None:
    """The file, whole or not at all, and never over another; beside it the schema for editors."""
    import json

    from winback_cli import library

    try:
        make_folder(folder)
        (folder / SCHEMA).unlink(missing_ok=True)
        write_new(folder / SCHEMA, json.dumps(library.schema(), indent=2) + "\n")
        write_new(place, made)
    except OSError as problem:
        raise NotPermitted(
            f"{place} cannot be written: {problem.strerror}.", "winback config path shows the folder."
        ) from None


def move(
    ctx: typer.Context,
    who: WhoArg,
    to: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another playbook, not only the new version.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let a running case go on under the new version of its playbook, or under another playbook.

    Shows what changes first. What was answered stays; what the new one asks besides is asked.
    """
    from winback_cli import library

    here: Here = ctx.obj
    with here.writing("playbook move") as store:
        work = unclosed(here, store, who)
        edition = library.for_customers(to or work.playbook.name, here.settings.playbooks)
        if edition.digest == work.case.digest:
            raise Refused(
                f"Case {work.ref.id} runs under this version of {edition.playbook.name} already.",
                "winback playbook list shows the others.",
            )
        _show_changes(here, work.playbook, edition.playbook)
        if not yes and not _agreed(here, work.ref.id, edition):
            here.say("Nothing was changed.")
            return
        work.playbook, work.digest = edition.playbook, edition.digest
        store.move(work.ref.key, opening_of(edition), work.standing)
    here.say(f"Case {work.ref.id} goes on under {_named(edition.playbook)}.")


def _named(book: "Playbook") -> str:
    return f"{book.name}, version {book.version}"


def _show_changes(here: Here, old: "Playbook", new: "Playbook") -> None:
    """What the case would meet otherwise, a line each, on stdout."""
    from winback_cli.comparison import changes

    if old.name != new.name:
        typer.echo(f"From {_named(old)} to {_named(new)}:")
        for number, step in enumerate(new.steps, 1):
            typer.echo(f"  {number}. {step.title}")
        typer.echo(f"Both side by side: winback playbook compare {old.name} {new.name}")
        return
    versions = f"version {old.version} to {new.version}" if old.version != new.version else "as it is now"
    typer.echo(f"{new.name}, {versions}:")
    for line in changes(old, new) or ["Only its comments differ."]:
        typer.echo(f"  {line}")


def _agreed(here: Here, case: str, edition: "Edition") -> bool:
    from winback_cli.terminal import ask_line

    need_terminal("--yes")
    here.err.print(f"Move case {case} to {_named(edition.playbook)}? y or n", style="bold")
    return ask_line("> ").strip().lower() in ("y", "yes")
