"""What the person at the keyboard can set, each setting with its type and what it is for."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one console."""

    theme: Annotated[
        str,
        Meta(
            description="How it looks: dark, light, high-contrast, ansi (the 16 colours that the terminal was given), "
            "or one of Textual's own themes."
        ),
    ] = "dark"
    show_secrets: Annotated[bool, Meta(description="Show tokens, passwords and cookies as they are.")] = False
    max_records: Annotated[
        int, Meta(ge=100, le=100_000_000, description="Records kept in the history; older ones are dropped.")
    ] = 50_000
    max_bytes: Annotated[
        int, Meta(ge=1_000_000, description="Bytes that the records kept may take, whichever limit comes first.")
    ] = 128 * 1024 * 1024
    max_log_lines: Annotated[int, Meta(ge=100, description="Lines of the app's output kept.")] = 20_000
    restore: Annotated[
        bool, Meta(description="Start with the filter, view, order and columns that this target had last.")
    ] = True
    mouse: Annotated[bool, Meta(description="Take the mouse; without it the terminal selects text by itself.")] = True
    keep_sessions: Annotated[
        bool, Meta(description="Record every session in the state folder, secrets masked; `socketscope open` opens it.")
    ] = False
    keep_files: Annotated[int, Meta(ge=1, description="Sessions kept there; older ones are removed.")] = 20
    keep_bytes: Annotated[int, Meta(ge=1_000_000, description="Bytes that they may take together.")] = 500_000_000
    keep_days: Annotated[int, Meta(ge=1, description="Days after which they are removed.")] = 14
    columns: Annotated[
        dict[str, tuple[str, ...]],
        Meta(
            description="Columns of a view, in this order; a view that is not named here shows what there is room for.",
            examples=['sockets = ["id", "attributes", "rooms", "rtt"]'],
        ),
    ] = {}
    filters: Annotated[
        dict[str, str],
        Meta(
            description="Filters by name: `@slow` in a filter stands for what is said here.",
            examples=['slow = "ack>200ms"', 'refusals = "kind:refused or kind:event_blocked"'],
        ),
    ] = {}
    targets: Annotated[
        dict[str, str],
        Meta(
            description="Servers by name: what stands after `socketscope attach` for them, and in place of a URL in "
            "every command. Passwords are better in $SOCKETSCOPE_PASSWORD.",
            examples=[
                'staging = "https://chat.example.com --user admin --path /ws/socket.io/"',
                'cluster = "http://10.0.0.1:3000 http://10.0.0.2:3000 --user admin"',
            ],
        ),
    ] = {}
    keys: Annotated[
        dict[str, str],
        Meta(
            description="Keys by the id of what they do (`socketscope config --keys` lists all), parted by commas.",
            examples=['message = "M"', 'help = "question_mark,f1"'],
        ),
    ] = {}
