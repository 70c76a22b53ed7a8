"""What a disk may hold after a power cut, made from what a run did to its files (syscalls.py).

The promise of a disk, as SQLite's own crash tests have it: what was there when a sync came back is
there. Of what was written to a file since, any part may be there: any of the writes, the last of
them torn between two sectors. A name made or removed is certain once its folder was synced; until
then either way, in the order it happened (a journaling file system) or in no order at all.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

SECTOR = 512
ORDERS = ("ordered", "free")


class _Content:
    """One file by whatever names: the bytes that are certain, and the changes that are not."""

    def __init__(self, sure: bytes = b"") -> None:
        self.sure = bytearray(sure)
        self.later: list[tuple[Any, ...]] = []

    def sync(self) -> None:
        for change in self.later:
            _apply(self.sure, change)
        self.later.clear()

    def image(self, rng: random.Random) -> bytes:
        share = rng.choice((0, 0.5, 1))
        kept = [change for change in self.later if rng.random() < share]
        if kept and kept[-1][0] == "write" and len(kept[-1][2]) > SECTOR and rng.random() < 0.5:
            kind, offset, content = kept[-1]
            kept[-1] = (kind, offset, content[: SECTOR * rng.randrange(len(content) // SECTOR)])
        data = bytearray(self.sure)
        for change in kept:
            _apply(data, change)
        return bytes(data)


def _apply(data: bytearray, change: tuple[Any, ...]) -> None:
    """A write, or a new size; a gap is filled with zeros."""
    end = change[1]
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    if change[0] == "truncate":
        del data[end:]
    else:
        data[end : end + len(change[2])] = change[2]


Names = dict[str, "_Content | None"]  # None is a folder


class Disk:
    """A disk that is told event after event, and may lose its power between any two."""

    def __init__(self, before: Path) -> None:
        found = sorted(before.rglob("*")) if before.exists() else []
        self._sure: Names = {str(p): None if p.is_dir() else _Content(p.read_bytes()) for p in found}
        self._now = dict(self._sure)
        self._later: list[tuple[str, Names, str]] = []  # folder, names made, name removed

    def tell(self, event: tuple[Any, ...]) -> None:
        """One event of a recorded run."""
        kind, path, *more = event
        content = self._now.get(path)
        if kind in ("create", "mkdir"):
            self._name(path, _Content() if kind == "create" else None)
        elif kind == "link":
            self._name(path, self._now[more[0]])
        elif kind == "rename":
            self._name(path, self._now[more[0]], more[0])
        elif kind == "unlink":
            self._name("", None, path)
        elif kind == "syncdir":
            self._sync_folder(path)
        elif content is not None and kind == "sync":
            content.sync()
        elif content is not None:
            assert kind in ("write", "truncate"), kind
            content.later.append((kind, *more))

    def _name(self, made: str, content: "_Content | None", removed: str = "") -> None:
        names: Names = {made: content} if made else {}
        self._later.append((str(Path(made or removed).parent), names, removed))
        _rename(self._now, names, removed)

    def _sync_folder(self, folder: str) -> None:
        for change in [change for change in self._later if change[0] == folder]:
            _rename(self._sure, change[1], change[2])
            self._later.remove(change)

    def image(self, rng: random.Random, order: str) -> dict[str, bytes]:
        """The files that may be there if the power fails now."""
        names = dict(self._sure)
        kept = self._later[: rng.randint(0, len(self._later))]
        if order == "free":
            kept = [change for change in self._later if rng.random() < 0.5]
        for _, made, removed in kept:
            _rename(names, made, removed)
        images: dict[int, bytes] = {}
        for content in names.values():
            if content is not None and id(content) not in images:
                images[id(content)] = content.image(rng)
        lost = {folder for folder, content in self._now.items() if content is None} - set(names)
        return {
            path: images[id(content)]
            for path, content in names.items()
            if content is not None and not any(path.startswith(folder + "/") for folder in lost)
        }


def _rename(names: Names, made: Names, removed: str) -> None:
    names.pop(removed, None)
    names.update(made)


def cuts(
    before: Path, events: Sequence[tuple[Any, ...]], count: int, rng: random.Random
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """So many images of what a disk may hold, each with the number of events that went before.

    Half of the cuts come right after a person was told something, or the disk was waited for: that
    is where what is believed to be safe has to be; some come at the very end. Each cut gives an image
    in either order.
    """
    told = [n + 1 for n, event in enumerate(events) if event[0] in ("say", "sync", "syncdir", "unlink")]
    places = sorted(
        rng.choice(told) if rng.random() < 0.5 else rng.randrange(len(events) + 1)
        for _ in range(-(-count // len(ORDERS)) - 4)
    )
    places += [len(events)] * 4
    disk, done = Disk(before), 0
    for place in places:
        for event in events[done:place]:
            if event[0] != "say":
                disk.tell(event)
        done = place
        for order in ORDERS:
            yield place, disk.image(rng, order)


def lay_out(files: dict[str, bytes], to: Path) -> None:
    """Write the files of an image, all of one folder, into another, which is emptied first."""
    to.mkdir(exist_ok=True)
    for old in to.iterdir():
        old.unlink()
    for path, content in files.items():
        (to / Path(path).name).write_bytes(content)
