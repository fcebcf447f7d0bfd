"""Rooms: who is where, and what is sent there."""

from __future__ import annotations

from console.lines import Reader
from console.link.base import Link
from console.screens.table_view import TableView
from console.screens.view import Subject
from console.state.refs import RecordRef, Ref, RoomRef, SocketRef
from console.state.rooms import RoomListing
from console.state.session import Session
from console.widgets.tables import RoomTable
from server_core.records import SocketInfo
from server_core.roster import RoomKey


class RoomsView(TableView):
    """The rooms that have members; the sockets' own rooms only when asked."""

    title = "Rooms"
    key = "2"
    noun = "room"

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="rooms")
        self.listing = RoomListing(session)
        self.rows = self.room_table = RoomTable(self.listing, id="room-table")
        self.main = self.rows
        self.panes = (self.rows,)

    def ref_of(self, id: RoomKey) -> Ref:
        return RoomRef(*id)

    def id_of(self, ref: Ref) -> RoomKey | None:
        return (ref.nsp, ref.room) if isinstance(ref, RoomRef) else None

    def hides(self, ref: Ref) -> bool:
        key = self.id_of(ref)
        room = self.listing.get(key) if key else None
        return super().hides(ref) and room is not None and (self.listing.own or not room.private)

    def hint(self) -> str:
        return "no socket is in a room but its own: O shows those too"

    def toggle_own(self) -> None:
        """List the sockets' own rooms too, or no more."""
        self.listing.own = not self.listing.own
        self.resort()

    def subject(self) -> Subject:
        if self.in_detail:
            match self.detail.ref():
                case RecordRef() as ref:
                    return ref.record
                case SocketRef() as ref:
                    return self.session.state.known(ref.id)
        return self.room_table.current

    def sockets(self) -> list[SocketInfo]:
        state = self.session.state
        ref = self.detail.ref() if self.in_detail else None
        if isinstance(ref, SocketRef):
            return [socket] if (socket := state.socket(ref.id)) else []
        room = self.detail.subject if self.in_detail else self.ref()
        return self._members(room) if isinstance(room, RoomRef) else []

    def marked_sockets(self) -> list[SocketInfo]:
        found: dict[str, SocketInfo] = {}
        for room in self.room_table.marked():
            found.update((socket.id, socket) for socket in self._members(RoomRef(room.nsp, room.room)))
        return list(found.values())

    def _members(self, room: RoomRef) -> list[SocketInfo]:
        state = self.session.state
        return [socket for id in state.members(room.nsp, room.room) if (socket := state.socket(id))]
