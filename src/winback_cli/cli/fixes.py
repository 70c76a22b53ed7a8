"""The firm's fixes: what is mended, for whom, and who has to be told that it is done (B5, B6)."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.here import Here, given_text, print_json
from winback_cli.cli.options import cell, day_of, money_of
from winback_cli.cli.promises import of_somebody, question_of
from winback_cli.cli.work import take_up
from winback_cli.customer import label
from winback_cli.errors import Exit, Refused

if TYPE_CHECKING:
    from winback_cli.store.mending import Fix, Waiting
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)
fix = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What the firm mends, and for whom.")
app.add_typer(fix, name="fix")
ID = Annotated[int, typer.Argument(metavar="ID", help="Which fix; winback fix list.")]
NUMBER = "decided.fix_number"
# Whether somebody was told of a fix, by the state of the latest message about it.
TOLD = {
    "draft": "draft to approve",
    "approved": "approved, not sent yet",
    "sending": "on its way",
    "sent": "told",
    "uncertain": "perhaps told",
    "failed": "sending failed",
    "spoken": "spoken to since",
}


@fix.command()
def add(
    ctx: typer.Context,
    what: Annotated[list[str], typer.Argument(metavar="WHAT", help="What is mended, exactly.")],
    owner: Annotated[str, typer.Option(metavar="NAME", help="Who sees to it.")] = "",
    due: Annotated[str, typer.Option(metavar="DATE", help="By when.")] = "",
    cost: Annotated[str, typer.Option(metavar="AMOUNT", help="What it costs, roughly.")] = "",
    for_: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="CUSTOMER", help="Who asked for it; may be repeated."),
    ] = None,
) -> None:
    """A fix that the firm takes on; one may serve many cases."""
    from datetime import date

    from winback_cli.store.mending import NewFix

    here: Here = ctx.obj
    _must_be_open(here, for_ or [])
    new = NewFix(
        given_text(" ".join(what), "The fix", 500),
        given_text(owner, "--owner", 100) if owner else "",
        date.fromisoformat(day_of(here, due, "--due", ahead=True)) if due else None,
        money_of(here, cost, "--cost") if cost else None,
    )
    with here.writing("fix add", create=True) as store:
        number = store.add_fix(new)
        here.say(f"Fix {number} is on the list." + ("" if owner else " Nobody sees to it yet."))
        for who in for_ or []:
            _ask_for(here, store, number, who)


@fix.command("for")
def ask_for(
    ctx: typer.Context,
    number: ID,
    who: Annotated[list[str], typer.Argument(metavar="WHO...", help="Who asked for it.")],
) -> None:
    """Customers who asked for a fix, to be told when it is done."""
    from winback_cli.store import mending

    here: Here = ctx.obj
    _must_be_open(here, who)
    with here.reading() as connection:
        one = mending.fix(connection, number)
    if one.state == mending.DROPPED:
        raise Refused(f"Fix {number} is dropped.", f"winback fix reopen {number} takes it up again.")
    with here.writing("fix for") as store:
        for words in who:
            _ask_for(here, store, number, words)
    if one.state == mending.DONE:
        here.say(f"Fix {number} is done already. To draft a message: winback fix tell {number}")


def _must_be_open(here: Here, who: list[str]) -> None:
    """Raise for a WHO that means nobody, somebody left alone, or a case that is closed, before anything
    is written.
    """
    if not who:
        return
    with here.reading() as connection:
        for words in who:
            case, customer = of_somebody(here, connection, words)
            if case is not None and case.status == "closed" and here.who(connection, words).case:
                told = f"Case {case.id} is closed: {case.outcome}."
                raise Refused(told, f"winback walk {customer} opens a new one.")


def _ask_for(here: Here, store: "Store", number: int, who: str) -> None:
    from winback_cli.case import Entry

    work = take_up(here, store, who)
    question, waited = question_of(work, NUMBER), work.case.facts.get(NUMBER)
    if waited == number:
        return here.say(f"Case {work.ref.id} waits for fix {number} already.")
    before = work.case.answers.get(question)
    body = {"question": question, "fact": NUMBER, "value": number, "how": "asked"}
    work.record([Entry("answered", body)], {question: before.seq if before else 0})
    instead = f" and no longer for fix {waited}" if waited is not None else ""
    return here.say(f"Case {work.ref.id} waits for fix {number}{instead}.")


@fix.command("list")
def list_(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Done and dropped ones too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What the firm is mending; --all shows what is done too."""
    from winback_cli.store.mending import fixes

    here: Here = ctx.obj
    with here.reading() as connection:
        found = fixes(connection, "" if all_ or json else "open")
    if json:
        return print_json([_json(one, here) for one in found])
    today = here.clock.today.isoformat()
    rows = [
        [
            str(one.number),
            text.line(one.what),
            cell(here, one.owner, 16),
            one.due or "",
            f"{one.cases:,}",
            _state(one, today),
        ]
        for one in found
    ]
    return here.table([">ID", "Fix", "Owner", "Due", ">Cases", ""], rows, "Nothing is being mended.")


def _state(one: "Fix", today: str) -> str:
    if one.state == "done":
        return f"done {one.done_on or ''}".strip()
    return "overdue" if one.state == "open" and one.due and one.due < today else one.state


def _json(one: "Fix", here: Here) -> dict[str, Any]:
    told = one._asdict() | {"cost": one.cost._asdict() if one.cost else None}
    told["overdue"] = _state(one, here.clock.today.isoformat()) == "overdue"
    return told


@fix.command()
def show(
    ctx: typer.Context,
    number: ID,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """One fix: who asked for it, and who was told that it is done."""
    from winback_cli.store import mending

    here: Here = ctx.obj
    with here.reading() as connection:
        one = mending.fix(connection, number)
        cases = mending.waiting_for(connection, number)
    if json:
        return print_json(_json(one, here) | {"waiting": [_case_json(case) for case in cases]})
    typer.echo(f"Fix {one.number}: {text.line(one.what)}")
    parts = [
        f"seen to by {text.line(one.owner)}" if one.owner else "nobody sees to it yet",
        f"due {one.due}" if one.due else "no day yet",
        f"costs {one.cost.words()}" if one.cost else "",
        _state(one, here.clock.today.isoformat()),
    ]
    typer.echo("  " + ", ".join(part for part in parts if part))
    untold = "to be told" if one.state == mending.DONE else ""
    rows = [
        [
            case.case,
            text.line(label(case.name, case.company)),
            case.outcome or case.status,
            TOLD.get(case.told, case.told) if case.told else untold,
        ]
        for case in cases
    ]
    return here.table(["Case", "Customer", "Status", ""], rows, "Nobody asked for it yet.")


def _case_json(case: "Waiting") -> dict[str, Any]:
    return {
        "case": case.case,
        "customer": case.customer,
        "name": label(case.name, case.company),
        "status": case.status,
        "outcome": case.outcome,
        "told": case.told,
    }


@fix.command()
def done(
    ctx: typer.Context,
    number: ID,
    on: Annotated[str, typer.Option(metavar="DATE", help="Since when: yesterday, -3d.")] = "today",
) -> None:
    """It is mended: whoever asked for it is to be told."""
    from datetime import date

    here: Here = ctx.obj
    day = day_of(here, on, "--on", past=True)
    with here.writing("fix done") as store:
        store.settle_fix(number, "done", date.fromisoformat(day))
        from winback_cli.store.mending import waiting_for

        with store.reads() as connection:
            cases = waiting_for(connection, number)
    here.say(f"Fix {number} is done since {day}.")
    if cases:
        asked = "1 customer asked for it" if len(cases) == 1 else f"{len(cases):,} customers asked for it"
        here.say(f"{asked}. To draft a message for each: winback fix tell {number}")


@fix.command()
def tell(ctx: typer.Context, number: ID) -> None:
    """Draft a message for everybody who asked for a fix that is done; each is approved by itself."""
    from winback_cli.cli.drafting import tell as drafted
    from winback_cli.store.mending import fix as fix_of

    here: Here = ctx.obj
    with here.reading() as connection:
        one = fix_of(connection, number)
    if one.state != "done":
        told = f"Fix {number} is {one.state}, so there is nothing to tell."
        raise Refused(told, f"winback fix done {number}")
    with here.writing("fix tell") as store:
        made, left_out = drafted(here, store, one)
    for why in left_out:
        here.say(why)
    count = "1 draft was" if len(made) == 1 else f"{len(made):,} drafts were"
    here.say(f"{count} made. Read and approve each: winback outbox" if made else "No draft was made.")
    if left_out:
        raise typer.Exit(int(Exit.PARTLY))


@fix.command()
def drop(ctx: typer.Context, number: ID) -> None:
    """It is not going to be mended."""
    here: Here = ctx.obj
    with here.writing("fix drop") as store:
        one = store.settle_fix(number, "dropped")
    asked = f" winback fix show {number} lists who asked for it." if one.cases else ""
    here.say(f"Fix {number} is dropped.{asked}")


@fix.command()
def reopen(ctx: typer.Context, number: ID) -> None:
    """It is not done after all, or is taken up again."""
    from winback_cli.store.mending import waiting_for

    here: Here = ctx.obj
    with here.writing("fix reopen") as store:
        store.settle_fix(number, "open")
        with store.reads() as connection:
            told = sum(1 for one in waiting_for(connection, number) if one.told)
    here.say(f"Fix {number} is open again; what was not sent about it yet is given up.")
    if told:
        who = "1 customer was told" if told == 1 else f"{told:,} customers were told"
        here.say(f"{who} that it is done: winback fix show {number}")
