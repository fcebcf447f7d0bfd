"""Who may be a console: credentials that a client's auth is compared with, in constant time."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

#: A token, `{"username": …, "password": …}` or any other dict, several of these, a function of the client's auth that
#: says whether it may come in, or False: whoever can reach the server may.
Auth = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | Callable[[Any], Any] | bool

#: Sessions of consoles that logged in, so that they come back without their password.
MAX_SESSIONS = 1_000


class Credentials:
    """Says of a client's auth whether it may come in."""

    def __init__(self, auth: Auth) -> None:
        if auth is True:
            raise ValueError("auth=True says nothing: give a token, a username and password, or a function")
        self._check: Callable[[Any], Any] | None = auth if callable(auth) else None
        self._open = auth is False
        accepted: list[Any] = []
        if isinstance(auth, str | Mapping):
            accepted = [auth]
        elif isinstance(auth, Sequence):
            accepted = list(auth)
        if not (self._check or self._open or (accepted and all(accepted))):
            raise ValueError("auth is empty: give a token, a username and password, or a function")
        self._accepted = [{"token": each} if isinstance(each, str) else dict(each) for each in accepted]
        self._sessions: OrderedDict[str, None] = OrderedDict()

    async def accept(self, auth: Any) -> bool:
        """Whether a client with this auth may come in; what the app's function raises is raised."""
        if self._open:
            return True
        if self._check:
            answer = self._check(auth)
            return bool(await answer if isinstance(answer, Awaitable) else answer)
        if not isinstance(auth, Mapping):
            return False
        session = auth.get("sessionId")
        if isinstance(session, str) and any(_same(session, known) for known in self._sessions):
            return True
        # every one is looked at, so that the time taken tells nothing
        found = [all(_same(auth.get(name), value) for name, value in each.items()) for each in self._accepted]
        return any(found)

    def new_session(self) -> str:
        """An id with which this client may come back (`auth.sessionId`), as the Admin UI does; "" where it may not."""
        if self._check or self._open:
            return ""
        session = secrets.token_urlsafe(24)
        self._sessions[session] = None
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return session


def _same(given: Any, wanted: Any) -> bool:
    if isinstance(given, str) and isinstance(wanted, str):
        return hmac.compare_digest(given.encode(errors="replace"), wanted.encode(errors="replace"))
    return type(given) is type(wanted) and bool(given == wanted)
