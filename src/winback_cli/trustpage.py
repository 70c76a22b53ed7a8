"""The trust team's plan as it leaves the program: lines of text, Markdown, CSV, or one page for a browser.

The page needs no network and runs no script; its policy takes no style but its own, by its digest. Nobody
is named in it but the team, whoever sees to something, and whoever approved it.
"""

import csv
import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from winback_cli import text
from winback_cli.policy import policy_of
from winback_cli.trust import CUSTOMERS, Approval, AtStage, Evidence, Noted, Plan, Side, Task

TITLE = "The trust team's plan"
HTML_MARK = "<!doctype html><!-- a plan of winback -->"
MD_MARK = "<!-- a plan of winback -->"
COLUMNS = (
    *("kind", "side", "stage", "number", "what", "more", "owner", "due", "effort", "effect", "score"),
    *("state", "done_on", "cases"),
)
SIDE_TITLES = {"customers": "Customers", "staff": "Staff"}
AT_ONCE = {"customers": "At once, for lost customers", "staff": "At once, for the staff"}
HOW = "Score: effect by effort, each from 1 to 5. The most change for the least effort comes first."
UNSIGNED = "Not approved yet."
NO_IDEAS = "There is no idea in it yet: winback trust add idea WHAT."
NO_CASES = "No case says yet why a customer left."


def score_of(task: Task) -> str:
    """`2.5`; a dash where effort or effect is not known."""
    return "-" if task.score is None else f"{task.score:.2f}".rstrip("0").rstrip(".")


def state_of(task: Task, today: str) -> str:
    """`done 2026-11-02`, overdue or open."""
    return f"done {task.done_on}" if task.done_on else task.state(today)


def approved(found: Approval | None) -> str:
    """Who approved it and when, in a sentence, and whether it was changed since (E12)."""
    if found is None:
        return UNSIGNED
    since = " It was changed since, and has to be approved again." if found.changed else ""
    return f"Approved by {found.by} on {found.on}.{since}"


def because(one: Evidence) -> str:
    """A reason with its cases and the words that were used: `price: 12 cases ("too expensive" 4 times)`."""
    used = ", ".join(f'"{word}"' + (f" {n} times" if n > 1 else "") for word, n in one.words)
    cases = f"{one.cases:,} case{'' if one.cases == 1 else 's'}"
    return f"{one.reason.replace('_', ' ')}: {cases}" + (f" ({used})" if used else "")


def task_words(task: Task, today: str) -> str:
    """Who sees to it, by when, and how it stands on a day."""
    parts = [task.owner or "nobody yet", f"by {task.due}" if task.due else "no day yet"]
    return ", ".join([*parts, state_of(task, today)])


def entries(side: Side) -> Iterator[tuple[AtStage, list[tuple[str, Noted]]]]:
    """The stages of a side, with what was found at each, labelled."""
    for stage in side.stages:
        found = [("Breaks trust", one) for one in stage.breakers]
        found += [("Builds trust", one) for one in stage.opportunities]
        found += [("Threat", one) for one in stage.threats]
        yield stage, found


LEADS = {"Builds trust": "How", "Threat": "Guard"}


# -- text ------------------------------------------------------------------------------------


def lines(plan: Plan, today: date, width: int) -> list[str]:
    """The plan for a terminal or a pipe."""
    day = today.isoformat()
    told = [f"{TITLE}, {today}", *wrapped(approved(plan.approval), width)]
    if plan.team:
        told += wrapped("Team: " + ", ".join(_member(one) for one in plan.team), width)
    told += ["", "What to do"]
    told += [] if plan.ideas else [f"  {NO_IDEAS}"]
    for place, idea in enumerate(plan.ideas, 1):
        told += wrapped(f"{place}. {idea.what}", width, 2, 5)
        told += wrapped(f"{task_words(idea, day)}; score {score_of(idea)}", width, 5, 5)
    for side in plan.sides:
        if side.actions:
            told += ["", AT_ONCE[side.who]]
        for task in side.actions:
            told += wrapped(f"- {task.what} ({task_words(task, day)})", width, 2, 4)
    told += ["", "Why customers left, by our cases"]
    told += [] if plan.evidence else [f"  {NO_CASES}"]
    for one in plan.evidence:
        told += wrapped(f"- {because(one)}", width, 2, 4)
    for side in plan.sides:
        told += ["", *map_lines(side, width)]
    return told


def map_lines(side: Side, width: int, *, numbered: bool = False) -> list[str]:
    """One side of the map; `numbered` with the numbers by which a command names the entries."""
    told = [f"{SIDE_TITLES[side.who]}, stage by stage"]
    for stage, found in entries(side):
        name = f"{stage.n}. {stage.name}" if numbered and stage.n else stage.name
        told += wrapped(f"{name}: {stage.note}" if stage.note else name, width, 2, 4)
        for label, one in found:
            number = f"{one.n}. " if numbered else ""
            told += wrapped(f"{label:<13}{number}{one.what}", width, 4, 17)
            if one.more:
                told += wrapped(f"{LEADS.get(label, '')}: {one.more}", width, 17, 19)
    return told


def wrapped(words: str, width: int, first: int = 0, then: int = 0) -> list[str]:
    """Words on lines of a width; `first` and `then` are how far the first and the others are set in."""
    begin, rest = " " * first, " " * then
    return textwrap.wrap(words, min(width, 100), initial_indent=begin, subsequent_indent=rest)


def _member(one: Noted) -> str:
    return f"{one.what} ({one.more})" if one.more else one.what


# -- Markdown --------------------------------------------------------------------------------


def markdown(plan: Plan, today: date) -> str:
    """The plan as Markdown; whatever somebody wrote stands in it as plain words."""
    day = today.isoformat()
    told = [MD_MARK, "", f"# {TITLE}", "", f"As of {today}. {_md(approved(plan.approval))}"]
    if plan.team:
        told += ["", "Team: " + ", ".join(_md(_member(one)) for one in plan.team)]
    told += ["", "## What to do", "", HOW, ""]
    told += _md_ideas(plan.ideas, day) if plan.ideas else [NO_IDEAS]
    for side in plan.sides:
        if side.actions:
            told += ["", f"## {AT_ONCE[side.who]}", ""]
            told += _md_table(("What", "Who", "When", "State"), [_row(t, day) for t in side.actions])
    told += ["", "## Why customers left, by our cases", ""]
    told += [f"- {_md(because(one))}" for one in plan.evidence] or [NO_CASES]
    for side in plan.sides:
        told += ["", f"## {SIDE_TITLES[side.who]}, stage by stage"]
        for stage, found in entries(side):
            note = ["", _md(stage.note)] if stage.note else []
            told += ["", f"### {_md(stage.name)}", *note, *([""] if found else [])]
            told += [f"- {label}: {_md(one.what)}{_md_more(label, one)}" for label, one in found]
    if plan.approval is None or plan.approval.changed:
        told += ["", "## Approval", "", "Name: ______________________  Date: ______________"]
    return "\n".join(told) + "\n"


def _row(task: Task, day: str) -> list[str]:
    return [task.what, task.owner or "nobody yet", task.due or "no day yet", state_of(task, day)]


def _md_ideas(ideas: Sequence[Task], day: str) -> list[str]:
    rows = []
    for place, idea in enumerate(ideas, 1):
        what, owner, due, state = _row(idea, day)
        rows.append([str(place), what, owner, due, score_of(idea), state])
    return _md_table(("", "Idea", "Who", "When", "Score", "State"), rows)


def _md_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    told = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return told + ["| " + " | ".join(map(_md, row)) + " |" for row in rows]


def _md_more(label: str, one: Noted) -> str:
    return f" - {LEADS[label]}: {_md(one.more)}" if one.more and label in LEADS else ""


def _md(words: str) -> str:
    """Words that Markdown takes for nothing else."""
    entities = text.line(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", entities)


# -- CSV -------------------------------------------------------------------------------------


def as_csv(plan: Plan, today: date) -> str:
    """The plan as rows, one an entry; no text is run as a formula by a spreadsheet."""
    from winback_cli.exporting import neutral

    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(plan, today.isoformat()):
        writer.writerow(
            {key: neutral(cell) if isinstance(cell, str) else cell for key, cell in row.items()}
        )
    return out.getvalue()


def _rows(plan: Plan, day: str) -> Iterator[dict[str, object]]:
    for idea in plan.ideas:
        yield {"kind": "idea", **_task_row(idea, day)}
    for side in plan.sides:
        for task in side.actions:
            yield {"kind": "action", "side": side.who, **_task_row(task, day)}
    for side in plan.sides:
        for stage in side.stages:
            at = {"side": side.who, "stage": stage.name}
            told = (
                ("breaker", stage.breakers),
                ("opportunity", stage.opportunities),
                ("threat", stage.threats),
            )
            for kind, found in told:
                for one in found:
                    yield {"kind": kind, **at, "number": one.n, "what": one.what, "more": one.more}
    for reason in plan.evidence:
        words = "; ".join(word for word, _ in reason.words)
        about = {"side": CUSTOMERS, "what": reason.reason, "more": words, "cases": reason.cases}
        yield {"kind": "reason", **about}
    signed = {"owner": plan.approval.by, "done_on": plan.approval.on} if plan.approval else {}
    yield {"kind": "approval", "what": approved(plan.approval), **signed}


def _task_row(task: Task, day: str) -> dict[str, object]:
    score = None if task.score is None else round(task.score, 2)
    made = {"number": task.n, "what": task.what, "owner": task.owner, "due": task.due}
    marks = {"effort": task.effort, "effect": task.effect, "score": score}
    return {**made, **marks, "state": task.state(day), "done_on": task.done_on}


# -- the page --------------------------------------------------------------------------------


def page(plan: Plan, today: date) -> str:
    """The plan as one page, as text."""
    from jinja2 import Environment, StrictUndefined

    here = Path(__file__)
    style = here.with_name("page.html.j2").read_text("utf-8").partition("\n=====\n")[0]
    more, _, body = here.with_name("trust.html.j2").read_text("utf-8").partition("\n=====\n")
    style += "\n" + more
    shell = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    shell.globals.update(score=score_of, because=because, entries=entries, member=_member, leads=LEADS)
    day = today.isoformat()
    shown = shell.from_string(body).render(
        plan=plan,
        title=TITLE,
        how=HOW,
        at_once=AT_ONCE,
        sides=SIDE_TITLES,
        no_ideas=NO_IDEAS,
        no_cases=NO_CASES,
        approved=approved(plan.approval),
        unsigned=plan.approval is None or plan.approval.changed,
        state=lambda task: state_of(task, day),
        today=today.isoformat(),
        policy=policy_of(style),
        style=style,
    )
    return f"{HTML_MARK}\n{shown}"
