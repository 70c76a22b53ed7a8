"""What options say, read as the values they stand for; and how long a cell of a list may be."""

from winback_cli import answers, text
from winback_cli.cli.here import Here
from winback_cli.errors import UsageError
from winback_cli.money import Money


def day_of(here: Here, said: str, flag: str, *, ahead: bool = False, past: bool = False) -> str:
    """A day as an ISO text; `ahead`: not before today, `past`: not after it. Raises UsageError."""
    from winback_cli.facts import Spec

    spec = Spec(flag, "date", "Which day?", past=past, ahead=ahead)
    try:
        return str(answers.typed(spec, said, here.customs))
    except ValueError as problem:
        told = str(problem)
        if flag == "--since" and told.startswith("it has happened"):  # a day to count from never happens
            told = f"that day is still to come; today is {here.clock.today}"
        raise UsageError(
            f"{flag} {text.shorten(said, 40)!r}: {told}.",
            f"Give {flag} again, such as {'-2d' if past else '+5bd'}.",
        ) from None


def money_of(here: Here, said: str, flag: str) -> Money:
    """What something costs, with its currency or in the firm's own. Raises UsageError."""
    from winback_cli.facts import Spec

    try:
        money = Money(**answers.parse(Spec(flag, "money", "How much?"), said, here.customs))
        if money.amount < 0:
            raise ValueError("a cost is not below nothing")
        return money
    except ValueError as problem:
        raise UsageError(
            f"{flag} {text.shorten(said, 40)!r}: {problem}.", f"Give {flag} again, such as 250 EUR."
        ) from None


def choice_of(here: Here, said: str, known: tuple[str, ...], flag: str) -> str:
    """One of some known words, however its parts are joined, or its beginning. Raises UsageError."""
    from winback_cli.facts import Spec

    try:
        return str(answers.parse(Spec(flag, "choice", "Which?", known), said, here.customs))
    except ValueError as problem:
        raise UsageError(f"{flag} {text.shorten(said, 40)!r} is not known.", f"Give {problem}.") from None


def cell(here: Here, said: str, width: int) -> str:
    """A text of a list on one line: cut at a terminal, whole in a pipe."""
    return text.shorten(said, width) if here.drawn else text.line(said)
