"""Servers by URL and by name, and how one gets into them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from console.commands.reaching import split_url, take_targets
from console.wire.target import Target


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config file of the test's own."""
    file = tmp_path / "config.toml"
    monkeypatch.setattr("console.places.config_file", lambda: file)
    for name in ("SOCKETSCOPE_PASSWORD", "SOCKETSCOPE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return file


def targets(*urls: str, **options: Any) -> list[Target]:
    return take_targets(urls, options)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("localhost:3000", "http://localhost:3000"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("ws://localhost", "http://localhost"),
        ("wss://chat.example.com", "https://chat.example.com"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_urls(written: str, url: str) -> None:
    assert split_url(written) == (url, "", "")


@pytest.mark.parametrize(
    "written", ["", "ftp://x", "http://", "http://x:99999", "http://x/path", "http://x?y=1", "http://[x"]
)
def test_what_is_no_url(written: str) -> None:
    with pytest.raises(click.UsageError, match=r"URL|path"):
        split_url(written)


def test_logins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert targets("x:1", user="a", password="b")[0].auth == {"username": "a", "password": "b"}
    assert targets("http://a:b%40@x:1")[0] == Target(url="http://x:1", auth={"username": "a", "password": "b@"})
    assert targets("x:1", token="t")[0].auth == {"token": "t"}
    monkeypatch.setenv("SOCKETSCOPE_PASSWORD", "from env")
    assert targets("x:1", user="a")[0].auth["password"] == "from env"
    monkeypatch.setenv("SOCKETSCOPE_TOKEN", "tok")
    assert targets("x:1")[0].auth == {"token": "tok"}
    assert targets("x:1", user="a")[0].auth["username"] == "a"
    with pytest.raises(click.UsageError, match="--password needs --user"):
        targets("x:1", password="b")


def test_the_rest_of_the_options() -> None:
    (target,) = targets(
        "https://x",
        namespace="watch",
        path="/ws/",
        transport="polling",
        parser="msgpack",
        insecure=True,
        headers=("X-One: 1", "cookie:a=b"),
    )
    assert target == Target(
        url="https://x",
        namespace="/watch",
        path="/ws/",
        transports=("polling",),
        msgpack=True,
        insecure=True,
        headers={"x-one": "1", "cookie": "a=b"},
    )


def test_a_name_of_the_config_file_stands_for_servers(config: Path) -> None:
    config.write_text(
        '[targets]\nstaging = "https://chat.example.com --user admin --password p --path /ws/ -H x:y"\n'
        'cluster = "http://a:1 http://b:2 --token t"\nbroken = "--user"\nodd = "http://x --no-such"\n'
    )
    (staging,) = targets("staging")
    assert staging == Target(
        url="https://chat.example.com", auth={"username": "admin", "password": "p"}, path="/ws/", headers={"x": "y"}
    )
    assert [each.url for each in targets("cluster")] == ["http://a:1", "http://b:2"]
    assert targets("staging", token="other")[0].auth == {"token": "other"}
    assert targets("staging", path="/elsewhere/")[0].path == "/elsewhere/"
    for name in ("broken", "odd"):
        with pytest.raises(click.UsageError, match=f"target '{name}'"):
            targets(name)
    assert targets("unnamed")[0].url == "http://unnamed"
    config.write_text("targets = 5\n")
    with pytest.raises(click.UsageError, match="targets"):
        targets("staging")
