"""Who is who: canonical forms, identities, and two rows of one person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli import text
from winback_cli.customer import (
    ContactPoint,
    Customer,
    Watch,
    canonical,
    canonical_email,
    email_point,
    guises,
    hashed,
    identities,
    join,
    known_by,
    phone_point,
)
from winback_cli.money import Money

ANA = "ana@example.com"


def email(value: str, state: str = "unchecked") -> ContactPoint:
    return ContactPoint("email", value, state)


def phone(value: str, state: str = "unchecked") -> ContactPoint:
    return ContactPoint("phone", value, state)


# -- canonical forms -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "ana@example.com",
        "Ana@Example.COM",
        " ana@example.com ",
        "ana+shop@example.com",
        "ana+a+b@example.com",
        "ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "a\u200bn\u200da@exa\u00admple.com",
        "\ufeffana@example.com",
        "ana@example.com.",
        "ana@EXAMPLE。com",
        '"ana"@example.com',
    ],
)
def test_one_mailbox_has_one_form_however_it_is_written(written: str) -> None:
    assert canonical_email(written) == ANA


@pytest.mark.parametrize(
    "written", ["a.n.a@gmail.com", "ana@googlemail.com", "A.Na+x@GoogleMail.com", "ana@gmail.com"]
)
def test_dots_and_the_other_name_do_not_count_at_gmail(written: str) -> None:
    assert canonical_email(written) == "ana@gmail.com"


def test_dots_count_everywhere_else() -> None:
    assert canonical_email("a.na@example.com") != ANA


@pytest.mark.parametrize(
    "written",
    ["ana@bücher.example", "ana@BÜCHER.example", "ana@xn--bcher-kva.example", "ana@bu\u0308cher.example"],
)
def test_a_name_in_punycode_is_the_name_itself(written: str) -> None:
    assert canonical_email(written) == "ana@xn--bcher-kva.example"


@pytest.mark.parametrize("written", ["", "ana", "@example.com", "ana@", "a@b@c", "a@x..y", "a@" + "x" * 80])
def test_what_is_no_address_still_has_a_form(written: str) -> None:
    assert canonical_email(canonical_email(written)) == canonical_email(written)


@given(st.emails())
def test_the_form_of_a_form_is_the_same(address: str) -> None:
    once = canonical_email(address)

    assert canonical_email(once) == once
    assert canonical_email(address.upper()) == once


def test_a_tag_alone_is_not_cut_to_nothing() -> None:
    assert canonical_email("+tag@example.com") == "+tag@example.com"


@pytest.mark.parametrize("written", ["+44 20 7946-0001", "(44) 20.7946 0001", "+４４ 20 7946 0001"])
def test_a_phone_is_its_digits(written: str) -> None:
    assert canonical(phone(written)) == "442079460001"


# -- contact points --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("ana@example.com", ANA),
        ("<ana@example.com>", ANA),
        ("mailto:ana@example.com", ANA),
        (" ana@example.com;", ANA),
        ("o'neill@example.com", "o'neill@example.com"),
        ("ana@bücher.example.com", "ana@bücher.example.com"),
        ("a.b-c_d+e@sub.example.co.uk", "a.b-c_d+e@sub.example.co.uk"),
    ],
)
def test_an_address_is_a_contact_point_yet_to_be_checked(written: str, value: str) -> None:
    assert email_point(written) == email(value)


@pytest.mark.parametrize(
    "written",
    [
        "ana",
        "ana@",
        "@example.com",
        "a..b@example.com",
        "ana@localhost",
        "a b@example.com",
        "n/a",
        "a@-x.com",
    ],
)
def test_what_is_no_address_is_kept_and_marked_invalid(written: str) -> None:
    assert email_point(written) == email(written, "invalid")


def test_a_phone_is_its_international_form_where_its_country_is_known() -> None:
    assert phone_point("tel:+1 202 555 0101") == phone("+12025550101")
    assert phone_point("0221 5550100", "DE") == phone("+492215550100")


def test_a_phone_that_cannot_be_read_is_kept_and_with_fewer_than_six_digits_invalid() -> None:
    assert phone_point("0221 5550100") == phone("0221 5550100")
    assert phone_point("12345") == phone("12345", "invalid")
    assert phone_point("ask her") == phone("ask her", "invalid")
    assert phone_point("0221", "DE") == phone("0221", "invalid")


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("0221 5550100", "DE"),
        ("+49 221 5550100", ""),
        ("0049 221 5550100", ""),
        ("0049 221 5550100", "FR"),
        ("+49 221 5550100 ext. 12", ""),
    ],
)
def test_a_number_is_compared_by_the_same_digits_however_it_was_written(written: str, country: str) -> None:
    assert canonical(phone_point(written, country)) == "492215550100"


def test_a_number_kept_as_it_was_given_is_compared_with_its_international_form() -> None:
    assert canonical(phone("+49 221 5550100")) == canonical(phone("0049 221 5550100")) == "492215550100"


# -- identities ------------------------------------------------------------------------------


def test_identities_are_the_id_each_usable_address_and_the_phone_with_the_name() -> None:
    customer = Customer(
        name="Ana Sol",
        company="Blue",
        external_id="A-1",
        emails=(email("Ana@Example.com"), email("broken", "invalid")),
        phones=(phone("+44 20 7946"), phone("1", "invalid")),
    )

    assert identities(customer) == [
        "id:A-1",
        "email:ana@example.com",
        "phone:44207946:ana sol blue",
    ]


def test_the_name_counts_only_where_there_is_nothing_else() -> None:
    assert identities(Customer(name="Ána  Sol")) == ["name:ana sol"]
    assert identities(Customer(company="Blue")) == ["name:blue"]
    assert "name:" not in "".join(identities(Customer(name="Ana", emails=(email(ANA),))))


def test_a_shared_phone_alone_makes_no_one_person() -> None:
    one = Customer(name="Ana", phones=(phone("+44 20 7946"),))
    other = Customer(name="Ben", phones=(phone("+44 20 7946"),))

    assert not set(identities(one)) & set(identities(other))


def test_who_has_nothing_but_a_phone_or_what_cannot_be_used_is_known_by_how_it_was_written() -> None:
    assert identities(Customer(phones=(phone("+44 20 7946"),))) == ["raw:+44 20 7946"]
    assert identities(Customer(emails=(email("n/a", "invalid"),))) == ["raw:n/a"]


def test_an_invalid_address_identifies_nobody_who_has_a_name() -> None:
    assert identities(Customer("Ana", emails=(email("n/a", "invalid"),))) == ["name:ana"]


def test_a_suppression_watches_for_the_name_with_the_firm_and_the_phone_with_the_name() -> None:
    ana = Customer("Ana Sol", "Blue", emails=(email("ana@example.com"),), phones=(phone("+44 20 7946"),))

    found = set(guises(ana))

    assert found >= set(identities(ana))
    assert set(identities(Customer("ANA SOL", "blue"))) <= found
    assert set(identities(Customer("Ana Sol", phones=(phone("44207946"),)))) <= found


FEW = st.sampled_from(["", "Ana Sol", "ÁNA", " ", "Blue"])
POINTS = st.lists(
    st.builds(
        ContactPoint,
        st.just("email"),
        st.sampled_from(["ana@example.com", "Ana+x@example.com", "n/a"]),
        st.sampled_from(["unchecked", "invalid"]),
    )
    | st.builds(
        ContactPoint,
        st.just("phone"),
        st.sampled_from(["+442079460001", "020 7946", "1"]),
        st.sampled_from(["good", "invalid"]),
    ),
    max_size=4,
)


@given(FEW, FEW, FEW, POINTS, st.lists(st.sampled_from(["id:7", "name:ana"]), max_size=3))
def test_whoever_a_list_names_is_known_and_watched_for_by_the_rules(
    name: str, company: str, number: str, points: list[ContactPoint], known_as: list[str]
) -> None:
    customer = Customer(
        name=name,
        company=company,
        external_id=number,
        emails=tuple(p for p in points if p.kind == "email"),
        phones=tuple(p for p in points if p.kind == "phone"),
        known_as=tuple(known_as),
    )
    who, called = text.fold(f"{name} {company}"), text.fold(name)
    usable = [p for p in customer.emails + customer.phones if p.state != "invalid"]
    emails = [f"email:{canonical(p)}" for p in usable if p.kind == "email"]
    numbers = [canonical(p) for p in usable if p.kind == "phone"]
    own = [f"id:{number}"] * bool(number) + emails + [f"phone:{n}:{who}" for n in numbers if who]
    raw = [f"raw:{text.fold(p.value)}" for p in customer.emails + customer.phones]
    known = list(dict.fromkeys([*(own or ([f"name:{who}"] if who else raw)), *known_as]))
    more = [f"name:{who}"] * bool(company) + [f"phone:{n}:{called}" for n in numbers if called]

    assert identities(customer) == known
    assert guises(customer) == list(dict.fromkeys(known + more))
    assert known_by(customer) == (identities(customer), guises(customer))


def test_nobody_is_a_customer_without_name_firm_or_contact() -> None:
    assert not Customer(external_id="7", city="Bonn", notes="x").anybody
    assert Customer(company="Blue").anybody
    assert Customer(emails=(email("x", "invalid"),)).anybody


def test_a_hash_depends_on_the_identity_and_on_the_key_and_tells_neither() -> None:
    plain = hashed("email:" + ANA, b"key")

    assert plain == hashed("email:" + ANA, b"key")
    assert plain != hashed("email:" + ANA, b"other")
    assert plain != hashed("email:ben@example.com", b"key")
    assert "ana" not in plain
    assert len(hashed("name:\ud800", b"key")) == 64


# -- two rows of one person ------------------------------------------------------------------

OLDER = Customer(
    name="Ana Sol",
    company="Blue",
    city="Leeds",
    emails=(email("old@example.com"), email(ANA)),
    first_purchase="2020-01-01",
    last_purchase="2024-01-01",
    orders=3,
    revenue=Money(100, "EUR"),
)
NEWER = Customer(
    name="Ana Sol-Ruiz",
    city="York",
    emails=(email("Ana@Example.com"),),
    first_purchase="2021-01-01",
    last_purchase="2025-01-01",
    orders=0,
)


@pytest.mark.parametrize("turned", [False, True])
def test_the_newer_purchase_wins_field_by_field_and_blanks_never_win(turned: bool) -> None:
    joined = join(NEWER, OLDER) if turned else join(OLDER, NEWER)

    assert (joined.name, joined.company, joined.city) == ("Ana Sol-Ruiz", "Blue", "York")
    assert joined.last_purchase == "2025-01-01"
    assert joined.first_purchase == "2020-01-01"
    assert joined.orders == 0
    assert joined.revenue == Money(100, "EUR")


def test_each_contact_point_is_kept_once() -> None:
    joined = join(OLDER, NEWER)

    assert {canonical(point) for point in joined.emails} == {ANA, "old@example.com"}
    assert len(joined.emails) == 2


def test_the_contact_points_of_the_newer_row_come_first() -> None:
    assert [canonical(point) for point in join(OLDER, NEWER).emails] == [ANA, "old@example.com"]


def test_an_opt_out_in_either_row_is_an_opt_out() -> None:
    out = Customer(name="Ana", opted_out=True, last_purchase="2020-01-01")

    assert join(out, NEWER).opted_out
    assert join(NEWER, out).opted_out
    assert not join(OLDER, NEWER).opted_out


def test_whoever_was_joined_is_known_by_all_that_either_was_known_by() -> None:
    joined = join(
        Customer(name="Ana", external_id="A-1", emails=(email("old@example.com"),)),
        Customer(name="Ana", external_id="A-2", emails=(email(ANA),)),
    )

    assert set(identities(joined)) == {
        "id:A-1",
        "id:A-2",
        "email:ana@example.com",
        "email:old@example.com",
    }


def test_rows_without_dates_count_as_they_come() -> None:
    assert join(Customer(name="First"), Customer(name="Second")).name == "Second"
    assert join(Customer(name="First"), Customer(name="")).name == "First"


def test_a_row_joined_with_itself_is_itself() -> None:
    assert join(OLDER, OLDER)._replace(known_as=()) == OLDER


@given(st.binary(min_size=1, max_size=100), st.lists(st.text(), min_size=1, max_size=5), st.text())
def test_a_watch_blocks_whoever_is_listed_under_its_key_and_nobody_else(
    key: bytes, listed: list[str], asked: str
) -> None:
    watch = Watch(key, [hashed(name, key) for name in listed])

    assert all(watch([asked, name]) for name in listed)
    assert watch([asked]) == (asked in listed)
    assert not Watch(key, [])
