"""How a target was looked at last: view, filter, and each view's order and columns."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from console import places
from server_core import redact

#: A file of this kind is small: what is larger is not ours.
MAX_SIZE = 100_000

_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]*@")
_FIELD_VALUE = re.compile(r'([A-Za-z]+(?:[.\[][^\s:<>=()"!]*)?)(?::|>=|<=|>|<|=)')


class ViewLook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A view's order, its columns and their widths in cells; empty where they are as by default."""

    sort: str = ""
    reverse: bool = False
    columns: tuple[str, ...] = ()
    widths: dict[str, int] = {}


class Look(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one target was looked at."""

    #: Which target, for whoever reads the file.
    target: str = ""
    view: str = ""
    filter: str = ""
    views: dict[str, ViewLook] = {}


class Looks:
    """Reads and writes the look of one target."""

    def __init__(self, target: str, folder: Path) -> None:
        self._target = _encodable(_CREDENTIALS.sub("", target.partition("?")[0]))
        name = re.sub(r"[^\w.-]+", "-", self._target).strip("-.")[:40]
        digest = hashlib.blake2s(self._target.encode(), digest_size=4).hexdigest()
        self.path = folder / "looks" / f"{name}-{digest}.json"
        #: What there is to tell the person: why nothing could be restored, or kept.
        self.notice = ""
        self._saved = Look()

    def load(self) -> Look:
        """The look of last time; as by default where there is none, or where its file is damaged."""
        try:
            with self.path.open("rb") as file:
                self._saved = msgspec.json.decode(file.read(MAX_SIZE), type=Look)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as error:  # DecodeError is a ValueError
            why = error.strerror if isinstance(error, OSError) else "it is damaged"
            self.notice = f"the last view was not restored: {places.shown(self.path)}: {why}"
        return self._saved

    def save(self, look: Look) -> None:
        """Keep a look, if it is another than before; what looks like a secret is left out."""
        look = msgspec.structs.replace(
            look, target=self._target, filter="" if holds_secret(look.filter) else _encodable(look.filter)
        )
        if look == self._saved:
            return
        self._saved = look
        try:
            places.write_private(self.path, msgspec.json.format(msgspec.json.encode(look), indent=1) + b"\n")
        except OSError as error:
            self.notice = f"what you look at can't be remembered: {places.shown(self.path)}: {error.strerror or error}"


def holds_secret(filter: str) -> bool:
    """Whether a filter asks for a value under a secret-looking name (`auth.token:abc`)."""
    return redact.mask_line(filter) != filter or any(map(redact.is_secret, _FIELD_VALUE.findall(filter)))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
