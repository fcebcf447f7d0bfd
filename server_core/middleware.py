"""Middlewares: functions that let a connection or an event pass, refuse it, or hold it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, TypeVar

import msgspec

#: `middleware(subject, next)`; sync or async.
Middleware = Callable[[Any, "Next"], Any]
M = TypeVar("M", bound=Middleware)


class Outcome(msgspec.Struct, frozen=True):
    """What the middlewares decided."""

    passed: bool
    #: Why it was refused; None when one of them never answered.
    error: BaseException | None = None
    #: The middleware that refused or holds it.
    by: str = ""
    #: Whether the error was raised rather than handed to `next`.
    raised: bool = False


class Next:
    """The `next` that a middleware gets: called without an error it lets pass. It may be awaited or not."""

    __slots__ = ("_answer",)

    def __init__(self) -> None:
        self._answer: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    def __call__(self, error: BaseException | None = None) -> Awaitable[None]:
        if not self._answer.done():  # only the first call counts
            self._answer.set_result(error)
        return _DONE

    @property
    def called(self) -> bool:
        return self._answer.done()

    async def answer(self, timeout: float) -> BaseException | None:
        """The error that it was called with; TimeoutError when it is not called within `timeout` seconds."""
        return await asyncio.wait_for(asyncio.shield(self._answer), timeout)


class _Done:
    """What `await next()` waits for: nothing. No coroutine, which would complain where nobody awaits it."""

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


_DONE = _Done()


async def run(middlewares: Sequence[Middleware], subject: Any, *, patience: float) -> Outcome:
    """Run middlewares in order until one refuses, or holds the subject for `patience` seconds after it returned."""
    for middleware in middlewares:
        next_ = Next()
        by = getattr(middleware, "__qualname__", type(middleware).__qualname__)
        try:
            result = middleware(subject, next_)
            if isinstance(result, Awaitable):
                await result
        except Exception as error:  # noqa: BLE001  whatever the app raises refuses
            return Outcome(False, error, by, raised=True)
        if not next_.called and patience <= 0:
            return Outcome(False, None, by)
        try:
            refusal = await next_.answer(patience)
        except TimeoutError:
            return Outcome(False, None, by)
        if refusal is not None:
            return Outcome(False, refusal, by)
    return Outcome(True)
