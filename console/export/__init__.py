"""Writing what is known to files: NDJSON, JSON, CSV, an HTML report. No Textual in here."""

from console.export.files import ExportError, default_path, save
from console.export.sheets import RECORDS, Sheet
from console.export.write import FORMATS, Format, write

__all__ = ["FORMATS", "RECORDS", "ExportError", "Format", "Sheet", "default_path", "save", "write"]
