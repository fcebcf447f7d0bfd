"""The command palette: everything that can be done, by a few letters of its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import FuzzySearch
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
    #: Other words that it is called by.
    words: str = ""


class Commands(Provider):
    """The registry's actions, the saved filters and the themes."""

    @property
    def _main(self) -> MainScreen:
        return cast("MainScreen", self.screen)

    def _entries(self) -> Iterator[Entry]:
        main = self._main
        for action in ACTIONS.values():
            if action.id == "palette" or not (action.visible(main) or action.elsewhere):
                continue
            why = action.why_not(main)
            yield Entry(
                name=f"{action.group}: {action.label}",
                help=f"{action.help}. Not now: {why}" if why else action.help,
                run=partial(main.action_run, action.id),
                key=key_of(action, main.person.settings.keys),
                off=bool(why),
                words=f"{action.words} {action.id}",
            )
        for name, text in main.person.filters.items():
            yield Entry(f"Filter: @{name}", text, partial(main.set_filter, f"@{name}"))
        for name in themes.NAMES:
            yield Entry(f"Theme: {name}", "how the console looks", partial(themes.use, main.app, name))

    async def discover(self) -> Hits:
        for entry in sorted(self._entries(), key=lambda entry: entry.off):
            if not entry.name.startswith("Theme: "):
                yield DiscoveryHit(_shown(entry, ()), entry.run, safe(entry.name), escape(safe(entry.help)))

    async def search(self, query: str) -> Hits:
        for score, entry, offsets in find(query, list(self._entries())):
            yield Hit(score, _shown(entry, offsets), entry.run, safe(entry.name), escape(safe(entry.help)))


class Found(NamedTuple):
    """An entry that was looked for: from 0 to 1, and which characters of its name are why."""

    score: float
    entry: Entry
    offsets: Sequence[int] = ()


def find(query: str, entries: Sequence[Entry]) -> list[Found]:
    """The entries that are called so, or by another word; else those whose help says it; else those with these letters
    in this order. What can't be done now comes behind what can."""
    words = query.casefold().split()
    for look in (_named, _told, _spelled):
        found = [each for entry in entries if (each := look(words, entry))]
        if found:
            return [each._replace(score=each.score * (0.5 if each.entry.off else 1)) for each in found]
    return []


def _named(words: Sequence[str], entry: Entry) -> Found | None:
    """Each word begins one of the name's, or another that it is called by."""
    name = safe(entry.name).casefold()
    label = name.find(": ") + 2
    score, offsets = 1.0, list[int]()
    for word in words:
        begins = re.compile(rf"(?<!\w){re.escape(word)}")
        if match := begins.search(name, label):
            offsets += range(*match.span())
        elif begins.search(entry.words):
            score = min(score, 0.8)
        elif match := begins.search(name):
            offsets += range(*match.span())
            score = min(score, 0.7)
        else:
            return None
    # a whole name before one that only begins so
    return Found(score * (0.9 + 0.1 * len(offsets) / len(name[label:])), entry, offsets)


def _told(words: Sequence[str], entry: Entry) -> Found | None:
    """Each word begins one of the help's."""
    text = f"{entry.name} {entry.help} {entry.words}".casefold()
    told = all(re.search(rf"(?<!\w){re.escape(word)}", text) for word in words)
    return Found(0.5, entry) if told else None


def _spelled(words: Sequence[str], entry: Entry) -> Found | None:
    """The letters stand in the name, in this order and near to each other."""
    score, offsets = FuzzySearch().match("".join(words), safe(entry.name))
    return Found(score, entry, offsets) if score > 0 else None


def _shown(entry: Entry, offsets: Sequence[int]) -> Content:
    text = safe(entry.name)
    content = Content(text)
    for offset in offsets:
        content = content.stylize("bold underline", offset, offset + 1)
    if entry.off:
        content = content.stylize("dim")
    return content.append(Content.styled(f"   {entry.key}", "$text-primary")) if entry.key else content
