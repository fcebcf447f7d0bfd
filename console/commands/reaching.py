"""The options of whatever reaches a server that runs already, and the targets that come of them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

import click

if TYPE_CHECKING:
    from console.wire.target import Target

F = TypeVar("F", bound=Callable[..., Any])

_NAMES = ("user", "password", "token", "namespace", "path", "transport", "parser", "insecure", "headers")
#: The exit code of a question that was not answered: that of SIGINT.
INTERRUPTED = 130
#: The environment variables that stand for options.
PASSWORD, TOKEN = "SOCKETSCOPE_PASSWORD", "SOCKETSCOPE_TOKEN"


def connecting(command: F) -> F:
    """Options of the connection itself."""
    options = (
        click.option("--path", default=None, metavar="PATH", help="Path of Socket.IO.  [default: /socket.io/]"),
        click.option(
            "--transport",
            type=click.Choice(["websocket", "polling"]),
            default=None,
            help="How to connect.  [default: websocket]",
        ),
        click.option("--parser", type=click.Choice(["default", "msgpack"]), default=None, help="The server's parser."),
        click.option("--insecure", is_flag=True, help="Take any TLS certificate, a self-signed one too."),
        click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="An HTTP header to send."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def reaching(command: F) -> F:
    """Give a command the options to reach an admin namespace; `take_targets` takes them out again."""
    options = (
        click.option("-u", "--user", metavar="NAME", help="User name of the admin."),
        click.option(
            "--password", metavar="TEXT", help=f"Its password; asked for when there is none here nor in ${PASSWORD}."
        ),
        click.option("--token", metavar="TEXT", help=f"A token in place of a name and password; also ${TOKEN}."),
        click.option("-n", "--namespace", default=None, metavar="NAME", help="The admin's.  [default: /admin]"),
    )
    command = connecting(command)
    for option in reversed(options):
        command = option(command)
    return command


def take_targets(urls: Sequence[str], options: dict[str, Any]) -> list[Target]:
    """The servers that URLs and options name, the options taken out; UsageError for what can't be."""
    given = {name: options.pop(name, None) for name in _NAMES}
    named = named_targets() if urls else {}
    targets = []
    for url in dict.fromkeys(urls):
        if url in named:
            theirs, more = _parse(url, named[url])
            # what the command line says comes first
            merged = {name: given[name] or more[name] for name in _NAMES}
            if given["user"] or given["token"]:
                merged |= {name: given[name] for name in ("user", "password", "token")}
            targets += [_target(each, merged) for each in theirs]
        else:
            targets.append(_target(url, given))
    return targets


def named_targets() -> dict[str, str]:
    """The servers that the config file names."""
    from console.config.error import ConfigError
    from console.config.load import load

    try:
        return load().settings.targets
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def _parse(name: str, text: str) -> tuple[list[str], dict[str, Any]]:
    """The URLs and options of a named server, written as on the command line."""

    @click.command()
    @click.argument("urls", nargs=-1, required=True)
    @reaching
    def named(**_options: Any) -> None: ...

    try:
        context = named.make_context(name, shlex.split(text))
    except (click.ClickException, ValueError) as error:
        what = error.format_message() if isinstance(error, click.ClickException) else str(error)
        raise click.UsageError(f"the config file's target {name!r}: {what}") from error
    except click.exceptions.Exit:
        raise click.UsageError(f"the config file's target {name!r} is no server") from None
    urls = context.params.pop("urls")
    return list(urls), context.params


def _target(url: str, given: dict[str, Any]) -> Target:
    from console.wire.target import ADMIN, Target

    url, user, password = split_url(url)
    user = given["user"] or user
    token = given["token"] or ("" if user else os.environ.get(TOKEN, ""))
    if given["user"] and given["token"]:
        raise click.UsageError("--user and --token are two ways to log in: give one")
    auth = {"token": token} if token else {}
    if user:
        auth = {"username": user, "password": _password(given, password, user, url)}
    elif given["password"]:
        raise click.UsageError("--password needs --user")
    transport = given["transport"] or "websocket"
    namespace = given["namespace"] or ADMIN
    return Target(
        url=url,
        namespace=namespace if namespace.startswith("/") else f"/{namespace}",
        path=given["path"] or "/socket.io/",
        auth=auth,
        transports=(transport,),
        headers=_headers(given["headers"] or ()),
        msgpack=given["parser"] == "msgpack",
        insecure=bool(given["insecure"]),
    )


def _password(given: dict[str, Any], in_url: str, user: str, url: str) -> str:
    found = given["password"] or in_url or os.environ.get(PASSWORD, "")
    if found:
        return str(found)
    if not sys.stdin.isatty():
        raise click.UsageError(f"--user needs a password: --password, or ${PASSWORD} where there is no terminal to ask")
    try:
        given["password"] = click.prompt(f"Password of {user} at {url}", hide_input=True, err=True)
    except click.Abort:
        sys.exit(INTERRUPTED)
    return str(given["password"])


def split_url(url: str) -> tuple[str, str, str]:
    """A server's URL alone, and the user and password in it; UsageError when it is none."""
    text = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise click.UsageError(f"{url!r} is no URL: {error}") from error
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError(f"{url!r} is no URL of a server: write it as http://host:port")
    if parts.path not in ("", "/") or parts.query:
        raise click.UsageError(
            f"{url!r} has a path: give the server's URL alone, the path with --path, the namespace with --namespace"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = f"{host}:{port}" if port else host
    return urlunsplit((scheme, netloc, "", "", "")), unquote(parts.username or ""), unquote(parts.password or "")


def _headers(pairs: Sequence[str]) -> dict[str, str]:
    headers = {}
    for pair in pairs:
        name, colon, value = pair.partition(":")
        if not colon or not name.strip() or not pair.isprintable():
            raise click.UsageError(f"{pair!r} is no header: write it as NAME:VALUE")
        headers[name.strip().lower()] = value.strip()
    return headers
