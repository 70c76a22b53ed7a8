"""The kinds of messages, and the closed table of the names that their templates may use."""

from collections.abc import Mapping
from typing import NamedTuple

from winback_cli import text
from winback_cli.errors import NotFound


class Name(NamedTuple):
    """A name that templates may use: what it is, and the command that fills it.

    With `fields` it is a record (`said.why_left`), with `many` a list of such records.
    """

    what: str
    filled_by: str = ""
    fields: Mapping[str, str] = {}
    many: bool = False


_CHANGE = {
    "what": "What changes",
    "owner": "Who sees to it",
    "due": "By when, in words",
    "done": "Whether it is done",
    "assured_by": "Who gives a personal assurance",
}
_PROMISE = "winback promise add WHO"
KNOWN: dict[str, Name] = {
    "customer": Name("The customer's name", "winback edit WHO --name NAME"),
    "first_name": Name("The first name of the person you write to", "winback edit WHO --name NAME"),
    "company": Name("The firm they work for", "winback edit WHO --company FIRM"),
    "sender": Name("Your name", "the key name of the settings (winback config path)"),
    "firm": Name("Your firm's name", "the key firm of the settings (winback config path)"),
    "said": Name(
        "What they said, in their words",
        "winback walk WHO",
        {
            "why_left": "Why they left",
            "requirements": "What it would take",
            "complaints": "Their complaints",
        },
    ),
    "reason": Name("Why they left, as you classified it", "winback walk WHO"),
    "apology": Name("Whether the message is to apologise", "winback walk WHO"),
    "changes": Name("Everything that changes for them", _PROMISE, _CHANGE, many=True),
    "done_changes": Name("The changes that are done", "winback promise keep WHO N", _CHANGE, many=True),
    "open_changes": Name("The changes still to come", _PROMISE, _CHANGE, many=True),
    "offer": Name(
        "What makes it easy to come back",
        "winback offer add WHO",
        {"kind": "Its kind", "terms": "Its terms, one sentence", "expires": "Until when, in words"},
    ),
    "fix": Name(
        "What you mended",
        "winback fix done ID",
        {"what": "What it is", "done_on": "Since when it is done, in words"},
    ),
    "check_in": Name("The day of the next catch-up, in words", "winback checkin WHO --next DATE"),
    "today": Name("Today, in words"),
}


class Kind(NamedTuple):
    """A kind of message: what it is for, and which names it may use."""

    what: str
    names: tuple[str, ...]


_ANY = ("customer", "first_name", "company", "sender", "firm", "today")
_CHANGES = ("said", "reason", "changes", "done_changes", "open_changes")
KINDS: dict[str, Kind] = {
    "contact": Kind("Asks for a talk; no apology and no offer yet (B2.3, B3.1)", _ANY),
    "revisit": Kind("Shows what changes (B6.2 to B6.4)", (*_ANY, *_CHANGES, "apology", "offer")),
    "fixed": Kind("Tells that what they asked for is done (B6.6)", (*_ANY, *_CHANGES, "fix")),
    "check_in": Kind("Prepares an agreed catch-up (A7, A8)", (*_ANY, *_CHANGES, "check_in")),
    "last_word": Kind("Thanks somebody who said no (D6)", (*_ANY, *_CHANGES)),
}


def names_of(kind: str) -> dict[str, Name]:
    """The names that a template of this kind may use; raises NotFound for an unknown kind."""
    if kind not in KINDS:
        near = text.nearest(kind, list(KINDS))
        raise NotFound(
            f"There is no message called {text.shorten(kind, 40)!r}.",
            f"Did you mean {near}?" if near else f"There are {', '.join(KINDS)}.",
        )
    return {name: KNOWN[name] for name in KINDS[kind].names}
