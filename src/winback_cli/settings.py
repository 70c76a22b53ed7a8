"""The user's settings and every path: TOML, `WINBACK_*` variables, and what the platform says.

The sole reader of the environment. A variable or a key that is misspelt is an error, never ignored.
A setting is one field of `Settings`: its default, what it is in words, and what a value must be.
"""

import contextlib
import os
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any

from winback_cli import dates, text
from winback_cli import settingschecks as checks
from winback_cli.errors import BadInput, NotPermitted, UsageError, WinbackError

VARIABLES = {
    "WINBACK_HOME": "the folder of the store, the settings and your own playbooks",
    "WINBACK_STORE": "the store's file",
    "WINBACK_SMTP_PASSWORD": "the password of the mail server",
}
LONGEST = 100_000  # bytes of a settings file; a full one has about 1,000


def _key(default: Any, doc: str, check: Callable[[Any], Any]) -> Any:
    """A setting: what holds without one, what it is and may be, and how a value is read."""
    return field(default=default, metadata={"doc": doc, "check": check})


@dataclass(frozen=True)
class Settings:
    """What a user may set in settings.toml, and where everything lies.

    `origins` says for each key where its value comes from: the default, the file or a variable.
    """

    name: str = _key("", "your name, which signs what you write (text)", checks.words)
    firm: str = _key(
        "", "your firm's name, which stands below your messages (text)", checks.maybe(checks.words)
    )
    currency: str = _key("EUR", "the currency of amounts that name none (three letters)", checks.currency)
    country: str = _key(
        "",
        'the country of phone numbers without a code, but of no customer ("DE", or "")',
        checks.country,
    )
    lapsed_months: int = _key(
        6,
        "months without a purchase after which a customer counts as lapsed (1 to 120)",
        checks.whole(1, 120),
    )
    stale_months: int = _key(
        24,
        "months without a purchase after which a contact point nobody checked is stale (1 to 240)",
        checks.whole(1, 240),
    )
    return_rate: int = _key(
        5,
        "how many of 100 lapsed customers come back within a year, an assumption until own cases are"
        " closed (1 to 60)",
        checks.whole(1, 60),
    )
    margin: int = _key(
        30, "how much of 100 of revenue is margin, an assumption (1 to 100)", checks.whole(1, 100)
    )
    horizon_months: int = _key(
        12, "months within which a return counts, for the chance of one (1 to 60)", checks.whole(1, 60)
    )
    contact_cost: int = _key(
        5,
        "what one contact costs you, in whole units of your currency: an assumption (0 to 100000)",
        checks.whole(0, 100_000),
    )
    acquisition_cost: int = _key(
        0,
        "what it costs you to win one new customer, in whole units of your currency; 0 while nobody knows"
        " (0 to 100000000)",
        checks.whole(0, 100_000_000),
    )
    rates: tuple[tuple[str, float], ...] = _key(
        (),
        "what one unit of another currency is worth in yours; without it the two are never added up"
        " (a table as in {USD = 0.9})",
        checks.rates,
    )
    weekend: tuple[str, ...] = _key(
        ("saturday", "sunday"),
        "the days that are no business days (a list of weekday names)",
        checks.weekend,
    )
    contact_hours: tuple[time, time] = _key(
        (time(9), time(18)),
        'the time of day in which customers are called (text as in "9:00-18:00")',
        checks.hours,
    )
    holidays: tuple[str, ...] = _key(
        (),
        'days off beside the weekend (a list of "2026-12-24", and one region such as "DE-BY")',
        dates.holidays_named,
    )
    time_zone: str = _key(
        "",
        'your zone, for customers of no known country ("Europe/Lisbon", or "" for the machine\'s)',
        checks.zone,
    )
    owners: tuple[str, ...] = _key(
        (), "who may look after customers; with none, anybody (a list of different names)", checks.names
    )
    playbook: str = _key(
        "standard",
        "the playbook of new cases; while it is not set, a walk suggests one (a playbook's name)",
        checks.words,
    )
    backup: bool = _key(True, "a backup before the first change of a day (true or false)", checks.yes_or_no)
    backups_kept: int = _key(7, "how many of those backups are kept (1 to 365)", checks.whole(1, 365))
    mail_from: str = _key(
        "", 'the address that your messages come from ("ana@example.com")', checks.maybe(checks.mailbox)
    )
    mail_name: str = _key(
        "", "the name beside that address; while it is not set, your name (text)", checks.words
    )
    mail_folder: str = _key(
        "outbox",
        "the folder of messages as .eml files, beside the store unless given in full (text)",
        checks.folder,
    )
    smtp_host: str = _key(
        "",
        'the mail server; with none, messages are written as .eml files ("smtp.example.com", or "")',
        checks.maybe(checks.host),
    )
    smtp_port: int = _key(
        0, "its port; with 0, 587 for starttls and 465 for tls (0 to 65535)", checks.whole(0, 65535)
    )
    smtp_security: str = _key(
        "starttls",
        'how the way there is encrypted ("starttls", "tls", or "none" to this machine only)',
        checks.security,
    )
    smtp_user: str = _key(
        "", 'your name at the mail server; the password is no setting ("ana")', checks.maybe(checks.words)
    )
    store: Path = Path()
    store_named: bool = False
    config: Path = Path()
    playbooks: Path = Path()
    mappings: Path = Path()
    origins: dict[str, str] = field(default_factory=dict)

    @property
    def playbook_chosen(self) -> bool:
        """Whether the settings name the firm's playbook, and not only the program."""
        return self.origins.get("playbook", "default") != "default"

    @property
    def weekend_days(self) -> dates.DaysOff:
        """The days off: the weekend as weekday numbers, Monday 0, and with them the holidays."""
        weekend = map(dates.WEEKDAYS.index, self.weekend)
        return dates.DaysOff(weekend, dates.holidays_from(self.holidays))

    @property
    def outbox(self) -> Path:
        """The folder into which messages are written as .eml files."""
        return self.store.parent / Path(self.mail_folder).expanduser()

    def smtp_password(self) -> str | None:
        """The password in WINBACK_SMTP_PASSWORD; read when asked for, so that no value ever holds it."""
        return os.environ.get("WINBACK_SMTP_PASSWORD") or None

    def written(self, key: str) -> Any:
        """The value of a key as a settings file, or JSON, writes it."""
        value = getattr(self, key)
        if key == "contact_hours":
            return "-".join(f"{at.hour}:{at.minute:02}" for at in value)
        if key == "rates":
            return dict(value)
        return list(value) if isinstance(value, tuple) else value


KEYS = {one.name: one.metadata for one in fields(Settings) if one.metadata}
DOCS: dict[str, str] = {name: key["doc"] for name, key in KEYS.items()}


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
    name = given.get("name") or _login()
    if "name" not in given:
        origins["name"] = "your login"
    origins["store"] = _origin(store, home)
    return Settings(
        **{"name": name, "mail_name": name, **given},
        store=Path(named).expanduser() if named else Path(user_data) / "store.sqlite",
        store_named=bool(named),
        config=config,
        playbooks=Path(user_config) / "playbooks",
        mappings=Path(user_config) / "mappings",
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
    """What the file sets, checked; nothing where there is none. Every mistake of it is told at once."""
    content = _content(path)
    try:
        tree = tomllib.loads(content)
    except RecursionError:
        raise BadInput(
            f"{path} is nested too deeply.", 'A setting is one line, as in name = "Ana".'
        ) from None
    except ValueError as bad:  # a number of thousands of digits is no TOMLDecodeError
        told = text.shorten(str(bad), 200).rstrip(".")
        raise BadInput(f"{path}: {told}.", "Mend the line and try again.") from None
    given, wrong = {}, []
    for key, value in tree.items():
        try:
            given[key] = KEYS[key]["check"](value)
        except BadInput as bad:
            wrong.append(f"{path}: {bad.message}")
        except (KeyError, ValueError, TypeError, AttributeError):
            wrong.append(f"{path}: {_told(key)}")
    if wrong:
        raise BadInput("\n".join(wrong), "Mend the file and try again.")
    return given


def _told(key: str) -> str:
    """What is wrong with a key, or with its value."""
    if key in DOCS:
        return f"{key} should be {DOCS[key]}."
    near = text.nearest(key, list(DOCS))
    known = f"did you mean {near}?" if near else f"known are {', '.join(DOCS)}."
    return f"{text.shorten(key, 40)!r} is not known; {known}"


def _content(path: Path) -> str:
    """The file's text, none where there is no file; raises BadInput or NotPermitted for what is none."""
    try:
        # A pipe that nobody writes to is at its end at once, instead of keeping us waiting for good.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise _unfit(path, "is not a file")
            raw = stream.read(LONGEST + 1)
    except OSError as problem:
        if isinstance(problem, FileNotFoundError) and not path.is_symlink():
            return ""
        raise _unread(path, problem) from None
    if len(raw) > LONGEST:
        raise _unfit(path, f"is larger than {LONGEST // 1000} kB, so no settings")
    with contextlib.suppress(UnicodeDecodeError):
        return raw.decode("utf-8-sig")
    raise _unfit(path, "is not UTF-8 text")


def _unread(path: Path, problem: OSError) -> WinbackError:
    if isinstance(problem, PermissionError):
        return NotPermitted(f"The settings {path} cannot be read.", "Ask whoever owns the file.")
    if isinstance(problem, IsADirectoryError):
        return _unfit(path, "is a folder, not a file")
    if isinstance(problem, FileNotFoundError):
        return _unfit(path, "is a link that leads nowhere")
    return _unfit(path, f"cannot be read: {problem.strerror}")


def _unfit(path: Path, what: str) -> BadInput:
    return BadInput(f"The settings {path}: it {what}.", "Mend or remove it; without it the defaults hold.")


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
