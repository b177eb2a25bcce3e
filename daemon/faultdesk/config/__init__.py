"""Settings from a TOML file."""

from faultdesk.config.load import convert_table, load_config
from faultdesk.config.settings import Config

__all__ = ["Config", "convert_table", "load_config"]
