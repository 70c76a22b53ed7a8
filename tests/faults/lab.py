"""A laboratory: command lines run in processes of their own, each with one fault, within milliseconds.

One process loads the program and the hooks of syscalls.py once; every run is a fork of it, so that
a fault at every single write of a command can be tried. `python lab.py` is that process; it takes
one job a line and answers with one line.
"""

import contextlib
import ctypes
import itertools
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from tests.faults import syscalls
from tests.faults.syscalls import Fault

ROOT = Path(__file__).parents[2]


class Run(NamedTuple):
    """What a run did: its last exit code (or minus the signal), results, talk, the faults that
    struck, how many answers its walk was told are kept, how often each call was made, and, where it
    was recorded, every event.
    """

    code: int
    out: str
    err: str
    hits: int
    acknowledged: int
    calls: Counter[str]
    events: list[tuple[Any, ...]]


class Lab:
    """The process, as the tests see it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.lab"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert self._answer() == "ready"

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the laboratory went away"
        return json.loads(line)

    def run(
        self,
        *argv: object,
        fault: Fault | None = None,
        twin: str = "",
        record: Path | None = None,
        largest_file: int | None = None,
        powerless: bool = False,
        patience: float | None = None,
    ) -> Run:
        """Run one command line; see `runs`."""
        return self.runs(
            [argv],
            fault=fault,
            twin=twin,
            record=record,
            largest_file=largest_file,
            powerless=powerless,
            patience=patience,
        )

    def runs(self, lines: Sequence[Sequence[object]], *, record: Path | None = None, **how: Any) -> Run:
        """Run command lines one after the other in one process, up to the first that fails.

        `twin` breaks the program first (twins.py), `record` keeps what becomes of the files in that
        folder, `largest_file` limits their size, `powerless` runs without root's rights, and
        `patience` is how many seconds it waits for a lock.
        """
        with tempfile.TemporaryDirectory(prefix="lab-") as folder:
            env = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE",)}
            words = [list(map(str, line)) for line in lines]
            job = {"lines": words, "root": str(record or ""), "folder": folder, "env": env, **how}
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            code = int(self._answer())
            return _read(Path(folder), code)


def _read(folder: Path, code: int) -> Run:
    names = ("out", "err", "hits", "told")
    out, err, hits, told = ((folder / name).read_text("utf-8") for name in names)
    calls: Counter[str] = Counter()
    events: list[tuple[Any, ...]] = []
    if content := (folder / "report").read_bytes():  # none where it was killed
        calls, events = pickle.loads(content)
    assert code != 99, err
    acknowledged = int(told.split()[-1]) if told else 0
    return Run(code, out, err, len(hits.splitlines()), acknowledged, calls, events)


# -- inside --------------------------------------------------------------------------------------


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _warm_up()
    syscalls.install()

    def answer(what: Any) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    answer("ready")
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            answers.close()
            _work(job)
        answer(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _warm_up() -> None:
    """Load what the commands load, by running some."""
    from winback_cli.main import main

    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        os.environ["WINBACK_HOME"] = folder
        os.environ.pop("WINBACK_STORE", None)
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            assert main(["add", "Ana Sol"]) == 0
            assert main(["note", "1", "a word"]) == 0
            assert main(["list"]) == 0
            assert main(["import", str(ROOT / "tests" / "cli" / "files" / "lapsed.csv")]) == 0
    from tests.faults import twins  # noqa: F401 - loaded once
    from winback_cli import answersfile, walk  # noqa: F401 - loaded once


def _work(job: dict[str, Any]) -> NoReturn:
    """One job, in the fork: never returns."""
    folder = Path(job["folder"])
    for number, name in enumerate(("in", "out", "err")):
        os.dup2(os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600), number)
    hits = os.open(folder / "hits", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    told = os.open(folder / "told", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    report = os.open(folder / "report", os.O_RDWR | os.O_CREAT, 0o600)
    os.environ.clear()
    os.environ.update(job["env"])
    time.tzset()
    _listen(told)
    _arrange(job)
    syscalls.watch = syscalls.Watch(
        Fault(*job["fault"]) if job.get("fault") else None,
        job["root"],
        lambda hit: os.write(hits, hit.encode()) and None,
    )
    from winback_cli.main import main

    code = 0
    for line in job["lines"]:
        if code == 0:
            syscalls.watch.say("begun", line)
            code = main(line)
            syscalls.watch.say("done", code)
    sys.stdout.flush()
    sys.stderr.flush()
    content = pickle.dumps((syscalls.watch.calls, syscalls.watch.events if job["root"] else []))
    with contextlib.suppress(OSError):  # a limit on the size of files binds this one too
        os.pwrite(report, content, 0)
    os._exit(code)


def _arrange(job: dict[str, Any]) -> None:
    """What is other than usual in this run."""
    from winback_cli.store import connect

    if job.get("patience") is not None:
        connect.BUSY_SECONDS = job["patience"]
    if job.get("twin"):
        from tests.faults import twins

        getattr(twins, job["twin"])()
    if job.get("largest_file") is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest_file"],) * 2)
    if job.get("powerless"):
        drop_powers()


def _listen(file: int) -> None:
    """Tell of each question and each reply of a walk: when one is asked, all before it are kept.

    How many those are is told to the file at once, as the process may be killed.
    """
    from winback_cli import answersfile

    ask, numbers = answersfile.FilePrompter.ask, itertools.count()

    def told(self: Any, asked: Any) -> Any:
        if "number" not in self.__dict__:
            self.number, self.replies = next(numbers), 0
        number = self.number
        syscalls.watch.say("asked", number)
        os.write(file, f"{self.replies if number else 0}\n".encode())  # 0 is the rehearsal
        reply = ask(self, asked)
        if not asked.more:
            self.replies += 1
            syscalls.watch.say("replied", number)
        return reply

    answersfile.FilePrompter.ask = told  # type: ignore[method-assign]


def drop_powers() -> None:
    """Root without its powers: an owner of files like any other. Others have none to drop."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    _serve()
