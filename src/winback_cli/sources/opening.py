"""Which reader a file is for: by its first bytes, by what the user says, by its suffix."""

from pathlib import Path

from winback_cli.errors import UsageError
from winback_cli.sources import Reading, Rows
from winback_cli.sources.files import looked_at

FORMATS = ("csv", "xlsx", "ods", "json", "jsonl")


def rows_of(place: Path, name: str, reading: Reading) -> Rows:
    """See `open_rows`."""
    if reading.format not in ("", *FORMATS):
        raise UsageError(f"{reading.format[:40]!r} is no format.", "Formats: " + ", ".join(FORMATS))
    from winback_cli.sources.csv_rows import CsvRows

    return CsvRows(looked_at(place, name), reading)
