"""What came back of a survey: its reasons confirmed, and all of it counted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import answers, text
from winback_cli.cli.asking import NameArg, refuse_keyless
from winback_cli.cli.here import Here, need_terminal, print_json
from winback_cli.customer import label
from winback_cli.errors import UsageError
from winback_cli.survey import Reply, tally

if TYPE_CHECKING:
    from winback_cli.store.answering import Suggested
    from winback_cli.store.surveys import Survey
    from winback_cli.survey import Tally

TOLD = 10  # people that are told one by one


def suggested(words: str) -> "Suggested":
    """The reason that somebody's words point to, in English or German; none where they are unclear."""
    from winback_cli import reasons
    from winback_cli.store.answering import Suggested

    for language in ("en", "de"):
        found = reasons.suggest(words, language)
        if found.reason:
            return Suggested(found.reason, found.confidence)
    return Suggested()


# -- reasons confirmed -----------------------------------------------------------------------


def review(
    ctx: typer.Context,
    name: NameArg = "",
    accept_above: Annotated[
        float | None,
        typer.Option(metavar="0.8", min=0, max=1, help="Confirm suggestions that are at least so sure."),
    ] = None,
) -> None:
    """Confirm why they left, answer by answer.

    Enter takes what their words suggest; :back shows the one before once more, ? what else there is.
    Each is stored before the next is shown; stop whenever you like.
    """
    from winback_cli.store import surveys

    here: Here = ctx.obj
    if accept_above is None:
        need_terminal("--accept-above 0.8")
    with here.reading() as connection:
        there = surveys.named(connection, text.line(name).lower())
        waiting = [r for r in surveys.replies(connection, there.key) if r.state == "new" and not r.alone]
    if accept_above is not None:
        with here.writing("survey review") as store:
            count = store.accept_reasons(there.name, accept_above)
        typer.echo(f"{count:,} confirmed in {there.name}.")
        if left := len(waiting) - count:
            here.say(f"{left:,} left to decide: winback survey review {there.name}")
        return
    from winback_cli.cli.surveyreview import Review

    waiting.sort(key=lambda one: (one.suggested == "", one.suggested, -(one.confidence or 0), one.id))
    with here.writing("survey review") as store:
        asked = Review(here, store, there, waiting)
        try:
            asked.run()
        finally:  # Ctrl-C stops it too
            here.say(asked.told)


# -- counted ---------------------------------------------------------------------------------


def tally_(
    ctx: typer.Context,
    name: NameArg = "",
    cases: Annotated[
        bool, typer.Option("--cases", help="Open a case for everybody who asks to be called back.")
    ] = False,
    playbook: Annotated[str, typer.Option(metavar="NAME", help="With --cases: for new ones.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Counted: who answered, why they left, who wants a call."""
    from winback_cli.cli import surveycases
    from winback_cli.store import finding, surveys

    here: Here = ctx.obj
    if playbook and not cases:
        raise UsageError("--playbook goes with --cases.", "Leave it out, or add --cases.")
    if cases:
        surveycases.open_cases(here, text.line(name).lower(), playbook)
    with here.reading() as connection:
        refuse_keyless(here, connection)
        there = surveys.named(connection, text.line(name).lower())
        others = finding.names_of_all(connection)
        told = tally(there.questions, there.invited, surveys.replies(connection, there.key), others)
    if json:
        return print_json(_tally_json(there, told))
    return _show(here, there, told)


def _show(here: Here, there: "Survey", told: "Tally") -> None:
    kind = "Focus group" if there.kind == "group" else "Survey"
    typer.echo(f"{kind} {there.name}, begun {there.on}. Answered: {told.rate.words()}")
    rows = [[answers.words_of(r.reason), f"{r.confirmed:,}", f"{r.suggested:,}"] for r in told.reasons]
    rows += [["(no reason found)", "", f"{told.unclear:,}"]] if told.unclear else []
    rows += [["(set aside)", f"{told.aside:,}", ""]] if told.aside else []
    if rows:
        here.table(["Why they left", ">Confirmed", ">Suggested"], rows)
    for reason, words in told.quotes:
        _say_quote(here, f'{answers.words_of(reason)}: "{words}"')
    if told.to_review:
        here.say(f"{told.to_review:,} to confirm: winback survey review {there.name}")
    _show_people(told.callers, "asks to be called back", "ask to be called back")
    fresh = sum(1 for one in told.callers if one.owed and not one.case)
    if fresh:
        here.say(f"{fresh:,} of them without a case: winback survey tally {there.name} --cases")
    others = [one for one in told.owed if not one.call_back]
    _show_people(others, "is among your best customers", "are among your best customers")
    count = len(told.owed)
    if others:
        here.say("They did not ask for a call: winback walk WHO opens a case to talk.")
    if count:
        typer.echo(f"{count:,} conversation{' is' if count == 1 else 's are'} owed: a call, not a form.")


def _say_quote(here: Here, line: str) -> None:
    """A quote on a line of its own; for a person broken between words."""
    if not here.drawn:
        return typer.echo(f"  {line}")
    from winback_cli.views import indented

    return here.show(indented(line))


def _show_people(people: Iterable[Reply], one: str, many: str) -> None:
    found = list(people)
    if not found:
        return
    typer.echo(f"{len(found):,} {one if len(found) == 1 else many}:")
    for reply in found[:TOLD]:
        case = f"  case {reply.case}" if reply.case else ""
        state = "" if reply.owed else "  spoken to"
        typer.echo(
            f"  {reply.customer:>5}  {text.shorten(label(reply.name, reply.company), 50)}{case}{state}"
        )
    if len(found) > TOLD:
        typer.echo(f"  and {len(found) - TOLD:,} more; --json has them all")


def _tally_json(there: "Survey", told: "Tally") -> dict[str, Any]:
    low, high = told.rate.interval or (None, None)
    return {
        "survey": there.name,
        "kind": there.kind,
        "on": there.on,
        "invited": told.rate.of,
        "answered": told.rate.hits,
        "rate": {"share": told.rate.share, "low": low, "high": high},
        "reasons": [one._asdict() for one in told.reasons],
        "without_reason": told.unclear,
        "set_aside": told.aside,
        "to_review": told.to_review,
        "quotes": [{"reason": reason, "words": words} for reason, words in told.quotes],
        "call_backs": [_reply_json(one) for one in told.callers],
        "owed": [_reply_json(one) for one in told.owed],
    }


def _reply_json(one: Reply) -> dict[str, Any]:
    return {
        "customer": one.customer,
        "name": label(one.name, one.company),
        "on": one.on,
        "call_back": one.call_back,
        "valued": one.valued,
        "case": one.case or None,
    }
