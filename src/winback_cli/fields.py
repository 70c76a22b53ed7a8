"""How a fact is written down: one field of a frozen model, with what it is and how it is asked."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def fact(
    what: str,
    *,
    long: bool = False,
    past: bool = False,
    ahead: bool = False,
    waits_for: str = "",
    unless: str = "",
    optional: bool = False,
    shown: str = "{}",
    aside: bool = False,
    between: tuple[int, int] | None = None,
    decimals: bool = False,
) -> Any:
    """One fact of a stage: what it is, and how it is asked.

    `long`: several lines. `past`: it has happened, so never after the clock. `ahead`: it is to come,
    so what is typed is never before it. `between`: a number not below the one nor above the other;
    `decimals`: it may have one decimal or more, and is kept whole where it is.
    Within an item: `waits_for` names the date of the same item before which it is not asked, `unless`
    the yes-or-no that makes it needless, `optional` that an item is whole without it, `shown` how its
    value reads in a line with the others; `aside`: a walk does not ask it, a command tells it.
    """
    extra: dict[str, Any] = {
        "long": long,
        "past": past,
        "ahead": ahead,
        "waits_for": waits_for,
        "unless": unless,
        "optional": optional,
        "shown": shown,
        "aside": aside,
        "between": between,
        "decimals": decimals,
    }
    return Field(default=None, description=what, json_schema_extra=extra)


class Facts(BaseModel):
    """The ways of every stage model: frozen, closed, quiet about values in its errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)
