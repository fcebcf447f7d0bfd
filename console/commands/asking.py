"""Commands that ask a server something: sockets, rooms, events."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from console.commands.completing import queries, servers
from console.commands.oneshot import (
    EXIT_CODES,
    UNREACHABLE,
    End,
    add_options,
    as_json_option,
    read_query,
    run,
    secrets_option,
    where_option,
)
from console.commands.reaching import reaching

if TYPE_CHECKING:
    from console.commands.glance import Glance
    from server_core.records import AnyRecord


@click.command(short_help="List the live sockets of a server.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL", shell_complete=servers)
@add_options(
    where_option, click.option("--nsp", metavar="NAME", help="Of this namespace alone."), as_json_option, secrets_option
)
@reaching
def sockets(url: str, where: str | None, nsp: str | None, as_json: bool, show_secrets: bool, **options: Any) -> None:
    """List the live sockets of a server.

    With --json: an array of objects with id, nsp, transport, address, rooms, attributes, handshake, and more.

    \b
      socketscope sockets localhost:3000 --user admin
      socketscope sockets localhost:3000 --where 'room:lobby !transport:websocket'
      socketscope sockets localhost:3000 --json | jq -r '.[].id'
    """

    async def look(glance: Glance) -> None:
        from console.export import sheets, write
        from console.text import count

        found = glance.sockets(nsp, glance.bind(query))
        found.sort(key=lambda socket: (socket.nsp, socket.connecting, socket.id))
        sheet = sheets.sockets(glance.state, show_secrets=show_secrets)
        if as_json:
            write(found, sys.stdout.buffer, "json", sheet)
            return
        table = _table("id", "name", "nsp", "transport", "address", "rooms", "attributes")
        for socket in found:
            data = sheet.data(socket)
            attributes = ", ".join(
                f"{name}={glance.reader.attribute(name, value)}" for name, value in socket.attributes.items()
            )
            rooms = ", ".join(room for room in data["rooms"] if room != socket.id)
            _row(table, socket.id, data["name"], socket.nsp, data["transport"], data["address"], rooms, attributes)
        total = glance.state.socket_count()
        _print(table, f"{len(found)} of {count(total, 'socket')}" if query or nsp else count(total, "socket"))
        _say_what_is_missing(glance)

    query = read_query(where)
    run(url, options, look, show_secrets=show_secrets)


@click.command(short_help="List the rooms of a server.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL", shell_complete=servers)
@add_options(
    click.option(
        "-w",
        "--where",
        metavar="QUERY",
        shell_complete=queries,
        help="The rooms that a query takes, as in the console.",
    ),
    click.option("--nsp", metavar="NAME", help="Of this namespace alone."),
    click.option("--all", "private", is_flag=True, help="Each socket's own room, too."),
    as_json_option,
)
@reaching
def rooms(url: str, where: str | None, nsp: str | None, private: bool, as_json: bool, **options: Any) -> None:
    """List the rooms of a server, with the sockets in each.

    \b
      socketscope rooms localhost:3000 --user admin
      socketscope rooms localhost:3000 --where 'members>10 !nsp:/chat'
      socketscope rooms localhost:3000 --json | jq '.[] | select(.sockets > 100) | .room'
    """

    async def look(glance: Glance) -> None:
        from console.export import sheets, write
        from console.text import count

        every = [room for room in sheets.rooms(glance.state) if private or not room.private]
        wanted = glance.rooms(filter) if (filter := glance.bind(query)) else None
        found = [
            room for room in every if nsp in (None, room.nsp) and (wanted is None or (room.nsp, room.name) in wanted)
        ]
        found.sort(key=lambda room: (room.nsp, room.name))
        if as_json:
            write(found, sys.stdout.buffer, "json", sheets.rooms_sheet(glance.state))
            return
        table = _table("room", "nsp", "sockets", "who")
        for room in found:
            who = [glance.state.label(id) for id in room.members[:20]]
            more = f", … {len(room.members) - 20} more" if len(room.members) > 20 else ""
            _row(table, room.name, room.nsp, str(len(room.members)), ", ".join(who) + more)
        total = count(len(every), "room")
        _print(table, f"{len(found)} of {total}" if query or nsp else total)
        _say_what_is_missing(glance)

    query = read_query(where)
    run(url, options, look)


@click.command(short_help="Print what happens on a server.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL", shell_complete=servers)
@add_options(
    click.option(
        "-w", "--where", metavar="QUERY", shell_complete=queries, help="What a query takes, as in the console's filter."
    ),
    click.option("-f", "--follow", is_flag=True, help="Until SIGINT, or --count."),
    click.option(
        "--for",
        "seconds",
        type=click.FloatRange(min=0),
        default=5.0,
        show_default=True,
        metavar="SECONDS",
        help="How long, without --follow.",
    ),
    click.option("-c", "--count", type=click.IntRange(min=1), metavar="N", help="End after N."),
    as_json_option,
    secrets_option,
)
@reaching
def events(
    url: str,
    where: str | None,
    follow: bool,
    seconds: float,
    count: int | None,
    as_json: bool,
    show_secrets: bool,
    **options: Any,
) -> None:
    """Print what happens on a server, as it happens: for some seconds, or on and on with --follow.

    With --json each line is an object (NDJSON).

    \b
      socketscope events localhost:3000 --user admin --follow
      socketscope events localhost:3000 -f --where 'event:message size>1k'
      socketscope events localhost:3000 -f --json | jq -c 'select(.kind == "event_received") | .data'
    """

    async def look(glance: Glance) -> None:
        from console import text
        from console.export.harmless import json_text
        from console.export.sheets import RECORDS
        from console.lines import clock
        from console.state.history import UNSEEN

        _say_what_is_missing(glance)
        filter = glance.bind(query)
        done = asyncio.Event()
        told, unread = 0, False

        def tell(records: Sequence[Any]) -> None:
            nonlocal told, unread
            try:
                for record in records:
                    if done.is_set() or isinstance(record, UNSEEN) or (filter and not filter.takes_record(record)):
                        continue
                    sys.stdout.write(written(record) + "\n")
                    told += 1
                    if told == count:
                        done.set()
                sys.stdout.flush()
            except BrokenPipeError:  # said by the command, not by whoever hands over the records
                unread = True
                done.set()

        def written(record: AnyRecord) -> str:
            if as_json:
                return json_text(RECORDS.data(glance.reader.masked(record)))
            line = glance.reader.line(record)
            return text.safe(f"{clock(record.time)} {line.glyph} {line.who:<16} {line.what:<20} {line.rest}").rstrip()

        glance.on_records = tell
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(done.wait()), glance.ended]
        try:
            await asyncio.wait(waits, timeout=None if follow else seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits[0].cancel()
        if unread:
            raise BrokenPipeError
        if glance.ended.done():
            raise End(UNREACHABLE, f"{url}: the connection is over: {glance.ended.exception()}")
        if not as_json:
            within = "" if follow or done.is_set() else f" within {seconds:g} s"
            click.echo(text.count(told, "record") + within, err=True)

    query = read_query(where)
    run(url, options, look, show_secrets=show_secrets)


def _say_what_is_missing(glance: Glance) -> None:
    if not glance.lists_sockets:
        click.echo(
            "socketscope: the server tells of no sockets and no events: it is instrumented in production mode", err=True
        )


def _table(*titles: str) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=title == "id", min_width=8 if title == "name" else None)
    return table


def _row(table: Any, *cells: str) -> None:
    from rich.text import Text

    from console.text import safe

    table.add_row(*(Text(safe(cell)) for cell in cells))


def _print(table: Any, summary: str) -> None:
    """A table on a terminal, rows without colours or frames' limits elsewhere."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 10_000, markup=False, highlight=False)
    table.caption = None
    console.print(table)
    click.echo(summary, err=True)
