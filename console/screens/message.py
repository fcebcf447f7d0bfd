"""The dialog that sends a private message; it shows the call that it makes, in the API's words."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Checkbox, Input, Label, Static

from console.link.base import Link
from console.screens.dialog import Dialog
from console.state.state import State
from console.text import count, safe, seconds
from server_core.broadcast import RESERVED_EVENTS
from server_core.records import CommandResult, Emit, SocketInfo

#: Sockets that completion knows.
_MAX_SUGGESTIONS = 500


class Tick(Checkbox):
    """A checkbox whose state is in its glyph, not in its colour alone."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class MessageDialog(Dialog[None]):
    """Emit an event to one socket, as the server or as another socket."""

    AUTO_FOCUS = "#event"
    BINDINGS = [Binding("ctrl+s", "send", "Send", priority=True)]
    #: What was typed last, for the next time.
    last_event = "private message"
    last_args = '["hello"]'

    def __init__(self, link: Link, state: State, socket: SocketInfo) -> None:
        super().__init__()
        self._link = link
        self._state = state
        self._to = socket
        self._sending = False

    def compose(self) -> ComposeResult:
        others = [
            safe(self._state.label(socket.id))
            for socket in self._state.sockets()
            if socket.nsp == self._to.nsp and socket is not self._to
        ][:_MAX_SUGGESTIONS]
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Private message"
            with Horizontal(classes="field"):
                yield Label("to")
                yield Static(Content(self._describe(self._to)), id="to")
            with Horizontal(classes="field"):
                yield Label("as")
                yield Input(
                    placeholder="the server, or another socket's name or id",
                    id="as",
                    compact=True,
                    suggester=SuggestFromList(others, case_sensitive=True),
                )
            yield Static(id="as-note", classes="note")
            with Horizontal(classes="field"):
                yield Label("event")
                yield Input(self.last_event, id="event", compact=True)
            yield Static(id="event-note", classes="note")
            with Horizontal(classes="field"):
                yield Label("args")
                yield Input(self.last_args, placeholder='["hello", {"n": 1}]', id="args", compact=True)
            yield Static(id="args-note", classes="note")
            with Horizontal(classes="field"):
                yield Label("ack")
                yield Tick("wait", id="ack", compact=True)
                yield Input("2", id="seconds", compact=True, type="number", max_length=6)
                yield Label("seconds", id="unit")
            yield Static(id="call")
            yield Static(id="result")
            yield Static(Content("send ^s   next field tab   close esc"), id="keys")

    def on_mount(self) -> None:
        self._check()
        # focused before it had its place; input methods show what they compose at the terminal's cursor
        self.call_after_refresh(self._place_cursor)

    def _place_cursor(self) -> None:
        if isinstance(self.focused, Input):
            self.app.cursor_position = self.focused.cursor_screen_offset

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _check(self) -> Emit | None:
        """Say what is wrong with each field as it is typed, and show the call; the command when nothing is."""
        sender, note, known = self._sender()
        self._note("#as-note", note, wrong=not known)
        event = self.query_one("#event", Input).value
        wrong = "" if event else "an event needs a name"
        if event in RESERVED_EVENTS:
            wrong = f'"{event}" is a reserved event name: Socket.IO keeps it for itself'
        self._note("#event-note", wrong, wrong=bool(wrong))
        args, problem = parse_args(self.query_one("#args", Input).value)
        if args is not None and sender:
            args = [sender.id, *args]
        text = "" if args is None else msgspec.json.encode(args).decode()
        note = problem
        if args is not None:
            note = f"✓ {count(len(args), 'argument')}, {len(text.encode())} bytes"
            if sender:
                note += f", the first is {self._state.label(sender.id)}'s id"
        self._note("#args-note", note, wrong=args is None)
        patience = self._patience()
        if not known or wrong or args is None or patience is False:
            self.say("#call", "")
            return None
        command = Emit(
            nsp=self._to.nsp,
            rooms=(self._to.id,),
            event=event,
            args=text,
            sender=sender.id if sender else "",
            ack=patience,
        )
        self.say("#call", call(command, text))
        return command

    def _sender(self) -> tuple[SocketInfo | None, str, bool]:
        """The socket named in `as` (None: the server), a note about it, and whether it names anyone."""
        name = self.query_one("#as", Input).value.strip()
        if not name:
            return None, "", True
        found = self._state.find(name, self._to.nsp)
        if found is None:
            return None, f"no one socket of {self._to.nsp} has this name, or an id that begins so", False
        return found, f"{self._describe(found)}: does not get the message itself", True

    def _patience(self) -> float | Literal[False] | None:
        """Seconds to wait for the ack, None to ask for none, False when they are no number."""
        if not self.query_one("#ack", Checkbox).value:
            return None
        try:
            value = float(self.query_one("#seconds", Input).value)
        except ValueError:
            return False
        return value if 0 < value <= 3600 else False

    def _describe(self, socket: SocketInfo) -> str:
        return safe(f"socket {socket.id} ({self._state.label(socket.id)}) in {socket.nsp}")

    def _note(self, selector: str, text: str, *, wrong: bool) -> None:
        self.say(selector, text, "$text-error" if wrong else "$foreground-muted")

    @on(Input.Submitted)
    def action_send(self) -> None:
        command = self._check()
        if command is not None and not self._sending:
            type(self).last_event = command.event
            type(self).last_args = self.query_one("#args", Input).value
            self._send(command)

    @work
    async def _send(self, command: Emit) -> None:
        self._sending = True
        self.say("#result", "sending…" if command.ack is None else "waiting for the ack…")
        try:
            result = await asyncio.wrap_future(self._link.send(command))
        finally:
            self._sending = False
        self.say("#result", outcome(result), "$text-success" if result.ok else "$text-error")


def parse_args(text: str) -> tuple[list[object] | None, str]:
    """The arguments that were typed, or what is wrong with them and where."""
    if not text.strip():
        return [], ""
    try:
        args = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return None, f"✗ not JSON: {str(error).removeprefix('JSON is malformed: ')}"
    except RecursionError:
        return None, "✗ nested too deep"
    return (args, "") if isinstance(args, list) else (None, "✗ write a JSON list, one item an argument: [1, 2]")


def call(command: Emit, args: str) -> str:
    """The call that the command makes, as the app would write it."""
    to = command.rooms[0]
    inner = args[1:-1]
    rest = f", {inner}" if inner else ""
    whose = "socket" if command.sender else "io"
    emit = "emit" if command.ack is None else f"timeout({command.ack:g}).emit_with_ack"
    return f'{whose}.to("{to}").{emit}("{command.event}"{rest})'


def outcome(result: CommandResult) -> str:
    """What the server did, in words."""
    if not result.ok:
        return f"✗ {result.error}"
    if not result.acks:
        return f"✓ sent to {count(result.sockets, 'socket')}"
    ack = result.acks[0]
    if ack.data is None:
        return f"✗ no ack within {seconds(ack.elapsed)}"
    return f"✓ ack after {seconds(ack.elapsed)}: {ack.data}"
