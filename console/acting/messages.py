"""Messages typed before: the history, and those saved under a name."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from console import places
from console.acting.payload import show_args
from server_core.records import EventRecord
from server_core.redact import mask_text

#: Messages that the history remembers.
MAX_HISTORY = 200
#: A longer one is for this session alone.
_MAX_REMEMBERED = 20_000


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message as it stands in the dialog: text of each field."""

    event: str
    args: str = "[]"
    to: str = ""
    except_: str = msgspec.field(default="", name="except")
    sender: str = ""
    #: Whether the sender's id goes before the arguments.
    own_id: bool = False
    #: Seconds to wait for acks, as typed; empty asks for none.
    ack: str = ""

    def summary(self) -> str:
        """One line that tells it from others."""
        return f"{self.event}  {' '.join(self.args.split())}" + (f"  → {self.to}" if self.to else "")


def draft_of(
    record: EventRecord, *, mask: bool, width: int, to: str = "", except_: str = "", ack: str = ""
) -> tuple[Draft, dict[str, Any]]:
    """An event that was seen, as it may be sent again, and its secrets; ValueError where it can't be read."""
    args, secrets = show_args(record.data, record.attachments, mask=mask, skip=1, width=width)
    return Draft(event=record.event, args=args, to=to, except_=except_, ack=ack), secrets


class _File(msgspec.Struct, omit_defaults=True):
    """What is on disk."""

    history: list[Draft] = []
    simulated: list[Draft] = []
    saved: dict[str, Draft] = {}


class Messages:
    """Messages by time and by name, kept in the person's state folder, readable by its owner alone.

    A message with what looks like a secret in it is kept for this session only. Where the file can't be read or
    written, `problem` says why, and everything is kept for this session.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or places.state_folder() / "messages.json"
        #: What was emitted, and what was simulated, each oldest first.
        self.history: list[Draft] = []
        self.simulated: list[Draft] = []
        self.saved: dict[str, Draft] = {}
        #: The masked secrets of a draft, by what stands for them in it; not on disk.
        self._secrets: dict[Draft, dict[str, Any]] = {}
        self.problem = ""
        self._load()

    def of(self, *, simulated: bool) -> list[Draft]:
        """The history of what was simulated, or of what was emitted."""
        return self.simulated if simulated else self.history

    def remember(self, draft: Draft, secrets: dict[str, Any], *, simulated: bool = False) -> None:
        """Put a message at the end of its history, once."""
        history = self.of(simulated=simulated)
        with contextlib.suppress(ValueError):
            history.remove(draft)
        history.append(draft)
        del history[:-MAX_HISTORY]
        self._keep(draft, secrets)

    def secrets_of(self, draft: Draft) -> dict[str, Any]:
        return self._secrets.get(draft, {})

    def save(self, name: str, draft: Draft, secrets: dict[str, Any]) -> str:
        """Keep a message under a name, in place of one of that name; says whether it is kept for good."""
        self.saved[name] = draft
        self._keep(draft, secrets)
        if self.problem:
            return f"{name} is saved for now: {self.problem}"
        if not self._may_be_kept(draft):
            return f"{name} is saved until the console ends: it is long, or has a secret in it"
        return f"✓ {name} is saved"

    def forget(self, which: str | Draft, *, simulated: bool = False) -> None:
        """Drop the message saved under a name, or one of a history."""
        history = self.of(simulated=simulated)
        if isinstance(which, str):
            self.saved.pop(which, None)
        elif which in history:
            history.remove(which)
        self._write()

    def _keep(self, draft: Draft, secrets: dict[str, Any]) -> None:
        known = {*self.history, *self.simulated, *self.saved.values()}
        self._secrets = {each: kept for each, kept in self._secrets.items() if each in known}
        if secrets:
            self._secrets[draft] = secrets
        self._write()

    def _load(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            self.problem = f"messages are not remembered: {error.strerror}: {places.shown(self._path)}"
            return
        try:
            file = msgspec.json.decode(data, type=_File)
        except (msgspec.DecodeError, RecursionError):
            self.problem = f"messages are not remembered: {places.shown(self._path)} is damaged"
            return
        self.history, self.simulated = file.history[-MAX_HISTORY:], file.simulated[-MAX_HISTORY:]
        self.saved = file.saved

    def _write(self) -> None:
        if self.problem:  # what is there may be worth more than what would replace it
            return
        kept, simulated = (
            [draft for draft in history if self._may_be_kept(draft)] for history in (self.history, self.simulated)
        )
        saved = {name: draft for name, draft in self.saved.items() if self._may_be_kept(draft)}
        try:
            places.write_private(self._path, msgspec.json.encode(_File(kept, simulated, saved)))
        except OSError as error:
            self.problem = f"messages are not remembered: {error.strerror}: {places.shown(self._path)}"

    def _may_be_kept(self, draft: Draft) -> bool:
        if draft in self._secrets or len(draft.args) > _MAX_REMEMBERED:
            return False
        return mask_text(draft.args) == draft.args
