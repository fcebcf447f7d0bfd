"""How the main screen is looked at, and looked at the next time in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.memory.looks import Look, ViewLook
from console.text import safe
from console.widgets.table import WIDTHS

if TYPE_CHECKING:
    from console.screens.main import MainScreen


def look_of(screen: MainScreen) -> Look:
    """How it is looked at now."""
    views: dict[str, ViewLook] = {}
    for id, view in screen.views.items():
        if (table := view.table) is None:
            continue
        listing = table.listing
        first = next(iter(listing.KEYS))
        look = ViewLook(
            sort=listing.sort if listing.sort != first else "",
            reverse=listing.reverse,
            columns=tuple(table.chosen or ()),
            widths=table.chosen_widths,
        )
        if look != ViewLook():
            views[id] = look
    return Look(view=str(screen.view.id), filter=screen.bar.text, views=views)


def remember(screen: MainScreen) -> None:
    """Keep how it is looked at now; what can't be written is said once."""
    looks = screen.person.looks
    if looks is None or looks.notice:
        return
    looks.save(look_of(screen))
    if looks.notice and screen.is_running:
        screen.notify(safe(looks.notice), severity="warning", markup=False)


def restore(screen: MainScreen) -> None:
    """Look at it as the settings say, then as the last time; what is not there any more is passed over."""
    for id, columns in screen.person.settings.columns.items():
        if id in screen.views and (table := screen.views[id].table):
            table.choose(list(columns))
    for notice in notices(screen):
        screen.notify(safe(notice), severity="warning", markup=False)
    looks = screen.person.looks
    if looks is None:
        return
    look = looks.load()
    if looks.notice:
        screen.notify(safe(looks.notice), severity="warning", markup=False)
        looks.notice = ""
    for id, view_look in look.views.items():
        table = screen.views[id].table if id in screen.views else None
        if table is None:
            continue
        if view_look.sort in table.listing.KEYS:
            table.listing.sort = view_look.sort
        table.listing.reverse = view_look.reverse
        known = {column.id for column in table.columns}
        kept = [column for column in view_look.columns if column in known]
        widths = {id: width for id, width in view_look.widths.items() if id in known and width in WIDTHS}
        if kept or widths:
            table.choose(kept or table.chosen, widths)
    if look.filter:
        screen.set_filter(look.filter)
    if look.view in screen.views:
        screen.show(look.view)


def notices(screen: MainScreen) -> list[str]:
    """What a person should know of their own files at the start."""
    from console.actions.table import ACTIONS
    from console.config.load import conflicts

    keys = {action.id: action.key for action in ACTIONS.values()}
    said = conflicts(screen.person.settings.keys, keys)
    return [*said, screen.person.filters.notice] if screen.person.filters.notice else said
