"""A server of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server_core import Server
from tests.support.serving import serve


@pytest.fixture
def io() -> Server:
    return Server()


@pytest.fixture
async def url(io: Server) -> AsyncIterator[str]:
    async with serve(io.app) as url:
        yield url
