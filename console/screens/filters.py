"""The filters saved by name: recall one, or delete it."""

from __future__ import annotations

from console.memory.filters import FilterError, SavedFilters
from console.screens.pick import Choice, PickDialog
from console.text import safe


class FiltersDialog(PickDialog):
    """Ends with the name of the filter to use, or None."""

    BINDINGS = [("delete,D", "delete", "Delete")]

    def __init__(self, saved: SavedFilters) -> None:
        self._saved = saved
        choices = [
            Choice(name, f"@{name}", text + ("   (config file)" if saved.is_fixed(name) else ""))
            for name, text in saved.items()
        ]
        super().__init__("Saved filters", choices, keys=(("use", "⏎", "pick"), ("delete", "D", "delete")))

    async def action_delete(self) -> None:
        if (choice := self.current) is None:
            return
        try:
            self._saved.delete(choice.id)
        except FilterError as error:
            self.notify(safe(str(error)), severity="error", markup=False)
            return
        self.notify(safe(f"@{choice.id} is deleted"), markup=False)
        self.dismiss(None)
