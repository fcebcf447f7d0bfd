"""The load: many clients that speak raw Engine.IO frames over WebSocket, so that no client library is measured."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

#: What is sent as an event's argument.
PAYLOAD = '{"text":"the quick brown fox jumps over the lazy dog","at":1732550000,"tags":["a","b"]}'
#: Seconds within which a server answers, under valgrind too.
PATIENCE = 300.0
#: Clients that connect at the same time.
AT_ONCE = 50

_TEXT, _BINARY, _CLOSE, _PING = 1, 2, 8, 9


def frame(payload: bytes, opcode: int = _TEXT) -> bytes:
    """A client's WebSocket frame, masked with zeros."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 65_536:
        head = bytes((0x80 | opcode, 0xFE)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0xFF)) + length.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Client(asyncio.Protocol):
    """One WebSocket connection with one socket on it."""

    def __init__(self, host: str, namespace: str = "/", auth: str = "") -> None:
        self._host = host
        self._nsp = "" if namespace == "/" else f"{namespace},"
        self._auth = auth
        self._buffer = b""
        self._open = False
        self._transport: asyncio.Transport
        loop = asyncio.get_running_loop()
        self.connected: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        #: Called with each Socket.IO packet, and each attachment.
        self.on_packet: Callable[[bytes], None] = lambda packet: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.connected, self.closed):
            if not future.done():
                future.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head, head
            self._open, self._buffer = True, rest
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            opcode, length, start = buffer[at] & 0x0F, buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            elif length == 127:
                length, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if len(buffer) < start + length:
                break
            at = start + length
            self._message(opcode, buffer[start:at])
        self._buffer = buffer[at:]

    def _message(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._transport.write(frame(payload, 10))
        elif opcode == _CLOSE:
            self._transport.close()
        elif opcode == _BINARY:
            self.on_packet(payload)
        elif payload[:1] == b"4":
            packet = payload[1:]
            if not self.connected.done() and packet[:1] in b"04":
                assert packet[:1] == b"0", packet
                self.connected.set_result(None)
            else:
                self.on_packet(packet)
        elif payload[:1] == b"2":
            self._transport.write(frame(b"3"))
        elif payload[:1] == b"0":
            self.send(f"0{self._nsp}{self._auth}")

    def send(self, packet: str) -> None:
        """Send one Socket.IO packet."""
        self._transport.write(frame(f"4{packet}".encode()))

    def pause(self) -> None:
        """Read nothing more."""
        self._transport.pause_reading()

    def close(self) -> None:
        self._transport.close()


async def connect(port: int, count: int, namespace: str = "/", auth: str = "") -> list[Client]:
    """So many clients, each with a socket."""
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    while len(clients) < count:
        batch = [
            (await loop.create_connection(lambda: Client(f"127.0.0.1:{port}", namespace, auth), "127.0.0.1", port))[1]
            for _ in range(min(AT_ONCE, count - len(clients)))
        ]
        await asyncio.wait_for(asyncio.gather(*(client.connected for client in batch)), PATIENCE)
        clients += batch
    return clients


async def echo(clients: list[Client], count: int) -> None:
    """Have `count` events acknowledged: each client sends the next when its last was."""
    done = asyncio.get_running_loop().create_future()
    sent = acked = 0

    def send(client: Client) -> None:
        nonlocal sent
        if sent < count:
            sent += 1
            client.send(f'2{sent}["echo",{PAYLOAD}]')

    def answered(client: Client, packet: bytes) -> None:
        nonlocal acked
        if packet[:1] != b"3":
            return
        acked += 1
        if acked == count:
            done.set_result(None)
        send(client)

    for client in clients:
        client.on_packet = lambda packet, client=client: answered(client, packet)  # type: ignore[misc]
    for client in clients:
        send(client)
    await asyncio.wait_for(done, PATIENCE)


async def broadcast(clients: list[Client], count: int) -> None:
    """Have the server emit `count` times to all of them, one after the other."""
    arrived = asyncio.Event()
    waiting = 0

    def news(packet: bytes) -> None:
        nonlocal waiting
        waiting -= 1
        if waiting == 0:
            arrived.set()

    for client in clients:
        client.on_packet = news
    for number in range(count):
        waiting = len(clients)
        arrived.clear()
        clients[number % len(clients)].send(f'2["all",{PAYLOAD}]')
        await asyncio.wait_for(arrived.wait(), PATIENCE)


async def come_and_go(port: int, count: int) -> None:
    """Have so many sockets connect (the app has each join three rooms), then disconnect."""
    for client in await connect(port, count):
        client.send("1")
        client.close()
        await asyncio.wait_for(client.closed, PATIENCE)


class Console:
    """What a console does on the link: it reads records and answers each batch."""

    def __init__(self) -> None:
        self.batches = 0
        self.bytes = 0
        self._client: Client

    async def connect(self, port: int, token: str) -> None:
        (self._client,) = await connect(port, 1, "/admin", f'{{"token":"{token}"}}')
        self._ack = ""
        self._client.on_packet = self._packet
        self._client.send('2/admin,["subscribe"]')

    async def attach(self, port: int) -> None:
        """Read as the Admin UI does."""
        (self._client,) = await connect(port, 1, "/admin", "{}")

    def close(self) -> None:
        self._client.close()

    def _packet(self, packet: bytes) -> None:
        if packet[:9] == b"51-/admin":
            head = packet[10:]
            self._ack = head[: head.index(b"[")].decode()
        elif self._ack:
            self.batches += 1
            self.bytes += len(packet)
            self._client.send(f"3/admin,{self._ack}[]")
            self._ack = ""


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Bytes of memory that are a process's own."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
