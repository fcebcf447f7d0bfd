"""The footer: the keys that work here."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Footer


class KeysFooter(Footer):
    """Made anew only when it would say something else: that is a layout and a whole screen to be drawn."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._said: list[tuple[object, ...]] | None = None

    def bindings_changed(self, screen: Screen[object]) -> None:
        if not (screen.app.app_focus and self.is_attached and screen is self.screen):
            super().bindings_changed(screen)
            return
        says: list[tuple[object, ...]] = [
            (active.binding.key, active.binding.description, active.enabled, active.tooltip)
            for active in screen.active_bindings.values()
            if active.binding.show
        ]
        if says != self._said:
            self._said = says
            # each of its keys watches it, and only a change lets go of those that are no more: 20 KB each
            self.mutate_reactive(Footer.compact)
            super().bindings_changed(screen)
