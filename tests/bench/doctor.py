"""How long `store doctor` looks through a big store, and `--mend` makes a row of every case anew.

    python tests/bench/doctor.py [CUSTOMERS ...]

Whole processes, seconds. The store is growth.py's: a case for every tenth customer, its days moved, so
that at first the row of every case but one is not what its events make.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from growth import WINBACK, stocked


def timed(store: Path, *words: str, code: int) -> float:
    began = time.perf_counter()
    ran = subprocess.run(
        [WINBACK, "--store", str(store), "store", "doctor", *words], capture_output=True, text=True
    )
    assert ran.returncode == code, ran.stderr
    return time.perf_counter() - began


def main(sizes: list[int]) -> None:
    print(f"  {'customers':>10}{'cases':>8}{'MB':>6}{'all wrong':>11}{'mended':>8}{'sound':>7}")
    for customers in sizes:
        with tempfile.TemporaryDirectory() as folder:
            store = stocked(Path(folder), customers)
            wrong = timed(store, code=65)
            mended = timed(store, "--mend", code=0)
            sound = timed(store, code=0)
            size = store.stat().st_size / 1e6
            print(
                f"  {customers:>10,}{customers // 10:>8,}{size:>6.0f}{wrong:>11.1f}{mended:>8.1f}{sound:>7.1f}"
            )
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  the most memory of any process: {most:.0f} MB")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10_000, 100_000])
