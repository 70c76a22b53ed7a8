"""One person's whole names, e-mails and phones taken out of the words of others, and nothing else.

Never a single word of a name: a first name is many people's, and many names are words of any sentence.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from winback_cli.phones import digits
from winback_cli.text import fold

INSTEAD = "[erased]"
_TOKEN = re.compile(r"[^\W_]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_FEWEST, _MOST = 7, 9  # digits of a phone, from its end, that make it the same number
_APART = r"[\s()./\u2010-\u2015-]*"  # what people set between digits
_IN_MAIL = "._%+-@"  # beside which an e-mail goes on
_UNSPACED = "\u2e80"  # from here on scripts set no blanks between words


class Traces(NamedTuple):
    """What tells of one person, as given: names of two words or more, e-mails, phones."""

    names: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


def traces(names: Iterable[str], mails: Iterable[str], phones: Iterable[str]) -> Traces:
    """Those of these that tell of one person alone; single words and short numbers are left out."""
    return Traces(
        tuple(dict.fromkeys(one for one in names if len(_TOKEN.findall(one)) > 1)),
        tuple(dict.fromkeys(one for one in mails if "@" in one)),
        tuple(dict.fromkeys(one for one in phones if len(digits(one)) >= _FEWEST)),
    )


def less(found: Traces, own: Traces) -> Traces:
    """These traces but for those that are somebody else's too, or part of what that one is called."""
    called = [_words(name) for name in own.names]
    mails, phones = {fold(one) for one in own.mails}, {digits(one) for one in own.phones}
    return Traces(
        tuple(one for one in found.names if not any(_places(_words(one), name) for name in called)),
        tuple(one for one in found.mails if fold(one) not in mails),
        tuple(one for one in found.phones if digits(one) not in phones),
    )


def _words(name: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in _TOKEN.findall(name))


def patterns(found: Traces) -> list[str]:
    """For SQL's LIKE: of these, one at least fits whatever holds one of the traces; `%` fits anything."""
    words = [f"%{max(_plain(one), key=len)}%" for one in (*found.names, *found.mails)]
    words += [f"%{'%'.join(_parted(digits(one))[1])}%" for one in found.phones]
    return list(dict.fromkeys(words))


def _plain(one: str) -> list[str]:
    """The words of a trace that are written in one way only; one without letters where there are none."""
    return [word for word in _TOKEN.findall(one) if word.isascii()] or [""]


def _parted(number: str) -> tuple[str, str]:
    """A number's digits: what may be left out or written otherwise, and what is always there."""
    sure = min(_MOST, max(_FEWEST, len(number) - 3))
    return number[:-sure], number[-sure:]


def wiped(words: str, found: Traces) -> tuple[str, int]:
    """A text with every trace replaced, and how many those were."""
    for name in found.names:
        if name[0] >= _UNSPACED:
            together = re.escape(name).replace(r"\ ", r"\s*")
            words = re.sub(together, INSTEAD, words)
    begun = words.count(INSTEAD)
    for phone in found.phones:
        words = _phone(digits(phone)).sub(INSTEAD, words)
    counted = words.count(INSTEAD) - begun
    if not found.names and not found.mails:
        return words, counted
    tokens = list(_TOKEN.finditer(words))
    said = [fold(token[0]) for token in tokens]
    spans = [
        (tokens[at].start(), tokens[at + len(row) - 1].end())
        for row, is_mail in _rows(found)
        for at in _places(row, said)
        if not is_mail or _alone(words, tokens[at].start(), tokens[at + len(row) - 1].end())
    ]
    parts, end = [], 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            parts += [words[end:start], INSTEAD]
            end, counted = stop, counted + 1
    return "".join((*parts, words[end:])), counted


def wiped_within(value: Any, found: Traces) -> tuple[Any, int]:
    """The same for every text within plain data; its keys stay."""
    if isinstance(value, str):
        return wiped(value, found)
    if isinstance(value, dict):
        told = {key: wiped_within(inner, found) for key, inner in value.items()}
        return {key: one for key, (one, _) in told.items()}, sum(n for _, n in told.values())
    if isinstance(value, list):
        listed = [wiped_within(inner, found) for inner in value]
        return [one for one, _ in listed], sum(n for _, n in listed)
    return value, 0


@cache
def _rows(found: Traces) -> list[tuple[tuple[str, ...], bool]]:
    """Names and e-mails as rows of words, the longest first; umlauts as they are also written."""
    rows: dict[tuple[str, ...], bool] = {}
    for some, is_mail in ((found.mails, True), (found.names, False)):
        for one in some:
            for spelt in (one, one.translate(_UMLAUTS)):
                rows.setdefault(_words(spelt), is_mail)
    return sorted(rows.items(), key=lambda row: (-len(row[0]), row[0]))


def _places(row: Sequence[str], said: Sequence[str]) -> list[int]:
    """Where a row of words stands among others; the last may have a genitive s."""
    size, most = len(row), len(said)
    ends = (row[-1], row[-1] + "s")
    return [
        at
        for at, word in enumerate(said)
        if word == row[0]
        and at + size <= most
        and said[at + size - 1] in ends
        and tuple(said[at : at + size - 1]) == tuple(row[:-1])
    ] if size > 1 else []  # fmt: skip


def _alone(words: str, start: int, stop: int) -> bool:
    """Whether an e-mail stands there whole, and is no part of a longer one."""
    before, after = words[start - 1 : start], words[stop : stop + 2]
    longer = len(after) == 2 and after[0] in "-.@" and after[1].isalnum()
    return "@" in words[start:stop] and before not in tuple(_IN_MAIL) and not longer


@cache
def _phone(number: str) -> re.Pattern[str]:
    """A number however its digits are set apart, with or without what stands before it from abroad."""
    abroad, sure = _parted(number)
    core = _APART.join(sure)
    leads = [""] if not abroad else [
        rf"(?:\+|00)?{_APART}" + _APART.join(abroad) + rf"{_APART}(?:\(?0\)?)?{_APART}",
        *(
            "0?" + _APART + _APART.join(abroad[at:]) + ("" if at == len(abroad) else _APART)
            for at in range(1, len(abroad) + 1)
        ),
    ]  # fmt: skip
    inside = _trunks(abroad, core)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join([*inside, *leads])}){core}(?!\d)")


def _trunks(abroad: str, core: str) -> list[str]:
    """`+44 (0)20 ...`: a trunk zero amid the digits that come before the sure ones."""
    return [
        rf"(?:\+|00)?{_APART}" + _APART.join(abroad[:at]) + rf"{_APART}0{_APART}" + _APART.join(abroad[at:])
        + _APART
        for at in range(1, len(abroad))
    ]  # fmt: skip
