"""X1: whatever a list or a person writes, no view of it moves the cursor, colours or turns a line."""

import io
import itertools
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
