"""K1 and S1 for purchases, surveys, the trust team's walk and scores: killed, or the disk fails, at any write.

All of it is there or nothing - of a walk, what was answered so far - and the same command again completes it.
WINBACK_TEST_N raises how many of each kind of call are tried.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults import processes
from tests.faults.ground import TODAY
from tests.faults.lab import Lab
from tests.faults.processes import assert_whole, copy_store, opened, seen, spread
from tests.faults.syscalls import Fault
from tests.trade.test_trust import ANSWERS

pytestmark = pytest.mark.timeout(120 + 20 * processes.runs(0))

CALLS = ("write", "sync", "unlink")
REPLIES = """email;q1;call_back;opt_out;date
ana@blue.example.com;The bill was wrong twice.;yes;;2026-11-20
cleo@example.org;;;yes;2026-11-20
"""
BOUGHT = "email,date,amount,currency\n" + "".join(
    f"{mail},2025-{month:02}-03,{month}0,EUR\n"
    for mail in ("ana@blue.example.com", "ben@example.com")
    for month in range(1, 10)
)
LINES: dict[str, tuple[object, ...]] = {
    "purchases": ("import", "--purchases", "BOUGHT"),
    "answers": ("survey", "import", "REPLIES", "--survey", "autumn"),
    "an approval": ("trust", "plan", "--approve", "--by", "Mara"),
    "notes": ("survey", "notes", "table", 2, "--text", "The price doubled."),
    "a fix done": ("fix", "done", 1),
}


class Base(NamedTuple):
    """A store to be hurt, and where the files lie."""

    store: Path
    folder: Path

    def line(self, store: Path, words: tuple[object, ...]) -> list[object]:
        places = {"REPLIES": "replies.csv", "BOUGHT": "bought.csv", "TEAM": "team.json"}
        meant = (self.folder / places[str(word)] if word in places else word for word in words)
        return ["--store", store, *TODAY, *meant]

    def hurt(self) -> Path:
        return copy_store(self.store, self.folder / "hurt.sqlite")


@pytest.fixture
def base(built_wide: Path, tmp_path: Path) -> Base:
    (tmp_path / "replies.csv").write_text(REPLIES, "utf-8")
    (tmp_path / "bought.csv").write_text(BOUGHT, "utf-8")
    (tmp_path / "team.json").write_text(json.dumps({"answers": ANSWERS}), "utf-8")
    return Base(copy_store(built_wide, tmp_path / "base.sqlite"), tmp_path)


def held(store: Path) -> dict[str, Any]:
    """What a user sees; without the moment at which it was written."""
    return seen(store)


def check_faults(lab: Lab, base: Base, name: str, what: str, count: int, twin: str = "") -> set[str]:
    """Old data whole or all of the new, and the same again makes it so; what the faults left."""
    store, left = base.hurt(), set()
    before = held(store)
    clean = lab.run(*base.line(store, LINES[name]), twin=twin)
    assert clean.code == 0, clean.err
    after = held(store)
    assert before != after
    for fault in [Fault(call, at, what) for call in CALLS for at in spread(clean.calls[call], count)]:
        store = base.hurt()
        run = lab.run(*base.line(store, LINES[name]), fault=fault, twin=twin)
        assert run.hits, f"{fault} never struck"
        assert run.code in ((-9,) if what == "KILL" else (74, 0)), f"{fault}: {run.code} {run.err}"
        assert_whole(store)
        there = held(store)
        assert there in (before, after), f"{fault} left a part"
        assert run.code != 0 or there == after, f"{fault}: it was said to be done"
        left.add("all" if there == after else "nothing")
        if there == before:
            again = lab.run(*base.line(store, LINES[name]))
            assert again.code == 0, again.err
            assert held(store) == after, f"the rerun after {fault} did something else"
        assert lab.run("--store", store, "store", "doctor").code == 0, fault
    return left


@pytest.mark.parametrize("name", LINES)
def test_killed_at_any_write_it_is_all_there_or_nothing_and_its_rerun_completes_it(
    name: str, lab: Lab, base: Base
) -> None:
    assert "nothing" in check_faults(lab, base, name, "KILL", processes.runs(2))


@pytest.mark.parametrize("name", ["purchases", "answers"])
def test_where_the_disk_fails_at_any_write_all_is_as_it_was_and_its_rerun_works(
    name: str, lab: Lab, base: Base
) -> None:
    assert "nothing" in check_faults(lab, base, name, "EIO", processes.runs(2))


def test_a_certificate_for_which_there_is_no_room_undoes_no_erasure_and_says_where_it_is(
    lab: Lab, base: Base
) -> None:
    place, store = base.folder / "certificate.txt", base.hurt()
    words = ("erase", 1, "--yes", "--certificate", place)
    made = lab.run(*base.line(store, words)).calls["create"]
    place.unlink()
    store = base.hurt()

    run = lab.run(*base.line(store, words), fault=Fault("create", made, "ENOSPC"))

    assert (run.code, run.hits) == (74, 1), run.err
    assert "They are erased" in run.err
    assert "Certificate of erasure 1" in run.out
    assert not place.exists()
    assert customers(store) == 3


# -- what is done in several steps ---------------------------------------------------------------


def told(store: Path) -> list[tuple[Any, ...]]:
    with opened(store) as connection:
        query = "SELECT case_id, seq, kind, body FROM event ORDER BY case_id, seq"
        return [tuple(row) for row in connection.execute(query)]


def check_steps(lab: Lab, base: Base, line: tuple[object, ...], begun: tuple[object, ...]) -> None:
    """Killed anywhere, what was done stays, and it goes on from there; `begun`: how it is gone on with."""
    store, before = base.hurt(), told(base.store)
    clean = lab.run(*base.line(store, line))
    assert clean.code == 0, clean.err
    whole, depths = told(store), set()
    assert whole[: len(before)] == before
    for fault in [Fault(c, at, "KILL") for c in CALLS for at in spread(clean.calls[c], processes.runs(2))]:
        store = base.hurt()
        run = lab.run(*base.line(store, line), fault=fault)
        assert (run.code, run.hits) == (-9, 1), fault
        assert_whole(store)
        there = told(store)
        assert there == whole[: len(there)], f"{fault} changed what was told"
        depths.add(len(there))
        assert lab.run("--store", store, "store", "doctor").code == 0, fault
        again = lab.run(*base.line(store, line if there == before else begun))
        assert again.code == 0, f"{fault}: {again.err}"
        assert told(store) == whole, f"the rerun after {fault} did something else"
    assert len(depths) > 1, "the kills struck at one place only"


def test_a_trust_map_that_was_killed_goes_on_where_it_stopped(lab: Lab, base: Base) -> None:
    line = ("trust", "new", "--answers", "TEAM")
    check_steps(lab, base, (*line, "--afresh", "--yes"), line)


def test_cases_of_a_survey_that_was_killed_are_opened_once_each(lab: Lab, base: Base) -> None:
    (base.folder / "replies.csv").write_text(REPLIES.replace(";;;yes;", ";Too dear.;yes;;"), "utf-8")
    assert lab.run(*base.line(base.store, LINES["answers"])).code == 0
    check_steps(lab, base, *[("survey", "tally", "autumn", "--cases")] * 2)


# -- scores --------------------------------------------------------------------------------------


def scored(store: Path) -> list[list[tuple[Any, ...]]]:
    """Everybody's score, and the queue."""
    with opened(store) as connection:
        kept = 'SELECT customer_id, rank, chance, value, "on" FROM score ORDER BY 1'
        return [
            [tuple(row) for row in connection.execute(query)]
            for query in (kept, "SELECT * FROM ranking ORDER BY 1, 2, 3")
        ]


def customers(store: Path) -> int:
    with opened(store) as connection:
        return int(connection.execute("SELECT count(*) FROM customer").fetchone()[0])


def check_scoring(lab: Lab, base: Base, count: int, twin: str = "a_long_list") -> None:
    """Killed anywhere in an import and the scoring after it: the queue is sound, the next change mends it."""
    (base.folder / "more.csv").write_bytes(processes.people(40))
    line, change, store = ("import", base.folder / "more.csv"), ("note", 2, "a word"), base.hurt()
    clean = lab.run(*base.line(store, line), twin=twin)
    assert clean.code == 0, clean.err
    assert lab.run(*base.line(store, change), twin=twin).code == 0
    right, unscored = scored(store), 0
    for fault in [Fault(call, at, "KILL") for call in CALLS for at in spread(clean.calls[call], count)]:
        store = base.hurt()
        run = lab.run(*base.line(store, line), fault=fault, twin=twin)
        assert (run.code, run.hits) == (-9, 1), fault
        if customers(store) == 4:
            assert lab.run(*base.line(store, line), twin=twin).code == 0
        else:  # the list is in, and its scores perhaps not
            unscored += scored(store)[0] != right[0]
            doctor = lab.run("--store", store, "store", "doctor")
            assert doctor.code == 0, f"{fault}: {doctor.out}"
            assert lab.run(*base.line(store, ("list",))).code == 0
        assert lab.run(*base.line(store, change), twin=twin).code == 0
        assert scored(store) == right, f"{fault}: the scores are others"
        assert lab.run("--store", store, "store", "doctor").code == 0
    assert unscored, "no kill came between the list and its scores"


def test_an_import_killed_before_its_scores_has_a_sound_queue_and_the_next_change_mends_it(
    lab: Lab, base: Base
) -> None:
    check_scoring(lab, base, processes.runs(7))


def test_a_scoring_that_is_not_begun_again_is_caught(lab: Lab, base: Base) -> None:
    with pytest.raises(AssertionError, match="the scores are others"):
        check_scoring(lab, base, 12, "unmarked")
