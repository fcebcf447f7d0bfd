"""From text to a query."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError

from console.query import narrow
from console.query.context import Context
from console.query.fields import FIELDS, Field
from console.query.live import What, of_live, text_of
from console.query.pattern import literals
from console.state.clients import ClientInfo
from console.state.filter import Mask, Names
from console.state.rooms import RoomInfo
from console.state.servers import Server
from server_core.records import AnyRecord, SocketInfo

#: What matches: True, False, or None where the question is not about such a thing (`ack>1s` of a socket).
Answer = bool | None
Test = Callable[[Any], bool]


class QueryError(ValueError):
    """A text that is no query; `at` is where in it."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class Operator(NamedTuple):
    """One of the operators, for the help."""

    written: str
    help: str


OPERATORS = (
    Operator("text", "has the text, in any case"),
    Operator('"two words"', "has exactly these"),
    Operator("/regex/", "matches the regular expression"),
    Operator("field:text", "the field has the text; with * the whole of it matches, :/regex/ searches it"),
    Operator("field:", "has such a field"),
    Operator("field=text", "the field is the text"),
    Operator("field>200ms", "more than; also < >= <=, with us ms s m h d, or k M G of bytes"),
    Operator("a b, a and b", "both"),
    Operator("a or b", "one of the two"),
    Operator("!a", "not"),
    Operator("( )", "together"),
    Operator("@name", "what is saved under this name"),
)

_GRAMMAR = r"""
    ?start: either?
    ?either: both (_OR both)*
    ?both: single (_AND? single)*
    ?single: "!" single -> negated
           | "(" either ")"
           | FIELD -> field
           | REGEX -> regex
           | SAVED -> saved
           | QUOTED -> quoted
           | WORD -> word
    _OR.4: /or(?=[\s()!]|$)/i
    _AND.4: /and(?=[\s()!]|$)/i
    FIELD.3: /[A-Za-z]+([.\[][^\s:<>=()"!]*)?(:|>=|<=|>|<|=)("(\\.|[^"\\])*"|\/(\\.|[^\/\\])+\/|[^\s()"]*)/
    REGEX.2: /\/(\\.|[^\/\\\s])+\/(?=[\s()]|$)/
    SAVED.2: /@[\w-]+(?=[\s()]|$)/
    QUOTED.2: /"(\\.|[^"\\])*"/
    WORD: /[^\s()"!][^\s()"]*/
    %ignore /\s+/
"""


@cache
def _parser() -> Lark:
    """The parser, made when the first query is."""
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", maybe_placeholders=False)


_FIELD = re.compile(r"([A-Za-z]+)([.\[][^\s:<>=]*?)?(:|>=|<=|>|<|=)(.*)", re.DOTALL)

_SCALES = {
    "duration": {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0},
    "size": {"": 1.0, "b": 1.0, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9},
    "number": {"": 1.0, "k": 1e3, "m": 1e6},
}
_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([a-zµ]*)", re.IGNORECASE)


class Query:
    """A question to records and to sockets."""

    def __init__(self, text: str, root: _Node) -> None:
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


class _Node:
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


class _Text(_Node):
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


class _Pattern(_Text):
    """A regular expression. Each line of a text is searched, so that its edges are those of an id or a payload."""

    def __init__(self, pattern: re.Pattern[str], parts: Sequence[Sequence[str]]) -> None:
        super().__init__(lambda text: any(map(pattern.search, filter(None, text.split("\n")))))
        self._pattern = pattern
        #: What a line must have to match: the texts of one list.
        self._parts = parts

    def narrow(self, names: Names, context: Context) -> Mask | None:
        return narrow.of_pattern(self._pattern, self._parts, names, context)


class _FieldTest(_Node):
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


class _Not(_Node):
    def __init__(self, node: _Node) -> None:
        self._node = node

    def record(self, record: AnyRecord, context: Context) -> Answer:
        return None if (answer := self._node.record(record, context)) is None else not answer

    def socket(self, socket: SocketInfo, context: Context) -> Answer:
        return None if (answer := self._node.socket(socket, context)) is None else not answer

    def narrow(self, names: Names, context: Context) -> Mask | None:
        return narrow.not_(self._node.narrow(names, context))

    def live(self, what: What, thing: Any, context: Context) -> Answer:
        return None if (answer := self._node.live(what, thing, context)) is None else not answer


class _Several(_Node):
    """All of several parts, or one of them; those that say nothing don't count."""

    def __init__(self, nodes: list[_Node], *, decides: bool) -> None:
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


@v_args(inline=True)
class _Builder(Transformer[Token, _Node]):
    def __init__(self, saved: Mapping[str, str], inside: tuple[str, ...]) -> None:
        super().__init__()
        self._saved = saved
        self._inside = inside

    def either(self, *nodes: _Node) -> _Node:
        return _Several(list(nodes), decides=True)

    def both(self, *nodes: _Node) -> _Node:
        return _Several(list(nodes), decides=False)

    def negated(self, node: _Node) -> _Node:
        return _Not(node)

    def word(self, token: Token) -> _Node:
        return _Text(_contains(str(token)), str(token))

    def quoted(self, token: Token) -> _Node:
        text = _unquoted(str(token))
        return _Text(_contains(text), text)

    def regex(self, token: Token) -> _Node:
        written = str(token)
        return _Pattern(_regex(written, token.start_pos or 0), literals(written[1:-1]))

    def saved(self, token: Token) -> _Node:
        at, name = token.start_pos or 0, str(token)[1:]
        if name in self._inside:
            raise QueryError(f"@{name} stands for itself", at)
        if name not in self._saved:
            raise QueryError(f"no filter is saved as @{name}: quotes make it a text", at)
        try:
            query = parse(self._saved[name], self._saved, inside=(*self._inside, name))
        except QueryError as error:
            raise QueryError(str(error) if str(error).startswith("@") else f"@{name}: {error}", at) from None
        return query.root if query else _Text(lambda _: True)

    def field(self, token: Token) -> _Node:
        at = token.start_pos or 0
        match = _FIELD.fullmatch(str(token))
        assert match  # noqa: S101  the terminal's own shape
        name, path, operator, value = match.groups()
        field = FIELDS.get(name.lower())
        if field is None:
            raise QueryError(f'there is no field "{name}": quotes make it a text', at)
        path = (path or "").removeprefix(".")
        test = _test(field, operator, value, at + len(str(token)) - len(value))
        return _FieldTest(field, path, test, _literal(field, operator, value))


def parse(text: str, saved: Mapping[str, str] | None = None, *, inside: tuple[str, ...] = ()) -> Query | None:
    """The query that a text is, None for an empty one; QueryError says what is wrong with it, and where.

    `saved` has the filters that `@name` stands for; `inside`, the names of those that are being parsed.
    """
    if not text.strip():
        return None
    try:
        node: _Node = _Builder(saved or {}, inside).transform(_parser().parse(text))
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        at = len(text) if ended or error.pos_in_stream is None else error.pos_in_stream
        raise QueryError(_unexpected(text, at), at) from None
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    return Query(text, node)


def _unexpected(text: str, at: int) -> str:
    if at >= len(text):
        return "something is missing at the end"
    if text[at] == '"':
        return 'a " that is not closed'
    return f"{text[at]!r} is not expected here"


def _test(field: Field, operator: str, value: str, at: int) -> Test:
    """How one value of a field is tested."""
    if not value:
        if operator == ":":
            return lambda _: True
        raise QueryError(f"{field.name}{operator} needs a value, as in {field.example}", at)
    if field.kind != "text":
        return _compares(field, operator, value, at)
    if operator == ":":
        if _is_regex(field, operator, value):
            search = _regex(value, at).search
            return lambda found: search(_as_text(found)) is not None
        if "*" in value and not value.startswith('"'):
            pattern = re.compile(".*".join(map(re.escape, value.split("*"))), re.IGNORECASE | re.DOTALL)
            return lambda found: pattern.fullmatch(_as_text(found)) is not None
        has = _contains(_unquoted(value))
        return lambda found: has(_as_text(found))
    wanted = _unquoted(value)
    if operator == "=":
        return lambda found: _as_text(found).casefold() == wanted.casefold()
    number = _number(wanted, "number", at)
    compare = _COMPARE[operator]
    return lambda found: type(found) in (int, float) and compare(found, number)


def _literal(field: Field, operator: str, value: str) -> str:
    """A text that whatever passes the test of these has in it, in any case; "" where there is none."""
    if field.kind != "text" or operator not in (":", "=") or _is_regex(field, operator, value):
        return ""
    if operator == "=" or value.startswith('"'):
        return _unquoted(value)
    return max(value.split("*"), key=len)


def _is_regex(field: Field, operator: str, value: str) -> bool:
    return operator == ":" and len(value) > 1 and value.startswith("/") and value.endswith("/") and field.name != "nsp"


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ":": operator.eq,
}


def _compares(field: Field, operator: str, value: str, at: int) -> Test:
    wanted = _number(value, field.kind, at)
    compare = _COMPARE[operator]
    return lambda found: compare(found, wanted)


def _number(value: str, kind: str, at: int) -> float:
    """A number with its unit, in seconds or bytes where it is a duration or a size."""
    match = _NUMBER.fullmatch(value)
    scale = _SCALES[kind].get(match.group(2).lower()) if match else None
    if match is None or scale is None:
        units = " ".join(unit for unit in _SCALES[kind] if unit.isascii() and unit)
        raise QueryError(f"{value} is no {kind}: a number, perhaps with {units}", at)
    return float(match.group(1)) * scale


def _contains(text: str) -> Test:
    needle = text.casefold()
    return lambda found: needle in found.casefold()


def _regex(written: str, at: int) -> re.Pattern[str]:
    try:
        return re.compile(written[1:-1].replace("\\/", "/"), re.IGNORECASE)
    except re.error as error:
        raise QueryError(f"not a regular expression: {error.msg}", at + 1 + (error.pos or 0)) from None


def _unquoted(value: str) -> str:
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _as_text(found: Any) -> str:
    """A value as it is compared with text: JSON's words for what is no text."""
    if isinstance(found, str):
        return found
    if isinstance(found, bool) or found is None:
        return {True: "true", False: "false", None: "null"}[found]
    return repr(found) if isinstance(found, bytes) else str(found)
