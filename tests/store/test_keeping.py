"""Copies of the store: made whole, rotated with care, taken back without weakening a suppression."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.faults.processes import assert_whole, contents, dump

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"


def copies(home: Path) -> list[str]:
    folder = home / "backups"
    return sorted(place.name for place in folder.iterdir() if place.suffix == ".sqlite")


@pytest.fixture
def calm(home: Path) -> None:
    """No copy is made by itself."""
    home.mkdir(exist_ok=True)
    (home / "settings.toml").write_text("backup = false\n", "utf-8")
    (home / "settings.toml").chmod(0o600)
    home.chmod(0o700)


@pytest.mark.usefixtures("calm")
class TestByHand:
    def test_a_copy_holds_every_row_and_the_key_and_is_a_store_of_its_own(
        self, stocked: Runner, store_path: Path, tmp_path: Path
    ) -> None:
        assert stocked("walk", 1, "--answers", ANSWERS).code == 0
        place = tmp_path / "copy.sqlite"

        ran = stocked("store", "backup", place)

        assert (ran.code, ran.out) == (0, f"{place}\n")
        assert dump(place) == dump(store_path)
        assert_whole(place)
        key = Path(f"{place}.key")
        assert key.read_bytes() == Path(f"{store_path}.key").read_bytes()
        assert {path.stat().st_mode & 0o777 for path in (place, key)} == {0o600}
        assert stocked("--store", place, "suppress", 2, "--reason", "works there").code == 0

    def test_of_dated_copies_so_many_are_kept_and_nothing_else_is_touched(
        self, stocked: Runner, home: Path
    ) -> None:
        for day in ("2026-11-01", "2026-11-02", "2026-11-03"):
            assert stocked("--as-of", day, "store", "backup").code == 0
        (home / "backups" / "store-2020-01-01.sqlite.old").write_text("mine")
        (home / "backups" / "store-2020-01-01.sqlite").symlink_to(home / "elsewhere")

        told = json.loads(stocked("--as-of", "2026-11-03", "store", "backup", "--keep", 2, "--json").out)

        assert told["file"].endswith("store-2026-11-03.2.sqlite")
        kept = ["store-2026-11-03.2.sqlite", "store-2026-11-03.sqlite"]
        assert copies(home) == ["store-2020-01-01.sqlite", *kept]
        assert sorted(path.name for path in (home / "backups").glob("*.key")) == [f"{n}.key" for n in kept]
        assert (home / "backups" / "store-2020-01-01.sqlite.old").exists()

    def test_a_place_that_is_taken_or_cannot_be_is_refused_and_left_as_it_was(
        self, stocked: Runner, home: Path, store_path: Path, tmp_path: Path
    ) -> None:
        taken = tmp_path / "taken.sqlite"
        taken.write_text("mine")
        link = tmp_path / "link.sqlite"
        link.symlink_to(tmp_path / "nowhere")
        keyed = tmp_path / "keyed.sqlite"
        Path(f"{keyed}.key").write_text("mine")
        before = contents(tmp_path)
        places = (
            store_path,
            taken,
            link,
            keyed,
            tmp_path,
            tmp_path / "no" / "folder",
            "/dev/null",
            "a" * 300,
        )

        for place in places:
            ran = stocked("store", "backup", place)
            assert ran.code in (65, 77), (place, ran.err)
            assert "Traceback" not in ran.err

        assert contents(tmp_path) == before

    def test_a_copy_is_taken_back_and_what_was_there_is_kept(
        self, stocked: Runner, home: Path, store_path: Path, tmp_path: Path
    ) -> None:
        place = tmp_path / "copy.sqlite"
        assert stocked("store", "backup", place).code == 0
        before = dump(store_path, ["about", "command"])
        assert stocked("note", 2, "after the copy").code == 0
        later, bytes_later = dump(store_path), store_path.read_bytes()

        refused = stocked("store", "restore", place)
        assert refused.code == 2
        assert store_path.read_bytes() == bytes_later
        assert stocked("--as-of", "2026-11-23", "store", "restore", place, "--yes").code == 0

        assert dump(store_path, ["about", "command"]) == before
        kept = store_path.with_name("store.sqlite.replaced-2026-11-23")
        assert dump(kept) == later
        assert Path(f"{kept}.key").exists()
        assert stocked("store", "doctor").code == 0

    def test_a_restore_leaves_alone_whoever_was_since_the_copy(
        self, stocked: Runner, store_path: Path, tmp_path: Path
    ) -> None:
        place = tmp_path / "copy.sqlite"
        assert stocked("note", 1, "an open case").code == 0
        assert stocked("store", "backup", place).code == 0
        assert stocked("suppress", 1, "--reason", "asked by letter").code == 0
        assert stocked("add", "Eva New", "--email", "eva@example.com").code == 0
        assert stocked("suppress", 5, "--reason", "asked too").code == 0

        ran = stocked("store", "restore", place, "--yes")

        assert "Left alone since that copy, and still left alone: 2." in ran.err
        assert stocked("walk", 1, "--answers", ANSWERS).code == 5
        assert stocked("add", "Eva New", "--email", "EVA@example.com").code == 5
        assert stocked("store", "doctor").code == 0

    def test_whoever_a_copy_brings_back_whom_a_list_without_records_named_is_left_alone(
        self, winback: Runner, sample: Path, tmp_path: Path
    ) -> None:
        copy, block = tmp_path / "copy.sqlite", tmp_path / "block.csv"
        block.write_text("ana@blue.example.com\n", "utf-8")
        for line in (("import", sample), ("store", "backup", copy), ("import", "--undo", 1)):
            assert winback(*line).code == 0
        assert winback("suppress", "--import", block).code == 0

        assert winback("store", "restore", copy, "--yes").code == 0

        alone = json.loads(winback("list", "--status", "suppressed", "--json").out)
        assert [line["name"] for line in alone] == ["Ana Sol", "Dara Quill"]
        assert winback("store", "doctor").code == 0

    def test_a_restore_from_a_store_with_another_key_makes_the_hashes_anew(
        self, stocked: Runner, store_path: Path, tmp_path: Path, sample: Path
    ) -> None:
        other = tmp_path / "other.sqlite"
        assert stocked("--store", other, "import", sample).code == 0
        assert stocked("suppress", 2, "--reason", "asked").code == 0

        assert stocked("store", "restore", other, "--yes").code == 0

        assert Path(f"{store_path}.key").read_bytes() == Path(f"{other}.key").read_bytes()
        assert stocked("walk", 2, "--answers", ANSWERS).code == 5
        assert stocked("store", "doctor").code == 0

    def test_a_suppression_known_only_by_its_hash_is_never_lost_to_another_key(
        self, stocked: Runner, store_path: Path, tmp_path: Path, sample: Path, rows: Any
    ) -> None:
        other = tmp_path / "other.sqlite"
        assert stocked("--store", other, "import", sample).code == 0
        raw = sqlite3.connect(store_path)
        raw.execute(
            "UPDATE customer_row SET suppression_id = NULL, list_on = '9999-12-30'"
        )  # as an erasure leaves it
        raw.commit()
        raw.close()
        before = store_path.read_bytes()

        ran = stocked("store", "restore", other, "--yes")

        assert ran.code == 5
        assert "known only under another key" in ran.err
        assert store_path.read_bytes() == before

    def test_nobody_is_suppressed_between_the_carrying_and_the_swap(
        self, stocked: Runner, store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from winback_cli.store import keeping

        place = tmp_path / "copy.sqlite"
        assert stocked("store", "backup", place).code == 0
        carry, seen = keeping._carried, []

        def watched(*args: Any) -> int:
            somebody = sqlite3.connect(store_path, timeout=0, isolation_level=None)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                somebody.execute("BEGIN IMMEDIATE")
            somebody.close()
            seen.append(True)
            return carry(*args)

        monkeypatch.setattr(keeping, "_carried", watched)
        assert stocked("store", "restore", place, "--yes").code == 0
        assert seen == [True]

    def test_a_key_left_by_a_killed_copy_does_not_stop_the_next(self, stocked: Runner, home: Path) -> None:
        assert stocked("--as-of", "2026-11-01", "store", "backup").code == 0
        (home / "backups" / "store-2026-11-01.sqlite").unlink()

        assert stocked("--as-of", "2026-11-01", "store", "backup").code == 0

        assert copies(home) == ["store-2026-11-01.2.sqlite"]

    def test_a_writer_that_was_open_is_told_that_the_store_was_replaced(
        self, stocked: Runner, store_path: Path, tmp_path: Path
    ) -> None:
        from winback_cli.case import Entry
        from winback_cli.dates import clock_at
        from winback_cli.errors import TryAgain
        from winback_cli.store.writes import Store

        assert stocked("note", 2, "first").code == 0
        place = tmp_path / "copy.sqlite"
        assert stocked("store", "backup", place).code == 0
        walking = Store.open(store_path, "me", clock_at("2026-11-23"), "walk")
        walking.record(1, [Entry("noted", {"text": "second"})], lambda case: None)
        assert stocked("store", "restore", place, "--yes").code == 0

        with pytest.raises(TryAgain):
            walking.record(1, [Entry("noted", {"text": "into nowhere"})], lambda case: None)
        walking.close()
        assert "into nowhere" not in stocked("show", 2).out


# -- the copy of a day -----------------------------------------------------------------------


def test_the_first_write_of_a_day_copies_the_store_as_it_was_before(
    stocked: Runner, home: Path, store_path: Path
) -> None:
    before = dump(store_path)
    assert not (home / "backups").exists()

    assert stocked("note", 1, "first").code == 0
    (name,) = copies(home)
    assert dump(home / "backups" / name) == before
    assert stocked("note", 1, "second").code == 0
    assert copies(home) == [name]


def test_neither_reading_nor_another_clock_nor_the_setting_against_it_copies(
    stocked: Runner, home: Path
) -> None:
    stocked("list")
    stocked("--as-of", "2026-11-23", "note", 1, "then")
    (home / "settings.toml").write_text("backup = false\n", "utf-8")
    stocked("note", 1, "now")

    assert not (home / "backups").exists()


def test_a_copy_of_the_day_that_cannot_be_made_stops_nobody_and_is_said(
    stocked: Runner, home: Path
) -> None:
    (home / "backups").write_text("in the way")

    ran = stocked("note", 1, "still stored")

    assert ran.code == 0
    assert "Today's copy of the store was not made" in ran.err
    assert "still stored" in stocked("show", 1).out


# -- the key ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["missing", "damaged", "another's"])
def test_without_the_right_key_nobody_is_put_forward_until_it_is_mended(
    lost: str, stocked: Runner, home: Path, store_path: Path, sample: Path
) -> None:
    assert stocked("store", "backup").code == 0
    key = Path(f"{store_path}.key")
    if lost == "missing":
        key.unlink()
    else:
        key.write_text("not a key" if lost == "damaged" else os.urandom(32).hex(), "utf-8")

    more = sample.with_name("more.csv")
    more.write_text("name,email\nFay New,fay@example.com\n", "utf-8")
    desk = stocked()
    assert "Nobody is put forward." in desk.out
    assert "Cleo Vann" not in desk.out
    for command in (
        ("next", "--show"),
        ("walk", 2, "--answers", ANSWERS),
        ("import", more),
        ("add", "Eva"),
    ):
        ran = stocked(*command)
        assert ran.code == 65, command
        assert "winback store doctor" in ran.err
    assert stocked("list").code == 0
    told = stocked("store", "doctor")
    assert told.code == 65
    command = told.out.partition("cp ")[2].splitlines()[0]
    assert os.system(f"cp {command}") == 0

    assert stocked("store", "doctor").code == 0
    assert "Cleo Vann" in stocked().out


def test_a_key_that_is_lost_for_good_is_replaced_and_everybody_stays_left_alone(
    stocked: Runner, store_path: Path, sample: Path, tmp_path: Path
) -> None:
    assert stocked("store", "doctor", "--new-key").code == 5
    Path(f"{store_path}.key").unlink()
    assert "--new-key" in stocked("store", "doctor").out

    assert stocked("store", "doctor", "--new-key").code == 0

    assert stocked("store", "doctor").code == 0
    again = tmp_path / "again.csv"
    again.write_text("name,email\nDara Q,DARA@example.net\n", "utf-8")
    assert "1 left alone" in stocked("import", again).out
