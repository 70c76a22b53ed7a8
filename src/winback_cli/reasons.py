"""Why they left, read from a sentence: the reason that its words suggest, or none where it is unsure.

The words are data, one file a language (`words/reasons.en.toml`); nothing here is certain, so whoever asked
confirms. It counts words and knows three things of grammar: what a clause denies or praises is no reason,
what follows a "but" outweighs what came before, and a cause outweighs what it led to. No pattern comes from
the data, and each word is looked at with the few behind it, so that time grows with the text and no faster.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from winback_cli import text, words
from winback_cli.lexicon import Lexicon, Node, Phrase, lexicon_of
from winback_cli.stages import Reason

SUSPECTED = 0.5  # below, nothing is suggested
SURE = 0.75  # from here on, a suggestion may be what Enter takes
LONGEST = 500  # words that are read
_LABEL = 4  # so few words are a heading, as exports have them, and no sentence
_NEAR = 4  # words, so far a denial reaches
_SAYS, _NAMED, _HINTS = 3.0, 2.2, 0.8  # what a phrase, a topic with its trouble, and a mere mention weigh
_ALSO = 0.4  # a second phrase for the same reason, of the first one's weight
_BEFORE_BUT, _LED_TO = 0.4, 0.5
_SPLITTING = ("contrast", "turn", "cause", "result", "concession")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[,;:()]|[.!?\n]|(?<=\s)[-\u2013\u2014]+(?=\s)")


class Suggestion(NamedTuple):
    """A reason of `stages.Reason`, or None; how sure that is, 0 to 1; the words that decided."""

    reason: str | None
    confidence: float
    because: tuple[str, ...]


class _Token(NamedTuple):
    """A word as it is read, what it fits, where it stands in the text, in which clause and sentence."""

    word: str
    parts: Mapping[int, int]
    start: int
    end: int
    clause: int
    sentence: int


class _Match(NamedTuple):
    """A phrase found: the places of its own words, not of those between; of two alike the least `rank`
    goes first.
    """

    phrase: Phrase
    at: tuple[int, ...]
    rank: tuple[int, int]


class _Evidence(NamedTuple):
    """What speaks for a reason, and how much."""

    reason: str
    weight: float
    first: int
    last: int


def suggest(words: str, language: str = "en") -> Suggestion:
    """The reason that a customer's sentence or a list's label suggests; None where it is unsure.

    Several reasons in one: the clause after "but", and the cause before what it led to, count more; two
    that weigh the same give none. "Not said", "other" and the like give `unknown`. Only the first 500
    words are read. Raises NotFound for a language without words. (B4.2, B4.3, E0)
    """
    lexicon = lexicon_of(language)
    given = text.clean(words)
    tokens, marks = _split(_tokens(given, language), lexicon)
    found = _evidence(tokens, marks, lexicon)
    scores = _scores(found)
    if not scores:
        return Suggestion(None, 0.0, ())
    reason, confidence = _best(scores)
    if confidence < SUSPECTED:
        return Suggestion(None, confidence, ())
    return Suggestion(reason, confidence, _quoted(given, tokens, found, reason))


# -- the text --------------------------------------------------------------------------------------


def _tokens(given: str, language: str) -> list[_Token]:
    """The words, folded as the lexicon's, slips of the keyboard mended where that is safe."""
    found: list[_Token] = []
    clause = sentence = 0
    for match in _TOKEN.finditer(words.evened(given)):
        mark = match[0]
        if not mark[0].isalnum():
            clause += 1
            sentence += mark[0] in ".!?\n"
            continue
        for word, parts in _meant(mark[:40], language):
            found.append(_Token(word, parts, *match.span(), clause, sentence))
        if len(found) >= LONGEST:
            break
    return found


@lru_cache(maxsize=10_000)
def _meant(written: str, language: str) -> tuple[tuple[str, Mapping[int, int]], ...]:
    """What one written word says, in one word or several, each with what it fits."""
    lexicon = lexicon_of(language)
    read = (_mended(word, lexicon) for word in words.folded(written, lexicon.folding).split())
    return tuple((word, lexicon.parts(word)) for word in read)


def _mended(word: str, lexicon: Lexicon) -> str:
    """The word that was meant: a long one, of a short list, one slip away and begun alike; or itself."""
    if len(word) < 7 or word in lexicon.known or word[0] not in lexicon.spelt:
        return word
    from rapidfuzz.distance import OSA

    near = [one for one in lexicon.spelt[word[0]] if OSA.distance(word, one, score_cutoff=1) <= 1]
    inflected = any(word.startswith(one) or one.startswith(word) for one in near)
    return near[0] if len(near) == 1 and not inflected else word


def _split(tokens: list[_Token], lexicon: Lexicon) -> tuple[list[_Token], list[_Match]]:
    """The same words, with clauses cut before a "but" or "because", and before "and we ..." too; and the
    marks that stand in these clauses.
    """
    marks = _apart(_found(tokens, lexicon.marks, lexicon.gap))
    cuts = {mark.at[0] for mark in marks if mark.phrase.means in _SPLITTING}
    split: list[_Token] = []
    more = 0
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else None
        same = before is not None and before.clause == token.clause
        joined = token.word in lexicon.subjects and before is not None and before.word in lexicon.joins
        more += same and (i in cuts or joined)
        split.append(token._replace(clause=token.clause + more) if more else token)
    return split, _apart(_found(split, lexicon.marks, lexicon.gap)) if more else marks


def _found(tokens: Sequence[_Token], tree: Node, gap: int) -> list[_Match]:
    """Every phrase of a tree that stands in a clause, its words the nearest that fit."""
    found: list[_Match] = []
    for i, token in enumerate(tokens):
        for number in tree.next.keys() & token.parts.keys():
            for phrase, at in _onward(tokens, (i,), tree.next[number], gap):
                found.append(_Match(phrase, at, (token.parts[number], phrase.place)))
    return found


def _onward(
    tokens: Sequence[_Token], at: tuple[int, ...], node: Node, gap: int
) -> Iterator[tuple[Phrase, tuple[int, ...]]]:
    """The phrases that end where the words at these places led, and those that go on in their clause."""
    for phrase in node.phrases:
        yield phrase, at
    behind, clause = at[-1] + 1, tokens[at[0]].clause
    seen: set[int] = set()
    for i in range(behind, min(behind + (gap if node.later else 0) + 1, len(tokens))):
        parts = tokens[i].parts.keys()
        if tokens[i].clause != clause:
            return
        if i == behind and node.next:
            for number in node.next.keys() & parts:
                yield from _onward(tokens, (*at, i), node.next[number], gap)
        for number in (node.later.keys() & parts) - seen:
            seen.add(number)
            yield from _onward(tokens, (*at, i), node.later[number], gap)


def _apart(found: Iterable[_Match]) -> list[_Match]:
    """Those that share no word; the longer is kept, and what says more."""
    order = ("mark", "says", "topics", "hints")
    taken: set[int] = set()
    kept = []
    for match in sorted(found, key=lambda m: (-len(m.at), order.index(m.phrase.kind), m.at, m.rank)):
        if taken.isdisjoint(match.at):
            taken.update(match.at)
            kept.append(match)
    return sorted(kept, key=lambda match: match.at)


# -- what speaks for a reason ----------------------------------------------------------------------


class _Sense(NamedTuple):
    """What steers the sentence: where it denies and judges, what it sets aside, what each clause weighs."""

    denials: frozenset[int]
    spent: frozenset[int]  # the denials that turn a judgement round: "not happy with the price"
    feelings: Mapping[int, bool]  # whether the word there is praise, once denials are heeded
    dismissed: frozenset[int]
    weights: Mapping[int, float]


def _sense(tokens: Sequence[_Token], marks: Sequence[_Match]) -> _Sense:
    denials = frozenset(match.at[0] for match in marks if match.phrase.means == "denial")
    feelings: dict[int, bool] = {}
    spent: set[int] = set()
    for match in marks:
        if match.phrase.means in ("praise", "trouble", "turn"):
            turned = _denying(match.at, tokens, denials)
            spent.update(turned)
            feelings[match.at[-1]] = (match.phrase.means == "praise") is not bool(turned)
    dismissed = frozenset(tokens[m.at[0]].clause for m in marks if m.phrase.means == "dismissal")
    return _Sense(denials, frozenset(spent), feelings, dismissed, _weights(tokens, marks))


def _denying(at: tuple[int, ...], tokens: Sequence[_Token], denials: frozenset[int]) -> list[int]:
    """The denials of its clause that reach it: shortly before it, or between its words."""
    clause = tokens[at[0]].clause
    near = range(max(at[0] - _NEAR, 0), at[-1])
    return [i for i in near if i in denials and i not in at and tokens[i].clause == clause]


def _weights(tokens: Sequence[_Token], marks: Sequence[_Match]) -> dict[int, float]:
    """What each clause weighs: less what stands before a "but", and what a cause led to."""
    clauses: dict[int, dict[int, None]] = defaultdict(dict)  # of each sentence, in order
    for token in tokens:
        clauses[token.sentence][token.clause] = None
    steers: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for match in marks:
        if match.phrase.means in _SPLITTING and match.at[-1] + 1 < len(tokens):
            here = tokens[match.at[0]]
            steers[here.sentence].append((match.phrase.means, here.clause))
    weights = {token.clause: 1.0 for token in tokens}
    for sentence, own in clauses.items():
        first = next(iter(own))
        for clause, factor in _steered(list(own), steers[sentence]):
            weights[clause] *= factor
        if ("contrast", first) in steers[sentence] or ("turn", first) in steers[sentence]:
            for clause in clauses.get(sentence - 1, ()):
                weights[clause] *= _BEFORE_BUT
    return weights


def _steered(own: Sequence[int], steers: Iterable[tuple[str, int]]) -> Iterator[tuple[int, float]]:
    """The clauses of a sentence that its connectives make weigh less, with how much of it is left."""
    at: dict[str, set[int]] = defaultdict(set)
    for means, clause in steers:
        at[means].add(clause)
    but, why = max(at["contrast"] | at["turn"], default=-1), max(at["cause"], default=-1)
    so = min(at["result"], default=own[-1] + 1)
    for clause in own:
        if clause < but:
            yield clause, _BEFORE_BUT
        if clause in at["concession"]:
            yield clause, _BEFORE_BUT
        # A cause tells why what came before it was so; where it opens the sentence, what comes after
        if clause >= so or clause < why or (why == own[0] and clause > why):
            yield clause, _LED_TO


def _evidence(tokens: Sequence[_Token], marks: Sequence[_Match], lexicon: Lexicon) -> list[_Evidence]:
    """What speaks for each reason, in the order of the text."""
    sense = _sense(tokens, marks)
    found = _apart(_found(tokens, lexicon.reasons, lexicon.gap))
    label = len(tokens) <= _LABEL and len(sense.weights) == 1
    excused: set[int] = set()  # sentences in which one reason was turned down
    evidence = []
    for match in found:
        first = tokens[match.at[0]]
        denying = _denying(match.at, tokens, sense.denials)
        if match.phrase.kind != "says":
            denying = [i for i in denying if i not in sense.spent]
        if denying or first.clause in sense.dismissed:
            excused.add(first.sentence)
            continue
        weight = _weight(match, tokens, sense, label, first.sentence in excused)
        if weight:
            weight *= sense.weights[first.clause]
            evidence.append(_Evidence(match.phrase.means, weight, match.at[0], match.at[-1]))
    return evidence


def _weight(match: _Match, tokens: Sequence[_Token], sense: _Sense, label: bool, instead: bool) -> float:
    """What a phrase weighs; a topic that is praised nothing, and with no trouble beside it little."""
    if match.phrase.kind == "says":
        return _SAYS
    if match.phrase.kind == "hints":
        return _HINTS * 2 if label else _HINTS
    feeling = _feeling(match, tokens, sense)
    if feeling is True:
        return 0.0
    return _NAMED if label or instead or feeling is False else _HINTS


def _feeling(match: _Match, tokens: Sequence[_Token], sense: _Sense) -> bool | None:
    """Whether the nearest judgement in its clause is praise; None where there is none."""
    first, last = match.at[0], match.at[-1]
    clause = tokens[first].clause
    for away in range(_NEAR + 3):
        for i in (last + away, first - away):
            if i in sense.feelings and tokens[i].clause == clause:
                return sense.feelings[i]
    return None


def _scores(evidence: Iterable[_Evidence]) -> dict[str, float]:
    """What each reason weighs: its best evidence, and part of the rest. Unknown stands only alone."""
    heard: dict[str, list[float]] = defaultdict(list)
    for one in evidence:
        heard[one.reason].append(one.weight)
    if len(heard) > 1:
        heard.pop(Reason.UNKNOWN.value, None)
    return {reason: max(w) + _ALSO * (sum(w) - max(w)) for reason, w in heard.items()}


def _best(scores: Mapping[str, float]) -> tuple[str, float]:
    """The heaviest, and how sure it is: by what it weighs, and by how far it is from the next."""
    ranked = sorted(scores, key=lambda reason: -scores[reason])
    top = scores[ranked[0]]
    second = scores[ranked[1]] if len(ranked) > 1 else 0.0
    return ranked[0], round((1 - math.exp(-0.7 * top)) * top / (top + second), 2)


def _quoted(
    given: str, tokens: Sequence[_Token], evidence: Iterable[_Evidence], reason: str
) -> tuple[str, ...]:
    """The words that decided, as they were written: at most three places, in the order of the text."""
    own = sorted((one for one in evidence if one.reason == reason), key=lambda one: -one.weight)[:3]
    own = [one for one in own if one.weight * 2 >= own[0].weight]
    spans = sorted((tokens[one.first].start, tokens[one.last].end) for one in own)
    return tuple(dict.fromkeys(text.shorten(given[start:end], 60) for start, end in spans))
