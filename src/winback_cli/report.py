"""What the cases taught, as reports: counts in, tables of values out; how they look is not known here.

A report never says that contact brought anybody back. Cases that are open or asleep are no losses: a
rate counts closed ones, won among won, lost and released; those who asked to be left alone stand apart.
Beside each rate is how many of how many; currencies are never added up. No customer's name comes in.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from winback_cli.case import MODEL_OF
from winback_cli.intervals import FEW, Rate, Spread, spread
from winback_cli.money import Money

NAMES = ("funnel", "reasons", "outcomes", "playbooks", "promises", "checkins", "value")
GROUPS = ("owner", "source", "segment", "playbook")
FITS = {name: GROUPS for name in NAMES} | {"playbooks": GROUPS[:3]}
KEPT = ("", "playbook")  # what is known of the cases of people who were erased
STAGES = tuple(MODEL_OF)
MONTHS = 12  # the last ones that had a case closed

# -- what is counted -------------------------------------------------------------------------


class Cases(NamedTuple):
    """So many `cases` alike; `month` is when they closed (`2026-11`), `reason` the classified one."""

    group: str
    playbook: str
    status: str
    outcome: str
    stage: str
    reason: str
    month: str
    cases: int


class Wins(NamedTuple):
    """So many cases won so many days after they were opened."""

    group: str
    days: int
    cases: int


class Promises(NamedTuple):
    """So many promises: kept, broken or open; the day each was owed by, where it had one."""

    group: str
    state: str
    due: str
    times: int


class CheckIns(NamedTuple):
    """So many check-ins: kept, missed or open, agreed for a day; `back`: the old reason came back (E8)."""

    group: str
    state: str
    day: str
    back: bool
    times: int


class Amounts(NamedTuple):
    """So many things of one `kind` and what they come to in one currency; None: no amount on record."""

    group: str
    kind: str
    currency: str
    times: int
    amount: int | None


class Wanted(NamedTuple):
    """What a report is to tell: of cases opened since a day (ISO), apart by a group, and the day it is."""

    today: str
    since: str = ""
    by: str = ""


# -- what is told ----------------------------------------------------------------------------

Cell = str | int | Rate | Money | Spread | None


class Bar(NamedTuple):
    """How a table is drawn: column `whole` as a length, `part` of it filled; lengths compare among rows
    alike in `within`, and where `beside` is named that column stands beside the bar, not the length.
    Or column `interval`, a rate, with its interval between 0 and 100 %. `legend` tells the signs.
    """

    whole: str = ""
    part: str = ""
    within: str = ""
    beside: str = ""
    interval: str = ""
    legend: str = ""


class Table(NamedTuple):
    """Rows under columns, each column a key and a heading."""

    key: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    bar: Bar = Bar()

    def place(self, key: str) -> int:
        """Where a column stands."""
        return [name for name, _ in self.columns].index(key)


class Figure(NamedTuple):
    """What matters most of a report, in one value."""

    key: str
    label: str
    value: Cell


class Remark(NamedTuple):
    """What is to be said besides the tables: in sentences, and under `key` as plain values and rates."""

    key: str
    sentences: tuple[str, ...]
    values: Mapping[str, Any]


class Report(NamedTuple):
    """One report; `notes` say what it counts, and what it does not say."""

    name: str
    title: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell; then `NOTHING` says so."""
        return not any(table.rows for table in self.tables)


NOTHING = dict.fromkeys(NAMES, "Nothing to tell yet: there is no case.") | {
    "promises": "Nothing to tell yet: no promise is kept, broken or owed.",
    "checkins": "Nothing to tell yet: no check-in is agreed.",
    "value": "Nothing to tell yet: nobody is won, and no offer or fix is on record.",
}
NO_CAUSE = "Won says that a customer came back, not that the contact was why."
CLOSED = "Rates count closed cases: won of won, lost and released. Open and sleeping ones are no losses."
FEWER = f"Of fewer than {FEW} only counts are told. In brackets is the 95 % interval."

# -- groups ----------------------------------------------------------------------------------

HEADINGS = {"owner": "Owner", "source": "Source", "segment": "Segment", "playbook": "Playbook"}
_NOBODY = {"owner": "(no owner)", "source": "(by hand)", "segment": "(not known)", "playbook": ""}
_BANDS = ((3, "under 1k"), (4, "1k-10k"), (5, "10k-100k"), (10**9, "100k+"))
ABOUT = {
    "owner": "An owner is who looks after the customer.",
    "source": "A source is the system or the list that the customer came from.",
    "segment": "A segment is a band of the customer's revenue on record, each currency apart; 1k is 1,000.",
    "playbook": "A case counts under the playbook that it has now.",
}


def segment(currency: str, digits: int) -> str:
    """The band of a revenue of so many digits in minor units: `EUR 1k-10k`."""
    minor = len(Money(1, currency).words().partition(".")[2])
    band = next(words for most, words in _BANDS if digits - minor <= most)
    return f"{currency or '(no currency)'} {band}"


def rank(by: str, group: str) -> tuple[object, ...]:
    """Segments by currency and size; other groups by name, those without one last."""
    place = next((n for n, (_, words) in enumerate(_BANDS) if by == "segment" and group.endswith(words)), 0)
    name = group.removesuffix(_BANDS[place][1]) if by == "segment" else group.casefold()
    return not group, name, place, group


def groups(rows: Iterable[Cases | Amounts], by: str) -> list[str]:
    """The groups of these rows, in order."""
    return sorted({row.group for row in rows}, key=lambda group: rank(by, group))


def called(by: str, group: str) -> str:
    """A group by its name, or what is said where it has none."""
    return group or _NOBODY.get(by, "")


def headed(by: str, *columns: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """These columns, after the one of the groups where there is one."""
    return ((by, HEADINGS[by]), *columns) if by else columns


def notes_of(wanted: Wanted, *notes: str) -> tuple[str, ...]:
    """The notes of a report: since when, what it counts, what its groups are."""
    about = (ABOUT[wanted.by],) if wanted.by else ()
    since = (f"Cases opened on {wanted.since} or later.",) if wanted.since else ()
    return tuple(dict.fromkeys((*since, *notes, *about)))


def with_erased(told: Report, erased: Iterable[Cases], by: str) -> Report:
    """The report with a note of the cases of people who were erased, if any: counted, or in no group."""
    number = sum(row.cases for row in erased)
    if not number:
        return told
    of_whom = f"{number:,} {'case' if number == 1 else 'cases'} of people who were erased"
    is_are = "is" if number == 1 else "are"
    if by in KEPT:
        note = f"{of_whom} {is_are} counted by month."
    else:
        note = f"{of_whom} {is_are} left out: their {by} is not kept."
    return told._replace(notes=(note, *told.notes))


# -- outcomes --------------------------------------------------------------------------------


class Outcomes(NamedTuple):
    """How many cases ended how, and how many have not ended."""

    won: int
    lost: int
    released: int
    suppressed: int
    asleep: int
    open: int

    @property
    def closed(self) -> int:
        """Those that a rate counts: not those who asked to be left alone."""
        return self.won + self.lost + self.released

    @property
    def running(self) -> int:
        """Those that have not ended: open or asleep."""
        return self.open + self.asleep

    @property
    def rate(self) -> Rate:
        return Rate(self.won, self.closed)


def outcomes_of(rows: Iterable[Cases]) -> Outcomes:
    """The cases by how they ended; a sleeping case has not ended."""
    count: Counter[str] = Counter()
    for row in rows:
        count[row.outcome if row.status == "closed" else row.status] += row.cases
    names = ("won", "lost", "released", "suppressed", "dormant", "open")
    return Outcomes(*(count[name] for name in names))


_ENDS = (
    ("won", "Won"),
    ("lost", "Lost"),
    ("released", "Released (our choice)"),
    ("suppressed", "Left alone as they asked"),
    ("asleep", "Asleep"),
    ("open", "Open"),
)
_BY_END = (("cases", "Cases"), ("running", "Running"), ("won", "Won"), ("rate", "Won of closed"))


def _by_end(rows: Sequence[Cases]) -> tuple[Cell, ...]:
    """The cells under `_BY_END`."""
    there = outcomes_of(rows)
    return sum(there), there.running, there.won, there.rate


def outcomes(cases: Sequence[Cases], wins: Sequence[Wins], wanted: Wanted) -> Report:
    """How cases ended, the win-back rate, the time from opening to the win, and the months."""
    there, by = outcomes_of(cases), wanted.by
    took: Counter[int] = Counter()
    for win in wins:
        took[max(win.days, 0)] += win.cases
    if by:
        interval = Bar(interval="rate", legend="├──●──┤ the rate and its interval, from 0 to 100 %")
        rows = tuple(
            (called(by, group), *_by_end([row for row in cases if row.group == group]))
            for group in groups(cases, by)
        )
        ended = Table("outcomes", "How cases ended", headed(by, *_BY_END), rows, interval)
    else:
        ends = tuple((words, getattr(there, key)) for key, words in _ENDS) if sum(there) else ()
        columns = (("outcome", "Outcome"), ("cases", "Cases"))
        ended = Table("outcomes", "How cases ended", columns, ends, Bar("cases"))
    figures = (
        Figure("rate", "Win-back rate", there.rate),
        Figure("days", "From opening to the win", spread(took)),
    )
    many = there.running > there.closed > 0
    still = ("More cases are running than closed: the rate can still move far.",) if many else ()
    alone = ("Customers who asked to be left alone are in no rate.",) if there.suppressed else ()
    notes = notes_of(
        wanted, CLOSED, *still, *alone, FEWER, "The days are those of won cases only.", NO_CAUSE
    )
    return Report("outcomes", "Outcomes", figures, (ended, _months(cases)), notes)


def _months(cases: Sequence[Cases]) -> Table:
    """The closed cases by the month in which they closed, the empty months between them too."""
    closed = [row for row in cases if row.status == "closed" and row.outcome != "suppressed" and row.month]
    rows = []
    for month in _span([row.month for row in closed])[-MONTHS:]:
        there = outcomes_of(row for row in closed if row.month == month)
        rows.append((month, there.closed, there.won, there.rate))
    columns = (("month", "Month"), ("closed", "Closed"), ("won", "Won"), ("rate", "Won of closed"))
    drawn = Bar("closed", "won", beside="rate", legend="█ won  ░ lost or released")
    return Table("months", "Closed by month", columns, tuple(rows), drawn)


def _span(months: Sequence[str]) -> list[str]:
    """Every month from the first to the last of these."""
    if not months:
        return []
    first, last = (int(m[:4]) * 12 + int(m[5:7]) - 1 for m in (min(months), max(months)))
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(max(first, last - MONTHS + 1), last + 1)]


# -- funnel, reasons, playbooks --------------------------------------------------------------


def _words(key: str) -> str:
    return key.replace("_", " ")


def came_to(rows: Iterable[Cases]) -> list[int]:
    """How many came as far as each stage; one that stands at a later stage came through the earlier."""
    at: Counter[str] = Counter()
    for row in rows:
        at[row.stage] += row.cases
    return [sum(at[stage] for stage in STAGES[place:]) for place in range(len(STAGES))]


def funnel(cases: Sequence[Cases], wanted: Wanted) -> Report:
    """How far cases came, stage by stage, and where they stand."""
    by, everybody = wanted.by, outcomes_of(cases)
    total = sum(everybody)
    if by:
        rows: list[tuple[Cell, ...]] = []
        for group in groups(cases, by):
            of_group = [row for row in cases if row.group == group]
            rows.append((called(by, group), *came_to(of_group), outcomes_of(of_group).won))
        columns = headed(by, *((stage, _words(stage).capitalize()) for stage in STAGES), ("won", "Won"))
        table = Table("stages", "How far cases came", columns, tuple(rows))
    else:
        rows = []
        for stage, came in zip(STAGES, came_to(cases), strict=True):
            there = outcomes_of(row for row in cases if row.stage == stage)
            ended = there.closed + there.suppressed
            rows.append((_words(stage), Rate(came, total), there.open, there.asleep, ended))
        columns = (("stage", "Stage"), ("came", "Came as far"), ("open", "Open"), ("asleep", "Asleep"))
        columns += (("closed", "Closed"),)
        table = Table("stages", "How far cases came", columns, tuple(rows) if total else (), Bar("came"))
    figures = (
        Figure("cases", "Cases", total),
        Figure("running", "Open or asleep", everybody.running),
        Figure("won", "Won so far", everybody.won),
    )
    passed = "A case counts for every stage up to where it stands; a playbook may leave some of them out."
    still = "What is open or asleep may still go further."
    return Report(
        "funnel", "Funnel", figures, (table,), notes_of(wanted, passed, still, *(() if by else (FEWER,)))
    )


NOT_YET = "not classified yet"
_UNSURE = Bar("cases", "won", beside="rate", legend="█ won  ░ closed otherwise, or still running")


def reasons(cases: Sequence[Cases], wanted: Wanted) -> Report:
    """Why customers left, as it was classified, and how many of them came back."""
    by = wanted.by
    rows: list[tuple[Cell, ...]] = []
    for group in groups(cases, by):
        of_group = [row for row in cases if row.group == group]
        found: dict[str, list[Cases]] = {}
        for row in of_group:
            found.setdefault(row.reason.partition("/")[0], []).append(row)
        order = sorted(found, key=lambda why: (not why, -sum(row.cases for row in found[why]), why))
        for why in order:
            head: tuple[Cell, ...] = (called(by, group),) if by else ()
            rows.append((*head, _words(why) or NOT_YET, *_by_end(found[why])))
    columns = headed(by, ("reason", "Why they left"), *_BY_END)
    table = Table("reasons", "Why they left, and how many came back", columns, tuple(rows), _UNSURE)
    known = sum(row.cases for row in cases if row.reason)
    figures = (Figure("classified", "Cases with a reason", Rate(known, sum(row.cases for row in cases))),)
    notes = notes_of(wanted, "A leaf of the playbook's own counts as its reason.", CLOSED, FEWER, NO_CAUSE)
    return Report("reasons", "Reasons", figures, (table,), notes)


def playbooks(cases: Sequence[Cases], wanted: Wanted) -> Report:
    """How each playbook fared; no winner is named, since nobody drew lots for who gets which."""
    by = wanted.by
    rows: list[tuple[Cell, ...]] = []
    for group in groups(cases, by):
        of_group = [row for row in cases if row.group == group]
        for name in sorted({row.playbook for row in of_group}):
            head: tuple[Cell, ...] = (called(by, group),) if by else ()
            rows.append((*head, name, *_by_end([row for row in of_group if row.playbook == name])))
    drawn = Bar(interval="rate", legend="├──●──┤ the rate and its interval, from 0 to 100 %")
    columns = headed(by, ("playbook", "Playbook"), *_BY_END)
    table = Table("playbooks", "How each playbook fared", columns, tuple(rows), drawn)
    notes = notes_of(wanted, *_unequal(cases), CLOSED, FEWER, ABOUT["playbook"], NO_CAUSE)
    return Report("playbooks", "Playbooks", (), (table,), notes)


def _unequal(cases: Sequence[Cases]) -> tuple[str, ...]:
    """What may be said of several playbooks side by side."""
    rates = [
        outcomes_of(row for row in cases if row.playbook == name).rate
        for name in sorted({row.playbook for row in cases})
    ]
    ends = [rate.interval for rate in rates if rate.interval]
    if len(rates) < 2:
        return ()
    if len(ends) < 2:
        return ("Too few closed cases to compare playbooks.",)
    if max(low for low, _ in ends) <= min(high for _, high in ends):
        return ("The intervals overlap: chance alone could make what difference there is.",)
    return ("Not all intervals overlap. The customers differ too, so no playbook is called the better.",)
