"""What reports count: plain SQL over case rows, dues, the ledger and, where nothing else tells, the events.

Nothing here names a customer. No case is folded: of the events only the kinds are read that say what
became of a promise or a check-in, and what a fix costs.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from winback_cli.report import Amounts, Cases, CheckIns, Promises, Wins, segment
from winback_cli.store.reads import Connection

_OPENED = "date(c.opened_at, 'localtime')"
_CLOSED = "date(c.closed_at, 'localtime')"
# A revenue by how many digits it has, so that its band is known whatever the currency's smallest unit.
_SEGMENT = """CASE WHEN u.revenue IS NULL THEN '' ELSE u.currency || ' ' ||
    length(CAST(CASE WHEN u.revenue < 0 THEN 0 ELSE u.revenue END AS TEXT)) END"""
_GROUPS = {
    "": "''",
    "owner": "u.owner",
    "source": "coalesce(nullif(u.source, ''), b.file, '')",
    "segment": _SEGMENT,
    "playbook": "p.name",
}
_CASES = """casefile c JOIN customer u ON u.id = c.customer_id JOIN playbook p ON p.digest = c.playbook
    LEFT JOIN batch b ON b.id = u.batch_id"""


def _since(day: str) -> str:
    """The cases of a report: all, or those opened on a day or later; one parameter each."""
    return f"{_OPENED} >= ?" if day else "? = ''"


def _named(by: str, group: str) -> str:
    """A group as a report names it: a revenue's digits are its band."""
    if by != "segment" or not group:
        return group
    currency, _, digits = group.rpartition(" ")
    return segment(currency, int(digits))


def cases(connection: Connection, by: str, since: str) -> list[Cases]:
    """The cases, those alike counted together."""
    rows = connection.execute(
        f"""SELECT {_GROUPS[by]}, p.name, c.status, coalesce(c.outcome, ''), c.stage, c.reason,
        coalesce(substr({_CLOSED}, 1, 7), ''), count(*) FROM {_CASES} WHERE {_since(since)}
        GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7""",
        (since,),
    )
    return [Cases(_named(by, group), *rest) for group, *rest in rows]


def wins(connection: Connection, by: str, since: str) -> list[Wins]:
    """The won cases by the days that they took."""
    rows = connection.execute(
        f"""SELECT {_GROUPS[by]}, CAST(julianday({_CLOSED}) - julianday({_OPENED}) AS INTEGER), count(*)
        FROM {_CASES} WHERE c.status = 'closed' AND c.outcome = 'won' AND {_since(since)}
        GROUP BY 1, 2 ORDER BY 1, 2""",
        (since,),
    )
    return [Wins(_named(by, group), days, count) for group, days, count in rows]


class _Case(NamedTuple):
    group: str
    outcome: str


def _all_cases(connection: Connection, by: str, since: str) -> dict[int, _Case]:
    rows = connection.execute(
        f"SELECT c.id, {_GROUPS[by]}, coalesce(c.outcome, '') FROM {_CASES} WHERE {_since(since)}", (since,)
    )
    return {key: _Case(_named(by, group), outcome) for key, group, outcome in rows}


# -- what the events say ---------------------------------------------------------------------


def _standing(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Events as (case, seq, kind, ...) in their order, without those that were undone: of an `undone`
    the first thing told is the number of the event that it takes back.
    """
    told = list(rows)
    undone = {(case, number) for case, _, kind, number, *_ in told if kind == "undone"}
    yield from (one for one in sorted(told) if one[2] != "undone" and one[:2] not in undone)


_PROMISED = """SELECT case_id, seq, kind,
    coalesce(json_extract(body, '$.item'), json_extract(body, '$.seq')),
    json_extract(body, '$.value.done'), json_extract(body, '$.value.owner'),
    json_extract(body, '$.value.removed') FROM event WHERE kind IN ('kept', 'broken', 'undone')
    OR kind = 'promised' AND (instr(body, '"done":') OR instr(body, '"removed":')
    OR ? AND instr(body, '"owner":'))"""


def promises(connection: Connection, by: str, since: str) -> list[Promises]:
    """The promises that are kept or broken by the events, and those that are owed by the dues.

    By owner: whoever sees to the promise. Nothing is owed to those who asked to be left alone.
    """
    by_owner = by == "owner"
    there = _all_cases(connection, "" if by_owner else by, since)
    states: dict[tuple[int, int], str] = {}
    owners: dict[tuple[int, int], str] = {}
    rows = connection.execute(_PROMISED, (by_owner,))
    for case, _, kind, item, done, owner, removed in _standing(rows):
        place = (case, item)
        if kind in ("kept", "broken"):
            states[place] = kind
        elif removed:
            states[place] = ""
        elif done is not None:
            states[place] = "kept" if done else ""
        if owner is not None:
            owners[place] = owner
    count: Counter[tuple[str, str, str]] = Counter()
    for place, state in states.items():
        if state and place[0] in there:
            count[owners.get(place, "") if by_owner else there[place[0]].group, state, ""] += 1
    owed = connection.execute("SELECT case_id, ref, due_on FROM due WHERE kind = 'promise'")
    for case, item, day in owed:
        if case in there:
            count[owners.get((case, item), "") if by_owner else there[case].group, "open", day] += 1
    return [Promises(*what, number) for what, number in sorted(count.items())]


_CHECKED_IN = """SELECT case_id, seq, kind,
    coalesce(json_extract(body, '$.item'), json_extract(body, '$.seq')),
    json_extract(body, '$.value.agreed_for'), json_extract(body, '$.value.kept'),
    json_extract(body, '$.value.same_reason'), json_extract(body, '$.value.removed')
    FROM event WHERE kind IN ('checked_in', 'undone')"""
_ENDED = ("lost", "released", "suppressed")  # no catch-up is owed any more


def check_ins(connection: Connection, by: str, since: str) -> list[CheckIns]:
    """The check-ins by what became of them; one that was agreed in a case that was given up is none."""
    there = _all_cases(connection, by, since)
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for case, _, _, item, *told in _standing(connection.execute(_CHECKED_IN)):
        entry = found.setdefault((case, item), {})
        parts = zip(("day", "kept", "back", "removed"), told, strict=True)
        entry.update({name: part for name, part in parts if part is not None})
    count: Counter[tuple[str, str, str, bool]] = Counter()
    for (case, _), entry in found.items():
        state = {None: "open", 0: "missed"}.get(entry.get("kept"), "kept")
        given_up = state == "open" and (case not in there or there[case].outcome in _ENDED)
        if case in there and entry.get("day") and not entry.get("removed") and not given_up:
            count[there[case].group, state, entry["day"], bool(entry.get("back"))] += 1
    return [CheckIns(*what, number) for what, number in sorted(count.items())]


# -- what it brought and cost ----------------------------------------------------------------


def amounts(connection: Connection, by: str, since: str) -> list[Amounts]:
    """Revenue of won customers, each once in a group; offers, fixes. The firm's fixes are of no group."""
    found = [*_regained(connection, by, since), *_offers(connection, by, since)]
    if not by:
        found += _fixes(connection, since)
    return found + _named_fixes(connection, by, since)


def _regained(connection: Connection, by: str, since: str) -> list[Amounts]:
    rows = connection.execute(
        f"""SELECT g, currency, count(*), sum(revenue) FROM (
        SELECT DISTINCT {_GROUPS[by]} AS g, u.id, CASE WHEN u.revenue IS NULL THEN '' ELSE u.currency END
        AS currency, u.revenue AS revenue FROM {_CASES}
        WHERE c.status = 'closed' AND c.outcome = 'won' AND {_since(since)})
        GROUP BY g, currency, revenue IS NULL ORDER BY 1, 2""",
        (since,),
    )
    return [Amounts(_named(by, group), "regained", *rest) for group, *rest in rows]


def _offers(connection: Connection, by: str, since: str) -> list[Amounts]:
    rows = connection.execute(
        f"""SELECT {_GROUPS[by]}, CASE WHEN c.outcome = 'won' THEN 'offer won' ELSE 'offer' END, o.currency,
        count(*), sum(o.cost) FROM {_CASES} JOIN concession o ON o.case_id = c.id WHERE {_since(since)}
        GROUP BY 1, 2, 3, o.cost IS NULL ORDER BY 1, 2, 3""",
        (since,),
    )
    return [Amounts(_named(by, group), *rest) for group, *rest in rows]


def _fixes(connection: Connection, since: str) -> list[Amounts]:
    """The firm's fixes: those that somebody put on the list since a day."""
    added = "date(k.at, 'localtime') >= ?" if since else "? = ''"
    rows = connection.execute(
        f"""SELECT 'fix ' || f.state, f.currency, count(*), sum(f.cost) FROM fix f
        JOIN command k ON k.id = f.command_id WHERE f.state != 'dropped' AND {added}
        GROUP BY 1, 2, f.cost IS NULL ORDER BY 1, 2""",
        (since,),
    )
    return [Amounts("", *row) for row in rows]


_COST = '{"fact": "decided.fix_cost"'  # how such an answer's body begins: its keys are in order
_NAMED = f"""SELECT case_id, seq, kind, coalesce(json_extract(body, '$.seq'), 0),
    json_extract(body, '$.value.currency'), json_extract(body, '$.value.amount') FROM event
    WHERE kind = 'undone' OR kind = 'answered' AND substr(body, 1, {len(_COST)}) = '{_COST}'"""


def _named_fixes(connection: Connection, by: str, since: str) -> list[Amounts]:
    """What cases say that their fix costs, where it is none of the firm's own, which say it themselves."""
    there = _all_cases(connection, by, since)
    elsewhere = {key for (key,) in connection.execute("SELECT id FROM casefile WHERE fix IS NOT NULL")}
    last: dict[int, tuple[str, int]] = {}
    for case, _, _, _, currency, amount in _standing(connection.execute(_NAMED)):
        if amount is not None:
            last[case] = (currency, amount)
    count: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for case, (currency, amount) in last.items():
        if case in there and case not in elsewhere:
            place = (there[case].group, currency)
            count[place] += 1
            total[place] += amount
    return [
        Amounts(group, "fix case", cur, n, total[group, cur]) for (group, cur), n in sorted(count.items())
    ]
