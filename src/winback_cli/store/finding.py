"""Whom WHO may mean: by an e-mail, or by words of the name."""

import re
from itertools import pairwise

from winback_cli import text
from winback_cli.customer import canonical_email
from winback_cli.store.identities import matches
from winback_cli.store.reads import Connection, match

MOST = 60  # pairs of capitalised words of a message that are looked up
_RUNS = re.compile(r"[^\W\d_][\w'-]{1,40}(?:[ \t]+[^\W\d_][\w'-]{1,40}){1,8}")


def names_in(connection: Connection, words: str, but: int) -> tuple[str, ...]:
    """Names and firms of customers, but for that one, that stand in a message: of two words at least."""
    said = _spoken(words)
    pairs = dict.fromkeys(
        pair
        for run in _RUNS.findall(words)
        for pair in pairwise(run.split())
        if pair[0][0].isupper() and pair[1][0].isupper()
    )
    found: dict[str, None] = {}
    for pair in list(pairs)[:MOST]:
        rows = connection.execute(
            "SELECT name, company FROM customer WHERE id != ? AND id IN"
            " (SELECT rowid FROM customer_text WHERE customer_text MATCH ?) LIMIT 20",
            (but, match(" ".join(pair))),
        )
        for name in (one for row in rows for one in row if len(one.split()) > 1):
            if _spoken(name) in said:
                found[name] = None
    return tuple(found)


def _spoken(words: str) -> str:
    """The words of a text alone, folded, with a blank around each."""
    return " ".join(["", *re.findall(r"[^\W_]+", text.fold(words)), ""])


def find(connection: Connection, who: str, limit: int = 21) -> list[tuple[int, str, str, str]]:
    """The customers that WHO may mean, as (number, name, company, city): by e-mail or by words."""
    if "@" in who and " " not in who.strip():
        numbers = matches(connection, [f"email:{canonical_email(who)}"])
        return [one for number in sorted(numbers)[:limit] if (one := _named(connection, number))]
    words = text.fold(who).split()
    if not words:
        return []
    clause = " AND ".join(["folded LIKE ? ESCAPE '\\'"] * len(words))
    marks = [_like(word) for word in words]
    query = f"SELECT id, name, company, city FROM customer WHERE {clause}"
    begins = f"{query} AND id IN (SELECT rowid FROM customer_text WHERE customer_text MATCH ?)"
    # A part within a word is looked for last: that takes a look at everybody.
    for look, values in ((begins, [*marks, match(who)]), (query, marks)):
        found = connection.execute(f"{look} ORDER BY id LIMIT ?", (*values, limit)).fetchall()
        if found:
            break
    exact = [row for row in found if text.fold(who) in (text.fold(row[1]), text.fold(row[2]))]
    return exact if len(exact) == 1 else found


def merged_into(connection: Connection, number: int) -> int | None:
    """The number of whoever that number was merged into."""
    return next(iter(matches(connection, [f"number:{number}"])), None)


def _named(connection: Connection, number: int) -> tuple[int, str, str, str] | None:
    query = "SELECT id, name, company, city FROM customer WHERE id = ?"
    row: tuple[int, str, str, str] | None = connection.execute(query, (number,)).fetchone()
    return row


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
