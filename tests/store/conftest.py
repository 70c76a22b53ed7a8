"""What several tests of the store begin with."""

import pytest

from tests.conftest import Ran, Runner


@pytest.fixture
def on(stocked: Runner) -> Runner:
    """The runner over the sample list, on a day of its own: `on("2026-12-01", "promise", ...)`."""

    def run(day: str, *words: object) -> Ran:
        return stocked("--as-of", day, *words)

    return run
