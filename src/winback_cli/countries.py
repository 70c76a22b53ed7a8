"""Countries as lists name them: `Deutschland`, `U.K.`, `USA`, `de` -> the ISO 3166 code of two letters.

The names lie in countries.txt, folded as `_key` folds them, and are read when the first name is asked for.
"""

from functools import cache, lru_cache

from winback_cli import text

_ALPHA2 = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW "
)
_CODES = frozenset(_ALPHA2.split())
# Left out of names: `Bosnia and Herzegovina`, `the Netherlands`, `Bosnien und Herzegowina`.
_LITTLE = {"and", "und", "et", "y", "e", "ed", "en", "the"}


def iso(given: str) -> str | None:
    """The country's code of two letters; None for what names none, or more than one (`Congo`)."""
    return given if given in _CODES else _named(given)


@lru_cache(4096)
def _named(given: str) -> str | None:
    if text.blank(given):
        return None
    key = _key(given)
    code = key.upper()
    return code if code in _CODES else _names().get(key)


def _key(name: str) -> str:
    """A name as letters alone: no case, accents, dots, spaces or little words."""
    plain = "".join(ch if ch.isalnum() else "" if ch in ".'\u2019" else " " for ch in text.fold(name[:200]))
    return "".join(word for word in plain.split() if word not in _LITTLE)


@cache
def _names() -> dict[str, str]:
    from importlib.resources import files

    lines = files("winback_cli").joinpath("countries.txt").read_text("utf-8").splitlines()
    rows = (line.split(" ") for line in lines if line[:1] != "#")
    return {name: row[0] for row in rows for name in row[1:]}
