"""The words by which a message is checked, one file a language beside this one, and how they are found.

A phrase is ours and packaged, never a user's; every pattern takes time in proportion to the text. What a
clause denies, or tells of the customer, it does not say itself.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from winback_cli.errors import NotFound

QUOTED = "\ue000"  # stands where somebody else's words stood
_GAP = r"(?:[^\s,;:]{1,40} ){0,4}"
_WIDE = r"(?:[^\s,;:]{1,40} ){0,8}"
# Character for character, so that a place in the evened text is the same place in the draft.
_EVENED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", '"'),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
        **dict.fromkeys("\u202f\u205f\u3000\t", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", "\u200b"),
        **dict.fromkeys("\u2028\u2029", "\n"),
    }
)


class Phrases(NamedTuple):
    """What is looked for: `says` unless denied or told of the customer, `always` even so, `never` not."""

    says: re.Pattern[str] | None
    always: re.Pattern[str] | None
    never: re.Pattern[str] | None


class Words(NamedTuple):
    """The words of one language: lists, the phrases of each check, and what is written out in full."""

    lists: dict[str, tuple[str, ...]]
    phrases: dict[str, Phrases]
    expand: tuple[tuple[str, str], ...]

    def among(self, name: str) -> frozenset[str]:
        """A list, to be asked."""
        return frozenset(self.lists[name])


@cache
def words_of(language: str) -> Words:
    """The packaged words of a language, read once. Raises NotFound where there are none."""
    import tomllib
    from importlib.resources import files

    place = files(__name__).joinpath(f"{language}.toml")
    if not re.fullmatch("[a-z]{2,3}(-[a-z]{2,4})?", language) or not place.is_file():
        raise NotFound(
            "There are no words yet to check a message in that language.",
            "Read the message through yourself; only English (en) is checked so far.",
        )
    tree = tomllib.loads(place.read_text("utf-8"))
    lists = {name: tuple(given) for name, given in tree["lists"].items()}
    return Words(
        lists,
        {name: _phrases(given, lists) for name, given in tree["phrases"].items()},
        tuple((before, after) for before, after in tree["expand"]),
    )


def _phrases(given: dict[str, Any], lists: dict[str, tuple[str, ...]]) -> Phrases:
    return Phrases(*(pattern(given.get(kind, ()), lists) for kind in ("says", "always", "never")))


def pattern(phrases: Iterable[str], lists: dict[str, tuple[str, ...]]) -> re.Pattern[str] | None:
    """Phrases as one pattern: `~` is up to four words, `~~` up to eight, `<gift>` any of that list."""

    def one_of(name: re.Match[str]) -> str:
        return "(?:" + "|".join(re.escape(word) for word in lists[name[1]]) + ")"

    def ready(phrase: str) -> str:
        begins = "" if phrase[0] in "[,\\" else r"(?<!\w)"  # with a mark or a number, or with a word
        spaced = phrase.replace("~~", _WIDE).replace("~", _GAP)
        return begins + re.sub(r"<(\w+)>", one_of, spaced)

    whole = "|".join(ready(phrase) for phrase in phrases)
    return re.compile(f"(?:{whole})(?!\\w)") if whole else None


def evened(given: str) -> str:
    """A text with plain quotes and spaces, no longer and no shorter than it was."""
    return given.translate(_EVENED)


def folded(given: str, words: Words) -> str:
    """A text small, with single spaces, written out in full: `we'd` is `we would`."""
    small = unicodedata.normalize("NFKC", evened(given).replace("\u200b", "")).lower()
    for before, after in words.expand:
        small = small.replace(before, after)
    return " ".join(small.split())


def bare(word: str) -> str:
    """A word without the marks around it."""
    return word.strip(".,;:!?()[]\"'\u2026")


# -- looking for phrases ---------------------------------------------------------------------------


def says(phrases: Phrases, plain: str, words: Words) -> bool:
    """Whether a sentence says one of the phrases itself: neither denied nor told of the customer."""
    if phrases.always is not None and phrases.always.search(plain):
        return True
    if phrases.never is not None:
        plain = phrases.never.sub(QUOTED, plain)
    if phrases.says is None:
        return False
    return any(not _excused(plain, m.start(), m.end(), words) for m in phrases.says.finditer(plain))


def _excused(plain: str, start: int, end: int, words: Words) -> bool:
    """Whether a phrase is denied, or stands in what the customer is told to have said."""
    near = max(start - 200, 0)
    first = plain.find(" ", start, end)  # its first word tells who goes on speaking
    return denied(plain[near:end], words) or told_of(plain[near : first if first > 0 else end], words)


def denied(before: str, words: Words) -> bool:
    """Whether the words up to a phrase's end, in its clause and near it, deny it."""
    phrases = words.phrases["denial"]
    if phrases.never is not None:
        before = phrases.never.sub(QUOTED, before)
    clause = _after(words.phrases["clause"].says, before)
    near = " ".join(clause.split()[-8:])
    return phrases.says is not None and phrases.says.search(near) is not None


def told_of(before: str, words: Words) -> bool:
    """Whether the words before a phrase make it what the customer said or asked."""
    reported, no_report = words.phrases["reported"].says, words.phrases["reported"].never
    before = no_report.sub(QUOTED, before) if no_report is not None else before
    report = [m.end() for m in reported.finditer(before)] if reported is not None else []
    taken_up = words.phrases["taken_up"].says
    return bool(report) and not (taken_up is not None and taken_up.search(before[report[-1] :]))


def _after(breaks: re.Pattern[str] | None, before: str) -> str:
    ends = [m.end() for m in breaks.finditer(before)] if breaks is not None else []
    return before[ends[-1] :] if ends else before


# -- what tells a change ---------------------------------------------------------------------------


def stems(given: str, words: Words, all_words: bool = False) -> frozenset[str]:
    """The words that tell something, or all, without their endings."""
    small = frozenset() if all_words else words.among("small")
    spoken = (bare(word) for word in given.replace("-", " ").split())
    return frozenset(_stem(word, words.lists["endings"]) for word in spoken if word and word not in small)


def _stem(word: str, endings: tuple[str, ...]) -> str:
    ending = next((end for end in endings if word.endswith(end) and len(word) > len(end) + 2), "")
    return word.removesuffix(ending)


def likeness(plain: str, what: str, words: Words) -> float:
    """How much of the words of `what` a sentence has: 0 to 1; one word of several is an accident."""
    wanted = stems(folded(what, words), words)
    shared = wanted & stems(plain, words)
    return len(shared) / len(wanted) if wanted and len(shared) >= min(2, len(wanted)) else 0.0
