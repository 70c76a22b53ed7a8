"""What reports count: plain SQL over case rows, dues, the ledger and, where nothing else tells, the events.

Nothing here names a customer. No case is folded: of the events only the kinds are read that say what
became of a promise or a check-in, and what a fix costs. What is alike is counted here, since SQLite sorts
what it groups, and the terms of the queries are those of indexes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

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
    "playbook": "c.playbook",  # by its digest, until it is named
}
_OF = "JOIN customer_row u ON u.id = c.customer_id"
_JOINED = {"owner": _OF, "source": f"{_OF} LEFT JOIN batch b ON b.id = u.batch_id", "segment": _OF}


def _cases(by: str, since: str, more: str = "") -> str:
    """The cases of a report, apart from the firm's own: all, or those opened on a local day or later; one
    parameter each. `more` joins another table.
    """
    opened = "c.opened_at >= strftime('%Y-%m-%dT%H:%M:%SZ', ?, 'utc')" if since else "? = ''"
    return f"casefile c {_JOINED.get(by, '')} {more} WHERE +c.customer_id > 0 AND {opened}"


def _naming(connection: Connection, by: str) -> Callable[[str], str]:
    """How a report names a group: a playbook's digest by its name, a revenue's digits by their band."""
    if by == "playbook":
        return playbook_names(connection).__getitem__
    return _banded if by == "segment" else str


def _banded(group: str) -> str:
    currency, _, digits = group.rpartition(" ")
    return segment(currency, int(digits)) if group else ""


def playbook_names(connection: Connection) -> dict[str, str]:
    """The name of every playbook that a case has or had, by its digest."""
    return dict(connection.execute("SELECT digest, name FROM playbook").fetchall())


def cases(connection: Connection, by: str, since: str) -> list[Cases]:
    """The cases, those alike counted together."""
    rows = connection.execute(
        f"""SELECT {_GROUPS[by]}, c.playbook, c.status, coalesce(c.outcome, ''), c.stage, c.reason,
        coalesce(substr({_CLOSED}, 1, 7), '') FROM {_cases(by, since)}""",
        (since,),
    )
    called, names = _naming(connection, by), playbook_names(connection)
    count: Counter[tuple[str, ...]] = Counter()
    for (group, playbook, *rest), number in Counter(rows).items():
        count[called(group), names[playbook], *rest] += number
    return [Cases._make((*what, number)) for what, number in sorted(count.items())]


def erased(connection: Connection, by: str, since: str) -> list[Cases]:
    """The cases of people who were erased, those alike counted together: all, or those opened in the month
    of a day or later, since no more than the month is kept. Of the groups only the playbook is.
    """
    group = "playbook" if by == "playbook" else "''"
    rows = connection.execute(
        f"""SELECT {group}, playbook, status, outcome, stage, reason, closed, count(*) FROM main.past
        WHERE opened >= ? GROUP BY 2, 3, 4, 5, 6, 7 ORDER BY 2, 3, 4, 5, 6, 7""",
        (since[:7],),
    )
    return [Cases._make(row) for row in rows]


def wins(connection: Connection, by: str, since: str) -> list[Wins]:
    """The won cases by the days that they took."""
    rows = connection.execute(
        f"""SELECT {_GROUPS[by]}, CAST(julianday({_CLOSED}) - julianday({_OPENED}) AS INTEGER)
        FROM {_cases(by, since)} AND +c.status = 'closed' AND c.outcome = 'won'""",
        (since,),
    )
    called = _naming(connection, by)
    count: Counter[tuple[str, int]] = Counter()
    for (group, days), number in Counter(rows).items():
        count[called(group), days] += number
    return [Wins(*what, number) for what, number in sorted(count.items())]


def _group_of(connection: Connection, by: str, since: str) -> dict[int, str]:
    """The group of each case."""
    rows = connection.execute(f"SELECT c.id, {_GROUPS[by]} FROM {_cases(by, since)}", (since,))
    found = dict(rows.fetchall())
    if by not in ("playbook", "segment"):
        return found
    called = cache(_naming(connection, by))
    return {case: called(group) for case, group in found.items()}


# -- what the events say ---------------------------------------------------------------------


def _standing(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Events as (case, seq, kind, ...) in their order, without those that were undone: of an `undone`
    the first thing told is the number of the event that it takes back.
    """
    told = list(rows)
    undone = {(case, number) for case, _, kind, number, *_ in told if kind == "undone"}
    yield from (one for one in sorted(told) if one[2] != "undone" and one[:2] not in undone)


_ACTS = "kind IN ('promised', 'kept', 'broken', 'checked_in', 'undone')"
_ITEM = "coalesce(json_extract(body, '$.item'), json_extract(body, '$.seq'))"
_PROMISED = f"""SELECT case_id, seq, kind, {_ITEM}, NULL, NULL, NULL FROM event
    WHERE kind IN ('kept', 'broken', 'undone') AND {_ACTS}
    UNION ALL SELECT case_id, seq, kind, {_ITEM}, json_extract(body, '$.value.done'),
    json_extract(body, '$.value.owner'), json_extract(body, '$.value.removed') FROM event
    WHERE kind = 'promised' AND {_ACTS}
    AND (instr(body, '"done":') OR instr(body, '"removed":') OR ? AND instr(body, '"owner":'))"""


def promises(connection: Connection, by: str, since: str) -> list[Promises]:
    """The promises that are kept or broken by the events, and those that are owed by the dues.

    By owner: whoever sees to the promise. Nothing is owed to those who asked to be left alone.
    """
    by_owner = by == "owner"
    there = _group_of(connection, "" if by_owner else by, since)
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
            count[owners.get(place, "") if by_owner else there[place[0]], state, ""] += 1
    owed = connection.execute("SELECT case_id, ref, due_on FROM due WHERE kind = 'promise'")
    for case, item, day in owed:
        if case in there:
            count[owners.get((case, item), "") if by_owner else there[case], "open", day] += 1
    return [Promises(*what, number) for what, number in sorted(count.items())]


_CHECKED_IN = f"""SELECT case_id, seq, kind, {_ITEM}, json_extract(body, '$.value.agreed_for'),
    json_extract(body, '$.value.kept'), json_extract(body, '$.value.same_reason'),
    json_extract(body, '$.value.removed')
    FROM event WHERE kind IN ('checked_in', 'undone') AND {_ACTS}"""
# No catch-up is owed any more
_ENDED = "SELECT id FROM casefile WHERE outcome IN ('lost', 'released', 'suppressed')"


def check_ins(connection: Connection, by: str, since: str) -> list[CheckIns]:
    """The check-ins by what became of them; one that was agreed in a case that was given up is none."""
    there = _group_of(connection, by, since)
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for case, _, _, item, *told in _standing(connection.execute(_CHECKED_IN)):
        entry = found.setdefault((case, item), {})
        parts = zip(("day", "kept", "back", "removed"), told, strict=True)
        entry.update({name: part for name, part in parts if part is not None})
    ended = {case for (case,) in connection.execute(_ENDED)}
    count: Counter[tuple[str, str, str, bool]] = Counter()
    for (case, _), entry in found.items():
        state = {None: "open", 0: "missed"}.get(entry.get("kept"), "kept")
        given_up = state == "open" and case in ended
        if case in there and entry.get("day") and not entry.get("removed") and not given_up:
            count[there[case], state, entry["day"], bool(entry.get("back"))] += 1
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
        SELECT DISTINCT {_GROUPS[by]} AS g, v.id, CASE WHEN v.revenue IS NULL THEN '' ELSE v.currency END
        AS currency, v.revenue AS revenue
        FROM {_cases(by, since, "JOIN customer_row v ON v.id = c.customer_id")}
        AND +c.status = 'closed' AND c.outcome = 'won')
        GROUP BY g, currency, revenue IS NULL ORDER BY 1, 2""",
        (since,),
    )
    return _added(connection, by, ((group, "regained", *rest) for group, *rest in rows))


def _offers(connection: Connection, by: str, since: str) -> list[Amounts]:
    rows = connection.execute(
        f"""SELECT {_GROUPS[by]}, CASE WHEN c.outcome = 'won' THEN 'offer won' ELSE 'offer' END, o.currency,
        count(*), sum(o.cost) FROM {_cases(by, since, "JOIN concession o ON o.case_id = c.id")}
        GROUP BY 1, 2, 3, o.cost IS NULL ORDER BY 1, 2, 3""",
        (since,),
    )
    return _added(connection, by, rows)


def _added(connection: Connection, by: str, rows: Iterable[Sequence[Any]]) -> list[Amounts]:
    """The amounts under the names of their groups; those of one name, as of two versions, added up."""
    called = _naming(connection, by)
    found: dict[tuple[str, str, str, bool], Amounts] = {}
    for row in rows:
        one = Amounts._make((called(row[0]), *row[1:]))
        place = (*one[:3], one.amount is None)
        there = found.get(place, one._replace(times=0, amount=None if one.amount is None else 0))
        total = None if one.amount is None else one.amount + (there.amount or 0)
        found[place] = there._replace(times=there.times + one.times, amount=total)
    return list(found.values())


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
_COSTS = f"kind = 'answered' AND substr(body, 1, {len(_COST)}) = '{_COST}'"
_NAMED = f"""SELECT case_id, seq, kind, coalesce(json_extract(body, '$.seq'), 0),
    json_extract(body, '$.value.currency'), json_extract(body, '$.value.amount') FROM event WHERE {_COSTS}
    UNION ALL SELECT case_id, seq, kind, coalesce(json_extract(body, '$.seq'), 0), NULL, NULL FROM event
    WHERE kind = 'undone' AND {_ACTS}"""


def _named_fixes(connection: Connection, by: str, since: str) -> list[Amounts]:
    """What cases say that their fix costs, where it is none of the firm's own, which say it themselves."""
    there = _group_of(connection, by, since)
    elsewhere = {key for (key,) in connection.execute("SELECT id FROM casefile WHERE fix IS NOT NULL")}
    last: dict[int, tuple[str, int]] = {}
    for case, _, _, _, currency, amount in _standing(connection.execute(_NAMED)):
        if amount is not None:
            last[case] = (currency, amount)
    count: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for case, (currency, amount) in last.items():
        if case in there and case not in elsewhere:
            place = (there[case], currency)
            count[place] += 1
            total[place] += amount
    return [
        Amounts(group, "fix case", cur, n, total[group, cur]) for (group, cur), n in sorted(count.items())
    ]
