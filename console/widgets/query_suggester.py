"""The filter's completion, shown behind the cursor: the right arrow takes it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.suggester import Suggester

from console.query.complete import complete
from console.state.session import Session
from console.text import safe


class QuerySuggester(Suggester):
    """Completes the last word of a query by what there is now."""

    def __init__(self, session: Session, saved: Iterable[str] = ()) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._session = session
        self._saved = saved

    async def get_suggestion(self, value: str) -> str | None:
        completed = complete(value, self._session.state, self._saved)
        return completed if completed == safe(completed or "") else None
