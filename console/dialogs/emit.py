"""The dialog that emits an event: to sockets, rooms, or a namespace, as the server or as a socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Checkbox, Input, Label, Static

from console.acting.messages import Draft
from console.acting.payload import Problem, pack, quote, split, unquote
from console.acting.recipients import (
    MARKED,
    Recipients,
    complete_last,
    describe,
    in_parts,
    namespaces_of,
    read_recipients,
    rooms_of,
    whom,
)
from console.dialogs.confirm import MANY, ConfirmDialog
from console.dialogs.event import EventCommand, EventDialog
from console.dialogs.operator import Operator
from console.text import count, safe, seconds
from console.widgets.fields import Field, Tick
from server_core.records import Emit, SocketInfo

#: Seconds between two looks at who is there.
FOLLOW = 0.5
#: Names that completion knows.
_MAX_SUGGESTIONS = 500


class EmitDialog(EventDialog):
    """Emit an event, and gather its acks."""

    def __init__(
        self,
        operator: Operator,
        draft: Draft,
        *,
        nsp: str = "/",
        title: str = "Emit",
        marked: Sequence[str] = (),
        secrets: dict[str, Any] | None = None,
    ) -> None:
        """`marked` are the sockets that `@marked` stands for in `draft.to`."""
        super().__init__(operator, draft, secrets)
        self._nsp = nsp
        #: The namespace as it is typed; completion asks before the fields are there.
        self._in = nsp
        self._title = title
        self._marked = tuple(marked)
        #: Whom a confirmed message goes to: it is not asked again.
        self._confirmed = ""
        #: The state's version that the fields were last read against.
        self._seen = -1

    def compose(self) -> ComposeResult:
        draft = self._first
        namespaces = namespaces_of(self.operator.state)
        with Vertical(id="dialog", classes="event") as dialog:
            dialog.border_title = Content(safe(self._title if len(namespaces) > 1 else f"{self._title} in {self._nsp}"))
            with Horizontal(classes="field"):
                yield Label("to")
                where = "a room, a socket's name or id, several with commas, * for all"
                yield Field(draft.to, id="to", placeholder=where, complete=self._complete)
            yield Static(id="to-note", classes="note")
            with Horizontal(classes="field"):
                yield Label("except")
                yield Field(draft.except_, id="except", placeholder="nobody", complete=self._complete)
            yield Static(id="except-note", classes="note")
            with Horizontal(classes="field", id="in-field") as field:
                field.display = len(namespaces) > 1
                yield Label("in")
                yield Field(quote(self._nsp), id="in", complete=self._complete_namespace)
            yield Static(id="in-note", classes="note")
            with Horizontal(classes="field"):
                yield Label("as")
                who = "the server, or another socket's name or id"
                yield Field(draft.sender, id="as", placeholder=who, complete=self._complete_socket)
            yield Static(id="as-note", classes="note")
            with Horizontal(classes="field", id="own-id-field"):
                yield Label("")
                yield Tick("its id is the first argument", draft.own_id, id="own-id", compact=True)
            yield from self.fields()

    def on_mount(self) -> None:
        self.set_interval(FOLLOW, self._follow)

    def _follow(self) -> None:
        """Say whom it reaches now: sockets come and go, and join rooms, while it is open."""
        version = self.operator.state.version
        if version != self._seen:
            self._seen = version
            self.check()

    def draft(self) -> Draft:
        base = super().draft()
        return Draft(
            event=base.event,
            args=base.args,
            ack=base.ack,
            to=self._value("to"),
            except_=self._value("except"),
            sender=self._value("as"),
            own_id=self.query_one("#own-id", Checkbox).value,
        )

    def fill(self, draft: Draft, secrets: dict[str, Any]) -> None:
        """Whom it goes to stays, where it is known already."""
        for field, value in (("to", draft.to), ("except", draft.except_)):
            if not self._value("to" if field == "except" else field):
                self.query_one(f"#{field}", Field).value = value
        self.query_one("#as", Field).value = draft.sender
        self.query_one("#own-id", Checkbox).value = draft.own_id
        super().fill(draft, secrets)

    def prepare(self) -> EventCommand | None:
        nsp, there = self._namespace()
        to = self._recipients("to", nsp)
        left_out = self._recipients("except", nsp)
        sender, known = self._sender(nsp)
        self.query_one("#own-id-field").display = sender is not None
        event, payload, patience = self.event(), self.payload(), self.patience(self._asked(nsp, to, left_out))
        if (
            not there
            or to is None
            or left_out is None
            or not known
            or event is None
            or payload is None
            or patience is False
        ):
            return None
        if sender and self.query_one("#own-id", Checkbox).value:
            payload = pack([sender.id, *payload.args])
        if not (to.rooms or to.everybody):
            self.note("to", "✗ say to whom: a room, a socket's name or id, * for all", wrong=True)
            return None
        command = Emit(
            nsp=nsp,
            rooms=to.rooms,
            except_=left_out.rooms,
            event=event,
            args=payload.text,
            attachments=payload.attachments,
            sender=sender.id if sender else "",
            ack=patience,
        )
        self._say_reach(command, to)
        return command

    def ask(self, command: EventCommand) -> None:
        """More than a few get it: ask before the first one."""
        if not isinstance(command, Emit):
            return
        reached = self._reach(command)
        target = f"{command.nsp} {command.rooms} {command.except_}"
        if len(reached) <= MANY or target == self._confirmed:
            self.send(command)
            return

        def answer(yes: bool | None) -> None:
            if yes:
                self._confirmed = target
                self.send(command)

        title = f"Emit {command.event} to {count(len(reached), 'socket')}?"
        self.app.push_screen(ConfirmDialog(self.operator, title, "Emit", reached), answer)

    def parts(self, command: EventCommand) -> Sequence[EventCommand]:
        return in_parts(command, self._reach(command)) if isinstance(command, Emit) else [command]

    def waiting(self, command: EventCommand) -> str:
        if command.ack is None or not isinstance(command, Emit) or len(reached := self._reach(command)) < 2:
            return super().waiting(command)
        return f"waiting for {count(len(reached), 'ack')}, up to {seconds(command.ack)}…"

    # the fields

    def _value(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    def _namespace(self) -> tuple[str, bool]:
        """The namespace in which it is sent, and whether it can be: only one that is there already."""
        try:
            nsp = unquote(self._value("in"))
        except Problem:
            nsp = ""
        known = nsp == self._nsp or nsp in namespaces_of(self.operator.state)
        self._in = nsp
        self.note("in", "" if known else "✗ no socket is in this namespace", wrong=True)
        return nsp, known

    def _recipients(self, field: str, nsp: str) -> Recipients | None:
        try:
            found = read_recipients(self._value(field), self.operator.state, nsp, self._marked)
        except Problem as problem:
            self.note(field, f"✗ {problem}", wrong=True)
            return None
        if field == "except" and found.everybody:
            self.note(field, "✗ that would leave nobody", wrong=True)
            return None
        self.note(field, found.note)
        return found

    def _sender(self, nsp: str) -> tuple[SocketInfo | None, bool]:
        """The socket named in `as` (None: the server), and whether it names anyone."""
        name = self._value("as").removeprefix("@")
        if not name:
            self.note("as", "")
            return None, True
        found = self.operator.state.find(name, nsp)
        if found is None:
            self.note("as", f"✗ no one socket of {nsp} has this name, or an id that begins so", wrong=True)
            return None, False
        self.note("as", f"{describe(found, self.operator.state)}: does not get the message itself")
        return found, True

    def _asked(self, nsp: str, to: Recipients | None, left_out: Recipients | None) -> Sequence[str]:
        """The sockets that an ack would be asked of."""
        return to.reach(self.operator.state, nsp, left_out.rooms if left_out else ()) if to else ()

    def concerned(self, command: EventCommand) -> Sequence[str]:
        return self._reach(command) if isinstance(command, Emit) else ()

    def refusal(self, command: EventCommand) -> str:
        """It goes to the servers that can, of those that it would reach."""
        one_of_each = self.operator.servers_of(self.concerned(command)).values()
        whys = [self.operator.refusal("EMIT", [id]) for id in one_of_each]
        return whys[0] if whys and all(whys) else self.operator.refusal("EMIT")

    def _reach(self, command: Emit) -> list[str]:
        to = Recipients(command.rooms, not command.rooms)
        reached = to.reach(self.operator.state, command.nsp, command.except_)
        return [id for id in reached if id != command.sender]

    def _say_reach(self, command: Emit, to: Recipients) -> None:
        """Below `to`: what it names, and whom that reaches where it is not the same."""
        reached = self._reach(command)
        several = len(split(self._value("to"))) > 1 or bool(command.except_)
        if not reached:
            self.note("to", f"! {to.note}: nobody gets it")
        elif several:
            names = whom(reached, self.operator.state)
            self.note("to", f"{to.note} → {count(len(reached), 'socket')}: {names}")

    # completion

    def _complete(self, typed: str) -> str | None:
        word = typed.rpartition(",")[2].lstrip()
        nsp = self._in
        if word.startswith("@"):
            names = [*([MARKED[1:]] if self._marked else []), *self._labels(nsp)]
            return complete_last(typed, [f"@{name}" for name in names], quoted=False)
        return complete_last(typed, [*rooms_of(self.operator.state, nsp)[:_MAX_SUGGESTIONS], *self._labels(nsp)])

    def _complete_socket(self, typed: str) -> str | None:
        return next((name for name in self._labels(self._in) if name.startswith(typed)), None)

    def _complete_namespace(self, typed: str) -> str | None:
        return next((nsp for nsp in namespaces_of(self.operator.state) if nsp.startswith(typed)), None)

    def _labels(self, nsp: str) -> list[str]:
        """Names of a namespace's sockets."""
        state = self.operator.state
        here = (socket.id for socket in state.sockets() if socket.nsp == nsp)
        return [state.label(id) for id, _ in zip(here, range(_MAX_SUGGESTIONS), strict=False)]

    @on(Input.Changed, "#to")
    def _addressed(self) -> None:
        self._confirmed = ""
