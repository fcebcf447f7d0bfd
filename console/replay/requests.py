"""HTTP steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from console.replay import model, values
from console.replay.outcome import NOTHING, Failed, StepResult, Unplayable
from console.replay.values import ANY, Value

if TYPE_CHECKING:
    from console.replay.play import Stage

#: Bytes of the largest answer that is looked at.
MAX_BODY = 16 * 1024 * 1024


async def request(stage: Stage, step: model.Http, result: StepResult) -> None:
    """Send a request and compare its answer; Failed."""
    url = urljoin(stage.url.rstrip("/") + "/", str(stage.resolve(step.url)))
    if urlsplit(url).scheme not in ("http", "https"):
        raise Unplayable(f"{url[:200]} is no URL of http or https")
    content: bytes | None = None
    headers = {name: values.plain(value) for name, value in stage.resolve(step.headers).items()}
    if step.json is not None:
        content = _encoded(stage.resolve(step.json))
        headers.setdefault("content-type", "application/json")
    elif step.body is not None:
        body = stage.resolve(step.body)
        content = body if isinstance(body, bytes) else values.plain(body).encode()
    query = {name: values.plain(value) for name, value in stage.resolve(step.query).items()}
    what = f"{step.method.upper()} {url}"
    timeout = stage.timeout(step)
    try:
        verify = url.startswith("https")  # without TLS, loading certificates takes long for nothing
        async with httpx.AsyncClient(timeout=timeout, trust_env=False, verify=verify) as client:
            answer = await client.request(
                step.method.upper(), url, content=content, headers=headers, params=query or None
            )
    except httpx.TimeoutException:
        raise Failed(f"{what} was not answered within {timeout:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        raise Failed(f"{what} failed: {str(error) or type(error).__name__}") from None
    if step.answer:
        result.recorded = _recorded(step.answer, answer)
        _compare(stage, step.answer, answer, what)


def _encoded(value: Value) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError) as error:
        raise Unplayable(f"the body is no JSON: {error}") from None


def _compare(stage: Stage, wanted: model.Answer, answer: httpx.Response, what: str) -> None:
    expected: dict[str, Any] = {}
    got: dict[str, Any] = {}
    if wanted.status is not ANY:
        expected["status"], got["status"] = stage.resolve(wanted.status), answer.status_code
    if wanted.json is not ANY:
        expected["json"], got["json"] = stage.resolve(wanted.json), _json(answer)
    if wanted.text is not ANY:
        expected["text"], got["text"] = stage.resolve(wanted.text), answer.text[:MAX_BODY]
    if wanted.headers:
        expected["headers"] = {name.lower(): stage.resolve(value) for name, value in wanted.headers.items()}
        got["headers"] = {name: answer.headers[name] for name in expected["headers"] if name in answer.headers}
    bound: dict[str, Value] = {}
    if why := stage.differs(expected, got, bound):
        if "status" in expected and "text" not in got:
            got["text"] = answer.text[:200]
        raise Failed(f"{what} was answered otherwise", expected=expected, got=got, differs=why)
    stage.scope.variables.update(bound)


def _recorded(wanted: model.Answer, answer: httpx.Response) -> dict[str, Any]:
    """What came, by the words that a script has for it."""
    found: dict[str, Any] = {"status": answer.status_code}
    if wanted.text is not ANY:
        found["text"] = answer.text[:MAX_BODY]
    elif (body := _json(answer)) is not NOTHING:
        found["json"] = body
    if wanted.headers:
        found["headers"] = {name: answer.headers[name] for name in wanted.headers if name in answer.headers}
    return found


def _json(answer: httpx.Response) -> Value:
    try:
        return msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return f"no JSON: {answer.text[:200]}" if answer.content else NOTHING
