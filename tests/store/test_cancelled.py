"""Who formally cancelled: brought in by a list or by hand, and no longer taken for a likely customer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner

Rows = Callable[..., list[Any]]
Bring = Callable[..., Ran]


@pytest.fixture
def bring(winback: Runner, tmp_path: Path) -> Bring:
    """Import a list of one column beside the name."""
    made = 0

    def one(header: str, *cells: str, options: tuple[str, ...] = ()) -> Ran:
        nonlocal made
        made += 1
        path = tmp_path / f"list-{made}.csv"
        lines = [f"Person {n},p{n}@example.com,{cell}" for n, cell in enumerate(cells)]
        path.write_text("\n".join([f"name,email,{header}", *lines, ""]), "utf-8")
        return winback("import", path, *options)

    return one


def cancelled(rows: Rows) -> list[str]:
    return [one for (one,) in rows("SELECT cancelled FROM customer ORDER BY id")]


def test_a_column_of_days_says_when(bring: Bring, rows: Rows) -> None:
    assert bring("Cancelled at", "2026-01-31", "", "2026-02-01 10:00:00").code == 0

    assert cancelled(rows) == ["2026-01-31", "", "2026-02-01"]


def test_a_column_of_yes_and_no_says_whether(bring: Bring, rows: Rows) -> None:
    assert bring("gekündigt", "ja", "nein", "", "x").code == 0

    assert cancelled(rows) == ["yes", "", "", "yes"]


def test_a_cell_that_is_neither_rejects_its_row(bring: Bring, rows: Rows) -> None:
    ran = bring("cancelled", "perhaps", "yes")

    assert ran.code == 4
    assert "cancelled 'perhaps': yes, no or a day" in ran.out
    assert cancelled(rows) == ["yes"]


def test_days_that_read_two_ways_stop_the_list(bring: Bring, rows: Rows) -> None:
    assert bring("cancelled on", "03/04/2026").code == 65
    assert bring("cancelled on", "03/04/2026", options=("--date-order", "dmy")).code == 0

    assert cancelled(rows) == ["2026-04-03"]


def test_a_later_list_adds_it_and_is_taken_back(winback: Runner, bring: Bring, rows: Rows) -> None:
    bring("city", "York")
    assert bring("cancelled", "2026-01-31").code == 0
    assert cancelled(rows) == ["2026-01-31"]

    assert winback("import", "--undo", "2").code == 0

    assert cancelled(rows) == [""]


def test_a_blank_never_takes_it_away(bring: Bring, rows: Rows) -> None:
    bring("cancelled", "2026-01-31")

    assert bring("cancelled", "").code == 0

    assert cancelled(rows) == ["2026-01-31"]


def test_by_hand_a_day_or_yes_and_no_list_changes_it_back(
    winback: Runner, bring: Bring, rows: Rows
) -> None:
    bring("city", "York")
    assert winback("edit", "1", "--cancelled", "2026-02-02").code == 0

    bring("cancelled", "2020-01-01")

    assert cancelled(rows) == ["2026-02-02"]
    assert winback("edit", "1", "--cancelled", "yes").code == 0
    assert cancelled(rows) == ["yes"]
    assert winback("edit", "1", "--cancelled", "").code == 0
    assert cancelled(rows) == [""]


def test_it_is_shown_and_exported_and_comes_in_again(winback: Runner, bring: Bring, tmp_path: Path) -> None:
    bring("cancelled", "2026-01-31", "")
    out = tmp_path / "out.csv"

    assert "cancelled" in winback("show", "1").out
    assert json.loads(winback("list", "--customers", "--json").out)[1]["cancelled"] is None
    assert winback("export", "--csv", out).code == 0

    assert "2026-01-31" in out.read_text("utf-8")
    assert "2 as they were" in winback("import", out).out


def test_who_cancelled_is_less_likely_and_why_says_so(stocked: Runner) -> None:
    before = json.loads(stocked("why", "1", "--json").out)

    assert stocked("edit", "1", "--cancelled", "2026-01-01").code == 0

    after = json.loads(stocked("why", "1", "--json").out)
    factors = {one["factor"]: one for one in after["factors"]}
    assert (factors["cancelled"]["value"], factors["cancelled"]["from"]) == (True, "by hand")
    assert max(one["weight"] for one in after["factors"][:5]) <= 1  # its history speaks for nobody
    assert after["chance"]["about"] < before["chance"]["about"]
