"""One laboratory for each process of the test run, ground to hurt, and a disk that is small."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.ground import TODAY, Ground
from tests.faults.lab import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Where commands run with faults at their system calls."""
    opened = Lab()
    yield opened
    opened.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KB, which only root may make."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small disk takes root and mount")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def ground(tmp_path: Path, winback: Runner, sample: Path) -> Ground:
    base, more = tmp_path / "base.sqlite", tmp_path / "more.csv"
    more.write_bytes(processes.people(40))
    for line in (
        ("import", sample),
        ("note", 1, "likes the blue ones"),
        ("touch", 1, "--channel", "phone", "--disposition", "left message"),
    ):
        assert winback("--store", base, *TODAY, *line).code == 0
    return Ground(base, more)
