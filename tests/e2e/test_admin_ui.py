"""The official Admin UI, in headless Chromium, against `server_core.instrument`.

It needs a Chromium: `apt install chromium && pytest -m slow tests/e2e/test_admin_ui.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
import socketio
from starlette.staticfiles import StaticFiles

from server_core import Server, instrument
from tests.support.admin_client import LOGIN
from tests.support.browser import Page, browser
from tests.support.node import JS
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll

UI = JS / "node_modules" / "@socket.io" / "admin-ui" / "ui" / "dist"


def make(kind: str) -> socketio.AsyncServer:
    sio: Any = Server(cors_allowed_origins="*")
    if kind == "stock":
        sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")

    async def connect(sid: str, _environ: Any, auth: Any) -> None:
        async with sio.session(sid) as session:
            session["user"] = {"name": auth["name"]}
        await sio.enter_room(sid, "lobby")

    async def shout(_sid: str, text: str) -> None:
        await sio.emit("shouted", text)

    sio.on("connect", connect)
    sio.on("shout", shout)
    instrument(sio, LOGIN)
    return sio


async def log_in(page: Page, ui: str, url: str, password: str) -> None:
    await page.open(ui)
    for number, text in enumerate((url, LOGIN["username"], password)):
        await page.fill(".v-dialog input", number, text)
    await page.click(".v-dialog button", "Connect")


async def view(page: Page, name: str) -> None:
    await page.click(".v-navigation-drawer .v-list-item", name)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["own", "stock"])
async def test_the_admin_ui_shows_and_acts(js: None, kind: str) -> None:
    sio = make(kind)
    async with (
        serve(socketio.ASGIApp(sio)) as url,
        serve(StaticFiles(directory=UI, html=True)) as ui,
        browser() as page,
        client(url, {"name": "bob"}) as bob,
    ):
        await log_in(page, ui, url, "wrong")
        await page.shows("Invalid credentials")
        await page.fill(".v-dialog input", 2, LOGIN["password"])
        await page.click(".v-dialog button", "Connect")
        await page.shows("CONNECTED")
        await page.until("/WebSocket\\s+1\\s+100/.test(document.body.innerText)")
        await page.until("/\\n\\/\\t1/.test(document.body.innerText)")  # one socket in "/", none of consoles

        async with client(url, {"name": "eve"}) as eve:
            await view(page, "Sockets")
            await page.shows(bob.id)
            await page.shows(eve.id)
            await page.click("tr", eve.id)
            await page.shows("Socket details")
            await page.until("document.body.innerText.includes('\"eve\"') || document.body.innerText.includes('eve')")
            await page.shows("lobby")

            await page.run("document.querySelector('form input').scrollIntoView()")
            await page.fill("form input", 0, "vip")
            await page.click("form button")
            assert await poll(lambda: eve.id in sio.manager.rooms["/"].get("vip", ()), 20)
            await page.shows("vip")
            await eve.emit("shout", "hello")
            assert await receive(eve) == await receive(bob) == ["shouted", "hello"]

            await view(page, "Rooms")
            await page.click("tr", "vip")
            await page.shows("Room details")
            await page.click("button .mdi-tag-off-outline")
            assert await poll(lambda: "vip" not in sio.manager.rooms["/"], 20)

            await view(page, "Events")
            for event in ("event_received", "event_sent", "room_joined", "room_left"):
                await page.until(f"/{event.replace('_', '.?')}/i.test(document.body.innerText)")
            await page.shows("shouted")

            await view(page, "Sockets")
            await page.click("tr", eve.id)
            await page.click("button .mdi-logout")
            assert await poll(lambda: eve.reason, 20) == "io server disconnect"
        await view(page, "Clients")
        await page.shows("1-1 of 1")
        await view(page, "Servers")
        await page.shows("HEALTHY")
