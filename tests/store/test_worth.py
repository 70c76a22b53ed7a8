"""`winback worth` and the walk: where each figure comes from, what can be tried, and who is not weighed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_terminal import Terminal
from tests.conftest import Ran, Runner

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
TODAY = "2026-11-23"  # a Monday
KEYS = {
    *("customer", "name", "state", "because", "as_of", "currency", "inputs", "at_stake", "fix"),
    *("offer_cost", "cost", "room", "gain", "payback_months", "one_return", "suggestion", "why", "missing"),
}
Rows = Callable[..., list[Any]]


@pytest.fixture
def now(winback: Runner, sample: Path) -> Runner:
    """The runner over the sample list of that day, on Monday 23 November 2026."""

    def run(*words: object) -> Ran:
        return winback("--as-of", TODAY, *words)

    assert run("import", sample).code == 0
    return run


def worth(now: Runner, *words: object) -> dict[str, Any]:
    ran = now("worth", *words, "--json")
    assert (ran.code, ran.err) == (0, "")
    told: dict[str, Any] = json.loads(ran.out)
    assert set(told) == KEYS
    return told


def given(told: dict[str, Any], name: str) -> tuple[Any, str | None]:
    """An input's value - an amount as (minor units, currency) - and where it came from."""
    one = told["inputs"][name]
    value = one["value"]
    return (tuple(value.values()) if isinstance(value, dict) else value), one["from"]


def walked(now: Runner, place: Path, *decided: str) -> None:
    """Customer 1 walked through the sample answers, with more of them in the decide step."""
    lines = "".join(f"    {line}\n" for line in decided)
    place.write_text(ANSWERS.read_text("utf-8").replace("  decide:\n", f"  decide:\n{lines}"), "utf-8")
    ran = now("walk", 1, "--answers", place)
    assert ran.code == 0, ran.err


# -- where figures come from --------------------------------------------------------------------


def test_margin_and_chance_are_those_that_why_tells(now: Runner) -> None:
    told, why = worth(now, 1), json.loads(now("why", 1, "--json").out)

    assert given(told, "yearly") == ((why["worth"]["yearly"], "EUR"), "imported, 30 % margin assumed")
    assert told["inputs"]["chance"] == why["chance"]
    assert given(told, "years") == (round(why["worth"]["years"], 2), "assumed")
    assert told["at_stake"] == {"amount": why["worth"]["amount"], "currency": "EUR"}
    assert (told["suggestion"], told["gain"]) == ("unsure", None)
    assert told["missing"] == ["referrals", "fix_cost", "acquisition"]


def test_other_figures_are_tried_and_nothing_is_stored(now: Runner, store_path: Path) -> None:
    walk = now("walk", 1, "--answers", ANSWERS)
    before, bytes_before = worth(now, 1), store_path.read_bytes()

    told = worth(
        now,
        *(1, "--margin", "800", "--years", "2.5", "--referrals", "2", "--referral-value", "300"),
        *("--fix-cost", "200", "--offer-cost", "40", "--contact-cost", "10", "--acquisition", "500"),
    )

    assert walk.code == 0
    assert {given(told, name)[1] for name in told["inputs"] if name != "chance"} == {"tried"}
    assert told["at_stake"]["amount"] == 800_00 * 2.5 + 2 * 300_00
    assert (told["cost"]["amount"], told["missing"]) == (250_00, [])
    chance = told["inputs"]["chance"]["about"]
    assert told["gain"]["about"]["amount"] == pytest.approx(chance * 2_600_00 - 250_00, abs=1)
    assert told["payback_months"] == pytest.approx(12 * 250 / 800, abs=0.1)
    assert worth(now, 1) == before
    assert store_path.read_bytes() == bytes_before


def test_what_was_answered_in_the_walk_counts_before_the_list(now: Runner, tmp_path: Path) -> None:
    walked(
        *(now, tmp_path / "a.yaml", "yearly_margin: 1500 EUR", "expected_years: 4", "referral_count: 2"),
    )

    told = worth(now, 1)

    assert given(told, "yearly") == ((1500_00, "EUR"), "asked")
    assert given(told, "years") == (4, "asked")
    assert given(told, "referrals") == (2, "asked")
    assert given(told, "fix_cost") == ((900_00, "EUR"), "asked")
    assert told["at_stake"]["amount"] == 1500_00 * 4 + 2 * given(told, "each")[0][0]


def test_the_lists_own_figure_taken_with_enter_stays_the_lists(now: Runner, tmp_path: Path) -> None:
    listed = given(worth(now, 1), "yearly")

    walked(now, tmp_path / "a.yaml", f"yearly_margin: {round(listed[0][0] / 100)} EUR")

    (amount, _), origin = given(worth(now, 1), "yearly")
    assert origin == listed[1]
    assert amount == round(listed[0][0], -2)


def test_a_referral_is_worth_what_the_middle_customer_of_the_list_is(now: Runner) -> None:
    told = worth(now, 1, "--referrals", 1)

    # Of 310 and 4,200.50 in euros the lower middle counts, at a margin of 30 %, for half as long as it took.
    assert given(told, "each") == ((46_50, "EUR"), "middle of your list")


def test_the_firms_fix_is_shared_by_the_open_cases_that_wait_for_it(now: Runner) -> None:
    assert now("fix", "add", "One person who answers", "--cost", "900").code == 0
    assert now("fix", "for", 1, 1, 2).code == 0

    told = worth(now, 1)

    assert given(told, "fix_cost") == ((900_00, "EUR"), "fix 1")
    assert told["fix"] == {"share": {"amount": 450_00, "currency": "EUR"}, "cases": 2}
    assert "1 of 2 shares of EUR 900" in " ".join(now("worth", 1).out.split())


def test_the_settings_give_the_yardstick_the_contact_and_the_rates(home: Path, now: Runner) -> None:
    before = worth(now, 3)
    (home / "settings.toml").write_text(
        "acquisition_cost = 450\ncontact_cost = 9\nrates = {USD = 0.9}\n", "utf-8"
    )

    told, why = worth(now, 3), json.loads(now("why", 3, "--json").out)

    assert before["currency"] == told["currency"] == "USD"
    assert before["inputs"]["contact_cost"]["note"] == "no rate from EUR to USD: not counted"
    assert given(told, "contact_cost") == ((10_00, "USD"), "set by you")
    assert given(told, "acquisition") == ((500_00, "USD"), "set by you")
    assert (why["worth"]["rate"], why["worth"]["cost"]) == (0.9, 10_00)


def test_a_rate_to_a_currency_without_cents_is_between_whole_units(home: Path, now: Runner) -> None:
    (home / "settings.toml").write_text("acquisition_cost = 450\nrates = {JPY = 0.006}\n", "utf-8")
    assert now("edit", 2, "--revenue", "JPY 500000").code == 0

    assert given(worth(now, 2), "acquisition") == ((75_000, "JPY"), "set by you")


# -- what is missing, who is not weighed --------------------------------------------------------


def test_without_revenue_nothing_is_made_up_and_it_says_what_to_ask(now: Runner) -> None:
    assert now("add", "Eve Noor").code == 0

    told, page = worth(now, "Eve"), now("worth", "Eve").out

    assert (told["at_stake"], told["gain"], told["room"], told["suggestion"]) == (
        None,
        None,
        None,
        "unsure",
    )
    assert "no revenue is known; try --margin" in page
    assert "What they bring in a year is not known." in page
    assert worth(now, "Eve", "--margin", 100)["at_stake"] is not None


def test_of_somebody_left_alone_nothing_is_reckoned(now: Runner) -> None:
    told, page = worth(now, 4, "--margin", 9000), " ".join(now("worth", 4).out.split())

    assert told["state"] == "left_alone"
    assert {told[name] for name in ("inputs", "at_stake", "gain", "suggestion", "currency")} == {None}
    assert "Nobody who is left alone is weighed." in page
    assert "EUR" not in page and "GBP" not in page


def test_a_closed_case_is_not_weighed_and_a_verdict_does_not_hide_the_figures(
    now: Runner, tmp_path: Path
) -> None:
    walked(now, tmp_path / "a.yaml")
    before = worth(now, 1)

    assert now("close", 1, "--outcome", "lost", "--override", "They moved away.").code == 0

    assert (before["state"], before["fix"]["share"]["amount"]) == ("weighed", 900_00)
    assert worth(now, 1)["state"] == "closed"
    assert "nothing left to weigh" in now("worth", 1).out


@pytest.mark.parametrize(
    "words",
    [
        ("--margin", "much"),
        ("--fix-cost", "-5"),
        ("--acquisition", "1.234"),
        ("--years", "-1"),
        ("--years", "nan"),
        ("--years", "x"),
        ("--referrals", "10001"),
        ("--offer-cost", "5 EURO"),
    ],
    ids=" ".join,
)
def test_what_is_no_figure_is_refused_and_the_option_named(now: Runner, words: tuple[str, str]) -> None:
    ran = now("worth", 1, *words)

    assert (ran.code, ran.out) == (2, "")
    assert words[0] in ran.err


def test_a_number_that_is_none_is_called_so_in_plain_words(now: Runner) -> None:
    assert "'x' is not a number." in now("worth", 1, "--years", "x").err
    assert "'2.5' is not a whole number." in now("worth", 1, "--referrals", "2.5").err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "return_rate = 90",
            "return_rate should be how many of 100 lapsed customers come back within a year",
        ),
        ("margin = 0", "margin should be how much of 100 of revenue is margin"),
    ],
)
def test_a_setting_that_cannot_be_is_told_in_a_sentence(
    line: str, says: str, home: Path, now: Runner
) -> None:
    (home / "settings.toml").write_text(f"{line}\n", "utf-8")

    assert says in now("worth", 1).err


def test_the_page_fits_the_screen_and_says_who_decides(home: Path, now: Runner) -> None:
    (home / "settings.toml").write_text("acquisition_cost = 45000000\nreturn_rate = 8\n", "utf-8")

    page = now("worth", 3, "--fix-cost", "12000000 USD", "--referrals", 900, "--margin", "9000000 USD").out

    assert max(map(len, page.splitlines())) <= 80
    assert "You decide." in " ".join(page.split())
    assert "rates = {USD = 0.9}" in page


# -- in the walk --------------------------------------------------------------------------------


@pytest.mark.terminal
def test_the_walk_shows_the_figures_at_the_decision_and_the_verdict_has_no_default(
    stocked: Runner, rows: Rows
) -> None:
    walk = Terminal("--as-of", TODAY, "walk", "1", "--playbook", "trust")
    for shown, typed in (
        ("How did they leave", ""),
        ("Why did they stray", "price"),
        ("judgement based on", "Her own words."),
        ("  …", ""),
        ("Review", ""),
    ):
        walk.until(shown)
        walk.type(typed)

    screen = walk.until("What do they bring in a year, after costs?")
    assert "What it is worth" in screen
    assert "They bring a year  EUR 331" in screen
    assert "[EUR 331]" in screen
    walk.type("1000")
    screen = walk.until("r release\n>")
    assert "The figures leave it open. What the fix costs is not known" in screen
    walk.type("")
    walk.until("This one needs an answer")
    walk.type(":quit")

    assert walk.end() == 0
    stored = [json.loads(body) for (body,) in rows("SELECT body FROM event WHERE kind = 'answered'")]
    by_fact = {one["fact"]: one["value"] for one in stored}
    assert by_fact["decided.yearly_margin"] == {"amount": 1000_00, "currency": "EUR"}
    assert "decided.verdict" not in by_fact
