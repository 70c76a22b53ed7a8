"""The screens of every day as they stand on a terminal: 80 and 120 columns, in colour and without.

    screens/NAME.80.txt       what stands on a screen of 24 lines by 80; NO_COLOR
    screens/NAME.120.txt      the same of 40 lines by 120
    screens/NAME.80.ansi.txt  with its colours, the escape written as \\e

WINBACK_TEST_UPDATE=1 writes what was seen; read the difference before you keep it.
"""

import os
import re
import sqlite3
import sys
from datetime import date
from pathlib import Path

import pexpect
import pytest

from tests.conftest import Runner

pytestmark = pytest.mark.terminal

SCREENS = Path(__file__).parent / "screens"
FILES = Path(__file__).parent / "files"
TODAY = "2026-12-08"
COMMANDS = {
    "desk": (),
    "brief": ("brief", "1"),
    "brief-no-case": ("brief", "5"),
    "list": ("list",),
    "due": ("due", "--days", "90"),
    "show": ("show", "1"),
    "undo-list": ("undo", "2", "--list"),
    "doctor": ("--store", "home/store.sqlite", "store", "doctor"),
    "doctor-findings": ("--store", "home/store.sqlite", "store", "doctor"),
}
ENDS = {"doctor-findings": 65}  # the exit codes that are not 0
SIZES = {80: 24, 120: 40}


@pytest.fixture
def round_begun(winback: Runner) -> None:
    """A store in the middle of its work: one walked, one asleep, one put off, one left alone."""
    for line in (
        ("import", FILES / "lapsed.csv"),
        ("walk", 1, "--answers", FILES / "answers.yaml"),
        ("touch", 2, "--channel", "phone", "--disposition", "no answer"),
        ("note", 2, "Ask Müller for the Zürich number."),
        ("close", 2, "--outcome", "dormant", "--until", "+3m", "--trigger", "their contract ends"),
        ("snooze", 3, "--until", "+3d", "--because", "back from the fair"),
        ("add", "Zoë Quay", "--company", "Quay & Sons of the long and winding road Ltd", "--email", "z@example.com"),
    ):  # fmt: skip
        ran = winback("--as-of", "2026-11-23", *line)
        assert ran.code == 0, ran.err


@pytest.fixture
def harm(name: str, round_begun: None, store_path: Path) -> None:
    """For the doctor: a copy to name, or one of everything that it can tell of a file that is whole."""
    if name == "doctor":
        from winback_cli.store import keeping

        keeping.backup(store_path, None, date(2026, 12, 7))
    if name != "doctor-findings":
        return
    raw = sqlite3.connect(store_path)
    for statement in (
        "UPDATE event SET by = 'nobody' WHERE case_id = 1 AND seq = 3",
        "UPDATE casefile SET status = 'open', outcome = 'won' WHERE id = 2",
        "UPDATE customer_row SET list_on = '2000-01-01' WHERE id = 3",
        "INSERT INTO customer_text (customer_text) VALUES ('delete-all')",
    ):
        raw.execute(statement)
    raw.commit()
    raw.close()
    store_path.chmod(0o644)
    left = store_path.with_name(".new-copy-k2j7")
    left.write_bytes(b"half")
    os.utime(left, (1_000_000_000,) * 2)
    key = Path(f"{store_path}.key")
    key.write_text("0" * 64)


def seen(name: str, columns: int, *, colour: bool) -> str:
    """What a command leaves on a terminal of that size."""
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    env |= {"TERM": "xterm-256color"} | ({} if colour else {"NO_COLOR": "1"})
    child = pexpect.spawn(
        sys.executable,
        ["-m", "winback_cli", "--as-of", TODAY, *COMMANDS[name]],
        cwd=Path(os.environ["WINBACK_HOME"]).parent,
        env=env,  # type: ignore[arg-type]
        dimensions=(SIZES[columns], columns),
        encoding="utf-8",
        timeout=30,
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == ENDS.get(name, 0)
    lines = (child.before or "").replace("\r\n", "\n").splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_screen_stands_as_it_was_looked_at(name: str, harm: None) -> None:
    told = {f"{name}.{columns}.txt": seen(name, columns, colour=False) for columns in SIZES}
    told[f"{name}.80.ansi.txt"] = seen(name, 80, colour=True).replace("\x1b", "\\e")
    if os.environ.get("WINBACK_TEST_UPDATE"):
        SCREENS.mkdir(exist_ok=True)
        for file, text in told.items():
            (SCREENS / file).write_text(text, "utf-8")

    assert told == {file: (SCREENS / file).read_text("utf-8") for file in told}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_is_wider_than_the_screen_and_colour_only_repeats_the_words(name: str) -> None:
    for columns in SIZES:
        plain = (SCREENS / f"{name}.{columns}.txt").read_text("utf-8")
        assert "\x1b" not in plain
        assert max(map(len, plain.splitlines())) <= columns
    coloured = (SCREENS / f"{name}.80.ansi.txt").read_text("utf-8")
    bare = re.sub(r"\\e\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == (
        SCREENS / f"{name}.80.txt"
    ).read_text("utf-8").splitlines()  # fmt: skip


@pytest.mark.parametrize("name", ["desk", "brief", "brief-no-case"])
def test_the_desk_and_the_brief_leave_a_line_for_the_prompt(name: str) -> None:
    for columns, lines in SIZES.items():
        assert len((SCREENS / f"{name}.{columns}.txt").read_text("utf-8").splitlines()) < lines


def test_a_full_desk_leaves_a_line_for_the_prompt_and_shows_some_of_everything(
    winback: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"C-{n},Customer {n},c{n}@example.com,2020-01-0{n % 9 + 1},upset\n" for n in range(30))
    (tmp_path / "many.csv").write_text("customer_id,name,email,last_purchase,how_left\n" + rows, "utf-8")
    assert winback("--as-of", "2026-11-23", "import", tmp_path / "many.csv").code == 0
    for number in range(1, 7):
        assert (
            winback("--as-of", "2026-11-23", "walk", number, "--answers", FILES / "answers.yaml").code == 0
        )
        later = ("snooze", number + 10, "--until", "2027-03-01")
        assert winback("--as-of", "2026-11-23", *later).code == 0

    lines = winback("--as-of", TODAY, "--color", "never").out.splitlines()

    assert len(lines) < 24
    for title in ("Overdue promises", "Due", "Waiting", "Whom to win back next"):
        assert title in lines
    assert "  and 3 more: winback due" in lines
    assert lines[-1] == "winback next takes up the most urgent."


def test_of_many_findings_that_are_mended_alike_some_are_shown_and_the_rest_are_counted(
    winback: Runner, tmp_path: Path, store_path: Path
) -> None:
    rows = "".join(f"C-{n},Customer {n}\n" for n in range(30))
    (tmp_path / "many.csv").write_text("customer_id,name\n" + rows, "utf-8")
    assert winback("import", tmp_path / "many.csv").code == 0
    raw = sqlite3.connect(store_path)
    raw.execute("UPDATE customer_row SET list_on = '2000-01-01' WHERE id > 1")
    raw.commit()
    raw.close()

    drawn = winback("--color", "always", "store", "doctor")
    piped = winback("store", "doctor")

    assert drawn.out.count("Their row does not repeat") == 12
    assert "and 17 more; --json tells them all" in drawn.out
    assert drawn.out.count("--mend makes it anew") == 1
    assert piped.out.count("Their row does not repeat") == piped.out.count("--mend makes it anew") == 29
    assert "29 things are wrong." in drawn.err
