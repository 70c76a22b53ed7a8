"""A file to be read several times over, packed by gzip or not: its bytes, and its errors in words."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from winback_cli.errors import BadInput, NotFound, NotPermitted

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"  # old Excel, and workbooks with a password
GZIP = b"\x1f\x8b"
HEAD = 65536  # bytes that are looked at before anything else is read


class File(NamedTuple):
    """A file, what errors call it, and its first bytes (of what is packed, where it is)."""

    place: Path
    name: str
    packed: bool = False
    head: bytes = b""

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Its bytes from the beginning; raises NotFound, NotPermitted, BadInput, in the block too."""
        try:
            with self.place.open("rb") as raw:
                yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if self.packed else raw
        except FileNotFoundError:
            raise NotFound(f"There is no file {self.name}.", "Check the name and the folder.") from None
        except IsADirectoryError:
            raise BadInput(f"{self.name} is a folder.", "Name a file.") from None
        except PermissionError:
            raise NotPermitted(f"{self.name} cannot be read.", "Ask whoever owns the file.") from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            if not self.packed:
                raise
            raise self.bad(
                "is packed by gzip, but cut off or damaged", "Copy or export it again."
            ) from None
        except UnicodeError:
            raise self.bad("changed while it was read", "Import it once more.") from None
        except OSError:
            raise self.bad("cannot be read", "Copy it to this disk and try again.") from None

    def bad(self, fact: str, hint: str, line: int = 0) -> BadInput:
        """The error that the file is no good; `line` names the line."""
        where = f", line {line}," if line else ""
        return BadInput(f"{self.name}{where} {fact}.", hint)


def looked_at(place: Path, name: str) -> File:
    """A file with its first bytes, unpacked where gzip packed it; raises as `File.open`."""
    file = File(place, name)
    with file.open() as stream:
        head = stream.read(HEAD)
    if not head.startswith(GZIP):
        return file._replace(head=head)
    file = file._replace(packed=True)
    with file.open() as stream:
        return file._replace(head=stream.read(HEAD))
