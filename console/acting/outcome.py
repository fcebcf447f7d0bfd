"""What came of a command, in words, and what to do when it failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from console.acting.recipients import whom
from console.state.state import State
from console.text import seconds
from server_core.records import (
    Ack,
    Command,
    CommandResult,
    DeleteAttribute,
    Disconnect,
    Drop,
    Emit,
    Join,
    Leave,
    SetAttribute,
    Simulate,
)


class AckCount(NamedTuple):
    """How the recipients of an emit answered."""

    answered: int
    late: int
    #: Seconds of the slowest answer, 0 where there is none.
    slowest: float

    def __str__(self) -> str:
        parts = [f"✓ {self.answered} answered"]
        if self.late:
            parts.append(f"✗ {self.late} timed out")
        if self.answered > 1:
            parts.append(f"slowest {seconds(self.slowest)}")
        return "   ".join(parts)


def count_acks(acks: Sequence[Ack]) -> AckCount:
    answered = [ack.elapsed for ack in acks if ack.data is not None]
    return AckCount(len(answered), len(acks) - len(answered), max(answered, default=0.0))


def merge(results: Sequence[CommandResult]) -> CommandResult:
    """Several commands' results as one; the first error is its error."""
    if len(results) == 1:
        return results[0]
    return CommandResult(
        ok=all(result.ok for result in results),
        error=next((result.error for result in results if result.error), ""),
        sockets=sum(result.sockets for result in results),
        acks=tuple(ack for result in results for ack in result.acks),
    )


def done(command: Command, state: State) -> str:
    """What a command has done, in one sentence that names whom."""
    match command:
        case Emit():
            return f"{command.event} is sent"
        case Simulate():
            return f"{command.event} was handled as if {state.label(command.socket)} had sent it"
        case Disconnect():
            end = ", with the whole connection" if command.close else f" from {command.nsp}"
            return f"{_are(command.sockets, state)} disconnected{end}"
        case Drop():
            return f"{_are(command.sockets, state)} cut off"
        case Join():
            return f"{_are(command.sockets, state)} in {', '.join(command.rooms)} now"
        case Leave():
            return f"{_are(command.sockets, state)} out of {', '.join(command.rooms)} now"
        case SetAttribute():
            return f"{command.name} of {state.label(command.socket)} is set"
        case DeleteAttribute():
            return f"{command.name} of {state.label(command.socket)} is deleted"


def failed(result: CommandResult) -> str:
    """Why a command was not done, and what helps where that is known."""
    error = result.error or "the server did not say why"
    for sign, advice in _ADVICE:
        if sign in error:
            return f"failed: {error}; {advice}"
    return f"failed: {error}"


#: What an error says → what helps.
_ADVICE = (
    ("not connected to the server", "R starts a server again that has ended"),
    ("went away before it answered", "whether it was done is not known: look at the timeline"),
    ("did not answer within", "its event loop may be blocked: look at the timeline"),
    ("not connected to /", "it may have left meanwhile"),
)


def _are(sockets: Sequence[str], state: State) -> str:
    return f"{whom(sockets, state)} {'is' if len(sockets) == 1 else 'are'}"
