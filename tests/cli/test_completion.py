"""Completion: what fits where Tab is pressed, quickly, silently and without a trace; in a real bash too."""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pexpect
import pytest
import typer.main
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import Runner
from winback_cli import answers, library
from winback_cli.answers import Customs
from winback_cli.cli import app, completion, offering
from winback_cli.facts import facts
from winback_cli.stages import SEVEN

BREAKS = " \t\n\"'@><=;|&(:"
Tab = Callable[[str], list[str]]
FROZEN = Path(__file__).parents[1] / "store" / "frozen"

# Names that a shell would make something else of.
NASTY = (
    'Zo "Q" $HOME `id`',
    "Zp O'Brien; rm -rf *",
    "Zq Yahoo! Inc!x",
    "Zr a:b=c@d e",
    "Zs é ü — 株式",
    "Zt back\\slash ?[x] {a,b} ~ #h (p) <r> | & ^%",
    'Zu \\\' "" $(touch pwned)',
    "Zv -- -x",
)


@pytest.fixture
def tab(stocked: Runner) -> Tab:
    """The words that bash is told at the end of a line, none where nothing fits; never any talk."""

    def press(line: str) -> list[str]:
        ran = stocked("completion", "bash", "--", line, BREAKS)
        assert ran.err == ""
        assert ran.code in (0, 3)
        assert (ran.code == 3) <= (ran.out == "")
        return ran.out.splitlines()

    return press


# -- what fits -------------------------------------------------------------------------------


def test_the_names_that_begin_as_typed_are_offered_whatever_their_case(tab: Tab) -> None:
    assert tab("winback show An") == tab("winback show an") == ["Ana\\ Sol"]
    assert tab("winback show cleo") == ["Cleo\\ Vann", "Cleo\\ \\&\\ Co"]
    assert tab("winback show Zz") == []


def test_a_firm_and_a_family_name_lead_to_the_customer(tab: Tab) -> None:
    assert tab("winback show blue") == ["Blue\\ Foods"]
    assert tab("winback show vann") == ["Cleo\\ Vann"]


def test_a_blank_says_that_the_word_is_whole(tab: Tab, stocked: Runner) -> None:
    assert stocked("add", "Anabel Ott").code == 0

    assert tab("winback show Ana") == ["Ana\\ Sol", "Anabel\\ Ott"]
    assert tab("winback show Ana\\ ") == ["Ana\\ Sol"]


def test_with_nothing_typed_those_come_first_whom_the_lists_show_first(tab: Tab) -> None:
    assert tab("winback show ")[0] == "Cleo\\ Vann"


def test_who_is_left_alone_is_not_offered_where_that_would_be_refused(tab: Tab) -> None:
    assert tab("winback show Dar") == ["Dara\\ Quill"]
    assert tab("winback note dara") == ["Dara\\ Quill"]
    known = {
        path.strip() for path, one in _parameters(typer.main.get_command(app), "") if one.name == "who"
    }
    refusing = [command for command in offering.REFUSED if command in known]
    assert len(refusing) >= 5
    for command in refusing:
        assert tab(f"winback {command} Dar") == []
        assert tab(f"winback {command} Cleo\\ V") == ["Cleo\\ Vann"]


def test_a_name_that_would_mean_something_else_as_who_is_not_offered(tab: Tab, stocked: Runner) -> None:
    for name in ("12", "3.Liga Sport", "zz@example.com"):
        assert stocked("add", name).code == 0
    assert stocked("add", "--", "-zz").code == 0

    assert [tab(f"winback show {begun}") for begun in ("12", "3", "zz", "-- -z")] == [[], [], [], []]


def test_every_offered_name_means_that_customer(tab: Tab, stocked: Runner) -> None:
    for name in NASTY:
        assert stocked("add", "--", name).code == 0

    words = [completion.split(word, "").typed for word in tab("winback show ")]

    assert set(NASTY) <= set(words)
    for word in words:
        ran = stocked("show", "--json", "--", word)
        customer = json.loads(ran.out)["customer"]
        assert word in (customer["name"], customer["company"])


def test_no_more_are_offered_than_one_looks_through(tab: Tab, stocked: Runner, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "".join(f"Many Number{n}\n" for n in range(200)))
    assert stocked("import", path).code == 0

    for typed in ("", "M", "Many", "Many\\ Number1", "Number"):
        assert len(tab(f"winback show {typed}")) <= offering.MOST
    assert len(tab("winback show Many")) == offering.MOST


def test_commands_options_and_playbooks_are_offered(tab: Tab, home: Path) -> None:
    assert tab("winback sn") == ["snooze"]
    assert tab("winback su")[:2] == ["suppress", "subject"]
    assert tab("winback playbook co") == ["compare"]
    assert tab("winback show ana --j") == ["--json"]
    assert "--store" in tab("winback show ana --")
    own = home / "playbooks"
    own.mkdir()
    (own / "mine.yaml").write_text("")
    (own / "no name.yaml").write_text("")
    for place in (
        "walk 1 --playbook ",
        "playbook show ",
        "playbook compare standard ",
        "playbook new x --from ",
    ):
        assert tab(f"winback {place}") == [
            *sorted(path.stem for path in library.built_in().glob("*.yaml")),
            "mine",
        ]
    assert tab("winback walk 1 --playbook=six") == ["six-steps"]
    assert tab("winback nonsense ") == []


def test_options_may_stand_anywhere_and_the_store_they_name_is_asked(
    tab: Tab, stocked: Runner, tmp_path: Path
) -> None:
    other = tmp_path / "other.sqlite"
    assert stocked("--store", other, "add", "Zora Other").code == 0

    for line in (
        f"--store {other} show Z",
        f"show --store={other} Z",
        f"-q show --as-of 2026-01-01 --store {other} Z",
    ):
        assert tab(f"winback {line}") == ["Zora\\ Other"]
    assert tab("winback --color ") == ["auto", "always", "never"]


@pytest.mark.parametrize(
    "line", ["import ", "import lapsed", "walk 1 --answers ", "--store ", "show 1 --store "]
)
def test_where_a_file_is_wanted_the_shell_completes_it(stocked: Runner, line: str) -> None:
    ran = stocked("completion", "bash", "--", f"winback {line}", BREAKS)

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_the_owners_of_the_settings_are_offered(tab: Tab, home: Path) -> None:
    (home / "settings.toml").write_text('owners = ["Mara", "Jonas Ö."]\n', "utf-8")

    assert tab("winback edit 1 --owner ") == ["Mara", "Jonas\\ Ö."]


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (offering.CHANNELS, "contacted.channel"),
        (offering.DISPOSITIONS, "contacted.disposition"),
        (offering.OUTCOMES, "followed_up.ending"),
        (offering.LEFT, "backstory.how_left"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_the_closed_lists_are_those_of_the_facts(words: tuple[str, ...], fact: str) -> None:
    spec = facts()[fact]

    assert sorted(answers.parse(spec, word, Customs(date(2026, 1, 1))) for word in words) == sorted(
        spec.choices
    )


def test_the_stages_are_those_of_the_trade() -> None:
    assert list(offering.STAGES) == [stage.words for stage in SEVEN]


def test_wherever_somebody_or_a_playbook_is_asked_for_one_is_offered(tab: Tab) -> None:
    root = typer.main.get_command(app)
    asked = [path for path, one in _parameters(root, "") if one.metavar == "WHO"]
    books = [
        (path, one.name)
        for path, one in _parameters(root, "")
        if one.metavar in ("NAME", "PLAYBOOK", "A", "B")
        and not (path + one.name).endswith(("addname", "newname", "save_map", "source"))
        and not path.startswith((" survey", " trust"))  # names of surveys, and of who approved
    ]

    assert len(asked) >= 7
    assert len(books) >= 6
    first = {" survey notes": " autumn"}  # what is typed before WHO
    lines = [f"winback{path}{first.get(path, '')} Cleo\\ V" for path in asked]
    assert [line for line in lines if tab(line) != ["Cleo\\ Vann"]] == []
    missing = [b for b in books if not ({f"{b[0].strip()} {b[1]}", b[1]} & set(offering.OFFERED))]
    assert missing == []


def _parameters(command: object, path: str) -> list[tuple[str, object]]:
    """Every parameter with the path of its command."""
    found = [(path, one) for one in command.params]  # type: ignore[attr-defined]
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            found += _parameters(command.get_command(None, name), f"{path} {name}")
    return found


# -- quick, silent, without a trace ----------------------------------------------------------

LOADED = """
import json, sys
from winback_cli.main import main
code = main(["completion", "bash", "--", sys.argv[1], ""])
sys.stdout.flush()
print("\\n" + json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize(
    "line",
    [
        "show An",
        "touch An",
        "edit An",
        "playbook show ",
        "touch 1 --channel ",
    ],
)
def test_completing_loads_no_models_no_toolkit_and_no_drawing(stocked: Runner, line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, f"winback {line}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, names = json.loads(done.stdout.splitlines()[-1])

    assert code == 0
    assert done.stderr == ""
    heavy = {"pydantic", "sqlmodel", "sqlalchemy", "alembic", "rich", "ruamel", "prompt_toolkit"}
    assert heavy & set(names) == set()


def test_where_there_is_no_store_none_is_made(winback: Runner, home: Path) -> None:
    for line in ("winback show ", "winback show A", "winback add A", "winback playbook show s"):
        assert winback("completion", "bash", "--", line, BREAKS).err == ""

    assert not home.exists()


def _silent(winback: Runner) -> bool:
    return winback("completion", "bash", "--", "winback show A", BREAKS) == (3, "", "")


def test_an_older_store_is_not_upgraded(winback: Runner, home: Path, store_path: Path) -> None:
    old = gzip.decompress((FROZEN / "0001.sqlite.gz").read_bytes())
    home.mkdir()
    store_path.write_bytes(old)

    assert _silent(winback)
    assert [path.name for path in home.iterdir()] == [store_path.name]
    assert store_path.read_bytes() == old


@pytest.mark.parametrize("content", [b"", b"a text file\n", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_what_is_no_store_is_passed_over(
    winback: Runner, home: Path, store_path: Path, content: bytes
) -> None:
    home.mkdir()
    store_path.write_bytes(content)

    assert _silent(winback)
    assert store_path.read_bytes() == content


def test_a_store_that_is_held_by_another_is_passed_over(stocked: Runner, store_path: Path) -> None:
    other = sqlite3.connect(store_path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    assert _silent(stocked)

    other.execute("ROLLBACK")
    other.close()
    assert not _silent(stocked)


def test_bad_settings_and_a_misspelt_variable_say_nothing_here(
    stocked: Runner, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "settings.toml").write_text("nonsense")
    assert _silent(stocked)
    (home / "settings.toml").unlink()
    assert not _silent(stocked)

    monkeypatch.setenv("WINBACK_STOER", "x")
    assert _silent(stocked)


def test_no_control_character_of_a_name_reaches_the_terminal(
    stocked: Runner, store_path: Path, tab: Tab
) -> None:
    with sqlite3.connect(store_path) as connection:  # as if somebody had written it past the program
        bad = "Zed \x1b[31m\x9b2J\nnew\tline\u202e\u2066\x07"
        connection.execute(
            "UPDATE customer_row SET name = ?, folded = 'zed', company = ? WHERE id = 1", (bad, bad)
        )
    connection.close()

    for shell in ("bash", "zsh", "fish"):
        given_ = ["winback show Ze", BREAKS] if shell == "bash" else ["winback", "show", "Ze"]
        ran = stocked("completion", shell, "--", *given_)

        assert "Zed" in ran.out
        assert len(ran.out.splitlines()) == 1
        shown = ran.out.replace("\t", "", 1).removesuffix("\n")
        assert [ch for ch in shown if unicodedata.category(ch) == "Cc" or ch in "\u202e\u2066"] == []


def test_a_shell_that_is_not_known_is_refused(winback: Runner) -> None:
    ran = winback("completion", "tcsh")

    assert (ran.code, ran.out) == (2, "")
    assert "Name bash, zsh or fish." in ran.err


# -- quotes ----------------------------------------------------------------------------------

TYPED = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)


@given(TYPED)
@example("!")
@example("\\")
def test_a_quoted_word_is_read_back_as_it_was(word: str) -> None:
    for quote in ("", "'", '"'):
        line = completion.split(f"winback show {quote}{completion.quoted(word, quote)}{quote}x", BREAKS)

        assert (line.words, line.typed, line.quote) == (["winback", "show"], word + "x", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_reads_a_quoted_word_as_it_was() -> None:
    words = [
        *NASTY,
        *(chr(n) for n in range(0x20, 0x7F)),
        *(f"a{chr(n)}b" for n in range(0x20, 0x7F)),
        "ä—株\u00a0é",
    ]
    forms = [f"{q}{completion.quoted(word, q)}{q}" for word in words for q in ("", "'", '"')]

    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {' '.join(forms)}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )

    assert done.stdout.decode().split("\0")[:-1] == [word for word in words for _ in range(3)]


# -- a real bash -----------------------------------------------------------------------------

READY = "READY> "
# What Typer's own script does: the words parted at every break, the offers put in as they are.
TWIN = completion.BASH.replace(
    'completion bash -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS"',
    'completion zsh -- "${COMP_WORDS[@]}"',
)


class Bash:
    """A bash that completes winback, and shows what it would call it with."""

    def __init__(self, script: str, room: Path) -> None:
        (room / "bin").mkdir()
        program = room / "bin" / "winback"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m winback_cli "$@"\n')
        program.chmod(0o755)
        (room / "script").write_text(script)
        env = os.environ | {
            "PATH": f"{room / 'bin'}:{os.environ['PATH']}",
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        env |= {"INPUTRC": os.devnull, "HISTFILE": os.devnull}
        self.child = pexpect.spawn(
            shutil.which("bash"), ["--norc", "--noprofile", "-i"], env=env, cwd=room, encoding="utf-8",
            timeout=60, dimensions=(24, 400), echo=False,
        )  # fmt: skip
        self.child.sendline(
            f"PS1='{READY[:-1]} '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off';"
            " . ./script; winback() { printf '<%s>' \"$@\"; printf '.\\n'; }; echo BE''GUN"
        )
        self.child.expect_exact("BEGUN\r\n")
        self.child.expect_exact(READY)

    def words(self, typed: str) -> str:
        """The words, in brackets, that a line has after Tab."""
        self.child.send(f"{typed}\t\r")
        self.child.expect(r"(<[^\r\n]*>)\.\r\n")
        found = str(self.child.match[1])
        self.child.expect_exact(READY)
        return found


@pytest.mark.terminal
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_at_tab_a_real_bash_puts_in_each_name_as_one_word(stocked: Runner, tmp_path: Path) -> None:
    for name in NASTY:
        assert stocked("add", "--", name).code == 0
    bash = Bash(completion.BASH, tmp_path)

    assert bash.words("winback show An") == "<show><Ana Sol>"
    quotes = ("", "'", '"')
    for n, name in enumerate(NASTY):
        for quote in quotes if "WINBACK_TEST_N" in os.environ else (quotes[n % 3],):
            assert bash.words(f"winback show {quote}{name[:2]}") == f"<show><{name}>"
    assert bash.words('winback show "Zr "a:') == "<show><Zr a:b=c@d e>"
    assert bash.words("winback show Zr\\ a:b=") == "<show><Zr a:b=c@d e>"
    assert bash.words("X=1 winback touch 1 --channel=in") == "<touch><1><--channel=in person>"
    assert bash.words("winback import scr") == "<import><script>"
    assert not (tmp_path / "pwned").exists()


@pytest.mark.terminal
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_names_that_go_into_bash_unquoted_are_caught(stocked: Runner, tmp_path: Path) -> None:
    bash = Bash(TWIN, tmp_path)

    assert TWIN != completion.BASH
    assert bash.words("winback show An").startswith("<show><Ana><Sol>")
