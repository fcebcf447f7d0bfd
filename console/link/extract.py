"""The records of a recording that a filter takes, without a screen."""

from __future__ import annotations

from collections.abc import Iterator

from console.link.base import LinkState
from console.link.recording import RecordingLink
from console.query.context import Context
from console.query.parse import parse
from console.state.session import Session
from console.state.sockets import SocketListing
from server_core.records import AnyRecord


def load(link: RecordingLink) -> Session:
    """Read a whole recording."""
    session = link.session(max_log_lines=20_000)
    while link.status.state is LinkState.LOADING:
        session.apply(link.take())
    return session


def matching(session: Session, text: str) -> Iterator[AnyRecord]:
    """The records that a filter takes, in order; QueryError when the text is none."""
    from console.lines import Reader

    history = session.live.history
    query = parse(text)
    if query is None:
        yield from history.since(history.first)
        return
    context = Context(session, Reader(session).text_of, SocketListing(session).text_of)
    for found in history.search(query.bind(context), history.first, history.end):
        for number in found.numbers:
            yield history[number]
