"""What scripts read: stable keys, and equal bytes from equal stores."""

import json
from pathlib import Path

import pytest

from tests.conftest import Runner

ANSWERS = Path(__file__).parent / "files" / "answers.yaml"
CUSTOMER = {
    *("number", "name", "company", "emails", "phones", "city", "country", "external_id"),
    *("first_purchase", "last_purchase", "orders", "revenue", "reason", "cancelled", "suppressed"),
    *("suppression_reason", "owner", "how_left", "notes", "contact_points"),
}


def test_the_same_walk_into_two_new_stores_gives_the_same_bytes(
    winback: Runner, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    for name in ("one", "two"):
        monkeypatch.setenv("WINBACK_HOME", str(tmp_path / name))
        for command in (("import", sample), ("walk", 1, "--answers", ANSWERS)):
            assert winback("--as-of", "2026-11-23", *command).code == 0
        shown.append(winback("--as-of", "2026-11-23", "show", 1, "--json").out)

    assert shown[0] == shown[1]
    assert '"verdict": "pursue"' in shown[0]


def test_a_file_as_json_has_its_stable_keys(stocked: Runner) -> None:
    assert stocked("--as-of", "2026-11-23", "walk", 1, "--answers", ANSWERS).code == 0

    file = json.loads(stocked("--as-of", "2026-11-23", "show", 1, "--json").out)

    assert set(file) == {"customer", "case", "facts", "commitments", "touches", "sent", "due", "events"} | {
        *("pattern", "back")
    }
    assert set(file["customer"]) == CUSTOMER
    assert file["case"] == {
        "id": "1.1",
        "playbook": "standard",
        "version": 1,
        "status": "open",
        "stage": "revisit",
        "step": "revisit",
        "opened_at": "2026-11-23T11:00:00Z",
        "closed_at": None,
        "outcome": None,
    }
    assert list(file["facts"]) == [
        *("backstory", "contact", "listen", "classify", "decide", "revisit", "follow_up")
    ]
    assert file["facts"]["decide"]["fix_cost"] == {"amount": 90000, "currency": "EUR"}
    assert [c["state"] for c in file["commitments"]] == ["kept", "open"]
    assert [(t["touch"], t["disposition"], t["person"]) for t in file["touches"]] == [
        (1, "reached", "Ines Halvorsen")
    ]
    assert [(d["kind"], d["opens_on"], d["due_on"]) for d in file["due"]] == [
        ("call", "2026-11-24", "2026-11-25"),
        ("promise", "2026-12-03", "2026-12-03"),
    ]
    assert [e["seq"] for e in file["events"]] == list(range(1, len(file["events"]) + 1))
    assert all(e["as_of"] for e in file["events"])


def test_a_file_without_a_case_is_whole_and_empty(stocked: Runner) -> None:
    file = json.loads(stocked("show", 2, "--json").out)

    assert file["case"] is None
    assert (file["commitments"], file["touches"], file["due"], file["events"]) == ([], [], [], [])
    assert set(file["facts"].values() and {k for v in file["facts"].values() for k in v}) == set()


def test_the_customers_come_whole_with_who_is_left_alone_and_why(stocked: Runner) -> None:
    customers = json.loads(stocked("list", "--customers", "--json", "--limit", 0).out)

    assert [set(c) for c in customers] == [CUSTOMER] * 4
    assert customers[0]["revenue"] == {"amount": 420050, "currency": "EUR"}
    assert customers[0]["emails"] == ["ana@blue.example.com"]
    assert [c["suppressed"] for c in customers] == [False, False, False, True]
    assert customers[3]["suppression_reason"] == "opted out in lapsed.csv"


def test_the_counts_of_an_import_add_up_to_its_rows(winback: Runner, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,email,orders\nAna,a@example.com,1\nAna,A@example.com,2\n,,3\nBo,,x\n")

    result = json.loads(winback("import", path, "--json").out)

    parts = ("new", "changed", "same", "merged", "suppressed", "rejected")
    assert sum(result[part] for part in parts) == result["rows"] == 4
    assert [(r["line"], r["field"]) for r in result["rejects"]] == [(4, "name"), (5, "orders")]


def test_what_is_due_and_what_comes_next_are_lists_and_one_thing(stocked: Runner) -> None:
    assert json.loads(stocked("due", "--json").out) == []
    following = json.loads(stocked("next", "--json").out)

    assert (following["customer"], following["case"], following["kind"]) == (3, None, "open")


def test_nothing_but_the_result_stands_on_stdout(stocked: Runner) -> None:
    ran = stocked("walk", 1, "--answers", ANSWERS)

    assert ran.out == ""
    assert "Opened case 1.1" in ran.err


def test_a_brief_without_a_case_is_of_the_playbook_that_fits_or_of_the_firms_own(
    stocked: Runner, home: Path
) -> None:
    def told(who: int) -> tuple[object, ...]:
        brief = json.loads(stocked("--as-of", "2026-11-23", "brief", who, "--json").out)
        asks = bool(brief["brief"] and brief["brief"]["ask"] and brief["brief"]["avoid"])
        return brief["case"], brief["playbook"], brief["because"], asks

    assert told(1) == (None, "service-recovery", "they are upset", True)
    assert told(2) == (None, "lapsed-list", "they went quiet", True)
    assert told(3) == (None, "six-steps", "they are leaving now", True)
    assert told(4) == (None, None, None, False)  # left alone
    (home / "settings.toml").write_text('playbook = "trust"\n', "utf-8")
    assert told(1) == (None, "trust", None, True)
    assert stocked("--as-of", "2026-11-23", "note", 1, "opens a case").code == 0
    assert told(1) == ("1.1", "trust", None, True)
    assert stocked("--as-of", "2026-11-23", "list", "--status", "open", "--json").out.count('"case"') == 1
