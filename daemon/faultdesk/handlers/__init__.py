"""The public API for handlers: see docs/handlers.md."""

from faultdesk.handlers.api import CommandLine, Desk, Handler, JobFunction, hookimpl

__all__ = ["CommandLine", "Desk", "Handler", "JobFunction", "hookimpl"]
