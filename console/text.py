"""The one place through which a peer's text reaches the screen: made harmless, and cut to its width.

What leaves here holds no control character, no bidi control, nothing invisible. It must still be handed to Textual as
`Content`, `Text` or `Segment`, never as a string that Textual may parse as markup.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

#: Stands for what can't be shown.
REPLACEMENT = "�"
ELLIPSIS = "…"
#: A label names somebody; a whole megabyte would not.
_MAX_SCANNED = 16_384


def safe(text: str) -> str:
    """One line of text with nothing in it but what can be seen: control characters as their pictures (`␛`)."""
    if len(text) > _MAX_SCANNED:
        text = text[:_MAX_SCANNED] + ELLIPSIS
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _picture(character) for character in text)


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return " " if character.isspace() and character not in "\u2028\u2029\x85" else REPLACEMENT


def safe_lines(text: str) -> list[str]:
    """Several lines of text, each safe; tabs become spaces."""
    return [safe(line.expandtabs(4)) for line in text.split("\n")]


def cut(text: str, width: int) -> str:
    """Safe text cut to a width in cells, with an ellipsis where something is missing."""
    if width <= 0:
        return ""
    if text.isascii():
        return text if len(text) <= width else text[: width - 1] + ELLIPSIS
    text = text[: width * 4]  # what takes no cell is bounded too
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def cut_left(text: str, width: int) -> str:
    """As `cut`, at the left: of hosts and ports, the ends differ."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    text = text[-width:]
    while cell_len(text) >= width:
        text = text[1:]
    return ELLIPSIS + text


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Safe text cut or padded to exactly this width in cells."""
    text = cut(text, width)
    space = " " * (width - (len(text) if text.isascii() else cell_len(text)))
    return space + text if right else text + space


def wrap(text: str, width: int) -> list[str]:
    """Safe text in pieces of at most this width in cells, after spaces where it can be."""
    if width <= 0 or cell_len(text[: width + 1]) <= width:
        return [text]
    pieces: list[str] = []
    start = 0
    while start < len(text):
        end, used = start, 0
        while end < len(text) and (used := used + cell_len(text[end])) <= width:
            end += 1
        end = max(end, start + 1)
        if end < len(text) and (space := text.rfind(" ", start, end)) > start:
            end = space + 1
        pieces.append(text[start:end])
        start = end
    return pieces


def count(number: int, noun: str) -> str:
    """`1 socket`, `2 sockets`."""
    return f"{number:,}".replace(",", " ") + f" {noun}{'' if number == 1 else 's'}"


def seconds(value: float) -> str:
    """A duration in the unit that suits it: `44 ms`, `3.2 s`, `3m 12s`, `2h 05m`."""
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1000:.1f} ms" if value < 0.01 else f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(int(value), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m"


def age(value: float) -> str:
    """A duration as a list says it, that is not to flicker: `0 s`, `3 s`, `3m 12s`."""
    return seconds(value) if value >= 60 else f"{int(value)} s"


def ago(value: float) -> str:
    """How long ago something was, as a list says it: `now`, `3 s`, `3m 12s`."""
    return "now" if value < 1 else age(value)


def size(number: int) -> str:
    """Bytes in the unit that suits them."""
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1000:.1f} kB"
    return f"{number / 1_000_000:.1f} MB"
