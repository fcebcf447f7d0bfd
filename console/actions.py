"""The actions: one table, from which keys, footer, palette and help are made."""

from __future__ import annotations

from typing import Literal, NamedTuple

Group = Literal["Find", "Move", "Act", "Console"]


class Action(NamedTuple):
    """Something that a key does on the main screen."""

    id: str
    key: str
    label: str
    help: str
    group: Group
    #: Whether the footer names it.
    footer: bool = True
    #: How the key is written, where its name would not do.
    key_display: str | None = None


ACTIONS = (
    Action(
        "filter",
        "slash",
        "filter",
        "Show only what matches, as you type (below: how to ask); escape clears it",
        "Find",
        True,
        "/",
    ),
    Action("sort", "s", "sort", "Sort sockets by the next column", "Find", False),
    Action("reverse", "S", "reverse", "Reverse the order of sockets", "Find", False),
    Action("view('sockets')", "1", "sockets", "Who is live, and what just happened", "Move", False),
    Action("view('events')", "2", "events", "The whole timeline", "Move", False),
    Action("view('logs')", "3", "logs", "What the app writes", "Move", False),
    Action("open", "enter", "open", "Open what the cursor is on: a socket's details, a record's whole content", "Move"),
    Action("back", "escape", "back", "Go back: close the detail, clear the filter", "Move", True, "esc"),
    Action("app.focus_next", "tab", "next pane", "Move to the next pane", "Move", False),
    Action("tab(-1)", "left", "tab", "The detail's previous tab", "Move", False, "←"),
    Action("tab(1)", "right", "tab", "The detail's next tab", "Move", False, "→"),
    Action("follow", "p", "pause", "Pause the timeline where it is, or follow the newest again", "Move"),
    Action(
        "message", "m", "message", "Send the selected socket a private message, as the server or another socket", "Act"
    ),
    Action("disconnect", "d", "disconnect", "Disconnect the selected socket; asks first", "Act"),
    Action("copy", "y", "copy", "Copy the selected socket's id, or the record as JSON", "Act", False),
    Action("restart", "R", "restart", "Start the server again", "Act"),
    Action("help", "question_mark", "help", "All keys", "Console", True, "?"),
    Action("quit", "q", "quit", "End the console, and the server that it hosts", "Console"),
)
