"""The command palette: everything that can be done, by a few letters of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from console import themes
from console.actions.keys import key_of
from console.actions.table import ACTIONS
from console.text import safe

if TYPE_CHECKING:
    from console.screens.main import MainScreen


class Entry(NamedTuple):
    """One line of the palette; nothing in it is safe yet."""

    name: str
    help: str
    run: Callable[[], object]
    key: str = ""
    off: bool = False


class Commands(Provider):
    """The registry's actions, the saved filters and the themes."""

    @property
    def _main(self) -> MainScreen:
        return cast("MainScreen", self.screen)

    def _entries(self) -> Iterator[Entry]:
        main = self._main
        for action in ACTIONS.values():
            if action.id == "palette" or not action.visible(main):
                continue
            why = action.refusal(main)
            help = f"not now: {why}" if why else action.help
            name = f"{action.group}: {action.label}"
            yield Entry(
                name, help, partial(main.action_run, action.id), key_of(action, main.person.settings.keys), bool(why)
            )
        for name, text in main.person.filters.items():
            yield Entry(f"Filter: @{name}", text, partial(main.set_filter, f"@{name}"))
        for name in themes.NAMES:
            yield Entry(f"Theme: {name}", "how the console looks", partial(themes.use, main.app, name))

    async def discover(self) -> Hits:
        for entry in self._entries():
            if not entry.name.startswith("Theme: "):
                yield DiscoveryHit(_shown(entry, ()), entry.run, safe(entry.name), escape(safe(entry.help)))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for entry in self._entries():
            score, offsets = matcher.fuzzy_search.match(matcher.query, safe(entry.name))
            if score <= 0 and query.casefold() in entry.help.casefold():
                score, offsets = 0.1, ()
            if score > 0:
                yield Hit(score, _shown(entry, offsets), entry.run, safe(entry.name), escape(safe(entry.help)))


def _shown(entry: Entry, offsets: object) -> Content:
    text = safe(entry.name)
    content = Content(text)
    for offset in cast("tuple[int, ...]", offsets):
        content = content.stylize("bold underline", offset, offset + 1)
    if entry.off:
        content = content.stylize("dim")
    return content.append(Content.styled(f"   {entry.key}", "$text-primary")) if entry.key else content
