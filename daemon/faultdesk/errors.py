"""What can go wrong, told apart by how it is treated."""


class FaultdeskError(Exception):
    """Base of every error this program raises on purpose; its text is for an operator."""


class ConfigError(FaultdeskError):
    """The configuration or the installation is wrong: stop, say so, exit with 78 (EX_CONFIG)."""


class TransientError(FaultdeskError):
    """Trying again later may help: back off."""


class PermanentError(FaultdeskError):
    """Trying again cannot help: set the message aside or park the job."""


class NotFoundError(FaultdeskError):
    """No such ticket, message or job."""


class MailboxUnavailableError(TransientError):
    """A mailbox cannot be reached, refused us or ended the session."""


class OutageError(TransientError):
    """The way out is down for every job of this kind: hold them all, and count no attempt."""


class MailerUnavailableError(OutageError):
    """The outgoing server cannot be reached, does not let us in or takes no mail at all."""


class MailDeferredError(TransientError):
    """The outgoing server wants this mail later (4xx), or may have got it before the connection was lost."""


class MailRefusedError(PermanentError):
    """The outgoing server refused this mail for good (5xx)."""


class FaxUnavailableError(OutageError):
    """The fax gateway cannot be reached, does not let us in or takes no fax at all."""


class FaxDeferredError(TransientError):
    """The fax gateway took this fax neither for good nor not at all."""


class FaxRefusedError(PermanentError):
    """The fax gateway refused this fax for good."""


class SupersededError(TransientError):
    """Another daemon has taken this over; what this one had in hand counts for nothing."""


class DatabaseUnavailableError(TransientError):
    """The database cannot be reached, is locked, full or was restarted."""


class TransactionTimeoutError(DatabaseUnavailableError):
    """The database ended a transaction in which nothing was asked for long: its program is slow, or was stopped."""
