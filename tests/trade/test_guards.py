"""Each guard stops where it should, and nowhere else."""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tests.trade.making import knowing
from winback_cli import dates, guards, route
from winback_cli.case import Case
from winback_cli.guards import AnyGuard, Guard, Moment, When
from winback_cli.playbook import Question, Step

MONDAY = date(2026, 3, 2)
POINTS = ("enter", "ask", "complete", "close")
SAID = {"say": "Do it.", "why": "Because."}
READ: TypeAdapter[Guard] = TypeAdapter(AnyGuard)


def guard(**given: Any) -> Guard:
    return READ.validate_python(given | SAID)


def moment(case: Case, today: date = MONDAY, prefix: str = "", fact: str = "") -> Moment:
    return Moment(case, today, dates.WEEKEND, prefix, fact)


def stopped_at(one: Guard, at: Moment) -> list[str]:
    """The points at which a guard finds fault."""
    return [point for point in POINTS if one.stops(point, at)]


# -- needs -----------------------------------------------------------------------------------

NEEDS = guard(needs="backstory.internal_view")


def test_needs_stops_entering_and_asking_until_the_fact_is_known() -> None:
    assert stopped_at(NEEDS, moment(knowing())) == ["enter", "ask"]
    assert stopped_at(NEEDS, moment(knowing(backstory__internal_view="late"))) == []


@pytest.mark.parametrize("value", [False, 0, []])
def test_needs_is_content_with_a_no_a_nought_or_an_empty_list(value: object) -> None:
    assert stopped_at(NEEDS, moment(knowing(backstory__internal_view=value))) == []


# -- not here --------------------------------------------------------------------------------

NOT_HERE = guard(not_here=["apology", "offer"])


@pytest.mark.parametrize("slip", ["apology", "offer"])
def test_not_here_stops_the_completion_of_a_step_and_what_follows_where_it_slipped_out(slip: str) -> None:
    at = moment(knowing(contacted__slipped=slip), prefix="contacted")

    assert stopped_at(NOT_HERE, at) == ["ask", "complete"]


@pytest.mark.parametrize("slip", ["none", "asking", None])
def test_not_here_lets_through_what_is_not_on_its_list(slip: str | None) -> None:
    at = moment(knowing(contacted__slipped=slip), prefix="contacted")

    assert stopped_at(NOT_HERE, at) == []


def test_not_here_looks_at_its_own_step_only() -> None:
    at = moment(knowing(contacted__slipped="apology"), prefix="heard")

    assert stopped_at(NOT_HERE, at) == []


# -- wait ------------------------------------------------------------------------------------

WAIT = guard(wait={"after": "revisited.sent_on", "from": "1bd", "due": "2bd"})
CALL = "revisited.called_on"


def test_wait_stops_asking_while_the_day_it_counts_from_is_not_known() -> None:
    assert stopped_at(WAIT, moment(knowing(), fact=CALL)) == ["ask"]


@pytest.mark.parametrize(
    ("sent", "today", "stops"),
    [
        ("2026-03-02", date(2026, 3, 2), True),
        ("2026-03-02", date(2026, 3, 3), False),
        ("2026-03-06", date(2026, 3, 8), True),
        ("2026-03-06", date(2026, 3, 9), False),
        ("2026-02-20", date(2026, 3, 2), False),
    ],
)
def test_wait_stops_asking_until_a_business_day_has_passed(sent: str, today: date, stops: bool) -> None:
    at = moment(knowing(revisited__sent_on=sent), today, fact=CALL)

    assert stopped_at(WAIT, at) == (["ask"] if stops else [])


def test_wait_says_when_it_opens_and_when_it_is_due() -> None:
    at = moment(knowing(revisited__sent_on="2026-03-05"), fact=CALL)

    assert WAIT.opens_on(at) == (date(2026, 3, 6), date(2026, 3, 9))
    assert WAIT.opens_on(moment(knowing(), fact=CALL)) is None


def test_wait_follows_the_users_weekend() -> None:
    friday_off = Moment(knowing(revisited__sent_on="2026-03-05"), MONDAY, frozenset({4, 5}), "", CALL)

    assert WAIT.opens_on(friday_off) == (date(2026, 3, 8), date(2026, 3, 9))


def test_a_wait_is_never_due_before_it_opens() -> None:
    odd = guard(wait={"after": "revisited.sent_on", "from": "5d", "due": "1d"})

    opens, due = odd.opens_on(moment(knowing(revisited__sent_on="2026-03-02"))) or (None, None)

    assert opens == due == date(2026, 3, 7)


@pytest.mark.parametrize(
    ("called", "stops"), [("2026-03-02", True), ("2026-03-03", False), ("2026-03-09", False)]
)
def test_wait_finds_fault_with_what_happened_too_soon(called: str, stops: bool) -> None:
    case = knowing(revisited__sent_on="2026-03-02", revisited__called_on=called)

    found = WAIT.stops("complete", moment(case, date(2026, 3, 20), fact=CALL))

    assert found is stops


def test_wait_has_nothing_to_say_of_a_step_in_which_it_has_not_happened() -> None:
    case = knowing(revisited__sent_on="2026-03-02")

    assert not WAIT.stops("complete", moment(case, fact=CALL))


@pytest.mark.parametrize("length", ["-1bd", "soon", "1", "1x", ""])
def test_a_wait_is_a_length_of_time_and_not_negative(length: str) -> None:
    with pytest.raises(ValidationError):
        guard(wait={"after": "revisited.sent_on", "from": length, "due": "2bd"})


# -- clock -----------------------------------------------------------------------------------

CLOCK = guard(
    clock={
        "from": ["backstory.complained_on", "backstory.left_on"],
        "within": {"departing": "1bd", "upset": "2bd"},
    },
    level="warn",
)


def clocked(how_left: str | None, **more: Any) -> Case:
    return knowing(backstory__how_left=how_left, **more)


def test_the_clock_runs_from_the_complaint_and_without_one_from_the_departure() -> None:
    complained = clocked("upset", backstory__complained_on="2026-03-02", backstory__left_on="2026-01-01")
    left = clocked("upset", backstory__left_on="2026-03-06")

    assert isinstance(CLOCK, guards.Clock)
    assert CLOCK.deadline(moment(complained)) == date(2026, 3, 4)
    assert CLOCK.deadline(moment(left)) == date(2026, 3, 10)


@pytest.mark.parametrize("how_left", ["lapsed", "content", None])
def test_the_clock_does_not_run_for_a_way_of_leaving_it_does_not_name(how_left: str | None) -> None:
    assert isinstance(CLOCK, guards.Clock)
    assert CLOCK.deadline(moment(clocked(how_left, backstory__left_on="2026-03-02"))) is None


def test_the_clock_that_names_all_the_others_runs_for_them() -> None:
    everybody = guard(clock={"from": ["backstory.left_on"], "within": {"left": "1w", "upset": "1d"}})

    assert isinstance(everybody, guards.Clock)
    lapsed = everybody.deadline(moment(clocked("lapsed", backstory__left_on="2026-03-02")))
    unknown = everybody.deadline(moment(clocked(None, backstory__left_on="2026-03-02")))
    upset = everybody.deadline(moment(clocked("upset", backstory__left_on="2026-03-02")))
    assert (lapsed, unknown, upset) == (date(2026, 3, 9), date(2026, 3, 9), date(2026, 3, 3))


def test_the_clock_does_not_run_while_nothing_is_known() -> None:
    assert isinstance(CLOCK, guards.Clock)
    assert CLOCK.deadline(moment(clocked("upset"))) is None


@pytest.mark.parametrize(("first", "late"), [("2026-03-04", False), ("2026-03-05", True)])
def test_the_clock_finds_fault_with_a_first_contact_after_the_deadline(first: str, late: bool) -> None:
    case = clocked("upset", backstory__complained_on="2026-03-02")
    case.touches = [{"on": "2026-03-09"}, {"on": first}]

    assert stopped_at(CLOCK, moment(case)) == (["complete"] if late else [])


def test_the_clock_has_no_fault_to_find_before_anybody_tried() -> None:
    case = clocked("upset", backstory__complained_on="2025-03-02")

    assert stopped_at(CLOCK, moment(case)) == []


# -- at least --------------------------------------------------------------------------------

AT_LEAST = guard(at_least={"follow_ups": 1})


def reached(*later: str, first: str = "reached") -> Case:
    case = knowing()
    case.touches = [{"disposition": one} for one in (first, *later)]
    return case


@pytest.mark.parametrize("first", ["reached", "refused"])
def test_at_least_stops_closing_while_a_follow_up_is_owed(first: str) -> None:
    assert stopped_at(AT_LEAST, moment(reached(first=first))) == ["close"]


@pytest.mark.parametrize("fact", ["revisited__sent_on", "revisited__called_on"])
def test_at_least_is_owed_too_after_a_message_or_a_call_without_a_logged_contact(fact: str) -> None:
    assert stopped_at(AT_LEAST, moment(knowing(**{fact: "2026-03-02"}))) == ["close"]


def test_at_least_owes_nothing_where_nobody_was_ever_reached() -> None:
    nobody = reached("no_answer", "left_message", first="no_answer")

    assert stopped_at(AT_LEAST, moment(nobody)) == []
    assert stopped_at(AT_LEAST, moment(knowing())) == []


@pytest.mark.parametrize("later", ["reached", "left_message"])
def test_a_later_touch_that_got_through_is_a_follow_up(later: str) -> None:
    assert stopped_at(AT_LEAST, moment(reached("no_answer", later))) == []


@pytest.mark.parametrize("later", ["no_answer", "wrong_number", "refused"])
def test_a_later_touch_that_did_not_get_through_is_none(later: str) -> None:
    assert stopped_at(AT_LEAST, moment(reached(later))) == ["close"]


@pytest.mark.parametrize(
    ("check_in", "counts"),
    [
        ({"kept": True}, True),
        ({"kept": False}, False),
        ({}, False),
        ({"kept": True, "removed": True}, False),
    ],
)
def test_a_kept_check_in_is_a_follow_up(check_in: dict[str, Any], counts: bool) -> None:
    case = reached()
    case.facts["followed_up.check_ins"] = [check_in]

    assert stopped_at(AT_LEAST, moment(case)) == ([] if counts else ["close"])


def test_as_many_follow_ups_are_needed_as_the_playbook_says() -> None:
    two = guard(at_least={"follow_ups": 2})

    assert two.stops("close", moment(reached("reached")))
    assert not two.stops("close", moment(reached("reached", "left_message")))


# -- decision maker --------------------------------------------------------------------------

DECIDES = guard(decision_maker="or_reason")


@pytest.mark.parametrize("decides", [False, None])
def test_another_than_the_decision_maker_stops_the_step_without_a_reason(decides: bool | None) -> None:
    case = knowing(contacted__disposition="reached", contacted__decision_maker=decides)

    assert stopped_at(DECIDES, moment(case)) == ["complete"]


@pytest.mark.parametrize(
    "facts",
    [
        {"contacted__disposition": "reached", "contacted__decision_maker": True},
        {
            "contacted__disposition": "reached",
            "contacted__decision_maker": False,
            "contacted__why_not_decision_maker": "away",
        },
        {"contacted__disposition": "refused"},
        {},
    ],
)
def test_the_decision_maker_a_reason_or_nobody_reached_does_not_stop(facts: dict[str, Any]) -> None:
    assert stopped_at(DECIDES, moment(knowing(**facts))) == []


# -- changes ---------------------------------------------------------------------------------

DATED = guard(changes="done_or_dated")
DONE = guard(changes="done")


@pytest.mark.parametrize(
    ("changes", "stops"),
    [
        (None, True),
        ([], True),
        ([{"what": "A", "done": True}], False),
        ([{"what": "A", "done": False, "owner": "J", "due": "2026-04-01"}], False),
        ([{"what": "A", "done": False, "owner": "J"}], True),
        ([{"what": "A", "done": False, "due": "2026-04-01"}], True),
        ([{"what": "A"}], True),
        ([{"what": "A", "done": True}, {"what": "B", "done": False}], True),
        ([{"what": "A", "done": True}, {"what": "B", "removed": True}], False),
        ([{"what": "A", "removed": True, "done": True}], True),
    ],
)
def test_a_claim_needs_changes_that_are_all_done_or_dated_with_an_owner(changes: Any, stops: bool) -> None:
    found = stopped_at(DATED, moment(knowing(revisited__changes=changes)))

    assert found == (["ask", "complete"] if stops else [])


@pytest.mark.parametrize(
    ("changes", "stops"),
    [
        ([{"what": "A", "done": False}], True),
        ([{"what": "A"}], True),
        ([{"what": "A", "done": True}, {"what": "B", "done": False}], True),
        ([{"what": "A", "done": True}], False),
        ([{"what": "A", "state": "kept"}], False),
        ([{"what": "A", "removed": True}], True),
        (None, True),
    ],
)
def test_an_open_promise_or_none_at_all_stops_what_is_called_done(changes: Any, stops: bool) -> None:
    found = stopped_at(DONE, moment(knowing(revisited__changes=changes)))

    assert found == (["ask"] if stops else [])


@pytest.mark.parametrize(
    ("state", "stops"), [("open", ["ask", "complete"]), ("broken", ["ask"]), ("kept", [])]
)
def test_a_claim_does_not_stand_over_a_promise_that_is_opened_again(state: str, stops: list[str]) -> None:
    case = knowing(
        revisited__changes=[{"what": "A", "state": state}], revisited__pointed_out="All is better."
    )

    found = stopped_at(DONE, moment(case, fact="revisited.pointed_out"))

    assert found == stops


# -- apology, offers -------------------------------------------------------------------------

APOLOGY = guard(apology="with_change")


@pytest.mark.parametrize(
    ("apologised", "changes", "stops"),
    [
        (True, None, True),
        (True, [], True),
        (True, [{"what": "A"}], False),
        (False, None, False),
        (None, None, False),
    ],
)
def test_an_apology_needs_a_named_change(apologised: Any, changes: Any, stops: bool) -> None:
    case = knowing(revisited__apologised=apologised, revisited__changes=changes)

    assert stopped_at(APOLOGY, moment(case)) == (["ask", "complete"] if stops else [])


OFFERS = guard(offers={"most": 1})


@pytest.mark.parametrize(
    ("offers", "stops"),
    [
        (None, False),
        ([{"kind": "trial"}], False),
        ([{"kind": "trial"}, {"kind": "voucher"}], True),
        ([{"kind": "trial", "removed": True}, {"kind": "voucher"}], False),
        ([{"kind": "trial"}, {"kind": None}], False),
    ],
)
def test_more_offers_than_the_playbook_allows_stop_the_step(offers: Any, stops: bool) -> None:
    found = stopped_at(OFFERS, moment(knowing(revisited__offers=offers)))

    assert found == (["ask", "complete"] if stops else [])


@pytest.mark.parametrize(
    ("kind", "ripple", "stops"),
    [
        ("discount", None, True),
        ("voucher", None, True),
        ("discount", "Two others", False),
        ("trial", None, False),
        ("dedicated_representative", None, False),
    ],
)
def test_a_price_concession_passes_the_question_who_else_would_ask(
    kind: str, ripple: str | None, stops: bool
) -> None:
    case = knowing(revisited__offers=[{"kind": kind}], decided__price_ripple=ripple)

    assert stopped_at(guard(ripple="asked"), moment(case)) == (["ask", "complete"] if stops else [])


# -- what all guards share -------------------------------------------------------------------


def step_with(*given: dict[str, Any]) -> Step:
    return Step(
        id="contact",
        stage="contact",  # type: ignore[arg-type]
        title="T",
        aim="A",
        guards=tuple(guard(**one) for one in given),
        questions=(Question(fact="contacted.on", ask={"left": "When?"}),),
    )


DAYS = route.Days(MONDAY)


def test_a_guard_that_warns_does_not_block_and_is_said() -> None:
    step = step_with({"needs": "backstory.internal_view", "level": "warn"})

    assert route.findings(step, None, knowing(), DAYS, "enter") == ()
    (said,) = route.findings(step, None, knowing(), DAYS, "enter", "warn")
    assert (said.guard, said.level, said.say, said.why) == ("needs", "warn", "Do it.", "Because.")


def test_a_guard_blocks_unless_it_says_otherwise() -> None:
    step = step_with({"needs": "backstory.internal_view", "source": ["A1"]})

    (found,) = route.findings(step, None, knowing(), DAYS, "enter")

    assert (found.step, found.question, found.level, found.source) == ("contact", None, "block", ("A1",))


def test_a_guard_that_was_overridden_stops_no_more() -> None:
    step = step_with({"needs": "backstory.internal_view"})
    case = knowing()
    case.overrides = [{"step": "contact", "guard": "needs", "because": "new firm"}]

    assert route.findings(step, None, case, DAYS, "enter") == ()


def test_an_override_of_another_guard_or_another_step_changes_nothing() -> None:
    step = step_with({"needs": "backstory.internal_view"})
    case = knowing()
    case.overrides = [
        {"step": "contact", "guard": "clock", "because": "x"},
        {"step": "listen", "guard": "needs", "because": "x"},
        {"step": "contact", "question": "on", "guard": "needs", "because": "x"},
    ]

    assert len(route.findings(step, None, case, DAYS, "enter")) == 1


def test_two_guards_of_a_kind_are_overridden_one_by_one_by_their_ids() -> None:
    step = step_with(
        {"needs": "backstory.internal_view", "id": "view"},
        {"needs": "backstory.told_by", "id": "teller"},
    )
    case = knowing()
    case.overrides = [{"step": "contact", "guard": "view", "because": "x"}]

    assert [f.guard for f in route.findings(step, None, case, DAYS, "enter")] == ["teller"]


def test_a_guard_binds_only_when_its_condition_holds() -> None:
    step = step_with(
        {"needs": "backstory.internal_view", "when": {"fact": "backstory.how_left", "is": "upset"}}
    )

    assert len(route.findings(step, None, knowing(backstory__how_left="upset"), DAYS, "enter")) == 1
    assert route.findings(step, None, knowing(backstory__how_left="lapsed"), DAYS, "enter") == ()
    assert route.findings(step, None, knowing(), DAYS, "enter") == ()


@pytest.mark.parametrize("missing", ["say", "why"])
def test_a_guard_says_what_and_why(missing: str) -> None:
    with pytest.raises(ValidationError):
        READ.validate_python({"needs": "heard.why_left", **SAID, missing: ""})


def test_a_map_that_names_no_guard_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(ValidationError, match="decision_maker"):
        READ.validate_python({"forbids": "joy", **SAID})


def test_every_guard_class_is_read_from_its_key() -> None:
    given: dict[str, Any] = {
        "needs": "heard.why_left",
        "not_here": ["offer"],
        "wait": {"after": "revisited.sent_on", "from": "1d", "due": "2d"},
        "clock": {"from": ["backstory.left_on"], "within": {"left": "1d"}},
        "at_least": {"follow_ups": 1},
        "decision_maker": "or_reason",
        "changes": "done",
        "apology": "with_change",
        "offers": {"most": 0},
        "ripple": "asked",
        "expects": {"fact": "heard.thanked", "is": True},
    }

    read = {key: type(guard(**{key: value})) for key, value in given.items()}

    assert read == {one.kind: one for one in guards.GUARDS}


# -- when ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ({"is": "upset"}, "upset", True),
        ({"is": "upset"}, "lapsed", False),
        ({"is": "upset"}, None, False),
        ({"is_not": "upset"}, "lapsed", True),
        ({"is_not": "upset"}, "upset", False),
        ({"is_not": "upset"}, None, True),
        ({"one_of": ["upset", "departing"]}, "departing", True),
        ({"one_of": ["upset", "departing"]}, "lapsed", False),
        ({"one_of": ["upset", "departing"]}, None, False),
        ({"known": True}, "upset", True),
        ({"known": True}, None, False),
        ({"known": False}, None, True),
        ({"known": False}, "upset", False),
        ({"is": True}, True, True),
        ({"is": True}, False, False),
        ({"is": False}, False, True),
        ({"is": False}, None, False),
        ({"is_not": True}, None, True),
        ({"is_not": True}, True, False),
        ({"known": True, "is_not": "lapsed"}, "upset", True),
        ({"known": True, "is_not": "lapsed"}, None, False),
    ],
)
def test_a_condition_holds_as_its_keys_say(condition: Any, value: Any, holds: bool) -> None:
    when = When.model_validate({"fact": "backstory.how_left", **condition})

    assert when.holds(knowing(backstory__how_left=value)) is holds


@pytest.mark.parametrize(
    ("reason", "holds"), [("price", True), ("price/shipping", True), ("support", False)]
)
def test_a_leaf_of_a_reason_counts_as_its_reason(reason: str, holds: bool) -> None:
    when = When.model_validate({"fact": "classified.reason", "is": "price"})

    assert when.holds(knowing(classified__reason=reason)) is holds
