"""Lists that would hurt: endless lines, bombs, far corners, deep nests. Each is refused, quickly and small.

What must stay small runs in a process of its own whose memory is limited.
"""

import gzip
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.work.workbooks import Day, ods, ods_cell, ods_row, sheet, sheet_of, xlsx

MEGABYTE = 1 << 20
SMALL = 100 * MEGABYTE  # what reading may take beside the program itself

READ = """
import resource, sys
from pathlib import Path
from winback_cli.errors import WinbackError
from winback_cli.sources import open_rows
import winback_cli.sources.csv_rows, winback_cli.sources.json_rows, winback_cli.sources.sheets
import python_calamine
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
try:
    rows = open_rows(Path(sys.argv[1]), "the list")
    print(sum(1 for _ in rows), "rows")
except WinbackError as bad:
    print(int(bad.code), bad.message)
"""


def read(place: Path, memory: int = SMALL, seconds: int = 10) -> str:
    """Read a list with so much memory more than the program has; what came of it."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(place), str(memory)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.fixture
def refused(winback: Runner, tmp_path: Path) -> Callable[[str, bytes], str]:
    """Import a list that is no good, as a user would; the error."""

    def refuse(name: str, content: bytes) -> str:
        place = tmp_path / name
        place.write_bytes(content)
        ran = winback("import", place)
        assert (ran.code, ran.out) == (65, "")
        assert ran.err.startswith("winback: ")
        assert winback("list").code == 3  # no store was made of it
        return ran.err.removeprefix("winback: ")

    return refuse


# -- H1: encodings, quotes, widths -----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"name,email\nAna,a@example.com\nB\x81n,b@example.com\n", "line 3,"),
        (b"name,email\nAna,\x00\n", "not a text file"),
        ("name,email\nAna,a@example.com\n".encode("utf-16")[:-1], "line 2,"),
        (b'name,email\nAna,a@example.com\n"Ben,b@example.com\nCleo,c@example.com\n', "line 3:"),
        (b'name,email\nAna,a@example.com\n"Ben' + b"\nx" * 600_000, "line 3:"),
        (b"name,email\nAna,a@example.com\n" + b"x" * 2_000_000 + b"\n", "line 3:"),
        (b'name,notes\nAna,x\nBen,"' + b"x" * 2_000_000 + b'"\n', "line 3:"),
    ],
    ids=["cp1252", "NUL", "UTF-16", "open quote", "open quote, long", "2 MB line", "2 MB cell"],
)
def test_a_list_that_cannot_be_read_on_is_refused_with_its_line(
    refused: Callable[[str, bytes], str], content: bytes, says: str
) -> None:
    error = refused("l.csv", content)

    assert says in error
    assert "example.com" not in error


# -- H2: lines without an end ----------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [b"", b"name,email\nAna,a@example.com\n", b"\xff\xfe", b"{", b'name,email\n"'],
    ids=["all", "a line", "UTF-16", "JSON", "open quote"],
)
def test_ten_gigabytes_of_nothing_are_refused_without_being_read(tmp_path: Path, head: bytes) -> None:
    place = tmp_path / "l.csv"
    with place.open("wb") as stream:
        stream.write(head)
        stream.truncate(10_000_000_000)

    assert read(place, seconds=1).startswith("65 the list")


@pytest.mark.parametrize("head", [b"", b"name,email\nAna,a@example.com\n", b'{"name": "'])
def test_a_line_without_an_end_is_refused_without_being_read(tmp_path: Path, head: bytes) -> None:
    """Packed, so that hundreds of megabytes of signs take no disk."""
    place = tmp_path / "l.csv.gz"
    with gzip.open(place, "wb", 1) as stream:
        stream.write(head)
        for _ in range(300):
            stream.write(b"x" * MEGABYTE)

    assert "longer than" in read(place, seconds=2)


def test_a_row_that_is_quoted_over_and_over_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "l.csv"
    place.write_bytes(b'name,email\n"' + b'\n","' * 8_000_000)

    assert read(place) == "65 the list, line 2: longer than 1,000,000 characters."


def test_lines_of_nothing_but_delimiters_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "l.csv"
    place.write_bytes(b"".join(b"%d," % n for n in range(140_000)) + b"\n" + (b"," * 900_000 + b"\n") * 50)

    assert read(place) == "65 the list has more than 400 columns."


def test_a_long_list_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    place = tmp_path / "l.csv.gz"
    row = b"Customer,customer@example.com,Newtown-upon-River," + b"x" * 900 + b"\n"
    with gzip.open(place, "wb", 1) as stream:
        stream.write(b"name,email,city,notes\n" + row * 200_000)

    assert read(place, 24 * MEGABYTE, seconds=20) == "200000 rows"


# -- H3: workbooks ---------------------------------------------------------------------------

NAMES = '<row r="1"><c r="A1" t="str"><v>name</v></c><c r="B1" t="str"><v>email</v></c></row>'


def one(reference: str) -> str:
    return f'<c r="{reference}"><v>1</v></c>'


@pytest.mark.parametrize(
    "rows",
    [
        NAMES + f'<row r="1048576">{one("A1048576")}</row>',
        NAMES + f'<row r="2">{one("XFD2")}</row>',
        NAMES + f'<row r="1048576">{one("XFD1048576")}</row>',
        NAMES + f'<row r="2">{one("A1048576")}{one("A3")}</row>',
        NAMES + "<row r='2'><c r='XFD1048576'><v>1</v></c></row>",
        NAMES + '<row r="1048576"><c><v>1</v></c></row>',
        NAMES + f"<row>{'<c><v>1</v></c>' * 500}</row>",
        NAMES.replace("<c ", "<x:c ") + f"<row>{'<x:c><v>1</v></x:c>' * 500}</row>",
        "".join(f'<row r="{n}">{one(f"A{n}")}{one(f"NT{n}")}</row>' for n in range(1, 40_000)),
    ],
    ids=[
        "last row",
        "last column",
        "corner",
        "another row",
        "other quotes",
        "unnamed",
        "unnamed, wide",
        "prefix",
        "thin",
    ],
)
def test_a_cell_far_away_makes_no_large_grid(tmp_path: Path, rows: str) -> None:
    place = xlsx(tmp_path / "l.xlsx", {"S": sheet_of(rows)})

    assert "far away" in read(place, seconds=2)


def test_a_cell_far_away_is_seen_in_whatever_part_it_hides(tmp_path: Path) -> None:
    place = xlsx(tmp_path / "l.xlsx", {"S": sheet_of(f'<row r="1">{one("XFD1048576")}</row>')})
    hidden = tmp_path / "hidden.xlsx"
    with zipfile.ZipFile(place) as old, zipfile.ZipFile(hidden, "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(b"worksheets/sheet1.xml", b"theme.bin")
            new.writestr(name.replace("worksheets/sheet1.xml", "theme.bin"), content)

    assert "far away" in read(hidden, seconds=2)


EMPTY = f'<table:table-row table:number-rows-repeated="1048570">{ods_cell(None, 16384)}</table:table-row>'


@pytest.mark.parametrize(
    "rows",
    [
        EMPTY + ods_row(["Ana", "x"]),
        f"<table:table-row>{ods_cell(None, 16383)}{ods_cell('x')}</table:table-row>",
        f"<table:table-row>{ods_cell('x', 16384)}</table:table-row>",
        f'<table:table-row table:number-rows-repeated="1048570">{ods_cell("x", 300)}</table:table-row>',
        f'<table:table-row table:number-rows-repeated="99999999999999999999">{ods_cell("x")}</table:table-row>',
    ],
    ids=["last row", "last column", "wide", "large", "endless"],
)
def test_what_a_table_repeats_makes_no_large_grid(tmp_path: Path, rows: str) -> None:
    place = ods(tmp_path / "l.ods", {"S": ods_row(["name", "email"]) + rows})

    assert "far away" in read(place, seconds=2)


def test_entities_that_grow_are_refused(tmp_path: Path) -> None:
    place = ods(tmp_path / "l.ods", {"S": ods_row(["name"]) + ods_row(["&lol;"])})
    bomb = tmp_path / "bomb.ods"
    with zipfile.ZipFile(place) as old, zipfile.ZipFile(bomb, "w") as new:
        for name in old.namelist():
            doctype = b'?><!DOCTYPE x [<!ENTITY a "' + b"x" * 100 + b'"><!ENTITY lol "&a;&a;&a;">]>'
            new.writestr(name, old.read(name).replace(b"?>", doctype).replace(b"&amp;", b"&"))

    assert read(bomb, seconds=2).startswith("65 ")


def bomb(place: Path, stated: int = 0) -> Path:
    """A workbook of a few hundred kilobytes whose sheet unpacks to 400 MB, or states that it does not."""
    xlsx(place, {"S": sheet_of("")})
    with (
        zipfile.ZipFile(place, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sharedStrings.xml", "w") as part,
    ):
        for _ in range(400):
            part.write(b" " * MEGABYTE)
    if stated:
        entry = archive.getinfo("xl/sharedStrings.xml")
        size = entry.file_size.to_bytes(4, "little")
        place.write_bytes(place.read_bytes().replace(size, stated.to_bytes(4, "little")))
    return place


@pytest.mark.parametrize("stated", [0, 1000], ids=["honest", "lying"])
def test_a_workbook_that_unpacks_to_a_hundred_times_its_size_is_refused(
    tmp_path: Path, stated: int
) -> None:
    place = bomb(tmp_path / "l.xlsx", stated)

    assert place.stat().st_size < MEGABYTE
    assert "unpacks to more" in read(place, seconds=2)


def test_a_real_workbook_is_let_through(tmp_path: Path) -> None:
    people = [
        [f"C-{n}", f"Customer {n}", f"c{n}@example.com", n * 7.5, Day("2024-03-01"), "Leeds"]
        for n in range(20_000)
    ]
    place = xlsx(
        tmp_path / "l.xlsx",
        {"S": sheet(enumerate([["id", "name", "email", "revenue", "last order", "city"], *people], 1))},
    )

    assert read(place, SMALL) == "20000 rows"


def test_a_workbook_without_references_is_let_through(tmp_path: Path) -> None:
    numbers = range(20_000)
    rows = "".join(f"<row>{''.join(f'<c><v>{n * k}</v></c>' for k in range(40))}</row>" for n in numbers)

    assert read(xlsx(tmp_path / "l.xlsx", {"S": sheet_of(rows)}), 2 * SMALL) == "19999 rows"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 and nothing more", "no workbook"),
        (b"PK\x05\x06" + b"\0" * 18, "is no spreadsheet"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is no spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (gzip.compress(b"PK\x03\x04"), "packed once more"),
    ],
    ids=["cut off", "empty archive", "a picture", "xls", "password", "packed"],
)
def test_a_workbook_that_is_none_is_refused(
    refused: Callable[[str, bytes], str], content: bytes, says: str
) -> None:
    assert says in refused("l.xlsx", content)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"subscribed.csv": "x", "unsubscribed.csv": "x"}, "archive of several files"),
        ({"picture.png": "x"}, "no workbook"),
        ({"[Content_Types].xml": "<x/>", "xl/workbook.bin": "x"}, ".xlsb"),
        ({"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x"}, "no workbook"),
        ({"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<workbook/>"}, "no"),
        ({"content.xml": "<x"}, "no workbook"),
    ],
)
def test_an_archive_that_is_no_workbook_is_refused(
    refused: Callable[[str, bytes], str], tmp_path: Path, parts: dict[str, str], says: str
) -> None:
    place = tmp_path / "packed"
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

    assert says in refused("l.xlsx", place.read_bytes())


def test_a_workbook_cut_anywhere_is_refused(refused: Callable[[str, bytes], str], tmp_path: Path) -> None:
    whole = xlsx(tmp_path / "whole", {"S": [["name", "email"], ["Ana", "a@example.com"]]}).read_bytes()

    for at in range(4, len(whole), 97):
        assert "a@example.com" not in refused("l.xlsx", whole[:at])


# -- H5: JSON --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("l.jsonl", '{"name": "Ana"}\n' + '{"a":' * 100_000 + "1" + "}" * 100_000, 2),
        ("l.jsonl", '{"name": "Ana"}\n{"a":' + "[" * 100_000 + "]" * 100_000 + "}", 2),
        ("l.json", '[{"name": "Ana"},\n' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]", 2),
        ("l.json", "[" * 100_000 + "]" * 100_000, 1),
        ("l.json", '[{"a":' + "[\n" * 100_000 + "]" * 100_000 + "}]", 100),
        ("l.json", '{"data":\n' + "[" * 100_000 + "]" * 100_000 + "}", 2),
        ("l.jsonl", '{"name": "Ana"}\n{"name": "Ben", "revenue": NaN}', 2),
        ("l.jsonl", '{"name": "Ana"}\n{"name": "Ben", "revenue": -Infinity}', 2),
        ("l.jsonl", '{"name": "Ana"}\n{"name": "B\\udc80en"}', 2),
        ("l.jsonl", '{"name": "Ana"}\n{"name": "Ben", "name": "Cleo"}', 2),
        ("l.jsonl", '{"name": "Ana"}\n"Ben"', 2),
        ("l.jsonl", '{"name": "Ana"}\n{"name": "Ben"', 2),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_json_that_is_no_list_of_customers_is_refused_with_its_line(
    refused: Callable[[str, bytes], str], name: str, content: str, line: int
) -> None:
    error = refused(name, content.encode())

    assert f"line {line}" in error
    assert "Ben" not in error


def test_a_nest_is_found_below_text_that_looks_like_one(refused: Callable[[str, bytes], str]) -> None:
    text = json.dumps('[[[{"NaN"' * 500)

    error = refused("l.json", f'[{{"name": {text}}},\n{{"a": {text},\n"b": NaN}}]'.encode())

    assert "line 3, holds a number that is none" in error
