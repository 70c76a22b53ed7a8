"""Texts with the names taken out: what somebody said, fit to be read by people who never met them.

Names are those on record. What nobody recorded - a neighbour, a street without its number - stays, so
whoever passes such a text on reads it first.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from winback_cli import text

_SHORTEST = 3  # letters of a word of a name that is looked for alone


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Words of firms' and people's names that are words of any sentence, or of any firm's name.
_COMMON = _words("""
    the and for our new all one und der die das von van zum zur del los las les des aux dei
    ltd inc llc llp plc gmbh corp limited company group sons bros srl sarl ohg mbh mrs miss herr frau
""")
_MAILERS = _words("""
    gmail googlemail outlook hotmail live yahoo icloud proton protonmail fastmail posteo gmx aol web mail
""")
_TOKEN = re.compile(r"[^\W_]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_AT = str.maketrans({"\uff20": "@", "\ufe6b": "@"})
_NOT_IN_MAIL = r"\s@<>()\[\],;:\"'"
_EMAIL = re.compile(rf"[^{_NOT_IN_MAIL}]{{1,64}}\s?@\s?[^{_NOT_IN_MAIL}]*[^{_NOT_IN_MAIL}.!?]")
_LINK = re.compile(r"(?i)\b(?:https?://|www\.)\S*[^\s.,;:!?)\]\"']")
_NUMBER = re.compile(r"[+(]{0,2}\d[\d\s()./\u2010-\u2015-]{4,}\d")
_NO_NUMBER = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./-])\d{1,2}\1(?:\d{2}|\d{4})|(?:19|20)\d\d[\s/\u2010-\u2015-]+(?:19|20)\d\d"
)
_FEWEST = 6  # digits of a number that is blanked: a phone, an order, an account
# What stands for what was taken out, until all of it is: a customer may be called Name.
_SIGNS = {"\ue000": "[name]", "\ue001": "[e-mail]", "\ue002": "[number]", "\ue003": "[link]"}
_NAME, _MAIL, _DIGITS, _URL = _SIGNS
_ROW = re.compile(rf"{_NAME}(?:[\s&.,'\u2019-]{{0,3}}{_NAME})+")


class Names(NamedTuple):
    """What is taken out of a text: single words, whole names as rows of words, texts of scripts that
    part no words, and words of staff's names, which are meant only where they begin with a capital.
    """

    words: frozenset[str] = frozenset()
    rows: tuple[tuple[str, ...], ...] = ()
    unparted: tuple[str, ...] = ()
    staff: frozenset[str] = frozenset()


def names_of(called: Iterable[str], places: Sequence[str] = (), staff: str = "") -> Names:
    """The names in what somebody is called: of them, their firm, whoever was spoken to.

    `places` are their contact points and their number in another system, `staff` whoever of ours
    looked after them.
    """
    found = [text.line(name) for name in (*called, *_hosts(places)) if name.strip()]
    rows = _rows(found)
    words = {word for row in rows for word in _own(row) if len(word) >= _SHORTEST}
    words |= {"".join(_own(row)) for row in rows if len(_own(row)) > 1}  # BlueFoods
    return Names(
        frozenset(word for word in words if not word.isdecimal()),
        tuple(sorted({*rows, *_rows(_told(places))}, key=lambda row: (-len(row), row))),
        tuple(name for name in found if any(_is_unparted(sign) for sign in name)),
        frozenset(word for word in _own(_folded(staff)) if len(word) >= _SHORTEST),
    )


def _rows(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Names as rows of words, with umlauts as they are also written; those without a word left out."""
    every = (tuple(_folded(one)) for name in names for one in (name, name.translate(_UMLAUTS)))
    return [row for row in dict.fromkeys(every) if row]


def _own(row: Iterable[str]) -> list[str]:
    """The words of a name that are nobody else's."""
    return [word for word in row if word not in _COMMON]


def only_capitals(names: Names) -> Names:
    """The same names where a text that is nobody's own words may hold them: single words of them only
    where they begin with a capital, for many people's names are words of any sentence too.
    """
    rows = tuple(row for row in names.rows if len(row) > 1)
    return Names(frozenset(), rows, names.unparted, names.words | names.staff)


def nobody_else(words: str) -> tuple[str, ...]:
    """What finds nobody's name in a text: where there is nobody else on record."""
    return ()


def and_whole(names: Names, others: Iterable[str]) -> Names:
    """These names, and whole ones of other people: a single word of theirs is any word of a sentence."""
    rows = {row for row in _rows(map(text.line, others)) if len(row) > 1}
    return names._replace(rows=tuple(sorted({*names.rows, *rows}, key=lambda row: (-len(row), row))))


def blanked(words: str, names: Names) -> str:
    """A text on one line without these names, and without any e-mail address, link or long number.

    A word of a name counts in any case, with and without accents, and with a genitive s; days and
    years stay.
    """
    shown = re.sub(f"[{''.join(_SIGNS)}]", "", text.line(words)).translate(_AT)
    shown = _EMAIL.sub(_MAIL, shown)
    shown = _LINK.sub(_URL, shown)
    shown = _NUMBER.sub(_number, shown)
    for name in names.unparted:
        shown = shown.replace(name, _NAME)
    shown = _ROW.sub(_NAME, _without(shown, names))
    for sign, said in _SIGNS.items():
        shown = shown.replace(sign, said)
    return shown


def shortened(words: str, width: int) -> str:
    """A text of at most `width` characters: cut at a word, where it has any."""
    if len(words) <= width:
        return words
    begun = words[: width - 1]
    whole = begun if words[width - 1].isspace() else begun.rpartition(" ")[0]
    return (whole.rstrip(" ,;:-") or begun) + "…"


def _hosts(places: Iterable[str]) -> list[str]:
    """What mail hosts are called, which is often the firm's name: `blue` of `ana@blue.example`."""
    hosts = [place.rpartition("@")[2] for place in places if "@" in place]
    labels = [host.rpartition(".")[0].rpartition(".")[2] for host in hosts]
    return [label for label in labels if label and label.casefold() not in _MAILERS]


def _told(places: Iterable[str]) -> list[str]:
    """What else tells of one place: a street with its number, a number in another system."""
    parts = [part.strip() for place in places if "@" not in place for part in place.split(",")]
    return [part for part in parts if len(part) > _SHORTEST and any(sign.isdecimal() for sign in part)]


def _number(found: re.Match[str]) -> str:
    given = found[0]
    few = sum(sign.isdecimal() for sign in given) < _FEWEST
    return given if few or _NO_NUMBER.fullmatch(given.strip("+() ")) else _DIGITS


def _without(shown: str, names: Names) -> str:
    tokens = list(_TOKEN.finditer(shown))
    folded = [text.fold(token[0]) for token in tokens]
    gone = [
        word in names.words
        or (word[-1:] == "s" and word[:-1] in names.words)
        or (word in names.staff and token[0][0].isupper())
        for token, word in zip(tokens, folded, strict=True)
    ]
    for row in names.rows:
        for at in _places(row, folded):
            short = len(row) == 1 and len(row[0]) < _SHORTEST
            if not short or tokens[at][0][0].isupper():
                gone[at : at + len(row)] = [True] * len(row)
    parts, end = [], 0
    for token, taken in zip(tokens, gone, strict=True):
        if taken:
            parts += [shown[end : token.start()], _NAME]
            end = token.end()
    return "".join((*parts, shown[end:]))


def _places(row: Sequence[str], folded: Sequence[str]) -> list[int]:
    """Where a row of words stands among others."""
    first, size = row[0], len(row)
    return [
        at
        for at, word in enumerate(folded)
        if word == first and tuple(folded[at : at + size]) == tuple(row)
    ]


def _folded(name: str) -> list[str]:
    return [text.fold(word) for word in _TOKEN.findall(name)]


def _is_unparted(sign: str) -> bool:
    """Whether a sign is of a script that sets no blanks between words."""
    return sign >= "\u2e80" or "\u0e00" <= sign <= "\u0eff" or "\u1000" <= sign <= "\u109f"
