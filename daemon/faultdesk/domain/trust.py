"""Whether a message is from whom it says: From is a claim, and our own mail server checked it."""

from enum import StrEnum

import msgspec

from faultdesk.domain.message import Authentication, InboundMessage

UNREADABLE = "unreadable"
"""The method of a field that is too long to be looked at: whoever made it so has a reason."""


class Standing(StrEnum):
    """What is known of the claim in From."""

    PROVED = "proved"
    """Our server found that the domain in From answers for this message."""
    UNPROVED = "unproved"
    """Nobody of ours looked, or nothing was found either way."""
    REFUTED = "refuted"
    """Our server found that it does not: whoever wrote this, it was not they."""


class Verdict(msgspec.Struct, frozen=True):
    """The standing, and the finding that decided."""

    standing: Standing
    reason: str = ""


def verdict(message: InboundMessage, authserv_ids: frozenset[str]) -> Verdict:
    """Judge by the results of our own hosts (RFC 8601 section 2.5); of each method the topmost counts.

    DMARC (RFC 7489) has the last word, if it is about the domain that we read in From. Without it a DKIM signature or an SPF pass counts if it is the
    From domain's, and a failing SPF if no such signature makes good for it: forwarders break SPF.
    """
    ours: dict[str, list[Authentication]] = {}
    for one in message.authentication:
        if one.host in authserv_ids:
            ours.setdefault(one.method, []).append(one)
    if unread := ours.get(UNREADABLE):
        return Verdict(Standing.REFUTED, f"what {unread[0].host} found is too long to be read")
    for one in ours.get("dmarc", [])[:1]:
        if one.result == "fail":
            return Verdict(Standing.REFUTED, f"dmarc=fail by {one.host}")
        if one.result == "pass" and _is_aligned(one.domain, message.sender.domain):
            return Verdict(Standing.PROVED, f"dmarc=pass for {one.domain} by {one.host}")
    spf = ours.get("spf", [])[:1]
    for one in (*ours.get("dkim", []), *spf, *ours.get("auth", [])):
        if one.result == "pass" and _is_aligned(one.domain, message.sender.domain):
            return Verdict(Standing.PROVED, f"{one.method}=pass for {one.domain} by {one.host}")
    if spf and spf[0].result == "fail":
        return Verdict(Standing.REFUTED, f"spf=fail by {spf[0].host}")
    return Verdict(Standing.UNPROVED)


def _is_aligned(domain: str, claimed: str) -> bool:
    """Tell whether one of the two is the other or above it (RFC 7489 section 3.1, relaxed)."""
    shorter, longer = sorted((domain, claimed), key=len)
    return "." in shorter and (longer == shorter or longer.endswith("." + shorter))
