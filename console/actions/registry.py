"""The registry of actions; each module beside this one adds a group's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Literal, NamedTuple

from textual.binding import Binding

if TYPE_CHECKING:
    from console.screens.main import MainScreen

Run = Callable[["MainScreen"], Awaitable[None] | None]
#: A wide screen, a moment of the past, a recording at its end.
Where = Literal["wide", "past", "file"]


class Action(NamedTuple):
    """Something that can be done on the main screen; keys are remapped by its id."""

    id: str
    #: Textual's name of the key, or several with commas between.
    key: str
    #: One or two words, for the footer.
    label: str
    #: A sentence, for the help.
    help: str
    #: The heading that it stands under in the help.
    group: str
    #: Whether the footer names it, or where alone.
    footer: bool | tuple[Where, ...]
    #: How the key is written, where its name would not do.
    key_display: str | None
    run: Run
    #: Whether it makes sense where one is.
    visible: Callable[[MainScreen], bool]
    #: Why it can't be done now, in a short sentence; "" when it can.
    refusal: Callable[[MainScreen], str]
    #: Whether it works while a text is typed.
    typing: bool

    def binding(self) -> Binding:
        """Its key on the main screen."""
        return Binding(
            self.key,
            f"run('{self.id}')",
            self.label,
            show=bool(self.footer),
            key_display=self.key_display,
            tooltip=self.help,
            id=self.id,
        )

    def in_footer(self, here: Collection[Where]) -> bool:
        """Whether the footer names it."""
        return self.footer if isinstance(self.footer, bool) else any(where in here for where in self.footer)


#: By id, in the order of the footer.
ACTIONS: dict[str, Action] = {}


def always(_screen: MainScreen) -> bool:
    return True


def nothing(_screen: MainScreen) -> str:
    return ""


def action(
    id: str,
    key: str,
    label: str,
    help: str,
    *,
    group: str,
    footer: bool | tuple[Where, ...] = False,
    key_display: str | None = None,
    visible: Callable[[MainScreen], bool] = always,
    refusal: Callable[[MainScreen], str] = nothing,
    typing: bool = False,
) -> Callable[[Run], Run]:
    """Make a function of the main screen an action."""

    def register(run: Run) -> Run:
        if id in ACTIONS:
            raise ValueError(f"there are two actions {id}")
        ACTIONS[id] = Action(id, key, label, help, group, footer, key_display, run, visible, refusal, typing)
        return run

    return register


def by_group() -> dict[str, list[Action]]:
    """All actions under their headings."""
    groups: dict[str, list[Action]] = {}
    for each in ACTIONS.values():
        groups.setdefault(each.group, []).append(each)
    return groups
