"""Limits in calendar days and by a date, clocks that stand still, ratings of more than the whole

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-22 02:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STRING = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("limit_calendar_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("limit_by", _STRING(length=16), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("excludes", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("paused_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("stood_still", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", _STRING(length=36), nullable=False, server_default=""))
        batch_op.drop_constraint("pk_rating", type_="primary")
        batch_op.create_primary_key("pk_rating", ["application_id", "about"])


def downgrade() -> None:
    op.execute("DELETE FROM rating WHERE about <> ''")
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_constraint("pk_rating", type_="primary")
        batch_op.create_primary_key("pk_rating", ["application_id"])
        batch_op.drop_column("about")
    with op.batch_alter_table("case", schema=None) as batch_op:
        for column in ("stood_still", "paused_on", "excludes", "limit_by", "limit_calendar_days"):
            batch_op.drop_column(column)
