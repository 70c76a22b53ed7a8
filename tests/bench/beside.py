"""How long somebody else's write waits beside a long import.

    python tests/bench/beside.py LIST

Imports the list as a process of its own; meanwhile this one takes the write lock every twentieth of a
second, as a walk does with every answer, and commits a small change. The target is 0.5 s at most.
"""

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from winback_cli.store import connect as door

WINBACK = str(Path(sys.executable).with_name("winback"))


def write(store: Path) -> float:
    """One small change, committed; the seconds that it took."""
    began = time.perf_counter()
    with contextlib.closing(door.connect(store, writing=True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO about (name, value) VALUES ('bench', '0') ON CONFLICT (name)"
            " DO UPDATE SET value = value + 1"
        )
        connection.execute("COMMIT")
    return time.perf_counter() - began


def main(path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.sqlite"
        subprocess.run([WINBACK, "-q", "--store", store, "add", "Ana Sol"], check=True)
        alone = [write(store) for _ in range(50)]
        began = time.perf_counter()
        importing = subprocess.Popen(
            [WINBACK, "-q", "--store", store, "import", path], stdout=subprocess.DEVNULL
        )
        took = []
        while importing.poll() is None:
            took.append(write(store))
            time.sleep(0.05)
        lasted = time.perf_counter() - began
    took.sort()
    print(f"import {lasted:.1f} s, exit {importing.returncode}; {len(took)} writes beside it")
    print(f"alone, median      {statistics.median(alone) * 1000:8.1f} ms")
    print(f"beside, median     {statistics.median(took) * 1000:8.1f} ms")
    print(f"95th percentile    {took[int(len(took) * 0.95)] * 1000:8.1f} ms")
    print(f"most               {took[-1] * 1000:8.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1])
