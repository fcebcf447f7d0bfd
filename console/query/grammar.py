"""The filter language's grammar, and what each part of a text becomes: `parse` asks here once there is a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError

from console.query.errors import QueryError
from console.query.fields import FIELDS
from console.query.nodes import FieldTest, Node, Not, Pattern, Several, Text
from console.query.parse import parse
from console.query.pattern import literals
from console.query.values import contains, literal_of, pattern_of, unquoted, value_test

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


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    def __init__(self, saved: Mapping[str, str], inside: tuple[str, ...]) -> None:
        super().__init__()
        self._saved = saved
        self._inside = inside

    def either(self, *nodes: Node) -> Node:
        return Several(list(nodes), decides=True)

    def both(self, *nodes: Node) -> Node:
        return Several(list(nodes), decides=False)

    def negated(self, node: Node) -> Node:
        return Not(node)

    def word(self, token: Token) -> Node:
        return Text(contains(str(token)), str(token))

    def quoted(self, token: Token) -> Node:
        text = unquoted(str(token))
        return Text(contains(text), text)

    def regex(self, token: Token) -> Node:
        written = str(token)
        return Pattern(pattern_of(written, token.start_pos or 0), literals(written[1:-1]))

    def saved(self, token: Token) -> Node:
        at, name = token.start_pos or 0, str(token)[1:]
        if name in self._inside:
            raise QueryError(f"@{name} stands for itself", at)
        if name not in self._saved:
            raise QueryError(f"no filter is saved as @{name}: quotes make it a text", at)
        try:
            query = parse(self._saved[name], self._saved, inside=(*self._inside, name))
        except QueryError as error:
            raise QueryError(str(error) if str(error).startswith("@") else f"@{name}: {error}", at) from None
        return query.root if query else Text(lambda _: True)

    def field(self, token: Token) -> Node:
        at = token.start_pos or 0
        match = _FIELD.fullmatch(str(token))
        assert match  # noqa: S101  the terminal's own shape
        name, path, operator, value = match.groups()
        field = FIELDS.get(name.lower())
        if field is None:
            raise QueryError(f'there is no field "{name}": quotes make it a text', at)
        path = (path or "").removeprefix(".")
        test = value_test(field, operator, value, at + len(str(token)) - len(value))
        return FieldTest(field, path, test, literal_of(field, operator, value))


def node_of(text: str, saved: Mapping[str, str], inside: tuple[str, ...]) -> Node:
    """What a text asks; QueryError says what is wrong with it, and where."""
    try:
        node: Node = _Builder(saved, inside).transform(_parser().parse(text))
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        at = len(text) if ended or error.pos_in_stream is None else error.pos_in_stream
        raise QueryError(_unexpected(text, at), at) from None
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    return node


#: A regular expression at the end, which nothing ends.
_OPEN_REGEX = re.compile(r"(?:(?:^|[\s(!])|\b(?!nsp:)[a-z]+(?:[.\[][^\s:]*)?:)/(?:\\.|[^/\\\s])*$", re.IGNORECASE)


def _unexpected(text: str, at: int) -> str:
    if at >= len(text):
        if _OPEN_REGEX.search(text):
            return "the / at the end of the regular expression is missing"
        return "something is missing at the end"
    if text[at] == '"':
        return 'a " that is not closed'
    return f"{text[at]!r} is not expected here"
