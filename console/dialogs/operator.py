"""Whoever acts: the link that carries commands, what they are about, and what was typed before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from console.acting.calls import Api, api_of
from console.acting.messages import Draft, Messages, draft_of
from console.acting.outcome import merge
from console.acting.refusal import refusal
from console.lines import Reader
from console.link.base import Link
from console.state.related import last_received
from console.state.session import Session
from console.state.state import State
from server_core.records import Command, CommandResult

#: Cells of arguments on one line.
WIDTH = 70


class Operator:
    """Sends commands, and knows why one can't be sent."""

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        self.link = link
        self.session = session
        self.reader = reader
        #: What was typed in a dialog that was closed before it was sent, and its secrets: for what is simulated (True)
        #: and for what is emitted.
        self.unsent: dict[bool, tuple[Draft, dict[str, Any]]] = {}
        #: Whether something was simulated since the console started.
        self._simulated = False

    @property
    def state(self) -> State:
        """Who is live: commands are about now, whatever is shown."""
        return self.session.live

    @cached_property
    def messages(self) -> Messages:
        """What was typed before; read when it is first asked for."""
        return Messages()

    def last(self, first: Draft) -> tuple[Draft, dict[str, Any]]:
        """What was typed last to be emitted, and its secrets; `first` where nothing was."""
        if unsent := self.unsent.get(False):
            return unsent
        draft = self.messages.history[-1] if self.messages.history else first
        return draft, self.messages.secrets_of(draft)

    def last_simulated(self, socket: str, first: Draft) -> tuple[Draft, dict[str, Any]]:
        """What was typed last to be simulated, and its secrets; before that the last event that the client itself sent,
        `first` where it sent none."""
        if unsent := self.unsent.get(True):
            return unsent
        messages = self.messages
        if self._simulated and messages.simulated:
            draft = messages.simulated[-1]
            return draft, messages.secrets_of(draft)
        if sent := last_received(self.state, socket):
            with contextlib.suppress(ValueError, TypeError):
                return draft_of(sent, mask=not self.reader.show_secrets, width=WIDTH, ack=first.ack)
        return first, {}

    def remember(self, draft: Draft, secrets: dict[str, Any], *, simulated: bool) -> None:
        """Put what is sent into its history."""
        self._simulated |= simulated
        self.messages.remember(draft, secrets, simulated=simulated)

    def servers_of(self, sockets: Iterable[str]) -> dict[str, str]:
        """The servers that have some of these sockets, and the first that each has."""
        rosters = self.state.rosters
        found: dict[str, str] = {}
        for id in sockets:
            if server := self.state.server_of(id):
                found.setdefault(server, id)
                if len(found) == len(rosters):
                    break
        return found

    def api(self, sockets: Iterable[str]) -> Api:
        """The words that the app's calls are written in, on the first server that has some of these sockets."""
        rosters = self.state.rosters
        server = next(iter(self.servers_of(sockets) or rosters), None)
        return "own" if server is None else api_of(rosters[server].info)

    def has_acks(self, sockets: Iterable[str]) -> bool:
        """Whether these sockets can be asked for acks; where none is live, whether any can."""
        rosters = self.state.rosters
        if servers := self.servers_of(sockets):
            return all(rosters[server].info.has_acks for server in servers)
        return not rosters or any(roster.info.has_acks for roster in rosters.values())

    def refusal(self, feature: str, sockets: Iterable[str] = ()) -> str:
        """Why a command can't be sent now, on the server of each of these sockets; "" when it can."""
        return refusal(self.session, self.link, feature, sockets)

    async def carry_out(self, commands: Sequence[Command]) -> CommandResult:
        """Have the server do these, one after the other up to the first that fails; what came of them together."""
        results: list[CommandResult] = []
        for command in commands:
            results.append(await asyncio.wrap_future(self.link.send(command)))
            if not results[-1].ok:
                break
        return merge(results)

    async def carry_out_together(self, commands: Sequence[Command]) -> CommandResult:
        """Have the server do these at the same time; what came of them together."""
        return merge(await asyncio.gather(*(asyncio.wrap_future(self.link.send(command)) for command in commands)))
