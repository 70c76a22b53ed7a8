"""Which playbook fits: by how the customer left, and by how many there are like them."""

from typing import NamedTuple

THOUSANDS = 1000  # so many alike are asked by survey, and not one by one (A2)


class Suggestion(NamedTuple):
    """A playbook that fits, and why, as a clause: `they are leaving now`."""

    playbook: str
    because: str


def suggestion(how_left: str, quiet: bool, alike: int) -> Suggestion | None:
    """The playbook that fits this customer; None where nothing speaks for any.

    `quiet`: their last purchase lies beyond the threshold; `alike`: how many others lapsed too,
    counted up to THOUSANDS. The urgency is D1's, the scale A2's.
    """
    if how_left == "departing":
        return Suggestion("six-steps", "they are leaving now")
    if how_left == "upset":
        return Suggestion("service-recovery", "they are upset")
    if how_left == "lapsed" or (quiet and not how_left):
        many = alike >= THOUSANDS
        others = f", as {THOUSANDS:,} others or more: ask the many by survey, and call the likeliest"
        return Suggestion("lapsed-list", "they went quiet" + (others if many else ""))
    return None
