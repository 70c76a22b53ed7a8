"""The command line: its commands by family, each imported only when it is called.

A command's body reads, acts and shows; what it decides is decided elsewhere.
"""

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from winback_cli import text

# Family -> its commands: name, the module that holds it, what it does in a line.
FAMILIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Every day": (
        ("next", "desk", "The best thing to do now, and walk it."),
        ("why", "why", "Why somebody comes where they come, factor by factor."),
        ("worth", "worth", "Whether somebody is worth what it takes; try other figures."),
        ("walk", "walking", "Walk a case: open it, or go on where it stopped."),
        ("due", "desk", "What falls due."),
        ("agenda", "agenda", "What is to come, day by day; as a calendar file."),
        ("brief", "brief", "One screen to read before the call."),
        ("touch", "cases", "Log a contact attempt."),
        ("checkin", "checkins", "Log an agreed catch-up, agree on the next."),
        ("note", "cases", "Write a remark into the file."),
        ("snooze", "again", "Put a case off until a day."),
        ("close", "cases", "Close a case, or put it to sleep."),
        ("reopen", "again", "Wake a case that sleeps, or was closed."),
        ("undo", "again", "Take back the last thing done in a case."),
    ),
    "Promises and messages": (
        ("promise", "promises", "Promises: add, keep, break, list."),
        ("fix", "fixes", "What the firm mends: add, for, list, show, done, reopen, tell."),
        ("offer", "offers", "What makes the way back easy: add, list, suggest, ripple."),
        ("draft", "drafting", "Write the message that is due, and have it checked."),
        ("outbox", "outbox", "Messages: approve, give up, settle what is uncertain."),
        ("send", "sending", "Send approved messages."),
    ),
    "Customers": (
        ("import", "lists", "Bring in a list of customers."),
        ("add", "details", "Add one customer by hand."),
        ("edit", "details", "Change a customer's details."),
        ("list", "customers", "Everybody, with where their case stands."),
        ("show", "customers", "One customer's whole file."),
        ("merge", "merging", "Two records of one customer made one."),
        ("export", "exporting", "Customers, cases or events as CSV or JSON."),
        ("suppress", "alone", "Never contact somebody again."),
        ("unsuppress", "alone", "Take somebody off the suppression list."),
        ("subject", "forgetting", "Everything held on somebody, with where it came from."),
        ("erase", "forgetting", "Erase somebody for good; a hash keeps them left alone."),
    ),
    "What was learned": (
        ("report", "reports", "Tables, bars and one page: funnel, reasons, outcomes, more."),
        ("survey", "surveys", "Surveys and focus groups: new, import, review, tally, more."),
        ("trust", "trust", "The trust team: the map, the ideas, the plan for management."),
    ),
    "Setting up": (
        ("demo", "demo", "A sample list in a scratch store, one case walked and shown."),
        ("playbook", "playbooks", "The playbooks: list, show, compare, rules, your own."),
        ("store", "keeping", "The store: path, backup, restore, doctor, upgrade, retention."),
        ("config", "places", "The settings: path, show."),
        ("completion", "completion", "Commands and names at Tab, in bash, zsh and fish."),
    ),
}


class Families(TyperGroup):
    """The root: knows every command's name and line, and imports one when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for family in FAMILIES.values() for name, _, _ in family]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = next((m for family in FAMILIES.values() for n, m, _ in family if n == cmd_name), None)
        if module is None:
            return None
        loaded = importlib.import_module(f"winback_cli.cli.{module}")
        group = typer.main.get_group(loaded.app)
        return group.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As Typer does, which guesses at a mistyped command only where it knows all of them."""
        try:
            return super().resolve_command(ctx, args)
        except TyperException as wrong:
            near = text.nearest(args[0], self.list_commands(ctx))
            told = str(getattr(wrong, "message", ""))
            if near and told.startswith("No such command"):
                wrong.message = f"{told} Did you mean {near!r}?"
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, family in FAMILIES.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, _, line in family])


app = typer.Typer(
    cls=Families,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,  # see completion.py
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    store: Annotated[
        str | None, typer.Option(metavar="PATH", help="Use this store instead of your own.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Act as if it were that day.")] = None,
    color: Annotated[str, typer.Option(metavar="auto|always|never", help="Colour.")] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what matters.")] = False,
    version: Annotated[bool, typer.Option("--version", help="The version, and stop.")] = False,
) -> None:
    """A playbook for people who lost a customer.

    Without a command: the desk. What is due, what is overdue, whom to win back next.
    WHO is a customer's number or a few words of the name.
    """
    from winback_cli.cli.here import Here

    if version:
        from winback_cli import __version__

        typer.echo(f"winback {__version__}")
        raise typer.Exit
    ctx.obj = Here(store, as_of, color, quiet)
    if ctx.invoked_subcommand is None:
        from winback_cli.cli.desk import show_desk

        show_desk(ctx.obj)
