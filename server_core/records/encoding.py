"""Records as bytes: batches for the wire, lines for files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from server_core.records.kinds import AnyRecord, Record


def encode_batch(records: Sequence[Record]) -> bytes:
    """One batch for the wire: msgpack."""
    try:
        return _batch_encoder.encode(records)
    except UnicodeEncodeError:
        return _batch_encoder.encode([_encodable(record) for record in records])


def decode_batch(data: bytes) -> list[AnyRecord]:
    """The records of one batch; `msgspec.DecodeError` when it is not one."""
    return _batch_decoder.decode(data)


def encode_lines(records: Iterable[Record]) -> bytes:
    """Records as NDJSON, each line ended."""
    records = list(records)
    try:
        return _line_encoder.encode_lines(records)
    except UnicodeEncodeError:
        return _line_encoder.encode_lines([_encodable(record) for record in records])


def decode_line(line: bytes | str) -> AnyRecord:
    """The record of one NDJSON line; `msgspec.DecodeError` when it is not one."""
    return _line_decoder.decode(line)


def decode_lines(lines: bytes) -> list[AnyRecord]:
    """The records of NDJSON lines, empty ones left out; `msgspec.DecodeError` when one of them is none."""
    return _line_decoder.decode_lines(lines)


def _encodable(record: Record) -> Record:
    """The record with the lone surrogates that a peer's JSON may hold replaced: no encoding has them."""
    return msgspec.convert(_without_surrogates(msgspec.to_builtins(record, builtin_types=(bytes,))), type(record))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


_batch_encoder = msgspec.msgpack.Encoder()
_batch_decoder: msgspec.msgpack.Decoder[list[AnyRecord]] = msgspec.msgpack.Decoder(list[AnyRecord])
_line_encoder = msgspec.json.Encoder()
_line_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)
