"""Taking something out of the console: to the clipboard, to a file, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console import places
from console.actions.registry import action
from console.export import ExportError, default_path
from console.export.files import put
from console.screens.contents import contents
from console.screens.export import ExportDialog
from console.screens.pick import Choice, PickDialog
from console.snippets import Language, snippet
from console.text import count, cut, safe
from server_core.records import EngineInfo, Record, SocketInfo

if TYPE_CHECKING:
    from console.screens.main import MainScreen

#: (id, key, label) of what can be copied, beside an id.
_FORMS: tuple[tuple[Language, str, str], ...] = (
    ("json", "j", "JSON"),
    ("javascript", "s", "JavaScript"),
    ("python", "p", "Python"),
)


def _subjects(screen: MainScreen) -> list[Any]:
    """What is copied: all that is marked, else what the cursor is on."""
    table = screen.view.table
    if table is not None and table.marks and (marked := table.marked()):
        return marked
    subject = screen.subject()
    return [] if subject is None else [subject]


def _nothing(screen: MainScreen) -> str:
    marked = screen.view.table is not None and screen.view.table.marks
    return "" if marked or screen.subject() is not None else "the cursor is on nothing"


@action(
    "copy",
    "y",
    "copy",
    "Copy what is marked, or what the cursor is on: its id, as JSON, JavaScript or Python",
    group="Export",
    refusal=_nothing,
)
def copy(screen: MainScreen) -> None:
    things = _subjects(screen)
    forms: dict[str, tuple[str, str]] = {}
    choices = []
    if all(isinstance(thing, SocketInfo | EngineInfo) for thing in things):
        forms["id"] = ("id" if len(things) == 1 else "ids", safe_lines(thing.id for thing in things))
        choices.append(Choice("id", "id" if len(things) == 1 else "ids", forms["id"][1].replace("\n", " "), "y"))
    calls = all(isinstance(thing, SocketInfo | Record) for thing in things)
    for language, key, label in _FORMS if calls else ():
        text = snippet(
            things,
            language,
            state=screen.session.state,
            url=screen.link.url,
            show_secrets=screen.person.settings.show_secrets,
        )
        forms[language] = (label, text)
        first = not choices
        choices.append(Choice(language, label, cut(" ".join(text.split()), 200), "y" if first else key))
    what = count(len(things), "thing") if len(things) > 1 else "this"

    def chosen(form: str | None) -> None:
        if form:
            label, text = forms[form]
            screen.app.copy_to_clipboard(text)
            said = f"copied the {label}" if label.startswith("id") else f"copied {what} as {label}"
            screen.notify(safe(said), markup=False)

    screen.app.push_screen(PickDialog("Copy", choices, keys="y copies the first   close esc"), chosen)


def safe_lines(texts: Any) -> str:
    """Texts of peers, one a line."""
    return "\n".join(map(safe, texts))


def _empty(screen: MainScreen) -> str:
    return "" if screen.view.focused_list.row_count() else "there is nothing in the list"


@action(
    "export",
    "w",
    "write",
    "Write what the list shows to a file: NDJSON, JSON, CSV or an HTML report",
    group="Export",
    refusal=_empty,
)
def export(screen: MainScreen) -> None:
    if found := contents(screen):
        screen.app.push_screen(ExportDialog(found, show_secrets=screen.person.settings.show_secrets))


@action("screenshot", "P", "picture", "Write the screen as it is to an SVG file", group="Export")
def screenshot(screen: MainScreen) -> None:
    svg = screen.app.export_screenshot(title=f"socketscope {safe(screen.link.title)}")
    path = default_path("socketscope", "svg")
    try:
        put(path, lambda file: file.write(svg.encode("utf-8", "replace")), overwrite=True)
    except ExportError as error:
        screen.notify(safe(str(error)), severity="error", markup=False)
        return
    screen.notify(safe(f"the screen is in {places.shown(path)}"), markup=False)
