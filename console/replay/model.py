"""What a script says, as typed steps. Equal scripts say the same, wherever they stand in their files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from console.replay.values import Value


class Place(NamedTuple):
    """Where in a file something stands; lines and columns from 1."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Place()

Unexpected = Literal["ignore", "fail"]
Transport = Literal["polling", "websocket"]

#: Seconds that an expectation has when nothing else is said.
TIMEOUT = 2.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """What every step has; durations are seconds."""

    at: Place = field(default=NOWHERE, compare=False, repr=False)
    #: A gap before it, which the replay's speed scales.
    after: float = 0.0
    #: How long it may take; None: the script's timeout. The speed leaves it alone.
    within: float | None = None

    #: The word that names the step in a script.
    verb = ""

    @property
    def actors(self) -> tuple[str, ...]:
        """Whose step it is."""
        return ()

    @property
    def patterns(self) -> tuple[Value, ...]:
        """The values in which it may refer to names, or bind them."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What CONNECT_ERROR is expected to say."""

    message: Value
    data: Value


@dataclass(frozen=True, kw_only=True)
class OneActor(Step):
    actor: str

    @property
    def actors(self) -> tuple[str, ...]:
        return (self.actor,)


@dataclass(frozen=True, kw_only=True)
class Connect(OneActor):
    auth: Value = None
    query: dict[str, Value] = field(default_factory=dict)
    headers: dict[str, Value] = field(default_factory=dict)
    transports: tuple[Transport, ...] = ()
    namespace: Value = ""
    path: Value = ""
    #: The actor whose connection it shares, for another namespace.
    over: str = ""
    refusal: Refusal | None = None

    verb = "connect"

    @property
    def patterns(self) -> tuple[Value, ...]:
        more = (self.refusal.message, self.refusal.data) if self.refusal else ()
        return (self.auth, self.query, self.headers, self.namespace, self.path, *more)


@dataclass(frozen=True, kw_only=True)
class Emit(OneActor):
    #: `[event, *args]`
    values: list[Value]
    #: What the server must answer; None asks for no answer.
    ack: Value = None
    #: A name under which `expect-ack` finds the answer later.
    id: str = ""

    verb = "emit"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.values, self.ack)


@dataclass(frozen=True, kw_only=True)
class ExpectAck(OneActor):
    id: str
    values: Value

    verb = "expect-ack"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.values,)


@dataclass(frozen=True, kw_only=True)
class Disconnect(OneActor):
    #: End the whole connection, not just this namespace.
    close: bool = False

    verb = "disconnect"


@dataclass(frozen=True, kw_only=True)
class Drop(OneActor):
    """Cut the connection without a word."""

    #: End it with Engine.IO's own CLOSE: by polling, a server misses a client that is cut off only when no PONG comes.
    close: bool = False

    verb = "drop"


@dataclass(frozen=True, kw_only=True)
class SomeActors(Step):
    """A step that several actors may share: each for itself, side by side."""

    who: tuple[str, ...]

    @property
    def actors(self) -> tuple[str, ...]:
        return self.who


@dataclass(frozen=True, kw_only=True)
class Expect(SomeActors):
    #: `[event, *args]`
    values: list[Value]
    #: It must be the nth event of its name, from 1; 0: any.
    nth: int = 0
    #: It must be the oldest event that nobody asked for yet.
    strict: bool = False
    #: How the client acknowledges it.
    reply: list[Value] | None = None

    verb = "expect"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.values, self.reply)


@dataclass(frozen=True, kw_only=True)
class Never(SomeActors):
    event: Value
    #: None: whatever its arguments.
    args: list[Value] | None = None
    span: float

    verb = "never"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.event, self.args)


@dataclass(frozen=True, kw_only=True)
class Allow(SomeActors):
    """An event that may have come: if so, it is taken."""

    #: `[event, *args]`
    values: list[Value]

    verb = "allow"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.values,)


@dataclass(frozen=True, kw_only=True)
class NothingElse(SomeActors):
    """No event is left that nobody asked for, and none comes."""

    span: float = 0.0
    exempt: tuple[str, ...] = ()

    verb = "nothing-else"


@dataclass(frozen=True, kw_only=True)
class ExpectDisconnect(SomeActors):
    reason: Value

    verb = "expect-disconnect"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.reason,)


@dataclass(frozen=True, kw_only=True)
class ExpectTransport(SomeActors):
    transport: Transport

    verb = "expect-transport"


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    seconds: float

    verb = "wait"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an HTTP answer is expected to be; `$any` where nothing is said."""

    status: Value
    json: Value
    text: Value
    headers: dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Http(Step):
    method: str
    url: Value
    #: None: no JSON body; to send `null`, write `body: "null"`.
    json: Value = None
    body: Value = None
    headers: dict[str, Value] = field(default_factory=dict)
    query: dict[str, Value] = field(default_factory=dict)
    answer: Answer | None = None

    verb = "http"

    @property
    def patterns(self) -> tuple[Value, ...]:
        answer = self.answer
        more = (answer.status, answer.json, answer.text, answer.headers) if answer else ()
        return (self.url, self.json, self.body, self.headers, self.query, *more)


ConsoleVerb = Literal["emit", "join", "leave", "disconnect", "drop", "simulate", "set", "delete"]


@dataclass(frozen=True, kw_only=True)
class Console(Step):
    """A command of the operator's; which fields mean something depends on `command`."""

    command: ConsoleVerb
    #: Ids of sockets.
    sockets: Value = None
    rooms: Value = None
    #: `[event, *args]` of `emit` and `simulate`.
    values: list[Value] | None = None
    except_: Value = None
    sender: Value = None
    ack: Value = None
    #: Attributes for `set` (a map) and `delete` (a list of names).
    attributes: Value = None
    namespace: Value = ""
    close: bool = False

    verb = "console"

    @property
    def patterns(self) -> tuple[Value, ...]:
        named = (self.sockets, self.rooms, self.values, self.except_, self.sender, self.ack)
        return (*named, self.attributes, self.namespace)


@dataclass(frozen=True, kw_only=True)
class ExpectSocket(Step):
    """A socket as the server has it; `gone`: it has it no more."""

    socket: Value
    #: Its rooms, its own left out, in any order; None: whatever they are.
    rooms: Value = None
    #: Attached attributes that it has, others aside.
    attributes: dict[str, Value] = field(default_factory=dict)
    gone: bool = False

    verb = "console"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.socket, self.rooms, self.attributes)


@dataclass(frozen=True, kw_only=True)
class ExpectRecord(Step):
    """A record of the server's: its kind, and some of its fields."""

    kind: str
    fields: dict[str, Value]

    verb = "console"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.fields,)


@dataclass(frozen=True, kw_only=True)
class Parallel(Step):
    """Lanes of steps, side by side."""

    lanes: dict[str, tuple[Step, ...]]

    verb = "parallel"


@dataclass(frozen=True, kw_only=True)
class Repeat(Step):
    times: int = 1
    #: Simulated clients that each play the steps, with actors of their own; 0: the case's own actors do.
    clients: int = 0
    #: Seconds over which they start.
    ramp: float = 0.0
    #: Errors of simulated clients that are accepted.
    allowed_errors: int = 0
    steps: tuple[Step, ...]

    verb = "repeat"


@dataclass(frozen=True, kw_only=True)
class Include(Step):
    """The steps of another file."""

    path: str
    vars: dict[str, Value] = field(default_factory=dict)
    steps: tuple[Step, ...] = field(default=(), compare=False)

    verb = "include"

    @property
    def patterns(self) -> tuple[Value, ...]:
        return (self.vars,)


@dataclass(frozen=True, kw_only=True)
class Defaults:
    timeout: float = TIMEOUT
    namespace: Value = "/"
    path: Value = "/socket.io/"
    transports: tuple[Transport, ...] = ("websocket",)
    query: dict[str, Value] = field(default_factory=dict)
    headers: dict[str, Value] = field(default_factory=dict)
    #: What events do, at the end of a case, that no step asked for.
    unexpected: Unexpected = "ignore"
    #: Events that are never unexpected.
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    steps: tuple[Step, ...]
    tags: tuple[str, ...] = ()
    vars: dict[str, Value] = field(default_factory=dict)
    unexpected: Unexpected | None = None
    at: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Script:
    cases: tuple[Case, ...]
    target: Value = ""
    defaults: Defaults = field(default_factory=Defaults)
    vars: dict[str, Value] = field(default_factory=dict)
    #: Steps of a file that is there to be included; its `cases` are then empty.
    steps: tuple[Step, ...] = ()
    path: str = field(default="", compare=False)
    #: The files that it was read from, itself and what it includes.
    files: tuple[str, ...] = field(default=(), compare=False)


def inner(step: Step) -> tuple[Step, ...]:
    """The steps within a step."""
    match step:
        case Parallel():
            return tuple(each for lane in step.lanes.values() for each in lane)
        case Repeat() | Include():
            return step.steps
    return ()


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps, those within others after these."""
    for step in steps:
        yield step
        yield from walk(inner(step))


def needs_console(step: Step) -> bool:
    """Whether it asks something of the server itself, which only its own console can."""
    return isinstance(step, Console | ExpectSocket | ExpectRecord)
