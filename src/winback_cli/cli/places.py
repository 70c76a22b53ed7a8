"""The settings: where they lie, and what holds."""

from json import dumps
from typing import Annotated, Any

import typer

from winback_cli import text
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
    """Every setting, its value, and where that comes from; the lines as a settings file has them."""
    now = ctx.obj.settings
    if json:
        told = {
            key: {"value": now.written(key), "from": now.origins[key], "doc": DOCS[key]} for key in DOCS
        }
        return print_json(told | {"store": {"value": str(now.store), "from": now.origins["store"]}})
    for key, doc in DOCS.items():
        value, origin = _toml(now.written(key)), text.line(now.origins[key])
        typer.echo(f"{key} = {value}  # {origin}\n    # {doc}")
    typer.echo(f"    # the store is {text.line(str(now.store))} ({now.origins['store']})")
    return None


def _toml(value: Any) -> str:
    """A value as a settings file writes it; tables on one line."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {dumps(one)}" for key, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return dumps(value, ensure_ascii=False)
