"""The playbooks: list, show, check, and a blank answers file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli.cli.here import Here, print_json

if TYPE_CHECKING:
    from winback_cli.playbook import Playbook

app = typer.Typer(rich_markup_mode=None)
playbook = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(playbook, name="playbook", help="The playbooks.")
NameArg = Annotated[str, typer.Argument(metavar="NAME", help="A playbook's name.")]


@playbook.callback()
def _playbook() -> None:
    """The playbooks."""


@playbook.command("list")
def list_(
    ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The playbooks there are."""
    from winback_cli import library

    here: Here = ctx.obj
    found = [
        (library.load(name, here.settings.playbooks).playbook, path)
        for name, path in library.files(here.settings.playbooks).items()
    ]
    if json:
        rows = [
            {
                "name": p.name,
                "version": p.version,
                "title": p.title,
                "steps": len(p.steps),
                "built_in": path.parent == library.built_in(),
                "default": p.name == here.settings.playbook,
            }
            for p, path in found
        ]
        return print_json(rows)
    for p, _ in found:
        mark = "  (default)" if p.name == here.settings.playbook else ""
        typer.echo(f"{p.name}  {p.title}{mark}")
        if p.summary:
            typer.echo(f"    {p.summary}")
    return None


@playbook.command()
def show(
    ctx: typer.Context,
    name: NameArg = "",
    sources: Annotated[bool, typer.Option("--sources", help="With the rules' ids.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """A playbook as it is walked: its steps, questions and rules."""
    from winback_cli import library, scenes

    here: Here = ctx.obj
    found = library.load(name or here.settings.playbook, here.settings.playbooks).playbook
    if json:
        return print_json(found.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    here.show(scenes.playbook(found, sources=sources))
    return None


@playbook.command()
def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A playbook of your own.")],
) -> None:
    """Read a playbook through and tell every mistake with its line and column."""
    from winback_cli import library

    found: Playbook = library.read(file).playbook
    questions: Any = sum(len(step.questions) for step in found.steps)
    typer.echo(f"{file}: good. {found.name}, {len(found.steps)} steps, {questions} questions.")


@playbook.command()
def answers(ctx: typer.Context, name: NameArg = "") -> None:
    """A blank answers file for a playbook, to fill in for walk --answers."""
    from winback_cli import answersfile, library

    here: Here = ctx.obj
    found = library.load(name or here.settings.playbook, here.settings.playbooks).playbook
    typer.echo(answersfile.template(found), nl=False)
