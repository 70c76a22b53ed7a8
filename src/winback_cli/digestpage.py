"""A digest as it is read: at a terminal, as Markdown to paste, and as one page for a browser or on paper.

The page is as the reports' page is: no network, no script, its own style only, by its digest. Whatever
somebody said is text in all three: escaped in the page, and no mark-up in Markdown.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from winback_cli import text
from winback_cli.digest import NOTHING, Digest, FirmFix, Guess, Lesson, Place, Quote, Voices, counted
from winback_cli.policy import policy_of

if TYPE_CHECKING:
    from rich.console import RenderableType

MARK = "<!doctype html><!-- a digest of winback -->"  # how a page of ours begins
MARK_MD = "<!-- a digest of winback -->"  # and a Markdown file
TITLE = "What customers taught us"
_MARKUP = re.compile(r"([\\`*_\[\]<>&|~$#^])")


def when(told: Digest) -> str:
    """Of when it is, and what it rests on, in one line."""
    begun = "of" if told.surveys else "opened on"
    since = f", {begun} {told.wanted.since} or later" if told.wanted.since else ""
    return (
        f"{counted(told.cases, told.surveys)}{since}; {told.heard:,} of them hold words of the customer's"
    )


def figures(told: Digest) -> list[tuple[str, str]]:
    """What matters most, as (what, how much)."""
    what = "Cases and answers" if told.surveys else "Cases"
    found = [(f"{what} with a customer's words", f"{told.heard:,} of {told.cases:,}")]
    if told.judged:
        found.append(("Our own guess was wrong or half right", f"{told.wrong:,} of {told.judged:,}"))
    found.append(("Fixes done and open", f"{len(told.done):,} and {len(told.open):,}"))
    return found


def heading(voices: Voices, told: Digest) -> str:
    """A reason with its cases: `Price: 4 of 10 cases`, or `Price: 3 cases and 1 survey answer of 10`."""
    of = (
        f"{counted(voices.cases, voices.answers)} of {told.cases:,}"
        if told.surveys
        else f"{voices.cases:,} of {_many(told.cases, 'case')}"
    )
    return f"{voices.words[:1].upper()}{voices.words[1:]}: {of}"


def source(quote: Quote | Guess) -> str:
    """What stands behind a quote: how often it was said, or who said it."""
    times = quote.times if isinstance(quote, Quote) else 1
    often = [f"said {'twice' if times == 2 else f'{times:,} times'}"] if times > 1 else []
    who = [f"{quote.who}, case {quote.case}" if quote.case else quote.who] if quote.who else []
    return "; ".join((*often, *who))


def more(number: int) -> str:
    """What is not shown."""
    return f"and {number:,} more" if number else ""


def fixed(fix: FirmFix) -> str:
    """How a fix stands: who sees to it and by when, or when it was done, and who waits for it."""
    told = [f"done on {fix.done_on}"] if fix.done_on else [f"by {fix.due}" if fix.due else "no day set"]
    told.append(fix.owner or "nobody sees to it yet")
    if fix.customers:
        waits = "waits for it" if fix.customers == 1 else "wait for it"
        told.append(f"{_many(fix.customers, 'customer')} {'asked for it' if fix.done_on else waits}")
    elif not fix.done_on:
        told.append("no customer waits for it")
    return ", ".join(told)


def fewer(told: Digest) -> str:
    """What is said of the reasons that are too rare to be told apart."""
    return (
        f"Other reasons, each of fewer than three: {counted(told.others, told.other_answers)}"
        if told.others
        else ""
    )


def elsewhere(told: Digest) -> str:
    """Where the others buy, of whom there are few in each place."""
    return f"In other places: {counted(told.elsewhere, told.elsewhere_answers)}" if told.elsewhere else ""


def bought_at(place: Place) -> str:
    """Where some of them buy, and how many that are."""
    return f"{place.where}: {counted(place.cases, place.answers)}"


def learned(lesson: Lesson) -> str:
    """A lesson, with how often it was learned."""
    return lesson.words + (f" ({_many(lesson.times, 'case')})" if lesson.times > 1 else "")


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


# -- at a terminal ---------------------------------------------------------------------------


def screen(told: Digest, width: int) -> "RenderableType":
    """The digest at a terminal, no wider than that."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = [Text(TITLE, style="bold")]
    if told.empty:
        return Group(*parts, Text(f"  {NOTHING}"))
    for place, (indent, style, words) in enumerate(_lines(told)):
        if style == "bold" and place:
            parts.append(Text())
        line: RenderableType = Text(words, style=style)
        if words.startswith("- "):  # its further lines stand under its words
            line = Table.grid(padding=(0, 1, 0, 0))
            line.add_row(Text("-", style=style), Text(words[2:], style=style))
        parts.append(Padding(line, (0, 0, 0, indent), expand=False))
    return Group(*parts)


def _lines(told: Digest) -> Iterator[tuple[int, str, str]]:
    """The lines of a screen, as (indent, style, words)."""
    yield 2, "", when(told)
    for title, lines in _sections(told):
        yield 0, "bold", title
        yield from lines
    yield 0, "bold", "About this digest"
    yield from ((2, "dim", note) for note in told.notes)


def _sections(told: Digest) -> Iterator[tuple[str, list[tuple[int, str, str]]]]:
    """What there is to tell, title after title."""
    said = [line for voices in told.voices for line in _of_reason(voices, told)]
    said += [(2, "", fewer(told))] if told.others else []
    if said:
        yield "Why they left, in their words", said
    if told.places or told.elsewhere:
        places = [(2, "", bought_at(place)) for place in told.places]
        yield "Where they buy now", [*places, *_if(elsewhere(told))]
    if told.judged:
        yield "What we guessed wrong", _of_guesses(told)
    if told.lessons:
        learnt = [(2, "", f"- {learned(lesson)}") for lesson in told.lessons]
        yield "What we learned about ourselves", [*learnt, *_if(more(told.more_lessons))]
    for title, fixes in (("What is mended", told.done), ("What is still to be mended", told.open)):
        if fixes:
            lines = [line for fix in fixes for line in ((2, "", f"- {fix.what}"), (4, "dim", fixed(fix)))]
            yield title, lines


def _if(words: str) -> list[tuple[int, str, str]]:
    return [(2, "dim", words)] if words else []


def _of_reason(voices: Voices, told: Digest) -> list[tuple[int, str, str]]:
    lines = [(2, "", heading(voices, told))]
    for label, quotes, rest in (
        ("They said", voices.said, voices.more_said),
        ("They asked for", voices.asked, voices.more_asked),
    ):
        if quotes:
            lines.append((4, "dim", f"{label}:"))
            lines += [(4, "", _quoted(quote)) for quote in quotes]
            lines += [(4, "dim", more(rest))] if rest else []
    return lines


def _quoted(quote: Quote) -> str:
    behind = source(quote)
    return f'- "{quote.words}"' + (f" ({behind})" if behind else "")


def _of_guesses(told: Digest) -> list[tuple[int, str, str]]:
    lines = [(2, "", _judged(told))]
    for guess in told.guesses:
        behind = source(guess)
        lines.append((2, "", f"- We thought: {guess.thought}"))
        lines.append((4, "", f'They said: "{guess.said}"' + (f" ({behind})" if behind else "")))
    return lines


def _judged(told: Digest) -> str:
    """How often our own view held, and no claim beyond that."""
    return (
        f"Of {_many(told.judged, 'case')} in which our own view was held against theirs, it was wrong or"
        f" only partly right in {told.wrong:,}."
    )


# -- as Markdown -----------------------------------------------------------------------------


def markdown(told: Digest, today: date) -> str:
    """The digest as Markdown, to paste into a mail, a wiki or a ticket."""
    lines = [MARK_MD, f"# {TITLE}", "", f"As of {_day(today)}. {_plain(when(told))}."]
    if told.empty:
        return "\n".join((*lines, "", NOTHING, ""))
    if told.voices or told.others:
        lines += ["", "## Why they left, in their words"]
        for voices in told.voices:
            lines += ["", f"### {_plain(heading(voices, told))}", *_md_quotes(voices)]
        lines += ["", fewer(told) + "."] if told.others else []
    if told.places or told.elsewhere:
        places = [bought_at(place) for place in told.places]
        lines += _md_list("Where they buy now", [*places, *filter(None, [elsewhere(told)])])
    if told.judged:
        lines += ["", "## What we guessed wrong", "", _judged(told), *_md_guesses(told.guesses)]
    if told.lessons:
        learnt = [learned(lesson) for lesson in told.lessons]
        lines += _md_list(
            "What we learned about ourselves", [*learnt, *filter(None, [more(told.more_lessons)])]
        )
    for title, fixes in (("What is mended", told.done), ("What is still to be mended", told.open)):
        if fixes:
            lines += _md_list(title, [f"{fix.what} ({fixed(fix)})" for fix in fixes])
    lines += _md_list("About this digest", told.notes)
    return "\n".join((*lines, ""))


def _md_quotes(voices: Voices) -> list[str]:
    lines = []
    for label, quotes, rest in (
        ("They said", voices.said, voices.more_said),
        ("They asked for", voices.asked, voices.more_asked),
    ):
        if quotes:
            lines += ["", f"{label}:", "", *(f"- {_plain(_quoted(quote)[2:])}" for quote in quotes)]
            lines += ["", more(rest)] if rest else []
    return lines


def _md_guesses(guesses: Sequence[Guess]) -> list[str]:
    if not guesses:
        return []
    rows = []
    for guess in guesses:
        behind = source(guess)
        said = f'"{guess.said}"' + (f" ({behind})" if behind else "")
        rows.append(f"| {_plain(guess.thought)} | {_plain(said)} |")
    return ["", "| We thought | They said |", "| --- | --- |", *rows]


def _md_list(title: str, entries: Iterable[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- {_plain(entry)}" for entry in entries)]


def _plain(words: str) -> str:
    """Somebody's words on one line, with nothing in them that Markdown would take for mark-up or a link."""
    shown = _MARKUP.sub(r"\\\1", text.line(words))
    shown = re.sub(r"^(\d+)([.)])|^([+=-])", r"\1\\\2\3", shown)
    return re.sub(r"(?i)\b(https?|ftp|mailto|xmpp)(:)|\b(www)(\.)|(?<=\S)(@)", r"\1\3\\\2\4\5", shown)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


# -- as a page -------------------------------------------------------------------------------


def page(told: Digest, today: date) -> str:
    """The digest as one page, as text."""
    from jinja2 import Environment, StrictUndefined

    source_text = Path(__file__).with_name("digest.html.j2").read_text("utf-8")
    style, _, body = source_text.partition("\n=====\n")
    shell = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    shell.globals.update(
        heading=heading,
        source=source,
        more=more,
        fixed=fixed,
        learned=learned,
        line=text.line,
        bought_at=bought_at,
    )
    shown = shell.from_string(body).render(
        told=told,
        title=TITLE,
        today=_day(today),
        when=when(told),
        figures=figures(told),
        bars=[round(100 * voices.cases / told.cases, 2) for voices in told.voices],
        judged=_judged(told),
        fewer=fewer(told),
        elsewhere=elsewhere(told),
        nothing=NOTHING,
        policy=policy_of(style),
        style=_Style(style),
    )
    return f"{MARK}\n{shown}"


class _Style(str):
    """The page's own style, which is no foreign text: not escaped, or its digest would not fit."""

    def __html__(self) -> str:
        return str(self)
