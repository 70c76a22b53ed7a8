"""Reports on what was promised to customers and agreed with them, and what it brought and cost."""

from collections import Counter
from collections.abc import Iterable, Sequence

from winback_cli.intervals import Rate
from winback_cli.money import Money
from winback_cli.report import (
    FEWER,
    NO_CAUSE,
    Amounts,
    Bar,
    Cell,
    CheckIns,
    Figure,
    Promises,
    Report,
    Table,
    Wanted,
    called,
    groups,
    headed,
    notes_of,
    rank,
)

# -- promises, check-ins ---------------------------------------------------------------------

_PROMISED = (("kept", "Kept"), ("broken", "Broken"), ("overdue", "Overdue"), ("open", "Open, not due yet"))
_AGREED = (
    ("kept", "Kept"),
    ("missed", "Missed"),
    ("unlogged", "Day gone by, not logged"),
    ("open", "To come"),
)


def promises(given: Sequence[Promises], wanted: Wanted) -> Report:
    """Promises kept, broken, overdue and open (D4, C8). An overdue one is not broken yet."""

    def state(row: Promises) -> str:
        return "overdue" if row.state == "open" and "" < row.due < wanted.today else row.state

    counted = [(row.group, state(row), row.times) for row in given]
    figure = Figure("rate", "Promises kept", _rate_of(counted, "kept", "broken"))
    table = _states("promises", "What became of promises", _PROMISED, counted, wanted.by, "broken")
    notes = notes_of(
        wanted,
        "The rate counts kept of kept and broken. What is open or overdue is neither yet.",
        FEWER,
    )
    if wanted.by == "owner":
        notes = (*notes[:-1], "An owner is who sees to the promise.")
    return Report("promises", "Promises", (figure,), (table,), notes)


def checkins(agreed: Sequence[CheckIns], wanted: Wanted) -> Report:
    """Check-ins kept and missed (A7, A8), and how often the old reason was back (E8)."""

    def state(row: CheckIns) -> str:
        return "unlogged" if row.state == "open" and "" < row.day < wanted.today else row.state

    counted = [(row.group, state(row), row.times) for row in agreed]
    back = sum(row.times for row in agreed if row.back)
    figures = (
        Figure("rate", "Check-ins kept", _rate_of(counted, "kept", "missed")),
        Figure("back", "The old reason was back", back),
    )
    table = _states("checkins", "What became of check-ins", _AGREED, counted, wanted.by, "missed")
    notes = notes_of(
        wanted,
        "The rate counts kept of kept and missed; what nobody logged is neither.",
        FEWER,
    )
    return Report("checkins", "Check-ins", figures, (table,), notes)


Counted = tuple[str, str, int]


def _rate_of(counted: Iterable[Counted], good: str, bad: str) -> Rate:
    count: Counter[str] = Counter()
    for _, state, number in counted:
        count[state] += number
    return Rate(count[good], count[good] + count[bad])


def _states(
    key: str, title: str, states: Sequence[tuple[str, str]], counted: Sequence[Counted], by: str, bad: str
) -> Table:
    """Things by what became of them: a row a state; with groups a row a group."""
    count: Counter[tuple[str, str]] = Counter()
    for group, state, number in counted:
        count[group, state] += number
    if not by:
        rows = tuple((words, count["", state]) for state, words in states) if counted else ()
        return Table(key, title, (("state", "State"), ("count", "How many")), rows, Bar("count"))
    groups = sorted({group for group, _, _ in counted}, key=lambda group: rank(by, group))
    told: tuple[tuple[Cell, ...], ...] = tuple(
        (
            called(by, group),
            sum(count[group, state] for state, _ in states),
            *(count[group, state] for state, _ in states),
            Rate(count[group, "kept"], count[group, "kept"] + count[group, bad]),
        )
        for group in groups
    )
    short = tuple((state, state.capitalize()) for state, _ in states)
    columns = headed(by, ("count", "All"), *short, ("rate", "Kept of settled"))
    return Table(
        key,
        title,
        columns,
        told,
        Bar("count", "kept", beside="rate", legend=f"█ kept  ░ {bad}, or still open"),
    )


# -- value -----------------------------------------------------------------------------------

KINDS = {
    "regained": "Revenue of won customers",
    "offer won": "Offers in won cases",
    "offer": "Offers in other cases",
    "fix done": "Fixes done",
    "fix open": "Fixes planned",
    "fix case": "Fixes named in cases",
}
_REVENUE = (
    "Revenue is all that won customers had bought by the last list or entry, not what they bought since."
)


def value(amounts: Sequence[Amounts], wanted: Wanted) -> Report:
    """The revenue of customers who were won, and what offers and fixes cost; each currency apart."""
    by = wanted.by
    rows: list[tuple[Cell, ...]] = []
    for group in groups(amounts, by):
        mine = [row for row in amounts if row.group == group]
        head: tuple[Cell, ...] = (called(by, group),) if by else ()
        for currency in sorted({row.currency for row in mine if row.amount is not None}):
            rows += [(*head, *cells) for cells in _in_currency(mine, currency)]
        for kind, words in KINDS.items():
            if unpriced := sum(row.times for row in mine if row.kind == kind and row.amount is None):
                rows.append((*head, "(not known)", words, unpriced, None))
    unknown = any(row.amount is None for row in amounts)
    columns = headed(
        by, ("currency", "Currency"), ("what", "What"), ("count", "How many"), ("amount", "Amount")
    )
    drawn = Bar(
        "amount", within="currency", legend="Bars compare within a currency; none is added to another."
    )
    table = Table("value", "Regained and spent", columns, tuple(rows), drawn)
    figures = tuple(
        Figure(f"regained_{currency}", "Revenue of won customers", Money(amount, currency))
        for currency, amount in _sums(amounts, "regained")
    )
    notes = notes_of(
        wanted,
        _REVENUE,
        "A cost is what somebody noted. Not every offer was taken up, and a fix may serve many cases.",
        *(("Where it says not known, no amount is on record.",) if unknown else ()),
        NO_CAUSE,
    )
    return Report("value", "Value", figures, (table,), notes)


def _in_currency(mine: Sequence[Amounts], currency: str) -> list[tuple[Cell, ...]]:
    found: list[tuple[Cell, ...]] = []
    for kind, words in KINDS.items():
        alike = [
            row for row in mine if (row.kind, row.currency) == (kind, currency) and row.amount is not None
        ]
        if alike:
            amount = sum(row.amount or 0 for row in alike)
            found.append(
                (currency or "(none)", words, sum(row.times for row in alike), Money(amount, currency))
            )
    return found


def _sums(amounts: Iterable[Amounts], kind: str) -> list[tuple[str, int]]:
    total: Counter[str] = Counter()
    for row in amounts:
        if row.kind == kind and row.amount is not None:
            total[row.currency] += row.amount
    return sorted(total.items())
