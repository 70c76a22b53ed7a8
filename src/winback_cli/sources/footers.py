"""The lines of a list that are no customers: totals and remarks at its end, the header once more.

Only evidence counts: a row is left out for the words in footers.toml, and never where it holds what
only a customer has, such as an address. What is left out is told.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from winback_cli.sources import LeftOut
from winback_cli.sources.columns import evened, field_of

Numbered = tuple[int, list[str]]
LAST_ROWS = 10  # that may be footers
LONGEST = 200  # characters of a footer
REPEATED = "the header once more"
_WHOSE = ("email", "phone", "external_id", "first_name", "last_name", "address", "postcode", "owner")
_NUMBERS = re.compile(r"[0-9]+")
_WORDY = re.compile(r"[^\W\d_]{4,}")  # more letters than a currency has


@cache
def _words() -> tuple[frozenset[str], tuple[str, ...]]:
    import tomllib
    from importlib.resources import files

    tree = tomllib.loads(files(__package__).joinpath("footers.toml").read_text("utf-8"))
    return frozenset(tree["totals"]), tuple(tree["remarks"])


def customers(
    rows: Iterable[Numbered], header: Sequence[str], left_out: list[LeftOut]
) -> Iterator[Numbered]:
    """The rows but for those that are no customers, which go to `left_out` with the reason.

    `header` is the header as the file has it; the rows come after it, none of them blank.
    """
    first = list(header)
    held: deque[Numbered] = deque()
    rows = iter(rows)
    for line, row in rows:  # the first row may be a second header
        if second_header(first, row):
            left_out.append(LeftOut(line, REPEATED))
        else:
            held.append((line, row))
        break
    for numbered in rows:
        if numbered[1] == first:
            left_out.append(LeftOut(numbered[0], REPEATED))
            continue
        held.append(numbered)
        if len(held) > LAST_ROWS:
            yield held.popleft()
    yield from _without_footers(list(held), first, left_out)


def second_header(header: Sequence[str], row: Sequence[str]) -> bool:
    """Whether a row repeats the header in other words, as templates do with their technical names."""
    if list(header) == list(row):
        return True
    pairs = [
        (evened(one).replace(" ", ""), evened(other).replace(" ", ""))
        for one, other in zip(header, row, strict=False)
        if one.strip() and other.strip()
    ]
    same = sum(bool(one) and _is_technical(one, other) for one, other in pairs)
    return same >= 3 and same >= 0.8 * len(pairs)


def _is_technical(name: str, other: str) -> bool:
    """Whether the one is within the other, with no number more: "Name 1" is data."""
    before, found, after = other.partition(name)
    return bool(found) and not any(sign.isdigit() for sign in before + after)


def _without_footers(
    held: list[Numbered], header: Sequence[str], left_out: list[LeftOut]
) -> Iterator[Numbered]:
    """The last rows, up to the first of those that close the list."""
    end = len(held)
    while end and (why := footer(header, held[end - 1][1])):
        end -= 1
        left_out.append(LeftOut(held[end][0], why))
    left_out.sort()
    yield from held[:end]


def footer(header: Sequence[str], row: Sequence[str]) -> str:
    """Why a last row is no customer, or an empty text."""
    filled = [place for place, cell in enumerate(row) if cell.strip()]
    if not filled:
        return ""
    totals, remarks = _words()
    first = row[filled[0]]
    words = " ".join(_NUMBERS.sub(" ", evened(first)).split())
    others = filled[1:]
    if len(first) > LONGEST or any(
        place < len(header) and field_of(header[place]) in _WHOSE for place in others
    ):
        return ""
    if words in totals and not any(_WORDY.search(row[place]) for place in others):
        return "a row of totals"
    begins = any(words == one or words.startswith(one + " ") for one in remarks)
    return "a remark below the list" if begins and len(others) <= len(row) // 4 else ""
