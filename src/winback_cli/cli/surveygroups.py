"""Focus groups: drawn fairly, with spares, and what was said in them kept (A2)."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from winback_cli import answers, text
from winback_cli.cli.asking import (
    Cooldown,
    Json,
    Lapsed,
    Months,
    Own,
    Owner,
    Search,
    Status,
    Why,
    begun_as,
    customers_in_words,
    own_questions,
    person_json,
    refuse_keyless,
    refuse_nobody,
    refuse_unknown_reason,
    survey_json,
    wanted_of,
)
from winback_cli.cli.customers import one_of
from winback_cli.cli.here import Here, at_terminal, given_text, print_json
from winback_cli.cli.options import cell
from winback_cli.cli.work import WhoArg
from winback_cli.customer import label
from winback_cli.errors import UsageError
from winback_cli.store import lists, reads
from winback_cli.survey import COOLDOWN, NOTES

if TYPE_CHECKING:
    from winback_cli.store.surveys import LeftOut

BY = ("segment", "reason", "owner", "country", "city", "how_left")


def sample(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="What the group is called.")] = "",
    n: Annotated[int, typer.Option("--n", min=1, max=1000, help="How many take part.")] = 8,
    by: Annotated[str, typer.Option(help=f"A fair share of each: {', '.join(BY)}.")] = "segment,reason",
    seed: Annotated[int, typer.Option(help="Another number draws another group.")] = 1,
    spares: Annotated[int, typer.Option(min=0, max=1000, help="Who step in for others.")] = 4,
    question: Own = None,
    lapsed: Lapsed = False,
    months: Months = None,
    status: Status = "",
    owner: Owner = "",
    reason: Why = "",
    search: Search = "",
    cooldown: Cooldown = COOLDOWN,
    json: Json = False,
) -> None:
    """Draw a focus group: a fair share of each kind, and spares.

    The same customers and the same seed draw the same group. Without a filter: those who have lapsed.
    """
    here: Here = ctx.obj
    keys = tuple(one_of("--by", one, BY) for one in by.split(",") if one.strip())
    any_filter = lapsed or status or owner or reason or search
    wanted = wanted_of(here, lapsed or not any_filter, months, status, owner, reason, search)
    asked = own_questions(question or [], None)
    begun = begun_as(name or f"group-{here.clock.today}", "group", "", asked, keys, seed)
    since = here.months_ago(cooldown) if cooldown else here.clock.today.isoformat()
    with here.writing("survey sample") as store:
        from winback_cli.survey import group

        with store.reads() as connection:
            refuse_keyless(here, connection)
            refuse_unknown_reason(connection, wanted)
            people, left = _strata(connection, wanted, keys, since)
        refuse_nobody(people, left)
        drawn = group(people, n, spares, seed)
        count = store.begin_survey(begun, (*drawn.chosen, *drawn.spares), set(drawn.spares), since)
    _tell_group(here, begun.name, people, left, json=json)
    if count < n:
        here.say(f"Only {customers_in_words(count)} could be asked.")


def _strata(
    connection: reads.Connection, wanted: lists.Wanted, keys: tuple[str, ...], since: str
) -> "tuple[dict[int, str], LeftOut]":
    """Everybody who may be drawn with their stratum, and how many may not."""
    from winback_cli.report import segment
    from winback_cli.store import surveys
    from winback_cli.survey import stratum

    asked, reasons = surveys.asked_since(connection, since), surveys.case_reasons(connection)
    left, people = surveys.LeftOut(), {}
    for one in lists.customers(connection, wanted, 0):
        if one.suppressed:
            left = left._replace(alone=left.alone + 1)
        elif one.number in asked:
            left = left._replace(asked=left.asked + 1)
        elif one.case_status in ("open", "dormant") and not wanted.status:
            left = left._replace(cased=left.cased + 1)
        else:
            why = (reasons.get(one.number) or one.reason).partition("/")[0]
            size = "" if one.revenue is None else segment(one.currency, len(str(max(one.revenue, 0))))
            parts = {"segment": size, "reason": why.replace("_", " "), "how_left": one.how_left}
            people[one.number] = stratum(*(parts.get(k, getattr(one, k, "")) or "" for k in keys))
    return people, left


def _tell_group(here: Here, name: str, people: dict[int, str], left: "LeftOut", *, json: bool) -> None:
    with here.reading() as connection:
        from winback_cli.store import surveys

        there = surveys.named(connection, name)
        drawn = list(surveys.invited(connection, there.key))
    if json:
        told = [person_json(one) | {"stratum": people.get(one.number)} for one in drawn]
        return print_json(survey_json(there) | {"left_out": left._asdict(), "people": told})
    rows = [
        [
            str(one.number),
            text.line(label(one.name, one.company)),
            cell(here, people.get(one.number, ""), 34),
            "spare" if one.spare else "",
        ]
        for one in drawn
    ]
    here.table([">No.", "Customer", "Stands for", ""], rows)
    sizes = Counter(people.values())
    kinds = f"{len(sizes):,} kind{'' if len(sizes) == 1 else 's'}"
    here.say(f"Drawn from {customers_in_words(len(people))} of {kinds}; kept as {name}.")
    here.say(f"What they say: winback survey notes {name} WHO")
    return None


# -- what was said --------------------------------------------------------------------------


def notes(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which focus group.")],
    who: WhoArg,
    said: Annotated[str, typer.Option("--text", metavar="WORDS", help="What they said.")] = "",
    call_back: Annotated[bool, typer.Option("--call-back", help="They want to be called.")] = False,
) -> None:
    """Keep what somebody said in a focus group."""
    from winback_cli.cli.surveyanswers import suggested
    from winback_cli.store import surveys
    from winback_cli.surveyreplies import asks_to_be_left

    here: Here = ctx.obj
    here.must_know(who)
    if not said and not at_terminal():
        raise UsageError("What did they say?", "Give --text WORDS.")
    words = given_text(said or _typed(), "What they said", answers.LONGEST)
    with here.writing("survey notes") as store:
        with store.reads() as connection:
            number = here.who(connection, who).number
            there = surveys.named(connection, text.line(name).lower())
            before = [r for r in surveys.replies(connection, there.key) if r.customer == number]
        whole = "\n".join(filter(None, [*(one.answers.get(NOTES, "") for one in before), words]))
        store.take_notes(there.name, number, words, suggested(whole), call_back=call_back)
    if asks_to_be_left("", [words]):
        here.say(f"If they ask to be left alone: winback suppress {number}")
    here.say(f"Kept. Why they left is confirmed with: winback survey review {there.name}")


def _typed() -> str:
    from winback_cli.terminal import ask_line

    return ask_line("In their words: ")
