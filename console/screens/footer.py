"""Which keys the footer names: the most important ones that there is room for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.binding import ActiveBinding
from textual.keys import key_to_character
from textual.widgets import Input

from console.actions.table import ACTIONS
from console.link.base import LinkState

if TYPE_CHECKING:
    from console.screens.main import MainScreen

#: Cells between two keys.
_APART = 2
#: What can't be done now is named after all that can; in the past, and of a file, it has no place, and what goes
#: through time is named before the rest.
_REFUSED, _TIME = 20, 10


def shown(screen: MainScreen, found: dict[str, ActiveBinding]) -> dict[str, ActiveBinding]:
    """The keys that work, those that the footer names marked so; what can't be done now is greyed, and says why."""
    typing = isinstance(screen.focused, Input)
    travels = screen.session.past or screen.link.status.state in (LinkState.FILE, LinkState.LOADING)
    bindings: dict[str, ActiveBinding] = {}
    #: Of each action that could be named, how late it is named.
    wanted: dict[str, int] = {}
    for key, active in found.items():
        known = ACTIONS.get(active.binding.id or "") if active.node is screen else None
        if known is None:
            bindings[key] = active
            if active.binding.show:
                wanted[active.binding.action] = 0
            continue
        if typing and _is_typed(key):
            continue
        why = known.why_not(screen)
        binding = replace(
            active.binding,
            description=known.label_here(screen) or known.label,
            show=bool(known.footer) and known.visible(screen) and not (why and travels),
            key_display=None if typing and not known.key_display else active.binding.key_display,
        )
        bindings[key] = active._replace(binding=binding, enabled=not why, tooltip=why or known.help)
        if binding.show:
            sooner = _TIME if travels and known.group == "Time" else 0
            wanted[binding.action] = max(1, known.footer - sooner) + (_REFUSED if why else 0)
    named = _that_fit(screen, bindings, wanted)
    return {
        key: active
        if active.binding.show == (active.binding.show and active.binding.action in named)
        else active._replace(binding=replace(active.binding, show=False))
        for key, active in bindings.items()
    }


def _that_fit(screen: MainScreen, bindings: dict[str, ActiveBinding], wanted: dict[str, int]) -> set[str]:
    """The actions for which there is room."""
    cells: dict[str, int] = {}
    for active in bindings.values():
        binding = active.binding
        if binding.show and binding.action not in cells:
            written = f"{screen.app.get_key_display(binding)} {binding.description}"
            cells[binding.action] = cell_len(written) + _APART
    room = screen.size.width + _APART - 1
    named: set[str] = set()
    for action in sorted(wanted, key=wanted.__getitem__):
        if cells[action] <= room:
            named.add(action)
            room -= cells[action]
        elif wanted[action] < _REFUSED:
            break
    return named


def _is_typed(key: str) -> bool:
    """Whether a key is a character, which the field that has the focus takes."""
    character = key_to_character(key)
    return character is not None and character.isprintable()
