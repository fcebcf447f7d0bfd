"""The hosted link, on real child processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console.link.base import LinkState
from console.link.hosted import HostedLink
from console.state.state import State
from server_core import records
from server_core.host_config import HostConfig
from server_core.listen import ListenError
from server_core.recording import Recorder, read
from server_core.records import DeleteAttribute, Disconnect, Drop, Emit, Join, Leave, SetAttribute, Simulate
from tests.support.make import Maker
from tests.support.run import APPS
from tests.support.serving import client, receive
from tests.support.waiting import poll

DEMO = "server_core.demo:app"


class Hosted:
    """A link, and the state folded from what it gives."""

    def __init__(self, link: HostedLink) -> None:
        self.link = link
        self.state = State()
        self.records: list[Any] = []

    def look(self) -> State:
        taken = self.link.take()
        self.records += taken
        self.state.apply(taken)
        return self.state

    async def wait(self, kind: type[records.Record], timeout: float = 15, **fields: Any) -> Any:
        def find() -> Any:
            self.look()
            for record in self.records:
                if isinstance(record, kind) and all(getattr(record, name) == value for name, value in fields.items()):
                    return record
            return None

        found = await poll(find, timeout)
        assert found, f"no {kind.__name__} {fields}: {self.link.status} {self.records[-20:]}"
        return found

    async def status(self, state: LinkState, timeout: float = 15) -> str:
        assert await poll(lambda: self.link.status.state is state, timeout), self.link.status
        return self.link.status.why


def every_command(sid: str) -> list[records.Command]:
    """One of each kind but `Disconnect`, for one socket; the last ends it."""
    binary = '[{"_placeholder": true, "num": 0}]'
    return [
        Emit(rooms=(sid,), event="news", args=binary, attachments=(b"\x00\xff",)),
        Join(sockets=(sid,), rooms=("ops", "lobby2")),
        Leave(sockets=(sid,), rooms=("ops",)),
        SetAttribute(socket=sid, name="rank", value="7"),
        DeleteAttribute(socket=sid, name="rank"),
        Simulate(socket=sid, event="echo", args=binary, attachments=(b"\x01",), ack=5),
        Drop(sockets=(sid,)),
    ]


@contextlib.asynccontextmanager
async def hosted(target: str = DEMO, **options: Any) -> AsyncIterator[Hosted]:
    recorder = options.pop("recorder", None)
    link = HostedLink(HostConfig(target=target, port=0, app_dir=str(APPS), **options), recorder)
    link.start()
    try:
        yield Hosted(link)
    finally:
        await asyncio.to_thread(link.stop)
        assert link.status.state is LinkState.STOPPED


async def test_what_the_server_does_arrives_and_commands_are_confirmed() -> None:
    async with hosted() as here:
        await here.status(LinkState.LIVE)
        async with client(here.link.url, {"name": "alice"}) as alice, client(here.link.url, {"name": "bob"}) as bob:
            await here.wait(records.Connected, socket=bob.id)
            emit = Emit(rooms=(alice.id,), event="private message", args='["b","hi"]', sender=bob.id, ack=5.0)
            future = here.link.send(emit)
            while (event := await asyncio.wait_for(alice.receive(), 20)).name != "private message":
                pass
            assert event.args == ["b", "hi"]
            await alice.ack(event, "thanks")
            result = await asyncio.wrap_future(future)
            assert (result.ok, result.sockets, result.acks[0].data) == (True, 1, '["thanks"]')
            result = await asyncio.wrap_future(here.link.send(Disconnect(sockets=(alice.id,))))
            assert result.ok
            await here.wait(records.Disconnected, socket=alice.id, reason="server namespace disconnect")
            commands = [record for record in here.records if isinstance(record, records.Commanded)]
            assert [record.command for record in commands] == [emit, Disconnect(sockets=(alice.id,))]
            assert {socket.id for socket in here.look().sockets()} == {bob.id}


async def test_a_killed_server_says_so_and_another_can_be_started() -> None:
    async with hosted() as here:
        started = await here.wait(records.ServerStarted)
        os.kill(started.info.pid, signal.SIGKILL)
        assert await here.status(LinkState.STOPPED) == "the server was killed by SIGKILL"
        stopped = await here.wait(records.ServerStopped)
        assert (stopped.server, stopped.code, stopped.epoch) == (started.server, -9, started.epoch)
        result = await asyncio.wrap_future(here.link.send(Emit(event="x")))
        assert "not connected" in result.error
        here.link.restart()
        await here.status(LinkState.LIVE)
        async with client(here.link.url, {"name": "bob"}) as bob:
            await here.wait(records.Connected, socket=bob.id)
        assert here.look().rosters[started.server].info.pid != started.info.pid


async def test_restarting_a_live_server_keeps_its_port() -> None:
    async with hosted() as here:
        await here.status(LinkState.LIVE)
        url = here.link.url
        here.link.restart()
        await here.wait(records.ServerStopped)
        await here.status(LinkState.LIVE)
        async with client(url, {"name": "bob"}) as bob:
            await here.wait(records.Connected, socket=bob.id)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("broken_import:app", "Traceback"),
        ("no_server:app", "has no Socket.IO server in it"),
        ("crash_at_start:app", "Traceback"),
        ("nowhere_at_all:app", 'there is no module "nowhere_at_all"'),
    ],
)
async def test_a_target_that_cannot_be_hosted_says_why_in_the_log(target: str, said: str) -> None:
    async with hosted(target) as here:
        why = await here.status(LinkState.STOPPED)
        assert "could not be loaded" in why
        assert await poll(lambda: any(said in line.text for line in here.look().log), 20)


async def test_what_the_app_prints_is_told_line_by_line() -> None:
    async with hosted("own:io") as here:
        await here.wait(records.Log, stream="stderr")
        assert all(record.server == records.CONSOLE for record in here.records if isinstance(record, records.Log))


@pytest.mark.parametrize("target", ["own:io", "stock:sio"])
async def test_every_command_reaches_the_server(target: str) -> None:
    async with hosted(target) as here:
        started = await here.wait(records.ServerStarted)
        assert started.info.features == records.FEATURES
        assert abs(started.info.started - started.time) < 10_000_000_000
        async with client(here.link.url, {"name": "bob"}) as bob:
            await here.wait(records.Connected, socket=bob.id)
            for command in every_command(bob.id):
                result = await asyncio.wrap_future(here.link.send(command))
                assert (result.ok, result.error, result.sockets) == (True, "", 1), command
            assert await receive(bob) == ["news", b"\x00\xff"]
            assert await poll(lambda: bob.reason or bob._client.engine.reason, 20)
        await here.wait(records.Disconnected, socket=bob.id)
        assert await poll(
            lambda: len([r for r in here.records if r.kind == "command"]) == 7 or (here.look() and None), 20
        )
        (simulated,) = [each for each in here.records if isinstance(each, records.EventReceived)]
        assert (simulated.event, simulated.simulated) == ("echo", True)
        assert (await here.wait(records.AttributeSet, name="rank")).value == "7"
        await here.wait(records.AttributeDeleted, name="rank")


async def test_read_only_is_refused_by_the_server_itself() -> None:
    async with hosted(read_only=True) as here:
        started = await here.wait(records.ServerStarted)
        assert started.info.features == ("READ_ONLY",)
        await here.status(LinkState.LIVE)
        async with client(here.link.url, {"name": "bob"}) as bob:
            for command in (*every_command(bob.id), Disconnect(sockets=(bob.id,))):
                result = await asyncio.wrap_future(here.link.send(command))
                assert "read-only" in result.error, command
            await bob.emit("join", "dev")
            await here.wait(records.RoomJoined, room="dev")
            assert {socket.rooms for socket in here.look().sockets()} == {frozenset({bob.id, "lobby", "dev"})}


async def test_how_the_process_is_is_told_each_second() -> None:
    async with hosted("blocking:io") as here:
        first = await here.wait(records.ServerStats)
        assert 0 <= first.lag < 5
        assert first.cpu > 0
        assert first.memory > 1_000_000
        async with client(here.link.url) as one:
            await one.emit("sleep", 1.5)  # it is asked again up to 0.1 s after it began, on a busy machine later
            await here.wait(records.ServerBlocked)
            assert await poll(lambda: here.look() and max(_lags(here)) > 0.3, 15), _lags(here)


def _lags(here: Hosted) -> list[float]:
    return [each.lag for each in here.records if isinstance(each, records.ServerStats)]


async def test_the_admin_server_wants_its_token() -> None:
    from console.wire.errors import Refused

    async with hosted() as here:
        await here.status(LinkState.LIVE)
        port = here.link._admin.getsockname()[1]
        for auth in (None, {"token": "wrong"}, {"token": 5}):
            with pytest.raises(Refused, match="invalid credentials"):
                async with client(f"http://127.0.0.1:{port}", auth, nsp="/admin"):
                    pass


async def test_a_recording_is_written_beside_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "s.siorec"
    async with hosted(recorder=Recorder(path)) as here:
        await here.status(LinkState.LIVE)
        async with client(here.link.url, {"name": "bob", "token": "hunter2"}) as bob:
            await here.wait(records.Connected, socket=bob.id)
    kinds = {record.kind for record in read(path).records}
    assert {"sync", "server_started", "connecting", "connected", "disconnected", "server_stopped", "log"} <= kinds
    assert "hunter2" not in path.read_text()


async def test_an_event_loop_that_is_held_is_told_with_what_holds_it() -> None:
    async with hosted("blocking:io") as here:
        await here.status(LinkState.LIVE)
        async with client(here.link.url) as one:
            await one.emit("sleep", 0.6)
            blocked = await here.wait(records.ServerBlocked)
        assert 0.2 < blocked.seconds < 5
        assert "time.sleep" in blocked.stack


async def test_a_handler_that_never_ends_does_not_keep_the_server_from_ending() -> None:
    async with hosted("blocking:io") as here:
        await here.status(LinkState.LIVE)
        async with client(here.link.url) as one:
            await one.emit("sleep", 600)
            await here.wait(records.ServerBlocked)
            started = await here.wait(records.ServerStarted)
            await asyncio.to_thread(here.link.stop)
        with pytest.raises(ProcessLookupError):
            os.kill(started.info.pid, 0)


def test_a_taken_port_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port} on 127.0.0.1 is taken.*--port"):
            HostedLink(HostConfig(target=DEMO, port=port))


async def test_the_demo_answers_what_its_script_asks() -> None:
    async with hosted() as here:
        await here.status(LinkState.LIVE)
        async with client(here.link.url, {"name": "alice"}) as alice, client(here.link.url, {"name": "bob"}) as bob:
            assert await receive(alice) == ["user has joined", "bob"]
            await alice.emit("private message", bob.id, "hi bob")
            name, sender, message = await receive(bob)
            assert (name, sender, message["text"], type(message["at"])) == ("private message", alice.id, "hi bob", int)
            assert await alice.emit_with_ack("upload", b"\x00\x01\xfe\x1e", timeout=20) == [{"size": 4}]
            import httpx

            async with httpx.AsyncClient() as http:
                answers = [
                    (await http.post(f"{here.link.url}/kick", json={"id": bob.id})).status_code,
                    (await http.post(f"{here.link.url}/kick", json={"id": "nobody"})).status_code,
                    (await http.post(f"{here.link.url}/kick", content=b"{")).status_code,
                    (await http.get(f"{here.link.url}/")).status_code,
                ]
            assert answers == [202, 404, 400, 404]
            assert await poll(lambda: bob.reason == "io server disconnect", 20)


async def test_a_change_inside_an_attribute_of_a_watched_socket_arrives() -> None:
    async with hosted("own:io") as here:
        await here.status(LinkState.LIVE)
        async with client(here.link.url, {"name": "bob"}) as bob:
            await here.wait(records.Connected, socket=bob.id)
            here.link.watch([bob.id])
            await bob.emit_with_ack("remember", "milk", timeout=20)
            found = await here.wait(records.AttributeSet, socket=bob.id, name="data")
            assert found.value == '{"remembered":["milk"]}'


async def test_a_flood_of_log_lines_is_followed_by_a_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hosted() as here:
        await here.status(LinkState.LIVE)
        assert await poll(lambda: here.look().rosters, 20)
        monkeypatch.setattr(here.link._inbox, "_max_records", 50)
        loop = here.link._loop
        assert loop
        make = Maker()
        loop.call_soon_threadsafe(
            here.link._put, [make(records.Log, stream="stdout", text=f"line {number}") for number in range(60)]
        )
        await here.wait(records.Gap)
        await here.wait(records.Sync)


async def test_a_server_that_ends_while_records_are_being_lost_is_seen_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hosted() as here:
        started = await here.wait(records.ServerStarted)
        monkeypatch.setattr(here.link._inbox, "_lost", 1)
        os.kill(started.info.pid, signal.SIGKILL)
        await here.wait(records.ServerStopped, code=-9)


async def test_recording_starts_and_ends_in_the_middle_of_a_session(tmp_path: Path) -> None:
    path = tmp_path / "s.siorec"
    async with hosted() as here:
        await here.status(LinkState.LIVE)
        async with client(here.link.url, {"name": "bob"}) as bob:
            await here.wait(records.Connected, socket=bob.id)
            here.link.record(Recorder(path, from_sync=True))
            assert await poll(lambda: any(isinstance(each, records.Sync) for each in read(path).records), 20)
            recorded = here.link.recording
            assert recorded
            assert (recorded.path.name, recorded.size > 0, recorded.error) == ("s.siorec", True, "")
            async with client(here.link.url, {"name": "alice"}) as alice:
                await here.wait(records.Connected, socket=alice.id)
                here.link.record(None)
            assert here.link.recording is None
            await here.wait(records.Disconnected, socket=alice.id)
    opened = State()
    found = read(path).records
    opened.apply(found)
    assert next(each.kind for each in found if each.server != records.CONSOLE) == "sync"
    assert {socket.id for socket in opened.sockets()} == {bob.id, alice.id}
