"""What the value of a setting may be: a check gives it as it is kept; whatever it raises, it is wrong."""

import contextlib
import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

from winback_cli import addresses, dates, money, text

_NAME = 100  # characters of a person's or a playbook's name
_COUNTRIES = (  # ISO 3166-1 alpha-2
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW "
)


def words(value: Any) -> str:
    """A line of text that is not empty."""
    line = text.line(value)
    if not 0 < len(line) <= _NAME:
        raise ValueError
    return line


def currency(value: Any) -> str:
    """A code such as EUR."""
    if not money.is_currency(value):
        raise ValueError
    return str(value)


def country(value: Any) -> str:
    """A code such as DE; none is one too."""
    if value != "" and not (len(value) == 2 and value.isalpha() and value in _COUNTRIES):
        raise ValueError
    return str(value)


def whole(least: int, most: int) -> Callable[[Any], int]:
    """A whole number within bounds."""

    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return check


def weekend(value: Any) -> tuple[str, ...]:
    """Some weekdays by name, not all of them."""
    if not isinstance(value, list) or not set(value) < set(dates.WEEKDAYS):
        raise ValueError
    return tuple(value)


def hours(value: Any) -> tuple[time, time]:
    """From when to when, as in 9:00-18:00."""
    found = re.fullmatch(r"(\d{1,2}):(\d\d) ?[-–] ?(\d{1,2}):(\d\d)", value.strip(), re.ASCII)
    if found is None:
        raise ValueError
    first, last = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if not first < last:
        raise ValueError
    return first, last


def zone(value: Any) -> str:
    """A time zone that this machine knows; none is one too."""
    if value != "":
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except OSError:  # a folder of zones, or a name that no file can have
            raise ValueError from None
    return str(value)


def names(value: Any) -> tuple[str, ...]:
    """Lines of text that differ."""
    if not isinstance(value, list):
        raise ValueError
    names = tuple(map(words, value))
    if len({text.fold(name) for name in names}) < len(names):
        raise ValueError
    return names


def maybe(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What the check lets pass, or nothing."""
    return lambda value: "" if value == "" else check(value)


def mailbox(value: Any) -> str:
    """An e-mail address."""
    if not addresses.is_email(value):
        raise ValueError
    return str(value)


def host(value: Any) -> str:
    """The name or the address of a machine."""
    name, ipv6 = r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*", r"[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*"
    if len(value) > 253 or not re.fullmatch(f"{name}|{ipv6}", value):
        raise ValueError
    return str(value)


def security(value: Any) -> str:
    """How a mail server is reached."""
    if value not in ("starttls", "tls", "none"):
        raise ValueError
    return str(value)


def folder(value: Any) -> str:
    """A folder by its path."""
    if not value or text.line(value) != value:
        raise ValueError
    with contextlib.suppress(RuntimeError):  # the home of nobody
        Path(value).expanduser()
        return str(value)
    raise ValueError


def yes_or_no(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError
    return value


def rates(value: Any) -> tuple[tuple[str, float], ...]:
    """By currency code, what one unit of it is worth in another; in the order given."""
    for code, rate in value.items():
        if not money.is_currency(code) or type(rate) not in (int, float) or not 1e-9 < rate < 1e9:
            raise ValueError
    return tuple(value.items())
