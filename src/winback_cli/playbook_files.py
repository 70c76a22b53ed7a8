"""Where the playbooks' files lie, by name. None is read here: a shell completes their names quickly."""

import re
from pathlib import Path

from winback_cli import text


def built_in() -> Path:
    """The folder of the built-in playbooks."""
    here = Path(__file__).parent
    source_tree = here.parents[1] / "playbooks"
    if (here.parents[1] / "pyproject.toml").is_file() and source_tree.is_dir():
        return source_tree
    return here / "playbooks"


def files(own: Path) -> dict[str, Path]:
    """Every playbook by its name: the built-in ones first, which no other may replace."""
    found = {path.stem: path for path in sorted(built_in().glob("*.yaml"), key=lambda path: path.stem)}
    if own.is_dir():
        for path in sorted(own.glob("*.yaml")):
            if is_name(path.stem) and path.is_file():
                found.setdefault(path.stem, path)
    return found


def is_name(said: str) -> bool:
    """Whether a playbook can be called so."""
    return re.fullmatch(text.NAME, said) is not None
