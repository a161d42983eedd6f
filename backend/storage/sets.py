"""One statement over a whole set of rows, prepared once a dialect: the line of every turn passes here.

SQLAlchemy compiles the statement and knows the types; what it does again for each row of an executemany costs more than the
database does, so here a row is only put in order and handed to the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

Row = Mapping[str, Any]


class _Prepared(NamedTuple):
    """`sql` in the driver's own style; `columns`: the names it takes, in its order, each with what makes a value storable."""

    sql: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    in_order: bool  # the driver takes tuples, not names

    def given(self, row: Row) -> Any:
        values = [row[name] if bound is None else bound(row[name]) for name, bound in self.columns]
        return tuple(values) if self.in_order else dict(zip([name for name, _ in self.columns], values, strict=True))


def run(tx: sa.Connection, statement: sa.Insert | sa.Update | sa.Delete, rows: Sequence[Row]) -> int:
    """Run `statement` for every row; returns how many rows it met. All rows have the same names, for an insert those of every
    column that cannot stay empty: nothing is filled in."""
    if not rows:
        return 0
    names = tuple(rows[0]) if isinstance(statement, sa.Insert) else None
    prepared = _prepared(statement, tx.dialect, names)
    return tx.exec_driver_sql(prepared.sql, [prepared.given(row) for row in rows]).rowcount


@lru_cache(maxsize=256)
def _prepared(statement: Any, dialect: sa.Dialect, names: Iterable[str] | None) -> _Prepared:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    order = list(compiled.positiontup or compiled.params)
    bound = (compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order)
    return _Prepared(compiled.string, tuple(zip(order, bound, strict=True)), compiled.positional)
