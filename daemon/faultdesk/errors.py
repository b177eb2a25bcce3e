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


class MailerUnavailableError(TransientError):
    """The outgoing server cannot be reached or asked us to come back later (4xx)."""


class MailRefusedError(PermanentError):
    """The outgoing server refused this mail for good (5xx)."""


class DatabaseUnavailableError(TransientError):
    """The database cannot be reached, is locked, full or was restarted."""
