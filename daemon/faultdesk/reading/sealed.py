"""S/MIME and PGP: what is only signed is unwrapped and never trusted, what is encrypted is named (RFC 8551, 3156)."""

from email.message import Message

from faultdesk.reading.policy import parsed_within

_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_LARGEST = 8 * 1024 * 1024
_PGP = "-----BEGIN PGP MESSAGE-----"

ENCRYPTED = "the message is encrypted or sealed; its text cannot be read"
SIGNED = "the message is signed; the signature was not checked"


def is_sealed(media_type: str) -> bool:
    """Tell whether a part of this type may hold a whole message within."""
    return media_type in _TYPES


def is_encrypted_text(text: str) -> bool:
    """Tell whether a text is a PGP message and nothing else to read."""
    return text.lstrip().startswith(_PGP)


def unwrapped(octets: bytes) -> Message | None:
    """Take the message out of a signed-data object (RFC 5652 section 5); None when it is none or encrypted."""
    from asn1crypto import cms  # noqa: PLC0415  few messages are sealed

    if len(octets) > _LARGEST:
        return None
    try:
        info = cms.ContentInfo.load(octets)
        if info["content_type"].native != "signed_data":
            return None
        content = info["content"]["encap_content_info"]["content"].native
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return parsed_within(content) if isinstance(content, bytes) else None
