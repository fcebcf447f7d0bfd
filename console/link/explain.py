"""Why an admin namespace can't be reached, in one line that says what to change."""

from __future__ import annotations

import asyncio

from console.link.admin import NotInstrumented
from console.wire.errors import Closed, Refused
from console.wire.target import Target

#: Seconds to look for the cause of a failure.
PATIENCE = 12.0


async def explain(error: BaseException, target: Target) -> str:
    """One line about an error of `AdminConnection.open`."""
    url, nsp = target.url, target.namespace
    if isinstance(error, NotInstrumented):
        return f"{error}: check --namespace, or call server_core.instrument(…) on the server"
    if isinstance(error, Refused):
        message = error.message
        if "namespace" in message.lower() or message == "Unable to connect":
            if old := await _old(target):
                return old
            return (
                f"{url} has no namespace {nsp}: the server is not instrumented (server_core.instrument, "
                "sio.instrument() or @socket.io/admin-ui), or its admin has another name (--namespace)"
            )
        how = "check --token" if "token" in target.auth else "check --user and --password"
        if not target.auth:
            how = "it wants --user and --password, or --token"
        return f"{url} refused the login to {nsp}: {message}: {how}"
    try:
        cause = await asyncio.wait_for(_look(target), PATIENCE)
    except TimeoutError:
        cause = ""
    if cause:
        return cause
    if isinstance(error, Closed):
        return f"{url} hung up on CONNECT to {nsp}: {error}: check its parser (--parser msgpack), and its log"
    text = str(error) or type(error).__name__
    return text if url in text else f"{url}: {text}"


async def _old(target: Target) -> str:
    """What there is to say when the server is of version 2, which knows our namespace as little."""
    from console.doctor.http import Http, identify

    http = Http(target.url, path=target.path, headers=target.headers, verify=target.tls or True)
    found = [finding async for finding in identify(http)]
    return next((f"{each.text}: {each.fix}" for each in found if each.step == "engine" and each.level == "error"), "")


async def _look(target: Target) -> str:
    """What the doctor finds first on the way to the server; "" when the way is free."""
    from console.doctor.http import Http, identify
    from console.doctor.reach import reach

    async for finding in reach(target.url, tls=target.tls):
        if finding.level == "error":
            return f"{finding.text}: {finding.fix}"
    http = Http(target.url, path=target.path, headers=target.headers, verify=target.tls or True)
    async for finding in identify(http):
        if finding.level == "error" or (finding.step == "polling" and target.transports[0] == "polling"):
            return f"{finding.text}: {finding.fix}"
    return ""
