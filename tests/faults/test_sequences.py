"""K5: any sequence of commands, some of them killed at a write, against a model of plain values.

Each command turns the model into the states it may be left in, step by step: killed, it must have
left one of them; otherwise the last. A walk that is killed keeps at least what it acknowledged.
"""

import contextlib
import copy
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.faults import processes
from tests.faults.ground import ANSWERS, TODAY
from tests.faults.lab import Lab
from tests.faults.processes import assert_whole, opened
from tests.faults.syscalls import Fault
from winback_cli.main import main

pytestmark = pytest.mark.timeout(120 + 10 * processes.runs(0))

SILENT = ("opened", "step_done", "overridden", "undone")
ABOUT = {  # what of an event's body the model knows
    "noted": "text",
    "touched": "disposition",
    "snoozed": "until",
    "closed": "outcome",
    "moved": "playbook",
}
Said = tuple[str, str]  # a kind of event, and what it is about


# -- the model -----------------------------------------------------------------------------------


@dataclass
class File:
    """A case: what stands in it."""

    told: list[Said] = field(default_factory=list)

    @property
    def status(self) -> str:
        status = "open"
        for kind, about in self.told:
            if kind == "closed":
                status = "dormant" if about == "dormant" else "closed"
            elif kind == "reopened":
                status = "open"
        return status

    @property
    def playbook(self) -> str:
        return next((about for kind, about in reversed(self.told) if kind == "moved"), "standard")


@dataclass
class Person:
    """A customer: their name and town, whether they are left alone, and their cases."""

    name: str
    city: str = ""
    alone: bool = False
    files: list[File] = field(default_factory=list)


World = list[Person]


def seen(store: Path) -> World:
    """The model as the store has it."""
    with opened(store) as connection:
        people = connection.execute("SELECT id, name, city, suppression_id FROM customer ORDER BY id")
        return [
            Person(
                row["name"], row["city"], row["suppression_id"] is not None, _files(connection, row["id"])
            )
            for row in people.fetchall()
        ]


def _files(connection: Any, customer: int) -> list[File]:
    rows = connection.execute(
        "SELECT f.number, f.status, e.seq, e.kind, e.body FROM casefile f JOIN event e ON e.case_id = f.id"
        " WHERE f.customer_id = ? ORDER BY f.number, e.seq",
        (customer,),
    ).fetchall()
    events: dict[int, list[tuple[int, str, dict[str, Any]]]] = {}
    for row in rows:
        events.setdefault(row["number"], []).append((row["seq"], row["kind"], json.loads(row["body"])))
    files = [File(_standing(events[number])) for number in sorted(events)]
    status = {row["number"]: row["status"] for row in rows}
    assert [file.status for file in files] == [status[n] for n in sorted(status)], "a row tells otherwise"
    return files


def _standing(events: Sequence[tuple[int, str, dict[str, Any]]]) -> list[Said]:
    gone = {body["seq"] for _, kind, body in events if kind == "undone"}
    return [
        (kind, str(body.get(ABOUT.get(kind, "question"), "")) if kind != "reopened" else "")
        for seq, kind, body in events
        if kind not in SILENT and seq not in gone
    ]


# -- the machine ---------------------------------------------------------------------------------

PLACES = st.tuples(st.sampled_from(["write", "sync", "unlink", "create"]), st.integers(1, 40))
KILLS = st.none() | PLACES
PEOPLE = st.integers(1, 4)
WORDS = st.sampled_from(["she called", "wants the bill", "Ünal 中村"])


class Sequences(RuleBasedStateMachine):
    """Commands on one store. To add a command: one rule, which says what it makes of the model."""

    lab: ClassVar[Lab]
    walked: ClassVar[list[Said]]  # what a whole walk by the answers file leaves
    base: ClassVar[Path]
    kills: ClassVar[list[str]]
    twin: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sequences-"))
        self.store = processes.copy_store(self.base, self.folder / "store.sqlite")
        self.world = seen(self.store)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def does(
        self,
        kill: tuple[str, int] | None,
        states: Sequence[World],
        code: int,
        *line: object,
        opens: int = 0,
    ) -> None:
        """Run a command line that leaves these states one after the other, and ends with this code.

        A walk leaves one state an answer, after `opens` of them before its first.
        """
        words = ["--store", str(self.store), *TODAY, *map(str, line)]
        sure = 0
        if kill is None:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()) as err,
            ):
                ended = main(words)
            told = err.getvalue()
        else:
            run = self.lab.run(*words, fault=Fault(*kill, "KILL"), twin=self.twin)
            ended, told, sure = run.code, run.err, run.acknowledged
        assert_whole(self.store)
        there = seen(self.store)
        if ended == -9:
            self.kills.append(str(line[0]))
            assert there in states[sure + opens if sure else 0 :], "it was left in a state that is none"
        else:
            assert ended == code, told
            assert there == states[-1], "it did something else"
        self.world = there

    def after(self) -> World:
        return copy.deepcopy(self.world)

    def who(self, number: int) -> Person:
        assume(number <= len(self.world))
        return self.world[number - 1]

    def told(self, number: int, *said: Said, new: bool = False) -> list[World]:
        """The states of telling something in a case, which is opened first where there is none."""
        states = [self.after()]
        if new or not self.who(number).files:
            states.append(copy.deepcopy(states[-1]))
            states[-1][number - 1].files.append(File())
        states.append(copy.deepcopy(states[-1]))
        states[-1][number - 1].files[-1].told += said
        return states

    def file(self, number: int) -> File | None:
        files = self.who(number).files
        return files[-1] if files else None

    def status(self, number: int) -> str:
        file = self.file(number)
        return file.status if file else "none"

    def refused(self, kill: tuple[str, int] | None, code: int, *line: object) -> None:
        self.does(kill, [self.after()], code, *line)

    # -- the commands: one rule each -----------------------------------------------------------------

    @rule(size=st.sampled_from([1, 12, 60]), kill=KILLS)
    def import_(self, size: int, kill: tuple[str, int] | None) -> None:
        (self.folder / "list.csv").write_bytes(processes.people(size))
        states = [self.after(), self.after()]
        have = {person.name for person in self.world}
        for n in range(size):
            if f"Customer {n}" not in have:
                states[-1].append(Person(f"Customer {n}", f"Newtown-upon-River {n % 50}"))
        again = [n for n in range(size) if f"Customer {n}" in have]
        assume(all(self._unedited(f"Customer {n}", n) for n in again))
        self.does(kill, states, 0, "import", self.folder / "list.csv")

    def _unedited(self, name: str, n: int) -> bool:
        person = next(person for person in self.world if person.name == name)
        return person.city == f"Newtown-upon-River {n % 50}" and not person.alone

    @rule(kill=KILLS)
    def add(self, kill: tuple[str, int] | None) -> None:
        name = f"Eva Ried {len(self.world)}"
        states = [self.after(), [*self.after(), Person(name)]]
        self.does(kill, states, 0, "add", name)

    @rule(number=PEOPLE, city=st.sampled_from(["York", "Bonn", "Leeds"]), kill=KILLS)
    def edit(self, number: int, city: str, kill: tuple[str, int] | None) -> None:
        self.who(number)
        states = [self.after(), self.after()]
        states[-1][number - 1].city = city
        self.does(kill, states, 0, "edit", number, "--city", city)

    @rule(number=PEOPLE, words=WORDS, kill=KILLS)
    def note(self, number: int, words: str, kill: tuple[str, int] | None) -> None:
        line = ("note", number, words)
        if self.who(number).alone and not self.file(number):
            return self.refused(kill, 5, *line)
        return self.does(kill, self.told(number, ("noted", words)), 0, *line)

    @rule(number=PEOPLE, how=st.sampled_from(["no answer", "left message"]), kill=KILLS)
    def touch(self, number: int, how: str, kill: tuple[str, int] | None) -> None:
        line = ("touch", number, "--channel", "phone", "--disposition", how)
        if self.who(number).alone:
            return self.refused(kill, 5, *line)
        said = ("touched", how.replace(" ", "_"))
        states = self.told(number, said, new=self.status(number) == "closed")
        return self.does(kill, states, 0, *line)

    @rule(number=PEOPLE, outcome=st.sampled_from(["released", "lost", "dormant"]), kill=KILLS)
    def close(self, number: int, outcome: str, kill: tuple[str, int] | None) -> None:
        line = ("close", number, "--outcome", outcome, "--because", "far", "--override", "agreed")
        line += ("--until", "+3m") if outcome == "dormant" else ()
        if self.status(number) in ("none", "closed"):
            return self.refused(kill, 5, *line)
        return self.does(kill, self.told(number, ("closed", outcome)), 0, *line)

    @rule(number=PEOPLE, kill=KILLS)
    def suppress(self, number: int, kill: tuple[str, int] | None) -> None:
        line = ("suppress", number, "--reason", "asked")
        if self.who(number).alone:
            return self.refused(kill, 5, *line)
        states = [self.after(), self.after()]
        person = states[-1][number - 1]
        person.alone = True
        if self.status(number) not in ("none", "closed"):
            person.files[-1].told.append(("closed", "suppressed"))
        return self.does(kill, states, 0, *line)

    @rule(number=PEOPLE, to=st.sampled_from(["standard", "lapsed-list", "service-recovery"]), kill=KILLS)
    def move(self, number: int, to: str, kill: tuple[str, int] | None) -> None:
        line = ("playbook", "move", number, "--to", to, "--yes")
        file = self.file(number)
        if file is None:
            return self.refused(kill, 3, *line)
        if file.status == "closed" or file.playbook == to:
            return self.refused(kill, 5, *line)
        return self.does(kill, self.told(number, ("moved", to)), 0, *line)

    @precondition(lambda self: any(self.may_walk(n) for n in range(1, len(self.world) + 1)))
    @rule(number=PEOPLE, kill=st.tuples(st.sampled_from(["write", "sync"]), st.integers(1, 900)))
    def walk(self, number: int, kill: tuple[str, int]) -> None:
        self.who(number)
        assume(self.may_walk(number))
        file = self.file(number)
        done = sum(kind != "noted" for kind, _ in file.told) if file else 0
        states = [self.after()]
        if file is None:
            states.append(self.told(number)[-1])
        for n in range(done, len(self.walked)):
            states.append(self.told(number, *self.walked[done : n + 1])[-1])
        self.does(kill, states, 0, "walk", number, "--answers", ANSWERS, opens=int(file is None))

    def may_walk(self, number: int) -> bool:
        """Whether what a walk leaves is simply said: nothing but remarks and a walk's own so far."""
        if (
            number > len(self.world)
            or self.world[number - 1].alone
            or len(self.world[number - 1].files) > 1
        ):
            return False
        file = self.file(number)
        if file is None:
            return True
        told = [said for said in file.told if said[0] != "noted"]
        return told == self.walked[: len(told)] and len(told) < len(self.walked)

    @rule(number=PEOPLE, kill=KILLS)
    def snooze(self, number: int, kill: tuple[str, int] | None) -> None:
        line = ("snooze", number, "--until", "2026-12-01")
        if self.who(number).alone or self.status(number) in ("closed", "dormant"):
            return self.refused(kill, 5, *line)
        return self.does(kill, self.told(number, ("snoozed", "2026-12-01")), 0, *line)

    @rule(number=PEOPLE, kill=KILLS)
    def reopen(self, number: int, kill: tuple[str, int] | None) -> None:
        alone, status = self.who(number).alone, self.status(number)
        if alone or status == "none":
            return self.refused(kill, 5 if alone else 3, "reopen", number)
        assume(status != "open")
        return self.does(kill, self.told(number, ("reopened", "")), 0, "reopen", number)

    @rule(number=PEOPLE, kill=KILLS)
    def undo(self, number: int, kill: tuple[str, int] | None) -> None:
        """Of acts that are one event each; a walk's are the walk's own tests' concern."""
        file = self.file(number)
        if self.who(number).alone or file is None:
            return self.refused(kill, 5 if self.who(number).alone else 3, "undo", number)
        if not file.told or file.told[-1][0] == "moved":
            return self.refused(kill, 5, "undo", number)
        assume(file.told[-1][0] in ("noted", "touched", "snoozed", "closed", "reopened"))
        assume(self.walked[-1] not in file.told)
        states = [self.after(), self.after()]
        states[-1][number - 1].files[-1].told.pop()
        return self.does(kill, states, 0, "undo", number)


@pytest.fixture
def machine(lab: Lab, tmp_path: Path, home: Path) -> Iterator[type[Sequences]]:
    """The machine over a store of two customers."""
    base = tmp_path / "base.sqlite"
    lines = [("add", "Ana Sol", "--email", "ana@example.com"), ("add", "Ben Ode"), ("note", 1, "hello")]
    assert lab.runs([("--store", base, *TODAY, *line) for line in lines]).code == 0
    copied = processes.copy_store(base, tmp_path / "walked.sqlite")
    run = lab.run("--store", copied, *TODAY, "walk", 2, "--answers", ANSWERS)
    assert run.code == 0, run.err
    walked = seen(copied)[1].files[0].told
    kills: list[str] = []
    yield type("Machine", (Sequences,), {"lab": lab, "base": base, "walked": walked, "kills": kills})


def check_sequences(machine: type[Sequences], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            database=None,
            derandomize=not processes.runs(0),
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        ),
    )


def test_any_sequence_of_commands_and_kills_leaves_what_the_model_says(machine: type[Sequences]) -> None:
    check_sequences(machine, processes.runs(5))
    assert len(machine.kills) > 3, "hardly any kill struck"
    print(len(machine.kills), "kills:", sorted(set(machine.kills)))


def test_a_program_that_a_kill_leaves_half_done_is_caught(machine: type[Sequences]) -> None:
    machine.twin = "unjournaled"
    with pytest.raises((AssertionError, processes.sqlite3.DatabaseError)):
        check_sequences(machine, 40)
