"""A customer's details by hand: add, edit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.here import Here, given_text, need_terminal
from winback_cli.cli.work import WhoArg
from winback_cli.customer import LONGEST_NAME, Customer, email_point, label, phone_point
from winback_cli.errors import BadInput, UsageError
from winback_cli.store import reads

if TYPE_CHECKING:
    from winback_cli.customer import ContactPoint

app = typer.Typer(rich_markup_mode=None)

Company = Annotated[str | None, typer.Option(help="The firm.")]
Emails = Annotated[list[str] | None, typer.Option("--email", help="E-mail; may be given twice.")]
Phones = Annotated[list[str] | None, typer.Option("--phone", help="Phone; may be given twice.")]
City = Annotated[str | None, typer.Option(help="The town.")]
Country = Annotated[str | None, typer.Option(help="The country.")]
Owner = Annotated[str | None, typer.Option(help="Who looks after them.")]
HowLeft = Annotated[str | None, typer.Option(metavar="HOW", help="departing, upset, lapsed or content.")]
Day = Annotated[str | None, typer.Option(metavar="DATE", help="When they last bought.")]
Since = Annotated[str | None, typer.Option(metavar="DATE", help="When they first bought.")]
Orders = Annotated[int | None, typer.Option(min=0, max=10**9, help="How many orders.")]
Revenue = Annotated[str | None, typer.Option(metavar="AMOUNT", help='As in "1200 EUR".')]
Cancelled = Annotated[
    str | None, typer.Option(metavar="DATE|yes", help="When they formally cancelled; or just yes.")
]
Notes = Annotated[str | None, typer.Option(help="What there is to know.")]


@app.command()
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The customer's name.")],
    company: Company = None,
    email: Emails = None,
    phone: Phones = None,
    city: City = None,
    country: Country = None,
    owner: Owner = None,
    how_left: HowLeft = None,
    last_purchase: Day = None,
    first_purchase: Since = None,
    orders: Orders = None,
    revenue: Revenue = None,
    cancelled: Cancelled = None,
    notes: Notes = None,
) -> None:
    """Add one customer by hand."""
    here: Here = ctx.obj
    given = _read_all(here, {k: v for k, v in locals().items() if k not in ("ctx", "here")})
    with here.writing("add", create=True) as store:
        number = store.add(Customer(**given))
    customer = label(given["name"], given.get("company", ""))
    here.say(f"Added {customer} as number {number}. Next: winback walk {number}")
    _warn(here, given.get("emails", ()))


@app.command()
def edit(
    ctx: typer.Context,
    who: WhoArg,
    name: Annotated[str | None, typer.Option(help="The customer's name.")] = None,
    company: Company = None,
    email: Emails = None,
    phone: Phones = None,
    city: City = None,
    country: Country = None,
    owner: Owner = None,
    how_left: HowLeft = None,
    last_purchase: Day = None,
    first_purchase: Since = None,
    orders: Orders = None,
    revenue: Revenue = None,
    cancelled: Cancelled = None,
    notes: Notes = None,
) -> None:
    """Change a customer's details; no later import changes them back.

    Without options it asks for each in turn. An empty text ("") clears a field.
    """
    here: Here = ctx.obj
    options = {k: v for k, v in locals().items() if k not in ("ctx", "here", "who")}
    given = _read_all(here, options)
    with here.writing("edit") as store:
        with store.reads() as connection:
            number = here.who(connection, who).number
            record = reads.customer(connection, number)
            points = reads.points(connection, number)
        assert record is not None
        if not given:
            need_terminal("what to change, such as --phone")
            given = _ask_all(here, record, points)
        changed = store.edit(number, given)
    names = ", ".join(name.replace("_", " ") for name in changed if name != "currency")
    here.say(f"Changed for {record.label}: {names}." if changed else "Nothing was changed.")
    _warn(here, given.get("emails", ()))


def _warn(here: Here, emails: "Sequence[ContactPoint]") -> None:
    """Say which of these addresses could be taken for one that is left alone."""
    from winback_cli import addresses
    from winback_cli.store import bringing

    alike = {point.value: addresses.looks_like(point.value) for point in emails}
    if not any(alike.values()):
        return
    watch, _ = bringing.watch_of(here.path)
    for address, taken_for in alike.items():
        if taken_for and watch([f"email:{taken_for}"]):
            here.say(f"{text.shorten(address, 60)} looks like an address that is left alone; make sure.")


def _read_all(here: Here, options: dict[str, Any]) -> dict[str, Any]:
    """The options given, each read as the field it is; raises BadInput or UsageError."""
    given: dict[str, Any] = {}
    for name, value in options.items():
        if value is None or value == []:
            continue
        if name in ("email", "phone"):
            given[f"{name}s"] = _points(name, value)
        elif name == "orders":
            given[name] = value
        elif name == "name":
            given[name] = given_text(value, "The name", LONGEST_NAME)
        else:
            given[name] = _read_field(here, name, text.clean(value).strip())
    return given


def _points(kind: str, values: list[str]) -> "tuple[ContactPoint, ...]":
    made = [email_point(v) if kind == "email" else phone_point(v) for v in values if v.strip()]
    for point in made:
        if point.state == "invalid" or len(point.value) > LONGEST_NAME:
            what = "an e-mail address" if kind == "email" else "a phone number"
            raise BadInput(f"{text.shorten(point.value, 40)!r} is not {what}.", "Check the spelling.")
    return tuple(made)


def _read_field(here: Here, name: str, value: str) -> Any:
    from winback_cli import answers
    from winback_cli.facts import facts
    from winback_cli.money import parse_money

    flag = f"--{name.replace('_', '-')}"
    if not value:
        return None if name == "revenue" else ""
    try:
        if name == "revenue":
            return parse_money(value, here.settings.currency)
        if name == "how_left":
            return answers.parse(facts()["backstory.how_left"], value, here.customs)
        if name == "cancelled" and text.fold(value) in ("yes", "no"):
            return "yes" if text.fold(value) == "yes" else ""
        if name in ("last_purchase", "first_purchase", "cancelled"):
            return answers.parse(facts()["backstory.left_on"], value, here.customs)
    except ValueError as problem:
        shown = text.shorten(value, 30)
        raise UsageError(f"{flag} {shown!r}: {problem}.", f"Give {flag} again.") from None
    longest = 10_000 if name == "notes" else LONGEST_NAME
    if len(value) > longest:
        raise BadInput(f"{flag} is longer than {longest:,} characters.", "Make it shorter.")
    if name == "owner":
        return _owner(here.settings.owners, text.line(value))
    return value if name == "notes" else text.line(value)


def _owner(known: tuple[str, ...], said: str) -> str:
    """The owner as the settings write the name; raises UsageError for one whom they do not list."""
    folded = {text.fold(name): name for name in known}
    if not known or text.fold(said) in folded:
        return folded.get(text.fold(said), said)
    near = text.nearest(text.fold(said), list(folded))
    hint = f"Did you mean {folded[near]}?" if near else f"Known are {', '.join(known)}."
    raise UsageError(f"The settings list no owner {text.shorten(said, 40)!r}.", hint)


def _ask_all(here: Here, record: reads.CustomerRecord, points: "list[ContactPoint]") -> dict[str, Any]:
    """Each field in turn with what stands; Enter keeps it, - clears it."""
    from winback_cli.terminal import ask_line

    here.say("Enter keeps what stands in [brackets]; - clears it.")
    given: dict[str, Any] = {}
    fields = ("name", "company", "email", "phone", "city", "country", "owner", "notes")
    for name in fields:
        standing = [p.value for p in points if p.kind == name]
        shown = ", ".join(standing) if name in ("email", "phone") else getattr(record, name)
        said = ask_line(f"{name} [{text.shorten(shown, 40)}]: ").strip()
        if not said:
            continue
        said = "" if said == "-" else said
        if name in ("email", "phone"):
            given |= {f"{name}s": _points(name, said.split(","))}
        elif name == "name" and not said:
            given["name"] = ""
        else:
            given |= _read_all(here, {name: said})
    return given
