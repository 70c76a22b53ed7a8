"""X5: what is typed to sort and to filter by is a name from a closed list, or a value, and never SQL."""

import hashlib
from pathlib import Path

import pytest

from tests.conftest import Runner

ATTACKS = (
    "name; DROP TABLE customer_row",
    "1) UNION SELECT name FROM sqlite_master--",
    "u.id DESC, (SELECT 1)",
    "' OR '1'='1",
    '" OR ""="',
    "id/*",
    "(CASE WHEN 1 THEN name END)",
    "ＮＡＭＥ",
    "%",
    "*",
    'x" NEAR y AND NOT z*',
    "a_b_c",
    "\N{LATIN SMALL LETTER A}\N{LATIN SMALL LETTER SIDEWAYS DIAERESIZED U}a",
    "a\N{ADLAM SMALL LETTER ALIF}b",
)
# What leaves a word, or nothing, to look for.
FITTING = ("%", "*", *ATTACKS[-2:])
# What sorts or picks by a name, of which there is a closed list.
NAMES = (
    ("list", "--sort"),
    ("list", "--status"),
    ("list", "--stage"),
    ("report", "funnel", "--by"),
    ("report", "reasons", "--by"),
    ("report", "value", "--by"),
)
# What filters by a value that a user chose.
VALUES = (
    ("list", "--owner"),
    ("list", "--reason"),
    ("list", "--search"),
    ("show",),
    ("why",),
    ("brief",),
)


def digest(store: Path) -> str:
    return hashlib.sha256(store.read_bytes()).hexdigest()


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
@pytest.mark.parametrize("line", NAMES, ids=" ".join)
def test_what_is_no_name_of_the_list_is_refused_and_nothing_is_run(
    line: tuple[str, ...], attack: str, stocked: Runner, store_path: Path
) -> None:
    before = digest(store_path)

    ran = stocked(*line, attack)

    assert (ran.code, ran.out) == (2, "")
    assert "inside winback" not in ran.err
    assert digest(store_path) == before


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
@pytest.mark.parametrize("line", VALUES, ids=" ".join)
def test_what_is_searched_for_is_a_value_and_finds_only_what_holds_it(
    line: tuple[str, ...], attack: str, stocked: Runner, store_path: Path
) -> None:
    before = digest(store_path)

    ran = stocked(*line, attack)

    if line[0] == "list":
        assert ran.code == 0
        assert "@" not in ran.out
        named = ran.out.splitlines()[1:]
        assert named == [] or attack in FITTING
    else:
        assert ran.code == 3
    assert "inside winback" not in ran.err
    assert digest(store_path) == before
