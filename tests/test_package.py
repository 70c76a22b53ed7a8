"""The package as it ships: a wheel that holds its playbooks and sample, and runs on its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree and unpacked where nothing of the tree is in reach."""
    folder = tmp_path_factory.mktemp("a wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(folder.glob("*.whl"))
    target = folder / "site packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    return target


def run(installed: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(installed), "WINBACK_HOME": str(home)}
    command = [sys.executable, "-m", "winback_cli", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, cwd=home.parent)


def test_the_wheel_brings_its_playbooks_and_their_rules(installed: Path, tmp_path: Path) -> None:
    ran = run(installed, tmp_path / "home", "playbook", "show", "standard", "--json")

    assert ran.returncode == 0, ran.stderr
    assert '"name": "standard"' in ran.stdout
    assert (installed / "winback_cli" / "playbooks" / "sources" / "rules.yaml").is_file()


def test_the_wheel_shows_its_demo(installed: Path, tmp_path: Path) -> None:
    ran = run(installed, tmp_path / "home", "demo")

    assert ran.returncode == 0, ran.stderr
    assert "Brought in 48 rows" in ran.stdout
    assert "Case 1.1  open at revisit" in ran.stdout
    assert not (tmp_path / "home").exists()
