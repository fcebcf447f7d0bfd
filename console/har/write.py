"""Writing what a HAR file holds as a recording."""

from __future__ import annotations

from pathlib import Path

from console.har.convert import Imported, convert
from console.har.entries import HarError
from server_core.recording import Recorder

_BATCH = 1_000


def write(har: Path, recording: Path, *, show_secrets: bool = False) -> Imported:
    """Import a HAR file; HarError or RecordingError, in one line, where that can't be done."""
    try:
        data = har.read_bytes()
    except OSError as error:
        raise HarError(f"can't read {har}: {error.strerror}") from error
    imported = convert(data)
    recorder = Recorder(recording, target=har.name, url=imported.url, show_secrets=show_secrets)
    for start in range(0, len(imported.records), _BATCH):
        recorder.write(imported.records[start : start + _BATCH])
    recorder.close()
    if recorder.error:
        raise HarError(recorder.error)
    return imported
