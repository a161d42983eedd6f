"""What has been read of photos, who has to look at them, and links for those who help to take one

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-22 06:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import backend.storage.columns

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STRING = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading", _STRING(length=8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("read_due_at", backend.storage.columns.UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("read_tries", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("sealed_reading", backend.storage.columns.Sealed(), nullable=True))
        batch_op.add_column(sa.Column("look_at", _STRING(length=16), nullable=False, server_default=""))
        batch_op.create_index("ix_photo_reading", ["reading", "read_due_at"], unique=False)
    op.create_table(
        "help_link",
        sa.Column("token_hash", _STRING(length=64), nullable=False),
        sa.Column("person_id", _STRING(length=36), nullable=False),
        sa.Column("conversation_id", _STRING(length=36), nullable=False),
        sa.Column("draft_id", _STRING(length=36), nullable=False),
        sa.Column("question", _STRING(length=64), nullable=False),
        sa.Column("until", backend.storage.columns.UtcTime(), nullable=False),
        sa.Column("used_at", backend.storage.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_help_link")),
    )
    with op.batch_alter_table("help_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_help_link_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("help_link")
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_index("ix_photo_reading")
        for column in ("look_at", "sealed_reading", "read_tries", "read_due_at", "reading"):
            batch_op.drop_column(column)
