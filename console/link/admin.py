"""One connection to the admin namespace of a server, in either dialect: ours, or the Admin UI's own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from console.link.plain import PlainReader
from console.link.plain_commands import PlainSender
from console.wire.client import Client, ClientSocket, Event
from console.wire.engine import Engine
from console.wire.errors import Closed, WireError
from console.wire.target import Target
from server_core.records import AnyRecord, Command, CommandResult, decode_batch

#: In `supportedFeatures`: the server sends records in batches to whoever subscribes.
RECORDS = "SOCKETSCOPE_RECORDS"
#: Seconds that a server has to answer CONNECT (it may hash a password first), and to say what it can do.
CONNECT_PATIENCE, CONFIG_PATIENCE = 20.0, 5.0
#: Seconds that the server has to carry out a command, beside the time that its acks may take.
COMMAND_PATIENCE = 20.0
#: Seconds between what was sent last and the goodbye.
LEAVING = 0.15
#: Seconds for which plain events are gathered.
GATHER = 0.03
#: Bytes that a command takes beside its payload.
ENVELOPE = 2_000
#: Seconds between two looks at what plain events have not been told of.
TICK = 1.0


class NotInstrumented(WireError):
    """The server answers, but has no admin on this namespace."""


Put = Callable[[Sequence[AnyRecord]], None]


class AdminConnection:
    """Opened once, read until it ends; `put` gets records, `server` names them where the server does not itself."""

    def __init__(
        self,
        target: Target,
        put: Put,
        *,
        server: str = "",
        mine: Callable[[str, str], bool] = lambda _nsp, _id: True,
    ) -> None:
        self._target = target
        self._put = put
        self._server = server or target.url
        self._mine = mine
        engine = Engine(
            target.url, path=target.path, transports=target.transports, headers=target.headers, tls=target.tls
        )
        self._client = Client(engine, msgpack=target.msgpack)
        self._socket: ClientSocket | None = None
        self._early: list[Event] = []
        self._handing_over: asyncio.TimerHandle | None = None
        #: Reads the Admin UI's own dialect; None where the server speaks ours.
        self.plain: PlainReader | None = None
        self._sender: PlainSender | None = None
        #: What the server says that it can do.
        self.features: list[str] = []
        #: Set when it has said who is there.
        self.listed = asyncio.Event()

    async def open(self) -> None:
        """Connect, and learn what the server speaks; WireError when it can't be."""
        try:
            await self._client.open()
            self._socket = await self._client.connect(
                self._target.namespace, self._target.login, timeout=CONNECT_PATIENCE
            )
            config = await self._config(self._socket)
        except BaseException:
            await self.abort()
            raise
        self.features = [each for each in config.get("supportedFeatures", []) if isinstance(each, str)]
        if RECORDS in self.features:
            await self._socket.emit("subscribe")
            return
        handshake = self._client.engine.handshake
        plain = PlainReader(
            self._server,
            hidden=self._target.namespace,
            url=self._target.url,
            ping=handshake.ping_interval / 1000,
            max_payload=max(1_000, handshake.max_payload - 1_000),
            mine=self._mine,
        )
        plain.config(config)
        self.plain, self._sender = plain, PlainSender(self._socket, plain, self._put)
        if plain.kind == "python" and not plain.development:
            plain.can_act(await self._sender.probe(self._read_one))
        self._early, early = [], self._early
        for event in early:
            self._read_plain(event)
        self._hand_over()

    async def read(self) -> None:
        """Take in what the server says, until the connection ends: Closed says why."""
        socket = self._connected()
        ticker = asyncio.ensure_future(self._tick())
        try:
            while True:
                await self._take_in(await socket.receive())
        finally:
            ticker.cancel()
            self._hand_over()
            if self.plain and (last := self.plain.take()):
                self._put(last)

    async def send(self, command: Command) -> CommandResult:
        """Have the server do something; never raises, the result says what was done or why not."""
        try:
            if self._sender:
                return await self._sender.send(command)
            size = len(getattr(command, "args", "")) + sum(map(len, getattr(command, "attachments", ())))
            most = self._client.engine.handshake.max_payload - ENVELOPE
            if size > most:
                return CommandResult(ok=False, error=f"{size} bytes are more than the server takes at once: {most}")
            patience = COMMAND_PATIENCE + (getattr(command, "ack", None) or 0.0)
            try:
                values = await self._connected().emit_with_ack(
                    "command", msgspec.to_builtins(command), timeout=patience
                )
            except TimeoutError:
                return CommandResult(ok=False, error=f"the server did not answer within {patience:.0f} s")
            return msgspec.convert(values[0] if values else None, CommandResult)
        except Closed as closed:
            return CommandResult(ok=False, error=f"the server went away before it answered: {closed}")
        except msgspec.ValidationError as error:
            return CommandResult(ok=False, error=f"the server's answer can't be read: {error}")

    async def pass_on(self, command: Command) -> None:
        """Ask for something of which another server tells what came of it; only python-socketio's own need that."""
        if self._sender and self.plain and self.plain.kind == "python":
            with contextlib.suppress(Closed):
                await self._sender.pass_on(command)

    async def watch(self, ids: Sequence[str]) -> None:
        """Have changes inside the attributes of these sockets found, where the server can."""
        if self._sender is None:
            with contextlib.suppress(Closed):  # told again after the next connection
                await self._connected().emit("watch", list(ids))

    async def sync(self) -> None:
        """Have everything that is live said again."""
        if self.plain:
            self._put(self.plain.resync())
            return
        with contextlib.suppress(Closed):  # every connection begins with a sync
            await self._connected().emit("sync")

    async def close(self) -> None:
        """Leave, once all that was sent is written out."""
        if self._sender:
            await asyncio.sleep(LEAVING)  # Node does not look at what comes in one go with a goodbye
        await self._client.close()

    async def abort(self) -> None:
        """Drop the connection."""
        await self._client.engine.abort()

    # reading

    def _connected(self) -> ClientSocket:
        if self._socket is None:
            raise Closed("not connected")
        return self._socket

    async def _config(self, socket: ClientSocket) -> Mapping[str, Any]:
        """The `config` event; what came before it is kept."""
        try:
            async with asyncio.timeout(CONFIG_PATIENCE):
                while True:
                    event = await socket.receive()
                    if event.name == "config" and event.args and isinstance(event.args[0], dict):
                        return event.args[0]
                    self._early.append(event)
        except TimeoutError:
            raise NotInstrumented(
                f"{self._target.url} let us into {self._target.namespace}, but no admin is there: it is a namespace of "
                "the app's"
            ) from None

    async def _read_one(self) -> None:
        """Take in one event before anybody reads."""
        self._early.append(await self._connected().receive())

    async def _take_in(self, event: Event) -> None:
        if event.name == "records":
            for batch in event.args:
                if isinstance(batch, bytes):
                    self._put(decode_batch(batch))
            self.listed.set()
            await self._connected().ack(event)
        elif self.plain:
            self._read_plain(event)

    def _read_plain(self, event: Event) -> None:
        if self.plain and event.name != "config":
            self.plain.read(event.name, event.args, time.monotonic())
            self._hand_over_soon()

    def _hand_over_soon(self) -> None:
        if self._handing_over is None:  # what belongs together comes one by one
            self._handing_over = asyncio.get_running_loop().call_later(GATHER, self._hand_over)

    def _hand_over(self) -> None:
        if self._handing_over:
            self._handing_over.cancel()
            self._handing_over = None
        if self.plain is None:
            return
        records = self.plain.take(time.monotonic())
        if self.plain.waiting and not self._connected().reason:
            self._hand_over_soon()
        if records:
            self._put(records)
        if self._sender:
            self._sender.saw([*records, *self.plain.elsewhere])
        if self.plain.listed:
            self.listed.set()

    async def _tick(self) -> None:
        while self.plain:
            await asyncio.sleep(TICK)
            self.plain.tick(time.monotonic())
            self._hand_over()
