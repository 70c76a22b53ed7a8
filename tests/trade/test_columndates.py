"""The dates of a column: what it says of its order, and each cell as a day."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback_cli.columndates import REMEMBERED, date_reader, evidence, order

FIRST_OF_MARCH = "2026-03-01"
DAYS = st.dates(date(1900, 1, 2), date(2100, 12, 31))
CELLS = st.text(st.sampled_from("0123456789" * 2 + "-/.: TZmarch"), max_size=14)


# -- what cells say --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("2026-03-01", set()),
        ("2026-03-01T10:00:00Z", set()),
        ("20260301", set()),
        ("2026/13/01", set()),
        ("13.3.2026", set()),
        ("3.13.2026", set()),
        ("March 13, 2026", set()),
        ("3/3/2026", set()),
        ("13/3/2026", {"dmy"}),
        ("13-03-26", {"dmy"}),
        ("3/13/2026", {"mdy"}),
        ("3/13/26 10:15 AM", {"mdy"}),
        ("3/1/2026", {"either"}),
        (" 3/1/2026 ", {"either"}),
        ("99/12/31", {"ymd"}),
        ("00-12-31", {"ymd"}),
        ("31/31/2026", set()),
    ],
)
def test_a_date_says_only_what_its_numbers_leave_no_doubt_of(cell: str, says: set[str]) -> None:
    assert evidence([cell]) == {"written", *says}


@pytest.mark.parametrize("cell", ["", "-", "n/a", "never", "0/0/00", "0000-00-00", "0", "foo"])
def test_a_cell_without_a_date_says_nothing(cell: str) -> None:
    assert evidence([cell]) == frozenset()


@pytest.mark.parametrize("cell", ["1709287200", "1709287200000", "1709287200.0"])
def test_a_count_of_seconds_or_milliseconds_says_so(cell: str) -> None:
    assert evidence([cell]) == {"epoch"}


@given(st.lists(CELLS, max_size=6), st.lists(CELLS, max_size=6))
def test_the_findings_of_the_parts_of_a_column_are_those_of_the_whole(
    one: list[str], two: list[str]
) -> None:
    assert evidence([*one, *two]) == evidence(one) | evidence(two)
    assert evidence(cell for cell in [*one, *two]) == frozenset().union(*(evidence([c]) for c in one + two))


# -- the one order ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([], "dmy"),
        (["2026-03-01", ""], "dmy"),
        (["3/3/2026"], "dmy"),
        (["3/1/2026", "13/1/2026"], "dmy"),
        (["3/1/2026", "1/13/2026", "2026-03-01"], "mdy"),
        (["99/12/31", "01/02/03"], "ymd"),
        (["1709287200", "", "0", "1709287200000"], "epoch"),
        (["1709287200", "2026-03-01"], "dmy"),
    ],
)
def test_a_column_has_one_order(cells: list[str], found: str) -> None:
    assert order(evidence(cells)) == found


def test_a_column_that_is_open_and_one_that_is_mixed_are_refused_with_different_words() -> None:
    with pytest.raises(ValueError, match="could be day first or month first"):
        order(evidence(["3/1/2026", "2/1/2026"]))
    with pytest.raises(ValueError, match="two orders: some can only be day first, others only month first"):
        order(evidence(["13/1/2026", "1/13/2026"]))
    with pytest.raises(ValueError, match="some can only be day first, others only year first"):
        order(evidence(["13/1/2026", "99/12/31"]))


def test_what_the_user_says_overrules_what_the_cells_say() -> None:
    assert order(evidence(["3/1/2026"]), "mdy") == "mdy"
    assert order(evidence(["13/1/2026", "1/13/2026"]), "dmy") == "dmy"
    assert order(evidence(["1709287200"]), "mdy") == "epoch"
    with pytest.raises(ValueError, match="dmy, mdy or ymd"):
        order(frozenset(), "dym")


# -- each cell -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-01",
        "2026-03-01T10:00:00Z",
        "2026-03-01T23:30:00+02:00",
        "2026-03-01T00:30:00.123456-08:00",
        "2026-03-01 09:14",
        "2026-03-01 09:14:55.123+00",
        "2026-03-01Z",
        "2026-3-1",
        "2026/03/01",
        "2026.03.01",
        "20260301",
        "20260301T101500Z",
        "20260301101500",
        "1.3.2026",
        "1. 3. 2026",
        "01.03.26",
        "01.03.2026 10:15",
        "1.3.2026, 10:15 Uhr",
        "01-03-2026",
        "1/3/2026",
        "1 Mar 2026",
        "01-Mar-26",
        "01MAR2026",
        "March 1, 2026",
        "Mar 1st, 2026 at 10:15 am",
        "2026-Mar-01",
        "Sun, 01 Mar 2026 10:00:00 +0000",
        "Sun Mar 01 2026 10:00:00 GMT+0100 (CET)",
        "1. März 2026",
        "Sonntag, 1. März 2026",
        "1er mars 2026",
        "1 de marzo de 2026",
        "1 marzo 2026",
        "1 maart 2026",
        "1º de março de 2026",
        "'2026-03-01",
        " 2026-03-01 ",
        "２０２６-03-01",
    ],
)
def test_a_day_is_read_however_a_list_writes_it(cell: str) -> None:
    read = date_reader("dmy")

    assert [read(cell), read(cell)] == [FIRST_OF_MARCH, FIRST_OF_MARCH]


@pytest.mark.parametrize(
    ("cell", "wanted", "day"),
    [
        ("3/1/2026 10:15 AM", "mdy", FIRST_OF_MARCH),
        ("3/1/26", "mdy", FIRST_OF_MARCH),
        ("1.3.2026", "mdy", FIRST_OF_MARCH),
        ("26-03-01", "ymd", FIRST_OF_MARCH),
        ("26.03.01", "ymd", FIRST_OF_MARCH),
        ("26 mar 01", "ymd", FIRST_OF_MARCH),
        ("1.3.2026", "ymd", FIRST_OF_MARCH),
        ("15/1/2026", "ymd", "2026-01-15"),
        ("1/15/2026", "ymd", "2026-01-15"),
        ("1709287200", "epoch", "2024-03-01"),
        ("1709287200000", "epoch", "2024-03-01"),
        ("mardi 3 mars 2026", "dmy", "2026-03-03"),
        ("1.3.69", "dmy", "2069-03-01"),
        ("1.3.70", "dmy", "1970-03-01"),
    ],
)
def test_the_order_of_the_column_reads_what_could_be_two_days(cell: str, wanted: str, day: str) -> None:
    assert date_reader(wanted)(cell) == day


@pytest.mark.parametrize(
    "cell",
    [
        *[
            "",
            " ",
            "-",
            "n/a",
            "N/A",
            "NULL",
            "\\N",
            "never",
            "nie",
            "Jamais",
            "nunca",
            "keine",
            "k.A.",
            "0",
        ],
        *["0/0/00", "00.00.0000", "0000-00-00", "0000-00-00 00:00:00", "0001-01-01T00:00:00", "1899-12-30"],
    ],
)
def test_what_stands_for_no_date_is_blank(cell: str) -> None:
    assert date_reader("dmy")(cell) == ""


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("2026-02-30", "no such day"),
        ("31.4.2026", "no such day"),
        ("1/13/2026", "no such day"),
        ("31 feb 2026", "no such day"),
        ("1850-01-01", "from 1900 to 2100"),
        ("2101-01-01", "from 1900 to 2100"),
        ("45352", "a date looks like"),
        ("1709287200", "a date looks like"),
        ("March 2026", "a date looks like"),
        ("approx 1 March 2026", "a date looks like"),
        ("2026-03-01 or later", "a date looks like"),
        ("2026-03-01-02", "a date looks like"),
        ("1.3.126", "a date looks like"),
        ("1.3-2026", "a date looks like"),
        ("soon", "a date looks like"),
        ("2026-W01-1", "a date looks like"),
        ("9" * 5000, "a date looks like"),
        ("-" * 5000, "a date looks like"),
    ],
)
def test_what_is_no_date_is_refused_with_a_reason(cell: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        date_reader("dmy")(cell)


def test_a_number_that_could_be_two_days_is_refused_where_years_come_first() -> None:
    with pytest.raises(ValueError, match="day first or month first"):
        date_reader("ymd")("3/1/2026")


MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "short en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "short de": "Jän. Feb. Mrz Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez.",
    "short fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "short es": "ene feb mar abr may jun jul ago sept oct nov dic",
    "short it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "short nl": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
    "short pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
}


@pytest.mark.parametrize("language", sorted(MONTHS))
def test_the_months_have_names_in_seven_languages(language: str) -> None:
    names = MONTHS[language].split()

    assert [date_reader("dmy")(f"5. {name} 2026") for name in names] == [
        f"2026-{number:02}-05" for number in range(1, 13)
    ]


@given(DAYS, st.sampled_from(["", " 09:14", "T10:00:00Z", "T23:59:59.999-11:00", " 12:00:00 AM"]))
def test_any_day_is_read_back_from_the_forms_people_write(day: date, time: str) -> None:
    for pattern, wanted in (
        ("%Y-%m-%d", "mdy"),
        ("%Y/%m/%d", "dmy"),
        ("%d.%m.%Y", "mdy"),
        ("%d/%m/%Y", "dmy"),
        ("%m/%d/%Y", "mdy"),
        ("%d %b %Y", "mdy"),
        ("%B %d, %Y", "dmy"),
        ("%A, %d %B %Y", "dmy"),
        ("%Y%m%d", "dmy"),
    ):
        cell = day.strftime(pattern) + ("" if pattern == "%Y%m%d" else time)
        assert date_reader(wanted)(cell) == day.isoformat(), cell


@given(st.integers(10**9, 4_102_444_799))
def test_a_count_of_seconds_is_its_day_in_utc(seconds: int) -> None:
    day = datetime.fromtimestamp(seconds, UTC).date().isoformat()

    assert date_reader("epoch")(str(seconds)) == day
    assert date_reader("epoch")(f"{seconds}999") == day


@given(
    st.text(max_size=30) | CELLS | DAYS.map(lambda day: f"{day}".replace("-", "/")),
    st.sampled_from(["dmy", "mdy", "ymd", "epoch"]),
)
def test_a_cell_is_a_day_or_blank_or_a_value_error_and_the_same_a_second_time(
    cell: str, wanted: str
) -> None:
    read = date_reader(wanted)

    def outcome() -> str:
        try:
            return read(cell)
        except ValueError as refused:
            return f"! {refused}"

    first = outcome()
    assert first == outcome() != "! "
    if first and not first.startswith("!"):
        assert 1900 <= date.fromisoformat(first).year <= 2100


def test_the_days_that_are_kept_are_bounded_and_still_right() -> None:
    read = date_reader("dmy")

    for minute in range(REMEMBERED + 10):
        assert read(f"1.3.2026 {minute % 24:02}:{minute % 60:02}:00.{minute}") == FIRST_OF_MARCH

    kept = next(
        cell.cell_contents for cell in read.__closure__ or () if isinstance(cell.cell_contents, dict)
    )
    assert len(kept) <= REMEMBERED
