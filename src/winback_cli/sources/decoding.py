"""The encoding of a text file: what the user says, the mark at its beginning, UTF-8, Windows-1252.

The whole file is decoded once, in pieces, before a row is read: a guess must hold to the end, and a
file that is no text, or all one line, is refused where that shows, at the latest here.
"""

import codecs
from typing import NamedTuple

from winback_cli.errors import BadInput, UsageError
from winback_cli.sources.files import File

LONGEST_LINE = 1_000_000  # characters
PIECE = 1 << 20  # bytes
# UTF-32 first: its mark begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OVERRULES = "--encoding overrules"


class Decoded(NamedTuple):
    """How the text of a file is read; `newline` is what ends its lines: LF, or CR of an old Mac."""

    encoding: str
    newline: str
    said: tuple[str, ...] = ()


class _Undecodable(Exception):
    """A piece that is not in that encoding, `at` so many bytes; `seen` if other signs were before."""

    def __init__(self, at: int, seen: bool) -> None:
        self.at, self.seen = at, seen


def decoded(file: File, wanted: str, longest: int = LONGEST_LINE) -> Decoded:
    """The encoding that holds for the whole file, no line of which is longer than `longest` characters.

    Raises UsageError for an encoding that nobody knows, BadInput, naming the line, where none fits.
    """
    encoding = _codec(wanted, file.head) if wanted else _marked(file.head)
    if encoding:
        return _held_to(file, encoding, longest)
    if b"\0" in file.head:
        raise _no_text(file)
    try:
        return Decoded("utf-8", _read_through(file, "utf-8", longest))
    except _Undecodable as bad:
        if bad.seen:
            raise file.bad(
                "is not UTF-8, though the lines before it are",
                "Mend that line, or say the encoding: --encoding cp1252",
                _line_at(file, bad.at),
            ) from None
    held = _held_to(file, "cp1252", longest)
    return held._replace(said=(f"Read as Windows-1252; {OVERRULES}.",))


def _codec(wanted: str, head: bytes) -> str:
    try:
        codec = codecs.lookup(wanted)
        text = codec._is_text_encoding and codec.incrementaldecoder is not None
        if text:
            codecs.getincrementaldecoder(wanted)("replace").decode(b"\xff\xff", True)
    except (LookupError, ValueError):
        text = False
    if not text:
        raise UsageError(
            f"{wanted[:40]!r} is no encoding.", "Such as --encoding utf-8, cp1252, latin-1 or utf-16"
        )
    return "utf-8-sig" if codec.name == "utf-8" and head.startswith(codecs.BOM_UTF8) else codec.name


def _marked(head: bytes) -> str:
    """The encoding by its mark, or by a zero in most second bytes; empty where neither is there."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    start = head[: min(len(head), 1024) // 2 * 2]
    for high, low, encoding in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
        # Most high bytes: a euro sign has none of zero.
        if start and start[high::2].count(0) > 0.4 * len(start) and not start[low::2].count(0):
            return encoding
    return ""


def _no_text(file: File) -> BadInput:
    if file.place.suffix.lower() in (".xlsx", ".ods", ".xls"):
        return file.bad("is no spreadsheet, whatever its name says", "Save it anew, or export it as CSV.")
    return file.bad("is not a text file", "Export the list as CSV, in UTF-8.")


def _held_to(file: File, encoding: str, longest: int) -> Decoded:
    try:
        newline = _read_through(file, encoding, longest)
    except _Undecodable as bad:
        raise file.bad(
            f"is not {_called(encoding)}",
            "Say its encoding, such as --encoding latin-1, or save it in UTF-8.",
            _line_at(file, bad.at, encoding),
        ) from None
    said = (f"Read as {_called(encoding)}; {OVERRULES}.",) if encoding in ("utf-16-le", "utf-16-be") else ()
    return Decoded(encoding, newline, said)


def _called(encoding: str) -> str:
    return {"cp1252": "Windows-1252"}.get(encoding, encoding.upper())


def _read_through(file: File, encoding: str, longest: int) -> str:
    """Decode all of a file; the line end. Raises _Undecodable, or BadInput for what is no text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    newline, open_for, read, seen = "\n", 0, 0, False
    with file.open() as stream:
        while True:
            piece = stream.read(PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as bad:
                before = len(bad.object) - len(piece)  # bytes that waited for the rest of a sign
                raise _Undecodable(
                    read - before + bad.start, seen or not bad.object[: bad.start].isascii()
                ) from None
            except UnicodeError:
                raise _Undecodable(read, seen) from None
            if not read and "\n" not in text and "\r" in text:
                newline = "\r"
            read += len(piece)
            if "\0" in text:
                raise _no_text(file)
            seen = seen or not text.isascii()
            last = text.rfind(newline)
            open_for = len(text) - last - 1 + (open_for if last < 0 else 0)
            if open_for > longest:
                raise too_long(file, _line_at(file, read, encoding, newline), longest)
            if not piece:
                return newline


def too_long(file: File, line: int, longest: int = LONGEST_LINE) -> BadInput:
    """The error for a line, or a row of several, that outgrows what a customer can be."""
    return BadInput(
        f"{file.name}, line {line}: longer than {longest:,} characters.",
        "Is it the right file? A quote left open makes one row of all that follows.",
    )


def _line_at(file: File, at: int, encoding: str = "utf-8", newline: str = "\n") -> int:
    """The line of a byte, counted from 1."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    line = 1
    with file.open() as stream:
        while at > 0 and (piece := stream.read(min(PIECE, at))):
            line += decoder.decode(piece).count(newline)
            at -= len(piece)
    return line
