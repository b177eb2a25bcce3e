"""PostgreSQL's advisory locks are numbers; ours have names."""

import hashlib


def lock_key(name: str) -> int:
    """Make the number of a name: 64 bits, signed, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"faultdesk/{name}".encode()).digest()[:8], signed=True)
