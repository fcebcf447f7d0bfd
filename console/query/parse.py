"""From text to a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from console.query.nodes import Query


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


def parse(text: str, saved: Mapping[str, str] | None = None, *, inside: tuple[str, ...] = ()) -> Query | None:
    """The query that a text is, None for an empty one; QueryError says what is wrong with it, and where.

    `saved` has the filters that `@name` stands for; `inside`, the names of those that are being parsed.
    """
    if not text.strip():
        return None
    from console.query.grammar import node_of  # the parser takes as long as a fifth of all the console's own modules

    return Query(text, node_of(text, saved or {}, inside))
