"""What the person at the keyboard can set."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one console."""

    #: Show tokens, passwords and cookies as they are.
    show_secrets: bool = False
    #: Records kept in the history, and their payloads' bytes.
    max_records: int = 50_000
    max_bytes: int = 128 * 1024 * 1024
    #: Lines of the app's output kept.
    max_log_lines: int = 20_000
