"""Column types and the metadata that every table of the house shares.

Import this before any table is declared: the naming convention has to stand first, or Alembic cannot name what it changes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware going in (a naive one is refused), UTC in storage, aware UTC coming out. SQLite drops offsets."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """In one step what two layers would do for every moment: on SQLite the text that `DateTime` writes."""
        return _as_text if dialect.name == "sqlite" else _as_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(TypeDecorator[bytes]):
    """Bytes made by `Keys.seal`. Anything that does not begin with a known algorithm's byte is refused on its way in."""

    impl = LargeBinary
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _as_sealed


def _as_utc(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be kept")
    return None if value is None else value.astimezone(UTC)


def _as_text(value: datetime | None) -> str | None:
    utc = _as_utc(value)
    return None if utc is None else utc.replace(tzinfo=None).isoformat(" ", "microseconds")


def _as_sealed(value: Any) -> bytes | None:
    if value is not None and (not isinstance(value, bytes) or value[:1] not in (b"\x01", b"\x02")):
        raise ValueError("a sealed column takes only what Keys.seal made")
    return value


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)
