"""A customer: who bought before, how to reach them, what they bought; and whether two are the same.

Canonical forms decide who is who: an e-mail without case, dots and tags, a phone as its digits.
The same forms, hashed with the store's key, are what a suppression keeps.
"""

import contextlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

from winback_cli import text
from winback_cli.money import Money

LONGEST_NAME = 300  # characters; what is longer is refused


class ContactPoint(NamedTuple):
    """An e-mail, phone or address with its state: unchecked, good, stale or invalid."""

    kind: str
    value: str
    state: str = "unchecked"


class Customer(NamedTuple):
    """One customer as the outside gives it: a row of a list, or what a user typed. Dates are ISO."""

    name: str = ""
    company: str = ""
    emails: tuple[ContactPoint, ...] = ()
    phones: tuple[ContactPoint, ...] = ()
    addresses: tuple[ContactPoint, ...] = ()
    source: str = ""  # the system that gave the external id
    external_id: str = ""
    city: str = ""
    country: str = ""
    owner: str = ""
    how_left: str = ""
    reason: str = ""
    notes: str = ""
    first_purchase: str = ""
    last_purchase: str = ""
    orders: int | None = None
    revenue: Money | None = None
    opted_out: bool = False
    known_as: tuple[str, ...] = ()  # identities beside those of its fields: of rows joined into it

    @property
    def anybody(self) -> bool:
        """Whether there is somebody in it: a name, a firm, an address or an id of another system."""
        return bool(self.name or self.company or self.emails or self.phones)


_EMAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{2,})+"
)
_GMAIL = ("gmail.com", "googlemail.com")


def email_point(given: str) -> ContactPoint:
    """An e-mail address as a contact point: kept as given where it is none, marked invalid (C4)."""
    address = text.line(given).strip("<>;, ")
    if address.lower().startswith("mailto:"):
        address = address[7:]
    plain = _EMAIL.fullmatch(address) and ".." not in address and ".@" not in address
    return ContactPoint("email", address, "unchecked" if plain or _is_email(address) else "invalid")


def _is_email(address: str) -> bool:
    """The verdict of email-validator, asked only where the plain pattern does not match."""
    if "@" not in address or len(address) > 320:
        return False
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def phone_point(given: str) -> ContactPoint:
    """A phone number as a contact point: kept as given; invalid with fewer than six digits."""
    number = text.line(given).removeprefix("tel:").strip()
    return ContactPoint("phone", number, "unchecked" if len(_digits(number)) >= 6 else "invalid")


def _digits(number: str) -> str:
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", number))


def canonical_email(address: str) -> str:
    """The one form of a mailbox: no case, no zero-width signs, no +tag, no dots at Gmail, IDNA."""
    plain = "".join(ch for ch in address if unicodedata.category(ch) not in ("Cf", "Cc", "Cs"))
    plain = unicodedata.normalize("NFKC", plain).strip().casefold()
    local, _, domain = plain.rpartition("@")
    if not local:
        return plain
    domain = domain.strip().rstrip(".").replace("\u3002", ".")
    with contextlib.suppress(UnicodeError):  # not a host name: compared as it stands
        domain = domain.encode("idna").decode()
    local = local.strip().strip('"').split("+", 1)[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def canonical(point: ContactPoint) -> str:
    """The form by which a contact point is looked up."""
    if point.kind == "address":
        return text.fold(point.value)
    return canonical_email(point.value) if point.kind == "email" else _digits(point.value)


def identities(customer: Customer) -> list[str]:
    """The keys by which the same person is known again, the surest first.

    An id of the other system, each usable e-mail, a phone together with the name; and the name
    with the firm only where there is nothing else. A shared phone alone never makes one person.
    """
    who = text.fold(f"{customer.name} {customer.company}")
    keys = [f"id:{_in_source(customer)}{customer.external_id}"] if customer.external_id else []
    keys += [f"email:{canonical(p)}" for p in customer.emails if p.state != "invalid"]
    keys += [f"phone:{canonical(p)}:{who}" for p in customer.phones if p.state != "invalid" and who]
    if not keys and who:
        keys = [f"name:{who}"]
    if not keys:  # nothing but what cannot be used: known by how it was written
        keys = [f"raw:{text.fold(p.value)}" for p in customer.emails + customer.phones]
    return list(dict.fromkeys([*keys, *customer.known_as]))


def _in_source(customer: Customer) -> str:
    """Ids of different systems are different names, even where they are the same sign for sign."""
    return f"{customer.source}:" if customer.source else ""


def guises(customer: Customer) -> list[str]:
    """What a suppression watches for: more than makes one person, since blocking is the safe side.

    Beside the identities, the name with the firm, and each phone with the name alone.
    """
    name = text.fold(customer.name)
    keys = identities(customer)
    keys += [f"name:{text.fold(f'{customer.name} {customer.company}')}"] if customer.company else []
    keys += [f"phone:{canonical(p)}:{name}" for p in customer.phones if p.state != "invalid" and name]
    return list(dict.fromkeys(keys))


def label(name: str, company: str) -> str:
    """What a customer is called: `Ana Sol, Blue Foods`, or whichever of the two there is."""
    return ", ".join(part for part in (name, company) if part) or "(no name)"


def hashed(identity: str, key: bytes) -> str:
    """What a suppression keeps of an identity: an HMAC that nothing can be read from."""
    import hashlib
    import hmac

    return hmac.new(key, identity.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


class Watch:
    """Whom the suppression list blocks: the hashes under the store's key, asked by their beginnings."""

    def __init__(self, key: bytes, hashes: Iterable[str]) -> None:
        self._key = key
        self._listed = {one[:16] for one in hashes}

    def __call__(self, names: Iterable[str]) -> bool:
        """Whether one of these names is on the list."""
        import hmac

        key, listed = self._key, self._listed
        for name in names:
            told = hmac.digest(key, name.encode("utf-8", "surrogatepass"), "sha256")
            if told[:8].hex() in listed:
                return True
        return False

    def __bool__(self) -> bool:
        return bool(self._listed)


def join(older: Customer, newer: Customer) -> Customer:
    """Two rows of one person: the newer purchase wins field by field, blanks never win."""
    if older.last_purchase > newer.last_purchase:
        older, newer = newer, older
    merged: dict[str, Any] = {
        field: getattr(newer, field)
        if getattr(newer, field) not in ("", None, ())
        else getattr(older, field)
        for field in Customer._fields
    }
    merged["emails"] = _points(newer.emails + older.emails)
    merged["phones"] = _points(newer.phones + older.phones)
    merged["addresses"] = _points(newer.addresses + older.addresses)
    if merged["external_id"]:  # an id goes with its source
        merged["source"] = (newer if newer.external_id else older).source
    firsts = [day for day in (older.first_purchase, newer.first_purchase) if day]
    merged["first_purchase"] = min(firsts, default="")
    merged["opted_out"] = older.opted_out or newer.opted_out
    merged["known_as"] = tuple(dict.fromkeys(identities(older) + identities(newer)))
    return Customer(**merged)


def merged(rows: Iterable[Customer]) -> Customer:
    """Rows of one person as one: the newest purchase wins field by field, and whatever their order
    was, the result is the same.
    """
    first, *later = sorted(rows, key=_version)
    for row in later:
        first = join(first, row)
    return first


def _version(customer: Customer) -> tuple[object, ...]:
    """A total order of the rows of one person: the newest purchase, then the larger figures, then all."""
    fields = customer._asdict()
    orders, revenue = fields.pop("orders"), fields.pop("revenue")
    bought = fields.pop("last_purchase")
    figures = (-1 if orders is None else orders, -1 if revenue is None else revenue.amount)
    return (bought, *figures, *map(repr, fields.values()))


def _points(points: tuple[ContactPoint, ...]) -> tuple[ContactPoint, ...]:
    """Each contact point once, in order."""
    first: dict[tuple[str, str], ContactPoint] = {}
    for point in points:
        first.setdefault((point.kind, canonical(point)), point)
    return tuple(first.values())
