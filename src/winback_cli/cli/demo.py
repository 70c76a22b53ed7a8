"""The demo: the main job on a sample list, in a store of its own."""

import shlex
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import typer

from winback_cli.cli import customers, desk, lists, walking
from winback_cli.cli.here import Here
from winback_cli.cli.opening import Said

app = typer.Typer(rich_markup_mode=None)
SAMPLE = Path(__file__).parents[1] / "sample"


@app.command()
def demo(ctx: typer.Context) -> None:
    """A sample list in a scratch store: the desk, one case walked, and its file.

    The people are invented. Your own store is not touched.
    """
    folder = Path(tempfile.mkdtemp(prefix="winback-demo-"))
    here: Here = replace(ctx.obj, store_named=str(folder / "store.sqlite"), quiet=True)
    # As it has to be typed here: nothing says that `winback` is on the path yet.
    called = sys.argv[0] if Path(sys.argv[0]).name == "winback" else "winback"
    command = f"{shlex.quote(called)} --store {shlex.quote(str(here.store_named))}"
    _say("A sample list comes in: winback import customers.csv")
    said = Said(currency=here.settings.currency)
    lists.tell(lists.bring_in(here, SAMPLE / "customers.csv", "customers.csv", said))
    _say("The desk says whom to win back next: winback")
    desk.show_desk(here)
    _say("One case is walked from an answers file: winback walk 1 --answers answers.yaml")
    walking.walk_customer(replace(here, quiet=False), "1", SAMPLE / "answers.yaml", "standard")
    _say("Its file: winback show 1")
    customers.show_file(here, "1")
    _say("Now you. Walk the next one yourself, and stop whenever you like:")
    typer.echo(f"  {command} next")
    typer.echo(f"\nOr start with a list of your own:\n  {shlex.quote(called)} import FILE")


def _say(sentence: str) -> None:
    typer.echo(f"\n== {sentence}\n")
