"""Whom WHO may mean: by an e-mail, or by words of the name."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

from winback_cli import text
from winback_cli.customer import canonical_email
from winback_cli.store.identities import matches
from winback_cli.store.reads import Connection, match

MOST = 60  # pairs of capitalised words of a message that are looked up
ALIKE = 500  # people whose records hold both words of a pair
SCANNED = 200_000  # customers whose names are all gone through, so that small letters are known too
_RUNS = re.compile(r"[^\W\d_][\w'-]{1,40}(?:[ \t]+[^\W\d_][\w'-]{1,40}){1,8}")


def names_in(connection: Connection, words: str, but: int) -> tuple[str, ...]:
    """Names and firms of customers, but for that one, that stand in a message: of two words at least."""
    return _named_in(connection, words, list(_capitals(words))[:MOST], but)


def names_of_all(connection: Connection) -> Callable[[str], tuple[str, ...]]:
    """What finds the names and firms of any customers in a text, as `names_in` does, for many texts.

    In a store of at most `SCANNED` customers in small letters too.
    """

    @cache
    def known() -> frozenset[str] | None:
        (count,) = connection.execute("SELECT count(*) FROM customer").fetchone()
        if count > SCANNED:
            return None
        rows = connection.execute("SELECT name, company FROM customer")
        return frozenset(f"{a} {b}" for row in rows for name in row for a, b in pairwise(_words(name)))

    @cache
    def found(words: str) -> tuple[str, ...]:
        there = known()
        if there is None:
            return _named_in(connection, words, _capitals(words), 0)
        pairs = (f"{a} {b}" for a, b in pairwise(_words(words)))
        return _named_in(connection, words, dict.fromkeys(pair for pair in pairs if pair in there), 0)

    return found


def _capitals(words: str) -> dict[str, None]:
    """The pairs of words of a text that both begin with a capital."""
    pairs = (pair for run in _RUNS.findall(words) for pair in pairwise(run.split()))
    return dict.fromkeys(" ".join(pair) for pair in pairs if pair[0][0].isupper() and pair[1][0].isupper())


def _named_in(connection: Connection, words: str, pairs: Iterable[str], but: int) -> tuple[str, ...]:
    """The names of customers that stand in a text, of those whose records hold one of these pairs."""
    said = _spoken(words)
    found: dict[str, None] = {}
    for pair in pairs:
        rows = connection.execute(
            "SELECT name, company FROM customer WHERE id != ? AND id IN"
            f" (SELECT rowid FROM customer_text WHERE customer_text MATCH ?) LIMIT {ALIKE}",
            (but, match(pair)),
        )
        for name in (one for row in rows for one in row if len(one.split()) > 1):
            if _spoken(name) in said:
                found[name] = None
    return tuple(found)


def _spoken(words: str) -> str:
    """The words of a text alone, folded, with a blank around each."""
    return " ".join(["", *_words(words), ""])


def _words(words: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.fold(words))


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
