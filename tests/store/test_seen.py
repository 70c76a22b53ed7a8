"""The marks of a list that came so far: the same whether they are few or many."""

import contextlib
import sqlite3
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from winback_cli.store import seen
from winback_cli.store.seen import Seen

# Close to each other and far apart, below and above zero: some end with the same bits.
MARK = st.builds(lambda high, low: (high << 60) + low, st.integers(-7, 7), st.integers(0, 9))
TOLD = st.lists(st.dictionaries(MARK, st.integers(1, 9), max_size=5), max_size=6)


@given(TOLD, st.sampled_from([0, 2, 1000]), st.dictionaries(st.integers(1, 9), st.integers(1, 9)))
def test_every_mark_has_the_number_that_was_told_last(
    told: list[dict[int, int]], few: int, alias: dict[int, int]
) -> None:
    expected: dict[int, int] = {}
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        raw.execute("CREATE TABLE identity (mark INTEGER, customer_id INTEGER, UNIQUE (mark, customer_id))")
        raw.execute("CREATE TEMP TABLE other (id INTEGER PRIMARY KEY)")
        known = Seen(raw)
        with mock.patch.object(seen, "FEW", few), mock.patch.object(seen, "SLICE", 2):
            for some in told:
                known.learn(some)
                expected.update(some)
                assert known.of([*expected, 11, -(1 << 62)]) == expected
            known.follow(alias)
            expected = {mark: alias.get(number, number) for mark, number in expected.items()}
            assert known.of(list(expected)) == expected
            known.put_in(3, contextlib.nullcontext)

        stored = raw.execute("SELECT mark, customer_id FROM identity ORDER BY mark").fetchall()
        assert stored == sorted(pair for pair in expected.items() if pair[1] >= 3)
        assert sorted(pair for some in known.slices(3) for pair in some) == stored
