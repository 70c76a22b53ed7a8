"""From decision to message: the firm's fixes, the messages to customers, the concessions given.

A case names the fix it waits for; its offers are repeated in `concession`, for the question who else
got one. Both are made from the events of cases after the migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "fix",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("command_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("cost", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["command_id"], ["command.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_fix_state", "fix", ["state", "due"])
    op.add_column("casefile", sa.Column("fix", sa.Integer(), nullable=True))
    op.create_index("ix_case_fix", "casefile", ["fix"], sqlite_where=sa.text("fix IS NOT NULL"))
    op.create_table(
        "concession",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["casefile.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "place"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_concession_kind", "concession", ["kind", "reason"])
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("command_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("fix_id", sa.Integer(), nullable=True),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("to_name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.String(length=20), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.String(length=20), nullable=True),
        sa.Column("settled_at", sa.String(length=20), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("waived", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["command_id"], ["command.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["casefile.id"]),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_message_state", "message", ["state", "id"])
    op.create_index("ix_message_case_id", "message", ["case_id"])
    op.create_index("ux_message_id", "message", ["message_id"], unique=True)
