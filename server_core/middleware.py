"""Middlewares: functions that let a connection or an event pass, refuse it, or hold it."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, TypeVar

import msgspec

#: `middleware(subject, next)`; sync or async.
Middleware = Callable[[Any, "Next"], Any]
M = TypeVar("M", bound=Middleware)
#: `raised(by, error)`: told what the middleware `by` raised.
Raised = Callable[[str, BaseException], None]


class Outcome(msgspec.Struct, frozen=True):
    """What the middlewares decided."""

    passed: bool
    #: Why it was refused; None when one of them never answered.
    error: BaseException | None = None
    #: The middleware that refused or holds it.
    by: str = ""
    #: Whether the error was raised rather than handed to `next`.
    raised: bool = False


PASSED = Outcome(True)


class _Decision:
    """What one middleware decides, once: what comes after that changes nothing."""

    __slots__ = ("by", "context", "outcome")

    def __init__(self, by: str) -> None:
        self.by = by
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        #: The context variables as they were when `next` was called.
        self.context: contextvars.Context | None = None

    @property
    def made(self) -> bool:
        return self.outcome.done()

    def answer(self, error: BaseException | None) -> None:
        """`next` was called."""
        if not self.made:
            self.context = contextvars.copy_context()
            self.outcome.set_result(PASSED if error is None else Outcome(False, error, self.by))

    def fail(self, error: BaseException) -> None:
        """It raised."""
        self.outcome.set_result(Outcome(False, error, self.by, raised=True))

    def give_up(self) -> None:
        """No answer is waited for any more, or none can come."""
        if not self.made:
            self.outcome.set_result(Outcome(False, None, self.by))


class Next:
    """The `next` that a middleware gets: called without an error it lets pass. It may be awaited or not."""

    __slots__ = ("_decision",)

    def __init__(self, decision: _Decision) -> None:
        self._decision = decision

    def __call__(self, error: BaseException | None = None) -> Awaitable[None]:
        self._decision.answer(error)
        return _DONE


class _Droppable(Next):
    """Gives up once nothing is left that could call it: how a middleware says that it drops an event."""

    __slots__ = ()

    def __del__(self) -> None:
        decision = self._decision
        if not decision.made and not (loop := decision.outcome.get_loop()).is_closed():
            loop.call_soon_threadsafe(decision.give_up)  # whichever thread let go of it


class _Done:
    """What `await next()` waits for: nothing. No coroutine, which would complain where nobody awaits it."""

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


_DONE = _Done()


class Asking:
    """Asks middlewares. An answer counts as soon as it is there, whether the function goes on after it or not."""

    __slots__ = ("_held", "_patience", "_raised", "_tasks")

    def __init__(
        self,
        raised: Raised,
        tasks: set[asyncio.Future[Any] | None],
        patience: float | None = None,
    ) -> None:
        """`raised` is told what one raises after its answer; what still runs then is kept in `tasks`.

        `patience`: seconds within which each has to answer; None: for as long as anything is left that could call its
        `next`.
        """
        self._raised = raised
        self._tasks = tasks
        self._patience = patience
        self._held: set[_Decision] = set()

    async def run(self, middlewares: Sequence[Middleware], subject: Any) -> Outcome:
        """Ask middlewares in order until one refuses, or does not answer."""
        for middleware in middlewares:
            by = getattr(middleware, "__qualname__", type(middleware).__qualname__)
            outcome = await self.ask(functools.partial(middleware, subject), by)
            if not outcome.passed:
                return outcome
        return PASSED

    async def ask(self, call: Callable[[Next], Any], by: str) -> Outcome:
        """Ask one."""
        decision = _Decision(by)
        try:  # nothing here may keep the `next`
            result = call(_Droppable(decision) if self._patience is None else Next(decision))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  whatever the app raises refuses
            self._failed(decision, error)
            return decision.outcome.result()
        if isinstance(result, Awaitable) and result is not _DONE:
            return await self._outlast(decision, asyncio.ensure_future(result))
        del result
        return await self._wait(decision)

    def release(self) -> None:
        """Wait for nothing any more."""
        for decision in list(self._held):
            decision.give_up()

    async def _outlast(self, decision: _Decision, task: asyncio.Future[Any]) -> Outcome:
        """Wait for the answer of an async one, which has a task of its own."""

        def ended(task: asyncio.Future[Any]) -> None:
            self._tasks.discard(task)
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is not None and not (decision.made and task.cancelled()):
                self._failed(decision, error)

        task.add_done_callback(ended)
        try:
            outcome = await self._wait(decision)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if self._patience is not None and not outcome.passed and outcome.error is None:
            task.cancel()  # its time is up
        if not task.done():
            self._tasks.add(task)
        if decision.context:
            _take_over(decision.context)
        return outcome

    async def _wait(self, decision: _Decision) -> Outcome:
        if decision.made:
            return decision.outcome.result()
        timer = None
        if self._patience is not None:
            timer = asyncio.get_running_loop().call_later(self._patience, decision.give_up)
        self._held.add(decision)
        try:
            return await decision.outcome
        finally:
            self._held.discard(decision)
            if timer:
                timer.cancel()

    def _failed(self, decision: _Decision, error: BaseException) -> None:
        if decision.made:
            self._raised(decision.by, error)
        else:
            decision.fail(error)


def _take_over(context: contextvars.Context) -> None:
    """Set the context variables that a middleware set in its own task: what comes after it sees them."""
    for variable, value in context.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)


_UNSET = object()
