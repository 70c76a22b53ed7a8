"""X1: whatever a list or a person writes, no view of it moves the cursor, colours or turns a line."""

import io
import itertools
import json
import os
import re
import shutil
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input

from tests.conftest import Ran, Runner
from tests.faults import walk_twins
from tests.faults.terminals import rounds
from winback_cli import library, text
from winback_cli.answers import Customs
from winback_cli.case import Event
from winback_cli.journal import Journal, Rehearsal
from winback_cli.prompter import Asked, Reply
from winback_cli.screen import console
from winback_cli.terminal import TerminalPrompter
from winback_cli.walk import Walk

TURNS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
# The colours and weights that the views use; a 35 or an 8 can only have come from somebody's text.
OURS = re.compile(r"\x1b\[(?:0|1|2|31|32|33|36)(?:;(?:0|1|2|31|32|33|36))*m")
NASTY = (
    *("\x1b[35m", "\x1b[8m", "\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://example.com\x1b\\", "\x1bc"),
    *(
        "\x9b35m",
        "\x9d0;title\x9c",
        "\x90q\x9c",
        "\x85",
        "\x7f",
        "\x08\x08",
        "\x07",
        "\x00",
        "\x0e",
        "\x0b",
    ),
    *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"),
    *("\ud800", "\udc9b", "\udfff", "\r", "\n", "\r\n", "\t", "\u2028", "\u2029", "\u200d", "\ufeff"),
    *("[/b]", "[red]", "[link=http://example.com]", "[/]", "\\[", ":warning:", "{0}", "%s", "ACME [emea]"),
)
PIECES = st.one_of(st.sampled_from(NASTY), st.text(st.characters(), max_size=20))
HOSTILE = st.lists(PIECES, max_size=8).map("".join)
LONG = "".join(NASTY[:-9]) + "ä" * 10_000
FIELDS = "customer_id,name,company,email,phone,city,country,owner,reason,notes,last_purchase,revenue".split(
    ","
)
slow = pytest.mark.timeout(120 + 20 * rounds(4))
fewer = settings(
    max_examples=rounds(4),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def signs(shown: str, *, colour: bool = False) -> set[str]:
    """The signs in an output that must not be there."""
    if colour:
        shown = OURS.sub("", shown)
    return {
        c for c in shown if (unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t") or ord(c) in TURNS
    }


def check(ran: Ran, *, colour: bool = False) -> None:
    """Neither the results nor the talk carry a control sign; and nothing broke."""
    assert signs(ran.out, colour=colour) == set()
    assert signs(ran.err) == set()
    assert ran.code != 1, ran.err
    assert "Traceback" not in ran.err


@pytest.fixture
def anew(
    winback: Runner, sample: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Path]]:
    """A fresh home each time, with the sample list in it; colours as a terminal has them."""
    assert winback("import", sample).code == 0
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("COLUMNS", "100")
    numbers = itertools.count()

    def make() -> Path:
        folder = tmp_path / f"home-{next(numbers)}"
        shutil.copytree(home, folder)
        monkeypatch.setenv("WINBACK_HOME", str(folder))
        return folder

    yield make


def as_csv(values: dict[str, str]) -> bytes:
    """A list of one row; a file in UTF-8 holds no lone surrogate, and one with NUL is no text."""
    cells = ['"' + values[field].replace('"', '""').replace("\x00", "") + '"' for field in FIELDS]
    return (",".join(FIELDS) + "\n" + ",".join(cells) + "\n").encode("utf-8", "ignore")


def as_yaml(given: str) -> str:
    """A text as YAML can carry it, every sign escaped that is no plain letter; as much as a file may hold."""
    written = (c if c.isalnum() and ord(c) < 0x250 else f"\\U{ord(c):08x}" for c in given[:8_000])
    return '"' + "".join(written) + '"'


def row(given: str) -> dict[str, str]:
    """The same text in every field of a customer, as long as each may be."""
    cut = given[:250]
    values = dict.fromkeys(FIELDS, cut)
    values |= {"customer_id": "H" + cut, "name": "Eva " + cut, "company": "ACME [emea] " + cut}
    values |= {"email": f"eva@example.com;{cut}", "phone": f"+49 228 555000;{cut}"}
    return values | {
        "notes": given[:9_900],
        "reason": cut,
        "last_purchase": "2020-01-01",
        "revenue": "90000",
    }


LONGHAND = """answers:
  backstory: {{how_left: upset, left_on: 2026-01-02, complained_on: 2026-01-03, told_by: {t},
    internal_view: {t}, landmines: [{{what: {t}, explanation: {t}}}], contact_details: good,
    worth_it: 'yes', known_already: 'no'}}
  contact: {{on: today, channel: phone, disposition: reached, person: {t}, role: {t},
    decision_maker: 'no', why_not_decision_maker: {t}, slipped: none}}
  listen: {{refused: 'no', why_left: {t}, requirements: {t}, buys_now: {t}, complained: 'yes',
    complaints: {t}, ownership: {t}, thanked: 'yes', apologised: 'yes', reconsidered: 'no', slipped: none}}
  classify: {{reason: support, theory: partly, scope: systemic, evidence: {t}}}
  decide: {{referrals: {t}, fix: {t}, approach: simple_fix, verdict: pursue, reasons: {t}}}
  revisit: {{changes: [{{what: {t}, done: 'no', owner: {t}, due: today, assured_by: {t}}}],
    offers: [{{kind: trial, terms: {t}}}], apologised: 'yes', credited: 'yes', slipped: none,
    sent_on: today}}
"""


def fill(winback: Runner, folder: Path, given: str) -> None:
    """Bring a text in by every door but the walk: a list, notes, touches, words of a command."""
    said = "x" + given
    (folder / "list.csv").write_bytes(as_csv(row(given)))
    ran = winback("import", folder / "list.csv")
    assert ran.code == 0, ran.err
    check(ran)
    (folder / "wrong.csv").write_bytes(as_csv(row(given) | {"revenue": "much " + given[:250]}))
    check(winback("import", folder / "wrong.csv"))
    (folder / "headers.csv").write_bytes(b'name,"%s"\nX,Y\n' % as_csv(row(given))[-300:].replace(b'"', b""))
    check(winback("import", folder / "headers.csv"))
    for number in (1, 5):
        check(winback("note", number, "--", said))
        touch = ("touch", number, "--channel", "phone", "--disposition", "reached")
        check(winback(*touch, f"--person={said}", f"--role={said}", f"--note={said}"))
    check(winback("note", 2, "a case"))
    asleep = ("--outcome", "dormant", f"--trigger={said}", f"--because={said}", f"--override={said}")
    check(winback("close", 2, *asleep))
    check(winback("edit", 3, f"--city={said[:250]}", f"--owner={said[:250]}", f"--notes={said[:9_000]}"))
    check(winback("suppress", 3, f"--reason={said[:250]}"))


def answer(winback: Runner, folder: Path, given: str) -> None:
    """Walk a case with the text as every answer that is one."""
    whole = given.encode("utf-8", "ignore").decode()  # half a sign is a mistake in the file
    (folder / "answers.yaml").write_text(LONGHAND.format(t=as_yaml("x" + whole)), "utf-8")
    ran = winback("walk", 5, "--answers", folder / "answers.yaml")
    assert ran.code == 0, ran.err
    check(ran)


VIEWS: tuple[tuple[str, ...], ...] = (
    (),
    ("list",),
    ("list", "--customers"),
    *(("show", str(number)) for number in (1, 2, 3, 5)),
    ("due", "--days", "3660"),
    ("next", "--show"),
)


def look(winback: Runner, given: str) -> None:
    """Every view that a person reads, plain and as a terminal shows it, and the words of errors."""
    for view in VIEWS:
        check(winback("--color", "never", *view))
        check(winback("--color", "always", *view), colour=True)
    said = "x" + given
    place = name_of_file(said)
    for line in (("show", "--", said), ("walk", "--", said), ("--as-of", said), ("--store", place, "list")):
        check(winback(*line))
    check(winback("touch", 2, f"--channel={said}", "--disposition", "reached"))
    check(winback("playbook", "show", "--", said))
    check(winback("import", "--", place))


def name_of_file(given: str) -> str:
    """The text as the system can hand it over as a name: no NUL, and bytes that are no text as it says."""
    return os.fsdecode(given[:60].replace("\x00", "").encode("utf-8", "ignore") + b"\x9b\xff")


@slow
@fewer
@given(given=HOSTILE)
@example(given=LONG)
@example(given="".join(NASTY))
def test_no_text_of_a_list_or_a_person_reaches_the_terminal_with_a_control_sign(
    given: str, winback: Runner, anew: Callable[[], Path]
) -> None:
    folder = anew()
    fill(winback, folder, given)
    answer(winback, folder, given)
    look(winback, given)


def test_a_winback_that_shows_text_as_it_comes_would_be_caught(
    winback: Runner, anew: Callable[[], Path]
) -> None:
    anew()
    with pytest.MonkeyPatch.context() as patch:
        walk_twins.raw(patch)
        winback("note", 1, "a red \x1b[35mline")
        with pytest.raises(AssertionError, match="x1b"):
            check(winback("--color", "never", "show", 1))
        with pytest.raises(AssertionError, match="x1b"):
            check(winback("--color", "always", "show", 1), colour=True)


@pytest.mark.parametrize(
    "name", ["ACME [emea]", "[/b] [red]Ltd[/red]", ":warning: & Co", "[link=x]y[/link]"]
)
def test_square_brackets_and_emoji_codes_of_a_name_stay_as_they_are(
    name: str, winback: Runner, anew: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = anew()
    monkeypatch.setenv("COLUMNS", "200")
    (folder / "list.csv").write_bytes(
        as_csv(dict.fromkeys(FIELDS, "") | {"name": name, "revenue": "900000"})
    )
    assert winback("import", folder / "list.csv").code == 0
    assert winback("note", 5, name).code == 0
    assert winback("touch", 5, "--channel", "phone", "--disposition", "reached", "--person", name).code == 0
    for colour, view in itertools.product(("never", "always"), [*VIEWS[:3], ("show", "5"), *VIEWS[-2:]]):
        ran = winback("--color", colour, *view)
        assert name in OURS.sub("", ran.out), view
    assert winback("show", 5).out.count(name) >= 3


# -- surveys, purchases, the trust team, and what is learned ---------------------------------------


def row_of(*cells: str) -> bytes:
    quoted = ('"' + cell.replace('"', '""').replace("\x00", "") + '"' for cell in cells)
    return (",".join(quoted) + "\n").encode("utf-8", "ignore")


def fill_more(winback: Runner, folder: Path, given: str) -> None:
    """Bring a text in by the doors of surveys, groups, purchases, fixes and the trust team."""
    said, cut = "x" + given, "x" + given[:90]
    asked = ("--status", "open", "--cooldown", 0)
    lines: list[tuple[object, ...]] = [
        ("survey", "new", "s", *asked, f"--title={cut}", f"--question={cut}", "--question=Why?"),
        ("survey", "sample", "g", "--n", 2, *asked, "--by", "city,reason,owner"),
        ("fix", "add", f"--owner={cut}", "--", said[:250]),
        ("trust", "add", "stage", f"--note={cut}", "--", cut),
        ("trust", "add", "breaker", "--stage=problem", "--", cut),
        ("trust", "add", "opportunity", "--stage=problem", f"--how={cut}", "--", cut),
        ("trust", "add", "threat", "--stage=problem", f"--safeguard={cut}", "--", cut),
        ("trust", "add", "action", f"--owner={cut}", "--", cut),
        ("trust", "add", "idea", f"--owner={cut}", "--effort=1", "--effect=2", "--", cut),
        ("trust", "add", "member", f"--part={cut}", "--", cut),
        ("trust", "plan", "--approve", f"--by={cut}"),
    ]
    for line in lines:
        ran = winback(*line)
        assert ran.code == 0, (line, ran.err)
        check(ran)
    bad = "much " + given[:80]
    mail = "ana@blue.example.com"
    replies = [("email", "q1", "q2", "call_back", "date"), (mail, said[:900], said[:900], "yes", "")]
    replies += [("eva@example.com", said[:900], "", "", ""), ("ben@example.com", said, "", "", bad)]
    (folder / "replies.csv").write_bytes(b"".join(row_of(*one) for one in replies))
    bought = [("email", "date", "amount", "currency", "order"), (mail, "2024-05-01", "9", "EUR", cut)]
    bought += [(f"{cut}@example.com", "2024-05-01", "9", "EUR", ""), (mail, "2024-05-01", bad, bad, "")]
    (folder / "bought.csv").write_bytes(b"".join(row_of(*one) for one in bought))
    for line in (
        ("survey", "import", folder / "replies.csv", "--survey", "s", "--rejects", folder / "r.csv"),
        ("import", "--purchases", folder / "bought.csv"),
        ("survey", "notes", "g", 1, f"--text={said[:900]}"),
        ("survey", "tally", "s", "--cases"),
    ):
        ran = winback(*line)
        assert ran.code in (0, 3, 4), ran.err
        check(ran)


MORE_VIEWS: tuple[tuple[str, ...], ...] = (
    ("survey", "list"),
    ("survey", "show", "s"),
    ("survey", "tally", "s"),
    ("survey", "tally", "g"),
    ("report",),
    ("report", "funnel", "--by", "owner"),
    ("report", "reasons"),
    ("report", "learned"),
    ("report", "learned", "--named"),
    ("report", "learned", "--named", "--md", "-"),
    ("trust", "show"),
    ("trust", "plan"),
    ("trust", "plan", "--md", "-"),
    ("trust", "plan", "--csv", "-"),
    ("trust", "score"),
    ("trust", "review"),
    ("subject", "1"),
    ("subject", "3"),
    ("why", "1"),
    ("worth", "1"),
    ("brief", "1"),
    ("show", "1"),
    ("fix", "list"),
    ("offer", "ripple", "1", "--kind", "discount", "--cost", "5 EUR"),
    ("playbook", "compare"),
    ("import", "--list"),
    ("list", "--sort", "priority"),
    ("erase", "--list"),
)


def look_more(winback: Runner, given: str, folder: Path) -> None:
    """Every view of those, plain and as a terminal shows it, and the words of their errors."""
    for view in MORE_VIEWS:
        ran = winback("--color", "never", *view)
        assert ran.code in (0, 2, 5), (view, ran.err)
        check(ran)
        check(winback("--color", "always", *view), colour=True)
    said, place = "x" + given, name_of_file(f"{folder}/x" + given.replace("/", ""))
    for line in (
        ("survey", "tally", "--", said),
        ("survey", "new", "--lapsed", "--", said),
        ("survey", "sample", f"--by={said}", "h"),
        ("survey", "import", "--survey", "s", "--", place),
        ("survey", "notes", "g", "--text=x", "--", said),
        ("trust", "add", "breaker", f"--stage={said}", "x"),
        ("trust", "add", "--", said, "x"),
        ("trust", "new", f"--answers={place}"),
        ("trust", "plan", f"--md={place}"),
        ("survey", "form", "s", f"--csv={place}-a"),
        ("report", f"--html={place}-b"),
        ("report", f"--html={place}-a"),
        ("report", "--", said),
        ("subject", "1", f"--html={place}-c"),
        ("subject", "1", f"--html={place}-c"),
        ("worth", f"--margin={said}", "1"),
        ("offer", "ripple", "1", f"--kind={said}"),
        ("erase", "1", f"--backups={said}"),
        ("erase", "2", "--yes", f"--certificate={place}-d"),
        ("erase", "--yes", "--", said),
    ):
        check(winback(*line))


@pytest.mark.parametrize("given", ["".join(NASTY), "".join(NASTY[::-1])], ids=["as it is", "backwards"])
def test_no_answer_idea_fix_or_purchase_reaches_the_terminal_with_a_control_sign(
    given: str, winback: Runner, anew: Callable[[], Path]
) -> None:
    folder = anew()
    fill(winback, folder, given)
    answer(winback, folder, given)
    fill_more(winback, folder, given)
    look_more(winback, given, folder)


STORED = {
    "reply": ("answers",),
    "survey": ("title",),
    "fix": ("what", "owner"),
    "batch": ("file",),
    "customer_row": ("name", "company", "city", "owner", "reason", "notes"),
    "contact_point": ("value",),
    "suppression": ("reason",),
    "command": ("by",),
}


def test_what_lies_uncleaned_in_the_tables_of_surveys_and_fixes_is_cleaned_when_it_is_shown(
    winback: Runner, anew: Callable[[], Path]
) -> None:
    folder = anew()
    fill(winback, folder, "")
    fill_more(winback, folder, "")
    bad = "\x1b[35mred\u202e\x9b2J"
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        for table, columns in STORED.items():
            for column in columns:
                words = f'"{column}" = ? || "{column}"' if column != "answers" else "answers = ?"
                told = json.dumps({"q1": bad, "q2": bad, "notes": bad}) if column == "answers" else bad
                connection.execute(f"UPDATE {table} SET {words}", (told,))
        connection.commit()
    for view in MORE_VIEWS:
        check(winback("--color", "never", *view))
        check(winback("--color", "always", *view), colour=True)


def test_a_survey_that_shows_words_as_they_come_would_be_caught(
    winback: Runner, anew: Callable[[], Path]
) -> None:
    folder = anew()
    fill(winback, folder, "")
    with pytest.MonkeyPatch.context() as patch:
        walk_twins.raw(patch)
        with pytest.raises(AssertionError, match="x1b"):
            fill_more(winback, folder, "\x1b[35m")
            look_more(winback, "", folder)


# -- the walk, as a person sees it ----------------------------------------------------------------


class Typist:
    """A person at the keyboard of a terminal prompter: pastes the text wherever a text is asked."""

    def __init__(self, prompter: TerminalPrompter, keys: PipeInput, given: str) -> None:
        self._prompter = prompter
        self._keys = keys
        self._given = given
        self._noted = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._prompter, name)

    def ask(self, asked: Asked) -> Reply:
        if not self._noted:
            self._noted = True
            self._type(f":note x{self._given}")
        else:
            self._type(self._answer(asked))
        return self._prompter.ask(asked)

    def review(self, *shown: Any) -> Reply:
        self._type("")
        return self._prompter.review(*shown)

    def _type(self, line: str) -> None:
        self._keys.send_text(f"\x1b[200~{line}\x1b[201~\r")

    def _answer(self, asked: Asked) -> str:
        chosen = {"how_left": "upset", "disposition": "reached", "verdict": "pursue", "slipped": "none"}
        chosen |= {"known_already": "no", "reconsidered": "no", "refused": "no", "decision_maker": "no"}
        if asked.more or asked.item > 1:
            return ""
        if asked.item and asked.spec.kind == "yesno":
            return "no"
        plain = {"yesno": "yes", "date": "today", "money": "90 EUR", "number": "1"}
        if asked.spec.kind in ("text", "line"):
            return "x" + self._given
        return chosen.get(asked.question.key) or plain.get(asked.spec.kind) or asked.spec.choices[0]


def walked(given: str, colour: str) -> str:
    """A whole walk answered with this text at a real prompt, and everything that it shows."""
    book = library.load(library.DEFAULT, Path("/nowhere")).playbook
    today = date(2026, 11, 20)
    opened = {"playbook": "standard", "version": 1, "digest": ""}
    journal = Rehearsal([Event(1, "opened", "x", today.isoformat(), "", 0, False, opened, "")], today)
    shown = io.StringIO()
    with create_pipe_input() as keys, create_app_session(input=keys):
        prompter = TerminalPrompter(console(shown, colour), "Eva " + given, "1.1", library.rule_texts)
        walk = Walk(
            book,
            journal.case(),
            Typist(prompter, keys, given),
            Journal(journal.record, journal.case),
            Customs(today),
        )
        assert walk.run().kind == "waiting"
    return shown.getvalue()


pasted = HOSTILE.map(
    lambda s: (
        s.replace("\x1b[201~", "")
        .encode("utf-8", "ignore")
        .decode()
        .replace("\r", "")
        .replace("\n", " ")[:200]
    )
)


@slow
@pytest.mark.parametrize("colour", ["never", "always"])
@fewer
@given(given=pasted)
@example(given="".join(NASTY).encode("utf-8", "ignore").decode().replace("\r", "").replace("\n", " "))
def test_no_step_question_or_review_of_a_walk_shows_a_control_sign(
    colour: str, given: str, anew: Callable[[], Path]
) -> None:
    shown = walked(given, colour)
    assert signs(shown, colour=colour == "always") == set()


def test_a_walk_that_shows_text_as_it_comes_would_be_caught(anew: Callable[[], Path]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        walk_twins.raw(patch)
        assert "\x9b" in signs(walked("\x9b35m", "never"))


# -- what came in by another way ------------------------------------------------------------------


NEXT = pytest.param(("next", "--show"), id="next --show")


@pytest.mark.parametrize("view", [*[pytest.param(v, id=" ".join(v) or "desk") for v in VIEWS[:-1]], NEXT])
def test_a_text_that_lies_in_the_store_uncleaned_is_cleaned_when_it_is_shown(
    view: tuple[str, ...], winback: Runner, anew: Callable[[], Path]
) -> None:
    folder = anew()
    fill(winback, folder, "")
    bad = "\x1b[35mred\u202e\x9b2J"
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        for column in ("name", "company", "city", "country", "owner", "reason", "notes"):
            connection.execute(f"UPDATE customer_row SET {column} = ? || {column}", (bad,))
        connection.execute("UPDATE contact_point SET value = ? || value", (bad,))
        connection.execute("UPDATE suppression SET reason = ?", (bad,))
        connection.execute("UPDATE due SET what = ?", (bad,))
        connection.execute("UPDATE event SET by = ?", (bad,))
        connection.commit()
    check(winback("--color", "never", *view))
    check(winback("--color", "always", *view), colour=True)


PLAYBOOK = r"""name: hostile
version: 1
title: "T\e[35m\u202e"
summary: "S\e[35m\x9b"
steps:
- id: one
  stage: backstory
  title: "A\e[35m\u202e"
  aim: "B\x9b"
  do: ["C\e]0;x\a"]
  avoid: ["D\e[35m"]
  guards:
  - {needs: backstory.told_by, say: "E\e[35m", why: "F\e[35m"}
  questions:
  - {fact: backstory.how_left, ask: "G\e[35m", help: "H\e[35m"}
"""


@pytest.mark.parametrize(
    "line",
    [
        "playbook list",
        "playbook show hostile",
        "playbook answers hostile",
        "playbook check {}",
        "playbook compare hostile standard",
        "playbook rules hostile",
    ],
)
def test_a_playbook_of_somebody_else_cannot_move_the_cursor(
    line: str, winback: Runner, anew: Callable[[], Path]
) -> None:
    folder = anew() / "playbooks"
    folder.mkdir(exist_ok=True)
    place = folder / "hostile.yaml"
    place.write_text(PLAYBOOK, "utf-8")
    check(winback(*line.format(place).split()))


def test_a_store_in_a_folder_whose_name_is_no_text_is_made_and_read(
    winback: Runner, sample: Path, tmp_path: Path
) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\x9b\xff")
    Path(folder).mkdir()
    for line in (("import", sample), ("list",), ("note", 1, "a remark")):
        ran = winback("--store", f"{folder}/store.sqlite", *line)
        assert ran.code == 0
        check(ran)


@given(given=HOSTILE)
def test_cleaning_twice_is_cleaning_once_and_leaves_every_harmless_sign(given: str) -> None:
    clean = text.clean(given)
    assert text.clean(clean) == clean
    assert signs(clean) == set()
    plain = given.replace("\r\n", "\n").replace("\r", "\n")
    assert [c for c in plain if not signs(c)] == list(clean)
