"""How well the priority score tells who comes back, on purchases of which one knows how it went on.

    python tests/bench/priority.py CDNOW_sample.txt [--tune]

The file is the public CDNOW sample: customer of the master list, of the sample, day, CDs, dollars. Whoever
has not bought for 90 or for 180 days on the cut day has lapsed; did they buy again within the horizon?
Nothing of the file is kept. Even customer numbers are the half that history multipliers may be tuned on
(`--tune` tries scales of them), odd ones the half that is reported; the whole set is given too. Ties count
half in the AUC and evenly in the lift.
"""

import itertools
import math
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import mean, pstdev
from typing import NamedTuple

from winback_cli.odds import TABLE
from winback_cli.priority import Assumptions, Known, measured, priority, scores

CUTS = ((date(1997, 9, 30), 273), (date(1997, 12, 31), 181), (date(1997, 6, 30), 365))
HISTORY = [factor.name for factor in TABLE if factor.history]


class Purchase(NamedTuple):
    day: date
    cents: int


class Lapsed(NamedTuple):
    """Somebody as they stood on the cut day, and what they spent within the horizon, None for nothing."""

    number: int
    known: Known
    since: int
    later: int | None


def purchases(path: Path) -> dict[int, list[Purchase]]:
    """The purchases of each customer of the sample, by day."""
    found: dict[int, list[Purchase]] = {}
    for line in path.read_text("ascii").splitlines():
        words = line.split()
        if len(words) == 5:
            day = date(int(words[2][:4]), int(words[2][4:6]), int(words[2][6:]))
            found.setdefault(int(words[1]), []).append(Purchase(day, round(float(words[4]) * 100)))
    return {number: sorted(each) for number, each in found.items()}


def known(before: list[Purchase]) -> Known:
    """What a shop would know; purchases of one day are one order."""
    days = sorted({one.day for one in before})
    gaps = [(later - day).days for day, later in itertools.pairwise(days)]
    strays = pstdev(gaps) / mean(gaps) if len(gaps) > 1 else None
    return Known(days[-1], days[0], len(days), sum(one.cents for one in before), "USD", strays)


def lapsed(all_: dict[int, list[Purchase]], cut: date, days: int, horizon: int) -> list[Lapsed]:
    end, found = cut + timedelta(horizon), []
    for number, each in all_.items():
        before = [one for one in each if one.day <= cut]
        after = [one.cents for one in each if cut < one.day <= end]
        if before and (since := (cut - before[-1].day).days) >= days:
            found.append(Lapsed(number, known(before), since, sum(after) if after else None))
    return found


# -- measures --------------------------------------------------------------------------------


def auc(marks: Sequence[float], came: Sequence[bool]) -> float:
    """How often one who came back is marked above one who did not; half for a tie."""
    place, total = 1, 0.0
    for _, tied in itertools.groupby(sorted(zip(marks, came, strict=True)), key=lambda pair: pair[0]):
        group = [back for _, back in tied]
        total += sum(group) * (place + (len(group) - 1) / 2)
        place += len(group)
    back = sum(came)
    return (total - back * (back + 1) / 2) / (back * (len(came) - back))


def caught(marks: Sequence[float], gains: Sequence[float], share: float = 0.1) -> float:
    """The part of the gains that lies with the highest marked share; ties shared out evenly."""
    left, got = len(marks) * share, 0.0
    ranked = sorted(zip(marks, gains, strict=True), key=lambda pair: -pair[0])
    for _, tied in itertools.groupby(ranked, key=lambda pair: pair[0]):
        group = [gain for _, gain in tied]
        taken = min(len(group), left)
        got, left = got + sum(group) * taken / len(group), left - taken
    return got / sum(gains)


def quintile(values: Sequence[float]) -> list[int]:
    ordered = sorted(values)
    return [bisect_left(ordered, value) * 5 // len(ordered) + 1 for value in values]


def rfm(people: Sequence[Lapsed]) -> list[float]:
    """The sum of the quintiles of recency, frequency and money, equal values in one."""
    parts = (
        [-float(one.since) for one in people],
        [float(one.known.orders or 0) for one in people],
        [float(one.known.revenue or 0) for one in people],
    )
    return [float(sum(each)) for each in zip(*map(quintile, parts), strict=True)]


def ours(people: Sequence[Lapsed], cut: date, rate: float = 5) -> tuple[list[float], list[float]]:
    """The chance of each, and what each is ranked by."""
    rows = [one.known for one in people]
    found = list(scores(rows, measured(Assumptions(rate, currency="USD"), rows, cut), cut))
    return [one.chance for one in found if one], [one.rank for one in found if one]


# -- what is printed -------------------------------------------------------------------------


def report(people: list[Lapsed], cut: date, name: str) -> None:
    came = [one.later is not None for one in people]
    chance, rank = ours(people, cut)
    ways = (
        ("score", chance),
        ("recency", [-float(one.since) for one in people]),
        ("RFM", rfm(people)),
        ("by value", rank),
    )
    told = [
        f"{way} {auc(marks, came):.3f} / {caught(marks, came) * 10:.2f} / "
        f"{caught(marks, [one.later or 0 for one in people]):.0%}"
        for way, marks in ways
    ]
    print(f"  {name:<12} {len(people):>5} {mean(came):>5.0%}  {'  '.join(told)}")


def level(people: list[Lapsed], cut: date) -> None:
    """Whether chances are of the right height, where the base rate is the one that came true."""
    true = mean(one.later is not None for one in people)
    chance, _ = ours(people, cut, true * 100)
    fifths = sorted(zip(chance, [one.later is not None for one in people], strict=True))
    size = len(fifths) / 5
    parts = [fifths[round(n * size) : round((n + 1) * size)] for n in range(5)]
    told = "  ".join(f"{mean(c for c, _ in part):.0%}: {mean(b for _, b in part):.0%}" for part in parts)
    print(f"  said: came true, by fifths   {told}   (all {mean(chance):.1%}: {true:.1%})")


def halves(people: list[Lapsed]) -> tuple[list[Lapsed], list[Lapsed]]:
    return [one for one in people if one.number % 2 == 0], [one for one in people if one.number % 2]


def tune(people: list[Lapsed], cut: date) -> None:
    """Each history factor at nothing, half, as it is and one and a half: best on the even half."""
    rows = [one.known for one in people]
    assumed = measured(Assumptions(currency="USD"), rows, cut)
    logs = {
        one.number: [
            math.log(w.multiplier) for w in priority(one.known, assumed, cut).factors[: len(HISTORY)]
        ]
        for one in people
    }

    def fit(group: list[Lapsed], scale: Sequence[float]) -> tuple[float, float]:
        marks = [sum(s * e for s, e in zip(scale, logs[one.number], strict=True)) for one in group]
        came = [one.later is not None for one in group]
        return auc(marks, came), caught(marks, came) * 10

    even, odd = halves(people)
    tried = sorted(itertools.product((0, 0.5, 1, 1.5), repeat=len(HISTORY)), key=lambda s: -fit(even, s)[0])
    print(f"\nscales of {', '.join(HISTORY)}: even half, odd half")
    for scale in [*tried[:5], (1,) * len(HISTORY)]:
        print(
            f"  {scale}: {'  '.join(f'{a:.3f} / {b:.2f}' for a, b in (fit(even, scale), fit(odd, scale)))}"
        )


def per_million(rows: list[Known], today: date) -> tuple[float, float]:
    """Seconds for a million: the list's way, and one by one with everything told."""
    many = (rows * (200_000 // len(rows) + 1))[:200_000]
    assumed = measured(Assumptions(currency="USD"), many, today)
    return _took(lambda: sum(1 for _ in scores(many, assumed, today))) * 5, _took(
        lambda: [priority(one, assumed, today) for one in many[:5_000]]
    ) * 200


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(path: Path, tuning: bool) -> None:
    all_ = purchases(path)
    print("AUC / lift at 10 % / part of the later revenue that the first 10 % brought")
    for cut, horizon in CUTS:
        for days in (90, 180):
            people = lapsed(all_, cut, days, horizon)
            if len(people) < 100:  # everybody's first purchase was in the quarter before
                continue
            print(f"\n{cut}, lapsed {days} days, back within {horizon}: people, came back")
            for name, group in zip(
                ("even (tuned)", "odd", "whole set"), (*halves(people), people), strict=True
            ):
                report(group, cut, name)
            level(people, cut)
    people = lapsed(all_, *CUTS[0][:1], 90, CUTS[0][1])
    if tuning:
        tune(people, CUTS[0][0])
    quick, told = per_million([one.known for one in people], CUTS[0][0])
    print(f"\na million: {quick:.1f} s by scores(), {told:.0f} s one by one with everything told")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--tune" in sys.argv[2:])
