"""The digest by which an identity is looked up: 64 bits of it, as the signed integer that is stored."""

from hashlib import blake2b


def mark(identity: str) -> int:
    """The digest of an identity. Two may share one: whoever it leads to is asked by the whole of it."""
    digest = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
