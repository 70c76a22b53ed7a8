"""Lists for tests: what is read of one, and what a store holds once it came in."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from winback_cli.checking import Reject
from winback_cli.customer import Customer, Watch
from winback_cli.dates import clock_at
from winback_cli.intake import Choices
from winback_cli.plainrow import COLUMNS, Checked, customer_of
from winback_cli.reading import Again, Arrival, Opened, Source, opened, read
from winback_cli.sources import LeftOut, Reading, Table
from winback_cli.store import bringing, reading
from winback_cli.store.writes import Store

TODAY = clock_at("2026-11-23")
NOBODY = Watch(b"", ())


class Read(NamedTuple):
    """A list that was read: the fields of its columns, its rows as customers, and the rejected ones."""

    found: Opened
    rows: list[Checked]
    rejects: list[Reject]
    rejected_rows: list[list[str]]
    left_out: tuple[LeftOut, ...]

    @property
    def table(self) -> Table:
        return self.found.table

    @property
    def columns(self) -> dict[str, str | None]:
        return dict(zip(self.table.header, self.found.columns.fields, strict=True))

    @property
    def customers(self) -> list[Customer]:
        return [customer_of(row.values, row.points)._replace(opted_out=row.opted_out) for row in self.rows]


@contextlib.contextmanager
def _source(content: str | bytes, how: Reading, **choices: Any) -> Iterator[Source]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "l.csv"
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        yield Source(place, "l.csv", how, Choices(**choices))


def read_list(content: str | bytes, how: Reading = Reading(), **choices: Any) -> Read:  # noqa: B008
    """Read a list; raises what reading it raises."""
    with _source(content, how, **choices) as source:
        found = opened(source).must_name(source)
        return _gathered(found, list(read(source, found, NOBODY)))


def _gathered(found: Opened, told: list[Any]) -> Read:
    last = max((place for place, one in enumerate(told) if isinstance(one, Again)), default=-1)
    *chunks, left_out = told[last + 1 :]
    assert all(isinstance(chunk, Arrival) for chunk in chunks)
    rejects = [reject for chunk in chunks for reject in chunk.rejects]
    rows = [row for chunk in chunks for row in chunk.rows]
    return Read(found, rows, [one for one, _ in rejects], [cells for _, cells in rejects], left_out)


class Stored(NamedTuple):
    """What an import did, and how many rows were rejected before."""

    rows: int
    rejected: int
    brought: bringing.Brought

    @property
    def counted(self) -> int:
        """All the counts together: as many as the list has rows."""
        b = self.brought
        return b.new + b.changed + b.same + b.merged + b.suppressed + self.rejected


def bring(
    path: Path, content: str | bytes, meanwhile: Callable[[], object] = lambda: None, **choices: Any
) -> Stored:
    """Bring a list into the store at a path, made where there is none; `meanwhile` is called when it
    was read through and is not yet seen.
    """
    store = Store.open(path, "tester", TODAY, "import", create=True)
    with _source(content, Reading(), **choices) as source, contextlib.closing(store):
        found = opened(source).must_name(source)
        watch, people_ = bringing.watch_of(path)
        rows, rejected = 0, 0

        def stream() -> Iterator[Sequence[Checked] | None]:
            nonlocal rows, rejected
            for told in read(source, found, watch):
                if isinstance(told, Again):
                    rows = rejected = 0
                    yield None
                elif isinstance(told, Arrival):
                    rows += len(told.rows) + len(told.rejects)
                    rejected += len(told.rejects)
                    yield told.rows

        def told() -> bringing.Told:
            meanwhile()
            return bringing.Told("l.csv", "", "")

        brought = store.bring_in(stream(), told, people_)
    return Stored(rows, rejected, brought)


class Person(NamedTuple):
    """A customer as the store shows them: the values of the columns, the contact points, and whether
    they are left alone.
    """

    values: tuple[Any, ...]
    points: tuple[tuple[str, str, str], ...]
    alone: bool

    def __getattr__(self, name: str) -> Any:
        return self.values[COLUMNS.index(name)]


def people(path: Path) -> list[Person]:
    """Everybody who is seen, in the order of their numbers."""
    with reading(path) as connection:
        found = connection.execute(
            f"SELECT id, suppression_id IS NOT NULL, {', '.join(COLUMNS)} FROM customer ORDER BY id"
        ).fetchall()
        points = "SELECT kind, value, state FROM contact_point WHERE customer_id = ? ORDER BY place"
        return [
            Person(tuple(values), tuple(map(tuple, connection.execute(points, (number,)))), bool(alone))
            for number, alone, *values in found
        ]
