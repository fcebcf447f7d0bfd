"""The operator's steps: commands to the hosted server, and what it is expected to have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from console.replay import model, values
from console.replay.model import Step
from console.replay.outcome import NOTHING, Failed, StepResult, Unplayable
from console.replay.values import Value
from server_core import packets, records
from server_core.records import AnyRecord, Command, EventRecord, PayloadRecord

if TYPE_CHECKING:
    from console.replay.hosting import Server
    from console.replay.play import Stage

#: Seconds for which a command may wait for acks when the step says nothing.
_ACK = 2.0


class OperatorSteps:
    """Performs the console's steps on one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        #: Records that an expectation has taken.
        self._taken: set[tuple[str, int, int]] = set()

    async def perform(self, step: Step, result: StepResult) -> None:
        match step:
            case model.Console():
                await self._command(step, result)
            case model.ExpectSocket():
                await self._until(step, lambda: self._socket(step, result))
            case model.ExpectRecord():
                await self._until(step, lambda: self._record(step, result))

    @property
    def _host(self) -> Server:
        if self._stage.host is None:
            raise Unplayable("a console step needs the server to be hosted: replay with --app TARGET")
        return self._stage.host

    async def _command(self, step: model.Console, outcome: StepResult) -> None:
        host = self._host
        ack = None if step.ack is None else (step.within or _ACK)
        sockets = self._sockets(step)
        for command in self._commands(step, sockets, ack):
            result = await host.send(command)
            if not result.ok:
                raise Failed(f"the server did not {step.command}: {result.error}")
            if step.ack is not None:
                self._answers(step, result, outcome)

    def _answers(self, step: model.Console, result: records.CommandResult, outcome: StepResult) -> None:
        expected = self._stage.resolve(step.ack)
        for ack in result.acks:
            got = NOTHING if ack.data is None else msgspec.json.decode(ack.data)
            bound: dict[str, Value] = {}
            if got is not NOTHING:
                outcome.recorded = {"ack": got}
            if got is NOTHING or (why := self._stage.differs(expected, got, bound)):
                differs = "no ack came in time" if got is NOTHING else why or ""
                raise Failed(f"the ack of socket {ack.socket} differs", expected=expected, got=got, differs=differs)
            self._stage.scope.variables.update(bound)

    def _sockets(self, step: model.Console) -> tuple[str, ...]:
        return () if step.sockets is None else _names(self._stage.resolve(step.sockets), "socket")

    def _commands(self, step: model.Console, sockets: tuple[str, ...], ack: float | None) -> list[Command]:
        stage = self._stage
        nsp = str(stage.resolve(step.namespace or stage.defaults.namespace))
        rooms = () if step.rooms is None else _names(stage.resolve(step.rooms), "room")
        match step.command:
            case "emit":
                event, *args = stage.resolve(step.values)
                text, attachments = _encoded(args)
                sender = "" if step.sender is None else _names(stage.resolve(step.sender), "socket")[0]
                left_out = () if step.except_ is None else _names(stage.resolve(step.except_), "room")
                return [
                    records.Emit(
                        nsp=nsp,
                        rooms=rooms,
                        except_=left_out,
                        event=event,
                        args=text,
                        attachments=attachments,
                        sender=sender,
                        ack=ack,
                    )
                ]
            case "simulate":
                event, *args = stage.resolve(step.values)
                text, attachments = _encoded(args)
                return [
                    records.Simulate(nsp=nsp, socket=each, event=event, args=text, attachments=attachments, ack=ack)
                    for each in sockets
                ]
            case "join":
                return [records.Join(nsp=nsp, sockets=sockets, rooms=rooms)]
            case "leave":
                return [records.Leave(nsp=nsp, sockets=sockets, rooms=rooms)]
            case "disconnect":
                return [records.Disconnect(nsp=nsp, sockets=sockets, close=step.close)]
            case "drop":
                return [records.Drop(nsp=nsp, sockets=sockets)]
            case "set":
                return [
                    records.SetAttribute(nsp=nsp, socket=each, name=name, value=_json(value))
                    for each in sockets
                    for name, value in stage.resolve(step.attributes).items()
                ]
        return [
            records.DeleteAttribute(nsp=nsp, socket=each, name=name) for each in sockets for name in step.attributes
        ]

    # expecting

    async def _until(self, step: Step, look: Callable[[], Failed | None]) -> None:
        """Look again each time that the server said something, until there is nothing wrong or it is too late."""
        host = self._host
        deadline = asyncio.get_running_loop().time() + self._stage.timeout(step)
        while failure := look():
            if not await host.changed(deadline):
                raise failure

    def _socket(self, step: model.ExpectSocket, result: StepResult) -> Failed | None:
        id = self._stage.resolve(step.socket)
        found = self._host.state.socket(str(id))
        if step.gone:
            return Failed(f"the server still has socket {id}") if found else None
        if found is None:
            return Failed(f"the server has no socket {id}")
        expected: dict[str, Value] = {}
        got: dict[str, Value] = {}
        if step.rooms is not None:
            rooms = self._stage.resolve(step.rooms)
            expected["rooms"] = sorted(rooms) if _all_texts(rooms) else rooms
            got["rooms"] = sorted(found.rooms - {found.id})
        if step.attributes:
            wanted = expected["attributes"] = self._stage.resolve(step.attributes)
            there = {name: msgspec.json.decode(text) for name, text in found.attributes.items() if name in wanted}
            got["attributes"] = there
        bound: dict[str, Value] = {}
        result.recorded = got
        if why := self._stage.differs(expected, got, bound):
            return Failed("the server has it otherwise", expected=expected, got=got, differs=why)
        self._stage.scope.variables.update(bound)
        return None

    def _record(self, step: model.ExpectRecord, result: StepResult) -> Failed | None:
        expected = self._stage.resolve(step.fields)
        closest: tuple[int, Value, str] | None = None
        for record in self._host.records:
            key = (record.server, record.epoch, record.seq)
            if record.kind != step.kind or key in self._taken:
                continue
            there = fields_of(record)
            got = {name: there[name] for name in expected if name in there}
            bound: dict[str, Value] = {}
            why = self._stage.differs(expected, got, bound)
            if why is None:
                result.recorded = {"expect-exception": got, "expect-record": got}
                self._taken.add(key)
                self._stage.scope.variables.update(bound)
                return None
            likeness = sum(values.match(expected[name], value, {}) is None for name, value in got.items())
            if closest is None or likeness > closest[0]:
                closest = (likeness, got, why)
        what = "exception" if step.kind == "exception" else f"record {step.kind}"
        if closest is None:
            return Failed(f"the server noted no {what}", expected=expected)
        return Failed(f"the server noted no such {what}", expected=expected, got=closest[1], differs=closest[2])


def fields_of(record: AnyRecord) -> dict[str, Value]:
    """A record's fields as plain values, its payload decoded."""
    found: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(bytes,))
    if isinstance(record, PayloadRecord):
        found["data"] = record.values
    if isinstance(record, EventRecord):
        found["event"], found["args"] = record.event, record.args
    return found


def _names(value: Value, what: str) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise Unplayable(f"expected the name of a {what}, or several", got=value)
    return tuple(names)


def _all_texts(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _encoded(args: list[Value]) -> tuple[str, tuple[bytes, ...]]:
    try:
        return packets.encode_args(args)
    except (TypeError, ValueError) as error:
        raise Unplayable(f"the arguments are no JSON: {error}") from None


def _json(value: Value) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError) as error:
        raise Unplayable(f"the value is no JSON: {error}") from None
