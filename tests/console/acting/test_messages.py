"""Messages typed before."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from console.acting.messages import MAX_HISTORY, Draft, Messages

HELLO = Draft(event="news", args='["hello"]', to="lobby")


def test_they_are_there_the_next_time_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "messages.json"
    messages = Messages(path)
    messages.remember(HELLO, {})
    assert messages.save("greeting", HELLO, {}) == "✓ greeting is saved"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Messages(path)
    assert again.history == [HELLO]
    assert again.saved == {"greeting": HELLO}
    again.forget("greeting")
    again.forget(HELLO)
    assert Messages(path).history == []
    assert Messages(path).saved == {}


def test_one_sent_again_is_the_latest_and_the_oldest_go(tmp_path: Path) -> None:
    messages = Messages(tmp_path / "messages.json")
    for number in range(MAX_HISTORY + 5):
        messages.remember(Draft(event=f"e{number}"), {})
    messages.remember(Draft(event="e100"), {})
    assert len(messages.history) == MAX_HISTORY
    assert [draft.event for draft in messages.history[-2:]] == [f"e{MAX_HISTORY + 4}", "e100"]


def test_secrets_stay_in_this_session(tmp_path: Path) -> None:
    path = tmp_path / "messages.json"
    messages = Messages(path)
    typed = Draft(event="login", args='[{"password": "t0p"}]')
    edited = Draft(event="login", args='["••••••1"]')
    messages.remember(typed, {})
    messages.remember(edited, {"••••••1": "t0p"})
    assert messages.secrets_of(edited) == {"••••••1": "t0p"}
    assert "until the console ends" in messages.save("login", typed, {})
    assert b"t0p" not in path.read_bytes()
    assert Messages(path).history == []


@pytest.mark.parametrize("content", [b"{", b'{"history": 7}', b"\xff", b"[" * 10_000])
def test_a_damaged_file_is_said_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "messages.json"
    path.write_bytes(content)
    messages = Messages(path)
    assert "is damaged" in messages.problem
    messages.remember(HELLO, {})
    assert messages.history == [HELLO]
    assert "saved for now" in messages.save("greeting", HELLO, {})
    assert path.read_bytes() == content


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    messages = Messages(tmp_path / "file" / "messages.json")
    messages.remember(HELLO, {})
    assert "not remembered" in messages.problem
    assert messages.history == [HELLO]
