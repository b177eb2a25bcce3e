"""When a fax may be sent, how often, and how long its receipt is waited for."""

from datetime import datetime, time, timedelta

import msgspec
import phonenumbers

from faultdesk.domain.promise import Clock
from faultdesk.domain.ticket import Ticket

_PRIVATE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.PERSONAL_NUMBER}
_USUAL = timedelta(minutes=30)
_SHORTEST = timedelta(minutes=5)
"""A page takes a minute, and a line that is busy is called again."""


class FaxRules(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the faxes that go out."""

    hourly_cap: int = 6
    """Automatic faxes an hour to one number; what is more goes by mail."""
    quiet_from: time | None = None
    """From then on no private number is called, until `quiet_to`, in the desk's time zone."""
    quiet_to: time = time(7)
    private_numbers: frozenset[str] = frozenset()
    """E.164 numbers that ring in somebody's home, beside mobile ones."""
    receipt_within: timedelta | None = None
    """After which a fax whose end the gateway has not told counts as lost; zero: never. None: half an hour, if the
    gateway has ever told anything by then."""

    def may_ring_at(self, number: str, now: datetime) -> datetime:
        """Tell when this number may be called: now, or when the quiet hours end. `now` is local."""
        if self.quiet_from is None or not self._is_private(number):
            return now
        ends = now.replace(hour=self.quiet_to.hour, minute=self.quiet_to.minute, second=0, microsecond=0)
        at = now.time()
        if self.quiet_from <= self.quiet_to:
            return ends if self.quiet_from <= at < self.quiet_to else now
        if at >= self.quiet_from:
            return ends + timedelta(days=1)
        return ends if at < self.quiet_to else now

    def _is_private(self, number: str) -> bool:
        if number in self.private_numbers:
            return True
        try:
            return phonenumbers.number_type(phonenumbers.parse(number)) in _PRIVATE
        except phonenumbers.NumberParseException:
            return False

    def patience(self, ticket: Ticket, now: datetime) -> timedelta:
        """Tell how long the receipt is waited for: half of what the answer has left, the other half is for the next way.

        Zero: for ever.
        """
        usual = _USUAL if self.receipt_within is None else self.receipt_within
        response = ticket.deadline(Clock.RESPONSE)
        if not usual or response is None or response.met_at is not None or response.due_at <= now:
            return usual
        return max(_SHORTEST, min(usual, (response.due_at - now) / 2))
