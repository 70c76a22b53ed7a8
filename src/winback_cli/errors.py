"""Everything a user can do wrong, or a machine can refuse, as one family of exceptions.

An error carries one sentence of fact, one of what to do, and its exit code. It imports nothing of
the program, so that every room may raise it; only main.py shows it.
"""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes scripts may rely on."""

    DONE = 0
    BUG = 1
    USAGE = 2
    NOT_FOUND = 3
    PARTLY = 4  # rows rejected, a send failed
    REFUSED = 5  # suppressed, or a guard of the playbook
    BAD_INPUT = 65
    DISK = 74
    TRY_AGAIN = 75  # somebody else holds the lock
    NEWER_STORE = 76
    NOT_PERMITTED = 77
    INTERRUPTED = 130


class WinbackError(Exception):
    """A fact the user can act on: `message` says what is, `hint` what to do."""

    code: Exit = Exit.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(WinbackError):
    """The words of the command do not fit together, or an answer is missing."""

    code = Exit.USAGE


class NotFound(WinbackError):
    """Nothing, or too much, goes by that name."""

    code = Exit.NOT_FOUND


class Refused(WinbackError):
    """A suppression or a guard forbids it."""

    code = Exit.REFUSED


class BadInput(WinbackError):
    """A file or a value that cannot be used; nothing was changed."""

    code = Exit.BAD_INPUT


class DiskError(WinbackError):
    """The disk is full or failing."""

    code = Exit.DISK


class TryAgain(WinbackError):
    """Another process is in the way for now."""

    code = Exit.TRY_AGAIN


class Busy(TryAgain):
    """Somebody else holds the store's lock, and kept it longer than we wait."""


class NewerStore(WinbackError):
    """The store was written by a newer winback."""

    code = Exit.NEWER_STORE


class NotPermitted(WinbackError):
    """The system does not let us read or write there."""

    code = Exit.NOT_PERMITTED


class AnsweredMeanwhile(WinbackError):
    """Somebody else answered the same question while it was on this screen.

    `value` is their answer (as stored), `by` who gave it: the walk shows both and asks again.
    """

    code = Exit.TRY_AGAIN

    def __init__(self, question: str, value: object, by: str) -> None:
        super().__init__(
            "That question was answered meanwhile.",
            "Run the command again; it starts from the new answer.",
        )
        self.question = question
        self.value = value
        self.by = by


class LeftAlone(Exception):
    """In the middle of a walk they asked to be left alone: it ends here, and they are, at once (C10)."""

    def __init__(self, reason: str) -> None:
        super().__init__("They asked to be left alone.")
        self.reason = reason


class Stopped(SystemExit):
    """A signal asked us to stop: unwinds like Ctrl-C, through an event loop too."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum
