"""An app whose import raises."""

from __future__ import annotations


def connect_to_database() -> None:
    raise ConnectionError("the database at db.invalid is away")


connect_to_database()
