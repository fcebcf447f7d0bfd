"""Long stories for tests: sockets come and go, talk, join, change; the same for the same seed."""

from __future__ import annotations

import random

from server_core import records
from server_core.records import Record
from tests.support.make import Maker

EVENTS = ("message", "typing", "private message", "news")


def story(length: int, seed: int = 0, make: Maker | None = None) -> list[Record]:
    """About so many records of one server."""
    random_, make = random.Random(seed), make or Maker()
    made: list[Record] = [make(records.ServerStarted, info=records.ServerInfo(target="chat:io", pid=1))]
    live: list[str] = []
    while len(made) < length:
        number = len(made)
        who = random_.choice(live) if live else ""
        match random_.randrange(20) if who else 0:
            case 0:
                live.append(f"socket-{number}")
                rooms = ("lobby", f"room-{number % 3}")
                made += make.socket(live[-1], rooms=rooms, user={"name": f"User{number % 7}"})
            case 1 | 2 | 3 | 4 | 5 | 6:
                made.append(make.received(who, random_.choice(EVENTS), {"text": f"Hello {number}"}, id=number))
            case 7 | 8 | 9 | 10:
                room = f"room-{number % 3}"
                made.append(make.sent(random_.choice(EVENTS), number, rooms=(room,), sockets=len(live)))
            case 11 | 12:
                made.append(make(records.AckSent, socket=who, id=number, data='["thanks"]', elapsed=0.01 * number))
            case 13:
                made.append(make(records.AttributeSet, socket=who, name="mood", value=f'"Mood {number}"'))
            case 14:
                made.append(make(records.RoomJoined, socket=who, room=f"extra-{number % 5}"))
            case 15:
                made.append(make(records.EngineHeartbeat, engine=f"engine-{who}", rtt=0.001 * number))
            case 16:
                made.append(make(records.Log, server=records.CONSOLE, stream="stdout", text=f"line {number}"))
            case 17:
                made.append(make(records.RoomLeft, socket=who, room="lobby"))
            case 18:
                made.append(make(records.Refused, socket="", engine="e", message=f"unknown user {number}"))
            case _:
                live.remove(who)
                made.append(make(records.Disconnected, socket=who, reason="transport close"))
                made.append(make(records.EngineClosed, engine=f"engine-{who}", reason="transport close"))
    return made
