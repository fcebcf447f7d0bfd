"""One way to write things: `write(things, file, format, sheet)`."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Literal, get_args

from console.export.harmless import cell, json_text
from console.export.report import write_report
from console.export.sheets import RECORDS, Sheet

Format = Literal["ndjson", "json", "csv", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)

#: Things between two calls of `progress`.
_STEP = 500


def write(
    things: Iterable[Any],
    file: BinaryIO,
    format: Format,
    sheet: Sheet[Any] = RECORDS,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write things, in UTF-8, one after the other; how many they were.

    NDJSON has an object a line, JSON one array of the same objects, CSV (RFC 4180) a row each below a line of titles,
    HTML a page that can be searched.
    Records have to be masked before (`sheets.masked`). `progress` is told how many are written; what it raises ends it.
    """
    number = 0
    text = io.TextIOWrapper(file, "utf-8", newline="")
    rows = csv.writer(text, lineterminator="\r\n")

    def report_progress(written: int) -> None:
        if progress and written % _STEP == 0:
            progress(written)

    try:
        if format == "html":
            return write_report(things, text, sheet, report_progress)
        if format == "csv":
            rows.writerow(sheet.titles)
        for thing in things:
            match format:
                case "csv":
                    rows.writerow([cell(value) for value in sheet.cells(thing)])
                case "ndjson":
                    text.write(json_text(sheet.data(thing)) + "\n")
                case "json":
                    text.write((",\n" if number else "[\n") + json_text(sheet.data(thing)))
            number += 1
            report_progress(number)
        if format == "json":
            text.write("\n]\n" if number else "[]\n")
    finally:
        text.detach()  # flushes, and leaves the file open
    return number
