"""Somebody erased is gone, from every table and every byte of the file; and no list brings them back."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_terminal import Terminal
from tests.conftest import Runner
from winback_cli.customer import guises, hashed
from winback_cli.errors import Refused
from winback_cli.settings import clock
from winback_cli.store import connect as door
from winback_cli.store import erasing, reading, reads
from winback_cli.store.suppressions import stored
from winback_cli.store.writes import Store

Rows = Callable[..., list[Any]]
HEAD = "customer_id,name,company,email,phone,city,last_purchase,notes\n"
ZOE = "Z-9,Zoe Quix,Quixware,zoe.quix@example.com,+44 20 7946 0999,Leeds,2024-11-02,Prefers zebrafish\n"
BEN = "A-2,Ben Ode,,ben@example.com,,Bonn,2025-06-30,\n"
# What tells of Zoe and of nobody else, as she was given and as the tool keeps it.
AS_GIVEN = "20 7946 0999"
WORDS = (
    *("zoe", "quix", AS_GIVEN, "2079460999", "zebrafish", "quokka", "wombat", "narwhal"),
    *("axolotl", "okapi"),
)


def listed(tmp_path: Path, *lines: str, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_text(HEAD + "".join(lines), "utf-8")
    return path


@pytest.fixture
def full(winback: Runner, tmp_path: Path, store_path: Path) -> Runner:
    """Zoe (1), of whom every table holds something, and Ben (2), who only bought."""
    later = ZOE.replace("Zoe Quix", "Zoe Quix-Rand").replace("Leeds", "York").replace("2024-11", "2025-01")
    for line in (
        ("import", listed(tmp_path, ZOE, BEN)),
        ("import", listed(tmp_path, later, name="later.csv")),
        ("touch", 1, "--channel", "phone", "--disposition", "reached", "--note", "quokka"),
        ("promise", "add", 1, "A wombat a day", "--owner", "Mara", "--due", "+5d"),
        ("offer", "add", 1, "trial", "--terms", "narwhal", "--cost", "10 EUR"),
    ):
        ran = winback(*line)
        assert ran.code == 0, ran.err
    with sqlite3.connect(store_path) as raw:
        values = (1, "2024-11-02", "EUR", 4711, 1, 2)
        raw.execute("INSERT INTO purchase VALUES (?, ?, ?, ?, ?, ?)", values)
        raw.execute(
            'INSERT INTO survey (id, command_id, name, title, questions, kind, "on")'
            " VALUES (1, 1, 'autumn', 'Autumn', '[]', 'survey', '2026-11-01')"
        )
        raw.execute(
            'INSERT INTO invitation (code, survey_id, customer_id, "on", spare)'
            " VALUES ('abc', 1, 1, '2026-11-01', 0)"
        )
        raw.execute(
            'INSERT INTO reply (command_id, survey_id, customer_id, "on", answers, call_back, suggested,'
            " reason, state) VALUES (1, 1, 1, '2026-11-02', '{\"why\": \"axolotl\"}', 0, '', '', 'new')"
        )
        raw.execute(
            'INSERT INTO message (command_id, case_id, stage, "to", to_name, subject, body, state, message_id,'
            " \"by\", at, approved_by, detail, waived) SELECT 1, id, 'revisit', 'zoe.quix@example.com',"
            " 'Zoe Quix', 'okapi', 'okapi', 'approved', '<one@example.com>', 'tester',"
            " '2026-11-02T10:00:00Z', '', '', '[]' FROM casefile"
        )
    raw.close()
    return winback


def bytes_of(path: Path) -> bytes:
    """All that lies in a store's file and beside it, in small letters."""
    beside = (path.with_name(path.name + end) for end in ("", "-journal", "-wal"))
    return b"".join(place.read_bytes() for place in beside if place.exists()).lower()


def traces(path: Path) -> list[str]:
    held = bytes_of(path)
    return [word for word in WORDS if word.encode() in held]


def erase(winback: Runner, who: object = 1, *more: object) -> Any:
    ran = winback("erase", who, "--yes", "--json", *more)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


# -- gone --------------------------------------------------------------------------------------


def test_no_byte_of_the_file_tells_of_somebody_erased(full: Runner, store_path: Path) -> None:
    kept = [word for word in WORDS if word != AS_GIVEN]
    assert traces(store_path) == kept, "they would not be missed"

    erase(full)

    assert traces(store_path) == []
    assert b"ben ode" in bytes_of(store_path)


def test_without_the_rewriting_of_the_file_traces_would_be_left(
    full: Runner, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "_rewrite", lambda raw, path: None)

    erase(full)

    assert traces(store_path) != []


def test_every_table_that_names_a_customer_or_a_case_is_emptied_of_theirs(full: Runner, rows: Rows) -> None:
    columns = [
        (table, column)
        for (table,) in rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        for column in ("customer_id", "case_id")
        if any(row[1] == column for row in rows(f"PRAGMA table_info({table})"))
    ]
    before = {at for at in columns if rows(f"SELECT 1 FROM {at[0]} WHERE {at[1]} = 1")}
    queue = {("ranking", "customer_id"), ("reply", "case_id"), ("customer_row", "case_id")}
    assert set(columns) - before <= queue, "of that table nothing would be missed"

    erase(full)

    assert [at for at in columns if rows(f"SELECT 1 FROM {at[0]} WHERE {at[1]} = 1")] == []
    assert rows("SELECT id FROM customer_row") == [(2,)]


def test_the_store_is_sound_afterwards(full: Runner) -> None:
    erase(full)

    ran = full("store", "doctor")
    assert (ran.code, ran.out) == (0, "")


def test_what_may_be_counted_stays_as_months_and_nobodys_words(full: Runner, rows: Rows) -> None:
    assert full("close", 1, "--outcome", "lost", "--override", "zoe").code == 0

    erase(full)

    ((playbook, status, outcome, reason, opened, closed),) = rows(
        "SELECT playbook, status, outcome, reason, opened, closed FROM past"
    )
    assert (playbook, status, outcome, reason) == ("standard", "closed", "lost", "")
    assert len(opened) == len(closed) == 7


def test_a_certificate_says_when_and_how_much_and_never_who(
    full: Runner, tmp_path: Path, rows: Rows
) -> None:
    place = tmp_path / "certificate.txt"

    ran = full("--as-of", "2026-11-24", "erase", "zoe", "--yes", "--certificate", place)

    assert ran.code == 0, ran.err
    assert ran.out == place.read_text("utf-8")
    assert "One person was erased from the store on 2026-11-24 by tester." in ran.out
    assert "survey answers: 1" in ran.out
    assert [word for word in WORDS if word in ran.out.lower()] == []
    assert place.stat().st_mode & 0o777 == 0o600
    (kept,) = json.loads(full("erase", "--list", "--json").out)
    assert kept["counts"]["people"] == kept["counts"]["messages"] == 1
    assert rows("SELECT name FROM command ORDER BY id DESC LIMIT 1") == [("erase",)]


def test_nobody_is_erased_where_the_certificate_would_overwrite_a_file(
    full: Runner, tmp_path: Path
) -> None:
    place = tmp_path / "there.txt"
    place.write_text("mine", "utf-8")

    ran = full("erase", 1, "--yes", "--certificate", place)

    assert (ran.code, place.read_text("utf-8")) == (65, "mine")
    assert full("show", 1).code == 0


def test_without_a_terminal_the_flag_is_named_and_nobody_is_erased(full: Runner) -> None:
    ran = full("erase", 1)

    assert ran.code == 2
    assert "--yes" in ran.err
    assert full("show", 1).code == 0


def test_several_of_one_name_are_listed_and_nobody_is_erased(full: Runner) -> None:
    assert full("add", "Zoe Other").code == 0

    ran = full("erase", "zoe", "--yes")

    assert ran.code == 3
    assert full("show", 1).code == full("show", 3).code == 0


def test_while_a_mail_may_be_on_its_way_nobody_is_erased(full: Runner, store_path: Path) -> None:
    with sqlite3.connect(store_path) as raw:
        raw.execute("UPDATE message SET state = 'uncertain'")
    raw.close()

    ran = full("erase", 1, "--yes")

    assert ran.code == 5
    assert "winback outbox settle 1" in ran.err
    assert full("show", 1).code == 0


def test_mails_and_unkept_texts_written_for_them_are_removed(
    full: Runner, home: Path, store_path: Path
) -> None:
    from winback_cli.senders import file_token

    outbox = home / "outbox"
    outbox.mkdir()
    mine = outbox / f"2026-11-02-zoe-{file_token('<one@example.com>')}.eml"
    others = outbox / "2026-11-02-ben-0123456789abcdef.eml"
    unkept = store_path.with_name("unkept-1-now.txt")
    for place in (mine, others, unkept):
        place.write_text("okapi", "utf-8")

    told = erase(full)

    assert [place.exists() for place in (mine, others, unkept)] == [False, True, False]
    assert told["counts"]["mail_files"] == 2


def test_a_reason_that_names_them_in_the_list_of_those_left_alone_is_taken_out(
    full: Runner, rows: Rows, store_path: Path
) -> None:
    assert full("suppress", 1, "--reason", "Zoe Quix-Rand wrote").code == 0
    assert full("suppress", 2, "--reason", "as zoe.quix@example.com asked").code == 0

    erase(full)

    assert rows("SELECT reason FROM suppression ORDER BY id") == [(erasing.ERASED,), ("left alone",)]
    assert traces(store_path) == []


def test_whose_name_stands_in_the_file_of_another_is_told(full: Runner) -> None:
    assert full("note", 2, "Knows Zoe Quix-Rand well").code == 0

    ran = full("erase", 1, "--yes")

    assert "stands in the file of number 2, and stays there." in ran.err
    assert "--mentions blank" in ran.err


def test_what_the_firm_mends_and_what_a_list_was_called_tells_of_them_no_more(
    full: Runner, tmp_path: Path, rows: Rows, store_path: Path
) -> None:
    assert full("fix", "add", "Call Zoe Quix-Rand at +44 20 7946 0999 first").code == 0
    assert full("fix", "add", "Deliver on Mondays").code == 0
    named = listed(tmp_path, "A-3,Cy Old,,cy@example.com,,,2025-01-01,\n", name="zoe_quix-rand.csv")
    assert full("import", named).code == 0

    erase(full)

    told = [row[0] for row in rows("SELECT what FROM fix ORDER BY id")]
    assert told == ["Call [name] at [number] first", "Deliver on Mondays"]
    assert rows("SELECT file FROM batch ORDER BY id")[-1] == ("a list",)
    assert traces(store_path) == []
    assert full("store", "doctor").code == 0


@pytest.mark.parametrize(
    "line",
    [
        ("note", 2, "Ask under +44 20 7946 0999"),
        ("trust", "add", "member", "Zoe Quix-Rand"),
    ],
)
def test_where_else_they_stand_is_told_whatever_holds_it(full: Runner, line: tuple[object, ...]) -> None:
    if line[0] == "note":
        assert full("edit", 2, "--notes", "Knows zoe.quix@example.com").code == 0
    assert full(*line).code == 0

    ran = full("erase", 1, "--yes")

    assert ("the file of number 2, and stays" in ran.err) == (line[0] == "note")
    assert ("your trust map" in ran.err) == (line[0] == "trust")


# -- from the files of others ------------------------------------------------------------------


@pytest.fixture
def named(full: Runner, store_path: Path) -> Runner:
    """Zoe, whose name, e-mail and phone stand in Ben's file, in Cy's and in the firm's map."""
    for line in (
        ("edit", 2, "--notes", "Knows Zoe Quix-Rand; zoe once came along"),
        ("add", "Cy Old", "--company", "Oldworks"),
        ("note", 3, "Ask ZOE QUIX-RAND, zoe.quix@example.com or 020 7946 0999, not Zoe Other"),
        ("touch", 3, "--channel", "phone", "--disposition", "reached", "--note", "undone: Zoe Quix-Rand"),
        ("undo", 3),
        ("promise", "add", 3, "A call like Zoe Quix-Rand's", "--owner", "Mara", "--due", "+9d"),
        ("offer", "add", 3, "trial", "--terms", "as Zoe Quix-Rand had", "--cost", "10 EUR"),
        ("trust", "add", "member", "Zoe Quix-Rand"),
    ):
        ran = full(*line)
        assert ran.code == 0, ran.err
    with sqlite3.connect(store_path) as raw:
        raw.execute(
            'INSERT INTO reply (command_id, survey_id, customer_id, "on", answers, call_back, suggested,'
            " reason, state) VALUES (1, 1, 2, '2026-11-02', '{\"q1\": \"as Zoe Quix-Rand says\"}', 0, '', '',"
            " 'new')"
        )
        raw.execute(
            'INSERT INTO message (command_id, case_id, stage, "to", to_name, subject, body, state, message_id,'
            " \"by\", at, approved_by, detail, waived) SELECT 1, id, 'revisit', 'cy@example.com',"
            " 'Cy Old', 'Hello', 'Zoe Quix-Rand told me', 'approved', '<two@example.com>', 'tester',"
            " '2026-11-02T10:00:00Z', 'Mara', '', '[]' FROM casefile WHERE customer_id = 3"
        )
    raw.close()
    return full


WHOLE = ("quix", "zoe.quix", "2079460999", "7946 0999")  # zoe alone is anybody's name


def test_their_name_goes_from_every_file_of_others_where_that_is_asked_for(
    named: Runner, store_path: Path, rows: Rows
) -> None:
    ran = named("erase", 1, "--yes", "--mentions", "blank")

    assert ran.code == 0, ran.err
    assert "Blanked in your trust map and the files of numbers 2, 3" in ran.err
    held = bytes_of(store_path)
    assert [word for word in WHOLE if word.encode() in held] == []
    assert rows("SELECT notes FROM customer_row WHERE id = 2") == [("Knows [erased]; zoe once came along",)]
    told = json.loads(named("subject", 3, "--json").out)["events"]
    assert "remark: Ask [erased], [erased] or [erased], not Zoe Other" in [one["words"] for one in told]


def test_a_case_that_was_blanked_is_sound_and_says_so_and_goes_on(
    named: Runner, rows: Rows, store_path: Path
) -> None:
    erase(named, 1, "--mentions", "blank")

    ran = named("store", "doctor")
    assert (ran.code, ran.out) == (0, "")
    told = [one["words"] for one in json.loads(named("subject", 3, "--json").out)["events"]]
    assert told[-1] == "remark: 6 names and addresses were blanked at an erasure"
    assert named("note", 3, "a word more").code == 0
    assert [named("undo", 3).code for _ in range(3)] == [0, 0, 0]
    assert named("show", "quix").code == 3
    assert named("store", "doctor").code == 0


def test_a_message_whose_words_were_blanked_is_to_be_approved_again(named: Runner, rows: Rows) -> None:
    erase(named, 1, "--mentions", "blank")

    assert rows("SELECT state, approved_by, body FROM message") == [("draft", "", "[erased] told me")]


def test_without_a_word_on_it_the_files_of_others_stay_as_they_are(named: Runner, rows: Rows) -> None:
    before = rows("SELECT hash FROM event WHERE case_id != 1 ORDER BY id")

    ran = named("erase", 1, "--yes")

    assert "stands in your trust map and the files of numbers 2, 3, and stays there." in ran.err
    assert rows("SELECT hash FROM event WHERE case_id != 1 ORDER BY id") == before
    assert named("erase", 2, "--yes", "--mentions", "all").code == 2


def test_a_namesakes_own_name_and_a_phone_that_both_have_stay_in_their_file(
    full: Runner, rows: Rows
) -> None:
    assert full("edit", 2, "--name", "Zoe Quix-Rand", "--phone", "+44 20 7946 0999").code == 0
    assert full("edit", 2, "--notes", "Zoe Quix-Rand, 020 7946 0999, zoe.quix@example.com").code == 0

    erase(full, 1, "--mentions", "blank")

    assert rows("SELECT notes FROM customer_row") == [("Zoe Quix-Rand, 020 7946 0999, [erased]",)]


def test_at_a_terminal_it_is_asked_whether_their_name_goes_from_there(named: Runner, rows: Rows) -> None:
    asked = Terminal("erase", "1")
    asked.until("type the name:")
    asked.type("zoe quix-rand")
    asked.until("Remove that copy now?")
    asked.type("n")
    asked.until("Put [erased] in its place there?")
    asked.type("y")

    assert asked.end() == 0
    assert rows("SELECT notes FROM customer_row WHERE id = 2") == [("Knows [erased]; zoe once came along",)]


def test_a_copy_taken_back_is_blanked_again_where_the_erasure_was(
    named: Runner, tmp_path: Path, store_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert named("store", "backup", copy).code == 0
    erase(named, 1, "--mentions", "blank")

    assert named("store", "restore", copy, "--yes").code == 0

    held = bytes_of(store_path)
    assert [word for word in WHOLE if word.encode() in held] == []
    assert named("store", "doctor").code == 0


# -- what it cuts off --------------------------------------------------------------------------


def test_what_somebody_is_in_the_middle_of_is_told_before_it_is_cut_off(full: Runner) -> None:
    ran = full("--as-of", "2026-11-24", "erase", 1, "--yes")

    assert "Case 1.1 is open, at the step Find out what happened before you call." in ran.err
    assert "Message 1 is approved and will not go out: okapi" in ran.err
    assert "A promise to them is still open, due" in ran.err
    assert "events" not in ran.err + ran.out
    gone, _, kept = ran.err.partition("A copy still holds them")
    assert "copies" not in gone
    assert kept


# -- and stays gone ----------------------------------------------------------------------------


def test_no_list_brings_them_back_under_any_name_they_ever_had(
    full: Runner, tmp_path: Path, store_path: Path
) -> None:
    with reading(store_path) as connection:
        names = guises(stored(connection, 1))
    assert any("rand" in name for name in names)
    assert any("zoe quix quixware" in name for name in names)

    erase(full)

    with reading(store_path) as connection:
        key = door.read_key(store_path, make=False)
        hashes = {hashed(name, key) for name in names}
        assert reads.suppressed_hashes(connection, hashes) == hashes
    for cells in (
        ZOE,
        ",,,ZOE.QUIX@example.com,,,,\n",
        ",Zoe Quix,Quixware,,020 7946 0999,,,\n",
        ",Zoe Quix,Quixware,,,Leeds,,\n",
        "Z-9,Somebody,,,,,,\n",
    ):
        ran = full("import", listed(tmp_path, cells, name="again.csv"), "--json")
        assert json.loads(ran.out)["new"] == 0, cells
    assert full("add", "Zoe", "--email", "zoe.quix@example.com").code == 5


@pytest.mark.parametrize("change", ["merge", "edit"])
def test_a_name_they_had_before_a_merge_or_an_edit_does_not_bring_them_back(
    full: Runner, tmp_path: Path, change: str
) -> None:
    old = ",Ben Ode,Odeworks,,,Bonn,,\n"
    assert full("edit", 2, "--company", "Odeworks").code == 0
    if change == "merge":
        assert full("merge", 1, 2, "--yes").code == 0
    else:
        assert full("edit", 2, "--name", "Benjamin", "--company", "Rest").code == 0
    erase(full, 1 if change == "merge" else 2)

    told = json.loads(full("import", listed(tmp_path, old, name="again.csv"), "--json").out)

    assert (told["new"], told["suppressed"]) == (0, 1)


def test_an_erasure_never_weakens_a_suppression(full: Runner, store_path: Path, rows: Rows) -> None:
    assert full("suppress", 1, "--reason", "asked").code == 0
    before = {row[0] for row in rows("SELECT hash FROM suppression_key")}

    erase(full)

    assert before <= {row[0] for row in rows("SELECT hash FROM suppression_key")}
    assert full("unsuppress", "zoe.quix@example.com", "--because", "wrote again").code == 0


def test_lifting_who_shared_their_entry_leaves_their_hashes(
    full: Runner, store_path: Path, rows: Rows
) -> None:
    assert full("suppress", 1, "--reason", "asked").code == 0
    with sqlite3.connect(store_path) as raw:
        raw.execute("UPDATE customer_row SET suppression_id = 1 WHERE id = 2")
    raw.close()

    erase(full)

    assert full("unsuppress", 2, "--because", "a mistake").code == 0
    assert full("add", "Zoe", "--email", "zoe.quix@example.com").code == 5


def test_lifting_who_shares_their_mailbox_lifts_them_only_where_the_address_is_named(full: Runner) -> None:
    assert full("edit", 2, "--email", "zoe.quix@example.com").code == 0
    erase(full)

    by_name = full("unsuppress", 2, "--because", "a mistake", "--together")

    assert by_name.code == 5
    assert "erased" in by_name.err
    assert full("add", "Zoe", "--email", "zoe.quix@example.com").code == 5
    assert full("touch", 2, "--channel", "phone", "--disposition", "reached").code == 5
    by_address = full("unsuppress", "zoe.quix@example.com", "--because", "both wrote")
    assert by_address.code == 0, by_address.err
    assert full("touch", 2, "--channel", "phone", "--disposition", "reached").code == 0


def test_a_namesake_is_lifted_and_an_erasure_stays(full: Runner, tmp_path: Path) -> None:
    other = "N-1,Zoe Quix,Quixware,other@example.com,,Leeds,2024-11-02,\n"
    assert full("import", listed(tmp_path, other, name="namesake.csv")).code == 0
    assert full("suppress", 3, "--reason", "asked").code == 0
    erase(full)

    assert full("unsuppress", 3, "--because", "a mistake").code == 0

    assert full("add", "Zoe", "--email", "zoe.quix@example.com").code == 5


def test_who_shares_their_mailbox_is_left_alone_too(full: Runner) -> None:
    assert full("edit", 2, "--email", "zoe.quix@example.com").code == 0

    ran = full("erase", 1, "--yes")

    assert "Ben Ode shares an e-mail, and is left alone with them." in ran.err
    assert json.loads(full("show", 2, "--json").out)["customer"]["suppressed"] is True


def test_the_list_that_brought_them_is_taken_back_without_them(full: Runner) -> None:
    erase(full)

    for batch in (2, 1):
        ran = full("import", "--undo", batch)
        assert ran.code == 0, ran.err
    assert full("show", 1).code == 3
    assert full("store", "doctor").code == 0


def test_their_number_is_given_to_nobody_else_and_merges_with_nobody(full: Runner) -> None:
    assert full("add", "Last One").code == 0
    erase(full, 3)

    assert "as number 4" in full("add", "New One").err
    assert full("merge", 2, 3, "--yes").code == 3
    assert full("show", "3.1").code == 3


def test_the_number_merged_into_them_is_nobodys_any_more(full: Runner) -> None:
    assert full("merge", 1, 2, "--yes").code == 0

    erase(full)

    assert "There is no customer number 2" in full("show", 2).err
    assert full("add", "Ben", "--email", "ben@example.com").code == 5


# -- copies ------------------------------------------------------------------------------------


def test_copies_that_hold_them_are_told_and_stay_unless_pruned(full: Runner, store_path: Path) -> None:
    assert full("store", "backup").code == 0
    ran = full("erase", 1, "--yes")

    told = [line for line in ran.err.splitlines() if line.startswith("A copy still holds them")]
    copies = sorted(store_path.parent.glob("backups/*.sqlite"))
    assert len(told) == len(copies) == 2  # the day's own, and the one just made
    assert all(traces(copy) for copy in copies)


def test_pruned_copies_go_with_their_keys_and_others_stay(full: Runner, store_path: Path) -> None:
    folder = store_path.parent / "backups"
    shutil.copy(next(folder.glob("*.sqlite")), store_path.with_name("store.sqlite.before-upgrade-of-0003"))
    assert full("add", "Late One").code == 0
    assert full("store", "backup").code == 0
    innocent = folder / "store-2020-01-01.sqlite"
    with sqlite3.connect(innocent) as raw:
        raw.execute("CREATE TABLE customer_row (id INTEGER)")
        raw.execute("CREATE TABLE contact_point (value TEXT)")
    raw.close()

    told = erase(full, 1, "--backups", "prune")

    left = [place for place in store_path.parent.rglob("*") if place.is_file()]
    assert {place.name for place in left} == {"store.sqlite", "store.sqlite.key", innocent.name}
    assert told["counts"]["copies_removed"] == 3
    assert [place for place in left if traces(place)] == []


def test_a_copy_that_cannot_be_removed_keeps_everybody(full: Runner, store_path: Path) -> None:
    made = Store.open(store_path, "tester", clock(None), "erase")

    def refuse() -> dict[str, int]:
        raise Refused("It cannot be removed.", "Nothing was changed.")

    with pytest.raises(Refused):
        made.erase([1], refuse)
    made.close()

    assert full("show", 1).code == 0
    assert full("erase", "--list", "--json").out == "[]\n"


def test_a_copy_taken_back_does_not_bring_them_back(full: Runner, tmp_path: Path, store_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    assert full("store", "backup", copy).code == 0
    erase(full)

    assert full("store", "restore", copy, "--yes").code == 0

    assert full("show", 1).code == 3
    assert traces(store_path) == []
    assert full("show", 2).code == 0
    assert full("add", "Zoe", "--email", "zoe.quix@example.com").code == 5


def test_a_copy_taken_back_gets_the_certificates_since_and_no_row_more_of_those_left_alone(
    full: Runner, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert full("add", "Eva Early", "--email", "eva@example.com").code == 0
    erase(full, 3)
    assert full("suppress", 2, "--reason", "asked").code == 0
    assert full("store", "backup", copy).code == 0
    assert full("edit", 1, "--name", "Zoe Quix-Rand-Later").code == 0
    told = [erase(full)["certificate"]]
    alone = full("suppress", "--list", "--json").out

    ran = full("store", "restore", copy, "--yes")

    assert "Erased since that copy, and erased again now: 1." in ran.err
    numbers = [one["certificate"] for one in json.loads(full("erase", "--list", "--json").out)]
    assert numbers == [3, *told, 1]
    mine, theirs = json.loads(full("suppress", "--list", "--json").out), json.loads(alone)
    assert [one["number"] for one in mine] == [None, 2, None]
    assert len(mine) == len(theirs)
    for _ in range(2):  # and none by a second one
        assert full("store", "restore", copy, "--yes").code == 0
    assert len(json.loads(full("suppress", "--list", "--json").out)) == len(theirs)


def test_a_copy_taken_back_says_that_whom_retention_erased_may_be_back(
    old: Runner, tmp_path: Path, rows: Rows
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert old("store", "backup", copy).code == 0
    assert old("store", "retention", "--months", 24, "--yes").code == 0

    ran = old("store", "restore", copy, "--yes")

    assert "back with the copy perhaps: 2." in ran.err
    assert "winback store retention --months N --dry-run" in ran.err
    assert len(rows("SELECT id FROM certificate")) >= 1


# -- cut off -----------------------------------------------------------------------------------


def test_traces_that_a_kill_left_are_told_by_the_doctor_who_wipes_them(
    full: Runner, store_path: Path
) -> None:
    erase(full)
    with sqlite3.connect(store_path) as raw:  # as a kill leaves it before the file was rewritten
        raw.execute("PRAGMA secure_delete=OFF")
        raw.execute("CREATE TABLE passing (words TEXT)")
        raw.execute("INSERT INTO passing VALUES ('quokka')")
        raw.execute("DROP TABLE passing")
        raw.execute("INSERT INTO about VALUES (?, '2026-11-24T10:00:00Z')", (erasing.UNSWEPT,))
    raw.close()
    assert traces(store_path) == ["quokka"]

    ran = full("store", "doctor")
    assert ran.code == 65
    assert "traces of them may be left" in ran.out

    assert full("store", "doctor", "--mend").code == 0
    assert traces(store_path) == []


# -- kept too long -----------------------------------------------------------------------------


@pytest.fixture
def old(winback: Runner, tmp_path: Path) -> Runner:
    """Three who bought nothing for long: the second is left alone, the third has a case. And a newer one."""
    lines = (
        *(f"{n},Old {name},,{name}@example.com,,,2020-01-01,\n" for n, name in enumerate("abc", 1)),
        "4,New One,,new@example.com,,,2026-06-01,\n",
    )
    assert winback("import", listed(tmp_path, *lines)).code == 0
    assert winback("add", "Nobody Knows").code == 0
    assert winback("--as-of", "2021-01-01", "suppress", 2, "--reason", "asked").code == 0
    assert winback("note", 3, "talking").code == 0
    return winback


def test_retention_erases_only_whom_nothing_keeps(old: Runner, rows: Rows) -> None:
    ran = old("store", "retention", "--months", 24, "--yes")

    assert ran.code == 0, ran.err
    assert [row[0] for row in rows("SELECT id FROM customer_row ORDER BY id")] == [3, 4, 5]
    ((counts,),) = rows("SELECT counts FROM certificate")
    assert json.loads(counts)["people"] == 2


def test_retention_removes_the_mails_of_whom_it_erases_and_no_others(
    old: Runner, home: Path, store_path: Path
) -> None:
    from winback_cli.senders import file_token

    outbox = home / "outbox"
    outbox.mkdir()
    with sqlite3.connect(store_path) as raw:
        raw.execute(
            "INSERT INTO casefile (id, customer_id, number, playbook, status, stage, step, opened_at, seq, head,"
            " breaches, reason, said, contact, scope, theory, complaint, verdict, product)"
            " SELECT 99, 1, 1, playbook, 'closed', stage, step, '2020-02-01T10:00:00Z', 0, '', '[]',"
            " '', '', '', '', '', '', '', '' FROM casefile"
        )
        raw.execute(
            'INSERT INTO message (command_id, case_id, stage, "to", to_name, subject, body, state, message_id,'
            " \"by\", at, approved_by, detail, waived) VALUES (1, 99, 'revisit', 'a@example.com', 'A', 's',"
            " 'b', 'sent', '<old@example.com>', 'tester', '2020-02-02T10:00:00Z', '', '', '[]')"
        )
    raw.close()
    mine = outbox / f"2020-02-02-old-a-{file_token('<old@example.com>')}.eml"
    others = outbox / "2026-11-02-ben-0123456789abcdef.eml"
    unkept = [store_path.with_name(f"unkept-{number}-x.txt") for number in (1, 11)]
    for place in (mine, others, *unkept):
        place.write_text("words", "utf-8")

    assert old("store", "retention", "--months", 24, "--yes").code == 0

    left = [place.name for folder in (outbox, store_path.parent) for place in folder.iterdir()]
    assert others.name in left
    assert "unkept-11-x.txt" in left
    assert mine.name not in left
    assert "unkept-1-x.txt" not in left


def test_retention_keeps_left_alone_who_was_and_lets_the_others_come_again(
    old: Runner, tmp_path: Path, rows: Rows
) -> None:
    assert old("store", "retention", "--months", 24, "--yes").code == 0

    again = listed(tmp_path, "1,Old a,,a@example.com,,,,\n", "2,Old b,,b@example.com,,,,\n", name="new.csv")
    told = json.loads(old("import", again, "--json").out)
    assert told["new"] == 1
    assert rows("SELECT reason FROM suppression") == [(erasing.EXPIRED,)]


def test_a_dry_run_of_retention_tells_how_many_and_changes_nothing(old: Runner, store_path: Path) -> None:
    before = store_path.read_bytes()

    told = json.loads(old("store", "retention", "--months", 24, "--dry-run", "--json").out)

    assert told["numbers"] == [1, 2]
    assert [one["name"] for one in told["customers"]] == ["Old a", "Old b"]
    listed = old("store", "retention", "--months", 24, "--dry-run").out.splitlines()
    assert listed[1:] == ["1\tOld a\t2020-01-01", "2\tOld b\t2020-01-01"]
    assert store_path.read_bytes() == before
    assert old("store", "retention", "--months", 24).code == 2


def test_retention_says_at_a_terminal_who_it_would_be_and_a_no_is_no_mistake(old: Runner) -> None:
    asked = Terminal("store", "retention", "--months", "24")
    asked.until("for good?")
    asked.type("n")

    assert asked.end() == 5
    assert "1  Old a" in asked.text
    assert "2  Old b" in asked.text
    assert "Nothing was changed. They stay." in asked.text
    assert "To be erased" not in asked.text
    assert old("show", 1).code == 0


@pytest.mark.parametrize(
    "kept",
    [
        ("touch", 3, "--channel", "phone", "--disposition", "no answer"),
        ("promise", "add", 3, "A call", "--owner", "Mara", "--due", "+9d"),
    ],
    ids=lambda line: line[0],
)
def test_retention_spares_whom_a_closed_case_was_about_lately_or_is_owed_something(
    kept: tuple[object, ...], old: Runner, rows: Rows, store_path: Path
) -> None:
    ran = old(*kept)
    assert ran.code == 0, ran.err
    assert old("close", 3, "--outcome", "released", "--override", "enough").code == 0
    if kept[0] == "promise":  # even when all of it was long ago
        with sqlite3.connect(store_path) as raw:
            raw.execute("UPDATE event SET happened = '2020-01-01', recorded = '2020-01-01T00:00:00Z'")
            raw.execute("DELETE FROM due")
        raw.close()

    assert old("store", "retention", "--months", 24, "--yes").code == 0

    assert (3,) in rows("SELECT id FROM customer_row")


# -- who is left alone, listed -----------------------------------------------------------------


def test_the_list_of_those_left_alone_can_be_read_at_eighty_columns(
    stocked: Runner, tmp_path: Path
) -> None:
    why = "asked by telephone to be left alone for good, and was quite cross about the third letter"
    assert stocked("suppress", 2, "--reason", why).code == 0
    listed_ = tmp_path / "a_list_with_quite_a_long_name_of_2026.csv"
    listed_.write_text("email\nzoe.quix@example.com\n", "utf-8")
    assert stocked("suppress", "--import", listed_, "--reason", "objected").code == 0

    shown = Terminal("suppress", "--list")
    assert shown.end() == 0

    words = " ".join(shown.text.split())
    assert "…" not in words.partition("Why")[2]
    assert all(word in words for word in (*why.split(), "objected", "2026-", "tester"))
    assert "".join(listed_.name) in "".join(shown.text.split())


# -- letting go --------------------------------------------------------------------------------


def test_a_case_closed_as_lost_leaves_them_alone_where_that_is_said(stocked: Runner, rows: Rows) -> None:
    assert stocked("note", 2, "it is over").code == 0

    ran = stocked("close", 2, "--outcome", "lost", "--override", "over", "--suppress")

    assert ran.code == 0, ran.err
    assert "Ben Ode is left alone from now on." in ran.err
    assert rows("SELECT outcome FROM casefile") == [("lost",)]
    assert rows("SELECT reason FROM suppression ORDER BY id DESC LIMIT 1") == [("accepted as over",)]


def test_a_case_closed_as_lost_alone_suppresses_nobody_and_says_how(stocked: Runner) -> None:
    assert stocked("note", 2, "it is over").code == 0

    ran = stocked("close", 2, "--outcome", "lost", "--override", "over")

    assert "winback suppress 2" in ran.err
    assert json.loads(stocked("show", 2, "--json").out)["customer"]["suppressed"] is False
    ran = stocked("close", 2, "--outcome", "won", "--suppress")
    assert (ran.code, "--suppress goes with --outcome lost." in ran.err) == (2, True)


def test_whoever_objects_in_a_contact_is_left_alone_with_the_log_of_it(stocked: Runner) -> None:
    ran = stocked(
        *("touch", 2, "--channel", "phone", "--disposition", "refused"),
        *("--suppress", "wants no more calls"),
    )

    assert ran.code == 0, ran.err
    told = json.loads(stocked("show", 2, "--json").out)
    assert told["customer"]["suppression_reason"] == "wants no more calls"
    assert told["touches"][0]["disposition"] == "refused"
    assert told["case"]["outcome"] == "suppressed"


# -- at a terminal -----------------------------------------------------------------------------


def test_the_name_is_typed_back_and_the_copies_are_asked_for(full: Runner, store_path: Path) -> None:
    wrong = Terminal("erase", "1")
    wrong.until("type the name:")
    wrong.type("Ben Ode")
    assert wrong.end() == 5
    assert "Nothing was changed." in wrong.text

    right = Terminal("erase", "1")
    right.until("type the name:")
    right.type("zoe quix-rand")
    right.until("Remove that copy now?")
    right.type("y")
    assert right.end() == 0
    assert "Certificate of erasure 1" in right.text
    assert list(store_path.parent.glob("backups/*")) == []
    assert full("show", 1).code == 3


def test_a_case_closed_as_lost_offers_at_a_terminal_to_leave_them_alone(stocked: Runner) -> None:
    for number, said, alone in ((1, "", False), (2, "y", True)):
        assert stocked("note", number, "it is over").code == 0
        closing = Terminal("close", str(number), "--outcome", "lost", "--override", "over")
        closing.until("Leave them alone for good?")
        closing.type(said)
        assert closing.end() == 0
        customer = json.loads(stocked("show", number, "--json").out)["customer"]
        assert customer["suppressed"] is alone


def test_whoever_objects_in_a_walk_is_left_alone_at_once_and_it_ends(stocked: Runner) -> None:
    walk = Terminal("walk", "2", "--playbook", "lapsed-list")
    walk.until("How did they leave?")
    walk.type(":suppress wants no more calls")

    assert walk.end() == 0
    assert "Ben Ode is left alone from now on." in walk.text
    told = json.loads(stocked("show", 2, "--json").out)
    assert told["customer"]["suppression_reason"] == "wants no more calls"
    assert told["case"]["outcome"] == "suppressed"
