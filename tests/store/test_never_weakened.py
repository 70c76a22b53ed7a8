"""Whoever was left alone and not lifted stays so under every guise, whatever else is done (C10)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Runner
from winback_cli.customer import guises, hashed
from winback_cli.store import connect as door
from winback_cli.store import identities, reading, reads
from winback_cli.store.suppressions import stored

HEAD = "customer_id,name,company,email,phone,city,opt_out\n"
MAILS = ("a@example.com", "b@example.com", "c@example.com", "")
ROW = st.tuples(
    st.sampled_from(("1", "2", "3", "")),
    st.sampled_from(("Ana", "Ben", "Cy")),
    st.sampled_from(("Blue", "")),
    st.sampled_from(MAILS),
    st.sampled_from(("+44 20 7946 0001", "+44 20 7946 0002", "")),
    st.sampled_from(("Leeds", "York")),
    st.sampled_from(("no", "no", "no", "yes")),
).map(",".join)
WHO = st.integers(1, 4)
ACT = st.one_of(
    st.tuples(st.just("import"), st.lists(ROW, min_size=1, max_size=3)),
    st.tuples(st.just("take back"), st.integers(1, 4)),
    st.tuples(st.just("merge"), st.tuples(WHO, WHO)),
    st.tuples(st.just("suppress"), WHO),
    st.tuples(st.just("block"), st.sampled_from(MAILS[:3])),
    st.tuples(st.just("unsuppress"), WHO),
    st.tuples(st.just("edit"), st.tuples(WHO, st.sampled_from(MAILS[:3]))),
    st.tuples(st.just("note"), WHO),
    st.tuples(st.just("backup"), st.none()),
    st.tuples(st.just("restore"), st.none()),
    st.tuples(st.just("erase"), WHO),
    st.tuples(st.just("survey"), st.none()),
    st.tuples(
        st.just("answers"),
        st.lists(
            st.tuples(st.sampled_from(MAILS[:3]), st.sampled_from(("no", "yes"))), min_size=1, max_size=3
        ),
    ),
    st.tuples(st.just("export"), st.none()),
)


class World:
    """A store, and everything that must stay blocked: the names of whoever was left alone, but for those
    who were lifted.
    """

    def __init__(self, winback: Runner, folder: Path, store: Path) -> None:
        self.winback, self.folder, self.store = winback, folder, store
        self.made = self.surveys = 0
        self.out: list[str] = []  # whom something that went out named, though they are left alone
        self.wished: set[str] = set()
        self.copy: Path | None = None
        # What each was known by before a merge: lifting them lifts that too.
        self.merged: dict[int, set[str]] = {}
        self.merged_then: dict[int, set[str]] = {}
        # What each was known by when they were left alone: a restore keeps it without a record, and
        # whoever is lifted is lifted from that too.
        self.once: list[set[str]] = []

    def do(self, act: str, told: Any) -> None:
        before = self.names(told) if act == "erase" else set()
        both = {name for number in told for name in self.names(number)} if act == "merge" else set()
        line = self.line(act, told)
        if act == "unsuppress":
            return self.lift(told, line)
        ran = self.winback(*line)
        assert ran.code in (0, 2, 3, 4, 5, 65), (act, told, ran.err)
        if ran.code == 0:
            self.done(act, told, line, before | both)
        self.wished |= self.left_alone()
        return None

    def line(self, act: str, told: Any) -> tuple[object, ...]:
        """The words of a command."""
        if act == "import":
            return ("import", self.file(HEAD + "\n".join(told) + "\n"))
        if act == "backup":
            self.copy = self.new("sqlite")
        elif act == "survey":
            self.surveys += 1
        elif act == "answers":
            rows = "".join(f"{mail},too dear,{out}\n" for mail, out in told)
            told = self.file(f"email,q1,opt_out\n{rows}")
        lines: dict[str, Callable[[], tuple[object, ...]]] = {
            "take back": lambda: ("import", "--undo", told),
            "suppress": lambda: ("suppress", told, "--reason", "asked"),
            "unsuppress": lambda: ("unsuppress", told, "--because", "a mistake"),
            "note": lambda: ("note", told, "a word"),
            "erase": lambda: ("erase", told, "--yes"),
            "block": lambda: ("suppress", "--import", self.file(f"{told}\n")),
            "merge": lambda: ("merge", *told, "--yes"),
            "edit": lambda: ("edit", told[0], "--email", told[1]),
            "backup": lambda: ("store", "backup", self.copy),
            "restore": lambda: ("store", "restore", self.copy or self.file(""), "--yes"),
            "survey": lambda: (
                *("survey", "new", f"s{self.surveys}", "--cooldown", 0, "--csv", self.new("csv")),
            ),
            "answers": lambda: ("survey", "import", told, "--survey", f"s{self.surveys}"),
            "export": lambda: ("export", "customers", self.new("csv")),
        }
        return lines[act]()

    def done(self, act: str, told: Any, line: tuple[object, ...], names: set[str]) -> None:
        """What a command that succeeded is to be held to."""
        if act == "merge":
            self.merged[told[0]] = names
        elif act == "backup":
            self.merged_then = dict(self.merged)
        elif act == "restore":
            self.merged = dict(self.merged_then)
        elif act == "block":
            self.wished.add(f"email:{told}")
        elif act == "erase":
            self.wished |= names
            self.once.append(names)
        elif act in ("survey", "export"):
            self.written_to(Path(str(line[-1])))

    def lift(self, number: int, line: tuple[object, ...]) -> None:
        names = self.names(number)
        if self.winback(*line).code == 0:
            self.wished = (self.wished - names) | self.left_alone()

    def names(self, number: int) -> set[str]:
        """Everything that somebody is known by, or was before a merge."""
        with reading(self.store) as connection:
            if reads.customer(connection, number) is None:
                return set()
            names = {*guises(stored(connection, number)), *self.merged.get(number, ())}
        mailboxes = {name for name in names if name.startswith("email:")}
        return names.union(*(once for once in self.once if once & mailboxes))

    def left_alone(self) -> set[str]:
        """Every name of everybody who is left alone now."""
        with reading(self.store) as connection:
            numbers = [
                row[0] for row in connection.execute("SELECT id FROM customer WHERE suppression_id > 0")
            ]
            people = [set(guises(stored(connection, number))) for number in numbers]
        self.once += [one for one in people if one not in self.once]
        return set().union(*people)

    def written_to(self, place: Path) -> None:
        """What goes out names nobody's mailbox who is left alone."""
        out = place.read_text("utf-8-sig")
        self.out += [name for name in self.wished if name.removeprefix("email:") in out and "@" in name]

    def new(self, suffix: str) -> Path:
        self.made += 1
        return self.folder / f"{self.made}.{suffix}"

    def file(self, content: str) -> Path:
        self.made += 1
        path = self.folder / f"{self.made}.csv"
        path.write_text(content, "utf-8")
        return path

    def let_through(self) -> list[str]:
        """The names that would not be blocked, and whoever goes by one and is not left alone."""
        key = door.read_key(self.store, make=False) if self.wished else b""
        with reading(self.store) as connection:
            found = [
                name for name in self.wished if not reads.suppressed_hashes(connection, [hashed(name, key)])
            ]
            mailboxes = sorted(name for name in self.wished if name.startswith("email:"))
            for number in identities.matches(connection, mailboxes):
                record = reads.customer(connection, number)
                if record is None or not record.suppressed:
                    found.append(f"number {number}")
            running = connection.execute(
                "SELECT u.id FROM customer u JOIN casefile c ON c.customer_id = u.id"
                " WHERE u.suppression_id IS NOT NULL AND c.status != 'closed'"
            )
            return found + self.out + [f"case of {row[0]}" for row in running]


@settings(max_examples=25)
@given(acts=st.lists(ACT, min_size=2, max_size=9))
def test_nothing_weakens_a_suppression(
    acts: list[tuple[str, Any]], winback: Runner, tmp_path: Path, home: Path, store_path: Path
) -> None:
    shutil.rmtree(home, ignore_errors=True)
    folder = tmp_path / "lists"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    world = World(winback, folder, store_path)
    world.do("import", ["1,Ana,Blue,a@example.com,,Leeds,no", "2,Ben,,b@example.com,,York,no"])

    for act, told in acts:
        world.do(act, told)
        assert world.let_through() == [], act

    ran = winback("store", "doctor", "--json")
    assert json.loads(ran.out) == [] or ran.code == 0, ran.out
