"""Acting: on the sockets that are marked, or on what the cursor is on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from console.acting.calls import call
from console.acting.messages import Draft
from console.acting.outcome import count_acks, done, failed
from console.acting.payload import quote
from console.acting.recipients import EVERYBODY, MARKED
from console.actions.registry import action
from console.dialogs.attribute import AttributeDialog
from console.dialogs.confirm import ConfirmDialog
from console.dialogs.disconnect import DisconnectDialog
from console.dialogs.emit import EmitDialog
from console.dialogs.operator import Operator
from console.dialogs.rooms import RoomsDialog, Verb
from console.dialogs.simulate import SimulateDialog
from console.state.refs import RoomRef, SocketRef
from console.text import count, cut, safe
from server_core.records import Command, CommandResult, Leave, SocketInfo

if TYPE_CHECKING:
    from console.screens.main import MainScreen

Refusal = Callable[["MainScreen"], str]

#: Cells of an ack that a notification shows.
_ACK = 120
#: What a message is before one was sent, and an event before one came.
FIRST = Draft(event="private message", args='["hello"]')
FIRST_SIMULATED = Draft(event="message", args='["hello"]', ack="2")


def needs(feature: str, *, sockets: bool = True) -> Refusal:
    """Why a command can't be sent now: for the server, or for want of sockets that it would be about."""

    def refusal(screen: MainScreen) -> str:
        if why := screen.operator.refusal(feature, _targets(screen) if sockets else ()):
            return why
        return "" if not sockets or how_many(screen) else "no socket is selected"

    return refusal


def _targets(screen: MainScreen) -> Iterator[str]:
    """The sockets that an action would be about, looked up once somebody asks."""
    for socket in screen.targets():
        yield socket.id


def needs_one(feature: str) -> Refusal:
    """As `needs`, for what is done to one socket."""
    several = needs(feature)

    def refusal(screen: MainScreen) -> str:
        return several(screen) or ("" if how_many(screen) == 1 else "it is done to one socket at a time")

    return refusal


def how_many(screen: MainScreen) -> int:
    """How many sockets an action would be about at most: the footer asks often, so nobody is looked up."""
    table = screen.view.table
    return len(table.marks) if table is not None and table.marks else len(screen.view.sockets())


def ids(sockets: Sequence[SocketInfo]) -> list[str]:
    return [socket.id for socket in sockets if socket.connected]


def rooms(screen: MainScreen) -> list[RoomRef]:
    """The marked rooms, else the one that the cursor is on: in the list of rooms, or in a socket's."""
    table = screen.view.table
    if screen.view.id == "rooms" and table is not None and table.marks:
        return [RoomRef(*key) for key in sorted(table.marks)]
    ref = screen.view.ref()
    return [ref] if isinstance(ref, RoomRef) else []


def perform(screen: MainScreen, commands: Sequence[Command] | None) -> None:
    """Have the server do these, in the background, and notify of what came of it."""
    if not commands:
        return

    async def carry_out() -> None:
        operator = screen.operator
        sentences = [done(command, operator.state) for command in commands]
        result = await operator.carry_out(commands)
        text = "; ".join(dict.fromkeys(sentences)) + _acks(result, operator) if result.ok else failed(result)
        severity: Literal["information", "error"] = "information" if result.ok else "error"
        screen.app.notify(safe(text), severity=severity, markup=False)

    screen.app.run_worker(carry_out())


def _acks(result: CommandResult, operator: Operator) -> str:
    """What was answered, in a few words."""
    if len(result.acks) > 1:
        return f": {count_acks(result.acks)}"
    if not result.acks:
        return ""
    ack = result.acks[0]
    return ": no ack came" if ack.data is None else cut(f": ack {safe(operator.reader.mask(ack.data))}", _ACK)


# events


@action(
    "emit",
    "e",
    "emit",
    "Emit an event to anyone: sockets, rooms, a namespace, the marked",
    group="Act",
    footer=6,
    refusal=needs("EMIT", sockets=False),
    words="send broadcast publish event call ack room everyone",
    about="row",
)
def emit(screen: MainScreen) -> None:
    sockets = screen.targets()
    if there := rooms(screen):
        names = [each.room for each in there if each.nsp == there[0].nsp]
        open_emit(screen, ", ".join(map(quote, names)), there[0].nsp)
    elif len(sockets) > 1:
        open_emit(screen, MARKED, _namespace(sockets), marked=ids(sockets))
    elif sockets:
        open_emit(screen, quote(sockets[0].id), sockets[0].nsp)
    else:
        namespaces = screen.session.live.rosters.values()
        open_emit(screen, EVERYBODY, next((nsp for roster in namespaces for nsp in roster.namespaces), "/"))


@action(
    "message",
    "m",
    "message",
    "Send the selected socket, or the marked ones, a private message",
    group="Act",
    footer=3,
    refusal=needs("EMIT"),
    words="send dm whisper pm text write private emit",
    about="row",
)
def message(screen: MainScreen) -> None:
    sockets = screen.targets()
    to = quote(sockets[0].id) if len(sockets) == 1 else MARKED
    open_emit(screen, to, _namespace(sockets), title="Private message", marked=ids(sockets))


def open_emit(screen: MainScreen, to: str, nsp: str, *, title: str = "Emit", marked: Sequence[str] = ()) -> None:
    """The dialog with the last message, to someone else."""
    last, secrets = screen.operator.last(FIRST)
    draft = Draft(event=last.event, args=last.args, ack=last.ack, to=to, own_id=title != "Emit")
    screen.app.push_screen(EmitDialog(screen.operator, draft, nsp=nsp, title=title, marked=marked, secrets=secrets))


def _namespace(sockets: Sequence[SocketInfo]) -> str:
    """The namespace of most of them."""
    names = [socket.nsp for socket in sockets]
    return max(dict.fromkeys(names), key=names.count)


@action(
    "simulate",
    "i",
    "simulate",
    "Have the app handle an event as if the socket's client sent it",
    group="Act",
    footer=9,
    refusal=needs_one("SIMULATE"),
    words="fake receive incoming inject as client impersonate trigger",
    about="row",
)
def simulate(screen: MainScreen) -> None:
    socket = screen.targets()[0]
    draft, secrets = screen.operator.last_simulated(socket.id, FIRST_SIMULATED)
    screen.app.push_screen(SimulateDialog(screen.operator, socket, draft, secrets))


# rooms


def _rooms(verb: Verb) -> Callable[[MainScreen], None]:
    def open_dialog(screen: MainScreen) -> None:
        there = rooms(screen)
        dialog = RoomsDialog(screen.operator, verb, ids(screen.targets()), leaving=there[0].room if there else "")
        screen.app.push_screen(dialog, lambda commands: perform(screen, commands))

    return open_dialog


for _verb, _key, _help, _words in (
    ("join", "j", "Have the socket, the marked or a room's members join rooms", "enter add room subscribe"),
    ("leave", "l", "Take them from rooms", "remove room kick unsubscribe"),
    ("move", "M", "Move them from rooms to others", "room change transfer switch"),
):
    _refusal = needs("JOIN" if _verb == "join" else "LEAVE")
    action(_verb, _key, _verb, _help, group="Act", footer=10, refusal=_refusal, words=_words, about="row")(
        _rooms(_verb)  # type: ignore[arg-type]
    )


def _on_room(screen: MainScreen) -> bool:
    return bool(rooms(screen))


@action(
    "kick",
    "K",
    "kick all",
    "Take everyone out of the room, the marked rooms; asks first",
    group="Act",
    footer=4,
    visible=_on_room,
    elsewhere="the cursor is on no room",
    refusal=needs("LEAVE", sockets=False),
    words="empty clear remove evict leave room everyone ban",
    about="row",
)
def kick(screen: MainScreen) -> None:
    rosters = screen.session.live.rosters.values()
    commands: list[Leave] = []
    members: dict[str, None] = {}
    names: list[str] = []
    for there in rooms(screen):
        found = [id for roster in rosters for id in roster.recipients(there.nsp, (there.room,), ())]
        if found:
            commands.append(Leave(nsp=there.nsp, sockets=tuple(found), rooms=(there.room,)))
            names.append(there.room)
            members |= dict.fromkeys(found)
    if not commands:
        screen.notify("kick all: nobody is in it now", severity="warning", markup=False)
        return

    def answer(yes: bool | None) -> None:
        perform(screen, commands if yes else None)

    title = f"Kick {count(len(members), 'socket')} from {', '.join(names)}?"
    calls = "\n".join(call(command, (), screen.operator.api(command.sockets)) for command in commands[:2])
    screen.app.push_screen(ConfirmDialog(screen.operator, title, "Kick", list(members), calls), answer)


# connections


@action(
    "disconnect",
    "d",
    "disconnect",
    "Disconnect it, the marked or a room's members; asks first",
    group="Act",
    footer=4,
    refusal=needs("DISCONNECT"),
    words="kick ban kill close end drop remove terminate",
    about="row",
)
def disconnect(screen: MainScreen) -> None:
    _disconnect(screen, "namespace")


@action(
    "drop",
    "X",
    "cut off",
    "Cut connections off, as a lost network does; asks first",
    group="Act",
    refusal=needs("DROP"),
    words="kill drop terminate network transport reconnect disconnect crash",
    about="row",
)
def drop(screen: MainScreen) -> None:
    _disconnect(screen, "drop")


def _disconnect(screen: MainScreen, first: str) -> None:
    there = rooms(screen) if screen.view.id == "rooms" else []
    of = f"of room {there[0].room}" if len(there) == 1 else f"of {len(there)} rooms" if there else ""
    dialog = DisconnectDialog(screen.operator, ids(screen.targets()), of=of, first=first)
    screen.app.push_screen(dialog, lambda commands: perform(screen, commands))


# attributes


@action(
    "attribute",
    "a",
    "attribute",
    "Attach a value to the selected socket, or take it away",
    group="Act",
    refusal=needs_one("SET_ATTRIBUTE"),
    words="set data property session user edit delete attach",
    about="row",
)
def attribute(screen: MainScreen) -> None:
    detail = screen.view.detail
    socket = screen.targets()[0]
    here = screen.view.in_detail and detail.subject == SocketRef(socket.id)
    dialog = AttributeDialog(screen.operator, socket, detail.attribute() if here else "")
    screen.app.push_screen(dialog, lambda commands: perform(screen, commands))
