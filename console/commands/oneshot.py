"""Commands that ask a server something, or have it do one thing, and end: for people without a console, and scripts."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.commands.reaching import reaching, take_targets
from console.config.error import ConfigError

if TYPE_CHECKING:
    from console.commands.glance import Glance
    from console.query.parse import Query
    from server_core.records import Command, SocketInfo

OK, USAGE, UNREACHABLE, NOTHING = 0, 2, 3, 5

F = TypeVar("F", bound=Callable[..., Any])

_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout; messages go to stderr.")
_secrets = click.option("--show-secrets", is_flag=True, help="Show tokens, passwords and cookies unmasked.")
_where = click.option(
    "-w",
    "--where",
    metavar="QUERY",
    help="The sockets that a query takes, as in the console's filter; @name is one that was saved.",
)
_nsp = click.option("--nsp", default="/", show_default=True, metavar="NAME", help="Namespace of the sockets.")

EXIT_CODES = "Exit codes: 0 done, 2 usage, 3 the server can't be reached or refuses, 5 there is no such socket."


class End(Exception):
    """The command ends with this exit code, and this message on stderr."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code = code


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.command(short_help="List the live sockets of a server.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL")
@_options(_where, click.option("--nsp", metavar="NAME", help="Of this namespace alone."), _json, _secrets)
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
        _print(table, f"{len(found)} of {count(total, 'socket')}" if query else count(total, "socket"))
        _say_what_is_missing(glance)

    query = _query(where)
    _run(url, options, look, show_secrets=show_secrets)


@click.command(short_help="List the rooms of a server.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL")
@_options(
    click.option("--nsp", metavar="NAME", help="Of this namespace alone."),
    click.option("--all", "private", is_flag=True, help="Each socket's own room, too."),
    _json,
)
@reaching
def rooms(url: str, nsp: str | None, private: bool, as_json: bool, **options: Any) -> None:
    """List the rooms of a server, with the sockets in each.

    \b
      socketscope rooms localhost:3000 --user admin
      socketscope rooms localhost:3000 --json | jq '.[] | select(.sockets > 100) | .room'
    """

    async def look(glance: Glance) -> None:
        from console.export import sheets, write
        from console.text import count

        found = [
            room for room in sheets.rooms(glance.state) if nsp in (None, room.nsp) and (private or not room.private)
        ]
        found.sort(key=lambda room: (room.nsp, room.name))
        if as_json:
            write(found, sys.stdout.buffer, "json", sheets.rooms_sheet())
            return
        table = _table("room", "nsp", "sockets", "who")
        for room in found:
            who = [glance.state.label(id) for id in room.members[:20]]
            more = f", … {len(room.members) - 20} more" if len(room.members) > 20 else ""
            _row(table, room.name, room.nsp, str(len(room.members)), ", ".join(who) + more)
        _print(table, count(len(found), "room"))
        _say_what_is_missing(glance)

    _run(url, options, look)


@click.command(short_help="Print what happens on a server.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL")
@_options(
    click.option("-w", "--where", metavar="QUERY", help="What a query takes, as in the console's filter."),
    click.option("-f", "--follow", is_flag=True, help="Until SIGINT, or --count."),
    click.option("--for", "seconds", type=click.FloatRange(min=0), default=5.0, show_default=True, metavar="SECONDS"),
    click.option("-c", "--count", type=click.IntRange(min=1), metavar="N", help="End after N."),
    _json,
    _secrets,
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
        from console.export.harmless import json_text
        from console.export.sheets import RECORDS
        from console.lines import clock
        from console.state.history import UNSEEN
        from console.text import safe

        filter = glance.bind(query)
        done = asyncio.Event()
        left = count

        def tell(records: Sequence[Any]) -> None:
            nonlocal left
            for record in records:
                if done.is_set() or isinstance(record, UNSEEN) or (filter and not filter.takes_record(record)):
                    continue
                if as_json:
                    sys.stdout.write(json_text(RECORDS.data(glance.reader.masked(record))) + "\n")
                else:
                    line = glance.reader.line(record)
                    text = f"{clock(record.time)} {line.glyph} {line.who:<16} {line.what:<20} {line.rest}"
                    sys.stdout.write(safe(text).rstrip() + "\n")
                if left is not None:
                    left -= 1
                    if not left:
                        done.set()
            sys.stdout.flush()

        glance.on_records = tell
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(done.wait()), glance.ended]
        try:
            await asyncio.wait(waits, timeout=None if follow else seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits[0].cancel()
        if glance.ended.done():
            raise End(UNREACHABLE, f"{url}: the connection is over: {glance.ended.exception()}")

    query = _query(where)
    _run(url, options, look, show_secrets=show_secrets)


@click.command(short_help="Emit an event to sockets or rooms.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL")
@click.argument("event", metavar="EVENT")
@click.argument("args", metavar="[JSON_ARRAY]", default="[]")
@_options(
    click.option("-t", "--to", "names", multiple=True, metavar="ID|ROOM", help="To whom; more than one may be given."),
    _where,
    click.option("--everybody", is_flag=True, help="To the whole namespace."),
    click.option(
        "--ack", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Wait for each one's answer."
    ),
    _nsp,
    _json,
)
@reaching
def emit(
    url: str,
    event: str,
    args: str,
    names: tuple[str, ...],
    where: str | None,
    everybody: bool,
    ack: float | None,
    nsp: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Emit EVENT with the arguments in JSON_ARRAY to a socket, to a room, or to what a query takes.

    \b
      socketscope emit localhost:3000 --to lobby news '["hello", {"from": "ops"}]'
      socketscope emit localhost:3000 --to bob question '[1]' --ack 2
      socketscope emit localhost:3000 --where 'attr.version<3' reload
    """
    import msgspec

    from server_core.packets import decode

    try:
        if not isinstance(decode(args), list):
            raise click.UsageError("JSON_ARRAY is no list: write the arguments as '[1, \"two\"]'")
    except (msgspec.DecodeError, RecursionError) as error:
        raise click.UsageError(f"JSON_ARRAY is not JSON: {error}") from error
    if sum(map(bool, (names, where, everybody))) != 1:
        raise click.UsageError("say to whom: --to ID or ROOM, --where QUERY, or --everybody")

    async def act(glance: Glance) -> None:
        from server_core.records import Emit

        to: tuple[str, ...] = ()
        if names:
            to = tuple(_room(glance, name, nsp) for name in names)
        elif where:
            to = tuple(socket.id for socket in _taken(glance, query, nsp))
        await _do(glance, Emit(nsp=nsp, rooms=to, event=event, args=args, ack=ack), f'"{event}" sent to', as_json)

    query = _query(where)
    _run(url, options, act)


@click.command(short_help="Have sockets join a room.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL")
@click.argument("who", nargs=-1, metavar="[ID…] ROOM", required=True)
@_options(_where, _nsp, _json)
@reaching
def join(url: str, who: tuple[str, ...], where: str | None, nsp: str, as_json: bool, **options: Any) -> None:
    """Have sockets join ROOM: those named by their ids (or the beginning of one, or a name), or what a query takes.

    \b
      socketscope join localhost:3000 5yeiAhWO vip
      socketscope join localhost:3000 --where 'attr.user.plan:gold' vip
    """
    from server_core.records import Join

    _rooms(url, who, where, nsp, as_json, options, Join, f"joined {who[-1]}:")


@click.command(short_help="Have sockets leave a room.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL")
@click.argument("who", nargs=-1, metavar="[ID…] ROOM", required=True)
@_options(_where, _nsp, _json)
@reaching
def leave(url: str, who: tuple[str, ...], where: str | None, nsp: str, as_json: bool, **options: Any) -> None:
    """Have sockets leave ROOM: those named by their ids (or the beginning of one, or a name), or what a query takes.

    \b
      socketscope leave localhost:3000 5yeiAhWO vip
      socketscope leave localhost:3000 --where room:vip vip
    """
    from server_core.records import Leave

    _rooms(url, who, where, nsp, as_json, options, Leave, f"left {who[-1]}:")


@click.command(short_help="Disconnect sockets.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL")
@click.argument("who", nargs=-1, metavar="ID…")
@_options(
    _where,
    click.option("--close", is_flag=True, help="Close their whole connections, not this namespace alone."),
    click.option("-y", "--yes", is_flag=True, help="Don't ask before more than one is disconnected."),
    _nsp,
    _json,
)
@reaching
def disconnect(
    url: str,
    who: tuple[str, ...],
    where: str | None,
    close: bool,
    yes: bool,
    nsp: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Disconnect sockets: those named by their ids (or the beginning of one, or a name), or what a query takes.

    More than one is asked about first; without a terminal to ask it needs --yes.

    \b
      socketscope disconnect localhost:3000 5yeiAhWO
      socketscope disconnect localhost:3000 --where 'address:10.0.0.*' --close --yes
    """
    if bool(who) == bool(where):
        raise click.UsageError("say whom: ids, or --where QUERY")

    async def act(glance: Glance) -> None:
        from server_core.records import Disconnect

        ids = _ids(glance, who, query, nsp)
        if len(ids) > 1 and not yes:
            if not sys.stdin.isatty():
                raise End(USAGE, f"this would disconnect {len(ids)} sockets: say --yes")
            what = "close the connections of" if close else "disconnect"
            if not click.confirm(f"{what} {len(ids)} sockets of {nsp}?", err=True):
                raise End(NOTHING, "nothing was done")
        await _do(glance, Disconnect(nsp=nsp, sockets=ids, close=close), "disconnected:", as_json)

    query = _query(where)
    _run(url, options, act)


# what the commands share


def _rooms(
    url: str,
    who: tuple[str, ...],
    where: str | None,
    nsp: str,
    as_json: bool,
    options: dict[str, Any],
    make: Callable[..., Command],
    done: str,
) -> None:
    *names, room = who
    if bool(names) == bool(where):
        raise click.UsageError("say whom and which room: ID… ROOM, or --where QUERY ROOM")

    async def act(glance: Glance) -> None:
        ids = _ids(glance, names, query, nsp)
        await _do(glance, make(nsp=nsp, sockets=ids, rooms=(room,)), done, as_json)

    query = _query(where)
    _run(url, options, act)


async def _do(glance: Glance, command: Command, done: str, as_json: bool) -> None:
    """Have the server do it, and say what came of it."""
    import msgspec

    from console.export.harmless import json_text
    from console.export.sheets import raw
    from console.text import count, safe

    result = await glance.connection.send(command)
    if as_json:
        data = msgspec.to_builtins(result)
        for ack, given in zip(data.get("acks", ()), result.acks, strict=False):
            ack["data"] = None if given.data is None else raw(given.data)
        click.echo(json_text({"ok": result.ok, "sockets": result.sockets, **data}))
    if not result.ok:
        raise End(UNREACHABLE, "" if as_json else result.error)
    if as_json:
        return
    if not result.sockets and not glance.lists_sockets:
        click.echo(safe(f"{done} whom the server does not say"))
        return
    click.echo(safe(f"{done} {count(result.sockets, 'socket')}"))
    for ack in result.acks:
        answer = "no answer" if ack.data is None else ack.data
        click.echo(safe(f"  {glance.state.label(ack.socket)} after {ack.elapsed * 1000:.0f} ms: {answer}"))


def _query(text: str | None) -> Query | None:
    if text is None:
        return None
    from console.query.parse import QueryError, parse

    try:
        query = parse(text, _saved() if "@" in text else {})
    except (QueryError, ConfigError) as error:
        raise click.UsageError(f"--where: {error}") from error
    if query is None:
        raise click.UsageError("--where: the query is empty")
    return query


def _saved() -> Mapping[str, str]:
    """The filters that a person saved, here or in the console."""
    from console import places
    from console.config.load import load
    from console.memory.filters import SavedFilters

    return SavedFilters(load().settings.filters, places.state_folder())


def _taken(glance: Glance, query: Query | None, nsp: str) -> list[SocketInfo]:
    found = glance.sockets(nsp, glance.bind(query))
    if not found:
        raise End(NOTHING, f"no socket of {nsp} matches the query")
    return found


def _ids(glance: Glance, names: Sequence[str], query: Query | None, nsp: str) -> tuple[str, ...]:
    if query is not None:
        return tuple(socket.id for socket in _taken(glance, query, nsp))
    return tuple(dict.fromkeys(_socket(glance, name, nsp) for name in names))


def _socket(glance: Glance, name: str, nsp: str) -> str:
    if socket := glance.find(name, nsp):
        return socket.id
    if not glance.lists_sockets:
        return name
    several = [
        socket for socket in glance.sockets(nsp) if socket.id.startswith(name) or glance.state.label(socket.id) == name
    ]
    if several:
        raise End(NOTHING, f"{name!r} names {len(several)} sockets of {nsp}: give an id")
    raise End(NOTHING, f"no socket of {nsp} is named {name!r}")


def _room(glance: Glance, name: str, nsp: str) -> str:
    """A room, or a socket's own: by its id, the beginning of one, or a name."""
    if any((nsp, name) in roster.rooms for roster in glance.state.rosters.values()):
        return name
    found = glance.find(name, nsp)
    return found.id if found else name


def _say_what_is_missing(glance: Glance) -> None:
    if not glance.lists_sockets:
        click.echo("socketscope: the server tells of no sockets: it is instrumented in production mode", err=True)


def _table(*titles: str) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=title == "id")
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


def _run(
    url: str,
    options: dict[str, Any],
    work: Callable[[Glance], Coroutine[Any, Any, None]],
    *,
    show_secrets: bool = False,
) -> None:
    """Attach, work, and end with an exit code."""
    target, *more = take_targets([url], options)
    if more:
        raise click.UsageError(f"{url} names {1 + len(more)} servers: this command asks one")
    from console.commands.glance import Unreachable, glance

    async def main() -> None:
        task = asyncio.current_task()
        if task:
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        async with glance(target, show_secrets=show_secrets) as found:
            await work(found)

    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        sys.exit(OK)
    except BrokenPipeError:  # `| head`
        sys.stderr.close()
        sys.exit(OK)
    except Unreachable as error:
        _fail(str(error), UNREACHABLE)
    except End as end:
        _fail(str(end), end.code)


def _fail(text: str, code: int) -> None:
    from console.text import safe

    if text:
        click.echo(f"socketscope: {safe(text)}", err=True)
    sys.exit(code)
