"""Which playbook fits: by how the customer left and by scale, always with its reason."""

import pytest

from winback_cli.choosing import THOUSANDS, suggestion


@pytest.mark.parametrize(
    ("how_left", "quiet", "playbook", "because"),
    [
        ("departing", False, "six-steps", "they are leaving now"),
        ("departing", True, "six-steps", "they are leaving now"),
        ("upset", False, "service-recovery", "they are upset"),
        ("upset", True, "service-recovery", "they are upset"),
        ("lapsed", False, "lapsed-list", "they went quiet"),
        ("", True, "lapsed-list", "they went quiet"),
    ],
)
def test_a_playbook_is_suggested_by_how_they_left(
    how_left: str, quiet: bool, playbook: str, because: str
) -> None:
    assert suggestion(how_left, quiet, 40) == (playbook, because)


@pytest.mark.parametrize(("how_left", "quiet"), [("", False), ("content", True), ("content", False)])
def test_where_nothing_speaks_for_one_none_is_suggested(how_left: str, quiet: bool) -> None:
    assert suggestion(how_left, quiet, 40) is None


@pytest.mark.parametrize(("alike", "survey"), [(THOUSANDS - 1, False), (THOUSANDS, True)])
def test_where_there_are_thousands_alike_a_survey_is_named(alike: int, survey: bool) -> None:
    found = suggestion("lapsed", True, alike)

    assert found is not None
    assert ("survey" in found.because) == survey


def test_who_is_leaving_is_called_however_many_have_lapsed() -> None:
    found = suggestion("departing", True, 10 * THOUSANDS)

    assert found == ("six-steps", "they are leaving now")
