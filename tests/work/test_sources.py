"""From a file to numbered rows of text under a header, whatever the file is."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.work.workbooks import Day, ods, ods_cell, ods_row, sheet_of, xlsx
from winback_cli.errors import BadInput, NotFound, UsageError
from winback_cli.sources import LeftOut, Reading, Rows, open_rows

Opened = Callable[..., Rows]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Open a file of that content; `name` is its name, the rest what the user says."""

    def open_(content: str | bytes, name: str = "l.csv", **said: str) -> Rows:
        place = tmp_path / name
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return open_rows(place, name, Reading(**said))

    return open_


def refusal(opened: Opened, content: str | bytes, name: str = "l.csv", **said: str) -> str:
    with pytest.raises(BadInput) as refused:
        list(opened(content, name, **said))
    assert name in refused.value.message
    assert refused.value.hint
    return refused.value.message


LIST = "name,city\nZoë,Köln\nBen,Rome\n"
ROWS = [(2, ["Zoë", "Köln"]), (3, ["Ben", "Rome"])]

# -- encodings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (LIST.encode(), "utf-8", ""),
        (LIST.encode("utf-8-sig"), "utf-8-sig", ""),
        (LIST.encode("cp1252"), "cp1252", "Windows-1252"),
        (LIST.encode("utf-16"), "utf-16", ""),
        (b"\xfe\xff" + LIST.encode("utf-16-be"), "utf-16", ""),
        (LIST.encode("utf-32"), "utf-32", ""),
        (b"\x00\x00\xfe\xff" + LIST.encode("utf-32-be"), "utf-32", ""),
        (LIST.encode("utf-16-le"), "utf-16-le", "UTF-16-LE"),
        (LIST.encode("utf-16-be"), "utf-16-be", "UTF-16-BE"),
    ],
)
def test_one_list_reads_the_same_in_every_encoding_and_a_guess_is_said(
    opened: Opened, content: bytes, encoding: str, said: str
) -> None:
    rows = opened(content)

    assert list(rows) == ROWS
    assert rows.table.encoding == encoding
    assert any(said in one and "--encoding" in one for one in rows.table.said) == bool(said)


def test_the_encoding_that_the_user_names_overrules_the_guess(opened: Opened) -> None:
    greek = "name,city\nΑννα,Πάτρα\n".encode("iso-8859-7")

    rows = opened(greek, encoding="ISO-8859-7")

    assert list(rows) == [(2, ["Αννα", "Πάτρα"])]
    assert rows.table.said == ()


@pytest.mark.parametrize("name", ["klingon", "base64", "idna", "a\0b", "x" * 500])
def test_an_encoding_that_nobody_knows_is_a_mistake_of_usage(opened: Opened, name: str) -> None:
    with pytest.raises(UsageError, match="is no encoding"):
        opened(LIST, encoding=name)


@pytest.mark.parametrize(
    ("content", "said", "line"),
    [
        (b"name\nAna\nM\x81ller\n", {}, 3),
        (b"name\nAna\nM\xfcller\n", {"encoding": "utf-8"}, 3),
        ("name\nZoë\nBen\n".encode() + b"M\xfcller\n", {}, 4),
        ("name\nAna\n".encode("utf-16") + b"\x00", {}, 3),
        (b"name\n" + b"Ana\n" * 600_000 + b"\x81\n", {}, 600_002),
    ],
    ids=["none fits", "not the one said", "two in one file", "cut off", "far down"],
)
def test_what_is_in_no_encoding_is_refused_with_its_line(
    opened: Opened, content: bytes, said: dict[str, str], line: int
) -> None:
    assert f"line {line}," in refusal(opened, content, **said)


@pytest.mark.parametrize(
    "content",
    [b"name\n\x00\x00", b"\x89PNG\r\n\x1a\n\x00\x00", b"name\n" + b"Ana\n" * 30_000 + b"A\x00na\n"],
)
def test_what_holds_zeros_is_no_text(opened: Opened, content: bytes) -> None:
    assert "not a text file" in refusal(opened, content)


def test_utf_16_without_its_mark_is_known_though_some_signs_take_both_bytes(opened: Opened) -> None:
    content = "name,revenue\nAna,1 €\nŁucja,2 €\n".encode("utf-16-be")

    assert list(opened(content)) == [(2, ["Ana", "1 €"]), (3, ["Łucja", "2 €"])]


def test_a_file_that_changes_while_it_is_read_is_refused(opened: Opened, tmp_path: Path) -> None:
    rows = opened(LIST * 2)
    (tmp_path / "l.csv").write_bytes(LIST.encode("cp1252"))

    with pytest.raises(BadInput, match="changed while it was read"):
        list(rows)


def test_a_sign_that_lies_across_two_pieces_of_the_file_is_read(opened: Opened) -> None:
    before = b"name\n" + b"A" * 899_999 + b"\n"
    content = before + b"B" * ((1 << 20) - 1 - len(before)) + "é\n".encode()

    assert [row[-1][-1] for _, row in opened(content)] == ["A", "é"]


# -- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "delimiter", "said"),
    [
        ("name,notes\nAna,a;b;c\n", ",", ""),
        ("name;notes\nAna;a, b, c\nBen;d\n", ";", "semicolon"),
        ("name\tnotes\nAna\ta\n", "\t", "tab"),
        ("name|notes\nAna|a, b\n", "|", "pipe"),
        ('name;notes\nAna;"a, b, c, d"\nBen;"a, b, c, d"\n', ";", "semicolon"),
        ("name;revenue\nAna;1,50\nBen;2,50\n", ";", "semicolon"),
        (
            "Blue, Foods\nas of 1 May, 2026\nof us, only\nname;city\nSol, Ana;Bonn\nOde, Ben;Rome\n",
            ";",
            "semicolon",
        ),
        ("name\nAna\n", ",", ""),
    ],
)
def test_the_delimiter_is_the_one_that_parts_the_rows_evenly(
    opened: Opened, content: str, delimiter: str, said: str
) -> None:
    table = opened(content).table

    assert table.delimiter == delimiter
    assert table.header[0] == "name"
    assert any(f"Parted by {said}" in one for one in table.said) == bool(said)


@pytest.mark.parametrize("delimiter", ["pipe", "|"])
def test_the_delimiter_that_the_user_names_overrules(opened: Opened, delimiter: str) -> None:
    rows = opened("a,b|c,d\n1,2|3,4\n5,6|7,8\n", delimiter=delimiter)

    assert rows.table.header == ("a,b", "c,d")
    assert rows.table.said == ()


@pytest.mark.parametrize("delimiter", ["::", "x", '"', "\n", "comma,"])
def test_a_delimiter_that_is_none_is_a_mistake_of_usage(opened: Opened, delimiter: str) -> None:
    with pytest.raises(UsageError, match="is no delimiter"):
        opened(LIST, delimiter=delimiter)


@pytest.mark.parametrize("note", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_spreadsheets_note_of_the_delimiter_is_no_header(opened: Opened, note: str) -> None:
    rows = opened(f"{note}\r\nname;city\r\nAna;Bonn, Rhein\r\n")

    assert rows.table.header == ("name", "city")
    assert rows.table.header_line == 2
    assert list(rows) == [(3, ["Ana", "Bonn, Rhein"])]
    assert rows.table.said == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_machine(opened: Opened, end: str) -> None:
    assert list(opened(LIST.replace("\n", end))) == ROWS


def test_a_row_is_numbered_by_the_line_where_it_begins_and_blank_ones_are_passed_over(
    opened: Opened,
) -> None:
    rows = opened('name,notes\n\nAna,"one\ntwo"\n , \nBen,x\n')

    assert list(rows) == [(3, ["Ana", "one\ntwo"]), (6, ["Ben", "x"])]


def test_rows_are_read_anew_each_time(opened: Opened) -> None:
    rows = opened(LIST + "Total,2\n")

    first = list(rows)
    next(iter(rows))

    assert list(rows) == first == ROWS
    assert rows.left_out == [LeftOut(4, "a row of totals")]


def test_rows_of_another_width_are_given_as_they_are(opened: Opened) -> None:
    assert [row for _, row in opened("name,city\nAna,Bonn,x\nBen\n")] == [["Ana", "Bonn", "x"], ["Ben"]]


def test_a_packed_list_is_read_as_it_streams(opened: Opened) -> None:
    rows = opened(gzip.compress(LIST.encode("utf-16")), "l.csv.gz")

    assert list(rows) == list(rows) == ROWS
    assert rows.table.format == "csv"


@pytest.mark.parametrize("cut", [5, 30])
def test_a_packed_list_that_is_cut_off_is_refused(opened: Opened, cut: int) -> None:
    packed = gzip.compress(LIST.encode() * 50)

    assert "cut off" in refusal(opened, packed[:cut], "l.csv.gz")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\ufeff\n \n", "is empty"),
        ("\n" * 5_000 + "name\nAna\n", "is empty"),
        ('name,city\nAna,Bonn\n"Ben,Rome\nCleo,York\n', "line 3: a quote that is never closed"),
        ('name,city\nAna,"Bo"nn\n', "line 2: a quote in the middle"),
        ("name,city\nAna,Bo\rnn\n", "line 2: a line break in a cell without quotes"),
        (",".join(f"c{n}" for n in range(401)) + "\n", "more than 400 columns"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_is_wrong(
    opened: Opened, content: str, says: str
) -> None:
    assert says in refusal(opened, content)


def test_what_is_wrong_far_down_is_told_when_its_turn_comes(opened: Opened) -> None:
    rows = opened("name,city\n" + "Ana,Bonn\n" * 100 + '"Ben"x,Rome\n')

    with pytest.raises(BadInput, match="line 102: "):
        list(rows)


def test_there_must_be_such_a_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file mine"):
        open_rows(tmp_path / "none.csv", "mine")
    with pytest.raises(BadInput, match="mine is a folder"):
        open_rows(tmp_path, "mine")


@pytest.mark.parametrize("said", [{"format": "docx"}, {"sheet": "Kunden"}])
def test_what_the_user_says_must_fit_the_file(opened: Opened, said: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        opened(LIST, **said)


@given(st.text(max_size=80))
def test_whatever_text_a_list_holds_no_cell_is_lost_or_changed(text: str) -> None:
    import csv
    import io
    import tempfile

    written = io.StringIO()
    csv.writer(written).writerows([["name", "email"], [text, "a@example.com"], ["Ben", text]])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "l.csv"
        place.write_bytes(written.getvalue().encode("utf-8", "replace"))
        try:
            rows = [row for _, row in open_rows(place, "l.csv")]
        except BadInput:
            assert "\0" in text
        else:
            plain = text.encode("utf-8", "replace").decode()
            assert rows == [[plain, "a@example.com"], ["Ben", plain]]


# -- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            "Blue Foods\nCustomer Contact List\nAs of 1 May\n\nCustomer,Phone,Email\nAna,1,a@example.com\n",
            5,
        ),
        ("Blue Foods,,\nCustomers,,\nCustomer,Phone,Email\nAna,1,a@example.com\n", 3),
        ("# of the shop\nname,city\nAna,Bonn\n", 2),
        ("Kundenliste\nKunde;Ort;Umsatz\nAna;Bonn;1,5\n", 2),
        ("Newsletter list\nE-Mail\na@example.com\n", 2),
        ("made by x\nfoo,bar\n1,2\n3,4\n", 2),
        ("foo,bar\n1,2\n", 1),
        ("Email,Mobile,Name\nMobile,Email,Home\n", 1),
        ("Report,North,2026,x\nCustomer,Phone,Email,Shoe\nAna,1,a@example.com,38\n", 2),
        ("Email,Mobile,foo,bar\na@example.com,Mobile,Phone,Name\n", 1),
        (",name,email\n0,Ana,a@example.com\n", 1),
    ],
)
def test_the_header_is_the_row_of_known_names_even_below_titles(
    opened: Opened, content: str, line: int
) -> None:
    table = opened(content).table

    assert table.header_line == line
    assert (f"The header is on line {line}." in table.said) == (line > 1)


def test_an_empty_first_column_stays(opened: Opened) -> None:
    rows = opened(",Customer,Main Email\n,Ana,a@example.com\n")

    assert rows.table.header == ("", "Customer", "Main Email")
    assert list(rows) == [(2, ["", "Ana", "a@example.com"])]


def test_columns_of_one_name_are_numbered_and_said(opened: Opened) -> None:
    rows = opened("Name,name,E-Mail,Name (2),,\nAna,Ben,a@example.com,x,,\n")

    assert rows.table.header == ("Name", "name (3)", "E-Mail", "Name (2)", "", "")
    assert "name (3)" in rows.table.said[0]


def test_a_second_header_of_technical_names_is_no_customer(opened: Opened) -> None:
    rows = opened(
        "INSTRUCTIONS:,,,\n,Read this first.,,\n,,,\n"
        "First Name,Last Name,Home City,Work Email\n"
        "NPSP__FIRST_NAME__C,NPSP__LAST_NAME__C,NPSP__HOME_CITY__C,NPSP__WORK_EMAIL__C\n"
        "Ana,Sol,Bonn,a@example.com\n"
    )

    assert list(rows) == [(6, ["Ana", "Sol", "Bonn", "a@example.com"])]
    assert rows.left_out == [LeftOut(5, "the header once more")]


def test_a_first_row_of_sample_data_is_no_second_header(opened: Opened) -> None:
    rows = opened("name,email,city,street\nName 1,email1@example.com,City 1,Street 1\n")

    assert len(list(rows)) == 1


def test_the_header_once_more_in_the_middle_is_no_customer(opened: Opened) -> None:
    rows = opened("name,city\nAna,Bonn\nname,city\nBen,Rome\n")

    assert [row[0] for _, row in rows] == ["Ana", "Ben"]
    assert rows.left_out == [LeftOut(3, "the header once more")]


# -- footers ---------------------------------------------------------------------------------

BODY = "Last Name,Account Name,Mailing City,Email,Total Spent\n" + "".join(
    f"N{n},Firm {n},Bonn,n{n}@example.com,{n}\n" for n in range(12)
)


@pytest.mark.parametrize(
    "footer",
    [
        '"Grand Totals (12 records)"',
        '"Confidential Information - Do Not Distribute"',
        '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."',
        "TOTAL,,,,66.00",
        ",,Summe:,,66",
        "Gesamt,,,,€ 66",
        "Totale,,,,66",
        "Totaal,,,,66",
        "Suma,,,,66",
        "12 records",
        "Page 1 of 2",
        "Seite 1 von 2",
        "Generated by Blue Reports on 1 May",
        "Exported on 2026-05-01",
    ],
)
def test_a_footer_is_left_out_and_told(opened: Opened, footer: str) -> None:
    rows = opened(f"{BODY}\n{footer}\n")

    assert len(list(rows)) == 12
    assert [line for line, _ in rows.left_out] == [15]


def test_all_the_lines_below_a_report_go(opened: Opened) -> None:
    rows = opened(
        BODY + '\n"Grand Totals (12 records)"\n\n"Confidential Information - Do Not Distribute"\n'
        '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n'
    )

    assert len(list(rows)) == 12
    assert [line for line, _ in rows.left_out] == [15, 17, 18]


@pytest.mark.parametrize(
    "customer",
    [
        "Total Fitness Ltd,,,t@example.com,",
        "Total,,,t@example.com,5",
        "Summe,Summe & Co,,,",
        "Records,Blue Records,York,,5",
        "Copyright,Firm,York,c@example.com,5",
        "Generated by Hand,Hand & Co,York,,5",
        "Ana,,,,",
        ",,,,7",
    ],
)
def test_a_customer_with_the_name_of_a_footer_is_a_customer(opened: Opened, customer: str) -> None:
    rows = opened(f"{BODY}{customer}\n")

    assert len(list(rows)) == 13
    assert rows.left_out == []


def test_a_customer_of_that_name_with_nothing_but_a_phone_is_a_customer(opened: Opened) -> None:
    rows = opened("name,phone,orders\nAna,020 79460001,1\nTotal,020 79460002,2\n")

    assert [row[0] for _, row in rows] == ["Ana", "Total"]


def test_a_total_in_the_middle_is_none_of_our_business(opened: Opened) -> None:
    rows = opened(f"name,revenue\nTotal,5\n{'Ana,1' + chr(10)}Ben,2\n")

    assert [row[0] for _, row in rows] == ["Total", "Ana", "Ben"]


# -- sheets ----------------------------------------------------------------------------------

CUSTOMERS: list[list[Any]] = [
    ["Name", "ID", "Postcode", "Last purchase", "Opt out", "Revenue"],
    ["Ana", 1001, "01067", Day("2024-03-01"), True, 242.65999999999997],
    ["Ben", "0012", 1067, Day("2023-01-31"), False, "#N/A"],
]
READ = [
    (2, ["Ana", "1001", "01067", "2024-03-01", "yes", "242.66"]),
    (3, ["Ben", "0012", "1067", "2023-01-31", "no", ""]),
]


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_sheet_is_read_as_text(tmp_path: Path, make: Callable[..., Path]) -> None:
    place = make(tmp_path / f"l.{make.__name__}", {"Kunden": CUSTOMERS})

    rows = open_rows(place, "l")

    assert list(rows) == list(rows) == READ
    assert rows.table == (make.__name__, "", "", 1, tuple(CUSTOMERS[0]), "Kunden", ())


@pytest.mark.parametrize("make", [xlsx, ods])
def test_what_a_workbook_is_shows_in_it_and_not_in_its_name(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    place = make(tmp_path / "l.csv", {"Kunden": CUSTOMERS})

    assert open_rows(place, "l").table.format == make.__name__


def test_rows_of_a_sheet_keep_their_numbers(tmp_path: Path) -> None:
    rows_: list[list[Any]] = [["Blue Foods"], [], ["Name", "City"], ["Ana", "Bonn"], [], ["Ben", "Rome"]]

    rows = open_rows(xlsx(tmp_path / "l.xlsx", {"S": [*rows_, ["Total", 2]]}), "l")

    assert rows.table.header_line == 3
    assert list(rows) == [(4, ["Ana", "Bonn"]), (6, ["Ben", "Rome"])]
    assert rows.left_out == [LeftOut(7, "a row of totals")]


def test_the_first_sheet_that_is_shown_and_filled_is_read_and_said(tmp_path: Path) -> None:
    sheets = {"Alt": CUSTOMERS[:1], "Leer": [], "Kunden": CUSTOMERS}

    table = open_rows(xlsx(tmp_path / "l.xlsx", sheets, hidden=["Alt"]), "l").table

    assert table.sheet == "Kunden"
    assert table.said == ("Read the sheet Kunden of 3: Alt, Leer, Kunden; --sheet names another.",)


@pytest.mark.parametrize("wanted", ["Kunden", "kunden", "2"])
def test_the_user_names_the_sheet(tmp_path: Path, wanted: str) -> None:
    place = xlsx(tmp_path / "l.xlsx", {"1": [["Name"]], "Kunden": CUSTOMERS})

    assert open_rows(place, "l", Reading(sheet=wanted)).table.sheet == "Kunden"


@pytest.mark.parametrize("said", [{"sheet": "Nope"}, {"sheet": "3"}, {"encoding": "utf-8"}])
def test_there_must_be_such_a_sheet(tmp_path: Path, said: dict[str, str]) -> None:
    place = xlsx(tmp_path / "l.xlsx", {"1": [["Name"]], "Kunden": CUSTOMERS})

    with pytest.raises(UsageError) as refused:
        open_rows(place, "l.xlsx", Reading(**said))

    assert "encoding" in refused.value.message or refused.value.hint == "Its sheets: 1, Kunden"


def test_cells_that_are_there_for_their_colour_make_no_sheet_large(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>name</v></c><c r="XFD1" s="1"/></row>'
        '<row r="2"><c r="A2" t="str"><v>Ana</v></c></row><row r="1048576"><c r="A1048576" s="1"/></row>'
    )

    assert list(open_rows(xlsx(tmp_path / "l.xlsx", {"S": sheet_of(rows)}), "l")) == [(2, ["Ana"])]


def test_cells_without_a_reference_are_read(tmp_path: Path) -> None:
    rows = '<row><c t="str"><v>name</v></c><c t="str"><v>city</v></c></row><row><c t="str"><v>Ana</v></c></row>'

    assert list(open_rows(xlsx(tmp_path / "l.xlsx", {"S": sheet_of(rows)}), "l")) == [(2, ["Ana", ""])]


def test_the_empty_rest_of_a_sheet_is_not_read(tmp_path: Path) -> None:
    rest = (
        f'<table:table-row table:number-rows-repeated="1048570">{ods_cell(None, 16384)}</table:table-row>'
    )
    rows = ods_row(["name", "city"]) + ods_row(["Ana", "Bonn"], 2) + rest

    read = list(open_rows(ods(tmp_path / "l.ods", {"S": rows}), "l"))

    assert read == [(2, ["Ana", "Bonn"]), (3, ["Ana", "Bonn"])]


# -- JSON ------------------------------------------------------------------------------------

OBJECTS: list[dict[str, Any]] = [
    {"name": "Zoë", "address": {"city": "Köln", "geo": {"lat": 1.50}}, "orders": 12, "opt_out": False},
    {"name": "Ben", "emails": ["a@example.com", "b@example.com"], "opt_out": True, "note": None},
]
COLUMNS = ("name", "address.city", "address.geo.lat", "orders", "opt_out", "emails", "note")
CELLS = [
    ["Zoë", "Köln", "1.5", "12", "no", "", ""],
    ["Ben", "", "", "", "yes", "a@example.com ::: b@example.com", ""],
]


@pytest.mark.parametrize(
    ("content", "name", "format_", "lines"),
    [
        (json.dumps(OBJECTS), "l.json", "json", [1, 1]),
        (json.dumps(OBJECTS), "l.txt", "json", [1, 1]),
        (json.dumps(OBJECTS, indent=1), "l.json", "json", [2, 13]),
        (json.dumps({"count": 2, "data": OBJECTS, "next": None}), "l.json", "json", [1, 1]),
        ("\n".join(map(json.dumps, OBJECTS)), "l.jsonl", "jsonl", [1, 2]),
        ("\n".join(map(json.dumps, OBJECTS)) + "\n\n", "l.json", "jsonl", [1, 2]),
        ("\r\n\r\n".join(map(json.dumps, OBJECTS)), "l.ndjson", "jsonl", [1, 3]),
        (json.dumps(OBJECTS, ensure_ascii=False).encode("utf-16"), "l.json", "json", [1, 1]),
        (json.dumps(OBJECTS, ensure_ascii=False).encode("utf-8-sig"), "l.json", "json", [1, 1]),
        (gzip.compress("\n".join(map(json.dumps, OBJECTS)).encode()), "l.jsonl.gz", "jsonl", [1, 2]),
    ],
)
def test_objects_are_rows_and_their_keys_the_header(
    opened: Opened, content: str | bytes, name: str, format_: str, lines: list[int]
) -> None:
    rows = opened(content, name)

    assert list(rows) == list(rows) == list(zip(lines, CELLS, strict=True))
    assert rows.table.header == COLUMNS
    assert (rows.table.format, rows.table.delimiter, rows.table.header_line) == (format_, "", 0)


@pytest.mark.parametrize("header", ["[name],[city]", "{name},{city}", "[name]"])
def test_a_bracket_alone_makes_no_json(opened: Opened, header: str) -> None:
    assert opened(f"{header}\nAna,Bonn\n").table.header == tuple(header.split(","))


def test_numbers_stay_as_they_are_written(opened: Opened) -> None:
    rows = opened('[{"id": 10000000000000000000001, "revenue": 12.50, "x": 1E5, "y": -0}]', "l.json")

    assert list(rows) == [(1, ["10000000000000000000001", "12.50", "1E5", "-0"])]


def test_a_key_that_comes_late_is_a_column_too(opened: Opened) -> None:
    lines = ['{"name": "Ana"}'] * 3_000 + ['{"name": "Ben", "unsubscribed": true}']

    rows = opened("\n".join(lines), "l.jsonl")

    assert rows.table.header == ("name", "unsubscribed")
    assert list(rows)[-1] == (3_001, ["Ben", "yes"])


def test_zeros_in_a_text_are_dropped_and_lists_of_objects_are_kept_as_text(opened: Opened) -> None:
    rows = opened('[{"name": "A\\u0000na", "tags": [], "x": {}, "orders": [{"n": "1"}]}]', "l.json")

    assert list(rows) == [(1, ["Ana", "", "", '[{"n": "1"}]'])]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ('{"name": "Ana"}\n{"name": NaN}', "l.jsonl", "line 2, holds a number that is none"),
        ('[{"name": "Ana"},\n{"name":\n -Infinity}]', "l.json", "line 3, holds a number that is none"),
        ('{"name": "Ana"}\n{"name": "\\ud800"}', "l.jsonl", "line 2, holds half of a character"),
        ('[{"name": "Ana"},\n{"\\udfff": 1}]', "l.json", "line 2, holds half of a character"),
        ('{"name": "Ana"}\n{"name": 1, "name": 2}', "l.jsonl", "line 2, has two keys"),
        ('[{"a": {"b": 1},\n "a.b": 2}]', "l.json", "line 1, has two keys"),
        ('{"data": [{"a": 1}],\n"data": []}', "l.json", "line 2, has two keys"),
        ('{"name": "Ana"}\n["Ben"]', "l.jsonl", "line 2, is not an object"),
        ('["Ana"]', "l.json", "line 1, is not an object"),
        ('{"name": "Ana"}\n{"name": }', "l.jsonl", "line 2, is no JSON"),
        ('[{"name": "Ana"}\n{"name": "Ben"}]', "l.json", "line 2, is no JSON"),
        ('[{"name": "Ana"},\n', "l.json", "line 2, is no JSON"),
        ('[{"name": "Ana"}]\n[]', "l.json", "line 2, goes on after its end"),
        ('{"a": [{"b": 1}],\n"c": [{"d": 1}]}', "l.json", "line 2, holds a second list"),
        ('{\n"a": 1}', "l.json", "holds no list of objects"),
        ("[]", "l.json", "holds no customers"),
        ("[{}]", "l.json", "holds no customers"),
        (json.dumps([{f"k{n}": n for n in range(401)}]), "l.json", "more than 400 columns"),
        ('{"a":' * 30 + "1" + "}" * 30 + "\n{}", "l.jsonl", "line 1, is nested too deep"),
        ('{"name": "Ana"}\n{"name": "' + "x" * 1_000_000 + '"}', "l.jsonl", "line 2: longer than"),
    ],
)
def test_what_is_no_list_of_objects_is_refused_with_its_line(
    opened: Opened, content: str, name: str, says: str
) -> None:
    assert says in refusal(opened, content, name)


@given(st.text(max_size=60))
def test_whatever_json_holds_it_is_read_or_refused(junk: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "l.json"
        place.write_bytes(('[{"name": "Ana"}, ' + junk).encode("utf-8", "replace"))
        try:
            rows = open_rows(place, "l.json")
            assert [row[0] for _, row in rows][:1] == ["Ana"]
        except BadInput as refused:
            assert refused.message


# -- samples ---------------------------------------------------------------------------------

IMPORTS = Path(__file__).parents[1] / "imports"


@pytest.mark.parametrize(
    ("name", "format_", "encoding", "delimiter", "header_line", "left_out"),
    [
        ("duplicate_headers.csv", "csv", "utf-8", ",", 1, []),
        ("excel_sep.csv", "csv", "utf-8-sig", ";", 2, []),
        ("french.csv", "csv", "utf-8-sig", ";", 1, []),
        ("german_semicolon.csv", "csv", "cp1252", ";", 1, []),
        ("objects.json", "json", "utf-8", "", 0, []),
        ("old_mac.csv", "csv", "utf-8", ",", 1, []),
        ("packed.csv.gz", "csv", "utf-8", ",", 1, []),
        ("pipe.csv", "csv", "utf-8", "|", 1, []),
        ("quickbooks_online.csv", "csv", "utf-8", ",", 5, [9]),
        ("salesforce_contact_report.csv", "csv", "cp1252", ",", 1, [7, 9, 10]),
        ("sheet.ods", "ods", "", "", 3, [7]),
        ("sheet.xlsx", "xlsx", "", "", 3, [7]),
        ("stripe_api.jsonl", "jsonl", "utf-8", "", 0, []),
        ("tab.txt", "csv", "utf-8", "\t", 1, []),
        ("titles_and_footers.csv", "csv", "utf-8", ",", 4, [7, 9, 10, 11]),
        ("utf16_tab.csv", "csv", "utf-16", "\t", 1, []),
    ],
)
def test_a_sample_of_every_shape_is_read(
    name: str, format_: str, encoding: str, delimiter: str, header_line: int, left_out: list[int]
) -> None:
    rows = open_rows(IMPORTS / name, name)

    assert [len(row) for _, row in rows] == [len(rows.table.header)] * 3
    assert rows.table[:4] == (format_, encoding, delimiter, header_line)
    assert [line for line, _ in rows.left_out] == left_out


def test_a_sheet_is_the_same_list_in_both_formats() -> None:
    one, other = (open_rows(IMPORTS / name, name) for name in ("sheet.xlsx", "sheet.ods"))

    assert (one.table.header, list(one)) == (other.table.header, list(other))
