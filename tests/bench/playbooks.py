"""How long loading and checking all built-in playbooks takes, in a fresh process each time.

    python tests/bench/playbooks.py [rounds]

`first` is from a process that has just imported the library to all of them checked, the YAML reader
and the models built on the way; `again` is the same once more, warm.
"""

import json
import statistics
import subprocess
import sys

ONE = """
import json, time
from pathlib import Path
from winback_cli import library
def load():
    began = time.perf_counter()
    for path in library.files(Path("/nowhere")).values():
        assert not library.review(library.source(path), path, path.parent).problems
    return (time.perf_counter() - began) * 1000
print(json.dumps([load(), load()]))
"""


def main(rounds: int) -> None:
    took = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, "-c", ONE], capture_output=True, text=True, check=True)
        took.append(json.loads(done.stdout))
    for name, times in zip(("first", "again"), zip(*took, strict=True), strict=True):
        print(f"{name}: median {statistics.median(times):.0f} ms, most {max(times):.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
