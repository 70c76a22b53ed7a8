"""Mappings of columns that a user keeps for the next time: one small TOML file each.

A list that has all the columns of one is read by it without a word; the user is told which.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from winback_cli import text
from winback_cli.errors import BadInput, UsageError

Pairs = tuple[tuple[str, str], ...]  # (field, header)


class Mapping(NamedTuple):
    """A kept mapping: its name, which columns are which field, and which are left out."""

    name: str
    pairs: Pairs
    ignored: tuple[str, ...] = ()


def fitting(folder: Path, header: Sequence[str]) -> Mapping | None:
    """The kept mapping with the most columns, all of which the list has; raises BadInput for a bad file."""
    there = {one.casefold() for one in header}
    fit = [
        kept
        for place in sorted(folder.glob("*.toml"))
        if (kept := _read(place)) and _columns(kept) <= there
    ]
    return max(fit, key=lambda kept: len(_columns(kept)), default=None)


def _columns(kept: Mapping) -> set[str]:
    return {column.casefold() for _, column in kept.pairs} | {one.casefold() for one in kept.ignored}


def _read(place: Path) -> Mapping:
    try:
        tree = tomllib.loads(place.read_text("utf-8"))
        fields = {field: [c] if isinstance(c, str) else list(c) for field, c in tree["columns"].items()}
        ignored = tuple(map(str, tree.get("ignored", ())))
    except (KeyError, AttributeError, TypeError, ValueError, OSError):
        raise BadInput(
            f"The mapping {place} cannot be read.", "Mend it, or remove it and save it anew."
        ) from None
    pairs = tuple((field, str(column)) for field, columns in fields.items() for column in columns)
    return Mapping(place.stem, pairs, ignored)


def toml_of(pairs: Pairs, ignored: Sequence[str]) -> str:
    """A mapping as the text of its file."""
    fields: dict[str, list[str]] = {}
    for field, column in pairs:
        fields.setdefault(field, []).append(column)
    lines = ["# Which column of a list is which field of a customer; winback import --save-map made it."]
    if ignored:
        lines.append(f"ignored = {_quoted(ignored)}")
    lines.append("\n[columns]")
    lines += [f"{field} = {_quoted(columns)}" for field, columns in fields.items()]
    return "\n".join(lines) + "\n"


def _quoted(words: Sequence[str]) -> str:
    return json.dumps([text.line(word) for word in words], ensure_ascii=False)


def place_of(folder: Path, name: str) -> Path:
    """Where the mapping of that name is kept; raises UsageError for what cannot be a name."""
    if not re.fullmatch(text.NAME, name):
        raise UsageError(
            f"{text.shorten(name, 40)!r} cannot be the name of a mapping.",
            "Use small letters, digits and dashes, such as --save-map monthly-list",
        )
    return folder / f"{name}.toml"
