"""Phone numbers as lists hold them, read by the rules of their country: E.164, or kept as given.

Two ways lead to one verdict. The patterns of `phonenumbers`' own metadata, compiled once a country, answer
the ordinary number; whatever they do not match whole goes to the library itself, whose word is final.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from winback_cli import text

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata

FEWEST, MOST = 6, 15  # digits of a number whose country nobody knows (E.164 has at most 15)
REMEMBERED = 20_000  # verdicts of the library that are kept
PRACTICE = 40  # numbers of a country that go to the library before its patterns are worth compiling
KEYS = 2_000  # countries and calling codes that are counted, the made-up ones among them
LONGEST = 100  # characters; what is longer is no number, and costs the library time

_NO_SIGNS = str.maketrans("", "", " ()-./\u00a0\u202f")  # all of them punctuation to the library too
# Patterns are compiled when first used: most commands meet no phone.
_LOST = r"\d(?:[.,]\d+)?[eE]\+\d+"  # 4.92215E+11: a spreadsheet has dropped the digits
_FLOAT = r"(\+?\d{6,15})[.,]0"  # 492215550100.0: a spreadsheet made an amount of it
# What stands after the number: `(mobile)`, `work`. A word in capitals may be part of it: 1 800 FLOWERS.
_REMARK = r"(?<=\d)(?:\s*[(\[][^()\[\]\d+]*[)\]]|(?:[\s,]+(?=\w*[^\W\dA-Z_])[^\W\d_]{3,}[.,]?)+)$"
_BEFORE = r"^[^\d+\uff0b]+"  # Tel.: (
_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)

Quick = Callable[
    [str], str | None
]  # digits, perhaps after a trunk prefix -> E.164, or None: ask the library


class Phones:
    """Reads the numbers of one list; `country` is the ISO code where a row names none ("" = unknown)."""

    def __init__(self, country: str = "") -> None:
        self._country = country
        self._at_home: dict[str, Quick | None] = {}
        self._abroad: dict[str, Quick | None] = {}
        self._seen: dict[str, int] = {}
        self._asked: dict[tuple[str, str], tuple[str, str]] = {}

    def __call__(self, given: str, country: str = "") -> tuple[str, str]:
        """The number and its state.

        Valid for its country (the row's, else the list's, else the one that + or 00 names): E.164, with
        `;ext=12` where it has an extension, and unchecked. No country known: as given, unchecked with 6
        to 15 digits. Anything else: as given, invalid (C4). A code that is no country's counts as
        unknown, never as the list's. Never raises.
        """
        country = country or self._country
        bare = given.translate(_NO_SIGNS)
        try:
            quick = self._abroad[bare[1:3]] if bare[:1] == "+" else self._at_home[country]
        except KeyError:
            quick = self._practise(bare, country)
        found = quick(bare) if quick else None
        if found and given[-2:] != ".0":  # 2215550100.0 is for `_ask`: the last 0 is no digit of it
            return found, "unchecked"
        if not country and FEWEST <= len(bare) <= MOST and bare.isdecimal() and bare[:2] != "00":
            return text.line(given), "unchecked"
        return self._ask(given, country)

    def _practise(self, bare: str, country: str) -> Quick | None:
        """Count a number that has no patterns yet; compile them once they are worth it."""
        abroad = bare[:1] == "+"
        key = bare[:3] if abroad else country
        self._seen[key] = self._seen.get(key, 0) + 1
        if self._seen[key] >= PRACTICE:
            place, of = (self._abroad, _codes) if abroad else (self._at_home, _national)
            place[key[1:] if abroad else key] = of(key[1:] if abroad else key.upper())
        if len(self._seen) + len(self._at_home) > KEYS:  # a column of anything but countries
            self._seen.clear()
            self._at_home.clear()
        return None

    def _ask(self, given: str, country: str) -> tuple[str, str]:
        key = (given, country)
        if key not in self._asked:
            if len(self._asked) >= REMEMBERED:
                self._asked.clear()
            self._asked[key] = _verdict(given, country)
        return self._asked[key]


def _verdict(given: str, country: str) -> tuple[str, str]:
    number = _tidied(given)
    if len(number) > LONGEST or re.search(_LOST, number):
        return number, "invalid"
    country = country.upper() if _known(country.upper()) else ""
    whole = re.fullmatch(_FLOAT, number)
    plain = re.sub(_BEFORE, "", re.sub(_REMARK, "", whole[1] if whole else number))
    international = plain[:1] in ("+", "\uff0b")
    found = _e164(plain, country) if country or international else ""
    if not found and plain.startswith("00"):  # also where one dials 011: no number of a country begins so
        international = True
        found = _e164("+" + plain[2:], "")
    if found:
        return found, "unchecked"
    fits = FEWEST <= len(digits(number)) <= MOST
    return number, "unchecked" if fits and not country and not international else "invalid"


def _tidied(given: str) -> str:
    number = text.line(given)
    if number[:4].lower() == "tel:":
        number = number[4:].strip()
    return number[1:] if re.match(r"['\u2019\u00b4`][+\d(]", number) else number


def _known(country: str) -> bool:
    if not country:
        return False
    from phonenumbers import SUPPORTED_REGIONS

    return country in SUPPORTED_REGIONS


def _e164(number: str, country: str) -> str:
    """The library's verdict: E.164 with the extension, or "" where the number is not valid."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    plain = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={parsed.extension}" if parsed.extension else plain


def digits(number: str) -> str:
    """The digits by which a number is compared: no extension of ours, and no 00 before the country."""
    number = number.partition(";ext=")[0]
    if number.isascii():
        found = number[1:] if number[:1] == "+" else number
        if not found.isdecimal():
            found = re.sub(r"\D", "", found)
    else:
        import unicodedata

        found = re.sub(r"\D", "", unicodedata.normalize("NFKC", number))
    return found[2:] if found.startswith("00") else found


# -- patterns out of the metadata ------------------------------------------------------------


@cache
def _codes(start: str) -> Quick | None:
    """What reads `+` and a calling code that begins with these two digits; None where there is none."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as regions
    from phonenumbers import PhoneMetadata

    readers = []
    for code in regions:
        fits = str(code).startswith(start) or start.startswith(str(code))
        meta = PhoneMetadata.metadata_for_region(regions[code][0], None) if fits else None
        if meta is not None:
            readers.append((f"+{code}", _reader(meta, f"+{code}", _valid(code), ahead="")))
    if len(readers) == 1:
        prefix, reader = readers[0]
        cut = len(prefix)
        return lambda bare: reader(bare[cut:]) if bare.startswith(prefix) else None
    by_code = {prefix: reader for prefix, reader in readers if len(prefix) == 4}

    def several(bare: str) -> str | None:
        reader = by_code.get(bare[:4])
        return reader(bare[4:]) if reader else None

    return several if by_code else None


@cache
def _national(country: str) -> Quick | None:
    """What reads the national numbers of a country, and those it dials with 00."""
    if not _known(country):
        return None
    from phonenumbers import PhoneMetadata

    meta = PhoneMetadata.metadata_for_region(country, None)
    if meta is None or meta.country_code is None:
        return None
    code, trunk, dialled = str(meta.country_code), meta.national_prefix, meta.international_prefix
    ahead = f"(?!{dialled})" if dialled else ""
    if trunk and trunk != code:
        ahead += f"(?!(?={code}){trunk})"  # perhaps the calling code without its +
    at_home = _reader(meta, f"+{code}", _valid(meta.country_code), ahead)
    if dialled != "00":
        return at_home

    def either(bare: str) -> str | None:
        if not bare.startswith("00"):
            return at_home(bare)
        abroad = _codes(bare[2:4])
        return abroad("+" + bare[2:]) if abroad else None

    return either


def _reader(meta: "PhoneMetadata", prefix: str, valid: str, ahead: str) -> Quick:
    """E.164 of national digits, with or without the trunk prefix, where `meta` makes that plain."""
    trunk = meta.national_prefix or ""
    parsing = meta.national_prefix_for_parsing or ""
    general = _desc(meta.general_desc)
    plain = not meta.national_prefix_transform_rule and (
        parsing == trunk or parsing.startswith(f"{trunk}|")
    )
    if not parsing:
        lead, plain = "()", True
    elif plain:
        lead = rf"({trunk}|(?!{parsing}))"
    else:
        lead = rf"({trunk}|)" if trunk else "()"
    whole = re.compile(rf"{ahead}{lead}(?P<n>(?={general}\Z)(?:{valid}))").fullmatch
    if plain:
        return lambda rest: prefix + found["n"] if (found := whole(rest)) else None
    prefix_of = re.compile(parsing).match

    def careful(rest: str) -> str | None:
        """As above, where the trunk prefix has forms that change the number: those are the library's."""
        if not (found := whole(rest)):
            return None
        stripped = prefix_of(rest)
        length = stripped.end() if stripped else 0
        changed = stripped and stripped.groups() and stripped.groups()[-1] is not None
        return None if changed or length != found.start("n") else prefix + found["n"]

    return careful


@cache
def _valid(code: int) -> str:
    """The pattern of a valid number under a calling code, its countries asked in the library's order."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    found, taken = [], ""
    for region in COUNTRY_CODE_TO_REGION_CODE[code]:
        meta = PhoneMetadata.metadata_for_region(region, None)
        if meta is None:
            continue
        lead = f"(?={meta.leading_digits})" if meta.leading_digits else ""
        kinds = [_desc(desc) for name in _TYPES if (desc := getattr(meta, name))]
        either = "|".join(dict.fromkeys(kind for kind in kinds if kind))
        found.append(f"{taken}{lead}(?={_desc(meta.general_desc)}\\Z)(?:{either})")
        # A country that claims the leading digits decides alone, for better or worse.
        taken += f"(?!{meta.leading_digits})" if meta.leading_digits else ""
    return "|".join(found)


def _desc(desc: Any) -> str:
    """A description of the metadata as one pattern, its possible lengths included; "" for none."""
    pattern = desc.national_number_pattern if desc else None
    if not pattern:
        return ""
    lengths = sorted(n for n in desc.possible_length if n > 0)
    if lengths and lengths[-1] - lengths[0] == len(lengths) - 1:
        return rf"(?=\d{{{lengths[0]},{lengths[-1]}}}\Z)(?:{pattern})"
    either = "|".join(rf"\d{{{n}}}" for n in lengths)
    return rf"(?=(?:{either})\Z)(?:{pattern})" if either else f"(?:{pattern})"
