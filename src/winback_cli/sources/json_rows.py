"""JSON and JSON lines: every object is a row, its keys are the header, what is nested becomes flat.

All keys of the file are collected first, so that no column is dropped that only few rows have: an
opt-out may well be one. Objects are read one by one; JSON that is one text is held as text, never
as a tree, and bounded.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from winback_cli.errors import BadInput, UsageError
from winback_cli.sources import LeftOut, Reading, Table
from winback_cli.sources.decoding import LONGEST_LINE, Decoded, decoded, too_long
from winback_cli.sources.files import File
from winback_cli.sources.headings import MOST_COLUMNS, titled
from winback_cli.sources.jsontext import Parts

LARGEST = 200_000_000  # characters of JSON that is one text
JOINED = " ::: "  # between several values of one cell
DEEPEST = 20  # objects within objects
Numbered = tuple[int, list[str]]


class JsonRows:
    """The rows of JSON, or of JSON lines. Raises BadInput, naming the line, where it is neither."""

    def __init__(self, file: File, reading: Reading, *, lines: bool) -> None:
        if reading.delimiter or reading.sheet:
            raise UsageError(
                f"{file.name} is JSON: it has neither delimiter nor sheets.", "Leave them out."
            )
        self._file = file
        self._lines = lines
        self._text = decoded(file, reading.encoding, LONGEST_LINE if lines else LARGEST)
        self.left_out: list[LeftOut] = []
        self.position = 0
        self._keys = self._all_keys()
        header, said = titled(file, self._keys)
        self.table = Table(
            format="jsonl" if lines else "json",
            encoding=self._text.encoding,
            delimiter="",
            header_line=0,
            header=header,
            said=(*self._text.said, *said),
        )

    def __iter__(self) -> Iterator[Numbered]:
        keys = self._keys
        for line, cells in self._objects():
            yield line, [cells.get(key, "") for key in keys]

    def _all_keys(self) -> list[str]:
        """The keys in the order of first sight; raises BadInput for too many or none."""
        keys: dict[str, None] = {}
        for line, cells in self._objects():
            if not keys.keys() >= cells.keys():
                keys.update(dict.fromkeys(cells))
            if len(keys) > MOST_COLUMNS:
                raise self._file.bad(f"has more than {MOST_COLUMNS} columns", "Is it the right file?", line)
        if not keys:
            raise self._file.bad("holds no customers", "Name a file with a list of objects.")
        return list(keys)

    def _objects(self) -> Iterator[tuple[int, dict[str, str]]]:
        with _opened(self._file, self._text) as stream:
            texts = self._of_lines(stream) if self._lines else self._of_one(stream)
            for line, one in texts:
                yield line, self._flat(line, one)

    def _of_lines(self, stream: io.TextIOWrapper) -> Iterator[tuple[int, Any]]:
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise too_long(self._file, number)
            if line.strip():
                yield number, Parts(self._file, line, number).only()

    def _of_one(self, stream: io.TextIOWrapper) -> Iterator[tuple[int, Any]]:
        text = stream.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise self._file.bad(
                f"is longer than {LARGEST:,} characters", "Write it as JSON lines: one object a line."
            )
        yield from Parts(self._file, text).objects()

    def _flat(self, line: int, one: Any) -> dict[str, str]:
        """An object as cells by key; raises BadInput for what is none, or cannot be told apart."""
        if not isinstance(one, dict):
            raise self._bad(line, "is not an object")
        cells: dict[str, str] = {}
        try:
            self._flatten(line, "", one, cells, DEEPEST)
            "".join([*cells, *cells.values()]).encode()
        except RecursionError:
            raise self._bad(line, "is nested too deep") from None
        except UnicodeEncodeError:
            raise self._bad(line, "holds half of a character (a lone surrogate)") from None
        return cells

    def _flatten(self, line: int, path: str, one: dict[str, Any], cells: dict[str, str], deep: int) -> None:
        if not deep:
            raise self._bad(line, "is nested too deep")
        for key, value in one.items():
            name = path + key
            if isinstance(value, dict) and value:
                self._flatten(line, f"{name}.", value, cells, deep - 1)
                continue
            if name in cells:
                raise self._bad(line, "has two keys of one name")
            cells[name] = _cell(value)

    def _bad(self, line: int, fact: str) -> BadInput:
        return self._file.bad(fact, "Mend that object and try again.", line)


def _cell(value: Any) -> str:
    """A value as text; numbers are texts already, as they were written."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if any(isinstance(one, (dict, list)) for one in value):
        return json.dumps(value, ensure_ascii=False)
    return JOINED.join(filter(None, map(_cell, value)))


@contextmanager
def _opened(file: File, text: Decoded) -> Iterator[io.TextIOWrapper]:
    with file.open() as stream:
        yield io.TextIOWrapper(stream, text.encoding, newline="\n" if text.newline == "\n" else "")
