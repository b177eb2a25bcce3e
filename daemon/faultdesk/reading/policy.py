"""How the standard library's parser is kept within bounds."""

from email.policy import Compat32

from faultdesk.reading.headers import LONGEST


class _Bounded(Compat32):
    """Cuts field bodies before the parser looks at their parameters, for which it takes quadratic time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, body = super().header_source_parse(sourcelines)
        return name, body[:LONGEST]


BOUNDED = _Bounded()
