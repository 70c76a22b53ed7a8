"""Where things lie: the store and the settings."""

from typing import Annotated

import typer

from winback_cli.cli.here import Here, print_json
from winback_cli.settings import DOCS

app = typer.Typer(rich_markup_mode=None)
store = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
config = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(store, name="store", help="Where the store lies.")
app.add_typer(config, name="config", help="The settings.")


@store.callback()
def _store() -> None:
    """Where the store lies."""


@store.command("path")
def store_path(ctx: typer.Context) -> None:
    """The store's file, and whether it is there."""
    here: Here = ctx.obj
    typer.echo(str(here.path))
    if not here.path.exists():
        here.say("It is made by the first import or add.")


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
        typer.echo(f"{key} = {shown}  ({now.origins[key]})")
        if key in DOCS:
            typer.echo(f"    {DOCS[key]}")
    return None
