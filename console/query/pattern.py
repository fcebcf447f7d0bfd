"""What a regular expression says of the texts that it is found in, before it is looked for in any."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<literal>[\w\ \-@#%&=:;,<>'"!~`/]|\\[^\w\s])   # stands for itself
      | (?P<other>\.|\\[dDwWsS]|\[\^?\]?(?:[^\]\\]|\\.)*\])   # one character of many
      | (?P<edge>\^|\$|\\[bBAZ])
      | (?P<opened>\((?:\?:|(?!\?)))
      | (?P<closed>\))
      | (?P<either>\|)""",
    re.VERBOSE | re.ASCII,
)
_REPEAT = re.compile(r"(?:[*+?]|\{(?P<least>\d*)(?:,\d*)?\})[?+]?")


def literals(pattern: str) -> list[list[str]]:
    """Texts, in any case, of which all that a pattern is found in has those of one list.

    Of a group nothing is said. There are no lists where it is not plain to see what a pattern means.
    """
    alternatives: list[list[str]] = [[]]
    run, depth, at = "", 0, 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:  # what looks around, refers back, sets flags
            return []
        at = token.end()
        if depth or token["opened"]:
            depth += bool(token["opened"]) - bool(token["closed"])
            if depth:
                continue
        repeat = None if token["either"] else _REPEAT.match(pattern, at)
        at = repeat.end() if repeat else at
        literal = token["literal"]
        if literal in ("i", "I"):  # to a pattern, they are the same as a letter that has no other case
            literal = None
        if literal and not repeat:
            run += literal[-1]
        elif not token["edge"] or repeat:
            alternatives[-1].append(run)
            run = ""
            if literal and repeat and (repeat[0][0] == "+" or int(repeat["least"] or 0) > 0):
                alternatives[-1].append(literal[-1])
        if token["either"]:
            alternatives.append([])
    alternatives[-1].append(run)
    return [list(filter(None, each)) for each in alternatives]
