"""The dialog that has the app handle an event as if a socket's client had sent it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Label, Static

from console.acting.messages import Draft
from console.acting.outcome import failed
from console.acting.recipients import describe
from console.dialogs.event import EventCommand, EventDialog
from console.dialogs.operator import Operator
from console.text import safe, seconds
from server_core.records import CommandResult, Simulate, SocketInfo


class SimulateDialog(EventDialog):
    """Run the app's middlewares and handlers for an event; show what they answered, or raised."""

    simulates = True

    def __init__(
        self, operator: Operator, socket: SocketInfo, draft: Draft, secrets: dict[str, Any] | None = None
    ) -> None:
        super().__init__(operator, draft, secrets)
        self._socket = socket

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="event") as dialog:
            dialog.border_title = Content(safe(f"Simulate an incoming event in {self._socket.nsp}"))
            with Horizontal(classes="field"):
                yield Label("from")
                yield Static(Content(safe(f"{describe(self._socket, self.operator.state)}")), id="from")
            yield from self.fields()

    def prepare(self) -> EventCommand | None:
        event, payload, patience = self.event(), self.payload(), self.patience([self._socket.id])
        if event is None or payload is None or patience is False:
            return None
        return Simulate(
            nsp=self._socket.nsp,
            socket=self._socket.id,
            event=event,
            args=payload.text,
            attachments=payload.attachments,
            ack=patience,
        )

    def concerned(self, command: EventCommand) -> Sequence[str]:
        return [self._socket.id]

    def refusal(self, command: EventCommand) -> str:
        return self.operator.refusal("SIMULATE", [self._socket.id])

    def call(self, command: EventCommand) -> str:
        return f"as its client would: {super().call(command)}"

    def waiting(self, command: EventCommand) -> str:
        return "the app handles it…"

    def outcome(self, command: EventCommand, result: CommandResult) -> str:
        if not result.ok:
            return f"✗ {failed(result)}"
        if not result.acks:
            return "✓ handled" if command.ack is None else "✓ handled: it sent no ack"
        ack = result.acks[0]
        if ack.data is None:
            return f"✗ handled, but no ack within {seconds(ack.elapsed)}"
        return f"✓ the handler answered after {seconds(ack.elapsed)}: {self.operator.reader.mask(ack.data)}"
