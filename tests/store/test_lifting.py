"""Whom a list puts on the suppression list, and how somebody comes off it again, on record."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner

LIST = "customer_id,name,company,email,phone\n"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def one(content: str, name: str = "block.csv") -> Path:
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return path

    return one


def people(winback: Runner) -> dict[str, bool]:
    listed = json.loads(winback("list", "--customers", "--json", "--limit", 0).out)
    return {one["name"]: one["suppressed"] for one in listed}


def entries(winback: Runner) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(winback("suppress", "--list", "--json").out)
    return told


def blocked(winback: Runner, write: Any, row: str) -> bool:
    """Whether a list with that row brings nobody in; tried on a copy of the store."""
    path = write(f"{LIST}{row}\n", f"try-{abs(hash(row))}.csv")
    copy = Path(json.loads(winback("store", "backup", "--json").out)["file"])
    ran = winback("--store", copy, "import", path, "--json")
    assert ran.code == 0, ran.err
    return bool(json.loads(ran.out)["suppressed"] == 1)


def listed(winback: Runner, path: Path) -> dict[str, Any]:
    ran = winback("suppress", "--import", path, "--json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def test_a_text_of_addresses_leaves_each_of_them_alone_known_or_not(stocked: Runner, write: Any) -> None:
    assert stocked("note", 2, "a case").code == 0
    path = write("BEN@example.com\nstranger@example.com\n\nana+shop@blue.example.com\n", "block.txt")

    told = listed(stocked, path)

    assert (told["suppressed"], told["kept"], told["same"], told["cases"]) == (2, 1, 0, ["2.1"])
    assert people(stocked) == {"Ana Sol": True, "Ben Ode": True, "Cleo Vann": False, "Dara Quill": True}
    assert blocked(stocked, write, ",Any Body,,Stranger@Example.com,")
    last = entries(stocked)[-2:]
    assert [(e["number"], e["reason"], e["list"]) for e in last] == [
        (None, "listed in block.txt", "block.txt"),
        (1, "listed in block.txt", "block.txt"),
    ]


def test_the_same_list_again_changes_nothing(stocked: Runner, write: Any, rows: Any) -> None:
    path = write(f"{LIST}A-2,Ben Ode,,,\nX-9,Nova Gray,Gray Ltd,nova@example.com,+44 20 7946 0003\n")
    listed(stocked, path)
    tables = ("suppression", "suppression_key", "batch", "command", "former", "identity")
    before = [rows(f"SELECT * FROM {table}") for table in tables]

    told = listed(stocked, path)

    assert (told["suppressed"], told["kept"], told["same"], told["batch"]) == (0, 0, 2, None)
    assert [rows(f"SELECT * FROM {table}") for table in tables] == before


@pytest.mark.parametrize(
    "row", ["A-1,,,,", ",Ana Sol,Blue Foods,,", ",Ana Sol,,,+44 20 7946 0001", ",,,ANA@blue.example.com,"]
)
def test_a_row_means_whoever_it_would_block(row: str, stocked: Runner, write: Any) -> None:
    # An id alone names nobody that a list could bring: it comes with a name of its own.
    listed(stocked, write(f"{LIST}{row.replace('A-1,,', 'A-1,Someone,')}\n"))

    assert people(stocked)["Ana Sol"]


def test_a_bad_amount_lets_nobody_slip_through(stocked: Runner, write: Any) -> None:
    told = listed(stocked, write("name,email,revenue,opted out\nBen,ben@example.com,lots,no\n"))

    assert (told["suppressed"], told["rejected"]) == (1, 0)


def test_a_list_of_those_to_leave_alone_is_not_taken_back(stocked: Runner, write: Any) -> None:
    batch = listed(stocked, write("ben@example.com\n"))["batch"]

    assert stocked("import", "--undo", batch).code == 5
    assert people(stocked)["Ben Ode"]


def test_somebody_lifted_is_back_and_it_is_on_record(stocked: Runner, write: Any) -> None:
    assert stocked("suppress", 2, "--reason", "asked").code == 0
    row = ",Ben Ode,,ben@example.com,"
    assert blocked(stocked, write, row)

    ran = stocked("--as-of", "2026-11-23", "unsuppress", "ben", "--because", "asked us back")

    assert ran.code == 0, ran.err
    assert not people(stocked)["Ben Ode"]
    assert not blocked(stocked, write, row)
    assert entries(stocked)[-1]["lifted"] == {
        "by": "tester",
        "on": "2026-11-23",
        "because": "asked us back",
    }
    assert "Ben Ode" in stocked("list", "--status", "none").out
    assert stocked("unsuppress", "ben", "--because", "again").code == 5


def test_their_case_stays_closed_and_the_store_sound(stocked: Runner) -> None:
    assert stocked("touch", 1, "--channel", "phone", "--disposition", "reached").code == 0
    won = ("close", 1, "--outcome", "won", "--until", "+1m", "--override", "they came back at once")
    assert stocked(*won).code == 0
    assert stocked("note", 2, "a case").code == 0
    for who in (1, 2):
        assert stocked("suppress", who, "--reason", "asked").code == 0
        assert stocked("unsuppress", who, "--because", "a mistake").code == 0

    assert stocked("store", "doctor").code == 0
    file = json.loads(stocked("show", 2, "--json").out)
    assert (file["case"]["status"], file["case"]["outcome"]) == ("closed", "suppressed")


def test_who_shares_a_mailbox_is_lifted_together_or_not_at_all(winback: Runner, write: Any) -> None:
    rows = "X1,Ana,,ana@example.com,\nX2,Ben,,ben@example.com,\n"
    assert winback("import", write(LIST + rows)).code == 0
    assert winback("edit", 2, "--email", "ana@example.com").code == 0
    assert winback("suppress", 1, "--reason", "asked").code == 0

    alone = winback("unsuppress", 1, "--because", "a mistake")

    assert alone.code == 5
    assert "Ben (2)" in alone.err
    assert people(winback) == {"Ana": True, "Ben": True}
    assert winback("unsuppress", 1, "--because", "a mistake", "--together").code == 0
    assert people(winback) == {"Ana": False, "Ben": False}
    assert not blocked(winback, write, ",New,,ana@example.com,")


def test_a_namesake_left_alone_stays_so_under_every_guise(winback: Runner, write: Any) -> None:
    rows = "X1,Ana,Blue,ana@example.com,\nX2,Ana,Blue,other@example.com,\n"
    assert winback("import", write(LIST + rows)).code == 0
    for who in (1, 2):
        assert winback("suppress", who, "--reason", "asked").code == 0

    ran = winback("unsuppress", 1, "--because", "a mistake")

    assert "same name" in ran.err
    assert blocked(winback, write, "X9,Ana,Blue,,")
    assert blocked(winback, write, ",Zoe,,other@example.com,")
    assert not blocked(winback, write, ",Zoe,,ana@example.com,")


def test_an_address_without_a_record_is_lifted_by_its_hash(winback: Runner, write: Any) -> None:
    listed(winback, write("nova@example.com\nzoe@example.com\n"))

    ran = winback("unsuppress", "NOVA@example.com", "--because", "a mistake")

    assert ran.code == 0, ran.err
    assert not blocked(winback, write, ",,,nova@example.com,")
    assert blocked(winback, write, ",,,zoe@example.com,")
    assert winback("unsuppress", "nova@example.com", "--because", "again").code == 3


def test_without_a_reason_nothing_is_lifted(stocked: Runner) -> None:
    assert stocked("unsuppress", 4).code == 2
    assert people(stocked)["Dara Quill"]


def test_an_address_that_looks_like_one_left_alone_is_warned_of(stocked: Runner, write: Any) -> None:
    assert stocked("suppress", 2, "--reason", "asked").code == 0
    alike = "b\u0435n@example.com"  # a Cyrillic letter

    ran = stocked("import", write(f"{LIST},New,,{alike},\n"), "--json")
    added = stocked("add", "Newer", "--email", "\u044c" + alike[1:].replace("\u0435", "e"))
    edited = stocked(
        "edit", 3, "--email", alike.replace("example", "sample"), "--email", "b\u0435n+x@example.com"
    )

    assert json.loads(ran.out)["look_alikes"] == [{"line": 2, "email": alike}]
    assert "looks like" not in added.err
    assert edited.err.count("looks like an address that is left alone") == 1


def test_a_row_that_could_be_many_people_leaves_nobody_alone(winback: Runner, write: Any) -> None:
    path = write(f"{LIST},Ana,,,\n,,,,+44 20 7946 0001\n,,,ana@example.com,\n")

    ran = winback("suppress", "--import", path, "--json")

    told = json.loads(ran.out)
    assert (ran.code, told["kept"], told["rejected"]) == (4, 1, 2)
    assert [(one["line"], one["reason"][:15]) for one in told["rejects"]] == [
        (2, "give the e-mail"),
        (3, "give the e-mail"),
    ]


def test_a_merge_keeps_every_guise_of_the_one_who_goes(winback: Runner, write: Any) -> None:
    assert winback("add", "Ana Sol", "--email", "ana@example.com").code == 0
    assert winback("add", "A. Sol", "--company", "Blue", "--email", "a@example.com").code == 0
    assert winback("suppress", 1, "--reason", "asked").code == 0

    assert winback("merge", 1, 2, "--yes").code == 0

    assert blocked(winback, write, "X9,A. Sol,Blue,,")


def test_rejected_rows_are_mended_and_imported_as_they_were_written(winback: Runner, write: Any) -> None:
    rejects = write("", "placeholder.csv").with_name("rejects.csv")
    path = write("name,email,orders\nAna,ana@example.com,many\nBen,ben@example.com,2\n")
    assert winback("import", path, "--rejects", rejects).code == 4
    header, row = rejects.read_text("utf-8").splitlines()
    assert header == "name,email,orders,rejected because"
    again = write(f"{header}\n{row}\n".replace("many", "more"), "again.csv")
    twice = rejects.with_name("twice.csv")

    assert winback("import", again, "--rejects", twice).code == 4

    told = twice.read_text("utf-8").splitlines()
    assert (told[0], told[1].count("orders:")) == (header, 1)
    mended = write("\n".join(told).replace("more", "7") + "\n", "mended.csv")
    assert winback("import", mended).code == 0
    assert people(winback) == {"Ben": False, "Ana": False}
