"""The playbooks: list, show, compare, their rules; check, schema, and a blank answers file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli import own_playbooks
from winback_cli.cli.here import Here, print_json, print_rows
from winback_cli.errors import BadInput, NotFound

if TYPE_CHECKING:
    from rich.console import RenderableType

    from winback_cli.comparison import Comparison, Element, Held
    from winback_cli.learning import Fared
    from winback_cli.library import Edition
    from winback_cli.playbook import Playbook, Step
    from winback_cli.yamltext import Problem

app = typer.Typer(rich_markup_mode=None)
playbook = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(playbook, name="playbook", help="The playbooks.")
NameArg = Annotated[str, typer.Argument(metavar="NAME", help="A playbook's name.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="As JSON.")]


@playbook.callback()
def _playbook() -> None:
    """The playbooks."""


@playbook.command("list")
def list_(ctx: typer.Context, json: JsonFlag = False) -> None:
    """The playbooks there are."""
    from winback_cli import library

    here: Here = ctx.obj
    own = here.settings.playbooks
    found = library.usable(own)
    if json:
        return print_json([_listed(here, edition) for edition in found])
    for edition in sorted(found, key=lambda one: one.playbook.subject):
        book = edition.playbook
        mark = "  (the firm's own: winback trust new)" if book.subject == "firm" else ""
        mark += "  (default)" if book.name == here.settings.playbook else ""
        mark += "" if library.is_built_in(book.name) else "  (yours)"
        typer.echo(f"{book.name}  {book.title}{mark}")
        if book.summary:
            typer.echo(f"    {book.summary}")
    good = {edition.playbook.name for edition in found}
    for name in sorted(set(library.files(own)) - good):
        here.say(f"{name} cannot be used: winback playbook check {name}")
    for path in library.hidden(own):
        here.say(f"{path} is not used: {path.stem} is a built-in playbook. Give it another name.")
    return None


def _listed(here: Here, edition: "Edition") -> dict[str, Any]:
    from winback_cli import library

    book = edition.playbook
    return {
        "name": book.name,
        "version": book.version,
        "title": book.title,
        "summary": book.summary,
        "after": book.after,
        "subject": book.subject,
        "steps": len(book.steps),
        "built_in": library.is_built_in(book.name),
        "default": book.name == here.settings.playbook,
    }


@playbook.command()
def show(
    ctx: typer.Context,
    name: NameArg = "",
    sources: Annotated[bool, typer.Option("--sources", help="With the rules' ids.")] = False,
    json: JsonFlag = False,
) -> None:
    """A playbook as it is walked: its steps, questions and rules."""
    from winback_cli import shelf

    here: Here = ctx.obj
    found = _named(here, name)
    if json:
        return print_json(found.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    here.show(shelf.playbook(found, sources=sources))
    return None


def _named(here: Here, name: str) -> "Playbook":
    from winback_cli import library

    return library.load(name or here.settings.playbook, here.settings.playbooks).playbook


# -- the rules -------------------------------------------------------------------------------


@playbook.command()
def rules(
    ctx: typer.Context,
    rule: Annotated[
        str, typer.Argument(metavar="[ID]", help="A rule (B2.3), or the beginning of some (B2, A).")
    ] = "",
    json: JsonFlag = False,
) -> None:
    """The rules of the source documents, and what makes each come true."""
    from winback_cli import comparison, library

    here: Here = ctx.obj
    known = _rules_meant(rule)
    books = [edition.playbook for edition in library.usable(here.settings.playbooks)]
    cited = {name: comparison.citing(name, books) for name in known}
    if json:
        return print_json([_rule_json(name, told, cited[name]) for name, told in known.items()])
    if len(known) > 1 and not here.drawn:
        rows = [_rule_row(name, told, cited[name]) for name, told in known.items()]
        return print_rows(("Rule", "Must", "Stage", "Text", "Implemented by", "Missing"), rows)
    from winback_cli import shelf

    if len(known) == 1:
        ((name, told),) = known.items()
        return here.show(shelf.rule(name, told, cited[name]))
    counted = {name: len(elements) for name, elements in cited.items()}
    return here.show(shelf.rules(known, counted, here.out.width))


def _rules_meant(said: str) -> dict[str, Any]:
    """The rule of that id, or those that begin with it; all where none is named. Raises NotFound."""
    from winback_cli import library

    known = library.rules()
    wanted = said.strip().upper()
    found = {name: told for name, told in known.items() if name == wanted} or {
        name: told for name, told in known.items() if name.startswith(wanted)
    }
    if not found:
        near = text.nearest(wanted, list(known))
        raise NotFound(
            f"There is no rule {text.shorten(said, 20)!r}.",
            f"Did you mean {near}?" if near else "winback playbook rules lists them all.",
        )
    return found


def _rule_json(name: str, told: dict[str, Any], elements: "list[Element]") -> dict[str, Any]:
    """A rule with stable keys; what implements it, parts of playbooks first, then commands."""
    by: list[dict[str, Any]] = [element._asdict() for element in elements]
    by += [{"kind": "command", "command": f"winback {one}"} for one in told.get("commands", ())]
    return {
        "id": name,
        "stage": told["stage"],
        "must": told["must"],
        "text": told["text"],
        "implemented_by": by,
        "missing": told.get("later"),
    }


def _rule_row(name: str, told: dict[str, Any], elements: "list[Element]") -> list[str]:
    by = [element.place for element in elements]
    by += [f"winback {command}" for command in told.get("commands", ())]
    must = "must" if told["must"] else ""
    return [name, must, told["stage"], told["text"], "; ".join(by), told.get("later", "")]


# -- two side by side ------------------------------------------------------------------------


@playbook.command()
def compare(
    ctx: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A", help="A playbook.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    json: JsonFlag = False,
) -> None:
    """Two playbooks side by side, by stage: where they agree and where they clash."""
    from winback_cli import comparison, library

    here: Here = ctx.obj
    found = comparison.compare(_named(here, one), _named(here, other), library.clashes())
    fared = _fared(here, found.names)
    if json:
        told = dict(zip(found.names, (one.plain() for one in fared), strict=True)) if fared else None
        return print_json(_comparison_json(found) | {"fared": told})
    from winback_cli import shelf

    here.show(shelf.comparison(found, here.out.width))
    return here.show(_how_each_fared(found.names, fared)) if fared else None


def _fared(here: Here, names: tuple[str, str]) -> "tuple[Fared, ...]":
    """How the cases under each of two playbooks ended; nothing where there is no store yet."""
    if not here.path.exists():
        return ()
    from winback_cli import learning
    from winback_cli.store import outcomes

    today, months = here.clock.today, here.settings.horizon_months
    with here.reading() as connection:
        rows = outcomes.attempts(connection, "playbook", today, months)
    found = learning.fared(rows, today, months)
    return tuple(found.get(name, learning.Fared()) for name in names)


def _how_each_fared(names: tuple[str, str], fared: "tuple[Fared, ...]") -> "RenderableType":
    """What became of the cases under each of two playbooks; neither is called the better."""
    from rich.console import Group
    from rich.text import Text

    from winback_cli import learning, views

    table = views.pairs()
    for name, one in zip(names, fared, strict=True):
        table.add_row(name, one.words())
    parts = [views.heading("How each fared"), views.indented(table)]
    return Group(*parts, views.indented(Text(learning.NO_BETTER, style="dim")))


def _comparison_json(found: "Comparison") -> dict[str, Any]:
    """A comparison with stable keys; whatever belongs to one playbook stands under its name."""

    def apart(values: Any) -> dict[str, Any]:
        return dict(zip(found.names, values, strict=True))

    def step(number: int, step: "Step") -> dict[str, Any]:
        return {"number": number, "id": step.id, "title": step.title, "source": list(step.source)}

    def held(rule: "Held") -> dict[str, Any]:
        return {"say": rule.say, "level": rule.level, "source": list(rule.source)}

    return {
        "playbooks": list(found.names),
        "stages": [
            {
                "stage": on.stage.value,
                "steps": apart([[step(n, s) for n, s in side] for side in on.steps]),
                "both_ask": list(on.both_ask),
                "only_asks": apart([list(side) for side in on.only_asks]),
                "both_hold": [held(rule) for rule in on.both_hold],
                "only_holds": apart([[held(rule) for rule in side] for side in on.only_holds]),
            }
            for on in found.stages
        ],
        "matters": [
            {
                "about": matter.about,
                "clash": matter.clash,
                "between": matter.between,
                "stances": apart(
                    [
                        {"says": stance.says, "source": list(stance.source)} if stance else None
                        for stance in matter.stances
                    ]
                ),
            }
            for matter in found.matters
        ],
        "both_follow": list(found.shared),
    }


# -- for whoever writes one ------------------------------------------------------------------


@playbook.command()
def check(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A playbook of your own, or its name.")],
    json: JsonFlag = False,
) -> None:
    """Read a playbook through: every mistake with line and column, and what is legal but poor."""
    from winback_cli import library

    here: Here = ctx.obj
    own = here.settings.playbooks
    path = Path(file)
    if library.is_name(file) and not path.is_file():
        path = library.files(own).get(file, path)
    found = library.review(library.source(path), path, own)
    if json:
        print_json(
            {
                "file": text.line(str(path)),
                "good": found.playbook is not None,
                "mistakes": [problem._asdict() for problem in found.problems],
                "warnings": [problem._asdict() for problem in found.doubts],
            }
        )
        if found.problems:
            raise typer.Exit(BadInput.code)
        return
    if found.playbook is None:
        raise BadInput(_lines(path, found.problems), "Mend it and try again; nothing was changed.")
    for line in _lines(path, found.doubts, "warning: ").splitlines():
        typer.echo(line)
    typer.echo(text.line(f"{path}: good. {_counted(found.playbook, len(found.doubts))}"))


def _lines(path: Path, problems: "list[Problem]", mark: str = "") -> str:
    return "\n".join(text.line(f"{path}:{p.line}:{p.column}: {mark}{p.message}") for p in problems)


def _counted(book: "Playbook", warnings: int) -> str:
    questions = sum(len(step.questions) for step in book.steps)
    told = f"{book.name}, {len(book.steps)} steps, {questions} questions"
    return f"{told}, {warnings} warning{'' if warnings == 1 else 's'}." if warnings else f"{told}."


@playbook.command()
def answers(ctx: typer.Context, name: NameArg = "") -> None:
    """A blank answers file for a playbook, to fill in for walk --answers."""
    from winback_cli import answersfile

    typer.echo(answersfile.template(_named(ctx.obj, name)), nl=False)


@playbook.command()
def schema() -> None:
    """The JSON Schema of a playbook, for editors: which keys and which facts there are."""
    from winback_cli import library

    print_json(library.schema())


playbook.command()(own_playbooks.new)
playbook.command()(own_playbooks.move)
