"""What the store repeats of a case's events for its searches and ledgers; made from the case alone."""

import sqlite3

from winback_cli.case import Case, items_of

Concession = tuple[int, str, str, int | None, str, str | None, str]


def repeat(raw: sqlite3.Connection, key: int, case: Case) -> None:
    """Write anew what a case's row repeats of its events, and its offers."""
    reason, said, fix = words_of(case)
    raw.execute("UPDATE casefile SET reason = ?, said = ?, fix = ? WHERE id = ?", (reason, said, fix, key))
    raw.execute("DELETE FROM concession WHERE case_id = ?", (key,))
    raw.executemany(
        "INSERT INTO concession (case_id, place, kind, terms, cost, currency, expires, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(key, *one) for one in concessions(case)],
    )


def words_of(case: Case) -> tuple[str, str, int | None]:
    """The reason, every word, and the number of the fix that it waits for."""
    return case.facts.get("classified.reason") or "", case.said, case.facts.get("decided.fix_number")


def concessions(case: Case) -> list[Concession]:
    """The offers made in a case, as (place, kind, terms, cost, currency, expires, reason)."""
    reason = case.facts.get("classified.reason") or ""
    found: list[Concession] = []
    for place, offer in items_of(case.facts.get("revisited.offers")):
        if offer.get("kind"):
            cost = offer.get("cost") or {}
            money = (cost.get("amount"), cost.get("currency", ""))
            found.append(
                (place, offer["kind"], offer.get("terms") or "", *money, offer.get("expires"), reason)
            )
    return found
