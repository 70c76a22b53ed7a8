"""Transcripts: commands with everything they print, as one readable file a subject.

    # a remark
    $ winback list --limit 1        run in a folder that holds tests/cli/files, on 23 November 2026
    what stands on stdout
    ! what stands on stderr
    [3]                             the exit code, where it is not 0

WINBACK_TEST_UPDATE=1 writes what was seen; read the difference before you keep it.
"""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TODAY = "2026-11-23"


class Ran(NamedTuple):
    """What a command did: its exit code, results and talk."""

    code: int
    out: str
    err: str


def replay(script: str, run: Callable[..., Ran], places: dict[str, str]) -> str:
    """The same script with what its commands print now; `places` hides folders of this machine."""
    seen: list[str] = []
    for line in script.splitlines():
        if line.startswith("# ") or not line:
            seen.append(line)
        elif line.startswith("$ winback"):
            seen += [line, *_printed(line, run, places)]
    return "\n".join(seen).replace("\n\n\n", "\n\n") + "\n"


def _printed(line: str, run: Callable[..., Ran], places: dict[str, str]) -> list[str]:
    words = shlex.split(line.removeprefix("$ winback"))
    clock = [] if any(word.startswith("--as-of") for word in words) else ["--as-of", TODAY]
    ran = run(*clock, *words)
    printed = [text.rstrip() for text in ran.out.splitlines()]
    printed += [f"! {text}".rstrip() for text in ran.err.splitlines()]
    printed += [f"[{ran.code}]"] if ran.code else []
    for place, name in places.items():
        printed = [text.replace(place, name) for text in printed]
    return [text or "." for text in printed]


def files() -> list[Path]:
    """Every transcript."""
    return sorted((Path(__file__).parent / "transcripts").glob("*.txt"))
