"""Secrets do not leave, and what is no secret stays as it was."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_core import records, redact
from server_core.redact import MASK, Redactor
from tests.support.make import Maker

SECRET = "hunter2-hunter2"
make = Maker()


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        (make.received("a", "login", {"user": "bob", "password": SECRET}), "bob"),
        (make.received("a", "login", {"deep": [{"apiKey": {"v": SECRET}}], "n": 1}), '\\"n\\":1'),
        (make.sent("token", {"access_token": SECRET}), "access_token"),
        (make(records.Log, stream="stdout", text=f"GET /x?token={SECRET}&page=2"), "page=2"),
        (make(records.Log, stream="stderr", text=f"Authorization: Bearer {SECRET} ok"), "ok"),
        (make(records.AttributeSet, socket="a", name="token", value=f'"{SECRET}"'), "token"),
        (make(records.AttributeSet, socket="a", name="user", value=f'{{"name":"bob","secret":"{SECRET}"}}'), "bob"),
        (make(records.Refused, engine="e", message="no", data=f'{{"password":"{SECRET}"}}'), "no"),
        (make(records.EventBlocked, socket="a", data='["go"]', message=f"token={SECRET} is wrong"), "is wrong"),
        (make(records.Log, stream="stderr", text=f"socketscope: attach with --token {SECRET}"), "attach with --token "),
        (make(records.EngineRefused, status=400, message="m", url=f"/socket.io/?EIO=4&token={SECRET}"), "EIO=4"),
        (
            make(
                records.Connecting,
                socket="a",
                engine="e",
                handshake=records.Handshake(
                    headers={"cookie": SECRET, "authorization": SECRET, "host": "h", "referer": f"/?token={SECRET}"},
                    query={"token": [SECRET, SECRET], "EIO": "4"},
                    auth=f'{{"token":"{SECRET}","name":"bob"}}',
                    url=f"/socket.io/?EIO=4&token={SECRET}",
                ),
            ),
            "bob",
        ),
        (
            make(
                records.Commanded,
                by="console",
                command=records.Emit(event="x", args=f'[{{"password":"{SECRET}"}}]'),
                result=records.CommandResult(
                    ok=True, acks=(records.Ack(socket="a", data=f'[{{"token":"{SECRET}"}}]'),)
                ),
            ),
            "console",
        ),
        (
            make(records.HandlerException, where="on 'x'", type="E", message=f"password={SECRET}", traceback="t"),
            "on 'x'",
        ),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_a_secret_is_masked_and_the_rest_kept(record: records.Record, kept: str) -> None:
    line = records.encode_lines([Redactor(b"key").record(record)]).decode()
    assert SECRET not in line
    assert kept in line
    assert MASK in line or "%E2%80%A2" in line


def test_equal_secrets_stay_equal_within_a_recording_and_differ_between_two() -> None:
    one, other = Redactor(b"one"), Redactor(b"other")
    assert one.value("a") == one.value("a") != one.value("b")
    assert one.value("a") != other.value("a")


@given(st.recursive(st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_what_holds_no_secret_is_untouched(value: object) -> None:
    text = msgspec.json.encode(["event", value, {"name": value}]).decode()
    assert redact.mask_text(text) is text


@given(st.text())
def test_any_text_is_masked_without_failing(text: str) -> None:
    redact.mask_text(text)
    redact.mask_line(text)
    redact.mask_url(text)


def test_a_payload_that_was_cut_is_masked_too() -> None:
    assert SECRET not in redact.mask_text(f'["login",{{"password":"{SECRET}')
