"""Reading a playbook over: every kind of doubt with its place, and the innocent beside it that raises none."""

import pytest

from tests.work.scripted import ENTER, QUIT, SKIP, Said, Walked, walk
from winback_cli import library, yamltext
from winback_cli.playbook import Playbook
from winback_cli.proofreading import doubts, mistakes

RULES = set(library.rules())
BOOK = """\
name: mine
version: 1
title: Mine
steps:
- id: known
  stage: backstory
  title: What we know
  aim: Know it.
  source: [A1]
  questions:
  - {fact: backstory.how_left, ask: How?, required: true, source: [D0]}
  - {fact: backstory.left_on, ask: When?, source: [D1]}
  - {fact: backstory.complained_on, ask: When?, when: {fact: backstory.how_left, is: upset}, source: [D1]}
- id: call
  stage: contact
  title: Speak
  aim: Ask.
  source: [B2.1]
  guards:
  - {not_here: [apology], source: [B2.3], say: No apology., why: Not yet.}
  - {decision_maker: or_reason, source: [B2.2], say: The one who decides., why: They decide.}
  - level: warn
    clock: {from: [backstory.complained_on, backstory.left_on], within: {left: 1bd}}
    source: [D1]
    say: At once.
    why: They wait.
  questions:
  - {fact: contacted.disposition, ask: How did it end?, required: true, source: [B3.3]}
  - {fact: contacted.decision_maker, ask: Do they decide?, source: [B2.2]}
  - {fact: contacted.why_not_decision_maker, ask: Why not?, source: [B2.2]}
  - {fact: contacted.slipped, ask: Did an apology slip out?, source: [B2.3]}
- id: hear
  stage: listen
  title: Listen
  aim: Hear.
  source: [B3.1]
  when: {fact: contacted.disposition, is_not: refused}
  guards:
  - {expects: {fact: heard.thanked, is: true}, level: warn, source: [D3], say: Thank them., why: They told you.}
  questions:
  - {fact: heard.why_left, ask: Why?, required: true, source: [A3]}
  - {fact: heard.thanked, ask: Thanked?, required: true, source: [D3]}
- id: weigh
  stage: decide
  title: Decide
  aim: Weigh.
  source: [B5.1]
  guards:
  - {needs: heard.why_left, source: [B5.5], say: Listen first., why: It tells.}
  questions:
  - {fact: decided.price_ripple, ask: Who else?, source: [B5.4]}
  - {fact: decided.verdict, ask: Which?, required: true, source: [B5.1]}
- id: write
  stage: revisit
  title: Write
  aim: Tell.
  source: [B6.2]
  when: {fact: decided.verdict, is: pursue}
  questions:
  - {fact: revisited.changes, ask: What changes?, required: true, source: [B6.2]}
  - {fact: revisited.offers, ask: Which offer?, source: [C9]}
  - {fact: revisited.apologised, ask: Sorry?, source: [A5]}
  - fact: revisited.sent_on
    ask: When did it go out?
    source: [B6.2]
    guards:
    - {changes: done_or_dated, source: [D4], say: Done or dated., why: Else a wish.}
    - {apology: with_change, source: [A5], say: With a change., why: Else empty.}
    - {offers: {most: 1}, source: [D5], say: One offer., why: Two are work.}
    - {ripple: asked, source: [B5.4], say: Who else?, why: All will ask.}
  - fact: revisited.called_on
    ask: When did you call?
    required: true
    source: [B6.5]
    guards:
    - {wait: {after: revisited.sent_on, from: 1bd, due: 2bd}, source: [B6.5], say: Wait., why: They read.}
  - fact: revisited.pointed_out
    ask: What is done?
    source: [B6.6]
    guards:
    - {changes: done, source: [B6.6], say: Still open., why: Not true yet.}
- id: after
  stage: follow_up
  title: Stay
  aim: Keep in touch.
  source: [D6]
  guards:
  - {at_least: {follow_ups: 1}, source: [D6], say: Follow up., why: It is owed.}
  questions:
  - {fact: followed_up.check_ins, ask: Which day?, source: [A7]}
  - {fact: followed_up.ending, ask: How does it end?, required: true, source: [D6]}
  - {fact: followed_up.next_contact_on, ask: When next?, when: {fact: followed_up.ending, is: dormant}, source: [B6.7]}
"""
ANSWERS: dict[str, Said] = {
    "known.how_left": "upset",
    "known.left_on": "2026-02-20",
    "known.complained_on": "2026-02-26",
    "call.disposition": "reached",
    "call.decision_maker": "yes",
    "call.slipped": "none",
    "hear.why_left": "You were late.",
    "hear.thanked": "yes",
    "weigh.verdict": "pursue",
    "write.changes[1].what": "Mara answers",
    "write.changes[1].done": "yes",
    "write.sent_on": "2026-02-23",
    "write.called_on": "2026-02-26",
    "write.pointed_out": "That Mara answers.",
    "after.ending": QUIT,
}

SLIPPED = "  - {fact: contacted.slipped, ask: Did an apology slip out?, source: [B2.3]}\n"
VERDICT = "  - {fact: decided.verdict, ask: Which?, required: true, source: [B5.1]}\n"
SORRY = "  - {fact: revisited.apologised, ask: Sorry?, source: [A5]}\n"
OFFERS = "  - {fact: revisited.offers, ask: Which offer?, source: [C9]}\n"
CHANGES = "  - {fact: revisited.changes, ask: What changes?, required: true, source: [B6.2]}\n"
CHECK_INS = "  - {fact: followed_up.check_ins, ask: Which day?, source: [A7]}\n"
COMPLAINED_ON = "  - {fact: backstory.complained_on, ask: When?, when: {fact: backstory.how_left, is: upset}, source: [D1]}\n"
LEFT_ON = "  - {fact: backstory.left_on, ask: When?, source: [D1]}\n"
AT_LEAST = "at_least: {follow_ups: 1}"


def changed(*changes: tuple[str, str], content: str = BOOK) -> str:
    for old, new in changes:
        assert content.count(old) == 1, old
        content = content.replace(old, new)
    return content


def playbook(content: str) -> Playbook:
    found, told = library.check(content)
    assert told == []
    assert found is not None
    return found


def doubted(content: str) -> list[tuple[int, str]]:
    """The doubts about a playbook without mistakes, each with its line, as they are told."""
    tree, _ = yamltext.read(content)
    return [(tree.position(path)[0], words) for path, words in doubts(playbook(content), RULES)]


def line(content: str, marker: str) -> int:
    """The line on which a text stands that it holds but once."""
    assert content.count(marker) == 1, marker
    return content[: content.index(marker)].count("\n") + 1


def only(content: str, marker: str) -> str:
    """The words of the one doubt that there is, which is told on the line of that text."""
    ((told, words),) = doubted(content)
    assert told == line(content, marker), words
    return words


def walked(content: str, **answers: Said) -> Walked:
    """A walk under this playbook; `call__slipped=` answers `call.slipped`."""
    script = ANSWERS | {place.replace("__", "."): said for place, said in answers.items()}
    return walk(script, playbook=playbook(content))


def test_the_playbook_that_is_harmed_below_raises_no_doubt() -> None:
    assert doubted(BOOK) == []


def test_the_playbook_that_is_harmed_below_is_walked_from_end_to_end() -> None:
    assert walked(BOOK).who.steps() == ["known", "call", "hear", "weigh", "write", "after"]


# -- sources ---------------------------------------------------------------------------------


def test_a_step_without_any_source_is_told_once() -> None:
    content = changed(
        ("  source: [B5.1]\n", ""),
        (VERDICT, VERDICT.replace(", source: [B5.1]", "")),
        (", source: [B5.4]}\n  - {fact: decided", "}\n  - {fact: decided"),
        (", source: [B5.5]", ""),
    )

    assert only(content, "- id: weigh") == "the step weigh and its questions name no source"


@pytest.mark.parametrize(
    ("old", "new", "step", "words"),
    [
        (SORRY, SORRY.replace(", source: [A5]", ""), "write", "the question apologised"),
        ("not_here: [apology], source: [B2.3]", "not_here: [apology]", "call", "the guard not_here"),
        ("not_here: [apology], source: [B2.3]", "not_here: [apology], id: hush", "call", "the guard hush"),
        (
            "{changes: done, source: [B6.6]",
            "{changes: done, source: []",
            "write",
            "the guard changes of pointed_out",
        ),
    ],
)
def test_a_part_of_a_step_without_a_source_is_named(old: str, new: str, step: str, words: str) -> None:
    assert only(changed((old, new)), f"- id: {step}") == f"no source: {words}"


def test_every_part_of_a_step_without_a_source_is_named_at_once() -> None:
    content = changed(
        ("{changes: done, source: [B6.6]", "{changes: done"),
        (SORRY, SORRY.replace(", source: [A5]", "")),
        ("ask: Which offer?, source: [C9]", "ask: Which offer?"),
    )

    words = only(content, "- id: write")

    assert (
        words == "no source: the question offers, the question apologised, the guard changes of pointed_out"
    )


def test_a_step_may_leave_its_sources_to_its_questions() -> None:
    assert doubted(changed(("  source: [B5.1]\n", ""))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  source: [B6.2]\n  when", "  source: [B6.2, Z9.9]\n  when"),
        ("source: [B5.4]}\n  - {fact: decided", "source: [Z9.9]}\n  - {fact: decided"),
        ("source: [B2.2], say", "source: [B2.2, D1, Z9.9], say"),
        ("source: [D4], say", "source: [Z9.9], say"),
    ],
    ids=["a step", "a question", "a guard of a step", "a guard of a question"],
)
def test_a_source_that_is_no_rule_is_told_where_it_stands(old: str, new: str) -> None:
    content = changed((old, new))
    tree, _ = yamltext.read(content)

    ((path, words),) = doubts(playbook(content), RULES)

    before = content[: content.index("Z9.9")]
    assert tree.position(path) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert words.startswith("Z9.9 is no rule of the sources")


@pytest.mark.parametrize("rule", ["B2", "b2.3", "B2.33", "A0"])
def test_what_only_looks_like_a_rule_is_none(rule: str) -> None:
    content = changed(("not_here: [apology], source: [B2.3]", f"not_here: [apology], source: [{rule}]"))

    found, _ = library.check(content)

    assert found is None or rule in only(content, "not_here")


# -- guards that never fire ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "marker"),
    [
        ([(SLIPPED, "")], "not_here"),
        (
            [
                ("not_here: [apology], source: [B2.3]", "needs: backstory.how_left, source: [B2.3]"),
                (SLIPPED, ""),
                ("expects: {fact: heard.thanked, is: true}, level: warn", "not_here: [offer]"),
            ],
            "not_here",
        ),
        ([(AT_LEAST, "not_here: [asking]")], "not_here: [asking]"),
    ],
    ids=["in the step where one calls", "in another step", "in a stage that has no such question"],
)
def test_what_is_forbidden_where_nobody_asks_whether_it_slipped_out_never_fires(
    changes: list[tuple[str, str]], marker: str
) -> None:
    """A touch of the command line tells who was reached, and not what slipped out."""
    words = only(changed(*changes), marker)

    assert words.startswith("not_here never fires: nothing asks ")
    assert ".slipped by then" in words


def test_what_is_forbidden_may_be_asked_for_in_an_earlier_step_of_the_stage() -> None:
    content = changed(
        ("expects: {fact: heard.thanked, is: true}, level: warn", "not_here: [offer]"),
        (
            "  - {fact: heard.why_left",
            "  - {fact: heard.slipped, ask: Slipped?, source: [B3.1]}\n  - {fact: heard.why_left",
        ),
    )

    assert doubted(content) == []
    assert doubted(changed(("stage: follow_up", "stage: contact"), (AT_LEAST, "not_here: [offer]"))) == [
        (4, "no step follows up")
    ]


@pytest.mark.parametrize(
    "guard", ["wait: {after: revisited.sent_on, from: 1bd, due: 2bd}", "changes: done"]
)
def test_a_guard_of_questions_on_a_step_never_fires(guard: str) -> None:
    """A step is not asked; neither stops one from being entered or completed."""
    content = changed((AT_LEAST, guard))

    words = only(content, f"{{{guard}, source: [D6]")

    assert "never fires here; it belongs on a question" in words


@pytest.mark.parametrize(
    "guard",
    [
        "needs: heard.why_left",
        "changes: done_or_dated",
        "changes: assured",
        "apology: with_change",
        "offers: {most: 2}",
        "ripple: asked",
        "decision_maker: or_reason",
        "expects: {fact: heard.thanked, is: true}",
        "clock: {from: [backstory.left_on], within: {left: 1bd}}",
    ],
)
def test_a_guard_that_looks_at_the_whole_step_may_sit_on_it(guard: str) -> None:
    assert doubted(changed((AT_LEAST, guard))) == []


@pytest.mark.parametrize(
    "guard",
    [
        "needs: heard.why_left",
        "wait: {after: backstory.left_on, from: 1bd, due: 2bd}",
        "changes: assured",
        "apology: with_change",
        "decision_maker: or_reason",
        "at_least: {follow_ups: 2}",
        "expects: {fact: heard.thanked, is: true}",
    ],
)
def test_a_guard_on_a_question_may_look_at_what_was_asked_before(guard: str) -> None:
    assert doubted(changed(("changes: done,", f"{guard},"))) == []


def test_a_clock_from_facts_that_nobody_asks_for_never_fires() -> None:
    content = changed((LEFT_ON, ""), (COMPLAINED_ON, ""))

    assert only(content, "- level: warn") == (
        "clock never fires: nothing asks backstory.complained_on or backstory.left_on by then"
    )


def test_a_clock_runs_from_any_of_its_facts_or_from_the_opening_of_the_case() -> None:
    unasked = [(LEFT_ON, ""), (COMPLAINED_ON, "")]

    assert doubted(changed(unasked[0])) == []
    assert doubted(changed(unasked[1])) == []
    assert doubted(changed(*unasked, ("backstory.left_on]", "case.opened]"))) == []


@pytest.mark.parametrize(
    ("changes", "marker", "guard", "fact"),
    [
        ([(SORRY, "")], "apology: with_change", "apology", "revisited.apologised"),
        ([(OFFERS, ""), ("{ripple: asked", "{needs: heard.why_left")], "offers: {most", "offers", "revisited.offers"),
        ([(OFFERS, ""), ("{offers: {most: 1}", "{needs: heard.why_left")], "ripple: asked", "ripple", "revisited.offers"),
        ([("expects: {fact: heard.thanked", "expects: {fact: heard.refused")], "expects", "expects", "heard.refused"),
        ([("expects: {fact: heard.thanked, is: true}", "expects: {fact: backstory.told_by, is: Mara}")], "expects", "expects", "backstory.told_by"),
    ],
)  # fmt: skip
def test_a_guard_on_a_fact_that_nobody_asks_for_never_fires(
    changes: list[tuple[str, str]], marker: str, guard: str, fact: str
) -> None:
    assert only(changed(*changes), marker) == f"{guard} never fires: nothing asks {fact} by then"


def test_a_guard_of_a_step_that_is_done_fires_on_what_is_asked_later_so_it_is_not_called_idle() -> None:
    """What a rule of a step wants is looked at again whenever the case stands anew."""
    content = changed(
        (
            "expects: {fact: heard.thanked, is: true}, level: warn",
            "expects: {fact: revisited.apologised, is: true}",
        )
    )

    who = walked(content, write__apologised="no", **{"review hear": [ENTER, QUIT]}).who

    assert who.met.count("review hear") == 2
    assert who.blocks["hear"] == ("expects",)
    assert [words for _, words in doubted(content) if "never fires" in words] == []


@pytest.mark.parametrize("fact", ["contacted.disposition", "contacted.person", "contacted.channel"])
def test_a_guard_on_what_a_touch_tells_of_fires_though_no_question_asks_for_it(fact: str) -> None:
    condition = (
        f"{{fact: {fact}, known: false}}" if fact.endswith("person") else f"{{fact: {fact}, is_not: email}}"
    )
    if fact.endswith("disposition"):
        condition = f"{{fact: {fact}, is: refused}}"

    assert doubted(changed(("expects: {fact: heard.thanked, is: true}", f"expects: {condition}"))) == []


@pytest.mark.parametrize(
    "when",
    [
        "{fact: heard.refused, is: true}",
        "{fact: heard.buys_now, known: true}",
        "{fact: decided.approach, one_of: [new_model, exception]}",
        "{fact: backstory.told_by, is: Mara}",
    ],
)
@pytest.mark.parametrize(
    "guard",
    [
        "apology: with_change",
        "changes: done_or_dated",
        "wait: {after: revisited.sent_on, from: 1bd, due: 2bd}",
    ],
)
def test_a_guard_for_a_case_that_never_is_never_fires(guard: str, when: str) -> None:
    content = changed((f"{{{guard},", f"{{{guard}, when: {when},"))

    words = only(content, f"{{{guard}")

    assert words.startswith(f"{guard.partition(':')[0]} never fires")


def test_a_guard_for_a_case_that_never_is_names_what_its_condition_lacks() -> None:
    """What it looks at is asked for: revisited.apologised stands three lines above."""
    when = "{fact: heard.refused, is: true}"

    words = only(changed(("{apology: with_change,", f"{{apology: with_change, when: {when},")), "{apology")

    assert "revisited.apologised" not in words


@pytest.mark.parametrize(
    "when",
    [
        "[{fact: decided.verdict, is: pursue}, {fact: decided.verdict, is: release}]",
        "[{fact: heard.thanked, is: true}, {fact: heard.thanked, is_not: true}]",
        "[{fact: decided.verdict, known: false}, {fact: decided.verdict, is: pursue}]",
        "{fact: decided.verdict, one_of: [release], is_not: release}",
        "{fact: decided.verdict, one_of: []}",
        "[{fact: heard.why_left, known: true}, {fact: heard.why_left, known: false}]",
    ],
)
def test_a_guard_whose_conditions_contradict_each_other_never_fires(when: str) -> None:
    content = changed(("{changes: done_or_dated,", f"{{changes: done_or_dated, when: {when},"))

    assert only(content, "{changes: done_or_dated").startswith("changes never fires")


INNOCENT = [
    "{fact: heard.refused, is_not: true}",
    "{fact: heard.refused, known: false}",
    "{fact: decided.price_ripple, known: false}",
    "[{fact: heard.thanked, known: false}, {fact: decided.verdict, is_not: release}]",
    "[{fact: heard.refused, is_not: true}, {fact: heard.refused, is_not: false}]",
    "{fact: decided.verdict, one_of: [pursue, release]}",
    "[{fact: decided.verdict, is_not: release}, {fact: decided.verdict, known: true}]",
    "[{fact: heard.thanked, is: true}, {fact: decided.verdict, is: pursue}]",
    "{fact: heard.why_left, is: late}",
    "{fact: contacted.person, known: true}",
    "{fact: contacted.disposition, is_not: refused}",
    "{fact: revisited.changes, known: true}",
    "[]",
]


@pytest.mark.parametrize("when", INNOCENT)
def test_a_condition_that_may_hold_raises_no_doubt_on_a_guard(when: str) -> None:
    assert doubted(changed(("{changes: done_or_dated,", f"{{changes: done_or_dated, when: {when},"))) == []


# -- guards that nothing satisfies -----------------------------------------------------------

OVERRIDDEN = "nothing asks {} by then, so nothing but an override completes this step"


@pytest.mark.parametrize("fact", ["heard.requirements", "followed_up.ending", "revisited.sent_on"])
def test_a_step_that_needs_what_is_asked_later_or_never_is_never_free(fact: str) -> None:
    content = changed(("{needs: heard.why_left", f"{{needs: {fact}"))

    assert only(content, "{needs: ") == OVERRIDDEN.format(fact)


def test_a_step_that_needs_what_only_it_asks_for_is_never_free() -> None:
    content = changed(("{needs: heard.why_left", "{needs: decided.price_ripple"))

    assert only(content, "{needs: ") == OVERRIDDEN.format("decided.price_ripple")


@pytest.mark.parametrize("fact", ["heard.requirements", "followed_up.ending"])
def test_a_question_that_needs_what_is_asked_later_or_never_is_never_free(fact: str) -> None:
    content = changed(("{apology: with_change", f"{{needs: {fact}"))

    assert only(
        content, "{needs: followed" if "follow" in fact else "{needs: heard.req"
    ) == OVERRIDDEN.format(fact)


@pytest.mark.parametrize(
    "guard",
    [
        "needs: revisited.pointed_out",
        "needs: revisited.called_on",
        "wait: {after: revisited.called_on, from: 1bd, due: 2bd}",
    ],
)
def test_a_question_that_needs_what_the_step_asks_after_it_is_never_free(guard: str) -> None:
    """The walk stands at the gate, and never comes to the question that would open it."""
    content = changed(
        ("{apology: with_change", f"{{{guard}"),
        ("source: [A5], say: With", "id: bar, source: [A5], say: With"),
    )

    assert walked(content).who.gates == {"gate write.sent_on": ("bar",)}
    assert only(content, "id: bar") == OVERRIDDEN.format(
        guard.split()[-1] if "needs" in guard else "revisited.called_on"
    )


@pytest.mark.parametrize(
    ("changes", "marker", "fact"),
    [
        ([("after: revisited.sent_on", "after: followed_up.next_contact_on")], "wait: ", "followed_up.next_contact_on"),
        ([("- {changes: done, source", "- {needs: heard.why_left, source"), (CHANGES, "")], "changes: done_or_dated", "revisited.changes"),
    ],
)  # fmt: skip
def test_a_question_that_waits_for_what_nobody_asks_for_is_never_free(
    changes: list[tuple[str, str]], marker: str, fact: str
) -> None:
    assert only(changed(*changes), marker) == OVERRIDDEN.format(fact)


@pytest.mark.parametrize(
    "guard",
    [
        "level: warn, needs: heard.requirements",
        "needs: contacted.person",
        "needs: backstory.complained_on",
        "needs: heard.why_left",
    ],
)
def test_a_step_that_only_warns_or_needs_what_may_be_known_raises_no_doubt(guard: str) -> None:
    assert doubted(changed(("{needs: heard.why_left", f"{{{guard}"))) == []


def test_a_question_may_need_what_its_step_asks_before_it() -> None:
    assert doubted(changed(("{apology: with_change", "{needs: revisited.apologised"))) == []


# -- steps that are never entered ------------------------------------------------------------

NEVER = [
    "[{fact: decided.verdict, is: pursue}, {fact: decided.verdict, is: release}]",
    "{fact: decided.verdict, is: pursue, is_not: pursue}",
    "{fact: decided.verdict, known: false, is: pursue}",
    "{fact: decided.verdict, one_of: []}",
    "{fact: heard.refused, is: true}",
    "{fact: heard.requirements, known: true}",
    "[{fact: decided.verdict, is: pursue}, {fact: heard.refused, is: false}]",
]


@pytest.mark.parametrize("when", NEVER)
def test_a_step_whose_conditions_never_hold_is_told_once_and_nothing_within_it(when: str) -> None:
    content = changed(("when: {fact: decided.verdict, is: pursue}", f"when: {when}"))

    words = only(content, f"when: {when}")

    assert words == "never so, so the step write is never entered"
    assert "write" not in walked(content).who.steps()


def test_a_step_for_what_only_it_asks_is_never_entered() -> None:
    when = "when: {fact: revisited.apologised, is: true}"

    content = changed(("when: {fact: decided.verdict, is: pursue}", when))

    assert only(content, when) == "never so, so the step write is never entered"
    assert "write" not in walked(content).who.steps()


@pytest.mark.parametrize("when", [one for one in INNOCENT if "changes" not in one])
def test_a_condition_that_may_hold_raises_no_doubt_on_a_step(when: str) -> None:
    assert doubted(changed(("when: {fact: decided.verdict, is: pursue}", f"when: {when}"))) == []


def test_a_step_for_what_is_asked_later_is_entered_then_so_it_is_not_called_never_entered() -> None:
    """The walk stands in the first step that applies and is not done, whenever that comes to be."""
    content = changed(("title: Speak\n", "title: Speak\n  when: {fact: decided.verdict, is: pursue}\n"))

    assert walked(content).who.steps()[:4] == ["known", "hear", "weigh", "call"]
    assert [words for _, words in doubted(content) if "never entered" in words] == []


def test_what_stands_in_a_step_that_is_entered_late_is_asked_then_so_it_is_not_called_idle() -> None:
    content = changed(
        ("title: Speak\n", "title: Speak\n  when: {fact: decided.verdict, is: pursue}\n"),
        ("{not_here: [apology],", "{needs: decided.price_ripple,"),
    )

    who = walked(content, weigh__price_ripple="Nobody.").who

    assert {"call.decision_maker", "call.slipped"} <= set(who.asked)
    assert who.gates == {}
    assert doubted(content) == []


# -- questions that are never reached --------------------------------------------------------


def asking(more: str) -> str:
    """The playbook with one more question, on a line of its own, in the step that decides."""
    return changed((VERDICT, f"  - {{{more}, ask: More?, source: [B5.1]}}\n{VERDICT}"))


@pytest.mark.parametrize(
    "when", [*NEVER, "{fact: followed_up.ending, is: won}", "{fact: revisited.changes, known: true}"]
)
def test_a_question_whose_conditions_never_hold_is_told_at_its_conditions(when: str) -> None:
    content = asking(f"fact: decided.fix, when: {when}")

    assert only(content, "fact: decided.fix") == "never so, so the question fix is never reached"
    assert "weigh.fix" not in walked(content).who.asked


def test_a_question_of_ones_own_is_named_by_its_id() -> None:
    content = asking("id: mood, type: text, when: {fact: heard.refused, is: true}")

    assert only(content, "id: mood") == "never so, so the question mood is never reached"


def test_a_question_that_contradicts_its_step_is_never_reached() -> None:
    content = changed((SORRY, SORRY.replace("ask:", "when: {fact: decided.verdict, is: release}, ask:")))

    assert (
        only(content, "revisited.apologised, when")
        == "never so, so the question apologised is never reached"
    )


@pytest.mark.parametrize("when", [one for one in INNOCENT if "changes" not in one])
def test_a_condition_that_may_hold_raises_no_doubt_on_a_question(when: str) -> None:
    assert doubted(asking(f"fact: decided.fix, when: {when}")) == []


@pytest.mark.parametrize("fact", ["decided.price_ripple", "decided.verdict"])
def test_a_question_may_depend_on_what_its_step_asks_before_or_after_it(fact: str) -> None:
    content = asking(f"fact: decided.fix, when: {{fact: {fact}, known: true}}")

    assert "weigh.fix" in walked(content, weigh__price_ripple="nobody").who.asked
    assert doubted(content) == []


def test_a_required_question_for_what_is_asked_later_is_reached_then() -> None:
    """The step is open again: an answer is missing now."""
    content = asking("fact: decided.fix, required: true, when: {fact: revisited.changes, known: true}")

    assert "weigh.fix" in walked(content, weigh__fix="a person who answers").who.asked
    assert [words for _, words in doubted(content) if "never reached" in words] == []


def test_a_fact_that_an_earlier_step_has_to_ask_for_is_not_reached_again() -> None:
    content = asking("fact: backstory.how_left, id: again")

    assert only(content, "id: again") == (
        "backstory.how_left is asked in an earlier step, so this question is never reached"
    )
    assert "weigh.again" not in walked(content).who.asked


@pytest.mark.parametrize("fact", ["backstory.complained_on", "heard.why_left", "decided.price_ripple"])
def test_a_fact_that_is_not_always_asked_for_before_may_be_asked_for_again(fact: str) -> None:
    assert doubted(asking(f"fact: {fact}, id: again")) == []


def test_a_fact_that_was_left_open_earlier_is_reached_again() -> None:
    """backstory.left_on is not required: whoever does not know it yet may skip it."""
    content = asking("fact: backstory.left_on, id: again")

    assert "weigh.again" in walked(content, known__left_on=SKIP).who.asked
    assert doubted(content) == []


def test_a_fact_asked_under_contrary_conditions_may_be_asked_for_twice() -> None:
    content = changed(
        (
            VERDICT,
            VERDICT
            + "  - {fact: decided.fix, when: {fact: decided.verdict, is: pursue}, ask: A, source: [B5.1]}\n",
        ),
        (
            CHECK_INS,
            CHECK_INS
            + "  - {fact: decided.fix, when: {fact: decided.verdict, is: release}, ask: A, source: [B5.1]}\n",
        ),
    )

    assert doubted(content) == []


# -- what every playbook wants ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            [
                (VERDICT, ""),
                ("  when: {fact: decided.verdict, is: pursue}\n", ""),
            ],
            "no question asks for the verdict, so nothing is decided",
        ),
        (
            [
                (
                    "  - {fact: followed_up.ending, ask: How does it end?, required: true, source: [D6]}\n",
                    "",
                ),
                (" when: {fact: followed_up.ending, is: dormant},", ""),
            ],
            "no question ends the case; only winback close does",
        ),
        (
            [
                (
                    "  - {fact: contacted.disposition, ask: How did it end?, required: true, source: [B3.3]}\n",
                    "",
                )
            ],
            "no question asks how the contact ended, so only winback touch logs one",
        ),
        ([("stage: follow_up", "stage: revisit")], "no step follows up"),
    ],
    ids=["verdict", "ending", "disposition", "follow-up"],
)
def test_what_every_playbook_wants_is_missed_at_its_steps(
    changes: list[tuple[str, str]], words: str
) -> None:
    assert only(changed(*changes), "steps:\n- id: known") == words


def test_what_every_playbook_wants_may_be_asked_under_conditions_and_by_any_step() -> None:
    content = changed(
        (VERDICT, VERDICT.replace("ask:", "when: {fact: heard.thanked, is: true}, ask:")),
        ("  aim: Keep in touch.\n", "  aim: Keep in touch.\n  when: {fact: heard.thanked, is: true}\n"),
        ("stage: listen", "stage: backstory"),
        ("stage: decide", "stage: classify"),
    )

    assert doubted(content) == []


def test_a_playbook_of_questions_of_its_own_misses_all_four() -> None:
    content = """\
name: own
version: 1
title: Own
steps:
- {id: a, stage: listen, title: A, aim: A, source: [A1], questions: [{id: b, type: text, ask: B, source: [A1]}]}
"""

    assert [told for told, _ in doubted(content)] == [4, 4, 4, 4]


def test_every_doubt_is_told_and_none_twice() -> None:
    content = changed(
        (SLIPPED.replace("slipped, ask", "slipped, ask"), ""),
        ("{needs: heard.why_left, source: [B5.5]", "{needs: heard.requirements"),
        (
            SORRY,
            SORRY.replace("[A5]", "[Z9]").replace("ask:", "when: {fact: heard.refused, is: true}, ask:"),
        ),
    )

    told = doubted(content)

    assert len(told) == len(set(told))
    assert {content.splitlines()[number - 1].split()[1].rstrip(":,") for number, _ in told} >= {
        "id",
        "{needs",
        "{fact",
    }


def test_nothing_that_is_doubted_is_a_mistake() -> None:
    content = changed(
        ("{needs: heard.why_left", "{needs: heard.requirements"),
        (VERDICT, ""),
        ("  when: {fact: decided.verdict, is: pursue}\n", ""),
    )

    assert mistakes(playbook(content)) == []
    assert doubted(content) != []


# -- what is neither a mistake nor a doubt can be walked -------------------------------------


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("fact: heard.requirements", "One person to call."),
        ("fact: heard.complained", "yes"),
        ("fact: decided.approach", "exception"),
        ("fact: decided.fix_cost", "900 EUR"),
        ("id: own, type: number", "3"),
        ("id: own, type: date", "2026-02-27"),
    ],
)
def test_a_wait_may_sit_on_a_question_of_any_kind_or_is_told_as_a_mistake(question: str, said: str) -> None:
    guard = "{wait: {after: revisited.sent_on, from: 1bd, due: 2bd}, source: [B6.5], say: Wait., why: They read.}"
    content = changed(
        (CHECK_INS, f"  - {{{question}, ask: What?, source: [A7], guards: [{guard}]}}\n{CHECK_INS}")
    )
    found, told = library.check(content)

    if found is None:
        assert [one.line for one in told] == [line(content, question)]
    else:
        key = question.partition(",")[0].rpartition(".")[2].rpartition(" ")[2]
        kept: dict[str, Said] = {
            "after__check_ins[1]__agreed_for": "2026-02-27",
            "after__check_ins[1]__kept": "yes",
            "after__ending": "lost",
        }
        ended = walked(content, **{f"after__{key}": said}, **kept)
        assert ended.ended.kind == "closed"
        assert f"after.{key}" in ended.case.answers


@pytest.mark.parametrize("fact", ["revisited.sent_on", "backstory.left_on", "backstory.complained_on"])
def test_a_wait_may_count_from_any_day_that_was_asked_for_before(fact: str) -> None:
    assert doubted(changed(("after: revisited.sent_on", f"after: {fact}"))) == []
