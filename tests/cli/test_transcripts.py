"""Every command reads as its transcript says: results, talk and exit code, whole."""

import os
import shutil
from pathlib import Path

import pytest

from tests.cli import transcripts
from tests.conftest import Runner

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("path", transcripts.files(), ids=lambda p: p.stem)
def test_the_commands_print_what_the_transcript_says(
    path: Path, winback: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(FILES, folder)
    monkeypatch.chdir(folder)
    script = path.read_text("utf-8")

    seen = transcripts.replay(script, winback, {str(tmp_path / "home"): "HOME"})

    if os.environ.get("WINBACK_TEST_UPDATE"):
        path.write_text(seen, "utf-8")
    assert seen == script


def test_every_class_of_error_stands_in_a_transcript() -> None:
    from winback_cli import errors

    codes = {int(kind.code) for kind in errors.WinbackError.__subclasses__()}
    shown = "\n".join(path.read_text("utf-8") for path in transcripts.files())
    missing = {code for code in codes if f"\n[{code}]" not in shown}

    # A full disk, a lock, a newer store and missing rights need a fault: see tests/faults.
    assert missing <= {74, 75, 76, 77}
