"""The settings: where they lie, and what holds."""

from typing import Annotated

import typer

from winback_cli.cli.here import Here, print_json
from winback_cli.settings import DOCS

app = typer.Typer(rich_markup_mode=None)
config = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(config, name="config", help="The settings.")


@config.callback()
def _config() -> None:
    """The settings."""


@config.command("path")
def config_path(ctx: typer.Context) -> None:
    """The settings file, and whether it is there."""
    here: Here = ctx.obj
    typer.echo(str(here.settings.config))
    if not here.settings.config.exists():
        here.say("There is none yet; without it the defaults hold. winback config show lists them.")


@config.command("show")
def config_show(
    ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Every setting, its value, and where that comes from."""
    here: Here = ctx.obj
    now = here.settings
    values = {key: getattr(now, key) for key in DOCS} | {"store": str(now.store)}
    if json:
        return print_json(
            {key: {"value": value, "from": now.origins[key]} for key, value in values.items()}
        )
    for key, value in values.items():
        shown = ", ".join(value) if isinstance(value, tuple) else value
        shown = str(shown).lower() if isinstance(value, bool) else shown or "none"
        typer.echo(f"{key} = {shown}  ({now.origins[key]})")
        if key in DOCS:
            typer.echo(f"    {DOCS[key]}")
    return None
