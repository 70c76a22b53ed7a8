"""Money: whole minor units and an ISO 4217 code. Two currencies are never added up."""

import re
from decimal import Decimal, InvalidOperation
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
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
_LIMIT = 10**15  # far above any customer's revenue, far below SQLite's integers
_GROUPED = re.compile(r"-?(\d+|\d{1,3}([., '])\d{3}(\2\d{3})*)", re.ASCII)  # 1200, 1.200, 1 200 000


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


def is_currency(code: str) -> bool:
    """Whether it has the shape of an ISO 4217 code."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def convention(values: list[str]) -> str:
    """`.` or `,`: the decimal sign of a whole column of amounts, decided from all its values.

    The last sign of a value that is not followed by exactly three digits is a decimal sign; where
    both signs occur in one value, the later one is. Raises ValueError where values contradict each
    other or where only groups of three are seen (`1.234`), which could be either.
    """
    seen: set[str] = set()
    unsure = False
    for value in values:
        digits = re.sub(r"[^\d.,]", "", value)
        marks = [ch for ch in digits if ch in ".,"]
        if not marks:
            continue
        if len(set(marks)) == 2:
            seen.add(marks[-1])
        elif len(marks) > 1:
            seen.add("," if marks[0] == "." else ".")
        elif len(digits) - digits.rindex(marks[0]) - 1 != 3:
            seen.add(marks[0])
        else:
            unsure = True
    if len(seen) > 1 or (unsure and not seen):
        raise ValueError("amounts that read two ways")
    return seen.pop() if seen else "."


def _point(raw: str, currency: str) -> str:
    """The decimal sign of a single amount; a currency of no or of three digits settles `1.234`."""
    try:
        return convention([raw])
    except ValueError:
        sign = next(ch for ch in raw if ch in ".,")
        other = "," if sign == "." else "."
        digits = _DIGITS.get(currency, 2)
        if digits == 2:
            raise ValueError("an amount that reads two ways; write 1200 or 1200.00") from None
        return sign if digits == 3 else other


def parse_money(text: str, currency: str, decimal: str = "") -> Money:
    """Read `1200`, `1,200.50`, `€ 1.200,50`, `GBP 300`; `currency` is used where none is named.

    `decimal` fixes the decimal sign; without it the text decides. Raises ValueError.
    """
    raw = text.strip()
    for sign, code in _SIGNS.items():
        if sign in raw:
            currency, raw = code, raw.replace(sign, "")
    named = re.search(r"(?<![A-Za-z])([A-Za-z]{3})(?![A-Za-z])", raw)
    if named:
        currency, raw = named[1].upper(), raw.replace(named[1], "")
    raw = re.sub(r"[\s\u00a0\u202f]+", " ", raw).strip().replace("\u2019", "'")
    point = decimal or _point(raw, currency)
    whole, _, rest = raw.partition(point) if raw.count(point) == 1 else (raw, "", "")
    if not _GROUPED.fullmatch(whole) or not (rest == "" or (rest.isdecimal() and rest.isascii())):
        raise ValueError("an amount looks like 1200 or 1200.50")
    raw = re.sub(r"[^\d-]", "", whole) + (f".{rest}" if rest else "")
    if not is_currency(currency):
        raise ValueError("a currency is three letters, such as EUR")
    try:
        minor = Decimal(raw).scaleb(_DIGITS.get(currency, 2))
    except InvalidOperation:
        raise ValueError("an amount looks like 1200 or 1200.50") from None
    if minor != minor.to_integral_value():
        raise ValueError(f"{currency} has no smaller unit than that")
    if abs(minor) > _LIMIT:
        raise ValueError("that amount is too large to be true")
    return Money(int(minor), currency)
