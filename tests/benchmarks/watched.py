"""`python -m tests.benchmarks.watched COMMAND…`: the console as it is, which tells on SIGUSR1 what has reached it.

It writes to the file that SOCKETSCOPE_COUNTS names: how many events and acks were folded, how many records are counted
as lost.
"""

from __future__ import annotations

import inspect
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from console import terminal
from console.app import ConsoleApp
from console.cli import main
from server_core.records import AnyRecord, PayloadRecord

COUNTS = "SOCKETSCOPE_COUNTS"


class Watched(ConsoleApp):
    """The app, with what its session folds counted."""

    CSS_PATH: ClassVar = [Path(inspect.getfile(ConsoleApp)).parent / name for name in ConsoleApp.CSS_PATH]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._folded = 0
        fold = self.session.apply

        def apply(records: Sequence[AnyRecord]) -> None:
            self._folded += sum(isinstance(record, PayloadRecord) for record in records)
            fold(records)

        self.session.apply = apply  # type: ignore[method-assign]
        signal.signal(signal.SIGUSR1, self._say)

    def _say(self, *_: object) -> None:
        path = Path(os.environ[COUNTS])
        written = path.with_suffix(".new")
        written.write_text(json.dumps({"folded": self._folded, "lost": self.session.live.lost}))
        written.replace(path)


if __name__ == "__main__":
    vars(terminal)["ConsoleApp"] = Watched
    main()
