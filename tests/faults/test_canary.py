"""X9: no error, however it comes about, tells what a customer's record holds; and none shows a traceback."""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Ran, Runner
from tests.faults.terminals import REAL
from winback_cli import answers
from winback_cli.facts import Spec

NAME = "Canary Secret-9931"
MAIL = "canary-7f3a@example.com"
CANARIES = (NAME, MAIL, "Secret-9931", "canary-7f3a")
HEAD = "customer_id,name,company,email,phone,city,notes,last_purchase,revenue\n"
ROW = f"C-1,{NAME},Nest Ltd,{MAIL},+44 20 7946 0999,Leeds,{NAME} wrote from {MAIL},2025-01-10,900\n"


def check_silent(ran: Ran, code: int | None = None) -> None:
    """It failed, with a message, without a canary and without a traceback."""
    assert ran.code > 0, ran
    assert code in (None, ran.code), ran
    assert ran.err.startswith("winback: "), ran.err
    assert [canary for canary in CANARIES if canary.lower() in ran.err.lower()] == []
    assert "Traceback" not in ran.err + ran.out


@pytest.fixture
def caged(winback: Runner, tmp_path: Path) -> Runner:
    """The runner over a store with the canary (1), a namesake (2) and one more (3); 1 has a case."""
    path = tmp_path / "caged.csv"
    path.write_text(
        HEAD + ROW + f"C-2,{NAME},Other Ltd,,,,,,\n" + "C-3,Ben Ode,,ben@example.com,,,,,\n", "utf-8"
    )
    assert winback("import", path).code == 0
    assert winback("note", 1, f"{NAME} asked that {MAIL} be used").code == 0
    touch = ("touch", 1, "--channel", "phone", "--disposition", "reached", "--person", NAME)
    assert winback(*touch, "--note", MAIL).code == 0
    return winback


def corrupt(store: Path, *statements: str) -> None:
    """Change the store behind the program's back."""
    with closing(sqlite3.connect(store)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


# -- who is meant ---------------------------------------------------------------------------------

WHO_COMMANDS = (["show"], ["walk"], ["note"], ["touch", "--channel", "phone", "--disposition", "reached"])


@pytest.mark.parametrize("line", WHO_COMMANDS, ids=lambda line: line[0])
@pytest.mark.parametrize(
    "who", ["99", "1.7", "1.x", "0", "nobody at all", "x@example.com", "", "%", "\x1b"]
)
def test_a_who_that_fits_nobody_names_nobody_else(line: list[str], who: str, caged: Runner) -> None:
    extra = ["words"] if line == ["note"] else ["--answers", os.devnull] if line == ["walk"] else []
    check_silent(caged(line[0], who, *line[1:], *extra), 3)


def test_a_who_that_was_typed_is_said_back_and_a_who_that_fits_several_lists_them_without_their_addresses(
    caged: Runner,
) -> None:
    typed = caged("show", f"{NAME} the third")
    assert typed.code == 3
    assert f"{NAME} the third" in typed.err
    several = caged("show", "canary")
    assert several.code == 3
    assert several.err.count(NAME) == 2
    assert MAIL not in typed.err + several.err


def test_a_command_line_that_does_not_fit_tells_nothing_of_anybody(caged: Runner) -> None:
    for line in (
        ["shwo", "1"],
        ["show"],
        ["show", "1", "2"],
        ["show", "1", "--jsn"],
        ["touch", "1"],
        ["touch", "1", "--channel", "owl", "--disposition", "reached"],
        ["touch", "1", "--channel", "phone", "--disposition", "reached", "--on", "tomorrow"],
        ["close", "1", "--outcome", "won"],
        ["close", "1", "--outcome", "dormant"],
        ["edit", "1", "--last-purchase", "soon"],
        ["edit", "1", "--revenue", "much"],
        ["edit", "3", "--email", "no address"],
        ["walk", "1"],
        ["walk", "1", "--playbook", "nowhere"],
        ["suppress", "1"],
        ["note", "1"],
        ["--as-of", "someday", "show", "1"],
        ["--color", "mauve", "show", "1"],
    ):
        check_silent(caged(*line))


# -- files that are wrong -------------------------------------------------------------------------

BAD_LISTS = {
    "open quote": HEAD + ROW + f'C-9,"{NAME},x,{MAIL},,,,,\n' + ROW,
    "text after a quote": HEAD + f'C-9,"{NAME}"x,x,{MAIL},,,,,\n',
    "no encoding": (HEAD + ROW).encode() + b"C-9,M\x81ller,,,,,,,\n",
    "two encodings": (HEAD + ROW + "C-8,Zoë,,,,,,,\n").encode() + b"C-9,M\xfcller,,,,,,,\n",
    "NUL": (HEAD + ROW).encode() + b"\x00",
    "UTF-16, cut off": (HEAD + ROW).encode("utf-16")[:-1],
    "unsure dates": HEAD + ROW.replace("2025-01-10", "03/04/2025"),
    "unsure amounts": HEAD + ROW.replace(",900\n", ',"1.234"\n'),
    "a long line": HEAD + ROW + "C-9," + f"{NAME} {MAIL} " * 40_000 + ",,,,,,,\n",
    "empty": "",
}


@pytest.mark.parametrize("kind", BAD_LISTS)
def test_a_list_that_cannot_be_used_is_refused_without_its_people(
    kind: str, caged: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    content = BAD_LISTS[kind]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    check_silent(caged("import", path), 65)


def test_a_list_without_a_header_is_refused_without_its_first_person(caged: Runner, tmp_path: Path) -> None:
    path = tmp_path / "headless.csv"
    path.write_text(ROW.replace("C-1", "C-9") + ROW, "utf-8")
    check_silent(caged("import", path), 65)


def test_rows_that_are_rejected_are_told_with_the_results_and_not_with_the_talk(
    caged: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "part.csv"
    path.write_text(HEAD + ROW.replace(",900\n", f",{NAME}\n") + f"C-9,{NAME * 20},,{MAIL},,,,,\n", "utf-8")
    ran = caged("import", path)
    assert ran.code in (4, 65)
    assert [canary for canary in CANARIES if canary in ran.err] == []
    assert "Traceback" not in ran.err + ran.out


BAD_ANSWERS = {
    "no YAML": f"answers: [{NAME}",
    "wrong kind": f"answers: {{backstory: {{left_on: {MAIL}, how_left: {NAME}, worth_it: {MAIL}}}}}",
    "money and lists": f"answers: {{decide: {{fix_cost: {MAIL}}}, revisit: {{changes: {NAME}}}}}",
    "a map for a value": f"answers: {{backstory: {{told_by: {{person: {NAME}}}}}}}",
    "an anchor": f"answers: {{backstory: {{told_by: &a {NAME}}}}}",
    "a tag": f"answers: {{backstory: {{told_by: !!str {NAME}}}}}",
    "an override of nothing": f"override: [{{step: backstory, guard: needs, because: {NAME}}}]",
    "a tab": f"answers:\n\tbackstory: {NAME}",
    "a list": f"- {NAME}\n- {MAIL}",
    "a text": NAME,
    "something missing": f"answers: {{backstory: {{told_by: {NAME}}}}}",
    "too long": "answers: {backstory: {told_by: " + f"{NAME} {MAIL} " * 2_000 + "}}",
    "a key twice": (f"answers:\n  backstory:\n    told_by: {NAME}\n    told_by: {MAIL}\n"),
}


@pytest.mark.parametrize(
    "content", [v if hasattr(v, "marks") else pytest.param(v, id=k) for k, v in BAD_ANSWERS.items()]
)
def test_answers_that_cannot_be_used_are_refused_by_their_place_and_not_by_their_words(
    content: str, caged: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(content, "utf-8")
    check_silent(caged("walk", 1, "--answers", path))


def test_a_playbook_that_cannot_be_read_tells_nothing_of_the_customers(caged: Runner, home: Path) -> None:
    (home / "playbooks").mkdir(exist_ok=True)
    for number, content in enumerate(
        ("name: [", "- x", "name: p\nversion: 1\ntitle: t\nsteps: []\n", "\x00")
    ):
        path = home / "playbooks" / f"own{number}.yaml"
        path.write_text(content, "utf-8")
        check_silent(caged("playbook", "check", path), 65)
        check_silent(caged("walk", 3, "--playbook", f"own{number}", "--answers", os.devnull), 65)


# -- a machine that fails -------------------------------------------------------------------------


def test_a_disk_that_is_full_is_told_without_anything_of_the_record(
    caged: Runner, store_path: Path, tmp_path: Path
) -> None:
    size = store_path.stat().st_size
    path = tmp_path / "more.csv"
    path.write_text(
        HEAD + "".join(ROW.replace("C-1", f"D-{n}").replace("7f3a", f"7f3a{n}") for n in range(999))
    )

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    for line in (["import", path], ["note", "1", f"{NAME} {MAIL} " * 400]):
        ran = subprocess.run(
            [*REAL, *map(str, line)], capture_output=True, text=True, preexec_fn=small, env=os.environ
        )
        check_silent(Ran(ran.returncode, ran.stdout, ran.stderr), 74)


def cut(store: Path) -> None:
    content = store.read_bytes()
    store.write_bytes(content[: len(content) // 2])


def no_header(store: Path) -> None:
    store.write_bytes(b"x" * 200 + store.read_bytes()[200:])


def first_page(store: Path) -> None:
    content = store.read_bytes()
    store.write_bytes(content[:100] + bytes(3000) + content[3100:])


def zeroed(store: Path) -> None:
    content = store.read_bytes()
    store.write_bytes(content[:4096] + bytes(len(content) - 4096))


@pytest.mark.parametrize("damage", [cut, no_header, first_page, zeroed])
@pytest.mark.parametrize("line", [["show", "1"], ["list"], ["note", "1", "words"], []], ids=" ".join)
def test_a_damaged_store_is_told_without_what_lies_in_it(
    damage: Callable[[Path], None], line: list[str], caged: Runner, store_path: Path
) -> None:
    damage(store_path)
    check_silent(caged(*line), 65)


# -- mistakes of our own --------------------------------------------------------------------------

BODIES = {
    "no JSON": f'{{"text": "{NAME}", "{MAIL}"',
    "no map": json.dumps([NAME, MAIL]),
    "nothing that is needed": json.dumps({NAME: MAIL}),
    "a word for a number": json.dumps({"touch": NAME, "disposition": MAIL}),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("line", [["show", "1"], ["note", "1", "words"], ["touch", "1"]], ids=" ".join)
def test_a_mistake_inside_is_told_by_its_place_alone(
    kind: str, line: list[str], caged: Runner, store_path: Path
) -> None:
    body = BODIES[kind].replace("'", "''")
    corrupt(store_path, f"UPDATE event SET body = '{body}' WHERE kind IN ('touched', 'noted')")
    more = ["--channel", "phone", "--disposition", "reached"] if line[0] == "touch" else []
    ran = caged(*line, *more)
    check_silent(ran, 1)
    assert "Something went wrong inside winback" in ran.err


@pytest.mark.parametrize("value", [NAME, MAIL, 7, [NAME], {"amount": NAME}])
def test_a_fact_that_is_none_is_told_without_its_value(
    value: object, caged: Runner, store_path: Path
) -> None:
    answered = {"question": "backstory.left_on", "fact": "backstory.left_on", "value": value}
    body = json.dumps(answered)
    corrupt(store_path, f"UPDATE event SET kind = 'answered', body = '{body}' WHERE kind = 'noted'")
    check_silent(caged("touch", 1, "--channel", "phone", "--disposition", "reached"), 1)


def test_a_rule_of_the_database_that_is_broken_is_told_without_the_values_that_broke_it(
    caged: Runner, store_path: Path, tmp_path: Path
) -> None:
    # The store's own rules are not broken from outside, so it is given one more.
    corrupt(store_path, "DELETE FROM contact_point WHERE customer_id = 3")
    corrupt(store_path, "CREATE UNIQUE INDEX one_each ON contact_point(kind)")
    path = tmp_path / "more.csv"
    path.write_text(HEAD + ROW.replace("C-1", "C-8").replace("canary", "another-canary"), "utf-8")
    check_silent(caged("import", path), 1)
    check_silent(caged("edit", 3, "--phone", "+49 228 5550"), 1)


def test_somebody_who_is_left_alone_is_refused_by_name_and_never_by_address(
    caged: Runner, store_path: Path, tmp_path: Path
) -> None:
    assert caged("suppress", 1, "--reason", "asked").code == 0
    path = tmp_path / "answers.yaml"
    path.write_text("answers: {}", "utf-8")
    for line in (["walk", "1", "--answers", path], ["suppress", "1", "--reason", "again"]):
        ran = caged(*line)
        assert ran.code == 5
        assert MAIL not in ran.err
    check_silent(caged("add", "Somebody", "--email", MAIL.upper()), 5)
    check_silent(caged("edit", 3, "--email", MAIL), 5)
    shutil.move(f"{store_path}.key", f"{store_path}.lost")
    check_silent(caged("add", "Somebody", "--email", MAIL.upper()), 65)


# -- surveys, purchases, the trust team, and letting go ---------------------------------------------

REPLY = "email,q1,call_back,date\n"
BOUGHT = "email,date,amount,currency\n"
TEAM = "answers:\n  stages:\n    "
FILES = {
    "replies.csv": REPLY + f"{MAIL},{NAME},{NAME},{MAIL}\n" * 2,
    "useless.csv": f"{NAME},{MAIL}\n{NAME},{MAIL}\n",
    "torn.csv": REPLY + f'"{NAME},{MAIL}\n',
    "undated.csv": REPLY + f"{MAIL},{NAME},,03/04/2025\n",
    "bought.csv": BOUGHT + f"{MAIL},{NAME},{MAIL},{NAME}\n" * 3,
    "two ways.csv": BOUGHT + f"{MAIL},03/04/2025,1,EUR\n",
    "team.yaml": TEAM + f"team: {{name: {NAME}}}\n",
    "team twice.yaml": TEAM + f"team: [{{name: {NAME}}}]\n    team: [{{name: {MAIL}}}]\n",
    "questions.txt": f"{NAME}?\n{NAME}?\n",
}
LATER = (
    ["survey", "new", "more", "--lapsed", "--owner", "Nobody"],
    ["survey", "new", "more", "--status", "open", "--questions", "questions.txt"],
    ["survey", "new", "more"],
    ["survey", "import", "useless.csv"],
    ["survey", "import", "torn.csv"],
    ["survey", "import", "undated.csv"],
    ["survey", "import", "replies.csv", "--survey", "nowhere"],
    ["survey", "import", "replies.csv", "--max-rejects", "0"],
    ["survey", "import", "replies.csv", "--map", "code=nothing"],
    ["survey", "review"],
    ["survey", "notes", "autumn", "3", "--text", "words"],
    ["survey", "tally", "nowhere"],
    ["survey", "drop", "nowhere"],
    ["import", "--purchases", "useless.csv"],
    ["import", "--purchases", "torn.csv"],
    ["import", "--purchases", "two ways.csv"],
    ["import", "--purchases", "bought.csv", "--max-rejects", "0"],
    ["trust", "new", "--answers", "team.yaml"],
    ["trust", "new", "--answers", "team twice.yaml"],
    ["trust", "plan", "--approve", "--by", NAME],
    ["trust", "review"],
    ["erase", "1", "--yes", "--certificate", "replies.csv"],
    ["subject", "1", "--html", "replies.csv"],
    ["worth", "1", "--margin", "much"],
    ["offer", "ripple", "1", "--kind", "nothing"],
    ["report", "learned", "--by", "owner"],
)


@pytest.fixture
def surveyed(caged: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """The runner where the canary was asked in a survey, among files that tell of them."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert caged("survey", "new", "autumn", "--status", "open", "--question", f"What, {NAME}?").code == 0
    return caged


@pytest.mark.parametrize("line", LATER, ids=" ".join)
def test_a_later_command_that_fails_tells_nothing_of_anybody(line: list[str], surveyed: Runner) -> None:
    check_silent(surveyed(*line))


def test_answers_and_purchases_that_are_rejected_are_told_with_the_results_and_not_with_the_talk(
    surveyed: Runner,
) -> None:
    for line in (["survey", "import", "replies.csv"], ["import", "--purchases", "bought.csv"]):
        ran = surveyed(*line)
        assert ran.code in (4, 65), ran
        assert [canary for canary in CANARIES if canary in ran.err] == []
        assert "Traceback" not in ran.err + ran.out


INSIDE = {
    "answers of a reply": f'UPDATE reply SET answers = \'{{"q1": ["{NAME}", "{MAIL}"]\'',
    "questions of a survey": f"UPDATE survey SET questions = '[\"{NAME} {MAIL}\"'",
    "counts of an import": f"UPDATE batch SET counts = '{{\"{NAME}\"'",
    "a day of a purchase": f"UPDATE customer_row SET last_purchase = '{NAME}'",
}
LOOKS = (["survey", "tally"], ["survey", "show"], ["import", "--list"], ["why", "1"], ["subject", "1"])


@pytest.mark.parametrize("kind", INSIDE)
def test_a_mistake_inside_a_survey_or_a_history_is_told_by_its_place_alone(
    kind: str, surveyed: Runner, store_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_text(REPLY + f"{MAIL},Too dear,,\n", "utf-8")
    assert surveyed("survey", "import", "good.csv").code == 0
    corrupt(store_path, INSIDE[kind])
    failed = [ran for line in LOOKS if (ran := surveyed(*line)).code]
    assert failed, "nothing failed"
    for ran in failed:
        check_silent(ran)


def test_a_failure_that_tells_a_name_would_be_caught(caged: Runner) -> None:
    with pytest.raises(AssertionError):
        check_silent(caged("show", NAME), 3)


def test_a_program_that_says_what_went_wrong_in_its_own_words_is_caught(
    caged: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(f"answers:\n  backstory:\n    how_left: {MAIL}\n    told_by: {NAME}\n", "utf-8")
    check_silent(caged("walk", 1, "--answers", path), 65)

    def telling(spec: Spec, said: str, customs: answers.Customs) -> str:
        raise ValueError(f"{said} is none of them")

    monkeypatch.setitem(answers._PARSERS, "choice", telling)

    with pytest.raises(AssertionError):
        check_silent(caged("walk", 1, "--answers", path), 65)
