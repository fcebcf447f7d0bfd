"""What is wrong with a config file."""

from __future__ import annotations

from collections.abc import Iterable


class ConfigError(Exception):
    """What is wrong with a config file, a line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
