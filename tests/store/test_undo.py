"""Undo takes back one act, keeps it on record, and gives the customer's record back what it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Runner
from winback_cli import acts
from winback_cli.case import Case, fold
from winback_cli.dates import clock_at
from winback_cli.errors import Refused, TryAgain
from winback_cli.store import reading, reads
from winback_cli.store.writes import Store

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
DAY = "2026-11-23"


def case_of(store: Path, key: int = 1) -> Case:
    with reading(store) as connection:
        return fold(reads.case_by_key(connection, key).id, reads.events(connection, key))


def shape(case: Case) -> dict[str, Any]:
    """Everything a case says, but for the numbers of its events."""
    told = {k: v for k, v in vars(case).items() if k not in ("seq", "head", "answers", "done", "touches")}
    told["answers"] = {k: (a.value, a.how) for k, a in case.answers.items()}
    told["done"] = sorted(case.done)
    told["touches"] = [{k: v for k, v in t.items() if k != "seq"} for t in case.touches]
    return told


def test_undoing_every_act_one_by_one_goes_back_the_way_it_came(stocked: Runner, store_path: Path) -> None:
    assert stocked("--as-of", DAY, "walk", 1, "--answers", ANSWERS).code == 0
    with reading(store_path) as connection:
        events = reads.events(connection, 1)
    done = acts.acts(events)
    assert len(done) > 50

    for act in reversed(done[1:]):
        ran = stocked("--as-of", DAY, "undo", 1)
        assert ran.code == 0, ran.err
        before = [event for event in events if event.seq < act.seqs[0]]
        assert shape(case_of(store_path)) == shape(fold("1.1", before))

    ran = stocked("undo", 1)
    assert ran.code == 5
    assert "The opening of a case is not undone." in ran.err
    assert stocked("--as-of", DAY, "show", 1, "--json").code == 0


def test_what_was_undone_stays_on_record(stocked: Runner, rows: Any) -> None:
    assert stocked("note", 2, "a remark").code == 0
    assert stocked("undo", 2).code == 0

    assert [row[0] for row in rows("SELECT kind FROM event ORDER BY seq")] == ["opened", "noted", "undone"]
    listed = json.loads(stocked("undo", 2, "--list", "--json").out)
    assert [(act["kind"], act["undone"]) for act in listed] == [("noted", True), ("opened", False)]


def test_undo_gives_the_customers_record_back_what_it_was(
    stocked: Runner, rows: Any, tmp_path: Path
) -> None:
    def record() -> list[Any]:
        return rows(
            "SELECT c.how_left, c.how_rank, c.edited, p.kind, p.state FROM customer c"
            " JOIN contact_point p ON p.customer_id = c.id WHERE c.id = 1 ORDER BY p.place"
        )

    before = record()
    answers = tmp_path / "answers.yaml"
    told = ANSWERS.read_text("utf-8").replace("contact_details: good", "contact_details: stale")
    answers.write_text(told.replace("how_left: upset", "how_left: departing"), "utf-8")
    stocked("walk", 1, "--answers", answers)
    changed = record()
    assert {row[0] for row in changed} == {"departing"}
    while stocked("undo", 1).code == 0:
        continue

    assert record() == before != changed


def test_undo_leaves_what_somebody_set_since(stocked: Runner, rows: Any, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    told = ANSWERS.read_text("utf-8").replace("how_left: upset", "how_left: departing")
    answers.write_text(told, "utf-8")
    stocked("walk", 1, "--answers", answers)
    assert stocked("edit", 1, "--how-left", "content").code == 0

    while stocked("undo", 1).code == 0:
        continue

    assert rows("SELECT how_left FROM customer WHERE id = 1") == [("content",)]


def test_of_two_people_undoing_at_once_one_is_told_and_nothing_is_undone_twice(
    stocked: Runner, store_path: Path
) -> None:
    for words in ("first", "second"):
        assert stocked("note", 2, words).code == 0
    one, two = (Store.open(store_path, who, clock_at(DAY), "undo") for who in ("ana", "ben"))
    with one.reads() as connection:
        seen = acts.next_to_undo(reads.events(connection, 1))
    assert seen is not None

    one.undo(1, seen.seqs, lambda case: None)
    with pytest.raises(TryAgain):
        two.undo(1, seen.seqs, lambda case: None)

    assert [note["text"] for note in case_of(store_path).notes] == ["first"]
    one.close()
    two.close()


def test_a_closed_case_is_not_opened_by_undo_beside_a_running_one(stocked: Runner, rows: Any) -> None:
    assert stocked("note", 2, "a remark").code == 0
    assert stocked("close", 2, "--outcome", "released").code == 0
    assert stocked("walk", 2, "--answers", ANSWERS, "--new").code == 0

    for command in ("undo", "reopen"):
        ran = stocked(command, "2.1")
        assert ran.code == 5
        assert "Case 2.2 is running" in ran.err

    assert rows("SELECT status FROM casefile ORDER BY number") == [("closed",), ("open",)]


def test_a_suppression_is_not_undone(stocked: Runner, store_path: Path) -> None:
    assert stocked("note", 1, "a remark").code == 0
    assert stocked("suppress", 1, "--reason", "asked").code == 0

    assert stocked("undo", 1).code == 5
    store = Store.open(store_path, "me", clock_at(DAY), "undo")
    with store.reads() as connection:
        seen = acts.next_to_undo(reads.events(connection, 1))
    assert seen is not None
    with pytest.raises(Refused):
        store.undo(1, seen.seqs, lambda case: None)
    store.close()


def test_undoing_a_move_is_refused_with_the_way_to_move_back(stocked: Runner) -> None:
    assert stocked("note", 2, "a remark").code == 0
    assert stocked("playbook", "move", 2, "--to", "lapsed-list", "--yes").code == 0

    ran = stocked("undo", 2)

    assert ran.code == 5
    assert "winback playbook move 2 --to NAME" in ran.err


@settings(max_examples=15)
@given(steps=st.lists(st.sampled_from(("note", "touch", "sleep", "reopen", "snooze", "undo")), max_size=9))
def test_any_round_of_acts_and_undos_leaves_a_row_that_its_events_make(
    steps: list[str], stocked: Runner, store_path: Path, rows: Any
) -> None:
    lines = {
        "note": ("note", 2, "a remark"),
        "touch": ("touch", 2, "--channel", "phone", "--disposition", "no answer"),
        "sleep": ("close", 2, "--outcome", "dormant", "--until", "+3m"),
        "reopen": ("reopen", 2),
        "snooze": ("snooze", 2, "--until", "+3d"),
        "undo": ("undo", 2),
    }
    for step in ("note", *steps):
        assert stocked("--as-of", DAY, *lines[step]).code in (0, 5)

    case = case_of(store_path)
    ((status, seq, head, said),) = rows("SELECT status, seq, head, said FROM casefile")
    assert (status, seq, head, said) == (case.status, case.seq, case.head, case.said)
    ((mirrored,),) = rows("SELECT case_status FROM customer WHERE id = 2")
    assert mirrored == case.status
