"""What a person sees in the list that they are on: what is exported and copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from console.export import sheets
from console.export.sheets import Room, Sheet
from console.state.clients import ClientInfo
from console.state.rooms import RoomInfo
from console.state.servers import Server
from console.state.state import State
from console.widgets.event_list import EventList
from console.widgets.table import Table
from console.widgets.timeline_list import LogList, TimelineList
from server_core.records import EngineInfo, Record, SocketInfo

if TYPE_CHECKING:
    from console.screens.main import MainScreen


class Contents(NamedTuple):
    """Things of one kind, those that match the filter, in the list's order; only the marked ones, if any.

    `read(start, stop)` gives some of them, on the screen's thread; those that are gone meanwhile are left out.
    """

    number: int
    read: Callable[[int, int], Sequence[Any]]
    sheet: Sheet[Any]
    #: Which of all there are: `that match the filter`, `marked`, "".
    which: str


def contents(screen: MainScreen) -> Contents | None:
    """What the list has that is in use; None where it has nothing that can be written."""
    view, state = screen.view, screen.session.state
    show_secrets = screen.person.settings.show_secrets
    matching = "that match the filter" if screen.filter is not None else ""
    match view.focused_list:
        case EventList() as events if numbers := events.marked_numbers():
            return Contents(len(numbers), events.timeline.reader(numbers), sheets.records(state), "marked")
        case TimelineList() as timeline:
            number, read = timeline.timeline.kept()
            return Contents(number, read, sheets.records(state), matching)
        case LogList() as log:
            return _of(log.lines(), sheets.LOGS, matching)
        case Table() as table:
            marked = table.marked()
            things = marked or [thing for id in table.listing.ids if (thing := table.listing.get(id)) is not None]
            if found := known(things, state, show_secrets=show_secrets):
                return _of(*found, "marked" if marked else matching)
    return None


def known(things: Sequence[Any], state: State, *, show_secrets: bool) -> tuple[Sequence[Any], Sheet[Any]] | None:
    """Things of a list with the sheet that writes them; None where there is none for them."""
    match things[:1]:
        case [Record()]:
            return things, sheets.records(state)
        case [SocketInfo()]:
            return things, sheets.sockets(state, show_secrets=show_secrets)
        case [ClientInfo()]:
            return [client.engine for client in things], sheets.clients(state)
        case [EngineInfo()]:
            return things, sheets.clients(state)
        case [Server()]:
            return things, sheets.servers()
        case [RoomInfo()]:
            rooms = [
                Room(room.nsp, room.room, tuple(state.members(room.nsp, room.room)), room.private) for room in things
            ]
            return rooms, sheets.rooms_sheet(state)
    return None


def _of(things: Sequence[Any], sheet: Sheet[Any], which: str) -> Contents:
    return Contents(len(things), lambda start, stop: things[start:stop], sheet, which)
