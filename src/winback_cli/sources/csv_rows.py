"""CSV: comma, semicolon or tab; UTF-8 with or without BOM. Bounded, so no line outgrows memory."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from winback_cli.errors import BadInput
from winback_cli.sources import Table
from winback_cli.text import line as one_line

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
LONGEST_LINE = 1_000_000  # characters
MOST_COLUMNS = 400


class CsvRows:
    """The rows of a CSV text. Raises BadInput, naming the line, where it is none."""

    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        if not content.strip(b"\xef\xbb\xbf\r\n\t ;,"):
            raise BadInput(f"{name} is empty.", "Name a CSV file with a header and rows.")
        if b"\x00" in content[:65536]:
            raise BadInput(f"{name} is not a text file.", "Export the list as CSV, in UTF-8.")
        try:
            self._text = content.decode("utf-8-sig")
        except UnicodeDecodeError as bad:
            line = content[: bad.start].count(b"\n") + 1
            raise BadInput(f"{name}, line {line}: not UTF-8.", "Save the list as CSV in UTF-8.") from None
        if "\n" not in self._text:
            self._text = self._text.replace("\r", "\n")  # the line ends of an old Mac
        self._delimiter = _delimiter(self._text)
        self._rows = self._read()
        start, header = next(self._rows, (0, []))
        if not header:
            raise BadInput(f"{name} is empty.", "Name a CSV file with a header and rows.")
        self.table = Table(
            format="csv",
            encoding="utf-8",
            delimiter=self._delimiter,
            header_line=start,
            header=tuple(one_line(cell) for cell in header),
        )
        self._check_header()

    def _check_header(self) -> None:
        twice = [h for h, n in Counter(h.casefold() for h in self.table.header if h).items() if n > 1]
        if twice:
            raise BadInput(f"{self._name} has two columns called {twice[0][:60]!r}.", "Rename one of them.")
        if len(self.table.header) > MOST_COLUMNS:
            raise BadInput(f"{self._name} has more than {MOST_COLUMNS} columns.", "Is it the right file?")

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self._rows

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        """Rows with anything in them, each with the line it begins on."""
        csv.field_size_limit(LONGEST_LINE)
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        start = 1
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield start, row
                start = reader.line_num + 1
        except csv.Error as bad:
            raise BadInput(
                f"{self._name}, line {start}: {bad}.", "Mend the quotes of that line and try again."
            ) from None

    def _lines(self) -> Iterator[str]:
        stream = io.StringIO(self._text, newline="")
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise BadInput(
                    f"{self._name}, line {number}: longer than {LONGEST_LINE:,} characters.",
                    "Is it the right file?",
                )
            yield line


def _delimiter(content: str) -> str:
    """The sign that parts the header into most cells."""
    head = content.lstrip("\r\n").split("\n", 1)[0][:100_000]
    return max(DELIMITERS, key=lambda sign: _cells(head, sign))


def _cells(head: str, sign: str) -> int:
    try:
        return len(next(csv.reader([head], delimiter=sign), []))
    except csv.Error:
        return 0
