"""Files that are no store, or not one for this program; upgrades; and the schema itself."""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from tests.conftest import Ran, Runner
from tests.faults import processes
from tests.faults.processes import assert_whole, contents, dump, twin
from winback_cli.errors import BadInput
from winback_cli.store import connect, learned, migrations, tables, upgrade

COMMANDS = {"list": ("list",), "note": ("note", 1, "x"), "import": ("import", "more.csv")}
MIGRATIONS = Path(migrations.__file__).parent
# Indexes over an expression, which alembic's comparison cannot read.
RECREATED = ("ix_customer_due", "ix_customer_status", "ix_customer_alone", "ix_due_on")


@pytest.fixture
def room(tmp_path: Path, winback: Runner, sample: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store of three customers, a suppressed one and a case; and more.csv to bring in."""
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert winback("--store", "store.sqlite", "import", sample).code == 0
    assert winback("--store", "store.sqlite", "note", 1, "she is on holiday").code == 0
    Path("more.csv").write_text("name,email\nEve New,eve@example.com\n", "utf-8")
    return folder


def newer(store: Path) -> None:
    content = bytearray(store.read_bytes())
    content[60:64] = (9999).to_bytes(4, "big")
    store.write_bytes(content)


def foreign(store: Path) -> None:
    store.unlink()
    connection = sqlite3.connect(store)
    connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)")
    connection.execute("INSERT INTO customer VALUES (1, 'theirs')")
    connection.commit()
    connection.close()


def text(store: Path) -> None:
    store.write_text("name,email\nAna,ana@example.com\n" * 100, "utf-8")


def short_text(store: Path) -> None:
    store.write_text("hello\n", "utf-8")


def scribbled(store: Path) -> None:
    store.write_bytes(b"\xff" * 16 + store.read_bytes()[16:])


def odd_pages(store: Path) -> None:
    """The header tells a size of pages that there is not."""
    content = store.read_bytes()
    store.write_bytes(content[:16] + b"\x00\x03" + content[18:])


def strange_format(store: Path) -> None:
    """The header tells a format of the schema that SQLite does not know."""
    content = store.read_bytes()
    store.write_bytes(content[:44] + b"\x00\x00\x00\x63" + content[48:])


def no_tables(store: Path) -> None:
    """A database that says it is ours and holds none of our tables."""
    store.unlink()
    connection = sqlite3.connect(store)
    connection.execute(f"PRAGMA application_id={connect.APPLICATION_ID}")
    connection.execute("PRAGMA user_version=1")
    connection.close()


def halved(store: Path) -> None:
    os.truncate(store, store.stat().st_size // 2)


def one_byte_short(store: Path) -> None:
    os.truncate(store, store.stat().st_size - 1)


def head_only(store: Path) -> None:
    os.truncate(store, 60)


def empty(store: Path) -> None:
    store.write_bytes(b"")


def folder(store: Path) -> None:
    store.unlink()
    store.mkdir()
    (store / "something").write_text("of theirs", "utf-8")


def check_refused(run: Callable[..., Ran], room: Path, code: int, command: str) -> None:
    """The file is refused with this code, by name, and nothing in its folder is another after it."""
    before = contents(room)

    ran = run("--store", "store.sqlite", *COMMANDS[command])

    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "store" in ran.err
    assert contents(room) == before


def twin_runner(name: str) -> Callable[..., Ran]:
    return lambda *argv: Ran(*processes.run(*argv, program=twin(name)))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "harm",
    [
        foreign,
        text,
        short_text,
        scribbled,
        odd_pages,
        halved,
        one_byte_short,
        head_only,
        empty,
        folder,
        strange_format,
        no_tables,
    ],
)
def test_a_file_that_is_no_whole_store_is_refused_with_65_and_left_as_it_is(
    harm: Callable[[Path], None], command: str, room: Path, winback: Runner
) -> None:
    harm(room / "store.sqlite")

    check_refused(winback, room, 65, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_cut_store_beside_a_stray_journal_is_refused_with_65_and_left_as_it_is(
    command: str, room: Path, winback: Runner
) -> None:
    store = room / "store.sqlite"
    halved(store)
    store.with_name(store.name + "-journal").write_bytes(b"no journal of SQLite's")
    before = store.read_bytes()

    ran = winback("--store", store, *COMMANDS[command])

    assert ran.code == 65, ran.err
    assert store.read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_store_of_a_newer_winback_is_refused_with_76_and_left_as_it_is(
    command: str, room: Path, winback: Runner
) -> None:
    newer(room / "store.sqlite")

    check_refused(winback, room, 76, command)


@pytest.mark.parametrize(
    ("harm", "code", "command", "broken"),
    [
        (newer, 76, "list", "trusting"),
        (newer, 76, "note", "trusting"),
        (empty, 65, "list", "sizeless"),
        (empty, 65, "import", "sizeless"),
    ],
)
def test_a_program_that_opens_whatever_is_named_is_caught(
    harm: Callable[[Path], None], code: int, command: str, broken: str, room: Path
) -> None:
    harm(room / "store.sqlite")
    check_refused(twin_runner("none"), room, code, command)

    with pytest.raises(AssertionError):
        check_refused(twin_runner(broken), room, code, command)


@pytest.mark.parametrize("left", ["", "ab\n"])
def test_a_key_file_that_a_kill_left_empty_or_cut_never_serves_as_a_key(
    left: str, tmp_path: Path, winback: Runner, sample: Path
) -> None:
    store, key = tmp_path / "store.sqlite", tmp_path / "store.sqlite.key"
    key.write_text(left, "ascii")

    ran = winback("--store", store, "import", sample)

    assert ran.code == 65 or len(bytes.fromhex(key.read_text("ascii"))) == 32


def test_a_lost_key_stops_an_import_and_changes_nothing(room: Path, winback: Runner) -> None:
    (room / "store.sqlite.key").unlink()

    check_refused(winback, room, 65, "import")


@pytest.mark.parametrize("named_by", ["--store", "WINBACK_STORE"])
@pytest.mark.parametrize(
    "command",
    [
        (),
        ("list",),
        ("due",),
        ("next",),
        ("show", 1),
        ("note", 1, "x"),
        ("edit", 1, "--city", "Rome"),
        ("suppress", 1, "--reason", "asked"),
    ],
    ids=lambda command: command[0] if command else "desk",
)
def test_a_missing_store_that_was_named_is_refused_with_3_and_not_made(
    command: tuple[object, ...],
    named_by: str,
    tmp_path: Path,
    winback: Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = tmp_path / "away" / "store.sqlite"
    if named_by == "WINBACK_STORE":
        monkeypatch.setenv("WINBACK_STORE", str(missing))
    before = contents(tmp_path)

    ran = winback(*(("--store", missing) if named_by == "--store" else ()), *command)

    assert ran.code == 3, ran.err
    assert str(missing) in ran.err
    assert contents(tmp_path) == before


@pytest.mark.parametrize("named_by", ["--store", "WINBACK_STORE"])
@pytest.mark.parametrize("command", ["import", "add"])
def test_a_missing_store_that_was_named_is_made_by_import_and_add_which_say_so(
    command: str,
    named_by: str,
    tmp_path: Path,
    winback: Runner,
    sample: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = tmp_path / "away" / "store.sqlite"
    if named_by == "WINBACK_STORE":
        monkeypatch.setenv("WINBACK_STORE", str(missing))
    words = ("import", sample) if command == "import" else ("add", "Ana Sol")

    ran = winback(*(("--store", missing) if named_by == "--store" else ()), *words)

    assert ran.code == 0, ran.err
    assert f"Made a new store: {missing}" in ran.err
    assert len(dump(missing)["customer_row"]) == (4 if command == "import" else 1)
    assert_whole(missing)


def test_a_dry_run_makes_no_store(tmp_path: Path, winback: Runner, sample: Path) -> None:
    before = contents(tmp_path)

    ran = winback("--store", tmp_path / "away" / "store.sqlite", "import", sample, "--dry-run")

    assert ran.code == 0, ran.err
    assert contents(tmp_path) == before


def test_the_first_run_of_all_greets_and_makes_nothing(home: Path, winback: Runner) -> None:
    ran = winback()

    assert ran.code == 0, ran.err
    assert "winback import FILE" in ran.out
    assert not home.exists()


@pytest.mark.parametrize("command", [("list",), ("add", "Ana Sol")], ids=lambda command: command[0])
def test_a_store_below_a_file_is_not_told_as_a_full_disk(
    command: tuple[str, ...], tmp_path: Path, winback: Runner
) -> None:
    (tmp_path / "file").write_text("x", "utf-8")

    ran = winback("--store", tmp_path / "file" / "store.sqlite", *command)

    assert ran.code in (3, 65, 77), ran.err


def test_every_column_and_index_of_the_tables_is_in_the_migrated_schema(room: Path) -> None:
    for row in (tables.CustomerRow, learned.SurveyRow):
        assert row.metadata is SQLModel.metadata

    assert differences(room / "store.sqlite") == []


def test_a_schema_that_lacks_an_index_is_caught(room: Path) -> None:
    connection = sqlite3.connect(room / "store.sqlite")
    connection.execute("DROP INDEX ux_event_seq")
    connection.close()

    assert len(differences(room / "store.sqlite")) == 1


def differences(store: Path) -> list[object]:
    """Where a store's schema is not what the tables say; what alembic does not know apart."""
    engine = create_engine(f"sqlite:///{store}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, SQLModel.metadata)
    engine.dispose()
    unknown = (*RECREATED, "customer_text", "case_text")
    return [one for one in found if not any(name in repr(one) for name in unknown)]


@pytest.mark.parametrize("name", RECREATED)
def test_an_index_for_an_order_is_the_one_that_the_tables_say(
    name: str, room: Path, tmp_path: Path
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'made.sqlite'}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()

    assert index_of(room / "store.sqlite", name) == index_of(tmp_path / "made.sqlite", name) != ""


def index_of(store: Path, name: str) -> str:
    with processes.opened(store) as connection:
        found = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return " ".join(found[0].split()) if found else ""


def test_the_program_counts_as_newest_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", upgrade.SCRIPTS)

    assert ScriptDirectory.from_config(config).get_heads() == [connect.HEAD]


def scripts_with(folder: Path, work: str) -> str:
    """The program's own migrations and a made-up one after them."""
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = "import os\nimport sqlalchemy as sa\nfrom alembic import op\n"
    lines = "".join(f"    {line}\n" for line in work.splitlines())
    (folder / "versions" / "9000_next.py").write_text(
        f'{head}revision = "9000"\ndown_revision = "{connect.HEAD}"\ndef upgrade():\n{lines}', "utf-8"
    )
    return str(folder)


NEW_COLUMN = 'op.add_column("customer_row", sa.Column("mood", sa.String(), nullable=True))'
REBUILT = [  # tables whose rows others hang on, and would go with
    f"""op.execute("DROP VIEW customer")
with op.batch_alter_table("{table}", recreate="always") as batch:
    batch.add_column(sa.Column("mood", sa.String(), nullable=True))
op.execute("CREATE VIEW customer AS SELECT * FROM customer_row")"""
    for table in ("casefile", "customer_row")
]
TOUCHES_ALL = """op.execute("UPDATE customer_row SET name = 'gone', notes = hex(zeroblob(4000))")
op.execute("DELETE FROM event")"""


@pytest.mark.parametrize("work", [NEW_COLUMN, *REBUILT], ids=["column", "casefile anew", "customer anew"])
def test_an_upgrade_keeps_every_row_and_index(
    work: str, room: Path, tmp_path: Path, winback: Runner
) -> None:
    store = room / "store.sqlite"
    before, indexes = dump(store, ["alembic_version"]), names_of_indexes(store)
    scripts = scripts_with(tmp_path / "scripts", work)

    upgrade.to_head(store, scripts=scripts, head="9000")

    after = dump(store)
    assert after.pop("alembic_version") == [{"version_num": "9000"}]
    assert [row.pop("mood") for rows in after.values() for row in rows if "mood" in row]
    assert after == before
    assert names_of_indexes(store) == indexes
    assert_whole(store)
    assert winback("--store", store, "list").code == 76  # newer than this program now


def names_of_indexes(store: Path) -> list[str]:
    with processes.opened(store) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name")
        return [row[0] for row in found if not row[0].startswith("sqlite_autoindex")]


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (f"{NEW_COLUMN}\n{TOUCHES_ALL}\nraise RuntimeError('halfway')", RuntimeError),
        (f"{NEW_COLUMN}\n{TOUCHES_ALL}\nop.execute('DROP TABLE nowhere')", Exception),
        ('op.execute("DELETE FROM customer_row WHERE id = 1")', BadInput),
    ],
    ids=["raises", "bad SQL", "orphans"],
)
def test_an_upgrade_that_fails_halfway_leaves_every_byte_as_it_was(
    work: str, error: type[Exception], room: Path, tmp_path: Path, winback: Runner
) -> None:
    store = room / "store.sqlite"
    before = contents(room)
    scripts = scripts_with(tmp_path / "scripts", work)

    with pytest.raises(error):
        upgrade.to_head(store, scripts=scripts, head="9000")

    assert contents(room) == before
    assert winback("--store", store, "list").code == 0


def test_an_upgrade_that_is_killed_halfway_leaves_every_row_as_it_was(
    room: Path, tmp_path: Path, winback: Runner
) -> None:
    store = room / "store.sqlite"
    before, at_first = dump(store), store.read_bytes()
    spill = "op.execute('PRAGMA cache_size=1')\nop.execute('PRAGMA cache_spill=1')"
    work = f"{spill}\n{NEW_COLUMN}\n{TOUCHES_ALL}\nos.kill(os.getpid(), {int(signal.SIGKILL)})"
    scripts = scripts_with(tmp_path / "scripts", work)
    call = "import sys, pathlib; from winback_cli.store import upgrade;"
    call += "upgrade.to_head(pathlib.Path(sys.argv[1]), sys.argv[2], '9000')"

    code, _, err = processes.run(store, scripts, program=(sys.executable, "-c", call))

    assert code == -signal.SIGKILL, err
    assert store.read_bytes() != at_first, "the kill came before anything was written"
    assert winback("--store", store, "list").code == 0
    assert dump(store) == before
    assert_whole(store)


def test_the_copy_before_an_upgrade_holds_every_row_and_an_older_copy_stays(room: Path) -> None:
    store = room / "store.sqlite"
    before = dump(store)

    first = upgrade.copy_before(store, "0001")
    held = first.read_bytes()
    second = upgrade.copy_before(store, "0001")

    assert first != second
    assert first.read_bytes() == held
    assert dump(first) == dump(second) == dump(store) == before
    assert_whole(first)
