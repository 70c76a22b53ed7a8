"""Opening the file: what is checked before SQLite sees it, how it is made, what its errors mean.

A store is refused, untouched, unless it is ours, whole and not newer than this program. A new one
is built under a temporary name and linked into place: a kill leaves none or a whole one.
"""

import contextlib
import errno
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from winback_cli.errors import (
    BadInput,
    Busy,
    DiskError,
    NewerStore,
    NotFound,
    NotPermitted,
    TryAgain,
    WinbackError,
)

APPLICATION_ID = 0x57494E42  # "WINB", in the header of every store
HEAD = "0005"  # the newest migration; a test holds it to the scripts
BUSY_SECONDS = 5.0
KEY_BYTES = 32
_MAGIC = b"SQLite format 3\x00"
_MODES = ("foreign_keys=ON", "synchronous=EXTRA", "secure_delete=ON", "cache_size=-16384")


def connect(path: Path, *, writing: bool = False) -> sqlite3.Connection:
    """A connection with our pragmas; it never creates a file, and writes only where `writing`."""
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    with _ours(connection):
        for pragma in _MODES:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA journal_mode=DELETE" if writing else "PRAGMA query_only=ON")
    return connection


@contextlib.contextmanager
def _ours(connection: sqlite3.Connection) -> Iterator[None]:
    """What SQLite cannot make sense of below a header of ours is a damaged store."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_ERROR":
            raise
        connection.close()
        raise BadInput(*_SENTENCES[BadInput]) from None


def begin(connection: Any) -> None:
    """For SQLAlchemy's `begin` event: take the write lock at once, or lose updates."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def check_file(path: Path) -> None:
    """Refuse what is not a whole store of ours, by its header, before SQLite opens it.

    Raises NotFound, BadInput, NotPermitted or NewerStore; the file is only read.
    """
    try:
        if not (path.is_file() or path.is_dir()) and path.exists():
            raise BadInput(f"{path} is not a file.", "Name another file with --store.")
        with path.open("rb") as stream:
            header = stream.read(100)
            size = os.fstat(stream.fileno()).st_size
    except FileNotFoundError:
        raise NotFound(
            f"There is no store at {path}.", "winback import FILE --store PATH makes one."
        ) from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder, not a store.", "Name a file.") from None
    except PermissionError:
        raise NotPermitted(f"The store {path} cannot be read.", "Ask whoever owns the file.") from None
    if size == 0:
        raise BadInput(f"The store {path} is an empty file.", "Restore a copy, or remove the file.")
    if not header.startswith(_MAGIC) or len(header) < 100:
        raise BadInput(f"{path} is not a winback store.", "Name another file with --store.")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise BadInput(f"{path} is a database of another program.", "Name another file with --store.")
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    hot = path.with_name(path.name + "-journal").exists()  # SQLite will mend it from the journal
    if not hot and size < pages * (65536 if page == 1 else page):
        raise BadInput(f"The store {path} is cut short.", "Restore a copy of it.")
    version = int.from_bytes(header[60:64], "big")
    if version > int(HEAD):
        raise NewerStore(
            f"The store {path} was written by a newer winback.", "Install the newer version here."
        )


def version(connection: sqlite3.Connection) -> str:
    """The newest migration that the store has seen; raises BadInput where the file holds no store."""
    with _ours(connection):
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else "0000"


def create(path: Path, fill: Callable[[Path], None]) -> bool:
    """Make a new store, whole or not at all; returns whether it was this one, or another process was
    quicker, whose store is then left alone.

    `fill(path)` lays the tables out, and brings in what the store is to begin with.
    """
    folder = path.parent
    make_folder(folder)
    handle, name = tempfile.mkstemp(prefix=".new-store-", dir=folder)  # 0600, O_EXCL
    os.close(handle)
    temporary = Path(name)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.link(key_path(path), key_path(temporary))  # a key that is there goes on
        fill(temporary)
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            os.link(key_path(temporary), key_path(path))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
            return True
        return False
    finally:
        sync(folder)
        temporary.unlink(missing_ok=True)
        key_path(temporary).unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """The folder and those above it that are missing, 0700 whatever the umask; they last through a
    power cut, as what is stored in them must.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)
    with contextlib.suppress(PermissionError):  # a folder above may be one we cannot list
        sync(folder.parent)


def sync(folder: Path) -> None:
    """Make what was linked, renamed or removed in a folder last through a power cut."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def key_path(path: Path) -> Path:
    """Where the key of the suppressions lies: beside the store."""
    return path.with_name(path.name + ".key")


REPLACED = (
    "The store was replaced by another one meanwhile.",
    "Run the command again; it goes on in the new one.",
)
KEY_MEND = "winback store doctor says how to mend it."


def mark_of(key: bytes) -> str:
    """By what a store knows its key again: it gives nothing of the key away."""
    import hmac

    return hmac.new(key, b"winback: the key of a store", "sha256").hexdigest()[:32]


def keyless(connection: sqlite3.Connection, path: Path) -> BadInput | None:
    """Why nobody may be put forward: the key of the suppressions is lost, damaged or another store's."""
    if connection.execute("SELECT 1 FROM suppression_key LIMIT 1").fetchone() is None:
        return None
    try:
        return wrong_key(connection, path, read_key(path, make=False))
    except BadInput as missing:
        return missing


def wrong_key(connection: sqlite3.Connection, path: Path, key: bytes) -> BadInput | None:
    """What is wrong with a key that is not this store's; None where it is, or where none is known yet."""
    row = connection.execute("SELECT value FROM about WHERE name = 'key'").fetchone()
    if row is None or row[0] == mark_of(key):
        return None
    return BadInput(f"The key of the suppression list is another store's: {key_path(path)}.", KEY_MEND)


def read_key(path: Path, *, make: bool) -> bytes:
    """The key of the suppressions; made where `make` says that none can be missed yet.

    Raises BadInput where it is lost: without it nobody could be kept from being written to.
    """
    place = key_path(path)
    try:
        key = bytes.fromhex(place.read_text("ascii").strip())
        if len(key) != KEY_BYTES:
            raise ValueError
        return key
    except FileNotFoundError:
        if not make:
            raise BadInput(
                f"The key of the suppression list is missing: {place}.",
                KEY_MEND,
            ) from None
    except ValueError:
        raise BadInput(f"The key of the suppression list is damaged: {place}.", KEY_MEND) from None
    try:
        return write_key(place, os.urandom(KEY_BYTES))
    except FileExistsError:
        return read_key(path, make=False)


def write_key(place: Path, key: bytes) -> bytes:
    """A new key file (0600), whole or not at all; raises FileExistsError where there is one."""
    handle, name = tempfile.mkstemp(prefix=".new-key-", dir=place.parent)  # 0600, O_EXCL
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(key.hex() + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(name, place)
    finally:
        Path(name).unlink(missing_ok=True)
    sync(place.parent)
    return key


_MEANINGS: dict[str, type[WinbackError]] = {
    "SQLITE_FULL": DiskError,
    "SQLITE_IOERR": DiskError,
    "SQLITE_BUSY": Busy,
    "SQLITE_LOCKED": Busy,
    "SQLITE_READONLY": NotPermitted,
    "SQLITE_PERM": NotPermitted,
    "SQLITE_AUTH": NotPermitted,
    "SQLITE_CORRUPT": BadInput,
    "SQLITE_NOTADB": BadInput,
}
_SENTENCES: dict[type[WinbackError], tuple[str, str]] = {
    DiskError: (
        "The disk is full or failing; what was saved before is safe.",
        "Make room, then run the command again.",
    ),
    Busy: (
        "Another winback is writing to the store.",
        "Wait until it is done, then run the command again.",
    ),
    NotPermitted: (
        "The store cannot be written here.",
        "Check the rights of its file and folder, or name another with --store.",
    ),
    BadInput: ("The store is damaged.", "Restore a copy of it."),
}


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """The errors of SQLite and the system at a store as ours, without any value of a customer."""
    try:
        yield
    except sqlite3.Error as error:
        raise meaning(error, path) from None
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP):
            raise BadInput("There can be no store at that place.", "Name another with --store.") from None
        kind = _of_system(error)
        raise kind(*_SENTENCES[kind]) from None
    except Exception as error:  # SQLAlchemy's, around one of SQLite's
        cause = getattr(error, "orig", None)
        if isinstance(cause, sqlite3.Error):
            raise meaning(cause, path) from None
        raise


def meaning(error: sqlite3.Error, path: Path) -> Exception:
    """What an error of SQLite means to a user; one that means a bug stays as it is."""
    whole = getattr(error, "sqlite_errorname", "") or ""
    if whole == "SQLITE_READONLY_DBMOVED":
        return TryAgain(*REPLACED)
    name = "_".join(whole.split("_")[:2])
    kind = _unopened(path) if name == "SQLITE_CANTOPEN" else _MEANINGS.get(name)
    return kind(*_SENTENCES[kind]) if kind else error


def _of_system(error: OSError) -> type[WinbackError]:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    return DiskError if full else NotPermitted


def _unopened(path: Path) -> type[WinbackError]:
    """Whether room or rights were missing where SQLite could not open the store, or its journal.

    SQLite says the same of both, so a file is tried in the folder. Where that one can be made and
    no right is missing, there was no room a moment ago.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix=".new-store-", dir=path.parent, buffering=0) as tried:
            tried.write(bytes(4096))
    except OSError as error:
        return _of_system(error)
    mine = not path.exists() or os.access(path, os.R_OK | os.W_OK)  # there is none while one is made
    return DiskError if mine else NotPermitted
