"""A letter cut into sentences, each in the form in which words are looked for in it.

It knows abbreviations, days such as 3.4.2026, addresses, lines wrapped by a mail program, lists under
a line that ends in a colon, and quotations: what the customer said stands in a sentence of ours, but
is not read as ours. Every pattern here takes time in proportion to the text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise, zip_longest
from typing import NamedTuple

from winback_cli import text
from winback_cli.words import QUOTED, Words, bare, evened, folded

_LONGEST_QUOTATION = 1000

_QUOTATION = re.compile(r'(?<![^\s(\[\u200b])"([^"]{1,1000})"(?!\w)')
_OPENS = re.compile(r"(?<![^\s(\[])'(?=\w)")
_CLOSES = re.compile(r"(?<=[\w.!?,])'(?!\w)")
_END = re.compile("[.!?\u2026]+[\"')\\]\u200b]*(?=\\s|$)")
_BULLET = re.compile(r"\s*(?:[-*\u2022\u2013\u2014]|\d{1,2}[.)])\s+")
_LAST_WORD = re.compile(r"[\w.&-]{1,20}$")
_NEXT_WORD = re.compile(r"\s*[\"'(\u200b]*([^\W_]+)")
_WRAPPED = 45  # a line this long that goes on below was wrapped, not ended


class Sentence(NamedTuple):
    """One sentence: `shown` as in the draft, `cased` without other people's words, `plain` small and
    written out in full; `own` is `plain` without what the customer is on record as having said.

    `lead` is the line with a colon that a list stands under; `leads` says that this is such a line.
    """

    shown: str
    cased: str
    plain: str
    own: str
    block: int
    lead: str = ""
    leads: bool = False

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.plain.rstrip("\"') ").endswith("?")


def cut(body: str, words: Words, said: Iterable[str] = ()) -> tuple[Sentence, ...]:
    """The sentences of a text, in order. `said` are words on record as the customer's own."""
    grams = _grams(said, words)
    found: list[Sentence] = []
    lead = ""
    for number, (shown, even) in enumerate(_blocks(body)):
        bullet = _BULLET.match(even)
        if even[:1].strip() and not bullet:
            lead = ""  # what follows a list without an indent is no part of it
        masked = _without_quotations(even, words)
        for first, end in _spans(masked, bullet.end() if bullet else 0, words):
            cased = re.sub(QUOTED + "+", QUOTED, masked[first:end]).replace("\u200b", "")
            cased = " ".join(unicodedata.normalize("NFKC", cased).split())
            plain = folded(cased, words)
            here = lead if bullet else ""
            found.append(
                Sentence(text.line(shown[first:end]), cased, plain, _without(plain, grams), number, here)
            )
        if found and even.rstrip().endswith(":") and not bullet:
            lead = found[-1].plain
    return _with_leads(found)


def _with_leads(found: list[Sentence]) -> tuple[Sentence, ...]:
    """Each line that a list stands under says so."""
    return tuple(
        one._replace(leads=bool(later and later.lead == one.plain))
        for one, later in zip_longest(found, found[1:])
    )


def _blocks(body: str) -> Iterator[tuple[str, str]]:
    """The draft's paragraphs, list entries and single lines, as they are and evened."""
    even = evened(body)
    start, place = 0, 0
    lines = even.split("\n")
    for number, line in enumerate(lines):
        place += len(line)
        after = lines[number + 1] if number + 1 < len(lines) else ""
        if not _goes_on(line, after):
            yield body[start:place], even[start:place].replace("\n", " ")
            start = place + 1
        place += 1


def _goes_on(line: str, after: str) -> bool:
    """Whether a line was only wrapped: long, or its sentence open and the next begins small."""
    here, there = line.strip(), after.strip()
    if not here or not there or _BULLET.match(after) or here.endswith(":"):
        return False
    return len(here) >= _WRAPPED or (there[0].islower() and not here.endswith((",", ".", "!", "?")))


def _without_quotations(even: str, words: Words) -> str:
    """The text with other people's words masked, a mark at the end of them kept."""
    kept = list(even)
    for first, end in [(m.start(1), m.end(1)) for m in _QUOTATION.finditer(even)] + _in_single(even):
        inside = even[first:end]
        if kept[first] == QUOTED or not _is_theirs(even[max(first - 80, 0) : first], inside, words):
            continue
        masked = len(inside) - (inside[-1] in ".!?,\u2026")
        kept[first : first + masked] = QUOTED * masked
    return "".join(kept)


def _in_single(even: str) -> list[tuple[int, int]]:
    """What stands between single quotes; an apostrophe neither opens nor closes."""
    found: list[tuple[int, int]] = []
    place = 0
    while opened := _OPENS.search(even, place):
        closed = _CLOSES.search(even, opened.end())
        if closed is None:
            break
        place = closed.end()
        if closed.start() - opened.end() <= _LONGEST_QUOTATION:
            found.append((opened.end(), closed.start()))
    return found


def _is_theirs(before: str, inside: str, words: Words) -> bool:
    """Whether a quotation is the customer's: a long one unless we say it, a short one only where the
    words before it say so.
    """
    before = folded(before, words)
    theirs, ours = words.phrases["they_say"].says, words.phrases["we_say"].says
    if theirs is not None and theirs.search(before):
        return True
    return len(inside.split()) > 3 and not (ours is not None and ours.search(before))


def _spans(masked: str, start: int, words: Words) -> Iterator[tuple[int, int]]:
    """Where the sentences of a block lie."""
    for end in _END.finditer(masked, start):
        if _ends(masked, end, words):
            yield start, end.end()
            start = end.end()
    if masked[start:].strip():
        yield start, len(masked)


def _ends(block: str, mark: re.Match[str], words: Words) -> bool:
    """Whether a mark ends a sentence, and is no abbreviation, initial or day."""
    following = _NEXT_WORD.match(block, mark.end())
    after = following[1] if following else ""
    starts = after.lower() in words.lists["starters"]
    if mark[0][0] in "!?":
        return not after[:1].islower() or starts
    before = _LAST_WORD.search(block, max(mark.start() - 20, 0), mark.start())
    last = before[0].lower() if before and len(mark[0].rstrip("\"')]")) == 1 else ""
    if last in words.lists["abbreviations"]:
        return starts and after[0].isupper() and last in words.lists["may_end"]
    if last in words.lists["before_numbers"] and after.isdigit():
        return False
    if len(last) == 1 and last.isalpha():
        return starts and after[0].isupper()
    if last[-1:].isdigit() and (after.isdigit() or after.lower() in words.lists["months"]):
        return len(last) > 2 and not after.isdigit()
    return starts or not after[:1].islower()


# -- what the customer is on record as having said ------------------------------------------------

_RUN = 4  # words in a row that are no accident


def _grams(said: Iterable[str], words: Words) -> frozenset[tuple[str, ...]]:
    grams: set[tuple[str, ...]] = set()
    for one in said:
        spoken = [bare(word) for word in folded(one[:20_000], words).split()]
        grams.update(zip(*(spoken[n:] for n in range(_RUN)), strict=False))
    return frozenset(grams)


def _without(plain: str, grams: frozenset[tuple[str, ...]]) -> str:
    """A sentence without runs of the customer's own words, where it speaks of them at all."""
    spoken = plain.split()
    if not grams:
        return plain
    spoken_bare = [bare(word) for word in spoken]
    for place in range(len(spoken) - _RUN + 1):
        if tuple(spoken_bare[place : place + _RUN]) in grams:
            spoken[place : place + _RUN] = [QUOTED] * _RUN
    return " ".join(spoken)


# -- names and blanks ------------------------------------------------------------------------------

_FORMS = frozenset(
    [
        "ltd",
        "limited",
        "inc",
        "llc",
        "llp",
        "plc",
        "co",
        "corp",
        "gmbh",
        "ag",
        "kg",
        "sa",
        "sas",
        "srl",
        "bv",
        "nv",
        "ab",
        "oy",
    ]
)
_BRACKETED = re.compile(r"[\[<{]\s*([^\[\]<>{}]{1,40}?)\s*[\]>}]")
_ROUND = re.compile(r"\(([^()]{1,40})\)")
# What forms and templates leave behind in any language.
_LEFT_OVER = re.compile(
    r"\*\||\|\*|\{\{|\}\}|\{%|%\}|\$\{|<<|>>|%[A-Za-z][A-Za-z_]{2,30}%|_{3,}|\.{5,}"
    r"|(?<!\w)(?:X{3,}|x{4,})(?!\w)"
    r"|(?<!\w)(?:TODO|TBD|TBC|FIXME)(?!\w)"
)
_PLAIN_PLACE = re.compile(r"(?i)lorem ipsum")


def parts(name: str) -> tuple[str, ...]:
    """The words of a name, folded."""
    return tuple(word for word in re.split(r"[\W_]+", text.fold(name)) if word)


def known_words(names: Iterable[str]) -> frozenset[str]:
    """Every word by which one of these may be called."""
    return frozenset(word for name in names for word in parts(name))


class Greeting(NamedTuple):
    """Whom a sentence greets: the names in it, and whether a place for one was left empty."""

    names: tuple[str, ...]
    blank: bool


def greeting_in(one: Sentence, words: Words) -> Greeting | None:
    """The greeting that a sentence begins with, or None."""
    names: list[str] = []
    blank = greets = False
    cased = _ROUND.sub("", _BRACKETED.sub("", one.cased[:200]))
    for piece in re.split("[,!:;\u2013\u2014]", cased)[:3]:
        opened = _opening(piece.strip().lower(), words)
        if not opened:
            break
        greets = True
        after = piece.strip()[len(opened) :]
        called = [word.strip(".\"'") for word in after.split()]
        real = [word for word in called if word and word[0] not in "[<{(%*" and word != QUOTED]
        left = [word for word in real if word.isupper() and word.lower() in words.lists["blanks"]]
        real = [word for word in real if word not in left]
        blank |= bool(left)
        titled = [word for word in real if word.lower() in words.lists["titles"]]
        blank |= len(titled) == len(real) and bool(real or opened in words.lists["addressing"])
        blank |= piece.endswith(" ") and len(piece) < len(cased) and not real
        names += _called(real, words)
    return Greeting(tuple(names), blank) if greets else None


def _opening(small: str, words: Words) -> str:
    return next((g for g in words.lists["greetings"] if re.match(re.escape(g) + r"(?!\w)", small)), "")


def _called(after: list[str], words: Words) -> list[str]:
    """The words of a greeting that name somebody; one alone may be written small."""
    if len(after) == 1:
        return [word for word in after if word.lower() not in words.lists["nobody"]]
    names = []
    for word in after:
        nobody = word.lower() in words.lists["nobody"]
        if not nobody and not word[:1].isupper():
            break
        names += [] if nobody or len(word) == 1 else [word]
    return names


def spoken_to(one: Sentence, words: Words) -> tuple[str, ...]:
    """Names of whom a sentence speaks to in its course: `Thank you, Karl, for your time.`"""
    pieces = [piece.strip(" .!?") for piece in one.cased[:2000].split(",")]
    return tuple(
        word
        for before, piece in pairwise(pieces)
        if before.lower() in words.lists["vocatives"] and 0 < len(piece.split()) <= 2
        for word in piece.split()
        if word[0].isupper() and word.lower() not in words.lists["nobody"]
    )


def names_somebody(one: Sentence, ours: Iterable[str], words: Words) -> bool:
    """Whether a person of ours is named, or somebody by first and last name."""
    spoken = [bare(word).removesuffix("'s") for word in one.cased.split()]
    capital = [
        word[:1].isupper()
        and word.lower() not in (*words.lists["months"], *words.lists["weekdays"])
        and word.lower() not in words.lists["starters"]
        for word in spoken
    ]
    our = known_words(ours)
    known = any(big and text.fold(word) in our for word, big in zip(spoken, capital, strict=True))
    return known or any(a and b for a, b in pairwise(capital))


def naming(
    found: Iterable[Sentence], others: Iterable[str], known: Iterable[str], words: Words
) -> Iterator[str]:
    """The sentences that name one of the others, whole, and not as part of a name that may stand."""
    letter = [(one.shown, f" {' '.join(parts(one.shown))} ") for one in found]
    used = frozenset(word for _, spoken in letter for word in spoken.split())
    may_stand = [f" {' '.join(parts(name))} " for name in known]
    for other in others:
        name = _without_form(parts(other))
        if not name or not used.issuperset(name) or (len(name) == 1 and _common(name[0], words)):
            continue
        wanted = f" {' '.join(name)} "
        longer = [own for own in may_stand if wanted in own]
        for shown, spoken in letter:
            rest = spoken
            for own in longer:
                rest = rest.replace(own, f" {QUOTED} ")
            if wanted in rest and (len(name) > 1 or _capital(name[0], shown)):
                yield shown


def _without_form(name: tuple[str, ...]) -> tuple[str, ...]:
    while len(name) > 1 and name[-1] in _FORMS:
        name = name[:-1]
    return name


def _common(word: str, words: Words) -> bool:
    lists = ("months", "weekdays", "starters", "small", "nobody")
    return len(word) < 3 or any(word in words.lists[name] for name in lists)


def _capital(word: str, shown: str) -> bool:
    return any(part[:1].isupper() and text.fold(part) == word for part in re.split(r"[\W_]+", shown))


def unfilled(one: Sentence, words: Words) -> bool:
    """Whether something was left to be filled in: `{{ }}`, `[NAME]`, `XXX`, `Dear ,`."""
    shown = evened(one.shown)
    if _LEFT_OVER.search(shown) or _PLAIN_PLACE.search(shown):
        return True
    if any(_is_blank(inside[1], words) for inside in _BRACKETED.finditer(shown)):
        return True
    if any(inside[1].lower() in words.lists["round_blanks"] for inside in _ROUND.finditer(shown)):
        return True
    if re.search(r"(?<!\w)XX (?:" + "|".join(words.lists["months"]) + r")(?!\w)", shown, re.I):
        return True
    greeting = greeting_in(one, words)
    return greeting is not None and greeting.blank


def _is_blank(inside: str, words: Words) -> bool:
    """Whether a text in brackets is the name of what belongs there."""
    letters = inside.replace("_", "").replace(" ", "").replace("-", "")
    if letters.isalpha() and letters.isupper() and len(letters) > 2:
        return True
    first = re.split(r"[\W_]+", inside.lower())[0]
    return "@" not in inside and first in words.lists["blanks"]
