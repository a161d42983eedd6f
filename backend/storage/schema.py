"""The schema: which modules declare tables, how a database is brought up to date, how old and new are told apart.

The engine of background work (DBOS) keeps its own tables and migrates them itself; Alembic is kept from seeing them.
`create_tables` is for tests alone; one of them proves that it and the migrations end the same.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from dbos import DBOS

from backend.settings import Settings
from backend.storage.columns import metadata
from backend.storage.store import Storage

# Lowest first. A room that is not there yet is passed over.
ROOMS = (
    "backend.storage.keys",
    "backend.people.happenings",
    "backend.people.models",
    "backend.applications.models",
    "backend.photos.models",
    "backend.notices.models",
    "backend.departments.models",
    "backend.conversations.models",
    "backend.staff.models",
)
_ENGINES_OWN = {
    "application_versions",
    "dbos_migrations",
    "notifications",
    "operation_outputs",
    "queues",
    "streams",
    "workflow_events",
    "workflow_events_history",
    "workflow_input",
    "workflow_output",
    "workflow_schedules",
    "workflow_status",
}


class SchemaNewer(Exception):
    """The database was migrated by a newer program: this process may not touch it."""


class SchemaOlder(Exception):
    """The database has to be brought up to date first: `yijianshi migrate`."""


def import_tables() -> sa.MetaData:
    """The metadata with the tables of every room that is there."""
    for name in ROOMS:
        if _is_there(name):
            importlib.import_module(name)
    return metadata


def migrate(settings: Settings) -> None:
    """Bring the database up to date, and make the keys of the house. The command `yijianshi migrate`; safe to repeat."""
    store = Storage.open(settings)
    try:
        _migrate_engine(store)
        with store.turn() as connection:
            command.upgrade(alembic_config(connection), "head")
        _prepare(store)
    finally:
        store.close()


def create_tables(settings: Settings) -> None:
    """For tests: the same tables straight from the metadata, stamped as if every migration had run."""
    store = Storage.open(settings)
    try:
        _migrate_engine(store)
        with store.turn() as connection:
            import_tables().create_all(connection)
            command.stamp(alembic_config(connection), "head")
        _prepare(store)
    finally:
        store.close()


def check(store: Storage) -> None:
    """Raise SchemaNewer or SchemaOlder unless the database is exactly at this program's last migration."""
    script = ScriptDirectory.from_config(alembic_config())
    with store.engines.pages.connect() as connection:
        standing = MigrationContext.configure(connection).get_current_heads()
        empty = not sa.inspect(connection).has_table("person_key")
    known = {revision.revision for revision in script.walk_revisions()}
    if unknown := set(standing) - known:
        raise SchemaNewer(
            f"the database is at migration {', '.join(sorted(unknown))}, which this program does not know"
        )
    if empty or set(standing) != set(script.get_heads()):
        raise SchemaOlder("the database is not up to date: run `yijianshi migrate`")


def differences(connection: sa.Connection) -> list[Any]:
    """What Alembic would change to make this database equal to the metadata; empty when nothing."""
    context = MigrationContext.configure(
        connection, opts={"include_object": ours, "compare_type": True, "render_as_batch": True}
    )
    return list(compare_metadata(context, import_tables()))


def ours(thing: Any, name: str | None, kind: str, reflected: bool, compared_to: Any) -> bool:
    """Whether Alembic may see this: on SQLite the engine's tables lie in the same file."""
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    return table not in _ENGINES_OWN


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration without a file: the connection is handed to `migrations/env.py`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate_engine(store: Storage) -> None:
    logging.getLogger("dbos").setLevel(logging.WARNING)
    url = store.engines.url.set(drivername="postgresql") if store.on_postgres else store.engines.url
    with store.gate.passed():
        DBOS.migrate(url.render_as_string(hide_password=False))


def _prepare(store: Storage) -> None:
    with store.turn() as connection:
        if sa.inspect(connection).has_table("person_key"):
            store.keys.prepare(connection)


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the room itself is not there
        return False
