"""What mail servers found out about a sender: Authentication-Results (RFC 8601), read by authres.

Anybody can write such a field. Whose word counts is not for the reader to say: `faultdesk.domain.trust` does.
"""

import re

from faultdesk.domain.message import Authentication
from faultdesk.reading.headers import Fields

_MOST_FIELDS, _LONGEST = 10, 4_000
_COMMENT = re.compile(r"\([^()]*\)")
_PROPERTIES = ("header.d", "header.from", "smtp.mailfrom", "smtp.helo", "smtp.auth", "header.i")


def authentications(fields: Fields) -> tuple[Authentication, ...]:
    """Read the fields, topmost first; what is malformed proves nothing and is left out."""
    bodies = fields.all("authentication-results")[:_MOST_FIELDS]
    return tuple(found for body in bodies if len(body) <= _LONGEST for found in _read(body))


def _read(body: str) -> list[Authentication]:
    from authres import AuthenticationResultsHeader, AuthResError  # noqa: PLC0415  few servers write the field

    try:
        field = AuthenticationResultsHeader.parse_value(_COMMENT.sub("", body))
    except (AuthResError, ValueError, IndexError, AttributeError, RecursionError):
        return []
    return [
        Authentication(
            host=str(field.authserv_id).lower(),
            method=result.method.lower(),
            result=(result.result or "none").lower(),
            domain=_domain_of(result.properties),
        )
        for result in field.results
    ]


def _domain_of(properties: object) -> str:
    """Tell for which domain a result holds, by the most telling property there is."""
    values: dict[str, str] = {}
    for one in properties if isinstance(properties, list) else []:
        values.setdefault(f"{one.type}.{one.name}".lower(), str(one.value))
    value = next((values[name] for name in _PROPERTIES if values.get(name)), "")
    return value.strip("\"'<> ").rpartition("@")[2].lower().rstrip(".")
