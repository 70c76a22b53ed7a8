"""Money: whole minor units and an ISO 4217 code. Two currencies are never added up.

A column of amounts is read in three steps: `signs`, what its values say of their decimal sign (the
findings of its parts are united); `decimal`, the one sign of them all; `amount_reader`, each value.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

# Currencies whose minor unit is not a hundredth (ISO 4217).
_DIGITS = dict.fromkeys(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
# Signs and the currencies they stand for: the list's own where it is one of them, else the first.
_SIGNS = {
    "€": ("EUR",),
    "£": ("GBP", "EGP", "GIP", "FKP", "SHP", "LBP", "SYP", "SSP", "SDG"),
    "$": (
        *("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "DOP"),
        *("BSD", "BBD", "BZD", "BMD", "BND", "FJD", "GYD", "JMD", "KYD", "LRD", "NAD", "SBD", "SRD"),
        *("TTD", "XCD"),
    ),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",),
    "₽": ("RUB",),
    "₩": ("KRW",),
    "₺": ("TRY",),
    "₴": ("UAH",),
    "₪": ("ILS",),
    "₫": ("VND",),
    "₱": ("PHP",),
    "us$": ("USD",),
    "ca$": ("CAD",),
    "c$": ("CAD",),
    "a$": ("AUD",),
    "au$": ("AUD",),
    "nz$": ("NZD",),
    "hk$": ("HKD",),
    "s$": ("SGD",),
    "mx$": ("MXN",),
    "r$": ("BRL",),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "fr": ("CHF", "XOF", "XAF", "XPF"),
    "sfr": ("CHF",),
    "rs": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "kr": ("", "SEK", "NOK", "DKK", "ISK"),  # no telling which
}
# Patterns are compiled when first used: most commands read no amount.
_SIGN = r"(?i)(?<![a-z])[a-z]{1,2}\$|[€£$¥₹₽₩₺₴₪₫₱]|(?<!\w)(?:zł|kč|s?fr|rs|kr)(?![^\W\d])\.?"
_CODE = r"(?<![A-Za-z])([A-Za-z]{3})(?![A-Za-z])"
_POWERS = (1, 10, 100, 1000)
_LIMIT = 10**15  # far above any customer's revenue, far below SQLite's integers
# 1200, 1.200, 1 200 000, and as India groups them 12,34,567
_GROUPED = re.compile(r"\d+|\d{1,3}([., '])\d{3}(\1\d{3})*|\d{1,2}(,\d{2})+,\d{3}", re.ASCII)
_NUMBER = r"(?a)(?<![A-Za-z])[.,]?\d(?:[\d.,' ]*\d)?"  # no dot of `Fr. 5`
_NO_CENTS = r"(?<=\d)([.,])[-\u2013\u2014]{1,2}$"  # 1200.- as Swiss price tags have it
_LOOKS = "an amount looks like 1200 or 1200.50"


class Money(NamedTuple):
    """`amount` in minor units (cents), `currency` as its ISO code."""

    amount: int
    currency: str

    def words(self) -> str:
        """`EUR 1,200` or `EUR 1,200.50`."""
        digits = _DIGITS.get(self.currency, 2)
        whole, rest = divmod(abs(self.amount), 10**digits)
        sign = "-" if self.amount < 0 else ""
        return f"{self.currency} {sign}{whole:,}" + (f".{rest:0{digits}}" if rest else "")


def minor_units(code: str) -> int:
    """How many of its minor units make one of a currency: 100 cents, 1 yen."""
    return int(10 ** _DIGITS.get(code, 2))


def is_currency(code: str) -> bool:
    """Whether it has the shape of an ISO 4217 code."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def signs(values: Iterable[str]) -> frozenset[str]:
    """What amounts say of their decimal sign: some of `.`, `,` and `either`; nothing where none has one.

    The last sign of a value that is not followed by exactly three digits is a decimal sign; where
    both signs occur in one value, the later one is. `either` is a lone sign before three digits
    (`1.234`) that could part thousands. What is no amount, such as a date, says nothing.
    """
    seen: set[str] = set()
    for value in values:
        if value.isdecimal():
            continue
        sign, whole = value[-3:-2], value[:-3]
        hundredths = sign in seen and value[-2:].isdecimal() and sign not in whole
        if hundredths and (whole.isdecimal() or _GROUPED.fullmatch(whole)):
            continue
        if says := _sign_of(_bare(value, "")[0]):
            seen.add(says)
    return frozenset(seen)


def _sign_of(bare: str) -> str:
    if dashed := re.search(_NO_CENTS, bare):
        return dashed[1]
    found = re.search(_NUMBER, bare)
    number = re.sub("[' ]", "", found[0]) if found else ""
    marks = [ch for ch in number if ch in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1] if _GROUPED.fullmatch(number.rpartition(marks[-1])[0]) else ""
    if len(marks) > 1:
        other = "," if marks[0] == "." else "."
        return other if _GROUPED.fullmatch(number) else ""
    whole, _, rest = number.partition(marks[0])
    grouped = len(rest) == 3 and 1 <= len(whole) <= 3 and whole != "0"
    return "either" if grouped else marks[0]


def decimal(seen: frozenset[str], said: str = "", currency: str = "") -> str:
    """The one decimal sign of a column by what `signs` saw; `said` (`.` or `,`) overrules it.

    "" where each amount says it itself: in a `currency` without or with three digits, 1.234 is no
    riddle. Raises ValueError where amounts contradict each other or leave it open.
    """
    if said:
        if said not in (".", ","):
            raise ValueError("a decimal sign is . or ,")
        return said
    if {".", ","} <= seen:
        raise ValueError("amounts written in two ways, such as 1,234.50 and 1.234,50")
    if seen == {"either"}:
        if _DIGITS.get(currency, 2) != 2:
            return ""
        raise ValueError("amounts that read two ways, such as 1.234")
    return "," if "," in seen else "."


def convention(values: list[str]) -> str:
    """`.` or `,`: the decimal sign of a whole column of amounts; raises ValueError as `decimal` does."""
    return decimal(signs(values))


def amount_reader(decimal: str) -> Callable[[str, str], Money]:
    """What reads the amounts of a column, each with its currency; the verdicts are `parse_money`'s."""
    if not decimal:
        return parse_money
    group = "," if decimal == "." else "."
    plain = re.compile(
        rf"([€£$]?) ?(\d+|\d{{1,3}}(?:[{group}]\d{{3}})+)(?:[{decimal}](\d+))? ?([€£$]?)", re.ASCII
    ).fullmatch
    units: dict[str, int] = {}

    def read(cell: str, currency: str) -> Money:
        whole, _, rest = cell.partition(decimal)
        named = currency
        if not (whole.isdecimal() and (rest.isdecimal() or not rest) and cell.isascii()):
            if not (found := plain(cell)) or (found[1] and found[4]):
                return parse_money(cell, currency, decimal)
            whole, rest = found[2].replace(group, ""), found[3] or ""
            if sign := found[1] or found[4]:
                codes = _SIGNS[sign]
                named = currency if currency in codes else codes[0]
        digits = units.get(named)
        if digits is None and is_currency(named) and len(units) < 300:
            digits = units[named] = _DIGITS.get(named, 2)
        if digits is None or len(rest) > digits or len(whole) > 12:
            return parse_money(cell, currency, decimal)
        return Money(int(whole + rest) * _POWERS[digits - len(rest)], named)

    return read


def parse_money(text: str, currency: str, decimal: str = "") -> Money:
    """Read `1200`, `1,200.50`, `€ 1.200,50`, `GBP 300`; `currency` is used where none is named.

    Below nothing: `-5`, `5-` and `(5)`. A sign that several currencies share ($) means `currency` if
    that is one of them. `decimal` fixes the decimal sign; without it the text decides. Raises ValueError.
    """
    bare, currency = _bare(text, currency)
    number, below = _unsigned(bare)
    point = decimal or _point(bare, currency)
    whole, _, rest = number.partition(point) if number.count(point) == 1 else (number, "", "")
    if rest and not whole:
        whole = "0"
    if not _GROUPED.fullmatch(whole) or not (rest == "" or (rest.isdecimal() and rest.isascii())):
        raise ValueError(_LOOKS)
    if not is_currency(currency):
        raise ValueError("a currency is three letters, such as EUR")
    digits = _DIGITS.get(currency, 2)
    if rest[digits:].strip("0"):
        raise ValueError(f"{currency} has no smaller unit than that")
    minor = (re.sub(r"\D", "", whole) + rest[:digits].ljust(digits, "0")).lstrip("0") or "0"
    if len(minor) > len(str(_LIMIT)) or int(minor) > _LIMIT:
        raise ValueError("that amount is too large to be true")
    return Money(-int(minor) if below else int(minor), currency)


def _bare(text: str, currency: str) -> tuple[str, str]:
    """An amount without its currency, on single spaces; and the currency it names, or the given one."""
    raw = " ".join(text.split()).replace("\u2019", "'").replace("\u2212", "-").lstrip("'")
    for sign in re.findall(_SIGN, raw):
        codes = _SIGNS.get(sign.lower().rstrip("."), ("",))
        currency = currency if currency in codes else codes[0]
    raw = re.sub(_SIGN, " ", raw)
    if named := re.search(_CODE, raw):
        currency, raw = named[1].upper(), raw.replace(named[1], " ")
    return " ".join(raw.split()), currency


def _unsigned(bare: str) -> tuple[str, bool]:
    """A bare amount without minus, brackets or the dash for no cents; and whether it is negative."""
    bare = re.sub(_NO_CENTS, "", bare)
    if bare[:1] == "(" and bare[-1:] == ")":
        return bare[1:-1].strip(), True
    if bare[:1] == "-":
        return bare[1:].lstrip(), True
    if bare[-1:] == "-" and bare[-2:-1] != "-":
        return bare[:-1].rstrip(), True
    return bare.removeprefix("+"), False


def _point(raw: str, currency: str) -> str:
    """The decimal sign of a single amount; a currency of no or of three digits settles `1.234`."""
    says = _sign_of(raw)
    if says != "either":
        return says or "."
    sign = next(ch for ch in raw if ch in ".,")
    digits = _DIGITS.get(currency, 2)
    if digits == 2:
        raise ValueError("an amount that reads two ways; write 1200 or 1200.00")
    return sign if digits == 3 else "," if sign == "." else "."
