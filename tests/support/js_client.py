"""The reference JavaScript client, driven from Python: one Node process, one Manager, a socket per namespace."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.support import node

#: Seconds to wait for anything before a test is given up.
TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that the client saw or did: `ready`, `connect`, `connect_error`, `event`, `ack`, `upgrade`,
    `disconnect`, `close`, `failed`."""

    kind: str
    nsp: str
    fields: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


class JsError(Exception):
    """The JavaScript side did not do, or did not see, what was asked for."""


class JsSocket:
    """The client's socket of one namespace."""

    def __init__(self, client: JsClient, nsp: str) -> None:
        self._client = client
        self.nsp = nsp
        #: As the client knows it, "" before it connects.
        self.id = ""

    async def emit(self, event: str, *args: Any) -> None:
        await self._client.command("emit", nsp=self.nsp, event=event, args=_to_wire(args))

    async def call(self, event: str, *args: Any, timeout: float = TIMEOUT) -> list[Any]:
        """Emit with an ack; the values that the server answered, JsError when it did not in time."""
        report = await self.ask(event, *args, timeout=timeout)
        if report["error"]:
            raise JsError(f"{event}: {report['error']}")
        return list(report["values"])

    async def ask(self, event: str, *args: Any, timeout: float = TIMEOUT) -> Report:
        """Emit with an ack; the report of its answer, or of its timing out."""
        number = self._client.next_call()
        await self._client.command("call", nsp=self.nsp, event=event, args=_to_wire(args), timeout=timeout, id=number)
        return await self._client.wait_for("ack", self.nsp, lambda r: r["id"] == number, timeout=timeout + 2)

    async def answer(self, report: Report, *values: Any) -> None:
        """Acknowledge an event that the server wants an ack for."""
        await self._client.command("answer", ack=report["ack"], values=_to_wire(values))

    async def disconnect(self) -> None:
        await self._client.command("disconnect", nsp=self.nsp)

    async def wait_event(self, event: str, *, timeout: float = TIMEOUT) -> Report:
        """The next event of this name."""
        return await self._client.wait_for("event", self.nsp, lambda r: r["event"] == event, timeout=timeout)

    async def wait_args(self, event: str, *, timeout: float = TIMEOUT) -> list[Any]:
        """The arguments of the next event of this name."""
        return list((await self.wait_event(event, timeout=timeout))["args"])

    async def wait_disconnect(self, *, timeout: float = TIMEOUT) -> str:
        """The reason of the disconnection, in the client's words."""
        return str((await self._client.wait_for("disconnect", self.nsp, timeout=timeout))["reason"])

    @property
    def events(self) -> list[tuple[str, list[Any]]]:
        """All events that came, in order."""
        return [(r["event"], r["args"]) for r in self._client.reports if r.kind == "event" and r.nsp == self.nsp]


class JsClient:
    """`async with JsClient(url, transports=["websocket"]) as client: alice = await client.connect(auth={...})`."""

    def __init__(
        self,
        url: str,
        *,
        transports: Sequence[str] | None = None,
        path: str | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        """`options` are the Manager's own: `upgrade`, `reconnection`, `timeout`, …"""
        given = {"transports": transports, "path": path, "query": query, "extraHeaders": headers}
        self._url = url
        self._options = options | {name: value for name, value in given.items() if value is not None}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._calls = itertools.count(1)
        self._taken: set[int] = set()
        #: All that the client reported, in order.
        self.reports: list[Report] = []

    async def __aenter__(self) -> Self:
        executable = await asyncio.to_thread(node.install)
        self._process = await asyncio.create_subprocess_exec(
            str(executable),
            str(node.JS / "client.mjs"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=64 * 1024 * 1024,
        )
        self._reader = asyncio.create_task(self._read())
        await self.wait_for("ready")
        await self.command("open", url=self._url, options=self._options)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.kill()

    async def connect(
        self, nsp: str = "/", *, auth: dict[str, Any] | None = None, timeout: float = TIMEOUT
    ) -> JsSocket:
        """Connect to a namespace; JsError with the server's message when it refuses."""
        report = await self.try_connect(nsp, auth=auth, timeout=timeout)
        if report.kind == "connect_error":
            raise JsError(f"{nsp}: {report['message']}")
        socket = JsSocket(self, nsp)
        socket.id = report["id"]
        return socket

    async def try_connect(
        self, nsp: str = "/", *, auth: dict[str, Any] | None = None, timeout: float = TIMEOUT
    ) -> Report:
        """Connect to a namespace; the `connect` or `connect_error` report."""
        await self.command("connect", nsp=nsp, auth=auth or {})
        return await self.wait_for(("connect", "connect_error"), nsp, timeout=timeout)

    async def drop(self) -> None:
        """Close the Engine.IO connection without a word of Socket.IO."""
        await self.command("drop")

    async def kill(self) -> None:
        """End the client's process at once: the server sees its connections break."""
        if self._process is None or self._reader is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader
        if self._process.stdin:
            self._process.stdin.close()

    async def wait_for(
        self,
        kind: str | tuple[str, ...],
        nsp: str | None = None,
        matches: Callable[[Report], bool] | None = None,
        *,
        timeout: float = TIMEOUT,
    ) -> Report:
        """The first matching report that no earlier wait was given, of those that came or will come."""
        kinds = (kind,) if isinstance(kind, str) else kind

        def find() -> Report | None:
            for number, report in enumerate(self.reports):
                if number in self._taken or report.kind not in kinds or nsp not in (None, report.nsp):
                    continue
                if matches is None or matches(report):
                    self._taken.add(number)
                    return report
            return None

        try:
            async with asyncio.timeout(timeout), self._changed:
                while (found := find()) is None:
                    await self._changed.wait()
                return found
        except TimeoutError:
            seen = "\n".join(f"  {report}" for report in self.reports) or "  nothing"
            raise JsError(f"no {' or '.join(kinds)} ({nsp or 'any namespace'}) in {timeout} s; seen:\n{seen}") from None

    async def command(self, command: str, **fields: Any) -> None:
        """One command to `client.mjs`."""
        if self._process is None or self._process.stdin is None:
            raise JsError("the client is not running: use `async with`")
        self._process.stdin.write(json.dumps({"command": command, **fields}).encode() + b"\n")
        await self._process.stdin.drain()

    def next_call(self) -> int:
        return next(self._calls)

    async def _read(self) -> None:
        if self._process is None or self._process.stdout is None:
            return
        while line := await self._process.stdout.readline():
            fields = json.loads(line)
            kind, nsp = fields.pop("kind"), fields.pop("nsp", "")
            async with self._changed:
                self.reports.append(Report(kind, nsp, _from_wire(fields)))
                self._changed.notify_all()


def _to_wire(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, list | tuple):
        return [_to_wire(item) for item in value]
    if isinstance(value, dict):
        return {name: _to_wire(item) for name, item in value.items()}
    return value


def _from_wire(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_wire(item) for item in value]
    if isinstance(value, dict):
        if isinstance(value.get("$bytes"), str):
            return base64.b64decode(value["$bytes"])
        return {name: _from_wire(item) for name, item in value.items()}
    return value
