pytest_plugins = [
    "servers.databases",
    "servers.dovecot",
    "servers.mailboxes",
    "servers.postgresql",
    "servers.proxy",
    "servers.smtp",
]
