"""X6: names that lead elsewhere. Whatever is named for a store, a copy, a restore, the rejected rows, a
page, a list or a certificate, nothing outside is written, replaced or removed, and what is there already
is never written over.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Runner
from tests.faults.ground import TODAY, Ground
from tests.faults.lab import Lab
from tests.faults.processes import contents, copy_store, dump

REFUSED = (2, 3, 65, 77)
TAKEN = "what somebody else keeps here"


class Yard(NamedTuple):
    """A folder of the user's, and one beside it that is somebody else's."""

    mine: Path
    outside: Path

    def linked(self, target: str | Path) -> Path:
        place = self.mine / "place"
        place.symlink_to(target)
        return place

    def with_a_key_that_is_a_link(self) -> Path:
        (self.mine / "place.key").symlink_to(self.outside / "nothing")
        return self.mine / "place"


PLACES: dict[str, Callable[[Yard], Path]] = {
    "a link to nothing": lambda yard: yard.linked(yard.outside / "nothing"),
    "a link to a file": lambda yard: yard.linked(yard.outside / "taken"),
    "a link to a folder": lambda yard: yard.linked(yard.outside),
    "a link to a link": lambda yard: yard.linked(yard.outside / "link"),
    "a link in a circle": lambda yard: yard.linked("place"),
    "a link to a device": lambda yard: yard.linked("/dev/null"),
    "a device": lambda yard: Path("/dev/null"),
    "a file above": lambda yard: yard.mine / ".." / "outside" / "taken",
    "a folder above": lambda yard: yard.mine / ".." / "outside",
    "below a file": lambda yard: yard.outside / "taken" / "place",
    "below a link to a file": lambda yard: yard.linked(yard.outside / "taken") / "place",
}
KEYED: dict[str, Callable[[Yard], Path]] = {"a link as its key": Yard.with_a_key_that_is_a_link}
LINES: dict[str, tuple[object, ...]] = {
    "backup": ("--store", "STORE", "store", "backup", "PLACE"),
    "rejects": ("--store", "STORE", "import", "LIST", "--rejects", "PLACE"),
    "a new store": ("--store", "PLACE", "add", "Ana Sol"),
}


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    mine, outside = tmp_path / "mine", tmp_path / "outside"
    mine.mkdir()
    outside.mkdir()
    (outside / "taken").write_text(TAKEN)
    (outside / "link").symlink_to("taken")
    return Yard(mine, outside)


def words(line: tuple[object, ...], yard: Yard, ground: Ground, place: Path) -> list[object]:
    rows = yard.mine / "list.csv"
    rows.write_text("name,last_purchase\nFay New,2025-01-01\nGus Odd,someday\n", "utf-8")
    meant = {"STORE": ground.base, "LIST": rows, "PLACE": place, "COPY": yard.mine / "copy.sqlite"}
    return [*TODAY, *(meant.get(str(word), word) for word in line)]


def check_nothing_outside(
    lab: Lab, ground: Ground, yard: Yard, name: str, kind: str, twin: str = ""
) -> None:
    """It is refused, and all that was there is there still."""
    place = (PLACES | KEYED)[kind](yard)
    line = words(LINES[name], yard, ground, place)
    before, links = contents(yard.outside), [p for p in yard.mine.iterdir() if p.is_symlink()]
    run = lab.run(*line, twin=twin)
    assert contents(yard.outside) == before, "something outside was touched"
    assert all(link.is_symlink() for link in links), "a link was replaced"
    assert run.code in REFUSED, f"{kind} was taken: {run.out}{run.err}"
    assert "Traceback" not in run.err
    assert "winback: " in run.err
    left = {path.name for path in yard.mine.iterdir()} - {"list.csv", *(link.name for link in links)}
    assert not left, "something was left behind"


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("name", LINES)
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_there_is_touched(
    name: str, kind: str, lab: Lab, ground: Ground, yard: Yard
) -> None:
    check_nothing_outside(lab, ground, yard, name, kind)


def test_a_key_that_would_be_written_through_a_link_is_refused(
    lab: Lab, ground: Ground, yard: Yard
) -> None:
    check_nothing_outside(lab, ground, yard, "backup", "a link as its key")


@pytest.mark.parametrize("name", ["backup", "a new store"])
def test_a_program_that_follows_links_is_caught(name: str, lab: Lab, ground: Ground, yard: Yard) -> None:
    with pytest.raises(AssertionError, match="something outside was touched"):
        check_nothing_outside(lab, ground, yard, name, "a link to nothing", "following")


def check_restored_beside(lab: Lab, ground: Ground, yard: Yard, twin: str = "") -> None:
    """A store that is a link: the copy takes the link's place, and what it led to stays as it is."""
    copy_store(ground.base, yard.mine / "copy.sqlite")
    theirs = copy_store(ground.base, yard.outside / "theirs.sqlite")
    place = yard.linked(theirs)
    before = contents(yard.outside)
    line = words(("--store", "PLACE", "store", "restore", "COPY", "--yes"), yard, ground, place)

    run = lab.run(*line, twin=twin)

    assert contents(yard.outside) == before, "something outside was touched"
    assert run.code == 0, run.err
    assert not place.is_symlink()
    assert dump(place, ["about", "command"]) == dump(ground.base, ["about", "command"])


def test_a_restore_takes_the_place_of_a_link_and_leaves_what_it_led_to(
    lab: Lab, ground: Ground, yard: Yard
) -> None:
    check_restored_beside(lab, ground, yard)


def test_a_restore_that_writes_through_a_link_is_caught(lab: Lab, ground: Ground, yard: Yard) -> None:
    with pytest.raises(AssertionError, match="something outside was touched"):
        check_restored_beside(lab, ground, yard, "following")


# -- files that a command writes for others ------------------------------------------------------

PURCHASES = (
    "email,date,amount,currency\nana@blue.example.com,2025-11-02,90,EUR\neva@example.com,someday,1,EUR\n"
)
REPLIES = "email,q1,date\nana@blue.example.com,Too dear,2026-11-20\neva@example.com,x,2026-11-20\n"
OUTPUTS: dict[str, tuple[str, ...]] = {
    "report": ("report", "--html"),
    "learned, a page": ("report", "learned", "--html"),
    "learned, Markdown": ("report", "learned", "--md"),
    "a new survey, rows": ("survey", "new", "more", "--status", "none", "--cooldown", "0", "--csv"),
    "a new survey, forms": ("survey", "new", "more", "--status", "none", "--cooldown", "0", "--form"),
    "a survey, rows": ("survey", "form", "autumn", "--csv"),
    "a survey, forms": ("survey", "form", "autumn", "--form"),
    "answers": ("survey", "import", "REPLIES", "--survey", "autumn", "--rejects"),
    "purchases": ("import", "--purchases", "PURCHASES", "--rejects"),
    "what is held": ("subject", "1", "--html"),
    "a certificate": ("erase", "1", "--yes", "--certificate"),
    "the plan, Markdown": ("trust", "plan", "--md"),
    "the plan, a page": ("trust", "plan", "--html"),
    "the plan, rows": ("trust", "plan", "--csv"),
    "an export": ("export", "customers"),
    "dues": ("agenda", "--ics"),
}
AWRY: dict[str, Callable[[Yard], Path]] = {
    "too long a name": lambda yard: yard.mine / ("n" * 300),
    "below too long a name": lambda yard: yard.mine / ("n" * 300) / "place",
    "in no folder": lambda yard: yard.mine / "nowhere" / "place",
    "a file": lambda yard: yard.outside / "taken",
    "a folder": lambda yard: yard.outside,
}


def line_of(name: str, folder: Path) -> list[object]:
    """The words of a command before the place that it writes to, with what it reads in a folder."""
    meant = {"REPLIES": folder / "replies.csv", "PURCHASES": folder / "purchases.csv"}
    meant["REPLIES"].write_text(REPLIES, "utf-8")
    meant["PURCHASES"].write_text(PURCHASES, "utf-8")
    return [meant.get(word, word) for word in OUTPUTS[name]]


def check_left_as_it_is(name: str, wide: Runner, yard: Yard, store: Path, folder: Path) -> None:
    """Every place that leads elsewhere, or is taken, is refused before anything is done."""
    line, before, was = line_of(name, folder), contents(yard.outside), store.read_bytes()
    for kind, made in (PLACES | AWRY).items():
        ran = wide(*line, made(yard))
        assert contents(yard.outside) == before, f"{kind}: something outside was touched"
        assert ran.code in REFUSED, f"{kind}: {ran.err}"
        assert (ran.out, "inside winback" in ran.err) == ("", False), kind
        assert store.read_bytes() == was, f"{kind}: it was done all the same"
        for left in yard.mine.iterdir():
            assert left.is_symlink(), f"{kind}: something was left behind"
            left.unlink()


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_file_for_others_is_never_written_elsewhere_nor_over_anything_and_nothing_is_done_then(
    name: str, wide: Runner, yard: Yard, store_path: Path, tmp_path: Path
) -> None:
    check_left_as_it_is(name, wide, yard, store_path, tmp_path)


def test_a_program_that_looks_at_the_place_only_when_it_writes_is_caught(
    wide: Runner, yard: Yard, store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback_cli.cli.forgetting.refuse_taken", lambda *_: None)

    with pytest.raises(AssertionError, match="a link to nothing"):
        check_left_as_it_is("a certificate", wide, yard, store_path, tmp_path)


@pytest.mark.parametrize("umask", [0o000, 0o022], ids=["umask 0", "umask 022"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_file_for_others_is_its_owners_alone(
    name: str, umask: int, wide: Runner, yard: Yard, tmp_path: Path
) -> None:
    line, old = line_of(name, tmp_path), os.umask(umask)
    try:
        ran = wide(*line, yard.mine / "place")
    finally:
        os.umask(old)

    assert ran.code in (0, 4), ran.err
    assert [(one.name, one.stat().st_mode & 0o777) for one in yard.mine.iterdir()] == [("place", 0o600)]
