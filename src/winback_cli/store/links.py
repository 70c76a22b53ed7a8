"""Customers whom a list showed to be one person, though the store has them apart: nobody joins them,
but what the list says of one of them must not depend on the order of its rows.
"""

from collections.abc import Iterable, Iterator


class Links:
    """Pairs of numbers, and who hangs together by them."""

    def __init__(self) -> None:
        self._pairs: set[tuple[int, int]] = set()

    def add(self, one: int, other: int) -> None:
        """These two are one person, says the list."""
        if one != other:
            self._pairs.add((min(one, other), max(one, other)))

    def pairs(self) -> list[tuple[int, int]]:
        """Every pair, in order."""
        return sorted(self._pairs)

    def groups(self) -> Iterator[list[int]]:
        """Those who hang together, directly or through others, in order."""
        root: dict[int, int] = {}

        def top(number: int) -> int:
            while (above := root.setdefault(number, number)) != number:
                number = above
            return number

        for one, other in self.pairs():
            low, high = sorted((top(one), top(other)))
            root[high] = low
        found: dict[int, list[int]] = {}
        for number in sorted(root):
            found.setdefault(top(number), []).append(number)
        yield from found.values()

    def spread(self, numbers: Iterable[int]) -> set[int]:
        """These numbers, with everybody who hangs together with one of them."""
        told = set(numbers)
        for group in self.groups() if told else ():
            if not told.isdisjoint(group):
                told.update(group)
        return told
