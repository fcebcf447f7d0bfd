"""What is no ASCII, but has ASCII letters in it for who does not mind case: `ß`, ligatures, the sign for Kelvin.

Who looks for ASCII among bytes, in any case, has to look at these by themselves.
"""

from __future__ import annotations

#: Each such character: what `str.casefold` makes of it has ASCII in it.
FOLDING = (
    "\xdf\u0130\u0149\u017f\u01f0\u1e96\u1e97\u1e98\u1e99\u1e9a\u1e9e\u212a\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
)

_BYTES = tuple(each.encode() for each in FOLDING)
_ASCII = bytes(range(0x80))


def folds(data: bytes) -> bool:
    """Whether UTF-8 may hold one of them; it may be said of some that hold none."""
    if data.isascii():
        return False
    rest = data.translate(None, _ASCII)
    return any(each in rest for each in _BYTES)
