from systemd.manager import private_systemd as private_systemd  # noqa: PLC0414 - a fixture is made known so
