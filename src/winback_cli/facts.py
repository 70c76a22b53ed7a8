"""Every fact by its dotted name, and how it is asked: read off the fields of the stage models."""

from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple, get_args

from winback_cli.money import Money
from winback_cli.stages import MODELS, Facts, Stage


def typed(known: dict[str, Any]) -> dict[Stage, Facts]:
    """The seven models filled from plain facts; raises pydantic's ValidationError, values hidden.

    Entries of a list may carry what the tool notes beside them (`state`, `removed`): left out here.
    """
    return {
        stage: model.model_validate(
            {
                name.removeprefix(prefix + "."): _bare(value)
                for name, value in known.items()
                if name.startswith(prefix + ".")
            }
        )
        for stage, (prefix, model) in MODELS.items()
    }


def _bare(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{k: v for k, v in entry.items() if k not in ("state", "removed")} for entry in value]


class Spec(NamedTuple):
    """How one fact, one field of an item, or one of a playbook's own questions is asked.

    `kind` is text, line, choice, yesno, date, money, number or items; `item` holds the specs of an
    item's fields, in order.
    """

    name: str
    kind: str
    what: str
    choices: tuple[str, ...] = ()
    past: bool = False
    waits_for: str = ""
    unless: str = ""
    optional: bool = False
    shown: str = "{}"
    item: tuple["Spec", ...] = ()
    ahead: bool = False
    between: tuple[int, int] | None = None
    decimals: bool = False


@cache
def facts() -> dict[str, Spec]:
    """Every fact by its dotted name, in the order of the stages."""
    return {
        f"{prefix}.{name}": _spec(f"{prefix}.{name}", field)
        for prefix, model in MODELS.values()
        for name, field in model.model_fields.items()
    }


def _spec(name: str, field: Any) -> Spec:
    kind, choices, item = _kind_of(field)
    extra = dict(field.json_schema_extra)
    del extra["long"], extra["aside"]
    return Spec(name, kind, field.description, choices, item=item, **extra)


def _kind_of(field: Any) -> tuple[str, tuple[str, ...], tuple[Spec, ...]]:
    """The kind of a field, its choices, and the specs of its item."""
    kind = next(arg for arg in get_args(field.annotation) if arg is not type(None))
    if (item := next(iter(get_args(kind)), None)) is not None:
        fields = {n: f for n, f in item.model_fields.items() if not f.json_schema_extra["aside"]}
        return "items", (), tuple(_spec(n, f) for n, f in fields.items())
    if issubclass(kind, StrEnum):
        return "choice", tuple(member.value for member in kind), ()
    if kind is str:
        return ("text" if field.json_schema_extra["long"] else "line"), (), ()
    return {bool: "yesno", date: "date", Money: "money", int: "number", float: "number"}[kind], (), ()
