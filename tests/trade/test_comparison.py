"""Playbooks laid side by side: what implements a rule, where two agree and clash, what has changed."""

from itertools import combinations
from pathlib import Path

import pytest

from winback_cli import comparison, library
from winback_cli.comparison import Comparison, citing
from winback_cli.playbook import Playbook
from winback_cli.stages import SEVEN, Stage

NOWHERE = Path("/nowhere")
CLASHES = library.clashes()
BOOKS = {name: library.load(name, NOWHERE).playbook for name in library.files(NOWHERE)}


def compared(one: str, other: str) -> Comparison:
    return comparison.compare(BOOKS[one], BOOKS[other], CLASHES)


def clashing(found: Comparison) -> dict[str, tuple[str, ...]]:
    """The rules of both sides by what they clash about."""
    return {
        matter.about: tuple(rule for stance in matter.stances if stance for rule in stance.source)
        for matter in found.matters
        if matter.clash
    }


def playbook(content: str) -> Playbook:
    found, told = library.check(content)
    assert told == []
    assert found is not None
    return found


# -- where a rule comes true -----------------------------------------------------------------


def test_a_rule_is_found_at_the_step_the_question_and_the_guard_that_cite_it() -> None:
    places = [element.place for element in citing("B6.3", [BOOKS["six-steps"]])]

    assert places == [
        "six-steps: revisit",
        "six-steps: revisit.slipped",
        "six-steps: revisit, guard not_here",
        "six-steps: revisit.sent_on, guard not_here",
    ]


def test_a_rule_that_nobody_cites_is_found_nowhere() -> None:
    assert citing("E99", BOOKS.values()) == []


def test_rules_stand_in_the_order_of_their_documents() -> None:
    given = ["B2.3", "A10", "B10.1", "A2", "B0", "B2.10"]

    assert sorted(given, key=comparison.rule_order) == ["A2", "A10", "B0", "B2.3", "B2.10", "B10.1"]


# -- two side by side ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "about", "rules"),
    [
        ("six-steps", "second-chance", "When do you apologise?", ("B2.3", "A5")),
        ("six-steps", "trust", "Do you say that you want them back?", ("B6.3", "E4")),
        ("service-recovery", "lapsed-list", "How soon do you make contact?", ("D1", "C1")),
        ("six-steps", "trust", "How fast do you go on?", ("B6.5", "E5")),
        ("lapsed-list", "second-chance", "What makes it worth coming back?", ("C9", "A6")),
        ("lapsed-list", "six-steps", "What if they say no?", ("C10", "B6.7")),
        ("trust", "six-steps", "When do you ask whether they are worth it?", ("E1", "B5.1")),
        ("second-chance", "six-steps", "May a change still be to come when you tell them?", ("A5", "B6.2")),
    ],
)
def test_where_the_documents_disagree_their_playbooks_clash(
    one: str, other: str, about: str, rules: tuple[str, ...]
) -> None:
    assert clashing(compared(one, other))[about] == rules


def test_every_position_is_taken_by_the_playbook_of_its_document() -> None:
    roads = {
        "A": "second-chance",
        "B": "six-steps",
        "C": "lapsed-list",
        "D": "service-recovery",
        "E": "trust",
    }
    for clash in CLASHES:
        for position in clash["positions"]:
            for rule in position["rules"]:
                assert rule in BOOKS[roads[rule[0]]].cited(), (clash["about"], rule)


def test_the_standard_playbook_rules_where_the_documents_disagree() -> None:
    found = compared("standard", "six-steps")
    rulings = {clash["about"]: clash["ruling"] for clash in CLASHES}
    clash = {clash["about"]: clash["positions"] for clash in CLASHES}
    cited = BOOKS["standard"].cited()

    for matter in found.matters:
        assert matter.stances[0] is not None
        several = len({p["stance"] for p in clash[matter.about] if {*p["rules"]} & cited}) > 1
        assert several == (matter.stances[0].says == rulings[matter.about])


@pytest.mark.parametrize("name", BOOKS)
def test_a_playbook_agrees_with_itself_in_everything(name: str) -> None:
    found = compared(name, name)

    assert clashing(found) == {}
    assert set(found.shared) == BOOKS[name].cited()
    assert all(stage.only_asks == ((), ()) and stage.only_holds == ((), ()) for stage in found.stages)


@pytest.mark.parametrize(("one", "other"), list(combinations(BOOKS, 2)))
def test_the_other_way_round_is_the_same_with_the_sides_changed(one: str, other: str) -> None:
    there, back = compared(one, other), compared(other, one)

    assert back.names == there.names[::-1]
    assert [s.only_asks for s in back.stages] == [s.only_asks[::-1] for s in there.stages]
    assert {s.stage: set(s.both_ask) for s in back.stages} == {
        s.stage: set(s.both_ask) for s in there.stages
    }
    assert [m.stances for m in back.matters] == [m.stances[::-1] for m in there.matters]


def test_every_step_of_both_stands_on_its_stage_with_its_number() -> None:
    found = compared("trust", "six-steps")

    steps = {
        stage.stage: [[(n, step.id) for n, step in side] for side in stage.steps] for stage in found.stages
    }

    assert [stage.stage for stage in found.stages] == list(SEVEN)
    assert steps[Stage.REVISIT] == [[(4, "meet"), (6, "easy")], [(6, "revisit")]]
    assert steps[Stage.CONTACT] == [[], [(2, "contact")]]


def test_a_rule_that_both_hold_on_a_stage_comes_with_the_sources_of_both() -> None:
    contact = next(s for s in compared("six-steps", "standard").stages if s.stage == Stage.CONTACT)

    both = {rule.say: rule.source for rule in contact.both_hold}

    assert both["Get the backstory before you call."] == ("B1.1", "A1")


def test_other_terms_make_another_rule() -> None:
    wait = "wait: {after: revisited.sent_on, from: 1bd, due: 2bd}"
    text = (library.built_in() / "six-steps.yaml").read_text("utf-8")
    slower = playbook(
        text.replace(wait, wait.replace("1bd", "2bd")).replace("name: six-steps", "name: slow")
    )

    found = comparison.compare(BOOKS["six-steps"], slower, CLASHES)

    revisit = next(stage for stage in found.stages if stage.stage == Stage.REVISIT)
    alone = [[rule.say for rule in side] for side in revisit.only_holds]
    assert alone == [["Wait a day or two after the e-mail, then call."]] * 2


# -- one version and the next ----------------------------------------------------------------

OLD = """\
name: mine
version: 1
title: Mine
steps:
- id: start
  stage: backstory
  title: Begin
  aim: Know
  questions:
  - {fact: backstory.how_left, ask: How?, required: true}
  - {id: mood, type: choice, choices: [calm, angry], ask: Which mood?}
- id: end
  stage: follow_up
  title: End
  aim: Close
  guards:
  - {at_least: {follow_ups: 1}, say: Follow up., why: Because.}
  questions:
  - {fact: followed_up.ending, ask: How does it end?}
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("title: Mine", "title: Ours", "It is called: Ours"),
        ("title: Begin", "title: Start", "Step start is called: Start"),
        ("aim: Know", "aim: Learn", "Step start: other coaching"),
        ("stage: backstory", "stage: contact", "Step start is on contact, and was on backstory"),
        ("ask: How?, required: true", "ask: How?", "start.how_left is no longer needed"),
        ("ask: How does it end?", "ask: How does it end?, required: true", "end.ending is needed now"),
        ("ask: How?", "ask: In which way?", "start.how_left asks: In which way?"),
        (
            "ask: How?",
            "ask: {departing: 'How now?', left: How?}",
            "start.how_left asks: How now?",
        ),
        ("ask: How?", "ask: How?, default: upset", "start.how_left: Enter takes upset"),
        ("ask: How?", "ask: How?, help: In a word", "start.how_left: other help"),
        ("ask: How?", "ask: How?, source: [D0]", "Other sources or descriptions"),
        ("version: 1", "version: 1\nreasons: {fees: price}", "Other reasons of its own to choose from"),
        ("why: Because.", "why: So.", "Other terms for the rule at_least at end: Follow up."),
        ("[calm, angry]", "[calm, sad]", "start.mood takes another kind of answer"),
        (
            "ask: Which mood?",
            "ask: Which mood?, when: {fact: backstory.how_left, is: upset}",
            "start.mood: asked under other conditions",
        ),
        (
            "  - {id: mood, type: choice, choices: [calm, angry], ask: Which mood?}\n",
            "",
            "No question start.mood any more: Which mood?",
        ),
        (
            "  - {fact: followed_up.ending",
            "  - {fact: followed_up.lesson, ask: 'And?'}\n  - {fact: followed_up.ending",
            "New question end.lesson: And?",
        ),
        ("follow_ups: 1", "follow_ups: 2", "Other terms for the rule at_least at end: Follow up."),
        ("say: Follow up.", "say: Call again.", "Other terms for the rule at_least at end: Call again."),
        (
            "  guards:\n  - {at_least: {follow_ups: 1}, say: Follow up., why: Because.}\n",
            "",
            "No rule at_least at end any more",
        ),
    ],
)
def test_every_change_between_two_versions_is_told(before: str, after: str, told: str) -> None:
    assert OLD.count(before) == 1

    assert comparison.changes(playbook(OLD), playbook(OLD.replace(before, after))) == [told]


def test_a_step_that_came_and_one_that_went_are_told() -> None:
    old, new = playbook(OLD), playbook(OLD.replace("id: start", "id: opening"))

    assert comparison.changes(old, new) == ["New step opening: Begin", "No step start any more: Begin"]


def test_steps_in_another_order_are_told() -> None:
    head, first, second = OLD.replace("- id:", "\0- id:").split("\0")

    assert comparison.changes(playbook(OLD), playbook(head + second + first)) == [
        "The steps go in another order"
    ]


def test_a_comment_changes_nothing() -> None:
    assert comparison.changes(playbook(OLD), playbook("# a remark\n" + OLD)) == []
