"""Surveys and focus groups: begun, listed, and sent out on paper or by a mail merge (A2)."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback_cli import text
from winback_cli.cli import surveyanswers, surveygroups, surveyimports
from winback_cli.cli.asking import (
    Cooldown,
    Csv,
    Json,
    Lapsed,
    Months,
    NameArg,
    NewName,
    Own,
    Owner,
    OwnFile,
    Paper,
    Search,
    Status,
    Title,
    Why,
    begun_as,
    customers_in_words,
    own_questions,
    person_json,
    refuse_keyless,
    refuse_nobody,
    refuse_places,
    refuse_unknown_reason,
    survey_json,
    wanted_of,
)
from winback_cli.cli.here import Here, print_json, write_new
from winback_cli.customer import label
from winback_cli.errors import DiskError, NotPermitted, UsageError
from winback_cli.survey import COOLDOWN, shown_code

if TYPE_CHECKING:
    from winback_cli.store.surveys import Invited, LeftOut, Survey

app = typer.Typer(rich_markup_mode=None)
survey = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Surveys and focus groups.")
app.add_typer(survey, name="survey")


@survey.command()
def new(
    ctx: typer.Context,
    name: NewName,
    question: Own = None,
    questions: OwnFile = None,
    title: Title = "",
    lapsed: Lapsed = False,
    months: Months = None,
    status: Status = "",
    owner: Owner = "",
    reason: Why = "",
    search: Search = "",
    limit: Annotated[int, typer.Option(min=0, help="How many at most, the first of the queue.")] = 0,
    cooldown: Cooldown = COOLDOWN,
    csv: Csv = None,
    form: Paper = None,
    json: Json = False,
) -> None:
    """Begin a survey: everybody who is asked gets a code.

    The four questions of why they left, unless you give your own.

    Nobody who is left alone or was asked lately, nor anybody with a running case unless --status says so.
    """
    here: Here = ctx.obj
    begun = begun_as(name, "survey", title, own_questions(question or [], questions))
    refuse_places(csv, form)
    wanted = wanted_of(here, lapsed, months, status, owner, reason, search)
    since = here.months_ago(cooldown) if cooldown else here.clock.today.isoformat()
    with here.writing("survey new") as store:
        from winback_cli.store import surveys

        with store.reads() as connection:
            refuse_keyless(here, connection)
            refuse_unknown_reason(connection, wanted)
            numbers, left = surveys.to_ask(connection, wanted, limit, since)
        refuse_nobody(numbers, left)
        count = store.begin_survey(begun, numbers, (), since)
    _tell_begun(here, begun.name, count, left, csv, form, json=json)


def _tell_begun(
    here: Here,
    name: str,
    count: int,
    left: "LeftOut",
    csv: Path | None,
    form: Path | None,
    *,
    json: bool,
) -> None:
    """Write what goes out, and say what was begun."""
    with here.reading() as connection:
        from winback_cli.store import surveys

        there = surveys.named(connection, name)
        people = list(surveys.invited(connection, there.key))
    _write(here, there, people, csv, form)
    if json:
        return print_json(
            survey_json(there) | {"left_out": left._asdict(), "people": list(map(person_json, people))}
        )
    typer.echo(f"{customers_in_words(count)} to be asked in {name}.")
    for number, why in (
        (left.asked, "asked not long ago; --cooldown says how long that is"),
        (left.cased, "with a running case: talk to them instead"),
        (left.alone, "left alone"),
    ):
        if number:
            here.say(f"Left out: {number:,} {why}.")
    if csv is None and form is None:
        here.say(f"To send it: winback survey form {name} --csv FILE or --form FILE")
    return None


# -- listed ----------------------------------------------------------------------------------


@survey.command("list")
def list_(ctx: typer.Context, json: Json = False) -> None:
    """All surveys and focus groups, the latest first."""
    here: Here = ctx.obj
    from winback_cli.store import surveys

    with here.reading() as connection:
        found = surveys.surveys(connection)
    if json:
        return print_json([survey_json(one) for one in found])
    rows = [
        [
            one.name,
            text.line(one.title) if one.kind == "survey" else "focus group",
            one.on,
            f"{one.invited:,}",
            f"{one.answered:,}",
            f"{one.to_review:,}",
            f"{one.call_backs:,}",
        ]
        for one in found
    ]
    header = ["Survey", "Title", "Begun", ">Asked", ">Answered", ">To review", ">Call back"]
    return here.table(header, rows, "There is no survey yet. winback survey new NAME --lapsed begins one.")


@survey.command()
def show(ctx: typer.Context, name: NameArg = "", json: Json = False) -> None:
    """One survey: its questions, who is asked, their codes."""
    here: Here = ctx.obj
    from winback_cli.store import surveys

    with here.reading() as connection:
        refuse_keyless(here, connection)
        there = surveys.named(connection, name)
        people = list(surveys.invited(connection, there.key))
    if json:
        return print_json(survey_json(there) | {"people": list(map(person_json, people))})
    kind = f"survey: {text.line(there.title)}" if there.kind == "survey" else "focus group"
    here.say(f"{there.name}, begun {there.on}, a {kind}")
    for number, one in enumerate(there.questions, 1):
        here.say(f"  {number}. {text.line(one.words)}")
    rows = [
        [
            str(one.number),
            text.line(label(one.name, one.company)),
            shown_code(one.code),
            "answered" if one.answered else "spare" if one.spare else "",
        ]
        for one in people
    ]
    return here.table([">No.", "Customer", "Code", ""], rows, "Nobody is asked any more.")


# -- sent out --------------------------------------------------------------------------------


@survey.command()
def form(
    ctx: typer.Context,
    name: NameArg = "",
    csv: Csv = None,
    form: Paper = None,
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Only for those who have not answered.")
    ] = False,
) -> None:
    """What goes out: rows for a mail merge, forms to print.

    Nobody who is left alone is in either.
    """
    here: Here = ctx.obj
    from winback_cli.store import surveys

    if csv is None and form is None:
        raise UsageError("Where to?", "Give --csv FILE, --form FILE, or both.")
    refuse_places(csv, form)
    with here.reading() as connection:
        refuse_keyless(here, connection)
        there = surveys.named(connection, name)
        people = [one for one in surveys.invited(connection, there.key) if not one.spare]
    _write(here, there, [one for one in people if not (unanswered and one.answered)], csv, form)


def _write(
    here: Here, there: "Survey", people: "Iterable[Invited]", csv: Path | None, form: Path | None
) -> None:
    from winback_cli import surveyforms

    firm = here.settings
    told = surveyforms.Form(there.title, there.questions, firm.firm, firm.mail_from)
    asked = [surveyforms.Addressee(one.code, one.name, one.company, one.email) for one in people]
    if csv is not None:
        _new_file(csv, surveyforms.merge_rows(told, asked), there.name)
        here.say(f"{len(asked):,} rows for a mail merge: {text.line(str(csv))}")
        if missing := sum(1 for one in asked if not one.email):
            prints = "their forms are printed" if form else "--form FILE prints theirs"
            here.say(f"{missing:,} without an e-mail: {prints}.")
    if form is not None:
        _new_file(form, surveyforms.printed(told, asked), there.name)
        here.say(f"{len(asked):,} forms to print: {text.line(str(form))}")


def _new_file(place: Path, parts: Iterable[str], name: str) -> None:
    again = f"The survey is kept. Once more: winback survey form {name}"
    try:
        write_new(place, "".join(parts))
    except PermissionError:
        raise NotPermitted(f"{text.line(str(place))} cannot be written.", again) from None
    except OSError:
        raise DiskError(f"{text.line(str(place))} cannot be written.", again) from None


@survey.command()
def drop(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Which one.")]
) -> None:
    """Take back a survey that nobody answered yet."""
    here: Here = ctx.obj
    with here.writing("survey drop") as store:
        count = store.drop_survey(text.line(name).lower())
    here.say(f"{name} is gone; {customers_in_words(count)} can be asked in another one.")


@survey.command()
def undo(ctx: typer.Context, name: NameArg = "", json: Json = False) -> None:
    """Take back the latest file of answers.

    Answers of which a case was made are kept; whoever asked to be left alone is left alone.
    """
    here: Here = ctx.obj
    with here.writing("survey undo") as store:
        done = store.take_back_answers(text.line(name).lower())
    if json:
        return print_json(done._asdict())
    answers = f"{done.gone:,} answer{'' if done.gone == 1 else 's'}"
    typer.echo(f"Taken back from {done.survey}: {answers} brought in on {done.at[:10]}.")
    if done.decided:
        here.say(f"{done.decided:,} of them had been reviewed; the reasons went with them.")
    if done.kept:
        here.say(f"Kept: {done.kept:,} of which a case was made.")
    here.say("Whoever asked to be left alone is left alone. The file can be brought in again.")
    return None


survey.command("import")(surveyimports.import_)
survey.command("review")(surveyanswers.review)
survey.command("tally")(surveyanswers.tally_)
survey.command("sample")(surveygroups.sample)
survey.command("notes")(surveygroups.notes)
