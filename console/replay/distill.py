"""From a recording to a script: what clients did, and what came to them, as steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from console.replay import commands, model, values
from console.replay.cast import Cast
from console.replay.model import Case, Defaults, Place, Script, Step
from console.replay.order import REASONS, Join, story
from console.replay.symbols import Symbols, decoded
from console.replay.values import ANY, Value
from server_core import records
from server_core.reasons import CLIENT_DISCONNECT, SERVER_DISCONNECT, SERVER_SHUTTING_DOWN
from server_core.records import AnyRecord, EventReceived, EventSent, Handshake
from server_core.roster import Roster

#: Seconds below which a gap between two steps is left out.
_SHORTEST_GAP = 0.005
#: Seconds that an expectation has at least.
_TIMEOUT = 5.0
#: Reasons for which a server says that a connection was lost: which of them depends on how it noticed.
_LOST = "^(transport (close|error)|ping timeout|parse error)$"
#: How a client says that its connection was lost.
_CUT = "^transport (close|error)$"


@dataclass
class Distilled:
    """A script, and what of the recording it could not keep."""

    script: Script
    notes: list[str] = field(default_factory=list)
    #: Which masked secret each variable stands for, by its name.
    secrets: dict[str, str] = field(default_factory=dict)


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


class _Distiller:
    def __init__(self, found: Sequence[AnyRecord], file: str, from_line: int) -> None:
        lines = [line for line, record in enumerate(found, from_line) if record.server != records.CONSOLE]
        told = story([record for record in found if record.server != records.CONSOLE], lines)
        self._records, self._lines, self._joins = told.records, told.lines, told.joins
        #: What each command of the console did.
        self._works = told.works
        #: Records that stand in a command's own step, or need it.
        self._commanded_work = {each for work in told.works.values() for each in work}
        self._told: set[int] = set()
        self._file = file
        self._rosters: dict[str, Roster] = {}
        #: Connections that the script has ended, or leaves to the server to end, and those that the console cut.
        self._ended: set[str] = set()
        self._cut: set[str] = set()
        self._steps: list[Step] = []
        #: Those at the end.
        self._last: list[model.Allow] = []
        #: Answers that are expected by a step of their own: the names by which.
        self._later: dict[tuple[str, int], str] = {}
        self._notes: dict[str, int] = {}
        self._acted = 0
        self._at = Place(file)
        self._acks = _acks(self._records)
        self._replies = _replies(self._records)
        self._symbols = Symbols(self._records, stock=told.stock)
        self._cast = Cast(self._symbols, self._records)
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
            for join in self._joins.get(index, ()):
                self._join(join, record)
        unexpected: model.Unexpected = "fail" if self.whole else "ignore"
        known = {actor for step in self._steps if isinstance(step, model.Connect) for actor in step.actors}
        last = [step for step in self._last if known.issuperset(step.who)]
        case = Case(name=name, steps=(*self._steps, *last), at=Place(self._file, 1, 1))
        script = Script(
            cases=(case,),
            target=target,
            defaults=Defaults(timeout=_TIMEOUT, unexpected=unexpected),
            path=self._file,
        )
        notes = [f"{text} ({count} times)" if count > 1 else text for text, count in self._notes.items()]
        return Distilled(script, notes, {name: masked for masked, name in self._symbols.secrets.items()})

    def _note(self, text: str) -> None:
        self._notes[text] = self._notes.get(text, 0) + 1

    def _record(self, index: int, record: AnyRecord, roster: Roster) -> None:
        match record:
            case records.Sync():
                self._sync(record)
            case records.EngineOpened():
                self._cast.began(record.engine, record.transport)
            case records.EngineUpgraded():
                self._cast.began(record.engine, record.transport, upgraded=True)
            case records.Connecting():
                self._cast.add(record.socket, record.nsp, record.engine, record.handshake)
            case records.Connected():
                if client := self._cast.clients.get(record.socket):
                    client.connected = True
                    self._acted = max(self._acted, record.time)
            case records.Refused():
                self._refused(record)
            case EventReceived():
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
                self._commanded(index, record)
            case records.Gap():
                self.whole = False
                self._note(f"{record.lost} records were lost: {record.why}")

    # clients

    def _sync(self, record: records.Sync) -> None:
        """Sockets that were there before the recording began connect where it begins."""
        for engine in record.engines:
            if not self._cast.knows(engine.id):
                self._cast.began(engine.id, engine.transport, upgraded=bool(engine.upgraded))
        for sync in record.sockets:
            socket = sync.socket
            if socket.id not in self._cast.clients and socket.connected:
                self.whole = False
                self._note("sockets were there before the recording began: they connect first")
                client = self._cast.add(socket.id, socket.nsp, socket.engine, socket.handshake)
                self._steps.append(self._cast.connect(client, self._at, self._gap(record), None))
                client.connected = True

    def _join(self, join: Join, before: AnyRecord) -> None:
        """A client connects, after what others had done before."""
        outcome = self._records[join.outcome]
        if isinstance(outcome, records.Connected | records.Refused) and (
            client := self._cast.clients.get(outcome.socket)
        ):
            at = Place(self._file, self._lines[join.connecting], 1)
            refusal = self._refusal(outcome) if isinstance(outcome, records.Refused) else None
            self._steps.append(self._cast.connect(client, at, self._gap(before), refusal))

    def _refusal(self, record: records.Refused) -> model.Refusal:
        data = ANY if not record.data else self._symbols.received(decoded(record.data))
        return model.Refusal(message=self._symbols.received(record.message), data=data)

    def _refused(self, record: records.Refused) -> None:
        if record.socket not in self._cast.clients:
            client = self._cast.add(record.socket, record.nsp, record.engine, Handshake())
            refusal = self._refusal(record)
            self._steps.append(self._cast.connect(client, self._at, self._gap(record), refusal))
        self._cast.leave(record.socket)

    # events

    def _received(self, index: int, record: EventReceived) -> None:
        if record.simulated:
            if index not in self._commanded_work:
                self._note("an event that a console simulated is left out")
            return
        client = self._cast.clients.get(record.socket)
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
        client = self._cast.clients.get(record.socket)
        id = self._later.pop((record.socket, record.id), "")
        if id and client and not client.going:
            answers = ANY if record.values is None else self._symbols.received(record.values, record.time)
            within = self._patience(record)
            self._steps.append(model.ExpectAck(at=self._at, actor=client.actor, id=id, values=answers, within=within))

    def _sent(self, index: int, record: EventSent, roster: Roster) -> None:
        if index in self._told:
            return
        if record.socket:
            ids: Iterable[str] = (record.socket,)
        else:
            ids = roster.recipients(record.nsp, record.rooms, record.except_)
        clients = [client for id in ids if (client := self._cast.connected(id))]
        self._allow_joining(record, roster)
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
        self._steps.append(self._expect(index, record, tuple(sorted(who))))

    def _allow_joining(self, record: EventSent, roster: Roster) -> None:
        """Whether an event reaches those who are in its rooms and not connected yet depends on who is first: it is none
        of the unexpected ones at the end."""
        joining = sorted(
            client.actor
            for id, client in self._cast.clients.items()
            if not client.connected
            and client.nsp == record.nsp
            and (socket := roster.sockets.get(id))
            and (id == record.socket or not record.rooms or not socket.rooms.isdisjoint(record.rooms))
        )
        if joining and record.values:
            expected = self._symbols.received(record.values, record.time)
            self._last.append(model.Allow(at=self._at, who=tuple(joining), values=expected))

    def _expect(self, index: int, record: EventSent, who: tuple[str, ...]) -> model.Expect:
        reply = self._replies.get(index)
        return model.Expect(
            at=self._at,
            who=who,
            values=self._symbols.received(record.values, record.time),
            within=self._patience(record),
            reply=None if reply is None or reply.values is None else self._symbols.sent(reply.values, who[0]),
        )

    # ends

    def _disconnecting(self, record: records.Disconnecting) -> None:
        client = self._cast.clients.get(record.socket)
        if client is None or client.going:
            return
        client.going = True
        if REASONS.get(record.reason, record.reason) == CLIENT_DISCONNECT:
            self._steps.append(model.Disconnect(at=self._at, after=self._gap(record), actor=client.actor))
        elif re.search(_LOST, record.reason) and client.engine not in self._ended:
            self._ended.add(client.engine)
            polls = self._cast.polls(client.engine)
            self._steps.append(model.Drop(at=self._at, after=self._gap(record), actor=client.actor, close=polls))

    def _disconnected(self, record: records.Disconnected) -> None:
        client = self._cast.leave(record.socket)
        if client is None:
            return
        cut = client.engine in self._cut
        if cut or REASONS.get(record.reason, record.reason) == SERVER_DISCONNECT:
            reason = values.regex(_CUT) if cut else "io server disconnect"
            within = self._patience(record)
            self._steps.append(model.ExpectDisconnect(at=self._at, who=(client.actor,), reason=reason, within=within))

    # the operator

    def _commanded(self, index: int, record: records.Commanded) -> None:
        command, result = record.command, record.result
        if not result.ok:
            self._note("a command of a console that failed is left out")
            return
        after = self._gap(record)
        answered = bool(result.acks) and all(ack.data is not None for ack in result.acks)
        if isinstance(command, records.Drop):
            engines = {client.engine for id in command.sockets if (client := self._cast.clients.get(id))}
            self._ended |= engines
            self._cut |= engines
        if isinstance(command, records.Emit) and command.ack is not None:
            self._asked(index, command, after, answered=answered)
            return
        ack = ANY if answered else None
        self._steps.append(commands.step(command, self._symbols, at=self._at, after=after, ack=ack))

    def _asked(self, index: int, command: records.Emit, after: float, *, answered: bool) -> None:
        """An emit that waits for answers stands beside those who give them; where some gave none, it asks for none."""
        asking = commands.step(command, self._symbols, at=self._at, after=0.0, ack=ANY if answered else None)
        lanes: dict[str, tuple[Step, ...]] = {"console": (asking,)}
        for each in self._works.get(index, ()):
            sent = self._records[each]
            client = self._cast.connected(sent.socket) if isinstance(sent, EventSent) else None
            if not answered:
                self._replies.pop(each, None)
            elif client and not client.going and isinstance(sent, EventSent) and sent.values is not None:
                self._told.add(each)
                lanes[client.actor] = (self._expect(each, sent, (client.actor,)),)
        if not answered:
            self._note("an emit of a console that not everybody answered asks for no answers")
        self._steps.append(
            model.Parallel(at=self._at, after=after, lanes=lanes) if len(lanes) > 1 else replace(asking, after=after)
        )

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
