"""What a console tells the child process that it starts (`server_core.host`): one JSON line."""

from __future__ import annotations

import msgspec

#: Environment variable that a hosted process can read to know that it is one.
HOSTED = "SOCKETSCOPE_HOSTED"


class HostConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to serve a target; the options are uvicorn's, by its names."""

    #: `module:attribute`
    target: str
    app_dir: str = "."
    factory: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    #: Listening sockets that the console bound and hands over: the app's, and the admin server's. -1: none.
    fd: int = -1
    admin_fd: int = -1
    #: A descriptor to which one line says where it listens, each time that it does. -1: none.
    says_fd: int = -1
    #: What a console must present as `auth.token` to the admin server.
    token: str = ""
    #: Simulated clients for the demo app.
    traffic: bool = False
    read_only: bool = False
    log_level: str = "info"
    env_file: str = ""
    ssl_keyfile: str = ""
    ssl_certfile: str = ""
    ssl_keyfile_password: str = ""

    @property
    def url(self) -> str:
        """Where clients connect."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.ssl_certfile else 'http'}://{host}:{self.port}"
