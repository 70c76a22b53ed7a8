"""How quick a command is as a whole process, against `python -c "import typer"` in the same run.

    python tests/bench/startup.py [RUNS]

Each command and the yardstick run in turn; the ratio is taken pair by pair, its median printed.
The targets are the project's: a list within 3, a file within 4, a write within 9, a walk's first
question within 11 times the yardstick.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
from lists import write_list

YARDSTICK = [sys.executable, "-c", "import typer"]
READY = "\x1b[?25h"  # the cursor is shown: the prompt takes a line
WINBACK = str(Path(sys.executable).with_name("winback"))
COMMANDS = {
    "--help": (["--help"], 2.0),
    "--version": (["--version"], 2.0),
    "the desk": ([], 3.0),
    "list": (["list"], 3.0),
    "due": (["due", "--days", "30"], 3.0),
    "show": (["show", "1"], 4.0),
    "show --json": (["show", "1", "--json"], 4.0),
    "brief": (["brief", "1"], 4.0),
    "list --search": (["list", "--search", "ana"], 3.0),
    "a write (note)": (["note", "1", "a remark"], 9.0),
    "a write (touch)": (["touch", "1", "--channel", "phone", "--disposition", "reached"], 9.0),
}


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def process(words: list[str], env: dict[str, str]) -> Callable[[], object]:
    return lambda: subprocess.run(words, env=env, check=True, capture_output=True)


def first_question(env: dict[str, str]) -> None:
    child = pexpect.spawn(
        WINBACK, ["walk", "2", "--playbook", "standard"], env=env, encoding="utf-8", timeout=30
    )
    child.expect("How did they leave")
    child.expect_exact(READY)
    child.kill(9)
    child.wait()


def main(runs: int) -> None:
    folder = Path(tempfile.mkdtemp())
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"WINBACK_HOME": str(folder / "home"), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    write_list(folder / "list.csv", 1000)
    subprocess.run([WINBACK, "import", str(folder / "list.csv")], env=env, check=True)
    answers = Path(__file__).parents[2] / "src/winback_cli/sample/answers.yaml"
    subprocess.run([WINBACK, "walk", "1", "--answers", str(answers)], env=env, check=True)
    measures: dict[str, tuple[Callable[[], object], float]] = {
        name: (process([WINBACK, *words], env), target) for name, (words, target) in COMMANDS.items()
    }
    measures["walk to its first question"] = (lambda: first_question(env), 11.0)
    print(f"{'':28}{'ms':>7}{'ratio':>8}{'target':>8}")
    for name, (run, target) in measures.items():
        run()
        pairs = [(timed(run), timed(process(YARDSTICK, env))) for _ in range(runs)]
        ratio = statistics.median(one / yard for one, yard in pairs)
        took = statistics.median(one for one, _ in pairs) * 1000
        print(f"{name:28}{took:7.0f}{ratio:8.2f}{target:8.1f}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
