"""The line that is there only where something is wrong with the link: what, and what can be done."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from console.link.base import Link, LinkState
from console.text import cut, safe


class Banner(Static):
    """Says that the server is out of reach or has ended, or that some of several are."""

    def __init__(self, link: Link, log_key: str) -> None:
        """`log_key` is the key that shows the log."""
        super().__init__(id="banner")
        self._link = link
        self._log_key = log_key
        self._status = self._told = link.status

    def sync(self, *, again: bool) -> bool:
        """Say how it is by now, with `again` also where that is the same; whether it is another one."""
        status, before = self._link.status, self._status
        if status == before and not again:
            return False
        self._status = status
        if status.state is LinkState.FILE and status.why and status != self._told:
            self._told = status
            self.notify(safe(f"the recording is damaged: {status.why}"), severity="warning", markup=False)
        some = status.state is LinkState.LIVE and bool(status.why)
        self.set_class(some, "some")
        self.display = some or status.state in (LinkState.LOST, LinkState.STOPPED)
        if self.display:
            width = self.screen.size.width
            self.update(Content(cut(safe(f" {status.why}") if some else self._with_ways(status.why, width), width)))
        return status != before

    def _with_ways(self, why: str, width: int) -> str:
        """Why, and as many ways on as there is room for."""
        ways = [f"{self._log_key} shows its log", "q ends the console"]
        if self._link.can_restart:
            ways.insert(1, "R starts it again")
        said = f" {safe(why)}"
        for number, way in enumerate(ways):
            longer = f"{said}{',' if number else '.'}  {way}"
            if len(longer) > width:
                break
            said = longer
        return said
