"""Where a walk keeps what it hears: the store, or, in a rehearsal, nothing but memory."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from winback_cli.case import Case, Entry, Event, fold


class Journal(NamedTuple):
    """How the walk keeps what it hears: record entries, or read the case as it stands."""

    record: Callable[[Sequence[Entry], Mapping[str, int] | None], Case]
    reload: Callable[[], Case]


class Rehearsal:
    """A journal in memory: a walk that stores nothing."""

    def __init__(self, events: Sequence[Event], today: date) -> None:
        self._events = list(events)
        self._today = today.isoformat()

    def record(self, entries: Sequence[Entry], seen: Mapping[str, int] | None = None) -> Case:
        """Keep the entries as events, unsigned."""
        for entry in entries:
            seq, day = len(self._events) + 1, entry.happened or self._today
            self._events.append(Event(seq, entry.kind, "", day, "", 0, False, entry.body, ""))
        return self.case()

    def case(self) -> Case:
        """The case that the events make."""
        return fold("rehearsal", self._events)
