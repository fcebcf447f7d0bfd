"""Sending again what was seen: as it was, changed, or to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.acting.messages import draft_of
from console.acting.payload import Problem, pack, quote
from console.acting.recipients import EVERYBODY
from console.actions.act import perform
from console.actions.registry import action
from console.dialogs.confirm import MANY, ConfirmDialog
from console.dialogs.emit import EmitDialog
from console.dialogs.operator import WIDTH
from console.dialogs.simulate import SimulateDialog
from console.text import count
from server_core.packets import RESERVED_EVENTS
from server_core.records import Command, Emit, EventBlocked, EventReceived, EventRecord, EventSent, Simulate

if TYPE_CHECKING:
    from console.screens.main import MainScreen

#: Seconds to wait for the ack of an event that is sent again, where the first wanted one.
PATIENCE = 2.0


def event(screen: MainScreen) -> EventRecord | None:
    """The event that the cursor is on."""
    subject = screen.subject()
    return subject if isinstance(subject, EventReceived | EventSent | EventBlocked) else None


def _on_event(screen: MainScreen) -> bool:
    return event(screen) is not None


def _sendable(screen: MainScreen) -> str:
    record = event(screen)
    if record is None:
        return "the cursor is on no event"
    if record.length or record.args is None:
        return "its payload was cut, so it can't be sent again"
    if record.event in RESERVED_EVENTS:
        return f"{record.event} is a reserved event name"
    if isinstance(record, EventSent):
        return screen.operator.refusal("EMIT")
    return screen.operator.refusal("SIMULATE", [record.socket])


def _repeatable(screen: MainScreen) -> str:
    record = event(screen)
    why = _sendable(screen)
    if why or record is None or isinstance(record, EventSent):
        return why
    return "" if screen.session.live.socket(record.socket) else "its sender is gone: send it to somebody instead"


def _forwardable(screen: MainScreen) -> str:
    why = _sendable(screen)
    return screen.operator.refusal("EMIT") if not why or event(screen) is None else why


def again(record: EventRecord) -> Command:
    """The command that has the same happen once more; `Problem` when its arguments can't travel."""
    payload = pack(record.args or [])
    ack = None if getattr(record, "id", None) is None else PATIENCE
    if not isinstance(record, EventSent):
        return Simulate(
            nsp=record.nsp,
            socket=record.socket,
            event=record.event,
            args=payload.text,
            attachments=payload.attachments,
            ack=ack,
        )
    return Emit(
        nsp=record.nsp,
        rooms=record.rooms or ((record.socket,) if record.socket else ()),
        except_=record.except_,
        event=record.event,
        args=payload.text,
        attachments=payload.attachments,
        ack=ack,
    )


@action(
    "resend",
    "r",
    "resend",
    "Send the event again; an incoming one is handled once more",
    group="Act",
    footer=4,
    visible=_on_event,
    elsewhere="the cursor is on no event",
    refusal=_repeatable,
    words="repeat replay again retry",
    about="row",
)
def resend(screen: MainScreen) -> None:
    record = event(screen)
    if record is None:
        return
    try:
        command = again(record)
    except Problem as problem:
        screen.notify(f"resend: {problem}", severity="error", markup=False)
        return
    reached = _reached(screen, command)
    if len(reached) <= MANY:
        perform(screen, [command])
        return

    def answer(yes: bool | None) -> None:
        perform(screen, [command] if yes else None)

    title = f"Emit {record.event} again, to {count(len(reached), 'socket')}?"
    screen.app.push_screen(ConfirmDialog(screen.operator, title, "Emit", reached), answer)


def _reached(screen: MainScreen, command: Command) -> list[str]:
    if not isinstance(command, Emit):
        return []
    rosters = screen.session.live.rosters.values()
    return [id for roster in rosters for id in roster.recipients(command.nsp, command.rooms, command.except_)]


def _edits(_screen: MainScreen) -> str:
    return "edit"


@action(
    "edit",
    "E",
    "edit and resend",
    "Change the event before it is sent, or handled, again",
    group="Act",
    footer=6,
    visible=_on_event,
    elsewhere="the cursor is on no event",
    refusal=_repeatable,
    label_here=_edits,
    words="change modify repeat again replay",
    about="row",
)
def edit(screen: MainScreen) -> None:
    record = event(screen)
    if record is None:
        return
    if isinstance(record, EventSent):
        rooms = record.rooms or ((record.socket,) if record.socket else ())
        to = ", ".join(map(quote, rooms)) or EVERYBODY
        _open(screen, record, to, ", ".join(map(quote, record.except_)))
        return
    socket = screen.session.live.socket(record.socket)
    if socket is not None:
        draft, secrets = draft_of(record, mask=not screen.reader.show_secrets, width=WIDTH, ack=f"{PATIENCE:g}")
        screen.app.push_screen(SimulateDialog(screen.operator, socket, draft, secrets))


@action(
    "forward",
    "x",
    "send to…",
    "Emit the event to somebody else",
    group="Act",
    footer=9,
    visible=_on_event,
    elsewhere="the cursor is on no event",
    refusal=_forwardable,
    words="forward copy emit elsewhere",
    about="row",
)
def forward(screen: MainScreen) -> None:
    if record := event(screen):
        _open(screen, record, "", "")


def _open(screen: MainScreen, record: EventRecord, to: str, except_: str) -> None:
    """The dialog with what an event was."""
    asked = isinstance(record, EventSent) and record.id is not None
    ack = f"{PATIENCE:g}" if asked else ""
    draft, secrets = draft_of(record, mask=not screen.reader.show_secrets, width=WIDTH, to=to, except_=except_, ack=ack)
    screen.app.push_screen(EmitDialog(screen.operator, draft, nsp=record.nsp, title="Send again", secrets=secrets))
