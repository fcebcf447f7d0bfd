"""Reading the steps of a script, each verb by its own function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from console.replay import fields, model, nodes, values
from console.replay.fields import Fields, suggestion
from console.replay.model import Step
from console.replay.nodes import Node, ScriptError
from console.replay.values import ANY, Value

TRANSPORTS = ("polling", "websocket")
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
#: A script can't loop for ever.
MAX_TIMES = 1_000_000
MAX_CLIENTS = 10_000

#: Keys that may stand beside any verb.
_ALWAYS = ("after", "within")


class Read(NamedTuple):
    """What a verb's function gets: who acts, the verb's value, and what stands beside it."""

    actors: tuple[str, ...]
    node: Node
    beside: Fields

    @property
    def actor(self) -> str:
        return self.actors[0]

    @property
    def common(self) -> dict[str, Any]:
        """The fields of every step."""
        after, within = self.beside.seconds("after", 0.0), self.beside.seconds("within")
        return {"at": self.node.place, "after": after, "within": within}


class Verb(NamedTuple):
    """A word that a client's step begins with."""

    read: Callable[[Read], Step]
    #: Keys that may stand beside it.
    beside: tuple[str, ...] = ()
    #: Whether `each` may name several actors for it.
    shared: bool = False


def options(node: Node, known: tuple[str, ...], what: str) -> Fields:
    """A verb's map; nothing stands for an empty one."""
    return Fields(Node("map", "map", [], node.place) if node.is_null else node, known, what)


def event_and_arguments(node: Node, *, matchers: bool) -> list[Value]:
    """`[event, *args]`, or the name of an event alone."""
    found = nodes.value(node, matchers=matchers)
    made: list[Value] = found if type(found) is list else [found]
    name = made[0] if made else None
    allowed = (str, values.Ref, values.Template, *((values.Regex, values.Anything) if matchers else ()))
    if not isinstance(name, allowed) or name == "":
        raise ScriptError(node.place, "expected [event, arguments…]")
    return made


def _answers(node: Node | None) -> Value:
    """The values of an ack, as a pattern."""
    if node is None:
        return None
    found = nodes.value(node, matchers=True)
    if isinstance(found, list | values.Anything | values.Missing | values.Subset | values.Ref | values.Bind):
        return found
    raise ScriptError(node.place, "expected the list of the ack's values, or $any")


_CONNECT = ("auth", "query", "headers", "transports", "namespace", "path", "over")


def _connect(read: Read) -> Step:
    given = options(read.node, _CONNECT, "connect")
    if "over" in given and ({"query", "headers", "transports", "path"} & {key.value for key, _ in read.node.value}):
        raise ScriptError(read.node.place, "over another's connection there are only auth and namespace")
    refusal = None
    if node := read.beside.get("expect-refused"):
        refused = options(node, ("message", "data"), "expect-refused")
        refusal = model.Refusal(message=refused.pattern("message", ANY), data=refused.pattern("data", ANY))
    auth = given.value("auth")
    if auth is not None and not isinstance(auth, dict | values.Ref):
        raise ScriptError(given.need("auth").place, "auth is a map")
    return model.Connect(
        **read.common,
        actor=read.actor,
        auth=auth,
        query=given.map("query"),
        headers=given.map("headers"),
        transports=transports(given.get("transports")),
        namespace=given.template("namespace"),
        path=given.template("path"),
        over=given.text("over"),
        refusal=refusal,
    )


def transports(node: Node | None) -> tuple[Any, ...]:
    if node is None:
        return ()
    found = tuple(fields.choice(item, TRANSPORTS) for item in node.items)
    if not found or len(set(found)) != len(found):
        raise ScriptError(node.place, "expected [polling], [websocket] or [polling, websocket]")
    return found


def _emit(read: Read) -> Step:
    sent = event_and_arguments(read.node, matchers=False)
    ack, id = _answers(read.beside.get("ack")), read.beside.text("id")
    if ack is not None and id:
        raise ScriptError(read.node.place, "an answer is awaited here (ack) or later (id), not both")
    return model.Emit(**read.common, actor=read.actor, values=sent, ack=ack, id=id)


def _expect(read: Read) -> Step:
    reply = read.beside.value("reply")
    if reply is not None and not isinstance(reply, list):
        raise ScriptError(read.beside.need("reply").place, "expected the list of the ack's values")
    return model.Expect(
        **read.common,
        who=read.actors,
        values=event_and_arguments(read.node, matchers=True),
        nth=read.beside.count("nth", 0, least=1, most=MAX_TIMES),
        strict=read.beside.flag("strict"),
        reply=reply,
    )


def _expect_ack(read: Read) -> Step:
    given = Fields(read.node, ("id", "values"), "expect-ack")
    answers = _answers(given.get("values"))
    return model.ExpectAck(
        **read.common, actor=read.actor, id=given.need("id").text, values=ANY if answers is None else answers
    )


def _never(read: Read) -> Step:
    if read.node.kind == "scalar":
        raise ScriptError(read.node.place, "expected {event: NAME, for: 300ms}")
    given = Fields(read.node, ("event", "args", "for"), "never")
    event, *rest = event_and_arguments(given.need("event"), matchers=True)
    if rest:
        raise ScriptError(given.need("event").place, "the event's name alone stands here; args has its arguments")
    arguments = given.pattern("args")
    if arguments is not None and not isinstance(arguments, list):
        raise ScriptError(given.need("args").place, "expected a list")
    return model.Never(
        **read.common, who=read.actors, event=event, args=arguments, span=fields.seconds(given.need("for"))
    )


def _allow(read: Read) -> Step:
    allowed = event_and_arguments(read.node, matchers=True)
    return model.Allow(**read.common, who=read.actors, values=allowed)


def _nothing_else(read: Read) -> Step:
    given = options(read.node, ("for", "except"), "nothing-else")
    span = given.seconds("for", 0.0) or 0.0
    return model.NothingElse(**read.common, who=read.actors, span=span, exempt=given.names("except"))


def _expect_disconnect(read: Read) -> Step:
    given = options(read.node, ("reason",), "expect-disconnect")
    return model.ExpectDisconnect(**read.common, who=read.actors, reason=given.pattern("reason", ANY))


def _expect_transport(read: Read) -> Step:
    wanted: Any = fields.choice(read.node, TRANSPORTS)
    return model.ExpectTransport(**read.common, who=read.actors, transport=wanted)


def _disconnect(read: Read) -> Step:
    given = options(read.node, ("close",), "disconnect")
    return model.Disconnect(**read.common, actor=read.actor, close=given.flag("close"))


def _drop(read: Read) -> Step:
    given = options(read.node, ("close",), "drop")
    return model.Drop(**read.common, actor=read.actor, close=given.flag("close"))


#: What clients do.
VERBS: dict[str, Verb] = {
    "connect": Verb(_connect, ("expect-refused",)),
    "emit": Verb(_emit, ("ack", "id")),
    "expect": Verb(_expect, ("nth", "strict", "reply"), shared=True),
    "expect-ack": Verb(_expect_ack),
    "never": Verb(_never, shared=True),
    "allow": Verb(_allow, shared=True),
    "nothing-else": Verb(_nothing_else, shared=True),
    "expect-disconnect": Verb(_expect_disconnect, shared=True),
    "expect-transport": Verb(_expect_transport, shared=True),
    "disconnect": Verb(_disconnect),
    "drop": Verb(_drop),
}

#: All keys that can stand beside a verb.
MODIFIERS = frozenset({*_ALWAYS, *(key for verb in VERBS.values() for key in verb.beside)})

_HTTP = ("json", "body", "headers", "query", "expect")


def http(node: Node, beside: Fields) -> Step:
    """`{post: /kick, json: …, expect: {status: 202}}`"""
    given = Fields(node, (*METHODS, *_HTTP), "http")
    methods = [method for method in METHODS if method in given]
    if len(methods) != 1:
        raise ScriptError(node.place, f"an http step has one of {', '.join(METHODS)}")
    if "json" in given and "body" in given:
        raise ScriptError(node.place, "a request has json or body, not both")
    answer = None
    if expected := given.get("expect"):
        wanted = options(expected, ("status", "json", "text", "headers"), "expect")
        answer = model.Answer(
            status=wanted.pattern("status", ANY),
            json=wanted.pattern("json", ANY),
            text=wanted.pattern("text", ANY),
            headers=wanted.map("headers", matchers=True),
        )
    return model.Http(
        **Read((), node, beside).common,
        method=methods[0],
        url=given.template(methods[0]),
        json=given.value("json"),
        body=given.value("body"),
        headers=given.map("headers"),
        query=given.map("query"),
        answer=answer,
    )


#: What the operator does: the keys beside each command's own.
COMMANDS: dict[str, tuple[str, ...]] = {
    "emit": ("to", "except", "sender", "ack", "namespace"),
    "join": ("rooms", "namespace"),
    "leave": ("rooms", "namespace"),
    "disconnect": ("close", "namespace"),
    "drop": ("namespace",),
    "simulate": ("socket", "ack", "namespace"),
    "set": ("socket", "namespace"),
    "delete": ("socket", "namespace"),
}
#: What the operator looks at.
LOOKS: dict[str, tuple[str, ...]] = {
    "expect-socket": ("rooms", "attributes"),
    "expect-gone": (),
    "expect-exception": (),
    "expect-record": (),
}


def console(node: Node, beside: Fields) -> Step:
    """A command of the operator's, or what the server is expected to have."""
    known = {**COMMANDS, **LOOKS}
    words = [key for key, _ in node.pairs if key.value in known]
    if len(words) != 1:
        there = ", ".join(key.value[:40] for key, _ in node.pairs) or "nothing"
        close = suggestion(there, known) if not words else ": one step, one of them"
        raise ScriptError(node.place, f"what does the console do? {there}{close}")
    word = words[0].value
    given = Fields(node, (word, *known[word]), f"console {word}")
    common = Read((), node, beside).common
    return _look(word, given, common) if word in LOOKS else _command(word, given, common)


def _look(word: str, given: Fields, common: dict[str, Any]) -> Step:
    if word in ("expect-socket", "expect-gone"):
        rooms = given.pattern("rooms")
        if rooms is not None and not isinstance(rooms, list | values.Matcher):
            raise ScriptError(given.need("rooms").place, "expected a list of rooms")
        return model.ExpectSocket(
            **common,
            socket=given.value(word),
            rooms=rooms,
            attributes=given.map("attributes", matchers=True),
            gone=word == "expect-gone",
        )
    wanted = given.map(word, matchers=True)
    kind = "exception"
    if word == "expect-record":
        found = wanted.pop("kind", None)
        if not isinstance(found, str):
            raise ScriptError(given.need(word).place, "expect-record needs the kind of record")
        kind = found
    return model.ExpectRecord(**common, kind=kind, fields=wanted)


def _command(word: Any, given: Fields, common: dict[str, Any]) -> Step:
    sent: list[Value] | None = None
    sockets: Value = None
    rooms: Value = None
    attributes: Value = None
    match word:
        case "emit":
            sent, rooms = event_and_arguments(given.need(word), matchers=False), given.value("to")
        case "simulate":
            sent, sockets = event_and_arguments(given.need(word), matchers=False), nodes.value(given.need("socket"))
        case "set":
            attributes, sockets = given.map(word), nodes.value(given.need("socket"))
        case "delete":
            attributes, sockets = list(given.names(word)), nodes.value(given.need("socket"))
        case "join" | "leave":
            sockets, rooms = nodes.value(given.need(word)), nodes.value(given.need("rooms"))
        case _:
            sockets = nodes.value(given.need(word))
    return model.Console(
        **common,
        command=word,
        sockets=sockets,
        rooms=rooms,
        values=sent,
        except_=given.value("except"),
        sender=given.value("sender"),
        ack=_answers(given.get("ack")),
        attributes=attributes,
        namespace=given.template("namespace"),
        close=given.flag("close"),
    )
