"""Walking a case, at the terminal or from an answers file."""

import contextlib
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback_cli import dates, text
from winback_cli.cli import beginning
from winback_cli.cli.forgetting import offer_alone, put_alone
from winback_cli.cli.here import Here, keyless_now, need_terminal
from winback_cli.cli.work import WhoArg, Work, fitting, take_up
from winback_cli.errors import Busy, LeftAlone, Refused
from winback_cli.money import Money
from winback_cli.reaching import offered, told
from winback_cli.store import reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from winback_cli.answersfile import Script
    from winback_cli.case import Case, Entry
    from winback_cli.guards import Finding
    from winback_cli.playbook import Step
    from winback_cli.prompter import Ended, Prompter
    from winback_cli.store.writes import Store

app = typer.Typer(rich_markup_mode=None)


@app.command()
def walk(
    ctx: typer.Context,
    who: WhoArg,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", readable=False, help="Answer from a file (YAML or JSON).")
    ] = None,
    playbook: Annotated[str | None, typer.Option(metavar="NAME", help="For a new case.")] = None,
    override: Annotated[
        str | None, typer.Option(metavar="WHY", help="Go past the wait; the reason is kept.")
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="With --answers: another case after a closed one.")
    ] = False,
) -> None:
    """Walk a case: open it, or go on where it stopped.

    Every answer is stored before the next question appears. Stop whenever you like.
    """
    if answers is not None and not new:
        _refuse_closed(ctx.obj, who)
    walk_customer(ctx.obj, who, answers, playbook, override)


def _refuse_closed(here: Here, who: str) -> None:
    """A file walked again must not open case after case."""
    with here.reading() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
    if ref is not None and ref.status == "closed" and ref.outcome != "suppressed":
        raise Refused(f"Case {ref.id} is closed: {ref.outcome}.", "Add --new to open another one.")


def walk_customer(
    here: Here,
    who: str | int,
    script: Path | None = None,
    playbook: str | None = None,
    override: str | None = None,
) -> None:
    """Walk the case of WHO, at the terminal or from an answers file, until it ends or waits."""
    if script is None:
        need_terminal("--answers FILE")
    _refuse_keyless(here)
    with here.writing("walk") as store:
        loaded = None
        if script is not None:
            loaded = _rehearse(here, store, str(who), script, playbook)
        else:
            playbook = playbook or _choose(here, store, str(who))
        work = take_up(here, store, str(who), playbook)
        _wake(work)
        beginning.tell(work, asks=script is None)
        try:
            ended = _run(work, loaded, override)
        except KeyboardInterrupt:
            here.say(f"\nStopped. Everything you answered is stored. Go on: {_again(work)}")
            raise
        except LeftAlone as asked:
            return put_alone(here, store, work.customer, text.shorten(asked.reason, 300))
        _tell_ended(work, ended, asks=script is None)
    return None


def _refuse_keyless(here: Here) -> None:
    """Raise BadInput where the key of the suppressions is lost: nobody is taken up then."""
    if not here.has_store:
        return
    with here.reading() as connection:
        wrong = keyless_now(here, connection)
    if wrong:
        raise wrong


def _choose(here: Here, store: "Store", who: str) -> str | None:
    """The playbook for a new case, asked with the one that fits; None where there is nothing to ask.

    Nothing is asked where a case runs already or the firm's settings name a playbook.
    """
    from winback_cli import library
    from winback_cli.facts import Spec
    from winback_cli.terminal import ask_value

    with store.reads() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
        customer = reads.customer(connection, meant.number)
        assert customer is not None
        running = ref is not None and (ref.status != "closed" or meant.case is not None)
        if running or customer.suppressed or here.settings.playbook_chosen:
            return None
        found = fitting(here, connection, customer)
    books = [edition.playbook for edition in library.usable(here.settings.playbooks)]
    books = [book for book in books if book.subject == "customer"]
    spec = Spec("playbook", "choice", "Which playbook?", tuple(book.name for book in books))
    if found:
        here.err.print(text.line(f"{found.playbook} fits {customer.label}: {found.because}."), style="cyan")
    default = found.playbook if found else here.settings.playbook
    told = "\n".join(f"  {book.name}: {book.summary or book.title}" for book in books)
    chosen = ask_value(here.err, spec, here.customs, default, told)
    if chosen is None:
        here.say("Nothing was opened.")
        raise typer.Exit
    return str(chosen)


def _run(work: Work, script: "Script | None", override: str | None) -> "Ended":
    from winback_cli.journal import Journal
    from winback_cli.walk import Walk

    record = patient(work, _suggesting(work)) if script is None else _suggesting_once(work)
    record = _comparing(work, record)
    return Walk(
        work.playbook,
        work.case,
        _prompter(work, script, override),
        Journal(record, work.reload),
        work.here.customs,
        suggested=_suggestions(work.here, work.customer),
        mind=lambda step, case: _others(work, step, case),
    ).run()


def patient(work: Work, record: "Callable[..., Case]") -> "Callable[..., Case]":
    """Record, and while somebody else holds the store say so and try again: what was typed is kept.

    Whoever does not want to wait stops it, and is told what is not stored.
    """

    def kept(entries: "list[Entry]", seen: dict[str, int] | None = None) -> "Case":
        held: Busy | None = None
        try:
            while True:
                try:
                    return record(entries, seen)
                except Busy as now:
                    first, held = held is None, now  # before it is said: Ctrl-C may follow at once
                    if first:
                        told = "What you typed waits until it is done; Ctrl-C gives it up."
                        work.here.say(f"{now.message} {told}")
        except KeyboardInterrupt:
            if held is None:
                raise
            raise Busy(f"{held.message} Your last answer is not stored.", held.hint) from None

    return kept


def _suggesting(work: Work) -> "Callable[..., Case]":
    """Record, and say which playbook fits where they left otherwise than the list had it."""
    from winback_cli.choosing import suggestion

    def record(entries: "list[Entry]", seen: dict[str, int] | None = None) -> "Case":
        case = work.record(entries, seen)
        answered = [e.body for e in entries if e.body.get("fact") == "backstory.how_left"]
        how_left = answered[0].get("value") if answered else ""
        if how_left in ("departing", "upset", "lapsed") and how_left != work.customer.how_left:
            better = suggestion(how_left, quiet=False, alike=0)
            if better and better.playbook != work.playbook.name:
                move = f"winback playbook move {work.ref.customer} --to {better.playbook}"
                work.here.say(f"{better.playbook} may fit better: {better.because}. Later: {move}")
        return case

    return record


def _suggesting_once(work: Work) -> "Callable[..., Case]":
    """As `_suggesting`, for a file; nothing is said again where the opening named a playbook already."""
    if work.case.answers:
        return _suggesting(work)
    with work.store.reads() as connection:
        found = fitting(work.here, connection, work.customer)
    told = found is not None and found.playbook != work.playbook.name
    return work.record if told else _suggesting(work)


def _comparing(work: Work, record: "Callable[..., Case]") -> "Callable[..., Case]":
    """Record, and where a loss is called this customer's alone say at once who else left for the same
    (B4.2, B4.3). It stops nothing: the word of whoever answers stands.
    """
    from winback_cli.cli.beside import others

    def compared(entries: "list[Entry]", seen: dict[str, int] | None = None) -> "Case":
        case = record(entries, seen)
        if any(entry.body.get("fact") in _COMPARED for entry in entries):
            with contextlib.suppress(Busy), work.store.reads() as connection:  # it is stored already
                if told := others(work.here, connection, work.customer, case):
                    work.here.say(told)
        return case

    return compared


_SCOPE = "classified.scope"
_COMPARED = ("classified.reason", "classified.product", _SCOPE)


def _others(work: Work, step: "Step", case: "Case") -> "list[Finding]":
    """For the review of the step that asks whether it is a pattern: who else left for the same."""
    from winback_cli.cli.beside import others
    from winback_cli.guards import Finding
    from winback_cli.patterns import YOURS

    if not any(question.fact == _SCOPE for question in step.questions):
        return []
    with contextlib.suppress(Busy), work.store.reads() as connection:
        if told := others(work.here, connection, work.customer, case):
            say = told.removesuffix(YOURS).rstrip()
            return [Finding(step.id, "", "pattern", "warn", say, YOURS, ("B4.2", "B4.3"))]
    return []


def _prompter(work: Work, script: "Script | None", override: str | None) -> "Prompter":
    if script is not None:
        from winback_cli import answersfile

        return answersfile.FilePrompter(script)
    from winback_cli import library
    from winback_cli.cli.weighing import beside
    from winback_cli.terminal import TerminalPrompter

    return TerminalPrompter(
        work.here.err,
        work.customer.label,
        work.ref.id,
        library.rule_texts,
        override or "",
        _card(work),
        beside(work),
    )


def _card(work: Work) -> dict[str, str]:
    """A line on the customer by stage: how to reach them when calling, what they bought to decide; and at
    the first step what the list says of why they left.
    """
    from winback_cli import briefing
    from winback_cli.rows import orders_words

    with work.store.reads() as connection:
        points = reads.points(connection, work.ref.customer)
    customer = work.customer
    reach = " · ".join(map(told, offered(work.here.aged(points, customer.last_purchase))))
    bought = [orders_words(customer.orders)] if customer.orders is not None else []
    if customer.revenue is not None:
        bought.append(Money(customer.revenue, customer.currency).words())
    if customer.last_purchase:
        bought.append(f"{customer.first_purchase or '?'} to {customer.last_purchase}")
    listed = briefing.listed(customer.reason, customer.cancelled)
    first = work.playbook.steps[0].id
    card = {"contact": reach, "revisit": reach, "backstory": reach, "decide": " · ".join(bought)}
    return {**card, f"step {first}": listed}


def _suggestions(here: Here, customer: reads.CustomerRecord) -> dict[str, Any]:
    """What the list says already, offered as the default of its question."""
    from winback_cli.cli.weighing import margin_suggested

    found = {
        "backstory.how_left": customer.how_left,
        # Whoever is leaving now bought lately; when we learned of it no list says.
        "backstory.left_on": "" if customer.how_left == "departing" else customer.last_purchase,
        "backstory.told_by": customer.owner,
        "classified.reason": customer.reason,  # in the list's own words
        "record.reason": customer.reason if "reason" in customer.edited.split() else "",
        "decided.yearly_margin": margin_suggested(here, customer),
    }
    return {name: value for name, value in found.items() if value}


def _rehearse(here: Here, store: "Store", who: str, script: Path, playbook: str | None) -> "Script":
    """Walk the script once without storing anything, so that a bad file changes nothing."""
    from winback_cli import answersfile, library
    from winback_cli.case import Entry
    from winback_cli.journal import Journal, Rehearsal
    from winback_cli.route import new_round
    from winback_cli.walk import Walk

    with store.reads() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
        customer = reads.customer(connection, meant.number)
        running = ref is not None and (ref.status != "closed" or meant.case is not None)
        events = reads.events(connection, ref.key) if ref and running else []
        kept = reads.playbook_tree(connection, ref.playbook) if ref and running else ""
    assert customer is not None
    if kept:
        book = library.kept(kept)
    else:
        name = playbook or here.settings.playbook
        book = library.for_customers(name, here.settings.playbooks).playbook
    loaded = answersfile.load(script, book, here.customs)
    if customer.suppressed or (ref and running and ref.status == "closed"):
        return loaded  # refused by name in a moment
    rehearsal = Rehearsal(events, here.clock.today)
    if not events:
        rehearsal.record([Entry("opened", {"playbook": "", "version": 1, "digest": ""})])
    elif ref and ref.status == "dormant":
        rehearsal.record([Entry("reopened", {**new_round(book, rehearsal.case())})])
    Walk(
        book,
        rehearsal.case(),
        answersfile.FilePrompter(loaded),
        Journal(rehearsal.record, rehearsal.case),
        here.customs,
        suggested=_suggestions(here, customer),
    ).run()
    return loaded


def _wake(work: Work) -> None:
    """A walk wakes a dormant case; a closed one that was named stays closed."""
    from winback_cli.case import Entry
    from winback_cli.route import new_round

    if work.case.status == "closed":
        raise Refused(
            f"Case {work.ref.id} is closed: {work.case.outcome}.",
            f"winback walk {work.ref.customer} opens a new one.",
        )
    if work.case.status == "dormant":
        again = new_round(work.playbook, work.case)
        work.record([Entry("reopened", {"because": "walked again", **again})])
        work.here.say(f"Case {work.ref.id} was asleep and is open again.")


def _again(work: Work) -> str:
    """The command that goes on with this walk, as it has to be typed here."""
    named = work.here.store_named
    store = f" --store {shlex.quote(named)}" if named else ""
    return f"winback{store} walk {work.ref.customer}"


def _tell_ended(work: Work, ended: "Ended", *, asks: bool) -> None:
    """How the walk came to its end, and what to type next; where a case is lost, whether they are to be
    left alone (C10).
    """
    here, today = work.here, work.here.clock.today
    if ended.kind == "waiting":
        assert ended.until is not None
        why = f" {ended.finding.say} {ended.finding.why}" if ended.finding else ""
        here.say(f"\nWaiting until {_day(ended.until, today)}.{why}")
        here.say(f"Go on then: {_again(work)}")
    elif ended.kind == "not_reached":
        _tell_not_reached(work, ended)
    elif ended.kind == "through":
        here.say(f"\nEvery step is done. Close the case: winback close {work.ref.customer}")
    elif ended.kind == "closed" and ended.what == "dormant":
        until = work.case.closing.get("until")
        here.say(f"\nCase {work.ref.id} sleeps" + (f" until {until}." if until else "."))
    elif ended.kind == "closed":
        here.say(f"\nCase {work.ref.id} is closed: {ended.what}.")
        for due in work.standing(work.case).dues:
            here.say(f"Still owed: {due.what}, by {due.due_on}.")
        if ended.what == "lost":
            if asks:
                offer_alone(here, work.store, work.ref.customer, None)
            else:
                here.say(f"If they are to be left alone: winback suppress {work.ref.customer}")
    else:
        here.say(f"\nStopped. Everything you answered is stored. Go on: {_again(work)}")


def _tell_not_reached(work: Work, ended: "Ended") -> None:
    from winback_cli.route import ATTEMPTS

    attempts = len(work.case.touches)
    when = f" Try again {_day(ended.until, work.here.clock.today)}: " if ended.until else " "
    work.here.say(f"\nLogged: nobody reached, attempt {attempts}.{when}{_again(work)}")
    if attempts >= ATTEMPTS:
        rest = f"winback close {work.ref.customer} --outcome dormant --until +3m"
        work.here.say(f"After {attempts} attempts you may let it rest: {rest}")


def _day(day: date, today: date) -> str:
    words = dates.day_words(day, today)
    return words if words == "tomorrow" else f"{words} ({day})"
