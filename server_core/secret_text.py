"""Where secrets stand in text: JSON, which is read exactly, and lines of a log, in which they are guessed.

All of it takes time in proportion to the text, whatever a peer sent: nothing here looks at a character more than a few
times. So no pattern repeats without bound before what it looks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

#: What stands in place of a secret.
Stand = Callable[[str], str]

_NAMES = (
    r"passw(?:or)?d|passphrase|pwd|token|secret|ap[iı][-_ ]?key|access[-_ ]?key|pr[iı]vate[-_ ]?key|author[iı]zat[iı]on"
    r"|cook[iı]e|credent[iı]al|jwt|bearer"
)
#: Looked for in folded text, which is ten times as fast as ignoring case.
_NAME = re.compile(_NAMES)
_KEY = re.compile(r"(?:ap[iı]|access|pr[iı]vate)[-_ ]?key")
#: An escape of a character that a name may have, or such an escape in a string.
_ESCAPED_LETTER = re.compile(r"\\u(?:00(?:2[0d]|3\d|[4-7])|0131|017f|212a)")

#: Strings in strings that are looked into; what is deeper is masked as a whole.
_LEVELS = 5

_INSIDE = r'(?:[^"\\]++|\\.)*+'
_BETWEEN = r"(?:[\s\[\]{},:]++|-?\d[\d.eE+-]*+|true|false|null|NaN|-?Infinity)*+"
#: A key that lacks the letters of which every name has one.
_OTHER_KEY = r"[^\"\\bcjkpzBCJKPZ\x80-\U0010ffff]*+"
#: Strings that hold no secret and are no secret's key: most of them, passed in one go.
_PASSED = rf'(?:{_BETWEEN}"(?:[^"\\]*+"(?!\s*+:)|{_OTHER_KEY}"\s*+:))*+{_BETWEEN}'
#: The next string that is a key or has escapes; what is no JSON before it.
_STRING = re.compile(rf'{_PASSED}(?P<other>[^"]*+)"(?P<inside>{_INSIDE})(?P<end>"(?P<colon>\s*+:)?)?', re.DOTALL)
#: What comes after the last of these, maybe cut in a word.
_LAST = re.compile(rf"{_PASSED}[-\w]{{0,8}}")
_VALUE = re.compile(rf'\s*+(?:"(?P<inside>{_INSIDE})(?P<end>")?|(?P<open>[\[{{])|(?P<bare>[^\s,\]}}"]++))?', re.DOTALL)
_BRACKET = re.compile(rf'(?P<open>[\[{{(])|(?P<close>[\]}})])|(?P<line>\n)|"{_INSIDE}"?', re.DOTALL)
_ESCAPES = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.", re.DOTALL)
#: As much of a string as has no broken escape.
_SOUND = re.compile(r'(?:[^\\]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')

_WORD = re.compile(r"[\w-]*+")
#: Between a name and its value: `name: value`, `"name": "value"`, `\"name\":\"value\"`, `user[name]=value`.
_IS = re.compile(r"""\\*+["'\]]?\s*+[:=]{1,2}>?[ \t]*+(?:\r?\n\s*+)?""")
#: Between an option and its value: `--name value`, `"--name", "value"`.
_OPTION = re.compile(r"""(?:["'],\s*+|[ \t]++)(?!-)""")
#: Characters before a name in which its option begins.
_BEFORE = 64
_QUOTED = re.compile(
    r"""(?P<mark>\\++")(?P<escaped>(?:[^\\"]++|(?!(?P=mark))\\++"?+)*+)
        |"(?P<double>(?:[^"\\]++|\\.)*+)"? | '(?P<single>(?:[^'\\]++|\\.)*+)'?""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"""(?:bearer|basic|token)\s++[^\s"',;]++|[^\s"',&;}\]]++""", re.IGNORECASE)
#: One credential with its scheme, and no parameters after it; otherwise a header's secrets are all that follows.
_ONE = re.compile(r"""(?:bearer|basic|token|jwt|apikey)[ ]++[\w.~+/-]++=*+(?![=,"'])""", re.IGNORECASE)
_BEARER = re.compile(r"[ ]++(?P<value>[\w.~+/-]{16,}+=*+)")
_LINE = re.compile(r"[^\r\n]*+")
_LINE_OR_PAIR = re.compile(r"[^\r\n&]*+")

_encode = msgspec.json.Encoder().encode


class _Secret(NamedTuple):
    """A place in a text, and what is to stand there."""

    start: int
    end: int
    shown: str


def is_secret(name: str) -> bool:
    """Whether what stands under this name (a header, a key, an attribute) is a secret."""
    return _NAME.search(_folded(name)) is not None


def holds_name(text: str) -> bool:
    """Whether a secret's name may stand in a text: quick, and wrong only where it says yes."""
    text = text.casefold()
    return (
        "pass" in text
        or "token" in text
        or "secret" in text
        or ("key" in text and _KEY.search(text) is not None)
        or "author" in text
        or "cook" in text
        or "pwd" in text
        or "creden" in text
        or "jwt" in text
        or "bearer" in text
    )


def json_masked(text: str, stand: Stand, also: str = "") -> str:
    """JSON text with what stands under secret names, and under the name `also`, masked: however deep, and in JSON that
    stands in its strings. All else stays as it is written. It may be cut anywhere; what is no JSON is masked as a line.
    """
    if '"' not in text or not _may_hold(text, also):
        return text
    secrets, sound = _secrets(text, stand, also, _LEVELS)
    return _replaced(text, secrets) if sound else line_masked(text, stand)


def string_masked(text: str, stand: Stand) -> str:
    """What a JSON string says, with the secrets of the JSON in it masked."""
    if '"' not in text or not _may_hold(text, ""):
        return text
    return _replaced(text, _secrets(text, stand, "", _LEVELS - 1)[0])


def line_masked(text: str, stand: Stand) -> str:
    """Free text with what looks like `secret=value` masked."""
    return _replaced(text, _secrets_of_line(text, stand)) if holds_name(text) else text


def _folded(text: str) -> str:
    """The text without its case, each character in its place."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(one if len(one := character.casefold()) == 1 else character for character in text)


def _may_hold(text: str, also: str) -> bool:
    return (
        holds_name(text)
        or bool(also and also in text)
        or ("\\u" in text and _ESCAPED_LETTER.search(text.casefold()) is not None)
    )


def _replaced(text: str, secrets: list[_Secret]) -> str:
    if not secrets:
        return text
    pieces: list[str] = []
    at = 0
    for secret in secrets:
        pieces += (text[at : secret.start], secret.shown)
        at = secret.end
    pieces.append(text[at:])
    return "".join(pieces)


# JSON


def _secrets(text: str, stand: Stand, also: str, levels: int) -> tuple[list[_Secret], bool]:
    """The secrets of JSON text, and whether it is JSON indeed, as far as they depend on it."""
    found: list[_Secret] = []
    at, sound = 0, True
    while match := _STRING.match(text, at):
        at = match.end()
        other, inside, end, colon = match.groups()
        if other:
            sound = False
        if colon:
            if "\\" in inside:
                inside, whole = _unescaped(inside)
                sound = sound and whole
            if is_secret(inside) or (also and inside == also):
                at = _value(text, at, found, stand)
        elif "\\" in inside:
            sound = _in_string(match, found, stand, also, levels) and sound
        if not end:
            break
    else:
        return found, sound and _LAST.fullmatch(text, at) is not None
    return found, sound


def _in_string(match: re.Match[str], found: list[_Secret], stand: Stand, also: str, levels: int) -> bool:
    """Add the secrets of the JSON in a string; whether it was sound."""
    raw, start = match["inside"], match.start("inside")
    inner, sound = _unescaped(raw)
    if _may_hold(inner, also):
        if levels:
            secrets, _ = _secrets(inner, stand, also, levels - 1)
            found += _outside(raw, start, secrets)
        else:
            found.append(_Secret(start, match.end("inside"), stand(inner)))
    return sound or not match["end"]  # an escape that was cut is as sound as the text


def _value(text: str, at: int, found: list[_Secret], stand: Stand) -> int:
    """Add the value that begins here, masked; where it ends."""
    match = _VALUE.match(text, at)
    if match is None or not match.lastgroup:
        return at
    inside, closed, opened, _bare = match.groups()
    if inside is not None:
        end = match.end("inside") if closed else len(text)
        found.append(_Secret(match.start("inside"), end, stand(_unescaped(inside)[0] if "\\" in inside else inside)))
        return match.end() if closed else end
    start = match.start("open" if opened else "bare")
    end = _closed(text, start) if opened else match.end("bare")
    found.append(_Secret(start, end, f'"{stand(text[start:end])}"'))
    return end


def _closed(text: str, start: int, *, in_line: bool = False) -> int:
    """Where a bracket is closed that opens here; the end of the text, or of the line, where it is not."""
    depth = 0
    for match in _BRACKET.finditer(text, start):
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth -= 1
            if not depth:
                return match.end()
        elif match["line"] and in_line:
            return match.start()
    return len(text)


def _unescaped(raw: str) -> tuple[str, bool]:
    """What a string says, and whether all of its escapes are sound; up to the first that is not."""
    try:
        return str(json.loads(f'"{raw}"', strict=False)), True  # takes lone surrogates, as JavaScript makes them
    except ValueError:
        match = _SOUND.match(raw)
        return str(json.loads(f'"{match[0] if match else ""}"', strict=False)), False


def _outside(raw: str, start: int, secrets: list[_Secret]) -> list[_Secret]:
    """The places in a string of those in what it says."""
    found = []
    escapes = _ESCAPES.finditer(raw)
    escape = next(escapes, None)
    longer = 0
    for secret in secrets:
        places = []
        for place in (secret.start, secret.end):
            while escape is not None and escape.start() - longer < place:
                longer += len(escape[0]) - 1
                escape = next(escapes, None)
            places.append(start + place + longer)
        found.append(_Secret(places[0], places[1], _encode(secret.shown).decode()[1:-1]))
    return found


# free text


def _secrets_of_line(text: str, stand: Stand) -> list[_Secret]:
    found: list[_Secret] = []
    folded = _folded(text)
    at = 0
    while name := _NAME.search(folded, at):
        word = _WORD.match(text, name.end())
        end = word.end() if word else name.end()
        secret = _after_name(text, name, end, stand)
        if secret:
            found.append(secret)
            at = secret.end
        else:  # the same is true of every name in this word, but one that goes on with the next word: `api key`
            at = max(name.end(), end - len("private"))
    return found


def _after_name(text: str, name: re.Match[str], end: int, stand: Stand) -> _Secret | None:
    """The secret that a name's word says the value of, which ends here."""
    separator = _IS.match(text, end)
    if separator is None:
        if _is_option(text, name.start()):
            separator = _OPTION.match(text, end)
        elif name[0] == "bearer" and (bearer := _BEARER.match(text, name.end())):
            return _Secret(*bearer.span("value"), stand(bearer["value"]))
        if separator is None:
            return None
    start = separator.end()
    if quoted := _QUOTED.match(text, start):
        kind = quoted.lastgroup or ""
        return _Secret(*quoted.span(kind), stand(quoted[kind]))
    if text[start : start + 1] in ("[", "{", "("):
        return _secret(text, start, _closed(text, start, in_line=True), stand)
    header = name[0].startswith(("author", "cook"))
    value = (header and (_ONE.match(text, start) or _whole(text, separator))) or _PLAIN.match(text, start)
    return _secret(text, start, value.end(), stand) if value else None


def _whole(text: str, separator: re.Match[str]) -> re.Match[str] | None:
    """What a header says, to the end of its line, or of its pair in a query."""
    return (_LINE_OR_PAIR if "=" in separator[0] else _LINE).match(text, separator.end())


def _secret(text: str, start: int, end: int, stand: Stand) -> _Secret | None:
    return _Secret(start, end, stand(text[start:end])) if end > start else None


def _is_option(text: str, at: int) -> bool:
    """Whether what stands here is part of `--name`."""
    before = text[max(0, at - _BEFORE) : at]
    dashes = before.rfind("--")
    return dashes >= 0 and _WORD.fullmatch(before, dashes) is not None
