"""Cases that come of a survey: opened with the answers, marked as known; the conversation owed (D7)."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from winback_cli import text
from winback_cli.cli.here import Here, keyless_now
from winback_cli.errors import Refused, TryAgain
from winback_cli.store import reads
from winback_cli.survey import NOTES, Reply, why_of

if TYPE_CHECKING:
    from winback_cli.case import Case, Entry
    from winback_cli.cli.work import Work
    from winback_cli.owing import Standing
    from winback_cli.playbook import Playbook
    from winback_cli.store.surveys import Survey

KNOWN = "backstory.known_already"


def open_cases(here: Here, name: str, playbook: str) -> None:
    """A case for everybody who asks to be called back, was not spoken to since and has none of that reply
    yet.

    Each in one act, so that what was done stays where it is stopped; run again, it goes on.
    """
    from winback_cli import library
    from winback_cli.cli.work import of_the_firm, opening_of
    from winback_cli.owing import standing
    from winback_cli.store import surveys

    edition = library.for_customers(playbook, here.settings.playbooks) if playbook else of_the_firm(here)
    with here.reading() as connection:
        if wrong := keyless_now(here, connection):
            raise wrong
        there = surveys.named(connection, name)
        trees = reads.playbook_trees(connection)
        found = surveys.replies(connection, there.key)
    waiting = [one for one in found if one.call_back and one.owed and not one.case]
    weekend = here.settings.weekend_days

    @cache
    def book_of(digest: str) -> "Playbook":
        return edition.playbook if digest == edition.digest else library.kept(trees[digest])

    def stands(digest: str, case: "Case") -> "Standing":
        return standing(book_of(digest), case, weekend)

    with here.writing("survey tally --cases") as store:
        opened = []
        for one in waiting:
            try:
                filled = _filling(there, one, book_of)
                opened.append(store.case_for_reply(one.id, opening_of(edition), stands, filled))
            except (Refused, TryAgain) as problem:  # left alone, or settled by somebody else, meanwhile
                here.say(f"{text.shorten(one.name or one.company, 40)}: {problem.message}")
    if opened:
        shown = ", ".join(opened[:10]) + (" ..." if len(opened) > 10 else "")
        here.say(f"Cases with their answers, as known: {shown}. To call them: winback walk WHO")


def _filling(
    there: "Survey", one: Reply, book_of: "Callable[[str], Playbook]"
) -> "Callable[[str, Case], list[Entry]]":
    return lambda digest, case: entries_of(there, one, book_of(digest), case)


def entries_of(there: "Survey", one: Reply, book: "Playbook", case: "Case") -> "list[Entry]":
    """What they answered, as known (A4), and a note of where that comes from.

    What the case holds already stays as it is; the note has their words then.
    """
    from winback_cli.case import Entry

    told: dict[str, str | bool] = {
        q.fact: one.answers[q.key] for q in there.questions if q.fact and one.answers.get(q.key)
    }
    if "heard.why_left" in told:
        told = {KNOWN: True, **told}
    fresh = {fact: value for fact, value in told.items() if not case.known(fact)}
    happened = [_known(book, case, fact, value, one.on) for fact, value in fresh.items()]
    return [Entry("noted", {"text": _note(there, one, set(fresh))}, one.on), *happened]


def _known(book: "Playbook", case: "Case", fact: str, value: object, on: str) -> "Entry":
    """An answer under the playbook's own question for that fact, of a step that is walked then."""
    from winback_cli import entries
    from winback_cli.case import Entry
    from winback_cli.facts import facts
    from winback_cli.prompter import Asked

    spec = facts()[fact]
    said = text.line(value) if isinstance(value, str) and spec.kind == "line" else value
    then = replace(case, facts={**case.facts, KNOWN: case.facts.get(KNOWN, True)})
    asking = [(step, q) for step in book.steps for q in step.questions if q.fact == fact]
    walked = [(step, q) for step, q in asking if all(when.holds(then) for when in (*step.when, *q.when))]
    if not asking:
        body = {"question": fact, "fact": fact, "value": said, "how": "known"}
        return Entry("answered", body, on)
    step, question = (walked or asking)[0]
    asked = Asked(step, question, question.worded(None), spec)
    return entries.answered(asked, case, said, True)._replace(happened=on)


def _note(there: "Survey", one: Reply, kept: set[str]) -> str:
    """Where the answers come from, and what of them is no fact of the case."""
    where = "focus group" if there.kind == "group" else "survey"
    parts = [f'From the {where} "{there.name}", {one.on}.']
    if one.call_back:
        parts.append("They ask to be called back.")
    if one.valued:
        parts.append("One of your best customers.")
    parts.append("A conversation is owed.")
    if one.state == "confirmed" and one.reason:
        parts.append(f"Reason confirmed there: {one.reason.replace('_', ' ')}.")
    lines = [
        f"{text.line(q.words)} {text.clean(one.answers[q.key])}"
        for q in there.questions
        if one.answers.get(q.key) and q.fact not in kept
    ]
    lines += [text.clean(one.answers[NOTES])] if one.answers.get(NOTES) else []
    return "\n".join([" ".join(parts), *lines])


def tell_owed(work: "Work") -> None:
    """Say, as a walk begins, that somebody who answered a survey is owed a conversation (D7)."""
    from winback_cli.store import surveys

    with work.store.reads() as connection:
        owed = [(name, one) for name, one in surveys.replies_of(connection, work.ref.customer) if one.owed]
        questions = {name: surveys.named(connection, name).questions for name, _ in owed}
    for name, one in owed[:1]:
        why = "asked to be called back" if one.call_back else "are one of your best customers"
        work.here.say(
            f'They answered in "{name}" on {one.on} and {why}:'
            " a conversation is owed, by phone or in person."
        )
        if said := why_of(questions[name], one.answers):
            work.here.say(f'Why they left, in their words: "{text.shorten(said, 200)}"')
