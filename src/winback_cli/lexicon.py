"""The words by which a reason is read, one file a language (`words/reasons.en.toml`), ready to be found.

All phrases are one tree by their words, so that what many begin with is looked for once.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, product
from typing import Any, NamedTuple

from winback_cli import words
from winback_cli.errors import NotFound
from winback_cli.stages import Reason


class _Part(NamedTuple):
    """One part of a phrase: a word, or the words of a list after a bar; `late`: others may stand before."""

    words: str
    late: bool


class Phrase(NamedTuple):
    """What is looked for, and what it means: a reason, or a part it plays in the sentence (`denial`);
    `place`: of all phrases.
    """

    means: str
    kind: str
    place: int


class Node(NamedTuple):
    """Where the phrases that begin alike have come to: those that end here; by the number of their next
    part those that go on at once, and those that go on `gap` words later at most.
    """

    phrases: list[Phrase]
    next: dict[int, "Node"]
    later: dict[int, "Node"]


class Lexicon(NamedTuple):
    """The words of one language: what marks a sentence and what tells of a reason as trees of phrases, and
    by words and beginnings of words the numbers of the parts that they fit.
    """

    marks: Node
    reasons: Node
    gap: int
    exact: Mapping[str, Sequence[int]]
    begins: Mapping[str, Sequence[int]]
    folding: words.Words
    joins: frozenset[str]
    subjects: frozenset[str]
    spelt: Mapping[str, Sequence[str]]
    known: frozenset[str]

    def parts(self, word: str) -> dict[int, int]:
        """The parts that this word fits: 0 for those that name it, of others how much of it they name."""
        found = dict.fromkeys(self.exact.get(word, ()), 0)
        for length in range(2, len(word) + 1):
            for number in self.begins.get(word[:length], ()):
                found.setdefault(number, length)
        return found


@cache
def lexicon_of(language: str) -> Lexicon:
    """The packaged words of a language, read once. Raises NotFound where there are none."""
    import tomllib
    from importlib.resources import files

    place = files("winback_cli.words").joinpath(f"reasons.{language}.toml")
    if not re.fullmatch("[a-z]{2,3}(-[a-z]{2,4})?", language) or not place.is_file():
        raise NotFound(
            "There are no words yet to read a reason in that language.",
            "Read the sentence yourself and choose; English (en) and German (de) are read so far.",
        )
    return _compiled(tomllib.loads(place.read_text("utf-8")))


def _compiled(tree: dict[str, Any]) -> Lexicon:
    folding = words.Words({}, {}, tuple((before, after) for before, after in tree["expand"]))
    lists = {name: _folded_list(given, folding) for name, given in tree["lists"].items()}
    marks, reasons = Node([], {}, {}), Node([], {}, {})
    numbers: dict[str, int] = {}
    for place, (means, kind, parts) in enumerate(_phrases(tree, lists, folding)):
        node = marks if kind == "mark" else reasons
        for part in parts:
            onward = node.later if part.late else node.next
            number = numbers.setdefault(part.words, len(numbers))
            node = onward.setdefault(number, Node([], {}, {}))
        node.phrases.append(Phrase(means, kind, place))
    exact: dict[str, list[int]] = defaultdict(list)
    begins: dict[str, list[int]] = defaultdict(list)
    for given, number in numbers.items():
        for word in given.removeprefix("|").split():
            (begins if word.endswith("*") else exact)[word.removesuffix("*")].append(number)
    spelt: dict[str, list[str]] = defaultdict(list)
    for word in _folded_list(tree["spelt"], folding):
        spelt[word[0]].append(word)
    known = frozenset(chain(exact, *spelt.values(), _folded_list(tree["no_slips"], folding)))
    joins, subjects = (frozenset(_folded_list(tree[name], folding)) for name in ("joins", "subjects"))
    return Lexicon(marks, reasons, tree["gap"], exact, begins, folding, joins, subjects, spelt, known)


def _folded_list(given: Iterable[str], folding: words.Words) -> tuple[str, ...]:
    return tuple(word if word.isascii() else words.folded(word, folding) for word in given)


def _phrases(
    tree: dict[str, Any], lists: dict[str, tuple[str, ...]], folding: words.Words
) -> Iterator[tuple[str, str, tuple[_Part, ...]]]:
    """Every phrase of a file, with what it means, its kind and its parts; of a reason topics, what it says
    and what hints at it.
    """
    given = [(means, "mark", phrases) for means, phrases in tree["sentence"].items()]
    for reason, kinds in tree["reasons"].items():
        given += [(Reason(reason).value, kind, phrases) for kind, phrases in kinds.items()]
    for means, kind, phrases in given:
        for phrase in _folded_list(phrases, folding):
            yield from ((means, kind, parts) for parts in _readings(phrase, lists))


def _readings(phrase: str, lists: dict[str, tuple[str, ...]]) -> Iterator[tuple[_Part, ...]]:
    """A phrase in parts; one reading for each entry of several words in a list that it names."""
    choices: list[list[list[str]]] = []
    for word in phrase.split():
        if not word.startswith("<"):
            choices.append([[word]])
            continue
        entries = lists[word.strip("<>")]
        single = " ".join(entry for entry in entries if " " not in entry)
        several = [entry.split() for entry in entries if " " in entry]
        choices.append(([[f"|{single}"]] if single else []) + several)
    for chosen in product(*choices):
        yield tuple(_parts(chain.from_iterable(chosen)))


def _parts(spoken: Iterable[str]) -> Iterator[_Part]:
    late = False
    for word in spoken:
        if word != "~":
            yield _Part(word, late)
        late = word == "~"
