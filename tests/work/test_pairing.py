"""Which entries of an answers file a case holds already."""

from typing import Any

import pytest

from winback_cli.pairing import pairs

A: dict[str, Any] = {"what": "A", "due": "2026-03-09"}
B: dict[str, Any] = {"what": "B", "owner": "Mara"}


@pytest.mark.parametrize(
    ("given", "held", "found"),
    [
        pytest.param([A, B], [], {}, id="none held"),
        pytest.param([A, B], [A, B], {0: 0, 1: 1}, id="all held"),
        pytest.param([A, B], [B], {1: 0}, id="another order"),
        pytest.param([A], [B], {}, id="another entry at its place"),
        pytest.param([A], [{"what": "a "}], {0: 0}, id="however it is written, with blanks"),
        pytest.param([A], [A | {"due": "2026-03-10"}], {}, id="another day"),
        pytest.param([A | {"done": True}], [A | {"done": False, "state": "open"}], {0: 0}, id="now done"),
        pytest.param([A], [A | {"removed": True}], {0: 0}, id="taken out"),
        pytest.param([A], [A | {"removed": True}, A], {0: 1}, id="taken out, and there again"),
        pytest.param([A, A], [A], {0: 0}, id="the same twice"),
        pytest.param([{"what": "A"}, A], [{}, A], {1: 1}, id="the one that agrees in most"),
        pytest.param([{"stage": "prob", "what": "X"}], [{"stage": "problem"}], {0: 0}, id="half an entry"),
        pytest.param(
            [{"stage": "p", "what": "X"}], [{"stage": "problem", "what": "Y"}], {}, id="a stage's"
        ),
        pytest.param([{"done": True}], [{"what": "A", "done": True}], {}, id="nothing says which"),
    ],
)
def test_an_entry_is_the_one_that_says_the_same(
    given: list[dict[str, Any]], held: list[dict[str, Any]], found: dict[int, int]
) -> None:
    assert pairs(given, held) == found


def test_a_day_that_the_file_reckons_from_today_is_the_one_that_it_was() -> None:
    given = [{"agreed_for": "2026-03-16", "kept": True}]
    held = [{"agreed_for": "2026-03-09"}]

    assert pairs(given, held) == {}
    assert pairs(given, held, [{"agreed_for"}]) == {0: 0}
