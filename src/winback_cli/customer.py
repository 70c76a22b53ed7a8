"""A customer: who bought before, how to reach them, what they bought; and whether two are the same.

Canonical forms decide who is who: an e-mail without case, dots and tags, a phone as its digits.
The same forms, hashed with the store's key, are what a suppression keeps.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from winback_cli import addresses, text
from winback_cli.addresses import canonical_email as canonical_email
from winback_cli.money import Money
from winback_cli.phones import Phones, digits

if TYPE_CHECKING:
    import hashlib

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
    cancelled: str = ""  # the day on which they formally cancelled, or "yes"

    @property
    def anybody(self) -> bool:
        """Whether there is somebody in it: a name, a firm, an address or an id of another system."""
        return bool(self.name or self.company or self.emails or self.phones)


def email_point(given: str) -> ContactPoint:
    """An e-mail address as a contact point: kept as given where it is none, marked invalid (C4)."""
    address, fits = addresses.read(given)
    return ContactPoint("email", address, "unchecked" if fits else "invalid")


def phone_point(given: str, country: str = "") -> ContactPoint:
    """A phone number as a contact point: E.164 where its country is known, else as given (C4)."""
    number, state = _phones(country)(given)
    return ContactPoint("phone", number, state)


@lru_cache(300)
def _phones(country: str) -> Phones:
    return Phones(country)


def canonical(point: ContactPoint) -> str:
    """The form by which a contact point is looked up."""
    if point.kind == "address":
        return text.fold(point.value)
    return canonical_email(point.value) if point.kind == "email" else digits(point.value)


WATCHED = "watch:"  # begins what is kept of a former name that is only watched for


def identities(customer: Customer) -> list[str]:
    """The keys by which the same person is known again, the surest first.

    An id of the other system, each usable e-mail, a phone together with the name; and the name
    with the firm only where there is nothing else. A shared phone alone never makes one person.
    """
    return known_by(customer)[0]


def guises(customer: Customer) -> list[str]:
    """What a suppression watches for: more than makes one person, since blocking is the safe side.

    Beside the identities, the name with the firm, and each phone with the name alone.
    """
    return known_by(customer)[1]


def known_by(customer: Customer) -> tuple[list[str], list[str]]:
    """The `identities` and the `guises` of a customer at once."""
    called = text.fold(customer.name)
    who = text.fold(f"{customer.name} {customer.company}") if customer.company else called
    own_id = id_name(customer.source, customer.external_id)
    keys, phones = names_of(own_id, who, customer.emails + customer.phones)
    keys = _once([*keys, *customer.known_as])
    more = guises_of(who, called, phones) if customer.company else ()
    before = [one.removeprefix(WATCHED) for one in customer.known_as if one.startswith(WATCHED)]
    return keys, _once([*keys, *more, *before]) if more or before else keys


def watched(customer: Customer) -> list[str]:
    """What a suppression watches for beside the identities of somebody as they are, to be kept among what
    they are known by: it does not make them anybody, and blocks them once they are left alone.
    """
    keys, wide = known_by(customer)
    return [f"{WATCHED}{one}" for one in wide if one not in keys]


def id_name(source: str, external_id: str) -> str:
    """An id of another system as an identity; the same id of two systems is two. "" where there is none."""
    if not external_id:
        return ""
    return f"id:{source}:{external_id}" if source else f"id:{external_id}"


def names_of(own_id: str, who: str, points: Sequence[tuple[str, str, str]]) -> tuple[list[str], list[str]]:
    """The identities that the parts of a customer make, and the digits of the phones.

    `who` is the folded name and firm. A list of a million has them made of each row.
    """
    keys = [own_id] if own_id else []
    phones = []
    for kind, value, state in points:
        if state == "invalid":
            continue
        if kind == "email":
            keys.append(f"email:{canonical_email(value)}")
        elif kind == "phone":
            phones.append(digits(value))
    if phones and who:
        keys += [f"phone:{number}:{who}" for number in phones]
    if not keys:  # perhaps nothing but what cannot be used: then known by how it was written
        keys = [f"name:{who}"] if who else [f"raw:{text.fold(value)}" for _, value, _ in points]
    return (keys if len(points) < 3 else _once(keys)), phones


def guises_of(who: str, called: str, phones: Sequence[str]) -> tuple[str, ...]:
    """What a suppression watches for beside the identities of somebody of a firm."""
    return (f"name:{who}", *(f"phone:{number}:{called}" for number in phones if called))


def _once(keys: list[str]) -> list[str]:
    return keys if len(set(keys)) == len(keys) else list(dict.fromkeys(keys))


def label(name: str, company: str) -> str:
    """What a customer is called: `Ana Sol, Blue Foods`, or whichever of the two there is."""
    return ", ".join(part for part in (name, company) if part) or "(no name)"


def hashed(identity: str, key: bytes) -> str:
    """What a suppression keeps of an identity: an HMAC that nothing can be read from."""
    import hashlib
    import hmac

    return hmac.new(key, identity.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


class Watch:
    """Whom the suppression list blocks: the hashes under the store's key, asked by their beginnings.

    A name's hash is `hashed`'s; the key is worked in once, since a list of millions is asked.
    """

    def __init__(self, key: bytes, hashes: Iterable[str]) -> None:
        self._key = key
        self._listed = {bytes.fromhex(one[:16]) for one in hashes}

    def __call__(self, names: Iterable[str]) -> bool:
        """Whether one of these names is on the list."""
        return bool(self.listed(names))

    def listed(self, names: Iterable[str]) -> set[str]:
        """Those of these names that are on the list."""
        found: set[str] = set()
        inner, outer = _worked_in(self._key)
        for name in names if self._listed else ():
            told, whole = inner(), outer()
            told.update(name.encode("utf-8", "surrogatepass"))
            whole.update(told.digest())
            if whole.digest()[:8] in self._listed:
                found.add(name)
        return found

    def __bool__(self) -> bool:
        return bool(self._listed)


@lru_cache(4)
def _worked_in(key: bytes) -> "tuple[Callable[[], hashlib._Hash], Callable[[], hashlib._Hash]]":
    """What begins the two halves of an HMAC (RFC 2104) of SHA-256, up to where the message comes in."""
    import hashlib

    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    return (
        hashlib.sha256(bytes(byte ^ 0x36 for byte in block)).copy,
        hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy,
    )


def join(older: Customer, newer: Customer) -> Customer:
    """Two rows of one person: the newer purchase wins field by field, blanks never win."""
    if older.last_purchase > newer.last_purchase:
        older, newer = newer, older
    firsts = [day for day in (older.first_purchase, newer.first_purchase) if day]
    known_as = older.known_as or newer.known_as
    if known_as or _named(older) != _named(newer):
        known_as = tuple(dict.fromkeys(identities(older) + identities(newer)))
    fields = zip(newer, older, strict=True)
    return Customer._make(new if new not in ("", None, ()) else old for new, old in fields)._replace(
        emails=_points(newer.emails + older.emails),
        phones=_points(newer.phones + older.phones),
        addresses=_points(newer.addresses + older.addresses),
        source=(newer if newer.external_id else older).source,  # an id goes with its source
        first_purchase=min(firsts, default=""),
        opted_out=older.opted_out or newer.opted_out,
        known_as=known_as,
    )


def _named(customer: Customer) -> tuple[object, ...]:
    """The fields that identities are made of."""
    name, company, emails, phones, _, source, external_id, *_ = customer
    return name, company, emails, phones, source, external_id


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
    orders, revenue = customer.orders, customer.revenue
    figures = (-1 if orders is None else orders, ("", -1) if revenue is None else revenue[::-1])
    rest = (field for field in customer if isinstance(field, str | tuple) and field is not revenue)
    return (customer.last_purchase, *figures, *rest)


def _points(points: tuple[ContactPoint, ...]) -> tuple[ContactPoint, ...]:
    """Each contact point once, in order."""
    if len(points) < 2:
        return points
    if len(points) == 2 and points[0].value == points[1].value:  # as two rows of one person mostly have it
        return points[:1]
    first: dict[tuple[str, str], ContactPoint] = {}
    for point in points:
        first.setdefault((point.kind, canonical(point)), point)
    return tuple(first.values())
