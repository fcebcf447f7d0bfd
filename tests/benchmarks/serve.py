"""`python -m tests.benchmarks.serve TARGET PORT ADMIN_PORT SLOWDOWN`: the process that is measured.

It serves a target as `socketscope run` does; with an admin port it is watched, and a console may come. Under valgrind
its timers are slowed down as much as everything else, or they would seem to tick fifty times as often.
"""

from __future__ import annotations

import os
import sys

from server_core import backstage, feed, watchdog
from server_core.host import Host
from server_core.host_config import HostConfig
from server_core.listen import bind
from server_core.target import load

TOKEN = "bench"


def main(target: str, port: int, admin_port: int, slowdown: float) -> int:
    feed.INTERVAL *= slowdown
    watchdog.LIMIT *= slowdown
    backstage.LOOK *= slowdown
    backstage.STATS *= slowdown
    sys.setswitchinterval(sys.getswitchinterval() * slowdown)
    listener = bind("127.0.0.1", port)
    admin = bind("127.0.0.1", admin_port) if admin_port else None
    config = HostConfig(
        target=target,
        app_dir=os.getcwd(),
        port=port,
        admin_fd=os.dup(admin.fileno()) if admin else -1,
        token=TOKEN,
        log_level="warning",
    )
    host = Host(config, load(target, app_dir=config.app_dir), listener)
    below = host._uvicorn.config
    below.ws_ping_interval, below.ws_ping_timeout = 20 * slowdown, 20 * slowdown  # uvicorn's own, beside Engine.IO's
    return host.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
