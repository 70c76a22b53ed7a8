"""A list opened at the counter: where it lies, what the user said about it, and how its columns are
understood; what is near is asked.
"""

import contextlib
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from winback_cli import text
from winback_cli.cli.here import Here, at_terminal
from winback_cli.errors import DiskError, UsageError

if TYPE_CHECKING:
    from winback_cli.intake import Choices, Pairs
    from winback_cli.reading import Opened, Source


@dataclass
class Said:
    """What the user said about a list."""

    mapping: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    date_order: str = ""
    currency: str = ""
    country: str = ""
    source: str = ""
    reading: dict[str, str] = field(default_factory=dict)


def pairs_of(given: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = [pair.partition("=") for pair in given]
    for name, sign, column in pairs:
        if not (name and sign and column):
            raise UsageError("--map takes FIELD=COLUMN.", '--map email="E-mail (work)"')
    return tuple((name.strip(), column) for name, _, column in pairs)


@contextlib.contextmanager
def list_of(file: str) -> "Iterator[tuple[Path, str]]":
    """Where the list lies and what it is called; standard input is kept in a file of ours meanwhile."""
    if not file:
        raise UsageError("Which file?", "winback import FILE; - reads standard input.")
    if file != "-":
        yield Path(file), text.line(Path(file).name or file)
        return
    with tempfile.TemporaryDirectory(prefix="winback-") as folder:  # 0700, gone at the end
        kept = Path(folder) / "list"
        try:
            with kept.open("wb") as stream:
                shutil.copyfileobj(sys.stdin.buffer, stream)
        except OSError:
            raise DiskError(
                "There is no room to keep standard input for the reading.", "Give a file instead."
            ) from None
        yield kept, "standard input"


def choices_of(said: Said) -> "Choices":
    """What the user said, as the reading of a list takes it."""
    from winback_cli.intake import Choices

    return Choices(said.mapping, said.currency, said.date_order, said.country, said.source, said.ignored)


def understood(here: Here, source: "Source") -> "tuple[Source, Opened, list[str]]":
    """The list opened, with its columns as the user said, or else as a kept mapping has them; what there
    is to say of that. Near columns are settled: each is asked for, or an error where nobody can be.
    """
    from winback_cli import mappings
    from winback_cli.reading import opened

    found, remarks = opened(source), []
    if not (source.choices.mapping or source.choices.ignored) and here.settings.mappings.is_dir():
        kept = mappings.fitting(here.settings.mappings, found.table.header)
        if kept is not None:
            remarks = [f"Columns as in the mapping {kept.name}."]
            source, found = _with(source, found, kept.pairs, kept.ignored)
    found.must_name(source)
    return (*_asked(source, found), remarks)


def _with(
    source: "Source", found: "Opened", pairs: "Pairs", ignored: tuple[str, ...]
) -> "tuple[Source, Opened]":
    """The list with these columns mapped and left out."""
    from winback_cli.intake import read_columns

    choices = source.choices._replace(mapping=pairs, ignored=ignored)
    columns = read_columns(found.table, source.name, pairs, ignored)
    return source._replace(choices=choices), found._replace(columns=columns)


def _asked(source: "Source", found: "Opened") -> "tuple[Source, Opened]":
    near = found.columns.near
    if not near:
        return source, found
    if not at_terminal():
        maps = " ".join(f'--map {name}="{text.shorten(header, 40)}"' for header, name in near)
        header, name = near[0]
        raise UsageError(
            f"The column {text.shorten(header, 40)!r} of {source.name} could be {name}.",
            f'Say so: {maps}\n  or leave it out: --ignore "{text.shorten(header, 40)}"',
        )
    from winback_cli.terminal import ask_line

    pairs, ignored = source.choices.mapping, source.choices.ignored
    for header, name in near:
        question = f"Is the column {text.shorten(header, 40)!r} the {name.replace('_', ' ')}? [Y/n] "
        if ask_line(question).strip().lower()[:1] in ("", "y"):
            pairs = (*pairs, (name, header))
        else:
            ignored = (*ignored, header)
    return _with(source, found, pairs, ignored)


def digest_of(place: Path) -> str:
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
