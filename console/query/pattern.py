"""What a regular expression says of the texts that it is found in, before it is looked for in any."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<literal>[\w\ \-@#%&=:;,<>'"!~`/]|\\[^\w\s])   # stands for itself
      | (?P<other>\.|\\[dDwWsS]|\[\^?\]?(?:[^\]\\]|\\.)*\])   # one character of many
      | (?P<edge>\^|\$|\\[bBAZ])""",
    re.VERBOSE | re.ASCII,
)
_REPEAT = re.compile(r"(?:[*+?]|\{(?P<least>\d*)(?:,\d*)?\})[?+]?")


def literals(pattern: str) -> list[str]:
    """Texts, in any case, that are in all that a pattern is found in; none where that is not plain to see."""
    found, run, at = [], "", 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:  # groups and alternatives
            return []
        at = token.end()
        repeat = _REPEAT.match(pattern, at)
        at = repeat.end() if repeat else at
        literal = token["literal"]
        if literal in ("i", "I"):  # to a pattern, they are the same as a letter that has no other case
            literal = None
        if literal and not repeat:
            run += literal[-1]
        elif not token["edge"] or repeat:
            found.append(run)
            run = ""
            if literal and repeat and (repeat[0][0] == "+" or int(repeat["least"] or 0) > 0):
                found.append(literal[-1])
    return [each for each in [*found, run] if each]
