"""Scores are kept with their day, everybody's by the same measure, and the queue goes by them (C3)."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Ran, Runner
from winback_cli import priority
from winback_cli.store import connect, ordered, reading, scoring

TODAY = "2026-11-23"
LIST = """customer_id,name,email,first_purchase,last_purchase,orders,revenue,currency,how_left,opt_out
1,Ana Sol,ana@example.com,2022-01-10,2026-02-02,12,4200,EUR,lapsed,no
2,Ben Ode,ben@example.com,2021-03-04,2025-12-30,3,9000,EUR,lapsed,no
3,Cleo Vann,cleo@example.com,2020-05-05,2020-09-01,1,9900,EUR,lapsed,no
4,Dara Quill,dara@example.com,2021-01-01,2025-01-01,4,800,EUR,lapsed,yes
5,Eve Lund,eve@example.com,2021-01-01,2025-01-01,4,,,upset,no
6,Finn Ode,finn@example.com,2021-01-01,2026-01-01,1,100,EUR,lapsed,no
"""


@pytest.fixture
def now(winback: Runner, tmp_path: Path) -> Runner:
    """The runner over a list of six, on Monday 23 November 2026."""
    place = tmp_path / "six.csv"
    place.write_text(LIST, "utf-8")

    def run(*words: object) -> Ran:
        ran = winback("--as-of", TODAY, *words)
        assert ran.code == 0, ran.err
        return ran

    run("import", place)
    return run


def rows(store: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(query).fetchall()


def queue(now: Runner) -> list[int]:
    return [line["number"] for line in json.loads(now("list", "--status", "none", "--json").out)]


def reckoned(store: Path, number: int) -> priority.Score | None:
    """The score of one customer by the pure formula, from what the store holds."""
    with reading(store) as connection:
        basis = scoring.basis(connection)
        ((_, known),) = scoring.known(connection, "u.id = ?", (number,), date.fromisoformat(TODAY))
    assert basis is not None
    found = priority.priority(known, basis.assumed, date.fromisoformat(basis.on), basis.outcomes)
    return found.score


def test_a_list_that_comes_in_is_scored_and_the_queue_goes_by_the_score(
    now: Runner, store_path: Path
) -> None:
    kept = rows(store_path, 'SELECT customer_id, rank, chance, value, "on" FROM score ORDER BY 1')

    assert [number for number, *_ in kept] == [1, 2, 3, 5, 6]
    for number, rank, chance, value, on in kept:
        score = reckoned(store_path, number)
        assert score is not None
        assert (score.rank, score.chance, score.value, TODAY) == (rank, chance, value, on)
    best = sorted((-rank, number) for number, rank, *_ in kept if number != 5)
    assert queue(now) == [5, *(number for _, number in best)]  # who is upset comes before all scores (D1)


def test_the_queue_is_not_led_by_revenue_alone_nor_by_the_chance_alone(now: Runner) -> None:
    lines = {line["number"]: line for line in json.loads(now("list", "--sort", "priority", "--json").out)}
    order = [number for number in queue(now) if number != 5]

    assert order == [2, 1, 3, 6]
    assert sorted(order, key=lambda number: -lines[number]["revenue"]["amount"]) == [3, 2, 1, 6]
    assert sorted(order, key=lambda number: -lines[number]["chance"]) == [1, 2, 6, 3]


def test_whoever_opted_out_in_the_list_has_no_score(now: Runner, store_path: Path) -> None:
    assert rows(store_path, "SELECT * FROM score WHERE customer_id = 4") == []
    (line,) = json.loads(now("list", "--status", "suppressed", "--json").out)
    assert (line["number"], line["chance"], line["value"]) == (4, None, None)


def test_whoever_a_command_changes_is_scored_at_once_and_moves_in_the_queue(
    now: Runner, store_path: Path
) -> None:
    before = reckoned(store_path, 6)
    assert queue(now)[-1] in (3, 6)

    now("edit", 6, "--revenue", "90000", "--orders", 20)

    assert queue(now)[:2] == [5, 6]
    after = reckoned(store_path, 6)
    assert before is not None and after is not None and after.rank > before.rank
    assert rows(store_path, "SELECT rank FROM score WHERE customer_id = 6") == [(after.rank,)]
    assert now("store", "doctor").code == 0


def test_somebody_new_is_scored_with_the_others_measure(now: Runner, store_path: Path) -> None:
    now("add", "Gil Noor", "--revenue", "5000", "--orders", 9, "--last-purchase", "2026-01-05")

    score = reckoned(store_path, 7)

    assert score is not None
    assert rows(store_path, "SELECT rank, value FROM score WHERE customer_id = 7") == [
        (score.rank, score.value)
    ]
    assert 7 in queue(now)


def test_whoever_is_left_alone_or_closed_keeps_no_rank(now: Runner, store_path: Path) -> None:
    now("suppress", 1, "--reason", "asked")
    now("touch", 2, "--channel", "phone", "--disposition", "no answer")
    now("close", 2, "--outcome", "released")

    assert rows(store_path, "SELECT customer_id FROM score WHERE customer_id IN (1, 2)") == []
    assert now("store", "doctor").code == 0


def test_everybody_is_scored_anew_with_the_first_change_of_another_day(
    now: Runner, winback: Runner, store_path: Path
) -> None:
    days = 'SELECT DISTINCT "on" FROM score'
    assert winback("--as-of", "2026-11-30", "list").code == 0
    assert rows(store_path, days) == [(TODAY,)]

    assert winback("--as-of", "2026-11-30", "note", 3, "A word.").code == 0

    assert rows(store_path, days) == [("2026-11-30",)]
    assert reckoned(store_path, 2) is not None


def test_other_assumptions_score_everybody_anew(now: Runner, home: Path, store_path: Path) -> None:
    ((before,),) = rows(store_path, "SELECT chance FROM score WHERE customer_id = 2")
    (home / "settings.toml").write_text("return_rate = 20\n", "utf-8")

    now("note", 3, "A word.")

    ((after,),) = rows(store_path, "SELECT chance FROM score WHERE customer_id = 2")
    assert after > before


def test_on_the_same_day_nobody_is_scored_twice(now: Runner, store_path: Path) -> None:
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute("UPDATE score SET chance = 0.5 WHERE customer_id = 2")
        connection.commit()

    now("note", 3, "A word.")

    assert rows(store_path, "SELECT chance FROM score WHERE customer_id = 2") == [(0.5,)]


def test_a_long_list_is_scored_anew_once_a_week(now: Runner, store_path: Path) -> None:
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute(
            "INSERT INTO customer_row SELECT 200000, source, NULL, 'Zed', '', 'zed', '', '',"
            " '', '', 2, '', '', NULL, NULL, NULL, NULL, '', '', NULL, NULL, NULL, NULL,"
            " '9999-12-30', NULL, '' FROM customer_row WHERE id = 1"
        )
        connection.commit()
        assumed = scoring.basis(connection)
        assert assumed is not None
        scoring.keep(connection, assumed._replace(last=200_000))
        for day, due in (("2026-11-24", False), ("2026-11-29", False), ("2026-11-30", True)):
            assert scoring.stale(connection, assumed.given, date.fromisoformat(day)) is due


def test_a_list_beside_others_scores_all_by_one_measure(
    now: Runner, tmp_path: Path, store_path: Path
) -> None:
    more = tmp_path / "more.csv"
    more.write_text("name,email,revenue,currency\nGil Noor,gil@example.com,70000,EUR\n", "utf-8")

    now("import", more)

    for number, rank in rows(store_path, "SELECT customer_id, rank FROM score WHERE rank IS NOT NULL"):
        score = reckoned(store_path, number)
        assert score is not None and score.rank == rank
    assert len(rows(store_path, "SELECT 1 FROM score")) == 6 + 1 - 1  # who is left alone has an empty one
    assert now("store", "doctor").code == 0


def test_a_list_taken_back_takes_its_scores_along(now: Runner, store_path: Path) -> None:
    now("import", "--undo", 1)

    assert rows(store_path, "SELECT customer_id FROM score") == []
    assert rows(store_path, "SELECT * FROM ranking") == []


def test_the_chance_at_the_opening_of_a_case_is_frozen(now: Runner, store_path: Path) -> None:
    score = reckoned(store_path, 2)
    assert score is not None

    now("note", 2, "A word.")
    now("edit", 2, "--revenue", "90000", "--orders", 30)

    assert rows(store_path, "SELECT chance FROM casefile") == [(round(score.chance, 4),)]
    ((body,),) = rows(store_path, "SELECT body FROM event WHERE kind = 'opened'")
    assert json.loads(body)["chance"] == round(score.chance, 4)


def test_why_says_where_lists_still_go_by_another_chance(now: Runner, winback: Runner) -> None:
    assert "Lists still go by" not in now("why", 1).out

    later = winback("--as-of", "2027-10-30", "why", 1)

    assert f"reckoned on {TODAY}" in later.out


def test_a_priority_list_tells_chance_and_expectation_at_a_terminal_and_in_a_pipe(now: Runner) -> None:
    piped = now("list", "--sort", "priority").out.splitlines()

    assert piped[0] == "No.\tCustomer\tLeft\tChance\tExpected\tCase\tDue"
    assert piped[1].startswith("5\tEve Lund\tupset\t")
    assert piped[-1] == "4\tDara Quill\tlapsed\t-\t-\tleft alone\t"
    drawn = now("--color", "always", "list", "--sort", "priority")
    assert "winback why 5" in drawn.err


acts = st.lists(
    st.tuples(
        st.sampled_from(["edit", "alone", "back", "note", "day"]), st.integers(1, 6), st.integers(0, 10**9)
    ),
    max_size=8,
)


@settings(max_examples=25)
@given(acts)
def test_whatever_is_done_the_queue_holds_everybody_in_the_place_of_their_score(
    tmp_path_factory: pytest.TempPathFactory, given_acts: list[tuple[str, int, int]]
) -> None:
    """Straight on the tables, as whoever writes may do it: the triggers and `put` keep the queue."""
    from winback_cli.store import blank

    path = tmp_path_factory.mktemp("queue") / "store.sqlite"
    connect.create(path, blank.lay_out)
    with closing(connect.connect(path, writing=True)) as raw:
        scoring.watch(raw)
        for number in range(1, 7):
            raw.execute(
                "INSERT INTO customer_row (id, name, company, folded, city, country, owner, how_left, how_rank,"
                " reason, notes, revenue, currency, edited) VALUES (?, 'N', '', 'n', '', '', '', '', 2, '', '',"
                " ?, 'EUR', '')",
                (number, number * 1000),
            )
        raw.execute("INSERT INTO command (id, name, \"by\", at, as_of) VALUES (1, 'x', 'x', 'x', 0)")
        raw.execute(
            "INSERT INTO suppression (id, command_id, reason, \"by\", \"on\") VALUES (1, 1, 'x', 'x', '2026-01-01')"
        )
        scoring.score_all(raw, scoring.Means(), date(2026, 11, 23))
        for what, number, figure in given_acts:
            _act(raw, what, number, figure)
            scoring.refresh(raw, scoring.Means(), date(2026, 11, 23))
            assert ordered.queue_agrees(raw)


def _act(raw: sqlite3.Connection, what: str, number: int, figure: int) -> None:
    if what == "edit":
        raw.execute(
            "UPDATE customer_row SET revenue = ?, how_rank = ? WHERE id = ?", (figure, figure % 4, number)
        )
    elif what == "alone":
        raw.execute("UPDATE customer_row SET suppression_id = 1 WHERE id = ?", (number,))
    elif what == "back":
        raw.execute("UPDATE customer_row SET suppression_id = NULL WHERE id = ?", (number,))
    elif what == "note":
        raw.execute("UPDATE customer_row SET case_status = 'open' WHERE id = ?", (number,))
    else:
        scoring.score_all(
            raw, scoring.Means(priority.Assumptions(return_rate=1 + figure % 60)), date(2026, 11, 24)
        )
