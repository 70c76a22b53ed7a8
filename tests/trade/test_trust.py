"""The trust team's questionnaire, the map and the plan made of its answers, and the plan's forms (E9-E12)."""

import csv
import io
import re
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from winback_cli import answersfile, library, owing, proofreading, trust, trustpage, yamltext
from winback_cli.answers import Customs
from winback_cli.answersfile import FilePrompter
from winback_cli.case import Case, Entry, Event, fold
from winback_cli.errors import BadInput, NotFound, UsageError
from winback_cli.facts import facts
from winback_cli.journal import Journal, Rehearsal
from winback_cli.playbook import Playbook
from winback_cli.prompter import Ended
from winback_cli.stages import Stage
from winback_cli.trust import Noted, Task
from winback_cli.walk import Walk

NOWHERE = Path("/nowhere")
TODAY = date(2026, 3, 2)
CUSTOMS = Customs(TODAY)
ANSWERS: dict[str, Any] = {
    "stages": {
        "team": [{"name": "Mara Lind", "part": "sales"}],
        "stages": [{"name": "first order", "note": "They try us."}, {"name": "problem"}],
    },
    "breakers": {"breakers": [{"stage": "Problem", "what": "Nobody calls back."}]},
    "opportunities": {
        "opportunities": [{"stage": "first order", "what": "The bill.", "how": "Call and explain it."}]
    },
    "threats": {"threats": [{"stage": "problem", "what": "Wrong bills.", "safeguard": "Two people look."}]},
    "lost": {"actions": [{"what": "Call the ten largest.", "owner": "Mara", "due": "2026-03-09"}]},
    "staff": {
        "staff_stages": [{"name": "daily work"}],
        "staff_breakers": [{"stage": "daily work", "what": "Shifts change without a word."}],
        "staff_opportunities": [{"stage": "daily work", "what": "Fridays.", "how": "Ask."}],
        "staff_threats": [{"stage": "daily work", "what": "Too few people.", "safeguard": "A reserve."}],
    },
    "ideas": {
        "ideas": [
            {"what": "A portal.", "effort": 5, "effect": 5},
            {"what": "One number.", "owner": "Jonas", "effort": 2, "effect": 5, "due": "2026-03-01"},
        ]
    },
    "review": {"approved": "no"},
}


@pytest.fixture(scope="module")
def book() -> Playbook:
    return library.load("trust-team", NOWHERE).playbook


def walk(book: Playbook, given: dict[str, Any]) -> tuple[Ended, Rehearsal]:
    """Walk a new map with these answers."""
    anywhere: Any = defaultdict(lambda: (1, 1))
    tree = yamltext.Tree({"answers": given}, anywhere, anywhere, [])
    script, problems = answersfile.check(tree, "given", book, CUSTOMS)
    assert problems == []
    journal = Rehearsal([], TODAY)
    journal.record([Entry("opened", {"playbook": book.name, "version": 1, "digest": ""})])
    walked = Walk(
        book, journal.case(), FilePrompter(script), Journal(journal.record, journal.case), CUSTOMS
    )
    return walked.run(), journal


def mapped(**facts_of_it: Any) -> Case:
    return Case("0.1", facts={f"programme.{name}": value for name, value in facts_of_it.items()})


# -- the questionnaire -----------------------------------------------------------------------


def test_the_questionnaire_has_no_mistakes_no_doubts_and_is_on_the_firm_alone(book: Playbook) -> None:
    assert proofreading.mistakes(book) == []
    assert proofreading.doubts(book, library.rules()) == []
    assert book.subject == "firm"
    assert {step.stage for step in book.steps} == {Stage.PROGRAMME}


def test_every_step_question_and_guard_of_it_names_a_rule_of_the_programme(book: Playbook) -> None:
    sources = [step.source for step in book.steps]
    sources += [q.source for step in book.steps for q in step.questions]
    sources += [guard.source for _, _, guard in book.guards()]

    assert all(sources)
    assert book.cited() == {"E9", "E10", "E11", "E12"}


def test_it_asks_for_every_fact_of_the_programme(book: Playbook) -> None:
    asked = {question.fact for step in book.steps for question in step.questions}

    assert asked == {name for name in facts() if name.startswith("programme.")}


def test_a_file_with_every_answer_walks_through_it_and_owes_nothing_to_the_desk(book: Playbook) -> None:
    ended, journal = walk(book, ANSWERS)

    assert ended.kind == "through"
    assert set(journal.case().done) == {step.id for step in book.steps}
    assert owing.standing(book, journal.case(), CUSTOMS.weekend).dues == ()


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ("stages", "team"),
        ("breakers", "breakers"),
        ("opportunities", "opportunities"),
        ("threats", "threats"),
        ("lost", "actions"),
        ("staff", "staff_breakers"),
        ("staff", "staff_opportunities"),
        ("staff", "staff_threats"),
        ("ideas", "ideas"),
    ],
)
def test_what_the_rules_ask_for_cannot_be_left_out(book: Playbook, step: str, key: str) -> None:
    given = {name: {k: v for k, v in part.items() if k != key} for name, part in ANSWERS.items()}

    with pytest.raises(UsageError, match=rf"no answer to {step}\.{key}"):
        walk(book, given)


def test_a_file_is_not_asked_whether_the_plan_that_it_makes_was_approved(book: Playbook) -> None:
    ended, journal = walk(book, {name: part for name, part in ANSWERS.items() if name != "review"})

    assert ended.kind == "quit"
    assert set(journal.case().done) == {step.id for step in book.steps} - {"review"}


def test_an_entry_stands_at_a_stage_of_the_map_as_the_map_calls_it(book: Playbook) -> None:
    _, journal = walk(book, ANSWERS)

    assert journal.case().facts["programme.breakers"][0]["stage"] == "problem"


def test_a_stage_that_is_not_on_the_map_is_refused(book: Playbook) -> None:
    given = ANSWERS | {"breakers": {"breakers": [{"stage": "renewal", "what": "Silence."}]}}

    with pytest.raises(BadInput, match=r"breakers\.breakers: one of these: first order, problem"):
        walk(book, given)


def test_effort_goes_from_1_to_5(book: Playbook) -> None:
    anywhere: Any = defaultdict(lambda: (1, 1))
    tree = yamltext.Tree(
        {"answers": {"ideas": {"ideas": [{"what": "A.", "effort": 6}]}}}, anywhere, anywhere, []
    )

    _, problems = answersfile.check(tree, "given", book, CUSTOMS)

    assert [problem.message for problem in problems] == ["ideas: effort: a number from 1 to 5"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("subject: firm\n", "", "it goes with subject: firm"),
        ("stage: programme", "stage: listen", "on the stage programme"),
        ("fact: programme.team", "fact: heard.why_left", "facts of the programme only"),
    ],
)
def test_the_firms_questions_and_the_customers_are_kept_apart(before: str, after: str, told: str) -> None:
    content = (library.built_in() / "trust-team.yaml").read_text("utf-8")

    found, problems = library.check(content.replace(before, after, 1))

    assert found is None
    assert told in problems[0].message


def test_it_is_no_playbook_for_a_customer() -> None:
    with pytest.raises(UsageError, match="walked with no customer"):
        library.for_customers("trust-team", NOWHERE)


# -- the map ---------------------------------------------------------------------------------


def test_what_was_found_stands_at_its_stage(book: Playbook) -> None:
    side = trust.side(walk(book, ANSWERS)[1].case(), trust.CUSTOMERS)

    first, problem = side.stages
    assert (first.name, first.note, first.opportunities) == (
        "first order",
        "They try us.",
        (Noted(1, "The bill.", "Call and explain it."),),
    )
    assert (problem.breakers, problem.threats) == (
        (Noted(1, "Nobody calls back."),),
        (Noted(1, "Wrong bills.", "Two people look."),),
    )
    assert side.actions == (Task(1, "Call the ten largest.", "Mara", "2026-03-09"),)


def test_the_staff_have_a_map_of_their_own(book: Playbook) -> None:
    side = trust.side(walk(book, ANSWERS)[1].case(), trust.STAFF)

    assert [(stage.name, len(stage.breakers), len(stage.threats)) for stage in side.stages] == [
        ("daily work", 1, 1)
    ]


def test_what_stands_at_a_stage_that_is_gone_is_shown_still() -> None:
    case = mapped(
        stages=[{"name": "problem", "removed": True}], breakers=[{"stage": "problem", "what": "X"}]
    )

    assert [(stage.name, stage.breakers) for stage in trust.side(case, "customers").stages] == [
        ("problem", (Noted(1, "X"),))
    ]


@pytest.mark.parametrize(("said", "meant"), [("PROBLEM", "problem"), ("first o", "first order")])
def test_a_stage_is_known_by_its_beginning_however_it_is_written(said: str, meant: str) -> None:
    case = mapped(stages=[{"name": "first order"}, {"name": "problem"}])

    assert trust.stage_named(case, "customers", said) == meant


def test_an_unknown_stage_is_told_with_the_nearest_one_and_all_there_are() -> None:
    case = mapped(stages=[{"name": "first order"}, {"name": "problem"}])

    with pytest.raises(NotFound) as wrong:
        trust.stage_named(case, "customers", "problm")

    assert wrong.value.hint == "Did you mean problem? Stages: first order, problem."


# -- the ideas -------------------------------------------------------------------------------


def test_the_score_is_what_changes_for_the_effort() -> None:
    assert Task(1, "A", effort=2, effect=5).score == 2.5
    assert Task(1, "A", effort=2).score is None


def test_the_best_idea_comes_first_then_whoever_has_an_owner_then_the_earlier_day() -> None:
    ideas = [
        Task(1, "no marks"),
        Task(2, "nobody's", effort=2, effect=4),
        Task(3, "late", "Mara", "2026-06-01", effort=1, effect=2),
        Task(4, "early", "Mara", "2026-05-01", effort=2, effect=4),
        Task(5, "best", effort=1, effect=5),
    ]

    assert [idea.n for idea in trust.ranked(ideas)] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("task", "state"),
    [
        (Task(1, "A", due="2026-03-01"), "overdue"),
        (Task(1, "A", due="2026-03-02"), "open"),
        (Task(1, "A", due="2026-03-01", done_on="2026-03-02"), "done"),
    ],
)
def test_a_task_is_overdue_the_day_after_it_was_due_unless_it_is_done(task: Task, state: str) -> None:
    assert task.state("2026-03-02") == state


# -- approved, and what became of it ---------------------------------------------------------


def answered(seq: int, fact: str, value: Any = None, **more: Any) -> Event:
    body = {"question": f"x.{fact}", "fact": f"programme.{fact}", **more}
    body |= {} if value is None else {"value": value}
    return Event(seq, "answered", "", "2026-03-02", "", 1, False, body, "")


IDEAS = [answered(1, "ideas", {"what": "A"}, item=1), answered(2, "ideas", {"what": "B"}, item=2)]
APPROVAL = [
    answered(3, "approved_by", "Ada Vale"),
    answered(4, "approved_on", "2026-03-02"),
    answered(5, "approved", True),
]


def standing(*events: Event) -> tuple[Case, list[Event]]:
    return fold("0.1", events), list(events)


def test_a_plan_is_approved_by_somebody_on_a_day() -> None:
    assert trust.approval(*standing(*IDEAS)) is None
    assert trust.approval(*standing(*IDEAS, *APPROVAL)) == trust.Approval("Ada Vale", "2026-03-02")


def test_an_approval_that_was_taken_back_is_none() -> None:
    undone = Event(6, "undone", "", "2026-03-02", "", 2, False, {"seq": 5}, "")

    assert trust.approval(*standing(*IDEAS, *APPROVAL, undone)) is None


def test_a_plan_changed_after_its_approval_says_so_but_not_for_what_was_done_of_it() -> None:
    done = answered(6, "ideas", {"done_on": "2026-03-05"}, item=1)
    more = answered(7, "ideas", {"what": "C"}, item=3)

    marked = trust.approval(*standing(*IDEAS, *APPROVAL, done))
    changed = trust.approval(*standing(*IDEAS, *APPROVAL, done, more))

    assert marked is not None
    assert changed is not None
    assert (marked.changed, changed.changed) == (False, True)


def test_the_review_tells_of_what_was_approved_and_of_nothing_that_came_later() -> None:
    later = [
        answered(6, "ideas", {"done_on": "2026-03-05"}, item=1),
        answered(7, "ideas", {"removed": True}, item=2),
        answered(8, "ideas", {"what": "C"}, item=3),
    ]
    now, events = standing(*IDEAS, *APPROVAL, *later)
    then = trust.approved_map("0.1", events)
    assert then is not None

    found = trust.review(then, now, "2026-03-09")

    assert [(one.task.what, one.state) for one in found] == [("A", "done"), ("B", "taken out")]


# -- the evidence ----------------------------------------------------------------------------


def test_words_with_a_name_a_number_or_an_address_are_left_out() -> None:
    words = ["too expensive", "cheaper than Blue Foods", "called 3 times", "ana@example.com", "AÑA left"]

    assert trust.nameless(words, "Ana Sol Blue Foods") == ["too expensive"]


def test_reasons_are_counted_with_their_leaves_and_their_commonest_words() -> None:
    counted = [("price", 2), ("support", 3), ("price/shipping_cost", 2)]
    said = {"price": ["Too expensive", "too expensive", "cheaper"]}

    assert trust.evidence(counted, said) == [
        trust.Evidence("price", 4, (("too expensive", 2), ("cheaper", 1))),
        trust.Evidence("support", 3),
    ]


def test_a_map_begins_with_what_cases_and_surveys_say_each_counted_by_itself() -> None:
    stages = trust.usual_stages(trust.CUSTOMERS)

    found = trust.seeded(
        [("price/shipping_cost", 2), ("unknown", 9)], stages, [("price", 1), ("support", 4)]
    )

    assert found == [
        {"stage": "problem", "what": "support (4 survey answers)"},
        {"stage": "renewal", "what": "price (2 cases, 1 survey answer)"},
    ]


# -- the plan in its forms -------------------------------------------------------------------

HOSTILE = '=HYPERLINK("x") | <script>alert(1)</script> [a](b)'


@pytest.fixture
def plan(book: Playbook) -> trust.Plan:
    given = ANSWERS | {"ideas": {"ideas": [*ANSWERS["ideas"]["ideas"], {"what": HOSTILE}]}}
    case = walk(book, given)[1].case()
    return trust.plan(case, [], [trust.Evidence("price", 4, (("too expensive", 2),))])


def test_the_plan_says_what_who_when_why_and_that_nobody_approved_it(plan: trust.Plan) -> None:
    told = "\n".join(trustpage.lines(plan, TODAY, 80))

    assert told.index("1. One number.") < told.index("2. A portal.")
    assert "Jonas, by 2026-03-01, overdue; score 2.5" in told
    assert 'price: 4 cases ("too expensive" 2 times)' in told
    assert "Not approved yet." in told
    assert all(len(line) <= 80 for line in told.splitlines())


def test_markdown_takes_nobodys_words_for_its_own(plan: trust.Plan) -> None:
    told = trustpage.markdown(plan, TODAY)

    (row,) = [line for line in told.splitlines() if "HYPERLINK" in line]
    assert re.sub(r"\\.", "", row).count("|") == 7
    assert "<script" not in told
    assert "Name: ____" in told


def test_no_cell_of_the_csv_is_run_by_a_spreadsheet(plan: trust.Plan) -> None:
    rows = list(csv.DictReader(io.StringIO(trustpage.as_csv(plan, TODAY))))

    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in {row["kind"] for row in rows}}
    assert [row["what"] for row in by_kind["idea"]] == ["One number.", "A portal.", f"'{HOSTILE}"]
    assert (by_kind["reason"][0]["what"], by_kind["reason"][0]["cases"]) == ("price", "4")
    assert by_kind["threat"][0]["more"] == "Two people look."
    assert by_kind["approval"][0]["what"] == "Not approved yet."


def test_every_form_of_the_plan_says_who_approved_it_and_when(plan: trust.Plan) -> None:
    signed = plan._replace(approval=trust.Approval("Ada Vale", "2026-02-27"))
    told = "Approved by Ada Vale on 2026-02-27."

    row = list(csv.DictReader(io.StringIO(trustpage.as_csv(signed, TODAY))))[-1]

    assert (row["what"], row["owner"], row["done_on"]) == (told, "Ada Vale", "2026-02-27")
    assert told in "\n".join(trustpage.lines(signed, TODAY, 80))
    assert told in trustpage.markdown(signed, TODAY)
    assert told in trustpage.page(signed, TODAY)


def test_every_form_of_the_plan_writes_its_day_alike(plan: trust.Plan) -> None:
    assert "As of 2026-03-02" in trustpage.page(plan, TODAY)
    assert "As of 2026-03-02" in trustpage.markdown(plan, TODAY)


# -- the blank file --------------------------------------------------------------------------


def test_the_blank_file_says_which_stages_there_are_and_asks_for_no_approval(book: Playbook) -> None:
    told = answersfile.template(book)

    assert "breakers: [{stage: STAGE, what: TEXT}]" in told
    assert "# first look, first purchase, regular use, problem, renewal, leaving, gone." in told
    assert "# applying, first weeks, daily work, problem, change, leaving, gone." in told
    assert "Which other stage" not in told
    assert "(required)" not in told.partition("# Did senior management")[2]


def test_the_page_loads_and_runs_nothing_and_escapes_what_somebody_wrote(plan: trust.Plan) -> None:
    told = trustpage.page(plan, TODAY)

    assert told.startswith(trustpage.HTML_MARK)
    assert "default-src 'none'; style-src 'sha256-" in told.replace("&#39;", "'")
    assert "<script" not in told
    assert "&lt;script&gt;" in told
    assert not re.search(r"""(src|href)=|url\(|@import""", told)


def test_the_pages_style_is_the_one_that_its_policy_allows(plan: trust.Plan) -> None:
    import base64
    import hashlib

    told = trustpage.page(plan, TODAY)
    style = told.partition("<style>")[2].partition("</style>")[0]

    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in told.replace("&#43;", "+")
