"""Settings from a TOML file."""

from faultdesk.config.load import Draft, convert_table, load_config, read_draft
from faultdesk.config.settings import Config

__all__ = ["Config", "Draft", "convert_table", "load_config", "read_draft"]
