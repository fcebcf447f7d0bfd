"""Several servers as one, through a python-socketio pub/sub manager (Redis, Kafka, …).

What python-socketio's managers publish stays as it is, so that servers of both kinds work side by side; our own
messages have methods of their own, which stock servers pass over. Who else is there is known from heartbeats, as in
the reference's cluster adapter: a request waits for the answer of each of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Collection, Iterable
from typing import TYPE_CHECKING, Any

from socketio import AsyncManager
from socketio.async_pubsub_manager import AsyncPubSubManager

from server_core.broadcast import BroadcastOperator
from server_core.manager import Manager
from server_core.remote import details, pack, unpack

if TYPE_CHECKING:
    from server_core.namespace import Namespace

logger = logging.getLogger("server_core")

#: Seconds between two heartbeats, and after which a server that sent none is taken for gone.
HEARTBEAT_INTERVAL = 5.0
HEARTBEAT_TIMEOUT = 10.0
#: Seconds after which a server says hello again, until it hears itself.
HELLO_INTERVAL = 0.1


class _Request:
    """One question to the other servers, and what they answered so far."""

    def __init__(self, asked: Iterable[str]) -> None:
        self.missing = set(asked)
        self.answers: list[Any] = []
        self.done = asyncio.Event()
        self._check()

    def answered(self, host: str, value: Any) -> None:
        if host in self.missing:
            if value is not None:  # it has the namespace
                self.answers.append(value)
            self.gone(host)

    def gone(self, host: str) -> None:
        self.missing.discard(host)
        self._check()

    def _check(self) -> None:
        if not self.missing:
            self.done.set()


# A mixin: the pub/sub manager's own methods have to come before `Manager`'s, to which they add the other servers.
if TYPE_CHECKING:
    _Manager = Manager
else:
    _Manager = object


class Cluster(_Manager):
    """What a pub/sub manager becomes when it is given to a `Server`."""

    host_id: str
    write_only: bool
    json: Any

    def prepare(self) -> None:
        super().prepare()
        #: The other servers: host id → when the last message came, on the monotonic clock.
        self._others: dict[str, float] = {}
        self._requests: dict[str, _Request] = {}
        self._beating: asyncio.Task[None] | None = None
        #: Set when our own messages come back: from now on nobody's are missed.
        self._listening = asyncio.Event()

    def initialize(self) -> None:
        super().initialize()
        if not self.write_only:  # it hears no questions: the others need not know of it
            self._beating = self.server.spawn(self._beat())

    async def close(self) -> None:
        if self._beating:
            self._beating.cancel()
            await self._tell("leaving")
        thread = getattr(self, "thread", None)
        if isinstance(thread, asyncio.Task):
            thread.cancel()

    @property
    def others(self) -> set[str]:
        """Host ids of the other servers that were heard of lately."""
        return set(self._others)

    # what operators ask for

    async def emit_elsewhere(
        self,
        event: str,
        args: list[Any],
        namespace: str,
        rooms: Collection[str] | None,
        except_: Collection[str],
        volatile: bool,
    ) -> None:
        """Have the other servers emit an event to theirs; stock ones can leave out sockets, but no rooms."""
        message = {
            **pack(args),
            "method": "emit",
            "event": event,
            "namespace": namespace,
            "room": None if rooms is None else list(rooms),
            "skip_sid": list(except_),
            "callback": None,
            "host_id": self.host_id,
            "volatile": volatile,
        }
        await self._publish(message)

    async def ask_elsewhere(self, method: str, patience: float | None, **fields: Any) -> list[Any]:
        """Ask the other servers, and return their answers; TimeoutError with `responses` when one is late."""
        self._listen_now()
        id = secrets.token_urlsafe(9)
        request = self._requests[id] = _Request(self._others)
        try:
            await self._tell(method, request=id, **fields)
            await asyncio.wait_for(request.done.wait(), patience)
        except TimeoutError:
            late = TimeoutError(f"{len(request.missing)} of the other servers did not answer")
            late.responses = request.answers  # type: ignore[attr-defined]
            raise late from None
        finally:
            del self._requests[id]
        return request.answers

    async def tell_elsewhere(self, method: str, **fields: Any) -> None:
        """Have the other servers do something."""
        await self._tell(method, **fields)

    # the channel

    def _listen_now(self) -> None:
        if not self.server.manager_initialized:  # python-socketio waits for the first client
            self.server.manager_initialized = True
            self.initialize()

    async def _tell(self, method: str, **fields: Any) -> None:
        await self._publish({"method": f"socketscope:{method}", "host_id": self.host_id, **fields})

    async def _publish(self, data: dict[str, Any]) -> None:
        await super()._publish(data)

    async def _listen(self) -> AsyncIterator[Any]:
        async for message in super()._listen():
            data = message if isinstance(message, dict) else self._parse(message)
            method = data.get("method", "")
            if not isinstance(method, str) or not method.startswith("socketscope:"):
                yield data or message
            elif (host := data.get("host_id")) == self.host_id:
                self._listening.set()
            elif isinstance(host, str):
                self._others[host] = time.monotonic()
                self.server.spawn(self._heard(method.removeprefix("socketscope:"), host, data))

    def _parse(self, message: Any) -> dict[str, Any]:
        try:
            data = self.json.loads(message)
        except (ValueError, TypeError):
            return {}
        return data if isinstance(data, dict) else {}

    async def _beat(self) -> None:
        while not self._listening.is_set():
            await self._tell("hello")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._listening.wait(), HELLO_INTERVAL)
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            await self._tell("heartbeat")
            oldest = time.monotonic() - HEARTBEAT_TIMEOUT
            for host, last in list(self._others.items()):
                if last < oldest:
                    self._lost(host)

    def _lost(self, host: str) -> None:
        self._others.pop(host, None)
        for request in self._requests.values():
            request.gone(host)

    async def _heard(self, method: str, host: str, data: dict[str, Any]) -> None:
        try:
            if method == "hello":
                await self._tell("heartbeat")
            elif method == "leaving":
                self._lost(host)
            elif method == "answer":
                if request := self._requests.get(data.get("request", "")):
                    request.answered(host, data.get("value"))
            elif method != "heartbeat":
                await self._carry_out(method, data)
        except Exception:
            logger.exception("a message of the cluster could not be handled: %s", method)

    async def _carry_out(self, method: str, data: dict[str, Any]) -> None:
        nsp = self.server.namespaces_in_use.get(data.get("namespace", "/"))
        value: Any = None
        if nsp is not None:
            value = await self._do(method, nsp, data)
        if request := data.get("request"):
            await self._tell("answer", request=request, value=value)

    async def _do(self, method: str, nsp: Namespace, data: dict[str, Any]) -> Any:
        rooms = data.get("room")
        operator = BroadcastOperator(
            nsp,
            None if rooms is None else frozenset(rooms),
            frozenset(data.get("skip_sid") or ()),
            data.get("timeout"),
            local=True,
        )
        if method == "fetch_sockets":
            return [details(socket) for socket in await operator.fetch_sockets()]
        if method == "sockets_join":
            await operator.sockets_join(data["rooms"])
        elif method == "sockets_leave":
            await operator.sockets_leave(data["rooms"])
        elif method == "disconnect_sockets":
            await operator.disconnect_sockets(bool(data.get("close")))
        elif method == "emit_with_ack":
            event, args = data["event"], unpack(data)
            try:
                return pack(await operator.emit_with_ack(event, *args)) | {"late": False}
            except TimeoutError as error:
                return pack(error.responses) | {"late": True}  # type: ignore[attr-defined]
        elif method == "server_side_emit":
            answers, failed = await nsp.run_server_side(data["event"], unpack(data))
            return pack(answers) | {"failed": failed}
        return None

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        if (volatile := message.get("volatile")) is None:  # python-socketio's, to which None is no data
            await super()._handle_emit(message)
            return
        rooms, except_ = message["room"], message["skip_sid"]
        self.emit_to(message["event"], unpack(message), message["namespace"], rooms, except_, volatile=volatile)


def adopt(manager: AsyncManager | None) -> Manager:
    """The manager that a server was given as one of ours: it keeps what it does, and gets our rooms.

    Its class is changed, not any class: python-socketio makes managers that hold connections, so there is no making it
    anew.
    """
    if manager is None:
        return Manager()
    if not isinstance(manager, Manager):
        kind = type(manager)
        bases = (Cluster, kind, Manager) if issubclass(kind, AsyncPubSubManager) else (kind, Manager)
        manager.__class__ = type(kind.__name__, bases, {})
        manager.prepare()
    adopted: Manager = manager
    return adopted
