"""The JSON Schema of scripts, for editors. Made from the tables of the parser, so that the two agree."""

from __future__ import annotations

from typing import Any

from console.replay import model, parse, steps

_Schema = dict[str, Any]

_ANY: _Schema = {}
_TEXT: _Schema = {"type": "string"}
_FLAG: _Schema = {"type": "boolean"}
_DURATION: _Schema = {"type": ["string", "number"], "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|h)?\s*$", "minimum": 0}
_MAP: _Schema = {"type": "object"}
_NAMES: _Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_EVENT: _Schema = {
    "description": "[event, arguments…], or the event alone",
    "anyOf": [{"type": "array", "minItems": 1}, {"type": "string", "minLength": 1}],
}
_TRANSPORTS: _Schema = {
    "type": "array",
    "items": {"enum": list(steps.TRANSPORTS)},
    "minItems": 1,
    "uniqueItems": True,
}
_EACH: _Schema = {"anyOf": [{"type": "array", "minItems": 1}, {"type": "string", "minLength": 1}]}
_NAME = "^[A-Za-z_][A-Za-z0-9_-]*$"


def _object(properties: _Schema, *required: str, or_null: bool = False) -> _Schema:
    made: _Schema = {
        "type": ["object", "null"] if or_null else "object",
        "properties": properties,
        "additionalProperties": False,
    }
    return {**made, "required": list(required)} if required else made


def _count(least: int) -> _Schema:
    return {"type": "integer", "minimum": least}


_ARGUMENTS: dict[str, _Schema] = {
    "connect": _object(
        {
            "auth": {"type": ["object", "null", "string"]},
            "query": _MAP,
            "headers": _MAP,
            "transports": _TRANSPORTS,
            "namespace": _TEXT,
            "path": _TEXT,
            "over": _TEXT,
        },
        or_null=True,
    ),
    "emit": _EVENT,
    "expect": _EVENT,
    "expect-ack": _object({"id": _TEXT, "values": _ANY}, "id"),
    "never": _object({"event": _ANY, "args": {"type": "array"}, "for": _DURATION}, "event", "for"),
    "allow": _EVENT,
    "nothing-else": _object({"for": _DURATION, "except": _NAMES}, or_null=True),
    "expect-disconnect": _object({"reason": _ANY}, or_null=True),
    "expect-transport": {"enum": list(steps.TRANSPORTS)},
    "disconnect": _object({"close": _FLAG}, or_null=True),
    "drop": _object({"close": _FLAG}, or_null=True),
}
_BESIDE: dict[str, _Schema] = {
    "after": _DURATION,
    "within": _DURATION,
    "expect-refused": _object({"message": _ANY, "data": _ANY}, or_null=True),
    "ack": {"description": "What the ack must be: its values, or $any"},
    "id": {"type": "string", "description": "A name for the ack, for expect-ack"},
    "nth": _count(1),
    "strict": _FLAG,
    "reply": {"type": "array"},
}


def schema() -> _Schema:
    """The schema, as JSON values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Socketscope replay script",
        "type": "object",
        "properties": {
            "sio": {"const": 1},
            "target": _TEXT,
            "defaults": _defaults(),
            "vars": {"$ref": "#/$defs/vars"},
            "cases": {"type": "array", "items": {"$ref": "#/$defs/case"}},
            "steps": {"$ref": "#/$defs/steps"},
        },
        "required": ["sio"],
        "additionalProperties": False,
        "oneOf": [{"required": ["cases"]}, {"required": ["steps"]}],
        "$defs": {
            "vars": {"type": "object", "propertyNames": {"pattern": _NAME}},
            "case": _object(
                {
                    "name": {"type": "string", "minLength": 1},
                    "tags": _NAMES,
                    "vars": {"$ref": "#/$defs/vars"},
                    "unexpected": {"enum": ["ignore", "fail"]},
                    "steps": {"$ref": "#/$defs/steps"},
                },
                "name",
                "steps",
            ),
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
            "body": _body(),
            "step": _step(),
            "http": _http(),
            "console": _console(),
        },
    }


def _defaults() -> _Schema:
    return _object(
        {
            "timeout": _DURATION,
            "namespace": _TEXT,
            "path": _TEXT,
            "transports": _TRANSPORTS,
            "query": _MAP,
            "headers": _MAP,
            "unexpected": {"enum": ["ignore", "fail"], "default": model.Defaults().unexpected},
            "except": _NAMES,
        },
        or_null=True,
    )


def _body() -> _Schema:
    """What a client does, with what stands beside it."""
    return {
        "oneOf": [_object({word: _ARGUMENTS[word], **_beside(verb.beside)}, word) for word, verb in steps.VERBS.items()]
    }


def _beside(names: tuple[str, ...]) -> _Schema:
    return {name: _BESIDE[name] for name in (*names, "after", "within")}


def _step() -> _Schema:
    """A step: what begins it decides what may stand beside it."""
    always = _beside(())
    shared = [
        _object(
            {"each": {"type": "array", "minItems": 1}, word: _ARGUMENTS[word], **_beside(verb.beside)}, "each", word
        )
        for word, verb in steps.VERBS.items()
        if verb.shared
    ]
    return {
        "anyOf": [
            *shared,
            _object({"http": {"$ref": "#/$defs/http"}, **always}, "http"),
            _object({"console": {"$ref": "#/$defs/console"}, **always}, "console"),
            _object({"wait": _DURATION, **always}, "wait"),
            _object({"parallel": {"type": "object", "additionalProperties": _lane()}, **always}, "parallel"),
            _object({"repeat": _repeat(), "steps": {"$ref": "#/$defs/steps"}, **always}, "repeat", "steps"),
            _object({"repeat": {"type": "object", "required": ["steps"], **_repeat()}, **always}, "repeat"),
            _object({"include": _TEXT, "vars": {"$ref": "#/$defs/vars"}, **always}, "include"),
            _actor(),
        ]
    }


def _lane() -> _Schema:
    return {
        "type": "array",
        "items": {
            "anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("body", "http", "console", "step")],
        },
    }


def _actor() -> _Schema:
    """`{alice: {emit: …}, ack: …}`: one key that is no word of the format."""
    words = "|".join(sorted(parse.RESERVED))
    return {
        "type": "object",
        "properties": {name: _BESIDE[name] for name in sorted(steps.MODIFIERS)},
        "patternProperties": {rf"^(?!(?:{words})$)[A-Za-z_][A-Za-z0-9_-]*$": {"$ref": "#/$defs/body"}},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _repeat() -> _Schema:
    options = {
        "times": _count(0),
        "actors": _count(1),
        "ramp": _DURATION,
        "allow-errors": _count(0),
        "steps": {"$ref": "#/$defs/steps"},
    }
    return {"anyOf": [_count(0), _object(options)]}


def _http() -> _Schema:
    answer = _object({"status": _ANY, "json": _ANY, "text": _ANY, "headers": _MAP}, or_null=True)
    options = {"json": _ANY, "body": _ANY, "headers": _MAP, "query": _MAP, "expect": answer}
    return {
        **_object({**dict.fromkeys(steps.METHODS, _TEXT), **options}),
        "oneOf": [{"required": [method]} for method in steps.METHODS],
    }


def _console() -> _Schema:
    words = {**steps.COMMANDS, **steps.LOOKS}
    return {"oneOf": [_object({word: _ANY, **dict.fromkeys(beside, _ANY)}, word) for word, beside in words.items()]}
