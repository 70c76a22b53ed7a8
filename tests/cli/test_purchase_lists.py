"""`winback import --purchases`, from files of several kinds to what customers are taken to have bought.

Each file of tests/purchases has beside it what its import says and everybody's figures afterwards;
WINBACK_TEST_UPDATE=1 writes that: read the difference before you keep it.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from winback_cli.purchases import FIELDS

FILES = Path(__file__).parents[1] / "purchases"
PEOPLE = FILES / "people.csv"
LISTS = sorted(p for p in FILES.iterdir() if p != PEOPLE and not p.name.endswith(".expected.json"))
TODAY = ("--as-of", "2026-11-23")
PASSING = ("sha256", "batch", "rejects_file")  # keys that say nothing of what the list holds


def expected(path: Path) -> Path:
    return path.with_name(path.name + ".expected.json")


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_a_history_comes_in_as_was_looked_at(
    path: Path, winback: Runner, rows: Callable[..., list[Any]]
) -> None:
    assert winback(*TODAY, "import", PEOPLE).code == 0
    ran = winback(*TODAY, "import", "--purchases", path, "--max-rejects", "60%", "--json")
    assert ran.code in (0, 4), ran.err
    result = {key: value for key, value in json.loads(ran.out).items() if key not in PASSING}
    told = rows(f"SELECT name, {', '.join(FIELDS)} FROM customer ORDER BY id")
    people = {name: dict(zip(FIELDS, figures, strict=True)) for name, *figures in told}
    seen = {"exit": ran.code, "import": result, "customers": people}

    if os.environ.get("WINBACK_TEST_UPDATE"):
        text = json.dumps(seen, ensure_ascii=False, indent=1)
        expected(path).write_text(text + "\n", "utf-8")
    assert seen == json.loads(expected(path).read_text("utf-8"))


def test_every_expected_file_belongs_to_a_history() -> None:
    there = {path.name for path in FILES.glob("*.expected.json")}

    assert there == {expected(path).name for path in LISTS}
