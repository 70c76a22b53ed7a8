"""Keeping the store: copies made and taken back. The file is only ever copied whole, and checked.

A copy is a store like any other, with its key beside it: `--store COPY` opens it.
"""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from winback_cli.dates import Clock
from winback_cli.errors import BadInput, DiskError, NotFound, NotPermitted, Refused
from winback_cli.store import connect as door
from winback_cli.store import doctor, upgrade
from winback_cli.store.copies import backups_of, dated
from winback_cli.store.erasing import Carry, Certificate, certificates
from winback_cli.store.suppressions import Carried, listed
from winback_cli.store.writes import Store

DAMAGED = ("The store is damaged, so no copy was made.", "winback store doctor says what is wrong.")


def backup(path: Path, target: Path | None, today: date, keep: int = 0) -> Path:
    """Copy the store and its key, after a look whether it is whole; returns the copy's place.

    Without a `target` it bears the day; with `keep`, the oldest of those are removed until so many
    are left. Raises BadInput for a damaged store and for a place that cannot be taken, DiskError
    where the copy does not come out whole; then nothing is left of it, and nothing was removed.
    """
    with door.told(path):
        door.check_file(path)
        with _put_in(target.parent if target is not None else backups_of(path)):
            place = target if target is not None else _next_name(path, today)
            _refuse_taken(path, place)
            with contextlib.closing(door.connect(path)) as source:
                if not doctor.is_sound(source, quick=True) or not doctor.words_agree(source):
                    raise BadInput(*DAMAGED)
                _copy(source, path, place)
            if keep and target is None:
                _rotate(path, keep)
        return place


@contextlib.contextmanager
def _put_in(folder: Path) -> Iterator[None]:
    """Rights that are missing here are the folder's, not the store's, which is only read."""
    try:
        yield
    except PermissionError:
        raise NotPermitted(
            f"No copy can be put into {folder}.", "Check the rights of that folder."
        ) from None


def _rotate(path: Path, keep: int) -> None:
    """Remove the oldest dated copies until so many are left; each before its key, as a copy is none
    without one.
    """
    for old in dated(path)[keep:]:
        old.unlink()
        door.key_path(old).unlink(missing_ok=True)


def _next_name(path: Path, today: date) -> Path:
    folder = backups_of(path)
    if os.path.lexists(folder) and not folder.is_dir():
        raise BadInput(f"{folder} is not a folder.", "Move it away; the dated copies lie there.")
    door.make_folder(folder)
    first = folder / f"{path.stem}-{today.isoformat()}.sqlite"
    names = [first, *(first.with_suffix(f".{n}.sqlite") for n in range(2, 1000))]
    taken = (os.path.lexists(n) or os.path.lexists(door.key_path(n)) for n in names)  # a kill leaves a key
    return next(name for name, there in zip(names, taken, strict=True) if not there)


def _refuse_taken(path: Path, place: Path) -> None:
    """Raise BadInput for a place that holds something already, or cannot hold a copy."""
    if place.exists() and path.exists() and place.samefile(path):
        raise BadInput("A store is not copied over itself.", "Name another file.")
    for one in (place, door.key_path(place)):
        if one.is_dir() and one is place:
            raise BadInput(f"{place} is a folder.", "Name a file in it.")
        if os.path.lexists(one):
            raise BadInput(f"{one} is there already.", "Name another file; nothing is overwritten.")
    if not place.parent.is_dir():
        raise BadInput(f"There is no folder {place.parent}.", "Make it, or name another.")


def _copy(source: sqlite3.Connection, path: Path, place: Path) -> None:
    """The store under another name, by SQLite's own copying: whole or not at all."""
    with _beside(place, ".new-copy-") as temporary:
        with contextlib.closing(sqlite3.connect(temporary)) as target:
            source.backup(target)
            if not doctor.is_sound(target, quick=True):
                raise DiskError("The copy did not come out whole.", "Check the disk; no copy was kept.")
        _to_disk(temporary)
        key = door.key_path(path)
        if key.exists():
            door.write_key(door.key_path(place), door.read_key(path, make=False))
        try:
            os.link(temporary, place)
        except OSError:
            door.key_path(place).unlink(missing_ok=True)
            raise
    door.sync(place.parent)


@contextlib.contextmanager
def _beside(place: Path, prefix: str) -> Iterator[Path]:
    """A file of a passing name (0600) in the same folder, gone at the end."""
    handle, name = tempfile.mkstemp(prefix=prefix, dir=place.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for end in ("", "-journal", ".key"):
            Path(name + end).unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- taking a copy back ----------------------------------------------------------------------


class Restored(NamedTuple):
    """What a restore did: where the replaced store lies now, how many suppressions were carried, who was
    erased again, and how many may be back who had been kept too long.
    """

    replaced: Path | None
    carried: int
    upgraded: bool
    erased: int = 0
    back: int = 0


def check(source: Path) -> None:
    """Raise BadInput or NewerStore for a file that is no whole store."""
    with door.told(source):
        try:
            door.check_file(source)
        except NotFound:
            raise BadInput(f"There is no file {source}.", "Name a copy of a store.") from None
        except BadInput as bad:
            raise BadInput(bad.message, "Name a copy of a store; nothing was changed.") from None
        with contextlib.closing(door.connect(source)) as connection:
            if not doctor.is_sound(connection) or doctor.broken_chains(connection):
                raise BadInput(f"{source} is damaged.", "Take another copy; nothing was changed.")


def restore(path: Path, source: Path, by: str, clock: Clock) -> Restored:
    """Put a copy in the store's place; what was there is kept under another name.

    Suppressions made since the copy are carried over: nobody is written to again who asked to be
    left alone. Raises BadInput, with nothing changed, for a copy that is not whole or has no key,
    and Refused where a suppression could not be carried.
    """
    check(source)
    with door.told(path):
        if path.exists() and path.samefile(source):
            raise BadInput("That is the store itself.", "Name a copy of it.")
        door.make_folder(path.parent)
        with _beside(path, ".new-store-") as temporary:
            with (
                contextlib.closing(door.connect(source)) as read,
                contextlib.closing(sqlite3.connect(temporary)) as made,
            ):
                read.backup(made)
            old = _older(temporary)
            if old:
                upgrade.to_head(temporary)
            key = _key_for(source, path, temporary)
            door.write_key(door.key_path(temporary), key)
            with _locked(path) as held:  # so that nobody is suppressed between the carrying and the swap
                carried = _carried(held, path, temporary, key, by, clock)
                _to_disk(temporary)
                replaced = _swap(path, temporary, clock.today)
        return Restored(replaced, carried.taken, old, carried.erased, carried.back)


def _older(path: Path) -> bool:
    with contextlib.closing(door.connect(path)) as connection:
        return door.version(connection) != door.HEAD


def _key_for(source: Path, path: Path, temporary: Path) -> bytes:
    """The key that the copy's hashes were made with: beside it, or beside the store it came from."""
    with contextlib.closing(door.connect(temporary)) as connection:
        listing = connection.execute("SELECT 1 FROM suppression_key LIMIT 1").fetchone() is not None
        for place in (source, path):
            try:
                key = door.read_key(place, make=False)
            except BadInput:
                continue
            if not listing or door.wrong_key(connection, place, key) is None:
                return key
    if not listing:
        return os.urandom(door.KEY_BYTES)
    raise BadInput(
        f"The key that belongs to {source} is missing: {door.key_path(source)}.",
        "Bring it beside the copy; without it nobody could be kept from being written to.",
    )


def _carried(
    held: sqlite3.Connection | None, path: Path, temporary: Path, key: bytes, by: str, clock: Clock
) -> Carry:
    """Carry the suppressions and the certificates of the store that is to be replaced.

    `held` is that store, locked; None where there is none, or one too damaged to be opened.
    """
    found, erasures = list[Carried](), list[Certificate]()
    same = True
    if path.exists():
        try:
            if held is None:
                raise sqlite3.DatabaseError
            with _up_to_date(held, path) as readable:
                found, erasures = listed(readable), certificates(readable)
            same = not found or _same_key(held, path, key)
        except sqlite3.Error as unreadable:
            raise Refused(
                f"Who is left alone cannot be read in {path}; it may be more people than in the copy.",
                "Move that file and its key away, restore again, and suppress anew whom you know of.",
            ) from unreadable
    lost = [one for one in found if not same and one.person is None and one.hashes]
    if lost:
        raise Refused(
            f"{len(lost)} of those left alone are known only under another key and would be lost.",
            "Bring back the key of the store that is here now, then restore again.",
        )
    store = Store.open(temporary, by, clock, "restore")
    try:
        return store.carry(found, erasures, same_key=same)
    finally:
        store.close()


@contextlib.contextmanager
def _up_to_date(held: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """A store as this version reads it: itself, or where it is older a copy that was brought up to date."""
    if door.version(held) == door.HEAD:
        yield held
        return
    with _beside(path, ".new-copy-") as copy:
        with (  # SQLite copies from no connection that is in the middle of writing
            contextlib.closing(door.connect(path)) as read,
            contextlib.closing(sqlite3.connect(copy)) as made,
        ):
            read.backup(made)
        upgrade.to_head(copy)
        with contextlib.closing(door.connect(copy)) as connection:
            yield connection


def _same_key(held: sqlite3.Connection, path: Path, key: bytes) -> bool:
    """Whether the hashes of that store were made with this key: by the mark that a store keeps of its
    key, whatever lies beside it; where it is too old for one, by what lies there.
    """
    marks = held.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone()
    mark = held.execute("SELECT value FROM about WHERE name = 'key'").fetchone() if marks else None
    if mark is not None:
        return bool(mark[0] == door.mark_of(key))
    try:
        return door.read_key(path, make=False) == key
    except BadInput:
        return False


def _swap(path: Path, temporary: Path, today: date) -> Path | None:
    """Put the new file in place while nobody writes; the old one keeps another name.

    A kill leaves the one or the other whole. Where the keys differ it may leave a key that does not
    belong: that is noticed, nobody is put forward, and restoring again mends it.
    """
    kept = _kept_name(path, today) if path.exists() else None
    key, mine = door.key_path(path), door.key_path(temporary)
    if kept is not None:
        os.link(path, kept)
        if key.exists():
            os.link(key, door.key_path(kept))
    temporary.replace(path)
    mine.replace(key)
    door.sync(path.parent)
    return kept


def _kept_name(path: Path, today: date) -> Path:
    first = path.with_name(f"{path.name}.replaced-{today.isoformat()}")
    names = [first, *(first.with_name(f"{first.name}.{n}") for n in range(2, 1000))]
    return next(name for name in names if not os.path.lexists(name))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The store, and nobody else writes to it meanwhile: a journal left in it is played back first.

    None where there is no store, or one too damaged to be opened, which is nobody's to write.
    """
    if not path.exists():
        yield None
        return
    try:
        connection = door.connect(path, writing=True)
    except BadInput:
        yield None
        return
    except sqlite3.Error as error:
        if not isinstance(door.meaning(error, path), BadInput):
            raise
        yield None
        return
    with contextlib.closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield connection
