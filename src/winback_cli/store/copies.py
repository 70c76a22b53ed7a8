"""The names of a store's copies: where they lie, which are ours, and whether a day has one."""

import re
from datetime import date
from pathlib import Path

from winback_cli.errors import NotPermitted


def backups_of(path: Path) -> Path:
    """The folder where the copies of a store lie unless another place is named."""
    return path.parent / "backups"


def dated(path: Path) -> list[Path]:
    """The copies that bear a date, the newest first; nothing else in the folder is one of ours.

    Raises NotPermitted where the folder cannot be looked into.
    """
    name = re.compile(rf"{re.escape(path.stem)}-(\d{{4}}-\d{{2}}-\d{{2}})(?:\.(\d+))?\.sqlite")
    found = []
    folder = backups_of(path)
    try:
        for one in folder.iterdir() if folder.is_dir() else ():
            told = name.fullmatch(one.name)
            if told and one.is_file() and not one.is_symlink():
                found.append((told[1], int(told[2] or 1), one))
    except PermissionError:
        raise NotPermitted(f"The folder {folder} cannot be looked into.", "Check its rights.") from None
    return [place for _, _, place in sorted(found, reverse=True)]


def of_day(path: Path, day: date) -> bool:
    """Whether the store was copied on that day."""
    return any(place.name.startswith(f"{path.stem}-{day.isoformat()}") for place in dated(path)[:1])
