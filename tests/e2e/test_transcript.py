"""A stock server under `socketscope run` behaves as it does without: the same clients see the same."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.js_client import JsClient, JsError, JsSocket
from tests.support.run import Server, headless, plain_uvicorn

pytestmark = pytest.mark.usefixtures("js")

Transcript = list[Any]

_TRANSPORTS: dict[str, dict[str, Any]] = {
    "polling": {"transports": ["polling"]},
    "websocket": {"transports": ["websocket"]},
    "upgrade": {},
}


async def play(url: str, transport: str) -> dict[str, Transcript]:
    """One story that uses all of `tests/apps/stock.py`; what each client saw, ids replaced by names."""
    options = _TRANSPORTS[transport]
    async with JsClient(url, **options) as one, JsClient(url, **options) as two, JsClient(url, **options) as three:
        results: Transcript = []
        alice = await one.connect(auth={"name": "alice"})
        bob = await two.connect(auth={"name": "bob"})
        await alice.wait_event("user has joined")
        ids = {alice.id: "<alice>", bob.id: "<bob>"}
        await _refusals(three, results)
        await _acks(alice, results)
        await _rooms(alice, bob, results)
        await _binary(alice, results)
        await _server_asks(alice, results)
        chat = await _namespaces(one, two, alice, ids, results)
        await _disconnects(one, two, alice, bob, chat, results)
        return {
            "results": _normalised(results, ids),
            "alice": _normalised(_seen(one), ids),
            "bob": _normalised(_seen(two), ids),
            "refused": _normalised(_seen(three), ids),
        }


async def _refusals(client: JsClient, results: Transcript) -> None:
    for name in ("mallory", "nobody"):
        results.append(["refused", name, _fields(await client.try_connect(auth={"name": name}))])
    for nsp in ("/nowhere", "/chat"):
        results.append(["refused", nsp, _fields(await client.try_connect(nsp, auth={"name": "mallory"}))])
    with pytest.raises(JsError, match="no connect"):  # a `connect` that raises is never answered
        await client.try_connect(auth={"name": "broken"}, timeout=0.5)


async def _acks(alice: JsSocket, results: Transcript) -> None:
    results.append(await alice.call("echo", 1, 2.5, "drei", None, True, {"a": [{}]}, []))
    results.append(await alice.call("echo"))
    results.append(await alice.call("echo", "é ☃ 😀 \u2028 \x00", "x" * 100_000))
    results.append(await alice.call("silent", 1))
    results.append(await alice.call("add", 2, 3))
    answers = await asyncio.gather(*(alice.call("slow", delay) for delay in (0.2, 0.1, 0.0)))
    results.append(answers)
    results.append((await alice.ask("boom", timeout=0.3))["error"])
    results.append((await alice.ask("add", "too few", timeout=0.3))["error"])
    results.append((await alice.ask("nobody listens", timeout=0.3))["error"])
    results.append(await alice.call("print", "hello"))
    results.append(await alice.call("whoami"))
    results.append(await alice.call("rename", "alicia"))
    results.append(await alice.call("whoami"))


async def _rooms(alice: JsSocket, bob: JsSocket, results: Transcript) -> None:
    results.append(await alice.call("join", "dev"))
    results.append(await bob.call("join", "dev"))
    await alice.emit("say", "dev", "hello dev")
    results.append(await bob.wait_args("said"))
    results.append(await alice.call("leave", "dev"))
    await bob.emit("say", "dev", "nobody hears this")
    results.append(await bob.call("close room", "dev"))
    await bob.emit("private message", alice.id, "psst")
    results.append(await alice.wait_args("private message"))
    await bob.emit("shout", "hey")
    results.append(await asyncio.gather(alice.wait_args("shouted"), bob.wait_args("shouted")))


async def _binary(alice: JsSocket, results: Transcript) -> None:
    results.append(await alice.call("upload", bytes(range(256)), {"tail": b"\x00end"}))
    results.append(await alice.wait_args("uploaded"))
    results.append(await alice.call("echo", [b"", {"deep": [b"\xff"]}], b"x" * 100_000))


async def _server_asks(alice: JsSocket, results: Transcript) -> None:
    asking = asyncio.create_task(alice.call("ask me", "how are you?"))
    await alice.answer(await alice.wait_event("question"), "fine")
    results.append(await asking)
    results.append(await alice.call("ask me", "and now?"))
    await alice.wait_event("question")


async def _namespaces(
    one: JsClient, two: JsClient, alice: JsSocket, ids: dict[str, str], results: Transcript
) -> JsSocket:
    chat = await one.connect("/chat", auth={"name": "alice"})
    other = await two.connect("/chat")
    counter = await one.connect("/counter")
    ids |= {chat.id: "<alice in chat>", other.id: "<bob in chat>", counter.id: "<alice in counter>"}
    results.append([await chat.wait_args("welcome"), await other.wait_args("welcome")])
    results.append(await chat.call("say", "hello chat"))
    results.append(await other.wait_args("said"))
    results.append(await chat.call("whatever", 1, [2]))
    results.append([await counter.call("increment"), await counter.call("increment", 5)])
    results.append([await counter.wait_args("counted"), await counter.wait_args("counted")])
    await counter.emit("stop")
    results.append(await counter.wait_disconnect())
    results.append(await alice.call("add", 1, 1))
    return chat


async def _disconnects(
    one: JsClient, two: JsClient, alice: JsSocket, bob: JsSocket, chat: JsSocket, results: Transcript
) -> None:
    await chat.disconnect()
    results.append(await chat.wait_disconnect())
    await bob.emit("kick me")
    results.append(await bob.wait_disconnect())
    results.append(await alice.wait_args("user has left"))
    back = await two.try_connect(auth={"name": "bob again"})
    results.append(back.kind)
    results.append(await alice.wait_args("user has joined"))
    await two.drop()
    results.append(await alice.wait_args("user has left"))
    for nsp in ("/", "/chat"):
        results.append((await two.wait_for("disconnect", nsp))["reason"])
    await alice.disconnect()
    results.append(await alice.wait_disconnect())


def _seen(client: JsClient) -> Transcript:
    """All that the client reported, by namespace: across namespaces and acks, the order is nobody's promise."""
    kinds = ("connect", "connect_error", "event", "disconnect")
    reports = [report for report in client.reports if report.kind in kinds]
    return [
        [nsp, [[report.kind, _fields(report)] for report in reports if report.nsp == nsp]]
        for nsp in sorted({report.nsp for report in reports})
    ]


def _fields(report: Any) -> dict[str, Any]:
    """What does not depend on how far the upgrade was, or how fast anything."""
    return {name: value for name, value in report.fields.items() if name not in ("transport", "elapsed", "ack")}


def _normalised(value: Any, ids: dict[str, str]) -> Any:
    """Known ids by their names, others that look like ids as `<id>`."""
    if isinstance(value, str):
        named = ids.get(value, value)
        return "<id>" if named == value and re.fullmatch(r"[\w-]{20}", value) else named
    if isinstance(value, list | tuple):
        return [_normalised(item, ids) for item in value]
    if isinstance(value, dict):
        return {name: _normalised(item, ids) for name, item in value.items()}
    return value


async def play_on(server: Server, transport: str) -> dict[str, Transcript]:
    async with server:
        return await play(server.url, transport)


@pytest.mark.parametrize("transport", list(_TRANSPORTS))
async def test_the_same_transcript_with_and_without_us(transport: str, tmp_path: Path) -> None:
    plain = await play_on(plain_uvicorn("stock:app"), transport)
    assert await play_on(headless("stock:app"), transport) == plain
    assert await play_on(headless("stock:sio", "--record", str(tmp_path / "run.siorec")), transport) == plain
