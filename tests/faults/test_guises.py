"""X8: somebody who asked to be left alone does not come back in a list, in whatever guise and format."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.work.workbooks import ods, xlsx

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
