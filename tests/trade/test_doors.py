"""The doors of the house: which module may import which, and what a quick command may load."""

import ast
import json
import subprocess
import sys
from collections.abc import Set
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import winback_cli
from tests.conftest import Runner

ROOT = Path(winback_cli.__file__).parent
OURS = "winback_cli"

ERRORS = {"errors"}
TRADE = {
    "priority",
    "wiping",
    "certificate",
    "worth",
    "policy",
    "stakes",
    "odds",
    "purchases",
    "addresses",
    "text",
    "dates",
    "money",
    "columndates",
    "countries",
    "customer",
    "phones",
    "case",
    "stages",
    "fields",
    "programme",
    "trust",
    "facts",
    "answers",
    "conditions",
    "guards",
    "playbook",
    "proofreading",
    "comparison",
    "choosing",
    "route",
    "owing",
    "offers",
    "patterns",
    "hours",
    "acts",
    "briefing",
    "reaching",
    "marks",
    "plainrow",
    "report",
    "dealings",
    "learning",
    "intervals",
    "exporting",
    "subject",
    *("digest", "blanking", "winners"),
    *("survey", "surveyforms", "surveyreplies"),
}
WORK = {
    "library",
    "playbook_files",
    "yamltext",
    "answersfile",
    "pairing",
    "prompter",
    "entries",
    "journal",
    *("reasons", "lexicon"),
    "screening",
    "walk",
    "intake",
    "checking",
    "cellreading",
    "agenda",
    "draftcheck",
    "drafting",
    "templates",
    "senders",
    "mailing",
    "words",
    "sentences",
    "reading",
    "mappings",
    "receipts",
    "likeness",
    "sources",
}
SETTINGS = {"settings", "settingschecks"}
STORE = {"store"}
COUNTER = {
    *("cli", "talk", "terminal", "screen", "views", "pages", "scenes", "shelf", "rows", "agendaview"),
    *("reportview", "page", "digestpage", "trustpage"),
}
ENTRANCE = {"main", "__main__", "__init__"}

DATABASE = {"sqlmodel", "sqlalchemy", "alembic"}
SCREEN = {"typer", "rich", "prompt_toolkit"}
PURE = {"pydantic", "jinja2", "email_validator", "phonenumbers", "holidays"}
# What the trade has no business with: files, the clock, the machine, databases, the network.
MACHINE = {"io", "os", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "time"}


class Import(NamedTuple):
    """`what` is imported; `room` is ours that it lies in; `typing` where only type checkers see it."""

    what: str
    room: str
    typing: bool

    @property
    def library(self) -> str:
        return self.what.partition(".")[0]


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


MODULES = sorted(ROOT.rglob("*.py"))
ROOMS = sorted({room_of(path) for path in MODULES})


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports_in(source: str, package: tuple[str, ...] = ()) -> list[Import]:
    """Every import of a module, at whatever depth; `package` is where relative ones begin."""
    found: list[Import] = []

    def walk(node: ast.AST, typing: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend(_import(alias.name, "", typing) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                up = package[: len(package) - child.level + 1] if child.level else ()
                base = ".".join([*up, *([child.module] if child.module else [])])
                found.extend(_import(base, alias.name, typing) for alias in child.names)
            else:
                inner = typing or _is_typing(child)
                walk(child, inner)

    walk(ast.parse(source), False)
    return found


def _import(base: str, name: str, typing: bool) -> Import:
    parts = base.split(".")
    room = ""
    if parts[0] == OURS:
        room = parts[1] if len(parts) > 1 else name
        if room.startswith("__") or room == "":
            room = "__init__"
    return Import(".".join(filter(None, (base, name))), room, typing)


def imports_of(room: str) -> list[tuple[str, Import]]:
    """The imports of every module of a room, each with the module's path."""
    return [
        (str(path.relative_to(ROOT)), found)
        for path in MODULES
        if room_of(path) == room
        for found in imports_in(path.read_text("utf-8"), (OURS, *path.relative_to(ROOT).parent.parts))
    ]


def wrong_doors(room: str, allowed: set[str], typing_only: Set[str] = frozenset()) -> list[str]:
    return [
        f"{module} imports {found.what}"
        for module, found in imports_of(room)
        if found.room
        and found.room not in allowed | {room}
        and not (found.typing and found.room in typing_only)
    ]


def foreign(room: str) -> set[str]:
    """The third-party libraries of a room."""
    return {
        found.library
        for _, found in imports_of(room)
        if not found.room and found.library not in sys.stdlib_module_names
    }


# -- the reader of imports itself ------------------------------------------------------------


def test_an_import_is_seen_wherever_it_stands() -> None:
    source = """
import a.b
from winback_cli.store import reads
from winback_cli import text as t
from . import cases
def f():
    import c
    try:
        from d import e
    except ImportError:
        pass
if TYPE_CHECKING:
    import g
    from winback_cli.views import x
"""

    found = imports_in(source, (OURS, "store"))

    assert [(i.what, i.room, i.typing) for i in found] == [
        ("a.b", "", False),
        ("winback_cli.store.reads", "store", False),
        ("winback_cli.text", "text", False),
        ("winback_cli.store.cases", "store", False),
        ("c", "", False),
        ("d.e", "", False),
        ("g", "", True),
        ("winback_cli.views.x", "views", True),
    ]


def test_every_module_lies_in_a_room_that_has_a_rule() -> None:
    known = ERRORS | TRADE | WORK | SETTINGS | STORE | COUNTER | ENTRANCE

    assert set(ROOMS) - {"sample", "playbooks"} == known


# -- which way imports go --------------------------------------------------------------------


def test_errors_imports_nothing_of_ours_and_nothing_foreign() -> None:
    assert wrong_doors("errors", set()) == []
    assert foreign("errors") == set()


@pytest.mark.parametrize("room", sorted(TRADE))
def test_the_trade_imports_only_the_trade(room: str) -> None:
    assert wrong_doors(room, TRADE | ERRORS) == []


@pytest.mark.parametrize("room", sorted(TRADE))
def test_the_trade_uses_only_pure_libraries(room: str) -> None:
    assert foreign(room) <= PURE


@pytest.mark.parametrize("room", sorted(TRADE))
def test_the_trade_knows_no_file_clock_machine_or_database(room: str) -> None:
    used = {found.library for _, found in imports_of(room)}

    assert used & MACHINE == set()


@pytest.mark.parametrize("room", sorted(TRADE | WORK | STORE | COUNTER))
def test_nobody_but_the_settings_asks_the_machine_what_time_it_is(room: str) -> None:
    asked = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node.func)}"
        for path in MODULES
        if room_of(path) == room
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today", "time_ns")
    ]

    assert asked == []


def test_the_trade_has_no_circle_of_imports() -> None:
    graph = {room: {i.room for _, i in imports_of(room) if i.room in TRADE - {room}} for room in TRADE}

    order = list(TopologicalSorter(graph).static_order())

    assert set(order) == TRADE
    assert order.index("case") < order.index("guards") < order.index("playbook") < order.index("route")


@pytest.mark.parametrize("room", sorted(WORK))
def test_the_work_imports_the_trade_and_the_work(room: str) -> None:
    assert wrong_doors(room, TRADE | ERRORS | WORK) == []


@pytest.mark.parametrize("room", sorted(WORK))
def test_the_work_knows_no_database_and_no_screen(room: str) -> None:
    assert foreign(room) & (DATABASE | SCREEN | {"sqlite3"}) == set()


def test_the_settings_import_the_trade_only() -> None:
    assert [
        wrong for room in sorted(SETTINGS) for wrong in wrong_doors(room, TRADE | ERRORS | SETTINGS)
    ] == []


def test_the_store_imports_the_trade_only() -> None:
    assert wrong_doors("store", TRADE | ERRORS) == []
    assert foreign("store") <= DATABASE


@pytest.mark.parametrize("room", ROOMS)
def test_only_the_store_imports_sqlmodel_sqlalchemy_or_alembic(room: str) -> None:
    if room == "store":
        assert foreign(room) >= DATABASE
    else:
        assert foreign(room) & DATABASE == set()


@pytest.mark.parametrize("room", sorted(set(ROOMS) - {"cli", "store", "main"}))
def test_only_the_commands_import_the_store(room: str) -> None:
    types = {"store"} if room in ("views", "pages", "scenes", "rows") else set()

    assert wrong_doors(room, set(ROOMS) - {"store"}, types) == []


@pytest.mark.parametrize("room", sorted(set(ROOMS) - COUNTER - {"main"}))
def test_only_the_counter_imports_typer_rich_and_prompt_toolkit(room: str) -> None:
    assert foreign(room) & SCREEN == set()


@pytest.mark.parametrize("room", sorted(COUNTER - {"cli"}))
def test_what_is_shown_does_not_know_the_commands(room: str) -> None:
    assert wrong_doors(room, set(ROOMS) - {"cli", "main"}) == []


def test_the_rows_of_a_pipe_load_no_screen() -> None:
    assert foreign("rows") == set()


@pytest.mark.parametrize("room", sorted(set(ROOMS) - {"main", "__main__"}))
def test_nobody_imports_main(room: str) -> None:
    assert wrong_doors(room, set(ROOMS) - {"main"}) == []


def _environment_in(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"):
            return True
        named = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
        if named & {"environ", "environb", "getenv"}:
            return True
    return False


def test_only_the_settings_read_the_environment() -> None:
    reading = [str(path.relative_to(ROOT)) for path in MODULES if _environment_in(path.read_text("utf-8"))]

    assert reading == ["settings.py"]


# -- what is loaded --------------------------------------------------------------------------

LOADED = """
import json, sys
from winback_cli.main import main
code = main(json.loads(sys.argv[1]))
sys.stdout.flush()
print("\\n" + json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


TOUCH = ("--disposition", "left message", "--channel", "phone")


def loaded_by(*argv: str) -> tuple[int, set[str]]:
    """The exit code of a command in a fresh process, and the top-level modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(argv)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, names = json.loads(done.stdout.splitlines()[-1])
    return code, set(names)


@pytest.mark.parametrize(
    "argv",
    [
        ("--help",),
        ("--version",),
        ("list", "--json"),
        ("due", "--json"),
        ("export", "customers", "--csv"),
        ("export", "events", "--jsonl"),
        ("list",),
        ("due",),
        (),
    ],
    ids=lambda argv: " ".join(argv) or "desk",
)
def test_a_quick_command_loads_neither_database_toolkits_nor_pydantic(
    stocked: Runner, argv: tuple[str, ...]
) -> None:
    assert stocked("touch", "1", *TOUCH).code == 0  # a case, so that something is due

    code, names = loaded_by(*argv)

    assert code == 0
    assert "winback_cli" in names
    assert names & (DATABASE | {"pydantic", "ruamel", "prompt_toolkit"}) == set()


@pytest.mark.parametrize("argv", [("list",), ("due",), ()], ids=lambda argv: " ".join(argv) or "desk")
def test_a_table_loads_no_database_toolkit(stocked: Runner, argv: tuple[str, ...]) -> None:
    assert stocked("touch", "1", *TOUCH).code == 0

    code, names = loaded_by(*argv)

    assert code == 0
    assert names & (DATABASE | {"ruamel"}) == set()


@pytest.mark.parametrize("argv", [("show", "1"), ("show", "2"), ("show", "1", "--json")], ids=" ".join)
def test_showing_a_file_loads_no_database_toolkit(stocked: Runner, argv: tuple[str, ...]) -> None:
    assert stocked("touch", "1", *TOUCH).code == 0

    code, names = loaded_by(*argv)

    assert code == 0
    assert names & DATABASE == set()


@pytest.mark.parametrize("room", sorted(TRADE | (WORK - {"sources"})))
def test_the_trade_and_the_work_load_no_database_toolkit_and_no_screen(room: str) -> None:
    script = f"import sys, json, winback_cli.{room}; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    names = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert names & (DATABASE | SCREEN | {"sqlite3"}) == set()
