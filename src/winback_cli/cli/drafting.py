"""Drafts of messages: filled from the store, edited, checked, kept; approved where nothing stops them."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import text
from winback_cli.cli.here import Here, at_terminal, print_json
from winback_cli.cli.options import choice_of
from winback_cli.cli.work import WhoArg, Work, in_hand, latest, refuse_left_alone, take_up
from winback_cli.errors import BadInput, NotFound, Refused, TryAgain, UsageError, WinbackError
from winback_cli.store import mending, messages, reads
from winback_cli.store.finding import names_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from winback_cli.case import Case
    from winback_cli.customer import ContactPoint
    from winback_cli.draftcheck import Found
    from winback_cli.drafting import About, Mended
    from winback_cli.playbook import Playbook
    from winback_cli.store.messages import Message
    from winback_cli.store.outbox import Check
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)
LONGEST = 100_000  # characters of a message
_NO_FIX = ("A message about a fix begins with the fix.", "winback fix tell ID drafts it.")


@app.command()
def draft(
    ctx: typer.Context,
    who: WhoArg,
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help="contact, revisit, fixed, check in, last word; else what is due"),
    ] = "",
    file: Annotated[
        str,
        typer.Option(
            "--text", metavar="FILE", help="The message: Subject: ..., a blank line, the rest; or -."
        ),
    ] = "",
    edit: Annotated[bool, typer.Option("--edit/--no-edit", help="Open it in your editor.")] = True,
    anew: Annotated[bool, typer.Option("--anew", help="Begin again from the template.")] = False,
    approve: Annotated[bool, typer.Option("--approve", help="Approve it where nothing stops it.")] = False,
    override: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK=WHY", help="A finding that is a false alarm, and why."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Write the message that is due: filled from the file, edited, checked. Nothing is sent."""
    from winback_cli import drafting

    here: Here = ctx.obj
    here.must_know(who)
    if override and not approve:
        raise UsageError("A finding is set aside where a draft is approved.", "Give --approve too.")
    said = choice_of(here, kind, drafting.KINDS, "--kind") if kind else ""
    given = _read(file) if file else None
    customer = _whom(here, who)
    to = _address(here, customer)  # before a case is opened, and before anything is written
    _say_stale(here, customer, to)
    with here.writing("draft") as store:
        work = latest(here, store, who)
        if work is None and said == "fixed":
            raise Refused(*_NO_FIX)
        work = work or take_up(here, store, who)
        chosen = said or drafting.kind_due(work.case)
        there = _there(here, work, chosen)
        written = given or _start(here, work, chosen, None if anew else there)
        if edit and given is None and at_terminal():
            number = _keep_edited(here, store, work, chosen, written, there)
        else:
            number = _keep(here, store, work, chosen, written, there)
        _show(here, number, json=json)
        if approve:
            approved(here, store, number, override or [])


def _whom(here: Here, who: str) -> reads.CustomerRecord:
    with here.reading() as connection:
        customer = reads.customer(connection, here.who(connection, who).number)
    assert customer is not None
    refuse_left_alone(customer)
    return customer


def _there(here: Here, work: Work, kind: str) -> "Message | None":
    """The draft of that kind that the case holds already; raises Refused where it is on its way, or
    where nobody knows whether it arrived.
    """
    from winback_cli.store.outbox import LIVE, must_be

    with here.reading() as connection:
        found = messages.messages(connection, LIVE, work.ref.customer)
    there = next((one for one in reversed(found) if one.case == work.ref.id and one.stage == kind), None)
    if there is not None:
        must_be(there, *messages.EDITABLE)
    elif kind == "fixed":
        raise Refused(*_NO_FIX)
    return there


def _read(file: str) -> str:
    """The message of a file, which begins with its subject; raises BadInput."""
    from winback_cli.drafting import parted

    name = "The message" if file == "-" else text.shorten(file, 100)
    try:
        raw = sys.stdin.buffer.read(LONGEST * 4 + 1) if file == "-" else _bytes(Path(file))
        told = _fitting(raw.decode("utf-8-sig", "ignore" if len(raw) > LONGEST * 4 else "strict"))
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not UTF-8 text.", "Save it as UTF-8.") from None
    except OSError as problem:
        raise BadInput(
            f"{name} cannot be read: {problem.strerror}.", "Name the file of the message."
        ) from None
    parted(told)
    return told


def _bytes(place: Path) -> bytes:
    with place.open("rb") as stream:
        return stream.read(LONGEST * 4 + 1)


def _fitting(told: str) -> str:
    if len(told) > LONGEST:
        raise BadInput(f"A message has at most {LONGEST:,} characters.", "Make it shorter.")
    return told


def _body_of(one: "Message") -> str:
    return f"Subject: {one.subject}\n\n{one.body}"


def _start(here: Here, work: Work, kind: str, there: "Message | None") -> str:
    """What is written on: the draft there is, else the template; an offer that is over is said."""
    from winback_cli import drafting
    from winback_cli.case import items_of

    if there is not None:
        return _body_of(there)
    made = [offer for _, offer in items_of(work.case.facts.get("revisited.offers")) if offer.get("terms")]
    standing = drafting.offers_standing(work.case, here.clock.today)
    if kind == "revisit" and made and made[-1] not in standing:
        here.say("The offer is over, and left out: winback offer add makes another.")
    return _filled(here, work, kind, _fix_of(here, work, kind))


def _fix_of(here: Here, work: Work, kind: str) -> "mending.Fix | None":
    """The fix that a message of that kind, drafted already, tells of."""
    there = _there(here, work, kind) if kind == "fixed" else None
    if there is None or there.fix is None:
        return None
    with here.reading() as connection:
        return mending.fix(connection, there.fix)


def _filled(here: Here, work: Work, kind: str, fix: "mending.Fix | None") -> str:
    """The template of that kind with what is known."""
    from winback_cli import drafting, templates

    found = templates.find(kind, work.playbook.name, here.settings.playbooks)
    made = templates.render(found, drafting.facts_of(about_of(here, work.customer, work.case, fix)))
    return f"Subject: {made.subject}\n\n{made.body}"


def _keep_edited(
    here: Here, store: "Store", work: Work, kind: str, start: str, there: "Message | None"
) -> int:
    """Let somebody write, and keep it; what cannot be kept as a message is left in a file, and said."""
    from winback_cli.cli.here import write_new
    from winback_cli.terminal import edited

    told = edited(start)
    if told is None:
        raise NotFound("The editor did not start.", "See $EDITOR, or give --no-edit or --text FILE.")
    if not told.strip():
        raise BadInput("Nothing was written; nothing is kept.", "winback draft begins again.")
    try:
        return _keep(here, store, work, kind, told, there)
    except WinbackError as problem:
        stamp = here.clock.stamp.replace(":", "").replace("-", "")
        place = here.path.parent / f"unkept-{work.ref.customer}-{stamp}.txt"
        with contextlib.suppress(OSError):
            write_new(place, told)
            mended = f"winback draft {work.ref.customer} --kind {kind} --text '{place}'"
            problem.hint = f"What you wrote lies in {place}. Mend it there, then: {mended}"
        raise


def _keep(
    here: Here,
    store: "Store",
    work: Work,
    kind: str,
    written: str,
    there: "Message | None",
    fix: int | None = None,
) -> int:
    import secrets

    from winback_cli import drafting
    from winback_cli.senders import new_message_id
    from winback_cli.store.outbox import Draft

    subject, body = drafting.parted(_fitting(written))
    to = _address(here, work.customer)
    domain = here.settings.mail_from.rpartition("@")[2] or "winback.invalid"
    made = Draft(
        kind,
        to.value,
        work.customer.name,
        subject,
        body,
        new_message_id(domain, secrets.token_hex(16)),
        fix,
    )
    return store.keep_message(work.ref.key, made, there.number if there else None)


def _address(here: Here, customer: reads.CustomerRecord) -> "ContactPoint":
    """The best of their addresses; raises NotFound where none can be written to."""
    from winback_cli import reaching

    with here.reading() as connection:
        points = here.aged(reads.points(connection, customer.number), customer.last_purchase)
    mail = [point for point in reaching.best_first(points) if point.kind == "email"]
    if not mail or mail[0].state == "invalid":
        raise NotFound(
            f"{customer.label} has no e-mail address that can be written to.",
            f"winback edit {customer.number} --email ADDRESS; or call: winback brief {customer.number}",
        )
    return mail[0]


def _say_stale(here: Here, customer: reads.CustomerRecord, to: "ContactPoint") -> None:
    if to.state == "stale":
        here.say(f"The address of {customer.label} is stale: make sure before you send.")


# -- what a message is checked against ---------------------------------------------------------


def about_of(
    here: Here, customer: reads.CustomerRecord, case: "Case", fix: "mending.Fix | None"
) -> "About":
    """Everything that a message of this case may say."""
    from winback_cli.drafting import About, Mended, Writer

    settings = here.settings
    writer = Writer(
        settings.mail_name or settings.name,
        settings.firm,
        (settings.name, *settings.owners, customer.owner),
    )
    mended = Mended(fix.what, fix.done_on) if fix else None
    return About(customer.name, customer.company, case, writer, here.clock.today, mended)


def _case_of(connection: reads.Connection, one: "Message") -> "tuple[reads.CustomerRecord, Case, Playbook]":
    from winback_cli import library
    from winback_cli.case import fold

    ref = reads.case_by_key(connection, one.case_key)
    customer = reads.customer(connection, ref.customer)
    assert customer is not None
    playbook = library.kept(reads.playbook_tree(connection, ref.playbook))
    return customer, fold(ref.id, reads.events(connection, ref.key)), playbook


def findings_of(here: Here, connection: reads.Connection, one: "Message") -> "tuple[Found, ...]":
    """What is wrong with a message as its case stands now."""
    from winback_cli import drafting

    customer, case, playbook = _case_of(connection, one)
    fix = mending.fix(connection, one.fix) if one.fix is not None else None
    about = about_of(here, customer, case, fix)._replace(
        waits=_waits_for(connection, case), others=names_in(connection, one.body, customer.number)
    )
    return drafting.findings(one.subject, one.body, about, one.stage, playbook.drafts)


def _waits_for(connection: reads.Connection, case: "Case") -> "Mended | None":
    from winback_cli.drafting import Mended

    number = case.facts.get("decided.fix_number")
    try:
        there = mending.fix(connection, number) if number is not None else None
    except NotFound:  # an answers file may name any number
        return None
    return Mended(there.what, there.done_on) if there and there.state != "dropped" else None


def question_for(here: Here, connection: reads.Connection, one: "Message") -> str:
    """The question of its playbook that asks when this message went out, or ""."""
    from winback_cli.drafting import sent_question

    _, case, playbook = _case_of(connection, one)
    return sent_question(playbook, case, one.stage)


def check_of(here: Here) -> "Check":
    """What raises Refused where a message says what its case does not bear out as it stands, but for
    what somebody set aside.
    """
    from winback_cli.drafting import unwaived

    def check(connection: reads.Connection, one: "Message") -> None:
        if stops := unwaived(findings_of(here, connection, one), one.waived):
            raise Refused(stops[0].say, f"See winback outbox show {one.number}")

    return check


def say_findings(here: Here, found: "Sequence[Found]", waived: "Sequence[Mapping[str, str]]") -> None:
    """Each finding: the sentence, what is wrong, what would be right, and the rules."""
    aside = {(one["check"], one["sentence"]) for one in waived}
    for one in found:
        mark = "stops it" if one.level == "block" else "look again"
        mark = "set aside" if (one.check, one.sentence) in aside else mark
        here.say(f"\n{mark}: {one.say} [{'; '.join([one.check, *filter(None, [', '.join(one.source)])])}]")
        if one.sentence:
            here.say(f'  "{text.shorten(one.sentence, 160)}"')
        here.say(f"  {one.remedy}")
    if not found:
        here.say("\nNothing was found. Only English is checked, and words, not minds: read it once more.")


# -- approved ---------------------------------------------------------------------------------


def approved(here: Here, store: "Store", number: int, override: "list[str]") -> None:
    """Approve a message; raises Refused, having said why, where a finding stops it."""
    from winback_cli.drafting import unwaived
    from winback_cli.store.outbox import must_be, refuse_left_alone

    with store.reads() as connection:
        one = messages.message(connection, number)
        refuse_left_alone(connection, one)
        must_be(one, *messages.EDITABLE)
        found = findings_of(here, connection, one)
    waived = _waived(override, found)
    stops = unwaived(found, [*one.waived, *waived])
    if stops:
        say_findings(here, stops, ())
        raise Refused(
            f"Message {number} is not approved: {stops[0].say}",
            f"To mend it: winback draft {one.case} --kind {one.stage}"
            f"; a false alarm: winback outbox approve {number} --override {stops[0].check}=WHY",
        )
    store.approve(number, waived)
    here.say(f"Message {number} is approved. To send it: winback send {one.customer}")


def _waived(override: "list[str]", found: "Sequence[Found]") -> list[dict[str, str]]:
    known = dict.fromkeys(one.check for one in found)
    waived = []
    for said in override:
        check, _, because = said.partition("=")
        if check not in known:
            names = ", ".join(known) or "nothing"
            raise UsageError(f"{text.shorten(check, 30)!r} was not found in it.", f"Found was: {names}.")
        if not text.line(because):
            raise UsageError("A finding is set aside with a reason.", f'--override {check}="WHY"')
        waived += [
            {"check": check, "sentence": one.sentence, "because": text.shorten(because, 200)}
            for one in found
            if one.check == check
        ]
    return waived


def _show(here: Here, number: int, *, json: bool) -> None:
    with here.reading() as connection:
        one = messages.message(connection, number)
        found = findings_of(here, connection, one)
    if json:
        return print_json(json_of(one) | {"findings": [finding._asdict() for finding in found]})
    typer.echo(
        f"To: {text.line(one.to)}\nSubject: {text.line(one.subject)}\n\n{text.clean(one.body)}", nl=False
    )
    say_findings(here, found, one.waived)
    if one.state == messages.DRAFT:
        here.say(f"\nKept as draft {one.number}. When it is right: winback outbox approve {one.number}")
    return None


def json_of(one: "Message") -> dict[str, Any]:
    """A message as scripts get it."""
    told = one._asdict() | {"waived": list(one.waived)}
    del told["case_key"]
    return {"kind" if key == "stage" else key: value for key, value in told.items()}


def tell(here: Here, store: "Store", fix: "mending.Fix") -> tuple[list[int], list[str]]:
    """A draft about a fix for everybody who asked for it and has none, in their latest case that did;
    returns their numbers, and why some have none.
    """
    with store.reads() as connection:
        waiting = [one for one in mending.waiting_for(connection, fix.number) if one.is_to_be_told]
        latest_of = {one.customer: one.key for one in waiting}
        refs = [reads.case_by_key(connection, key) for key in latest_of.values()]
    made, left_out = [], []
    for ref in refs:
        work = in_hand(here, store, ref)
        try:
            _say_stale(here, work.customer, _address(here, work.customer))
            written = _filled(here, work, "fixed", fix)
            made.append(_keep(here, store, work, "fixed", written, None, fix.number))
        except (NotFound, Refused, TryAgain) as problem:  # left alone, or drafted by somebody else
            left_out.append(f"{problem.message} {problem.hint}")
    return made, left_out
