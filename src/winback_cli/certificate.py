"""A certificate that somebody was erased: when, by whom, how much of what; never who."""

from collections.abc import Mapping
from typing import Any

from winback_cli import answers, text

_COUNTED = {
    "events": "entries in their cases",
    "contact_points": "e-mails, phones and addresses",
    "words_blanked": "blanked in the files of others",
}


def counted(told: Mapping[str, int]) -> list[tuple[str, int]]:
    """What an erasure takes, in words, with how much of it; nothing of which there is none."""
    return [
        (_COUNTED.get(word, answers.words_of(word)), count)
        for word, count in told.items()
        if count and word != "people"
    ]


def words(number: int, on: str, by: str, counts: dict[str, int]) -> str:
    """A certificate of an erasure as a text: when, by whom, how much; never who."""
    people = counts.get("people", 0)
    who = "One person was" if people == 1 else f"{people:,} people were"
    lines = [
        f"Certificate of erasure {number}",
        "",
        f"{who} erased from the store on {on} by {text.line(by)}.",
        "",
        *(f"  {word}: {count:,}" for word, count in counted(counts)),
        "",
        "It cannot be undone. Copies of the store that lie elsewhere",
        "are not part of this.",
    ]
    return "\n".join(lines) + "\n"


def as_json(number: int, on: str, by: str, counts: dict[str, int]) -> dict[str, Any]:
    """The same for scripts."""
    return {"certificate": number, "on": on, "by": by, "counts": dict(counts)}
