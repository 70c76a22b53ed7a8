"""The same list brought in again, in another order, under another name: nobody twice, nothing changed."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.faults.processes import dump, seen
from winback_cli.store.staging import Staging

TALLIES = ("new", "changed", "same", "merged", "suppressed", "rejected")
HEADER = "customer_id,name,company,email,phone,last_purchase,revenue,currency,how_left,opt_out"


def people() -> list[str]:
    """Rows as lists have them: known by an id, an address, a phone or a name alone; some twice, in
    other spellings and with another last purchase; some who opted out; some unusable.
    """
    rows = []
    for n in range(240):
        day = f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}"
        how = ("upset", "lapsed", "departing", "content")[n % 4]
        out = "yes" if n % 30 == 7 else "no"
        tail = f"{day},{n * 10 + 5}.50,EUR,{how},{out}"
        later = f"2025-03-{n % 28 + 1:02},{n * 20 + 5}.50,EUR,{how},{out}"
        name, mail, phone = f"Customer {n}", f"c.{n}@gmail.com", f"+44 20 7946 {n:04}"
        kind = n % 6
        if kind == 0:
            rows.append(f"C-{n},{name},Firm {n},{mail},{phone},{tail}")
        elif kind == 1:
            rows += [f",{name},,{mail},,{tail}", f",{name},,C{n}+news@GMail.com,,{later}"]
        elif kind == 2:
            rows.append(f",{name},Firm {n % 7},,+44 20 7946 9999,{tail}")
        elif kind == 3:
            rows.append(f",{name},Firm {n},,,{tail}")
        elif kind == 4:
            rows += [f"C-{n},{name},,not an address,{phone},{tail}", f"C-{n},{name},,{mail},,{later}"]
        else:
            rows += [f"C-{n},{name},,{mail},,{tail}", f"C-{n}x,{name},,{mail},,2024-02-31,1,EUR,{how},no"]
    return rows


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return write(tmp_path / "customers.csv", people())


def write(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return path


def bring_in(winback: Runner, path: Path) -> dict[str, Any]:
    """The result of an import, whose counts make up all its rows."""
    ran = winback("import", path, "--json")
    assert ran.code in (0, 4), ran.err
    result: dict[str, Any] = json.loads(ran.out)
    assert sum(result[name] for name in TALLIES) == result["rows"]
    return result


def work(winback: Runner) -> None:
    """What happens to customers between two imports: a case, an edit, one who wants no more calls."""
    assert winback("note", 1, "called on Monday").code == 0
    assert winback("edit", 1, "--city", "Rome", "--name", "Another Name").code == 0
    assert winback("edit", 3, "--city", "Rome", "--email", "more@example.com").code == 0
    assert winback("suppress", 5, "--reason", "asked for it").code == 0


def test_the_same_list_three_times_changes_nothing_at_all(
    sheet: Path, winback: Runner, store_path: Path
) -> None:
    first = bring_in(winback, sheet)
    work(winback)
    before = dump(store_path)

    again = [bring_in(winback, sheet) for _ in range(3)]

    assert dump(store_path) == before
    for result in again:
        assert (result["already"], result["batch"]) == (True, first["batch"])
        assert [result[name] for name in TALLIES] == [0] * len(TALLIES)


def test_the_list_under_another_name_changes_nothing_at_all(
    sheet: Path, winback: Runner, store_path: Path
) -> None:
    bring_in(winback, sheet)
    work(winback)
    before = dump(store_path)

    result = bring_in(winback, sheet.rename(sheet.with_name("the same people.csv")))

    assert dump(store_path) == before
    assert result["already"]


def backwards(rows: list[str]) -> str:
    return "\n".join([HEADER, *rows[::-1]])


def shuffled(rows: list[str], seed: int = 1) -> str:
    return "\n".join([HEADER, *random.Random(seed).sample(rows, len(rows))])


def columns_turned(rows: list[str]) -> str:
    table = [line.split(",") for line in [HEADER, *rows]]
    order = random.Random(2).sample(range(len(table[0])), len(table[0]))
    return "\n".join(",".join(row[place] for place in order) for row in table)


def semicolons(rows: list[str]) -> str:
    return "\r\n".join([HEADER, *rows]).replace(",", ";")


OTHERWISE: dict[str, Callable[[list[str]], bytes]] = {
    "backwards": lambda rows: backwards(rows).encode(),
    "shuffled": lambda rows: shuffled(rows).encode(),
    "shuffled again": lambda rows: shuffled(rows, 7).encode(),
    "columns in another order": lambda rows: columns_turned(rows).encode(),
    "UTF-16": lambda rows: "\n".join([HEADER, *rows]).encode("utf-16"),
    "UTF-8 with a mark": lambda rows: "\n".join([HEADER, *rows]).encode("utf-8-sig"),
    "semicolons": lambda rows: semicolons(rows).encode(),
    "packed": lambda rows: gzip.compress("\n".join([HEADER, *rows]).encode()),
    "all at once": lambda rows: columns_turned(rows[::-1]).replace(",", "\t").encode("utf-16-be"),
}


@pytest.mark.parametrize("how", OTHERWISE)
def test_the_same_people_in_a_list_written_otherwise_are_nobody_twice_and_nobody_changes(
    how: str, sheet: Path, winback: Runner, store_path: Path
) -> None:
    first = bring_in(winback, sheet)
    work(winback)
    before = seen(store_path, ["batch"])
    sheet.unlink()
    other = sheet.with_name("written otherwise.txt")
    other.write_bytes(OTHERWISE[how](people()))

    results = [bring_in(winback, other) for _ in range(2)]

    assert seen(store_path, ["batch"]) == before
    assert [(r["new"], r["changed"], r["already"]) for r in results] == [(0, 0, False), (0, 0, True)]
    assert (results[0]["rows"], results[0]["rejected"]) == (first["rows"], first["rejected"])
    assert winback("store", "doctor").code == 0


def test_a_list_with_one_more_and_one_other_row_changes_those_two_alone(
    sheet: Path, winback: Runner, store_path: Path
) -> None:
    bring_in(winback, sheet)
    before = {row["id"]: row for row in dump(store_path)["customer_row"]}
    rows = people()
    rows[0] = rows[0].replace("Firm 0", "Another Firm")

    result = bring_in(
        winback, write(sheet, [*rows, ",Brand New,,new@example.com,,2025-01-01,1,EUR,lapsed,no"])
    )

    after = {row["id"]: row for row in dump(store_path)["customer_row"]}
    assert (result["new"], result["changed"]) == (1, 1)
    assert [after[n]["name"] for n in after.keys() - before.keys()] == ["Brand New"]
    assert [(n, after[n]["company"]) for n in before if after[n] != before[n]] == [(1, "Another Firm")]


def test_a_row_of_a_list_never_brings_back_somebody_who_was_suppressed(
    sheet: Path, winback: Runner, store_path: Path
) -> None:
    bring_in(winback, sheet)
    assert winback("suppress", 1, "--reason", "asked for it").code == 0
    before = dump(store_path)["customer_row"]

    bring_in(
        winback, write(sheet, [row.replace(",yes", ",no").replace("C-0,", "Z-0,") for row in people()])
    )

    assert dump(store_path)["customer_row"] == before


def test_an_opted_out_mailbox_is_left_alone_in_every_record_that_holds_it(
    tmp_path: Path, winback: Runner
) -> None:
    rows = [
        ",Ana,,ana@example.com,,,,,lapsed,no",
        ",Bea,,bea@example.com,,,,,lapsed,no",
        ",Ana,,ana@example.com;bea@example.com,,,,,lapsed,yes",
    ]

    bring_in(winback, write(tmp_path / "two.csv", rows))

    customers = json.loads(winback("list", "--customers", "--json").out)
    assert [c["name"] for c in customers if "bea@example.com" in c["emails"] and not c["suppressed"]] == []


def test_a_person_under_two_spellings_is_nobody_twice_in_another_order(
    tmp_path: Path, winback: Runner, store_path: Path
) -> None:
    full = ",Ana,,ana@example.com,+44 20 7946 0001,,,,lapsed,no"
    phone_only = ",Ana,,,+44 20 7946 0001,,,,lapsed,no"
    mail_only = ",Anna,,ana@example.com,,,,,lapsed,no"
    bring_in(winback, write(tmp_path / "one.csv", [full, phone_only, mail_only]))
    assert len(dump(store_path)["customer_row"]) == 1

    bring_in(winback, write(tmp_path / "other.csv", [phone_only, mail_only, full]))

    assert len(dump(store_path)["customer_row"]) == 1


EDITS = {"phone alone": ("--name", "Right Spelling"), "e-mail alone": ("--email", "right@example.com")}
ROWS = {
    "phone alone": ",Wrong Spelling,,,+44 20 7946 0001,,,,lapsed,no",
    "e-mail alone": ",Ana,,wrong@example.com,,,,,lapsed,no",
}


@pytest.mark.parametrize("known_by", EDITS)
def test_a_customer_who_was_corrected_by_hand_is_known_again_by_the_next_list(
    known_by: str, tmp_path: Path, winback: Runner, store_path: Path
) -> None:
    bring_in(winback, write(tmp_path / "may.csv", [ROWS[known_by]]))
    assert winback("edit", 1, *EDITS[known_by]).code == 0

    bring_in(winback, write(tmp_path / "june.csv", [ROWS[known_by], ",New,,new@example.com,,,,,lapsed,no"]))

    assert len(dump(store_path)["customer_row"]) == 2


@pytest.mark.parametrize("known_by", EDITS)
def test_a_suppressed_customer_who_was_corrected_before_is_not_brought_back_by_the_next_list(
    known_by: str, tmp_path: Path, winback: Runner, store_path: Path
) -> None:
    bring_in(winback, write(tmp_path / "may.csv", [ROWS[known_by]]))
    assert winback("edit", 1, *EDITS[known_by]).code == 0
    assert winback("suppress", 1, "--reason", "asked for it").code == 0

    bring_in(winback, write(tmp_path / "june.csv", [ROWS[known_by], ",New,,new@example.com,,,,,lapsed,no"]))

    reachable = [row["name"] for row in dump(store_path)["customer_row"] if row["suppression_id"] is None]
    assert reachable == ["New"]


def test_a_program_that_knows_nobody_again_is_caught(
    sheet: Path, winback: Runner, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_in(winback, sheet)

    def check_known_again(name: str) -> None:
        before = len(dump(store_path)["customer_row"])
        for how in ("lapsed", "upset"):
            winback("import", write(sheet, [f",{name},,{name}.new@example.com,,,,,{how},no"]))
        assert len(dump(store_path)["customer_row"]) == before + 1

    check_known_again("Nia")
    monkeypatch.setattr(Staging, "_known", lambda staging, marks: (staging._seen.of(marks), {}))

    with pytest.raises(AssertionError):
        check_known_again("Oda")
