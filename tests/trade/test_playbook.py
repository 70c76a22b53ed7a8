"""Reading playbooks: what is right, and what is wrong with its line and column."""

from pathlib import Path

import pytest

from winback_cli import library
from winback_cli.dates import Span
from winback_cli.errors import BadInput, NotFound
from winback_cli.playbook import Playbook, choices_of
from winback_cli.stages import Stage

GOOD = """\
name: mine
version: 1
title: Mine
steps:
- id: backstory
  stage: backstory
  title: Find out
  aim: Know
  questions:
  - fact: backstory.how_left
    ask: How?
  - id: mood
    type: choice
    choices: [calm, angry]
    ask: Which mood?
- id: contact
  stage: contact
  title: Speak
  aim: Ask
  guards:
  - not_here: [apology]
    say: No apology.
    why: Not yet.
  questions:
  - fact: contacted.on
    ask: {departing: When now?, left: When?}
    guards:
    - wait: {after: backstory.left_on, from: 1bd, due: 2d}
      say: Wait.
      why: They read.
  - fact: classified.reason
    ask: Why?
    when: {fact: backstory.how_left, is: upset}
"""

# As the quick reader takes it: no question mark within braces.
QUICK = GOOD.replace("When now?, left: When?", "'When now?', left: When")


def problems(content: str) -> list[tuple[int, int, str]]:
    found, told = library.check(content)
    assert (found is None) == bool(told)
    return [tuple(problem) for problem in told]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1
    return GOOD.replace(old, new, 1)


def playbook(content: str = GOOD) -> Playbook:
    found, told = library.check(content)
    assert told == []
    assert found is not None
    return found


# -- what is right ---------------------------------------------------------------------------


def test_a_playbook_is_read_into_values() -> None:
    book = playbook()

    assert (book.name, book.version, book.title) == ("mine", 1, "Mine")
    assert [(step.id, step.stage) for step in book.steps] == [
        ("backstory", Stage.BACKSTORY),
        ("contact", Stage.CONTACT),
    ]
    assert [q.key for q in book.steps[0].questions] == ["how_left", "mood"]


def test_a_question_is_worded_by_how_they_left() -> None:
    question = playbook().steps[1].questions[0]

    assert question.worded("departing") == "When now?"
    assert question.worded("upset") == "When?"
    assert question.worded(None) == "When?"


def test_a_question_of_the_playbooks_own_has_its_type_and_choices() -> None:
    mood = playbook().steps[0].question("mood")

    assert mood is not None
    assert (mood.spec.kind, mood.spec.choices) == ("choice", ("calm", "angry"))


def test_lengths_of_time_are_read() -> None:
    (wait,) = playbook().steps[1].questions[0].guards

    assert (wait.wait.from_, wait.wait.due) == (Span(1, "bd"), Span(2, "d"))  # type: ignore[attr-defined]


def test_leaves_of_a_playbook_join_the_reasons() -> None:
    book = playbook(changed("title: Mine", "title: Mine\nreasons: {shipping_cost: price}"))
    reason = book.steps[1].question("reason")
    assert reason is not None

    assert "price/shipping_cost" in choices_of(book, reason.spec).choices
    assert "price/shipping_cost" not in choices_of(playbook(), reason.spec).choices


def test_every_guard_comes_with_its_place() -> None:
    places = [(step.id, q.key if q else None, g.name) for step, q, g in playbook().guards()]

    assert places == [("contact", None, "not_here"), ("contact", "on", "wait")]


def test_the_built_in_playbooks_have_no_mistakes() -> None:
    for name, path in library.files(Path("/nowhere")).items():
        found, told = library.check(path.read_text("utf-8"))

        assert told == []
        assert found is not None
        assert found.name == name


def test_a_text_has_a_digest_and_another_text_has_another() -> None:
    one, same, other = (library.parse(text, "x") for text in (GOOD, GOOD, GOOD + "# more\n"))

    assert one.digest == same.digest != other.digest
    assert one.text == GOOD


def test_a_playbook_out_of_the_store_is_the_one_that_went_in() -> None:
    for content in (GOOD, library.source(library.built_in() / "standard.yaml")):
        edition = library.parse(content, "x")

        assert library.kept(edition.tree) == edition.playbook


# -- what is wrong, and where ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "near"),
    [
        ("title: Mine\n", "title: Mine\ntitel: Mine\n", 4, 1, "title"),
        ("  aim: Know\n", "  aim: Know\n  avoyd: [x]\n", 9, 3, "avoid"),
        ("    ask: How?\n", "    ask: How?\n    requird: true\n", 12, 5, "required"),
        (", is: upset}", ", is: upset, isnot: lapsed}", 33, 56, "is_not"),
        ("backstory.how_left\n", "backstory.how_lefft\n", 10, 11, "backstory.how_left"),
        ("fact: classified.reason", "fact: classified.reson", 31, 11, "classified.reason"),
        ("{fact: backstory.how_left,", "{fact: backstory.how_lef,", 33, 18, "backstory.how_left"),
        ("after: backstory.left_on", "after: backstory.left_onn", 28, 21, "backstory.left_on"),
        ("is: upset", "is: upsett", 33, 42, "upset"),
        ("stage: contact", "stage: contakt", 17, 10, "contact"),
    ],
)
def test_a_name_that_is_not_known_is_told_with_its_place_and_the_nearest_that_is(
    old: str, new: str, line: int, column: int, near: str
) -> None:
    told = problems(changed(old, new))

    assert [(one[:2]) for one in told] == [(line, column)]
    assert f"did you mean {near}?" in told[0][2]


def test_a_name_that_is_near_to_nothing_is_told_with_what_would_be_known() -> None:
    ((line, column, message),) = problems(changed("is: upset", "is: xyzzy"))

    assert (line, column) == (33, 42)
    assert "departing, upset, lapsed, content" in message


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "says"),
    [
        ("version: 1", "version: one", 2, 10, "a whole number"),
        ("version: 1", "version: 0", 2, 10, "greater"),
        ("title: Mine\n", "", 1, 1, "title is missing"),
        ("  aim: Know\n", "", 5, 3, "aim is missing"),
        ("name: mine", "name: My Own", 1, 7, ""),
        ("    choices: [calm, angry]\n", "", 12, 5, "choices"),
        ("    type: choice\n", "    type: choice\n    fact: heard.buys_now\n", 12, 5, "not both"),
        ("  - not_here: [apology]", "  - forbids: [apology]", 21, 5, "not_here"),
        ("from: 1bd", "from: -1bd", 28, 46, "a wait cannot be negative"),
        ("from: 1bd", "from: soon", 28, 46, "a length of time looks like"),
        ("title: Mine", "title: !!str Mine", 3, 8, "tags"),
        ("title: Mine", "title: !mine Mine", 3, 8, "tags"),
        ("title: Mine", "title: &x Mine", 3, 8, "anchors"),
        ("    ask: Why?", "    ask: *x", 32, 10, "aliases"),
        ("title: Mine\n", "title: Mine\nname: again\n", 4, 1, "given twice"),
        ("  aim: Know\n", "  aim: Know\n  aim: Again\n", 9, 3, "given twice"),
        ("  stage: contact", "\tstage: contact", 17, 1, "such as a tab"),
        ("title: Mine", "title: a: b", 3, 9, ""),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(
    old: str, new: str, line: int, column: int, says: str
) -> None:
    told = problems(changed(old, new))

    places = [place[:2] for place in told if says in place[2]]
    assert (line, column) in places


def test_every_mistake_is_told_in_the_order_of_the_file() -> None:
    content = changed("version: 1", "version: one").replace("aim: Ask", "aims: Ask")

    lines = [line for line, _, _ in problems(content)]

    assert lines == sorted(lines)
    assert {2, 19} <= set(lines)


def test_an_error_names_file_line_and_column() -> None:
    with pytest.raises(BadInput, match=r"^my\.yaml:33:42: 'upsett'"):
        library.parse(changed("is: upset", "is: upsett"), "my.yaml")


def test_two_steps_of_one_name_are_refused_by_that_name() -> None:
    told = problems(changed("- id: contact", "- id: backstory"))

    assert any("two steps are called backstory" in message for _, _, message in told)


def test_two_steps_of_one_name_are_told_at_the_second() -> None:
    ((line, _, _),) = problems(changed("- id: contact", "- id: backstory"))

    assert line == 16


TWICE = changed("    ask: How?\n", "    ask: How?\n  - fact: backstory.how_left\n    ask: Again?\n")


def test_two_questions_of_one_fact_are_refused_by_that_name() -> None:
    assert any("two questions are called how_left" in message for _, _, message in problems(TWICE))


def test_two_questions_of_one_fact_are_told_at_the_second() -> None:
    assert [line for line, _, _ in problems(TWICE)] == [12]


def test_two_questions_of_one_fact_may_stand_side_by_side_under_ids_of_their_own() -> None:
    content = changed(
        "    ask: How?\n", "    ask: How?\n  - {fact: backstory.how_left, id: again, ask: Again?}\n"
    )

    assert [q.key for q in playbook(content).steps[0].questions] == ["how_left", "again", "mood"]


CONTRADICTION = changed(
    "  - fact: classified.reason\n",
    "  - fact: revisited.apologised\n    ask: Sorry?\n  - fact: classified.reason\n",
)


def test_a_step_may_not_ask_for_what_it_forbids() -> None:
    told = problems(CONTRADICTION)

    assert any("forbids: apology" in message for _, _, message in told)
    assert {16, 31} & {line for line, _, _ in told}


def test_a_question_that_asks_for_what_its_step_forbids_is_told_at_the_question() -> None:
    assert [line for line, _, _ in problems(CONTRADICTION)] == [31]


def test_the_steps_go_in_the_order_of_their_document_whatever_their_stages() -> None:
    assert problems(changed("stage: backstory", "stage: listen")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("not_here: [apology]", "not_here: [sorrow]"),
        ("aim: Know", "aims: Know"),
    ],
)
def test_one_mistake_in_the_only_entry_of_a_list_is_not_told_as_an_empty_list(old: str, new: str) -> None:
    only = GOOD.partition("- id: contact")[0] if "aim" in old else GOOD

    told = problems(only.replace(old, new))

    assert [message for _, _, message in told if "at least 1 item" in message] == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("    say: No apology.\n", "    say: No apology.\n    levl: warn\n", 23),
        ("    say: No apology.\n", "    say: No apology.\n    level: shout\n", 23),
        ("    why: Not yet.\n", "    why: ''\n", 23),
        ("    why: Not yet.\n", "    why: N\n    when: {fact: heard.refused, isnt: true}\n", 24),
    ],
)
def test_a_mistake_beside_the_name_of_a_guard_is_told_on_its_line(old: str, new: str, line: int) -> None:
    assert [place[0] for place in problems(changed(old, new))] == [line]


def test_a_key_without_a_value_is_told_on_its_own_line() -> None:
    assert [line for line, _, _ in problems(changed("name: mine", "name:"))] == [1]


def test_a_control_sign_is_told_on_its_line() -> None:
    assert [line for line, _, _ in problems(changed("title: Mine", "title: Mi\x07ne"))] == [3]


@pytest.mark.parametrize(
    ("fact", "default"),
    [("backstory.how_left", "furious"), ("backstory.left_on", "soon"), ("backstory.landmines", "none")],
)
def test_a_default_that_is_no_answer_is_refused(fact: str, default: str) -> None:
    content = changed("  - fact: backstory.how_left\n", f"  - fact: {fact}\n    default: {default}\n")

    assert [line for line, _, _ in problems(content)] == [11]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wait: {after: backstory.left_on,", "wait: {after: heard.why_left,"),
        ("not_here: [apology]", "clock: {from: [heard.why_left], within: {left: 1d}}"),
    ],
)
def test_a_guard_that_counts_from_what_is_no_date_is_refused(old: str, new: str) -> None:
    assert len(problems(changed(old, new))) == 1


# -- what is no playbook at all --------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["", "   \n", "# nothing\n", "[]", "- a\n", "just words", "null", "42", "--- \n..."]
)
def test_what_is_no_map_is_told_at_the_first_line(content: str) -> None:
    ((line, column, message),) = problems(content)

    assert (line, column) == (1, 1)
    assert "a playbook is a map" in message


@pytest.mark.parametrize(
    "content", ['"', "{", "[", "a: b: c", "a\n b: c\n- d", "\x00", "@x", "%", "a: |\n\tb"]
)
def test_what_is_no_yaml_is_told_and_never_raises(content: str) -> None:
    assert len(problems(content)) >= 1


def test_a_second_document_is_refused() -> None:
    ((line, _, _),) = problems(GOOD + "---\nname: other\n")

    assert line == len(GOOD.splitlines()) + 1


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "a: " + "[" * 100_000,
        "{a: " * 90_000,
        "- " * 100_000,
        "? " * 100_000,
        "".join(f"{'  ' * depth}a:\n" for depth in range(600)),
        QUICK + "summary: " + "[" * 100_000,
    ],
    ids=["brackets", "brackets in a map", "braces", "dashes", "keys", "indentation", "at the end"],
)
def test_deep_nesting_is_refused(content: str) -> None:
    told = problems(content)

    assert [message for _, _, message in told] == ["nested too deeply"]


def test_deep_nesting_is_told_where_it_becomes_too_deep() -> None:
    ((line, column, _),) = problems(QUICK + "summary: " + "[" * 100_000)

    assert line == len(GOOD.splitlines()) + 1
    assert 9 < column < 40


# -- files -----------------------------------------------------------------------------------


def test_a_playbook_that_does_not_exist_is_told_with_the_nearest_name() -> None:
    with pytest.raises(NotFound) as missing:
        library.load("standart", Path("/nowhere"))

    assert missing.value.hint == "Did you mean standard?"


def test_a_playbook_of_ones_own_is_found_beside_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD, "utf-8")

    assert library.load("mine", tmp_path).playbook.title == "Mine"
    assert set(library.files(tmp_path)) == {*library.files(Path("/nowhere")), "mine"}


def test_no_playbook_of_ones_own_replaces_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "standard.yaml").write_text(GOOD, "utf-8")

    assert library.load("standard", tmp_path).playbook.name == "standard"


def test_a_bom_does_not_hurt(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert library.read(tmp_path / "mine.yaml").playbook.name == "mine"


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\xff\xfe\x00", "not UTF-8"), (b"a" * 400_001, "too large"), (b"a" * 3_000_000, "too large")],
)
def test_a_file_that_cannot_be_a_playbook_is_refused_by_name(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)

    with pytest.raises(BadInput) as refused:
        library.read(path)

    assert says in refused.value.message
    assert str(path) in refused.value.message


def test_a_file_that_is_not_there_or_is_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.yaml"):
        library.read(tmp_path / "gone.yaml")
    with pytest.raises(BadInput, match="cannot be read"):
        library.read(tmp_path)
