"""What mail servers found out about a sender: Authentication-Results (RFC 8601), read by authres.

Anybody can write such a field. Whose word counts is not for the reader to say: `faultdesk.domain.trust` does.
"""

import re
from collections.abc import Iterator

from faultdesk.domain.message import Authentication
from faultdesk.domain.trust import UNREADABLE
from faultdesk.reading.headers import Fields

_MOST_FIELDS, _LONGEST, _MOST_RESULTS = 10, 64 * 1024, 200
_COMMENT = re.compile(r"\([^()]*\)")
_METHOD = re.compile(r"\s{0,99}([a-z][\w-]{0,20})(?:/\d)?\s{0,9}=\s{0,9}([a-z]{1,20})", re.IGNORECASE)
_PROPERTIES = ("header.d", "header.from", "smtp.mailfrom", "smtp.helo", "smtp.auth", "header.i")


def authentications(fields: Fields) -> tuple[Authentication, ...]:
    """Read the fields, topmost first.

    Each result by itself: the sender chooses much of what stands in them, and one that cannot be read must not
    take along those behind it. Of such a one method and result are told, and no domain.
    """
    bodies = fields.all("authentication-results")[:_MOST_FIELDS]
    return tuple(found for body in bodies for found in _read(body))


def _read(body: str) -> Iterator[Authentication]:
    host, *results = _COMMENT.sub("", body[:_LONGEST]).split(";")
    host = next(iter(host.split()), "").lower()
    if len(body) > _LONGEST or len(results) > _MOST_RESULTS:
        yield Authentication(host=host, method=UNREADABLE, result="")
    for result in results[:_MOST_RESULTS]:
        yield from _read_result(host, result.strip())


def _read_result(host: str, written: str) -> Iterator[Authentication]:
    from authres import AuthenticationResultsHeader, AuthResError  # noqa: PLC0415  few servers write the field

    try:
        field = AuthenticationResultsHeader.parse_value(f"{host}; {written}")
    except (AuthResError, ValueError, IndexError, AttributeError, RecursionError):
        if at_least := _METHOD.match(written):
            yield Authentication(host=host, method=at_least[1].lower(), result=at_least[2].lower())
        return
    for result in field.results:
        yield Authentication(
            host=host,
            method=result.method.lower(),
            result=(result.result or "none").lower(),
            domain=_domain_of(result.properties),
        )


def _domain_of(properties: object) -> str:
    """Tell for which domain a result holds, by the most telling property there is."""
    values: dict[str, str] = {}
    for one in properties if isinstance(properties, list) else []:
        values.setdefault(f"{one.type}.{one.name}".lower(), str(one.value))
    value = next((values[name] for name in _PROPERTIES if values.get(name)), "")
    return value.strip("\"'<> ").rpartition("@")[2].lower().rstrip(".")
