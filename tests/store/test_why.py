"""`winback why`: where somebody's place comes from, for a person, for a pipe and for a script (C3)."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner
from winback_cli import odds, priority
from winback_cli.store import reading, scoring

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
TODAY = "2026-11-23"  # a Monday
KEYS = {
    *("customer", "name", "state", "because", "as_of", "lapsed", "chance", "value", "worth", "base"),
    *("factors", "missing", "assumed", "kept", "back"),
}


@pytest.fixture
def now(winback: Runner, sample: Path) -> Runner:
    """The runner over the sample list of that day, on Monday 23 November 2026."""

    def run(*words: object) -> Ran:
        ran = winback("--as-of", TODAY, *words)
        assert ran.code in (0, 2, 3), ran.err
        return ran

    run("import", sample)
    return run


def why(now: Runner, who: object = 1) -> dict[str, Any]:
    ran = now("why", who, "--json")
    assert (ran.code, ran.err) == (0, "")
    told: dict[str, Any] = json.loads(ran.out)
    assert set(told) == KEYS
    return told


def factors(now: Runner, who: object = 1) -> dict[str, dict[str, Any]]:
    return {one["factor"]: one for one in why(now, who)["factors"]}


# -- as JSON ---------------------------------------------------------------------------------


def test_the_score_is_the_formulas_for_what_the_list_brought(now: Runner, store_path: Path) -> None:
    known = priority.Known(date(2025, 11, 2), date(2022, 1, 10), 12, 420_050, "EUR", how_left="upset")
    with reading(store_path) as connection:
        basis = scoring.basis(connection)
    assert basis is not None
    expected = priority.priority(known, basis.assumed, date(2026, 11, 23))

    told = why(now)

    assert expected.score is not None
    assert told["chance"] == {
        "about": expected.score.chance,
        "low": expected.score.low,
        "high": expected.score.high,
    }
    assert told["value"] == {"amount": expected.score.value, "currency": "EUR"}
    assert (told["state"], told["because"], told["lapsed"], told["as_of"]) == ("ranked", None, True, TODAY)
    assert told["worth"]["tenure"] == pytest.approx(3.81, abs=0.01)


def test_every_factor_of_the_table_is_told_with_its_weight_its_basis_and_where_it_came_from(
    now: Runner,
) -> None:
    told = factors(now)

    assert list(told) == [factor.name for factor in odds.TABLE]
    assert {
        set(one) == {"factor", "words", "value", "weight", "from", "basis", "note"} for one in told.values()
    } == {True}
    assert (told["orders"]["value"], told["orders"]["weight"], told["orders"]["from"]) == (
        12,
        2.5,
        "imported",
    )
    assert all(one["basis"] for one in told.values())
    missing = {name for name, one in told.items() if one["value"] is None}
    assert set(why(now)["missing"]) == missing
    assert {one["weight"] for name, one in told.items() if name in missing} == {1.0}


def test_what_was_typed_by_hand_and_what_was_asked_say_so(now: Runner) -> None:
    assert now("edit", 1, "--orders", 2).code == 0
    now("walk", 1, "--answers", ANSWERS)

    told = factors(now)

    assert (told["orders"]["value"], told["orders"]["from"]) == (2, "by hand")
    assert told["tenure"]["from"] == "imported"
    assert (told["how_left"]["value"], told["how_left"]["from"]) == ("upset", "asked")
    assert (told["reason"]["value"], told["reason"]["from"]) == ("complaint_handled_badly", "asked")
    assert (told["referrals"]["value"], told["referrals"]["from"]) == (True, "asked")


def test_a_complaint_counts_as_resolved_once_every_promise_is_kept(now: Runner) -> None:
    now("walk", 1, "--answers", ANSWERS)
    before, chance = factors(now)["complaint"]["value"], why(now)["chance"]["about"]

    assert now("promise", "keep", 1, 2).code == 0

    assert (before, factors(now)["complaint"]["value"]) == ("unresolved", "resolved")
    assert why(now)["chance"]["about"] > chance


def test_the_settings_are_what_is_assumed_and_say_where_they_come_from(home: Path, now: Runner) -> None:
    before = why(now)
    (home / "settings.toml").write_text("return_rate = 12\nmargin = 60\n", "utf-8")

    after = why(now)

    assert before["assumed"]["return_rate"] == {"value": 5, "from": "default"}
    assert after["assumed"]["return_rate"] == {"value": 12, "from": str(home / "settings.toml")}
    assert after["assumed"]["horizon_months"]["from"] == "default"
    assert after["chance"]["about"] > before["chance"]["about"]
    assert after["worth"]["yearly"] == pytest.approx(2 * before["worth"]["yearly"], abs=1)


def test_a_value_is_in_the_customers_own_currency(now: Runner) -> None:
    told = why(now, 3)

    assert told["value"]["currency"] == told["worth"]["currency"] == "USD"
    assert told["worth"]["rate"] is None


# -- who is not ranked --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("acts", "who", "state", "because", "says"),
    [
        ((), 4, "left_alone", "opted out in lapsed.csv", "Nobody who is left alone is ranked"),
        (
            [("suppress", 1, "--reason", "asked on the phone")],
            1,
            "left_alone",
            "asked on the phone",
            "They asked to be left alone: asked on the phone.",
        ),
        (
            [
                ("touch", 1, "--channel", "phone", "--disposition", "no answer"),
                ("close", 1, "--outcome", "released"),
            ],
            1,
            "closed",
            "released",
            "Their case is closed: released.",
        ),
    ],
    ids=["opted out", "suppressed", "closed"],
)
def test_whoever_is_left_alone_or_closed_is_said_to_be_and_nothing_is_reckoned(
    acts: list[tuple[object, ...]], who: int, state: str, because: str, says: str, now: Runner
) -> None:
    for act in acts:
        ran = now(*act)
        assert ran.code == 0, ran.err

    told, page = why(now, who), now("why", who)

    assert (told["state"], told["because"]) == (state, because)
    assert [told[key] for key in ("chance", "value", "worth", "base")] == [None] * 4
    assert (told["factors"], told["missing"]) == ([], [])
    assert says in " ".join(page.out.split())
    assert "%" not in page.out


# -- as a page ---------------------------------------------------------------------------------


def test_the_page_tells_an_adviser_the_result_the_factors_what_is_missing_and_the_worth(
    now: Runner,
) -> None:
    ran = now("why", 1)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == PAGE
    assert max(map(len, ran.out.splitlines())) <= 80


PAGE = """\
Ana Sol, Blue Foods  no. 1
Back within a year: about 10 %, probably 2 % to 35 %; about as likely as most.
For it: orders, time as a customer. Against it: last purchase.
Chance times what they would bring, less the contact: EUR 60.

What moves the chance
  Factor               What is known             Weight  From      Basis
  of all who lapsed    5 % come back                     assumed
  the list as a whole                            x 0.81  reckoned
  last purchase        2025-11-02, 386 days ago  x 0.58  imported  a
  orders               12                        x 2.50  imported  a
  spending             13.55 times the usual     x 1.25  imported  a
  time as a customer   3.8 years                 x 1.35  imported  a
  how they left        upset                     x 1.10  imported  b
  A weight of 2 doubles the odds, 0.5 halves them, 1 changes nothing.
  The list as a whole: it holds the average of all at that rate.
  a: judgement; tested on the purchases of CDNOW
  b: judgement

Not known
regularity, complaint, brought others, formally cancelled, why they left.
Each makes the range wider.

What they would bring
Revenue EUR 4,200 (imported), over 3.8 years.
At a margin of 30 % (assumed): EUR 331 a year, one year at least being counted.
A second time is taken to last half as long as the first, 1 to 3 years
(assumed): 1.9 years make EUR 630.
A contact costs EUR 5 (assumed).
"""


def test_somebody_of_whom_nothing_is_known_is_told_with_a_wide_range_and_no_value(now: Runner) -> None:
    assert now("add", "Eve").code == 0

    said = " ".join(now("why", "Eve").out.split())

    assert "about 4 %, probably 0.7 % to 22 %" in said
    assert "less likely than most" in said
    assert "What they would bring is not known; the chance alone ranks them." in said
    assert "No revenue that counts is known, so it cannot be said." in said


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (("--revenue", "-50 EUR"), "spending (no such revenue: not counted)"),
        (("--revenue", "-50 EUR"), "No revenue that counts is known"),
        (("--orders", "0"), "orders (no such value: not counted)"),
        (("--first-purchase", "2026-01-01"), "time as a customer (the days do not fit: not counted)"),
        (("--last-purchase", "2026-11-20"), "They bought not long ago and have not lapsed yet."),
        (("--revenue", "1 EUR"), "By that, a contact costs more."),
    ],
)
def test_what_cannot_be_or_does_not_fit_is_said(edit: tuple[str, str], says: str, now: Runner) -> None:
    assert says not in " ".join(now("why", 1).out.split())
    assert now("edit", 1, *edit).code == 0

    assert says in " ".join(now("why", 1).out.split())


def test_a_last_purchase_or_a_cancellation_to_come_counts_as_not_known(
    winback: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "days.csv"
    days = (
        ("2025-11-02", ""),
        ("2025-11-02", "2026-12-31"),
        ("2025-11-02", "2026-11-23"),
        ("2027-01-01", ""),
    )
    rows = [f"Ana {n},a{n}@example.com,{last},{over}" for n, (last, over) in enumerate(days)]
    place.write_text("\n".join(["name,email,last_purchase,cancelled", *rows]), "utf-8")
    assert winback("--as-of", TODAY, "import", place).code == 0

    def run(*words: object) -> Ran:
        return winback("--as-of", TODAY, *words)

    plain, to_come, over, later = (why(run, who) for who in (1, 2, 3, 4))
    assert to_come["chance"] == plain["chance"]
    assert over["chance"]["about"] < plain["chance"]["about"]
    assert "They cancel on 2026-12-31, a day to come: not counted." in " ".join(run("why", 2).out.split())
    assert later["lapsed"] is True
    page = " ".join(run("why", 4).out.split())
    assert "last purchase (a day to come: not counted)" in page
    assert "They bought not long ago" not in page


def test_one_customers_worth_is_the_same_on_every_screen(now: Runner, tmp_path: Path) -> None:
    lines = "".join(
        f"    {line}\n"
        for line in (
            "yearly_margin: 15000 EUR",
            "expected_years: 3",
            "referral_count: 2",
            "fix_cost: 900 EUR",
        )
    )
    script = tmp_path / "a.yaml"
    said = ANSWERS.read_text("utf-8").replace("    fix_cost: 900 EUR\n", "")
    script.write_text(said.replace("  decide:\n", f"  decide:\n{lines}"), "utf-8")
    assert now("fix", "add", "One person who answers", "--cost", "50").code == 0
    listed = {who: _on_every_screen(now, who) for who in (1, 2, 3)}
    now("walk", 1, "--answers", script)

    for who in (1, 2, 3):
        told = _on_every_screen(now, who)
        assert len(set(told)) == 1, told
    assert len(set(listed[1])) == 1
    assert _on_every_screen(now, 1)[0] > 10 * listed[1][0]
    page = " ".join(now("why", 1).out.split())
    assert "EUR 15,000 a year (asked). 3 years (asked) make EUR 45,000." in page
    assert "With them come or go 2 others (asked)" in page
    assert "The fix takes EUR 900." in page


def _on_every_screen(now: Runner, who: int) -> list[int]:
    told, weighed = (json.loads(now(what, who, "--json").out) for what in ("why", "worth"))
    (line,) = (
        one for one in json.loads(now("list", "--sort", "priority", "--json").out) if one["number"] == who
    )
    reckoned = weighed["gain"] or weighed["room"]
    assert told["value"] == line["value"] == reckoned["about"]
    return [told["value"]["amount"], line["value"]["amount"], reckoned["about"]["amount"]]


def test_own_cases_say_how_many_of_them_there_are_and_how_the_assumption_counts(
    now: Runner, winback: Runner
) -> None:
    for who in (1, 2):
        now("walk", who, "--answers", ANSWERS)
        ran = now("close", who, "--outcome", "won", "--because", "x", "--until", "+9d", "--override", "x")
        assert ran.code == 0, ran.err
    now("walk", 3, "--answers", ANSWERS)
    assert winback("--as-of", "2026-11-24", "note", 3, "A word.").code == 0

    page = " ".join(winback("--as-of", "2026-11-24", "why", 3).out.split())

    assert "complaint handled badly" in page
    assert "Why they left: 2 of 2 of your own closed cases." in page
    assert "2 of 2 of your settled cases came back; the 5 % you assume count as 20 more." in page
    assert "Settled leaves out who is let go, cases that still run, and who came back unasked." in page


def test_twelve_equal_customers_are_all_as_likely_as_most(winback: Runner, tmp_path: Path) -> None:
    place = tmp_path / "equal.csv"
    rows = [f"Ana {n},{n}@example.com,2025-11-02,12,900" for n in range(12)]
    place.write_text("\n".join(["name,email,last_purchase,orders,revenue", *rows]), "utf-8")
    assert winback("--as-of", TODAY, "import", place).code == 0

    assert "about as likely as most" in winback("--as-of", TODAY, "why", 5).out


def test_a_currency_without_a_rate_is_said_to_be_ranked_by_the_chance_alone(now: Runner) -> None:
    said = " ".join(now("why", 3).out.split())

    assert "There is no rate from USD to EUR" in said
    assert "USD 9,900 (imported)" in said


def test_where_all_are_in_another_currency_the_cost_of_a_contact_is_said_to_be_left_out(
    winback: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "dollars.csv"
    place.write_text("name,revenue,currency\nAna,900,USD\nBen,400,USD\n", "utf-8")
    assert winback("import", place).code == 0

    said = " ".join(winback("why", 1).out.split())

    assert "There is no rate from USD to EUR: the cost of a contact is not taken off." in said
    assert "less the contact" not in said
    assert "A contact costs" not in said


def test_nobody_by_that_name_is_told_as_everywhere(now: Runner) -> None:
    ran = now("why", "zzz")

    assert (ran.code, ran.out) == (3, "")
    assert "winback: Nobody here goes by 'zzz'." in ran.err


def test_why_writes_nothing(now: Runner, store_path: Path) -> None:
    before = store_path.read_bytes()

    now("why", 1)

    assert store_path.read_bytes() == before
