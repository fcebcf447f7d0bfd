"""What of a recording's values is of that one run: ids, secrets, timestamps; and what stands for it in a script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from console.replay import values
from console.replay.values import ANY, Value
from server_core import packets
from server_core.reasons import PING_TIMEOUT, TRANSPORT_CLOSE, TRANSPORT_ERROR
from server_core.records import AnyRecord, EventReceived, PayloadRecord
from server_core.redact import MASK

#: What may be an id of a socket, or another random one.
TOKEN = re.compile(r"[A-Za-z0-9_-]{15,}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")
_MASKED = re.compile(re.escape(MASK) + "[0-9a-f]{8}")
#: Seconds around its record in which a number is taken for a time.
_NEAR = 86_400.0
#: Reasons for which a connection was lost: which of them depends on how the server noticed. A stock one takes the end
#: of a connection for its client's wish.
_LOST = "^(transport (close|error)|ping timeout)$"
_LOST_STOCK = "^(transport (close|error)|ping timeout|client disconnect)$"


class Symbols:
    """Puts references and matchers in place of what the next run has otherwise."""

    def __init__(self, found: Sequence[AnyRecord], *, stock: bool = False) -> None:
        self._lost = values.regex(_LOST_STOCK if stock else _LOST)
        self._ids: dict[str, str] = {}
        #: The variable that stands for each masked secret.
        self.secrets: dict[str, str] = {}
        self._bound: dict[str, str] = {}
        #: How often each random-looking text stands in a payload, and those that a client came up with.
        self._times: Counter[str] = Counter()
        self._clients: set[str] = set()
        for record in found:
            if isinstance(record, PayloadRecord):
                tokens = {*TOKEN.findall(record.data)}
                self._times.update(tokens)
                if isinstance(record, EventReceived):
                    self._clients |= {token for token in tokens if self._times[token] == 1}

    def socket(self, id: str, name: str) -> None:
        """From now on an id is an actor's."""
        self._ids.setdefault(id, name) if name.endswith(".engine") else self._ids.update({id: name})

    def forget(self, id: str) -> None:
        """The actor is another socket from now on."""
        self._ids.pop(id, None)

    def sent(self, value: Value, actor: str, key: str = "") -> Value:
        """A value that a client sends."""
        match value:
            case dict():
                return {name: self.sent(item, actor, name) for name, item in value.items()}
            case list():
                return [self.sent(item, actor, key) for item in value]
            case str():
                return self._text(value, key, actor)
        return value

    def received(self, value: Value, time: int = 0, key: str = "") -> Value:
        """A value that is expected of the server; `time` is its record's, in nanoseconds."""
        match value:
            case dict():
                return {name: self.received(item, time, name) for name, item in value.items()}
            case list():
                return [self.received(item, time, key) for item in value]
            case str():
                return self._expected_text(value, key)
            case int() | float() if not isinstance(value, bool) and time and _is_time(value, time):
                return values.OfType("number")
        return value

    def _text(self, text: str, key: str, actor: str) -> Value:
        """A text with references in place of ids and secrets."""
        if MASK in text:
            return self._masked(text, key, actor)
        if text in self._ids:
            return values.Ref(self._ids[text])
        if text in self._bound:
            return values.Ref(self._bound[text])
        parts: list[str | values.Variable] = []
        end = 0
        for token in TOKEN.finditer(text):
            name = self._ids.get(token[0]) or self._bound.get(token[0])
            if name is None:
                continue
            if token.start() > end:
                parts.append(text[end : token.start()])
            parts.append(values.Variable(name))
            end = token.end()
        if not parts:
            return text
        return values.Template((*parts, text[end:]) if end < len(text) else tuple(parts))

    def _masked(self, text: str, key: str, actor: str) -> Value:
        """A masked secret as a variable of the environment: equal secrets have one name."""
        parts: list[str | values.Variable] = []
        end = 0
        for secret in _MASKED.finditer(text):
            if secret.start() > end:
                parts.append(text[end : secret.start()])
            parts.append(values.Variable(self._secret(secret[0], key, actor)))
            end = secret.end()
        if not parts:
            return text
        return values.Template((*parts, text[end:]) if end < len(text) else tuple(parts))

    def _secret(self, masked: str, key: str, actor: str) -> str:
        if masked not in self.secrets:
            base = re.sub(r"\W+", "_", f"{key or 'secret'}_{actor}").strip("_").upper()
            name, number = base, 1
            while name in self.secrets.values():
                number += 1
                name = f"{base}_{number}"
            self.secrets[masked] = name
        return self.secrets[masked]

    def _expected_text(self, text: str, key: str) -> Value:
        if MASK in text:
            masked = _MASKED.fullmatch(text)
            name = self.secrets.get(text) if masked else None
            return values.Template((values.Variable(name),)) if name else ANY
        if text in (TRANSPORT_CLOSE, TRANSPORT_ERROR, PING_TIMEOUT):
            return self._lost
        found = self._text(text, key, "")
        if found is not text:
            return found
        if _DATE.match(text):
            return values.OfType("string")
        if self._is_random(text):
            if self._times[text] > 1:
                name = f"id{len(self._bound) + 1}"
                self._bound[text] = name
                return values.Bind(name)
            return values.OfType("string")
        return text

    def _is_random(self, text: str) -> bool:
        """Whether a text looks like an id that the server made up."""
        if text in self._clients:
            return False
        if _UUID.fullmatch(text):
            return True
        if not TOKEN.fullmatch(text) or len(text) < 16:
            return False
        kinds = sum(any(test(character) for character in text) for test in (str.isdigit, str.isupper, str.islower))
        return kinds == 3 or re.fullmatch("[0-9a-f]+", text) is not None


def decoded(text: str, attachments: Sequence[bytes] = ()) -> Any:
    """The value of a JSON text, None where it is none."""
    try:
        return packets.decode(text, attachments)
    except (msgspec.DecodeError, RecursionError):
        return None


def _is_time(value: float, time: int) -> bool:
    """Whether a number is a moment about then, in seconds or milliseconds."""
    now = time / 1e9
    return any(abs(value / scale - now) < _NEAR for scale in (1, 1000, 1e6, 1e9))


def environment(script: Any) -> set[str]:
    """The variables that a script takes from the environment, having no default."""
    from console.replay import model

    return {
        name
        for case in script.cases
        for step in model.walk(case.steps)
        for pattern in step.patterns
        for name in _variables(pattern)
    }


def _variables(value: Value) -> set[str]:
    match value:
        case list():
            return set().union(*map(_variables, value))
        case dict():
            return set().union(*map(_variables, value.values()))
        case values.Subset(inner):
            return _variables(inner)
        case values.Template(parts):
            return {
                part.name
                for part in parts
                if isinstance(part, values.Variable) and part.default is None and "." not in part.name
            }
    return set()
