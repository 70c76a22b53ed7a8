"""A message to a customer, out of what the store knows: which kind is due, the facts that fill its
template, and what its check has to know.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from winback_cli import text
from winback_cli.case import Case, items_of
from winback_cli.draftcheck import Draft, Found, Promise, Told, check
from winback_cli.errors import BadInput, Refused
from winback_cli.playbook import Playbook
from winback_cli.route import said_no

# Words of which every English letter is full; a text of some length with few of them is none.
_ENGLISH = frozenset(
    [
        "the",
        "and",
        "to",
        "you",
        "of",
        "a",
        "is",
        "we",
        "i",
        "in",
        "for",
        "that",
        "it",
        "your",
        "our",
        "will",
        "this",
        "with",
        "have",
        "be",
        "not",
        "us",
        "me",
        "my",
        "on",
        "are",
        "as",
    ]
)
_SHORT, _LEAST = 12, 0.12
_TITLES = frozenset(
    [
        "dr",
        "prof",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "sir",
        "herr",
        "frau",
        "m",
        "mme",
        "mlle",
        "sr",
        "sra",
        "dott",
        "ing",
    ]
)
_FIRMS = frozenset(
    [
        "ltd",
        "limited",
        "gmbh",
        "ag",
        "kg",
        "inc",
        "llc",
        "llp",
        "plc",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "oy",
        "ab",
        "as",
        "aps",
        "co",
        "corp",
    ]
)
LONGEST_SUBJECT = 250  # characters; what a list of mails shows is shorter
KINDS = ("contact", "revisit", "fixed", "check_in", "last_word")
# What a message's check is told of its stage, by its kind.
_STAGES = {"check_in": "follow_up", "last_word": "follow_up"}


class Mended(NamedTuple):
    """A fix that is told of: what, and the ISO day since when it is done."""

    what: str
    done_on: str | None


class Writer(NamedTuple):
    """Who writes: the name that signs, the firm, and others of ours who may be named."""

    name: str
    firm: str
    people: tuple[str, ...] = ()


class About(NamedTuple):
    """Everything that a message may say: the customer, their case as it stands, the writer, the day."""

    name: str
    company: str
    case: Case
    writer: Writer
    today: date
    fix: Mended | None = None
    waits: Mended | None = None  # the fix that the case waits for, done or not
    others: tuple[str, ...] = ()  # names of other customers that the message may hold


def kind_due(case: Case) -> str:
    """The kind of message that is due where a case stands; raises Refused where none is."""
    facts = case.facts
    if case.status == "closed" and case.outcome == "won":
        return "check_in"
    if case.status != "open" or said_no(case):
        if any(one.get("stage") == "last_word" for one in _sent(case)):
            raise Refused("The last word went out; nothing more is owed.", "Leave the door open.")
        return "last_word"
    if case.known("revisited.response") or "revisited.called_on" in facts:
        return "check_in"
    if case.known("revisited.sent_on"):
        raise Refused(
            "The message of this case went out; now you call.",
            "To write another: --kind revisit, check_in or last_word.",
        )
    if _heard(case) and facts.get("decided.verdict") == "pursue":
        return "revisit"
    if case.reached or case.told_already:
        raise Refused(
            "Nothing is to be written before you have decided what changes.",
            "Go on with winback walk, or name the message: --kind revisit.",
        )
    return "contact"


def first_name_of(name: str) -> str:
    """The first name of a person, where the name looks like one; "" for a single word, or initials."""
    words = text.line(name.partition(",")[2] or name).split()
    if {text.fold(word).strip(".") for word in words} & _FIRMS:
        return ""
    while words and text.fold(words[0]).strip(".") in _TITLES:
        words = [] if len(words) < 3 else words[1:]
    fits = len(words) > 1 and len(words[0]) > 1 and words[0][:1].isalpha() and "." not in words[0]
    return words[0] if fits else ""


def facts_of(about: About) -> dict[str, Any]:
    """What a template may say of a case; an offer that is over is left out."""
    facts, today = about.case.facts, about.today

    def day(iso: str | None) -> str:
        return day_words(date.fromisoformat(iso)) if iso else ""

    changes = [
        {
            "what": one["what"],
            "owner": one.get("owner") or "",
            "due": day(one.get("due")),
            "done": one["state"] == "kept",
            "assured_by": one.get("assured_by") or "",
        }
        for one in about.case.commitments
        if one["state"] != "broken"
    ]
    offer = next((o for o in offers_standing(about.case, today)), {})
    check_ins = [one for _, one in items_of(facts.get("followed_up.check_ins")) if "kept" not in one]
    agreed = [one["agreed_for"] for one in check_ins if one.get("agreed_for")]
    check_in = min((d for d in agreed if d >= today.isoformat()), default=None)
    return {
        "customer": about.name or about.company,
        "first_name": first_name_of(about.name),
        "company": about.company,
        "sender": about.writer.name,
        "firm": about.writer.firm,
        "said": {
            "why_left": facts.get("heard.why_left"),
            "requirements": facts.get("heard.requirements"),
            "complaints": facts.get("heard.complaints"),
        },
        "reason": (facts.get("classified.reason") or "").partition("/")[0].replace("_", " "),
        "apology": facts.get("revisited.apologised"),
        "changes": changes,
        "offer": {
            "kind": (offer.get("kind") or "").replace("_", " "),
            "terms": offer.get("terms") or "",
            "expires": day(offer.get("expires")),
        },
        "fix": {"what": about.fix.what, "done_on": day(about.fix.done_on)} if about.fix else {},
        "check_in": day(check_in),
        "today": day_words(today),
    }


def day_words(day: date) -> str:
    """A day as a letter writes it: `24 November 2026`."""
    return f"{day.day} {day:%B} {day.year}"


def offers_standing(case: Case, today: date) -> list[dict[str, Any]]:
    """The offers that are not over, the latest first."""
    made = [offer for _, offer in items_of(case.facts.get("revisited.offers")) if offer.get("terms")]
    return [o for o in reversed(made) if not o.get("expires") or o["expires"] >= today.isoformat()]


def told_of(about: About, kind: str) -> Told:
    """What the check of a message has to know of its case (A5, B2.3, B6.6)."""
    case, facts = about.case, about.case.facts
    changes = [
        Promise(
            one["what"],
            one["state"],
            one.get("owner") or "",
            one.get("due") or "",
            one.get("assured_by") or "",
        )
        for one in case.commitments
    ]
    for fix in dict.fromkeys((about.fix, about.waits)):
        if fix is not None:
            changes.append(Promise(fix.what, "kept" if fix.done_on else "open"))
    people = (
        about.writer.name,
        *about.writer.people,
        *(c.owner for c in changes),
        *(c.assured_by for c in changes),
    )
    said = (facts.get(name) for name in ("heard.why_left", "heard.requirements", "heard.complaints"))
    return Told(
        stage=_STAGES.get(kind, kind),
        names=tuple(filter(None, (about.name, about.company, facts.get("contacted.person")))),
        ours=tuple(dict.fromkeys(filter(None, (*people, about.writer.firm)))),
        others=about.others,
        listened=_heard(case),
        complaints_heard=bool(facts.get("heard.complained") or facts.get("heard.complaints")),
        changes=tuple(changes),
        said=tuple(filter(None, said)),
        asking_allowed=kind == "check_in" and case.known("revisited.pointed_out"),
        offered=tuple(offer["terms"] for offer in offers_standing(case, about.today)),
        today=about.today.isoformat(),
    )


def findings(
    subject: str, body: str, about: About, kind: str, levels: Mapping[Any, str]
) -> tuple[Found, ...]:
    """What is wrong with a message (see `draftcheck`), by the levels of the playbook; and offers in it
    that are over, as one that was approved may be when it is sent.
    """
    return (
        *check(Draft(subject, body), told_of(about, kind), levels),
        *_offers_over(body, about),
        *_untimely(about.case, kind),
        *_unread(body),
    )


def _heard(case: Case) -> bool:
    return case.known("heard.why_left") or case.known("heard.requirements") or case.told_already


def _sent(case: Case) -> list[dict[str, Any]]:
    """What went out in this round."""
    return [one for one in case.sent if one["seq"] > case.round_from]


def _untimely(case: Case, kind: str) -> Iterator[Found]:
    """What stops a message of this kind where the case stands, whatever it says."""
    before = next((one["on"] for one in _sent(case) if one.get("stage") == kind), "")
    if case.outcome in ("lost", "released") and kind != "last_word":
        yield _found(
            "over", "This case is over: nothing more is written.", "Accept it, or reopen it.", "C10"
        )
    elif said_no(case) and kind in ("contact", "revisit"):
        yield _found("refused", "They said no.", "One last word is owed, and no more.", "D6", "B3.3")
    if kind == "revisit" and not (_heard(case) and case.facts.get("decided.verdict") == "pursue"):
        told = "They were not heard yet, or nothing is decided."
        yield _found("undecided", told, "Listen and decide first: winback walk WHO.", "B3.1", "B6.1")
    if before and kind in ("contact", "revisit", "last_word"):
        told = f"A message of this kind went to them on {before}."
        yield _found("again", told, "Call them instead: winback brief WHO.", "B6.5", "D6")


def _found(check: str, say: str, remedy: str, *source: str) -> Found:
    return Found(check, "block", "", say, remedy, source)


def _unread(body: str) -> Iterator[Found]:
    """A warning for a text that does not read as English, the one language that is checked yet."""
    words = text.fold(body).split()
    plain = sum(1 for word in words if word.strip(".,;:!?") in _ENGLISH)
    if len(words) >= _SHORT and plain < len(words) * _LEAST:
        told = "It does not read as English, and only English is checked."
        yield Found("language", "warn", "", told, "Read it twice yourself.", ())


def _offers_over(body: str, about: About) -> Iterator[Found]:
    said = text.fold(body)
    standing = offers_standing(about.case, about.today)
    for _, offer in items_of(about.case.facts.get("revisited.offers")):
        terms = text.fold(offer.get("terms") or "").strip(" .")
        if terms and offer not in standing and terms in said:
            yield Found(
                "offer_over",
                "block",
                text.line(offer["terms"]),
                "It makes an offer that is over.",
                "Make another one (winback offer add), or leave it out.",
                ("C9",),
            )


def parted(written: str) -> tuple[str, str]:
    """The subject and the body of a text whose first line is `Subject: ...`; raises BadInput."""
    first, _, rest = text.clean(written).strip().partition("\n")
    label, _, subject = first.partition(":")
    if label.strip().lower() != "subject" or not text.line(subject) or not rest.strip():
        raise BadInput(
            "A message begins with its subject: Subject: ..., an empty line, then what you write.",
            "Mend its first line, and try again.",
        )
    if len(text.line(subject)) > LONGEST_SUBJECT:
        raise BadInput(f"A subject has at most {LONGEST_SUBJECT} characters.", "Make it shorter.")
    return text.line(subject), rest.strip() + "\n"


def sent_question(playbook: Playbook, case: Case, kind: str) -> str:
    """The question that asks when this message went out, where it is the playbook's message; else ""."""
    if kind != "revisit" or case.status != "open":
        return ""
    return next(
        (
            f"{step.id}.{question.key}"
            for step in playbook.steps
            for question in step.questions
            if question.fact == "revisited.sent_on"
        ),
        "",
    )


def unwaived(found: Sequence[Found], waived: Sequence[Mapping[str, str]]) -> list[Found]:
    """The findings that stop a message: those that block, but for what was set aside, sentence by
    sentence: the same check may find something else later.
    """
    aside = {(one["check"], one["sentence"]) for one in waived}
    return [one for one in found if one.level == "block" and (one.check, one.sentence) not in aside]
