"""From a recording to a script: what clients did, and what came to them, as steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from console.replay import model
from console.replay.model import Case, Defaults, Place, Script, Step
from console.replay.parse import RESERVED
from console.replay.symbols import Symbols
from console.replay.values import ANY, Value
from console.state.names import KEYS
from server_core import records
from server_core.reasons import CLIENT_DISCONNECT, SERVER_DISCONNECT, SERVER_SHUTTING_DOWN
from server_core.records import AnyRecord, EventReceived, EventSent, Handshake
from server_core.roster import Roster

#: Seconds below which a gap between two steps is left out.
_SHORTEST_GAP = 0.005
#: Seconds that an expectation has at least.
_TIMEOUT = 5.0
#: Headers of a handshake that say something about the client rather than about its HTTP library.
_HEADERS = re.compile(r"authorization|cookie|x-.*|origin", re.IGNORECASE)
_QUERY = frozenset({"EIO", "transport", "sid", "t", "b64", "j"})
#: Reasons for which a server says that a connection was lost: which of them depends on how it noticed.
_LOST = "^(transport (close|error)|ping timeout|parse error)$"


@dataclass
class Distilled:
    """A script, and what of the recording it could not keep."""

    script: Script
    notes: list[str] = field(default_factory=list)


def distill(
    found: Sequence[AnyRecord],
    *,
    file: str = "",
    name: str = "as recorded",
    target: str = "",
    from_line: int = 2,
    whole: bool = True,
) -> Distilled:
    """The script that does what was recorded, and expects what came of it. Each step's place is its record's line.

    With `whole`, all that happened was recorded: events that nobody got then are unexpected.
    """
    distiller = _Distiller(found, file, from_line)
    distiller.whole = whole
    return distiller.distill(name, target)


@dataclass
class _Client:
    """A socket of the recording, as an actor of the script."""

    actor: str
    nsp: str
    engine: str
    #: It is going: what the server sends does not reach it any more.
    going: bool = False


class _Distiller:
    def __init__(self, found: Sequence[AnyRecord], file: str, from_line: int) -> None:
        self._records = [record for record in found if record.server != records.CONSOLE]
        lines = [from_line + index for index, record in enumerate(found) if record.server != records.CONSOLE]
        self._lines = lines
        self._file = file
        self._rosters: dict[str, Roster] = {}
        self._clients: dict[str, _Client] = {}
        self._handshakes: dict[str, tuple[str, Handshake]] = {}
        self._transports: dict[str, tuple[model.Transport, ...]] = {}
        self._names: set[str] = set()
        self._gone: set[str] = set()
        #: Engines whose connection the script has ended, or leaves to the server to end.
        self._ended: set[str] = set()
        self._steps: list[Step] = []
        #: Answers that are expected by a step of their own: the names by which.
        self._later: dict[tuple[str, int], str] = {}
        self._notes: dict[str, int] = {}
        self._acted = 0
        self._at = Place(file)
        self._acks = _acks(self._records)
        self._replies = _replies(self._records)
        self._symbols = Symbols(self._records)
        self.whole = True

    def distill(self, name: str, target: str) -> Distilled:
        for index, record in enumerate(self._records):
            if _is_end(record):
                if index < len(self._records) - 1 and any(map(_acts, self._records[index:])):
                    self._note("the server ended, and what came after it is left out")
                break
            self._at = Place(self._file, self._lines[index], 1)
            roster = self._rosters.setdefault(record.server, Roster())
            self._record(index, record, roster)
            roster.apply(record)
        unexpected: model.Unexpected = "fail" if self.whole else "ignore"
        case = Case(name=name, steps=tuple(self._steps), at=Place(self._file, 1, 1))
        script = Script(
            cases=(case,),
            target=target,
            defaults=Defaults(timeout=_TIMEOUT, unexpected=unexpected),
            path=self._file,
        )
        notes = [f"{text} ({count} times)" if count > 1 else text for text, count in self._notes.items()]
        return Distilled(script, notes)

    def _note(self, text: str) -> None:
        self._notes[text] = self._notes.get(text, 0) + 1

    def _record(self, index: int, record: AnyRecord, roster: Roster) -> None:
        match record:
            case records.Sync():
                self._sync(record, roster)
            case records.EngineOpened():
                first: Any = record.transport
                self._transports[record.engine] = (first,)
            case records.EngineUpgraded():
                self._upgraded(record)
            case records.Connecting():
                self._handshakes[record.socket] = (record.engine, record.handshake)
                self._add_client(record.socket, record.nsp, record.engine, record.handshake)
            case records.Connected():
                self._connect(record.socket, record, None)
            case records.Refused():
                self._refused(record)
            case EventReceived():
                if not record.simulated:
                    self._received(index, record)
            case EventSent():
                self._sent(index, record, roster)
            case records.AckSent():
                self._acked(record)
            case records.Disconnecting():
                self._disconnecting(record)
            case records.Disconnected():
                self._disconnected(record)
            case records.Commanded():
                self._commanded(record)
            case records.Gap():
                self.whole = False
                self._note(f"{record.lost} records were lost: {record.why}")

    # clients

    def _sync(self, record: records.Sync, roster: Roster) -> None:
        """Sockets that were there before the recording began connect where it begins."""
        for engine in record.engines:
            first: Any = engine.transport
            self._transports.setdefault(engine.id, ("polling", first) if engine.upgraded else (first,))
        for sync in record.sockets:
            socket = sync.socket
            if socket.id not in self._clients and socket.connected:
                self.whole = False
                self._note("sockets were there before the recording began: they connect first")
                self._handshakes[socket.id] = (socket.engine, socket.handshake)
                self._add_client(socket.id, socket.nsp, socket.engine, socket.handshake)
                self._connect(socket.id, record, None)

    def _upgraded(self, record: records.EngineUpgraded) -> None:
        first: Any = record.transport
        self._transports[record.engine] = ("polling", first)

    def _add_client(self, id: str, nsp: str, engine: str, handshake: Handshake) -> None:
        actor = self._name(handshake, nsp)
        self._clients[id] = _Client(actor, nsp, engine)
        self._symbols.socket(id, f"{actor}.id")
        self._symbols.socket(engine, f"{actor}.engine")

    def _name(self, handshake: Handshake, nsp: str) -> str:
        """A name from what identifies the client; one that is free."""
        base = _identity(handshake) or "client"
        if nsp != "/":
            base += "-" + re.sub(r"\W+", "-", nsp).strip("-")
        if not re.match(r"[A-Za-z_]", base) or base in RESERVED:
            base = f"client-{base}"
        name, number = base, 1
        while name in self._names and name not in self._gone:
            number += 1
            name = f"{base}-{number}"
        self._names.add(name)
        self._gone.discard(name)
        return name

    def _connect(self, id: str, record: AnyRecord, refusal: model.Refusal | None) -> None:
        client = self._clients.get(id)
        if client is None or id not in self._handshakes:
            return
        engine, handshake = self._handshakes.pop(id)
        over = next(
            (
                other.actor
                for other_id, other in self._clients.items()
                if other.engine == engine and other_id != id and not other.going and other_id not in self._handshakes
            ),
            "",
        )
        auth = _json(handshake.auth)
        step = model.Connect(
            at=self._at,
            after=self._gap(record),
            actor=client.actor,
            auth=self._symbols.sent(auth, client.actor) if isinstance(auth, dict) and auth else None,
            query={} if over else self._query(handshake, client.actor),
            headers={} if over else self._headers(handshake, client.actor),
            transports=() if over else self._wire(engine),
            namespace="" if client.nsp == "/" else client.nsp,
            over=over,
            refusal=refusal,
        )
        self._steps.append(step)

    def _wire(self, engine: str) -> tuple[model.Transport, ...]:
        found = self._transports.get(engine, ("websocket",))
        return () if found == ("websocket",) else found

    def _query(self, handshake: Handshake, actor: str) -> dict[str, Value]:
        return {
            name: self._symbols.sent({name: value if isinstance(value, str) else value[-1]}, actor)[name]
            for name, value in handshake.query.items()
            if name not in _QUERY and value
        }

    def _headers(self, handshake: Handshake, actor: str) -> dict[str, Value]:
        kept = {name: value for name, value in handshake.headers.items() if _HEADERS.fullmatch(name)}
        found: dict[str, Value] = self._symbols.sent(kept, actor)
        return found

    def _refused(self, record: records.Refused) -> None:
        if record.socket not in self._clients:
            self._clients[record.socket] = client = _Client(
                self._name(Handshake(), record.nsp), record.nsp, record.engine
            )
            self._handshakes[record.socket] = (record.engine, Handshake())
        data = ANY if not record.data else self._symbols.received(_json(record.data))
        refusal = model.Refusal(message=self._symbols.received(record.message), data=data)
        self._connect(record.socket, record, refusal)
        client = self._clients.pop(record.socket)
        self._gone.add(client.actor)

    # events

    def _received(self, index: int, record: EventReceived) -> None:
        client = self._clients.get(record.socket)
        if client is None:
            return
        if not record.values or not isinstance(record.values[0], str):
            self._note("an event whose payload was cut can't be sent again")
            return
        sent = self._symbols.sent(record.values, client.actor)
        ack: Value = None
        id = ""
        if record.id is not None:
            answer, waited = self._acks.get(index, (None, True))
            if answer is not None and not waited:
                ack = ANY if answer.values is None else self._symbols.received(answer.values, answer.time)
            else:
                id = f"{record.event}-{record.id}"
                self._later[record.socket, record.id] = id
        self._steps.append(
            model.Emit(
                at=self._at, after=self._gap(record), actor=client.actor, values=sent, ack=ack, id=id, within=None
            )
        )

    def _acked(self, record: records.AckSent) -> None:
        """The answer to an emit that others' steps came between."""
        client = self._clients.get(record.socket)
        id = self._later.pop((record.socket, record.id), "")
        if id and client and not client.going:
            answers = ANY if record.values is None else self._symbols.received(record.values, record.time)
            within = self._patience(record)
            self._steps.append(model.ExpectAck(at=self._at, actor=client.actor, id=id, values=answers, within=within))

    def _sent(self, index: int, record: EventSent, roster: Roster) -> None:
        if record.socket:
            ids: Iterable[str] = (record.socket,)
        else:
            ids = roster.recipients(record.nsp, record.rooms, record.except_)
        clients = [client for id in ids if (client := self._clients.get(id)) and id not in self._handshakes]
        who = [client.actor for client in clients if not client.going]
        if (leaving := sorted(client.actor for client in clients if client.going)) and record.values:
            # whether it reached them before they left is a race
            expected = self._symbols.received(record.values, record.time)
            self._steps.append(model.Allow(at=self._at, who=tuple(leaving), values=expected))
        if not who:
            return
        if record.values is None:
            self._note("an event whose payload was cut is not expected")
            self.whole = False
            return
        reply = self._replies.get(index)
        answer = None if reply is None or reply.values is None else self._symbols.sent(reply.values, who[0])
        self._steps.append(
            model.Expect(
                at=self._at,
                who=tuple(sorted(who)),
                values=self._symbols.received(record.values, record.time),
                within=self._patience(record),
                reply=answer,
            )
        )

    # ends

    def _disconnecting(self, record: records.Disconnecting) -> None:
        client = self._clients.get(record.socket)
        if client is None or client.going:
            return
        client.going = True
        if record.reason == CLIENT_DISCONNECT:
            self._steps.append(model.Disconnect(at=self._at, after=self._gap(record), actor=client.actor))
        elif re.search(_LOST, record.reason) and client.engine not in self._ended:
            self._ended.add(client.engine)
            self._steps.append(model.Drop(at=self._at, after=self._gap(record), actor=client.actor))

    def _disconnected(self, record: records.Disconnected) -> None:
        client = self._clients.pop(record.socket, None)
        self._symbols.forget(record.socket)
        if client is None:
            return
        if record.reason == SERVER_DISCONNECT:
            reason = "io server disconnect"
            within = self._patience(record)
            self._steps.append(model.ExpectDisconnect(at=self._at, who=(client.actor,), reason=reason, within=within))
        self._gone.add(client.actor)

    # the operator

    def _commanded(self, record: records.Commanded) -> None:
        if not record.result.ok:
            return
        if step := self._command(record.command, record):
            self._steps.append(step)

    def _command(self, command: records.Command, record: records.Commanded) -> Step | None:
        common: dict[str, Any] = {
            "at": self._at,
            "after": self._gap(record),
            "namespace": "" if command.nsp == "/" else command.nsp,
        }
        text = self._symbols.received
        sockets = getattr(command, "sockets", None) or (getattr(command, "socket", "") and (command.socket,))  # type: ignore[union-attr]
        common["sockets"] = [text(id) for id in sockets] if sockets else None
        match command:
            case records.Emit():
                sent = [command.event, *(_json(command.args) or [])]
                return model.Console(
                    **common,
                    command="emit",
                    values=self._symbols.sent(sent, "console"),
                    rooms=[text(room) for room in command.rooms] or None,
                    except_=[text(room) for room in command.except_] or None,
                    sender=text(command.sender) if command.sender else None,
                    ack=None if command.ack is None else ANY,
                )
            case records.Disconnect():
                return model.Console(**common, command="disconnect", close=command.close)
            case records.Join() | records.Leave():
                word: Any = "join" if isinstance(command, records.Join) else "leave"
                return model.Console(**common, command=word, rooms=list(command.rooms))
            case records.Drop():
                return model.Console(**common, command="drop")
            case records.Simulate():
                sent = [command.event, *(_json(command.args) or [])]
                return model.Console(**common, command="simulate", values=self._symbols.sent(sent, "console"))
            case records.SetAttribute():
                return model.Console(**common, command="set", attributes={command.name: _json(command.value)})
        return model.Console(**common, command="delete", attributes=[command.name])

    # time

    def _gap(self, record: AnyRecord) -> float:
        """Seconds since somebody did something last."""
        before, self._acted = self._acted, record.time
        gap = round((record.time - before) / 1e9, 3) if before else 0.0
        return gap if gap >= _SHORTEST_GAP else 0.0

    def _patience(self, record: AnyRecord) -> float | None:
        """How long what the server did may take, where it is more than usual."""
        took = (record.time - self._acted) / 1e9 if self._acted else 0.0
        return round(2 * took + _TIMEOUT) if took > _TIMEOUT / 4 else None


def _is_end(record: AnyRecord) -> bool:
    """Whether the server ends here: no client can have it do that."""
    if isinstance(record, records.Disconnecting):
        return record.reason == SERVER_SHUTTING_DOWN
    return isinstance(record, records.ServerStopped | records.ServerReloaded)


def _acts(record: AnyRecord) -> bool:
    return isinstance(record, EventReceived | records.Connecting)


def _identity(handshake: Handshake) -> str:
    auth = _json(handshake.auth)
    places: list[Any] = [auth, handshake.query]
    for place in places:
        if not isinstance(place, dict):
            continue
        for key in KEYS:
            if isinstance(found := place.get(key), str) and (name := re.sub(r"[^A-Za-z0-9_]+", "-", found).strip("-")):
                return name[:40]
    return ""


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


_Acks = dict[int, tuple[records.AckSent | None, bool]]


def _acks(found: Sequence[AnyRecord]) -> _Acks:
    """For each event that wanted an ack: the ack, and whether others did something before it came."""
    asked: dict[tuple[str, int], tuple[int, int]] = {}
    made: _Acks = {}
    acted = 0
    for index, record in enumerate(found):
        if isinstance(record, EventReceived) and record.id is not None:
            asked[record.socket, record.id] = (index, acted + 1)
            made[index] = (None, True)
        elif isinstance(record, records.AckSent) and (before := asked.pop((record.socket, record.id), None)):
            made[before[0]] = (record, acted != before[1])
        if isinstance(
            record, EventReceived | records.AckReceived | records.Connected | records.Disconnecting | records.Commanded
        ):
            acted += 1
    return made


def _replies(found: Sequence[AnyRecord]) -> dict[int, records.AckReceived]:
    """For each event of the server's that a client answered: the answer."""
    asked: dict[tuple[str, int], int] = {}
    made: dict[int, records.AckReceived] = {}
    for index, record in enumerate(found):
        if isinstance(record, EventSent) and record.id is not None and record.socket:
            asked[record.socket, record.id] = index
        elif isinstance(record, records.AckReceived):
            before = asked.pop((record.socket, record.id), None)
            if before is not None:
                made[before] = record
    return made
