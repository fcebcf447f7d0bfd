"""The way to the server: its name, its port, TLS."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from console.doctor.finding import Finding, error, note, ok, warning

#: Seconds for each step.
PATIENCE = 5.0


async def reach(url: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Finding]:
    """Resolve the host, connect, and shake hands; ends with the first error."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    try:
        port = parts.port or (443 if secure else 80)
    except ValueError as problem:
        yield error("url", f"{url}: {problem}", "write it as http://host:port")
        return
    try:
        addresses = await asyncio.wait_for(_resolve(host, port), PATIENCE)
    except TimeoutError:
        yield error("dns", f"{host} was not resolved within {PATIENCE:.0f} s", "check the network and its name server")
        return
    except OSError as problem:
        yield error("dns", f"{host} is not known: {problem.strerror or problem}", "check the host's name")
        return
    if not _is_address(host):
        yield ok("dns", f"{host} is {', '.join(addresses)}")
    reached = ""
    trouble: list[str] = []
    for address in addresses:
        try:
            await _connect(address, port)
        except TimeoutError:
            trouble.append(f"{address} did not answer within {PATIENCE:.0f} s")
        except OSError as problem:
            refused = problem.errno == errno.ECONNREFUSED
            trouble.append(f"{address} refuses" if refused else f"{address}: {problem.strerror or problem}")
        else:
            reached = reached or address
    if not reached:
        listening = "nothing listens" if trouble[0].endswith("refuses") else trouble[0]
        silent = "answer" in trouble[0]
        fix = (
            "check the port, and the firewall between here and there"
            if silent
            else "start the server, or check the port"
        )
        yield error("tcp", f"{listening} at {host}:{port}", fix)
        return
    yield ok("tcp", f"{reached}:{port} accepts connections")
    if trouble:
        yield warning("tcp", trouble[0], f"clients try it too: listen there, or use {reached} in place of {host}")
    if secure:
        async for finding in _shake_hands(host, port, reached, tls):
            yield finding
    elif await _speaks_tls(reached, port):
        yield error("tls", f"{host}:{port} expects TLS, and the URL begins with http", f"use https://{host}:{port}")


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, host)
            return True
    return False


async def _connect(address: str, port: int, **options: object) -> None:
    async with asyncio.timeout(PATIENCE):
        _, writer = await asyncio.open_connection(address, port, **options)  # type: ignore[arg-type]
    await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
        await asyncio.wait_for(writer.wait_closed(), 1)


async def _shake_hands(host: str, port: int, address: str, tls: ssl.SSLContext | None) -> AsyncIterator[Finding]:
    try:
        await _connect(address, port, ssl=tls or ssl.create_default_context(), server_hostname=host)
    except ssl.SSLCertVerificationError as problem:
        name = problem.verify_message or str(problem)
        yield error("tls", f"the certificate of {host}:{port} is not trusted: {name}", _certificate_fix(name))
    except ssl.SSLError as problem:
        reason = (problem.reason or str(problem)).replace("_", " ").lower()
        if "wrong version" in reason or "record layer" in reason or "http request" in reason:
            yield error("tls", f"{host}:{port} does not speak TLS", f"use http://{host}:{port}")
        else:
            yield error(
                "tls", f"TLS with {host}:{port} failed: {reason}", "check the server's TLS versions and ciphers"
            )
    except TimeoutError:
        yield error("tls", f"{host}:{port} did not answer TLS within {PATIENCE:.0f} s", f"try http://{host}:{port}")
    except OSError as problem:
        yield error("tls", f"{host}:{port} hung up on TLS: {problem.strerror or problem}", f"try http://{host}:{port}")
    else:
        if tls is not None and tls.verify_mode == ssl.CERT_NONE:
            yield note("tls", "TLS works; the certificate was not checked (--insecure)")
        else:
            yield ok("tls", "TLS works, and the certificate is trusted")


def _certificate_fix(problem: str) -> str:
    problem = problem.lower()
    if "expired" in problem:
        return "renew the certificate"
    if "hostname" in problem or "ip address" in problem:
        return "use the name that the certificate is for"
    return "use --insecure for a self-signed one; clients need its authority (Node: NODE_EXTRA_CA_CERTS)"


async def _speaks_tls(address: str, port: int) -> bool:
    """Whether it wants TLS: a server that does hangs up on plain HTTP, or answers with an alert."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: socketscope\r\nConnection: close\r\n\r\n")
                first = await reader.read(5)
            finally:
                await _close(writer)
    except (OSError, TimeoutError):
        return False
    if first.startswith(b"HTTP"):
        return False
    try:
        await _connect(address, port, ssl=context, server_hostname=address)
    except (OSError, TimeoutError, ssl.SSLError):
        return False
    return True
