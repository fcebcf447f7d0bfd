"""What the dialogs for an event have in common: its name, arguments, ack, history, and the call."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Checkbox, Input, Label, Static, TextArea

from console.acting.calls import call
from console.acting.messages import Draft
from console.acting.outcome import count_acks, failed
from console.acting.payload import Payload, Problem, complete_name, parse_args, quote, reflow, unquote
from console.dialogs.answer import AnswerDialog
from console.dialogs.messages import MessagesDialog
from console.dialogs.operator import Operator
from console.screens.dialog import Dialog
from console.text import count, safe, seconds, size
from console.widgets.ack_list import AckList
from console.widgets.fields import Field, JsonArea, KeyLine, Tick
from server_core.packets import RESERVED_EVENTS, decode
from server_core.records import CommandResult, Emit, EventRecord, Simulate

EventCommand = Emit | Simulate

#: Seconds to wait for acks, at most.
MAX_PATIENCE = 600
#: Records looked at for the names of events, and how much of a call is shown.
_RECENT, _SHOWN = 2_000, 600


class EventDialog(Dialog[None]):
    """Fields for an event; subclasses say for whom."""

    #: Whether what it sends is simulated: that has a history of its own.
    simulates: ClassVar[bool] = False

    AUTO_FOCUS = "#event"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS = [
        Binding("ctrl+s", "send", "Send", priority=True),
        Binding("ctrl+t", "messages", "Messages", priority=True),
        Binding("ctrl+o", "reflow", "Indent", priority=True),
        Binding("enter", "open", "Open an ack"),
        Binding("up", "recall(-1)", "Previous message"),
        Binding("down", "recall(1)", "Next message"),
    ]

    def __init__(self, operator: Operator, draft: Draft, secrets: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.operator = operator
        self._first = self._opened = draft
        self.secrets = secrets or {}
        self._sending = False
        #: What the fields made when they were last looked at.
        self._checked: EventCommand | None = None
        #: How far back in the history the fields are.
        self._back = 0
        self._acks = AckList(operator.state, operator.reader, id="acks")

    # fields

    def fields(self) -> ComposeResult:
        """The event, its arguments and its ack, then the call and what came of it."""
        draft = self._first
        with Horizontal(classes="field"):
            yield Label("event")
            yield Field(quote(draft.event), id="event", complete=self._complete_event)
        yield Static(id="event-note", classes="note")
        with Horizontal(classes="field tall"):
            yield Label("args")
            yield JsonArea(draft.args, id="args", placeholder='["hello", {"n": 1}, {"$b64": "AAH/"}]')
        yield Static(id="args-note", classes="note")
        with Horizontal(classes="field"):
            yield Label("ack")
            yield Tick("wait", bool(draft.ack), id="ack", compact=True)
            yield Field(draft.ack or "2", id="seconds", max_length=6)
            yield Label("seconds", id="unit")
        yield Static(id="ack-note", classes="note")
        yield Static(id="call")
        yield Static(id="result")
        yield self._acks
        keys = [("send", "^s", "send"), ("messages", "^t", "messages"), ("indent", "^o", "reflow")]
        yield KeyLine(*keys, ("history", "↑↓", "recall(-1)"), ("field", "tab", "field"), ("close", "esc", "close"))

    def on_mount(self) -> None:
        self._acks.display = False
        self.say("#result", "")
        self._opened = self.draft()
        self.check()
        # focused before it had its place; input methods show what they compose at the terminal's cursor
        self.call_after_refresh(self._place_cursor)

    def _place_cursor(self) -> None:
        if isinstance(self.focused, Input):
            self.app.cursor_position = self.focused.cursor_screen_offset

    def draft(self) -> Draft:
        """The fields as they stand."""
        patience = self.query_one("#seconds", Input).value if self.query_one("#ack", Checkbox).value else ""
        return Draft(event=self._event()[0], args=self.query_one("#args", JsonArea).text, ack=patience)

    def fill(self, draft: Draft, secrets: dict[str, Any]) -> None:
        """Put a message into the fields."""
        self.secrets = secrets
        self.query_one("#event", Field).value = quote(draft.event)
        self.query_one("#args", JsonArea).load_text(draft.args)
        self.query_one("#ack", Checkbox).value = bool(draft.ack)
        if draft.ack:
            self.query_one("#seconds", Field).value = draft.ack
        self.check()

    def action_close(self) -> None:
        """What was typed is there when the dialog is opened again."""
        self.operator.unsent.pop(self.simulates, None)
        if self.draft() != self._opened:
            self.operator.unsent[self.simulates] = self.draft(), self.secrets
        super().action_close()

    # what is wrong with them

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Checkbox.Changed)
    def check(self) -> EventCommand | None:
        """Say what is wrong with each field as it is typed, and show the call; the command when nothing is."""
        command = self.prepare()
        if command != self._checked and not self._sending:  # what came of another one
            self.say("#result", "")
            self._acks.display = False
        self._checked = command
        self.say("#call", "" if command is None else self.call(command)[:_SHOWN])
        return command

    def prepare(self) -> EventCommand | None:
        """The command that the fields make, None when something is wrong with them."""
        raise NotImplementedError

    def call(self, command: EventCommand) -> str:
        """The call that the command makes, secrets masked."""
        args = decode(self.operator.reader.mask(command.args), command.attachments)
        return call(command, args, self.operator.api(self.concerned(command)))

    def concerned(self, command: EventCommand) -> Sequence[str]:
        """The sockets that a command is about."""
        raise NotImplementedError

    def refusal(self, command: EventCommand) -> str:
        """Why it can't be sent now, "" when it can."""
        raise NotImplementedError

    def event(self) -> str | None:
        """The event's name, None when it can't be one."""
        event, problem = self._event()
        self.note("event", problem, wrong=True)
        return None if problem else event

    def _event(self) -> tuple[str, str]:
        try:
            event = unquote(self.query_one("#event", Field).value)
        except Problem as problem:
            return "", f"✗ {problem}"
        if not event:
            return "", "✗ an event needs a name"
        if event in RESERVED_EVENTS:
            return event, f'✗ "{event}" is a reserved event name: Socket.IO keeps it for itself'
        return event, ""

    def payload(self) -> Payload | None:
        """The arguments, None when they are none."""
        try:
            payload = parse_args(self.query_one("#args", JsonArea).text, self.secrets)
        except Problem as problem:
            self.note("args", f"✗ {problem}", wrong=True)
            return None
        said = f"✓ {count(len(payload.args), 'argument')}, {payload.size} bytes"
        if payload.attachments:
            said += f", {size(sum(map(len, payload.attachments)))} of them binary"
        self.note("args", said)
        return payload

    def patience(self, sockets: Sequence[str]) -> float | Literal[False] | None:
        """Seconds to wait for the acks of these sockets, None to ask for none, False when they are no number."""
        value: float | Literal[False] | None = None
        tick = self.query_one("#ack", Checkbox)
        tick.disabled = not self.operator.has_acks(sockets)
        if tick.value and not tick.disabled:
            try:
                value = float(self.query_one("#seconds", Input).value)
            except ValueError:
                value = False
            value = value if value and 0 < value <= MAX_PATIENCE else False
        wrong = f"✗ more than 0 and at most {MAX_PATIENCE} seconds" if value is False else ""
        none = "the server's admin can't ask for acks" if tick.disabled else ""
        self.note("ack", wrong or none, wrong=bool(wrong))
        return value

    def note(self, field: str, text: str, *, wrong: bool = False) -> None:
        """A line below a field; none where there is nothing to say."""
        note = self.query_one(f"#{field}-note", Static)
        note.display = bool(text)
        note.set_class(wrong and bool(text), "wrong")
        note.update(Content(safe(text)))

    def _complete_event(self, typed: str) -> str | None:
        history = self.operator.state.history
        recent = history.since(max(history.first, history.end - _RECENT))
        seen = dict.fromkeys(record.event for record in reversed(list(recent)) if isinstance(record, EventRecord))
        return complete_name(typed, seen)

    # history

    def action_recall(self, by: int) -> None:
        """Put an earlier message, or a later one, into the fields."""
        history = self.operator.messages.of(simulated=self.simulates)
        back = min(max(self._back - by, 0), len(history))
        if back == self._back:
            return
        if self._back == 0:
            self._first = self.draft()
        self._back = back
        draft = history[-back] if back else self._first
        self.fill(draft, self.operator.messages.secrets_of(draft) if back else self.secrets)

    def action_field(self) -> None:
        """Go to the next field."""
        self.focus_next()

    def action_messages(self) -> None:
        self.after_typing(self._open_messages)

    def _open_messages(self) -> None:
        def take(draft: Draft | None) -> None:
            if draft is not None:
                self.fill(draft, self.operator.messages.secrets_of(draft))

        dialog = MessagesDialog(self.operator.messages, self.draft(), self.secrets, simulated=self.simulates)
        self.app.push_screen(dialog, take)

    def action_reflow(self) -> None:
        """Indent the arguments, or put them on one line."""
        area = self.query_one("#args", JsonArea)
        self.after_typing(lambda: area.load_text(reflow(area.text)))

    # sending

    def action_send(self) -> None:
        self.after_typing(self._send_typed)

    @on(Input.Submitted)
    @on(Tick.Submitted)
    def _send_typed(self) -> None:
        command = self.check()
        if self._sending:
            return
        if command is None:
            self._show_what_is_wrong()
            return
        if why := self.refusal(command):
            self.say("#result", f"✗ not sent: {why}", "$text-error")
            return
        self.ask(command)

    def ask(self, command: EventCommand) -> None:
        """Send it; subclasses may ask before."""
        self.send(command)

    def send(self, command: EventCommand) -> None:
        self._sending = True
        self._back = 0
        self._first = self._opened = self.draft()
        self.operator.remember(self._first, self.secrets, simulated=self.simulates)
        self._acks.display = False
        self.say("#result", self.waiting(command), "$text-muted")
        self.app.run_worker(self._deliver(command))  # the app's: closing the dialog does not call it back

    def _deliver(self, command: EventCommand) -> Coroutine[Any, Any, None]:
        async def deliver() -> None:
            result = await self.operator.carry_out_together(self.parts(command))
            self._sending = False
            text = self.outcome(command, result)
            if self.is_attached and self.query("#result"):  # it may be half taken down
                self.say("#result", text, "$text-success" if text.startswith("✓") else "$text-error")
                self._acks.display = len(result.acks) > 1
                self._acks.show(result.acks)
            else:
                severity: Literal["information", "error"] = "information" if text.startswith("✓") else "error"
                self.app.notify(safe(f"{command.event}: {text}"), severity=severity, markup=False)

        return deliver()

    def parts(self, command: EventCommand) -> Sequence[EventCommand]:
        """The commands that it takes: one, but for an emit to very many."""
        return [command]

    def waiting(self, command: EventCommand) -> str:
        return "sending…" if command.ack is None else f"waiting for the ack, up to {seconds(command.ack)}…"

    def outcome(self, command: EventCommand, result: CommandResult) -> str:
        """What the server did, in words that begin with ✓ or ✗."""
        if not result.ok:
            return f"✗ {failed(result)}"
        if not result.acks:
            return f"✓ sent to {count(result.sockets, 'socket')}"
        if len(result.acks) > 1:
            counts = count_acks(result.acks)
            return f"{'✗' if counts.late else '✓'} sent to {count(result.sockets, 'socket')}: {counts}"
        ack = result.acks[0]
        if ack.data is None:
            return f"✗ no ack within {seconds(ack.elapsed)}"
        return f"✓ ack after {seconds(ack.elapsed)}: {self.operator.reader.mask(ack.data)}"

    def action_open(self) -> None:
        """Show one answer whole."""
        if ack := self._acks.selected:
            self.app.push_screen(AnswerDialog(self.operator, ack))

    def _show_what_is_wrong(self) -> None:
        """Go to the first field that something is wrong with."""
        for note in self.query(".note.wrong").results(Static):
            field = (note.id or "").removesuffix("-note")
            if note.display and (found := self.query(f"#{field}")):
                found.first().focus()
                return
