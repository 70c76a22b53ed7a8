"""What a template may say, and the filling of it: a closed part of Jinja2, in its sandbox.

It prints names of the closed table, asks with `if`, goes through a list with `for`, and knows a few
filters. It calls nothing, works nothing out and reads no file; whatever else Jinja knows is refused
before anything runs. Nothing here raises because of a template: what is wrong comes back by line.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from winback_cli import text
from winback_cli.templates.names import KNOWN, Name, names_of

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 20_000  # characters of a template, and of what it makes; a long message has 2,000
_MISTAKES = 10  # told at once
_LOOP = Name("", fields={field: "" for field in ("index", "first", "last", "length")})
_TEXT = Name("A text")


class _Wrong(Exception):
    """Something that a template may not do, or a fact that it lacks."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class _Unset:
    """A fact that is not known: nothing in a condition, an error where it is printed."""

    def __init__(self, name: str, known: Name) -> None:
        self._name, self._known = name, known

    def field(self, field: str) -> "_Unset":
        return _Unset(f"{self._name}.{field}", self._known)

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Any:
        return iter(())

    def __str__(self) -> str:
        way = f"To fill it: {self._known.filled_by}. Or" if self._known.filled_by else "You can"
        raise _Wrong(f"Not known yet: {self._name}.", f"{way} ask first, as in {{% if ... %}}.")


def _given(name: str, known: Name, value: Any) -> Any:
    """A plain fact as the template meets it: what is unknown knows its name, for the error."""
    if known.many:
        one = known._replace(many=False)
        rows = [_given(name, one, row) for row in value]
        return rows or _Unset(name, known)
    if not known.fields:
        return _Unset(name, known) if value is None else value
    if all(part is None for part in value.values()):
        return _Unset(name, known)
    return {k: _given(f"{name}.{k}", Name("", known.filled_by), part) for k, part in value.items()}


def fill(kind: str, subject: str, body: str, plain: dict[str, Any]) -> dict[str, Any]:
    """Both halves checked and filled, as plain JSON: subject and body, or what is wrong by line."""
    environment = closed()
    known = names_of(kind)
    facts = {name: _given(name, one, plain[name]) for name, one in known.items()}
    answer: dict[str, Any] = {"wrong": [], "hint": "", "stopped": ""}
    made = []
    for half in (subject, body):
        try:
            tree = environment.parse(_joined(half))
            answer["wrong"] += _mistakes(tree, known)
            if not answer["wrong"]:
                made.append(_written(environment, tree, facts))
        except Exception as problem:
            _tell_wrong(answer, problem)
    if not answer["wrong"]:
        answer["subject"], answer["body"] = text.line(made[0]), _tidy(made[1])
        empty = [(1, "The subject comes out empty.")] if not answer["subject"] else []
        empty += [(3, "The message comes out empty.")] if not answer["body"].strip() else []
        answer["wrong"] = empty
    answer["wrong"] = answer["wrong"][:_MISTAKES]
    return answer


def _written(
    environment: "ImmutableSandboxedEnvironment", tree: "nodes.Template", facts: dict[str, Any]
) -> str:
    parts, length = [], 0
    for part in environment.from_string(tree).generate(facts):
        parts.append(part)
        length += len(part)
        if length > LONGEST:
            raise _Wrong(f"It makes more than {LONGEST:,} characters.")
    return "".join(parts)


# A line of nothing but tags. Jinja's own trim_blocks would join every line that ends in a tag to the next.
_TAGS_ALONE = re.compile(
    r"^[ \t]*((?:\{%(?:(?!%\})[^\n])*%\}[ \t]*|\{#(?:(?!#\})[^\n])*#\}[ \t]*)+)\n", re.M
)


def _joined(half: str) -> str:
    """The source where a line of nothing but tags prints nothing: its end is moved into its last tag,
    so that the lines keep their numbers.
    """

    def moved(found: re.Match[str]) -> str:
        tags = re.sub(r"([%#]\})[ \t]+(\{[%#])", r"\1\2", found[1].rstrip())
        end = 3 if tags[-3] in "-+" else 2
        return f"{tags[:-end]}\n{tags[-end:]}"

    return _TAGS_ALONE.sub(moved, half)


def _tidy(made: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.clean(made).split("\n"))
    return re.sub("\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _tell_wrong(answer: dict[str, Any], problem: Exception) -> None:
    """What went wrong, by line and without the facts; only our own errors and Jinja's are quoted."""
    from jinja2 import TemplateSyntaxError

    line, message = _line_of(problem), "This cannot be worked out."
    if isinstance(problem, TemplateSyntaxError):
        line, message = problem.lineno, text.shorten((problem.message or "").rstrip("."), 200) + "."
    elif isinstance(problem, _Wrong):
        message = problem.message
        answer["hint"] = answer["hint"] or problem.hint
    elif isinstance(problem, RecursionError | MemoryError | SyntaxError | OverflowError):
        message = "It is too large or too deeply nested."
    answer["wrong"].append((line, message[:1].upper() + message[1:]))


def _line_of(problem: Exception) -> int:
    line, frame = 1, problem.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


# -- what a template may say -----------------------------------------------------------------


def _word(value: Any) -> str:
    """A text or a number as it is printed; a list, a record and a yes or no are for `for` and `if`."""
    if isinstance(value, bool | list | dict) or not isinstance(value, str | int | float | _Unset):
        raise _Wrong("This is no text: ask with {% if ... %}, or go through it with {% for ... %}.")
    return str(value)


def _bare(value: Any) -> str:
    return _word(value).rstrip().rstrip(".").rstrip()


def _sentence(value: Any) -> str:
    said = _word(value).strip()
    return said[:1].upper() + said[1:] + ("" if said.endswith((".", "!", "?", "…")) else ".")


FILTERS = {
    "bare": _bare,  # without the full stop at its end
    "sentence": _sentence,  # with a capital and a full stop
    "lower": lambda value: _word(value).lower(),
    "upper": lambda value: _word(value).upper(),
    "default": lambda value, other: value or other,
    "first": lambda value: next(iter(value), value),
    "length": len,
}
_TESTS = {
    "defined": lambda value: not isinstance(value, _Unset),
    "undefined": lambda value: isinstance(value, _Unset),
}
_PARTS = {
    *("Template", "Output", "TemplateData", "Name", "Getattr", "Const", "Tuple", "List", "If", "For"),
    *("CondExpr", "Compare", "Operand", "And", "Or", "Not", "Filter", "Test"),
}
_NO_PLACE = {
    "Call": "A template calls nothing",
    "Getitem": "Write a.b for a part of something, not a[...]",
    **dict.fromkeys(
        ("Include", "Import", "FromImport", "Extends", "Block"), "A template reads no other file"
    ),
    **dict.fromkeys(("Macro", "CallBlock", "FilterBlock"), "A template has no macros and no blocks"),
    **dict.fromkeys(("Assign", "AssignBlock", "With"), "A template sets no names of its own"),
}


@cache
def closed() -> "ImmutableSandboxedEnvironment":
    from jinja2 import StrictUndefined
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Closed(ImmutableSandboxedEnvironment):
        """Jinja's sandbox, where only our own records and a loop have parts, and nothing is called."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, _Unset):
                return obj.field(attribute)
            if isinstance(obj, dict) and attribute in obj:
                return obj[attribute]
            if isinstance(obj, LoopContext) and attribute in _LOOP.fields:
                return getattr(obj, attribute)
            raise _Wrong(f"There is no {text.shorten(attribute, 40)} here.")

        def getitem(self, obj: Any, argument: Any) -> Any:
            raise _Wrong(f"{_NO_PLACE['Getitem']}.")

        def call(__self, *args: Any, **kwargs: Any) -> Any:
            raise _Wrong(f"{_NO_PLACE['Call']}.")

    made = Closed(undefined=StrictUndefined, finalize=_word, autoescape=False)
    made.globals, made.filters, made.tests = {}, dict(FILTERS), dict(_TESTS)
    return made


def _mistakes(tree: "nodes.Template", known: dict[str, Name]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    _read(tree, dict(known), found)
    return found


def _read(node: Any, scope: dict[str, Name | None], found: list[tuple[int, str]]) -> None:
    """Note what a part of a template may not say; `scope` has the names it can use, None for unknown."""
    if message := _mistake(node, scope):
        found.append((node.lineno, message))
        return
    if type(node).__name__ != "For":
        for part in node.iter_child_nodes():
            _read(part, scope, found)
        return
    _read(node.iter, scope, found)
    listed = _meaning(node.iter, scope)
    inner = {**scope, node.target.name: listed and listed._replace(many=False), "loop": _LOOP}
    for part in [*([node.test] if node.test else []), *node.body]:
        _read(part, inner, found)
    for part in node.else_:
        _read(part, scope, found)


def _mistake(node: Any, scope: dict[str, Name | None]) -> str:
    sort = type(node).__name__
    if sort not in _PARTS:
        return _NO_PLACE.get(sort, "A template works nothing out") + "."
    if sort == "Name":
        return _unknown(node.name, "", scope)
    if sort == "Filter":
        return _unknown(node.name, "filter ", FILTERS)
    if sort == "Test":
        return _unknown(node.name, "test ", _TESTS)
    if sort == "Getattr":
        return _no_part(node, scope)
    if sort == "For":
        return _no_loop(node, scope)
    return ""


def _unknown(name: str, sort: str, known: Mapping[str, Any]) -> str:
    if name in known:
        return ""
    shown = text.shorten(name, 40)
    if not sort and name in KNOWN:
        return f"There is no place for {shown} in this kind of message."
    near = text.nearest(name, list(known))
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}."
    return f"There is no {sort}{shown}; {hint}"


def _no_part(node: Any, scope: dict[str, Name | None]) -> str:
    if node.attr.startswith("_"):
        return "What begins with an underscore is out of reach."
    whole = _meaning(node.node, scope)
    if whole is None:
        return ""
    if whole.many:
        return f"This is a list: go through it with {{% for ... %}} before you ask for {node.attr}."
    if not whole.fields:
        return f"A text has no part, and so no {text.shorten(node.attr, 40)}."
    return _unknown(node.attr, "part ", whole.fields)


def _no_loop(node: Any, scope: dict[str, Name | None]) -> str:
    listed = _meaning(node.iter, scope)
    if node.recursive:
        return "A loop cannot run within itself."
    if type(node.target).__name__ != "Name":
        return "A loop has one name."
    return "This is no list to go through." if listed is not None and not listed.many else ""


def _meaning(node: Any, scope: dict[str, Name | None]) -> Name | None:
    """What a term stands for, where that can be told without the facts."""
    sort = type(node).__name__
    if sort == "Name":
        return scope.get(node.name)
    if sort == "Const":
        return _TEXT
    if sort == "Filter" and node.node is not None:
        inner = _meaning(node.node, scope)
        if node.name == "first":
            return inner._replace(many=False) if inner and inner.many else inner
        return None if node.name == "default" else _TEXT
    if sort == "Getattr":
        whole = _meaning(node.node, scope)
        return _TEXT if whole and node.attr in whole.fields else None
    return None
