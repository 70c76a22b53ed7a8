"""The playbooks as they are shown: one read aloud, two side by side, and the rules behind them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from winback_cli.answers import words_of
from winback_cli.facts import facts
from winback_cli.scenes import coaching
from winback_cli.views import heading, indented, pairs

if TYPE_CHECKING:
    from winback_cli.comparison import Comparison, Element, Held, Matter, OnStage
    from winback_cli.conditions import When
    from winback_cli.playbook import Playbook, Question


def playbook(book: "Playbook", *, sources: bool) -> RenderableType:
    """A playbook as it is walked; with `sources`, each part with the rules it comes from."""

    def cited(ids: Sequence[str]) -> str:
        return _ids(ids) if sources else ""

    parts: list[RenderableType] = [Text(f"{book.title}", style="bold"), Text(book.summary)]
    if book.after:
        parts.append(Text(f"After {book.after}.", style="dim"))
    for number, step in enumerate(book.steps, 1):
        parts.append(heading(f"{number}. {step.title}{cited(step.source)}"))
        parts += [indented(Text(step.aim)), coaching(step, cited)]
        table = pairs()
        for question in step.questions:
            table.add_row("Asks", f"{question.worded(None)}{_need(question)}{cited(question.source)}")
        for guard in [*step.guards, *(g for q in step.questions for g in q.guards)]:
            if guard.kind != "not_here":
                level = "Stops" if guard.level == "block" else "Warns"
                table.add_row(level, f"{guard.say} {guard.why}{cited(guard.source)}")
        parts.append(indented(table))
    return Group(*parts)


def _need(question: "Question") -> str:
    """Whether an answer is needed, and where it is not always: under which conditions."""
    if not question.required:
        return ""
    return f" ({' '.join(['needed', ' and '.join(map(_condition, question.when))]).strip()})"


def _condition(when: "When") -> str:
    """A condition as a clause; a question of yes or no by its own words: `unless they complained`."""
    spec = facts()[when.fact]
    if spec.kind == "yesno" and when.known is None:
        so = when.is_ is True or when.is_not is False
        return f"{'if' if so else 'unless'} {spec.what.removeprefix('Whether ')}"
    told = [words_of(str(when.is_))] if when.is_ is not None else []
    told += [f"not {words_of(str(when.is_not))}"] if when.is_not is not None else []
    told += [" or ".join(map(words_of, when.one_of))] if when.one_of is not None else []
    told += ["known" if when.known else "not known"] if when.known is not None else []
    return f'if "{spec.what}" is {" and ".join(told)}'


def _ids(rules: Iterable[str]) -> str:
    listed = ", ".join(rules)
    return f"  [{listed}]" if listed else ""


# -- two side by side ------------------------------------------------------------------------


def comparison(found: "Comparison", width: int) -> RenderableType:
    """Two playbooks stage by stage, then where they clash and where they agree."""
    names = found.names
    parts: list[RenderableType] = [_columns(names, (names[0], names[1]), width, "bold")]
    for stage in found.stages:
        parts += _stage(stage, names, width)
    clashing = [matter for matter in found.matters if matter.clash]
    between = [matter for matter in found.matters if matter.between]
    parts.append(heading("Where they clash" if clashing else "They clash nowhere."))
    parts += _sides(clashing, names)
    if between:
        parts.append(heading("Where one rules between the other's way and another"))
        parts += _sides(between, names)
    parts += _agreed(found)
    return Group(*parts)


def _sides(matters: "Sequence[Matter]", names: tuple[str, str]) -> list[RenderableType]:
    """What each of two playbooks says on some matters."""
    parts: list[RenderableType] = []
    for matter in matters:
        parts.append(Text(f"  {matter.about}", style="yellow"))
        table = pairs()
        for name, stance in zip(names, matter.stances, strict=True):
            if stance:
                table.add_row(name, stance.says + _ids(stance.source))
        parts.append(indented(table, 4))
    return parts


def _columns(names: Any, cells: tuple[str, str], width: int, style: str = "") -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False, width=min(width, 100))
    table.add_column(ratio=1, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    table.add_row(*[Text(cell, style=style) for cell in cells])
    return table


def _stage(stage: "OnStage", names: tuple[str, str], width: int) -> list[RenderableType]:
    """The steps of both on one stage, and what they ask and hold there, together or alone."""
    told = [
        "\n".join(f"{n}. {step.title}{_ids(step.source)}" for n, step in steps) or "(nothing here)"
        for steps in stage.steps
    ]
    parts: list[RenderableType] = [
        heading(stage.stage.words.capitalize()),
        indented(_columns(names, (told[0], told[1]), width - 2)),
    ]
    table = pairs()
    if stage.both_ask:
        table.add_row("Both ask", _listed(stage.both_ask))
    for name, asked in zip(names, stage.only_asks, strict=True):
        if asked:
            table.add_row(f"{name} asks", _listed(asked))
    held = [("Both hold", stage.both_hold)]
    held += [(f"{name} holds", rules) for name, rules in zip(names, stage.only_holds, strict=True)]
    for label, rules in held:
        for number, rule in enumerate(rules):
            table.add_row("" if number else label, _rule(rule))
    return [*parts, indented(table)] if table.row_count else parts


def _listed(words: Sequence[str]) -> str:
    return " · ".join(word.rstrip("?.") for word in words)


def _rule(rule: "Held") -> str:
    return rule.say + ("" if rule.level == "block" else " (only a warning)") + _ids(rule.source)


def _agreed(found: "Comparison") -> list[RenderableType]:
    agreed = [matter for matter in found.matters if matter.agreed]
    parts: list[RenderableType] = [heading("Where they agree")] if agreed or found.shared else []
    for matter in agreed:
        assert matter.stances[0] and matter.stances[1]
        ids = dict.fromkeys((*matter.stances[0].source, *matter.stances[1].source))
        parts.append(Text(f"  {matter.about} {matter.stances[0].says}{_ids(ids)}"))
    if found.shared:
        parts.append(indented(Text(f"Both follow {', '.join(found.shared)}.")))
    return parts


# -- the rules -------------------------------------------------------------------------------


def rule(name: str, told: Any, elements: Sequence["Element"]) -> RenderableType:
    """One rule in full: what it says, and what makes it come true."""
    must = " · must" if told["must"] else ""
    parts: list[RenderableType] = [
        Text(f"{name}  ", style="bold").append(f"{_words(told['stage'])}{must}", style="not bold dim"),
        Text(told["text"]),
    ]
    table = pairs()
    for element in elements:
        table.add_row(element.kind.capitalize(), element.place)
    for command in told.get("commands", ()):
        table.add_row("Command", f"winback {command}")
    if told.get("later"):
        table.add_row("Missing", told["later"])
    parts.append(indented(table))
    return Group(*parts)


def rules(known: dict[str, Any], counted: dict[str, int], width: int) -> RenderableType:
    """The rules in the order of their documents, each with how many parts of playbooks cite it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), width=min(width, 100))
    table.add_column("Rule", no_wrap=True)
    table.add_column("Stage", no_wrap=True, style="dim")
    table.add_column("", overflow="fold", ratio=1)
    table.add_column("Cited", justify="right", no_wrap=True)
    for name, told in known.items():
        mark = Text(name, style="bold" if told["must"] else "")
        text = Text(told["text"])
        if told.get("later"):
            text.append(f"  {told['later']}", style="yellow")
        table.add_row(mark, _words(told["stage"]), text, str(counted[name]))
    return table


def _words(stage: str) -> str:
    return stage.replace("_", " ")
