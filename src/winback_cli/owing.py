"""What a case owes and when, whatever its status: made anew from its events, and kept beside its row.

Independent of the day, so that what is kept never goes stale.
"""

from datetime import date
from typing import NamedTuple

from winback_cli import dates, route, winners
from winback_cli.case import REACHED, Body, Case, items_of
from winback_cli.guards import Finding
from winback_cli.playbook import Playbook
from winback_cli.route import ATTEMPTS, Ask, Days, Place, Through, Waits
from winback_cli.stages import Stage

# How long after one catch-up the next is owed, by the cadence that was agreed (A7, E5, E8).
CADENCES = {
    "weekly": dates.Span(1, "w"),
    "monthly": dates.Span(1, "m"),
    "quarterly": dates.Span(3, "m"),
    "yearly": dates.Span(1, "y"),
}
CHECK_INS = "followed_up.check_ins"
_HEARD_OF = (*REACHED, "left_message")  # a call that was tried in vain is still owed
LOOK_AGAIN = dates.Span(3, "m")  # a case that sleeps until something happens is looked at then (B6.7)
TO_READ = (dates.Span(1, "bd"), dates.Span(2, "bd"))  # from a message to the call after it (B6.5)


class Due(NamedTuple):
    """Something that falls due: when it opens, by when it is owed, what it is; `ref` numbers it."""

    kind: str  # contact | call | promise | check_in | wake | touch | step | snoozed | flag
    opens_on: str
    due_on: str
    what: str
    ref: int = 0


class Standing(NamedTuple):
    """What the case row keeps beside the events: where the case stands and what it owes."""

    stage: str
    step: str
    dues: tuple[Due, ...]
    breaches: tuple[Finding, ...] | None  # None: as they were


def standing(playbook: Playbook, case: Case, weekend: frozenset[int]) -> Standing:
    """What the case row keeps: independent of the day, so that it never goes stale.

    A questionnaire of the firm's own owes nothing: its ideas have their days in the plan (E12).
    """
    days = Days(date(1900, 1, 1), weekend)
    there = route.place(playbook, case, days)
    step = playbook.steps[-1] if isinstance(there, Through) else there.step
    return Standing(
        step.stage.value,
        step.id,
        tuple(_dues(playbook, case, there, days)) if playbook.subject == "customer" else (),
        route.breaches(playbook, case, days),
    )


def _dues(playbook: Playbook, case: Case, there: Place, days: Days) -> list[Due]:
    if case.outcome == "suppressed":
        return []
    owed = [*_flags(case), *_promises(case), *_calls(case, days)]
    if case.outcome in ("lost", "released"):
        return owed
    agreed = _agreed(case)
    owed += agreed
    if case.status == "dormant":
        return [*owed, _wake(case)]
    if case.status == "closed":
        return owed if agreed else [*owed, *_after_win(case)]
    if case.snoozed:
        until = case.snoozed["until"]
        because = case.snoozed.get("because") or "take it up again"
        return [*owed, Due("snoozed", until, until, because)]
    if agreed and isinstance(there, Ask | Waits) and there.question.fact == CHECK_INS:
        return owed  # where the case stands is at those check-ins
    following = _next_due(playbook, case, there, days)
    if following.kind == "call":  # the walk waits for that call itself
        owed = [due for due in owed if due.kind != "call"]
    return [*owed, following]


def _wake(case: Case) -> Due:
    """When a sleeping case wakes: on its day; what waits for a trigger is looked at after a while."""
    until, trigger = case.closing.get("until"), case.closing.get("trigger")
    if until:
        return Due("wake", until, until, f"wake: {trigger or 'see whether the time has come'}")
    day = LOOK_AGAIN.after(date.fromisoformat(case.closed_on)).isoformat()
    return Due("wake", day, day, f"has it happened: {trigger or 'see whether the time has come'}")


def _check_ins(case: Case) -> list[tuple[int, Body]]:
    """The catch-ups that have a day, with their numbers, the earliest first."""
    dated = [(n, c) for n, c in items_of(case.facts.get(CHECK_INS)) if c.get("agreed_for")]
    return sorted(dated, key=lambda one: one[1]["agreed_for"])


def _agreed(case: Case) -> list[Due]:
    """The catch-ups that were agreed and are neither kept nor missed yet, whatever the case does (A7)."""
    return [
        Due("check_in", c["agreed_for"], c["agreed_for"], "check-in agreed", n)
        for n, c in _check_ins(case)
        if c.get("kept") is None
    ]


def _after_win(case: Case) -> list[Due]:
    """The contact that goes on after a win, as often as was agreed, else by their value (E8)."""
    first = case.closing.get("until") or case.facts.get("followed_up.next_contact_on")
    spoken = [c["agreed_for"] for _, c in _check_ins(case) if c.get("kept")]
    spoken += [touch["on"] for touch in case.touches if touch.get("disposition") in REACHED]
    last = max((day for day in spoken if day >= (first or case.closed_on)), default="")
    agreed, top_fifth = case.facts.get("followed_up.cadence"), bool(case.closing.get("top_fifth"))
    cadence = CADENCES[winners.cadence(agreed, top_fifth)]
    again = "" if last else first or ""
    if not again:
        again = cadence.after(date.fromisoformat(last or case.closed_on)).isoformat()
    return [Due("check_in", again, again, "stay in touch after the win")]


def _flags(case: Case) -> list[Due]:
    """The reason they once left for is back, until somebody has spoken to them since (E8)."""
    back = [(n, c) for n, c in _check_ins(case) if c.get("same_reason")]
    if not back:
        return []
    number, day = back[-1][0], back[-1][1]["agreed_for"]
    told = max((a.seq for a in case.answers.values() if a.fact == CHECK_INS), default=0)
    talks = [touch for touch in case.touches if touch.get("disposition") in REACHED]
    since = any(touch["on"] > day or (touch["on"] == day and touch["seq"] > told) for touch in talks)
    if since or any(c["agreed_for"] > day and c.get("kept") for _, c in _check_ins(case)):
        return []
    reason = (case.facts.get("classified.reason") or "").partition("/")[0].replace("_", " ")
    what = f"the old reason is back: {reason}" if reason else "the old reason is back"
    return [Due("flag", day, day, what, number)]


def _calls(case: Case, days: Days) -> list[Due]:
    """The call after a message that shows what has changed, or that a fix is done, a day or two later,
    until they were spoken to or left word (B6.5).
    """
    told = [one for one in case.sent if one.get("stage") in ("fixed", "revisit")][-1:]
    if not told or (case.known("revisited.called_on") and told[0]["stage"] == "revisit"):
        return []
    if any(t["seq"] > told[0]["seq"] and t.get("disposition") in _HEARD_OF for t in case.touches):
        return []
    day = date.fromisoformat(told[0]["on"])
    opens, due = (span.after(day, days.weekend).isoformat() for span in TO_READ)
    what = "call about the fix that is done" if told[0]["stage"] == "fixed" else "call to thank them"
    return [Due("call", opens, due, what, told[0]["message"])]


def _promises(case: Case) -> list[Due]:
    return [
        Due("promise", c["due"], c["due"], c["what"], c["n"])
        for c in case.commitments
        if c["state"] == "open" and c.get("due")
    ]


def _next_due(playbook: Playbook, case: Case, there: Place, days: Days) -> Due:
    """The next act of an open case."""
    if isinstance(there, Waits):
        in_list = there.question.spec.kind == "items"
        kind = "check_in" if in_list else "call"
        what = "check-in agreed" if in_list else there.question.spec.what
        return Due(kind, there.until.isoformat(), there.due.isoformat(), what)
    if isinstance(there, Through):
        return Due("step", case.opened_on, case.opened_on, "close the case")
    if not case.reached and case.touches:
        again = dates.add_business_days(
            date.fromisoformat(case.touches[-1]["on"]), 1, days.weekend
        ).isoformat()
        what = "try again" if len(case.touches) < ATTEMPTS else "try again, or let it rest"
        return Due("touch", again, again, what)
    owed = route.clock(playbook, case, days)
    if owed and there.step.stage in (Stage.BACKSTORY, Stage.CONTACT):
        return Due("contact", case.opened_on, owed[0].isoformat(), "first contact")
    return Due("step", case.opened_on, case.opened_on, f"go on: {there.step.title}")
