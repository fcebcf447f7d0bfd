"""Commands that have a server do one thing: emit, join, leave, disconnect."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from console.commands.completing import servers
from console.commands.oneshot import (
    EXIT_CODES,
    NOTHING,
    UNREACHABLE,
    USAGE,
    End,
    add_options,
    as_json_option,
    nsp_option,
    read_query,
    run,
    where_option,
)
from console.commands.reaching import INTERRUPTED, reaching

if TYPE_CHECKING:
    from console.commands.glance import Glance
    from console.query.nodes import Query
    from server_core.records import Command, SocketInfo


@click.command(short_help="Emit an event to sockets or rooms.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL", shell_complete=servers)
@click.argument("event", metavar="EVENT")
@click.argument("args", metavar="[JSON_ARRAY]", default="[]")
@add_options(
    click.option("-t", "--to", "names", multiple=True, metavar="ID|ROOM", help="To whom; more than one may be given."),
    where_option,
    click.option("--everybody", is_flag=True, help="To the whole namespace."),
    click.option(
        "--ack", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Wait for each one's answer."
    ),
    nsp_option,
    as_json_option,
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
        raise click.UsageError(f"JSON_ARRAY is not JSON: write the arguments as '[1, \"two\"]' ({error})") from error
    if sum(map(bool, (names, where, everybody))) != 1:
        raise click.UsageError("say to whom: --to ID or ROOM, --where QUERY, or --everybody")

    async def act(glance: Glance) -> None:
        from server_core.records import Emit

        to: tuple[str, ...] = ()
        if names:
            to = tuple(_room(glance, name, nsp) for name in names)
        elif where:
            to = tuple(socket.id for socket in _taken(glance, query, nsp))
        if not glance.reaches(nsp, to):
            raise End(
                NOTHING, f"no socket of {nsp} is, or is in, {', '.join(names)}" if names else f"{nsp} has no socket"
            )
        await _do(glance, Emit(nsp=nsp, rooms=to, event=event, args=args, ack=ack), f'"{event}" sent to', as_json)

    query = read_query(where)
    run(url, options, act)


@click.command(short_help="Have sockets join a room.", epilog=EXIT_CODES)
@click.argument("url", metavar="URL", shell_complete=servers)
@click.argument("who", nargs=-1, metavar="[ID…] ROOM", required=True)
@add_options(where_option, nsp_option, as_json_option)
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
@click.argument("url", metavar="URL", shell_complete=servers)
@click.argument("who", nargs=-1, metavar="[ID…] ROOM", required=True)
@add_options(where_option, nsp_option, as_json_option)
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
@click.argument("url", metavar="URL", shell_complete=servers)
@click.argument("who", nargs=-1, metavar="ID…")
@add_options(
    where_option,
    click.option("--close", is_flag=True, help="Close their whole connections, not this namespace alone."),
    click.option("-y", "--yes", is_flag=True, help="Don't ask before more than one is disconnected."),
    nsp_option,
    as_json_option,
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
      socketscope disconnect localhost:3000 --where 'addr:10.0.0.*' --close --yes
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
            try:
                confirmed = click.confirm(f"{what} {len(ids)} sockets of {nsp}?", err=True)
            except click.Abort:
                raise End(INTERRUPTED) from None
            if not confirmed:
                raise End(NOTHING, "nothing was done")
        await _do(glance, Disconnect(nsp=nsp, sockets=ids, close=close), "disconnected:", as_json)

    query = read_query(where)
    run(url, options, act)


# what they share


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

    query = read_query(where)
    run(url, options, act)


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
