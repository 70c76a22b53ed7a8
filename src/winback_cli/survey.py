"""Surveys and focus groups: what is asked, by which codes, what came back, and who makes a fair group (A2).

A survey is for the many, a talk for the few: whatever comes back by form leads to a conversation where
somebody asks for one, or was worth much to the firm (D7).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from winback_cli import blanking, text
from winback_cli.intervals import Rate

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
SIGNS = "23456789BCDFGHJKMNPQRSTVWXYZ"  # no two that look alike, and no vowels: no code is a word
CODE = 10  # signs of a code: of some 300 million million, so that none is guessed
LONGEST_QUESTION = 300
MOST_QUESTIONS = 20
COOLDOWN = 6  # months in which nobody is asked twice
NOTES = "notes"  # what somebody said in a focus group is kept under
QUOTES = 6
LONGEST_QUOTE = 160


class Question(NamedTuple):
    """One question: what its answers are kept under, its words, and the fact it answers, if any."""

    key: str
    words: str
    fact: str = ""


# The four questions of A3.
FOUR = (
    Question("q1", "Why do you no longer use our products or services?", "heard.why_left"),
    Question("q2", "Where do you obtain similar products or services?", "heard.buys_now"),
    Question("q3", "What would encourage you to give us another chance?", "heard.second_chance"),
    Question("q4", "What would encourage you to stay with us for the long term?", "heard.long_term"),
)


def questions_of(given: Iterable[str]) -> tuple[Question, ...]:
    """One's own questions, numbered; one of the four, in the same words, still answers its fact.

    None given: the four (A3). Raises ValueError for too many, a long one, or one given twice.
    """
    told = [line for line in map(text.line, given) if line]
    if not told:
        return FOUR
    if len(told) > MOST_QUESTIONS:
        raise ValueError(f"a survey has at most {MOST_QUESTIONS} questions")
    if any(len(one) > LONGEST_QUESTION for one in told):
        raise ValueError(f"a question has at most {LONGEST_QUESTION} characters")
    if len({evened(one) for one in told}) < len(told):
        raise ValueError("a question is there twice")
    facts = {evened(one.words): one.fact for one in FOUR}
    return tuple(Question(f"q{n}", one, facts.get(evened(one), "")) for n, one in enumerate(told, 1))


def why_key(questions: Sequence[Question]) -> str:
    """The question whose answer says why they left: the first of the four, or else one's own first."""
    return next((one.key for one in questions if one.fact == "heard.why_left"), questions[0].key)


def why_of(questions: Sequence[Question], answers: Mapping[str, str]) -> str:
    """What somebody said of why they left; in a focus group all of what they said."""
    return answers.get(why_key(questions)) or answers.get(NOTES) or ""


def evened(words: str) -> str:
    """Words by which columns and questions are compared: no case, no accents, no signs."""
    return re.sub(r"[^\w]+|_", " ", text.fold(words)).strip()


# -- codes -----------------------------------------------------------------------------------


def new_code(pick: Callable[[str], str]) -> str:
    """A code that means nothing: `pick` chooses one sign of several, by chance."""
    return "".join(pick(SIGNS) for _ in range(CODE))


def shown_code(code: str) -> str:
    """A code as it stands on a form: `K7P2M-XW9QD`."""
    return f"{code[: CODE // 2]}-{code[CODE // 2 :]}" if len(code) == CODE else code


def read_code(cell: str) -> str:
    """A code as it is kept, whatever its case and what parts it; "" where there is none."""
    return re.sub(r"[^0-9A-Z]", "", text.line(cell).upper())


# -- what came back --------------------------------------------------------------------------


class Reply(NamedTuple):
    """A reply as it is kept. `alone` where its customer asked to be left alone since: only counted then.

    `state` is new, confirmed or set_aside; `owed`: a conversation is, for `valued` ones and for who asked.
    """

    id: int
    customer: int
    name: str
    company: str
    on: str
    answers: Mapping[str, str]
    call_back: bool
    suggested: str
    confidence: float | None
    reason: str
    state: str
    case: str
    alone: bool
    valued: bool = False
    talked: bool = False

    @property
    def owed(self) -> bool:
        """Whether a conversation is owed: asked for, or somebody of great value, and none was held (D7)."""
        return not self.alone and (self.call_back or self.valued) and not self.talked


class Count(NamedTuple):
    """How often a reason was named: confirmed by somebody, or only suggested by the words."""

    reason: str
    confirmed: int
    suggested: int


class Tally(NamedTuple):
    """A survey counted. `unclear` are the replies without any reason, `aside` those set aside."""

    rate: Rate
    reasons: tuple[Count, ...]
    unclear: int
    aside: int
    to_review: int
    quotes: tuple[tuple[str, str], ...]  # the reason, and the words
    callers: tuple[Reply, ...]
    owed: tuple[Reply, ...]


def tally(
    questions: Sequence[Question],
    invited: int,
    replies: Sequence[Reply],
    others: Callable[[str], Iterable[str]] = blanking.nobody_else,
) -> Tally:
    """A survey counted, with a few of their words, without names; nothing of those left alone is quoted.

    `others` finds the names of customers on record in a text.
    """
    confirmed: dict[str, int] = {}
    suggested: dict[str, int] = {}
    for one in replies:
        if one.state == "confirmed" and one.reason:
            confirmed[one.reason] = confirmed.get(one.reason, 0) + 1
        elif one.state == "new" and one.suggested:
            suggested[one.suggested] = suggested.get(one.suggested, 0) + 1
    counts = [Count(r, confirmed.get(r, 0), suggested.get(r, 0)) for r in {**confirmed, **suggested}]
    counts.sort(key=lambda one: (-one.confirmed - one.suggested, one.reason))
    aside = sum(1 for one in replies if one.state == "set_aside")
    told = sum(one.confirmed + one.suggested for one in counts)
    open_to = [one for one in replies if not one.alone]
    return Tally(
        Rate(min(len(replies), invited), invited),
        tuple(counts),
        len(replies) - told - aside,
        aside,
        sum(1 for one in open_to if one.state == "new"),
        _quotes(questions, [one.reason for one in counts], open_to, others),
        tuple(one for one in open_to if one.call_back),
        tuple(one for one in open_to if one.owed),
    )


def _quotes(
    questions: Sequence[Question],
    reasons: Sequence[str],
    replies: Sequence[Reply],
    others: Callable[[str], Iterable[str]],
) -> tuple[tuple[str, str], ...]:
    """A few of their words, in turn of each reason, the most frequent first."""
    by_reason: dict[str, list[tuple[str, Reply]]] = {reason: [] for reason in reasons}
    for one in replies:
        reason = one.reason or (one.suggested if one.state == "new" else "")
        words = why_of(questions, one.answers)
        if reason in by_reason and len(words) > 3:
            by_reason[reason].append((words, one))
    found: dict[tuple[str, str], None] = {}
    for place in range(QUOTES):
        for reason, told in by_reason.items():
            if place < len(told):
                found[reason, _quoted(*told[place], others)] = None
    return tuple(found)[:QUOTES]


def _quoted(words: str, one: Reply, others: Callable[[str], Iterable[str]]) -> str:
    """Words without the names, addresses and numbers in them, and not too long."""
    names = blanking.and_whole(blanking.names_of((one.name, one.company)), others(words))
    return blanking.shortened(blanking.blanked(words, names), LONGEST_QUOTE)


# -- a fair group ----------------------------------------------------------------------------


class Group(NamedTuple):
    """A focus group: who is asked, and who steps in for one who cannot come, in that order."""

    chosen: tuple[int, ...]
    spares: tuple[int, ...]


def group(people: Mapping[int, str], n: int, spares: int, seed: int) -> Group:
    """A group of `n` of these people (number -> stratum) and its spares.

    By proportion (largest remainder), and one at least of each stratum where `n` has room for all; the
    same for the same people and seed, in whatever order they come. (A2)
    """
    order = sorted(people, key=lambda number: _lot(seed, number))
    strata: dict[str, list[int]] = {}
    for number in order:
        strata.setdefault(people[number], []).append(number)
    sizes = {stratum: len(strata[stratum]) for stratum in sorted(strata)}
    places = _shares(sizes, n, at_least=len(sizes) <= n)
    chosen = [number for stratum, count in places.items() for number in strata[stratum][:count]]
    left = {stratum: strata[stratum][count:] for stratum, count in places.items()}
    more = _shares({stratum: len(rest) for stratum, rest in left.items()}, spares, at_least=False)
    others = [number for stratum, count in more.items() for number in left[stratum][:count]]
    return Group(tuple(sorted(chosen)), tuple(sorted(others, key=order.index)))


def _lot(seed: int, number: int) -> bytes:
    """A lot that is drawn alike on every machine."""
    return blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()


def _shares(sizes: Mapping[str, int], n: int, *, at_least: bool) -> dict[str, int]:
    """How many places each stratum has of `n`, by its size; never more than there are people."""
    total = sum(sizes.values())
    if n >= total:
        return dict(sizes)
    floor = int(at_least)
    exact = {stratum: n * size / total for stratum, size in sizes.items()}
    given = {stratum: max(int(exact[stratum]), floor and min(1, sizes[stratum])) for stratum in sizes}
    while sum(given.values()) > n:  # what the small ones were given is the large ones' surplus
        most = max((s for s in given if given[s] > 1), key=lambda s: (given[s] - exact[s], sizes[s], s))
        given[most] -= 1
    while sum(given.values()) < n:
        free = (s for s in given if given[s] < sizes[s])
        given[max(free, key=lambda s: (exact[s] - given[s], sizes[s], s))] += 1
    return given


def stratum(*parts: str) -> str:
    """What parts people into groups, in words: `EUR 1k-10k · price`."""
    return " · ".join(part or "(not known)" for part in parts)
