"""A store with a case under way, and every command that writes to it."""

from pathlib import Path
from typing import NamedTuple

from tests.faults.processes import copy_store

TODAY = ("--as-of", "2026-11-23")
COMMANDS: dict[str, tuple[object, ...]] = {
    "note": ("note", 1, "she asked for the bill again"),
    "touch": ("touch", 1, "--channel", "phone", "--disposition", "no answer"),
    "close": ("close", 1, "--outcome", "released", "--because", "far", "--override", "agreed"),
    "suppress": ("suppress", 1, "--reason", "asked to be left alone"),
    "add": ("add", "Eva Ried", "--email", "eva@example.com"),
    "edit": ("edit", 1, "--city", "York", "--email", "new@example.com"),
    "import": ("import", "LIST"),
    "move": ("playbook", "move", 1, "--to", "service-recovery", "--yes"),
    "undo": ("undo", 1),
    "snooze": ("snooze", 1, "--until", "+3d", "--because", "on holiday"),
}
ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "refused.yaml"


class Ground(NamedTuple):
    """A store with a case under way, and a list to bring in."""

    base: Path
    more: Path

    def line(self, name: str, store: Path) -> tuple[object, ...]:
        words = (self.more if word == "LIST" else word for word in COMMANDS[name])
        return ("--store", store, *TODAY, *words)

    def fresh(self, where: Path | None = None) -> Path:
        """A store to be hurt."""
        return copy_store(self.base, where or self.base.with_name("hurt.sqlite"))
