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
RIPPLE = ("offer", "ripple", "1", "--kind", "discount", "--cost", "5 EUR")
# What sorts or picks by a name, of which there is a closed list; and one of that list.
NAMES = {
    ("list", "--sort"): "name",
    ("list", "--status"): "open",
    ("list", "--stage"): "listen",
    ("list", "--customers", "--sort"): "priority",
    ("report", "funnel", "--by"): "owner",
    ("report", "reasons", "--by"): "owner",
    ("report", "value", "--by"): "owner",
    ("report", "outcomes", "--by"): "playbook",
    ("report", "playbooks", "--by"): "segment",
    ("survey", "sample", "g", "--by"): "reason,city",
    ("survey", "sample", "g", "--status"): "none",
    ("survey", "new", "s", "--status"): "none",
    (*RIPPLE, "--segment"): "any",
    (*RIPPLE, "--size"): "same",
    (*RIPPLE, "--reason"): "any",
    ("erase", "1", "--yes", "--backups"): "keep",
}
# What filters by a value that a user chose.
VALUES = (
    ("list", "--owner"),
    ("list", "--reason"),
    ("list", "--search"),
    ("show",),
    ("why",),
    ("brief",),
    ("subject",),
    ("worth",),
    ("erase", "--yes"),
    ("survey", "show"),
    ("survey", "tally"),
    ("survey", "review", "--accept-above", "0.5"),
    ("survey", "new", "s", "--owner"),
    ("survey", "new", "s", "--reason"),
    ("survey", "sample", "g", "--owner"),
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


@pytest.mark.parametrize(
    ("line", "name"), NAMES.items(), ids=lambda told: told if isinstance(told, str) else " ".join(told)
)
def test_a_name_of_the_list_is_taken(line: tuple[str, ...], name: str, stocked: Runner) -> None:
    assert stocked(*line, name).code == 0


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
    elif line[:2] in (("survey", "new"), ("survey", "sample")):
        # A reason that nobody knows is named as unknown.
        assert ran.code in ((2,) if "--reason" in line else (5,)) or attack in FITTING
    else:
        assert ran.code == 3
    assert "inside winback" not in ran.err
    assert digest(store_path) == before
