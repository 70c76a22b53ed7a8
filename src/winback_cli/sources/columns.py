"""Which column of a list is which field: exact names only, lower-cased, spaces and signs evened out.

The names are a table, columns.toml. What is not in it is kept out and said; what is near is only
suggested; `--map FIELD=COLUMN` overrules.
"""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

FIELDS = (
    *("external_id", "name", "first_name", "last_name", "company", "email", "phone"),
    *("address", "postcode", "city", "region", "country", "owner"),
    *("first_purchase", "last_purchase", "orders", "revenue", "currency"),
    *("how_left", "reason", "cancelled", "notes", "opted_out", "consent"),
)
MANY = ("email", "phone", "address", "opted_out")  # fields that several columns may fill
# The names that `--map` takes besides: as `list --customers --json` shows them.
ALIASES = {"emails": "email", "phones": "phone", "suppressed": "opted_out", "opt_out": "opted_out"}
NEAR = 85  # of 100: how like a known name a header must be to be suggested
NUMBER = re.compile(r"\b\d+\b")


class _Names(NamedTuple):
    """columns.toml: the names of each field, the fields by name, and the words that part them."""

    synonyms: dict[str, tuple[str, ...]]
    fields: dict[str, str]
    beside: dict[str, dict[str, str]]
    apart: dict[str, list[str]]


@cache
def _names() -> _Names:
    import tomllib
    from importlib.resources import files

    tree = tomllib.loads(files(__package__).joinpath("columns.toml").read_text("utf-8"))
    synonyms = {field: tuple(names) for field, names in tree["fields"].items()}
    fields = {name: field for field, names in synonyms.items() for name in names}
    return _Names(synonyms, fields, tree["beside"], tree["apart"])


def synonyms() -> dict[str, tuple[str, ...]]:
    """Field -> the evened headers it goes by; `#` in one stands for any number."""
    return _names().synonyms


@lru_cache(maxsize=4096)
def evened(header: str) -> str:
    """A header as the table has it: lower case, no accents, anything but letters a single space."""
    from winback_cli.text import fold

    return re.sub(r"[^a-z0-9]+", " ", fold(header)).strip()


def field_of(header: str) -> str | None:
    """The field that a column is by its exact name, or None."""
    known = _names().fields
    name = evened(header)
    return known.get(name) or known.get(NUMBER.sub("#", name))


def fields_of(header: Sequence[str]) -> list[str | None]:
    """The field of each column, seen together: beside "Vorname", "Name" is the last name."""
    fields = [field_of(one) for one in header]
    names = [evened(one) for one in header]
    for partner, others in _names().beside.items():
        if partner not in names:
            continue
        for place, name in enumerate(names):
            if name in others and others[name] not in fields:
                fields[place] = others[name]
    return fields


def suggestions(
    header: Sequence[str], taken: Collection[str], known: Callable[[str], bool] = lambda header: False
) -> list[tuple[str, str, int]]:
    """Columns of no known name that are near a field not `taken`: (header, field, likeness to 100).
    Whatever is `known` by the export that the list is, is no riddle either.

    Only to be suggested, never to be read so: near is not the same.
    """
    riddles = [one for one in header if evened(one) and not field_of(one) and not known(one)]
    if not riddles:
        return []
    from rapidfuzz import fuzz, process

    open_to = {name: field for name, field in _names().fields.items() if field not in taken}
    found = []
    for one in riddles:
        name = evened(one)
        near = process.extractOne(
            name, _apart(name, open_to), scorer=fuzz.token_sort_ratio, score_cutoff=NEAR
        )
        if near:
            found.append((one, open_to[near[0]], int(near[1])))
    return found


def _apart(name: str, open_to: dict[str, str]) -> list[str]:
    """The names that a header may be near, for the words in it."""
    only = [set(_names().apart[word]) for word in name.split() if word in _names().apart]
    return [known for known, field in open_to.items() if all(field in fields for fields in only)]
