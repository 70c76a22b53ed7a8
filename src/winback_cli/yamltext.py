"""YAML as this program takes it: plain data, each value with its place in the file.

Of YAML only maps, lists and scalars are used: tags, anchors, aliases and keys given twice are
mistakes. A plain `true`, `false`, `null` or whole number is one; every other scalar is text, so
that `no`, `12:30`, `012` and `2026-03-01` stay what somebody wrote.

The quick reader is libyaml, where it is installed. It knows YAML 1.1 alone, and refuses some that
YAML 1.2 allows (a `?` within braces); what it cannot read, the slower one decides.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from winback_cli import text

DEEPEST = 24
SLOWEST = 40_000  # characters that the slow reader is asked about; it reads some 100 to 500 a millisecond
_WORDS = {"": None, "~": None, "null": None, "true": True, "True": True, "false": False, "False": False}
# An escape for a sign that there is not, and the quote before it.
_BEYOND = re.compile(r'"[^"\n]*\\U(?!000|0010)[0-9A-Fa-f]{8}')
_HALF = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")

# YAML 1.1 ends a line at these, and 1.2 and editors do not: what stands after one is not hidden.
_NO_LINE_ENDS = dict.fromkeys((0x85, 0x2028, 0x2029), " ")

Path = tuple[Any, ...]


class Problem(NamedTuple):
    """A mistake in a file, at line and column (from 1)."""

    line: int
    column: int
    message: str


class Tree(NamedTuple):
    """Plain data; and by the path to each value, (line, column) from 1 of its key and of itself.

    `problems` are the mistakes that the reading could go on after.
    """

    data: Any
    keys: dict[Path, tuple[int, int]]
    values: dict[Path, tuple[int, int]]
    problems: list[Problem]

    def position(self, path: Path) -> tuple[int, int]:
        """Where the value at this path stands, or the nearest thing around it: (line, column) from 1.

        A map, a list or an empty value is found at its key. Parts of the path that are not in the
        file are passed over.
        """
        here: Path = ()
        inner = self.data
        found = (1, 1)
        for part in path:
            if isinstance(inner, dict):
                if part not in inner:
                    continue
                inner = inner[part]
                here = (*here, part)
                by_key = inner is None or inner == "" or isinstance(inner, dict | list)
                found = (self.keys if by_key else self.values)[here]
            elif isinstance(inner, list) and isinstance(part, int) and part < len(inner):
                inner = inner[part]
                here = (*here, part)
                found = self.values[here]
        return found

    def value(self, path: Path) -> Any:
        """The value at this path, its strange parts passed over."""
        inner = self.data
        for part in path:
            try:
                inner = inner[part]
            except (KeyError, IndexError, TypeError):
                continue
        return inner


class _Wrong(Exception):
    """A mistake that the reading cannot go on after; `args` are its Problem."""


def read(content: str) -> tuple[Tree, Problem | None]:
    """The tree of a text, and the first mistake in it; `tree.problems` holds them all."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    tree = Tree(None, {}, {}, [])
    for pure in (False, True) if len(content) <= SLOWEST else (False,):
        tree = Tree(None, {}, {}, [])
        try:
            data = _Composer(_events(content, pure), tree).document()
            return tree._replace(data=data), next(iter(tree.problems), None)
        except _Wrong as wrong:
            problem = wrong.args[0]
            break
        except MarkedYAMLError as bad:
            mark = bad.problem_mark or bad.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            problem = Problem(line, column, _first_line(bad.problem or "not valid YAML"))
        except (YAMLError, ValueError, OverflowError, RecursionError) as bad:
            problem = _unread(content, bad)
    tree.problems.append(problem)
    return tree, tree.problems[0]


def _events(content: str, pure: bool) -> Iterator[Any]:
    from ruamel.yaml import YAML

    return iter(YAML(typ="safe", pure=pure).parse(content.translate(_NO_LINE_ENDS)))


class _Composer:
    """Builds plain data from a parser's events, and notes where each value stands."""

    def __init__(self, events: Iterator[Any], tree: Tree) -> None:
        self._events = events
        self._tree = tree
        self._depth = 0

    def document(self) -> Any:
        """The one document of the text; None where there is none."""
        data, seen = None, False
        for event in self._events:
            if type(event).__name__ != "DocumentStartEvent":
                continue
            if seen:
                raise _wrong(event, "one document is enough; leave out what follows ---")
            data, seen = self._value(next(self._events), ()), True
        return data

    def _value(self, event: Any, path: Path) -> Any:
        mark = event.start_mark
        self._tree.values[path] = (mark.line + 1, mark.column + 1)
        kind = type(event).__name__
        if kind == "AliasEvent" or event.anchor:
            self._note(event, "anchors and aliases are not used in playbooks; write it out")
        elif event.tag:
            self._note(event, "tags are not used in playbooks; leave the ! out")
        if kind == "AliasEvent":
            return None
        if kind == "ScalarEvent":
            said = _whole(event.value)
            if _HALF.search(said):
                self._note(event, "half a sign, which is none; write the sign itself")
            return _scalar(_HALF.sub("", said), event.implicit[0])
        self._depth += 1
        if self._depth > DEEPEST:
            raise _wrong(event, "nested too deeply")
        made = self._map(path) if kind == "MappingStartEvent" else self._list(path)
        self._depth -= 1
        return made

    def _note(self, event: Any, message: str) -> None:
        """A mistake after which the rest can still be read."""
        self._tree.problems.append(_problem(event, message))

    def _map(self, path: Path) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for event in self._events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self._value(event, (*path, None))
            if isinstance(key, dict | list):
                raise _wrong(event, "a key is a word")
            if not isinstance(key, str):
                self._note(event, "a key is a word")
                key = str(key)
            if key in made:
                self._note(event, f"{text.shorten(str(key), 60)} is given twice")
            made[key] = None
            self._tree.keys[(*path, key)] = (event.start_mark.line + 1, event.start_mark.column + 1)
            made[key] = self._value(next(self._events), (*path, key))
        return made

    def _list(self, path: Path) -> list[Any]:
        made: list[Any] = []
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            made.append(self._value(event, (*path, len(made))))
        return made


def _whole(said: str) -> str:
    """The signs that JSON writes in two halves made one each."""
    if not _HALF.search(said):
        return said
    return said.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _scalar(said: str, plain: bool) -> Any:
    if not plain:
        return said
    if said in _WORDS:
        return _WORDS[said]
    return int(said) if _NUMBER.fullmatch(said) else said


def _wrong(event: Any, message: str) -> _Wrong:
    return _Wrong(_problem(event, message))


def _problem(event: Any, message: str) -> Problem:
    mark = event.start_mark
    return Problem(mark.line + 1, mark.column + 1, message)


def _unread(content: str, bad: Exception) -> Problem:
    """A mistake below YAML's grammar, such as a sign that no text file holds."""
    where = getattr(bad, "position", 0)
    no_sign = isinstance(bad, OverflowError) or "chr()" in str(bad)
    if no_sign and (beyond := _BEYOND.search(content)):
        where = beyond.start()
    before = content[: where if isinstance(where, int) else 0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return Problem(line, column, f"not valid YAML: {_first_line(str(bad))}")


# A parser's words for the commonest slips of somebody who does not know YAML.
_SLIPS = {
    "mapping values are not allowed": "a colon within words; put the whole text in 'quotes'",
    "cannot start any token": "a sign that YAML does not take here, such as a tab; use spaces, or 'quotes'",
}


def _first_line(message: str) -> str:
    """A parser's words, without the values that it quotes."""
    for theirs, ours in _SLIPS.items():
        if theirs in message:
            return ours
    return text.shorten(message.strip().splitlines()[0] if message.strip() else "not valid YAML", 160)
