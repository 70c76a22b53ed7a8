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


def kind_due(case: Case) -> str:
    """The kind of message that is due where a case stands; raises Refused where none is."""
    facts = case.facts
    if case.status == "closed" and case.outcome == "won":
        return "check_in"
    if case.status != "open" or said_no(case):
        return "last_word"
    if case.known("revisited.response") or "revisited.called_on" in facts:
        return "check_in"
    if case.known("revisited.sent_on"):
        raise Refused(
            "The message of this case went out; now you call.",
            "To write another: --kind revisit, check_in or last_word.",
        )
    if case.known("decided.verdict") or case.commitments:
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
    heard = case.known("heard.why_left") or case.known("heard.requirements") or case.told_already
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
    if about.fix is not None:
        changes.append(Promise(about.fix.what, "kept" if about.fix.done_on else "open", "", "", ""))
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
        listened=heard,
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
    return (*check(Draft(subject, body), told_of(about, kind), levels), *_offers_over(body, about))


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
