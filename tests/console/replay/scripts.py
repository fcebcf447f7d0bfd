"""Making scripts for tests: any script that there can be, as Hypothesis strategies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from console.replay import model, values
from console.replay.model import Case, Defaults, Script, Step
from console.replay.values import ANY

ACTORS = ("alice", "bob", "carol-2", "_d")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("any", "missing", "index", "client")
)
#: What `undefined` finds defined.
references = st.sampled_from(["v", "v.a.0", "alice.id", "index", "bound"]).map(values.Ref)
durations = st.integers(0, 5_000_000).map(lambda ms: ms / 1000) | st.floats(1e-6, 3600)
counts = st.integers(0, 1000)


@st.composite
def templates(draw: st.DrawFn) -> values.Template:
    """A text with a variable in it, as the parser would make it: no two texts beside each other."""
    default = st.text("ab :$[]{\"'", max_size=5) | st.none()
    variable = st.builds(values.Variable, st.just("v"), default)
    parts: list[Any] = []
    for literal in draw(st.lists(texts, min_size=1, max_size=3)):
        parts += [literal] if literal else []
        parts.append(draw(variable))
    return values.Template(tuple(parts))


def literals() -> st.SearchStrategy[str]:
    return texts


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | literals()
    | st.binary(max_size=6)
    | references
    | templates()
)
sent = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
matchers = (
    st.just(ANY)
    | st.just(values.MISSING)
    | st.sampled_from(values.TYPES).map(values.OfType)
    | st.sampled_from(["^a", "x|y", '"', "\\d+$", "ü\n"]).map(values.regex)
    | st.just(values.Bind("bound"))
)
patterns = st.recursive(
    scalars | matchers,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts, inner, max_size=3)
        | (st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2)).map(values.Subset)
    ),
    max_leaves=6,
)
event_names = literals().filter(bool) | references
sent_events = st.builds(lambda name, args: [name, *args], event_names, st.lists(sent, max_size=3))
expected_events = st.builds(
    lambda name, args: [name, *args], event_names | st.just(values.regex("a")), st.lists(patterns, max_size=3)
)
acks = st.none() | st.lists(patterns, max_size=2) | st.just(ANY)
maps = st.dictionaries(texts, sent, max_size=2)
pattern_maps = st.dictionaries(texts, patterns, max_size=2)
transports = st.sampled_from([(), ("polling",), ("websocket",), ("polling", "websocket")])
actors = st.sampled_from(ACTORS)
several = (st.lists(actors, min_size=1, max_size=3, unique=True) | st.just([f"n{n}" for n in range(10)])).map(tuple)
common: dict[str, Any] = {"after": durations, "within": st.none() | durations}
template_texts = literals() | templates()


def _emits() -> st.SearchStrategy[Step]:
    plain = st.builds(model.Emit, **common, actor=actors, values=sent_events, ack=acks)
    return plain | st.builds(model.Emit, **common, actor=actors, values=sent_events, id=texts)


def _consoles() -> st.SearchStrategy[Step]:
    rest = {**common, "namespace": template_texts}
    some = texts.filter(bool)
    some_sent = sent.filter(lambda value: value is not None)
    return (
        st.builds(
            model.Console,
            **rest,
            command=st.just("emit"),
            values=sent_events,
            rooms=sent,
            except_=sent,
            sender=sent,
            ack=acks,
        )
        | st.builds(model.Console, **rest, command=st.just("simulate"), values=sent_events, sockets=some_sent, ack=acks)
        | st.builds(model.Console, **rest, command=st.sampled_from(["join", "leave"]), sockets=sent, rooms=sent)
        | st.builds(model.Console, **rest, command=st.just("disconnect"), sockets=sent, close=st.booleans())
        | st.builds(model.Console, **rest, command=st.just("drop"), sockets=sent)
        | st.builds(model.Console, **rest, command=st.just("set"), sockets=some_sent, attributes=maps)
        | st.builds(
            model.Console,
            **rest,
            command=st.just("delete"),
            sockets=some_sent,
            attributes=st.lists(some, min_size=1, max_size=2),
        )
        | st.builds(
            model.ExpectSocket,
            **common,
            socket=sent,
            rooms=st.none() | st.lists(patterns, max_size=2),
            attributes=pattern_maps,
        )
        | st.builds(model.ExpectSocket, **common, socket=sent, gone=st.just(True))
        | st.builds(
            model.ExpectRecord,
            **common,
            kind=st.sampled_from(["exception", "event_blocked"]),
            fields=pattern_maps.filter(lambda fields: "kind" not in fields),
        )
    )


def _https() -> st.SearchStrategy[Step]:
    answers = st.builds(model.Answer, status=patterns, json=patterns, text=patterns, headers=pattern_maps)
    made = {**common, "headers": maps, "query": maps, "answer": st.none() | answers}
    method = st.sampled_from(["get", "post", "delete"])
    return st.builds(model.Http, **made, method=method, url=template_texts, json=sent) | st.builds(
        model.Http, **made, method=method, url=template_texts, body=sent
    )


def _connects() -> st.SearchStrategy[Step]:
    made: dict[str, Any] = {
        **common,
        "actor": actors,
        "auth": st.none() | maps,
        "namespace": template_texts,
        "refusal": st.none() | st.builds(model.Refusal, message=patterns, data=patterns),
    }
    own = st.builds(model.Connect, **made, query=maps, headers=maps, transports=transports, path=template_texts)
    return own | st.builds(model.Connect, **made, over=actors)


single = (
    _connects()
    | _emits()
    | st.builds(
        model.Expect,
        **common,
        who=several,
        values=expected_events,
        nth=counts,
        strict=st.booleans(),
        reply=st.none() | st.lists(sent, max_size=2),
    )
    | st.builds(
        model.ExpectAck, **common, actor=actors, id=texts, values=acks.map(lambda ack: ANY if ack is None else ack)
    )
    | st.builds(
        model.Never,
        **common,
        who=several,
        event=event_names,
        args=st.none() | st.lists(patterns, max_size=2),
        span=durations,
    )
    | st.builds(model.Allow, **common, who=several, values=expected_events)
    | st.builds(model.NothingElse, **common, who=several, span=durations, exempt=st.lists(texts, max_size=2).map(tuple))
    | st.builds(model.ExpectDisconnect, **common, who=several, reason=patterns)
    | st.builds(model.ExpectTransport, **common, who=several, transport=st.sampled_from(["polling", "websocket"]))
    | st.builds(model.Disconnect, **common, actor=actors, close=st.booleans())
    | st.builds(model.Drop, **common, actor=actors, close=st.booleans())
    | st.builds(model.Wait, **common, seconds=durations)
    | _https()
    | _consoles()
)
lanes = st.dictionaries(
    actors | st.sampled_from(["http", "console"]), st.lists(single, max_size=3).map(tuple), max_size=3
)


@st.composite
def parallels(draw: st.DrawFn) -> Step:
    """A lane of `http` or `console` has such steps alone, or those that a lane may have besides."""
    found = draw(lanes)
    for lane, kinds in (("http", model.Http), ("console", (model.Console, model.ExpectSocket, model.ExpectRecord))):
        if lane in found:
            found[lane] = tuple(step for step in found[lane] if isinstance(step, (kinds, model.Wait)))
    return model.Parallel(lanes=found, after=draw(durations))


steps: st.SearchStrategy[Step] = st.recursive(
    single | parallels(),
    lambda inner: st.builds(
        model.Repeat,
        **common,
        times=counts,
        clients=counts,
        ramp=durations,
        allowed_errors=counts,
        steps=st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=3,
)
defaults = st.builds(
    Defaults,
    timeout=durations.filter(bool),
    namespace=template_texts,
    path=template_texts,
    transports=transports.filter(bool),
    query=maps,
    headers=maps,
    unexpected=st.sampled_from(["ignore", "fail"]),
    exempt=st.lists(texts, max_size=2).map(tuple),
)
cases = st.builds(
    Case,
    name=texts.filter(str.strip),
    steps=st.lists(steps, max_size=4).map(tuple),
    tags=st.lists(texts, max_size=2).map(tuple),
    vars=st.dictionaries(names, sent, max_size=2),
    unexpected=st.none() | st.sampled_from(["ignore", "fail"]),
)
scripts = st.builds(
    Script,
    cases=st.lists(cases, max_size=3, unique_by=lambda case: case.name).map(tuple),
    target=template_texts,
    defaults=defaults,
    vars=st.dictionaries(names, sent, max_size=2),
)
