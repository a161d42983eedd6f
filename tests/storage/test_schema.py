"""The schema: migrations and tables say the same, and a program meets only a database of its own age."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.settings import Settings
from backend.storage import Storage
from backend.storage.schema import SchemaNewer, SchemaOlder, check, differences, import_tables, migrate
from tests.databases import KINDS, empty_postgres


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = empty_postgres() if request.param == "postgres" else ""
    return Settings(_env_file=None, demo=True, data_dir=tmp_path, database_url=url)


def test_migrations_end_with_exactly_the_tables_that_the_rooms_declare(empty: Settings) -> None:
    migrate(empty)
    migrate(empty)
    store = Storage.open(empty)
    with store.engines.turns.connect() as connection:
        assert differences(connection) == []
    check(store)
    assert store.keys.find_hash("phone", "1")
    store.close()


def test_a_fresh_database_has_to_be_migrated_first(empty: Settings) -> None:
    store = Storage.open(empty)
    with pytest.raises(SchemaOlder, match="yijianshi migrate"):
        check(store)
    store.close()


def test_a_program_does_not_touch_a_newer_database(store: Storage) -> None:
    check(store)
    with store.turn() as tx:
        tx.execute(sa.text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        tx.execute(sa.text("DELETE FROM alembic_version"))
        tx.execute(sa.text("INSERT INTO alembic_version VALUES ('from_the_future')"))
    with pytest.raises(SchemaNewer, match="from_the_future"):
        check(store)


def test_no_table_of_a_person_has_a_plain_column_for_free_text() -> None:
    """Codes, ids and hashes have a length; what somebody wrote has none, and is sealed."""
    free = [
        f"{table.name}.{column.name}"
        for table in import_tables().tables.values()
        if {"person_id", "conversation_id"} & set(table.columns.keys())
        for column in table.columns
        if isinstance(column.type, sa.String) and (column.type.length or 999) > 128
    ]
    assert free == []


def test_a_column_that_nobody_declared_is_noticed(store: Storage) -> None:
    with store.turn() as tx:
        tx.execute(sa.text("ALTER TABLE person ADD COLUMN surprise TEXT"))
    with store.engines.turns.connect() as connection:
        assert [one[0] for one in differences(connection) if isinstance(one, tuple)] == ["remove_column"]
