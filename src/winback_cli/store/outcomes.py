"""What became of the cases, as the store counts it: how they ended, who bought again, who was tried first.

Nothing here names a customer, and no case is folded: of the events only touches and messages are read,
and only those of cases whose customer came back.
"""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from winback_cli import learning
from winback_cli.learning import NOT_KEPT, Attempts
from winback_cli.priority import Outcomes
from winback_cli.store.reads import Connection

_BY = {"reason": "c.reason", "playbook": "c.playbook", "chance": "round(c.chance, 4)"}
_MIDNIGHT = "strftime('%Y-%m-%dT%H:%M:%SZ', :{}, 'utc')"  # of a local day, as cases keep their instants
_CASES = f"""casefile c JOIN customer_row u ON u.id = c.customer_id
    WHERE +c.customer_id > 0 AND (:since = '' OR c.opened_at >= {_MIDNIGHT.format("since")})"""
_MAYBE_BACK = "(coalesce(u.last_purchase, '') >= substr(c.opened_at, 1, 10) OR c.outcome = 'won')"
_DONE = "batch_id IN (SELECT id FROM batch WHERE state = 'done')"

# The cases of which nothing says a return: whether the horizon is over is all that their days tell.
_AWAY = f"""SELECT c.status, coalesce(c.outcome, ''), c.opened_at < {_MIDNIGHT.format("open")}, {{by}}
    FROM {_CASES} AND NOT coalesce({_MAYBE_BACK}, 0)"""
# The first purchase after the opening: of the purchases that are known one by one, of what a list
# brought, or the last one.
_FIRST = f"""CASE WHEN u.last_purchase > date(c.opened_at, 'localtime') THEN min(u.last_purchase,
    coalesce((SELECT min(p.day) FROM purchase p WHERE p.customer_id = u.id AND p.amount >= 0
    AND p.day > date(c.opened_at, 'localtime') AND +p.{_DONE}), '9999'),
    coalesce((SELECT min(json_extract(h.new, '$')) FROM change h WHERE h.field = 'last_purchase'
    AND h.customer_id = u.id AND json_extract(h.new, '$') > date(c.opened_at, 'localtime')
    AND +h.{_DONE}), '9999')) END"""
_TOUCHES = "kind IN ('touched', 'sent')"
_ACTS = "kind IN ('promised', 'kept', 'broken', 'checked_in', 'undone')"
# How far anybody got until a day, without what was undone or told anew; the terms are those of indexes.
_UNTIL = f"""(SELECT CASE WHEN count(*) = 0 THEN '' WHEN
    max(coalesce(json_extract(e.body, '$.disposition'), '') IN ('reached', 'refused')) THEN 'reached'
    ELSE 'tried' END FROM event e WHERE e.case_id = k.id AND e.{_TOUCHES}
    AND coalesce(json_extract(e.body, '$.on'), e.happened) <= k.day
    AND NOT EXISTS (SELECT 1 FROM event x WHERE x.case_id = k.id AND x.kind = 'undone' AND x.{_ACTS}
    AND json_extract(x.body, '$.seq') = e.seq)
    AND NOT EXISTS (SELECT 1 FROM event x WHERE x.case_id = k.id AND x.{_TOUCHES}
    AND json_extract(x.body, '$.corrects') = e.seq))"""
_BACK = f"""WITH q AS MATERIALIZED (SELECT c.id, c.status, coalesce(c.outcome, '') AS outcome, c.contact,
    {{by}} AS alike, date(c.opened_at, 'localtime') AS opened, {_FIRST} AS back,
    CASE WHEN c.outcome = 'won' THEN date(c.closed_at, 'localtime') END AS ended
    FROM {_CASES} AND {_MAYBE_BACK}), k AS MATERIALIZED (
    SELECT q.*, min(coalesce(q.back, '9999'), coalesce(q.ended, '9999')) AS day FROM q)
    SELECT k.status, k.outcome, CASE WHEN k.back IS NULL THEN '' ELSE k.opened END, coalesce(k.back, ''),
    CASE WHEN k.contact = '' OR k.day = '9999' THEN k.contact ELSE {_UNTIL} END,
    k.back IS NULL AND k.opened < :open, k.alike FROM k"""


def attempts(
    connection: Connection, by: str, today: date, horizon_months: int, since: str = ""
) -> list[Attempts]:
    """The cases, those alike counted together, apart by one more thing: reason, playbook or chance.

    Those opened on a day (ISO) or later. Where nobody bought again the day of opening stands for all
    whose horizon is over, or is not. A chance is rounded to a hundredth of a percent. The closed cases of
    people who were erased count too, but not by chance: none of it is kept.
    """
    over = learning.last_over(today, horizon_months)
    days = {"since": since, "open": (over + timedelta(days=1)).isoformat()}
    opened = (today.isoformat(), over.isoformat())
    names = dict(connection.execute("SELECT digest, name FROM playbook")) if by == "playbook" else {}

    def alike(value: Any) -> tuple[str, str, float | None]:
        if by == "chance":
            return "", "", value
        return ("", names.get(value, ""), None) if by == "playbook" else (value, "", None)

    found = [] if by == "chance" else _erased(connection, by, since)
    for (status, outcome, ended, value), count in _count(connection, _AWAY, by, days):
        found.append(Attempts(status, outcome, opened[ended], "", "", *alike(value), count))
    for (status, outcome, day, back, contact, ended, value), count in _count(connection, _BACK, by, days):
        found.append(Attempts(status, outcome, day or opened[ended], back, contact, *alike(value), count))
    return found


def _erased(connection: Connection, by: str, since: str) -> list[Attempts]:
    """The closed cases of people who were erased, as if opened on the first of their month; whether they
    bought again is not kept, so a win is all that says so.
    """
    rows = connection.execute(
        f"SELECT outcome, opened || '-01', {by}, count(*) FROM main.past"
        " WHERE status = 'closed' AND opened >= ? GROUP BY 1, 2, 3",
        (since[:7],),
    )
    return [
        Attempts("closed", outcome, opened, "", NOT_KEPT, cases=count)._replace(**{by: alike})
        for outcome, opened, alike, count in rows
    ]


def _count(
    connection: Connection, query: str, by: str, days: dict[str, str]
) -> list[tuple[tuple[Any, ...], int]]:
    """How often each row comes: counted here, since SQLite sorts what it groups."""
    return list(Counter(connection.execute(query.format(by=_BY[by]), days)).items())


def settled(connection: Connection, today: date, horizon_months: int) -> Outcomes:
    """What the base rate and the reasons learn from: see `learning.outcomes`."""
    rows = attempts(connection, "reason", today, horizon_months)
    return learning.outcomes(rows, today, horizon_months)


# -- who came back with no case --------------------------------------------------------------

# So many months before a day, or the last day of a shorter month, as everywhere.
_BEFORE = """min(date({day}, '-' || :months || ' months'),
    date({day}, 'start of month', '-' || :months || ' months', '+1 month', '-1 day'))"""
# The day on which somebody came into the store: with a list, or added by hand before the first that told
# of a purchase. What a list or a history tells of days before it is no return.
_CAME = """coalesce((SELECT date(k.at, 'localtime') FROM batch b JOIN command k ON k.id = b.command_id
    WHERE b.id = u.batch_id), (SELECT min(date(k.at, 'localtime')) FROM change f
    JOIN batch b ON b.id = f.batch_id JOIN command k ON k.id = b.command_id
    WHERE f.field = 'last_purchase' AND f.customer_id = u.id))"""
_BOUGHT = f"FROM purchase p WHERE p.customer_id = r.id AND p.amount >= 0 AND +p.{_DONE}"
_WITHOUT_CASE = f"""WITH r AS MATERIALIZED (
    SELECT u.id, json_extract(h.old, '$') AS old, json_extract(h.new, '$') AS new, {_CAME} AS came
    FROM change h JOIN customer u ON u.id = h.customer_id
    WHERE h.field = 'last_purchase' AND u.case_id IS NULL AND h.{_DONE}),
    b AS (SELECT r.*, min(r.new, coalesce(
        (SELECT min(p.day) {_BOUGHT} AND p.day > max(r.old, r.came)), r.new)) AS day
        FROM r WHERE r.new > r.old AND r.new > r.came)
    SELECT count(DISTINCT r.id) FROM b r WHERE r.day >= :since AND r.day <= :today
    AND r.old <= {_BEFORE.format(day="r.day")}
    AND coalesce((SELECT max(p.day) {_BOUGHT} AND p.day < r.day), '') <= {_BEFORE.format(day="r.day")}"""


def back_without_case(connection: Connection, today: date, lapsed_months: int, since: str = "") -> int:
    """How many customers without any case had lapsed and bought again after they came into the store, as
    later lists and histories told.

    Purchases that are known one by one say whether they had really lapsed.
    """
    values = {"since": since, "today": today.isoformat(), "months": lapsed_months}
    return int(connection.execute(_WITHOUT_CASE, values).fetchone()[0])
