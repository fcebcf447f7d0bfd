"""What is wrong with a text that should be a query."""

from __future__ import annotations


class QueryError(ValueError):
    """A text that is no query; `at` is where in it."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at
