"""Looks for planted values in everything that a house has written: every column of every table, every file, every log line.

A value counts as found whatever it is wrapped in: raw bytes, UTF-16, hexadecimal, base64, JSON escapes, a pickle, in any nesting
of these.
"""

from __future__ import annotations

import base64
import binascii
import json
import pickletools
import re
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from backend.storage import Storage

_DEEP = 4
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
_ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")


def in_database(store: Storage, planted: list[str]) -> list[str]:
    """Where a planted value stands unsealed: "table.column"."""
    found = set()
    with store.engines.pages.connect() as connection:
        for schema, table in _tables(store, connection):
            for row in connection.execute(sa.text(f'SELECT * FROM "{schema}"."{table}"')).mappings():
                found |= {f"{table}.{column}" for column, value in row.items() if holds(_bytes(value), planted)}
    return sorted(found)


def in_files(folder: Path, planted: list[str]) -> list[str]:
    """Files below a folder that hold a planted value (the database's own, its log, blobs, logs)."""
    return [str(path) for path in sorted(folder.rglob("*")) if path.is_file() and holds(path.read_bytes(), planted)]


def holds(data: bytes, planted: list[str], depth: int = 0) -> bool:
    """Whether one of the values is in these bytes, as it is or wrapped."""
    needles = [text.encode(encoding) for text in planted for encoding in ("utf-8", "utf-16-le", "gb18030")]
    if any(needle in data or needle.hex().encode() in data.lower() for needle in needles):
        return True
    return depth < _DEEP and any(holds(inner, planted, depth + 1) for inner in _unwrapped(data))


def _unwrapped(data: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(data):
        word = match.group().translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        for cut in range(4 if len(word) < 4096 else 1):
            piece = word[cut:]
            try:
                yield base64.b64decode(piece + b"=" * (-len(piece) % 4))
            except binascii.Error:
                continue
    if _ESCAPE.search(data):
        yield _ESCAPE.sub(lambda m: chr(int(m.group()[2:], 16)).encode("utf-8", "surrogatepass"), data)
    if data[:1] == b"\x80":
        yield from _pickled(data)


def _pickled(data: bytes) -> Iterator[bytes]:
    try:
        for _, argument, _ in pickletools.genops(data):
            if isinstance(argument, str | bytes):
                yield argument.encode() if isinstance(argument, str) else argument
    except Exception:  # noqa: BLE001 - it only looked like a pickle
        return


def _bytes(value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return value.encode() if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False).encode()


def _tables(store: Storage, connection: sa.Connection) -> list[tuple[str, str]]:
    inspector = sa.inspect(connection)
    schemas = ["public", "dbos"] if store.on_postgres else ["main"]
    return [(schema, table) for schema in schemas for table in inspector.get_table_names(schema=schema)]
