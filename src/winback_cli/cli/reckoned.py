"""What is reckoned of one customer, before `why`, `worth` or a walk tell it."""

from typing import NamedTuple

from winback_cli import priority
from winback_cli.store import lists, reads, scoring


class Given(NamedTuple):
    """What is known of a customer, and by factor where that comes from: imported, by hand, asked, known."""

    known: priority.Known
    origins: dict[str, str]


class Why(NamedTuple):
    """What `why` tells: the customer, the priority, and why nobody is ranked where that is so."""

    record: reads.CustomerRecord
    given: Given
    found: priority.Priority
    assumed: priority.Assumptions
    state: str  # ranked · left_alone · closed · let_go
    because: str
    asleep: bool
    lapsed: bool
    kept: scoring.Kept | None  # what lists go by
    back: lists.Back | None = None  # they bought again while their case runs
