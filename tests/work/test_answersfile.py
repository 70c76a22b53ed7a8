"""A walk written down in a file, and answered as a person would answer it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.work.scripted import MONDAY, STANDARD, later, opened
from winback_cli import answersfile, library
from winback_cli.answers import Customs
from winback_cli.answersfile import FilePrompter, Given
from winback_cli.case import Entry
from winback_cli.errors import BadInput, Refused, UsageError
from winback_cli.journal import Journal, Rehearsal
from winback_cli.prompter import Ended
from winback_cli.walk import Walk

CUSTOMS = Customs(MONDAY)
SAMPLE = Path(library.__file__).parent / "sample" / "answers.yaml"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Read an answers file from its text."""

    def read(content: str, name: str = "a.yaml") -> answersfile.Script:
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return answersfile.load(path, STANDARD, CUSTOMS)

    return read


def refusal(load: Any, content: str) -> list[str]:
    """The mistakes of a file, each as line:column: message."""
    with pytest.raises(BadInput) as refused:
        load(content)
    return [line.partition("a.yaml:")[2] for line in refused.value.message.splitlines()]


def play(
    script: answersfile.Script, journal: Rehearsal | None = None, today: date = MONDAY
) -> tuple[Ended, Rehearsal]:
    journal = later(journal, today) if journal else opened(today)
    walk = Walk(
        STANDARD,
        journal.case(),
        FilePrompter(script),
        Journal(journal.record, journal.case),
        Customs(today),
    )
    return walk.run(), journal


# -- reading ---------------------------------------------------------------------------------


def test_answers_are_read_as_they_will_be_stored(load: Any) -> None:
    script = load(
        "answers:\n  backstory:\n    how_left: Upset\n    left_on: -2d\n  decide:\n    fix_cost: 900\n"
    )

    assert script.answers == {
        ("backstory", "how_left"): Given("upset"),
        ("backstory", "left_on"): Given("2026-02-28"),
        ("decide", "fix_cost"): Given({"amount": 90000, "currency": "EUR"}),
    }


def test_json_is_read_as_well(load: Any) -> None:
    script = load('{"answers": {"backstory": {"how_left": "upset", "known_already": true}}}', "a.json")

    assert script.answers["backstory", "how_left"].value == "upset"
    assert script.answers["backstory", "known_already"].value is True


def test_an_answer_known_before_is_marked_so(load: Any) -> None:
    script = load("answers: {listen: {why_left: {value: late, known: true}, buys_now: {value: x}}}")

    assert script.answers["listen", "why_left"] == Given("late", known=True)
    assert script.answers["listen", "buys_now"] == Given("x")


def test_a_list_is_a_list_of_maps(load: Any) -> None:
    script = load(
        "answers:\n  revisit:\n    changes:\n    - {what: A, done: true}\n    - {what: B, due: +1w}\n"
    )

    assert script.answers["revisit", "changes"].value == [
        {"what": "A", "done": True},
        {"what": "B", "due": "2026-03-09"},
    ]


def test_overrides_are_read_with_their_reasons(load: Any) -> None:
    script = load(
        "override:\n"
        "- {step: contact, guard: needs, because: ' new firm '}\n"
        "- {step: revisit, question: called_on, guard: wait, because: they rang}\n"
        "- {step: backstory, question: told_by, guard: required, because: nobody}\n"
    )

    assert script.overrides == {
        ("contact", None, "needs"): "new firm",
        ("revisit", "called_on", "wait"): "they rang",
        ("backstory", "told_by", "required"): "nobody",
    }


@pytest.mark.parametrize("content", ["answers:\n", "answers: {}\n", "override: []\n", "{}\n"])
def test_a_file_without_answers_is_a_script_without_answers(load: Any, content: str) -> None:
    assert load(content).answers == {}


# -- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("answer: {}\n", ["1:1: 'answer' is not known here; did you mean answers?"]),
        ("answers:\n  contakt: {}\n", ["2:3: 'contakt' is not known here; did you mean contact?"]),
        (
            "answers:\n  contact:\n    persn: x\n",
            ["3:12: 'persn' is not known here; did you mean person?"],
        ),
        ("answers: [a]\n", ["1:1: a map of step: questions"]),
        ("answers:\n  contact: x\n", ["2:12: a map of question: answer"]),
        ("- a\n", ["1:1: an answers file is a map that begins with answers:"]),
        ("", ["1:1: an answers file is a map that begins with answers:"]),
    ],
)
def test_what_is_not_known_is_told_with_its_place(load: Any, content: str, told: list[str]) -> None:
    found = refusal(load, content)

    assert [line.split(": ", 1)[1] for line in found] == [line.split(": ", 1)[1] for line in told]
    assert [line.split(":")[0] for line in found] == [line.split(":")[0] for line in told]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("how_left: furious", "departing, upset, lapsed, content"),
        ("left_on: soon", "a date looks like"),
        ("left_on: tomorrow", "not after 2026-03-02"),
        ("told_by:", "a single value"),
        ("told_by: [a]", "a single value"),
        ("landmines: x", "a list of maps"),
        ("landmines: [{waht: x}]", "did you mean 'what'"),
        ("told_by: {valu: x}", "a single value"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told_with_its_line_and_name(
    load: Any, answer: str, says: str
) -> None:
    (told,) = refusal(load, f"# first\nanswers:\n  backstory:\n    worth_it: 'yes'\n    {answer}\n")

    assert told.startswith("5:")
    assert answer.partition(":")[0] in told
    assert says in told


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("{step: contact, guard: needs}", "needs a reason"),
        ("{step: contact, guard: needs, because: ' '}", "needs a reason"),
        ("{step: contct, guard: needs, because: x}", "did you mean contact"),
        ("{step: contact, guard: waits, because: x}", "no such guard here"),
        ("{step: contact, guard: required, because: x}", "no such guard here"),
        ("{step: contact, question: persn, guard: required, because: x}", "did you mean person"),
        ("{step: contact, question: person, guard: needs, because: x}", "no such guard here"),
        ("{steps: contact}", "an override has step"),
        ("x", "an override has step"),
    ],
)
def test_an_override_that_fits_nothing_is_told_with_its_line(load: Any, override: str, says: str) -> None:
    (told,) = refusal(load, f"override:\n- {override}\n")

    assert told.startswith("2:")
    assert says in told


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(load: Any) -> None:
    told = refusal(
        load, "answers:\n  backstory:\n    how_left: x\n    nonsense: y\n  contact:\n    channel: z\n"
    )

    assert [line.partition(":")[0] for line in told] == ["3", "4", "6"]


def test_a_file_that_is_no_yaml_is_told_with_its_place(load: Any) -> None:
    (told,) = refusal(load, "answers:\n  a: b: c\n")

    assert told.startswith("2:")


# -- walking ---------------------------------------------------------------------------------


def sample() -> answersfile.Script:
    return answersfile.load(SAMPLE, STANDARD, Customs(date(2026, 3, 20)))


def without(script: answersfile.Script, *places: tuple[str, str]) -> answersfile.Script:
    return script._replace(answers={k: v for k, v in script.answers.items() if k not in places})


def test_the_sample_walks_to_the_wait_after_the_message() -> None:
    ended, journal = play(sample(), today=date(2026, 3, 20))

    assert (ended.kind, ended.until) == ("waiting", date(2026, 3, 23))
    assert list(journal.case().done) == ["backstory", "contact", "listen", "classify", "decide"]


def test_walking_a_file_twice_from_the_same_start_records_the_same_events() -> None:
    one, other = (play(sample(), today=date(2026, 3, 20))[1]._events for _ in range(2))

    assert one == other


def test_walking_the_same_file_again_while_it_waits_records_nothing_more() -> None:
    day = date(2026, 3, 20)
    _, first = play(sample(), today=day)

    ended, again = play(sample(), first, day)

    assert ended.kind == "waiting"
    assert again._events == first._events


CALLED = """
answers:
  revisit:
    changes:
    - {what: Mara Quist answers you within one working day, done: true}
    - {what: A message the day before any late delivery, done: true}
    called_on: today
    pointed_out: The one contact
    response: coming_back
  follow_up:
    check_ins:
    - {agreed_for: +1w, kept: true, feedback: All well}
    lesson: Answer mail
    ending: won
    next_contact_on: +1m
"""


def test_walking_a_file_again_later_goes_on_where_it_waited(tmp_path: Path) -> None:
    _, first = play(sample(), today=date(2026, 3, 20))
    path = tmp_path / "more.yaml"
    path.write_text(CALLED, "utf-8")

    monday, tuesday = date(2026, 3, 23), date(2026, 3, 30)
    ended, second = play(answersfile.load(path, STANDARD, Customs(monday)), first, monday)
    closed, third = play(answersfile.load(path, STANDARD, Customs(tuesday)), second, tuesday)

    assert (ended.kind, ended.until) == ("waiting", tuesday)
    assert second._events[: len(first._events)] == first._events
    assert second.case().facts["revisited.called_on"] == "2026-03-23"
    assert (closed.kind, closed.what) == ("closed", "won")
    assert third.case().outcome == "won"


def test_a_promise_that_the_file_now_says_is_done_is_kept_on_the_way(tmp_path: Path) -> None:
    _, first = play(sample(), today=date(2026, 3, 20))
    path = tmp_path / "more.yaml"
    path.write_text(CALLED, "utf-8")

    _, second = play(answersfile.load(path, STANDARD, Customs(date(2026, 3, 23))), first, date(2026, 3, 23))

    assert [c["state"] for c in first.case().commitments] == ["kept", "open"]
    assert [c["state"] for c in second.case().commitments] == ["kept", "kept"]


def promised(journal: Rehearsal, what: str) -> Rehearsal:
    """The case with a promise made by a command, at the end of its list."""
    held = journal.case().facts.get("revisited.changes") or []
    value = {"what": what, "done": False, "owner": "Mara", "due": "2026-04-10"}
    about = {"question": "revisit.changes", "fact": "revisited.changes", "how": "asked"}
    journal.record([Entry("promised", {**about, "item": len(held) + 1, "value": value})])
    return journal


def test_what_a_file_promises_is_added_after_what_was_promised_before(load: Any) -> None:
    day = date(2026, 3, 20)

    _, journal = play(sample(), promised(opened(day), "A new invoice"), day)

    assert [(c["what"][:13], c.get("owner"), c["state"]) for c in journal.case().commitments] == [
        ("A new invoice", "Mara", "open"),
        ("Mara Quist an", None, "kept"),
        ("A message the", "Jonas Feld", "open"),
    ]
    before = len(journal._events)
    assert len(play(sample(), journal, day)[1]._events) == before


def test_a_file_keeps_the_promise_that_it_says_is_done_whatever_its_number(tmp_path: Path) -> None:
    day = date(2026, 3, 20)
    _, first = play(sample(), promised(opened(day), "A new invoice"), day)
    script = answersfile.load(_written(tmp_path, CALLED), STANDARD, Customs(date(2026, 3, 30)))

    ended, second = play(script, first, date(2026, 3, 30))

    assert ended.kind == "waiting"  # for the invoice, of which the file says nothing
    assert [c["state"] for c in second.case().commitments] == ["open", "kept", "kept"]


def test_a_file_says_nothing_of_an_entry_that_it_does_not_hold() -> None:
    journal = opened(MONDAY)
    about = {"question": "backstory.landmines", "fact": "backstory.landmines", "how": "asked"}
    journal.record([Entry("answered", {**about, "item": 1, "value": {"what": "The price"}})])

    _, journal = play(sample(), journal, date(2026, 3, 20))

    mines = journal.case().facts["backstory.landmines"]
    assert [mine["what"][:9] for mine in mines] == ["The price", "Her compl", "The invoi"]
    assert mines[0]["explanation"] is None


def test_a_promise_that_is_not_due_yet_lets_the_file_wait_for_it(tmp_path: Path) -> None:
    day = date(2026, 3, 23)
    _, first = play(sample(), today=date(2026, 3, 20))
    loaded = answersfile.load(_written(tmp_path, CALLED), STANDARD, Customs(day))

    ended, second = play(without(loaded, ("revisit", "changes")), first, day)

    assert (ended.kind, ended.until) == ("waiting", date(2026, 3, 30))
    assert ended.finding is not None
    assert ended.finding.guard == "changes"
    assert second.case().facts["revisited.called_on"] == "2026-03-23"


def test_a_promise_that_is_overdue_stops_the_file_with_the_words_that_would_override(
    tmp_path: Path,
) -> None:
    day = date(2026, 3, 30)
    _, first = play(sample(), today=date(2026, 3, 20))
    script = without(
        answersfile.load(_written(tmp_path, CALLED), STANDARD, Customs(day)), ("revisit", "changes")
    )

    with pytest.raises(Refused) as refused:
        play(script, first, day)

    assert "step: revisit, question: pointed_out, guard: changes" in refused.value.hint


def _written(folder: Path, content: str) -> Path:
    path = folder / "script.yaml"
    path.write_text(content, "utf-8")
    return path


@pytest.mark.parametrize(
    "place",
    [
        ("backstory", "how_left"),
        ("backstory", "told_by"),
        ("contact", "disposition"),
        ("listen", "why_left"),
        ("decide", "verdict"),
        ("revisit", "changes"),
        ("revisit", "sent_on"),
    ],
)
def test_a_required_answer_that_is_missing_is_named_and_never_a_default(place: tuple[str, str]) -> None:
    with pytest.raises(UsageError) as missing:
        play(without(sample(), place), today=date(2026, 3, 20))

    assert ".".join(place) in missing.value.message
    assert "answers.yaml" in missing.value.message


def test_a_required_part_of_a_list_that_is_missing_is_named_with_its_entry() -> None:
    script = sample()
    script.answers["revisit", "changes"].value[1].pop("owner")

    with pytest.raises(UsageError, match=r"revisit\.changes\[2\]\.owner"):
        play(script, today=date(2026, 3, 20))


def test_an_answer_that_is_not_required_is_left_open() -> None:
    _, journal = play(without(sample(), ("listen", "buys_now")), today=date(2026, 3, 20))

    assert journal.case().answers["listen.buys_now"].how == "skipped"


def test_a_required_answer_may_be_overridden_in_the_file() -> None:
    script = without(sample(), ("backstory", "told_by"))
    script.overrides["backstory", "told_by", "required"] = "nobody is left"

    _, journal = play(script, today=date(2026, 3, 20))

    assert journal.case().overridden("backstory", "told_by", "required")
    assert "backstory" in journal.case().done


def test_a_guard_stops_the_file_unless_it_overrides_it() -> None:
    script = sample()
    script.answers["contact", "slipped"] = Given("apology")

    with pytest.raises(Refused) as refused:
        play(script, today=date(2026, 3, 20))
    script.overrides["contact", None, "not_here"] = "it slipped out"
    ended, journal = play(script, today=date(2026, 3, 20))

    assert "step: contact, guard: not_here" in refused.value.hint
    assert ended.kind == "waiting"
    assert journal.case().overrides[0]["because"] == "it slipped out"


def test_a_wait_may_be_overridden_in_the_file() -> None:
    script = sample()
    script.overrides["revisit", "called_on", "wait"] = "they rang us"

    with pytest.raises(UsageError, match=r"revisit\.called_on"):
        play(script, today=date(2026, 3, 20))


def test_what_the_file_knows_before_is_stored_as_known() -> None:
    script = sample()
    script.answers["listen", "why_left"] = Given("late", known=True)

    _, journal = play(script, today=date(2026, 3, 20))

    assert journal.case().answers["listen.why_left"].how == "known"
    assert journal.case().answers["listen.requirements"].how == "asked"


def test_an_attempt_that_reached_nobody_ends_the_walk_of_a_file() -> None:
    script = sample()
    script.answers["contact", "disposition"] = Given("no_answer")

    ended, journal = play(script, today=date(2026, 3, 20))

    assert ended.kind == "not_reached"
    assert len(journal.case().touches) == 1


# -- the template ----------------------------------------------------------------------------


def test_the_template_as_it_is_parses_and_answers_nothing(load: Any) -> None:
    script = load(answersfile.template(STANDARD))

    assert (script.answers, script.overrides) == ({}, {})


def test_the_template_names_every_question_of_every_step_and_marks_the_required() -> None:
    lines = answersfile.template(STANDARD).splitlines()

    for step in STANDARD.steps:
        assert any(line.startswith(f"  {step.id}:") for line in lines)
        for question in step.questions:
            place = next(n for n, line in enumerate(lines) if line.startswith(f"    # {question.key}: "))
            assert ("(required)" in lines[place - 1]) == question.required


def test_the_template_with_a_line_taken_in_answers_that_question(load: Any) -> None:
    filled = answersfile.template(STANDARD).replace("    # told_by: TEXT", "    told_by: Mara")

    assert load(filled).answers == {("backstory", "told_by"): Given("Mara")}
