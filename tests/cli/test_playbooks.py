"""The playbook commands: own ones, versions, the suggestion, the rules, two side by side."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.test_terminal import Terminal
from tests.conftest import Runner
from winback_cli import library, yamltext

BUILT_IN = sorted(library.files(Path("/nowhere")))
ANSWERS = """answers:
  backstory: {how_left: upset, internal_view: A late parcel.}
"""


@pytest.fixture
def own(home: Path) -> Path:
    """The folder of the user's own playbooks."""
    return home / "playbooks"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Answers to the first step of `mine`; the file ends there."""
    path = tmp_path / "answers.yaml"
    path.write_text(ANSWERS, "utf-8")
    return path


@pytest.fixture
def terminal(stocked: Runner) -> Callable[..., Terminal]:
    return Terminal


def facts_of(winback: Runner, who: str = "1") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(winback("show", who, "--json").out)
    return found


# -- one of your own -------------------------------------------------------------------------


def test_a_new_playbook_is_a_commented_file_in_the_users_folder_without_mistake_or_warning(
    winback: Runner, own: Path
) -> None:
    ran = winback("playbook", "new", "mine")

    made = own / "mine.yaml"
    assert (ran.code, ran.out) == (0, f"{made}\n")
    assert made.read_text("utf-8").startswith("# yaml-language-server: $schema=playbook.schema.json\n")
    assert (own / "playbook.schema.json").is_file()
    checked = winback("playbook", "check", "mine")
    assert checked.out == f"{made}: good. mine, 5 steps, 19 questions.\n"


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_copy_is_the_playbook_it_began_with_under_its_own_name(
    winback: Runner, own: Path, name: str
) -> None:
    assert winback("playbook", "new", "mine", "--from", name).code == 0

    mine, original = (library.load(n, own).playbook for n in ("mine", name))
    assert mine == original.model_copy(update={"name": "mine", "version": 1})
    assert (own / "mine.yaml").read_text("utf-8").startswith("# yaml-language-server:")
    assert winback("playbook", "check", "mine").out.endswith("questions.\n")  # no warnings


def test_a_copy_of_a_copy_has_one_heading(winback: Runner, own: Path) -> None:
    winback("playbook", "new", "mine", "--from", "trust")

    assert winback("playbook", "new", "second", "--from", "mine").code == 0

    assert (own / "second.yaml").read_text("utf-8").count("yaml-language-server") == 1
    assert library.load("second", own).playbook.name == "second"


@pytest.mark.parametrize("name", ["standard", "six-steps", "mine", "linked"])
def test_a_name_that_is_taken_is_refused_and_nothing_overwritten(
    winback: Runner, own: Path, tmp_path: Path, name: str
) -> None:
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("mine", "utf-8")
    (own / "linked.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    ran = winback("playbook", "new", name)

    assert ran.code == 2
    assert "winback playbook new my-" in ran.err or "Take another name" in ran.err
    assert (own / "mine.yaml").read_text("utf-8") == "mine"
    assert not (tmp_path / "elsewhere.yaml").exists()


@pytest.mark.parametrize("name", ["../mine", "Mine", "", "a b", "mine.yaml", "x" * 41, "-x", "ä"])
def test_a_name_that_is_none_is_refused(winback: Runner, home: Path, name: str) -> None:
    ran = winback("playbook", "new", "--", name)

    assert ran.code == 2
    assert not home.exists()


def test_there_is_no_copy_of_what_there_is_not(winback: Runner, own: Path) -> None:
    ran = winback("playbook", "new", "mine", "--from", "six-step")

    assert ran.code == 3
    assert "Did you mean six-steps?" in ran.err
    assert not own.exists()


def test_what_cannot_be_copied_is_said(winback: Runner, own: Path) -> None:
    assert winback("playbook", "new", "mine").code == 0
    text = (own / "mine.yaml").read_text("utf-8")
    (own / "mine.yaml").write_text(text.replace("name: mine", "name:\n  mine"), "utf-8")

    ran = winback("playbook", "new", "other", "--from", "mine")

    assert ran.code == 65
    assert "on a line of their own" in ran.err
    assert not (own / "other.yaml").exists()


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_schema_for_editors_takes_every_built_in_playbook(name: str) -> None:
    content = (library.built_in() / f"{name}.yaml").read_text("utf-8")

    jsonschema.validate(yamltext.read(content)[0].data, library.schema())


def test_the_schema_that_is_printed_is_the_one_that_playbooks_point_to(winback: Runner, own: Path) -> None:
    assert winback("playbook", "new", "mine").code == 0

    ran = winback("playbook", "schema")

    assert ran.code == 0
    assert json.loads(ran.out) == library.schema()
    for playbook in [own / "mine.yaml", *library.built_in().glob("*.yaml")]:
        first = playbook.read_text("utf-8").splitlines()[0]
        place = playbook.parent / first.removeprefix("# yaml-language-server: $schema=")
        # Where the fields of a playbook change: winback playbook schema > playbooks/playbook.schema.json
        assert place.read_text("utf-8") == ran.out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("fact: backstory.told_by", "fact: backstory.told_bi"),
        ("stage: contact", "stage: contakt"),
        ("  title: Speak", "  titel: Speak"),
        ("within: {departing: 1bd", "within: {leaving: 1bd"),
        ("{fact: contacted.decision_maker, is: false}", "{fact: contacted.decision, is: false}"),
        ("needs: heard.why_left", "needs: heard.why"),
    ],
)
def test_the_schema_for_editors_finds_what_is_misspelt(before: str, after: str) -> None:
    content = (library.built_in() / "standard.yaml").read_text("utf-8")
    assert before in content

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yamltext.read(content.replace(before, after, 1))[0].data, library.schema())


# -- checking --------------------------------------------------------------------------------


def test_the_name_of_a_built_in_playbook_is_a_mistake_at_its_place(winback: Runner, tmp_path: Path) -> None:
    path = tmp_path / "copy.yaml"
    path.write_text((library.built_in() / "trust.yaml").read_text("utf-8"), "utf-8")

    ran = winback("playbook", "check", path)

    assert ran.code == 65
    assert f"{path}:4:7: trust is the name of a built-in playbook; give yours another" in ran.err


def test_a_built_in_playbook_itself_is_good(winback: Runner) -> None:
    for name in BUILT_IN:
        assert winback("playbook", "check", name).out.endswith("questions.\n")


def test_every_mistake_is_told_at_once_and_warnings_only_where_there_is_none(
    winback: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    text = """name: mine
version: 1
title: Mine
steps:
- id: start
  stage: backstory
  title: Begin
  aim: Know
  questions:
  - {fact: backstory.how_lef, ask: How?}
  - {fact: backstory.told_by, ask: Who?, when: {fact: backstory.how_left, is: angry}}
"""
    path.write_text(text, "utf-8")
    bad = json.loads(winback("playbook", "check", path, "--json").out)

    path.write_text(text.replace("how_lef,", "how_left,").replace("angry", "upset"), "utf-8")
    ran = winback("playbook", "check", path, "--json")
    good = json.loads(ran.out)

    assert [(p["line"], p["column"]) for p in bad["mistakes"]] == [(10, 12), (11, 79)]
    assert (bad["good"], bad["warnings"]) == (False, [])
    assert (good["good"], good["mistakes"], ran.code) == (True, [], 0)
    assert good["warnings"][-1]["message"] == "the step start and its questions name no source"


def test_the_list_goes_on_past_one_that_cannot_be_used_and_one_that_is_hidden(
    winback: Runner, own: Path
) -> None:
    assert winback("playbook", "new", "mine").code == 0
    (own / "broken.yaml").write_text("name: [", "utf-8")
    (own / "trust.yaml").write_text("name: trust", "utf-8")

    ran = winback("playbook", "list")

    assert ran.code == 0
    assert "mine  My own way  (yours)" in ran.out
    assert "broken cannot be used: winback playbook check broken" in ran.err
    assert f"{own / 'trust.yaml'} is not used: trust is a built-in playbook." in ran.err
    names = [book["name"] for book in json.loads(winback("playbook", "list", "--json").out)]
    assert names == [*BUILT_IN, "mine"]


# -- versions --------------------------------------------------------------------------------


@pytest.fixture
def running(stocked: Runner, own: Path, answers: Path) -> Runner:
    """The runner over a case of customer 1 under `mine`, walked to its second step."""
    assert stocked("playbook", "new", "mine").code == 0
    path = answers.with_name("touch.yaml")
    path.write_text(ANSWERS + "  talk: {on: today, channel: phone, disposition: no answer}\n", "utf-8")
    assert stocked("walk", "1", "--playbook", "mine", "--answers", path).code == 0
    return stocked


def renewed(own: Path) -> None:
    """Version 2 of `mine`: one question more, one no longer needed."""
    text = (own / "mine.yaml").read_text("utf-8")
    text = text.replace("version: 1", "version: 2")
    text = text.replace(
        "- id: talk\n",
        "- id: pause\n  stage: backstory\n  title: Breathe\n  aim: Be calm.\n  source: [D7]\n"
        "  questions:\n  - {id: breath, type: yesno, ask: Did you?, required: true, source: [D7]}\n\n"
        "- id: talk\n",
    )
    (own / "mine.yaml").write_text(text, "utf-8")


def walk_on(winback: Runner, answers: Path, more: str = "") -> Any:
    answers.write_text(
        ANSWERS + more + "  talk: {on: today, channel: phone, disposition: left message}\n", "utf-8"
    )
    return winback("walk", "1", "--answers", answers)


def test_a_running_case_says_nothing_while_its_file_stands(running: Runner, answers: Path) -> None:
    assert "keeps version" not in walk_on(running, answers).err


def test_a_running_case_keeps_the_text_it_began_with_and_says_so(
    running: Runner, own: Path, answers: Path
) -> None:
    renewed(own)

    ran = walk_on(running, answers)

    assert ran.code == 0
    assert "Case 1.1 keeps version 1 of mine: its file has changed since." in ran.err
    assert "winback playbook move 1" in ran.err
    assert len(facts_of(running)["touches"]) == 2


def test_a_running_case_goes_on_when_its_file_is_gone(running: Runner, own: Path, answers: Path) -> None:
    (own / "mine.yaml").unlink()

    ran = walk_on(running, answers)

    assert ran.code == 0
    assert "Case 1.1 keeps version 1 of mine: its file is gone." in ran.err
    assert "playbook move" not in ran.err
    assert len(facts_of(running)["touches"]) == 2


def test_a_running_case_goes_on_when_its_file_is_broken(running: Runner, own: Path, answers: Path) -> None:
    (own / "mine.yaml").write_bytes(b"\xff\xfe\x00")

    assert walk_on(running, answers).code == 0
    assert running("playbook", "move", "1", "--yes").code == 65


def test_moving_a_case_shows_what_changes_and_asks_what_is_new(
    running: Runner, own: Path, answers: Path
) -> None:
    renewed(own)

    ran = running("playbook", "move", "1", "--yes")

    assert ran.code == 0
    assert ran.out == "mine, version 1 to 2:\n  New step pause: Breathe\n"
    assert "Case 1.1 goes on under mine, version 2." in ran.err
    assert facts_of(running)["case"]["version"] == 2
    short = walk_on(running, answers)
    assert (short.code, "pause.breath" in short.err) == (2, True)
    assert walk_on(running, answers, "  pause: {breath: yes}\n").code == 0
    assert facts_of(running)["facts"]["backstory"]["internal_view"] == "A late parcel."


def test_without_a_terminal_moving_names_the_flag_and_changes_nothing(
    running: Runner, own: Path, store_path: Path
) -> None:
    renewed(own)
    before = store_path.read_bytes()

    ran = running("playbook", "move", "1")

    assert (ran.code, "Give --yes." in ran.err) == (2, True)
    assert store_path.read_bytes() == before


def test_a_case_under_that_version_already_is_not_moved(running: Runner) -> None:
    ran = running("playbook", "move", "1", "--yes")

    assert (ran.code, "already" in ran.err) == (5, True)


def test_a_case_may_go_on_under_another_playbook_and_keeps_its_answers(running: Runner) -> None:
    ran = running("playbook", "move", "1", "--to", "service-recovery", "--yes")

    assert ran.code == 0
    shown = facts_of(running)
    assert shown["case"]["playbook"] == "service-recovery"
    assert shown["case"]["step"] == "known"
    assert shown["facts"]["backstory"]["internal_view"] == "A late parcel."
    assert [event["kind"] for event in shown["events"]].count("moved") == 1


def test_neither_a_closed_nor_a_suppressed_nor_a_missing_case_is_moved(running: Runner) -> None:
    assert running("playbook", "move", "3", "--to", "trust", "--yes").code == 3
    assert running("close", "1", "--outcome", "released", "--override", "enough").code == 0
    assert running("playbook", "move", "1", "--to", "trust", "--yes").code == 5
    assert running("touch", "2", "--channel", "phone", "--disposition", "left message").code == 0
    assert running("suppress", "2", "--reason", "asked").code == 0
    assert running("playbook", "move", "2", "--to", "trust", "--yes").code == 5
    assert facts_of(running, "2")["case"]["playbook"] == "standard"


@pytest.mark.parametrize(("said", "version"), [("n", 1), ("", 1), ("y", 2)])
def test_at_a_terminal_moving_is_asked(running: Runner, own: Path, said: str, version: int) -> None:
    renewed(own)
    move = Terminal("playbook", "move", "1")
    move.until("Move case 1.1 to mine, version 2? y or n")

    move.type(said)

    assert move.end() == 0
    assert facts_of(running)["case"]["version"] == version


# -- which playbook --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "playbook", "because", "first"),
    [
        ("1", "service-recovery", "they are upset", "Know whom you lost"),
        ("2", "lapsed-list", "they went quiet", "List who has not come back"),
        ("3", "six-steps", "they are leaving now", "Get the backstory"),
    ],
)
def test_a_walk_suggests_a_playbook_with_its_reason_and_enter_takes_it(
    terminal: Callable[..., Terminal], who: str, playbook: str, because: str, first: str
) -> None:
    walk = terminal("walk", who)
    screen = walk.until("Which playbook?")

    walk.type("")

    assert f"{playbook} fits " in screen
    assert f": {because}." in screen
    assert f"under {playbook}." in walk.until(first)


def test_another_playbook_than_the_suggested_one_is_taken_and_a_question_mark_tells_them_apart(
    terminal: Callable[..., Terminal],
) -> None:
    walk = terminal("walk", "1")
    walk.until("Which playbook?")
    walk.type("?")
    walk.until("trust: First why, and whether they are worth it.")

    walk.type("second-chance")

    assert "service-recovery" not in walk.until("Find out why they left").rpartition("Opened")[2]


def test_stopped_at_that_question_nothing_is_opened(
    terminal: Callable[..., Terminal], winback: Runner
) -> None:
    walk = terminal("walk", "1")
    walk.until("Which playbook?")

    walk.child.send("\x03")

    assert walk.end() == 130
    assert facts_of(winback)["case"] is None


def test_the_playbook_of_the_firms_settings_is_taken_and_a_better_one_said(
    terminal: Callable[..., Terminal], home: Path
) -> None:
    (home / "settings.toml").write_text('playbook = "trust"\n', "utf-8")

    walk = terminal("walk", "1")
    screen = walk.until("See why they strayed")

    assert "Which playbook?" not in screen
    assert "under trust." in screen
    assert "service-recovery may fit better: they are upset." in screen


def test_without_a_terminal_the_case_opens_under_the_standard_one_and_a_better_one_is_said(
    stocked: Runner,
) -> None:
    ran = stocked("touch", "3", "--channel", "phone", "--disposition", "left message")

    assert "under standard." in ran.err
    assert "six-steps may fit better: they are leaving now." in ran.err
    assert "winback playbook move 3 --to six-steps" in ran.err


def test_a_playbook_that_was_named_is_not_talked_about(stocked: Runner, answers: Path) -> None:
    stocked("playbook", "new", "mine")

    ran = stocked("walk", "3", "--playbook", "mine", "--answers", answers)

    assert "fit" not in ran.err


# -- rules, and two side by side -------------------------------------------------------------


def test_the_rules_say_what_implements_them_and_what_is_missing(winback: Runner) -> None:
    found = {rule["id"]: rule for rule in json.loads(winback("playbook", "rules", "--json").out)}

    assert set(found) == set(library.rules())
    assert {"kind": "command", "command": "winback suppress"} in found["C10"]["implemented_by"]
    assert {
        "kind": "guard",
        "playbook": "six-steps",
        "step": "contact",
        "question": None,
        "guard": "not_here",
    } in found["B2.3"]["implemented_by"]
    assert {"kind": "command", "command": "winback trust"} in found["E9"]["implemented_by"]
    later = {name: told.get("later") for name, told in library.rules().items()}
    assert {name: rule["missing"] for name, rule in found.items()} == later
    assert found["B2.3"]["missing"] is None


@pytest.mark.parametrize(
    ("said", "ids"), [("b2.3", ["B2.3"]), ("B0", ["B0"]), ("A1", ["A1"]), ("C1", ["C1"])]
)
def test_one_rule_is_asked_for_by_its_id(winback: Runner, said: str, ids: list[str]) -> None:
    found = json.loads(winback("playbook", "rules", said, "--json").out)

    assert [rule["id"] for rule in found] == ids


def test_several_rules_are_asked_for_by_their_beginning(winback: Runner) -> None:
    found = json.loads(winback("playbook", "rules", "B2", "--json").out)

    assert [rule["id"] for rule in found] == ["B2.1", "B2.2", "B2.3", "B2.4", "B2.5"]


def test_a_rule_that_there_is_not_is_said(winback: Runner) -> None:
    ran = winback("playbook", "rules", "B2.9")

    assert (ran.code, "Did you mean B2" in ran.err) == (3, True)


def test_the_rules_of_an_own_playbook_count_too(winback: Runner) -> None:
    winback("playbook", "new", "mine")

    (found,) = json.loads(winback("playbook", "rules", "D7", "--json").out)
    (sourced,) = json.loads(winback("playbook", "rules", "A10", "--json").out)

    assert "mine" not in {element.get("playbook") for element in found["implemented_by"]}
    assert "mine" in {element.get("playbook") for element in sourced["implemented_by"]}


def test_two_playbooks_are_laid_side_by_side_for_scripts(winback: Runner) -> None:
    found = json.loads(winback("playbook", "compare", "six-steps", "second-chance", "--json").out)

    assert found["playbooks"] == ["six-steps", "second-chance"]
    contact = next(stage for stage in found["stages"] if stage["stage"] == "contact")
    assert [step["id"] for step in contact["steps"]["six-steps"]] == ["contact"]
    clash = next(matter for matter in found["matters"] if matter["about"] == "When do you apologise?")
    assert clash["clash"] is True
    assert clash["stances"]["second-chance"]["source"] == ["A5"]


def test_a_playbook_that_there_is_not_cannot_be_compared(winback: Runner) -> None:
    ran = winback("playbook", "compare", "standard", "trusty")

    assert (ran.code, "Did you mean trust?" in ran.err) == (3, True)


# -- what a review found ---------------------------------------------------------------------


def test_an_override_of_one_playbook_does_not_speak_for_another(running: Runner, answers: Path) -> None:
    guard = "  - {step: talk, guard: not_here, because: They cried.}\n"
    answers.write_text(
        ANSWERS
        + "  talk: {on: today, channel: phone, disposition: reached, person: Ana, why_left: Late,"
        + " requirements: Speed, slipped: apology}\noverride:\n"
        + guard,
        "utf-8",
    )
    assert running("walk", "1", "--answers", answers).code == 2  # it stops at the verdict
    assert facts_of(running)["case"]["step"] == "talk"  # nothing of a bad file is stored
    answers.write_text(
        answers.read_text("utf-8").replace(
            "override:\n",
            "  decide: {verdict: release, reasons: Enough}\n"
            "  follow_up: {ending: dormant, next_contact_on: +3m,"
            " check_ins: [{agreed_for: +1m}]}\noverride:\n",
        ),
        "utf-8",
    )
    assert running("walk", "1", "--answers", answers).code == 0

    assert running("playbook", "move", "1", "--to", "six-steps", "--yes").code == 0

    found = facts_of(running)
    assert found["case"]["step"] == "backstory"  # its steps are gone through
    assert [event["kind"] for event in found["events"]].count("overridden") == 1


def test_a_case_whose_own_playbook_is_a_dangling_link_goes_on(
    running: Runner, own: Path, answers: Path
) -> None:
    (own / "mine.yaml").unlink()
    (own / "mine.yaml").symlink_to(own / "nowhere.yaml")

    ran = walk_on(running, answers)

    assert (ran.code, "its file is gone" in ran.err) == (0, True)


def test_the_list_passes_over_what_is_no_file_and_no_name(winback: Runner, own: Path) -> None:
    own.mkdir(parents=True)
    (own / "folder.yaml").mkdir()
    (own / "bad\x1b[31m.yaml").write_text("name: bad", "utf-8")

    ran = winback("playbook", "list")

    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err


def test_a_file_in_the_users_folder_is_named_as_its_playbook(winback: Runner, own: Path) -> None:
    assert winback("playbook", "new", "mine").code == 0
    (own / "mine.yaml").rename(own / "theirs.yaml")

    ran = winback("playbook", "check", "theirs")

    assert ran.code == 65
    assert "the file is called theirs.yaml; name the playbook theirs, or the file mine.yaml" in ran.err


def test_mistakes_of_every_kind_are_told_at_once(winback: Runner, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        """name: mine
version: 1
version: 2
title: &t Mine
steps:
- id: start
  stage: backstori
  title: Begin
  aim: Know
  questions:
  - {fact: backstory.how_lef, ask: How?}
""",
        "utf-8",
    )

    found = json.loads(winback("playbook", "check", path, "--json").out)

    assert [problem["line"] for problem in found["mistakes"]] == [3, 4, 7, 11]


def test_of_very_many_mistakes_the_first_are_told_and_the_rest_counted(
    winback: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    steps = "".join(
        f"- id: s{n}\n  stage: backstory\n  title: T\n  aim: A\n"
        f"  questions: [{{fact: backstory.nothing{n}, ask: Q}}]\n"
        for n in range(60)
    )
    path.write_text(f"name: mine\nversion: 1\ntitle: Mine\nsteps:\n{steps}", "utf-8")

    told = winback("playbook", "check", path).err.splitlines()

    assert len(told) == 52
    assert told[50].endswith("and 10 more")


def test_who_leaves_at_the_question_which_playbook_opens_nothing(
    terminal: Callable[..., Terminal], winback: Runner
) -> None:
    for way in ("\x04", ":quit\r"):
        walk = terminal("walk", "1")
        walk.until("r trust\n>")
        walk.child.send(way)

        assert walk.end() == 0
        assert "Nothing was opened." in walk.text
    assert facts_of(winback)["case"] is None


def test_a_playbook_that_cannot_be_used_is_not_offered(
    terminal: Callable[..., Terminal], home: Path
) -> None:
    (home / "playbooks").mkdir()
    (home / "playbooks" / "broken.yaml").write_text("name: [", "utf-8")

    assert "broken" not in terminal("walk", "1").until("r trust\n>")


def test_who_turns_out_to_be_leaving_gets_the_playbook_for_it_named(
    terminal: Callable[..., Terminal],
) -> None:
    walk = terminal("walk", "2", "--playbook", "lapsed-list")
    walk.until("How did they leave?")

    walk.type("departing")

    said = " ".join(walk.until("When did they last buy?").split())
    assert "winback playbook move 2 --to six-steps" in said


def test_a_walk_that_is_open_while_its_case_is_moved_writes_nothing_more(
    terminal: Callable[..., Terminal], winback: Runner
) -> None:
    walk = terminal("walk", "2", "--playbook", "lapsed-list")
    walk.until("How did they leave?")
    assert winback("playbook", "move", "2", "--to", "trust", "--yes").code == 0

    walk.type("upset")

    assert walk.end() == 75
    assert "was moved to another playbook meanwhile" in walk.text
    assert facts_of(winback, "2")["case"]["playbook"] == "trust"
    assert not any(facts_of(winback, "2")["facts"].values())


def test_a_case_that_its_playbook_does_not_let_go_is_not_let_go_by_close_either(
    stocked: Runner, answers: Path
) -> None:
    answers.write_text("answers:\n  backstory: {how_left: departing, told_by: Mara}\n", "utf-8")
    assert stocked("touch", "3", "--channel", "phone", "--disposition", "left message").code == 0
    assert stocked("playbook", "move", "3", "--to", "six-steps", "--yes").code == 0

    refused = stocked("close", "3", "--outcome", "lost")

    assert (refused.code, "Let it sleep, and do not throw it away." in refused.err) == (5, True)
    assert stocked("close", "3", "--outcome", "lost", "--override", "They are gone").code == 0
