"""What every command needs: the settings, the clock, the store, the two streams, and WHO is meant."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import dates, reaching, settings, talk, text
from winback_cli.customer import label
from winback_cli.dates import Clock
from winback_cli.errors import BadInput, Busy, DiskError, NotFound, UsageError, WinbackError
from winback_cli.store import reading, reads
from winback_cli.store.finding import find, merged_into

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from winback_cli.answers import Customs
    from winback_cli.customer import ContactPoint
    from winback_cli.priority import Outcomes
    from winback_cli.store.scoring import Means
    from winback_cli.store.writes import Store

GREETING = """Welcome. winback walks you through winning a lost customer back.

  winback demo          shows it on a sample list
  winback import FILE   brings in a list of your own (CSV, XLSX, ODS, JSON)

Nothing has been made yet."""


NO_COPY = "Today's copy of the store was not made"
NO_SCORES = "Not everybody was scored anew"


class Who(NamedTuple):
    """The customer that WHO means, and the case where one was named (`12.1`)."""

    number: int
    case: int | None = None


@dataclass
class Here:
    """One run of the program: the options of the whole line, and what they lead to, made on use."""

    store_named: str | None = None
    as_of: str | None = None
    color: str = "auto"
    quiet: bool = False

    def __post_init__(self) -> None:
        if self.color not in ("auto", "always", "never"):
            raise UsageError("--color is auto, always or never.", "winback --help")
        if self.as_of is not None:
            self.clock  # noqa: B018 - a bad date is told before anything is done

    @cached_property
    def settings(self) -> settings.Settings:
        return settings.load(self.store_named)

    @cached_property
    def clock(self) -> Clock:
        return settings.clock(self.as_of)

    @property
    def lapsed_before(self) -> str:
        """The last day of purchase that counts as lapsed (C1), as an ISO day."""
        return self.months_ago(self.settings.lapsed_months)

    def months_ago(self, months: int) -> str:
        """The day so many months before today, as an ISO day."""
        return dates.add_months(self.clock.today, -months).isoformat()

    def aged(self, points: "Sequence[ContactPoint]", last_purchase: str | None) -> "list[ContactPoint]":
        """Contact points as they are shown: those that nobody checked turn stale by age (C4)."""
        return reaching.aged(points, last_purchase, self.months_ago(self.settings.stale_months))

    @cached_property
    def customs(self) -> "Customs":
        """How this user's answers are read."""
        from winback_cli.answers import Customs

        return Customs(self.clock.today, self.settings.weekend_days, self.settings.currency)

    @cached_property
    def out(self) -> "Console":
        """Results."""
        from winback_cli.screen import console

        return console(sys.stdout, self.color)

    @cached_property
    def err(self) -> "Console":
        """Talk."""
        from winback_cli.screen import console

        return console(sys.stderr, self.color)

    def show(self, drawn: "RenderableType") -> None:
        """A drawn result, on stdout; in a pipe without the blanks that fill its lines."""
        if self.out.is_terminal:
            return self.out.print(drawn)
        with self.out.capture() as captured:
            self.out.print(drawn)
        for line in captured.get().splitlines():
            sys.stdout.write(line.rstrip() + "\n")
        return None

    @property
    def drawn(self) -> bool:
        """Whether results are drawn for a person; otherwise they are rows for a pipe."""
        return self.color == "always" or sys.stdout.isatty()

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], nothing: str = "") -> None:
        """Rows under a header: drawn for a person, parted by tabs in a pipe; `nothing` is said for none.

        A name that begins with > stands to the right; the second column is cut to what the width leaves.
        """
        if not self.drawn:
            return print_rows(header, rows)
        if not rows and nothing:
            return self.say(nothing)
        from winback_cli import views

        return self.show(views.plain_table(header, rows, self.out.width))

    def say(self, sentence: str) -> None:
        """A sentence of talk, on stderr; nothing with --quiet."""
        if not self.quiet:
            talk.say(sentence, sys.stderr)

    @property
    def path(self) -> Path:
        return self.settings.store

    @property
    def has_store(self) -> bool:
        """Whether there is a store; one that was named counts as there, and is checked on opening."""
        return self.settings.store_named or self.path.exists()

    @contextlib.contextmanager
    def reading(self) -> Iterator[reads.Connection]:
        """The store to read; raises NotFound where there is none yet."""
        if not self.has_store:
            raise NotFound(
                "There are no customers yet.",
                "winback import FILE brings some in; winback demo shows how it goes.",
            )
        with reading(self.path) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, command: str, *, create: bool = False) -> "Iterator[Store]":
        """The store to write, closed at the end; with `create`, made where there is none, and said."""
        if not create and not self.has_store:
            raise NotFound(
                "There are no customers yet.",
                "winback import FILE brings some in; winback demo shows how it goes.",
            )
        from winback_cli.store.writes import Store

        new = create and not self.path.exists()
        store = Store.open(self.path, self.settings.name, self.clock, command, create=create)
        if new:
            self.say(f"Made a new store: {self.path}")
        else:
            store.before_writing = self._copy_daily
        store.means = self.means
        try:
            yield store
            if store.written:
                self._score(store)
        finally:
            store.close()

    def _score(self, store: "Store") -> None:
        """Score everybody of a long list anew where that is due. What keeps it from being done is said, and
        harms nothing that was done.
        """
        try:
            store.score()
        except WinbackError as problem:
            self.say(f"{NO_SCORES}: {problem.message} The next change tries again.")

    @property
    def means(self) -> "Means":
        """What customers are scored with: what the settings take for granted, and our own outcomes."""
        from winback_cli.cli.assuming import assumptions
        from winback_cli.store.scoring import Means

        today, months = self.clock.today, self.settings.horizon_months

        def outcomes(connection: reads.Connection) -> "Outcomes":
            from winback_cli.store.outcomes import settled

            return settled(connection, today, months)

        return Means(assumptions(self.settings), outcomes)

    def _copy_daily(self) -> None:
        """Copy the store before its first write of a day; what keeps that from being done is said.

        Under --as-of none is made: its day is not one of the calendar that copies are kept by.
        """
        if not self.settings.backup or self.clock.is_set or not os.access(self.path, os.W_OK):
            return
        from winback_cli.store import copies

        try:
            if copies.of_day(self.path, self.clock.today):
                return
            from winback_cli.store import keeping

            keeping.backup(self.path, None, self.clock.today, self.settings.backups_kept)
        except (Busy, DiskError) as problem:  # neither is the command's, so their advice is not for it
            if copies.of_day(self.path, self.clock.today):
                self.say(f"Today's copy of the store is there, but not all went well: {problem.message}")
            else:
                self.say(f"{NO_COPY}: {problem.message} It is tried again before the next write.")
        except WinbackError as problem:
            self.say(f"{NO_COPY}: {problem.message} {problem.hint}")

    def must_know(self, words: str) -> None:
        """Raise NotFound for a WHO that means nobody, or several, before anything is asked."""
        with self.reading() as connection:
            self.who(connection, words)

    def who(self, connection: reads.Connection, words: str) -> Who:
        """The one customer that is meant; raises NotFound where nobody is, or several are."""
        number, _, case = words.strip().partition(".")
        if number.isascii() and number.isdecimal() and len(number) < 12:
            if reads.customer(connection, int(number)) is None:
                if merged := merged_into(connection, int(number)):
                    raise NotFound(
                        f"Number {int(number)} was merged into number {merged}.", f"winback show {merged}"
                    )
                raise NotFound(f"There is no customer number {number}.", "winback list shows all.")
            if not case:
                return Who(int(number))
            named = case.isascii() and case.isdecimal() and len(case) < 9
            if not named or reads.case_ref(connection, int(number), int(case)) is None:
                raise NotFound(
                    f"Customer {number} has no case {text.shorten(case, 12)}.",
                    f"winback show {number}",
                )
            return Who(int(number), int(case))
        found = find(connection, words)
        if len(found) == 1:
            return Who(found[0][0])
        if not found:
            raise NotFound(f"Nobody here goes by {text.shorten(words, 60)!r}.", "winback list shows all.")
        raise NotFound(_several(words, found), "Name one by number.")


def _several(words: str, found: list[tuple[int, str, str, str]]) -> str:
    """The customers that fit, one a line."""
    shown = [
        f"  {number:>6}  {text.shorten(label(name, company), 48)}"
        + (f", {text.shorten(city, 16)}" if city else "")
        for number, name, company, city in found[:20]
    ]
    more = ["  ... and more"] if len(found) > 20 else []
    return "\n".join([f"Several go by {text.shorten(words, 60)!r}:", *shown, *more])


def keyless_now(here: Here, connection: reads.Connection) -> BadInput | None:
    """Why nobody may be put forward: the key of the suppressions is lost, or another store's."""
    from winback_cli.store.connect import keyless

    return keyless(connection, here.path)


def write_new(place: Path, content: str) -> None:
    """A new file that only its owner can read; never over another, nor through a link. Where the
    disk has no room for it, it is taken away again. Raises OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(place, flags, 0o600), "w", encoding="utf-8", newline="") as out:
        try:
            out.write(content)
            out.flush()
        except OSError:
            place.unlink(missing_ok=True)
            raise


def print_json(value: Any) -> None:
    """A result for scripts: indented JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for a pipe: one line a row, its cells parted by tabs."""
    for row in (header, *rows):
        sys.stdout.write("\t".join(cell.lstrip(">") if row is header else cell for cell in row) + "\n")


def at_terminal() -> bool:
    """Whether somebody can be asked: both the keyboard and the screen are a terminal."""
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def need_terminal(flag: str) -> None:
    """Raises UsageError, naming the flag that is missing, where nobody can be asked."""
    if not at_terminal():
        raise UsageError("There is no terminal to ask at.", f"Give {flag}.")


def given_text(value: str, what: str, longest: int = 300) -> str:
    """A line typed as an argument, made safe; raises BadInput where it is empty or too long."""
    line = text.line(value)
    if not line:
        raise BadInput(f"{what} is empty.", "Give some words.")
    if len(line) > longest:
        raise BadInput(f"{what} is longer than {longest:,} characters.", "Make it shorter.")
    return line
