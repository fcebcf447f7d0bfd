"""Where the keys go while there is a filter, and what the bar says of one that is none."""

from __future__ import annotations

import pytest

from console.link.base import LinkState, LinkStatus
from console.widgets.filter_bar import FilterBar
from server_core import records
from server_core.records import Emit
from tests.console.dialogs.test_servers import STOCK, stock
from tests.console.screens.conftest import BOB, Open, Screen, chat
from tests.support.make import Maker


def focused(screen: Screen) -> str:
    return getattr(screen.app.focused, "id", "") or ""


async def test_the_keys_come_back_to_the_list_once_the_filter_is_cleared(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        await screen.press("slash")
        await screen.type("event:news")
        await screen.press("enter")
        await screen.wait("Sockets 3 of 3")  # an event's field says nothing of sockets
        assert focused(screen) == "socket-table"
        await screen.press("escape", "slash")
        await screen.type('"division by zero"')
        await screen.press("enter")
        await screen.wait("Sockets 0 of 3", "1 found")
        assert focused(screen) == "tail"
        await screen.press("escape")
        await screen.wait("Sockets 3 ")
        assert focused(screen) == "socket-table"
        await screen.press("m")
        await screen.wait("Private message", f"socket bob ({BOB})")


async def test_who_went_to_the_events_stays_there(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("slash")
        await screen.type('"division by zero"')
        await screen.press("enter")
        await screen.wait("Sockets 0 of 3", "1 found")
        for pane in ("#socket-table", "#tail"):  # as clicks do
            screen.app.screen.query_one(pane).focus()
            await screen.pilot.pause()
        await screen.press("escape")
        await screen.wait("Sockets 3 ")
        assert focused(screen) == "tail"


async def test_what_is_done_to_a_record_holds_the_list_that_follows(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.press("3")
        await screen.feed(make.received(BOB, "first"))
        await screen.wait("first")
        await screen.press("m")
        await screen.wait("Private message", "bob")
        await screen.feed(make(records.Log, stream="stdout", text="x"), make.sent("second", rooms=("dev",), sockets=0))
        await screen.press("escape")
        await screen.wait("paused")
        await screen.press("m", "ctrl+s")
        await screen.wait("✓ sent")
    assert [each.rooms for each in screen.link.commands if isinstance(each, Emit)] == [(BOB,)]


async def test_a_filter_that_is_none_is_not_kept(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        await screen.press("slash")
        await screen.type("size>abc")
        await screen.press("enter")
        await screen.wait("size>abc", "✗ abc is no size: a number")
        assert focused(screen) == "filter"  # to be put right
        assert screen.text().splitlines()[1].rstrip().endswith("…")  # and not in mid-sentence
        await screen.press(*["backspace"] * 3, *"1b", "enter")
        await screen.wait("size>1b")
        assert focused(screen) != "filter"
        await screen.press("slash", *"who:bob)")
        await screen.wait("✗ ')' is not expected here")
        screen.app.screen.query_one("#tail").focus()  # as a click does
        await screen.wait(" who:bob ", "filter: ')' is not expected here")
        assert "✗" not in screen.text().splitlines()[1]


@pytest.mark.parametrize("size", [(60, 24), (80, 24)])
async def test_the_views_are_named_whatever_stands_beside_them(open_console: Open, size: tuple[int, int]) -> None:
    async with open_console(size=size) as screen:
        await screen.press("6")
        await screen.wait("1 Sockets 2 Rooms 3 Events 4 Clients 5 Servers[6 Logs]")
        bar = screen.app.screen.query_one(FilterBar)
        url = bar.query_one("#url").region
        title, at, cells = bar.names()[-1]
        assert (title, at + cells <= url.x) == ("Logs", True)
        assert "…" not in screen.text().splitlines()[1]


async def test_servers_are_told_apart(open_console: Open) -> None:
    make = Maker(STOCK[:-1] + "1")
    other = make(records.ServerStarted, info=records.ServerInfo(url=f"http://{STOCK[:-1]}1"))
    async with open_console([other, *stock()]) as screen:
        await screen.press("5")
        await screen.wait(":8201 ", ":8202 ")


async def test_nobody_is_sent_to_a_server_that_is_not_there(open_console: Open) -> None:
    async with open_console([Maker()(records.ServerStarted, info=records.ServerInfo())]) as screen:
        await screen.wait("no sockets yet: clients connect to http")
        screen.link.status = LinkStatus(LinkState.STOPPED, "it was killed")
        await screen.wait("no sockets: the server is not there")


async def test_values_that_a_field_never_has_are_said(open_console: Open) -> None:
    async with open_console(chat()) as screen:
        await screen.press("slash")
        await screen.type("dir:sideways")
        await screen.wait("✗ dir is in or out")
