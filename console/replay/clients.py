"""What a script's clients do, and what is expected of what comes to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from console.replay import model, values
from console.replay.actors import Actor, Received
from console.replay.model import Step
from console.replay.outcome import NOTHING, Failed, StepResult, Unplayable, Unreachable
from console.replay.values import Value
from console.wire.errors import Closed, Refused, WireError

if TYPE_CHECKING:
    from console.replay.play import Stage

#: Seconds after which an event that comes otherwise is taken, where that is wanted.
_LENIENCY = 1.0
#: Events that a failure tells of.
_TOLD = 10


class ClientSteps:
    """Performs the steps of clients on one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def perform(self, step: Step, result: StepResult) -> None:
        match step:
            case model.Connect():
                await self._connect(step, result)
            case model.Emit():
                await self._emit(step, result)
            case model.Expect():
                await self._expect_all(step, result)
            case model.ExpectAck():
                await self._expect_ack(step, result)
            case model.Never():
                await self._each(step, lambda actor: self._never(actor, step))
            case model.Allow():
                await self._each(step, lambda actor: self._allow(actor, step))
            case model.NothingElse():
                await self._each(step, lambda actor: self._nothing_else(actor, step))
            case model.ExpectDisconnect():
                await self._each(step, lambda actor: self._expect_disconnect(actor, step, result))
            case model.ExpectTransport():
                await self._each(step, lambda actor: self._expect_transport(actor, step))
            case model.Disconnect():
                await self._connected(step.actor).disconnect(close=step.close)
            case model.Drop():
                await self._connected(step.actor).drop(close=step.close)
            case _:
                raise Unplayable(f"nothing plays {step.verb or type(step).__name__}")

    def unexpected(self, actor: Actor, left: list[Received]) -> Failed:
        """The failure of an actor with events that nobody asked for."""
        told = [received.values for received in left[:_TOLD]]
        more = f" and {len(left) - _TOLD} more" if len(left) > _TOLD else ""
        return Failed(f"{actor.name} got what nobody asked for{more}", expected=[], got=told)

    async def _each(self, step: model.SomeActors, perform: Callable[[Actor], Any]) -> None:
        if len(step.who) == 1:
            await perform(self._stage.actor(step.who[0]))
            return
        # the first that fails is told, in the order of the script
        tasks = [asyncio.ensure_future(perform(self._stage.actor(name))) for name in step.who]
        try:
            for task in tasks:
                await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _connected(self, name: str) -> Actor:
        actor = self._stage.actor(name)
        if not actor.is_connected:
            raise Failed(f"{name} is not connected any more: {actor.reason or 'it was refused'}")
        return actor

    # acting

    async def _connect(self, step: model.Connect, result: StepResult) -> None:
        stage, defaults = self._stage, self._stage.defaults
        actor = stage.new_actor(step.actor)
        over = None
        if step.over:
            over = stage.actor(step.over).connection
            if over is None:
                raise Unplayable(f"{step.over} has no connection to share")
        namespace = str(stage.resolve(step.namespace or defaults.namespace))
        auth = stage.resolve(step.auth)
        timeout = stage.timeout(step)
        try:
            await actor.connect(
                stage.url,
                path=str(stage.resolve(step.path or defaults.path)),
                transports=step.transports or defaults.transports,
                headers=_texts(stage.resolve({**defaults.headers, **step.headers})),
                query=_texts(stage.resolve({**defaults.query, **step.query})),
                namespace=namespace,
                auth=auth,
                timeout=timeout,
                over=over,
            )
        except Refused as refused:
            stage.witness.refused(step.actor, namespace, refused.message, refused.data)
            self._refused(step, refused, result)
            return
        except Closed as closed:
            raise Failed(f"{step.actor} could not connect: the connection ended: {closed}") from None
        except WireError as error:
            raise Unreachable(f"{step.actor} can't connect: {error}") from None
        if step.refusal:
            expected = _refusal(stage.resolve(step.refusal.message), stage.resolve(step.refusal.data))
            raise Failed(f"{step.actor} was not refused: it is connected", expected=expected)

    def _refused(self, step: model.Connect, refused: Refused, result: StepResult) -> None:
        got = result.recorded = _refusal(refused.message, refused.data)
        if step.refusal is None:
            raise Failed(f"{step.actor} was refused: {refused.message}", got=got)
        message = self._stage.resolve(step.refusal.message)
        data = self._stage.resolve(step.refusal.data)
        self.matched(_refusal(message, data), got, f"{step.actor} was refused otherwise")

    async def _emit(self, step: model.Emit, result: StepResult) -> None:
        actor = self._connected(step.actor)
        event, *args = self._stage.resolve(step.values)
        if not isinstance(event, str) or not event:
            raise Unplayable("the event's name is no text", got=event)
        try:
            if step.ack is None and not step.id:
                self._stage.witness.sent(actor.name, [event, *args])
                await actor.socket.emit(event, *args)
                return
            number, answer = await actor.socket.ask(event, *args)
            self._stage.witness.sent(actor.name, [event, *args], number)
            if step.id:
                answer.add_done_callback(lambda done: self._acked(actor, number, done))
                actor.asked[self._key(step.id)] = answer
                return
            got = await _answer(answer, self._stage.timeout(step))
            self._stage.witness.acked(actor.name, number, got)
        except TimeoutError:
            expected = self._stage.resolve(step.ack)
            message = f"no ack of {event!r} came to {actor.name} within {self._stage.timeout(step):g} s"
            raise Failed(message, expected=expected) from None
        except Closed as closed:
            raise Failed(f"{actor.name} can't send {event!r}: {closed}") from None
        self._answered(self._stage.resolve(step.ack), got, result, f"the ack of {event!r} to {actor.name} differs")

    def _acked(self, actor: Actor, number: int, done: asyncio.Future[list[Any]]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._stage.witness.acked(actor.name, number, done.result())

    def _key(self, id: str) -> str:
        return str(self._stage.resolve(values.from_text(id)))

    # expecting

    async def _expect_ack(self, step: model.ExpectAck, result: StepResult) -> None:
        actor = self._stage.actor(step.actor)
        answer = actor.asked.get(self._key(step.id))
        if answer is None:
            raise Unplayable(f"{actor.name} asked for no answer by the id {step.id!r}")
        timeout = self._stage.timeout(step)
        expected = self._stage.resolve(step.values)
        try:
            got = await _answer(answer, timeout)
        except TimeoutError:
            raise Failed(f"no ack {step.id!r} came to {actor.name} within {timeout:g} s", expected=expected) from None
        except Closed as closed:
            raise Failed(f"no ack {step.id!r} came to {actor.name}: {closed}", expected=expected) from None
        self._answered(expected, got, result, f"the ack {step.id!r} to {actor.name} differs")

    async def _expect_all(self, step: model.Expect, result: StepResult) -> None:
        """One actor after another: what comes to the others meanwhile is kept for them."""
        pattern = self._stage.resolve(step.values)
        patience = self._stage.timeout(step)
        deadline = asyncio.get_running_loop().time() + (min(patience, _LENIENCY) if self._stage.lenient else patience)
        for name in step.who:
            await self._expect(self._stage.actor(name), step, pattern, deadline, result)

    async def _expect(
        self, actor: Actor, step: model.Expect, pattern: list[Value], deadline: float, result: StepResult
    ) -> None:
        name = pattern[0] if isinstance(pattern[0], str) else None
        seen = 0
        while True:
            for received in actor.inbox.open(None if step.strict else name):
                if received.number <= seen:
                    continue
                seen = received.number
                if self._takes(actor, step, pattern, received, result):
                    if step.reply is not None:
                        await self._reply(actor, step.reply, received)
                    return
            if actor.reason:
                raise self._did_not_come(actor, step, pattern, result, f"{actor.name} is gone: {actor.reason}")
            if not await actor.changed(deadline):
                if self._stage.lenient and self._takes_other(actor, pattern, result):
                    return
                raise self._did_not_come(actor, step, pattern, result, "")

    def _takes(
        self, actor: Actor, step: model.Expect, pattern: list[Value], received: Received, result: StepResult
    ) -> bool:
        """Whether this is the event that was expected, which it then no longer is open for others."""
        if step.nth and received.nth != step.nth:
            if step.strict:
                raise self._differs(actor, step, pattern, received, result)
            return False
        bound: dict[str, Value] = {}
        if self._stage.differs(pattern, received.values, bound):
            if step.strict or step.nth:
                raise self._differs(actor, step, pattern, received, result)
            return False
        actor.inbox.take(received)
        self._stage.scope.variables.update(bound)
        result.recorded = received.values
        return True

    def _takes_other(self, actor: Actor, pattern: list[Value], result: StepResult) -> bool:
        """Take the event of that name that is the most like what was expected."""
        found = list(actor.inbox.open(pattern[0])) if isinstance(pattern[0], str) else []
        if not found:
            return False
        closest = max(found, key=lambda each: _likeness(pattern, each.values))
        actor.inbox.take(closest)
        result.recorded, result.expected = closest.values, pattern
        result.differs = values.match(pattern, closest.values, {}) or ""
        return True

    def _differs(
        self, actor: Actor, step: model.Expect, pattern: list[Value], received: Received, result: StepResult
    ) -> Failed:
        which = f"event {received.nth} of that name" if step.nth and not step.strict else "the next event"
        result.recorded = received.values
        why = self._stage.differs(pattern, received.values) or f"it is event {received.nth} of its name, not {step.nth}"
        return Failed(f"{which} of {actor.name} differs", expected=pattern, got=received.values, differs=why)

    def _did_not_come(
        self, actor: Actor, step: model.Expect, pattern: list[Value], result: StepResult, why: str
    ) -> Failed:
        name = pattern[0] if isinstance(pattern[0], str) else None
        event = repr(name) if name else "such event"
        same_name = list(actor.inbox.open(name)) if name else []
        notes = [f"only {actor.inbox.count(name)} of that name came"] if step.nth and name else []
        notes += [why] if why else []
        if actor.inbox.dropped:
            notes.append(f"{actor.inbox.dropped} events that nobody asked for were dropped")
        within = "" if why else f" within {self._stage.timeout(step):g} s"
        if same_name and not step.nth:
            closest = max(same_name, key=lambda each: _likeness(pattern, each.values))
            result.recorded = closest.values
            if len(same_name) > 1:
                notes.append(f"{len(same_name)} of that name came that nobody asked for: this one is the most like it")
            differs = values.match(pattern, closest.values, {}) or ""
            message = f"no {event} that matches came to {actor.name}{within}"
            return Failed(message, expected=pattern, got=closest.values, differs=differs, notes=tuple(notes))
        others = [each.values for each in actor.inbox.open()]
        if others:
            told = ", ".join(sorted({str(each[0]) for each in others})[:_TOLD])
            notes.append(f"it got, and nobody asked for: {told}")
        return Failed(f"no {event} came to {actor.name}{within}", expected=pattern, notes=tuple(notes))

    async def _reply(self, actor: Actor, reply: list[Value], received: Received) -> None:
        if received.event.id is None:
            raise Failed(f"{actor.name} can't reply: the server wants no ack of {received.event.name!r}")
        answer = self._stage.resolve(reply)
        self._stage.witness.replied(actor.name, received.event.id, answer)
        try:
            await actor.socket.ack(received.event, *answer)
        except Closed as closed:
            raise Failed(f"{actor.name} can't reply: {closed}") from None

    async def _never(self, actor: Actor, step: model.Never) -> None:
        event = self._stage.resolve(step.event)
        pattern = [event, *(self._stage.resolve(step.args) or [])]
        deadline = asyncio.get_running_loop().time() + step.span
        while True:
            for received in actor.inbox.open(event if isinstance(event, str) else None):
                got = received.values if step.args is not None else received.values[:1]
                if values.match(pattern, got, {}) is None:
                    message = f"{received.event.name!r} came to {actor.name}, which never should"
                    raise Failed(message, expected=NOTHING, got=received.values)
            if not await actor.changed(deadline):
                return

    async def _allow(self, actor: Actor, step: model.Allow) -> None:
        pattern = self._stage.resolve(step.values)
        for received in actor.inbox.open(pattern[0] if isinstance(pattern[0], str) else None):
            bound: dict[str, Value] = {}
            if values.match(pattern, received.values, bound) is None:
                actor.inbox.take(received)
                self._stage.scope.variables.update(bound)
                return

    async def _nothing_else(self, actor: Actor, step: model.NothingElse) -> None:
        exempt = {*step.exempt, *self._stage.defaults.exempt}
        await actor.settle()
        await actor.settle()  # the answer to the first came after what the server sent at once
        deadline = asyncio.get_running_loop().time() + step.span
        while True:
            if left := [received for received in actor.inbox.open() if received.event.name not in exempt]:
                raise self.unexpected(actor, left)
            if not await actor.changed(deadline):
                return

    async def _expect_disconnect(self, actor: Actor, step: model.ExpectDisconnect, result: StepResult) -> None:
        timeout = self._stage.timeout(step)
        deadline = asyncio.get_running_loop().time() + timeout
        expected = self._stage.resolve(step.reason)
        while not actor.reason:
            if not await actor.changed(deadline):
                raise Failed(f"{actor.name} is still connected after {timeout:g} s", expected=expected)
        result.recorded = actor.reason
        self.matched(expected, actor.reason, f"{actor.name} was disconnected for another reason")

    async def _expect_transport(self, actor: Actor, step: model.ExpectTransport) -> None:
        if actor.transport != step.transport:
            message = f"{actor.name} does not use {step.transport}"
            raise Failed(message, expected=step.transport, got=actor.transport)

    def _answered(self, expected: Value, got: list[Value], result: StepResult, message: str) -> None:
        """An ack came."""
        result.recorded = got
        try:
            self.matched(expected, got, message)
        except Failed as failure:
            if not self._stage.lenient:
                raise
            result.expected, result.differs = expected, failure.differs

    def matched(self, pattern: Value, got: Value, message: str) -> None:
        """Bind what the pattern binds; Failed when it does not match."""
        bound: dict[str, Value] = {}
        if why := self._stage.differs(pattern, got, bound):
            raise Failed(message, expected=pattern, got=got, differs=why)
        self._stage.scope.variables.update(bound)


async def _answer(answer: asyncio.Future[list[Any]], timeout: float) -> list[Any]:
    """The values of an ack; TimeoutError when they do not come in time, and others may still wait for them."""
    if not answer.done():
        await asyncio.wait((answer,), timeout=timeout)
        if not answer.done():
            raise TimeoutError
    return answer.result()


def _refusal(message: Value, data: Value) -> dict[str, Value]:
    return {"message": message, "data": data}


def _likeness(pattern: list[Value], got: list[Value]) -> int:
    """How many of the arguments match."""
    pairs: Iterable[tuple[Value, Value]] = zip(pattern, got, strict=False)
    return sum(values.match(expected, value, {}) is None for expected, value in pairs)


def _texts(found: dict[str, Value]) -> dict[str, str]:
    """Headers and queries are texts."""
    return {name: value if isinstance(value, str) else values.plain(value) for name, value in found.items()}
