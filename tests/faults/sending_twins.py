"""The sending of messages with one thing broken on purpose, to show that test_sending.py catches it.

`python sending_twins.py TWIN ARGS...` runs the command line; where the first of ARGS is `+`, it says
`ready` first and waits for a line.
"""

import sys
from collections.abc import Callable
from typing import Any

from winback_cli.main import main
from winback_cli.store import messages, outbox


def unclaimed() -> None:
    """Whoever sends a message looks at it first, and leaves no mark."""

    def claim(w: Any, number: int, check: Any) -> Any:
        there = messages.message(w.raw, number)
        outbox.must_be(there, messages.APPROVED)
        outbox.refuse_stopped(w.raw, w.path, there, check)
        return there

    settle = outbox.settle

    def settled(w: Any, number: int, *told: Any) -> Any:
        w.raw.execute("UPDATE message SET state = 'sending' WHERE id = ? AND state = 'approved'", (number,))
        return settle(w, number, *told)

    outbox.claim, outbox.settle = claim, settled


def resending() -> None:
    """What was cut off is sent again."""
    listed, claim = messages.messages, outbox.claim

    def also(connection: Any, states: Any = (), customer: int | None = None) -> Any:
        more = (messages.SENDING,) if states == (messages.APPROVED,) else ()
        return listed(connection, (*states, *more), customer)

    def claimed(w: Any, number: int, check: Any) -> Any:
        w.raw.execute("UPDATE message SET state = 'approved' WHERE id = ? AND state = 'sending'", (number,))
        return claim(w, number, check)

    messages.messages, outbox.claim = also, claimed  # type: ignore[assignment]


def hasty() -> None:
    """A message counts as sent before it is."""
    claim = outbox.claim

    def claimed(w: Any, number: int, check: Any) -> Any:
        there = claim(w, number, check)
        w.raw.execute("UPDATE message SET state = 'sent' WHERE id = ?", (number,))
        return there

    settle = outbox.settle

    def settled(w: Any, number: int, *told: Any) -> Any:
        w.raw.execute("UPDATE message SET state = 'sending' WHERE id = ?", (number,))
        return settle(w, number, *told)

    outbox.claim, outbox.settle = claimed, settled


def heedless() -> None:
    """What was approved when sending began is sent, whatever happened since."""
    seen: set[int] = set()

    def claim(w: Any, number: int, check: Any) -> Any:
        there = messages.message(w.raw, number)
        if number in seen or there.state not in (messages.APPROVED, messages.DROPPED):
            outbox.must_be(there, messages.APPROVED)
        seen.add(number)
        w.raw.execute("UPDATE message SET state = 'sending' WHERE id = ?", (number,))
        return there

    outbox.claim = claim


def trusting() -> None:
    """The state of the message is all that is asked: nobody who is left alone without a record counts."""
    outbox.refuse_stopped = lambda connection, path, there, check: None


def none() -> None:
    """Nothing is broken."""


TWINS: dict[str, Callable[[], None]] = {
    one.__name__: one for one in (unclaimed, resending, hasty, heedless, trusting, none)
}

if __name__ == "__main__":
    name, *line = sys.argv[1:]
    TWINS[name]()
    if line[0] == "+":
        print("ready", flush=True)
        sys.stdin.readline()
        del line[0]
    sys.exit(main(line))
