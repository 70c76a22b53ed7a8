"""From a list to customers: columns, cells, people, and what is left out and why."""

import itertools
import json
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from tests.conftest import Runner
from tests.work.lists import Person, bring, people, read_list
from winback_cli.customer import ContactPoint, Customer, canonical
from winback_cli.errors import BadInput, UsageError
from winback_cli.money import Money
from winback_cli.sources import Reading
from winback_cli.sources.columns import FIELDS, field_of, synonyms


def only(content: str | bytes, **choices: Any) -> Customer:
    """The one customer of a list."""
    read_ = read_list(content, **choices)
    assert read_.rejects == []
    (customer,) = read_.customers
    return customer


def rejects(content: str, **choices: Any) -> list[tuple[int, str, str]]:
    return [(one.line, one.field, one.value) for one in read_list(content, **choices).rejects]


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
    table = read_list(b"\xef\xbb\xbf\nname;city\nAna;Bonn\n").table

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
    read_ = read_list("name,city\nAna,Bonn,extra\nBen\nCleo,Rome\n")

    assert [(one.line, one.reason) for one in read_.rejects] == [
        (2, "3 cells where the header has 2"),
        (3, "1 cells where the header has 2"),
    ]
    assert [customer.name for customer in read_.customers] == ["Cleo"]
    assert read_.rejected_rows == [["Ana", "Bonn", "extra"], ["Ben"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n \n", "empty"),
        (b"name\n\x00\x00", "not a text file"),
        (b"name\nAna\n\x81\n", "line 3, is not Windows-1252"),
        (b"name\nAna\nR\xc3\xa9\nR\xe9\n", "line 4, is not UTF-8, though the lines before it are"),
        (b'name\nAna\n"Ben\n', "line 3"),
        (b",".join(b"c%d" % n for n in range(401)) + b"\n", "more than 400 columns"),
        (b"name\n" + b"x" * 1_000_002 + b"\n", "line 2: longer than"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name_and_line(content: bytes, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_list(content)

    assert "l.csv" in refused.value.message
    assert says in refused.value.message
    assert refused.value.hint


def test_a_list_in_windows_1252_is_read_and_said_and_the_encoding_may_be_named() -> None:
    content = "name,city\nZoë,Málaga\n".encode("cp1252")

    read_ = read_list(content)

    assert [(one.name, one.city) for one in read_.customers] == [("Zoë", "Málaga")]
    assert read_.table.said == ("Read as Windows-1252; --encoding overrules.",)
    assert read_list(content, Reading(encoding="latin-1")).table.said == ()


def test_a_list_with_the_line_ends_of_an_old_mac_is_read() -> None:
    assert only(b"name,email\rAna,a@example.com\r").name == "Ana"


def test_of_columns_of_one_name_the_later_ones_are_numbered_and_said() -> None:
    read_ = read_list("name,phone,phone\nAna,+44 20 7946 0001,+44 20 7946 0002\n")

    assert read_.columns == {"name": "name", "phone": "phone", "phone (2)": "phone"}
    assert read_.table.said == ("Columns of one name are numbered: phone (2).",)
    assert [point.value for point in read_.customers[0].phones] == ["+442079460001", "+442079460002"]


@given(st.binary(max_size=60))
def test_whatever_a_file_holds_it_is_read_or_refused(junk: bytes) -> None:
    content = b"name,email\n" + junk.replace(b"\r", b"")

    try:
        read_ = read_list(content)
    except BadInput as refused:
        assert refused.message
    else:
        taken = {row.line for row in read_.rows} | {reject.line for reject in read_.rejects}
        assert len(taken) == len(read_.rows) + len(read_.rejects)


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
    read_ = read_list("name,shoe size\nAna,38\n")

    assert read_.columns == {"name": "name", "shoe size": None}


def test_first_and_last_name_make_the_name() -> None:
    assert only("First Name,Surname,e-mail\nAna,Sol,a@example.com\n").name == "Ana Sol"
    assert only("name,first name,last name\nDr. Ana Sol,Ana,Sol\n").name == "Dr. Ana Sol"


def test_of_two_columns_of_one_field_the_first_counts_but_addresses_add_up() -> None:
    customer = only("name,customer,email,work email\nAna,Ben,a@example.com,b@example.com\n")

    assert customer.name == "Ana"
    assert [point.value for point in customer.emails] == ["a@example.com", "b@example.com"]


def test_a_mapping_overrules_the_names() -> None:
    customer = only("name,Shop,x\nAna,Blue,a@example.com\n", mapping=(("name", "Shop"), ("emails", "X")))

    assert customer.name == "Blue"
    assert [point.value for point in customer.emails] == ["a@example.com"]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ((("emial", "x"),), "'emial' is no field"),
        ((("email", "y"),), "no column 'y'"),
        ((("email", ""),), "no column ''"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping: tuple[tuple[str, str], ...], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_list("name,x\nAna,1\n", mapping=mapping)

    assert says in refused.value.message


def test_a_list_in_which_no_column_names_anybody_is_refused_with_its_columns() -> None:
    with pytest.raises(BadInput) as refused:
        read_list("foo,city\n1,Bonn\n")

    assert "foo, city" in refused.value.message
    assert "--map" in refused.value.hint


# -- cells -----------------------------------------------------------------------------------


WHOLE = (
    "id,name,company,email,phone,city,country,owner,first purchase,last purchase,orders,revenue,"
    "currency,how left,reason,notes,opt out\n"
    '7,Ana,Blue,a@example.com,+44 20 7946 0001,Leeds,GB,Mara,2020-01-02,2025-03-04,12,"1,200.50",'
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
    assert [point.value for point in customer.emails + customer.phones] == [
        "a@example.com",
        "+442079460001",
    ]


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
    read_ = read_list(f"name,{header}\nAna,\nBen,{value}\n")

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

    customers = read_list(f"name,last purchase\n{rows}\n", date_order=order).customers

    assert customers[0].last_purchase == first


@pytest.mark.parametrize("values", [["03/04/2026"], ["13/04/2026", "04/13/2026"]])
def test_dates_that_could_be_read_two_ways_are_refused_with_the_option(values: list[str]) -> None:
    rows = "\n".join(f"N{n},{value}" for n, value in enumerate(values))

    with pytest.raises(BadInput) as refused:
        read_list(f"name,last purchase\n{rows}\n")

    assert "--date-order" in refused.value.hint


def test_amounts_are_read_with_the_decimal_sign_of_the_whole_column() -> None:
    customers = read_list('name,revenue\nAna,1.234\nBen,"12,50"\nCleo,€ 3\n').customers

    assert [customer.revenue for customer in customers] == [
        Money(123400, "EUR"),
        Money(1250, "EUR"),
        Money(300, "EUR"),
    ]


@pytest.mark.parametrize("rows", ["Ana,1.234\n", 'Ana,1.5\nBen,"1,5"\n'])
def test_amounts_that_could_be_read_two_ways_are_refused(rows: str) -> None:
    with pytest.raises(BadInput, match="two ways"):
        read_list(f"name,revenue\n{rows}")


def test_the_currency_is_the_cells_the_columns_or_the_users() -> None:
    content = "name,revenue,currency\nAna,12,usd\nBen,£12,usd\nCleo,12,\n"

    assert [c.revenue.currency for c in read_list(content, currency="CHF").customers if c.revenue] == [
        "USD",
        "GBP",
        "CHF",
    ]


# -- one person, several rows ----------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "scratch" / "store.sqlite"


def test_rows_of_one_address_are_one_person_as_the_newest_purchase_says(store: Path) -> None:
    done = bring(
        store,
        "name,email,last purchase,city\n"
        "Ana,ana@example.com,2024-01-01,Bonn\n"
        "Ben,ben@example.com,2024-01-01,\n"
        "Ana Sol,Ana+x@Example.com,2025-01-01,\n",
    )

    assert [(one.name, one.city) for one in people(store)] == [("Ana Sol", "Bonn"), ("Ben", "")]
    assert (done.rows, done.brought.new, done.brought.merged) == (3, 2, 1)


def test_rows_of_one_id_are_one_person(store: Path) -> None:
    assert bring(store, "id,name\n7,Ana\n7,Ana Sol\n8,Ana\n").brought.merged == 1


def test_a_phone_makes_one_person_only_with_the_name(store: Path) -> None:
    bring(store, "name,phone\nAna,+44 20 7946 0001\nANA,+442079460001\nBen,+44 20 7946 0001\n")

    assert [one.name for one in people(store)] == ["Ana", "Ben"]


def test_names_alone_make_one_person_only_with_the_firm(store: Path) -> None:
    assert bring(store, "name,company\nAna,Blue\nAna,Blue\nAna,Red\n").brought.merged == 1


def test_a_row_that_shares_something_with_two_people_makes_one_of_all(store: Path) -> None:
    done = bring(
        store, 'name,email\nAna,a@example.com\nBen,b@example.com\nCleo,"a@example.com,b@example.com"\n'
    )

    assert (done.brought.new, done.brought.merged, len(people(store))) == (1, 2, 1)


def test_an_opt_out_in_one_row_of_a_person_holds_for_the_person(store: Path) -> None:
    bring(store, "name,email,opt out\nAna,a@example.com,yes\nAna,a@example.com,no\n")

    assert [one.alone for one in people(store)] == [True]


EMAILS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1, max_size=3)
FEW = effort(max_examples=40)  # each makes a store


@FEW
@given(st.lists(EMAILS, min_size=1, max_size=8))
def test_no_two_people_share_an_address_and_no_address_is_lost(rows: list[list[str]]) -> None:
    lines = [f'N{n},"{",".join(f"{who}@example.com" for who in row)}"' for n, row in enumerate(rows)]

    done, found = anew("name,email\n" + "\n".join(lines) + "\n")

    mailboxes = [canonical(ContactPoint(*point)) for one in found for point in one.points]
    assert len(mailboxes) == len(set(mailboxes))
    assert set(mailboxes) == {f"{who}@example.com" for row in rows for who in row}
    assert done.brought.new + done.brought.merged == len(rows)


# -- any list, in any order, twice -----------------------------------------------------------

HEADER = "id,name,company,email,phone,city,first purchase,last purchase,orders,revenue,how left,opt out"
ROW = st.tuples(
    st.sampled_from(["", "", "1", "2"]),
    st.sampled_from(["", "Ana", "ana", "Ben", "Zoë"]),
    st.sampled_from(["", "", "Blue", "Red"]),
    st.sampled_from(
        ["", "a@example.com", "A+x@example.com", "b@example.com", "b@example.com; c@example.com"]
    ),
    st.sampled_from(["", "", "+44 20 7946 0001", "+44 20 7946 0002", "12"]),
    st.sampled_from(["", "Bonn", "Rome"]),
    st.sampled_from(["", "2020-01-01", "2021-01-01"]),
    st.sampled_from(["", "2024-01-01", "2025-01-01", "2025-02-30"]),
    st.sampled_from(["", "1", "2", "x"]),
    st.sampled_from(["", "10.00", "20.50"]),
    st.sampled_from(["", "upset", "lapsed"]),
    st.sampled_from(["", "", "", "no", "yes"]),
).map(list)
ROWS = st.lists(ROW, min_size=1, max_size=9)


def listed(rows: list[list[str]], encoding: str = "utf-8") -> bytes:
    return "\n".join([HEADER, *map(",".join, rows), ""]).encode(encoding)


def anew(content: str | bytes, *more: str | bytes) -> tuple[Any, list[Person]]:
    """Bring lists into a store of their own; what the last one did, and who is in the store then."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.sqlite"
        for one in (content, *more):
            done = bring(store, one)
        return done, sorted(people(store), key=repr)


@FEW
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_any_order_of_the_rows_makes_the_same_customers_and_the_same_counts(
    before: list[list[str]], rows: list[list[str]], chance: random.Random
) -> None:
    other = chance.sample(rows, len(rows))

    (one, first), (two, second) = (anew(listed(before), listed(some)) for some in (rows, other))

    assert first == second
    assert (one.rejected, counts(one)) == (two.rejected, counts(two))


def counts(done: Any) -> tuple[int, ...]:
    b = done.brought
    return b.new, b.changed, b.same, b.merged, b.suppressed


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=str)
def test_who_is_one_with_somebody_left_alone_who_opts_out_again_is_left_alone_too(
    order: tuple[int, int], store: Path
) -> None:
    bring(store, "email,opted out\na@example.com,yes\nb@example.com,\n")
    rows = ["2,a@example.com,yes", "2,b@example.com,"]

    bring(store, "\n".join(["customer_id,email,opted out", *(rows[n] for n in order)]) + "\n")

    assert [person.alone for person in people(store)] == [True, True]


LINKED = [
    "7,Ana,a@example.com,,yes",
    "7,Ana,b@example.com,,",
    "7,Ana,,Rome,",
    "8,Ben,c@example.com,,",
    "8,Ben,d@example.com,,",
    "8,Ben,,Rome,",
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_two_who_are_one_in_a_list_are_both_left_alone_and_the_first_takes_what_names_neither(
    order: tuple[int, ...], store: Path
) -> None:
    bring(store, "email\na@example.com\nb@example.com\nc@example.com\nd@example.com\n")

    rows = [LINKED[person + place] for person in (0, 3) for place in order]
    done = bring(store, "id,name,email,city,opt out\n" + "\n".join(rows) + "\n")

    a, b, c, d = people(store)
    assert (a.alone, b.alone, c.alone, d.alone) == (True, True, False, False)
    assert [(one.external_id, one.city) for one in (c, d)] == [("8", "Rome"), ("8", "")]
    assert done.brought.twins == ((1, 2), (3, 4))


@FEW
@given(ROWS, ROWS)
def test_the_counts_of_an_import_make_up_its_rows(rows: list[list[str]], more: list[list[str]]) -> None:
    one, _ = anew(listed(rows))
    two, _ = anew(listed(rows), listed(more))

    assert (one.counted, two.counted) == (one.rows, two.rows)
    assert (one.rows, two.rows) == (sum(map(any, rows)), sum(map(any, more)))


@FEW
@given(ROWS, st.randoms(use_true_random=False))
def test_a_list_that_comes_twice_reordered_and_in_another_encoding_changes_nothing(
    rows: list[list[str]], chance: random.Random
) -> None:
    other = chance.sample(rows, len(rows))

    _, once = anew(listed(rows))
    again, twice = anew(listed(rows), listed(other, "utf-16"))

    assert once == twice
    assert (again.brought.new, again.brought.changed, again.brought.changes) == (0, 0, ())


# -- the same again --------------------------------------------------------------------------


def test_a_list_is_the_same_again_by_its_content_and_by_how_it_is_read(
    stocked: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "more.csv"
    place.write_text("name,x,email\nNia,Ben,nia@example.com\n", "utf-8")

    def already(*how: str) -> bool:
        return bool(json.loads(stocked("import", place, "--json", *how).out)["already"])

    assert [already(), already()] == [False, True]
    assert [already("--map", "company=x"), already("--map", "company=X")] == [False, True]
    assert [already("--currency", "USD"), already("--currency", "usd")] == [False, True]
    place.write_text("name,x,email\nNia,Ben,nia@example.com\n\n", "utf-8")
    assert [already(), already()] == [False, True]


@pytest.mark.parametrize(
    ("header", "row", "field"),
    [
        ("name,address1,address2,city", f"Ana,{'x' * 400},u,Rome", "address"),
        ("name,address,city,postcode", f"Ana,High St 1,{'x' * 400},12", "city"),
        ("name,address,city,region", f"Ana,High St 1,Rome,{'x' * 400}", "region"),
    ],
)
def test_one_part_of_an_address_that_cannot_be_read_rejects_its_row_alone(
    header: str, row: str, field: str
) -> None:
    found = read_list(f"{header}\n{row}\nBen,,,\n")

    assert [one.field for one in found.rejects] == [field]
    assert [one.name for one in found.customers] == ["Ben"]


MET = (",Blue,a@example.com,,", "Ana,,a@example.com,+44 20 7946 0001,", "Ana,Blue,,+44 20 7946 0001,upset")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_a_row_that_fits_what_two_others_say_together_is_theirs(order: tuple[int, ...]) -> None:
    header = "name,company,email,phone,how_left\n"
    rows = [MET[place] for place in order]

    brought, (one,) = anew(header + "\n".join(rows) + "\n")
    again, twice = anew(header + "\n".join(rows) + "\n", header + "\n".join(reversed(rows)) + "\n")

    assert (brought.brought.new, brought.brought.merged) == (1, 2)
    assert one.values[2:4] == ("Ana", "Blue")
    assert one.values[8] == "upset"
    assert (twice, again.brought.changed) == ([one], 0)
