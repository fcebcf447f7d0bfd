"""Writing a script: what `parse` reads back as the same."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from console.replay import model, values
from console.replay.fields import duration
from console.replay.model import Case, Defaults, Script, Step
from console.replay.values import ANY, Value

#: Texts that need no quotes, whatever stands around them.
_PLAIN = re.compile(r"[A-Za-z$/][A-Za-z0-9_./$-]*(?: [A-Za-z0-9_./$-]+)*|\d+(?:\.\d+)?m?s")
#: What YAML 1.1 or 1.2 takes for something else.
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"})
#: Characters that a quoted text can't hold as they are.
_HIDDEN = re.compile(
    "[^\\x20-\\x7e\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010fffd]|[\\u2028\\u2029]"
)
#: Past it a key needs YAML's long form.
_LONG_KEY = 120
#: Names past which `each` has them as one text.
_MANY = 8
_WIDTH = 118


def script(script: Script) -> str:
    """The text of a script."""
    lines = ["sio: 1"]
    if script.target != "":
        lines.append(f"target: {flow(script.target)}")
    if defaults := _defaults(script.defaults):
        lines.append(f"defaults: {flow(defaults)}")
    lines += _vars(script.vars, "")
    if script.steps:
        lines.append("steps:")
        lines += _steps(script.steps, "  ")
    else:
        lines.append("cases:" if script.cases else "cases: []")
        for case in script.cases:
            lines += _case(case)
    return "\n".join(lines) + "\n"


def step(step: Step) -> str:
    """A step as one line, those within it left out."""
    match step:
        case model.Parallel():
            return f"parallel: {', '.join(step.lanes)}"
        case model.Repeat():
            return f"repeat: {flow(_repeat(step))}"
    return flow_map(_step(step))[1:-1]


def _case(case: Case) -> list[str]:
    lines = [f"  - name: {flow(Plain(case.name))}"]
    if case.tags:
        lines.append(f"    tags: {flow([Plain(tag) for tag in case.tags])}")
    lines += _vars(case.vars, "    ")
    if case.unexpected:
        lines.append(f"    unexpected: {case.unexpected}")
    lines.append("    steps:" if case.steps else "    steps: []")
    return lines + _steps(case.steps, "      ")


def _vars(variables: dict[str, Value], indent: str) -> list[str]:
    if not variables:
        return []
    return [f"{indent}vars:", *(f"{indent}  {key(name)}: {flow(value)}" for name, value in variables.items())]


def _steps(steps: tuple[Step, ...], indent: str) -> list[str]:
    lines: list[str] = []
    for each in steps:
        lines += _item(each, indent)
    return lines


def _item(each: Step, indent: str, lane: str = "") -> list[str]:
    beside = _beside(each)
    match each:
        case model.Parallel():
            lines = [f"{indent}- parallel:" if each.lanes else f"{indent}- parallel: {{}}"]
            for name, steps in each.lanes.items():
                lines.append(f"{indent}    {key(name)}:" if steps else f"{indent}    {key(name)}: []")
                for one in steps:
                    lines += _item(one, indent + "      ", name)
            return lines + [f"{indent}  {name}: {flow(value)}" for name, value in beside.items()]
        case model.Repeat():
            lines = [f"{indent}- repeat: {flow(_repeat(each))}"]
            lines += [f"{indent}  {name}: {flow(value)}" for name, value in beside.items()]
            lines.append(f"{indent}  steps:" if each.steps else f"{indent}  steps: []")
            for one in each.steps:
                lines += _item(one, indent + "    ")
            return lines
    made = _step(each)
    if lane in ("http", "console") and lane in made and not beside:
        return [f"{indent}- {flow_map(made[lane])}"]
    if lane and each.actors == (lane,):
        body = made.pop(lane)
        return [f"{indent}- {_wrapped(body | made, indent)}"]
    return [f"{indent}- {_wrapped(made, indent)}"]


def _wrapped(made: dict[str, Any], indent: str) -> str:
    """A step on one line, or a line for each of its keys."""
    if len(made) == 1:
        ((name, value),) = made.items()
        return f"{key(name)}: {flow(value)}"
    whole = flow_map(made)
    if len(whole) + len(indent) <= _WIDTH:
        return whole
    return f"\n{indent}  ".join(f"{key(name)}: {flow(value)}" for name, value in made.items())


def _beside(step: Step) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if step.within is not None:
        made["within"] = Plain(duration(step.within))
    if step.after:
        made["after"] = Plain(duration(step.after))
    return made


class Nothing:
    """A verb that needs no more than its name."""


NONE = Nothing()


class Names(str):
    """Names of actors, as one text."""

    __slots__ = ()


class Plain(str):
    """A text of the format itself, in which `$` has no meaning."""

    __slots__ = ()


def _step(step: Step) -> dict[str, Any]:
    """A step as the map that stands for it."""
    beside = _beside(step)
    match step:
        case model.Wait():
            return {"wait": Plain(duration(step.seconds)), **beside}
        case model.Http():
            return {"http": _http(step), **beside}
        case model.Console():
            return {"console": _console(step), **beside}
        case model.ExpectSocket():
            return {"console": _expect_socket(step), **beside}
        case model.ExpectRecord():
            if step.kind == "exception":
                return {"console": {"expect-exception": step.fields}, **beside}
            return {"console": {"expect-record": {"kind": Plain(step.kind), **step.fields}}, **beside}
        case model.Include():
            made: dict[str, Any] = {"include": Plain(step.path), **beside}
            return {**made, "vars": step.vars} if step.vars else made
    body, more = _verb(step)
    who = step.actors
    if len(who) == 1:
        return {who[0]: {step.verb: body}, **more, **beside}
    names = Names(" ".join(who)) if len(who) > _MANY else [Plain(name) for name in who]
    return {"each": names, step.verb: body, **more, **beside}


def _verb(step: Step) -> tuple[Any, dict[str, Any]]:
    """What stands under a client's verb, and beside it."""
    match step:
        case model.Connect():
            return _connect(step)
        case model.Emit():
            more = {} if step.ack is None else {"ack": step.ack}
            return step.values, {**more, **({"id": Plain(step.id)} if step.id else {})}
        case model.Expect():
            more = {"nth": step.nth} if step.nth else {}
            more |= {"strict": True} if step.strict else {}
            return step.values, more if step.reply is None else {**more, "reply": step.reply}
        case model.ExpectAck():
            body: dict[str, Any] = {"id": Plain(step.id)}
            return body if step.values is ANY else {**body, "values": step.values}, {}
        case model.Never():
            arguments = {} if step.args is None else {"args": step.args}
            return {"event": step.event, **arguments, "for": Plain(duration(step.span))}, {}
        case model.Allow():
            return step.values, {}
        case model.NothingElse():
            body = {"for": Plain(duration(step.span))} if step.span else {}
            return body | ({"except": [Plain(name) for name in step.exempt]} if step.exempt else {}) or NONE, {}
        case model.ExpectDisconnect():
            return NONE if step.reason is ANY else {"reason": step.reason}, {}
        case model.ExpectTransport():
            return Plain(step.transport), {}
        case model.Disconnect() | model.Drop():
            return {"close": True} if step.close else NONE, {}
    return NONE, {}


def _connect(step: model.Connect) -> tuple[dict[str, Any], dict[str, Any]]:
    body: dict[str, Any] = {}
    if step.auth is not None:
        body["auth"] = step.auth
    for name in ("query", "headers", "namespace", "path"):
        if value := getattr(step, name):
            body[name] = value
    if step.transports:
        body["transports"] = [Plain(name) for name in step.transports]
    if step.over:
        body["over"] = Plain(step.over)
    if step.refusal is None:
        return body, {}
    refusal = {"message": step.refusal.message, "data": step.refusal.data}
    return body, {"expect-refused": {name: value for name, value in refusal.items() if value is not ANY}}


def _http(step: model.Http) -> dict[str, Any]:
    made: dict[str, Any] = {step.method: step.url}
    for name in ("json", "body"):
        if (value := getattr(step, name)) is not None:
            made[name] = value
    made |= {name: value for name in ("headers", "query") if (value := getattr(step, name))}
    if answer := step.answer:
        wanted = {name: value for name in ("status", "json", "text") if (value := getattr(answer, name)) is not ANY}
        made["expect"] = wanted | ({"headers": answer.headers} if answer.headers else {})
    return made


def _console(step: model.Console) -> dict[str, Any]:
    made: dict[str, Any]
    match step.command:
        case "emit":
            made = {"emit": step.values, "to": step.rooms, "except": step.except_, "sender": step.sender}
        case "simulate":
            made = {"simulate": step.values, "socket": step.sockets}
        case "set":
            made = {"set": step.attributes, "socket": step.sockets}
        case "delete":
            made = {"delete": [Plain(name) for name in step.attributes], "socket": step.sockets}
        case "join" | "leave":
            made = {step.command: step.sockets, "rooms": step.rooms}
        case _:
            made = {step.command: step.sockets}
    first, *others = made.items()
    made = dict([first, *((name, value) for name, value in others if value is not None)])
    if step.command in ("join", "leave"):
        made["rooms"] = step.rooms
    if step.ack is not None:
        made["ack"] = step.ack
    if step.namespace:
        made["namespace"] = step.namespace
    if step.close:
        made["close"] = True
    return made


def _expect_socket(step: model.ExpectSocket) -> dict[str, Any]:
    if step.gone:
        return {"expect-gone": step.socket}
    made: dict[str, Any] = {"expect-socket": step.socket}
    if step.rooms is not None:
        made["rooms"] = step.rooms
    return made | ({"attributes": step.attributes} if step.attributes else {})


def _repeat(step: model.Repeat) -> Any:
    if not (step.clients or step.ramp or step.allowed_errors):
        return step.times
    made: dict[str, Any] = {"times": step.times} if step.times != 1 else {}
    made |= {"actors": step.clients} if step.clients else {}
    made |= {"ramp": Plain(duration(step.ramp))} if step.ramp else {}
    return made | ({"allow-errors": step.allowed_errors} if step.allowed_errors else {})


def _defaults(defaults: Defaults) -> dict[str, Any]:
    plain = Defaults()
    made: dict[str, Any] = {}
    if defaults.timeout != plain.timeout:
        made["timeout"] = Plain(duration(defaults.timeout))
    for name in ("namespace", "path", "query", "headers"):
        if (value := getattr(defaults, name)) != getattr(plain, name):
            made[name] = value
    if defaults.transports != plain.transports:
        made["transports"] = [Plain(name) for name in defaults.transports]
    if defaults.unexpected != plain.unexpected:
        made["unexpected"] = Plain(defaults.unexpected)
    if defaults.exempt:
        made["except"] = [Plain(name) for name in defaults.exempt]
    return made


# values


def flow(value: Value) -> str:
    """A value in YAML's flow style, on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Names():
            return str(value)
        case Plain():
            return _text(value)
        case str() | values.Ref() | values.Template() | values.Anything() | values.Missing():
            return _text(values.to_text(value))
        case int():
            return str(value)
        case float():
            return _float(value)
        case bytes():
            return f"!b64 {_text(base64.b64encode(value).decode())}"
        case list() | tuple():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            return flow_map(value)
        case Nothing():
            return ""
        case values.OfType(name):
            return f"!type {name}"
        case values.Regex(pattern):
            return f"!re {json.dumps(pattern) if pattern.isascii() else _quoted(pattern)}"
        case values.Subset(inner):
            return f"!sub {flow(inner)}"
        case values.Bind(name):
            return f"!bind {name}"
    raise TypeError(f"{type(value).__name__} is no value of a script")


def flow_map(value: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key(name)}: {flow(item)}" for name, item in value.items()) + "}"


def key(name: str) -> str:
    text = _text(name)
    return text if len(text) <= _LONG_KEY else f"? {text} "


def _float(value: float) -> str:
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")  # YAML's number needs the point
    return text


def _text(text: str) -> str:
    if len(text) < _WIDTH and _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isascii() and "\x7f" not in quoted else _HIDDEN.sub(_escape, quoted)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
