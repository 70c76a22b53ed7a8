"""How somebody can be reached (C4): which contact points are offered, and what a touch says of one.

A point nobody checked turns stale by age, which is computed where it is shown and never kept; a call
to a wrong number and a bounced message are kept, as the state of the point they went to.
"""

from collections.abc import Mapping, Sequence

from winback_cli.case import Body
from winback_cli.customer import ContactPoint, canonical
from winback_cli.phones import digits

FAILED = ("wrong_number", "bounced")  # dispositions after which a contact point is stale
_KIND_OF = {"phone": "phone", "message": "phone", "email": "email", "letter": "address"}
_RANKS = {"good": 0, "unchecked": 1, "stale": 2, "invalid": 3}
_KINDS = ("phone", "email", "address")
SHORTEST = 6  # digits by which the end of a number stands for all of it


def aged(points: Sequence[ContactPoint], last_purchase: str | None, cutoff: str) -> list[ContactPoint]:
    """The points as they are shown: those nobody checked are stale after a purchase before `cutoff`."""
    old = bool(last_purchase) and str(last_purchase) < cutoff
    return [p._replace(state="stale") if old and p.state == "unchecked" else p for p in points]


def best_first(points: Sequence[ContactPoint]) -> list[ContactPoint]:
    """Good ones, then unchecked, stale and invalid ones; otherwise in their order."""
    return sorted(points, key=lambda point: _RANKS.get(point.state, 1))


def offered(points: Sequence[ContactPoint]) -> list[ContactPoint]:
    """What to try, phones first: a stale one only where there is no better of its kind, an invalid
    one never.
    """
    found: list[ContactPoint] = []
    for kind in _KINDS:
        of_kind = best_first([point for point in points if point.kind == kind])
        usable = [point for point in of_kind if point.state in ("good", "unchecked")]
        found += usable or [point for point in of_kind if point.state == "stale"]
    return found


def told(point: ContactPoint) -> str:
    """A point in words, with its state where that is bad news."""
    return point.value if point.state in ("good", "unchecked") else f"{point.value} ({point.state})"


def kind_of(channel: str | None) -> str | None:
    """The kind of contact point that a channel goes to; None where it goes to none."""
    return _KIND_OF.get(channel or "")


def named(points: Sequence[ContactPoint], channel: str, said: str) -> ContactPoint | None:
    """The one point of that channel that was typed, whole or, of a number, its last digits."""
    of_kind = [point for point in points if point.kind == kind_of(channel)]
    exact = [p for p in of_kind if canonical(p) == canonical(ContactPoint(p.kind, said))]
    if exact:
        return exact[0]
    end = digits(said).lstrip("0")
    ends = [
        p for p in of_kind if p.kind == "phone" and len(end) >= SHORTEST and digits(p.value).endswith(end)
    ]
    return ends[0] if len(ends) == 1 else None


def failed(points: Mapping[str, ContactPoint], touch: Body) -> str | None:
    """The place of the point that a touch found wrong: the one it names, else the first usable one."""
    if touch.get("disposition") not in FAILED:
        return None
    kind = kind_of(touch.get("channel"))
    mine = {place: point for place, point in points.items() if point.kind == kind}
    if at := touch.get("at"):
        return next((place for place, point in mine.items() if point.value == at), None)
    usable = [place for place, point in mine.items() if point.state in ("good", "unchecked")]
    return min(usable, key=lambda place: (_RANKS[mine[place].state], int(place)), default=None)
