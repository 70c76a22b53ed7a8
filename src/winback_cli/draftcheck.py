"""The checks of a draft: what a letter to a lost customer may not say, found sentence by sentence.

Each check is one function here and one entry of `CHECKS`; the words that it looks for are data, one
file a language (`words/en.toml`). Nothing here is certain: a check reads words, not minds, which is
why each cites the sentence, and why a playbook may turn it to a warning, or off.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, cast

from winback_cli import sentences, text, words
from winback_cli.errors import BadInput
from winback_cli.sentences import Sentence
from winback_cli.words import Words

LONGEST = 100_000  # characters of a draft; a long letter has 5,000

Level = Literal["block", "warn"]


class Draft(NamedTuple):
    """A message as it would be sent: the subject one line, the body as it would be read."""

    subject: str
    body: str


class Promise(NamedTuple):
    """A change promised to this customer, as it is on record; `due` is an ISO day, or empty."""

    what: str
    state: str = "open"  # open | kept | broken
    owner: str = ""
    due: str = ""
    assured_by: str = ""


class Told(NamedTuple):
    """What is on record about the customer, their people and ours, and where the case stands.

    `names` is what they may be called, `others` whom no letter to them may name, `said` their own
    words. `asking_allowed` is true only in a follow-up after the changes were shown as done (E4).
    """

    stage: str = "contact"  # contact | revisit | follow_up | fixed
    names: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    listened: bool = False
    complaints_heard: bool = False
    changes: tuple[Promise, ...] = ()
    said: tuple[str, ...] = ()
    asking_allowed: bool = False
    offered: tuple[str, ...] = ()
    today: str = ""


class Found(NamedTuple):
    """A fault: the sentence of the draft (empty where the whole lacks something), what, and the way out."""

    check: str
    level: Level
    sentence: str
    say: str
    remedy: str
    source: tuple[str, ...]


class Letter(NamedTuple):
    """A draft as it is checked: its sentences, the subject's first, with what is on record."""

    sentences: tuple[Sentence, ...]
    told: Told
    words: Words

    def says(self, phrases: str, plain: str) -> bool:
        """Whether a sentence says one of these phrases itself."""
        return words.says(self.words.phrases[phrases], plain, self.words)

    def has(self, phrases: str, plain: str) -> bool:
        """Whether one of these phrases stands in it, denied or not."""
        found = self.words.phrases[phrases].says
        return found is not None and found.search(plain) is not None

    def each(self, phrases: str) -> Iterator["Fault"]:
        """The sentences that say one of these phrases."""
        return (Fault(one.shown) for one in self.sentences if self.says(phrases, one.own))


class Fault(NamedTuple):
    """A sentence that a check finds fault with, and what to say where it is not the usual."""

    sentence: str
    say: str = ""
    remedy: str = ""


class Rule(NamedTuple):
    """A check: how hard it is unless the playbook says otherwise, its words to the user, its sources."""

    level: Level
    say: str
    remedy: str
    source: tuple[str, ...]
    finds: Callable[[Letter], Iterable[Fault]]


def check(
    draft: Draft, told: Told, levels: Mapping[str, str] | None = None, language: str = "en"
) -> tuple[Found, ...]:
    """The faults of a draft, in the order of `CHECKS` and of the text; at most one a check and sentence.

    `levels` sets a check to `block`, `warn` or `off`, instead of its own level. Raises BadInput for a
    draft that is no letter (over 100,000 characters) and for levels that are none, and NotFound for a
    language without words.
    """
    if len(draft.subject) + len(draft.body) > LONGEST:
        raise BadInput(
            f"The message is too long to be checked: more than {LONGEST:,} characters.",
            "Shorten it; one page says more.",
        )
    set_to = _levels(levels or {})
    letter = _read(draft, told, words.words_of(language))
    found: list[Found] = []
    for name, rule in CHECKS.items():
        level = set_to.get(name, rule.level)
        if level != "off":
            found += _told_of(name, rule, cast(Level, level), letter)
    early = {one.sentence for one in found if one.check == "early_apology"}
    return tuple(one for one in found if one.check != "bare_apology" or one.sentence not in early)


def _levels(levels: Mapping[str, str]) -> Mapping[str, str]:
    for name, level in levels.items():
        if name not in CHECKS or level not in ("block", "warn", "off"):
            near = text.nearest(name, list(CHECKS))
            hint = f"Did you mean {near}?" if near and near != name else "It is block, warn or off."
            raise BadInput(f"{text.shorten(name, 40)!r} is no check with that level.", hint)
    return levels


def _read(draft: Draft, told: Told, spoken: Words) -> Letter:
    subject = sentences.cut(draft.subject.replace("\n", " "), spoken, told.said)
    body = sentences.cut(draft.body.replace("\r\n", "\n").replace("\r", "\n"), spoken, told.said)
    apart = tuple(one._replace(block=-1) for one in subject)
    return Letter(apart + body, told, spoken)


def _told_of(name: str, rule: Rule, level: Level, letter: Letter) -> list[Found]:
    faults = {fault.sentence: fault for fault in reversed(list(rule.finds(letter)))}
    return [
        Found(name, level, one.sentence, one.say or rule.say, one.remedy or rule.remedy, rule.source)
        for one in reversed(faults.values())
    ]


# -- what is on record about a change --------------------------------------------------------------

_FITS = 0.5  # of the words that tell a change, in a sentence that speaks of it
_SAME = 0.75  # in a sentence that says little else


def _change_in(one: Sentence, letter: Letter, least: float = _FITS) -> Promise | None:
    """The recorded change that a sentence speaks of: the likest; of equals, the one that is kept."""
    liken = [
        (words.likeness(one.plain, change.what, letter.words), change.state == "kept", n)
        for n, change in enumerate(letter.told.changes)
    ]
    best = max(liken, default=(0.0, False, 0))
    return letter.told.changes[best[2]] if best[0] >= least else None


def _named(one: Sentence, letter: Letter) -> bool:
    """Whether a sentence names a change: one on record, or one told by what was done and since when."""
    return _change_in(one, letter) is not None or letter.has("change", one.plain)


def _backed(place: int, letter: Letter) -> bool:
    """Whether what is claimed or regretted stands beside its change: in the sentence, the list under it,
    or next to it.
    """
    one = letter.sentences[place]
    beside = [near for near in letter.sentences[max(place - 1, 0) : place + 2] if near is not one]
    told = any(_change_in(near, letter) for near in beside)
    after = letter.sentences[place + 1 : place + 2]
    return (
        told or one.leads or any(_named(near, letter) for near in (one, *after) if near.block == one.block)
    )


def _late(change: Promise, told: Told) -> bool:
    """Whether it is broken, or was due before today."""
    overdue = change.state == "open" and "" < change.due < told.today
    return change.state == "broken" or overdue


# -- the checks ------------------------------------------------------------------------------------


def _plea(letter: Letter) -> Iterable[Fault]:
    return () if letter.told.asking_allowed else letter.each("plea")


def _early_apology(letter: Letter) -> Iterable[Fault]:
    return () if letter.told.listened else letter.each("apology")


def _bare_apology(letter: Letter) -> Iterator[Fault]:
    """After the talk in which complaints were heard, an apology closes it (B3.4) and wants no change."""
    told = letter.told
    if told.stage == "contact" and told.listened and told.complaints_heard:
        return
    for place, one in enumerate(letter.sentences):
        if letter.says("apology", one.own) and not _backed(place, letter):
            yield Fault(one.shown)


def _vague(letter: Letter) -> Iterator[Fault]:
    for place, one in enumerate(letter.sentences):
        vague = letter.says("vague", one.own)
        # "It is fixed" claims as little where nothing is on record; what is, `not_done` looks at.
        empty = not letter.told.changes and not one.leads and _claims_all(place, letter)
        if (vague or empty) and not one.asks and not _backed(place, letter):
            yield Fault(one.shown)


def _unowned(letter: Letter) -> Iterator[Fault]:
    for one in letter.sentences:
        if not one.asks and not one.leads and _promises(one, letter):
            change = _change_in(one, letter)
            if change is not None and _late(change, letter.told):
                yield Fault(one.shown, *_LATE)
            elif not _dated(one, letter) and not _on_record(change, one, letter):
                yield Fault(one.shown)


def _promises(one: Sentence, letter: Letter) -> bool:
    """Whether a sentence, or the line that its list stands under, speaks of something to come."""
    if letter.has("condition", one.own):
        return False
    listed = bool(one.lead) and letter.says("promise", one.lead) and not _claims(one.own, letter)
    return listed or letter.says("promise", one.own)


def _dated(one: Sentence, letter: Letter) -> bool:
    """Whether it names a day and a person."""
    person = letter.has("person", one.own) or sentences.names_somebody(one, letter.told.ours, letter.words)
    return person and letter.has("day", one.own)


def _on_record(change: Promise | None, one: Sentence, letter: Letter) -> bool:
    """Whether a change with an owner and a day, or an offer, is on record for it."""
    if change is not None and (change.state == "kept" or (change.owner and change.due)):
        return True
    return any(words.likeness(one.plain, terms, letter.words) >= _FITS for terms in letter.told.offered)


def _not_done(letter: Letter) -> Iterator[Fault]:
    undone = any(change.state != "kept" for change in letter.told.changes)
    for place, one in enumerate(letter.sentences):
        if one.asks or one.leads or not undone:
            continue
        change = _change_in(one, letter)
        if change is None:
            claims = _claims_all(place, letter)
        else:
            claims = change.state != "kept" and _claims_change(one, change, letter)
        if claims:
            yield Fault(one.shown)


def _claims(plain: str, letter: Letter) -> bool:
    """Whether a sentence says of itself that it is done."""
    return letter.has("marked_done", plain)


def _claims_all(place: int, letter: Letter) -> bool:
    """Whether a sentence says that it is all done; "it", said of a change just told, is that change."""
    one = letter.sentences[place]
    if one.asks or _promises(one, letter) or letter.has("condition", one.own):
        return False
    if not letter.says("claim", one.own):
        return False
    before = letter.sentences[place - 1] if place else None
    return before is None or _change_in(before, letter) is None or letter.has("whole", one.own)


def _claims_change(one: Sentence, change: Promise, letter: Letter) -> bool:
    """Whether a sentence about a change tells it as done: by its words, its list, or as a plain fact."""
    if _claims(one.own, letter) or (one.lead and letter.says("claim", one.lead)):
        return True
    told = words.stems(words.folded(change.what, letter.words), letter.words, all_words=True)
    besides = " ".join(
        word for word in one.own.split() if not words.stems(word, letter.words, all_words=True) & told
    )
    if letter.has("not_yet", besides) or letter.has("condition", one.own) or one.lead:
        return False
    if words.told_of(one.own, letter.words):
        return False
    same = words.likeness(one.plain, change.what, letter.words) >= _SAME
    return same or letter.has("happened", one.own)


def _uncredited(letter: Letter) -> Iterator[Fault]:
    if letter.told.stage != "revisit":
        return
    credited = any(letter.says("credit", one.plain) for one in letter.sentences)
    thanked = any(letter.says("thanks", one.plain) for one in letter.sentences)
    if not credited:
        yield Fault("") if not thanked else Fault("", *_NO_CREDIT)
    elif not thanked:
        yield Fault("", *_NO_THANKS)


def _early_offer(letter: Letter) -> Iterable[Fault]:
    early = not letter.told.listened or letter.told.stage == "contact"
    return letter.each("offer") if early else ()


def _wrong_name(letter: Letter) -> Iterator[Fault]:
    told = letter.told
    theirs = sentences.known_words(told.names)
    ours = theirs | sentences.known_words(told.ours)
    for one in letter.sentences if theirs else ():
        greeting = sentences.greeting_in(one, letter.words)
        greeted = sentences.known_words(greeting.names if greeting else ())
        if not (
            greeted <= theirs and sentences.known_words(sentences.spoken_to(one, letter.words)) <= ours
        ):
            yield Fault(one.shown)
    may_stand = told.names + told.ours
    for shown in sentences.naming(letter.sentences, told.others, may_stand, letter.words):
        yield Fault(shown, *_OTHERS)


def _placeholder(letter: Letter) -> Iterator[Fault]:
    return (Fault(one.shown) for one in letter.sentences if sentences.unfilled(one, letter.words))


_LATE = (
    "It promises again what the record says is overdue or broken.",
    "Agree on a new day first (winback promise), say openly that the old one was missed, or leave it out.",
)
_NO_CREDIT = (
    "It does not say that this came about because of what they said.",
    "Say which change came from their words.",
)
_NO_THANKS = ("It does not thank them for naming the problem.", "Thank them for having named it.")
_OTHERS = ("It names another customer.", "Leave the other customer out.")

CHECKS: dict[str, Rule] = {
    "plea": Rule(
        "block",
        "It says that you want them back.",
        "Say what changes, and leave the rest to them; asking comes after the changes are done.",
        ("B6.3", "E4"),
        _plea,
    ),
    "early_apology": Rule(
        "block",
        "It apologises before you have listened.",
        "Leave the apology out for now; ask, listen, and apologise for what you then know.",
        ("B2.3",),
        _early_apology,
    ),
    "bare_apology": Rule(
        "block",
        "It apologises, and names no change beside it.",
        "Say in the same sentence what has changed, or what changes by when; or leave it out.",
        ("A5",),
        _bare_apology,
    ),
    "reproach": Rule(
        "block",
        "It can be read as blaming the customer.",
        "Leave it out, or tell your own part of it.",
        ("E7",),
        lambda letter: letter.each("reproach"),
    ),
    "vague": Rule(
        "block",
        "It claims a change without saying which.",
        "Name the change, and since when; what cannot be named is not claimed.",
        ("C7", "B6.2"),
        _vague,
    ),
    "unowned": Rule(
        "block",
        "It promises something without a day or without a person.",
        "Say who sees to it and by which day, or record the promise (winback promise add).",
        ("D4", "C7"),
        _unowned,
    ),
    "not_done": Rule(
        "block",
        "It says that something is done which the record does not say is done.",
        "Say by when it will be, or record it as kept once it is (winback promise keep).",
        ("B6.6",),
        _not_done,
    ),
    "uncredited": Rule(
        "block",
        "It neither credits the customer for the change nor thanks them for naming the problem.",
        "Say which change came from their words, and thank them for having named it.",
        ("B6.4",),
        _uncredited,
    ),
    "early_offer": Rule(
        "block",
        "It makes an offer before you have listened.",
        "Leave the offer out; what fits is known when they have told you why they left.",
        ("B3.1",),
        _early_offer,
    ),
    "wrong_name": Rule(
        "block",
        "It addresses somebody whom the record does not know as this customer.",
        "Correct the name, or add the person to the customer (winback edit).",
        (),
        _wrong_name,
    ),
    "placeholder": Rule("block", "Something in it was never filled in.", "Fill it in.", (), _placeholder),
    "pressure": Rule(
        "warn",
        "It presses them for time.",
        "Give a day without a threat, or leave the time to them.",
        ("E5", "E7"),
        lambda letter: letter.each("pressure"),
    ),
    "gift": Rule(
        "warn",
        "Flowers or a dinner will not do.",
        "Offer something of use to them, or nothing.",
        ("C9",),
        lambda letter: letter.each("gift"),
    ),
}
