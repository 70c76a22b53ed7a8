"""A case is the fold of its events."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trade.making import answered, case_of, entry, event, events, touched
from winback_cli.case import FIRST_HASH, Case, Event, digest, fold, items_of

CHANGES = "revisited.changes"


def test_a_case_without_events_is_blank() -> None:
    assert fold("7.1", []) == Case("7.1")


def test_opening_says_under_which_playbook_and_since_when() -> None:
    case = case_of()

    assert (case.playbook, case.version, case.digest) == ("standard", 1, "d")
    assert (case.opened_on, case.opened_at) == ("2026-03-02", "2026-03-02T10:00:00Z")
    assert (case.status, case.outcome) == ("open", None)


def test_the_head_is_the_number_and_the_hash_of_the_last_event() -> None:
    case = case_of(("noted", {"text": "a"}), ("noted", {"text": "b"}))

    assert (case.seq, case.head) == (3, "hash 3")


# -- answers ---------------------------------------------------------------------------------


def test_an_answer_is_kept_with_who_gave_it_and_as_a_fact() -> None:
    case = case_of(answered("heard.why_left", "late", "listen.why_left", how="known"))

    answer = case.answers["listen.why_left"]
    assert (answer.seq, answer.by, answer.value, answer.how) == (2, "mara", "late", "known")
    assert answer.fact == "heard.why_left"
    assert case.facts == {"heard.why_left": "late"}


def test_the_later_answer_counts() -> None:
    case = case_of(answered("heard.buys_now", "A"), answered("heard.buys_now", "B"))

    assert case.facts["heard.buys_now"] == "B"
    assert case.answers["heard.buys_now"].seq == 3


def test_an_answer_to_a_question_of_the_playbooks_own_is_no_fact() -> None:
    case = case_of(("answered", {"question": "listen.mood", "value": "calm"}))

    assert case.answers["listen.mood"].value == "calm"
    assert case.answers["listen.mood"].how == "asked"
    assert case.facts == {}


def test_lines_are_appended_to_the_answer() -> None:
    case = case_of(
        answered("heard.why_left", "late", "listen.why_left"),
        ("answered", {"question": "listen.why_left", "fact": "heard.why_left", "append": "twice"}),
        ("answered", {"question": "listen.why_left", "fact": "heard.why_left", "append": "or more"}),
    )

    assert case.facts["heard.why_left"] == "late\ntwice\nor more"
    assert case.answers["listen.why_left"].value == "late\ntwice\nor more"


def test_a_line_with_nothing_before_it_is_the_answer() -> None:
    case = case_of(("answered", {"question": "q", "fact": "heard.why_left", "append": "late"}))

    assert case.facts["heard.why_left"] == "late"


def test_a_skip_leaves_the_question_open() -> None:
    case = case_of(("answered", {"question": "q", "fact": "heard.buys_now", "skipped": True}))

    assert case.answers["q"].how == "skipped"
    assert not case.known("heard.buys_now")


def test_a_skip_never_unsays_an_answer() -> None:
    case = case_of(
        answered("heard.buys_now", "A", "q"),
        ("answered", {"question": "q", "fact": "heard.buys_now", "skipped": True}),
    )

    assert (case.answers["q"].how, case.answers["q"].value) == ("asked", "A")
    assert case.facts["heard.buys_now"] == "A"


def test_an_answer_after_a_skip_counts() -> None:
    case = case_of(
        ("answered", {"question": "q", "fact": "heard.buys_now", "skipped": True}),
        answered("heard.buys_now", "A", "q"),
    )

    assert case.answers["q"].how == "asked"
    assert case.known("heard.buys_now")


@pytest.mark.parametrize("value", [False, 0, "", []])
def test_a_fact_may_be_no_nought_or_an_empty_list_and_is_known(value: Any) -> None:
    assert case_of(answered("heard.refused", value)).known("heard.refused")


# -- lists -----------------------------------------------------------------------------------


def test_the_parts_of_an_entry_come_one_by_one() -> None:
    case = case_of(
        entry(CHANGES, 1, what="A new driver"),
        entry(CHANGES, 1, done=False),
        entry(CHANGES, 1, owner="Jonas"),
        entry(CHANGES, 2, what="A call", done=True),
    )

    assert case.facts[CHANGES] == [
        {"what": "A new driver", "done": False, "owner": "Jonas"},
        {"what": "A call", "done": True},
    ]


def test_a_list_is_complete_when_it_is_said_to_be_and_open_again_with_another_entry() -> None:
    end = ("answered", {"question": CHANGES, "fact": CHANGES, "end": True})

    ended = case_of(entry(CHANGES, 1, what="A"), end)
    reopened = case_of(entry(CHANGES, 1, what="A"), end, entry(CHANGES, 2, what="B"))

    assert ended.ended == {CHANGES}
    assert ended.facts[CHANGES] == [{"what": "A"}]
    assert reopened.ended == set()


def test_the_end_of_a_list_without_entries_makes_it_known_and_empty() -> None:
    case = case_of(("answered", {"question": "q", "fact": "backstory.landmines", "end": True}))

    assert case.facts["backstory.landmines"] == []
    assert case.known("backstory.landmines")


def test_a_list_can_be_given_whole() -> None:
    given_whole = {"question": "q", "fact": CHANGES, "value": [{"what": "A"}, {"what": "B"}]}

    case = case_of(("promised", given_whole | {"end": True}))

    assert [c["what"] for c in case.commitments] == ["A", "B"]
    assert case.ended == {CHANGES}


def test_an_entry_taken_out_stands_no_more_and_the_others_keep_their_numbers() -> None:
    case = case_of(
        entry(CHANGES, 1, what="A"), entry(CHANGES, 2, what="B"), entry(CHANGES, 1, removed=True)
    )

    assert [(c["n"], c["what"]) for c in case.commitments] == [(2, "B")]
    assert items_of(case.facts[CHANGES]) == [(2, {"what": "B"})]


def test_folding_does_not_change_the_events() -> None:
    made = events(
        ("promised", {"question": "q", "fact": CHANGES, "value": [{"what": "A", "done": False}]}),
        ("kept", {"item": 1}),
        touched("reached", person="Ines"),
        answered("contacted.role", "owner"),
    )
    before = repr(made)

    fold("7.1", made)

    assert repr(made) == before


# -- promises --------------------------------------------------------------------------------


def test_a_promise_is_open_until_it_is_kept_or_broken() -> None:
    promised = (entry(CHANGES, 1, what="A", done=False), entry(CHANGES, 2, what="B", done=False))

    case = case_of(*promised, ("kept", {"item": 2}), ("broken", {"item": 1}))

    assert [c["state"] for c in case_of(*promised).commitments] == ["open", "open"]
    assert [c["state"] for c in case.commitments] == ["broken", "kept"]
    assert case.facts[CHANGES][1]["done"] is True


def test_a_broken_promise_may_be_kept_after_all() -> None:
    case = case_of(entry(CHANGES, 1, what="A"), ("broken", {"item": 1}), ("kept", {"item": 1}))

    assert [c["state"] for c in case.commitments] == ["kept"]


def test_a_change_that_is_done_already_is_kept() -> None:
    case = case_of(entry(CHANGES, 1, what="A", done=True))

    assert [c["state"] for c in case.commitments] == ["kept"]


def test_an_entry_that_does_not_say_what_changes_is_no_promise() -> None:
    assert case_of(entry(CHANGES, 1, done=False)).commitments == []


# -- touches ---------------------------------------------------------------------------------


def test_an_attempt_that_reached_nobody_leaves_the_contact_blank() -> None:
    case = case_of(touched("no_answer", channel="phone"))

    (touch,) = case.touches
    assert (touch["on"], touch["disposition"], touch["channel"]) == ("2026-03-02", "no_answer", "phone")
    assert [name for name in case.facts if name.startswith("contacted.")] == []
    assert not case.reached


def test_what_was_answered_before_nobody_was_reached_is_asked_again() -> None:
    case = case_of(
        answered("contacted.on", "2026-03-02", "contact.on"),
        answered("contacted.channel", "phone", "contact.channel"),
        touched("no_answer", question="contact.disposition", on="2026-03-02", channel="phone"),
    )

    assert case.answers == {}
    assert case.facts == {}
    assert case.touches[0]["channel"] == "phone"


@pytest.mark.parametrize("disposition", ["reached", "refused"])
def test_the_contact_is_the_touch_that_reached_them(disposition: str) -> None:
    case = case_of(
        touched("left_message", channel="email"),
        touched(disposition, "2026-03-04", channel="phone", person="Ines", note="in a hurry"),
    )

    assert case.reached
    assert case.facts == {
        "contacted.on": "2026-03-04",
        "contacted.channel": "phone",
        "contacted.disposition": disposition,
        "contacted.person": "Ines",
    }


def test_the_first_touch_that_reached_them_stays_the_contact() -> None:
    case = case_of(
        touched("reached", person="Ines"),
        touched("no_answer", "2026-03-05"),
        touched("reached", "2026-03-09", person="Otto"),
    )

    assert case.facts["contacted.person"] == "Ines"
    assert case.facts["contacted.on"] == "2026-03-02"
    assert len(case.touches) == 3


def test_a_later_answer_about_the_contact_is_kept_in_the_touch_too() -> None:
    case = case_of(
        touched("no_answer"),
        touched("reached", person="Ines"),
        answered("contacted.role", "owner"),
        answered("contacted.person", "Ines Halvorsen"),
    )

    assert case.touches[1]["role"] == "owner"
    assert case.touches[1]["person"] == "Ines Halvorsen"
    assert "role" not in case.touches[0]
    assert case.facts["contacted.role"] == "owner"


def test_a_touch_of_the_walk_answers_its_question() -> None:
    case = case_of(touched("reached", question="contact.disposition"))

    assert case.answers["contact.disposition"].value == "reached"
    assert case.answers["contact.disposition"].fact == "contacted.disposition"


def test_another_account_of_a_touch_is_no_other_touch() -> None:
    case = case_of(touched("reached", person="Ines"), touched("refused", corrects=2))

    (touch,) = case.touches
    assert (touch["touch"], touch["disposition"], touch["person"]) == (1, "refused", "Ines")


# -- the rest --------------------------------------------------------------------------------


def test_notes_steps_overrides_and_snoozes_are_kept() -> None:
    case = case_of(
        ("noted", {"text": "call after ten"}, "2026-03-01"),
        ("step_done", {"step": "backstory"}),
        ("overridden", {"step": "contact", "guard": "needs", "because": "new firm"}),
        ("snoozed", {"until": "2026-04-01", "because": "holidays"}),
    )

    assert case.notes == [{"on": "2026-03-01", "by": "mara", "text": "call after ten"}]
    assert case.done == {"backstory": 3}
    assert case.overrides == [{"step": "contact", "guard": "needs", "because": "new firm", "by": "mara"}]
    assert case.snoozed == {"until": "2026-04-01", "because": "holidays"}


def test_an_override_counts_for_its_place_and_no_other() -> None:
    case = case_of(
        ("overridden", {"step": "s", "question": "q", "guard": "needs", "because": "x"}),
        ("overridden", {"step": "t", "guard": "needs", "because": "x"}),
    )

    assert case.overridden("s", "q", "needs")
    assert case.overridden("t", None, "needs")
    assert not case.overridden("s", None, "needs")
    assert not case.overridden("t", "q", "needs")
    assert not case.overridden("s", "q", "wait")


@pytest.mark.parametrize("outcome", ["won", "lost", "released", "suppressed"])
def test_a_closed_case_has_an_outcome_and_an_instant(outcome: str) -> None:
    case = case_of(("closed", {"outcome": outcome, "because": "x"}))

    assert (case.status, case.outcome) == ("closed", outcome)
    assert case.closed_at == "2026-03-02T10:00:00Z"
    assert case.closing["because"] == "x"


def test_a_dormant_case_is_not_closed_and_has_its_day_and_its_trigger() -> None:
    case = case_of(("closed", {"outcome": "dormant", "until": "2026-09-01", "trigger": "contract"}))

    assert (case.status, case.outcome, case.closed_at) == ("dormant", None, None)
    assert (case.closing["until"], case.closing["trigger"]) == ("2026-09-01", "contract")


@pytest.mark.parametrize("outcome", ["won", "dormant"])
def test_a_case_opened_again_is_as_if_it_had_never_been_closed(outcome: str) -> None:
    case = case_of(answered("heard.why_left", "late"), ("closed", {"outcome": outcome}), ("reopened", {}))

    assert (case.status, case.outcome, case.closed_at, case.closing) == ("open", None, None, {})
    assert case.facts == {"heard.why_left": "late"}


def test_a_case_opened_again_may_go_through_steps_anew_and_keeps_what_happened() -> None:
    case = case_of(
        answered("backstory.told_by", "Mara", "backstory.told_by"),
        touched("reached", question="contact.disposition", person="Ines"),
        answered("heard.why_left", "late", "listen.why_left"),
        entry(CHANGES, 1, what="A driver", done=True),
        ("step_done", {"step": "contact"}),
        ("step_done", {"step": "listen"}),
        ("closed", {"outcome": "dormant"}),
        ("reopened", {"steps": ["contact", "listen"], "forget": ["contacted", "heard", "revisited"]}),
    )

    assert case.done == {}
    assert "heard.why_left" not in case.facts
    assert case.facts["backstory.told_by"] == "Mara"
    assert [touch["person"] for touch in case.touches] == ["Ines"]
    assert [c["what"] for c in case.commitments] == ["A driver"]


@pytest.mark.parametrize("question", [{"question": "contact.disposition"}, {}])
def test_in_a_second_round_the_contact_is_the_touch_of_that_round(question: Any) -> None:
    first_round = (
        touched("reached", person="Ines", **question),
        ("closed", {"outcome": "dormant"}),
        ("reopened", {"steps": ["contact"], "forget": ["contacted"]}),
    )

    before = case_of(*first_round)
    after = case_of(*first_round, touched("reached", "2026-09-01", person="Otto"))

    assert not before.known("contacted.person")
    assert after.facts["contacted.person"] == "Otto"
    assert [touch["person"] for touch in after.touches] == ["Ines", "Otto"]


def test_a_case_closed_after_its_sleep_has_its_outcome() -> None:
    case = case_of(("closed", {"outcome": "dormant"}), ("closed", {"outcome": "lost"}))

    assert (case.status, case.outcome) == ("closed", "lost")


def test_a_closed_case_still_takes_notes_and_check_ins() -> None:
    case = case_of(
        ("closed", {"outcome": "won"}),
        ("noted", {"text": "still happy"}),
        entry("followed_up.check_ins", 1, "checked_in", agreed_for="2026-04-01", kept=True),
    )

    assert case.status == "closed"
    assert case.notes[0]["text"] == "still happy"
    assert case.facts["followed_up.check_ins"][0]["kept"] is True


def test_an_event_of_a_kind_that_does_not_exist_is_not_passed_over_in_silence() -> None:
    with pytest.raises(KeyError):
        case_of(("danced", {}))


# -- undone ----------------------------------------------------------------------------------


def test_what_is_undone_is_as_if_it_had_not_happened_and_the_count_goes_on() -> None:
    case = case_of(answered("heard.buys_now", "A"), answered("heard.buys_now", "B"), ("undone", {"seq": 3}))

    assert case.facts["heard.buys_now"] == "A"
    assert case.answers["heard.buys_now"].seq == 2
    assert (case.seq, case.head) == (4, "hash 4")


def test_undone_answers_touches_and_closings_leave_no_trace_but_the_count() -> None:
    case = case_of(
        answered("heard.buys_now", "A"),
        touched("reached"),
        ("closed", {"outcome": "lost"}),
        ("undone", {"seq": 2}),
        ("undone", {"seq": 3}),
        ("undone", {"seq": 4}),
    )

    assert (case.facts, case.answers, case.touches) == ({}, {}, [])
    assert (case.status, case.outcome) == ("open", None)


def test_every_touch_is_one_more() -> None:
    case = case_of(touched("no_answer"), touched("reached", "2026-03-03"))

    assert [(t["touch"], t["disposition"]) for t in case.touches] == [(1, "no_answer"), (2, "reached")]


def test_undoing_the_first_of_two_touches_keeps_the_second() -> None:
    case = case_of(touched("no_answer"), touched("reached"), ("undone", {"seq": 2}))

    assert [touch["disposition"] for touch in case.touches] == ["reached"]
    assert case.reached


def test_undoing_a_touch_before_one_that_was_corrected_keeps_the_correction() -> None:
    case = case_of(
        touched("no_answer"), touched("reached"), touched("refused", corrects=3), ("undone", {"seq": 2})
    )

    assert [touch["disposition"] for touch in case.touches] == ["refused"]
    assert case.facts["contacted.disposition"] == "refused"


def test_a_correction_of_a_touch_that_is_undone_stands_by_itself() -> None:
    case = case_of(touched("reached"), touched("refused", corrects=2), ("undone", {"seq": 2}))

    assert [touch["disposition"] for touch in case.touches] == ["refused"]


def test_undoing_the_first_of_two_promises_keeps_the_second() -> None:
    case = case_of(entry(CHANGES, 1, what="A"), entry(CHANGES, 2, what="B"), ("undone", {"seq": 2}))

    assert [c["what"] for c in case.commitments] == ["B"]


def test_undoing_a_promise_that_was_kept_since_leaves_a_case_that_can_be_read() -> None:
    case = case_of(entry(CHANGES, 1, what="A"), ("kept", {"item": 1}), ("undone", {"seq": 2}))

    assert case.commitments == []


# -- the chain -------------------------------------------------------------------------------

SAMPLE = event(3, "answered", question="q", value="late", fact="heard.why_left")


def test_the_digest_is_sha256_in_hex_and_the_same_each_time() -> None:
    first, second = digest(FIRST_HASH, "7.1", SAMPLE), digest(FIRST_HASH, "7.1", SAMPLE)

    assert first == second
    assert len(first) == 64
    assert set(first) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("seq", 4),
        ("kind", "noted"),
        ("by", "jonas"),
        ("happened", "2026-03-03"),
        ("recorded", "2026-03-02T10:00:01Z"),
        ("command", 9),
        ("as_of", True),
        ("body", {"question": "q", "value": "later", "fact": "heard.why_left"}),
        ("body", {"question": "q", "value": "late"}),
    ],
)
def test_the_digest_changes_with_every_field_of_the_event(field: str, other: Any) -> None:
    changed = SAMPLE._replace(**{field: other})

    assert digest(FIRST_HASH, "7.1", changed) != digest(FIRST_HASH, "7.1", SAMPLE)


def test_the_digest_changes_with_the_hash_before_and_with_the_case() -> None:
    plain = digest(FIRST_HASH, "7.1", SAMPLE)

    assert digest("1" * 64, "7.1", SAMPLE) != plain
    assert digest(FIRST_HASH, "7.2", SAMPLE) != plain


def test_the_digest_covers_every_field_but_the_hash_itself() -> None:
    covered = {"seq", "kind", "by", "happened", "recorded", "command", "as_of", "body"}

    assert set(Event._fields) == covered | {"hash"}
    assert digest(FIRST_HASH, "7.1", SAMPLE._replace(hash="x")) == digest(FIRST_HASH, "7.1", SAMPLE)


def test_the_digest_does_not_depend_on_the_order_of_the_keys() -> None:
    turned = SAMPLE._replace(body=dict(reversed(SAMPLE.body.items())))

    assert digest(FIRST_HASH, "7.1", turned) == digest(FIRST_HASH, "7.1", SAMPLE)


def test_a_lone_surrogate_does_not_stop_the_digest() -> None:
    assert len(digest(FIRST_HASH, "7.1", SAMPLE._replace(body={"text": "\ud800"}))) == 64


VALUES = st.text(max_size=20) | st.booleans() | st.integers(-9, 9)


@given(st.dictionaries(st.text(max_size=5), VALUES), st.dictionaries(st.text(max_size=5), VALUES))
def test_two_bodies_have_one_digest_only_if_they_are_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first = digest(FIRST_HASH, "7.1", SAMPLE._replace(body=one))
    second = digest(FIRST_HASH, "7.1", SAMPLE._replace(body=other))

    assert (first == second) == (repr(sorted(one.items())) == repr(sorted(other.items())))
