"""The rules of the source documents: which must be implemented, and that a playbook cites each."""

from pathlib import Path

import pytest

from winback_cli import library
from winback_cli.cli import FAMILIES
from winback_cli.comparison import citing
from winback_cli.playbook import Playbook
from winback_cli.stages import SEVEN, Stage


def words(listed: str) -> list[str]:
    return listed.split()


# Held here, not read from anywhere: whoever weakens rules.yaml meets this list.
MUST = frozenset(
    words("""
    A2 A3 A4 A5 A6 A7 A8 A9
    B0 B1.1 B1.2 B1.3 B2.1 B2.2 B2.3 B2.4 B2.5 B3.1 B3.3 B3.4 B4.1 B4.2 B4.3
    B5.1 B5.3 B5.4 B5.5 B6.1 B6.2 B6.3 B6.4 B6.5 B6.6 B6.7
    C1 C3 C4 C7 C8 C9 C10
    D0 D1 D2 D3 D4 D5 D6
    E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12
    """)
)
MAY = frozenset(words("A1 A10 B1.4 B3.2 B5.2 C2 C5 C6 D7"))

# What no playbook can do alone and no command does yet. It may only lose members.
PENDING = frozenset[str]()
PENDING_AT_FIRST = frozenset(words("A2 A9 B0 B5.4 C1 C3 C10 E9 E10 E11 E12"))


@pytest.fixture(scope="module")
def standard() -> Playbook:
    return library.load("standard", Path("/nowhere")).playbook


def test_the_rules_marked_must_are_the_ones_that_the_sources_mark() -> None:
    rules = library.rules()

    marked = {name for name, rule in rules.items() if rule["must"]}

    assert marked == MUST


def test_the_rules_are_all_of_the_sources_and_no_others() -> None:
    assert set(library.rules()) == MUST | MAY


def test_every_rule_has_a_stage_a_sentence_and_says_whether_it_is_a_must() -> None:
    stages = {stage.value for stage in Stage} | {"all"}

    for name, rule in library.rules().items():
        assert {"stage", "must", "text"} <= set(rule) <= {"stage", "must", "text", "commands", "later"}, (
            name
        )
        assert rule["stage"] in stages, name
        assert isinstance(rule["must"], bool), name
        assert len(rule["text"]) > 10, name


def test_every_command_that_a_rule_names_exists() -> None:
    known = {name for family in FAMILIES.values() for name, _, _ in family}

    named = {command for rule in library.rules().values() for command in rule.get("commands", ())}

    assert named
    assert named - known == set()


def test_what_a_rule_says_is_not_there_yet_is_what_is_pending() -> None:
    assert {name for name, rule in library.rules().items() if rule.get("later")} == PENDING


def test_what_is_pending_only_shrinks() -> None:
    assert PENDING <= PENDING_AT_FIRST


def test_what_is_pending_are_musts() -> None:
    assert PENDING <= MUST


# Of which document each playbook is the road.
ROADS = {"A": "second-chance", "B": "six-steps", "C": "lapsed-list", "D": "service-recovery", "E": "trust"}
PROGRAMME = frozenset(words("E9 E10 E11 E12"))


@pytest.mark.parametrize("rule", sorted(MUST - PROGRAMME))
def test_every_must_is_implemented_by_the_playbook_of_its_document(rule: str) -> None:
    road = library.load(ROADS[rule[0]], Path("/nowhere")).playbook

    elements = citing(rule, [road])
    assert elements
    assert {element.kind for element in elements} != {"step"}, "a step's coaching alone holds nobody to it"


@pytest.mark.parametrize("name", ROADS.values())
def test_a_document_is_walked_by_its_own_rules(name: str) -> None:
    road = library.load(name, Path("/nowhere")).playbook
    document = {road: letter for letter, road in ROADS.items()}[name]

    strange = {rule for rule in road.cited() if rule[0] != document}

    assert strange == set()


@pytest.mark.parametrize("rule", sorted(PROGRAMME))
def test_every_must_of_the_programme_is_implemented_by_the_questionnaire_of_the_firm(rule: str) -> None:
    elements = citing(rule, [library.load("trust-team", Path("/nowhere")).playbook])

    assert {element.kind for element in elements} >= {"question"}


@pytest.mark.parametrize("rule", sorted(MUST - PENDING - PROGRAMME))
def test_every_must_is_cited_by_the_standard_playbook(standard: Playbook, rule: str) -> None:
    assert rule in standard.cited()


@pytest.mark.parametrize("name", sorted(library.files(Path("/nowhere"))))
def test_every_rule_that_a_built_in_playbook_cites_exists(name: str) -> None:
    playbook = library.load(name, Path("/nowhere")).playbook

    assert playbook.cited() - set(library.rules()) == set()


def test_the_standard_playbook_has_one_step_for_each_of_the_seven_stages(standard: Playbook) -> None:
    assert [step.stage for step in standard.steps] == list(SEVEN)


def test_every_step_question_and_guard_of_the_standard_playbook_names_its_source(
    standard: Playbook,
) -> None:
    steps = [step.id for step in standard.steps if not step.source]
    questions = [f"{s.id}.{q.key}" for s in standard.steps for q in s.questions if not q.source]
    guards = [f"{step.id}.{guard.name}" for step, _, guard in standard.guards() if not guard.source]

    assert (steps, questions, guards) == ([], [], [])


def test_the_texts_of_rules_come_with_their_ids_and_unknown_ids_are_left_out() -> None:
    told = library.rule_texts(["B2.3", "Z9", "D6"])

    assert [line.partition(":")[0] for line in told] == ["B2.3", "D6"]
    assert told[0] == "B2.3: Do not apologise yet, however bad the backstory."


@pytest.mark.parametrize(
    "question",
    [
        "Why do you no longer use our products or services?",
        "Where do you obtain similar products or services?",
        "What would encourage you to give us another chance?",
        "What would encourage you to stay with us for the long term?",
        "Why are you leaving us?",
        "What would we need to do to keep you as a customer?",
        "What can we do to win back your business?",
    ],
)
def test_the_questions_that_the_sources_quote_are_asked_in_the_listen_step(
    standard: Playbook, question: str
) -> None:
    listen = next(step for step in standard.steps if step.stage == Stage.LISTEN)

    asked = {words.strip('"') for q in listen.questions for words in q.ask.values()}

    assert question in asked


def test_somebody_who_is_leaving_is_asked_in_the_present_tense_and_somebody_gone_in_the_past(
    standard: Playbook,
) -> None:
    listen = next(step for step in standard.steps if step.stage == Stage.LISTEN)
    why = listen.question("why_left")
    assert why is not None

    asked = {how: why.worded(how) for how in ("departing", "upset", "lapsed", None)}

    assert "are you leaving" in asked["departing"]
    assert all("no longer use" in asked[how] for how in ("upset", "lapsed", None))
