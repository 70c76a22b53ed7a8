"""`winback import`, from files of every kind to what is in the store then.

Each file of tests/imports has beside it what its import says and whom `list` shows afterwards;
WINBACK_TEST_UPDATE=1 writes that: read the difference before you keep it.
"""

import csv
import gzip
import io
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_terminal import Terminal
from tests.conftest import LIST, Runner
from tests.faults.processes import contents, seen

FILES = Path(__file__).parents[1] / "imports"
LISTS = sorted(path for path in FILES.iterdir() if not path.name.endswith(".expected.json"))
SAID = {  # what the files cannot say themselves
    "outlook_classic.csv": ("--country", "US"),
    "quickbooks_desktop.csv": ("--country", "US", "--currency", "USD"),
    "sheet.ods": ("--country", "DE"),
    "sheet.xlsx": ("--country", "DE"),
    "duplicate_headers.csv": ("--ignore", "Name (2)", "--source", "Sheet"),
}
TODAY = ("--as-of", "2026-11-23")
PASSING = ("sha256", "batch", "rejects_file")  # keys that say nothing of what the list holds


def expected(path: Path) -> Path:
    return path.with_name(path.name + ".expected.json")


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_a_list_comes_in_as_was_looked_at(path: Path, winback: Runner) -> None:
    ran = winback(*TODAY, "import", path, "--json", *SAID.get(path.name, ()))
    assert ran.code in (0, 4), ran.err
    result = {key: value for key, value in json.loads(ran.out).items() if key not in PASSING}
    shown = winback(*TODAY, "list", "--customers", "--json", "--limit", 0)
    assert shown.code == 0, shown.err
    seen = {"exit": ran.code, "import": result, "customers": [filled(c) for c in json.loads(shown.out)]}

    if os.environ.get("WINBACK_TEST_UPDATE"):
        text = json.dumps(seen, ensure_ascii=False, indent=1)
        expected(path).write_text(text + "\n", "utf-8")
    assert seen == json.loads(expected(path).read_text("utf-8"))


def filled(customer: dict[str, Any]) -> dict[str, Any]:
    """What there is of a customer; empty fields are left out."""
    return {k: v for k, v in customer.items() if v not in ("", None, []) and v is not False}


def test_every_expected_file_belongs_to_a_list() -> None:
    there = {path.name for path in FILES.glob("*.expected.json")}

    assert there == {expected(path).name for path in LISTS}


# -- rejected rows ---------------------------------------------------------------------------

DIRTY = """name,email,last purchase,orders,revenue
Ana,ana@example.com,2025-01-01,3,10.00
Ben,ben@example.com,2025-02-30,3,10.00
,,2025-03-01,3,10.00
"Cleo, Ms",cleo@example.com,2025-03-01,many,10.00
Dara,dara@example.com,2025-03-01,3,10.00,extra
"""


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    place = tmp_path / "dirty.csv"
    place.write_text(DIRTY, "utf-8")
    return place


def test_the_rejected_rows_are_a_list_that_comes_in_once_it_is_mended(
    dirty: Path, winback: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "rejects.csv"

    ran = winback("import", dirty, "--rejects", place, "--json")

    result = json.loads(ran.out)
    assert (ran.code, result["new"], result["rejected"]) == (4, 1, 4)
    assert result["rejects_file"] == str(place)
    assert place.stat().st_mode & 0o777 == 0o600
    header, *rows = csv.reader(io.StringIO(place.read_text("utf-8")))
    assert header == ["name", "email", "last purchase", "orders", "revenue", "rejected because"]
    assert [row[-1].partition(":")[0] for row in rows] == [
        "last_purchase",
        "name",
        "orders",
        "6 cells where the header has 5",
    ]
    ben, nobody, cleo, dara = rows
    ben[2], nobody[0], cleo[3] = "2025-02-28", "Eve", "1"
    mended = tmp_path / "mended.csv"
    with mended.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, ben, nobody, cleo, [*dara[:5], dara[6]]])
    ran = winback("import", mended)
    assert (ran.code, "4 rows: 4 new" in ran.out) == (0, True), ran.out
    assert "rejected because" not in ran.out
    names = [c["name"] for c in json.loads(winback("list", "--customers", "--json").out)]
    assert sorted(names) == ["Ana", "Ben", "Cleo, Ms", "Dara", "Eve"]


def test_the_rejected_rows_of_a_list_that_is_in_already_can_still_be_had(
    dirty: Path, winback: Runner, store_path: Path, tmp_path: Path
) -> None:
    assert winback("import", dirty).code == 4
    before = seen(store_path)

    ran = winback("import", dirty, "--rejects", tmp_path / "late.csv", "--json")

    result = json.loads(ran.out)
    assert (ran.code, result["already"], result["batch"], result["rejected"]) == (4, True, 1, 4)
    assert len((tmp_path / "late.csv").read_text("utf-8").splitlines()) == 5
    assert seen(store_path) == before


def test_a_list_without_rejected_rows_writes_no_file_for_them(
    sample: Path, winback: Runner, tmp_path: Path
) -> None:
    ran = winback("import", sample, "--rejects", tmp_path / "rejects.csv", "--json")

    assert (ran.code, json.loads(ran.out)["rejects_file"]) == (0, None)
    assert not (tmp_path / "rejects.csv").exists()


@pytest.mark.parametrize("most", ["1", "3", "5%", "79%", "0"])
def test_with_more_rejected_rows_than_said_nothing_is_stored(
    most: str, dirty: Path, stocked: Runner, store_path: Path
) -> None:
    before = seen(store_path)

    ran = stocked("import", dirty, "--max-rejects", most)

    assert (ran.code, ran.out) == (65, "")
    assert f"More than {most} of the rows were rejected; nothing was stored." in ran.err
    assert seen(store_path) == before
    assert stocked("store", "doctor").code == 0


@pytest.mark.parametrize("most", ["4", "80%", "100%"])
def test_as_many_rejected_rows_as_said_do_not_hold_a_list_up(
    most: str, dirty: Path, winback: Runner
) -> None:
    ran = winback("import", dirty, "--max-rejects", most)

    assert (ran.code, "1 new, 4 rejected" in ran.out) == (4, True)


# -- columns ---------------------------------------------------------------------------------


def test_a_mapping_that_was_kept_is_used_for_the_next_list_with_these_columns(
    winback: Runner, tmp_path: Path, home: Path
) -> None:
    first, second = tmp_path / "may.csv", tmp_path / "june.csv"
    first.write_text("Wer,Wohin,Was\nAna,ana@example.com,x\n", "utf-8")
    second.write_text("Was,Wer,Wohin,Neu\ny,Ben,ben@example.com,z\n", "utf-8")
    maps = ("--map", "name=Wer", "--map", "email=Wohin", "--ignore", "Was")

    kept = winback("import", first, *maps, "--save-map", "monthly")
    ran = winback("import", second, "--json")

    assert kept.code == 0
    assert "lists with these columns are read so from now on" in kept.err
    assert [path.name for path in home.rglob("*.toml")] == ["monthly.toml"]
    result = json.loads(ran.out)
    assert result["columns"] == {"Was": None, "Wer": "name", "Wohin": "email", "Neu": None}
    assert "Columns as in the mapping monthly." in result["said"]
    names = [c["name"] for c in json.loads(winback("list", "--customers", "--json").out)]
    assert sorted(names) == ["Ana", "Ben"]


def test_what_cannot_be_the_name_of_a_mapping_stops_before_anything_is_stored(
    winback: Runner, sample: Path, home: Path
) -> None:
    ran = winback("import", sample, "--map", "name=name", "--save-map", "../monthly")

    assert ran.code == 2
    assert list(home.rglob("*")) == []


def test_where_every_column_was_known_by_its_name_no_mapping_is_kept(
    winback: Runner, sample: Path, home: Path
) -> None:
    ran = winback("import", sample, "--save-map", "monthly")

    assert ran.code == 0
    assert "No mapping was kept" in ran.err
    assert list(home.rglob("*.toml")) == []


@pytest.fixture
def near(tmp_path: Path) -> Path:
    place = tmp_path / "near.csv"
    place.write_text("name,e-mail adress,city\nAna,ana@example.com,Rome\n", "utf-8")
    return place


def test_a_column_that_is_only_near_is_never_guessed_without_a_terminal(
    near: Path, winback: Runner
) -> None:
    ran = winback("import", near)

    assert (ran.code, ran.out) == (2, "")
    assert "'e-mail adress' of near.csv could be email" in ran.err
    assert "--map email" in ran.err
    assert "--ignore" in ran.err


@pytest.mark.parametrize("flag", ["--map", "--ignore"])
def test_what_the_error_for_a_near_column_says_to_type_works(
    flag: str, near: Path, winback: Runner
) -> None:
    words = shlex.split(winback("import", near).err.replace("\n", " "))
    said = words[words.index(flag) + 1].removesuffix(",")

    ran = winback("import", near, flag, said, "--json")

    assert ran.code == 0, ran.err
    wanted = "email" if flag == "--map" else None
    assert json.loads(ran.out)["columns"]["e-mail adress"] == wanted


@pytest.mark.parametrize(("reply", "emails"), [("", ["ana@example.com"]), ("n", [])])
def test_a_near_column_is_asked_for_at_a_terminal(
    reply: str, emails: list[str], near: Path, winback: Runner
) -> None:
    asking = Terminal("import", str(near))
    asking.until("Is the column 'e-mail adress' the email? [Y/n]")

    asking.type(reply)

    assert asking.end() == 0, asking.text
    assert "Brought in 1 row: 1 new." in asking.text
    shown = json.loads(winback("list", "--customers", "--json").out)
    assert [c["emails"] for c in shown] == [emails]


# -- where a list comes from -----------------------------------------------------------------


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "xlsx"])
def test_a_list_comes_from_standard_input_in_the_format_that_is_said(
    format_: str, winback: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {
        "csv": LIST.encode(),
        "json": json.dumps([{"name": "Ana", "email": "ana@example.com"}]).encode(),
        "jsonl": b'{"name": "Ana", "email": "ana@example.com"}\n',
        "xlsx": (FILES / "sheet.xlsx").read_bytes(),
    }[format_]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))

    ran = winback("import", "-", "--format", format_, "--json")

    result = json.loads(ran.out)
    assert (ran.code, result["file"], result["format"]) == (0, "standard input", format_)
    assert result["new"] == {"csv": 3, "xlsx": 2}.get(format_, 1)


def test_a_list_that_is_packed_is_the_same_people(
    stocked: Runner, tmp_path: Path, store_path: Path
) -> None:
    before = seen(store_path, ["batch"])
    packed = tmp_path / "lapsed.csv.gz"
    packed.write_bytes(gzip.compress(LIST.encode()))

    ran = stocked("import", packed, "--json")

    result = json.loads(ran.out)
    assert (ran.code, result["new"], result["changed"], result["already"]) == (0, 0, 0, False)
    assert seen(store_path, ["batch"]) == before


@pytest.mark.parametrize("there", [True, False], ids=["a store", "no store"])
def test_a_dry_run_says_what_would_happen_and_changes_no_byte(
    there: bool, winback: Runner, sample: Path, tmp_path: Path, home: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text(LIST.replace("A-1", "B-1").replace("Leeds", "York"), "utf-8")
    if there:
        assert winback("import", sample).code == 0
    before = contents(tmp_path)

    dry = winback("import", other, "--dry-run", "--json")

    assert contents(tmp_path) == before
    assert home.exists() == there
    tallies = ("rows", "new", "changed", "same", "merged", "suppressed", "rejected")
    told, done = json.loads(dry.out), json.loads(winback("import", other, "--json").out)
    assert [told[name] for name in tallies] == [done[name] for name in tallies]
    assert (dry.code, told["batch"]) == (0, None)


# -- for scripts -----------------------------------------------------------------------------

KEYS = (
    *("file", "sha256", "format", "export", "encoding", "delimiter", "sheet", "header_line", "columns"),
    *("rows", "new", "changed", "same", "merged", "suppressed", "rejected", "rejects", "rejects_file"),
    *("left_out", "said", "changes", "twins", "look_alikes", "already", "batch"),
)


@pytest.mark.parametrize("how", [(), ("--dry-run",), ("--rejects", "REJECTS")], ids=" ".join)
def test_the_keys_of_the_result_are_always_the_same(
    how: tuple[str, ...], dirty: Path, winback: Runner, tmp_path: Path
) -> None:
    words = [str(tmp_path / "out.csv") if word == "REJECTS" else word for word in how]

    first, again = winback("import", dirty, "--json", *words), winback("import", dirty, "--json")

    for ran in (first, again):
        result = json.loads(ran.out)
        assert tuple(result) == KEYS
        assert result["rows"] == sum(result[name] for name in KEYS[10:16])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["lapsed.csv"], 0),
        (["dirty.csv"], 4),
        (["nowhere.csv"], 3),
        ([], 2),
        (["lapsed.csv", "--map", "x"], 2),
        (["lapsed.csv", "--date-order", "ymd"], 2),
        (["lapsed.csv", "--max-rejects", "some"], 2),
        (["lapsed.csv", "--currency", "EURO"], 2),
        (["lapsed.csv", "--country", "Germany"], 2),
        (["lapsed.csv", "--format", "pdf"], 2),
        (["lapsed.csv", "--encoding", "utf-9"], 2),
        (["lapsed.csv", "--delimiter", "and"], 2),
        (["lapsed.csv", "--rejects", "dirty.csv"], 2),
        (["lapsed.csv", "--rejects", "nowhere/rejects.csv"], 2),
        (["lapsed.csv", "--format", "xlsx"], 65),
        (["empty.csv"], 65),
        (["dirty.csv", "--max-rejects", "1"], 65),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_exit_code_says_how_it_went(
    words: list[str], code: int, winback: Runner, dirty: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dirty.parent / "empty.csv").touch()
    monkeypatch.chdir(dirty.parent)

    ran = winback("import", *words)

    assert ran.code == code, ran.err
    assert (ran.out == "") == (code not in (0, 4))
    assert "Traceback" not in ran.err
