"""Events are grouped into the acts of people."""

from tests.trade.making import answered, events
from winback_cli import acts

CHANGES = "revisited.changes"


def kinds(*given: object) -> list[tuple[int, ...]]:
    """The acts of one run of the program, as the numbers of their events."""
    return [act.seqs for act in acts.acts([e._replace(command=1) for e in events(*given)])]  # type: ignore[arg-type]


def test_what_two_runs_did_is_two_acts() -> None:
    line = ("answered", {"question": "listen.why_left", "fact": "heard.why_left", "append": "and slow"})

    told = events(answered("heard.why_left", "late", "listen.why_left"), line)

    assert [act.seqs for act in acts.acts(told)] == [(1,), (2,), (3,)]


def test_the_lines_of_one_answer_are_one_act() -> None:
    line = ("answered", {"question": "listen.why_left", "fact": "heard.why_left", "append": "and slow"})

    assert kinds(answered("heard.why_left", "late", "listen.why_left"), line, line) == [(1,), (2, 3, 4)]


def test_two_answers_to_one_question_are_two_acts() -> None:
    one = answered("heard.buys_now", "A", "listen.buys_now")

    assert kinds(one, one) == [(1,), (2,), (3,)]


def test_the_parts_of_one_entry_are_one_act_and_the_next_entry_another() -> None:
    def part(item: int, **value: object) -> tuple[str, dict[str, object]]:
        return "promised", {"question": "revisit.changes", "fact": CHANGES, "item": item, "value": value}

    end = ("answered", {"question": "revisit.changes", "fact": CHANGES, "end": True})

    assert kinds(part(1, what="a"), part(1, done=True), part(2, what="b"), end) == [(1,), (2, 3), (4, 5)]


def test_a_close_takes_the_step_that_it_completed_along() -> None:
    step, close = ("step_done", {"step": "follow_up"}), ("closed", {"outcome": "won"})

    assert kinds(("noted", {"text": "x"}), step, close) == [(1,), (2,), (3, 4)]


def test_an_approval_is_one_act_with_who_gave_it_and_when_and_a_second_one_another() -> None:
    told = [
        answered(f"programme.{fact}", value, f"review.{fact}")
        for fact, value in (("approved", True), ("approved_by", "Ada Vale"), ("approved_on", "2026-03-02"))
    ]
    no = answered("programme.approved", False, "review.approved")

    assert kinds(no, *told) == [(1,), (2,), (3, 4, 5)]


def test_what_was_undone_is_passed_over_and_the_one_before_comes_next() -> None:
    note = ("noted", {"text": "x"})
    told = events(note, note, ("undone", {"seq": 3}))  # type: ignore[arg-type]

    assert [(act.seqs, act.undone) for act in acts.acts(told)] == [
        ((1,), False),
        ((2,), False),
        ((3,), True),
    ]
    following = acts.next_to_undo(told)
    assert following is not None
    assert following.seqs == (2,)
