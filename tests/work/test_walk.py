"""The walk with a scripted prompter: every way through the standard playbook."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.work.scripted import (
    BACK,
    BACKSTORY,
    CALL,
    CLASSIFY,
    CONTACT,
    DECIDE,
    ENTER,
    FOLLOW_UP,
    LISTEN,
    MONDAY,
    QUIT,
    REVISIT,
    SKIP,
    STANDARD,
    TO_THE_MESSAGE,
    Said,
    Scripted,
    change,
    known,
    later,
    opened,
    override,
    walk,
)
from winback_cli import library, owing, route
from winback_cli.answers import Customs, from_file, typed
from winback_cli.case import Case, Entry
from winback_cli.errors import AnsweredMeanwhile
from winback_cli.facts import facts
from winback_cli.journal import Journal, Rehearsal
from winback_cli.prompter import Asked, Reply
from winback_cli.route import new_round
from winback_cli.walk import Walk

TUESDAY = date(2026, 3, 3)
NEXT_TUESDAY = date(2026, 3, 10)

OPEN_PROMISE: dict[str, Said] = TO_THE_MESSAGE | {
    "revisit.changes[1].done": "no",
    "revisit.changes[1].owner": "Jonas",
    "revisit.changes[1].due": "+10d",
}


# -- the whole way ---------------------------------------------------------------------------


def test_a_case_goes_through_all_seven_steps_waits_twice_and_is_won() -> None:
    first = walk(TO_THE_MESSAGE)
    second = walk(CALL | FOLLOW_UP, first.journal, TUESDAY)
    third = walk(FOLLOW_UP, second.journal, NEXT_TUESDAY)

    assert (first.ended.kind, first.ended.until) == ("waiting", TUESDAY)
    assert first.who.steps() == ["backstory", "contact", "listen", "classify", "decide", "revisit"]
    assert (second.ended.kind, second.ended.until) == ("waiting", NEXT_TUESDAY)
    assert second.who.steps() == ["revisit", "follow_up"]
    assert (third.ended.kind, third.ended.what) == ("closed", "won")
    assert third.case.status == "closed"
    assert third.case.outcome == "won"
    assert list(third.case.done) == [step.id for step in STANDARD.steps]


def test_what_was_said_is_kept_as_plain_values() -> None:
    facts = walk(TO_THE_MESSAGE).case.facts

    assert facts["backstory.how_left"] == "upset"
    assert facts["backstory.left_on"] == "2026-02-27"
    assert facts["backstory.landmines"] == [
        {"what": "The unanswered mail", "explanation": "It went to a dead mailbox"}
    ]
    assert facts["contacted.decision_maker"] is True
    assert facts["heard.why_left"] == "You were late."
    assert facts["decided.fix_cost"] == {"amount": 90000, "currency": "EUR"}
    assert facts["revisited.sent_on"] == "2026-03-02"


def test_a_walk_taken_up_again_asks_nothing_that_is_answered() -> None:
    first = walk(BACKSTORY | {"contact.on": QUIT})

    second = walk({"contact.on": QUIT}, first.journal)

    assert second.who.asked == ["contact.on"]
    assert second.case.facts == first.case.facts


def test_every_answer_is_recorded_before_the_next_question_is_put() -> None:
    journal = opened()
    seen: list[tuple[str, int]] = []

    class Watching(Scripted):
        def ask(self, asked: Asked) -> Reply:
            seen.append((asked.question.key, journal.case().seq))
            return super().ask(asked)

    Walk(
        STANDARD,
        journal.case(),
        Watching(BACKSTORY | {"contact.on": QUIT}),
        Journal(journal.record, journal.case),
        Customs(MONDAY),
    ).run()

    plain = [(key, seq) for key, seq in seen if key != "internal_view"]
    assert plain[:4] == [("how_left", 1), ("left_on", 2), ("complained_on", 3), ("told_by", 4)]


def test_a_lapsed_customer_is_not_asked_when_they_complained() -> None:
    lapsed = walk(BACKSTORY | {"backstory.how_left": "lapsed", "contact.on": QUIT})

    assert "backstory.complained_on" not in lapsed.who.asked


def test_what_the_list_says_is_offered_as_the_default() -> None:
    walked = walk(
        {"backstory.told_by": QUIT},
        suggested={"backstory.how_left": "upset", "backstory.left_on": "2026-01-05"},
    )

    assert walked.who.put["backstory.how_left"].default == "upset"
    assert walked.case.facts["backstory.left_on"] == "2026-01-05"


# -- the other ways out ----------------------------------------------------------------------

REFUSED_ON_THE_PHONE = CONTACT | {"contact.disposition": "refused"}


def test_refused_on_the_phone_goes_to_classify_and_to_the_follow_up() -> None:
    walked = walk(
        BACKSTORY
        | REFUSED_ON_THE_PHONE
        | CLASSIFY
        | {"follow_up.check_ins[1].agreed_for": "+1w", "follow_up.ending": "dormant"}
    )

    assert walked.who.steps() == ["backstory", "contact", "classify", "follow_up"]
    assert "contact.decision_maker" not in walked.who.asked


def test_a_refused_case_sleeps_until_its_day_once_the_follow_up_is_made() -> None:
    first = walk(BACKSTORY | REFUSED_ON_THE_PHONE | CLASSIFY | {"follow_up.check_ins[1].agreed_for": "+1w"})
    second = walk(
        {
            "follow_up.check_ins[1].kept": "yes",
            "follow_up.lesson": "We rang at noon.",
            "follow_up.next_contact_on": "+6m",
            "follow_up.trigger": "Their contract ends",
        },
        first.journal,
        NEXT_TUESDAY,
    )

    assert first.ended.kind == "waiting"
    assert second.who.put["follow_up.ending"].default == "dormant"
    assert (second.ended.kind, second.ended.what) == ("closed", "dormant")
    assert second.case.status == "dormant"
    assert second.case.outcome is None
    assert second.case.closing["until"] == "2026-09-10"
    assert second.case.closing["trigger"] == "Their contract ends"


def test_a_case_in_which_somebody_was_reached_does_not_close_without_a_follow_up() -> None:
    walked = walk(
        BACKSTORY
        | REFUSED_ON_THE_PHONE
        | CLASSIFY
        | {
            "follow_up.lesson": "None.",
            "follow_up.ending": "lost",
            "review follow_up": [ENTER, QUIT],
        }
    )

    assert walked.ended.kind == "quit"
    assert walked.who.blocks["follow_up"] == ("at_least",)
    assert walked.case.status == "open"
    assert "follow_up" not in walked.case.done


def test_closing_without_the_follow_up_needs_an_override_that_stays_on_record() -> None:
    walked = walk(
        BACKSTORY
        | REFUSED_ON_THE_PHONE
        | CLASSIFY
        | {
            "follow_up.lesson": "None.",
            "follow_up.ending": "lost",
            "review follow_up": [override("They moved away")],
        }
    )

    assert walked.case.outcome == "lost"
    assert walked.case.overrides == [
        {"step": "follow_up", "guard": "at_least", "because": "They moved away", "by": ""}
    ]


def test_somebody_who_wants_to_be_left_in_peace_is_asked_nothing_more() -> None:
    walked = walk(BACKSTORY | CONTACT | {"listen.refused": "yes", "listen.thanked": "yes"} | CLASSIFY)

    listened = [place for place in walked.who.asked if place.startswith("listen.")]
    assert listened == ["listen.refused", "listen.thanked", "listen.slipped"]
    assert walked.who.steps() == ["backstory", "contact", "listen", "classify", "follow_up"]


def test_who_reconsiders_during_the_first_call_skips_the_decision_and_the_message() -> None:
    walked = walk(BACKSTORY | CONTACT | LISTEN | {"listen.reconsidered": "yes"} | CLASSIFY | {"x": "y"})

    assert "decide" not in walked.who.steps()
    assert "revisit" not in walked.who.steps()
    assert walked.who.steps()[-1] == "follow_up"
    assert walked.who.put["follow_up.ending"].default == "won"


def test_who_reconsiders_during_the_first_call_goes_straight_on_to_the_follow_up() -> None:
    walked = walk(BACKSTORY | CONTACT | LISTEN | {"listen.reconsidered": "yes"})

    assert walked.who.steps() == ["backstory", "contact", "listen", "follow_up"]


def test_a_release_after_the_talk_skips_the_message_and_owes_the_follow_up() -> None:
    first = walk(
        BACKSTORY
        | CONTACT
        | LISTEN
        | CLASSIFY
        | DECIDE
        | {"decide.verdict": "release", "follow_up.check_ins[1].agreed_for": "tomorrow"}
    )
    early = route.closing(STANDARD, first.case, route.Days(MONDAY))
    second = walk(
        {"follow_up.check_ins[1].kept": "yes", "follow_up.lesson": "We were too dear."},
        first.journal,
        TUESDAY,
    )

    assert "revisit" not in first.who.steps()
    assert [finding.guard for finding in early] == ["at_least"]
    assert second.who.put["follow_up.ending"].default == "released"
    assert (second.ended.kind, second.case.outcome) == ("closed", "released")


def test_a_customer_not_worth_it_is_released_at_once_with_nothing_owed() -> None:
    walked = walk(BACKSTORY | {"backstory.worth_it": "no", "follow_up.lesson": "Choose better."})

    assert walked.who.steps() == ["backstory", "follow_up"]
    assert "backstory.known_already" not in walked.who.asked
    assert walked.who.blocks["follow_up"] == ()
    assert walked.case.outcome == "released"


NOBODY: dict[str, Said] = {
    "contact.on": "today",
    "contact.channel": "phone",
    "contact.disposition": "no answer",
}


def test_an_attempt_that_reaches_nobody_ends_the_walk_until_the_next_business_day() -> None:
    walked = walk(BACKSTORY | NOBODY, today=date(2026, 3, 6))

    assert (walked.ended.kind, walked.ended.until) == ("not_reached", date(2026, 3, 9))
    assert walked.ended.what == "1"
    (touch,) = walked.case.touches
    assert (touch["on"], touch["channel"], touch["disposition"]) == ("2026-03-06", "phone", "no_answer")


def test_three_attempts_are_three_touches_and_sleep_is_suggested() -> None:
    first = walk(BACKSTORY | NOBODY)
    second = walk(NOBODY | {"contact.disposition": "left message"}, first.journal, TUESDAY)
    third = walk(NOBODY, second.journal, date(2026, 3, 4))

    dispositions = [touch["disposition"] for touch in third.case.touches]
    (due,) = owing.standing(STANDARD, third.case, frozenset({5, 6})).dues
    assert dispositions == ["no_answer", "left_message", "no_answer"]
    assert [touch["on"] for touch in third.case.touches] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert third.ended.what == "3"
    assert due.what == "try again, or let it rest"


def test_after_an_attempt_that_reached_nobody_the_contact_is_asked_anew() -> None:
    first = walk(BACKSTORY | NOBODY)
    second = walk(CONTACT | {"listen.refused": QUIT}, first.journal, TUESDAY)

    assert second.who.asked[:3] == ["contact.on", "contact.channel", "contact.disposition"]
    assert [touch["disposition"] for touch in second.case.touches] == ["no_answer", "reached"]
    assert second.case.facts["contacted.on"] == "2026-03-03"
    assert second.case.touches[1]["person"] == "Ines"
    assert "person" not in second.case.touches[0]


def test_where_the_answers_are_known_the_contact_is_left_out_and_they_are_marked_known() -> None:
    walked = walk(BACKSTORY | LISTEN | {"backstory.known_already": "yes", "classify.reason": QUIT})

    assert walked.who.steps() == ["backstory", "listen", "classify"]
    assert walked.case.answers["listen.why_left"].how == "known"
    assert walked.case.answers["listen.requirements"].how == "known"
    assert walked.case.answers["backstory.told_by"].how == "asked"
    assert walked.case.facts["heard.why_left"] == "You were late."


def test_who_knows_already_is_not_asked_what_only_a_talk_can_give() -> None:
    walked = walk(BACKSTORY | LISTEN | {"backstory.known_already": "yes", "classify.reason": QUIT})

    only_a_talk = {"refused", "ownership", "thanked", "apologised", "reconsidered", "slipped"}
    assert {place.partition(".")[2] for place in walked.who.asked} & only_a_talk == set()


def test_who_knows_already_goes_on_to_the_apology_with_a_change() -> None:
    walked = walk(BACKSTORY | LISTEN | CLASSIFY | DECIDE | REVISIT | {"backstory.known_already": "yes"})

    assert walked.ended.kind == "waiting"
    assert walked.case.facts["revisited.apologised"] is True
    assert walked.case.touches == []


def test_a_single_answer_can_be_marked_as_known() -> None:
    walked = walk(BACKSTORY | CONTACT | LISTEN | {"listen.buys_now": known("Round the corner")})

    assert walked.case.answers["listen.buys_now"].how == "known"
    assert walked.case.answers["listen.why_left"].how == "asked"


# -- back, skip, note ------------------------------------------------------------------------


def test_back_puts_the_question_before_again_with_its_answer_as_the_default() -> None:
    walked = walk(
        {
            "backstory.how_left": ["upset", "lapsed"],
            "backstory.left_on": [BACK, "2026-01-01"],
            "backstory.told_by": QUIT,
        }
    )

    assert walked.who.asked == [
        "backstory.how_left",
        "backstory.left_on",
        "backstory.how_left",
        "backstory.left_on",
        "backstory.told_by",
    ]
    assert walked.who.put["backstory.how_left"].default == "upset"
    assert walked.case.facts["backstory.how_left"] == "lapsed"


def test_enter_on_a_question_gone_back_to_keeps_the_answer_without_another_event() -> None:
    walked = walk(
        {
            "backstory.how_left": ["upset", ENTER],
            "backstory.left_on": [BACK, QUIT],
        }
    )

    assert walked.case.facts["backstory.how_left"] == "upset"
    assert walked.case.seq == 2


def test_back_on_the_first_question_says_so_and_asks_it_again() -> None:
    walked = walk({"backstory.how_left": [BACK, QUIT]})

    assert walked.who.told == ["This is the first question."]
    assert walked.who.asked == ["backstory.how_left", "backstory.how_left"]


def test_back_goes_back_over_the_border_of_a_step() -> None:
    walked = walk(BACKSTORY | {"contact.on": [BACK], "backstory.known_already": ["no", QUIT]})

    assert walked.who.asked[-2:] == ["contact.on", "backstory.known_already"]
    assert walked.ended.kind == "quit"


def test_from_a_question_gone_back_to_the_way_leads_on_over_what_was_met_to_the_front() -> None:
    walked = walk(
        {
            "backstory.how_left": "upset",
            "backstory.left_on": ["2026-02-01", BACK, ENTER],
            "backstory.complained_on": [BACK, "2026-02-02"],
            "backstory.told_by": QUIT,
        }
    )

    assert walked.who.asked == [
        "backstory.how_left",
        "backstory.left_on",
        "backstory.complained_on",
        "backstory.left_on",  # back once
        "backstory.how_left",  # back twice
        "backstory.left_on",  # and on again
        "backstory.complained_on",
        "backstory.told_by",
    ]
    assert walked.case.facts["backstory.left_on"] == "2026-02-01"


def test_a_skipped_question_stays_open_and_is_not_put_again() -> None:
    walked = walk({"backstory.how_left": "upset", "backstory.told_by": QUIT})

    assert walked.case.answers["backstory.left_on"].how == "skipped"
    assert not walked.case.known("backstory.left_on")
    assert walked.who.asked.count("backstory.left_on") == 1


def test_a_skip_never_unsays_what_is_known() -> None:
    walked = walk(
        {
            "backstory.how_left": ["upset", SKIP],
            "backstory.left_on": [BACK, QUIT],
        }
    )

    assert walked.case.facts["backstory.how_left"] == "upset"
    assert walked.case.answers["backstory.how_left"].value == "upset"


def test_enter_where_an_answer_is_required_and_none_is_offered_is_refused() -> None:
    walked = walk({"backstory.how_left": [ENTER, "upset"], "backstory.left_on": QUIT})

    assert len(walked.who.told) == 1
    assert ":skip" in walked.who.told[0]
    assert walked.who.asked[:2] == ["backstory.how_left", "backstory.how_left"]
    assert walked.case.facts["backstory.how_left"] == "upset"


def test_an_answer_that_cannot_be_read_is_told_and_the_question_put_again() -> None:
    walked = walk({"backstory.how_left": ["furious", "upset"], "backstory.left_on": QUIT})

    ((place, problem),) = walked.who.wrongs
    assert place == "backstory.how_left"
    assert "departing, upset, lapsed, content" in problem
    assert walked.case.facts["backstory.how_left"] == "upset"


def test_what_has_happened_is_not_after_today() -> None:
    walked = walk(
        {"backstory.how_left": "upset", "backstory.left_on": ["tomorrow", QUIT]},
    )

    assert walked.who.wrongs == [("backstory.left_on", "it has happened, so not after 2026-03-02")]
    assert not walked.case.known("backstory.left_on")


def test_a_remark_is_noted_and_the_question_put_again() -> None:
    walked = walk({"backstory.how_left": [Reply("note", "call after ten"), QUIT]})

    assert [note["text"] for note in walked.case.notes] == ["call after ten"]
    assert walked.who.asked == ["backstory.how_left", "backstory.how_left"]


def test_an_override_where_nothing_stops_says_so_and_records_nothing() -> None:
    walked = walk({"backstory.how_left": [override("because"), QUIT]})

    assert walked.who.told == ["Nothing stops you here."]
    assert walked.case.overrides == []


# -- answers of several lines ----------------------------------------------------------------


def test_each_line_of_an_answer_is_recorded_as_it_comes() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.internal_view": "The carrier was late.",
            "backstory.internal_view+": ["Twice.", "And nobody called.", ENTER],
            "backstory.landmines[1].what": QUIT,
        }
    )

    bodies = [e.body for e in walked.journal._events if e.body.get("question", "").endswith("_view")]
    assert walked.case.facts["backstory.internal_view"] == (
        "The carrier was late.\nTwice.\nAnd nobody called."
    )
    assert [body.get("value") or body.get("append") for body in bodies] == [
        "The carrier was late.",
        "Twice.",
        "And nobody called.",
    ]


def test_quitting_between_two_lines_keeps_the_first() -> None:
    walked = walk(BACKSTORY | {"backstory.internal_view+": [QUIT]})

    assert walked.ended.kind == "quit"
    assert walked.case.facts["backstory.internal_view"] == "The carrier was late."


def test_a_long_answer_given_again_replaces_the_earlier_lines() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.internal_view": ["One.", "Another."],
            "backstory.internal_view+": ["Two.", ENTER, ENTER],
            "backstory.landmines[1].what": [BACK, QUIT],
        }
    )

    assert walked.case.facts["backstory.internal_view"] == "Another."


def test_an_answer_given_as_one_value_asks_for_no_more_lines() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.internal_view": Reply("given", value="One.\nTwo."),
            "backstory.landmines[1].what": QUIT,
        }
    )

    assert walked.case.facts["backstory.internal_view"] == "One.\nTwo."
    assert "backstory.internal_view+" not in walked.who.met


def test_a_remark_between_two_lines_does_not_end_the_answer() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.internal_view+": [Reply("note", "ask Jonas"), "And nobody called.", ENTER],
            "backstory.landmines[1].what": QUIT,
        }
    )

    assert walked.case.facts["backstory.internal_view"] == "The carrier was late.\nAnd nobody called."


# -- lists -----------------------------------------------------------------------------------


def test_a_list_takes_entries_until_enter() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.landmines[2].what": "The bill in dispute",
            "backstory.contact_details": QUIT,
        }
    )

    assert [mine["what"] for mine in walked.case.facts["backstory.landmines"]] == [
        "The unanswered mail",
        "The bill in dispute",
    ]
    assert walked.case.facts["backstory.landmines"][1]["explanation"] is None
    assert "backstory.landmines" in walked.case.ended


def test_enter_at_once_says_that_there_is_nothing_to_list() -> None:
    walked = walk(BACKSTORY | {"backstory.landmines[1].what": ENTER, "backstory.contact_details": QUIT})

    assert walked.case.facts["backstory.landmines"] == []
    assert walked.case.known("backstory.landmines")


def test_a_required_list_needs_one_entry() -> None:
    walked = walk(TO_THE_MESSAGE | {"revisit.changes[1].what": [ENTER, QUIT]})

    assert len(walked.who.told) == 1
    assert walked.who.asked[-2:] == ["revisit.changes[1].what", "revisit.changes[1].what"]
    assert not walked.case.known("revisited.changes")


def test_a_change_that_is_done_needs_no_owner_and_one_that_is_not_needs_both() -> None:
    walked = walk(
        TO_THE_MESSAGE
        | {
            "revisit.changes[2].what": "A message the day before",
            "revisit.changes[2].done": "no",
            "revisit.changes[2].owner": "Jonas",
            "revisit.changes[2].due": "+10d",
        }
    )

    asked = [place for place in walked.who.asked if place.startswith("revisit.changes")]
    assert asked == [
        "revisit.changes[1].what",
        "revisit.changes[1].done",
        "revisit.changes[1].assured_by",
        "revisit.changes[2].what",
        "revisit.changes[2].done",
        "revisit.changes[2].owner",
        "revisit.changes[2].due",
        "revisit.changes[2].assured_by",
        "revisit.changes[3].what",
    ]
    assert [(c["n"], c["state"]) for c in walked.case.commitments] == [(1, "kept"), (2, "open")]


def test_a_list_cut_off_within_an_entry_goes_on_with_the_part_that_is_missing() -> None:
    first = walk(TO_THE_MESSAGE | {"revisit.changes[1].done": QUIT})
    second = walk(REVISIT | {"revisit.offers[1].kind": QUIT}, first.journal)

    assert second.who.asked[0] == "revisit.changes[1].done"


def test_an_entry_can_be_changed_and_taken_out_in_the_review() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.landmines[1].what": ["The unanswered mail", "-"],
            "backstory.landmines[2].what": ["The bill", "The bill of May"],
            "review backstory": [change("landmines"), QUIT],
        }
    )

    assert [row.answer for row in walked.who.reviews["backstory"] if row.key == "landmines"] == [
        "The bill of May"
    ]
    assert walked.case.facts["backstory.landmines"][0]["removed"] is True


def test_a_skip_on_a_part_of_an_entry_that_stands_leaves_it_as_it_is() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.landmines[1].explanation": ["A dead mailbox", SKIP],
            "review backstory": [change("landmines"), QUIT],
        }
    )

    assert walked.who.asked.count("backstory.landmines[1].explanation") == 2
    assert walked.case.facts["backstory.landmines"][0]["explanation"] == "A dead mailbox"


def test_enter_through_an_entry_that_stands_leaves_it_as_it_is() -> None:
    walked = walk(
        OPEN_PROMISE
        | {
            "revisit.offers[1].kind": [BACK, QUIT],
        }
    )

    assert walked.who.asked.count("revisit.changes[1].owner") == 2
    assert walked.case.commitments == walk(OPEN_PROMISE).case.commitments


def test_an_entry_taken_out_keeps_the_numbers_of_the_others() -> None:
    walked = walk(
        TO_THE_MESSAGE
        | {
            "revisit.changes[1].what": ["Mara answers", "-"],
            "revisit.changes[2].what": "A message before",
            "revisit.changes[2].done": "yes",
            "revisit.offers[1].kind": [BACK, QUIT],
        }
    )

    assert [(c["n"], c["what"]) for c in walked.case.commitments] == [(2, "A message before")]


def test_a_list_left_as_it_is_in_the_review_records_nothing_but_its_end() -> None:
    walked = walk(BACKSTORY | {"review backstory": [change("landmines"), QUIT]})

    before = walk(BACKSTORY | {"review backstory": QUIT})
    assert walked.case.seq == before.case.seq
    assert walked.case.facts == before.case.facts


def test_the_entries_of_an_act_are_events_of_their_own_kind() -> None:
    walked = walk(TO_THE_MESSAGE | {"waits revisit.called_on": QUIT})

    kinds = {event.kind for event in walked.journal._events}
    assert {"promised", "offered", "touched", "step_done", "answered"} <= kinds


# -- the review ------------------------------------------------------------------------------


def test_a_step_is_not_completed_while_a_required_answer_is_missing() -> None:
    walked = walk(BACKSTORY | {"backstory.told_by": [SKIP, QUIT]})

    missing = [row.key for row in walked.who.reviews["backstory"] if row.missing]
    assert missing == ["told_by"]
    assert walked.who.asked[-1] == "backstory.told_by"
    assert walked.case.done == {}


def test_a_required_answer_given_in_the_review_completes_the_step() -> None:
    walked = walk(BACKSTORY | {"backstory.told_by": [SKIP, "Mara"], "contact.on": QUIT})

    assert "backstory" in walked.case.done
    assert walked.who.met.count("review backstory") == 2


def test_a_missing_answer_may_be_overridden_with_a_reason() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.told_by": SKIP,
            "review backstory": override("Nobody is left who knows"),
            "contact.on": QUIT,
        }
    )

    assert "backstory" in walked.case.done
    assert walked.case.overridden("backstory", "told_by", "required")
    assert not walked.case.known("backstory.told_by")


def test_an_answer_changed_in_the_review_is_a_second_event_and_counts() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.told_by": ["Mara", "Jonas"],
            "review backstory": change("told_by"),
            "contact.on": QUIT,
        }
    )

    given = [
        event.body["value"]
        for event in walked.journal._events
        if event.body.get("question") == "backstory.told_by"
    ]
    assert given == ["Mara", "Jonas"]
    assert walked.case.facts["backstory.told_by"] == "Jonas"
    assert walked.who.asked.count("backstory.internal_view") == 1


def test_a_change_that_opens_new_questions_has_them_asked_before_the_step_is_completed() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.how_left": ["lapsed", "upset"],
            "review backstory": [change("how_left")],
            "contact.on": QUIT,
        }
    )

    assert walked.who.asked[-3:] == ["backstory.how_left", "backstory.complained_on", "contact.on"]


def test_the_name_of_no_question_changes_nothing() -> None:
    walked = walk(BACKSTORY | {"review backstory": [change("nonsense"), QUIT]})

    assert walked.ended.kind == "quit"
    assert walked.who.met.count("review backstory") == 2


def test_back_in_the_review_goes_to_the_last_question_of_the_step() -> None:
    walked = walk(BACKSTORY | {"review backstory": [BACK, QUIT], "backstory.known_already": ["no", QUIT]})

    assert walked.who.met[-2:] == ["review backstory", "backstory.known_already"]


def test_the_review_says_what_was_known_and_not_asked() -> None:
    walked = walk(BACKSTORY | LISTEN | {"backstory.known_already": "yes", "review listen": QUIT})

    hows = {row.key: row.how for row in walked.who.reviews["listen"] if row.answer}
    assert hows["why_left"] == "known"


# -- guards on the way -----------------------------------------------------------------------


def test_an_apology_in_the_contact_step_is_a_breach_that_blocks_until_overridden() -> None:
    walked = walk(
        BACKSTORY
        | CONTACT
        | {
            "contact.slipped": "apology",
            "review contact": [ENTER, override("It slipped out")],
            "listen.refused": QUIT,
        }
    )

    assert walked.who.told[-1:] == ["A rule of the playbook stops this step."]
    assert walked.case.facts["contacted.slipped"] == "apology"
    assert walked.case.overridden("contact", None, "not_here")
    assert "contact" in walked.case.done


def test_a_late_first_contact_is_warned_of_and_does_not_stop() -> None:
    walked = walk(BACKSTORY | CONTACT | {"backstory.complained_on": "2026-02-20", "listen.refused": QUIT})

    assert walked.who.warns["contact"] == ("clock",)
    assert "contact" in walked.case.done


def test_the_clock_stands_in_the_scene_until_somebody_tried() -> None:
    walked = walk(BACKSTORY | CONTACT | {"backstory.complained_on": "2026-02-20"})

    clocks = {scene.step.id: scene.clock for scene in walked.who.scenes}
    assert clocks["contact"] == (date(2026, 2, 23), True)
    assert clocks["listen"] is None


def test_another_than_the_decision_maker_needs_a_reason() -> None:
    nobody = walk(BACKSTORY | CONTACT | {"contact.decision_maker": "no", "review contact": QUIT})
    said = walk(
        BACKSTORY
        | CONTACT
        | {
            "contact.decision_maker": "no",
            "contact.why_not_decision_maker": "She is away until May",
            "listen.refused": QUIT,
        }
    )

    assert nobody.who.blocks["contact"] == ("decision_maker",)
    assert "contact" in said.case.done


def test_without_our_own_view_nobody_calls_until_it_is_given_or_overridden() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.internal_view": SKIP,
            "review backstory": override("A new firm"),
            "gate contact": QUIT,
        }
    )

    assert walked.ended.kind == "quit"
    assert walked.who.gates["gate contact"] == ("needs",)
    assert "contact.on" not in walked.who.asked


def test_going_back_from_a_gate_and_giving_what_it_wants_opens_it() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.internal_view": [SKIP, "The carrier was late."],
            "backstory.landmines[1].what": ["a", BACK],
            "backstory.contact_details": ["good", BACK],
            "backstory.worth_it": ["yes", BACK],
            "backstory.known_already": ["no", BACK],
            "review backstory": override("A new firm"),
            "gate contact": BACK,
            "contact.on": QUIT,
        }
    )

    assert walked.case.facts["backstory.internal_view"] == "The carrier was late."
    assert walked.who.asked[-1] == "contact.on"


def test_a_gate_that_is_overridden_lets_through() -> None:
    walked = walk(
        BACKSTORY
        | {
            "backstory.internal_view": SKIP,
            "review backstory": override("A new firm"),
            "gate contact": override("Nobody knows"),
            "contact.on": QUIT,
        }
    )

    assert walked.case.overridden("contact", None, "needs")
    assert walked.who.asked[-1] == "contact.on"


# -- the wait and the promises ---------------------------------------------------------------


def test_the_call_waits_a_business_day_after_the_message_over_a_weekend() -> None:
    walked = walk(TO_THE_MESSAGE, today=date(2026, 3, 6))

    assert walked.ended.until == date(2026, 3, 9)
    assert walked.ended.due == date(2026, 3, 10)
    assert walked.ended.finding is not None
    assert walked.ended.finding.guard == "wait"
    assert "revisit.called_on" not in walked.who.asked


def test_the_call_can_be_brought_forward_with_a_reason() -> None:
    walked = walk(
        TO_THE_MESSAGE | {"waits revisit.called_on": override("They rang us"), "revisit.pointed_out": QUIT}
    )

    assert walked.case.overridden("revisit", "called_on", "wait")
    assert walked.case.facts["revisited.called_on"] == "2026-03-02"


def test_a_message_sent_some_days_ago_spares_the_wait() -> None:
    walked = walk(TO_THE_MESSAGE | CALL | {"revisit.sent_on": "-5d", "review revisit": QUIT})

    assert "waits revisit.called_on" not in walked.who.met
    assert walked.case.facts["revisited.sent_on"] == "2026-02-25"
    assert walked.who.blocks["revisit"] == ()


def test_a_sent_message_is_an_event_of_the_day_it_was_sent() -> None:
    walked = walk(TO_THE_MESSAGE | {"revisit.sent_on": "-5d"})

    (sent,) = [e for e in walked.journal._events if e.body.get("fact") == "revisited.sent_on"]
    assert sent.happened == "2026-02-25"


def test_a_call_made_too_soon_is_recorded_and_marked_as_a_breach() -> None:
    walked = walk(
        TO_THE_MESSAGE
        | CALL
        | {"revisit.sent_on": "-5d", "revisit.called_on": "-5d", "review revisit": QUIT}
    )

    assert walked.case.facts["revisited.called_on"] == "2026-02-25"
    assert walked.who.blocks["revisit"] == ("wait",)


def test_without_a_day_on_which_the_message_went_out_the_call_is_not_asked_for() -> None:
    walked = walk(TO_THE_MESSAGE | {"revisit.sent_on": SKIP})

    assert walked.ended.kind == "quit"
    assert walked.who.gates["gate revisit.called_on"] == ("wait",)


def test_an_open_promise_blocks_what_is_pointed_out_as_done() -> None:
    first = walk(OPEN_PROMISE)
    second = walk(CALL, first.journal, TUESDAY)

    assert second.ended.kind == "quit"
    assert second.who.gates["gate revisit.pointed_out"] == ("changes",)
    assert "revisit.pointed_out" not in second.who.asked


def test_a_promise_that_is_kept_opens_what_is_pointed_out() -> None:
    first = walk(OPEN_PROMISE)
    second = walk(
        CALL | {"gate revisit.pointed_out": Reply("kept", "1"), "review revisit": QUIT},
        first.journal,
        TUESDAY,
    )

    assert [c["state"] for c in second.case.commitments] == ["kept"]
    assert second.who.told == ["Promise 1 is kept."]
    assert second.case.facts["revisited.pointed_out"] == "That Mara answers."


def test_a_promise_that_is_broken_is_on_record_and_no_longer_open() -> None:
    first = walk(OPEN_PROMISE)
    second = walk(
        CALL | {"gate revisit.pointed_out": [Reply("broken", "1"), QUIT]},
        first.journal,
        TUESDAY,
    )

    assert [c["state"] for c in second.case.commitments] == ["broken"]
    assert "revisit.pointed_out" not in second.who.asked  # what is broken cannot be called done (B6.6)


@pytest.mark.parametrize("number", ["2", "0", "x", "", "١"])
def test_only_an_open_promise_can_be_settled(number: str) -> None:
    first = walk(OPEN_PROMISE)

    second = walk(
        CALL | {"gate revisit.pointed_out": [Reply("kept", number), QUIT]},
        first.journal,
        TUESDAY,
    )

    expected = "1" if number == "١" else None
    if expected:  # a digit is a digit in any script
        assert [c["state"] for c in second.case.commitments] == ["kept"]
    else:
        assert second.who.told == ["Name an open promise by its number: 1."]
        assert [c["state"] for c in second.case.commitments] == ["open"]


def test_a_change_that_is_neither_done_nor_dated_stops_the_step() -> None:
    walked = walk(OPEN_PROMISE | {"revisit.changes[1].due": SKIP})

    assert walked.who.gates["gate revisit.sent_on"] == ("changes",)
    assert "revisit.sent_on" not in walked.who.asked


def test_a_promise_is_not_made_for_a_day_that_has_gone_by() -> None:
    walked = walk(OPEN_PROMISE | {"revisit.changes[1].due": ["-1d", "today"]})

    assert walked.who.wrongs == [("revisit.changes", "it is to come, so not before 2026-03-02")]
    assert [c["due"] for c in walked.case.commitments] == ["2026-03-02"]


def test_a_promise_whose_day_has_gone_by_keeps_it_and_a_file_says_the_same_on_every_day() -> None:
    first = walk(OPEN_PROMISE | {"revisit.changes[1].due": "+1d", "revisit.sent_on": QUIT})
    month_on = Customs(MONDAY + timedelta(days=30))
    due = facts()["revisited.changes"].item[3]

    assert first.case.commitments[0]["due"] == "2026-03-03"
    assert from_file(due, "2026-03-03", month_on) == "2026-03-03"
    with pytest.raises(ValueError, match="not before 2026-04-01"):
        typed(due, "2026-03-03", month_on)


def test_two_offers_stop_the_step() -> None:
    walked = walk(
        TO_THE_MESSAGE
        | CALL
        | {
            "revisit.offers[2].kind": "other",
            "revisit.offers[2].terms": "Fifty euros.",
            "revisit.sent_on": "-5d",
        }
    )

    assert walked.who.gates["gate revisit.sent_on"] == ("offers",)


def test_a_price_concession_waits_until_it_is_said_who_else_would_ask_for_it() -> None:
    discount = TO_THE_MESSAGE | {"revisit.offers[1].kind": "discount"}

    unasked = walk(discount | {"decide.price_ripple": SKIP})
    asked = walk(discount | {"decide.price_ripple": "Two of that size"})

    assert unasked.who.gates["gate revisit.sent_on"] == ("ripple",)
    assert "revisit.sent_on" in asked.who.asked


def test_an_answer_changed_in_a_finished_step_is_followed_up() -> None:
    first = walk(TO_THE_MESSAGE | {"listen.complained": "no", "revisit.sent_on": QUIT})
    case = first.journal.record(
        [
            Entry(
                "answered",
                {"question": "listen.complained", "fact": "heard.complained", "value": True},
            )
        ]
    )

    place = route.place(STANDARD, case, route.Days(MONDAY))

    assert isinstance(place, route.Ask)
    assert (place.step.id, place.question.key) == ("listen", "complaints")


def test_a_check_in_that_was_missed_is_no_follow_up() -> None:
    first = walk(
        BACKSTORY | REFUSED_ON_THE_PHONE | CLASSIFY | {"follow_up.check_ins[1].agreed_for": "tomorrow"}
    )
    second = walk(
        FOLLOW_UP
        | {
            "follow_up.check_ins[1].kept": "no",
            "follow_up.ending": "lost",
            "review follow_up": [ENTER, QUIT],
        },
        first.journal,
        TUESDAY,
    )

    assert second.who.blocks["follow_up"] == ("at_least",)


# -- somebody else at the same case ----------------------------------------------------------


class Meddled(Scripted):
    """Somebody else acts while a question stands on the screen."""

    def __init__(self, script: Mapping[str, Said], at: str, act: Any) -> None:
        super().__init__(script)
        self.at = at
        self.act = act

    def ask(self, asked: Asked) -> Reply:
        reply = super().ask(asked)
        if self.met[-1] == self.at and self.act:
            act, self.act = self.act, None
            act()
        return reply


class Shared(Rehearsal):
    """A journal that, as the store does, refuses an answer to a question answered meanwhile."""

    def record(self, entries: Sequence[Entry], seen: Mapping[str, int] | None = None) -> Case:
        standing = self.case().answers
        for question, seq in (seen or {}).items():
            now = standing.get(question)
            if now is not None and now.seq != seq:
                raise AnsweredMeanwhile(question, now.value, "Jonas")
        return super().record(entries)


def meddled(journal: Shared, script: Mapping[str, Said], at: str, *entries: Entry) -> Meddled:
    who = Meddled(script, at, lambda: journal.record(entries))
    Walk(STANDARD, journal.case(), who, Journal(journal.record, journal.case), Customs(MONDAY)).run()
    return who


def shared(script: Mapping[str, Said]) -> Shared:
    return Shared(walk(script).journal._events, MONDAY)


def answered(question: str, fact: str, value: Any) -> Entry:
    return Entry("answered", {"question": question, "fact": fact, "value": value, "how": "asked"})


def test_an_answer_given_by_somebody_else_meanwhile_is_shown_and_the_question_asked_again() -> None:
    journal = shared({"backstory.how_left": QUIT})

    who = meddled(
        journal,
        {"backstory.how_left": ["upset", QUIT]},
        "backstory.how_left",
        answered("backstory.how_left", "backstory.how_left", "lapsed"),
    )

    assert who.told == ["Jonas answered this meanwhile: lapsed"]
    assert who.put["backstory.how_left"].typed == "upset"
    assert who.put["backstory.how_left"].default == "lapsed"
    assert journal.case().facts["backstory.how_left"] == "lapsed"


def test_an_answer_to_another_question_meanwhile_leaves_both_standing() -> None:
    journal = shared({"backstory.how_left": QUIT})

    meddled(
        journal,
        {"backstory.how_left": "upset", "backstory.left_on": QUIT},
        "backstory.how_left",
        answered("backstory.told_by", "backstory.told_by", "Jonas"),
    )

    facts = journal.case().facts
    assert (facts["backstory.how_left"], facts["backstory.told_by"]) == ("upset", "Jonas")


def test_a_further_line_is_not_lost_when_somebody_else_answers_meanwhile() -> None:
    journal = shared(BACKSTORY | {"backstory.internal_view": QUIT})

    who = meddled(
        journal,
        {
            "backstory.internal_view": ["Late.", QUIT],
            "backstory.internal_view+": ["And nobody called.", ENTER],
        },
        "backstory.internal_view+",
        answered("backstory.internal_view", "backstory.internal_view", "The price."),
    )

    assert who.told == ["Jonas answered this meanwhile: The price."]
    assert who.put["backstory.internal_view"].typed == "And nobody called."


def test_a_skip_stands_back_when_somebody_else_answers_meanwhile() -> None:
    journal = shared({"backstory.how_left": QUIT})

    meddled(
        journal,
        {"backstory.how_left": [SKIP, QUIT], "backstory.left_on": QUIT},
        "backstory.how_left",
        answered("backstory.how_left", "backstory.how_left", "lapsed"),
    )

    assert journal.case().facts["backstory.how_left"] == "lapsed"


def test_an_entry_that_somebody_else_added_meanwhile_is_not_written_over() -> None:
    journal = shared(TO_THE_MESSAGE | {"revisit.changes[1].what": QUIT})
    theirs = {
        "question": "revisit.changes",
        "fact": "revisited.changes",
        "item": 1,
        "value": {"what": "A new driver"},
        "how": "asked",
    }

    meddled(
        journal,
        {
            "revisit.changes[1].what": ["Mara answers", "Mara answers"],
            "revisit.changes[2].what": ["Mara answers", QUIT],
            "revisit.changes[1].done": QUIT,
            "revisit.changes[2].done": QUIT,
        },
        "revisit.changes[1].what",
        Entry("promised", theirs),
    )

    assert "A new driver" in [c["what"] for c in journal.case().commitments]


def test_a_touch_that_somebody_else_logged_meanwhile_is_not_written_over() -> None:
    journal = shared(BACKSTORY | {"contact.on": QUIT})
    theirs = {"touch": 1, "channel": "email", "disposition": "left_message"}

    meddled(journal, NOBODY, "contact.disposition", Entry("touched", theirs))

    touches = journal.case().touches
    assert [touch["disposition"] for touch in touches] == ["left_message", "no_answer"]


# -- dormant and woken -----------------------------------------------------------------------


def test_a_case_with_every_step_done_is_through() -> None:
    won = walk(BACKSTORY | {"backstory.worth_it": "no", "follow_up.lesson": "Choose better."})
    won.journal.record([Entry("reopened", {})])

    again = walk({}, won.journal, TUESDAY)

    assert again.ended.kind == "through"
    assert again.who.met == []


def test_a_later_walk_begins_with_its_own_day() -> None:
    first = walk(BACKSTORY | {"contact.on": QUIT})
    second = walk({"contact.on": "today", "contact.channel": QUIT}, later(first.journal, TUESDAY), TUESDAY)

    assert second.case.facts["contacted.on"] == "2026-03-03"


# -- what a playbook may leave to the rep ----------------------------------------------------

PLEDGED: dict[str, Said] = {
    "lapsed.how_left": "lapsed",
    "lapsed.left_on": "2025-06-01",
    "likely.worth_it": "yes",
    "basics.contact_details": "good",
    "ask.on": "2026-02-27",
    "ask.channel": "phone",
    "ask.disposition": "reached",
    "ask.person": "Ben",
    "ask.why_left": "You forgot me.",
    "weigh.verdict": "pursue",
    "weigh.reasons": "Cheap.",
    "assure.requirements": "A call a quarter.",
    "assure.changes[1].what": "A call a quarter",
    "assure.changes[1].done": "no",
    "assure.changes[1].owner": "Mara",
    "assure.changes[1].due": "+1m",
    "assure.changes[1].assured_by": "Mara",
    "incentive.offers[1].kind": "voucher",
    "incentive.offers[1].terms": "Ten off the next order.",
    "incentive.sent_on": "2026-02-28",
}
LAPSED = library.load("lapsed-list", Path("/nowhere")).playbook


def test_a_claim_that_a_promise_stands_in_the_way_of_may_be_left_out() -> None:
    stopped = walk(PLEDGED, playbook=LAPSED)
    passed = walk(PLEDGED | {"gate assure.pointed_out": SKIP, "incentive.response": "no"}, playbook=LAPSED)

    assert stopped.who.gates == {"gate assure.pointed_out": ("changes",)}
    assert passed.case.answers["assure.pointed_out"].how == "skipped"
    assert "assure" in passed.case.done
    assert passed.case.outcome == "lost"


@pytest.mark.parametrize(
    ("response", "ending"), [("thinking", "dormant"), ("not now", "dormant"), ("no", "lost")]
)
def test_lost_is_only_suggested_where_they_said_no(response: str, ending: str) -> None:
    script = PLEDGED | {"gate assure.pointed_out": SKIP, "incentive.response": response}

    walked = walk(script, playbook=LAPSED)

    assert walked.who.put["accept.ending"].default == ending


def test_a_default_of_the_playbook_for_the_ending_is_read_as_an_answer_is() -> None:
    text = (
        (library.built_in() / "lapsed-list.yaml").read_text("utf-8").replace("default: lost", "default: Lo")
    )
    book, told = library.check(text)
    assert told == []
    assert book is not None
    script = PLEDGED | {"gate assure.pointed_out": SKIP, "incentive.response": "no"}

    assert walk(script, playbook=book).case.outcome == "lost"


def test_a_woken_case_is_asked_again_how_they_respond() -> None:
    asleep = walk(
        PLEDGED
        | {
            "gate assure.pointed_out": SKIP,
            "incentive.response": "thinking",
            "accept.next_contact_on": "+3m",
        },
        playbook=LAPSED,
    )
    assert asleep.case.status == "dormant"
    asleep.journal.record([Entry("reopened", new_round(LAPSED, asleep.case))])

    woken = walk(
        {"incentive.response": "coming back", "accept.next_contact_on": "+1m"},
        asleep.journal,
        date(2026, 6, 3),
        LAPSED,
    )

    assert woken.who.asked[1:3] == ["incentive.response", "incentive.response_words"]
    assert woken.case.outcome == "won"
