"""How Alembic meets the database: on the connection that `schema.alembic_config` hands over, DBOS's tables left out."""

from alembic import context

from backend.storage.schema import import_tables, ours

connection = context.config.attributes["connection"]
if connection is None:
    raise RuntimeError("run migrations with `yijianshi migrate`, which hands the connection over")
context.configure(
    connection=connection,
    target_metadata=import_tables(),
    include_object=ours,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
