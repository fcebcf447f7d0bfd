"""Where exports go: a file of its owner's alone, whole or not at all, never over another without being asked."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from console import places
from console.export.sheets import RECORDS, Sheet
from console.export.write import Format, write

_UNFIT = re.compile(r"[^\w-]+")


class ExportError(Exception):
    """Why nothing was written."""


def default_path(name: str, extension: str, folder: Path | None = None) -> Path:
    """A path that says what is in it and when it was made: `events-20231114-221320.csv`."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time()))
    return (folder or places.output_folder()) / f"{_UNFIT.sub('-', name)}-{stamp}.{extension}"


def save(
    things: Iterable[Any],
    path: Path,
    format: Format,
    sheet: Sheet[Any] = RECORDS,
    *,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write things to a file; how many they were. ExportError says why it can't be; then nothing is there."""
    return put(path, lambda file: write(things, file, format, sheet, progress=progress), overwrite=overwrite)


def put(path: Path, fill: Callable[[Any], int], *, overwrite: bool = False) -> int:
    """Put a file in place once `fill` has written all of it; what `fill` returns."""
    draft = None
    try:
        if not overwrite and path.exists():
            raise ExportError(f"{places.shown(path)} is there already")
        descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
        with os.fdopen(descriptor, "wb") as file:
            done = fill(file)
        if overwrite:
            os.replace(draft, path)
        else:
            try:
                os.link(draft, path)  # unlike a rename, it never takes another's place
            except FileExistsError:
                raise ExportError(f"{places.shown(path)} is there already") from None
            except OSError:  # a file system without links
                os.replace(draft, path)
        return done
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ExportError(f"{places.shown(path)} can't be written: {why}") from None
    finally:
        if draft:
            with contextlib.suppress(OSError):
                os.unlink(draft)
