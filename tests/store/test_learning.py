"""What the store counts of how cases ended, who bought again, and who had been tried first."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import Runner
from winback_cli import learning
from winback_cli.learning import Returns
from winback_cli.priority import Outcomes
from winback_cli.store import outcomes, reading

OPENED, BOUGHT, LATE, NOW = "2026-01-06", "2026-05-02", "2027-03-01", "2027-03-05"
BUYERS, LATE_BUYERS = (1, 2, 3, 4, 5, 7, 9), (9, 10)
REACHED = ("--channel", "phone", "--disposition", "reached")
TRIED = ("--channel", "phone", "--disposition", "no answer")


def a_list(path: Path, bought: str, numbers: tuple[int, ...]) -> Path:
    rows = [f"A-{n},Ana {n},a{n}@example.com,{bought}" for n in numbers]
    path.write_text("\n".join(["customer_id,name,email,last_purchase", *rows]), "utf-8")
    return path


@pytest.fixture
def worked(winback: Runner, tmp_path: Path) -> Runner:
    """Ten customers who had lapsed; most of them bought again, after or without being called."""

    def on(day: str, *argv: object) -> None:
        ran = winback("--as-of", day, *argv)
        assert ran.code == 0, (argv, ran.err)

    on("2026-01-05", "import", a_list(tmp_path / "lapsed.csv", "2024-11-02", tuple(range(1, 11))))
    for who in (1, 4, 7, 8, 9, 10):
        on(OPENED, "touch", who, *REACHED)
    on(OPENED, "touch", 2, *TRIED)
    on(OPENED, "note", 3, "They moved.")
    on("2026-01-07", "undo", 4)
    on("2026-01-08", "touch", 4, *TRIED)
    on("2026-02-01", "close", 7, "--outcome", "released", "--override", "not worth it")
    on("2026-02-01", "suppress", 8, "--reason", "asked")
    on("2026-05-03", "import", a_list(tmp_path / "bought.csv", BOUGHT, BUYERS))
    for who in (2, 3, 4):  # reached only once they were back
        on("2026-06-10", "touch", who, *REACHED)
    on("2027-03-02", "import", a_list(tmp_path / "late.csv", LATE, LATE_BUYERS))
    return winback


def returns(path: Path, today: str = NOW, since: str = "") -> Returns:
    with reading(path) as connection:
        day = date.fromisoformat(today)
        rows = outcomes.attempts(connection, "chance", day, 12, since)
        without = outcomes.back_without_case(connection, day, 6, since)
        return learning.returns(rows, day, 12, without)


def settled(path: Path, today: str = NOW) -> Outcomes:
    with reading(path) as connection:
        return outcomes.settled(connection, date.fromisoformat(today), 12)


def test_who_was_reached_before_the_return_stands_apart_from_who_was_tried_and_who_was_not(
    worked: Runner, store_path: Path
) -> None:
    # strong: 1, and 9 by the first of two purchases; weak: 2, 4; organic: 3, and 5 without a case
    assert returns(store_path) == Returns(strong=2, weak=2, organic=2)


def test_the_rate_learns_from_worked_cases_only(worked: Runner, store_path: Path) -> None:
    # won: 1, 2, 4, 9; not returned: 8, left alone, and 10, too late; not counted: 3, and 7, let go
    assert settled(store_path)[:2] == (4, 6)


def test_before_the_horizon_only_closed_cases_count(worked: Runner, store_path: Path) -> None:
    assert settled(store_path, "2027-01-06")[:2] == (0, 1)  # the last day; only 8 is closed
    assert settled(store_path, "2027-01-07")[:2] == (4, 6)
    assert returns(store_path, "2027-01-06") == Returns(organic=1)


def test_purchases_known_one_by_one_tell_of_a_return_and_a_refund_does_not(
    worked: Runner, store_path: Path
) -> None:
    def bring(day: str, amount: int) -> None:
        with closing(sqlite3.connect(store_path)) as raw, raw:
            raw.execute("INSERT INTO purchase VALUES (10, ?, 'EUR', ?, 1, 1)", (day, amount))

    bring("2026-03-03", -500)
    assert returns(store_path).strong == 2
    bring("2026-03-04", 500)

    assert returns(store_path).strong == 3


def test_who_bought_all_along_had_not_lapsed(worked: Runner, store_path: Path) -> None:
    with closing(sqlite3.connect(store_path)) as raw, raw:
        raw.executemany(
            "INSERT INTO purchase VALUES (5, ?, 'EUR', 100, 1, 1)",
            [(f"{2024 + n // 12}-{n % 12 + 1:02}-15",) for n in range(10, 28)],
        )

    assert returns(store_path).organic == 1  # 3 only


def test_purchases_from_before_somebody_came_into_the_store_are_no_returns(
    winback: Runner, tmp_path: Path, store_path: Path
) -> None:
    def history(name: str, *bought: tuple[int, str]) -> Path:
        place = tmp_path / name
        rows = [f"a{n}@example.com,{day},10,EUR" for n, day in bought]
        place.write_text("\n".join(["email,date,amount,currency", *rows]), "utf-8")
        return place

    people = a_list(tmp_path / "lapsed.csv", "2023-11-02", (1, 2, 3))
    assert winback("--as-of", "2026-01-05", "import", people).code == 0
    assert winback("--as-of", "2026-01-05", "add", "Eve", "--email", "a4@example.com").code == 0
    first = history("first.csv", (1, "2025-01-05"), (2, "2025-01-05"), (3, "2025-12-05"), (4, "2024-01-05"))
    assert winback("--as-of", "2026-01-07", "import", "--purchases", first).code == 0
    assert returns(store_path) == Returns()

    # 1 was back after more than six months; 3 had not lapsed; 2 only now told us of an older purchase
    later = history("later.csv", (1, "2026-02-01"), (3, "2026-02-01"), (2, "2025-11-05"), (4, "2026-03-01"))
    assert winback("--as-of", "2026-03-05", "import", "--purchases", later).code == 0

    assert returns(store_path) == Returns(organic=2)  # 1 and 4
    assert returns(store_path, since="2026-02-02") == Returns(organic=1)


def test_an_import_taken_back_takes_the_returns_along(worked: Runner, store_path: Path) -> None:
    for number in (3, 2):
        ran = worked("--as-of", NOW, "import", "--undo", number)
        assert ran.code == 0, ran.err

    assert returns(store_path) == Returns()
    assert settled(store_path)[:2] == (0, 7)


def test_a_win_is_strong_only_where_they_were_reached_before_it(winback: Runner, store_path: Path) -> None:
    for who, name in enumerate(("Ana", "Ben"), 1):
        assert winback("add", name, "--email", f"{name}@example.com").code == 0
        assert winback("--as-of", OPENED, "note", who, "A note").code == 0
    assert winback("--as-of", "2026-02-01", "touch", 1, *REACHED).code == 0
    for who in (1, 2):
        ran = winback(
            "--as-of",
            "2026-03-01",
            "close",
            who,
            "--outcome",
            "won",
            "--until",
            "2026-06-01",
            "--override",
            "x",
        )
        assert ran.code == 0, ran.err
    assert winback("--as-of", "2026-04-01", "touch", 2, *REACHED).code == 0

    assert returns(store_path) == Returns(strong=1, organic=1)
    assert settled(store_path)[:2] == (1, 1)


@pytest.fixture
def ended(winback: Runner) -> Runner:
    """Three customers who were reached: one came back, one did not, one was not pursued."""
    for who, outcome in enumerate(("won", "lost", "released"), 1):
        override = ("--outcome", outcome, "--override", "x")
        until = ("--until", "2026-06-01") if outcome == "won" else ()
        for day, *line in (
            (OPENED, "add", f"Ana {who}", "--email", f"a{who}@example.com"),
            (OPENED, "touch", who, *REACHED),
            ("2026-03-01", "close", who, *override, *until),
        ):
            ran = winback("--as-of", day, *line)
            assert ran.code == 0, ran.err
    return winback


def test_an_erasure_leaves_the_rate_as_it_was_and_tells_no_return(ended: Runner, store_path: Path) -> None:
    before = settled(store_path)
    for who in (1, 2, 3):
        assert ended("--as-of", NOW, "erase", who, "--yes").code == 0

    assert settled(store_path) == before
    assert before[:2] == (1, 2)
    assert returns(store_path) == Returns()


def test_how_a_playbook_fared_counts_those_who_were_erased(ended: Runner, store_path: Path) -> None:
    def fared() -> dict[str, learning.Fared]:
        with reading(store_path) as connection:
            day = date.fromisoformat(NOW)
            return learning.fared(outcomes.attempts(connection, "playbook", day, 12), day, 12)

    before = fared()
    assert ended("--as-of", NOW, "erase", 1, "--yes").code == 0

    assert fared() == before == {"standard": learning.Fared(2, 1)}


def test_a_touch_that_was_told_anew_counts_as_it_is_told_now(worked: Runner, store_path: Path) -> None:
    with closing(sqlite3.connect(store_path)) as raw, raw:
        ((key, case),) = raw.execute(
            "SELECT e.id, e.case_id FROM event e JOIN casefile c ON c.id = e.case_id"
            " WHERE c.customer_id = 1 AND e.kind = 'touched'"
        )
        raw.execute(
            "INSERT INTO event (case_id, seq, kind, by, happened, recorded, command_id, as_of, body, hash)"
            " SELECT case_id, 99, kind, by, happened, recorded, command_id, as_of,"
            " json_object('corrects', seq, 'disposition', 'no_answer'), '' FROM event WHERE id = ?",
            (key,),
        )

    assert case == 1
    assert returns(store_path) == Returns(strong=1, weak=3, organic=2)


def test_a_purchase_on_the_day_of_the_opening_is_no_return(
    winback: Runner, tmp_path: Path, store_path: Path
) -> None:
    assert winback("--as-of", OPENED, "import", a_list(tmp_path / "new.csv", OPENED, (1,))).code == 0
    assert winback("--as-of", OPENED, "touch", 1, *REACHED).code == 0

    assert settled(store_path, "2026-06-01")[:2] == (0, 0)
    assert settled(store_path)[:2] == (0, 1)
    assert returns(store_path) == Returns()


def test_since_a_day_only_later_cases_and_returns_count(worked: Runner, store_path: Path) -> None:
    assert returns(store_path, since=OPENED) == returns(store_path)
    assert returns(store_path, since="2026-01-07") == Returns(organic=1)
    assert returns(store_path, since="2026-05-03") == Returns()


def test_counting_reads_indexes_and_never_the_words_of_the_cases(worked: Runner, store_path: Path) -> None:
    days = {"since": "", "open": OPENED}
    with reading(store_path) as connection:
        plans = [
            " | ".join(
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query.format(by=by)}", days)
            )
            for query in (outcomes._AWAY, outcomes._BACK)
            for by in ("c.reason", "c.chance")
        ]

    for plan in plans:
        assert "SCAN c USING COVERING INDEX ix_case_learning" in plan
        assert "SCAN u" not in plan
    for plan in plans[2:]:
        for index in ("ix_event_touches", "ix_event_acts", "ix_change_bought"):
            assert index in plan


# -- how it is told --------------------------------------------------------------------------


def more_cases(path: Path, won: int, lost: int) -> None:
    """So many closed cases of the tenth customer more, reckoned at 12 %."""
    ends = ["won"] * won + ["lost"] * lost
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany(
            "INSERT INTO casefile (customer_id, number, playbook, status, outcome, stage, step, opened_at,"
            " closed_at, seq, head, breaches, said, reason, contact, scope, theory, complaint, verdict,"
            " product, chance) SELECT 10, ?, digest, 'closed', ?, 'listen', 'x', '2026-01-10T10:00:00Z',"
            " '2026-02-01T10:00:00Z', 1, '', '[]', '', 'price', '', '', '', '', '', '', 0.12 FROM playbook",
            [(number, end) for number, end in enumerate(ends, 2)],
        )


def test_few_cases_make_no_calibration_and_the_report_says_how_many_are_missing(worked: Runner) -> None:
    ran = worked("--as-of", NOW, "report", "outcomes")
    told = json.loads(worked("--as-of", NOW, "report", "outcomes", "--json").out)

    assert "Calibration: not enough cases yet (7 of 30)" in ran.out
    assert "None of it shows that contact caused a return." in ran.out
    said = " ".join(ran.out.split())
    assert "The rate that chances start from is of settled cases: it leaves out who was let go" in said
    assert "What you assume counts as 20 more." in said
    assert told["returns"] == {"strong": 2, "weak": 2, "organic": 2}
    assert told["calibration"]["enough"] is False
    assert told["calibration"]["bins"] == []
    assert told["tables"]["calibration"] == []


def test_enough_cases_make_a_calibration_at_the_terminal_as_json_and_on_the_page(
    worked: Runner, store_path: Path
) -> None:
    more_cases(store_path, 12, 48)

    ran = worked("--as-of", NOW, "report", "outcomes")
    told = json.loads(worked("--as-of", NOW, "report", "outcomes", "--json").out)["calibration"]
    page = worked("--as-of", NOW, "report", "--html", "-").out

    assert told["enough"] is True
    assert (told["cases"], told["wins"]) == (67, 17)
    assert sum(one["cases"] for one in told["bins"]) == 67
    assert told["bins"][-1]["words"].startswith("of 60 cases reckoned at about 12 %, 12 came back (")
    assert set(told["bins"][0]) == {*("cases", "predicted", "back", "observed", "low", "high", "words")}
    assert "Of 60 reckoned at about 12 %" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "Of 60 reckoned at about 12 %" in page
    assert "None of it shows that contact caused a return." in page


def test_two_playbooks_say_how_each_fared_and_name_no_winner(worked: Runner, store_path: Path) -> None:
    more_cases(store_path, 0, 20)

    ran = worked("--as-of", NOW, "playbook", "compare", "standard", "six-steps")
    told = json.loads(worked("--as-of", NOW, "playbook", "compare", "standard", "trust", "--json").out)

    assert "of 26 settled cases 4 came back (6 to 34 %)" in ran.out
    assert "too few to tell (0 settled of 10 needed)" in ran.out
    said = " ".join(ran.out.split())
    assert "Settled leaves out who was let go, cases that still run, and who came back unasked." in said
    assert told["fared"]["trust"] == {"settled": 0, "won": 0, "enough": False, "low": None, "high": None}
    assert told["fared"]["standard"]["settled"] == 26


def test_without_a_store_playbooks_are_compared_as_they_are(winback: Runner, store_path: Path) -> None:
    ran = winback("playbook", "compare", "standard", "six-steps")

    assert (ran.code, "How each fared" in ran.out) == (0, False)
    assert json.loads(winback("playbook", "compare", "standard", "trust", "--json").out)["fared"] is None
    assert not store_path.exists()
