"""A JSON text object by object, with the line of each: what json reads whole, read in parts.

Stricter than json: no NaN, no key twice; and an error names the line, whatever it is.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from winback_cli.errors import BadInput
from winback_cli.sources.files import File

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_LIST_OF_OBJECTS = re.compile(r"\[[ \t\r\n]*\{")
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]|-?\b(?:NaN|Infinity)\b', re.DOTALL)
_TOO_DEEP = 100


class _NoNumber(ValueError):
    """NaN or an infinity."""


class _Twice(ValueError):
    """A key that an object has twice."""


def _no_number(word: str) -> NoReturn:
    raise _NoNumber(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_no_number, parse_float=str, parse_int=str
)


class Parts:
    """A JSON text, read from left to right; `line` is the line of the file that it begins on."""

    def __init__(self, file: File, text: str, line: int = 1) -> None:
        self._file, self._text = file, text
        self._at = 0
        self._line, self._counted = line, 0

    def only(self) -> Any:
        """The one value that the text is."""
        value = self._value()
        self._end()
        return value

    def objects(self) -> Iterator[tuple[int, Any]]:
        """The elements of the list that the text is, or of the one list of objects within it."""
        self._skip()
        if self._text.startswith("[", self._at):
            yield from self._elements()
        elif self._text.startswith("{", self._at):
            yield from self._of_object()
        else:
            raise self._bad("is no list", "Name a JSON file that is a list of objects.")
        self._end()

    def _of_object(self) -> Iterator[tuple[int, Any]]:
        found = False
        for _ in self._members():
            if not _LIST_OF_OBJECTS.match(self._text, self._at):
                self._value()
                continue
            if found:
                raise self._bad("holds a second list", "Name a file with one list of objects.")
            found = True
            yield from self._elements()
        if not found:
            raise self._bad("holds no list of objects", 'Such as [{"name": ...}] or {"data": [...]}')

    def _members(self) -> Iterator[str]:
        """The keys of the object here; the value of each is read by whoever asks."""
        self._at += 1
        seen: set[str] = set()
        self._skip()
        while not self._take("}"):
            key = self._value()
            if not isinstance(key, str):
                raise self._bad("is no JSON")
            if key in seen:
                raise self._bad("has two keys of one name")
            seen.add(key)
            self._need(":")
            yield key
            self._skip()
            if not self._take(",") and not self._text.startswith("}", self._at):
                raise self._bad("is no JSON")
            self._skip()

    def _elements(self) -> Iterator[tuple[int, Any]]:
        self._at += 1
        self._skip()
        while not self._take("]"):
            line = self._line_here()
            yield line, self._value()
            self._skip()
            if not self._take(",") and not self._text.startswith("]", self._at):
                raise self._bad("is no JSON")
            self._skip()

    def _skip(self) -> None:
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # may be empty

    def _take(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += 1
        return True

    def _need(self, sign: str) -> None:
        self._skip()
        if not self._take(sign):
            raise self._bad("is no JSON")
        self._skip()

    def _end(self) -> None:
        self._skip()
        if self._at < len(self._text):
            raise self._bad("goes on after its end", "JSON lines have one object a line: --format jsonl")

    def _value(self) -> Any:
        self._skip()
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as bad:
            self._at = bad.pos
            raise self._bad("is no JSON") from None
        except StopIteration:
            raise self._bad("is no JSON") from None
        except _Twice:
            raise self._bad("has two keys of one name") from None
        except _NoNumber:
            self._go_to(lambda mark, deep: mark.endswith(("NaN", "Infinity")))
            raise self._bad("holds a number that is none (NaN or Infinity)") from None
        except RecursionError:
            self._go_to(lambda mark, deep: deep > _TOO_DEEP)
            raise self._bad("is nested too deep") from None
        return value

    def _go_to(self, wanted: Any) -> None:
        """Go on to the first mark that is wanted, for its line."""
        deep = 0
        for mark in _MARKS.finditer(self._text, self._at):
            deep += (mark[0] in ("[", "{")) - (mark[0] in ("]", "}"))
            if mark[0][0] != '"' and wanted(mark[0], deep):
                self._at = mark.start()
                return

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = max(self._counted, self._at)
        return self._line

    def _bad(self, fact: str, hint: str = "Mend it there, or export the list again.") -> BadInput:
        return self._file.bad(fact, hint, self._line_here())
