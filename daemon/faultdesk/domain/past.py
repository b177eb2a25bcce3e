"""What was learned of faults before."""

from datetime import datetime

import msgspec


class PastFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that was resolved: whose, what, why, and how it went away."""

    reference: str
    subject: str
    client: str
    """Of the client's record, else the address."""
    resolved_at: datetime
    cause: str
    method: str
