"""Where a server is, and how one gets in."""

from __future__ import annotations

import ssl

import msgspec

#: The namespace of an admin, where nobody says otherwise.
ADMIN = "/admin"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace of a server, and how one gets in."""

    #: `http://host:port`
    url: str
    namespace: str = ADMIN
    path: str = "/socket.io/"
    auth: dict[str, str] = {}
    transports: tuple[str, ...] = ("websocket",)
    headers: dict[str, str] = {}
    msgpack: bool = False
    #: Take any TLS certificate.
    insecure: bool = False

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How certificates are checked, None for the usual."""
        if not self.insecure:
            return None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    @property
    def login(self) -> dict[str, str]:
        """The auth of the CONNECT packet: a Node server dies of a client that names no password."""
        return {"username": "", "password": ""} | self.auth if "token" not in self.auth else self.auth
