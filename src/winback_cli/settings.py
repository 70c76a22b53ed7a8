"""The user's settings and every path: TOML, `WINBACK_*` variables, and what the platform says.

The sole reader of the environment. A variable or a key that is misspelt is an error, never ignored.
"""

import os
import re
import tomllib
from collections.abc import Callable
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
    country: str = ""
    contact_hours: str = "9:00-18:00"
    owners: tuple[str, ...] = ()
    backup: bool = True
    backups_kept: int = 7
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


def _text(given: Any) -> str | None:
    return text.line(given) if isinstance(given, str) and text.line(given) else None


def _number(least: int, most: int) -> Callable[[Any], int | None]:
    return lambda given: given if type(given) is int and least <= given <= most else None


def _currency(given: Any) -> str | None:
    return given if isinstance(given, str) and money.is_currency(given) else None


def _weekend(given: Any) -> tuple[str, ...] | None:
    days = given if isinstance(given, list) and all(isinstance(day, str) for day in given) else [""]
    return tuple(days) if set(days) < set(dates.WEEKDAYS) else None


def _country(given: Any) -> str | None:
    return given if isinstance(given, str) and re.fullmatch("[A-Z]{2}", given) else None


def _hours(given: Any) -> str | None:
    """`9:00-18:00`, the first before the second."""
    told = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)", str(given))
    if not told or not isinstance(given, str):
        return None
    begin, end = (int(told[1]), int(told[2])), (int(told[3]), int(told[4]))
    return given if begin < end else None


def _owners(given: Any) -> tuple[str, ...] | None:
    names = [_text(name) for name in given] if isinstance(given, list) else [None]
    return tuple(name for name in names if name) if None not in names else None


def _yes(given: Any) -> bool | None:
    return given if isinstance(given, bool) else None


# Every setting: what it is, and how its value is read; None where that is no value of it.
KEYS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("your name, which signs what you write (text)", _text),
    "currency": ("the currency of amounts that name none (three letters)", _currency),
    "lapsed_months": (
        "months without a purchase after which a customer counts as lapsed (1 to 120)",
        _number(1, 120),
    ),
    "weekend": ("the days that are no business days (a list of weekday names)", _weekend),
    "playbook": (
        "the playbook of new cases; while it is not set, a walk suggests one (a playbook's name)",
        _text,
    ),
    "country": ("where your customers are unless their row says so (two letters, such as DE)", _country),
    "contact_hours": ("when you call; brief warns outside them (such as 9:00-18:00)", _hours),
    "owners": ("who customers can belong to; other names are refused (a list of names)", _owners),
    "backup": ("copy the store before the first write of a day (true or false)", _yes),
    "backups_kept": ("how many of those copies are kept (1 to 365)", _number(1, 365)),
}
DOCS = {key: doc for key, (doc, _) in KEYS.items()}
LARGEST = 100_000  # bytes of a settings file


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
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise BadInput(
                f"The settings {path} are too large.", f"They may have at most {LARGEST:,} bytes."
            )
        tree = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"The settings {path} cannot be read.", "Mend or remove the file.") from None
    except tomllib.TOMLDecodeError as bad:
        raise BadInput(f"{path}: {bad}.", "Mend the line; winback config path shows the file.") from None
    except RecursionError:
        raise BadInput(f"{path} is nested too deeply.", "Mend or remove the file.") from None
    wrong = [problem for key, value in tree.items() if (problem := _problem(key, value))]
    if wrong:
        raise BadInput("\n".join(f"{path}: {problem}" for problem in wrong), "Mend the file and try again.")
    return {key: KEYS[key][1](value) for key, value in tree.items()}


def _problem(key: str, value: Any) -> str:
    """What is wrong with one line of the settings; empty where it is right."""
    if key not in KEYS:
        near = text.nearest(key, list(KEYS))
        hint = f"Did you mean {near}?" if near else f"Known are {', '.join(KEYS)}."
        return f"{text.shorten(key, 40)!r} is not known. {hint}"
    doc, read = KEYS[key]
    return "" if read(value) is not None else f"{key} should be {doc}."


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
