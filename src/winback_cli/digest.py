"""What the firm learned from those who left, for marketing and product to read (A9, A10, C5).

Cases in, and answers to surveys that no case was made of; one value out: what they said by reason, what
they asked for, where we guessed wrong, what the firm learned and mends. Without names unless they are
wanted. A reason that fewer than three cases have is folded into the others and quoted nowhere, so that
nobody is known again by it. How it looks is not known here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from winback_cli import blanking, text
from winback_cli.blanking import Names

FEW = 3  # cases below which a reason is named and quoted nowhere
QUOTES = 5  # of one reason, and of one kind
COMPARED = 500  # texts of one reason that are compared once the names are out of them
GUESSES = 8
LESSONS = 40
PLACES = 10  # where they buy now
LONGEST = 240  # characters of a quote
SAID = ("heard.why_left", "heard.complaints", "revisited.response_words")
ASKED = ("heard.requirements", "heard.second_chance", "heard.long_term")
MISSED = ("no", "partly")  # how far our own view held
CHECK_INS = "followed_up.check_ins"
FACTS = (
    *SAID,
    *ASKED,
    *("backstory.internal_view", "classified.reason", "classified.theory"),
    *("heard.buys_now", "followed_up.lesson", CHECK_INS),
)
NOTHING = "Nothing to tell yet: no case has words of a customer's, a lesson or a fix."


class Told(NamedTuple):
    """What one case tells: its facts of `FACTS`, when the last of them was said, and who it is about; or
    what an answer to a survey does, which has no `case`.

    `called` are the names in it - theirs, the firm's, whoever was reached -, `places` the contact points.
    """

    case: str
    who: str
    day: str
    facts: Mapping[str, object]
    called: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    staff: str = ""

    @property
    def reason(self) -> str:
        """The reason of the taxonomy; a leaf of the playbook's own counts as its reason."""
        return str(self.facts.get("classified.reason") or "").partition("/")[0]

    @property
    def names(self) -> Names:
        return blanking.names_of(self.called, self.places, self.staff)


class FirmFix(NamedTuple):
    """What the firm mends: open, or done on a day; `customers` asked for it.

    `called` are their names, `alone` those of others who asked for it and then to be left alone.
    """

    what: str
    owner: str
    due: str
    done_on: str
    customers: int
    called: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """Of cases opened since a day (ISO), with or without names, and the day it is.

    `others` finds the names of customers on record in a text, which go out of it too.
    """

    today: str
    since: str = ""
    named: bool = False
    others: Callable[[str], Iterable[str]] = blanking.nobody_else  # names of any customers in a text


class Quote(NamedTuple):
    """Somebody's words; `times` they were said alike. `who` and `case` only where names are wanted."""

    words: str
    times: int = 1
    who: str = ""
    case: str = ""


class Voices(NamedTuple):
    """What those of one reason said and asked for, the newest first, and how much more there is."""

    reason: str  # "" where it is not classified yet
    cases: int
    said: tuple[Quote, ...] = ()
    asked: tuple[Quote, ...] = ()
    more_said: int = 0
    more_asked: int = 0
    answers: int = 0  # of the cases those that are answers to surveys

    @property
    def words(self) -> str:
        return self.reason.replace("_", " ") or "not classified yet"


class Guess(NamedTuple):
    """What we thought and what they said, where the one was not the other (B1.2)."""

    thought: str
    said: str
    theory: str  # no | partly
    who: str = ""
    case: str = ""


class Lesson(NamedTuple):
    """What the firm learned about itself, and in how many cases (A10)."""

    words: str
    times: int


class Place(NamedTuple):
    """Where so many of them buy now."""

    where: str
    cases: int
    answers: int = 0


class Digest(NamedTuple):
    """The whole of it. `cases` is what it rests on, `heard` those with words of the customer's, `alone`
    those left out because they asked to be left alone. `others` counts the cases of rare reasons,
    `elsewhere` those who buy where few do. `wrong` of `judged` guesses did not hold, or only partly.
    """

    wanted: Wanted
    cases: int
    heard: int
    alone: int
    voices: tuple[Voices, ...]
    others: int
    places: tuple[Place, ...]
    elsewhere: int
    judged: int
    wrong: int
    guesses: tuple[Guess, ...]
    lessons: tuple[Lesson, ...]
    more_lessons: int
    done: tuple[FirmFix, ...]
    open: tuple[FirmFix, ...]
    notes: tuple[str, ...]
    surveys: int = 0  # of the cases those that are answers to surveys
    other_answers: int = 0
    elsewhere_answers: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell; then `NOTHING` says so."""
        return not (self.heard or self.lessons or self.done or self.open or self.judged)


def learned(told: Iterable[Told], fixes: Iterable[FirmFix], alone: int, wanted: Wanted) -> Digest:
    """The digest of these cases, which are nobody's who is left alone (A9, A10, C5)."""
    cases = sorted(told, key=lambda one: (one.day, one.case), reverse=True)
    by_reason = _by_reason(cases)
    shown = {why: found for why, found in by_reason.items() if _is_told(why, found, wanted)}
    voices = tuple(_voices(why, found, wanted) for why, found in shown.items())
    judged = [one for one in cases if one.facts.get("classified.theory")]
    wrong = [one for one in judged if one.facts["classified.theory"] in MISSED]
    quotable = [one for one in wrong if wanted.named or len(by_reason[one.reason]) >= FEW]
    places, elsewhere = _places(cases, wanted)
    others = [one for why, found in by_reason.items() if why not in shown for one in found]
    lessons = _lessons(cases, wanted)
    mended = [_fix(fix, wanted) for fix in fixes]
    surveys = _answers(cases)
    return Digest(
        wanted=wanted._replace(others=blanking.nobody_else),
        cases=len(cases),
        heard=sum(1 for one in cases if _said(one) or _asked(one)),
        alone=alone,
        voices=voices,
        others=len(others),
        places=places,
        elsewhere=len(elsewhere),
        judged=len(judged),
        wrong=len(wrong),
        guesses=_guesses(quotable, wanted),
        lessons=lessons[:LESSONS],
        more_lessons=len(lessons[LESSONS:]),
        done=_done(mended, wanted.since),
        open=tuple(sorted((f for f in mended if not f.done_on), key=lambda f: (not f.due, f.due, f.what))),
        notes=_notes(wanted, alone, surveys),
        surveys=surveys,
        other_answers=_answers(others),
        elsewhere_answers=_answers(elsewhere),
    )


def counted(cases: int, answers: int) -> str:
    """So many cases, in words, and those of them that are answers to surveys apart."""
    told = [_many(cases - answers, "case")] if cases > answers or not answers else []
    return " and ".join([*told, *([_many(answers, "survey answer")] if answers else [])])


def _answers(cases: Iterable[Told]) -> int:
    return sum(1 for one in cases if not one.case)


def _notes(wanted: Wanted, alone: int, surveys: int) -> tuple[str, ...]:
    """What it rests on and leaves out, in sentences."""
    whose = f"{_many(alone, 'case')}{' or answers' if surveys else ''}"
    left = f"{whose} of people who asked to be left alone: nothing of theirs is in here."
    if wanted.named:
        names = "This holds customers' names: it is for people who may know them."
    else:
        names = (
            f"Names on record, addresses and numbers are blanked, and a reason that fewer than {FEW} cases"
            " have is not quoted. A name that nobody recorded may still be in a quote: read it before you"
            " send it on."
        )
    rests = "These are the words of those who were asked and answered; others may see it differently."
    asked = (
        "Answers to surveys and notes of focus groups are counted beside the cases where no case was made"
        f" of them: {surveys:,} of them."
    )
    return (rests, *((asked,) if surveys else ()), names, *((left,) if alone else ()))


# -- what they said --------------------------------------------------------------------------


def _by_reason(cases: Sequence[Told]) -> dict[str, list[Told]]:
    """The cases by reason, the most first; those without one last."""
    found: dict[str, list[Told]] = {}
    for one in cases:
        found.setdefault(one.reason, []).append(one)
    return dict(sorted(found.items(), key=lambda entry: (not entry[0], -len(entry[1]), entry[0])))


def _is_told(reason: str, found: Sequence[Told], wanted: Wanted) -> bool:
    """Whether a reason stands for itself; without one a case tells nothing by standing alone."""
    return wanted.named or not reason or len(found) >= FEW


def _voices(reason: str, cases: Sequence[Told], wanted: Wanted) -> Voices:
    if len(cases) < FEW and not wanted.named:
        return Voices(reason, len(cases), answers=_answers(cases))
    said, more_said = _quotes(cases, _said, wanted)
    asked, more_asked = _quotes(cases, _asked, wanted)
    return Voices(reason, len(cases), said, asked, more_said, more_asked, _answers(cases))


def _said(one: Told) -> list[str]:
    """What they said: why they left, what they complained of, their answer, what they say since (A8)."""
    entries = one.facts.get(CHECK_INS)
    there = entries if isinstance(entries, list) else []
    since = [entry.get("feedback") for entry in there if not entry.get("removed")]
    return _texts([*(one.facts.get(name) for name in SAID), *since[::-1]])


def _asked(one: Told) -> list[str]:
    """What it would take, in their words."""
    return _texts([one.facts.get(name) for name in ASKED])


def _texts(found: Iterable[object]) -> list[str]:
    lines = (text.line(words) for words in found if isinstance(words, str))
    return list(dict.fromkeys(words for words in lines if words))


def _quotes(
    cases: Sequence[Told], of: Callable[[Told], list[str]], wanted: Wanted
) -> tuple[tuple[Quote, ...], int]:
    """The first words of each case, the newest first, then their further ones; and how many more there are.

    The same words of several are told once, with how often, unless each is to be named; words that are
    the same once the names are out of them, too.
    """
    every = [(place, one, words) for one in cases for place, words in enumerate(of(one))]
    every.sort(key=lambda found: found[0])
    alike: dict[object, list[tuple[Told, str]]] = {}
    for _, one, words in every:
        alike.setdefault(((one.case or one.who) if wanted.named else "", _folded(words)), []).append(
            (one, words)
        )
    chosen = list(alike.values())
    quotes: dict[Quote, int] = {}
    for found in chosen[:COMPARED]:
        quote = Quote(_shown(found[0][1], found[0][0], wanted), 1, *_source(found[0][0], wanted))
        quotes[quote] = quotes.get(quote, 0) + len(found)
    told = [quote._replace(times=times) for quote, times in quotes.items()]
    return tuple(told[:QUOTES]), len(told[QUOTES:]) + len(chosen[COMPARED:])


def _folded(words: str) -> str:
    """Words as they are compared: no case, no accents, no full stop at the end."""
    return text.fold(words).strip(" .!\"'")


def _shown(words: object, one: Told, wanted: Wanted) -> str:
    """Somebody's words as they are told: without names unless wanted, and not too long."""
    line = text.line(str(words))
    if wanted.named:
        return blanking.shortened(line, LONGEST)
    names = blanking.and_whole(one.names, wanted.others(line))
    return blanking.shortened(blanking.blanked(line, names), LONGEST)


def _source(one: Told, wanted: Wanted) -> tuple[str, str]:
    return (text.line(one.who), one.case) if wanted.named else ("", "")


def _places(cases: Sequence[Told], wanted: Wanted) -> tuple[tuple[Place, ...], list[Told]]:
    """Where they buy now, the most first; and those who buy where fewer than three do."""
    found: dict[str, list[Told]] = {}
    for one in cases:
        if where := _texts([one.facts.get("heard.buys_now")]):
            found.setdefault(_folded(where[0]), []).append(one)
    told = [there for there in found.values() if wanted.named or len(there) >= FEW]
    told.sort(key=lambda there: -len(there))
    places = tuple(
        Place(_shown(there[0].facts["heard.buys_now"], there[0], wanted), len(there), _answers(there))
        for there in told[:PLACES]
    )
    shown = told[:PLACES]
    return places, [one for there in found.values() if there not in shown for one in there]


# -- what the firm learned -------------------------------------------------------------------


def _guesses(cases: Sequence[Told], wanted: Wanted) -> tuple[Guess, ...]:
    """Our own view beside theirs, where both are on record, the newest first (B4.1)."""
    found = []
    for one in cases:
        thought, said = one.facts.get("backstory.internal_view"), one.facts.get("heard.why_left")
        if thought and said:
            both = (_shown(thought, one, wanted), _shown(said, one, wanted))
            found.append(Guess(*both, str(one.facts["classified.theory"]), *_source(one, wanted)))
    return tuple(found[:GUESSES])


def _lessons(cases: Sequence[Told], wanted: Wanted) -> tuple[Lesson, ...]:
    """What the firm learned about itself, the same words once, the most frequent first (A10)."""
    found: dict[str, list[tuple[Told, str]]] = {}
    for one in cases:
        for words in _texts([one.facts.get("followed_up.lesson")]):
            found.setdefault(_folded(words), []).append((one, words))
    times: dict[str, int] = {}
    for there in found.values():
        shown = _shown(there[0][1], there[0][0], wanted)
        times[shown] = times.get(shown, 0) + len(there)
    lessons = (Lesson(words, count) for words, count in times.items())
    return tuple(sorted(lessons, key=lambda lesson: -lesson.times))


def _fix(fix: FirmFix, wanted: Wanted) -> FirmFix:
    """A fix as it is told: without the names of those who asked for it, unless they are wanted; never
    with the name of somebody who is left alone.
    """
    what, gone = text.line(fix.what), fix.alone if wanted.named else (*fix.called, *fix.alone)
    if gone or not wanted.named:
        names = blanking.only_capitals(blanking.names_of(gone))
        others = () if wanted.named else wanted.others(what)
        what = blanking.blanked(what, blanking.and_whole(names, others))
    what = blanking.shortened(what, LONGEST)
    return fix._replace(what=what, owner=text.line(fix.owner), called=(), alone=())


def _done(fixes: Sequence[FirmFix], since: str) -> tuple[FirmFix, ...]:
    """Those done since then, the newest first."""
    there = [fix for fix in fixes if fix.done_on and fix.done_on >= since]
    return tuple(sorted(there, key=lambda fix: fix.done_on, reverse=True))


def _many(number: int, what: str) -> str:
    """`1 case`, `3 cases`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")
