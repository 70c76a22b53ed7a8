"""One screen to read before the call."""

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from winback_cli.cli.beside import back_json, back_of, others
from winback_cli.cli.customers import customer_json
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.work import WhoArg, fitting, of_the_firm
from winback_cli.errors import NotFound
from winback_cli.store import reads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from winback_cli.briefing import Briefing, Mended
    from winback_cli.case import Case
    from winback_cli.customer import ContactPoint
    from winback_cli.hours import LocalTime
    from winback_cli.playbook import Playbook

app = typer.Typer(rich_markup_mode=None)


class Told(NamedTuple):
    """What the case asks, or the one that is yet to be opened; by which playbook, and why by that one."""

    found: "Briefing"
    playbook: str
    because: str = ""


@app.command()
def brief(
    ctx: typer.Context,
    who: WhoArg,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """One screen to read before the call: who, what was said and promised, what to ask and avoid."""
    here: Here = ctx.obj
    with here.reading() as connection:
        meant = here.who(connection, who)
        record = reads.customer(connection, meant.number)
        assert record is not None
        points = here.aged(reads.points(connection, meant.number), record.last_purchase)
        ref = reads.case_ref(connection, meant.number, meant.case)
        dues = reads.dues_of(connection, ref.key) if ref else []
        told = None if record.suppressed else _told(here, connection, record, ref)
        back = back_of(here, connection, record.number, ref)
    time = local_time(here, record, points)
    if json:
        return print_json(_json(record, points, ref, told, time) | {"back": back_json(back)})
    from winback_cli import briefing, pages

    found = told.found if told else None
    late = "" if record.suppressed or time.state in ("open", "unknown") else time.words
    listed = "" if record.suppressed else briefing.listed(record.reason, record.cancelled)
    page = pages.Brief(record, points, ref, dues, found, here.clock.today, late, back, listed)
    here.show(pages.brief(page, here.out.width, here.out.height))
    if told and ref is None:
        here.say(f"No case yet; winback walk {record.number} opens one.")
        because = f": {told.because}" if told.because else ""
        here.say(f"What to ask is from the playbook {told.playbook}{because}.")
    return None


def _told(
    here: Here, connection: reads.Connection, customer: reads.CustomerRecord, ref: reads.CaseRef | None
) -> Told | None:
    """None where the latest case is over and was not won: what comes next is no call that it leads to."""
    from winback_cli import briefing
    from winback_cli.route import Days

    days = Days(here.clock.today, here.settings.weekend_days)
    if ref is None:
        book, because = _to_come(here, connection, customer)
        return Told(briefing.beforehand(book, customer.how_left, days), book.name, because)
    if ref.status == "closed" and ref.outcome != "won":  # after a win contact goes on (E8)
        return None
    from winback_cli import library
    from winback_cli.case import fold

    playbook = library.kept(reads.playbook_tree(connection, ref.playbook))
    case = fold(ref.id, reads.events(connection, ref.key))
    fix = mended(connection, case)
    found = briefing.briefing(playbook, case, days, fix)
    return Told(found._replace(pattern=others(here, connection, customer, case)), playbook.name)


def mended(connection: reads.Connection, case: "Case") -> "Mended | None":
    """The firm's fix that a case waits for, where the store knows it."""
    from winback_cli.briefing import Mended
    from winback_cli.store.mending import fix

    number = case.facts.get("decided.fix_number")
    if number is None:
        return None
    try:
        there = fix(connection, number)
    except NotFound:  # an answers file may name any number
        return None
    return None if there.state == "dropped" else Mended(there.what, there.state == "done")


def local_time(here: Here, customer: reads.CustomerRecord, points: "Sequence[ContactPoint]") -> "LocalTime":
    """What time it is for a customer, and whether that is within the firm's hours for calls (B6.5)."""
    from winback_cli import hours

    phone = next((point.value for point in points if point.kind == "phone"), "")
    firm = here.settings
    return hours.standing(
        here.clock.now, firm.contact_hours, customer.country, phone, firm.weekend_days, firm.time_zone
    )


def _to_come(
    here: Here, connection: reads.Connection, customer: reads.CustomerRecord
) -> "tuple[Playbook, str]":
    """The playbook that a walk would take or propose, and why: the firm's own, or else what fits."""
    from winback_cli import library

    fits = None if here.settings.playbook_chosen else fitting(here, connection, customer)
    if fits is None:
        return of_the_firm(here).playbook, ""
    return library.load(fits.playbook, here.settings.playbooks).playbook, fits.because


def _json(
    record: reads.CustomerRecord,
    points: Any,
    ref: reads.CaseRef | None,
    by: Told | None,
    time: "LocalTime",
) -> dict[str, Any]:
    """The screen with stable keys. Without a case the brief is what the playbook would ask; it is null
    where they are left alone, or where the case is closed.
    """
    found = by.found if by else None
    told = found._asdict() if found else {}
    if found:
        told["mines"] = [{"what": what, "explanation": how} for what, how in found.mines]
        told["said"] = [{"label": label, "words": words} for label, words in found.said]
        told["promises"] = [promise._asdict() for promise in found.promises]
        told["wrote"] = {"on": found.wrote[0], "subject": found.wrote[1]} if found.wrote else None
    return {
        "customer": customer_json(record, points),
        "case": ref.id if ref else None,
        "status": ref.status if ref else None,
        "playbook": by.playbook if by else None,
        "because": (by.because or None) if by else None,
        "local_time": {
            "state": time.state,
            "earliest": f"{time.earliest:%H:%M}",
            "latest": f"{time.latest:%H:%M}",
            "words": time.words,
        },
        "brief": told or None,
    }
