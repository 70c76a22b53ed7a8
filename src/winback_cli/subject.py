"""Everything held on one person, in plain words with where it came from: what they may ask to be told.

Values in, words out. Whoever asks need not know the program: a part says when it holds nothing, and the
page for a browser stands alone, with nothing in it that runs or loads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

from winback_cli import acts, answers, text
from winback_cli.case import Event
from winback_cli.customer import label
from winback_cli.money import Money
from winback_cli.playbook import Playbook
from winback_cli.policy import policy_of
from winback_cli.survey import shown_code

LEFT_ALONE = "Nobody may contact them; no list brings them back."


class Item(NamedTuple):
    """One thing that is held: its name, the value as it is stored, and where it came from."""

    name: str
    value: Any
    origin: str


class HeldCase(NamedTuple):
    """A case with every event of it; `book` is the digest of the playbook it runs under."""

    id: str
    playbook: str
    version: int
    book: str
    status: str
    outcome: str | None
    opened: str
    closed: str | None
    chance: float | None
    events: tuple[Event, ...]


class HeldMessage(NamedTuple):
    """A message to them, wherever it stands; `settled` is when it went out, or did not."""

    number: int
    case: str
    stage: str
    state: str
    to: str
    subject: str
    body: str
    by: str
    at: str
    settled: str | None


class HeldSurvey(NamedTuple):
    """That they were asked in a survey, by which code, and what they answered, if they did; `case` is the
    one that was made of it, `questions` the words of each, `origin` where the answers came from.
    """

    survey: str
    code: str
    asked: str
    answered: str
    answers: Any
    suggested: str
    confidence: float | None
    reason: str
    call_back: bool
    state: str
    case: str
    name: str
    questions: Mapping[str, str]
    origin: str


class HeldScore(NamedTuple):
    """The priority that was reckoned: the chance of a return, what it is worth, on which day."""

    chance: float | None
    value: Money | None
    on: str


class HeldSuppression(NamedTuple):
    """That they are left alone: since when, said by whom, why, and by which list if by one."""

    since: str
    by: str
    reason: str
    list: str


class Copy(NamedTuple):
    """A copy of the store; `holds` is None where it cannot be read. `until` says how long it stays."""

    place: str
    holds: bool | None
    until: str


class Held(NamedTuple):
    """Everything that the store holds on one customer."""

    number: int
    name: str
    company: str
    details: tuple[Item, ...]
    points: tuple[Item, ...]
    known_as: tuple[str, ...]
    purchases: tuple[Item, ...]
    changes: tuple[Item, ...]
    cases: tuple[HeldCase, ...]
    messages: tuple[HeldMessage, ...]
    surveys: tuple[HeldSurvey, ...]
    score: HeldScore | None
    suppression: HeldSuppression | None
    copies: tuple[Copy, ...]
    files: tuple[str, ...] = ()  # mails that were written for them, and texts that could not be kept
    mentioned: tuple[int, ...] = ()  # in whose files they are named; 0 is the firm's own map


class Line(NamedTuple):
    """One line of a part: what it is, what it says, where it came from; and the same for scripts."""

    what: str
    said: str
    origin: str
    told: dict[str, Any]


class Part(NamedTuple):
    """A part of the page: its key for scripts, its title, and what is said where it holds nothing."""

    key: str
    title: str
    lines: tuple[Line, ...]
    nothing: str


Books = Callable[[str], Playbook]  # by the digest


def parts(held: Held, books: Books) -> list[Part]:
    """The page, part by part, always the same ones in the same order."""
    return [
        Part("details", "Details", tuple(map(_detail, held.details)), "None."),
        Part("contact_points", "How to reach them", tuple(map(_point, held.points)), "Nothing."),
        Part("known_as", "Also known as", tuple(map(_name, held.known_as)), "No other way."),
        Part("purchases", "Purchases", tuple(map(_purchase, held.purchases)), "None one by one."),
        Part("changes", "What lists changed", tuple(map(_change, held.changes)), "Nothing."),
        Part("cases", "Cases: attempts to win them back", tuple(map(_case, held.cases)), "None."),
        Part("events", "What was said and done", tuple(_events(held.cases, books)), "Nothing."),
        Part("messages", "Messages to them", tuple(map(_message, held.messages)), "None."),
        Part("files", "Files of such messages", tuple(map(_file, held.files)), "None."),
        Part("surveys", "Surveys", tuple(_surveys(held.surveys)), "None."),
        Part("score", "Priority", _score(held.score), "None was reckoned."),
        Part("suppression", "Left alone", _suppression(held.suppression), "They did not ask for that."),
        Part("copies", "Copies of the store", tuple(map(_copy, held.copies)), "None is known."),
        Part("mentioned", "In the files of others", tuple(map(_mention, held.mentioned)), "Nowhere."),
        Part("written", "Files written from this store", tuple(map(_written, held.surveys)), NOT_KEPT),
        Part("sent_to", "Given to others", tuple(_sent_to(held.messages)), "To nobody by this program."),
    ]


NOT_KEPT = "None is known."
REMARK = (
    "Not known here: which lists and pages were exported, copies made to other\n"
    "places by hand, and mails in your own mail program. In the files of others\n"
    "whole names, e-mails and phones are looked for, and no first name alone."
)


def _detail(item: Item) -> Line:
    money = isinstance(item.value, Money)
    said = item.value.words() if money else answers.words(item.value)
    value = item.value._asdict() if money else item.value
    told = {"field": item.name, "value": value, "origin": item.origin}
    return Line(answers.words_of(item.name), said, item.origin, told)


def _point(item: Item) -> Line:
    value, state = item.value
    told = {"kind": item.name, "value": value, "state": state, "origin": item.origin}
    return Line(item.name, f"{value} ({state})", item.origin, told)


def _name(name: str) -> Line:
    kind, _, rest = name.partition(":")
    kinds = {
        "id": "id of another system",
        "number": "number before a merge",
        "raw": "as written",
        "watch": "before",
    }
    return Line(kinds.get(kind, kind), rest.replace(":", " · "), "", {"kind": kind, "value": rest})


def _purchase(item: Item) -> Line:
    money, count = item.value
    told = {"day": item.name, **_money(money), "count": count, "origin": item.origin}
    return Line(item.name, money.words() + (f", {count} times" if count > 1 else ""), item.origin, told)


def _change(item: Item) -> Line:
    before, after = item.value
    told = {"field": item.name, "before": before, "after": after, "origin": item.origin}
    words = [answers.words(value) if value not in (None, "") else "blank" for value in (before, after)]
    return Line(answers.words_of(item.name), " -> ".join(words), item.origin, told)


def _case(case: HeldCase) -> Line:
    status = f"closed: {case.outcome}" if case.status == "closed" else case.status
    said = f"{status} · {case.playbook} {case.version} · opened {case.opened[:10]}"
    if case.closed:
        said += f" · closed {case.closed[:10]}"
    if case.chance is not None:
        said += f" · chance reckoned then {case.chance:.0%}"
    told = case._asdict() | {"events": len(case.events)}
    del told["book"]
    return Line(case.id, said, "", told | {"case": told.pop("id")})


def _events(cases: Sequence[HeldCase], books: Books) -> list[Line]:
    found = []
    for case in cases:
        book = books(case.book)
        for act in acts.acts(case.events):
            event, words = act.last, _act(act, book)
            if how := act.events[0].body.get("how"):
                words += "" if how == "asked" else f" ({how})"
            words += " (taken back)" if act.undone else ""
            told = {
                "case": case.id,
                "seq": list(act.seqs),
                "kind": event.kind,
                "on": event.happened,
                "recorded": event.recorded,
                "by": event.by,
                "words": text.clean(words),
                "undone": act.undone,
                "bodies": [one.body for one in act.events],
            }
            by = f"case {case.id}, written by {event.by}"
            found.append(Line(event.happened, words, by, told))
    return found


def _act(act: acts.Act, book: Playbook) -> str:
    """An act in words; an entry of a list by the names of its parts, for whoever did not see it asked."""
    body = act.events[0].body
    step_id, _, key = str(body.get("question", "")).partition(".")
    step = book.step(step_id)
    question = step.question(key) if step else None
    if "item" not in body or question is None or question.spec.kind != "items":
        return acts.words(act, book)
    entry: dict[str, Any] = {}
    for event in act.events:
        entry |= event.body.get("value") or {}
    told = {spec.name: entry.get(spec.name) for spec in question.spec.item}
    said = "taken out" if entry.get("removed") else answers.shown(question.spec, [told])
    return f"{question.worded(None)} {said} (entry {body['item']})"


def _message(one: HeldMessage) -> Line:
    said = f"{one.state} · to {one.to} · {one.subject}\n{one.body.strip()}"
    return Line(one.at[:10], said, f"case {one.case}, written by {one.by}", one._asdict())


def _file(place: str) -> Line:
    return Line("file", place, "", {"place": place})


def _surveys(surveys: Sequence[HeldSurvey]) -> list[Line]:
    return [Line(f"Survey {one.name}", _survey(one), one.origin, _told_of(one)) for one in surveys]


def _told_of(one: HeldSurvey) -> dict[str, Any]:
    return one._asdict() | {"questions": dict(one.questions), "origin": one.origin or None}


def _survey(one: HeldSurvey) -> str:
    """What was asked and answered, a question a line; a reason that nobody confirmed is told as that."""
    said = [f"asked on {one.asked}" + (f", by the code {shown_code(one.code)}" if one.code else "")]
    if not one.answered:
        return "; ".join([*said, "no answer came"])
    said.append(f"answered on {one.answered}")
    given = one.answers if isinstance(one.answers, dict) else {"": one.answers}
    for key, words in given.items():
        asked = one.questions.get(key) or answers.words_of(key)
        said.append(
            f"{asked} {answers.words(words)}" if asked[-1:] == "?" else f"{asked}: {answers.words(words)}"
        )
    if one.reason:
        said.append(f"reason, as somebody confirmed: {answers.words_of(one.reason)}")
    elif one.suggested and one.state == "new":
        said.append(
            f"reason, as the program suggests by the words alone: {answers.words_of(one.suggested)};"
            " nobody confirmed it"
        )
    if one.call_back:
        said.append("asks for a call")
    if one.case:
        said.append(f"became case {one.case}")
    return "\n".join(said)


def _mention(number: int) -> Line:
    what = f"the file of number {number}" if number else "the firm's trust map"
    return Line(what, "their whole name, e-mail or phone stands in it", "", {"number": number})


def _written(one: HeldSurvey) -> Line:
    said = "the list for letters and the forms of that survey may name them, wherever those were put"
    return Line(f"Survey {one.name}", said, f"written from {one.asked} on", {
        "survey": one.name, "from": one.asked,
    })  # fmt: skip


def _score(score: HeldScore | None) -> tuple[Line, ...]:
    if score is None:
        return ()
    told = {"chance": score.chance, "value": score.value._asdict() if score.value else None, "on": score.on}
    if score.chance is None:
        return (Line("chance", "not reckoned for them", f"on {score.on}", told),)
    said = f"{score.chance:.0%} that they come back"
    said += f", worth about {score.value.words()}" if score.value else ""
    said += "; it orders whom to call first and decides nothing else"
    return (Line("chance", said, f"reckoned on {score.on} of the details and the answers", told),)


def _suppression(one: HeldSuppression | None) -> tuple[Line, ...]:
    if one is None:
        return ()
    origin = f"{one.by}, list {one.list}" if one.list else one.by
    told = {"since": one.since, "by": one.by, "reason": one.reason, "list": one.list or None}
    return (Line(one.since, f"{one.reason}. {LEFT_ALONE}", origin, told),)


def _copy(one: Copy) -> Line:
    said = {True: "holds them", False: "does not hold them", None: "cannot be read"}[one.holds]
    return Line(said, one.place, one.until if one.holds is not False else "", one._asdict())


def _sent_to(messages: Sequence[HeldMessage]) -> list[Line]:
    return [
        Line((one.settled or one.at)[:10], f"message {one.number} to {one.to}", "", {
            "message": one.number, "to": one.to, "on": (one.settled or one.at)[:10],
        })
        for one in messages
        if one.state in ("sent", "sending", "uncertain")
    ]  # fmt: skip


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}


def as_json(held: Held, found: Sequence[Part], on: str) -> dict[str, Any]:
    """The page for scripts: stable keys, ISO dates, amounts in minor units."""
    who = {"number": held.number, "name": held.name, "company": held.company}
    return {"customer": who, "on": on} | {part.key: [line.told for line in part.lines] for part in found}


def words(held: Held, found: Sequence[Part], on: str) -> list[str]:
    """The page as lines of text: of what came from one place together that is said once."""
    lines = [f"What is held on {text.line(label(held.name, held.company))}  no. {held.number}, {on}"]
    for part in found:
        lines += ["", part.title]
        lines += [] if part.lines else [f"  {part.nothing}"]
        for origin, group in groupby(part.lines, key=lambda line: line.origin):
            lines += [f"  {_headed(origin)}"] if origin else []
            for line in group:
                first, *more = text.clean(line.said).split("\n")
                lines.append(f"    {text.line(line.what)}: {first}")
                lines += [f"      {one}" for one in more]
    return [*lines, "", *REMARK.split("\n")]


def _headed(origin: str) -> str:
    """Where something came from, as what stands above it."""
    said = text.line(origin)
    return f"{said[:1].upper()}{said[1:]}:"


# -- a page for a browser ----------------------------------------------------------------------

_STYLE = """:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin:1.5rem 0 .25rem}
dl{margin:0}dt{font-weight:600;margin-top:.5rem}
dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
p.from,p.when{opacity:.7;font-size:.9rem}
"""


def page(held: Held, found: Sequence[Part], on: str, firm: str = "") -> str:
    """The page for a browser, as text: it stands alone, and nothing in it runs or loads."""
    name = escape(text.line(label(held.name, held.company)))
    by = f"{escape(text.line(firm))}, " if firm else ""
    body = "".join(_section(part) for part in found)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy_of(_STYLE)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What is held on {name}</title><style>{_STYLE}</style></head><body>\n"
        f'<h1>What is held on {name}</h1><p class="when">{by}{escape(on)}</p>\n{body}'
        f"<p>{escape(REMARK)}</p>\n</body></html>\n"
    )


def _section(part: Part) -> str:
    rows = ""
    for origin, group in groupby(part.lines, key=lambda line: line.origin):
        rows += f'<p class="from">{escape(_headed(origin))}</p>' if origin else ""
        rows += "<dl>" + "".join(map(_row, group)) + "</dl>"
    return f"<h2>{escape(part.title)}</h2>{rows or f'<p>{escape(part.nothing)}</p>'}\n"


def _row(line: Line) -> str:
    return f"<dt>{escape(text.line(line.what))}</dt><dd>{escape(text.clean(line.said))}</dd>"
