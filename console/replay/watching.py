"""What a console that watches a replay needs: its script, however it is written, and its server."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

from console.link.base import Link
from console.replay import parse
from console.replay.distill import distill
from console.replay.linked import LinkedServer
from console.replay.model import Script
from console.replay.playback import Playback
from console.replay.run import Options
from console.replay.seen import SeenLink
from console.state.session import Session
from server_core.recording import is_recording, read


def load(path: Path) -> Script:
    """The script of a file: a recording is distilled; InvalidScript, RecordingError."""
    if not is_recording(path):
        return parse.load(path)
    return distill(read(path).records, file=str(path), name=path.name.partition(".")[0] or "as recorded").script


def playback(path: Path, link: Link, session: Session, options: Options) -> Playback:
    """The playback of a script against the server that a link is about."""
    if isinstance(link, SeenLink):
        return Playback(path, changed(options, url=link.url, witness=link.witness), load)
    return Playback(path, options, load, LinkedServer(link, session, anew=options.app is not None))
