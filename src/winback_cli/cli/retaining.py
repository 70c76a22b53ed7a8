"""Kept too long: whoever bought nothing for years, and of whom nothing happened since, is erased."""

from collections.abc import Sequence
from typing import Any

from winback_cli import text
from winback_cli.cli.forgetting import leave, remove_files, say_counts, tell_done, tell_unswept, written_for
from winback_cli.cli.here import Here, need_terminal, print_json
from winback_cli.store import reads

SHOWN = 20


def expire(here: Here, months: int, *, dry_run: bool, yes: bool, json: bool) -> None:
    """Erase whoever bought nothing for so many months, and of whom nothing happened since."""
    from winback_cli.store import erasing

    before = here.months_ago(months)
    with here.reading() as connection:
        numbers = erasing.expired(connection, before)
        told = erasing.counts(connection, numbers)
        mails = written_for(here, connection, numbers)
        people = [record for n in numbers if (record := reads.customer(connection, n))]
    named = [{"number": one.number, "name": one.name, "company": one.company} for one in people]
    shown: dict[str, Any] = {"before": before, "numbers": numbers, "customers": named, "counts": told}
    if json and (dry_run or not numbers):
        return print_json(shown)
    counted = "1 customer" if len(numbers) == 1 else f"{len(numbers):,} customers"
    here.say(f"Nothing since {before}, and nothing open: {counted}.")
    if not numbers:
        return None
    if dry_run:
        rows = [[str(one.number), text.line(one.label), one.last_purchase or ""] for one in people]
        here.table([">No.", "Customer", "Last purchase"], rows)
        return say_counts(here, told)
    _say_people(here, people)
    say_counts(here, told)
    if not yes and not _ask_all(len(numbers)):
        leave(here)
    with here.writing("store retention") as store:
        done = store.erase(numbers, lambda: remove_files(mails, ()), asked=False)
    tell_done(here, done, None, json=json)
    here.say("Whoever had asked to be left alone stays so. A list may bring the others in again.")
    here.say("Copies of the store hold them until they go: winback store path says where those lie.")
    tell_unswept(here, done)
    return None


def _say_people(here: Here, people: Sequence[reads.CustomerRecord]) -> None:
    for one in people[:SHOWN]:
        here.say(f"  {one.number}  {text.line(one.label)}")
    if len(people) > SHOWN:
        here.say(f"  and {len(people) - SHOWN:,} more: --dry-run lists them all")


def _ask_all(count: int) -> bool:
    need_terminal("--yes to erase them, or --dry-run to see who that would be")
    from winback_cli.terminal import ask_line

    return ask_line(f"Erase {count:,} for good? [y/N] ").strip().lower() in ("y", "yes")
