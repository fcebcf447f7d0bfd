"""HTTP, for polling. It stands apart because it takes long to load, and most connections need none of it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import NamedTuple

import httpx


class Answer(NamedTuple):
    status: int
    text: str


class Http:
    """Requests to one server; OSError says why there is no answer."""

    def __init__(self, headers: Mapping[str, str], verify: ssl.SSLContext | bool, connect_timeout: float) -> None:
        """A connection is made within `connect_timeout` seconds; an answer may take as long as it likes."""
        timeout = httpx.Timeout(connect_timeout, read=None)
        self._client = httpx.AsyncClient(headers=dict(headers), timeout=timeout, verify=verify)

    async def get(self, url: str) -> Answer:
        return await self._ask("GET", url, None, {})

    async def post(self, url: str, body: str) -> Answer:
        return await self._ask("POST", url, body.encode(), {"content-type": "text/plain;charset=UTF-8"})

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            answer = await self._client.request(method, url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise OSError(str(error) or type(error).__name__) from error
        return Answer(answer.status_code, answer.text)
