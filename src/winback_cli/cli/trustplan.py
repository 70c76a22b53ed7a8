"""The trust map shown, its ideas scored, the plan written and approved, and what became of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import answers, text
from winback_cli.case import Entry
from winback_cli.cli.files import Kind, is_ours, write_ours
from winback_cli.cli.here import Here, given_text, print_json
from winback_cli.cli.options import cell, day_of
from winback_cli.cli.trustmap import change_entry, evidence, last_approved, reading_map, there, waiting
from winback_cli.errors import NotFound, Refused, UsageError

if TYPE_CHECKING:
    from winback_cli.case import Case
    from winback_cli.cli.trustmap import Map
    from winback_cli.trust import Approval, Plan, Side, Task

JsonFlag = Annotated[bool, typer.Option("--json", help="As JSON.")]


# -- show ------------------------------------------------------------------------------------


def show(ctx: typer.Context, json: JsonFlag = False) -> None:
    """The map as it stands, stage by stage, and the ideas.

    The customers' side, then the staff's; each entry with the number that drop and done take.
    """
    from winback_cli import trust as trade
    from winback_cli.trustpage import approved, map_lines, wrapped

    here: Here = ctx.obj
    with reading_map(here) as (connection, found):
        step = waiting(here, connection, found)
    plan = trade.plan(found.case, found.events)
    if json:
        return print_json(plan_json(plan, here.clock.today.isoformat()))
    told = wrapped(f"Trust map {plan.map}. {approved(plan.approval)}", here.out.width)
    team = [f"{one.n}. {one.what}" for one in plan.team]
    told += wrapped("Team: " + ", ".join(team), here.out.width) if team else []
    for side in plan.sides:
        told += ["", *map_lines(side, here.out.width, numbered=True)]
        told += _tasks(here, side)
    typer.echo("\n".join(told) + "\n")
    _show_ideas(here, list(plan.ideas))
    if step:
        here.say(f"The walk stands at: {step}. To go on: winback trust new")
    return None


def _tasks(here: Here, side: "Side") -> list[str]:
    from winback_cli.trustpage import AT_ONCE, task_words, wrapped

    day = here.clock.today.isoformat()
    return [f"  {AT_ONCE[side.who]}"] * bool(side.actions) + [
        line
        for task in side.actions
        for line in wrapped(f"{task.n}. {task.what} ({task_words(task, day)})", here.out.width, 4, 7)
    ]


def _show_ideas(here: Here, ideas: "list[Task]") -> None:
    """The ideas as a table; at a terminal the score with the marks that it is made of."""
    from winback_cli.trustpage import score_of, state_of

    day, nothing = here.clock.today.isoformat(), "There is no idea yet: winback trust add idea WHAT"
    rows = [[str(idea.n), text.line(idea.what), cell(here, idea.owner, 12), idea.due] for idea in ideas]
    if here.drawn:
        told = [[_reckoned(idea), idea.state(day)] for idea in ideas]
        header = [">N", "Idea", "Owner", "Due", ">Score", ""]
    else:
        told = [
            [_mark(idea.effort), _mark(idea.effect), score_of(idea), state_of(idea, day)] for idea in ideas
        ]
        header = [">N", "Idea", "Owner", "Due", ">Effort", ">Effect", ">Score", "State"]
    here.table(header, [row + more for row, more in zip(rows, told, strict=True)], nothing)


def _reckoned(idea: "Task") -> str:
    """`5/2 = 2.5`: effect by effort; a dash where neither is known."""
    from winback_cli.trustpage import score_of

    if idea.effect is None and idea.effort is None:
        return "-"
    return f"{_mark(idea.effect)}/{_mark(idea.effort)} = {score_of(idea)}"


def _mark(value: int | None) -> str:
    return "-" if value is None else str(value)


# -- score -----------------------------------------------------------------------------------


def score(
    ctx: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="[N]", help="An idea, to score it.")] = None,
    effort: Annotated[str, typer.Option(metavar="1-5", help="How much effort it takes.")] = "",
    effect: Annotated[str, typer.Option(metavar="1-5", help="How much it would change.")] = "",
    json: JsonFlag = False,
) -> None:
    """The ideas, the best first; with a number, score one.

    The score is the effect divided by the effort, each from 1 (little) to 5 (very much): an idea that
    changes much for little comes first. Of the same score, whoever has an owner comes first, then the
    earlier day. Ideas without both marks come last.
    """
    from winback_cli import trust as trade
    from winback_cli.trustpage import HOW

    here: Here = ctx.obj
    marks = {"effort": effort, "effect": effect}
    given = {name: mark_of(here, said, f"--{name}") for name, said in marks.items() if said}
    if number is None and given:
        raise UsageError("Which idea?", "winback trust score N --effort 2 --effect 4")
    if number is not None:
        if not given:
            raise UsageError("Nothing was given to score it by.", "Give --effort 1-5 or --effect 1-5.")
        _score_one(here, number, given)
    with reading_map(here) as (_, found):
        ideas = trade.ranked(trade.tasks(found.case, "idea"))
    if json:
        return print_json([_task_json(idea, here.clock.today.isoformat()) for idea in ideas])
    _show_ideas(here, ideas)
    return here.say(HOW) if ideas else None


def mark_of(here: Here, said: str, flag: str) -> int:
    """An effort or an effect; raises UsageError for what is no number from 1 to 5."""
    from winback_cli.facts import Spec
    from winback_cli.programme import SCALE

    try:
        return int(answers.parse(Spec(flag, "number", "How much?", between=SCALE), said, here.customs))
    except ValueError as problem:
        raise UsageError(f"{flag} {text.shorten(said, 20)!r}: {problem}.", f"Give {flag} 3.") from None


def _score_one(here: Here, number: int, given: dict[str, int]) -> None:
    from winback_cli.trust import list_of, tasks

    with here.writing("trust score") as store:
        work = there(here, store)
        known = [idea.n for idea in tasks(work.case, "idea")]
        if number not in known:
            listed = ", ".join(map(str, known)) or "none yet"
            raise NotFound(f"There is no idea {number} on the map.", f"There are: {listed}.")
        change_entry(work, list_of("idea"), number, dict(given))


# -- plan ------------------------------------------------------------------------------------


def plan(
    ctx: typer.Context,
    md: Annotated[str, typer.Option("--md", metavar="FILE", help="As Markdown; - for the output.")] = "",
    html: Annotated[str, typer.Option("--html", metavar="FILE", help="As a page; - for the output.")] = "",
    csv: Annotated[str, typer.Option("--csv", metavar="FILE", help="As CSV; - for the output.")] = "",
    json: JsonFlag = False,
    approve: Annotated[bool, typer.Option("--approve", help="Senior management approved it.")] = False,
    by: Annotated[str, typer.Option(metavar="NAME", help="With --approve: who.")] = "",
    on: Annotated[str, typer.Option(metavar="DATE", help="With --approve: when; today unless given.")] = "",
) -> None:
    """The plan for senior management, and who approved it.

    What, who, when, and why, by the map and by what your cases say.

    --md, --html and --csv write a file each: a new one, or over one that winback wrote. The page needs no
    network. No customer is named in it.
    """
    from winback_cli import trust as trade

    here: Here = ctx.obj
    if (by or on) and not approve:
        raise UsageError("--by and --on go with --approve.", "winback trust plan --approve --by NAME")
    files = {"--md": md, "--html": html, "--csv": csv}
    places = {flag: place for flag, place in files.items() if place}
    _refuse_places(places, json=json)
    if approve:
        _approve(here, by, on)
    with reading_map(here) as (connection, found):
        made = trade.plan(found.case, found.events, evidence(connection))
    if json:
        return print_json(plan_json(made, here.clock.today.isoformat()))
    if places:
        return _write(here, made, places)
    return None if approve else _print_plan(here, made)


def _print_plan(here: Here, made: "Plan") -> None:
    from winback_cli.trustpage import lines

    typer.echo("\n".join(lines(made, here.clock.today, here.out.width)))
    if made.ideas and (made.approval is None or made.approval.changed):
        here.say("Once senior management said yes: winback trust plan --approve --by NAME")


def _kinds() -> dict[str, Kind]:
    from winback_cli.trustpage import COLUMNS, HTML_MARK, MD_MARK

    return {
        "--md": Kind(MD_MARK, "plan", "--md"),
        "--html": Kind(HTML_MARK, "plan", "--html"),
        "--csv": Kind(",".join(COLUMNS), "plan", "--csv"),
    }


def _refuse_places(places: dict[str, str], *, json: bool) -> None:
    """Raise UsageError, before anything is done, for files that will not be written, or two outputs."""
    if list(places.values()).count("-") + json > 1:
        raise UsageError("There is one output.", "Name a file for the others.")
    for flag, place in places.items():
        if place != "-":
            is_ours(Path(place), _kinds()[flag])


def _write(here: Here, made: "Plan", places: dict[str, str]) -> None:
    from winback_cli.trustpage import as_csv, markdown, page

    forms = {"--md": markdown, "--html": page, "--csv": as_csv}
    for flag, place in places.items():
        content = forms[flag](made, here.clock.today)
        if place == "-":
            sys.stdout.write(content)
        else:
            write_ours(Path(place), content, _kinds()[flag])
            here.say(f"Wrote {place}.")


def _approve(here: Here, by: str, on: str) -> None:
    """Record who approved the plan, and when (E12); raises Refused for one with no idea in it."""
    from winback_cli.cli.promises import question_of
    from winback_cli.trust import tasks

    if not by:
        raise UsageError("Who approved it?", "winback trust plan --approve --by NAME")
    name = given_text(by, "--by", 100)
    day = day_of(here, on, "--on", past=True) if on else here.clock.today.isoformat()
    with here.writing("trust plan") as store:
        work = there(here, store)
        if not tasks(work.case, "idea"):
            raise Refused("There is no idea in the plan yet.", "winback trust add idea WHAT")
        told: dict[str, Any] = {"approved_by": name, "approved_on": day, "approved": True}
        entries, seen = [], {}
        for field, value in told.items():
            fact = f"programme.{field}"
            question = question_of(work, fact)
            entries.append(
                Entry("answered", {"question": question, "fact": fact, "value": value, "how": "known"}, day)
            )
            seen[question] = work.case.answers[question].seq if question in work.case.answers else 0
        work.record(entries, seen)
        here.say(f"The plan is approved by {name}, on {day}.")


# -- review ----------------------------------------------------------------------------------


def review(ctx: typer.Context, json: JsonFlag = False) -> None:
    """What became of the plan that was approved last.

    Also where another map was begun since.
    """
    from winback_cli import trust as trade
    from winback_cli.trustpage import SIDE_TITLES, approved, wrapped

    here: Here = ctx.obj
    with reading_map(here) as (connection, latest):
        now, then, standing = _approved(last_approved(connection))
    told = trade.review(then, now, here.clock.today.isoformat())
    counted = {
        state: sum(one.state == state for one in told)
        for state in (trade.DONE, trade.OVERDUE, trade.OPEN, trade.DROPPED)
    }
    if json:
        parts = [
            {"kind": one.kind, "side": one.who or None, **_bare(one.task), "state": one.state}
            for one in told
        ]
        return print_json({"map": now.id, "approval": standing._asdict(), **counted, "parts": parts})
    words = ", ".join(f"{n} {state}" for state, n in counted.items() if n)
    typer.echo("\n".join(wrapped(approved(standing), here.out.width)))
    typer.echo(f"Of {len(told)}: {words}.")
    rows = [
        [
            f"{one.kind} {one.task.n}"
            + (f" {SIDE_TITLES[one.who].lower()}" if one.who == trade.STAFF else ""),
            text.line(one.task.what),
            cell(here, one.task.owner, 14),
            one.task.due,
            one.state if here.drawn else f"{one.state} {one.task.done_on}".strip(),
        ]
        for one in told
    ]
    here.table(["Part", "What", "Owner", "Due", ""], rows)
    if now.id != latest.case.id:
        done = f"winback trust done N --map {now.id}"
        here.say(f"This is the plan of map {now.id}. When something of it is done: {done}")
    return None


def _approved(found: "Map | None") -> "tuple[Case, Case, Approval]":
    """The map now, as it was approved, and the approval; raises Refused where nobody approved one."""
    from winback_cli import trust as trade

    then = trade.approved_map(found.case.id, found.events) if found else None
    standing = trade.approval(found.case, found.events) if found else None
    if found is None or then is None or standing is None:
        raise Refused(
            "Senior management has not approved a plan yet.", "winback trust plan --approve --by NAME"
        )
    return found.case, then, standing


# -- for scripts -----------------------------------------------------------------------------


def plan_json(made: "Plan", today: str) -> dict[str, Any]:
    """With stable keys."""
    return {
        "map": made.map,
        "approval": made.approval._asdict() if made.approval else None,
        "team": [{"number": one.n, "name": one.what, "part": one.more} for one in made.team],
        "ideas": [_task_json(idea, today) for idea in made.ideas],
        **{
            side.who: {
                "stages": [
                    {
                        "number": stage.n or None,
                        "name": stage.name,
                        "note": stage.note,
                        "breakers": [{"number": one.n, "what": one.what} for one in stage.breakers],
                        "opportunities": [
                            {"number": one.n, "what": one.what, "how": one.more}
                            for one in stage.opportunities
                        ],
                        "threats": [
                            {"number": one.n, "what": one.what, "safeguard": one.more}
                            for one in stage.threats
                        ],
                    }
                    for stage in side.stages
                ],
                "actions": [_task_json(task, today) for task in side.actions],
            }
            for side in made.sides
        },
        "evidence": [
            {"reason": one.reason, "cases": one.cases, "words": [word for word, _ in one.words]}
            for one in made.evidence
        ],
    }


def _bare(task: "Task") -> dict[str, Any]:
    return {
        "number": task.n,
        "what": task.what,
        "owner": task.owner or None,
        "due": task.due or None,
        "done_on": task.done_on or None,
    }


def _task_json(task: "Task", today: str) -> dict[str, Any]:
    marks = {"effort": task.effort, "effect": task.effect}
    score = None if task.score is None else round(task.score, 4)
    return {**_bare(task), **marks, "score": score, "state": task.state(today)}
