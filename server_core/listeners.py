"""Event listeners: who wants which event, and how each is called."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, overload

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)


class Decorator(Protocol):
    """What `on` returns without a handler."""

    def __call__(self, handler: H, /) -> H: ...


class Listener:
    """One handler of one event, with what its signature says."""

    __slots__ = ("accepts", "handler", "once", "wants_ack")

    def __init__(self, handler: Handler, once: bool, *, accepts_any: bool = False) -> None:
        """`accepts_any`: it takes whatever it is called with; else its signature says, which takes time to read."""
        self.handler = handler
        self.once = once
        #: Most positional arguments that it takes; None: any number.
        self.accepts: int | None = None
        #: Whether it answers by hand, through a keyword-only `ack`.
        self.wants_ack = False
        if accepts_any:
            return
        try:
            parameters = inspect.signature(handler).parameters.values()
        except (TypeError, ValueError):  # a builtin
            return
        if not any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
            positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            self.accepts = sum(parameter.kind in positional for parameter in parameters)
        self.wants_ack = any(
            parameter.name == "ack" and parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters
        )

    async def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the handler, sync or async, and return what it returns."""
        result = self.handler(*args, **kwargs)
        return await result if isinstance(result, Awaitable) else result

    async def call_with_as_many(self, *args: Any) -> Any:
        """Call the handler with as many of these arguments as it takes."""
        return await self.call(*args[: self.accepts])


class Listeners:
    """Handlers by event, in the order in which they were added."""

    __slots__ = ("_by_event",)

    def __init__(self) -> None:
        self._by_event: dict[str, list[Listener]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_event)

    @overload
    def on(self, event: str, handler: None = None, *, once: bool = False) -> Decorator: ...
    @overload
    def on(self, event: str, handler: H, *, once: bool = False) -> H: ...

    def on(self, event: str, handler: Handler | None = None, *, once: bool = False) -> Any:
        """Add a handler; without one, a decorator that does."""

        def add(handler: H) -> H:
            self._by_event.setdefault(event, []).append(Listener(handler, once))
            return handler

        return add if handler is None else add(handler)

    def copy(self) -> Listeners:
        """The same handlers, in a collection of its own."""
        listeners = Listeners()
        listeners._by_event = {event: handlers.copy() for event, handlers in self._by_event.items()}
        return listeners

    def off(self, event: str, handler: Handler | None = None) -> None:
        """Remove a handler, or all of an event's."""
        kept = [listener for listener in self._by_event.pop(event, ()) if handler and listener.handler != handler]
        if kept:
            self._by_event[event] = kept

    def take(self, event: str) -> list[Listener]:
        """The handlers to call for an event that happens now; those of `once` are gone afterwards."""
        listeners = self._by_event.get(event)
        if not listeners:
            return []
        for listener in listeners:
            if listener.once:
                self._by_event[event] = [each for each in listeners if not each.once]
                break
        return listeners.copy()
