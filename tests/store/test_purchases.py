"""`winback import --purchases`: whose purchases, counted once, and taken back."""

import contextlib
import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner
from winback_cli.dates import clock_at
from winback_cli.store.bringing import Told
from winback_cli.store.writes import Store

Rows = Callable[..., list[Any]]
Bring = Callable[..., Ran]
HEAD = "customer,date,amount\n"


@pytest.fixture
def bring(stocked: Runner, tmp_path: Path) -> Bring:
    """Import a list of purchases into a store that holds the sample list."""
    made = 0

    def one(content: str, *options: object) -> Ran:
        nonlocal made
        made += 1
        path = tmp_path / f"purchases-{made}.csv"
        path.write_text(content, "utf-8")
        return stocked("--as-of", "2026-11-23", "import", "--purchases", path, *options)

    return one


def told(ran: Ran) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(ran.out)
    return result


def figures(rows: Rows, number: int) -> tuple[Any, ...]:
    query = "SELECT first_purchase, last_purchase, orders, revenue, currency, regularity FROM customer_row"
    return tuple(rows(f"{query} WHERE id = ?", number)[0])


BEFORE = ("2021-03-04", "2025-06-30", 3, 31000, "EUR", None)  # Ben Ode, number 2
WHOLE = HEAD + "A-2,2021-03-04,10.00\nben@example.com,2025-07-30,20.00\nBen Ode,2022-05-17,5\n"


def test_a_customer_is_known_by_id_by_mail_and_by_a_name_that_nobody_shares(
    bring: Bring, rows: Rows
) -> None:
    ran = bring(WHOLE)

    assert ran.code == 0, ran.err
    assert figures(rows, 2) == ("2021-03-04", "2025-07-30", 3, 3500, "EUR", 0.4543)


def test_who_is_not_here_is_rejected_with_the_line(bring: Bring, rows: Rows) -> None:
    ran = bring(HEAD + "ben@example.com,2026-01-01,5\nnobody@example.com,2026-01-01,5\n", "--json")

    assert ran.code == 4
    reject = {"line": 3, "field": "customer", "value": "nobody@example.com"}
    assert told(ran)["rejects"] == [reject | {"reason": "no customer in the store fits"}]
    assert figures(rows, 2)[1] == "2026-01-01"


def test_a_name_that_two_share_is_rejected(stocked: Runner, bring: Bring) -> None:
    assert stocked("add", "Ben Ode", "--email", "ben.two@example.com").code == 0

    ran = bring(HEAD + "Ben Ode,2026-01-01,5\n", "--json")

    assert told(ran)["rejects"][0]["reason"].startswith("fits several")


def test_whoever_is_left_alone_is_counted_and_nothing_of_theirs_changes(
    bring: Bring, rows: Rows, tmp_path: Path
) -> None:
    before = figures(rows, 4)

    rejects = tmp_path / "rejects.csv"
    ran = bring(
        HEAD + "dara@example.net,2026-01-01,5\nQuill Ltd,2026-01-01,5\n", "--json", "--rejects", rejects
    )

    assert (ran.code, told(ran)["suppressed"], told(ran)["rejected"]) == (0, 2, 0)
    assert figures(rows, 4) == before
    assert rows("SELECT * FROM purchase") == []
    assert not rejects.exists()


def test_whoever_was_erased_is_counted_as_left_alone_and_named_nowhere(
    stocked: Runner, bring: Bring
) -> None:
    assert stocked("suppress", "2", "--reason", "asked").code == 0
    assert stocked("erase", "2", "--yes").code == 0

    ran = bring(HEAD + "ben@example.com,2026-01-01,5\n", "--json")

    assert (ran.code, told(ran)["suppressed"]) == (0, 1)
    assert "ben@" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("A-2,2026-11-24,5", "date", "a day that is still to come"),
        ("A-2,1899-06-01,5", "date", "a year from 1900 to 2100"),
        ("A-2,,5", "date", "no date"),
        ("A-2,2026-01-01,", "amount", "no amount"),
        ("A-2,2026-01-01,10000000000000.00", "amount", "that amount is too large to be true"),
        ("A-2,2026-01-01,much", "amount", "an amount looks like 1200 or 1200.50"),
        (",2026-01-01,5", "customer", "nobody in it: no number, e-mail, phone or name"),
        ("A-2,2026-01-01", "", "2 cells where the header has 3"),
    ],
)
def test_a_row_that_cannot_be_is_rejected_with_its_reason(
    bring: Bring, rows: Rows, row: str, field: str, reason: str
) -> None:
    ran = bring(HEAD + "A-2,2026-02-02,1\n" + row + "\n", "--json")

    assert ran.code == 4, ran.err
    assert [(one["field"], one["reason"]) for one in told(ran)["rejects"]] == [(field, reason)]
    assert rows("SELECT day FROM purchase") == [("2026-02-02",)]


def test_dates_that_read_two_ways_stop_the_list_before_anything_is_stored(bring: Bring, rows: Rows) -> None:
    content = HEAD + "A-2,03/04/2026,5\n"

    ran = bring(content)

    assert (ran.code, rows("SELECT * FROM purchase")) == (65, [])
    assert "--date-order" in ran.err
    assert bring(content, "--date-order", "mdy").code == 0
    assert rows("SELECT day FROM purchase") == [("2026-03-04",)]


def test_the_rest_of_a_long_column_settles_what_its_beginning_leaves_open(bring: Bring, rows: Rows) -> None:
    """The first rows read as day first; a late one can only be month first, so all are read anew."""
    first = "A-2,2026-01-02,5\n" * 10_000

    ran = bring(HEAD + first + "A-2,03/04/2026,5\nA-2,03/14/2026,5\n")

    assert ran.code == 0, ran.err
    found = rows("SELECT day, count FROM purchase ORDER BY day")
    assert found == [("2026-01-02", 10_000), ("2026-03-04", 1), ("2026-03-14", 1)]


def test_a_german_list_comes_in_as_it_is(bring: Bring, rows: Rows) -> None:
    ran = bring("Bestelldatum;Kundennummer;Gesamtbetrag\n31.01.2026;A-2;1.234,50\n01.02.2026;A-2;-34,50\n")

    assert ran.code == 0, ran.err
    assert rows("SELECT day, amount FROM purchase ORDER BY day") == [
        ("2026-01-31", 123450),
        ("2026-02-01", -3450),
    ]
    assert figures(rows, 2)[1:3] == ("2026-01-31", 3)


def test_a_packed_list_and_a_column_that_is_named(stocked: Runner, tmp_path: Path, rows: Rows) -> None:
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress(b"who,when,what\nA-2,2026-01-01,7\n"))
    named = ("--map", "customer=who", "--map", "date=when", "--map", "amount=what")

    ran = stocked("import", "--purchases", path)
    assert ran.code == 65
    assert "whose purchase it was or the date or the amount" in ran.err

    assert stocked("import", "--purchases", path, *named).code == 0
    assert rows("SELECT amount FROM purchase") == [(700,)]


def test_the_same_list_again_changes_nothing(bring: Bring, rows: Rows) -> None:
    first = told(bring(WHOLE, "--json"))
    before = rows("SELECT * FROM purchase")

    again = told(bring(WHOLE, "--json"))

    assert (again["already"], again["batch"]) == (True, first["batch"])
    assert rows("SELECT * FROM purchase") == before


def test_what_an_earlier_export_told_is_not_counted_again(bring: Bring, rows: Rows) -> None:
    day = "A-2,2026-01-01,5\n"
    bring(HEAD + day * 2)

    more = told(bring(HEAD + day * 3 + "A-2,2026-01-02,5\n", "--json"))
    less = told(bring(HEAD + day, "--json"))

    assert (more["new"], more["known"], less["new"], less["known"]) == (2, 2, 0, 1)
    assert rows("SELECT day, sum(count) FROM purchase GROUP BY day") == [
        ("2026-01-01", 3),
        ("2026-01-02", 1),
    ]


def test_the_lines_of_one_order_are_one_purchase(bring: Bring, rows: Rows) -> None:
    lines = "A-2,2026-01-01,5,R1\nA-2,2026-01-01,5,R1\nA-2,2026-01-01,7,R1\nA-2,2026-01-01,,R1\n"

    ran = told(bring("customer,date,amount,order number\n" + lines + "A-2,2026-01-01,12,R2\n", "--json"))

    assert (ran["rows"], ran["new"], ran["further"]) == (5, 2, 3)
    assert rows("SELECT amount, count FROM purchase") == [(1200, 2)]


def test_another_currency_is_told_and_not_added_up(bring: Bring, rows: Rows) -> None:
    ran = bring("customer,date,amount,currency\nA-2,2026-01-01,900,USD\nA-2,2026-01-02,1,EUR\n")

    assert "1 is in another currency" in ran.out
    assert figures(rows, 2) == ("2021-03-04", "2026-01-02", 3, 31000, "EUR", None)


def test_a_refund_in_a_later_export_lowers_what_an_earlier_one_gave(bring: Bring, rows: Rows) -> None:
    """And never below what the record said before there was any history."""
    revenues = []
    for day, amount in ((1, "900"), (2, "-400"), (3, "-300")):
        bring(HEAD + f"A-2,2026-01-0{day},{amount}\n")
        revenues.append(figures(rows, 2)[3])

    assert revenues == [90000, 50000, 31000]


def test_more_given_back_than_paid_is_said_and_counts_as_nothing(
    stocked: Runner, bring: Bring, rows: Rows
) -> None:
    assert stocked("add", "Eve Noor", "--email", "eve@example.com").code == 0

    ran = bring(HEAD + "eve@example.com,2026-01-02,20\neve@example.com,2026-01-03,-50\nA-2,2026-01-02,-9\n")

    assert "1 customer was given back more than they paid: their revenue counts as nothing." in ran.out
    assert rows("SELECT revenue FROM customer_row WHERE name = 'Eve Noor'") == [(0,)]
    assert "given back" not in bring(WHOLE).out


def test_a_history_of_which_all_is_rejected_says_that_nothing_came_in(bring: Bring) -> None:
    ran = bring(HEAD + "A-99,2026-01-02,20\nnobody@example.com,2026-01-03,5\n")

    assert ran.code == 4
    assert "Nothing came in: 2 purchases, all rejected." in ran.out
    assert "Brought in" not in ran.out
    assert "--source" not in ran.out


def test_where_the_ids_are_those_of_another_system_the_list_is_told_how_to_say_so(
    winback: Runner, tmp_path: Path
) -> None:
    people, bought = tmp_path / "people.csv", tmp_path / "bought.csv"
    people.write_text("customer_id,name,email\n7,Sam Roe,sam@example.com\n")
    bought.write_text("customer id,date,amount\n7,2026-01-01,5\n")
    assert winback("import", people, "--source", "shop").code == 0

    ran = winback("import", "--purchases", bought, "--source", "crm")

    assert "Nothing came in: 1 purchase, all rejected." in ran.out
    assert "Their ids are here as those of shop: add --source 'shop'" in ran.out


def test_a_list_says_how_many_last_bought_on_a_day_to_come(winback: Runner, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,last_purchase\nAna,2026-11-23\nBen,2026-11-24\nCleo,2031-01-01\nDan,\n")

    ran = winback("--as-of", "2026-11-23", "import", path)

    assert "2 rows say a last purchase on a day to come; until then it does not count." in ran.out


def test_what_was_set_by_hand_stays_as_it_is(stocked: Runner, bring: Bring, rows: Rows) -> None:
    assert stocked("edit", "2", "--orders", "7", "--last-purchase", "2025-05-05").code == 0

    bring(WHOLE)

    assert figures(rows, 2)[:4] == ("2021-03-04", "2025-05-05", 7, 3500)


def test_a_dry_run_says_the_same_and_stores_nothing(bring: Bring, rows: Rows) -> None:
    dry = told(bring(WHOLE, "--dry-run", "--json"))

    assert (rows("SELECT * FROM purchase"), rows("SELECT count(*) FROM batch")) == ([], [(1,)])
    assert figures(rows, 2) == BEFORE
    wet = told(bring(WHOLE, "--json"))
    counts = ("rows", "new", "known", "customers", "rejected")
    assert [dry[name] for name in counts] == [wet[name] for name in counts] == [3, 3, 0, 1, 0]


def test_too_many_rejected_rows_store_nothing(bring: Bring, rows: Rows) -> None:
    ran = bring(HEAD + "A-2,2026-01-01,5\nnobody@example.com,2026-01-01,5\n", "--max-rejects", "0")

    assert (ran.code, rows("SELECT * FROM purchase"), rows("SELECT count(*) FROM batch")) == (
        65,
        [],
        [(1,)],
    )
    assert figures(rows, 2) == BEFORE


def test_taken_back_everything_is_as_it_was_and_the_list_can_come_again(
    stocked: Runner, bring: Bring, rows: Rows
) -> None:
    batch = told(bring(WHOLE, "--json"))["batch"]

    ran = stocked("import", "--undo", batch)

    assert "3 purchases removed" in ran.out
    assert (figures(rows, 2), rows("SELECT * FROM purchase")) == (BEFORE, [])
    assert told(bring(WHOLE, "--json"))["new"] == 3


EXPORTS = (
    "A-2,2021-03-04,10\nA-2,2025-07-30,20\n",
    "A-2,2021-03-04,10\nA-2,2025-07-30,20\nA-2,2026-05-17,5\nA-2,2026-06-17,-3\n",
    "A-2,2020-01-01,70\nA-2,2026-05-17,5\nA-2,2026-08-01,9\n",
)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_overlapping_exports_are_taken_back_in_any_order(
    stocked: Runner, bring: Bring, rows: Rows, order: tuple[int, ...]
) -> None:
    """After each, the figures are what the purchases that are left give, and at the end what was before."""
    batches = [told(bring(HEAD + one, "--json"))["batch"] for one in EXPORTS]
    for place in order:
        assert stocked("import", "--undo", batches[place]).code == 0
        days = [
            day for (day,) in rows("SELECT day FROM purchase WHERE amount >= 0 GROUP BY day ORDER BY day")
        ]
        first, last, orders, *_ = figures(rows, 2)
        assert first == min([*days, "2021-03-04"])
        assert last == max([*days, "2025-06-30"])
        assert orders == (len(days) if first in days and last in days else max(len(days), 3))
    assert figures(rows, 2) == BEFORE


def test_a_list_since_then_is_not_undone_with_the_history(
    stocked: Runner, bring: Bring, rows: Rows, tmp_path: Path
) -> None:
    batch = told(bring(WHOLE, "--json"))["batch"]
    later = tmp_path / "later.csv"
    later.write_text(
        "customer_id,name,email,orders,last_purchase\nA-2,Ben Ode,ben@example.com,9,2026-09-09\n"
    )
    assert stocked("import", later).code == 0

    assert stocked("import", "--undo", batch).code == 0

    assert figures(rows, 2)[1:3] == ("2026-09-09", 9)


def test_the_purchases_of_a_record_that_is_merged_go_over(
    stocked: Runner, bring: Bring, rows: Rows
) -> None:
    assert stocked("add", "Ben B. Ode", "--email", "b.ode@example.com").code == 0
    bring(WHOLE + "b.ode@example.com,2026-09-09,30\n")

    assert stocked("merge", "2", "5", "--yes").code == 0

    assert figures(rows, 2)[:4] == ("2021-03-04", "2026-09-09", 4, 6500)


def test_why_shows_how_evenly_they_bought(stocked: Runner, bring: Bring) -> None:
    bring(WHOLE)

    factors = {one["factor"]: one for one in told(stocked("why", "2", "--json"))["factors"]}

    assert factors["regularity"]["value"] == 0.4543
    assert "gaps vary by 45 %" in stocked("why", "2").out


def test_where_ids_are_of_several_systems_the_list_must_say_of_which(
    winback: Runner, tmp_path: Path
) -> None:
    for system in ("shop", "crm"):
        path = tmp_path / f"{system}.csv"
        path.write_text(f"customer_id,name,email\n7,Sam {system},sam.{system}@example.com\n")
        assert winback("import", path, "--source", system).code == 0
    bought = tmp_path / "bought.csv"
    bought.write_text(HEAD + "7,2026-01-01,5\n")

    ran = winback("import", "--purchases", bought)

    assert ran.code == 2
    assert "--source 'crm'" in ran.err
    assert told(winback("import", "--purchases", bought, "--source", "crm", "--json"))["new"] == 1


def test_a_list_that_nobody_marked_with_a_system_has_the_only_one_there_is(
    winback: Runner, tmp_path: Path
) -> None:
    people, bought = tmp_path / "people.csv", tmp_path / "bought.csv"
    people.write_text("customer_id,name,email\n7,Sam Roe,sam@example.com\n")
    bought.write_text("customer id,date,amount\n7,2026-01-01,5\n")
    assert winback("import", people, "--source", "shop").code == 0

    assert told(winback("import", "--purchases", bought, "--json"))["new"] == 1


def test_before_there_are_customers_no_store_is_made(
    winback: Runner, tmp_path: Path, store_path: Path
) -> None:
    bought = tmp_path / "bought.csv"
    bought.write_text(HEAD + "A-2,2026-01-01,5\n")

    ran = winback("import", "--purchases", bought)

    assert (ran.code, store_path.exists()) == (3, False)
    assert "There are no customers yet" in ran.err


def test_a_shops_orders_are_known_by_their_header(bring: Bring, rows: Rows) -> None:
    """Name is the order's there, and its further lines hold neither customer nor total."""
    head = "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Total,Lineitem name,Id\n"
    first = "#1001,ben@example.com,paid,2026-01-31 10:00:00 +0100,fulfilled,EUR,12.00,Tea,99\n"

    ran = bring(head + first + "#1001,,,,,,,Cup,\n", "--json")

    assert (ran.code, told(ran)["new"], told(ran)["further"]) == (0, 1, 1)
    assert rows("SELECT customer_id, day, amount FROM purchase") == [(2, "2026-01-31", 1200)]


def test_what_a_killed_import_left_is_counted_by_nobody_and_goes_with_the_next(
    bring: Bring, rows: Rows, store_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(store_path)) as raw, raw:
        raw.execute(
            "INSERT INTO batch (id, command_id, file, sha256, key, counts, state)"
            " VALUES (9, 1, '', '', '', '{}', 'staging')"
        )
        raw.execute("INSERT INTO purchase VALUES (2, '2021-03-04', 'EUR', 1000, 9, 1)")

    assert told(bring(WHOLE, "--json"))["new"] == 3

    assert rows("SELECT DISTINCT count FROM purchase") == [(1,)]
    assert rows("SELECT count(*) FROM purchase") == [(3,)]


def test_whoever_asks_to_be_left_alone_meanwhile_is(stocked: Runner, rows: Rows, store_path: Path) -> None:
    """Their rows were read before they asked, and come to nothing."""

    def stream(_: object) -> Iterator[list[tuple[int, str, str, int, str]]]:
        yield [(2, "2026-01-01", "EUR", 100, ""), (1, "2026-01-01", "EUR", 100, "")]
        assert stocked("suppress", "2", "--reason", "asked").code == 0

    store = Store.open(store_path, "tester", clock_at("2026-11-23"), "import")
    taken = store.bring_purchases(stream, lambda: Told("f", "0", "k"))
    store.close()

    assert (taken.purchases, taken.changed) == (1, 1)
    assert rows("SELECT customer_id FROM purchase") == [(1,)]
    assert figures(rows, 2) == BEFORE
