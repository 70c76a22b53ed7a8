"""E-mail addresses: read as lists hold them, and the one form of a mailbox however it is written.

The ordinary address is read by a pattern that accepts nothing that `email_validator` refuses; all
others are the library's. What looks alike is not one mailbox, but `looks_like` lets somebody be warned.
"""

import contextlib
import re
import unicodedata
from collections.abc import Callable
from functools import cache

from winback_cli import text

_LABELS = r"(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+"
_RESERVED = r"(?!(?i:arpa|invalid|local|localhost|onion)\Z)"  # names that no mailbox can have
LONGEST = 320  # characters; no longer text is given to the library
# Patterns are compiled when first used: most commands read no address.
_SHOWN = r"(?i)<\s*(?:mailto:)?([^<>\s]+@[^<>\s]+)\s*>"
_MAILTO = r"(?i)mailto:([^?]*)(?:\?.*)?"
_REMARK = r"(?<=\w)\s*\([^()]*\)$"  # ana@example.com (work)
_AROUND = "<>()[]{};,:.\"'\u2018\u2019\u201c\u201d\u00ab\u00bb` "
# Not seen, and not told apart by anybody: fillers and selectors beside the format characters (Cf).
_UNSEEN = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
_GMAIL = ("gmail.com", "googlemail.com")
# Cyrillic, Greek, Armenian and odd Latin letters that look Latin, lower case (in capitals many more do).
_LOOKS_LATIN = str.maketrans(
    "авеікмнорстухѕјһԁԛԝӏү" + "αβεζηικμνορτυχγω" + "օոսհցյ" + "ıɑɡƅɩʋ",
    "abeikmhopctyxsjhdqwly" + "abeznikmvoptuxyw" + "onuhgj" + "iagbiv",
)
_OTHER_SCRIPT = "[\u0370-\u058f]"


def read(given: str) -> tuple[str, bool]:
    """The address, without what stands around it, and whether it is one; as given where it is none.

    Reads `Ana Sol <ana@example.com>`, `mailto:`, quotes and full stops around it, an apostrophe before it,
    full-width and zero-width characters.
    """
    if is_ordinary(given):
        return given, True
    as_given = text.line(given)
    for address in _candidates(as_given):
        if is_email(address):
            return address, True
    return as_given.strip("<>;, ").removeprefix("mailto:"), False


def is_ordinary(given: str) -> bool:
    """Whether it is an address as most are, with nothing to be taken off it."""
    return len(given) <= 128 and _ordinary()(given) is not None


@cache
def _ordinary() -> Callable[[str], re.Match[str] | None]:
    # Both cases are spelt out: a set of letters that ignores case takes several times as long.
    local = r"(?=[^@]{1,64}@)[A-Za-z0-9_][A-Za-z0-9_%+'-]*(?:\.[A-Za-z0-9_%+'-]+)*"
    domain = rf"(?=.{{3,63}}\Z){_LABELS}{_RESERVED}[A-Za-z]{{2,}}"
    return re.compile(f"{local}@{domain}", re.ASCII).fullmatch


def _candidates(as_given: str) -> list[str]:
    seen = _visible(as_given)
    if mailto := re.fullmatch(_MAILTO, seen.strip(_AROUND)):
        seen = mailto[1].strip()
    shown = re.search(_SHOWN, seen)
    inner = [shown[1].strip(_AROUND)] if shown else []
    bare = re.sub(_REMARK, "", seen).strip(_AROUND)
    return list(dict.fromkeys([*inner, bare, seen.strip()]))


def _visible(written: str) -> str:
    """Without what cannot be seen, and full-width characters as plain ones."""
    if written.isascii():
        return written
    plain = "".join(ch for ch in written if unicodedata.category(ch) not in ("Cf", "Cc", "Cs"))
    return re.sub(_UNSEEN, "", unicodedata.normalize("NFKC", re.sub(_UNSEEN, "", plain))).strip()


def is_email(address: str) -> bool:
    """Whether it is an address by its grammar; nothing is asked of any server."""
    if _ordinary()(address):
        return True
    if len(address) > LONGEST or "." not in address.rpartition("@")[2]:
        return False
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def canonical_email(address: str) -> str:
    """The one form of a mailbox: no case, no zero-width signs, no +tag, no dots at Gmail, IDNA."""
    if address.isascii() and address.isprintable() and "--" not in address:
        plain = address.strip().lower()
        local, _, domain = plain.rpartition("@")
        domain = domain.strip().rstrip(".")
    else:
        plain = _without_guise(address)
        local, _, domain = plain.rpartition("@")
        domain = _host(domain) if local else domain
    if not local:
        return plain
    local = local.strip().strip('"')
    local = local.split("+", 1)[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _without_guise(address: str) -> str:
    """Visible characters only, in one case and one width; the same when done again."""
    plain = _visible("".join(ch for ch in address if ch >= " " and ch != "\x7f"))
    for _ in range(3):  # some letters take a second turn: the case of one may be the width of another
        plain, before = unicodedata.normalize("NFKC", plain.casefold()), plain
        if plain == before:
            break
    return plain.strip()


def _host(domain: str) -> str:
    """A host name in punycode; as it stands where it is none."""
    domain = ".".join(map(_unpunycoded, domain.strip().rstrip(".\u3002").replace("\u3002", ".").split(".")))
    with contextlib.suppress(UnicodeError):
        return domain.encode("idna").decode()
    return domain


def _unpunycoded(label: str) -> str:
    """A label as people read it, so that straße.example and its punycode are one name."""
    if not label.startswith("xn--"):
        return label
    try:
        return _without_guise(label[4:].encode("ascii").decode("punycode"))
    except UnicodeError:
        return label


def looks_like(address: str) -> str | None:
    """The canonical Latin address that this one could be taken for; None where it only looks like itself.

    For letters of Cyrillic, Greek and Armenian that look Latin; a name wholly of such a script is none.
    """
    if address.isascii() and "xn--" not in address.lower():
        return None
    local, _, domain = _without_guise(address).rpartition("@")
    seen = f"{local}@{'.'.join(map(_unpunycoded, domain.split('.')))}"
    taken_for = seen.translate(_LOOKS_LATIN)
    if taken_for == seen or re.search(_OTHER_SCRIPT, taken_for):
        return None
    latin = canonical_email(taken_for)
    return latin if latin != canonical_email(address) else None
