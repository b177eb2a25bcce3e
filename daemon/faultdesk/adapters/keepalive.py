"""Notices a peer that is gone while nothing is said."""

import socket

_IDLE_SECONDS, _PROBE_SECONDS, _PROBES = 10, 5, 2


def keep_alive(connection: socket.socket) -> None:
    """Let a host that answers no more be noticed within 20 s, whether we wait for it or speak to it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, _IDLE_SECONDS),
        (socket.TCP_KEEPINTVL, _PROBE_SECONDS),
        (socket.TCP_KEEPCNT, _PROBES),
        (socket.TCP_USER_TIMEOUT, 1000 * (_IDLE_SECONDS + _PROBE_SECONDS * _PROBES)),
    ):
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
