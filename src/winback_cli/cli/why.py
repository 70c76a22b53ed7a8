"""Why somebody comes where they come: the priority score, factor by factor."""

from math import exp
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import priority, stakes, text
from winback_cli.cli.assuming import assumptions
from winback_cli.cli.beside import back_json, back_of
from winback_cli.cli.brought import brought, set_by
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.reckoned import Given, Why
from winback_cli.cli.work import WhoArg
from winback_cli.money import Money
from winback_cli.rows import back_words, percent, won_command
from winback_cli.store import reads, scoring
from winback_cli.worth import whole

if TYPE_CHECKING:
    from rich.console import RenderableType

    from winback_cli.case import Case

app = typer.Typer(rich_markup_mode=None)

# The field of a customer's record that a factor is read from.
_FIELDS = {
    "recency": "last_purchase",
    "orders": "orders",
    "spending": "revenue",
    "tenure": "first_purchase",
    "how_left": "how_left",
    "reason": "reason",
    "regularity": "regularity",
    "cancelled": "cancelled",
}
# The facts of a case that say it; how they left may be told anew by hand since.
_ASKED = {
    "referrals": ("decided.referrals",),
    "complaint": ("heard.complained", "backstory.complained_on"),
    "how_left": ("backstory.how_left",),
    "reason": ("classified.reason",),
    "yearly": ("decided.yearly_margin",),
    "years": ("decided.expected_years",),
    "referred": ("decided.referral_count",),
    "fix": ("decided.fix_cost",),
}
_SETTINGS = ("return_rate", "margin", "horizon_months")


@app.command()
def why(
    ctx: typer.Context,
    who: WhoArg,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Why somebody comes where they come: the chance, what they would bring, and what that rests on."""
    here: Here = ctx.obj
    with here.reading() as connection:
        meant = here.who(connection, who)
        record = reads.customer(connection, meant.number)
        ref = reads.case_ref(connection, meant.number)
        assert record is not None
        case = None
        if ref:
            from winback_cli.case import fold

            case = fold(ref.id, reads.events(connection, ref.key))
        told = reckon(here, connection, record, case)
        told = told._replace(back=back_of(here, connection, record.number, ref))
    if json:
        return print_json(_json(here, told))
    here.show(_page(here, told))
    return None


def reckon(
    here: Here,
    connection: reads.Connection,
    record: reads.CustomerRecord,
    case: "Case | None",
    *,
    undecided: bool = False,
) -> Why:
    """The priority of one customer, from what the store and the settings hold: with what everybody's
    scores are reckoned with, so that it is the one that lists go by; `undecided`, as if no verdict stood.
    """
    ((_, known),) = scoring.known(connection, "u.id = ?", (record.number,), here.clock.today)
    known = known._replace(left_alone=record.suppressed, verdict="" if undecided else known.verdict)
    if case:  # in a walk it holds answers that are not stored yet
        known = known._replace(answered=scoring.answered(connection, case))
    given = Given(known, _origins(record, case))
    kept = scoring.kept(connection, record.number)
    assumed, outcomes = scoring.in_force(scoring.basis(connection), assumptions(here.settings))
    found = priority.priority(given.known, assumed, here.clock.today, outcomes)
    state, because = "ranked", ""
    if record.suppressed:
        state, because = "left_alone", record.suppression_reason or ""
    elif case and case.status == "closed":
        state, because = "closed", case.outcome or ""
    elif found.score is None:
        state, because = "let_go", given.known.verdict
    if state != "ranked":
        found = found._replace(score=None, factors=(), missing=(), worth=None)
    last, today = record.last_purchase, here.clock.today.isoformat()
    lapsed = not last or last <= here.lapsed_before or last > today  # a day to come says nothing
    asleep = case is not None and case.status == "dormant"
    return Why(record, given, found, assumed, state, because, asleep, lapsed, kept)


def _origins(record: reads.CustomerRecord, case: "Case | None") -> dict[str, str]:
    """Where what is known comes from, by factor: the case's own answers before the record."""
    by_hand = set(record.edited.split())
    origins = {
        factor: "by hand" if field in by_hand else "imported"
        for factor, field in _FIELDS.items()
        if getattr(record, field) not in (None, "")
    }
    if case is None:
        return origins
    how = {answer.fact: answer.how for answer in case.answers.values()}
    for factor, names in _ASKED.items():
        name = next((name for name in names if case.facts.get(name) is not None), "")
        if name and (factor != "how_left" or case.facts[name] == record.how_left):
            origins[factor] = how.get(name, "asked")
    return origins


# -- as JSON ---------------------------------------------------------------------------------


def _json(here: Here, told: Why) -> dict[str, Any]:
    """The priority with stable keys; amounts in minor units. Of who is not ranked nothing is reckoned."""
    found, score, worth = told.found, told.found.score, told.found.worth
    return {
        "customer": told.record.number,
        "name": told.record.label,
        "state": told.state,
        "because": told.because or None,
        "as_of": here.clock.today.isoformat(),
        "lapsed": told.lapsed,
        "kept": {"chance": told.kept.chance, "on": told.kept.on} if score and told.kept else None,
        "chance": {"about": score.chance, "low": score.low, "high": score.high} if score else None,
        "value": _amount(score.value, score.currency) if score else None,
        "worth": worth._asdict() if worth else None,
        "base": found.base._asdict() if score else None,
        "factors": [
            {
                "factor": one.name,
                "words": one.words,
                "value": one.value,
                "weight": one.multiplier,
                "from": told.given.origins.get(one.name) if one.value is not None else None,
                "basis": one.source,
                "note": _noted(one) or None,
            }
            for one in found.factors
        ],
        "missing": list(found.missing),
        "back": back_json(told.back),
        "assumed": {
            name: {"value": getattr(here.settings, name), "from": here.settings.origins[name]}
            for name in _SETTINGS
        },
    }


def _amount(value: int | None, currency: str) -> dict[str, Any] | None:
    return None if value is None else {"amount": value, "currency": currency}


# -- as a page -------------------------------------------------------------------------------


def _page(here: Here, told: Why) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from winback_cli import views

    title = Text(text.shorten(told.record.label, 60), style="bold")
    title.append(f"  no. {told.record.number}", style="not bold dim")
    if told.state != "ranked":
        return Group(title, Text(_not_ranked(told)))
    parts: list[RenderableType] = [title]
    if told.back:
        parts.append(Text(f"{back_words(told.back)} If they are won: {won_command(told.back)}"))
    parts += [Text(sentence) for sentence in _result(told)]
    parts += [views.heading("What moves the chance"), views.indented(_factors(here, told))]
    parts += [views.indented(Text(line, style="dim")) for line in _bases(told)]
    if told.found.missing:
        parts += [views.heading("Not known"), Text(_missing(told.found))]
    parts.append(views.heading("What they would bring"))
    parts += [Text(sentence) for sentence in brought(here, told)]
    return Group(*parts)


def _not_ranked(told: Why) -> str:
    because = text.line(told.because)
    if told.state == "left_alone":
        return f"They asked to be left alone: {because}. Nobody who is left alone is ranked."
    if told.state == "closed":
        return f"Their case is closed: {because}. Who has been through to the end is not ranked."
    return "It was decided to let them go, so they are not ranked."


def _result(told: Why) -> list[str]:
    """The result in words."""
    found, score = told.found, told.found.score
    assert score is not None
    ratio = score.chance / found.base.middle
    likely = (
        "about as likely as most"
        if 0.9 <= ratio <= 1.1
        else f"{'much ' if ratio > 2 else ''}likelier than most"
        if ratio > 1
        else f"{'much ' if ratio < 0.5 else ''}less likely than most"
    )
    said = [
        f"Back within {_months(told.assumed.horizon_months)}: about {percent(score.chance)}, probably"
        f" {percent(score.low)} to {percent(score.high)}; {likely}.",
        *_for_and_against(found),
        _value_words(told, score),
    ]
    if not told.lapsed:
        said.append("They bought not long ago and have not lapsed yet.")
    if told.given.known.cancelled is None and told.record.cancelled:
        said.append(f"They cancel on {told.record.cancelled}, a day to come: not counted.")
    if told.asleep:
        said.append("Their case is asleep.")
    if told.kept and told.kept.chance and percent(told.kept.chance) != percent(score.chance):
        said.append(f"Lists still go by {percent(told.kept.chance)}, reckoned on {told.kept.on}.")
    return said


def _missing(found: priority.Priority) -> str:
    """The factors that are missing, each with why, where it is not just unknown."""
    words = [
        f"{one.words} ({note})" if (note := _noted(one)) else one.words
        for one in found.factors
        if one.name in found.missing
    ]
    return f"{', '.join(words)}.\nEach makes the range wider."


def _noted(one: priority.Weighed) -> str:
    """What there is to say beside a factor; a reason may stand there in the list's own words."""
    if one.name == "reason" and one.value is None and one.note:
        return "in words, not yet one of the reasons: winback walk asks"
    return one.note


def _for_and_against(found: priority.Priority) -> list[str]:
    """What bears most on the chance, for and against: never more than two of each."""
    ranked = sorted((one for one in found.factors if one.value is not None), key=lambda one: one.multiplier)
    against = [one.words for one in ranked[:2] if one.multiplier < 0.95]
    speaks = [one.words for one in reversed(ranked[-2:]) if one.multiplier > 1.05]
    parts = [f"For it: {', '.join(speaks)}."] if speaks else []
    parts += [f"Against it: {', '.join(against)}."] if against else []
    return [" ".join(parts)] if parts else []


def _value_words(told: Why, score: priority.Score) -> str:
    if score.value is None:
        return "What they would bring is not known; the chance alone ranks them."
    worth, brought = Money(score.value, score.currency), told.found.worth
    taken = "all that it takes" if brought and (brought.fix or brought.offers) else "the contact"
    if score.value <= 0:
        more = "it costs more" if taken != "the contact" else "a contact costs more"
        return f"Chance times what they would bring: {whole(worth)}. By that, {more}."
    less = f", less {taken}" if brought and (brought.cost or taken != "the contact") else ""
    return f"Chance times what they would bring{less}: {whole(worth)}."


def _factors(here: Here, told: Why) -> "RenderableType":
    from winback_cli import views

    base, legend = told.found.base, _legend(told)
    origin = "your cases" if base.closed else set_by(here, "return_rate")
    rows = [["of all who lapsed", f"{percent(base.rate)} come back", "", origin, ""]]
    if abs(base.level) > 0.005:
        rows.append(["the list as a whole", "", _times(exp(-base.level)), "reckoned", ""])
    for one in told.found.factors:
        if one.value is None:
            continue
        origin = told.given.origins.get(one.name, "")
        rows.append([one.words, _shown(told, one), _times(one.multiplier), origin, legend[one.source]])
    header = ("Factor", "What is known", ">Weight", "From", "Basis")
    return views.plain_table(header, rows, here.out.width - 2)


def _legend(told: Why) -> dict[str, str]:
    """A letter for each basis that a known factor has."""
    used = dict.fromkeys(one.source for one in told.found.factors if one.value is not None)
    return {source: letter for source, letter in zip(used, "abcdefgh", strict=False)}


def _bases(told: Why) -> list[str]:
    said = [f"{letter}: {source}" for source, letter in _legend(told).items()]
    return [
        "A weight of 2 doubles the odds, 0.5 halves them, 1 changes nothing.",
        *_level_words(told),
        *_rate_words(told.found.base),
        *[f"{one.words.capitalize()}: {one.note}." for one in told.found.factors if _bore(one)],
        *said,
    ]


def _bore(one: priority.Weighed) -> bool:
    """Whether there is something to say beside a factor that counts."""
    return one.value is not None and bool(one.note)


def _level_words(told: Why) -> list[str]:
    if abs(told.found.base.level) <= 0.005:
        return []
    return ["The list as a whole: it holds the average of all at that rate."]


def _rate_words(base: priority.Base) -> list[str]:
    """What own cases made of the assumed rate."""
    if not base.closed:
        return []
    return [
        f"{base.won:,} of {base.closed:,} of your settled cases came back; the {percent(base.assumed)} you"
        f" assume count as {priority.BASE_CASES} more.",
        "Settled leaves out who is let go, cases that still run, and who came back unasked.",
    ]


def _shown(told: Why, one: priority.Weighed) -> str:
    """The value of a factor as an adviser reads it."""
    known, value = told.given.known, one.value
    if one.name == "recency":
        return f"{known.last}, {value} days ago"
    if one.name == "spending":
        return f"{value} times the usual"
    if one.name == "tenure" and isinstance(value, int):
        return f"{value / stakes.YEAR:.1f} years"
    if one.name == "regularity":
        return f"gaps vary by {known.regularity:.0%}".replace("%", " %")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text.line(str(value)).replace("_", " ")


def _times(multiplier: float) -> str:
    return f"x {multiplier:.2f}"


def _months(count: int) -> str:
    return "a month" if count == 1 else "a year" if count == 12 else f"{count} months"
