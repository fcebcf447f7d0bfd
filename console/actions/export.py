"""Taking something out of the console: to the clipboard, to a file, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console import places
from console.actions.registry import action
from console.export import ExportError, default_path
from console.export.files import put
from console.export.harmless import json_text
from console.screens.contents import contents, known
from console.screens.export import ExportDialog
from console.screens.pick import Choice, PickDialog
from console.snippets import Language, snippet
from console.state.clients import ClientInfo
from console.state.rooms import RoomInfo
from console.state.servers import Server
from console.text import count, cut, safe
from server_core.records import EngineInfo, Record, SocketInfo

if TYPE_CHECKING:
    from console.screens.main import MainScreen

_LABELS: dict[Language, str] = {"json": "JSON", "javascript": "JavaScript", "python": "Python"}
#: Letters of what can be copied; the first is also `y`.
_KEYS = {"json": "j", "javascript": "s", "python": "p"}
#: Things that a clipboard is of use for.
_MOST = 10_000


def _subjects(screen: MainScreen) -> list[Any]:
    """What is copied: all that is marked, else what the cursor is on."""
    marking = screen.view.marking
    if marking is not None and marking.marks and (marked := marking.marked()):
        return marked
    subject = screen.subject()
    return [] if subject is None else [subject]


def _nothing(screen: MainScreen) -> str:
    marks = screen.view.marking.marks if screen.view.marking is not None else ()
    if len(marks) > _MOST:
        return f"{len(marks)} are marked: w writes them to a file"
    return "" if marks or screen.subject() is not None else "the cursor is on nothing"


@action(
    "copy",
    "y",
    "copy",
    "Copy it, or all marked: the id, or as JSON, JavaScript, Python",
    group="Export",
    footer=9,
    refusal=_nothing,
    words="clipboard yank json javascript python code snippet",
    about="row",
)
def copy(screen: MainScreen) -> None:
    things = _subjects(screen)
    forms: dict[str, tuple[str, str]] = {}
    state, show_secrets = screen.session.state, screen.person.settings.show_secrets
    if names := [name for thing in things if (name := _name(thing))]:
        forms["id"] = ("id" if len(names) == 1 else "ids", "\n".join(map(safe, names)))
    if all(isinstance(thing, SocketInfo | Record) for thing in things):
        for language, label in _LABELS.items():
            text = snippet(things, language, state=state, url=screen.link.url, show_secrets=show_secrets)
            forms[language] = (label, text)
    elif found := known(things, state, show_secrets=show_secrets):
        shown, sheet = found
        data = [sheet.data(thing) for thing in shown]
        forms["json"] = ("JSON", json_text(data[0] if len(data) == 1 else data))
    keys = ["y", *(key for form, key in _KEYS.items() if form in [*forms][1:])]
    choices = [
        Choice(form, label, cut(" ".join(text.split()), 200), key)
        for (form, (label, text)), key in zip(forms.items(), keys, strict=True)
    ]
    what = count(len(things), "thing") if len(things) > 1 else "this"

    def chosen(form: str | None) -> None:
        if form:
            label, text = forms[form]
            screen.app.copy_to_clipboard(text)
            said = f"copied the {label}" if label.startswith("id") else f"copied {what} as {label}"
            screen.notify(safe(said), markup=False)

    screen.app.push_screen(PickDialog("Copy", choices, keys=(("copy", "⏎", "pick"),)), chosen)


def _name(thing: object) -> str:
    """What something is called by, "" where it is a record."""
    match thing:
        case SocketInfo(id=id) | EngineInfo(id=id):
            return id
        case ClientInfo(engine=engine):
            return engine.id
        case RoomInfo(room=room):
            return room
        case Server():
            return thing.id
    return ""


def _empty(screen: MainScreen) -> str:
    return "" if screen.view.focused_list.row_count() else "there is nothing in the list"


@action(
    "export",
    "w",
    "export",
    "Write the list to a file: NDJSON, JSON, CSV or an HTML report",
    group="Export",
    footer=9,
    refusal=_empty,
    words="write save file csv json report download dump",
    about="list",
)
def export(screen: MainScreen) -> None:
    if found := contents(screen):
        screen.app.push_screen(ExportDialog(found, show_secrets=screen.person.settings.show_secrets))


@action(
    "screenshot",
    "P",
    "picture",
    "Write the screen as it is to an SVG file",
    group="Export",
    words="screenshot svg snapshot image",
)
def screenshot(screen: MainScreen) -> None:
    svg = screen.app.export_screenshot(title=f"socketscope {safe(screen.link.title)}")
    path = default_path("socketscope", "svg")
    try:
        put(path, lambda file: file.write(svg.encode("utf-8", "replace")), overwrite=True)
    except ExportError as error:
        screen.notify(safe(str(error)), severity="error", markup=False)
        return
    screen.notify(safe(f"the screen is in {places.shown(path)}"), markup=False)
