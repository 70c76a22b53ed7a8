"""Which entries of an answers file a case holds already, so that the others are added after them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from winback_cli import text

Held = Mapping[str, Any]


def pairs(
    given: Sequence[Held],
    held: Sequence[Held],
    moving: Sequence[Collection[str]] = (),
    before: Mapping[int, int] | None = None,
) -> dict[int, int]:
    """By place in the file, the place in the case of the entry that is the same; both count from 0.

    The same are two that agree in all that both say, but for what a yes or no says, which changes as things
    are done, and for the days that the file reckons from today: `moving` names those of each entry. Of
    several, the one that agrees in most; one that was taken out counts, so that it does not come back.
    `before` is what was found when the case held less: what still agrees stays, and is not sought again.
    """
    loose = [moving[n] if n < len(moving) else () for n in range(len(given))]
    found = {
        n: m for n, m in (before or {}).items() if m < len(held) and _agreed(given[n], held[m], loose[n])
    }
    while not before and len(found) < min(
        len(given), len(held)
    ):  # as a walk leaves them, in the order of the file
        n = len(found)
        agreed = _agreed(given[n], held[n], loose[n])
        if not agreed or held[n].get("removed") or agreed < len(_said(held[n], loose[n])):
            break
        found[n] = n
    taken = set(found.values())
    left = [m for m in range(len(held)) if m not in taken]
    ranked = sorted(
        (-agreed, bool(held[m].get("removed")), n, m)
        for n in range(len(given))
        if n not in found
        for m in left
        if (agreed := _agreed(given[n], held[m], loose[n])) is not None
    )
    for _, _, n, m in ranked:
        if n not in found and m not in taken:
            found[n] = m
            taken.add(m)
    return found


def _said(entry: Held, loose: Collection[str]) -> list[str]:
    """The parts of an entry that say which one it is."""
    parts = ("removed", "state", *loose)
    return [
        name
        for name, value in entry.items()
        if value is not None and not isinstance(value, bool) and name not in parts
    ]


def _agreed(given: Held, held: Held, loose: Collection[str]) -> int | None:
    """In how many parts two entries agree; None where they are not the same."""
    same = list(_compared(given, held, loose))
    shifted = any(given.get(name) and held.get(name) for name in loose)
    return len(same) if all(same) and (same or shifted) else None


def _compared(given: Held, held: Held, loose: Collection[str]) -> Iterator[bool]:
    for name in _said(given, loose):
        if held.get(name) is not None:
            yield _same(name, given[name], held[name])


def _same(name: str, given: Any, held: Any) -> bool:
    if not (isinstance(given, str) and isinstance(held, str)):
        return bool(given == held)
    said, known = text.fold(given), text.fold(held)
    # A stage is named by its first words, or by its letter: what is said of it tells the entries apart.
    return said == known or (name == "stage" and (known.startswith(said) or len(said) == 1))
