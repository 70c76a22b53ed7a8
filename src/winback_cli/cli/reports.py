"""What was learned, as reports: tables with bars at a terminal, JSON, CSV, or one page for a browser."""

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from winback_cli import text
from winback_cli.cli import learned
from winback_cli.cli.files import Kind, is_ours, write_ours
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.options import choice_of, day_of
from winback_cli.errors import UsageError

if TYPE_CHECKING:
    from winback_cli.money import Money
    from winback_cli.report import Cell, Remark, Report, Wanted
    from winback_cli.store.reads import Connection

app = typer.Typer(rich_markup_mode=None)


@app.command()
def report(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="funnel, reasons, outcomes, playbooks, promises, checkins, value: all unless given; or"
            " learned, the digest for other teams.",
        ),
    ] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="Only cases opened that day or later.")] = "",
    by: Annotated[
        str, typer.Option(metavar="GROUP", help="Apart by owner, source, segment or playbook.")
    ] = "",
    html: Annotated[
        str, typer.Option(metavar="FILE", help="One page with all reports; - for the output.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    csv_: Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="With --csv: texts as they are, formulas and all.")
    ] = False,
    md: Annotated[str, typer.Option(metavar="FILE", help="learned as Markdown; - for the output.")] = "",
    named: Annotated[bool, typer.Option("--named", help="learned with customers' names.")] = False,
) -> None:
    """How far cases came, why customers left, how many came back, what was kept.

    Rates count closed cases; open and sleeping ones are no losses. Of fewer than five only counts are
    told. No report says that contact brought anybody back, and these name no customer. A segment is a band
    of the customer's revenue on record: under 1,000, under 10,000, under 100,000, and above, each
    currency apart. --html writes a page that needs no network; one that winback wrote is written anew,
    any other file is left as it is.

    learned tells what customers said and asked for, by reason, and what the firm learned and mends; it
    names customers only with --named.
    """
    here: Here = ctx.obj
    if name == learned.NAME:
        form = learned.Form(md, html, json, named)
        return learned.show(here, since, form, others=bool(by or csv_ or raw))
    if md or named:
        raise UsageError("--md and --named are for the digest.", "winback report learned")
    forms = _Forms(html, json, csv_, raw)
    names = _names(here, name, forms, by)
    wanted = _wanted(here, since, by)
    with here.reading() as connection:
        found = [_report(here, connection, one, _fitting(one, wanted)) for one in names]
    if html:
        return _publish(here, html, found, wanted)
    if json:
        return print_json(_json(found[0], wanted) if name else [_json(one, wanted) for one in found])
    return _print_csv(found[0], raw=raw) if csv_ else _show(here, found)


class _Forms(NamedTuple):
    """In which form it is asked for, as it was typed."""

    html: str
    json: bool
    csv: bool
    raw: bool


def _names(here: Here, name: str, forms: _Forms, by: str) -> Sequence[str]:
    """The reports that are asked for; raises UsageError where the options do not fit together."""
    from winback_cli.report import FITS, NAMES

    if sum((bool(forms.html), forms.json, forms.csv)) > 1:
        raise UsageError("--html, --json and --csv do not go together.", "Give one of them.")
    if forms.raw and not forms.csv:
        raise UsageError("--raw goes with --csv.", "winback report NAME --csv --raw")
    if forms.html and forms.html != "-":
        is_ours(Path(forms.html), _ours())
    if not name:
        if forms.csv:
            raise UsageError("--csv tells one report.", f"Name it: {', '.join(NAMES)}.")
        return NAMES
    if name not in NAMES:
        near = text.nearest(name, [*NAMES, learned.NAME])
        raise UsageError(
            f"There is no report {text.shorten(name, 40)!r}.",
            f"Did you mean {near}?" if near else f"There are {', '.join((*NAMES, learned.NAME))}.",
        )
    if by and not forms.html and by in _all_groups() and by not in FITS[name]:
        raise UsageError(f"The report {name} is not told by {by}.", f"Give one of {', '.join(FITS[name])}.")
    return NAMES if forms.html else (name,)


def _all_groups() -> tuple[str, ...]:
    from winback_cli.report import GROUPS

    return GROUPS


def _wanted(here: Here, since: str, by: str) -> "Wanted":
    from winback_cli.report import Wanted

    day = day_of(here, since, "--since", past=True) if since else ""
    group = choice_of(here, by, _all_groups(), "--by") if by else ""
    return Wanted(here.clock.today.isoformat(), day, group)


def _fitting(name: str, wanted: "Wanted") -> "Wanted":
    """Without the group that a report is not told by, where all reports are."""
    from winback_cli.report import FITS

    return wanted if wanted.by in FITS[name] else wanted._replace(by="")


def _report(here: Here, connection: "Connection", name: str, wanted: "Wanted") -> "Report":
    """One report of what the store counts."""
    from winback_cli import dealings
    from winback_cli import report as trade
    from winback_cli.store import tallies

    by, since = wanted.by, wanted.since
    if name == "promises":
        return dealings.promises(tallies.promises(connection, by, since), wanted)
    if name == "checkins":
        return dealings.checkins(tallies.check_ins(connection, by, since), wanted)
    if name == "value":
        return dealings.value(tallies.amounts(connection, by, since), wanted)
    erased = tallies.erased(connection, by, since)
    cases = tallies.cases(connection, by, since) + (erased if by in trade.KEPT else [])
    if name == "outcomes":
        told = trade.outcomes(cases, tallies.wins(connection, by, since), wanted)
        told = _with_learning(here, connection, told, wanted)
    elif name == "reasons":
        told = trade.reasons(cases, wanted)._replace(remarks=_remarks(connection, wanted))
    else:
        told = {"funnel": trade.funnel, "playbooks": trade.playbooks}[name](cases, wanted)
    return trade.with_erased(told, erased, by)


def _with_learning(here: Here, connection: "Connection", told: "Report", wanted: "Wanted") -> "Report":
    """The report of outcomes with how customers came back, and whether the chances held."""
    from winback_cli import learning
    from winback_cli.store import outcomes

    today, months = here.clock.today, here.settings.horizon_months
    rows = outcomes.attempts(connection, "chance", today, months, wanted.since)
    without = outcomes.back_without_case(connection, today, here.settings.lapsed_months, wanted.since)
    found = learning.returns(rows, today, months, without)
    return learning.with_learning(told, found, learning.calibration(rows, today, months), wanted.by)


def _remarks(connection: "Connection", wanted: "Wanted") -> "tuple[Remark, ...]":
    """Which reasons come in a burst now (B4.3), and how often our own theory was right (B1.2)."""
    from winback_cli import patterns as trade
    from winback_cli.store import patterns

    today = date.fromisoformat(wanted.today)
    found = trade.bursts(patterns.counts(connection, today), patterns.first(connection), today)
    return trade.remarks(found, patterns.theories(connection, wanted.since))


def _show(here: Here, found: "Sequence[Report]") -> None:
    from winback_cli import reportview

    for place, one in enumerate(found):
        if place:
            here.show("")
        here.show(reportview.report(one, here.out.width))


# -- for scripts -----------------------------------------------------------------------------


def _json(told: "Report", wanted: "Wanted") -> dict[str, Any]:
    """With stable keys."""
    fitting = _fitting(told.name, wanted)
    return {
        "report": told.name,
        "as_of": wanted.today,
        "since": wanted.since or None,
        "by": fitting.by or None,
        "figures": {figure.key: _plain(figure.value) for figure in told.figures},
        "tables": {
            table.key: [
                {key: _plain(cell) for (key, _), cell in zip(table.columns, row, strict=True)}
                for row in table.rows
            ]
            for table in told.tables
        },
        "notes": list(told.notes),
        **{remark.key: _plainly(remark.values) for remark in told.remarks},
    }


def _plainly(values: Any) -> Any:
    """Values within values, each as JSON has it."""
    if isinstance(values, Mapping):
        return {key: _plainly(value) for key, value in values.items()}
    return [_plainly(value) for value in values] if isinstance(values, list) else _plain(values)


def _plain(cell: "Cell") -> Any:
    """A value for JSON: amounts in minor units, no share of fewer than five."""
    from winback_cli.intervals import Rate, Spread
    from winback_cli.money import Money

    if isinstance(cell, Rate):
        low, high = cell.interval or (None, None)
        share = None if cell.share is None else round(cell.share, 4)
        ends = {"low": _rounded(low), "high": _rounded(high)}
        return {"count": cell.hits, "of": cell.of, "share": share, **ends}
    if isinstance(cell, Spread):
        few = not cell.known
        middle = {"quarter": cell.quarter, "median": cell.median, "three_quarters": cell.three_quarters}
        told = {key: None if few else part for key, part in middle.items()}
        ends = {"least": cell.least if cell.times else None, "most": cell.most if cell.times else None}
        return {"count": cell.times, **ends, **told}
    return cell._asdict() if isinstance(cell, Money) else cell


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _print_csv(told: "Report", *, raw: bool) -> None:
    """Every table of a report under one header; the first column says which, where there are several.

    Without `raw` no text is taken for a formula by a spreadsheet.
    """
    from winback_cli.exporting import neutral

    rows = []
    for table in told.tables:
        for row in table.rows:
            line: dict[str, object] = {"table": table.key} if len(told.tables) > 1 else {}
            for (key, _), cell in zip(table.columns, row, strict=True):
                line |= _flat(key, cell)
            rows.append(line)
    header = list(dict.fromkeys([*(key for line in rows for key in line)])) or _header(told)
    writer = csv.DictWriter(sys.stdout, header, restval="", lineterminator="\n")
    writer.writeheader()
    for line in rows:
        writer.writerow(
            {
                key: neutral(part) if isinstance(part, str) and not raw else part
                for key, part in line.items()
            }
        )


def _header(told: "Report") -> list[str]:
    """The columns of an empty report, as far as they are known without a value."""
    several = ["table"] if len(told.tables) > 1 else []
    return list(dict.fromkeys([*several, *(key for table in told.tables for key, _ in table.columns)]))


def _flat(key: str, cell: "Cell") -> dict[str, object]:
    """A value as cells: a rate as its parts, an amount in whole units of its currency."""
    from winback_cli.money import Money

    if isinstance(cell, Money):
        return {key: _decimal(cell)}
    told = _plain(cell)
    if isinstance(told, dict):
        return {f"{key}_{part}": value for part, value in told.items()}
    return {key: text.line(cell) if isinstance(cell, str) else cell}


def _decimal(money: "Money") -> Decimal:
    """`1200.50`: an amount in whole units of its currency."""
    return Decimal(money.words().removeprefix(money.currency).strip().replace(",", ""))


# -- the page --------------------------------------------------------------------------------


def _publish(here: Here, place: str, found: "Sequence[Report]", wanted: "Wanted") -> None:
    from winback_cli.page import page

    content = page(found, here.clock.today, wanted.since, wanted.by)
    if place == "-":
        sys.stdout.write(content)
        return
    write_ours(Path(place), content, _ours())
    here.say(f"Wrote {place}: {len(found)} reports on one page.")


def _ours() -> Kind:
    from winback_cli.page import MARK

    return Kind(MARK, "page", "--html")
