"""Texts that an operator can override: plain Jinja2 files whose first line is the subject."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import jinja2

from faultdesk.errors import ConfigError


class Letter(NamedTuple):
    """A rendered text."""

    subject: str
    text: str


def render(package: str, folder: Path | None, name: str, **values: object) -> Letter:
    """Render a template: from the operator's folder if it is there, else the package's `templates/`.

    Raises:
        ConfigError: The template is missing or broken; the text names the file and line.
    """
    try:
        text = _environment(package, folder).get_template(name).render(values)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"{error.filename or name}:{error.lineno}: {error.message}") from error
    except jinja2.TemplateError as error:
        raise ConfigError(f"template {name}: {error.message}") from error
    subject, _, body = text.partition("\n")
    return Letter(subject.removeprefix("Subject:").strip(), body.strip("\n") + "\n")


@lru_cache(maxsize=32)
def _environment(package: str, folder: Path | None) -> jinja2.Environment:
    loaders: list[jinja2.BaseLoader] = [jinja2.FileSystemLoader(folder)] if folder else []
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([*loaders, jinja2.PackageLoader(package)]),
        autoescape=False,  # noqa: S701 - plain text, not HTML
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["local"] = local
    environment.filters["since"] = since
    return environment


def local(moment: datetime, time_zone: str) -> str:
    """Write a moment as people of that zone read it: "2026-03-05 14:30"."""
    return f"{moment.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}"


def since(told: str | None, time_zone: str) -> str | None:
    """Write the fact `occurred_at` as people of that zone read it; a date alone, and what is no moment, as it is told."""
    try:
        return local(datetime.fromisoformat(told), time_zone) if told and "T" in told else told
    except ValueError:
        return told
