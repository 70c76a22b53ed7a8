"""The digests by which identities are looked up: 64 bits each, as the signed integer that is stored.

Two may share one, though among ten million that is less likely than one in a hundred thousand. Whoever
a digest leads to is asked by the whole of it, but for the rows of one list among themselves.
"""

from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct

_number = Struct("<q").unpack


def mark(identity: str) -> int:
    """The digest of an identity."""
    number: int = _number(blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest())[0]
    return number


def marks(identities: Iterable[str]) -> tuple[int, ...]:
    """The digests of several."""
    return tuple(
        [
            _number(blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest())[0]
            for one in identities
        ]
    )
