"""A service desk that clients reach by mail and fax."""

__version__ = "0.1.0"
