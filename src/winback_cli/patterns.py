"""Specific or systemic (B4.2, B4.3): other cases that name the same, reasons that come in bursts, and how
often the firm's own theory was right (B1.2).

What is told is a warning with its evidence; the rep's word stands. Days come as arguments.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import exp
from typing import NamedTuple

from winback_cli import dates, text
from winback_cli.intervals import Rate
from winback_cli.report import Remark
from winback_cli.stages import Reason, Scope

MANY = 3  # so many others who name the same are no accident
MONTHS = 6  # as far back as others are looked for
NAMED = 3  # cases that are named
QUOTED = 90  # characters of what one of them said
YOURS = "Perhaps it is a pattern; you decide."

# -- others who name the same ----------------------------------------------------------------


class Alike(NamedTuple):
    """Another customer's case of the same reason; `key` is the store's own, `case` what users see."""

    key: int
    case: str
    customer: int
    opened: str
    reason: str
    product: str
    owner: str


class Pattern(NamedTuple):
    """Others who name the same reason: their cases, the latest first; `shared` is what they have in common
    besides: product, owner, either or nothing, `common` its name where it is one. `said` is a line of
    what one of the named ones said; `since` the day (ISO) on which the earliest of all was opened.
    """

    reason: str
    cases: tuple[str, ...]
    since: str
    shared: str = ""
    common: str = ""
    said: str = ""


def looks_specific(reason: str, scope: str) -> bool:
    """Whether a case says that it is a single one, for a reason that others may name too."""
    return scope == Scope.SPECIFIC and reason not in ("", Reason.UNKNOWN)


def since(today: date) -> date:
    """The first day of the months that are looked at."""
    return dates.add_months(today, -MONTHS)


def same_reason(one: str, other: str) -> bool:
    """Whether two cases name the same: the same leaf where both have one, else the same reason."""
    (top, _, leaf), (other_top, _, other_leaf) = one.partition("/"), other.partition("/")
    return top == other_top and (not (leaf and other_leaf) or leaf == other_leaf)


def others(reason: str, product: str, owner: str, cases: Iterable[Alike]) -> list[Alike]:
    """Those of the cases (the latest first) that name the same reason, and the same product or owner.

    One a customer. Where neither product nor owner is known of this one, the reason alone counts.
    """
    product, owner = text.fold(product), text.fold(owner)
    found: dict[int, Alike] = {}
    for case in cases:
        if same_reason(reason, case.reason) and (
            not (product or owner) or _same(product, case.product) or _same(owner, case.owner)
        ):
            found.setdefault(case.customer, case)
    return list(found.values())


def _same(folded: str, name: str) -> bool:
    return bool(folded) and text.fold(name) == folded


def pattern(reason: str, product: str, owner: str, cases: Sequence[Alike], said: str) -> Pattern | None:
    """What these others say together (B4.2, B4.3); None where they are too few to say anything."""
    if len(cases) < MANY:
        return None
    shared, common = "", ""
    if product or owner:
        about, of = text.fold(product), text.fold(owner)
        shared = "product or owner"
        if all(_same(about, case.product) for case in cases):
            shared, common = "product", product
        elif all(_same(of, case.owner) for case in cases):
            shared, common = "owner", owner
    first = min(case.opened for case in cases)
    return Pattern(reason, tuple(case.case for case in cases), first[:10], shared, common, said)


_NUMBERS = ("Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def pattern_words(found: Pattern, today: date) -> str:
    """The pattern in sentences: how many, which, what they share, and one in their words."""
    total = len(found.cases)
    many = _NUMBERS[total - MANY] if total - MANY < len(_NUMBERS) else f"{total:,}"
    first = date.fromisoformat(found.since)
    month = f"{first:%B}" if first.year == today.year else f"{first:%B %Y}"
    named = ", ".join(found.cases[:NAMED])
    named += f" and {total - NAMED:,} more" if total > NAMED else ""
    shared = f" (same {found.shared}{': ' + text.shorten(found.common, 40) if found.common else ''})"
    told = f"{many} other cases since {month} name {_words(found.reason)} too"
    told += f"{shared if found.shared else ''}: {named}."
    quoted = text.shorten(found.said, QUOTED)
    stop = "" if quoted.endswith((".", "!", "?", "…")) else "."
    said = f' One of them: "{quoted}"{stop}' if found.said else ""
    return f"{told}{said} {YOURS}"


def _words(reason: str) -> str:
    return reason.partition("/")[0].replace("_", " ")


# -- bursts ----------------------------------------------------------------------------------

RECENT = 30  # days that are judged
YEAR = 365  # days before them that they are judged by
HISTORY = 90  # days before them that there must be at least
SURE = 0.05


class Count(NamedTuple):
    """How many cases of a reason were opened in the last RECENT days, and in the time before them."""

    reason: str
    recent: int
    before: int


class Burst(NamedTuple):
    """A reason that came up oftener than chance explains: `usual` in so many days before, and how likely
    so many or more would be (`chance`, after all the reasons that were looked at).
    """

    reason: str
    recent: int
    usual: float
    chance: float


class Bursts(NamedTuple):
    """The reasons that came in a burst; `known` says whether there was history enough to tell."""

    found: tuple[Burst, ...]
    known: bool


def windows(today: date) -> tuple[date, date, date]:
    """The days on which the time before begins, on which the last days begin, and the day after today."""
    recent = today - timedelta(days=RECENT - 1)
    return recent - timedelta(days=YEAR), recent, today + timedelta(days=1)


def bursts(counts: Sequence[Count], first: str | None, today: date) -> Bursts:
    """Which reasons came up oftener than their own rate before lets expect; `first` is the day (ISO) of
    the first case of all.

    A leaf counts as its reason. A burst has MANY cases at least, and a Poisson chance below SURE even
    when multiplied by how many reasons were looked at. What never came up before is taken to have come
    up half a time, for nothing is impossible.
    """
    begun, recent, _ = windows(today)
    days = (recent - max(begun, date.fromisoformat(first))).days if first else 0
    if days < HISTORY:
        return Bursts((), known=False)
    tops: dict[str, tuple[int, int]] = {}
    for count in counts:
        top = count.reason.partition("/")[0]
        so_far = tops.get(top, (0, 0))
        tops[top] = (so_far[0] + count.recent, so_far[1] + count.before)
    tops.pop(Reason.UNKNOWN, None)
    found = []
    for top, (times, before) in sorted(tops.items()):
        usual = before * RECENT / days
        chance = min(tail(times, max(before, 0.5) * RECENT / days) * len(tops), 1.0)
        if times >= MANY and times > usual and chance < SURE:
            found.append(Burst(top, times, usual, chance))
    return Bursts(tuple(sorted(found, key=lambda burst: (burst.chance, burst.reason))), known=True)


def tail(times: int, mean: float) -> float:
    """How likely it is that something comes up so many times or oftener, where it does `mean` times on
    average (Poisson).
    """
    if times <= 0:
        return 1.0
    if mean > 500:  # exp(-mean) comes to nothing there; the normal distribution is as good
        from math import erfc, sqrt

        return erfc((times - 0.5 - mean) / sqrt(2 * mean)) / 2
    if times > mean:  # added up from above: one minus nearly one would leave no digits
        term = exp(-mean)
        for number in range(1, times + 1):
            term *= mean / number
        total, number = 0.0, times
        while term > total * 1e-16:
            total += term
            number += 1
            term *= mean / number
        return min(total, 1.0)
    term = total = exp(-mean)
    for number in range(1, times):
        term *= mean / number
        total += term
    return max(1.0 - total, 0.0)


def burst_words(told: Bursts) -> tuple[str, ...]:
    """What came in a burst, a sentence each; or that nothing did, or that nobody can tell."""
    if not told.known:
        return ("Too little history to tell whether a reason comes up oftener than it used to.",)
    if not told.found:
        return (f"No reason came up oftener in the last {RECENT} days than chance explains.",)
    return tuple(
        f"{_words(burst.reason).capitalize()}: {burst.recent:,} cases in the last {RECENT} days,"
        f" {_usual(burst.usual)} before. Look for one cause."
        for burst in told.found
    )


def _usual(usual: float) -> str:
    if usual < 0.05:
        return "hardly one in as many" if usual else "none"
    return "about " + f"{usual:,.1f}".removesuffix(".0") + " in as many"


# -- our theory ------------------------------------------------------------------------------


class Theory(NamedTuple):
    """So many cases of a reason in which the firm's own theory was right: yes, partly or no (B1.2)."""

    reason: str
    right: str
    cases: int


class Judged(NamedTuple):
    """How often the theory was right, partly right and wrong; of a leaf, that of its reason."""

    right: Rate
    partly: int
    wrong: int


def judged(told: Iterable[Theory]) -> Judged:
    """All of these together."""
    count = {"yes": 0, "partly": 0, "no": 0}
    for one in told:
        count[one.right] += one.cases
    return Judged(Rate(count["yes"], sum(count.values())), count["partly"], count["no"])


def theory_words(told: Judged) -> str:
    """`Our theory was right 12 of 20 times: 60 % (39 to 78), and partly right 3 times.`"""
    if not told.right.of:
        return "Nobody said yet whether our own theory was right."
    counted, _, share = told.right.words().partition(":")
    also = f"; partly right {told.partly:,} times" if told.partly != 1 else "; partly right once"
    return f"Our theory was right {counted} times{':' if share else ''}{share}{also}."


# -- both, as a report tells them ------------------------------------------------------------


def remarks(found: Bursts, theories: Sequence[Theory]) -> tuple[Remark, ...]:
    """What the report of reasons says below its table, and the same as values."""
    named = sorted({one.reason.partition("/")[0] for one in theories})
    by_reason = [
        {"reason": top or None} | _plain(judged(t for t in theories if t.reason.partition("/")[0] == top))
        for top in named
    ]
    everywhere = judged(theories)
    burst_values = {
        "days": RECENT,
        "enough_history": found.known,
        "found": [
            burst._asdict() | {"usual": round(burst.usual, 2), "chance": float(f"{burst.chance:.2g}")}
            for burst in found.found
        ],
    }
    return (
        Remark("bursts", burst_words(found), burst_values),
        Remark("theory", (theory_words(everywhere),), _plain(everywhere) | {"by_reason": by_reason}),
    )


def _plain(told: Judged) -> dict[str, object]:
    return {"right": told.right, "partly": told.partly, "wrong": told.wrong}
