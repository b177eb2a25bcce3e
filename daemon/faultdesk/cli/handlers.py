"""handlers: who decides what."""

import typer

from faultdesk.cli.context import configuration
from faultdesk.cli.handlers_commands import handlers_commands
from faultdesk.cli.show import AsJson, listing
from faultdesk.handlers.host import Host, installed_handlers
from faultdesk.service.wiring import load_handlers


def handlers(context: typer.Context, as_json: AsJson = False) -> None:
    """List handlers in the order in which they are asked, then those installed and not enabled."""
    config = configuration(context)
    loaded = load_handlers(config)
    host = Host(loaded)
    installed = installed_handlers()
    order = (*host.names, *sorted(set(installed) - set(host.names)))
    commands = {name: ", ".join(handlers_commands(Host({name: handler}))) for name, handler in loaded.items()}
    rows = [
        {
            "name": name,
            "enabled": name in host.names,
            "package": installed[name].value,
            "commands": commands.get(name, ""),
            "hooks": ", ".join(host.hooks_of(name)) if name in host.names else "",
        }
        for name in order
    ]
    listing(rows, ("name", "enabled", "package", "commands", "hooks"), config.desk.time_zone, as_json=as_json)
