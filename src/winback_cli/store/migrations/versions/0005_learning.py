"""What the firm learns: scores kept with their day, purchases, frozen chances, surveys, erasures.

The queue goes by the score instead of the revenue; the scores are made after the migrations, with the
first change. A case repeats more of its events, for what is counted over many. The firm's own
questionnaires are cases of nobody: of the row 0, which the view `customer` leaves out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_VIEW = """CREATE VIEW customer AS SELECT * FROM customer_row WHERE +id > 0 AND (batch_id IS NULL
    OR batch_id NOT IN (SELECT b.id FROM batch b WHERE b.state = 'staging'))"""

# The answers that say what a fix costs
_COSTS = """kind = 'answered' AND substr(body, 1, 27) = '{"fact": "decided.fix_cost"'"""
_LEARN = "INSERT INTO customer_text (rowid, folded, notes) VALUES (new.id, new.folded, new.notes);"
_FORGET = (
    "INSERT INTO customer_text (customer_text, rowid, folded, notes)"
    " VALUES ('delete', old.id, old.folded, old.notes);"
)
_RANK = (
    "INSERT OR IGNORE INTO ranking SELECT new.how_rank,"
    " coalesce((SELECT -s.rank FROM score s WHERE s.customer_id = new.id), 1e300), new.id"
    " WHERE new.id > 0 AND new.suppression_id IS NULL AND new.case_status IS NULL;"
)
_UNRANK = (
    "DELETE FROM ranking WHERE how_rank = old.how_rank AND customer_id = old.id"
    " AND worth = coalesce((SELECT -s.rank FROM score s WHERE s.customer_id = old.id), 1e300);"
)
_OLD_TRIGGERS = ("customer_added", "customer_gone", "customer_rank")
# What keeps the queue in step with the customers, whoever writes; whoever writes a score moves it there.
_TRIGGERS = (
    "CREATE TRIGGER customer_added AFTER INSERT ON customer_row WHEN new.batch_id IS NULL"
    f" BEGIN {_LEARN} {_RANK} END",
    f"CREATE TRIGGER customer_gone AFTER DELETE ON customer_row BEGIN {_FORGET} {_UNRANK}"
    " DELETE FROM score WHERE customer_id = old.id; END",
    "CREATE TRIGGER customer_rank AFTER UPDATE OF how_rank, suppression_id, case_status"
    f" ON customer_row BEGIN {_UNRANK} {_RANK} END",
)


def upgrade() -> None:
    op.execute("DROP VIEW customer")
    for trigger in _OLD_TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger}")
    op.add_column("customer_row", sa.Column("regularity", sa.Float(), nullable=True))
    op.add_column(
        "customer_row", sa.Column("cancelled", sa.String(length=10), nullable=False, server_default="")
    )
    op.execute(_VIEW)
    _rank_by_score()
    _repeat_more()
    op.create_table(
        "purchase",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer_row.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("customer_id", "day", "currency", "amount", "batch_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_purchase_batch", "purchase", ["batch_id", "customer_id"])
    op.create_index(
        "ix_event_acts",
        "event",
        ["kind", "case_id", "seq"],
        sqlite_where=sa.text("kind IN ('promised', 'kept', 'broken', 'checked_in', 'undone')"),
    )
    op.create_index(
        "ix_case_learning",
        "casefile",
        [
            *("customer_id", "opened_at", "status", "outcome", "closed_at"),
            *("contact", "reason", "chance", "stage", "playbook"),
        ],
    )
    op.create_index("ix_event_costs", "event", ["case_id"], sqlite_where=sa.text(_COSTS))
    op.create_index(
        "ix_event_touches", "event", ["case_id"], sqlite_where=sa.text("kind IN ('touched', 'sent')")
    )
    op.create_index(
        "ix_change_bought",
        "change",
        ["customer_id", "old", "new"],
        sqlite_where=sa.text("field = 'last_purchase'"),
    )
    _surveys()
    _erasures()
    for trigger in _TRIGGERS:
        op.execute(trigger)


def _rank_by_score() -> None:
    op.create_table(
        "score",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Float(), nullable=True),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("on", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("customer_id"),
    )
    op.drop_table("ranking")
    op.create_table(
        "ranking",
        sa.Column("how_rank", sa.Integer(), nullable=False),
        sa.Column("worth", sa.Float(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("how_rank", "worth", "customer_id"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO ranking SELECT how_rank, 1e300, id FROM customer"
        " WHERE suppression_id IS NULL AND case_status IS NULL ORDER BY 1, 3"
    )


def _repeat_more() -> None:
    op.add_column("casefile", sa.Column("chance", sa.Float(), nullable=True))
    for name in ("contact", "scope", "theory", "complaint", "verdict"):
        words = sa.Column(name, sa.String(length=12), nullable=False, server_default="")
        op.add_column("casefile", words)
    op.add_column("casefile", sa.Column("product", sa.String(), nullable=False, server_default=""))
    op.add_column("casefile", sa.Column("referred", sa.Boolean(), nullable=True))
    op.add_column("casefile", sa.Column("figures", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "ix_case_reason", "casefile", ["reason", "opened_at"], sqlite_where=sa.text("reason != ''")
    )


def _surveys() -> None:
    op.create_table(
        "survey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("command_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["command_id"], ["command.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_survey_name", "survey", ["name"], unique=True)
    op.create_table(
        "invitation",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("spare", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.ForeignKeyConstraint(["customer_id"], ["customer_row.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    op.create_index("ux_invitation_customer", "invitation", ["customer_id", "survey_id"], unique=True)
    op.create_index("ix_invitation_survey", "invitation", ["survey_id"])
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("command_id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("call_back", sa.Boolean(), nullable=False),
        sa.Column("suggested", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["command_id"], ["command.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.ForeignKeyConstraint(["customer_id"], ["customer_row.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case_id"], ["casefile.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_reply_customer", "reply", ["survey_id", "customer_id"], unique=True)
    op.create_index("ix_reply_customer", "reply", ["customer_id"])


def _erasures() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("command_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["command_id"], ["command.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "past",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened", sa.String(length=7), nullable=False),
        sa.Column("closed", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
