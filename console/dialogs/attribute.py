"""The dialog that attaches a value to a socket, or takes it away."""

from __future__ import annotations

from keyword import iskeyword
from typing import Any

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static, TextArea

from console.acting.calls import call
from console.acting.payload import Problem, complete_name, dump, parse_value, quote, reflow, show_value, unquote
from console.acting.recipients import describe
from console.dialogs.operator import Operator
from console.screens.dialog import Dialog
from console.text import safe
from console.widgets.fields import Field, JsonArea, KeyLine
from server_core.records import Command, DeleteAttribute, SetAttribute, SocketInfo
from server_core.redact import MASK, is_secret


class AttributeDialog(Dialog[list[Command]]):
    """A name and a JSON value; what is attached under the name already stands in the value's field."""

    AUTO_FOCUS = "#name"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS = [
        Binding("ctrl+s", "take", "Set", priority=True),
        Binding("ctrl+o", "reflow", "Indent", priority=True),
        Binding("ctrl+x", "delete", "Delete", priority=True),
    ]

    def __init__(self, operator: Operator, socket: SocketInfo, name: str = "") -> None:
        super().__init__()
        self._operator = operator
        self._socket = socket
        self._name = name
        self._secrets: dict[str, Any] = {}
        #: The name whose value was put into the field.
        self._shown = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="event") as dialog:
            dialog.border_title = "Attached attribute"
            with Horizontal(classes="field"):
                yield Label("of")
                yield Static(Content(safe(describe(self._socket, self._operator.state))), id="from")
            with Horizontal(classes="field"):
                yield Label("name")
                yield Field(quote(self._name) if self._name else "", id="name", complete=self._complete)
            with Horizontal(classes="field tall"):
                yield Label("value")
                yield JsonArea(id="value", placeholder='{"name": "bob"}')
            yield Static(id="call")
            yield Static(id="result")
            yield KeyLine(
                ("set", "^s", "take"), ("delete", "^x", "delete"), ("indent", "^o", "reflow"), ("close", "esc", "close")
            )

    def on_mount(self) -> None:
        self._named()
        if self._name:
            self.query_one("#value").focus()

    @property
    def _attributes(self) -> dict[str, str]:
        socket = self._operator.state.socket(self._socket.id)
        return socket.attributes if socket else {}

    @on(Input.Changed, "#name")
    def _named(self) -> None:
        """Show what is attached under this name, unless something was typed over it."""
        try:
            name = unquote(self.query_one("#name", Input).value)
        except Problem:
            name = ""
        area = self.query_one("#value", JsonArea)
        text = self._attributes.get(name)
        if text is not None and name != self._shown:
            value, self._secrets = self._written(name, msgspec.json.decode(text))
            area.load_text(value)
            self._shown = name
        self.check()

    def _written(self, name: str, value: Any) -> tuple[str, dict[str, Any]]:
        mask = not self._operator.reader.show_secrets
        if mask and is_secret(name):
            stands = f"{MASK}1"
            return dump(stands), {stands: value}
        return show_value(value, mask=mask, width=70)

    @on(TextArea.Changed)
    def check(self) -> SetAttribute | None:
        """Say what is wrong with the fields, and show the call; the command when nothing is."""
        command: SetAttribute | None = None
        try:
            name = unquote(self.query_one("#name", Input).value)
            if not name:
                raise Problem("under which name?")
            self._check_name(name)
            text = self.query_one("#value", JsonArea).text
            value = parse_value(text, self._secrets)
            command = SetAttribute(
                nsp=self._socket.nsp, socket=self._socket.id, name=name, value=msgspec.json.encode(value).decode()
            )
            problem = ""
        except Problem as found:
            problem = f"✗ {found}"
        except UnicodeEncodeError:
            problem = "✗ half a character: \\ud800…"
        self.say("#call", "" if command is None else self._call(command)[:400])
        self.say("#result", problem, "$text-error")
        return command

    def _check_name(self, name: str) -> None:
        """On a `Socket` it is an attribute; in a session, or where it is there already, any text is a name."""
        if self._operator.api([self._socket.id]) != "own" or name in self._attributes:
            return
        if not name.isidentifier() or iskeyword(name):
            raise Problem(f"{name} can't be an attribute's name: socket.{name} is no Python")

    def _call(self, command: SetAttribute) -> str:
        shown = self._operator.reader.attribute(command.name, command.value)
        return call(msgspec.structs.replace(command, value=shown), (), self._operator.api([command.socket]))

    def action_take(self) -> None:
        self.after_typing(self._take)

    @on(Input.Submitted)
    def _take(self) -> None:
        self._finish("SET_ATTRIBUTE", self.check())

    def action_delete(self) -> None:
        self.after_typing(self._delete)

    def _delete(self) -> None:
        try:
            name = unquote(self.query_one("#name", Input).value)
        except Problem:
            name = ""
        if name not in self._attributes:
            self.say("#result", "✗ nothing is attached under this name", "$text-error")
            return
        self._finish("DELETE_ATTRIBUTE", DeleteAttribute(nsp=self._socket.nsp, socket=self._socket.id, name=name))

    def _finish(self, feature: str, command: Command | None) -> None:
        if command is None:
            return
        if why := self._operator.refusal(feature, [self._socket.id]):
            self.say("#result", f"✗ {why}", "$text-error")
        else:
            self.dismiss([command])

    def action_reflow(self) -> None:
        area = self.query_one("#value", JsonArea)
        self.after_typing(lambda: area.load_text(reflow(area.text)))

    def _complete(self, typed: str) -> str | None:
        return complete_name(typed, self._attributes)
