"""From a list to a plan: columns, cells, people, and what is left out and why."""

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli.customer import Customer, canonical, identities
from winback_cli.errors import BadInput, UsageError
from winback_cli.intake import Choices, Plan, plan
from winback_cli.money import Money
from winback_cli.sources import open_rows
from winback_cli.sources.columns import FIELDS, field_of, synonyms


def read(content: str | bytes, **choices: Any) -> Plan:
    raw = content.encode() if isinstance(content, str) else content
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "l.csv"
        place.write_bytes(raw)
        return plan(open_rows(place, "l.csv"), raw, "l.csv", Choices(**choices))


def only(content: str | bytes, **choices: Any) -> Customer:
    """The one customer of a list."""
    read_ = read(content, **choices)
    assert read_.rejects == ()
    (customer,) = read_.customers
    return customer


def rejects(content: str, **choices: Any) -> list[tuple[int, str, str]]:
    return [(one.line, one.field, one.value) for one in read(content, **choices).rejects]


# -- the file --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"name,email\nAna,a@example.com\n",
        b"\xef\xbb\xbfname,email\nAna,a@example.com\n",
        b"name;email\r\nAna;a@example.com\r\n",
        b"name\temail\nAna\ta@example.com",
        b'"name","email"\n"Ana","a@example.com"\n',
        b"\n\nname,email\n\nAna,a@example.com\n,\n\n",
        b"NAME , E-Mail\nAna , a@example.com\n",
    ],
    ids=["comma", "bom", "semicolon", "tab", "quotes", "blank lines", "spaces"],
)
def test_one_list_reads_the_same_however_it_is_written(content: bytes) -> None:
    customer = only(content)

    assert customer.name == "Ana"
    assert [point.value for point in customer.emails] == ["a@example.com"]


def test_what_a_file_turned_out_to_be_is_told() -> None:
    table = read(b"\xef\xbb\xbf\nname;city\nAna;Bonn\n").table

    assert (table.format, table.encoding, table.delimiter, table.header_line) == (
        "csv",
        "utf-8-sig",
        ";",
        2,
    )
    assert table.header == ("name", "city")


def test_the_delimiter_is_that_of_the_header_whatever_the_cells_hold() -> None:
    customer = only('name;notes\nAna;"a, b, c, d"\n')

    assert (customer.name, customer.notes) == ("Ana", "a, b, c, d")


def test_quotes_delimiters_and_line_breaks_within_quotes_belong_to_the_cell() -> None:
    customer = only('name,notes\n"Sol, ""Ana""","one\ntwo"\n')

    assert customer.name == 'Sol, "Ana"'
    assert customer.notes == "one\ntwo"


def test_a_row_is_numbered_by_the_line_where_it_begins() -> None:
    content = 'name,notes,orders\nAna,"one\ntwo\nthree",x\n\nBen,,y\n'

    assert [line for line, _, _ in rejects(content)] == [2, 6]


def test_rows_with_too_many_or_too_few_cells_are_rejected_and_the_others_come_in() -> None:
    read_ = read("name,city\nAna,Bonn,extra\nBen\nCleo,Rome\n")

    assert [(one.line, one.reason) for one in read_.rejects] == [
        (2, "3 cells where the header has 2"),
        (3, "1 cells where the header has 2"),
    ]
    assert [customer.name for customer in read_.customers] == ["Cleo"]
    assert read_.rejected_rows == (["Ana", "Bonn", "extra"], ["Ben"])
    assert read_.rows == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n \n", "empty"),
        (b"name\n\x00\x00", "not a text file"),
        (b"name\nAna\n\x81\n", "line 3, is not Windows-1252"),
        (b'name\nAna\n"Ben\n', "line 3"),
        (b",".join(b"c%d" % n for n in range(401)) + b"\n", "more than 400 columns"),
        (b"name\n" + b"x" * 1_000_002 + b"\n", "line 2: longer than"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name_and_line(content: bytes, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(content)

    assert "l.csv" in refused.value.message
    assert says in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"name,email\rAna,a@example.com\r",
        b"name\r\r\nAna\n",
    ],
)
def test_a_list_with_the_line_ends_of_an_old_mac_is_read_or_refused(content: bytes) -> None:
    try:
        names = [customer.name for customer in read(content).customers]
    except BadInput as refused:
        names = [refused.message]

    assert names == ["Ana"] or "l.csv" in names[0]


@given(st.binary(max_size=60))
def test_whatever_a_file_holds_it_is_read_or_refused(junk: bytes) -> None:
    content = b"name,email\n" + junk.replace(b"\r", b"")

    try:
        read_ = read(content)
    except BadInput as refused:
        assert refused.message
    else:
        people = len(read_.customers) + read_.merged
        assert people + len(read_.rejects) == read_.rows


# -- columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("E-Mail", "email"),
        ("email_address", "email"),
        ("Kundennummer", "external_id"),
        ("Währung", "currency"),
        ("Date", None),
        ("  LAST   purchase ", "last_purchase"),
        ("Do-Not-Call", "opted_out"),
        ("Prénom", "first_name"),
        ("emails", "email"),
        ("my email", None),
        ("", None),
    ],
)
def test_a_column_is_known_by_its_exact_name_evened_out(header: str, field: str | None) -> None:
    assert field_of(header) == field


def test_no_header_stands_for_two_fields_and_each_is_written_as_it_is_compared() -> None:
    names = [name for listed in synonyms().values() for name in listed]

    assert sorted(names) == sorted(set(names))
    assert all(re.fullmatch(r"[a-z0-9]+( ([a-z0-9]+|#))*", name) for name in names)
    assert tuple(synonyms()) == FIELDS


def test_columns_that_are_not_known_are_left_out_and_named() -> None:
    read_ = read("name,shoe size\nAna,38\n")

    assert read_.columns == {"name": "name", "shoe size": None}


def test_first_and_last_name_make_the_name() -> None:
    assert only("First Name,Surname,e-mail\nAna,Sol,a@example.com\n").name == "Ana Sol"
    assert only("name,first name,last name\nDr. Ana Sol,Ana,Sol\n").name == "Dr. Ana Sol"


def test_of_two_columns_of_one_field_the_first_counts_but_addresses_add_up() -> None:
    customer = only("name,customer,email,work email\nAna,Ben,a@example.com,b@example.com\n")

    assert customer.name == "Ana"
    assert [point.value for point in customer.emails] == ["a@example.com", "b@example.com"]


def test_a_mapping_overrules_the_names() -> None:
    customer = only("name,Shop,x\nAna,Blue,a@example.com\n", mapping={"name": "Shop", "emails": "X"})

    assert customer.name == "Blue"
    assert [point.value for point in customer.emails] == ["a@example.com"]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"emial": "x"}, "'emial' is no field"),
        ({"email": "y"}, "no column 'y'"),
        ({"email": ""}, "no column ''"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        read("name,x\nAna,1\n", mapping=mapping)

    assert says in refused.value.message


def test_a_list_in_which_no_column_names_anybody_is_refused_with_its_columns() -> None:
    with pytest.raises(BadInput) as refused:
        read("foo,city\n1,Bonn\n")

    assert "foo, city" in refused.value.message
    assert "--map" in refused.value.hint


# -- cells -----------------------------------------------------------------------------------


WHOLE = (
    "id,name,company,email,phone,city,country,owner,first purchase,last purchase,orders,revenue,"
    "currency,how left,reason,notes,opt out\n"
    '7,Ana,Blue,a@example.com,+44 20 7946,Leeds,GB,Mara,2020-01-02,2025-03-04,12,"1,200.50",'
    "gbp,Upset,late,two words,no\n"
)


def test_a_whole_row_comes_in() -> None:
    customer = only(WHOLE)

    assert customer == Customer(
        external_id="7",
        name="Ana",
        company="Blue",
        emails=customer.emails,
        phones=customer.phones,
        city="Leeds",
        country="GB",
        owner="Mara",
        first_purchase="2020-01-02",
        last_purchase="2025-03-04",
        orders=12,
        revenue=Money(120050, "GBP"),
        how_left="upset",
        reason="late",
        notes="two words",
    )
    assert [point.value for point in customer.emails + customer.phones] == ["a@example.com", "+44 20 7946"]


def test_several_addresses_in_one_cell_are_several_contact_points() -> None:
    customer = only('name,email\nAna,"a@example.com; b@example.com ,c@example.com ::: d"\n')

    assert [(point.value, point.state) for point in customer.emails] == [
        ("a@example.com", "unchecked"),
        ("b@example.com", "unchecked"),
        ("c@example.com", "unchecked"),
        ("d", "invalid"),
    ]


def test_a_bad_address_does_not_lose_the_customer() -> None:
    customer = only("name,email,phone\nAna,n/a,12\n")

    assert [point.state for point in customer.emails + customer.phones] == ["invalid", "invalid"]


@pytest.mark.parametrize(
    ("header", "value", "field", "shown"),
    [
        ("last purchase", "2026-13-01", "last_purchase", "2026-13-01"),
        ("last purchase", "yesterday", "last_purchase", "yesterday"),
        ("last purchase", "2026-02-30", "last_purchase", "2026-02-30"),
        ("orders", "many", "orders", "many"),
        ("orders", "-1", "orders", "-1"),
        ("orders", "1.5", "orders", "1.5"),
        ("revenue", "much", "revenue", "much"),
        ("currency", "US$", "currency", "US$"),
        ("how left", "angrily", "how_left", "angrily"),
        ("city", "x" * 301, "city", "x" * 79 + "…"),
    ],
)
def test_a_cell_that_cannot_be_read_rejects_its_row_with_line_field_value_and_reason(
    header: str, value: str, field: str, shown: str
) -> None:
    read_ = read(f"name,{header}\nAna,\nBen,{value}\n")

    ((line, told, was, reason),) = read_.rejects
    assert (line, told, was) == (3, field, shown)
    assert len(reason) > 10
    assert [customer.name for customer in read_.customers] == ["Ana"]


def test_a_row_with_nobody_in_it_is_rejected() -> None:
    assert rejects("name,city\n,Bonn\n") == [(2, "name", "")]


def test_a_first_purchase_after_the_last_is_rejected() -> None:
    content = "name,first purchase,last purchase\nAna,2026-02-01,2026-01-01\nBen,2026-01-01,\n"

    assert rejects(content) == [(2, "first_purchase", "2026-02-01")]


@pytest.mark.parametrize("value", ["3", "3.0", "0"])
def test_orders_are_whole_numbers(value: str) -> None:
    assert only(f"name,orders\nAna,{value}\n").orders == int(float(value))


def test_control_signs_of_a_cell_are_dropped() -> None:
    assert only("name\nA\x1b[31mna\u202e\n").name == "A[31mna"


# -- opting out ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["yes", "Y", "true", "1", "x", "2026-01-01", "Unsubscribed", "maybe", "ja", "opted out"]
)
def test_any_word_in_the_opt_out_column_that_is_no_no_is_an_opt_out(word: str) -> None:
    assert only(f"name,opt out\nAna,{word}\n").opted_out


@pytest.mark.parametrize(
    "word", ["", "no", "N", "FALSE", "0", "None", "Subscribed", "opted in", "-", " no "]
)
def test_a_no_in_the_opt_out_column_is_none(word: str) -> None:
    assert not only(f"name,opt out\nAna,{word}\n").opted_out


@pytest.mark.parametrize("word", ["nein", "Non", "nee", "não"])
def test_a_no_in_a_language_whose_headers_are_known_is_none(word: str) -> None:
    assert not only(f"name,abgemeldet\nAna,{word}\n").opted_out


# -- dates and decimals of a whole column ----------------------------------------------------


@pytest.mark.parametrize(
    ("values", "order", "first"),
    [
        (["2026-03-04"], "", "2026-03-04"),
        (["2026/3/14"], "", "2026-03-14"),
        (["2026/3/4"], "", "2026-03-04"),
        (["2026-03-04T10:00:00Z"], "", "2026-03-04"),
        (["2026-03-04 10:00"], "", "2026-03-04"),
        (["03.04.2026"], "", "2026-04-03"),
        (["03/04/2026", "13/04/2026"], "", "2026-04-03"),
        (["03/04/2026", "04/13/2026"], "", "2026-03-04"),
        (["03/04/2026"], "mdy", "2026-03-04"),
        (["03/04/2026"], "dmy", "2026-04-03"),
        (["04/04/2026"], "", "2026-04-04"),
        (["3.4.26"], "", "2026-04-03"),
    ],
)
def test_the_order_of_dates_is_read_from_the_whole_column(
    values: list[str], order: str, first: str
) -> None:
    rows = "\n".join(f"N{n},{value}" for n, value in enumerate(values))

    customers = read(f"name,last purchase\n{rows}\n", date_order=order).customers

    assert customers[0].last_purchase == first


@pytest.mark.parametrize("values", [["03/04/2026"], ["13/04/2026", "04/13/2026"]])
def test_dates_that_could_be_read_two_ways_are_refused_with_the_option(values: list[str]) -> None:
    rows = "\n".join(f"N{n},{value}" for n, value in enumerate(values))

    with pytest.raises(BadInput) as refused:
        read(f"name,last purchase\n{rows}\n")

    assert "--date-order" in refused.value.hint


def test_amounts_are_read_with_the_decimal_sign_of_the_whole_column() -> None:
    customers = read('name,revenue\nAna,1.234\nBen,"12,50"\nCleo,€ 3\n').customers

    assert [customer.revenue for customer in customers] == [
        Money(123400, "EUR"),
        Money(1250, "EUR"),
        Money(300, "EUR"),
    ]


@pytest.mark.parametrize("rows", ["Ana,1.234\n", 'Ana,1.5\nBen,"1,5"\n'])
def test_amounts_that_could_be_read_two_ways_are_refused(rows: str) -> None:
    with pytest.raises(BadInput, match="two ways"):
        read(f"name,revenue\n{rows}")


def test_the_currency_is_the_cells_the_columns_or_the_users() -> None:
    content = "name,revenue,currency\nAna,12,usd\nBen,£12,usd\nCleo,12,\n"

    assert [c.revenue.currency for c in read(content, currency="CHF").customers if c.revenue] == [
        "USD",
        "GBP",
        "CHF",
    ]


# -- one person, several rows ----------------------------------------------------------------


def test_rows_of_one_address_are_one_person() -> None:
    read_ = read(
        "name,email,last purchase\n"
        "Ana,ana@example.com,2024-01-01\n"
        "Ben,ben@example.com,2024-01-01\n"
        "Ana Sol,Ana+x@Example.com,2025-01-01\n"
    )

    assert [customer.name for customer in read_.customers] == ["Ana Sol", "Ben"]
    assert (read_.rows, read_.merged) == (3, 1)


def test_rows_of_one_id_are_one_person() -> None:
    assert read("id,name\n7,Ana\n7,Ana Sol\n8,Ana\n").merged == 1


def test_a_phone_makes_one_person_only_with_the_name() -> None:
    read_ = read("name,phone\nAna,+44 20 7946 0001\nANA,442079460001\nBen,+44 20 7946 0001\n")

    assert [customer.name for customer in read_.customers] == ["ANA", "Ben"]


def test_names_alone_make_one_person_only_with_the_firm() -> None:
    assert read("name,company\nAna,Blue\nAna,Blue\nAna,Red\n").merged == 1


def test_a_row_that_shares_something_with_two_people_makes_one_of_all() -> None:
    read_ = read('name,email\nAna,a@example.com\nBen,b@example.com\nCleo,"a@example.com,b@example.com"\n')

    assert (len(read_.customers), read_.merged) == (1, 2)


def test_an_opt_out_in_one_row_of_a_person_holds_for_the_person() -> None:
    (customer,) = read("name,email,opt out\nAna,a@example.com,yes\nAna,a@example.com,no\n").customers

    assert customer.opted_out


EMAILS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1, max_size=3)


@given(st.lists(EMAILS, min_size=1, max_size=8))
def test_no_two_people_of_a_plan_share_an_identity_and_no_address_is_lost(rows: list[list[str]]) -> None:
    lines = [f'N{n},"{",".join(f"{who}@example.com" for who in row)}"' for n, row in enumerate(rows)]

    read_ = read("name,email\n" + "\n".join(lines) + "\n")

    keys = [key for customer in read_.customers for key in set(identities(customer))]
    assert len(keys) == len(set(keys))
    addresses = {canonical(point) for customer in read_.customers for point in customer.emails}
    assert addresses == {f"{who}@example.com" for row in rows for who in row}
    assert len(read_.customers) + read_.merged == len(rows)


# -- the same again --------------------------------------------------------------------------


def test_the_key_of_a_plan_is_that_of_the_file_and_of_how_it_was_read() -> None:
    content = "name,x\nAna,Ben\n"

    plain, same = read(content), read(content)

    assert plain.key == same.key
    assert read(content + "\n").key != plain.key
    assert read(content, mapping={"company": "x"}).key != plain.key
    assert read(content, currency="USD").key != plain.key
    assert read(content, mapping={"company": "x"}).sha256 == plain.sha256
