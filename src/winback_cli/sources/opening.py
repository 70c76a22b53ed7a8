"""Which reader a file is for: by what the user says, by its first bytes, by its suffix."""

import codecs
import json
from pathlib import Path

from winback_cli.errors import UsageError
from winback_cli.sources import Reading, Rows
from winback_cli.sources.files import OLE, ZIP, File, looked_at

FORMATS = ("csv", "xlsx", "ods", "json", "jsonl")
SHEETS = ("xlsx", "ods")


def rows_of(place: Path, name: str, reading: Reading) -> Rows:
    """See `open_rows`."""
    if reading.format not in ("", *FORMATS):
        raise UsageError(f"{reading.format[:40]!r} is no format.", "Formats: " + ", ".join(FORMATS))
    file = looked_at(place, name)
    format_ = reading.format or _format(file)
    if format_ in SHEETS:
        from winback_cli.sources.sheets import SheetRows

        return SheetRows(file, reading)
    if format_ in ("json", "jsonl"):
        from winback_cli.sources.json_rows import JsonRows

        return JsonRows(file, reading, lines=format_ == "jsonl")
    from winback_cli.sources.csv_rows import CsvRows

    return CsvRows(file, reading)


def _format(file: File) -> str:
    if file.head.startswith((ZIP, OLE)):
        return "xlsx"  # the reader of sheets looks which it is
    suffixes = [suffix.lower() for suffix in file.place.suffixes]
    start = _start(file.head)
    if start[:1] in ("{", "["):
        return _json(start, suffixes)
    return ""


def _start(head: bytes) -> str:
    """The beginning as text, good enough to tell brackets by."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head.removeprefix(mark).decode(encoding, "ignore").lstrip()
    return head.decode("utf-8", "ignore").lstrip()


def _json(start: str, suffixes: list[str]) -> str:
    """Whether what begins with a bracket is JSON, JSON lines or neither."""
    first, _, rest = start.partition("\n")
    if start[0] == "{":
        whole = _is_json(first)
        if whole and (rest.lstrip().startswith("{") or {".jsonl", ".ndjson"} & set(suffixes)):
            return "jsonl"
        if whole and not rest.strip():
            return "json" if any(isinstance(one, list) for one in json.loads(first).values()) else "jsonl"
        if ".jsonl" in suffixes or ".ndjson" in suffixes:
            return "jsonl"
        return "json" if start[1:].lstrip().startswith(('"', "}")) else ""
    inner = start[1:].lstrip()
    return "json" if ".json" in suffixes or inner.startswith(("{", "]")) else ""


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
