"""Everything that README.md shows is so."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import typer.main

from tests.cli.transcripts import TODAY
from tests.conftest import Runner
from winback_cli.cli import FAMILIES, app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    """The fenced blocks of one kind."""
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def test_the_transcripts_of_the_readme_are_what_the_commands_print(
    winback: Runner, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(Path(__file__).parent / "cli" / "files", folder)
    monkeypatch.chdir(folder)
    shown = "".join(blocks("console"))

    printed = []
    for line in shown.splitlines():
        if line.startswith("$ winback"):
            printed.append(line)
            ran = winback("--as-of", TODAY, *shlex.split(line.removeprefix("$ winback")))
            told = [text for text in ran.err.splitlines() if not text.startswith("Made a new store")]
            printed += [text.rstrip() for text in [*told, *ran.out.splitlines()]]
    printed = [line.replace(str(home), "/home/mara/winback") for line in printed]

    assert [line.rstrip() for line in shown.splitlines()] == printed


def test_the_test_command_of_the_readme_is_what_ci_runs() -> None:
    commands = [block.strip() for block in blocks("sh")]
    ci = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()

    assert len(commands) == 2
    assert commands[1] in ci


def test_every_command_stands_in_the_readme() -> None:
    names = [name for family in FAMILIES.values() for name, _, _ in family]
    table = README.partition("## The commands")[2].partition("## For scripts")[0]

    assert [name for name in names if f"`winback {name}" not in table] == []


def test_every_command_has_help_that_begins_as_the_overview_says() -> None:
    group = typer.main.get_command(app)
    for family in FAMILIES.values():
        for name, _, line in family:
            command = group.get_command(None, name)  # type: ignore[attr-defined]
            assert command.help, name
            assert len(line) < 65, name


def test_the_answers_file_of_the_readme_is_a_good_one(stocked: Runner, tmp_path: Path) -> None:
    path = tmp_path / "readme.yaml"
    path.write_text(blocks("yaml")[0], "utf-8")

    ran = stocked("walk", 2, "--answers", path)

    assert ran.code == 2  # it is read; the first answer that it lacks is named
    assert "backstory.told_by" in ran.err
