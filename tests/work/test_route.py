"""Where a case stands in its playbook, what stops it, and what falls due."""

from datetime import date
from typing import Any

import pytest

from tests.work.scripted import (
    BACKSTORY,
    CALL,
    CLASSIFY,
    CONTACT,
    DECIDE,
    FOLLOW_UP,
    LISTEN,
    MONDAY,
    QUIT,
    SKIP,
    STANDARD,
    TO_THE_MESSAGE,
    Said,
    Walked,
    override,
    walk,
)
from winback_cli import owing, route
from winback_cli.case import Case, Entry
from winback_cli.dates import add_months
from winback_cli.owing import Due
from winback_cli.route import Days

WEEKEND = frozenset({5, 6})
TODAY = Days(MONDAY)
TUESDAY = date(2026, 3, 3)
REFUSED = CONTACT | {"contact.disposition": "refused"}


def place(case: Case, today: date = MONDAY) -> route.Place:
    return route.place(STANDARD, case, Days(today))


def where(case: Case, today: date = MONDAY) -> tuple[str, str]:
    """The kind of place, and the step or question it is at."""
    there = place(case, today)
    at = getattr(there, "step", None)
    question = getattr(there, "question", None)
    name = f"{at.id}.{question.key}" if question else (at.id if at else "")
    return type(there).__name__, name


def after(walked: Walked, *entries: Entry) -> Case:
    """The case once these were recorded too."""
    walked.journal.record(entries)
    return walked.journal.case()


def dues(case: Case) -> list[Due]:
    return list(owing.standing(STANDARD, case, WEEKEND).dues)


def kinds(case: Case) -> list[tuple[str, str]]:
    return [(due.kind, due.due_on) for due in dues(case)]


# -- place -----------------------------------------------------------------------------------


def test_a_new_case_stands_at_the_first_question() -> None:
    assert where(walk({"backstory.how_left": QUIT}).case) == ("Ask", "backstory.how_left")


def test_a_step_whose_questions_were_all_put_is_to_be_reviewed() -> None:
    assert where(walk(BACKSTORY | {"review backstory": QUIT}).case) == ("Review", "backstory")


def test_a_list_stands_at_the_part_of_the_entry_that_is_missing() -> None:
    there = place(walk(BACKSTORY | {"backstory.landmines[1].explanation": QUIT}).case)

    assert isinstance(there, route.Ask)
    assert there.field is not None
    assert (there.item, there.field.name) == (1, "explanation")


def test_a_step_whose_guard_is_not_content_is_a_gate() -> None:
    walked = walk(
        BACKSTORY
        | {"backstory.internal_view": SKIP, "review backstory": override("new"), "gate contact": QUIT}
    )

    there = place(walked.case)

    assert isinstance(there, route.Gate)
    assert (there.step.id, there.question, [f.guard for f in there.findings]) == (
        "contact",
        None,
        ["needs"],
    )


def test_after_the_message_the_case_waits_for_the_day_of_the_call() -> None:
    case = walk(TO_THE_MESSAGE).case

    there = place(case)

    assert isinstance(there, route.Waits)
    assert (there.until, there.due) == (date(2026, 3, 3), date(2026, 3, 4))
    assert where(case, TUESDAY) == ("Ask", "revisit.called_on")


def test_an_agreed_check_in_waits_for_its_day() -> None:
    case = walk(BACKSTORY | REFUSED | CLASSIFY | {"follow_up.check_ins[1].agreed_for": "+1w"}).case

    there = place(case)

    assert isinstance(there, route.Waits)
    assert there.until == there.due == date(2026, 3, 9)
    assert there.finding is None
    assert where(case, date(2026, 3, 9)) == ("Ask", "follow_up.check_ins")


@pytest.mark.parametrize(
    ("script", "steps"),
    [
        (BACKSTORY | CONTACT, ["contact", "listen"]),
        (BACKSTORY | REFUSED, ["contact", "classify", "follow_up"]),
        (BACKSTORY | CONTACT | {"listen.refused": "yes"}, ["contact", "listen", "classify", "follow_up"]),
        (BACKSTORY | {"backstory.worth_it": "no"}, ["follow_up"]),
        (BACKSTORY | {"backstory.known_already": "yes"}, ["listen"]),
        (
            BACKSTORY | CONTACT | LISTEN | CLASSIFY | DECIDE | {"decide.verdict": "release"},
            ["contact", "listen", "classify", "decide", "follow_up"],
        ),
    ],
    ids=["reached", "refused on the phone", "in peace", "not worth it", "known already", "released"],
)
def test_the_steps_that_apply_follow_from_what_is_known(script: dict[str, Said], steps: list[str]) -> None:
    everything = {"listen.thanked": "yes", **CLASSIFY}

    walked = walk(everything | script)

    assert walked.who.steps()[1 : len(steps) + 1] == steps


def test_a_case_with_every_step_done_is_through() -> None:
    case = walk(BACKSTORY | {"backstory.worth_it": "no", "follow_up.lesson": "x"}).case

    assert where(case) == ("Through", "")


# -- missing, completing, closing ------------------------------------------------------------


def missing(case: Case, step_id: str) -> list[str]:
    step = STANDARD.step(step_id)
    assert step is not None
    return [question.key for question in route.missing(step, case)]


def test_required_questions_that_were_skipped_are_missing() -> None:
    walked = walk(
        BACKSTORY | {"backstory.told_by": SKIP, "backstory.left_on": SKIP, "review backstory": QUIT}
    )

    assert missing(walked.case, "backstory") == ["told_by"]


def test_a_question_whose_condition_does_not_hold_is_not_missing() -> None:
    assert "complaints" in missing(Case("x", facts={"heard.complained": True}), "listen")
    assert "complaints" not in missing(Case("x", facts={"heard.complained": False}), "listen")
    assert "complaints" not in missing(Case("x"), "listen")


def test_a_required_answer_that_was_excused_is_not_missing() -> None:
    walked = walk(BACKSTORY | {"backstory.told_by": SKIP, "review backstory": QUIT})

    case = after(
        walked,
        Entry(
            "overridden",
            {"step": "backstory", "question": "told_by", "guard": "required", "because": "x"},
        ),
    )

    assert missing(case, "backstory") == []


def test_a_list_whose_entries_were_all_taken_out_is_missing() -> None:
    case = Case("x", facts={"revisited.changes": [{"what": "A", "removed": True}]})

    assert "changes" in missing(case, "revisit")


def test_nothing_stops_a_case_from_closing_that_reached_nobody() -> None:
    case = walk(BACKSTORY | {"contact.on": QUIT}).case

    assert route.closing(STANDARD, case, TODAY) == ()


def test_a_talk_without_a_follow_up_stops_the_closing() -> None:
    case = walk(BACKSTORY | CONTACT).case

    assert [finding.guard for finding in route.closing(STANDARD, case, TODAY)] == ["at_least"]


def test_a_breach_is_found_in_steps_that_are_done_overridden_or_not() -> None:
    slipped = walk(
        BACKSTORY
        | CONTACT
        | {"contact.slipped": "apology", "review contact": override("x"), "listen.refused": QUIT}
    )
    clean = walk(BACKSTORY | CONTACT | {"listen.refused": QUIT})

    assert [f.guard for f in route.breaches(STANDARD, slipped.case, TODAY)] == ["not_here"]
    assert route.breaches(STANDARD, clean.case, TODAY) == ()


def test_a_late_contact_is_a_breach_too_though_it_only_warns() -> None:
    late = walk(BACKSTORY | CONTACT | {"backstory.complained_on": "2026-02-02", "listen.refused": QUIT})

    assert [(f.guard, f.level) for f in route.breaches(STANDARD, late.case, TODAY)] == [("clock", "warn")]


# -- the clock -------------------------------------------------------------------------------


def test_the_clock_runs_until_somebody_tried() -> None:
    waiting = walk(BACKSTORY | {"contact.on": QUIT})
    tried = walk(BACKSTORY | {"contact.disposition": "no answer"})

    running = route.clock(STANDARD, waiting.case, TODAY)
    assert running is not None
    assert running[0] == date(2026, 3, 2)
    assert route.clock(STANDARD, tried.case, TODAY) is None


def test_no_clock_runs_for_who_lapsed_quietly() -> None:
    lapsed = walk(BACKSTORY | {"backstory.how_left": "lapsed", "contact.on": QUIT})

    assert route.clock(STANDARD, lapsed.case, TODAY) is None


# -- the ending that suggests itself ---------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "ending"),
    [
        ({"heard.reconsidered": True}, "won"),
        ({"revisited.response": "coming_back"}, "won"),
        ({"decided.verdict": "release"}, "released"),
        ({"backstory.worth_it": "no"}, "released"),
        ({"contacted.disposition": "refused"}, "dormant"),
        ({"revisited.response": "not_now"}, "dormant"),
        ({}, "dormant"),
    ],
)
def test_the_ending_suggests_itself_from_the_way(facts: dict[str, Any], ending: str) -> None:
    assert route.suggested_ending(Case("x", facts=facts)) == ending


# -- what falls due --------------------------------------------------------------------------


def test_a_new_case_goes_on_the_day_it_was_opened() -> None:
    assert kinds(walk({"backstory.how_left": QUIT}).case) == [("step", "2026-03-02")]


def test_the_first_contact_falls_due_by_the_clock() -> None:
    (due,) = dues(walk(BACKSTORY | {"contact.on": QUIT}).case)

    assert (due.kind, due.due_on) == ("contact", "2026-03-02")


def test_after_an_attempt_the_next_falls_due_on_the_next_business_day() -> None:
    friday = date(2026, 3, 6)

    (due,) = dues(walk(BACKSTORY | {"contact.disposition": "no answer"}, today=friday).case)

    assert (due.kind, due.opens_on, due.due_on) == ("touch", "2026-03-09", "2026-03-09")


def test_the_call_opens_a_day_after_the_message_and_is_owed_a_day_later() -> None:
    (due,) = dues(walk(TO_THE_MESSAGE).case)

    assert (due.kind, due.opens_on, due.due_on) == ("call", "2026-03-03", "2026-03-04")


def test_an_open_promise_falls_due_beside_the_next_act_and_a_kept_one_does_not() -> None:
    promised = TO_THE_MESSAGE | {
        "revisit.changes[1].done": "no",
        "revisit.changes[1].owner": "Jonas",
        "revisit.changes[1].due": "+10d",
    }
    walked = walk(promised)

    before = kinds(walked.case)
    kept = kinds(after(walked, Entry("kept", {"item": 1})))

    assert before == [("promise", "2026-03-12"), ("call", "2026-03-04")]
    assert kept == [("call", "2026-03-04")]


def test_a_check_in_falls_due_on_its_day() -> None:
    case = walk(BACKSTORY | REFUSED | CLASSIFY | {"follow_up.check_ins[1].agreed_for": "+1w"}).case

    assert kinds(case) == [("check_in", "2026-03-09")]


def dormant(**closing: Any) -> Case:
    return after(walk(BACKSTORY | {"contact.on": QUIT}), Entry("closed", {"outcome": "dormant", **closing}))


def test_a_dormant_case_wakes_on_its_day() -> None:
    (due,) = dues(dormant(until="2026-09-01", trigger="their contract ends"))

    assert (due.kind, due.due_on) == ("wake", "2026-09-01")
    assert "their contract ends" in due.what


def test_a_case_that_sleeps_until_something_happens_is_looked_at_after_three_months() -> None:
    case = dormant(trigger="the new firm slips")

    (due,) = dues(case)

    assert (due.kind, due.what) == ("wake", "has it happened: the new firm slips")
    assert due.due_on == add_months(date.fromisoformat(case.closed_on), 3).isoformat()


def won(*entries: Entry) -> Case:
    """A case that was won, with a monthly cadence and a first contact agreed for 10 January 2027."""
    often = {"question": "follow_up.cadence", "fact": "followed_up.cadence", "value": "monthly"}
    closed = Entry("closed", {"outcome": "won", "until": "2027-01-10"})
    return after(walk(TO_THE_MESSAGE), Entry("answered", often), closed, *entries)


def check_in(number: int, **value: object) -> Entry:
    body = {"question": "follow_up.check_ins", "fact": "followed_up.check_ins"}
    return Entry("checked_in", body | {"item": number, "value": value})


def owed(case: Case, kind: str) -> list[str]:
    return [due.due_on for due in dues(case) if due.kind == kind]


def test_after_a_win_the_next_check_in_falls_due_by_the_cadence() -> None:
    kept = check_in(1, agreed_for="2027-01-11", kept=True)

    assert owed(won(), "check_in") == ["2027-01-10"]
    assert owed(won(kept), "check_in") == ["2027-02-11"]
    assert owed(won(kept, check_in(2, agreed_for="2027-01-20")), "check_in") == ["2027-01-20"]


def test_the_old_reason_that_comes_back_is_flagged_until_somebody_spoke_to_them() -> None:
    back = check_in(1, agreed_for="2027-01-11", kept=True, same_reason=True)
    spoken = Entry("touched", {"channel": "phone", "disposition": "reached"}, "2027-01-12")
    in_vain = Entry("touched", {"channel": "phone", "disposition": "no_answer"}, "2027-01-12")

    assert owed(won(back), "flag") == owed(won(back, in_vain), "flag") == ["2027-01-11"]
    assert owed(won(back, spoken), "flag") == []


def test_a_message_about_a_fix_makes_a_call_due_a_day_or_two_later() -> None:
    asleep = Entry("closed", {"outcome": "dormant", "until": "2027-06-01"})
    told = Entry("sent", {"message": 1, "stage": "fixed", "subject": "It is done"}, "2026-11-26")
    in_vain = Entry("touched", {"channel": "phone", "disposition": "no_answer"}, "2026-11-27")
    word_left = Entry("touched", {"channel": "phone", "disposition": "left_message"}, "2026-11-27")
    case = after(walk(BACKSTORY | {"contact.on": QUIT}), asleep, told)

    (call,) = [due for due in dues(case) if due.kind == "call"]

    assert (call.opens_on, call.due_on) == ("2026-11-27", "2026-11-30")
    for tried, left in ((in_vain, ["2026-11-30"]), (word_left, [])):
        assert owed(after(walk(BACKSTORY | {"contact.on": QUIT}), asleep, told, tried), "call") == left


@pytest.mark.parametrize("outcome", ["lost", "released", "suppressed"])
def test_a_case_that_is_over_owes_nothing(outcome: str) -> None:
    case = after(walk(BACKSTORY | {"contact.on": QUIT}), Entry("closed", {"outcome": outcome}))

    assert dues(case) == []


@pytest.mark.parametrize(("outcome", "owed"), [("lost", True), ("released", True), ("suppressed", False)])
def test_a_promise_outlives_its_case_but_not_a_suppression(outcome: str, owed: bool) -> None:
    promised = TO_THE_MESSAGE | {
        "revisit.changes[1].done": "no",
        "revisit.changes[1].owner": "Jonas",
        "revisit.changes[1].due": "+10d",
    }

    case = after(walk(promised), Entry("closed", {"outcome": outcome}))

    assert kinds(case) == ([("promise", "2026-03-12")] if owed else [])


def test_after_a_win_the_next_contact_falls_due() -> None:
    first = walk(TO_THE_MESSAGE | CALL | {"revisit.sent_on": "-5d"} | FOLLOW_UP)
    won = walk(FOLLOW_UP, first.journal, date(2026, 3, 9))

    assert won.case.outcome == "won"
    assert kinds(won.case) == [("check_in", "2026-04-09")]


def test_a_snoozed_case_shows_its_snooze_and_its_promises() -> None:
    walked = walk(BACKSTORY | {"contact.on": QUIT})

    case = after(walked, Entry("snoozed", {"until": "2026-04-01", "because": "holidays"}))

    assert [(due.kind, due.due_on, due.what) for due in dues(case)] == [
        ("snoozed", "2026-04-01", "holidays")
    ]


def test_a_snooze_ends_when_the_case_is_worked_on() -> None:
    first = walk(BACKSTORY | {"contact.on": QUIT})
    first.journal.record([Entry("snoozed", {"until": "2026-03-03"})])

    second = walk(CONTACT | LISTEN | CLASSIFY | DECIDE | TO_THE_MESSAGE, first.journal, date(2026, 3, 4))

    assert [due.kind for due in dues(second.case)] == ["call"]


def test_where_a_case_stands_is_kept_with_its_stage_and_step() -> None:
    standing = owing.standing(STANDARD, walk(TO_THE_MESSAGE).case, WEEKEND)

    assert (standing.stage, standing.step) == ("revisit", "revisit")


def test_what_is_kept_does_not_depend_on_the_day() -> None:
    case = walk(TO_THE_MESSAGE).case

    early, late = owing.standing(STANDARD, case, WEEKEND), owing.standing(STANDARD, case, WEEKEND)

    assert early == late
    assert place(case, MONDAY) != place(case, TUESDAY)


# -- the second round ------------------------------------------------------------------------


def test_a_woken_case_that_was_heard_goes_through_the_follow_up_again() -> None:
    heard = walk(BACKSTORY | CONTACT | LISTEN | {"classify.reason": QUIT}).case

    assert route.new_round(STANDARD, heard)["steps"] == ["follow_up"]


@pytest.mark.parametrize(
    "script", [BACKSTORY | {"contact.on": QUIT}, BACKSTORY | CONTACT | {"listen.refused": "yes"}]
)
def test_a_woken_case_that_was_not_heard_is_contacted_anew(script: dict[str, Said]) -> None:
    case = walk(script).case

    assert route.new_round(STANDARD, case)["steps"][:2] == ["contact", "listen"]


def test_a_case_refused_in_the_walk_is_contacted_anew_when_it_wakes() -> None:
    slept = walk(
        BACKSTORY
        | REFUSED
        | CLASSIFY
        | {"follow_up.lesson": "x", "follow_up.next_contact_on": "+6m", "review follow_up": override("y")}
    )

    woken = walk({"contact.on": QUIT}, _woken(slept), date(2026, 9, 1))

    assert slept.case.status == "dormant"
    assert woken.who.asked == ["contact.on"]


def test_a_case_refused_in_a_logged_touch_is_contacted_anew_when_it_wakes() -> None:
    first = walk(BACKSTORY | {"contact.on": QUIT})
    logged = {"disposition": "refused", "channel": "phone", "person": "Ines"}
    first.journal.record([Entry("touched", logged, "2026-03-02")])
    slept = walk(
        CLASSIFY
        | {
            "contact.slipped": "none",
            "follow_up.lesson": "x",
            "follow_up.next_contact_on": "+6m",
            "review follow_up": override("y"),
        },
        first.journal,
    )

    woken = walk({"contact.on": QUIT}, _woken(slept), date(2026, 9, 1))

    assert woken.who.asked[:1] == ["contact.on"]


def _woken(slept: Walked) -> Any:
    again = route.new_round(STANDARD, slept.case)
    slept.journal.record([Entry("reopened", {"because": "walked again", **again})])
    return slept.journal
