"""Departments with systems of their own: what was handed to them, what they told us

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-22 00:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import backend.storage.columns

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "dispatch",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("application_id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("case_id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("conversation_id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("item", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("department", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("county", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("sealed_payload", backend.storage.columns.Sealed(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("due_at", backend.storage.columns.UtcTime(), nullable=False),
        sa.Column("moved_at", backend.storage.columns.UtcTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch")),
        sa.UniqueConstraint(
            "application_id", "item", "department", name=op.f("uq_dispatch_application_id_item_department")
        ),
    )
    op.create_index(op.f("ix_dispatch_case_id"), "dispatch", ["case_id"], unique=False)
    op.create_index(op.f("ix_dispatch_person_id"), "dispatch", ["person_id"], unique=False)
    op.create_index("ix_dispatch_state", "dispatch", ["state", "due_at"], unique=False)
    op.create_table(
        "department_event",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("dispatch_id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("event_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("at", backend.storage.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_event")),
        sa.UniqueConstraint("dispatch_id", "event_id", name=op.f("uq_department_event_dispatch_id_event_id")),
    )
    op.create_index(op.f("ix_department_event_person_id"), "department_event", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("department_event")
    op.drop_table("dispatch")
