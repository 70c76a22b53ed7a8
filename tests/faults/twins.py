"""The program with one thing broken on purpose, to show that a test of this folder catches it.

`python twins.py TWIN TIMES ARGS...` runs the command line TIMES times in one process, `{n}` in it being
the number of the run, and stops at the first exit code that is not 0. TWIN `none` breaks nothing.
Given as `+TIMES`, it says `ready` first and waits for a line.
"""

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from winback_cli import checking
from winback_cli.cli.here import Here
from winback_cli.errors import NotPermitted
from winback_cli.main import main
from winback_cli.store import (
    bringing,
    cases,
    connect,
    erasing,
    keeping,
    scoring,
    seen,
    staging,
    suppressions,
    underway,
    upgrade,
    writes,
)


def autocommit() -> None:
    """An import's rows are seen as they come, a few at a time."""
    begin = bringing._begin

    def begun(raw: sqlite3.Connection, hand: Any) -> int:
        batch = begin(raw, hand)
        raw.execute("UPDATE batch SET state = 'done' WHERE id = ?", (batch,))
        return batch

    bringing._begin = begun
    checking.CHUNK = staging.TOGETHER = 10


def in_small_steps() -> None:
    """Nothing is broken: an import takes small steps, so that it has many."""
    checking.CHUNK = staging.TOGETHER = staging.SLICE = seen.SLICE = underway.CLEARED = 20


def a_long_list() -> None:
    """Nothing is broken: a list of ten is long, and so is scored in several short transactions."""
    scoring.TOGETHER = 10


def unmarked() -> None:
    """A scoring that was cut off is not begun again."""
    a_long_list()

    def done(connection: Any, given: Any, today: Any) -> bool:
        return scoring.basis(connection) is None

    scoring.stale = done


def leaving() -> None:
    """What a killed import left is not taken away by the next one."""
    in_small_steps()
    bringing.clear = lambda raw: 0


def heedless() -> None:
    """What others changed while an import was under way is not looked at."""
    bringing._Bringing._look_again = lambda self: None  # type: ignore[method-assign]


def crowding() -> None:
    """Any number of imports run at once."""
    bringing.alone = lambda path: contextlib.nullcontext()  # type: ignore[assignment]


def deferred() -> None:
    """A writing transaction takes no lock before it reads."""
    connect.begin = lambda connection: connection.exec_driver_sql("BEGIN")  # type: ignore[assignment]


def forgetful() -> None:
    """What is written is decided from what was read before the transaction, and overwrites."""
    insert = cases._insert_events

    def over(w: Any, case_key: int, events: Any) -> None:
        w.raw.execute("COMMIT")
        w.raw.execute("BEGIN IMMEDIATE")
        numbers = [(case_key, event.seq) for event in events]
        w.raw.executemany("DELETE FROM event WHERE case_id = ? AND seq = ?", numbers)
        insert(w, case_key, events)

    cases._insert_events = over
    deferred()


def trusting() -> None:
    """Whatever file is named is opened as a store."""
    connect.check_file = lambda path: None


def sizeless() -> None:
    """A file of 0 bytes counts as no file."""
    check = connect.check_file

    def lenient(path: Path) -> None:
        if path.exists() and path.stat().st_size == 0:
            path.unlink()
            connect.create(path, upgrade.to_head)
        check(path)

    connect.check_file = lenient


def open_to_all() -> None:
    """Files and folders get whatever rights the umask leaves."""
    open_ = os.open

    def wide(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        return open_(path, flags, 0o666, **more)

    os.open = wide
    os.fchmod = lambda handle, mode: None
    Path.chmod = lambda self, mode, **more: None  # type: ignore[method-assign]


def in_place() -> None:
    """A new store is laid out where it will lie, by one migration after the other."""

    def create(path: Path, migrate_to_head: Callable[[Path], None]) -> None:
        sqlite3.connect(path).close()
        path.touch()
        upgrade.to_head(path)

    connect.create = create


def adrift() -> None:
    """A new folder is not waited for."""

    def make_folder(folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    connect.make_folder = make_folder


def _waiting(synchronous: str, journal: str = "") -> None:
    """Every connection waits for the disk as said, and journals so."""
    connect._MODES = tuple(
        f"synchronous={synchronous}" if mode.startswith("synchronous") else mode for mode in connect._MODES
    )
    if not journal:
        return
    open_ = connect.connect

    def opened(path: Path, *, writing: bool = False) -> sqlite3.Connection:
        connection = open_(path, writing=writing)
        if writing:
            connection.execute(f"PRAGMA journal_mode={journal}")
        return connection

    connect.connect = opened


def unsynced() -> None:
    """Nothing waits for the disk."""
    _waiting("OFF")


def normal() -> None:
    """The journal's end is not waited for."""
    _waiting("NORMAL")


def full() -> None:
    """SQLite's own default: a journal that was removed may come back after a power cut."""
    _waiting("FULL")


def ahead() -> None:
    """A write-ahead log as it is commonly advised."""
    _waiting("NORMAL", "WAL")


def unjournaled() -> None:
    """No journal, so that nothing can be rolled back."""
    _waiting("EXTRA", "OFF")


def hushed() -> None:
    """What the disk refuses is not told."""

    @contextlib.contextmanager
    def told(path: Path) -> Iterator[None]:
        with contextlib.suppress(sqlite3.Error, SQLAlchemyError, OSError):
            yield

    connect.told = told


def blaming() -> None:
    """A file that cannot be opened is always put down to missing rights."""
    connect._unopened = lambda path: NotPermitted


def barging() -> None:
    """Locks are neither taken nor heeded."""
    real = sqlite3.connect

    def unlocked(place: Any, *more: Any, **named: Any) -> Any:
        return real(f"{place}&nolock=1" if "?mode=rw" in str(place) else place, *more, **named)

    connect.sqlite3 = type(sys)("sqlite3")
    connect.sqlite3.__dict__.update({**vars(sqlite3), "connect": unlocked})


def forceful() -> None:
    """Rights that are missing are taken."""
    open_ = connect.connect

    def opened(path: Path, *, writing: bool = False) -> sqlite3.Connection:
        path.parent.chmod(0o700)
        path.chmod(0o600)
        return open_(path, writing=writing)

    connect.connect = opened


def overwriting() -> None:
    """A copy is written over the store that it replaces."""

    def swap(path: Path, temporary: Path, today: Any) -> None:
        with (
            contextlib.closing(sqlite3.connect(temporary)) as copy,
            contextlib.closing(sqlite3.connect(f"file:{path}?nolock=1", uri=True)) as store,
        ):
            store.execute("PRAGMA journal_mode=OFF")
            copy.backup(store)
        connect.key_path(temporary).replace(connect.key_path(path))

    keeping._swap = swap


def carrying_late() -> None:
    """Who is left alone is carried over once the copy lies in the store's place."""
    swap = keeping._swap
    late: list[Callable[[Path], object]] = []

    def carry(held: Any, path: Path, temporary: Path, key: bytes, by: str, clock: Any) -> Any:
        found, same = suppressions.listed(held), keeping._same_key(held, path, key)

        def carry_now(place: Path) -> None:
            store = writes.Store.open(place, by, clock, "restore")
            store.carry(found, same_key=same)
            store.close()

        late.append(carry_now)
        return erasing.Carry(len(found))

    def swapped(path: Path, temporary: Path, today: Any) -> Any:
        kept = swap(path, temporary, today)
        late.pop()(path)
        return kept

    keeping._carried, keeping._swap = carry, swapped


def under_its_name() -> None:
    """A copy is made under the name that it will bear, and not looked at."""

    def copy(source: sqlite3.Connection, path: Path, place: Path) -> None:
        with contextlib.closing(sqlite3.connect(place)) as target:
            target.execute("PRAGMA synchronous=OFF")
            source.backup(target, pages=4)
        connect.write_key(connect.key_path(place), connect.read_key(path, make=False))

    keeping._copy = copy


def rotating_first() -> None:
    """Older copies make room before the new one stands."""
    whole = keeping.backup

    def backup(path: Path, target: Path | None, today: Any, keep: int = 0) -> Path:
        for old in keeping.dated(path)[keep - 1 :] if keep else ():
            old.unlink()
            connect.key_path(old).unlink(missing_ok=True)
        return whole(path, target, today, keep)

    keeping.backup = backup


def stopped_by_its_copy() -> None:
    """A command whose daily copy fails goes no further."""

    def copy_daily(here: Here) -> None:
        keeping.backup(here.path, None, here.clock.today, here.settings.backups_kept)

    Here._copy_daily = copy_daily  # type: ignore[method-assign]


def silent() -> None:
    """Nothing is said of a daily copy that was not made."""
    Here.say = lambda self, sentence: None  # type: ignore[method-assign]


def following() -> None:
    """Whatever name is given is written to, and links are followed."""
    open_ = os.open

    def opened(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        lax = flags & ~(os.O_EXCL | os.O_NOFOLLOW)
        return open_(path, lax | (os.O_TRUNC if flags & os.O_EXCL else 0), mode, **more)

    os.open = opened
    os.link = lambda source, place, **more: shutil.copyfile(source, place) and None
    keeping._refuse_taken = lambda path, place: None
    Path.replace = os.link  # type: ignore[assignment,method-assign]


def piecemeal() -> None:
    """Somebody is erased in several transactions."""
    remove = erasing._remove

    def removed(w: Any, numbers: Any) -> None:
        w.raw.execute("COMMIT")
        w.raw.execute("BEGIN IMMEDIATE")
        remove(w, numbers)

    erasing._remove = removed


def none() -> None:
    """Nothing is broken."""


if __name__ == "__main__":
    name, times, *line = sys.argv[1:]
    globals()[name]()
    if times.startswith("+"):
        print("ready", flush=True)
        sys.stdin.readline()
    for number in range(int(times)):
        if code := main([word.replace("{n}", str(number)) for word in line]):
            sys.exit(code)
