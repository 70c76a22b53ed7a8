"""One screen to read before the call."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli.cli.customers import customer_json
from winback_cli.cli.here import Here, print_json
from winback_cli.cli.work import WhoArg
from winback_cli.store import reads

if TYPE_CHECKING:
    from winback_cli.briefing import Briefing

app = typer.Typer(rich_markup_mode=None)


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
        found = None if record.suppressed else _briefing(here, connection, ref)
    if json:
        return print_json(_json(record, points, ref, found))
    from winback_cli import pages

    here.show(
        pages.brief(
            pages.Brief(record, points, ref, dues, found, here.clock.today), here.out.width, here.out.height
        )
    )
    if ref is None and not record.suppressed:
        here.say(f"No case yet. winback walk {record.number} opens one.")
    return None


def _briefing(here: Here, connection: reads.Connection, ref: reads.CaseRef | None) -> "Briefing | None":
    if ref is None or ref.status == "closed":
        return None
    from winback_cli import library
    from winback_cli.briefing import briefing
    from winback_cli.case import fold
    from winback_cli.route import Days

    playbook = library.kept(reads.playbook_tree(connection, ref.playbook))
    case = fold(ref.id, reads.events(connection, ref.key))
    return briefing(playbook, case, Days(here.clock.today, here.settings.weekend_days))


def _json(
    record: reads.CustomerRecord, points: Any, ref: reads.CaseRef | None, found: "Briefing | None"
) -> dict[str, Any]:
    """The screen with stable keys; what belongs to a case is null without an unclosed one."""
    told = found._asdict() if found else {}
    if found:
        told["mines"] = [{"what": what, "explanation": how} for what, how in found.mines]
        told["said"] = [{"label": label, "words": words} for label, words in found.said]
        told["promises"] = [promise._asdict() for promise in found.promises]
    return {
        "customer": customer_json(record, points),
        "case": ref.id if ref else None,
        "status": ref.status if ref else None,
        "brief": told or None,
    }
