"""Damage that the doctor and the look before a copy find (F3, F4), and copies made in a storm (F5)."""

import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.processes import assert_whole, contents, dump, runs
from winback_cli.store import doctor

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
PAGE = 4096


@pytest.fixture
def busy(stocked: Runner, home: Path) -> Runner:
    """A store with two cases and a dated copy."""
    (home / "settings.toml").write_text("backup = false\n", "utf-8")
    (home / "settings.toml").chmod(0o600)
    assert stocked("walk", 1, "--answers", ANSWERS).code == 0
    assert stocked("note", 2, "a remark").code == 0
    assert stocked("--as-of", "2026-11-20", "store", "backup", "--keep", 1).code == 0
    return stocked


def zero(store: Path, page: int) -> None:
    with store.open("r+b") as stream:
        stream.seek(page * PAGE)
        assert stream.read(PAGE).strip(b"\x00"), "nothing there to lose"
        stream.seek(page * PAGE)
        stream.write(bytes(PAGE))


def used_pages(store: Path) -> list[int]:
    """The pages that hold something, the first one apart."""
    data = store.read_bytes()
    return [n for n in range(1, len(data) // PAGE) if data[n * PAGE : (n + 1) * PAGE].strip(b"\x00")]


def check_found(winback: Runner, store: Path, home: Path) -> None:
    """The doctor finds it, and no copy is made of it nor rotated out for it."""
    kept = contents(home / "backups")
    looked = winback("store", "doctor")
    assert looked.code == 65, looked.out
    assert "Traceback" not in looked.err
    copied = winback("--as-of", "2026-11-23", "store", "backup", "--keep", 1)
    assert copied.code == 65
    assert contents(home / "backups") == kept


def test_a_zeroed_page_is_found_and_never_rotates_out_a_good_copy(
    busy: Runner, store_path: Path, home: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.sqlite"
    shutil.copy(store_path, whole)
    pages = used_pages(whole)
    chosen = random.Random(1).sample(pages, min(len(pages), runs(6)))
    for page in chosen:
        shutil.copy(whole, store_path)
        zero(store_path, page)
        check_found(busy, store_path, home)
        ran = busy("--store", tmp_path / "other.sqlite", "store", "restore", store_path, "--yes")
        assert ran.code == 65
        assert not (tmp_path / "other.sqlite").exists()
    shutil.copy(whole, store_path)
    assert busy("store", "doctor").code == 0


def test_a_copy_made_without_a_look_would_be_caught(
    busy: Runner, store_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from winback_cli.store import keeping

    connection = sqlite3.connect(store_path)  # an index of which nobody reads anything else
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'ix_message_state'"
    ).fetchone()
    connection.close()
    zero(store_path, root - 1)
    monkeypatch.setattr(keeping.doctor, "is_sound", lambda connection, quick=False: True)

    with pytest.raises(AssertionError):
        check_found(busy, store_path, home)


def sql(statement: str) -> Callable[[Path], None]:
    def run(store: Path) -> None:
        connection = sqlite3.connect(store)
        assert connection.execute(statement).rowcount > 0, "nothing was hit"
        connection.commit()
        connection.close()

    return run


EVENTS = {
    "cut in the middle": sql("DELETE FROM event WHERE case_id = 1 AND seq = 7"),
    "cut at the end": sql("DELETE FROM event WHERE case_id = 1 AND seq > 40"),
    "all cut": sql("DELETE FROM event WHERE case_id = 2"),
    "altered": sql("UPDATE event SET body = replace(body, 'Mara', 'Nora') WHERE body LIKE '%Mara%'"),
    "signed by another": sql("UPDATE event SET by = 'nobody' WHERE case_id = 1 AND seq = 3"),
    "moved to another day": sql("UPDATE event SET happened = '2020-01-01' WHERE case_id = 1 AND seq = 3"),
    "no JSON": sql("UPDATE event SET body = '{' WHERE case_id = 1 AND seq = 5"),
    "a new hash": sql("UPDATE event SET hash = 'x' WHERE case_id = 2 AND seq = 2"),
}


@pytest.mark.parametrize("name", EVENTS)
def test_events_that_were_touched_are_found_and_not_mended(
    name: str, busy: Runner, store_path: Path, tmp_path: Path
) -> None:
    EVENTS[name](store_path)
    before = dump(store_path)

    for words in (("store", "doctor"), ("store", "doctor", "--mend")):
        ran = busy(*words)
        assert ran.code == 65
        assert "The chain of its events is broken" in ran.out
        assert "Restore a copy" in ran.out
    assert dump(store_path) == before
    ran = busy("--store", tmp_path / "other.sqlite", "store", "restore", store_path, "--yes")
    assert ran.code == 65


def test_mending_never_makes_a_row_agree_with_what_is_left_of_its_events(
    busy: Runner, store_path: Path
) -> None:
    EVENTS["cut at the end"](store_path)
    ROWS["a mirror"](store_path)  # of the same case, so that there is something to mend
    before = dump(store_path)["casefile"]

    for _ in range(2):
        ran = busy("store", "doctor", "--mend")
        assert ran.code == 65
        assert "The chain of its events is broken" in ran.out

    assert dump(store_path)["casefile"] == before


def test_a_doctor_that_does_not_look_at_the_chain_would_be_caught(
    busy: Runner, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    EVENTS["altered"](store_path)
    monkeypatch.setattr(doctor, "_broken", lambda row, events: "")

    assert "The chain of its events is broken" not in busy("store", "doctor").out


ROWS = {
    "status": sql("UPDATE casefile SET status = 'dormant' WHERE id = 1"),
    "stage": sql("UPDATE casefile SET stage = 'listen' WHERE id = 1"),
    "said": sql("UPDATE casefile SET said = '' WHERE id = 1"),
    "a due gone": sql("DELETE FROM due WHERE case_id = 1"),
    "a due moved": sql("UPDATE due SET due_on = '2030-01-01' WHERE case_id = 1"),
    "a mirror": sql("UPDATE customer_row SET case_status = NULL WHERE id = 1"),
    "a place in the list": sql("UPDATE customer_row SET list_on = '2000-01-01' WHERE id = 2"),
    "words forgotten": sql("INSERT INTO case_text (case_text) VALUES ('delete-all')"),
    "somebody gone from the queue": sql("DELETE FROM ranking WHERE customer_id = 3"),
    "somebody moved in the queue": sql("UPDATE ranking SET worth = 1 WHERE customer_id = 3"),
    "somebody in the queue who is left alone": sql("INSERT INTO ranking VALUES (1, -80000, 4)"),
    "a name that leads to nobody": sql("INSERT INTO identity VALUES (42, 4711)"),
    "somebody whom a name does not lead to": sql("DELETE FROM identity WHERE customer_id = 3"),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_the_events_make_is_compared_and_made_anew(name: str, busy: Runner, store_path: Path) -> None:
    before = dump(store_path, ["command"])
    connection = sqlite3.connect(store_path)
    if name == "words forgotten":
        connection.execute("INSERT INTO case_text (case_text) VALUES ('delete-all')")
        connection.commit()
    else:
        ROWS[name](store_path)
    connection.close()

    looked = busy("store", "doctor")
    assert looked.code == 65, looked.out
    assert "--mend makes it anew" in looked.out
    mended = busy("store", "doctor", "--mend")

    assert mended.code == 0, mended.out
    after = dump(store_path, ["command"])
    for told in (before, after):  # dues are made anew under other numbers
        told["due"] = sorted(({**row, "id": 0} for row in told["due"]), key=str)
    assert after == before
    assert busy("list", "--search", "carrier").out.count("\n") == 2


def test_what_an_import_left_that_was_cut_off_is_found_and_taken_away(
    busy: Runner, store_path: Path
) -> None:
    before = dump(store_path, ["command", "about"])
    sql(
        "INSERT INTO batch (command_id, file, sha256, key, counts, state)"
        " VALUES (1, '', '', '', '{}', 'staging')"
    )(store_path)
    sql(
        "INSERT INTO customer_row (id, name, company, folded, city, country, owner, how_left, how_rank,"
        " reason, notes, currency, edited, batch_id) SELECT 99, 'Nobody Seen', '', 'nobody seen', '', '',"
        " '', '', 2, '', '', '', '', max(id) FROM batch"
    )(store_path)
    sql("INSERT INTO customer_text (rowid, folded, notes) VALUES (99, 'nobody seen', '')")(store_path)
    assert "Nobody Seen" not in busy("list").out

    looked = busy("store", "doctor")
    mended = busy("store", "doctor", "--mend")

    assert looked.code == 65
    assert "left 1 customers whom nobody sees" in looked.out
    assert mended.code == 0, mended.out
    assert dump(store_path, ["command", "about"]) == before


def test_others_rights_and_files_left_behind_are_found_and_mended(
    busy: Runner, home: Path, store_path: Path
) -> None:
    import os

    store_path.chmod(0o644)
    left = home / ".new-store-abc"
    left.write_bytes(b"half")
    os.utime(left, (time.time() - 200_000,) * 2)
    half = home / "backups" / ".new-copy-abc"
    half.write_bytes(b"half")
    os.utime(half, (time.time() - 200_000,) * 2)
    fresh = home / ".new-store-now"
    fresh.write_bytes(b"at work")

    looked = busy("store", "doctor")
    assert looked.code == 65
    assert f"chmod 600 '{store_path}'" in looked.out
    assert busy("store", "doctor", "--mend").code == 0

    assert store_path.stat().st_mode & 0o777 == 0o600
    assert (left.exists(), half.exists(), fresh.exists()) == (False, False, True)


def test_a_copy_made_while_somebody_writes_is_whole(busy: Runner, store_path: Path, tmp_path: Path) -> None:
    writer = processes.start(
        "--store", store_path, "note", 2, "number {n}", program=processes.twin("none", str(10 + runs(4)))
    )
    made = []
    while writer.poll() is None:
        place = tmp_path / f"copy-{len(made)}.sqlite"
        assert busy("store", "backup", place).code == 0
        made.append(place)
    assert processes.finish(writer)[0] == 0

    assert len(made) > 2, "nobody wrote meanwhile"
    for place in made:
        assert_whole(place)
        ran = busy("--store", place, "store", "doctor")
        assert ran.code == 0, ran.out


def test_a_copy_that_is_killed_leaves_none_or_a_whole_one(
    busy: Runner, store_path: Path, tmp_path: Path
) -> None:
    rng = random.Random(7)
    hit = 0
    for number in range(runs(6)):
        place = tmp_path / f"killed-{number}.sqlite"
        process = processes.start("--store", store_path, "store", "backup", place)
        processes.wait_until(lambda: bool(list(tmp_path.glob(".new-copy-*"))), process)
        time.sleep(rng.random() * 0.02)  # somewhere within the copying
        process.send_signal(signal.SIGKILL)
        process.wait()
        hit += process.returncode == -signal.SIGKILL
        if place.exists():
            assert_whole(place)
            assert dump(place) == dump(store_path)
        for left in tmp_path.glob(".new-*"):
            left.unlink()
    assert hit, "no kill came in time"
