"""The link to servers that the console did not start: one or several, each reached through its admin namespace."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from console.link.base import LinkState, LinkStatus
from console.link.explain import explain
from console.link.live import LiveLink
from console.link.plain import PlainReader
from console.wire.errors import WireError
from console.wire.target import Target
from server_core.records import (
    AnyRecord,
    Command,
    CommandResult,
    Connecting,
    Disconnect,
    Disconnected,
    Drop,
    Emit,
    Gap,
    Join,
    Leave,
    Refused,
    ServerInfo,
    ServerLost,
    ServerStarted,
    ServerStopped,
    Sync,
)

if TYPE_CHECKING:
    from console.link.admin import AdminConnection

#: Seconds between two tries to reach a server: the first, and the longest.
RETRY, MAX_RETRY = 0.5, 10.0
#: Seconds to wait in a cluster of Node.js: asked who is there before it noticed that a node is gone (after 10 s), a
#: server waits for that node's answer in vain, throws, and dies.
CLUSTER_RETRY = 13.0
#: Seconds for which a socket is the server's that told of it first, before it is heard of again.
CLAIM = 3.0


class Attachment:
    """One server: reached again and again, for as long as the link lasts."""

    def __init__(self, link: AttachedLink, target: Target, name: str) -> None:
        self.target = target
        #: What records call the server.
        self.name = name
        #: Why it can't be reached, in a sentence; empty while it can.
        self.why = "connecting"
        self.info = ServerInfo()
        #: Ids of its sockets, by namespace.
        self.sockets: dict[str, str] = {}
        self.connection: AdminConnection | None = None
        #: Whether it was lost, and is not being tried at the moment.
        self.lost = False
        #: Set once it was heard, or the first try has failed.
        self.tried = asyncio.Event()
        self._link = link
        #: The name that the server gives its records → ours.
        self._names: dict[str, str] = {}
        #: What the server calls itself, with its epoch.
        self.identity: tuple[str, int] | None = None
        self._lost_at = 0.0
        self._last = (0, 0)

    async def stay(self) -> None:
        """Connect, read, and begin again when it ends."""
        # a client's libraries take long to load: the link's own thread has the time
        from console.link.admin import AdminConnection

        wait = RETRY
        while True:
            connection = AdminConnection(self.target, self._heard, server=self.name, mine=self._is_mine)
            self.lost = False
            try:
                await connection.open()
                wait = RETRY
                self.connection = connection
                await self._link.watch_on(self)
                await connection.read()
            except (WireError, msgspec.DecodeError, OSError) as error:
                why = str(error) if self.connection else await explain(error, self.target)
                if connection.plain and connection.plain.kind == "node" and connection.plain.roster.info.nodes:
                    wait = CLUSTER_RETRY
                self._lose(why, connection.plain)
            finally:
                self.connection = None
                await connection.abort()
                self.tried.set()
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311  not all consoles at once
            wait = min(MAX_RETRY, wait * 2)

    def _heard(self, records: Sequence[AnyRecord]) -> None:
        out: list[AnyRecord] = []
        for record in records:
            self._learn(record)
            out.append(self._renamed(record))
        self.tried.set()
        if self.why:
            self.why = ""
            if self._lost_at:
                lost = time.monotonic() - self._lost_at
                epoch, seq = self._last
                why = f"out of reach for {lost:.1f} s: nobody knows what happened meanwhile"
                out.insert(0, Gap(server=self.name, epoch=epoch, seq=seq, time=time.time_ns(), lost=0, why=why))
        if out:
            self._last = (out[-1].epoch, out[-1].seq)
        self._link.heard(out)

    def _learn(self, record: AnyRecord) -> None:
        match record:
            case Sync():
                self.info = record.info
                self.sockets = {each.socket.id: each.socket.nsp for each in record.sockets}
                if record.server != self.name:  # it names itself
                    self._link.check_identity(self, (record.server, record.epoch))
                    self.identity = record.server, record.epoch
            case ServerStarted():
                self.info = record.info
                self.sockets = {}
            case ServerStopped():
                self.sockets = {}
            case Connecting():
                self.sockets[record.socket] = record.nsp
            case Disconnected() | Refused():
                self.sockets.pop(record.socket, None)

    def _renamed(self, record: AnyRecord) -> AnyRecord:
        """The record under the name that this console has for the server."""
        name = self._names.get(record.server)
        if name is None:
            number = len(self._names) + 1
            name = self._names[record.server] = self.name if number == 1 else f"{self.name}#{number}"
        if isinstance(record, Sync | ServerStarted):
            record = msgspec.structs.replace(record, info=self._shown(record.info))
        return record if record.server == name else msgspec.structs.replace(record, server=name)

    def _shown(self, info: ServerInfo) -> ServerInfo:
        """What is known of the server, with what only this console knows."""
        features = ("READ_ONLY",) if self._link.read_only else info.features
        return msgspec.structs.replace(info, url=info.url or self.target.url, features=features)

    def _lose(self, why: str, reader: PlainReader | None) -> None:
        was, self.why = self.why, why
        self.lost = True
        self._names.clear()
        self._link.heard(())
        if not was:
            self._lost_at = time.monotonic()
            epoch, seq = self._last
            lost = ServerLost(server=self.name, epoch=epoch, seq=seq + 2, time=time.time_ns(), why=why)
            self._link.heard([*self._handed_over(reader), lost])

    def _handed_over(self, reader: PlainReader | None) -> list[AnyRecord]:
        """What is left of its sockets: those that another server of its cluster tells of are that one's from now on."""
        known = self._link.hand_over(self)
        if reader is None or not known:
            return []
        epoch, seq = self._last
        sync = reader.roster.to_sync(server=self.name, epoch=epoch, seq=seq + 1, time=time.time_ns())
        left = tuple(each for each in sync.sockets if each.socket.id in self.sockets.keys() - known)
        self.sockets = {each.socket.id: each.socket.nsp for each in left}
        connections = {each.socket.engine for each in left}
        engines = tuple(engine for engine in sync.engines if engine.id in connections)
        return [msgspec.structs.replace(sync, info=self._shown(sync.info), sockets=left, engines=engines)]

    def _is_mine(self, nsp: str, id: str) -> bool:
        """Whether a socket that this server tells of is not another's: the first to tell of it has it."""
        return self._link.claim(self, nsp, id)


class AttachedLink(LiveLink):
    """Several servers as one stream of records; each keeps its name, and what it knows when it goes away."""

    def __init__(self, targets: Sequence[Target], *, read_only: bool = False) -> None:
        """`read_only`: this console sends no command, whatever the servers take."""
        names = server_names([target.url for target in targets])
        super().__init__(", ".join(names), targets[0].url, "connecting")
        self.attachments = [Attachment(self, target, name) for target, name in zip(targets, names, strict=True)]
        self.read_only = read_only
        self._claims: dict[tuple[str, str], tuple[Attachment, float]] = {}
        #: Whether two servers told of the same socket: an emit to one reaches the sockets of all.
        self._shared = False
        #: The result of the first try: why each server can't be reached, in the order of the URLs; "" where it can.
        self.first: Future[list[str]] = Future()

    # the link's thread

    async def _main(self) -> None:
        for attachment in self.attachments:
            self._spawn(attachment.stay())
        self._spawn(self._first())
        await self._stop.wait()
        for attachment in self.attachments:
            if attachment.connection:
                await attachment.connection.abort()
        for work in list(self._work):
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    async def _first(self) -> None:
        """Say how the first try went, as soon as each server is heard or has failed."""
        for attachment in self.attachments:
            await attachment.tried.wait()
        self.first.set_result([each.why for each in self.attachments])

    def _set_status(self) -> None:
        lost, every = [each for each in self.attachments if each.why], len(self.attachments)
        if not lost:
            self._status = LinkStatus(LinkState.LIVE)
            return
        why = lost[0].why if every == 1 else "; ".join(f"{each.name}: {each.why}" for each in lost)
        if len(lost) == every:
            self._status = LinkStatus(LinkState.LOST, f"{why}. Trying again")
            return
        # some servers are there still: what can be done there can be done
        names = ", ".join(each.name for each in lost)
        if len(lost) == 1:
            why = lost[0].why
        self._status = LinkStatus(
            LinkState.LIVE, f"{every - len(lost)} of {every} servers: lost {names}, retrying: {why}"
        )

    def heard(self, records: Sequence[AnyRecord]) -> None:
        """Take what one of the servers said."""
        self._set_status()
        if records:
            self._put(records)

    def claim(self, attachment: Attachment, nsp: str, id: str) -> bool:
        """Whether a socket is this server's; nobody else's while it lasts."""
        if len(self.attachments) == 1:
            return True
        now = time.monotonic()
        owner, since = self._claims.get((nsp, id), (None, 0.0))
        # what is claimed is among its sockets a moment later
        if owner is None or owner.lost or (id not in owner.sockets and now - since > CLAIM):
            self._claims[nsp, id] = attachment, now
            if len(self._claims) > 4 * sum(len(each.sockets) for each in self.attachments) + 10_000:
                self._claims = {
                    key: each
                    for key, each in self._claims.items()
                    if key[1] in each[0].sockets or now - each[1] < CLAIM
                }
            return True
        if owner is not attachment:
            self._shared = True
        return owner is attachment

    def hand_over(self, attachment: Attachment) -> set[str]:
        """Have the others tell of the sockets of one that was lost; the ids of those of which they know."""
        known: set[str] = set()
        for other in self.attachments:
            if other is attachment or other.connection is None or other.connection.plain is None:
                continue
            if shared := attachment.sockets.keys() & other.connection.plain.roster.sockets.keys():
                known |= shared
                self._spawn(other.connection.sync())
        return known

    def check_identity(self, attachment: Attachment, identity: tuple[str, int]) -> None:
        """Refuse to watch one server twice."""
        for other in self.attachments:
            if other is attachment:
                return
            if other.identity == identity and not other.why:
                raise WireError(f"it is the same server as {other.name}")

    # commands

    async def _send(self, command: Command) -> CommandResult:
        if self.read_only:
            return CommandResult(ok=False, error="this console is read-only: it was started with --read-only")
        live = [each for each in self.attachments if each.connection]
        if not live:
            why = self._status.why or "try again"
            return CommandResult(ok=False, error=f"not connected to the server: {why}")
        match command:
            case Emit():
                to = self._addressed(command, live)
                return await _all_of([(each, command) for each in to])
            case Join() | Leave() | Disconnect() | Drop():
                parts = self._by_owner(command, live)
                await self._pass_on(parts, live)
                return await _all_of(parts)
        owner = self._owner(command.socket)
        return await _all_of([(owner or live[0], command)])

    def _owner(self, id: str) -> Attachment | None:
        return next((each for each in self.attachments if id in each.sockets), None)

    def _addressed(self, command: Emit, live: Sequence[Attachment]) -> list[Attachment]:
        """Where an emit is sent: to the one server that has those whom it names; once where one speaks for all."""
        owners = [self._owner(room) for room in command.rooms]
        known = list(dict.fromkeys(owner for owner in owners if owner and owner.connection))
        if known and None not in owners:
            return known
        clusters = {each.info.cluster for each in live}
        if len(live) == 1 or self._shared or (len(clusters) == 1 and "" not in clusters):
            return [known[0] if known else live[0]]
        return list(live)

    def _by_owner(
        self, command: Join | Leave | Disconnect | Drop, live: Sequence[Attachment]
    ) -> list[tuple[Attachment, Command]]:
        groups: dict[Attachment, list[str]] = {}
        for id in command.sockets:
            groups.setdefault(self._owner(id) or live[0], []).append(id)
        return [(owner, msgspec.structs.replace(command, sockets=tuple(ids))) for owner, ids in groups.items()]

    async def _pass_on(self, parts: Sequence[tuple[Attachment, Command]], live: Sequence[Attachment]) -> None:
        """Ask the other servers of a cluster, too: of python-socketio's each acts on the sockets that it has itself,
        and the first to tell of one need not be the one that has it."""
        if self._shared:
            for owner, command in parts:
                for other in live:
                    if other is not owner and other.connection:
                        await other.connection.pass_on(command)

    # what the screens ask for

    async def _watch(self) -> None:
        for attachment in self.attachments:
            await self.watch_on(attachment)

    async def watch_on(self, attachment: Attachment) -> None:
        if attachment.connection:
            await attachment.connection.watch(self._looked_at)

    async def _sync(self) -> None:
        for attachment in self.attachments:
            if attachment.connection:
                await attachment.connection.sync()


async def _all_of(parts: Iterable[tuple[Attachment, Command]]) -> CommandResult:
    """Carry out the parts of a command, each on its server, and say what came of all."""
    parts = list(parts)
    if not parts:
        return CommandResult(ok=False, error="no socket is named")
    results = await asyncio.gather(*(_one(attachment, command) for attachment, command in parts))
    if len(results) == 1:
        return results[0]
    sockets = sum(each.sockets for each in results)
    acks = tuple(ack for each in results for ack in each.acks)
    errors = [f"{part[0].name}: {each.error}" for part, each in zip(parts, results, strict=True) if not each.ok]
    if isinstance(parts[0][1], Emit) and sockets:  # not every server has somebody in that room
        errors = []
    return CommandResult(ok=not errors, error="; ".join(errors), sockets=sockets, acks=acks)


async def _one(attachment: Attachment, command: Command) -> CommandResult:
    if attachment.connection is None:
        return CommandResult(ok=False, error=f"{attachment.name} is out of reach: {attachment.why}")
    return await attachment.connection.send(command)


def server_names(urls: Sequence[str]) -> list[str]:
    """What to call servers: host and port, the whole URL where that is not enough."""
    short = [urlsplit(url).netloc.rpartition("@")[2] or url for url in urls]
    return [name if short.count(name) == 1 else url for name, url in zip(short, urls, strict=True)]
