"""The program's one way in and out: `main(argv) -> exit code`, and the only place that shows errors.

Everything a command may raise ends here as one sentence of fact and one of what to do, on stderr.
"""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from winback_cli.errors import Exit, Stopped, WinbackError

# Options that may stand anywhere on the line; the value says whether they take one.
ANYWHERE = {"--store": True, "--as-of": True, "--color": True, "--quiet": False, "-q": False}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises, never exits."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        return _main(args)
    except WinbackError as error:
        _say(error.message, error.hint)
        return int(error.code)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except Stopped as stopped:
        return 128 + stopped.signum
    except BrokenPipeError:
        _silence()
        return int(Exit.DONE)
    except Exception as error:
        return _unforeseen(error)


def _main(args: list[str]) -> int:
    if args == ["--version"]:
        from winback_cli import __version__

        print(f"winback {__version__}")
        return int(Exit.DONE)
    _listen_to_signals()
    from typer.main import get_command

    from winback_cli.cli import app

    code = get_command(app).main(_hoisted(args), prog_name="winback", standalone_mode=False)
    sys.stdout.flush()
    return int(code) if isinstance(code, int) else int(Exit.DONE)


def _hoisted(args: list[str]) -> list[str]:
    """The line with the options of the whole program in front, wherever they stood."""
    front: list[str] = []
    rest: list[str] = []
    while args:
        word = args.pop(0)
        if word == "--":
            return [*front, *rest, word, *args]
        name, _, value = word.partition("=")
        if name not in ANYWHERE or (value and not ANYWHERE[name]):
            rest.append(word)
        elif ANYWHERE[name] and not value:
            front += [word, *args[:1]]
            del args[:1]
        else:
            front.append(word)
    return [*front, *rest]


def _listen_to_signals() -> None:
    """Be stopped like Ctrl-C, so that what is open is rolled back and the terminal set right."""

    def stop(signum: int, frame: object) -> NoReturn:
        raise Stopped(signum)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, stop)


def _unforeseen(error: Exception) -> int:
    """A mistake on the line as Typer tells it, or a bug of ours, told without anybody's data."""
    from typer.exceptions import TyperException

    shown = getattr(error, "format_message", None)
    if isinstance(error, TyperException) and shown is not None:
        context: Any = getattr(error, "ctx", None)
        path = context.command_path if context else "winback"
        message = str(shown()).rstrip(".").replace("valid int range", "whole number")
        message = message.replace("a valid float", "a number").replace("a valid int", "a whole number")
        _say(message if message.endswith("?") else f"{message}.", f"{path} --help says how it is used.")
        return int(Exit.USAGE)
    if _is_disk(error):
        _say("The output could not be written.", "Check the disk, or where the output goes.")
        return int(Exit.DISK)
    _say(
        f"Something went wrong inside winback ({type(error).__name__}{_place(error)}).",
        "What was stored before is safe. Please report it with the command you typed.",
    )
    return int(Exit.BUG)


def _is_disk(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (5, 27, 28, 122)  # EIO EFBIG ENOSPC EDQUOT


def _place(error: Exception) -> str:
    """Where it happened: module and line, no values."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f", {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""


def _say(message: str, hint: str) -> None:
    """One sentence of fact, one of what to do, on stderr and free of control signs."""
    from winback_cli.talk import say

    told = f"winback: {message}"
    if hint:
        command = hint.startswith("winback ") and not hint.endswith(".")
        told += f"\n  {'Try: ' if command else ''}{hint}"
    with contextlib.suppress(OSError, ValueError):  # nobody may be left to tell
        say(told, sys.stderr)


def _silence() -> None:
    """The reader of our output went away; keep Python from complaining at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> NoReturn:
    """The `winback` command."""
    gc.set_threshold(50_000)  # a quick command makes little rubbish, and imports make many objects
    if sys.stdout is None or sys.stderr is None:  # closed by whoever started us
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as we run
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    code = main()
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):  # what is left is to go; nothing is undone by it
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    except OSError:
        code = code or int(Exit.DISK)
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)  # all is stored and said: taking the interpreter down would only take time
