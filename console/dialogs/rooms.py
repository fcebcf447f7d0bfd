"""The dialogs that let sockets join rooms, leave rooms, or move from rooms to others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from console.acting.calls import call
from console.acting.payload import Problem, split, unquote
from console.acting.recipients import by_namespace, complete_last, rooms_among, rooms_of
from console.dialogs.confirm import Whom
from console.dialogs.operator import Operator
from console.screens.dialog import Dialog
from console.text import count, safe
from console.widgets.fields import Field, KeyLine
from console.widgets.pick_list import PickList
from server_core.records import Command, Join, Leave

Verb = Literal["join", "leave", "move"]

_TITLES: dict[Verb, str] = {"join": "Join rooms", "leave": "Leave rooms", "move": "Move to other rooms"}

#: Seconds between two looks at who is in which room.
FOLLOW = 0.5


class RoomsDialog(Dialog[list[Command]]):
    """Which rooms some sockets join, and which they leave."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS = [Binding("ctrl+s", "take", "Do it", priority=True)]

    def __init__(self, operator: Operator, verb: Verb, sockets: Sequence[str], *, leaving: str = "") -> None:
        """`leaving` is a room that is picked already."""
        super().__init__()
        self._operator = operator
        self._verb = verb
        self._sockets = sockets
        self._whom = Whom(operator, sockets)
        #: What has to be said before there is anything to do.
        self._missing = ""
        among = rooms_among(sockets, operator.state)
        self._rooms = PickList(self._rows(), several=True, id="rooms", empty="they are in no room but their own")
        picked = leaving if leaving in among else next(iter(among)) if len(among) == 1 else ""
        if picked:
            self._rooms.picked[picked] = None
            self._rooms.cursor = list(among).index(picked)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            of = count(len(self._sockets), "socket")
            dialog.border_title = Content(safe(f"{_TITLES[self._verb]}: {of}"))
            yield self._whom
            if self._verb != "join":
                self._rooms.border_title = "out of"
                yield self._rooms
            if self._verb != "leave":
                with Horizontal(classes="field"):
                    yield Label("into")
                    where = "a room, or several with commas; a new one is made"
                    yield Field(id="room", placeholder=where, complete=self._complete)
            yield Static(id="call")
            yield Static(id="result")
            keys = [(self._verb, "⏎", "take"), ("close", "esc", "close")]
            pick = [] if self._verb == "join" else [("pick", "space", "pick")]
            yield KeyLine(*pick, *keys)

    def on_mount(self) -> None:
        self.query_one("#room" if self._verb != "leave" else "#rooms").focus()
        self.check()
        self.set_interval(FOLLOW, self._follow)

    def _rows(self) -> list[tuple[str, str]]:
        """The rooms that they are in now, with how many of them are."""
        among, all = rooms_among(self._sockets, self._operator.state), len(self._sockets)
        return [(room, f"{number} of {all}" if all > 1 else "") for room, number in among.items()]

    def _follow(self) -> None:
        """Show the rooms of now: sockets come and go in them while it is open."""
        rows, current = self._rows(), self._rooms.current
        if rows != self._rooms.rows:
            self._rooms.show(rows)
            self._rooms.move(next((row for row, (room, _) in enumerate(rows) if room == current), 0))
            self.check()

    def action_pick(self) -> None:
        self._rooms.action_pick()

    @on(Input.Changed, "#room")
    @on(PickList.Changed)
    def check(self) -> Sequence[Join | Leave]:
        """The commands that it comes to, none while something is missing; shows the calls."""
        commands: list[Join | Leave] = []
        self._missing = problem = ""
        try:
            into = tuple(dict.fromkeys(map(unquote, split(self._into())))) if self._verb != "leave" else ()
        except Problem as found:
            into, problem = (), f"✗ {found}"
        out = tuple(room for room in self._rooms.chosen if room not in into) if self._verb != "join" else ()
        if not problem and self._verb != "leave" and not into:
            self._missing = problem = "into which room?"
        if not problem and self._verb == "leave" and not out:
            self._missing = problem = "there is no room to leave"
        if not problem:
            state = self._operator.state
            for nsp, ids in by_namespace(self._sockets, state).items():
                if into:
                    commands.append(Join(nsp=nsp, sockets=ids, rooms=into))
                if members := tuple(
                    id for id in ids if (socket := state.socket(id)) and socket.rooms.intersection(out)
                ):
                    commands.append(Leave(nsp=nsp, sockets=members, rooms=out))
            if not commands:
                problem = "✗ they have all left"
        calls = (call(command, (), self._operator.api(command.sockets)) for command in commands[:2])
        self.say("#call", "\n".join(calls))
        self.say("#result", problem, "$text-error" if problem.startswith("✗") else "$text-muted")
        return commands

    def action_take(self) -> None:
        self.after_typing(self._take)

    @on(Input.Submitted)
    @on(PickList.Submitted)
    def _take(self) -> None:
        commands = self.check()
        feature = "JOIN" if self._verb == "join" else "LEAVE"
        if why := self._operator.refusal(feature, self._sockets):
            self.say("#result", f"✗ {why}", "$text-error")
        elif commands and not self._whom.confirmed:
            self.say("#result", self._whom.insist(), "$text-error")
        elif commands:
            self.dismiss(list(commands))
        elif self._missing:
            self.say("#result", f"✗ {self._missing}", "$text-error")
            self.query_one("#room" if self._verb != "leave" else "#rooms").focus()

    def _into(self) -> str:
        return self.query_one("#room", Input).value

    def _complete(self, typed: str) -> str | None:
        namespaces = by_namespace(self._sockets, self._operator.state)
        rooms = [room for nsp in namespaces for room in rooms_of(self._operator.state, nsp)]
        return complete_last(typed, rooms)
