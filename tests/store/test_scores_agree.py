"""Whatever is done, everybody's kept score is the formula's for what the store holds that day (C3)."""

import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner
from winback_cli import priority, text
from winback_cli.case import Case, fold, items_of
from winback_cli.customer import Customer
from winback_cli.dates import clock_at
from winback_cli.money import Money
from winback_cli.priority import Assumptions, Known
from winback_cli.stakes import Answered
from winback_cli.store import connect, mending, ordered, reading, reads, scoring, tables
from winback_cli.store.writes import Store

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
TODAY = date(2026, 11, 23)
Rows = Callable[..., list[Any]]


@pytest.fixture
def now(winback: Runner, sample: Path) -> Runner:
    """The runner on Monday 23 November 2026, over the sample list of that day and two more people."""

    def run(*words: object, code: int = 0) -> Ran:
        ran = winback("--as-of", TODAY, *words)
        assert ran.code == code, ran.err
        return ran

    run("import", sample)
    run("add", "Eve Lund", "--revenue", "900 EUR", "--orders", 4, "--last-purchase", "2026-03-01")
    run("add", "Eva Lund", "--email", "eva@example.com", "--last-purchase", "2026-01-01")
    return run


def known(connection: reads.Connection, number: int) -> Known:
    """What the store holds of somebody: their record, and their case as its events make it."""
    record, ref = reads.customer(connection, number), reads.case_ref(connection, number)
    assert record is not None
    case = fold(ref.id, reads.events(connection, ref.key)) if ref else None
    facts = case.facts if case else {}
    return Known(
        date.fromisoformat(record.last_purchase) if record.last_purchase else None,
        date.fromisoformat(record.first_purchase) if record.first_purchase else None,
        record.orders,
        record.revenue,
        record.currency,
        record.regularity,
        record.how_left,
        facts.get("classified.reason") or text.fold(record.reason).replace(" ", "_"),
        case.complaint if case else "",
        case.referred if case else None,
        True if record.cancelled else None,
        facts.get("decided.verdict") or facts.get("backstory.worth_it") or "",
        record.suppressed or (case is not None and case.status == "closed"),
        answered(connection, case) if case else None,
    )


def answered(connection: reads.Connection, case: Case) -> Answered | None:
    """What was answered of the figures, as the case's events and the firm's fixes say."""
    facts = case.facts
    names = ("yearly_margin", "expected_years", "referral_count", "fix_cost")
    yearly, years, referrals, cost = (facts.get(f"decided.{name}") for name in names)
    offers = [one.get("cost") for _, one in items_of(facts.get("revisited.offers")) if one.get("kind")]
    number = facts.get("decided.fix_number")
    if not offers and {yearly, years, referrals, number, bool(cost)} == {None, False}:
        return None
    priced = tuple(Money(**one) for one in offers if one)
    of_firm = None if cost or number is None else mending.fix(connection, number).cost
    waiting = mending.waiting_for(connection, number) if number else []
    return Answered(
        Money(**yearly) if yearly else None,
        years,
        referrals,
        Money(**cost) if cost else of_firm,
        max(sum(one.status != "closed" for one in waiting), 1),
        priced,
        len(offers) - len(priced),
    )


def agree(store: Path) -> None:
    """Assert that every kept score is the formula's, and that the queue goes by them."""
    with reading(store) as connection:
        made = scoring.basis(connection)
        assert made is not None
        everybody = [number for (number,) in connection.execute("SELECT id FROM customer")]
        rows = connection.execute("SELECT customer_id, chance, value, currency FROM score")
        kept = {number: tuple(figures) for number, *figures in rows}
        for number in everybody:
            found = priority.priority(known(connection, number), made.assumed, TODAY, made.outcomes).score
            told = (found.chance, found.value, found.currency) if found else None
            assert kept.get(number) == told, number
        assert set(kept) <= set(everybody)
        assert ordered.queue_agrees(connection)


def test_whatever_commands_are_given_the_kept_scores_are_those_of_what_the_store_holds(
    now: Runner, store_path: Path, tmp_path: Path
) -> None:
    bought = tmp_path / "bought.csv"
    bought.write_text(
        "email,date,amount,currency\n"
        + "".join(f"ben@example.com,2026-0{m}-01,{m}00.00,EUR\n" for m in range(1, 7)),
        "utf-8",
    )
    batch = 2
    for words in (
        ("walk", 1, "--answers", ANSWERS),
        ("edit", 1, "--how-left", "content"),
        ("fix", "add", "One person who answers", "--cost", "900"),
        ("fix", "for", 1, 2, 5),
        ("offer", "add", 5, "trial", "--terms", "A free month", "--cost", "40"),
        ("promise", "keep", 1, 2),
        ("close", 1, "--outcome", "lost", "--because", "over", "--override", "x", "--no-suppress"),
        ("undo", 1),
        ("touch", 2, "--channel", "phone", "--disposition", "no answer"),
        ("import", "--purchases", bought),
        ("edit", 2, "--cancelled", "2026-10-01"),
        ("close", 2, "--outcome", "released"),
        ("reopen", 2, "--because", "they called"),
        ("import", "--undo", batch),
        ("snooze", 2, "--until", "2026-12-01", "--because", "later"),
        ("suppress", 3, "--reason", "asked"),
        ("unsuppress", 3, "--because", "asked again"),
        ("merge", 5, 6, "--yes"),
        ("edit", 5, "--revenue", "12000 EUR"),
        ("erase", 5, "--yes"),
        ("undo", 2),
    ):
        now(*words)
        agree(store_path)


def test_why_goes_by_how_they_left_as_it_was_last_told_by_hand(now: Runner, rows: Rows) -> None:
    now("walk", 1, "--answers", ANSWERS)
    asked = json.loads(now("why", 1, "--json").out)
    now("edit", 1, "--how-left", "content")

    told = json.loads(now("why", 1, "--json").out)

    ((kept,),) = rows("SELECT chance FROM score WHERE customer_id = 1")
    assert told["chance"]["about"] == kept < asked["chance"]["about"]
    assert [_how_left(one) for one in (asked, told)] == [("upset", "asked"), ("content", "by hand")]


def _how_left(told: dict[str, Any]) -> tuple[str, str]:
    (found,) = (one for one in told["factors"] if one["factor"] == "how_left")
    return found["value"], found["from"]


# -- while everybody is scored ---------------------------------------------------------------


def at_begin(raw: sqlite3.Connection, which: int, then: Callable[[], object]) -> None:
    """Let something happen just before this connection begins its transaction of that number."""
    begun = 0

    def traced(statement: str) -> None:
        nonlocal begun
        begun += statement.startswith("BEGIN")
        if begun == which and statement.startswith("BEGIN"):
            then()

    raw.set_trace_callback(traced)


def scored(store: Path, given: Assumptions, which: int, then: Callable[[], object]) -> None:
    """Score everybody; before its transaction of that number something else happens."""
    with closing(connect.connect(store, writing=True)) as raw:
        at_begin(raw, which, then)
        scoring.score_all(raw, scoring.Means(given), TODAY)


@pytest.fixture
def long(now: Runner, store_path: Path) -> Runner:
    """The same with somebody of so high a number that not all are scored in one transaction."""
    with closing(sqlite3.connect(store_path)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(customer_row)")]
        others = ", ".join(name for name in names if name not in ("id", "external_id"))
        connection.execute(
            f"INSERT INTO customer_row (id, {others}) SELECT {scoring.TOGETHER + 1}, {others}"
            " FROM customer_row WHERE id = 2"
        )
        connection.commit()
    return now


@pytest.mark.parametrize("which", [2, 3, 4])
def test_whoever_is_added_while_everybody_is_scored_goes_by_the_same_measure(
    which: int, long: Runner, store_path: Path, rows: Rows
) -> None:
    given = Assumptions(return_rate=20)

    def add() -> None:
        gil = Customer(name="Gil Noor", revenue=Money(500_000, "EUR"), orders=9)
        store = Store.open(store_path, "Mara", clock_at(TODAY.isoformat()), "add")
        store.means = scoring.Means(given)
        store.add(gil)
        store.close()

    scored(store_path, given, which, add)

    assert rows("SELECT id FROM customer WHERE name = 'Gil Noor'") == [(scoring.TOGETHER + 2,)]
    agree(store_path)


def test_of_two_who_score_everybody_the_later_one_wins(long: Runner, store_path: Path) -> None:
    def later() -> None:
        with closing(connect.connect(store_path, writing=True)) as other:
            scoring.score_all(other, scoring.Means(Assumptions(return_rate=30)), TODAY)

    scored(store_path, Assumptions(return_rate=20), 2, later)

    agree(store_path)
    with reading(store_path) as connection:
        made = scoring.basis(connection)
        assert made is not None and made.given.return_rate == 30
        assert not scoring.stale(connection, made.given, TODAY)


def test_a_scoring_that_was_killed_is_done_with_the_next_change(
    long: Runner, home: Path, store_path: Path
) -> None:
    (home / "settings.toml").write_text("return_rate = 20\n", "utf-8")
    given = Assumptions(return_rate=20)
    pid = os.fork()
    if pid == 0:
        scored(store_path, given, 2, lambda: os._exit(9))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    with reading(store_path) as connection:
        assert scoring.stale(connection, given, TODAY)

    long("note", 2, "A word.")

    agree(store_path)
    with reading(store_path) as connection:
        assert not scoring.stale(connection, given, TODAY)


# -- what is usual ---------------------------------------------------------------------------


def test_purchases_that_say_what_people_spent_score_everybody_by_it_at_once(
    winback: Runner, tmp_path: Path, store_path: Path
) -> None:
    names, bought = tmp_path / "names.csv", tmp_path / "bought.csv"
    names.write_text("name,email\nAna,ana@example.com\nBen,ben@example.com\n", "utf-8")
    bought.write_text("email,date,amount,currency\nana@example.com,2026-01-05,400,EUR\n", "utf-8")
    assert winback("--as-of", TODAY, "import", names).code == 0

    assert winback("--as-of", TODAY, "import", "--purchases", bought).code == 0

    agree(store_path)
    with reading(store_path) as connection:
        made = scoring.basis(connection)
    assert made is not None and made.assumed.usual == {"EUR": 40_000}
    assert winback("--as-of", TODAY, "import", "--undo", 2).code == 0
    agree(store_path)
    with reading(store_path) as connection:
        made = scoring.basis(connection)
    assert made is not None and made.assumed.usual == {}


def test_people_typed_in_on_one_day_are_not_all_measured_by_the_first(
    winback: Runner, store_path: Path
) -> None:
    for revenue in (10, 5000, 7000, 9000):
        name = f"Person {revenue}"
        assert winback("--as-of", TODAY, "add", name, "--revenue", f"{revenue} EUR").code == 0

    with reading(store_path) as connection:
        made = scoring.basis(connection)

    assert made is not None and made.assumed.usual == {"EUR": 500_000}
    agree(store_path)


# -- the chance that is frozen ---------------------------------------------------------------


def test_what_was_decided_in_an_earlier_case_does_not_keep_the_next_from_a_chance(
    now: Runner, rows: Rows, tmp_path: Path
) -> None:
    script = tmp_path / "no.yaml"
    said = ANSWERS.read_text("utf-8").partition("  contact:")[0]
    said = said.replace("known_already: 'no'", "").replace("worth_it: 'yes'", "worth_it: 'no'")
    script.write_text(f"{said}  follow_up:\n    ending: released\n    lesson: We were late.\n", "utf-8")
    now("walk", 2, "--answers", script)

    now("touch", 2, "--channel", "phone", "--disposition", "no answer")

    assert rows("SELECT number, verdict, chance > 0 FROM casefile ORDER BY 1") == [(1, "no", 1), (2, "", 1)]


def test_the_frozen_chance_is_the_one_that_why_has_just_shown(now: Runner, home: Path, rows: Rows) -> None:
    (home / "settings.toml").write_text("return_rate = 20\n", "utf-8")
    shown = json.loads(now("why", 2, "--json").out)["chance"]["about"]

    now("note", 2, "A word.")

    assert rows("SELECT chance FROM casefile") == [(round(shown, 4),)]


def test_no_temporary_table_stands_before_one_of_the_store() -> None:
    """A read inside somebody's transaction would find that one instead."""
    rooms = Path(scoring.__file__).parent.rglob("*.py")
    made = {name for room in rooms for name in _TEMPORARY.findall(room.read_text("utf-8"))}

    assert "bygone" in made
    assert made & set(tables.CustomerRow.metadata.tables) == set()


_TEMPORARY = re.compile(r"CREATE TEMP TABLE (?:IF NOT EXISTS )?(\w+)")


def test_own_closed_cases_move_everybody_with_the_next_days_first_change(
    now: Runner, winback: Runner, rows: Rows
) -> None:
    for number in (1, 2, 3):
        now("touch", number, "--channel", "phone", "--disposition", "reached", "--person", "Ana")
        now("close", number, "--outcome", "won", "--because", "back", "--until", "+30d", "--override", "x")
    ((before,),) = rows("SELECT chance FROM score WHERE customer_id = 6")

    assert winback("--as-of", "2026-11-24", "note", 5, "A word.").code == 0

    ((after,),) = rows("SELECT chance FROM score WHERE customer_id = 6")
    told = json.loads(winback("--as-of", "2026-11-24", "why", 6, "--json").out)
    assert (told["base"]["won"], told["base"]["closed"]) == (3, 3)
    assert told["base"]["rate"] == pytest.approx((20 * 0.05 + 3) / 23)
    assert told["chance"]["about"] == after > before
