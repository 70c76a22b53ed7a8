"""Specific or systemic: others who name the same, reasons in bursts, and how often we were right."""

from datetime import date
from itertools import count
from math import exp, factorial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.work.scripted import (
    BACKSTORY,
    CLASSIFY,
    CONTACT,
    LISTEN,
    MONDAY,
    STANDARD,
    Scripted,
    change,
    opened,
)
from winback_cli import patterns
from winback_cli.answers import Customs
from winback_cli.case import Case
from winback_cli.guards import Finding
from winback_cli.intervals import Rate
from winback_cli.journal import Journal
from winback_cli.patterns import Alike, Burst, Bursts, Count, Theory
from winback_cli.playbook import Step
from winback_cli.prompter import Reply
from winback_cli.walk import Walk

TODAY = date(2026, 11, 24)
NUMBERS = count(10)


def alike(**more: Any) -> Alike:
    key = next(NUMBERS)
    number = more.pop("customer", key)
    fields: dict[str, Any] = {"opened": "2026-10-01T10:00:00Z", "reason": "support", "product": "Oil"}
    return Alike(key, f"{number}.1", number, **(fields | {"owner": "Mara"} | more))


# -- others who name the same ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("price", "price", True),
        ("price", "price/shipping", True),
        ("price/shipping", "price", True),
        ("price/shipping", "price/shipping", True),
        ("price/shipping", "price/annual_rise", False),
        ("price", "support", False),
        ("price", "priceless", False),
    ],
)
def test_the_same_is_the_same_leaf_where_both_have_one(one: str, other: str, same: bool) -> None:
    assert patterns.same_reason(one, other) is same


@pytest.mark.parametrize(
    ("product", "owner", "counts"),
    [
        ("Oil", "", True),
        ("  oIL ", "Jonas", True),
        ("Vinegar", "mara", True),
        ("", "Mara", True),
        ("Vinegar", "Jonas", False),
        ("", "Jonas", False),
        ("", "", True),  # nothing that could tell them apart is known
    ],
)
def test_another_counts_by_its_product_or_its_owner(product: str, owner: str, counts: bool) -> None:
    assert bool(patterns.others("support", product, owner, [alike()])) is counts


def test_what_nobody_noted_is_not_the_same() -> None:
    unknown = alike(product="", owner="")

    assert patterns.others("support", "Oil", "", [unknown]) == []
    assert patterns.others("support", "", "Mara", [unknown]) == []


def test_each_customer_counts_once_by_the_latest_case() -> None:
    cases = [alike(customer=7), alike(customer=8), alike(customer=7)]

    assert patterns.others("support", "Oil", "", cases) == cases[:2]


@pytest.mark.parametrize(
    ("reason", "scope", "looks"),
    [
        ("support", "specific", True),
        ("support", "systemic", False),
        ("support", "", False),
        ("unknown", "specific", False),
        ("", "specific", False),
    ],
)
def test_only_a_specific_loss_for_a_known_reason_is_compared(reason: str, scope: str, looks: bool) -> None:
    assert patterns.looks_specific(reason, scope) is looks


def test_two_others_are_no_pattern_and_three_are() -> None:
    cases = [alike() for _ in range(3)]

    assert patterns.pattern("support", "Oil", "", cases[:2], "") is None
    assert patterns.pattern("support", "Oil", "", cases, "") is not None


def words(
    *cases: Alike, said: str = "", product: str = "Oil", owner: str = "Mara", day: date = TODAY
) -> str:
    found = patterns.pattern("delivery_or_service/van", product, owner, cases, said)
    assert found is not None
    return patterns.pattern_words(found, day)


def test_the_pattern_in_words_names_cases_since_when_and_what_one_of_them_said() -> None:
    cases = [alike(customer=14), alike(customer=22, opened="2026-05-30T10:00:00Z"), alike(customer=31)]

    assert words(*cases, said="You were late\nthree times.", owner="Jonas") == (
        "Three other cases since May name delivery or service too (same product: Oil): 14.1, 22.1, 31.1."
        ' One of them: "You were late three times." Perhaps it is a pattern; you decide.'
    )


def test_of_many_the_latest_are_named_and_the_rest_counted() -> None:
    told = words(*[alike(customer=n) for n in range(100, 112)])

    assert told.startswith("12 other cases since October name")
    assert ": 100.1, 101.1, 102.1 and 9 more." in told


@pytest.mark.parametrize(
    ("products", "owners", "shared"),
    [
        (("Oil", "oil", "OIL"), ("Mara", "Jo", "Jo"), " (same product: Oil):"),
        (("Oil", "Tea", "Tea"), ("Mara", "Mara", "Mara"), " (same owner: Mara):"),
        (("Oil", "Tea", "Tea"), ("Jo", "Mara", "Mara"), " (same product or owner):"),
    ],
)
def test_the_words_say_what_all_of_them_share(
    products: tuple[str, ...], owners: tuple[str, ...], shared: str
) -> None:
    cases = [alike(product=p, owner=o) for p, o in zip(products, owners, strict=True)]

    assert f"too{shared}" in words(*cases)
    assert "(same" not in words(*cases, product="", owner="")


def test_a_month_of_another_year_has_its_year_and_a_long_quote_is_cut() -> None:
    cases = [alike(opened="2026-09-01T00:00:00Z") for _ in range(3)]

    told = words(*cases, said="x" * 500, day=date(2027, 1, 5))

    assert "since September 2026" in told
    assert len(told) < 300


def test_control_bytes_of_what_was_said_never_come_through() -> None:
    cases = [alike() for _ in range(3)]

    assert "\x1b" not in words(*cases, said="a\x1b[31mb", product="\x1bOil")


def test_six_months_are_looked_at() -> None:
    assert patterns.since(TODAY) == date(2026, 5, 24)


def reviewed(scope: str | list[str], *replies: Reply) -> tuple[tuple[str, ...], Case]:
    """What the review of the classifying warned of at last, where other cases say something."""

    def mind(step: Step, case: Case) -> list[Finding]:
        specific = case.facts.get("classified.scope") == "specific" and step.id == "classify"
        return [Finding(step.id, "", "pattern", "warn", "Three others.", "", ())] if specific else []

    script = BACKSTORY | CONTACT | LISTEN | CLASSIFY | {"classify.scope": scope, "review classify": replies}
    journal, who = opened(), Scripted(script)
    keeping = Journal(journal.record, journal.case)
    Walk(STANDARD, journal.case(), who, keeping, Customs(MONDAY), mind=mind).run()
    return who.warns["classify"], journal.case()


def test_the_review_of_the_step_shows_what_other_cases_say_and_stops_nothing() -> None:
    warned, case = reviewed("specific")

    assert warned == ("pattern",)
    assert "classify" in case.done


def test_the_review_is_silent_once_the_rep_calls_it_systemic() -> None:
    warned, case = reviewed(["specific", "systemic"], change("scope"))

    assert warned == ()
    assert case.facts["classified.scope"] == "systemic"


# -- bursts ----------------------------------------------------------------------------------


def plain_tail(times: int, mean: float) -> float:
    return 1 - sum(exp(-mean) * mean**n / factorial(n) for n in range(times))


@given(st.integers(0, 40), st.floats(0.01, 30))
def test_the_tail_is_poissons(times: int, mean: float) -> None:
    assert patterns.tail(times, mean) == pytest.approx(plain_tail(times, mean), abs=1e-9)


def test_the_tail_keeps_its_digits_where_one_minus_the_rest_would_not() -> None:
    assert patterns.tail(30, 1.0) == pytest.approx(1.43e-33, rel=0.01)
    assert patterns.tail(10_000, 1.0) == 0.0
    assert patterns.tail(100_000, 100_000.0) == pytest.approx(0.5, abs=0.01)


def bursts(*counts: Count, first: str | None = "2024-01-01") -> Bursts:
    return patterns.bursts(counts, first, TODAY)


def test_the_last_thirty_days_are_judged_by_the_year_before_them() -> None:
    assert patterns.windows(TODAY) == (date(2025, 10, 26), date(2026, 10, 26), date(2026, 11, 25))

    told = bursts(Count("price", 8, 12), Count("support", 12, 146))

    # 12 in 365 days are 0.99 in 30, and 8 of them nobody expects; 146 are 12.
    (found,) = told.found
    assert (found.reason, found.recent) == ("price", 8)
    assert found.usual == pytest.approx(12 * 30 / 365)
    assert found.chance == pytest.approx(2 * plain_tail(8, 12 * 30 / 365))


def test_a_reason_is_judged_by_its_own_rate_and_not_by_the_others() -> None:
    often = Count("support", 30, 365)  # as many as ever

    assert [b.reason for b in bursts(often, Count("price", 6, 6)).found] == ["price"]


def test_a_chance_of_one_reason_is_none_once_twelve_reasons_were_looked_at() -> None:
    alone = Count("price", 4, 12)
    reasons = (
        *("support", "policy_change", "sales_practices", "off_the_radar", "competitor_offer"),
        *("product_or_quality", "taken_for_granted", "moved_or_closed", "no_longer_needed"),
        *("delivery_or_service", "one_time_accident"),
    )

    assert plain_tail(4, 12 * 30 / 365) < 0.05
    assert len(bursts(alone).found) == 1
    assert bursts(alone, *(Count(reason, 1, 12) for reason in reasons)).found == ()


def test_two_cases_are_no_burst_even_of_what_never_came_up() -> None:
    assert bursts(Count("price", 2, 0)).found == ()
    assert [b.usual for b in bursts(Count("price", 3, 0)).found] == [0.0]


def test_leaves_count_as_their_reason_and_an_unknown_one_is_none() -> None:
    told = bursts(Count("price", 2, 1), Count("price/shipping", 2, 1), Count("unknown", 90, 0))

    assert [(b.reason, b.recent) for b in told.found] == [("price", 4)]


@pytest.mark.parametrize(
    ("first", "known"), [(None, False), ("2026-07-29", False), ("2026-07-28", True), ("2026-11-20", False)]
)
def test_less_than_ninety_days_of_history_tell_nothing(first: str | None, known: bool) -> None:
    told = bursts(Count("price", 50, 1), first=first)

    assert (told.known, bool(told.found)) == (known, known)


def test_a_young_store_is_judged_by_the_days_that_it_has() -> None:
    told = bursts(Count("price", 20, 9), first="2026-07-28")  # 90 days before the last thirty

    assert told.found[0].usual == 3.0


def test_bursts_in_words() -> None:
    told = Bursts((Burst("price", 8, 0.986, 0.001), Burst("support", 3, 0.0, 0.01)), known=True)

    assert patterns.burst_words(told) == (
        "Price: 8 cases in the last 30 days, about 1 in as many before. Look for one cause.",
        "Support: 3 cases in the last 30 days, none before. Look for one cause.",
    )
    assert "Too little history" in patterns.burst_words(Bursts((), known=False))[0]
    assert patterns.burst_words(Bursts((), known=True))[0].startswith("No reason came up oftener")


# -- our theory ------------------------------------------------------------------------------


def test_how_often_the_theory_was_right_is_told_with_its_interval() -> None:
    told = patterns.judged(
        [Theory("price", "yes", 12), Theory("support", "partly", 3), Theory("", "no", 5)]
    )

    assert told == (Rate(12, 20), 3, 5)
    assert patterns.theory_words(told) == (
        "Our theory was right 12 of 20 times: 60 % (39 to 78); partly right 3 times."
    )


def test_of_few_only_counts_are_told_and_of_none_that_nobody_said() -> None:
    assert patterns.theory_words(patterns.judged([Theory("price", "partly", 1), Theory("", "yes", 1)])) == (
        "Our theory was right 1 of 2 times; partly right once."
    )
    assert patterns.theory_words(patterns.judged([])) == (
        "Nobody said yet whether our own theory was right."
    )


def test_as_values_the_theory_is_told_by_reason_with_leaves_in_theirs() -> None:
    theories = [Theory("price/a", "yes", 2), Theory("price", "no", 3), Theory("", "yes", 1)]

    _, theory = patterns.remarks(Bursts((), known=True), theories)

    assert (theory.key, theory.values["right"]) == ("theory", Rate(3, 6))
    assert theory.values["by_reason"] == [
        {"reason": None, "right": Rate(1, 1), "partly": 0, "wrong": 0},
        {"reason": "price", "right": Rate(2, 5), "partly": 0, "wrong": 3},
    ]


def test_as_values_a_burst_says_what_it_rests_on() -> None:
    told, _ = patterns.remarks(Bursts((Burst("price", 8, 0.98630, 0.000123456),), known=True), [])

    assert (told.key, told.values) == (
        "bursts",
        {
            "days": 30,
            "enough_history": True,
            "found": [{"reason": "price", "recent": 8, "usual": 0.99, "chance": 0.00012}],
        },
    )


@pytest.mark.parametrize(("said", "end"), [("late, and no tickets", '".'), ("late!", '!"'), ("why?", '?"')])
def test_what_one_of_them_said_ends_as_a_sentence_does(said: str, end: str) -> None:
    told = words(*(alike() for _ in range(3)), said=said)

    assert f"{end} Perhaps it is a pattern" in told
