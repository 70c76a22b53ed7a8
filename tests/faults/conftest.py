"""One laboratory for each process of the test run."""

from collections.abc import Iterator

import pytest

from tests.faults.lab import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Where commands run with faults at their system calls."""
    opened = Lab()
    yield opened
    opened.close()
