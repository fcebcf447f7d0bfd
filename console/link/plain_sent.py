"""An emit that is being told of, one recipient after another."""

from __future__ import annotations

#: Nanoseconds within which the same event to one socket after another is one emit.
_SAME_EMIT = 250_000_000


class Sent:
    """One event on its way to sockets of a namespace."""

    def __init__(self, nsp: str, text: str, attachments: tuple[bytes, ...], at: int) -> None:
        self.nsp = nsp
        self.text = text
        self.attachments = attachments
        self.at = at
        #: Ids of those of whom was told.
        self.to: dict[str, None] = {}
        #: When it was told of last, on the reader's clock.
        self.heard = 0.0

    def takes(self, nsp: str, id: str, text: str, attachments: tuple[bytes, ...], at: int) -> bool:
        """Whether an event to one more socket is the same emit."""
        same = nsp == self.nsp and text == self.text and attachments == self.attachments
        return same and id not in self.to and abs(at - self.at) < _SAME_EMIT
