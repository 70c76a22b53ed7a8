"""X8: somebody who asked to be left alone does not come back in a list, in whatever guise and format."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.work.workbooks import ods, xlsx

Rows = Callable[..., list[Any]]
HEADER = ["Customer ID", "Name", "Company", "Email", "Phone"]
ANA = ("Ana Sol", "--email", "ana.sol@gmail.com", "--phone", "+44 20 7946 0001", "--company", "Blue")
ZOE = ("Zoë Bücher", "--email", "zoe@bücher.example", "--phone", "+44 20 7946 0002")
GUISES = {
    "case": ["", "X", "", "ANA.SOL@GMAIL.COM", ""],
    "dots": ["", "X", "", "a.n.a.s.o.l@gmail.com", ""],
    "no dots": ["", "X", "", "anasol@gmail.com", ""],
    "plus": ["", "X", "", "ana.sol+news@gmail.com", ""],
    "googlemail": ["", "X", "", "ana.sol@googlemail.com", ""],
    "full-width": ["", "X", "", "\uff41\uff4e\uff41.\uff53ol@\uff47mail.com", ""],
    "zero-width": ["", "X", "", "ana\u200b.sol@gmail\u200d.com", ""],
    "soft hyphen": ["", "X", "", "ana.s\u00adol@gmail.com", ""],
    "in brackets": ["", "X", "", "Ana Sol <ana.sol@gmail.com>", ""],
    "among others": ["", "X", "", "new@example.com; ana.sol@gmail.com", ""],
    "punycode": ["", "X", "", "zoe@xn--bcher-kva.example", ""],
    "capital punycode": ["", "X", "", "ZOE@XN--BCHER-KVA.EXAMPLE", ""],
    "phone and name": ["", "ANA  sol", "Blue", "", "0044 (0)20 7946-0001"],
    "phone and name, no firm": ["", "Ana Sol", "", "", "+442079460001"],
    "full-width digits": ["", "Zoe Bucher", "", "", "+\uff14\uff14 20 7946 000\uff12"],
    "an id of another system": ["Z-9", "X", "", "ana.sol@gmail.com", ""],
    "name and firm": ["", "Ana SOL", "blue", "other@example.com", ""],
}
OTHERS = ["C-1", "Ben Ode", "", "ben@example.com", "+44 20 7946 0003"]


def as_csv(place: Path, rows: list[list[str]]) -> Path:
    place.write_text("\n".join(";".join(f'"{c}"' for c in row) for row in [HEADER, *rows]), "utf-8")
    return place


def as_json(place: Path, rows: list[list[str]]) -> Path:
    place.write_text(json.dumps([dict(zip(HEADER, row, strict=True)) for row in rows]), "utf-8")
    return place


def as_jsonl(place: Path, rows: list[list[str]]) -> Path:
    lines = [json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) for row in rows]
    place.write_text("\n".join(lines) + "\n", "utf-8")
    return place


FORMATS: dict[str, Callable[[Path, list[list[str]]], Path]] = {
    "csv": as_csv,
    "json": as_json,
    "jsonl": as_jsonl,
    "xlsx": lambda place, rows: xlsx(place, {"List": [HEADER, *rows]}),
    "ods": lambda place, rows: ods(place, {"List": [HEADER, *rows]}),
}


def check_kept_out(winback: Runner, folder: Path, format_: str, guise: str) -> None:
    """Of a list with one who is left alone, in a guise, and another, only the other one comes in."""
    path = FORMATS[format_](folder / f"list.{format_}", [GUISES[guise], OTHERS])
    ran = winback("import", path, "--json", "--country", "GB")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert (result["new"], result["suppressed"]) == (1, 1), f"{guise}: came back"
    shown = json.loads(winback("list", "--customers", "--json", "--limit", 0).out)
    assert sorted(c["name"] for c in shown if not c["suppressed"]) == ["Ben Ode"], f"{guise}: is shown"


@pytest.fixture
def left_alone(winback: Runner) -> Runner:
    """The runner over a store where two have asked to be left alone."""
    for number, somebody in enumerate((ANA, ZOE), 1):
        assert winback("add", *somebody).code == 0
        assert winback("suppress", number, "--reason", "asked for it").code == 0
    return winback


@pytest.mark.parametrize("guise", GUISES)
@pytest.mark.parametrize("format_", FORMATS)
def test_whoever_is_left_alone_does_not_come_back_in_a_list(
    format_: str, guise: str, left_alone: Runner, tmp_path: Path
) -> None:
    check_kept_out(left_alone, tmp_path, format_, guise)


def test_a_program_that_takes_addresses_as_they_are_written_is_caught(
    left_alone: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback_cli.customer.canonical_email", str.lower)

    with pytest.raises(AssertionError, match="came back"):
        check_kept_out(left_alone, tmp_path, "csv", "dots")


# -- answers to surveys, and purchases -----------------------------------------------------------

MAILED = [guise for guise, row in GUISES.items() if row[3] and guise != "name and firm"]
NAMED = [guise for guise, row in GUISES.items() if row[1] != "X" or row[4]]


def asked_before(winback: Runner, end: str) -> None:
    """Ana and Zoë were asked in a survey, and then they were left alone, or erased; Ben is asked still."""
    for somebody in (ANA, ZOE, ("Ben Ode", "--email", "ben@example.com")):
        assert winback("add", *somebody, "--last-purchase", "2024-01-01").code == 0
    assert winback("survey", "new", "autumn", "--lapsed").code == 0
    for number in (1, 2):
        line = ("erase", number, "--yes") if end == "erase" else ("suppress", number, "--reason", "asked")
        assert winback(*line).code == 0


def check_never_asked(winback: Runner, rows: Rows, folder: Path, end: str) -> None:
    """No answer and no purchase under any guise is kept, and no form is written for them."""
    asked_before(winback, end)
    answers = folder / "answers.csv"
    lines = [[GUISES[guise][3], "Much too dear, and rude."] for guise in MAILED]
    write(answers, [["email", "q1"], *lines, ["ben@example.com", "Fine."]])
    told = json.loads(winback("survey", "import", answers, "--json").out)
    assert (told["new"], told["left_alone"]) == (1, len(MAILED)), told["rejects"]
    assert rows("SELECT DISTINCT customer_id FROM reply") == [(3,)]

    bought = folder / "bought.csv"
    lines = [[GUISES[guise][3], "2026-10-01", "90", "EUR"] for guise in MAILED]
    write(bought, [["email", "date", "amount", "currency"], *lines, ["ben@example.com", *lines[0][1:]]])
    told = json.loads(winback("import", "--purchases", bought, "--json").out)
    assert (told["new"], told["suppressed"]) == (1, len(MAILED)), told["rejects"]
    assert rows("SELECT DISTINCT customer_id FROM purchase") == [(3,)]

    form, merge = folder / "form.html", folder / "merge.csv"
    assert winback("survey", "form", "autumn", "--form", form, "--csv", merge).code == 0
    assert winback("survey", "sample", "table", "--cooldown", 0).code == 0
    everywhere = form.read_text("utf-8") + merge.read_text("utf-8") + winback("survey", "show", "table").out
    assert [name for name in ("Ana", "Zo", "gmail") if name in everywhere] == []
    assert "Ben" in everywhere


def write(place: Path, lines: list[list[str]]) -> None:
    place.write_text("\n".join(";".join(f'"{cell}"' for cell in line) for line in lines), "utf-8")


@pytest.mark.parametrize("end", ["suppress", "erase"])
def test_whoever_is_left_alone_is_asked_nothing_and_no_answer_or_purchase_of_theirs_is_kept(
    end: str, winback: Runner, rows: Rows, tmp_path: Path
) -> None:
    check_never_asked(winback, rows, tmp_path, end)


@pytest.mark.parametrize("end", ["suppress", "erase"])
def test_answers_and_purchases_under_an_address_as_it_is_written_are_caught(
    end: str, winback: Runner, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback_cli.customer.canonical_email", str.lower)

    with pytest.raises(AssertionError):
        check_never_asked(winback, rows, tmp_path, end)


@pytest.mark.parametrize("guise", NAMED)
def test_purchases_under_the_name_of_one_erased_bring_nobody_in(
    guise: str, winback: Runner, rows: Rows, tmp_path: Path
) -> None:
    asked_before(winback, "erase")
    bought = tmp_path / "bought.csv"
    _, name, company, mail, phone = GUISES[guise]
    header = ["name", "company", "email", "phone", "date", "amount", "currency"]
    write(bought, [header, [name, company, mail, phone, "2026-10-01", "90", "EUR"]])

    ran = winback("import", "--purchases", bought, "--country", "GB")

    assert ran.code in (0, 4, 65), ran.err
    assert rows("SELECT count(*) FROM purchase") == [(0,)]
    assert rows("SELECT count(*) FROM customer") == [(1,)]


def test_an_objection_under_several_addresses_leaves_whoever_has_one_of_them_alone(
    winback: Runner, rows: Rows, tmp_path: Path
) -> None:
    asked_before(winback, "suppress")
    answers = tmp_path / "answers.csv"
    write(answers, [["email", "q1", "opt out"], ["new@example.com; BEN@example.com", "", "yes"]])

    assert winback("survey", "import", answers).code == 0
    assert rows("SELECT id FROM customer WHERE suppression_id IS NULL") == []
