"""What the conformance tests share: a server with far pings, and the JavaScript client on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server_core import Server
from tests.server_core.conformance.support import serving
from tests.support.js_client import JsClient
from tests.support.watched import Watched


@pytest.fixture
async def watched() -> AsyncIterator[Watched[Server]]:
    async with serving() as made:
        yield made


@pytest.fixture
async def js_client(js: None, watched: Watched[Server]) -> AsyncIterator[JsClient]:
    """The JavaScript client, over WebSocket."""
    async with JsClient(watched.url, transports=["websocket"]) as client:
        yield client
