"""One laboratory for each process of the test run, ground to hurt, and a disk that is small."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LIST, Ran, Runner
from tests.faults import processes
from tests.faults.ground import TODAY, Ground
from tests.faults.lab import Lab
from tests.faults.processes import copy_store


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Where commands run with faults at their system calls."""
    opened = Lab()
    yield opened
    opened.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 960 KB and few files, which only root may make."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small disk takes root and mount")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=960k,nr_inodes=64", "tmpfs", place], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture(scope="session")
def built(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The ground, made once: a store with the sample list and a case under way."""
    folder = tmp_path_factory.mktemp("ground")
    base, sample, more = folder / "base.sqlite", folder / "sample.csv", folder / "more.csv"
    sample.write_text(LIST, "utf-8")
    more.write_bytes(processes.people(40))
    lines = (
        ("import", sample),
        ("note", 1, "likes the blue ones"),
        ("touch", 1, "--channel", "phone", "--disposition", "left message"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINBACK_HOME", str(folder / "home"))
        run = lab.runs([("--store", base, *TODAY, *line) for line in lines])
    assert run.code == 0, run.err
    return Ground(base, more)


@pytest.fixture
def ground(built: Ground, tmp_path: Path) -> Ground:
    """A copy of the ground that a test may hurt."""
    return Ground(copy_store(built.base, tmp_path / "base.sqlite"), built.more)


BEGUN: tuple[tuple[object, ...], ...] = (
    ("note", 2, "asked for a better price"),
    ("fix", "add", "One number for all questions", "--owner", "Mara"),
    ("survey", "new", "autumn", "--lapsed", "--months", 1, "--status", "none"),
    ("survey", "sample", "table", "--n", 1, "--spares", 0, "--cooldown", 0, "--status", "open"),
    ("trust", "add", "breaker", "Nobody calls back", "--stage", "problem"),
    ("trust", "add", "idea", "A portal", "--effort", 2, "--effect", 4, "--owner", "Mara"),
)


@pytest.fixture(scope="session")
def built_wide(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a store with the sample list, a case, a fix, a survey of 1 and 3, a group, a trust map."""
    folder = tmp_path_factory.mktemp("wide")
    base, sample = folder / "base.sqlite", folder / "sample.csv"
    sample.write_text(LIST, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINBACK_HOME", str(folder / "home"))
        run = lab.runs([("--store", base, *TODAY, *line) for line in (("import", sample), *BEGUN)])
    assert run.code == 0, run.err
    return base


@pytest.fixture
def wide(built_wide: Path, store_path: Path, winback: Runner) -> Runner:
    """The runner, on a set day, over a copy of the store with something of everything."""
    store_path.parent.mkdir(mode=0o700)
    copy_store(built_wide, store_path)

    def run(*words: object) -> Ran:
        return winback(*TODAY, *words)

    return run
