"""Speaks to systemd: readiness, reloads, watchdog (sd_notify(3))."""

import os
import socket
import time


def notify(*assignments: str) -> None:
    """Send "READY=1" and the like to the service manager; without one, do nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.connect("\0" + address[1:] if address.startswith("@") else address)
        out.sendall("\n".join(assignments).encode())


def monotonic_usec() -> str:
    """Give the MONOTONIC_USEC that RELOADING=1 must carry for Type=notify-reload."""
    return f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def watchdog_seconds() -> float | None:
    """Tell how often WATCHDOG=1 must be sent at least; None when nobody watches this process."""
    usec = os.environ.get("WATCHDOG_USEC")
    pid = os.environ.get("WATCHDOG_PID")
    if not usec or (pid and int(pid) != os.getpid()):
        return None
    return int(usec) / 1_000_000
