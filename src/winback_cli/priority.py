"""Whom to win back next: the chance of a return within a horizon, times what it would bring (C3).

The chance starts from a base rate that the user sets - an assumption until own cases are closed - and is
moved by the factors of one table (odds.py), each a multiplier of the odds. `priority` tells one customer
factor by factor, `scores` a list of a million; both go through the same table and agree to the last digit.
The figures are made to put people in order: none says that a contact causes a return.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from math import exp, log
from typing import NamedTuple

from winback_cli import stakes
from winback_cli.odds import (
    LEAST,
    LOGS,
    MOST,
    REACH,
    TABLE,
    Factor,
    chance_of,
    level,
    logistic,
    logit,
    steps,
    within,
)
from winback_cli.stakes import Answered, Means, lifetime, spent, value
from winback_cli.worth import Inputs

BASE_CASES = 20  # the assumed rate counts as much as so many closed cases
REASON_CASES = 10  # and what the table says of a reason as much as so many of its own
WIDE = 1.2816  # the interval holds the middle 80 % of what is thought possible
DOUBT = 0.09  # variance, in log odds, of the table itself: it may well be out by a third
LET_GO = ("release", "no")  # verdicts after which nobody is ranked
SAMPLE = 5_000  # people by whom the level of a list is told


class Known(NamedTuple):
    """What is known of one customer; everything may be missing. Revenue in minor units.

    `regularity` is known only where the days of purchases are; `complaint` is none, resolved or
    unresolved; `reason` the taxonomy's, with or without a leaf below it.
    """

    last: date | None = None
    first: date | None = None
    orders: int | None = None
    revenue: int | None = None
    currency: str = ""
    regularity: float | None = None
    how_left: str = ""
    reason: str = ""
    complaint: str = ""
    referred: bool | None = None
    cancelled: bool | None = None
    verdict: str = ""
    left_alone: bool = False
    answered: Answered | None = None


class Assumptions(NamedTuple):
    """What is assumed as long as nobody knows better. `return_rate` and `margin` in percent.

    `currency` is the one people are compared in; `rates` holds what a minor unit of another is worth in
    its minor units, only where the user gave it; `usual` the middle customer's revenue by currency, the
    commonest first, `brings` what the middle one spends in a second lifetime; `level` is how far the table
    moves everybody's log odds, which is taken out, so that they average the rate; `middle` how far the
    middle customer's lie from those of the rate.
    """

    return_rate: float = 5
    margin: float = 30
    horizon_months: int = 12
    currency: str = "EUR"
    contact_cost: int = 500
    usual: Mapping[str, float] = {}
    rates: Mapping[str, float] = {}
    level: float = 0.0
    brings: Mapping[str, float] = {}
    middle: float = 0.0


class Outcomes(NamedTuple):
    """Own closed cases, those still before the horizon left out; `by_reason`: (won, closed) each."""

    won: int = 0
    closed: int = 0
    by_reason: Mapping[str, tuple[int, int]] = {}


NONE_YET = Outcomes()


class Score(NamedTuple):
    """The chance and its interval; what trying brings on average, None where it is not known what they
    bring; `rank`, by which people are put in order, the highest first; and the currency of the value.
    """

    chance: float
    low: float
    high: float
    value: int | None
    rank: float
    currency: str = ""


class Weighed(NamedTuple):
    """One factor as it bore on somebody: its value, None where missing, and what it did to the odds."""

    name: str
    words: str
    value: object
    multiplier: float
    source: str
    note: str = ""


class Base(NamedTuple):
    """Where a chance starts: the assumed rate, what own cases made of it; the level of the list, and the
    chance of its middle customer.
    """

    assumed: float
    rate: float
    won: int
    closed: int
    level: float
    middle: float


class Priority(NamedTuple):
    """One customer's priority, explained. `score` is None where `because` says why nobody is ranked:
    left_alone or let_go. `inputs` are the figures that its value was reckoned with.
    """

    score: Score | None
    because: str
    base: Base
    factors: tuple[Weighed, ...]
    missing: tuple[str, ...]
    worth: stakes.Worth | None
    inputs: Inputs


def priority(known: Known, assumed: Assumptions, today: date, outcomes: Outcomes = NONE_YET) -> Priority:
    """What somebody's place comes from, factor by factor (C3). Never raises: what cannot be is not
    counted, said so, and makes the interval wider.
    """
    plan = _plan(assumed, today, outcomes)
    score = _score(known, plan)
    days, revenue = _days(known, plan.today), spent(known.revenue, known.currency, plan.usual)
    effects = _effects(known, plan, days, revenue)
    inputs = stakes.inputs(known.answered or stakes.NOTHING, revenue, known.currency, days[1], plan.means)
    if score:
        inputs = inputs._replace(chance=(score.low, score.chance, score.high))
    factors = tuple(
        Weighed(
            factor.name,
            factor.words,
            None if effect is None else shown,
            1.0 if effect is None else exp(effect),
            factor.source,
            _note(factor, known, plan, shown, effect),
        )
        for factor, effect, shown in zip(TABLE, effects, _values(known, plan), strict=True)
    )
    return Priority(
        score,
        "" if score else "left_alone" if known.left_alone else "let_go",
        plan.base,
        factors,
        tuple(factor.name for factor, effect in zip(TABLE, effects, strict=True) if effect is None),
        stakes.brought(inputs, days[1] if revenue is not None else None, plan.means),
        inputs,
    )


def scores(
    rows: Iterable[Known], assumed: Assumptions, today: date, outcomes: Outcomes = NONE_YET
) -> Iterator[Score | None]:
    """The score of each row, in order; None for who is left alone or let go. Equal to `priority`'s."""
    plan = _plan(assumed, today, outcomes)
    return (_score(row, plan) for row in rows)


def measured(
    assumed: Assumptions, rows: Sequence[Known], today: date, outcomes: Outcomes = NONE_YET
) -> Assumptions:
    """The assumptions with what is usual in a list, its middle, and its level; that of a short one counts
    for less.
    """
    from statistics import median_low

    amounts: dict[str, list[float]] = {}
    lasting: dict[str, list[float]] = {}
    for row in rows:
        if revenue := spent(row.revenue, row.currency):
            yearly, years = lifetime(float(revenue), _days(row, today.toordinal())[1], 1)
            amounts.setdefault(row.currency, []).append(float(revenue))
            lasting.setdefault(row.currency, []).append(yearly * years)
    common = sorted(amounts, key=lambda code: (-len(amounts[code]), code))
    usual, brings = ({code: median_low(all_[code]) for code in common} for all_ in (amounts, lasting))
    assumed = compared(assumed._replace(usual=usual, brings=brings, level=0.0, middle=0.0), common)
    some = [row for row in rows[:: len(rows) // SAMPLE + 1] if _ranked(row)]
    if not some:
        return assumed
    plan = _plan(assumed, today, NONE_YET)
    mean = sum(exp(_moved(row, plan)) for row in some) / len(some)
    there = log(mean) * len(some) / (len(some) + BASE_CASES)
    plan = _plan(assumed, today, outcomes)
    return assumed._replace(level=there, middle=median_low(_moved(row, plan) for row in some) - there)


def compared(assumed: Assumptions, currencies: Iterable[str]) -> Assumptions:
    """The assumptions in the currency that people are compared in; the commonest of theirs comes first.

    That is the user's own where somebody has it or a rate leads into it. Where none does, the commonest
    takes its place: the rates and the cost of a contact are not in that one, so neither counts.
    """
    there = list(currencies)
    if not there or any(code == assumed.currency or code in assumed.rates for code in there):
        return assumed
    return assumed._replace(currency=there[0], rates={}, contact_cost=0)


def _moved(known: Known, plan: "_Plan") -> float:
    effects = _effects(
        known, plan, _days(known, plan.today), spent(known.revenue, known.currency, plan.usual)
    )
    return sum(effect for effect in effects if effect is not None)


def _ranked(known: Known) -> bool:
    return not (known.left_alone or known.verdict in LET_GO)


# -- how it is reckoned ----------------------------------------------------------------------


class _Plan(NamedTuple):
    """What is the same for everybody, worked out once. Lists by day or by number are quicker than marks."""

    today: int
    base: Base
    log_odds: float
    spread: float
    reasons: Mapping[str, float]
    own: Mapping[str, tuple[int, int]]
    recency: list[float]
    tenure: list[float]
    orders: list[float]
    usual: Mapping[str, float]
    means: Means


def _plan(assumed: Assumptions, today: date, outcomes: Outcomes) -> _Plan:
    base, spread = _base(assumed, outcomes)
    return _Plan(
        today.toordinal(),
        base,
        logit(base.rate) - base.level,
        spread,
        _reasons(base.rate, outcomes),
        {reason: _counted(*counts) for reason, counts in outcomes.by_reason.items()},
        steps("recency"),
        steps("tenure"),
        steps("orders"),
        assumed.usual,
        means(assumed),
    )


def means(assumed: Assumptions) -> Means:
    """What a value is reckoned with, as it is assumed."""
    margin, contact = within(assumed.margin, 0, 100) / 100, max(assumed.contact_cost, 0)
    return stakes.means(assumed.brings, margin, contact, assumed.currency, assumed.rates)


def _base(assumed: Assumptions, outcomes: Outcomes) -> tuple[Base, float]:
    """Where chances start, and its variance in log odds: a Beta with the assumption as its mean."""
    yearly = within(assumed.return_rate / 100, LEAST, MOST)
    mean = within(1 - (1 - yearly) ** (max(assumed.horizon_months, 1) / 12), LEAST, MOST)
    won, closed = _counted(outcomes.won, outcomes.closed)
    returned, stayed_away = BASE_CASES * mean + won, BASE_CASES * (1 - mean) + closed - won
    rate = returned / (returned + stayed_away)
    there = within(assumed.level, -5, 5)
    middle = chance_of(logit(rate) + within(assumed.middle, -20, 20))
    return Base(mean, rate, won, closed, there, middle), 1 / returned + 1 / stayed_away


def _counted(won: int, closed: int) -> tuple[int, int]:
    """Won and closed as they can be: none below nothing, no more won than closed."""
    closed = max(closed, 0)
    return min(max(won, 0), closed), closed


def _reasons(base: float, outcomes: Outcomes) -> dict[str, float]:
    """What each reason does to the odds: the table's word, shrunk toward by own cases as they come."""
    effects = dict(LOGS["reason"])
    for reason, counts in outcomes.by_reason.items():
        won, closed = _counted(*counts)
        if reason in effects and closed:
            mean = chance_of(logit(base) + effects[reason])
            effects[reason] = logit((REASON_CASES * mean + won) / (REASON_CASES + closed)) - logit(base)
    return effects


def _days(known: Known, today: int) -> tuple[int | None, int | None]:
    """Days since the last purchase, and from the first to it; None where they cannot be."""
    last = known.last.toordinal() if known.last else today + 1
    if last > today:
        return None, None
    first = known.first.toordinal() if known.first else last + 1
    return today - last, last - first if first <= last else None


def _effects(
    known: Known, plan: _Plan, days: tuple[int | None, int | None], revenue: int | None
) -> list[float | None]:
    """What each factor of the table does to the log odds, None where it is not known."""
    since, tenure = days
    orders, regularity = known.orders, known.regularity
    usual = plan.usual.get(known.currency) if revenue is not None else None
    history = [
        None if since is None else plan.recency[min(since, len(plan.recency) - 1)],
        None if orders is None or orders < 1 else plan.orders[min(orders, len(plan.orders) - 1)],
        level("spending", revenue / usual) if usual and revenue is not None else None,
        None if tenure is None else plan.tenure[min(tenure, len(plan.tenure) - 1)],
        level("regularity", regularity) if regularity is not None and 0 <= regularity < 1e9 else None,
    ]
    if known.cancelled:  # who said that it is over is not "probably still a customer"
        history = [None if effect is None else min(effect, 0.0) for effect in history]
    return [
        *history,
        LOGS["how_left"].get(known.how_left),
        LOGS["complaint"].get(known.complaint),
        _said("referrals", known.referred),
        _said("cancelled", known.cancelled),
        plan.reasons.get(known.reason.partition("/")[0]),
    ]


def _said(name: str, answer: bool | None) -> float | None:
    return None if answer is None else LOGS[name]["yes" if answer else "no"]


def _score(known: Known, plan: _Plan) -> Score | None:
    if not _ranked(known):
        return None
    days, revenue = _days(known, plan.today), spent(known.revenue, known.currency, plan.usual)
    log_odds, variance = plan.log_odds, plan.spread + DOUBT
    for effect, reach in zip(_effects(known, plan, days, revenue), REACH, strict=True):
        if effect is None:
            variance += reach
        else:
            log_odds += effect
    chance, wide = chance_of(log_odds), WIDE * variance**0.5
    # An end of the interval is never cut: what is concluded from it would rest on the cut.
    low, high = min(logistic(log_odds - wide), chance), max(logistic(log_odds + wide), chance)
    if known.answered is not None:
        given = stakes.inputs(known.answered, revenue, known.currency, days[1], plan.means)
        return Score(
            chance, low, high, *stakes.worked_out(given._replace(chance=(low, chance, high)), plan.means)
        )
    amount, rank = value(revenue, known.currency, days[1], chance, plan.means)
    return Score(chance, low, high, amount, rank, "" if amount is None else known.currency)


# -- how it is told --------------------------------------------------------------------------


def _values(known: Known, plan: _Plan) -> tuple[object, ...]:
    """The value of each factor of the table, as `Weighed` holds it."""
    since, tenure = _days(known, plan.today)
    revenue, usual = spent(known.revenue, known.currency, plan.usual), plan.usual.get(known.currency)
    return (
        since,
        known.orders,
        round(revenue / usual, 2) if usual and revenue is not None else None,
        tenure,
        known.regularity,
        known.how_left,
        known.complaint,
        known.referred,
        known.cancelled,
        known.reason,
    )


def _note(factor: Factor, known: Known, plan: _Plan, shown: object, effect: float | None) -> str:
    """What there is to say beside a factor: a value that cannot be, a multiplier held back, own cases."""
    name = factor.name
    if effect is None:
        return _not_counted(name, known, plan, shown)
    if factor.history and known.cancelled and effect == 0.0:
        return "held at 1: they cancelled"
    if name == "reason":
        won, closed = plan.own.get(known.reason.partition("/")[0], (0, 0))
        return f"{won} of {closed} of your own closed cases" if closed else ""
    return ""


def _not_counted(name: str, known: Known, plan: _Plan, shown: object) -> str:
    if name == "recency" and known.last:
        return "a day to come: not counted"
    if name == "tenure" and known.first and known.last:
        return "the days do not fit: not counted"
    if name == "spending" and known.revenue is not None:
        if spent(known.revenue, known.currency) is None:
            return "no such revenue: not counted"
        return "beyond belief: not counted" if known.currency in plan.usual else "not compared yet"
    return "no such value: not counted" if shown not in (None, "", "unknown") else ""
