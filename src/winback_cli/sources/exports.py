"""The exports of other programs, known by their headers: a table, exports.toml, not code."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from winback_cli.sources.columns import NUMBER, evened, fields_of


class Export(NamedTuple):
    """An export of another program.

    `source` is the space of its ids. `columns` gives the field of an evened header, "" where it is
    kept out; `values`, by evened header, what a word of that column stands for, "*" being any other
    word or none; `note` what to tell the user.
    """

    name: str
    title: str
    source: str
    signature: tuple[str, ...]
    columns: dict[str, str]
    values: dict[str, dict[str, str]]
    note: str = ""

    def fields(self, header: Sequence[str]) -> list[str | None]:
        """The field of each column; a header that the export does not know goes by its name."""
        general = fields_of(header)
        return [self._field(one, given) for one, given in zip(header, general, strict=True)]

    def knows(self, header: str) -> bool:
        """Whether the table says what a column is, if only that it is kept out."""
        return self._entry(header) is not None

    def _entry(self, header: str) -> str | None:
        name = evened(header)
        return self.columns.get(name, self.columns.get(NUMBER.sub("#", name)))

    def _field(self, header: str, given: str | None) -> str | None:
        entry = self._entry(header)
        return given if entry is None else entry or None


@cache
def exports() -> tuple[Export, ...]:
    """All known exports, in the order in which they are tried."""
    import tomllib
    from importlib.resources import files

    tree = tomllib.loads(files(__package__).joinpath("exports.toml").read_text("utf-8"))
    return tuple(
        Export(**{"values": {}, **entry, "signature": tuple(entry["signature"])})
        for entry in tree["export"]
    )


def recognised(header: Sequence[str]) -> Export | None:
    """The export that a header is of, or None."""
    seen = {signed(one) for one in header}
    return next((export for export in exports() if seen.issuperset(export.signature)), None)


def signed(header: str) -> str:
    """A header as signatures are compared: trimmed, lower case, spaces single, no star at the end."""
    from winback_cli.text import line

    return line(header).lower().rstrip("* ")
