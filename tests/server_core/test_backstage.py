"""What runs beside the app."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from server_core import Server, records
from server_core.backstage import Backstage, Watched
from server_core.host_config import HostConfig
from server_core.records import Record
from server_core.tap import Tap
from tests.support.waiting import poll


async def test_how_the_process_is_is_told_only_while_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server_core.backstage.STATS", 0.02)
    one, two = Tap("one"), Tap("two")
    backstage = Backstage(HostConfig(target="x:y"), [Watched(Server(), tap) for tap in (one, two)])
    rounds = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> bool:
        loop.call_soon_threadsafe(rounds.set)
        return bool(backstage.feed._listeners)

    monkeypatch.setattr(type(backstage.feed), "is_heard", property(lambda _feed: asked()))
    backstage.start(loop)
    heard: list[Record] = []

    def listen(batch: Sequence[Record]) -> None:
        heard.extend(batch)

    try:
        await asyncio.wait_for(rounds.wait(), 20)
        rounds.clear()
        await asyncio.wait_for(rounds.wait(), 20)
        assert [record for tap in (one, two) for record in tap.drain()] == []
        assert backstage._loop
        backstage._loop.call_soon_threadsafe(backstage.feed.listen, listen)
        stats = await poll(lambda: [each for each in heard if isinstance(each, records.ServerStats)], 20)
        assert stats
        assert await poll(lambda: {each.server for each in heard} == {"one", "two"}, 20)
    finally:
        await asyncio.to_thread(backstage.stop)
