"""A query, and the parts that it is made of: each answers for a record, for a socket, and for whatever else is live."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from console.query import narrow
from console.query.context import Context
from console.query.fields import Field
from console.query.live import What, of_live, text_of
from console.query.values import Test
from console.state.clients import ClientInfo
from console.state.filter import Mask, Names
from console.state.rooms import RoomInfo
from console.state.servers import Server
from server_core.records import AnyRecord, SocketInfo

#: What matches: True, False, or None where the question is not about such a thing (`ack>1s` of a socket).
Answer = bool | None


class Query:
    """A question to records and to sockets."""

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.root = root

    def bind(self, context: Context) -> BoundQuery:
        """The query as a filter of this state."""
        return BoundQuery(self, context)

    def matches_record(self, record: AnyRecord, context: Context) -> bool:
        return self.root.record(record, context) is not False

    def matches_live(self, what: What, thing: Any, context: Context) -> bool:
        """Whether a room, a client or a server matches; what can't be asked of it is passed over."""
        return self.root.live(what, thing, context) is not False

    def matches_socket(self, socket: SocketInfo, context: Context) -> bool:
        """Whether it matches; what can only be asked of records is passed over."""
        return self.root.socket(socket, context) is not False

    def narrow(self, names: Names, context: Context) -> Mask | None:
        """What can be said of records before they are decoded."""
        return self.root.narrow(names, context)


class BoundQuery:
    """A query, and the state in which it is asked."""

    def __init__(self, query: Query, context: Context) -> None:
        self._query = query
        self._context = context
        self._of_record = query.root.record

    def takes_record(self, record: AnyRecord) -> bool:
        return self._of_record(record, self._context) is not False

    def takes_socket(self, socket: SocketInfo) -> bool:
        return self._query.matches_socket(socket, self._context)

    def narrow(self, names: Names) -> Mask | None:
        return self._query.narrow(names, self._context)

    def takes_room(self, room: RoomInfo) -> bool:
        return self._query.matches_live("room", room, self._context)

    def takes_client(self, client: ClientInfo) -> bool:
        return self._query.matches_live("client", client, self._context)

    def takes_server(self, server: Server) -> bool:
        return self._query.matches_live("server", server, self._context)


class Node:
    """A part of a query: how it answers for a record, and for a socket."""

    def record(self, record: AnyRecord, context: Context) -> Answer:
        raise NotImplementedError

    def socket(self, socket: SocketInfo, context: Context) -> Answer:
        raise NotImplementedError

    def narrow(self, names: Names, context: Context) -> Mask | None:
        """What can be said of records before they are decoded."""
        raise NotImplementedError

    def live(self, what: What, thing: Any, context: Context) -> Answer:
        """How it answers for a room, a client or a server."""
        raise NotImplementedError


class Text(Node):
    def __init__(self, test: Test, literal: str = "") -> None:
        self._test = test
        #: What passes: whatever has this text, in any case.
        self._literal = literal

    def record(self, record: AnyRecord, context: Context) -> Answer:
        return self._test(context.text_of_record(record))

    def socket(self, socket: SocketInfo, context: Context) -> Answer:
        return self._test(context.text_of_socket(socket))

    def narrow(self, names: Names, context: Context) -> Mask | None:
        return narrow.of_text(self._literal, names, context)

    def live(self, what: What, thing: Any, context: Context) -> Answer:
        return self._test(text_of(what, thing, context))


class Pattern(Text):
    """A regular expression. Each line of a text is searched, so that its edges are those of an id or a payload."""

    def __init__(self, pattern: re.Pattern[str], parts: Sequence[Sequence[str]]) -> None:
        super().__init__(lambda text: any(map(pattern.search, filter(None, text.split("\n")))))
        self._pattern = pattern
        #: What a line must have to match: the texts of one list.
        self._parts = parts

    def narrow(self, names: Names, context: Context) -> Mask | None:
        return narrow.of_pattern(self._pattern, self._parts, names, context)


class FieldTest(Node):
    def __init__(self, field: Field, path: str, test: Test, literal: str) -> None:
        self._field = field
        self._path = path
        self._test = test
        #: What a value must have to pass, "" where it need not have anything.
        self._literal = literal

    def record(self, record: AnyRecord, context: Context) -> Answer:
        if self._field.of_record is None:
            return None
        return any(map(self._test, self._field.of_record(record, self._path, context)))

    def socket(self, socket: SocketInfo, context: Context) -> Answer:
        if self._field.of_socket is None:
            return None
        return any(map(self._test, self._field.of_socket(socket, self._path, context)))

    def narrow(self, names: Names, context: Context) -> Mask | None:
        return narrow.of_field(self._field, self._path, self._test, self._literal, names, context)

    def live(self, what: What, thing: Any, context: Context) -> Answer:
        of = of_live(self._field, what)
        return None if of is None else any(map(self._test, of(thing, self._path, context)))


class Not(Node):
    def __init__(self, node: Node) -> None:
        self._node = node

    def record(self, record: AnyRecord, context: Context) -> Answer:
        return None if (answer := self._node.record(record, context)) is None else not answer

    def socket(self, socket: SocketInfo, context: Context) -> Answer:
        return None if (answer := self._node.socket(socket, context)) is None else not answer

    def narrow(self, names: Names, context: Context) -> Mask | None:
        return narrow.not_(self._node.narrow(names, context))

    def live(self, what: What, thing: Any, context: Context) -> Answer:
        return None if (answer := self._node.live(what, thing, context)) is None else not answer


class Several(Node):
    """All of several parts, or one of them; those that say nothing don't count."""

    def __init__(self, nodes: list[Node], *, decides: bool) -> None:
        self._nodes = nodes
        #: The answer of one part that is the answer of all: False for `and`, True for `or`.
        self._decides = decides

    def record(self, record: AnyRecord, context: Context) -> Answer:
        answer: Answer = None
        for node in self._nodes:
            if (one := node.record(record, context)) is self._decides:
                return one
            answer = answer if one is None else one
        return answer

    def socket(self, socket: SocketInfo, context: Context) -> Answer:
        answer: Answer = None
        for node in self._nodes:
            if (one := node.socket(socket, context)) is self._decides:
                return one
            answer = answer if one is None else one
        return answer

    def narrow(self, names: Names, context: Context) -> Mask | None:
        together = narrow.either if self._decides else narrow.both
        return together([node.narrow(names, context) for node in self._nodes])

    def live(self, what: What, thing: Any, context: Context) -> Answer:
        answer: Answer = None
        for node in self._nodes:
            if (one := node.live(what, thing, context)) is self._decides:
                return one
            answer = answer if one is None else one
        return answer
