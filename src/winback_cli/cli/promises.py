"""Promises to customers: made, kept, broken, listed (D4, C8, B6.6)."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.here import Here, given_text, print_json
from winback_cli.cli.options import cell, day_of
from winback_cli.cli.work import WhoArg, Work, latest, refuse_left_alone, take_up
from winback_cli.customer import label
from winback_cli.errors import NotFound, Refused, UsageError
from winback_cli.store import lists, reads

if TYPE_CHECKING:
    from winback_cli.case import Body, Case, Entry
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)
promise = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What was promised to customers.")
app.add_typer(promise, name="promise")
CHANGES = "revisited.changes"
Number = Annotated[int, typer.Argument(metavar="N", help="Which promise; winback promise list WHO.")]


@promise.command()
def add(
    ctx: typer.Context,
    who: WhoArg,
    what: Annotated[list[str], typer.Argument(metavar="WHAT", help="What changes, exactly.")],
    owner: Annotated[str, typer.Option(metavar="NAME", help="Who sees to it.")] = "",
    due: Annotated[str, typer.Option(metavar="DATE", help="By when: 2026-12-01, +5bd.")] = "",
    assured_by: Annotated[
        str, typer.Option(metavar="NAME", help="Who gives them a personal assurance.")
    ] = "",
    done: Annotated[bool, typer.Option("--done", help="It is done already.")] = False,
) -> None:
    """Promise a change: done already, or with an owner and a day."""
    here: Here = ctx.obj
    here.must_know(who)
    value: Body = {"what": given_text(" ".join(what), "The promise", 500), "done": done}
    if done and due:
        raise UsageError("What is done already needs no day.", "Give --done or --due.")
    if done and owner:
        value["owner"] = given_text(owner, "--owner", 100)
    if not done:
        if not (owner and due):
            raise UsageError(
                "A promise has somebody who sees to it, and a day.", "Give --owner and --due, or --done."
            )
        value |= {"owner": given_text(owner, "--owner", 100), "due": day_of(here, due, "--due", ahead=True)}
    if assured_by:
        value["assured_by"] = given_text(assured_by, "--assured-by", 100)
    with here.writing("promise add") as store:
        work = take_up(here, store, who)
        number = record_entry(work, CHANGES, value)
        by = ", as done" if done else f": {value['owner']} sees to it by {value['due']}"
        here.say(f"Promise {number} of case {work.ref.id} is on record{by}.")


def record_entry(
    work: Work, fact: str, value: "Body", number: int = 0, before_it: "list[Entry] | None" = None
) -> int:
    """A new entry of one of a case's lists, or parts of the one of that number; returns its number.

    What is to come `before_it` is recorded with it, or neither is. Raises AnsweredMeanwhile where
    somebody else wrote to the list since it was read.
    """
    from winback_cli.case import ITEM_EVENTS, Entry

    question = question_of(work, fact)
    before = work.case.answers.get(question)
    place = number or len(work.case.facts.get(fact) or []) + 1
    body = {"question": question, "fact": fact, "item": place, "value": value, "how": "asked"}
    entries = [*(before_it or ()), Entry(ITEM_EVENTS[fact], body)]
    work.record(entries, {question: before.seq if before else 0})
    return place


def question_of(work: Work, fact: str) -> str:
    """The question of the playbook that asks for a fact; the fact itself where none does."""
    asked = (
        f"{step.id}.{question.key}"
        for step in work.playbook.steps
        for question in step.questions
        if question.fact == fact
    )
    return next(asked, fact)


def case_there(here: Here, store: "Store", who: str, missing: str, hint: str) -> Work:
    """The customer's unclosed or latest case; raises Refused where they are left alone, NotFound
    with what is missing where there is no case.
    """
    with store.reads() as connection:
        _, number = of_somebody(here, connection, who)
    work = latest(here, store, who)
    if work is None:
        raise NotFound(missing, hint.format(who=number))
    return work


def of_somebody(here: Here, connection: reads.Connection, who: str) -> "tuple[Case | None, int]":
    """The customer's unclosed or latest case as it stands, and their number; raises Refused where they
    are left alone.
    """
    from winback_cli.case import fold

    meant = here.who(connection, who)
    customer = reads.customer(connection, meant.number)
    assert customer is not None
    refuse_left_alone(customer)
    ref = reads.case_ref(connection, meant.number, meant.case)
    return fold(ref.id, reads.events(connection, ref.key)) if ref else None, meant.number


@promise.command()
def keep(ctx: typer.Context, who: WhoArg, number: Number) -> None:
    """A promise was kept: from now on it may be called done."""
    _settle(ctx.obj, who, number, "kept", "")


@promise.command("break")
def break_(
    ctx: typer.Context,
    who: WhoArg,
    number: Number,
    because: Annotated[str, typer.Option(metavar="WHY", help="Why; it stays on record.")] = "",
) -> None:
    """A promise was not kept: say so in the next call."""
    given = given_text(because, "--because", 200) if because else ""
    _settle(ctx.obj, who, number, "broken", given)


def _settle(here: Here, who: str, number: int, kind: str, because: str) -> None:
    from winback_cli.case import Entry

    here.must_know(who)
    with here.writing(f"promise {'keep' if kind == 'kept' else 'break'}") as store:
        work = case_there(here, store, who, "They were promised nothing.", "winback promise add {who} WHAT")
        all_of_it = f"winback promise list {work.ref.customer}"
        there = {one["n"]: one for one in work.case.commitments}
        if number not in there:
            raise NotFound(f"Case {work.ref.id} has no promise {number}.", all_of_it)
        if there[number]["state"] == kind:
            raise Refused(f"Promise {number} is {kind} already.", all_of_it)
        body: Body = {"item": number} | ({"because": because} if because else {})
        work.record([Entry(kind, body)])
        here.say(
            f"Promise {number} of case {work.ref.id} is {kind}: {text.shorten(there[number]['what'], 60)}"
        )
        if kind == "broken":
            here.say(f"Tell them before they notice; winback brief {work.ref.customer} reminds you.")


# -- listed ----------------------------------------------------------------------------------


@promise.command("list")
def list_(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(metavar="[WHO]", help="Of one customer; else the open ones.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The promises to one customer; without WHO all that are open.

    The most overdue come first.
    """
    here: Here = ctx.obj
    found = _promises(here, who)
    if json:
        return print_json([_json(case, customer, body, here) for case, customer, body in found])
    today = here.clock.today.isoformat()
    rows = [
        [
            f"{case.id} {body['n']}",
            text.line(body["what"]),
            *([] if who else [cell(here, label(customer.name, customer.company), 18)]),
            cell(here, body.get("owner") or "", 10),
            body.get("due") or "",
            "overdue" if body["state"] == "open" and (body.get("due") or today) < today else body["state"],
        ]
        for case, customer, body in found
    ]
    here.table(
        ["Case N", "What", *([] if who else ["To"]), "Owner", "Due", ""], rows, "Nothing is promised."
    )
    return None


def _promises(here: Here, who: str) -> "list[tuple[Case, reads.CustomerRecord, Body]]":
    from winback_cli.case import fold

    with here.reading() as connection:
        if who:
            of_somebody(here, connection, who)
            meant = here.who(connection, who)
            refs = reads.cases_of(connection, meant.number)
            refs = [ref for ref in refs if meant.case in (None, ref.number)]
        else:
            refs = lists.with_open_promises(connection)
        found = []
        for ref in refs:
            customer = reads.customer(connection, ref.customer)
            case = fold(ref.id, reads.events(connection, ref.key))
            assert customer is not None
            found += [(case, customer, one) for one in case.commitments if who or one["state"] == "open"]
    return found if who else sorted(found, key=lambda one: (one[2].get("due") or "9", one[1].number))


def _json(case: "Case", customer: reads.CustomerRecord, body: "Body", here: Here) -> dict[str, Any]:
    due = body.get("due")
    return {
        "case": case.id,
        "customer": customer.number,
        "name": customer.label,
        "n": body["n"],
        "what": body["what"],
        "state": body["state"],
        "owner": body.get("owner"),
        "due": due,
        "assured_by": body.get("assured_by"),
        "overdue": body["state"] == "open" and "" < (due or "") < here.clock.today.isoformat(),
    }
