"""A step of the walk as it is shown, its review, a rule's word."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from winback_cli import text
from winback_cli.views import heading, indented, pairs

if TYPE_CHECKING:
    from winback_cli.guards import Finding
    from winback_cli.playbook import Step
    from winback_cli.prompter import Row, Scene
    from winback_cli.worth import Line


def scene(
    scene: "Scene",
    name: str,
    width: int,
    card: Mapping[str, str],
    beside: RenderableType | None = None,
) -> RenderableType:
    """A step as it begins: where we are, the coaching, and what has to stay in sight; `beside` last."""
    step, case = scene.step, scene.case
    steps = scene.playbook.steps
    place = f"Step {steps.index(step) + 1} of {len(steps)} · {step.stage.words}"
    who = text.shorten(name, max(width - len(place) - 12, 10))
    top = Text("─" * min(width, 80) + "\n", style="dim")
    top.append(place, style="dim").append(f"  {who} · {case.id}", style="dim")
    parts: list[RenderableType] = [Text(""), top, Text(step.title, style="bold"), Text(step.aim)]
    parts.append(coaching(step))
    calls = any(question.fact == "contacted.disposition" for question in step.questions)
    if line := card.get("contact" if calls else step.stage.value):
        parts.append(Text(f"  Them   {text.line(line)}", style="cyan"))
    if line := card.get(f"step {step.id}"):
        parts.append(_hanging(Text("  Known  ", "cyan"), Text(text.line(line), "cyan")))
    if step.stage.value == "listen" and case.told_already:
        parts.append(Text("  They told you already. Write it down here; it is marked as known.", "cyan"))
    if scene.clock:
        deadline, over = scene.clock
        words = f"The first contact {'was' if over else 'is'} owed by {deadline:%a} {deadline}."
        words += " It is overdue." if over else ""
        parts.append(Text(f"  Clock  {words}", style="red" if over else "yellow"))
    if step.stage.value in ("contact", "listen", "revisit"):
        parts += landmines(case)
    if step.stage.value == "classify" and any(case.known(fact) for _, fact in _VIEWS):
        parts.append(three_views(case, width))
    if step.stage.value in ("decide", "revisit"):
        parts += _said(case)
    if beside is not None:
        parts.append(beside)
    return Group(*parts)


LONG_FIGURE = 36  # beside a longer one nothing has room in 80 columns


def figures(lines: "Sequence[Line]") -> RenderableType:
    """Figures below one another, each with where it came from beside it; where one is long, below it."""
    below = any(len(line.figure) > LONG_FIGURE for line in lines)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    if below:
        table.add_column(overflow="fold")
        for line in lines:
            table.add_row(line.what, line.figure)
            if line.origin:
                table.add_row("", Text(text.line(line.origin), style="dim"))
        return indented(table)
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for line in lines:
        table.add_row(line.what, line.figure, text.line(line.origin))
    return indented(table)


def coaching(step: "Step", cited: Callable[[Sequence[str]], str] = lambda ids: "") -> RenderableType:
    """What to do, to avoid and not to do here; `cited` shows the rules that a sentence comes from."""
    table = pairs()
    for sentence in step.do:
        table.add_row("Do" if table.row_count == 0 else "", sentence)
    for number, sentence in enumerate(step.avoid):
        table.add_row("Avoid" if number == 0 else "", sentence)
    for number, guard in enumerate(g for g in step.guards if g.kind == "not_here"):
        table.add_row("Rule" if number == 0 else "", f"{guard.say} {guard.why}{cited(guard.source)}")
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


_VIEWS = (
    ("We think", "backstory.internal_view"),
    ("They say", "heard.why_left"),
    ("It would take", "heard.requirements"),
)


def three_views(case: Any, width: int) -> RenderableType:
    """Our view, the customer's view and what they asked for, side by side (B4.1)."""
    views = [(title, case.facts.get(fact)) for title, fact in _VIEWS]
    if width < 60:
        return Group(*[Text(f"  {t}: {text.clean(v or 'not known')}") for t, v in views])
    from rich.box import SIMPLE_HEAD

    table = Table(box=SIMPLE_HEAD, width=min(width, 100), pad_edge=False)
    for title, _ in views:
        table.add_column(title, ratio=1, overflow="fold")
    table.add_row(*[text.clean(value or "not known") for _, value in views])
    return table


def _said(case: Any) -> list[RenderableType]:
    asked = case.facts.get("heard.requirements") or case.facts.get("heard.second_chance")
    return (
        [Text(""), _hanging(Text("  They asked for: ", "cyan"), Text(text.clean(asked)))] if asked else []
    )


def _hanging(label: Text, words: Text) -> RenderableType:
    """A label and what belongs to it, whose further lines stand under the first."""
    table = Table.grid()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(label, words)
    return table


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


def finding(found: "Finding") -> RenderableType:
    """A guard's word: what, why, and whence."""
    stops = found.level == "block"
    label = Text("  Stop: " if stops else "  Mind: ", style="bold red" if stops else "bold yellow")
    words = Text(f"{found.say} {found.why}", style="red" if stops else "yellow")
    return _hanging(label, words.append(f"  [{', '.join(found.source)}]", style="dim"))
