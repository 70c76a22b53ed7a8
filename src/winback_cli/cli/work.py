"""An open case in hand: found by WHO, opened where there is none, recorded into."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from winback_cli.cli.here import Here
from winback_cli.errors import BadInput, NotFound, Refused, TryAgain, UsageError
from winback_cli.store import lists, reads

if TYPE_CHECKING:
    from winback_cli.case import Case, Entry
    from winback_cli.choosing import Suggestion
    from winback_cli.library import Edition
    from winback_cli.owing import Standing
    from winback_cli.playbook import Playbook
    from winback_cli.store.doctor import Standings
    from winback_cli.store.writes import Opening, Store

WhoArg = Annotated[str, typer.Argument(metavar="WHO", help="A number, or words of the name.")]


@dataclass
class Work:
    """An open case in hand: its row, how it stands, and the playbook it runs under."""

    here: Here
    store: "Store"
    customer: reads.CustomerRecord
    ref: reads.CaseRef
    case: "Case"
    playbook: "Playbook"
    digest: str

    def standing(self, case: "Case") -> "Standing":
        """What the case row keeps of this case; raises TryAgain where it runs under another playbook."""
        from winback_cli.owing import standing

        if case.digest != self.digest:
            raise TryAgain(
                f"Case {self.ref.id} was moved to another playbook meanwhile.",
                "Run the command again; what was stored stays.",
            )
        return standing(self.playbook, case, self.here.settings.weekend_days)

    def record(self, entries: "list[Entry]", seen: dict[str, int] | None = None) -> "Case":
        """Append events; the case in hand is then as they leave it."""
        self.case = self.store.record(self.ref.key, entries, self.standing, seen)
        return self.case

    def reload(self) -> "Case":
        """The case as it stands in the store now."""
        from winback_cli.case import fold

        with self.store.reads() as connection:
            self.case = fold(self.ref.id, reads.events(connection, self.ref.key))
        return self.case


def take_up(here: Here, store: "Store", words: str, playbook: str | None = None) -> Work:
    """The case that WHO means; opened, and said so, where there is none that is unclosed.

    Raises Refused for a suppressed customer, UsageError where it runs under another playbook.
    """
    from winback_cli import library

    with store.reads() as connection:
        who = here.who(connection, words)
        customer = reads.customer(connection, who.number)
        ref = reads.case_ref(connection, who.number, who.case)
        kept = reads.playbook_tree(connection, ref.playbook) if ref else ""
    assert customer is not None
    refuse_left_alone(customer)
    if ref is None or (ref.status == "closed" and who.case is None):
        return _open(here, store, customer, playbook)
    running = library.kept(kept)
    if playbook and playbook != running.name:
        raise UsageError(
            f"Case {ref.id} runs under {running.name}.",
            f"Leave --playbook out to go on; winback playbook move {ref.customer} --to {playbook}"
            " changes it.",
        )
    from winback_cli.case import Case

    work = Work(here, store, customer, ref, Case(ref.id), running, ref.playbook)
    work.reload()
    return work


def refuse_left_alone(customer: reads.CustomerRecord) -> None:
    """Raise Refused for a suppressed customer."""
    if customer.suppressed:
        raise Refused(
            f"{customer.label} asked to be left alone: {customer.suppression_reason}.",
            "No case is opened or walked for them.",
        )


def _open(here: Here, store: "Store", customer: reads.CustomerRecord, named: str | None) -> Work:
    """A new case, under the playbook named or else the firm's; one that fits better is said."""
    from winback_cli import library
    from winback_cli.owing import standing

    name = named or here.settings.playbook
    edition = of_the_firm(here) if named is None else library.for_customers(name, here.settings.playbooks)
    weekend = here.settings.weekend_days
    opening = opening_of(edition)
    case = store.open_case(customer.number, opening, lambda c: standing(edition.playbook, c, weekend))
    with store.reads() as connection:
        ref = reads.case_ref(connection, customer.number)
        better = None if named else fitting(here, connection, customer)
    assert ref is not None
    here.say(f"Opened case {ref.id} for {customer.label} under {name}.")
    if better and better.playbook != name:
        move = f"winback playbook move {customer.number} --to {better.playbook}"
        here.say(f"{better.playbook} may fit better: {better.because}. To change: {move}")
    return Work(here, store, customer, ref, case, edition.playbook, edition.digest)


def of_the_firm(here: Here) -> "Edition":
    """The playbook for new cases; raises BadInput where the settings name one that there is not."""
    from winback_cli import library

    try:
        return library.for_customers(here.settings.playbook, here.settings.playbooks)
    except NotFound as missing:
        if not here.settings.playbook_chosen:
            raise
        raise BadInput(
            f"The settings name the playbook {here.settings.playbook!r}, and there is none.",
            f"Mend playbook in {here.settings.config}, or name one with --playbook. {missing.hint}",
        ) from None


def opening_of(edition: "Edition") -> "Opening":
    """A playbook as the store keeps it beside the cases that run under it."""
    from winback_cli.store.writes import Opening

    book = edition.playbook
    return Opening(book.name, book.version, edition.text, edition.tree, edition.digest)


def fitting(
    here: Here, connection: reads.Connection, customer: reads.CustomerRecord
) -> "Suggestion | None":
    """The playbook that fits how this customer left, and how many there are like them."""
    from winback_cli.choosing import THOUSANDS, suggestion

    cutoff = here.lapsed_before
    quiet = customer.last_purchase is not None and customer.last_purchase <= cutoff
    lapsed = customer.how_left in ("", "lapsed")
    others = lists.alike(connection, cutoff, customer.number, THOUSANDS) if lapsed else 0
    return suggestion(customer.how_left, quiet, others)


def unclosed(here: Here, store: "Store", who: str) -> Work:
    """The customer's running case; raises NotFound where there is none, Refused where it is closed."""
    work = latest(here, store, who)
    if work is None:
        raise NotFound("There is no case to move.", "winback walk WHO --playbook NAME opens one.")
    if work.case.status == "closed":
        raise Refused(
            f"Case {work.ref.id} is closed: {work.case.outcome}.",
            f"winback walk {work.ref.customer} opens a new one.",
        )
    return work


def latest(here: Here, store: "Store", who: str) -> Work | None:
    """The customer's unclosed or latest case, closed ones too: those still take notes."""
    with store.reads() as connection:
        meant = here.who(connection, who)
        ref = reads.case_ref(connection, meant.number, meant.case)
    return in_hand(here, store, ref) if ref else None


def in_hand(here: Here, store: "Store", ref: reads.CaseRef) -> Work:
    from winback_cli import library
    from winback_cli.case import fold

    with store.reads() as connection:
        customer = reads.customer(connection, ref.customer)
        case = fold(ref.id, reads.events(connection, ref.key))
        kept = reads.playbook_tree(connection, ref.playbook)
    assert customer is not None
    playbook = library.kept(kept)
    return Work(here, store, customer, ref, case, playbook, ref.playbook)


def standings(here: Here) -> "Standings":
    """What a case's row should hold, by the playbook that the store keeps for it."""
    from winback_cli import library
    from winback_cli.owing import standing
    from winback_cli.store import reading

    with reading(here.path) as connection:
        trees = reads.playbook_trees(connection)
    kept = cache(lambda digest: library.kept(trees[digest]))

    def made(digest: str, case: "Case") -> "Standing":
        return standing(kept(digest), case, here.settings.weekend_days)

    return made
