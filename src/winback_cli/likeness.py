"""Which customers may be one: their names are alike, and so is something else of theirs.

Everybody is compared only with those who share a phone, a firm, or a town and the first letters; in a
large group only with the nearest by name. So a hundred thousand take seconds. E-mails are not looked
at: whoever shares one is one already.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import combinations
from typing import NamedTuple

from winback_cli.text import fold

ALIKE = 85  # of 100: names from which on two are likely one
ALIKE_AT_ONE_PHONE = 70
SMALL = 20  # customers of a group who are all compared with each other
NEAREST = 8  # in a larger one, how many neighbours by name each is compared with


class Person(NamedTuple):
    """What is compared of a customer; `phones` as digits."""

    number: int
    name: str
    company: str
    city: str
    phones: tuple[str, ...] = ()


class Pair(NamedTuple):
    """Two who may be one: how alike their names are, of 100, and what else they share."""

    one: int
    other: int
    likeness: int
    why: tuple[str, ...]


class _Known(NamedTuple):
    number: int
    words: str  # folded and in order, so that Sol, Ana is Ana Sol
    company: str
    city: str
    phones: frozenset[str]


def likely(people: Iterable[Person], most: int) -> list[Pair]:
    """The likeliest pairs, the likeliest first."""
    groups: dict[tuple[str, str], list[_Known]] = {}
    for person in people:
        known = _known(person)
        for group in _groups(known) if known.words else ():
            groups.setdefault(group, []).append(known)
    found: dict[tuple[int, int], Pair] = {}
    for together in groups.values():
        for one, other in _compared(together):
            key = min(one.number, other.number), max(one.number, other.number)
            if key not in found and (pair := _pair(key, one, other)):
                found[key] = pair
    return nlargest(most, found.values(), key=lambda p: (p.likeness, len(p.why), -p.one, -p.other))


def _known(person: Person) -> _Known:
    words = " ".join(sorted(fold(person.name or person.company).replace(",", " ").split()))
    return _Known(person.number, words, fold(person.company), fold(person.city), frozenset(person.phones))


def _groups(known: _Known) -> Iterator[tuple[str, str]]:
    for phone in known.phones:
        yield "phone", phone
    if known.company:
        yield "company", known.company
    if known.city:
        yield "city", f"{known.city} {known.words[:2]}"


def _compared(group: Sequence[_Known]) -> Iterator[tuple[_Known, _Known]]:
    if len(group) <= SMALL:
        yield from combinations(group, 2)
        return
    ordered = sorted(group, key=lambda known: known.words)
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 : place + 1 + NEAREST]:
            yield one, other


def _pair(key: tuple[int, int], one: _Known, other: _Known) -> Pair | None:
    from rapidfuzz import fuzz

    phone = bool(one.phones & other.phones)
    least = ALIKE_AT_ONE_PHONE if phone else ALIKE
    likeness = fuzz.token_sort_ratio(one.words, other.words, score_cutoff=least)
    if likeness < least:
        return None
    shared = (
        (phone, "same phone"),
        (one.company and one.company == other.company, "same firm"),
        (one.city and one.city == other.city, "same town"),
    )
    return Pair(*key, round(likeness), tuple(words for is_so, words in shared if is_so))
