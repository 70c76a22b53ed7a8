"""Whom a survey or a group is for, and what is asked: the options of both, read as values."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.customers import one_of
from winback_cli.cli.files import refuse_taken
from winback_cli.cli.here import Here, given_text, keyless_now
from winback_cli.errors import BadInput, NotFound, Refused, UsageError
from winback_cli.store import lists, reads
from winback_cli.survey import NAME, questions_of, shown_code

if TYPE_CHECKING:
    from winback_cli.store.surveys import Invited, LeftOut, NewSurvey, Survey
    from winback_cli.survey import Question

NameArg = Annotated[str, typer.Argument(metavar="[NAME]", help="Which survey; without it the latest.")]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="What it is called, such as autumn-2026.")]
Title = Annotated[str, typer.Option(metavar="TEXT", help="What stands above the form.")]
Own = Annotated[
    list[str] | None,
    typer.Option("--question", metavar="TEXT", help="Your own instead of the four; may be repeated."),
]
OwnFile = Annotated[
    Path | None, typer.Option("--questions", metavar="FILE", help="Your own questions, one a line.")
]
Lapsed = Annotated[bool, typer.Option("--lapsed", help="Those who have lapsed.")]
Months = Annotated[int | None, typer.Option(min=1, max=1200, help="With --lapsed: for so long.")]
Status = Annotated[str, typer.Option(help="As in winback list: none, open, closed, lost ...")]
Owner = Annotated[str, typer.Option(help="Whose customers.")]
Why = Annotated[str, typer.Option("--reason", help="Why they left: price, support.")]
Search = Annotated[str, typer.Option(metavar="WORDS", help="Each found in the name, the notes, an answer.")]
Cooldown = Annotated[
    int, typer.Option(metavar="MONTHS", min=0, max=120, help="Nobody who was asked so lately.")
]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="For a mail merge: a new file.")]
Paper = Annotated[Path | None, typer.Option("--form", metavar="FILE", help="To print: a new HTML file.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def begun_as(
    name: str,
    kind: str,
    title: str,
    questions: "tuple[Question, ...]",
    by: tuple[str, ...] = (),
    seed: int | None = None,
) -> "NewSurvey":
    from winback_cli.store.surveys import NewSurvey
    from winback_cli.surveyforms import TITLE

    told = text.line(name).lower()
    if not NAME.fullmatch(told):
        raise UsageError(
            f"{text.shorten(name, 40)!r} is no name for a survey.",
            "Letters, digits, - and _, at most 40: autumn-2026",
        )
    return NewSurvey(told, kind, given_text(title or TITLE, "--title", 120), questions, by, seed)


def own_questions(given: list[str], file: Path | None) -> "tuple[Question, ...]":
    """One's own questions, or the four; raises UsageError, BadInput."""
    if given and file:
        raise UsageError("--question and --questions do not go together.", "Give one of them.")
    lines = given
    if file is not None:
        if not file.exists():
            raise NotFound(f"There is no file {text.line(str(file))}.", "One question a line, in UTF-8.")
        try:
            lines = [one for one in file.read_text("utf-8-sig").splitlines() if not one.startswith("#")]
        except (OSError, UnicodeError):
            raise BadInput(
                f"{text.line(str(file))} cannot be read as a text.", "One question a line, in UTF-8."
            ) from None
        if not any(one.strip() for one in lines):
            raise BadInput(f"{text.line(str(file))} holds no question.", "One question a line.")
    try:
        return questions_of(lines)
    except ValueError as problem:
        raise BadInput(f"They cannot be asked: {problem}.", "Make them fewer, or shorter.") from None


def wanted_of(
    here: Here, lapsed: bool, months: int | None, status: str, owner: str, reason: str, search: str
) -> lists.Wanted:
    """Whom it is for; raises UsageError where nothing says so."""
    if months and not lapsed:
        raise UsageError("--months goes with --lapsed.", f"--lapsed --months {months}")
    if not (lapsed or status or owner or reason or search.strip()):
        raise UsageError(
            "Whom is it for?", "Give --lapsed, or one of --status, --owner, --reason and --search."
        )
    if status.strip().lower() == "suppressed":
        raise Refused("Who asked to be left alone is asked nothing.", "Give another --status.")
    return lists.Wanted(
        one_of("--status", status, lists.STATUSES),
        "",
        text.line(owner),
        text.line(reason).lower().replace(" ", "_"),
        here.months_ago(months or here.settings.lapsed_months) if lapsed else "",
        tuple(text.line(search).split()),
    )


def refuse_unknown_reason(connection: reads.Connection, wanted: lists.Wanted) -> None:
    """Raises UsageError for a reason that is neither of the taxonomy nor on any record."""
    from winback_cli.stages import Reason
    from winback_cli.store import surveys

    known = [one.value for one in Reason]
    if wanted.reason.partition("/")[0] not in ("", *known) and not surveys.has_reason(
        connection, wanted.reason
    ):
        one_of("--reason", wanted.reason.replace("_", " "), tuple(known))


def refuse_nobody(numbers: "Collection[int]", left: "LeftOut") -> None:
    """Raises Refused where nobody is left to be asked, and says why."""
    if numbers:
        return
    counts = [
        (left.asked, "was asked lately", "were asked lately"),
        (left.cased, "is in a conversation", "are in a conversation"),
        (left.alone, "is left alone", "are left alone"),
    ]
    why = ", ".join(f"{count:,} {one if count == 1 else many}" for count, one, many in counts if count)
    if left.asked:
        hint = "--cooldown 0 asks those once more who were asked lately."
    elif left.cased:
        hint = "To go on talking: winback walk WHO; --status open asks them too."
    else:
        hint = "Nothing was changed. winback list shows whom a filter means."
    raise Refused(f"Nobody is left to be asked: {why or 'nobody fits that'}.", hint)


def refuse_keyless(here: Here, connection: reads.Connection) -> None:
    """Raise BadInput where the key of the suppressions is lost: nobody is put forward then."""
    if wrong := keyless_now(here, connection):
        raise wrong


def refuse_places(*places: Path | None) -> None:
    """Raises UsageError before anything is done where a file could not be made."""
    for place in filter(None, places):
        refuse_taken(place)


def survey_json(one: "Survey") -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "title": one.title,
        "on": one.on,
        "questions": [q._asdict() for q in one.questions],
        "invited": one.invited,
        "answered": one.answered,
        "to_review": one.to_review,
        "call_backs": one.call_backs,
        "by": list(one.by),
        "seed": one.seed,
    }


def person_json(one: "Invited") -> dict[str, Any]:
    return {
        "customer": one.number,
        "name": one.name,
        "company": one.company,
        "code": shown_code(one.code),
        "email": one.email or None,
        "spare": one.spare,
        "answered": one.answered,
    }


def customers_in_words(count: int) -> str:
    return f"{count:,} customer{'' if count == 1 else 's'}"
