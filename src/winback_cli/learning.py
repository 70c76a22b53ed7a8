"""What our own cases teach: which are settled, who came back and how, and whether the chances held.

A case is settled once it is closed or its horizon is over. One that is open or asleep before that says
nothing yet: it is no loss. A return is a case closed as won, or a purchase after its opening and within
the horizon. None of this shows that contact caused a return.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from winback_cli.dates import add_months
from winback_cli.intervals import FEW, Rate, wilson
from winback_cli.priority import BASE_CASES, Outcomes
from winback_cli.report import Bar, Figure, Remark, Report, Table

LEAST_CASES, LEAST_WINS = 30, 10  # below these no calibration is told: it would be noise
BINS = 5
LEAST_FARED = 10  # settled cases of a playbook below which nothing is told of it
STRONG, WEAK, ORGANIC, WON, AWAY, OPEN = "strong", "weak", "organic", "won", "away", ""
NOT_KEPT = "not kept"  # how far anybody got with people who were erased
_BY_CONTACT = {"reached": STRONG, "tried": WEAK, NOT_KEPT: WON}
NO_CAUSE = "None of it shows that contact caused a return."
SETTLED = "Settled leaves out who was let go, cases that still run, and who came back unasked."
NO_BETTER = (
    f"{SETTLED} Different customers came under each, so this does not say which playbook does better."
)
_RATE = (
    "The rate that chances start from is of settled cases: it leaves out who was let go, and who came back"
    f" unasked; a case whose horizon is over is settled too. What you assume counts as {BASE_CASES} more."
)


class Attempts(NamedTuple):
    """So many `cases` alike. Days as ISO text, "" for none: `back` is the first purchase after the
    opening. `contact` says how far anybody got ("", tried, reached, NOT_KEPT); where they came back, until
    then.
    """

    status: str
    outcome: str
    opened: str
    back: str = ""
    contact: str = ""
    reason: str = ""
    playbook: str = ""
    chance: float | None = None
    cases: int = 1


# -- which are settled, and how --------------------------------------------------------------


@lru_cache(maxsize=4096)
def horizon_end(opened: str, months: int) -> str:
    """The last day on which a return counts for a case opened that day."""
    try:
        return add_months(date.fromisoformat(opened), months).isoformat()
    except ValueError:  # beyond the calendar
        return date.max.isoformat()


def last_over(today: date, months: int) -> date:
    """The last day of opening whose horizon is over today."""
    day = add_months(today, -months)
    while add_months(day, months) >= today:
        day -= timedelta(days=1)
    return day


def fate(row: Attempts, today: date, months: int) -> str:
    """What became of a case: a strong, weak or organic return, won where which of them is not kept, away,
    or "" where it tells nothing.

    Nothing is told by a case that is open or asleep before its horizon is over, and by a released one,
    which we chose not to pursue. Who asked to be left alone is away. A win counts whenever it was
    closed: that is the day it was written down.
    """
    if row.outcome == "released":
        return OPEN
    end = horizon_end(row.opened, months)
    if row.status != "closed" and end >= today.isoformat():
        return OPEN
    bought = row.opened < row.back <= min(end, today.isoformat())
    if row.outcome == "suppressed" or not (row.outcome == "won" or bought):
        return AWAY
    return _BY_CONTACT.get(row.contact, ORGANIC)


def outcomes(rows: Iterable[Attempts], today: date, horizon_months: int) -> Outcomes:
    """What the base rate and the reasons learn from (C3); reasons by the taxonomy, without their leaves.

    A return that nobody had a hand in is left out altogether: it neither raises nor lowers the rate of
    worked cases. A win of somebody who was erased counts as worked.
    """
    won, closed = Counter[str](), Counter[str]()
    for row in rows:
        became = fate(row, today, horizon_months)
        if became not in (OPEN, ORGANIC):
            reason = row.reason.partition("/")[0]
            closed[reason] += row.cases
            won[reason] += row.cases if became != AWAY else 0
    by_reason = {reason: (won[reason], closed[reason]) for reason in sorted(closed) if reason}
    return Outcomes(won.total(), closed.total(), by_reason)


class Returns(NamedTuple):
    """Returns apart: strong, reached before; weak, tried only; organic, nobody tried.

    The wins of people who were erased are none of them, since which is not kept.
    """

    strong: int = 0
    weak: int = 0
    organic: int = 0


def returns(rows: Iterable[Attempts], today: date, horizon_months: int, without_case: int = 0) -> Returns:
    """How customers came back; `without_case` of them had lapsed and bought again with no case at all."""
    count: Counter[str] = Counter({ORGANIC: without_case})
    for row in rows:
        count[fate(row, today, horizon_months)] += row.cases
    return Returns(count[STRONG], count[WEAK], count[ORGANIC])


# -- how a playbook fared --------------------------------------------------------------------


class Fared(NamedTuple):
    """How cases of one playbook ended: `won` of `settled`, organic returns left out."""

    settled: int = 0
    won: int = 0

    @property
    def enough(self) -> bool:
        return self.settled >= LEAST_FARED

    def words(self) -> str:
        """`of 40 settled cases 5 came back (6 to 26 %)`; of few only that they are too few to tell."""
        if not self.enough:
            return f"too few to tell ({self.settled} settled of {LEAST_FARED} needed)"
        return f"of {self.settled:,} settled cases {self.won:,} came back ({_ends(self.won, self.settled)})"

    def plain(self) -> dict[str, Any]:
        """With stable keys; no share of too few."""
        low, high = wilson(self.won, self.settled) if self.enough else (None, None)
        told = {"settled": self.settled, "won": self.won, "enough": self.enough}
        return told | {"low": _rounded(low), "high": _rounded(high)}


def fared(rows: Iterable[Attempts], today: date, horizon_months: int) -> dict[str, Fared]:
    """How each playbook fared, by its name; in no order of merit."""
    found: dict[str, list[Attempts]] = {}
    for row in rows:
        found.setdefault(row.playbook, []).append(row)
    counted = {name: outcomes(alike, today, horizon_months) for name, alike in sorted(found.items())}
    return {name: Fared(there.closed, there.won) for name, there in counted.items()}


# -- whether the chances held ----------------------------------------------------------------


class Bin(NamedTuple):
    """Cases that were reckoned much alike: the mean `chance`, and how many of them came back."""

    chance: float
    back: Rate

    def words(self) -> str:
        """`of 40 cases reckoned at about 12 %, 5 came back (6 to 26 %)`."""
        hits, of = self.back.hits, self.back.of
        ends = f" ({_ends(hits, of)})" if self.back.known else ""
        return f"of {of:,} cases reckoned at {about(self.chance)}, {hits:,} came back{ends}"


class Calibration(NamedTuple):
    """Settled cases with a frozen chance: how many, how many `wins` (returns of whatever kind), and,
    from `LEAST_CASES` with `LEAST_WINS` on, how well the chances held; otherwise no bins and None.

    `skill` is against the observed rate of these same cases: no single rate could have done better, so
    more than 0 says that the chances told people apart. None where all or none came back.
    """

    cases: int
    wins: int
    bins: tuple[Bin, ...] = ()
    predicted: float | None = None
    brier: float | None = None
    skill: float | None = None

    def words(self) -> str:
        """In a line; below the least numbers that they are not reached."""
        if self.cases < LEAST_CASES:
            return f"not enough cases yet ({self.cases} of {LEAST_CASES})"
        if self.wins < LEAST_WINS:
            return f"not enough cases yet ({self.wins} wins of {LEAST_WINS})"
        skill = "" if self.skill is None else f", skill {self.skill:.2f}"
        return f"Brier score {self.brier:.3f}{skill}, over {self.cases:,} cases"

    def plain(self) -> dict[str, Any]:
        """With stable keys."""
        return {
            "enough": bool(self.bins),
            "words": self.words(),
            "cases": self.cases,
            "wins": self.wins,
            "predicted": _rounded(self.predicted),
            "observed": _rounded(self.wins / self.cases) if self.bins else None,
            "brier": _rounded(self.brier),
            "skill": _rounded(self.skill),
            "bins": [_plain(one) for one in self.bins],
        }


def calibration(rows: Iterable[Attempts], today: date, horizon_months: int) -> Calibration:
    """How the chances that were frozen at the opening compare with what came.

    A chance is of a return, whoever had a hand in it: organic returns count too. Never raises; a chance
    that cannot be is left out.
    """
    levels: dict[float, list[int]] = {}
    for row in rows:
        became = fate(row, today, horizon_months)
        if became != OPEN and row.chance is not None and 0 <= row.chance <= 1:
            level = levels.setdefault(row.chance, [0, 0])
            level[0] += row.cases if became != AWAY else 0
            level[1] += row.cases
    wins, cases = (sum(level[n] for level in levels.values()) for n in (0, 1))
    if cases < LEAST_CASES or wins < LEAST_WINS:
        return Calibration(cases, wins)
    predicted = sum(chance * of for chance, (_, of) in levels.items()) / cases
    off = sum(hits * (1 - chance) ** 2 + (of - hits) * chance**2 for chance, (hits, of) in levels.items())
    brier = off / cases
    return Calibration(cases, wins, _bins(levels, cases), predicted, brier, skill_of(brier, wins, cases))


def skill_of(brier: float, wins: int, cases: int) -> float | None:
    """Brier's skill against the observed rate: 1 is perfect, 0 what that rate reaches; None where all or
    none came back, since the rate is perfect then.
    """
    rate = wins / cases if cases else 0.0
    constant = rate * (1 - rate)
    return 1 - brier / constant if constant else None


def _bins(levels: Mapping[float, Sequence[int]], cases: int) -> tuple[Bin, ...]:
    """At most five, of as many cases each as may be: equal chances stay together, few join others."""
    parts: list[list[float]] = [[] for _ in range(BINS)]
    before = 0
    for chance in sorted(levels):
        parts[int(BINS * (before + levels[chance][1] / 2) / cases)].append(chance)
        before += levels[chance][1]
    joined: list[list[float]] = []
    for part in parts:
        if joined and (_size(levels, joined[-1]) < FEW or _size(levels, part) < FEW):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(_bin(levels, part) for part in joined)


def _size(levels: Mapping[float, Sequence[int]], part: Sequence[float]) -> int:
    return sum(levels[chance][1] for chance in part)


def _bin(levels: Mapping[float, Sequence[int]], part: Sequence[float]) -> Bin:
    of = _size(levels, part)
    mean = sum(chance * levels[chance][1] for chance in part) / of
    return Bin(mean, Rate(sum(levels[chance][0] for chance in part), of))


# -- how it is told --------------------------------------------------------------------------


def about(chance: float) -> str:
    """`about 12 %`; where a whole number would say too much, `under 1 %` and `over 99 %`."""
    whole = round(100 * chance)
    return "under 1 %" if whole < 1 else "over 99 %" if whole > 99 else f"about {whole} %"


def _ends(hits: int, of: int) -> str:
    low, high = (round(100 * end) for end in wilson(hits, of))
    return f"{low} to {high} %"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _plain(one: Bin) -> dict[str, Any]:
    low, high = one.back.interval or (None, None)
    told = {"cases": one.back.of, "predicted": _rounded(one.chance), "back": one.back.hits}
    share = {"observed": _rounded(one.back.share), "low": _rounded(low), "high": _rounded(high)}
    return told | share | {"words": one.words()}


_KINDS = (
    ("strong", "Strong: reached before the return"),
    ("weak", "Weak: tried, nobody reached"),
    ("organic", "Organic: nobody tried"),
)
_SCORE = (
    "Chances are those reckoned at the opening; organic returns count too. A Brier score of 0 is perfect."
    " A skill above 0 beats one rate for everybody, the observed one."
)


def _labels(bins: Sequence[Bin]) -> list[str]:
    """What the rows of the calibration are called; chances that read alike get as many decimals as tell
    them apart.
    """
    told = [about(one.chance) for one in bins]
    for decimals in (1, 2, 3):
        if len(set(told)) == len(told):
            break
        told = [f"about {100 * one.chance:.{decimals}f} %" for one in bins]
    return [f"Of {one.back.of:,} reckoned at {words}" for one, words in zip(bins, told, strict=True)]


def with_learning(told: Report, found: Returns, held: Calibration, by: str = "") -> Report:
    """The report of outcomes, with returns apart and the calibration; neither is told by a group."""
    everybody = ", all groups together" if by else ""
    kinds = tuple((words, getattr(found, key)) for key, words in _KINDS) if sum(found) else ()
    apart = Table(
        "returns",
        f"How they came back{everybody}",
        (("kind", "Return"), ("customers", "Customers")),
        kinds,
        Bar("customers"),
    )
    drawn = Bar(interval="back", legend="├──●──┤ the rate and its interval, from 0 to 100 %")
    bins = tuple(zip(_labels(held.bins), (one.back for one in held.bins), strict=True))
    columns = (("reckoned", "Cases"), ("back", "Came back"))
    table = Table("calibration", f"Whether the chances held{everybody}", columns, bins, drawn)
    figure = Figure("calibration", "Calibration", held.words())
    remarks = (
        Remark("returns", (NO_CAUSE, _RATE) if kinds else (), found._asdict()),
        Remark("calibration", (_SCORE,) if bins else (), held.plain()),
    )
    return told._replace(
        figures=(*told.figures, figure),
        tables=(*told.tables, apart, table),
        remarks=(*told.remarks, *remarks),
    )
