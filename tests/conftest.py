pytest_plugins = [
    "servers.databases",
    "servers.disk",
    "servers.dovecot",
    "servers.mailboxes",
    "servers.postgresql",
    "servers.proxy",
    "servers.smtp",
]
