"""Customers: everybody, and one whole file."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.case import MODEL_OF
from winback_cli.cli.beside import back_json, back_of, others
from winback_cli.cli.here import Here, print_json, print_rows
from winback_cli.cli.work import WhoArg
from winback_cli.errors import UsageError
from winback_cli.reaching import best_first
from winback_cli.store import lists, reads

if TYPE_CHECKING:
    from winback_cli.case import Case
    from winback_cli.customer import ContactPoint

app = typer.Typer(rich_markup_mode=None)


@app.command("list")
def list_(
    ctx: typer.Context,
    search: Annotated[
        str, typer.Option(metavar="WORDS", help="Each found in the name, the notes or an answer.")
    ] = "",
    status: Annotated[
        str, typer.Option(help="open, dormant, closed, won, lost, released, none or suppressed.")
    ] = "",
    stage: Annotated[str, typer.Option(help="The stage of the open case: listen, follow up.")] = "",
    owner: Annotated[str, typer.Option(help="Whose customers.")] = "",
    reason: Annotated[str, typer.Option(help="Why they left: price, support.")] = "",
    lapsed: Annotated[bool, typer.Option("--lapsed", help="Only those who have lapsed.")] = False,
    months: Annotated[
        int | None, typer.Option(min=1, max=1200, help="With --lapsed: for so long; else as set.")
    ] = None,
    sort: Annotated[str, typer.Option(help="due, priority, name, revenue, last or number.")] = "due",
    customers: Annotated[
        bool, typer.Option("--customers", help="The customers' own data instead of their cases.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many; 0 for all.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Everybody, with where their case stands: what is due first."""
    here: Here = ctx.obj
    if months and not lapsed:
        raise UsageError("--months goes with --lapsed.", f"winback list --lapsed --months {months}")
    wanted = lists.Wanted(
        one_of("--status", status, lists.STATUSES),
        one_of("--stage", stage, tuple(MODEL_OF)),
        text.line(owner),
        text.line(reason).lower().replace(" ", "_"),
        here.months_ago(months or here.settings.lapsed_months) if lapsed else "",
        tuple(text.line(search).split()),
        one_of("--sort", sort or "due", tuple(lists.SORTS)),
    )
    if customers:
        return _list_customers(here, wanted, limit, json=json)
    with here.reading() as connection:
        lines = lists.lines(connection, wanted, limit)
        total = lists.count_lines(connection, wanted) if limit and len(lines) == limit else len(lines)
    if not here.drawn and len(lines) < total:
        here.say(f"{len(lines):,} of {total:,}; --limit 0 gives all.")
    if json:
        return print_json([_line_json(line) for line in lines])
    if wanted.sort == "priority":
        return _show_priority(here, lines)
    _show_list(here, lines, total)
    return None


def one_of(flag: str, said: str, known: tuple[str, ...]) -> str:
    """One of a closed list, as typed or with blanks; raises UsageError with the nearest name."""
    word = text.line(said).lower().replace(" ", "_").replace("-", "_")
    if not word or word in known:
        return word
    near = text.nearest(word, list(known))
    hint = f"Did you mean {near}?" if near else f"Give one of {', '.join(known)}."
    raise UsageError(f"{flag} {text.shorten(said, 40)!r} is not known.", hint)


def _show_priority(here: Here, lines: list[lists.CustomerLine]) -> None:
    from winback_cli import rows

    here.table(rows.PRIORITY_COLUMNS, rows.priority_rows(lines), "Nobody fits.")
    if here.drawn and lines:
        here.say("What is due comes first. Expected is the chance times what they would bring,")
        here.say("less the contact." + _ask_why(lines))


def _ask_why(lines: list[lists.CustomerLine]) -> str:
    """Where to ask what a chance rests on, of the first who has one."""
    ranked = (one.number for one in lines if one.chance is not None and not one.suppressed)
    first = next(ranked, None)
    return "" if first is None else f" What that rests on: winback why {first}"


def _show_list(here: Here, lines: list[lists.CustomerLine], total: int) -> None:
    from winback_cli import rows

    if not here.drawn:
        return print_rows(rows.LIST_COLUMNS, rows.list_rows(lines))
    if not lines:
        here.say("Nobody fits.")
        return None
    from winback_cli import views

    here.show(views.customer_table(lines, here.out.width))
    if len(lines) < total:
        here.say(f"{len(lines):,} of {total:,}; --limit 0 shows all.")
    return None


def _list_customers(here: Here, wanted: lists.Wanted, limit: int, *, json: bool) -> None:
    from winback_cli.rows import money_words

    with here.reading() as connection:
        records = lists.customers(connection, wanted, limit)
        found = reads.points_of(connection, [record.number for record in records])
    points = {r.number: here.aged(found.get(r.number, []), r.last_purchase) for r in records}
    if json:
        return print_json([customer_json(r, points[r.number]) for r in records])
    table = [
        [
            str(r.number),
            text.line(r.label),
            text.line(next((p.value for p in best_first(points[r.number])), "")),
            text.line(r.city),
            r.last_purchase or "",
            money_words(r.revenue, r.currency),
            "left alone" if r.suppressed else "",
        ]
        for r in records
    ]
    header = ["No.", "Customer", "Reached at", "Town", "Last bought", "Revenue", ""]
    here.table(header, table)
    return None


def customer_json(record: reads.CustomerRecord, points: "list[ContactPoint]") -> dict[str, Any]:
    """A customer with stable keys; revenue in minor units."""
    revenue = None
    if record.revenue is not None:
        revenue = {"amount": record.revenue, "currency": record.currency}
    return {
        "number": record.number,
        "name": record.name,
        "company": record.company,
        "emails": [p.value for p in points if p.kind == "email"],
        "phones": [p.value for p in points if p.kind == "phone"],
        "city": record.city,
        "country": record.country,
        "external_id": record.external_id,
        "owner": record.owner,
        "how_left": record.how_left or None,
        "first_purchase": record.first_purchase,
        "last_purchase": record.last_purchase,
        "orders": record.orders,
        "revenue": revenue,
        "reason": record.reason or None,
        "cancelled": record.cancelled or None,
        "notes": record.notes,
        "contact_points": [p._asdict() for p in points],
        "suppressed": record.suppressed,
        "suppression_reason": record.suppression_reason,
    }


def _line_json(line: lists.CustomerLine) -> dict[str, Any]:
    fields = line._asdict()
    fields["revenue"] = (
        None if line.revenue is None else {"amount": line.revenue, "currency": line.currency}
    )
    del fields["currency"]
    fields["value"] = (
        None if line.value is None else {"amount": line.value, "currency": line.value_currency}
    )
    fields["chance"] = None if line.chance is None else round(line.chance, 4)
    if line.suppressed:
        fields |= {"chance": None, "value": None}
    return fields


@app.command()
def show(
    ctx: typer.Context,
    who: WhoArg,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """One customer's whole file: who, what was said and promised, what is due."""
    show_file(ctx.obj, who, json=json)


def show_file(here: Here, who: str, *, json: bool = False) -> None:
    """The file of WHO, on stdout."""
    with here.reading() as connection:
        meant = here.who(connection, who)
        record = reads.customer(connection, meant.number)
        points = reads.points(connection, meant.number)
        ref = reads.case_ref(connection, meant.number, meant.case)
        events = reads.events(connection, ref.key) if ref else []
        dues = reads.dues_of(connection, ref.key) if ref else []
        breaches = reads.breaches(connection, ref.key) if ref else []
        others = [c.id for c in reads.cases_of(connection, meant.number) if ref and c.id != ref.id]
        assert record is not None
        pattern = _pattern(here, connection, record, ref, events)
        back = back_of(here, connection, record.number, ref)
    points = here.aged(points, record.last_purchase)
    if json:
        file = file_json(record, points, ref, events, dues)
        return print_json(file | {"pattern": pattern or None, "back": back_json(back)})
    from winback_cli import views

    case: Case | None = None
    if ref is not None:
        from winback_cli.case import fold

        case = fold(ref.id, events)
    facts, today = _facts(case) if case else [], here.clock.today
    here.show(
        views.file(
            views.File(record, points, case, ref, others, facts, breaches, dues, today, pattern, back)
        )
    )
    if case is None and not record.suppressed:
        here.say(f"No case yet. winback walk {record.number} opens one.")
    return None


def _pattern(
    here: Here,
    connection: reads.Connection,
    record: reads.CustomerRecord,
    ref: reads.CaseRef | None,
    events: list[Any],
) -> str:
    """Who else left for the same lately, in a sentence, where the case is called specific (B4.2)."""
    from winback_cli.case import fold

    return others(here, connection, record, fold(ref.id, events)) if ref else ""


def file_json(
    record: reads.CustomerRecord,
    points: "list[ContactPoint]",
    ref: reads.CaseRef | None,
    events: list[Any],
    dues: list[tuple[str, str, str, str, int]],
) -> dict[str, Any]:
    """A whole file with stable keys; the facts by stage."""
    from winback_cli.case import MODEL_OF, fold

    case = fold(ref.id, events) if ref else None
    return {
        "customer": customer_json(record, points),
        "case": _case_json(case, ref) if case and ref else None,
        "facts": {
            stage: {
                name.partition(".")[2]: value
                for name, value in (case.facts if case else {}).items()
                if name.startswith(prefix + ".")
            }
            for stage, prefix in MODEL_OF.items()
        },
        "commitments": case.commitments if case else [],
        "touches": case.touches if case else [],
        "sent": case.sent if case else [],
        "due": [
            {"kind": kind, "what": what, "opens_on": opens, "due_on": due, "ref": number}
            for kind, opens, due, what, number in dues
        ],
        "events": [event._asdict() for event in events],
    }


def _case_json(case: "Case", ref: reads.CaseRef) -> dict[str, Any]:
    return {
        "id": case.id,
        "playbook": case.playbook,
        "version": case.version,
        "status": case.status,
        "stage": ref.stage,
        "step": ref.step,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
        "outcome": case.outcome,
    }


def _facts(case: "Case") -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What was answered, by stage: (the question in a word, the answer, how it came)."""
    from winback_cli import answers
    from winback_cli.case import items_of
    from winback_cli.facts import facts
    from winback_cli.stages import MODELS

    how = {answer.fact: answer.how for answer in case.answers.values()}
    parts = []
    for stage, (prefix, _) in MODELS.items():
        rows = []
        for name, spec in facts().items():
            value = case.facts.get(name)
            if name.startswith("revisited.changes") or not name.startswith(prefix + "."):
                continue  # the changes are shown as promises
            if spec.kind == "items":
                value = [item for _, item in items_of(value)] or None
            if value is not None:
                label = answers.words_of(name.partition(".")[2])
                rows.append((label, answers.shown(spec, value), how.get(name, "")))
            if name == "followed_up.check_ins" and value:
                kept = sum(1 for one in value if one.get("kept") is True)
                missed = sum(1 for one in value if one.get("kept") is False)
                rows.append(("counted", f"{kept} kept, {missed} missed", ""))
        parts.append((stage.words.capitalize(), rows))
    own = [
        (key.partition(".")[2].replace("_", " "), answers.words(answer.value), answer.how)
        for key, answer in case.answers.items()
        if not answer.fact and answer.value is not None
    ]
    return [*parts, ("The playbook's own questions", own)]
