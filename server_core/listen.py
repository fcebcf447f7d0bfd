"""Binding the sockets that servers listen on, with errors that a person understands."""

from __future__ import annotations

import errno
import socket


class ListenError(Exception):
    """An address that can't be listened on; its text names it and the way out, in one line."""


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 picks a free one."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ListenError(f"{host} is no address of this machine: {error.strerror or error}") from error
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            text = f"port {port} on {host} is taken: stop what listens there, or use another with --port (0 picks one)"
        elif error.errno == errno.EACCES:
            text = f"port {port} needs more rights than you have: use one above 1023 with --port"
        else:
            text = f"can't listen on {host} port {port}: {error.strerror}"
        raise ListenError(text) from error
    listener.set_inheritable(True)
    return listener
