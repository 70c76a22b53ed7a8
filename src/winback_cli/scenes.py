"""A step of the walk as it is shown, its review, a rule's word; and a whole playbook read aloud."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from winback_cli import text
from winback_cli.views import heading, indented, pairs

if TYPE_CHECKING:
    from winback_cli.guards import Finding
    from winback_cli.playbook import Playbook, Step
    from winback_cli.prompter import Row, Scene


def scene(scene: "Scene", name: str, width: int, card: Mapping[str, str]) -> RenderableType:
    """A step as it begins: where we are, the coaching, and what has to stay in sight."""
    step, case = scene.step, scene.case
    steps = scene.playbook.steps
    place = f"Step {steps.index(step) + 1} of {len(steps)} · {step.stage.words}"
    who = text.shorten(name, max(width - len(place) - 12, 10))
    top = Text("─" * min(width, 80) + "\n", style="dim")
    top.append(place, style="dim").append(f"  {who} · {case.id}", style="dim")
    parts: list[RenderableType] = [Text(""), top, Text(step.title, style="bold"), Text(step.aim)]
    parts.append(_coaching(step))
    if line := card.get(step.stage.value):
        parts.append(Text(f"  Them   {text.line(line)}", style="cyan"))
    if scene.clock:
        deadline, over = scene.clock
        words = f"The first contact {'was' if over else 'is'} owed by {deadline:%a} {deadline}."
        words += " It is overdue." if over else ""
        parts.append(Text(f"  Clock  {words}", style="red" if over else "yellow"))
    if step.stage.value in ("contact", "listen", "revisit"):
        parts += landmines(case)
    if step.stage.value == "classify":
        parts.append(three_views(case, width))
    if step.stage.value in ("decide", "revisit"):
        parts += _said(case)
    return Group(*parts)


def _coaching(step: "Step") -> RenderableType:
    table = pairs()
    for sentence in step.do:
        table.add_row("Do" if table.row_count == 0 else "", sentence)
    for number, sentence in enumerate(step.avoid):
        table.add_row("Avoid" if number == 0 else "", sentence)
    for number, guard in enumerate(g for g in step.guards if g.kind == "not_here"):
        table.add_row("Rule" if number == 0 else "", f"{guard.say} {guard.why}")
    return indented(table)


def landmines(case: Any) -> list[RenderableType]:
    """What to be ready for, with the prepared explanation: in sight whenever one speaks to them."""
    from winback_cli.case import items_of

    mines = items_of(case.facts.get("backstory.landmines"))
    if not mines:
        return []
    parts: list[RenderableType] = [Text("\n  Be ready for", style="bold red")]
    for number, (_, mine) in enumerate(mines, 1):
        parts.append(Text(f"  {number}. {text.line(mine.get('what') or '')}", style="red"))
        if mine.get("explanation"):
            parts.append(Text(f"     Say: {text.line(mine['explanation'])}"))
    return parts


def three_views(case: Any, width: int) -> RenderableType:
    """Our view, the customer's view and what they asked for, side by side (B4.1)."""
    views = [
        ("We think", case.facts.get("backstory.internal_view")),
        ("They say", case.facts.get("heard.why_left")),
        ("It would take", case.facts.get("heard.requirements")),
    ]
    if width < 60:
        return Group(*[Text(f"  {t}: {text.clean(v or 'not known')}") for t, v in views])
    from rich.box import SIMPLE_HEAD

    table = Table(box=SIMPLE_HEAD, width=min(width, 100), pad_edge=False)
    for title, _ in views:
        table.add_column(title, ratio=1, overflow="fold")
    table.add_row(*[text.clean(value or "not known") for _, value in views])
    return table


def _said(case: Any) -> list[RenderableType]:
    asked = case.facts.get("heard.requirements")
    return [Text(f"\n  They asked for: {text.clean(asked)}", style="cyan")] if asked else []


def review(step: "Step", rows: "Sequence[Row]", width: int) -> RenderableType:
    """The answers of a step, numbered; what is missing stands out."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(justify="right", style="dim")
    table.add_column(max_width=max(width // 2 - 6, 20))
    table.add_column(overflow="fold")
    for number, row in enumerate(rows, 1):
        answer = Text(text.clean(row.answer)) if row.answer else Text("open", style="dim")
        if row.missing:
            answer = Text("missing", style="bold red")
        if row.how == "known":
            answer.append("  (known)", style="dim")
        table.add_row(str(number), text.clean(row.words), answer)
    return Group(heading(f"Review: {step.title}"), indented(table))


def finding(found: "Finding") -> Text:
    """A guard's word: what, why, and whence."""
    stops = found.level == "block"
    line = Text("  Stop: " if stops else "  Mind: ", style="bold red" if stops else "bold yellow")
    line.append(f"{found.say} {found.why}", style="not bold")
    return line.append(f"  [{', '.join(found.source)}]", style="not bold dim")


def playbook(book: "Playbook", *, sources: bool) -> RenderableType:
    """A playbook as it is walked; with `sources`, each part with the rules it comes from."""

    def cited(ids: Sequence[str]) -> str:
        return f"  [{', '.join(ids)}]" if sources and ids else ""

    parts: list[RenderableType] = [Text(f"{book.title}", style="bold"), Text(book.summary)]
    for number, step in enumerate(book.steps, 1):
        parts.append(heading(f"{number}. {step.title}{cited(step.source)}"))
        parts += [Text(f"  {step.aim}"), _coaching(step)]
        table = pairs()
        for question in step.questions:
            need = " (needed)" if question.required else ""
            table.add_row("Asks", f"{question.worded(None)}{need}{cited(question.source)}")
        for guard in [*step.guards, *(g for q in step.questions for g in q.guards)]:
            if guard.kind != "not_here":
                level = "Stops" if guard.level == "block" else "Warns"
                table.add_row(level, f"{guard.say} {guard.why}{cited(guard.source)}")
        parts.append(indented(table))
    return Group(*parts)
