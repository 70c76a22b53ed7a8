"""Files that a command writes for other programs: new ones, or over those that winback wrote itself."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from winback_cli.cli.here import write_new
from winback_cli.errors import DiskError, NotPermitted, UsageError


class Kind(NamedTuple):
    """A kind of file: how one of ours begins, what it is in words, and the option that names it."""

    head: str
    what: str
    flag: str


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
            if place.parent.is_dir():
                return False
            raise UsageError(f"There is no folder {place.parent}.", f"Name a file in one for {kind.flag}.")
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
