"""Keys one after the other: what a key opens gets what was typed or pasted after it, however fast that came; what is
about something that is still looked for waits for that."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from textual import events
from textual.app import App
from textual.dom import DOMNode, NoScreen
from textual.screen import Screen
from textual.timer import Timer

#: Looks whether a key can still be waited for, until the next one is handled all the same; seconds between two. They
#: are counted: where the machine is busy with others, looks are as late as what the key does.
PATIENCE, LOOK = 25, 0.02
#: Looks for which a key may wait for what it is about: then it is handled all the same, and says why it can't be done;
#: and those from which on one sees that it waits, and may think better of it.
HOLD, SEEN = 150, 10
#: Seconds within which what a key did is painted, or never will be: its screen may go; and for which another key is
#: expected soon.
PAINTED, SOON = 0.1, 0.3
#: What is typed.
Typed = events.Key | events.Paste
#: Times that what a key set off goes from the focus up to the app: a message that is answered by another, and that one.
TURNS = 3


class TypeAhead(App[None]):
    """An app that hands a key on once the one before it has done what it does.

    Textual hands each key at once to what has the focus then: keys pressed in one go, or on a busy machine, would miss
    the dialog that the first of them opens. What is pasted is a key here.
    """

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        #: The keys that wait, the one that is being handled, and how often was looked at it.
        self._keys: deque[Typed] = deque()
        self._key: Typed | None = None
        self._looks = 0
        #: Until when what the last key did is waited for to be painted (monotonic).
        self._unpainted = 0.0
        #: When a key came last (monotonic).
        self._came = 0.0
        #: The node whose messages are waited for: it may go meanwhile.
        self._node: DOMNode = self
        self._looking: Timer | None = None
        #: The key that waits for what it is about, and how often was looked whether that is there.
        self._held: Typed | None = None
        self._held_for = 0
        self._holding: Timer | None = None

    def waits(self, key: Typed) -> bool:
        """Whether what a key is about is not there yet, but will be."""
        return False

    @property
    def has_keys(self) -> bool:
        """Whether a key waits, or what it sets off is not done yet."""
        return bool(self.screen_stack) and (self._key is not None or bool(self._keys))

    @property
    def answering(self) -> bool:
        """Whether a key is being handled, or what it did is still to be painted: nothing else is as urgent."""
        return self._key is not None or time.monotonic() < self._unpainted

    @property
    def typing(self) -> bool:
        """Whether keys come one after the other: the next one is not to wait."""
        return time.monotonic() < self._came + SOON

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, Typed) and not event.is_forwarded:
            self._came = time.monotonic()
            if self._withdraws(event):
                self._keys.clear()
                return
            self._keys.append(event)
            await self._next()
            return
        await super().on_event(event)
        if event is self._key:  # it came back from below, and the app has answered it
            self._settle(self._key, TURNS)

    async def _next(self) -> None:
        """Handle the key that waits longest."""
        if self._key is not None or not self._keys or not self.screen_stack or self._holds(self._keys[0]):
            return
        key = self._key = self._keys.popleft()
        self._looks = 0
        self._looking = self.set_interval(LOOK, lambda: self._look(key))
        target = self.focused or self.screen
        await super().on_event(key)
        if key.is_forwarded:
            self._after(target, lambda: self._passed(key, target))
        else:
            self._settle(key, TURNS)

    def _holds(self, key: Typed) -> bool:
        """Whether a key is to wait for what it is about; it is looked at again then."""
        if key is not self._held:
            self._held, self._held_for = key, 0
        if self._held_for >= HOLD or not self.waits(key):
            return False
        if self._holding is None:
            self._holding = self.set_timer(LOOK, self._look_again)
        return True

    def _withdraws(self, key: Typed) -> bool:
        """Whether a key takes back those that wait: escape, where one has seen that they do."""
        waits = bool(self._keys) and self._keys[0] is self._held and self._held_for >= SEEN
        return waits and isinstance(key, events.Key) and key.key == "escape"

    async def _look_again(self) -> None:
        self._holding = None
        self._held_for += 1
        await self._next()

    def _passed(self, key: Typed, node: DOMNode) -> None:
        """A node has had the key: it ends there, or goes on to the one above."""
        above = node.parent
        if key is not self._key:
            return
        if key._stop_propagation or not isinstance(above, DOMNode):
            self._settle(key, TURNS)
        elif above is self:
            self._node = self  # it comes back
        else:
            self._after(above, lambda: self._passed(key, above))

    def _settle(self, key: Typed, turns: int) -> None:
        """Let what the key set off happen, then handle the next one."""
        if key is not self._key:
            return
        if turns and self.screen_stack:
            node = self.focused or self.screen
            self._after(node, lambda: self._rise(key, node, turns))
            return
        self._key = None
        if self._looking:
            self._looking.stop()
        if self.screen_stack:
            self._unpainted = time.monotonic() + PAINTED
            self.call_after_refresh(self._painted)
        self.call_later(self._next)

    def _painted(self) -> None:
        self._unpainted = 0.0

    def _rise(self, key: Typed, node: DOMNode, turns: int) -> None:
        """All that came before was handled in a node."""
        above = node.parent
        if key is not self._key:
            return
        if isinstance(above, DOMNode):
            self._after(above, lambda: self._rise(key, above, turns))
        else:
            self._settle(key, turns - 1)

    def _after(self, node: DOMNode, do: Callable[[], None]) -> None:
        """Do something when a node has handled what is in its queue."""
        self._node = node
        node.call_later(do)

    def _look(self, key: Typed) -> None:
        """Go on where the node that was waited for is gone, as a dialog is that the key closed."""
        if key is not self._key:
            return
        self._looks += 1
        if self._looks >= PATIENCE:
            self._settle(key, 0)
        elif self._node is not self and not _is_shown(self._node, self.screen_stack):
            self._settle(key, TURNS)


def _is_shown(node: DOMNode, screens: Sequence[Screen[object]]) -> bool:
    """Whether a node is on one of these screens."""
    try:
        return node.screen in screens
    except NoScreen:
        return False
