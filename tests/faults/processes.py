"""The program in a process of its own, to be killed, starved and raced; and what a store holds, read
past the program.
"""

import contextlib
import hashlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

Process: TypeAlias = "subprocess.Popen[bytes]"
Ended = tuple[int, str, str]  # exit code, stdout, stderr
PROGRAM = (sys.executable, "-m", "winback_cli")
TWINS = str(Path(__file__).with_name("twins.py"))
PATIENCE = 100  # seconds after which a process counts as stuck
PIPE = 1 << 16  # bytes that a pipe takes without anybody reading


def runs(default: int) -> int:
    """How often a random fault is tried: few by default, as many as WINBACK_TEST_N says."""
    return int(os.environ.get("WINBACK_TEST_N", default))


def spread(most: int, count: int) -> list[int]:
    """So many of the numbers from 1 to `most`, evenly, the first and the last among them."""
    if count >= most:
        return list(range(1, most + 1))
    return sorted({1 + round(n * (most - 1) / max(count - 1, 1)) for n in range(count)})


def twin(name: str, times: str = "1") -> tuple[str, ...]:
    """The program with one thing broken; see twins.py."""
    return (sys.executable, TWINS, name, times)


def start(
    *argv: object,
    program: Sequence[str] = PROGRAM,
    umask: int = -1,
    largest_file: int | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Process:
    """Start a command line; signals that the test run itself ignores are not ignored by it."""

    def prepare() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return subprocess.Popen(
        [*program, *map(str, argv)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        umask=umask,
        preexec_fn=prepare,  # noqa: PLW1509 - it only sets signals and a limit
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def finish(process: Process) -> Ended:
    """Wait for the end."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, out.decode(), err.decode()


def run(*argv: object, **how: Any) -> Ended:
    """Run a command line to its end."""
    return finish(start(*argv, **how))


def start_import(store: Path, content: bytes, program: Sequence[str] = PROGRAM) -> Process:
    """An import that has begun to read its list, so that it hears every signal from here on.

    The list is longer than the pipe: writing it ends only when the program has read most of it.
    """
    assert len(content) > 2 * PIPE, "a list that fits into the pipe says nothing"
    process = start("--store", store, "import", "-", program=program, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(content)
    process.stdin.close()
    process.stdin = None
    return process


def start_together(commands: Sequence[Sequence[object]], name: str, times: int) -> list[Ended]:
    """Run command lines at once, each `times` times, all let go when all are ready."""
    processes = [
        start(*command, program=twin(name, f"+{times}"), stdin=subprocess.PIPE) for command in commands
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    return [finish(process) for process in processes]


def wait_until(done: Callable[[], bool], process: "Process | None" = None) -> None:
    """Wait until something is so, or the process has ended."""
    last = time.monotonic() + PATIENCE
    while not done() and (process is None or process.poll() is None):
        assert time.monotonic() < last, "it never came"
        time.sleep(0.0005)


def children(process: Process) -> list[int]:
    """The processes that this one has started and that run still."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == process.pid and state != "Z":
                found.append(int(place.parent.name))
    return found


def runs_still(number: int) -> bool:
    """Whether a process has not ended."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def staged(store: Path) -> int:
    """How many customers an import has brought in that nobody sees yet."""
    with opened(store) as connection:
        query = "SELECT count(*) FROM customer_row WHERE batch_id IN (SELECT id FROM batch WHERE state = 'staging')"
        return int(connection.execute(query).fetchone()[0])


@contextlib.contextmanager
def held_import(store: Path, path: Path, program: Sequence[str] = PROGRAM) -> Iterator[Process]:
    """An import that has begun to write and gets no further for as long as the block lasts: the process
    that reads its long list is stopped.
    """
    process = start("--store", store, "import", path, program=program)
    wait_until(lambda: staged(store) > 0, process)
    (reader,) = children(process)
    os.kill(reader, signal.SIGSTOP)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(reader, signal.SIGCONT)


def people(count: int) -> bytes:
    """A list of made-up customers."""
    lines = (
        f"C-{n},Customer {n},customer{n}@example.com,Newtown-upon-River {n % 50},{n}\n"
        for n in range(count)
    )
    return ("customer_id,name,email,city,orders\n" + "".join(lines)).encode()


def copy_store(store: Path, to: Path) -> Path:
    """The store and its key under another name, without what an earlier run left there."""
    for old in to.parent.glob(f"{to.name}*"):
        old.unlink()
    for end in ("", ".key"):
        if store.with_name(store.name + end).exists():
            shutil.copy(store.with_name(store.name + end), to.with_name(to.name + end))
    return to


@contextlib.contextmanager
def opened(store: Path) -> Iterator[sqlite3.Connection]:
    """The store's file as an outsider opens it; a journal left by a kill is played back."""
    connection = sqlite3.connect(f"file:{store}?mode=rw", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def assert_whole(store: Path) -> None:
    """Nothing in the file is damaged, and no row points nowhere."""
    with opened(store) as connection:
        found = [tuple(row) for row in connection.execute("PRAGMA integrity_check")]
        assert found == [("ok",)], "the file is damaged"
        astray = connection.execute("PRAGMA foreign_key_check").fetchall()
        assert astray == [], "the file is damaged: rows point nowhere"


def dump(store: Path, without: Sequence[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table; the indexes of words apart, which hold nothing of their own."""
    with opened(store) as connection:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not row[0].startswith(("customer_text", "case_text"))
        ]
        return {
            table: sorted(
                (dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')),
                key=lambda row: [str(value) for value in row.values()],
            )
            for table in sorted(tables)
            if table not in without
        }


def seen(store: Path, without: Sequence[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Every row that is there for a user: not what an import that was stopped left unseen, nor which
    run of the program wrote what. Who waits in the queue, but no score: those are made anew by the day.
    """
    found = dump(store, ["command", "score", *without])
    with opened(store) as connection:
        staged = {row[0] for row in connection.execute("SELECT id FROM batch WHERE state = 'staging'")}
        people = {row[0] for row in connection.execute("SELECT id FROM customer")}
    # The first counts changes, the others are what scores are reckoned with, and by whom.
    found["about"] = [row for row in found["about"] if row["name"] not in ("people", "scores", "scoring")]
    for table, rows in found.items():
        if table == "customer_row":
            rows[:] = [row for row in rows if row["id"] in people]
        elif table == "batch":
            rows[:] = [row for row in rows if row["id"] not in staged]
        elif table in ("contact_point", "former", "identity", "ranking"):
            rows[:] = [row for row in rows if row["customer_id"] in people]
        rows[:] = [row for row in rows if row.get("batch_id") not in staged or row["batch_id"] is None]
        for row in rows:
            row.pop("command_id", None)
            row.pop("worth", None)
        rows.sort(key=lambda row: [str(value) for value in row.values()])
    return found


def contents(folder: Path) -> dict[str, str]:
    """Every file and folder under a folder, with the sha256 of what it holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }
