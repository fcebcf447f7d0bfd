"""An app in python-socketio's own API does the same on `AsyncServer` and on `Server`."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from console.wire.errors import Closed, Refused
from server_core import Server, Socket
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll

KINDS = {"stock": socketio.AsyncServer, "ours": Server}


class Chat(socketio.AsyncNamespace):
    """A class-based namespace."""

    def __init__(self, told: list[Any]) -> None:
        super().__init__("/chat")
        self.told = told

    async def on_connect(self, sid: str, environ: dict[str, Any]) -> None:
        async with self.session(sid) as session:
            session["greeted"] = 0
        await self.enter_room(sid, "chatters")
        await self.emit("welcome", room=sid)

    async def on_greet(self, sid: str, name: str) -> str:
        async with self.session(sid) as session:
            session["greeted"] += 1
            count = session["greeted"]
        await self.send(f"{name} greets", room="chatters", skip_sid=sid)
        return f"hello {name}, {count}"

    async def on_leave(self, sid: str) -> list[Any]:
        await self.leave_room(sid, "chatters")
        return [room == sid or room for room in self.rooms(sid)]

    async def on_kick(self, sid: str) -> None:
        await self.disconnect(sid)

    def on_disconnect(self, sid: str, reason: str) -> None:
        self.told.append(("/chat", reason))


def build(sio: Any) -> list[Any]:
    """The app; what it is told."""
    told: list[Any] = []
    sio.register_namespace(Chat(told))

    @sio.event
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> Any:
        if auth == "wrong" or (auth or {}).get("name") == "mallory":
            raise socketio.exceptions.ConnectionRefusedError("unknown user", {"retry": False})
        if (auth or {}).get("name") == "nobody":
            return False
        if (auth or {}).get("name") == "builtin":
            raise ConnectionRefusedError("a socket's")
        await sio.save_session(sid, {"name": (auth or {}).get("name")})
        await sio.enter_room(sid, "lobby")
        await sio.emit("joined", (auth or {}).get("name"), room="lobby")
        await sio.emit("you", {"path": environ["PATH_INFO"]}, to=sid)
        return None

    @sio.event
    def disconnect(sid: str, reason: str) -> None:
        told.append(("/", reason))

    @sio.on("echo")
    async def echo(sid: str, *args: Any) -> Any:
        return args

    @sio.on("tell")
    async def tell(sid: str, target: Any, options: dict[str, Any]) -> None:
        await sio.emit("told", tuple(target), **({"room": "lobby"} | options))

    @sio.on("ask me")
    async def ask_me(sid: str) -> Any:
        answer = await sio.call("question", b"\x01", to=sid, timeout=20)
        with contextlib.suppress(socketio.exceptions.TimeoutError):
            await sio.call("unanswered", to=sid, timeout=0.05)
            told.append("an answer that nobody gave")
        await sio.emit("and back", callback=lambda *values: told.append(values), to=sid)
        return answer

    @sio.on("session")
    async def session(sid: str) -> Any:
        async with sio.session(sid) as session:
            session["seen"] = session.get("seen", 0) + 1
        return await sio.get_session(sid)

    @sio.on("rooms")
    async def rooms(sid: str, leave: str) -> Any:
        await sio.leave_room(sid, leave)
        await sio.enter_room(sid, "den")
        await sio.enter_room(sid, "den")
        return sorted("own" if room == sid else room for room in sio.rooms(sid))

    @sio.on("close room")
    async def close_room(sid: str) -> Any:
        await sio.close_room("den")
        return sorted("own" if room == sid else room for room in sio.rooms(sid))

    @sio.on("about")
    async def about(sid: str) -> Any:
        environ = sio.get_environ(sid)
        await sio.sleep(0)
        await sio.start_background_task(sio.sleep, 0)
        return [sio.transport(sid), environ["QUERY_STRING"].split("&")[0], environ["asgi.scope"]["type"]]

    @sio.on("bye")
    async def bye(sid: str) -> None:
        await sio.disconnect(sid)

    @sio.on("*")
    async def anything(event: str, sid: str, *args: Any) -> Any:
        return ["caught", event, *args]

    @sio.on("anywhere", namespace="*")
    async def anywhere(namespace: str, sid: str, *args: Any) -> Any:
        return ["caught anywhere", namespace, *args]

    return told


async def script(url: str, transcript: list[Any]) -> None:
    """What clients do, and what they see."""

    async def note(socket: ClientSocket, count: int = 1) -> None:
        transcript.extend([await receive(socket) for _ in range(count)])

    async with client(url, {"name": "alice"}) as alice:
        await note(alice, 2)
        async with client(url, {"name": "bob"}, transports=["polling"]) as bob:
            await note(alice)
            await note(bob, 2)
            transcript.append(await alice.emit_with_ack("echo", 1, b"\xff", {"a": None}, timeout=20))
            transcript.append(await alice.emit_with_ack("echo", timeout=20))
            await bob.emit("tell", [1, "two"], {})
            await bob.emit("tell", [], {"skip_sid": bob.id})
            await bob.emit("tell", ["bob alone"], {"room": bob.id})
            await note(alice, 2)
            await note(bob, 2)
            transcript.append(await alice.emit_with_ack("session", timeout=20))
            transcript.append(await bob.emit_with_ack("session", timeout=20))
            transcript.append(await alice.emit_with_ack("rooms", "lobby", timeout=20))
            transcript.append(await bob.emit_with_ack("rooms", "nowhere", timeout=20))
            transcript.append(await bob.emit_with_ack("close room", timeout=20))
            transcript.append(await alice.emit_with_ack("about", timeout=20))
            transcript.append(await bob.emit_with_ack("something else", 1, timeout=20))
            asked = asyncio.ensure_future(alice.emit_with_ack("ask me", timeout=20))
            question = await asyncio.wait_for(alice.receive(), 20)
            transcript.append((question.name, question.args))
            await alice.ack(question, "an answer", b"\x02")
            await note(alice)  # unanswered
            back = await asyncio.wait_for(alice.receive(), 20)
            transcript.append((back.name, back.args, back.id is not None))
            await alice.ack(back, "taken", 1)
            transcript.append(await asked)
            await bob.emit("bye")
            with pytest.raises(Closed) as left:
                await receive(bob)
            transcript.append(str(left.value))
    for auth in ({"name": "mallory"}, {"name": "nobody"}, {"name": "builtin"}):
        with pytest.raises(Refused) as refused:
            async with client(url, auth):
                pass
        transcript.append((refused.value.message, refused.value.data))
    async with client(url, nsp="/chat") as one, client(url, nsp="/chat") as two:
        await note(one)
        await note(two)
        transcript.append(await one.emit_with_ack("greet", "eve", timeout=20))
        transcript.append(await one.emit_with_ack("greet", "eve", timeout=20))
        await note(two, 2)
        transcript.append(await two.emit_with_ack("leave", timeout=20))
        transcript.append(await two.emit_with_ack("anywhere", 3, timeout=20))
        await two.emit("kick")
        with pytest.raises(Closed) as left:
            await receive(two)
        transcript.append(str(left.value))


@contextlib.asynccontextmanager
async def running(kind: str, **options: Any) -> AsyncIterator[tuple[Any, str, list[Any]]]:
    sio = KINDS[kind](async_mode="asgi", **options)
    told = build(sio)
    async with serve(socketio.ASGIApp(sio)) as url:
        yield sio, url, told


async def transcript_of(kind: str, redis: str | None = None) -> list[Any]:
    manager = socketio.AsyncRedisManager(redis, channel=secrets.token_hex(4)) if redis else None
    transcript: list[Any] = []
    async with running(kind, client_manager=manager) as (sio, url, told):
        await script(url, transcript)
        assert await poll(lambda: len(told) == 5, 20), told
        transcript += told
        if redis and kind == "ours":
            await sio.shutdown()
    return transcript


async def test_the_same_app_gives_the_same_transcript() -> None:
    stock, ours = await transcript_of("stock"), await transcript_of("ours")
    for theirs, mine in zip(stock, ours, strict=True):
        assert mine == theirs


async def test_the_same_with_a_redis_manager(redis: str) -> None:
    assert await transcript_of("ours", redis) == await transcript_of("stock", redis)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_write_only_manager_emits_from_outside(redis: str, kind: str) -> None:
    channel = secrets.token_hex(4)
    manager = socketio.AsyncRedisManager(redis, channel=channel)
    outside = socketio.RedisManager(redis, channel=channel, write_only=True)
    async with running(kind, client_manager=manager) as (sio, url, _), client(url, {"name": "alice"}) as alice:
        assert (await receive(alice))[0] == "joined"
        assert (await receive(alice))[0] == "you"
        for _ in range(100):  # until it listens
            await asyncio.to_thread(outside.emit, "outside", {"n": 1}, room="lobby")
            with contextlib.suppress(TimeoutError):
                assert await receive(alice, 0.1) == ["outside", {"n": 1}]
                break
        else:
            raise AssertionError("nothing came")
        if isinstance(sio, Server):
            await sio.shutdown()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_that_is_always_accepted_is_disconnected_when_it_is_refused(kind: str) -> None:
    async with running(kind, always_connect=True) as (_, url, _told):
        async with client(url, {"name": "nobody"}) as nobody:
            with pytest.raises(Closed, match="io server disconnect"):
                await receive(nobody)
        async with client(url, {"name": "alice"}) as alice:
            assert await receive(alice) == ["joined", "alice"]


async def test_what_a_connect_handler_emits_to_a_socket_that_it_refuses_is_never_sent() -> None:
    io = Server()

    @io.event
    async def connect(sid: str, environ: dict[str, Any]) -> bool:
        await io.enter_room(sid, "room")
        await io.emit("secret", to=sid)
        await io.emit("secret", room="room")
        return False

    async with serve(io.app) as url:
        engine = Engine(url)
        await engine.open()
        await engine.send("0")
        answer = await engine.receive()
        assert isinstance(answer, str)
        assert answer.startswith("4{")  # CONNECT_ERROR
        await engine.send("0")
        again = await engine.receive()
        assert again == answer
        await engine.close()
    assert (io.manager.rooms, io.manager._held) == ({}, {})


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_handlers_of_one_connection_overlap_only_when_they_may(kind: str, overlap: bool) -> None:
    told: list[int] = []
    all_began = asyncio.Event()
    async with running(kind, async_handlers=overlap) as (sio, url, _), client(url) as socket:

        @sio.on("step")
        async def step(sid: str, number: int) -> int:
            told.append(number)
            if number == 3:
                all_began.set()
            if overlap:
                await all_began.wait()
            else:
                await sio.sleep(0.01)
            told.append(-number)
            return number

        await socket.emit("step", 1)
        await socket.emit("step", 2)
        assert await socket.emit_with_ack("step", 3, timeout=20) == [3]
    assert told in ([[1, 2, 3, -3, -1, -2], [1, 2, 3, -1, -2, -3]] if overlap else [[1, -1, 2, -2, 3, -3]])


async def test_handlers_that_must_not_overlap_may_ask_their_client_and_hold_up_nobody_else() -> None:
    io = Server(async_handlers=False)
    told: list[str] = []

    def connection(socket: Socket) -> None:
        @socket.on("ask")
        async def ask() -> None:
            told.append("asks")
            told.append(await socket.emit_with_ack("question"))

        @socket.on("note")
        def note(text: str) -> str:
            told.append(text)
            return text

        @socket.on("broken")
        def broken() -> None:
            raise ValueError("it broke")

    for name in ("/", "/chat"):
        io.of(name).on("connection", connection)
    async with serve(io.app) as url, client(url) as other:
        wire = Client(Engine(url))
        await wire.open()
        here, chat = await wire.connect("/"), await wire.connect("/chat")
        await here.emit("broken")
        await here.emit("ask")
        event = await asyncio.wait_for(here.receive(), 20)
        last = asyncio.ensure_future(chat.emit_with_ack("note", "after it", timeout=20))
        assert await other.emit_with_ack("note", "beside it", timeout=20) == ["beside it"]
        await here.ack(event, "answered")
        assert await last == ["after it"]
        await wire.close()
    assert told == ["asks", "beside it", "answered", "after it"]


async def test_the_app_may_be_mounted_in_fastapi() -> None:
    fastapi = pytest.importorskip("fastapi")
    io = Server()
    io.on("echo", lambda sid, value: value)
    app = fastapi.FastAPI()
    app.mount("/", io.app)
    async with serve(app) as url, client(url) as socket:
        assert await socket.emit_with_ack("echo", 1, timeout=20) == [1]
