"""Several processes write at once: nobody's word is lost, nobody is sent away."""

from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.processes import assert_whole, dump, opened
from winback_cli.case import FIRST_HASH, digest
from winback_cli.store import reads


@pytest.fixture
def store(tmp_path: Path, winback: Runner) -> Path:
    """A store with one customer and no case."""
    path = tmp_path / "shared.sqlite"
    assert winback("--store", path, "add", "Ana Sol").code == 0
    return path


def check_notes_of_many(store: Path, writers: int, times: int, name: str = "none") -> None:
    """Each writer notes `times` times in the one case of customer 1, which the first of them opens."""
    lines = [["-q", "--store", store, "note", 1, f"writer {w} says {{n}}"] for w in range(writers)]

    ended = processes.start_together(lines, name, times)

    assert [code for code, _, _ in ended] == [0] * writers, [err for _, _, err in ended]
    rows = dump(store)
    assert [(row["customer_id"], row["number"]) for row in rows["casefile"]] == [(1, 1)]
    with opened(store) as connection:
        connection.row_factory = None
        events = reads.events(connection, 1)
    assert [event.seq for event in events] == list(range(1, writers * times + 2))
    assert events[0].kind == "opened"
    said = sorted(event.body["text"] for event in events[1:])
    assert said == sorted(f"writer {w} says {n}" for w in range(writers) for n in range(times))
    head = FIRST_HASH
    for event in events:
        head = digest(head, "1.1", event)
        assert event.hash == head
    assert (rows["casefile"][0]["seq"], rows["casefile"][0]["head"]) == (len(events), head)
    assert_whole(store)


@pytest.mark.parametrize(("writers", "times"), [(2, 20), (8, 6)])
def test_no_event_of_writers_at_once_is_lost_and_none_is_told_to_try_again(
    writers: int, times: int, store: Path
) -> None:
    check_notes_of_many(store, writers, min(processes.runs(times), 50))


@pytest.mark.parametrize("broken", ["deferred", "forgetful"])
def test_writers_that_read_before_they_lock_are_caught(broken: str, store: Path) -> None:
    with pytest.raises(AssertionError):
        check_notes_of_many(store, 4, 20, broken)


def test_the_first_writers_of_all_share_one_new_store(tmp_path: Path) -> None:
    store = tmp_path / "new" / "store.sqlite"
    names = [f"Customer {n}" for n in range(4)]

    ended = processes.start_together([["--store", store, "add", name] for name in names], "none", 1)

    assert [code for code, _, _ in ended] == [0] * 4, [err for _, _, err in ended]
    assert sorted(row["name"] for row in dump(store)["customer_row"]) == names
    left = {path.name for path in store.parent.iterdir()} - {"backups"}  # a late one copied it first
    assert left == {"store.sqlite", "store.sqlite.key"}
    assert_whole(store)
