"""Secrets are found in JSON, however it is written, and in lines of text, in time that grows with the text."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_core.records import Handshake
from server_core.redact import MASK, Redactor, is_secret

mask = Redactor()

#: What stands in a text, and what must stand there once it is masked.
Piece = tuple[str, str]

SECRET_KEYS = (
    "password",
    "PassWd",
    "x-api_key",
    "apiKey",
    "clé_token",
    'the "secret"',
    "Set-Cookie",
    "a\\jwt\n",
    "😀pwd",
)
OTHER_KEYS = ("name", "key", "pid", "", "monkey", "pass", "author", "é", 'a"b', "{", "api", "😀", "\ud800")
TEXTS = (
    "",
    "my token",
    "token: x",
    '{"a":1}',
    "[1,",
    "C:\\new\\u0070",
    'say "hi"',
    "a\nb",
    "é😀",
    "\ud800",
    '"',
    "\\",
    "42",
)
SECRETS = ("hunter2", "", 'a"b\\', "]}", "é😀\ud800\n", '{"x":1}')
SCALARS = ("0", "-1.5e+300", str(10**40), "true", "false", "null", "{}", "[ ]")
LEVELS = 5


def _both(text: str) -> list[Piece]:
    return [(text, text)]


class _Writer:
    """Writes JSON as differently as it may be written."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def value(self, depth: int, levels: int) -> list[Piece]:
        what = self._dice.randrange(6 if depth else 3)
        if what == 0:
            return _both(self._dice.choice(SCALARS))
        if what == 1 or (what == 2 and not levels):
            return _both(self.string(self._dice.choice(TEXTS)))
        if what == 2:  # JSON in a string
            inner = self.value(max(depth, 1), levels - 1)
            return [*_both('"'), *(self._in_string(piece) for piece in inner), *_both('"')]
        items = [
            self._member(depth - 1, levels) if what > 3 else self.value(depth - 1, levels)
            for _ in range(self._dice.randrange(4))
        ]
        pieces = _both("{" if what > 3 else "[")
        for number, item in enumerate(items):
            pieces += [*_both(self._space() + ("," if number else "") + self._space()), *item]
        return [*pieces, *_both(self._space() + ("}" if what > 3 else "]"))]

    def string(self, text: str) -> str:
        return f'"{self._escaped(text)}"'

    def _member(self, depth: int, levels: int) -> list[Piece]:
        secret = self._dice.random() < 0.4
        name = self.string(self._dice.choice(SECRET_KEYS if secret else OTHER_KEYS))
        colon = self._space() + ":" + self._space()
        if not secret:
            return [*_both(name + colon), *self.value(depth, levels)]
        if self._dice.random() < 0.6:
            return [*_both(name + colon + '"'), (self._escaped(self._dice.choice(SECRETS)), MASK), *_both('"')]
        value = "".join(text for text, _ in self.value(depth, levels))
        if value.startswith('"'):
            return [*_both(name + colon + '"'), (value[1:-1], MASK), *_both('"')]
        return [*_both(name + colon), (value, f'"{MASK}"')]

    def _in_string(self, piece: Piece) -> Piece:
        text, masked = piece
        escaped = self._escaped(text)
        return escaped, escaped if text == masked else masked.replace('"', '\\"').replace("\\\\", "\\\\\\")

    def _escaped(self, text: str) -> str:
        return "".join(map(self._character, text))

    def _character(self, character: str) -> str:
        how = self._dice.random()
        if character in '"\\' and how < 0.8:
            return "\\" + character
        if character in '"\\' or character < " " or "\ud800" <= character <= "\udfff" or how > 0.9:
            code = character.encode("utf-16-be", "surrogatepass").hex()
            return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))
        return character

    def _space(self) -> str:
        return self._dice.choice(("", "", "", " ", "\n  ", "\t"))


@given(st.integers(0, 2**64))
def test_of_json_all_values_under_secret_keys_are_masked_and_nothing_else_changes(seed: int) -> None:
    pieces = _Writer(random.Random(seed)).value(4, 2)
    text = "".join(text for text, _ in pieces)
    json.loads(text)
    assert mask.json(text) == "".join(masked for _, masked in pieces)


@given(st.integers(0, 2**64), st.floats(0, 1))
def test_wherever_json_was_cut_no_secret_is_left(seed: int, place: float) -> None:
    dice = random.Random(seed)
    value: object = {"a": [1, "b"], "password": "9" * dice.randrange(30), "token": [9, {"x": "\\9"}], "n": {"jwt": 9.9}}
    for _ in range(dice.randrange(4)):
        value = ["event", True, json.dumps(value)] if dice.random() < 0.5 else {"ö": value, "secret": "9"}
    text = json.dumps(value)
    assert "9" not in mask.json(text[: int(len(text) * place)])


def test_json_is_masked_however_deep() -> None:
    deep = "[" * 100_000 + '{"token":"hunter2"}' + "]" * 100_000
    assert mask.json(deep) == deep.replace("hunter2", MASK)
    assert "hunter2" not in mask.json('{"token":' * 10_000 + '"hunter2"' + "}" * 10_000)


def test_what_is_in_strings_too_deep_to_be_looked_into_is_masked_as_a_whole() -> None:
    text = json.dumps({"token": "hunter2"})
    for level in range(LEVELS + 3):
        text = json.dumps([text, level])
        masked = mask.json(text)
        assert "hunter2" not in masked
        assert json.loads(masked)[1] == level


def test_a_private_id_is_a_secret_in_auth_alone() -> None:
    assert mask.handshake(Handshake(auth='{"pid":"abc","offset":"o"}')).auth == f'{{"pid":"{MASK}","offset":"o"}}'
    assert mask.handshake(Handshake(auth='{"p\\u0069d":"abc"}')).auth == f'{{"p\\u0069d":"{MASK}"}}'
    assert mask.json('["ps",{"pid":17}]') == '["ps",{"pid":17}]'


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("cookie: theme=dark; sessionid=HUNTER", "cookie: •"),
        ("INFO headers: Set-Cookie: a=b; auth=HUNTER\nnext", "INFO headers: Set-Cookie: •\nnext"),
        ("authorization: Token HUNTER", "authorization: •"),
        ("Authorization: Bearer HUNTER= ok", "Authorization: • ok"),
        ('Authorization: Digest username="u", response="HUNTER"', "Authorization: •"),
        ('Authorization: Token token="HUNTER", nonce="HUNTER"', "Authorization: •"),
        ("{'headers': {'Authorization': 'Token HUNTER'}, 'n': 1}", "{'headers': {'Authorization': '•'}, 'n': 1}"),
        ("curl -H 'x: Bearer abcdefHUNTER0123456' url", "curl -H 'x: Bearer •' url"),
        ("bearer of good news", "bearer of good news"),
        ("attach with --token HUNTER now", "attach with --token • now"),
        ("attach with --admin-token='HUNTER' now", "attach with --admin-token='•' now"),
        ("['run', '--token', 'HUNTER', '-v']", "['run', '--token', '•', '-v']"),
        ("run --token --verbose", "run --token --verbose"),
        ("the token was wrong", "the token was wrong"),
        ("GET /x?token=HUNTER&page=2", "GET /x?token=•&page=2"),
        ("GET /x?authorization=HUNTER&page=2", "GET /x?authorization=•&page=2"),
        ("POST user[password]=HUNTER&x=1", "POST user[password]=•&x=1"),
        ('got {\\"password\\":\\"HUNTER \\\\\\"HUNTER\\",\\"n\\":1}', 'got {\\"password\\":\\"•\\",\\"n\\":1}'),
        ('got {"token": ["HUNTER", {"x": "]HUNTER"}], "n": 1}', 'got {"token": •, "n": 1}'),
        ("token: [HUNTER\nnext", "token: •\nnext"),
        ("api key = HUNTER", "api key = •"),
        ("token-api key: HUNTER", "token-api key: •"),
        ("token => 'HUNTER', n => 1", "token => '•', n => 1"),
        ('PASSWORD="HUNT HUNTER"; x', 'PASSWORD="•"; x'),
        ("ßß Straße: passwd='HUNTER', x", "ßß Straße: passwd='•', x"),
    ],
)
def test_a_line_shows_what_is_no_secret(line: str, masked: str) -> None:
    assert mask.line(line) == masked.replace("•", MASK)


@given(st.text(), st.sampled_from(["api key", "APİ-KEY", "ACCESS_KEY", "Authorization", "ſecret", "toKen"]), st.text())
def test_a_name_is_found_in_any_company(before: str, name: str, after: str) -> None:
    text = json.dumps({before + name + after: "HUNTER2"})
    assert is_secret(name) == ("İ" not in name)
    assert not is_secret(name) or "HUNTER2" not in mask.json(text)


HOSTILE: dict[str, Callable[[int], str]] = {
    "a word before a name": lambda size: "a" * size + "token",
    "a key that is cut": lambda size: '["' + "a" * size + ' token":1',
    "names in a string": lambda size: '["chat","' + "token " * (size // 6) + '"]',
    "names in a word": lambda size: "token" * (size // 5),
    "names with dashes": lambda size: "--token-" * (size // 8),
    "spaces after names": lambda size: ("token" + " " * 40) * (size // 45),
    "many spaces": lambda size: "tokentoken" + " " * size + "x",
    "names and colons": lambda size: "token:" * (size // 6),
    "brackets that stay open": lambda size: "token=[" * (size // 7),
    "brackets that close": lambda size: "token=[] " * (size // 9),
    "quotes that stay open": lambda size: "token='" * (size // 7),
    "escaped quotes": lambda size: 'token=\\"' * (size // 8),
    "backslashes": lambda size: "token" + "\\" * size + "token",
    "quotes": lambda size: '"' * size + "token",
    "keys without values": lambda size: '{"token":' * (size // 9),
    "objects in secrets": lambda size: '{"token":{' * (size // 10),
    "open lists": lambda size: "[" * size + '{"token":1}',
    "escapes": lambda size: '["' + "\\u0070" * (size // 6) + '"]',
    "escaped backslashes": lambda size: '["' + "\\u005c" * (size // 6) + 'u0070"]',
    "quotes in strings": lambda size: '["' + '\\"token\\":' * (size // 10) + '"]',
    "strings in strings": lambda size: json.dumps(json.dumps(json.dumps('{"token":1}' * (size // 60)))),
    "headers": lambda size: "cookie: a\n" * (size // 10),
    "credentials": lambda size: "authorization: bearer " * (size // 22),
    "bearers": lambda size: "bearer " * (size // 7),
    "letters that fold to two": lambda size: "ß token" * (size // 7),
    "pairs": lambda size: "a=b&token=c&" * (size // 12),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "what", [mask.json, mask.line, lambda text: mask.url(f"/?{text}")], ids=["json", "line", "url"]
)
def test_masking_takes_time_in_proportion_to_the_text(
    what: Callable[[str], str], hostile: Callable[[int], str]
) -> None:
    """This thread's time alone, the least of a few, for sixteen times as much: 256 times that if it were squared."""

    def least(text: str) -> float:
        took = []
        for _ in range(5):
            start = time.thread_time()
            what(text)
            took.append(time.thread_time() - start)
        return min(took)

    assert least(hostile(32_000)) < 64 * max(least(hostile(2_000)), 20e-6)
