"""Contact points turn stale by age, by a wrong number and by a bounce, and are offered last (C4)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
ONE, TWO = "+442079460001", "+442079460002"
TODAY = ("--as-of", "2026-11-23")


@pytest.fixture
def ana(winback: Runner, tmp_path: Path) -> Runner:
    """A store with Ana (1), who has two phones and an e-mail, and bought a year ago."""
    path = tmp_path / "ana.csv"
    path.write_text(
        f"name,email,phone,last purchase\nAna,ana@example.com,{ONE}; {TWO},2025-11-01\n", "utf-8"
    )
    assert winback("import", path).code == 0
    return winback


def stored(rows: Any) -> dict[str, str]:
    return dict(rows("SELECT value, state FROM contact_point WHERE customer_id = 1"))


def shown(winback: Runner, day: str = "2026-11-23") -> dict[str, str]:
    file = json.loads(winback("--as-of", day, "show", 1, "--json").out)
    return {point["value"]: point["state"] for point in file["customer"]["contact_points"]}


def touch(winback: Runner, channel: str, disposition: str, *more: str) -> Any:
    return winback(*TODAY, "touch", 1, "--channel", channel, "--disposition", disposition, *more)


def test_what_nobody_checked_is_shown_as_stale_by_age_and_kept_as_it_was(ana: Runner, rows: Any) -> None:
    assert set(shown(ana, "2027-10-31").values()) == {"unchecked"}

    assert set(shown(ana, "2027-11-02").values()) == {"stale"}
    listed = json.loads(ana("--as-of", "2028-01-01", "list", "--customers", "--json").out)
    assert {p["state"] for p in listed[0]["contact_points"]} == {"stale"}
    brief = json.loads(ana("--as-of", "2028-01-01", "brief", 1, "--json").out)
    assert {p["state"] for p in brief["customer"]["contact_points"]} == {"stale"}
    assert set(stored(rows).values()) == {"unchecked"}


def test_the_age_is_a_setting(ana: Runner, home: Path) -> None:
    (home / "settings.toml").write_text("stale_months = 12\n", "utf-8")

    assert set(shown(ana).values()) == {"stale"}


def test_what_was_checked_does_not_age(ana: Runner) -> None:
    assert ana(*TODAY, "walk", 1, "--answers", ANSWERS).code == 0

    assert set(shown(ana, "2030-01-01").values()) == {"good"}


def test_a_wrong_number_is_stale_the_first_usable_one_unless_it_is_named(ana: Runner, rows: Any) -> None:
    first = touch(ana, "phone", "wrong number")
    assert stored(rows) == {"ana@example.com": "unchecked", ONE: "stale", TWO: "unchecked"}
    assert f"{ONE} counts as stale" in first.err

    touch(ana, "phone", "wrong number")
    assert stored(rows)[TWO] == "stale"


@pytest.mark.parametrize("said", [TWO, "020 7946 0002", "+44 20 7946 0002", "460002"])
def test_the_number_may_be_named_as_it_is_known(said: str, ana: Runner, rows: Any) -> None:
    assert touch(ana, "phone", "wrong number", "--at", said).code == 0

    assert stored(rows) == {"ana@example.com": "unchecked", ONE: "unchecked", TWO: "stale"}


def test_a_bounce_is_of_the_address(ana: Runner, rows: Any) -> None:
    assert touch(ana, "email", "bounced").code == 0

    assert stored(rows) == {"ana@example.com": "stale", ONE: "unchecked", TWO: "unchecked"}


def test_undoing_the_touch_gives_the_state_back(ana: Runner, rows: Any) -> None:
    before = stored(rows)
    touch(ana, "phone", "wrong number")
    assert stored(rows) != before

    assert ana("undo", 1).code == 0

    assert stored(rows) == before


def test_a_walk_that_logs_a_wrong_number_says_it_too(ana: Runner, rows: Any, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    backstory = ANSWERS.read_text("utf-8").partition("  contact:")[0]
    contact = "  contact: {on: -1d, channel: phone, disposition: wrong_number}\n"
    path.write_text(backstory + contact, "utf-8")

    ran = ana("walk", 1, "--answers", path)

    assert ran.code == 0, ran.err
    assert stored(rows) == {"ana@example.com": "good", ONE: "stale", TWO: "good"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("phone", "wrong number", "--at", "+15550100"), 3),
        (("email", "bounced", "--at", ONE), 3),
        (("phone", "reached", "--at", ONE), 2),
    ],
)
def test_a_number_that_is_not_theirs_logs_nothing(
    line: tuple[str, ...], code: int, ana: Runner, rows: Any
) -> None:
    assert touch(ana, *line).code == code

    assert rows("SELECT count(*) FROM event") == [(0,)]


def test_a_stale_number_is_offered_only_where_there_is_no_better(ana: Runner) -> None:
    touch(ana, "phone", "wrong number")
    brief = ana(*TODAY, "brief", 1).out
    assert f"Reach at   {TWO} · ana@example.com" in brief
    assert f"Not at     {ONE} (stale)" in brief

    touch(ana, "phone", "wrong number")

    assert f"Reach at   {ONE} (stale) · {TWO} (stale) · ana@example.com" in ana(*TODAY, "brief", 1).out


def test_only_those_who_lapsed_for_so_long_are_listed(ana: Runner) -> None:
    def lapsed(*more: object) -> int:
        return len(json.loads(ana("--as-of", "2026-11-23", "list", "--lapsed", "--json", *more).out))

    assert (lapsed(), lapsed("--months", 12), lapsed("--months", 13)) == (1, 1, 0)
    assert len(json.loads(ana("--as-of", "2026-03-01", "list", "--lapsed", "--json").out)) == 0
    assert ana("list", "--months", 3).code == 2


def test_a_touch_told_anew_takes_back_what_it_said_of_the_number(
    ana: Runner, rows: Any, store_path: Path
) -> None:
    from winback_cli.case import Entry
    from winback_cli.dates import clock_at
    from winback_cli.store.writes import Store

    assert ana(*TODAY, "note", 1, "a case").code == 0
    store = Store.open(store_path, "me", clock_at("2026-11-23"), "walk")
    for disposition, logged in (("wrong_number", 0), ("reached", 3), ("wrong_number", 3), ("reached", 3)):
        body = {"channel": "phone", "disposition": disposition}
        store.record(
            1, [Entry("touched", body | ({"corrects": logged} if logged else {}))], lambda case: None
        )
        assert stored(rows)[ONE] == ("stale" if disposition == "wrong_number" else "unchecked")
    store.close()
    assert ana("undo", 1).code == 0
    assert stored(rows)[ONE] == "stale"
