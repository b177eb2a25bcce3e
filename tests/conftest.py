pytest_plugins = [
    "servers.clamd",
    "servers.databases",
    "servers.disk",
    "servers.dovecot",
    "servers.faketime",
    "servers.hylafax",
    "servers.mailboxes",
    "servers.postgresql",
    "servers.proxy",
    "servers.network",
    "servers.smtp",
]
