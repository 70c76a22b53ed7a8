"""The reader of YAML: what it takes for what, where each thing stands, and that both its parsers agree."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml.error import YAMLError

from winback_cli import library, yamltext
from winback_cli.yamltext import Problem, Tree

BOOKS = {path.stem: path.read_text("utf-8") for path in sorted(library.built_in().rglob("*.yaml"))}
SAMPLES = [path.read_text("utf-8") for path in Path(library.__file__).parent.glob("sample/*.yaml")]


def tree(content: str) -> Tree:
    found, problem = yamltext.read(content)
    assert problem is None, problem
    return found


def data(content: str) -> Any:
    return tree(content).data


def problem(content: str) -> Problem:
    _, told = yamltext.read(content)
    assert told is not None
    return told


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value of a tree."""
    yield path
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for part, one in inner:
        yield from paths(one, (*path, part))


# -- what is taken for what ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("True", True),
        ("false", False),
        ("False", False),
        ("0", 0),
        ("7", 7),
        ("-7", -7),
        ("20000", 20_000),
        ("999999999999999999", 10**18 - 1),
    ],
)
def test_a_plain_word_or_whole_number_is_what_it_says(plain: str, value: object) -> None:
    for content in (f"a: {plain}\n", f"- a: {plain}\n", f"{{a: {plain}}}", f'{{"a": {plain} }}'):
        read = data(content)
        found = read[0]["a"] if isinstance(read, list) else read["a"]

        assert (found, type(found)) == (value, type(value))


TEXTS = (
    "no yes on off y n NO Yes TRUE FALSE tRue Null NULL None nil "
    "012 -012 00 0o14 0x1f 0b1 1_000 +1 1. 1.5 -1.5 .5 1e3 1E3 .inf -.inf .nan "
    "12:30 1:2:3 2026-03-01 2026-03-01T10:00:00Z 1.3.2026 "
    "1000000000000000000 99999999999999999999 １２ ٣ -- = << 1bd -2d ünï 😀"
).split()


@pytest.mark.parametrize("plain", TEXTS)
def test_every_other_plain_scalar_is_the_text_that_somebody_wrote(plain: str) -> None:
    assert data(plain) == plain
    assert data(f"a: {plain}\n{plain}: b\n") == {"a": plain, plain: "b"}
    assert data(f"[{plain}, {{a: {plain}}}]") == [plain, {"a": plain}]


@pytest.mark.parametrize("word", ["", "~", "null", "true", "False", "0", "-7", "12", "no", " ", "# x"])
def test_what_stands_in_quotes_or_in_a_block_is_text(word: str) -> None:
    assert data(f"a: '{word}'\n") == {"a": word}
    assert data(f'a: "{word}"\n') == {"a": word}
    assert data(f'"{word}": 1\n') == {word: 1}
    if word.strip():
        assert data(f"a: |\n  {word}\n") == {"a": f"{word}\n"}
        assert data(f"a: >-\n  {word}\n") == {"a": word}


def test_keys_are_words() -> None:
    assert data("no: d\n012: e\n'8': f\n'true': g\n") == {"no": "d", "012": "e", "8": "f", "true": "g"}
    for key in ("7", "true", "~"):
        assert problem(f"a: b\n{key}: c\n") == (2, 1, "a key is a word")


@pytest.mark.parametrize("content", ["", " \n\n", "# nothing\n", "---\n", "---\n...\n", "null", "~"])
def test_a_text_that_says_nothing_is_nothing(content: str) -> None:
    assert data(content) is None


def test_json_is_read_as_it_is() -> None:
    content = '{"a": [1, true, null, "no", {"b": "12:30"}], "c": "\\u00e9\\n\\/"}'

    assert data(content) == {"a": [1, True, None, "no", {"b": "12:30"}], "c": "é\n/"}


def test_a_sign_that_json_writes_in_two_halves_is_one() -> None:
    """So do the JSON writers of most languages, whatever lies beyond the first 65,536 signs."""
    assert data(r'{"a": "caf\u00e9 \ud83d\ude00"}') == {"a": "café 😀"}


@pytest.mark.parametrize("half", [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\ud83d x \ude00"])
def test_half_a_sign_is_told_where_it_stands(half: str) -> None:
    assert problem(f'a: 1\nb: "{half}"\n')[:2] == (2, 4)


def test_line_ends_of_every_system_are_read_alike() -> None:
    content = "a: 1\nb:\n- x\n- y\n"

    for end in ("\r\n", "\r"):
        assert tree(content.replace("\n", end)) == tree(content)


@pytest.mark.parametrize("content", ["{a: why?}", "[why?, b]", "{ask: What now? }", "{a: x?y}"])
def test_what_the_quick_parser_refuses_and_yaml_allows_is_read(content: str) -> None:
    assert "?" in str(data(content))


def test_the_quick_parser_is_used_and_refuses_what_the_slow_one_reads() -> None:
    """Else the two would be one, and nothing below would compare anything."""
    assert outcome("{a: why?}", pure=False)[0] == "refused"
    assert outcome("{a: why?}", pure=True)[0] == "read"


# -- where things stand ----------------------------------------------------------------------

PLACES = """\
# a remark
name: mine
"steps":
- id: one
  say:   'hello'
  deep: {k: v, "q":   [1, {z: 2}], e: , l: []}
  empty:
  lines: |
    several
-
  - nested
  - {a: 1}
? asked
: answered
long: >-
  folded
umlaute: ["ä", ö😀, ü]
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("name",), (2, 1), (2, 7)),
        (("steps",), (3, 1), (4, 1)),
        (("steps", 0), None, (4, 3)),
        (("steps", 0, "id"), (4, 3), (4, 7)),
        (("steps", 0, "say"), (5, 3), (5, 10)),
        (("steps", 0, "deep"), (6, 3), (6, 9)),
        (("steps", 0, "deep", "k"), (6, 10), (6, 13)),
        (("steps", 0, "deep", "q"), (6, 16), (6, 23)),
        (("steps", 0, "deep", "q", 0), None, (6, 24)),
        (("steps", 0, "deep", "q", 1), None, (6, 27)),
        (("steps", 0, "deep", "q", 1, "z"), (6, 28), (6, 31)),
        (("steps", 0, "deep", "l"), (6, 41), (6, 44)),
        (("steps", 0, "lines"), (8, 3), (8, 10)),
        (("steps", 1), None, (11, 3)),
        (("steps", 1, 0), None, (11, 5)),
        (("steps", 1, 1), None, (12, 5)),
        (("steps", 1, 1, "a"), (12, 6), (12, 9)),
        (("asked",), (13, 3), (14, 3)),
        (("long",), (15, 1), (15, 7)),
        (("umlaute", 0), None, (17, 11)),
        (("umlaute", 1), None, (17, 16)),
        (("umlaute", 2), None, (17, 20)),
    ],
)
def test_keys_and_values_are_found_where_they_stand(
    path: tuple[Any, ...], key: tuple[int, int] | None, value: tuple[int, int]
) -> None:
    found = tree(PLACES)

    assert found.keys.get(path) == key
    assert found.values[path] == value


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("name",), (2, 7)),
        (("steps",), (3, 1)),
        (("steps", 0, "empty"), (7, 3)),
        (("steps", 0, "deep"), (6, 3)),
        (("steps", 0, "deep", "e"), (6, 36)),
        (("steps", 0, "deep", "l"), (6, 41)),
        (("steps", 0, "deep", "q", 1, "z"), (6, 31)),
        (("steps", 1, 1, "a"), (12, 9)),
        (("steps", 0, "gone"), (4, 3)),
        (("steps", 0, "guards", "id"), (4, 7)),
        (("steps", 7), (3, 1)),
        (("steps", 0, "id", "left"), (4, 7)),
        (("name", 0), (2, 7)),
        (("gone", "further"), (1, 1)),
    ],
)
def test_a_place_is_that_of_the_value_or_of_the_nearest_thing_around_it(
    path: tuple[Any, ...], place: tuple[int, int]
) -> None:
    assert tree(PLACES).position(path) == place


def test_the_value_at_a_path_is_found_past_its_strange_parts() -> None:
    found = tree(PLACES)

    assert found.value(("steps", 0, "left", "deep", "k")) == "v"
    assert found.value(("steps", 9, 0, "id")) == "one"


@pytest.mark.parametrize("name", BOOKS)
def test_in_every_file_of_ours_each_place_shows_what_it_is_said_to_be(name: str) -> None:
    content = BOOKS[name]
    lines = content.splitlines()
    found = tree(content)

    def stands(at: tuple[int, int]) -> str:
        return lines[at[0] - 1][at[1] - 1 :]

    for path, at in found.keys.items():
        assert stands(at).startswith(f"{path[-1]}:"), path
    for path in paths(found.data):
        value, shown = found.value(path), stands(found.values[path])
        if isinstance(value, str):
            quoted = (f"'{value[:9]}", f'"{value[:9]}', "|", ">")
            assert shown.startswith((value[:20].partition("'")[0], *quoted)), path
        elif isinstance(value, bool | int):
            assert shown.startswith(str(value).lower()), path
    assert len(found.keys) > 20


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"])
@pytest.mark.parametrize(
    "content",
    ["# a remark{}\na: b\n", "x: one{} two\na: b\n", "x: 'one{} two'\na: b\n", "x: |\n  on{}e\na: b\n"],
)
def test_only_a_line_end_ends_a_line(sign: str, content: str) -> None:
    """Editors count those signs as letters; whoever looks for line 2 finds it at the second end."""
    harmed = content.format(sign)

    found, told = yamltext.read(harmed)

    if told is None:
        assert found.position(("a",)) == (harmed[: harmed.index("a: b")].count("\n") + 1, 4)
    else:
        assert told.line <= harmed.count("\n")


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"])
def test_a_remark_lasts_until_its_line_ends(sign: str) -> None:
    assert data(f"# a remark{sign}hidden: true\na: b\n") == {"a": "b"}


# -- the first mistake -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        ("a: !x b\nc: &d e\n", 1, 4, "tags"),
        ("a: b\nc: &d e\nf: !x b\n", 2, 4, "anchors"),
        ("a: 1\nb: 2\na: 3\nb: 4\n", 3, 1, "a is given twice"),
        ("a: {b: 1, c: 2, b: 3}\na: 1\n", 1, 17, "b is given twice"),
        ("a: 1\n1: b\n", 2, 1, "a key is a word"),
        ("a: 1\n'a': 2\n", 2, 1, "a is given twice"),
        ("- [x, *y]\n", 1, 7, "aliases"),
        ("<<: *x\n", 1, 5, "aliases"),
        ("? [a]\n: b\n", 1, 3, "a key is a word"),
        ("a: !x [\n", 1, 4, "tags"),
        ("a: 1\n---\nb: !x 2\n", 2, 1, "one document"),
        ("a: 1\n...\n---\nb: 2\n", 3, 1, "one document"),
        ("a: b\n c: d\n", 2, 3, "mapping values"),
        ("a: b: c\n", 1, 5, "mapping values"),
        ("a:\n- b\n c\n- d: e: f\n", 4, 7, "mapping values"),
        ("ü: 'ö'\nä: \x07\n", 2, 4, "not allowed"),
        ("😀: \x00\n", 1, 4, "not allowed"),
        ("a: \ufffe\n", 1, 4, "not allowed"),
        ("a:\n\tb: c\n", 2, 1, "\\t"),
        ("a: 'b\n", 2, 1, "end of stream"),
        ("a: [1, 2\nb: 3\n", 2, 2, ""),
        ('a: 1\nb: "\\q"\n', 2, 6, "escape"),
        ('a: 1\nb: "\\U00110000"\n', 2, 4, ""),
        ('a: 1\nb: "\\UFFFFFFFF"\n', 2, 4, ""),
        ('a: 1\nb: "\\xg"\n', 2, 7, ""),
        ("%YAML 9.9\n---\na: 1\n", 1, 1, "version"),
        ("a: !no!x b\n", 1, 4, "tag"),
    ],
)
def test_the_first_mistake_is_told_where_it_is_made(
    content: str, line: int, column: int, words: str
) -> None:
    told = problem(content)

    assert told[:2] == (line, column)
    assert words in told.message


def test_every_mistake_that_the_reading_can_go_on_after_is_told_in_the_order_of_the_file() -> None:
    content = "a: !x 1\nb: &y [1, *z]\nb: 3\nc: {d: 1, d: 2}\ne: !x {f: g}\n"

    found, first = yamltext.read(content)

    assert [told[:2] for told in found.problems] == [(1, 4), (2, 4), (2, 11), (3, 1), (4, 11), (5, 4)]
    assert first == found.problems[0]
    assert found.position(("e", "f")) == (5, 11)


@pytest.mark.parametrize("rest", ["c: [\n", "---\nc: d\n", "? [c]\n: d\n", "c: " + "[" * 30 + "\n"])
def test_a_mistake_that_ends_the_reading_is_told_after_those_before_it(rest: str) -> None:
    found, _ = yamltext.read(f"a: !x 1\nb: *y\n{rest}")

    assert [told[:2] for told in found.problems][:2] == [(1, 4), (2, 4)]
    assert len(found.problems) == 3
    assert found.problems[2].line >= 3
    assert found.data is None


@pytest.mark.parametrize("opening", ["[", "- ", "? ", "{a: ", '{"a": ', "[a, "])
def test_a_tree_may_be_so_deep_and_no_deeper(opening: str) -> None:
    closing = {"[": "]", "{": "}"}.get(opening[0], "")
    deepest = yamltext.DEEPEST

    allowed = opening * deepest + "x" + closing * deepest
    if opening != "? ":  # a key is a word, whatever its depth
        assert problem_or_none(allowed) is None
    told = problem(opening * (deepest + 1) + "x" + closing * (deepest + 1))

    assert told == (1, deepest * len(opening) + 1, "nested too deeply")


def problem_or_none(content: str) -> Problem | None:
    return yamltext.read(content)[1]


def test_a_mistake_quotes_little_of_the_file() -> None:
    long = "x" * 5_000

    for content in (
        f"? {long}\n: 1\n? {long}\n: 2\n",
        f"a: !{long}!x b\n",
        f"a: !<{long} b\n",
        f"a: *{long}\n",
    ):
        assert len(problem(content).message) < 200


# -- both parsers ----------------------------------------------------------------------------


def outcome(content: str, *, pure: bool) -> tuple[Any, ...]:
    """What one of the parsers makes of a text: the data with the places, or the mistake."""
    found = Tree(None, {}, {}, [])
    try:
        read = yamltext._Composer(yamltext._events(content, pure), found).document()
    except yamltext._Wrong as wrong:
        return "wrong", [*found.problems, wrong.args[0]]
    except (YAMLError, ValueError, OverflowError) as bad:
        return "refused", str(bad)
    if found.problems:
        return "wrong", found.problems
    found = found._replace(data=read)
    # Of an empty value in a map the place of its key is told; of itself each parser takes another.
    places = [(path, found.position(path)) for path in paths(read)]
    return "read", repr(read), found.keys, places


# Signs that mean something to YAML. Tabs, byte order marks and Unicode's line ends are not among
# them: of those the two parsers think differently, within plain texts and in counting columns.
SIGNS = [
    *(": ", ":", "- ", "-", "- - ", "? ", "?", "[", "]", "{", "}", ",", "#", " #", "&a ", "*a", "!x ", "!"),
    *("|\n", "|2\n", "|+\n", "|", ">\n", ">-\n", "%", "@", "`", '"', "'", "''", '""', "\\", "<<: ", "="),
    *("---\n", "...\n", "\n", "\n\n", "\r\n", " ", "  ", "\xa0", "é", "😀", '"\\u0041"', '"\\x41"'),
    *("~", "null", "true", "no", "012", "12:30", "1_000", "0x1f", "1e3", ".inf", "2026-03-01"),
]


def mutated(content: str, chance: random.Random) -> str:
    """A text with one to three things done to it that YAML may or may not mind."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        place, lines = chance.randrange(len(content) + 1), content.splitlines(keepends=True) or [""]
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                content = content[:place] + content[place + chance.randrange(1, 6) :]
            case 1 | 2:
                content = content[:place] + chance.choice(SIGNS) + content[place:]
            case 3:
                lines[one], lines[other] = lines[other], lines[one]
                content = "".join(lines)
            case 4:
                lines[one] = chance.choice(("", " ", "  ", "    ", "- ")) + lines[one].lstrip()
                content = "".join(lines)
            case _:
                key, colon, _ = lines[one].partition(": ")
                lines[one] = f"{key}{colon}{chance.choice(SIGNS)}\n"
                content = "".join(lines)
    return content


def excerpt(chance: random.Random) -> str:
    """A few lines of one of our files."""
    lines = chance.choice([*BOOKS.values(), *SAMPLES]).splitlines(keepends=True)
    first = chance.randrange(len(lines))
    return "".join(lines[first : first + chance.randrange(3, 25)])


@pytest.mark.parametrize("name", BOOKS)
def test_both_parsers_read_every_file_of_ours_alike(name: str) -> None:
    quick, slow = (outcome(BOOKS[name], pure=pure) for pure in (False, True))

    assert quick == slow
    assert quick[0] == "read"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_quick_parser_takes_the_slow_one_reads_alike(seed: int) -> None:
    chance = random.Random(seed)
    accepted = 0

    for _ in range(250):
        content = mutated(excerpt(chance), chance)
        quick = outcome(content, pure=False)
        if quick[0] == "read":
            assert quick == outcome(content, pure=True), content
            accepted += 1

    assert accepted > 20, "hardly anything was compared"


@pytest.mark.parametrize("seed", range(8))
def test_both_parsers_find_the_same_mistakes_of_ours(seed: int) -> None:
    chance = random.Random(1_000 + seed)
    found = 0

    for _ in range(600):
        content = mutated(excerpt(chance), chance)
        quick, slow = (outcome(content, pure=pure) for pure in (False, True))
        if quick[0] == slow[0] == "wrong" and "%" not in content:
            assert quick == slow, content
            found += 1

    assert found > 3, "hardly anything was compared"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_done_to_a_text_it_is_read_or_told_and_never_raises(seed: int) -> None:
    chance = random.Random(2_000 + seed)

    for _ in range(100):
        content = mutated(excerpt(chance), chance)
        _, told = yamltext.read(content)

        if told is not None:
            assert 1 <= told.line <= content.count("\n") + content.count("\r") + 2
            assert told.column >= 1
            assert "\n" not in told.message
            assert told.message
