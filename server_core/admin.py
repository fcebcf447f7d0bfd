"""The admin namespace: how a console reads what happens on a server, and sends commands.

A client hears the Admin UI's own protocol, unless it subscribes to our extension of it: records in binary batches, and
commands whose results come back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import socketio
from socketio.exceptions import ConnectionRefusedError as Refusal

from server_core import plain_commands
from server_core.feed import Feed
from server_core.outbox import Outbox
from server_core.plain import Message, Plain
from server_core.records import FEATURES, SCHEMA_VERSION, Command, CommandResult, Record, Sync

logger = logging.getLogger("server_core")

NAMESPACE = "/admin"
#: In `supportedFeatures`: the extension of the Admin UI protocol that this module speaks.
FEATURE = "SOCKETSCOPE_RECORDS"
#: What the Admin UI asks for before it shows what may be done, and what it shows.
ACTING = ("EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT")
#: Batches that a console may be behind with its answers.
IN_FLIGHT = 8
#: Seconds after which a console that answers nothing is let go.
PATIENCE = 60.0
#: Seconds that a client has to subscribe to records, before it is told in the Admin UI's protocol.
UNDECIDED = 0.3
#: Messages of that protocol that may wait in a connection, which has no other flow control.
MAX_WAITING = 20_000

#: Sockets that a console may watch at a time.
MAX_WATCHED = 200

#: Consoles that are being disconnected.
_ending: set[asyncio.Future[Any]] = set()

#: Has the sockets with these ids looked at for a console.
Watch = Callable[[object, frozenset[str]], None]
#: Carries out a command of a console (named by the string) on the app's own loop.
Execute = Callable[[Command, str], Awaitable[CommandResult]]
#: Says of a client's auth whether it may come in.
Accept = Callable[[Any], Awaitable[bool]]


class Console:
    """One client of the admin namespace that was let in."""

    def __init__(self, sid: str) -> None:
        self.sid = sid
        self.name = f"console {sid[:8]}"
        self.outbox: Outbox | None = None
        #: Whether it was told what it may do.
        self.greeted = False
        self.subscribed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Admin:
    """Serves consoles on the admin namespace of a server: the app's own, or one that stands beside it.

    It uses nothing but python-socketio's own API, and emits to this server's own clients alone.
    """

    def __init__(
        self,
        sio: socketio.AsyncServer,
        feed: Feed,
        execute: Execute,
        watch: Watch,
        *,
        accept: Accept,
        namespace: str = NAMESPACE,
        read_only: str = "",
        all_events: bool = True,
        features: Sequence[str] = FEATURES,
        session: Callable[[], str] | None = None,
        server: socketio.AsyncServer | None = None,
        present: Callable[[bool], None] | None = None,
    ) -> None:
        """`read_only` says why no command is carried out, "" lets them pass; `all_events=False` shows figures alone;
        `session` makes ids with which a client may come back; `server` is the one that is acted on in the Admin UI's
        protocol; `present` is told when the first console comes and when the last has gone."""
        self._sio: Any = sio
        self._feed = feed
        self._execute = execute
        self._watch = watch
        self._accept = accept
        self._nsp = namespace
        self._read_only = read_only
        self._all_events = all_events
        self._features = () if read_only else tuple(features)
        self._session = session
        self._server = server
        self._present = present
        self._consoles: dict[str, Console] = {}
        self._handlers: dict[str, Any] = {
            "connect": self._connect,
            "disconnect": self._disconnect,
            "subscribe": self._subscribe,
            "command": self._command,
            "sync": self._sync,
            "watch": self._watched,
            "*": self._other,
        }
        if server is not None:
            self._handlers |= {
                "emit": self._plain(plain_commands.emit),
                "join": self._plain(plain_commands.join),
                "leave": self._plain(plain_commands.leave),
                "_disconnect": self._plain(plain_commands.disconnect),
            }
        for event, handler in self._handlers.items():
            sio.on(event, handler, namespace=namespace)

    def close(self) -> asyncio.Future[Any] | None:
        """Take our handlers from the server, and let every console go; what ends when they are gone."""
        consoles = list(self._consoles)
        for sid in consoles:
            self._leave(sid)
        handlers = self._sio.handlers.get(self._nsp, {})
        for event, handler in self._handlers.items():
            if handlers.get(event) == handler:
                del handlers[event]
        if not handlers:
            self._sio.handlers.pop(self._nsp, None)
        if not consoles:
            return None
        ending = asyncio.gather(*(self._sio.disconnect(sid, namespace=self._nsp) for sid in consoles))
        _ending.add(ending)
        ending.add_done_callback(_ending.discard)
        return ending

    async def broadcast(self, event: str, *args: Any) -> None:
        """Tell the consoles that read the Admin UI's protocol."""
        for console in list(self._consoles.values()):
            if console.greeted and not console.subscribed.is_set():
                await self._emit(console, event, *args)

    # coming and going

    async def _connect(self, sid: str, _environ: Any, auth: Any = None) -> None:
        try:
            right = await self._accept(auth)
        except Exception:
            logger.exception("the function that checks a console's credentials failed")
            right = False
        if not right:
            logger.warning("a console was refused: its credentials are wrong")
            raise Refusal("invalid credentials")
        if not self._is_there(sid):  # it left meanwhile; nothing tells of its end
            raise Refusal("the connection is closed")
        console = self._consoles[sid] = Console(sid)
        if len(self._consoles) == 1 and self._present:
            self._present(True)
        console.task = asyncio.ensure_future(self._serve(console))

    def _is_there(self, sid: str) -> bool:
        """Whether a client that connects is there still."""
        manager = self._sio.manager
        known = manager.is_pre_connected(sid, self._nsp) or manager.is_connected(sid, self._nsp)
        connection = self._connection(sid) if known else None
        return connection is not None and not connection.closed

    def _disconnect(self, sid: str, *_reason: Any) -> None:
        self._leave(sid)

    def _leave(self, sid: str) -> None:
        console = self._consoles.pop(sid, None)
        if console is None:
            return
        if console.task:
            console.task.cancel()
        self._watch(sid, frozenset())
        if not self._consoles and self._present:
            self._present(False)

    # what it is told

    async def _serve(self, console: Console) -> None:
        await asyncio.sleep(0)  # it is accepted first
        if self._session and (session := self._session()):
            await self._emit(console, "session", session)
        features = ["AGGREGATED_EVENTS", *(() if self._read_only or self._server is None else ACTING)]
        if self._all_events:
            features += ["ALL_EVENTS", FEATURE, *(feature for feature in self._features if feature not in features)]
        config = {"supportedFeatures": features, "schema": SCHEMA_VERSION}
        await self._emit(console, "config", config)
        console.greeted = True
        if not self._all_events:
            return
        subscribed = asyncio.ensure_future(console.subscribed.wait())
        try:
            await asyncio.wait((subscribed,), timeout=UNDECIDED)
            if not subscribed.done():
                await self._serve_plainly(console, subscribed)
        finally:
            subscribed.cancel()
        await self._serve_records(console)

    async def _serve_records(self, console: Console) -> None:
        """Send what the outbox holds, as fast as the console answers."""
        outbox = console.outbox = Outbox(self._feed.syncs)
        stop = self._feed.listen(outbox.put)
        credit = asyncio.Semaphore(IN_FLIGHT)
        answers: set[asyncio.Task[None]] = set()
        try:
            while True:
                await credit.acquire()
                task = asyncio.ensure_future(self._send(console, await outbox.get(), credit))
                answers.add(task)
                task.add_done_callback(answers.discard)
        finally:
            stop()
            for task in answers:
                task.cancel()

    async def _send(self, console: Console, batch: bytes, credit: asyncio.Semaphore) -> None:
        answered = asyncio.Event()

        def answer(*_values: Any) -> None:
            answered.set()

        try:
            await self._emit(console, "records", batch, callback=answer)
            await asyncio.wait_for(answered.wait(), PATIENCE)
        except TimeoutError:
            await self._sio.disconnect(console.sid, namespace=self._nsp)
        finally:
            credit.release()

    async def _serve_plainly(self, console: Console, until: asyncio.Future[Any]) -> None:
        """Tell it in the Admin UI's protocol, until it subscribes to records."""
        tellers: dict[str, Plain] = {}
        messages: asyncio.Queue[Message] = asyncio.Queue()
        lost = False
        untold = 0

        def hear(batch: Sequence[Record]) -> None:
            nonlocal lost
            for record in batch:
                if isinstance(record, Sync) and record.server not in tellers:
                    teller = tellers[record.server] = Plain(record)
                    messages.put_nowait(teller.all_sockets())
                elif known := tellers.get(record.server):
                    told = known.tell([record])
                    if messages.qsize() + self._backlog(console) > MAX_WAITING:
                        lost = lost or bool(told)
                    else:
                        if lost:
                            told, lost = [known.all_sockets()], False
                        for message in told:
                            messages.put_nowait(message)

        stop = self._feed.listen(hear)
        try:
            while True:
                waiting = asyncio.ensure_future(messages.get())
                try:
                    await asyncio.wait((waiting, until), return_when=asyncio.FIRST_COMPLETED)
                    if until.done():
                        return
                    event, args = waiting.result()
                finally:
                    waiting.cancel()
                try:
                    await self._emit(console, event, *args)
                except Exception as error:  # noqa: BLE001  a value that this server's JSON does not take
                    untold += 1
                    if untold == 1:
                        logger.warning("%s: an event can't be told to it: %r; more are counted", console.name, error)
        finally:
            stop()
            if untold > 1:
                logger.warning("%s: %d events could not be told to it", console.name, untold)

    def _backlog(self, console: Console) -> int:
        """Packets that its connection has not sent yet."""
        connection = self._connection(console.sid)
        return connection.queue.qsize() if connection else 0

    def _connection(self, sid: str) -> Any:
        """The Engine.IO connection of a client, None when that is gone."""
        return self._sio.eio.sockets.get(self._sio.manager.eio_sid_from_sid(sid, self._nsp))

    async def _emit(self, console: Console, event: str, *args: Any, callback: Any = None) -> None:
        # to a socket of this process: the other servers of a cluster have nothing to do with it
        await self._sio.emit(event, args, to=console.sid, namespace=self._nsp, callback=callback, ignore_queue=True)

    # what it asks for

    def _subscribe(self, sid: str, *_args: Any) -> None:
        if console := self._consoles.get(sid):
            console.subscribed.set()

    def _sync(self, sid: str, *_args: Any) -> None:
        if (console := self._consoles.get(sid)) and console.outbox:
            console.outbox.put_syncs()

    def _watched(self, sid: str, ids: Any = None, *_args: Any) -> None:
        if sid in self._consoles:
            known = ids if isinstance(ids, list) else []
            self._watch(sid, frozenset(id for id in known[:MAX_WATCHED] if isinstance(id, str)))

    async def _command(self, sid: str, payload: Any = None, *_args: Any) -> object:
        console = self._consoles.get(sid)
        if console is None:
            return None
        try:
            command = msgspec.convert(payload, Command)
        except msgspec.ValidationError as error:
            result = CommandResult(ok=False, error=f"not a command: {error}")
        else:
            result = await self._carry_out(console, command)
        return msgspec.to_builtins(result)

    async def _carry_out(self, console: Console, command: Command) -> CommandResult:
        if self._read_only:
            return CommandResult(ok=False, error=self._read_only)
        return await self._execute(command, console.name)

    def _plain(self, read: Callable[..., Awaitable[Command]]) -> Any:
        """A handler for a command of the Admin UI's protocol."""

        async def handle(sid: str, *args: Any) -> object:
            console = self._consoles.get(sid)
            if console is None:
                return None
            try:
                command = await read(self._server, *args)
            except (TypeError, ValueError, TimeoutError) as error:
                result = CommandResult(ok=False, error=f"not done: {error}")
            else:
                result = await self._carry_out(console, command)
            return msgspec.to_builtins(result)

        return handle

    def _other(self, *_args: Any) -> None:
        """Whatever else a console sends reaches nobody: not the app's handlers for all events either."""
