"""Others who named the same, bursts and the ripple, over a store: what is counted, and who never is."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner
from winback_cli import library, owing
from winback_cli.case import Entry, fold
from winback_cli.dates import clock_at
from winback_cli.patterns import Count, Theory
from winback_cli.store import ledger, patterns, reading, reads
from winback_cli.store.writes import Opening, Store

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
TODAY = "2026-11-24"
HEAD = "customer_id,name,email,country,owner,last_purchase,revenue,currency,reason,opt_out\n"
Classify = Callable[..., None]


@pytest.fixture
def firm(winback: Runner, tmp_path: Path) -> Runner:
    """Twelve customers, odd ones Mara's and even ones Jonas'; 12 is left alone."""
    path = tmp_path / "firm.csv"
    lines = [
        f"F{n},Customer {n},c{n}@example.com,GB,{'Mara' if n % 2 else 'Jonas'},2025-01-01,"
        f"{1000 * n},GBP,,{'yes' if n == 12 else 'no'}\n"
        for n in range(1, 13)
    ]
    path.write_text(HEAD + "".join(lines), "utf-8")
    run: Runner = lambda *words: winback("--as-of", TODAY, *words)  # noqa: E731
    assert run("import", path).code == 0
    return run


@pytest.fixture
def classify(store_path: Path) -> Classify:
    """Open a case on a day, and answer what it is about."""
    edition = library.load("standard", store_path.parent)
    book = edition.playbook
    opening = Opening(book.name, book.version, edition.text, edition.tree, edition.digest)

    def classified(customer: int, day: str, said: str = "", **facts: str) -> None:
        store = Store.open(store_path, "me", clock_at(day), "walk")
        standing = lambda case: owing.standing(book, case, frozenset({5, 6}))  # noqa: E731
        store.open_case(customer, opening, standing)
        with reading(store_path) as connection:
            ref = reads.case_ref(connection, customer)
        assert ref is not None
        given = {f"classified.{name}": value for name, value in facts.items()} | {"heard.why_left": said}
        entries = [
            Entry("answered", {"question": name, "fact": name, "how": "asked", "value": value})
            for name, value in given.items()
            if value
        ]
        store.record(ref.key, entries, standing)
        store.close()

    return classified


def found(store_path: Path, customer: int, reason: str, product: str = "", owner: str = "") -> Any:
    with reading(store_path) as connection:
        day = date.fromisoformat(TODAY)
        return patterns.pattern(connection, customer, owner, reason, product, day)


def answers(tmp_path: Path, **classified: str) -> Path:
    """The answers of the demo, with another classification."""
    lines = ANSWERS.read_text("utf-8")
    head, _, rest = lines.partition("  classify:\n")
    tail = rest[rest.index("  decide:\n") :]
    given = {"reason": "support", "scope": "specific", "evidence": "Her words."} | classified
    path = tmp_path / "answers.yaml"
    told = "".join(f"    {key}: {value}\n" for key, value in given.items())
    path.write_text(f"{head}  classify:\n{told}{tail}", "utf-8")
    return path


# -- others who named the same ---------------------------------------------------------------


def test_three_others_of_the_last_months_are_a_pattern(
    firm: Runner, classify: Classify, store_path: Path
) -> None:
    classify(1, "2026-05-23", reason="support", product="Oil")  # a day too long ago
    classify(2, "2026-05-24", reason="support", product="Oil")
    classify(4, "2026-07-01", reason="support/hotline", product=" oil", said="Nobody answers.")
    assert found(store_path, 3, "support", "Oil") is None
    classify(6, "2026-09-01", reason="support", product="OIL")

    told = found(store_path, 3, "support", "Oil", "Mara")

    assert (told.cases, told.since, told.said) == (("6.1", "4.1", "2.1"), "2026-05-24", "Nobody answers.")
    assert (told.shared, told.common) == ("product", "Oil")
    assert found(store_path, 6, "support", "Oil") is None  # its own is none of the others
    assert found(store_path, 3, "support/mail", "Oil") is None  # another leaf
    assert found(store_path, 3, "price", "Oil") is None


def test_another_product_counts_where_the_owner_is_the_same(
    firm: Runner, classify: Classify, store_path: Path
) -> None:
    for n in (1, 2, 3, 5):
        classify(n, "2026-10-01", reason="price", product=f"P{n}")

    assert found(store_path, 7, "price", "Oil", "mara").cases == ("5.1", "3.1", "1.1")
    assert found(store_path, 7, "price", "Oil", "Jonas") is None
    assert len(found(store_path, 7, "price").cases) == 4


def test_whoever_is_left_alone_is_neither_named_nor_quoted_nor_counted(
    firm: Runner, classify: Classify, store_path: Path
) -> None:
    for n in (1, 3, 5, 7):
        classify(n, "2026-10-01", reason="price", said=f"Words of {n}.")
    assert found(store_path, 9, "price").said == "Words of 7."
    assert firm("suppress", 7, "--reason", "asked").code == 0

    told = found(store_path, 9, "price")

    assert (told.cases, told.said) == (("5.1", "3.1", "1.1"), "Words of 5.")
    assert firm("suppress", 5, "--reason", "asked").code == 0
    assert found(store_path, 9, "price") is None


def test_a_walk_says_so_at_once_and_the_reps_word_stands(
    firm: Runner, classify: Classify, tmp_path: Path
) -> None:
    for n in (3, 5, 7):
        classify(n, "2026-10-01", reason="support", said="Nobody rang back.")

    ran = firm("walk", 1, "--answers", answers(tmp_path))

    assert ran.code == 0, ran.err
    said = "Three other cases since October name support too (same owner: Mara): 7.1, 5.1, 3.1."
    assert ran.err.count(said) == 1
    assert 'One of them: "Nobody rang back."' in ran.err
    shown = json.loads(firm("show", 1, "--json").out)
    assert shown["facts"]["classify"]["scope"] == "specific"
    assert shown["pattern"].startswith(said)
    assert said in " ".join(firm("show", 1).out.split())
    assert said[:50] in firm("brief", 1).out
    assert json.loads(firm("brief", 1, "--json").out)["brief"]["pattern"].startswith(said)


@pytest.mark.parametrize("classified", [{"scope": "systemic"}, {"reason": "unknown"}, {"reason": "price"}])
def test_nothing_is_said_of_a_pattern_that_is_seen_already_or_not_there(
    classified: dict[str, str], firm: Runner, classify: Classify, tmp_path: Path
) -> None:
    for n in (3, 5, 7):
        classify(n, "2026-10-01", reason=classified.get("reason", "support").replace("price", "support"))

    ran = firm("walk", 1, "--answers", answers(tmp_path, **classified))

    assert ran.code == 0, ran.err
    assert "other cases" not in ran.err
    assert json.loads(firm("show", 1, "--json").out)["pattern"] is None
    assert json.loads(firm("brief", 1, "--json").out)["brief"]["pattern"] == ""


def test_the_product_is_asked_before_the_scope_and_kept_with_the_case(
    firm: Runner, tmp_path: Path, rows: Any
) -> None:
    assert firm("walk", 1, "--answers", answers(tmp_path, product="Blue oil")).code == 0

    assert rows("SELECT product, scope FROM casefile") == [("Blue oil", "specific")]
    for name in ("standard", "six-steps"):
        step = library.load(name, tmp_path).playbook.step("classify")
        keys = [question.key for question in step.questions] if step else []
        assert keys.index("product") < keys.index("scope")


# -- bursts and our theory -------------------------------------------------------------------


def test_cases_are_counted_by_the_days_of_the_users_calendar(
    firm: Runner, classify: Classify, store_path: Path
) -> None:
    days = ("2025-10-25", "2025-10-26", "2026-10-25T23:59:00", "2026-10-26T00:01:00", "2026-11-24T23:59:00")
    for n, day in enumerate(days, 1):
        classify(n, day, reason="price", theory="yes" if n > 2 else "no")
    classify(6, TODAY, reason="support/hotline", theory="partly")
    classify(7, TODAY)

    with reading(store_path) as connection:
        assert patterns.counts(connection, date.fromisoformat(TODAY)) == [
            Count("price", 2, 2),
            Count("support/hotline", 1, 0),
        ]
        assert patterns.first(connection) == "2025-10-25"
        assert patterns.theories(connection, "2026-10-26") == [
            Theory("price", "yes", 2),
            Theory("support/hotline", "partly", 1),
        ]
        assert len(patterns.theories(connection, "")) == 3


def test_the_report_of_reasons_tells_bursts_and_how_often_we_were_right(
    firm: Runner, classify: Classify, tmp_path: Path
) -> None:
    classify(1, "2026-01-05", reason="support", theory="no")
    for n in range(2, 7):
        classify(n, "2026-11-20", reason="price", theory="yes")

    shown = firm("report", "reasons").out
    told = json.loads(firm("report", "reasons", "--json").out)
    page = firm("report", "--html", "-").out

    burst = "Price: 5 cases in the last 30 days, none before."
    theory = "Our theory was right 5 of 6 times: 83 % (44 to 97); partly right 0 times."
    assert burst in shown
    assert theory in shown
    assert burst in page
    assert theory in page
    assert [one["reason"] for one in told["bursts"]["found"]] == ["price"]
    assert (told["theory"]["right"]["count"], told["theory"]["right"]["of"]) == (5, 6)
    assert [one["reason"] for one in told["theory"]["by_reason"]] == ["price", "support"]
    assert "bursts" not in json.loads(firm("report", "outcomes", "--json").out)


def test_a_new_store_has_too_little_history_to_tell(firm: Runner, classify: Classify) -> None:
    for n in range(1, 6):
        classify(n, "2026-11-20", reason="price")

    assert "Too little history to tell" in firm("report", "reasons").out
    assert json.loads(firm("report", "reasons", "--json").out)["bursts"]["enough_history"] is False


# -- the ripple ------------------------------------------------------------------------------

MARKET = [
    # number, country, revenue, currency, reason, left alone
    (1, "GB", "1000", "GBP", "price", "no"),
    (2, "GB", "500", "GBP", "price/shipping", "no"),
    (3, "GB", "2000", "GBP", "price", "no"),
    (4, "GB", "2001", "GBP", "price", "no"),
    (5, "GB", "499.99", "GBP", "price", "no"),
    (6, "DE", "1000", "GBP", "price", "no"),
    (7, "GB", "1000", "EUR", "price", "no"),
    (8, "GB", "1000", "GBP", "support", "no"),
    (9, "GB", "1000", "GBP", "price", "yes"),
    (10, "GB", "", "", "price", "no"),
    (11, "GB", "1000", "GBP", "priceless", "no"),
]


@pytest.fixture
def market(winback: Runner, tmp_path: Path) -> Runner:
    path = tmp_path / "market.csv"
    lines = [
        f"M{n},Customer {n},m{n}@example.com,{land},Mara,2025-01-01,{revenue},{currency},{why},{alone}\n"
        for n, land, revenue, currency, why, alone in MARKET
    ]
    path.write_text(HEAD + "".join(lines), "utf-8")
    run: Runner = lambda *words: winback("--as-of", TODAY, *words)  # noqa: E731
    assert run("import", path).code == 0
    return run


def ripple(run: Runner, who: object, *words: object) -> dict[str, Any]:
    ran = run("offer", "ripple", who, *words, "--json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def test_comparable_is_the_same_segment_size_and_reason(market: Runner) -> None:
    told = ripple(market, 1, "--cost", "100 GBP")

    assert told == {
        "customer": 1,
        "kind": "discount",
        "segment": {"country": "GB", "currency": "GBP"},
        "size": {"least": 50_000, "most": 200_000, "currency": "GBP"},
        "reason": "price",
        "not_on_record": [],
        "given": 0,
        "could_ask": 2,  # 2 and 3
        "other_currencies": {},
        "share": 100,
        "asking": 2,
        "cost": {"amount": 10_000, "currency": "GBP"},
        "for_all": {"amount": 30_000, "currency": "GBP"},
    }


@pytest.mark.parametrize(
    ("widened", "could_ask"),
    [
        (("--size", "any"), 4),  # 2, 3, 4, 5
        (("--reason", "any"), 4),  # 2, 3, 8, 11
        (("--segment", "any"), 3),  # 2, 3, 6; sizes in another currency cannot be compared
        (("--segment", "any", "--size", "any"), 7),  # 2 to 7, and 10
        (("--segment", "any", "--size", "any", "--reason", "any"), 9),  # all but 1, and 9 who is left alone
    ],
)
def test_each_measure_can_be_left_out_of_account(
    widened: tuple[str, ...], could_ask: int, market: Runner
) -> None:
    assert ripple(market, 1, *widened)["could_ask"] == could_ask


def test_amounts_of_two_currencies_are_never_added_up(market: Runner) -> None:
    told = ripple(market, 1, "--segment", "any", "--size", "any", "--cost", "10 GBP")

    assert (told["could_ask"], told["asking"], told["other_currencies"]) == (7, 6, {"EUR": 1})
    assert told["for_all"] == {"amount": 7_000, "currency": "GBP"}
    shown = market("offer", "ripple", 1, "--segment", "any", "--size", "any", "--cost", "10 GBP").out
    assert "Not in that amount, for another currency: 1 in EUR." in shown


def test_a_share_of_them_asks_and_a_part_of_one_is_one(market: Runner) -> None:
    words = ("--size", "any", "--cost", "10 GBP", "--share")

    assert [ripple(market, 1, *words, n)["asking"] for n in (0, 1, 25, 26, 100)] == [0, 1, 1, 2, 4]
    assert ripple(market, 1, *words, 0)["for_all"] == {"amount": 1_000, "currency": "GBP"}
    assert market("offer", "ripple", 1, "--share", 101).code == 2


def test_what_is_not_on_record_is_not_compared_and_is_said(market: Runner) -> None:
    told = ripple(market, 10)

    assert (told["size"], told["not_on_record"]) == (None, ["size"])
    assert told["segment"] == {"country": "GB", "currency": ""}
    assert told["could_ask"] == 6  # 1 to 5, and 7: those of GB who left for the price
    assert "Size: any, for their revenue is not on record." in market("offer", "ripple", 10).out


def test_the_last_offer_says_what_is_offered_and_at_what_cost(market: Runner) -> None:
    for who, kind, cost in ((1, "trial", "10 GBP"), (1, "voucher", "25 GBP"), (2, "voucher", "9 GBP")):
        words = ("--terms", "As agreed", "--others", "everybody", "--cost", cost)
        assert market("offer", "add", who, kind, *words).code == 0

    told = ripple(market, 1)

    assert (told["kind"], told["cost"], told["given"]) == (
        "voucher",
        {"amount": 2_500, "currency": "GBP"},
        1,
    )
    assert (told["could_ask"], told["for_all"]["amount"]) == (1, 5_000)
    assert ripple(market, 1, "--kind", "trial")["cost"]["amount"] == 1_000
    assert ripple(market, 1, "--kind", "discount")["cost"] is None
    assert ripple(market, 1, "--cost", "7 GBP")["cost"]["amount"] == 700


def test_the_ripple_is_told_in_a_line_for_each_assumption(market: Runner) -> None:
    ran = market("offer", "ripple", 1, "--cost", "100 GBP", "--reason", "any", "--share", "50")

    assert ran.out.splitlines() == [
        "Segment: the same, GB, GBP.",
        "Size: a revenue of GBP 500 to GBP 2,000, half to double of theirs.",
        "Reason: any.",
        "4 customers are comparable. 4 could ask for a discount.",
        "If 50 % of them ask: 2 and this one, at GBP 100 each, come to GBP 300.",
    ]


def test_no_ripple_is_reckoned_for_somebody_left_alone(market: Runner) -> None:
    ran = market("offer", "ripple", 9)

    assert (ran.code, ran.out) == (5, "")


def test_a_word_that_is_neither_any_nor_same_is_refused(market: Runner) -> None:
    ran: Ran = market("offer", "ripple", 1, "--size", "alike")

    assert ran.code == 2
    assert "--size" in ran.err


def test_the_store_counts_as_a_loop_over_all_customers_would(market: Runner, store_path: Path) -> None:
    from winback_cli.offers import MEASURES, Buyer, comparable

    with reading(store_path) as connection:
        people = [reads.customer(connection, n) for n, *_ in MARKET]
        for one in people:
            assert one is not None
            like = comparable(Buyer(one.reason, one.country, one.currency, one.revenue), MEASURES)
            told = ledger.demand(connection, "discount", one.number, like, None)

            def fits(other: Any, one: Any = one) -> bool:
                half, double = (one.revenue or 0) / 2, (one.revenue or 0) * 2
                return (
                    other.number != one.number
                    and not other.suppressed
                    and (not one.country or other.country == one.country)
                    and (not one.currency or other.currency == one.currency)
                    and (not one.revenue or half <= (other.revenue or -1) <= double)
                    and other.reason.partition("/")[0] == one.reason.partition("/")[0]
                )

            assert told.could_ask == sum(map(fits, people)), one.number


def test_the_case_is_made_of_its_events_with_its_product(
    firm: Runner, classify: Classify, store_path: Path, rows: Any
) -> None:
    classify(1, TODAY, reason="support", product="Oil", scope="specific")

    with reading(store_path) as connection:
        facts = fold("1.1", reads.events(connection, 1)).facts
    assert (facts["classified.product"], rows("SELECT product FROM casefile")) == ("Oil", [("Oil",)])
    assert firm("store", "doctor").code == 0
