"""`winback report learned`: what those who left said, as a digest for other teams (A9, A10, C5)."""

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli.cli.files import Kind, is_ours, write_ours
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.options import day_of
from winback_cli.errors import UsageError

if TYPE_CHECKING:
    from winback_cli.digest import Digest, FirmFix, Guess, Quote, Voices

NAME = "learned"


class Form(NamedTuple):
    """In which form it is asked for: a Markdown file, a page, JSON, or a screen; with names or without."""

    md: str = ""
    html: str = ""
    json: bool = False
    named: bool = False


def show(here: Here, since: str, form: Form, *, others: bool) -> None:
    """Tell the digest; `others`: an option of the other reports was given, which raises UsageError."""
    if others:
        raise UsageError(
            "The digest is not told by group, nor as CSV.",
            f"winback report {NAME}, with --since, --named, --md FILE, --html FILE or --json",
        )
    if sum((bool(form.md), bool(form.html), form.json)) > 1:
        raise UsageError("--md, --html and --json do not go together.", "Give one of them.")
    place, kind = form.md or form.html, _kind(form)
    if place and place != "-":
        is_ours(Path(place), kind)
    told = _digest(here, since, named=form.named)
    if form.json:
        return print_json(_json(told))
    from winback_cli import digestpage
    from winback_cli.digest import counted

    if not place:
        return here.show(digestpage.screen(told, here.out.width))
    draw = digestpage.markdown if form.md else digestpage.page
    content = draw(told, here.clock.today)
    if place == "-":
        sys.stdout.write(content)
        return None
    write_ours(Path(place), content, kind)
    here.say(f"Wrote {place}: {counted(told.cases, told.surveys)}, {_names(form)}.")
    return None


def _names(form: Form) -> str:
    return "with customers' names" if form.named else "no names on record in it; read it before you send it"


def _kind(form: Form) -> Kind:
    from winback_cli.digestpage import MARK, MARK_MD

    return Kind(MARK_MD, "digest", "--md") if form.md else Kind(MARK, "digest", "--html")


def _digest(here: Here, since: str, *, named: bool) -> "Digest":
    from winback_cli import digest
    from winback_cli.store import finding, lessons

    day = day_of(here, since, "--since", past=True) if since else ""
    with here.reading() as connection:
        others = finding.names_of_all(connection)
        wanted = digest.Wanted(here.clock.today.isoformat(), day, named, others)
        return digest.learned(
            chain(lessons.told(connection, day), lessons.answered(connection, day)),
            lessons.fixes(connection),
            lessons.left_alone(connection, day),
            wanted,
        )


# -- for scripts -----------------------------------------------------------------------------


def _json(told: "Digest") -> dict[str, Any]:
    """The digest with stable keys. `customer` and `case` are null unless names were asked for."""
    return {
        "report": NAME,
        "as_of": told.wanted.today,
        "since": told.wanted.since or None,
        "named": told.wanted.named,
        "cases": told.cases,
        "of_surveys": told.surveys,
        "heard": told.heard,
        "left_alone": told.alone,
        "reasons": [_voices(voices) for voices in told.voices],
        "other_reasons": told.others,
        "buys_now": [place._asdict() for place in told.places],
        "buys_elsewhere": told.elsewhere,
        "theories": {
            "judged": told.judged,
            "wrong": told.wrong,
            "guesses": [
                {"thought": guess.thought, "said": guess.said, "theory": guess.theory, **_who(guess)}
                for guess in told.guesses
            ],
        },
        "lessons": [lesson._asdict() for lesson in told.lessons],
        "more_lessons": told.more_lessons,
        "fixes": {"done": [_fix(fix) for fix in told.done], "open": [_fix(fix) for fix in told.open]},
        "notes": list(told.notes),
    }


def _voices(voices: "Voices") -> dict[str, Any]:
    return {
        "reason": voices.reason or None,
        "cases": voices.cases,
        "of_surveys": voices.answers,
        "said": [_quote(quote) for quote in voices.said],
        "more_said": voices.more_said,
        "asked": [_quote(quote) for quote in voices.asked],
        "more_asked": voices.more_asked,
    }


def _quote(quote: "Quote") -> dict[str, Any]:
    return {"words": quote.words, "times": quote.times, **_who(quote)}


def _who(told: "Quote | Guess") -> dict[str, Any]:
    return {"customer": told.who or None, "case": told.case or None}


def _fix(fix: "FirmFix") -> dict[str, Any]:
    return {
        "what": fix.what,
        "owner": fix.owner or None,
        "due": fix.due or None,
        "done_on": fix.done_on or None,
        "customers": fix.customers,
    }
