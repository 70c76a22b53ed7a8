"""What leaves as text: formulas kept from running and given back whole, amounts and addresses that read
back as they were, and nothing of those left alone but marks.
"""

import csv
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.work.lists import read_list
from winback_cli import exporting, text
from winback_cli.customer import ContactPoint, Customer
from winback_cli.exporting import CaseLine, EventLine, Widths
from winback_cli.money import Money

FORMULAS = (
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
    "\tplain after a tab",
    "  =1",
    "\u00a0=1",
    "\u3000=1",
    "'=1",
    '"=1',
    "\u201c=1",
    "\u00b4=1",
    "\u200b=1",
    "\ufeff+1",
    "\u2060\u200d@x",
    "\ufe0f=1",
    "\u3164=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    " \uff07\uff1d1",
    "\u2212" + "1",
    "+44 20 7946 0001",
    "- called on Monday",
)
INNOCENT = (
    "",
    "'",
    "O'Brien",
    "'s-Hertogenbosch",
    "Ana = Sol",
    "5-3",
    "a@b.example",
    "(=1)",
    "株式",
    "\u00e9=",
)


@pytest.mark.parametrize("cell", FORMULAS, ids=ascii)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(cell: str) -> None:
    assert exporting.neutral(cell) == "'" + cell


@pytest.mark.parametrize("cell", INNOCENT, ids=ascii)
def test_what_none_would_run_stays_as_it_is(cell: str) -> None:
    assert exporting.neutral(cell) == cell
    assert exporting.told(cell) == cell


SIGNS = st.sampled_from("=+-@'\"\u2018\u201d \t\n\u00a0\u200b\u3000\uff1d\uff0b\uff07\ufeffa1\u00e9")


@given(st.one_of(st.text(SIGNS), st.text()))
@example("'=")
@example("''=")
@example("'\t")
def test_every_text_comes_back_from_its_cell(cell: str) -> None:
    assert exporting.told(exporting.neutral(cell)) == cell


@given(st.text(SIGNS))
def test_no_cell_begins_with_a_formula_in_any_guise(cell: str) -> None:
    made = exporting.neutral(cell)

    seen = unicodedata.normalize("NFKC", made).strip("\u200b\ufeff \t\n\u00a0\u3000")
    assert made[:1] == "'" or seen[:1] not in ("=", "+", "-", "@")


# -- CSV -------------------------------------------------------------------------------------


def csv_of(header: list[str], *rows: list[str], raw: bool = False) -> list[list[str]]:
    return list(csv.reader("".join(exporting.csv_lines(header, rows, raw=raw)).splitlines(keepends=True)))


def test_formulas_are_neutral_in_csv_and_as_they_are_when_raw() -> None:
    assert csv_of(["name"], ["=1"], ["Ana"]) == [["name"], ["'=1"], ["Ana"]]
    assert csv_of(["name"], ["=1"], ["Ana"], raw=True) == [["name"], ["=1"], ["Ana"]]


def test_an_amount_below_nothing_stays_a_number() -> None:
    assert csv_of(["name", "revenue"], ["-5.00", "-5.00"])[1] == ["'-5.00", "-5.00"]


def test_csv_holds_no_control_signs() -> None:
    assert csv_of(["name"], ["A\x1b[31m\u202eb\x9b"])[1] == ["A[31mb"]


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_commas_quotes_and_line_breaks_stay_in_their_cells(cells: list[str]) -> None:
    safe = [text.clean(cell) for cell in cells]
    written = "".join(exporting.csv_lines([""] * len(cells), [cells]))

    _, row = csv.reader([line + "\n" for line in written.split("\n")[:-1]])

    assert [exporting.told(cell) for cell in row] == safe


# -- JSON ------------------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=3), max_size=4)


@given(OBJECTS)
@example([{"a": "\u2028\u2029\x85\x9b\u202e\x7f\ud800"}])
def test_json_and_json_lines_hold_the_same_and_an_object_is_one_line(objects: list[dict[str, Any]]) -> None:
    lines = list(exporting.jsonl_lines(objects))
    whole = "".join(exporting.json_lines(objects))

    assert [json.loads(line) for line in lines] == json.loads(whole) == objects
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in whole.replace("\n", ""))
    assert not set(whole) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


# -- customers, read as the import reads them ------------------------------------------------


def point(kind: str, value: str) -> ContactPoint:
    return ContactPoint(kind, value)


def read_back(*customers: Customer, widths: Widths = Widths(3, 3)) -> list[Customer]:  # noqa: B008
    rows = [exporting.customer_row(customer, widths) for customer in customers]
    written = "".join(exporting.csv_lines(exporting.customer_columns(widths), rows))
    read = read_list(written)
    assert read.rejects == []
    assert None not in read.columns.values()
    return read.customers


def test_the_columns_are_the_fields_of_the_import_and_of_no_known_export() -> None:
    header = exporting.customer_columns(Widths(2, 1))

    found = read_list(",".join(header) + "\n" + ",Ana" + "," * (len(header) - 2) + "\n").found

    fields = ["email" if name == "email 2" else name for name in header]
    assert list(found.columns.fields) == fields
    assert (found.columns.export, found.columns.near) == (None, ())


ANA = Customer(
    name='Ana O\'Brien, "the first"',
    company="Bäckerei Süß & Söhne — 株式",
    emails=tuple(point("email", f"{name}@example.com") for name in ("ana", "ana.two", "o'three")),
    phones=(point("phone", "+12025550101;ext=12"), point("phone", "+442079460001")),
    addresses=(point("address", "1 High St, LS1 4AP Leeds, Yorks"),),
    external_id="A-1",
    city="Leeds",
    country="GB",
    owner="Mara",
    how_left="upset",
    reason="price; service",
    notes="said 'no'\n\ttwo \"lines\", and a comma;\nthree",
    first_purchase="2022-01-10",
    last_purchase="2025-11-02",
    orders=0,
    revenue=Money(420050, "EUR"),
)


def test_a_whole_customer_reads_back_equal() -> None:
    assert read_back(ANA) == [ANA]


@pytest.mark.parametrize(
    "address",
    [
        "1 High St, Leeds",
        "1 High St, LS1 Leeds",
        "1 High St, Leeds, Yorks, North",
        "Leeds House, 2nd floor, LS1 4AP Leeds",
        "Leeds, Leeds",
        "1 Leeds Rd, Leeds, Leeds",
    ],
)
def test_an_address_with_its_town_reads_back_equal(address: str) -> None:
    one = ANA._replace(addresses=(point("address", address),))

    assert read_back(one) == [one]


@pytest.mark.parametrize("city", ["Frankfurt, Main", "St. Ives (Cornwall)", "Ort"])
def test_a_town_of_any_spelling_is_told_from_the_street(city: str) -> None:
    one = ANA._replace(city=city, addresses=(point("address", f"Ort 1, 60311 {city}, Region"),))

    assert read_back(one) == [one]


def test_an_address_without_a_town_column_stays_whole() -> None:
    one = ANA._replace(city="", addresses=(point("address", "1 High St, LS1 Leeds"),))

    assert read_back(one) == [one]


def test_an_address_that_does_not_name_the_town_gains_it_once_and_no_more() -> None:
    (once,) = read_back(ANA._replace(addresses=(point("address", "1 High St"),)))

    assert [p.value for p in once.addresses] == ["1 High St, Leeds"]
    assert read_back(once) == [once]


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "XYZ"])
@pytest.mark.parametrize("amount", [0, 1, 5, 100, 1234, 120000, 1234567, 10**15])
def test_an_amount_reads_back_in_its_currency_even_where_it_is_alone(currency: str, amount: int) -> None:
    one = ANA._replace(revenue=Money(amount, currency))

    assert read_back(one)[0].revenue == one.revenue


def test_amounts_of_several_currencies_read_back_together() -> None:
    amounts = [Money(1234, "KWD"), Money(1234, "JPY"), Money(1234, "EUR"), None]
    people = [
        ANA._replace(external_id=str(n), emails=(), phones=(), revenue=one) for n, one in enumerate(amounts)
    ]

    assert [one.revenue for one in read_back(*people)] == amounts


@pytest.mark.parametrize("number", ["+44 20 7946", "(0)20", "0049", "+442079460001", "020 7946 0001"])
def test_a_phone_reads_back_and_never_runs(number: str) -> None:
    given_ = read_list(f"name,phone\nAna,{number}\n").customers

    row = exporting.customer_row(given_[0], Widths())
    written = "".join(exporting.csv_lines(exporting.customer_columns(Widths()), [row]))

    assert read_list(written).customers == given_
    assert ",+" not in written


def test_points_beyond_the_columns_share_the_last_one_and_read_back() -> None:
    assert read_back(ANA, widths=Widths(2, 1)) == [ANA]


def test_no_more_columns_than_an_import_takes() -> None:
    many = tuple(point("email", f"a{n}@example.com") for n in range(52))

    header = exporting.customer_columns(Widths(1000, 1000))

    assert len(header) < 400
    assert header.count("email 50") == header.count("phone 50") == 1
    assert read_back(ANA._replace(emails=many), widths=Widths(52, 1)) == [ANA._replace(emails=many)]


def test_ids_of_two_systems_stay_apart_and_are_known_again() -> None:
    shop = ANA._replace(source="shop", external_id="17")
    crm = ANA._replace(source="crm", external_id="17")

    told = read_back(shop, crm)

    assert [(one.source, one.external_id) for one in told] == [("", "shop:17"), ("", "crm:17")]
    assert exporting.id_of("", "shop:17") == exporting.id_of("shop", "17")


def test_a_customer_as_json_has_minor_units_and_the_state_of_each_point() -> None:
    stale = ANA._replace(
        emails=(ContactPoint("email", "ana@example.com", "stale"),), phones=(), addresses=()
    )

    told = exporting.customer_object(7, stale)

    assert told["number"] == 7
    assert told["revenue"] == {"amount": 420050, "currency": "EUR"}
    assert told["contact_points"] == [{"kind": "email", "value": "ana@example.com", "state": "stale"}]
    assert exporting.customer_object(7, Customer(name="Ana"))["revenue"] is None


# -- cases and events ------------------------------------------------------------------------

CASE = CaseLine(
    12, 10, "shop", "17", "Ana Sol", "Blue Foods", "Mara", False, "standard", 1, "closed", "won", "decide",
    "worth", "price", None, 2, 9, "2026-11-23", "2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z",
)  # fmt: skip
EVENT = EventLine(
    12, 10, False, 3, "touched", "mara", "2026-11-23", "2026-11-23T09:00:00Z", 5, False,
    {"channel": "phone", "disposition": "wrong_number", "at": "+442079460001", "person": "Ana", "notes": "x"},
    "hash",
)  # fmt: skip


def test_a_case_has_every_column_in_order() -> None:
    told = exporting.case_object(CASE)

    assert tuple(told) == exporting.CASE_COLUMNS
    assert (told["case"], told["external_id"], told["name"]) == ("12.10", "shop:17", "Ana Sol")
    assert exporting.cells_of(told)[:8] == [
        "12.10",
        "12",
        "10",
        "shop:17",
        "Ana Sol",
        "Blue Foods",
        "Mara",
        "no",
    ]


def test_a_case_of_somebody_left_alone_does_not_say_whose_it_is() -> None:
    told = exporting.case_object(CASE._replace(suppressed=True))

    assert (told["external_id"], told["name"], told["company"]) == (None, "", "")
    assert (told["customer"], told["outcome"], told["suppressed"]) == (12, "won", True)


def test_an_event_is_whole() -> None:
    told = exporting.event_object(EVENT)

    assert tuple(told) == exporting.EVENT_COLUMNS
    assert (told["case"], told["shortened"], told["body"]) == ("12.10", False, EVENT.body)
    assert json.loads(exporting.cells_of(told)[11]) == EVENT.body


def test_an_event_of_somebody_left_alone_keeps_marks_and_no_word() -> None:
    told = exporting.event_object(EVENT._replace(suppressed=True))

    assert told["shortened"] is True
    assert told["body"] == {"channel": "phone", "disposition": "wrong_number"}


@given(
    st.dictionaries(
        st.sampled_from(["value", "append", "text", "because", "at", "subject", "x"]), st.text()
    )
)
def test_nothing_that_was_said_is_kept_of_somebody_left_alone(body: dict[str, Any]) -> None:
    assert exporting.event_object(EVENT._replace(suppressed=True, body=body))["body"] == {}
