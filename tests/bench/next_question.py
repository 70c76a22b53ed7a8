"""From an answer given to the next question on the screen, in a real terminal, fsync included.

    python tests/bench/next_question.py [CUSTOMERS] [WALKS]

A store of 100,000 customers unless told otherwise. The target is 50 ms at the 95th percentile.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect
from lists import write_list

READY = "\x1b[?25h"  # the cursor is shown: the prompt takes a line
WINBACK = str(Path(sys.executable).with_name("winback"))
# The answers of the backstory: what is typed, and a word of the question that comes next.
SCRIPT = (
    ("upset", "last buy"),
    ("-20d", "complain"),
    ("-3d", "Who told"),
    ("Mara", "think happened"),
    ("Two late deliveries.", "…"),
    ("", "blow up"),
    ("The open invoice", "explain"),
    ("Credited last week", "blow up"),
    ("", "still reach"),
    ("good", "first sight"),
    ("yes", "straight to the apology"),
    ("no", "Review"),
)


def walk(customer: int, env: dict[str, str]) -> list[float]:
    child = pexpect.spawn(
        WINBACK, ["walk", str(customer), "--playbook", "standard"], env=env, encoding="utf-8", timeout=30
    )
    child.setwinsize(50, 100)
    child.delaybeforesend = None
    child.expect("How did they leave")
    child.expect_exact(READY)
    took = []
    for typed, following in SCRIPT:
        time.sleep(0.05)  # a person's pause: the prompt is idle when the line comes
        began = time.perf_counter()
        child.send(typed + "\r")
        child.expect_exact(following)
        took.append((time.perf_counter() - began) * 1000)
        child.expect_exact(READY)
    child.kill(9)
    child.wait()
    return took


def main(customers: int, walks: int) -> None:
    folder = Path(tempfile.mkdtemp())
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"WINBACK_HOME": str(folder / "home"), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    write_list(folder / "list.csv", customers)
    began = time.perf_counter()
    subprocess.run([WINBACK, "import", str(folder / "list.csv")], env=env, check=True)
    print(f"imported {customers:,} customers in {time.perf_counter() - began:.1f} s")
    took = [ms for customer in range(1, walks + 1) for ms in walk(customer, env)]
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{len(took)} answers: median {cuts[49]:.1f} ms, 95th percentile {cuts[94]:.1f} ms, most {max(took):.1f} ms"
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 30,
    )
