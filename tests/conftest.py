"""Every test has a home of its own, 80 columns, no colour, and runs commands through `main(argv)`."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from winback_cli.main import main

settings.register_profile(
    "winback", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("winback")

LIST = """customer_id,name,company,email,phone,city,country,first_purchase,last_purchase,orders,revenue,currency,owner,how_left,opt_out
A-1,Ana Sol,Blue Foods,ana@blue.example.com,+44 20 7946 0001,Leeds,GB,2022-01-10,2025-11-02,12,4200.50,EUR,Mara,upset,no
A-2,Ben Ode,,ben@example.com,,Bonn,DE,2021-03-04,2025-06-30,3,310,EUR,Jonas,lapsed,no
A-3,Cleo Vann,Cleo & Co,cleo@example.org,+1 202 555 0101,Austin,US,2020-05-05,2026-09-01,30,9900,USD,Mara,departing,no
A-4,Dara Quill,Quill Ltd,dara@example.net,,York,GB,2021-01-01,2025-01-01,4,800,GBP,Jonas,lapsed,yes
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own; nothing of the machine's settings is seen."""
    folder = tmp_path / "home"
    for name in (
        *("WINBACK_STORE", "WINBACK_SMTP_PASSWORD"),
        *("FORCE_COLOR", "CLICOLOR_FORCE", "EDITOR", "VISUAL"),
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "WINBACK_HOME": str(folder),
        "NO_COLOR": "1",
        "COLUMNS": "80",
        "LINES": "24",
        "TERM": "xterm",
        "TZ": "Europe/Berlin",
        "LOGNAME": "tester",
        "USER": "tester",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }.items():
        monkeypatch.setenv(name, value)
    time.tzset()
    yield folder
    monkeypatch.undo()
    time.tzset()


class Ran(NamedTuple):
    """What a command did: its exit code, results and talk."""

    code: int
    out: str
    err: str


Runner = Callable[..., Ran]


@pytest.fixture
def winback(capfd: pytest.CaptureFixture[str]) -> Runner:
    """Run one command line in this process, through `main(argv)`, with no terminal."""

    def run(*argv: object) -> Ran:
        capfd.readouterr()
        code = main([str(word) for word in argv])
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A small list: one upset, one lapsed, one departing, one who opted out."""
    path = tmp_path / "lapsed.csv"
    path.write_text(LIST, "utf-8")
    return path


@pytest.fixture
def stocked(winback: Runner, sample: Path) -> Runner:
    """The runner over a store that holds the sample list (customers 1 to 4; 4 is suppressed)."""
    assert winback("import", sample).code == 0
    return winback


@pytest.fixture
def store_path(home: Path) -> Path:
    """Where the store of this test lies."""
    return home / "store.sqlite"


@pytest.fixture
def rows(store_path: Path) -> Iterator[Callable[..., list[Any]]]:
    """Ask the store's file directly, as an outsider would."""
    connections: list[sqlite3.Connection] = []

    def ask(query: str, *values: object) -> list[Any]:
        connections.append(sqlite3.connect(store_path))
        return connections[-1].execute(query, values).fetchall()

    yield ask
    for connection in connections:
        connection.close()
