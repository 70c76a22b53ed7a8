"""H4, J2: a playbook or an answers file that is no YAML of ours, or means harm, is refused by its place.

Three ways lead to the reader of YAML: `playbook check FILE`, a playbook of one's own that is walked,
and the answers of a walk. What could eat time or memory is read in a process that has little of both.
"""

import os
import resource
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner
from tests.faults.processes import PROGRAM, Ended, contents
from tests.faults.test_control_bytes import signs
from winback_cli import library, yamltext

PEOPLE = ("Ana", "Sol", "Blue Foods", "blue.example.com", "+44 20", "Vera Canary")
PATIENCE = 15  # seconds after which a process counts as stuck; a refusal takes a fraction of one
CPU, MEMORY = 3, 1536 << 20  # seconds and bytes that a limited process may use

BOOK = """\
name: mine
version: 1
title: Mine
steps:
- id: known
  stage: backstory
  title: What we know
  aim: Know it.
  questions:
  - fact: backstory.told_by
    ask: Who told you?
  - fact: backstory.left_on
    ask: When did they leave?
  - id: mood
    type: choice
    choices: [calm, angry]
    ask: Which mood are they in?
- id: call
  stage: contact
  title: Speak
  aim: Ask.
  guards:
  - not_here: [apology]
    say: No apology.
    why: Not yet.
  questions:
  - fact: backstory.internal_view
    ask: What do we think?
    when: {fact: backstory.how_left, is: upset}
  - fact: backstory.complained_on
    ask: When did they complain?
    guards:
    - wait: {after: backstory.left_on, from: 1bd, due: 2bd}
      say: Wait.
      why: They read.
"""
ANSWERS = """\
answers:
  known:
    told_by: Mara
    left_on: 2026-01-05
    mood: calm
  call:
    internal_view: Vera Canary says that we were late.
"""
SLOT = {"check": (BOOK, "Mine"), "own": (BOOK, "Mine"), "answers": (ANSWERS, "Mara")}
DEPTH = {"check": 1, "own": 1, "answers": 3}  # maps around the slot


def place(content: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the sign with this number in a text."""
    before = content[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def changed(old: str, new: str, content: str = BOOK) -> str:
    assert content.count(old) == 1, old
    return content.replace(old, new)


@pytest.fixture
def room(stocked: Runner, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, beside a store of customers, with good answers and a place for playbooks."""
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "good.yaml").write_text(ANSWERS, "utf-8")
    (home / "playbooks").mkdir()
    (home / "playbooks" / "theirs.yaml").write_text(BOOK.replace("name: mine", "name: theirs"), "utf-8")
    return folder


def command(way: str, path: Path, home: Path) -> list[object]:
    """The command line that has this file read in this way."""
    if way == "check":
        return ["playbook", "check", path]
    if way == "own":
        path.replace(home / "playbooks" / "mine.yaml")
        return ["walk", 1, "--playbook", "mine", "--answers", "good.yaml"]
    return ["walk", 2, "--playbook", "theirs", "--answers", path]


def written(room: Path, content: str | bytes) -> Path:
    path = room / "mine.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(run: Callable[..., Any], line: Sequence[object], home: Path, *codes: int) -> str:
    """The command is refused with 65 (or one of these codes), and changes nothing; its words."""
    before = contents(home)

    ran = Ran(*run(*line))

    assert ran.code in (codes or (65,)), ran
    assert contents(home) == before
    assert ran.out == ""
    message, _, remedy = ran.err.rstrip("\n").rpartition("\n")
    assert message.startswith("winback: ")
    assert remedy.startswith("  ")
    assert "Traceback" not in ran.err
    assert [word for word in PEOPLE if word in ran.err] == []
    assert signs(ran.err) == set()
    return ran.err


def places(told: str) -> list[tuple[int, int]]:
    """The line and column of each mistake of mine.yaml that was told."""
    found = [line.partition("mine.yaml:")[2].split(":")[:2] for line in told.splitlines()[:-1]]
    return [(int(line), int(column)) for line, column in found]


def limited(*argv: object, program: Sequence[str] = PROGRAM, pass_fds: Sequence[int] = ()) -> Ended:
    """A command in a process that is killed when it reads for too long, and has no memory to waste."""

    def prepare() -> None:
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    process = subprocess.Popen(
        [*program, *map(str, argv)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=prepare,  # noqa: PLW1509 - it only sets limits
        pass_fds=pass_fds,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        pytest.fail(f"stuck: winback {' '.join(map(str, argv))}")
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("way", SLOT)
def test_the_files_that_are_harmed_below_are_good(
    way: str, room: Path, winback: Runner, home: Path, rows: Callable[..., list[Any]]
) -> None:
    ran = winback(*command(way, written(room, SLOT[way][0]), home))

    assert ran.code == 0, ran
    assert rows("SELECT count(*) FROM casefile") == [(0 if way == "check" else 1,)]


# -- one value, written as YAML would have it and we would not -------------------------------------

VALUES = {
    "a tag of Python's": ("!!python/object/apply:os.system [touch ran]", 0, "tags"),
    "a tag of somebody's": ("!x Mine", 0, "tags"),
    "a tag of YAML's": ("!!str Mine", 0, "tags"),
    "a bare tag": ("! Mine", 0, "tags"),
    "a tag on a map": ("!x {a: 1}", 0, "tags"),
    "a tag on a key": ("{!x a: 1}", 1, "tags"),
    "an anchor": ("&x Mine", 0, "anchors"),
    "an anchor on a key": ("{&x a: 1}", 1, "anchors"),
    "an alias": ("*x", 0, "aliases"),
    "an alias to itself": ("&x [*x]", 0, "anchors"),
    "a merge key": ("{<<: *x}", 5, "aliases"),
    "many merge keys": ("{<<: [*x, *x]}", 6, "aliases"),
    "a key given twice": ("{a: 1, b: 2, a: 3}", 13, "a is given twice"),
    "a key given twice in quotes": ("{a: 1, 'a': 3}", 7, "a is given twice"),
    "a list for a key": ("{[a, b]: 1}", 1, "a key is a word"),
    "a map for a key": ("{{a: 1}: 1}", 1, "a key is a word"),
    "one map within another's line": ("a: b", 1, ""),
    "half of an emoji": (r'"\ud800"', 0, ""),
    "a letter past the last": (r'"\U00110000"', 0, ""),
    "a letter far past the last": (r'"\UFFFFFFFF"', 0, ""),
    "a NUL": ("Mi\0ne", 2, "not allowed"),
    "an ESC": ("Mi\x1b[31mne", 2, "not allowed"),
    "a C1": ("Mi\x9b31mne", 2, "not allowed"),
    "a control sign after letters from elsewhere": ("Bjørn 😀 \x07", 8, "not allowed"),
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_that_is_not_plain_is_refused_where_it_stands(
    kind: str, room: Path, winback: Runner, home: Path
) -> None:
    value, offset, words = VALUES[kind]

    for way, (good, slot) in SLOT.items():
        content = changed(slot, value, good)
        told = refusal(winback, command(way, written(room, content), home), home)

        line, column = place(content, good.index(slot) + offset)
        assert (line, column) in places(told)
        assert {where for where, _ in places(told)} == {line}
        assert words in told
        assert not (room / "ran").exists()


@pytest.mark.parametrize("value", ["no", "12:30", "012", "2026-03-01", "0x1f", "1e3", "1_000", "=", "NULL"])
def test_what_yaml_would_make_something_else_of_stays_the_text_that_somebody_wrote(
    value: str, room: Path, winback: Runner, home: Path, rows: Callable[..., list[Any]]
) -> None:
    for way, (good, slot) in SLOT.items():
        ran = winback(*command(way, written(room, changed(slot, value, good)), home))

        assert ran.code == 0, ran
    assert winback("playbook", "show", "mine").out.splitlines()[0] == value
    assert rows("SELECT count(*) FROM event WHERE json_extract(body, '$.value') = ?", value) == [(1,)]


def test_a_second_document_is_refused_where_it_begins(room: Path, winback: Runner, home: Path) -> None:
    for way, (good, _) in SLOT.items():
        told = refusal(winback, command(way, written(room, f"{good}---\n{good}"), home), home)

        assert places(told) == [(good.count("\n") + 1, 1)]


@pytest.mark.parametrize(
    "line", ["version: 1", "  stage: contact", "    ask: Who told you?", "    say: No apology."]
)
def test_a_key_given_twice_is_refused_at_the_second_at_every_depth(
    line: str, room: Path, winback: Runner, home: Path
) -> None:
    content = changed(f"{line}\n", f"{line}\n{line}\n")

    told = refusal(winback, command("check", written(room, content), home), home)

    assert places(told) == [place(content, content.rindex(line) + len(line) - len(line.lstrip()))]
    assert "is given twice" in told


# -- texts that are nested, long or many beyond measure ---------------------------------------------

MANY = 100_000
LAUGHS = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
ENOUGH = library.LONGEST - len(BOOK) - 100  # signs: the longest text that is read at all


def filled(piece: str, most: int = ENOUGH) -> str:
    """A piece again and again, its %d numbered, as often as a text may hold it."""
    if "%d" not in piece:
        return piece * (most // len(piece))
    return "".join(piece % n for n in range(most // (len(piece) + 3)))


STEP = "- {id: s%d, stage: listen, title: T, aim: A, questions: [{id: q, type: text, ask: A}]}\n"
TEXTS = {
    "brackets": filled("["),
    "brackets in a map": "a: " + filled("["),
    "brackets at the end": BOOK + "after: " + filled("["),
    "braces": filled("{a: "),
    "dashes": filled("- "),
    "dashes on lines of their own": "".join(f"{' ' * n}-\n" for n in range(600)),
    "question marks": filled("? "),
    "question marks in brackets": filled("[? "),
    "keys ever further in": "".join(f"{' ' * n}a:\n" for n in range(600)),
    "a key far in": " " * (ENOUGH // 3) + "a:\n" + " " * (ENOUGH // 2) + "b: 1\n",
    "a hundred thousand brackets": "[" * 100_000,
    "a hundred thousand dashes": "- " * 100_000,
    "a billion laughs": LAUGHS,
    "tags": "a: " + filled("!x "),
    "tags on many values": filled("- !x a\n"),
    "anchors": filled("&a "),
    "aliases": filled("- *a\n"),
    "documents": filled("---\n"),
    "ends of documents": filled("...\n"),
    "directives": filled("%a\n"),
    "remarks before a playbook": "# x\n" * (library.LONGEST // 4) + BOOK,
    "remarks": filled("#\n") + '"',
    "spaces": filled(" ") + '"',
    "lines": filled("\n") + '"',
    "an open quote": 'a: "' + filled("x\n"),
    "an open list": "[" + filled("a,"),
    "an open list of pairs": "[" + filled("a: b, "),
    "an open list of maps": "[" + filled("{},"),
    "colons in brackets": "[" + filled(":,") + "]",
    "entries before an open quote": filled("- a\n") + '"',
    "keys": filled("a%d: \n"),
    "one key many times": filled("a: 1\n"),
    "one long key": "? " + filled("x") + "\n: 1\n",
    "one long value": changed("backstory.internal_view", filled("x")),
    "one long line": changed("title: Mine", "title: " + filled("x y ")),
    "one line of a megabyte": changed("title: Mine", "title: " + "x" * 1_000_000),
    "steps of one name": BOOK + filled(STEP.replace("s%d", "s0")),
    "steps without anything in them": BOOK + filled("- {id: s, stage: listen}\n"),
    "ten thousand steps": BOOK + "- {id: s, stage: listen}\n" * 10_000,
    "conditions on a fact that there is not": changed(
        "    when: {fact: backstory.how_left, is: upset}\n",
        "    when:\n" + filled("    - {fact: backstory.how_lefft, is: upset}\n"),
    ),
}


# The slow reader is asked about shorter texts only; these are the longest of them.
SLOWLY = (
    "an open list",
    "an open list of maps",
    "colons in brackets",
    "entries before an open quote",
    "keys",
)
TEXTS |= {f"{kind}, for the slow reader": TEXTS[kind][: yamltext.SLOWEST - 1] + '"' for kind in SLOWLY}
# The reader is one for both; what is done with what it read is not.
READ_AS_ANSWERS = (
    "brackets",
    "keys",
    "one key many times",
    "one long key",
    "one long line",
    "an open list",
)


@pytest.mark.parametrize(
    ("way", "kind"), [("check", kind) for kind in TEXTS] + [("answers", kind) for kind in READ_AS_ANSWERS]
)
def test_a_text_beyond_measure_is_refused_within_little_time_and_memory(
    way: str, kind: str, room: Path, home: Path
) -> None:
    told = refusal(limited, command(way, written(room, TEXTS[kind]), home), home)

    assert "mine.yaml" in told


@pytest.mark.parametrize("way", SLOT)
def test_deep_nesting_is_told_where_it_becomes_too_deep(
    way: str, room: Path, winback: Runner, home: Path
) -> None:
    good, slot = SLOT[way]
    room_left = yamltext.DEEPEST - DEPTH[way]
    content = changed(slot, "[" * (room_left + 1) + "]" * (room_left + 1), good)

    told = refusal(winback, command(way, written(room, content), home), home)

    assert "nested too deeply" in told
    assert places(told) == [place(content, good.index(slot) + room_left)]


TOO_MUCH = {
    "steps": BOOK + filled(STEP),
    "questions": changed(
        "  - id: mood\n", filled("  - {id: q%d, type: text, ask: A}\n") + "  - id: mood\n"
    ),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
@pytest.mark.parametrize("way", ["check", "own"])
def test_more_steps_or_questions_than_anybody_could_walk_are_refused(
    way: str, kind: str, room: Path, home: Path
) -> None:
    """Each is right by itself; together they are no playbook, and walking them takes minutes."""
    told = refusal(limited, command(way, written(room, TOO_MUCH[kind]), home), home)

    assert "mine.yaml" in told


@pytest.mark.parametrize(
    "kind",
    ["steps without anything in them", "keys", "one long key", "one long value", "one key many times"],
)
@pytest.mark.parametrize("way", ["check", "answers"])
def test_a_refusal_is_no_longer_than_somebody_reads(
    way: str, kind: str, room: Path, winback: Runner, home: Path
) -> None:
    told = refusal(winback, command(way, written(room, TEXTS[kind]), home), home)

    assert len(told) < 20_000


# -- files that are no text file --------------------------------------------------------------------


def sparse(path: Path) -> None:
    with path.open("wb") as made:
        made.truncate(50 << 20)


FILES: dict[str, Callable[[Path], object]] = {
    "50 MB of nothing": sparse,
    "50 MB after a playbook": lambda path: (path.write_text(BOOK), os.truncate(path, 50 << 20)),
    "/dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "a program": lambda path: shutil.copy("/bin/sh", path),
    "a picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xd8"),
    "UTF-16": lambda path: path.write_bytes(BOOK.encode("utf-16")),
    "UTF-16 without its mark": lambda path: path.write_bytes(BOOK.encode("utf-16-le")),
    "UTF-32": lambda path: path.write_bytes(BOOK.encode("utf-32")),
    "Latin-1": lambda path: path.write_bytes(BOOK.replace("Mine", "Für uns").encode("latin-1")),
    "a surrogate in UTF-8": lambda path: path.write_bytes(
        BOOK.replace("Mine", "\ud800").encode("utf-8", "surrogatepass")
    ),
    "NULs": lambda path: path.write_bytes(b"\0" * 1000),
    "an empty file": lambda path: path.write_bytes(b""),
    "blanks": lambda path: path.write_text(" \n\n"),
    "a mark of UTF-8 and nothing else": lambda path: path.write_bytes(b"\xef\xbb\xbf"),
    "/dev/null": lambda path: path.symlink_to("/dev/null"),
    "a folder": lambda path: path.mkdir(),
    "a link in a circle": lambda path: path.symlink_to("mine.yaml"),
    "a pipe that nobody writes to": os.mkfifo,
    "a socket": lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
}


ENDLESS = ("50 MB of nothing", "50 MB after a playbook", "/dev/zero", "a pipe that nobody writes to")


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_text_is_refused_by_its_name(
    kind: str, room: Path, winback: Runner, home: Path
) -> None:
    run = limited if kind in ENDLESS else winback
    for way in SLOT:
        FILES[kind](room / "mine.yaml")

        # What is no file in the folder of one's own playbooks is no playbook.
        codes = (3, 65) if way == "own" else (65,)
        told = refusal(run, command(way, room / "mine.yaml", home), home, *codes)

        assert "mine" in told
        if way == "check":
            _clear(room / "mine.yaml")


def _clear(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()


@pytest.mark.parametrize("way", SLOT)
def test_a_file_that_is_not_there_is_told_with_3(way: str, room: Path, winback: Runner, home: Path) -> None:
    path = room / "mine.yaml"
    path.symlink_to(room / "gone.yaml")
    line = command(way, path, home)

    assert "mine" in refusal(winback, line, home, 3)
    for link in (path, home / "playbooks" / "mine.yaml"):
        link.unlink(missing_ok=True)
    assert "mine" in refusal(winback, line, home, 3)


@pytest.mark.parametrize("way", ["check", "answers"])
def test_a_name_longer_than_any_file_has_is_refused(
    way: str, room: Path, winback: Runner, home: Path
) -> None:
    refusal(winback, command(way, Path("x" * 300), home), home, 3, 65)


@pytest.fixture
def powerless() -> tuple[str, ...]:
    """The program without root's right to read what it may not."""
    if os.geteuid() != 0:
        return PROGRAM
    if not shutil.which("setpriv"):
        pytest.skip("root's rights cannot be dropped without setpriv")
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=0", *PROGRAM)


@pytest.mark.parametrize("way", SLOT)
def test_a_file_that_may_not_be_read_is_refused_by_its_name(
    way: str, room: Path, home: Path, powerless: tuple[str, ...]
) -> None:
    path = written(room, SLOT[way][0])
    path.chmod(0)

    told = refusal(lambda *line: limited(*line, program=powerless), command(way, path, home), home, 65, 77)

    assert "mine.yaml" in told
    assert "denied" in told.lower()


def test_answers_out_of_a_pipe_are_walked_whole_or_change_nothing(room: Path, home: Path) -> None:
    """They can be read only once, as if the file vanished after the rehearsal."""
    before = contents(home)
    reading, writing = os.pipe()
    os.write(writing, ANSWERS.encode())
    os.close(writing)

    code, _, err = limited(*command("answers", Path(f"/dev/fd/{reading}"), home), pass_fds=[reading])

    os.close(reading)
    assert "Traceback" not in err
    assert (code == 0) != (contents(home) == before), (code, err)


@pytest.mark.parametrize(
    "kind", ["an empty file", "a picture", "a folder", "/dev/zero", "a pipe that nobody writes to"]
)
def test_a_bad_playbook_of_ones_own_hides_no_other(kind: str, room: Path, home: Path) -> None:
    FILES[kind](home / "playbooks" / "mine.yaml")

    code, out, err = limited("playbook", "list")

    assert code == 0, err
    assert {"standard", "trust", "theirs"} <= {line.split()[0] for line in out.splitlines()}
    assert ("mine" in err) == (home / "playbooks" / "mine.yaml").is_file()


GOES_ON = {**{kind: FILES[kind] for kind in ("an empty file", "a picture", "a folder", "/dev/zero")}}
GOES_ON["a link to nothing"] = lambda path: path.symlink_to("/nowhere/mine.yaml")
GOES_ON["nothing"] = lambda path: None
GOES_ON["a pipe that nobody writes to"] = FILES["a pipe that nobody writes to"]


@pytest.mark.parametrize("kind", GOES_ON)
def test_a_case_goes_on_under_its_playbook_whatever_becomes_of_the_file(
    kind: str, room: Path, winback: Runner, home: Path
) -> None:
    own = home / "playbooks" / "theirs.yaml"
    assert winback(*command("answers", room / "good.yaml", home)).code == 0
    own.unlink()
    GOES_ON[kind](own)

    run = limited if kind in ENDLESS else winback
    code, _, err = run("walk", 2, "--answers", "good.yaml")

    assert code == 0, err


# -- playbooks whose shape is wrong -----------------------------------------------------------------

SHAPES = [
    ("fact: backstory.told_by", "fact: backstory.told_bi", "backstory.told_bi", "did you mean backstory.told_by?"),
    ("fact: backstory.told_by", "fact: shoe_size", "shoe_size", "not known"),
    ("fact: backstory.how_left", "fact: backstory", "backstory,", "not known"),
    ("- not_here: [apology]", "- forbids: [apology]", "forbids", "names no guard"),
    ("- not_here: [apology]", "- not_here: [apology]\n    needs: heard.why_left", "not_here", "not_here"),
    ("not_here: [apology]", "not_here: apology", "apology\n    say", ""),
    ("not_here: [apology]", "not_here: []", "not_here", ""),
    ("- id: call", "- id: known", "known\n  stage: contact", "two steps are called known"),
    ("- id: mood\n", "- fact: backstory.told_by\n    ask: Again?\n  - id: mood\n", "fact: backstory.told_by\n    ask: Again", "told_by"),
    ("- id: mood\n", "- id: told_by\n", "told_by\n    type", "two questions are called told_by"),
    ("from: 1bd", "from: -1d", "-1d", "negative"),
    ("due: 2bd", "due: -1bd", "-1bd", "negative"),
    ("from: 1bd", "from: 1000000000d", "1000000000d", "a length of time looks like"),
    ("from: 1bd", "from: 9999y", "9999y", ""),
    ("due: 2bd", "due: 9999y", "9999y", ""),
    ("from: 1bd", "from: 1", "1, due", ""),
    ("from: 1bd", "from: 1.5d", "1.5d", "a length of time looks like"),
    ("after: backstory.left_on", "after: backstory.told_by", "backstory.told_by, from", "no date"),
    ("version: 1", "version: 99999999999999999999", "99999999999999999999", ""),
    ("version: 1", "version: -1", "-1", ""),
    ("version: 1", "version: 1.0.1", "1.0.1", ""),
    ("title: Mine", "title: 12", "12", ""),
    ("title: Mine", "title: true", "true", ""),
    ("title: Mine", "title:", "title:", ""),
    ("title: Mine", "title: []", "title:", ""),
    ("title: Mine", 'title: "\\e\\u202e"', '"\\e', ""),
    ("ask: Who told you?", 'ask: "\\e\\u202e"', '"\\e', ""),
    ("say: No apology.", 'say: "\\x9b"', '"\\x9b', ""),
    ("title: Mine", "title: Mine\n1: 2", "1: 2", ""),
    ("title: Mine", "title: Mine\n~: 2", "~: 2", ""),
    ("title: Mine", 'title: Mine\n"\\ud800": 2', '"\\ud800"', ""),
    ("name: mine", "name: ../mine", "../mine", ""),
    ("name: mine", "name: [mine]", "name:", ""),
    ("choices: [calm, angry]", "choices: [12:30, angry]", "12:30", ""),
    ("choices: [calm, angry]", "choices: [no, 1]", "1]", ""),
    ("stage: contact", "stage: contract", "contract", "did you mean contact?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "words"), SHAPES, ids=[new for _, new, _, _ in SHAPES])
def test_a_mistake_in_a_playbook_is_refused_on_its_line_and_nothing_is_walked(
    old: str, new: str, where: str, words: str, room: Path, winback: Runner, home: Path
) -> None:
    content = changed(old, new)
    line, _ = place(content, content.index(where))

    checked = refusal(winback, command("check", written(room, content), home), home)
    walked = refusal(winback, command("own", written(room, content), home), home)

    for told in (checked, walked):
        assert {number for number, _ in places(told)} == {line}
        assert words in told


@pytest.mark.parametrize(
    "sentence", ["title: Mine", "aim: Ask.", "ask: Who told you?", "say: No apology.", "why: They read."]
)
def test_a_playbook_that_is_taken_can_be_gone_on_with(
    sentence: str, room: Path, winback: Runner, home: Path
) -> None:
    """Nothing of it is lost between the file and the store, whatever a sentence is made of."""
    for said in (r'"\e"', r'"\u202e"', r'"\x9b\x9b"', r'"\u2028"', r'"\xa0"', r'" "', r'"\uFEFF"', r'"\0"'):
        content = changed(sentence, f"{sentence.partition(':')[0]}: {said}")
        path = written(room, content)
        if winback("playbook", "check", path).code == 0:
            assert library.kept(library.read(path).tree) == library.read(path).playbook


# -- J2: nothing in a playbook is run ---------------------------------------------------------------

CATASTROPHE = "(a+)+$"
EXPRESSIONS = (
    "{{ 7 * 7 }}",
    "{% for x in range(1000000000) %}{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ '%1000000000d' % 1 }}",
    "{0.__class__}",
    "%(home)s",
    "${HOME} $(touch ran) `touch ran`",
    "__import__('os').system('touch ran')",
    "[link=http://example.com]x[/link]",
    CATASTROPHE,
)


def test_an_expression_in_a_sentence_is_a_sentence(room: Path, home: Path) -> None:
    quoted = ["'" + said.replace("'", "''") + "'" for said in EXPRESSIONS]
    listed = "".join(f"  - {said}\n" for said in quoted)
    content = changed("  aim: Ask.\n", f"  aim: {quoted[0]}\n  do:\n{listed}  avoid:\n{listed}")
    for sentence in ("Mine", "Speak", "Who told you?", "No apology.", "Not yet."):
        content = changed(f": {sentence}\n", f": {quoted[1]}\n", content)
    path = written(room, content)

    assert limited("playbook", "check", path)[0] == 0
    assert limited(*command("own", path, home))[0] == 0
    code, out, _ = limited("playbook", "show", "mine")

    assert code == 0
    shown = "".join(out.split())
    assert [said for said in EXPRESSIONS if shown.count("".join(said.split())) < 2] == []
    assert shown.count("".join(EXPRESSIONS[1].split())) == 7
    assert not (room / "ran").exists()


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        ("title: Mine\n", ""),
        ("  title: Speak\n", "  "),
        ("    ask: Who told you?\n", "    "),
        ("    say: No apology.\n", "    "),
    ],
    ids=["playbook", "step", "question", "guard"],
)
def test_a_key_that_would_hold_a_pattern_is_not_known(
    line: str, indent: str, room: Path, winback: Runner, home: Path
) -> None:
    for key in ("pattern", "regex", "match", "matches", "expression", "if", "jinja", "script"):
        content = changed(line, f"{line}{indent}{key}: {CATASTROPHE}\n")

        told = refusal(winback, command("check", written(room, content), home), home)

        assert [where for where, _ in places(told)] == [place(content, content.index(f"{key}: (a+"))[0]]
        assert f"{key!r} is not known here" in told


PATTERNS = [
    ("is: upset", f"is: {CATASTROPHE}"),
    ("is: upset", "is: ups.*"),
    ("is: upset", f"one_of: ['{CATASTROPHE}']"),
    ("is: upset", f"matches: '{CATASTROPHE}'"),
    ("when: {fact: backstory.how_left, is: upset}", "when: backstory.how_left == 'upset'"),
    ("when: {fact: backstory.how_left, is: upset}", "when: '{{ how_left }}'"),
    ("fact: backstory.how_left", "fact: backstory.*"),
    ("fact: backstory.told_by", "fact: backstory.(told_by)"),
    ("choices: [calm, angry]", f"choices: ['{CATASTROPHE}', angry]"),
    ("type: choice", f"type: /{CATASTROPHE}/"),
    ("from: 1bd", "from: 1 + 1bd"),
    ("after: backstory.left_on", "after: '{{ left_on }}'"),
    ("not_here: [apology]", "not_here: [apolog.*]"),
    ("stage: contact", "stage: cont.*"),
    ("name: mine", "name: m.*"),
]


@pytest.mark.parametrize(("old", "new"), PATTERNS, ids=[new for _, new in PATTERNS])
def test_a_pattern_or_an_expression_where_a_name_belongs_is_refused_on_its_line(
    old: str, new: str, room: Path, winback: Runner, home: Path
) -> None:
    content = changed(old, new)

    told = refusal(winback, command("check", written(room, content), home), home)

    assert {line for line, _ in places(told)} == {place(content, content.index(new))[0]}


def test_an_expression_in_an_answer_is_kept_as_it_was_written(
    room: Path, home: Path, rows: Callable[..., list[Any]]
) -> None:
    for who, said in enumerate((EXPRESSIONS[0], EXPRESSIONS[1], CATASTROPHE), 1):
        content = changed("Mara", "'" + said.replace("'", "''") + "'", ANSWERS)

        code, _, err = limited("walk", who, "--playbook", "theirs", "--answers", written(room, content))

        assert code == 0, err
        assert rows("SELECT count(*) FROM event WHERE json_extract(body, '$.value') = ?", said) == [(1,)]


# -- X1: nothing of a playbook moves the cursor -----------------------------------------------------

NASTY = r'"\e[35m\u202e\x9b8m\e]0;t\a\u2066\u2069\b\r\x7fnasty"'
SPOTS = {
    "title": ("title: Mine", f"title: {NASTY}"),
    "summary": ("title: Mine", f"title: Mine\nsummary: {NASTY}"),
    "after": ("title: Mine", f"title: Mine\nafter: {NASTY}"),
    "step": ("title: Speak", f"title: {NASTY}"),
    "coaching": ("aim: Ask.", f"aim: Ask.\n  do: [{NASTY}]\n  avoid: [{NASTY}]"),
    "question": ("ask: Who told you?", f"ask: {NASTY}\n    help: {NASTY}"),
    "default": ("ask: Who told you?", f"ask: Who?\n    default: {NASTY}"),
    "rule": ("say: No apology.", f"say: {NASTY}"),
    "guard": ("say: No apology.", f"say: No.\n    id: {NASTY}"),
    "source of a guard": ("say: No apology.", f"say: No.\n    source: [{NASTY}]"),
    "source of a question": ("ask: Who told you?", f"ask: Who?\n    source: [{NASTY}]"),
    "key": ("title: Mine", f"title: Mine\n{NASTY}: 1"),
    "key given twice": ("title: Mine", f"title: Mine\n{NASTY}: 1\n{NASTY}: 2"),
    "fact": ("fact: backstory.told_by", f"fact: {NASTY}"),
    "value of a condition": ("is: upset", f"is: {NASTY}"),
    "reason": ("title: Mine", f"title: Mine\nreasons: {{{NASTY}: price}}"),
    "name": ("name: mine", f"name: {NASTY}"),
    "id": ("- id: call", f"- id: {NASTY}"),
    "choice": ("choices: [calm, angry]", f"choices: [{NASTY}, angry]"),
}
VIEWS: list[tuple[object, ...]] = [
    ("playbook", "check", "mine.yaml"),
    ("playbook", "check", "mine.yaml", "--json"),
    ("playbook", "list"),
    ("playbook", "list", "--json"),
    ("playbook", "show", "mine", "--sources"),
    ("playbook", "show", "mine", "--json"),
    ("playbook", "rules"),
    ("playbook", "compare", "mine", "standard"),
    ("playbook", "answers", "mine"),
    ("walk", 1, "--playbook", "mine", "--answers", "good.yaml"),
    ("walk", 1, "--answers", "good.yaml"),
]


@pytest.mark.parametrize("spot", SPOTS)
def test_no_control_sign_of_a_playbook_reaches_the_terminal(
    spot: str, room: Path, winback: Runner, home: Path
) -> None:
    content = changed(*SPOTS[spot])
    written(home / "playbooks", content)
    written(room, content)

    for view in VIEWS:
        ran = winback("--color", "always", *view)

        assert ran.code in (0, 3, 65), (view, ran)
        assert signs(ran.out, colour=True) == set(), view
        assert signs(ran.err, colour=True) == set(), view


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
@pytest.mark.parametrize("content", [BOOK, "a: ["], ids=["good", "bad"])
def test_no_control_sign_of_a_files_name_reaches_the_terminal(
    content: str, form: list[str], room: Path, winback: Runner
) -> None:
    path = room / "m\x1b[35m\u202e\x9b8m\x07y.yaml"
    path.write_text(content, "utf-8")

    ran = winback("playbook", "check", path.name, *form)

    assert ran.code == (0 if content == BOOK else 65)
    assert signs(ran.out + ran.err) == set()
