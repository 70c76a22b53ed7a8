"""The filling of a template that is not ours, in a second process with little time and memory.

Only plain JSON passes between the two, and the answer is never more than a message can be.
"""

import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winback_cli.errors import TryAgain
from winback_cli.templates import filling

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SECONDS = 1.5  # that a template may take, once its process stands
MEMORY = 128 << 20  # bytes that it may use beside those of the program
_STARTING = 20.0  # seconds that a busy machine may need to start that process
_METHOD = "fork" if sys.platform.startswith("linux") else "spawn"


def fill(kind: str, subject: str, body: str, plain: dict[str, Any]) -> dict[str, Any]:
    """`filling.fill` in a process of its own, which is ended when its time is over."""
    try:
        process, pipe = _started((kind, subject, body, plain))
    except OSError:
        raise _busy() from None
    try:
        if not pipe.poll(_STARTING):
            raise _busy()
        pipe.recv_bytes()
        if not pipe.poll(SECONDS):
            return {"wrong": [], "stopped": "it takes too long"}
        answer: dict[str, Any] = json.loads(pipe.recv_bytes(maxlength=filling.LONGEST * 50))
    except (EOFError, OSError):
        return {"wrong": [], "stopped": "it takes too much time or memory"}
    finally:
        pipe.close()
        process.kill()
        process.join()
        process.close()
    if "bug" in answer:
        raise RuntimeError(f"{answer['bug']} in the process that fills a template")
    return answer


def _busy() -> TryAgain:
    return TryAgain("The machine is too busy to fill a template.", "Run the command again.")


def _started(work: tuple[Any, ...]) -> tuple[Any, "Connection"]:
    import multiprocessing

    if _METHOD == "fork":
        filling.closed()  # loaded here once, and not in every process that is started
    context = multiprocessing.get_context(_METHOD)
    here, there = context.Pipe(duplex=False)
    other = here if _METHOD == "fork" else None
    process = context.Process(target=_answer, args=(there, other, work), daemon=True)  # type: ignore[attr-defined]
    process.start()
    there.close()
    return process, here


def _answer(pipe: "Connection", other: "Connection | None", work: tuple[Any, ...]) -> None:
    """What the second process does; Ctrl-C is the first one's business, which ends this one.

    No object of the first process is collected here, for among them may be an open store.
    """
    import gc

    gc.disable()
    if other is not None:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    filling.closed()
    _bind()
    pipe.send_bytes(b"ready")
    try:
        answer = filling.fill(*work)
    except Exception as bug:  # told without the facts that it may hold
        answer = {"bug": type(bug).__name__}
    with contextlib.suppress(BrokenPipeError):
        pipe.send_bytes(json.dumps(answer).encode())


def _bind() -> None:
    """Bound this process where the system can: time, memory, no file to write, nothing left behind."""
    try:
        import resource
    except ImportError:  # Windows; the time and the output are bounded all the same
        return
    bounds = {resource.RLIMIT_CPU: 2, resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        bounds[resource.RLIMIT_AS] = pages * resource.getpagesize() + MEMORY
    for what, most in bounds.items():
        with contextlib.suppress(ValueError, OSError):  # a lower bound is in force already
            resource.setrlimit(what, (most, most))
