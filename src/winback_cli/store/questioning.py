"""What the open store does for surveys, beside all else: each method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from winback_cli.case import Case, Entry
    from winback_cli.owing import Standing
    from winback_cli.store.answering import Decided, Kept, Suggested, Undone
    from winback_cli.store.cases import Opening
    from winback_cli.store.surveys import NewSurvey
    from winback_cli.store.writing import Writing
    from winback_cli.surveyreplies import Given


class Questioning:
    """Surveys begun and dropped, answers kept, decided on, taken back, and made cases of."""

    def _writing(self) -> AbstractContextManager[Writing]:
        raise NotImplementedError

    def begin_survey(
        self, new: NewSurvey, numbers: Sequence[int], spares: Collection[int], since: str
    ) -> int:
        """See `surveys.begin`."""
        from winback_cli.store import surveys

        with self._writing() as w:
            return surveys.begin(w, new, numbers, spares, since)

    def drop_survey(self, name: str) -> int:
        """See `surveys.drop`."""
        from winback_cli.store import surveys

        with self._writing() as w:
            return surveys.drop(w, name)

    def keep_answers(self, name: str, given: Iterable[Given], suggested: Mapping[int, Suggested]) -> Kept:
        """See `answering.keep`."""
        from winback_cli.store import answering

        with self._writing() as w:
            return answering.keep(w, name, given, suggested)

    def take_notes(
        self, name: str, number: int, words: str, suggested: Suggested, *, call_back: bool
    ) -> None:
        """See `answering.take_notes`."""
        from winback_cli.store import answering

        with self._writing() as w:
            answering.take_notes(w, name, number, words, suggested, call_back=call_back)

    def take_back_answers(self, name: str) -> Undone:
        """See `answering.take_back`."""
        from winback_cli.store import answering

        with self._writing() as w:
            return answering.take_back(w, name)

    def decide_reply(self, reply: int, reason: str, before: Decided | None = None) -> bool:
        """See `answering.decide`."""
        from winback_cli.store import answering

        with self._writing() as w:
            return answering.decide(w, reply, reason, before or answering.NOT_YET)

    def accept_reasons(self, name: str, above: float) -> int:
        """See `answering.accept`."""
        from winback_cli.store import answering

        with self._writing() as w:
            return answering.accept(w, name, above)

    def case_for_reply(
        self,
        reply: int,
        opening: Opening,
        standing: Callable[[str, Case], Standing],
        entries: Callable[[str, Case], list[Entry]],
    ) -> str:
        """See `answering.open_for`."""
        from winback_cli.store import answering

        with self._writing() as w:
            return answering.open_for(w, reply, opening, standing, entries)
