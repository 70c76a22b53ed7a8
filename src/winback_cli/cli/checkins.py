"""Agreed check-ins: kept or missed, what they said, and when you speak next (A7, A8, E8)."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.case import items_of
from winback_cli.cli.here import Here, given_text, print_json
from winback_cli.cli.options import day_of
from winback_cli.cli.promises import case_there, of_somebody, record_entry
from winback_cli.cli.work import WhoArg, Work
from winback_cli.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from winback_cli.case import Body, Case
    from winback_cli.owing import Due

app = typer.Typer(rich_markup_mode=None)
CHECK_INS = "followed_up.check_ins"
LONGEST = 5_000  # characters of feedback


@app.command()
def checkin(
    ctx: typer.Context,
    who: WhoArg,
    kept: Annotated[
        bool | None, typer.Option("--kept/--missed", help="Whether it took place.", show_default=False)
    ] = None,
    on: Annotated[str, typer.Option(metavar="DATE", help="The day it was agreed for, if another.")] = "",
    feedback: Annotated[str, typer.Option(metavar="WORDS", help="What they said.")] = "",
    same_reason: Annotated[
        bool, typer.Option("--same-reason", help="The reason they once left for has come back.")
    ] = False,
    next_: Annotated[
        str, typer.Option("--next", metavar="DATE", help="Agree on the next one: +1m, monday.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Only list them, as JSON.")] = False,
) -> None:
    """Log an agreed catch-up and agree on the next; without options, list them.

    They go on after a win. What comes back of the old reason leads the desk.
    """
    here: Here = ctx.obj
    here.must_know(who)
    if kept is None and (feedback or same_reason or on):
        raise UsageError("Say whether it took place.", "Give --kept or --missed.")
    if kept is None and not next_:
        return _list(here, who, json=json)
    if json:
        raise UsageError("--json lists; it logs nothing.", "Give it alone: winback checkin WHO --json")
    if feedback and kept is False:
        raise UsageError(
            "There is no feedback on a catch-up that was missed.", f"winback note {who} keeps a remark."
        )
    day = day_of(here, on, "--on", past=True) if on else ""
    following = day_of(here, next_, "--next", ahead=True) if next_ else ""
    said = given_text(feedback, "--feedback", LONGEST) if feedback else ""
    with here.writing("checkin") as store:
        work = case_there(here, store, who, "There is no case yet.", "winback walk {who} opens one.")
        _refuse_over(work)
        if kept is not None:
            _log(work, kept, day, said, same_reason=same_reason)
        if following:
            _agree(work, following)
        elif kept:
            _tell_next(here, work.case, work.standing(work.case).dues)
    return None


def _agree(work: Work, day: str) -> None:
    if any(one.get("agreed_for") == day and one.get("kept") is None for _, one in _of(work.case)):
        return work.here.say(f"A check-in is agreed for {day} already.")
    record_entry(work, CHECK_INS, {"agreed_for": day})
    return work.here.say(f"The next one is agreed for {day}.")


def _tell_next(here: Here, case: "Case", dues: "Sequence[Due]") -> None:
    """When the next is owed where none was agreed: after a win they go on (A7, E8)."""
    owed = [due.due_on for due in dues if due.kind == "check_in"]
    if case.outcome == "won" and owed:
        from winback_cli import winners

        agreed, top = case.facts.get("followed_up.cadence"), bool(case.closing.get("top_fifth"))
        every = winners.EVERY[winners.cadence(agreed, top)]
        here.say(f"The next one is owed by {min(owed)}: {every}, unless you agree on another day.")


def _of(case: "Case | None") -> "list[tuple[int, Body]]":
    return [] if case is None else items_of(case.facts.get(CHECK_INS))


def _refuse_over(work: Work) -> None:
    if work.case.status == "closed" and work.case.outcome != "won":
        raise Refused(
            f"Case {work.ref.id} is closed: {work.case.outcome}.",
            f"winback reopen {work.ref.customer} takes it up again.",
        )


def _log(work: Work, kept: bool, day: str, feedback: str, *, same_reason: bool) -> None:
    here, today = work.here, work.here.clock.today.isoformat()
    there = sorted(
        (one.get("kept") is not None, one.get("agreed_for") or today, number)
        for number, one in _of(work.case)
    )
    found = [(agreed, number) for logged, agreed, number in there if (agreed == day if day else not logged)]
    agreed, number = found[0] if found else (day or today, 0)
    if agreed > today:
        raise UsageError(
            f"The next one is agreed for {agreed}, which is still to come.",
            "Give --on today for one that was held today; the other stays agreed.",
        )
    value: Body = {"agreed_for": agreed, "kept": kept}
    if feedback:  # what they said before stays
        before = next((one.get("feedback") for n, one in _of(work.case) if n == number), None)
        value["feedback"] = "\n".join(dict.fromkeys(filter(None, (before, feedback))))
    if same_reason:
        value["same_reason"] = True
    record_entry(work, CHECK_INS, value, number)
    done = [one for _, one in _of(work.case) if one.get("kept") is not None]
    count = sum(one["kept"] for one in done)
    here.say(f"Logged for case {work.ref.id}: {count} kept, {len(done) - count} missed.")
    if kept and not same_reason and work.case.outcome == "won":
        _ask_for_reason(here, work.case, agreed)
    if same_reason:
        here.say("The old reason is back: it leads the desk until you have spoken to them.")


def _ask_for_reason(here: Here, case: "Case", day: str) -> None:
    """Whether what they once left for is back, to be logged where it is (E8)."""
    from winback_cli import winners

    if question := winners.watched(case.facts):
        customer = case.id.partition(".")[0]
        here.say(f"{question} If so: winback checkin {customer} --kept --on {day} --same-reason")


def _list(here: Here, who: str, *, json: bool) -> None:
    with here.reading() as connection:
        case, _ = of_somebody(here, connection, who)
    found = sorted((one for _, one in _of(case)), key=lambda one: one.get("agreed_for") or "")
    if json:
        return print_json([_json(one, case) for one in found])
    words = {True: "kept", False: "missed", None: "agreed"}
    rows = [
        [
            one.get("agreed_for") or "",
            text.line(one.get("feedback") or ""),
            words[one.get("kept")] + (", the old reason is back" if one.get("same_reason") else ""),
        ]
        for one in found
    ]
    return here.table(["Day", "What they said", ""], rows, "No check-in is agreed.")


def _json(one: "Body", case: "Case | None") -> dict[str, Any]:
    return {
        "case": case.id if case else None,
        "agreed_for": one.get("agreed_for"),
        "kept": one.get("kept"),
        "feedback": one.get("feedback"),
        "same_reason": bool(one.get("same_reason")),
    }
