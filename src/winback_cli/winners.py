"""Those who came back: how often one speaks with them, and what is watched while one does (A7, E5, E8)."""

from collections.abc import Mapping
from typing import Any

from winback_cli import text

FEWEST = 5  # customers of one currency below which none is a fifth of them
EVERY = {
    "weekly": "every week",
    "monthly": "every month",
    "quarterly": "every three months",
    "yearly": "every year",
}
_LONGEST = 80  # characters of their own words


def cadence(agreed: str | None, top_fifth: bool) -> str:
    """How often one speaks with a won customer (A7, E8): as was agreed, slower too (E5); else monthly
    with the top fifth by revenue, and quarterly with the others.
    """
    return agreed or ("monthly" if top_fifth else "quarterly")


def is_top_fifth(at_least: int, of: int) -> bool:
    """Whether a customer is of the top fifth by revenue: `at_least` bring in as much, themselves among
    them, out of `of` with the same currency. Of fewer than five nobody is, nor where all bring in the same.
    """
    return of >= FEWEST and 0 < at_least * 5 <= of


def watched(facts: Mapping[str, Any]) -> str:
    """What to ask a customer who came back, in a catch-up: whether what they left for is back (E8).
    "" where nobody knows why they left.
    """
    reason = str(facts.get("classified.reason") or "").partition("/")[0].replace("_", " ")
    why = "" if reason == "unknown" else reason
    why = why or text.shorten(str(facts.get("heard.why_left") or ""), _LONGEST).rstrip(".!")
    return f"Has it come back: {why}?" if why else ""
