"""Files that a command writes for other programs: new ones, or over those that winback wrote itself."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from winback_cli import text
from winback_cli.cli.here import write_new
from winback_cli.errors import DiskError, NotPermitted, UsageError, WinbackError


class Kind(NamedTuple):
    """A kind of file: how one of ours begins, what it is in words, and the option that names it."""

    head: str
    what: str
    flag: str


def refuse_taken(place: Path, flag: str = "", error: type[WinbackError] = UsageError) -> None:
    """Raise, before anything is done, where no new file can be made.

    `error` where something is there, be it a link, where there is no folder, or for such a name;
    NotPermitted where nothing may be written.
    """
    shown, wanted = text.line(str(place)), f" for {flag}" if flag else ""
    try:
        place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        if not place.parent.is_dir():
            folder = text.line(str(place.parent))
            raise error(f"There is no folder {folder}.", f"Name a file in one{wanted}.") from None
        if os.access(place.parent, os.W_OK | os.X_OK):
            return
        raise NotPermitted(f"{shown} cannot be written.", f"Name another file{wanted}.") from None
    except PermissionError:
        raise NotPermitted(f"{shown} cannot be written.", f"Name another file{wanted}.") from None
    except (OSError, ValueError):  # too long a name, a circle of links, half a sign
        raise error(f"There can be no file {text.shorten(shown, 60)}.", f"Name another{wanted}.") from None
    raise error(f"{shown} is there already.", f"Name a new file{wanted}.")


def write_ours(place: Path, content: str, kind: Kind) -> None:
    """A file, new or in the place of an older one of ours, which stays whole until it is replaced.

    Raises UsageError where another file is there, or a link, or no folder; NotPermitted; DiskError.
    """
    try:
        if not is_ours(place, kind):
            return write_new(place, content)
        beside = place.with_name(f".winback-{os.getpid()}{place.suffix}")
        write_new(beside, content)
        try:
            beside.replace(place)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
    except PermissionError:
        raise NotPermitted(f"{place} cannot be written.", f"Name another file for {kind.flag}.") from None
    except OSError:
        raise DiskError(f"{place} cannot be written.", "Check the disk, or name another file.") from None


def is_ours(place: Path, kind: Kind) -> bool:
    """Whether the file is there, as one that winback wrote; nothing else is written over."""
    head = kind.head.encode("ascii")
    try:
        if not os.path.lexists(place):
            refuse_taken(place, kind.flag)
            return False
        if not place.is_symlink() and place.is_file():
            with place.open("rb") as stream:
                if stream.read(len(head)) == head:
                    return True
    except OSError:
        raise NotPermitted(f"{place} cannot be read.", f"Name another file for {kind.flag}.") from None
    raise UsageError(
        f"{place} is there already, and is no {kind.what} that winback wrote.",
        f"Name a new file for {kind.flag}.",
    )
