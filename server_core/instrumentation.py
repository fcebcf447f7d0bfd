"""`instrument(sio)`: the admin namespace on a server of the app's own, for `socketscope attach` and the Admin UI."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import sys
import time
from importlib.metadata import version
from typing import Any, Literal

import psutil
import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager

from server_core.admin import NAMESPACE, Admin
from server_core.console_tap import ConsoleTap
from server_core.credentials import Auth, Credentials
from server_core.everywhere import execute
from server_core.feed import Feed
from server_core.namespace import Namespace
from server_core.plain import HOSTNAME, Stats
from server_core.records import FEATURES, Command, CommandResult, ServerInfo
from server_core.server import Server
from server_core.watch import attach, census, observe

logger = logging.getLogger("server_core")

#: Seconds between two looks at what is attached to the sockets that a console watches.
LOOK = 1.0
#: Where a server that `instrument` is on says so.
_MARK = "_socketscope"


class Instrument:
    """The admin namespace on one server, as `instrument` puts it there."""

    def __init__(
        self,
        sio: socketio.AsyncServer,
        auth: Auth | None,
        *,
        namespace: str,
        read_only: bool,
        server_id: str | None,
        mode: Literal["development", "production"],
        server_stats_interval: float,
    ) -> None:
        if not isinstance(sio, socketio.AsyncServer):
            raise TypeError(f"instrument takes a socketio.AsyncServer, not {type(sio).__module__}.{type(sio).__name__}")
        if hasattr(sio, _MARK):
            raise RuntimeError("this server is instrumented already")
        if mode not in ("development", "production"):
            raise ValueError(f'mode is "development" or "production", not {mode!r}')
        self._namespace = namespace if namespace.startswith("/") else f"/{namespace}"
        if _is_handled(sio, self._namespace):
            raise ValueError(f"the app has handlers for {self._namespace}: give the consoles another namespace")
        #: What a console presents as `--token`: made here, and printed once, when no `auth` was given.
        self.token = ""
        if auth is None:
            auth = self.token = secrets.token_urlsafe(24)
            print(f"socketscope: attach with --token {self.token}", file=sys.stderr, flush=True)  # noqa: T201
        elif auth is False:
            logger.warning("auth=False: whoever can reach this server can watch it, and act on it")
        self._sio = sio
        self._read_only = read_only
        self._node = server_id or getattr(sio.manager, "host_id", "")[:12] or HOSTNAME
        self._interval = server_stats_interval
        self._looked_at: dict[object, frozenset[str]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._tap = tap = ConsoleTap(f"{HOSTNAME}:{os.getpid()}:{id(sio):x}", self._namespace)
        tap.on_loss = self._take_census
        self._feed = Feed([tap])
        self._stats = Stats(self._node)
        credentials = Credentials(auth)
        self._detach = attach(tap, sio)
        if isinstance(sio, Server):
            _set_apart(sio, self._namespace)
            if sio.recovery:
                sio.recovery.left_out.add(self._namespace)  # a console that comes back starts anew
        self._admin = Admin(
            sio,
            self._feed,
            self._execute,
            self._watch,
            accept=credentials.accept,
            session=credentials.new_session,
            namespace=self._namespace,
            read_only="the server is read-only: its admin was made so" if read_only else "",
            all_events=mode == "development",
            features=FEATURES,
            server=sio,
            present=self._present,
        )
        tap.server_started(self._info())
        if sio.eio.sockets:
            self._take_census()
        setattr(sio, _MARK, self)

    def uninstrument(self) -> None:
        """Leave the server as it was: consoles are let go, nothing of ours stays."""
        if getattr(self._sio, _MARK, None) is not self:
            return
        delattr(self._sio, _MARK)
        ending = self._admin.close()
        self._detach()
        if isinstance(self._sio, Server):
            spaces, name = self._sio.namespaces_in_use, self._namespace
            if self._sio.recovery:
                self._sio.recovery.left_out.discard(name)
            if ending:
                ending.add_done_callback(lambda _: spaces.pop(name, None))
            else:
                spaces.pop(name, None)

    def _info(self) -> ServerInfo:
        kind = "server_core.Server" if isinstance(self._sio, Server) else "socketio.AsyncServer"
        return ServerInfo(
            pid=os.getpid(),
            library=f"{kind} (python-socketio {version('python-socketio')}, engineio {version('python-engineio')})",
            features=("READ_ONLY",) if self._read_only else FEATURES,
            started=time.time_ns(),
            node=self._node,
            cluster=_cluster(self._sio.manager),
        )

    def _take_census(self) -> None:
        self._tap.census(census(self._sio))

    # while consoles are there

    def _present(self, anyone: bool) -> None:
        """The first console came, or the last has gone."""
        self._tap.drain()
        self._tap.listening = anyone
        if anyone:
            work = (self._feed.run(), self._look(), self._tell())
            self._tasks = [asyncio.ensure_future(each) for each in work]
            self._unlisten = self._feed.listen(self._stats.count)
        else:
            self._unlisten()
            for task in self._tasks:
                task.cancel()

    async def _execute(self, command: Command, by: str) -> CommandResult:
        if command.nsp == self._namespace:
            return CommandResult(ok=False, error=f"{command.nsp} is the consoles' own namespace")
        result = await execute(self._sio, command)
        self._tap.commanded(by, command, result)
        return result

    def _watch(self, console: object, ids: frozenset[str]) -> None:
        if ids:
            self._looked_at[console] = ids
        else:
            self._looked_at.pop(console, None)

    async def _look(self) -> None:
        process = psutil.Process()
        while True:
            asked = time.monotonic()
            await asyncio.sleep(LOOK)
            lag = max(0.0, time.monotonic() - asked - LOOK)
            self._tap.server_stats(lag, time.process_time(), process.memory_info().rss)
            if ids := frozenset().union(*self._looked_at.values()):
                observe(self._tap, self._sio, ids)

    async def _tell(self) -> None:
        """Figures for the Admin UI."""
        while True:
            handled = [nsp for nsp in getattr(self._sio, "handlers", {}) if nsp not in (self._namespace, "*")]
            await self._admin.broadcast("server_stats", self._stats.take(self._tap.roster, ["/", *sorted(handled)]))
            await asyncio.sleep(self._interval)


def _is_handled(sio: socketio.AsyncServer, name: str) -> bool:
    """Whether the app has handlers of its own for a namespace; those of a pattern that takes it are not its own."""
    if sio.handlers.get(name) or name in sio.namespace_handlers:
        return True
    known = sio.namespaces_in_use.get(name) if isinstance(sio, Server) else None
    return known is not None and known.parent is None and bool(known.middlewares or known.listeners)


def _set_apart(sio: Server, name: str) -> None:
    """Make a namespace that no dynamic one takes, and that the app is not told of: their middlewares, handlers and
    broadcasts are not for consoles."""
    spaces = sio.namespaces_in_use
    known = spaces.get(name)
    if known and known.parent and not any(name in each for each in sio.connections.values()):
        known.parent.children.remove(known)  # whoever asked for it is gone
        known = None
    if known is None:
        spaces[name] = Namespace(sio, name)


def _cluster(manager: Any) -> str:
    """What tells one cluster from another: its channel, and where that is, unreadably."""
    if not isinstance(manager, AsyncPubSubManager):
        return ""
    places = [str(value) for name, value in sorted(vars(manager).items()) if name.endswith("url")]
    where = hashlib.blake2s("\n".join(places).encode(), digest_size=6).hexdigest()
    return f"{manager.name}:{manager.channel}:{where}"


def instrument(
    sio: socketio.AsyncServer,
    auth: Auth | None = None,
    *,
    read_only: bool = False,
    namespace: str = NAMESPACE,
    server_id: str | None = None,
    mode: Literal["development", "production"] = "development",
    server_stats_interval: float = 2.0,
) -> Instrument:
    """Let consoles and the official Admin UI attach to a server of yours: any `socketio.AsyncServer`, ours or stock.

    `auth`: `{"username": …, "password": …}`, a token, a list of these, or a function (sync or async) that gets the
    client's auth and says whether it may come in; False lets everybody in. Without it a token is made, and printed
    once to stderr. `namespace`: one that the app has no handlers for. `read_only`: consoles watch, and the server
    refuses their commands. `mode="production"` tells figures alone. Call `uninstrument()` on what it returns to end it.
    """
    return Instrument(
        sio,
        auth,
        namespace=namespace,
        read_only=read_only,
        server_id=server_id,
        mode=mode,
        server_stats_interval=server_stats_interval,
    )
