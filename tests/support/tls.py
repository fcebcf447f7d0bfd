"""A certificate that nobody trusts, for servers of the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Certificate(NamedTuple):
    """Files in PEM."""

    key: Path
    certificate: Path


def certificate(folder: Path) -> Certificate:
    """A self-signed one for `localhost`."""
    made = Certificate(folder / "key.pem", folder / "cert.pem")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run([*request, *names, *files], check=True, capture_output=True)
    return made
