"""Exports: they read back, bring nobody back who is left alone, and leave a whole file or none (X2, X6, X7)."""

import contextlib
import csv
import io
import json
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LIST, Ran, Runner
from tests.work.lists import people
from winback_cli.case import FIRST_HASH, Event, digest
from winback_cli.exporting import told
from winback_cli.store import reading, whole

DAY = "2026-11-23"
HARD = '''external_id,name,company,email,email 2,phone,phone 2,address,postcode,city,region,country,owner,\
first_purchase,last_purchase,orders,revenue,currency,how_left,reason,notes
A-1,"O'Brien, ""Ana""",'s-Hertogenbosch BV,ana@example.com,o'two@example.org,+12025550101 ext 12,\
+44 20 7946 0001,"1 High St, 2nd floor",LS1 4AP,Leeds,Yorks,US,Mara,2022-01-10,2025-11-02,12,4200.50,EUR,upset,\
"price, service","said ""no""
\tand then; never"
0017,Zoë Æther,株式会社 Süß,zoe@example.com,not an address,12,(020) 7946,Rua do Açúcar 5,,São Paulo,,BR,Jonas,\
,2025-06-30,0,1.2340,KWD,,,
,Ben Ode,,ben@example.com,,,,,,,,,,,,3,1200,JPY,lapsed,,"5 % asked: 'why?'"
,Plain Name,,,,,,,,,,,,,,,,,,,
'''
FORMULAS = '''external_id,name,company,email,phone,address,city,owner,reason,notes
=A1,=1+1,@sum,+tag@example.com,+44 20 7946 0001,-1 High St,=Leeds,+Mara,\uff1dprice,"""=quoted""
-second line"
@2,'-Ben,\u200b=hidden,=no address,=cmd,,,,,- called on Monday
'''


def own(winback: Runner, path: Path, content: str, store: Path) -> None:
    path.write_text(content, "utf-8")
    ran = winback("--store", store, "import", path)
    assert ran.code == 0, ran.err


def exported(winback: Runner, store: Path, file: Path, *words: object) -> bytes:
    ran = winback("--store", store, "export", "customers", file, *words)
    assert ran.code == 0, ran.err
    return file.read_bytes()


def there_and_back(winback: Runner, tmp_path: Path, content: str, *words: object) -> tuple[bytes, bytes]:
    """The CSV of a list that was brought in, and that of a new store which the first was brought into."""
    own(winback, tmp_path / "list.csv", content, tmp_path / "a.sqlite")
    first = exported(winback, tmp_path / "a.sqlite", tmp_path / "a.csv", *words)
    own(winback, tmp_path / "again.csv", first.decode(), tmp_path / "b.sqlite")
    return first, exported(winback, tmp_path / "b.sqlite", tmp_path / "b.csv", *words)


def cells(ran: Ran) -> list[dict[str, str]]:
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out, newline="")))


def lines(ran: Ran) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


# -- there and back --------------------------------------------------------------------------


def test_customers_read_back_equal_to_the_byte_and_to_the_value(winback: Runner, tmp_path: Path) -> None:
    first, second = there_and_back(winback, tmp_path, HARD)

    assert first == second
    assert people(tmp_path / "a.sqlite") == people(tmp_path / "b.sqlite")
    assert len(people(tmp_path / "b.sqlite")) == 4


def test_formulas_read_back_equal_when_raw(winback: Runner, tmp_path: Path) -> None:
    first, second = there_and_back(winback, tmp_path, FORMULAS.replace("'", ""), "--raw")

    assert first == second
    assert b"\n=A1,=1+1,@sum" in first
    assert people(tmp_path / "a.sqlite") == people(tmp_path / "b.sqlite")


def test_formulas_read_back_equal_when_neutral(winback: Runner, tmp_path: Path) -> None:
    first, second = there_and_back(winback, tmp_path, FORMULAS)

    assert first == second
    assert people(tmp_path / "a.sqlite") == people(tmp_path / "b.sqlite")


def test_no_cell_of_an_export_runs_in_a_spreadsheet(winback: Runner, tmp_path: Path) -> None:
    own(winback, tmp_path / "list.csv", FORMULAS, tmp_path / "a.sqlite")

    told = exported(winback, tmp_path / "a.sqlite", tmp_path / "a.csv").decode()

    first, second = csv.DictReader(io.StringIO(told, newline=""))
    begins = {name: cell[:2] for name, cell in first.items() if cell}
    assert begins == {
        "external_id": "'=",
        "name": "'=",
        "company": "'@",
        "email": "'+",
        "phone": "'+",
        "address": "'-",
        "city": "'=",
        "owner": "'+",
        "reason": "'\uff1d",
        "notes": "'\"",
    }
    assert {cell[:1] for cell in second.values() if cell} == {"'"}


RUNNING = (
    *(
        "=1+1",
        "@sum",
        "+tag",
        "-1 day",
        "\uff1dHYPERLINK(1)",
        "\u3000=2",
        "'=3",
        "\u200b+4",
        "\u2212SUM(1)",
    ),
    *('"=5', "\uff20x", "\uff0b1"),
)


def runs(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula, at its worst: whatever is not seen is passed over."""
    if cell.startswith("'"):  # shown as text, whatever comes
        return False
    plain = unicodedata.normalize("NFKC", cell).replace("\u2212", "-")
    return plain.lstrip("\"'\u200b \t\r\n")[:1] in tuple("=+-@")


def table_of(place: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(place.read_text("utf-8"), newline="")))


def test_no_cell_of_a_survey_or_a_plan_runs_in_a_spreadsheet(winback: Runner, tmp_path: Path) -> None:
    people = "".join(f'"{cell.replace(chr(34), chr(34) * 2)}",c{n}@example.com,2024-01-01\n'
                     for n, cell in enumerate(RUNNING))  # fmt: skip
    own(
        winback,
        tmp_path / "list.csv",
        f"name,email,last_purchase\n{people}",
        tmp_path / "home/store.sqlite",
    )
    merge, plan = tmp_path / "merge.csv", tmp_path / "plan.csv"
    asked = (f"--question={n} {cell}"[:12] + cell for n, cell in enumerate(RUNNING[:3]))
    assert winback("survey", "new", "s", "--lapsed", f"--question={RUNNING[4]}", *asked).code == 0
    assert winback("survey", "form", "s", "--csv", merge).code == 0
    for cell in RUNNING:
        line = ("trust", "add", "idea", f"--owner={cell}", "--", cell)
        assert winback(*line).code == 0, cell
    assert winback("trust", "plan", "--csv", plan, "--approve", f"--by={RUNNING[0]}").code == 0

    for place in (merge, plan):
        cells = [cell for row in table_of(place) for cell in row]
        assert [cell for cell in cells if runs(cell)] == [], place.name
    names = {told(row[1]) for row in table_of(merge)[1:]}
    assert {" ".join(cell.split()) for cell in RUNNING} - {"'=3"} <= names
    assert any(runs(cell) for cell in RUNNING)  # so that this test can fail


@pytest.mark.parametrize("kind", ["a list", "purchases", "answers"])
def test_no_cell_of_rejected_rows_runs_in_a_spreadsheet_and_mended_they_come_in(
    kind: str, stocked: Runner, tmp_path: Path, rows: Callable[..., list[Any]]
) -> None:
    given, rejects = tmp_path / "given.csv", tmp_path / "rejects.csv"
    header, good, line = {
        "a list": ("name,revenue,city", "9", ("import",)),
        "purchases": ("note,amount,email,date,currency", "9", ("import", "--purchases")),
        "answers": ("q2,date,email", "2026-01-02", ("survey", "import", "--survey", "s")),
    }[kind]
    more = {"a list": ["=Leeds"], "answers": ["ana@blue.example.com"]}
    tail = more.get(kind, ["ana@blue.example.com", "2026-01-02", "EUR"])
    assert stocked("survey", "new", "s", "--lapsed", "--months", 1).code == 0
    with given.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header.split(","), *([cell, "=wrong()", *tail] for cell in RUNNING)])

    assert stocked(*line, given, "--rejects", rejects).code in (4, 65)

    told_ = table_of(rejects)
    assert [cell for row in told_ for cell in row if runs(cell)] == []
    assert [told(row[0]) for row in told_[1:]] == [told(cell) for cell in RUNNING]
    mended = [[row[0], good, *row[2:]] for row in told_[1:2]]
    with given.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([told_[0], *mended])
    assert stocked(*line, given).code == 0
    if kind == "a list":
        assert rows("SELECT name, city FROM customer ORDER BY id DESC LIMIT 1") == [("=1+1", "=Leeds")]
    if kind == "answers":
        assert json.loads(rows("SELECT answers FROM reply")[0][0]) == {"q2": "=1+1"}


def test_what_no_import_brings_is_in_json(stocked: Runner) -> None:
    wrong = ("--channel", "phone", "--disposition", "wrong number", "--at", "+44 20 7946 0001")
    assert stocked("touch", 1, *wrong).code == 0

    told = lines(stocked("export", "customers", "--jsonl"))

    assert told[0]["number"] == 1
    assert {"kind": "phone", "value": "+442079460001", "state": "stale"} in told[0]["contact_points"]
    listed = json.loads(stocked("list", "--customers", "--json").out)
    shared = [{key: one[key] for key in told[0] if key in one} for one in listed if not one["suppressed"]]
    assert shared == [{key: one[key] for key in one if key != "source"} for one in told]


def test_json_is_one_list_of_what_json_lines_hold(stocked: Runner) -> None:
    assert stocked("note", 1, "called").code == 0
    for what in ("customers", "cases", "events"):
        assert json.loads(stocked("export", what, "--json").out) == lines(
            stocked("export", what, "--jsonl")
        )


def test_amounts_are_decimal_in_csv_and_minor_units_in_json(stocked: Runner) -> None:
    in_csv = cells(stocked("export", "customers", "--csv"))
    in_json = lines(stocked("export", "customers", "--jsonl"))

    assert (in_csv[0]["revenue"], in_csv[0]["currency"]) == ("4200.50", "EUR")
    assert in_json[0]["revenue"] == {"amount": 420050, "currency": "EUR"}


# -- who is left alone -----------------------------------------------------------------------

# What is known of customer 1 and was said with them.
SECRETS = (
    "Ana",
    "Blue Foods",
    "blue.example.com",
    "7946",
    "A-1",
    "unhappy",
    "Leeds",
    "her sister",
    "too late",
)


@pytest.fixture
def alone(stocked: Runner) -> Runner:
    """The runner over the sample list; customer 1 has a case and is left alone, 3 has one too."""
    wrong = ("--channel", "phone", "--disposition", "wrong number", "--at", "+44 20 7946 0001")
    for words in (
        ("touch", 1, *wrong, "--person", "Ana's assistant", "--note", "her sister answered"),
        ("note", 1, "Ana was unhappy in Leeds"),
        ("suppress", 1, "--reason", "too late"),
        ("note", 3, "ask again"),
    ):
        ran = stocked(*words)
        assert ran.code == 0, ran.err
    return stocked


@pytest.mark.parametrize("how", ["--csv", "--json", "--jsonl"])
@pytest.mark.parametrize("what", ["customers", "cases", "events"])
def test_who_is_left_alone_is_in_no_export_and_counted(alone: Runner, what: str, how: str) -> None:
    ran = alone("export", what, how)

    assert ran.code == 0
    assert not [secret for secret in SECRETS if secret in ran.out]
    left_out = {"customers": "2 customers", "cases": "1 case", "events": "4 events"}[what]
    assert f"Left out: {left_out} " in ran.err
    assert ("Cleo" if what != "events" else "ask again") in ran.out


@pytest.mark.parametrize("how", ["--csv", "--json", "--jsonl"])
@pytest.mark.parametrize("what", ["cases", "events"])
def test_all_takes_their_cases_in_without_who_they_are_or_a_word_of_theirs(
    alone: Runner, what: str, how: str
) -> None:
    ran = alone("export", what, how, "--all")

    assert ran.code == 0
    assert not [secret for secret in SECRETS if secret in ran.out]
    assert "1.1" in ran.out
    assert "without who they are" in ran.err


def test_all_tells_of_them_what_happened_and_when(alone: Runner) -> None:
    told = [one for one in lines(alone("export", "events", "--all")) if one["customer"] == 1]

    assert [one["kind"] for one in told] == ["opened", "touched", "noted", "closed"]
    assert told[1]["body"] == {"channel": "phone", "disposition": "wrong_number"}
    assert {one["shortened"] for one in told} == {True}
    (case,) = [one for one in lines(alone("export", "cases", "--jsonl", "--all")) if one["customer"] == 1]
    assert (case["status"], case["outcome"], case["name"]) == ("closed", "suppressed", "")


def test_nobody_left_alone_comes_out_with_all_as_a_contact(alone: Runner) -> None:
    ran = alone("export", "customers", "--all")

    assert (ran.code, ran.out) == (2, "")
    assert "never exported" in ran.err


def test_who_was_left_alone_meanwhile_is_left_out_of_the_rest(
    stocked: Runner, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "SLICE", 1)
    for number in (1, 3):
        assert stocked("note", number, "called").code == 0

    with reading(store_path) as connection:
        told, happened = whole.customers(connection), whole.events(connection, everybody=True)
        next(told), next(happened)
        assert stocked("suppress", 3, "--reason", "asked").code == 0
        people_, after = [number for number, _ in told], list(happened)

    assert people_ == [2]
    assert {one.suppressed for one in after if one.customer == 3} == {True}


def test_who_was_left_alone_since_their_cases_were_looked_up_is_left_out(
    stocked: Runner, store_path: Path
) -> None:
    for number in (1, 3):
        assert stocked("note", number, "called").code == 0

    with reading(store_path) as connection:
        happened = whole.events(connection)
        next(happened)
        assert stocked("suppress", 3, "--reason", "asked").code == 0
        after = list(happened)

    assert {one.customer for one in after} == {1}


# -- which, and in what order ----------------------------------------------------------------


def test_everybody_comes_once_in_order_however_the_slices_fall(
    stocked: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (3, 1, 1, 2):
        assert stocked("note", number, "called").code == 0
    in_one = [stocked("export", what, "--jsonl").out for what in ("customers", "cases", "events")]
    csv_in_one = stocked("export", "customers", "--csv").out

    monkeypatch.setattr(whole, "SLICE", 1)

    assert [stocked("export", what, "--jsonl").out for what in ("customers", "cases", "events")] == in_one
    assert stocked("export", "customers", "--csv").out == csv_in_one
    numbers = [one["number"] for one in lines(stocked("export", "customers", "--jsonl"))]
    told = [(one["customer"], one["seq"]) for one in lines(stocked("export", "events"))]
    assert numbers == [1, 2, 3]
    assert told == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1), (3, 2)]


def test_owner_takes_only_their_customers_as_list_does(stocked: Runner) -> None:
    for owner in ("Mara", "Jonas", "Nobody"):
        told = [one["number"] for one in lines(stocked("export", "customers", "--jsonl", "--owner", owner))]
        listed = json.loads(stocked("list", "--customers", "--json", "--owner", owner).out)
        assert told == [one["number"] for one in listed if not one["suppressed"]]
    assert "Left out: 1 customer " in stocked("export", "--owner", "Jonas").err
    assert "Left out" not in stocked("export", "--owner", "Mara").err


def test_since_takes_cases_opened_and_events_that_happened_from_that_day_on(stocked: Runner) -> None:
    assert stocked("--as-of", "2026-10-01", "note", 1, "early").code == 0
    assert stocked("--as-of", "2026-11-01", "note", 1, "later").code == 0
    assert stocked("--as-of", "2026-11-01", "note", 2, "new").code == 0

    cases = lines(stocked("export", "cases", "--jsonl", "--since", "2026-11-01"))
    events = lines(stocked("export", "events", "--since", "2026-11-01"))

    assert [(one["case"], one["opened_on"]) for one in cases] == [("2.1", "2026-11-01")]
    assert [(one["case"], one["body"].get("text")) for one in events] == [
        ("1.1", "later"),
        ("2.1", None),
        ("2.1", "new"),
    ]
    assert len(lines(stocked("export", "events", "--since", "2026-11-02"))) == 0


def test_events_are_whole_so_that_anybody_can_check_their_chain(stocked: Runner) -> None:
    for words in (("note", "um, \u2028 'é'"), ("touch", "--channel", "phone", "--disposition", "reached")):
        assert stocked(words[0], 1, *words[1:]).code == 0
    told = lines(stocked("export", "events"))
    (case,) = lines(stocked("export", "cases", "--jsonl"))

    head = FIRST_HASH
    for one in told:
        event = Event(**{name: one[name] for name in Event._fields})
        head = digest(head, one["case"], event)
        assert head == one["hash"]
    assert (case["events"], len(told)) == (3, 3)
    bodies = [json.loads(one["body"]) for one in cells(stocked("export", "events", "--csv"))]
    assert bodies == [one["body"] for one in told]


def test_nothing_is_an_empty_list_with_a_header(stocked: Runner) -> None:
    assert stocked("export", "cases", "--json").out == "[]\n"
    assert stocked("export", "cases", "--jsonl").out == ""
    assert stocked("export", "cases").out.startswith("case,customer,number,")
    assert len(stocked("export", "cases").out.splitlines()) == 1


def test_who_writes_does_not_wait_for_an_export(stocked: Runner, store_path: Path) -> None:
    assert stocked("note", 1, "called").code == 0
    with reading(store_path) as connection:
        under_way: list[Iterator[Any]] = [
            whole.customers(connection), whole.cases(connection), whole.events(connection)
        ]  # fmt: skip
        for one in under_way:
            next(one)
        with contextlib.closing(sqlite3.connect(store_path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            other.execute("COMMIT")
        assert [len(list(one)) for one in under_way] == [2, 0, 1]


# -- the command line ------------------------------------------------------------------------


def test_the_name_of_the_file_says_how_and_a_file_alone_is_customers(
    stocked: Runner, tmp_path: Path
) -> None:
    for ending, begins in (
        (".csv", "external_id,"),
        (".json", "[\n"),
        (".jsonl", '{"number"'),
        (".txt", "ext"),
    ):
        ran = stocked("export", tmp_path / f"out{ending}")
        assert (ran.code, ran.out) == (0, "")
        assert f"3 customers written to {tmp_path / f'out{ending}'}" in ran.err
        assert (tmp_path / f"out{ending}").read_text("utf-8").startswith(begins)
    assert stocked("export", "customers", tmp_path / "x.json", "--csv").code == 0
    assert (tmp_path / "x.json").read_text("utf-8").startswith("external_id,")


def test_a_dash_and_no_file_are_the_output(stocked: Runner) -> None:
    plain = stocked("export", "customers")

    assert plain.out.startswith("external_id,")
    assert stocked("export", "customers", "-") == stocked("export", "-") == stocked("export") == plain
    assert stocked("export", "events", "-").out == stocked("export", "events", "--jsonl").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("case",), "Did you mean cases?"),
        (("case", "out.csv"), "Did you mean cases?"),
        (("--csv", "--json"), "do not go together"),
        (("--json", "--jsonl"), "do not go together"),
        (("events", "--raw"), "--raw goes with --csv"),
        (("cases", "--owner", "Mara"), "--owner goes with customers"),
        (("customers", "--since", DAY), "--since goes with"),
        (("events", "--since", "nonsense"), "--since"),
        (("events", "--since", "+2d"), "--since"),
        (("customers", "a.csv", "b.csv"), "winback"),
    ],
)
def test_words_that_do_not_fit_are_told_and_nothing_is_written(
    stocked: Runner, words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())

    ran = stocked("export", *words)

    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert sorted(tmp_path.iterdir()) == before


def test_without_a_store_there_is_nothing_to_export_and_no_file(winback: Runner, tmp_path: Path) -> None:
    ran = winback("export", "customers", tmp_path / "out.csv")

    assert (ran.code, ran.out) == (3, "")
    assert not (tmp_path / "out.csv").exists()


# -- the file --------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_an_export_is_the_users_alone_whatever_the_umask(
    stocked: Runner, tmp_path: Path, umask: int
) -> None:
    before = os.umask(umask & 0o077)
    try:
        assert stocked("export", "customers", tmp_path / "out.csv").code == 0
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600


def test_no_file_is_written_over_and_no_link_followed(stocked: Runner, tmp_path: Path) -> None:
    (tmp_path / "kept.csv").write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "kept.csv")
    (tmp_path / "loose.csv").symlink_to(tmp_path / "elsewhere.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("kept.csv", "link.csv", "loose.csv", "folder.csv"):
        ran = stocked("export", "customers", tmp_path / name)
        assert ran.code == 2
        assert "is there already" in ran.err

    assert (tmp_path / "kept.csv").read_text() == "mine"
    assert not (tmp_path / "elsewhere.csv").exists()


def test_the_store_is_not_written_over(stocked: Runner, store_path: Path) -> None:
    before = store_path.read_bytes()

    assert stocked("export", "customers", store_path).code == 2
    assert store_path.read_bytes() == before


def test_a_folder_that_is_not_there_is_not_made(stocked: Runner, tmp_path: Path) -> None:
    ran = stocked("export", "customers", tmp_path / "no" / "out.csv")

    assert ran.code == 2
    assert "There is no folder" in ran.err
    assert not (tmp_path / "no").exists()


def apart(command: str, *words: object, largest: int | None = None) -> "subprocess.CompletedProcess[str]":
    """A shell line in a process of its own; `winback` in it is the program."""

    def bound() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    script = f'winback() {{ "{sys.executable}" -m winback_cli "$@"; }}; {command}'
    shell = ["bash", "-c", script, "bash", *map(str, words)]
    return subprocess.run(shell, capture_output=True, text=True, timeout=60, preexec_fn=bound)


@pytest.fixture
def long(winback: Runner, tmp_path: Path) -> Runner:
    """A store whose export is longer than a pipe holds."""
    rows = [f"Name {n},{'long remark ' * 80}\n" for n in range(300)]
    own(winback, tmp_path / "long.csv", "name,notes\n" + "".join(rows), tmp_path / "home" / "store.sqlite")
    return winback


@pytest.mark.parametrize("how", ["csv", "json"])
def test_a_file_that_finds_no_room_is_taken_away_again(long: Runner, tmp_path: Path, how: str) -> None:
    for largest in (100, 70_000, 200_000):
        ran = apart('winback export customers "$1"', tmp_path / f"out.{how}", largest=largest)

        assert (ran.returncode, ran.stdout) == (74, "")
        assert "could not be written" in ran.stderr
        assert not (tmp_path / f"out.{how}").exists()


def test_an_output_that_finds_no_room_is_told(long: Runner) -> None:
    ran = apart("winback export customers > /dev/full")

    assert ran.returncode == 74
    assert "The output could not be written" in ran.stderr


@pytest.mark.parametrize("how", ["--csv", "--json", "--jsonl"])
def test_a_reader_that_goes_away_is_no_error(long: Runner, how: str) -> None:
    ran = apart(f"winback export customers {how} | head -c 40; exit ${{PIPESTATUS[0]}}")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(ran.stdout) == 40


def test_an_export_that_is_stopped_leaves_no_half_file(
    stocked: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> Iterator[Any]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(whole, "customers", stopped)

    assert stocked("export", "customers", tmp_path / "out.csv").code == 130
    assert not (tmp_path / "out.csv").exists()


def test_a_sample_of_the_tests_is_exported_as_it_came(stocked: Runner) -> None:
    told = cells(stocked("export"))

    given = [one for one in csv.DictReader(io.StringIO(LIST)) if one["opt_out"] == "no"]
    same = (
        "name",
        "company",
        "email",
        "city",
        "country",
        "first_purchase",
        "last_purchase",
        "orders",
        "owner",
    )
    assert [[one[name] for name in same] for one in told] == [[one[name] for name in same] for one in given]
