"""The public API for handlers: see docs/handlers.md."""

from faultdesk.handlers.api import Desk, Handler, JobFunction, hookimpl

__all__ = ["Desk", "Handler", "JobFunction", "hookimpl"]
