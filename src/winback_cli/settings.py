"""The user's settings and every path: TOML, `WINBACK_*` variables, and what the platform says.

The sole reader of the environment. A variable or a key that is misspelt is an error, never ignored.
"""

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from winback_cli import dates, money, text
from winback_cli.errors import BadInput, UsageError

VARIABLES = {
    "WINBACK_HOME": "the folder of the store, the settings and your own playbooks",
    "WINBACK_STORE": "the store's file",
}


@dataclass(frozen=True)
class Settings:
    """What a user may set in settings.toml, and where everything lies.

    `origins` says for each key where its value comes from: the default, the file or a variable.
    """

    name: str = ""
    currency: str = "EUR"
    lapsed_months: int = 6
    weekend: tuple[str, ...] = ("saturday", "sunday")
    playbook: str = "standard"
    store: Path = Path()
    store_named: bool = False
    config: Path = Path()
    playbooks: Path = Path()
    origins: dict[str, str] = field(default_factory=dict)

    @property
    def playbook_chosen(self) -> bool:
        """Whether the settings name the firm's playbook, and not only the program."""
        return self.origins.get("playbook", "default") != "default"

    @property
    def weekend_days(self) -> frozenset[int]:
        """The weekend as weekday numbers, Monday 0."""
        return frozenset(dates.WEEKDAYS.index(day) for day in self.weekend)


DOCS = {
    "name": "your name, which signs what you write (text)",
    "currency": "the currency of amounts that name none (three letters)",
    "lapsed_months": "months without a purchase after which a customer counts as lapsed (1 to 120)",
    "weekend": "the days that are no business days (a list of weekday names)",
    "playbook": "the firm's playbook for new cases; without it one is suggested (a playbook's name)",
}


def load(store: str | None = None) -> Settings:
    """The settings in force; `store` is what `--store` named.

    Raises BadInput for a settings file that cannot be used, UsageError for an unknown variable.
    """
    _check_variables()
    home, user_data, user_config = os.environ.get("WINBACK_HOME"), "", ""
    if home:
        user_data = user_config = str(Path(home).expanduser())
    else:
        from platformdirs import user_config_path, user_data_path

        user_data, user_config = str(user_data_path("winback")), str(user_config_path("winback"))
    config = Path(user_config) / "settings.toml"
    given = _read(config)
    named = store or os.environ.get("WINBACK_STORE")
    origins = {key: str(config) if key in given else "default" for key in DOCS}
    if "name" not in given:
        origins["name"] = "your login"
    origins["store"] = _origin(store, home)
    return Settings(
        **{"name": _login(), **given},
        store=Path(named).expanduser() if named else Path(user_data) / "store.sqlite",
        store_named=bool(named),
        config=config,
        playbooks=Path(user_config) / "playbooks",
        origins=origins,
    )


def _origin(store: str | None, home: str | None) -> str:
    if store:
        return "--store"
    if os.environ.get("WINBACK_STORE"):
        return "WINBACK_STORE"
    return "WINBACK_HOME" if home else "default"


def _check_variables() -> None:
    for variable in os.environ:
        ours = variable.startswith("WINBACK_") and not variable.startswith("WINBACK_TEST_")
        if ours and variable not in VARIABLES:
            near = text.nearest(variable, list(VARIABLES))
            known = f"Did you mean {near}?" if near else f"Known are {', '.join(VARIABLES)}."
            raise UsageError(f"The variable {variable} is not known.", known)


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"


def _read(path: Path) -> dict[str, Any]:
    try:
        content = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"The settings {path} cannot be read.", "Mend or remove the file.") from None
    try:
        tree = tomllib.loads(content)
    except tomllib.TOMLDecodeError as bad:
        raise BadInput(f"{path}: {bad}.", "Mend the line; winback config path shows the file.") from None
    return {key: _checked(path, key, value) for key, value in tree.items()}


def _checked(path: Path, key: str, value: Any) -> Any:
    if key not in DOCS:
        near = text.nearest(key, list(DOCS))
        hint = f"Did you mean {near}?" if near else f"Known are {', '.join(DOCS)}."
        raise BadInput(f"{path}: {text.shorten(key, 40)!r} is not known.", hint)
    right: object = value
    if key in ("name", "playbook"):
        right = text.line(value) if isinstance(value, str) else None
    elif key == "currency":
        right = value if isinstance(value, str) and money.is_currency(value) else None
    elif key == "lapsed_months":
        right = value if type(value) is int and 1 <= value <= 120 else None
    elif key == "weekend":
        days = value if isinstance(value, list) else [None]
        right = tuple(days) if set(days) < set(dates.WEEKDAYS) else None
    if right is None or right == "":
        raise BadInput(f"{path}: {key} should be {DOCS[key]}.", "Mend the line and try again.")
    return right


def clock(as_of: str | None) -> dates.Clock:
    """The clock of this run: the machine's, or the one set by `--as-of`."""
    from datetime import UTC, datetime

    if as_of is None:
        now = datetime.now(UTC)
        return dates.Clock(now, now.astimezone().date())
    try:
        return dates.clock_at(as_of)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{text.shorten(as_of, 30)!r} is no date for --as-of.", "Write it as 2026-03-01."
        ) from None


def editor() -> str | None:
    """The user's editor, as the platform's custom has it."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR")


def plain_output() -> bool:
    """Whether NO_COLOR asks for output without colour."""
    return bool(os.environ.get("NO_COLOR"))
