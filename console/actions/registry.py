"""The registry of actions; each module beside this one adds a group's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from textual.binding import Binding

from console.widgets.line_list import About

if TYPE_CHECKING:
    from console.screens.main import MainScreen

Run = Callable[["MainScreen"], Awaitable[None] | None]


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
    #: How soon the footer names it where there is room: 1 is the first, 0 never.
    footer: int
    #: How the key is written, where its name would not do.
    key_display: str | None
    run: Run
    #: Whether it makes sense where one is.
    visible: Callable[[MainScreen], bool]
    #: What is said where it makes no sense; "" says nothing.
    elsewhere: str
    #: Why it can't be done now, in a short sentence; "" when it can.
    refusal: Callable[[MainScreen], str]
    #: Whether it works while a text is typed.
    typing: bool
    #: Other words that people call it by, for those who look for it.
    words: str
    #: Its label where it does something else than elsewhere, "" where it does not.
    label_here: Callable[[MainScreen], str]
    #: What of the list it is about: it waits until the filter has found that.
    about: About

    def why_not(self, screen: MainScreen) -> str:
        """Why it can't be done here and now, "" when it can."""
        if screen.view.pending(self.about):
            return PENDING
        return self.refusal(screen) if self.visible(screen) else self.elsewhere

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


#: Why something about a row can't be done that is still looked for.
PENDING = "the search still goes on"

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
    footer: int = 0,
    key_display: str | None = None,
    visible: Callable[[MainScreen], bool] = always,
    elsewhere: str = "",
    refusal: Callable[[MainScreen], str] = nothing,
    typing: bool = False,
    words: str = "",
    label_here: Callable[[MainScreen], str] = nothing,
    about: About = "",
) -> Callable[[Run], Run]:
    """Make a function of the main screen an action."""

    def register(run: Run) -> Run:
        if id in ACTIONS:
            raise ValueError(f"there are two actions {id}")
        ACTIONS[id] = Action(
            id=id,
            key=key,
            label=label,
            help=help,
            group=group,
            footer=footer,
            key_display=key_display,
            run=run,
            visible=visible,
            elsewhere=elsewhere,
            refusal=refusal,
            typing=typing,
            words=words,
            label_here=label_here,
            about=about,
        )
        return run

    return register


def by_group() -> dict[str, list[Action]]:
    """All actions under their headings."""
    groups: dict[str, list[Action]] = {}
    for each in ACTIONS.values():
        groups.setdefault(each.group, []).append(each)
    return groups
